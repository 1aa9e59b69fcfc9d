/* SPDX-License-Identifier: MIT */
/* Literals: see literal.h. Each object is built in a heap of its own in the world's memory, then
 * marked SHARED; the heap is forgotten, its words stay. */
#include "interp/literal.h"

#include "object/bigint.h"
#include "object/bytes.h"
#include "object/equal.h"
#include "object/float.h"
#include "object/heap.h"

/* A heap with exactly this room, in memory that lives as long as the world. */
static void open_heap(struct mg_world *world, struct mg_heap *heap, size_t words)
{
    mg_value *memory = mg_world_alloc(world, (words + 1) * sizeof *memory);
    mg_heap_init(heap, memory, (uint32_t)words, UINT64_MAX);
}

/* Freezes an object: its hashes are drawn, nobody may write to it again; its bytes, if counted, are
 * the world's. */
static mg_value freeze(struct mg_world *world, mg_value v)
{
    if (!mg_is_pointer(v)) {
        return v;
    }
    struct mg_object *o = mg_object(v);
    enum mg_format format = mg_object_format(o);
    if (format == MG_FORMAT_STRING || format == MG_FORMAT_SHARED) {
        (void)mg_string_hash(v);
    }
    if ((o->header & MG_HEADER_HASH_MASK) == 0) {
        o->header |= (uint64_t)1 << MG_HEADER_HASH_SHIFT;
    }
    if (format == MG_FORMAT_SHARED) {
        mg_world_keep_bytes(world, o);
    }
    o->header |= MG_GC_SHARED;
    return v;
}

static mg_value publish_array(struct mg_world *world, const struct mg_literal *literal)
{
    uint32_t n = literal->as.array.count;
    struct mg_heap heap;
    open_heap(world, &heap, mg_object_span(MG_FORMAT_ARRAY, n));
    struct mg_object *array = mg_heap_alloc(&heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    for (uint32_t i = 0; i < n; i++) {
        array->words[i] = mg_literal_publish(world, &literal->as.array.items[i]);
    }
    return freeze(world, mg_pointer(array));
}

mg_value mg_literal_publish(struct mg_world *world, const struct mg_literal *literal)
{
    struct mg_heap heap;
    struct mg_text text = literal->as.text;
    mg_value v = MG_NIL;
    switch (literal->kind) {
    case MG_LITERAL_NIL:
        return MG_NIL;
    case MG_LITERAL_TRUE:
        return MG_TRUE;
    case MG_LITERAL_FALSE:
        return MG_FALSE;
    case MG_LITERAL_INTEGER:
        if (mg_small_fits(literal->as.number)) {
            return mg_small(literal->as.number);
        }
        open_heap(world, &heap, MG_INTEGER_WORDS_64);
        return freeze(world, mg_integer_from_int64(&heap, literal->as.number));
    case MG_LITERAL_BIG:
        open_heap(world, &heap, mg_integer_parse_words(text.len, 10));
        return mg_integer_parse(&heap, text.bytes, text.len, 10, &v) ? freeze(world, v) : MG_NIL;
    case MG_LITERAL_FLOAT:
        open_heap(world, &heap, 2);
        return freeze(world, mg_float_new(&heap, literal->as.real));
    case MG_LITERAL_CHARACTER:
        return mg_character((uint32_t)literal->as.number);
    case MG_LITERAL_STRING:
        open_heap(world, &heap, mg_string_words(text.len));
        return freeze(world, mg_string_new(&heap, text.bytes, text.len));
    case MG_LITERAL_SYMBOL:
        return mg_symbol(mg_symbol_intern(world->symbols, text.bytes, text.len));
    case MG_LITERAL_BYTES:
        open_heap(world, &heap, mg_bytes_words(text.len));
        return freeze(world, mg_bytes_new(&heap, (const uint8_t *)text.bytes, text.len));
    case MG_LITERAL_ARRAY:
        return publish_array(world, literal);
    case MG_LITERAL_KIND_COUNT:
        break;
    }
    MG_UNREACHABLE();
}
