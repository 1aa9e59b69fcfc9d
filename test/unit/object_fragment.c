/* SPDX-License-Identifier: MIT */
/* A fragment that nobody adopts drops what its objects count, and its allocation. */
#include "object/fragment.h"

#include "base/alloc.h"
#include "object/control.h"
#include "object/copy.h"
#include "support/heap.h"
#include "support/unit.h"

static void release(struct mg_control *control, mg_pid unheld MG_UNUSED,
                    struct mg_block_cache *blocks)
{
    CHECK(blocks);
    control->pid = 0;
}

/* The heap of a sender with an array of a long string and a Process, and a fragment with its
 * copy. */
struct fixture {
    struct test_heap t;
    struct mg_copy copy;
    struct mg_control *control;
    struct mg_bytes *bytes;
};

static void fixture_init(struct fixture *f)
{
    static char text[9000];
    memset(text, 'y', sizeof text);
    test_heap_init(&f->t, UINT64_MAX);
    mg_copy_init(&f->copy, NULL, 1 << 20);
    f->control = mg_alloc_aligned(MG_CACHE_LINE, sizeof *f->control);
    mg_control_init(f->control, 9, release);
    test_new(&f->t, MG_FORMAT_ARRAY, 2);
    mg_value string = test_string(&f->t, text, sizeof text);
    f->bytes = mg_bytes_shared(mg_object(string));
    mg_store(&f->t.heap, mg_object(*test_at(&f->t, 0)), 0, string);
    ck_assert_int_eq(test_reserve(&f->t, 3), 0);
    struct mg_object *o =
        mg_heap_alloc_small(&f->t.heap, MG_CLASS_PROCESS, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    o->words[MG_PROCESS_CONTROL] = (uintptr_t)f->control;
    mg_heap_link_off_heap(&f->t.heap, o, 0);
    mg_store(&f->t.heap, mg_object(*test_at(&f->t, 0)), 1, mg_pointer(o));
    f->t.roots.top = f->t.heap.stack + 1;
}

static void fixture_deinit(struct fixture *f)
{
    mg_copy_deinit(&f->copy);
    test_heap_deinit(&f->t);
    ck_assert_uint_eq(f->control->pid, 0);
    mg_free(f->control);
}

static struct mg_fragment *copy_root(struct fixture *f, bool own_allocation, mg_value *out)
{
    mg_value root = *test_at(&f->t, 0);
    ck_assert_int_eq(mg_copy_measure(&f->copy, &root, 1), 0);
    uint64_t bytes = sizeof(struct mg_fragment) + f->copy.words * sizeof(mg_value);
    struct mg_fragment *fragment =
        own_allocation ? mg_alloc(bytes) : mg_block_alloc(&f->t.blocks, bytes);
    *fragment = (struct mg_fragment){
        .block = fragment,
        .block_bytes = own_allocation ? 0 : (uint32_t)bytes,
    };
    mg_copy_write(&f->copy, fragment, (mg_value *)(fragment + 1), &root, out, 1);
    mg_fragment_audit(fragment, out, 1);
    ck_assert_uint_eq(fragment->shared_bytes, 9000);
    return fragment;
}

static uint32_t control_refs(const struct fixture *f)
{
    return load_relaxed(&f->control->refs); // T1 relaxed: one thread. Pairs with K2 in unref.
}

/* Freed unread, from a block or from mg_alloc. */
UNIT_CASE(frees_what_it_counts)
{
    for (int own = 0; own < 2; own++) {
        struct fixture f;
        fixture_init(&f);
        mg_value out;
        struct mg_fragment *fragment = copy_root(&f, own, &out);
        ck_assert(!mg_bytes_is_sole(f.bytes));
        ck_assert_uint_eq(control_refs(&f), 2);
        mg_fragment_free(fragment, &f.t.blocks);
        ck_assert(mg_bytes_is_sole(f.bytes));
        ck_assert_uint_eq(control_refs(&f), 1);
        fixture_deinit(&f);
    }
}

/* Dropped first: then it is empty, and can still be freed. */
UNIT_CASE(drops)
{
    struct fixture f;
    fixture_init(&f);
    mg_value out;
    struct mg_fragment *fragment = copy_root(&f, false, &out);
    mg_fragment_drop(fragment, &f.t.blocks);
    ck_assert_ptr_null(fragment->off_heap);
    ck_assert_uint_eq(fragment->words, 0);
    ck_assert(mg_bytes_is_sole(f.bytes));
    mg_fragment_free(fragment, &f.t.blocks);
    fixture_deinit(&f);
}

/* Adopted or absorbed: the heap counts from then on, once. */
UNIT_CASE(hands_over_to_a_heap)
{
    for (int own = 0; own < 2; own++) {
        struct fixture f;
        fixture_init(&f);
        mg_value out;
        struct mg_fragment *fragment = copy_root(&f, own, &out);
        if (own) {
            mg_heap_adopt(&f.t.heap, fragment);
        } else {
            ck_assert_int_eq(test_reserve(&f.t, fragment->words), 0);
            mg_heap_absorb(&f.t.heap, fragment, &out, 1);
            mg_fragment_free(fragment, &f.t.blocks);
        }
        test_push(&f.t, out);
        test_audit(&f.t);
        *test_at(&f.t, 0) = MG_NIL;
        mg_heap_collect(&f.t.heap, true, &f.t.roots);
        test_audit(&f.t);
        ck_assert(mg_bytes_is_sole(f.bytes));
        ck_assert_uint_eq(control_refs(&f), 1);
        ck_assert_uint_eq(mg_bytes_len(mg_slot(*test_at(&f.t, 1), 0)), 9000);
        fixture_deinit(&f);
    }
}

/* Copied, not taken: both count, and the fragment is not written to. */
UNIT_CASE(can_be_copied)
{
    struct fixture f;
    fixture_init(&f);
    mg_value out;
    struct mg_fragment *fragment = copy_root(&f, false, &out);
    mg_value words[64];
    ck_assert_uint_le(fragment->words, 64);
    memcpy(words, fragment->first, fragment->words * sizeof(mg_value));
    for (int i = 0; i < 3; i++) {
        mg_value values[2] = {out, mg_small(3)};
        ck_assert_int_eq(test_reserve(&f.t, fragment->words), 0);
        mg_heap_copy_fragment(&f.t.heap, fragment, values, 2);
        ck_assert_uint_eq(values[1], mg_small(3));
        ck_assert_uint_ne(values[0], out);
        test_push(&f.t, values[0]);
        test_audit(&f.t);
        ck_assert_uint_eq(mg_bytes_len(mg_slot(values[0], 0)), 9000);
        ck_assert_uint_eq(control_refs(&f), 3 + (uint32_t)i);
    }
    ck_assert_mem_eq(words, fragment->first, fragment->words * sizeof(mg_value));
    mg_fragment_free(fragment, &f.t.blocks);
    f.t.roots.top = f.t.heap.stack + 1;
    mg_heap_collect(&f.t.heap, true, &f.t.roots);
    test_audit(&f.t);
    ck_assert_uint_eq(control_refs(&f), 1);
    ck_assert(mg_bytes_is_sole(f.bytes));
    fixture_deinit(&f);
}

UNIT_MAIN("object/fragment", frees_what_it_counts, drops, hands_over_to_a_heap, can_be_copied)
