/* SPDX-License-Identifier: MIT */
/* A fragment: a sealed piece of memory with a copied object graph, built by one actor for another.
 * It is the tail of one allocation whose head belongs to whoever made it (a signal, an exit
 * record).
 *
 * F1  Pointers in a fragment lead into the same fragment or to SHARED objects.
 * F2  A fragment is written by its builder only until it is handed over, and afterwards touched
 *     only by the receiver.
 *
 * Memory: released with mg_fragment_free, which drops what its off-heap objects count and gives the
 * block back.
 */
#ifndef MG_OBJECT_FRAGMENT_H
#define MG_OBJECT_FRAGMENT_H

#include "object/object.h"

struct mg_block_cache;

struct mg_fragment {
    struct mg_fragment *next;   /* for its holder's list */
    struct mg_object *off_heap; /* objects in it that hold counted things, linked */
    void *block;                /* the allocation it is part of */
    uint32_t block_bytes;       /* its size, for mg_block_free; 0: allocated with mg_alloc */
    uint32_t words;             /* words of objects */
    mg_value *first;            /* where they stand */
    uint64_t shared_bytes;      /* off-heap bytes it keeps alive, for limits */
};

/* Writes the words of a fragment to `to`, with all pointers into it leading into the copy, and lets
 * the values that led into it lead there too. Answers the distance in bytes. What off-heap objects
 * hold is not counted, nor are the copied ones linked anew: that is the caller's part. */
uintptr_t mg_fragment_write(const struct mg_fragment *fragment, mg_value *to, mg_value *values,
                            uint32_t count);

/* A copy of a fragment: `copy` gets first, words, off_heap and shared_bytes (its block is the
 * caller's business), the objects are written to `to`, what they hold is counted once more, and
 * `values` lead into the copy. The fragment is not written to. */
void mg_fragment_copy(const struct mg_fragment *fragment, struct mg_fragment *copy, mg_value *to,
                      mg_value *values, uint32_t count);

/* Drops what the off-heap objects count; afterwards the fragment has no objects. */
void mg_fragment_drop(struct mg_fragment *fragment, struct mg_block_cache *blocks);

/* The same, and frees the allocation it is part of. */
void mg_fragment_free(struct mg_fragment *fragment, struct mg_block_cache *blocks);

#endif
