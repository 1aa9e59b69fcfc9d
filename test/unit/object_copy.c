/* SPDX-License-Identifier: MIT */
/* Deep copies: shapes, sharing, several roots, limits, refusals, and what a copy does to its source
 * (nothing). */
#include "object/copy.h"

#include <stdio.h>

#include "base/error.h"
#include "base/rng.h"
#include "object/heap_side.h"
#include "support/graph.h"
#include "support/unit.h"

enum { MAX_WORDS = 1 << 20 };

struct fixture {
    struct test_heap t;
    struct mg_copy copy;
};

static void fixture_init(struct fixture *f)
{
    test_heap_init(&f->t, UINT64_MAX);
    mg_copy_init(&f->copy, NULL, MAX_WORDS);
}

static void fixture_deinit(struct fixture *f)
{
    mg_copy_deinit(&f->copy);
    test_heap_deinit(&f->t);
}

/* Copies what is on top of the stack and compares. */
static void check_copy(struct fixture *f)
{
    mg_value out;
    struct mg_fragment *fragment = graph_copy(&f->t, &f->copy, f->t.roots.top[-1], &out);
    graph_same(f->t.roots.top[-1], out);
    test_audit(&f->t); /* the source is as it was */
    mg_fragment_free(fragment, &f->t.blocks);
}

/* Objects of every size around the borders: none, few, size in front, cards, large. */
UNIT_CASE(any_size)
{
    static const uint64_t sizes[] = {0, 1, 2, 62, 63, 64, 65, 127, 128, 129, 254, 255, 256, 2100};
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++) {
        test_new(&f.t, MG_FORMAT_SLOTS, sizes[i]);
        check_copy(&f);
        test_new(&f.t, MG_FORMAT_ARRAY, sizes[i]);
        check_copy(&f);
        for (uint64_t at = 0; at < sizes[i]; at += 50)
            mg_store(&f.t.heap, mg_object(f.t.roots.top[-1]), at, f.t.roots.top[-2]);
        check_copy(&f);
    }
    mg_heap_collect(&f.t.heap, true, &f.t.roots);
    mg_heap_collect(&f.t.heap, true, &f.t.roots); /* old, remembered and large ones too */
    for (size_t i = 0; i + 1 < test_depth(&f.t); i += 2) {
        test_new(&f.t, MG_FORMAT_SLOTS, 2);
        mg_store(&f.t.heap, mg_object(f.t.roots.top[-1]), 0, *test_at(&f.t, i));
        mg_store(&f.t.heap, mg_object(f.t.roots.top[-1]), 1, *test_at(&f.t, i + 1));
        check_copy(&f);
        f.t.roots.top--;
    }
    fixture_deinit(&f);
}

/* Long lists, by their last slot and by their first, and wide arrays of small objects. */
UNIT_CASE(long_and_wide)
{
    struct fixture f;
    fixture_init(&f);
    for (uint64_t slot = 0; slot < 2; slot++) {
        test_push(&f.t, MG_NIL);
        for (int i = 0; i < 20000; i++) {
            mg_value o = test_new(&f.t, MG_FORMAT_SLOTS, 2);
            mg_object(o)->words[1 - slot] = mg_small(i);
            mg_object(o)->words[slot] = f.t.roots.top[-2];
            f.t.roots.top[-2] = o;
            f.t.roots.top--;
        }
        check_copy(&f);
    }
    test_new(&f.t, MG_FORMAT_ARRAY, 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        test_string(&f.t, "some text that is not short", i % 28);
        mg_store(&f.t.heap, mg_object(f.t.roots.top[-2]), i, f.t.roots.top[-1]);
        f.t.roots.top--;
    }
    check_copy(&f);
    fixture_deinit(&f);
}

/* Several roots are one graph: what they share is shared in the copy; immediates stay. */
UNIT_CASE(roots_share)
{
    struct fixture f;
    fixture_init(&f);
    test_new(&f.t, MG_FORMAT_SLOTS, 1);
    test_new(&f.t, MG_FORMAT_SLOTS, 1);
    mg_store(&f.t.heap, mg_object(*test_at(&f.t, 1)), 0, *test_at(&f.t, 0));
    mg_value roots[4] = {*test_at(&f.t, 1), mg_small(3), *test_at(&f.t, 0), *test_at(&f.t, 1)};
    mg_value out[4], words[8];
    ck_assert_int_eq(mg_copy_measure(&f.copy, roots, 4), 0);
    ck_assert_uint_eq(f.copy.words, 4);
    struct mg_fragment fragment = {0};
    mg_copy_write(&f.copy, &fragment, words, roots, out, 4);
    mg_fragment_audit(&fragment, out, 4);
    ck_assert_uint_eq(out[0], out[3]);
    ck_assert_uint_eq(out[1], mg_small(3));
    ck_assert_uint_eq(mg_slot(out[0], 0), out[2]);
    ck_assert_ptr_eq(fragment.first, words);

    mg_value nothing[2] = {MG_NIL, mg_symbol(4)};
    ck_assert_int_eq(mg_copy_measure(&f.copy, nothing, 2), 0);
    ck_assert_uint_eq(f.copy.words, 0);
    mg_copy_write(&f.copy, &fragment, NULL, nothing, out, 2);
    ck_assert_uint_eq(out[1], mg_symbol(4));
    ck_assert_uint_eq(fragment.words, 0);
    fixture_deinit(&f);
}

/* SHARED objects are not copied, nor what they lead to; forwarders are passed through. */
UNIT_CASE(literals_and_forwarders)
{
    struct fixture f;
    fixture_init(&f);
    uint64_t literal[] = {mg_header(TEST_CLASS, MG_FORMAT_SLOTS, 1) | MG_GC_SHARED, MG_NIL};
    uint64_t forward[] = {mg_header(TEST_CLASS, MG_FORMAT_FORWARD, 1), 0};
    mg_value shared = mg_pointer((struct mg_object *)literal);
    mg_value forwarder = mg_pointer((struct mg_object *)forward);
    for (uint32_t n = 3; n < 400; n += 396) { /* by the fast road and by the other */
        test_new(&f.t, MG_FORMAT_SLOTS, 1);
        test_new(&f.t, MG_FORMAT_ARRAY, n);
        forward[1] = f.t.roots.top[-2];
        struct mg_object *o = mg_object(f.t.roots.top[-1]);
        o->words[0] = shared;
        o->words[1] = forwarder;
        o->words[2] = f.t.roots.top[-2];
        mg_value roots[3] = {f.t.roots.top[-1], shared, forwarder}, out[3], words[500];
        struct mg_fragment fragment = {0};
        ck_assert_int_eq(mg_copy_measure(&f.copy, roots, 3), 0);
        mg_copy_write(&f.copy, &fragment, words, roots, out, 3);
        mg_fragment_audit(&fragment, out, 3);
        ck_assert_uint_eq(mg_slot(out[0], 0), shared);
        ck_assert_uint_eq(mg_slot(out[0], 1), mg_slot(out[0], 2));
        ck_assert_uint_eq(out[1], shared);
        ck_assert_uint_eq(out[2], mg_slot(out[0], 2));

        forward[1] = shared; /* a forwarder to a literal, and to an immediate */
        ck_assert_int_eq(mg_copy_measure(&f.copy, roots, 3), 0);
        mg_copy_write(&f.copy, &fragment, words, roots, out, 3);
        ck_assert_uint_eq(mg_slot(out[0], 1), shared);
        ck_assert_uint_eq(out[2], shared);
        forward[1] = mg_small(8);
        ck_assert_int_eq(mg_copy_measure(&f.copy, roots, 3), 0);
        mg_copy_write(&f.copy, &fragment, words, roots, out, 3);
        ck_assert_uint_eq(mg_slot(out[0], 1), mg_small(8));
        o->words[0] = o->words[1] = MG_NIL; /* no foreign objects for the collector */
    }
    fixture_deinit(&f);
}

/* A copy above the limit is refused, wherever the limit is passed, and the source is as it was. */
UNIT_CASE(limits)
{
    struct fixture f;
    fixture_init(&f);
    test_new(&f.t, MG_FORMAT_ARRAY, 40);
    for (uint32_t i = 0; i < 40; i++) {
        test_new(&f.t, i % 2 ? MG_FORMAT_SLOTS : MG_FORMAT_ARRAY, i % 5 ? 3 : 200);
        mg_store(&f.t.heap, mg_object(*test_at(&f.t, 0)), i, f.t.roots.top[-1]);
        f.t.roots.top--;
    }
    mg_value root = *test_at(&f.t, 0);
    ck_assert_int_eq(mg_copy_measure(&f.copy, &root, 1), 0);
    uint64_t words = f.copy.words;
    mg_copy_abandon(&f.copy);
    for (uint64_t max = 0; max <= words; max++) {
        f.copy.max_words = max;
        ck_assert_int_eq(mg_copy_measure(&f.copy, &root, 1), max < words ? MG_ELIMIT : 0);
        if (max == words)
            mg_copy_abandon(&f.copy);
        if (max % 64 == 0)
            test_audit(&f.t);
    }
    check_copy(&f);
    fixture_deinit(&f);
}

/* Puts v at the end of a list of n objects, so that the refusal comes late. */
static void push_holder(struct fixture *f, int n, mg_value v)
{
    test_push(&f->t, v);
    for (int i = 0; i < n; i++) {
        mg_value o = test_new(&f->t, MG_FORMAT_SLOTS, 2);
        mg_object(o)->words[1] = f->t.roots.top[-2];
        f->t.roots.top[-2] = o;
        f->t.roots.top--;
    }
}

/* Weak references and Contexts are refused, as roots and deep inside; the source is as it was. */
UNIT_CASE(refusals)
{
    for (int kind = 0; kind < 2; kind++) {
        for (int depth = 0; depth < 40; depth += 13) {
            struct fixture f;
            fixture_init(&f);
            ck_assert_int_eq(test_reserve(&f.t, 20), 0);
            if (kind == 0) {
                test_push(&f.t, mg_weak_new(&f.t.heap, MG_NIL));
            } else {
                struct mg_object *o =
                    mg_heap_alloc_small(&f.t.heap, MG_CLASS_CONTEXT, MG_FORMAT_SLOTS, 5);
                for (int i = 0; i < 5; i++)
                    o->words[i] = MG_NIL;
                test_push(&f.t, mg_pointer(o));
            }
            push_holder(&f, depth, *test_at(&f.t, 0));
            mg_value roots[2] = {mg_small(1), f.t.roots.top[-1]};
            ck_assert_int_eq(mg_copy_measure(&f.copy, roots, 2), MG_EINVAL);
            char expected[40];
            snprintf(expected, sizeof expected, "class %u cannot be sent",
                     kind == 0 ? MG_CLASS_WEAK_REFERENCE : MG_CLASS_CONTEXT);
            const char *what = f.copy.refusal;
            if (depth > 0) {
                ck_assert_int_eq(strncmp(what, ".., class 5000>>2, ", 19), 0);
                what = strchr(what, ':') + 2;
            }
            ck_assert_str_eq(what, expected);
            test_audit(&f.t);
            f.t.roots.top[-1] = MG_NIL;
            check_copy(&f); /* the next copy is not disturbed */
            fixture_deinit(&f);
        }
    }
}

/* Blocks arrive detached; their code pointer and captures come along. */
UNIT_CASE(blocks_arrive_detached)
{
    struct fixture f;
    fixture_init(&f);
    test_new(&f.t, MG_FORMAT_SLOTS, 1);
    test_new(&f.t, MG_FORMAT_BLOCK, MG_BLOCK_CAPTURES + 2);
    struct mg_object *block = mg_object(*test_at(&f.t, 1));
    block->words[MG_BLOCK_SELF] = *test_at(&f.t, 0);
    block->words[MG_BLOCK_CAPTURES + 1] = *test_at(&f.t, 0);
    mg_value out;
    struct mg_fragment *fragment = graph_copy(&f.t, &f.copy, *test_at(&f.t, 1), &out);
    ck_assert_uint_eq(mg_slot(out, MG_BLOCK_CODE), block->words[MG_BLOCK_CODE]);
    ck_assert_uint_eq(mg_slot(out, MG_BLOCK_HOME), mg_small(0));
    ck_assert_uint_eq(mg_slot(out, MG_BLOCK_SELF), mg_slot(out, MG_BLOCK_CAPTURES + 1));
    graph_same(*test_at(&f.t, 1), out);
    mg_fragment_free(fragment, &f.t.blocks);
    fixture_deinit(&f);
}

/* A measure that is abandoned leaves no count behind. */
UNIT_CASE(abandons)
{
    struct fixture f;
    static char text[6000];
    memset(text, 'q', sizeof text);
    fixture_init(&f);
    mg_value v = test_string(&f.t, text, sizeof text);
    ck_assert_int_eq(mg_copy_measure(&f.copy, &v, 1), 0);
    ck_assert_uint_eq(f.copy.shared_bytes, sizeof text);
    mg_copy_abandon(&f.copy);
    ck_assert(mg_bytes_is_sole(mg_bytes_shared(mg_object(v))));
    check_copy(&f);
    ck_assert(mg_bytes_is_sole(mg_bytes_shared(mg_object(v))));
    fixture_deinit(&f);
}

/* Random graphs, copied and adopted into the heap they came from, again and again. */
UNIT_CASE(random_graphs)
{
    struct mg_rng rng;
    mg_rng_seed(&rng, 5);
    for (int run = 0; run < 60; run++) {
        struct fixture f;
        uint8_t data[1500];
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)mg_rng_next(&rng);
        fixture_init(&f);
        f.t.eager = run & 1;
        graph_build(&f.t, &(struct graph_source){data, sizeof data});
        for (int round = 0; round < 6; round++) {
            mg_value out;
            size_t r = mg_rng_below(&rng, test_depth(&f.t));
            struct mg_fragment *fragment = graph_copy(&f.t, &f.copy, *test_at(&f.t, r), &out);
            ck_assert_int_eq(test_reserve(&f.t, 0), 0);
            mg_heap_adopt(&f.t.heap, fragment);
            test_push(&f.t, out);
            graph_same(*test_at(&f.t, r), out);
            test_audit(&f.t);
        }
        fixture_deinit(&f);
    }
}

UNIT_MAIN("object/copy", any_size, long_and_wide, roots_share, literals_and_forwarders, limits,
          refusals, blocks_arrive_detached, abandons, random_graphs)
