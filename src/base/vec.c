/* SPDX-License-Identifier: MIT */
/* Growth by doubling. Debug builds start at one item, so that every table is moved in every
 * test. */
#include "base/vec.h"

#include "base/alloc.h"
#include "base/assert.h"

#ifdef MG_DEBUG
enum { VEC_FIRST_CAP = 1 };
#else
enum { VEC_FIRST_CAP = 8 };
#endif

void *mg_vec_grow(void *items, uint32_t *cap, uint32_t need, size_t item_size)
{
    ASSERT(item_size > 0);
    ASSERT((items == NULL) == (*cap == 0));
    CHECK(need > 0); // a count of 2^32 - 1 and one more wraps to 0
    if (need <= *cap)
        return items;

    uint64_t wanted = *cap ? *cap : VEC_FIRST_CAP;
    while (wanted < need)
        wanted *= 2;
    if (wanted > UINT32_MAX)
        wanted = UINT32_MAX;

    items = mg_realloc(items, wanted * item_size);
    *cap = (uint32_t)wanted;
    return items;
}
