/* SPDX-License-Identifier: MIT */
/* What block.c and block_trim.c share: arenas, and how free blocks are linked. For these two only.
 */
#ifndef MG_BASE_BLOCK_INTERNAL_H
#define MG_BASE_BLOCK_INTERNAL_H

#include "base/atomic.h"
#include "base/block.h"

enum {
    MG_BLOCK_RUN = 64 << 10,
    MG_BLOCK_ARENA = 2 << 20,
    MG_BLOCK_RUNS = MG_BLOCK_ARENA / MG_BLOCK_RUN,
    MG_BLOCK_ORDINARY = 2, /* arenas made of ordinary pages */
};

struct mg_block_arena {
    struct mg_block_arena *next;      /* in pool->arenas */
    struct mg_block_arena *next_open; /* in pool->open */
    char *base;
    void *pages; /* what to release, NULL when it belongs to another arena */
    size_t pages_size;
    uint64_t cut;       /* P1 */
    uint64_t seen;      /* while trimming: free bytes found */
    uint32_t runs_free; /* P2 */
    uint8_t ordinary;   /* kept for the pool's life */
    uint8_t doomed;     /* while trimming: to be released */
};

_Static_assert(sizeof(struct mg_block_free) <= MG_BLOCK_MIN, "links fit the smallest block");
_Static_assert(MG_BLOCK_RUNS == 32, "one bit for each run");
_Static_assert(MG_BLOCK_SPAN_MAX == MG_BLOCK_RUN << (MG_BLOCK_SPANS - 1), "spans are runs doubled");

/* Blocks that make a batch of class c. */
static inline uint32_t mg_block_batch_size(uint32_t c)
{
    size_t n = MG_BLOCK_RUN / mg_block_class_size(c);
    return n > MG_BLOCK_BATCH ? MG_BLOCK_BATCH : (uint32_t)n;
}

/* Links of free blocks are readable only between these two. */
static inline void mg_block_link_open(struct mg_block_free *block)
{
    MG_UNPOISON(block, sizeof *block);
}

static inline void mg_block_link_close(struct mg_block_free *block)
{
    MG_POISON(block, sizeof *block);
}

/* Changes a figure of the pool, under its lock. */
static inline void mg_block_figure_add(_Atomic(uint64_t) *figure, int64_t delta)
{
    /* A1 relaxed: a figure for people, changed under the lock. Pairs with A2 in
     * mg_block_pool_bytes(). */
    fetch_add_relaxed(figure, (uint64_t)delta);
}

/* Gives an arena's memory back. */
void mg_block_arena_release(struct mg_block_arena *arena);

#endif
