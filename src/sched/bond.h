/* SPDX-License-Identifier: MIT */
/* A small table from number to number, for what ties one actor to others: its links, who watches
 * it, whom it watches, its open requests, the requests it owes an answer. Most actors have none or
 * one of each, some have a hundred thousand.
 *
 * The first few stand in the struct itself; the rest in an insertion-ordered map, made when needed.
 * Order of mg_bonds_at is the same in every run with the same operations.
 *
 * B1  A key stands in one place only: inline, or in the map.
 * B2  Entries 0 .. inline_count - 1 are in use, those behind are not.
 *
 * Threads: the owner's. Memory: the struct owns its map.
 */
#ifndef MG_SCHED_BOND_H
#define MG_SCHED_BOND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct mg_map;

#define MG_BONDS_INLINE 2

struct mg_bonds {
    uint64_t keys[MG_BONDS_INLINE];
    uint64_t values[MG_BONDS_INLINE];
    struct mg_map *more; /* or NULL */
    uint32_t inline_count;
    uint32_t count; /* all */
};

void mg_bonds_init(struct mg_bonds *bonds);
void mg_bonds_deinit(struct mg_bonds *bonds);

/* Where the value of a key stands, or false. */
bool mg_bonds_get(const struct mg_bonds *bonds, uint64_t key, uint64_t *value);

/* Sets the value of a key, new or not. */
void mg_bonds_put(struct mg_bonds *bonds, uint64_t key, uint64_t value);

/* True when the key was there; then *value, unless NULL, is what it had. */
bool mg_bonds_remove(struct mg_bonds *bonds, uint64_t key, uint64_t *value);

/* The entry at a position, 0 <= position < count; false beyond the end. Constant time as long as
 * nothing is removed in between. */
bool mg_bonds_at(struct mg_bonds *bonds, uint32_t position, uint64_t *key, uint64_t *value);

void mg_bonds_audit(const struct mg_bonds *bonds);

#endif
