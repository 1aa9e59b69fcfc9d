/* SPDX-License-Identifier: MIT */
/* The deep copy: see copy.h.
 *
 *      items       [ object, header ][ object, header ] ...     a queue: what was reached, in order
 *      source      header word = MOVED | place                  place: words from the copy's begin
 *      scratch     the copies, in the order of their places; a pointer is place * 8 + 1
 *      pointers    the words of the scratch that are pointers
 *
 * The walk is breadth first, with the items as its queue. An object gets its place when it becomes
 * an item, so the copy of an object can be written as soon as it is looked at: one pass reads the
 * source once. Then the headers are put back. The write moves the scratch to where the caller wants
 * it, and adds that address to all pointers.
 *
 * I1  Item i has its header at place p_i of the copy (its size word, if any, before that); places
 *     grow with i.
 * I2  An object has a MOVED header exactly while it is an item, which it is in mg_copy_measure
 *     only.
 *
 * Rejected: writing the copy in a second walk, without a scratch. It costs half again as much for a
 * list, since all tests are made twice; the move of the scratch is a tenth.
 */
#include "object/copy.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"
#include "object/bytes.h"
#include "object/copy_internal.h"
#include "object/gc.h"

enum {
    COPY_ITEMS_FIRST = 256,
    COPY_SCRATCH_FIRST = 512,     /* words */
    COPY_SCRATCH_KEPT = 64 << 10, /* a larger scratch is given back after use */
    COPY_FAST_SLOTS = 64,         /* objects with so many words or more are not for the fast loop */
    COPY_PLACE = 1,               /* answer of `enter`: the value is a place */
};

#define COPY_PLACE_MASK (((uint64_t)1 << MG_HEADER_FORMAT_SHIFT) - 1)
#define COPY_MOVED ((uint64_t)MG_FORMAT_MOVED << MG_HEADER_FORMAT_SHIFT)
/* Small objects of these formats are copied by the fast loop, the raw ones as they are. */
#define COPY_RAW_FORMATS                                                      \
    (1u << MG_FORMAT_STRING | 1u << MG_FORMAT_BYTES | 1u << MG_FORMAT_FLOAT | \
     1u << MG_FORMAT_BIGINT)
#define COPY_FAST_FORMATS (COPY_RAW_FORMATS | 1u << MG_FORMAT_SLOTS | 1u << MG_FORMAT_ARRAY)

static enum mg_format header_format(uint64_t header)
{
    return (enum mg_format)(header >> MG_HEADER_FORMAT_SHIFT & 0x1f);
}

/* Whether the header is of a small object of format SLOTS, not SHARED: one comparison with a small
 * constant. */
static MG_ALWAYS_INLINE bool header_is_slots(uint64_t header)
{
    const uint32_t few = 0xff & ~(COPY_FAST_SLOTS - 1);
    const uint32_t shared = (uint32_t)(MG_GC_SHARED >> MG_HEADER_SLOTS_SHIFT);
    uint32_t top = (uint32_t)(header >> MG_HEADER_SLOTS_SHIFT);
    return (top & (shared | 0x1f00 | few)) == MG_FORMAT_SLOTS << 8;
}

/* The same for the other formats of the fast loop. */
static MG_ALWAYS_INLINE bool header_is_other(uint64_t header)
{
    return COPY_FAST_FORMATS >> header_format(header) & 1 && !(header & MG_GC_SHARED) &&
           (header >> MG_HEADER_SLOTS_SHIFT & 0xff) < COPY_FAST_SLOTS;
}

/* Whether the fast loop can take this object in. */
static MG_ALWAYS_INLINE bool header_is_fast(uint64_t header)
{
    return MG_LIKELY(header_is_slots(header)) ? (header & MG_HEADER_CLASS_MASK) != MG_CLASS_CONTEXT
                                              : header_is_other(header);
}

_Static_assert(MG_HEADER_SLOTS_SHIFT + 8 == MG_HEADER_FORMAT_SHIFT, "format stands above slots");

static MG_ALWAYS_INLINE uint64_t place_value(uint64_t place)
{
    return place * sizeof(mg_value) + MG_TAG_POINTER;
}

/* -- Life -- */

void mg_copy_init(struct mg_copy *copy, const struct mg_world *world, uint64_t max_words)
{
    *copy = (struct mg_copy){.world = world, .max_words = max_words};
    mg_map_init(&copy->places);
}

static void scratch_free(struct mg_copy *copy)
{
    mg_free(copy->scratch);
    mg_free(copy->pointers);
    copy->scratch = NULL;
    copy->pointers = NULL;
    copy->scratch_cap = 0;
}

void mg_copy_deinit(struct mg_copy *copy)
{
    ASSERT(copy->item_count == 0);
    mg_map_deinit(&copy->places);
    scratch_free(copy);
    mg_free(copy->items);
    mg_free(copy->off_heap);
    mg_free(copy->roots);
}

static MG_NOINLINE void scratch_grow(struct mg_copy *copy, uint64_t need)
{
    uint64_t cap = copy->scratch_cap ? copy->scratch_cap : COPY_SCRATCH_FIRST;
    while (cap < need)
        cap *= 2;
    CHECK(cap <= UINT32_MAX);
    copy->scratch = mg_realloc(copy->scratch, cap * sizeof *copy->scratch);
    copy->pointers = mg_realloc(copy->pointers, cap * sizeof *copy->pointers);
    copy->scratch_cap = cap;
}

void mg_copy_items_grow(struct mg_copy *copy)
{
    uint32_t need = copy->item_cap ? copy->item_cap + 1 : COPY_ITEMS_FIRST;
    copy->items = mg_vec_grow(copy->items, &copy->item_cap, need, sizeof *copy->items);
}

/* -- Measure -- */

/* Puts all headers back. */
static void restore(struct mg_copy *copy)
{
    const struct mg_copy_item *end = copy->items + copy->item_count;
    for (const struct mg_copy_item *item = copy->items; item < end; item++)
        item->object->header = item->header;
    copy->item_count = 0;
}

/* What a value is in the copy, an item made for its object if need be. `holder` is the item whose
 * word `index` it is, NULL for a root. Answers COPY_PLACE when *out is a place, 0 when it is a
 * value as it stands, or an error. */
static MG_NOINLINE int enter(struct mg_copy *copy, const struct mg_copy_item *holder,
                             uint64_t index, mg_value v, mg_value *out)
{
    *out = v;
    while (mg_has_format(v, MG_FORMAT_FORWARD))
        *out = v = mg_slot(v, 0);
    if (!mg_is_pointer(v))
        return 0;
    struct mg_object *o = mg_object(v);
    uint64_t header = o->header;
    enum mg_format format = header_format(header);
    if (header & MG_GC_SHARED)
        return 0;
    if (format == MG_FORMAT_MOVED) {
        *out = place_value(header & COPY_PLACE_MASK);
        return COPY_PLACE;
    }
    if (!(MG_COPY_FORMATS >> format & 1) || mg_object_class(o) == MG_CLASS_CONTEXT) {
        mg_copy_path(copy, holder, index, o);
        return MG_EINVAL;
    }
    uint64_t words = mg_object_words(o);
    uint64_t span = mg_object_span(format, words);
    if (span > copy->max_words || copy->words > copy->max_words - span)
        return MG_ELIMIT;
    if (format == MG_FORMAT_SHARED)
        copy->shared_bytes += mg_bytes_shared(o)->size;
    if (copy->item_count == copy->item_cap)
        mg_copy_items_grow(copy);
    copy->items[copy->item_count++] = (struct mg_copy_item){o, header};
    uint64_t place = copy->words + (words >= MG_SLOTS_IN_FRONT);
    o->header = COPY_MOVED | place;
    copy->words += span;
    *out = place_value(place);
    return COPY_PLACE;
}

/* Whether there is a pointer among [v, end). */
static bool has_pointer(const mg_value *v, const mg_value *end)
{
    /* A pointer is the one tag with the low bit set and the next clear; numbers have the low bit
     * clear. */
    for (; end - v >= 8; v += 8) {
        uint64_t low = v[0] | v[1] | v[2] | v[3] | v[4] | v[5] | v[6] | v[7];
        if (low & 1) {
            for (int i = 0; i < 8; i++) {
                if (mg_is_pointer(v[i]))
                    return true;
            }
        }
    }
    for (; v < end; v++) {
        if (mg_is_pointer(*v))
            return true;
    }
    return false;
}

/* Copies the values of an item, which stand at `to` in the scratch already, one by one. */
static int copy_values(struct mg_copy *copy, uint32_t i, const struct mg_object *o, uint64_t from,
                       uint64_t words, uint64_t to)
{
    for (; from < words; from++) {
        mg_value v = o->words[from];
        if (!mg_is_pointer(v))
            continue;
        struct mg_object *child = mg_object(v);
        uint64_t header = child->header;
        if (MG_LIKELY(header_is_fast(header) && copy->item_count < copy->item_cap &&
                      copy->words < copy->max_words)) {
            copy->items[copy->item_count++] = (struct mg_copy_item){child, header};
            copy->scratch[to + from] = place_value(copy->words);
            copy->pointers[copy->pointer_count++] = (uint32_t)(to + from);
            child->header = COPY_MOVED | copy->words;
            copy->words += 1 + (header >> MG_HEADER_SLOTS_SHIFT & 0xff);
            continue;
        }
        int found = enter(copy, &copy->items[i], from, v, &copy->scratch[to + from]);
        if (found < 0)
            return found;
        if (found == COPY_PLACE)
            copy->pointers[copy->pointer_count++] = (uint32_t)(to + from);
    }
    return 0;
}

/* Copies the object of item i, whatever it is. */
static MG_NOINLINE int copy_slow(struct mg_copy *copy, uint32_t i)
{
    const struct mg_object *o = copy->items[i].object;
    uint64_t header = copy->items[i].header;
    enum mg_format format = header_format(header);
    uint64_t words = header >> MG_HEADER_SLOTS_SHIFT & 0xff;
    if (words == MG_SLOTS_IN_FRONT)
        words = ((const uint64_t *)o)[-1];
    uint64_t span = mg_object_span(format, words);
    if (copy->scratch_cap < copy->filled + span + COPY_FAST_SLOTS)
        scratch_grow(copy, copy->filled + span + COPY_FAST_SLOTS);
    if (copy->item_cap < copy->item_count + COPY_FAST_SLOTS)
        mg_copy_items_grow(copy);

    mg_value *at = copy->scratch + copy->filled;
    if (words >= MG_SLOTS_IN_FRONT)
        *at++ = words;
    uint64_t place = (uint64_t)(at - copy->scratch);
    struct mg_object *copied = (struct mg_object *)at;
    copied->header = header & ~MG_COPY_DROPPED_BITS;
    memcpy(copied->words, o->words, words * sizeof(mg_value));
    mg_object_clear_cards(copied, words);
    copy->filled += span;
    if (format == MG_FORMAT_BLOCK)
        copied->words[MG_BLOCK_HOME] = mg_small(0);
    if (mg_is_off_heap(format)) {
        if (copy->off_heap_count == copy->off_heap_cap)
            copy->off_heap = mg_vec_grow(copy->off_heap, &copy->off_heap_cap,
                                         copy->off_heap_count + 1, sizeof *copy->off_heap);
        copy->off_heap[copy->off_heap_count++] = (uint32_t)place;
    }
    if (!(MG_COPY_VALUE_FORMATS >> format & 1) || !has_pointer(o->words, o->words + words))
        return 0;
    uint64_t from = format == MG_FORMAT_BLOCK ? MG_BLOCK_SELF : 0;
    return copy_values(copy, i, o, from, words, place + 1);
}

/* Takes back what was noted of pointers from word `at` on. */
static MG_NOINLINE uint32_t *pointers_cut(const struct mg_copy *copy, uint32_t *pointer,
                                          uint64_t at)
{
    while (pointer > copy->pointers && pointer[-1] >= at)
        pointer--;
    return pointer;
}

/* Goes on with item i as long as objects are small and of ordinary formats, and so are those they
 * lead to; answers the item that is something else. It makes no calls on its way, so all it knows
 * stays in registers. */
static MG_NOINLINE uint32_t copy_fast(struct mg_copy *copy, uint32_t i)
{
    if (copy->scratch_cap < copy->filled + COPY_FAST_SLOTS ||
        copy->item_cap < copy->item_count + COPY_FAST_SLOTS)
        return i;
    struct mg_copy_item *item = copy->items + i;
    struct mg_copy_item *next = copy->items + copy->item_count;
    mg_value *const scratch = copy->scratch;
    uint64_t at = copy->filled;
    uint32_t *pointer = copy->pointers + copy->pointer_count;
    uint64_t mark = COPY_MOVED | copy->words;
    const struct mg_object *newest = NULL; /* object of the last item: a list is followed without */
                                           /* waiting for what was just stored */
    /* An item takes less than COPY_FAST_SLOTS + 1 words and adds at most so many items. */
    const uint64_t at_limit = copy->scratch_cap - COPY_FAST_SLOTS;
    const struct mg_copy_item *next_limit = copy->items + copy->item_cap - COPY_FAST_SLOTS;
    for (; item < next; item++) {
        const struct mg_object *o = newest;
        if (item != next - 1 || !o)
            o = item->object;
        uint64_t header = item->header;
        if (MG_UNLIKELY(at > at_limit || next > next_limit))
            break;
        uint64_t n = header >> MG_HEADER_SLOTS_SHIFT & 0xff;
        uint64_t end = at + 1 + n;
        const mg_value *v = o->words;
        if (MG_UNLIKELY(!header_is_slots(header))) {
            if (!header_is_other(header))
                break;
            if (COPY_RAW_FORMATS >> header_format(header) & 1) {
                scratch[at++] = header & ~MG_COPY_DROPPED_BITS;
                while (at < end)
                    scratch[at++] = *v++;
                continue;
            }
        }
        scratch[at++] = header & ~MG_COPY_DROPPED_BITS;
        for (; at < end; v++, at++) {
            mg_value value = *v;
            scratch[at] = value;
            if (!mg_is_pointer(value))
                continue;
            struct mg_object *to = mg_object(value);
            uint64_t to_header = to->header;
            if (MG_LIKELY(header_is_fast(to_header))) {
                next->object = to;
                next->header = to_header;
                next++;
                newest = to;
                to->header = mark;
                scratch[at] = place_value((uint32_t)mark);
                mark += 1 + (to_header >> MG_HEADER_SLOTS_SHIFT & 0xff);
            } else if (mg_gc_is_moved(to_header)) {
                scratch[at] = place_value((uint32_t)to_header);
            } else if (to_header & MG_GC_SHARED) {
                continue;
            } else {
                at = end - 1 - n;
                pointer = pointers_cut(copy, pointer, at);
                goto out;
            }
            *pointer++ = (uint32_t)at;
        }
    }
out:
    copy->item_count = (uint32_t)(next - copy->items);
    copy->filled = at;
    copy->pointer_count = (uint64_t)(pointer - copy->pointers);
    copy->words = mark & COPY_PLACE_MASK;
    return (uint32_t)(item - copy->items);
}

int mg_copy_measure(struct mg_copy *copy, const mg_value *roots, uint32_t count)
{
    ASSERT(copy->item_count == 0);
    copy->words = copy->filled = copy->pointer_count = copy->shared_bytes = 0;
    copy->off_heap_count = 0;
    copy->refusal[0] = 0;
    if (copy->root_cap < count)
        copy->roots = mg_vec_grow(copy->roots, &copy->root_cap, count, sizeof *copy->roots);
    copy->root_count = count;
    int error = 0;
    for (uint32_t i = 0; i < count && error >= 0; i++) {
        error = enter(copy, NULL, i, roots[i], &copy->roots[i].value);
        copy->roots[i].is_place = error == COPY_PLACE;
    }
    error = error < 0 ? error : 0;
    for (uint32_t i = 0; i < copy->item_count && !error; i++) {
        i = copy_fast(copy, i);
        if (copy->words > copy->max_words)
            error = MG_ELIMIT; /* the fast loop does not look */
        else if (i < copy->item_count)
            error = copy_slow(copy, i);
    }
    restore(copy);
    if (MG_UNLIKELY(error))
        mg_copy_abandon(copy);
    else
        CHECK(copy->filled == copy->words);
    return error;
}

/* -- Write -- */

void mg_copy_abandon(struct mg_copy *copy)
{
    copy->words = 0;
    if (MG_UNLIKELY(copy->scratch_cap > COPY_SCRATCH_KEPT))
        scratch_free(copy);
}

static MG_ALWAYS_INLINE void write_kept(struct mg_copy *copy, struct mg_fragment *fragment,
                                        mg_value *to, mg_value *out, uint32_t count)
{
    ASSERT(count == copy->root_count);
    uint64_t words = copy->words;
    CHECK(words <= UINT32_MAX);
    if (words > 0)
        memcpy(to, copy->scratch, words * sizeof(mg_value));
    for (uint64_t i = 0; i < copy->pointer_count; i++)
        to[copy->pointers[i]] += (uintptr_t)to;
    for (uint32_t i = 0; i < count; i++)
        out[i] = copy->roots[i].value + (copy->roots[i].is_place ? (uintptr_t)to : 0);

    fragment->first = to;
    fragment->words = (uint32_t)words;
    fragment->shared_bytes = copy->shared_bytes;
    fragment->off_heap = NULL;
    for (uint32_t i = 0; i < copy->off_heap_count; i++) {
        struct mg_object *o = (struct mg_object *)(to + copy->off_heap[i]);
        mg_off_heap_count(o);
        *mg_off_heap_next(o, mg_object_format(o)) = (uintptr_t)fragment->off_heap;
        fragment->off_heap = o;
    }
}

void mg_copy_write_kept(struct mg_copy *copy, struct mg_fragment *fragment, mg_value *to,
                        mg_value *out, uint32_t count)
{
    write_kept(copy, fragment, to, out, count);
}

void mg_copy_write(struct mg_copy *copy, struct mg_fragment *fragment, mg_value *to,
                   const mg_value *roots MG_UNUSED, mg_value *out, uint32_t count)
{
    write_kept(copy, fragment, to, out, count);
    mg_copy_abandon(copy);
}
