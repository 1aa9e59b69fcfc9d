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
MG_MUST_CHECK bool mg_queue_push(struct mg_queue *queue, struct mg_signal *signal);

/* Takes up to `max` (not 0) of the signals that can be reached, linked through `next` in order and
 * ended by NULL; NULL if there are none. *last is set to the last one. Owner. */
struct mg_signal *mg_queue_take(struct mg_queue *queue, uint32_t max, struct mg_signal **last);

/* Whether nothing was pushed since the last take (a push in flight counts as something). */
bool mg_queue_is_empty(const struct mg_queue *queue);

/* Goes to sleep. False: the queue is not empty (or a push is in flight); take again. After true the
 * owner must not touch the queue until it was woken. */
MG_MUST_CHECK bool mg_queue_sleep(struct mg_queue *queue);

/* Whether the owner sleeps at this moment; for ps and tests. */
bool mg_queue_is_asleep(const struct mg_queue *queue);

#endif
