/* SPDX-License-Identifier: MIT */
/* Skeletons: superclasses, variables, reopening, traits, and all that can be wrong with them. */
#include "unit/compiler_support.h"

/* Superclasses come first in the unit, whatever the order of the text. */
UNIT_CASE(order)
{
    test_has(test_compile("C subclass: B\nB subclass: A\nA subclass: Object\nD subclass: A"),
             "class A < Object", "class B < A", "class C < B", "class D < A");
}

/* An unknown superclass names where it was looked for. */
UNIT_CASE(unknown_superclass)
{
    test_has(test_compile("namespace: N\nimport: M\nA subclass: Nope"),
             "unknown superclass Nope of A (searched: N, M, the root namespace)");
    test_has(test_compile("A subclass: nil"), "only Object has no superclass");
}

/* Cycles of any length are found. */
UNIT_CASE(cycles)
{
    test_has(test_compile("A subclass: A"), "A is above itself");
    test_has(test_compile("A subclass: B\nB subclass: C\nC subclass: A\nD subclass: A"),
             "is above itself");
}

/* Names of variables: once in a class, not again below it, and no odd words. */
UNIT_CASE(variables)
{
    test_has(test_compile("A subclass: Object instanceVars: x x"), "'x' is declared twice");
    test_has(test_compile("A subclass: Object instanceVars: x classVars: x"), "declared twice");
    test_has(test_compile("A subclass: Object instanceVars: x\nB subclass: A instanceVars: x"),
             "the instance variable 'x' is inherited");
    test_has(test_compile("A subclass: Object classVars: K\nB subclass: A classVars: K"),
             "the class variable 'K' is inherited");
    test_has(test_compile("A subclass: Object instanceVars: 'a self 3'"),
             "'self' cannot name a variable", "'3' cannot name a variable");
}

/* Reopening: same superclass (or one above it), same variables or none, new methods. */
UNIT_CASE(reopening)
{
    test_has(test_compile("String subclass: Collection method: shout [ ^1 ]"),
             "reopened class String", "String>>shout");
    test_has(test_compile("String subclass: Magnitude"), "cannot be reopened with Magnitude");
    test_has(test_compile("Message subclass: Object instanceVars: selector arguments"),
             "reopened class Message");
    test_has(test_compile("Message subclass: Object instanceVars: selector"),
             "instance variables cannot be changed");
    test_has(test_compile("A subclass: Object instanceVars: x method: m [ ^1 ]\n"
                          "A subclass: Object method: m [ ^2 ] method: n [ ^x ]"),
             "class A < Object: x", "A>>m", "LOADI      r1 2", "A>>n");
}

/* A selector once a definition and side. */
UNIT_CASE(methods)
{
    test_has(test_compile("A subclass: Object\n method: m [ ]\n method: m [ ]"),
             "the method m is defined twice (before at line 2)");
    test_lacks(test_compile("A subclass: Object method: m [ ] classMethod: m [ ]"), "twice");
}

/* Class over trait over superclass. */
UNIT_CASE(trait_precedence)
{
    test_has(test_compile("T trait method: a [ ^'t' ] method: b [ ^'t' ] method: c [ ^'t' ]\n"
                          "A subclass: Object method: a [ ^'super' ] method: b [ ^'super' ]\n"
                          "B subclass: A include: T include: T method: a [ ^'own' ]"),
             "B>>a", "'own'", "B>>b", "'t'", "B>>c", "'t'");
}

/* Two traits with one selector are an error unless the class has it. */
UNIT_CASE(trait_conflicts)
{
    test_has(test_compile("T trait method: a [ ^1 ]\nU trait method: a [ ^2 ]\n"
                          "A subclass: Object include: T include: U"),
             "the traits T and U both have a; A must define it itself");
    test_lacks(test_compile("T trait method: a [ ^1 ]\nU trait method: a [ ^2 ]\n"
                            "A subclass: Object include: T include: U method: a [ ^3 ]"),
               "error");
}

/* What a trait requires must be understood: own, inherited, or from another trait. */
UNIT_CASE(requirements)
{
    test_has(test_compile("T trait requires: #a\nA subclass: Object include: T"),
             "A does not provide the method a that the trait T requires");
    test_lacks(test_compile("T trait requires: #a #b #c\nU trait method: c [ ]\n"
                            "A subclass: Object method: a [ ]\n"
                            "B subclass: A include: T include: U method: b [ ]"),
               "error");
    test_has(test_compile("A subclass: Object include: T"), "unknown trait T");
    test_has(test_compile("T trait\nT trait"), "the trait T is defined twice");
}

/* Long chains of classes are no problem. */
UNIT_CASE(long_chains)
{
    struct mg_buf text = {0};
    for (int i = 3000; i > 0; i--)
        mg_buf_printf(&text, "C%d subclass: C%d\n", i, i - 1);
    mg_buf_puts(&text, "C0 subclass: Object\n");
    test_has(test_compile(mg_buf_text(&text)), "class C0 < Object", "class C3000 < C2999");
    mg_buf_deinit(&text);
}

UNIT_MAIN("compiler/declare", order, unknown_superclass, cycles, variables, reopening, methods,
          trait_precedence, trait_conflicts, requirements, long_chains)
