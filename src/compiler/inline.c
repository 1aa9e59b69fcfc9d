/* SPDX-License-Identifier: MIT */
/* Messages expanded in place: conditionals, and:/or:, tests for nil. Loops are in inline_loop.c.
 *
 * Each comes in three forms: for its value in a register, for its effect, and as what is returned.
 * One function does all three, told by a `struct want`.
 */
#include "base/assert.h"
#include "compiler/emit.h"

enum want_kind { WANT_VALUE, WANT_EFFECT, WANT_TAIL };

struct want {
    enum want_kind kind;
    uint32_t dest;
    enum mg_sink sink;
};

/* -- Bodies -- */

uint32_t mg_inline_open(struct mg_emit *e, struct mg_ast_body *body)
{
    uint32_t top = e->top;
    for (struct mg_variable *v = body->temps; v; v = v->next) {
        uint32_t reg = mg_reg_push(e);
        mg_reg_declare(e, v, reg);
        if (v->boxed || !v->set_first)
            mg_emit_abc(e, MG_OP_LOADNIL, reg, 0, 0);
        mg_reg_box(e, v);
    }
    return top;
}

void mg_inline_close(struct mg_emit *e, uint32_t top)
{
    e->top = top;
}

static void emit_body(struct mg_emit *e, struct mg_ast_body *body, struct want want)
{
    uint32_t before = e->top;
    if (want.kind == WANT_VALUE && body->temps)
        mg_reg_protect(e, want.dest);
    mg_inline_open(e, body);
    struct mg_ast *s = body->statements;
    for (; s && (s->next || want.kind == WANT_EFFECT); s = s->next)
        mg_emit_statement(e, s);
    if (want.kind == WANT_VALUE) {
        if (s)
            mg_emit_to(e, s, want.dest);
        else
            mg_emit_abc(e, MG_OP_LOADNIL, want.dest, 0, 0);
    } else if (want.kind == WANT_TAIL && s) {
        mg_emit_tail(e, s, want.sink);
    } else if (want.kind == WANT_TAIL) {
        uint32_t reg = mg_reg_push(e);
        mg_emit_abc(e, MG_OP_LOADNIL, reg, 0, 0);
        mg_emit_return(e, reg, want.sink);
    }
    mg_inline_close(e, before);
}

void mg_inline_body_to(struct mg_emit *e, struct mg_ast_body *body, uint32_t dest)
{
    emit_body(e, body, (struct want){.kind = WANT_VALUE, .dest = dest});
}

void mg_inline_body_effect(struct mg_emit *e, struct mg_ast_body *body)
{
    emit_body(e, body, (struct want){.kind = WANT_EFFECT});
}

/* What is wanted is a register's value. */
static void deliver(struct mg_emit *e, uint32_t reg, struct want want)
{
    if (want.kind == WANT_VALUE)
        mg_emit_move(e, want.dest, reg);
    else if (want.kind == WANT_TAIL && !e->dead)
        mg_emit_return(e, reg, want.sink);
}

static void deliver_nil(struct mg_emit *e, struct want want)
{
    uint32_t top = e->top;
    if (e->dead || want.kind == WANT_EFFECT)
        return;
    uint32_t reg = want.kind == WANT_VALUE ? want.dest : mg_reg_push(e);
    mg_emit_abc(e, MG_OP_LOADNIL, reg, 0, 0);
    deliver(e, reg, want);
    e->top = top;
}

/* -- Conditionals -- */

static void emit_if(struct mg_emit *e, struct mg_ast *ast, struct want want)
{
    bool sense = ast->as.send.selector->text.bytes[2] == 'T'; /* ifTrue…, ifFalse… */
    struct mg_ast *first = ast->as.send.args;
    struct mg_ast *second = first->next;
    struct mg_jumps otherwise = {0};
    struct mg_jumps end = {0};
    mg_emit_branch(e, ast->as.send.receiver, !sense, &otherwise);
    emit_body(e, &first->as.block, want);
    if (second || want.kind != WANT_EFFECT)
        mg_emit_jump(e, MG_OP_JMP, 0, &end);
    mg_emit_land(e, &otherwise);
    if (second)
        emit_body(e, &second->as.block, want);
    else
        deliver_nil(e, want);
    mg_emit_land(e, &end);
}

/* Whether the body uses the variable that lives in this register, so that the register cannot hold
 * a value early. */
static bool uses_register(const struct mg_emit *e, const struct mg_ast_body *body, uint32_t reg)
{
    for (const struct mg_free_variable *f = body->free; f; f = f->next) {
        struct mg_location where = mg_reg_locate(e, f->variable);
        if (!where.captured && where.number == reg)
            return true;
    }
    return false;
}

/* A register to build the value in: the destination if the body leaves it alone. */
static uint32_t early_register(struct mg_emit *e, const struct mg_ast_body *body, struct want want)
{
    if (want.kind == WANT_VALUE && !uses_register(e, body, want.dest))
        return want.dest;
    return mg_reg_push(e);
}

static void emit_junction(struct mg_emit *e, struct mg_ast *ast, struct want want)
{
    bool decides = ast->inlined == MG_INLINE_OR;
    struct mg_ast_body *body = &ast->as.send.args->as.block;
    struct mg_jumps end = {0};
    if (want.kind == WANT_EFFECT) {
        mg_emit_branch(e, ast->as.send.receiver, decides, &end);
        emit_body(e, body, want);
        mg_emit_land(e, &end);
        return;
    }
    uint32_t reg = early_register(e, body, want);
    mg_emit_to(e, ast->as.send.receiver, reg);
    mg_emit_test(e, reg, decides, &end, ast->place);
    if (want.kind == WANT_TAIL) {
        emit_body(e, body, want);
        mg_emit_land(e, &end);
    } else {
        mg_inline_body_to(e, body, reg);
        mg_emit_land(e, &end);
    }
    deliver(e, reg, want);
}

/* -- Tests for nil -- */

/* The parameter of the block of ifNotNil: stands for the receiver's value in `reg`. */
static void bind_parameter(struct mg_emit *e, struct mg_ast_body *body, uint32_t reg)
{
    struct mg_variable *v = body->params;
    if (!v)
        return;
    if (v->boxed || v->last_assign != 0) {
        uint32_t copy = mg_reg_push(e);
        mg_emit_move(e, copy, reg);
        reg = copy;
    }
    mg_reg_declare(e, v, reg);
    mg_reg_box(e, v);
}

/* ifNil: alone: the receiver's value unless that is nil. */
static void emit_if_nil(struct mg_emit *e, struct mg_ast *ast, struct want want)
{
    struct mg_ast_body *body = &ast->as.send.args->as.block;
    struct mg_jumps end = {0};
    if (want.kind != WANT_VALUE) {
        uint32_t reg = mg_emit_any(e, ast->as.send.receiver);
        mg_emit_jump(e, MG_OP_JNOTNIL, reg, &end);
        emit_body(e, body, want);
        mg_emit_land(e, &end);
        deliver(e, reg, want);
        return;
    }
    uint32_t reg = early_register(e, body, want);
    mg_emit_to(e, ast->as.send.receiver, reg);
    mg_emit_jump(e, MG_OP_JNOTNIL, reg, &end);
    mg_inline_body_to(e, body, reg);
    mg_emit_land(e, &end);
    deliver(e, reg, want);
}

/* The others: ifNotNil:, and both together in either order. */
static void emit_if_not_nil(struct mg_emit *e, struct mg_ast *ast, struct want want)
{
    bool nil_first = ast->as.send.selector->text.bytes[3] == 'i';
    struct mg_ast *args = ast->as.send.args;
    struct mg_ast *not_nil = nil_first ? args->next : args;
    struct mg_ast *if_nil = nil_first ? args : args->next;
    struct mg_jumps otherwise = {0};
    struct mg_jumps end = {0};
    if (want.kind == WANT_VALUE)
        mg_reg_protect(e, want.dest);
    uint32_t reg = mg_emit_operand(e, ast->as.send.receiver, ast->assigns);
    mg_emit_jump(e, MG_OP_JNIL, reg, &otherwise);
    bind_parameter(e, &not_nil->as.block, reg);
    emit_body(e, &not_nil->as.block, want);
    if (if_nil || want.kind != WANT_EFFECT)
        mg_emit_jump(e, MG_OP_JMP, 0, &end);
    mg_emit_land(e, &otherwise);
    if (if_nil)
        emit_body(e, &if_nil->as.block, want);
    else
        deliver_nil(e, want);
    mg_emit_land(e, &end);
}

static void emit_inlined(struct mg_emit *e, struct mg_ast *ast, struct want want)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    switch ((enum mg_inline_kind)ast->inlined) {
    case MG_INLINE_IF:
        emit_if(e, ast, want);
        break;
    case MG_INLINE_AND:
    case MG_INLINE_OR:
        emit_junction(e, ast, want);
        break;
    case MG_INLINE_IF_NIL:
        if (ast->as.send.argc == 1 && ast->as.send.selector->text.bytes[3] == 'i')
            emit_if_nil(e, ast, want);
        else
            emit_if_not_nil(e, ast, want);
        break;
    case MG_INLINE_WHILE:
    case MG_INLINE_REPEAT:
        mg_inline_while(e, ast);
        deliver_nil(e, want);
        break;
    case MG_INLINE_TO_DO:
    case MG_INLINE_TIMES:
        if (want.kind == WANT_EFFECT) {
            mg_inline_count(e, ast, MG_UNIT_NONE);
        } else {
            uint32_t reg = want.kind == WANT_VALUE ? want.dest : mg_reg_push(e);
            mg_inline_count(e, ast, reg);
            deliver(e, reg, want);
        }
        break;
    case MG_INLINE_NONE:
        MG_UNREACHABLE();
    }
    e->top = top;
}

void mg_inline_to(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    emit_inlined(e, ast, (struct want){.kind = WANT_VALUE, .dest = dest});
}

void mg_inline_effect(struct mg_emit *e, struct mg_ast *ast)
{
    emit_inlined(e, ast, (struct want){.kind = WANT_EFFECT});
}

void mg_inline_tail(struct mg_emit *e, struct mg_ast *ast, enum mg_sink sink)
{
    emit_inlined(e, ast, (struct want){.kind = WANT_TAIL, .sink = sink});
}
