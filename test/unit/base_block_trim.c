/* SPDX-License-Identifier: MIT */
/* Trimming while others allocate and free. */
#include <pthread.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/block.h"
#include "support/unit.h"

enum { WORKERS = 3, ROUNDS = 12, BLOCKS = 6000 };

struct shared {
    struct mg_block_pool pool;
    _Atomic(uint32_t) running;
};

static void *work(void *argument)
{
    struct shared *shared = argument;
    struct mg_block_cache cache;
    mg_block_cache_init(&cache, &shared->pool);
    uint64_t **blocks = mg_alloc(BLOCKS * sizeof *blocks);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < BLOCKS; i++) {
            blocks[i] = mg_block_alloc(&cache, 256 + 512 * (i % 4));
            blocks[i][0] = i;
            blocks[i][31] = ~i;
        }
        for (uint64_t i = 0; i < BLOCKS; i++) {
            CHECK(blocks[i][0] == i && blocks[i][31] == ~i);
            mg_block_free(&cache, blocks[i], 256 + 512 * (i % 4));
        }
        mg_block_cache_flush(&cache);
    }
    mg_free(blocks);
    mg_block_cache_deinit(&cache);
    /* T1 release: all is given back. Pairs with T2 in trims_beside_workers(). */
    fetch_sub_release(&shared->running, 1);
    return NULL;
}

/* Nobody loses a block to a trim, and afterwards nothing is left that could be trimmed. */
UNIT_CASE(trims_beside_workers)
{
    struct shared *shared = mg_alloc_zero(sizeof *shared);
    mg_block_pool_init(&shared->pool);
    /* T3 relaxed: before the threads are made. Pairs with T2 below. */
    store_relaxed(&shared->running, WORKERS);
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, shared), 0);
    /* T2 acquire: their blocks are all back when it reads 0. Pairs with T1 in work(). */
    while (load_acquire(&shared->running) > 0) {
        mg_block_pool_trim(&shared->pool);
        mg_block_pool_audit(&shared->pool);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    mg_block_pool_trim(&shared->pool);
    mg_block_pool_audit(&shared->pool);
    ck_assert_uint_eq(mg_block_pool_trim(&shared->pool), 0);
    /* The first 4 MiB, and at most an arena for each of the classes that are being cut. */
    ck_assert_uint_le(mg_block_pool_bytes(&shared->pool), (4 + 4 * 2) << 20);
    mg_block_pool_deinit(&shared->pool);
    mg_free(shared);
}

UNIT_MAIN("base/block_trim", trims_beside_workers)
