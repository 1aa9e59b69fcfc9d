/* SPDX-License-Identifier: MIT */
/* Conditionals expanded in place, for value, for effect and as what is returned. */
#include "unit/compiler_support.h"

/* Two blocks, one block, none taken: the value is nil then. */
UNIT_CASE(conditionals)
{
    test_is(test_opcodes("x := 1. y := x ifTrue: [2] ifFalse: [3]", "script"),
            "LOADI JF LOADI RET LOADI RET ");
    test_is(test_opcodes("x := 1. y := x ifTrue: [2]. y foo", "script"),
            "LOADI JF LOADI JMP LOADNIL MOVE SEND RET ");
    test_is(test_opcodes("x := 1. x ifFalse: [x foo]. x", "script"), "LOADI JT MOVE SEND RET ");
    test_is(test_opcodes("x := 1. ^x ifFalse: [] ifTrue: [x]", "script"),
            "LOADI JT LOADNIL RET RET ");
}

/* and: and or: answer the first value if it decides. */
UNIT_CASE(junctions)
{
    test_is(test_opcodes("x := 1. y := x and: [x foo]. y", "script"),
            "LOADI MOVE JF MOVE SEND RET ");
    test_is(test_opcodes("x := 1. x := x or: [x foo]. x", "script"),
            "LOADI MOVE JT MOVE SEND MOVE RET ");
    test_is(test_opcodes("x := 1. x foo and: [x bar]. x", "script"),
            "LOADI MOVE SEND JF MOVE SEND RET ");
}

/* Tests for nil; the parameter is the value tested. */
UNIT_CASE(nil_tests)
{
    test_is(test_opcodes("x := 1. y := x foo ifNil: [2]. y", "script"),
            "LOADI MOVE SEND JNOTNIL LOADI RET ");
    test_is(test_opcodes("x := 1. y := x ifNotNil: [:v | v foo]. y bar", "script"),
            "LOADI JNIL MOVE SEND JMP LOADNIL MOVE SEND RET ");
    test_is(test_opcodes("x := 1. x foo ifNotNil: [:v | v bar] ifNil: [x baz]. x", "script"),
            "LOADI MOVE SEND JNIL MOVE SEND RET MOVE SEND RET ");
    test_is(test_opcodes("x := 1. ^x ifNil: [2] ifNotNil: [3]", "script"),
            "LOADI JNIL LOADI RET LOADI RET ");
}

/* Temporaries of a block expanded in place start as nil, unless they are set first. */
UNIT_CASE(temporaries)
{
    test_is(test_opcodes("x := 1. x ifTrue: [| t | t foo. t := 2]. x", "script"),
            "LOADI JF LOADNIL MOVE SEND LOADI RET ");
    test_is(test_opcodes("x := 1. x ifTrue: [| t | t := 2. t foo]. x", "script"),
            "LOADI JF LOADI MOVE SEND RET ");
    test_is(test_opcodes("x := 1. x ifTrue: [| t | x foo ifTrue: [t := 2]. t foo]. x", "script"),
            "LOADI JF LOADNIL MOVE SEND JF LOADI MOVE SEND RET ");
}

UNIT_MAIN("compiler/inline", conditionals, junctions, nil_tests, temporaries)
