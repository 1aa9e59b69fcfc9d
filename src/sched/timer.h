/* SPDX-License-Identifier: MIT */
/* Timers that send a signal to a process: entries in a slab, hung into the wheel of the scheduler
 * that started them. And the use of the wheel for the waits of actors.
 *
 *      timer's number    generation 30 | scheduler 8 | index 23
 *      entry's control   generation << 2 | FREE, ARMED, CANCELLED
 *
 * The scheduler that owns an entry stops it at once. Another one only marks it cancelled and posts
 * it to the owner's list of removals; a dead actor whose wait timer stands in another's wheel goes
 * the same way, and is retired there.
 *
 * T1  An entry's memory is an entry as long as its scheduler lives, so stale numbers may be looked
 *     up.
 * T2  Whoever moves an entry from ARMED by compare-and-swap decides whether it fires: the owner at
 *     expiry, or a canceller.
 * T3  Generations of an entry only rise; freed entries are used again first in, first out, behind
 *     MG_TIMERS_KEEP others.
 * T4  The slab grows by one entry only after MG_TIMERS_SWEEP others were looked at, in turn, and
 *     given back if the process that armed them has ended. So timers left by the dead are never
 *     more than about half of the slab.
 *
 * Threads: start by the owner; cancel and left by any scheduler. Memory: the slab owns entries; an
 * entry its signal.
 */
#ifndef MG_SCHED_TIMER_H
#define MG_SCHED_TIMER_H

#include "sched/wheel.h"

#define MG_TIMERS_KEEP 1024u
#define MG_TIMERS_SWEEP 2u

struct mg_core;

struct mg_timer_entry {
    struct mg_wait_timer node; /* first */
    _Atomic(uint64_t) control; /* T2 */
    mg_pid target;
    struct mg_signal *signal;
    struct mg_timer_entry *removal; /* in the owner's list of removals, or in its free list */
};

_Static_assert(sizeof(struct mg_timer_entry) == 64, "an entry is one cache line");

struct mg_timers {
    struct mg_timer_entry *entries; /* reserved once: MG_TIMERS_MAX */
    struct mg_timer_entry *free, *free_last;
    uint32_t free_count;
    uint32_t fresh;                            /* entries below were used */
    uint32_t swept;                            /* the next one to look at (T4) */
    _Atomic(struct mg_timer_entry *) removals; /* posted by others */
    _Atomic(struct mg_actor *) dead; /* actors whose wait timer stands here; posted by others */
};

void mg_timers_init(struct mg_timers *timers);

/* Frees signals of timers that have not fired, and the slab. */
void mg_timers_deinit(struct mg_timers *timers, struct mg_block_cache *blocks);

/* Fires what is due and takes out what others have stopped. */
void mg_timers_run(struct mg_core *core);

/* Makes sure that the actor gets an EXPIRY signal soon after the deadline (ns; MG_NO_DEADLINE: none
 * is needed). It may get one earlier too, from a wait that is over: the receiver looks at the
 * clock. By the thread that runs it. */
void mg_wait_timer_set(struct mg_core *core, struct mg_actor *actor, uint64_t deadline_ns);

/* The actor is dead: takes its wait timer out of its wheel. False: it stands in another's, the
 * actor was posted there and will be retired there. */
bool mg_wait_timer_release(struct mg_core *core, struct mg_actor *actor);

#endif
