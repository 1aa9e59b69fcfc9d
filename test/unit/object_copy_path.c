/* SPDX-License-Identifier: MIT */
/* Refusals name the class and the slot. */
#include <stdio.h>

#include "base/error.h"
#include "object/copy.h"
#include "object/world.h"
#include "support/heap.h"
#include "support/unit.h"

static void check_refusal(struct test_heap *t, const struct mg_world *world, const char *expected)
{
    struct mg_copy copy;
    mg_copy_init(&copy, world, 1000);
    mg_value root = t->roots.top[-1];
    ck_assert_int_eq(mg_copy_measure(&copy, &root, 1), MG_EINVAL);
    ck_assert_str_eq(copy.refusal, expected);
    mg_copy_deinit(&copy);
}

/* A slot by its name, an element and a captured value by number, self as 0, a root by itself. */
UNIT_CASE(names_the_place)
{
    struct test_heap t;
    struct mg_world *world = mg_world_new();
    test_heap_init(&t, UINT64_MAX);
    ck_assert_int_eq(test_reserve(&t, 60), 0);
    mg_value weak = mg_weak_new(&t.heap, MG_NIL);
    test_push(&t, weak);
    check_refusal(&t, world, "WeakReference cannot be sent");

    struct mg_object *o = mg_heap_alloc_small(&t.heap, MG_CLASS_ASSOCIATION, MG_FORMAT_SLOTS, 2);
    o->words[MG_ASSOCIATION_KEY] = MG_NIL;
    o->words[MG_ASSOCIATION_VALUE] = weak;
    test_push(&t, mg_pointer(o));
    check_refusal(&t, world, "Association>>value: WeakReference cannot be sent");
    char numbers[80];
    snprintf(numbers, sizeof numbers, "class %u>>2: class %u cannot be sent", MG_CLASS_ASSOCIATION,
             MG_CLASS_WEAK_REFERENCE);
    check_refusal(&t, NULL, numbers);

    o = mg_heap_alloc(&t.heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 3);
    o->words[0] = o->words[1] = MG_NIL;
    o->words[2] = weak;
    test_push(&t, mg_pointer(o));
    check_refusal(&t, world, "Array>>3: WeakReference cannot be sent");

    o = mg_heap_alloc(&t.heap, MG_CLASS_BLOCK, MG_FORMAT_BLOCK, MG_BLOCK_CAPTURES + 2);
    o->words[MG_BLOCK_CODE] = 0;
    o->words[MG_BLOCK_SELF] = weak;
    o->words[MG_BLOCK_HOME] = mg_small(1);
    o->words[MG_BLOCK_CAPTURES] = o->words[MG_BLOCK_CAPTURES + 1] = MG_NIL;
    test_push(&t, mg_pointer(o));
    check_refusal(&t, world, "Block>>0: WeakReference cannot be sent");
    o->words[MG_BLOCK_SELF] = MG_NIL;
    o->words[MG_BLOCK_CAPTURES + 1] = weak;
    check_refusal(&t, world, "Block>>2: WeakReference cannot be sent");
    test_heap_deinit(&t);
    mg_world_free(world);
}

/* The way from the root: of a long one the last six steps. */
UNIT_CASE(names_the_way)
{
    struct test_heap t;
    struct mg_world *world = mg_world_new();
    test_heap_init(&t, UINT64_MAX);
    ck_assert_int_eq(test_reserve(&t, 600), 0);
    mg_value inner = mg_weak_new(&t.heap, MG_NIL);
    for (uint32_t depth = 1; depth <= 7; depth++) {
        /* The second is so large that its size stands in front. */
        uint32_t words = depth == 2 ? 300 : depth;
        struct mg_object *o = mg_heap_alloc(&t.heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, words);
        for (uint32_t i = 0; i < words; i++)
            o->words[i] = MG_NIL;
        o->words[depth - 1] = inner;
        inner = mg_pointer(o);
        test_push(&t, inner);
        if (depth == 3)
            check_refusal(&t, world, "Array>>3, Array>>2, Array>>1: WeakReference cannot be sent");
    }
    check_refusal(&t, world,
                  ".., Array>>6, Array>>5, Array>>4, Array>>3, Array>>2, Array>>1: "
                  "WeakReference cannot be sent");
    test_heap_deinit(&t);
    mg_world_free(world);
}

UNIT_MAIN("object/copy_path", names_the_place, names_the_way)
