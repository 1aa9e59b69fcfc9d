/* SPDX-License-Identifier: MIT */
/* The assertion macros themselves, in every profile: which are evaluated, and what a panic says. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "support/unit.h"

static int evaluated(int *count)
{
    ++*count;
    return 1;
}

static void fail_check(void *argument)
{
    const char *this_one_fails = argument;
    CHECK(this_one_fails);
}

static void fail_assert(void *argument)
{
    (void)argument;
    ASSERT(1 + 1 == 3);
}

static void fail_panic(void *argument)
{
    mg_panic("the %s has %d holes", (const char *)argument, 3);
}

static void fail_long(void *argument)
{
    (void)argument;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    mg_panic("%s", text);
}

/* CHECK stays in every profile and evaluates its condition once. */
UNIT_CASE(check_is_always_on)
{
    int count = 0;
    CHECK(evaluated(&count));
    ck_assert_int_eq(count, 1);
    ck_assert(unit_dies(fail_check, NULL));
}

/* ASSERT is evaluated in the profiles with assertions and in no other. */
UNIT_CASE(assert_is_for_debug)
{
    int count = 0;
    ASSERT(evaluated(&count));
    ck_assert_int_eq(count, UNIT_HAS_ASSERT);
    ck_assert_int_eq(unit_dies(fail_assert, NULL), UNIT_HAS_ASSERT);
}

/* AUDIT runs its statement in the stress profile only. */
UNIT_CASE(audit_is_for_stress)
{
    int count = 0;
    AUDIT(count++);
#ifdef MG_STRESS
    ck_assert_int_eq(count, 1);
#else
    ck_assert_int_eq(count, 0);
#endif
}

/* The macros are single statements: an unbraced if with an else takes them. */
UNIT_CASE(macros_are_statements)
{
    int way = 0;
    if (way)
        CHECK(way);
    else
        way = 2;
    if (way == 0)
        ASSERT(way);
    else
        way = 3;
    if (way == 0)
        AUDIT(way = 5);
    else
        way = 4;
    ck_assert_int_eq(way, 4);
}

/* A failed check names its condition and its place; a panic prints its text. */
UNIT_CASE(panic_says_what_and_where)
{
    char *text = unit_stderr(fail_check, NULL);
    ck_assert_ptr_nonnull(strstr(text, "maggie: panic (thread "));
    ck_assert_ptr_nonnull(strstr(text, "this_one_fails"));
    ck_assert_ptr_nonnull(strstr(text, "fail_check at "));
    ck_assert_ptr_nonnull(strstr(text, "base_assert.c:"));
    free(text);

    char cheese[] = "cheese";
    text = unit_stderr(fail_panic, cheese);
    ck_assert_ptr_nonnull(strstr(text, "the cheese has 3 holes\n"));
    free(text);
}

/* A text longer than the report's buffer is cut, not overrun. */
UNIT_CASE(long_panics_are_cut)
{
    ck_assert(unit_dies(fail_long, NULL));
    char *text = unit_stderr(fail_long, NULL);
    ck_assert_ptr_nonnull(strstr(text, "xxxx\n"));
    free(text);
}

UNIT_MAIN("base/assert", check_is_always_on, assert_is_for_debug, audit_is_for_stress,
          macros_are_statements, panic_says_what_and_where, long_panics_are_cut)
