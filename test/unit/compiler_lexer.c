/* SPDX-License-Identifier: MIT */
/* Tokens: their kinds, places and texts, and what is no token. */
#include "compiler/lexer.h"

#include "unit/compiler_support.h"

static const char *const kind_names[MG_TOKEN_KIND_COUNT] = {
    [MG_TOKEN_EOF] = "eof",        [MG_TOKEN_IDENTIFIER] = "id",   [MG_TOKEN_KEYWORD] = "kw",
    [MG_TOKEN_OPERATOR] = "op",    [MG_TOKEN_BAR] = "bar",         [MG_TOKEN_INTEGER] = "int",
    [MG_TOKEN_FLOAT] = "float",    [MG_TOKEN_STRING] = "str",      [MG_TOKEN_SYMBOL] = "sym",
    [MG_TOKEN_CHARACTER] = "char", [MG_TOKEN_DOCSTRING] = "doc",   [MG_TOKEN_SELF] = "self",
    [MG_TOKEN_SUPER] = "super",    [MG_TOKEN_NIL] = "nil",         [MG_TOKEN_TRUE] = "true",
    [MG_TOKEN_FALSE] = "false",    [MG_TOKEN_CONTEXT] = "context", [MG_TOKEN_LPAREN] = "(",
    [MG_TOKEN_RPAREN] = ")",       [MG_TOKEN_LBRACKET] = "[",      [MG_TOKEN_RBRACKET] = "]",
    [MG_TOKEN_LBRACE] = "{",       [MG_TOKEN_RBRACE] = "}",        [MG_TOKEN_ARRAY] = "#(",
    [MG_TOKEN_BYTES] = "#[",       [MG_TOKEN_DICTIONARY] = "#{",   [MG_TOKEN_CARET] = "^",
    [MG_TOKEN_PERIOD] = ".",       [MG_TOKEN_SEMICOLON] = ";",     [MG_TOKEN_COLON] = ":",
    [MG_TOKEN_ASSIGN] = ":=",
};

static void put_token(const struct mg_token *token, struct mg_buf *out)
{
    mg_buf_printf(out, "%s", kind_names[token->kind]);
    switch (token->kind) {
    case MG_TOKEN_IDENTIFIER:
    case MG_TOKEN_KEYWORD:
    case MG_TOKEN_OPERATOR:
        mg_buf_printf(out, "=%s", token->as.name->text.bytes);
        break;
    case MG_TOKEN_STRING:
    case MG_TOKEN_SYMBOL:
    case MG_TOKEN_DOCSTRING:
        mg_buf_printf(out, "=%.*s", (int)token->text.len, token->text.bytes);
        break;
    case MG_TOKEN_INTEGER:
    case MG_TOKEN_CHARACTER:
        if (token->as.magnitude == MG_TOKEN_BIG)
            mg_buf_printf(out, "=%s", token->text.bytes);
        else
            mg_buf_printf(out, "=%llu", (unsigned long long)token->as.magnitude);
        break;
    case MG_TOKEN_FLOAT:
        mg_buf_printf(out, "=%g", token->as.real);
        break;
    default:
        break;
    }
}

static char *lex_bytes(const char *text, size_t len, bool places)
{
    struct mg_source source = {.path = "t.mag", .text = text, .len = len};
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    struct mg_tokens tokens;
    struct mg_buf out = {0};
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    mg_lex(&source, &arena, &names, &diags, &tokens);
    for (uint32_t i = 0; i < tokens.count; i++) {
        if (i > 0)
            mg_buf_putc(&out, ' ');
        put_token(&tokens.items[i], &out);
        if (places)
            mg_buf_printf(&out, "@%u:%u%s", tokens.items[i].place.line,
                          tokens.items[i].place.column, tokens.items[i].first_on_line ? "!" : "");
    }
    if (diags.errors > 0) {
        mg_buf_putc(&out, '\n');
        mg_diags_print(&diags, &out);
    }
    mg_free(tokens.items);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
    return mg_buf_take(&out);
}

static char *lex(const char *text)
{
    return lex_bytes(text, strlen(text), false);
}

/* Names, keywords, qualified names and reserved words. */
UNIT_CASE(words)
{
    test_is(lex("a _b1 at: A::B x:=1"), "id=a id=_b1 kw=at: id=A::B id=x := int=1 eof");
    test_is(lex("self super nil true false thisContext selfish"),
            "self super nil true false context id=selfish eof");
    test_is(lex("A::B c: A:: B"), "id=A::B kw=c: kw=A: : id=B eof");
    test_is(lex("gr\xc3\xb6\xc3\x9f"
                "e"),
            "id=gr\xc3\xb6\xc3\x9f"
            "e eof");
}

/* The longest run, but never over the minus of a number, and a leading bar stands alone. */
UNIT_CASE(operators)
{
    test_is(lex("a>=b>-1 3--2 1->-2"),
            "id=a op=>= id=b op=> op=- int=1 int=3 op=- op=- int=2 int=1 op=-> op=- int=2 eof");
    test_is(lex("|| a=|b ~> \\\\ , //"), "bar bar id=a op==| id=b op=~> op=\\\\ op=, op=// eof");
    test_is(lex("-1 - 1 x-1"), "op=- int=1 op=- int=1 id=x op=- int=1 eof");
}

/* Comments of both kinds; an empty comment; no comment after `#` and a word. */
UNIT_CASE(comments)
{
    test_is(lex("a \"x\ny\" b # c d\ne \"\" f #\n#"), "id=a id=b id=e id=f eof");
    test_is(lex("#!/usr/bin/env maggie\nx"), "id=x eof");
    test_is(lex("\xef\xbb\xbf#!x\ny"), "id=y eof");
}

/* Integers in all radixes, floats with an exponent or a point. */
UNIT_CASE(numbers)
{
    test_is(lex("42 007 16rFF 2r1010 36rZz 16rff"),
            "int=42 int=7 int=255 int=10 int=1295 int=255 eof");
    test_is(lex("1e3 2.5e-3 1E+2 7. 3.25"), "float=1000 float=0.0025 float=100 int=7 . float=3.25 "
                                            "eof");
    test_is(lex("2305843009213693952 2305843009213693953 18446744073709551616"),
            "int=2305843009213693952 int=2305843009213693953 int=18446744073709551616 eof");
    test_is(lex("16rFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
            "int=340282366920938463463374607431768211455 eof");
    test_is(lex("00000000000000000000000000000000000001 0"), "int=1 int=0 eof");
}

/* Digits glued to letters, digits outside of the radix, missing digits, overflow. */
UNIT_CASE(bad_numbers)
{
    test_has(lex("12abc"), "malformed number");
    test_has(lex("1_000"), "malformed number");
    test_has(lex("3.14s2"), "malformed number");
    test_has(lex("1e"), "malformed number");
    test_has(lex("2r102"), "'2' is no digit in radix 2");
    test_has(lex("16r"), "expected digits after '16r'");
    test_has(lex("1r0"), "bad radix");
    test_has(lex("99r1"), "bad radix");
    test_has(lex("1e999"), "out of range");
    test_has(lex("1e-999"), "float=0 eof");
}

/* Strings, symbols and characters with whatever is in them. */
UNIT_CASE(texts)
{
    test_is(lex("'it''s' '' 'a\nb'"), "str=it's str= str=a\nb eof");
    test_is(lex("#foo #at:put: #a:b #+ #-> #'two words' #| #x:=3"),
            "sym=foo sym=at:put: sym=a:b sym=+ sym=-> sym=two words sym=| sym=x := int=3 eof");
    test_is(lex("$a $' $  $\xe2\x82\xac $$"), "char=97 char=39 char=32 char=8364 char=36 eof");
    test_is(lex("#( #[ #{"), "#( #[ #{ eof");
}

/* Docstrings lose the indentation their lines share, and blank ends. */
UNIT_CASE(docstrings)
{
    test_is(lex("\"\"\"  one\n    two\n      three\n\n    four\n  \"\"\""),
            "doc=one\ntwo\n  three\n\nfour eof");
    test_is(lex("\"\"\"\"\"\" \"\"\" \"x\" \"\"\""), "doc= doc=\"x\" eof");
}

/* Places count code points and lines of every kind of line end; the first token of a line knows. */
UNIT_CASE(places)
{
    const char *text = "a\tb\r\n \xc3\xa9 'x\ny' z\rq";
    test_is(lex_bytes(text, strlen(text), true),
            "id=a@1:1! id=b@1:3 id=\xc3\xa9@2:2! str=x\ny@2:4 id=z@3:4 id=q@4:1! eof@4:2");
}

/* What does not end is reported where it began. */
UNIT_CASE(unterminated)
{
    test_has(lex("a 'b"), "1:3: error: unterminated string");
    test_has(lex("#'b"), "1:1: error: unterminated symbol");
    test_has(lex("\"b"), "1:1: error: unterminated comment");
    test_has(lex("\"\"\"b\"\""), "1:1: error: unterminated docstring");
    test_has(lex("$"), "expected a character after '$'");
}

/* Characters that mean nothing, and files that are no text. */
UNIT_CASE(rubbish)
{
    test_has(lex("a \xc2\xa7 b"), "id=a id=b eof", "unexpected character: \xc2\xa7");
    test_has(lex("a \xc2\xa0 b"), "unexpected character U+00A0");
    test_has(lex("a \f b"), "unexpected character U+000C");
    test_has(lex("## a"), "stray '#'");
    test_has(lex("#A::B"), "a symbol with '::' needs quotes");
    test_has(lex_bytes("ab\n\xff"
                       "c",
                       5, false),
             "eof\n", "2:1: error: this is no UTF-8 text");
    test_has(lex_bytes("ab\0c", 4, false), "eof\n", "1:3: error: unexpected NUL");
    test_is(lex_bytes("", 0, false), "eof");
}

UNIT_MAIN("compiler/lexer", words, operators, comments, numbers, bad_numbers, texts, docstrings,
          places, unterminated, rubbish)
