/* SPDX-License-Identifier: MIT */
/* Two walks over the tree: the first finds variables declared by nothing but an assignment, the
 * second binds names and notes captures. A clock counts what happens to variables, in the order of
 * evaluation, which is the order of the text.
 */
#include "compiler/scope.h"

#include "base/assert.h"
#include "base/utf8.h"
#include "compiler/special.h"

struct scope {
    struct scope *parent;
    struct mg_ast_body *body;
    bool closure; /* code of its own */
    bool loop;    /* expanded in place, run many times */
    bool maybe;   /* expanded in place, but a closure when the loop falls back */
};

struct analysis {
    const struct mg_context *context;
    struct scope *scope;
    struct mg_ast_body *root;
    uint32_t clock;
    bool collecting; /* the first walk */
};

static void walk(struct analysis *a, struct mg_ast *ast);

static uint32_t width_of(const struct mg_name *name)
{
    return (uint32_t)mg_utf8_count((const uint8_t *)name->text.bytes, name->text.len);
}

/* -- Scopes -- */

static void reset_variables(struct mg_variable *list)
{
    for (; list; list = list->next) {
        list->first_event = 0;
        list->last_assign = 0;
        list->first_capture = 0;
        list->last_capture = 0;
        list->boxed = false;
        list->set_first = false;
    }
}

static bool in_list(const struct mg_variable *list, const struct mg_variable *end,
                    const struct mg_name *name)
{
    for (; list && list != end; list = list->next) {
        if (list->name == name)
            return true;
    }
    return false;
}

static void check_duplicates(struct analysis *a, const struct mg_ast_body *body)
{
    const struct mg_variable *lists[] = {body->params, body->temps};
    for (size_t i = 0; i < MG_ARRAY_LEN(lists); i++) {
        for (const struct mg_variable *v = lists[i]; v; v = v->next) {
            if (v->implicit ||
                !(in_list(lists[i], v, v->name) || (i > 0 && in_list(body->params, NULL, v->name))))
                continue;
            mg_batch_error(a->context->batch, a->context->source, v->place, width_of(v->name),
                           "'%s' is declared twice here", v->name->text.bytes);
        }
    }
}

static void enter(struct analysis *a, struct scope *scope, struct mg_ast_body *body)
{
    scope->parent = a->scope;
    scope->body = body;
    a->scope = scope;
    if (a->collecting)
        return;
    body->free = NULL;
    body->free_last = NULL;
    body->returns = false;
    body->inner_returns = false;
    reset_variables(body->params);
    reset_variables(body->temps);
    check_duplicates(a, body);
}

static void leave(struct analysis *a)
{
    a->scope = a->scope->parent;
}

static struct mg_variable *find_in(struct mg_variable *list, const struct mg_name *name)
{
    for (; list; list = list->next) {
        if (list->name == name)
            return list;
    }
    return NULL;
}

static struct mg_variable *find_local(struct analysis *a, const struct mg_name *name,
                                      struct scope **where)
{
    for (struct scope *s = a->scope; s; s = s->parent) {
        struct mg_variable *v = find_in(s->body->temps, name);
        if (!v)
            v = find_in(s->body->params, name);
        if (v) {
            *where = s;
            return v;
        }
    }
    return NULL;
}

/* -- Uses of variables -- */

static void add_free(struct mg_ast_body *body, struct mg_variable *variable, bool assigned,
                     bool looped, struct mg_place place, struct mg_arena *arena)
{
    struct mg_free_variable *free = body->free;
    while (free && free->variable != variable)
        free = free->next;
    if (!free) {
        free = mg_arena_alloc(arena, sizeof *free);
        free->variable = variable;
        if (body->free_last)
            body->free_last->next = free;
        else
            body->free = free;
        body->free_last = free;
    }
    free->uses++;
    free->looped = free->looped || looped;
    if (assigned && !free->assigned) {
        free->assigned = true;
        free->assigned_at = place;
    }
}

/* A use of a variable declared in scope `where`; notes captures (V1, V3). */
static void use_variable(struct analysis *a, struct mg_variable *v, const struct scope *where,
                         bool assigned, struct mg_place place)
{
    bool crossed = false;
    bool looped = false;
    uint32_t now = ++a->clock;
    for (struct scope *s = a->scope; s != where; s = s->parent) {
        add_free(s->body, v, assigned, looped, place, &a->context->batch->arena);
        crossed = crossed || s->closure;
        looped = looped || s->loop;
    }
    if (v->first_event == 0) {
        v->first_event = now;
        v->set_first = assigned && a->scope == where;
    }
    if (crossed) {
        if (v->first_capture == 0)
            v->first_capture = now;
        v->last_capture = now;
    }
    if (assigned) {
        v->last_assign = now;
        if (v->first_capture != 0)
            v->boxed = true;
    }
}

/* The end of a loop that began when the clock showed `start`: what was captured in it is assigned
 * again in the next round. Variables of the loop's own scopes are gone by now (V2). */
static void end_loop(struct analysis *a, uint32_t start)
{
    for (struct scope *s = a->scope; s; s = s->closure ? NULL : s->parent) {
        struct mg_variable *lists[] = {s->body->params, s->body->temps};
        for (size_t i = 0; i < MG_ARRAY_LEN(lists); i++) {
            for (struct mg_variable *v = lists[i]; v; v = v->next) {
                if (v->last_capture > start && v->last_assign > start)
                    v->boxed = true;
            }
        }
    }
}

/* -- Names -- */

static bool is_capitalised(const struct mg_name *name)
{
    uint32_t cp;
    int len = mg_utf8_decode((const uint8_t *)name->text.bytes, name->text.len, &cp);
    return len > 0 && mg_cp_is_upper(cp);
}

static bool is_qualified(const struct mg_name *name)
{
    for (uint32_t i = 0; i < name->text.len; i++) {
        if (name->text.bytes[i] == ':')
            return true;
    }
    return false;
}

/* Binds a name to an instance or class variable of the class; false if it is none. */
static bool bind_class_variable(struct analysis *a, struct mg_ast *ast)
{
    const struct mg_context *context = a->context;
    const struct mg_name *name = ast->as.name.name;
    int64_t slot = mg_class_slot(context->class, name);
    const struct mg_class_entry *owner = mg_class_cvar(context->class, name);
    if (slot >= 0 && !context->class_side && !context->trait) {
        ast->as.name.binding = MG_BINDING_SLOT;
        ast->as.name.index = (uint32_t)slot;
        return true;
    }
    if (owner && !context->trait) {
        ast->as.name.binding = MG_BINDING_CVAR;
        ast->as.name.text = owner->name->text;
        return true;
    }
    if (slot < 0 && !owner)
        return false;
    ast->as.name.binding = MG_BINDING_UNDECLARED;
    ast->as.name.text = name->text;
    if (!a->collecting)
        mg_batch_error(context->batch, context->source, ast->place, ast->width,
                       context->trait ? "a trait method cannot use the variable '%s' of the class"
                                      : "the instance variable '%s' cannot be used in a class "
                                        "method",
                       name->text.bytes);
    return true;
}

static void bind_global(struct analysis *a, struct mg_ast *ast, bool assigned)
{
    const struct mg_context *context = a->context;
    const struct mg_name *name = ast->as.name.name;
    const struct mg_class_entry *class = mg_batch_resolve(context->batch, context->file, name);
    ast->as.name.binding = class ? MG_BINDING_GLOBAL : MG_BINDING_UNDECLARED;
    ast->as.name.text = class ? class->name->text : name->text;
    if (assigned)
        mg_batch_error(context->batch, context->source, ast->place, ast->width,
                       class ? "cannot assign to the class '%s'"
                             : "cannot assign to the undeclared name '%s'",
                       name->text.bytes);
    else if (!class)
        mg_batch_warn(context->batch, context->source, ast->place, ast->width,
                      "'%s' is not declared; reading it signals UndeclaredVariable",
                      name->text.bytes);
}

/* In the first walk: an assignment to a name that stands for nothing declares a variable of the
 * whole method or script. */
static void collect(struct analysis *a, const struct mg_ast *ast)
{
    const struct mg_context *context = a->context;
    const struct mg_name *name = ast->as.name.name;
    if (is_qualified(name) || (is_capitalised(name) && !context->script) ||
        mg_batch_resolve(context->batch, context->file, name))
        return;
    struct mg_variable *variable = mg_arena_alloc(&context->batch->arena, sizeof *variable);
    variable->name = name;
    variable->place = ast->place;
    variable->implicit = true;
    struct mg_variable **link = &a->root->temps;
    while (*link)
        link = &(*link)->next;
    *link = variable;
}

static void bind_name(struct analysis *a, struct mg_ast *ast, bool assigned)
{
    const struct mg_context *context = a->context;
    struct scope *where = NULL;
    struct mg_variable *variable = find_local(a, ast->as.name.name, &where);
    if (a->collecting) {
        if (assigned && !variable && !bind_class_variable(a, ast))
            collect(a, ast);
        return;
    }
    if (variable) {
        if (variable->implicit && assigned && variable->last_assign == 0 && !context->script)
            mg_batch_warn(context->batch, context->source, ast->place, ast->width,
                          "'%s' is not declared; it becomes a variable of the method",
                          variable->name->text.bytes);
        ast->as.name.binding = MG_BINDING_LOCAL;
        ast->as.name.variable = variable;
        use_variable(a, variable, where, assigned, ast->place);
        return;
    }
    if (!bind_class_variable(a, ast))
        bind_global(a, ast, assigned);
}

/* -- Expressions -- */

static void walk_list(struct analysis *a, struct mg_ast *list)
{
    for (; list; list = list->next)
        walk(a, list);
}

static void walk_statements(struct analysis *a, const struct mg_ast_body *body)
{
    bool warned = a->collecting;
    for (struct mg_ast *s = body->statements; s; s = s->next) {
        walk(a, s);
        if (s->kind == MG_AST_RETURN && s->next && !warned) {
            mg_batch_warn(a->context->batch, a->context->source, s->next->place, s->next->width,
                          "unreachable code after return");
            warned = true;
        }
    }
}

static void walk_block(struct analysis *a, struct mg_ast *block, struct scope scope)
{
    enter(a, &scope, &block->as.block);
    walk_statements(a, &block->as.block);
    leave(a);
}

static void walk_inlined(struct analysis *a, struct mg_ast *send)
{
    static const struct scope once = {0};
    static const struct scope round = {.loop = true};
    static const struct scope counted = {.loop = true, .maybe = true};
    struct mg_ast *args = send->as.send.args;
    uint32_t start;
    switch ((enum mg_inline_kind)send->inlined) {
    case MG_INLINE_IF:
    case MG_INLINE_AND:
    case MG_INLINE_OR:
    case MG_INLINE_IF_NIL:
        walk(a, send->as.send.receiver);
        for (; args; args = args->next)
            walk_block(a, args, once);
        return;
    case MG_INLINE_WHILE:
    case MG_INLINE_REPEAT:
        start = ++a->clock;
        walk_block(a, send->as.send.receiver, round);
        if (args)
            walk_block(a, args, round);
        end_loop(a, start);
        return;
    case MG_INLINE_TO_DO:
    case MG_INLINE_TIMES:
        walk(a, send->as.send.receiver);
        for (; args->next; args = args->next)
            walk(a, args);
        start = ++a->clock;
        walk_block(a, args, counted);
        end_loop(a, start);
        return;
    case MG_INLINE_NONE:
        MG_UNREACHABLE();
    }
}

/* A block that will run in another actor has copies of what it captures. */
static void check_spawned(struct analysis *a, const struct mg_ast *send)
{
    const struct mg_ast *block = mg_special_spawned(send);
    if (!block || a->collecting)
        return;
    for (const struct mg_free_variable *f = block->as.block.free; f; f = f->next) {
        if (f->assigned)
            mg_batch_warn(a->context->batch, a->context->source, f->assigned_at,
                          width_of(f->variable->name),
                          "the block runs in another actor, which has its own copy of '%s': "
                          "this assignment is not seen outside",
                          f->variable->name->text.bytes);
    }
}

static struct mg_ast *make_node(struct analysis *a, enum mg_ast_kind kind,
                                const struct mg_ast *like)
{
    struct mg_ast *node = mg_arena_alloc(&a->context->batch->arena, sizeof *node);
    node->kind = (uint8_t)kind;
    node->place = like->place;
    node->width = like->width;
    node->depth = like->depth;
    node->assigns = like->assigns;
    return node;
}

/* `x ~> foo: 1` stands for `x eventualSend: #foo: arguments: {1}`. */
static void lower_eventual(struct analysis *a, struct mg_ast *ast)
{
    struct mg_ast *symbol = make_node(a, MG_AST_LITERAL, ast);
    symbol->as.literal = mg_arena_alloc(&a->context->batch->arena, sizeof *symbol->as.literal);
    symbol->as.literal->kind = MG_LITERAL_SYMBOL;
    symbol->as.literal->as.text = ast->as.send.selector->text;
    struct mg_ast *list = make_node(a, MG_AST_BRACE, ast);
    list->as.list.items = ast->as.send.args;
    list->as.list.count = ast->as.send.argc;
    symbol->next = list;
    struct mg_ast *send = make_node(a, MG_AST_SEND, ast);
    send->as.send.receiver = ast->as.send.receiver;
    send->as.send.args = symbol;
    send->as.send.argc = 2;
    send->as.send.selector = mg_name_of(&a->context->batch->names, "eventualSend:arguments:");
    ast->as.send.lowered = send;
}

static void walk_send(struct analysis *a, struct mg_ast *ast)
{
    if (ast->kind == MG_AST_EVENTUAL) {
        if (ast->as.send.receiver)
            walk(a, ast->as.send.receiver);
        walk_list(a, ast->as.send.args);
        if (!ast->as.send.lowered)
            lower_eventual(a, ast);
        return;
    }
    ast->inlined = (uint8_t)mg_special_inline(ast);
    if (ast->inlined != MG_INLINE_NONE) {
        walk_inlined(a, ast);
        return;
    }
    if (ast->as.send.receiver)
        walk(a, ast->as.send.receiver);
    walk_list(a, ast->as.send.args);
    check_spawned(a, ast);
}

static void note_return(struct analysis *a)
{
    bool crossed = false;
    for (struct scope *s = a->scope; s && !a->collecting; s = s->parent) {
        s->body->returns = true;
        if (crossed)
            s->body->inner_returns = true;
        crossed = crossed || s->closure || s->maybe;
    }
}

static void walk(struct analysis *a, struct mg_ast *ast)
{
    static const struct scope closure = {.closure = true};
    switch ((enum mg_ast_kind)ast->kind) {
    case MG_AST_LITERAL:
    case MG_AST_SELF:
    case MG_AST_CONTEXT:
    case MG_AST_REGISTER:
        return;
    case MG_AST_SUPER:
        if (!a->context->class && !a->collecting)
            mg_batch_error(a->context->batch, a->context->source, ast->place, ast->width,
                           "'super' means nothing outside of a class");
        return;
    case MG_AST_NAME:
        bind_name(a, ast, false);
        return;
    case MG_AST_ASSIGN:
        walk(a, ast->as.name.value);
        bind_name(a, ast, true);
        return;
    case MG_AST_SEND:
    case MG_AST_EVENTUAL:
        walk_send(a, ast);
        return;
    case MG_AST_CASCADE:
        walk(a, ast->as.cascade.receiver);
        walk_list(a, ast->as.cascade.parts);
        return;
    case MG_AST_BLOCK:
        walk_block(a, ast, closure);
        return;
    case MG_AST_BRACE:
    case MG_AST_DICTIONARY:
        walk_list(a, ast->as.list.items);
        return;
    case MG_AST_RETURN:
        walk(a, ast->as.value);
        note_return(a);
        return;
    }
}

void mg_scope_analyse(const struct mg_context *context, struct mg_ast_body *body)
{
    for (int pass = 0; pass < 2; pass++) {
        struct analysis a = {.context = context, .root = body, .collecting = pass == 0};
        struct scope root = {.closure = true};
        enter(&a, &root, body);
        walk_statements(&a, body);
        leave(&a);
    }
}
