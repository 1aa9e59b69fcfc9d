/* SPDX-License-Identifier: MIT */
/* Statements and expressions, by recursive descent: one function for each level of precedence.
 *
 *     expression   assignment | keyword { ";" [ "~>" ] message }
 *     keyword      binary [ KEYWORD binary … ] { "~>" message }
 *     binary       unary { operator unary }
 *     unary        primary { identifier }
 *     primary      name | literal | block | ( … ) | { … } | #{ … }
 */
#include "base/limits.h"
#include "compiler/parser_internal.h"

struct mg_ast *mg_parser_node(struct mg_parser *p, enum mg_ast_kind kind,
                              const struct mg_token *token)
{
    struct mg_ast *node = mg_arena_alloc(p->arena, sizeof *node);
    node->kind = (uint8_t)kind;
    node->depth = 1;
    node->place = token->place;
    node->width = token->width;
    return node;
}

void mg_parser_part(struct mg_parser *p, struct mg_ast *node, const struct mg_ast *part)
{
    if (part->depth >= node->depth)
        node->depth = part->depth + 1;
    if (part->assigns)
        node->assigns = true;
    if (node->depth > MG_LIMIT_NESTING)
        mg_parser_too_deep(p);
}

static bool at_eventual(const struct mg_parser *p)
{
    return mg_parser_at(p, MG_TOKEN_OPERATOR) && mg_name_is(mg_parser_peek(p, 0)->as.name, "~>");
}

static bool at_operator(const struct mg_parser *p)
{
    return mg_parser_at(p, MG_TOKEN_BAR) || (mg_parser_at(p, MG_TOKEN_OPERATOR) && !at_eventual(p));
}

/* Whether something begins here that cannot be part of a broken statement. */
static bool at_head(const struct mg_parser *p)
{
    return mg_parser_at_outer_head(p) || (p->brackets == 0 && mg_parser_peek(p, 0)->first_on_line &&
                                          mg_parser_at_definition(p, 0));
}

/* Whether the expression goes on with this identifier as a unary message. */
static bool at_unary(const struct mg_parser *p)
{
    if (!mg_parser_at(p, MG_TOKEN_IDENTIFIER) || mg_parser_peek(p, 1)->kind == MG_TOKEN_ASSIGN)
        return false;
    return !at_head(p);
}

static bool at_keyword(const struct mg_parser *p)
{
    return mg_parser_at(p, MG_TOKEN_KEYWORD) && !mg_parser_at_outer_head(p);
}

/* A message being put together; args hang on `last`. */
struct message {
    struct mg_ast *node;
    struct mg_ast **last;
};

static struct message message_begin(struct mg_parser *p, enum mg_ast_kind kind,
                                    struct mg_ast *receiver, const struct mg_token *token)
{
    struct mg_ast *node = mg_parser_node(p, kind, token);
    node->as.send.receiver = receiver;
    if (receiver)
        mg_parser_part(p, node, receiver);
    return (struct message){node, &node->as.send.args};
}

static void message_add(struct mg_parser *p, struct message *message, struct mg_ast *arg)
{
    *message->last = arg;
    message->last = &arg->next;
    message->node->as.send.argc++;
    mg_parser_part(p, message->node, arg);
}

static const struct mg_name *operator_name(struct mg_parser *p, const struct mg_token *token)
{
    return token->kind == MG_TOKEN_BAR ? mg_name(p->names, "|", 1) : token->as.name;
}

/* The receiver of a message, or super where no message follows, which is then just self. */
static struct mg_ast *settle_super(struct mg_ast *node, bool receiver)
{
    if (node && node->kind == MG_AST_SUPER && !receiver)
        node->kind = MG_AST_SELF;
    return node;
}

static struct mg_ast *parse_unary(struct mg_parser *p)
{
    struct mg_ast *node = mg_parser_primary(p);
    while (node && at_unary(p)) {
        const struct mg_token *token = mg_parser_next(p);
        struct message message = message_begin(p, MG_AST_SEND, node, token);
        message.node->as.send.selector = token->as.name;
        node = message.node;
    }
    return node;
}

/* An argument: the same as a receiver, but super is just self there. */
static struct mg_ast *parse_unary_argument(struct mg_parser *p)
{
    return settle_super(parse_unary(p), false);
}

static struct mg_ast *parse_binary(struct mg_parser *p)
{
    struct mg_ast *node = parse_unary(p);
    while (node && at_operator(p)) {
        const struct mg_token *token = mg_parser_next(p);
        struct message message = message_begin(p, MG_AST_SEND, node, token);
        message.node->as.send.selector = operator_name(p, token);
        struct mg_ast *arg = parse_unary_argument(p);
        if (!arg)
            return NULL;
        message_add(p, &message, arg);
        node = message.node;
    }
    return node;
}

/* `at: x put: y`; the first keyword is the current token. */
static struct mg_ast *parse_keywords(struct mg_parser *p, enum mg_ast_kind kind,
                                     struct mg_ast *receiver)
{
    struct message message = message_begin(p, kind, receiver, mg_parser_peek(p, 0));
    struct mg_buf selector = {0};
    while (at_keyword(p)) {
        const struct mg_token *token = mg_parser_next(p);
        mg_buf_put(&selector, token->as.name->text.bytes, token->as.name->text.len);
        struct mg_ast *arg = settle_super(parse_binary(p), false);
        if (!arg) {
            mg_buf_deinit(&selector);
            return NULL;
        }
        message_add(p, &message, arg);
    }
    message.node->as.send.selector = mg_name(p->names, mg_buf_text(&selector), selector.len);
    mg_buf_deinit(&selector);
    return message.node;
}

/* One message for a receiver given elsewhere: of a cascade, or after `~>`. */
static struct mg_ast *parse_message(struct mg_parser *p, enum mg_ast_kind kind,
                                    struct mg_ast *receiver)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    if (mg_parser_at(p, MG_TOKEN_KEYWORD))
        return parse_keywords(p, kind, receiver);
    if (mg_parser_at(p, MG_TOKEN_IDENTIFIER)) {
        mg_parser_next(p);
        struct message message = message_begin(p, kind, receiver, token);
        message.node->as.send.selector = token->as.name;
        return message.node;
    }
    if (at_operator(p)) {
        mg_parser_next(p);
        struct message message = message_begin(p, kind, receiver, token);
        message.node->as.send.selector = operator_name(p, token);
        struct mg_ast *arg = parse_unary_argument(p);
        if (!arg)
            return NULL;
        message_add(p, &message, arg);
        return message.node;
    }
    mg_parser_expected(p, "a message");
    return NULL;
}

/* One message that is sent eventually; the arrow is the current token. What follows `a ~> b` on its
 * line cannot be meant for a or b without saying so. */
static struct mg_ast *parse_eventual(struct mg_parser *p, struct mg_ast *receiver)
{
    mg_parser_next(p);
    struct mg_ast *node = parse_message(p, MG_AST_EVENTUAL, receiver);
    if (!node || mg_parser_peek(p, 0)->first_on_line)
        return node;
    if (at_unary(p) || at_operator(p) || at_keyword(p)) {
        mg_parser_error(p, mg_parser_peek(p, 0),
                        "one message follows '~>': another needs a '~>' of its own, "
                        "or parentheses around the first");
        return NULL;
    }
    return node;
}

/* `a ~> b: 1 ~> c`: as loose as a keyword message, from left to right. */
static struct mg_ast *parse_keyword(struct mg_parser *p)
{
    struct mg_ast *node = parse_binary(p);
    if (node && at_keyword(p))
        node = parse_keywords(p, MG_AST_SEND, node);
    while (node && at_eventual(p))
        node = parse_eventual(p, settle_super(node, false));
    return node;
}

/* The parts after the first message of a cascade. `first` is taken apart: its receiver becomes the
 * receiver of all of them. */
static struct mg_ast *parse_cascade(struct mg_parser *p, struct mg_ast *first)
{
    const struct mg_token *semicolon = mg_parser_peek(p, 0);
    if (first->kind != MG_AST_SEND && first->kind != MG_AST_EVENTUAL) {
        mg_parser_error(p, semicolon, "a cascade needs a message before the ';'");
        return NULL;
    }
    struct mg_ast *node = mg_parser_node(p, MG_AST_CASCADE, semicolon);
    node->as.cascade.receiver = first->as.send.receiver;
    node->as.cascade.parts = first;
    first->as.send.receiver = NULL;
    mg_parser_part(p, node, first);
    struct mg_ast *last = first;
    while (mg_parser_accept(p, MG_TOKEN_SEMICOLON)) {
        struct mg_ast *part =
            at_eventual(p) ? parse_eventual(p, NULL) : parse_message(p, MG_AST_SEND, NULL);
        if (!part)
            return NULL;
        mg_parser_part(p, node, part);
        last->next = part;
        last = part;
    }
    return node;
}

static struct mg_ast *parse_assignment(struct mg_parser *p)
{
    const struct mg_token *name = mg_parser_next(p);
    mg_parser_next(p);
    struct mg_ast *value = mg_parser_expression(p);
    if (!value)
        return NULL;
    struct mg_ast *node = mg_parser_node(p, MG_AST_ASSIGN, name);
    node->as.name.name = name->as.name;
    node->as.name.value = value;
    mg_parser_part(p, node, value);
    node->assigns = true;
    return node;
}

struct mg_ast *mg_parser_expression(struct mg_parser *p)
{
    struct mg_ast *node;
    if (p->depth >= MG_LIMIT_NESTING) {
        mg_parser_too_deep(p);
        return NULL;
    }
    p->depth++;
    if (mg_parser_at(p, MG_TOKEN_IDENTIFIER) && mg_parser_peek(p, 1)->kind == MG_TOKEN_ASSIGN) {
        node = parse_assignment(p);
    } else {
        node = parse_keyword(p);
        if (node && mg_parser_at(p, MG_TOKEN_SEMICOLON))
            node = parse_cascade(p, node);
    }
    p->depth--;
    return settle_super(node, false);
}

struct mg_ast *mg_parser_statement(struct mg_parser *p)
{
    const struct mg_token *caret = mg_parser_peek(p, 0);
    if (!mg_parser_accept(p, MG_TOKEN_CARET))
        return mg_parser_expression(p);
    struct mg_ast *value = mg_parser_expression(p);
    if (!value)
        return NULL;
    struct mg_ast *node = mg_parser_node(p, MG_AST_RETURN, caret);
    node->as.value = value;
    mg_parser_part(p, node, value);
    return node;
}

static bool opens(uint8_t kind)
{
    return kind == MG_TOKEN_LPAREN || kind == MG_TOKEN_LBRACKET || kind == MG_TOKEN_LBRACE ||
           kind == MG_TOKEN_ARRAY || kind == MG_TOKEN_BYTES || kind == MG_TOKEN_DICTIONARY;
}

static bool closes(uint8_t kind)
{
    return kind == MG_TOKEN_RPAREN || kind == MG_TOKEN_RBRACKET || kind == MG_TOKEN_RBRACE;
}

/* Skips to a token of this kind outside of nested brackets. Stops before a closing bracket that is
 * not its own, at a head, and at the end. Does not take the token. */
static void skip_to(struct mg_parser *p, enum mg_token_kind wanted, bool over_closers)
{
    uint32_t nested = 0;
    while (!mg_parser_at(p, MG_TOKEN_EOF) && !at_head(p)) {
        uint8_t kind = mg_parser_peek(p, 0)->kind;
        if (nested == 0 && (kind == wanted || kind == MG_TOKEN_PERIOD))
            return;
        if (closes(kind) && nested == 0 && !(over_closers && kind != MG_TOKEN_RBRACKET))
            return;
        if (opens(kind))
            nested++;
        else if (closes(kind) && nested > 0)
            nested--;
        mg_parser_next(p);
    }
}

void mg_parser_recover(struct mg_parser *p)
{
    skip_to(p, MG_TOKEN_PERIOD, true);
    mg_parser_accept(p, MG_TOKEN_PERIOD);
}

/* In place of an expression that could not be read, so that what surrounds it can. */
static struct mg_ast *stand_in(struct mg_parser *p, const struct mg_token *token)
{
    struct mg_ast *node = mg_parser_node(p, MG_AST_LITERAL, token);
    node->as.literal = mg_arena_alloc(p->arena, sizeof *node->as.literal);
    return node;
}

static struct mg_ast *parse_parenthesis(struct mg_parser *p)
{
    const struct mg_token *opener = mg_parser_next(p);
    struct mg_ast *node = mg_parser_expression(p);
    if (node && mg_parser_accept(p, MG_TOKEN_RPAREN))
        return node;
    if (node)
        mg_parser_expected(p, "')' to close the '(' at line %u", opener->place.line);
    skip_to(p, MG_TOKEN_RPAREN, false);
    return mg_parser_accept(p, MG_TOKEN_RPAREN) ? stand_in(p, opener) : NULL;
}

static void list_add(struct mg_parser *p, struct message *list, struct mg_ast *item)
{
    *list->last = item;
    list->last = &item->next;
    list->node->as.list.count++;
    mg_parser_part(p, list->node, item);
}

/* The end of a braced list: true when it was closed. */
static bool close_brace(struct mg_parser *p, const struct mg_token *opener)
{
    if (mg_parser_accept(p, MG_TOKEN_RBRACE))
        return true;
    mg_parser_expected(p, "'.' or '}' to close the '%s' at line %u",
                       opener->kind == MG_TOKEN_LBRACE ? "{" : "#{", opener->place.line);
    skip_to(p, MG_TOKEN_RBRACE, false);
    return mg_parser_accept(p, MG_TOKEN_RBRACE);
}

static struct mg_ast *parse_brace(struct mg_parser *p)
{
    const struct mg_token *opener = mg_parser_next(p);
    struct mg_ast *node = mg_parser_node(p, MG_AST_BRACE, opener);
    struct message list = {node, &node->as.list.items};
    while (!mg_parser_at(p, MG_TOKEN_RBRACE)) {
        struct mg_ast *item = mg_parser_expression(p);
        if (!item) {
            skip_to(p, MG_TOKEN_RBRACE, false);
            if (mg_parser_accept(p, MG_TOKEN_PERIOD))
                continue;
            return mg_parser_accept(p, MG_TOKEN_RBRACE) ? node : NULL;
        }
        list_add(p, &list, item);
        if (!mg_parser_accept(p, MG_TOKEN_PERIOD))
            break;
    }
    return close_brace(p, opener) ? node : NULL;
}

/* `key -> value`; false after an error. */
static bool dictionary_pair(struct mg_parser *p, struct message *list)
{
    struct mg_ast *key = settle_super(mg_parser_primary(p), false);
    if (!key)
        return false;
    if (!mg_parser_at(p, MG_TOKEN_OPERATOR) || !mg_name_is(mg_parser_peek(p, 0)->as.name, "->")) {
        mg_parser_expected(p, "'->' after the key (a key with messages needs parentheses)");
        return false;
    }
    mg_parser_next(p);
    struct mg_ast *value = mg_parser_expression(p);
    if (!value)
        return false;
    list_add(p, list, key);
    list_add(p, list, value);
    return true;
}

static struct mg_ast *parse_dictionary(struct mg_parser *p)
{
    const struct mg_token *opener = mg_parser_next(p);
    struct mg_ast *node = mg_parser_node(p, MG_AST_DICTIONARY, opener);
    struct message list = {node, &node->as.list.items};
    while (!mg_parser_at(p, MG_TOKEN_RBRACE)) {
        if (!dictionary_pair(p, &list)) {
            skip_to(p, MG_TOKEN_RBRACE, false);
            if (mg_parser_accept(p, MG_TOKEN_PERIOD))
                continue;
            return mg_parser_accept(p, MG_TOKEN_RBRACE) ? node : NULL;
        }
        if (!mg_parser_accept(p, MG_TOKEN_PERIOD))
            break;
    }
    return close_brace(p, opener) ? node : NULL;
}

void mg_parser_temps(struct mg_parser *p, struct mg_variable **list)
{
    const struct mg_token *bar = mg_parser_next(p);
    while (*list)
        list = &(*list)->next;
    while (mg_parser_at(p, MG_TOKEN_IDENTIFIER)) {
        const struct mg_token *name = mg_parser_next(p);
        *list = mg_parser_variable(p, name, mg_parser_type(p));
        list = &(*list)->next;
    }
    if (!mg_parser_accept(p, MG_TOKEN_BAR))
        mg_parser_expected(p, "a name or '|' to close the temporaries at line %u", bar->place.line);
}

/* `:a :b |` */
static void parse_block_params(struct mg_parser *p, struct mg_ast_body *body)
{
    struct mg_variable **link = &body->params;
    while (mg_parser_accept(p, MG_TOKEN_COLON)) {
        const struct mg_token *name = mg_parser_peek(p, 0);
        if (name->kind != MG_TOKEN_IDENTIFIER) {
            mg_parser_expected(p, "the name of a block parameter after ':'");
            return;
        }
        mg_parser_next(p);
        *link = mg_parser_variable(p, name, NULL);
        (*link)->parameter = true;
        link = &(*link)->next;
        body->param_count++;
    }
    if (!mg_parser_accept(p, MG_TOKEN_BAR))
        mg_parser_expected(p, "'|' after the block parameters");
}

/* Marks what the statements' flags say about the whole, and reports what stands between them. */
void mg_parser_statements(struct mg_parser *p, struct mg_ast_body *body)
{
    struct mg_ast **link = &body->statements;
    while (!mg_parser_at(p, MG_TOKEN_RBRACKET) && !mg_parser_at(p, MG_TOKEN_EOF) &&
           !mg_parser_at_outer_head(p)) {
        struct mg_ast *statement = mg_parser_statement(p);
        if (!statement) {
            mg_parser_recover(p);
            continue;
        }
        *link = statement;
        link = &statement->next;
        statement->statement_end = mg_parser_accept(p, MG_TOKEN_PERIOD);
        if (statement->statement_end)
            continue;
        if (mg_parser_at(p, MG_TOKEN_RBRACKET) || mg_parser_at(p, MG_TOKEN_EOF) ||
            mg_parser_at_outer_head(p))
            break;
        mg_parser_expected(p, p->brackets > 0 ? "'.' or ']' after the statement"
                                              : "'.' after the statement");
        if (!mg_parser_peek(p, 0)->first_on_line)
            mg_parser_recover(p);
    }
}

static struct mg_ast *parse_block(struct mg_parser *p)
{
    const struct mg_token *opener = mg_parser_next(p);
    struct mg_ast *node = mg_parser_node(p, MG_AST_BLOCK, opener);
    struct mg_ast_body *body = &node->as.block;
    p->brackets++;
    if (mg_parser_at(p, MG_TOKEN_COLON))
        parse_block_params(p, body);
    if (mg_parser_at(p, MG_TOKEN_BAR))
        mg_parser_temps(p, &body->temps);
    mg_parser_statements(p, body);
    p->brackets--;
    for (const struct mg_ast *s = body->statements; s; s = s->next)
        mg_parser_part(p, node, s);
    body->close = mg_parser_peek(p, 0)->place;
    if (!mg_parser_accept(p, MG_TOKEN_RBRACKET))
        mg_parser_expected(p, "']' to close the block opened at line %u", opener->place.line);
    return node;
}

static struct mg_ast *parse_name(struct mg_parser *p)
{
    const struct mg_token *token = mg_parser_next(p);
    if (mg_parser_at(p, MG_TOKEN_ASSIGN)) {
        mg_parser_error(p, mg_parser_peek(p, 0),
                        "an assignment inside an expression needs parentheses");
        return NULL;
    }
    struct mg_ast *node = mg_parser_node(p, MG_AST_NAME, token);
    node->as.name.name = token->as.name;
    return node;
}

static struct mg_ast *parse_pseudo(struct mg_parser *p, enum mg_ast_kind kind)
{
    struct mg_ast *node = mg_parser_node(p, kind, mg_parser_next(p));
    return node;
}

struct mg_ast *mg_parser_primary(struct mg_parser *p)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    if (token->kind >= MG_TOKEN_SELF && token->kind <= MG_TOKEN_CONTEXT &&
        mg_parser_peek(p, 1)->kind == MG_TOKEN_ASSIGN) {
        mg_parser_error(p, token, "cannot assign to '%.*s'", (int)token->len,
                        p->source->text + token->place.offset);
        return NULL;
    }
    switch (token->kind) {
    case MG_TOKEN_IDENTIFIER:
        return parse_name(p);
    case MG_TOKEN_SELF:
        return parse_pseudo(p, MG_AST_SELF);
    case MG_TOKEN_SUPER:
        return parse_pseudo(p, MG_AST_SUPER);
    case MG_TOKEN_CONTEXT:
        return parse_pseudo(p, MG_AST_CONTEXT);
    case MG_TOKEN_LPAREN:
        return parse_parenthesis(p);
    case MG_TOKEN_LBRACKET:
        return parse_block(p);
    case MG_TOKEN_LBRACE:
        return parse_brace(p);
    case MG_TOKEN_DICTIONARY:
        return parse_dictionary(p);
    case MG_TOKEN_BAR:
        mg_parser_expected(p, "an expression (temporaries stand at the start of a body)");
        return NULL;
    case MG_TOKEN_DOCSTRING:
        mg_parser_error(p, token,
                        "a docstring stands before a definition or method, "
                        "or first in a method body");
        return NULL;
    default:
        if (mg_parser_at_literal(p))
            return mg_parser_literal(p);
        mg_parser_expected(p, "an expression");
        return NULL;
    }
}
