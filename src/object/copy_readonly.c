/* SPDX-License-Identifier: MIT */
/* The read-only copy: out of a fragment that several threads may read, into a heap with room
 * reserved. A table takes the place of marks in the source.
 */
#include "object/bytes.h"
#include "object/copy_internal.h"

static void place_object(struct mg_copy *copy, struct mg_object *o)
{
    if (o->header & MG_GC_SHARED || mg_map_get(&copy->places, (uintptr_t)o, NULL))
        return;
    mg_map_put(&copy->places, (uintptr_t)o, copy->item_count);
    ASSERT(MG_COPY_FORMATS >> mg_object_format(o) & 1);
    if (copy->item_count == copy->item_cap)
        mg_copy_items_grow(copy);
    copy->items[copy->item_count++] = (struct mg_copy_item){o, 0};
    copy->words += mg_object_span(mg_object_format(o), mg_object_words(o));
}

/* Finds all objects that the source leads to, without writing to them. */
static void places_find(struct mg_copy *copy, mg_value source)
{
    ASSERT(copy->item_count == 0);
    mg_map_clear(&copy->places);
    copy->words = 0;
    if (mg_is_pointer(source))
        place_object(copy, mg_object(source));
    for (uint32_t i = 0; i < copy->item_count; i++) {
        struct mg_object *o = copy->items[i].object;
        uint64_t from, to;
        mg_format_values(mg_object_format(o), mg_object_words(o), &from, &to);
        for (; from < to; from++) {
            if (mg_is_pointer(o->words[from]))
                place_object(copy, mg_object(o->words[from]));
        }
    }
}

uint64_t mg_copy_size_readonly(struct mg_copy *copy, mg_value source)
{
    places_find(copy, source);
    copy->item_count = 0;
    return copy->words;
}

/* The copy of what a value leads to; item->header holds the address of the copy now. */
static mg_value place_value(const struct mg_copy *copy, mg_value v)
{
    uint64_t i;
    if (!mg_is_pointer(v) || !mg_map_get(&copy->places, (uintptr_t)mg_object(v), &i))
        return v;
    return mg_pointer((const struct mg_object *)(uintptr_t)copy->items[i].header);
}

static void place_fill(const struct mg_copy *copy, struct mg_heap *heap,
                       const struct mg_copy_item *item)
{
    const struct mg_object *o = item->object;
    struct mg_object *copied = (struct mg_object *)(uintptr_t)item->header;
    enum mg_format format = mg_object_format(o);
    uint64_t words = mg_object_words(o);
    uint64_t from, to;
    mg_format_values(format, words, &from, &to);
    copied->header = o->header & ~MG_COPY_DROPPED_BITS;
    memcpy(copied->words, o->words, words * sizeof(mg_value));
    mg_object_clear_cards(copied, words);
    for (; from < to; from++)
        copied->words[from] = place_value(copy, o->words[from]);
    if (format == MG_FORMAT_BLOCK)
        copied->words[MG_BLOCK_HOME] = mg_small(0);
    if (mg_is_off_heap(format)) {
        mg_off_heap_count(copied);
        mg_heap_link_off_heap(heap, copied,
                              format == MG_FORMAT_SHARED ? mg_bytes_shared(o)->size : 0);
    }
}

mg_value mg_copy_into_heap(struct mg_copy *copy, struct mg_heap *heap, mg_value source,
                           uint64_t words)
{
    places_find(copy, source);
    if (copy->words > words) {
        copy->item_count = 0;
        return MG_UNSET;
    }
    for (uint32_t i = 0; i < copy->item_count; i++) {
        struct mg_object *o = copy->items[i].object;
        copy->items[i].header = (uintptr_t)mg_heap_alloc(heap, mg_object_class(o),
                                                         mg_object_format(o), mg_object_words(o));
    }
    for (uint32_t i = 0; i < copy->item_count; i++)
        place_fill(copy, heap, &copy->items[i]);
    mg_value result = place_value(copy, source);
    copy->item_count = 0;
    return result;
}
