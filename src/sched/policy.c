/* SPDX-License-Identifier: MIT */
/* Restrictions: sets of globals that an actor may not touch, each known by a small number. Equal
 * sets have one number, so an actor carries two bytes, inheriting costs nothing, and no count is
 * kept.
 *
 * P1  Entries 1 .. count are complete and never change.
 *
 * Threads: reading any, without a lock; making under the lock. Memory: the table owns the sets
 * until the sched ends.
 */
#include <string.h>

#include "base/alloc.h"
#include "sched/internal.h"

void mg_policies_init(struct mg_policies *policies)
{
    *policies = (struct mg_policies){0};
    mg_lock_init(&policies->lock, MG_RANK_LEAF);
    policies->items = mg_pages_reserve((MG_POLICIES_MAX + 1) * sizeof *policies->items);
}

static struct mg_policy *policies_at(const struct mg_policies *policies, uint32_t policy)
{
    /* Y1 acquire: the set is complete. Pairs with Y2 in policies_add(). */
    return load_acquire(&policies->items[policy]);
}

void mg_policies_deinit(struct mg_policies *policies)
{
    /* Y3 relaxed: nobody else is left. Pairs with Y4 in policies_add(). */
    uint32_t count = load_relaxed(&policies->count);
    for (uint32_t i = 1; i <= count; i++) {
        struct mg_policy *policy = policies_at(policies, i);
        mg_free(policy->symbols);
        mg_free(policy);
    }
    mg_pages_release(policies->items, (MG_POLICIES_MAX + 1) * sizeof *policies->items);
    mg_lock_deinit(&policies->lock);
}

bool mg_sched_policy_denies(const struct mg_sched *sched, uint32_t policy, uint32_t symbol)
{
    if (policy == 0)
        return false;
    const struct mg_policy *set = policies_at(&sched->policies, policy);
    uint32_t low = 0, high = set->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set->symbols[middle] < symbol)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->symbols[low] == symbol;
}

void mg_sched_policy_each(const struct mg_sched *sched, uint32_t policy,
                          void (*visit)(void *context, uint32_t symbol), void *context)
{
    if (policy == 0)
        return;
    const struct mg_policy *set = policies_at(&sched->policies, policy);
    for (uint32_t i = 0; i < set->count; i++)
        visit(context, set->symbols[i]);
}

/* Puts a symbol into a sorted set that has room for it, unless it is there. */
static void policy_put(struct mg_policy *set, uint32_t symbol)
{
    uint32_t at = set->count;
    while (at > 0 && set->symbols[at - 1] > symbol)
        at--;
    if (at > 0 && set->symbols[at - 1] == symbol)
        return;
    memmove(&set->symbols[at + 1], &set->symbols[at], (set->count - at) * sizeof *set->symbols);
    set->symbols[at] = symbol;
    set->count++;
}

/* The number of a set equal to this one, or a new one (then the set is taken); 0 when the table is
 * full. Under the lock. */
static uint32_t policies_add(struct mg_policies *policies, struct mg_policy *set)
{
    /* Y3 relaxed: written under the lock only. Pairs with Y4 in policies_add(). */
    uint32_t count = load_relaxed(&policies->count);
    for (uint32_t i = 1; i <= count; i++) {
        const struct mg_policy *known = policies_at(policies, i);
        if (known->count == set->count &&
            memcmp(known->symbols, set->symbols, set->count * sizeof *set->symbols) == 0)
            return i;
    }
    if (count == MG_POLICIES_MAX)
        return 0;
    struct mg_policy *kept = mg_alloc(sizeof *kept);
    *kept = *set;
    set->symbols = NULL;
    /* Y2 release: the set is complete. Pairs with Y1 in policies_at(). */
    store_release(&policies->items[count + 1], kept);
    /* Y4 relaxed: read under the lock only. Pairs with Y3 in policies_add(). */
    store_relaxed(&policies->count, count + 1);
    return count + 1;
}

uint32_t mg_sched_policy(struct mg_sched *sched, uint32_t parent, const uint32_t *symbols,
                         uint32_t count)
{
    struct mg_policies *policies = &sched->policies;
    const struct mg_policy *base = parent != 0 ? policies_at(policies, parent) : NULL;
    uint32_t inherited = base != NULL ? base->count : 0;
    if (count == 0)
        return parent;
    struct mg_policy set = {.symbols = mg_alloc((inherited + count) * sizeof *set.symbols)};
    if (base != NULL)
        memcpy(set.symbols, base->symbols, inherited * sizeof *set.symbols);
    set.count = inherited;
    for (uint32_t i = 0; i < count; i++)
        policy_put(&set, symbols[i]);
    mg_lock_acquire(&policies->lock);
    uint32_t policy = policies_add(policies, &set);
    mg_lock_release(&policies->lock);
    mg_free(set.symbols);
    return policy != 0 ? policy : MG_POLICY_FULL;
}
