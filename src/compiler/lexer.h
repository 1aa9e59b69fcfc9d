/* SPDX-License-Identifier: MIT */
/* Source text to tokens, all of a file at once.
 *
 * The lexer knows nothing of the grammar. A minus sign before digits is always an operator token;
 * the parser makes it a sign where an operand may start and the digits follow directly, so that
 * `x-1`, `a>-1` and `#(1 -2)` mean what they look like.
 *
 * L1  The array ends with exactly one TOKEN_EOF.
 * L2  Tokens stand in the order of their offsets and do not overlap.
 * L3  After a lexical error the rest is lexed on, with a harmless token (or none) in place of the
 *     bad one. A source that is not UTF-8 or holds a NUL gives that one error and no tokens.
 *
 * Threads: the owner's. Memory: decoded texts live in the arena, the others point into the source.
 */
#ifndef MG_COMPILER_LEXER_H
#define MG_COMPILER_LEXER_H

#include "compiler/diag.h"
#include "compiler/names.h"

enum mg_token_kind {
    MG_TOKEN_EOF,
    MG_TOKEN_IDENTIFIER, /* name; may be qualified: A::B */
    MG_TOKEN_KEYWORD,    /* name, with its colon */
    MG_TOKEN_OPERATOR,   /* name */
    MG_TOKEN_BAR,        /* | */
    MG_TOKEN_INTEGER,    /* magnitude, or text (decimal digits) when too big for it */
    MG_TOKEN_FLOAT,      /* real */
    MG_TOKEN_STRING,     /* text, quotes undoubled */
    MG_TOKEN_SYMBOL,     /* text */
    MG_TOKEN_CHARACTER,  /* magnitude: the code point */
    MG_TOKEN_DOCSTRING,  /* text, dedented */
    MG_TOKEN_SELF,
    MG_TOKEN_SUPER,
    MG_TOKEN_NIL,
    MG_TOKEN_TRUE,
    MG_TOKEN_FALSE,
    MG_TOKEN_CONTEXT, /* thisContext */
    MG_TOKEN_LPAREN,
    MG_TOKEN_RPAREN,
    MG_TOKEN_LBRACKET,
    MG_TOKEN_RBRACKET,
    MG_TOKEN_LBRACE,
    MG_TOKEN_RBRACE,
    MG_TOKEN_ARRAY,      /* #( */
    MG_TOKEN_BYTES,      /* #[ */
    MG_TOKEN_DICTIONARY, /* #{ */
    MG_TOKEN_CARET,
    MG_TOKEN_PERIOD,
    MG_TOKEN_SEMICOLON,
    MG_TOKEN_COLON,
    MG_TOKEN_ASSIGN,
    MG_TOKEN_KIND_COUNT
};

struct mg_token {
    uint8_t kind;       /* enum mg_token_kind */
    bool first_on_line; /* nothing but space stands before it on its line */
    struct mg_place place;
    uint32_t len;   /* bytes in the source */
    uint32_t width; /* code points in the source up to the end of the line */
    union {
        const struct mg_name *name;
        uint64_t magnitude; /* at most 2^61; MG_TOKEN_BIG: see text */
        double real;
    } as;
    struct mg_text text;
};

/* The magnitude of an INTEGER token whose value is in its text. */
#define MG_TOKEN_BIG UINT64_MAX

struct mg_tokens {
    struct mg_token *items;
    uint32_t count;
    uint32_t cap;
};

/* Lexes the whole source, reporting to diags. The caller releases items with mg_free. */
void mg_lex(const struct mg_source *source, struct mg_arena *arena, struct mg_names *names,
            struct mg_diags *diags, struct mg_tokens *out);

/* Whether the byte may be part of an operator selector (`|` stands apart). */
bool mg_is_operator_byte(char c);

#endif
