/* SPDX-License-Identifier: MIT */
/* Mutex and condition, ranked: the enum below is the order in which locks may be taken.
 *
 * L1  A thread acquires only locks of a rank above every rank it holds. Debug builds check each
 *     acquisition, so a possible deadlock shows at its first try and not at its first accident.
 * L2  No lock is held across a call into another layer, a wait for anything but its own condition,
 *     or a turn of an actor.
 *
 * An uncontended lock costs one atomic exchange; a contended one spins for a moment and then sleeps
 * in the kernel.
 *
 * Threads: any thread; the one that acquires releases. Memory: the caller's structs, which need no
 * release of anything; _deinit checks that nobody holds or waits.
 */
#ifndef MG_BASE_LOCK_H
#define MG_BASE_LOCK_H

#include <stdbool.h>

#include "base/compiler.h"

/* Outer locks first. A rank is used by locks of one kind, of which a thread never holds two. */
enum mg_lock_rank {
    MG_RANK_NODE = 1, // start and stop of a whole runtime
    MG_RANK_WORLD,    // publishing classes and methods
    MG_RANK_SYMBOLS,  // the symbol table
    MG_RANK_REGISTRY, // names of processes
    MG_RANK_TABLES,   // which tables there are, and whose
    MG_RANK_ROLL,     // one list of members
    MG_RANK_TABLE,    // the structure of one table, or a part of it
    MG_RANK_HOLDINGS, // which lists a process stands in
    MG_RANK_PTAB,     // the process table
    MG_RANK_BOND,     // links and monitors seen from outside
    MG_RANK_CONTROL,  // control blocks and kept results
    MG_RANK_TIMER,    // removals posted to another scheduler's wheel
    MG_RANK_RUNQ,     // the overflow queue
    MG_RANK_QUIESCE,  // memory waiting for readers
    MG_RANK_PORT,     // one open file or socket
    MG_RANK_IO,       // requests to the I/O thread and the pool
    MG_RANK_OUTPUT,   // buffered output
    MG_RANK_PARK,     // schedulers that sleep
    MG_RANK_ARENA,    // blocks and arenas
    MG_RANK_LEAF,     // held for a few instructions, nothing is called meanwhile
    MG_RANK_COUNT,
};

struct mg_lock {
    _Atomic(uint32_t) state; // 0 free, 1 held, 2 held and somebody may sleep; any thread writes
    uint32_t rank;           // fixed at _init
};

struct mg_cond {
    _Atomic(uint32_t) serial;  // grows with each signal; sleepers wait for it to move
    _Atomic(uint32_t) waiters; // threads between their look at the serial and their return
};

void mg_lock_init(struct mg_lock *lock, enum mg_lock_rank rank);
void mg_lock_deinit(struct mg_lock *lock);

/* Waits until the lock is free and takes it. Not recursive. */
void mg_lock_acquire(struct mg_lock *lock);

/* Takes the lock if it is free; true when it did. The rank is not checked, since this cannot
 * deadlock. */
bool mg_lock_try(struct mg_lock *lock) MG_MUST_CHECK;

void mg_lock_release(struct mg_lock *lock);

/* Panics, in debug builds, unless the calling thread holds a lock of this lock's rank and the lock
 * is held. */
void mg_lock_assert_held(struct mg_lock *lock);

void mg_cond_init(struct mg_cond *cond);
void mg_cond_deinit(struct mg_cond *cond);

/* Releases the lock, sleeps until signalled, and takes the lock again. May return for no reason:
 * test what you wait for in a loop. Signals sent while the lock is held between the test and the
 * wait are not lost. */
void mg_cond_wait(struct mg_cond *cond, struct mg_lock *lock);

/* The same, at most until the monotonic clock shows `deadline_ns`; false when that moment
 * passed. */
bool mg_cond_wait_until(struct mg_cond *cond, struct mg_lock *lock, uint64_t deadline_ns);

/* Wakes one waiter, or all. Call with the lock held or after its release, once the condition was
 * made true. */
void mg_cond_signal(struct mg_cond *cond);
void mg_cond_broadcast(struct mg_cond *cond);

#endif
