/* SPDX-License-Identifier: MIT */
/* What lexer.c and lexer_number.c share: the reading position.
 *
 * Threads, memory: see lexer.h.
 */
#ifndef MG_COMPILER_LEXER_INTERNAL_H
#define MG_COMPILER_LEXER_INTERNAL_H

#include "compiler/lexer.h"

struct mg_lexer {
    const struct mg_source *source;
    struct mg_arena *arena;
    struct mg_names *names;
    struct mg_diags *diags;
    struct mg_tokens *out;
    size_t pos;      /* next byte */
    uint32_t line;   /* of pos */
    uint32_t column; /* of pos */
    bool fresh_line; /* no token yet on this line */
};

/* The byte `ahead` of the position, or 0 beyond the end. */
char mg_lexer_peek(const struct mg_lexer *lexer, size_t ahead);

/* Moves over `n` bytes that hold neither a line end nor anything but ASCII. */
void mg_lexer_skip(struct mg_lexer *lexer, size_t n);

struct mg_place mg_lexer_place(const struct mg_lexer *lexer);

void mg_lexer_error(struct mg_lexer *lexer, struct mg_place place, uint32_t width, const char *fmt,
                    ...) MG_PRINTF(4, 5);

/* Whether a letter or underscore stands at the position; *len is then how many bytes it takes. */
bool mg_lexer_at_letter(const struct mg_lexer *lexer, size_t *len);

/* Moves over letters, digits and underscores; any number of them. */
void mg_lexer_skip_word(struct mg_lexer *lexer);

/* Lexes a number, whose first digit is at the position, into the token (kind and value). */
void mg_lexer_number(struct mg_lexer *lexer, struct mg_token *token);

#endif
