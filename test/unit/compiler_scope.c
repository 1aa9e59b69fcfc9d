/* SPDX-License-Identifier: MIT */
/* What names mean, and which variables need a cell. */
#include "unit/compiler_support.h"

/* Number of cells that the script makes, its blocks not counted. */
static int cells(const char *text)
{
    char *opcodes = test_opcodes(text, "script");
    int count = 0;
    for (const char *p = opcodes; (p = strstr(p, "NEWCELL")) != NULL; p++)
        count++;
    mg_free(opcodes);
    return count;
}

/* A captured variable that cannot change after the capture is copied. */
UNIT_CASE(copied)
{
    ck_assert_int_eq(cells("x := 1. y := [x]. y value"), 0);
    ck_assert_int_eq(cells("x := 1. x := x + 1. y := [[x] value]"), 0);
    ck_assert_int_eq(cells("1 to: 3 do: [:i | y := [i]]"), 0);
    ck_assert_int_eq(cells("[3 foo] whileTrue: [| t | t := 4. 4 foo: [t]]"), 0);
    ck_assert_int_eq(cells("x := 1. [3 foo] whileTrue: [4 foo: [x]]"), 0);
}

/* One that can change lives in a cell: assigned by the block, later, or in the next round. */
UNIT_CASE(boxed)
{
    ck_assert_int_eq(cells("x := 1. y := [x := 2]. y value"), 1);
    ck_assert_int_eq(cells("x := 1. y := [x]. x := 2"), 1);
    ck_assert_int_eq(cells("x := [x]"), 1);
    ck_assert_int_eq(cells("x := 1. [3 foo] whileTrue: [x := x + 1. 4 foo: [x]]"), 1);
    ck_assert_int_eq(cells("x := 1. [x foo: [x]] whileTrue: [x := x + 1]"), 1);
    ck_assert_int_eq(cells("x := 1. y := 2. 4 foo: [x := y]. 5 foo: [y]"), 1);
}

/* Sibling blocks with variables of one name do not influence each other. */
UNIT_CASE(by_declaration)
{
    ck_assert_int_eq(cells("x := 1. 4 foo: [x]. 4 foo: [:x | | y | y := x. y := 3. y]"), 0);
    test_has(test_compile("4 foo: [:x | [x]]. 4 foo: [:x | [x := 2]]"), "NEWCELL");
}

/* Locals hide instance variables, also inside blocks; class variables come next, then classes. */
UNIT_CASE(resolution_order)
{
    const char *text = "X subclass: Object\n instanceVars: a b\n classVars: K\n"
                       " method: m: a [ ^[a + b] ]\n method: n [ ^K ]\n classMethod: n [ ^K ]\n"
                       "Y subclass: X\n method: o [ K := b. ^X ]";
    test_has(test_compile(text), "X>>m:", "GETCAP", "GETSLOT", " 1\n", "X>>n", "GETCVAR", "X.K",
             "Y>>o", "GETSLOT", " 1\n", "SETCVAR", "X.K", "GLOBAL", "X");
}

/* An undeclared name that a method assigns is its variable, with a warning; one that it only reads
 * is looked up when it is read. */
UNIT_CASE(undeclared_in_methods)
{
    char *text = test_compile("X subclass: Object\n method: m [ y foo. y := 3. [z := y]. ^q ]");
    test_has(text, "GLOBAL", "q\n", "2:21: warning: 'y' is not declared; it becomes a variable",
             "2:30: warning: 'z' is not declared", "2:40: warning: 'q' is not declared; reading");
    test_has(test_compile("X subclass: Object method: m [ Y := 3 ]"),
             "cannot assign to the undeclared name 'Y'");
    test_has(test_compile("X subclass: Object method: m [ A::b := 3 ]"), "cannot assign");
    test_has(test_compile("X subclass: Object method: m [ X := 3 ]"),
             "cannot assign to the class 'X'");
}

/* In scripts they are workspace variables, without a word. */
UNIT_CASE(undeclared_in_scripts)
{
    test_lacks(test_compile("f := [x]. x := 3. Y := f value. [z := 4] value. z foo"), "warning");
    test_has(test_compile("x := Object. Object := 3"), "cannot assign to the class 'Object'");
}

/* What cannot be there: instance variables on the class side, variables of the class in a trait,
 * super outside of a class, a name twice in a list. */
UNIT_CASE(errors)
{
    test_has(test_compile("X subclass: Object instanceVars: a classMethod: m [ ^a ]"),
             "the instance variable 'a' cannot be used in a class method");
    test_has(
        test_compile("T trait method: m [ ^a ]\nX subclass: Object instanceVars: a include: T"),
        "a trait method cannot use the variable 'a' of the class");
    test_has(test_compile("super foo"), "'super' means nothing outside of a class");
    test_has(test_compile("X subclass: Object method: m: a [ | a | ^a ]"), "'a' is declared twice");
    test_has(test_compile("[:a :a | a] foo"), "'a' is declared twice");
    test_lacks(test_compile("X subclass: Object instanceVars: a method: m: a [ ^[:a | a] ]"),
               "error");
}

/* Statements after a return are pointed out, once. */
UNIT_CASE(unreachable)
{
    test_has(test_compile("X subclass: Object method: m [ ^1. 2 foo. 3 bar ]"),
             "1:38: warning: unreachable code after return");
    test_lacks(test_compile("X subclass: Object method: m [ 2 foo ifTrue: [^1]. 3 bar ]"),
               "unreachable");
}

UNIT_MAIN("compiler/scope", copied, boxed, by_declaration, resolution_order, undeclared_in_methods,
          undeclared_in_scripts, errors, unreachable)
