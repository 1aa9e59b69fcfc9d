/* SPDX-License-Identifier: MIT */
/* Between toml.c, which reads tables and keys, and toml_value.c, which reads values.
 *
 * Threads, memory: as toml.h. Functions that answer false or NULL have written the error.
 */
#ifndef MG_BASE_TOML_INTERNAL_H
#define MG_BASE_TOML_INTERNAL_H

#include "base/toml.h"

struct mg_toml_reader {
    const char *text; /* valid UTF-8 */
    size_t len;
    size_t at;
    struct mg_arena *arena;
    struct mg_toml_error *error;
    int code; /* 0, or what went wrong */
    uint32_t values;
    size_t line_at; /* where line number `line` begins: the last place that was asked for */
    uint32_t line;
};

/* Writes the error, for a place in the text, unless there is one already. Always false. */
bool mg_toml_fail_at(struct mg_toml_reader *r, size_t at, int code, const char *fmt, ...)
    MG_PRINTF(4, 5);
#define mg_toml_fail(r, ...) mg_toml_fail_at(r, (r)->at, MG_ESYNTAX, __VA_ARGS__)

/* The byte at the place, or 0 at the end. */
static inline char mg_toml_peek(const struct mg_toml_reader *r)
{
    return r->at < r->len ? r->text[r->at] : '\0';
}

/* Blanks and tabs; those, comments and line ends. False for a broken line end or comment. */
void mg_toml_skip_blanks(struct mg_toml_reader *r);
bool mg_toml_skip_lines(struct mg_toml_reader *r);

/* A new value that stands at this place; NULL when there are too many. */
struct mg_toml *mg_toml_new(struct mg_toml_reader *r, size_t at, enum mg_toml_kind kind);

/* Appends to a table or an array. */
void mg_toml_append(struct mg_toml *to, struct mg_toml *value);

/* key = value, keys dotted or quoted, into a table. */
bool mg_toml_read_pair(struct mg_toml_reader *r, struct mg_toml *table, uint32_t depth);

/* A string on one line, with its quotes: *text and *len in the arena. */
bool mg_toml_read_quoted(struct mg_toml_reader *r, const char **text, size_t *len);

struct mg_toml *mg_toml_read_value(struct mg_toml_reader *r, uint32_t depth);

#endif
