/* SPDX-License-Identifier: MIT */
/* Making and freeing signals, and the table of their kinds. See signal.h; the kinds are in
 * signal.def.
 *
 * Threads: pure, but for the block cache, which is the caller's. Memory: see signal.h.
 */
#include "mailbox/signal.h"

#include "object/control.h"

enum { MAIL = 1, NOW = 0, USER = 1, SYSTEM = 0 };

static const struct {
    const char *name;
    uint8_t mail;
    uint8_t bounded;
} kinds[MG_SIGNAL_KINDS] = {
#define MG_SIGNAL_KIND(id, name, place, bound) {name, place, bound},
#include "mailbox/signal.def"
#undef MG_SIGNAL_KIND
};

_Static_assert(offsetof(struct mg_signal, fragment) == 0, "a signal is adopted as a fragment");

void mg_signal_init(struct mg_signal *signal, enum mg_signal_kind kind)
{
    ASSERT(kind < MG_SIGNAL_KINDS);
    signal->fragment = (struct mg_fragment){.block = signal, .first = mg_signal_words(signal)};
    /* N1 relaxed: nobody else knows the signal yet. Pairs with Q2 in mg_queue_push(). */
    store_relaxed(&signal->next, NULL);
    signal->sender = MG_PID_NONE;
    signal->payload = MG_NIL;
    signal->reference = 0;
    signal->selector = 0;
    signal->kind = (uint8_t)kind;
    signal->flags = 0;
    signal->detail = 0;
}

struct mg_signal *mg_signal_new(struct mg_block_cache *blocks, enum mg_signal_kind kind,
                                uint64_t words)
{
    uint64_t bytes = mg_signal_bytes_for(words);
    CHECK(bytes <= UINT32_MAX);
    struct mg_signal *signal = mg_block_alloc(blocks, bytes);
    mg_signal_init(signal, kind);
    signal->fragment.block_bytes = (uint32_t)bytes;
    return signal;
}

struct mg_control *mg_signal_take_control(struct mg_signal *signal)
{
    if (!(signal->flags & MG_SIGNAL_CONTROL))
        return NULL;
    struct mg_control *control = signal->control;
    signal->flags &= (uint8_t)~MG_SIGNAL_CONTROL;
    signal->payload = MG_NIL;
    return control;
}

void mg_signal_set_control(struct mg_signal *signal, struct mg_control *control)
{
    ASSERT(!(signal->flags & MG_SIGNAL_CONTROL));
    ASSERT(control != NULL);
    signal->control = control;
    signal->flags |= MG_SIGNAL_CONTROL;
}

struct mg_signal *mg_signal_copy(struct mg_block_cache *blocks, enum mg_signal_kind kind,
                                 const struct mg_signal *signal)
{
    ASSERT(!(signal->flags & MG_SIGNAL_CONTROL));
    struct mg_signal *copy = mg_signal_new(blocks, kind, signal->fragment.words);
    copy->payload = signal->payload;
    mg_fragment_copy(&signal->fragment, &copy->fragment, mg_signal_words(copy), &copy->payload, 1);
    return copy;
}

void mg_signal_free_slow(struct mg_signal *signal, struct mg_block_cache *blocks)
{
    struct mg_control *control = mg_signal_take_control(signal);
    if (control != NULL)
        mg_control_unref(control, blocks);
    mg_fragment_free(&signal->fragment, blocks);
}

bool mg_signal_kind_bounded(enum mg_signal_kind kind)
{
    ASSERT(kind < MG_SIGNAL_KINDS);
    return kinds[kind].bounded != SYSTEM;
}

bool mg_signal_kind_mail(enum mg_signal_kind kind)
{
    ASSERT(kind < MG_SIGNAL_KINDS);
    return kinds[kind].mail != NOW;
}

const char *mg_signal_kind_name(enum mg_signal_kind kind)
{
    return kind < MG_SIGNAL_KINDS ? kinds[kind].name : "?";
}
