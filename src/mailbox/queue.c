/* SPDX-License-Identifier: MIT */
/* The exchange and the link, the walk, and the two compare-and-swaps of the owner. See queue.h for
 * the picture.
 *
 *      pusher                                   owner
 *      h = xchg(head, sig)             (Q1)     f = load(first)                        (Q5)
 *      link(h) = sig                   (Q2/3)   store(first, NULL)                     (Q6)
 *                                               walk next pointers                     (Q7)
 *                                               at the last one: cas(head, last, 0)    (Q8)
 *                                               sleep: cas(head, 0, asleep)            (Q9)
 *
 * Why no wake is lost: the asleep bit can only be set on an empty head (Q9), and every push
 * exchanges the head. A push before Q9 makes Q9 fail; a push after it gets the bit.
 *
 * Why `first` is never overwritten: a pusher writes it only if its exchange found no address, that
 * is after Q8 of the round before; the owner has cleared it (Q6) before Q8. If Q8 fails the head
 * holds an address and will until the next Q8, so no pusher writes `first`, and the owner may put
 * the last signal back into it.
 *
 * The exchange is acq_rel: it releases the signal's content together with Q2/Q3, and acquires the
 * emptying of `first`.
 *
 * Threads and memory: see queue.h.
 */
#include "mailbox/queue.h"

#include "base/atomic.h"

void mg_queue_init(struct mg_queue *queue)
{
    /* Q0 relaxed: nobody else knows the queue yet. Pairs with Q1 in mg_queue_push(). */
    store_relaxed(&queue->head, 0);
    /* Q0 relaxed: the same. */
    store_relaxed(&queue->first, NULL);
}

struct mg_signal *mg_queue_take(struct mg_queue *queue, uint32_t max, struct mg_signal **last)
{
    ASSERT(max != 0);
    /* Q5 acquire: what the pusher wrote into the signal. Pairs with Q3 in mg_queue_push(). */
    struct mg_signal *first = load_acquire(&queue->first);
    if (first == NULL)
        return NULL;
    /* Q6 relaxed: no pusher writes it before Q8 below releases it. Pairs with Q1 in
     * mg_queue_push(). */
    store_relaxed(&queue->first, NULL);
    struct mg_signal *previous = NULL;
    struct mg_signal *at = first;
    for (;;) { // `previous` and all before it are taken; `at` is looked at
        /* Q7 acquire: what the pusher wrote into the next signal. Pairs with Q2 in
         * mg_queue_push(). */
        struct mg_signal *next = load_acquire(&at->next);
        if (next != NULL) {
            previous = at;
            at = next;
            if (MG_UNLIKELY(--max == 0))
                break;
            continue;
        }
        uintptr_t expected = (uintptr_t)at;
        /* Q8 acq_rel: the queue is empty again, with `first` cleared. Pairs with Q1 in
         * mg_queue_push(). */
        if (MG_LIKELY(cas_acq_rel(&queue->head, &expected, 0))) {
            *last = at;
            return first;
        }
        ASSERT(!(expected & MG_QUEUE_ASLEEP));
        /* Another signal stands in the head. If its link has arrived meanwhile, walk on; else leave
         * the last one, whose `next` its pusher is about to write, for the next time. */
        /* Q7 acquire: as above. */
        if (load_acquire(&at->next) == NULL)
            break;
    }
    /* `at` stays. */
    /* Q6 relaxed: the head holds an address, so only the owner writes `first`. Pairs with Q1 in
     * mg_queue_push(). */
    store_relaxed(&queue->first, at);
    if (previous == NULL)
        return NULL;
    /* N3 relaxed: the list that is handed out ends here; its pusher is long done with it. Pairs
     * with N3 itself. */
    store_relaxed(&previous->next, NULL);
    *last = previous;
    return first;
}
