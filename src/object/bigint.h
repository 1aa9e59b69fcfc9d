/* SPDX-License-Identifier: MIT */
/* Integers of any size: sign and magnitude in a heap object, worked on by GMP's mpn functions.
 *
 *      header | info word: sign bit 63, limb count | limb 0, the lowest | ... | highest, not 0
 *
 * All functions take integers of both classes: a SmallInteger is looked at as one limb. Results
 * that fit a SmallInteger are SmallIntegers.
 *
 * N1  A BigInteger never holds a value that fits a SmallInteger, and its highest limb is not zero.
 *     So equal integers have equal bits, limb by limb.
 * N2  No result has more than MG_BIGINT_LIMBS_MAX limbs; an operation that would exceed it answers
 *     MG_INTEGER_TOO_LARGE and allocates nothing.
 * N3  Room is reserved by the caller, as many words as the `_words` function says for the same
 *     operands; what is not used of it stays free (the result is the youngest object of the heap).
 *
 * Threads: the thread that runs the actor; printing and comparing may look at SHARED objects from
 * any thread. Memory: results live in the heap; scratch memory of long operations is freed before
 * they return.
 */
#ifndef MG_OBJECT_BIGINT_H
#define MG_OBJECT_BIGINT_H

#include "base/compiler.h"
#include "base/limits.h"
#include "object/object.h"

struct mg_heap;

/* One limb more than the limit says, so that `1 bitShift: limit` is still a number. */
#define MG_BIGINT_LIMBS_MAX ((uint32_t)(MG_LIMIT_SHIFT_BITS / 64 + 1))

/* Body words of a BigInteger in front of its limbs. */
#define MG_BIGINT_INFO 0
#define MG_BIGINT_LIMBS 1
#define MG_BIGINT_SIGN ((uint64_t)1 << 63)

/* Conditions that the caller turns into exceptions. */
enum mg_integer_result {
    MG_INTEGER_OK,
    MG_INTEGER_ZERO_DIVIDE,
    MG_INTEGER_TOO_LARGE, /* N2 */
};

enum mg_integer_op {
    MG_INTEGER_ADD,
    MG_INTEGER_SUBTRACT,
    MG_INTEGER_MULTIPLY,
    MG_INTEGER_QUOTIENT,        /* rounded towards zero */
    MG_INTEGER_REMAINDER,       /* of that: the sign of the dividend */
    MG_INTEGER_FLOOR_QUOTIENT,  /* rounded towards minus infinity */
    MG_INTEGER_FLOOR_REMAINDER, /* of that: the sign of the divisor */
    MG_INTEGER_AND,             /* bits as in two's complement of unbounded width */
    MG_INTEGER_OR,
    MG_INTEGER_XOR,
    MG_INTEGER_SHIFT, /* left; right, towards minus infinity, where b is negative */
    MG_INTEGER_GCD,   /* not negative */
};

/* An integer of either class as sign and limbs. `limbs` may point into the view itself or into the
 * object: the view is not to be copied, and dies with the next collection. */
struct mg_integer {
    const uint64_t *limbs;
    uint32_t count; /* 0 for zero */
    bool negative;
    uint64_t one;
};

static inline bool mg_is_bigint(mg_value v)
{
    return mg_has_format(v, MG_FORMAT_BIGINT);
}
static inline bool mg_is_integer(mg_value v)
{
    return mg_is_small(v) || mg_is_bigint(v);
}

/* Looks at an integer. */
void mg_integer_view(mg_value v, struct mg_integer *out);

/* -1, 0 or 1. */
int mg_integer_sign(mg_value v);

/* Bits of the magnitude; 0 for zero. */
uint64_t mg_integer_bits(mg_value v);

/* Whether the integer is odd. */
bool mg_integer_is_odd(mg_value v);

/* Words to reserve for mg_integer_op with these operands. */
size_t mg_integer_op_words(enum mg_integer_op op, mg_value a, mg_value b);

/* Computes; a and b are integers. Answers an mg_integer_result; *out is written when it is OK. */
MG_MUST_CHECK int mg_integer_op(struct mg_heap *heap, enum mg_integer_op op, mg_value a, mg_value b,
                                mg_value *out);

/* About how many units of 20 ns the operation takes, for charging it. */
uint64_t mg_integer_op_work(enum mg_integer_op op, mg_value a, mg_value b);

/* Negative, 0, positive as a is less than, equal to, greater than b. */
int mg_integer_compare(mg_value a, mg_value b);

/* The same for an integer and a double that is finite or infinite, exactly. */
int mg_integer_compare_double(mg_value a, double d);

/* The nearest double, ties to even; an infinity beyond the greatest. */
double mg_integer_to_double(mg_value v);

/* The hash that equal integers share, and doubles that are integers with them: for those that fit a
 * SmallInteger the value itself, for others 32 bits of their limbs. */
int64_t mg_integer_hash(mg_value v);
int64_t mg_integer_hash_double(double d); /* d is finite and integral */

/* Words to reserve for the integers below. */
#define MG_INTEGER_WORDS_64 3
size_t mg_integer_words_double(double d);
size_t mg_integer_words_limbs(uint32_t count);

/* Makes integers. From a double that is finite and integral; from `count` limbs, lowest first, of
 * which the highest may be zero and which may not lie in this heap (count <= MG_BIGINT_LIMBS_MAX).
 */
mg_value mg_integer_from_int64(struct mg_heap *heap, int64_t n);
mg_value mg_integer_from_uint64(struct mg_heap *heap, uint64_t n);
mg_value mg_integer_from_double(struct mg_heap *heap, double d);
mg_value mg_integer_from_limbs(struct mg_heap *heap, const uint64_t *limbs, uint32_t count,
                               bool negative);

/* True when the integer lies in the range; then *out is it. */
bool mg_integer_to_int64(mg_value v, int64_t *out);
bool mg_integer_to_uint64(mg_value v, uint64_t *out);

/* Upper bound of the bytes mg_integer_print writes, without a terminating zero. radix is 2 to 36.
 */
size_t mg_integer_print_size(mg_value v, uint32_t radix);

/* Writes the digits, lower-case, after a `-` if need be; answers how many bytes. No zero is put
 * behind them. */
size_t mg_integer_print(mg_value v, uint32_t radix, char *out);

/* Upper bound of the limbs a number of so many digits needs. */
uint64_t mg_integer_parse_limbs_max(size_t digits, uint32_t radix);

/* Reads digits (0-9, a-z, A-Z below the radix; at least one; no sign) into limbs, room for
 * mg_integer_parse_limbs_max of them. Answers the limb count without leading zeros, or UINT32_MAX
 * when a byte is no digit of the radix or the number is too large (N2). */
uint32_t mg_integer_parse_limbs(const char *text, size_t len, uint32_t radix, uint64_t *limbs);

/* Words to reserve for mg_integer_parse of a text of this length. */
size_t mg_integer_parse_words(size_t len, uint32_t radix);

/* Reads an optional sign and digits, the whole text. False when it is no number or too large.
 * `text` may not lie in this heap's free room but may lie in its objects. */
MG_MUST_CHECK bool mg_integer_parse(struct mg_heap *heap, const char *text, size_t len,
                                    uint32_t radix, mg_value *out);

/* Stops the process if the object does not hold N1. */
void mg_bigint_audit(const struct mg_object *o);

#endif
