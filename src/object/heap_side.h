/* SPDX-License-Identifier: MIT */
/* What a heap has besides its block, when it has it: the old generation, the large objects, the
 * remembered set.
 *
 *      side ── chunks ──> [ free | objects, youngest first ] ──> full chunk ──> ..   old generation
 *           ── large  ──> one object with its own allocation ──> ..      old; young in a small heap
 *           ── remembered: old objects that hold pointers to young ones
 *           ── spare  ──> empty chunks kept for the next collection
 *
 * D1  Every object in a chunk has MG_GC_OLD; every large object has MG_FLAG_LARGE, and MG_GC_OLD if
 *     the heap is generational.
 * D2  MG_GC_REMEMBERED stands in exactly the objects of the remembered set, each of which is there
 *     once.
 * D3  Between collections no large object is marked.
 *
 * For this directory only: heap.c, gc*.c, weak.c, audit.c.
 */
#ifndef MG_OBJECT_HEAP_SIDE_H
#define MG_OBJECT_HEAP_SIDE_H

#include "base/alloc.h"
#include "base/block.h"
#include "object/heap.h"
#include "object/large.h"

enum {
    MG_NURSERY_BYTES = 256 << 10, /* block of a generational heap, unless the stack needs more */
    MG_NURSERY_BYTES_BIG =
        512 << 10, /* once so many words live; more outgrows the second-level cache */
    MG_NURSERY_BIG_FROM = 32 << 10,
    MG_CHUNK_BYTES = 128 << 10,   /* of the old generation */
    MG_CHUNK_BYTES_BIG = 1 << 20, /* once it has MG_CHUNK_BIG_FROM bytes */
    MG_CHUNK_BIG_FROM = 4 << 20,
    MG_GENERATIONAL_WORDS = 8 << 10, /* live words above which a heap becomes generational */
    MG_GENERATIONAL_CAP = 4 << 20,   /* cap in bytes below which it does not */
    MG_MAJOR_WORDS = 64 << 10,       /* the old generation is not collected before it has these */
};

struct mg_chunk {
    struct mg_chunk *next;
    mg_value *first; /* youngest object; objects reach from here to the end of the chunk */
    uint64_t bytes;  /* of the allocation */
    uint64_t spare;
    mg_value words[];
};

struct mg_heap_side {
    struct mg_chunk *chunks; /* the first is being filled */
    struct mg_chunk *spare;
    struct mg_large *large;
    struct mg_object *off_heap; /* old objects that hold counted things */
    struct mg_object **remembered;
    uint32_t remembered_count, remembered_cap;
    uint64_t old_words;      /* in chunks, live or not */
    uint64_t large_words;    /* in large objects */
    uint64_t off_heap_words; /* off-heap bytes of old objects, in words */
    uint64_t chunk_bytes;    /* of all chunks */
    uint64_t spare_bytes;    /* of all spare chunks */
    uint64_t large_bytes;    /* of all large objects */
    uint64_t live_words;     /* old, large and off-heap together after the last major collection */
    uint64_t counts[3];      /* collections, by enum mg_gc_kind; since the side was made */
};

static inline mg_value *mg_chunk_end(struct mg_chunk *chunk)
{
    return (mg_value *)((char *)chunk + chunk->bytes);
}

/* Whether objects of this format stand in off-heap lists. */
static inline bool mg_is_off_heap(enum mg_format format)
{
    return format == MG_FORMAT_SHARED || format == MG_FORMAT_PROCESS || format == MG_FORMAT_WEAK;
}

/* The link word of such an object. */
static inline mg_value *mg_off_heap_next(struct mg_object *o, enum mg_format format)
{
    ASSERT(mg_is_off_heap(format));
    return &o->words[format == MG_FORMAT_SHARED ? MG_SHARED_NEXT : MG_PROCESS_NEXT];
}

_Static_assert(MG_PROCESS_NEXT + 0 == MG_WEAK_NEXT + 0, "both links stand in one place");

/* The words of cards behind an object's body; clears them. */
static inline void mg_object_clear_cards(struct mg_object *o, uint64_t words)
{
    for (uint64_t n = mg_object_card_words(mg_object_format(o), words), i = 0; i < n; i++)
        o->words[words + i] = 0;
}

/* The heap's side, made when there is none. */
struct mg_heap_side *mg_heap_side_make(struct mg_heap *heap, struct mg_block_cache *blocks);

/* One more count for what an off-heap object (no weak one) holds. gc_sweep.c */
void mg_off_heap_count(const struct mg_object *o);

/* Drops what an off-heap object counts. gc_sweep.c */
void mg_off_heap_release(struct mg_object *o, struct mg_block_cache *blocks);

/* Adds to a 32-bit count of words, which stays at its greatest value once reached. */
static inline void mg_words_add(uint32_t *count, uint64_t words)
{
    *count = words < UINT32_MAX - *count ? *count + (uint32_t)words : UINT32_MAX;
}

#endif
