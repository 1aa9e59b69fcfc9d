/* SPDX-License-Identifier: MIT */
/* Sorting against insertion sorts that compare in the plainest way, and which values have an order
 * at all. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "object/bytes.h"
#include "object/number.h"
#include "object/sort.h"
#include "support/unit.h"

enum { HEAP_WORDS = 200000, VALUES_MAX = 3000 };

struct fixture {
    struct mg_world *world;
    struct mg_heap heap;
    mg_value *words;
    struct mg_rng rng;
};

static void fixture_init(struct fixture *f, uint64_t seed)
{
    f->world = mg_world_new();
    f->words = calloc(HEAP_WORDS, sizeof(mg_value));
    mg_heap_init(&f->heap, f->words, HEAP_WORDS, UINT64_MAX);
    mg_rng_seed(&f->rng, seed);
}

static void fixture_deinit(struct fixture *f)
{
    free(f->words);
    mg_world_free(f->world);
}

static mg_value new_string(struct fixture *f, const char *text)
{
    return mg_string_new(&f->heap, text, strlen(text));
}

static mg_value new_symbol(struct fixture *f, const char *text)
{
    return mg_symbol(mg_symbol_intern(f->world->symbols, text, strlen(text)));
}

/* A model value: what is sorted, and how it compares. */
struct item {
    mg_value v;
    double number;
    char text[12];
};

static bool number_less(const struct item *a, const struct item *b)
{
    return a->number < b->number;
}

static bool text_less(const struct item *a, const struct item *b)
{
    return strcmp(a->text, b->text) < 0;
}

static void model_sort(struct item *items, uint64_t n,
                       bool (*less)(const struct item *, const struct item *))
{
    for (uint64_t i = 1; i < n; i++) {
        struct item x = items[i];
        uint64_t j = i;
        for (; j > 0 && less(&x, &items[j - 1]); j--) {
            items[j] = items[j - 1];
        }
        items[j] = x;
    }
}

/* Sorts both ways and compares bit by bit, so that the order of equal values counts (O1). */
static void check_against_model(struct fixture *f, struct item *items, uint64_t n,
                                bool (*less)(const struct item *, const struct item *))
{
    static mg_value values[VALUES_MAX];
    for (uint64_t i = 0; i < n; i++) {
        values[i] = items[i].v;
    }
    ck_assert(mg_sort_is_intrinsic(values, n));
    mg_sort(f->world, values, n);
    model_sort(items, n, less);
    for (uint64_t i = 0; i < n; i++) {
        ck_assert_uint_eq(values[i], items[i].v);
    }
}

static struct item items[VALUES_MAX];
static const uint64_t sizes[] = {0, 1, 2, 3, 11, 12, 13, 24, 25, 100, 1000, VALUES_MAX};

/* SmallIntegers, with many equal ones and both ends of the range among them. */
UNIT_CASE(sorts_small_integers)
{
    struct fixture f;
    fixture_init(&f, 1);
    for (size_t s = 0; s < MG_ARRAY_LEN(sizes); s++) {
        for (uint64_t i = 0; i < sizes[s]; i++) {
            int64_t n = (int64_t)mg_rng_below(&f.rng, 500) - 250;
            n = n == 249 ? MG_SMALL_MAX : n == -250 ? MG_SMALL_MIN : n;
            items[i] = (struct item){.v = mg_small(n), .number = (double)n};
        }
        check_against_model(&f, items, sizes[s], number_less);
    }
    fixture_deinit(&f);
}

/* Numbers of different classes go by value; 1 and 1.0 keep their order, and so do 0.0 and -0.0. */
UNIT_CASE(sorts_mixed_numbers)
{
    struct fixture f;
    fixture_init(&f, 2);
    for (size_t s = 0; s < MG_ARRAY_LEN(sizes); s++) {
        for (uint64_t i = 0; i < sizes[s]; i++) {
            double d = (double)mg_rng_below(&f.rng, 200) / 2 - 50;
            bool whole = floor(d) == d && mg_rng_below(&f.rng, 2) == 0;
            if (d == 0 && !whole && mg_rng_below(&f.rng, 2) == 0) {
                d = -0.0;
            }
            items[i].v = whole ? mg_small((int64_t)d) : mg_float_new(&f.heap, d);
            items[i].number = d;
        }
        check_against_model(&f, items, sizes[s], number_less);
    }
    fixture_deinit(&f);
}

/* Integers that share their nearest double are told apart, and lie between the infinities. */
UNIT_CASE(sorts_big_numbers_exactly)
{
    struct fixture f;
    fixture_init(&f, 3);
    int64_t base = INT64_C(1) << 60;
    mg_value v[8] = {
        mg_float_new(&f.heap, INFINITY),
        mg_integer_from_int64(&f.heap, (base << 2) + 3),
        mg_integer_from_int64(&f.heap, (base << 2) + 1),
        mg_float_new(&f.heap, (double)(base << 2)),
        mg_integer_from_int64(&f.heap, base << 2),
        mg_small(base + 1),
        mg_small(base),
        mg_float_new(&f.heap, -INFINITY),
    };
    const mg_value expected[8] = {v[7], v[6], v[5], v[3], v[4], v[2], v[1], v[0]};
    mg_sort(f.world, v, 8);
    for (int i = 0; i < 8; i++) {
        ck_assert_uint_eq(v[i], expected[i]);
    }
    fixture_deinit(&f);
}

/* Strings and Symbols go together by their bytes; common beginnings beyond eight bytes decide
 * nothing. */
UNIT_CASE(sorts_texts)
{
    struct fixture f;
    fixture_init(&f, 4);
    for (size_t s = 0; s < MG_ARRAY_LEN(sizes); s++) {
        for (uint64_t i = 0; i < sizes[s]; i++) {
            size_t len = mg_rng_below(&f.rng, 11);
            for (size_t k = 0; k < len; k++) {
                items[i].text[k] = "ab\xc3"[mg_rng_below(&f.rng, k < 7 ? 1 : 3)];
            }
            items[i].text[len] = 0;
            bool symbol = mg_rng_below(&f.rng, 3) == 0;
            items[i].v = symbol ? new_symbol(&f, items[i].text) : new_string(&f, items[i].text);
        }
        check_against_model(&f, items, sizes[s], text_less);
    }
    fixture_deinit(&f);
}

/* A zero byte counts: 'a' comes before 'a' with a zero behind it, and that before 'aa'. */
UNIT_CASE(sorts_zero_bytes)
{
    struct fixture f;
    fixture_init(&f, 5);
    mg_value aa = mg_string_new(&f.heap, "aa", 2), zero = mg_string_new(&f.heap, "a\0", 2);
    mg_value a = mg_string_new(&f.heap, "a", 1);
    mg_value v[3] = {aa, zero, a};
    mg_sort(f.world, v, 3);
    ck_assert_uint_eq(v[0], a);
    ck_assert_uint_eq(v[1], zero);
    ck_assert_uint_eq(v[2], aa);
    fixture_deinit(&f);
}

/* Characters go by code point. */
UNIT_CASE(sorts_characters)
{
    struct fixture f;
    fixture_init(&f, 6);
    for (uint64_t i = 0; i < 1000; i++) {
        uint32_t cp = (uint32_t)mg_rng_below(&f.rng, 0x10FFFF);
        items[i] = (struct item){.v = mg_character(cp), .number = cp};
    }
    check_against_model(&f, items, 1000, number_less);
    fixture_deinit(&f);
}

/* NaN, other objects and mixtures of kinds have no order. */
UNIT_CASE(knows_what_has_an_order)
{
    struct fixture f;
    fixture_init(&f, 7);
    mg_value one = mg_small(1), half = mg_float_new(&f.heap, 0.5), nan = mg_float_new(&f.heap, NAN);
    mg_value text = new_string(&f, "x"), symbol = new_symbol(&f, "x");
    mg_value bytes = mg_bytes_new(&f.heap, NULL, 3);
    const mg_value good[][2] = {{one, half},
                                {half, one},
                                {text, symbol},
                                {symbol, text},
                                {mg_character('a'), mg_character('b')}};
    const mg_value bad[][2] = {
        {one, text},      {text, one},   {half, nan},    {nan, one},    {mg_character('a'), one},
        {MG_NIL, MG_NIL}, {one, MG_NIL}, {bytes, bytes}, {text, bytes}, {symbol, MG_TRUE}};
    for (size_t i = 0; i < MG_ARRAY_LEN(good); i++) {
        ck_assert(mg_sort_is_intrinsic(good[i], 2));
    }
    for (size_t i = 0; i < MG_ARRAY_LEN(bad); i++) {
        ck_assert(!mg_sort_is_intrinsic(bad[i], 2));
    }
    ck_assert(mg_sort_is_intrinsic(NULL, 0));
    ck_assert(!mg_sort_is_intrinsic(&nan, 1));
    fixture_deinit(&f);
}

UNIT_MAIN("object/sort", sorts_small_integers, sorts_mixed_numbers, sorts_big_numbers_exactly,
          sorts_texts, sorts_zero_bytes, sorts_characters, knows_what_has_an_order)
