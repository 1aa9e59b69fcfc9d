/* SPDX-License-Identifier: MIT */
/* The end of a collection: objects that hold counted things, weak references, large objects.
 *
 * The lists still link originals (C4 of gc.h). Those that were copied are linked anew through their
 * copies; the others died, and what they counted is released.
 *
 * S1  After a WHOLE or MAJOR collection each struct mg_bytes that the heap holds is charged once,
 *     however many objects share it. A MINOR one charges what it promotes without looking for
 *     doubles: a figure that is too high makes a major collection come early, which puts it right.
 */
#include "object/gc.h"

#include "base/alloc.h"
#include "base/map.h"
#include "object/bytes.h"
#include "object/control.h"

void mg_off_heap_count(const struct mg_object *o)
{
    if (mg_object_format(o) == MG_FORMAT_SHARED) {
        mg_bytes_ref(mg_bytes_shared(o));
    } else {
        ASSERT(mg_object_format(o) == MG_FORMAT_PROCESS);
        mg_control_ref((struct mg_control *)(uintptr_t)o->words[MG_PROCESS_CONTROL]);
    }
}

void mg_off_heap_release(struct mg_object *o, struct mg_block_cache *blocks)
{
    switch (mg_object_format(o)) {
    case MG_FORMAT_SHARED:
        mg_bytes_unref(mg_bytes_shared(o));
        break;
    case MG_FORMAT_PROCESS:
        mg_control_unref((struct mg_control *)(uintptr_t)o->words[MG_PROCESS_CONTROL], blocks);
        break;
    case MG_FORMAT_WEAK:
        break;
    default:
        MG_UNREACHABLE();
    }
}

/* What the sweep gathers. */
struct sweep {
    struct mg_gc *gc;
    struct mg_object *kept;   /* list of those that live */
    struct mg_bytes *charged; /* the last one charged */
    struct mg_map seen;       /* those charged, once there is more than one */
    uint64_t words;           /* charge */
    bool exact;               /* S1 */
};

static void sweep_charge(struct sweep *sweep, struct mg_bytes *bytes)
{
    if (bytes == sweep->charged)
        return;
    if (sweep->exact) {
        if (sweep->charged && mg_map_len(&sweep->seen) == 0)
            mg_map_put(&sweep->seen, (uintptr_t)sweep->charged, 0);
        if (sweep->charged && !mg_map_put(&sweep->seen, (uintptr_t)bytes, 0))
            return;
    }
    sweep->charged = bytes;
    sweep->words += (sizeof *bytes + bytes->size) / sizeof(mg_value);
}

/* What a collection with become: notes of an object, if it is one of the two. */
static const struct mg_gc_become *sweep_become(const struct mg_gc *gc, const struct mg_object *o)
{
    for (uint32_t i = 0; i < gc->become_count; i++) {
        if (gc->become[i].object == o)
            return &gc->become[i];
    }
    return NULL;
}

static void sweep_kept(struct sweep *sweep, struct mg_object *copy, enum mg_format format)
{
    *mg_off_heap_next(copy, format) = (uintptr_t)sweep->kept;
    sweep->kept = copy;
    if (format == MG_FORMAT_PROCESS && mg_object_class(copy) != MG_CLASS_PROCESS)
        sweep->gc->heap->flags |= MG_HEAP_KEEPS;
    if (format == MG_FORMAT_WEAK)
        mg_weak_settle(sweep->gc, copy);
    else if (format == MG_FORMAT_SHARED)
        sweep_charge(sweep, mg_bytes_shared(copy));
}

static void sweep_list(struct sweep *sweep, struct mg_object *o)
{
    struct mg_object *next;
    for (; o; o = next) {
        uint64_t header = o->header;
        struct mg_object *copy = mg_gc_is_moved(header) ? mg_gc_copy_of(header) : NULL;
        const struct mg_gc_become *become = sweep_become(sweep->gc, o);
        if (MG_UNLIKELY(become != NULL)) {
            header = become->header;
            copy = become->copy != MG_UNSET ? mg_object(become->copy) : NULL;
        } else if (copy) {
            header = copy->header;
        }
        enum mg_format format = (enum mg_format)(header >> MG_HEADER_FORMAT_SHIFT & 0x1f);
        next = (struct mg_object *)(uintptr_t)*mg_off_heap_next(o, format);
        if (copy)
            sweep_kept(sweep, copy, format);
        else if (!become)
            mg_off_heap_release(o, sweep->gc->blocks);
    }
}

/* One that was forwarded to the other dies: only now, since weak references to it were to follow
 * it. */
static void sweep_forwarded(struct mg_gc *gc)
{
    for (uint32_t i = 0; i < gc->become_count; i++) {
        struct mg_gc_become *b = &gc->become[i];
        enum mg_format format = (enum mg_format)(b->header >> MG_HEADER_FORMAT_SHIFT & 0x1f);
        if (b->copy == MG_UNSET && mg_is_off_heap(format)) {
            b->object->header = b->header;
            mg_off_heap_release(b->object, gc->blocks);
        }
    }
}

/* MINOR: old weak references that were given a young target. */
static void sweep_remembered(struct mg_gc *gc)
{
    struct mg_heap_side *side = gc->side;
    for (uint32_t i = 0; i < side->remembered_count; i++) {
        if (mg_object_format(side->remembered[i]) == MG_FORMAT_WEAK)
            mg_weak_settle(gc, side->remembered[i]);
    }
}

static void sweep_large(struct mg_gc *gc)
{
    struct mg_heap_side *side = gc->side;
    if (gc->kind == MG_COLLECT_MINOR) {
        /* Those that were moved there just now, at the front, are marked; the others were not
         * looked at. */
        for (struct mg_large *large = side->large; large && large->marked; large = large->next)
            large->marked = 0;
        return;
    }
    struct mg_large **link = &side->large;
    while (*link) {
        struct mg_large *large = *link;
        if (large->marked) {
            large->marked = 0;
            link = &large->next;
            continue;
        }
        *link = large->next;
        struct mg_object *o = mg_large_object(large);
        side->large_words -= mg_object_span(mg_object_format(o), mg_object_words(o));
        side->large_bytes -= large->bytes;
        mg_large_free(large, gc->blocks);
    }
}

void mg_gc_sweep(struct mg_gc *gc)
{
    struct mg_heap *heap = gc->heap;
    struct mg_heap_side *side = gc->side;
    struct sweep sweep = {.gc = gc, .exact = gc->kind != MG_COLLECT_MINOR};
    if (gc->kind == MG_COLLECT_MINOR) {
        sweep.kept = side->off_heap;
        sweep.words = side->off_heap_words;
        sweep_remembered(gc);
    }
    sweep_list(&sweep, heap->off_heap);
    if (side && gc->kind != MG_COLLECT_MINOR)
        sweep_list(&sweep, side->off_heap);
    sweep_forwarded(gc);
    mg_map_deinit(&sweep.seen);

    heap->outside_words = 0;
    if (gc->kind == MG_COLLECT_WHOLE) {
        heap->off_heap = sweep.kept;
        mg_words_add(&heap->outside_words, sweep.words);
    } else {
        heap->off_heap = NULL;
    }
    if (side) {
        side->off_heap = gc->kind == MG_COLLECT_WHOLE ? NULL : sweep.kept;
        side->off_heap_words = gc->kind == MG_COLLECT_WHOLE ? 0 : sweep.words;
        sweep_large(gc);
    }
}
