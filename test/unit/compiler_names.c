/* SPDX-License-Identifier: MIT */
/* Names are kept once; selectors know their arity. */
#include "compiler/names.h"

#include <string.h>

#include "support/unit.h"

/* Equal bytes give the same name, different ones another; lengths count, not terminators. */
UNIT_CASE(interned_once)
{
    struct mg_arena arena = {0};
    struct mg_names names;
    mg_names_init(&names, &arena);
    const struct mg_name *foo = mg_name(&names, "foobar", 3);
    ck_assert_ptr_eq(foo, mg_name_of(&names, "foo"));
    ck_assert_ptr_ne(foo, mg_name_of(&names, "foob"));
    ck_assert_str_eq(foo->text.bytes, "foo");
    ck_assert(mg_name_is(foo, "foo"));
    ck_assert(!mg_name_is(foo, "foobar"));
    ck_assert(!mg_name_is(NULL, "foo"));
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
}

/* Unary, binary and keyword selectors. */
UNIT_CASE(arity_of_selectors)
{
    ck_assert_uint_eq(mg_selector_arity(mg_text_of("foo")), 0);
    ck_assert_uint_eq(mg_selector_arity(mg_text_of("at:put:")), 2);
    ck_assert_uint_eq(mg_selector_arity(mg_text_of("+")), 1);
    ck_assert_uint_eq(mg_selector_arity(mg_text_of("|")), 1);
    ck_assert_uint_eq(mg_selector_arity(mg_text_of("->")), 1);
    ck_assert_uint_eq(mg_selector_arity(mg_text_of("")), 0);
}

/* Texts are equal by content. */
UNIT_CASE(texts_by_content)
{
    ck_assert(mg_text_equal(mg_text_of("abc"), (struct mg_text){"abcd", 3}));
    ck_assert(!mg_text_equal(mg_text_of("abc"), mg_text_of("abd")));
    ck_assert(mg_text_equal((struct mg_text){NULL, 0}, mg_text_of("")));
}

UNIT_MAIN("compiler/names", interned_once, arity_of_selectors, texts_by_content)
