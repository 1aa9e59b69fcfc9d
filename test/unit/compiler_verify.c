/* SPDX-License-Identifier: MIT */
/* The verifier: everything the compiler makes passes, each single damage is found or harmless. */
#include "base/rng.h"
#include "unit/compiler_support.h"

struct probe {
    struct mg_unit unit;
    struct mg_unit_code *code;
};

static void open_probe(struct probe *probe)
{
    struct mg_source source =
        test_source("X subclass: Object instanceVars: a classVars: K\n method: m: x [ | t | "
                    "t := #(1). K := 'k'. a := Object. [t foo] value. 1 to: x do: [:i | t := i]. "
                    "x < 3 ifTrue: [^1]. [:b | x. t := b] value: 1. ^{x. t} ]");
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    struct mg_diags diags;
    mg_diags_init(&diags);
    mg_unit_init(&probe->unit);
    ck_assert_int_eq(mg_compile_batch(&env, &options, &source, 1, &probe->unit, NULL, &diags), 0);
    probe->code = &probe->unit.codes[0];
    mg_diags_deinit(&diags);
}

static bool accepts(struct probe *probe)
{
    struct mg_verify verify;
    return mg_verify_unit(&probe->unit, &verify) == 0;
}

/* The instruction with this opcode, at or after `from`. */
static mg_insn *find(struct probe *probe, enum mg_opcode op)
{
    for (uint32_t i = 0; i < probe->code->insn_count; i++) {
        if (mg_insn_op(probe->code->insns[i]) == op)
            return &probe->code->insns[i];
    }
    ck_abort_msg("no %s in the probe", mg_opcode_name(op));
    return NULL;
}

/* Replaces an instruction for a moment: is the code refused? */
static bool refuses(struct probe *probe, enum mg_opcode op, mg_insn with)
{
    mg_insn *at = find(probe, op);
    mg_insn before = *at;
    *at = with;
    bool refused = !accepts(probe);
    *at = before;
    return refused;
}

/* Operands out of range, for each kind of operand. */
UNIT_CASE(operands)
{
    struct probe probe;
    open_probe(&probe);
    ck_assert(accepts(&probe));
    uint32_t n = probe.code->nregs;
    ck_assert(refuses(&probe, MG_OP_COPYK, mg_insn_ax(MG_OP_COPYK, n, 0)));
    ck_assert(refuses(&probe, MG_OP_COPYK, mg_insn_ax(MG_OP_COPYK, 2, 99)));
    ck_assert(refuses(&probe, MG_OP_COPYK, mg_insn_ax(MG_OP_LOADK, 2, 0)));
    ck_assert(refuses(&probe, MG_OP_LOADK, mg_insn_ax(MG_OP_COPYK, 2, 1)));
    ck_assert(refuses(&probe, MG_OP_GLOBAL, mg_insn_ax(MG_OP_GLOBAL, 2, 99)));
    ck_assert(refuses(&probe, MG_OP_SETSLOT, mg_insn_ax(MG_OP_SETSLOT, 2, 1)));
    ck_assert(refuses(&probe, MG_OP_SETCVAR, mg_insn_ax(MG_OP_SETCVAR, 2, 1)));
    ck_assert(refuses(&probe, MG_OP_BLOCK, mg_insn_abc(MG_OP_BLOCK, 3, 99, 1)));
    ck_assert(refuses(&probe, MG_OP_BLOCK, mg_insn_abc(MG_OP_BLOCK, 3, 1, n)));
    ck_assert(refuses(&probe, MG_OP_ARRAY, mg_insn_abc(MG_OP_ARRAY, 3, 2, n)));
    ck_assert(refuses(&probe, MG_OP_SEND, mg_insn_abc(MG_OP_SEND, 3, 2, 0)));
    ck_assert(refuses(&probe, MG_OP_SEND, mg_insn_abc(MG_OP_SEND, 3, n - 1, 99)));
    ck_assert(refuses(&probe, MG_OP_SEND, mg_insn_abc(MG_OP_SEND, 3, n, 0)));
    ck_assert(refuses(&probe, MG_OP_SEND, mg_insn_abc(MG_OP_SEND, 0, n - 2, 0)));
    ck_assert(refuses(&probe, MG_OP_ARRAY, mg_insn_ax(MG_OP_GETCAP, 3, 0)));
    ck_assert(refuses(&probe, MG_OP_ARRAY, mg_insn_abc(MG_OP_NLRET, 3, 0, 0)));
    ck_assert(refuses(&probe, MG_OP_ARRAY, mg_insn_abc(MG_OP_MARK, 2, 0, 0)));
    ck_assert(refuses(&probe, MG_OP_ARRAY, mg_insn_ax(MG_OP_PRIMITIVE, 0, 0)));
    ck_assert(refuses(&probe, MG_OP_ARRAY, MG_OPCODE_COUNT));
    mg_unit_deinit(&probe.unit);
}

/* Jumps leave the code, go the wrong way, or lose their comparison; the end is run over. */
UNIT_CASE(flow)
{
    struct probe probe;
    open_probe(&probe);
    ck_assert(refuses(&probe, MG_OP_JF, mg_insn_ax(MG_OP_JF, 3, 10000)));
    ck_assert(refuses(&probe, MG_OP_JF, mg_insn_ax(MG_OP_JF, 3, (uint32_t)-3)));
    ck_assert(refuses(&probe, MG_OP_JF, mg_insn_abc(MG_OP_MOVE, 3, 2, 0)));
    ck_assert(refuses(&probe, MG_OP_FORLOOP1, mg_insn_ax(MG_OP_FORLOOP1, 3, 1)));
    ck_assert(refuses(&probe, MG_OP_FORLOOP1, mg_insn_ax(MG_OP_FORLOOP1, 60000, (uint32_t)-2)));
    probe.code->insn_count--;
    ck_assert(!accepts(&probe));
    probe.code->insn_count = 0;
    ck_assert(!accepts(&probe));
    mg_unit_deinit(&probe.unit);
}

/* Headers and tables that do not fit together. */
UNIT_CASE(headers)
{
    struct probe probe;
    open_probe(&probe);
    struct mg_unit_code before = *probe.code;
    probe.code->nregs = 1;
    ck_assert(!accepts(&probe));
    *probe.code = before;
    probe.code->nregs = MG_REGISTERS_MAX + 1;
    ck_assert(!accepts(&probe));
    *probe.code = before;
    probe.code->argc = 2;
    ck_assert(!accepts(&probe));
    *probe.code = before;
    probe.code->home_reg = 2;
    ck_assert(!accepts(&probe));
    *probe.code = before;
    probe.code->mark = MG_MARK_ENSURE;
    ck_assert(!accepts(&probe));
    *probe.code = before;
    probe.code->children[0] = 0;
    ck_assert(!accepts(&probe));
    probe.code->children[0] = probe.unit.code_count;
    ck_assert(!accepts(&probe));
    mg_unit_deinit(&probe.unit);
}

/* Methods and scripts name codes that exist and are of their kind. */
UNIT_CASE(methods)
{
    struct probe probe;
    open_probe(&probe);
    probe.unit.methods[0].code = 1;
    ck_assert(!accepts(&probe));
    probe.unit.methods[0].code = probe.unit.code_count;
    ck_assert(!accepts(&probe));
    probe.unit.methods[0].code = MG_UNIT_NONE;
    ck_assert(!accepts(&probe));
    probe.unit.methods[0].code = 0;
    probe.unit.script = 0;
    ck_assert(!accepts(&probe));
    mg_unit_deinit(&probe.unit);
}

/* Random words in place of instructions never crash the verifier. */
UNIT_CASE(random_words)
{
    struct probe probe;
    struct mg_rng rng;
    open_probe(&probe);
    mg_rng_seed(&rng, 11);
    for (int i = 0; i < 20000; i++) {
        uint32_t at = (uint32_t)mg_rng_below(&rng, probe.code->insn_count);
        mg_insn before = probe.code->insns[at];
        mg_insn word = mg_rng_next(&rng);
        if (i % 2)
            word = (word & ~(mg_insn)0xffff) | mg_rng_below(&rng, MG_OPCODE_COUNT);
        if (i % 4 == 3)
            word &= 0x001f001f001fffff;
        probe.code->insns[at] = word;
        accepts(&probe);
        probe.code->insns[at] = before;
    }
    ck_assert(accepts(&probe));
    mg_unit_deinit(&probe.unit);
}

UNIT_MAIN("compiler/verify", operands, flow, headers, methods, random_words)
