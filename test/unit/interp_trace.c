/* SPDX-License-Identifier: MIT */
/* Call stacks: what is captured from frames, and how it reads. Traces may be made up by programs,
 * so any bytes are safe to print.
 */
#include "interp/trace.h"

#include "support/maggie.h"
#include "support/unit.h"

static const char source[] = "TraceTest subclass: Object\n"
                             "  method: outer [ ^self inner + 1 ]\n"
                             "  method: inner [ ^self foo ]\n"
                             "[TraceTest new outer] value\n";

static char *trace_of(const char *path, const char *text, int64_t status)
{
    struct runtime runtime;
    runtime_init(&runtime);
    runtime_run(&runtime, path, text);
    ck_assert_int_eq(runtime.status, status);
    char *err = mg_buf_take(&runtime.err);
    runtime_deinit(&runtime);
    return err;
}

/* Each frame has its line: innermost first, blocks and scripts by name, file, line and column. */
UNIT_CASE(lines)
{
    char *err = trace_of("t.mag", source, RUNTIME_CRASHED);
    const char *const wanted[] = {
        "Error: main process: MessageNotUnderstood: Message not understood: foo\n",
        "  [0] TraceTest>>inner at t.mag:3:",
        "  [1] TraceTest>>outer at t.mag:2:",
        "  [2] <block> in script at t.mag:4:",
        "  [3] script at t.mag:4:",
    };
    const char *at = err;
    for (size_t i = 0; i < MG_ARRAY_LEN(wanted); i++) {
        at = strstr(at, wanted[i]);
        ck_assert_msg(at != NULL, "no %s in\n%s", wanted[i], err);
    }
    mg_free(err);
}

/* The place of each instruction is that of the entry at or before it; long names are cut. */
UNIT_CASE(places)
{
    const struct mg_code_line table[] = {{2, 10, 3}, {4, 11, 5}, {9, 12, 1}};
    struct mg_code code = {.lines = table, .line_count = 3, .file = "x.mag", .insn_count = 12};
    const char *const expected[] = {"x.mag (IP 0)", "x.mag (IP 1)", "x.mag:10:3", "x.mag:10:3",
                                    "x.mag:11:5",   "x.mag:11:5",   "x.mag:11:5", "x.mag:11:5",
                                    "x.mag:11:5",   "x.mag:12:1",   "x.mag:12:1", "x.mag:12:1"};
    char text[64];
    for (uint32_t i = 0; i < MG_ARRAY_LEN(expected); i++) {
        int n = mg_trace_place(&code, i, text, sizeof text);
        ck_assert_str_eq(text, expected[i]);
        ck_assert_int_eq(n, (int)strlen(expected[i]));
    }
    code.line_count = 0;
    code.file = NULL;
    mg_trace_place(&code, UINT32_MAX, text, sizeof text);
    ck_assert_str_eq(text, "? (IP 4294967295)");
    code.file = "a-very-long-file-name.mag";
    ck_assert_int_eq(mg_trace_place(&code, 1, text, 8), 7);
    ck_assert_str_eq(text, "a-very-");
}

/* Frames are walked outwards to the first one, or to the limit; a pc of nowhere names instruction
 * 0. */
UNIT_CASE(capture)
{
    struct runtime runtime;
    runtime_init(&runtime);
    enum { DEPTH = 20, STEP = 4 };
    mg_value stack[DEPTH * STEP + MG_FRAME_HEADER] = {0};
    uint64_t insns[6] = {0};
    struct mg_code code = {.insns = insns, .insn_count = 6, .id = 77};
    mg_value *fp = stack + MG_FRAME_HEADER;
    for (int i = 0; i < DEPTH; i++, fp += STEP) {
        fp[-3] = mg_frame_link(i == 0 ? 0 : STEP, 0) | (mg_value)(unsigned)i
                                                           << MG_FRAME_ELIDED_SHIFT;
        fp[-2] = i == 0 ? 0 : (mg_value)(uintptr_t)(insns + 1 + i % 6);
        fp[-1] = (mg_value)(uintptr_t)&code;
        fp[0] = mg_small(i);
    }
    fp -= STEP;
    struct mg_trace_record records[64];
    uint32_t n = mg_trace_capture(runtime.vm->world, fp, insns + 3, records, MG_ARRAY_LEN(records));
    ck_assert_uint_eq(n, DEPTH);
    ck_assert_uint_eq(records[0].insn, 2);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(records[i].code, 77);
        ck_assert_uint_eq(records[i].class_id, MG_CLASS_SMALL_INTEGER);
        ck_assert_uint_eq(records[i].elided, DEPTH - 1 - i);
        if (i > 0)
            ck_assert_uint_eq(records[i].insn, (DEPTH - i) % 6);
    }
    ck_assert_uint_eq(mg_trace_capture(runtime.vm->world, fp, NULL, records, 3), 3);
    ck_assert_uint_eq(records[0].insn, 0);
    runtime_deinit(&runtime);
}

/* Any numbers can stand in a trace that a program made up: codes that are not, instructions,
 * classes and counts beyond all. */
UNIT_CASE(made_up)
{
    struct runtime runtime;
    struct mg_rng rng;
    runtime_init(&runtime);
    mg_rng_seed(&rng, 3);
    uint32_t codes = atomic_load(&runtime.vm->code_count);
    for (int round = 0; round < 300; round++) {
        struct mg_trace_record records[4];
        struct mg_buf out;
        mg_buf_init(&out);
        for (size_t i = 0; i < MG_ARRAY_LEN(records); i++) {
            records[i] = (struct mg_trace_record){
                .code = (uint32_t)mg_rng_below(&rng, codes * 2),
                .insn = (uint32_t)(mg_rng_next(&rng) >> mg_rng_below(&rng, 64)),
                .class_id = (uint32_t)mg_rng_next(&rng),
                .elided = (uint32_t)mg_rng_below(&rng, 2),
            };
        }
        mg_trace_print(runtime.vm, records, MG_ARRAY_LEN(records), &out);
        ck_assert_ptr_nonnull(strstr(mg_buf_text(&out), "[3] "));
        mg_buf_deinit(&out);
    }
    const struct mg_trace_record last = {.code = UINT32_MAX};
    mg_trace_print(runtime.vm, &last, 1, &runtime.out);
    ck_assert_str_eq(mg_buf_text(&runtime.out), "  [0] ?");
    runtime_deinit(&runtime);
}

UNIT_MAIN("interp/trace", lines, places, capture, made_up)
