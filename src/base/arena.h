/* SPDX-License-Identifier: MIT */
/* A bump arena for data that dies together, such as a syntax tree: allocate freely, release once.
 *
 * Every piece comes zeroed and aligned to 16 bytes, and stays where it is until the arena ends.
 *
 * Threads: the owner's. Memory: the arena owns every piece.
 */
#ifndef MG_BASE_ARENA_H
#define MG_BASE_ARENA_H

#include "base/compiler.h"

struct mg_arena_chunk;

struct mg_arena {
    struct mg_arena_chunk *chunks; // newest first
    char *next;                    // the first free byte of the newest chunk
    char *end;                     // its end
    size_t used;                   // bytes handed out, for limits and reports
};

/* An empty arena; allocates nothing. A struct of zeros is the same. */
void mg_arena_init(struct mg_arena *arena);

/* Releases every piece and leaves the arena empty. */
void mg_arena_deinit(struct mg_arena *arena);

/* `size` zeroed bytes; never NULL. */
void *mg_arena_alloc(struct mg_arena *arena, size_t size)
    __attribute__((malloc, alloc_size(2), returns_nonnull));

/* A copy of `n` bytes, followed by a zero byte that is not counted. */
char *mg_arena_strdup(struct mg_arena *arena, const void *data, size_t n)
    __attribute__((returns_nonnull));

#endif
