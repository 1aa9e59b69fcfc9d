/* SPDX-License-Identifier: MIT */
/* Ring and newborns by one thread; thieves race in a litmus test. */
#include "base/rng.h"
#include "sched/runq.h"
#include "support/unit.h"

/* Stand-ins: only their addresses matter. */
static struct mg_actor *item(uintptr_t n)
{
    return (struct mg_actor *)(n * 64);
}

/* First in, first out; full at its size; empty again. */
UNIT_CASE(ring_order)
{
    struct mg_ring ring;
    mg_ring_init(&ring);
    ck_assert_ptr_null(mg_ring_pop(&ring));
    for (uint32_t round = 0; round < 3; round++) {
        for (uintptr_t i = 1; i <= MG_RING_SIZE; i++)
            ck_assert(mg_ring_push(&ring, item(i)));
        ck_assert(!mg_ring_push(&ring, item(1)));
        ck_assert_uint_eq(mg_ring_len(&ring), MG_RING_SIZE);
        for (uintptr_t i = 1; i <= MG_RING_SIZE; i++)
            ck_assert_ptr_eq(mg_ring_pop(&ring), item(i));
        ck_assert_ptr_null(mg_ring_pop(&ring));
    }
}

/* Only what has stood there for a whole slice can be stolen, half at a time, a single one too. */
UNIT_CASE(ring_age)
{
    struct mg_ring ring;
    struct mg_actor *taken[8];
    mg_ring_init(&ring);
    ck_assert(mg_ring_push(&ring, item(1)));
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 0);
    ck_assert(!mg_ring_age(&ring));
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 0);
    ck_assert(mg_ring_push(&ring, item(2)));
    ck_assert(mg_ring_age(&ring));
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 1);
    ck_assert_ptr_eq(taken[0], item(1));
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 0);
    ck_assert(mg_ring_age(&ring));
    ck_assert_ptr_eq(mg_ring_pop(&ring), item(2));
    ck_assert(!mg_ring_has_stealable(&ring));
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 0);
    for (uintptr_t i = 1; i <= 20; i++)
        ck_assert(mg_ring_push(&ring, item(i)));
    mg_ring_age(&ring);
    mg_ring_age(&ring);
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 8);
    ck_assert_uint_eq(mg_ring_steal(&ring, taken, 8), 6);
    ck_assert_ptr_eq(taken[5], item(14));
}

/* Newest first for the owner, oldest first for thieves, all of them once. */
UNIT_CASE(newborns_order)
{
    struct mg_newborns newborns;
    struct mg_actor *taken[4];
    mg_newborns_init(&newborns, false);
    ck_assert_ptr_null(mg_newborns_pop(&newborns, false));
    for (uintptr_t i = 1; i <= 1000; i++)
        mg_newborns_push(&newborns, item(i));
    ck_assert_ptr_eq(mg_newborns_pop(&newborns, false), item(1000));
    ck_assert_ptr_eq(mg_newborns_pop(&newborns, true), item(1));
    ck_assert_uint_eq(mg_newborns_steal(&newborns, taken, 4), 0);
    ck_assert(!mg_newborns_age(&newborns));
    ck_assert(mg_newborns_age(&newborns));
    ck_assert_uint_eq(mg_newborns_steal(&newborns, taken, 4), 4);
    ck_assert_ptr_eq(taken[0], item(2));
    for (uintptr_t i = 999; i >= 6; i--)
        ck_assert_ptr_eq(mg_newborns_pop(&newborns, false), item(i));
    ck_assert_ptr_null(mg_newborns_pop(&newborns, true));
    ck_assert_uint_eq(mg_newborns_steal(&newborns, taken, 4), 0);
    mg_newborns_push(&newborns, item(7));
    ck_assert_uint_eq(mg_newborns_steal(&newborns, taken, 4), 0);
    mg_newborns_deinit(&newborns);
}

/* Random operations on both keep every item exactly once. */
UNIT_CASE(nothing_lost)
{
    enum { ITEMS = 300 };
    struct mg_ring ring;
    struct mg_newborns newborns;
    struct mg_rng rng;
    uint32_t where[ITEMS + 1] = {0}; // 0 outside, 1 ring, 2 newborns
    mg_ring_init(&ring);
    mg_newborns_init(&newborns, true);
    mg_rng_seed(&rng, 9);
    for (uint32_t step = 0; step < 200000; step++) {
        struct mg_actor *taken[5];
        uint32_t count = 0;
        uint32_t from = 1 + (uint32_t)mg_rng_below(&rng, 2);
        uint64_t n = 1 + mg_rng_below(&rng, ITEMS);
        switch (mg_rng_below(&rng, 5)) {
        case 0:
        case 1:
            if (where[n] != 0)
                break;
            if (from == 2)
                mg_newborns_push(&newborns, item(n));
            else if (!mg_ring_push(&ring, item(n)))
                break;
            where[n] = from;
            break;
        case 2:
            taken[0] = from == 1 ? mg_ring_pop(&ring) : mg_newborns_pop(&newborns, n % 2 == 0);
            count = taken[0] != NULL;
            break;
        case 3:
            count =
                from == 1 ? mg_ring_steal(&ring, taken, 5) : mg_newborns_steal(&newborns, taken, 5);
            break;
        default:
            if (from == 1)
                mg_ring_age(&ring);
            else
                mg_newborns_age(&newborns);
            break;
        }
        for (uint32_t i = 0; i < count; i++) {
            uintptr_t k = (uintptr_t)taken[i] / 64;
            ck_assert_uint_eq(where[k], from);
            where[k] = 0;
        }
    }
    mg_newborns_deinit(&newborns);
}

UNIT_MAIN("sched/runq", ring_order, ring_age, newborns_order, nothing_lost)
