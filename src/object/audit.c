/* SPDX-License-Identifier: MIT */
/* Audits of heaps and fragments: see audit.h.
 *
 * First every region is walked and every object entered in a table by its address; then every value
 * is looked up there, so a pointer into the middle of an object, or to one that was moved away, is
 * found.
 */
#include "object/audit.h"

#include "base/map.h"
#include "object/bytes.h"
#include "object/control.h"
#include "object/heap_side.h"

/* What the table says of an object. */
enum {
    AUDIT_YOUNG = 1,
    AUDIT_OLD = 2,    /* in a chunk, or a large object with MG_GC_OLD */
    AUDIT_LISTED = 4, /* seen in an off-heap list */
    AUDIT_REMEMBERED = 8,
};

struct audit {
    struct mg_map objects;
    uint64_t old_words, large_words;
    uint64_t off_heap;   /* objects that must stand in a list */
    uint64_t remembered; /* objects with the bit */
};

/* -- Objects -- */

static void bytes_audit(const struct mg_object *o, uint64_t words)
{
    size_t len;
    const uint8_t *bytes;
    mg_bytes_of(mg_pointer(o), &bytes, &len);
    if (mg_object_format(o) == MG_FORMAT_SHARED) {
        const struct mg_bytes *shared = mg_bytes_shared(o);
        CHECK(words == MG_SHARED_WORDS);
        /* A1 relaxed: it is at least ours. Pairs with B3 in mg_bytes_unref(). */
        CHECK(load_relaxed(&shared->refs) > 0);
        CHECK(o->words[MG_SHARED_OFFSET] <= shared->size);
        CHECK(len <= shared->size - o->words[MG_SHARED_OFFSET]);
    } else {
        CHECK(words == 1 + (len + 7) / 8);
        for (size_t i = len; i < (words - 1) * 8; i++)
            CHECK(bytes[i] == 0); /* Y4 */
    }
    if ((mg_object_class(o) == MG_CLASS_STRING || mg_object_class(o) == MG_CLASS_SYMBOL))
        CHECK(mg_bytes_are_ascii(bytes, len) == ((o->header & MG_FLAG_ASCII) != 0)); /* Y2 */
}

void mg_object_audit(const struct mg_object *o)
{
    uint64_t words = mg_object_words(o);
    CHECK((o->header >> MG_HEADER_SLOTS_SHIFT & 0xff) == MG_SLOTS_IN_FRONT ||
          words < MG_SLOTS_IN_FRONT);
    switch (mg_object_format(o)) {
    case MG_FORMAT_SLOTS:
    case MG_FORMAT_ARRAY:
        break;
    case MG_FORMAT_STRING:
    case MG_FORMAT_BYTES:
    case MG_FORMAT_SHARED:
        bytes_audit(o, words);
        break;
    case MG_FORMAT_FLOAT:
        CHECK(words == 1);
        break;
    case MG_FORMAT_BIGINT:
        CHECK(words >= 1);
        break;
    case MG_FORMAT_BLOCK:
        CHECK(words >= MG_BLOCK_CAPTURES);
        CHECK((o->words[MG_BLOCK_CODE] & 3) == 0);
        CHECK(mg_is_small(o->words[MG_BLOCK_HOME]));
        break;
    case MG_FORMAT_PROCESS: {
        const struct mg_control *control =
            (const struct mg_control *)(uintptr_t)o->words[MG_PROCESS_CONTROL];
        CHECK(words == MG_PROCESS_WORDS);
        /* A2 relaxed: it is at least ours. Pairs with K2 in mg_control_unref(). */
        CHECK(control && load_relaxed(&control->refs) > 0);
        break;
    }
    case MG_FORMAT_WEAK:
        CHECK(words == MG_WEAK_WORDS);
        break;
    default:
        mg_panic("audit: header %016llx is no object's", (unsigned long long)o->header);
    }
}

static uint64_t *audit_entry(struct audit *audit, const struct mg_object *o, uint64_t *bits)
{
    return mg_map_get(&audit->objects, (uintptr_t)o, bits) ? bits : NULL;
}

static void audit_add(struct audit *audit, struct mg_object *o, uint64_t bits)
{
    mg_object_audit(o);
    CHECK(!(o->header & MG_GC_SHARED));
    CHECK(((o->header & MG_GC_OLD) != 0) == ((bits & AUDIT_OLD) != 0));
    if (o->header & MG_GC_REMEMBERED) {
        CHECK(bits & AUDIT_OLD);
        audit->remembered++;
    }
    audit->off_heap += mg_is_off_heap(mg_object_format(o));
    CHECK(mg_map_put(&audit->objects, (uintptr_t)o, bits));
}

/* Enters the objects of [from, end), which they fill without gaps. */
static void audit_region(struct audit *audit, mg_value *from, mg_value *end, uint64_t bits)
{
    while (from < end) {
        mg_value *at = from;
        bool in_front = mg_object_format((struct mg_object *)at) == MG_FORMAT_NONE;
        if (in_front)
            at++;
        struct mg_object *o = (struct mg_object *)at;
        CHECK(in_front == ((o->header >> MG_HEADER_SLOTS_SHIFT & 0xff) == MG_SLOTS_IN_FRONT));
        CHECK(!(o->header & MG_FLAG_LARGE));
        uint64_t span = mg_object_span(mg_object_format(o), mg_object_words(o));
        CHECK(span <= (uint64_t)(end - from));
        audit_add(audit, o, bits);
        from += span;
        if (bits & AUDIT_OLD)
            audit->old_words += span;
    }
    CHECK(from == end);
}

/* -- Values -- */

static void audit_immediate(mg_value v)
{
    if ((v & MG_KIND_MASK) == MG_KIND_SPECIAL)
        CHECK(v == MG_NIL || v == MG_FALSE || v == MG_TRUE || v == MG_TOMBSTONE || v == MG_UNSET);
    else if (mg_is_character(v))
        CHECK(mg_character_value(v) <= 0x10ffff);
}

/* A value found anywhere; answers whether it leads to a young object. */
static bool audit_value(struct audit *audit, mg_value v)
{
    if (!mg_is_pointer(v)) {
        audit_immediate(v);
        return false;
    }
    CHECK((v & 7) == MG_TAG_POINTER);
    uint64_t bits;
    if (audit_entry(audit, mg_object(v), &bits))
        return bits & AUDIT_YOUNG;
    CHECK(mg_object(v)->header & MG_GC_SHARED);
    mg_object_audit(mg_object(v));
    return false;
}

/* G2: young objects that an old one leads to. */
static void audit_body(struct audit *audit, struct mg_object *o)
{
    enum mg_format format = mg_object_format(o);
    uint64_t words = mg_object_words(o);
    uint64_t from, to;
    mg_format_values(format, words, &from, &to);
    if (format == MG_FORMAT_WEAK) {
        from = MG_WEAK_TARGET;
        to = from + 1;
    }
    bool has_cards = mg_object_card_words(format, words) > 0;
    for (; from < to; from++) {
        if (!audit_value(audit, o->words[from]) || !(o->header & MG_GC_OLD))
            continue;
        CHECK(o->header & MG_GC_REMEMBERED);
        uint64_t card = from / MG_CARD_SLOTS;
        if (has_cards)
            CHECK(o->words[words + card / 64] >> card % 64 & 1);
    }
}

static void audit_bodies(struct audit *audit)
{
    uint64_t address;
    for (uint32_t i = 0; mg_map_at(&audit->objects, i, &address, NULL); i++)
        audit_body(audit, (struct mg_object *)(uintptr_t)address);
}

/* -- Lists -- */

/* G3: takes the objects of a list off the count of those that must stand in one. */
static void audit_list(struct audit *audit, struct mg_object *o, uint64_t region)
{
    for (; o; o = (struct mg_object *)(uintptr_t)*mg_off_heap_next(o, mg_object_format(o))) {
        uint64_t bits;
        CHECK(audit_entry(audit, o, &bits));
        CHECK(bits & region);
        CHECK(!(bits & AUDIT_LISTED));
        CHECK(audit->off_heap > 0);
        audit->off_heap--;
        mg_map_put(&audit->objects, (uintptr_t)o, bits | AUDIT_LISTED);
    }
}

static void audit_remembered(struct audit *audit, const struct mg_heap_side *side)
{
    CHECK(side->remembered_count == audit->remembered);
    for (uint32_t i = 0; i < side->remembered_count; i++) {
        uint64_t bits;
        struct mg_object *o = side->remembered[i];
        CHECK(audit_entry(audit, o, &bits));
        CHECK(o->header & MG_GC_REMEMBERED);
        CHECK(!(bits & AUDIT_REMEMBERED)); /* D2: once */
        mg_map_put(&audit->objects, (uintptr_t)o, bits | AUDIT_REMEMBERED);
    }
}

static void audit_side(struct audit *audit, const struct mg_heap *heap)
{
    struct mg_heap_side *side = heap->side;
    bool old = heap->flags & MG_HEAP_GENERATIONAL && side->live_words > 0;
    uint64_t chunk_bytes = 0;
    uint64_t large_bytes = 0;
    CHECK(old || !side->chunks || side->live_words == 0);
    for (struct mg_chunk *chunk = side->chunks; chunk; chunk = chunk->next) {
        audit_region(audit, chunk->first, mg_chunk_end(chunk), AUDIT_OLD);
        chunk_bytes += chunk->bytes;
    }
    for (struct mg_large *large = side->large; large; large = large->next) {
        struct mg_object *o = mg_large_object(large);
        CHECK(o->header & MG_FLAG_LARGE);
        CHECK(!large->marked); /* D3 */
        uint64_t words = mg_object_words(o);
        CHECK(words >= MG_LARGE_WORDS && words == large->words[0]);
        audit_add(audit, o, old ? AUDIT_OLD : AUDIT_YOUNG);
        audit->large_words += mg_object_span(mg_object_format(o), words);
        large_bytes += large->bytes;
    }
    CHECK(side->chunk_bytes == chunk_bytes);
    CHECK(side->large_bytes == large_bytes);
    CHECK(side->old_words == audit->old_words);
    CHECK(side->large_words == audit->large_words);
}

void mg_heap_audit(const struct mg_heap *heap, const struct mg_roots *roots)
{
    struct audit audit = {0};
    CHECK(heap->stack <= roots->top && roots->top <= heap->alloc && heap->alloc <= heap->end);
    audit_region(&audit, heap->alloc, heap->end, AUDIT_YOUNG);
    for (const struct mg_fragment *f = heap->adopted; f; f = f->next) {
        CHECK(!f->off_heap);
        audit_region(&audit, f->first, f->first + f->words, AUDIT_YOUNG);
    }
    if (heap->side)
        audit_side(&audit, heap);

    for (const mg_value *v = heap->stack; v < roots->top; v++)
        audit_value(&audit, *v); /* G1 */
    for (uint32_t i = 0; i < roots->extra_count; i++)
        audit_value(&audit, roots->extra[i]);
    audit_bodies(&audit);

    audit_list(&audit, heap->off_heap, AUDIT_YOUNG);
    if (heap->side) {
        audit_list(&audit, heap->side->off_heap, AUDIT_OLD);
        audit_remembered(&audit, heap->side);
    }
    CHECK(audit.off_heap == 0);
    mg_map_deinit(&audit.objects);
}

void mg_fragment_audit(const struct mg_fragment *fragment, const mg_value *roots, uint32_t count)
{
    struct audit audit = {0};
    audit_region(&audit, fragment->first, fragment->first + fragment->words, AUDIT_YOUNG);
    for (uint32_t i = 0; i < count; i++)
        audit_value(&audit, roots[i]);
    audit_bodies(&audit); /* F1 */
    audit_list(&audit, fragment->off_heap, AUDIT_YOUNG);
    CHECK(audit.off_heap == 0);
    mg_map_deinit(&audit.objects);
}
