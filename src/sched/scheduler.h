/* SPDX-License-Identifier: MIT */
/* One scheduler: a thread of its own with a run queue, a timer wheel, a block cache, and the rule
 * which actor is next.
 *
 *      next slot   the actor woken or born last: runs next, on what is left of the slice
 *      ring        woken and preempted ones, first come first served; thieves take from its old end
 *      newborns    children pushed out of the next slot: newest first here, oldest for thieves
 *      overflow    the node's, when a ring is full, and for what foreign threads wake
 *
 * A slice is MG_SLICE_REDUCTIONS of work: one long turn, or several short ones through the next
 * slot. At its end the clock is read, timers fire, reservations go back, and the scheduler
 * announces that it holds no pointer to an actor any more (quiesce.h). What stood in the ring or
 * among the newborns at the end of the slice before and still stands there has waited a whole
 * slice: it may be stolen now, and a sleeping scheduler is woken for it. Nobody is woken at an
 * enqueue.
 *
 * In deterministic mode (sim.c) one thread steps MG_SIM_SCHEDULERS of these in an order drawn from
 * the seed.
 *
 * C1  Only its thread touches a scheduler, except for the fields marked `shared`.
 * C2  An actor is in at most one of: a next slot, a ring, a newborn list, the overflow queue, the
 *     hands of a thread.
 *
 * Threads: C1. Memory: struct mg_sched owns its schedulers.
 */
#ifndef MG_SCHED_SCHEDULER_H
#define MG_SCHED_SCHEDULER_H

#include "base/block.h"
#include "base/rng.h"
#include "sched/actor.h"

struct mg_sched;

/* What is seen of a scheduler from behaviours: the head of struct mg_core in sched/internal.h. */
struct mg_scheduler {
    /* Reductions left in this slice. A behaviour lowers it as it works and returns from `run` once
     * it is not above 0. Calls of this layer (sends, spawns, drains) lower it too: who keeps a copy
     * stores it back before such a call and reads it again afterwards. */
    int32_t reductions;
    uint32_t index;  /* 0 .. count-1 */
    uint64_t now_ns; /* the clock as of the last slice end; see mg_scheduler_now */
    struct mg_sched *sched;
    void *local;              /* the embedder's (the interpreter's struct mg_interp):
                                 mg_sched_config.scheduler_start */
    struct mg_actor *running; /* whose turn it is, or NULL */
    struct mg_rng rng;
    struct mg_block_cache blocks;
};

static inline struct mg_block_cache *mg_scheduler_blocks(struct mg_scheduler *s)
{
    return &s->blocks;
}

/* Nanoseconds of a clock that never goes back: real time as of the last slice end (at most some 20
 * us old), or virtual time. The only clock that programs may see. */
static inline uint64_t mg_scheduler_now(const struct mg_scheduler *s)
{
    return s->now_ns;
}

/* The same, read anew (25 ns); for measuring. Virtual time in deterministic mode. */
uint64_t mg_scheduler_now_exact(struct mg_scheduler *s);

/* Milliseconds since 1970 for programs; in deterministic mode a fixed start plus virtual time. */
uint64_t mg_scheduler_wall_ms(struct mg_scheduler *s);

/* The scheduler of the calling thread, NULL on foreign threads. The one thread-local of the
 * project. */
struct mg_scheduler *mg_scheduler_current(void);

/* -- Timers that send a signal (sendAfter and the like) -- */

/* Sends `signal` to `target` once the clock shows deadline_ns. Taken: the signal (any kind).
 * Answers the timer's number, or 0 when this scheduler has MG_TIMERS_MAX already (the signal was
 * freed). A target that is gone by then: freed as well. */
#define MG_TIMERS_MAX (UINT32_C(1) << 23)
uint64_t mg_timer_start(struct mg_scheduler *s, uint64_t deadline_ns, mg_pid target,
                        struct mg_signal *signal);

/* Stops a timer, whichever scheduler it belongs to. True: it had not fired and never will. */
bool mg_timer_cancel(struct mg_scheduler *s, uint64_t timer);

/* Nanoseconds until it fires; MG_NO_DEADLINE if it has fired or was stopped. */
uint64_t mg_timer_left(struct mg_scheduler *s, uint64_t timer);

#endif
