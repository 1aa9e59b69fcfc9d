/* SPDX-License-Identifier: MIT */
/* The disassembler: a unit as text for people (`maggie disasm FILE`) and for tests of the code
 * generator.
 *
 * Threads: pure. Memory: appends to the caller's buffer.
 */
#ifndef MG_COMPILER_DISASM_H
#define MG_COMPILER_DISASM_H

#include "base/buf.h"
#include "compiler/unit.h"

/* Appends one code: a heading, then a line for each instruction with its operands explained. The
 * unit must have been verified. */
void mg_disasm_code(const struct mg_unit *unit, uint32_t code, struct mg_buf *out);

/* Appends the whole unit: classes, methods with their codes, the script. */
void mg_disasm_unit(const struct mg_unit *unit, struct mg_buf *out);

/* Appends a literal as source text would have it. */
void mg_disasm_literal(const struct mg_literal *literal, struct mg_buf *out);

#endif
