/* SPDX-License-Identifier: MIT */
/* A thin face on check (https://libcheck.github.io/check/) for unit tests: cases, a main, and
 * deaths.
 *
 *     // A new vector has no room.
 *     UNIT_CASE(starts_empty)
 *     {
 *         ck_assert_uint_eq(0, mg_thing_len(&thing));
 *     }
 *
 *     UNIT_MAIN("base/thing", starts_empty)
 *
 * Each case runs in a process of its own, except under the sanitizers, which see more without the
 * fork.
 */
#ifndef MG_TEST_SUPPORT_UNIT_H
#define MG_TEST_SUPPORT_UNIT_H

#include <check.h>
#include <stdbool.h>

#include "base/compiler.h"

/* Begins a case; a body in braces follows. Lead it with its property in one sentence. A case that
 * is not named in UNIT_MAIN does not compile. */
#define UNIT_CASE(name)                                                        \
    static void name##_case(int index);                                        \
    static const TTest name##_test = {#name, name##_case, __FILE__, __LINE__}; \
    static const TTest *const name = &name##_test;                             \
    static void name##_case(int index MG_UNUSED)

/* The main of the test program: runs the cases in this order. */
#define UNIT_MAIN(suite, ...)                               \
    int main(void)                                          \
    {                                                       \
        const TTest *const cases[] = {__VA_ARGS__};         \
        return unit_run(suite, cases, MG_ARRAY_LEN(cases)); \
    }

/* Runs the cases and prints check's summary; the result is main's. */
int unit_run(const char *suite, const TTest *const *cases, size_t count);

/* True when the function ends in a panic (an abort); it runs in a child whose stderr is thrown
 * away. */
bool unit_dies(void (*function)(void *), void *argument);

/* Runs the function in a child and returns what it wrote to stderr, as a C string to release with
 * free. */
char *unit_stderr(void (*function)(void *), void *argument);

/* Whether this profile evaluates ASSERT, for cases that provoke one. */
#ifdef MG_DEBUG
#define UNIT_HAS_ASSERT 1
#else
#define UNIT_HAS_ASSERT 0
#endif

#endif
