/* SPDX-License-Identifier: MIT */
/* The collector: one copying engine, run in three ways.
 *
 *      kind     what may move                       where to
 *      WHOLE    everything (a small heap)           a fresh block, downwards from its end
 *      MINOR    young: block and fragments          the old generation
 *      MAJOR    everything                          a fresh old generation
 *
 * An object that was copied leaves the address of its copy in its old header (format MOVED). Copies
 * whose words have not been looked at yet are gray: their *originals*, whose bodies nobody needs
 * any more, are linked through their first word. So the collector needs no stack and no order among
 * the copies, and copies can be cut downwards like all allocations.
 *
 * C1  While a collection runs an original is either untouched, or its header is MOVED and names its
 *     copy.
 * C2  An object whose header has a bit of `skip` is not moved, and its words are looked at only if
 *     it is remembered.
 * C3  When the gray lists are empty every word of every copy leads to a copy, a skipped object or a
 *     marked large one.
 * C4  Off-heap lists still link originals until the sweep, which finds who died by C1.
 *
 * For this directory only. Threads: the one that runs the actor.
 */
#ifndef MG_OBJECT_GC_H
#define MG_OBJECT_GC_H

#include "object/fragment.h"
#include "object/heap_side.h"

enum mg_gc_kind { MG_COLLECT_WHOLE, MG_COLLECT_MINOR, MG_COLLECT_MAJOR };

struct mg_gc_request {
    enum mg_gc_kind kind;
    size_t block_words; /* of the fresh block; 0: the block stays (MINOR and MAJOR only) */
    size_t room_words;  /* WHOLE: copies leave so much of the fresh block free */
    mg_value *place;    /* the fresh block, if it is not to be allocated */
    mg_value become[2]; /* the two of a become:, or MG_UNSET (kinds WHOLE and MAJOR only) */
    bool two_way;
};

/* Where copies go, and the gray list; a copy of it lives in registers. */
struct mg_gc_cursor {
    mg_value *pos;               /* lowest word written */
    mg_value *low;               /* lowest word that may be */
    struct mg_object *gray;      /* originals */
    struct mg_object *gray_copy; /* of the first of them, or NULL: not at hand */
    uint32_t top_mask; /* bits of a header, from its slots on, that tell an ordinary object */
    uint32_t top_skip; /* gc->skip in the same form */
};

/* One of the objects that become: another. */
struct mg_gc_become {
    struct mg_object *object;
    uint64_t header;     /* its own, before it was replaced */
    mg_value copy;       /* its own copy; MG_UNSET when it dies */
    mg_value substitute; /* what references to it lead to afterwards */
};

struct mg_gc {
    struct mg_heap *heap;
    struct mg_heap_side *side; /* or NULL */
    struct mg_roots *roots;
    struct mg_block_cache *blocks;
    enum mg_gc_kind kind;
    uint64_t skip; /* header bits: such objects stay */
    uint64_t set;  /* header bits that copies get */
    struct mg_gc_cursor cursor;
    mg_value *segment; /* where the cursor's segment began */
    struct mg_fragment
        *overflow; /* WHOLE: fragments made for copies, newest first; the first is being filled */
    struct mg_chunk *from_chunks; /* MAJOR, WHOLE: the old generation as it was */
    struct mg_large *gray_large;
    mg_value *block, *block_end; /* the fresh block, or the old one when it stays */
    uint64_t bound;              /* WHOLE: words that can possibly be copied */
    uint64_t moved;              /* words copied, the current segment not counted */
    uint64_t large_moved;        /* words that became large objects */
    struct mg_gc_become become[2];
    uint32_t become_count;
    bool moves_block;
};

/* Runs a collection. Afterwards adopted_words is 0, and live_words, outside_words and the side's
 * figures are right. */
void mg_gc_run(struct mg_heap *heap, struct mg_roots *roots, const struct mg_gc_request *request);

/* After the trace: the new value of v, or MG_UNSET if its object died. */
mg_value mg_gc_forwarded(const struct mg_gc *gc, mg_value v);

/* After the trace, gc_sweep.c: relinks the off-heap objects that live, releases what the others
 * counted, and frees large objects that died. */
void mg_gc_sweep(struct mg_gc *gc);

/* weak.c: clears or follows the target of a weak object that lives on at `copy`. */
void mg_weak_settle(const struct mg_gc *gc, struct mg_object *copy);

static inline struct mg_object *mg_gc_copy_of(uint64_t moved_header)
{
    return (struct mg_object *)(uintptr_t)(moved_header & (((uint64_t)1 << 52) - 1));
}
static inline uint64_t mg_gc_moved_header(const struct mg_object *copy)
{
    return (uint64_t)MG_FORMAT_MOVED << MG_HEADER_FORMAT_SHIFT | (uint64_t)(uintptr_t)copy;
}
static inline bool mg_gc_is_moved(uint64_t header)
{
    return (header & MG_HEADER_FORMAT_MASK) == (uint64_t)MG_FORMAT_MOVED << MG_HEADER_FORMAT_SHIFT;
}

#endif
