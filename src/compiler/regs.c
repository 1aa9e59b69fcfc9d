/* SPDX-License-Identifier: MIT */
/* Registers and where variables are: see emit.h. */
#include "base/assert.h"
#include "compiler/emit.h"

uint32_t mg_reg_push(struct mg_emit *e)
{
    mg_reg_touch(e, e->top, 1);
    return e->top++;
}

void mg_reg_touch(struct mg_emit *e, uint32_t first, uint32_t count)
{
    if (!e->dead && e->high < first + count)
        e->high = first + count;
}

void mg_reg_protect(struct mg_emit *e, uint32_t dest)
{
    if (e->top <= dest)
        e->top = dest + 1;
}

uint32_t mg_reg_window(const struct mg_emit *e)
{
    return e->top + MG_WINDOW_GAP;
}

struct mg_location mg_reg_locate(const struct mg_emit *e, const struct mg_variable *variable)
{
    for (uint32_t i = 0; i < e->capture_count; i++) {
        const struct mg_capture *capture = &e->captures[i];
        if (capture->variable != variable)
            continue;
        bool kept = capture->reg != MG_UNIT_NONE;
        return (struct mg_location){!kept, capture->boxed, kept ? capture->reg : i};
    }
    CHECK(variable->code == e->index);
    return (struct mg_location){false, variable->boxed, variable->reg};
}

uint32_t mg_reg_plain(const struct mg_emit *e, const struct mg_ast *ast)
{
    if (ast->kind == MG_AST_SELF || ast->kind == MG_AST_SUPER)
        return 0;
    if (ast->kind == MG_AST_REGISTER)
        return ast->as.reg;
    if (ast->kind != MG_AST_NAME || ast->as.name.binding != MG_BINDING_LOCAL)
        return MG_UNIT_NONE;
    struct mg_location where = mg_reg_locate(e, ast->as.name.variable);
    return where.captured || where.boxed ? MG_UNIT_NONE : where.number;
}

void mg_reg_declare(struct mg_emit *e, struct mg_variable *variable, uint32_t reg)
{
    variable->code = e->index;
    variable->reg = reg;
}

void mg_reg_box(struct mg_emit *e, struct mg_variable *variable)
{
    if (variable->boxed)
        mg_emit_abc(e, MG_OP_NEWCELL, variable->reg, variable->reg, 0);
}

uint32_t mg_reg_cell(struct mg_emit *e, struct mg_location where)
{
    ASSERT(where.boxed);
    if (!where.captured)
        return where.number;
    uint32_t reg = mg_reg_push(e);
    mg_emit_ax(e, MG_OP_GETCAP, reg, where.number);
    return reg;
}

void mg_reg_load(struct mg_emit *e, const struct mg_variable *variable, uint32_t dest)
{
    struct mg_location where = mg_reg_locate(e, variable);
    uint32_t reg = where.number;
    if (where.captured) {
        mg_emit_ax(e, MG_OP_GETCAP, dest, where.number);
        reg = dest;
    }
    if (where.boxed)
        mg_emit_abc(e, MG_OP_GETCELL, dest, reg, 0);
    else
        mg_emit_move(e, dest, reg);
}

void mg_reg_store(struct mg_emit *e, const struct mg_variable *variable, uint32_t source)
{
    struct mg_location where = mg_reg_locate(e, variable);
    uint32_t top = e->top;
    if (where.boxed) {
        mg_emit_abc(e, MG_OP_SETCELL, source, mg_reg_cell(e, where), 0);
    } else {
        ASSERT(!where.captured);
        mg_emit_move(e, where.number, source);
    }
    e->top = top;
}
