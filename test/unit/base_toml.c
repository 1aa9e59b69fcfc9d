/* SPDX-License-Identifier: MIT */
/* TOML: tables, keys, what may not be defined twice, places of errors, what was not asked for. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/toml.h"
#include "support/unit.h"

static void print(const struct mg_toml *value, struct mg_buf *out)
{
    bool table = value->kind == MG_TOML_TABLE;
    switch (value->kind) {
    case MG_TOML_STRING:
        mg_buf_printf(out, "'%s'", value->text);
        return;
    case MG_TOML_INTEGER:
        mg_buf_printf(out, "%lld", (long long)value->integer);
        return;
    case MG_TOML_FLOAT:
        mg_buf_printf(out, "%g", value->real);
        return;
    case MG_TOML_BOOLEAN:
        mg_buf_puts(out, value->truth ? "true" : "false");
        return;
    default:
        break;
    }
    mg_buf_puts(out, table ? "{" : "[");
    for (const struct mg_toml *below = value->first; below != NULL; below = below->next) {
        if (below != value->first)
            mg_buf_puts(out, " ");
        if (table)
            mg_buf_printf(out, "%s=", below->key);
        print(below, out);
    }
    mg_buf_puts(out, table ? "}" : "]");
}

static void expect(const char *text, const char *expected)
{
    struct mg_arena arena = {0};
    struct mg_toml *root;
    struct mg_toml_error error;
    struct mg_buf out;
    mg_buf_init(&out);
    if (mg_toml_parse(&arena, text, strlen(text), &root, &error) == 0)
        print(root, &out);
    else
        mg_buf_printf(&out, "%u:%u: %s", error.line, error.column, error.text);
    ck_assert_str_eq(mg_buf_text(&out), expected);
    mg_buf_deinit(&out);
    mg_arena_deinit(&arena);
}

UNIT_CASE(tables_and_keys)
{
    expect("", "{}");
    expect("# nothing\n\n  \t\r\n", "{}");
    expect("a = 1", "{a=1}");
    expect("a = 1 # one\r\nb-2_X = 2\n", "{a=1 b-2_X=2}");
    expect("[a]\nx = 1\n[b.c]\ny = 2\n[b]\nz = 3\n", "{a={x=1} b={c={y=2} z=3}}");
    expect("a.b.c = 1\na . b . d = 2\na.e = 3\n", "{a={b={c=1 d=2} e=3}}");
    expect("\"two words\" = 1\n'' = 2\n\"\\u00e9\".x = 3\n", "{two words=1 =2 \xC3\xA9={x=3}}");
    expect("[[a]]\nx=1\n[[a]]\nx=2\n[a.b]\ny=3\n", "{a=[{x=1} {x=2 b={y=3}}]}");
    expect("[f]\na.b = 1\n[f.a.c]\nd = 2\n", "{f={a={b=1 c={d=2}}}}");
    expect("\xEF\xBB\xBFt = {}\nu = { a = 1, b.c = 2 }\n", "{t={} u={a=1 b={c=2}}}");
}

UNIT_CASE(nothing_twice)
{
    expect("a = 1\na = 2\n", "2:1: `a` is defined already, in line 1");
    expect("[a]\n[b]\n[a]\n", "3:2: `a` is defined already, in line 1");
    expect("a = 1\n[a]\n", "2:2: `a` is defined already, in line 1");
    expect("a.b = 1\n[a]\n", "2:2: `a` is defined already, in line 1");
    expect("[a.b]\n[a]\nb.c = 1\n", "3:1: `b` is defined already, in line 1");
    expect("a = {}\na.b = 1\n", "2:1: `a` is defined already, in line 1");
    expect("a = { b = 1, b = 2 }\n", "1:14: `b` is defined already, in line 1");
    expect("a = []\n[[a]]\n", "2:3: `a` is defined already, in line 1");
    expect("[[a]]\n[a]\n", "2:2: `a` is defined already, in line 1");
    expect("a = [{}]\n[a.b]\n", "2:2: `a` is defined already, in line 1");
}

UNIT_CASE(errors_have_places)
{
    expect("a\n", "1:2: a key is followed by `=`");
    expect("\n  = 1\n", "2:3: a key should stand here");
    expect("[a\n", "1:3: a header ends with `]`");
    expect("[[a]\n", "1:5: a header ends with `]]`");
    expect("[]\n", "1:2: a key should stand here");
    expect("[a] b\n", "1:5: the line should end here");
    expect("\xC3\xA9 = 1", "1:1: a key should stand here");
    expect("a = '\xC3\xA9\xC3\xA9' 2\n", "1:10: the line should end here");
    expect("a = 1 b = 2\n", "1:7: the line should end here");
    expect("a = 1\rb = 2\n", "1:6: a carriage return without a line feed");
    expect("# \x01\n", "1:3: a control character in a comment");
    expect("a = 1\nb = \xFF\n", "2:5: the text is not UTF-8");
}

UNIT_CASE(limits)
{
    struct mg_buf text;
    mg_buf_init(&text);
    for (int i = 0; i < 40; i++)
        mg_buf_puts(&text, "a.");
    mg_buf_puts(&text, "a = 1");
    expect(mg_buf_text(&text), "1:65: more than 32 keys in a row");
    mg_buf_clear(&text);
    mg_buf_puts(&text, "a = ");
    for (int i = 0; i < 2000; i++)
        mg_buf_puts(&text, "[");
    expect(mg_buf_text(&text), "1:36: values are nested more than 32 deep");
    mg_buf_clear(&text);
    for (int i = 0; i <= MG_TOML_KEYS_MAX; i++)
        mg_buf_printf(&text, "k%d = 1\n", i);
    expect(mg_buf_text(&text), "1001:1: more than 1000 keys in one table");
    mg_buf_clear(&text);
    mg_buf_puts(&text, "a = [");
    for (int i = 0; i <= MG_TOML_VALUES_MAX; i++)
        mg_buf_puts(&text, "1,\n");
    mg_buf_puts(&text, "]");
    expect(mg_buf_text(&text), "19999:1: more than 20000 values");
    mg_buf_clear(&text);
    while (text.len <= MG_TOML_TEXT_MAX)
        mg_buf_puts(&text, "# a long comment\n");
    expect(mg_buf_text(&text), "1:1: the text is longer than 1048576 bytes");
    mg_buf_deinit(&text);
}

UNIT_CASE(what_nobody_asked_for)
{
    static const char text[] = "[a]\nx = 1\ny = 2\n[b]\nz = [{ q = 1 }]\n";
    struct mg_arena arena = {0};
    struct mg_toml *root;
    struct mg_toml_error error;
    ck_assert_int_eq(mg_toml_parse(&arena, text, strlen(text), &root, &error), 0);
    ck_assert_str_eq(mg_toml_unused(root)->key, "a");
    struct mg_toml *a = mg_toml_get(root, "a");
    ck_assert_int_eq(mg_toml_get(a, "x")->integer, 1);
    ck_assert_ptr_null(mg_toml_get(a, "nothing"));
    ck_assert_ptr_null(mg_toml_get(NULL, "x"));
    ck_assert_ptr_null(mg_toml_get(mg_toml_get(a, "x"), "x"));
    const struct mg_toml *y = mg_toml_unused(root);
    ck_assert_str_eq(y->key, "y");
    ck_assert_uint_eq(y->line, 3);
    mg_toml_use(a);
    struct mg_toml *z = mg_toml_get(mg_toml_get(root, "b"), "z");
    ck_assert_uint_eq(z->count, 1);
    ck_assert_str_eq(mg_toml_unused(root)->key, "q");
    mg_toml_get(z->first, "q");
    ck_assert_ptr_null(mg_toml_unused(root));
    mg_arena_deinit(&arena);
}

UNIT_MAIN("base/toml", tables_and_keys, nothing_twice, errors_have_places, limits,
          what_nobody_asked_for)
