/* SPDX-License-Identifier: MIT */
/* The inner list, the scan position, and the accounts of the bound. See mailbox.h.
 *
 * The list is singly linked through signal->next, which the queue used before; from the drain on
 * only the owner touches it, so all accesses are relaxed. Removal at the scan needs the
 * predecessor, and that is what `scan` is.
 *
 * Threads and memory: see mailbox.h.
 */
#include "mailbox/mailbox.h"

#include "base/atomic.h"

static inline struct mg_signal *mailbox_next(const struct mg_signal *signal)
{
    /* L1 relaxed: the inner list is the owner's alone. Pairs with L2 in mailbox_set_next(). */
    return load_relaxed(&signal->next);
}

static inline void mailbox_set_next(struct mg_signal *signal, struct mg_signal *next)
{
    /* L2 relaxed: the inner list is the owner's alone. Pairs with L1 in mailbox_next(). */
    store_relaxed(&signal->next, next);
}

static inline void mailbox_counted(struct mg_mailbox *box, int32_t change)
{
    /* B2 relaxed: only the owner writes; others read a count for people. Pairs with B1 in
     * mg_mailbox_count(). */
    store_relaxed(&box->count, (uint32_t)((int32_t)mg_mailbox_count(box) + change));
}

void mg_mailbox_init(struct mg_mailbox *box)
{
    mg_queue_init(&box->queue);
    /* R0 relaxed: nobody else knows the mailbox yet. Pairs with R1 in mg_mailbox_reserve(). */
    store_relaxed(&box->room, 0);
    box->first = box->last = box->scan = NULL;
    /* B2 relaxed: the same. */
    store_relaxed(&box->count, 0);
    box->owed = 0;
}

/* -- The bound -- */

bool mg_mailbox_reserve(struct mg_mailbox *box, uint64_t room, const struct mg_mailbox_bound *bound,
                        uint64_t *before)
{
    /* R1 relaxed: a number; the messages themselves are ordered by the queue. Pairs with R2 in
     * mg_mailbox_unreserve(). */
    uint64_t old = fetch_add_relaxed(&box->room, room);
    *before = old;
    uint64_t now = old + room;
    if (MG_LIKELY(mg_room_messages(now) <= bound->messages && mg_room_bytes(now) <= bound->bytes))
        return true;
    mg_mailbox_unreserve(box, room);
    return false;
}

void mg_mailbox_reserve_exempt(struct mg_mailbox *box, uint64_t room)
{
    /* R1 relaxed: as in mg_mailbox_reserve(). Pairs with R2 in mg_mailbox_unreserve(). */
    fetch_add_relaxed(&box->room, room);
}

void mg_mailbox_unreserve(struct mg_mailbox *box, uint64_t room)
{
    /* R2 relaxed: as R1. Pairs with R1 in mg_mailbox_reserve(). */
    uint64_t before = fetch_sub_relaxed(&box->room, room);
    ASSERT(mg_room_messages(before) >= mg_room_messages(room));
    ASSERT(mg_room_bytes(before) >= mg_room_bytes(room));
    (void)before;
}

/* Parts of `owed`: messages << 16 | units. Less than a batch of each, so both fit. */
enum { OWED_MESSAGE = 1 << 16, OWED_UNITS = OWED_MESSAGE - 1 };
enum { BATCH_UNITS = MG_MAILBOX_BATCH_BYTES / MG_ROOM_UNIT };

_Static_assert(2 * BATCH_UNITS <= OWED_UNITS, "a batch and one message fit");

/* Whether what is owed makes a batch. */
static inline bool owed_much(uint32_t owed)
{
    return owed >= MG_MAILBOX_BATCH_MESSAGES * OWED_MESSAGE || (owed & OWED_UNITS) >= BATCH_UNITS;
}

void mg_mailbox_settle(struct mg_mailbox *box, bool all)
{
    uint32_t owed = box->owed;
    if (owed == 0 || (!all && !owed_much(owed)))
        return;
    box->owed = 0;
    mg_mailbox_unreserve(box, (uint64_t)(owed / OWED_MESSAGE) << MG_ROOM_BYTE_BITS |
                                  (owed & OWED_UNITS));
}

/* A signal has left the mailbox: what it took of the bound is owed. */
static inline void mailbox_owe(struct mg_mailbox *box, struct mg_signal *signal)
{
    if (!(signal->flags & MG_SIGNAL_CHARGED))
        return;
    signal->flags &= (uint8_t)~MG_SIGNAL_CHARGED;
    uint64_t bytes = mg_signal_bytes(signal);
    if (MG_UNLIKELY(bytes > MG_MAILBOX_BATCH_BYTES)) {
        mg_mailbox_unreserve(box, mg_room(1, bytes));
        return;
    }
    box->owed += OWED_MESSAGE + (uint32_t)((bytes + MG_ROOM_UNIT - 1) / MG_ROOM_UNIT);
    if (MG_UNLIKELY(owed_much(box->owed)))
        mg_mailbox_settle(box, false);
}

/* -- The list -- */

void mg_mailbox_append(struct mg_mailbox *box, struct mg_signal *signal)
{
    mailbox_set_next(signal, NULL);
    if (box->last != NULL)
        mailbox_set_next(box->last, signal);
    else
        box->first = signal;
    box->last = signal;
    mailbox_counted(box, 1);
}

/* Unlinks what stands behind `predecessor` (NULL: the first). */
static struct mg_signal *mailbox_unlink(struct mg_mailbox *box, struct mg_signal *predecessor)
{
    struct mg_signal *signal = predecessor != NULL ? mailbox_next(predecessor) : box->first;
    struct mg_signal *next = mailbox_next(signal);
    if (predecessor != NULL)
        mailbox_set_next(predecessor, next);
    else
        box->first = next;
    if (next == NULL)
        box->last = predecessor;
    if (box->scan == signal)
        box->scan = predecessor;
    mailbox_counted(box, -1);
    mailbox_owe(box, signal);
    mailbox_set_next(signal, NULL);
    return signal;
}

struct mg_signal *mg_mailbox_take(struct mg_mailbox *box)
{
    /* mailbox_unlink() without a predecessor: the way of every plain receive. */
    struct mg_signal *signal = box->first;
    if (signal == NULL)
        return NULL;
    struct mg_signal *next = mailbox_next(signal);
    box->first = next;
    if (next == NULL)
        box->last = NULL;
    if (box->scan == signal)
        box->scan = NULL;
    mailbox_counted(box, -1);
    mailbox_owe(box, signal);
    mailbox_set_next(signal, NULL);
    return signal;
}

struct mg_signal *mg_mailbox_scan_peek(const struct mg_mailbox *box)
{
    return box->scan != NULL ? mailbox_next(box->scan) : box->first;
}

void mg_mailbox_scan_skip(struct mg_mailbox *box)
{
    struct mg_signal *at = mg_mailbox_scan_peek(box);
    ASSERT(at != NULL);
    box->scan = at;
}

struct mg_signal *mg_mailbox_scan_remove(struct mg_mailbox *box)
{
    ASSERT(mg_mailbox_scan_peek(box) != NULL);
    struct mg_signal *signal = mailbox_unlink(box, box->scan);
    box->scan = NULL;
    return signal;
}

uint32_t mg_mailbox_discard(struct mg_mailbox *box, bool (*match)(const struct mg_signal *, void *),
                            void *context, struct mg_block_cache *blocks)
{
    uint32_t count = 0;
    struct mg_signal *previous = NULL;
    struct mg_signal *at = box->first;
    while (at != NULL) {
        struct mg_signal *next = mailbox_next(at);
        if (match(at, context)) {
            mg_signal_free(mailbox_unlink(box, previous), blocks);
            count++;
        } else {
            previous = at;
        }
        at = next;
    }
    return count;
}

void mg_mailbox_audit(const struct mg_mailbox *box)
{
    uint32_t count = 0;
    bool scanned = box->scan == NULL;
    struct mg_signal *last = NULL;
    for (struct mg_signal *at = box->first; at != NULL; at = mailbox_next(at)) {
        count++;
        scanned = scanned || at == box->scan;
        last = at;
    }
    CHECK(count == mg_mailbox_count(box)); // M1
    CHECK(last == box->last);              // M1
    CHECK(scanned);                        // M2
}
