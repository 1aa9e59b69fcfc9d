/* SPDX-License-Identifier: MIT */
/* Policy of the heap: layout, growth, caps, fragments, hibernation, the deep stack. */
#include "base/alloc.h"
#include "base/error.h"
#include "object/fragment.h"
#include "object/heap_side.h"
#include "support/heap.h"
#include "support/unit.h"

/* -- Layout -- */

/* Objects take the words that mg_object_span says, with the size word in front and clear cards. */
UNIT_CASE(layout)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    static const uint64_t sizes[] = {0, 1, 127, 128, 129, 254, 255, 256, 8192, 8193, 20000};
    ck_assert_int_eq(test_reserve(&t, 80000), 0);
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++) {
        uint64_t n = sizes[i];
        mg_value *before = t.heap.alloc;
        memset(before - n - 8, 0xff, (n + 8) * sizeof(mg_value));
        struct mg_object *o = mg_heap_alloc(&t.heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
        for (uint64_t w = 0; w < n; w++)
            o->words[w] = MG_NIL;
        uint64_t cards = mg_object_card_words(MG_FORMAT_ARRAY, n);
        ck_assert_uint_eq((uint64_t)(before - t.heap.alloc), mg_object_span(MG_FORMAT_ARRAY, n));
        ck_assert_uint_eq(mg_object_words(o), n);
        ck_assert_uint_eq(cards, n <= 128 ? 0 : (n + 8191) / 8192);
        for (uint64_t w = 0; w < cards; w++)
            ck_assert_uint_eq(o->words[n + w], 0);
    }
    test_audit(&t);
    test_heap_deinit(&t);
}

/* -- Growth -- */

static void push_list(struct test_heap *t, uint32_t count)
{
    ck_assert_int_eq(test_reserve(t, 1), 0);
    test_push(t, MG_NIL);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(test_reserve(t, 3) == 0);
        struct mg_object *o = mg_heap_alloc_small(&t->heap, TEST_CLASS, MG_FORMAT_SLOTS, 2);
        o->words[0] = mg_small(i);
        o->words[1] = t->roots.top[-1];
        t->roots.top[-1] = mg_pointer(o);
    }
}

static void check_list(mg_value v, uint32_t count)
{
    while (count-- > 0) {
        CHECK(mg_slot(v, 0) == mg_small(count));
        v = mg_slot(v, 1);
    }
    ck_assert_uint_eq(v, MG_NIL);
}

/* A list that grows from the 30 words of birth to the old generation is kept, and the same
 * operations lead to the same sizes. */
UNIT_CASE(grows_the_same_way_twice)
{
    uint64_t bytes[2], work[2];
    for (int run = 0; run < 2; run++) {
        struct test_heap t;
        test_heap_init(&t, UINT64_MAX);
        for (uint32_t count = 10; count <= 40000; count *= 4) {
            push_list(&t, count);
            check_list(*test_at(&t, 0), count);
            test_audit(&t);
            t.roots.top = t.heap.stack;
        }
        push_list(&t, 50000);
        check_list(*test_at(&t, 0), 50000);
        ck_assert(t.heap.flags & MG_HEAP_GENERATIONAL);
        bytes[run] = mg_heap_bytes(&t.heap);
        work[run] = t.work;
        void *shift = mg_block_alloc(&t.blocks, 200); /* other addresses next time */
        mg_block_free(&t.blocks, shift, 200);
        test_heap_deinit(&t);
    }
    ck_assert_uint_eq(bytes[0], bytes[1]);
    ck_assert_uint_eq(work[0], work[1]);
    ck_assert_uint_lt(work[0], 2000000); /* copied a bounded number of times */
}

/* Garbage does not make the heap grow. */
UNIT_CASE(garbage_needs_no_memory)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    for (int i = 0; i < 200000; i++) {
        test_new(&t, MG_FORMAT_SLOTS, 5);
        t.roots.top--;
    }
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 16 << 10);
    ck_assert_uint_lt(t.work, 20000);
    for (int i = 0; i < 3000; i++) {
        test_new(&t, MG_FORMAT_ARRAY, 3000);
        t.roots.top--;
    }
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 256 << 10);
    test_heap_deinit(&t);
}

/* -- Caps -- */

/* Fills the heap with arrays of n words, each kept; answers how many fitted. */
static uint32_t fill_to_cap(struct test_heap *t, uint64_t n)
{
    uint32_t count = 0;
    while (mg_heap_reserve(&t->heap, mg_object_span(MG_FORMAT_ARRAY, n) + 1, &t->roots) == 0) {
        struct mg_object *o = mg_heap_alloc(&t->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
        for (uint64_t i = 0; i < n; i++)
            o->words[i] = mg_small((int64_t)(count + i));
        test_push(t, mg_pointer(o));
        CHECK(++count < 10000000);
    }
    return count;
}

static void check_fill(struct test_heap *t, uint32_t count, uint64_t n)
{
    ck_assert_uint_eq(test_depth(t), count);
    for (uint32_t r = 0; r < count; r++) {
        const struct mg_object *o = mg_object(*test_at(t, r));
        CHECK(mg_object_words(o) == n);
        for (uint64_t i = 0; i < n; i++)
            CHECK(o->words[i] == mg_small((int64_t)(r + i)));
    }
}

/* At its cap the heap refuses, has used most of it, has lost nothing, and goes on when things are
 * dropped. */
UNIT_CASE(caps_hold)
{
    static const uint64_t caps[] = {4096, 20000, 65536, 1 << 20, 5 << 20, 40 << 20};
    static const uint64_t sizes[] = {1, 20, 300, 5000};
    for (size_t c = 0; c < MG_ARRAY_LEN(caps); c++) {
        for (size_t s = 0; s < MG_ARRAY_LEN(sizes); s++) {
            struct test_heap t;
            uint64_t n = sizes[s];
            if (n * 8 * 4 > caps[c] || caps[c] / n > 8 << 20)
                continue;
            test_heap_init(&t, caps[c]);
            uint32_t count = fill_to_cap(&t, n);
            uint64_t used = count * (mg_object_span(MG_FORMAT_ARRAY, n) + 1) * sizeof(mg_value);
            ck_assert_uint_le(used, caps[c]);
            ck_assert_uint_ge(used, caps[c] / 3);
            test_audit(&t);
            check_fill(&t, count, n);
            t.roots.top = t.heap.stack + count / 3;
            check_fill(&t, count / 3, n);
            ck_assert_int_eq(test_reserve(&t, n + 4), 0);
            ck_assert_uint_le(mg_heap_bytes(&t.heap), caps[c]);
            check_fill(&t, count / 3, n);
            test_audit(&t);
            test_heap_deinit(&t);
        }
    }
}

/* A request beyond the cap is refused at once, whatever it is. */
UNIT_CASE(absurd_requests_are_refused)
{
    struct test_heap t;
    test_heap_init(&t, 1 << 20);
    push_list(&t, 100);
    ck_assert_int_eq(mg_heap_reserve(&t.heap, 1 << 20, &t.roots), MG_ELIMIT);
    ck_assert_int_eq(mg_heap_reserve(&t.heap, SIZE_MAX / 2, &t.roots), MG_ELIMIT);
    check_list(*test_at(&t, 0), 100);
    ck_assert(mg_heap_allows(&t.heap, 500000));
    ck_assert(!mg_heap_allows(&t.heap, 1 << 20));
    test_heap_deinit(&t);
}

/* Off-heap bytes count: strings that are dropped are collected before they add up, those that are
 * kept end at the cap. */
UNIT_CASE(off_heap_bytes_count)
{
    enum { SIZE = 100000, CAP = 4 << 20 };
    static char text[SIZE];
    struct test_heap t;
    memset(text, 'x', sizeof text);
    test_heap_init(&t, CAP);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(test_reserve(&t, mg_string_words(SIZE)), 0);
        ck_assert(mg_heap_allows(&t.heap, SIZE));
        mg_string_new(&t.heap, text, SIZE);
    }
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 10 * SIZE);
    uint32_t kept = 0;
    while (mg_heap_reserve(&t.heap, 1 + mg_string_words(SIZE), &t.roots) == 0) {
        test_push(&t, mg_string_new(&t.heap, text, SIZE));
        ck_assert_uint_le(++kept, CAP / SIZE + 20);
    }
    ck_assert_uint_ge(kept, CAP / SIZE - 5);
    test_audit(&t);
    t.roots.top = t.heap.stack;
    ck_assert_int_eq(test_reserve(&t, 10), 0);
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 10 * SIZE);
    test_heap_deinit(&t);
}

/* -- The stack -- */

/* The stack shares the block: it grows as deep as it must, keeps its words, and collections do not
 * become quadratic under it. */
UNIT_CASE(deep_stacks)
{
    enum { DEPTH = 300000 };
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    for (uint32_t i = 0; i < DEPTH; i++) {
        CHECK(test_reserve(&t, 3) == 0);
        if (i % 3 == 0) {
            struct mg_object *o = mg_heap_alloc_small(&t.heap, TEST_CLASS, MG_FORMAT_SLOTS, 1);
            o->words[0] = mg_small(i);
            test_push(&t, mg_pointer(o));
        } else {
            test_push(&t, (mg_value)i << 2); /* a saved pc looks like this */
        }
    }
    test_audit(&t);
    ck_assert_uint_lt(t.work, 12 * DEPTH);
    for (uint32_t i = 0; i < DEPTH; i++) {
        mg_value v = *test_at(&t, i);
        CHECK((i % 3 == 0 ? mg_slot(v, 0) : v) == mg_small(i));
    }
    t.roots.top = t.heap.stack + 10;
    for (int i = 0; i < 400000; i++) {
        test_new(&t, MG_FORMAT_SLOTS, 3);
        t.roots.top--;
    }
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 4 << 20); /* the block came down again */
    test_heap_deinit(&t);
}

/* -- Fragments -- */

/* A fragment with an array of n words: n - 1 small integers and a pointer to itself. */
static struct mg_fragment *fragment_new(struct test_heap *t, uint64_t n, mg_value *root)
{
    uint64_t span = mg_object_span(MG_FORMAT_ARRAY, n);
    uint64_t bytes = sizeof(struct mg_fragment) + span * sizeof(mg_value);
    struct mg_fragment *f = mg_block_alloc(&t->blocks, bytes);
    *f = (struct mg_fragment){
        .block = f,
        .block_bytes = (uint32_t)bytes,
        .words = (uint32_t)span,
        .first = (mg_value *)(f + 1),
    };
    struct mg_heap scratch;
    mg_heap_init(&scratch, f->first, (uint32_t)span, UINT64_MAX);
    struct mg_object *o = mg_heap_alloc(&scratch, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    for (uint64_t i = 0; i < n; i++)
        o->words[i] = mg_small((int64_t)i);
    o->words[n - 1] = mg_pointer(o);
    *root = mg_pointer(o);
    return f;
}

/* Adopted fragments are young: kept as long as something in them lives, collected when so much has
 * been adopted as lives, however large the block is. */
UNIT_CASE(adopts)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    ck_assert_int_eq(test_reserve(&t, 100), 0);
    uint32_t dues = 0;
    for (int i = 0; i < 3000; i++) {
        mg_value v;
        struct mg_fragment *f = fragment_new(&t, 40, &v);
        bool due = mg_heap_adopt(&t.heap, f);
        ck_assert_int_eq(due, mg_heap_is_due(&t.heap));
        if (test_depth(&t) > 0)
            t.roots.top--;
        test_push(&t, v);
        ck_assert_uint_eq(mg_slot(*test_at(&t, 0), 39), *test_at(&t, 0));
        if (due) {
            dues++;
            ck_assert_int_eq(mg_heap_reserve(&t.heap, 1, &t.roots), 0);
            ck_assert(!mg_heap_is_due(&t.heap));
            ck_assert_ptr_null(t.heap.adopted);
        }
        if (i % 100 == 0)
            test_audit(&t);
    }
    ck_assert_uint_ge(dues, 3000 * 41 / 1024);
    ck_assert_uint_le(dues, 3000 * 41 / 400);
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 32 << 10);
    test_heap_deinit(&t);
}

/* A small fragment can be moved in at once; its pointers come along. */
UNIT_CASE(absorbs)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    for (uint64_t n = 1; n < 300; n += 7) {
        mg_value values[3];
        struct mg_fragment *f = fragment_new(&t, n, &values[1]);
        values[0] = mg_small(5);
        values[2] = values[1];
        ck_assert_int_eq(test_reserve(&t, f->words), 0);
        mg_heap_absorb(&t.heap, f, values, 3);
        ck_assert_uint_eq(f->words, 0);
        mg_fragment_free(f, &t.blocks);
        ck_assert_uint_eq(values[0], mg_small(5));
        ck_assert_uint_eq(values[1], values[2]);
        ck_assert_uint_eq(mg_slot(values[1], (uint32_t)n - 1), values[1]);
        test_push(&t, values[1]);
        test_audit(&t);
    }
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(mg_slot(*test_at(&t, 2), 0), mg_small(0));
    test_heap_deinit(&t);
}

/* -- Idleness -- */

/* A small heap goes back to where it was born if it fits, else into a block of its size. */
UNIT_CASE(hibernates_small)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    push_list(&t, 3000);
    mg_heap_hibernate(&t.heap, &t.roots);
    test_audit(&t);
    check_list(*test_at(&t, 0), 3000);
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 128 << 10);
    t.roots.top = t.heap.stack;
    push_list(&t, 5);
    mg_heap_hibernate_into(&t.heap, t.first, TEST_FIRST_WORDS, &t.roots);
    test_audit(&t);
    check_list(*test_at(&t, 0), 5);
    ck_assert_ptr_eq(t.heap.stack, t.first);
    ck_assert_uint_eq(mg_heap_bytes(&t.heap), sizeof t.first);
    push_list(&t, 20);
    check_list(*test_at(&t, 0), 5);
    check_list(*test_at(&t, 1), 20);
    mg_heap_hibernate_into(&t.heap, t.first, TEST_FIRST_WORDS, &t.roots);
    ck_assert_ptr_ne(t.heap.stack, t.first);
    check_list(*test_at(&t, 1), 20);
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 1024);
    test_audit(&t);
    test_heap_deinit(&t);
}

/* A generational heap gives back its nursery and spare chunks, and becomes small if it is. */
UNIT_CASE(hibernates_large)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    push_list(&t, 100000);
    test_new(&t, MG_FORMAT_ARRAY, 50000);
    mg_heap_hibernate(&t.heap, &t.roots);
    test_audit(&t);
    ck_assert(t.heap.flags & MG_HEAP_GENERATIONAL);
    check_list(*test_at(&t, 0), 100000);
    ck_assert_uint_le(mg_heap_bytes(&t.heap), (300000 + 50000) * 8 + (1 << 20));
    for (int i = 0; i < 100000; i++) {
        test_new(&t, MG_FORMAT_SLOTS, 3);
        t.roots.top--;
    }
    check_list(*test_at(&t, 0), 100000);
    test_audit(&t);
    t.roots.top = t.heap.stack;
    push_list(&t, 1000);
    mg_heap_hibernate(&t.heap, &t.roots);
    ck_assert(!(t.heap.flags & MG_HEAP_GENERATIONAL));
    ck_assert_uint_le(mg_heap_bytes(&t.heap), 40 << 10);
    check_list(*test_at(&t, 0), 1000);
    test_audit(&t);
    push_list(&t, 20000); /* and grows up again */
    check_list(*test_at(&t, 1), 20000);
    test_audit(&t);
    test_heap_deinit(&t);
}

/* -- Stores -- */

/* Every slot of old arrays, with cards and without, remembers a young object stored there. */
UNIT_CASE(stores_are_remembered)
{
    static const uint64_t sizes[] = {1, 128, 129, 600, 8192, 8300, 20000};
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++)
        test_new(&t, MG_FORMAT_ARRAY, sizes[i]);
    mg_heap_collect(&t.heap, true, &t.roots);
    mg_heap_collect(&t.heap, true, &t.roots);
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++) {
        uint64_t step = sizes[i] > 300 ? 37 : 1;
        for (uint64_t at = 0; at < sizes[i]; at += step) {
            mg_value v = test_new(&t, MG_FORMAT_SLOTS, 1);
            mg_object(v)->words[0] = mg_small((int64_t)at);
            mg_store(&t.heap, mg_object(*test_at(&t, i)), at, v);
            t.roots.top--;
        }
        test_audit(&t);
        mg_heap_collect(&t.heap, false, &t.roots);
        test_audit(&t);
        for (uint64_t at = 0; at < sizes[i]; at += step)
            ck_assert_uint_eq(mg_slot(mg_slot(*test_at(&t, i), (uint32_t)at), 0),
                              mg_small((int64_t)at));
    }
    test_heap_deinit(&t);
}

/* become: of an old large array and a small object, both ways, then one way. */
UNIT_CASE(becomes)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_new(&t, MG_FORMAT_ARRAY, 9000);
    test_new(&t, MG_FORMAT_SLOTS, 2);
    mg_heap_collect(&t.heap, true, &t.roots);
    test_new(&t, MG_FORMAT_SLOTS, 1);
    mg_store(&t.heap, mg_object(*test_at(&t, 2)), 0, *test_at(&t, 0));
    mg_store(&t.heap, mg_object(*test_at(&t, 1)), 0, *test_at(&t, 0));
    mg_value a = *test_at(&t, 0);
    ck_assert_int_eq(mg_heap_become(&t.heap, a, *test_at(&t, 1), true, &t.roots), 0);
    test_audit(&t);
    ck_assert_uint_eq(mg_object_words(mg_object(*test_at(&t, 0))), 2);
    ck_assert_uint_eq(mg_object_words(mg_object(*test_at(&t, 1))), 9000);
    ck_assert_uint_eq(mg_slot(*test_at(&t, 2), 0), *test_at(&t, 0));
    ck_assert_uint_eq(mg_slot(*test_at(&t, 0), 0), *test_at(&t, 0)); /* its body came along */
    mg_value b = *test_at(&t, 1);
    ck_assert_int_eq(mg_heap_become(&t.heap, *test_at(&t, 0), b, false, &t.roots), 0);
    test_audit(&t);
    ck_assert_uint_eq(*test_at(&t, 0), *test_at(&t, 1));
    ck_assert_uint_eq(mg_slot(*test_at(&t, 2), 0), *test_at(&t, 1));
    ck_assert_int_eq(mg_heap_become(&t.heap, *test_at(&t, 0), *test_at(&t, 0), true, &t.roots), 0);
    test_heap_deinit(&t);
}

UNIT_MAIN("object/heap", layout, grows_the_same_way_twice, garbage_needs_no_memory, caps_hold,
          absurd_requests_are_refused, off_heap_bytes_count, deep_stacks, adopts, absorbs,
          hibernates_small, hibernates_large, stores_are_remembered, becomes)
