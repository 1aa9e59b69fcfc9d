/* SPDX-License-Identifier: MIT */
/* The token cursor, messages, and the top level of a file. */
#include "compiler/parser.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "compiler/parser_internal.h"

/* -- Cursor -- */

const struct mg_token *mg_parser_peek(const struct mg_parser *p, uint32_t ahead)
{
    uint32_t last = p->tokens.count - 1;
    return &p->tokens.items[ahead <= last - p->pos ? p->pos + ahead : last];
}

bool mg_parser_at(const struct mg_parser *p, enum mg_token_kind kind)
{
    return p->tokens.items[p->pos].kind == kind;
}

bool mg_parser_at_keyword(const struct mg_parser *p, uint32_t ahead, const char *word)
{
    const struct mg_token *token = mg_parser_peek(p, ahead);
    return token->kind == MG_TOKEN_KEYWORD && mg_name_is(token->as.name, word);
}

bool mg_parser_at_identifier(const struct mg_parser *p, uint32_t ahead, const char *word)
{
    const struct mg_token *token = mg_parser_peek(p, ahead);
    return token->kind == MG_TOKEN_IDENTIFIER && mg_name_is(token->as.name, word);
}

const struct mg_token *mg_parser_next(struct mg_parser *p)
{
    const struct mg_token *token = &p->tokens.items[p->pos];
    if (token->kind != MG_TOKEN_EOF)
        p->pos++;
    return token;
}

bool mg_parser_accept(struct mg_parser *p, enum mg_token_kind kind)
{
    if (!mg_parser_at(p, kind))
        return false;
    mg_parser_next(p);
    return true;
}

void mg_parser_split(struct mg_parser *p, uint32_t n)
{
    struct mg_token *token = &p->tokens.items[p->pos];
    if (token->len <= n) {
        mg_parser_next(p);
        return;
    }
    struct mg_text text = token->as.name->text;
    token->as.name = mg_name(p->names, text.bytes + n, text.len - n);
    token->place.offset += n;
    token->place.column += n;
    token->len -= n;
    token->width -= n;
    token->first_on_line = false;
    if (mg_name_is(token->as.name, "|"))
        token->kind = MG_TOKEN_BAR;
}

/* -- Messages -- */

/* The text of a token for "got …"; long and odd ones are named by kind. */
static void describe(const struct mg_parser *p, const struct mg_token *token, struct mg_buf *out)
{
    switch (token->kind) {
    case MG_TOKEN_EOF:
        mg_buf_puts(out, "end of input");
        return;
    case MG_TOKEN_STRING:
        mg_buf_puts(out, "a string");
        return;
    case MG_TOKEN_DOCSTRING:
        mg_buf_puts(out, "a docstring");
        return;
    case MG_TOKEN_INTEGER:
    case MG_TOKEN_FLOAT:
        mg_buf_puts(out, "the number ");
        break;
    case MG_TOKEN_CHARACTER:
        mg_buf_puts(out, "a character");
        return;
    default:
        break;
    }
    if (token->len > 60)
        mg_buf_puts(out, "a long name");
    else
        mg_buf_printf(out, "'%.*s'", (int)token->len, p->source->text + token->place.offset);
}

/* Where an error at a token is shown: at the end of input that is right behind the last token,
 * which may be lines above. */
static struct mg_place shown_place(const struct mg_parser *p, uint32_t index)
{
    const struct mg_token *token = &p->tokens.items[index];
    if (token->kind != MG_TOKEN_EOF || index == 0)
        return token->place;
    const struct mg_token *last = token - 1;
    if (memchr(p->source->text + last->place.offset, '\n', last->len))
        return token->place;
    return (struct mg_place){last->place.offset + last->len, last->place.line,
                             last->place.column + last->width};
}

static void report(struct mg_parser *p, const struct mg_token *token, const char *message)
{
    uint32_t index = (uint32_t)(token - p->tokens.items);
    if (p->last_error == index)
        return;
    p->last_error = index;
    if (token->kind == MG_TOKEN_EOF)
        p->diags->incomplete = true;
    mg_diags_add(p->diags, MG_SEVERITY_ERROR, p->source, shown_place(p, index), token->width, "%s",
                 message);
}

void mg_parser_error(struct mg_parser *p, const struct mg_token *token, const char *fmt, ...)
{
    struct mg_buf text = {0};
    va_list args;
    va_start(args, fmt);
    mg_buf_vprintf(&text, fmt, args);
    va_end(args);
    report(p, token, mg_buf_text(&text));
    mg_buf_deinit(&text);
}

void mg_parser_expected(struct mg_parser *p, const char *fmt, ...)
{
    struct mg_buf text = {0};
    va_list args;
    va_start(args, fmt);
    mg_buf_puts(&text, "expected ");
    mg_buf_vprintf(&text, fmt, args);
    va_end(args);
    mg_buf_puts(&text, ", got ");
    describe(p, mg_parser_peek(p, 0), &text);
    report(p, mg_parser_peek(p, 0), mg_buf_text(&text));
    mg_buf_deinit(&text);
}

void mg_parser_warn(struct mg_parser *p, const struct mg_token *token, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mg_diags_vadd(p->diags, MG_SEVERITY_WARNING, p->source, token->place, token->width, fmt, args);
    va_end(args);
}

void mg_parser_too_deep(struct mg_parser *p)
{
    mg_parser_error(p, mg_parser_peek(p, 0), "nested too deeply: more than %d levels",
                    MG_LIMIT_NESTING);
    p->pos = p->tokens.count - 1;
    p->last_error = p->pos;
}

/* -- Files -- */

/* What the top level of a file keeps while it is parsed. */
struct file {
    struct mg_ast_file *ast;
    struct mg_ast_definition **definitions;
    struct mg_ast **statements;
    const struct mg_token *doc; /* waits for its definition */
    bool begun;                 /* a definition or statement has been seen */
    bool refused;               /* statements have been complained about */
};

static void orphan(struct mg_parser *p, struct file *file)
{
    if (file->doc)
        mg_parser_warn(p, file->doc, "orphan docstring: nothing follows that it describes");
    file->doc = NULL;
}

/* `namespace: 'A::B'` or `import: 'A::B'` */
static void parse_header(struct mg_parser *p, struct file *file)
{
    const struct mg_token *word = mg_parser_next(p);
    const struct mg_token *operand = mg_parser_peek(p, 0);
    const struct mg_name *name = NULL;
    bool is_namespace = mg_name_is(word->as.name, "namespace:");
    file->doc = NULL;
    if (operand->kind == MG_TOKEN_STRING && operand->text.len > 0)
        name = mg_name(p->names, operand->text.bytes, operand->text.len);
    else if (operand->kind == MG_TOKEN_IDENTIFIER)
        name = operand->as.name;
    else
        mg_parser_expected(p, "the name of a namespace, bare or in quotes");
    if (operand->kind == MG_TOKEN_STRING || name)
        mg_parser_next(p);
    mg_parser_accept(p, MG_TOKEN_PERIOD);
    if (!name)
        return;
    if (file->begun)
        mg_parser_error(p, word, "'%s' must stand before the first definition or statement",
                        word->as.name->text.bytes);
    if (is_namespace) {
        if (file->ast->namespace_)
            mg_parser_error(p, word, "a file has one namespace only");
        file->ast->namespace_ = name;
        return;
    }
    struct mg_ast_word **link = &file->ast->imports;
    while (*link)
        link = &(*link)->next;
    *link = mg_arena_alloc(p->arena, sizeof **link);
    (*link)->name = name;
    (*link)->place = operand->place;
}

static void parse_definition(struct mg_parser *p, struct file *file)
{
    struct mg_text doc = file->doc ? file->doc->text : (struct mg_text){0};
    file->doc = NULL;
    file->begun = true;
    struct mg_ast_definition *definition = mg_parser_definition(p, doc);
    definition->file = file->ast;
    *file->definitions = definition;
    file->definitions = &definition->next;
}

/* A method where no class is open. */
static void stray_method(struct mg_parser *p)
{
    const struct mg_token *word = mg_parser_next(p);
    mg_parser_error(p, word,
                    "a method stands in the body of a class or trait, "
                    "directly after its head or its other items");
    if (word->kind == MG_TOKEN_IDENTIFIER)
        mg_parser_next(p);
    if (!mg_parser_method(p, false))
        mg_parser_recover(p);
}

/* What stands between two statements, or why it does not. */
static void end_statement(struct mg_parser *p, struct mg_ast *statement)
{
    statement->statement_end = mg_parser_accept(p, MG_TOKEN_PERIOD);
    if (statement->statement_end || mg_parser_at(p, MG_TOKEN_EOF) ||
        mg_parser_at(p, MG_TOKEN_DOCSTRING) || mg_parser_at_definition(p, 0))
        return;
    if (mg_parser_at(p, MG_TOKEN_LBRACKET) && statement->kind == MG_AST_NAME)
        mg_parser_expected(p, "'.' after the statement (a method needs 'method:' before its "
                              "name)");
    else
        mg_parser_expected(p, "'.' after the statement");
    if (!mg_parser_peek(p, 0)->first_on_line)
        mg_parser_recover(p);
}

static void parse_statement(struct mg_parser *p, struct file *file)
{
    uint32_t begin = p->pos;
    orphan(p, file);
    file->begun = true;
    if (!p->source->allow_statements && !file->refused) {
        mg_parser_expected(p, "a definition (statements are for scripts)");
        file->refused = true;
    }
    if (mg_parser_at(p, MG_TOKEN_BAR)) {
        mg_parser_temps(p, &file->ast->script.temps);
        mg_parser_accept(p, MG_TOKEN_PERIOD);
        return;
    }
    struct mg_ast *statement = mg_parser_statement(p);
    if (!statement) {
        mg_parser_recover(p);
        if (p->pos == begin)
            mg_parser_next(p);
        return;
    }
    *file->statements = statement;
    file->statements = &statement->next;
    end_statement(p, statement);
    if (p->pos == begin)
        mg_parser_next(p);
}

static void parse_top_level(struct mg_parser *p, struct file *file)
{
    while (!mg_parser_at(p, MG_TOKEN_EOF)) {
        if (mg_parser_at(p, MG_TOKEN_DOCSTRING)) {
            orphan(p, file);
            file->doc = mg_parser_next(p);
        } else if (mg_parser_at_keyword(p, 0, "namespace:") ||
                   mg_parser_at_keyword(p, 0, "import:")) {
            parse_header(p, file);
        } else if (mg_parser_at_definition(p, 0)) {
            parse_definition(p, file);
        } else if (mg_parser_at_method(p)) {
            stray_method(p);
        } else {
            parse_statement(p, file);
        }
    }
    orphan(p, file);
}

static void parser_init(struct mg_parser *p, const struct mg_parse *parse)
{
    *p = (struct mg_parser){
        .source = parse->source,
        .arena = parse->arena,
        .names = parse->names,
        .diags = parse->diags,
        .last_error = UINT32_MAX,
        .library = parse->library,
    };
    mg_lex(p->source, p->arena, p->names, p->diags, &p->tokens);
}

struct mg_ast_file *mg_parse_file(const struct mg_parse *parse)
{
    struct mg_parser p;
    struct mg_ast_file *ast = mg_arena_alloc(parse->arena, sizeof *ast);
    ast->source = parse->source;
    if (parse->source->len > MG_LIMIT_SOURCE_BYTES) {
        mg_diags_add(parse->diags, MG_SEVERITY_ERROR, NULL, (struct mg_place){0}, 1,
                     "%s: larger than %u MiB", parse->source->path,
                     (unsigned)(MG_LIMIT_SOURCE_BYTES / MG_MIB));
        return ast;
    }
    parser_init(&p, parse);
    struct file file = {
        .ast = ast, .definitions = &ast->definitions, .statements = &ast->script.statements};
    parse_top_level(&p, &file);
    ast->script.close = mg_parser_peek(&p, 0)->place;
    if (!ast->namespace_ && parse->source->default_namespace)
        ast->namespace_ = mg_name_of(p.names, parse->source->default_namespace);
    mg_free(p.tokens.items);
    return ast;
}

struct mg_ast_method *mg_parse_method(const struct mg_parse *parse)
{
    struct mg_parser p;
    if (parse->source->len > MG_LIMIT_SOURCE_BYTES)
        return NULL;
    parser_init(&p, parse);
    struct mg_text doc = {0};
    while (mg_parser_at(&p, MG_TOKEN_DOCSTRING))
        doc = mg_parser_next(&p)->text;
    bool bare = !mg_parser_at_method(&p);
    bool class_side = false;
    if (!bare) {
        const struct mg_token *word = mg_parser_next(&p);
        class_side = !mg_name_is(word->as.name, "method:");
        if (word->kind == MG_TOKEN_IDENTIFIER)
            mg_parser_next(&p);
    }
    struct mg_ast_method *method = mg_parser_method(&p, bare);
    if (method) {
        method->class_side = class_side;
        if (method->doc.len == 0)
            method->doc = doc;
        if (!mg_parser_at(&p, MG_TOKEN_EOF))
            mg_parser_expected(&p, "the end of the method");
    }
    mg_free(p.tokens.items);
    return method;
}
