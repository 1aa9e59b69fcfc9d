/* SPDX-License-Identifier: MIT */
/* See bond.h. An inline entry that is removed is replaced by the one behind it, so that order is
 * kept.
 *
 * Threads and memory: see bond.h.
 */
#include "sched/bond.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/map.h"

void mg_bonds_init(struct mg_bonds *bonds)
{
    bonds->more = NULL;
    bonds->inline_count = 0;
    bonds->count = 0;
}

void mg_bonds_deinit(struct mg_bonds *bonds)
{
    if (bonds->more != NULL) {
        mg_map_deinit(bonds->more);
        mg_free(bonds->more);
    }
    mg_bonds_init(bonds);
}

/* Position of an inline key, or inline_count. */
static inline uint32_t bonds_find(const struct mg_bonds *bonds, uint64_t key)
{
    uint32_t i = 0;
    while (i < bonds->inline_count && bonds->keys[i] != key)
        i++;
    return i;
}

bool mg_bonds_get(const struct mg_bonds *bonds, uint64_t key, uint64_t *value)
{
    uint32_t i = bonds_find(bonds, key);
    if (i < bonds->inline_count) {
        *value = bonds->values[i];
        return true;
    }
    return bonds->more != NULL && mg_map_get(bonds->more, key, value);
}

void mg_bonds_put(struct mg_bonds *bonds, uint64_t key, uint64_t value)
{
    uint32_t i = bonds_find(bonds, key);
    if (i < bonds->inline_count) {
        bonds->values[i] = value;
        return;
    }
    bool mapped = bonds->more != NULL && mg_map_len(bonds->more) != 0;
    if (!mapped && i < MG_BONDS_INLINE) {
        bonds->keys[i] = key;
        bonds->values[i] = value;
        bonds->inline_count++;
        bonds->count++;
        return;
    }
    if (bonds->more == NULL) {
        bonds->more = mg_alloc(sizeof *bonds->more);
        mg_map_init(bonds->more);
    }
    if (mg_map_put(bonds->more, key, value))
        bonds->count++;
}

static void bonds_remove_inline(struct mg_bonds *bonds, uint32_t i)
{
    bonds->inline_count--;
    bonds->count--;
    for (; i < bonds->inline_count; i++) {
        bonds->keys[i] = bonds->keys[i + 1];
        bonds->values[i] = bonds->values[i + 1];
    }
}

bool mg_bonds_remove(struct mg_bonds *bonds, uint64_t key, uint64_t *value)
{
    uint32_t i = bonds_find(bonds, key);
    if (i < bonds->inline_count) {
        if (value != NULL)
            *value = bonds->values[i];
        bonds_remove_inline(bonds, i);
        return true;
    }
    uint64_t found;
    if (bonds->more == NULL || !mg_map_get(bonds->more, key, &found))
        return false;
    mg_map_remove(bonds->more, key);
    bonds->count--;
    if (value != NULL)
        *value = found;
    return true;
}

bool mg_bonds_at(struct mg_bonds *bonds, uint32_t position, uint64_t *key, uint64_t *value)
{
    if (position < bonds->inline_count) {
        *key = bonds->keys[position];
        *value = bonds->values[position];
        return true;
    }
    return bonds->more != NULL &&
           mg_map_at(bonds->more, position - bonds->inline_count, key, value);
}

void mg_bonds_audit(const struct mg_bonds *bonds)
{
    uint32_t mapped = bonds->more != NULL ? mg_map_len(bonds->more) : 0;
    CHECK(bonds->inline_count <= MG_BONDS_INLINE); // B2
    CHECK(bonds->count == bonds->inline_count + mapped);
    for (uint32_t i = 0; i < bonds->inline_count; i++) {
        uint64_t value;
        CHECK(bonds->more == NULL || !mg_map_get(bonds->more, bonds->keys[i], &value)); // B1
        for (uint32_t k = 0; k < i; k++)
            CHECK(bonds->keys[k] != bonds->keys[i]); // B1
    }
}
