/* SPDX-License-Identifier: MIT */
/* Copies out of what several threads read: the same graph, exactly the words asked for, and not a
 * bit written. */
#include <pthread.h>

#include "support/graph.h"
#include "support/unit.h"

/* A fragment with a graph built from these bytes. */
static struct mg_fragment *source_new(struct test_heap *t, uint64_t seed, mg_value *root)
{
    uint8_t data[900];
    for (size_t i = 0; i < sizeof data; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        data[i] = (uint8_t)(seed >> 33);
    }
    struct mg_copy copy;
    mg_copy_init(&copy, NULL, 1 << 20);
    graph_build(t, &(struct graph_source){data, sizeof data});
    test_new(t, MG_FORMAT_ARRAY, test_depth(t));
    for (size_t i = 0; i + 1 < test_depth(t); i++)
        mg_store(&t->heap, mg_object(t->roots.top[-1]), i, *test_at(t, i));
    struct mg_fragment *f = graph_copy(t, &copy, t->roots.top[-1], root);
    t->roots.top = t->heap.stack;
    mg_copy_deinit(&copy);
    return f;
}

/* Copies the source into a heap of its own, by the exact size; with a word less nothing happens. */
static void check_into_heap(mg_value source)
{
    struct test_heap t;
    struct mg_copy copy;
    test_heap_init(&t, UINT64_MAX);
    mg_copy_init(&copy, NULL, 1 << 20);
    for (int round = 0; round < 3; round++) {
        uint64_t words = mg_copy_size_readonly(&copy, source);
        CHECK(test_reserve(&t, words) == 0);
        mg_value *before = t.heap.alloc;
        CHECK(mg_copy_into_heap(&copy, &t.heap, source, words - 1) == MG_UNSET);
        CHECK(t.heap.alloc == before);
        mg_value v = mg_copy_into_heap(&copy, &t.heap, source, words);
        CHECK((uint64_t)(before - t.heap.alloc) == words);
        test_push(&t, v);
        graph_same(source, v);
        test_audit(&t);
        mg_heap_collect(&t.heap, true, &t.roots);
        graph_same(source, *test_at(&t, 0));
    }
    mg_copy_deinit(&copy);
    test_heap_deinit(&t);
}

/* The copy is the graph, and the source keeps every bit. */
UNIT_CASE(leaves_the_source_alone)
{
    for (uint64_t seed = 1; seed < 25; seed++) {
        struct test_heap t;
        mg_value root;
        test_heap_init(&t, UINT64_MAX);
        struct mg_fragment *f = source_new(&t, seed, &root);
        mg_value *before = mg_alloc(f->words * sizeof *before);
        memcpy(before, f->first, f->words * sizeof *before);
        check_into_heap(root);
        ck_assert_int_eq(memcmp(before, f->first, f->words * sizeof *before), 0);
        mg_free(before);
        mg_fragment_free(f, &t.blocks);
        test_heap_deinit(&t);
    }
}

/* Immediates and literals are answered as they are. */
UNIT_CASE(nothing_to_copy)
{
    struct mg_copy copy;
    mg_copy_init(&copy, NULL, 100);
    uint64_t literal[] = {mg_header(TEST_CLASS, MG_FORMAT_SLOTS, 1) | MG_GC_SHARED, MG_NIL};
    mg_value shared = mg_pointer((struct mg_object *)literal);
    ck_assert_uint_eq(mg_copy_size_readonly(&copy, shared), 0);
    ck_assert_uint_eq(mg_copy_into_heap(&copy, NULL, shared, 0), shared);
    ck_assert_uint_eq(mg_copy_into_heap(&copy, NULL, mg_small(4), 0), mg_small(4));
    mg_copy_deinit(&copy);
}

static void *reader(void *argument)
{
    check_into_heap(*(mg_value *)argument);
    return NULL;
}

/* Several threads may copy out of one source at once. */
UNIT_CASE(many_readers)
{
    enum { THREADS = 4 };
    struct test_heap t;
    mg_value root;
    pthread_t threads[THREADS];
    test_heap_init(&t, UINT64_MAX);
    struct mg_fragment *f = source_new(&t, 99, &root);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, &root), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    mg_fragment_free(f, &t.blocks);
    test_heap_deinit(&t);
}

UNIT_MAIN("object/copy_readonly", leaves_the_source_alone, nothing_to_copy, many_readers)
