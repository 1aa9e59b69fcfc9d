/* SPDX-License-Identifier: MIT */
/* Arithmetic and comparison of numbers of all three kinds: SmallInteger, BigInteger, Float.
 *
 *      integer op integer   exact (bigint.h); `/` rounds towards zero
 *      with a Float         both become doubles; IEEE, so `/` never fails
 *      comparison           of the mathematical values, exactly, whatever the classes
 *
 * The quotients and remainders, for integers and Floats alike:
 *
 *      a / b      integers: towards zero; Floats: the quotient itself
 *      a quo: b   towards zero, an Integer             a rem: b   a - (a quo: b) * b, sign of a
 *      a // b     towards minus infinity, an Integer   a \\ b     a - (a // b) * b, sign of b
 *
 * A1  Equal numbers have equal hashes, across classes; NaN equals nothing, and 0.0 equals -0.0.
 * A2  mg_number_op allocates no more than mg_number_words said for the same operands.
 *
 * The interpreter does sums and comparisons of two SmallIntegers, and of two immediate Floats,
 * itself; these functions are for the rest, but take everything.
 *
 * Threads: the thread that runs the actor. Memory: results live in the heap, with room reserved by
 * the caller.
 */
#ifndef MG_OBJECT_NUMBER_H
#define MG_OBJECT_NUMBER_H

#include "object/bigint.h"
#include "object/float.h"

enum mg_number_op {
    MG_NUMBER_ADD,
    MG_NUMBER_SUBTRACT,
    MG_NUMBER_MULTIPLY,
    MG_NUMBER_DIVIDE,       /* / */
    MG_NUMBER_FLOOR_DIVIDE, /* // */
    MG_NUMBER_MODULO,       /* \\ */
    MG_NUMBER_QUOTIENT,     /* quo: */
    MG_NUMBER_REMAINDER,    /* rem: */
    MG_NUMBER_BIT_AND,
    MG_NUMBER_BIT_OR,
    MG_NUMBER_BIT_XOR,
    MG_NUMBER_BIT_SHIFT,
    MG_NUMBER_GCD,
    MG_NUMBER_OP_COUNT
};

/* What became of an operation; all but OK are for the caller to turn into exceptions. */
enum mg_number_result {
    MG_NUMBER_OK = MG_INTEGER_OK,
    MG_NUMBER_ZERO_DIVIDE = MG_INTEGER_ZERO_DIVIDE, /* "division by zero" */
    MG_NUMBER_TOO_LARGE = MG_INTEGER_TOO_LARGE, /* the result, or the shift, is beyond the limit */
    MG_NUMBER_NOT_NUMBER,                       /* b (or a) is no number */
    MG_NUMBER_NOT_INTEGER,                      /* bits and gcd: an operand is no integer */
    MG_NUMBER_NOT_FINITE,                       /* an Integer was asked of a NaN or an infinity */
};

static inline bool mg_is_number(mg_value v)
{
    return mg_is_small(v) || mg_is_float(v) || mg_is_bigint(v);
}

/* The words to reserve for mg_number_op; any values (0 for what is no number). */
size_t mg_number_words(enum mg_number_op op, mg_value a, mg_value b);

/* Computes. a and b may be any values. Answers an mg_number_result; *out is written when it is OK.
 */
MG_MUST_CHECK int mg_number_op(struct mg_heap *heap, enum mg_number_op op, mg_value a, mg_value b,
                               mg_value *out);

/* About how many units of 20 ns the operation takes beyond the first, to be charged: 0 for all but
 * long integers. */
uint64_t mg_number_work(enum mg_number_op op, mg_value a, mg_value b);

/* The order of two numbers; UNORDERED when one is a NaN. */
enum mg_order { MG_ORDER_LESS = -1, MG_ORDER_EQUAL, MG_ORDER_GREATER, MG_ORDER_UNORDERED };
enum mg_order mg_number_compare(mg_value a, mg_value b);

/* Whether two numbers are mathematically equal (A1). */
bool mg_number_equal(mg_value a, mg_value b);

/* The hash of a number (A1): an integer that fits a SmallInteger is its own hash; the hash of all
 * others is below 2^32. It always fits a SmallInteger. */
int64_t mg_number_hash(mg_value v);

/* The nearest double of a number. */
double mg_number_to_double(mg_value v);

/* Rounds a number to an Integer; integers answer themselves. Answers OK, NOT_FINITE or NOT_NUMBER.
 */
size_t mg_number_round_words(mg_value v);
MG_MUST_CHECK int mg_number_round(struct mg_heap *heap, enum mg_rounding rounding, mg_value v,
                                  mg_value *out);

/* Reads a whole text as an Integer (decimal digits) or a Float (with a point or exponent, or a word
 * for an infinity or NaN). False when it is no number. */
size_t mg_number_parse_words(size_t len);
MG_MUST_CHECK bool mg_number_parse(struct mg_heap *heap, const char *text, size_t len,
                                   mg_value *out);

#endif
