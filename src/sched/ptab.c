/* SPDX-License-Identifier: MIT */
/* The process table. See ptab.h.
 *
 * A free slot's word is written only by the scheduler that has it in its list, so the lists need no
 * atomic operation but plain stores; the words are atomic because look-ups with stale pids read
 * them at any time.
 *
 * Threads and memory: see ptab.h.
 */
#include "sched/ptab.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/atomic.h"
#include "object/control.h"

#define INDEX_MASK ((UINT64_C(1) << MG_PTAB_INDEX_BITS) - 1)
#define GENERATION_MASK ((UINT64_C(1) << MG_PTAB_GENERATION_BITS) - 1)

_Static_assert(MG_PTAB_INDEX_BITS + MG_PTAB_GENERATION_BITS == 60, "bit 60 of a pid says: remote");

static inline uint32_t pid_index(mg_pid pid)
{
    return (uint32_t)(pid & INDEX_MASK);
}
static inline uint64_t pid_generation(mg_pid pid)
{
    return pid >> MG_PTAB_INDEX_BITS;
}

/* The word of a free slot. */
static inline uint64_t slot_free_word(uint64_t generation, uint32_t next)
{
    return generation << (MG_PTAB_INDEX_BITS + 1) | (uint64_t)next << 1 | 1;
}
static inline uint64_t slot_generation(uint64_t word)
{
    return word >> (MG_PTAB_INDEX_BITS + 1);
}
static inline uint32_t slot_next(uint64_t word)
{
    return (uint32_t)(word >> 1 & INDEX_MASK);
}

static inline uint64_t slot_load(const struct mg_ptab *ptab, uint32_t index)
{
    /* T4 relaxed: for the list's owner, who wrote it or got it under the lock. Pairs with T5 in
     * slot_store(). */
    return load_relaxed(&ptab->slots[index]);
}

static inline void slot_store(struct mg_ptab *ptab, uint32_t index, uint64_t word)
{
    /* T5 relaxed: a free slot tells look-ups nothing. Pairs with T4 in slot_load(). */
    store_relaxed(&ptab->slots[index], word);
}

void mg_ptab_init(struct mg_ptab *ptab, uint32_t size)
{
    CHECK(size >= 2 && size <= INDEX_MASK + 1);
    *ptab = (struct mg_ptab){.size = size};
    ptab->slots = mg_pages_reserve((size_t)size * sizeof *ptab->slots);
    /* F1 relaxed: nobody else knows the table yet. Pairs with F2 in cache_refill(). */
    store_relaxed(&ptab->fresh, 1);
    mg_lock_init(&ptab->lock, MG_RANK_PTAB);
}

void mg_ptab_deinit(struct mg_ptab *ptab)
{
    mg_lock_deinit(&ptab->lock);
    mg_pages_release(ptab->slots, (size_t)ptab->size * sizeof *ptab->slots);
}

static void list_append(struct mg_ptab *ptab, struct mg_ptab_list *list, uint32_t index)
{
    if (list->count != 0) {
        uint64_t word = slot_load(ptab, list->last);
        slot_store(ptab, list->last, slot_free_word(slot_generation(word), index));
    } else {
        list->first = index;
    }
    list->last = index;
    list->count++;
}

static uint32_t list_take(struct mg_ptab *ptab, struct mg_ptab_list *list)
{
    ASSERT(list->count != 0);
    uint32_t index = list->first;
    list->first = slot_next(slot_load(ptab, index));
    list->count--;
    return index;
}

/* Moves slots from one list to the end of another. */
static void list_move(struct mg_ptab *ptab, struct mg_ptab_list *from, struct mg_ptab_list *to,
                      uint32_t count)
{
    while (count-- != 0)
        list_append(ptab, to, list_take(ptab, from));
}

/* The cache has no fresh slots and too few freed ones: takes a batch that others have freed, or a
 * fresh range. */
static void cache_refill(struct mg_ptab *ptab, struct mg_ptab_cache *cache)
{
    mg_lock_acquire(&ptab->lock);
    uint32_t n = ptab->shared.count;
    list_move(ptab, &ptab->shared, &cache->free, n < MG_PTAB_KEEP ? n : MG_PTAB_KEEP);
    mg_lock_release(&ptab->lock);
    if (cache->free.count > MG_PTAB_KEEP)
        return;
    /* F2 relaxed: a number; it is published by nothing. Pairs with F2 itself. */
    uint32_t from = load_relaxed(&ptab->fresh);
    while (from < ptab->size) {
        uint32_t to = ptab->size - from > MG_PTAB_RANGE ? from + MG_PTAB_RANGE : ptab->size;
        /* F2 relaxed: as above. Pairs with F2 itself. */
        if (cas_relaxed(&ptab->fresh, &from, to)) {
            cache->fresh = from;
            cache->fresh_end = to;
            return;
        }
    }
    cache->exhausted = true;
}

mg_pid mg_ptab_alloc(struct mg_ptab *ptab, struct mg_ptab_cache *cache)
{
    bool poor = cache->free.count <= MG_PTAB_KEEP && cache->fresh == cache->fresh_end;
    bool hopeless = cache->exhausted && cache->free.count != 0 && ++cache->tries % MG_PTAB_TRY != 0;
    if (MG_UNLIKELY(poor) && !hopeless)
        cache_refill(ptab, cache);
    if (cache->free.count <= MG_PTAB_KEEP && cache->fresh != cache->fresh_end)
        return cache->fresh++; // generation 0: the first pids of a node are small numbers
    if (MG_UNLIKELY(cache->free.count == 0))
        return MG_PID_NONE;
    uint32_t index = list_take(ptab, &cache->free);
    uint64_t generation = slot_generation(slot_load(ptab, index));
    slot_store(ptab, index, 0);
    return generation << MG_PTAB_INDEX_BITS | index;
}

void mg_ptab_publish(struct mg_ptab *ptab, mg_pid pid, struct mg_control *control)
{
    ASSERT(control->pid == pid);
    ASSERT(((uintptr_t)control & 1) == 0);
    /* T6 release: the control block is complete. Pairs with T7 in mg_ptab_find(). */
    store_release(&ptab->slots[pid_index(pid)], (uint64_t)(uintptr_t)control);
}

void mg_ptab_free(struct mg_ptab *ptab, struct mg_ptab_cache *cache, mg_pid pid)
{
    uint32_t index = pid_index(pid);
    uint64_t generation = (pid_generation(pid) + 1) & GENERATION_MASK; // wraps after years
    slot_store(ptab, index, slot_free_word(generation, 0));
    list_append(ptab, &cache->free, index);
    if (MG_UNLIKELY(cache->free.count > MG_PTAB_SPARE)) {
        mg_lock_acquire(&ptab->lock);
        list_move(ptab, &cache->free, &ptab->shared, MG_PTAB_SPARE / 2);
        mg_lock_release(&ptab->lock);
    }
}

struct mg_control *mg_ptab_find(const struct mg_ptab *ptab, mg_pid pid)
{
    uint32_t index = pid_index(pid);
    if (index >= ptab->size)
        return NULL;
    /* T7 acquire: the control block is complete. Pairs with T6 in mg_ptab_publish(). */
    uint64_t word = load_acquire(&ptab->slots[index]);
    if ((word & 1) != 0 || word == 0)
        return NULL;
    struct mg_control *control = (struct mg_control *)(uintptr_t)word;
    return control->pid == pid ? control : NULL; // T1
}

uint32_t mg_ptab_next(const struct mg_ptab *ptab, uint32_t index, struct mg_control **control)
{
    /* F2 relaxed: slots taken meanwhile may be missed. Pairs with F2 in cache_refill(). */
    uint32_t end = load_relaxed(&ptab->fresh);
    while (++index < end) {
        /* T7 acquire: the control block is complete. Pairs with T6 in mg_ptab_publish(). */
        uint64_t word = load_acquire(&ptab->slots[index]);
        if ((word & 1) == 0 && word != 0) {
            *control = (struct mg_control *)(uintptr_t)word;
            return index;
        }
    }
    return 0;
}

void mg_ptab_audit(const struct mg_ptab *ptab, const struct mg_ptab_cache *cache)
{
    uint32_t index = cache->free.first;
    for (uint32_t i = 0; i < cache->free.count; i++) {
        CHECK(index != 0 && index < ptab->size);
        uint64_t word = slot_load(ptab, index);
        CHECK((word & 1) != 0);
        CHECK(i + 1 < cache->free.count || index == cache->free.last);
        index = slot_next(word);
    }
    CHECK(cache->fresh <= cache->fresh_end);
}
