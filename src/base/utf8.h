/* SPDX-License-Identifier: MIT */
/* UTF-8 to code points and back, and what kind of character a code point is.
 *
 * U1  A code point is 0 to 0x10FFFF without the surrogates 0xD800 to 0xDFFF. Overlong forms are
 *     refused.
 *
 * Functions marked *valid* rely on mg_utf8_valid having said yes for their bytes; that is the state
 * of every string's bytes in this project. Character classes are those of Unicode, from utf8proc.
 *
 * Threads: any. Memory: nothing is kept or allocated.
 */
#ifndef MG_BASE_UTF8_H
#define MG_BASE_UTF8_H

#include <stdbool.h>

#include "base/compiler.h"

#define MG_CODE_POINT_MAX UINT32_C(0x10FFFF)

/* True for a code point in the sense of U1. */
static inline bool mg_cp_is_valid(uint32_t cp)
{
    return cp <= MG_CODE_POINT_MAX && (cp < 0xD800 || cp > 0xDFFF);
}

/* Decodes the first code point of `n` bytes: returns how many bytes it takes, 1 to 4, and writes
 * *cp; 0 when the bytes are no valid UTF-8 or n is 0. */
int mg_utf8_decode(const uint8_t *p, size_t n, uint32_t *cp);

/* Writes a code point; returns how many bytes, 1 to 4, or 0 when it is none (U1). */
int mg_utf8_encode(uint32_t cp, uint8_t out[4]);

/* Whether all `n` bytes are valid UTF-8. */
bool mg_utf8_valid(const uint8_t *p, size_t n);

/* How many code points; *valid*. */
size_t mg_utf8_count(const uint8_t *p, size_t n);

/* Where the code point of an index, from 0, begins, as a byte offset; `n` for the index just behind
 * the last one and for any beyond; *valid*. */
size_t mg_utf8_offset(const uint8_t *p, size_t n, size_t index);

/* Character classes: a letter of any script; a decimal digit; upper or lower case; white space.
 * False for what is no code point. */
bool mg_cp_is_letter(uint32_t cp);
bool mg_cp_is_digit(uint32_t cp);
bool mg_cp_is_upper(uint32_t cp);
bool mg_cp_is_lower(uint32_t cp);
bool mg_cp_is_space(uint32_t cp);

/* The simple case mapping, one code point to one; the code point itself where there is none. */
uint32_t mg_cp_upper(uint32_t cp);
uint32_t mg_cp_lower(uint32_t cp);

#endif
