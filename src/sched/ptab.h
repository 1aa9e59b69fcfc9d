/* SPDX-License-Identifier: MIT */
/* The process table: from a pid to its control block, and the numbers themselves.
 *
 *      pid      0000 | generation 35 | index 25              bit 60 is for processes of other nodes
 *      slot     address of the control block                 in use
 *               generation 35 | next index 25 | 1            free: a link of a list
 *               0                                            never used
 *
 * Each scheduler takes fresh ranges of MG_PTAB_RANGE slots and keeps the slots it frees in a list
 * of its own; a slot comes back only behind MG_PTAB_KEEP others, so that 2 million spawns a second
 * need years to wrap a generation. A scheduler that frees more than it uses hands batches to the
 * others.
 *
 * T1  A slot in use holds a control block whose pid names this slot with its present generation.
 * T2  Generations of a slot only rise; the pid of a dead process never becomes that of another.
 * T3  The control block in a slot is counted by its actor until a grace period after the slot was
 *     freed.
 *
 * Threads: look-ups anywhere a scheduler is online (quiesce.h); allocate and free by the scheduler
 * whose list it is. Memory: the table owns its pages; control blocks belong to their counters.
 */
#ifndef MG_SCHED_PTAB_H
#define MG_SCHED_PTAB_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "base/lock.h"
#include "base/pid.h"

struct mg_control;

#define MG_PTAB_INDEX_BITS 25
#define MG_PTAB_GENERATION_BITS 35
#define MG_PTAB_RANGE 1024u
#define MG_PTAB_KEEP 8192u
#define MG_PTAB_TRY 64u
#define MG_PTAB_SPARE (4 * MG_PTAB_KEEP) /* more than this in one list: half goes to the others */

/* A list of free slots, oldest first. */
struct mg_ptab_list {
    uint32_t first, last; /* indices, 0: none */
    uint32_t count;
};

/* What one scheduler keeps. */
struct mg_ptab_cache {
    struct mg_ptab_list free;
    uint32_t fresh, fresh_end; /* rest of its range of never used slots */
    bool
        exhausted; /* there are no fresh ones left: the others are asked every MG_PTAB_TRY births */
    uint32_t tries;
};

struct mg_ptab {
    _Atomic(uint64_t) *slots; /* all, reserved once; index 0 is never used */
    _Atomic(uint32_t) fresh;  /* slots up to here were given out as ranges; any scheduler adds */
    uint32_t size;
    struct mg_lock lock;
    struct mg_ptab_list shared; /* what was handed over; under the lock */
};

/* `size`: slots, at most 2^25. */
void mg_ptab_init(struct mg_ptab *ptab, uint32_t size);
void mg_ptab_deinit(struct mg_ptab *ptab);

/* A pid that nobody has had, in a slot that is now this scheduler's; MG_PID_NONE when the table is
 * full. */
mg_pid mg_ptab_alloc(struct mg_ptab *ptab, struct mg_ptab_cache *cache);

/* Makes it known: from now on look-ups find the control block, whose pid must be the one from
 * mg_ptab_alloc. */
void mg_ptab_publish(struct mg_ptab *ptab, mg_pid pid, struct mg_control *control);

/* Makes it unknown and frees the slot (also one that was never published). */
void mg_ptab_free(struct mg_ptab *ptab, struct mg_ptab_cache *cache, mg_pid pid);

/* The control block of a live process, or NULL. Valid while the caller stays online. */
struct mg_control *mg_ptab_find(const struct mg_ptab *ptab, mg_pid pid);

/* The next slot in use with an index above `index`: answers its index and sets *control; 0 when
 * there is none. */
uint32_t mg_ptab_next(const struct mg_ptab *ptab, uint32_t index, struct mg_control **control);

/* Panics when the free list of a cache is not what it should be. */
void mg_ptab_audit(const struct mg_ptab *ptab, const struct mg_ptab_cache *cache);

#endif
