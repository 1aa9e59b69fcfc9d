/* SPDX-License-Identifier: MIT */
/* Closures: captures, homes, children. */
#include "unit/compiler_support.h"

/* Captures in a row are taken where they are; others are gathered. */
UNIT_CASE(captures)
{
    test_is(test_opcodes("x := 1. y := 2. z := [y + x]", "script"), "LOADI LOADI BLOCK RET ");
    test_is(test_opcodes("x := 1. y := 2. z := 3. y := [x + z]", "script"),
            "LOADI LOADI LOADI MOVE MOVE BLOCK RET ");
    test_has(test_compile("x := 1. y := [[x] value]"), "BLOCK      r2 r0 1", "1 captures",
             "GETCAP     r6 0", "BLOCK      r", "1 captures", "GETCAP     r2 0", "RET        r2");
}

/* A capture used often, or in a loop, is fetched once. */
UNIT_CASE(fetched_once)
{
    test_is(test_opcodes("x := 1. y := [x + x]", "\ncode 1:"), "GETCAP ADD RET ");
    test_is(test_opcodes("x := 1. y := [:n | [n foo] whileTrue: [n bar: x]]", "\ncode 1:"),
            "GETCAP MOVE SEND JF MOVE MOVE SEND LOOP LOADNIL RET ");
    test_is(test_opcodes("x := 1. y := [:n | n foo: x]", "\ncode 1:"), "GETCAP MOVE SEND RET ");
}

/* A return in a block marks its own code and all around it. */
UNIT_CASE(homes)
{
    test_has(test_compile("X subclass: Object method: m: a [ a do: [:x | x do: [:y | ^y]] ]"),
             "method, 1 arguments", "home r2", "HOME       r2", "block, 1 arguments", "home r3",
             "HOME       r3", "block, 1 arguments", "home r3", "HOME       r3", "NLRET      r1");
    test_lacks(test_compile("X subclass: Object method: m: a [ a ifTrue: [^1]. a do: [:x | x] ]"),
               "HOME");
}

/* Children have higher numbers than their parents (U1), in the order of the text. */
UNIT_CASE(children)
{
    test_has(test_compile("x := {[[1]]. [2]}"), "; code 1", "; code 3", "code 1:", "; code 2",
             "code 2:", "code 3:");
}

/* An empty block answers nil; parameters may be boxed. */
UNIT_CASE(small_blocks)
{
    test_is(test_opcodes("x := []", "\ncode 1:"), "LOADNIL RET ");
    test_is(test_opcodes("x := [:a | [a := 1]]", "\ncode 1:"), "NEWCELL BLOCK RET ");
}

UNIT_MAIN("compiler/emit_block", captures, fetched_once, homes, children, small_blocks)
