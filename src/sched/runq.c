/* SPDX-License-Identifier: MIT */
/* Rings and newborns. See runq.h.
 *
 * A steal copies entries first and then moves the head by compare-and-swap; if the owner or another
 * thief was faster the copies are forgotten. An entry cannot be overwritten between copy and
 * success, since the owner pushes only while tail - head < MG_RING_SIZE, and a head that has not
 * moved keeps those places taken.
 *
 *      thief                               owner
 *      h = load(head)            (R1)      pop: h = head, cas(head, h, h + 1)   (R4)
 *      s = load(stealable)       (R2)
 *      copy items[h .. )         (R3)      push: items[t] = a, store(tail, t + 1)   (R5, R6)
 *      cas(head, h, h + n)       (R4)
 *
 * Threads and memory: see runq.h.
 */
#include "sched/runq.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/atomic.h"
#include "base/vec.h"

void mg_ring_init(struct mg_ring *ring)
{
    /* R0 relaxed: nobody else knows the ring yet. Pairs with R1 in mg_ring_steal(). */
    store_relaxed(&ring->head, 0);
    store_relaxed(&ring->tail, 0);
    store_relaxed(&ring->stealable, 0);
    ring->aged = 0;
}

bool mg_ring_push(struct mg_ring *ring, struct mg_actor *actor)
{
    /* R7 relaxed: the owner's own counter. Pairs with R6 in mg_ring_push(). */
    uint32_t tail = load_relaxed(&ring->tail);
    /* R8 acquire: a place is written again only after the thief that emptied it has read it. Pairs
     * with R4 in mg_ring_steal(). */
    uint32_t head = load_acquire(&ring->head);
    if (tail - head >= MG_RING_SIZE)
        return false;
    /* R5 relaxed: published by R6. Pairs with R3 in mg_ring_steal(). */
    store_relaxed(&ring->items[tail % MG_RING_SIZE], actor);
    /* R6 release: the entry, and the actor, are complete. Pairs with R2 in mg_ring_steal() through
     * `stealable`. */
    store_release(&ring->tail, tail + 1);
    return true;
}

struct mg_actor *mg_ring_pop(struct mg_ring *ring)
{
    /* R7 relaxed: the owner's own counter. Pairs with R6 in mg_ring_push(). */
    uint32_t tail = load_relaxed(&ring->tail);
    /* R1 relaxed: checked by R4 below. Pairs with R4 in mg_ring_steal(). */
    uint32_t head = load_relaxed(&ring->head);
    while (head != tail) {
        /* R3 relaxed: the owner wrote it itself. Pairs with R5 in mg_ring_push(). */
        struct mg_actor *actor = load_relaxed(&ring->items[head % MG_RING_SIZE]);
        /* R4 relaxed: the owner takes what is its own. Pairs with R4 in mg_ring_steal(). */
        if (cas_relaxed(&ring->head, &head, head + 1))
            return actor;
    }
    return NULL;
}

uint32_t mg_ring_pop_many(struct mg_ring *ring, struct mg_actor **out, uint32_t max)
{
    uint32_t count = 0;
    while (count < max) {
        struct mg_actor *actor = mg_ring_pop(ring);
        if (actor == NULL)
            break;
        out[count++] = actor;
    }
    return count;
}

uint32_t mg_ring_steal(struct mg_ring *ring, struct mg_actor **out, uint32_t max)
{
    for (;;) {
        /* R1 acquire: so that stealable is not read from before the head. Pairs with R4 in
         * mg_ring_steal(). */
        uint32_t head = load_acquire(&ring->head);
        /* R2 acquire: entries before it are complete. Pairs with R9 in mg_ring_age(). */
        uint32_t stealable = load_acquire(&ring->stealable);
        uint32_t available = stealable - head;
        if (available == 0 || available > MG_RING_SIZE) // the head has passed it
            return 0;
        uint32_t n = available - available / 2;
        if (n > max)
            n = max;
        for (uint32_t i = 0; i < n; i++) {
            /* R3 relaxed: complete by R2; forgotten if R4 fails. Pairs with R5 in
             * mg_ring_push(). */
            out[i] = load_relaxed(&ring->items[(head + i) % MG_RING_SIZE]);
        }
        /* R4 acq_rel: the entries are read before their places can be filled again. Pairs with R8
         * in mg_ring_push(). */
        if (cas_acq_rel(&ring->head, &head, head + n))
            return n;
    }
}

bool mg_ring_age(struct mg_ring *ring)
{
    /* R9 release: what stands before it is complete. Pairs with R2 in mg_ring_steal(). */
    store_release(&ring->stealable, ring->aged);
    /* R7 relaxed: the owner's own counter. Pairs with R6 in mg_ring_push(). */
    ring->aged = load_relaxed(&ring->tail);
    return mg_ring_has_stealable(ring);
}

uint32_t mg_ring_len(const struct mg_ring *ring)
{
    /* R10 relaxed: a moment's figure. Pairs with R6 in mg_ring_push(). */
    uint32_t head = load_relaxed(&ring->head);
    uint32_t tail = load_relaxed(&ring->tail);
    uint32_t len = tail - head;
    return len <= MG_RING_SIZE ? len : 0;
}

bool mg_ring_has_stealable(const struct mg_ring *ring)
{
    /* R10 relaxed: a hint; the steal itself decides. Pairs with R9 in mg_ring_age(). */
    uint32_t head = load_relaxed(&ring->head);
    uint32_t stealable = load_relaxed(&ring->stealable);
    uint32_t available = stealable - head;
    return available != 0 && available <= MG_RING_SIZE;
}

/* -- Newborns -- */

enum { NEWBORNS_CAP_FIRST = 64 };

void mg_newborns_init(struct mg_newborns *newborns, bool alone)
{
    *newborns = (struct mg_newborns){.alone = alone};
    mg_lock_init(&newborns->lock, MG_RANK_RUNQ);
}

void mg_newborns_deinit(struct mg_newborns *newborns)
{
    mg_lock_deinit(&newborns->lock);
    mg_free(newborns->items);
    newborns->items = NULL;
}

static inline void newborns_lock(struct mg_newborns *newborns)
{
    if (!newborns->alone)
        mg_lock_acquire(&newborns->lock);
}

static inline void newborns_unlock(struct mg_newborns *newborns)
{
    /* W1 relaxed: for looks without the lock. Pairs with W2 in mg_newborns_len(). */
    store_relaxed(&newborns->count, newborns->tail - newborns->head);
    if (!newborns->alone)
        mg_lock_release(&newborns->lock);
}

static inline uint32_t newborns_stealable(struct mg_newborns *newborns)
{
    /* W3 relaxed: exact under the lock, a hint outside. Pairs with W4 in
     * newborns_set_stealable(). */
    return load_relaxed(&newborns->stealable);
}

static inline void newborns_set_stealable(struct mg_newborns *newborns, uint32_t position)
{
    /* W4 relaxed: under the lock. Pairs with W3 in newborns_stealable(). */
    store_relaxed(&newborns->stealable, position);
}

static void newborns_grow(struct mg_newborns *newborns)
{
    uint32_t cap = newborns->cap != 0 ? newborns->cap * 2 : NEWBORNS_CAP_FIRST;
    struct mg_actor **items = mg_alloc((size_t)cap * sizeof *items);
    for (uint32_t i = newborns->head; i != newborns->tail; i++)
        items[i & (cap - 1)] = newborns->items[i & (newborns->cap - 1)];
    mg_free(newborns->items);
    newborns->items = items;
    newborns->cap = cap;
}

void mg_newborns_push(struct mg_newborns *newborns, struct mg_actor *actor)
{
    newborns_lock(newborns);
    if (newborns->tail - newborns->head == newborns->cap)
        newborns_grow(newborns);
    newborns->items[newborns->tail & (newborns->cap - 1)] = actor;
    newborns->tail++;
    newborns_unlock(newborns);
}

struct mg_actor *mg_newborns_pop(struct mg_newborns *newborns, bool oldest)
{
    if (mg_newborns_len(newborns) == 0)
        return NULL; // only the owner adds, so this is no guess
    struct mg_actor *actor = NULL;
    newborns_lock(newborns);
    if (newborns->head != newborns->tail) {
        if (oldest) {
            actor = newborns->items[newborns->head & (newborns->cap - 1)];
            newborns->head++;
        } else {
            newborns->tail--;
            actor = newborns->items[newborns->tail & (newborns->cap - 1)];
        }
        if ((int32_t)(newborns->aged - newborns->tail) > 0)
            newborns->aged = newborns->tail;
        if ((int32_t)(newborns_stealable(newborns) - newborns->tail) > 0)
            newborns_set_stealable(newborns, newborns->tail);
    }
    newborns_unlock(newborns);
    return actor;
}

uint32_t mg_newborns_steal(struct mg_newborns *newborns, struct mg_actor **out, uint32_t max)
{
    if (!mg_newborns_has_stealable(newborns))
        return 0;
    uint32_t count = 0;
    newborns_lock(newborns);
    int32_t available = (int32_t)(newborns_stealable(newborns) - newborns->head);
    if (available > 0) {
        count = (uint32_t)(available - available / 2);
        if (count > max)
            count = max;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = newborns->items[newborns->head & (newborns->cap - 1)];
            newborns->head++;
        }
    }
    newborns_unlock(newborns);
    return count;
}

bool mg_newborns_age(struct mg_newborns *newborns)
{
    if (mg_newborns_len(newborns) == 0 && newborns->aged == newborns->tail)
        return false;
    newborns_lock(newborns);
    newborns_set_stealable(newborns, newborns->aged);
    newborns->aged = newborns->tail;
    bool any = (int32_t)(newborns_stealable(newborns) - newborns->head) > 0;
    newborns_unlock(newborns);
    return any;
}

uint32_t mg_newborns_len(const struct mg_newborns *newborns)
{
    /* W2 relaxed: exact for the owner, who alone adds; a hint for others. Pairs with W1 in
     * newborns_unlock(). */
    return load_relaxed(&newborns->count);
}

bool mg_newborns_has_stealable(struct mg_newborns *newborns)
{
    /* The head is not read, since it moves under the lock; with entries left and something aged it
     * is worth a try. */
    return mg_newborns_len(newborns) != 0 && newborns_stealable(newborns) != 0;
}
