/* SPDX-License-Identifier: MIT */
/* A heap with its pool, cache and roots, for tests: the stack is a plain list of values, pushed and
 * popped here.
 *
 * Every push makes room first, and with `eager` set collects as well, so that a value held across
 * it is stale at once.
 */
#ifndef MG_TEST_SUPPORT_HEAP_H
#define MG_TEST_SUPPORT_HEAP_H

#include "base/block.h"
#include "object/audit.h"
#include "object/bytes.h"
#include "object/control.h"
#include "object/heap.h"

enum { TEST_FIRST_WORDS = 30, TEST_CLASS = 5000 };

struct test_heap {
    struct mg_block_pool pool;
    struct mg_block_cache blocks;
    struct mg_heap heap;
    struct mg_roots roots;
    mg_value first[TEST_FIRST_WORDS];
    uint64_t work;
    bool eager;
};

static inline void test_heap_init(struct test_heap *t, uint64_t cap_bytes)
{
    mg_block_pool_init(&t->pool);
    mg_block_cache_init(&t->blocks, &t->pool);
    mg_heap_init(&t->heap, t->first, TEST_FIRST_WORDS, cap_bytes);
    t->work = 0;
    t->eager = false;
    t->roots = (struct mg_roots){
        .top = t->heap.stack,
        .blocks = &t->blocks,
        .work = &t->work,
    };
}

static inline void test_heap_deinit(struct test_heap *t)
{
    mg_heap_deinit(&t->heap, &t->blocks);
    mg_block_cache_deinit(&t->blocks);
    mg_block_pool_audit(&t->pool);
    mg_block_pool_deinit(&t->pool);
}

/* A Process with this control block, which it does not count, in room reserved before; for heaps
 * that are not collected. */
static inline mg_value test_process(struct mg_heap *heap, struct mg_control *control)
{
    struct mg_object *o =
        mg_heap_alloc_small(heap, MG_CLASS_PROCESS, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    o->words[MG_PROCESS_CONTROL] = (uintptr_t)control;
    o->words[MG_PROCESS_NEXT] = 0;
    return mg_pointer(o);
}

/* Room for `words` and one push more. */
static inline int test_reserve(struct test_heap *t, size_t words)
{
    if (t->eager)
        mg_heap_collect(&t->heap, false, &t->roots);
    return mg_heap_reserve(&t->heap, words + 1, &t->roots);
}

/* Pushes into room reserved before. */
static inline void test_push(struct test_heap *t, mg_value v)
{
    CHECK(t->roots.top < t->heap.alloc);
    *t->roots.top++ = v;
}

static inline mg_value *test_at(struct test_heap *t, size_t i)
{
    CHECK(t->heap.stack + i < t->roots.top);
    return &t->heap.stack[i];
}

static inline size_t test_depth(const struct test_heap *t)
{
    return (size_t)(t->roots.top - t->heap.stack);
}

static inline void test_audit(struct test_heap *t)
{
    mg_heap_audit(&t->heap, &t->roots);
}

/* An object of `n` value words, all nil, pushed. Panics at the cap. */
static inline mg_value test_new(struct test_heap *t, enum mg_format format, uint64_t n)
{
    CHECK(test_reserve(t, mg_object_span(format, n)) == 0);
    uint32_t class_id = format == MG_FORMAT_ARRAY   ? MG_CLASS_ARRAY
                        : format == MG_FORMAT_BLOCK ? MG_CLASS_BLOCK
                                                    : TEST_CLASS;
    struct mg_object *o = mg_heap_alloc(&t->heap, class_id, format, n);
    for (uint64_t i = 0; i < n; i++)
        o->words[i] = MG_NIL;
    if (format == MG_FORMAT_BLOCK) {
        o->words[MG_BLOCK_CODE] = 4;
        o->words[MG_BLOCK_HOME] = mg_small(7);
    }
    test_push(t, mg_pointer(o));
    return mg_pointer(o);
}

static inline mg_value test_string(struct test_heap *t, const char *text, size_t len)
{
    CHECK(test_reserve(t, mg_string_words(len)) == 0);
    mg_value v = mg_string_new(&t->heap, text, len);
    test_push(t, v);
    return v;
}

#endif
