/* SPDX-License-Identifier: MIT */
/* The verifier: all code passes through it before it is installed, whether it comes from this
 * compiler, an archive or, later, another node. What it accepts cannot make the loop read or write
 * outside a frame, an object that the installer has checked the size of, or a table of the code;
 * cannot jump outside the code; and cannot reach the end without a return.
 *
 * It does not prove what the loop checks itself at run time: kinds of values (mustBeBoolean, sends,
 * cells) and arities of blocks.
 *
 * R1  Every register named is below nregs, with its whole window or range.
 * R2  R0, the register of the block itself and home_reg are written by nothing but a call and HOME.
 * R3  Every index lies in its table; every jump lands on an instruction of the code, in the
 *     direction opcode.def says.
 * R4  Opcodes of the runtime's own code (RESUME) do not occur. Marked codes have the shapes of
 *     unit.h: no jumps, MARK first, UNWIND last and reached from the landing only.
 *
 * Threads: pure. Time: linear in the size of the unit.
 */
#ifndef MG_COMPILER_VERIFY_H
#define MG_COMPILER_VERIFY_H

#include "base/compiler.h"
#include "compiler/unit.h"

struct mg_verify {
    char problem
        [160]; /* out: what is wrong and where: `code 3, instruction 17: register out of range` */
};

/* Answers 0 when the unit may be installed, else MG_EVERIFY with the problem. Any unit that
 * mg_unit_read answered or the compiler built is safe to give. Sets needs_self of its codes. */
MG_MUST_CHECK int mg_verify_unit(const struct mg_unit *unit, struct mg_verify *verify);

#endif
