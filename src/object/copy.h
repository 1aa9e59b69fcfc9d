/* SPDX-License-Identifier: MIT */
/* The deep copy: from an actor's heap into a fragment. Iterative, in two steps with the caller
 * between them:
 *
 *      mg_copy_measure(&c, roots, n)  ->  words        (the copy now stands in c's scratch)
 *      block = allocate(head + words * 8)
 *      mg_copy_write(&c, to, ...)      or  mg_copy_abandon(&c)
 *
 * C1  Between measure and write/abandon the source heap is not touched by anyone: things that are
 *     counted are counted by the write only.
 * C2  Sharing and cycles inside one measure are kept; SHARED objects, symbols, classes and
 *     immediates are not copied.
 * C3  Blocks arrive detached (home token 0); cells are copied; forwarders resolved; a WEAK object,
 *     a Context of a live frame or anything marked unsendable is refused, with the path to it.
 * C4  Bytes above MG_SHARE_BYTES are shared by count, not copied (bytes.h says how a ByteArray is
 *     then written).
 * C5  A copy keeps identity hashes, and nothing else of a header that belongs to a collector.
 *
 * Threads: the thread that runs the source actor. Memory: the scratch of a struct mg_copy is kept
 * for reuse; one a scheduler.
 */
#ifndef MG_OBJECT_COPY_H
#define MG_OBJECT_COPY_H

#include "base/compiler.h"
#include "base/map.h"
#include "object/fragment.h"

struct mg_world;
struct mg_heap;

/* What a root became: a place in the copy, or a value as it stands. */
struct mg_copy_root {
    mg_value value;
    bool is_place;
};

struct mg_copy {
    const struct mg_world *world; /* for names in refusals; NULL: numbers */
    struct mg_copy_item *items;   /* scratch: the objects reached, in the order of their places */
    uint32_t item_count, item_cap;
    mg_value *scratch;    /* the copy, pointers in it as places; see copy.c */
    uint32_t *pointers;   /* words of the scratch that are such pointers */
    uint64_t scratch_cap; /* words of both */
    uint64_t filled;      /* words of the scratch written */
    uint64_t pointer_count;
    uint32_t *off_heap; /* places of objects that hold counted things */
    uint32_t off_heap_count, off_heap_cap;
    struct mg_copy_root *roots;
    uint32_t root_count, root_cap;
    struct mg_map places; /* scratch of the read-only copy: object -> item */
    uint64_t words;
    uint64_t shared_bytes;
    uint64_t max_words; /* limit of one copy */
    char refusal[512];  /* after MG_EINVAL: `Foo>>slot: WeakReference cannot be sent` */
};

void mg_copy_init(struct mg_copy *copy, const struct mg_world *world, uint64_t max_words);
void mg_copy_deinit(struct mg_copy *copy);

/* First step, for the graphs of `count` roots, as one graph. Answers 0 and sets copy->words (0 when
 * all roots are immediate or shared), MG_ELIMIT when max_words is exceeded, MG_EINVAL when
 * something cannot be sent (copy->refusal says what and where). The source is as it was afterwards;
 * after a failure there is nothing to write or abandon. */
MG_MUST_CHECK int mg_copy_measure(struct mg_copy *copy, const mg_value *roots, uint32_t count);

/* Second step: writes copy->words words at `to`, and the copied roots to out[0..count) (roots and
 * count as measured). Sets fragment->words, ->first, ->off_heap, ->shared_bytes. */
void mg_copy_write(struct mg_copy *copy, struct mg_fragment *fragment, mg_value *to,
                   const mg_value *roots, mg_value *out, uint32_t count);

/* The same, but keeps what was measured, so that it can be written again; at last it is
 * abandoned. */
void mg_copy_write_kept(struct mg_copy *copy, struct mg_fragment *fragment, mg_value *to,
                        mg_value *out, uint32_t count);

/* Instead of the second step, or after the last of several. */
void mg_copy_abandon(struct mg_copy *copy);

/* Copies the graph of one value out of a fragment or SHARED object (as it is: nothing is refused)
 * into a heap with room reserved (words from measure): for results that several waiters read. The
 * source may be read by several threads: it is not written. Answers the copy, or MG_UNSET when it
 * needs more than `words` (then nothing was allocated). */
mg_value mg_copy_into_heap(struct mg_copy *copy, struct mg_heap *heap, mg_value source,
                           uint64_t words);

/* Words that mg_copy_into_heap needs for this value. Does not write to the source. */
uint64_t mg_copy_size_readonly(struct mg_copy *copy, mg_value source);

#endif
