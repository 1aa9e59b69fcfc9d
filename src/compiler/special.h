/* SPDX-License-Identifier: MIT */
/* The selectors the compiler treats specially, once: those with instructions of their own, those
 * expanded in place, and who may define them.
 *
 * Threads: constant tables. Memory: none.
 */
#ifndef MG_COMPILER_SPECIAL_H
#define MG_COMPILER_SPECIAL_H

#include "compiler/ast.h"

/* Instructions for a binary message; MG_OPCODE_COUNT where there is none. */
struct mg_special_binary {
    const char *selector;
    enum mg_opcode value;     /* R[a] := R[b] op R[c] */
    enum mg_opcode immediate; /* R[a] := R[b] op i */
    enum mg_opcode fused;     /* compare, before a jump */
    enum mg_opcode fused_immediate;
};

/* The instructions for a binary selector, or NULL. */
const struct mg_special_binary *mg_special_binary(const struct mg_name *selector);

/* How a send would be expanded in place, from its selector and the shape of its blocks. */
enum mg_inline_kind mg_special_inline(const struct mg_ast *send);

/* Why a class may not define a method with this selector, or NULL if it may. `kernel`: it is a
 * class of the kernel. */
const char *mg_special_refusal(const struct mg_name *selector, bool kernel);

/* Whether methods with this selector are not called when their argument is a literal block. */
bool mg_special_hidden(const struct mg_name *selector);

/* The block that the message would run in another actor, or NULL. */
const struct mg_ast *mg_special_spawned(const struct mg_ast *send);

#endif
