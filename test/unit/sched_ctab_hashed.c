/* SPDX-License-Identifier: MIT */
/* Hashed tables: against a model, through growth, with keys of one hash; walks. */
#include "support/ctab.h"

static void model_small(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    ctab_play(body, s, copy, 40, 5000);
}

static void model_large(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    ctab_play(body, s, copy, 6000, 40000);
}

/* Random operations do what they do to a plain array. */
UNIT_CASE(against_a_model)
{
    ctab_run(model_small, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
    ctab_run(model_large, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
}

static void walk(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    ctab_walk_through(body, s, copy, 2000, 7);
}

/* The table grows under a walk, and what stays is seen once. */
UNIT_CASE(walk_while_it_grows)
{
    ctab_run(walk, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
}

static void shrunk(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    enum { MANY = 5000 };
    uint64_t word;
    for (uint32_t n = 0; n < MANY; n++)
        ck_assert_int_eq(
            mg_ctab_insert(body, s, copy, ctab_key(n), ctab_hash(ctab_key(n)), mg_small(n), NULL),
            MG_CTAB_DONE);
    for (uint32_t n = 1; n < MANY; n++)
        ck_assert(mg_ctab_remove(body, s, ctab_key(n), ctab_hash(ctab_key(n)), NULL, &word));
    struct mg_ctab_place place = {0};
    struct mg_ctab_entry *found[4];
    uint32_t seen = 0, steps = 0;
    while (!place.done) {
        seen += mg_ctab_walk(body, &place, found, 4);
        steps++;
    }
    ck_assert_uint_eq(seen, 1);
    ck_assert_uint_gt(steps, 10); // each looked at a bounded number of nodes
}

/* A walk through a table that was large takes small steps. */
UNIT_CASE(walk_through_empty_buckets)
{
    ctab_run(shrunk, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
}

static void expected(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    struct mg_ctab_entry *old, *fresh;
    uint64_t word, hash = ctab_hash(mg_small(1));
    ck_assert_int_eq(mg_ctab_insert(body, s, copy, mg_small(1), hash, mg_small(5), &old),
                     MG_CTAB_DONE);
    ck_assert(mg_ctab_remove(body, s, mg_small(1), hash, old, &word));
    ck_assert_int_eq(mg_ctab_insert(body, s, copy, mg_small(1), hash, mg_small(6), &fresh),
                     MG_CTAB_DONE);
    ck_assert(!mg_ctab_remove(body, s, mg_small(1), hash, old, &word));
    ck_assert(mg_ctab_remove(body, s, mg_small(1), hash, fresh, &word));
    ck_assert_uint_eq(word, mg_small(6));
}

/* An entry is removed by name, or only while it is a certain one. */
UNIT_CASE(remove_a_certain_one)
{
    ctab_run(expected, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
}

UNIT_MAIN("sched/ctab_hashed", against_a_model, walk_while_it_grows, walk_through_empty_buckets,
          remove_a_certain_one)
