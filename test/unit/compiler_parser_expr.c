/* SPDX-License-Identifier: MIT */
/* Expressions: precedence, cascades, assignments, the limits of nesting. */
#include "unit/compiler_support.h"

static char *expr(const char *text)
{
    char *tree = test_parse(text, false);
    size_t len = strlen(tree);
    if (strncmp(tree, "(script ", 8) == 0 && len > 10) {
        tree[len - 2] = '\0';
        memmove(tree, tree + 8, len - 9);
    }
    return tree;
}

/* Unary before binary before keyword; binary from left to right. */
UNIT_CASE(precedence)
{
    test_is(expr("a b + c d * 2 foo: e f bar: g + h"),
            "(send (send (send (send a b) + (send c d)) * 2) foo:bar: (send e f) (send g + h))");
    test_is(expr("2 + 3 * 4"), "(send (send 2 + 3) * 4)");
    test_is(expr("a | b || c"), "t.mag:1:8: error: expected an expression (temporaries stand at "
                                "the start of a body), got '|'\n    a | b || c\n           ^\n");
    test_is(expr("a | b"), "(send a | b)");
}

/* A minus is a sign only where an operand may begin and digits follow at once. */
UNIT_CASE(minus)
{
    test_is(expr("x-1"), "(send x - 1)");
    test_is(expr("3--2"), "(send 3 - -2)");
    test_is(expr("a>-1"), "(send a > -1)");
    test_is(expr("-7 abs"), "(send -7 abs)");
    test_is(expr("x foo: -1 bar: -2.5"), "(send x foo:bar: -1 -2.5)");
    test_is(expr("#(1 -2 -16rFF)"), "#(1 -2 -255)");
    test_is(expr("[:x | -1]"), "(block (x) -1)");
    test_is(expr("{-1. 2 -3}"), "(brace -1 (send 2 - 3))");
    test_has(expr("- 1"), "expected an expression, got '-'");
}

/* The receiver of a cascade is that of the last message before the first semicolon. */
UNIT_CASE(cascades)
{
    test_is(expr("a foo + 1; * 2"), "(cascade (send a foo) (send _ + 1) (send _ * 2))");
    test_is(expr("a at: 1 put: 2; yourself"), "(cascade a (send _ at:put: 1 2) (send _ yourself))");
    test_is(expr("a foo; | b; ~> c; bar: 1 baz: 2"),
            "(cascade a (send _ foo) (send _ | b) (eventual _ c) (send _ bar:baz: 1 2))");
    test_is(expr("super foo; bar"), "(cascade super (send _ foo) (send _ bar))");
    test_has(expr("a; foo"), "a cascade needs a message before the ';'");
    test_has(expr("a foo; "), "expected a message, got end of input");
    test_has(expr("a foo; bar baz"), "expected '.' after the statement, got 'baz'");
}

/* Eventual sends bind as loosely as keyword messages and chain to the left. */
UNIT_CASE(eventual_sends)
{
    test_is(expr("a ~> b: 1 ~> c"), "(eventual (eventual a b: 1) c)");
    test_is(expr("a foo: 1 ~> + 2"), "(eventual (send a foo: 1) + 2)");
    test_is(expr("x := a b ~> c"), "(set x (eventual (send a b) c))");
    test_is(expr("a ~> + b c ~> - 2"), "(eventual (eventual a + (send b c)) - 2)");
    test_is(expr("a foo: (b ~> c)"), "(send a foo: (eventual b c))");
    test_is(expr("super ~> foo"), "(eventual self foo)");
    test_is(expr("a ~> b; c; ~> d: 1"), "(cascade a (eventual _ b) (send _ c) (eventual _ d: 1))");
    test_has(expr("a ~> 3"), "expected a message, got the number '3'");
    test_has(expr("a ~> "), "expected a message, got end of input");
    test_has(expr("a ~> ~> b"), "expected a message, got '~>'");
    test_has(expr("a ~> foo ~> "), "expected a message, got end of input");
}

/* One message stands after the arrow: a second on the same line could mean two things. */
UNIT_CASE(eventual_ambiguous)
{
    static const char *const texts[] = {
        "a ~> b c", "a ~> b + 1", "a ~> b c: 1", "a ~> + 1 + 2", "a foo; ~> b c",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        test_has(expr(texts[i]), "one message follows '~>'");
    test_has(expr("a ~> b\nc"), "expected '.' after the statement, got 'c'");
}

/* Assignments swallow everything to their right, and stand where an expression begins. */
UNIT_CASE(assignments)
{
    test_is(expr("x := y := a foo: 1; bar"),
            "(set x (set y (cascade a (send _ foo: 1) (send _ bar))))");
    test_is(expr("(x := 1) + {y := 2. z := 3}"), "(send (set x 1) + (brace (set y 2) (set z 3)))");
    test_is(expr("^x := 3"), "(^ (set x 3))");
    test_has(expr("3 + x := 4"), "an assignment inside an expression needs parentheses");
    test_has(expr("a foo: x := 4"), "an assignment inside an expression needs parentheses");
    test_has(expr("self := 4"), "cannot assign to 'self'");
    test_has(expr("true := 4"), "cannot assign to 'true'");
}

/* Blocks with parameters, temporaries, both, neither. */
UNIT_CASE(blocks)
{
    test_is(expr("[]"), "(block)");
    test_is(expr("[:x | ]"), "(block (x))");
    test_is(expr("[:x :y || t | t. x.]"), "(block (x y) (temps t) t x)");
    test_is(expr("[| t <T>| t]"), "(block (temps t<T>) t)");
    test_is(expr("[[1] value. [2] value]"),
            "(block (send (block 1) value) (send (block 2) value))");
    test_has(expr("[:x]"), "expected '|' after the block parameters");
    test_has(expr("[: | 1]"), "expected the name of a block parameter");
    test_has(expr("[1"), "expected ']' to close the block opened at line 1, got end of input");
    test_has(expr("[a. | t | t]"), "temporaries stand at the start of a body");
}

/* Dynamic arrays and dictionaries. */
UNIT_CASE(braces)
{
    test_is(expr("{}"), "(brace)");
    test_is(expr("{1. a foo. {2}.}"), "(brace 1 (send a foo) (brace 2))");
    test_is(expr("#{}"), "(dictionary)");
    test_is(expr("#{#a -> 1. (b foo) -> c bar: 2. 1->-2.}"),
            "(dictionary #a 1 (send b foo) (send c bar: 2) 1 -2)");
    test_has(expr("#{a b -> 1}"), "expected '->' after the key");
    test_has(expr("#{1 -> 2 3 -> 4}"), "expected '.' or '}' to close the '#{'");
    test_has(expr("{1. 2"), "expected '.' or '}' to close the '{' at line 1");
}

/* super without a message is self; thisContext is a value. */
UNIT_CASE(pseudo_variables)
{
    test_is(expr("super foo: super bar: self"), "(send super foo:bar: self self)");
    test_is(expr("super"), "self");
    test_is(expr("thisContext sender"), "(send thisContext sender)");
}

/* An error inside parentheses or braces does not hide those around it. */
UNIT_CASE(nested_errors)
{
    test_has(expr("x := (1 + ) foo: {2. * 3. 4 + }. y := )"),
             "1:11: error:", "1:22: error:", "1:31: error:", "1:39: error:");
    test_has(expr("()"), "expected an expression, got ')'");
    test_has(expr("a .. b"), "expected an expression, got '.'");
    test_has(expr("(1 + 2. 3"), "expected ')' to close the '(' at line 1, got '.'");
}

/* Nesting up to the limit is fine, more is one error, for every way to nest. */
UNIT_CASE(nesting)
{
    static const char *const openers[] = {"(", "[", "{", "#(", "a foo: (", "#{1 -> ", "[:x | "};
    for (size_t i = 0; i < MG_ARRAY_LEN(openers); i++) {
        struct mg_buf text = {0};
        for (int n = 0; n < 20000; n++)
            mg_buf_puts(&text, openers[i]);
        char *result = expr(mg_buf_text(&text));
        ck_assert_ptr_nonnull(strstr(result, "nested too deeply"));
        ck_assert_ptr_null(strstr(strstr(result, "error:") + 1, "error:"));
        mg_free(result);
        mg_buf_deinit(&text);
    }
    struct mg_buf chain = {0};
    mg_buf_puts(&chain, "a");
    for (int n = 0; n < 900; n++)
        mg_buf_puts(&chain, " b");
    test_lacks(expr(mg_buf_text(&chain)), "error");
    for (int n = 0; n < 200; n++)
        mg_buf_puts(&chain, " b");
    test_has(expr(mg_buf_text(&chain)), "nested too deeply");
    mg_buf_deinit(&chain);
}

UNIT_MAIN("compiler/parser_expr", precedence, minus, cascades, eventual_sends, eventual_ambiguous,
          assignments, blocks, braces, pseudo_variables, nested_errors, nesting)
