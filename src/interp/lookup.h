/* SPDX-License-Identifier: MIT */
/* From a receiver's class and a selector to a method, fast: the site's cache word, then the
 * scheduler's own look-up cache, then the class tables.
 *
 *      site word     lookup id 32 | method index 32      shared by all schedulers, written rarely
 *      own cache     (lookup id, selector) -> method     4,096 entries, private
 *      tables        mg_world_lookup
 *
 * L1  A lookup id belongs to one state of one class, so an entry found under it is right for ever
 *     (W2).
 * L2  A site word is written only when both it and the scheduler's cache missed: a polymorphic
 *     site, whose classes are all in the private caches soon, leaves it alone, and no core writes a
 *     line that another core runs from.
 *
 * Threads: the calling scheduler's.
 */
#ifndef MG_INTERP_LOOKUP_H
#define MG_INTERP_LOOKUP_H

#include "base/atomic.h"
#include "interp/vm.h"

/* The lookup id of a class. */
static inline uint32_t mg_lookup_id(const struct mg_world *world, uint32_t class_id)
{
    /* K1 acquire: whoever sees the new id sees the dictionaries it stands for. Pairs with
     * X16 in world_renew_lookup_id(). */
    return load_acquire(&world->lookup_ids[class_id]);
}

static inline struct mg_lookup_entry *mg_lookup_entry(struct mg_interp *interp, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    return &interp->cache[h >> 52 & (MG_LOOKUP_CACHE_SIZE - 1)];
}

/* The same as mg_lookup_cached, for a key that is not in the scheduler's cache; fills it. */
struct mg_method *mg_lookup_tables(struct mg_interp *interp, uint32_t class_id, uint32_t selector,
                                   uint64_t key);

/* The method that a class understands for a selector, or NULL. */
static inline struct mg_method *mg_lookup_cached(struct mg_interp *interp, uint32_t class_id,
                                                 uint32_t selector)
{
    uint64_t key = (uint64_t)mg_lookup_id(interp->run.world, class_id) << 32 | selector;
    struct mg_lookup_entry *entry = mg_lookup_entry(interp, key);
    return MG_LIKELY(entry->key == key) ? entry->method
                                        : mg_lookup_tables(interp, class_id, selector, key);
}

/* The same for a send site whose word missed; fills the word by L2. */
struct mg_method *mg_lookup_site(struct mg_interp *interp, _Atomic(uint64_t) *word,
                                 uint32_t class_id, uint32_t selector);

#endif
