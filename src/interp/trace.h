/* SPDX-License-Identifier: MIT */
/* Call stacks: captured at a signal as compact data, turned into text only when somebody looks.
 *
 * A captured trace is a ByteArray of records, one a frame, innermost first: code id, instruction,
 * class of the receiver, elided calls, 4 bytes each. Codes live as long as the node, so a trace may
 * outlive its activations; it is meaningful on this node only (what crosses a border is the text).
 * Programs can make up such an array, so nothing in it is trusted.
 *
 * T1  At most MG_LIMIT_TRACE_FRAMES records.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_TRACE_H
#define MG_INTERP_TRACE_H

#include "base/buf.h"
#include "interp/frame.h"
#include "interp/vm.h"

struct mg_trace_record {
    uint32_t code;
    uint32_t insn;
    uint32_t class_id;
    uint32_t elided;
};

/* Writes the frames of an actor from fp outwards into records; answers how many. pc is the next
 * instruction of the innermost. */
uint32_t mg_trace_capture(const struct mg_world *world, const mg_value *fp, const mg_insn *pc,
                          struct mg_trace_record *records, uint32_t max);

/* Appends lines `  [n] Class>>selector at file:line:column`. */
void mg_trace_print(const struct mg_vm *vm, const struct mg_trace_record *records, uint32_t count,
                    struct mg_buf *out);

/* `file:line:column` of an instruction; answers the length written (cut at size - 1). */
int mg_trace_place(const struct mg_code *code, uint32_t insn, char *out, size_t size);

#endif
