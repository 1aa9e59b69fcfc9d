/* SPDX-License-Identifier: MIT */
/* Expressions: constants, names, assignments, arrays and dictionaries, and the choice between the
 * ways to compile the rest.
 */
#include <string.h>

#include "base/assert.h"
#include "compiler/emit.h"

void mg_emit_move(struct mg_emit *e, uint32_t dest, uint32_t source)
{
    if (dest != source)
        mg_emit_abc(e, MG_OP_MOVE, dest, source, 0);
    mg_reg_touch(e, dest, 1);
}

void mg_emit_return(struct mg_emit *e, uint32_t reg, enum mg_sink sink)
{
    if (sink == MG_SINK_HOME)
        mg_emit_sending(e, mg_insn_abc(MG_OP_NLRET, reg, 0, 0), e->place);
    else if (reg == 0)
        mg_emit_insn(e, MG_OP_RETSELF);
    else
        mg_emit_abc(e, MG_OP_RET, reg, 0, 0);
    e->dead = true;
}

/* -- Constants -- */

void mg_emit_integer(struct mg_emit *e, int64_t number, uint32_t dest)
{
    struct mg_literal literal = {.kind = MG_LITERAL_INTEGER, .as.number = number};
    mg_emit_constant(e, &literal, dest);
}

void mg_emit_constant(struct mg_emit *e, const struct mg_literal *literal, uint32_t dest)
{
    mg_reg_touch(e, dest, 1);
    switch (literal->kind) {
    case MG_LITERAL_NIL:
        mg_emit_abc(e, MG_OP_LOADNIL, dest, 0, 0);
        return;
    case MG_LITERAL_TRUE:
        mg_emit_abc(e, MG_OP_LOADTRUE, dest, 0, 0);
        return;
    case MG_LITERAL_FALSE:
        mg_emit_abc(e, MG_OP_LOADFALSE, dest, 0, 0);
        return;
    case MG_LITERAL_ARRAY:
    case MG_LITERAL_BYTES:
        mg_emit_ax(e, MG_OP_COPYK, dest, mg_emit_literal(e, literal));
        return;
    case MG_LITERAL_INTEGER:
        if (literal->as.number >= INT32_MIN && literal->as.number <= INT32_MAX) {
            mg_emit_ax(e, MG_OP_LOADI, dest, (uint32_t)(int32_t)literal->as.number);
            return;
        }
        break;
    default:
        break;
    }
    mg_emit_ax(e, MG_OP_LOADK, dest, mg_emit_literal(e, literal));
}

bool mg_emit_is_integer(const struct mg_ast *ast, unsigned bits, int64_t *number)
{
    if (ast->kind != MG_AST_LITERAL || ast->as.literal->kind != MG_LITERAL_INTEGER)
        return false;
    *number = ast->as.literal->as.number;
    int64_t limit = INT64_C(1) << (bits - 1);
    return *number >= -limit && *number < limit;
}

/* -- Names -- */

static void use_slot(struct mg_emit *e, uint32_t index)
{
    if (e->slots_used <= index)
        e->slots_used = index + 1;
}

static void load_name(struct mg_emit *e, const struct mg_ast *ast, uint32_t dest)
{
    mg_reg_touch(e, dest, 1);
    switch ((enum mg_binding_kind)ast->as.name.binding) {
    case MG_BINDING_LOCAL:
        mg_reg_load(e, ast->as.name.variable, dest);
        return;
    case MG_BINDING_SLOT:
        use_slot(e, ast->as.name.index);
        mg_emit_ax(e, MG_OP_GETSLOT, dest, ast->as.name.index);
        return;
    case MG_BINDING_CVAR:
        mg_emit_ax(e, MG_OP_GETCVAR, dest,
                   mg_emit_cvar(e, ast->as.name.text, ast->as.name.name->text));
        return;
    case MG_BINDING_GLOBAL:
    case MG_BINDING_UNDECLARED:
        mg_emit_sending(e, mg_insn_ax(MG_OP_GLOBAL, dest, mg_emit_global(e, ast->as.name.text)),
                        ast->place);
        return;
    case MG_BINDING_NONE:
        MG_UNREACHABLE();
    }
}

/* Stores a register into what the assignment names. */
static void store_name(struct mg_emit *e, const struct mg_ast *ast, uint32_t source)
{
    switch ((enum mg_binding_kind)ast->as.name.binding) {
    case MG_BINDING_LOCAL:
        mg_reg_store(e, ast->as.name.variable, source);
        return;
    case MG_BINDING_SLOT:
        use_slot(e, ast->as.name.index);
        mg_emit_ax(e, MG_OP_SETSLOT, source, ast->as.name.index);
        return;
    case MG_BINDING_CVAR:
        mg_emit_ax(e, MG_OP_SETCVAR, source,
                   mg_emit_cvar(e, ast->as.name.text, ast->as.name.name->text));
        return;
    default:
        MG_UNREACHABLE();
    }
}

/* -- Assignments -- */

/* The register of the local variable that is assigned, or MG_UNIT_NONE. */
static uint32_t assigned_register(const struct mg_emit *e, const struct mg_ast *ast)
{
    struct mg_ast name = *ast;
    name.kind = MG_AST_NAME;
    return mg_reg_plain(e, &name);
}

/* Answers a register with the value: the variable's own, or a new one. */
static uint32_t emit_assignment(struct mg_emit *e, struct mg_ast *ast)
{
    uint32_t reg = assigned_register(e, ast);
    if (reg != MG_UNIT_NONE) {
        mg_emit_to(e, ast->as.name.value, reg);
        return reg;
    }
    uint32_t value = mg_emit_any(e, ast->as.name.value);
    store_name(e, ast, value);
    return value;
}

/* -- Arrays and dictionaries -- */

/* Longer ones are filled one by one, so that they need no window of registers. */
enum { BRACE_IN_REGISTERS = 32 };

static void emit_long_brace(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    uint32_t array = mg_reg_push(e);
    uint32_t index = mg_reg_push(e);
    uint32_t value = mg_reg_push(e);
    int64_t i = 1;
    mg_emit_ax(e, MG_OP_NEWARRAY, array, ast->as.list.count);
    for (struct mg_ast *item = ast->as.list.items; item; item = item->next) {
        mg_emit_to(e, item, value);
        mg_emit_integer(e, i++, index);
        mg_emit_sending(e, mg_insn_abc(MG_OP_ATPUT, value, array, index), ast->place);
    }
    mg_emit_move(e, dest, array);
}

static void emit_brace(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    uint32_t top = e->top;
    uint32_t count = ast->as.list.count;
    mg_reg_touch(e, dest, 1);
    if (count > BRACE_IN_REGISTERS) {
        emit_long_brace(e, ast, dest);
    } else {
        uint32_t first = top;
        struct mg_ast *only = ast->as.list.items;
        if (count == 1 && mg_reg_plain(e, only) != MG_UNIT_NONE) {
            first = mg_reg_plain(e, only);
        } else {
            for (struct mg_ast *item = only; item; item = item->next) {
                uint32_t reg = mg_reg_push(e);
                mg_emit_to(e, item, reg);
            }
        }
        mg_emit_abc(e, MG_OP_ARRAY, dest, count > 0 ? first : 0, count);
    }
    e->top = top;
}

/* `Dictionary new`, then at:put: for each pair. */
static void emit_dictionary(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    uint32_t top = e->top;
    uint32_t table = mg_reg_push(e);
    uint32_t w = mg_reg_window(e);
    mg_reg_touch(e, w, 1);
    mg_emit_sending(e, mg_insn_ax(MG_OP_GLOBAL, w, mg_emit_global(e, mg_text_of("Dictionary"))),
                    ast->place);
    mg_emit_call(e, "new", 0, table, w, ast->place);
    for (struct mg_ast *key = ast->as.list.items; key; key = key->next->next) {
        struct mg_ast self = {.kind = MG_AST_REGISTER, .as.reg = table, .place = ast->place};
        struct mg_ast value = *key->next;
        struct mg_ast first = *key;
        struct mg_ast send = {.kind = MG_AST_SEND, .place = key->place, .width = key->width};
        first.next = &value;
        value.next = NULL;
        send.as.send.receiver = &self;
        send.as.send.args = &first;
        send.as.send.argc = 2;
        send.as.send.selector = mg_name_of(&e->batch->names, "at:put:");
        mg_emit_plain_send(e, &send, MG_UNIT_NONE);
    }
    mg_emit_move(e, dest, table);
    e->top = top;
}

/* -- Anything -- */

void mg_emit_to(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    mg_reg_touch(e, dest, 1);
    switch ((enum mg_ast_kind)ast->kind) {
    case MG_AST_LITERAL:
        mg_emit_constant(e, ast->as.literal, dest);
        break;
    case MG_AST_NAME:
        load_name(e, ast, dest);
        break;
    case MG_AST_SELF:
    case MG_AST_SUPER:
        mg_emit_move(e, dest, 0);
        break;
    case MG_AST_REGISTER:
        mg_emit_move(e, dest, ast->as.reg);
        break;
    case MG_AST_CONTEXT:
        mg_emit_sending(e, mg_insn_abc(MG_OP_THISCONTEXT, dest, 0, 0), ast->place);
        break;
    case MG_AST_ASSIGN:
        if (assigned_register(e, ast) != MG_UNIT_NONE) {
            mg_emit_move(e, dest, emit_assignment(e, ast));
        } else {
            mg_emit_to(e, ast->as.name.value, dest);
            mg_reg_protect(e, dest);
            store_name(e, ast, dest);
        }
        break;
    case MG_AST_SEND:
        if (ast->inlined != MG_INLINE_NONE)
            mg_inline_to(e, ast, dest);
        else
            mg_emit_send_to(e, ast, dest);
        break;
    case MG_AST_EVENTUAL:
        mg_emit_send_to(e, ast->as.send.lowered, dest);
        break;
    case MG_AST_CASCADE:
        mg_emit_cascade(e, ast, dest);
        break;
    case MG_AST_BLOCK:
        mg_emit_block(e, ast, dest);
        break;
    case MG_AST_BRACE:
        emit_brace(e, ast, dest);
        break;
    case MG_AST_DICTIONARY:
        emit_dictionary(e, ast, dest);
        break;
    case MG_AST_RETURN:
        mg_emit_statement(e, ast);
        break;
    }
    e->top = top;
}

uint32_t mg_emit_any(struct mg_emit *e, struct mg_ast *ast)
{
    uint32_t reg = mg_reg_plain(e, ast);
    if (reg != MG_UNIT_NONE)
        return reg;
    if (ast->kind == MG_AST_ASSIGN)
        return emit_assignment(e, ast);
    reg = mg_reg_push(e);
    mg_emit_to(e, ast, reg);
    return reg;
}

uint32_t mg_emit_operand(struct mg_emit *e, struct mg_ast *ast, bool assigned_later)
{
    if (!assigned_later || ast->kind == MG_AST_SELF || ast->kind == MG_AST_REGISTER)
        return mg_emit_any(e, ast);
    uint32_t reg = mg_reg_push(e);
    mg_emit_to(e, ast, reg);
    return reg;
}

void mg_emit_effect(struct mg_emit *e, struct mg_ast *ast)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    switch ((enum mg_ast_kind)ast->kind) {
    case MG_AST_LITERAL:
    case MG_AST_SELF:
    case MG_AST_SUPER:
    case MG_AST_REGISTER:
    case MG_AST_CONTEXT:
    case MG_AST_BLOCK:
        break;
    case MG_AST_NAME:
        if (ast->as.name.binding == MG_BINDING_UNDECLARED)
            load_name(e, ast, mg_reg_push(e));
        break;
    case MG_AST_ASSIGN:
        emit_assignment(e, ast);
        break;
    case MG_AST_SEND:
        if (ast->inlined != MG_INLINE_NONE)
            mg_inline_effect(e, ast);
        else
            mg_emit_send_to(e, ast, MG_UNIT_NONE);
        break;
    case MG_AST_EVENTUAL:
        mg_emit_send_to(e, ast->as.send.lowered, MG_UNIT_NONE);
        break;
    case MG_AST_CASCADE:
        mg_emit_cascade(e, ast, MG_UNIT_NONE);
        break;
    case MG_AST_BRACE:
    case MG_AST_DICTIONARY:
        mg_emit_any(e, ast);
        break;
    case MG_AST_RETURN:
        mg_emit_statement(e, ast);
        break;
    }
    e->top = top;
}

void mg_emit_tail(struct mg_emit *e, struct mg_ast *ast, enum mg_sink sink)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    if (ast->kind == MG_AST_SEND && ast->inlined != MG_INLINE_NONE)
        mg_inline_tail(e, ast, sink);
    else if (ast->kind == MG_AST_SEND)
        mg_emit_send_tail(e, ast, sink);
    else if (ast->kind == MG_AST_RETURN)
        mg_emit_statement(e, ast);
    else
        mg_emit_return(e, mg_emit_any(e, ast), sink);
    e->top = top;
}

void mg_emit_statement(struct mg_emit *e, struct mg_ast *ast)
{
    if (ast->kind != MG_AST_RETURN) {
        mg_emit_effect(e, ast);
        return;
    }
    if (e->dead)
        return;
    enum mg_sink sink = e->kind == MG_CODE_BLOCK ? MG_SINK_HOME : MG_SINK_RETURN;
    if (sink == MG_SINK_HOME)
        mg_emit_place(e, ast->place);
    mg_emit_tail(e, ast->as.value, sink);
}
