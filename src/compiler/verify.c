/* SPDX-License-Identifier: MIT */
/* The verifier: see verify.h. One pass over each code; the layout of operands comes from
 * opcode.def. */
#include "compiler/verify.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* The frame header below a window, and the registers of a mark. */
enum { HEADER_WORDS = 3, MARK_WORDS = 4 };

struct check {
    const struct mg_unit *unit;
    struct mg_verify *verify;
    const struct mg_unit_code *code;
    uint32_t index; /* of the code */
    uint32_t at;    /* of the instruction */
    mg_insn insn;
    bool needs_self; /* what is read so far includes R0 */
};

static bool fail(struct check *check, const char *what)
{
    snprintf(check->verify->problem, sizeof check->verify->problem, "code %u, instruction %u: %s",
             check->index, check->at, what);
    return false;
}

static bool readable(struct check *check, uint32_t r)
{
    check->needs_self = check->needs_self || r == 0;
    return r < check->code->nregs || fail(check, "register out of range");
}

static bool range(struct check *check, uint32_t from, uint32_t count)
{
    check->needs_self = check->needs_self || (from == 0 && count > 0);
    return (uint64_t)from + count <= check->code->nregs || fail(check, "registers out of range");
}

static bool writable(struct check *check, uint32_t r)
{
    const struct mg_unit_code *code = check->code;
    if (r == 0 || r == code->home_reg || (code->kind == MG_CODE_BLOCK && r == code->argc + 1)) {
        return fail(check, "a register of the frame itself is written");
    }
    if (code->mark != MG_MARK_NONE && r > code->argc && r <= code->argc + MARK_WORDS) {
        return fail(check, "a register of the mark is written");
    }
    return readable(check, r);
}

static bool index_below(struct check *check, uint32_t index, uint32_t count)
{
    return index < count || fail(check, "index out of range");
}

/* A jump in the direction the opcode allows, to an instruction of this code. */
static bool jump(struct check *check, bool backwards)
{
    int64_t distance = mg_insn_j(check->insn);
    int64_t target = (int64_t)check->at + 1 + distance;
    if (target < 0 || target >= check->code->insn_count) {
        return fail(check, "jump out of the code");
    }
    if (backwards ? distance >= 0 : distance < 0) {
        return fail(check, "jump in the wrong direction");
    }
    return check->code->mark == MG_MARK_NONE || fail(check, "jump in a marked code");
}

static bool window(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    uint32_t w = mg_insn_b(check->insn), s = mg_insn_c(check->insn);
    if (!index_below(check, s, code->site_count)) {
        return false;
    }
    uint32_t lowest = code->argc + 1 + HEADER_WORDS;
    if (code->kind == MG_CODE_BLOCK) {
        lowest++;
    }
    if (code->mark != MG_MARK_NONE) {
        lowest += MARK_WORDS;
    }
    if (w < lowest || (code->home_reg != MG_UNIT_NONE && w < code->home_reg + 1 + HEADER_WORDS)) {
        return fail(check, "window too low");
    }
    return range(check, w, code->sites[s].argc + 1);
}

static bool block(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    uint32_t b = mg_insn_b(check->insn);
    if (!writable(check, mg_insn_a(check->insn)) || !index_below(check, b, code->child_count)) {
        return false;
    }
    const struct mg_unit_code *child = &check->unit->codes[code->children[b]];
    if (child->kind != MG_CODE_BLOCK) {
        return fail(check, "the child is no block");
    }
    if (child->home_reg != MG_UNIT_NONE && code->home_reg == MG_UNIT_NONE) {
        return fail(check, "a block needs the home of a code that has none");
    }
    return range(check, mg_insn_c(check->insn), child->ncaptures);
}

static bool fused(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    if (check->at + 1 >= code->insn_count) {
        return fail(check, "a fused compare without its jump");
    }
    mg_insn next = code->insns[check->at + 1];
    bool jumps = mg_insn_op(next) == MG_OP_JT || mg_insn_op(next) == MG_OP_JF;
    return (jumps && mg_insn_a(next) == mg_insn_a(check->insn)) ||
           fail(check, "a fused compare without its jump");
}

/* Operands that are registers, by format; what an opcode adds to that is checked in the callers. */
static bool registers(struct check *check)
{
    mg_insn insn = check->insn;
    switch (mg_opcode_format(mg_insn_op(insn))) {
    case MG_OPFORMAT_ABC:
        return writable(check, mg_insn_a(insn)) && readable(check, mg_insn_b(insn)) &&
               readable(check, mg_insn_c(insn));
    case MG_OPFORMAT_AB:
    case MG_OPFORMAT_ABI:
        return writable(check, mg_insn_a(insn)) && readable(check, mg_insn_b(insn));
    case MG_OPFORMAT_A:
    case MG_OPFORMAT_AI:
    case MG_OPFORMAT_AX:
        return writable(check, mg_insn_a(insn));
    case MG_OPFORMAT_N:
    case MG_OPFORMAT_AJ:
    case MG_OPFORMAT_J:
        break;
    }
    return true;
}

/* Opcodes whose operand X indexes a table. */
static bool table(struct check *check, bool writes, uint32_t count)
{
    uint32_t a = mg_insn_a(check->insn);
    return (writes ? writable(check, a) : readable(check, a)) &&
           index_below(check, mg_insn_x(check->insn), count);
}

static bool literal(struct check *check, bool copied)
{
    if (!table(check, true, check->code->literal_count)) {
        return false;
    }
    enum mg_literal_kind kind = check->code->literals[mg_insn_x(check->insn)].kind;
    bool mutable = kind == MG_LITERAL_ARRAY || kind == MG_LITERAL_BYTES;
    return mutable == copied || fail(check, "a literal of the wrong kind");
}

static bool counted_loop(struct check *check, bool backwards, uint32_t count)
{
    uint32_t a = mg_insn_a(check->insn);
    return range(check, a, count) && writable(check, a) && jump(check, backwards);
}

static bool mark(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    return (code->mark != MG_MARK_NONE && mg_insn_a(check->insn) == code->argc + 1) ||
           fail(check, "a mark in a code without one");
}

static bool home(struct check *check)
{
    bool first =
        check->at == 0 || (check->at == 1 && mg_insn_op(check->code->insns[0]) == MG_OP_PRIMITIVE);
    return (first && mg_insn_a(check->insn) == check->code->home_reg) ||
           fail(check, "HOME out of place");
}

static bool new_array(struct check *check)
{
    return writable(check, mg_insn_a(check->insn)) &&
           (mg_insn_x(check->insn) <= (1u << 27) || fail(check, "array too large"));
}

/* tidy: long function: one case for each opcode that has operands of its own. */
static bool instruction(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    mg_insn insn = check->insn;
    switch (mg_insn_op(insn)) {
    case MG_OP_LOADK:
        return literal(check, false);
    case MG_OP_COPYK:
        return literal(check, true);
    case MG_OP_GLOBAL:
        return table(check, true, code->global_count);
    case MG_OP_GETSLOT:
        return table(check, true, code->slots_used);
    case MG_OP_SETSLOT:
        return table(check, false, code->slots_used);
    case MG_OP_GETCVAR:
        return table(check, true, code->cvar_count);
    case MG_OP_SETCVAR:
        return table(check, false, code->cvar_count);
    case MG_OP_SETCELL:
        return readable(check, mg_insn_a(insn)) && readable(check, mg_insn_b(insn));
    case MG_OP_GETCAP:
        return table(check, true, code->kind == MG_CODE_BLOCK ? code->ncaptures : 0);
    case MG_OP_BLOCK:
        return block(check);
    case MG_OP_HOME:
        return home(check);
    case MG_OP_ARRAY:
        return writable(check, mg_insn_a(insn)) && range(check, mg_insn_b(insn), mg_insn_c(insn));
    case MG_OP_NEWARRAY:
        return new_array(check);
    case MG_OP_SEND:
    case MG_OP_SENDSUPER:
        return writable(check, mg_insn_a(insn)) && window(check);
    case MG_OP_TAILSEND:
        return window(check) && ((code->home_reg == MG_UNIT_NONE && code->mark == MG_MARK_NONE &&
                                  code->kind == MG_CODE_METHOD) ||
                                 fail(check, "a tail send where the frame is needed"));
    case MG_OP_RET:
        return readable(check, mg_insn_a(insn));
    case MG_OP_NLRET:
        return readable(check, mg_insn_a(insn)) &&
               ((code->kind == MG_CODE_BLOCK && code->home_reg != MG_UNIT_NONE) ||
                fail(check, "NLRET without a home"));
    case MG_OP_JMP:
        return jump(check, false);
    case MG_OP_LOOP:
        return jump(check, true);
    case MG_OP_JT:
    case MG_OP_JF:
        return writable(check, mg_insn_a(insn)) && jump(check, false);
    case MG_OP_JNIL:
    case MG_OP_JNOTNIL:
        return readable(check, mg_insn_a(insn)) && jump(check, false);
    case MG_OP_LTJ:
    case MG_OP_LEJ:
    case MG_OP_GTJ:
    case MG_OP_GEJ:
    case MG_OP_EQJ:
    case MG_OP_NEJ:
    case MG_OP_SAMEJ:
    case MG_OP_LTIJ:
    case MG_OP_LEIJ:
    case MG_OP_GTIJ:
    case MG_OP_GEIJ:
    case MG_OP_EQIJ:
    case MG_OP_NEIJ:
        return registers(check) && fused(check);
    case MG_OP_FORCHECK:
    case MG_OP_FORINIT:
        return counted_loop(check, false, 3);
    case MG_OP_FORCHECK1:
    case MG_OP_FORINIT1:
        return counted_loop(check, false, 2);
    case MG_OP_FORLOOP:
        return counted_loop(check, true, 3);
    case MG_OP_FORLOOP1:
        return counted_loop(check, true, 2);
    case MG_OP_MARK:
        return mark(check) && (check->at == 0 || fail(check, "MARK is not first"));
    case MG_OP_UNMARK:
        return mark(check);
    case MG_OP_UNWIND:
        return mark(check) &&
               (check->at + 1 == code->insn_count || fail(check, "UNWIND is not last"));
    case MG_OP_PRIMITIVE:
        return check->at == 0 || fail(check, "PRIMITIVE is not first");
    case MG_OP_RESUME:
        return fail(check, "an opcode of the runtime's own code");
    default:
        return registers(check);
    }
}

static bool ends(uint32_t op)
{
    return op == MG_OP_RET || op == MG_OP_RETSELF || op == MG_OP_NLRET || op == MG_OP_JMP ||
           op == MG_OP_LOOP || op == MG_OP_UNWIND || op == MG_OP_TAILSEND;
}

static bool marked_shape(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    bool lands = code->mark == MG_MARK_ENSURE || code->mark == MG_MARK_CURTAIL;
    uint32_t argc = code->mark == MG_MARK_HANDLER || code->mark == MG_MARK_BARRIER ? 2 : 1;
    check->at = 0;
    if (code->kind != MG_CODE_METHOD || code->argc != argc ||
        mg_insn_op(code->insns[0]) != MG_OP_MARK || code->home_reg != MG_UNIT_NONE) {
        return fail(check, "a marked code of the wrong shape");
    }
    bool unwinds = mg_insn_op(code->insns[code->insn_count - 1]) == MG_OP_UNWIND;
    if (!lands) {
        return (!unwinds && code->landing == MG_UNIT_NONE) || fail(check, "a landing too many");
    }
    if (!unwinds || code->landing < 2 || code->landing >= code->insn_count ||
        mg_insn_op(code->insns[code->landing - 1]) != MG_OP_RET) {
        return fail(check, "a landing of the wrong shape");
    }
    return true;
}

static bool header(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    check->at = 0;
    if (code->insn_count == 0) {
        return fail(check, "empty code");
    }
    if (code->nregs > MG_REGISTERS_MAX || code->argc >= code->nregs) {
        return fail(check, "too many registers");
    }
    if (code->scratch != code->nregs + HEADER_WORDS) {
        return fail(check, "the scratch window is out of place");
    }
    if (code->home_reg != MG_UNIT_NONE &&
        (code->home_reg <= code->argc || code->home_reg >= code->nregs ||
         (code->kind == MG_CODE_BLOCK && code->home_reg == code->argc + 1))) {
        return fail(check, "home register out of place");
    }
    if (code->home_reg != MG_UNIT_NONE && mg_insn_op(code->insns[0]) != MG_OP_HOME &&
        !(code->insn_count > 1 && mg_insn_op(code->insns[0]) == MG_OP_PRIMITIVE)) {
        return fail(check, "HOME is missing");
    }
    if (code->file != MG_UNIT_NONE && code->file >= check->unit->file_count) {
        return fail(check, "file out of range");
    }
    if (code->kind == MG_CODE_SCRIPT && (code->slots_used != 0 || code->argc != 0)) {
        return fail(check, "a script with arguments or slots");
    }
    return code->mark == MG_MARK_NONE || marked_shape(check);
}

/* Whether an instruction reads self besides its operands. */
static bool reads_self(enum mg_opcode op)
{
    return op == MG_OP_GETSLOT || op == MG_OP_SETSLOT || op == MG_OP_RETSELF ||
           op == MG_OP_SENDSUPER || op == MG_OP_TAILSEND || op == MG_OP_THISCONTEXT;
}

static bool children(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    for (uint32_t i = 0; i < code->child_count; i++) {
        uint32_t child = code->children[i];
        if (child <= check->index || child >= check->unit->code_count) {
            return fail(check, "child out of range");
        }
        if (check->unit->codes[child].slots_used > code->slots_used) {
            return fail(check, "a block uses more slots than its method");
        }
    }
    return true;
}

static bool verify_code(struct check *check)
{
    const struct mg_unit_code *code = check->code;
    check->needs_self = code->mark != MG_MARK_NONE;
    if (!header(check) || !children(check)) {
        return false;
    }
    for (uint32_t i = 0; i < code->insn_count; i++) {
        check->at = i;
        check->insn = code->insns[i];
        if (mg_insn_op(check->insn) >= MG_OPCODE_COUNT) {
            return fail(check, "no such opcode");
        }
        if (!instruction(check)) {
            return false;
        }
        check->needs_self =
            check->needs_self || reads_self((enum mg_opcode)mg_insn_op(check->insn));
    }
    return ends(mg_insn_op(code->insns[code->insn_count - 1])) ||
           fail(check, "the code runs off its end");
}

static bool verify_method(struct check *check, const struct mg_unit_method *method)
{
    check->index = method->code;
    check->at = 0;
    if (method->code == MG_UNIT_NONE) {
        return (method->flags & (MG_METHOD_PRIMITIVE | MG_METHOD_BLOCK_VALUE)) != 0 ||
               fail(check, "a method without code");
    }
    if (method->code >= check->unit->code_count) {
        return fail(check, "method code out of range");
    }
    const struct mg_unit_code *code = &check->unit->codes[method->code];
    if (code->kind != MG_CODE_METHOD || code->argc != method->argc) {
        return fail(check, "the code does not fit its method");
    }
    return true;
}

/* A block needs the self that a block in it needs. Children have higher indexes. */
static void needs_of_children(const struct mg_unit *unit)
{
    for (uint32_t i = unit->code_count; i-- > 0;) {
        struct mg_unit_code *code = &unit->codes[i];
        for (uint32_t k = 0; k < code->child_count; k++)
            code->needs_self = code->needs_self || unit->codes[code->children[k]].needs_self;
    }
}

int mg_verify_unit(const struct mg_unit *unit, struct mg_verify *verify)
{
    struct check check = {.unit = unit, .verify = verify};
    verify->problem[0] = '\0';
    for (uint32_t i = 0; i < unit->code_count; i++) {
        check.index = i;
        check.code = &unit->codes[i];
        if (!verify_code(&check)) {
            return MG_EVERIFY;
        }
        unit->codes[i].needs_self = check.needs_self;
    }
    needs_of_children(unit);
    for (uint32_t i = 0; i < unit->method_count; i++) {
        if (!verify_method(&check, &unit->methods[i])) {
            return MG_EVERIFY;
        }
    }
    if (unit->script != MG_UNIT_NONE &&
        (unit->script >= unit->code_count || unit->codes[unit->script].kind != MG_CODE_SCRIPT)) {
        snprintf(verify->problem, sizeof verify->problem, "the script is no script");
        return MG_EVERIFY;
    }
    return 0;
}
