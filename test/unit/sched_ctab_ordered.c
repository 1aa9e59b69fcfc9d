/* SPDX-License-Identifier: MIT */
/* Ordered tables: against a model; neighbours; walks in order. */
#include "support/ctab.h"

static void model(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    ctab_play(body, s, copy, 1500, 20000);
}

/* Random operations do what they do to a plain array. */
UNIT_CASE(against_a_model)
{
    ctab_run(model, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
}

static int64_t seek(struct mg_ctab_body *body, enum mg_ctab_way way, mg_value key)
{
    struct mg_ctab_entry *entry = mg_ctab_seek(body, way, key);
    return entry == NULL ? -1 : mg_small_value(mg_ctab_entry_key(entry));
}

/* The keys are 10, 20, ... 10 * COUNT. */
static void neighbours(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    enum { COUNT = 300 };
    ck_assert_int_eq(seek(body, MG_CTAB_AFTER, MG_UNSET), -1);
    ck_assert_int_eq(seek(body, MG_CTAB_BEFORE, MG_UNSET), -1);
    for (int64_t i = 0; i < COUNT; i++) {
        int64_t n = (i * 7 % COUNT + 1) * 10;
        ck_assert_int_eq(mg_ctab_insert(body, s, copy, mg_small(n), 0, MG_NIL, NULL), MG_CTAB_DONE);
    }
    ck_assert_int_eq(seek(body, MG_CTAB_AFTER, MG_UNSET), 10);
    ck_assert_int_eq(seek(body, MG_CTAB_BEFORE, MG_UNSET), 10 * COUNT);
    for (int64_t n = 0; n <= 10 * COUNT + 10; n++) {
        int64_t below = (n - 1) / 10 * 10, upto = n / 10 * 10;
        int64_t above = n / 10 * 10 + 10, from = (n + 9) / 10 * 10;
        const int64_t last = 10 * COUNT;
        below = n == 0 || below == 0 ? -1 : below > last ? last : below;
        upto = upto == 0 ? -1 : upto > last ? last : upto;
        from = from == 0 ? 10 : from;
        ck_assert_int_eq(seek(body, MG_CTAB_BEFORE, mg_small(n)), below);
        ck_assert_int_eq(seek(body, MG_CTAB_UPTO, mg_small(n)), upto);
        ck_assert_int_eq(seek(body, MG_CTAB_AFTER, mg_small(n)), above > last ? -1 : above);
        ck_assert_int_eq(seek(body, MG_CTAB_FROM, mg_small(n)), from > last ? -1 : from);
    }
}

/* The nearest key in each direction, of keys that are there and others. */
UNIT_CASE(seeking)
{
    ctab_run(neighbours, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
}

static void walk(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    ctab_walk_through(body, s, copy, 500, 7);
}

static void in_order(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    struct mg_ctab_entry *found[16];
    for (int64_t i = 0; i < 1000; i++)
        ck_assert_int_eq(mg_ctab_put(body, s, copy, mg_small(i * 37 % 1000), 0, mg_small(i)),
                         MG_CTAB_DONE);
    struct mg_ctab_place place = {.after = mg_small(100), .inclusive = true};
    int64_t next = 100;
    while (!place.done) {
        uint32_t count = mg_ctab_walk(body, &place, found, 16);
        for (uint32_t i = 0; i < count; i++)
            ck_assert_uint_eq(mg_ctab_entry_key(found[i]), mg_small(next++));
    }
    ck_assert_int_eq(next, 1000);
}

/* A walk goes in order, from where it is told to, and sees what stays exactly once. */
UNIT_CASE(walking)
{
    ctab_run(in_order, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
    ctab_run(walk, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
}

UNIT_MAIN("sched/ctab_ordered", against_a_model, seeking, walking)
