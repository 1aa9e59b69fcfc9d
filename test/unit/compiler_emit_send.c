/* SPDX-License-Identifier: MIT */
/* Messages as code: frequent selectors, immediates, super, tail sends, cascades. */
#include "unit/compiler_support.h"

/* Each frequent selector has its instruction. */
UNIT_CASE(frequent)
{
    test_is(
        test_opcodes("x := 1. y := 2. x + y. x - y. x * y. x / y. x // y. x \\\\ y. x bitAnd: y. "
                     "x < y. x <= y. x > y. x >= y. x = y. x ~= y. x == y. x ~~ y. x at: y. "
                     "x at: y put: y. x size. x not. x isNil. x notNil. x , y",
                     "script"),
        "LOADI LOADI ADD SUB MUL DIV FLOORDIV MOD BITAND LT LE GT GE EQ NE SAME SAME NOT AT MOVE "
        "ATPUT SIZE NOT LOADNIL SAME LOADNIL SAME NOT MOVE MOVE SEND RET ");
}

/* Numbers of sixteen bits go into the instruction, where it has room for them. */
UNIT_CASE(immediates)
{
    test_has(
        test_compile("x := 1. x + 32767. x + -32768. x + 32768. x // 2. x // 0. x \\\\ -1. x / 2. "
                     "1 + x"),
        "ADDI       r2 r1 32767", "ADDI       r2 r1 -32768", "LOADI      r3 32768", "ADD",
        "FLOORDIVI  r2 r1 2", "LOADI", "FLOORDIV ", "LOADI", "MOD ", "LOADI", "DIV ", "LOADI",
        "ADD ");
}

/* Operations on two literals are done now, if the result is small. */
UNIT_CASE(folding)
{
    test_has(test_compile("x := 2 + 3. x := 2 - 3. x := 4 * 5"), "LOADI      r1 5\n",
             "LOADI      r1 -1\n", "LOADI      r1 20\n");
    test_has(test_compile("x := 2305843009213693951 + 1"), "ADDI");
}

/* super is looked up above, in cascades too, and never special. */
UNIT_CASE(to_super)
{
    test_is(test_opcodes("X subclass: Object method: m: a [ super + a; at: 1; foo ]", "X>>m:\n"),
            "MOVE MOVE SENDSUPER LOADI MOVE SENDSUPER MOVE SENDSUPER RETSELF ");
}

/* `^self …` reuses the frame; nothing else does, and not where a block needs the frame. */
UNIT_CASE(tail_sends)
{
    test_has(test_compile("X subclass: Object method: m [ ^self foo: 1 ]"), "TAILSEND");
    test_has(
        test_compile("X subclass: Object method: m: a [ a ifTrue: [^self foo]. ^a ifNil: [self "
                     "bar] ]"),
        "TAILSEND", "#foo", "TAILSEND", "#bar");
    test_has(test_compile("X subclass: Object method: m: a [ ^self + a ]"), "TAILSEND", "#+");
    test_lacks(test_compile("X subclass: Object method: m: a [ ^a foo ]"), "TAILSEND");
    test_lacks(test_compile("X subclass: Object method: m: a [ ^super foo ]"), "TAILSEND");
    test_lacks(test_compile("X subclass: Object method: m: a [ self foo ]"), "TAILSEND");
    test_lacks(test_compile("X subclass: Object method: m: a [ a do: [:x | ^x]. ^self foo ]"),
               "TAILSEND");
    test_lacks(test_compile("X subclass: Object method: m: a [ a do: [:x | self foo] ]"),
               "TAILSEND");
    test_lacks(test_compile("^self foo"), "TAILSEND");
    struct mg_compile_env env = mg_kernel_env();
    test_lacks(test_compile_in(&env, true, "Number subclass: Magnitude method: m: a [ ^self + a ]"),
               "TAILSEND");
}

/* The receiver of a cascade is evaluated once. */
UNIT_CASE(cascades)
{
    test_is(test_opcodes("x := 1. y := x foo a; b: 2; c", "script"),
            "LOADI MOVE SEND MOVE SEND LOADI MOVE SEND MOVE SEND RET ");
}

/* Calls keep clear of what is live: nested windows lie above. */
UNIT_CASE(windows)
{
    test_has(test_compile("x := 1. x a: x b with: x c"), "MOVE       r5 r1", "SEND       r6 r5",
             "MOVE       r10 r1", "SEND       r7 r10", "MOVE       r5 r1", "SEND       r2 r5");
}

UNIT_MAIN("compiler/emit_send", frequent, immediates, folding, to_super, tail_sends, cascades,
          windows)
