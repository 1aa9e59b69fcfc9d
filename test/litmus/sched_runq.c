/* SPDX-License-Identifier: MIT */
/* One owner that pushes, pops and ages, two thieves that steal: every item is taken exactly
 * once. */
#include <pthread.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "sched/runq.h"
#include "support/unit.h"

enum { ITEMS = 60000, THIEVES = 2 };

struct race {
    struct mg_ring ring;
    struct mg_newborns newborns;
    _Atomic(uint32_t) *taken; // how often each item was taken
    _Atomic(uint32_t) total;
    _Atomic(uint32_t) done;
    bool deque;
};

/* Stand-ins: only their addresses matter. */
static struct mg_actor *item(uintptr_t n)
{
    return (struct mg_actor *)((n + 1) * 64);
}

static void take(struct race *race, struct mg_actor *actor)
{
    uintptr_t n = (uintptr_t)actor / 64 - 1;
    ck_assert_uint_lt(n, ITEMS);
    ck_assert_uint_eq(fetch_add_acq_rel(&race->taken[n], 1), 0);
    fetch_add_acq_rel(&race->total, 1);
}

static void *steal_some(void *argument)
{
    struct race *race = argument;
    struct mg_actor *taken[32];
    while (load_acquire(&race->done) == 0) {
        uint32_t n = race->deque ? mg_newborns_steal(&race->newborns, taken, 32)
                                 : mg_ring_steal(&race->ring, taken, 32);
        for (uint32_t i = 0; i < n; i++)
            take(race, taken[i]);
        if (n == 0)
            sched_yield();
    }
    return NULL;
}

static void own(struct race *race)
{
    struct mg_actor *actor;
    uint32_t next = 0;
    while (load_acquire(&race->total) != ITEMS) {
        for (uint32_t i = 0; i < 20 && next < ITEMS; i++) {
            if (race->deque)
                mg_newborns_push(&race->newborns, item(next++));
            else if (mg_ring_push(&race->ring, item(next)))
                next++;
            else
                break;
        }
        for (uint32_t i = 0; i < 8; i++) {
            actor = race->deque ? mg_newborns_pop(&race->newborns, i % 4 == 0)
                                : mg_ring_pop(&race->ring);
            if (actor != NULL)
                take(race, actor);
        }
        if (race->deque)
            mg_newborns_age(&race->newborns);
        else
            mg_ring_age(&race->ring);
        if (next % 500 == 0)
            sched_yield();
    }
}

static void run(bool deque)
{
    struct race *race = mg_alloc_aligned(64, sizeof *race);
    pthread_t thieves[THIEVES];
    mg_ring_init(&race->ring);
    mg_newborns_init(&race->newborns, false);
    race->taken = mg_alloc_zero(ITEMS * sizeof *race->taken);
    race->deque = deque;
    store_relaxed(&race->total, 0);
    store_relaxed(&race->done, 0);
    for (uint32_t i = 0; i < THIEVES; i++)
        ck_assert_int_eq(pthread_create(&thieves[i], NULL, steal_some, race), 0);
    own(race);
    store_release(&race->done, 1);
    for (uint32_t i = 0; i < THIEVES; i++)
        pthread_join(thieves[i], NULL);
    for (uint32_t i = 0; i < ITEMS; i++)
        ck_assert_uint_eq(load_relaxed(&race->taken[i]), 1);
    mg_newborns_deinit(&race->newborns);
    mg_free(race->taken);
    mg_free(race);
}

UNIT_CASE(ring)
{
    run(false);
}

UNIT_CASE(newborns)
{
    run(true);
}

UNIT_MAIN("litmus sched/runq", ring, newborns)
