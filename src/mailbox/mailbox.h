/* SPDX-License-Identifier: MIT */
/* A mailbox: the queue outside, and inside a list in order of arrival that only the owner sees,
 * with a scan position for selective receive and the accounts of the bound.
 *
 *      senders ──> queue ──drain──> [m1] ──> [m2] ──> [m3] ──> [m4]     first .. last
 *                                              ^
 *                                            scan: the last one already looked at; NULL: none was
 *
 * The drain (sched/deliver.c) decides what joins the list; this file only keeps it. A plain receive
 * takes the first. A selective one peeks from the scan position on, and skips what does not match;
 * so nothing is looked at twice. Making a fresh reference sets the scan to the end
 * (mg_mailbox_mark): its answer cannot stand before.
 *
 * The bound. `room` counts what senders have reserved, messages and bytes in one word: 28 bits of
 * messages, 36 bits of units of 16 bytes. Senders add before they copy and take back what they do
 * not use; the owner gives back what it removed, in batches. So `room` is never below what is in
 * the mailbox: a bound refuses early, never late.
 *
 * M1  count = number of mail signals in the list. last is the final one, NULL if there is none.
 * M2  scan is in the list, or NULL.
 * M3  room >= reservations of live senders + charged signals in queue and list - owed.
 *
 * Threads: the owner, except for the queue and mg_mailbox_reserve, _unreserve, which anybody may
 * call. Memory: the list owns its signals; what is taken belongs to the caller.
 */
#ifndef MG_MAILBOX_MAILBOX_H
#define MG_MAILBOX_MAILBOX_H

#include "base/atomic.h"
#include "mailbox/queue.h"

struct mg_mailbox {
    struct mg_queue queue;
    _Atomic(uint64_t) room; /* reserved: messages << 36 | bytes / 16; everybody adds, owner and
                               senders subtract */
    struct mg_signal *first;
    struct mg_signal *last;
    struct mg_signal *scan;  /* M2 */
    _Atomic(uint32_t) count; /* M1; written by the owner, read by ps */
    uint32_t owed; /* removed but not yet given back, less than a batch: messages << 16 | units */
};

_Static_assert(sizeof(struct mg_mailbox) == 56, "part of the actor's 256 bytes");

#define MG_ROOM_BYTE_BITS 36
#define MG_ROOM_UNIT 16
#define MG_ROOM_MESSAGES_MAX ((UINT64_C(1) << 28) - 1)

/* `messages` and `bytes` as one word; bytes are rounded up for each message alike. */
static inline uint64_t mg_room(uint64_t messages, uint64_t bytes)
{
    return messages << MG_ROOM_BYTE_BITS | (bytes + MG_ROOM_UNIT - 1) / MG_ROOM_UNIT;
}
static inline uint64_t mg_room_messages(uint64_t room)
{
    return room >> MG_ROOM_BYTE_BITS;
}
static inline uint64_t mg_room_bytes(uint64_t room)
{
    return (room & ((UINT64_C(1) << MG_ROOM_BYTE_BITS) - 1)) * MG_ROOM_UNIT;
}

/* What happens to a message that finds the mailbox full. */
enum mg_mailbox_policy {
    MG_MAILBOX_REFUSE,
    MG_MAILBOX_DROP_OLDEST,
    MG_MAILBOX_KILL, /* ends the receiver with #mailbox; the message is refused */
};

/* The bound of one mailbox. */
struct mg_mailbox_bound {
    uint64_t messages; /* at most MG_ROOM_MESSAGES_MAX */
    uint64_t bytes;
};

void mg_mailbox_init(struct mg_mailbox *box);

/* Adds a reservation (mg_room) if the bound allows it. False: it would be exceeded, nothing was
 * added. *before is what was reserved before, in both cases. Anybody. */
MG_MUST_CHECK bool mg_mailbox_reserve(struct mg_mailbox *box, uint64_t room,
                                      const struct mg_mailbox_bound *bound, uint64_t *before);

/* Adds a reservation without looking at the bound. Anybody. */
void mg_mailbox_reserve_exempt(struct mg_mailbox *box, uint64_t room);

/* Takes back what was reserved and not used. Anybody. */
void mg_mailbox_unreserve(struct mg_mailbox *box, uint64_t room);

/* -- The inner list: owner only -- */

/* Appends mail. Taken: the signal. */
void mg_mailbox_append(struct mg_mailbox *box, struct mg_signal *signal);

/* The first mail, or NULL; stays in the list. */
static inline struct mg_signal *mg_mailbox_peek(const struct mg_mailbox *box)
{
    return box->first;
}

/* Removes the first mail and answers it; NULL if there is none. The caller owns it. */
struct mg_signal *mg_mailbox_take(struct mg_mailbox *box);

/* The next mail that the scan has not passed, or NULL at the end; stays in the list. The same until
 * skip, remove, reset or mark. */
struct mg_signal *mg_mailbox_scan_peek(const struct mg_mailbox *box);

/* Passes what mg_mailbox_scan_peek answers, which must not be NULL. */
void mg_mailbox_scan_skip(struct mg_mailbox *box);

/* Removes what mg_mailbox_scan_peek answers, which must not be NULL, and sets the scan back to the
 * start. The caller owns it. */
struct mg_signal *mg_mailbox_scan_remove(struct mg_mailbox *box);

/* Sets the scan to the start: the next selective receive looks at everything. */
static inline void mg_mailbox_scan_reset(struct mg_mailbox *box)
{
    box->scan = NULL;
}

/* Sets the scan to the end: what is in the list now will be passed. Drain before. */
static inline void mg_mailbox_mark(struct mg_mailbox *box)
{
    box->scan = box->last;
}

/* Removes every mail for which `match` answers true, wherever it is, and frees it; answers how
 * many. The scan stays where it was relative to the others. For demonitor with flush. */
uint32_t mg_mailbox_discard(struct mg_mailbox *box, bool (*match)(const struct mg_signal *, void *),
                            void *context, struct mg_block_cache *blocks);

/* Mail in the list. */
static inline uint32_t mg_mailbox_count(const struct mg_mailbox *box)
{
    /* B1 relaxed: a count for people and for the owner itself. Pairs with B2 in
     * mailbox_counted(). */
    return load_relaxed(&box->count);
}

/* Gives back what is owed when it is worth an atomic operation: at once when the bound is exact
 * (below MG_MAILBOX_EXACT), else in batches; `all` gives everything. */
void mg_mailbox_settle(struct mg_mailbox *box, bool all);

/* Bounds below this are kept exactly: no reservation in advance, no giving back in batches. */
#define MG_MAILBOX_EXACT 1024
#define MG_MAILBOX_BATCH_MESSAGES 32
#define MG_MAILBOX_BATCH_BYTES (32 * 1024)

/* Panics when M1 or M2 do not hold. */
void mg_mailbox_audit(const struct mg_mailbox *box);

#endif
