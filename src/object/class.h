/* SPDX-License-Identifier: MIT */
/* Method dictionaries: what one class itself defines, selector to method. Complete when published,
 * never changed: a change makes a new one (W1, W4 of world.h).
 *
 *      slots   [ sel 32 | place 32 ][ 0 ][ ... ]     open addressing by the id of the selector
 *      order   [ method ][ method ][ ... ]           places, in order of definition
 *
 * L1  Every method stands once in order, and its selector once in slots. A method that replaces
 *     another takes its place.
 * L2  At most half of the slots are taken, so a miss meets an empty slot soon.
 *
 * Threads: read by all without locks; made by one. Memory: one block, released with mg_free by
 * whoever has it.
 */
#ifndef MG_OBJECT_CLASS_H
#define MG_OBJECT_CLASS_H

#include "object/world.h"

struct mg_method_dict {
    struct mg_method_dict *retired; /* next in the list of those that were replaced; world.c */
    uint32_t count;
    uint32_t mask;
    struct mg_method **order;
    uint64_t slots[];
};

/* The home slot of a selector: the ids of one class's selectors often follow each other, which
 * spreads them best. */
static inline struct mg_method *mg_method_dict_find(const struct mg_method_dict *dict,
                                                    uint32_t selector)
{
    for (uint32_t i = selector & dict->mask;; i = (i + 1) & dict->mask) {
        uint64_t slot = dict->slots[i];
        if (slot >> 32 == selector) {
            return dict->order[(uint32_t)slot];
        }
        if (slot == 0) {
            return NULL;
        }
    }
}

/* A dictionary of the methods of `old` (or NULL) and `count` more, of which the later win over the
 * earlier ones. */
struct mg_method_dict *mg_method_dict_with(const struct mg_method_dict *old,
                                           struct mg_method **methods, uint32_t count);

/* Stops the process if L1 or L2 does not hold. */
void mg_method_dict_audit(const struct mg_method_dict *dict);

#endif
