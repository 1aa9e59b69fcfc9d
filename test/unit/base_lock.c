/* SPDX-License-Identifier: MIT */
/* The lock excludes, the condition loses no wake, and the ranks are kept. */
#include <pthread.h>

#include "base/clock.h"
#include "base/lock.h"
#include "support/unit.h"

enum { THREADS = 4, TURNS = 20000 };

struct shared {
    struct mg_lock lock;
    struct mg_cond changed;
    int64_t sum;
    int items;
    int taken;
    bool done;
};

static void shared_init(struct shared *shared)
{
    *shared = (struct shared){0};
    mg_lock_init(&shared->lock, MG_RANK_RUNQ);
    mg_cond_init(&shared->changed);
}

static void shared_deinit(struct shared *shared)
{
    mg_cond_deinit(&shared->changed);
    mg_lock_deinit(&shared->lock);
}

static void *adder(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < TURNS; i++) {
        mg_lock_acquire(&shared->lock);
        shared->sum++;
        mg_lock_release(&shared->lock);
    }
    return NULL;
}

/* Additions of several threads under the lock are all counted. */
UNIT_CASE(lock_excludes)
{
    struct shared shared;
    shared_init(&shared);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, adder, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(shared.sum, THREADS * TURNS);
    shared_deinit(&shared);
}

/* A lock that is held is not taken by a try; a free one is. */
UNIT_CASE(try_does_not_wait)
{
    struct mg_lock lock;
    mg_lock_init(&lock, MG_RANK_LEAF);
    ck_assert(mg_lock_try(&lock));
    ck_assert(!mg_lock_try(&lock));
    mg_lock_assert_held(&lock);
    mg_lock_release(&lock);
    mg_lock_deinit(&lock);
}

static void *consumer(void *argument)
{
    struct shared *shared = argument;
    mg_lock_acquire(&shared->lock);
    for (;;) {
        while (shared->items == 0 && !shared->done)
            mg_cond_wait(&shared->changed, &shared->lock);
        if (shared->items == 0)
            break;
        shared->items--;
        shared->taken++;
    }
    mg_lock_release(&shared->lock);
    return NULL;
}

/* Every item that is announced is taken, by whichever waiter, and a broadcast ends them all. */
UNIT_CASE(signals_are_not_lost)
{
    struct shared shared;
    shared_init(&shared);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, consumer, &shared), 0);
    for (int i = 0; i < TURNS; i++) {
        mg_lock_acquire(&shared.lock);
        shared.items++;
        mg_lock_release(&shared.lock);
        mg_cond_signal(&shared.changed);
    }
    mg_lock_acquire(&shared.lock);
    shared.done = true;
    mg_cond_broadcast(&shared.changed);
    mg_lock_release(&shared.lock);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(shared.taken, TURNS);
    ck_assert_int_eq(shared.items, 0);
    shared_deinit(&shared);
}

/* A wait that nobody ends is over at its deadline, with the lock held again. */
UNIT_CASE(waits_have_deadlines)
{
    struct shared shared;
    shared_init(&shared);
    mg_lock_acquire(&shared.lock);
    uint64_t deadline = mg_clock_monotonic_ns() + 2 * MG_NS_PER_MS;
    while (mg_cond_wait_until(&shared.changed, &shared.lock, deadline))
        ;
    ck_assert_uint_ge(mg_clock_monotonic_ns(), deadline);
    mg_lock_assert_held(&shared.lock);
    mg_lock_release(&shared.lock);
    shared_deinit(&shared);
}

/* Takes a lock of the rank given while one of MG_RANK_RUNQ is held. */
static void take_second(void *argument)
{
    struct mg_lock outer, inner;
    mg_lock_init(&outer, MG_RANK_RUNQ);
    mg_lock_init(&inner, *(enum mg_lock_rank *)argument);
    mg_lock_acquire(&outer);
    mg_lock_acquire(&inner);
    mg_lock_release(&inner);
    mg_lock_release(&outer);
}

/* L1: in debug builds a lock of the same or of a lower rank than one held is refused; a higher one
 * never. */
UNIT_CASE(ranks_are_checked)
{
    for (enum mg_lock_rank rank = MG_RANK_NODE; rank < MG_RANK_COUNT; rank++)
        ck_assert_int_eq(unit_dies(take_second, &rank), UNIT_HAS_ASSERT && rank <= MG_RANK_RUNQ);
}

/* Locks may be released in any order. */
UNIT_CASE(release_in_any_order)
{
    struct mg_lock outer, inner;
    mg_lock_init(&outer, MG_RANK_RUNQ);
    mg_lock_init(&inner, MG_RANK_LEAF);
    mg_lock_acquire(&outer);
    mg_lock_acquire(&inner);
    mg_lock_release(&outer);
    mg_lock_release(&inner);
    mg_lock_acquire(&outer);
    mg_lock_release(&outer);
    mg_lock_deinit(&outer);
    mg_lock_deinit(&inner);
}

static void end_held_lock(void *argument)
{
    struct mg_lock *lock = argument;
    mg_lock_acquire(lock);
    mg_lock_deinit(lock);
}

/* A lock that is held cannot be ended. */
UNIT_CASE(held_locks_live)
{
    struct mg_lock lock;
    mg_lock_init(&lock, MG_RANK_LEAF);
    ck_assert(unit_dies(end_held_lock, &lock));
}

UNIT_MAIN("base/lock", lock_excludes, try_does_not_wait, signals_are_not_lost, waits_have_deadlines,
          ranks_are_checked, release_in_any_order, held_locks_live)
