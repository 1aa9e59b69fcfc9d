/* SPDX-License-Identifier: MIT */
/* Sorts operands by class and leaves the work to bigint.c and the machine's doubles.
 *
 * Threads and memory: number.h.
 */
#include "object/number.h"

#include "base/hash.h"

#include <math.h>

/* The integer operation of each operation. */
static const enum mg_integer_op integer_ops[MG_NUMBER_OP_COUNT] = {
    [MG_NUMBER_ADD] = MG_INTEGER_ADD,
    [MG_NUMBER_SUBTRACT] = MG_INTEGER_SUBTRACT,
    [MG_NUMBER_MULTIPLY] = MG_INTEGER_MULTIPLY,
    [MG_NUMBER_DIVIDE] = MG_INTEGER_QUOTIENT,
    [MG_NUMBER_FLOOR_DIVIDE] = MG_INTEGER_FLOOR_QUOTIENT,
    [MG_NUMBER_MODULO] = MG_INTEGER_FLOOR_REMAINDER,
    [MG_NUMBER_QUOTIENT] = MG_INTEGER_QUOTIENT,
    [MG_NUMBER_REMAINDER] = MG_INTEGER_REMAINDER,
    [MG_NUMBER_BIT_AND] = MG_INTEGER_AND,
    [MG_NUMBER_BIT_OR] = MG_INTEGER_OR,
    [MG_NUMBER_BIT_XOR] = MG_INTEGER_XOR,
    [MG_NUMBER_BIT_SHIFT] = MG_INTEGER_SHIFT,
    [MG_NUMBER_GCD] = MG_INTEGER_GCD,
};

/* The most words an Integer takes that is a double without its fraction. */
#define INTEGRAL_WORDS (2 + 16)

/* -- Two SmallIntegers -- */

static int64_t small_floor_quotient(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t small_floor_remainder(int64_t a, int64_t b)
{
    int64_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t small_gcd(int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)(a < 0 ? -a : a), y = (uint64_t)(b < 0 ? -b : b);
    while (y != 0) {
        uint64_t t = x % y;
        x = y;
        y = t;
    }
    return (int64_t)x;
}

/* True when the result, written to *n, was computed in 64 bits; it may not fit a SmallInteger. b is
 * not zero where it divides. */
static bool small_op(enum mg_number_op op, int64_t a, int64_t b, int64_t *n)
{
    switch (op) {
    case MG_NUMBER_ADD:
        *n = a + b;
        return true;
    case MG_NUMBER_SUBTRACT:
        *n = a - b;
        return true;
    case MG_NUMBER_MULTIPLY:
        return !__builtin_mul_overflow(a, b, n);
    case MG_NUMBER_DIVIDE:
    case MG_NUMBER_QUOTIENT:
        *n = a / b;
        return true;
    case MG_NUMBER_FLOOR_DIVIDE:
        *n = small_floor_quotient(a, b);
        return true;
    case MG_NUMBER_MODULO:
        *n = small_floor_remainder(a, b);
        return true;
    case MG_NUMBER_REMAINDER:
        *n = a % b;
        return true;
    case MG_NUMBER_BIT_AND:
        *n = a & b;
        return true;
    case MG_NUMBER_BIT_OR:
        *n = a | b;
        return true;
    case MG_NUMBER_BIT_XOR:
        *n = a ^ b;
        return true;
    case MG_NUMBER_BIT_SHIFT:
        if (b <= 0) {
            *n = a >> (b < -63 ? 63 : -b);
            return true;
        }
        return b < 62 && !__builtin_mul_overflow(a, (int64_t)1 << b, n);
    case MG_NUMBER_GCD:
        *n = small_gcd(a, b);
        return true;
    case MG_NUMBER_OP_COUNT:
        break;
    }
    MG_UNREACHABLE();
}

static bool op_divides(enum mg_number_op op)
{
    return op >= MG_NUMBER_DIVIDE && op <= MG_NUMBER_REMAINDER;
}

static bool op_needs_integers(enum mg_number_op op)
{
    return op >= MG_NUMBER_BIT_AND;
}

/* -- Floats -- */

/* The remainder with the sign of b, exactly. */
static double double_modulo(double a, double b)
{
    double r = fmod(a, b);
    if (r == 0) {
        return copysign(0.0, b);
    }
    if ((r < 0) != (b < 0)) {
        /* A finite a below an infinite b of the other sign has no remainder below b; b itself is
         * the nearest. */
        r += b;
    }
    return r;
}

/* The quotient without its fraction. The remainder is taken off first, since a / b alone may be
 * rounded up to the next whole number. */
static double double_quotient(double a, double b, bool floor_it)
{
    double r = floor_it ? double_modulo(a, b) : fmod(a, b);
    return round((a - r) / b);
}

static int double_op(struct mg_heap *heap, enum mg_number_op op, double a, double b, mg_value *out)
{
    if (op_divides(op) && op != MG_NUMBER_DIVIDE && b == 0) {
        return MG_NUMBER_ZERO_DIVIDE;
    }
    double d;
    switch (op) {
    case MG_NUMBER_ADD:
        d = a + b;
        break;
    case MG_NUMBER_SUBTRACT:
        d = a - b;
        break;
    case MG_NUMBER_MULTIPLY:
        d = a * b;
        break;
    case MG_NUMBER_DIVIDE:
        d = a / b;
        break;
    case MG_NUMBER_MODULO:
        d = double_modulo(a, b);
        break;
    case MG_NUMBER_REMAINDER:
        d = fmod(a, b);
        break;
    case MG_NUMBER_FLOOR_DIVIDE:
    case MG_NUMBER_QUOTIENT:
        d = isinf(b) && isfinite(a)
                ? (op == MG_NUMBER_FLOOR_DIVIDE && a != 0 && (a < 0) != (b < 0) ? -1.0 : 0.0)
                : double_quotient(a, b, op == MG_NUMBER_FLOOR_DIVIDE);
        if (!isfinite(d)) {
            return MG_NUMBER_NOT_FINITE;
        }
        *out = mg_integer_from_double(heap, d);
        return MG_NUMBER_OK;
    default:
        return MG_NUMBER_NOT_INTEGER;
    }
    *out = mg_float_new(heap, d);
    return MG_NUMBER_OK;
}

/* -- All together -- */

size_t mg_number_words(enum mg_number_op op, mg_value a, mg_value b)
{
    if (mg_both_small(a, b)) {
        return op == MG_NUMBER_BIT_SHIFT ? mg_integer_op_words(MG_INTEGER_SHIFT, a, b) : 2 + 2;
    }
    if (!mg_is_number(a) || !mg_is_number(b)) {
        return 0;
    }
    if (mg_is_float(a) || mg_is_float(b)) {
        return op == MG_NUMBER_FLOOR_DIVIDE || op == MG_NUMBER_QUOTIENT ? INTEGRAL_WORDS
                                                                        : MG_FLOAT_WORDS;
    }
    return mg_integer_op_words(integer_ops[op], a, b);
}

int mg_number_op(struct mg_heap *heap, enum mg_number_op op, mg_value a, mg_value b, mg_value *out)
{
    if (mg_both_small(a, b)) {
        int64_t n = 0;
        if (b == mg_small(0) && op_divides(op)) {
            return MG_NUMBER_ZERO_DIVIDE;
        }
        if (small_op(op, mg_small_value(a), mg_small_value(b), &n)) {
            *out = mg_integer_from_int64(heap, n);
            return MG_NUMBER_OK;
        }
    }
    if (!mg_is_number(a) || !mg_is_number(b)) {
        return MG_NUMBER_NOT_NUMBER;
    }
    if (mg_is_float(a) || mg_is_float(b)) {
        return op_needs_integers(op)
                   ? MG_NUMBER_NOT_INTEGER
                   : double_op(heap, op, mg_number_to_double(a), mg_number_to_double(b), out);
    }
    return mg_integer_op(heap, integer_ops[op], a, b, out);
}

uint64_t mg_number_work(enum mg_number_op op, mg_value a, mg_value b)
{
    bool integers = mg_is_integer(a) && mg_is_integer(b);
    return integers ? mg_integer_op_work(integer_ops[op], a, b) : 0;
}

double mg_number_to_double(mg_value v)
{
    return mg_is_float(v) ? mg_float_value(v) : mg_integer_to_double(v);
}

/* -- Comparison -- */

static enum mg_order order_of(int sign)
{
    return sign < 0 ? MG_ORDER_LESS : sign > 0 ? MG_ORDER_GREATER : MG_ORDER_EQUAL;
}

static enum mg_order compare_doubles(double a, double b)
{
    return a < b    ? MG_ORDER_LESS
           : a > b  ? MG_ORDER_GREATER
           : a == b ? MG_ORDER_EQUAL
                    : MG_ORDER_UNORDERED;
}

enum mg_order mg_number_compare(mg_value a, mg_value b)
{
    ASSERT(mg_is_number(a) && mg_is_number(b));
    bool a_float = mg_is_float(a), b_float = mg_is_float(b);
    if (a_float && b_float) {
        return compare_doubles(mg_float_value(a), mg_float_value(b));
    }
    if (a_float || b_float) {
        double d = mg_float_value(a_float ? a : b);
        if (isnan(d)) {
            return MG_ORDER_UNORDERED;
        }
        int order = mg_integer_compare_double(a_float ? b : a, d);
        return order_of(a_float ? -order : order);
    }
    return order_of(mg_integer_compare(a, b));
}

bool mg_number_equal(mg_value a, mg_value b)
{
    return mg_number_compare(a, b) == MG_ORDER_EQUAL;
}

int64_t mg_number_hash(mg_value v)
{
    if (!mg_is_float(v)) {
        return mg_integer_hash(v);
    }
    double d = mg_float_value(v);
    if (isfinite(d) && trunc(d) == d) {
        return mg_integer_hash_double(d);
    }
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return (int64_t)(mg_hash_u64(bits) >> 32);
}

/* -- Rounding and reading -- */

size_t mg_number_round_words(mg_value v)
{
    return mg_is_float(v) ? INTEGRAL_WORDS : 0;
}

int mg_number_round(struct mg_heap *heap, enum mg_rounding rounding, mg_value v, mg_value *out)
{
    if (mg_is_integer(v)) {
        *out = v;
        return MG_NUMBER_OK;
    }
    if (!mg_is_float(v)) {
        return MG_NUMBER_NOT_NUMBER;
    }
    double d = mg_float_value(v);
    if (!isfinite(d)) {
        return MG_NUMBER_NOT_FINITE;
    }
    *out = mg_integer_from_double(heap, mg_float_round(rounding, d));
    return MG_NUMBER_OK;
}

size_t mg_number_parse_words(size_t len)
{
    size_t words = mg_integer_parse_words(len, 10);
    return words > MG_FLOAT_WORDS ? words : MG_FLOAT_WORDS;
}

bool mg_number_parse(struct mg_heap *heap, const char *text, size_t len, mg_value *out)
{
    if (mg_integer_parse(heap, text, len, 10, out)) {
        return true;
    }
    double d;
    if (!mg_float_parse(text, len, &d)) {
        return false;
    }
    /* Digits alone are an integer that was too large, not a float. */
    for (size_t i = 0; i < len; i++) {
        if ((text[i] < '0' || text[i] > '9') && text[i] != '-' && text[i] != '+') {
            *out = mg_float_new(heap, d);
            return true;
        }
    }
    return false;
}
