/* SPDX-License-Identifier: MIT */
/* An audit that sees nothing is worthless: each kind of damage is done on purpose, and must be
 * noticed. */
#include "object/audit.h"

#include "object/heap_side.h"
#include "support/heap.h"
#include "support/unit.h"

/* A generational heap with an old array (0), an old object (1), a young object (2), a string
 * (3). */
static void heap_init(struct test_heap *t)
{
    test_heap_init(t, UINT64_MAX);
    test_new(t, MG_FORMAT_ARRAY, MG_GENERATIONAL_WORDS + 1);
    test_new(t, MG_FORMAT_SLOTS, 3);
    mg_heap_collect(&t->heap, true, &t->roots);
    mg_heap_collect(&t->heap, true, &t->roots);
    test_new(t, MG_FORMAT_SLOTS, 3);
    test_string(t, "abcde", 5);
}

typedef void (*damage)(struct test_heap *t);

static void run_audit(void *argument)
{
    struct test_heap t;
    heap_init(&t);
    ((damage)argument)(&t);
    test_audit(&t);
    test_heap_deinit(&t);
}

static void nothing(struct test_heap *t)
{
    mg_store(&t->heap, mg_object(*test_at(t, 0)), 5000, *test_at(t, 2));
    mg_store(&t->heap, mg_object(*test_at(t, 1)), 0, *test_at(t, 2));
}

static void forget_to_remember(struct test_heap *t)
{
    mg_object(*test_at(t, 1))->words[0] = *test_at(t, 2);
}

static void forget_the_card(struct test_heap *t)
{
    mg_store(&t->heap, mg_object(*test_at(t, 0)), 5000, *test_at(t, 2));
    mg_object(*test_at(t, 0))->words[1] = *test_at(t, 2);
}

static void point_into_an_object(struct test_heap *t)
{
    mg_object(*test_at(t, 2))->words[0] = *test_at(t, 2) + 8;
}

static void point_to_nowhere(struct test_heap *t)
{
    static uint64_t elsewhere[2];
    elsewhere[0] = mg_header(TEST_CLASS, MG_FORMAT_SLOTS, 1);
    elsewhere[1] = MG_NIL;
    test_push(t, mg_pointer((struct mg_object *)elsewhere));
}

static void odd_immediate(struct test_heap *t)
{
    mg_object(*test_at(t, 2))->words[0] = 0x73;
}

static void wrong_size(struct test_heap *t)
{
    mg_object(*test_at(t, 2))->header += (uint64_t)1 << MG_HEADER_SLOTS_SHIFT;
}

static void wrong_format(struct test_heap *t)
{
    mg_object(*test_at(t, 2))->header += (uint64_t)11 << MG_HEADER_FORMAT_SHIFT;
}

static void wrong_generation(struct test_heap *t)
{
    mg_object(*test_at(t, 2))->header |= MG_GC_OLD;
}

static void wrong_ascii(struct test_heap *t)
{
    mg_object(*test_at(t, 3))->header &= ~MG_FLAG_ASCII;
}

static void dirty_padding(struct test_heap *t)
{
    ((char *)&mg_object(*test_at(t, 3))->words[1])[6] = 1;
}

static void unlisted(struct test_heap *t)
{
    CHECK(test_reserve(t, 10) == 0);
    test_push(t, mg_weak_new(&t->heap, MG_NIL));
    t->heap.off_heap = NULL;
}

static void listed_twice(struct test_heap *t)
{
    CHECK(test_reserve(t, 10) == 0);
    test_push(t, mg_weak_new(&t->heap, MG_NIL));
    *mg_off_heap_next(t->heap.off_heap, MG_FORMAT_WEAK) = (uintptr_t)t->heap.off_heap;
}

static void wrong_figure(struct test_heap *t)
{
    t->heap.side->old_words++;
}

static void left_mark(struct test_heap *t)
{
    t->heap.side->large->marked = 1;
}

/* A heap in order passes. */
UNIT_CASE(passes_what_is_right)
{
    run_audit((void *)nothing);
}

/* Each damage is noticed. */
UNIT_CASE(notices_damage)
{
    static const damage damages[] = {
        forget_to_remember, forget_the_card, point_into_an_object, point_to_nowhere, odd_immediate,
        wrong_size,         wrong_format,    wrong_generation,     wrong_ascii,      dirty_padding,
        unlisted,           listed_twice,    wrong_figure,         left_mark,
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(damages); i++)
        ck_assert_msg(unit_dies(run_audit, (void *)damages[i]), "damage %zu", i);
}

/* A fragment whose pointers lead out of it. */
static void bad_fragment(void *argument)
{
    uint64_t words[] = {mg_header(TEST_CLASS, MG_FORMAT_SLOTS, 1), MG_NIL,
                        mg_header(TEST_CLASS, MG_FORMAT_SLOTS, 1), MG_NIL};
    words[1] = mg_pointer((struct mg_object *)&words[2]);
    struct mg_fragment f = {.first = words, .words = argument ? 2 : 4};
    mg_fragment_audit(&f, NULL, 0);
}

/* F1 is looked at. */
UNIT_CASE(notices_pointers_out_of_fragments)
{
    char reason;
    bad_fragment(NULL);
    ck_assert(unit_dies(bad_fragment, &reason));
}

UNIT_MAIN("object/audit", passes_what_is_right, notices_damage, notices_pointers_out_of_fragments)
