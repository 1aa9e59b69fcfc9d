/* SPDX-License-Identifier: MIT */
/* TOML: every kind of value, and every way to write one wrong. */
#include <stdio.h>
#include <string.h>

#include "base/toml.h"
#include "support/unit.h"

/* Reads `v = ` and the text. The value, or NULL. */
static struct mg_toml *read(struct mg_arena *arena, const char *text, struct mg_toml_error *error)
{
    char line[400];
    struct mg_toml *root;
    int n = snprintf(line, sizeof line, "v = %s", text);
    ck_assert_int_lt(n, (int)sizeof line);
    return mg_toml_parse(arena, line, (size_t)n, &root, error) == 0 ? root->first : NULL;
}

static void expect_string(const char *text, const char *expected)
{
    struct mg_arena arena = {0};
    struct mg_toml_error error = {.text = ""};
    struct mg_toml *value = read(&arena, text, &error);
    if (value == NULL || value->kind != MG_TOML_STRING)
        ck_abort_msg("%s: %s", text, error.text);
    ck_assert_str_eq(value->text, expected);
    ck_assert_uint_eq(value->len, strlen(expected));
    mg_arena_deinit(&arena);
}

static void expect_integer(const char *text, int64_t expected)
{
    struct mg_arena arena = {0};
    struct mg_toml_error error = {.text = ""};
    struct mg_toml *value = read(&arena, text, &error);
    if (value == NULL || value->kind != MG_TOML_INTEGER)
        ck_abort_msg("%s: %s", text, error.text);
    ck_assert_int_eq(value->integer, expected);
    mg_arena_deinit(&arena);
}

static void expect_real(const char *text, double expected)
{
    struct mg_arena arena = {0};
    struct mg_toml_error error = {.text = ""};
    struct mg_toml *value = read(&arena, text, &error);
    if (value == NULL || value->kind != MG_TOML_FLOAT)
        ck_abort_msg("%s: %s", text, error.text);
    ck_assert_double_eq(value->real, expected);
    mg_arena_deinit(&arena);
}

/* `column` counts in the text alone. */
static void expect_error(const char *text, uint32_t column, const char *what)
{
    struct mg_arena arena = {0};
    struct mg_toml_error error = {.text = ""};
    if (read(&arena, text, &error) != NULL)
        ck_abort_msg("%s is accepted", text);
    if (strstr(error.text, what) == NULL || (column != 0 && error.column != column + 4))
        ck_abort_msg("%s: %u: %s", text, error.column - 4, error.text);
    mg_arena_deinit(&arena);
}

UNIT_CASE(strings)
{
    expect_string("\"\"", "");
    expect_string("\"a\\tb\\n\\\"\\\\\\u00e9\\U0001F600\"", "a\tb\n\"\\\xC3\xA9\xF0\x9F\x98\x80");
    expect_string("'a\\tb\"'", "a\\tb\"");
    expect_string("\"\"\"\na\n b\\\n   c \"\" d\"\"\"", "a\n b"
                                                        "c \"\" d");
    expect_string("\"\"\"a\\   \r\n\r\n  b\"\"\"\"\"", "ab\"\"");
    expect_string("'''\r\n'a' \\ ''b\r\n'''", "'a' \\ ''b\n");
    expect_string("\"\xC3\xA9\"", "\xC3\xA9");
    expect_error("\"a", 3, "not closed");
    expect_error("'a\n'", 3, "not closed");
    expect_error("\"\"\"a\"\"", 7, "not closed");
    expect_error("\"\\q\"", 3, "no such escape");
    expect_error("\"\\u12\"", 6, "4 hexadecimal digits");
    expect_error("\"\\uD800\"", 0, "U+D800");
    expect_error("\"\\u0000\"", 0, "U+0000");
    expect_error("\"a\x01\"", 3, "control character");
    expect_error("'a\x7F'", 3, "control character");
}

UNIT_CASE(numbers)
{
    expect_integer("0", 0);
    expect_integer("-0", 0);
    expect_integer("+1_000", 1000);
    expect_integer("-9223372036854775808", INT64_MIN);
    expect_integer("9223372036854775807", INT64_MAX);
    expect_integer("0xdead_BEEF", 0xdeadbeef);
    expect_integer("0o755", 0755);
    expect_integer("0b1101", 13);
    expect_real("3.5", 3.5);
    expect_real("-0.25e+2", -25);
    expect_real("1e3", 1000);
    expect_real("6.02_2E23", 6.022e23);
    expect_error("9223372036854775808", 1, "64 bits");
    expect_error("0x1_0000_0000_0000_0000", 1, "64 bits");
    expect_error("1e999", 1, "too large");
    static const char *const bad[] = {"01", "1__0", "1_",  "_1", "1.", ".5", "1.e2", "1_e2", "1e",
                                      "0x", "0xg",  "0b2", "+",  "-",  "",   "yes",  "nil",  "--1"};
    for (size_t i = 0; i < MG_ARRAY_LEN(bad); i++)
        expect_error(bad[i], 1, "a value should stand here");
    expect_error("1x", 2, "line should end");
    expect_error("1979-05-27", 1, "dates and times");
    expect_error("07:32:00", 1, "dates and times");
    expect_error("inf", 1, "not supported");
    expect_error("-nan", 1, "not supported");
}

UNIT_CASE(the_others)
{
    struct mg_arena arena = {0};
    struct mg_toml_error error;
    ck_assert(read(&arena, "true", &error)->truth);
    ck_assert_int_eq(read(&arena, "false # no", &error)->kind, MG_TOML_BOOLEAN);
    struct mg_toml *array = read(&arena, "[ 1, 'a', # c\n [true,],\n {x = 1},\n]", &error);
    ck_assert_uint_eq(array->count, 4);
    ck_assert_uint_eq(array->first->next->column, 10);
    ck_assert_uint_eq(array->last->line, 3);
    ck_assert_uint_eq(array->last->column, 2);
    mg_arena_deinit(&arena);
    expect_error("[1 2]", 4, "`,` or `]`");
    expect_error("[1,\n", 0, "a value should stand here");
    expect_error("[,]", 2, "a value should stand here");
    expect_error("{ a = 1", 8, "`,` or `}`");
    expect_error("{ a = 1, }", 10, "a key should stand here");
    expect_error("{ a = 1\n}", 8, "`,` or `}`");
    expect_error("truely", 5, "line should end");
}

UNIT_MAIN("base/toml_value", strings, numbers, the_others)
