/* SPDX-License-Identifier: MIT */
/* The elements of an Array or ArrayList, where a primitive takes either.
 *
 * Threads: the thread that runs the actor. Memory: valid until the next reserve.
 */
#ifndef MG_INTERP_ELEMENTS_H
#define MG_INTERP_ELEMENTS_H

#include "object/world.h"

/* Where the elements of v stand; false for what is neither Array nor ArrayList, nor of a class
 * below them. An ArrayList whose variables make no sense, which reflection can bring about, has no
 * elements. */
static inline bool mg_elements_of(const struct mg_world *world, mg_value v,
                                  const mg_value **elements, uint64_t *count)
{
    *elements = NULL;
    *count = 0;
    if (!mg_is_pointer(v)) {
        return false;
    }
    const struct mg_object *o = mg_object(v);
    *elements = o->words; /* not NULL, though there may be none */
    if (mg_object_format(o) == MG_FORMAT_ARRAY) {
        *count = mg_object_words(o);
        return true;
    }
    if (mg_object_class(o) != MG_CLASS_ARRAY_LIST &&
        (mg_object_format(o) != MG_FORMAT_SLOTS ||
         !mg_world_inherits(world, mg_object_class(o), MG_CLASS_ARRAY_LIST))) {
        return false;
    }
    mg_value items = mg_slot(v, MG_ARRAY_LIST_ITEMS);
    mg_value start = mg_slot(v, MG_ARRAY_LIST_START);
    mg_value size = mg_slot(v, MG_ARRAY_LIST_COUNT);
    if (!mg_has_format(items, MG_FORMAT_ARRAY) || !mg_both_small(start, size)) {
        return true;
    }
    int64_t room = (int64_t)mg_object_words(mg_object(items));
    int64_t first = mg_small_value(start), n = mg_small_value(size);
    if (first < 0 || n < 0 || first > room || n > room - first) {
        return true;
    }
    *elements = mg_object(items)->words + first;
    *count = (uint64_t)n;
    return true;
}

#endif
