/* SPDX-License-Identifier: MIT */
/* The end of a collection: what is charged for shared bytes, and what is released when. */
#include "object/heap_side.h"
#include "support/heap.h"
#include "support/unit.h"

enum { SIZE = 40000, PARTS = 10 };

static char text[SIZE];

static uint64_t off_heap_bytes(const struct test_heap *t)
{
    uint64_t words = t->heap.outside_words + (t->heap.side ? t->heap.side->off_heap_words : 0);
    return words * sizeof(mg_value);
}

/* Ten parts that share one text are charged for one text, after any full collection. */
UNIT_CASE(shared_bytes_are_charged_once)
{
    for (int generational = 0; generational < 2; generational++) {
        struct test_heap t;
        memset(text, 'z', sizeof text);
        test_heap_init(&t, UINT64_MAX);
        if (generational)
            test_new(&t, MG_FORMAT_ARRAY, MG_GENERATIONAL_WORDS + 1);
        test_string(&t, text, SIZE);
        size_t whole = test_depth(&t) - 1;
        for (int i = 0; i < PARTS; i++) {
            ck_assert_int_eq(test_reserve(&t, 100), 0);
            test_push(&t, mg_bytes_slice(&t.heap, *test_at(&t, whole), (size_t)i, SIZE / 2));
        }
        mg_heap_collect(&t.heap, true, &t.roots);
        mg_heap_collect(&t.heap, true, &t.roots);
        test_audit(&t);
        ck_assert_int_eq((t.heap.flags & MG_HEAP_GENERATIONAL) != 0, generational);
        ck_assert_uint_ge(off_heap_bytes(&t), SIZE);
        ck_assert_uint_lt(off_heap_bytes(&t), SIZE + 100);
        t.roots.top = t.heap.stack + whole; /* all parts go */
        mg_heap_collect(&t.heap, true, &t.roots);
        ck_assert_uint_eq(off_heap_bytes(&t), 0);
        test_heap_deinit(&t);
    }
}

/* Two texts by turns are still charged twice, not ten times. */
UNIT_CASE(doubles_are_found_anywhere)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_string(&t, text, SIZE);
    test_string(&t, text, SIZE);
    for (int i = 0; i < PARTS; i++) {
        ck_assert_int_eq(test_reserve(&t, 100), 0);
        test_push(&t, mg_bytes_slice(&t.heap, *test_at(&t, (size_t)i % 2), 0, SIZE / 2));
    }
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_ge(off_heap_bytes(&t), 2 * SIZE);
    ck_assert_uint_lt(off_heap_bytes(&t), 2 * SIZE + 200);
    test_heap_deinit(&t);
}

/* A minor collection releases what young objects counted, and leaves the old ones alone. */
UNIT_CASE(minor_releases_the_young)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_new(&t, MG_FORMAT_ARRAY, MG_GENERATIONAL_WORDS + 1);
    mg_value old = test_string(&t, text, SIZE);
    struct mg_bytes *old_bytes = mg_bytes_shared(mg_object(old));
    mg_bytes_ref(old_bytes);
    mg_heap_collect(&t.heap, true, &t.roots);
    mg_heap_collect(&t.heap, true, &t.roots);
    mg_value young = test_string(&t, text, SIZE);
    struct mg_bytes *young_bytes = mg_bytes_shared(mg_object(young));
    mg_bytes_ref(young_bytes);
    t.roots.top = t.heap.stack + 1; /* both are garbage */
    mg_heap_collect(&t.heap, false, &t.roots);
    ck_assert(mg_bytes_is_sole(young_bytes));
    ck_assert(!mg_bytes_is_sole(old_bytes));
    test_audit(&t);
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert(mg_bytes_is_sole(old_bytes));
    mg_bytes_unref(old_bytes);
    mg_bytes_unref(young_bytes);
    test_heap_deinit(&t);
}

/* Large objects that die are freed, and the figures follow. */
UNIT_CASE(large_objects_are_freed)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    for (uint64_t i = 0; i < 20; i++)
        test_new(&t, MG_FORMAT_ARRAY, MG_LARGE_WORDS + i * 1000);
    mg_heap_collect(&t.heap, true, &t.roots);
    mg_heap_collect(&t.heap, true, &t.roots);
    uint64_t words = t.heap.side->large_words;
    ck_assert_uint_ge(words, 20 * MG_LARGE_WORDS);
    for (size_t i = 0; i < 20; i += 2)
        *test_at(&t, i) = MG_NIL;
    mg_heap_collect(&t.heap, true, &t.roots);
    test_audit(&t);
    ck_assert_uint_lt(t.heap.side->large_words, words * 6 / 10);
    t.roots.top = t.heap.stack;
    mg_heap_collect(&t.heap, true, &t.roots);
    test_audit(&t);
    ck_assert_uint_eq(t.heap.side->large_words, 0);
    ck_assert_ptr_null(t.heap.side->large);
    test_heap_deinit(&t);
}

UNIT_MAIN("object/gc_sweep", shared_bytes_are_charged_once, doubles_are_found_anywhere,
          minor_releases_the_young, large_objects_are_freed)
