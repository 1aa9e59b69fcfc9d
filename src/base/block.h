/* SPDX-License-Identifier: MIT */
/* Blocks: the memory that actors, heaps, messages and fragments are made of. Sizes come in classes
 * (32, 48, 64, 96, ... 24K, 32K: powers of two and the sizes halfway), and the hot path is a free
 * list that one thread owns.
 *
 *     cache (one a thread)            pool (one a node, locked)         arenas (2 MiB each)
 *     class 512: list  <= 64 blocks   full batches of 64 blocks  <---   runs of 64 KiB, cut into
 *                spare == 64 or none  ....                              blocks of one class
 *
 * A thread frees into the list of its cache; when that holds a batch it becomes the spare, and the
 * spare before it goes to the pool, whole, under a lock held for a few instructions. Taking works
 * the same way backwards. So memory that flows from a producing thread to a consuming one costs one
 * lock for each batch and no shared counter for each block.
 *
 * Sizes above 32 KiB up to 1 MiB are spans: powers of two, cut from the same arenas, kept in the
 * pool. Anything larger comes from mg_alloc, or from 4 MiB on from the kernel, in huge pages: a
 * large table is looked into at random, and small pages would cost more than its cache misses.
 *
 * B1  A block has no header: whoever frees it says its size, and any size of the same class will
 *     do.
 * B2  A block of class size s that divides 64 KiB is aligned to s; every block is aligned to 16.
 * B3  A list holds at most one batch, a spare exactly one.
 * B4  Free blocks are poisoned under AddressSanitizer.
 *
 * The first 4 MiB of a pool are ordinary pages, so that a small node stays small; later arenas are
 * huge pages. mg_block_pool_prepare touches the next arena ahead of its use (a thread with nothing
 * else to do calls it); mg_block_pool_trim gives arenas back in which nothing is used.
 *
 * Threads: a cache belongs to one thread at a time; the pool is for all. A block may be freed into
 * another cache than the one it came from.
 * Memory: the pool owns the arenas; mg_block_pool_deinit releases them, used blocks included.
 */
#ifndef MG_BASE_BLOCK_H
#define MG_BASE_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "base/lock.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define MG_POISON(p, n) __asan_poison_memory_region((p), (n))
#define MG_UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define MG_POISON(p, n) ((void)(p), (void)(n))
#define MG_UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum {
    MG_BLOCK_MIN = 32,
    MG_BLOCK_MAX = 32 << 10,     /* largest size class */
    MG_BLOCK_CLASSES = 21,       /* 32, 48, ... 24K, 32K */
    MG_BLOCK_BATCH = 64,         /* blocks in a batch, fewer of the large classes */
    MG_BLOCK_SPAN_MAX = 1 << 20, /* largest span */
    MG_BLOCK_SPANS = 5,          /* 64K, 128K, ... 1M */
};

/* What stands in a block while it is free. */
struct mg_block_free {
    struct mg_block_free *next;
    struct mg_block_free *next_batch; /* in the first block of a batch in the pool */
    uint32_t count;                   /* the same: blocks in this batch */
};

struct mg_block_list {
    struct mg_block_free *head;
    struct mg_block_free *spare; /* a full batch, or NULL */
    uint32_t count;              /* blocks in head */
    uint32_t batch;              /* blocks that make a batch of this class */
};

/* A run: what is left of the 64 KiB that a class is cut from. */
struct mg_block_run {
    char *next, *end; /* NULL before the first */
    struct mg_block_arena *arena;
};

struct mg_block_arena; /* block.c */

struct mg_block_pool {
    struct mg_lock lock;
    struct mg_block_free *batches[MG_BLOCK_CLASSES]; /* under the lock, as all below */
    struct mg_block_free *spans[MG_BLOCK_SPANS];
    struct mg_block_run runs[MG_BLOCK_CLASSES]; /* the run that each class is being cut from */
    struct mg_block_arena *arenas;              /* all, newest first */
    struct mg_block_arena *open;                /* those with runs left, oldest first */
    struct mg_block_arena *ready;               /* touched ahead, in neither list, or NULL */
    uint32_t arena_count;                       /* in `arenas` */
    uint32_t trimming;                          /* 1 while somebody trims */
    _Atomic(uint32_t) growing;    /* 1: an arena was opened, and no other one is ready */
    _Atomic(uint64_t) bytes;      /* of all arenas; written under the lock, read by all */
    _Atomic(uint64_t) free_bytes; /* in batches and spans of the pool; the same */
};

struct mg_block_cache {
    struct mg_block_list lists[MG_BLOCK_CLASSES];
    struct mg_block_pool *pool;
};

/* An empty pool: touches nothing yet. */
void mg_block_pool_init(struct mg_block_pool *pool);

/* Releases all arenas. Every cache of the pool must be gone; blocks in use are gone afterwards. */
void mg_block_pool_deinit(struct mg_block_pool *pool);

/* Bytes of memory the pool took from the machine, and how many of them lie unused in the pool (what
 * caches hold and what is not yet cut not counted). Any thread; a moment's figures. */
uint64_t mg_block_pool_bytes(const struct mg_block_pool *pool);
uint64_t mg_block_pool_free_bytes(const struct mg_block_pool *pool);

/* Whether the pool has just taken an arena, so that the next one should be prepared. Any thread; a
 * hint. */
static inline bool mg_block_pool_is_growing(const struct mg_block_pool *pool)
{
    /* A5 relaxed: a hint. Pairs with A4 in arena_add(). */
    return load_relaxed(&pool->growing) != 0;
}

/* Gets and touches the next arena ahead of its use, if the pool is growing. True if it did. Any
 * thread that has nothing better to do: takes up to some milliseconds, holds the lock for a moment
 * only. */
bool mg_block_pool_prepare(struct mg_block_pool *pool);

/* Gives back arenas in which no block is used or held by a cache. Answers the bytes released. Takes
 * time in proportion to the free blocks, without the lock for most of it; for idle moments. */
uint64_t mg_block_pool_trim(struct mg_block_pool *pool);

/* Panics when the pool's lists are not what they should be (tests). */
void mg_block_pool_audit(struct mg_block_pool *pool);

void mg_block_cache_init(struct mg_block_cache *cache, struct mg_block_pool *pool);

/* Gives everything back to the pool. The cache can be used on, empty. */
void mg_block_cache_flush(struct mg_block_cache *cache);
void mg_block_cache_deinit(struct mg_block_cache *cache);

/* Class of a size of 1 .. MG_BLOCK_MAX. */
static MG_ALWAYS_INLINE uint32_t mg_block_class(size_t bytes)
{
    ASSERT(bytes <= MG_BLOCK_MAX);
    if (bytes <= MG_BLOCK_MIN)
        return 0;
    uint32_t n = (uint32_t)bytes - 1;
    uint32_t top = 31 - (uint32_t)__builtin_clz(n);
    return 2 * (top - 5) + (n >> (top - 1) & 1) + 1;
}

/* Bytes of a block of this class. */
static inline size_t mg_block_class_size(uint32_t class_index)
{
    size_t base = (size_t)MG_BLOCK_MIN << class_index / 2;
    return class_index & 1 ? base + base / 2 : base;
}

/* The usable size of a block asked for with `bytes`; bytes itself above MG_BLOCK_SPAN_MAX. */
size_t mg_block_size(size_t bytes);

/* Slow paths, in block.c. */
void *mg_block_alloc_slow(struct mg_block_cache *cache, size_t bytes);
void mg_block_free_slow(struct mg_block_cache *cache, void *block, size_t bytes);

/* A block of at least `bytes` bytes, not initialised. Never NULL. */
static MG_ALWAYS_INLINE void *mg_block_alloc(struct mg_block_cache *cache, size_t bytes)
{
    if (MG_LIKELY(bytes <= MG_BLOCK_MAX)) {
        uint32_t c = mg_block_class(bytes);
        struct mg_block_list *list = &cache->lists[c];
        struct mg_block_free *block = list->head;
        if (MG_LIKELY(block != NULL)) {
            MG_UNPOISON(block, mg_block_class_size(c));
            list->head = block->next;
            list->count--;
            return block;
        }
    }
    return mg_block_alloc_slow(cache, bytes);
}

/* Frees a block that was asked for with `bytes` (or another size of the same class). */
static MG_ALWAYS_INLINE void mg_block_free(struct mg_block_cache *cache, void *block, size_t bytes)
{
    if (MG_LIKELY(bytes <= MG_BLOCK_MAX)) {
        uint32_t c = mg_block_class(bytes);
        struct mg_block_list *list = &cache->lists[c];
        if (MG_LIKELY(list->count < list->batch)) {
            struct mg_block_free *freed = block;
            freed->next = list->head;
            list->head = freed;
            list->count++;
            MG_POISON(block, mg_block_class_size(c));
            return;
        }
    }
    mg_block_free_slow(cache, block, bytes);
}

#endif
