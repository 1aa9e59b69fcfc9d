/* SPDX-License-Identifier: MIT */
/* Annotations: read, kept, and split off longer operators. */
#include "unit/compiler_support.h"

/* Types may touch what follows them. */
UNIT_CASE(types_touch)
{
    test_is(test_parse("x: a<A::B>y: b<C>^<D>!<IO>| t<E>| ^t", true),
            "(method x:y: (returns D) (effects IO) (a<A::B> b<C>) (temps t<E>) (^ t))");
}

/* What is not closed or not named is said. */
UNIT_CASE(broken)
{
    test_has(test_parse("+ a <A ^1", true), "expected '>' to close the type, got '^'");
    test_has(test_parse("+ a <3> ^1", true), "expected a type name, got the number '3'");
    test_has(test_parse("+ a ! ^1", true), "expected '<' and the effects after '!'");
    test_has(test_parse("+ a ! <IO, 3> ^1", true), "expected the name of an effect");
    test_has(test_parse("+ a ! <IO ^1", true), "expected '>' to close the effects");
}

UNIT_MAIN("compiler/parser_type", types_touch, broken)
