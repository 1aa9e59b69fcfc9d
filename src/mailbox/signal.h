/* SPDX-License-Identifier: MIT */
/* A signal: everything that happens between actors is one. It is one allocation, made by the
 * sender:
 *
 *      +--------------------+------+--------+---------+-----------+-----------+----------------+
 *      | fragment (6 words) | next | sender | payload | reference | sel k f d | copied objects |
 *      +--------------------+------+--------+---------+-----------+-----------+----------------+
 *      <------------------------------- 88 bytes ----------------------------->
 *
 * The fragment describes the objects behind it (object/fragment.h). A receiver adopts the whole
 * signal as a fragment, or copies a small payload into its heap and frees the signal
 * (mg_signal_free).
 *
 * S2  From the push on a signal belongs to the receiver; its sender may not look at it again.
 * S3  A signal with MG_SIGNAL_CONTROL holds one count of `control`; mg_signal_free drops it.
 *     Whoever takes the control out (mg_signal_take_control) takes over the count.
 *
 * Threads: a signal belongs to one thread at a time. Memory: from the block cache of the thread
 * that makes it, back to the cache of the one that frees it.
 */
#ifndef MG_MAILBOX_SIGNAL_H
#define MG_MAILBOX_SIGNAL_H

#include "base/block.h"
#include "base/pid.h"
#include "object/fragment.h"

#include <stdatomic.h>

struct mg_control; /* object/control.h */

enum mg_signal_kind {
#define MG_SIGNAL_KIND(id, name, place, bound) MG_SIGNAL_##id,
#include "mailbox/signal.def"
#undef MG_SIGNAL_KIND
    MG_SIGNAL_KINDS
};

enum mg_signal_flag {
    MG_SIGNAL_CONTROL = 1, /* `control` is used instead of `payload`, and counted (S3) */
    MG_SIGNAL_CHARGED = 2, /* takes part in the mailbox's bound: set by the send, read at removal */
    MG_SIGNAL_HOLD = 4,   /* REPLY: grants something that the requester holds until it gives it back
                              or ends; a grant nobody took is given back at once */
    MG_SIGNAL_RETURN = 8, /* REPLY: its value must not be lost: if nobody takes it, it comes back to
                              its sender as RETURNED */
};

enum mg_signal_detail {
    MG_EXIT_LINK = 1,     /* EXIT: came along a link, counts only while the link is active */
    MG_EXIT_FIRM = 2,     /* EXIT: cannot be trapped, but unwinds */
    MG_INSPECT_WAITS = 1, /* INSPECT: answered by the scheduler's layer, see waits.h there */
    MG_INSPECT_STACK = 2, /* INSPECT: answered by behaviours that have a stack */
    MG_MONITOR_WAIT =
        1, /* MONITOR, DOWN: settles a request of the watcher instead of becoming mail */
    MG_SETTLED_ENDED = 1,        /* SETTLED: because the requester has ended */
    MG_REQUEST_RECEIPT = 0xffff, /* REQUEST: settled when the program takes it out of the mailbox,
                                    to which it is an ordinary message; other numbers are what a
                                    keeper is asked (sync/operation.def) */
};

/* How a request was settled. */
enum mg_outcome {
    MG_OUTCOME_PENDING, /* not yet; never in a signal */
    MG_OUTCOME_VALUE,   /* payload is the value */
    MG_OUTCOME_ERROR,   /* payload is what went wrong */
    MG_OUTCOME_NOPROC,  /* the process is gone, or was never there */
    MG_OUTCOME_REFUSED,
    MG_OUTCOME_NOT_SENT,
    MG_OUTCOME_UNKNOWN,
    MG_OUTCOME_TIMEOUT,
    MG_OUTCOME_ENDED, /* a wait: the process has ended; its exit record tells how */
};

struct mg_signal {
    struct mg_fragment fragment; /* first, so that a signal is adopted as a fragment */
    _Atomic(struct mg_signal *)
        next;      /* queue.h: written by the next pusher; in the inner list by the owner */
    mg_pid sender; /* MG_PID_NONE: the runtime itself */
    union {
        mg_value payload;
        struct mg_control *control; /* with MG_SIGNAL_CONTROL */
    };
    uint64_t reference; /* signal.def says what of */
    uint32_t selector;  /* symbol id: the message's selector, or an exit reason; 0 for none */
    uint8_t kind;       /* enum mg_signal_kind */
    uint8_t flags;      /* enum mg_signal_flag */
    uint16_t detail;    /* by kind */
};

_Static_assert(sizeof(struct mg_signal) == 88,
               "with one word of payload it fills the block class of 96 bytes");

/* A signal with room for `words` words of objects; the fragment describes none yet (words 0,
 * off_heap NULL), payload nil, sender none, all else zero. Owned by the caller until sent. */
struct mg_signal *mg_signal_new(struct mg_block_cache *blocks, enum mg_signal_kind kind,
                                uint64_t words);

/* The same in memory of the caller's own (mg_alloc), for threads without a block cache:
 * fragment.block_bytes is 0. */
void mg_signal_init(struct mg_signal *signal, enum mg_signal_kind kind);

/* Where the objects of a signal stand: the `to` of mg_copy_write. */
static inline mg_value *mg_signal_words(struct mg_signal *signal)
{
    return (mg_value *)(signal + 1);
}

/* Bytes that count against bounds: the block and the shared bytes it keeps alive. */
static inline uint64_t mg_signal_bytes(const struct mg_signal *signal)
{
    return signal->fragment.block_bytes + signal->fragment.shared_bytes;
}

/* What the size of a signal with that payload will be, before it is made (shared bytes not
 * counted). */
static inline uint64_t mg_signal_bytes_for(uint64_t words)
{
    return sizeof(struct mg_signal) + words * sizeof(mg_value);
}

/* Takes the control out of a signal with MG_SIGNAL_CONTROL; the caller owns the count. NULL if
 * there is none. */
struct mg_control *mg_signal_take_control(struct mg_signal *signal);

/* Puts a control in; its count is taken. */
void mg_signal_set_control(struct mg_signal *signal, struct mg_control *control);

/* Another signal with a copy of the payload; all else is as mg_signal_new leaves it. Not for
 * signals with a control. */
struct mg_signal *mg_signal_copy(struct mg_block_cache *blocks, enum mg_signal_kind kind,
                                 const struct mg_signal *signal);

/* Frees a signal and what it holds. Not for signals that were adopted: the heap frees those. */
void mg_signal_free_slow(struct mg_signal *signal, struct mg_block_cache *blocks);
static inline void mg_signal_free(struct mg_signal *signal, struct mg_block_cache *blocks)
{
    bool plain = signal->fragment.off_heap == NULL && signal->fragment.block_bytes != 0 &&
                 !(signal->flags & MG_SIGNAL_CONTROL);
    if (MG_LIKELY(plain))
        mg_block_free(blocks, signal, signal->fragment.block_bytes);
    else
        mg_signal_free_slow(signal, blocks);
}

/* Whether the kind takes part in the bound; whether it is mail by itself; its name, a constant. */
bool mg_signal_kind_bounded(enum mg_signal_kind kind);
bool mg_signal_kind_mail(enum mg_signal_kind kind);
const char *mg_signal_kind_name(enum mg_signal_kind kind);

#endif
