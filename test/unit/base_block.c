/* SPDX-License-Identifier: MIT */
/* Blocks: classes, reuse, batches between caches, spans, and no two users of one byte. */
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/block.h"
#include "base/rng.h"
#include "support/unit.h"

/* Each size goes to the smallest class that holds it, and classes grow. */
UNIT_CASE(classes_are_tight)
{
    for (size_t bytes = 1; bytes <= MG_BLOCK_MAX; bytes++) {
        uint32_t c = mg_block_class(bytes);
        ck_assert_uint_lt(c, MG_BLOCK_CLASSES);
        ck_assert_uint_ge(mg_block_class_size(c), bytes);
        if (c > 0)
            ck_assert_uint_lt(mg_block_class_size(c - 1), bytes);
        ck_assert_uint_eq(mg_block_size(bytes), mg_block_class_size(c));
    }
    ck_assert_uint_eq(mg_block_size(MG_BLOCK_MAX + 1), 64 << 10);
    ck_assert_uint_eq(mg_block_size(MG_BLOCK_SPAN_MAX), MG_BLOCK_SPAN_MAX);
    ck_assert_uint_eq(mg_block_size(MG_BLOCK_SPAN_MAX + 8), MG_BLOCK_SPAN_MAX + 8);
}

/* A block just freed is the next one given out, and a pool that was not used has no memory. */
UNIT_CASE(reuses_what_is_hot)
{
    struct mg_block_pool pool;
    struct mg_block_cache cache;
    mg_block_pool_init(&pool);
    mg_block_cache_init(&cache, &pool);
    ck_assert_uint_eq(mg_block_pool_bytes(&pool), 0);
    void *a = mg_block_alloc(&cache, 500);
    void *b = mg_block_alloc(&cache, 512);
    ck_assert_ptr_ne(a, b);
    ck_assert_uint_eq((uintptr_t)a % 512, 0); /* B2 */
    mg_block_free(&cache, a, 512);            /* B1: any size of the class */
    ck_assert_ptr_eq(a, mg_block_alloc(&cache, 400));
    mg_block_free(&cache, a, 400);
    mg_block_free(&cache, b, 512);
    mg_block_cache_deinit(&cache);
    mg_block_pool_audit(&pool);
    mg_block_pool_deinit(&pool);
}

/* What is larger than a span, on both sides of each limit, is writable from end to end. */
UNIT_CASE(larger_than_spans)
{
    static const size_t sizes[] = {MG_BLOCK_SPAN_MAX + 8, (4 << 20) - 8, 4 << 20, (4 << 20) + 8,
                                   (9 << 20) + 24};
    struct mg_block_pool pool;
    struct mg_block_cache cache;
    unsigned char *blocks[MG_ARRAY_LEN(sizes)];
    mg_block_pool_init(&pool);
    mg_block_cache_init(&cache, &pool);
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++) {
        ck_assert_uint_eq(mg_block_size(sizes[i]), sizes[i]);
        blocks[i] = mg_block_alloc(&cache, sizes[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++) {
        ck_assert_uint_eq(blocks[i][0], i + 1);
        ck_assert_uint_eq(blocks[i][sizes[i] - 1], i + 1);
        mg_block_free(&cache, blocks[i], sizes[i]);
    }
    mg_block_cache_deinit(&cache);
    mg_block_pool_audit(&pool);
    mg_block_pool_deinit(&pool);
}

struct live {
    unsigned char *block;
    size_t bytes;
    unsigned char mark;
};

static size_t random_size(struct mg_rng *rng)
{
    switch (mg_rng_below(rng, 8)) {
    case 0:
        return 1 + mg_rng_below(rng, MG_BLOCK_MAX);
    case 1:
        return mg_rng_below(rng, 16) ? 1 + mg_rng_below(rng, 4096)
                                     : MG_BLOCK_MAX + mg_rng_below(rng, MG_BLOCK_SPAN_MAX + 4096);
    default:
        return 1 + mg_rng_below(rng, 600);
    }
}

static void live_check(const struct live *live)
{
    ck_assert_uint_eq(live->block[0], live->mark);
    ck_assert_uint_eq(live->block[live->bytes / 2], live->mark);
    ck_assert_uint_eq(live->block[live->bytes - 1], live->mark);
}

/* Random allocations from two caches of one pool never share a byte, and trimming loses nothing. */
UNIT_CASE(random_use_is_disjoint)
{
    enum { LIVE = 3000, STEPS = 60000 };
    struct mg_block_pool pool;
    struct mg_block_cache caches[2];
    struct mg_rng rng;
    struct live *live = mg_alloc_zero(LIVE * sizeof *live);
    mg_rng_seed(&rng, 7);
    mg_block_pool_init(&pool);
    mg_block_cache_init(&caches[0], &pool);
    mg_block_cache_init(&caches[1], &pool);
    for (int step = 0; step < STEPS; step++) {
        struct live *l = &live[mg_rng_below(&rng, LIVE)];
        struct mg_block_cache *cache = &caches[mg_rng_below(&rng, 2)];
        if (l->block) {
            live_check(l);
            mg_block_free(cache, l->block, l->bytes);
            l->block = NULL;
        } else {
            l->bytes = random_size(&rng);
            l->mark = (unsigned char)mg_rng_next(&rng);
            l->block = mg_block_alloc(cache, l->bytes);
            ck_assert_uint_eq((uintptr_t)l->block % 16, 0);
            memset(l->block, l->mark, l->bytes);
        }
        if (step % 5000 == 0) {
            mg_block_pool_trim(&pool);
            mg_block_pool_audit(&pool);
        }
    }
    for (int i = 0; i < LIVE; i++) {
        if (live[i].block) {
            live_check(&live[i]);
            mg_block_free(&caches[i & 1], live[i].block, live[i].bytes);
        }
    }
    mg_block_cache_deinit(&caches[0]);
    mg_block_cache_deinit(&caches[1]);
    mg_block_pool_audit(&pool);
    mg_free(live);
    mg_block_pool_deinit(&pool);
}

/* When everything is free again, trimming leaves the first ordinary pages and what is being cut. */
UNIT_CASE(trim_gives_back)
{
    enum { COUNT = 40000 };
    struct mg_block_pool pool;
    struct mg_block_cache cache;
    mg_block_pool_init(&pool);
    mg_block_cache_init(&cache, &pool);
    void **blocks = mg_alloc(COUNT * sizeof *blocks);
    for (int i = 0; i < COUNT; i++)
        blocks[i] = mg_block_alloc(&cache, 512);
    uint64_t peak = mg_block_pool_bytes(&pool);
    ck_assert_uint_ge(peak, COUNT * UINT64_C(512));
    ck_assert_uint_eq(mg_block_pool_trim(&pool), 0); /* all in use */
    for (int i = 0; i < COUNT; i++)
        mg_block_free(&cache, blocks[i], 512);
    mg_block_cache_flush(&cache);
    uint64_t released = mg_block_pool_trim(&pool);
    mg_block_pool_audit(&pool);
    ck_assert_uint_ge(released, peak - (4 << 20) - (2 << 20));
    ck_assert_uint_eq(mg_block_pool_bytes(&pool), peak - released);
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = mg_block_alloc(&cache, 512);
        memset(blocks[i], 1, 512);
    }
    for (int i = 0; i < COUNT; i++)
        mg_block_free(&cache, blocks[i], 512);
    mg_free(blocks);
    mg_block_cache_deinit(&cache);
    mg_block_pool_deinit(&pool);
}

/* An arena made ahead is the next one used. */
UNIT_CASE(prepare_is_used)
{
    struct mg_block_pool pool;
    struct mg_block_cache cache;
    mg_block_pool_init(&pool);
    mg_block_cache_init(&cache, &pool);
    ck_assert(!mg_block_pool_prepare(&pool)); /* nothing is used yet */
    void *spans[8];
    int count = 0;
    while (!mg_block_pool_prepare(&pool))
        spans[count++] = mg_block_alloc(&cache, MG_BLOCK_SPAN_MAX);
    ck_assert(!mg_block_pool_is_growing(&pool));
    ck_assert(!mg_block_pool_prepare(&pool)); /* one is enough */
    uint64_t before = mg_block_pool_bytes(&pool);
    for (int i = 0; i < 2; i++)
        spans[count++] = mg_block_alloc(&cache, MG_BLOCK_SPAN_MAX);
    ck_assert_uint_eq(mg_block_pool_bytes(&pool), before + (2 << 20));
    ck_assert(mg_block_pool_is_growing(&pool)); /* that one was taken */
    while (count > 0)
        mg_block_free(&cache, spans[--count], MG_BLOCK_SPAN_MAX);
    mg_block_cache_deinit(&cache);
    mg_block_pool_deinit(&pool);
}

/* -- Threads -- */

enum { RING = 1024, MESSAGES = 200000 };

struct flow {
    struct mg_block_pool pool;
    _Atomic(uint64_t *) ring[RING];
};

static void *produce(void *argument)
{
    struct flow *flow = argument;
    struct mg_block_cache cache;
    mg_block_cache_init(&cache, &flow->pool);
    for (uint64_t i = 0; i < MESSAGES; i++) {
        uint64_t *block = mg_block_alloc(&cache, 96);
        for (int w = 0; w < 12; w++)
            block[w] = i + (uint64_t)w;
        /* T1 acquire: the place is free. Pairs with T4 in consume(). */
        while (load_acquire(&flow->ring[i % RING]))
            cpu_relax();
        /* T2 release: the block is filled. Pairs with T3 in consume(). */
        store_release(&flow->ring[i % RING], block);
    }
    mg_block_cache_deinit(&cache);
    return NULL;
}

static void *consume(void *argument)
{
    struct flow *flow = argument;
    struct mg_block_cache cache;
    mg_block_cache_init(&cache, &flow->pool);
    for (uint64_t i = 0; i < MESSAGES; i++) {
        uint64_t *block;
        /* T3 acquire: sees what is in the block. Pairs with T2 in produce(). */
        while (!(block = load_acquire(&flow->ring[i % RING])))
            cpu_relax();
        /* T4 release: the place is free. Pairs with T1 in produce(). */
        store_release(&flow->ring[i % RING], (uint64_t *)NULL);
        for (int w = 0; w < 12; w++)
            CHECK(block[w] == i + (uint64_t)w);
        mg_block_free(&cache, block, 96);
    }
    mg_block_cache_deinit(&cache);
    return NULL;
}

/* Blocks that flow from one thread to another come back through the pool: memory does not grow. */
UNIT_CASE(flows_between_threads)
{
    struct flow *flow = mg_alloc_zero(sizeof *flow);
    mg_block_pool_init(&flow->pool);
    pthread_t producer, consumer;
    ck_assert_int_eq(pthread_create(&producer, NULL, produce, flow), 0);
    ck_assert_int_eq(pthread_create(&consumer, NULL, consume, flow), 0);
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
    ck_assert_uint_le(mg_block_pool_bytes(&flow->pool), 4 << 20);
    mg_block_pool_audit(&flow->pool);
    mg_block_pool_deinit(&flow->pool);
    mg_free(flow);
}

UNIT_MAIN("base/block", classes_are_tight, reuses_what_is_hot, larger_than_spans,
          random_use_is_disjoint, trim_gives_back, prepare_is_used, flows_between_threads)
