/* SPDX-License-Identifier: MIT */
/* Codes: tables without repetition, short jumps, lines, sizes, and the same bytes each time. */
#include "unit/compiler_support.h"

/* Equal literals and globals are kept once; sites are one for each send. */
UNIT_CASE(tables)
{
    char *text = test_compile("x := {'a'. 'a'. #b. #b. 9999999999. 9999999999. 1.5. 1.5. Object. "
                              "Object. $c. $c. 'b'}");
    test_has(text, "LOADK      r2 0", "LOADK      r3 0", "LOADK      r4 1", "LOADK      r5 1",
             "LOADK      r6 2", "LOADK      r7 2", "LOADK      r8 3", "LOADK      r9 3",
             "GLOBAL     r10 0", "GLOBAL     r11 0", "LOADK      r12 4", "LOADK      r13 4",
             "LOADK      r14 5");
    test_has(test_compile("x := 1. x foo. x foo"), "SEND       r5 r5 0", "SEND       r2 r5 1");
}

/* A jump to a jump goes to its end; a jump to a return returns. */
UNIT_CASE(short_jumps)
{
    test_is(test_opcodes("X subclass: Object method: m: a [ a foo ifTrue: [a bar ifTrue: [a b] "
                         "ifFalse: [a c]] ifFalse: [a d] ]",
                         "X>>m:\n"),
            "MOVE SEND JF MOVE SEND JF MOVE SEND RETSELF MOVE SEND RETSELF MOVE SEND RETSELF ");
    test_is(
        test_opcodes("X subclass: Object method: m: a [ [a foo] whileTrue: [a bar ifTrue: [a b] "
                     "ifFalse: [a c]] ]",
                     "X>>m:\n"),
        "MOVE SEND JF MOVE SEND JF MOVE SEND LOOP MOVE SEND LOOP RETSELF ");
}

/* Nothing is emitted behind a return, and no jump over nothing. */
UNIT_CASE(dead_code)
{
    test_is(
        test_opcodes("X subclass: Object method: m: a [ a foo ifTrue: [^1] ifFalse: [^2]. a bar ]",
                     "X>>m:\n"),
        "MOVE SEND JF LOADI RET LOADI RET ");
    test_is(test_opcodes("X subclass: Object method: m: a [ ^a foo. [a bar] value ]", "X>>m:\n"),
            "MOVE SEND RET ");
    test_is(test_opcodes("X subclass: Object method: m: a [ a foo ifTrue: [] ifFalse: [a bar] ]",
                         "X>>m:\n"),
            "MOVE SEND JF RETSELF MOVE SEND RETSELF ");
    test_is(
        test_opcodes("X subclass: Object method: m: a [ [a foo. ^1] repeat. a bar ]", "X>>m:\n"),
        "MOVE SEND LOADI RET ");
}

/* Every sending instruction knows the place of its selector. */
UNIT_CASE(lines)
{
    struct mg_source source = test_source("x := 1.\nx\n  foo: x + 2\n  bar: (x\n    baz).\nx zork");
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    struct mg_diags diags;
    struct mg_unit unit;
    struct mg_buf out = {0};
    mg_diags_init(&diags);
    mg_unit_init(&unit);
    ck_assert_int_eq(mg_compile_batch(&env, &options, &source, 1, &unit, NULL, &diags), 0);
    const struct mg_unit_code *code = &unit.codes[unit.script];
    for (uint32_t i = 0; i < code->line_count; i++) {
        ck_assert(i == 0 || code->lines[i - 1].insn < code->lines[i].insn);
        mg_buf_printf(&out, "%s@%u:%u ",
                      mg_opcode_name(mg_insn_op(code->insns[code->lines[i].insn])),
                      code->lines[i].line, code->lines[i].column);
    }
    test_is(mg_buf_take(&out), "LOADI@1:1 ADDI@3:10 SEND@5:5 SEND@3:3 SEND@6:3 ");
    mg_unit_deinit(&unit);
    mg_diags_deinit(&diags);
}

/* What does not fit the operands of instructions is an error, not a wrong code. */
UNIT_CASE(too_large)
{
    struct mg_buf text = {0};
    for (int i = 0; i < 66000; i++)
        mg_buf_puts(&text, "3 foo.");
    test_has(test_compile(mg_buf_text(&text)), "needs more than 65535 messages");
    mg_buf_clear(&text);
    mg_buf_puts(&text, "x foo");
    for (int i = 0; i < 61000; i++)
        mg_buf_puts(&text, ": 1 a");
    mg_buf_puts(&text, ": 2");
    test_has(test_compile(mg_buf_text(&text)), "needs more than 60000 registers");
    mg_buf_deinit(&text);
}

/* The same source gives the same archive (U2). */
UNIT_CASE(deterministic)
{
    const char *text =
        "T trait method: t [ ^self ]\nX subclass: Object instanceVars: a include: T\n"
        " method: m: b [ 1 to: b do: [:i | a := a + i]. ^[:x | x + b] ]\nX new m: 3";
    struct mg_buf bytes[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        struct mg_source source = test_source(text);
        struct mg_compile_env env = mg_kernel_env();
        struct mg_compile_options options = {0};
        struct mg_diags diags;
        struct mg_unit unit;
        mg_diags_init(&diags);
        mg_unit_init(&unit);
        ck_assert_int_eq(mg_compile_batch(&env, &options, &source, 1, &unit, NULL, &diags), 0);
        mg_unit_write(&unit, &bytes[i]);
        mg_unit_deinit(&unit);
        mg_diags_deinit(&diags);
    }
    ck_assert_uint_eq(bytes[0].len, bytes[1].len);
    ck_assert_int_eq(memcmp(bytes[0].data, bytes[1].data, bytes[0].len), 0);
    mg_buf_deinit(&bytes[0]);
    mg_buf_deinit(&bytes[1]);
}

UNIT_MAIN("compiler/code", tables, short_jumps, dead_code, lines, too_large, deterministic)
