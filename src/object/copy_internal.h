/* SPDX-License-Identifier: MIT */
/* What the parts of the deep copy share: copy.c, copy_readonly.c and copy_path.c only. */
#ifndef MG_OBJECT_COPY_INTERNAL_H
#define MG_OBJECT_COPY_INTERNAL_H

#include "object/copy.h"
#include "object/heap_side.h"

/* An object that was reached, and its header; in the read-only copy: the address of its copy
 * instead. */
struct mg_copy_item {
    struct mg_object *object;
    uint64_t header;
};

/* Header bits that a copy does not take over. */
#define MG_COPY_DROPPED_BITS (MG_GC_OLD | MG_GC_REMEMBERED | MG_FLAG_LARGE)

/* Formats that may be copied at all, and those of them with values. */
#define MG_COPY_VALUE_FORMATS \
    (1u << MG_FORMAT_SLOTS | 1u << MG_FORMAT_ARRAY | 1u << MG_FORMAT_BLOCK)
#define MG_COPY_FORMATS                                                        \
    (MG_COPY_VALUE_FORMATS | 1u << MG_FORMAT_STRING | 1u << MG_FORMAT_BYTES |  \
     1u << MG_FORMAT_SHARED | 1u << MG_FORMAT_FLOAT | 1u << MG_FORMAT_BIGINT | \
     1u << MG_FORMAT_PROCESS)

/* Makes room for one item more. */
void mg_copy_items_grow(struct mg_copy *copy);

/* Writes copy->refusal: what cannot be sent, and where it was found, in word `index` of an item's
 * object.
 *
 *      WeakReference cannot be sent                     a root (holder NULL)
 *      Account>>cache: WeakReference cannot be sent     in a slot
 *      Array>>3: Context cannot be sent                 an element (from 1)
 *      Array>>3, Account>>cache: ..                     from the root on; of a long way six steps
 *      Block>>2: Context cannot be sent                 a captured value (from 1; 0 is self)
 */
void mg_copy_path(struct mg_copy *copy, const struct mg_copy_item *holder, uint64_t index,
                  const struct mg_object *refused);

#endif
