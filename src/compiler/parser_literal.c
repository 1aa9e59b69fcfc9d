/* SPDX-License-Identifier: MIT */
/* Literals: numbers with their signs, strings, symbols, characters, literal arrays, byte arrays. */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/vec.h"
#include "compiler/parser_internal.h"

#define SMALL_MAGNITUDE (UINT64_C(1) << 61)

/* A minus sign that belongs to the number right behind it. */
static bool at_sign(const struct mg_parser *p)
{
    const struct mg_token *sign = mg_parser_peek(p, 0);
    const struct mg_token *number = mg_parser_peek(p, 1);
    return sign->kind == MG_TOKEN_OPERATOR && mg_name_is(sign->as.name, "-") &&
           (number->kind == MG_TOKEN_INTEGER || number->kind == MG_TOKEN_FLOAT) &&
           number->place.offset == sign->place.offset + 1;
}

bool mg_parser_at_literal(const struct mg_parser *p)
{
    switch (mg_parser_peek(p, 0)->kind) {
    case MG_TOKEN_INTEGER:
    case MG_TOKEN_FLOAT:
    case MG_TOKEN_STRING:
    case MG_TOKEN_SYMBOL:
    case MG_TOKEN_CHARACTER:
    case MG_TOKEN_NIL:
    case MG_TOKEN_TRUE:
    case MG_TOKEN_FALSE:
    case MG_TOKEN_ARRAY:
    case MG_TOKEN_BYTES:
        return true;
    default:
        return at_sign(p);
    }
}

static void integer_literal(struct mg_parser *p, const struct mg_token *token, bool negative,
                            struct mg_literal *out)
{
    uint64_t magnitude = token->as.magnitude;
    if (magnitude < SMALL_MAGNITUDE || (negative && magnitude == SMALL_MAGNITUDE)) {
        out->kind = MG_LITERAL_INTEGER;
        out->as.number = negative ? -(int64_t)magnitude : (int64_t)magnitude;
        return;
    }
    struct mg_buf text = {0};
    if (negative)
        mg_buf_putc(&text, '-');
    if (magnitude == MG_TOKEN_BIG)
        mg_buf_put(&text, token->text.bytes, token->text.len);
    else
        mg_buf_printf(&text, "%llu", (unsigned long long)magnitude);
    out->kind = MG_LITERAL_BIG;
    out->as.text = (struct mg_text){mg_arena_strdup(p->arena, mg_buf_text(&text), text.len),
                                    (uint32_t)text.len};
    mg_buf_deinit(&text);
}

/* A literal without parts. The current token begins one. */
static void scalar_literal(struct mg_parser *p, struct mg_literal *out)
{
    bool negative = at_sign(p);
    if (negative)
        mg_parser_next(p);
    const struct mg_token *token = mg_parser_next(p);
    switch (token->kind) {
    case MG_TOKEN_INTEGER:
        integer_literal(p, token, negative, out);
        break;
    case MG_TOKEN_FLOAT:
        out->kind = MG_LITERAL_FLOAT;
        out->as.real = negative ? -token->as.real : token->as.real;
        break;
    case MG_TOKEN_CHARACTER:
        out->kind = MG_LITERAL_CHARACTER;
        out->as.number = (int64_t)token->as.magnitude;
        break;
    case MG_TOKEN_STRING:
        out->kind = MG_LITERAL_STRING;
        out->as.text = token->text;
        break;
    case MG_TOKEN_SYMBOL:
        out->kind = MG_LITERAL_SYMBOL;
        out->as.text = token->text;
        break;
    case MG_TOKEN_TRUE:
        out->kind = MG_LITERAL_TRUE;
        break;
    case MG_TOKEN_FALSE:
        out->kind = MG_LITERAL_FALSE;
        break;
    default:
        out->kind = MG_LITERAL_NIL;
        break;
    }
}

/* `#[1 2 255]` */
static bool byte_literal(struct mg_parser *p, struct mg_literal *out)
{
    const struct mg_token *opener = mg_parser_next(p);
    struct mg_buf bytes = {0};
    bool good = true;
    while (mg_parser_at(p, MG_TOKEN_INTEGER)) {
        const struct mg_token *token = mg_parser_next(p);
        if (token->as.magnitude > 255) {
            mg_parser_error(p, token, "a byte must be from 0 to 255");
            good = false;
        }
        mg_buf_putc(&bytes, (char)(uint8_t)token->as.magnitude);
    }
    if (!mg_parser_accept(p, MG_TOKEN_RBRACKET)) {
        mg_parser_expected(p, "a byte or ']' to close the byte array opened at line %u",
                           opener->place.line);
        good = false;
    }
    out->kind = MG_LITERAL_BYTES;
    out->as.text = (struct mg_text){mg_arena_strdup(p->arena, mg_buf_text(&bytes), bytes.len),
                                    (uint32_t)bytes.len};
    mg_buf_deinit(&bytes);
    return good;
}

static bool array_literal(struct mg_parser *p, struct mg_literal *out);

/* One item of a literal array: names are symbols, parentheses nest. */
static bool array_item(struct mg_parser *p, struct mg_literal *out)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    switch (token->kind) {
    case MG_TOKEN_IDENTIFIER:
        out->kind = MG_LITERAL_SYMBOL;
        out->as.text = token->as.name->text;
        mg_parser_next(p);
        return true;
    case MG_TOKEN_ARRAY:
    case MG_TOKEN_LPAREN:
        return array_literal(p, out);
    case MG_TOKEN_BYTES:
        return byte_literal(p, out);
    case MG_TOKEN_KEYWORD:
    case MG_TOKEN_OPERATOR:
    case MG_TOKEN_BAR:
        if (mg_parser_at_literal(p))
            break;
        mg_parser_error(p, token, "a selector in a literal array needs a '#' before it");
        return false;
    default:
        if (!mg_parser_at_literal(p)) {
            mg_parser_expected(p, "a literal in the literal array");
            return false;
        }
        break;
    }
    scalar_literal(p, out);
    return true;
}

/* `#( … )`, or `( … )` inside one; the opener is the current token. */
static bool array_literal(struct mg_parser *p, struct mg_literal *out)
{
    const struct mg_token *opener = mg_parser_next(p);
    struct mg_literal *items = NULL;
    uint32_t count = 0;
    uint32_t cap = 0;
    bool good = true;
    if (++p->depth > MG_LIMIT_NESTING) {
        mg_parser_too_deep(p);
        good = false;
    }
    while (!mg_parser_at(p, MG_TOKEN_RPAREN) && !mg_parser_at(p, MG_TOKEN_EOF)) {
        struct mg_literal item = {0};
        if (!array_item(p, &item)) {
            good = false;
            break;
        }
        if (count == cap)
            items = mg_vec_grow(items, &cap, count + 1, sizeof *items);
        items[count++] = item;
    }
    if (good && !mg_parser_accept(p, MG_TOKEN_RPAREN)) {
        mg_parser_expected(p, "')' to close the literal array opened at line %u",
                           opener->place.line);
        good = false;
    }
    out->kind = MG_LITERAL_ARRAY;
    out->as.array.count = count;
    out->as.array.items = mg_arena_alloc(p->arena, count * sizeof *items);
    if (count > 0)
        memcpy(out->as.array.items, items, count * sizeof *items);
    mg_free(items);
    p->depth--;
    return good;
}

struct mg_ast *mg_parser_literal(struct mg_parser *p)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    struct mg_ast *node = mg_parser_node(p, MG_AST_LITERAL, token);
    struct mg_literal *literal = mg_arena_alloc(p->arena, sizeof *literal);
    bool good = true;
    node->as.literal = literal;
    if (token->kind == MG_TOKEN_ARRAY)
        good = array_literal(p, literal);
    else if (token->kind == MG_TOKEN_BYTES)
        good = byte_literal(p, literal);
    else
        scalar_literal(p, literal);
    return good ? node : NULL;
}
