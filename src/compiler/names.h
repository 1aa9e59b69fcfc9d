/* SPDX-License-Identifier: MIT */
/* Names of a compilation, each kept once: identifiers and selectors compare by pointer.
 *
 * Threads: the owner's. Memory: names live in the arena given to _init and are terminated by a
 * zero byte; the table itself is released by _deinit.
 */
#ifndef MG_COMPILER_NAMES_H
#define MG_COMPILER_NAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "compiler/unit.h"

struct mg_name {
    struct mg_text text;
};

struct mg_names {
    struct mg_arena *arena;
    struct mg_strmap map;
};

void mg_names_init(struct mg_names *names, struct mg_arena *arena);
void mg_names_deinit(struct mg_names *names);

/* The name with these bytes; it lives as long as the arena. */
const struct mg_name *mg_name(struct mg_names *names, const char *bytes, size_t len);
const struct mg_name *mg_name_of(struct mg_names *names, const char *text);

/* Whether the name is spelled like the C string. NULL is spelled like nothing. */
bool mg_name_is(const struct mg_name *name, const char *text);

/* How many arguments a selector takes: the colons of a keyword selector, 1 for an operator. */
uint32_t mg_selector_arity(struct mg_text selector);

/* Texts by content. */
bool mg_text_equal(struct mg_text a, struct mg_text b);
struct mg_text mg_text_of(const char *text);

#endif
