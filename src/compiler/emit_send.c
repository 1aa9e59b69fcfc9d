/* SPDX-License-Identifier: MIT */
/* Messages: windows, and instructions for frequent selectors.
 *
 * Operands go straight into their places in the window. Those whose value cannot change in between
 * (self, literals, blocks, variables nobody assigns here) are put there last, so that the windows
 * of nested sends lie as low as possible: deep recursion is shallow in words. self comes very last.
 */
#include "base/assert.h"
#include "compiler/emit.h"
#include "compiler/special.h"

void mg_emit_call(struct mg_emit *e, const char *selector, uint32_t argc, uint32_t dest,
                  uint32_t window, struct mg_place place)
{
    mg_emit_place(e, place);
    mg_reg_touch(e, window, argc + 1);
    mg_reg_touch(e, dest, 1);
    mg_emit_abc(e, MG_OP_SEND, dest, window, mg_emit_site(e, mg_text_of(selector), argc));
}

/* Whether evaluating the operand later gives the same: nothing else sees it happen. */
static bool is_late(const struct mg_emit *e, const struct mg_ast *ast, bool assigned_here)
{
    switch ((enum mg_ast_kind)ast->kind) {
    case MG_AST_LITERAL:
    case MG_AST_SELF:
    case MG_AST_SUPER:
    case MG_AST_REGISTER:
    case MG_AST_BLOCK:
        return true;
    case MG_AST_NAME:
        return ast->as.name.binding == MG_BINDING_LOCAL && !assigned_here &&
               !mg_reg_locate(e, ast->as.name.variable).boxed;
    default:
        return false;
    }
}

static bool any_assigns(const struct mg_ast *send)
{
    bool assigns = send->as.send.receiver->assigns;
    for (const struct mg_ast *arg = send->as.send.args; arg; arg = arg->next)
        assigns = assigns || arg->assigns;
    return assigns;
}

/* Fills the window `w` with receiver and arguments. */
static void emit_window(struct mg_emit *e, struct mg_ast *send, uint32_t w)
{
    struct mg_ast *receiver = send->as.send.receiver;
    bool assigns = any_assigns(send);
    bool receiver_late = is_late(e, receiver, assigns);
    uint32_t i = 1;
    if (!receiver_late) {
        mg_emit_to(e, receiver, w);
        e->top = w + 1;
    }
    for (struct mg_ast *arg = send->as.send.args; arg; arg = arg->next, i++) {
        if (is_late(e, arg, assigns))
            continue;
        mg_emit_to(e, arg, w + i);
        e->top = w + i + 1;
    }
    mg_reg_touch(e, w, i);
    e->top = w + i;
    i = 1;
    for (struct mg_ast *arg = send->as.send.args; arg; arg = arg->next, i++) {
        if (is_late(e, arg, assigns))
            mg_emit_to(e, arg, w + i);
    }
    if (receiver_late)
        mg_emit_to(e, receiver, w);
}

/* A send with a window; for a tail send dest is not used. */
static void emit_windowed(struct mg_emit *e, struct mg_ast *ast, enum mg_opcode op, uint32_t dest)
{
    uint32_t top = e->top;
    uint32_t w = mg_reg_window(e);
    emit_window(e, ast, w);
    e->top = top;
    uint32_t site = mg_emit_site(e, ast->as.send.selector->text, ast->as.send.argc);
    mg_emit_place(e, ast->place);
    mg_emit_abc(e, op, dest == MG_UNIT_NONE ? w : dest, w, site);
}

static bool to_super(const struct mg_ast *ast)
{
    return ast->as.send.receiver->kind == MG_AST_SUPER;
}

void mg_emit_plain_send(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    if (dest != MG_UNIT_NONE)
        mg_reg_touch(e, dest, 1);
    emit_windowed(e, ast, to_super(ast) ? MG_OP_SENDSUPER : MG_OP_SEND, dest);
}

/* -- Frequent messages -- */

/* The value of an operation on two small integers, if it is one and known now. */
static bool fold(const struct mg_ast *ast, enum mg_opcode op, int64_t *value)
{
    int64_t x;
    int64_t y;
    if (!mg_emit_is_integer(ast->as.send.receiver, 62, &x) ||
        !mg_emit_is_integer(ast->as.send.args, 62, &y))
        return false;
    bool over = op == MG_OP_ADD   ? __builtin_add_overflow(x, y, value)
                : op == MG_OP_SUB ? __builtin_sub_overflow(x, y, value)
                : op == MG_OP_MUL ? __builtin_mul_overflow(x, y, value)
                                  : true;
    int64_t limit = INT64_C(1) << 61;
    return !over && *value >= -limit && *value < limit;
}

/* Whether the immediate form can take the number: division by 0 and -1 is left to the other. */
static bool takes_immediate(const struct mg_special_binary *special, int64_t number)
{
    if (special->immediate == MG_OPCODE_COUNT)
        return false;
    return number > 0 || (special->value != MG_OP_FLOORDIV && special->value != MG_OP_MOD);
}

/* The left operand. When nothing is evaluated after it, it can be built where the result goes, so
 * that a chain of operations needs one register. */
static uint32_t emit_left(struct mg_emit *e, struct mg_ast *left, const struct mg_ast *right,
                          uint32_t dest)
{
    int64_t number;
    uint32_t right_reg = mg_reg_plain(e, right);
    bool settled =
        mg_emit_is_integer(right, 16, &number) || (right_reg != MG_UNIT_NONE && right_reg != dest);
    if (!settled || mg_reg_plain(e, left) != MG_UNIT_NONE || left->assigns)
        return mg_emit_operand(e, left, right->assigns);
    mg_emit_to(e, left, dest);
    mg_reg_protect(e, dest);
    return dest;
}

static void emit_binary(struct mg_emit *e, struct mg_ast *ast,
                        const struct mg_special_binary *special, uint32_t dest)
{
    struct mg_ast *arg = ast->as.send.args;
    int64_t number;
    if (fold(ast, special->value, &number)) {
        mg_emit_integer(e, number, dest);
        return;
    }
    uint32_t left = emit_left(e, ast->as.send.receiver, arg, dest);
    if (mg_emit_is_integer(arg, 16, &number) && takes_immediate(special, number)) {
        mg_emit_sending(e, mg_insn_abc(special->immediate, dest, left, (uint32_t)(uint16_t)number),
                        ast->place);
        return;
    }
    uint32_t right = mg_emit_any(e, arg);
    mg_emit_sending(e, mg_insn_abc(special->value, dest, left, right), ast->place);
}

/* `x at: i put: v`: the value goes in and out through the same register. */
static void emit_at_put(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    struct mg_ast *index = ast->as.send.args;
    struct mg_ast *value = index->next;
    uint32_t r = mg_emit_operand(e, ast->as.send.receiver, index->assigns || value->assigns);
    uint32_t i = mg_emit_operand(e, index, value->assigns);
    uint32_t v = dest == r || dest == i ? mg_reg_push(e) : dest;
    mg_emit_to(e, value, v);
    mg_emit_sending(e, mg_insn_abc(MG_OP_ATPUT, v, r, i), ast->place);
    mg_emit_move(e, dest, v);
}

/* `==`, `~~`, isNil and notNil compare identities. */
static void emit_same(struct mg_emit *e, struct mg_ast *ast, bool negated, uint32_t dest)
{
    struct mg_ast *arg = ast->as.send.args;
    uint32_t left = mg_emit_operand(e, ast->as.send.receiver, arg && arg->assigns);
    uint32_t right;
    if (arg) {
        right = mg_emit_any(e, arg);
    } else {
        right = mg_reg_push(e);
        mg_emit_abc(e, MG_OP_LOADNIL, right, 0, 0);
    }
    mg_emit_abc(e, MG_OP_SAME, dest, left, right);
    if (negated) {
        mg_reg_protect(e, dest);
        mg_emit_sending(e, mg_insn_abc(MG_OP_NOT, dest, dest, 0), ast->place);
    }
}

static void emit_unary(struct mg_emit *e, struct mg_ast *ast, enum mg_opcode op, uint32_t dest)
{
    uint32_t reg = mg_emit_any(e, ast->as.send.receiver);
    mg_emit_sending(e, mg_insn_abc(op, dest, reg, 0), ast->place);
}

/* Uses an instruction of the message's own; false if it has none. */
static bool emit_special(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    const struct mg_name *selector = ast->as.send.selector;
    const struct mg_special_binary *binary =
        ast->as.send.argc == 1 ? mg_special_binary(selector) : NULL;
    if (binary)
        emit_binary(e, ast, binary, dest);
    else if (mg_name_is(selector, "at:put:"))
        emit_at_put(e, ast, dest);
    else if (mg_name_is(selector, "==") || mg_name_is(selector, "isNil"))
        emit_same(e, ast, false, dest);
    else if (mg_name_is(selector, "~~") || mg_name_is(selector, "notNil"))
        emit_same(e, ast, true, dest);
    else if (mg_name_is(selector, "size"))
        emit_unary(e, ast, MG_OP_SIZE, dest);
    else if (mg_name_is(selector, "not"))
        emit_unary(e, ast, MG_OP_NOT, dest);
    else
        return false;
    return true;
}

void mg_emit_send_to(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    if (to_super(ast)) {
        mg_emit_plain_send(e, ast, dest);
        return;
    }
    uint32_t result = dest == MG_UNIT_NONE ? mg_reg_push(e) : dest;
    mg_reg_touch(e, result, 1);
    if (!emit_special(e, ast, result)) {
        e->top = top;
        mg_emit_plain_send(e, ast, dest);
    }
    e->top = top;
}

/* Whether the message has an instruction that knows the class of self: then a tail send would only
 * be slower. */
static bool special_to_self(const struct mg_emit *e, const struct mg_ast *ast)
{
    const struct mg_name *selector = ast->as.send.selector;
    static const char *const identities[] = {"==", "~~", "isNil", "notNil"};
    for (size_t i = 0; i < MG_ARRAY_LEN(identities); i++) {
        if (mg_name_is(selector, identities[i]))
            return true;
    }
    return e->context->class && e->context->class->kernel && !e->context->class_side &&
           (mg_special_binary(selector) || mg_name_is(selector, "at:put:") ||
            mg_name_is(selector, "size") || mg_name_is(selector, "not"));
}

void mg_emit_send_tail(struct mg_emit *e, struct mg_ast *ast, enum mg_sink sink)
{
    if (e->tail_sends && sink == MG_SINK_RETURN && ast->as.send.receiver->kind == MG_AST_SELF &&
        !special_to_self(e, ast)) {
        emit_windowed(e, ast, MG_OP_TAILSEND, 0);
        e->dead = true;
        return;
    }
    uint32_t reg = mg_reg_push(e);
    e->top = reg;
    mg_emit_send_to(e, ast, reg);
    mg_emit_return(e, reg, sink);
}

void mg_emit_cascade(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    uint32_t top = e->top;
    struct mg_ast receiver = *ast->as.cascade.receiver;
    if (receiver.kind != MG_AST_SELF && receiver.kind != MG_AST_SUPER) {
        uint32_t reg = mg_emit_operand(e, ast->as.cascade.receiver, ast->assigns);
        receiver.kind = MG_AST_REGISTER;
        receiver.as.reg = reg;
        receiver.assigns = false;
    }
    for (const struct mg_ast *part = ast->as.cascade.parts; part; part = part->next) {
        struct mg_ast send = part->kind == MG_AST_EVENTUAL ? *part->as.send.lowered : *part;
        send.as.send.receiver = &receiver;
        mg_emit_send_to(e, &send, part->next ? MG_UNIT_NONE : dest);
    }
    e->top = top;
}
