/* SPDX-License-Identifier: MIT */
/* Values of TOML: strings, numbers, booleans, arrays, tables in line. See toml.h.
 *
 * Threads, memory: as toml.h.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/toml_internal.h"
#include "base/utf8.h"

/* -- Strings -- */

/* The digit of the base at this place, or -1. */
static int digit_at(const struct mg_toml_reader *r, size_t at, int base)
{
    char c = at < r->len ? r->text[at] : '\0';
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    return digit < base ? digit : -1;
}

static bool read_code_point(struct mg_toml_reader *r, int digits, struct mg_buf *out)
{
    uint32_t cp = 0;
    for (int i = 0; i < digits; i++) {
        int digit = digit_at(r, r->at, 16);
        if (digit < 0)
            return mg_toml_fail(r, "%d hexadecimal digits should stand here", digits);
        cp = cp << 4 | (uint32_t)digit;
        r->at++;
    }
    uint8_t bytes[4];
    int n = mg_utf8_encode(cp, bytes);
    if (n == 0 || cp == 0)
        return mg_toml_fail(r, "there is no character U+%04X in a string", cp);
    mg_buf_put(out, bytes, (size_t)n);
    return true;
}

/* Behind a backslash. */
static bool read_escape(struct mg_toml_reader *r, struct mg_buf *out)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    char c = mg_toml_peek(r);
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    if (found != NULL) {
        r->at++;
        mg_buf_putc(out, to[found - from]);
        return true;
    }
    if (c != 'u' && c != 'U')
        return mg_toml_fail(r, "there is no such escape");
    r->at++;
    return read_code_point(r, c == 'u' ? 4 : 8, out);
}

/* A backslash at the end of a line: what follows goes on there. True when it was one. */
static bool skip_continuation(struct mg_toml_reader *r)
{
    size_t at = r->at;
    while (at < r->len && (r->text[at] == ' ' || r->text[at] == '\t' || r->text[at] == '\r'))
        at++;
    if (at >= r->len || r->text[at] != '\n')
        return false;
    while (at < r->len && memchr(" \t\r\n", r->text[at], 4) != NULL)
        at++;
    r->at = at;
    return true;
}

static bool is_triple(const struct mg_toml_reader *r, char quote)
{
    return r->at + 2 < r->len && r->text[r->at] == quote && r->text[r->at + 1] == quote &&
           r->text[r->at + 2] == quote;
}

/* Whether the string ends here; then steps behind it. Up to two quotes may stand before the end of
 * a long one. */
static bool string_ends(struct mg_toml_reader *r, char quote, bool is_long, struct mg_buf *out)
{
    if (mg_toml_peek(r) != quote)
        return false;
    if (!is_long) {
        r->at++;
        return true;
    }
    if (!is_triple(r, quote))
        return false;
    for (int i = 0; i < 2 && r->at + 3 < r->len && r->text[r->at + 3] == quote; i++) {
        mg_buf_putc(out, quote);
        r->at++;
    }
    r->at += 3;
    return true;
}

static bool read_character(struct mg_toml_reader *r, char quote, bool is_long, struct mg_buf *out)
{
    char c = mg_toml_peek(r);
    bool line_end = c == '\n' || (c == '\r' && r->at + 1 < r->len && r->text[r->at + 1] == '\n');
    if (r->at >= r->len || (line_end && !is_long))
        return mg_toml_fail(r, "the string is not closed");
    if (((uint8_t)c < 0x20 && c != '\t' && !line_end) || c == 0x7F)
        return mg_toml_fail(r, "a control character in a string");
    r->at++;
    if (c == '\\' && quote == '"')
        return (is_long && skip_continuation(r)) || read_escape(r, out);
    if (c != '\r')
        mg_buf_putc(out, c);
    return true;
}

static bool read_string(struct mg_toml_reader *r, bool may_be_long, const char **text, size_t *len)
{
    struct mg_buf out;
    char quote = mg_toml_peek(r);
    bool is_long = may_be_long && is_triple(r, quote);
    r->at += is_long ? 3 : 1;
    if (is_long && mg_toml_peek(r) == '\r' && r->at + 1 < r->len && r->text[r->at + 1] == '\n')
        r->at++;
    if (is_long && mg_toml_peek(r) == '\n')
        r->at++;
    mg_buf_init(&out);
    bool good = true;
    while (good && !string_ends(r, quote, is_long, &out))
        good = read_character(r, quote, is_long, &out);
    *len = out.len;
    *text = mg_arena_strdup(r->arena, mg_buf_text(&out), out.len);
    mg_buf_deinit(&out);
    return good;
}

bool mg_toml_read_quoted(struct mg_toml_reader *r, const char **text, size_t *len)
{
    return read_string(r, false, text, len);
}

/* -- Numbers -- */

#define NUMBER_MAX 100

/* Takes digits of a base, with single `_` between them; how many, or -1. */
static int take_digits(struct mg_toml_reader *r, int base, char *out, int count)
{
    int taken = 0;
    while (digit_at(r, r->at, base) >= 0) {
        if (count + taken >= NUMBER_MAX)
            return -1;
        out[count + taken++] = r->text[r->at++];
        if (mg_toml_peek(r) == '_') {
            if (digit_at(r, r->at + 1, base) < 0)
                return -1;
            r->at++;
        }
    }
    return taken;
}

static struct mg_toml *make_integer(struct mg_toml_reader *r, size_t from, const char *text,
                                    int base)
{
    errno = 0;
    long long number = strtoll(text, NULL, base);
    if (errno != 0) {
        mg_toml_fail_at(r, from, MG_ESYNTAX, "the number does not fit into 64 bits");
        return NULL;
    }
    struct mg_toml *value = mg_toml_new(r, from, MG_TOML_INTEGER);
    if (value != NULL)
        value->integer = number;
    return value;
}

static struct mg_toml *bad_number(struct mg_toml_reader *r, size_t from)
{
    mg_toml_fail_at(r, from, MG_ESYNTAX,
                    "a value should stand here: a string in quotes, a number, true, false, "
                    "[array] or {table}");
    return NULL;
}

static struct mg_toml *read_based(struct mg_toml_reader *r, size_t from, int base)
{
    char text[NUMBER_MAX + 1];
    r->at += 2;
    int count = take_digits(r, base, text, 0);
    if (count <= 0)
        return bad_number(r, from);
    text[count] = '\0';
    return make_integer(r, from, text, base);
}

/* . digits, e sign digits: to the text; its new length, or -1. */
static int take_fraction(struct mg_toml_reader *r, char *text, int len)
{
    if (mg_toml_peek(r) == '.') {
        text[len++] = '.';
        r->at++;
        int taken = take_digits(r, 10, text, len);
        if (taken <= 0)
            return -1;
        len += taken;
    }
    if (mg_toml_peek(r) == 'e' || mg_toml_peek(r) == 'E') {
        if (len + 2 >= NUMBER_MAX)
            return -1;
        text[len++] = 'e';
        r->at++;
        if (mg_toml_peek(r) == '-' || mg_toml_peek(r) == '+') {
            text[len++] = mg_toml_peek(r);
            r->at++;
        }
        int taken = take_digits(r, 10, text, len);
        if (taken <= 0)
            return -1;
        len += taken;
    }
    return len;
}

static struct mg_toml *read_number(struct mg_toml_reader *r)
{
    size_t from = r->at;
    char text[NUMBER_MAX + 8];
    int len = 0;
    char c = mg_toml_peek(r), second = r->at + 1 < r->len ? r->text[r->at + 1] : '\0';
    if (c == '0' && (second == 'x' || second == 'o' || second == 'b'))
        return read_based(r, from, second == 'x' ? 16 : second == 'o' ? 8 : 2);
    if (c == '-' || c == '+') {
        text[len++] = c;
        r->at++;
    }
    if (r->len - r->at >= 3 &&
        (memcmp(r->text + r->at, "inf", 3) == 0 || memcmp(r->text + r->at, "nan", 3) == 0)) {
        mg_toml_fail_at(r, from, MG_ESYNTAX, "`inf` and `nan` are not supported");
        return NULL;
    }
    int first = len, taken = take_digits(r, 10, text, len);
    if (taken <= 0)
        return bad_number(r, from);
    len += taken;
    if ((taken == 4 && mg_toml_peek(r) == '-') || (taken == 2 && mg_toml_peek(r) == ':')) {
        mg_toml_fail_at(r, from, MG_ESYNTAX, "dates and times are not supported");
        return NULL;
    }
    if (taken > 1 && text[first] == '0')
        return bad_number(r, from);
    int whole = len;
    len = take_fraction(r, text, len);
    if (len < 0)
        return bad_number(r, from);
    text[len] = '\0';
    if (len == whole)
        return make_integer(r, from, text, 10);
    struct mg_toml *value = mg_toml_new(r, from, MG_TOML_FLOAT);
    if (value == NULL)
        return NULL;
    value->real = strtod(text, NULL);
    if (isinf(value->real)) {
        mg_toml_fail_at(r, from, MG_ESYNTAX, "the number is too large");
        return NULL;
    }
    return value;
}

/* -- The others -- */

static bool take_word(struct mg_toml_reader *r, const char *word)
{
    size_t n = strlen(word);
    if (r->len - r->at < n || memcmp(r->text + r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static struct mg_toml *read_array(struct mg_toml_reader *r, uint32_t depth)
{
    struct mg_toml *array = mg_toml_new(r, r->at, MG_TOML_ARRAY);
    if (array == NULL)
        return NULL;
    r->at++;
    for (;;) {
        if (!mg_toml_skip_lines(r))
            return NULL;
        if (mg_toml_peek(r) == ']') {
            r->at++;
            return array;
        }
        struct mg_toml *element = mg_toml_read_value(r, depth);
        if (element == NULL || !mg_toml_skip_lines(r))
            return NULL;
        mg_toml_append(array, element);
        if (mg_toml_peek(r) == ',') {
            r->at++;
        } else if (mg_toml_peek(r) != ']') {
            mg_toml_fail(r, "`,` or `]` should stand here, in the array of line %u", array->line);
            return NULL;
        }
    }
}

static struct mg_toml *read_table(struct mg_toml_reader *r, uint32_t depth)
{
    struct mg_toml *table = mg_toml_new(r, r->at, MG_TOML_TABLE);
    if (table == NULL)
        return NULL;
    table->origin = MG_TOML_INLINE;
    r->at++;
    mg_toml_skip_blanks(r);
    if (mg_toml_peek(r) == '}') {
        r->at++;
        return table;
    }
    for (;;) {
        if (!mg_toml_read_pair(r, table, depth))
            return NULL;
        mg_toml_skip_blanks(r);
        char c = mg_toml_peek(r);
        if (c != ',' && c != '}') {
            mg_toml_fail(r, "`,` or `}` should stand here, on the line of the `{`");
            return NULL;
        }
        r->at++;
        if (c == '}')
            return table;
    }
}

struct mg_toml *mg_toml_read_value(struct mg_toml_reader *r, uint32_t depth)
{
    char c = mg_toml_peek(r);
    if (depth > MG_TOML_DEPTH_MAX) {
        mg_toml_fail_at(r, r->at, MG_ELIMIT, "values are nested more than %d deep",
                        MG_TOML_DEPTH_MAX);
        return NULL;
    }
    if (c == '[')
        return read_array(r, depth + 1);
    if (c == '{')
        return read_table(r, depth + 1);
    size_t from = r->at;
    if (c == '"' || c == '\'') {
        struct mg_toml *value = mg_toml_new(r, from, MG_TOML_STRING);
        return value != NULL && read_string(r, true, &value->text, &value->len) ? value : NULL;
    }
    bool truth = take_word(r, "true");
    if (truth || take_word(r, "false")) {
        struct mg_toml *value = mg_toml_new(r, from, MG_TOML_BOOLEAN);
        if (value != NULL)
            value->truth = truth;
        return value;
    }
    return read_number(r);
}
