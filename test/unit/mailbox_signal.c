/* SPDX-License-Identifier: MIT */
/* Signals: their size, what they hold, what is given back. */
#include "base/alloc.h"
#include "mailbox/signal.h"
#include "object/control.h"
#include "support/unit.h"

struct memory {
    struct mg_block_pool pool;
    struct mg_block_cache cache;
};

static void memory_init(struct memory *m)
{
    mg_block_pool_init(&m->pool);
    mg_block_cache_init(&m->cache, &m->pool);
}

static void memory_deinit(struct memory *m)
{
    mg_block_cache_deinit(&m->cache);
    mg_block_pool_deinit(&m->pool);
}

/* A new signal says nothing but its kind, and its words lie behind it in the same block. */
UNIT_CASE(new_is_empty)
{
    struct memory m;
    memory_init(&m);
    struct mg_signal *signal = mg_signal_new(&m.cache, MG_SIGNAL_DOWN, 5);
    ck_assert_uint_eq(signal->kind, MG_SIGNAL_DOWN);
    ck_assert_uint_eq(signal->sender, MG_PID_NONE);
    ck_assert_uint_eq(signal->payload, MG_NIL);
    ck_assert_uint_eq(signal->reference, 0);
    ck_assert_uint_eq(signal->selector, 0);
    ck_assert_uint_eq(signal->fragment.words, 0);
    ck_assert_ptr_null(signal->fragment.off_heap);
    ck_assert_ptr_eq(signal->fragment.block, signal);
    ck_assert_ptr_eq(signal->fragment.first, mg_signal_words(signal));
    ck_assert_uint_eq(mg_signal_bytes(signal), mg_signal_bytes_for(5));
    mg_signal_words(signal)[4] = MG_NIL;
    mg_signal_free(signal, &m.cache);
    memory_deinit(&m);
}

/* Shared bytes count in full. */
UNIT_CASE(bytes_count_what_is_shared)
{
    struct memory m;
    memory_init(&m);
    struct mg_signal *signal = mg_signal_new(&m.cache, MG_SIGNAL_MESSAGE, 0);
    signal->fragment.shared_bytes = 1000;
    ck_assert_uint_eq(mg_signal_bytes(signal), mg_signal_bytes_for(0) + 1000);
    signal->fragment.shared_bytes = 0;
    mg_signal_free(signal, &m.cache);
    memory_deinit(&m);
}

static void no_release(struct mg_control *control, mg_pid unheld MG_UNUSED,
                       struct mg_block_cache *blocks)
{
    (void)blocks;
    control->pid = 0;
}

/* S3: a signal drops the control block it holds, unless that was taken out. */
UNIT_CASE(control_is_counted)
{
    struct memory m;
    memory_init(&m);
    struct mg_control control MG_CACHE_ALIGNED;
    mg_control_init(&control, 7, no_release);
    mg_control_ref(&control);
    struct mg_signal *signal = mg_signal_new(&m.cache, MG_SIGNAL_EXIT, 0);
    mg_signal_set_control(signal, &control);
    ck_assert_ptr_eq(mg_signal_take_control(signal), &control);
    ck_assert_ptr_null(mg_signal_take_control(signal));
    ck_assert_uint_eq(signal->payload, MG_NIL);
    mg_signal_set_control(signal, &control);
    mg_signal_free(signal, &m.cache);
    ck_assert_uint_eq(control.pid, 7); // one count is left
    mg_control_unref(&control, &m.cache);
    ck_assert_uint_eq(control.pid, 0);
    memory_deinit(&m);
}

/* Signals of foreign threads live outside the caches. */
UNIT_CASE(foreign_memory)
{
    struct memory m;
    memory_init(&m);
    struct mg_signal *signal = mg_alloc(mg_signal_bytes_for(2));
    mg_signal_init(signal, MG_SIGNAL_ROOM);
    ck_assert_uint_eq(signal->fragment.block_bytes, 0);
    ck_assert_uint_eq(mg_signal_bytes(signal), 0);
    mg_signal_free(signal, &m.cache);
    memory_deinit(&m);
}

/* The table of kinds: only messages and requests are mail by themselves, and only they are
 * bounded. */
UNIT_CASE(kinds)
{
    for (uint32_t kind = 0; kind < MG_SIGNAL_KINDS; kind++) {
        bool user = kind == MG_SIGNAL_MESSAGE || kind == MG_SIGNAL_REQUEST;
        ck_assert_int_eq(mg_signal_kind_mail(kind), user);
        ck_assert_int_eq(mg_signal_kind_bounded(kind), user);
        ck_assert_ptr_nonnull(mg_signal_kind_name(kind));
    }
    ck_assert_str_eq(mg_signal_kind_name(MG_SIGNAL_UNLINK_ACK), "unlink ack");
    ck_assert_str_eq(mg_signal_kind_name(MG_SIGNAL_KINDS), "?");
}

UNIT_MAIN("mailbox/signal", new_is_empty, bytes_count_what_is_shared, control_is_counted,
          foreign_memory, kinds)
