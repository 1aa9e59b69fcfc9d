/* SPDX-License-Identifier: MIT */
/* Constants, names, assignments, arrays and dictionaries as code. */
#include "unit/compiler_support.h"

/* Small integers are in the instruction, other immutable literals are shared, arrays copied. */
UNIT_CASE(constants)
{
    test_has(
        test_compile("x := 2147483647. x := -2147483648. x := 2147483648. x := #(1). x := nil. "
                     "x := true. x := false. x := #[1]. x := $a"),
        "LOADI      r1 2147483647\n", "LOADI      r1 -2147483648\n", "LOADK      r1 0",
        "COPYK      r1 1", "LOADNIL    r1", "LOADTRUE   r1", "LOADFALSE  r1", "COPYK      r1 2",
        "LOADK      r1 3");
}

/* Arrays from registers, long ones item by item, one variable without a move. */
UNIT_CASE(arrays)
{
    test_is(test_opcodes("x := 1. y := {}. y := {x}. y := {x. x}", "script"),
            "LOADI ARRAY ARRAY MOVE MOVE ARRAY RET ");
    struct mg_buf text = {0};
    mg_buf_puts(&text, "x := {1");
    for (int i = 0; i < 40; i++)
        mg_buf_puts(&text, ". 1");
    mg_buf_puts(&text, "}");
    test_has(test_compile(mg_buf_text(&text)), "NEWARRAY   r2 41\n", "LOADI      r3 41\n",
             "ATPUT      r4 r2 3");
    mg_buf_deinit(&text);
}

/* Pairs go into a new Dictionary one after the other, key before value. */
UNIT_CASE(dictionaries)
{
    test_is(test_opcodes("x := #{(1 foo) -> 2 bar. 3 -> 4}", "script"),
            "GLOBAL SEND LOADI SEND LOADI SEND MOVE SEND LOADI LOADI MOVE SEND MOVE RET ");
}

/* Values nobody wants are not made, but what may fail or act is. */
UNIT_CASE(effects)
{
    test_is(
        test_opcodes("x := 1. 3. x. [x]. self. Object. nope. {x foo}. thisContext. x", "script"),
        "LOADI GLOBAL MOVE SEND ARRAY RET ");
}

/* An eventual send is a send of its selector and an Array of its arguments, evaluated in order. */
UNIT_CASE(eventual)
{
    test_is(test_opcodes("x := 1. x foo ~> bar: x + 1", "script"),
            "LOADI MOVE SEND ADDI ARRAY LOADK SEND RET ");
    test_is(test_opcodes("x := 1. x ~> bar", "script"), "LOADI ARRAY LOADK MOVE SEND RET ");
}

UNIT_MAIN("compiler/emit_expr", constants, arrays, dictionaries, effects, eventual)
