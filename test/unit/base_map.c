/* SPDX-License-Identifier: MIT */
/* Both tables against a naive model, and the order they promise. */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/rng.h"
#include "support/unit.h"

/* A table without entries answers everything. */
UNIT_CASE(starts_empty)
{
    struct mg_map map;
    mg_map_init(&map);
    ck_assert(!mg_map_get(&map, 0, NULL));
    ck_assert(!mg_map_remove(&map, 0));
    ck_assert(!mg_map_at(&map, 0, NULL, NULL));
    ck_assert_uint_eq(mg_map_len(&map), 0);
    mg_map_clear(&map);
    mg_map_deinit(&map);
}

/* M2: entries come in the order of their first put, whatever is put or removed meanwhile. */
UNIT_CASE(order_is_kept)
{
    struct mg_map map = {0};
    for (uint64_t i = 0; i < 1000; i++)
        ck_assert(mg_map_put(&map, i * 7919 % 1000, i));
    for (uint64_t i = 0; i < 1000; i++)
        ck_assert(!mg_map_put(&map, i, i));
    for (uint64_t i = 0; i < 1000; i += 2)
        ck_assert(mg_map_remove(&map, i * 7919 % 1000));
    ck_assert_uint_eq(mg_map_len(&map), 500);
    for (uint32_t i = 0; i < 500; i++) {
        uint64_t key, value;
        ck_assert(mg_map_at(&map, i, &key, &value));
        ck_assert_uint_eq(key, (2 * i + 1) * UINT64_C(7919) % 1000);
        ck_assert_uint_eq(key, value);
    }
    ck_assert(!mg_map_at(&map, 500, NULL, NULL));
    mg_map_audit(&map);
    mg_map_deinit(&map);
}

/* Random puts, removals and look-ups agree with an array; M1 holds after each. */
UNIT_CASE(agrees_with_a_model)
{
    enum { KEYS = 64, STEPS = 20000 };
    uint64_t model[KEYS];
    bool present[KEYS] = {false};
    struct mg_map map = {0};
    struct mg_rng rng;
    mg_rng_seed(&rng, 42);
    for (int step = 0; step < STEPS; step++) {
        uint64_t key = mg_rng_below(&rng, KEYS);
        uint64_t wide = key * UINT64_C(0x100000001); // equal low halves of many keys
        switch (mg_rng_below(&rng, 3)) {
        case 0:
            ck_assert_int_eq(mg_map_put(&map, wide, (uint64_t)step), !present[key]);
            model[key] = (uint64_t)step;
            present[key] = true;
            break;
        case 1:
            ck_assert_int_eq(mg_map_remove(&map, wide), present[key]);
            present[key] = false;
            break;
        default:;
            uint64_t value;
            ck_assert_int_eq(mg_map_get(&map, wide, &value), present[key]);
            if (present[key])
                ck_assert_uint_eq(value, model[key]);
        }
        mg_map_audit(&map);
        if (mg_rng_below(&rng, 1000) == 0) {
            mg_map_clear(&map);
            memset(present, 0, sizeof present);
        }
    }
    mg_map_deinit(&map);
}

/* A table in which keys come and go does not grow. */
UNIT_CASE(churn_does_not_grow)
{
    struct mg_map map = {0};
    for (uint64_t i = 0; i < 100000; i++) {
        mg_map_put(&map, i, i);
        if (i >= 10)
            ck_assert(mg_map_remove(&map, i - 10));
    }
    ck_assert_uint_le(map.entries_cap, 64);
    mg_map_deinit(&map);
}

/* Removing what _at shows, from the end, visits each key once. */
UNIT_CASE(removal_while_iterating)
{
    struct mg_map map = {0};
    for (uint64_t i = 0; i < 100; i++)
        mg_map_put(&map, i, i);
    for (uint32_t i = mg_map_len(&map); i-- > 0;) {
        uint64_t key;
        ck_assert(mg_map_at(&map, i, &key, NULL));
        ck_assert_uint_eq(key, i);
        if (key % 3 != 0)
            ck_assert(mg_map_remove(&map, key));
    }
    ck_assert_uint_eq(mg_map_len(&map), 34);
    mg_map_deinit(&map);
}

/* String keys are copied, compared byte by byte, and told apart by length. */
UNIT_CASE(string_keys)
{
    struct mg_strmap map;
    mg_strmap_init(&map);
    char key[] = "key";
    ck_assert(mg_strmap_put(&map, key, 3, 1));
    key[0] = 'K';
    ck_assert(mg_strmap_put(&map, key, 3, 2));
    ck_assert(mg_strmap_put(&map, "", 0, 3));
    ck_assert(mg_strmap_put(&map, "\0", 1, 4));
    ck_assert(mg_strmap_put(&map, "key\0", 4, 5));
    uint64_t value = 0;
    ck_assert(mg_strmap_get(&map, "key", 3, &value) && value == 1);
    ck_assert(mg_strmap_get(&map, NULL, 0, &value) && value == 3);
    ck_assert(mg_strmap_get(&map, "key\0", 4, &value) && value == 5);
    ck_assert(!mg_strmap_get(&map, "ke", 2, &value));
    ck_assert(mg_strmap_remove(&map, "", 0));

    const char *bytes;
    size_t n;
    ck_assert(mg_strmap_at(&map, 1, &bytes, &n, &value));
    ck_assert_str_eq(bytes, "Key");
    ck_assert_uint_eq(n, 3);
    ck_assert(mg_strmap_at(&map, 2, &bytes, &n, NULL));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(mg_strmap_len(&map), 4);
    mg_strmap_audit(&map);
    mg_strmap_clear(&map);
    ck_assert_uint_eq(mg_strmap_len(&map), 0);
    mg_strmap_deinit(&map);
}

/* Many string keys, put and removed, are all found until they are not. */
UNIT_CASE(many_string_keys)
{
    struct mg_strmap map = {0};
    char key[32];
    for (uint64_t i = 0; i < 3000; i++) {
        int n = snprintf(key, sizeof key, "selector%d:", (int)i);
        ck_assert(mg_strmap_put(&map, key, (size_t)n, i));
    }
    for (uint64_t i = 0; i < 3000; i++) {
        int n = snprintf(key, sizeof key, "selector%d:", (int)i);
        uint64_t value;
        ck_assert(mg_strmap_get(&map, key, (size_t)n, &value));
        ck_assert_uint_eq(value, i);
        if (i % 2)
            ck_assert(mg_strmap_remove(&map, key, (size_t)n));
        ck_assert_int_eq(mg_strmap_get(&map, key, (size_t)n, NULL), i % 2 == 0);
    }
    mg_strmap_audit(&map);
    mg_strmap_deinit(&map);
}

static void break_map(void *argument)
{
    struct mg_map *map = argument;
    map->entries[0].hash ^= 1;
    for (uint32_t slot = 0; slot < map->slots_count; slot++)
        map->slots[slot] = 0;
    mg_map_audit(map);
}

/* The audit notices a table that is broken. */
UNIT_CASE(audit_notices)
{
    struct mg_map map = {0};
    mg_map_put(&map, 1, 1);
    ck_assert(unit_dies(break_map, &map));
    mg_map_deinit(&map);
}

UNIT_MAIN("base/map", starts_empty, order_is_kept, agrees_with_a_model, churn_does_not_grow,
          removal_while_iterating, string_keys, many_string_keys, audit_notices)
