/* SPDX-License-Identifier: MIT */
/* Large objects that grow where they are. */
#include "object/heap_side.h"
#include "support/heap.h"
#include "support/unit.h"

/* Large enough for a range of addresses in every profile. */
enum { WORDS = (4 << 20) / sizeof(mg_value) };

static struct mg_object *object(struct test_heap *t, size_t i)
{
    return mg_object(*test_at(t, i));
}

/* Pushes an object with `words`, and lets it get an allocation of its own. */
static void push_large(struct test_heap *t, enum mg_format format, uint64_t words)
{
    if (format == MG_FORMAT_BYTES) {
        ck_assert_int_eq(test_reserve(t, mg_bytes_inline_words((words - 1) * sizeof(mg_value))), 0);
        test_push(t, mg_bytes_new_inline(&t->heap, (words - 1) * sizeof(mg_value)));
    } else {
        test_new(t, format, words);
    }
    mg_heap_collect(&t->heap, true, &t->roots);
    mg_heap_collect(&t->heap, true, &t->roots);
    ck_assert(object(t, test_depth(t) - 1)->header & MG_FLAG_LARGE);
}

/* Stores new objects into every 1,000th slot from `from` on. */
static void store_young(struct test_heap *t, size_t array, uint64_t from)
{
    for (uint64_t at = from; at < mg_object_words(object(t, array)); at += 1000) {
        mg_value v = test_new(t, MG_FORMAT_SLOTS, 1);
        mg_object(v)->words[0] = mg_small((int64_t)at);
        mg_store(&t->heap, object(t, array), at, v);
        t->roots.top--;
    }
}

/* An old array grows again and again while young objects are in it: they are found by the next
 * collection, whatever side of a word of cards, a page, or the range it grew over. */
UNIT_CASE(arrays_grow)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    push_large(&t, MG_FORMAT_ARRAY, WORDS);
    struct mg_object *array = object(&t, 0);
    uint64_t words = WORDS, grown = 0;
    static const uint64_t more[] = {1, 127, 8064, 9000, 262144, 300000, WORDS};
    for (size_t i = 0; i < MG_ARRAY_LEN(more); i++, grown++) {
        store_young(&t, 0, grown);
        uint64_t large = t.heap.side->large_words, bytes = mg_heap_bytes(&t.heap);
        ck_assert(mg_heap_can_extend(array, words + more[i]));
        mg_heap_extend(&t.heap, array, words + more[i]);
        ck_assert_ptr_eq(object(&t, 0), array);
        ck_assert_uint_eq(mg_object_words(array), words + more[i]);
        ck_assert_uint_ge(t.heap.side->large_words, large + more[i]);
        ck_assert_uint_ge(mg_heap_bytes(&t.heap), bytes + more[i] * sizeof(mg_value));
        bool nil = true;
        for (uint64_t at = words; at < words + more[i]; at++)
            nil = nil && array->words[at] == MG_NIL;
        ck_assert(nil);
        words += more[i];
        test_audit(&t);
        store_young(&t, 0, words - 1);
        test_audit(&t);
        mg_heap_collect(&t.heap, false, &t.roots);
        test_audit(&t);
        for (uint64_t at = grown; at < words - more[i]; at += 1000)
            ck_assert_uint_eq(mg_slot(array->words[at], 0), mg_small((int64_t)at));
        ck_assert_uint_eq(mg_slot(array->words[words - 1], 0), mg_small((int64_t)words - 1));
    }
    mg_heap_collect(&t.heap, true, &t.roots);
    test_audit(&t);
    ck_assert_ptr_eq(object(&t, 0), array);
    t.roots.top = t.heap.stack;
    mg_heap_collect(&t.heap, true, &t.roots);
    test_audit(&t);
    ck_assert_uint_eq(t.heap.side->large_bytes, 0);
    ck_assert_uint_eq(t.heap.side->large_words, 0);
    test_heap_deinit(&t);
}

UNIT_CASE(bytes_grow)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    push_large(&t, MG_FORMAT_BYTES, WORDS);
    struct mg_object *bytes = object(&t, 0);
    memset(bytes->words + 1, 0x5a, (WORDS - 1) * sizeof(mg_value));
    ck_assert(mg_heap_can_extend(bytes, 2 * WORDS));
    mg_heap_extend(&t.heap, bytes, 2 * WORDS);
    bytes->words[MG_SHARED_INFO] = mg_bytes_info((2 * WORDS - 1) * sizeof(mg_value), 0);
    ck_assert_uint_eq(bytes->words[WORDS - 1], 0x5a5a5a5a5a5a5a5a);
    bool zero = true;
    for (uint64_t at = WORDS; at < 2 * WORDS; at++)
        zero = zero && bytes->words[at] == 0;
    ck_assert(zero);
    test_audit(&t);
    mg_heap_collect(&t.heap, true, &t.roots);
    test_audit(&t);
    ck_assert_ptr_eq(object(&t, 0), bytes);
    test_heap_deinit(&t);
}

/* What cannot: small and young ones, others' formats, what is read by others, to less than there
 * is, beyond the range, beyond the cap. */
UNIT_CASE(refusals)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_new(&t, MG_FORMAT_ARRAY, 10);
    ck_assert(!mg_heap_can_extend(object(&t, 0), 20));
    test_new(&t, MG_FORMAT_ARRAY, WORDS);
    ck_assert(!mg_heap_can_extend(object(&t, 1), WORDS + 1));
    mg_heap_collect(&t.heap, true, &t.roots);
    struct mg_object *array = object(&t, 1);
    ck_assert(mg_heap_can_extend(array, WORDS + 1));
    ck_assert(!mg_heap_can_extend(array, WORDS));
    ck_assert(!mg_heap_can_extend(array, WORDS - 1));
    ck_assert(!mg_heap_can_extend(array, 100 * (uint64_t)WORDS));
    array->header |= MG_GC_SHARED;
    ck_assert(!mg_heap_can_extend(array, WORDS + 1));
    array->header &= ~MG_GC_SHARED;
    t.heap.cap_bytes = mg_heap_bytes(&t.heap) + 1000;
    ck_assert(mg_heap_can_extend(array, WORDS + 200));
    ck_assert(mg_heap_allows(&t.heap, mg_heap_extend_bytes(array, WORDS + 100)));
    ck_assert(!mg_heap_allows(&t.heap, mg_heap_extend_bytes(array, WORDS + 200)));
    test_heap_deinit(&t);
}

UNIT_MAIN("object/large", arrays_grow, bytes_grow, refusals)
