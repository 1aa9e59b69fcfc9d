/* SPDX-License-Identifier: MIT */
/* The control block: what remains of an actor for those who hold a Process. A Process object in a
 * heap or fragment points to one and counts it; so do the actor itself, and records that name the
 * process.
 *
 *      Process objects ──┐
 *      signals ──────────┼──> control (64 bytes) ──> actor, while there is one
 *      the actor itself ─┘                      └──> exit record, afterwards
 *
 * K1  A control block is freed by the unref that takes the last count, on whatever thread that
 *     happens.
 * K2  `pid` and `release` never change after the block is made.
 * K3  When the counts of a kept block (MG_CONTROL_KEPT) fall to one, `release` is told. That one is
 *     the actor's, so no handle is left, unless somebody who knew the pid makes a new one.
 *
 * The meaning of `state`, and when `actor` and `record` are set, belongs to the layer that runs
 * actors; this one counts. The figures are written by the actor's scheduler and read by anybody who
 * lists processes: each is right for some recent moment, no two for the same one.
 *
 * Threads: any. Memory: made by the layer that runs actors, and given back to it through `release`.
 */
#ifndef MG_OBJECT_CONTROL_H
#define MG_OBJECT_CONTROL_H

#include <stdatomic.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/pid.h"

struct mg_actor;
struct mg_exit_record;
struct mg_control;
struct mg_block_cache;

/* Frees a control block that nobody counts any more, and the exit record it holds. `blocks` is the
 * cache of the thread that dropped the last count, or NULL when that has none. For a kept block it
 * is also called when one count is left, the actor's own: with `control` NULL, since the block may
 * be gone by then, and the pid that nobody holds a handle of. */
typedef void (*mg_control_release)(struct mg_control *control, mg_pid unheld,
                                   struct mg_block_cache *blocks);

/* Bit of control->spare, set before the block is known to others and never changed: the actor lives
 * as long as somebody holds a handle, and is told when nobody does (K3). */
#define MG_CONTROL_KEPT (UINT32_C(1) << 31)

struct mg_control {
    _Atomic(uint32_t) refs;           /* counts held; any thread */
    _Atomic(uint32_t) state;          /* the life of the actor; written by its owner, read by all */
    mg_pid pid;                       /* K2 */
    _Atomic(struct mg_actor *) actor; /* NULL once it is gone */
    _Atomic(struct mg_exit_record *) record; /* how it ended, once it has */
    mg_control_release release;              /* K2 */
    _Atomic(uint64_t) reductions; /* figures: relaxed, written by the actor's scheduler */
    _Atomic(uint64_t) heap_bytes;
    _Atomic(uint32_t) mailbox_load; /* messages waiting */
    _Atomic(uint32_t) spare;
};

_Static_assert(sizeof(struct mg_control) == MG_CACHE_LINE, "a control block is one cache line");

/* A block with one count, which the caller owns; all else NULL or 0. `control` is 64 bytes, aligned
 * to 64. */
void mg_control_init(struct mg_control *control, mg_pid pid, mg_control_release release);

/* One more count; the caller holds one, or knows that somebody does. */
static inline void mg_control_ref(struct mg_control *control)
{
    /* K1 relaxed: whoever counts holds a count already, so nothing can end meanwhile. Pairs with K2
     * in mg_control_unref(). */
    fetch_add_relaxed(&control->refs, 1);
}

/* One less; frees the block when it was the last. `blocks` is the calling thread's cache, or
 * NULL. */
void mg_control_unref(struct mg_control *control, struct mg_block_cache *blocks);

#endif
