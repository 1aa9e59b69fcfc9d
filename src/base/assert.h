/* SPDX-License-Identifier: MIT */
/* Assertions in three strengths, and the panic they end in.
 *
 *     CHECK(c)     always on: cheap, at borders, about memory safety
 *     ASSERT(c)    debug, sanitizer and stress profiles (MG_DEBUG)
 *     AUDIT(stmt)  stress profile only (MG_STRESS): walks whole structures
 *
 * Conditions have no side effects: only CHECK evaluates its condition in every profile. Better to
 * stop than to go on wrong: a failed assertion is a bug of the runtime, never an answer to bad
 * input.
 *
 * Threads: callable from any thread, and from signal handlers (nothing is allocated).
 */
#ifndef MG_BASE_ASSERT_H
#define MG_BASE_ASSERT_H

#include "base/compiler.h"

/* Prints `maggie: panic: ` with the formatted text, the thread and a C backtrace on stderr, then
 * aborts. */
MG_NORETURN MG_COLD void mg_panic(const char *fmt, ...) MG_PRINTF(1, 2);

/* Where CHECK and ASSERT end up: panics with the condition's text and its place. */
MG_NORETURN MG_COLD void mg_assert_failed(const char *kind, const char *condition, const char *file,
                                          int line, const char *function);

#define CHECK(c) \
    (MG_LIKELY(c) ? (void)0 : mg_assert_failed("CHECK", #c, __FILE__, __LINE__, __func__))

#ifdef MG_DEBUG
#define ASSERT(c) \
    (MG_LIKELY(c) ? (void)0 : mg_assert_failed("ASSERT", #c, __FILE__, __LINE__, __func__))
/* A place that cannot be reached; release builds let the compiler rely on it. */
#define MG_UNREACHABLE() mg_assert_failed("UNREACHABLE", "here", __FILE__, __LINE__, __func__)
#else
/* The condition is still compiled, so that it cannot rot, but it is never evaluated. */
#define ASSERT(c) ((void)(0 && (c)))
#define MG_UNREACHABLE() __builtin_unreachable()
#endif

#ifdef MG_STRESS
#define AUDIT(stmt) \
    do {            \
        stmt;       \
    } while (0)
#else
#define AUDIT(stmt) ((void)0)
#endif

#endif
