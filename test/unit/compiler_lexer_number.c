/* SPDX-License-Identifier: MIT */
/* Radix literals of any size are converted exactly. */
#include "base/rng.h"
#include "unit/compiler_support.h"

/* What a literal is, printed. */
static char *literal(const char *text)
{
    char *tree = test_parse(text, false);
    char *end = strrchr(tree, ')');
    ck_assert_msg(strncmp(tree, "(script ", 8) == 0 && end != NULL, "%s", tree);
    *end = '\0';
    memmove(tree, tree + 8, strlen(tree + 8) + 1);
    return tree;
}

/* The borders between small and big literals, with both signs. */
UNIT_CASE(borders)
{
    test_is(literal("2305843009213693951"), "2305843009213693951");
    test_is(literal("-2305843009213693952"), "-2305843009213693952");
    test_is(literal("2305843009213693952"), "2305843009213693952");
    test_is(literal("-2305843009213693953"), "-2305843009213693953");
    test_is(literal("-16r2000000000000000"), "-2305843009213693952");
    test_is(literal("-0"), "0");
    test_is(literal("-0.0"), "-0.0");
}

/* A power of two in radix 2 and in radix 16, and the decimal digits of it, agree at every
 * length. */
UNIT_CASE(powers_agree)
{
    for (uint32_t bits = 0; bits < 300; bits += 4) {
        struct mg_buf binary = {0};
        struct mg_buf hex = {0};
        mg_buf_puts(&binary, "2r1");
        mg_buf_puts(&hex, "16r1");
        for (uint32_t i = 0; i < bits; i++)
            mg_buf_putc(&binary, '0');
        for (uint32_t i = 0; i < bits / 4; i++)
            mg_buf_putc(&hex, '0');
        char *from_binary = literal(mg_buf_text(&binary));
        char *from_hex = literal(mg_buf_text(&hex));
        char *again = literal(from_hex);
        ck_assert_str_eq(from_binary, from_hex);
        ck_assert_str_eq(again, from_hex);
        mg_free(from_binary);
        mg_free(from_hex);
        mg_free(again);
        mg_buf_deinit(&binary);
        mg_buf_deinit(&hex);
    }
}

/* A radix literal longer than the limit is refused, a decimal one is not. */
UNIT_CASE(lengths)
{
    struct mg_buf text = {0};
    mg_buf_puts(&text, "16r");
    for (int i = 0; i < 60000; i++)
        mg_buf_putc(&text, '7');
    test_has(test_parse(mg_buf_text(&text), false), "integer with more than");
    char *decimal = literal(mg_buf_text(&text) + 3);
    ck_assert_uint_eq(strlen(decimal), 60000);
    mg_free(decimal);
    mg_buf_deinit(&text);
}

UNIT_MAIN("compiler/lexer_number", borders, powers_agree, lengths)
