/* SPDX-License-Identifier: MIT */
/* Literals of every kind, and what may not stand in a literal array. */
#include "unit/compiler_support.h"

/* Each kind, also nested. */
UNIT_CASE(kinds)
{
    test_is(test_parse("#(1 2.5 'a' #b $c nil true false name A::B #(1) (2 (3)) #[1 255] #+ -4 "
                       "99999999999999999999)",
                       false),
            "(script #(1 2.5 'a' #b $c nil true false #name #A::B #(1) #(2 #(3)) #[1 255] #+ -4 "
            "99999999999999999999))\n");
    test_is(test_parse("#[]. #(). #'two words'. 'it''s'. $ . 1e100. 0.1", false),
            "(script #[] #() #'two words' 'it''s' $  1e+100 0.1)\n");
}

/* Selectors need their `#`, expressions do not belong there. */
UNIT_CASE(refused)
{
    test_has(test_parse("#(at: 1)", false), "a selector in a literal array needs a '#'");
    test_has(test_parse("#(+)", false), "a selector in a literal array needs a '#'");
    test_has(test_parse("#([1])", false), "expected a literal in the literal array, got '['");
    test_has(test_parse("#(self)", false), "expected a literal in the literal array, got 'self'");
    test_has(test_parse("#({1})", false), "expected a literal");
    test_has(test_parse("#(1 2", false), "expected ')' to close the literal array");
}

/* Bytes are from 0 to 255 and nothing else. */
UNIT_CASE(byte_arrays)
{
    test_is(test_parse("#[0 1 16rFF]", false), "(script #[0 1 255])\n");
    test_has(test_parse("#[256]", false), "a byte must be from 0 to 255");
    test_has(test_parse("#[-1]", false), "expected a byte or ']'");
    test_has(test_parse("#[1 $a]", false), "expected a byte or ']'", "got a character");
}

UNIT_MAIN("compiler/parser_literal", kinds, refused, byte_arrays)
