/* SPDX-License-Identifier: MIT */
/* Epochs. See quiesce.h.
 *
 * Why nothing is freed too early. A reader r that found a pointer in epoch e (its `seen` is e, or e
 * - 1 if it has not announced yet) keeps the epoch at seen + 1 at most until it announces again.
 * The retirer's own `seen` is s, so the epoch is s or s + 1 when it takes the memory out of reach;
 * it stamps s + 1. If r saw the pointer before that moment, r's seen was at most s + 1 then, so the
 * epoch stays below s + 3 until r announces; freeing needs the epoch s + 3.
 *
 *      going online                               advancing
 *      seen = e      (E1, seq_cst)                all seen are e or 0   (E4)
 *      epoch == e ?  (E2, seq_cst)                cas(epoch, e, e + 1)  (E5)
 *      read shared tables
 *
 * Excluded: the advancer sees 0, moves on twice, and frees, while the newcomer reads with e. If E4
 * sees 0 it comes before E1 in the order of all seq_cst operations, so the newcomer's reads come
 * after the first move; what it can still reach then was not yet retired, or is stamped later.
 *
 * An announcement is a plain release: a late one only delays.
 *
 * Threads and memory: see quiesce.h.
 */
#include "sched/quiesce.h"

#include "base/assert.h"
#include "base/atomic.h"

void mg_quiesce_init(struct mg_quiesce *quiesce, struct mg_quiesce_part *parts, uint32_t count)
{
    quiesce->parts = parts;
    quiesce->count = count;
    /* E0 relaxed: nobody else knows it yet. Pairs with E2 in mg_quiesce_online(). */
    store_relaxed(&quiesce->epoch, 2);
    for (uint32_t i = 0; i < count; i++) {
        /* E0 relaxed: the same. Pairs with E4 in mg_quiesce_try(). */
        store_relaxed(&parts[i].seen, 0);
    }
}

void mg_quiesce_online(struct mg_quiesce *quiesce, struct mg_quiesce_part *part)
{
    /* E2 seq_cst: after E1 of the round before. Pairs with E5 in mg_quiesce_try(). */
    uint64_t epoch = load_seq_cst(&quiesce->epoch);
    for (;;) {
        /* E1 seq_cst: seen by whoever advances before any table is read. Pairs with E4 in
         * mg_quiesce_try(). */
        store_seq_cst(&part->seen, epoch);
        /* E2 seq_cst: as above. Pairs with E5 in mg_quiesce_try(). */
        uint64_t now = load_seq_cst(&quiesce->epoch);
        if (now == epoch)
            return;
        epoch = now;
    }
}

void mg_quiesce_offline(struct mg_quiesce_part *part)
{
    /* E3 release: all reads are done. Pairs with E4 in mg_quiesce_try(). */
    store_release(&part->seen, 0);
}

uint64_t mg_quiesce_announce(struct mg_quiesce *quiesce, struct mg_quiesce_part *part)
{
    /* E6 acquire: all that others read before the epoch moved is over. Pairs with E5 in
     * mg_quiesce_try(). */
    uint64_t epoch = load_acquire(&quiesce->epoch);
    /* E7 relaxed: its own line. Pairs with E3 in mg_quiesce_announce(). */
    if (load_relaxed(&part->seen) != epoch) {
        /* E3 release: all reads are done. Pairs with E4 in mg_quiesce_try(). */
        store_release(&part->seen, epoch);
    }
    return epoch;
}

bool mg_quiesce_try(struct mg_quiesce *quiesce, uint64_t epoch)
{
    for (uint32_t i = 0; i < quiesce->count; i++) {
        /* E4 seq_cst: against newcomers; acquires the reads of those who announced. Pairs with E1,
         * E3 in mg_quiesce_online(), mg_quiesce_announce(). */
        uint64_t seen = load_seq_cst(&quiesce->parts[i].seen);
        if (seen != 0 && seen != epoch)
            return false;
    }
    /* E5 seq_cst: hands on what E4 acquired. Pairs with E6, E2 in mg_quiesce_announce(),
     * mg_quiesce_online(). */
    return cas_seq_cst(&quiesce->epoch, &epoch, epoch + 1);
}

uint64_t mg_quiesce_stamp(const struct mg_quiesce_part *part)
{
    /* E7 relaxed: its own line. Pairs with E3 in mg_quiesce_announce(). */
    uint64_t seen = load_relaxed(&part->seen);
    ASSERT(seen != 0);
    return seen + 1;
}
