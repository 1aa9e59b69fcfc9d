/* SPDX-License-Identifier: MIT */
/* Large objects: each has an allocation of its own in its heap, where it stays until it dies.
 *
 *      mg_large                                         room (from MG_LARGE_ROOM_FROM bytes on)
 *      +-------------------------+------+--------+------+-----------+-----------------------------+
 *      | next, gray, bytes, room | size | header | body | cards     | addresses without memory    |
 *      +-------------------------+------+--------+------+-----------+-----------------------------+
 *
 * The greatest of them take a range of addresses several times their size, of which only the front
 * has memory. So an array that is to grow does it where it is: nothing is copied, nobody's
 * reference changes, and the old and the new one are never both there.
 *
 * L1  `bytes` is what the object needs with all around it; the memory of a range reaches to the end
 *     of its last huge page. What lies between is poisoned under AddressSanitizer.
 * L2  An object grows in a way that depends on sizes alone (G5); except where the machine limits
 *     address space, and no range is to be had: then it never does.
 *
 * For this directory only. Threads: the one that runs the actor. Memory: the heap's side links all,
 * and frees those that died.
 */
#ifndef MG_OBJECT_LARGE_H
#define MG_OBJECT_LARGE_H

#include "base/block.h"
#include "object/heap.h"

/* A spare header flag: the object has an allocation of its own in this heap (struct mg_large). */
#define MG_FLAG_LARGE ((uint64_t)1 << 62)

struct mg_large {
    struct mg_large *next;
    struct mg_large *gray; /* during a collection: marked, not yet scanned */
    uint64_t bytes;        /* L1 */
    uint64_t room;         /* of the range of addresses; 0: a block */
    uint64_t marked;
    mg_value words[]; /* size word, object, cards */
};

static inline struct mg_object *mg_large_object(struct mg_large *large)
{
    return (struct mg_object *)&large->words[1];
}

static inline struct mg_large *mg_large_of(const struct mg_object *o)
{
    ASSERT(o->header & MG_FLAG_LARGE);
    return MG_CONTAINER_OF((mg_value *)(uintptr_t)o - 1, struct mg_large, words);
}

/* An allocation for an object that spans so many words; `bytes` and `room` are set. */
struct mg_large *mg_large_alloc(struct mg_block_cache *blocks, uint64_t span);

/* Frees an object's allocation. */
void mg_large_free(struct mg_large *large, struct mg_block_cache *blocks);

/* Gives the object a body of `words`, which mg_heap_can_extend allows: new words of an Array are
 * nil, those of a ByteArray 0. Cards are kept. The caller adds to the figures of the side, and sees
 * to the length of a ByteArray. */
void mg_large_extend(struct mg_object *o, uint64_t words);

#endif
