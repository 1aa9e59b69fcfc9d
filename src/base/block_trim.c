/* SPDX-License-Identifier: MIT */
/* Giving arenas back, and the pool's audit: see block.h.
 *
 * No block says which arena it is from, and no arena what is used in it. So the trimmer takes all
 * free blocks out of the pool, counts them by arena (P1), unlinks the arenas of which everything is
 * there, and puts the blocks of the others back. Meanwhile the pool serves others from fresh runs;
 * only the taking, the decision and the putting back are done under the lock.
 */
#include "base/block_internal.h"

#include <stdlib.h>

#include "base/alloc.h"

/* What the trimmer took out of the pool, and the arenas in order of their addresses. */
struct block_trim {
    struct mg_block_free *batches[MG_BLOCK_CLASSES];
    struct mg_block_free *spans[MG_BLOCK_SPANS];
    struct mg_block_arena **arenas;
    uint32_t count;
};

static int arena_compare(const void *a, const void *b)
{
    const struct mg_block_arena *x = *(struct mg_block_arena *const *)a;
    const struct mg_block_arena *y = *(struct mg_block_arena *const *)b;
    return (x->base > y->base) - (x->base < y->base);
}

static struct mg_block_arena *trim_arena_of(const struct block_trim *trim, const void *block)
{
    uint32_t low = 0;
    uint32_t high = trim->count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (trim->arenas[middle]->base <= (const char *)block)
            low = middle;
        else
            high = middle;
    }
    ASSERT((size_t)((const char *)block - trim->arenas[low]->base) < MG_BLOCK_ARENA);
    return trim->arenas[low];
}

/* Takes all lists out of the pool; false when somebody else trims already or there is nothing. */
static bool trim_begin(struct mg_block_pool *pool, struct block_trim *trim)
{
    bool ok = false;
    mg_lock_acquire(&pool->lock);
    uint32_t count = pool->arena_count;
    if (!pool->trimming && count > MG_BLOCK_ORDINARY) {
        ok = true;
        pool->trimming = 1;
        for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++) {
            trim->batches[c] = pool->batches[c];
            pool->batches[c] = NULL;
        }
        for (uint32_t s = 0; s < MG_BLOCK_SPANS; s++) {
            trim->spans[s] = pool->spans[s];
            pool->spans[s] = NULL;
        }
        trim->arenas = mg_alloc(count * sizeof *trim->arenas);
        trim->count = 0;
        for (struct mg_block_arena *a = pool->arenas; a; a = a->next) {
            a->seen = 0;
            trim->arenas[trim->count++] = a;
        }
        CHECK(trim->count == count);
    }
    mg_lock_release(&pool->lock);
    return ok;
}

static void trim_count(struct block_trim *trim)
{
    qsort(trim->arenas, trim->count, sizeof *trim->arenas, arena_compare);
    for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++) {
        size_t size = mg_block_class_size(c);
        struct mg_block_free *next_batch;
        for (struct mg_block_free *head = trim->batches[c]; head; head = next_batch) {
            mg_block_link_open(head);
            next_batch = head->next_batch;
            struct mg_block_free *next;
            for (struct mg_block_free *b = head; b; b = next) {
                mg_block_link_open(b);
                next = b->next;
                mg_block_link_close(b);
                trim_arena_of(trim, b)->seen += size;
            }
        }
    }
    for (uint32_t s = 0; s < MG_BLOCK_SPANS; s++) {
        struct mg_block_free *next;
        for (struct mg_block_free *b = trim->spans[s]; b; b = next) {
            mg_block_link_open(b);
            next = b->next;
            mg_block_link_close(b);
            trim_arena_of(trim, b)->seen += (size_t)MG_BLOCK_RUN << s;
        }
    }
}

/* Decides which arenas go, and takes them out of the pool's lists. */
static uint64_t trim_decide(struct mg_block_pool *pool)
{
    uint64_t released = 0;
    mg_lock_acquire(&pool->lock);
    for (struct mg_block_arena *a = pool->arenas; a; a = a->next)
        a->doomed = !a->ordinary && a->cut > 0 && a->seen == a->cut;
    for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++) {
        struct mg_block_run *run = &pool->runs[c];
        if (run->arena && (size_t)(run->end - run->next) < mg_block_class_size(c))
            *run = (struct mg_block_run){0};
        if (run->arena)
            run->arena->doomed = 0;
    }
    for (struct mg_block_arena **link = &pool->open; *link;) {
        if ((*link)->doomed)
            *link = (*link)->next_open;
        else
            link = &(*link)->next_open;
    }
    for (struct mg_block_arena **link = &pool->arenas; *link;) {
        if ((*link)->doomed) {
            *link = (*link)->next;
            pool->arena_count--;
            released += MG_BLOCK_ARENA;
        } else {
            link = &(*link)->next;
        }
    }
    mg_block_figure_add(&pool->bytes, -(int64_t)released);
    mg_lock_release(&pool->lock);
    return released;
}

/* Takes the blocks of doomed arenas out of a list of batches; answers them as new batches. */
static struct mg_block_free *trim_filter(const struct block_trim *trim, struct mg_block_free *heads,
                                         uint32_t c, uint64_t *gone)
{
    uint32_t batch = mg_block_batch_size(c);
    struct mg_block_free *kept = NULL;    /* finished batches */
    struct mg_block_free *filling = NULL; /* the one being filled */
    uint32_t count = 0;
    struct mg_block_free *next_batch;
    for (; heads; heads = next_batch) {
        mg_block_link_open(heads);
        next_batch = heads->next_batch;
        struct mg_block_free *next;
        for (struct mg_block_free *b = heads; b; b = next) {
            mg_block_link_open(b);
            next = b->next;
            if (trim_arena_of(trim, b)->doomed) {
                *gone += mg_block_class_size(c);
                continue;
            }
            b->next = filling;
            filling = b;
            if (++count == batch) {
                b->count = count;
                b->next_batch = kept;
                kept = b;
                filling = NULL;
                count = 0;
            }
            mg_block_link_close(b);
        }
    }
    if (filling) {
        mg_block_link_open(filling);
        filling->count = count;
        filling->next_batch = kept;
        mg_block_link_close(filling);
        kept = filling;
    }
    return kept;
}

/* The same for spans. */
static struct mg_block_free *trim_filter_spans(const struct block_trim *trim,
                                               struct mg_block_free *spans, size_t size,
                                               uint64_t *gone)
{
    struct mg_block_free *kept = NULL;
    struct mg_block_free *next;
    for (struct mg_block_free *b = spans; b; b = next) {
        mg_block_link_open(b);
        next = b->next;
        if (trim_arena_of(trim, b)->doomed) {
            *gone += size;
        } else {
            b->next = kept;
            kept = b;
            mg_block_link_close(b);
        }
    }
    return kept;
}

/* Puts what is left back into the pool, in front of what came meanwhile. */
static void trim_give(struct mg_block_pool *pool, struct block_trim *trim, uint64_t gone)
{
    mg_lock_acquire(&pool->lock);
    for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++) {
        struct mg_block_free *next;
        for (struct mg_block_free *b = trim->batches[c]; b; b = next) {
            mg_block_link_open(b);
            next = b->next_batch;
            b->next_batch = pool->batches[c];
            mg_block_link_close(b);
            pool->batches[c] = b;
        }
    }
    for (uint32_t s = 0; s < MG_BLOCK_SPANS; s++) {
        struct mg_block_free *next;
        for (struct mg_block_free *b = trim->spans[s]; b; b = next) {
            mg_block_link_open(b);
            next = b->next;
            b->next = pool->spans[s];
            mg_block_link_close(b);
            pool->spans[s] = b;
        }
    }
    mg_block_figure_add(&pool->free_bytes, -(int64_t)gone);
    pool->trimming = 0;
    mg_lock_release(&pool->lock);
}

uint64_t mg_block_pool_trim(struct mg_block_pool *pool)
{
    struct block_trim trim;
    if (!trim_begin(pool, &trim))
        return 0;
    trim_count(&trim);
    uint64_t released = trim_decide(pool);
    uint64_t gone = 0;
    if (released > 0) {
        for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++)
            trim.batches[c] = trim_filter(&trim, trim.batches[c], c, &gone);
        for (uint32_t s = 0; s < MG_BLOCK_SPANS; s++)
            trim.spans[s] =
                trim_filter_spans(&trim, trim.spans[s], (size_t)MG_BLOCK_RUN << s, &gone);
    }
    trim_give(pool, &trim, gone);
    for (uint32_t i = 0; i < trim.count; i++) {
        if (trim.arenas[i]->doomed)
            mg_block_arena_release(trim.arenas[i]);
    }
    mg_free(trim.arenas);
    return released;
}

/* -- Audit -- */

void mg_block_pool_audit(struct mg_block_pool *pool)
{
    uint64_t free_bytes = 0;
    uint64_t cut = 0;
    uint32_t arenas = 0;
    mg_lock_acquire(&pool->lock);
    for (struct mg_block_arena *a = pool->arenas; a; a = a->next) {
        CHECK(a->cut <=
              (uint64_t)(MG_BLOCK_RUNS - __builtin_popcount(a->runs_free)) * MG_BLOCK_RUN);
        cut += a->cut;
        arenas++;
    }
    CHECK(arenas == pool->arena_count);
    for (struct mg_block_arena *a = pool->open; a; a = a->next_open)
        CHECK(a->runs_free != 0);
    for (uint32_t c = 0; c < MG_BLOCK_CLASSES; c++) {
        struct mg_block_free *next_batch;
        for (struct mg_block_free *head = pool->batches[c]; head; head = next_batch) {
            mg_block_link_open(head);
            next_batch = head->next_batch;
            uint32_t said = head->count;
            uint32_t count = 0;
            struct mg_block_free *next;
            for (struct mg_block_free *b = head; b; b = next, count++) {
                mg_block_link_open(b);
                next = b->next;
                mg_block_link_close(b);
            }
            CHECK(count == said);
            CHECK(count <= mg_block_batch_size(c));
            free_bytes += count * mg_block_class_size(c);
        }
    }
    for (uint32_t s = 0; s < MG_BLOCK_SPANS; s++) {
        struct mg_block_free *next;
        for (struct mg_block_free *b = pool->spans[s]; b; b = next) {
            mg_block_link_open(b);
            next = b->next;
            mg_block_link_close(b);
            free_bytes += (size_t)MG_BLOCK_RUN << s;
        }
    }
    CHECK(free_bytes == mg_block_pool_free_bytes(pool));
    CHECK(free_bytes <= cut);
    mg_lock_release(&pool->lock);
}
