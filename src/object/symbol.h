/* SPDX-License-Identifier: MIT */
/* The node's symbol table: text -> id, id -> text. Names that code mentions come in here, and those
 * that programs make of strings; nothing is ever removed. So it is bounded, in symbols and in bytes
 * of text, and the last quarter of it is for code alone: a program that makes symbols without end
 * gets an error, and code can still be loaded.
 *
 * S1  Equal texts have equal ids; ids count up from 1 in order of first use, so they are the same
 *     in every run.
 * S2  An entry is complete, and counted, before its id is published, and never changes afterwards.
 *
 * Threads: any. Lookup by id takes no lock; interning takes the table's lock only when the text is
 * new. Memory: texts live as long as the table.
 */
#ifndef MG_OBJECT_SYMBOL_H
#define MG_OBJECT_SYMBOL_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mg_symbols;

/* What is known of a symbol: valid as long as the table. */
struct mg_symbol_entry {
    const char *text; /* UTF-8, terminated */
    uint32_t len;     /* bytes */
    uint32_t hash;    /* mg_hash_bytes of the text, as the hash of the String with this text */
    uint32_t argc;    /* arguments of a message: 0 unary, 1 binary, otherwise how many colons */
    uint32_t ascii;
};

struct mg_symbols *mg_symbols_new(void);
void mg_symbols_free(struct mg_symbols *table);

/* Id of the symbol with this text, made if need be; 0 when the table is full. */
uint32_t mg_symbol_intern(struct mg_symbols *table, const char *text, size_t len);

/* The same for a text that comes from data: 0 as soon as only the room for code is left. */
uint32_t mg_symbol_make(struct mg_symbols *table, const char *text, size_t len);

/* Whether so many more symbols of code with so many bytes of text fit, as things stand. */
bool mg_symbols_fit(const struct mg_symbols *table, uint64_t count, uint64_t bytes);

/* Id of the symbol with this text, or 0 if there is none; makes nothing. */
uint32_t mg_symbol_find(struct mg_symbols *table, const char *text, size_t len);

/* The entry of an id that the table gave out. */
const struct mg_symbol_entry *mg_symbol_entry(const struct mg_symbols *table, uint32_t id);

/* How many symbols there are. */
uint32_t mg_symbol_count(const struct mg_symbols *table);

#endif
