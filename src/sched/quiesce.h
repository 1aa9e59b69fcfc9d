/* SPDX-License-Identifier: MIT */
/* When memory that others may still read can be freed: grace periods.
 *
 * Every scheduler announces at the end of each slice that it holds no borrowed pointer any more, by
 * writing the number of the present epoch into its own line. The epoch moves on when all who are
 * online have announced it. What was taken out of reach in epoch e may be freed in epoch e + 2:
 * whoever could have seen it has announced something since.
 *
 *      scheduler 0     seen 7                 epoch 7
 *      scheduler 1     seen 6   <- holds back epoch 8
 *      scheduler 2     offline: parked, holds nothing
 *
 * Q1  A participant's `seen` is 0 (offline) or at least epoch - 1.
 * Q2  Pointers found in shared tables are used only while online, and not beyond the next
 *     announcement.
 * Q3  What is retired carries an epoch not before the one in which it became unreachable.
 *
 * Threads: announce, online, offline by the participant; try by any of them. Foreign threads borrow
 * a participant under a lock (sched.c). Memory: the array of participants is the caller's. Story:
 * docs/internals/scheduler.md.
 */
#ifndef MG_SCHED_QUIESCE_H
#define MG_SCHED_QUIESCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"

struct mg_quiesce_part {
    _Atomic(uint64_t) seen
        MG_CACHE_ALIGNED; /* its participant writes; whoever tries to advance reads */
};

struct mg_quiesce {
    _Atomic(uint64_t) epoch MG_CACHE_ALIGNED; /* whoever advances it writes; all read */
    struct mg_quiesce_part *parts;
    uint32_t count;
};

/* All participants offline, epoch 2. */
void mg_quiesce_init(struct mg_quiesce *quiesce, struct mg_quiesce_part *parts, uint32_t count);

/* Begins to hold pointers. */
void mg_quiesce_online(struct mg_quiesce *quiesce, struct mg_quiesce_part *part);

/* Holds none any more, and will not until online again. */
void mg_quiesce_offline(struct mg_quiesce_part *part);

/* Holds none at this moment. Answers the epoch announced: what was retired two before may be
 * freed. */
uint64_t mg_quiesce_announce(struct mg_quiesce *quiesce, struct mg_quiesce_part *part);

/* Moves the epoch on by one if all who are online have announced `epoch`, the present one. True if
 * it did. */
bool mg_quiesce_try(struct mg_quiesce *quiesce, uint64_t epoch);

/* The epoch to write on what this online participant retires now (Q3). */
uint64_t mg_quiesce_stamp(const struct mg_quiesce_part *part);

#endif
