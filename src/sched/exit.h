/* SPDX-License-Identifier: MIT */
/* How a process ended, for those who hold its control block; and the end itself, step by step.
 *
 *      control->state         MG_CONTROL_ENDED once all of the following is there
 *             ->mailbox_load  reason, a symbol id
 *             ->reductions    origin pid
 *             ->heap_bytes    the result, when it is an immediate
 *             ->record        result and error as objects, when they are not
 *
 * (The figures that ps reads of the living have no meaning for the dead, so their words are used
 * again.)
 *
 * Records are kept as long as the control block, all together up to MG_LIMIT_RESULT_BYTES: beyond
 * it the oldest are dropped and their processes answer MG_CONTROL_EXPIRED.
 *
 * The order of an end (exit.c): names are released, tables go or are inherited, registries, groups
 * and topics are left; state and record are set; the actor is unpublished (sends are refused);
 * links and monitors and requesters are told, the mailbox is emptied; then, after a grace period,
 * what was pushed by those who still had the pointer is answered, and the block is recycled.
 *
 * X1  An exit record is not written after control->record was set.
 * X2  A record is freed by the release of its control block or by the limit, never by both: the
 *     store's lock decides.
 *
 * Threads: reading any scheduler; the pointers in struct mg_exit_info are valid until the reader's
 * slice ends. Memory: the control block owns its record.
 */
#ifndef MG_SCHED_EXIT_H
#define MG_SCHED_EXIT_H

#include "sched/scheduler.h"

/* Bits of control->state. */
enum mg_control_state {
    MG_CONTROL_CLEANUP = 1, /* alive, and has clean-up to do */
    MG_CONTROL_ENDED = 2,
    MG_CONTROL_EXPIRED = 4, /* its record was dropped for want of room */
};

struct mg_records; /* record.c: all records of a node */

/* What reclaim.c keeps of memory that is freed after a grace period. */
struct mg_retired {
    struct mg_retired *next;
    void (*free)(struct mg_retired *item, struct mg_scheduler *s);
};

struct mg_exit_record {
    struct mg_fragment fragment; /* first */
    struct mg_retired retired;   /* reclaim.c */
    mg_value result;             /* MG_NIL if there is none */
    mg_value error;              /* the exception, or MG_NIL */
    struct mg_control *control;  /* whose record it is; not counted */
    struct mg_records *store;
    struct mg_exit_record *newer, *older;
    uint64_t bytes; /* what it counts against the limit */
};

/* A record with room for `words` words of objects (0 allowed); result and error are nil. Fill
 * fragment, result and error by mg_copy_write with `to` = mg_exit_record_words. Owned by the caller
 * until mg_actor_set_exit. */
struct mg_exit_record *mg_exit_record_new(struct mg_scheduler *s, uint64_t words);
static inline mg_value *mg_exit_record_words(struct mg_exit_record *record)
{
    return (mg_value *)(record + 1);
}

/* Frees a record that was not given to mg_actor_set_exit. */
void mg_exit_record_free(struct mg_exit_record *record, struct mg_block_cache *blocks);

struct mg_exit_info {
    uint32_t reason; /* symbol id */
    mg_pid origin;   /* itself, unless it died of another's death */
    mg_value result; /* an immediate, or an object of the record: copy it out (mg_copy_into_heap) in
                        this turn */
    mg_value error;  /* the same; MG_NIL unless it crashed */
    bool expired;    /* result and error were dropped */
};

/* False while the process lives; else fills *info. */
bool mg_control_exit(struct mg_control *control, struct mg_exit_info *info);

/* Whether the process has not ended yet (an actor that unwinds is alive). */
bool mg_control_is_alive(struct mg_control *control);

/* The record of an ended process, NULL when there is none; valid until the reader's slice ends. */
const struct mg_exit_record *mg_control_record(struct mg_control *control);

/* Whether nothing that was sent to the process while it lived can have an effect any more: its
 * grace period is over. Kept for behaviours that deal with requests by themselves (actor.h,
 * `raw`). */
bool mg_control_is_quiet(const struct mg_control *control);

#endif
