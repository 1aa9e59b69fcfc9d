/* SPDX-License-Identifier: MIT */
/* Numbers of mixed kinds: the laws that hold for all of them, and the results that are particular.
 */
#include "object/number.h"

#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "support/unit.h"

#define HEAP_WORDS 4096u

struct fixture {
    mg_value memory[HEAP_WORDS];
    struct mg_heap heap;
    struct mg_rng rng;
};

static void fixture_init(struct fixture *f)
{
    mg_heap_init(&f->heap, f->memory, HEAP_WORDS, UINT64_MAX);
    mg_rng_seed(&f->rng, 11);
}

static mg_value operate(struct fixture *f, enum mg_number_op op, mg_value a, mg_value b)
{
    mg_value *before = f->heap.alloc, out = MG_NIL;
    size_t words = mg_number_words(op, a, b);
    ck_assert_int_eq(mg_number_op(&f->heap, op, a, b, &out), MG_NUMBER_OK);
    ck_assert_uint_le((size_t)(before - f->heap.alloc), words); /* A2 */
    return out;
}

static int refusal(struct fixture *f, enum mg_number_op op, mg_value a, mg_value b)
{
    mg_value out = MG_NIL;
    int result = mg_number_op(&f->heap, op, a, b, &out);
    ck_assert_uint_eq(out, MG_NIL);
    return result;
}

static mg_value number(struct fixture *f, const char *text)
{
    mg_value v;
    ck_assert_msg(mg_number_parse(&f->heap, text, strlen(text), &v), "%s", text);
    return v;
}

static mg_value real(struct fixture *f, double d)
{
    return mg_float_new(&f->heap, d);
}

static void expect(struct fixture *f, enum mg_number_op op, const char *a, const char *b,
                   const char *expected)
{
    mg_value got = operate(f, op, number(f, a), number(f, b)), wanted = number(f, expected);
    ck_assert_msg(mg_number_equal(got, wanted) && mg_is_float(got) == mg_is_float(wanted),
                  "%s op %d %s", a, (int)op, b);
}

static mg_value random_integer(struct fixture *f)
{
    uint64_t limbs[4];
    uint32_t count = 1 + (uint32_t)mg_rng_below(&f->rng, 4);
    for (uint32_t i = 0; i < count; i++) {
        limbs[i] = mg_rng_next(&f->rng);
    }
    limbs[count - 1] >>= mg_rng_below(&f->rng, 64);
    return mg_integer_from_limbs(&f->heap, limbs, count, mg_rng_below(&f->rng, 2));
}

static mg_value random_number(struct fixture *f)
{
    uint64_t bits = mg_rng_next(&f->rng);
    double d;
    switch (mg_rng_below(&f->rng, 4)) {
    case 0:
        return mg_small((int64_t)mg_rng_below(&f->rng, 7) - 3);
    case 1:
        memcpy(&d, &bits, sizeof d);
        return real(f, d);
    case 2:
        return real(f, trunc(ldexp((double)(int64_t)bits, (int)mg_rng_below(&f->rng, 100) - 60)));
    default:
        return random_integer(f);
    }
}

/* (a // b) * b + (a \\ b) = a, (a quo: b) * b + (a rem: b) = a, and the remainders have their signs
 * and sizes. */
UNIT_CASE(quotients_and_remainders_belong_together)
{
    struct fixture f;
    for (int round = 0; round < 20000; round++) {
        fixture_init(&f);
        f.rng.s[0] += (uint64_t)round * 0x9E3779B97F4A7C15u;
        mg_value a = random_integer(&f), b = random_integer(&f);
        if (b == mg_small(0)) {
            continue;
        }
        mg_value q = operate(&f, MG_NUMBER_FLOOR_DIVIDE, a, b),
                 r = operate(&f, MG_NUMBER_MODULO, a, b);
        mg_value back = operate(&f, MG_NUMBER_ADD, operate(&f, MG_NUMBER_MULTIPLY, q, b), r);
        ck_assert_int_eq(mg_number_compare(back, a), MG_ORDER_EQUAL);
        ck_assert(r == mg_small(0) || mg_integer_sign(r) == mg_integer_sign(b));
        mg_value t = operate(&f, MG_NUMBER_QUOTIENT, a, b),
                 s = operate(&f, MG_NUMBER_REMAINDER, a, b);
        back = operate(&f, MG_NUMBER_ADD, operate(&f, MG_NUMBER_MULTIPLY, t, b), s);
        ck_assert_int_eq(mg_number_compare(back, a), MG_ORDER_EQUAL);
        ck_assert(s == mg_small(0) || mg_integer_sign(s) == mg_integer_sign(a));
        ck_assert_int_eq(mg_number_compare(t, operate(&f, MG_NUMBER_DIVIDE, a, b)), MG_ORDER_EQUAL);
    }
}

/* a + b - b = a and a * b / b = a for integers, and sums and products commute. */
UNIT_CASE(sums_and_products_are_undone)
{
    struct fixture f;
    fixture_init(&f);
    for (int round = 0; round < 20000; round++) {
        f.heap.alloc = f.heap.end;
        mg_value a = random_integer(&f), b = random_integer(&f);
        mg_value sum = operate(&f, MG_NUMBER_ADD, a, b),
                 product = operate(&f, MG_NUMBER_MULTIPLY, a, b);
        ck_assert(mg_number_equal(sum, operate(&f, MG_NUMBER_ADD, b, a)));
        ck_assert(mg_number_equal(product, operate(&f, MG_NUMBER_MULTIPLY, b, a)));
        ck_assert(mg_number_equal(operate(&f, MG_NUMBER_SUBTRACT, sum, b), a));
        if (b != mg_small(0)) {
            ck_assert(mg_number_equal(operate(&f, MG_NUMBER_DIVIDE, product, b), a));
        }
    }
}

/* A1: the order is one, whatever the kinds, and equal numbers hash alike. */
UNIT_CASE(order_is_total_but_for_nan)
{
    struct fixture f;
    fixture_init(&f);
    for (int round = 0; round < 100000; round++) {
        f.heap.alloc = f.heap.end;
        mg_value v[3] = {random_number(&f), random_number(&f), random_number(&f)};
        enum mg_order ab = mg_number_compare(v[0], v[1]), ba = mg_number_compare(v[1], v[0]);
        bool nan = (mg_is_float(v[0]) && isnan(mg_float_value(v[0]))) ||
                   (mg_is_float(v[1]) && isnan(mg_float_value(v[1])));
        ck_assert_int_eq(ab == MG_ORDER_UNORDERED, nan);
        ck_assert(nan ? ba == MG_ORDER_UNORDERED : (int)ab == -(int)ba);
        if (ab == MG_ORDER_EQUAL) {
            ck_assert_int_eq(mg_number_hash(v[0]), mg_number_hash(v[1]));
        }
        enum mg_order bc = mg_number_compare(v[1], v[2]);
        if (ab == MG_ORDER_LESS && bc == MG_ORDER_LESS) {
            ck_assert_int_eq(mg_number_compare(v[0], v[2]), MG_ORDER_LESS);
        }
        ck_assert(mg_small_fits(mg_number_hash(v[0])));
    }
}

/* Integers and floats of the same value are equal and hash alike, at the borders too. */
UNIT_CASE(kinds_are_equal_by_value)
{
    struct fixture f;
    fixture_init(&f);
    ck_assert(mg_number_equal(mg_small(3), real(&f, 3.0)));
    ck_assert_int_eq(mg_number_hash(mg_small(3)), 3);
    ck_assert_int_eq(mg_number_hash(real(&f, 3.0)), 3);
    ck_assert(mg_number_equal(real(&f, 0.0), real(&f, -0.0)));
    ck_assert_int_eq(mg_number_hash(real(&f, -0.0)), 0);
    ck_assert(!mg_number_equal(mg_small(MG_SMALL_MAX), real(&f, 0x1p61)));
    mg_value border = operate(&f, MG_NUMBER_ADD, mg_small(MG_SMALL_MAX), mg_small(1));
    ck_assert(mg_number_equal(border, real(&f, 0x1p61)));
    ck_assert_int_eq(mg_number_hash(border), mg_number_hash(real(&f, 0x1p61)));
    ck_assert(mg_number_equal(mg_small(MG_SMALL_MIN), real(&f, -0x1p61)));
    ck_assert_int_eq(mg_number_hash(mg_small(MG_SMALL_MIN)), mg_number_hash(real(&f, -0x1p61)));
    mg_value nan = real(&f, NAN);
    ck_assert(!mg_number_equal(nan, nan));
    ck_assert_int_eq(mg_number_compare(number(&f, "100000000000000000000000"), real(&f, INFINITY)),
                     MG_ORDER_LESS);
    ck_assert_int_eq(
        mg_number_compare(number(&f, "9007199254740993"), real(&f, 9007199254740992.0)),
        MG_ORDER_GREATER);
}

UNIT_CASE(particular_results)
{
    struct fixture f;
    fixture_init(&f);
    expect(&f, MG_NUMBER_DIVIDE, "7", "2", "3");
    expect(&f, MG_NUMBER_DIVIDE, "-7", "2", "-3");
    expect(&f, MG_NUMBER_FLOOR_DIVIDE, "-7", "2", "-4");
    expect(&f, MG_NUMBER_MODULO, "-7", "2", "1");
    expect(&f, MG_NUMBER_MODULO, "7", "-2", "-1");
    expect(&f, MG_NUMBER_REMAINDER, "-7", "2", "-1");
    expect(&f, MG_NUMBER_QUOTIENT, "-7", "2", "-3");
    expect(&f, MG_NUMBER_DIVIDE, "7.0", "2", "3.5");
    expect(&f, MG_NUMBER_DIVIDE, "1", "0.0", "Infinity");
    expect(&f, MG_NUMBER_ADD, "1", "0.5", "1.5");
    expect(&f, MG_NUMBER_MULTIPLY, "100000000000000000000", "0.5", "50000000000000000000.0");
    expect(&f, MG_NUMBER_FLOOR_DIVIDE, "7.5", "2", "3");
    expect(&f, MG_NUMBER_FLOOR_DIVIDE, "-7.5", "2", "-4");
    expect(&f, MG_NUMBER_QUOTIENT, "-7.5", "2", "-3");
    expect(&f, MG_NUMBER_MODULO, "-7.5", "2", "0.5");
    expect(&f, MG_NUMBER_REMAINDER, "-7.5", "2", "-1.5");
    expect(&f, MG_NUMBER_MODULO, "7.5", "-2", "-0.5");
    expect(&f, MG_NUMBER_FLOOR_DIVIDE, "1.0", "0.1", "9");
    expect(&f, MG_NUMBER_FLOOR_DIVIDE, "-1.0", "Infinity", "-1");
    expect(&f, MG_NUMBER_BIT_SHIFT, "16", "-2", "4");
    expect(&f, MG_NUMBER_BIT_SHIFT, "-1", "-100", "-1");
    expect(&f, MG_NUMBER_BIT_SHIFT, "1", "61", "2305843009213693952");
    expect(&f, MG_NUMBER_BIT_SHIFT, "3", "100", "3802951800684688204490109616128");
    expect(&f, MG_NUMBER_BIT_AND, "-1", "18446744073709551617", "18446744073709551617");
    expect(&f, MG_NUMBER_GCD, "-12", "8", "4");
    expect(&f, MG_NUMBER_GCD, "0", "5", "5");
    expect(&f, MG_NUMBER_GCD, "-2305843009213693952", "0", "2305843009213693952");
    expect(&f, MG_NUMBER_MULTIPLY, "-2305843009213693952", "-2305843009213693952",
           "5316911983139663491615228241121378304");
}

/* What cannot be computed is refused with its reason, and nothing is written. */
UNIT_CASE(refusals)
{
    struct fixture f;
    fixture_init(&f);
    mg_value big = number(&f, "100000000000000000000"), nan = real(&f, NAN);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_DIVIDE, mg_small(1), mg_small(0)),
                     MG_NUMBER_ZERO_DIVIDE);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_MODULO, big, mg_small(0)), MG_NUMBER_ZERO_DIVIDE);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_FLOOR_DIVIDE, real(&f, 1), real(&f, 0)),
                     MG_NUMBER_ZERO_DIVIDE);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_FLOOR_DIVIDE, nan, mg_small(2)), MG_NUMBER_NOT_FINITE);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_ADD, mg_small(1), MG_NIL), MG_NUMBER_NOT_NUMBER);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_ADD, MG_TRUE, mg_small(1)), MG_NUMBER_NOT_NUMBER);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_ADD, mg_small(1), mg_character('a')),
                     MG_NUMBER_NOT_NUMBER);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_BIT_AND, mg_small(1), real(&f, 1)),
                     MG_NUMBER_NOT_INTEGER);
    ck_assert_int_eq(refusal(&f, MG_NUMBER_BIT_SHIFT, mg_small(1), big), MG_NUMBER_TOO_LARGE);
    mg_value out;
    ck_assert_int_eq(mg_number_round(&f.heap, MG_ROUND_FLOOR, nan, &out), MG_NUMBER_NOT_FINITE);
    ck_assert_int_eq(mg_number_round(&f.heap, MG_ROUND_FLOOR, MG_NIL, &out), MG_NUMBER_NOT_NUMBER);
}

/* Rounding answers exact integers of any size. */
UNIT_CASE(rounding_is_exact)
{
    struct fixture f;
    fixture_init(&f);
    mg_value out;
    ck_assert_int_eq(mg_number_round(&f.heap, MG_ROUND_NEAREST, real(&f, 2.5), &out), MG_NUMBER_OK);
    ck_assert_uint_eq(out, mg_small(3));
    ck_assert_int_eq(mg_number_round(&f.heap, MG_ROUND_TRUNCATE, real(&f, 1e23), &out),
                     MG_NUMBER_OK);
    ck_assert_int_eq(mg_number_compare(out, number(&f, "99999999999999991611392")), MG_ORDER_EQUAL);
    ck_assert(mg_is_bigint(out));
    mg_value *before = f.heap.alloc;
    mg_value greatest = real(&f, 1.7976931348623157e308);
    ck_assert_int_eq(mg_number_round(&f.heap, MG_ROUND_FLOOR, greatest, &out), MG_NUMBER_OK);
    ck_assert_uint_le((size_t)(before - f.heap.alloc),
                      mg_number_round_words(greatest) + MG_FLOAT_WORDS);
    ck_assert(mg_integer_to_double(out) == 1.7976931348623157e308);
}

/* Digits alone make an Integer, a point or exponent a Float. */
UNIT_CASE(reading)
{
    struct fixture f;
    mg_value v;
    fixture_init(&f);
    ck_assert_uint_eq(number(&f, "42"), mg_small(42));
    ck_assert(mg_is_float(number(&f, "42.0")));
    ck_assert(mg_is_float(number(&f, "1e3")));
    ck_assert(mg_is_bigint(number(&f, "-2305843009213693953")));
    ck_assert(!mg_number_parse(&f.heap, "", 0, &v));
    ck_assert(!mg_number_parse(&f.heap, "1.", 2, &v));
    ck_assert(!mg_number_parse(&f.heap, "x", 1, &v));
}

UNIT_MAIN("object/number", quotients_and_remainders_belong_together, sums_and_products_are_undone,
          order_is_total_but_for_nan, kinds_are_equal_by_value, particular_results, refusals,
          rounding_is_exact, reading)
