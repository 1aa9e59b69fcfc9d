/* SPDX-License-Identifier: MIT */
/* Hash tables that remember the order in which keys came: mg_map from numbers to numbers, mg_strmap
 * from byte strings to numbers. A pointer fits in a value.
 *
 *     slots    [ - 2 - 0 - - 1 ]        open addressing: position of the entry, or empty
 *                  |   |     |
 *     entries  [ e0  e1  e2  ... )      in order of insertion; removed ones are skipped
 *
 * M1  Every live entry is reached from its hash's home slot by linear probing over non-empty slots.
 * M2  Entries keep their order of insertion; putting a value under a present key moves nothing.
 * M3  No iteration and no result depends on an address.
 *
 * Threads: the owner's. Memory: a table owns its arrays, and mg_strmap a copy of each key; values
 * are just words.
 */
#ifndef MG_BASE_MAP_H
#define MG_BASE_MAP_H

#include <stdbool.h>

#include "base/compiler.h"

struct mg_map_entry {
    uint64_t key; // the number, or the address of the copied bytes
    uint64_t value;
    uint32_t hash;
    uint32_t len; // bytes in a string key; all ones for an entry that was removed
};

/* The shape both tables share; nothing outside map.c reads its fields. */
struct mg_map {
    struct mg_map_entry *entries;
    uint32_t *slots;      // position + 1 of an entry, 0 for empty; a power of two of them
    uint32_t slots_count; // 0 before the first put
    uint32_t entries_cap;
    uint32_t used; // entries in use, removed ones among them
    uint32_t live; // entries in use and not removed
};

struct mg_strmap {
    struct mg_map table;
};

/* An empty table; allocates nothing. A struct of zeros is the same. */
void mg_map_init(struct mg_map *map);

/* Releases everything and leaves the table empty. */
void mg_map_deinit(struct mg_map *map);

/* Removes all entries, keeping the memory. */
void mg_map_clear(struct mg_map *map);

/* True when the key is there; then *value is written, if `value` is not NULL. */
bool mg_map_get(const struct mg_map *map, uint64_t key, uint64_t *value);

/* Sets the key's value. True when the key is new. Panics beyond 2^31 entries. */
bool mg_map_put(struct mg_map *map, uint64_t key, uint64_t value);

/* True when the key was there and is no longer. */
bool mg_map_remove(struct mg_map *map, uint64_t key);

/* How many keys there are. */
uint32_t mg_map_len(const struct mg_map *map);

/* The entry at a position, 0 <= position < _len, in order of insertion. False beyond the end. After
 * a removal the entries behind it move up by one position. Either out-pointer may be NULL. */
bool mg_map_at(struct mg_map *map, uint32_t position, uint64_t *key, uint64_t *value);

/* The same for byte strings. Keys are compared byte by byte and may hold zero bytes. `key` is
 * borrowed; the table keeps a copy, which _at lends until that key is removed. It is followed by a
 * zero byte. */
void mg_strmap_init(struct mg_strmap *map);
void mg_strmap_deinit(struct mg_strmap *map);
void mg_strmap_clear(struct mg_strmap *map);
bool mg_strmap_get(const struct mg_strmap *map, const void *key, size_t n, uint64_t *value);
bool mg_strmap_put(struct mg_strmap *map, const void *key, size_t n, uint64_t value);
bool mg_strmap_remove(struct mg_strmap *map, const void *key, size_t n);
uint32_t mg_strmap_len(const struct mg_strmap *map);
bool mg_strmap_at(struct mg_strmap *map, uint32_t position, const char **key, size_t *n,
                  uint64_t *value);

/* Panics when M1 does not hold or the counts are wrong. */
void mg_map_audit(const struct mg_map *map);
void mg_strmap_audit(const struct mg_strmap *map);

#endif
