/* SPDX-License-Identifier: MIT */
/* The end of a fragment: see fragment.h. */
#include "object/fragment.h"

#include "base/alloc.h"
#include "base/block.h"
#include "object/heap_side.h"

/* A value that led into a stretch of memory which has been copied. */
static mg_value value_moved(mg_value v, uintptr_t from, uintptr_t bytes, uintptr_t delta)
{
    return mg_is_pointer(v) && v - from < bytes ? v + delta : v;
}

uintptr_t mg_fragment_write(const struct mg_fragment *fragment, mg_value *to, mg_value *values,
                            uint32_t count)
{
    uintptr_t from = (uintptr_t)fragment->first;
    uintptr_t bytes = (uintptr_t)fragment->words * sizeof(mg_value);
    uintptr_t delta = (uintptr_t)to - from;
    mg_value *end = to + fragment->words;
    if (bytes > 0)
        memcpy(to, fragment->first, bytes);
    for (mg_value *at = to; at < end;) {
        struct mg_object *o = (struct mg_object *)at;
        enum mg_format format = mg_object_format(o);
        if (format == MG_FORMAT_NONE) {
            at++; /* a size word */
            continue;
        }
        uint64_t words = mg_object_words(o);
        uint64_t i, values_end;
        mg_format_values(format, words, &i, &values_end);
        for (; i < values_end; i++)
            o->words[i] = value_moved(o->words[i], from, bytes, delta);
        at += 1 + words + mg_object_card_words(format, words);
    }
    for (uint32_t i = 0; i < count; i++)
        values[i] = value_moved(values[i], from, bytes, delta);
    return delta;
}

void mg_fragment_copy(const struct mg_fragment *fragment, struct mg_fragment *copy, mg_value *to,
                      mg_value *values, uint32_t count)
{
    uintptr_t delta = mg_fragment_write(fragment, to, values, count);
    copy->first = to;
    copy->words = fragment->words;
    copy->shared_bytes = fragment->shared_bytes;
    copy->off_heap = NULL;
    struct mg_object *next;
    for (struct mg_object *o = fragment->off_heap; o; o = next) {
        struct mg_object *copied = (struct mg_object *)((uintptr_t)o + delta);
        uint64_t *link = mg_off_heap_next(copied, mg_object_format(copied));
        next = (struct mg_object *)(uintptr_t)*link;
        mg_off_heap_count(copied);
        *link = (uintptr_t)copy->off_heap;
        copy->off_heap = copied;
    }
}

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
