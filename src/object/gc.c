/* SPDX-License-Identifier: MIT */
/* The copying engine: see gc.h. Policy (when, which kind, how large a block) is heap.c's; what
 * happens to objects that hold counted things, gc_sweep.c's.
 *
 * E1  `evacuate` is inlined wherever values are looked at, and works on a cursor in registers;
 *     everything that is not an ordinary small object goes to evacuate_slow.
 *
 * Rejected: Cheney's scan pointer, which needs copies in the order of their addresses, and so a
 * fresh block of the greatest possible size with the survivors at the wrong end of it. The gray
 * list costs one store and one load for each object, on a line that was just read, and visits depth
 * first, which keeps parents and children together.
 */
#include "object/gc.h"

#include "base/alloc.h"

/* Formats whose bodies hold values. */
#define GC_VALUE_FORMATS (1u << MG_FORMAT_SLOTS | 1u << MG_FORMAT_ARRAY | 1u << MG_FORMAT_BLOCK)

/* In the upper part of a header, from the slots on: the format, and the bits that 64 slots or more
 * set; so an object with fewer has no cards and no size in front. */
#define GC_TOP_FORMAT ((uint32_t)(MG_HEADER_FORMAT_MASK >> MG_HEADER_SLOTS_SHIFT))
#define GC_TOP_MANY 0xc0u

#define GC_OWN_BITS (MG_GC_OLD | MG_GC_REMEMBERED)

_Static_assert(MG_LARGE_WORDS >= MG_SLOTS_IN_FRONT, "large objects have their size in front");
_Static_assert(MG_CHUNK_BYTES >= 4 * MG_LARGE_WORDS * sizeof(mg_value), "chunks are filled well");

/* -- Segments: where copies go -- */

/* Notes how far the current segment was filled. */
static void segment_end(struct mg_gc *gc)
{
    mg_value *pos = gc->cursor.pos;
    uint64_t words = (uint64_t)(gc->segment - pos);
    gc->moved += words;
    gc->segment = pos;
    if (gc->kind != MG_COLLECT_WHOLE) {
        if (gc->side->chunks)
            gc->side->chunks->first = pos;
        gc->side->old_words += words;
    } else if (gc->overflow) {
        struct mg_fragment *f = gc->overflow;
        f->first = pos;
        f->words = (uint32_t)((mg_value *)((char *)f->block + f->block_bytes) - pos);
    } else {
        gc->heap->alloc = pos;
    }
}

static void segment_begin(struct mg_gc *gc, mg_value *low, mg_value *end)
{
    gc->segment = end;
    gc->cursor.pos = end;
    gc->cursor.low = low;
}

/* WHOLE: the fresh block is full; the rest goes into a fragment. */
static void segment_overflow(struct mg_gc *gc, uint64_t span)
{
    uint64_t left = gc->bound > gc->moved ? gc->bound - gc->moved : 0;
    uint64_t words = left > span ? left : span;
    uint64_t bytes =
        mg_block_size(sizeof(struct mg_fragment) + words * sizeof(mg_value)) & ~(uint64_t)7;
    CHECK(bytes <= UINT32_MAX);
    struct mg_fragment *f = mg_block_alloc(gc->blocks, bytes);
    *f = (struct mg_fragment){
        .next = gc->overflow,
        .block = f,
        .block_bytes = (uint32_t)bytes,
    };
    gc->overflow = f;
    segment_begin(gc, (mg_value *)(f + 1), (mg_value *)((char *)f + bytes));
}

/* MINOR, MAJOR: another chunk of the old generation. */
static void segment_chunk(struct mg_gc *gc)
{
    struct mg_heap_side *side = gc->side;
    struct mg_chunk *chunk = side->spare;
    if (chunk) {
        side->spare = chunk->next;
        side->spare_bytes -= chunk->bytes;
        MG_UNPOISON(chunk->words, chunk->bytes - sizeof *chunk);
    } else {
        uint64_t bytes =
            side->chunk_bytes < MG_CHUNK_BIG_FROM ? MG_CHUNK_BYTES : MG_CHUNK_BYTES_BIG;
        chunk = mg_block_alloc(gc->blocks, bytes);
        chunk->bytes = bytes;
    }
    chunk->next = side->chunks;
    side->chunks = chunk;
    side->chunk_bytes += chunk->bytes;
    segment_begin(gc, chunk->words, mg_chunk_end(chunk));
    chunk->first = gc->cursor.pos;
}

/* Makes room for `span` words in the cursor's segment. */
static void segment_refill(struct mg_gc *gc, uint64_t span)
{
    segment_end(gc);
    if (gc->kind == MG_COLLECT_WHOLE)
        segment_overflow(gc, span);
    else
        segment_chunk(gc);
    CHECK((uint64_t)(gc->cursor.pos - gc->cursor.low) >= span);
}

/* -- Objects out of the ordinary -- */

/* What a reference to a large object becomes. */
static mg_value large_mark(struct mg_gc *gc, struct mg_object *o)
{
    for (uint32_t i = 0; i < gc->become_count; i++) {
        if (gc->become[i].object == o)
            return gc->become[i].substitute;
    }
    struct mg_large *large = mg_large_of(o);
    if (!large->marked) {
        large->marked = 1;
        o->header = (o->header & ~GC_OWN_BITS) | gc->set;
        mg_object_clear_cards(o, mg_object_words(o));
        large->gray = gc->gray_large;
        gc->gray_large = large;
    }
    return mg_pointer(o);
}

/* Moves an object into an allocation of its own. */
static struct mg_object *large_move(struct mg_gc *gc, const struct mg_object *o, uint64_t words)
{
    enum mg_format format = mg_object_format(o);
    struct mg_heap_side *side = mg_heap_side_make(gc->heap, gc->blocks);
    gc->side = side;
    uint64_t span = mg_object_span(format, words);
    struct mg_large *large = mg_large_alloc(gc->blocks, span);
    large->marked = 1;
    large->words[0] = words;
    struct mg_object *copy = mg_large_object(large);
    memcpy(copy->words, o->words, words * sizeof(mg_value));
    copy->header = (o->header & ~GC_OWN_BITS) | gc->set | MG_FLAG_LARGE;
    mg_object_clear_cards(copy, words);
    large->next = side->large;
    side->large = large;
    large->gray = gc->gray_large;
    gc->gray_large = large;
    side->large_words += span;
    side->large_bytes += large->bytes;
    gc->large_moved += span;
    return copy;
}

/* Makes a copied object gray: its original into the list. */
static void gray_push(struct mg_gc *gc, struct mg_object *o, struct mg_object *copy)
{
    o->words[0] = (uintptr_t)gc->cursor.gray;
    gc->cursor.gray = o;
    gc->cursor.gray_copy = copy;
}

/* Copies an object of any size into the cursor's segment. */
static struct mg_object *object_move(struct mg_gc *gc, struct mg_object *o, uint64_t words)
{
    enum mg_format format = mg_object_format(o);
    bool few = words <= MG_CARD_SLOTS; /* no size in front, no cards */
    uint64_t span = few ? 1 + words : mg_object_span(format, words);
    if (MG_UNLIKELY((uint64_t)(gc->cursor.pos - gc->cursor.low) < span))
        segment_refill(gc, span);
    gc->cursor.pos -= span;
    mg_value *to = gc->cursor.pos;
    if (words >= MG_SLOTS_IN_FRONT)
        *to++ = words;
    struct mg_object *copy = (struct mg_object *)to;
    copy->header = (o->header & ~GC_OWN_BITS) | gc->set;
    if (few) {
        for (uint64_t i = 0; i < words; i++)
            copy->words[i] = o->words[i];
    } else {
        memcpy(copy->words, o->words, words * sizeof(mg_value));
        mg_object_clear_cards(copy, words);
    }
    if ((GC_VALUE_FORMATS >> format & 1) && words > 0)
        gray_push(gc, o, copy);
    return copy;
}

/* The general case of evacuate, with the cursor in gc->cursor. */
static MG_NOINLINE mg_value evacuate_slow(struct mg_gc *gc, mg_value v)
{
    for (;;) {
        struct mg_object *o = mg_object(v);
        uint64_t header = o->header;
        if (header & gc->skip)
            return v;
        if (mg_gc_is_moved(header))
            return mg_pointer(mg_gc_copy_of(header));
        if (mg_object_format(o) == MG_FORMAT_FORWARD) {
            v = o->words[0];
            if (!mg_is_pointer(v))
                return v;
            continue;
        }
        if (header & MG_FLAG_LARGE)
            return large_mark(gc, o);

        uint64_t words = mg_object_words(o);
        struct mg_object *copy =
            words >= MG_LARGE_WORDS ? large_move(gc, o, words) : object_move(gc, o, words);
        o->header = mg_gc_moved_header(copy);
        return mg_pointer(copy);
    }
}

/* -- The trace -- */

/* What a pointer becomes: copies its object if that is still to be done. */
static MG_ALWAYS_INLINE mg_value evacuate(struct mg_gc *gc, struct mg_gc_cursor *c, uint64_t set,
                                          mg_value v)
{
    struct mg_object *o = mg_object(v);
    uint64_t header = o->header;
    uint32_t top = (uint32_t)(header >> MG_HEADER_SLOTS_SHIFT);
    uint32_t n = top & 0xff;
    mg_value *to = c->pos - (n + 1);
    /* An ordinary object: SLOTS, few of them, to be moved. One comparison says so. */
    if (MG_LIKELY((top & c->top_mask) == MG_FORMAT_SLOTS << 8 && to >= c->low)) {
        c->pos = to;
        to[0] = (header & ~GC_OWN_BITS) | set;
        o->header = mg_gc_moved_header((struct mg_object *)to);
        if (MG_UNLIKELY(n == 0))
            return mg_pointer((struct mg_object *)to);
        mg_value first = o->words[0];
        o->words[0] = (uintptr_t)c->gray;
        to[1] = first;
        for (uint32_t i = 1; i < n; i++)
            to[1 + i] = o->words[i];
        c->gray = o;
        c->gray_copy = (struct mg_object *)to;
        return mg_pointer((struct mg_object *)to);
    }
    if (mg_gc_is_moved(header))
        return mg_pointer(mg_gc_copy_of(header));
    if (top & c->top_skip)
        return v;
    c->gray_copy = NULL;
    gc->cursor = *c;
    v = evacuate_slow(gc, v);
    *c = gc->cursor;
    return v;
}

/* Rewrites the values of [from, end) into `to`, which may be the same place. */
static MG_ALWAYS_INLINE void scan(struct mg_gc *gc, struct mg_gc_cursor *c, uint64_t set,
                                  const mg_value *from, const mg_value *end, mg_value *to)
{
    for (; from < end; from++, to++) {
        mg_value v = *from;
        if (mg_is_pointer(v))
            v = evacuate(gc, c, set, v);
        *to = v;
    }
}

static void scan_roots(struct mg_gc *gc, const mg_value *from, const mg_value *end, mg_value *to)
{
    struct mg_gc_cursor c = gc->cursor;
    scan(gc, &c, gc->set, from, end, to);
    c.gray_copy = NULL;
    gc->cursor = c;
}

/* The values of one object, in place. */
static MG_ALWAYS_INLINE void scan_object(struct mg_gc *gc, struct mg_gc_cursor *c, uint64_t set,
                                         struct mg_object *o)
{
    uint64_t words = mg_object_words(o);
    mg_value *from = o->words + (mg_object_format(o) == MG_FORMAT_BLOCK ? MG_BLOCK_SELF : 0);
    mg_value *end = o->words + words;
    for (; from < end; from++) {
        mg_value v = *from;
        if (mg_is_pointer(v))
            *from = evacuate(gc, c, set, v);
    }
}

/* Looks at all gray objects. */
static void drain(struct mg_gc *gc)
{
    struct mg_gc_cursor c = gc->cursor;
    const uint64_t set = gc->set;
    for (;;) {
        while (c.gray) {
            struct mg_object *original = c.gray;
            struct mg_object *copy = c.gray_copy ? c.gray_copy : mg_gc_copy_of(original->header);
            c.gray = (struct mg_object *)(uintptr_t)original->words[0];
            c.gray_copy = NULL;
            scan_object(gc, &c, set, copy);
        }
        struct mg_large *large = gc->gray_large;
        if (!large)
            break;
        gc->gray_large = large->gray;
        struct mg_object *o = mg_large_object(large);
        if (GC_VALUE_FORMATS >> mg_object_format(o) & 1)
            scan_object(gc, &c, set, o);
    }
    gc->cursor = c;
}

/* MINOR: the young objects that remembered ones lead to. Afterwards nothing leads from old to
 * young, since all that lives is old. */
static void scan_remembered(struct mg_gc *gc)
{
    struct mg_heap_side *side = gc->side;
    struct mg_gc_cursor c = gc->cursor;
    for (uint32_t i = 0; i < side->remembered_count; i++) {
        struct mg_object *o = side->remembered[i];
        ASSERT(o->header & MG_GC_REMEMBERED);
        o->header &= ~MG_GC_REMEMBERED;
        enum mg_format format = mg_object_format(o);
        if (!(GC_VALUE_FORMATS >> format & 1))
            continue; /* a weak object: mg_gc_sweep sees to it */
        uint64_t words = mg_object_words(o);
        uint64_t card_words = mg_object_card_words(format, words);
        if (card_words == 0) {
            scan_object(gc, &c, gc->set, o);
            continue;
        }
        for (uint64_t w = 0; w < card_words; w++) {
            uint64_t cards = o->words[words + w];
            o->words[words + w] = 0;
            for (; cards; cards &= cards - 1) {
                uint64_t card = w * 64 + (uint64_t)__builtin_ctzll(cards);
                uint64_t first = card * MG_CARD_SLOTS;
                uint64_t end = first + MG_CARD_SLOTS < words ? first + MG_CARD_SLOTS : words;
                scan(gc, &c, gc->set, o->words + first, o->words + end, o->words + first);
            }
        }
    }
    gc->cursor = c;
}

/* -- become: -- */

/* Copies the two objects first, then lets references to each lead to the other's copy. The copies
 * are looked at here, since a gray original finds its copy by its header, which now names
 * another. */
static void become_begin(struct mg_gc *gc, const struct mg_gc_request *request)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct mg_gc_become *b = &gc->become[i];
        b->object = mg_object(request->become[i]);
        b->header = b->object->header;
        b->copy = MG_UNSET;
        if (i == 1 || request->two_way)
            b->copy = evacuate_slow(gc, request->become[i]);
    }
    gc->cursor.gray = gc->cursor.gray_copy = NULL;
    gc->gray_large = NULL;
    gc->become[0].substitute = gc->become[1].copy;
    gc->become[1].substitute = request->two_way ? gc->become[0].copy : gc->become[1].copy;
    gc->become_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct mg_gc_become *b = &gc->become[i];
        if (!(b->object->header & MG_FLAG_LARGE))
            b->object->header = mg_gc_moved_header(mg_object(b->substitute));
    }
    struct mg_gc_cursor c = gc->cursor;
    for (uint32_t i = 0; i < 2; i++) {
        mg_value copy = gc->become[i].copy;
        if (copy != MG_UNSET && (GC_VALUE_FORMATS >> mg_object_format(mg_object(copy)) & 1))
            scan_object(gc, &c, gc->set, mg_object(copy));
    }
    gc->cursor = c;
}

mg_value mg_gc_forwarded(const struct mg_gc *gc, mg_value v)
{
    for (;;) {
        struct mg_object *o = mg_object(v);
        if (o->header & gc->skip)
            return v;
        if (mg_gc_is_moved(o->header))
            return mg_pointer(mg_gc_copy_of(o->header));
        if (mg_object_format(o) == MG_FORMAT_FORWARD) {
            v = o->words[0];
            if (!mg_is_pointer(v))
                return v;
            continue;
        }
        if (!(o->header & MG_FLAG_LARGE))
            return MG_UNSET;
        for (uint32_t i = 0; i < gc->become_count; i++) {
            if (gc->become[i].object == o)
                return gc->become[i].substitute;
        }
        return mg_large_of(o)->marked ? v : MG_UNSET;
    }
}

/* -- Begin and end -- */

/* Words that can be copied into a fresh block at most. */
static uint64_t whole_bound(const struct mg_heap *heap)
{
    uint64_t words = (uint64_t)(heap->end - heap->alloc);
    for (const struct mg_fragment *f = heap->adopted; f; f = f->next)
        words += f->words;
    return words + (heap->side ? heap->side->old_words : 0);
}

static void detach_chunks(struct mg_gc *gc)
{
    struct mg_heap_side *side = gc->side;
    if (!side)
        return;
    gc->from_chunks = side->chunks;
    side->chunks = NULL;
    side->chunk_bytes = 0;
    side->old_words = 0;
}

static void gc_begin(struct mg_gc *gc, const struct mg_gc_request *request)
{
    struct mg_heap *heap = gc->heap;
    gc->block = heap->stack;
    gc->block_end = heap->end;
    if (request->block_words > 0) {
        size_t bytes = request->block_words * sizeof(mg_value);
        gc->moves_block = true;
        gc->block = request->place ? request->place : mg_block_alloc(gc->blocks, bytes);
        gc->block_end = gc->block + request->block_words;
    }
    size_t stack_words = (size_t)(gc->roots->top - heap->stack);
    ASSERT(gc->block + stack_words <= gc->block_end);

    if (gc->kind == MG_COLLECT_WHOLE) {
        CHECK(gc->moves_block);
        gc->skip = MG_GC_SHARED;
        gc->bound = whole_bound(heap);
        detach_chunks(gc);
        mg_value *low = gc->block + stack_words + request->room_words;
        segment_begin(gc, low < gc->block_end ? low : gc->block_end, gc->block_end);
    } else if (gc->kind == MG_COLLECT_MAJOR) {
        gc->skip = MG_GC_SHARED;
        gc->set = MG_GC_OLD;
        detach_chunks(gc);
        segment_chunk(gc);
    } else {
        gc->skip = MG_GC_SHARED | MG_GC_OLD;
        gc->set = MG_GC_OLD;
        struct mg_chunk *chunk = gc->side->chunks;
        if (chunk)
            segment_begin(gc, chunk->words, chunk->first);
        else
            segment_chunk(gc);
    }
    gc->cursor.top_skip = (uint32_t)(gc->skip >> MG_HEADER_SLOTS_SHIFT);
    gc->cursor.top_mask = gc->cursor.top_skip | GC_TOP_FORMAT | GC_TOP_MANY;
}

/* Makes what is free now fail loudly when it is used. */
static void fill_free(mg_value *from, mg_value *end)
{
#ifdef MG_DEBUG
    memset(from, 0xa5, (size_t)((char *)end - (char *)from));
#else
    (void)from, (void)end;
#endif
}

/* The block the actor goes on in. */
static void finish_block(struct mg_gc *gc, bool placed)
{
    struct mg_heap *heap = gc->heap;
    size_t stack_words = (size_t)(gc->roots->top - heap->stack);
    if (gc->kind != MG_COLLECT_WHOLE)
        heap->alloc = gc->block_end;
    if (gc->moves_block) {
        if (heap->flags & MG_HEAP_FIRST_BLOCK)
            fill_free(heap->stack, heap->end);
        else
            mg_block_free(gc->blocks, heap->stack,
                          (size_t)((char *)heap->end - (char *)heap->stack));
        heap->flags &= ~(uint32_t)MG_HEAP_FIRST_BLOCK;
        if (placed)
            heap->flags |= MG_HEAP_FIRST_BLOCK;
        heap->stack = gc->block;
        heap->end = gc->block_end;
        gc->roots->top = heap->stack + stack_words;
    }
    fill_free(gc->roots->top, heap->alloc);
}

static void finish_fragments(struct mg_gc *gc)
{
    struct mg_fragment *next;
    for (struct mg_fragment *f = gc->heap->adopted; f; f = next) {
        next = f->next;
        ASSERT(!f->off_heap);
        mg_fragment_free(f, gc->blocks);
    }
    gc->heap->adopted = gc->overflow;
    for (struct mg_fragment *f = gc->overflow; f; f = f->next)
        mg_words_add(&gc->heap->outside_words, f->block_bytes / sizeof(mg_value));
}

/* The chunks that were emptied: kept for the growth until the next major collection, or freed. */
static void finish_chunks(struct mg_gc *gc)
{
    struct mg_heap_side *side = gc->side;
    struct mg_chunk *next;
    for (struct mg_chunk *chunk = gc->from_chunks; chunk; chunk = next) {
        next = chunk->next;
        if (gc->kind == MG_COLLECT_MAJOR && side->spare_bytes < side->chunk_bytes) {
            chunk->next = side->spare;
            side->spare = chunk;
            side->spare_bytes += chunk->bytes;
            MG_POISON(chunk->words, chunk->bytes - sizeof *chunk);
        } else {
            mg_block_free(gc->blocks, chunk, chunk->bytes);
        }
    }
}

static void finish_figures(struct mg_gc *gc)
{
    struct mg_heap *heap = gc->heap;
    struct mg_heap_side *side = gc->side;
    uint64_t large = side ? side->large_words : 0;
    heap->adopted_words = 0;
    heap->live_words = 0;
    if (gc->kind == MG_COLLECT_WHOLE) {
        mg_words_add(&heap->live_words, gc->moved);
        heap->flags &= ~(uint32_t)MG_HEAP_GENERATIONAL;
        if (side)
            side->live_words =
                0; /* the next collection is a major one, if the heap is generational */
        if (gc->moved + large > MG_GENERATIONAL_WORDS && heap->cap_bytes >= MG_GENERATIONAL_CAP) {
            (void)mg_heap_side_make(heap, gc->blocks);
            heap->flags |= MG_HEAP_GENERATIONAL;
        }
    } else {
        mg_words_add(&heap->live_words, (uint64_t)(heap->end - heap->stack));
    }
    if (side && gc->kind == MG_COLLECT_MAJOR)
        side->live_words = side->old_words + large + side->off_heap_words;
    if (side) {
        side->remembered_count = 0;
        side->counts[gc->kind]++;
    }
    if (gc->roots->work)
        *gc->roots->work += gc->moved + gc->large_moved;
}

void mg_gc_run(struct mg_heap *heap, struct mg_roots *roots, const struct mg_gc_request *request)
{
    struct mg_gc gc = {
        .heap = heap,
        .side = heap->side,
        .roots = roots,
        .blocks = roots->blocks,
        .kind = request->kind,
    };
    ASSERT(request->kind == MG_COLLECT_WHOLE || heap->flags & MG_HEAP_GENERATIONAL);
    gc_begin(&gc, request);
    if (request->become[0] != MG_UNSET)
        become_begin(&gc, request);
    scan_roots(&gc, heap->stack, roots->top, gc.block);
    scan_roots(&gc, roots->extra, roots->extra + roots->extra_count, roots->extra);
    if (gc.kind == MG_COLLECT_MINOR)
        scan_remembered(&gc);
    drain(&gc);
    mg_gc_sweep(&gc);
    segment_end(&gc);
    finish_block(&gc, request->place != NULL);
    finish_fragments(&gc);
    finish_chunks(&gc);
    finish_figures(&gc);
}
