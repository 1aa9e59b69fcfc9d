/* SPDX-License-Identifier: MIT */
/* Source to syntax tree. Every error is reported and parsing goes on at the next statement, class
 * item or definition, so that one run finds several; the tree of a source with errors is only good
 * for finding more.
 *
 * Where a class body ends: there is no closing mark. It ends before the head of the next definition
 * and before any token that begins no class item; that token then begins a top-level statement.
 * A head is `Name subclass: Name` (or nil), `Name trait`, `Name protocol`. Lists of bare names
 * (instanceVars:, classVars:) would swallow the first words of a statement; they end before a name
 * that is assigned, and, when what follows the names is no class item, before the last name that
 * begins a line, or the first one that stands no deeper than the head of the class.
 *
 * Threads: the caller's. Memory: trees live in the given arena.
 */
#ifndef MG_COMPILER_PARSER_H
#define MG_COMPILER_PARSER_H

#include "compiler/ast.h"
#include "compiler/diag.h"

struct mg_parse {
    const struct mg_source *source;
    struct mg_arena *arena;
    struct mg_names *names;
    struct mg_diags *diags;
    bool library; /* allow `<primitive>` with statements, `<ensure>` and the like */
};

/* Parses definitions and, where the source allows them, statements. Never NULL; look at
 * diags->errors before using it for anything but more checks. */
struct mg_ast_file *mg_parse_file(const struct mg_parse *parse);

/* Parses one method: `pattern … body` without brackets, or `method: pattern [ … ]`, also
 * `classMethod:`. NULL when there is no usable one. */
struct mg_ast_method *mg_parse_method(const struct mg_parse *parse);

#endif
