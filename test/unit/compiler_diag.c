/* SPDX-License-Identifier: MIT */
/* Diagnostics: the excerpt, the caret, the limits. */
#include "compiler/diag.h"

#include <string.h>

#include "base/alloc.h"
#include "support/unit.h"

static struct mg_diags diags;

static char *print_one(const char *text, size_t len, struct mg_place place, uint32_t width)
{
    struct mg_source source = {.path = "a.mag", .text = text, .len = len};
    struct mg_buf out = {0};
    mg_diags_init(&diags);
    mg_diags_add(&diags, MG_SEVERITY_ERROR, &source, place, width, "no %s", "good");
    mg_diags_print(&diags, &out);
    mg_diags_deinit(&diags);
    return mg_buf_take(&out);
}

/* The caret stands under the place and the tail covers the width; the line ends at its end. */
UNIT_CASE(caret_under_place)
{
    char *text = print_one("ab\ncd efg\nh", 11, (struct mg_place){6, 2, 4}, 3);
    ck_assert_str_eq(text, "a.mag:2:4: error: no good\n    cd efg\n       ^~~\n");
    mg_free(text);
}

/* Tabs stand in the caret line as they do above it. */
UNIT_CASE(tabs_are_repeated)
{
    char *text = print_one("\tx\ty", 4, (struct mg_place){3, 1, 4}, 1);
    ck_assert_str_eq(text, "a.mag:1:4: error: no good\n    \tx\ty\n    \t \t^\n");
    mg_free(text);
}

/* What a terminal would act on, and what is no UTF-8, is shown as a question mark. */
UNIT_CASE(odd_bytes_are_masked)
{
    char *text = print_one("\x1b[2J\xff\xc3\xa9!", 8, (struct mg_place){7, 1, 8}, 1);
    ck_assert_str_eq(text, "a.mag:1:8: error: no good\n    ?[2J?\xc3\xa9!\n          ^\n");
    mg_free(text);
}

/* A place at the end of the text has an empty excerpt; a place beyond it is cut to the end. */
UNIT_CASE(end_of_text)
{
    char *text = print_one("a\n", 2, (struct mg_place){2, 2, 1}, 1);
    ck_assert_str_eq(text, "a.mag:2:1: error: no good\n    \n    ^\n");
    mg_free(text);
    text = print_one("a", 1, (struct mg_place){50, 9, 9}, 1);
    ck_assert_ptr_nonnull(strstr(text, "    a\n     ^\n"));
    mg_free(text);
}

/* A long line is cut on both sides. */
UNIT_CASE(long_lines_are_cut)
{
    static char line[5000];
    memset(line, 'x', sizeof line);
    char *text = print_one(line, sizeof line, (struct mg_place){2500, 1, 2501}, 1);
    ck_assert_uint_lt(strlen(text), 400);
    ck_assert_ptr_nonnull(strstr(text, "\n  ...xxx"));
    mg_free(text);
}

/* The same message for the same place is said once, and each severity has its limit. */
UNIT_CASE(repeats_and_limits)
{
    struct mg_source source = {.path = "a.mag", .text = "abc", .len = 3};
    struct mg_buf out = {0};
    mg_diags_init(&diags);
    for (int i = 0; i < 3; i++)
        mg_diags_add(&diags, MG_SEVERITY_WARNING, &source, (struct mg_place){1, 1, 2}, 1, "same");
    ck_assert_uint_eq(diags.warnings, 1);
    for (uint32_t i = 0; i < MG_DIAGS_KEPT + 7; i++)
        mg_diags_add(&diags, MG_SEVERITY_ERROR, &source, (struct mg_place){0, 1, 1}, 1, "e%u", i);
    ck_assert_uint_eq(diags.errors, MG_DIAGS_KEPT + 7);
    mg_diags_print(&diags, &out);
    ck_assert_ptr_nonnull(strstr(out.data, "... and 7 more errors\n"));
    ck_assert_ptr_null(strstr(out.data, "e100\n"));
    mg_buf_deinit(&out);
    mg_diags_deinit(&diags);
}

/* Printing goes by file, then by place, whatever the order of finding. */
UNIT_CASE(sorted_by_place)
{
    struct mg_source a = {.path = "a.mag", .text = "abc", .len = 3};
    struct mg_source b = {.path = "b.mag", .text = "abc", .len = 3};
    struct mg_buf out = {0};
    mg_diags_init(&diags);
    mg_diags_add(&diags, MG_SEVERITY_ERROR, &a, (struct mg_place){2, 1, 3}, 1, "second");
    mg_diags_add(&diags, MG_SEVERITY_ERROR, &b, (struct mg_place){0, 1, 1}, 1, "third");
    mg_diags_add(&diags, MG_SEVERITY_WARNING, &a, (struct mg_place){0, 1, 1}, 1, "first");
    mg_diags_add(&diags, MG_SEVERITY_WARNING, NULL, (struct mg_place){0}, 1, "no file");
    mg_diags_print(&diags, &out);
    const char *first = strstr(out.data, "first");
    const char *second = strstr(out.data, "second");
    const char *third = strstr(out.data, "third");
    ck_assert(first < second && second < third);
    ck_assert_ptr_nonnull(strstr(out.data, "warning: no file\n"));
    mg_buf_deinit(&out);
    mg_diags_deinit(&diags);
}

UNIT_MAIN("compiler/diag", caret_under_place, tabs_are_repeated, odd_bytes_are_masked, end_of_text,
          long_lines_are_cut, repeats_and_limits, sorted_by_place)
