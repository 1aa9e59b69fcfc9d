/* SPDX-License-Identifier: MIT */
/* A value is one 64-bit word. This is the only file that knows its bits.
 *
 *      low bits   meaning                         payload
 *      ...00      SmallInteger                    62 bits, two's complement: value << 2
 *      ...01      pointer to an object            address | 1; objects are 8-byte aligned
 *      ...10      immediate Float                 see below
 *      0011       nil, false, true, marks         0x03 nil, 0x13 false, 0x23 true, 0x33, 0x43 marks
 *      0111       Character                       code point << 8
 *      1011       Symbol                          symbol id << 8
 *      1111       class                           class id << 8
 *
 * Immediate floats are the doubles whose exponent lies within 2^-255 .. 2^256, and +0.0. Their
 * three bits below the sign are 011 or 100. One is added to these, which makes them 10x and lets no
 * other double begin so; then a rotation left by three brings the sign, the 1 and the 0 to the low
 * end, where the latter two are the tag. All other doubles are boxed (object.h).
 *
 * V1  A raw address that is a multiple of four reads as a SmallInteger, so saved code pointers,
 *     program counters and offsets in a stack need no marking: the collector passes over them.
 * V2  nil is the only value whose bits a fresh slot holds; it is not zero, so slots must be filled.
 * V3  Two values with the same bits are identical; values with different bits may be too (boxed
 *     floats, process handles, symbols not interned here): only mg_identical (equal.h) decides.
 * V4  Nothing in one actor's heap points into another's. A pointer leads into the actor's own heap,
 *     into a fragment it adopted, or to an object with the shared bit (a literal of published code:
 *     immutable, never freed before the code is).
 *
 * Threads: pure functions.
 */
#ifndef MG_OBJECT_VALUE_H
#define MG_OBJECT_VALUE_H

#include "base/assert.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t mg_value;

struct mg_object;

#define MG_NIL ((mg_value)0x03)
#define MG_FALSE ((mg_value)0x13)
#define MG_TRUE ((mg_value)0x23)
#define MG_TOMBSTONE \
    ((mg_value)0x33) /* a removed entry of a hashed collection; never seen by programs */
#define MG_UNSET \
    ((mg_value)0x43) /* a class variable or global that has no value; never seen by programs */

#define MG_TAG_BITS 2
#define MG_TAG_MASK ((mg_value)3)
#define MG_TAG_SMALL ((mg_value)0)
#define MG_TAG_POINTER ((mg_value)1)
#define MG_TAG_FLOAT ((mg_value)2)
#define MG_TAG_OTHER ((mg_value)3)

#define MG_KIND_MASK ((mg_value)0xf)
#define MG_KIND_SPECIAL ((mg_value)0x3)
#define MG_KIND_CHARACTER ((mg_value)0x7)
#define MG_KIND_SYMBOL ((mg_value)0xb)
#define MG_KIND_CLASS ((mg_value)0xf)

#define MG_SMALL_MAX (((int64_t)1 << 61) - 1)
#define MG_SMALL_MIN (-((int64_t)1 << 61))

static inline bool mg_is_small(mg_value v)
{
    return (v & MG_TAG_MASK) == MG_TAG_SMALL;
}
static inline bool mg_is_pointer(mg_value v)
{
    return (v & MG_TAG_MASK) == MG_TAG_POINTER;
}
static inline bool mg_is_float_immediate(mg_value v)
{
    return (v & MG_TAG_MASK) == MG_TAG_FLOAT;
}
static inline bool mg_is_character(mg_value v)
{
    return (v & MG_KIND_MASK) == MG_KIND_CHARACTER;
}
static inline bool mg_is_symbol(mg_value v)
{
    return (v & MG_KIND_MASK) == MG_KIND_SYMBOL;
}
static inline bool mg_is_class(mg_value v)
{
    return (v & MG_KIND_MASK) == MG_KIND_CLASS;
}
static inline bool mg_is_boolean(mg_value v)
{
    return v == MG_TRUE || v == MG_FALSE;
}
static inline bool mg_both_small(mg_value a, mg_value b)
{
    return ((a | b) & MG_TAG_MASK) == 0;
}

static inline bool mg_small_fits(int64_t n)
{
    return n >= MG_SMALL_MIN && n <= MG_SMALL_MAX;
}
/* n must fit. */
static inline mg_value mg_small(int64_t n)
{
    return (mg_value)((uint64_t)n << MG_TAG_BITS);
}
static inline int64_t mg_small_value(mg_value v)
{
    return (int64_t)v >> MG_TAG_BITS;
}

static inline mg_value mg_boolean(bool b)
{
    return b ? MG_TRUE : MG_FALSE;
}
static inline mg_value mg_character(uint32_t cp)
{
    return (mg_value)cp << 8 | MG_KIND_CHARACTER;
}
static inline uint32_t mg_character_value(mg_value v)
{
    return (uint32_t)(v >> 8);
}
static inline mg_value mg_symbol(uint32_t id)
{
    return (mg_value)id << 8 | MG_KIND_SYMBOL;
}
static inline uint32_t mg_symbol_id(mg_value v)
{
    return (uint32_t)(v >> 8);
}
static inline mg_value mg_class_value(uint32_t id)
{
    return (mg_value)id << 8 | MG_KIND_CLASS;
}
static inline uint32_t mg_class_value_id(mg_value v)
{
    return (uint32_t)(v >> 8);
}

static inline mg_value mg_pointer(const struct mg_object *o)
{
    return (mg_value)(uintptr_t)o | MG_TAG_POINTER;
}
static inline struct mg_object *mg_object(mg_value v)
{
    ASSERT(mg_is_pointer(v));
    return (struct mg_object *)(uintptr_t)(v - MG_TAG_POINTER);
}

#define MG_FLOAT_BIAS ((uint64_t)1 << 60)

/* What 2^-255 would be, which is therefore boxed. */
#define MG_FLOAT_ZERO MG_TAG_FLOAT

/* Whether the double can be immediate; if so *out is its value. */
static inline bool mg_float_immediate(double d, mg_value *out)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t biased = bits + MG_FLOAT_BIAS;
    mg_value v = biased << 3 | biased >> 61;
    if (MG_LIKELY((v & MG_TAG_MASK) == MG_TAG_FLOAT && v != MG_FLOAT_ZERO)) {
        *out = v;
        return true;
    }
    *out = MG_FLOAT_ZERO;
    return bits == 0;
}

/* The double of an immediate float. The tag is taken off first: whoever tests the tags of two
 * values so, as the loop does, has the difference at hand. */
static inline double mg_float_immediate_value(mg_value v)
{
    uint64_t rest = v ^ MG_TAG_FLOAT;
    if (MG_UNLIKELY(rest == 0)) {
        return 0.0;
    }
    uint64_t bits = (rest >> 3 | rest << 61) + (MG_TAG_FLOAT << 61) - MG_FLOAT_BIAS;
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

_Static_assert(sizeof(mg_value) == 8, "a value is one word");

#endif
