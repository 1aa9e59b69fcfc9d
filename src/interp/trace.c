/* SPDX-License-Identifier: MIT */
/* Call stacks: see trace.h. */
#include "interp/trace.h"

#include "base/limits.h"

#include <stdio.h>

static const struct mg_code_line *line_of(const struct mg_code *code, uint32_t insn)
{
    const struct mg_code_line *found = NULL;
    uint32_t low = 0, high = code->line_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (code->lines[middle].insn <= insn) {
            found = &code->lines[middle];
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

int mg_trace_place(const struct mg_code *code, uint32_t insn, char *out, size_t size)
{
    const struct mg_code_line *line = line_of(code, insn);
    const char *file = code->file != NULL ? code->file : "?";
    int n = line != NULL ? snprintf(out, size, "%s:%u:%u", file, line->line, line->column)
                         : snprintf(out, size, "%s (IP %u)", file, insn);
    return n < 0 ? 0 : n < (int)size ? n : (int)size - 1;
}

uint32_t mg_trace_capture(const struct mg_world *world, const mg_value *fp, const mg_insn *pc,
                          struct mg_trace_record *records, uint32_t max)
{
    uint32_t count = 0;
    while (count < max) {
        const struct mg_code *code = mg_frame_code(fp);
        /* The pc is behind the instruction that is being executed. A return into the loop's own
         * tail stub has no place. */
        ptrdiff_t next = pc - code->insns;
        uint32_t insn = next > 0 && next <= (ptrdiff_t)code->insn_count ? (uint32_t)next - 1 : 0;
        records[count++] = (struct mg_trace_record){
            .code = code->id,
            .insn = insn,
            .class_id = mg_class_of(world, fp[0]),
            .elided = (uint32_t)mg_frame_elided(fp),
        };
        uint32_t distance = mg_frame_distance(fp);
        if (distance == 0) {
            break;
        }
        pc = mg_frame_return_pc(fp);
        fp -= distance;
    }
    return count;
}

static void print_class(const struct mg_world *world, uint32_t class_id, struct mg_buf *out)
{
    mg_buf_puts(out, mg_world_text(world, mg_world_class(world, class_id)->name));
}

void mg_trace_print(const struct mg_vm *vm, const struct mg_trace_record *records, uint32_t count,
                    struct mg_buf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct mg_code *code = mg_vm_code(vm, records[i].code);
        mg_buf_printf(out, "%s  [%u] ", i == 0 ? "" : "\n", i);
        if (code == NULL) {
            mg_buf_puts(out, "?");
            continue;
        }
        if ((code->flags & MG_CODE_IS_BLOCK) != 0) {
            mg_buf_puts(out, "<block> in ");
        }
        if (code->method == NULL) {
            mg_buf_puts(out, "script");
        } else {
            print_class(vm->world, code->method->class_id, out);
            mg_buf_printf(out, ">>%s", mg_world_text(vm->world, code->method->selector));
        }
        char place[256];
        mg_trace_place(code, records[i].insn, place, sizeof place);
        mg_buf_printf(out, " at %s", place);
        if (records[i].elided != 0) {
            mg_buf_printf(out, " (after %u tail calls)", records[i].elided);
        }
    }
}
