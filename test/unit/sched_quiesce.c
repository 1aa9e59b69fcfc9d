/* SPDX-License-Identifier: MIT */
/* Epochs by one thread; races are a litmus test. */
#include "base/atomic.h"
#include "sched/quiesce.h"
#include "support/unit.h"

enum { PARTS = 3 };

struct rig {
    struct mg_quiesce quiesce;
    struct mg_quiesce_part parts[PARTS];
};

static uint64_t epoch(struct rig *rig)
{
    return load_relaxed(&rig->quiesce.epoch);
}

/* While all are offline the epoch moves freely. */
UNIT_CASE(offline_is_quiescent)
{
    struct rig rig;
    mg_quiesce_init(&rig.quiesce, rig.parts, PARTS);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert(mg_quiesce_try(&rig.quiesce, epoch(&rig)));
    ck_assert_uint_eq(epoch(&rig), 12);
}

/* Q1: whoever is online and has not announced holds the epoch back, one step behind at most. */
UNIT_CASE(one_holds_back)
{
    struct rig rig;
    mg_quiesce_init(&rig.quiesce, rig.parts, PARTS);
    mg_quiesce_online(&rig.quiesce, &rig.parts[0]);
    mg_quiesce_online(&rig.quiesce, &rig.parts[1]);
    ck_assert(mg_quiesce_try(&rig.quiesce, 2)); // both have seen 2
    ck_assert(!mg_quiesce_try(&rig.quiesce, 3));
    ck_assert_uint_eq(mg_quiesce_announce(&rig.quiesce, &rig.parts[0]), 3);
    ck_assert(!mg_quiesce_try(&rig.quiesce, 3));
    mg_quiesce_announce(&rig.quiesce, &rig.parts[1]);
    ck_assert(mg_quiesce_try(&rig.quiesce, 3));
    mg_quiesce_offline(&rig.parts[0]);
    ck_assert(!mg_quiesce_try(&rig.quiesce, 4));
    mg_quiesce_offline(&rig.parts[1]);
    ck_assert(mg_quiesce_try(&rig.quiesce, 4));
    ck_assert(!mg_quiesce_try(&rig.quiesce, 4)); // that epoch is over
}

/* Q3: a stamp is not before the epoch at the moment of the retirement. */
UNIT_CASE(stamps_are_late_enough)
{
    struct rig rig;
    mg_quiesce_init(&rig.quiesce, rig.parts, PARTS);
    mg_quiesce_online(&rig.quiesce, &rig.parts[0]);
    ck_assert_uint_ge(mg_quiesce_stamp(&rig.parts[0]), epoch(&rig));
    ck_assert(mg_quiesce_try(&rig.quiesce, 2));
    ck_assert_uint_ge(mg_quiesce_stamp(&rig.parts[0]), epoch(&rig));
}

UNIT_MAIN("sched/quiesce", offline_is_quiescent, one_holds_back, stamps_are_late_enough)
