/* SPDX-License-Identifier: MIT */
/* The top level of files: headers, what stands where, and the end of class bodies. */
#include "unit/compiler_support.h"

/* Namespace and imports, bare or quoted, before everything else. */
UNIT_CASE(headers)
{
    test_is(test_parse("namespace: 'A::B'\nimport: C::D\nimport: 'E'\nX subclass: Object", false),
            "(namespace A::B)\n(import C::D)\n(import E)\n(class X Object)\n");
    test_has(test_parse("X subclass: Object\nnamespace: 'A'", false),
             "'namespace:' must stand before the first definition");
    test_has(test_parse("namespace: 'A' namespace: 'B'", false), "one namespace only");
    test_has(test_parse("import: 3", false), "expected the name of a namespace");
}

/* Statements and definitions take turns; a head is no statement. */
UNIT_CASE(scripts)
{
    test_is(
        test_parse("x := 1. X subclass: Object method: a [ ^1 ]\n| y | y := X new a. x + y", false),
        "(class X Object\n  (method a (^ 1)))\n"
        "(script (temps y) (set x 1) (set y (send (send X new) a)) (send x + y))\n");
    test_is(test_parse("x foo: 1\nX subclass: nil\nx bar", false),
            "(class X nil)\n(script (send x foo: 1) (send x bar))\n");
    test_is(test_parse("x := 3\nX subclass: Object\n", false),
            "(class X Object)\n(script (set x 3))\n");
    test_is(test_parse("", false), "");
}

/* A file that is no script refuses statements once, and goes on. */
UNIT_CASE(definitions_only)
{
    struct mg_source source = test_source("x := 1. y := 2.\nX subclass: Object\nz := )");
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    source.allow_statements = false;
    struct mg_parse parse = {&source, &arena, &names, &diags, false};
    struct mg_ast_file *file = mg_parse_file(&parse);
    ck_assert_uint_eq(diags.errors, 2);
    ck_assert_str_eq(diags.first->message, "expected a definition (statements are for scripts), "
                                           "got 'x'");
    ck_assert_ptr_nonnull(file->definitions);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
}

/* A body ends at the first token that begins no item. */
UNIT_CASE(body_ends)
{
    test_is(test_parse("X subclass: Object\n  instanceVars: a b\nx := X new.\nx go", false),
            "(class X Object (slots a b))\n(script (set x (send X new)) (send x go))\n");
    test_is(test_parse("X subclass: Object\n  instanceVars: a b\n\nX new go", false),
            "(class X Object (slots a b))\n(script (send (send X new) go))\n");
    test_is(test_parse("X subclass: Object\ninstanceVars: a b\nc\nmethod: m [ ^1 ]", false),
            "(class X Object (slots a b c)\n  (method m (^ 1)))\n");
    test_is(test_parse("X subclass: Object\ninstanceVars: a b\nx foo: 1", false),
            "(class X Object (slots a b))\n(script (send x foo: 1))\n");
    test_is(test_parse("X subclass: Object classVars: A B Y subclass: X", false),
            "(class X Object (classVars A B))\n(class Y X)\n");
    test_is(test_parse("X subclass: Object\n[:a | a] value: 3", false),
            "(class X Object)\n(script (send (block (a) a) value: 3))\n");
}

/* Docstrings go to what follows them, across class bodies; others are orphans. */
UNIT_CASE(docstrings)
{
    test_is(test_parse("\"\"\"one\"\"\"\nX subclass: Object\n\"\"\"m\"\"\"\nmethod: m [ ]\n"
                       "\"\"\"two\"\"\"\nY subclass: Object",
                       false),
            "(class X Object (doc 'one')\n  (method m (doc 'm')))\n(class Y Object (doc 'two'))\n");
    test_has(test_parse("\"\"\"x\"\"\"\ny := 1", false), "1:1: warning: orphan docstring");
    test_has(test_parse("X subclass: Object\n\"\"\"x\"\"\"", false), "2:1: warning: orphan");
    test_has(test_parse("X subclass: Object\n\"\"\"x\"\"\" instanceVars: a", false),
             "2:1: warning: orphan");
}

/* One run finds many errors, in statements and definitions alike, each once. */
UNIT_CASE(recovery)
{
    test_has(test_parse("x := 1 + .\ny := ) .\nfoo [ ^1 ]\nX subclass: Object\n method: a [ 1 2 ]\n"
                        " method: b [ ^ ]\nz := ] .\nq",
                        false),
             "1:10: error: expected an expression, got '.'", "2:6: error: expected an expression",
             "3:5: error: expected '.' after the statement (a method needs 'method:' before its "
             "name)",
             "5:16: error: expected '.' or ']' after the statement, got the number '2'",
             "6:16: error: expected an expression, got ']'",
             "7:6: error: expected an expression, got ']'");
    test_has(test_parse("method: foo [ ^1 ]", false), "a method stands in the body of a class");
    test_has(test_parse("X subclass: Object\n metod: foo [ ^1 ]\n method: ok [ ^) ]", false),
             "2:2: error: expected an item of the class", "3:16: error: expected an expression");
}

/* A missing bracket is reported where the next method or class begins. */
UNIT_CASE(unclosed_body)
{
    test_has(test_parse("X subclass: Object\n  method: a [\n    ^[1\n  method: b [ ^2 ]\n"
                        "Y subclass: Object\n  method: c [ ^3\nZ subclass: Object",
                        false),
             "4:3: error: expected ']' to close the block opened at line 3, got 'method:'",
             "7:1: error: expected ']' to close the method 'c' opened at line 6, got 'Z'");
    test_is(test_parse("x foo\n  method: 3", false), "(script (send (send x foo) method: 3))\n");
}

/* Methods alone: bare, or with their keyword; all of the text must be used. */
UNIT_CASE(single_methods)
{
    test_is(test_parse("at: x put: y | t | t := x. ^t", true),
            "(method at:put: (x y) (temps t) (set t x) (^ t))");
    test_is(test_parse("\"\"\"d\"\"\" method: + x [ ^x ]", true), "(method + (doc 'd') (x) (^ x))");
    test_is(test_parse("class method: a [ ]", true), "(classMethod a)");
    test_has(test_parse("foo ^1 ] x", true), "expected the end of the method, got ']'");
    test_has(test_parse("method: ^1", true), "expected a method pattern, got '^'");
    test_has(test_parse("instanceVars: a ^1", true), "expected a method pattern");
}

/* Texts that only end too early say so, for a prompt that reads more lines. */
UNIT_CASE(incomplete)
{
    static const struct {
        const char *text;
        bool incomplete;
    } cases[] = {{"x := [1. 2", true}, {"'abc", true},    {"x foo: ", true}, {"\"", true},
                 {"x := )", false},    {"x := 1", false}, {"#(1 2", true},   {"(1 + 2", true}};
    for (size_t i = 0; i < MG_ARRAY_LEN(cases); i++) {
        struct mg_source source = test_source(cases[i].text);
        struct mg_arena arena = {0};
        struct mg_names names;
        struct mg_diags diags;
        mg_names_init(&names, &arena);
        mg_diags_init(&diags);
        struct mg_parse parse = {&source, &arena, &names, &diags, false};
        mg_parse_file(&parse);
        ck_assert_msg(diags.incomplete == cases[i].incomplete, "%s", cases[i].text);
        mg_diags_deinit(&diags);
        mg_names_deinit(&names);
        mg_arena_deinit(&arena);
    }
}

UNIT_MAIN("compiler/parser", headers, scripts, definitions_only, body_ends, docstrings, recovery,
          unclosed_body, single_methods, incomplete)
