/* SPDX-License-Identifier: MIT */
/* Weak references: they follow what lives, and lose what does not, in each kind of collection. */
#include "object/heap_side.h"
#include "support/heap.h"
#include "support/unit.h"

static mg_value target_of(struct test_heap *t, size_t i)
{
    return mg_slot(*test_at(t, i), MG_WEAK_TARGET);
}

static void push_weak(struct test_heap *t, size_t target)
{
    ck_assert_int_eq(test_reserve(t, 1 + MG_WEAK_WORDS), 0);
    test_push(t, mg_weak_new(&t->heap, *test_at(t, target)));
}

/* In a small heap. */
UNIT_CASE(small_heap)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_new(&t, MG_FORMAT_SLOTS, 2);
    push_weak(&t, 0);
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(target_of(&t, 1), *test_at(&t, 0));
    *test_at(&t, 0) = MG_NIL;
    ck_assert(mg_is_pointer(target_of(&t, 1)));
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(target_of(&t, 1), MG_NIL);
    test_audit(&t);
    test_heap_deinit(&t);
}

/* Immediates stay, a weak reference to itself lives by others only, chains fall as a whole. */
UNIT_CASE(odd_targets)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_push(&t, mg_small(7));
    push_weak(&t, 0);
    push_weak(&t, 1); /* to a weak reference */
    mg_store(&t.heap, mg_object(*test_at(&t, 1)), MG_WEAK_TARGET, *test_at(&t, 1));
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(target_of(&t, 1), *test_at(&t, 1));
    ck_assert_uint_eq(target_of(&t, 2), *test_at(&t, 1));
    *test_at(&t, 1) = mg_small(0);
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(target_of(&t, 2), MG_NIL);
    test_audit(&t);
    test_heap_deinit(&t);
}

/* A heap that is generational, with a stack slot for a target and old weak references. */
static void make_generational(struct test_heap *t)
{
    test_new(t, MG_FORMAT_ARRAY, MG_GENERATIONAL_WORDS + 100);
    mg_heap_collect(&t->heap, true, &t->roots);
    mg_heap_collect(&t->heap, true, &t->roots);
    ck_assert(t->heap.flags & MG_HEAP_GENERATIONAL);
}

/* In a generational heap: young to young, old to young, old to old. */
UNIT_CASE(generational_heap)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    make_generational(&t);
    test_new(&t, MG_FORMAT_SLOTS, 1); /* 1 */
    push_weak(&t, 1);                 /* 2 */
    push_weak(&t, 1);                 /* 3 */
    test_new(&t, MG_FORMAT_SLOTS, 1); /* 4 */
    push_weak(&t, 4);                 /* 5: loses its target in the minor collection */
    *test_at(&t, 4) = MG_NIL;
    mg_heap_collect(&t.heap, false, &t.roots);
    test_audit(&t);
    ck_assert_uint_eq(target_of(&t, 2), *test_at(&t, 1));
    ck_assert_uint_eq(target_of(&t, 5), MG_NIL);

    test_new(&t, MG_FORMAT_SLOTS, 1); /* 6: young, with an old weak reference to it */
    mg_store(&t.heap, mg_object(*test_at(&t, 3)), MG_WEAK_TARGET, *test_at(&t, 6));
    test_new(&t, MG_FORMAT_SLOTS, 1); /* 7: the same, and dies */
    mg_store(&t.heap, mg_object(*test_at(&t, 5)), MG_WEAK_TARGET, *test_at(&t, 7));
    *test_at(&t, 7) = MG_NIL;
    test_audit(&t);
    mg_heap_collect(&t.heap, false, &t.roots);
    ck_assert_uint_eq(target_of(&t, 3), *test_at(&t, 6));
    ck_assert_uint_eq(target_of(&t, 5), MG_NIL);

    *test_at(&t, 1) = MG_NIL; /* an old target is seen to be dead by a major collection only */
    mg_heap_collect(&t.heap, false, &t.roots);
    ck_assert(mg_is_pointer(target_of(&t, 2)));
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(target_of(&t, 2), MG_NIL);
    ck_assert_uint_eq(target_of(&t, 3), *test_at(&t, 6));
    test_audit(&t);
    test_heap_deinit(&t);
}

/* Large objects do not move, and their death is noticed. */
UNIT_CASE(large_targets)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_new(&t, MG_FORMAT_ARRAY, MG_LARGE_WORDS);
    push_weak(&t, 0);
    mg_heap_collect(&t.heap, true, &t.roots);
    mg_value there = *test_at(&t, 0);
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(*test_at(&t, 0), there);
    ck_assert_uint_eq(target_of(&t, 1), there);
    *test_at(&t, 0) = MG_NIL;
    mg_heap_collect(&t.heap, true, &t.roots);
    ck_assert_uint_eq(target_of(&t, 1), MG_NIL);
    test_audit(&t);
    test_heap_deinit(&t);
}

UNIT_MAIN("object/weak", small_heap, odd_targets, generational_heap, large_targets)
