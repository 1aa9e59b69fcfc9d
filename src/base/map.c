/* SPDX-License-Identifier: MIT */
/* Both tables are one: an array of entries in order of insertion and an open-addressed array of
 * positions. They differ in how a key is hashed and compared, which the `probe` structure carries.
 *
 * Removal leaves a dead entry behind and closes the gap among the slots by moving later ones back,
 * so that a probe never meets a tombstone. Dead entries vanish when the entries are packed: before
 * the array would grow, and before an entry is asked for by position.
 */
#include "base/map.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/hash.h"

#ifdef MG_DEBUG
enum { MAP_FIRST_CAP = 2 };
#else
enum { MAP_FIRST_CAP = 8 };
#endif

#define MAP_ENTRIES_MAX (UINT32_C(1) << 31)

/* The length of a dead entry; no key is that long. Number keys have length 0. */
#define MAP_DEAD UINT32_MAX

/* What is looked for: a number, or bytes. */
struct probe {
    const void *bytes; // NULL for a number
    uint64_t key;
    uint32_t hash;
    uint32_t len;
};

static struct probe probe_number(uint64_t key)
{
    uint64_t hash = mg_hash_u64(key);
    return (struct probe){.key = key, .hash = (uint32_t)(hash ^ (hash >> 32))};
}

static struct probe probe_bytes(const void *key, size_t n)
{
    CHECK(n < MAP_DEAD);
    return (struct probe){.bytes = n ? key : "", .hash = mg_hash_bytes(key, n), .len = (uint32_t)n};
}

static bool entry_matches(const struct mg_map_entry *entry, const struct probe *probe)
{
    if (entry->hash != probe->hash || entry->len != probe->len)
        return false;
    if (!probe->bytes)
        return entry->key == probe->key;
    return memcmp((const void *)(uintptr_t)entry->key, probe->bytes, probe->len) == 0;
}

/* The slot where the key stands, or the empty one where it would go. The table has slots. */
static uint32_t map_slot(const struct mg_map *map, const struct probe *probe)
{
    uint32_t mask = map->slots_count - 1;
    uint32_t slot = probe->hash & mask;
    while (map->slots[slot] && !entry_matches(&map->entries[map->slots[slot] - 1], probe))
        slot = (slot + 1) & mask;
    return slot;
}

static struct mg_map_entry *map_find(const struct mg_map *map, const struct probe *probe)
{
    if (map->live == 0)
        return NULL;
    uint32_t position = map->slots[map_slot(map, probe)];
    return position ? &map->entries[position - 1] : NULL;
}

/* Fills the slots anew from the entries, of which none is dead. */
static void map_rehash(struct mg_map *map)
{
    uint32_t mask = map->slots_count - 1;
    memset(map->slots, 0, map->slots_count * sizeof *map->slots);
    for (uint32_t i = 0; i < map->used; i++) {
        uint32_t slot = map->entries[i].hash & mask;
        while (map->slots[slot])
            slot = (slot + 1) & mask;
        map->slots[slot] = i + 1;
    }
}

/* Drops dead entries; the live ones keep their order. */
static void map_pack(struct mg_map *map)
{
    if (map->used == map->live)
        return;
    uint32_t to = 0;
    for (uint32_t from = 0; from < map->used; from++) {
        if (map->entries[from].len != MAP_DEAD)
            map->entries[to++] = map->entries[from];
    }
    ASSERT(to == map->live);
    map->used = to;
    map_rehash(map);
}

/* Room for one more entry; at most half of the slots are in use afterwards. */
static void map_grow(struct mg_map *map)
{
    if (map->used < map->entries_cap)
        return;

    /* Packing is enough when it frees a quarter or more: then removals paid for it. */
    if (map->live < map->used - map->used / 4) {
        map_pack(map);
        return;
    }
    CHECK(map->entries_cap < MAP_ENTRIES_MAX / 2);
    map->entries_cap = map->entries_cap ? map->entries_cap * 2 : MAP_FIRST_CAP;
    map->slots_count = map->entries_cap * 2;
    map->entries = mg_realloc(map->entries, map->entries_cap * sizeof *map->entries);
    map->slots = mg_realloc(map->slots, map->slots_count * sizeof *map->slots);

    if (map->used > map->live)
        map_pack(map);
    else
        map_rehash(map);
}

static bool map_put(struct mg_map *map, const struct probe *probe, uint64_t value)
{
    struct mg_map_entry *found = map_find(map, probe);
    if (found) {
        found->value = value;
        return false;
    }
    map_grow(map);
    uint64_t key = probe->bytes ? (uintptr_t)mg_alloc_copy(probe->bytes, probe->len) : probe->key;
    uint32_t slot = map_slot(map, probe);
    map->entries[map->used++] = (struct mg_map_entry){key, value, probe->hash, probe->len};
    map->slots[slot] = map->used;
    map->live++;
    return true;
}

/* Empties a slot and moves back those behind it that could no longer be reached (M1). */
static void map_close_gap(struct mg_map *map, uint32_t gap)
{
    uint32_t mask = map->slots_count - 1;
    for (uint32_t slot = (gap + 1) & mask; map->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t home = map->entries[map->slots[slot] - 1].hash & mask;
        /* It may fill the gap when its home is not behind the gap, going round. */
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            map->slots[gap] = map->slots[slot];
            gap = slot;
        }
    }
    map->slots[gap] = 0;
}

static bool map_remove(struct mg_map *map, const struct probe *probe)
{
    if (map->live == 0)
        return false;
    uint32_t slot = map_slot(map, probe);
    if (!map->slots[slot])
        return false;
    struct mg_map_entry *entry = &map->entries[map->slots[slot] - 1];
    map_close_gap(map, slot);
    if (probe->bytes)
        mg_free((void *)(uintptr_t)entry->key);
    *entry = (struct mg_map_entry){.len = MAP_DEAD};
    map->live--;
    return true;
}

static struct mg_map_entry *map_at(struct mg_map *map, uint32_t position)
{
    if (position >= map->live)
        return NULL;
    map_pack(map);
    return &map->entries[position];
}

void mg_map_init(struct mg_map *map)
{
    *map = (struct mg_map){0};
}

void mg_map_deinit(struct mg_map *map)
{
    mg_free(map->entries);
    mg_free(map->slots);
    mg_map_init(map);
}

void mg_map_clear(struct mg_map *map)
{
    if (map->slots_count > 0)
        memset(map->slots, 0, map->slots_count * sizeof *map->slots);
    map->used = 0;
    map->live = 0;
}

bool mg_map_get(const struct mg_map *map, uint64_t key, uint64_t *value)
{
    struct probe probe = probe_number(key);
    struct mg_map_entry *found = map_find(map, &probe);
    if (found && value)
        *value = found->value;
    return found != NULL;
}

bool mg_map_put(struct mg_map *map, uint64_t key, uint64_t value)
{
    struct probe probe = probe_number(key);
    return map_put(map, &probe, value);
}

bool mg_map_remove(struct mg_map *map, uint64_t key)
{
    struct probe probe = probe_number(key);
    return map_remove(map, &probe);
}

uint32_t mg_map_len(const struct mg_map *map)
{
    return map->live;
}

bool mg_map_at(struct mg_map *map, uint32_t position, uint64_t *key, uint64_t *value)
{
    struct mg_map_entry *entry = map_at(map, position);
    if (!entry)
        return false;
    if (key)
        *key = entry->key;
    if (value)
        *value = entry->value;
    return true;
}

void mg_strmap_init(struct mg_strmap *map)
{
    mg_map_init(&map->table);
}

/* Releases the copied keys. */
static void strmap_free_keys(struct mg_strmap *map)
{
    for (uint32_t i = 0; i < map->table.used; i++) {
        if (map->table.entries[i].len != MAP_DEAD)
            mg_free((void *)(uintptr_t)map->table.entries[i].key);
    }
}

void mg_strmap_deinit(struct mg_strmap *map)
{
    strmap_free_keys(map);
    mg_map_deinit(&map->table);
}

void mg_strmap_clear(struct mg_strmap *map)
{
    strmap_free_keys(map);
    mg_map_clear(&map->table);
}

bool mg_strmap_get(const struct mg_strmap *map, const void *key, size_t n, uint64_t *value)
{
    struct probe probe = probe_bytes(key, n);
    struct mg_map_entry *found = map_find(&map->table, &probe);
    if (found && value)
        *value = found->value;
    return found != NULL;
}

bool mg_strmap_put(struct mg_strmap *map, const void *key, size_t n, uint64_t value)
{
    struct probe probe = probe_bytes(key, n);
    return map_put(&map->table, &probe, value);
}

bool mg_strmap_remove(struct mg_strmap *map, const void *key, size_t n)
{
    struct probe probe = probe_bytes(key, n);
    return map_remove(&map->table, &probe);
}

uint32_t mg_strmap_len(const struct mg_strmap *map)
{
    return map->table.live;
}

bool mg_strmap_at(struct mg_strmap *map, uint32_t position, const char **key, size_t *n,
                  uint64_t *value)
{
    struct mg_map_entry *entry = map_at(&map->table, position);
    if (!entry)
        return false;
    if (key)
        *key = (const char *)(uintptr_t)entry->key;
    if (n)
        *n = entry->len;
    if (value)
        *value = entry->value;
    return true;
}

void mg_map_audit(const struct mg_map *map)
{
    CHECK(map->live <= map->used);
    CHECK(map->used <= map->entries_cap);
    CHECK(map->slots_count == 2 * map->entries_cap);

    uint32_t live = 0;
    for (uint32_t i = 0; i < map->used; i++)
        live += map->entries[i].len != MAP_DEAD;
    CHECK(live == map->live);

    uint32_t filled = 0;
    uint32_t mask = map->slots_count - 1;
    for (uint32_t slot = 0; slot < map->slots_count; slot++) {
        if (!map->slots[slot])
            continue;
        filled++;
        CHECK(map->slots[slot] <= map->used);
        const struct mg_map_entry *entry = &map->entries[map->slots[slot] - 1];
        CHECK(entry->len != MAP_DEAD);
        for (uint32_t on = entry->hash & mask; on != slot; on = (on + 1) & mask)
            CHECK(map->slots[on]); // M1
    }
    CHECK(filled == live);
}

void mg_strmap_audit(const struct mg_strmap *map)
{
    mg_map_audit(&map->table);
    for (uint32_t i = 0; i < map->table.used; i++) {
        const struct mg_map_entry *entry = &map->table.entries[i];
        if (entry->len != MAP_DEAD)
            CHECK(entry->hash == mg_hash_bytes((const void *)(uintptr_t)entry->key, entry->len));
    }
}
