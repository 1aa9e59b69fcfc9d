/* SPDX-License-Identifier: MIT */
/* Random object graphs built from a string of bytes, and whether two graphs are the same: for tests
 * of copies.
 */
#ifndef MG_TEST_SUPPORT_GRAPH_H
#define MG_TEST_SUPPORT_GRAPH_H

#include "base/alloc.h"
#include "base/map.h"
#include "object/control.h"
#include "object/copy.h"
#include "support/heap.h"

enum { GRAPH_OBJECTS_MAX = 300, GRAPH_CONTEXT_ODDS = 40 };

/* The bytes that decide; zeros when they have run out. */
struct graph_source {
    const uint8_t *data;
    size_t left;
};

static inline uint32_t graph_byte(struct graph_source *s)
{
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->data++;
}

static inline void graph_control_release(struct mg_control *control, mg_pid unheld MG_UNUSED,
                                         struct mg_block_cache *blocks MG_UNUSED)
{
    mg_free(control);
}

/* A value to store: one of the objects on the stack, or an immediate. */
static inline mg_value graph_value(struct test_heap *t, struct graph_source *s)
{
    uint32_t n = graph_byte(s);
    size_t depth = test_depth(t);
    if (n % 5 == 0 || depth == 0)
        return n % 2 ? MG_NIL : mg_small(n);
    return *test_at(t, (n | graph_byte(s) << 8) % depth);
}

static inline void graph_new_values(struct test_heap *t, struct graph_source *s,
                                    enum mg_format format, uint64_t n)
{
    test_new(t, format, n);
    uint64_t from = format == MG_FORMAT_BLOCK ? MG_BLOCK_SELF : 0;
    for (uint32_t i = graph_byte(s) % 8; i > 0 && n > from; i--) {
        uint64_t at = from + (graph_byte(s) * 13u) % (n - from);
        if (format == MG_FORMAT_BLOCK && at == MG_BLOCK_HOME)
            continue;
        mg_store(&t->heap, mg_object(t->roots.top[-1]), at, graph_value(t, s));
    }
}

static inline void graph_new_process(struct test_heap *t)
{
    CHECK(test_reserve(t, 1 + MG_PROCESS_WORDS) == 0);
    struct mg_control *control = mg_alloc_aligned(MG_CACHE_LINE, sizeof *control);
    mg_control_init(control, 77, graph_control_release);
    struct mg_object *o =
        mg_heap_alloc_small(&t->heap, MG_CLASS_PROCESS, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    o->words[MG_PROCESS_CONTROL] = (uintptr_t)control;
    mg_heap_link_off_heap(&t->heap, o, 0);
    test_push(t, mg_pointer(o));
}

static inline void graph_new_number(struct test_heap *t, uint32_t n)
{
    CHECK(test_reserve(t, 5) == 0);
    struct mg_object *o;
    if (n & 1) {
        o = mg_heap_alloc_small(&t->heap, MG_CLASS_FLOAT, MG_FORMAT_FLOAT, 1);
        o->words[0] = n;
    } else {
        o = mg_heap_alloc_small(&t->heap, MG_CLASS_BIG_INTEGER, MG_FORMAT_BIGINT, 3);
        o->words[0] = 2;
        o->words[1] = n;
        o->words[2] = 1; /* as a value this would be a pointer */
    }
    test_push(t, mg_pointer(o));
}

static inline void graph_new_text(struct test_heap *t, struct graph_source *s, size_t len)
{
    char *text = mg_alloc(len);
    memset(text, 'a' + (int)(graph_byte(s) % 26), len);
    test_string(t, text, len);
    mg_free(text);
}

/* One step of building. */
static inline void graph_step(struct test_heap *t, struct graph_source *s)
{
    uint32_t n = graph_byte(s);
    mg_value to = graph_value(t, s);
    switch (n % 12) {
    case 0:
    case 1:
    case 2:
        graph_new_values(t, s, MG_FORMAT_SLOTS, graph_byte(s) % 12);
        break;
    case 3:
        graph_new_values(t, s, MG_FORMAT_SLOTS, graph_byte(s) + graph_byte(s));
        break;
    case 4:
        graph_new_values(t, s, MG_FORMAT_ARRAY, graph_byte(s) * graph_byte(s) % 700);
        break;
    case 5:
        graph_new_values(t, s, MG_FORMAT_BLOCK, MG_BLOCK_CAPTURES + graph_byte(s) % 5);
        break;
    case 6:
        graph_new_text(t, s, graph_byte(s));
        break;
    case 7:
        graph_new_text(t, s, graph_byte(s) % 4 == 0 ? 5000 : 500);
        break;
    case 8:
        graph_new_number(t, graph_byte(s));
        break;
    case 9:
        graph_new_process(t);
        break;
    case 10:
        mg_heap_collect(&t->heap, graph_byte(s) & 1, &t->roots);
        break;
    default:
        if (mg_is_pointer(to) && mg_object_format(mg_object(to)) <= MG_FORMAT_ARRAY) {
            uint64_t words = mg_object_words(mg_object(to));
            if (words > 0)
                mg_store(&t->heap, mg_object(to), graph_byte(s) % words, graph_value(t, s));
        }
        break;
    }
    /* Some objects have an identity hash, which a copy keeps. */
    if (n > 200 && test_depth(t) > 0 && mg_is_pointer(t->roots.top[-1]))
        mg_object(t->roots.top[-1])->header |= (uint64_t)n << MG_HEADER_HASH_SHIFT;
}

/* Builds objects on the stack of the heap until the bytes have run out. */
static inline void graph_build(struct test_heap *t, struct graph_source *s)
{
    while (s->left > 0 && test_depth(t) < GRAPH_OBJECTS_MAX)
        graph_step(t, s);
}

/* -- Comparing -- */

struct graph_pairs {
    struct mg_map to;   /* object of a -> object of b */
    struct mg_map from; /* and back */
};

static inline void graph_pair(struct graph_pairs *p, mg_value a, mg_value b)
{
    if (!mg_is_pointer(a)) {
        CHECK(a == b);
        return;
    }
    uint64_t seen;
    CHECK(mg_is_pointer(b));
    if (mg_object(a)->header & MG_GC_SHARED) {
        CHECK(a == b);
        return;
    }
    CHECK(a != b);
    if (mg_map_get(&p->to, a, &seen)) {
        CHECK(seen == b);
        return;
    }
    CHECK(mg_map_put(&p->to, a, b));
    CHECK(mg_map_put(&p->from, b, a)); /* two objects never become one */
}

static inline void graph_same_object(struct graph_pairs *p, const struct mg_object *a,
                                     const struct mg_object *b)
{
    enum mg_format format = mg_object_format(a);
    uint64_t words = mg_object_words(a);
    CHECK(mg_object_format(b) == format && mg_object_words(b) == words);
    CHECK(mg_object_class(a) == mg_object_class(b));
    CHECK((a->header & MG_HEADER_HASH_MASK) == (b->header & MG_HEADER_HASH_MASK));
    CHECK((a->header & MG_FLAG_ASCII) == (b->header & MG_FLAG_ASCII));
    uint64_t from, to;
    mg_format_values(format, words, &from, &to);
    for (uint64_t i = 0; i < words; i++) {
        if (format == MG_FORMAT_BLOCK && i == MG_BLOCK_HOME)
            CHECK(b->words[i] == mg_small(0));
        else if (i >= from && i < to)
            graph_pair(p, a->words[i], b->words[i]);
        else if (!(format == MG_FORMAT_SHARED && i == MG_SHARED_NEXT) &&
                 !(format == MG_FORMAT_PROCESS && i == MG_PROCESS_NEXT))
            CHECK(a->words[i] == b->words[i]);
    }
}

/* Panics unless the graph of b is a deep copy of that of a: the same shape, sharing and content. */
static inline void graph_same(mg_value a, mg_value b)
{
    struct graph_pairs p = {0};
    uint64_t x, y;
    graph_pair(&p, a, b);
    for (uint32_t i = 0; mg_map_at(&p.to, i, &x, &y); i++)
        graph_same_object(&p, mg_object(x), mg_object(y));
    mg_map_deinit(&p.to);
    mg_map_deinit(&p.from);
}

/* A fragment with a copy of v, whose copy is written to *out. Panics when v cannot be sent. */
static inline struct mg_fragment *graph_copy(struct test_heap *t, struct mg_copy *copy, mg_value v,
                                             mg_value *out)
{
    CHECK(mg_copy_measure(copy, &v, 1) == 0);
    uint64_t words = copy->words;
    uint64_t bytes = sizeof(struct mg_fragment) + words * sizeof(mg_value);
    struct mg_fragment *f = mg_block_alloc(&t->blocks, bytes);
    *f = (struct mg_fragment){.block = f, .block_bytes = (uint32_t)bytes};
    mg_copy_write(copy, f, (mg_value *)(f + 1), &v, out, 1);
    CHECK(f->words == words);
    mg_fragment_audit(f, out, 1);
    return f;
}

#endif
