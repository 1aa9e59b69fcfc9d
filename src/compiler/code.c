/* SPDX-License-Identifier: MIT */
/* Building one code: instructions, jumps, the tables behind them, and the line table.
 *
 * Waiting jumps are chained through their own distance fields, newest first, so a list of jumps
 * needs no memory. When the code is finished, jumps that lead to other jumps are shortened.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/vec.h"
#include "compiler/emit.h"

void mg_emit_begin(struct mg_emit *e, const struct mg_context *context, struct mg_emit *parent,
                   enum mg_code_kind kind, uint32_t argc, struct mg_place place)
{
    struct mg_unit *unit = context->batch->unit;
    *e = (struct mg_emit){
        .context = context,
        .batch = context->batch,
        .parent = parent,
        .index = unit->code_count,
        .kind = kind,
        .argc = argc,
        .top = argc + 1,
        .high = argc + 1,
        .home_reg = MG_UNIT_NONE,
        .landed = MG_UNIT_NONE,
        .landing = MG_UNIT_NONE,
        .place = place,
    };
    if (unit->code_count == context->batch->code_cap)
        unit->codes = mg_vec_grow(unit->codes, &context->batch->code_cap, unit->code_count + 1,
                                  sizeof *unit->codes);
    unit->codes[unit->code_count++] = (struct mg_unit_code){0};
    mg_emit_place(e, place);
}

/* -- Instructions -- */

void mg_emit_place(struct mg_emit *e, struct mg_place place)
{
    if (e->dead)
        return;
    struct mg_line *last = e->line_count > 0 ? &e->lines[e->line_count - 1] : NULL;
    e->place = place;
    if (last && last->line == place.line && last->column == place.column)
        return;
    if (last && last->insn == e->insn_count) {
        last->line = place.line;
        last->column = place.column;
        return;
    }
    if (e->line_count == e->line_cap)
        e->lines = mg_vec_grow(e->lines, &e->line_cap, e->line_count + 1, sizeof *e->lines);
    e->lines[e->line_count++] = (struct mg_line){e->insn_count, place.line, place.column};
}

void mg_emit_insn(struct mg_emit *e, mg_insn insn)
{
    if (e->dead)
        return;
    if (e->insn_count == e->insn_cap)
        e->insns = mg_vec_grow(e->insns, &e->insn_cap, e->insn_count + 1, sizeof *e->insns);
    e->insns[e->insn_count++] = insn;
}

void mg_emit_abc(struct mg_emit *e, enum mg_opcode op, uint32_t a, uint32_t b, uint32_t c)
{
    mg_emit_insn(e, mg_insn_abc(op, a, b, c));
}

void mg_emit_ax(struct mg_emit *e, enum mg_opcode op, uint32_t a, uint32_t x)
{
    mg_emit_insn(e, mg_insn_ax(op, a, x));
}

void mg_emit_sending(struct mg_emit *e, mg_insn insn, struct mg_place place)
{
    if (e->dead)
        return;
    mg_emit_place(e, place);
    mg_emit_insn(e, insn);
}

/* -- Jumps -- */

void mg_emit_jump(struct mg_emit *e, enum mg_opcode op, uint32_t a, struct mg_jumps *list)
{
    if (e->dead)
        return;
    mg_emit_ax(e, op, a, list->last);
    list->last = e->insn_count;
    if (op == MG_OP_JMP)
        e->dead = true;
}

void mg_emit_land(struct mg_emit *e, struct mg_jumps *list)
{
    uint32_t link = list->last;
    list->last = 0;
    if (link == 0)
        return;
    /* A jump to the next instruction is none. */
    if (link == e->insn_count && e->landed != e->insn_count &&
        mg_insn_op(e->insns[link - 1]) == MG_OP_JMP) {
        uint32_t next = mg_insn_x(e->insns[link - 1]);
        e->insn_count--;
        while (e->line_count > 1 && e->lines[e->line_count - 1].insn > e->insn_count)
            e->line_count--;
        link = next;
    }
    while (link != 0) {
        mg_insn jump = e->insns[link - 1];
        e->insns[link - 1] =
            mg_insn_ax((enum mg_opcode)mg_insn_op(jump), mg_insn_a(jump), e->insn_count - link);
        link = mg_insn_x(jump);
    }
    e->landed = e->insn_count;
    e->dead = false;
}

void mg_emit_back(struct mg_emit *e, enum mg_opcode op, uint32_t a, uint32_t target)
{
    mg_emit_ax(e, op, a, target - (e->insn_count + 1));
    if (op == MG_OP_LOOP)
        e->dead = true;
}

uint32_t mg_emit_head(struct mg_emit *e)
{
    e->landed = e->insn_count;
    return e->insn_count;
}

/* -- Tables -- */

static struct mg_literal copy_literal(struct mg_emit *e, const struct mg_literal *literal)
{
    struct mg_literal copy = *literal;
    switch (literal->kind) {
    case MG_LITERAL_BIG:
    case MG_LITERAL_SYMBOL:
    case MG_LITERAL_STRING:
    case MG_LITERAL_BYTES:
        copy.as.text = mg_batch_text(e->batch, literal->as.text);
        break;
    case MG_LITERAL_ARRAY:
        copy.as.array.items = mg_arena_alloc(&e->batch->unit->arena,
                                             literal->as.array.count * sizeof *copy.as.array.items);
        for (uint32_t i = 0; i < literal->as.array.count; i++)
            copy.as.array.items[i] = copy_literal(e, &literal->as.array.items[i]);
        break;
    default:
        break;
    }
    return copy;
}

/* Whether two literals without parts are the same; texts are interned. */
static bool same_literal(const struct mg_literal *x, const struct mg_literal *y)
{
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case MG_LITERAL_INTEGER:
    case MG_LITERAL_CHARACTER:
        return x->as.number == y->as.number;
    case MG_LITERAL_FLOAT:
        return memcmp(&x->as.real, &y->as.real, sizeof x->as.real) == 0;
    case MG_LITERAL_BIG:
    case MG_LITERAL_SYMBOL:
    case MG_LITERAL_STRING:
        return x->as.text.bytes == y->as.text.bytes;
    default:
        return false;
    }
}

/* How far back a repeated literal or global is looked for; a code seldom has more. */
enum { SEARCHED = 64 };

uint32_t mg_emit_literal(struct mg_emit *e, const struct mg_literal *literal)
{
    if (e->dead)
        return 0;
    struct mg_literal copy = copy_literal(e, literal);
    uint32_t end = e->literal_count > SEARCHED ? e->literal_count - SEARCHED : 0;
    for (uint32_t i = e->literal_count; i > end; i--) {
        if (same_literal(&e->literals[i - 1], &copy))
            return i - 1;
    }
    if (e->literal_count == e->literal_cap)
        e->literals =
            mg_vec_grow(e->literals, &e->literal_cap, e->literal_count + 1, sizeof *e->literals);
    e->literals[e->literal_count] = copy;
    return e->literal_count++;
}

uint32_t mg_emit_site(struct mg_emit *e, struct mg_text selector, uint32_t argc)
{
    if (e->dead)
        return 0;
    if (e->site_count == e->site_cap)
        e->sites = mg_vec_grow(e->sites, &e->site_cap, e->site_count + 1, sizeof *e->sites);
    e->sites[e->site_count] = (struct mg_site){mg_batch_text(e->batch, selector), argc};
    return e->site_count++;
}

uint32_t mg_emit_global(struct mg_emit *e, struct mg_text name)
{
    if (e->dead)
        return 0;
    struct mg_text text = mg_batch_text(e->batch, name);
    uint32_t end = e->global_count > SEARCHED ? e->global_count - SEARCHED : 0;
    for (uint32_t i = e->global_count; i > end; i--) {
        if (e->globals[i - 1].bytes == text.bytes)
            return i - 1;
    }
    if (e->global_count == e->global_cap)
        e->globals =
            mg_vec_grow(e->globals, &e->global_cap, e->global_count + 1, sizeof *e->globals);
    e->globals[e->global_count] = text;
    return e->global_count++;
}

uint32_t mg_emit_cvar(struct mg_emit *e, struct mg_text class_name, struct mg_text name)
{
    if (e->dead)
        return 0;
    struct mg_cvar_ref ref = {mg_batch_text(e->batch, class_name), mg_batch_text(e->batch, name)};
    for (uint32_t i = 0; i < e->cvar_count; i++) {
        if (e->cvars[i].class_name.bytes == ref.class_name.bytes &&
            e->cvars[i].name.bytes == ref.name.bytes)
            return i;
    }
    if (e->cvar_count == e->cvar_cap)
        e->cvars = mg_vec_grow(e->cvars, &e->cvar_cap, e->cvar_count + 1, sizeof *e->cvars);
    e->cvars[e->cvar_count] = ref;
    return e->cvar_count++;
}

/* -- Finishing -- */

static bool jumps_forwards(uint32_t op)
{
    return op == MG_OP_JMP || op == MG_OP_JT || op == MG_OP_JF || op == MG_OP_JNIL ||
           op == MG_OP_JNOTNIL || op == MG_OP_FORCHECK || op == MG_OP_FORCHECK1 ||
           op == MG_OP_FORINIT || op == MG_OP_FORINIT1;
}

/* Jumps to jumps go to their end at once; jumps to returns become returns. */
static void shorten_jumps(struct mg_emit *e)
{
    for (uint32_t i = 0; i < e->insn_count; i++) {
        mg_insn insn = e->insns[i];
        uint32_t op = mg_insn_op(insn);
        if (!jumps_forwards(op))
            continue;
        uint32_t target = i + 1 + mg_insn_x(insn);
        while (mg_insn_op(e->insns[target]) == MG_OP_JMP)
            target += 1 + mg_insn_x(e->insns[target]);
        mg_insn there = e->insns[target];
        uint32_t op_there = mg_insn_op(there);
        if (op == MG_OP_JMP && (op_there == MG_OP_RET || op_there == MG_OP_RETSELF))
            e->insns[i] = there;
        else if (op == MG_OP_JMP && op_there == MG_OP_LOOP)
            e->insns[i] =
                mg_insn_ax(MG_OP_LOOP, 0, target + 1 + (uint32_t)mg_insn_j(there) - (i + 1));
        else
            e->insns[i] = mg_insn_ax((enum mg_opcode)op, mg_insn_a(insn), target - (i + 1));
    }
}

/* Moves a finished table from the heap to the unit's arena. */
static void *settle(struct mg_emit *e, void *items, uint32_t count, size_t size)
{
    void *settled = NULL;
    if (count > 0) {
        settled = mg_arena_alloc(&e->batch->unit->arena, count * size);
        memcpy(settled, items, count * size);
    }
    mg_free(items);
    return settled;
}

static void check_size(struct mg_emit *e)
{
    const char *what = e->high > MG_REGISTERS_MAX    ? "registers"
                       : e->site_count > UINT16_MAX  ? "messages"
                       : e->child_count > UINT16_MAX ? "blocks"
                                                     : NULL;
    if (what)
        mg_batch_error(e->batch, e->context->source, e->place, 1,
                       "too large for one method, block or script: it needs more than %u %s",
                       e->high > MG_REGISTERS_MAX ? MG_REGISTERS_MAX : UINT16_MAX, what);
}

void mg_emit_finish(struct mg_emit *e)
{
    e->dead = false;
    shorten_jumps(e);
    check_size(e);
    struct mg_unit_code *code = &e->batch->unit->codes[e->index];
    *code = (struct mg_unit_code){
        .kind = e->kind,
        .argc = e->argc,
        .nregs = e->high,
        .scratch = e->high + MG_WINDOW_GAP,
        .home_reg = e->home_reg,
        .ncaptures = e->capture_count,
        .slots_used = e->slots_used,
        .mark = e->mark,
        .landing = e->landing,
        .file = mg_batch_file(e->batch, e->context->source->path),
        .insns = settle(e, e->insns, e->insn_count, sizeof *e->insns),
        .insn_count = e->insn_count,
        .literals = settle(e, e->literals, e->literal_count, sizeof *e->literals),
        .literal_count = e->literal_count,
        .sites = settle(e, e->sites, e->site_count, sizeof *e->sites),
        .site_count = e->site_count,
        .globals = settle(e, e->globals, e->global_count, sizeof *e->globals),
        .global_count = e->global_count,
        .cvars = settle(e, e->cvars, e->cvar_count, sizeof *e->cvars),
        .cvar_count = e->cvar_count,
        .children = settle(e, e->children, e->child_count, sizeof *e->children),
        .child_count = e->child_count,
        .lines = settle(e, e->lines, e->line_count, sizeof *e->lines),
        .line_count = e->line_count,
    };
    if (e->parent && e->parent->slots_used < e->slots_used)
        e->parent->slots_used = e->slots_used;
}
