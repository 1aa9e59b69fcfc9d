/* SPDX-License-Identifier: MIT */
/* Ordered tables: a skip list.
 *
 *      level 2   head ------------------> b ---------------------> NULL
 *      level 1   head -------> a -------> b -------> d ----------> NULL
 *      level 0   head -> . -> a -> . --> b -> c -> d -> . -> . -> NULL
 *
 * Every second entry of a level stands on the next one as well, as a coin decides that the table
 * has of its own, so that a run repeats. A search goes along the highest level as long as it does
 * not pass the key, then down.
 *
 * O1  Each level is in strictly ascending order of keys, and part of the one below.
 * O2  An entry is linked from the bottom up and unlinked from the top down, so a reader that finds
 *     it on one level finds it on those below, unless it is being removed.
 * O3  An entry that was unlinked keeps its successors, so whoever stands on it goes on.
 * O4  Links change under the lock only.
 *
 * Threads: searches without a lock. Memory: entries carry their levels.
 */
#include "sched/ctab.h"

#include "base/hash.h"
#include "sched/internal.h"

/* The link of an entry (NULL: of the head) on a level. */
static struct mg_ctab_entry *link_get(struct mg_ctab_ordered *list,
                                      const struct mg_ctab_entry *entry, uint32_t level)
{
    if (entry == NULL) {
        /* N1 acquire: the entry behind it is complete. Pairs with N2 in link_set(). */
        return load_acquire(&list->heads[level]);
    }
    if (level == 0) {
        /* N1 acquire: the same. Pairs with N2 in link_set(). */
        return (struct mg_ctab_entry *)load_acquire(&entry->node.next);
    }
    /* N1 acquire: the same. Pairs with N2 in link_set(). */
    return load_acquire(&entry->up[level - 1]);
}

static void link_set(struct mg_ctab_ordered *list, struct mg_ctab_entry *entry, uint32_t level,
                     struct mg_ctab_entry *next)
{
    if (entry == NULL) {
        /* N2 release: the entry is complete. Pairs with N1 in link_get(). */
        store_release(&list->heads[level], next);
    } else if (level == 0) {
        /* N2 release: the same. Pairs with N1 in link_get(). */
        store_release(&entry->node.next, (struct mg_ctab_node *)next);
    } else {
        /* N2 release: the same. Pairs with N1 in link_get(). */
        store_release(&entry->up[level - 1], next);
    }
}

/* The last entry below the key, or with `equal` not above it, on each level; NULL for the head.
 * Answers that on level 0. `path` may be NULL. */
static struct mg_ctab_entry *search(struct mg_ctab_body *body, mg_value key, bool equal,
                                    struct mg_ctab_entry **path)
{
    struct mg_ctab_ordered *list = &body->ordered;
    struct mg_ctab_entry *at = NULL;
    for (uint32_t level = MG_CTAB_LEVELS + 1; level-- > 0;) {
        struct mg_ctab_entry *next;
        while ((next = link_get(list, at, level)) != NULL) {
            int order = mg_key_compare(body->symbols, mg_ctab_entry_key(next), key);
            if (order > 0 || (order == 0 && !equal))
                break;
            at = next;
        }
        if (path != NULL)
            path[level] = at;
    }
    return at;
}

/* -- Reading -- */

static struct mg_ctab_entry *first_alive(struct mg_ctab_ordered *list, struct mg_ctab_entry *entry)
{
    while (entry != NULL && mg_ctab_entry_word(entry) == MG_CTAB_GONE)
        entry = link_get(list, entry, 0);
    return entry;
}

/* The last entry of all. */
static struct mg_ctab_entry *last_of(struct mg_ctab_ordered *list)
{
    struct mg_ctab_entry *at = NULL, *next;
    for (uint32_t level = MG_CTAB_LEVELS + 1; level-- > 0;) {
        while ((next = link_get(list, at, level)) != NULL)
            at = next;
    }
    return at;
}

struct mg_ctab_entry *mg_ctab_seek(struct mg_ctab_body *body, enum mg_ctab_way way, mg_value key)
{
    struct mg_ctab_ordered *list = &body->ordered;
    bool forwards = way == MG_CTAB_AFTER || way == MG_CTAB_FROM;
    if (forwards) {
        struct mg_ctab_entry *before =
            key == MG_UNSET ? NULL : search(body, key, way == MG_CTAB_AFTER, NULL);
        return first_alive(list, link_get(list, before, 0));
    }
    struct mg_ctab_entry *found =
        key == MG_UNSET ? last_of(list) : search(body, key, way == MG_CTAB_UPTO, NULL);
    while (found != NULL && mg_ctab_entry_word(found) == MG_CTAB_GONE)
        found = search(body, mg_ctab_entry_key(found), false, NULL);
    return found;
}

uint32_t mg_ctab_ordered_walk(struct mg_ctab_body *body, struct mg_ctab_place *place,
                              struct mg_ctab_entry **out, uint32_t max)
{
    struct mg_ctab_ordered *list = &body->ordered;
    struct mg_ctab_entry *at =
        mg_ctab_seek(body, place->inclusive ? MG_CTAB_FROM : MG_CTAB_AFTER, place->after);
    uint32_t count = 0;
    for (; count < max && at != NULL; at = link_get(list, at, 0))
        out[count++] = at;
    place->inclusive = false;
    if (count != 0)
        place->after = mg_ctab_entry_key(out[count - 1]);
    place->done = at == NULL;
    return count;
}

/* -- Changes -- */

uint32_t mg_ctab_ordered_levels(struct mg_ctab_body *body)
{
    /* R1 relaxed: a number. Pairs with R1 itself. */
    uint64_t coins = mg_hash_u64(fetch_add_relaxed(&body->ordered.coin, 1) + 1);
    return (uint32_t)__builtin_ctzll(coins | (uint64_t)1 << MG_CTAB_LEVELS);
}

bool mg_ctab_ordered_link(struct mg_ctab_body *body, struct mg_ctab_entry *entry)
{
    struct mg_ctab_ordered *list = &body->ordered;
    struct mg_ctab_entry *path[MG_CTAB_LEVELS + 1];
    mg_value key = mg_ctab_entry_key(entry);
    mg_lock_acquire(&list->lock);
    search(body, key, false, path);
    const struct mg_ctab_entry *next = link_get(list, path[0], 0);
    bool fresh = next == NULL || mg_key_compare(body->symbols, mg_ctab_entry_key(next), key) != 0;
    for (uint32_t level = 0; fresh && level <= entry->serial; level++) {
        link_set(list, entry, level, link_get(list, path[level], level));
        link_set(list, path[level], level, entry);
    }
    mg_lock_release(&list->lock);
    return fresh;
}

struct mg_ctab_entry *mg_ctab_ordered_unlink(struct mg_ctab_body *body, mg_value key,
                                             struct mg_ctab_entry *expected, uint64_t *word)
{
    struct mg_ctab_ordered *list = &body->ordered;
    struct mg_ctab_entry *path[MG_CTAB_LEVELS + 1];
    mg_lock_acquire(&list->lock);
    search(body, key, false, path);
    struct mg_ctab_entry *entry = link_get(list, path[0], 0);
    if (entry != NULL && (mg_key_compare(body->symbols, mg_ctab_entry_key(entry), key) != 0 ||
                          (expected != NULL && entry != expected)))
        entry = NULL;
    if (entry != NULL) {
        *word = mg_ctab_entry_close(entry);
        for (uint32_t level = (uint32_t)entry->serial + 1; level-- > 0;)
            link_set(list, path[level], level, link_get(list, entry, level));
    }
    mg_lock_release(&list->lock);
    return entry;
}

/* -- Life -- */

void mg_ctab_ordered_init(struct mg_ctab_body *body)
{
    mg_lock_init(&body->ordered.lock, MG_RANK_TABLE);
}

void mg_ctab_ordered_deinit(struct mg_ctab_body *body)
{
    mg_lock_deinit(&body->ordered.lock);
}

void mg_ctab_ordered_audit(struct mg_ctab_body *body)
{
    struct mg_ctab_ordered *list = &body->ordered;
    uint64_t above = 0;
    for (uint32_t level = MG_CTAB_LEVELS + 1; level-- > 0;) {
        uint64_t count = 0;
        const struct mg_ctab_entry *before = NULL, *at = NULL;
        while ((at = link_get(list, at, level)) != NULL) {
            CHECK(at->serial >= level);
            CHECK(before == NULL || mg_key_compare(body->symbols, mg_ctab_entry_key(before),
                                                   mg_ctab_entry_key(at)) < 0);
            before = at;
            count++;
        }
        CHECK(count >= above);
        above = count;
    }
    CHECK(above == mg_ctab_count(body));
}
