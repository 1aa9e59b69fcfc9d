/* SPDX-License-Identifier: MIT */
/* Blocks that are closures: their code, and what they capture. */
#include <string.h>

#include "base/assert.h"
#include "base/vec.h"
#include "compiler/emit.h"

/* Where the parent finds what it hands to a new block. */
struct source {
    struct mg_free_variable *free;
    uint32_t reg;     /* in a register, or MG_UNIT_NONE */
    uint32_t capture; /* else a capture of the parent's own */
    bool boxed;
};

/* A variable in a register that the block of a loop assigns, and the register of its cell. */
struct spill {
    struct mg_variable *variable;
    uint32_t cell;
};

struct spills {
    struct spill *items;
    uint32_t count;
};

static bool comes_before(const struct source *x, const struct source *y)
{
    if (x->reg != y->reg)
        return x->reg < y->reg;
    return x->capture < y->capture;
}

/* The captured variables of a body, ordered by register so that they are often in a row already. */
static struct source *find_sources(struct mg_emit *e, const struct mg_ast_body *body,
                                   const struct spills *spills, uint32_t *count)
{
    uint32_t n = 0;
    for (const struct mg_free_variable *f = body->free; f; f = f->next)
        n++;
    struct source *sources = mg_arena_alloc(&e->batch->arena, (n + 1) * sizeof *sources);
    *count = n;
    n = 0;
    for (struct mg_free_variable *f = body->free; f; f = f->next) {
        struct mg_location where = mg_reg_locate(e, f->variable);
        struct source source = {
            .free = f,
            .reg = where.captured ? MG_UNIT_NONE : where.number,
            .capture = where.captured ? where.number : 0,
            .boxed = where.boxed,
        };
        for (uint32_t i = 0; i < spills->count; i++) {
            if (spills->items[i].variable == f->variable) {
                source.reg = spills->items[i].cell;
                source.boxed = true;
            }
        }
        uint32_t at = n++;
        for (; at > 0 && comes_before(&source, &sources[at - 1]); at--)
            sources[at] = sources[at - 1];
        sources[at] = source;
    }
    return sources;
}

/* Declares parameters and temporaries, and fetches captures that are used more than once. */
static void open_block(struct mg_emit *c, struct mg_ast_body *body, const struct source *sources,
                       uint32_t count)
{
    uint32_t reg = 1;
    c->top = c->argc + 2; /* the block itself stands behind the arguments */
    mg_reg_touch(c, 0, c->top);
    c->captures = mg_arena_alloc(&c->batch->arena, (count + 1) * sizeof *c->captures);
    c->capture_count = count;
    if (body->returns) {
        c->home_reg = mg_reg_push(c);
        mg_emit_abc(c, MG_OP_HOME, c->home_reg, 0, 0);
    }
    for (struct mg_variable *v = body->params; v; v = v->next)
        mg_reg_declare(c, v, reg++);
    for (struct mg_variable *v = body->temps; v; v = v->next)
        mg_reg_declare(c, v, mg_reg_push(c));
    for (uint32_t i = 0; i < count; i++) {
        const struct mg_free_variable *free = sources[i].free;
        struct mg_capture *capture = &c->captures[i];
        *capture = (struct mg_capture){free->variable, sources[i].boxed, MG_UNIT_NONE};
        if (free->uses > 1 || free->looped) {
            capture->reg = mg_reg_push(c);
            mg_emit_ax(c, MG_OP_GETCAP, capture->reg, i);
        }
    }
    for (struct mg_variable *v = body->params; v; v = v->next)
        mg_reg_box(c, v);
    for (struct mg_variable *v = body->temps; v; v = v->next)
        mg_reg_box(c, v);
}

/* Compiles the body as code of its own; answers its place among the children. */
static uint32_t compile_block(struct mg_emit *e, struct mg_ast *ast, const struct source *sources,
                              uint32_t count, bool real_loops)
{
    struct mg_ast_body *body = &ast->as.block;
    struct mg_emit c;
    if (e->child_count == e->child_cap)
        e->children =
            mg_vec_grow(e->children, &e->child_cap, e->child_count + 1, sizeof *e->children);
    e->children[e->child_count] = e->batch->unit->code_count;
    mg_emit_begin(&c, e->context, e, MG_CODE_BLOCK, body->param_count, ast->place);
    c.real_loops = real_loops || e->real_loops;
    open_block(&c, body, sources, count);
    struct mg_ast *s = body->statements;
    for (; s && s->next; s = s->next)
        mg_emit_statement(&c, s);
    if (s) {
        mg_emit_tail(&c, s, MG_SINK_RETURN);
    } else {
        uint32_t reg = mg_reg_push(&c);
        mg_emit_abc(&c, MG_OP_LOADNIL, reg, 0, 0);
        mg_emit_return(&c, reg, MG_SINK_RETURN);
    }
    mg_emit_finish(&c);
    return e->child_count++;
}

/* The first of `count` registers in a row that hold the sources. */
static uint32_t gather(struct mg_emit *e, const struct source *sources, uint32_t count)
{
    bool in_a_row = true;
    for (uint32_t i = 0; i < count; i++)
        in_a_row =
            in_a_row && sources[i].reg != MG_UNIT_NONE && sources[i].reg == sources[0].reg + i;
    if (count == 0)
        return 0;
    if (in_a_row)
        return sources[0].reg;
    uint32_t first = e->top;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t reg = mg_reg_push(e);
        if (sources[i].reg != MG_UNIT_NONE)
            mg_emit_move(e, reg, sources[i].reg);
        else
            mg_emit_ax(e, MG_OP_GETCAP, reg, sources[i].capture);
    }
    return first;
}

static void make_block(struct mg_emit *e, struct mg_ast *ast, const struct spills *spills,
                       bool real_loops, uint32_t dest)
{
    uint32_t top = e->top;
    uint32_t count;
    if (e->dead)
        return;
    struct source *sources = find_sources(e, &ast->as.block, spills, &count);
    uint32_t child = compile_block(e, ast, sources, count, real_loops);
    uint32_t first = gather(e, sources, count);
    mg_reg_touch(e, dest, 1);
    mg_emit_abc(e, MG_OP_BLOCK, dest, child, first);
    e->top = top;
}

void mg_emit_block(struct mg_emit *e, struct mg_ast *ast, uint32_t dest)
{
    static const struct spills none = {0};
    make_block(e, ast, &none, false, dest);
}

/* Registers for the cells of the variables that the block assigns. */
static struct spills reserve_spills(struct mg_emit *e, const struct mg_ast_body *body)
{
    struct spills spills = {0};
    uint32_t n = 0;
    for (const struct mg_free_variable *f = body->free; f; f = f->next)
        n++;
    spills.items = mg_arena_alloc(&e->batch->arena, (n + 1) * sizeof *spills.items);
    for (const struct mg_free_variable *f = body->free; f; f = f->next) {
        struct mg_location where = mg_reg_locate(e, f->variable);
        if (f->assigned && !where.boxed && !where.captured)
            spills.items[spills.count++] = (struct spill){f->variable, mg_reg_push(e)};
    }
    return spills;
}

void mg_emit_loop_call(struct mg_emit *e, struct mg_ast *send, struct mg_ast *const *operands,
                       struct mg_ast *block, uint32_t dest)
{
    uint32_t top = e->top;
    if (e->dead)
        return;
    struct spills spills = reserve_spills(e, &block->as.block);
    uint32_t argc = send->as.send.argc;
    uint32_t w = mg_reg_window(e);
    mg_reg_touch(e, w, argc + 1);
    for (uint32_t i = 0; i < argc; i++) {
        mg_emit_to(e, operands[i], w + i);
        e->top = w + i + 1;
    }
    for (uint32_t i = 0; i < spills.count; i++)
        mg_emit_abc(e, MG_OP_NEWCELL, spills.items[i].cell,
                    mg_reg_locate(e, spills.items[i].variable).number, 0);
    e->top = w + argc + 1;
    make_block(e, block, &spills, true, w + argc);
    /* The result waits while the variables come back: the destination may be one of them. */
    uint32_t result = dest == MG_UNIT_NONE || spills.count > 0 ? w : dest;
    mg_emit_call(e, send->as.send.selector->text.bytes, argc, result, w, send->place);
    for (uint32_t i = 0; i < spills.count; i++)
        mg_emit_abc(e, MG_OP_GETCELL, mg_reg_locate(e, spills.items[i].variable).number,
                    spills.items[i].cell, 0);
    if (dest != MG_UNIT_NONE)
        mg_emit_move(e, dest, result);
    e->top = top;
}
