/* SPDX-License-Identifier: MIT */
/* Identity, equality and hash of all kinds of values. */
#include "object/equal.h"

#include <math.h>

#include "object/bytes.h"
#include "object/control.h"
#include "object/number.h"
#include "support/heap.h"
#include "support/unit.h"

#define HEAP_WORDS 2048u

struct fixture {
    mg_value memory[HEAP_WORDS];
    struct mg_heap heap;
};

static void fixture_init(struct fixture *f)
{
    mg_heap_init(&f->heap, f->memory, HEAP_WORDS, UINT64_MAX);
}

static mg_value string(struct fixture *f, const char *text)
{
    return mg_string_new(&f->heap, text, strlen(text));
}

/* A symbol that is not interned here. */
static mg_value foreign_symbol(struct fixture *f, const char *text)
{
    mg_value v = string(f, text);
    mg_object(v)->header = (mg_object(v)->header & ~MG_HEADER_CLASS_MASK) | MG_CLASS_SYMBOL;
    return v;
}

static mg_value array(struct fixture *f)
{
    struct mg_object *o = mg_heap_alloc_small(&f->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 1);
    o->words[0] = MG_NIL;
    return mg_pointer(o);
}

static void control_release(struct mg_control *control MG_UNUSED, mg_pid unheld MG_UNUSED,
                            struct mg_block_cache *blocks MG_UNUSED)
{
}

enum { COUNT = 26 };

static void make_values(struct fixture *f, struct mg_control *controls, mg_value values[COUNT])
{
    const mg_value made[COUNT] = {
        MG_NIL,
        MG_TRUE,
        MG_FALSE,
        mg_small(0),
        mg_small(3),
        mg_small(97),
        mg_float_new(&f->heap, 3.0),
        mg_float_new(&f->heap, 3.5),
        mg_float_new(&f->heap, 1e300),
        mg_float_new(&f->heap, 1e300),
        mg_float_new(&f->heap, NAN),
        mg_integer_from_double(&f->heap, 1e300),
        mg_integer_from_uint64(&f->heap, UINT64_MAX),
        mg_integer_from_uint64(&f->heap, UINT64_MAX),
        mg_character('a'),
        mg_symbol(7),
        mg_class_value(7),
        string(f, "abc"),
        string(f, "abc"),
        string(f, ""),
        foreign_symbol(f, "abc"),
        foreign_symbol(f, "abc"),
        test_process(&f->heap, &controls[0]),
        test_process(&f->heap, &controls[1]),
        array(f),
        array(f),
    };
    memcpy(values, made, sizeof made);
    mg_control_init(&controls[0], 5, control_release);
    mg_control_init(&controls[1], 5, control_release);
}

/* E1 over all pairs of a set with every kind: equal values hash alike, identity implies equality
 * except for NaN, and both are symmetric where they are known. */
UNIT_CASE(laws_hold_for_all_pairs)
{
    struct fixture f;
    struct mg_control controls[2] MG_CACHE_ALIGNED;
    mg_value values[COUNT];
    fixture_init(&f);
    make_values(&f, controls, values);
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            mg_value a = values[i], b = values[j];
            int64_t x, y;
            enum mg_equality e = mg_equal(a, b), back = mg_equal(b, a);
            bool nan = mg_is_float(a) && isnan(mg_float_value(a));
            ck_assert(mg_identical(a, b) == mg_identical(b, a));
            ck_assert(!mg_identical(a, b) || e == MG_EQUAL_YES || nan);
            ck_assert(e != MG_EQUAL_YES || back == MG_EQUAL_YES);
            ck_assert(mg_equal_is_intrinsic(a) || a == b || e == MG_EQUAL_UNKNOWN);
            ck_assert(!mg_equal_is_intrinsic(a) || e != MG_EQUAL_UNKNOWN); /* E2 */
            ck_assert(mg_equal_hash(a, &x) == mg_equal_is_intrinsic(a));
            if (e == MG_EQUAL_YES && mg_equal_is_intrinsic(a)) {
                ck_assert(mg_equal_hash(a, &x) && mg_equal_hash(b, &y));
                ck_assert_int_eq(x, y);
                ck_assert(mg_small_fits(x));
            }
        }
    }
}

UNIT_CASE(particular_pairs)
{
    struct fixture f;
    struct mg_control controls[2] MG_CACHE_ALIGNED;
    mg_value v[COUNT];
    fixture_init(&f);
    make_values(&f, controls, v);
    ck_assert(mg_equal(mg_small(3), v[6]) == MG_EQUAL_YES && !mg_identical(mg_small(3), v[6]));
    ck_assert(mg_equal(v[8], v[9]) == MG_EQUAL_YES && mg_identical(v[8], v[9]));
    ck_assert(mg_equal(v[8], v[11]) == MG_EQUAL_YES && !mg_identical(v[8], v[11]));
    ck_assert(mg_equal(v[10], v[10]) == MG_EQUAL_NO && mg_identical(v[10], v[10]));
    ck_assert(mg_equal(v[12], v[13]) == MG_EQUAL_YES && !mg_identical(v[12], v[13]));
    ck_assert(mg_equal(mg_small(97), mg_character('a')) == MG_EQUAL_NO);
    ck_assert(mg_equal(mg_symbol(7), mg_class_value(7)) == MG_EQUAL_NO);
    ck_assert(mg_equal(v[17], v[18]) == MG_EQUAL_YES && !mg_identical(v[17], v[18]));
    ck_assert(mg_equal(v[17], v[20]) == MG_EQUAL_NO);
    ck_assert(mg_equal(v[20], v[21]) == MG_EQUAL_YES && mg_identical(v[20], v[21]));
    ck_assert(mg_equal(v[22], v[23]) == MG_EQUAL_YES && mg_identical(v[22], v[23]));
    ck_assert(mg_equal(v[24], v[25]) == MG_EQUAL_UNKNOWN && !mg_identical(v[24], v[25]));
    ck_assert(mg_equal(v[24], mg_small(3)) == MG_EQUAL_UNKNOWN);
    ck_assert(mg_equal(mg_small(3), v[24]) == MG_EQUAL_NO);
}

/* A ByteArray has a = of its own, and no String is equal to it. */
UNIT_CASE(byte_arrays_are_objects)
{
    struct fixture f;
    int64_t hash;
    fixture_init(&f);
    mg_value bytes = mg_bytes_new(&f.heap, (const uint8_t *)"abc", 3);
    ck_assert(mg_equal(string(&f, "abc"), bytes) == MG_EQUAL_NO);
    ck_assert(mg_equal(bytes, string(&f, "abc")) == MG_EQUAL_UNKNOWN);
    ck_assert(!mg_equal_hash(bytes, &hash));
}

UNIT_MAIN("object/equal", laws_hold_for_all_pairs, particular_pairs, byte_arrays_are_objects)
