/* SPDX-License-Identifier: MIT */
/* Loops expanded in place.
 *
 * A counted loop keeps index, limit and step in three registers (two for a step of one):
 *
 *          FORCHECK1 i, real       not all small integers: the message is sent
 *          FORINIT1 i, done        no round at all
 *     body: …                      the index register is the block's parameter, unless that is
 *                                  assigned or needs a cell; then it is copied each round
 *          FORLOOP1 i, body
 *     done: JMP end
 *     real: …                      to:do: with a closure made from the same block
 *     end:
 *
 * The body of such a closure has no expanded counted loops in it, so nesting does not double the
 * code at each level.
 */
#include "base/assert.h"
#include "compiler/emit.h"

void mg_inline_while(struct mg_emit *e, struct mg_ast *ast)
{
    struct mg_ast_body *condition = &ast->as.send.receiver->as.block;
    struct mg_ast *body = ast->as.send.args;
    struct mg_jumps exit = {0};
    uint32_t head = mg_emit_head(e);
    if (ast->inlined == MG_INLINE_REPEAT) {
        mg_inline_body_effect(e, condition);
    } else {
        bool sense = ast->as.send.selector->text.bytes[5] == 'T'; /* whileTrue…, whileFalse… */
        mg_emit_branch_body(e, condition, !sense, &exit, ast->place);
    }
    if (body)
        mg_inline_body_effect(e, &body->as.block);
    mg_emit_back(e, MG_OP_LOOP, 0, head);
    mg_emit_land(e, &exit);
}

/* A counted loop being compiled. */
struct count {
    struct mg_ast *send;
    struct mg_ast *operands[3]; /* what is sent: receiver, limit, step */
    uint32_t operand_count;
    struct mg_ast *block;
    uint32_t index; /* register; limit and step follow */
    bool unit_step;
    bool known; /* all operands are small integer literals: no fallback is needed */
};

static void take_apart(struct mg_ast *ast, struct count *count)
{
    *count = (struct count){.send = ast, .unit_step = true};
    count->operands[count->operand_count++] = ast->as.send.receiver;
    struct mg_ast *arg = ast->as.send.args;
    for (; arg->next; arg = arg->next)
        count->operands[count->operand_count++] = arg;
    count->block = arg;
    int64_t number;
    count->known = true;
    for (uint32_t i = 0; i < count->operand_count; i++)
        count->known = count->known && mg_emit_is_integer(count->operands[i], 62, &number);
    if (count->operand_count == 3) {
        bool literal = mg_emit_is_integer(count->operands[2], 62, &number);
        count->unit_step = literal && number == 1;
        count->known = count->known && number != 0;
    }
}

/* Index, limit and step into their registers. */
static void load_bounds(struct mg_emit *e, struct count *count)
{
    bool times = count->send->inlined == MG_INLINE_TIMES;
    count->index = mg_reg_push(e);
    if (times)
        mg_emit_integer(e, 1, count->index);
    for (uint32_t i = 0; i < count->operand_count - (count->operand_count == 3 && count->unit_step);
         i++) {
        uint32_t reg = i == 0 && !times ? count->index : mg_reg_push(e);
        mg_emit_to(e, count->operands[i], reg);
    }
}

/* Declares the parameter of the body in the index register or in a copy. */
static void bind_index(struct mg_emit *e, const struct count *count)
{
    struct mg_variable *v = count->block->as.block.params;
    uint32_t reg = count->index;
    if (!v)
        return;
    if (v->boxed || v->last_assign != 0) {
        reg = mg_reg_push(e);
        mg_emit_move(e, reg, count->index);
    }
    mg_reg_declare(e, v, reg);
    mg_reg_box(e, v);
}

/* The message itself, with what the registers hold. */
static void emit_fallback(struct mg_emit *e, const struct count *count, uint32_t dest)
{
    struct mg_ast values[3];
    struct mg_ast *operands[3];
    bool times = count->send->inlined == MG_INLINE_TIMES;
    for (uint32_t i = 0; i < count->operand_count; i++) {
        operands[i] = &values[i];
        values[i] = *count->operands[i];
        if (i == 2 && count->unit_step)
            continue;
        values[i].kind = MG_AST_REGISTER;
        values[i].as.reg = count->index + i + times;
    }
    mg_emit_loop_call(e, count->send, operands, count->block, dest);
}

static void emit_count(struct mg_emit *e, struct count *count, uint32_t dest)
{
    struct mg_jumps real = {0};
    struct mg_jumps done = {0};
    struct mg_jumps end = {0};
    uint32_t keep = MG_UNIT_NONE;
    bool times = count->send->inlined == MG_INLINE_TIMES;
    struct mg_ast kept = *count->operands[0];
    if (dest != MG_UNIT_NONE && !times) {
        keep = mg_reg_push(e);
        mg_emit_to(e, count->operands[0], keep);
        kept.kind = MG_AST_REGISTER;
        kept.as.reg = keep;
        count->operands[0] = &kept;
    }
    load_bounds(e, count);
    if (times)
        keep = count->index + 1;
    if (!count->known)
        mg_emit_jump(e, count->unit_step ? MG_OP_FORCHECK1 : MG_OP_FORCHECK, count->index, &real);
    mg_emit_jump(e, count->unit_step ? MG_OP_FORINIT1 : MG_OP_FORINIT, count->index, &done);
    uint32_t head = mg_emit_head(e);
    uint32_t top = e->top;
    bind_index(e, count);
    mg_inline_body_effect(e, &count->block->as.block);
    e->top = top;
    mg_emit_back(e, count->unit_step ? MG_OP_FORLOOP1 : MG_OP_FORLOOP, count->index, head);
    mg_emit_land(e, &done);
    if (dest != MG_UNIT_NONE)
        mg_emit_move(e, dest, keep);
    if (!count->known) {
        mg_emit_jump(e, MG_OP_JMP, 0, &end);
        mg_emit_land(e, &real);
        emit_fallback(e, count, dest);
    }
    mg_emit_land(e, &end);
}

void mg_inline_count(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    struct count count;
    uint32_t top = e->top;
    take_apart(ast, &count);
    if (dest != MG_UNIT_NONE)
        mg_reg_protect(e, dest);
    if (e->real_loops)
        mg_emit_loop_call(e, ast, count.operands, count.block, dest);
    else
        emit_count(e, &count, dest);
    e->top = top;
}
