/* SPDX-License-Identifier: MIT */
/* Random numbers: the same sequence everywhere, bounds that hold, no visible bias. */
#include "base/rng.h"
#include "support/unit.h"

/* The sequence of a seed is fixed for ever: recorded runs are replayed from seeds. */
UNIT_CASE(sequence_is_fixed)
{
    struct mg_rng rng = {{1, 2, 3, 4}};
    /* The first outputs of xoshiro256** from this state, as its authors' code gives them. */
    static const uint64_t expected[] = {UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                        UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < MG_ARRAY_LEN(expected); i++)
        ck_assert_uint_eq(mg_rng_next(&rng), expected[i]);
}

/* Equal seeds give equal sequences, different seeds different ones, and seed 0 is as good as
 * any. */
UNIT_CASE(seeds_decide)
{
    struct mg_rng a, b, c;
    mg_rng_seed(&a, 0);
    mg_rng_seed(&b, 0);
    mg_rng_seed(&c, 1);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = mg_rng_next(&a);
        ck_assert_uint_eq(x, mg_rng_next(&b));
        same += x == mg_rng_next(&c);
    }
    ck_assert_int_eq(same, 0);
}

/* Numbers below a bound stay below it and hit every value about equally often. */
UNIT_CASE(bounds_hold)
{
    struct mg_rng rng;
    mg_rng_seed(&rng, 7);
    for (uint64_t n = 1; n <= 20; n++) {
        int counts[20] = {0};
        for (int i = 0; i < 2000 * (int)n; i++) {
            uint64_t x = mg_rng_below(&rng, n);
            ck_assert_uint_lt(x, n);
            counts[x]++;
        }
        for (uint64_t i = 0; i < n; i++) {
            ck_assert_int_gt(counts[i], 1700);
            ck_assert_int_lt(counts[i], 2300);
        }
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_lt(mg_rng_below(&rng, (UINT64_C(1) << 63) + 1), (UINT64_C(1) << 63) + 1);
}

static void below_nothing(void *argument)
{
    mg_rng_below(argument, 0);
}

/* There is no number below 0. */
UNIT_CASE(zero_panics)
{
    struct mg_rng rng;
    mg_rng_seed(&rng, 7);
    ck_assert(unit_dies(below_nothing, &rng));
}

/* The system's randomness differs from call to call. */
UNIT_CASE(entropy_differs)
{
    ck_assert_uint_ne(mg_rng_entropy(), mg_rng_entropy());
}

UNIT_MAIN("base/rng", sequence_is_fixed, seeds_decide, bounds_hold, zero_panics, entropy_differs)
