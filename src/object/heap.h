/* SPDX-License-Identifier: MIT */
/* The heap of one actor: its stack and its objects, generational and copying.
 *
 *      stack            top         alloc                 end
 *       |                |            |                    |
 *       v                v            v                    v
 *      +----------------+------------+--------------------+       +----------------+
 *      | frames, upwards|    gap     | youngest .. oldest |       | old generation |  (in the side,
 *      +----------------+------------+--------------------+       +----------------+   when made)
 *       one block; at birth the tail of the actor's 512 bytes     fragments adopted: young, outside
 *
 * New objects are cut from the upper end of the gap, frames grow into its lower end; both check
 * against each other, so one comparison guards both. `top` is known to the owner (the interpreter),
 * who passes it in.
 *
 * A collection copies what is reachable: small heaps whole into one fresh block; larger ones keep
 * an old generation, and most collections then move only young survivors into it. Fragments that
 * were adopted count as young, and are released by the collection that empties them. A copy that
 * finds no room in the fresh block goes into an overflow fragment, which is young and outside like
 * an adopted one. Objects of MG_LARGE_WORDS words and more are moved once, into an allocation of
 * their own, and then stay where they are.
 *
 * G1  Between collections every word in [stack, top) and every value in an object is a valid value
 *     (V1, V4).
 * G2  An object in the old generation that holds a pointer to a young one is remembered: all such
 *     stores go through mg_store. Arrays above MG_CARD_SLOTS remember the card.
 * G3  Whatever an off-heap object counts (bytes, control blocks) is released when the object dies
 *     or the heap ends.
 * G4  The words the heap takes, its adopted fragments and off-heap bytes stay below `cap_bytes`, or
 *     reserve fails. This counts memory held between collections; a collection itself needs room
 *     for one more copy of what it moves. An array that has become large in a reserve may then
 *     grow where it is and leave the reserved room empty: until the next reserve both count.
 * G5  Decisions to collect, grow and shrink depend on counted words only, never on time, addresses
 *     or the allocator.
 *
 * Threads: the one thread that runs the actor. Memory: blocks come from the caller's block cache
 * and go back to it.
 */
#ifndef MG_OBJECT_HEAP_H
#define MG_OBJECT_HEAP_H

#include "base/compiler.h"
#include "object/object.h"

#include <stddef.h>

struct mg_block_cache; /* base/block.h: one a scheduler */
struct mg_fragment;    /* object/fragment.h */
struct mg_heap_side;   /* heap_side.h: old generation and more; made when first needed */

struct mg_heap {
    mg_value *stack; /* lowest word of the block */
    mg_value *alloc; /* lowest word of the youngest object */
    mg_value *end;
    struct mg_fragment *adopted; /* newest first */
    struct mg_object *off_heap;  /* young objects that hold counted things, linked */
    struct mg_heap_side *side;   /* or NULL */
    uint32_t adopted_words;      /* words adopted or charged since the last collection */
    uint32_t live_words;         /* what the last collection left alive; see mg_heap_is_due */
    uint32_t outside_words;      /* young memory outside the block: fragments, off-heap bytes */
    uint16_t flags;              /* enum mg_heap_flag */
    uint16_t idle;               /* the owner's: when it collects if it waits (interp/process.c) */
    uint64_t cap_bytes;          /* limit on everything, see G4 */
};

enum mg_heap_flag {
    MG_HEAP_FIRST_BLOCK = 1,  /* the block is the rest of the actor's own block: not to be freed */
    MG_HEAP_GENERATIONAL = 2, /* there is an old generation, or the next collection makes one */
    MG_HEAP_KEEPS = 4,        /* it has, or had, handles that keep something alive elsewhere */
};

/* Words adopted or charged, at least, before they alone cause a collection. */
#define MG_HEAP_DUE_WORDS 512u
/* Objects of this size (words of body) are not moved again once they have survived. */
#define MG_LARGE_WORDS 2048u

/* What a collection must know besides the heap: where the live values outside objects are. */
struct mg_roots {
    mg_value *top;   /* the stack is live from heap->stack to here */
    mg_value *extra; /* further live values, extra_count of them */
    uint32_t extra_count;
    struct mg_block_cache *blocks;
    uint64_t *work; /* words moved are added to it, to be charged as reductions; may be NULL */
};

/* An empty heap in the memory [words, words + count), which is not freed by the heap. */
void mg_heap_init(struct mg_heap *heap, mg_value *words, uint32_t count, uint64_t cap_bytes);

/* Releases everything: blocks, fragments, counted things. */
void mg_heap_deinit(struct mg_heap *heap, struct mg_block_cache *blocks);

/* Words free between top and the youngest object. */
static inline size_t mg_heap_room(const struct mg_heap *heap, const mg_value *top)
{
    return heap->alloc > top ? (size_t)(heap->alloc - top) : 0;
}

/* Whether so much has been adopted or charged that the heap wants a collection though it has room.
 * mg_heap_reserve looks at this too; whoever adopts without reserving afterwards asks, and calls
 * mg_heap_reserve(heap, 0, roots) if so. */
static inline bool mg_heap_is_due(const struct mg_heap *heap)
{
    uint32_t adopted = heap->adopted_words;
    return MG_UNLIKELY(adopted >= MG_HEAP_DUE_WORDS) && adopted >= heap->live_words &&
           adopted >= heap->outside_words / 2;
}

/* Makes sure that `words` can be allocated (or the stack can grow by them), collecting, moving and
 * growing if need be. MG_MAY_COLLECT: afterwards the stack and all objects may lie elsewhere;
 * roots->top is updated. Answers 0, or MG_ELIMIT when the cap does not allow it (then nothing is
 * lost: what was live still is). */
MG_MUST_CHECK int mg_heap_reserve(struct mg_heap *heap, size_t words, struct mg_roots *roots);

/* Collects now; `major` the old generation too. The same effects. Used by hibernation, tests and
 * the stress profile. */
void mg_heap_collect(struct mg_heap *heap, bool major, struct mg_roots *roots);

/* Collects everything and moves stack and objects into the smallest block that holds them. */
void mg_heap_hibernate(struct mg_heap *heap, struct mg_roots *roots);

/* The same; stack and objects go into [first, first + count) if they fit: the memory the heap was
 * born in, which the owner has kept. A heap that never left it, and has nothing outside, is left
 * as it is. */
void mg_heap_hibernate_into(struct mg_heap *heap, mg_value *first, uint32_t count,
                            struct mg_roots *roots);

/* Cuts an object from room reserved before. The body is not filled: fill every word before the next
 * reserve. `words` is the body, as mg_object_words counts it; card words are cleared here. */
static inline struct mg_object *mg_heap_alloc_small(struct mg_heap *heap, uint32_t class_id,
                                                    enum mg_format format, uint32_t words)
{
    ASSERT(words < MG_CARD_SLOTS);
    heap->alloc -= 1 + words;
    struct mg_object *o = (struct mg_object *)heap->alloc;
    o->header = mg_header(class_id, format, words);
    return o;
}
struct mg_object *mg_heap_alloc(struct mg_heap *heap, uint32_t class_id, enum mg_format format,
                                uint64_t words);

/* Enters an object that was just filled and holds a counted thing (formats SHARED, PROCESS, WEAK)
 * into the heap's list. `charge_bytes` off-heap bytes, which the object alone is answerable for,
 * count towards the next collection. */
void mg_heap_link_off_heap(struct mg_heap *heap, struct mg_object *o, uint64_t charge_bytes);

/* Stores a value into a slot of an object of this heap. Never into SHARED objects. */
void mg_store_slow(struct mg_heap *heap, struct mg_object *o, uint64_t index, mg_value v);
static inline void mg_store(struct mg_heap *heap, struct mg_object *o, uint64_t index, mg_value v)
{
    ASSERT(!(o->header & MG_GC_SHARED));
    o->words[index] = v;
    if (MG_UNLIKELY((o->header & MG_GC_OLD) && mg_is_pointer(v))) {
        mg_store_slow(heap, o, index, v);
    }
}

/* Whether an Array or ByteArray of this heap can get a body of `words`, which are more than it has,
 * where it is (large.h): then nothing need be reserved for it. Once true it stays so while the
 * object lives. The cap is not looked at: see mg_heap_allows and the next. large.c */
bool mg_heap_can_extend(const struct mg_object *o, uint64_t words);

/* Bytes by which the heap grows then. */
static inline uint64_t mg_heap_extend_bytes(const struct mg_object *o, uint64_t words)
{
    enum mg_format format = mg_object_format(o);
    uint64_t span = mg_object_span(format, words) - mg_object_span(format, mg_object_words(o));
    return span * sizeof(mg_value);
}

/* Gives it that body, which can be: new words of an Array are nil, and zeros of a ByteArray, whose
 * length the caller sets. Collects nothing. */
void mg_heap_extend(struct mg_heap *heap, struct mg_object *o, uint64_t words);

/* Takes over a fragment, with the allocation it is part of: its objects are now young objects of
 * this heap. True when a collection is due (mg_heap_is_due). */
bool mg_heap_adopt(struct mg_heap *heap, struct mg_fragment *fragment);

/* Moves the objects of a small fragment into room that was reserved before (fragment->words), and
 * rewrites `count` values that lead into it. Answers with an empty fragment, which the caller still
 * has to free. */
void mg_heap_absorb(struct mg_heap *heap, struct mg_fragment *fragment, mg_value *values,
                    uint32_t count);

/* The same, but leaves the fragment as it is, not a bit of it written: for what several threads may
 * read. Much faster than mg_copy_into_heap where all of a fragment is wanted. */
void mg_heap_copy_fragment(struct mg_heap *heap, const struct mg_fragment *fragment,
                           mg_value *values, uint32_t count);

/* A WeakReference to v, in room reserved before (1 + MG_WEAK_WORDS). weak.c */
mg_value mg_weak_new(struct mg_heap *heap, mg_value v);

/* become: swaps (two-way) or forwards a to b in the whole heap, by one collection that rewrites all
 * references. Both are objects of this heap, not SHARED. Same effects as a collection. Each body
 * keeps its own identity hash. Answers MG_ELIMIT when the heap is above its cap. */
MG_MUST_CHECK int mg_heap_become(struct mg_heap *heap, mg_value a, mg_value b, bool two_way,
                                 struct mg_roots *roots);

/* Figures for people and limits: bytes of all the heap's memory, off-heap bytes included. */
uint64_t mg_heap_bytes(const struct mg_heap *heap);

/* Those of them that are strings and bytes outside the heap; what several objects share counts for
 * each. Takes a look at each such object. */
uint64_t mg_heap_shared_bytes(const struct mg_heap *heap);

/* Whether so many bytes more stay below the cap, as far as is known without a collection: for
 * off-heap memory, to be asked before it is allocated. */
static inline bool mg_heap_allows(const struct mg_heap *heap, uint64_t bytes)
{
    uint64_t held = mg_heap_bytes(heap);
    return held <= heap->cap_bytes && bytes <= heap->cap_bytes - held;
}

/* Walks the heap and stops the process if G1..G3 do not hold (stress profile, tests). */
void mg_heap_audit(const struct mg_heap *heap, const struct mg_roots *roots);

#endif
