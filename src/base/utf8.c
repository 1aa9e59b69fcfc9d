/* SPDX-License-Identifier: MIT */
/* UTF-8 by the table of well-formed sequences:
 *
 *     first     second    third     fourth
 *     00..7F
 *     C2..DF    80..BF
 *     E0        A0..BF    80..BF              (below A0: overlong)
 *     E1..EF    80..BF    80..BF              (ED: second below A0, above are the surrogates)
 *     F0        90..BF    80..BF    80..BF    (below 90: overlong)
 *     F1..F4    80..BF    80..BF    80..BF    (F4: second below 90, above is beyond 0x10FFFF)
 *
 * Text is mostly ASCII, so validation and counting go eight bytes at a time where they can.
 */
#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#include "base/assert.h"

#define UTF8_HIGH_BITS UINT64_C(0x8080808080808080)
#define UTF8_LOW_BITS UINT64_C(0x0101010101010101)

static uint64_t utf8_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static bool utf8_is_tail(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

int mg_utf8_decode(const uint8_t *p, size_t n, uint32_t *cp)
{
    if (n == 0)
        return 0;
    uint8_t first = p[0];
    if (first < 0x80) {
        *cp = first;
        return 1;
    }
    if (first < 0xC2 || first > 0xF4)
        return 0;
    int len = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (n < (size_t)len)
        return 0;

    uint32_t value = first & (0x7Fu >> len);
    for (int i = 1; i < len; i++) {
        if (!utf8_is_tail(p[i]))
            return 0;
        value = (value << 6) | (p[i] & 0x3F);
    }
    if ((len == 3 && value < 0x800) || (len == 4 && value < 0x10000) || !mg_cp_is_valid(value))
        return 0;
    *cp = value;
    return len;
}

int mg_utf8_encode(uint32_t cp, uint8_t out[4])
{
    if (!mg_cp_is_valid(cp))
        return 0;
    if (cp < 0x80) {
        out[0] = (uint8_t)cp;
        return 1;
    }
    int len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (int i = len - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (uint8_t)((0xF00u >> len) | cp);
    return len;
}

bool mg_utf8_valid(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (n - i >= 8 && !(utf8_word(p + i) & UTF8_HIGH_BITS)) {
            i += 8;
            continue;
        }
        uint32_t cp;
        int len = mg_utf8_decode(p + i, n - i, &cp);
        if (len == 0)
            return false;
        i += (size_t)len;
    }
    return true;
}

/* How many of the eight bytes begin a code point, that is, are not 10xxxxxx. */
static size_t utf8_word_count(uint64_t word)
{
    uint64_t tails = (word >> 7) & ~(word >> 6) & UTF8_LOW_BITS;
    return 8 - (size_t)__builtin_popcountll(tails);
}

size_t mg_utf8_count(const uint8_t *p, size_t n)
{
    size_t count = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8)
        count += utf8_word_count(utf8_word(p + i));
    for (; i < n; i++)
        count += !utf8_is_tail(p[i]);
    return count;
}

size_t mg_utf8_offset(const uint8_t *p, size_t n, size_t index)
{
    size_t i = 0;

    /* Skip words while the wanted beginning lies behind them. */
    while (n - i >= 8) {
        size_t count = utf8_word_count(utf8_word(p + i));
        if (count > index)
            break;
        index -= count;
        i += 8;
    }
    for (; i < n; i++) {
        if (utf8_is_tail(p[i]))
            continue;
        if (index == 0)
            return i;
        index--;
    }
    return n;
}

static utf8proc_category_t cp_category(uint32_t cp)
{
    return mg_cp_is_valid(cp) ? utf8proc_category((utf8proc_int32_t)cp) : UTF8PROC_CATEGORY_CN;
}

bool mg_cp_is_letter(uint32_t cp)
{
    if (cp < 0x80)
        return (cp | 0x20) - 'a' < 26;
    switch (cp_category(cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return true;
    default:
        return false;
    }
}

bool mg_cp_is_digit(uint32_t cp)
{
    if (cp < 0x80)
        return cp - '0' < 10;
    return cp_category(cp) == UTF8PROC_CATEGORY_ND;
}

bool mg_cp_is_upper(uint32_t cp)
{
    if (cp < 0x80)
        return cp - 'A' < 26;
    return mg_cp_is_valid(cp) && utf8proc_isupper((utf8proc_int32_t)cp);
}

bool mg_cp_is_lower(uint32_t cp)
{
    if (cp < 0x80)
        return cp - 'a' < 26;
    return mg_cp_is_valid(cp) && utf8proc_islower((utf8proc_int32_t)cp);
}

bool mg_cp_is_space(uint32_t cp)
{
    if (cp < 0x80)
        return cp == ' ' || cp - '\t' < 5;
    switch (cp_category(cp)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    default:
        return cp == 0x85;
    }
}

uint32_t mg_cp_upper(uint32_t cp)
{
    if (cp < 0x80)
        return mg_cp_is_lower(cp) ? cp - 0x20 : cp;
    /* Unicode gives the sharp s no single capital; utf8proc answers the rare U+1E9E. */
    if (cp == 0xDF)
        return cp;
    return mg_cp_is_valid(cp) ? (uint32_t)utf8proc_toupper((utf8proc_int32_t)cp) : cp;
}

uint32_t mg_cp_lower(uint32_t cp)
{
    if (cp < 0x80)
        return mg_cp_is_upper(cp) ? cp + 0x20 : cp;
    return mg_cp_is_valid(cp) ? (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp) : cp;
}
