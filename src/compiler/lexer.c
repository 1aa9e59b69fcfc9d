/* SPDX-License-Identifier: MIT */
/* One function for each kind of token; the dispatcher is at the end. */
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "compiler/lexer_internal.h"

char mg_lexer_peek(const struct mg_lexer *lexer, size_t ahead)
{
    size_t at = lexer->pos + ahead;
    return at < lexer->source->len ? lexer->source->text[at] : 0;
}

static bool at_end(const struct mg_lexer *lexer)
{
    return lexer->pos >= lexer->source->len;
}

void mg_lexer_skip(struct mg_lexer *lexer, size_t n)
{
    lexer->pos += n;
    lexer->column += (uint32_t)n;
}

struct mg_place mg_lexer_place(const struct mg_lexer *lexer)
{
    return (struct mg_place){(uint32_t)lexer->pos, lexer->line, lexer->column};
}

void mg_lexer_error(struct mg_lexer *lexer, struct mg_place place, uint32_t width, const char *fmt,
                    ...)
{
    va_list args;
    va_start(args, fmt);
    mg_diags_vadd(lexer->diags, MG_SEVERITY_ERROR, lexer->source, place, width, fmt, args);
    va_end(args);
}

/* Moves over one code point of any kind and keeps line and column right. Answers it. The text has
 * been checked (L3). */
static uint32_t next_code_point(struct mg_lexer *lexer)
{
    const struct mg_source *source = lexer->source;
    uint32_t cp = 0;
    int len =
        mg_utf8_decode((const uint8_t *)source->text + lexer->pos, source->len - lexer->pos, &cp);
    ASSERT(len > 0);
    lexer->pos += (size_t)len;
    if (cp == '\n' || (cp == '\r' && mg_lexer_peek(lexer, 0) != '\n')) {
        lexer->line++;
        lexer->column = 1;
        lexer->fresh_line = true;
    } else {
        lexer->column++;
    }
    return cp;
}

bool mg_lexer_at_letter(const struct mg_lexer *lexer, size_t *len)
{
    char c = mg_lexer_peek(lexer, 0);
    *len = 1;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return true;
    if ((uint8_t)c < 0x80)
        return false;
    uint32_t cp;
    *len = (size_t)mg_utf8_decode((const uint8_t *)lexer->source->text + lexer->pos,
                                  lexer->source->len - lexer->pos, &cp);
    return *len > 0 && mg_cp_is_letter(cp);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void mg_lexer_skip_word(struct mg_lexer *lexer)
{
    size_t len;
    for (;;) {
        if (is_digit(mg_lexer_peek(lexer, 0)))
            len = 1;
        else if (!mg_lexer_at_letter(lexer, &len))
            return;
        lexer->pos += len;
        lexer->column++;
    }
}

bool mg_is_operator_byte(char c)
{
    return c != 0 && strchr("+-*/\\~<>=@%|&?!,", c) != NULL;
}

/* Moves over a run of operator bytes: it ends before a minus that starts a number, unless that is
 * its first byte. */
static void skip_operator(struct mg_lexer *lexer)
{
    do
        mg_lexer_skip(lexer, 1);
    while (mg_is_operator_byte(mg_lexer_peek(lexer, 0)) &&
           !(mg_lexer_peek(lexer, 0) == '-' && is_digit(mg_lexer_peek(lexer, 1))));
}

static const struct mg_name *name_from(struct mg_lexer *lexer, size_t begin)
{
    return mg_name(lexer->names, lexer->source->text + begin, lexer->pos - begin);
}

static uint8_t reserved_kind(const struct mg_name *name)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } reserved[] = {
        {"self", MG_TOKEN_SELF}, {"super", MG_TOKEN_SUPER}, {"nil", MG_TOKEN_NIL},
        {"true", MG_TOKEN_TRUE}, {"false", MG_TOKEN_FALSE}, {"thisContext", MG_TOKEN_CONTEXT},
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(reserved); i++) {
        if (mg_name_is(name, reserved[i].word))
            return reserved[i].kind;
    }
    return MG_TOKEN_IDENTIFIER;
}

/* An identifier, a qualified name or a keyword; its first letter is at the position. */
static void lex_word(struct mg_lexer *lexer, struct mg_token *token)
{
    size_t begin = lexer->pos;
    size_t len;
    bool qualified = false;
    mg_lexer_skip_word(lexer);
    while (mg_lexer_peek(lexer, 0) == ':' && mg_lexer_peek(lexer, 1) == ':') {
        struct mg_lexer before = *lexer;
        mg_lexer_skip(lexer, 2);
        if (!mg_lexer_at_letter(lexer, &len)) {
            *lexer = before;
            break;
        }
        mg_lexer_skip_word(lexer);
        qualified = true;
    }
    if (!qualified && mg_lexer_peek(lexer, 0) == ':' && mg_lexer_peek(lexer, 1) != '=') {
        mg_lexer_skip(lexer, 1);
        token->kind = MG_TOKEN_KEYWORD;
        token->as.name = name_from(lexer, begin);
        return;
    }
    token->as.name = name_from(lexer, begin);
    token->kind = qualified ? MG_TOKEN_IDENTIFIER : reserved_kind(token->as.name);
}

/* The text up to the closing quote, doubled quotes made single; the opening one has been passed. */
static struct mg_text quoted_text(struct mg_lexer *lexer, struct mg_place begin, const char *what)
{
    struct mg_buf text = {0};
    for (;;) {
        if (at_end(lexer)) {
            mg_lexer_error(lexer, begin, 1, "unterminated %s", what);
            lexer->diags->incomplete = true;
            break;
        }
        size_t from = lexer->pos;
        uint32_t cp = next_code_point(lexer);
        if (cp == '\'') {
            if (mg_lexer_peek(lexer, 0) != '\'')
                break;
            mg_lexer_skip(lexer, 1);
        }
        mg_buf_put(&text, lexer->source->text + from, cp == '\'' ? 1 : lexer->pos - from);
    }
    struct mg_text result = {mg_arena_strdup(lexer->arena, mg_buf_text(&text), text.len),
                             (uint32_t)text.len};
    mg_buf_deinit(&text);
    return result;
}

static void lex_character(struct mg_lexer *lexer, struct mg_token *token)
{
    struct mg_place begin = mg_lexer_place(lexer);
    token->kind = MG_TOKEN_CHARACTER;
    mg_lexer_skip(lexer, 1);
    if (at_end(lexer)) {
        mg_lexer_error(lexer, begin, 1, "expected a character after '$', got end of input");
        return;
    }
    token->as.magnitude = next_code_point(lexer);
}

/* A comment in double quotes. */
static void skip_comment(struct mg_lexer *lexer)
{
    struct mg_place begin = mg_lexer_place(lexer);
    mg_lexer_skip(lexer, 1);
    while (!at_end(lexer)) {
        if (next_code_point(lexer) == '"')
            return;
    }
    mg_lexer_error(lexer, begin, 1, "unterminated comment");
    lexer->diags->incomplete = true;
}

static void skip_line(struct mg_lexer *lexer)
{
    while (!at_end(lexer) && mg_lexer_peek(lexer, 0) != '\n' && mg_lexer_peek(lexer, 0) != '\r')
        next_code_point(lexer);
}

/* `#` and what follows it, except a comment. */
static bool lex_hash(struct mg_lexer *lexer, struct mg_token *token)
{
    struct mg_place begin = mg_lexer_place(lexer);
    char next = mg_lexer_peek(lexer, 1);
    static const char openers[] = "([{";
    static const uint8_t kinds[] = {MG_TOKEN_ARRAY, MG_TOKEN_BYTES, MG_TOKEN_DICTIONARY};
    const char *opener = next ? strchr(openers, next) : NULL;
    if (opener) {
        mg_lexer_skip(lexer, 2);
        token->kind = kinds[opener - openers];
        return true;
    }
    mg_lexer_skip(lexer, 1);
    token->kind = MG_TOKEN_SYMBOL;
    if (next == '\'') {
        mg_lexer_skip(lexer, 1);
        token->text = quoted_text(lexer, begin, "symbol");
        return true;
    }
    size_t from = lexer->pos;
    size_t len;
    if (mg_is_operator_byte(next)) {
        skip_operator(lexer);
    } else if (mg_lexer_at_letter(lexer, &len)) {
        mg_lexer_skip_word(lexer);
        while (mg_lexer_peek(lexer, 0) == ':' && mg_lexer_peek(lexer, 1) != '=') {
            if (mg_lexer_peek(lexer, 1) == ':') {
                mg_lexer_error(lexer, begin, 2, "a symbol with '::' needs quotes: #'A::B'");
                mg_lexer_skip(lexer, 1);
            }
            mg_lexer_skip(lexer, 1);
            mg_lexer_skip_word(lexer);
        }
    } else {
        mg_lexer_error(lexer, begin, 1,
                       "stray '#': expected a symbol, '#(', '#[', '#{' or a comment ('# ')");
        return false;
    }
    token->text = name_from(lexer, from)->text;
    return true;
}

/* Blanks at the start of a line, and where its text ends without the line's end. */
static size_t line_indent(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && (p[n] == ' ' || p[n] == '\t'))
        n++;
    return n;
}

static const char *line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n')
        p++;
    return p;
}

static bool is_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p == end;
}

/* Takes the smallest indentation of the non-blank lines after the first off each of them, then
 * white space off both ends. */
static struct mg_text dedent(struct mg_lexer *lexer, const char *p, const char *end)
{
    size_t smallest = SIZE_MAX;
    for (const char *line = line_end(p, end); line < end; line = line_end(line, end)) {
        const char *stop = line_end(++line, end);
        if (!is_blank(line, stop) && line_indent(line, stop) < smallest)
            smallest = line_indent(line, stop);
    }
    struct mg_buf text = {0};
    const char *stop = line_end(p, end);
    mg_buf_put(&text, p, (size_t)(stop - p));
    while (stop < end) {
        const char *line = stop + 1;
        stop = line_end(line, end);
        size_t indent = line_indent(line, stop);
        indent = indent < smallest ? indent : smallest;
        mg_buf_putc(&text, '\n');
        mg_buf_put(&text, line + indent, (size_t)(stop - line) - indent);
    }
    const char *from = mg_buf_text(&text);
    size_t len = text.len;
    while (len > 0 && strchr(" \t\r\n", from[len - 1]))
        len--;
    while (len > 0 && strchr(" \t\r\n", *from)) {
        from++;
        len--;
    }
    struct mg_text result = {mg_arena_strdup(lexer->arena, from, len), (uint32_t)len};
    mg_buf_deinit(&text);
    return result;
}

static void lex_docstring(struct mg_lexer *lexer, struct mg_token *token)
{
    struct mg_place begin = mg_lexer_place(lexer);
    mg_lexer_skip(lexer, 3);
    const char *from = lexer->source->text + lexer->pos;
    token->kind = MG_TOKEN_DOCSTRING;
    for (;;) {
        if (at_end(lexer)) {
            mg_lexer_error(lexer, begin, 3, "unterminated docstring");
            lexer->diags->incomplete = true;
            break;
        }
        if (mg_lexer_peek(lexer, 0) == '"' && mg_lexer_peek(lexer, 1) == '"' &&
            mg_lexer_peek(lexer, 2) == '"')
            break;
        next_code_point(lexer);
    }
    token->text = dedent(lexer, from, lexer->source->text + lexer->pos);
    if (!at_end(lexer))
        mg_lexer_skip(lexer, 3);
}

static bool lex_punctuation(struct mg_lexer *lexer, struct mg_token *token)
{
    static const char singles[] = "()[]{}^.;|";
    static const uint8_t kinds[] = {
        MG_TOKEN_LPAREN, MG_TOKEN_RPAREN, MG_TOKEN_LBRACKET, MG_TOKEN_RBRACKET,  MG_TOKEN_LBRACE,
        MG_TOKEN_RBRACE, MG_TOKEN_CARET,  MG_TOKEN_PERIOD,   MG_TOKEN_SEMICOLON, MG_TOKEN_BAR,
    };
    char c = mg_lexer_peek(lexer, 0);
    if (c == ':') {
        bool assign = mg_lexer_peek(lexer, 1) == '=';
        token->kind = assign ? MG_TOKEN_ASSIGN : MG_TOKEN_COLON;
        mg_lexer_skip(lexer, assign ? 2 : 1);
        return true;
    }
    const char *single = c ? strchr(singles, c) : NULL;
    if (!single)
        return false;
    token->kind = kinds[single - singles];
    mg_lexer_skip(lexer, 1);
    return true;
}

static void unexpected_character(struct mg_lexer *lexer)
{
    struct mg_place begin = mg_lexer_place(lexer);
    size_t from = lexer->pos;
    uint32_t cp = next_code_point(lexer);
    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || mg_cp_is_space(cp))
        mg_lexer_error(lexer, begin, 1, "unexpected character U+%04X", (unsigned)cp);
    else
        mg_lexer_error(lexer, begin, 1, "unexpected character: %.*s", (int)(lexer->pos - from),
                       lexer->source->text + from);
}

/* Lexes what stands at the position, which is no white space; false if it was no token. */
static bool lex_token(struct mg_lexer *lexer, struct mg_token *token)
{
    char c = mg_lexer_peek(lexer, 0);
    char next = mg_lexer_peek(lexer, 1);
    size_t len;
    if (mg_lexer_at_letter(lexer, &len)) {
        lex_word(lexer, token);
    } else if (is_digit(c)) {
        mg_lexer_number(lexer, token);
    } else if (c == '\'') {
        struct mg_place begin = mg_lexer_place(lexer);
        mg_lexer_skip(lexer, 1);
        token->kind = MG_TOKEN_STRING;
        token->text = quoted_text(lexer, begin, "string");
    } else if (c == '"') {
        if (next != '"' || mg_lexer_peek(lexer, 2) != '"') {
            skip_comment(lexer);
            return false;
        }
        lex_docstring(lexer, token);
    } else if (c == '$') {
        lex_character(lexer, token);
    } else if (c == '#') {
        if (lexer->pos + 1 >= lexer->source->len || (next && strchr(" \t\r\n", next))) {
            skip_line(lexer);
            return false;
        }
        return lex_hash(lexer, token);
    } else if (c != '|' && mg_is_operator_byte(c)) {
        size_t begin = lexer->pos;
        skip_operator(lexer);
        token->kind = MG_TOKEN_OPERATOR;
        token->as.name = name_from(lexer, begin);
    } else if (!lex_punctuation(lexer, token)) {
        unexpected_character(lexer);
        return false;
    }
    return true;
}

static void push_token(struct mg_tokens *out, const struct mg_token *token)
{
    if (out->count == out->cap)
        out->items = mg_vec_grow(out->items, &out->cap, out->count + 1, sizeof *out->items);
    out->items[out->count++] = *token;
}

/* Whether the source is text at all (L3): UTF-8 without NUL. Reports the first place where not. */
static bool check_text(struct mg_lexer *lexer)
{
    const struct mg_source *source = lexer->source;
    bool nul = source->len > 0 && memchr(source->text, 0, source->len) != NULL;
    if (!nul && mg_utf8_valid((const uint8_t *)source->text, source->len))
        return true;
    struct mg_lexer reader = *lexer;
    uint32_t cp = 1;
    while (mg_utf8_decode((const uint8_t *)source->text + reader.pos, source->len - reader.pos,
                          &cp) > 0 &&
           cp != 0)
        next_code_point(&reader);
    mg_lexer_error(lexer, mg_lexer_place(&reader), 1,
                   cp == 0 ? "unexpected NUL character: this is no text" : "this is no UTF-8 text");
    return false;
}

/* A byte-order mark, and a first line that tells the system which program to run. */
static void skip_preamble(struct mg_lexer *lexer)
{
    if (lexer->source->len >= 3 && memcmp(lexer->source->text, "\xef\xbb\xbf", 3) == 0)
        lexer->pos = 3;
    if (mg_lexer_peek(lexer, 0) == '#' && mg_lexer_peek(lexer, 1) == '!')
        skip_line(lexer);
}

void mg_lex(const struct mg_source *source, struct mg_arena *arena, struct mg_names *names,
            struct mg_diags *diags, struct mg_tokens *out)
{
    CHECK(source->len < UINT32_MAX);
    struct mg_lexer lexer = {
        .source = source,
        .arena = arena,
        .names = names,
        .diags = diags,
        .out = out,
        .line = source->first_line ? source->first_line : 1,
        .column = 1,
        .fresh_line = true,
    };
    *out = (struct mg_tokens){0};
    if (check_text(&lexer))
        skip_preamble(&lexer);
    else
        lexer.pos = source->len;
    struct mg_token token;
    while (!at_end(&lexer)) {
        char c = mg_lexer_peek(&lexer, 0);
        if (c && strchr(" \t\r\n", c)) {
            next_code_point(&lexer);
            continue;
        }
        token =
            (struct mg_token){.place = mg_lexer_place(&lexer), .first_on_line = lexer.fresh_line};
        if (!lex_token(&lexer, &token))
            continue;
        lexer.fresh_line = false;
        token.len = (uint32_t)(lexer.pos - token.place.offset);
        token.width =
            lexer.line == token.place.line ? lexer.column - token.place.column : token.len;
        push_token(out, &token);
    }
    token = (struct mg_token){.kind = MG_TOKEN_EOF, .place = mg_lexer_place(&lexer)};
    push_token(out, &token);
}
