/* SPDX-License-Identifier: MIT */
/* Integers against what can be computed without long arithmetic: remainders by large primes, which
 * tell results apart with near certainty, single bits, and a few results worked out elsewhere. */
#include "object/bigint.h"

#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "object/heap.h"
#include "support/unit.h"

#define HEAP_WORDS (1u << 22)

struct fixture {
    mg_value *memory;
    struct mg_heap heap;
    struct mg_rng rng;
};

static void fixture_init(struct fixture *f)
{
    f->memory = mg_alloc(HEAP_WORDS * sizeof(mg_value));
    mg_heap_init(&f->heap, f->memory, HEAP_WORDS, UINT64_MAX);
    mg_rng_seed(&f->rng, 42);
}

/* Forgets all objects. */
static void fixture_reset(struct fixture *f)
{
    f->heap.alloc = f->heap.end;
}

static void fixture_deinit(struct fixture *f)
{
    mg_heap_deinit(&f->heap, NULL);
    mg_free(f->memory);
}

static const uint64_t primes[] = {UINT64_C(2305843009213693951), UINT64_C(1152921504606846883),
                                  UINT64_C(1000000000000000003)};

static uint64_t residue_of_limbs(const uint64_t *limbs, uint64_t count, bool negative, uint64_t p)
{
    uint64_t x = 0;
    for (uint64_t i = count; i-- > 0;) {
        x = (uint64_t)(((unsigned __int128)x << 64 | limbs[i]) % p);
    }
    return negative && x != 0 ? p - x : x;
}

static uint64_t residue(mg_value v, uint64_t p)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    return residue_of_limbs(a.limbs, a.count, a.negative, p);
}

static uint64_t residue_sum(uint64_t a, uint64_t b, uint64_t p)
{
    return (uint64_t)(((unsigned __int128)a + b) % p);
}

static uint64_t residue_product(uint64_t a, uint64_t b, uint64_t p)
{
    return (uint64_t)((unsigned __int128)a * b % p);
}

/* Bit i of the number in two's complement. */
static bool bit_at(mg_value v, uint64_t i)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    bool bit = i / 64 < a.count && (a.limbs[i / 64] >> i % 64 & 1);
    if (!a.negative) {
        return bit;
    }
    /* -m is ~(m - 1): bits above the lowest one of m are turned. */
    uint64_t lowest = 0;
    while (a.limbs[lowest / 64] == 0) {
        lowest += 64;
    }
    lowest += (uint64_t)__builtin_ctzll(a.limbs[lowest / 64]);
    return i <= lowest ? bit : !bit;
}

static mg_value parse(struct fixture *f, const char *text)
{
    mg_value v;
    ck_assert(mg_integer_parse(&f->heap, text, strlen(text), 10, &v));
    return v;
}

static void expect_text(mg_value v, const char *expected)
{
    char *text = mg_alloc(mg_integer_print_size(v, 10) + 1);
    size_t n = mg_integer_print(v, 10, text);
    ck_assert_uint_le(n, mg_integer_print_size(v, 10));
    text[n] = 0;
    ck_assert_str_eq(text, expected);
    mg_free(text);
}

/* A number of any kind: small, at the borders, or of random limbs, some all zeros or all ones. */
static mg_value random_integer(struct fixture *f, uint32_t limbs_max)
{
    static const int64_t borders[] = {0,         1,        -1, 2, -2, MG_SMALL_MAX, MG_SMALL_MIN,
                                      INT64_MAX, INT64_MIN};
    uint64_t limbs[64];
    switch (mg_rng_below(&f->rng, 4)) {
    case 0:
        return mg_integer_from_int64(&f->heap,
                                     borders[mg_rng_below(&f->rng, MG_ARRAY_LEN(borders))]);
    case 1:
        return mg_integer_from_int64(&f->heap,
                                     (int64_t)mg_rng_next(&f->rng) >> mg_rng_below(&f->rng, 64));
    default:
        break;
    }
    uint32_t count = 1 + (uint32_t)mg_rng_below(&f->rng, limbs_max);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t kind = mg_rng_below(&f->rng, 4);
        limbs[i] = kind == 0 ? 0 : kind == 1 ? UINT64_MAX : mg_rng_next(&f->rng);
    }
    return mg_integer_from_limbs(&f->heap, limbs, count, mg_rng_below(&f->rng, 2));
}

/* Room is never exceeded, and what is left over is given back: the result is the youngest object,
 * or there is none. */
static mg_value operate(struct fixture *f, enum mg_integer_op op, mg_value a, mg_value b)
{
    mg_value *before = f->heap.alloc, out = MG_NIL;
    size_t words = mg_integer_op_words(op, a, b);
    ck_assert_int_eq(mg_integer_op(&f->heap, op, a, b, &out), MG_INTEGER_OK);
    ck_assert_uint_le((size_t)(before - f->heap.alloc), words);
    if (mg_is_pointer(out) && out != a && out != b) {
        struct mg_object *o = mg_object(out);
        mg_bigint_audit(o);
        size_t span = mg_object_span(MG_FORMAT_BIGINT, mg_object_words(o));
        ck_assert_ptr_eq(f->heap.alloc + span, before);
    } else {
        ck_assert_ptr_eq(f->heap.alloc, before);
    }
    return out;
}

/* q * b + r = a, and r has the sign and size that the kind of division wants. */
static void check_division(struct fixture *f, mg_value a, mg_value b, bool floor)
{
    mg_value q = operate(f, floor ? MG_INTEGER_FLOOR_QUOTIENT : MG_INTEGER_QUOTIENT, a, b);
    mg_value r = operate(f, floor ? MG_INTEGER_FLOOR_REMAINDER : MG_INTEGER_REMAINDER, a, b);
    for (size_t k = 0; k < MG_ARRAY_LEN(primes); k++) {
        uint64_t p = primes[k];
        uint64_t qb = residue_product(residue(q, p), residue(b, p), p);
        ck_assert_uint_eq(residue_sum(qb, residue(r, p), p), residue(a, p));
    }
    ck_assert(r == mg_small(0) || mg_integer_sign(r) == mg_integer_sign(floor ? b : a));
    mg_value size_b = mg_integer_sign(b) < 0 ? operate(f, MG_INTEGER_SUBTRACT, mg_small(0), b) : b;
    mg_value size_r = mg_integer_sign(r) < 0 ? operate(f, MG_INTEGER_SUBTRACT, mg_small(0), r) : r;
    ck_assert_int_lt(mg_integer_compare(size_r, size_b), 0);
}

static void check_sums(struct fixture *f, mg_value a, mg_value b)
{
    mg_value sum = operate(f, MG_INTEGER_ADD, a, b);
    mg_value difference = operate(f, MG_INTEGER_SUBTRACT, a, b);
    mg_value product = operate(f, MG_INTEGER_MULTIPLY, a, b);
    for (size_t k = 0; k < MG_ARRAY_LEN(primes); k++) {
        uint64_t p = primes[k], x = residue(a, p), y = residue(b, p);
        ck_assert_uint_eq(residue(sum, p), residue_sum(x, y, p));
        ck_assert_uint_eq(residue(difference, p), residue_sum(x, p - y, p));
        ck_assert_uint_eq(residue(product, p), residue_product(x, y, p));
    }
    uint64_t longer =
        mg_integer_bits(a) > mg_integer_bits(b) ? mg_integer_bits(a) : mg_integer_bits(b);
    ck_assert_uint_le(mg_integer_bits(sum), longer + 1);
    ck_assert_uint_le(mg_integer_bits(product), mg_integer_bits(a) + mg_integer_bits(b));
}

static void check_bits(struct fixture *f, mg_value a, mg_value b, int64_t by)
{
    mg_value and = operate(f, MG_INTEGER_AND, a, b), or = operate(f, MG_INTEGER_OR, a, b);
    mg_value xor = operate(f, MG_INTEGER_XOR, a, b);
    mg_value shifted = operate(f, MG_INTEGER_SHIFT, a, mg_small(by));
    uint64_t bits = mg_integer_bits(a) + mg_integer_bits(b) + 130;
    bool right = true;
    for (uint64_t i = 0; i < bits; i++) {
        bool x = bit_at(a, i), y = bit_at(b, i);
        int64_t from = (int64_t)i - by;
        right = right && bit_at(and, i) == (x && y) && bit_at(or, i) == (x || y) &&
                bit_at(xor, i) == (x != y) &&
                bit_at(shifted, i) == (from >= 0 && bit_at(a, (uint64_t)from));
    }
    ck_assert(right);
}

/* The greatest common divisor by the plain rule of Euclid. */
static void check_gcd(struct fixture *f, mg_value a, mg_value b)
{
    mg_value g = operate(f, MG_INTEGER_GCD, a, b);
    while (b != mg_small(0)) {
        mg_value r = operate(f, MG_INTEGER_REMAINDER, a, b);
        a = b;
        b = r;
    }
    a = mg_integer_sign(a) < 0 ? operate(f, MG_INTEGER_SUBTRACT, mg_small(0), a) : a;
    ck_assert_int_eq(mg_integer_compare(a, g), 0);
}

/* Sums, products, quotients, bits and divisors of random numbers, within the words announced. */
UNIT_CASE(operations_agree_with_the_model)
{
    struct fixture f;
    fixture_init(&f);
    for (int round = 0; round < 6000; round++) {
        fixture_reset(&f);
        mg_value a = random_integer(&f, 20), out;
        mg_value b = random_integer(&f, mg_rng_below(&f.rng, 2) ? 20 : 3);
        check_sums(&f, a, b);
        if (b == mg_small(0)) {
            for (int op = MG_INTEGER_QUOTIENT; op <= MG_INTEGER_FLOOR_REMAINDER; op++) {
                ck_assert_int_eq(mg_integer_op(&f.heap, (enum mg_integer_op)op, a, b, &out),
                                 MG_INTEGER_ZERO_DIVIDE);
            }
        } else {
            check_division(&f, a, b, false);
            check_division(&f, a, b, true);
        }
        if (round % 10 == 0) {
            check_bits(&f, a, b, (int64_t)mg_rng_below(&f.rng, 600) - 300);
            check_gcd(&f, a, b);
        }
    }
    fixture_deinit(&f);
}

/* The same for numbers too long to be computed in place. */
UNIT_CASE(long_operations_agree_with_the_model)
{
    struct fixture f;
    uint64_t limbs[2000];
    fixture_init(&f);
    for (int round = 0; round < 12; round++) {
        fixture_reset(&f);
        mg_value v[2];
        for (int k = 0; k < 2; k++) {
            uint32_t count = 100 + (uint32_t)mg_rng_below(&f.rng, MG_ARRAY_LEN(limbs) - 100);
            for (uint32_t i = 0; i < count; i++) {
                limbs[i] = mg_rng_next(&f.rng);
            }
            v[k] = mg_integer_from_limbs(&f.heap, limbs, count, mg_rng_below(&f.rng, 2));
        }
        check_sums(&f, v[0], v[1]);
        check_division(&f, v[0], v[1], round % 2);
        check_division(&f, operate(&f, MG_INTEGER_MULTIPLY, v[0], v[1]), v[0], true);
        check_bits(&f, v[0], v[1], (int64_t)mg_rng_below(&f.rng, 20000) - 10000);
        mg_value common =
            operate(&f, MG_INTEGER_GCD, operate(&f, MG_INTEGER_MULTIPLY, v[0], v[1]), v[1]);
        ck_assert_int_eq(
            mg_integer_compare(common, mg_integer_sign(v[1]) < 0
                                           ? operate(&f, MG_INTEGER_SUBTRACT, mg_small(0), v[1])
                                           : v[1]),
            0);
    }
    fixture_deinit(&f);
}

/* a < b exactly when b - a is positive, whose sign is told by its limbs; equal numbers hash alike.
 */
UNIT_CASE(comparison_agrees_with_differences)
{
    struct fixture f;
    fixture_init(&f);
    for (int round = 0; round < 5000; round++) {
        fixture_reset(&f);
        mg_value a = random_integer(&f, 4), b = random_integer(&f, 4);
        int order = mg_integer_compare(a, b);
        mg_value difference = operate(&f, MG_INTEGER_SUBTRACT, a, b);
        ck_assert_int_eq((order > 0) - (order < 0), mg_integer_sign(difference));
        if (order == 0) {
            ck_assert_int_eq(mg_integer_hash(a), mg_integer_hash(b));
        }
    }
    fixture_deinit(&f);
}

/* Text in every radix: its digits have the number's residues, the first is not zero, and it reads
 * back. */
UNIT_CASE(text_goes_both_ways)
{
    struct fixture f;
    fixture_init(&f);
    for (int round = 0; round < 5000; round++) {
        fixture_reset(&f);
        uint32_t radix = 2 + (uint32_t)round % 35;
        mg_value v = random_integer(&f, 24), back;
        size_t room = mg_integer_print_size(v, radix);
        char *text = mg_alloc(room);
        size_t n = mg_integer_print(v, radix, text);
        ck_assert_uint_le(n, room);
        bool negative = text[0] == '-';
        ck_assert(negative == (mg_integer_sign(v) < 0));
        ck_assert(text[negative] != '0' || n == 1);
        bool right = true;
        for (size_t k = 0; k < MG_ARRAY_LEN(primes); k++) {
            uint64_t p = primes[k], x = 0;
            for (size_t i = negative; i < n; i++) {
                uint64_t digit =
                    text[i] <= '9' ? (uint64_t)(text[i] - '0') : (uint64_t)(text[i] - 'a' + 10);
                right = right && digit < radix;
                x = residue_sum(residue_product(x, radix, p), digit, p);
            }
            ck_assert_uint_eq(negative && x != 0 ? p - x : x, residue(v, p));
        }
        ck_assert(right);
        mg_value *before = f.heap.alloc;
        ck_assert(mg_integer_parse(&f.heap, text, n, radix, &back));
        ck_assert_uint_le((size_t)(before - f.heap.alloc), mg_integer_parse_words(n, radix));
        ck_assert_int_eq(mg_integer_compare(v, back), 0);
        mg_free(text);
    }
    fixture_deinit(&f);
}

/* Only digits of the radix, after at most one sign, are a number. */
UNIT_CASE(bad_text_is_refused)
{
    static const char *const bad[] = {"",    "-",    "+",   "+-1", "1 ",   " 1",
                                      "12a", "0x10", "1.0", "1-",  "1_000"};
    struct fixture f;
    mg_value v;
    fixture_init(&f);
    for (size_t i = 0; i < MG_ARRAY_LEN(bad); i++) {
        ck_assert_msg(!mg_integer_parse(&f.heap, bad[i], strlen(bad[i]), 10, &v), "%s", bad[i]);
    }
    ck_assert(!mg_integer_parse(&f.heap, "12", 2, 2, &v));
    ck_assert(mg_integer_parse(&f.heap, "zZ", 2, 36, &v));
    ck_assert_uint_eq(v, mg_small(35 * 36 + 35));
    ck_assert(mg_integer_parse(&f.heap, "+007", 4, 10, &v));
    ck_assert_uint_eq(v, mg_small(7));
    ck_assert_ptr_eq(f.heap.alloc, f.heap.end);
    fixture_deinit(&f);
}

/* Known results: factorials, powers, the border between the classes, signs of quotients. */
UNIT_CASE(known_results)
{
    struct fixture f;
    fixture_init(&f);
    mg_value n = mg_small(1);
    for (int i = 2; i <= 30; i++) {
        n = operate(&f, MG_INTEGER_MULTIPLY, n, mg_small(i));
        if (i == 20) {
            ck_assert(mg_is_bigint(n));
            expect_text(n, "2432902008176640000");
        }
    }
    expect_text(n, "265252859812191058636308480000000");
    expect_text(operate(&f, MG_INTEGER_ADD, mg_small(MG_SMALL_MAX), mg_small(1)),
                "2305843009213693952");
    mg_value below = operate(&f, MG_INTEGER_SUBTRACT, mg_small(MG_SMALL_MIN), mg_small(1));
    expect_text(below, "-2305843009213693953");
    ck_assert_uint_eq(operate(&f, MG_INTEGER_ADD, below, mg_small(1)), mg_small(MG_SMALL_MIN));
    expect_text(operate(&f, MG_INTEGER_QUOTIENT, mg_small(MG_SMALL_MIN), mg_small(-1)),
                "2305843009213693952");
    mg_value big = parse(&f, "-100000000000000000000");
    expect_text(operate(&f, MG_INTEGER_QUOTIENT, big, mg_small(7)), "-14285714285714285714");
    expect_text(operate(&f, MG_INTEGER_FLOOR_QUOTIENT, big, mg_small(7)), "-14285714285714285715");
    expect_text(operate(&f, MG_INTEGER_REMAINDER, big, mg_small(7)), "-2");
    expect_text(operate(&f, MG_INTEGER_FLOOR_REMAINDER, big, mg_small(7)), "5");
    expect_text(operate(&f, MG_INTEGER_FLOOR_REMAINDER, mg_small(7), big), "-99999999999999999993");
    expect_text(operate(&f, MG_INTEGER_GCD, big, parse(&f, "123456789012345678901234567890")),
                "10");
    expect_text(operate(&f, MG_INTEGER_SHIFT, mg_small(-1), mg_small(64)), "-18446744073709551616");
    ck_assert_uint_eq(operate(&f, MG_INTEGER_SHIFT, big, mg_small(-1000)), mg_small(-1));
    ck_assert_uint_eq(operate(&f, MG_INTEGER_SHIFT, big, big), mg_small(-1));
    fixture_deinit(&f);
}

/* A result beyond the limit is refused before anything is allocated. */
UNIT_CASE(limit_is_kept)
{
    struct fixture f;
    fixture_init(&f);
    mg_value out, huge, limit = mg_small((int64_t)MG_LIMIT_SHIFT_BITS);
    ck_assert_int_eq(mg_integer_op(&f.heap, MG_INTEGER_SHIFT, mg_small(1), limit, &huge),
                     MG_INTEGER_OK);
    ck_assert_uint_eq(mg_integer_bits(huge), MG_LIMIT_SHIFT_BITS + 1);
    mg_value *before = f.heap.alloc;
    mg_value more = mg_small((int64_t)MG_LIMIT_SHIFT_BITS + 1);
    ck_assert_int_eq(mg_integer_op(&f.heap, MG_INTEGER_SHIFT, mg_small(1), more, &out),
                     MG_INTEGER_TOO_LARGE);
    ck_assert_int_eq(mg_integer_op(&f.heap, MG_INTEGER_SHIFT, mg_small(1), huge, &out),
                     MG_INTEGER_TOO_LARGE);
    ck_assert_int_eq(mg_integer_op(&f.heap, MG_INTEGER_MULTIPLY, huge, huge, &out),
                     MG_INTEGER_TOO_LARGE);
    ck_assert_uint_eq(mg_integer_op_words(MG_INTEGER_MULTIPLY, huge, huge), 0);
    ck_assert_int_eq(mg_integer_op(&f.heap, MG_INTEGER_SHIFT, mg_small(0), more, &out),
                     MG_INTEGER_OK);
    ck_assert_uint_eq(out, mg_small(0));
    ck_assert_ptr_eq(f.heap.alloc, before);
    fixture_deinit(&f);
}

/* Doubles: the nearest one to each integer, with halves to even; and the exact way back. */
UNIT_CASE(doubles_are_nearest)
{
    struct fixture f;
    fixture_init(&f);
    ck_assert(mg_integer_to_double(parse(&f, "9007199254740993")) == 9007199254740992.0);
    ck_assert(mg_integer_to_double(parse(&f, "9007199254740995")) == 9007199254740996.0);
    ck_assert(mg_integer_to_double(parse(&f, "36893488147419107328")) == 36893488147419103232.0);
    ck_assert(mg_integer_to_double(parse(&f, "36893488147419107329")) == 36893488147419111424.0);
    ck_assert(mg_integer_to_double(parse(&f, "-36893488147419107329")) == -36893488147419111424.0);
    mg_value n = operate(&f, MG_INTEGER_SHIFT, mg_small(1), mg_small(1024));
    ck_assert(isinf(mg_integer_to_double(n)));
    n = operate(&f, MG_INTEGER_SUBTRACT, n,
                operate(&f, MG_INTEGER_SHIFT, mg_small(1), mg_small(970)));
    ck_assert(isinf(mg_integer_to_double(n)));
    n = operate(&f, MG_INTEGER_SUBTRACT, n, mg_small(1));
    ck_assert(mg_integer_to_double(n) == 1.7976931348623157e308);
    for (int round = 0; round < 5000; round++) {
        fixture_reset(&f);
        double d =
            trunc(ldexp((double)(int64_t)mg_rng_next(&f.rng), (int)mg_rng_below(&f.rng, 960) - 60));
        mg_value *before = f.heap.alloc, v = mg_integer_from_double(&f.heap, d);
        ck_assert_uint_le((size_t)(before - f.heap.alloc), mg_integer_words_double(d));
        ck_assert(mg_integer_to_double(v) == d);
        ck_assert_int_eq(mg_integer_compare_double(v, d), 0);
        ck_assert_int_eq(mg_integer_hash(v), mg_integer_hash_double(d));
        ck_assert_int_gt(mg_integer_compare_double(operate(&f, MG_INTEGER_ADD, v, mg_small(1)), d),
                         0);
        ck_assert_int_lt(mg_integer_compare_double(v, INFINITY), 0);
    }
    ck_assert_int_lt(mg_integer_compare_double(mg_small(3), 3.5), 0);
    ck_assert_int_gt(mg_integer_compare_double(mg_small(-3), -3.5), 0);
    ck_assert_int_gt(mg_integer_compare_double(mg_small(MG_SMALL_MAX), 2305843009213693000.0), 0);
    ck_assert_int_lt(mg_integer_compare_double(mg_small(MG_SMALL_MAX), 2305843009213693952.0), 0);
    fixture_deinit(&f);
}

/* Conversions to machine integers answer exactly when the number fits. */
UNIT_CASE(machine_integers)
{
    struct fixture f;
    int64_t n;
    uint64_t u;
    fixture_init(&f);
    ck_assert(mg_integer_to_int64(parse(&f, "9223372036854775807"), &n) && n == INT64_MAX);
    ck_assert(mg_integer_to_int64(parse(&f, "-9223372036854775808"), &n) && n == INT64_MIN);
    ck_assert(!mg_integer_to_int64(parse(&f, "9223372036854775808"), &n));
    ck_assert(!mg_integer_to_int64(parse(&f, "-9223372036854775809"), &n));
    ck_assert(mg_integer_to_uint64(parse(&f, "18446744073709551615"), &u) && u == UINT64_MAX);
    ck_assert(!mg_integer_to_uint64(parse(&f, "18446744073709551616"), &u));
    ck_assert(!mg_integer_to_uint64(mg_small(-1), &u));
    expect_text(mg_integer_from_uint64(&f.heap, UINT64_MAX), "18446744073709551615");
    ck_assert(mg_integer_is_odd(parse(&f, "-18446744073709551615")));
    ck_assert(!mg_integer_is_odd(mg_small(0)));
    fixture_deinit(&f);
}

UNIT_MAIN("object/bigint", operations_agree_with_the_model, long_operations_agree_with_the_model,
          comparison_agrees_with_differences, text_goes_both_ways, bad_text_is_refused,
          known_results, limit_is_kept, doubles_are_nearest, machine_integers)
