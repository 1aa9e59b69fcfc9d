/* SPDX-License-Identifier: MIT */
/* Runs a function with a body of a concurrent table, a scheduler and a copy, in the turn of an
 * actor: for tests of the table's structure.
 *
 * Keys made of one number have one hash in three kinds, so they collide as often as a test wants.
 */
#ifndef MG_TEST_SUPPORT_CTAB_H
#define MG_TEST_SUPPORT_CTAB_H

#include "base/rng.h"
#include "object/copy.h"
#include "sched/ctab.h"
#include "support/actors.h"

typedef void (*ctab_test)(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy);

struct ctab_plan {
    ctab_test test;
    enum mg_ctab_kind kind;
    uint64_t max_bytes, max_count;
};

ACTOR(ctab_runner)
{
    const struct ctab_plan *plan = (const struct ctab_plan *)(uintptr_t)actor->body[0];
    struct mg_copy copy;
    mg_copy_init(&copy, NULL, 1 << 20);
    struct mg_ctab_body *body =
        mg_ctab_body_new(plan->kind, NULL, plan->max_bytes, plan->max_count);
    plan->test(body, s, &copy);
    mg_ctab_audit(body);
    mg_ctab_body_retire(body, s);
    mg_copy_deinit(&copy);
    return MG_TURN_EXIT;
}

static inline void ctab_run(ctab_test test, enum mg_ctab_kind kind, uint64_t max_bytes,
                            uint64_t max_count)
{
    struct ctab_plan plan = {test, kind, max_bytes, max_count};
    struct world world;
    world_init(&world, 1, 1);
    world_run(&world, &ctab_runner, (uintptr_t)&plan);
    world_deinit(&world);
}

static inline mg_value ctab_key(uint64_t n)
{
    switch (n % 3) {
    case 0:
        return mg_small((int64_t)(n / 3));
    case 1:
        return mg_character((uint32_t)(n / 3));
    default:
        return mg_symbol((uint32_t)(n / 3));
    }
}

static inline uint64_t ctab_hash(mg_value key)
{
    uint64_t hash;
    ck_assert_int_eq(mg_key_hash(key, &hash), MG_KEY_OK);
    return hash;
}

/* Random insertions, replacements and removals of `keys` keys, beside a plain array. */
static inline void ctab_play(struct mg_ctab_body *body, struct mg_scheduler *s,
                             struct mg_copy *copy, uint32_t keys, uint32_t steps)
{
    struct mg_rng rng;
    int64_t *model = calloc(keys, sizeof *model); // value + 1, 0 for none
    uint64_t count = 0;
    mg_rng_seed(&rng, keys);
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t n = (uint32_t)mg_rng_below(&rng, keys);
        mg_value key = ctab_key(n);
        uint64_t hash = ctab_hash(key), word;
        switch (mg_rng_below(&rng, 4)) {
        case 0:
            ck_assert_int_eq(mg_ctab_remove(body, s, key, hash, NULL, &word), model[n] != 0);
            if (model[n] != 0)
                ck_assert_uint_eq(word, mg_small(model[n] - 1));
            count -= model[n] != 0;
            model[n] = 0;
            break;
        case 1: {
            enum mg_ctab_outcome outcome =
                mg_ctab_insert(body, s, copy, key, hash, mg_small(i), NULL);
            ck_assert_int_eq(outcome, model[n] != 0 ? MG_CTAB_PRESENT : MG_CTAB_DONE);
            if (model[n] == 0) {
                model[n] = i + 1;
                count++;
            }
            break;
        }
        default:
            ck_assert_int_eq(mg_ctab_put(body, s, copy, key, hash, mg_small(i)), MG_CTAB_DONE);
            count += model[n] == 0;
            model[n] = i + 1;
            break;
        }
        ck_assert_uint_eq(mg_ctab_count(body), count);
        if (i % 500 == 0)
            mg_ctab_audit(body);
    }
    for (uint32_t n = 0; n < keys; n++) {
        struct mg_ctab_entry *entry = mg_ctab_find(body, ctab_key(n), ctab_hash(ctab_key(n)));
        ck_assert_int_eq(entry != NULL, model[n] != 0);
        if (entry != NULL)
            ck_assert_uint_eq(mg_ctab_entry_word(entry), mg_small(model[n] - 1));
    }
    free(model);
}

/* A walk in steps of `step`, during which every key that a rule names is removed, and others come:
 * what stays is seen exactly once. */
static inline void ctab_walk_through(struct mg_ctab_body *body, struct mg_scheduler *s,
                                     struct mg_copy *copy, uint32_t keys, uint32_t step)
{
    struct mg_ctab_place place = {.after = MG_UNSET};
    struct mg_ctab_entry *found[64];
    uint32_t *seen = calloc(keys, sizeof *seen);
    uint64_t word;
    for (uint32_t n = 0; n < keys; n++)
        ck_assert_int_eq(
            mg_ctab_put(body, s, copy, ctab_key(n), ctab_hash(ctab_key(n)), mg_small(n)),
            MG_CTAB_DONE);
    for (uint32_t more = keys; !place.done;) {
        uint32_t count = mg_ctab_walk(body, &place, found, step);
        for (uint32_t i = 0; i < count; i++) {
            word = mg_ctab_entry_word(found[i]);
            if (word == MG_CTAB_GONE || (uint64_t)mg_small_value(word) >= keys)
                continue;
            uint32_t n = (uint32_t)mg_small_value(word);
            ck_assert_uint_eq(seen[n]++, 0);
            if (n % 3 == 0) // what was just seen goes
                ck_assert(
                    mg_ctab_remove(body, s, ctab_key(n), ctab_hash(ctab_key(n)), NULL, &word));
        }
        for (uint32_t i = 0; i < step; i++, more++)
            ck_assert_int_eq(mg_ctab_put(body, s, copy, ctab_key(more), ctab_hash(ctab_key(more)),
                                         mg_small(more)),
                             MG_CTAB_DONE);
        if (more > 20 * keys)
            break; // an ordered walk runs after what is put in front of it
    }
    for (uint32_t n = 0; n < keys; n++)
        ck_assert_uint_eq(seen[n], 1);
    free(seen);
}

#endif
