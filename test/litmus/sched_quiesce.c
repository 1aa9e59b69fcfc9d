/* SPDX-License-Identifier: MIT */
/* Readers follow a pointer that a writer replaces and frees after grace periods: nobody ever reads
 * what was freed. Under the sanitizers the memory is really freed, otherwise it is marked. */
#include <pthread.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "sched/quiesce.h"
#include "support/unit.h"

enum { READERS = 3, ROUNDS = 20000, LIVE = 0x11223344, DEAD = 0x0badc0de };

struct thing {
    uint32_t mark;
    uint64_t epoch;
    struct thing *next;
};

struct race {
    struct mg_quiesce quiesce;
    struct mg_quiesce_part parts[READERS + 1];
    _Atomic(struct thing *) thing;
    _Atomic(uint32_t) done;
};

struct reader {
    pthread_t thread;
    struct race *race;
    struct mg_quiesce_part *part;
    uint64_t reads;
};

static void *read_things(void *argument)
{
    struct reader *reader = argument;
    struct race *race = reader->race;
    mg_quiesce_online(&race->quiesce, reader->part);
    while (load_acquire(&race->done) == 0) {
        for (uint32_t i = 0; i < 10; i++) {
            const struct thing *thing = load_acquire(&race->thing);
            ck_assert_uint_eq(thing->mark, LIVE);
            reader->reads++;
        }
        mg_quiesce_announce(&race->quiesce, reader->part);
        if (reader->reads % 50 == 0) {
            mg_quiesce_offline(reader->part);
            sched_yield();
            mg_quiesce_online(&race->quiesce, reader->part);
        }
    }
    mg_quiesce_offline(reader->part);
    return NULL;
}

static struct thing *thing_new(void)
{
    struct thing *thing = mg_alloc(sizeof *thing);
    thing->mark = LIVE;
    return thing;
}

/* Frees what is old enough; answers what is left. */
static struct thing *free_old(struct thing *retired, uint64_t epoch)
{
    struct thing *left = NULL;
    while (retired != NULL) {
        struct thing *next = retired->next;
        if (retired->epoch + 2 <= epoch) {
            retired->mark = DEAD;
            mg_free(retired);
        } else {
            retired->next = left;
            left = retired;
        }
        retired = next;
    }
    return left;
}

/* Memory is freed only when nobody can hold it, and it is freed. */
UNIT_CASE(replace_and_free)
{
    struct race *race = mg_alloc_aligned(64, sizeof *race);
    struct reader readers[READERS];
    struct thing *retired = NULL;
    mg_quiesce_init(&race->quiesce, race->parts, READERS + 1);
    store_relaxed(&race->done, 0);
    store_relaxed(&race->thing, thing_new());
    for (uint32_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.race = race, .part = &race->parts[i]};
        ck_assert_int_eq(pthread_create(&readers[i].thread, NULL, read_things, &readers[i]), 0);
    }
    struct mg_quiesce_part *own = &race->parts[READERS];
    mg_quiesce_online(&race->quiesce, own);
    uint64_t first = mg_quiesce_announce(&race->quiesce, own), epoch = first;
    for (uint32_t i = 0; i < ROUNDS || epoch < first + 10; i++) {
        struct thing *old = xchg_acq_rel(&race->thing, thing_new());
        old->epoch = mg_quiesce_stamp(own);
        old->next = retired;
        retired = old;
        epoch = mg_quiesce_announce(&race->quiesce, own);
        if (mg_quiesce_try(&race->quiesce, epoch))
            epoch = mg_quiesce_announce(&race->quiesce, own);
        retired = free_old(retired, epoch);
        if (i % 100 == 0)
            sched_yield();
    }
    store_release(&race->done, 1);
    for (uint32_t i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        epoch = mg_quiesce_announce(&race->quiesce, own);
        mg_quiesce_try(&race->quiesce, epoch);
    }
    retired = free_old(retired, mg_quiesce_announce(&race->quiesce, own));
    ck_assert_ptr_null(retired);
    mg_free(load_relaxed(&race->thing));
    mg_free(race);
}

UNIT_MAIN("litmus sched/quiesce", replace_and_free)
