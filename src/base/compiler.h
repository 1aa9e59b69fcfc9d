/* SPDX-License-Identifier: MIT */
/* What the compiler is told: branch hints, attributes, and the few facts about the target that the
 * rest of the project relies on.
 *
 * C1  The target is little-endian with 64-bit pointers; anything else does not build.
 *
 * Threads: none. Memory: none.
 */
#ifndef MG_BASE_COMPILER_H
#define MG_BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>

/* Branch hints. The value of the expression is its truth, 0 or 1. */
#define MG_LIKELY(x) (__builtin_expect(!!(x), 1))
#define MG_UNLIKELY(x) (__builtin_expect(!!(x), 0))

/* A parameter, variable or static function that one of the profiles does not use. */
#define MG_UNUSED __attribute__((unused))

/* Keeps a slow path out of its caller, so that the fast path stays small. */
#define MG_NOINLINE __attribute__((noinline))
#define MG_ALWAYS_INLINE inline __attribute__((always_inline))

/* A seldom taken path: moved away from hot code, and calls to it count as unlikely. */
#define MG_COLD __attribute__((cold, noinline))

#define MG_NORETURN __attribute__((noreturn))

/* The result of a fallible function must be looked at. */
#define MG_MUST_CHECK __attribute__((warn_unused_result))

/* The format string is argument `fmt`, its values start at argument `args`; both count from 1. */
#define MG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* A case that goes on into the next one. */
#define MG_FALLTHROUGH __attribute__((fallthrough))

/* Fields that different threads write stand on lines of their own. */
#define MG_CACHE_LINE 64
#define MG_CACHE_ALIGNED __attribute__((aligned(MG_CACHE_LINE)))

#define MG_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The structure that holds `member` at `ptr`. */
#define MG_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* `n` rounded up to a multiple of `align`, a power of two. */
#define MG_ALIGN_UP(n, align) (((n) + ((align)-1)) & ~((size_t)(align)-1))

_Static_assert(sizeof(void *) == 8, "C1: pointers have 64 bits");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "C1: little-endian only");

#endif
