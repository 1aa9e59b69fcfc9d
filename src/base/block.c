/* SPDX-License-Identifier: MIT */
/* The pool behind the block caches: arenas of 2 MiB, runs of 64 KiB in them, batches and spans.
 *
 * Everything that touches fresh memory (linking the blocks of a new batch, the first write into a
 * huge page) happens outside the lock, because a first touch may cost milliseconds.
 *
 * P1  arena->cut is the sum of the sizes of all blocks and spans ever cut from the arena: when that
 *     many of its bytes lie free in the pool, nothing of it is used.
 * P2  `runs_free` has a bit for each run of the arena that was given to nobody.
 *
 * Rejected: a header or bitmap for each run, which would find a block's arena without a table, but
 * must be kept on every free; and splitting or joining spans, which only trimming would profit
 * from.
 */
#include "base/block_internal.h"

#include "base/alloc.h"

enum { BLOCK_SEARCH = 8 }; /* open arenas looked through for room */

static uint32_t span_class(size_t bytes)
{
    uint32_t s = 0;
    while ((size_t)MG_BLOCK_RUN << s < bytes)
        s++;
    ASSERT(s < MG_BLOCK_SPANS);
    return s;
}

size_t mg_block_size(size_t bytes)
{
    if (bytes <= MG_BLOCK_MAX)
        return mg_block_class_size(mg_block_class(bytes));
    if (bytes <= MG_BLOCK_SPAN_MAX)
        return (size_t)MG_BLOCK_RUN << span_class(bytes);
    return bytes;
}

/* -- Figures -- */

uint64_t mg_block_pool_bytes(const struct mg_block_pool *pool)
{
    /* A2 relaxed: see A1 in mg_block_figure_add(). */
    return load_relaxed(&pool->bytes);
}

uint64_t mg_block_pool_free_bytes(const struct mg_block_pool *pool)
{
    /* A3 relaxed: see A1 in mg_block_figure_add(). */
    return load_relaxed(&pool->free_bytes);
}

/* -- Arenas and runs; under the lock unless said otherwise -- */

void mg_block_pool_init(struct mg_block_pool *pool)
{
    *pool = (struct mg_block_pool){0};
    mg_lock_init(&pool->lock, MG_RANK_ARENA);
}

void mg_block_arena_release(struct mg_block_arena *arena)
{
    if (arena->pages) {
        MG_UNPOISON(arena->pages, arena->pages_size);
        mg_pages_release(arena->pages, arena->pages_size);
    }
    mg_free(arena);
}

void mg_block_pool_deinit(struct mg_block_pool *pool)
{
    struct mg_block_arena *next;
    for (struct mg_block_arena *a = pool->arenas; a; a = next) {
        next = a->next;
        mg_block_arena_release(a);
    }
    if (pool->ready)
        mg_block_arena_release(pool->ready);
    mg_lock_deinit(&pool->lock);
    pool->arenas = NULL;
}

static struct mg_block_arena *arena_new(char *base, void *pages, size_t pages_size)
{
    struct mg_block_arena *arena = mg_alloc_zero(sizeof *arena);
    arena->base = base;
    arena->pages = pages;
    arena->pages_size = pages_size;
    arena->runs_free = UINT32_MAX;
    return arena;
}

static struct mg_block_arena *arena_new_huge(void)
{
    char *pages = mg_pages_huge(MG_BLOCK_ARENA);
    return arena_new(pages, pages, MG_BLOCK_ARENA);
}

static void arena_open(struct mg_block_pool *pool, struct mg_block_arena *arena)
{
    arena->next = pool->arenas;
    pool->arenas = arena;
    pool->arena_count++;
    mg_block_figure_add(&pool->bytes, MG_BLOCK_ARENA);

    struct mg_block_arena **end = &pool->open;
    while (*end)
        end = &(*end)->next_open;
    arena->next_open = NULL;
    *end = arena;
}

/* Another arena into both lists. */
static void arena_add(struct mg_block_pool *pool)
{
    if (pool->arena_count == 0) {
        size_t size = (size_t)(MG_BLOCK_ORDINARY + 1) * MG_BLOCK_ARENA;
        char *pages = mg_pages_reserve(size);
        char *base = (char *)MG_ALIGN_UP((uintptr_t)pages, MG_BLOCK_ARENA);
        for (uint32_t i = 0; i < MG_BLOCK_ORDINARY; i++) {
            struct mg_block_arena *arena =
                arena_new(base + (size_t)i * MG_BLOCK_ARENA, i == 0 ? pages : NULL, size);
            arena->ordinary = 1;
            arena_open(pool, arena);
        }
        return;
    }
    struct mg_block_arena *arena = pool->ready ? pool->ready : arena_new_huge();
    pool->ready = NULL;
    arena_open(pool, arena);
    store_relaxed(&pool->growing, 1); // A4 relaxed: a hint. Pairs with A5.
}

/* Position of `count` (a power of two) free runs of the arena, aligned to their size; or -1. */
static int arena_find(const struct mg_block_arena *arena, uint32_t count)
{
    uint32_t mask = (uint32_t)((UINT64_C(1) << count) - 1);
    for (uint32_t i = 0; i < MG_BLOCK_RUNS; i += count) {
        if ((arena->runs_free >> i & mask) == mask)
            return (int)i;
    }
    return -1;
}

/* Takes `count` runs, a power of two, from an open arena or a new one. */
static char *runs_take(struct mg_block_pool *pool, uint32_t count, struct mg_block_arena **from)
{
    for (;;) {
        struct mg_block_arena **link = &pool->open;
        for (int tries = 0; *link && tries < BLOCK_SEARCH; tries++) {
            struct mg_block_arena *arena = *link;
            int at = arena_find(arena, count);
            if (at >= 0) {
                arena->runs_free &= ~((uint32_t)((UINT64_C(1) << count) - 1) << at);
                if (arena->runs_free == 0)
                    *link = arena->next_open;
                *from = arena;
                return arena->base + (size_t)at * MG_BLOCK_RUN;
            }
            link = &arena->next_open;
        }
        if (*link) {
            /* All that were looked at are too full: they go to the end of the queue. */
            struct mg_block_arena *first = pool->open;
            struct mg_block_arena **end = link;
            while (*end)
                end = &(*end)->next_open;
            *end = first;
            pool->open = *link;
            *link = NULL;
        }
        arena_add(pool);
        /* The new arena is the last: move it to the front, where the search finds it. */
        struct mg_block_arena **end = &pool->open;
        while ((*end)->next_open)
            end = &(*end)->next_open;
        struct mg_block_arena *fresh = *end;
        *end = NULL;
        fresh->next_open = pool->open;
        pool->open = fresh;
    }
}

/* Cuts up to a batch of blocks of class c. */
static char *run_cut(struct mg_block_pool *pool, uint32_t c, uint32_t *count)
{
    size_t size = mg_block_class_size(c);
    struct mg_block_run *run = &pool->runs[c];
    if ((size_t)(run->end - run->next) < size) {
        run->next = runs_take(pool, 1, &run->arena);
        run->end = run->next + MG_BLOCK_RUN;
    }
    size_t n = (size_t)(run->end - run->next) / size;
    if (n > mg_block_batch_size(c))
        n = mg_block_batch_size(c);
    char *blocks = run->next;
    run->next += n * size;
    run->arena->cut += n * size;
    *count = (uint32_t)n;
    return blocks;
}

bool mg_block_pool_prepare(struct mg_block_pool *pool)
{
    mg_lock_acquire(&pool->lock);
    /* A6 relaxed: written under the lock; one thread takes the order. Pairs with A5. */
    bool wanted = load_relaxed(&pool->growing) != 0 && !pool->ready;
    store_relaxed(&pool->growing, 0);
    mg_lock_release(&pool->lock);
    if (!wanted)
        return false;

    struct mg_block_arena *arena = arena_new_huge();
    for (size_t at = 0; at < MG_BLOCK_ARENA; at += 4096)
        ((volatile char *)arena->base)[at] = 0;

    mg_lock_acquire(&pool->lock);
    bool kept = !pool->ready;
    if (kept)
        pool->ready = arena;
    mg_lock_release(&pool->lock);
    if (!kept)
        mg_block_arena_release(arena);
    return kept;
}

/* -- Batches between caches and pool -- */

/* Puts a list of `count` blocks into the pool as one batch. */
static void batch_give(struct mg_block_pool *pool, uint32_t c, struct mg_block_free *head,
                       uint32_t count)
{
    mg_block_link_open(head);
    head->count = count;
    mg_lock_acquire(&pool->lock);
    head->next_batch = pool->batches[c];
    pool->batches[c] = head;
    mg_block_figure_add(&pool->free_bytes, (int64_t)(count * mg_block_class_size(c)));
    mg_block_link_close(head); // before somebody else may take it and use its blocks
    mg_lock_release(&pool->lock);
}

static struct mg_block_free *batch_link(char *blocks, size_t size, uint32_t count)
{
    struct mg_block_free *next = NULL;
    for (uint32_t i = count; i-- > 0;) {
        struct mg_block_free *block = (struct mg_block_free *)(blocks + i * size);
        block->next = next;
        MG_POISON(block, size);
        next = block;
    }
    return next;
}

/* A list of blocks from the pool, or freshly cut. */
static struct mg_block_free *batch_take(struct mg_block_pool *pool, uint32_t c, uint32_t *count)
{
    size_t size = mg_block_class_size(c);
    mg_lock_acquire(&pool->lock);
    struct mg_block_free *head = pool->batches[c];
    if (head) {
        mg_block_link_open(head);
        pool->batches[c] = head->next_batch;
        *count = head->count;
        mg_block_figure_add(&pool->free_bytes, -(int64_t)(head->count * size));
        mg_block_link_close(head);
        mg_lock_release(&pool->lock);
        return head;
    }
    char *blocks = run_cut(pool, c, count);
    mg_lock_release(&pool->lock);
    return batch_link(blocks, size, *count);
}

static void *span_take(struct mg_block_pool *pool, uint32_t s)
{
    size_t size = (size_t)MG_BLOCK_RUN << s;
    mg_lock_acquire(&pool->lock);
    struct mg_block_free *span = pool->spans[s];
    if (span) {
        mg_block_link_open(span);
        pool->spans[s] = span->next;
        mg_block_figure_add(&pool->free_bytes, -(int64_t)size);
        MG_UNPOISON(span, size);
    } else {
        struct mg_block_arena *arena;
        span = (struct mg_block_free *)runs_take(pool, 1u << s, &arena);
        arena->cut += size;
    }
    mg_lock_release(&pool->lock);
    return span;
}

static void span_give(struct mg_block_pool *pool, uint32_t s, struct mg_block_free *span)
{
    size_t size = (size_t)MG_BLOCK_RUN << s;
    mg_lock_acquire(&pool->lock);
    span->next = pool->spans[s];
    pool->spans[s] = span;
    mg_block_figure_add(&pool->free_bytes, (int64_t)size);
    MG_POISON(span, size);
    mg_lock_release(&pool->lock);
}

/* -- Caches -- */

void mg_block_cache_init(struct mg_block_cache *cache, struct mg_block_pool *pool)
{
    *cache = (struct mg_block_cache){.pool = pool};
    for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++)
        cache->lists[c].batch = mg_block_batch_size(c);
}

void mg_block_cache_flush(struct mg_block_cache *cache)
{
    for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++) {
        struct mg_block_list *list = &cache->lists[c];
        if (list->spare)
            batch_give(cache->pool, c, list->spare, list->batch);
        if (list->head)
            batch_give(cache->pool, c, list->head, list->count);
        list->head = list->spare = NULL;
        list->count = 0;
    }
}

void mg_block_cache_deinit(struct mg_block_cache *cache)
{
    mg_block_cache_flush(cache);
    cache->pool = NULL;
}

/* -- What is larger than a span -- */

#ifdef __SANITIZE_ADDRESS__
#define LARGE_PAGES_FROM SIZE_MAX /* the sanitizer wants to see each allocation */
#else
#define LARGE_PAGES_FROM (2 * (size_t)MG_BLOCK_ARENA)
#endif

/* Blocks of several huge pages come from the kernel, so that they are made of such. */
static void *large_alloc(size_t bytes)
{
    return bytes < LARGE_PAGES_FROM ? mg_alloc(bytes)
                                    : mg_pages_huge(MG_ALIGN_UP(bytes, MG_BLOCK_ARENA));
}

static void large_free(void *block, size_t bytes)
{
    if (bytes < LARGE_PAGES_FROM)
        mg_free(block);
    else
        mg_pages_release(block, MG_ALIGN_UP(bytes, MG_BLOCK_ARENA));
}

MG_NOINLINE void *mg_block_alloc_slow(struct mg_block_cache *cache, size_t bytes)
{
    if (bytes > MG_BLOCK_SPAN_MAX)
        return large_alloc(bytes);
    if (bytes > MG_BLOCK_MAX)
        return span_take(cache->pool, span_class(bytes));

    uint32_t c = mg_block_class(bytes);
    struct mg_block_list *list = &cache->lists[c];
    ASSERT(!list->head && list->count == 0);
    if (list->spare) {
        list->head = list->spare;
        list->count = list->batch;
        list->spare = NULL;
    } else {
        list->head = batch_take(cache->pool, c, &list->count);
    }
    struct mg_block_free *block = list->head;
    MG_UNPOISON(block, mg_block_class_size(c));
    list->head = block->next;
    list->count--;
    return block;
}

MG_NOINLINE void mg_block_free_slow(struct mg_block_cache *cache, void *block, size_t bytes)
{
    if (bytes > MG_BLOCK_SPAN_MAX) {
        large_free(block, bytes);
        return;
    }
    if (bytes > MG_BLOCK_MAX) {
        span_give(cache->pool, span_class(bytes), block);
        return;
    }
    uint32_t c = mg_block_class(bytes);
    struct mg_block_list *list = &cache->lists[c];
    ASSERT(list->count == list->batch);
    if (list->spare)
        batch_give(cache->pool, c, list->spare, list->batch);
    list->spare = list->head;
    list->head = NULL;
    list->count = 0;
    mg_block_free(cache, block, bytes);
}
