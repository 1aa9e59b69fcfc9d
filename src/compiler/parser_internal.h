/* SPDX-License-Identifier: MIT */
/* What the parser's files share: the token cursor, messages, and the functions that call each other
 * across files.
 *
 * P1  Functions that answer NULL or false have reported why; the caller only recovers.
 * P2  No two errors are reported for the same token.
 * P3  Each loop consumes a token or ends.
 *
 * Threads, memory: see parser.h.
 */
#ifndef MG_COMPILER_PARSER_INTERNAL_H
#define MG_COMPILER_PARSER_INTERNAL_H

#include "compiler/lexer.h"
#include "compiler/parser.h"

struct mg_parser {
    const struct mg_source *source;
    struct mg_arena *arena;
    struct mg_names *names;
    struct mg_diags *diags;
    struct mg_tokens tokens;
    uint32_t pos;
    uint32_t last_error; /* position of the token last complained about, UINT32_MAX for none */
    uint32_t depth;      /* of recursion */
    uint32_t brackets;   /* open blocks and method bodies */
    bool library;
};

/* -- parser.c: the cursor -- */

const struct mg_token *mg_parser_peek(const struct mg_parser *p, uint32_t ahead);
bool mg_parser_at(const struct mg_parser *p, enum mg_token_kind kind);
bool mg_parser_at_keyword(const struct mg_parser *p, uint32_t ahead, const char *word);
bool mg_parser_at_identifier(const struct mg_parser *p, uint32_t ahead, const char *word);
const struct mg_token *mg_parser_next(struct mg_parser *p);
bool mg_parser_accept(struct mg_parser *p, enum mg_token_kind kind);

/* Reports an error at a token; at the current one "expected …, got …". */
void mg_parser_error(struct mg_parser *p, const struct mg_token *token, const char *fmt, ...)
    MG_PRINTF(3, 4);
void mg_parser_expected(struct mg_parser *p, const char *fmt, ...) MG_PRINTF(2, 3);
void mg_parser_warn(struct mg_parser *p, const struct mg_token *token, const char *fmt, ...)
    MG_PRINTF(3, 4);

/* Ends parsing: moves to the end of input. For nesting beyond the limit. */
void mg_parser_too_deep(struct mg_parser *p);

/* Takes the first `n` bytes off an operator token, so that `>|` can close a type. */
void mg_parser_split(struct mg_parser *p, uint32_t n);

/* -- parser_def.c: definitions -- */

/* Whether a definition begins at the token `ahead`. */
bool mg_parser_at_definition(const struct mg_parser *p, uint32_t ahead);

/* Whether a definition or method begins at the current token although a body is still open: the
 * body's closing bracket is missing. */
bool mg_parser_at_outer_head(const struct mg_parser *p);

/* Parses the definition that begins at the current token. NULL after a bad head. */
struct mg_ast_definition *mg_parser_definition(struct mg_parser *p, struct mg_text doc);

/* Whether `method:`, `classMethod:` or `class method:` stands at the current token. */
bool mg_parser_at_method(const struct mg_parser *p);

/* Parses what follows `method:`; `bare` for a method without brackets. */
struct mg_ast_method *mg_parser_method(struct mg_parser *p, bool bare);

/* -- parser_type.c: types, effects and names -- */

bool mg_parser_at_type(const struct mg_parser *p);
/* A type in angle brackets, or NULL if there is none or a bad one. */
const struct mg_name *mg_parser_type(struct mg_parser *p);
struct mg_ast_word *mg_parser_effects(struct mg_parser *p);
struct mg_variable *mg_parser_variable(struct mg_parser *p, const struct mg_token *name,
                                       const struct mg_name *type);

/* -- parser_expr.c: statements and expressions -- */

struct mg_ast *mg_parser_statement(struct mg_parser *p);
/* `| a b |`, appended to the list; the bar is the current token. */
void mg_parser_temps(struct mg_parser *p, struct mg_variable **list);
/* Statements up to the closing bracket, which is left standing (or to the end of input when there
 * is no bracket, for a bare method). */
void mg_parser_statements(struct mg_parser *p, struct mg_ast_body *body);
struct mg_ast *mg_parser_expression(struct mg_parser *p);
struct mg_ast *mg_parser_primary(struct mg_parser *p);
/* Skips to the end of a broken statement. */
void mg_parser_recover(struct mg_parser *p);
struct mg_ast *mg_parser_node(struct mg_parser *p, enum mg_ast_kind kind,
                              const struct mg_token *token);
/* Takes note of a part of a node (T1, T2). */
void mg_parser_part(struct mg_parser *p, struct mg_ast *node, const struct mg_ast *part);

/* -- parser_literal.c -- */

bool mg_parser_at_literal(const struct mg_parser *p);
/* A literal of any kind. NULL after an error. */
struct mg_ast *mg_parser_literal(struct mg_parser *p);

#endif
