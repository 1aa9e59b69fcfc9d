/* SPDX-License-Identifier: MIT */
/* The list of codes: each has a text and a name, and the system's numbers map into it. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "support/unit.h"

/* E1: every code is negative, and its text and name are its own. */
UNIT_CASE(codes_are_distinct)
{
    static const struct {
        int code;
        const char *name, *text;
    } all[] = {
#define ERROR_ROW(name, value, text) {name, #name, text},
        MG_ERROR_LIST(ERROR_ROW)
#undef ERROR_ROW
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(all); i++) {
        ck_assert_int_lt(all[i].code, 0);
        ck_assert_str_eq(mg_error_name(all[i].code), all[i].name);
        ck_assert_str_eq(mg_error_text(all[i].code), all[i].text);
        for (size_t k = 0; k < i; k++) {
            ck_assert_int_ne(all[i].code, all[k].code);
            ck_assert_str_ne(all[i].text, all[k].text);
        }
    }
}

/* Numbers that are no codes have words too. */
UNIT_CASE(others_have_words)
{
    ck_assert_str_eq(mg_error_text(0), "success");
    ck_assert_str_eq(mg_error_text(-9999), "unknown error");
    ck_assert_str_eq(mg_error_text(1), "unknown error");
    ck_assert_str_eq(mg_error_name(-9999), "?");
}

/* Every errno gives a code, the telling ones their own. */
UNIT_CASE(errno_is_translated)
{
    ck_assert_int_eq(mg_error_from_errno(ENOENT), MG_ENOENT);
    ck_assert_int_eq(mg_error_from_errno(EPERM), MG_EACCES);
    ck_assert_int_eq(mg_error_from_errno(ENOMEM), MG_ENOMEM);
    ck_assert_int_eq(mg_error_from_errno(EISDIR), MG_EISDIR);
    for (int number = -1; number < 200; number++)
        ck_assert_str_ne(mg_error_name(mg_error_from_errno(number)), "?");
}

UNIT_MAIN("base/error", codes_are_distinct, others_have_words, errno_is_translated)
