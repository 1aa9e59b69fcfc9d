/* SPDX-License-Identifier: MIT */
/* A strict reader of TOML, for manifests: a text becomes a tree of values that know where they
 * stand.
 *
 *     struct mg_toml *root, *port;
 *     if (mg_toml_parse(&arena, text, len, &root, &error) != 0) ...      error says where and what
 *     port = mg_toml_get(root, "port");
 *     ...
 *     stray = mg_toml_unused(root);      a key that nobody asked for
 *
 * All of TOML 1.0 but dates, `inf` and `nan`, which are refused with a message.
 *
 * T1  A key stands once in its table. What was defined by a header, by a dotted key or in line is
 *     not extended in another of these ways.
 * T2  Strings are valid UTF-8 without zero bytes, followed by one that is not counted.
 * T3  No text is too long or too deep: MG_TOML_TEXT_MAX, MG_TOML_DEPTH_MAX, MG_TOML_VALUES_MAX,
 *     MG_TOML_KEYS_MAX.
 *
 * Threads: the caller's. Memory: the tree lives in the arena, the text may go after the call.
 */
#ifndef MG_BASE_TOML_H
#define MG_BASE_TOML_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"

#define MG_TOML_TEXT_MAX ((size_t)1 << 20)
#define MG_TOML_DEPTH_MAX 32
#define MG_TOML_VALUES_MAX 20000
#define MG_TOML_KEYS_MAX 1000 /* of one table, which is searched one by one */

enum mg_toml_kind {
    MG_TOML_STRING,
    MG_TOML_INTEGER,
    MG_TOML_FLOAT,
    MG_TOML_BOOLEAN,
    MG_TOML_ARRAY,
    MG_TOML_TABLE,
};

/* How a table or array came to be. */
enum mg_toml_origin {
    MG_TOML_PLAIN,    /* not a table; an array written as one */
    MG_TOML_IMPLIED,  /* [a.b] makes a */
    MG_TOML_HEADER,   /* [a] */
    MG_TOML_DOTTED,   /* a.b = 1 makes a */
    MG_TOML_INLINE,   /* { ... } */
    MG_TOML_REPEATED, /* [[a]]: the array */
};

struct mg_toml {
    enum mg_toml_kind kind;
    enum mg_toml_origin origin;
    uint32_t line; /* of the key, or of the value where there is none; both count from 1 */
    uint32_t column;
    const char *key; /* in a table, else NULL */
    size_t key_len;
    const char *text; /* of a string */
    size_t len;
    int64_t integer;
    double real;
    bool truth;
    bool used;            /* somebody asked for it */
    uint32_t count;       /* members of a table, elements of an array */
    struct mg_toml *next; /* member, element */
    struct mg_toml *first;
    struct mg_toml *last;
};

struct mg_toml_error {
    uint32_t line;
    uint32_t column;
    char text[200];
};

/* Reads a text. 0 and *root, a table; or MG_ESYNTAX, MG_EUTF8 or MG_ELIMIT and *error. */
MG_MUST_CHECK int mg_toml_parse(struct mg_arena *arena, const char *text, size_t len,
                                struct mg_toml **root, struct mg_toml_error *error);

/* The member of a table with this key, or NULL; `table` may be NULL or no table. It counts as
 * used. */
struct mg_toml *mg_toml_get(struct mg_toml *table, const char *key);

/* Marks a value and all below it as used. */
void mg_toml_use(struct mg_toml *value);

/* The first member, in the order of the text, that was not used, or NULL. */
const struct mg_toml *mg_toml_unused(const struct mg_toml *table);

/* "a string", "an integer" ...: for messages. */
const char *mg_toml_kind_name(enum mg_toml_kind kind);

#endif
