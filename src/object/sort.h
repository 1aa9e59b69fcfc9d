/* SPDX-License-Identifier: MIT */
/* Sorting of values whose order the runtime knows: numbers, texts, characters. Everything else is
 * sorted in Maggie.
 *
 *      numbers      by mathematical value, whatever their classes; a NaN has no place in an order
 *      texts        Strings and Symbols together, by their bytes, as code points go
 *      characters   by code point
 *
 * O1  The order is stable: equal values stay in the order they had.
 *
 * Threads: the thread that runs the actor. Memory: scratch of at most 32 bytes for each value,
 * freed before returning.
 */
#ifndef MG_OBJECT_SORT_H
#define MG_OBJECT_SORT_H

#include "object/world.h"

/* Whether the values are all of one of these kinds. */
bool mg_sort_is_intrinsic(const mg_value *v, uint64_t n);

/* Sorts, ascending. The values must be intrinsic in that sense. */
void mg_sort(const struct mg_world *world, mg_value *v, uint64_t n);

#endif
