/* SPDX-License-Identifier: MIT */
/* Definitions: classes, traits, protocols and the methods in them. */
#include <string.h>

#include "compiler/parser_internal.h"

/* The words that begin an item of a class body. */
static const char *const item_words[] = {
    "instanceVars:", "instanceVariables:", "classVars:", "classVariables:", "include:",     "uses:",
    "requires:",     "category:",          "includes:",  "method:",         "classMethod:",
};

static bool at_item_word(const struct mg_parser *p, uint32_t ahead)
{
    const struct mg_token *token = mg_parser_peek(p, ahead);
    if (token->kind != MG_TOKEN_KEYWORD)
        return mg_parser_at_identifier(p, ahead, "class") &&
               mg_parser_at_keyword(p, ahead + 1, "method:");
    for (size_t i = 0; i < MG_ARRAY_LEN(item_words); i++) {
        if (mg_name_is(token->as.name, item_words[i]))
            return true;
    }
    return false;
}

bool mg_parser_at_definition(const struct mg_parser *p, uint32_t ahead)
{
    if (mg_parser_peek(p, ahead)->kind != MG_TOKEN_IDENTIFIER)
        return false;
    if (mg_parser_at_keyword(p, ahead + 1, "subclass:"))
        return true;
    if (!mg_parser_at_identifier(p, ahead + 1, "trait") &&
        !mg_parser_at_identifier(p, ahead + 1, "protocol"))
        return false;
    uint8_t after = mg_parser_peek(p, ahead + 2)->kind;
    return after != MG_TOKEN_PERIOD && after != MG_TOKEN_SEMICOLON && after != MG_TOKEN_ASSIGN;
}

bool mg_parser_at_method(const struct mg_parser *p)
{
    return mg_parser_at_keyword(p, 0, "method:") || mg_parser_at_keyword(p, 0, "classMethod:") ||
           (mg_parser_at_identifier(p, 0, "class") && mg_parser_at_keyword(p, 1, "method:"));
}

bool mg_parser_at_outer_head(const struct mg_parser *p)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    if (!token->first_on_line)
        return false;
    if (token->kind == MG_TOKEN_IDENTIFIER && token->place.column == 1 &&
        mg_parser_at_keyword(p, 1, "subclass:"))
        return mg_parser_peek(p, 2)->kind == MG_TOKEN_IDENTIFIER ||
               mg_parser_peek(p, 2)->kind == MG_TOKEN_NIL;
    if (!mg_parser_at_method(p))
        return false;
    /* A keyword message could be called `method:` too, but its argument is an expression. */
    uint32_t pattern = mg_parser_at(p, MG_TOKEN_IDENTIFIER) ? 2 : 1;
    uint8_t first = mg_parser_peek(p, pattern)->kind;
    uint8_t second = mg_parser_peek(p, pattern + 1)->kind;
    return first == MG_TOKEN_KEYWORD || first == MG_TOKEN_BAR ||
           (first == MG_TOKEN_OPERATOR && second == MG_TOKEN_IDENTIFIER) ||
           (first == MG_TOKEN_IDENTIFIER &&
            (second == MG_TOKEN_LBRACKET || second == MG_TOKEN_CARET));
}

/* -- Methods -- */

static struct mg_variable *method_parameter(struct mg_parser *p, struct mg_ast_method *method,
                                            struct mg_variable **link)
{
    const struct mg_token *name = mg_parser_peek(p, 0);
    if (name->kind != MG_TOKEN_IDENTIFIER) {
        mg_parser_expected(p, "the name of a parameter");
        return NULL;
    }
    mg_parser_next(p);
    *link = mg_parser_variable(p, name, mg_parser_type(p));
    (*link)->parameter = true;
    method->body.param_count++;
    return *link;
}

static bool keyword_pattern(struct mg_parser *p, struct mg_ast_method *method)
{
    struct mg_buf selector = {0};
    struct mg_variable **link = &method->body.params;
    bool good = true;
    while (good && mg_parser_at(p, MG_TOKEN_KEYWORD)) {
        const struct mg_token *token = mg_parser_next(p);
        mg_buf_put(&selector, token->as.name->text.bytes, token->as.name->text.len);
        struct mg_variable *parameter = method_parameter(p, method, link);
        good = parameter != NULL;
        if (good)
            link = &parameter->next;
    }
    method->selector = mg_name(p->names, mg_buf_text(&selector), selector.len);
    mg_buf_deinit(&selector);
    return good;
}

static bool parse_pattern(struct mg_parser *p, struct mg_ast_method *method)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    method->place = token->place;
    switch (token->kind) {
    case MG_TOKEN_IDENTIFIER:
        if (strchr(token->as.name->text.bytes, ':')) {
            mg_parser_error(p, token, "a qualified name cannot be a selector");
            return false;
        }
        method->selector = token->as.name;
        mg_parser_next(p);
        return true;
    case MG_TOKEN_OPERATOR:
    case MG_TOKEN_BAR:
        method->selector = token->kind == MG_TOKEN_BAR ? mg_name(p->names, "|", 1) : token->as.name;
        if (mg_name_is(method->selector, "~>"))
            mg_parser_error(p, token, "'~>' is the eventual send and cannot be a method");
        mg_parser_next(p);
        return method_parameter(p, method, &method->body.params) != NULL;
    case MG_TOKEN_KEYWORD:
        return keyword_pattern(p, method);
    default:
        mg_parser_expected(p, "a method pattern");
        return false;
    }
}

/* `<primitive>` and the other forms that stand for a body. */
static void parse_form(struct mg_parser *p, struct mg_ast_method *method)
{
    static const struct {
        const char *word;
        uint8_t form;
        int arity; /* -1: any */
    } forms[] = {
        {"primitive", MG_FORM_PRIMITIVE, -1}, {"ensure", MG_FORM_ENSURE, 1},
        {"ifCurtailed", MG_FORM_CURTAIL, 1},  {"handler", MG_FORM_HANDLER, 2},
        {"barrier", MG_FORM_BARRIER, 2},      {"blockValue", MG_FORM_BLOCK_VALUE, -1},
    };
    const struct mg_token *opener = mg_parser_peek(p, 0);
    const struct mg_token *word = mg_parser_peek(p, 1);
    const struct mg_name *name = mg_parser_type(p);
    for (size_t i = 0; name && i < MG_ARRAY_LEN(forms); i++) {
        if (!mg_name_is(name, forms[i].word))
            continue;
        method->form = forms[i].form;
        if (method->form != MG_FORM_PRIMITIVE && !p->library)
            mg_parser_error(p, word, "<%s> belongs to the library", forms[i].word);
        else if (forms[i].arity >= 0 && (uint32_t)forms[i].arity != method->body.param_count)
            mg_parser_error(p, word, "<%s> needs a method with %d argument%s", forms[i].word,
                            forms[i].arity, forms[i].arity == 1 ? "" : "s");
        return;
    }
    if (name)
        mg_parser_error(p, opener, "expected <primitive>, got <%s>", name->text.bytes);
}

/* What stands in a method's brackets. */
static void parse_method_body(struct mg_parser *p, struct mg_ast_method *method)
{
    if (mg_parser_at(p, MG_TOKEN_DOCSTRING)) {
        const struct mg_token *doc = mg_parser_next(p);
        if (method->doc.len > 0)
            mg_parser_warn(p, doc, "this docstring replaces the one before the method");
        method->doc = doc->text;
    }
    if (mg_parser_at_type(p)) {
        parse_form(p, method);
        const struct mg_token *token = mg_parser_peek(p, 0);
        bool empty = token->kind == MG_TOKEN_RBRACKET || token->kind == MG_TOKEN_EOF;
        if (!empty && !(p->library && method->form == MG_FORM_PRIMITIVE))
            mg_parser_expected(p, "']' after the body's form");
    }
    if (mg_parser_at(p, MG_TOKEN_BAR))
        mg_parser_temps(p, &method->body.temps);
    mg_parser_statements(p, &method->body);
    method->body.close = mg_parser_peek(p, 0)->place;
}

static void set_method_text(struct mg_parser *p, struct mg_ast_method *method)
{
    const struct mg_token *last = &p->tokens.items[p->pos > 0 ? p->pos - 1 : 0];
    uint32_t begin = method->place.offset;
    uint32_t end = last->place.offset + last->len;
    if (end > begin)
        method->text = (struct mg_text){p->source->text + begin, end - begin};
}

struct mg_ast_method *mg_parser_method(struct mg_parser *p, bool bare)
{
    struct mg_ast_method *method = mg_arena_alloc(p->arena, sizeof *method);
    method->source = p->source;
    if (bare && at_item_word(p, 0)) {
        mg_parser_expected(p, "a method pattern");
        return NULL;
    }
    if (!parse_pattern(p, method))
        return NULL;
    /* In a bare method `^` may also begin the first statement. */
    const struct mg_token *behind = mg_parser_peek(p, 1);
    bool typed = behind->kind == MG_TOKEN_OPERATOR && mg_name_is(behind->as.name, "<");
    if ((!bare || typed) && mg_parser_accept(p, MG_TOKEN_CARET))
        method->return_type = mg_parser_type(p);
    method->effects = mg_parser_effects(p);
    const struct mg_token *opener = mg_parser_peek(p, 0);
    if (!bare && !mg_parser_accept(p, MG_TOKEN_LBRACKET)) {
        mg_parser_expected(p, "'[' after the pattern of the method");
        return NULL;
    }
    p->brackets += !bare;
    parse_method_body(p, method);
    p->brackets -= !bare;
    if (!bare && !mg_parser_accept(p, MG_TOKEN_RBRACKET))
        mg_parser_expected(p, "']' to close the method '%s' opened at line %u",
                           method->selector->text.bytes, opener->place.line);
    set_method_text(p, method);
    return method;
}

/* -- Lists of names -- */

/* Where a list of names that begins at the current token ends, as a number of tokens (see
 * parser.h). */
static uint32_t name_list_length(const struct mg_parser *p, uint32_t head_column)
{
    uint32_t n = 0;
    uint32_t outdented = UINT32_MAX;  /* the first name that is not indented below the head */
    uint32_t line_start = UINT32_MAX; /* the last name that begins a line */
    for (;;) {
        const struct mg_token *token = mg_parser_peek(p, n);
        if (token->kind != MG_TOKEN_IDENTIFIER || at_item_word(p, n) ||
            mg_parser_peek(p, n + 1)->kind == MG_TOKEN_ASSIGN ||
            mg_parser_at_keyword(p, n + 1, "subclass:") ||
            (mg_parser_at_definition(p, n) && token->first_on_line))
            break;
        if (token->first_on_line) {
            line_start = n;
            if (outdented == UINT32_MAX && token->place.column <= head_column)
                outdented = n;
        }
        n++;
        const struct mg_token *angle = mg_parser_peek(p, n);
        if (angle->kind == MG_TOKEN_OPERATOR && mg_name_is(angle->as.name, "<") &&
            mg_parser_peek(p, n + 1)->kind == MG_TOKEN_IDENTIFIER &&
            mg_parser_peek(p, n + 2)->kind == MG_TOKEN_OPERATOR)
            n += 3;
    }
    uint8_t after = mg_parser_peek(p, n)->kind;
    if (at_item_word(p, n) || after == MG_TOKEN_IDENTIFIER || after == MG_TOKEN_DOCSTRING)
        return n;
    if (outdented != UINT32_MAX)
        return outdented;
    return after != MG_TOKEN_EOF && line_start != UINT32_MAX ? line_start : n;
}

static void add_variable(struct mg_variable ***link, struct mg_variable *variable)
{
    **link = variable;
    *link = &variable->next;
}

static bool is_word_byte(char c)
{
    return c != 0 && !strchr(" \t\r\n", c);
}

/* `'a b c'`: names split at white space. */
static void variables_in_string(struct mg_parser *p, const struct mg_token *token,
                                struct mg_variable ***link)
{
    const char *text = token->text.bytes;
    for (uint32_t i = 0; i < token->text.len;) {
        uint32_t begin = i;
        while (i < token->text.len && is_word_byte(text[i]))
            i++;
        if (i > begin) {
            struct mg_variable *variable = mg_arena_alloc(p->arena, sizeof *variable);
            variable->name = mg_name(p->names, text + begin, i - begin);
            variable->place = token->place;
            add_variable(link, variable);
        } else {
            i++;
        }
    }
}

static void parse_variables(struct mg_parser *p, uint32_t head_column, struct mg_variable **list)
{
    const struct mg_token *word = mg_parser_next(p);
    struct mg_variable **link = list;
    while (*link)
        link = &(*link)->next;
    if (mg_parser_at(p, MG_TOKEN_STRING)) {
        variables_in_string(p, mg_parser_next(p), &link);
        return;
    }
    uint32_t end = p->pos + name_list_length(p, head_column);
    if (end == p->pos && word->first_on_line && mg_parser_at(p, MG_TOKEN_SYMBOL))
        mg_parser_expected(p, "names or a string after '%s'", word->as.name->text.bytes);
    while (p->pos < end) {
        const struct mg_token *name = mg_parser_next(p);
        add_variable(&link, mg_parser_variable(p, name, mg_parser_type(p)));
    }
}

static struct mg_ast_word *parse_word(struct mg_parser *p, const char *what)
{
    const struct mg_token *token = mg_parser_peek(p, 0);
    if (token->kind != MG_TOKEN_IDENTIFIER) {
        mg_parser_expected(p, "the name of %s", what);
        return NULL;
    }
    mg_parser_next(p);
    struct mg_ast_word *word = mg_arena_alloc(p->arena, sizeof *word);
    word->name = token->as.name;
    word->place = token->place;
    return word;
}

static void append_word(struct mg_ast_word **list, struct mg_ast_word *word)
{
    while (*list)
        list = &(*list)->next;
    *list = word;
}

/* `requires: #a b +` */
static void parse_requirements(struct mg_parser *p, struct mg_ast_definition *definition)
{
    mg_parser_next(p);
    uint32_t names = name_list_length(p, definition->place.column);
    for (;;) {
        const struct mg_token *token = mg_parser_peek(p, 0);
        const struct mg_name *name = NULL;
        if (token->kind == MG_TOKEN_SYMBOL) {
            name = mg_name(p->names, token->text.bytes, token->text.len);
        } else if (token->kind == MG_TOKEN_IDENTIFIER && names > 0) {
            name = token->as.name;
            names--;
        } else if (token->kind == MG_TOKEN_OPERATOR && !token->first_on_line) {
            name = token->as.name;
        }
        if (!name)
            return;
        bool symbol = token->kind != MG_TOKEN_IDENTIFIER;
        struct mg_ast_word *word = mg_arena_alloc(p->arena, sizeof *word);
        word->name = name;
        word->place = token->place;
        append_word(&definition->required, word);
        mg_parser_next(p);
        if (symbol)
            names = name_list_length(p, definition->place.column);
    }
}

/* -- Bodies -- */

/* What the items of a body share. */
struct body {
    struct mg_ast_definition *definition;
    struct mg_ast_method **methods; /* where the next one hangs */
    struct mg_text doc;             /* waiting for its method */
    const struct mg_token *doc_token;
    struct mg_text category;
};

static void orphan(struct mg_parser *p, struct body *body)
{
    if (body->doc_token)
        mg_parser_warn(p, body->doc_token, "orphan docstring: nothing follows that it describes");
    body->doc_token = NULL;
    body->doc = (struct mg_text){0};
}

static void method_item(struct mg_parser *p, struct body *body)
{
    const struct mg_token *word = mg_parser_next(p);
    bool class_side = !mg_name_is(word->as.name, "method:");
    if (word->kind == MG_TOKEN_IDENTIFIER)
        mg_parser_next(p);
    if (class_side && body->definition->kind == MG_DEFINE_TRAIT)
        mg_parser_error(p, word, "a trait has no class-side methods");
    struct mg_ast_method *method = mg_parser_method(p, false);
    if (!method)
        return;
    method->class_side = class_side;
    method->category = body->category;
    if (method->doc.len == 0)
        method->doc = body->doc;
    body->doc = (struct mg_text){0};
    body->doc_token = NULL;
    *body->methods = method;
    body->methods = &method->next;
}

/* An item that begins with the current keyword; false if a body of this kind has none such. */
static bool keyword_item(struct mg_parser *p, struct body *body)
{
    struct mg_ast_definition *definition = body->definition;
    bool class = definition->kind == MG_DEFINE_CLASS;
    const struct mg_name *word = mg_parser_peek(p, 0)->as.name;
    if (mg_parser_at_method(p)) {
        method_item(p, body);
        return true;
    }
    orphan(p, body);
    if (mg_name_is(word, "category:")) {
        mg_parser_next(p);
        if (mg_parser_at(p, MG_TOKEN_STRING) || mg_parser_at(p, MG_TOKEN_SYMBOL))
            body->category = mg_parser_next(p)->text;
        else
            mg_parser_expected(p, "a string after 'category:'");
    } else if (class &&
               (mg_name_is(word, "instanceVars:") || mg_name_is(word, "instanceVariables:"))) {
        definition->slots_declared = true;
        parse_variables(p, definition->place.column, &definition->slots);
    } else if (class && (mg_name_is(word, "classVars:") || mg_name_is(word, "classVariables:"))) {
        parse_variables(p, definition->place.column, &definition->cvars);
    } else if (class && (mg_name_is(word, "include:") || mg_name_is(word, "uses:"))) {
        mg_parser_next(p);
        append_word(&definition->includes, parse_word(p, "a trait"));
    } else if (definition->kind == MG_DEFINE_TRAIT && mg_name_is(word, "requires:")) {
        parse_requirements(p, definition);
    } else {
        return false;
    }
    return true;
}

/* Skips to the next item, definition or line that begins at the head's column. */
static void skip_item(struct mg_parser *p, uint32_t head_column)
{
    do {
        mg_parser_next(p);
        const struct mg_token *token = mg_parser_peek(p, 0);
        if (token->first_on_line && (at_item_word(p, 0) || mg_parser_at_definition(p, 0) ||
                                     token->place.column <= head_column))
            return;
    } while (!mg_parser_at(p, MG_TOKEN_EOF));
}

/* Whether the docstring at the current token is for something outside of the body. */
static bool doc_leads_out(const struct mg_parser *p)
{
    uint32_t n = 0;
    while (mg_parser_peek(p, n)->kind == MG_TOKEN_DOCSTRING)
        n++;
    return !at_item_word(p, n);
}

/* The items of a class or trait. */
static void parse_items(struct mg_parser *p, struct mg_ast_definition *definition)
{
    struct body body = {.definition = definition, .methods = &definition->methods};
    uint32_t column = definition->place.column;
    for (;;) {
        if (mg_parser_at(p, MG_TOKEN_DOCSTRING)) {
            if (doc_leads_out(p))
                break;
            orphan(p, &body);
            body.doc_token = mg_parser_next(p);
            body.doc = body.doc_token->text;
        } else if (mg_parser_at_keyword(p, 0, "namespace:") ||
                   mg_parser_at_keyword(p, 0, "import:")) {
            break;
        } else if (mg_parser_at(p, MG_TOKEN_KEYWORD) || mg_parser_at_method(p)) {
            if (keyword_item(p, &body)) {
                if (p->last_error == p->pos && !mg_parser_at(p, MG_TOKEN_EOF) &&
                    !at_item_word(p, 0))
                    skip_item(p, column);
                continue;
            }
            mg_parser_expected(p, definition->kind == MG_DEFINE_CLASS
                                      ? "an item of the class (method:, classMethod:, "
                                        "instanceVars:, classVars:, include:, category:)"
                                      : "an item of the trait (method:, requires:, category:)");
            skip_item(p, column);
        } else {
            break;
        }
    }
    orphan(p, &body);
}

/* One entry of a protocol: a pattern without names. */
static bool protocol_entry(struct mg_parser *p, struct mg_ast_method ***link)
{
    struct mg_ast_method *entry = mg_arena_alloc(p->arena, sizeof *entry);
    const struct mg_token *token = mg_parser_peek(p, 0);
    struct mg_buf selector = {0};
    entry->source = p->source;
    entry->protocol_entry = true;
    entry->place = token->place;
    if (token->kind == MG_TOKEN_KEYWORD) {
        struct mg_variable **param = &entry->body.params;
        while (mg_parser_at(p, MG_TOKEN_KEYWORD)) {
            const struct mg_token *word = mg_parser_next(p);
            mg_buf_put(&selector, word->as.name->text.bytes, word->as.name->text.len);
            *param = mg_parser_variable(p, word, mg_parser_type(p));
            param = &(*param)->next;
            entry->body.param_count++;
        }
    } else {
        mg_parser_next(p);
        mg_buf_put(&selector, token->as.name->text.bytes, token->as.name->text.len);
        if (token->kind == MG_TOKEN_OPERATOR) {
            entry->body.params = mg_parser_variable(p, token, mg_parser_type(p));
            entry->body.param_count = 1;
        }
    }
    entry->selector = mg_name(p->names, mg_buf_text(&selector), selector.len);
    mg_buf_deinit(&selector);
    if (mg_parser_accept(p, MG_TOKEN_CARET))
        entry->return_type = mg_parser_type(p);
    entry->effects = mg_parser_effects(p);
    mg_parser_accept(p, MG_TOKEN_PERIOD);
    set_method_text(p, entry);
    **link = entry;
    *link = &entry->next;
    return p->last_error != p->pos;
}

/* A protocol ends at the next definition, at anything that is no entry, and at a line that stands
 * no deeper than its head. */
static void parse_protocol(struct mg_parser *p, struct mg_ast_definition *definition)
{
    struct mg_ast_method **link = &definition->methods;
    for (;;) {
        const struct mg_token *token = mg_parser_peek(p, 0);
        bool outdented = token->first_on_line && token->place.column <= definition->place.column;
        if (token->kind == MG_TOKEN_DOCSTRING && !outdented) {
            mg_parser_next(p);
            continue;
        }
        if (outdented || mg_parser_at_definition(p, 0) ||
            mg_parser_peek(p, 1)->kind == MG_TOKEN_ASSIGN)
            return;
        if (mg_parser_at_keyword(p, 0, "includes:")) {
            mg_parser_next(p);
            append_word(&definition->includes, parse_word(p, "a protocol"));
            mg_parser_accept(p, MG_TOKEN_PERIOD);
        } else if (token->kind == MG_TOKEN_IDENTIFIER || token->kind == MG_TOKEN_OPERATOR ||
                   token->kind == MG_TOKEN_KEYWORD) {
            if (!protocol_entry(p, &link))
                skip_item(p, definition->place.column);
        } else {
            return;
        }
    }
}

struct mg_ast_definition *mg_parser_definition(struct mg_parser *p, struct mg_text doc)
{
    struct mg_ast_definition *definition = mg_arena_alloc(p->arena, sizeof *definition);
    const struct mg_token *name = mg_parser_next(p);
    const struct mg_token *word = mg_parser_next(p);
    definition->name = name->as.name;
    definition->place = name->place;
    definition->doc = doc;
    if (word->kind == MG_TOKEN_KEYWORD) {
        const struct mg_token *superclass = mg_parser_peek(p, 0);
        definition->kind = MG_DEFINE_CLASS;
        definition->superclass_place = superclass->place;
        if (superclass->kind == MG_TOKEN_IDENTIFIER)
            definition->superclass = superclass->as.name;
        else if (superclass->kind != MG_TOKEN_NIL)
            mg_parser_expected(p, "the name of a superclass, or nil");
        if (p->last_error != p->pos)
            mg_parser_next(p);
    } else {
        definition->kind =
            mg_name_is(word->as.name, "trait") ? MG_DEFINE_TRAIT : MG_DEFINE_PROTOCOL;
    }
    if (definition->kind == MG_DEFINE_PROTOCOL)
        parse_protocol(p, definition);
    else
        parse_items(p, definition);
    const struct mg_token *last = &p->tokens.items[p->pos - 1];
    definition->text = (struct mg_text){p->source->text + name->place.offset,
                                        last->place.offset + last->len - name->place.offset};
    return definition;
}
