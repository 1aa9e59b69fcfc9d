/* SPDX-License-Identifier: MIT */
/* Number literals: decimal and radix integers of any size, and floats.
 *
 * A magnitude beyond 2^61 is handed on as decimal digits. Radix literals of that size are converted
 * by schoolbook multiplication, whose cost is quadratic; hence the limit on their length.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "compiler/lexer_internal.h"

/* Digits of a radix literal: converting this many takes a fraction of a second. */
enum { RADIX_DIGITS_MAX = 50000 };

/* Words of nine decimal digits in a converted number: five bits a digit are the most (radix 32). */
#define DECIMAL_BASE UINT32_C(1000000000)

#define SMALL_MAGNITUDE_MAX (UINT64_C(1) << 61)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a digit in any radix up to 36, or 99. */
static uint32_t digit_value(char c)
{
    if (is_digit(c))
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A') + 10;
    return 99;
}

static void skip_digits(struct mg_lexer *lexer)
{
    while (is_digit(mg_lexer_peek(lexer, 0)))
        mg_lexer_skip(lexer, 1);
}

/* Decimal digits to the token's magnitude, or to its text when that is too small for them. */
static void set_decimal(struct mg_lexer *lexer, struct mg_token *token, const char *p, size_t n)
{
    while (n > 1 && *p == '0') {
        p++;
        n--;
    }
    uint64_t magnitude = 0;
    for (size_t i = 0; i < n && n <= 19; i++)
        magnitude = magnitude * 10 + (uint64_t)(p[i] - '0');
    token->as.magnitude = magnitude;
    if (n > 19 || magnitude > SMALL_MAGNITUDE_MAX) {
        token->as.magnitude = MG_TOKEN_BIG;
        token->text = (struct mg_text){mg_arena_strdup(lexer->arena, p, n), (uint32_t)n};
    }
}

/* words := words * factor + addend, least significant word first; returns the new count. */
static size_t multiply_add(uint32_t *words, size_t count, uint64_t factor, uint64_t addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = words[i] * factor + carry;
        words[i] = (uint32_t)(word % DECIMAL_BASE);
        carry = word / DECIMAL_BASE;
    }
    while (carry > 0) {
        words[count++] = (uint32_t)(carry % DECIMAL_BASE);
        carry /= DECIMAL_BASE;
    }
    return count;
}

/* Digits of a radix to the token's magnitude or text. All digits are below the radix. */
static void set_radix(struct mg_lexer *lexer, struct mg_token *token, uint32_t radix, const char *p,
                      size_t n)
{
    uint32_t *words = mg_alloc((n + 4) * sizeof *words);
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        uint64_t factor = 1;
        uint64_t chunk = 0;
        for (; i < n && factor < DECIMAL_BASE / 36; i++) {
            factor *= radix;
            chunk = chunk * radix + digit_value(p[i]);
        }
        count = multiply_add(words, count, factor, chunk);
    }
    struct mg_buf text = {0};
    if (count == 0)
        mg_buf_puts(&text, "0");
    for (size_t i = count; i-- > 0;)
        mg_buf_printf(&text, i + 1 == count ? "%u" : "%09u", words[i]);
    set_decimal(lexer, token, mg_buf_text(&text), text.len);
    mg_buf_deinit(&text);
    mg_free(words);
}

/* `16rFF`: the position is at the r, the digits of the radix begin at `begin`. */
static void lex_radix(struct mg_lexer *lexer, struct mg_token *token, struct mg_place begin)
{
    const char *text = lexer->source->text;
    uint32_t radix = 0;
    for (size_t i = begin.offset; i < lexer->pos && radix <= 36; i++)
        radix = radix * 10 + digit_value(text[i]);
    mg_lexer_skip(lexer, 1);
    size_t from = lexer->pos;
    while (digit_value(mg_lexer_peek(lexer, 0)) < 36)
        mg_lexer_skip(lexer, 1);
    uint32_t width = (uint32_t)(lexer->pos - begin.offset);
    if (radix < 2 || radix > 36) {
        mg_lexer_error(lexer, begin, width, "bad radix: it must be from 2 to 36");
        return;
    }
    if (from == lexer->pos) {
        mg_lexer_error(lexer, begin, width, "expected digits after '%ur'", radix);
        return;
    }
    if (lexer->pos - from > RADIX_DIGITS_MAX) {
        mg_lexer_error(lexer, begin, 1, "integer with more than %d digits in radix %u",
                       RADIX_DIGITS_MAX, radix);
        return;
    }
    for (size_t i = from; i < lexer->pos; i++) {
        if (digit_value(text[i]) >= radix) {
            mg_lexer_error(lexer, begin, width, "bad integer: '%c' is no digit in radix %u",
                           text[i], radix);
            return;
        }
    }
    set_radix(lexer, token, radix, text + from, lexer->pos - from);
}

static void set_float(struct mg_lexer *lexer, struct mg_token *token, struct mg_place begin)
{
    size_t n = lexer->pos - begin.offset;
    char *digits = mg_alloc_copy(lexer->source->text + begin.offset, n);
    errno = 0;
    token->kind = MG_TOKEN_FLOAT;
    token->as.real = strtod(digits, NULL);
    if (errno == ERANGE && token->as.real > 1.0) {
        mg_lexer_error(lexer, begin, (uint32_t)n, "float literal out of range");
        token->as.real = 0;
    }
    mg_free(digits);
}

/* Moves over an exponent if one stands at the position. */
static bool skip_exponent(struct mg_lexer *lexer)
{
    char e = mg_lexer_peek(lexer, 0);
    char sign = mg_lexer_peek(lexer, 1);
    size_t digits = sign == '+' || sign == '-' ? 2 : 1;
    if ((e != 'e' && e != 'E') || !is_digit(mg_lexer_peek(lexer, digits)))
        return false;
    mg_lexer_skip(lexer, digits);
    skip_digits(lexer);
    return true;
}

void mg_lexer_number(struct mg_lexer *lexer, struct mg_token *token)
{
    struct mg_place begin = mg_lexer_place(lexer);
    bool real = false;
    token->kind = MG_TOKEN_INTEGER;
    skip_digits(lexer);
    if (mg_lexer_peek(lexer, 0) == 'r') {
        lex_radix(lexer, token, begin);
    } else {
        if (mg_lexer_peek(lexer, 0) == '.' && is_digit(mg_lexer_peek(lexer, 1))) {
            mg_lexer_skip(lexer, 1);
            skip_digits(lexer);
            real = true;
        }
        real = skip_exponent(lexer) || real;
        if (real)
            set_float(lexer, token, begin);
        else
            set_decimal(lexer, token, lexer->source->text + begin.offset,
                        lexer->pos - begin.offset);
    }
    size_t len;
    if (mg_lexer_at_letter(lexer, &len)) {
        mg_lexer_skip_word(lexer);
        mg_lexer_error(lexer, begin, (uint32_t)(lexer->pos - begin.offset),
                       "malformed number: expected a space between digits and letters");
    }
}
