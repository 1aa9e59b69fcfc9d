/* SPDX-License-Identifier: MIT */
/* The run queues of one scheduler: a ring for the woken and the preempted, a deque for newborns.
 *
 *      ring       owner pushes at the tail and pops at the head; thieves take from the head too
 *      newborns   owner pushes and pops at the end (newest first); thieves take the oldest
 *
 * Only what has waited a whole slice may be stolen: the owner says at the end of each slice how far
 * that reaches (mg_ring_age, mg_newborns_age). So a pair that plays ping-pong, or a child that is
 * about to run, is left alone.
 *
 * R1  head <= stealable and head <= tail <= head + MG_RING_SIZE, as counters that wrap around.
 * R2  Every entry is taken exactly once: whoever moves the head by compare-and-swap owns what it
 *     passed.
 * R3  An actor stands in at most one place (C2 in scheduler.h).
 *
 * Threads: push, pop and age by the owner; steal by any other scheduler.
 * Memory: actors are borrowed; the deque owns its array.
 */
#ifndef MG_SCHED_RUNQ_H
#define MG_SCHED_RUNQ_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "base/lock.h"

struct mg_actor;

#define MG_RING_SIZE 256u

struct mg_ring {
    _Atomic(uint32_t) head MG_CACHE_ALIGNED; /* owner and thieves, by compare-and-swap */
    _Atomic(uint32_t) tail MG_CACHE_ALIGNED; /* owner writes, thieves read */
    _Atomic(uint32_t) stealable;             /* thieves may take what stands before; owner writes */
    uint32_t aged;                           /* the tail at the end of the last slice; owner only */
    _Atomic(struct mg_actor *) items[MG_RING_SIZE];
};

void mg_ring_init(struct mg_ring *ring);

/* False: the ring is full. Owner. */
MG_MUST_CHECK bool mg_ring_push(struct mg_ring *ring, struct mg_actor *actor);

/* The oldest, or NULL. Owner. */
struct mg_actor *mg_ring_pop(struct mg_ring *ring);

/* Takes up to `max` of the oldest, for the overflow queue. Owner. */
uint32_t mg_ring_pop_many(struct mg_ring *ring, struct mg_actor **out, uint32_t max);

/* Takes half of what may be stolen, at least one, at most `max`; answers how many. Other
 * schedulers. */
uint32_t mg_ring_steal(struct mg_ring *ring, struct mg_actor **out, uint32_t max);

/* The end of a slice: what stood here at the end of the last one may be stolen from now on. True if
 * there is any. Owner. */
bool mg_ring_age(struct mg_ring *ring);

/* Entries at this moment; any thread. */
uint32_t mg_ring_len(const struct mg_ring *ring);

/* Whether a thief would find something now; any thread. */
bool mg_ring_has_stealable(const struct mg_ring *ring);

struct mg_newborns {
    struct mg_lock lock; /* not taken when only one thread runs */
    bool alone;
    struct mg_actor **items; /* a circle of `cap`, a power of two */
    uint32_t cap;
    uint32_t head, tail;     /* counters; tail - head entries */
    uint32_t aged;           /* entries before this stood here at the end of the last slice */
    _Atomic(uint32_t) count; /* tail - head, for looks without the lock */
    _Atomic(uint32_t)
        stealable; /* counter: entries before this may be stolen; written under the lock */
};

void mg_newborns_init(struct mg_newborns *newborns, bool alone);
void mg_newborns_deinit(struct mg_newborns *newborns);

/* Owner. */
void mg_newborns_push(struct mg_newborns *newborns, struct mg_actor *actor);

/* The newest, or with `oldest` the oldest; NULL if there are none. Owner. */
struct mg_actor *mg_newborns_pop(struct mg_newborns *newborns, bool oldest);

/* Takes half of the stealable ones, oldest first, at most `max`. Other schedulers. */
uint32_t mg_newborns_steal(struct mg_newborns *newborns, struct mg_actor **out, uint32_t max);

/* As mg_ring_age. Owner. */
bool mg_newborns_age(struct mg_newborns *newborns);

/* Entries at this moment; any thread. */
uint32_t mg_newborns_len(const struct mg_newborns *newborns);
bool mg_newborns_has_stealable(struct mg_newborns *newborns);

#endif
