/* SPDX-License-Identifier: MIT */
/* Lexing any bytes: tokens stand in order, within the text, and the last is the end of input.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "compiler/lexer.h"
#include "support/fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    {"#!/usr/bin/env maggie\nX subclass: Object \"c\" method: a: b [ ^'it''s' , #at:put: ]", 0},
    {"16rFF 1e3 2.5e-3 99999999999999999999 -7 x-1 a>-1 $' #'two words' #+ # comment\n", 0},
    {"\"\"\"\n  doc\n    more\n\"\"\" #( #[ #{ { } ] ) := :: : ; . ^ | || ~>", 0},
    {"gr\xC3\xBC\xC3\x9F A::B::c: \xE2\x82\xAC", 0},
    {NULL, 0},
};
const char *const fuzz_words[] = {"'", "\"",           "\"\"\"", "#'",   "::", "16r", "e99", "$",
                                  "#", "\xEF\xBB\xBF", "\xC3",   "\r\n", "|",  "->",  NULL};

void fuzz_one(const uint8_t *data, size_t n)
{
    struct mg_source source = {.path = "fuzz", .text = (const char *)data, .len = n};
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    struct mg_tokens tokens;
    struct mg_buf out = {0};
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    mg_lex(&source, &arena, &names, &diags, &tokens);
    uint32_t end = 0;
    for (uint32_t i = 0; i < tokens.count; i++) {
        const struct mg_token *token = &tokens.items[i];
        CHECK(token->place.offset >= end && token->kind < MG_TOKEN_KIND_COUNT);
        CHECK((token->kind == MG_TOKEN_EOF) == (i + 1 == tokens.count));
        CHECK(token->place.line >= 1 && token->place.column >= 1);
        end = token->place.offset + token->len;
        CHECK(end <= n);
    }
    mg_diags_print(&diags, &out);
    mg_buf_deinit(&out);
    mg_free(tokens.items);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
}
