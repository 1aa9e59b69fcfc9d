/* SPDX-License-Identifier: MIT */
/* Conditions as code: comparisons fused with their jumps, junctions as control flow. */
#include "unit/compiler_support.h"

static char *condition(const char *text)
{
    struct mg_buf all = {0};
    mg_buf_printf(&all, "X subclass: Object method: m: a n: b [ %s ifTrue: [^1] ]", text);
    char *opcodes = test_opcodes(mg_buf_text(&all), "X>>m:n:");
    mg_buf_deinit(&all);
    char *tail = strstr(opcodes, "LOADI RET RETSELF ");
    ck_assert_ptr_nonnull(tail);
    *tail = '\0';
    return opcodes;
}

/* Each comparison has a fused form, with registers and with small numbers. */
UNIT_CASE(fused)
{
    test_is(condition("a < b"), "LTJ JF ");
    test_is(condition("a <= 3"), "LEIJ JF ");
    test_is(condition("a > -3"), "GTIJ JF ");
    test_is(condition("a >= b"), "GEJ JF ");
    test_is(condition("a = 40000"), "LOADI EQJ JF ");
    test_is(condition("a ~= 3"), "NEIJ JF ");
    test_is(condition("a == b"), "SAMEJ JF ");
    test_is(condition("a ~~ b"), "SAMEJ JT ");
}

/* Tests for nil are one instruction. */
UNIT_CASE(nil_tests)
{
    test_is(condition("a isNil"), "JNOTNIL ");
    test_is(condition("a notNil"), "JNIL ");
    test_is(condition("a == nil"), "JNOTNIL ");
    test_is(condition("a ~~ nil"), "JNIL ");
    test_is(condition("a isNil not"), "JNIL ");
    test_is(condition("a = nil"), "LOADNIL EQJ JF ");
}

/* Junctions jump as soon as they know, in all combinations. */
UNIT_CASE(junctions)
{
    test_is(condition("(a < b and: [a > 1])"), "LTJ JF GTIJ JF ");
    test_is(condition("(a < b or: [a > 1])"), "LTJ JT GTIJ JF ");
    test_is(condition("((a < b or: [a > 1]) and: [b isNil])"), "LTJ JT GTIJ JF JNOTNIL ");
    test_is(condition("(a and: [b foo. b])"), "JF MOVE SEND JF ");
    test_is(condition("(a and: [])"), "JF LOADNIL JF ");
}

/* Other values are tested as they are; self is copied, since a test may write its register. */
UNIT_CASE(tests)
{
    test_is(condition("a"), "JF ");
    test_is(condition("a foo"), "MOVE SEND JF ");
    test_is(condition("self"), "MOVE JF ");
    test_is(condition("a not"), "NOT JF ");
    test_is(condition("super isNil"), "MOVE SENDSUPER JF ");
}

/* What is known now is not tested. */
UNIT_CASE(constants)
{
    test_is(test_opcodes("true ifTrue: [1 foo] ifFalse: [2 bar]", "script"), "LOADI SEND RET ");
    test_is(test_opcodes("[true] whileTrue: [1 foo]", "script"), "LOADI SEND LOOP ");
    test_is(test_opcodes("false ifTrue: [1 foo]. 3", "script"), "LOADI RET ");
}

UNIT_MAIN("compiler/branch", fused, nil_tests, junctions, tests, constants)
