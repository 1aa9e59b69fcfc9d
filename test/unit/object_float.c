/* SPDX-License-Identifier: MIT */
/* Floats: the text of doubles in both directions, and how they are held. */
#include "object/float.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "support/unit.h"

static void expect_print(double d, const char *expected)
{
    char text[MG_FLOAT_TEXT_MAX + 1];
    text[mg_float_print(d, text)] = 0;
    ck_assert_str_eq(text, expected);
}

/* D1: a point always, an exponent below 1e-4 and from 1e16. */
UNIT_CASE(prints_as_decided)
{
    expect_print(3.0, "3.0");
    expect_print(0.0, "0.0");
    expect_print(-0.0, "-0.0");
    expect_print(2.5, "2.5");
    expect_print(-2.5, "-2.5");
    expect_print(0.1, "0.1");
    expect_print(0.1 + 0.2, "0.30000000000000004");
    expect_print(100000.0, "100000.0");
    expect_print(1234567.5, "1234567.5");
    expect_print(0.0001, "0.0001");
    expect_print(0.00012345, "0.00012345");
    expect_print(0.00001, "1.0e-5");
    expect_print(0.0000123, "1.23e-5");
    expect_print(1e15, "1000000000000000.0");
    expect_print(9999999999999998.0, "9999999999999998.0");
    expect_print(1e16, "1.0e16");
    expect_print(1.2345e20, "1.2345e20");
    expect_print(1e100, "1.0e100");
    expect_print(123456789012345.6, "123456789012345.6");
    expect_print(INFINITY, "Infinity");
    expect_print(-INFINITY, "-Infinity");
    expect_print(NAN, "NaN");
    expect_print(-NAN, "NaN");
}

/* D1 where it is hard: subnormals, gaps of different size, halves, the largest numbers. */
UNIT_CASE(prints_the_fewest_digits)
{
    expect_print(5e-324, "5.0e-324");
    expect_print(DBL_MIN, "2.2250738585072014e-308");
    expect_print(DBL_MAX, "1.7976931348623157e308");
    expect_print(9007199254740993.0, "9007199254740992.0");
    expect_print(ldexp(1, -44), "5.684341886080802e-14");
    expect_print(ldexp(1, 44), "17592186044416.0");
    expect_print(2e-323, "2.0e-323");
    expect_print(8.41e21, "8.41e21");
    expect_print(9.5367431640625e-7, "9.5367431640625e-7");
    expect_print(ldexp(1, -1021), "4.450147717014403e-308");
    expect_print(1.1125369292536007e-308, "1.1125369292536007e-308");
    expect_print(9.2559631349317831e61, "9.255963134931783e61");
    expect_print(0.3, "0.3");
    expect_print(1e23, "1.0e23");
    expect_print(nextafter(1e23, INFINITY), "1.0000000000000001e23");
    expect_print(0.9999999999999999, "0.9999999999999999");
    expect_print(nextafter(10.0, 0), "9.999999999999998");
}

/* A random double of a random kind. */
static double random_double(struct mg_rng *rng)
{
    uint64_t bits = mg_rng_next(rng);
    double d;
    switch (mg_rng_below(rng, 5)) {
    case 0:
        return (double)(int64_t)(bits >> mg_rng_below(rng, 63)) / 1000.0;
    case 1:
        return ldexp((double)(bits >> 11), -(int)mg_rng_below(rng, 140));
    case 2: /* a power of two, where the gaps differ */
        bits &= UINT64_C(0xfff) << 52;
        break;
    default:
        break;
    }
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* D2: what is printed reads back, and no text with one digit less would. */
UNIT_CASE(printed_text_reads_back)
{
    struct mg_rng rng;
    mg_rng_seed(&rng, 7);
    for (int round = 0; round < 100000; round++) {
        char text[MG_FLOAT_TEXT_MAX], digits[17], shorter[64];
        double d = fabs(random_double(&rng)), back;
        if (isnan(d)) {
            continue;
        }
        size_t n = mg_float_print(d, text);
        ck_assert(mg_float_parse(text, n, &back));
        ck_assert(memcmp(&d, &back, sizeof d) == 0);
        if (d == 0 || isinf(d)) {
            continue;
        }
        int point, count = mg_float_digits(d, digits, &point);
        ck_assert(digits[0] != '0' && digits[count - 1] != '0');
        if (count > 1) {
            snprintf(shorter, sizeof shorter, "%.*e", count - 2, d);
            ck_assert(strtod(shorter, NULL) != d);
        }
    }
}

/* Reading agrees with the C library, wherever the short way is taken or not. */
UNIT_CASE(reads_like_strtod)
{
    static const char *const texts[] = {"0",
                                        "1",
                                        "1.5",
                                        "-1.5",
                                        "+2.25",
                                        "1e3",
                                        "1E-3",
                                        "1e+22",
                                        "1e23",
                                        "0.1",
                                        "00012.50",
                                        "1e-400",
                                        "123456789012345678901234567890",
                                        "9007199254740993",
                                        "9007199254740993.00000000000000000000001",
                                        "2.2250738585072011e-308",
                                        "4.9e-324",
                                        "2.4e-324",
                                        "1.7976931348623157e308",
                                        "0.000000000000000000000000000000001",
                                        "1e-22",
                                        "8e0",
                                        "123456789012345678.9e-10",
                                        "0e999999999999",
                                        "1.0000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < MG_ARRAY_LEN(texts); i++) {
        double d, expected = strtod(texts[i], NULL);
        ck_assert_msg(mg_float_parse(texts[i], strlen(texts[i]), &d), "%s", texts[i]);
        ck_assert_msg(memcmp(&d, &expected, sizeof d) == 0, "%s", texts[i]);
    }
    char zeros[600];
    double d;
    memset(zeros, '0', sizeof zeros);
    zeros[0] = '1';
    ck_assert(mg_float_parse(zeros, 300, &d) && d == 1e299);
    ck_assert(!mg_float_parse(zeros, 600, &d));
}

/* What is no number, or none that a double can hold, is refused. */
UNIT_CASE(bad_text_is_refused)
{
    static const char *const bad[] = {"",
                                      ".",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "e5",
                                      "1.5x",
                                      " 1.5",
                                      "1.5 ",
                                      "--1",
                                      "1..2",
                                      "1e5.",
                                      "0x1p3",
                                      "infin",
                                      "1e400",
                                      "-",
                                      "1,5",
                                      "+-1",
                                      "nan1",
                                      "1e-",
                                      "- 1",
                                      "1e999999999999999999999"};
    double d = 0;
    for (size_t i = 0; i < MG_ARRAY_LEN(bad); i++) {
        ck_assert_msg(!mg_float_parse(bad[i], strlen(bad[i]), &d), "%s", bad[i]);
    }
    ck_assert(mg_float_parse("-Infinity", 9, &d) && isinf(d) && d < 0);
    ck_assert(mg_float_parse("INF", 3, &d) && isinf(d) && d > 0);
    ck_assert(mg_float_parse("NaN", 3, &d) && isnan(d));
}

/* A double comes back from its value bit by bit, boxed or not. */
UNIT_CASE(values_keep_every_bit)
{
    mg_value memory[8];
    struct mg_heap heap;
    struct mg_rng rng;
    mg_rng_seed(&rng, 9);
    for (int round = 0; round < 100000; round++) {
        uint64_t bits = mg_rng_next(&rng), back;
        double d;
        memcpy(&d, &bits, sizeof d);
        mg_heap_init(&heap, memory, 8, 64);
        mg_value v = mg_float_new(&heap, d);
        ck_assert(mg_is_float(v) && !mg_is_small(v));
        ck_assert_uint_le((size_t)(heap.end - heap.alloc), MG_FLOAT_WORDS);
        d = mg_float_value(v);
        memcpy(&back, &d, sizeof d);
        ck_assert_uint_eq(back, bits);
    }
}

/* Which doubles are immediate: those of 2^-255 to below 2^257, the first not, and +0.0. */
UNIT_CASE(immediate_range)
{
    static const struct {
        double d;
        bool immediate;
    } cases[] = {
        {0.0, true},
        {-0.0, false},
        {1.0, true},
        {-1.0, true},
        {0x1p-255, false}, // its pattern stands for 0.0
        {-0x1p-255, true},
        {0x1.0000000000001p-255, true},
        {0x1.fffffffffffffp-256, false},
        {-0x1.fffffffffffffp-256, false},
        {0x1.fffffffffffffp256, true},
        {-0x1.fffffffffffffp256, true},
        {0x1p257, false},
        {-0x1p257, false},
        {DBL_MAX, false},
        {DBL_MIN, false},
        {INFINITY, false},
        {-INFINITY, false},
        {NAN, false},
        {0x1p-1074, false},
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(cases); i++) {
        mg_value v;
        bool immediate = mg_float_immediate(cases[i].d, &v);
        ck_assert_msg(immediate == cases[i].immediate, "%a", cases[i].d);
        if (immediate) {
            double back = mg_float_immediate_value(v);
            ck_assert(mg_is_float_immediate(v));
            ck_assert_msg(memcmp(&back, &cases[i].d, sizeof back) == 0, "%a", cases[i].d);
        }
    }
}

UNIT_CASE(rounding_directions)
{
    ck_assert(mg_float_round(MG_ROUND_TRUNCATE, -2.7) == -2);
    ck_assert(mg_float_round(MG_ROUND_FLOOR, -2.2) == -3);
    ck_assert(mg_float_round(MG_ROUND_CEILING, 2.2) == 3);
    ck_assert(mg_float_round(MG_ROUND_NEAREST, 2.5) == 3);
    ck_assert(mg_float_round(MG_ROUND_NEAREST, -2.5) == -3);
    ck_assert(mg_float_round(MG_ROUND_NEAREST, 0.49999999999999994) == 0);
}

UNIT_MAIN("object/float", prints_as_decided, prints_the_fewest_digits, printed_text_reads_back,
          reads_like_strtod, bad_text_is_refused, values_keep_every_bit, immediate_range,
          rounding_directions)
