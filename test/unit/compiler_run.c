/* SPDX-License-Identifier: MIT */
/* What compiled code does, without the interpreter: random programs run twice, once as bytecode on
 * the small machine below, once by walking their syntax trees with variables looked up by name. The
 * two must log the same and answer the same.
 *
 * The machine is strict where the real one is fast: after a call every register at or above the
 * window's header is poisoned, and reading poison ends the test. It runs each program three times:
 * as it is; with every instruction that may send taking its slow path; and with every counted loop
 * falling back to a real send.
 *
 * MG_RANDOM_PROGRAMS=n in the environment tries n programs instead of a few hundred.
 */
/* tidy: long file: the machine, the walker and the writer of programs make sense only together */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/assert.h"
#include "base/rng.h"
#include "compiler/kernel_env.h"
#include "compiler/parser.h"
#include "compiler/verify.h"
#include "support/unit.h"

enum kind { POISON, NIL, BOOL, INT, BLOCK, CELL, OBJECT, HOME, ARRAY };

struct thing;
struct value {
    enum kind kind;
    int64_t n;
    struct thing *thing;
};

struct activation {
    struct value *regs;
};

/* A block, cell, object, array or frame of the tree walker. */
struct thing {
    struct value items[8]; /* cell, slots, array, captures */
    uint32_t count;
    const struct mg_unit_code *code;
    struct value self;
    struct activation *home; /* machine */
    const struct mg_ast_body *body;
    struct scope *scope; /* walker */
    struct frame *frame;
};

enum status { DONE, LEAVING, FAILED };

struct run {
    struct mg_arena arena;
    const struct mg_unit *unit;
    struct mg_buf log;
    int64_t fuel;   /* messages left */
    uint32_t depth; /* of C recursion */
    bool slow;
    bool real;
    struct activation *target; /* of a return from a block */
    struct frame *frame_target;
    struct value value; /* of a return */
    const struct mg_ast_definition *class;
};

static struct value nil_value(void)
{
    return (struct value){.kind = NIL};
}

static struct value int_value(int64_t n)
{
    return (struct value){.kind = INT, .n = n & 0xffff};
}

static struct value bool_value(bool b)
{
    return (struct value){.kind = BOOL, .n = b};
}

static struct thing *new_thing(struct run *run)
{
    return mg_arena_alloc(&run->arena, sizeof(struct thing));
}

static void log_value(struct run *run, struct value value)
{
    mg_buf_printf(&run->log, value.kind == NIL ? "nil " : "%d:%lld ", (int)value.kind,
                  value.kind == INT || value.kind == BOOL ? (long long)value.n : 0);
}

/* Too many messages or too deep: the run is given up, and not compared. */
static bool spend(struct run *run, uint32_t depth)
{
    if (depth > 100)
        run->fuel = 0;
    return --run->fuel < 0;
}

/* -- What both know -- */

/* A message with two integers; false if it is none such. */
static bool arithmetic(const char *selector, int64_t x, int64_t y, struct value *out)
{
    if (strcmp(selector, "+") == 0)
        *out = int_value(x + y);
    else if (strcmp(selector, "-") == 0)
        *out = int_value(x - y);
    else if (strcmp(selector, "*") == 0)
        *out = int_value(x * y);
    else if (strcmp(selector, "<") == 0)
        *out = bool_value(x < y);
    else if (strcmp(selector, "<=") == 0)
        *out = bool_value(x <= y);
    else if (strcmp(selector, ">") == 0)
        *out = bool_value(x > y);
    else if (strcmp(selector, ">=") == 0)
        *out = bool_value(x >= y);
    else if (strcmp(selector, "=") == 0)
        *out = bool_value(x == y);
    else if (strcmp(selector, "~=") == 0)
        *out = bool_value(x != y);
    else
        return false;
    return true;
}

static bool same(struct value x, struct value y)
{
    return x.kind == y.kind && x.n == y.n && x.thing == y.thing;
}

/* Messages both runs answer in the same way without running code; false if it is none such. */
static bool primitive(struct run *run, const char *selector, const struct value *w, uint32_t argc,
                      struct value *out)
{
    if (argc == 1 && w[0].kind == INT && w[1].kind == INT &&
        arithmetic(selector, w[0].n, w[1].n, out))
        return true;
    if (strcmp(selector, "log:") == 0) {
        log_value(run, w[1]);
        *out = w[1];
    } else if (strcmp(selector, "==") == 0) {
        *out = bool_value(same(w[0], w[1]));
    } else if (strcmp(selector, "~~") == 0) {
        *out = bool_value(!same(w[0], w[1]));
    } else if (strcmp(selector, "isNil") == 0) {
        *out = bool_value(w[0].kind == NIL);
    } else if (strcmp(selector, "notNil") == 0) {
        *out = bool_value(w[0].kind != NIL);
    } else if (strcmp(selector, "not") == 0 && w[0].kind == BOOL) {
        *out = bool_value(!w[0].n);
    } else if (strcmp(selector, "size") == 0 && w[0].kind == ARRAY) {
        *out = int_value(w[0].thing->count);
    } else if (strcmp(selector, "at:") == 0 && w[0].kind == ARRAY && w[1].kind == INT &&
               w[1].n >= 1 && w[1].n <= w[0].thing->count) {
        *out = w[0].thing->items[w[1].n - 1];
    } else if (strcmp(selector, "at:put:") == 0 && w[0].kind == ARRAY && w[1].kind == INT &&
               w[1].n >= 1 && w[1].n <= w[0].thing->count) {
        *out = w[0].thing->items[w[1].n - 1] = w[2];
    } else {
        return false;
    }
    return true;
}

/* -- The machine -- */

static enum status execute(struct run *run, const struct mg_unit_code *code, struct value *args,
                           struct thing *block, struct value *out);

static enum status call_block(struct run *run, struct thing *block, struct value *args,
                              uint32_t argc, struct value *out)
{
    struct value window[6];
    if (block->code->argc != argc)
        return FAILED;
    window[0] = block->self;
    for (uint32_t i = 1; i <= argc; i++)
        window[i] = args[i];
    return execute(run, block->code, window, block, out);
}

/* to:do:, to:by:do: and timesRepeat: as the library has them. */
static enum status counted(struct run *run, const char *selector, struct value *w, uint32_t argc,
                           struct value *out)
{
    bool times = strcmp(selector, "timesRepeat:") == 0;
    int64_t from = times ? 1 : w[0].n;
    int64_t to = times ? w[0].n : w[1].n;
    int64_t step = argc == 3 ? w[2].n : 1;
    if (w[argc].kind != BLOCK || step == 0)
        return FAILED;
    for (int64_t i = from; step > 0 ? i <= to : i >= to; i += step) {
        struct value args[2] = {nil_value(), int_value(i)};
        struct value ignored;
        enum status status = call_block(run, w[argc].thing, args, times ? 0 : 1, &ignored);
        if (status != DONE)
            return status;
    }
    *out = w[0];
    return DONE;
}

static enum status send(struct run *run, const char *selector, struct value *w, uint32_t argc,
                        struct value *out)
{
    for (uint32_t i = 0; i <= argc; i++)
        CHECK(w[i].kind != POISON);
    if (spend(run, run->depth))
        return FAILED;
    if (primitive(run, selector, w, argc, out))
        return DONE;
    if (w[0].kind == BLOCK && strncmp(selector, "value", 5) == 0)
        return call_block(run, w[0].thing, w, argc, out);
    if (w[0].kind == INT && (strstr(selector, "do:") || strstr(selector, "timesRepeat:")))
        return counted(run, selector, w, argc, out);
    for (uint32_t i = 0; i < run->unit->method_count && w[0].kind == OBJECT; i++) {
        const struct mg_unit_method *method = &run->unit->methods[i];
        if (strcmp(method->selector.bytes, selector) == 0)
            return execute(run, &run->unit->codes[method->code], w, NULL, out);
    }
    return FAILED;
}

struct machine {
    struct run *run;
    const struct mg_unit_code *code;
    struct value *regs;
    struct thing *block;
    struct activation *self;
    mg_insn insn;
};

static struct value reg(const struct machine *m, uint32_t r)
{
    CHECK(r < m->code->nregs && m->regs[r].kind != POISON);
    return m->regs[r];
}

static void poison_from(struct machine *m, uint32_t r)
{
    for (; r < m->code->nregs; r++)
        m->regs[r] = (struct value){.kind = POISON};
}

/* A call through the window at w. */
static enum status window_call(struct machine *m, const char *selector, uint32_t w, uint32_t argc,
                               uint32_t dest)
{
    struct value result = nil_value();
    struct value window[6];
    CHECK(argc < 6);
    memcpy(window, m->regs + w, (argc + 1) * sizeof *window);
    enum status status = send(m->run, selector, window, argc, &result);
    poison_from(m, w - 3);
    m->regs[dest] = result;
    return status;
}

static const char *sending_selector(uint32_t op)
{
    switch (op) {
    case MG_OP_ADD:
    case MG_OP_ADDI:
        return "+";
    case MG_OP_SUB:
    case MG_OP_SUBI:
        return "-";
    case MG_OP_MUL:
    case MG_OP_MULI:
        return "*";
    case MG_OP_LT:
    case MG_OP_LTJ:
    case MG_OP_LTIJ:
        return "<";
    case MG_OP_LE:
    case MG_OP_LEJ:
    case MG_OP_LEIJ:
        return "<=";
    case MG_OP_GT:
    case MG_OP_GTJ:
    case MG_OP_GTIJ:
        return ">";
    case MG_OP_GE:
    case MG_OP_GEJ:
    case MG_OP_GEIJ:
        return ">=";
    case MG_OP_EQ:
    case MG_OP_EQJ:
    case MG_OP_EQIJ:
        return "=";
    case MG_OP_NE:
    case MG_OP_NEJ:
    case MG_OP_NEIJ:
        return "~=";
    case MG_OP_AT:
        return "at:";
    case MG_OP_ATPUT:
        return "at:put:";
    case MG_OP_SIZE:
        return "size";
    case MG_OP_NOT:
        return "not";
    default:
        return NULL;
    }
}

/* An instruction that may send. */
static enum status sending(struct machine *m, const char *selector)
{
    mg_insn insn = m->insn;
    uint32_t op = mg_insn_op(insn);
    uint32_t a = mg_insn_a(insn);
    uint32_t argc = op == MG_OP_SIZE || op == MG_OP_NOT ? 0 : op == MG_OP_ATPUT ? 2 : 1;
    struct value w[3] = {reg(m, mg_insn_b(insn))};
    struct value result;
    if (argc > 0 && mg_opcode_format(op) == MG_OPFORMAT_ABI)
        w[1] = (struct value){.kind = INT, .n = mg_insn_ci(insn)};
    else if (argc > 0)
        w[1] = reg(m, mg_insn_c(insn));
    if (op == MG_OP_ATPUT)
        w[2] = reg(m, a);
    if (!m->run->slow && primitive(m->run, selector, w, argc, &result)) {
        m->regs[a] = result;
        return DONE;
    }
    uint32_t scratch = m->code->scratch;
    CHECK(scratch == m->code->nregs + 3);
    memcpy(m->regs + scratch, w, (argc + 1) * sizeof *w);
    return window_call(m, selector, scratch, argc, a);
}

static void make_block(struct machine *m)
{
    const struct mg_unit_code *child = &m->run->unit->codes[m->code->children[mg_insn_b(m->insn)]];
    struct thing *block = new_thing(m->run);
    CHECK(child->ncaptures <= 8);
    block->code = child;
    block->self = m->regs[0];
    if (child->home_reg != MG_UNIT_NONE) {
        struct value token = reg(m, m->code->home_reg);
        CHECK(token.kind == HOME);
        block->home = (struct activation *)(void *)token.thing;
    }
    for (uint32_t i = 0; i < child->ncaptures; i++)
        block->items[i] = reg(m, mg_insn_c(m->insn) + i);
    m->regs[mg_insn_a(m->insn)] = (struct value){.kind = BLOCK, .thing = block};
}

static void make_array(struct machine *m)
{
    struct thing *array = new_thing(m->run);
    array->count = mg_insn_c(m->insn);
    CHECK(array->count <= 8);
    for (uint32_t i = 0; i < array->count; i++)
        array->items[i] = reg(m, mg_insn_b(m->insn) + i);
    m->regs[mg_insn_a(m->insn)] = (struct value){.kind = ARRAY, .thing = array};
}

static struct thing *cell_at(struct machine *m, uint32_t r)
{
    struct value cell = reg(m, r);
    CHECK(cell.kind == CELL);
    return cell.thing;
}

/* Instructions that only move values. */
static bool simple(struct machine *m)
{
    mg_insn insn = m->insn;
    uint32_t a = mg_insn_a(insn);
    uint32_t x = mg_insn_x(insn);
    struct value *out = &m->regs[a];
    switch (mg_insn_op(insn)) {
    case MG_OP_MOVE:
        *out = reg(m, mg_insn_b(insn));
        break;
    case MG_OP_LOADNIL:
        *out = nil_value();
        break;
    case MG_OP_LOADTRUE:
        *out = bool_value(true);
        break;
    case MG_OP_LOADFALSE:
        *out = bool_value(false);
        break;
    case MG_OP_LOADI:
        *out = int_value(mg_insn_j(insn));
        break;
    case MG_OP_GETSLOT:
        *out = m->regs[0].thing->items[x];
        break;
    case MG_OP_SETSLOT:
        m->regs[0].thing->items[x] = reg(m, a);
        break;
    case MG_OP_NEWCELL: {
        struct thing *cell = new_thing(m->run);
        cell->items[0] = reg(m, mg_insn_b(insn));
        *out = (struct value){.kind = CELL, .thing = cell};
        break;
    }
    case MG_OP_GETCELL:
        *out = cell_at(m, mg_insn_b(insn))->items[0];
        break;
    case MG_OP_SETCELL:
        cell_at(m, mg_insn_b(insn))->items[0] = reg(m, a);
        break;
    case MG_OP_GETCAP:
        CHECK(x < m->code->ncaptures);
        *out = m->block->items[x];
        break;
    case MG_OP_BLOCK:
        make_block(m);
        break;
    case MG_OP_ARRAY:
        make_array(m);
        break;
    case MG_OP_HOME: {
        struct activation *home = m->block ? m->block->home : m->self;
        *out = (struct value){.kind = HOME, .thing = (struct thing *)(void *)home};
        break;
    }
    case MG_OP_SAME:
        *out = bool_value(same(reg(m, mg_insn_b(insn)), reg(m, mg_insn_c(insn))));
        break;
    case MG_OP_SAMEJ:
        *out = bool_value(same(reg(m, mg_insn_b(insn)), reg(m, mg_insn_c(insn))));
        break;
    default:
        return false;
    }
    return true;
}

static bool within(const struct value *r, bool unit)
{
    int64_t step = unit ? 1 : r[2].n;
    return step > 0 ? r[0].n <= r[1].n : r[0].n >= r[1].n;
}

/* Jumps; answers whether one is taken, or FAILED through `status`. */
static bool jump(struct machine *m, enum status *status)
{
    uint32_t op = mg_insn_op(m->insn);
    uint32_t a = mg_insn_a(m->insn);
    struct value *r = &m->regs[a];
    bool unit = op == MG_OP_FORCHECK1 || op == MG_OP_FORINIT1 || op == MG_OP_FORLOOP1;
    switch (op) {
    case MG_OP_JMP:
        return true;
    case MG_OP_LOOP:
        if (--m->run->fuel < 0)
            *status = FAILED;
        return true;
    case MG_OP_JT:
    case MG_OP_JF:
        if (reg(m, a).kind != BOOL)
            *status = FAILED;
        return (r->n != 0) == (op == MG_OP_JT);
    case MG_OP_JNIL:
        return reg(m, a).kind == NIL;
    case MG_OP_JNOTNIL:
        return reg(m, a).kind != NIL;
    case MG_OP_FORCHECK:
    case MG_OP_FORCHECK1:
        return m->run->real || reg(m, a).kind != INT || reg(m, a + 1).kind != INT ||
               (!unit && (reg(m, a + 2).kind != INT || r[2].n == 0));
    case MG_OP_FORINIT:
    case MG_OP_FORINIT1:
        return !within(r, unit);
    default:
        break;
    }
    CHECK(reg(m, a).kind == INT && reg(m, a + 1).kind == INT);
    if (--m->run->fuel < 0)
        *status = FAILED;
    r->n += unit ? 1 : reg(m, a + 2).n;
    if (within(r, unit))
        return true;
    r->kind = POISON; /* the index is not to be used after the loop */
    return false;
}

static bool is_jump(uint32_t op)
{
    enum mg_opcode_format format = mg_opcode_format(op);
    return format == MG_OPFORMAT_J || format == MG_OPFORMAT_AJ;
}

static enum status leave_for_home(struct machine *m)
{
    struct value token = reg(m, m->code->home_reg);
    CHECK(token.kind == HOME);
    m->run->target = (struct activation *)(void *)token.thing;
    m->run->value = reg(m, mg_insn_a(m->insn));
    return LEAVING;
}

static enum status step(struct machine *m, uint32_t *pc, bool *returned, struct value *out)
{
    mg_insn insn = m->insn = m->code->insns[(*pc)++];
    uint32_t op = mg_insn_op(insn);
    enum status status = DONE;
    const struct mg_site *site;
    if (simple(m))
        return DONE;
    if (sending_selector(op))
        return sending(m, sending_selector(op));
    if (is_jump(op)) {
        if (jump(m, &status))
            *pc += (uint32_t)mg_insn_j(insn);
        return status;
    }
    switch (op) {
    case MG_OP_SEND:
        site = &m->code->sites[mg_insn_c(insn)];
        return window_call(m, site->selector.bytes, mg_insn_b(insn), site->argc, mg_insn_a(insn));
    case MG_OP_TAILSEND:
        site = &m->code->sites[mg_insn_c(insn)];
        CHECK(same(reg(m, mg_insn_b(insn)), m->regs[0]));
        *returned = true;
        return send(m->run, site->selector.bytes, m->regs + mg_insn_b(insn), site->argc, out);
    case MG_OP_RET:
        *out = reg(m, mg_insn_a(insn));
        break;
    case MG_OP_RETSELF:
        *out = m->regs[0];
        break;
    case MG_OP_NLRET:
        return leave_for_home(m);
    default:
        mg_panic("no opcode %s here", mg_opcode_name(op));
    }
    *returned = true;
    return DONE;
}

static enum status execute(struct run *run, const struct mg_unit_code *code, struct value *args,
                           struct thing *block, struct value *out)
{
    struct machine m = {.run = run, .code = code, .block = block};
    m.regs = mg_arena_alloc(&run->arena, (code->nregs + 6) * sizeof *m.regs);
    m.self = mg_arena_alloc(&run->arena, sizeof *m.self);
    for (uint32_t i = 0; i < code->nregs; i++)
        m.regs[i] = i <= code->argc ? args[i] : nil_value();
    if (block)
        m.regs[code->argc + 1] = (struct value){.kind = BLOCK, .thing = block};
    uint32_t pc = 0;
    bool returned = false;
    enum status status = DONE;
    run->depth++;
    while (!returned && status == DONE)
        status = step(&m, &pc, &returned, out);
    run->depth--;
    if (status == LEAVING && run->target == m.self) {
        *out = run->value;
        return DONE;
    }
    return status;
}

/* -- The walker -- */

struct binding {
    struct binding *next;
    const char *name;
    struct value value;
};

struct scope {
    struct scope *outer;
    struct binding *bindings;
    struct frame *frame;
};

/* An activation of a method. */
struct frame {
    struct value self;
};

static enum status evaluate(struct run *run, struct scope *scope, const struct mg_ast *ast,
                            struct value *out);

static void bind(struct run *run, struct scope *scope, const char *name, struct value value)
{
    struct binding *binding = mg_arena_alloc(&run->arena, sizeof *binding);
    *binding = (struct binding){scope->bindings, name, value};
    scope->bindings = binding;
}

static struct value *find(struct run *run, struct scope *scope, const char *name)
{
    struct value self = scope->frame->self;
    for (; scope; scope = scope->outer) {
        for (struct binding *b = scope->bindings; b; b = b->next) {
            if (strcmp(b->name, name) == 0)
                return &b->value;
        }
    }
    uint32_t slot = 0;
    for (const struct mg_variable *v = run->class->slots; v; v = v->next, slot++) {
        if (mg_name_is(v->name, name))
            return &self.thing->items[slot];
    }
    mg_panic("no variable %s", name);
}

static enum status run_body(struct run *run, struct scope *scope, const struct mg_ast_body *body,
                            const struct value *args, struct value *out)
{
    *out = nil_value();
    uint32_t i = 1;
    for (const struct mg_variable *v = body->params; v; v = v->next)
        bind(run, scope, v->name->text.bytes, args[i++]);
    for (const struct mg_variable *v = body->temps; v; v = v->next)
        bind(run, scope, v->name->text.bytes, nil_value());
    for (const struct mg_ast *s = body->statements; s; s = s->next) {
        enum status status = evaluate(run, scope, s, out);
        if (status != DONE)
            return status;
    }
    return DONE;
}

static enum status walk_block(struct run *run, struct thing *block, const struct value *args,
                              uint32_t argc, struct value *out)
{
    struct scope *scope = mg_arena_alloc(&run->arena, sizeof *scope);
    *scope = (struct scope){block->scope, NULL, block->frame};
    if (spend(run, run->depth) || block->body->param_count != argc)
        return FAILED;
    run->depth++;
    enum status status = run_body(run, scope, block->body, args, out);
    run->depth--;
    return status;
}

static enum status walk_method(struct run *run, struct value *w, const char *selector,
                               struct value *out)
{
    const struct mg_ast_method *method = run->class->methods;
    while (method && !mg_name_is(method->selector, selector))
        method = method->next;
    if (!method || w[0].kind != OBJECT)
        return FAILED;
    struct frame *frame = mg_arena_alloc(&run->arena, sizeof *frame);
    struct scope *scope = mg_arena_alloc(&run->arena, sizeof *scope);
    frame->self = w[0];
    scope->frame = frame;
    struct value ignored;
    run->depth++;
    enum status status = run_body(run, scope, &method->body, w, &ignored);
    run->depth--;
    *out = w[0];
    if (status == LEAVING && run->frame_target == frame) {
        *out = run->value;
        return DONE;
    }
    return status;
}

/* whileTrue: and whileFalse:. */
static enum status walk_while(struct run *run, const char *selector, struct value *w, uint32_t argc,
                              struct value *out)
{
    bool sense = strncmp(selector, "whileTrue", 9) == 0;
    struct value test;
    for (;;) {
        enum status status = walk_block(run, w[0].thing, NULL, 0, &test);
        if (status != DONE)
            return status;
        *out = nil_value();
        if (test.kind != BOOL)
            return FAILED;
        if (test.n != sense)
            return DONE;
        if (argc == 0)
            continue;
        status = walk_block(run, w[1].thing, NULL, 0, &test);
        if (status != DONE)
            return status;
    }
}

static enum status walk_repeat(struct run *run, struct value *w, struct value *out)
{
    enum status status;
    do
        status = walk_block(run, w[0].thing, NULL, 0, out);
    while (status == DONE);
    return status;
}

static enum status walk_counted(struct run *run, const char *selector, struct value *w,
                                uint32_t argc, struct value *out)
{
    bool times = strcmp(selector, "timesRepeat:") == 0;
    int64_t to = times ? w[0].n : w[1].n;
    int64_t step = argc == 3 ? w[2].n : 1;
    if (step == 0)
        return FAILED;
    for (int64_t i = times ? 1 : w[0].n; step > 0 ? i <= to : i >= to; i += step) {
        struct value args[2] = {nil_value(), int_value(i)};
        struct value ignored;
        enum status status = walk_block(run, w[argc].thing, args, times ? 0 : 1, &ignored);
        if (status != DONE)
            return status;
    }
    *out = w[0];
    return DONE;
}

/* Conditionals and their like. `first` and `second` are the argument blocks. */
static enum status walk_choice(struct run *run, const char *selector, struct value *w,
                               struct value *out)
{
    bool nil_test = strstr(selector, "Nil:") != NULL;
    if (!nil_test && w[0].kind != BOOL)
        return FAILED;
    *out = w[0];
    if (strcmp(selector, "and:") == 0)
        return w[0].n ? walk_block(run, w[1].thing, NULL, 0, out) : DONE;
    if (strcmp(selector, "or:") == 0)
        return w[0].n ? DONE : walk_block(run, w[1].thing, NULL, 0, out);
    bool first_on =
        nil_test ? strncmp(selector, "ifNil:", 6) == 0 : strncmp(selector, "ifTrue:", 7) == 0;
    bool holds = nil_test ? w[0].kind == NIL : w[0].n != 0;
    bool two = strchr(strchr(selector, ':') + 1, ':') != NULL;
    struct value *block = holds == first_on ? &w[1] : two ? &w[2] : NULL;
    if (!block) {
        *out = nil_test && first_on ? w[0] : nil_value();
        return DONE;
    }
    struct value args[2] = {nil_value(), w[0]};
    return walk_block(run, block->thing, args, block->thing->body->param_count, out);
}

static enum status walk_send(struct run *run, const char *selector, struct value *w, uint32_t argc,
                             struct value *out)
{
    if (spend(run, run->depth))
        return FAILED;
    if (primitive(run, selector, w, argc, out))
        return DONE;
    if (w[0].kind == BLOCK && strncmp(selector, "value", 5) == 0)
        return walk_block(run, w[0].thing, w, argc, out);
    if (strncmp(selector, "while", 5) == 0)
        return walk_while(run, selector, w, argc, out);
    if (strcmp(selector, "repeat") == 0)
        return walk_repeat(run, w, out);
    if (strstr(selector, "do:") || strstr(selector, "timesRepeat:"))
        return walk_counted(run, selector, w, argc, out);
    if (strncmp(selector, "if", 2) == 0 || strcmp(selector, "and:") == 0 ||
        strcmp(selector, "or:") == 0)
        return walk_choice(run, selector, w, out);
    return walk_method(run, w, selector, out);
}

static enum status evaluate_send(struct run *run, struct scope *scope, const struct mg_ast *ast,
                                 struct value *receiver, struct value *out)
{
    struct value w[6];
    uint32_t n = 1;
    enum status status = DONE;
    if (receiver)
        w[0] = *receiver;
    else
        status = evaluate(run, scope, ast->as.send.receiver, &w[0]);
    for (const struct mg_ast *arg = ast->as.send.args; arg && status == DONE; arg = arg->next)
        status = evaluate(run, scope, arg, &w[n++]);
    if (status != DONE)
        return status;
    return walk_send(run, ast->as.send.selector->text.bytes, w, n - 1, out);
}

static enum status evaluate_cascade(struct run *run, struct scope *scope, const struct mg_ast *ast,
                                    struct value *out)
{
    struct value receiver;
    enum status status = evaluate(run, scope, ast->as.cascade.receiver, &receiver);
    for (const struct mg_ast *part = ast->as.cascade.parts; part && status == DONE;
         part = part->next)
        status = evaluate_send(run, scope, part, &receiver, out);
    return status;
}

static enum status evaluate_brace(struct run *run, struct scope *scope, const struct mg_ast *ast,
                                  struct value *out)
{
    struct thing *array = new_thing(run);
    enum status status = DONE;
    for (const struct mg_ast *item = ast->as.list.items; item && status == DONE; item = item->next)
        status = evaluate(run, scope, item, &array->items[array->count++]);
    *out = (struct value){.kind = ARRAY, .thing = array};
    return status;
}

static struct value literal_value(const struct mg_literal *literal)
{
    switch (literal->kind) {
    case MG_LITERAL_INTEGER:
        return (struct value){.kind = INT, .n = literal->as.number};
    case MG_LITERAL_TRUE:
    case MG_LITERAL_FALSE:
        return bool_value(literal->kind == MG_LITERAL_TRUE);
    default:
        return nil_value();
    }
}

static enum status evaluate(struct run *run, struct scope *scope, const struct mg_ast *ast,
                            struct value *out)
{
    enum status status = DONE;
    switch ((enum mg_ast_kind)ast->kind) {
    case MG_AST_LITERAL:
        *out = literal_value(ast->as.literal);
        return DONE;
    case MG_AST_NAME:
        *out = *find(run, scope, ast->as.name.name->text.bytes);
        return DONE;
    case MG_AST_SELF:
        *out = scope->frame->self;
        return DONE;
    case MG_AST_ASSIGN:
        status = evaluate(run, scope, ast->as.name.value, out);
        if (status == DONE)
            *find(run, scope, ast->as.name.name->text.bytes) = *out;
        return status;
    case MG_AST_SEND:
        return evaluate_send(run, scope, ast, NULL, out);
    case MG_AST_CASCADE:
        return evaluate_cascade(run, scope, ast, out);
    case MG_AST_BRACE:
        return evaluate_brace(run, scope, ast, out);
    case MG_AST_BLOCK: {
        struct thing *block = new_thing(run);
        block->body = &ast->as.block;
        block->scope = scope;
        block->frame = scope->frame;
        *out = (struct value){.kind = BLOCK, .thing = block};
        return DONE;
    }
    case MG_AST_RETURN:
        status = evaluate(run, scope, ast->as.value, out);
        if (status != DONE)
            return status;
        run->value = *out;
        run->frame_target = scope->frame;
        return LEAVING;
    default:
        MG_UNREACHABLE();
    }
}

/* -- Random programs -- */

struct writer {
    struct mg_rng rng;
    struct mg_buf out;
    uint32_t depth;
    uint32_t names;    /* fresh names given out */
    uint32_t ints[16]; /* names in scope that hold integers */
    uint32_t int_count;
    bool in_method_two;
};

static uint32_t pick(struct writer *w, uint32_t n)
{
    return (uint32_t)mg_rng_below(&w->rng, n);
}

static void write_expression(struct writer *w);
static void write_statements(struct writer *w, uint32_t count);

static void write_variable(struct writer *w)
{
    static const char *const fixed[] = {"a", "b", "c", "p", "s", "t"};
    if (w->int_count > 0 && pick(w, 3) == 0)
        mg_buf_printf(&w->out, "v%u", w->ints[pick(w, w->int_count)]);
    else
        mg_buf_puts(&w->out, fixed[pick(w, MG_ARRAY_LEN(fixed))]);
}

static void write_condition(struct writer *w)
{
    static const char *const compares[] = {"<", "<=", ">", ">=", "=", "~=", "=="};
    switch (w->depth > 3 ? 0 : pick(w, 8)) {
    case 0:
    case 1:
    case 2:
    case 3:
        mg_buf_puts(&w->out, "(");
        write_expression(w);
        mg_buf_printf(&w->out, " %s ", compares[pick(w, MG_ARRAY_LEN(compares))]);
        write_expression(w);
        mg_buf_puts(&w->out, ")");
        return;
    case 4:
    case 5:
        mg_buf_puts(&w->out, "(");
        write_condition(w);
        mg_buf_puts(&w->out, pick(w, 2) ? " and: [" : " or: [");
        if (pick(w, 4) == 0)
            write_statements(w, 1);
        write_condition(w);
        mg_buf_puts(&w->out, "])");
        return;
    case 6:
        mg_buf_puts(&w->out, "(");
        write_condition(w);
        mg_buf_puts(&w->out, " not)");
        return;
    default:
        mg_buf_puts(&w->out, "(");
        write_variable(w);
        mg_buf_puts(&w->out, pick(w, 2) ? " isNil)" : " notNil)");
        return;
    }
}

/* A block with a fresh parameter, or none, and perhaps temporaries of its own. */
static void write_block(struct writer *w, bool parameter, uint32_t statements)
{
    uint32_t outer = w->int_count;
    mg_buf_puts(&w->out, "[");
    if (parameter) {
        uint32_t name = w->names++;
        mg_buf_printf(&w->out, ":v%u | ", name);
        if (w->int_count < MG_ARRAY_LEN(w->ints))
            w->ints[w->int_count++] = name;
    }
    if (pick(w, 3) == 0 && w->int_count < MG_ARRAY_LEN(w->ints)) {
        uint32_t name = w->names++;
        mg_buf_printf(&w->out, "| v%u | ", name);
        mg_buf_printf(&w->out, pick(w, 4) ? "v%u := 3. " : "v%u isNil ifTrue: [v%u := 1]. ", name,
                      name);
        w->ints[w->int_count++] = name;
    }
    write_statements(w, statements);
    write_expression(w);
    mg_buf_puts(&w->out, "]");
    w->int_count = outer;
}

static void write_compound(struct writer *w)
{
    switch (pick(w, 12)) {
    case 0:
    case 1:
        write_expression(w);
        mg_buf_printf(&w->out, " %c ", "+-*"[pick(w, 3)]);
        write_expression(w);
        return;
    case 2:
    case 3:
    case 4:
        write_condition(w);
        mg_buf_puts(&w->out, " ifTrue: ");
        write_block(w, false, pick(w, 2));
        mg_buf_puts(&w->out, " ifFalse: ");
        write_block(w, false, pick(w, 2));
        return;
    case 5:
        mg_buf_puts(&w->out, pick(w, 2) ? "n" : "(n := nil)");
        mg_buf_puts(&w->out, " ifNil: ");
        write_block(w, false, pick(w, 2));
        return;
    case 6:
        if (pick(w, 2))
            write_variable(w);
        else
            mg_buf_puts(&w->out, pick(w, 2) ? "n" : "(n := 2)");
        mg_buf_puts(&w->out, " ifNotNil: ");
        write_block(w, pick(w, 2), pick(w, 2));
        mg_buf_puts(&w->out, " ifNil: ");
        write_block(w, false, 0);
        return;
    case 7:
        write_variable(w);
        mg_buf_puts(&w->out, " := ");
        write_expression(w);
        return;
    case 8:
        mg_buf_puts(&w->out, pick(w, 2) ? "f value" : "g value: ");
        if (w->out.data[w->out.len - 1] == ' ')
            write_expression(w);
        return;
    case 9:
        mg_buf_puts(&w->out, "self log: ");
        write_expression(w);
        mg_buf_puts(&w->out, pick(w, 2) ? "; log: " : " + ");
        write_expression(w);
        return;
    case 10:
        mg_buf_puts(&w->out, "{");
        write_expression(w);
        mg_buf_puts(&w->out, ". ");
        write_expression(w);
        mg_buf_puts(&w->out, pick(w, 2) ? "} at: 2" : "} at: 1 put: ");
        if (w->out.data[w->out.len - 1] == ' ')
            write_expression(w);
        return;
    default:
        if (w->in_method_two) {
            mg_buf_puts(&w->out, "self log: 4");
            return;
        }
        mg_buf_puts(&w->out, "self two: ");
        write_expression(w);
        mg_buf_puts(&w->out, " with: ");
        write_expression(w);
        return;
    }
}

static void write_expression(struct writer *w)
{
    w->depth++;
    if (w->depth > 3 || pick(w, 2) == 0) {
        if (pick(w, 3) == 0)
            mg_buf_printf(&w->out, "%u", pick(w, 6));
        else
            write_variable(w);
    } else {
        mg_buf_puts(&w->out, "(");
        write_compound(w);
        mg_buf_puts(&w->out, ")");
    }
    w->depth--;
}

static void write_loop(struct writer *w)
{
    switch (pick(w, 4)) {
    case 0:
        mg_buf_printf(&w->out, "1 to: %u do: ", pick(w, 4));
        break;
    case 1:
        write_expression(w);
        mg_buf_puts(&w->out, " to: ");
        write_expression(w);
        if (pick(w, 2))
            mg_buf_printf(&w->out, " by: %u", 1 + pick(w, 3));
        mg_buf_puts(&w->out, " do: ");
        break;
    case 2:
        write_variable(w);
        mg_buf_puts(&w->out, " timesRepeat: ");
        write_block(w, false, 1 + pick(w, 2));
        return;
    default: {
        uint32_t name = w->names++;
        mg_buf_printf(&w->out, "w := %u. [w > 0] whileTrue: ", pick(w, 4));
        mg_buf_printf(&w->out, "[| v%u | w := w - 1. v%u := w. ", name, name);
        uint32_t outer = w->int_count;
        if (w->int_count < MG_ARRAY_LEN(w->ints))
            w->ints[w->int_count++] = name;
        write_statements(w, 1 + pick(w, 2));
        mg_buf_puts(&w->out, "0]");
        w->int_count = outer;
        return;
    }
    }
    write_block(w, true, 1 + pick(w, 2));
}

static void write_statement(struct writer *w)
{
    switch (w->depth > 2 ? 0 : pick(w, 9)) {
    case 0:
    case 1:
    case 2:
        write_variable(w);
        mg_buf_puts(&w->out, " := ");
        write_expression(w);
        break;
    case 3:
        mg_buf_puts(&w->out, "f := ");
        write_block(w, false, pick(w, 3));
        break;
    case 4:
        mg_buf_puts(&w->out, "g := ");
        write_block(w, true, pick(w, 3));
        break;
    case 5:
        write_loop(w);
        break;
    case 6:
        write_condition(w);
        mg_buf_puts(&w->out, " ifTrue: [");
        if (pick(w, 3) == 0)
            mg_buf_puts(&w->out, "^");
        write_expression(w);
        mg_buf_puts(&w->out, "]");
        break;
    default:
        mg_buf_puts(&w->out, "self log: ");
        write_expression(w);
        break;
    }
    mg_buf_puts(&w->out, ".\n  ");
}

static void write_statements(struct writer *w, uint32_t count)
{
    w->depth++;
    for (uint32_t i = 0; i < count; i++)
        write_statement(w);
    w->depth--;
}

static void write_program(struct writer *w)
{
    mg_buf_puts(&w->out,
                "Probe subclass: Object\n instanceVars: s t\n"
                " method: run: p [ | a b c f g n w |\n  a := 1. b := 2. c := 6. s := 3. t := 4. "
                "w := 0. f := [5]. g := [:x | x].\n  ");
    write_statements(w, 4 + pick(w, 5));
    mg_buf_puts(&w->out, "self log: a; log: b; log: c; log: s; log: t; log: f value.\n  ^");
    write_expression(w);
    w->in_method_two = true;
    mg_buf_puts(
        &w->out,
        " ]\n method: two: a with: b [ | c p f g n w |\n  p := a. c := b. w := 0. f := [a]. "
        "g := [:x | x + b].\n  ");
    write_statements(w, 1 + pick(w, 3));
    mg_buf_puts(&w->out, pick(w, 2) ? "^self two: a ]\n" : "^f value ]\n");
    mg_buf_puts(&w->out, " method: two: x [ ^x + 1 ]\n");
}

/* -- Comparing -- */

static struct value start_object(struct run *run)
{
    return (struct value){.kind = OBJECT, .thing = new_thing(run)};
}

static void set_up(struct run *run)
{
    *run = (struct run){.fuel = 3000};
    mg_arena_init(&run->arena);
}

static void outcome(struct run *run, enum status status, struct value value)
{
    mg_buf_puts(&run->log, status == DONE ? "= " : "failed ");
    if (status == DONE)
        log_value(run, value);
}

static void run_machine(const struct mg_unit *unit, bool slow, bool real, struct mg_buf *log,
                        bool *spent)
{
    struct run run;
    set_up(&run);
    run.unit = unit;
    run.slow = slow;
    run.real = real;
    struct value w[2] = {start_object(&run), int_value(2)};
    for (uint32_t i = 0; i < 8; i++)
        w[0].thing->items[i] = nil_value();
    struct value value = nil_value();
    enum status status = send(&run, "run:", w, 1, &value);
    outcome(&run, status, value);
    *spent = run.fuel < 0;
    *log = run.log;
    mg_arena_deinit(&run.arena);
}

static void run_walker(const struct mg_ast_file *file, struct mg_buf *log, bool *spent)
{
    struct run run;
    set_up(&run);
    run.class = file->definitions;
    struct value w[2] = {start_object(&run), int_value(2)};
    for (uint32_t i = 0; i < 8; i++)
        w[0].thing->items[i] = nil_value();
    struct value value = nil_value();
    enum status status = walk_method(&run, w, "run:", &value);
    outcome(&run, status, value);
    *spent = run.fuel < 0;
    *log = run.log;
    mg_arena_deinit(&run.arena);
}

struct program {
    struct mg_source source;
    struct mg_diags diags;
    struct mg_unit unit;
    struct mg_arena arena;
    struct mg_names names;
    struct mg_ast_file *file;
};

static void open_program(struct program *program, const char *text, size_t len)
{
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    struct mg_verify verify;
    program->source = (struct mg_source){.path = "random.mag", .text = text, .len = len};
    mg_diags_init(&program->diags);
    mg_unit_init(&program->unit);
    int error = mg_compile_batch(&env, &options, &program->source, 1, &program->unit, NULL,
                                 &program->diags);
    if (error != 0) {
        struct mg_buf out = {0};
        mg_diags_print(&program->diags, &out);
        mg_panic("%s\n%s", text, mg_buf_text(&out));
    }
    ck_assert_msg(mg_verify_unit(&program->unit, &verify) == 0, "%s", verify.problem);
    mg_arena_init(&program->arena);
    mg_names_init(&program->names, &program->arena);
    struct mg_parse parse = {&program->source, &program->arena, &program->names, &program->diags,
                             false};
    program->file = mg_parse_file(&parse);
}

static void close_program(struct program *program)
{
    mg_names_deinit(&program->names);
    mg_arena_deinit(&program->arena);
    mg_unit_deinit(&program->unit);
    mg_diags_deinit(&program->diags);
}

static void differ(const char *text, const char *expected, int mode, const char *got)
{
    fprintf(stderr, "%s\nexpected: %s\nmode %d:   %s\n", text, expected, mode, got);
    ck_abort_msg("the program above has two meanings");
}

/* All ways to run the program agree. Answers whether it ran to its end. */
static bool compare(const char *text, size_t len)
{
    struct program program;
    struct mg_buf expected;
    bool spent;
    bool spent_here;
    open_program(&program, text, len);
    run_walker(program.file, &expected, &spent);
    for (int mode = 0; mode < 4 && !spent; mode++) {
        struct mg_buf log;
        run_machine(&program.unit, mode & 1, mode >> 1, &log, &spent_here);
        if (!spent_here && strcmp(mg_buf_text(&expected), mg_buf_text(&log)) != 0)
            differ(text, mg_buf_text(&expected), mode, mg_buf_text(&log));
        mg_buf_deinit(&log);
    }
    mg_buf_deinit(&expected);
    close_program(&program);
    return !spent;
}

/* Compiled random programs do what their trees say, in all modes. */
UNIT_CASE(random_programs_agree)
{
    uint32_t finished = 0;
    const char *more = getenv("MG_RANDOM_PROGRAMS");
    uint32_t programs = more ? (uint32_t)strtoul(more, NULL, 10) : 400;
    for (uint32_t seed = 1; seed <= programs; seed++) {
        struct writer writer = {0};
        mg_rng_seed(&writer.rng, seed);
        write_program(&writer);
        finished += compare(mg_buf_text(&writer.out), writer.out.len);
        mg_buf_deinit(&writer.out);
    }
    ck_assert_uint_gt(finished, programs / 2);
}

/* Bodies that caught, or would catch, one mistake each. */
static const char *const bodies[] = {
    /* A capture in a loop and an assignment in the next round share the variable. */
    "1 to: 3 do: [:i | a := i. self log: f value. f := [a]]. ^f value",
    "w := 3. [w > 0] whileTrue: [a := w. self log: f value. f := [a]. w := w - 1]. ^f value",
    "1 to: b do: [:i | a := i. self log: f value. f := [a]]. ^f value",
    /* Each round has its own parameter and temporaries. */
    "n := {f. f. f}. 1 to: 3 do: [:i | | x | x := i * 2. n at: i put: [x + i]]. "
    "^((n at: 1) value * 100) + ((n at: 2) value * 10) + (n at: 3) value",
    "n := {f. f}. w := 2. [w > 0] whileTrue: [| x | x isNil ifTrue: [x := w]. n at: w put: [x := x "
    "+ 1]. "
    "w := w - 1]. (n at: 1) value. (n at: 1) value. ^((n at: 1) value * 10) + (n at: 2) value",
    /* A parameter that the body assigns does not disturb the count. */
    "1 to: 3 do: [:i | i := i + 10. self log: i]. ^a",
    "1 to: b do: [:i | f := [i := i + 1. i]. self log: f value. self log: f value]. ^f value",
    /* Operands keep the values they had when their turn came. */
    "f := [a := a + 1. a]. ^self two: a with: f value",
    "^self two: a with: (a := 9)",
    "^a + (a := 9)",
    "^(a := 4) + (a := 5) - a",
    "^a < (a := 9) and: [a > 8]",
    "^{a. a := a + 1. a}",
    "self log: a; log: (a := 8); log: a. ^a",
    "t := 3. f := [t := t * 2. 1]. ^t + f value + t",
    /* A value under construction does not hide the variable it goes to. */
    "a := a > 0 and: [a < 9]. ^a",
    "a := a > 5 or: [a = 1]. ^a",
    "n := nil. n := n ifNil: [n isNil]. ^n",
    "a := {4. 5} at: a put: 7. ^a",
    "n := {4. 5}. n := n at: 2 put: 7. ^n",
    "f := [self two: (self log: 1) with: (a := 3)]. ^f value + a",
    "^self two: (self log: 1) with: (a > 0 ifTrue: [| x | f := [x := 3]. x := 7] ifFalse: [2])",
    "^self two: (self log: 1) with: (a ifNotNil: [:v | f := [v := 3]. v := 7] ifNil: [2])",
    "^self two: (self log: 1) with: ({4. 5} at: 2 put: ({b. c} at: 1 put: b))",
    "self ifNotNil: [:v | v := 3. a := v]. ^self two: a with: 1",
    "a := b ifNotNil: [:v | a := 7. v + a]. ^a",
    "a := a ifNotNil: [:v | a := 7. v]. ^a",
    "a := a ifNotNil: [:v | v := 7. a]. ^a",
    "a := 1 to: 3 do: [:i | a := a + i]. ^a",
    "a := 1 to: b do: [:i | a := a + i]. ^a",
    "a := b timesRepeat: [a := a + 1]. ^a + b",
    "a := (b to: 1 by: 0 - 1 do: [:i | c := c + i]). ^a + c",
    /* Closures share a variable assigned by one of them. */
    "f := [a]. g := [:x | a := x]. g value: 7. ^f value + a",
    "f := [[a := a + 1] value. a]. ^f value + f value + a",
    "f := [:x | x < 2 ifTrue: [1] ifFalse: [x * (f value: x - 1)]]. ^f value: 5",
    "g := [:x | | y | y := x. f := [y := y + 1. y]. f value]. ^(g value: 1) + f value + f value",
    /* Returns from blocks, through loops and other activations. */
    "f := [^5]. self log: 1. f value. ^6",
    "1 to: b do: [:i | 1 to: b do: [:j | i + j = 3 ifTrue: [^i * 10 + j]]]. ^0",
    "g := [:x | x > 2 ifTrue: [^x]. x]. self log: (g value: 1). g value: 3. ^0",
    "b timesRepeat: [f := [^a]. a := a + 1]. ^f value",
    "^self two: (a > 0 ifTrue: [^8] ifFalse: [3]) with: 4",
    /* Nested loops, and variables of all scopes in closures inside them. */
    "1 to: b do: [:i | | x | x := i. 1 to: x do: [:j | | y | y := j. f := [x * 10 + y + a]. "
    "a := a + f value]]. ^a",
    "1 to: b do: [:i | 1 to: b do: [:j | c := c + (i * j)]. b timesRepeat: [c := c + 1]]. ^c",
    "g := [:x | 1 to: x do: [:i | a := a + i. 1 to: i do: [:j | a := a + 1]]. a]. ^g value: 3",
    /* Conditions in all their forms. */
    "^(a = 1) == true",
    "^(a == 1) not",
    "^(n isNil and: [a notNil]) and: [(a ~~ b) and: [(a == b) not]]",
    "^(a > 1 or: [b > 5 or: [c = 6]]) ifTrue: [a > 0 and: [b]] ifFalse: [3]",
    "[a > 5] whileFalse: [a := a + 1]. ^a",
    "[a := a + 1. a < 5] whileTrue. [a := a - 1. a < 2] whileFalse. ^a",
    "[a := a + 1. a > 5 ifTrue: [^a]] repeat",
    "^a isNil ifTrue: [1] ifFalse: [n notNil ifTrue: [2]]",
    "n ifNil: [a := 3]. n ifNotNil: [a := 4]. ^n ifNil: [a] ifNotNil: [:v | v]",
    "^self",
    "^f",
};

/* Each of the bodies, in all modes. */
UNIT_CASE(bodies_agree)
{
    for (size_t i = 0; i < MG_ARRAY_LEN(bodies); i++) {
        struct mg_buf text = {0};
        mg_buf_printf(&text,
                      "Probe subclass: Object\n instanceVars: s t\n"
                      " method: run: p [ | a b c f g n w |\n  a := 1. b := 2. c := 6. f := [5]. "
                      "g := [:x | x].\n  %s ]\n"
                      " method: two: a with: b [ ^self log: a * 10 + b ]\n",
                      bodies[i]);
        ck_assert_msg(compare(mg_buf_text(&text), text.len), "%s: did not end", bodies[i]);
        mg_buf_deinit(&text);
    }
}

UNIT_MAIN("compiler/run", bodies_agree, random_programs_agree)
