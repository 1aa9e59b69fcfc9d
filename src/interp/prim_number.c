/* SPDX-License-Identifier: MIT */
/* Primitives of Integer and Float. The work is done in object/number.h; what is here checks
 * classes, reserves room and turns refusals into exceptions.
 *
 * The loop does the common cases of + - * < = … itself, so what comes here are overflows, mixed
 * classes and the operations without an instruction of their own.
 *
 * Threads: the thread that runs the actor. Memory: scratch for the digits of long integers is freed
 * before returning.
 */
#include "object/number.h"

#include "base/alloc.h"
#include "interp/prim.h"
#include "object/bytes.h"

#include <math.h>

/* -- Arithmetic -- */

/* The error of an operation that answered something else than MG_NUMBER_OK. */
static mg_value refusal(struct mg_run *run, enum mg_number_op op, int result)
{
    switch ((enum mg_number_result)result) {
    case MG_NUMBER_ZERO_DIVIDE:
        return mg_prim_fail(run, MG_CLASS_ZERO_DIVIDE, "division by zero");
    case MG_NUMBER_TOO_LARGE:
        return mg_prim_error(run, op == MG_NUMBER_BIT_SHIFT ? "shift amount too large"
                                                            : "result is too large");
    case MG_NUMBER_NOT_NUMBER:
        return mg_prim_error(run, "argument must be a number");
    case MG_NUMBER_NOT_INTEGER:
        return mg_prim_type_error(run, 1, "Integer");
    case MG_NUMBER_NOT_FINITE:
        return mg_prim_error(run, "receiver and argument must be finite");
    case MG_NUMBER_OK:
        break;
    }
    MG_UNREACHABLE();
}

/* Two SmallIntegers whose result is one too, without a reserve. False where it may not be, and for
 * the operations that the loop has tried itself. */
static MG_ALWAYS_INLINE bool operate_small(enum mg_number_op op, mg_value x, mg_value y,
                                           mg_value *out)
{
    int64_t a = mg_small_value(x), b = mg_small_value(y);
    switch (op) {
    case MG_NUMBER_BIT_AND:
        *out = x & y;
        return true;
    case MG_NUMBER_BIT_OR:
        *out = x | y;
        return true;
    case MG_NUMBER_BIT_XOR:
        *out = x ^ y;
        return true;
    case MG_NUMBER_BIT_SHIFT:
        if (b > 0) {
            bool fits = b < 61 && (a < 0 ? a >= MG_SMALL_MIN >> b : a <= MG_SMALL_MAX >> b);
            *out = fits ? mg_small(a * ((int64_t)1 << b)) : MG_NIL;
            return fits;
        }
        *out = mg_small(a >> (b < -63 ? 63 : -b));
        return true;
    default:
        break;
    }
    if (b == 0 || b == -1) {
        return false; /* an error, or perhaps too large */
    }
    int64_t quotient = a / b, remainder = a % b;
    bool below = remainder != 0 && (remainder < 0) != (b < 0);
    switch (op) {
    case MG_NUMBER_DIVIDE:
    case MG_NUMBER_QUOTIENT:
        *out = mg_small(quotient);
        return true;
    case MG_NUMBER_REMAINDER:
        *out = mg_small(remainder);
        return true;
    case MG_NUMBER_FLOOR_DIVIDE:
        *out = mg_small(quotient - below);
        return true;
    case MG_NUMBER_MODULO:
        *out = mg_small(below ? remainder + b : remainder);
        return true;
    default:
        return false;
    }
}

static mg_value operate_any(struct mg_run *run, mg_value *args, enum mg_number_op op)
{
    if (MG_UNLIKELY(!mg_is_number(args[1]))) {
        return refusal(run, op, MG_NUMBER_NOT_NUMBER);
    }
    args = mg_run_reserve(run, args, mg_number_words(op, args[0], args[1]));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_value out;
    int result = mg_number_op(run->heap, op, args[0], args[1], &out);
    if (MG_UNLIKELY(result != MG_NUMBER_OK)) {
        return refusal(run, op, result);
    }
    if (!mg_both_small(args[0], args[1])) {
        mg_run_charge(run, mg_number_work(op, args[0], args[1]));
    }
    return out;
}

/* A number that is not in the heap, as a double. */
static inline bool immediate_double(mg_value v, double *d)
{
    if (mg_is_float_immediate(v)) {
        *d = mg_float_immediate_value(v);
        return true;
    }
    *d = (double)mg_small_value(v);
    return mg_is_small(v);
}

/* The four operations where a Float is involved and nothing is in the heap, the result neither. */
static MG_ALWAYS_INLINE bool operate_floats(enum mg_number_op op, mg_value x, mg_value y,
                                            mg_value *out)
{
    double a, b;
    if (!immediate_double(x, &a) || !immediate_double(y, &b)) {
        return false;
    }
    switch (op) {
    case MG_NUMBER_ADD:
        return mg_float_immediate(a + b, out);
    case MG_NUMBER_SUBTRACT:
        return mg_float_immediate(a - b, out);
    case MG_NUMBER_MULTIPLY:
        return mg_float_immediate(a * b, out);
    case MG_NUMBER_DIVIDE:
        return mg_float_immediate(a / b, out);
    default:
        return false;
    }
}

static MG_ALWAYS_INLINE mg_value operate(struct mg_run *run, mg_value *args, enum mg_number_op op)
{
    mg_value out = MG_NIL;
    bool done = mg_both_small(args[0], args[1]) ? operate_small(op, args[0], args[1], &out)
                                                : operate_floats(op, args[0], args[1], &out);
    return MG_LIKELY(done) ? out : operate_any(run, args, op);
}

static mg_value prim_add(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_ADD);
}

static mg_value prim_subtract(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_SUBTRACT);
}

static mg_value prim_multiply(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_MULTIPLY);
}

static mg_value prim_divide(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_DIVIDE);
}

static mg_value prim_floor_divide(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_FLOOR_DIVIDE);
}

static mg_value prim_modulo(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_MODULO);
}

static mg_value prim_quotient(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_QUOTIENT);
}

static mg_value prim_remainder(struct mg_run *run, mg_value *args)
{
    return operate(run, args, MG_NUMBER_REMAINDER);
}

/* Operations for integers only: any other argument is one of the wrong class. */
static MG_ALWAYS_INLINE mg_value operate_on_integers(struct mg_run *run, mg_value *args,
                                                     enum mg_number_op op)
{
    if (MG_UNLIKELY(!mg_is_integer(args[1]))) {
        return mg_prim_type_error(run, 1, "Integer");
    }
    return operate(run, args, op);
}

static mg_value prim_bit_and(struct mg_run *run, mg_value *args)
{
    return operate_on_integers(run, args, MG_NUMBER_BIT_AND);
}

static mg_value prim_bit_or(struct mg_run *run, mg_value *args)
{
    return operate_on_integers(run, args, MG_NUMBER_BIT_OR);
}

static mg_value prim_bit_xor(struct mg_run *run, mg_value *args)
{
    return operate_on_integers(run, args, MG_NUMBER_BIT_XOR);
}

static mg_value prim_gcd(struct mg_run *run, mg_value *args)
{
    return mg_is_integer(args[1]) ? operate_any(run, args, MG_NUMBER_GCD)
                                  : mg_prim_type_error(run, 1, "Integer");
}

static mg_value prim_bit_shift(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    if (mg_small_value(args[1]) > (int64_t)MG_LIMIT_SHIFT_BITS) {
        return mg_prim_error(run, "shift amount too large");
    }
    return operate(run, args, MG_NUMBER_BIT_SHIFT);
}

static mg_value prim_bit_length(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small((int64_t)mg_integer_bits(args[0]));
}

/* -- Comparison -- */

/* Answers false, with the error set, when the argument is no number. */
static bool ordered(struct mg_run *run, const mg_value *args, enum mg_order *order)
{
    if (MG_UNLIKELY(!mg_is_number(args[1]))) {
        mg_prim_error(run, "argument must be a number");
        return false;
    }
    *order = mg_number_compare(args[0], args[1]);
    return true;
}

static mg_value prim_less(struct mg_run *run, mg_value *args)
{
    enum mg_order order;
    return ordered(run, args, &order) ? mg_boolean(order == MG_ORDER_LESS) : MG_PRIM_FAILED;
}

static mg_value prim_greater(struct mg_run *run, mg_value *args)
{
    enum mg_order order;
    return ordered(run, args, &order) ? mg_boolean(order == MG_ORDER_GREATER) : MG_PRIM_FAILED;
}

static mg_value prim_less_equal(struct mg_run *run, mg_value *args)
{
    enum mg_order order;
    return ordered(run, args, &order) ? mg_boolean(order <= MG_ORDER_EQUAL) : MG_PRIM_FAILED;
}

static mg_value prim_greater_equal(struct mg_run *run, mg_value *args)
{
    enum mg_order order;
    return ordered(run, args, &order)
               ? mg_boolean(order == MG_ORDER_GREATER || order == MG_ORDER_EQUAL)
               : MG_PRIM_FAILED;
}

static mg_value prim_equal(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_is_number(args[1]) && mg_number_equal(args[0], args[1]));
}

static mg_value prim_hash(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small(mg_number_hash(args[0]));
}

/* -- Floats -- */

static mg_value answer_float(struct mg_run *run, mg_value *args, double d)
{
    mg_value v;
    if (MG_LIKELY(mg_float_immediate(d, &v))) {
        return v;
    }
    args = mg_run_reserve(run, args, MG_FLOAT_WORDS);
    return args == NULL ? MG_PRIM_FAILED : mg_float_new(run->heap, d);
}

static mg_value prim_as_float(struct mg_run *run, mg_value *args)
{
    return answer_float(run, args, mg_number_to_double(args[0]));
}

static mg_value rounded(struct mg_run *run, mg_value *args, enum mg_rounding rounding)
{
    args = mg_run_reserve(run, args, mg_number_round_words(args[0]));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_value out;
    if (mg_number_round(run->heap, rounding, args[0], &out) != MG_NUMBER_OK) {
        return mg_prim_error(run, "receiver is not finite");
    }
    return out;
}

static mg_value prim_truncated(struct mg_run *run, mg_value *args)
{
    return rounded(run, args, MG_ROUND_TRUNCATE);
}

static mg_value prim_floor(struct mg_run *run, mg_value *args)
{
    return rounded(run, args, MG_ROUND_FLOOR);
}

static mg_value prim_ceiling(struct mg_run *run, mg_value *args)
{
    return rounded(run, args, MG_ROUND_CEILING);
}

static mg_value prim_rounded(struct mg_run *run, mg_value *args)
{
    return rounded(run, args, MG_ROUND_NEAREST);
}

#define FLOAT_FUNCTION(name, call)                                  \
    static mg_value prim_##name(struct mg_run *run, mg_value *args) \
    {                                                               \
        double x = mg_float_value(args[0]);                         \
        return answer_float(run, args, call);                       \
    }

FLOAT_FUNCTION(sqrt, sqrt(x))
FLOAT_FUNCTION(sin, sin(x))
FLOAT_FUNCTION(cos, cos(x))
FLOAT_FUNCTION(tan, tan(x))
FLOAT_FUNCTION(asin, asin(x))
FLOAT_FUNCTION(acos, acos(x))
FLOAT_FUNCTION(atan, atan(x))
FLOAT_FUNCTION(ln, log(x))
FLOAT_FUNCTION(log10, log10(x))
FLOAT_FUNCTION(exp, exp(x))

static double logarithm(double x, double base)
{
    return base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base);
}

/* A function of the receiver and a number. */
static mg_value with_number(struct mg_run *run, mg_value *args, double (*function)(double, double))
{
    if (!mg_is_number(args[1])) {
        return mg_prim_error(run, "argument must be a number");
    }
    double y = mg_number_to_double(args[1]);
    return answer_float(run, args, function(mg_float_value(args[0]), y));
}

static mg_value prim_atan2(struct mg_run *run, mg_value *args)
{
    return with_number(run, args, atan2);
}

static mg_value prim_log(struct mg_run *run, mg_value *args)
{
    return with_number(run, args, logarithm);
}

static mg_value prim_pow(struct mg_run *run, mg_value *args)
{
    return with_number(run, args, pow);
}

/* -- The same in short: nothing in the heap, and the result neither -- */

static MG_ALWAYS_INLINE mg_value leaf_operate(enum mg_number_op op, mg_value x, mg_value y)
{
    mg_value out = MG_NIL;
    return MG_LIKELY(operate_floats(op, x, y, &out)) && !mg_both_small(x, y) ? out
                                                                             : MG_LEAF_DECLINE;
}

static MG_ALWAYS_INLINE mg_value leaf_operate_small(enum mg_number_op op, mg_value x, mg_value y)
{
    mg_value out = MG_NIL;
    return MG_LIKELY(mg_both_small(x, y) && operate_small(op, x, y, &out)) ? out : MG_LEAF_DECLINE;
}

#define LEAF(name, operate, op)                                                              \
    static mg_value leaf_##name(struct mg_heap *heap, mg_value x, mg_value y, mg_value more) \
    {                                                                                        \
        (void)heap, (void)more;                                                              \
        return operate(op, x, y);                                                            \
    }

LEAF(add, leaf_operate, MG_NUMBER_ADD)
LEAF(subtract, leaf_operate, MG_NUMBER_SUBTRACT)
LEAF(multiply, leaf_operate, MG_NUMBER_MULTIPLY)
LEAF(divide, leaf_operate, MG_NUMBER_DIVIDE)
LEAF(bit_or, leaf_operate_small, MG_NUMBER_BIT_OR)
LEAF(bit_xor, leaf_operate_small, MG_NUMBER_BIT_XOR)
LEAF(bit_shift, leaf_operate_small, MG_NUMBER_BIT_SHIFT)
LEAF(quotient, leaf_operate_small, MG_NUMBER_QUOTIENT)
LEAF(remainder, leaf_operate_small, MG_NUMBER_REMAINDER)

static mg_value leaf_sqrt(struct mg_heap *heap, mg_value x, mg_value first, mg_value second)
{
    (void)heap, (void)first, (void)second;
    mg_value out;
    return MG_LIKELY(mg_float_immediate(sqrt(mg_float_value(x)), &out)) ? out : MG_LEAF_DECLINE;
}

const struct mg_leaf_entry mg_leaves_number[] = {
    {"Integer>>+", leaf_add},
    {"Integer>>-", leaf_subtract},
    {"Integer>>*", leaf_multiply},
    {"Integer>>/", leaf_divide},
    {"Integer>>bitOr:", leaf_bit_or},
    {"Integer>>bitXor:", leaf_bit_xor},
    {"Integer>>bitShift:", leaf_bit_shift},
    {"Integer>>quo:", leaf_quotient},
    {"Integer>>rem:", leaf_remainder},
    {"Float>>+", leaf_add},
    {"Float>>-", leaf_subtract},
    {"Float>>*", leaf_multiply},
    {"Float>>/", leaf_divide},
    {"Float>>sqrt", leaf_sqrt},
    {NULL, NULL},
};

/* -- Text -- */

static mg_value answer_text(struct mg_run *run, mg_value *args, const char *text, size_t len)
{
    args = mg_run_reserve(run, args, mg_string_words(len));
    return args == NULL ? MG_PRIM_FAILED : mg_string_new(run->heap, text, len);
}

/* The digits of an integer in capital letters. Those of a BigInteger are first written outside the
 * heap, since only then is their number known. */
static mg_value digits(struct mg_run *run, mg_value *args, uint32_t radix)
{
    char local[80];
    size_t size = mg_integer_print_size(args[0], radix);
    char *text = size <= sizeof local ? local : mg_alloc(size);
    size_t len = mg_integer_print(args[0], radix, text);
    for (size_t i = 0; radix > 10 && i < len; i++) {
        if (text[i] >= 'a') {
            text[i] = (char)(text[i] - 'a' + 'A');
        }
    }
    if (text != local) {
        mg_run_charge(run, len);
    }
    mg_value string = answer_text(run, args, text, len);
    if (text != local) {
        mg_free(text);
    }
    return string;
}

static mg_value prim_integer_print(struct mg_run *run, mg_value *args)
{
    return digits(run, args, 10);
}

static mg_value prim_integer_print_radix(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t radix = mg_small_value(args[1]);
    if (radix < 2 || radix > 36) {
        return mg_prim_error(run, "radix must be between 2 and 36");
    }
    return digits(run, args, (uint32_t)radix);
}

static mg_value prim_float_print(struct mg_run *run, mg_value *args)
{
    char text[MG_FLOAT_TEXT_MAX];
    size_t len = mg_float_print(mg_float_value(args[0]), text);
    return answer_text(run, args, text, len);
}

const struct mg_prim_entry mg_prims_number[] = {
    {"Integer>>+", prim_add},
    {"Integer>>-", prim_subtract},
    {"Integer>>*", prim_multiply},
    {"Integer>>/", prim_divide},
    {"Integer>>//", prim_floor_divide},
    {"Integer>>\\\\", prim_modulo},
    {"Integer>>rem:", prim_remainder},
    {"Integer>>quo:", prim_quotient},
    {"Integer>><", prim_less},
    {"Integer>>>", prim_greater},
    {"Integer>><=", prim_less_equal},
    {"Integer>>>=", prim_greater_equal},
    {"Integer>>=", prim_equal},
    {"Integer>>hash", prim_hash},
    {"Integer>>bitAnd:", prim_bit_and},
    {"Integer>>bitOr:", prim_bit_or},
    {"Integer>>bitXor:", prim_bit_xor},
    {"Integer>>bitShift:", prim_bit_shift},
    {"Integer>>bitLength", prim_bit_length},
    {"Integer>>gcd:", prim_gcd},
    {"Integer>>asFloat", prim_as_float},
    {"Integer>>printString", prim_integer_print},
    {"Integer>>printString:", prim_integer_print_radix},
    {"Float>>+", prim_add},
    {"Float>>-", prim_subtract},
    {"Float>>*", prim_multiply},
    {"Float>>/", prim_divide},
    {"Float>>//", prim_floor_divide},
    {"Float>>\\\\", prim_modulo},
    {"Float>>rem:", prim_remainder},
    {"Float>>quo:", prim_quotient},
    {"Float>><", prim_less},
    {"Float>>>", prim_greater},
    {"Float>><=", prim_less_equal},
    {"Float>>>=", prim_greater_equal},
    {"Float>>=", prim_equal},
    {"Float>>hash", prim_hash},
    {"Float>>truncated", prim_truncated},
    {"Float>>floor", prim_floor},
    {"Float>>ceiling", prim_ceiling},
    {"Float>>rounded", prim_rounded},
    {"Float>>sqrt", prim_sqrt},
    {"Float>>sin", prim_sin},
    {"Float>>cos", prim_cos},
    {"Float>>tan", prim_tan},
    {"Float>>asin", prim_asin},
    {"Float>>acos", prim_acos},
    {"Float>>atan", prim_atan},
    {"Float>>atan2:", prim_atan2},
    {"Float>>ln", prim_ln},
    {"Float>>log10", prim_log10},
    {"Float>>log:", prim_log},
    {"Float>>exp", prim_exp},
    {"Float>>pow:", prim_pow},
    {"Float>>printString", prim_float_print},
    {NULL, NULL},
};
