/* SPDX-License-Identifier: MIT */
/* Policy of the heap: when it collects, in which way, and how large the block is afterwards.
 *
 *      small: the whole heap is one block            generational: block = stack + nursery
 *      each collection copies all of it              minor: young survivors into chunks
 *                                                    major: when these have doubled
 *             └── more than MG_GENERATIONAL_WORDS live ──>
 *             <── hibernation with less than half of that ──┘
 *
 * A small heap gets a block with room for as many new words as lived before (at least 4 KiB, but
 * first no more than it had), so a collection copies at most about as much as was allocated since
 * the last one. How much lives is known only afterwards: the block is sized by what lived last
 * time, and an overflow fragment takes what does not fit.
 *
 * Y1  Sizes are computed from counted words only (G5).
 * Y2  A heap whose cap is below MG_GENERATIONAL_CAP stays small: nurseries and chunks would be most
 *     of it.
 * Y3  Near its cap a heap must still have room for a sixteenth of what lives, or reserve fails: so
 *     a heap that is nearly full fails rather than collects at each step.
 */
#include "object/heap.h"

#include "object/bytes.h"
#include "object/gc.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"

enum {
    HEAP_FIRST_GROWTH = 32, /* words that the first fresh block has more than the one before */
    HEAP_SPARE_PART = 16,   /* Y3 */
    HEAP_SHRINK_FACTOR = 4, /* a block so much larger than needed is replaced */
    HEAP_IDLE_ROOM = 64,    /* words free in the block of a hibernating generational heap */
};

/* A nursery must be collected in place at a new address wherever stale pointers are hunted. */
#if defined(MG_STRESS) || defined(MG_ASAN) || defined(__SANITIZE_ADDRESS__)
#define HEAP_MOVES_ALWAYS 1
#else
#define HEAP_MOVES_ALWAYS 0
#endif

static size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* -- Life -- */

void mg_heap_init(struct mg_heap *heap, mg_value *words, uint32_t count, uint64_t cap_bytes)
{
    ASSERT(((uintptr_t)words & 7) == 0);
    *heap = (struct mg_heap){
        .stack = words,
        .alloc = words + count,
        .end = words + count,
        .flags = MG_HEAP_FIRST_BLOCK,
        .cap_bytes = cap_bytes,
    };
}

struct mg_heap_side *mg_heap_side_make(struct mg_heap *heap, struct mg_block_cache *blocks)
{
    if (!heap->side) {
        heap->side = mg_block_alloc(blocks, sizeof *heap->side);
        *heap->side = (struct mg_heap_side){0};
    }
    return heap->side;
}

static void chunks_free(struct mg_chunk *chunk, struct mg_block_cache *blocks)
{
    struct mg_chunk *next;
    for (; chunk; chunk = next) {
        next = chunk->next;
        mg_block_free(blocks, chunk, chunk->bytes);
    }
}

static void side_trim(struct mg_heap_side *side, struct mg_block_cache *blocks)
{
    chunks_free(side->spare, blocks);
    side->spare = NULL;
    side->spare_bytes = 0;
    if (side->remembered_count == 0) {
        mg_free(side->remembered);
        side->remembered = NULL;
        side->remembered_cap = 0;
    }
}

static void off_heap_release(struct mg_object *o, struct mg_block_cache *blocks)
{
    struct mg_object *next;
    for (; o; o = next) {
        next = (struct mg_object *)(uintptr_t)*mg_off_heap_next(o, mg_object_format(o));
        mg_off_heap_release(o, blocks);
    }
}

static void side_free(struct mg_heap *heap, struct mg_block_cache *blocks)
{
    struct mg_heap_side *side = heap->side;
    off_heap_release(side->off_heap, blocks);
    struct mg_large *next;
    for (struct mg_large *large = side->large; large; large = next) {
        next = large->next;
        mg_large_free(large, blocks);
    }
    side->remembered_count = 0;
    side_trim(side, blocks);
    chunks_free(side->chunks, blocks);
    mg_block_free(blocks, side, sizeof *side);
    heap->side = NULL;
}

void mg_heap_deinit(struct mg_heap *heap, struct mg_block_cache *blocks)
{
    off_heap_release(heap->off_heap, blocks);
    struct mg_fragment *next;
    for (struct mg_fragment *f = heap->adopted; f; f = next) {
        next = f->next;
        ASSERT(!f->off_heap);
        mg_fragment_free(f, blocks);
    }
    if (heap->side)
        side_free(heap, blocks);
    if (!(heap->flags & MG_HEAP_FIRST_BLOCK))
        mg_block_free(blocks, heap->stack, (size_t)((char *)heap->end - (char *)heap->stack));
    *heap = (struct mg_heap){0};
}

uint64_t mg_heap_bytes(const struct mg_heap *heap)
{
    uint64_t bytes = (uint64_t)((char *)heap->end - (char *)heap->stack) +
                     (uint64_t)heap->outside_words * sizeof(mg_value);
    const struct mg_heap_side *side = heap->side;
    if (side) {
        bytes += side->chunk_bytes + side->spare_bytes + side->large_bytes +
                 side->off_heap_words * sizeof(mg_value);
    }
    return bytes;
}

static uint64_t shared_bytes(const struct mg_object *o)
{
    uint64_t bytes = 0;
    while (o) {
        enum mg_format format = mg_object_format(o);
        if (format == MG_FORMAT_SHARED)
            bytes += mg_bytes_shared(o)->size;
        o = (const struct mg_object *)(uintptr_t)*mg_off_heap_next((struct mg_object *)(uintptr_t)o,
                                                                   format);
    }
    return bytes;
}

uint64_t mg_heap_shared_bytes(const struct mg_heap *heap)
{
    return shared_bytes(heap->off_heap) + (heap->side ? shared_bytes(heap->side->off_heap) : 0);
}

/* -- Allocation and stores -- */

struct mg_object *mg_heap_alloc(struct mg_heap *heap, uint32_t class_id, enum mg_format format,
                                uint64_t words)
{
    heap->alloc -= mg_object_span(format, words);
    ASSERT(heap->alloc >= heap->stack);
    mg_value *at = heap->alloc;
    if (words >= MG_SLOTS_IN_FRONT)
        *at++ = words;
    struct mg_object *o = (struct mg_object *)at;
    o->header = mg_header(class_id, format, words);
    mg_object_clear_cards(o, words);
    return o;
}

/* Makes the next reserve collect, whatever room there is. */
static void collect_next(struct mg_heap *heap)
{
    heap->adopted_words = UINT32_MAX;
}

/* Counts memory outside the block, `used_words` of it as if they had been allocated. */
static void charge(struct mg_heap *heap, uint64_t used_words, uint64_t bytes)
{
    mg_words_add(&heap->adopted_words, used_words);
    mg_words_add(&heap->outside_words, bytes / sizeof(mg_value));
    if (MG_UNLIKELY(mg_heap_bytes(heap) > heap->cap_bytes))
        collect_next(heap);
}

void mg_heap_link_off_heap(struct mg_heap *heap, struct mg_object *o, uint64_t charge_bytes)
{
    ASSERT(!(o->header & (MG_GC_OLD | MG_GC_SHARED)));
    *mg_off_heap_next(o, mg_object_format(o)) = (uintptr_t)heap->off_heap;
    heap->off_heap = o;
    if (mg_object_format(o) == MG_FORMAT_PROCESS && mg_object_class(o) != MG_CLASS_PROCESS)
        heap->flags |= MG_HEAP_KEEPS;
    if (charge_bytes > 0)
        charge(heap, charge_bytes / sizeof(mg_value), charge_bytes);
}

void mg_store_slow(struct mg_heap *heap, struct mg_object *o, uint64_t index, mg_value v)
{
    if (mg_object(v)->header & (MG_GC_OLD | MG_GC_SHARED))
        return;
    uint64_t words = mg_object_words(o);
    ASSERT(index < words);
    if (mg_object_card_words(mg_object_format(o), words) > 0) {
        uint64_t card = index / MG_CARD_SLOTS;
        o->words[words + card / 64] |= (uint64_t)1 << card % 64;
    }
    if (o->header & MG_GC_REMEMBERED)
        return;
    o->header |= MG_GC_REMEMBERED;
    struct mg_heap_side *side = heap->side;
    if (side->remembered_count == side->remembered_cap)
        side->remembered = mg_vec_grow(side->remembered, &side->remembered_cap,
                                       side->remembered_count + 1, sizeof *side->remembered);
    side->remembered[side->remembered_count++] = o;
}

void mg_heap_extend(struct mg_heap *heap, struct mg_object *o, uint64_t words)
{
    struct mg_heap_side *side = heap->side;
    uint64_t bytes = mg_heap_extend_bytes(o, words);
    mg_large_extend(o, words);
    side->large_bytes += bytes;
    side->large_words += bytes / sizeof(mg_value);
}

/* -- Fragments -- */

bool mg_heap_adopt(struct mg_heap *heap, struct mg_fragment *fragment)
{
    uint64_t bytes = fragment->block_bytes ? fragment->block_bytes
                                           : (uint64_t)fragment->words * sizeof(mg_value);
    charge(heap, fragment->words + fragment->shared_bytes / sizeof(mg_value),
           bytes + fragment->shared_bytes);
    if (fragment->off_heap) {
        struct mg_object *last = fragment->off_heap;
        mg_value *link;
        while (*(link = mg_off_heap_next(last, mg_object_format(last))))
            last = (struct mg_object *)(uintptr_t)*link;
        *link = (uintptr_t)heap->off_heap;
        heap->off_heap = fragment->off_heap;
        fragment->off_heap = NULL;
    }
    fragment->next = heap->adopted;
    heap->adopted = fragment;
    return mg_heap_is_due(heap);
}

/* Copies the objects of a fragment into room reserved before, and lets the values that led into it
 * lead into the copy. Answers the distance in bytes. */
static uintptr_t fragment_copy(struct mg_heap *heap, const struct mg_fragment *fragment,
                               mg_value *values, uint32_t count)
{
    heap->alloc -= fragment->words;
    ASSERT(heap->alloc >= heap->stack);
    charge(heap, fragment->shared_bytes / sizeof(mg_value), fragment->shared_bytes);
    return mg_fragment_write(fragment, heap->alloc, values, count);
}

void mg_heap_absorb(struct mg_heap *heap, struct mg_fragment *fragment, mg_value *values,
                    uint32_t count)
{
    uintptr_t delta = fragment_copy(heap, fragment, values, count);
    struct mg_object *next;
    for (struct mg_object *o = fragment->off_heap; o; o = next) {
        struct mg_object *moved = (struct mg_object *)((uintptr_t)o + delta);
        next = (struct mg_object *)(uintptr_t)*mg_off_heap_next(moved, mg_object_format(moved));
        mg_heap_link_off_heap(heap, moved, 0);
    }
    fragment->off_heap = NULL;
    fragment->shared_bytes = 0;
    fragment->words = 0;
}

void mg_heap_copy_fragment(struct mg_heap *heap, const struct mg_fragment *fragment,
                           mg_value *values, uint32_t count)
{
    uintptr_t delta = fragment_copy(heap, fragment, values, count);
    struct mg_object *next;
    for (struct mg_object *o = fragment->off_heap; o; o = next) {
        struct mg_object *copy = (struct mg_object *)((uintptr_t)o + delta);
        next = (struct mg_object *)(uintptr_t)*mg_off_heap_next(copy, mg_object_format(copy));
        mg_off_heap_count(copy);
        mg_heap_link_off_heap(heap, copy, 0);
    }
}

/* -- Small heaps -- */

static size_t stack_words(const struct mg_heap *heap, const struct mg_roots *roots)
{
    ASSERT(roots->top >= heap->stack && roots->top <= heap->alloc);
    return (size_t)(roots->top - heap->stack);
}

/* Words of young objects, live or not. */
static size_t young_words(const struct mg_heap *heap)
{
    size_t words = (size_t)(heap->end - heap->alloc);
    for (const struct mg_fragment *f = heap->adopted; f; f = f->next)
        words += f->words;
    return words;
}

/* Words that the block may have so that the heap stays within its cap. */
static size_t cap_words(const struct mg_heap *heap)
{
    uint64_t other = mg_heap_bytes(heap) - (uint64_t)((char *)heap->end - (char *)heap->stack);
    return heap->cap_bytes > other ? (heap->cap_bytes - other) / sizeof(mg_value) : 0;
}

/* One collection of a small heap, after which `words` are free. True when the cap did not stand in
 * the way. */
static bool small_collect(struct mg_heap *heap, size_t words, struct mg_roots *roots,
                          struct mg_gc_request *request)
{
    size_t stack = stack_words(heap, roots);
    size_t live = heap->live_words;
    size_t block = (size_t)(heap->end - heap->stack);
    size_t kept = size_min(young_words(heap), 2 * live + MG_HEAP_DUE_WORDS);
    size_t fresh = size_max(size_min(MG_HEAP_DUE_WORDS, block + HEAP_FIRST_GROWTH), live + stack);
    size_t need = stack + words;
    size_t goal = mg_block_size((need + kept + fresh) * sizeof(mg_value)) / sizeof(mg_value);
    size_t room = words + (goal - need) / 4;

    /* What outside_words counts now may be gone afterwards, so the block may not fill the cap
     * entirely; it always has what is needed, and the cap is looked at again when all is known. */
    size_t limit = cap_words(heap);
    if (goal > limit) {
        room = words + live / HEAP_SPARE_PART;
        goal = size_max(size_min(goal, limit), stack + room + 1);
    }
    request->kind = MG_COLLECT_WHOLE;
    request->block_words = goal;
    request->room_words = room;
    mg_gc_run(heap, roots, request);
    return mg_heap_bytes(heap) <= heap->cap_bytes;
}

static int small_reserve(struct mg_heap *heap, size_t words, struct mg_roots *roots,
                         struct mg_gc_request *request)
{
    if (small_collect(heap, words, roots, request))
        return 0;
    /* Too small a block made an overflow fragment, or what was counted outside is gone: now it is
     * known what lives. */
    struct mg_gc_request again = {.become = {MG_UNSET, MG_UNSET}};
    if (small_collect(heap, words, roots, &again))
        return 0;
    collect_next(heap);
    return MG_ELIMIT;
}

/* -- Generational heaps -- */

/* Whether the old generation has been made: the first collection of a generational heap is a major
 * one, and so is the next after everything died. */
static bool has_old_generation(const struct mg_heap *heap)
{
    return heap->flags & MG_HEAP_GENERATIONAL && heap->side->live_words > 0;
}

static bool major_is_due(const struct mg_heap *heap)
{
    const struct mg_heap_side *side = heap->side;
    if (!has_old_generation(heap))
        return true;
    uint64_t now = side->old_words + side->large_words + side->off_heap_words + heap->outside_words;
    return now >= MG_MAJOR_WORDS && now >= 2 * side->live_words;
}

/* Words of a fresh block, or 0 when the one there is will do. */
static size_t generational_block(const struct mg_heap *heap, size_t stack, size_t words)
{
    size_t need = stack + words;
    bool big = heap->side && heap->side->live_words >= MG_NURSERY_BIG_FROM;
    size_t nursery = (big ? MG_NURSERY_BYTES_BIG : MG_NURSERY_BYTES) / sizeof(mg_value);
    size_t goal = size_max(nursery, need + size_max(nursery / 2, stack));
    size_t now = (size_t)(heap->end - heap->stack);
    if (!HEAP_MOVES_ALWAYS && now >= nursery && now >= need + size_max(nursery / 2, stack / 2) &&
        now <= HEAP_SHRINK_FACTOR * goal)
        return 0;
    goal = mg_block_size(goal * sizeof(mg_value)) / sizeof(mg_value);
    size_t limit = cap_words(heap);
    return goal <= limit ? goal : size_max(size_min(goal, limit), need + 1);
}

static void generational_collect(struct mg_heap *heap, enum mg_gc_kind kind, size_t words,
                                 struct mg_roots *roots, struct mg_gc_request *request)
{
    request->kind = kind;
    request->block_words = generational_block(heap, stack_words(heap, roots), words);
    mg_gc_run(heap, roots, request);
}

/* Whether the heap is within its cap; after a major collection with something to spare (Y3). */
static bool generational_fits(struct mg_heap *heap, bool major, struct mg_roots *roots)
{
    uint64_t spare = major ? heap->side->live_words / HEAP_SPARE_PART * sizeof(mg_value) : 0;
    if (mg_heap_bytes(heap) + spare <= heap->cap_bytes)
        return true;
    side_trim(heap->side, roots->blocks);
    return mg_heap_bytes(heap) + spare <= heap->cap_bytes;
}

static int generational_reserve(struct mg_heap *heap, size_t words, struct mg_roots *roots)
{
    struct mg_gc_request request = {.become = {MG_UNSET, MG_UNSET}};
    enum mg_gc_kind kind = major_is_due(heap) ? MG_COLLECT_MAJOR : MG_COLLECT_MINOR;
    generational_collect(heap, kind, words, roots, &request);
    if (kind == MG_COLLECT_MINOR && !generational_fits(heap, false, roots)) {
        kind = MG_COLLECT_MAJOR;
        generational_collect(heap, kind, words, roots, &request);
    }
    if (generational_fits(heap, kind == MG_COLLECT_MAJOR, roots))
        return 0;
    collect_next(heap);
    return MG_ELIMIT;
}

/* -- The face -- */

int mg_heap_reserve(struct mg_heap *heap, size_t words, struct mg_roots *roots)
{
    if (mg_heap_room(heap, roots->top) >= words && !mg_heap_is_due(heap))
        return 0;
    if (words > heap->cap_bytes / sizeof(mg_value))
        return MG_ELIMIT;
    int error;
    if (heap->flags & MG_HEAP_GENERATIONAL) {
        error = generational_reserve(heap, words, roots);
    } else {
        struct mg_gc_request request = {.become = {MG_UNSET, MG_UNSET}};
        error = small_reserve(heap, words, roots, &request);
    }
    ASSERT(error || mg_heap_room(heap, roots->top) >= words);
    return error;
}

void mg_heap_collect(struct mg_heap *heap, bool major, struct mg_roots *roots)
{
    struct mg_gc_request request = {.become = {MG_UNSET, MG_UNSET}};
    if (heap->flags & MG_HEAP_GENERATIONAL) {
        bool all = major || !has_old_generation(heap);
        generational_collect(heap, all ? MG_COLLECT_MAJOR : MG_COLLECT_MINOR, 0, roots, &request);
    } else {
        (void)small_collect(heap, 0, roots, &request);
    }
}

int mg_heap_become(struct mg_heap *heap, mg_value a, mg_value b, bool two_way,
                   struct mg_roots *roots)
{
    CHECK(!(mg_object(a)->header & MG_GC_SHARED));
    CHECK(!(mg_object(b)->header & MG_GC_SHARED));
    if (a == b)
        return 0;
    struct mg_gc_request request = {.become = {a, b}, .two_way = two_way};
    if (heap->flags & MG_HEAP_GENERATIONAL)
        generational_collect(heap, MG_COLLECT_MAJOR, 0, roots, &request);
    else
        (void)small_collect(heap, 0, roots, &request);
    return mg_heap_bytes(heap) <= heap->cap_bytes ? 0 : MG_ELIMIT;
}

/* -- Idleness -- */

/* Everything into one block of just the size, in `place` if it fits there. What lives is known: the
 * heap was collected. */
static void settle(struct mg_heap *heap, mg_value *place, size_t count, struct mg_roots *roots)
{
    size_t words = stack_words(heap, roots);
    words += has_old_generation(heap) ? heap->side->old_words : heap->live_words;
    struct mg_gc_request request = {
        .kind = MG_COLLECT_WHOLE,
        .become = {MG_UNSET, MG_UNSET},
    };
    if (place && place != heap->stack && words <= count) {
        request.place = place;
        request.block_words = count;
    } else {
        request.block_words = mg_block_size(words * sizeof(mg_value)) / sizeof(mg_value);
    }
    mg_gc_run(heap, roots, &request);
    ASSERT(!heap->adopted);
}

void mg_heap_hibernate_into(struct mg_heap *heap, mg_value *first, uint32_t count,
                            struct mg_roots *roots)
{
    if (heap->flags & MG_HEAP_FIRST_BLOCK && !heap->adopted && !heap->off_heap && !heap->side)
        return;
    mg_heap_collect(heap, true, roots);
    bool stays_generational =
        heap->flags & MG_HEAP_GENERATIONAL && heap->side &&
        heap->side->old_words + heap->side->large_words > MG_GENERATIONAL_WORDS / 2;
    if (!stays_generational) {
        settle(heap, first, count, roots);
    } else {
        size_t words = stack_words(heap, roots) + HEAP_IDLE_ROOM;
        struct mg_gc_request request = {
            .kind = MG_COLLECT_MINOR,
            .block_words = mg_block_size(words * sizeof(mg_value)) / sizeof(mg_value),
            .become = {MG_UNSET, MG_UNSET},
        };
        mg_gc_run(heap, roots, &request);
    }
    if (heap->side)
        side_trim(heap->side, roots->blocks);
}

void mg_heap_hibernate(struct mg_heap *heap, struct mg_roots *roots)
{
    mg_heap_hibernate_into(heap, NULL, 0, roots);
}
