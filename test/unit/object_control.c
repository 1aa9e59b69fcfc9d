/* SPDX-License-Identifier: MIT */
/* Control blocks are released by whoever drops the last count, once. */
#include "object/control.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "support/unit.h"

static _Atomic(int) released;

static void release(struct mg_control *control, mg_pid unheld MG_UNUSED,
                    struct mg_block_cache *blocks)
{
    CHECK(control->pid == 42);
    CHECK(!blocks);
    /* T1 relaxed: read after the threads are joined. Pairs with T2 in counts_across_threads(). */
    fetch_add_relaxed(&released, 1);
    mg_free(control);
}

static struct mg_control *control_new(void)
{
    struct mg_control *control = mg_alloc_aligned(MG_CACHE_LINE, sizeof *control);
    mg_control_init(control, 42, release);
    return control;
}

/* A new block has one count; as many unrefs as refs leave it alive, one more releases it. */
UNIT_CASE(counts)
{
    int before = load_relaxed(&released); // T3 relaxed: one thread. Pairs with T1 in release().
    struct mg_control *control = control_new();
    ck_assert_ptr_null(load_relaxed(
        &control->actor)); // T4 relaxed: one thread. Pairs with K5 in mg_control_init().
    for (int i = 0; i < 10; i++)
        mg_control_ref(control);
    for (int i = 0; i < 10; i++)
        mg_control_unref(control, NULL);
    ck_assert_int_eq(load_relaxed(&released), before); // T5 relaxed: one thread. Pairs with T1.
    mg_control_unref(control, NULL);
    ck_assert_int_eq(load_relaxed(&released), before + 1); // T6 relaxed: one thread. Pairs with T1.
}

static void *drop(void *argument)
{
    struct mg_control *control = argument;
    for (int i = 0; i < 10000; i++) {
        mg_control_ref(control);
        mg_control_unref(control, NULL);
    }
    mg_control_unref(control, NULL);
    return NULL;
}

/* Threads that each drop a count release it once, whoever is last. */
UNIT_CASE(counts_across_threads)
{
    enum { THREADS = 4 };
    int before = load_relaxed(&released); // T7 relaxed: no thread yet. Pairs with T1 in release().
    struct mg_control *control = control_new();
    pthread_t threads[THREADS];
    for (int i = 1; i < THREADS; i++)
        mg_control_ref(control);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, drop, control), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(load_relaxed(&released), before + 1); // T2 relaxed: joined. Pairs with T1.
}

UNIT_MAIN("object/control", counts, counts_across_threads)
