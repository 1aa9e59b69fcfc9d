/* SPDX-License-Identifier: MIT */
/* Registers: results go where they are wanted, windows lie low. */
#include "unit/compiler_support.h"

/* The example every code generator is judged by. */
UNIT_CASE(fib)
{
    test_has(test_compile("X subclass: Object method: fib: n [ ^n < 2 ifTrue: [n] ifFalse: "
                          "[(self fib: n - 1) + (self fib: n - 2)] ]"),
             "1 arguments, 9 registers, scratch r12\n", //
             "LTIJ       r2 r1 2\n", "JF         r2 -> 3\n", "RET        r1\n",
             "SUBI       r7 r1 1\n", "MOVE       r6 r0\n", "SEND       r2 r6 0",
             "SUBI       r8 r1 2\n", "MOVE       r7 r0\n", "SEND       r3 r7 1",
             "ADD        r2 r2 3\n", "RET        r2\n");
}

/* A chain of messages stays in one window; a chain of operations in one register. */
UNIT_CASE(chains)
{
    test_has(test_compile("x := 1. y := x a b c"), "MOVE       r6 r1", "SEND       r6 r6 0",
             "SEND       r6 r6 1", "SEND       r2 r6 2");
    test_has(test_compile("x := 1. y := x + 1 * 2 - x"), "ADDI       r2 r1 1", "MULI       r2 r2 2",
             "SUB        r2 r2 1");
}

/* Variables are used where they are; assignments to them need no move. */
UNIT_CASE(no_moves)
{
    test_is(test_opcodes("x := 1. y := 2. x := x + y. y := x foo: y. x := y", "script"),
            "LOADI LOADI ADD MOVE MOVE SEND MOVE RET ");
    test_is(test_opcodes("X subclass: Object instanceVars: a method: m: b [ a := b ]", "X>>m:\n"),
            "SETSLOT RETSELF ");
}

/* The registers of a block expanded in place are used again after it. */
UNIT_CASE(reuse)
{
    test_has(test_compile("x := 1. x foo ifTrue: [| a b | a := x. b := a foo. b bar]. "
                          "x foo ifTrue: [| c d | c := x. d := c foo. d bar]"),
             "MOVE       r2 r1", "SEND       r3 r7", "MOVE       r2 r1", "SEND       r3 r7");
}

UNIT_MAIN("compiler/regs", fib, chains, no_moves, reuse)
