/* SPDX-License-Identifier: MIT */
/* Identity, equality and hash of values, as far as no Maggie code has a say in them.
 *
 *      kind                        ==                 =  (intrinsic)         hash
 *      nil, true, false, classes   same bits          same bits              of the bits
 *      characters                  same bits          same bits              code point
 *      numbers                     same bits; Floats  mathematical value,    that of number.h:
 *                                  by their 64 bits   NaN never              equal ones alike
 *      symbols                     same text          same text              symbol id, or text
 *      strings                     same object        same bytes             mg_hash_bytes
 *      processes                   same process       same process           of the process id
 *      Tables (handles)            same table         same table             of the table's number
 *      all other objects           same object        unknown, unless same   unknown
 *
 * E1  Values that are equal have equal hashes; identical values are equal, but for NaN.
 * E2  A kind with intrinsic equality is equal to nothing of another kind (numbers are one kind). So
 *     if a has it, whether `a = b` is always yes or no; if a does not, it is known only when b is a
 *     itself.
 *
 * A symbol that came from another node and is not interned here is an object: class Symbol, format
 * STRING. Two of them are compared by text. One whose name is interned later stays different from
 * the interned one.
 *
 * Threads: the thread that runs the actor (a hash may be noted in a string).
 */
#ifndef MG_OBJECT_EQUAL_H
#define MG_OBJECT_EQUAL_H

#include "object/object.h"

enum mg_equality {
    MG_EQUAL_NO,
    MG_EQUAL_YES,
    MG_EQUAL_UNKNOWN, /* a is an object whose = is written in Maggie */
};

/* ==, for values whose bits differ. */
bool mg_identical_slow(mg_value a, mg_value b);

/* Whether two values are the same (==). */
static inline bool mg_identical(mg_value a, mg_value b)
{
    return a == b || (mg_is_pointer(a) && mg_is_pointer(b) && mg_identical_slow(a, b));
}

/* Whether `a = b`, if that can be said here. */
enum mg_equality mg_equal(mg_value a, mg_value b);

/* Whether = and hash of this value are intrinsic; all immediates, and the objects of the table
 * above. */
bool mg_equal_is_intrinsic(mg_value v);

/* mg_equal_hash, for objects and immediate floats. */
bool mg_equal_hash_slow(mg_value v, int64_t *hash);

/* The hash of a value with intrinsic equality, which always fits a SmallInteger; false for others.
 */
static inline bool mg_equal_hash(mg_value v, int64_t *hash)
{
    if (MG_LIKELY(mg_is_small(v))) {
        *hash = mg_small_value(v);
        return true;
    }
    if ((v & MG_TAG_MASK) == MG_TAG_OTHER) {
        *hash = (int64_t)(v >> ((v & MG_KIND_MASK) == MG_KIND_SPECIAL ? 4 : 8));
        return true;
    }
    return mg_equal_hash_slow(v, hash);
}

#endif
