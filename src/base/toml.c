/* SPDX-License-Identifier: MIT */
/* Tables and keys of TOML: see toml.h.
 *
 * One pass, by hand: a document is lines of headers and pairs; a header says which table the pairs
 * below it go to. Places in the text become lines and columns only when a value is made or an error
 * is written.
 */
#include "base/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/toml_internal.h"
#include "base/utf8.h"

/* -- Places and errors -- */

/* Places are asked for in order, more or less: counting goes on from the last one. */
static void place_of(struct mg_toml_reader *r, size_t at, uint32_t *line, uint32_t *column)
{
    if (r->line == 0 || at < r->line_at) {
        r->line = 1;
        r->line_at = 0;
    }
    const char *end;
    while ((end = memchr(r->text + r->line_at, '\n', at - r->line_at)) != NULL) {
        r->line++;
        r->line_at = (size_t)(end - r->text) + 1;
    }
    *line = r->line;
    *column = 1;
    for (size_t i = r->line_at; i < at; i++)
        *column += ((uint8_t)r->text[i] & 0xC0) != 0x80;
}

bool mg_toml_fail_at(struct mg_toml_reader *r, size_t at, int code, const char *fmt, ...)
{
    if (r->code != 0)
        return false;
    r->code = code;
    place_of(r, at < r->len ? at : r->len, &r->error->line, &r->error->column);
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->error->text, sizeof r->error->text, fmt, args);
    va_end(args);
    return false;
}

const char *mg_toml_kind_name(enum mg_toml_kind kind)
{
    static const char *const names[] = {"a string",      "an integer", "a number with a point",
                                        "true or false", "an array",   "a table"};
    return names[kind];
}

/* -- Blanks -- */

void mg_toml_skip_blanks(struct mg_toml_reader *r)
{
    while (mg_toml_peek(r) == ' ' || mg_toml_peek(r) == '\t')
        r->at++;
}

static bool skip_comment(struct mg_toml_reader *r)
{
    while (r->at < r->len && r->text[r->at] != '\n' && r->text[r->at] != '\r') {
        uint8_t byte = (uint8_t)r->text[r->at];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            return mg_toml_fail(r, "a control character in a comment");
        r->at++;
    }
    return true;
}

/* A line end, if there is one here. */
static bool skip_line_end(struct mg_toml_reader *r)
{
    if (mg_toml_peek(r) == '\r') {
        if (r->at + 1 >= r->len || r->text[r->at + 1] != '\n')
            return mg_toml_fail(r, "a carriage return without a line feed");
        r->at++;
    }
    if (mg_toml_peek(r) == '\n')
        r->at++;
    return true;
}

bool mg_toml_skip_lines(struct mg_toml_reader *r)
{
    size_t before;
    do {
        before = r->at;
        mg_toml_skip_blanks(r);
        if ((mg_toml_peek(r) == '#' && !skip_comment(r)) || !skip_line_end(r))
            return false;
    } while (r->at != before);
    return true;
}

/* What may stand behind a header or a pair: a comment, then the end of the line. */
static bool finish_line(struct mg_toml_reader *r)
{
    mg_toml_skip_blanks(r);
    if (mg_toml_peek(r) == '#' && !skip_comment(r))
        return false;
    if (r->at < r->len && mg_toml_peek(r) != '\n' && mg_toml_peek(r) != '\r')
        return mg_toml_fail(r, "the line should end here");
    return skip_line_end(r);
}

/* -- Values -- */

struct mg_toml *mg_toml_new(struct mg_toml_reader *r, size_t at, enum mg_toml_kind kind)
{
    if (r->values == MG_TOML_VALUES_MAX) {
        mg_toml_fail_at(r, at, MG_ELIMIT, "more than %d values", MG_TOML_VALUES_MAX);
        return NULL;
    }
    r->values++;
    struct mg_toml *value = mg_arena_alloc(r->arena, sizeof *value);
    value->kind = kind;
    place_of(r, at, &value->line, &value->column);
    return value;
}

void mg_toml_append(struct mg_toml *to, struct mg_toml *value)
{
    if (to->last == NULL)
        to->first = value;
    else
        to->last->next = value;
    to->last = value;
    to->count++;
}

/* -- Keys -- */

struct key {
    size_t at;
    const char *text;
    size_t len;
};

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool read_key(struct mg_toml_reader *r, struct key *key)
{
    key->at = r->at;
    if (mg_toml_peek(r) == '"' || mg_toml_peek(r) == '\'')
        return mg_toml_read_quoted(r, &key->text, &key->len);
    while (is_bare(mg_toml_peek(r)))
        r->at++;
    key->len = r->at - key->at;
    if (key->len == 0)
        return mg_toml_fail(r, "a key should stand here");
    key->text = mg_arena_strdup(r->arena, r->text + key->at, key->len);
    return true;
}

/* a . "b" . c: how many keys, or 0. */
static uint32_t read_keys(struct mg_toml_reader *r, struct key keys[MG_TOML_DEPTH_MAX])
{
    uint32_t count = 0;
    for (;;) {
        mg_toml_skip_blanks(r);
        if (count == MG_TOML_DEPTH_MAX) {
            mg_toml_fail_at(r, r->at, MG_ELIMIT, "more than %d keys in a row", MG_TOML_DEPTH_MAX);
            return 0;
        }
        if (!read_key(r, &keys[count++]))
            return 0;
        mg_toml_skip_blanks(r);
        if (mg_toml_peek(r) != '.')
            return count;
        r->at++;
    }
}

static struct mg_toml *find(struct mg_toml *table, const char *key, size_t len)
{
    struct mg_toml *member = table->first;
    while (member != NULL && (member->key_len != len || memcmp(member->key, key, len) != 0))
        member = member->next;
    return member;
}

static bool add_member(struct mg_toml_reader *r, struct mg_toml *table, const struct key *key,
                       struct mg_toml *value)
{
    if (table->count == MG_TOML_KEYS_MAX)
        return mg_toml_fail_at(r, key->at, MG_ELIMIT, "more than %d keys in one table",
                               MG_TOML_KEYS_MAX);
    value->key = key->text;
    value->key_len = key->len;
    place_of(r, key->at, &value->line, &value->column);
    mg_toml_append(table, value);
    return true;
}

static struct mg_toml *add_table(struct mg_toml_reader *r, struct mg_toml *table,
                                 const struct key *key, enum mg_toml_origin origin)
{
    struct mg_toml *made = mg_toml_new(r, key->at, MG_TOML_TABLE);
    if (made == NULL || !add_member(r, table, key, made))
        return NULL;
    made->origin = origin;
    return made;
}

static bool fail_twice(struct mg_toml_reader *r, const struct key *key, const struct mg_toml *first)
{
    return mg_toml_fail_at(r, key->at, MG_ESYNTAX, "`%.60s` is defined already, in line %u",
                           key->text, first->line);
}

/* -- Pairs -- */

bool mg_toml_read_pair(struct mg_toml_reader *r, struct mg_toml *table, uint32_t depth)
{
    struct key keys[MG_TOML_DEPTH_MAX];
    uint32_t count = read_keys(r, keys);
    if (count == 0)
        return false;
    if (depth + count > MG_TOML_DEPTH_MAX)
        return mg_toml_fail_at(r, keys[0].at, MG_ELIMIT, "tables are nested more than %d deep",
                               MG_TOML_DEPTH_MAX);
    for (uint32_t i = 0; i + 1 < count; i++) {
        struct mg_toml *found = find(table, keys[i].text, keys[i].len);
        if (found != NULL && found->origin != MG_TOML_DOTTED)
            return fail_twice(r, &keys[i], found);
        table = found != NULL ? found : add_table(r, table, &keys[i], MG_TOML_DOTTED);
        if (table == NULL)
            return false;
    }
    const struct key *last = &keys[count - 1];
    const struct mg_toml *found = find(table, last->text, last->len);
    if (found != NULL)
        return fail_twice(r, last, found);
    if (mg_toml_peek(r) != '=')
        return mg_toml_fail(r, "a key is followed by `=`");
    r->at++;
    mg_toml_skip_blanks(r);
    struct mg_toml *value = mg_toml_read_value(r, depth + count);
    return value != NULL && add_member(r, table, last, value);
}

/* -- Headers -- */

/* The table that a key of a header, not its last, leads to. */
static struct mg_toml *step(struct mg_toml_reader *r, struct mg_toml *table, const struct key *key)
{
    struct mg_toml *found = find(table, key->text, key->len);
    if (found == NULL)
        return add_table(r, table, key, MG_TOML_IMPLIED);
    if (found->origin == MG_TOML_REPEATED)
        return found->last;
    if (found->kind == MG_TOML_TABLE && found->origin != MG_TOML_INLINE)
        return found;
    fail_twice(r, key, found);
    return NULL;
}

static struct mg_toml *open_table(struct mg_toml_reader *r, struct mg_toml *table,
                                  const struct key *key)
{
    struct mg_toml *found = find(table, key->text, key->len);
    if (found == NULL)
        return add_table(r, table, key, MG_TOML_HEADER);
    if (found->origin != MG_TOML_IMPLIED) {
        fail_twice(r, key, found);
        return NULL;
    }
    found->origin = MG_TOML_HEADER;
    place_of(r, key->at, &found->line, &found->column);
    return found;
}

/* [[key]]: one more table at the end of an array. */
static struct mg_toml *open_element(struct mg_toml_reader *r, struct mg_toml *table,
                                    const struct key *key)
{
    struct mg_toml *array = find(table, key->text, key->len);
    if (array != NULL && array->origin != MG_TOML_REPEATED) {
        fail_twice(r, key, array);
        return NULL;
    }
    if (array == NULL) {
        array = mg_toml_new(r, key->at, MG_TOML_ARRAY);
        if (array == NULL || !add_member(r, table, key, array))
            return NULL;
        array->origin = MG_TOML_REPEATED;
    }
    struct mg_toml *element = mg_toml_new(r, key->at, MG_TOML_TABLE);
    if (element != NULL) {
        element->origin = MG_TOML_HEADER;
        mg_toml_append(array, element);
    }
    return element;
}

static struct mg_toml *read_header(struct mg_toml_reader *r, struct mg_toml *root)
{
    struct key keys[MG_TOML_DEPTH_MAX];
    bool repeated = r->at + 1 < r->len && r->text[r->at + 1] == '[';
    r->at += repeated ? 2 : 1;
    uint32_t count = read_keys(r, keys);
    if (count == 0)
        return NULL;
    for (int i = 0; i < (repeated ? 2 : 1); i++) {
        if (mg_toml_peek(r) != ']') {
            mg_toml_fail(r, "a header ends with `%s`", repeated ? "]]" : "]");
            return NULL;
        }
        r->at++;
    }
    struct mg_toml *table = root;
    for (uint32_t i = 0; i + 1 < count && table != NULL; i++)
        table = step(r, table, &keys[i]);
    if (table == NULL || !finish_line(r))
        return NULL;
    return repeated ? open_element(r, table, &keys[count - 1])
                    : open_table(r, table, &keys[count - 1]);
}

/* -- Documents -- */

static bool check_text(struct mg_toml_reader *r)
{
    if (r->len > MG_TOML_TEXT_MAX) {
        r->len = 0;
        return mg_toml_fail_at(r, 0, MG_ELIMIT, "the text is longer than %zu bytes",
                               MG_TOML_TEXT_MAX);
    }
    size_t at = 0;
    while (at < r->len) {
        uint32_t cp;
        int n = mg_utf8_decode((const uint8_t *)r->text + at, r->len - at, &cp);
        if (n == 0)
            return mg_toml_fail_at(r, at, MG_EUTF8, "the text is not UTF-8");
        at += (size_t)n;
    }
    return true;
}

static bool read_document(struct mg_toml_reader *r, struct mg_toml *root)
{
    struct mg_toml *table = root;
    if (r->len >= 3 && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0)
        r->at = 3;
    while (mg_toml_skip_lines(r) && r->at < r->len) {
        if (mg_toml_peek(r) == '[') {
            table = read_header(r, root);
            if (table == NULL)
                return false;
        } else if (!mg_toml_read_pair(r, table, 1) || !finish_line(r)) {
            return false;
        }
    }
    return r->code == 0;
}

int mg_toml_parse(struct mg_arena *arena, const char *text, size_t len, struct mg_toml **root,
                  struct mg_toml_error *error)
{
    struct mg_toml_reader r = {.text = text, .len = len, .arena = arena, .error = error};
    if (!check_text(&r))
        return r.code;
    *root = mg_toml_new(&r, 0, MG_TOML_TABLE);
    (*root)->origin = MG_TOML_HEADER;
    return read_document(&r, *root) ? 0 : r.code;
}

/* -- Asking -- */

struct mg_toml *mg_toml_get(struct mg_toml *table, const char *key)
{
    if (table == NULL || table->kind != MG_TOML_TABLE)
        return NULL;
    struct mg_toml *found = find(table, key, strlen(key));
    if (found != NULL)
        found->used = true;
    return found;
}

void mg_toml_use(struct mg_toml *value)
{
    value->used = true;
    for (struct mg_toml *below = value->first; below != NULL; below = below->next)
        mg_toml_use(below);
}

const struct mg_toml *mg_toml_unused(const struct mg_toml *table)
{
    for (const struct mg_toml *member = table->first; member != NULL; member = member->next) {
        if (member->key != NULL && !member->used)
            return member;
        const struct mg_toml *below = mg_toml_unused(member);
        if (below != NULL)
            return below;
    }
    return NULL;
}
