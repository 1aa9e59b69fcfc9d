/* SPDX-License-Identifier: MIT */
/* Annotations: types, effects, and the variables they stand behind. They are kept in the tree and
 * mean nothing to the code.
 *
 * The lexer takes the longest run of operator characters, so the closing `>` may be the beginning
 * of a longer token; it is split off.
 */
#include "compiler/parser_internal.h"

static bool at_operator(const struct mg_parser *p, uint32_t ahead, char first)
{
    const struct mg_token *token = mg_parser_peek(p, ahead);
    return token->kind == MG_TOKEN_OPERATOR && token->as.name->text.bytes[0] == first;
}

bool mg_parser_at_type(const struct mg_parser *p)
{
    return mg_parser_at(p, MG_TOKEN_OPERATOR) && mg_name_is(mg_parser_peek(p, 0)->as.name, "<");
}

/* The closing bracket of a type or of effects. */
static bool close_angle(struct mg_parser *p, const char *what)
{
    if (!at_operator(p, 0, '>')) {
        mg_parser_expected(p, "'>' to close the %s", what);
        return false;
    }
    mg_parser_split(p, 1);
    return true;
}

const struct mg_name *mg_parser_type(struct mg_parser *p)
{
    if (!mg_parser_at_type(p))
        return NULL;
    mg_parser_next(p);
    const struct mg_token *name = mg_parser_peek(p, 0);
    if (name->kind != MG_TOKEN_IDENTIFIER) {
        mg_parser_expected(p, "a type name");
        return NULL;
    }
    mg_parser_next(p);
    return close_angle(p, "type") ? name->as.name : NULL;
}

struct mg_ast_word *mg_parser_effects(struct mg_parser *p)
{
    struct mg_ast_word *first = NULL;
    struct mg_ast_word **link = &first;
    if (!at_operator(p, 0, '!'))
        return NULL;
    mg_parser_split(p, 1);
    if (!mg_parser_at_type(p)) {
        mg_parser_expected(p, "'<' and the effects after '!'");
        return NULL;
    }
    do {
        mg_parser_next(p);
        const struct mg_token *name = mg_parser_peek(p, 0);
        if (name->kind != MG_TOKEN_IDENTIFIER) {
            mg_parser_expected(p, "the name of an effect");
            return first;
        }
        struct mg_ast_word *word = mg_arena_alloc(p->arena, sizeof *word);
        word->name = name->as.name;
        word->place = name->place;
        *link = word;
        link = &word->next;
        mg_parser_next(p);
    } while (mg_parser_at(p, MG_TOKEN_OPERATOR) && mg_name_is(mg_parser_peek(p, 0)->as.name, ","));
    close_angle(p, "effects");
    return first;
}

struct mg_variable *mg_parser_variable(struct mg_parser *p, const struct mg_token *name,
                                       const struct mg_name *type)
{
    struct mg_variable *variable = mg_arena_alloc(p->arena, sizeof *variable);
    variable->name = name->as.name;
    variable->place = name->place;
    variable->type = type;
    return variable;
}
