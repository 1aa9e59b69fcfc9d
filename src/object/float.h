/* SPDX-License-Identifier: MIT */
/* Floats: doubles as values, their text in both directions, and rounding to integers.
 *
 * A double is an immediate value where its exponent allows (value.h), and otherwise the only word
 * of a small object.
 *
 * D1  Printing gives the fewest digits that read back as the same double, the closest of them where
 *     there are several; always with a point: `3.0`, `0.0001`, `1.0e16`, `1.5e-7`, `-0.0`,
 *     `Infinity`, `-Infinity`, `NaN`.
 * D2  Reading rounds to the nearest double, ties to even. Whatever was printed reads back.
 * D3  Nothing here depends on the locale or the rounding mode of the machine being other than the
 *     default.
 *
 * Threads: any. Memory: boxes live in the heap given, with room reserved before.
 */
#ifndef MG_OBJECT_FLOAT_H
#define MG_OBJECT_FLOAT_H

#include "object/heap.h"

/* Words to reserve for one float. */
#define MG_FLOAT_WORDS 2

/* Bytes that mg_float_print writes at most: sign, 17 digits, point, zeros or exponent. */
#define MG_FLOAT_TEXT_MAX 32

static inline bool mg_is_float(mg_value v)
{
    return mg_is_float_immediate(v) || mg_has_format(v, MG_FORMAT_FLOAT);
}

/* The double of a Float. */
static inline double mg_float_value(mg_value v)
{
    if (MG_LIKELY(mg_is_float_immediate(v))) {
        return mg_float_immediate_value(v);
    }
    ASSERT(mg_has_format(v, MG_FORMAT_FLOAT));
    double d;
    memcpy(&d, mg_object(v)->words, sizeof d);
    return d;
}

/* A Float of this double; MG_FLOAT_WORDS are reserved. */
static inline mg_value mg_float_new(struct mg_heap *heap, double d)
{
    mg_value v;
    if (MG_LIKELY(mg_float_immediate(d, &v))) {
        return v;
    }
    struct mg_object *o = mg_heap_alloc_small(heap, MG_CLASS_FLOAT, MG_FORMAT_FLOAT, 1);
    memcpy(o->words, &d, sizeof d);
    return mg_pointer(o);
}

/* The fewest digits that read back as d, which is finite and positive. Writes 1 to 17 digits as
 * characters, without zeros at the end, and *point, where d = 0.DIGITS * 10^point. Answers how many
 * digits. */
int mg_float_digits(double d, char digits[17], int *point);

/* Writes the text of d (D1), without a terminating zero; answers how many bytes. */
size_t mg_float_print(double d, char out[MG_FLOAT_TEXT_MAX]);

/* Reads the whole text: an optional sign, digits with an optional fraction and exponent; or
 * `Infinity`, `inf`, `NaN` in any case. False when it is none of these, or a number beyond the
 * greatest double. */
bool mg_float_parse(const char *text, size_t len, double *out);

enum mg_rounding {
    MG_ROUND_TRUNCATE, /* towards zero */
    MG_ROUND_FLOOR,
    MG_ROUND_CEILING,
    MG_ROUND_NEAREST, /* halves away from zero */
};

/* The integral double next to d in that direction. */
double mg_float_round(enum mg_rounding rounding, double d);

#endif
