/* SPDX-License-Identifier: MIT */
/* The end of a fragment: see fragment.h. */
#include "object/fragment.h"

#include "base/alloc.h"
#include "base/block.h"
#include "object/heap_side.h"

void mg_fragment_drop(struct mg_fragment *fragment, struct mg_block_cache *blocks)
{
    struct mg_object *next;
    for (struct mg_object *o = fragment->off_heap; o; o = next) {
        next = (struct mg_object *)(uintptr_t)*mg_off_heap_next(o, mg_object_format(o));
        mg_off_heap_release(o, blocks);
    }
    fragment->off_heap = NULL;
    fragment->shared_bytes = 0;
    fragment->words = 0;
}

void mg_fragment_free(struct mg_fragment *fragment, struct mg_block_cache *blocks)
{
    if (MG_UNLIKELY(fragment->off_heap != NULL))
        mg_fragment_drop(fragment, blocks);
    if (MG_LIKELY(fragment->block_bytes != 0))
        mg_block_free(blocks, fragment->block, fragment->block_bytes);
    else
        mg_free(fragment->block);
}
