/* SPDX-License-Identifier: MIT */
/* Hashes: fixed for ever, different for what differs, and spread. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "support/unit.h"

/* The hash of given bytes is the same in every build and process; places that store it rely on
 * that. */
UNIT_CASE(hashes_are_fixed)
{
    ck_assert_uint_eq(mg_hash_bytes(NULL, 0), mg_hash_bytes("", 0));
    ck_assert_uint_eq(mg_hash_bytes("", 0), UINT32_C(0xc82b20ad));
    ck_assert_uint_eq(mg_hash_bytes("at:put:", 7), UINT32_C(0xb80187a1));
    ck_assert_uint_eq(mg_hash_u64(1), UINT64_C(0xd8685893e3d7d0e9));
}

/* Where the bytes stand in memory does not matter, and their number does. */
UNIT_CASE(only_bytes_matter)
{
    char text[64] = {0};
    for (size_t shift = 0; shift < 16; shift++) {
        memset(text, 0, sizeof text);
        memcpy(text + shift, "some words to hash", 18);
        ck_assert_uint_eq(mg_hash_bytes(text + shift, 18), mg_hash_bytes("some words to hash", 18));
    }
    memset(text, 0, sizeof text);
    for (size_t n = 1; n < 40; n++)
        ck_assert_uint_ne(mg_hash_bytes(text, n), mg_hash_bytes(text, n - 1));
}

/* Short names, as selectors are, fill the buckets of a table evenly. */
UNIT_CASE(names_are_spread)
{
    enum { NAMES = 1 << 16, BUCKETS = 1 << 10 };
    static int buckets[BUCKETS];
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "name%d:", i);
        buckets[mg_hash_bytes(name, (size_t)n) % BUCKETS]++;
    }
    for (int i = 0; i < BUCKETS; i++) {
        ck_assert_int_gt(buckets[i], 20); // 64 expected
        ck_assert_int_lt(buckets[i], 120);
    }
}

/* Words that are multiples of large powers of two, as addresses are, differ in their low bits
 * too. */
UNIT_CASE(words_are_mixed)
{
    for (int shift = 0; shift < 48; shift += 4) {
        static int buckets[256];
        memset(buckets, 0, sizeof buckets);
        for (uint64_t i = 0; i < 1 << 14; i++)
            buckets[mg_hash_u64(i << shift) & 255]++;
        for (int i = 0; i < 256; i++)
            ck_assert_int_gt(buckets[i], 20); // 64 expected
    }
}

UNIT_MAIN("base/hash", hashes_are_fixed, only_bytes_matter, names_are_spread, words_are_mixed)
