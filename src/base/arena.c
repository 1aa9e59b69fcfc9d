/* SPDX-License-Identifier: MIT */
/* Chunks that double from 4 KiB to 256 KiB; a piece larger than a quarter of that gets a chunk of
 * its own, put behind the newest one so that the room left there is not lost. Under
 * AddressSanitizer every piece has its own chunk of its exact size, so that an overrun is seen.
 */
#include "base/arena.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"

enum {
    ARENA_ALIGN = 16,
    ARENA_CHUNK_FIRST = 4 << 10,
    ARENA_CHUNK_MAX = 256 << 10,
    ARENA_PIECE_MAX = ARENA_CHUNK_MAX / 4,
};

struct mg_arena_chunk {
    struct mg_arena_chunk *older;
    size_t size; // bytes after this header
    char data[] __attribute__((aligned(ARENA_ALIGN)));
};

/* Whole pages of a chunk of this size; 0 for a smaller one, which the allocator gives. Large chunks
 * come from the kernel and go back to it at once: an arena is often made for a piece of work, and
 * the allocator would keep what it took. */
static size_t chunk_pages(size_t size)
{
#ifdef MG_ASAN
    (void)size; // it wants to see each allocation
    return 0;
#else
    return size < ARENA_CHUNK_MAX ? 0 : MG_ALIGN_UP(sizeof(struct mg_arena_chunk) + size, 4096);
#endif
}

static void chunk_free(struct mg_arena_chunk *chunk)
{
    size_t pages = chunk_pages(chunk->size);
    if (pages > 0)
        mg_pages_release(chunk, pages);
    else
        mg_free(chunk);
}

void mg_arena_init(struct mg_arena *arena)
{
    *arena = (struct mg_arena){0};
}

void mg_arena_deinit(struct mg_arena *arena)
{
    struct mg_arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct mg_arena_chunk *older = chunk->older;
        chunk_free(chunk);
        chunk = older;
    }
    mg_arena_init(arena);
}

static struct mg_arena_chunk *chunk_new(size_t size)
{
    size_t pages = chunk_pages(size);
    struct mg_arena_chunk *chunk =
        pages > 0 ? mg_pages_reserve(pages) : mg_alloc_zero(sizeof *chunk + size);
    chunk->size = size;
    return chunk;
}

/* A chunk for one piece alone, behind the newest. */
static void *arena_alloc_alone(struct mg_arena *arena, size_t size)
{
    struct mg_arena_chunk *chunk = chunk_new(size);
    struct mg_arena_chunk **place = arena->chunks ? &arena->chunks->older : &arena->chunks;
    chunk->older = *place;
    *place = chunk;
    return chunk->data;
}

static void arena_add_chunk(struct mg_arena *arena, size_t piece)
{
    size_t size = ARENA_CHUNK_FIRST;
    while (size < ARENA_CHUNK_MAX && size <= arena->used)
        size *= 2;
    while (size < piece)
        size *= 2;
    struct mg_arena_chunk *chunk = chunk_new(size);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->data;
    arena->end = chunk->data + size;
}

void *mg_arena_alloc(struct mg_arena *arena, size_t size)
{
    CHECK(size < SIZE_MAX / 2);
#ifdef MG_ASAN
    arena->used += size;
    return arena_alloc_alone(arena, size);
#endif
    size_t piece = MG_ALIGN_UP(size ? size : 1, ARENA_ALIGN);
    arena->used += piece;
    if (MG_UNLIKELY(piece > (size_t)(arena->end - arena->next))) {
        if (piece > ARENA_PIECE_MAX)
            return arena_alloc_alone(arena, piece);
        arena_add_chunk(arena, piece);
    }
    void *data = arena->next;
    arena->next += piece;
    ASSERT(arena->next <= arena->end);
    return data;
}

char *mg_arena_strdup(struct mg_arena *arena, const void *data, size_t n)
{
    char *copy = mg_arena_alloc(arena, n + 1);
    if (n > 0)
        memcpy(copy, data, n);
    return copy;
}
