/* SPDX-License-Identifier: MIT */
/* Definitions: every kind of item, and what is wrong with them. */
#include "unit/compiler_support.h"

/* All items of a class, in any order, some of them twice. */
UNIT_CASE(class_items)
{
    test_is(test_parse("X subclass: A::B\n instanceVars: a <Integer> b\n classVars: 'K L'\n"
                       " include: T uses: U\n method: a ^<Integer> [ ^a ]\n"
                       " instanceVariables: 'c  d' classVariables: M\n classMethod: new [ ^1 ]\n"
                       " class method: old [ ^2 ]",
                       false),
            "(class X A::B (slots a<Integer> b c d) (classVars K L M) (includes T U)\n"
            "  (method a (returns Integer) (^ a))\n  (classMethod new (^ 1))\n"
            "  (classMethod old (^ 2)))\n");
}

/* A category holds for the methods after it. */
UNIT_CASE(categories)
{
    test_is(test_parse("X subclass: Object method: a [ ] category: 'one' method: b [ ] "
                       "method: c [ ] category: 'two' method: d [ ]",
                       false),
            "(class X Object\n  (method a)\n  (method b (category 'one'))\n"
            "  (method c (category 'one'))\n  (method d (category 'two')))\n");
    test_has(test_parse("X subclass: Object category: 3", false),
             "expected a string after 'category:'");
}

/* Patterns of all kinds, with types and effects, also without blanks in between. */
UNIT_CASE(patterns)
{
    test_is(test_parse("X subclass: Object method: | o [ ] method: at: i <I> put: v ^<V> ! <IO, "
                       "State> [ ] method: - x<N>!<IO>[ ]",
                       false),
            "(class X Object\n  (method | (o))\n"
            "  (method at:put: (returns V) (effects IO State) (i<I> v))\n"
            "  (method - (effects IO) (x<N>)))\n");
    test_has(test_parse("X subclass: Object method: ~> x [ ]", false), "'~>' is the eventual send");
    test_has(test_parse("X subclass: Object method: self [ ]", false), "expected a method pattern");
    test_has(test_parse("X subclass: Object method: A::b [ ]", false), "a qualified name cannot");
    test_has(test_parse("X subclass: Object method: at: [ ]", false), "the name of a parameter");
    test_has(test_parse("X subclass: Object method: foo ^1", false), "expected '[' after the");
}

/* Bodies: docstring, temporaries with types, forms. */
UNIT_CASE(bodies)
{
    test_is(test_parse("X subclass: Object\n"
                       " method: a [ \"\"\"doc\"\"\" | t <T> u | ^t ]\n"
                       " method: b [ <primitive> ]\n method: c [ <primitive> ^1 ]\n"
                       " method: d: x [ <ensure> ]\n method: e: x [ <ifCurtailed> ]\n"
                       " method: f: x g: y [ <handler> ]\n method: h: x i: y [ <barrier> ]\n"
                       " method: value [ <blockValue> ]",
                       false),
            "(class X Object\n  (method a (doc 'doc') (temps t<T> u) (^ t))\n"
            "  (method b <primitive>)\n  (method c <primitive> (^ 1))\n"
            "  (method d: <ensure> (x))\n  (method e: <ifCurtailed> (x))\n"
            "  (method f:g: <handler> (x y))\n  (method h:i: <barrier> (x y))\n"
            "  (method value <blockValue>))\n");
    test_has(test_parse("X subclass: Object method: a [ <foo> ]", false),
             "expected <primitive>, got <foo>");
    test_has(test_parse("X subclass: Object method: a [ <ensure> ]", false),
             "<ensure> needs a method with 1 argument");
    test_has(test_parse("X subclass: Object method: a: x [ <ensure> ^1 ]", false),
             "expected ']' after the body's form");
}

/* Only the library has forms other than a bare primitive. */
UNIT_CASE(forms_are_for_the_library)
{
    test_has(test_compile("X subclass: Object method: a: x [ <ensure> ]"),
             "belongs to the library");
    test_has(test_compile("X subclass: Object method: a [ <primitive> ^1 ]"), "expected ']'");
    test_has(test_compile("X subclass: Object method: a [ <primitive> ]"), "X>>a  <primitive>");
}

/* Traits with requirements of all kinds; no class side. */
UNIT_CASE(traits)
{
    test_is(test_parse("T trait\n requires: #at:put: size + #foo\n method: a [ ^1 ]\nU trait\n"
                       "X subclass: Object",
                       false),
            "(trait T (requires at:put: size + foo)\n  (method a (^ 1)))\n(trait U)\n"
            "(class X Object)\n");
    test_has(test_parse("T trait classMethod: a [ ]", false), "a trait has no class-side methods");
    test_has(test_parse("T trait instanceVars: a", false), "expected an item of the trait");
    test_is(test_parse("x trait. y protocol; foo", false),
            "(script (send x trait) (cascade y (send _ protocol) (send _ foo)))\n");
}

/* Protocols: entries of all kinds, with results and effects. */
UNIT_CASE(protocols)
{
    test_is(test_parse("P protocol\n size ^<Integer>.\n + <P> ^<P>\n at: <I> put: <V> ^ ! <State>\n"
                       " includes: Q.\nX subclass: Object",
                       false),
            "(protocol P (includes Q)\n  (entry size (returns Integer))\n"
            "  (entry + (returns P) (+<P>))\n"
            "  (entry at:put: (effects State) (at:<I> put:<V>)))\n(class X Object)\n");
    test_is(test_parse("P protocol\n  size\nx := 1", false),
            "(protocol P\n  (entry size))\n(script (set x 1))\n");
}

/* Broken heads and items. */
UNIT_CASE(broken_definitions)
{
    test_has(test_parse("X subclass: 3\n method: a [ ^1 ]", false),
             "1:13: error: expected the name of a superclass, or nil, got the number '3'");
    test_has(test_parse("X subclass: Object include: 3", false), "expected the name of a trait");
    test_has(test_parse("X subclass: Object method: a [ ^1 ] foo: 3", false),
             "expected an item of the class", "got 'foo:'");
}

UNIT_MAIN("compiler/parser_def", class_items, categories, patterns, bodies,
          forms_are_for_the_library, traits, protocols, broken_definitions)
