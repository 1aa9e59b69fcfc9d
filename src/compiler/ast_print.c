/* SPDX-License-Identifier: MIT */
/* Syntax trees as S-expressions: (send <receiver> <selector> <arguments>), (block (params) …). */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "compiler/ast.h"

static void put_text(struct mg_text text, struct mg_buf *out)
{
    mg_buf_put(out, text.bytes, text.len);
}

static void put_quoted(struct mg_text text, struct mg_buf *out)
{
    mg_buf_putc(out, '\'');
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.bytes[i] == '\'')
            mg_buf_putc(out, '\'');
        mg_buf_putc(out, text.bytes[i]);
    }
    mg_buf_putc(out, '\'');
}

/* The shortest of three precisions that reads back. */
static void put_float(double real, struct mg_buf *out)
{
    static const int digits[] = {15, 16, 17};
    char text[40];
    for (size_t i = 0; i < MG_ARRAY_LEN(digits); i++) {
        snprintf(text, sizeof text, "%.*g", digits[i], real);
        if (strtod(text, NULL) == real)
            break;
    }
    mg_buf_puts(out, text);
    for (const char *p = text; *p; p++) {
        if (*p == '.' || *p == 'e' || *p == 'n')
            return;
    }
    mg_buf_puts(out, ".0");
}

static bool is_plain_symbol(struct mg_text text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        char c = text.bytes[i];
        if (c <= ' ' || c == '\'' || c == '"' || c == '(' || c == ')')
            return false;
    }
    return text.len > 0;
}

static void print_items(const struct mg_literal *literal, struct mg_buf *out)
{
    mg_buf_puts(out, "#(");
    for (uint32_t i = 0; i < literal->as.array.count; i++) {
        if (i > 0)
            mg_buf_putc(out, ' ');
        mg_literal_print(&literal->as.array.items[i], out);
    }
    mg_buf_putc(out, ')');
}

static void print_bytes(struct mg_text text, struct mg_buf *out)
{
    mg_buf_puts(out, "#[");
    for (uint32_t i = 0; i < text.len; i++)
        mg_buf_printf(out, i > 0 ? " %u" : "%u", (unsigned)(uint8_t)text.bytes[i]);
    mg_buf_putc(out, ']');
}

void mg_literal_print(const struct mg_literal *literal, struct mg_buf *out)
{
    uint8_t utf8[4];
    switch (literal->kind) {
    case MG_LITERAL_NIL:
        mg_buf_puts(out, "nil");
        break;
    case MG_LITERAL_TRUE:
        mg_buf_puts(out, "true");
        break;
    case MG_LITERAL_FALSE:
        mg_buf_puts(out, "false");
        break;
    case MG_LITERAL_INTEGER:
        mg_buf_printf(out, "%lld", (long long)literal->as.number);
        break;
    case MG_LITERAL_BIG:
        put_text(literal->as.text, out);
        break;
    case MG_LITERAL_FLOAT:
        put_float(literal->as.real, out);
        break;
    case MG_LITERAL_CHARACTER:
        mg_buf_putc(out, '$');
        mg_buf_put(out, utf8, (size_t)mg_utf8_encode((uint32_t)literal->as.number, utf8));
        break;
    case MG_LITERAL_STRING:
        put_quoted(literal->as.text, out);
        break;
    case MG_LITERAL_SYMBOL:
        mg_buf_putc(out, '#');
        if (is_plain_symbol(literal->as.text))
            put_text(literal->as.text, out);
        else
            put_quoted(literal->as.text, out);
        break;
    case MG_LITERAL_BYTES:
        print_bytes(literal->as.text, out);
        break;
    case MG_LITERAL_ARRAY:
        print_items(literal, out);
        break;
    case MG_LITERAL_KIND_COUNT:
        MG_UNREACHABLE();
    }
}

static void print_list(const struct mg_ast *list, struct mg_buf *out)
{
    for (; list; list = list->next) {
        mg_buf_putc(out, ' ');
        mg_ast_print(list, out);
    }
}

static void print_variables(const struct mg_variable *list, const char *open, struct mg_buf *out)
{
    mg_buf_puts(out, open);
    for (const struct mg_variable *v = list; v; v = v->next) {
        if (v != list)
            mg_buf_putc(out, ' ');
        put_text(v->name->text, out);
        if (v->type)
            mg_buf_printf(out, "<%s>", v->type->text.bytes);
    }
    mg_buf_putc(out, ')');
}

static void print_body(const struct mg_ast_body *body, struct mg_buf *out)
{
    if (body->params)
        print_variables(body->params, " (", out);
    if (body->temps)
        print_variables(body->temps, " (temps ", out);
    print_list(body->statements, out);
}

static void print_send(const struct mg_ast *ast, struct mg_buf *out)
{
    mg_buf_puts(out, ast->kind == MG_AST_EVENTUAL ? "(eventual " : "(send ");
    if (ast->as.send.receiver)
        mg_ast_print(ast->as.send.receiver, out);
    else
        mg_buf_putc(out, '_');
    mg_buf_putc(out, ' ');
    put_text(ast->as.send.selector->text, out);
    print_list(ast->as.send.args, out);
    mg_buf_putc(out, ')');
}

void mg_ast_print(const struct mg_ast *ast, struct mg_buf *out)
{
    switch ((enum mg_ast_kind)ast->kind) {
    case MG_AST_LITERAL:
        mg_literal_print(ast->as.literal, out);
        return;
    case MG_AST_NAME:
        put_text(ast->as.name.name->text, out);
        return;
    case MG_AST_SELF:
        mg_buf_puts(out, "self");
        return;
    case MG_AST_SUPER:
        mg_buf_puts(out, "super");
        return;
    case MG_AST_CONTEXT:
        mg_buf_puts(out, "thisContext");
        return;
    case MG_AST_REGISTER:
        mg_buf_printf(out, "r%u", ast->as.reg);
        return;
    case MG_AST_SEND:
    case MG_AST_EVENTUAL:
        print_send(ast, out);
        return;
    case MG_AST_ASSIGN:
        mg_buf_printf(out, "(set %s ", ast->as.name.name->text.bytes);
        mg_ast_print(ast->as.name.value, out);
        break;
    case MG_AST_CASCADE:
        mg_buf_puts(out, "(cascade ");
        mg_ast_print(ast->as.cascade.receiver, out);
        print_list(ast->as.cascade.parts, out);
        break;
    case MG_AST_BLOCK:
        mg_buf_puts(out, "(block");
        print_body(&ast->as.block, out);
        break;
    case MG_AST_BRACE:
        mg_buf_puts(out, "(brace");
        print_list(ast->as.list.items, out);
        break;
    case MG_AST_DICTIONARY:
        mg_buf_puts(out, "(dictionary");
        print_list(ast->as.list.items, out);
        break;
    case MG_AST_RETURN:
        mg_buf_puts(out, "(^ ");
        mg_ast_print(ast->as.value, out);
        break;
    }
    mg_buf_putc(out, ')');
}

static void print_words(const struct mg_ast_word *words, const char *title, struct mg_buf *out)
{
    if (!words)
        return;
    mg_buf_printf(out, " (%s", title);
    for (; words; words = words->next)
        mg_buf_printf(out, " %s", words->name->text.bytes);
    mg_buf_putc(out, ')');
}

static void print_doc(struct mg_text doc, struct mg_buf *out)
{
    if (doc.len > 0) {
        mg_buf_puts(out, " (doc ");
        put_quoted(doc, out);
        mg_buf_putc(out, ')');
    }
}

void mg_ast_print_method(const struct mg_ast_method *method, struct mg_buf *out)
{
    static const char *const forms[] = {
        [MG_FORM_CODE] = "",
        [MG_FORM_PRIMITIVE] = " <primitive>",
        [MG_FORM_ENSURE] = " <ensure>",
        [MG_FORM_CURTAIL] = " <ifCurtailed>",
        [MG_FORM_HANDLER] = " <handler>",
        [MG_FORM_BARRIER] = " <barrier>",
        [MG_FORM_BLOCK_VALUE] = " <blockValue>",
    };
    mg_buf_puts(out, method->protocol_entry ? "(entry "
                     : method->class_side   ? "(classMethod "
                                            : "(method ");
    put_text(method->selector->text, out);
    print_doc(method->doc, out);
    if (method->category.len > 0) {
        mg_buf_puts(out, " (category ");
        put_quoted(method->category, out);
        mg_buf_putc(out, ')');
    }
    if (method->return_type)
        mg_buf_printf(out, " (returns %s)", method->return_type->text.bytes);
    print_words(method->effects, "effects", out);
    mg_buf_puts(out, forms[method->form]);
    print_body(&method->body, out);
    mg_buf_putc(out, ')');
}

static void print_definition(const struct mg_ast_definition *definition, struct mg_buf *out)
{
    static const char *const kinds[] = {"class", "trait", "protocol"};
    mg_buf_printf(out, "(%s %s", kinds[definition->kind], definition->name->text.bytes);
    if (definition->kind == MG_DEFINE_CLASS)
        mg_buf_printf(out, " %s",
                      definition->superclass ? definition->superclass->text.bytes : "nil");
    print_doc(definition->doc, out);
    if (definition->slots)
        print_variables(definition->slots, " (slots ", out);
    if (definition->cvars)
        print_variables(definition->cvars, " (classVars ", out);
    print_words(definition->includes, "includes", out);
    print_words(definition->required, "requires", out);
    for (const struct mg_ast_method *m = definition->methods; m; m = m->next) {
        mg_buf_puts(out, "\n  ");
        mg_ast_print_method(m, out);
    }
    mg_buf_puts(out, ")\n");
}

void mg_ast_print_file(const struct mg_ast_file *file, struct mg_buf *out)
{
    if (file->namespace_)
        mg_buf_printf(out, "(namespace %s)\n", file->namespace_->text.bytes);
    for (const struct mg_ast_word *word = file->imports; word; word = word->next)
        mg_buf_printf(out, "(import %s)\n", word->name->text.bytes);
    for (const struct mg_ast_definition *d = file->definitions; d; d = d->next)
        print_definition(d, out);
    if (file->script.statements || file->script.temps) {
        mg_buf_puts(out, "(script");
        print_body(&file->script, out);
        mg_buf_puts(out, ")\n");
    }
}
