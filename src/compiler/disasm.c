/* SPDX-License-Identifier: MIT */
/* The disassembler: see disasm.h. The layout of operands comes from opcode.def, nothing here knows
 * an opcode but those whose operands index a table worth showing. */
#include "compiler/disasm.h"

#include "base/assert.h"

#include <inttypes.h>

static const struct {
    const char *name;
    enum mg_opcode_format format;
} opcodes[] = {
#define MG_OPCODE(name, format, operands, meaning) {#name, MG_OPFORMAT_##format},
#include "compiler/opcode.def"
#undef MG_OPCODE
};

const char *mg_opcode_name(uint32_t op)
{
    CHECK(op < MG_OPCODE_COUNT);
    return opcodes[op].name;
}

enum mg_opcode_format mg_opcode_format(uint32_t op)
{
    CHECK(op < MG_OPCODE_COUNT);
    return opcodes[op].format;
}

static void put_text(struct mg_text text, struct mg_buf *out)
{
    mg_buf_put(out, text.bytes, text.len);
}

static void put_array(const struct mg_literal *literal, struct mg_buf *out)
{
    mg_buf_puts(out, "#(");
    for (uint32_t i = 0; i < literal->as.array.count; i++) {
        if (i > 0) {
            mg_buf_putc(out, ' ');
        }
        mg_disasm_literal(&literal->as.array.items[i], out);
    }
    mg_buf_putc(out, ')');
}

void mg_disasm_literal(const struct mg_literal *literal, struct mg_buf *out)
{
    switch (literal->kind) {
    case MG_LITERAL_NIL:
        mg_buf_puts(out, "nil");
        break;
    case MG_LITERAL_TRUE:
        mg_buf_puts(out, "true");
        break;
    case MG_LITERAL_FALSE:
        mg_buf_puts(out, "false");
        break;
    case MG_LITERAL_INTEGER:
        mg_buf_printf(out, "%" PRId64, literal->as.number);
        break;
    case MG_LITERAL_BIG:
        put_text(literal->as.text, out);
        break;
    case MG_LITERAL_FLOAT:
        mg_buf_printf(out, "%.17g", literal->as.real);
        break;
    case MG_LITERAL_CHARACTER:
        mg_buf_printf(out, "$U+%04" PRIX64, (uint64_t)literal->as.number);
        break;
    case MG_LITERAL_STRING:
        mg_buf_putc(out, '\'');
        put_text(literal->as.text, out);
        mg_buf_putc(out, '\'');
        break;
    case MG_LITERAL_SYMBOL:
        mg_buf_putc(out, '#');
        put_text(literal->as.text, out);
        break;
    case MG_LITERAL_BYTES:
        mg_buf_printf(out, "#[%u bytes]", literal->as.text.len);
        break;
    case MG_LITERAL_ARRAY:
        put_array(literal, out);
        break;
    case MG_LITERAL_KIND_COUNT:
        MG_UNREACHABLE();
    }
}

static void put_operands(const struct mg_unit_code *code, uint32_t at, mg_insn insn,
                         struct mg_buf *out)
{
    (void)code;
    uint32_t a = mg_insn_a(insn);
    switch (opcodes[mg_insn_op(insn)].format) {
    case MG_OPFORMAT_N:
        break;
    case MG_OPFORMAT_A:
        mg_buf_printf(out, "r%u", a);
        break;
    case MG_OPFORMAT_AB:
        mg_buf_printf(out, "r%u r%u", a, mg_insn_b(insn));
        break;
    case MG_OPFORMAT_ABC:
        mg_buf_printf(out, "r%u r%u %u", a, mg_insn_b(insn), mg_insn_c(insn));
        break;
    case MG_OPFORMAT_ABI:
        mg_buf_printf(out, "r%u r%u %d", a, mg_insn_b(insn), mg_insn_ci(insn));
        break;
    case MG_OPFORMAT_AI:
        mg_buf_printf(out, "r%u %d", a, mg_insn_j(insn));
        break;
    case MG_OPFORMAT_AX:
        mg_buf_printf(out, "r%u %u", a, mg_insn_x(insn));
        break;
    case MG_OPFORMAT_AJ:
        mg_buf_printf(out, "r%u -> %" PRId64, a, (int64_t)at + 1 + mg_insn_j(insn));
        break;
    case MG_OPFORMAT_J:
        mg_buf_printf(out, "-> %" PRId64, (int64_t)at + 1 + mg_insn_j(insn));
        break;
    }
}

/* What an index among the operands stands for. */
static void put_remark(const struct mg_unit_code *code, mg_insn insn, struct mg_buf *out)
{
    switch (mg_insn_op(insn)) {
    case MG_OP_SEND:
    case MG_OP_SENDSUPER:
    case MG_OP_TAILSEND:
        mg_buf_puts(out, "  ; #");
        put_text(code->sites[mg_insn_c(insn)].selector, out);
        break;
    case MG_OP_LOADK:
    case MG_OP_COPYK:
        mg_buf_puts(out, "  ; ");
        mg_disasm_literal(&code->literals[mg_insn_x(insn)], out);
        break;
    case MG_OP_GLOBAL:
        mg_buf_puts(out, "  ; ");
        put_text(code->globals[mg_insn_x(insn)], out);
        break;
    case MG_OP_GETCVAR:
    case MG_OP_SETCVAR:
        mg_buf_puts(out, "  ; ");
        put_text(code->cvars[mg_insn_x(insn)].class_name, out);
        mg_buf_putc(out, '.');
        put_text(code->cvars[mg_insn_x(insn)].name, out);
        break;
    case MG_OP_BLOCK:
        mg_buf_printf(out, "  ; code %u", code->children[mg_insn_b(insn)]);
        break;
    default:
        break;
    }
}

static uint32_t line_at(const struct mg_unit_code *code, uint32_t insn)
{
    uint32_t line = 0;
    for (uint32_t i = 0; i < code->line_count && code->lines[i].insn <= insn; i++) {
        line = code->lines[i].line;
    }
    return line;
}

void mg_disasm_code(const struct mg_unit *unit, uint32_t index, struct mg_buf *out)
{
    const struct mg_unit_code *code = &unit->codes[index];
    static const char *const kinds[] = {"method", "block", "script"};
    mg_buf_printf(out, "code %u: %s, %u arguments, %u registers, scratch r%u", index,
                  kinds[code->kind], code->argc, code->nregs, code->scratch);
    if (code->home_reg != MG_UNIT_NONE) {
        mg_buf_printf(out, ", home r%u", code->home_reg);
    }
    if (code->ncaptures > 0) {
        mg_buf_printf(out, ", %u captures", code->ncaptures);
    }
    mg_buf_putc(out, '\n');
    uint32_t line = 0;
    for (uint32_t i = 0; i < code->insn_count; i++) {
        uint32_t now = line_at(code, i);
        if (now != line) {
            mg_buf_printf(out, "%6u", now);
            line = now;
        } else {
            mg_buf_puts(out, "      ");
        }
        mg_insn insn = code->insns[i];
        mg_buf_printf(out, " %5u  %-10s ", i, opcodes[mg_insn_op(insn)].name);
        put_operands(code, i, insn, out);
        put_remark(code, insn, out);
        mg_buf_putc(out, '\n');
    }
}

/* A code and, behind it, the blocks written in it. */
static void put_tree(const struct mg_unit *unit, uint32_t index, struct mg_buf *out)
{
    mg_disasm_code(unit, index, out);
    for (uint32_t i = 0; i < unit->codes[index].child_count; i++) {
        put_tree(unit, unit->codes[index].children[i], out);
    }
}

void mg_disasm_unit(const struct mg_unit *unit, struct mg_buf *out)
{
    for (uint32_t i = 0; i < unit->class_count; i++) {
        const struct mg_unit_class *c = &unit->classes[i];
        mg_buf_puts(out, c->reopens ? "reopened class " : "class ");
        put_text(c->name, out);
        mg_buf_puts(out, " < ");
        put_text(c->superclass, out);
        for (uint32_t s = 0; s < c->slot_count; s++) {
            mg_buf_puts(out, s == 0 ? ": " : " ");
            put_text(c->slots[s], out);
        }
        mg_buf_putc(out, '\n');
    }
    for (uint32_t i = 0; i < unit->method_count; i++) {
        const struct mg_unit_method *m = &unit->methods[i];
        mg_buf_putc(out, '\n');
        put_text(m->class_name, out);
        mg_buf_puts(out, (m->flags & MG_METHOD_CLASS_SIDE) != 0 ? " class>>" : ">>");
        put_text(m->selector, out);
        mg_buf_puts(out, (m->flags & MG_METHOD_PRIMITIVE) != 0 ? "  <primitive>\n" : "\n");
        if (m->code != MG_UNIT_NONE) {
            put_tree(unit, m->code, out);
        }
    }
    if (unit->script != MG_UNIT_NONE) {
        mg_buf_puts(out, "\nscript\n");
        put_tree(unit, unit->script, out);
    }
}
