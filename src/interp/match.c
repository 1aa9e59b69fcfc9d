/* SPDX-License-Identifier: MIT */
/* Blocks that test a message's selector: see match.h. */
#include "interp/match.h"

#include "compiler/opcode.h"
#include "interp/frame.h"

/* `selector [ ^selector ]` of the library. */
static bool answers_its_slot(const struct mg_method *method)
{
    return method != NULL && method->kind == MG_METHOD_KIND_GETTER &&
           method->slot == MG_MAIL_SELECTOR;
}

/* MOVE w r1; SEND a w #selector; LOADK b k; SAME or EQ x a b; RET x. */
static mg_value tested_literal(const struct mg_code *code, uint32_t *selector)
{
    const uint64_t *i = code->insns;
    if (code->insn_count != 5 || code->argc != 1 || mg_insn_op(i[0]) != MG_OP_MOVE ||
        mg_insn_b(i[0]) != 1 || mg_insn_op(i[1]) != MG_OP_SEND ||
        mg_insn_b(i[1]) != mg_insn_a(i[0]) || mg_insn_op(i[2]) != MG_OP_LOADK) {
        return MG_NIL;
    }
    uint32_t op = mg_insn_op(i[3]);
    if ((op != MG_OP_SAME && op != MG_OP_EQ) || mg_insn_b(i[3]) != mg_insn_a(i[1]) ||
        mg_insn_c(i[3]) != mg_insn_a(i[2]) || mg_insn_op(i[4]) != MG_OP_RET ||
        mg_insn_a(i[4]) != mg_insn_a(i[3]) || mg_insn_a(i[1]) == mg_insn_a(i[2])) {
        return MG_NIL;
    }
    *selector = code->sites[mg_insn_c(i[1])].selector;
    return code->literals[mg_insn_x(i[2])];
}

uint32_t mg_match_selector(const struct mg_run *run, mg_value block)
{
    if (!mg_has_format(block, MG_FORMAT_BLOCK)) {
        return 0;
    }
    uint32_t selector = 0;
    const struct mg_code *code = (const struct mg_code *)(uintptr_t)mg_slot(block, MG_BLOCK_CODE);
    mg_value literal = tested_literal(code, &selector);
    if (!mg_is_symbol(literal) || selector != run->vm->selectors[MG_SEL_SELECTOR] ||
        !answers_its_slot(mg_world_lookup(run->world, MG_CLASS_MAILBOX_MESSAGE, selector))) {
        return 0;
    }
    return mg_symbol_id(literal);
}
