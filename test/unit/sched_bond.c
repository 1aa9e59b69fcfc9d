/* SPDX-License-Identifier: MIT */
/* The small table against a naive model. */
#include "base/rng.h"
#include "sched/bond.h"
#include "support/unit.h"

enum { KEYS = 12 };

/* Random puts, removals and look-ups agree with an array; the walk finds each entry once. */
UNIT_CASE(agrees_with_a_model)
{
    struct mg_bonds bonds;
    struct mg_rng rng;
    uint64_t model[KEYS] = {0}; // 0: absent
    mg_bonds_init(&bonds);
    mg_rng_seed(&rng, 5);
    for (uint32_t step = 1; step < 50000; step++) {
        uint64_t key = mg_rng_below(&rng, KEYS);
        uint64_t value = 0;
        if (mg_rng_below(&rng, 2) == 0) {
            mg_bonds_put(&bonds, key + 100, step);
            model[key] = step;
        } else {
            ck_assert_int_eq(mg_bonds_remove(&bonds, key + 100, &value), model[key] != 0);
            ck_assert_uint_eq(value, model[key]);
            model[key] = 0;
        }
        mg_bonds_audit(&bonds);
        uint32_t live = 0;
        for (uint32_t k = 0; k < KEYS; k++) {
            value = 0;
            ck_assert_int_eq(mg_bonds_get(&bonds, k + 100, &value), model[k] != 0);
            ck_assert_uint_eq(value, model[k]);
            live += model[k] != 0;
        }
        ck_assert_uint_eq(bonds.count, live);
        uint64_t at;
        uint32_t seen = 0;
        while (mg_bonds_at(&bonds, seen, &at, &value)) {
            ck_assert_uint_eq(value, model[at - 100]);
            seen++;
        }
        ck_assert_uint_eq(seen, live);
    }
    mg_bonds_deinit(&bonds);
    ck_assert_uint_eq(bonds.count, 0);
}

/* A few entries need no allocation. */
UNIT_CASE(few_are_inline)
{
    struct mg_bonds bonds;
    mg_bonds_init(&bonds);
    for (uint64_t i = 0; i < MG_BONDS_INLINE; i++)
        mg_bonds_put(&bonds, i, i);
    ck_assert_ptr_null(bonds.more);
    mg_bonds_put(&bonds, 100, 1);
    ck_assert_ptr_nonnull(bonds.more);
    mg_bonds_deinit(&bonds);
}

UNIT_MAIN("sched/bond", agrees_with_a_model, few_are_inline)
