/* SPDX-License-Identifier: MIT */
/* A three-state futex mutex and a condition that is a counter.
 *
 *     state   0 free    1 held    2 held, somebody may sleep
 *
 * acquire: 0 -> 1 is the fast path. Otherwise it spins, then marks the lock 2 and sleeps while it
 * is 2; who comes back from sleep takes the lock as 2, since others may sleep still. release:
 * exchange with 0, and wake one sleeper when it was 2.
 *
 *     waiter                                    signaller adds itself to `waiters` (W1)
 *     makes the condition true, under the lock reads `serial` (W2) releases the lock sleeps while
 *     serial is what it read       adds 1 to `serial` (S1), wakes if there are waiters (S2)
 *
 * Excluded: the signaller makes the condition true after the waiter's test and the waiter sleeps
 * on. Both happen under the lock, so the waiter's W1 and W2 come before the signaller's S1 and S2,
 * which therefore see the waiter and move the serial it sleeps on.
 *
 * L1 is checked in debug builds by a small thread-local set of held ranks. It is the one
 * thread-local of this layer and exists in no release build.
 */
#include "base/lock.h"

#include <limits.h>

#include "base/assert.h"
#include "base/atomic.h"
#include "base/futex.h"

enum { LOCK_FREE = 0, LOCK_HELD = 1, LOCK_SLEEPERS = 2, LOCK_SPINS = 100 };

_Static_assert(MG_RANK_COUNT <= 64, "held ranks fit in a word");

#ifdef MG_DEBUG
/* Bit r: this thread holds a lock of rank r. */
static _Thread_local uint64_t lock_held_ranks;

static void rank_check(const struct mg_lock *lock)
{
    if (lock_held_ranks >> lock->rank)
        mg_panic("lock order: rank %u wanted while ranks %#llx are held", lock->rank,
                 (unsigned long long)lock_held_ranks);
}

static void rank_enter(const struct mg_lock *lock)
{
    lock_held_ranks |= UINT64_C(1) << lock->rank;
}

static void rank_leave(const struct mg_lock *lock)
{
    ASSERT(lock_held_ranks >> lock->rank & 1);
    lock_held_ranks &= ~(UINT64_C(1) << lock->rank);
}

static bool rank_is_held(const struct mg_lock *lock)
{
    return lock_held_ranks >> lock->rank & 1;
}
#else
static void rank_check(const struct mg_lock *lock MG_UNUSED) {}
static void rank_enter(const struct mg_lock *lock MG_UNUSED) {}
static void rank_leave(const struct mg_lock *lock MG_UNUSED) {}
static MG_UNUSED bool rank_is_held(const struct mg_lock *lock MG_UNUSED)
{
    return true;
}
#endif

void mg_lock_init(struct mg_lock *lock, enum mg_lock_rank rank)
{
    CHECK(rank > 0 && rank < MG_RANK_COUNT);
    lock->rank = rank;
    /* K1 relaxed: whoever makes the lock known to others publishes it with the structure around it.
     * Pairs with K2 in mg_lock_try(). */
    store_relaxed(&lock->state, LOCK_FREE);
}

void mg_lock_deinit(struct mg_lock *lock)
{
    /* K3 relaxed: by contract nobody else uses the lock any more. Pairs with K6 in
     * mg_lock_release(). */
    CHECK(load_relaxed(&lock->state) == LOCK_FREE);
}

bool mg_lock_try(struct mg_lock *lock)
{
    uint32_t expected = LOCK_FREE;
    /* K2 acquire: what the last holder did is visible to this one. Pairs with K6 in
     * mg_lock_release(). */
    if (!cas_acquire(&lock->state, &expected, LOCK_HELD))
        return false;
    rank_enter(lock);
    return true;
}

static MG_NOINLINE void lock_acquire_slow(struct mg_lock *lock)
{
    for (int spin = 0; spin < LOCK_SPINS; spin++) {
        uint32_t expected = LOCK_FREE;
        /* K4 relaxed and acquire: the look keeps the line shared while somebody holds the lock; the
         * rest as K2. Pairs with K6 in mg_lock_release(). */
        if (load_relaxed(&lock->state) == LOCK_FREE &&
            cas_acquire(&lock->state, &expected, LOCK_HELD))
            return;
        cpu_relax();
    }
    /* K5 acquire: as K2; the mark tells the holder to wake somebody. Pairs with K6 in
     * mg_lock_release(). */
    while (xchg_acquire(&lock->state, LOCK_SLEEPERS) != LOCK_FREE)
        mg_futex_wait(&lock->state, LOCK_SLEEPERS, MG_FUTEX_FOREVER);
}

void mg_lock_acquire(struct mg_lock *lock)
{
    rank_check(lock);
    uint32_t expected = LOCK_FREE;
    /* K7 acquire: as K2. Pairs with K6 in mg_lock_release(). */
    if (MG_UNLIKELY(!cas_acquire(&lock->state, &expected, LOCK_HELD)))
        lock_acquire_slow(lock);
    rank_enter(lock);
}

void mg_lock_release(struct mg_lock *lock)
{
    rank_leave(lock);
    /* K6 release: what was done under the lock comes before its next acquisition. Pairs with K2 in
     * mg_lock_try(), K4 and K5 in lock_acquire_slow() and K7 in mg_lock_acquire(). */
    uint32_t before = xchg_release(&lock->state, LOCK_FREE);
    ASSERT(before != LOCK_FREE);
    if (before == LOCK_SLEEPERS)
        mg_futex_wake(&lock->state, 1);
}

void mg_lock_assert_held(struct mg_lock *lock MG_UNUSED)
{
    ASSERT(rank_is_held(lock));
    /* K8 relaxed: the caller holds the lock, so only its own write matters. Pairs with K7 in
     * mg_lock_acquire(). */
    ASSERT(load_relaxed(&lock->state) != LOCK_FREE);
}

void mg_cond_init(struct mg_cond *cond)
{
    /* W3 relaxed: as K1. Pairs with W1 in mg_cond_wait_until(). */
    store_relaxed(&cond->serial, 0);
    store_relaxed(&cond->waiters, 0);
}

void mg_cond_deinit(struct mg_cond *cond)
{
    /* W4 acquire: the last waiter has left the condition. Pairs with W5 in mg_cond_wait_until(). */
    CHECK(load_acquire(&cond->waiters) == 0);
}

void mg_cond_wait(struct mg_cond *cond, struct mg_lock *lock)
{
    mg_cond_wait_until(cond, lock, MG_FUTEX_FOREVER);
}

bool mg_cond_wait_until(struct mg_cond *cond, struct mg_lock *lock, uint64_t deadline_ns)
{
    mg_lock_assert_held(lock);
    /* W1 relaxed: ordered before S2 by the lock. Pairs with S2 in cond_wake(). */
    fetch_add_relaxed(&cond->waiters, 1);
    /* W2 relaxed: ordered before S1 by the lock. Pairs with S1 in cond_wake(). */
    uint32_t serial = load_relaxed(&cond->serial);
    mg_lock_release(lock);
    bool in_time = mg_futex_wait(&cond->serial, serial, deadline_ns);
    /* W5 release: this waiter is done with the condition's words. Pairs with W4 in
     * mg_cond_deinit(). */
    fetch_sub_release(&cond->waiters, 1);
    mg_lock_acquire(lock);
    return in_time;
}

/* Moves the serial and wakes at most `count` waiters. */
static void cond_wake(struct mg_cond *cond, int count)
{
    /* S1 relaxed: the futex compares the word itself; the condition's data is guarded by the lock.
     * Pairs with W2 in mg_cond_wait_until(). */
    fetch_add_relaxed(&cond->serial, 1);
    /* S2 relaxed: a waiter that tested before the condition was true has added itself under the
     * lock. Pairs with W1 in mg_cond_wait_until(). */
    if (load_relaxed(&cond->waiters) > 0)
        mg_futex_wake(&cond->serial, count);
}

void mg_cond_signal(struct mg_cond *cond)
{
    cond_wake(cond, 1);
}

void mg_cond_broadcast(struct mg_cond *cond)
{
    cond_wake(cond, INT_MAX);
}
