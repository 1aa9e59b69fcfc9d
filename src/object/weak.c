/* SPDX-License-Identifier: MIT */
/* Weak references: objects of format WEAK, whose target keeps nothing alive.
 *
 * The trace does not look at the target. At the end of the collection, when it is known who lives,
 * each weak object that lives itself follows its target or is cleared to nil. They stand in the
 * heap's lists of off-heap objects, so that the collector finds them without a search.
 *
 * W1  The target of a weak object is a live object, an immediate, or nil.
 * W2  An old weak object whose target is young is remembered (it got there by mg_store).
 *
 * Weak references are the one place where a program can see the collector at work.
 */
#include "object/gc.h"

mg_value mg_weak_new(struct mg_heap *heap, mg_value v)
{
    struct mg_object *o =
        mg_heap_alloc_small(heap, MG_CLASS_WEAK_REFERENCE, MG_FORMAT_WEAK, MG_WEAK_WORDS);
    o->words[MG_WEAK_TARGET] = v;
    mg_heap_link_off_heap(heap, o, 0);
    return mg_pointer(o);
}

void mg_weak_settle(const struct mg_gc *gc, struct mg_object *copy)
{
    mg_value target = copy->words[MG_WEAK_TARGET];
    if (!mg_is_pointer(target))
        return;
    mg_value now = mg_gc_forwarded(gc, target);
    copy->words[MG_WEAK_TARGET] = now == MG_UNSET ? MG_NIL : now;
}
