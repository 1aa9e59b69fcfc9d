/* SPDX-License-Identifier: MIT */
/* Keys: what may be one, that equal keys hash and compare alike, and that the order is one. */
#include "object/key.h"

#include <math.h>

#include "object/bytes.h"
#include "object/control.h"
#include "object/number.h"
#include "object/symbol.h"
#include "support/heap.h"
#include "support/unit.h"

#define HEAP_WORDS 16384u

struct fixture {
    mg_value memory[HEAP_WORDS];
    struct mg_heap heap;
};

static struct fixture *fixture_new(struct fixture *f)
{
    mg_heap_init(&f->heap, f->memory, HEAP_WORDS, UINT64_MAX);
    return f;
}

static mg_value string(struct fixture *f, const char *text)
{
    return mg_string_new(&f->heap, text, strlen(text));
}

static mg_value array(struct fixture *f, uint32_t n, mg_value a, mg_value b)
{
    struct mg_object *o = mg_heap_alloc(&f->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    for (uint32_t i = 0; i < n; i++)
        o->words[i] = i == 0 ? a : b;
    return mg_pointer(o);
}

static mg_value slots(struct fixture *f, uint32_t class_id, mg_value slot)
{
    struct mg_object *o = mg_heap_alloc_small(&f->heap, class_id, MG_FORMAT_SLOTS, 1);
    o->words[0] = slot;
    return mg_pointer(o);
}

static mg_value boxed_float(struct fixture *f, double d)
{
    struct mg_object *o = mg_heap_alloc_small(&f->heap, MG_CLASS_FLOAT, MG_FORMAT_FLOAT, 1);
    memcpy(&o->words[0], &d, sizeof d);
    return mg_pointer(o);
}

enum { COUNT = 27 };

/* Keys in ascending order, all different. */
static void make_keys(struct fixture *f, struct mg_symbols *symbols, struct mg_control *controls,
                      mg_value keys[COUNT])
{
    mg_value half;
    ck_assert(mg_float_immediate(2.5, &half));
    uint32_t zeta = mg_symbol_intern(symbols, "zeta", 4); // interned first, ordered last
    uint32_t alpha = mg_symbol_intern(symbols, "alpha", 5);
    const mg_value made[COUNT] = {
        MG_NIL,
        MG_FALSE,
        MG_TRUE,
        boxed_float(f, -1e300),
        mg_small(-5),
        mg_small(0),
        mg_small(2),
        half,
        mg_small(3),
        boxed_float(f, 1e300),
        mg_character('a'),
        mg_character('b'),
        mg_symbol(alpha),
        mg_symbol(zeta),
        string(f, ""),
        string(f, "a"),
        string(f, "ab"),
        string(f, "b"),
        array(f, 0, MG_NIL, MG_NIL),
        array(f, 1, mg_small(1), MG_NIL),
        array(f, 2, mg_small(1), string(f, "x")),
        array(f, 1, mg_small(2), MG_NIL),
        mg_class_value(1),
        test_process(&f->heap, &controls[0]),
        test_process(&f->heap, &controls[1]),
        slots(f, MG_CLASS_TABLE, mg_small(10)),
        slots(f, MG_CLASS_TABLE, mg_small(11)),
    };
    memcpy(keys, made, sizeof made);
}

static void control_release(struct mg_control *control MG_UNUSED, mg_pid unheld MG_UNUSED,
                            struct mg_block_cache *blocks MG_UNUSED)
{
}

/* Two sets of the same keys: equal, of one hash and compared as equal exactly when they are the
 * same key; and in the order of the list. */
UNIT_CASE(order_and_equality)
{
    static struct fixture f;
    fixture_new(&f);
    struct mg_symbols *symbols = mg_symbols_new();
    static struct mg_control controls[2] __attribute__((aligned(64)));
    mg_control_init(&controls[0], 100, control_release);
    mg_control_init(&controls[1], 101, control_release);
    mg_value a[COUNT], b[COUNT];
    make_keys(&f, symbols, controls, a);
    make_keys(&f, symbols, controls, b);
    for (int i = 0; i < COUNT; i++) {
        uint64_t one, other;
        ck_assert_int_eq(mg_key_hash(a[i], &one), MG_KEY_OK);
        ck_assert_int_eq(mg_key_hash(b[i], &other), MG_KEY_OK);
        ck_assert_uint_eq(one, other);
        for (int k = 0; k < COUNT; k++) {
            int order = mg_key_compare(symbols, a[i], b[k]);
            ck_assert_int_eq((order > 0) - (order < 0), (i > k) - (i < k));
            ck_assert_int_eq(mg_key_equal(a[i], b[k]), i == k);
        }
    }
    mg_symbols_free(symbols);
}

/* Numbers of different kinds that are equal are one key. */
UNIT_CASE(numbers_by_value)
{
    mg_value three;
    uint64_t a, b;
    ck_assert(mg_float_immediate(3.0, &three));
    ck_assert(mg_key_equal(three, mg_small(3)));
    ck_assert_int_eq(mg_key_hash(three, &a), MG_KEY_OK);
    ck_assert_int_eq(mg_key_hash(mg_small(3), &b), MG_KEY_OK);
    ck_assert_uint_eq(a, b);
    ck_assert_int_eq(mg_key_compare(NULL, three, mg_small(3)), 0);
}

/* What is no key, and what is too large for one. */
UNIT_CASE(refused)
{
    static struct fixture f;
    fixture_new(&f);
    uint64_t hash;
    ck_assert_int_eq(mg_key_hash(slots(&f, MG_CLASS_CELL, MG_NIL), &hash), MG_KEY_KIND);
    mg_value cell = slots(&f, MG_CLASS_CELL, MG_NIL);
    ck_assert_int_eq(mg_key_hash(array(&f, 2, mg_small(1), cell), &hash), MG_KEY_KIND);
    ck_assert_int_eq(mg_key_hash(boxed_float(&f, (double)NAN), &hash), MG_KEY_NAN);
    ck_assert_int_eq(mg_key_hash(array(&f, MG_KEY_ELEMENTS - 1, MG_NIL, MG_NIL), &hash), MG_KEY_OK);
    ck_assert_int_eq(mg_key_hash(array(&f, MG_KEY_ELEMENTS, MG_NIL, MG_NIL), &hash), MG_KEY_LARGE);
    mg_value deep = MG_NIL;
    for (uint32_t i = 0; i < MG_KEY_DEPTH; i++)
        deep = array(&f, 1, deep, MG_NIL);
    ck_assert_int_eq(mg_key_hash(deep, &hash), MG_KEY_OK);
    ck_assert_int_eq(mg_key_hash(array(&f, 1, deep, MG_NIL), &hash), MG_KEY_LARGE);
    static char text[MG_KEY_BYTES / 2 + 9];
    memset(text, 'x', sizeof text - 1);
    mg_value half = string(&f, text);
    ck_assert_int_eq(mg_key_hash(half, &hash), MG_KEY_OK);
    ck_assert_int_eq(mg_key_hash(array(&f, 2, half, half), &hash), MG_KEY_LARGE);
    struct mg_object *o = mg_object(half);
    mg_bytes_unref(mg_bytes_shared(o)); // long texts are counted; this heap is not torn down
}

UNIT_MAIN("object/key", order_and_equality, numbers_by_value, refused)
