/* SPDX-License-Identifier: MIT */
/* Reading any bytes as TOML: a tree whose places lie in the text and whose strings are text, or an
 * error with a place and a message. */
#include <string.h>

#include "base/assert.h"
#include "base/toml.h"
#include "base/utf8.h"
#include "support/fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    {"[project]\nname = \"chat\"\nnamespace = 'Chat'\n\n[source]\ndirs = [\"src\", \"lib\"]\n", 0},
    {"a.b.c = 1\na.b.d = -0x1F\n\"q\\u00e9\" = 1_000.5e-3 # end\n[a.e]\n[[x]]\ny = 1\n[[x]]\n", 0},
    {"t = { a = true, b = { c = [1, [2, 3],\n # c\n 4,] } }\r\ns = \"\"\"\n a\\\n  b\"\"\"\"\n", 0},
    {"\xEF\xBB\xBF[application]\nmain = \"App\"\nlit = '''\n'x' ''\n'''\n[environment]\nport = 80",
     0},
    {NULL, 0},
};
const char *const fuzz_words[] = {"[",     "]]",   "=",    ".",   "\"\"\"", "'''", "\\",
                                  "\\u12", "{",    "}",    "0x",  "1e9",    "_",   "\r\n",
                                  "#",     "\xC3", "true", "inf", ",",      NULL};

static void check(const struct mg_toml *value, uint32_t lines, uint32_t depth)
{
    CHECK(value->line >= 1 && value->line <= lines && value->column >= 1);
    CHECK(depth <= 2 * MG_TOML_DEPTH_MAX);
    if (value->key != NULL) {
        CHECK(strlen(value->key) == value->key_len);
        CHECK(mg_utf8_valid((const uint8_t *)value->key, value->key_len));
    }
    if (value->kind == MG_TOML_STRING) {
        CHECK(strlen(value->text) == value->len);
        CHECK(mg_utf8_valid((const uint8_t *)value->text, value->len));
    }
    uint32_t count = 0;
    for (const struct mg_toml *below = value->first; below != NULL; below = below->next) {
        CHECK((below->key != NULL) == (value->kind == MG_TOML_TABLE));
        check(below, lines, depth + 1);
        count++;
    }
    CHECK(count == value->count);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct mg_arena arena = {0};
    struct mg_toml_error error = {0};
    struct mg_toml *root = NULL;
    uint32_t lines = 1;
    for (size_t i = 0; i < n; i++)
        lines += data[i] == '\n';
    if (mg_toml_parse(&arena, (const char *)data, n, &root, &error) == 0) {
        check(root, lines, 0);
        CHECK((mg_toml_unused(root) == NULL) == (root->first == NULL));
        mg_toml_use(root);
        CHECK(mg_toml_unused(root) == NULL);
    } else {
        CHECK(error.line >= 1 && error.line <= lines && error.column >= 1 && error.text[0] != '\0');
    }
    mg_arena_deinit(&arena);
}
