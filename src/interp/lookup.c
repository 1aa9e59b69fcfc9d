/* SPDX-License-Identifier: MIT */
/* The slow paths of method look-up; the fast one stands in the loop. See lookup.h. */
#include "interp/lookup.h"

struct mg_method *mg_lookup_tables(struct mg_interp *interp, uint32_t class_id, uint32_t selector,
                                   uint64_t key)
{
    struct mg_method *method = mg_world_lookup(interp->run.world, class_id, selector);
    if (method != NULL) {
        struct mg_lookup_entry *entry = mg_lookup_entry(interp, key);
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
    struct mg_lookup_entry *entry = mg_lookup_entry(interp, key);
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
