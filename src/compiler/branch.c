/* SPDX-License-Identifier: MIT */
/* Conditions: comparisons fused with their jumps, and:/or: as control flow. */
#include "compiler/emit.h"
#include "compiler/special.h"

void mg_emit_test(struct mg_emit *e, uint32_t reg, bool sense, struct mg_jumps *list,
                  struct mg_place place)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    if (reg == 0) { /* the jump may write its register when it is not a Boolean */
        reg = mg_reg_push(e);
        mg_emit_move(e, reg, 0);
    }
    mg_emit_place(e, place);
    mg_emit_jump(e, sense ? MG_OP_JT : MG_OP_JF, reg, list);
    e->top = top;
}

/* The jump behind a fused comparison whose register is `reg`. */
static void fused_jump(struct mg_emit *e, uint32_t reg, bool sense, struct mg_jumps *list)
{
    mg_reg_touch(e, reg, 1);
    mg_emit_jump(e, sense ? MG_OP_JT : MG_OP_JF, reg, list);
}

static void branch_compare(struct mg_emit *e, struct mg_ast *ast,
                           const struct mg_special_binary *special, bool sense,
                           struct mg_jumps *list)
{
    struct mg_ast *arg = ast->as.send.args;
    int64_t number;
    uint32_t left = mg_emit_operand(e, ast->as.send.receiver, arg->assigns);
    if (mg_emit_is_integer(arg, 16, &number)) {
        mg_emit_sending(
            e, mg_insn_abc(special->fused_immediate, e->top, left, (uint32_t)(uint16_t)number),
            ast->place);
    } else {
        uint32_t right = mg_emit_any(e, arg);
        mg_emit_sending(e, mg_insn_abc(special->fused, e->top, left, right), ast->place);
    }
    fused_jump(e, e->top, sense, list);
}

static bool is_nil(const struct mg_ast *ast)
{
    return ast->kind == MG_AST_LITERAL && ast->as.literal->kind == MG_LITERAL_NIL;
}

/* `==` and its kin; sense is that of the identity. */
static void branch_same(struct mg_emit *e, struct mg_ast *ast, bool sense, struct mg_jumps *list)
{
    struct mg_ast *arg = ast->as.send.args;
    uint32_t left = mg_emit_operand(e, ast->as.send.receiver, arg && arg->assigns);
    if (!arg || is_nil(arg)) {
        mg_emit_jump(e, sense ? MG_OP_JNIL : MG_OP_JNOTNIL, left, list);
        return;
    }
    uint32_t right = mg_emit_any(e, arg);
    mg_emit_sending(e, mg_insn_abc(MG_OP_SAMEJ, e->top, left, right), ast->place);
    fused_jump(e, e->top, sense, list);
}

/* Whether the value is certainly a Boolean, so that `not` of it is the opposite jump. */
static bool is_identity_test(const struct mg_ast *ast)
{
    const struct mg_name *selector = ast->as.send.selector;
    return ast->kind == MG_AST_SEND && ast->as.send.receiver &&
           ast->as.send.receiver->kind != MG_AST_SUPER &&
           (mg_name_is(selector, "==") || mg_name_is(selector, "~~") ||
            mg_name_is(selector, "isNil") || mg_name_is(selector, "notNil"));
}

static bool branch_special(struct mg_emit *e, struct mg_ast *ast, bool sense, struct mg_jumps *list)
{
    const struct mg_name *selector = ast->as.send.selector;
    if (ast->as.send.receiver->kind == MG_AST_SUPER)
        return false;
    const struct mg_special_binary *binary =
        ast->as.send.argc == 1 ? mg_special_binary(selector) : NULL;
    if (binary && binary->fused != MG_OPCODE_COUNT)
        branch_compare(e, ast, binary, sense, list);
    else if (is_identity_test(ast))
        branch_same(e, ast, sense == (mg_name_is(selector, "==") || mg_name_is(selector, "isNil")),
                    list);
    else if (mg_name_is(selector, "not") && ast->as.send.receiver->kind == MG_AST_SEND &&
             is_identity_test(ast->as.send.receiver))
        mg_emit_branch(e, ast->as.send.receiver, !sense, list);
    else
        return false;
    return true;
}

void mg_emit_branch_body(struct mg_emit *e, struct mg_ast_body *body, bool sense,
                         struct mg_jumps *list, struct mg_place place)
{
    uint32_t top = mg_inline_open(e, body);
    struct mg_ast *s = body->statements;
    for (; s && s->next; s = s->next)
        mg_emit_statement(e, s);
    if (!s) {
        uint32_t reg = mg_reg_push(e);
        mg_emit_abc(e, MG_OP_LOADNIL, reg, 0, 0);
        mg_emit_test(e, reg, sense, list, place);
    } else if (s->kind == MG_AST_RETURN) {
        mg_emit_statement(e, s);
    } else {
        mg_emit_branch(e, s, sense, list);
    }
    mg_inline_close(e, top);
}

/* `a and: [b]` is false as soon as a is; `or:` is true. */
static void branch_junction(struct mg_emit *e, struct mg_ast *ast, bool sense,
                            struct mg_jumps *list)
{
    bool decides = ast->inlined == MG_INLINE_OR; /* the value of a that decides at once */
    struct mg_ast_body *body = &ast->as.send.args->as.block;
    if (sense == decides) {
        mg_emit_branch(e, ast->as.send.receiver, sense, list);
        mg_emit_branch_body(e, body, sense, list, ast->place);
        return;
    }
    struct mg_jumps past = {0};
    mg_emit_branch(e, ast->as.send.receiver, decides, &past);
    mg_emit_branch_body(e, body, sense, list, ast->place);
    mg_emit_land(e, &past);
}

void mg_emit_branch(struct mg_emit *e, struct mg_ast *ast, bool sense, struct mg_jumps *list)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    bool send = ast->kind == MG_AST_SEND;
    if (ast->kind == MG_AST_LITERAL &&
        (ast->as.literal->kind == MG_LITERAL_TRUE || ast->as.literal->kind == MG_LITERAL_FALSE)) {
        if (sense == (ast->as.literal->kind == MG_LITERAL_TRUE))
            mg_emit_jump(e, MG_OP_JMP, 0, list);
    } else if (send && (ast->inlined == MG_INLINE_AND || ast->inlined == MG_INLINE_OR)) {
        branch_junction(e, ast, sense, list);
    } else if (!send || ast->inlined != MG_INLINE_NONE || !branch_special(e, ast, sense, list)) {
        mg_emit_test(e, mg_emit_any(e, ast), sense, list, ast->place);
    }
    e->top = top;
}
