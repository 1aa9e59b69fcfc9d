/* SPDX-License-Identifier: MIT */
/* Instruction words: building them and taking them apart. The set itself is opcode.def.
 *
 * Threads: pure functions. Memory: none.
 */
#ifndef MG_COMPILER_OPCODE_H
#define MG_COMPILER_OPCODE_H

#include <stdint.h>

typedef uint64_t mg_insn;

enum mg_opcode {
#define MG_OPCODE(name, format, operands, meaning) MG_OP_##name,
#include "compiler/opcode.def"
#undef MG_OPCODE
    MG_OPCODE_COUNT
};

enum mg_opcode_format {
    MG_OPFORMAT_N,
    MG_OPFORMAT_A,
    MG_OPFORMAT_AB,
    MG_OPFORMAT_ABC,
    MG_OPFORMAT_ABI,
    MG_OPFORMAT_AI,
    MG_OPFORMAT_AX,
    MG_OPFORMAT_AJ,
    MG_OPFORMAT_J,
};

/* Operands travel in 16 bits; a code with more registers than this does not verify. */
#define MG_REGISTERS_MAX 60000u

static inline mg_insn mg_insn_abc(enum mg_opcode op, uint32_t a, uint32_t b, uint32_t c)
{
    return (mg_insn)op | (mg_insn)(a & 0xffff) << 16 | (mg_insn)(b & 0xffff) << 32 |
           (mg_insn)(c & 0xffff) << 48;
}

static inline mg_insn mg_insn_ax(enum mg_opcode op, uint32_t a, uint32_t x)
{
    return (mg_insn)op | (mg_insn)(a & 0xffff) << 16 | (mg_insn)x << 32;
}

static inline uint32_t mg_insn_op(mg_insn i)
{
    return (uint16_t)i;
}
static inline uint32_t mg_insn_a(mg_insn i)
{
    return (uint16_t)(i >> 16);
}
static inline uint32_t mg_insn_b(mg_insn i)
{
    return (uint16_t)(i >> 32);
}
static inline uint32_t mg_insn_c(mg_insn i)
{
    return (uint16_t)(i >> 48);
}
static inline int32_t mg_insn_ci(mg_insn i)
{
    return (int16_t)(i >> 48);
}
static inline uint32_t mg_insn_x(mg_insn i)
{
    return (uint32_t)(i >> 32);
}
static inline int32_t mg_insn_j(mg_insn i)
{
    return (int32_t)(i >> 32);
}

/* Name, format and meaning of an opcode; op must be below MG_OPCODE_COUNT. Defined in disasm.c. */
const char *mg_opcode_name(uint32_t op);
enum mg_opcode_format mg_opcode_format(uint32_t op);

#endif
