/* SPDX-License-Identifier: MIT */
/* Many-to-one queue of signals: anybody pushes, only the thread that has the actor takes.
 *
 *      head:  0            empty, owner awake
 *             1            empty, owner asleep: whoever's exchange removes the bit must wake it
 *             address      the newest signal
 *
 *      first ──> [sig 1] ──> [sig 2] ── gap ──> [sig n] <── head
 *
 * A push exchanges the head for its signal, then links it: to the predecessor found, or to `first`
 * if there was none. Between the two steps the list has a gap that only that pusher can close. A
 * taker that meets the gap treats the queue as empty, and cannot fall asleep before it is closed,
 * since sleeping needs an empty head.
 *
 * Q1  Following `next` from first reaches head once no push is in flight.
 * Q2  Signals of one sender leave in the order that sender pushed them.
 * Q3  The head holds the asleep bit only with no address; exactly one push removes it.
 * Q4  `first` is written by a pusher only if that pusher found no address in the head; by the owner
 *     only while the head holds an address.
 *
 * Threads: push from anywhere; take, empty and sleep only by the owner.
 * Memory: push takes the signal, take gives it. The queue itself owns nothing.
 * Story: docs/internals/mailbox.md.
 */
#ifndef MG_MAILBOX_QUEUE_H
#define MG_MAILBOX_QUEUE_H

#include "base/atomic.h"
#include "mailbox/signal.h"

struct mg_queue {
    _Atomic(uintptr_t) head; /* written by pushers (exchange) and the owner (compare and swap) */
    _Atomic(struct mg_signal *) first; /* see Q4 */
};

#define MG_QUEUE_ASLEEP ((uintptr_t)1)

/* An empty queue whose owner is awake. */
void mg_queue_init(struct mg_queue *queue);

/* Appends a signal. True: the owner was asleep, and the caller must now make it runnable, exactly
 * once. */
MG_MUST_CHECK static inline bool mg_queue_push(struct mg_queue *queue, struct mg_signal *signal)
{
    /* N2 relaxed: published by Q2 or Q3 below. Pairs with Q7 in mg_queue_take(). */
    store_relaxed(&signal->next, NULL);
    /* Q1 acq_rel: orders this push against the owner's emptying. Pairs with Q8, Q9 in
     * mg_queue_take(), mg_queue_sleep(). */
    uintptr_t before = xchg_acq_rel(&queue->head, (uintptr_t)signal);
    struct mg_signal *predecessor = (struct mg_signal *)(before & ~MG_QUEUE_ASLEEP);
    if (predecessor != NULL) {
        /* Q2 release: the signal is complete before it can be reached. Pairs with Q7 in
         * mg_queue_take(). */
        store_release(&predecessor->next, signal);
    } else {
        /* Q3 release: the same for the first one. Pairs with Q5 in mg_queue_take(). */
        store_release(&queue->first, signal);
    }
    return (before & MG_QUEUE_ASLEEP) != 0;
}

/* Takes up to `max` (not 0) of the signals that can be reached, linked through `next` in order and
 * ended by NULL; NULL if there are none. *last is set to the last one. Owner. */
struct mg_signal *mg_queue_take(struct mg_queue *queue, uint32_t max, struct mg_signal **last);

/* Whether nothing was pushed since the last take (a push in flight counts as something). */
static inline bool mg_queue_is_empty(const struct mg_queue *queue)
{
    /* Q10 relaxed: a hint; whoever acts on it takes or sleeps. Pairs with Q1 in mg_queue_push(). */
    return (load_relaxed(&queue->head) & ~MG_QUEUE_ASLEEP) == 0;
}

/* Goes to sleep. False: the queue is not empty (or a push is in flight); take again. After true the
 * owner must not touch the queue until it was woken. */
MG_MUST_CHECK static inline bool mg_queue_sleep(struct mg_queue *queue)
{
    uintptr_t expected = 0;
    /* Q9 acq_rel: what the owner did to its actor is seen by whoever runs it next. Pairs with Q1 in
     * mg_queue_push(). */
    return cas_acq_rel(&queue->head, &expected, MG_QUEUE_ASLEEP);
}

/* Whether the owner sleeps at this moment; for ps and tests. */
static inline bool mg_queue_is_asleep(const struct mg_queue *queue)
{
    /* Q10 relaxed: for people. Pairs with Q9 in mg_queue_sleep(). */
    return (load_relaxed(&queue->head) & MG_QUEUE_ASLEEP) != 0;
}

#endif
