/* SPDX-License-Identifier: MIT */
/* Loops expanded in place, and their fallback to a real send. */
#include "unit/compiler_support.h"

/* The loop proper is one instruction a round. */
UNIT_CASE(counted)
{
    test_is(
        test_opcodes("n := 9. s := 0. 1 to: n do: [:i | s := s + i]. s", "script"),
        "LOADI LOADI LOADI MOVE FORCHECK1 FORINIT1 ADD FORLOOP1 RET MOVE MOVE NEWCELL BLOCK SEND "
        "GETCELL RET ");
    test_is(test_opcodes("n := 9. n timesRepeat: [n foo]. n", "script"),
            "LOADI LOADI MOVE FORCHECK1 FORINIT1 MOVE SEND FORLOOP1 RET MOVE BLOCK SEND RET ");
    test_is(
        test_opcodes("n := 9. 1 to: n by: 2 do: [:i | i foo]. n", "script"),
        "LOADI LOADI MOVE LOADI FORCHECK FORINIT MOVE SEND FORLOOP RET MOVE MOVE MOVE BLOCK SEND "
        "RET ");
}

/* Literal bounds need no check; a step of zero and unknown steps do. */
UNIT_CASE(known_bounds)
{
    test_is(test_opcodes("1 to: 5 do: [:i | i foo]. 3", "script"),
            "LOADI LOADI FORINIT1 MOVE SEND FORLOOP1 LOADI RET ");
    test_is(test_opcodes("5 to: 1 by: -1 do: [:i | i foo]. 3", "script"),
            "LOADI LOADI LOADI FORINIT MOVE SEND FORLOOP LOADI RET ");
    test_has(test_compile("1 to: 5 by: 0 do: [:i | i foo]"), "FORCHECK ", "#to:by:do:");
}

/* The parameter is the index itself unless the body assigns or shares it. */
UNIT_CASE(parameters)
{
    test_is(test_opcodes("1 to: 5 do: [:i | i := i + 1]. 3", "script"),
            "LOADI LOADI FORINIT1 MOVE ADDI FORLOOP1 LOADI RET ");
    test_is(test_opcodes("1 to: 5 do: [:i | i foo: [i]]. 3", "script"),
            "LOADI LOADI FORINIT1 BLOCK MOVE SEND FORLOOP1 LOADI RET ");
    test_is(test_opcodes("1 to: 5 do: [:i | i foo: [i := 3]]. 3", "script"),
            "LOADI LOADI FORINIT1 MOVE NEWCELL GETCELL BLOCK SEND FORLOOP1 LOADI RET ");
}

/* Loops inside a fallback are real sends, so nesting grows the code by its depth only. */
UNIT_CASE(nested_fallbacks)
{
    struct mg_buf text = {0};
    mg_buf_puts(&text, "n := 2. ");
    for (int i = 0; i < 40; i++)
        mg_buf_printf(&text, "1 to: n do: [:i%d | ", i);
    mg_buf_puts(&text, "n foo");
    for (int i = 0; i < 40; i++)
        mg_buf_puts(&text, "]");
    char *all = test_compile(mg_buf_text(&text));
    ck_assert_uint_lt(strlen(all), 1000000);
    test_has(all, "code 800:");
    mg_buf_deinit(&text);
}

/* Conditional loops jump back once a round. */
UNIT_CASE(conditional)
{
    test_is(test_opcodes("n := 9. [n > 0] whileTrue: [n := n - 1]. n", "script"),
            "LOADI GTIJ JF SUBI LOOP RET ");
    test_is(test_opcodes("n := 9. x := [n foo. n > 0] whileFalse. x", "script"),
            "LOADI MOVE SEND GTIJ JT LOOP LOADNIL RET ");
    test_is(test_opcodes("n := 9. [n > 0 and: [n foo]] whileTrue: [n bar]. n", "script"),
            "LOADI GTIJ JF MOVE SEND JF MOVE SEND LOOP RET ");
}

/* A loop's value is its receiver, nil for the conditional ones. */
UNIT_CASE(values)
{
    test_has(test_compile("n := 9. x := n to: 12 do: [:i | i foo]. x"), "MOVE       r3 r1",
             "MOVE       r4 r3", "FORLOOP1   r4", "MOVE       r2 r3", "SEND       r2 r");
    test_is(test_opcodes("n := 9. x := n timesRepeat: [n foo]. x", "script"),
            "LOADI LOADI MOVE FORCHECK1 FORINIT1 MOVE SEND FORLOOP1 MOVE RET MOVE BLOCK SEND RET ");
}

UNIT_MAIN("compiler/inline_loop", counted, known_bounds, parameters, nested_fallbacks, conditional,
          values)
