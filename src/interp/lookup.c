/* SPDX-License-Identifier: MIT */
/* The slow paths of method look-up; the fast one stands in the loop. See lookup.h. */
#include "interp/lookup.h"

#include "base/hash.h"

static struct mg_lookup_entry *cache_entry(struct mg_interp *interp, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    return &interp->cache[h >> 52 & (MG_LOOKUP_CACHE_SIZE - 1)];
}

struct mg_method *mg_lookup_cached(struct mg_interp *interp, uint32_t class_id, uint32_t selector)
{
    struct mg_world *world = interp->run.world;
    uint64_t key = (uint64_t)mg_lookup_id(world, class_id) << 32 | selector;
    struct mg_lookup_entry *entry = cache_entry(interp, key);
    if (MG_LIKELY(entry->key == key)) {
        return entry->method;
    }
    struct mg_method *method = mg_world_lookup(world, class_id, selector);
    if (method != NULL) {
        entry->key = key;
        entry->method = method;
    }
    return method;
}

struct mg_method *mg_lookup_site(struct mg_interp *interp, _Atomic(uint64_t) *word,
                                 uint32_t class_id, uint32_t selector)
{
    struct mg_world *world = interp->run.world;
    uint64_t lookup_id = mg_lookup_id(world, class_id);
    uint64_t key = lookup_id << 32 | selector;
    struct mg_lookup_entry *entry = cache_entry(interp, key);
    /* K2 relaxed: only tells empty from full. */
    bool empty = load_relaxed(word) == 0;
    if (MG_LIKELY(entry->key == key) && !empty) {
        return entry->method;
    }
    struct mg_method *method = mg_world_lookup(world, class_id, selector);
    if (method != NULL) {
        entry->key = key;
        entry->method = method;
        /* K3 release: the method is published before its index can be taken from the word. Pairs
         * with K4 where the loop reads it. */
        store_release(word, lookup_id << 32 | method->index);
    }
    return method;
}
