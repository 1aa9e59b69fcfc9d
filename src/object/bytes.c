/* SPDX-License-Identifier: MIT */
/* Strings and byte arrays: see bytes.h. */
#include "object/bytes.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/hash.h"

enum { BYTES_SHARE_PART = 4 }; /* a part shares when it is more than 1/4 of the whole */

/* -- Counted bytes -- */

struct mg_bytes *mg_bytes_alloc(uint64_t size)
{
    struct mg_bytes *bytes = mg_alloc(sizeof *bytes + size);
    /* B1 relaxed: nobody else knows it yet. Pairs with B3 in mg_bytes_unref(). */
    store_relaxed(&bytes->refs, 1);
    bytes->spare = 0;
    bytes->size = size;
    return bytes;
}

void mg_bytes_ref(struct mg_bytes *bytes)
{
    /* B2 relaxed: the caller's own count keeps it alive. Pairs with B3 in mg_bytes_unref(). */
    uint32_t before = fetch_add_relaxed(&bytes->refs, 1);
    CHECK(before > 0 && before < UINT32_MAX / 2);
}

void mg_bytes_unref(struct mg_bytes *bytes)
{
    /* B3 acq_rel: what a holder read comes before its release, and the last one frees after all of
     * it. Pairs with B3 in mg_bytes_unref() of the other holders. */
    uint32_t before = fetch_sub_acq_rel(&bytes->refs, 1);
    ASSERT(before > 0);
    if (before == 1)
        mg_free(bytes);
}

bool mg_bytes_is_sole(const struct mg_bytes *bytes)
{
    /* B4 acquire: reads of holders that are gone come before our writes. Pairs with B3 in
     * mg_bytes_unref(). */
    return load_acquire(&bytes->refs) == 1;
}

/* -- Making -- */

bool mg_bytes_are_ascii(const uint8_t *bytes, size_t len)
{
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        seen |= word;
    }
    for (; i < len; i++)
        seen |= bytes[i];
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

static size_t inline_words(size_t len)
{
    return 1 + (len + 7) / 8;
}

size_t mg_bytes_inline_words(size_t len)
{
    return mg_object_span(MG_FORMAT_BYTES, inline_words(len));
}

size_t mg_bytes_words(size_t len)
{
    return len <= MG_SHARE_BYTES ? mg_bytes_inline_words(len) : 1 + MG_SHARED_WORDS;
}

size_t mg_string_words(size_t len)
{
    return mg_bytes_words(len);
}

static struct mg_object *object_inline(struct mg_heap *heap, uint32_t class_id,
                                       enum mg_format format, size_t len)
{
    CHECK(len <= MG_BYTES_MAX);
    size_t words = inline_words(len);
    struct mg_object *o = words < MG_CARD_SLOTS
                              ? mg_heap_alloc_small(heap, class_id, format, (uint32_t)words)
                              : mg_heap_alloc(heap, class_id, format, words);
    o->words[words - 1] = 0; /* Y4, unless the next line is the same word */
    o->words[MG_SHARED_INFO] = mg_bytes_info((uint32_t)len, 0);
    return o;
}

/* Takes the count of `bytes`. */
static struct mg_object *object_shared(struct mg_heap *heap, uint32_t class_id,
                                       struct mg_bytes *bytes, size_t offset, size_t len,
                                       uint64_t charge)
{
    CHECK(len <= MG_BYTES_MAX && offset + len <= bytes->size);
    struct mg_object *o = mg_heap_alloc_small(heap, class_id, MG_FORMAT_SHARED, MG_SHARED_WORDS);
    o->words[MG_SHARED_INFO] = mg_bytes_info((uint32_t)len, 0);
    o->words[MG_SHARED_BYTES] = (uintptr_t)bytes;
    o->words[MG_SHARED_OFFSET] = offset;
    mg_heap_link_off_heap(heap, o, charge);
    return o;
}

/* An object of either form, its bytes to be filled. */
static mg_value object_begin(struct mg_heap *heap, uint32_t class_id, enum mg_format format,
                             size_t len, uint8_t **bytes)
{
    if (len <= MG_SHARE_BYTES) {
        struct mg_object *o = object_inline(heap, class_id, format, len);
        *bytes = (uint8_t *)(o->words + 1);
        return mg_pointer(o);
    }
    struct mg_bytes *shared = mg_bytes_alloc(len);
    *bytes = shared->data;
    return mg_pointer(object_shared(heap, class_id, shared, 0, len, len));
}

mg_value mg_string_begin(struct mg_heap *heap, size_t len, uint8_t **bytes)
{
    return object_begin(heap, MG_CLASS_STRING, MG_FORMAT_STRING, len, bytes);
}

void mg_string_end(mg_value string)
{
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(string, &bytes, &len);
    if (mg_bytes_are_ascii(bytes, len))
        mg_object(string)->header |= MG_FLAG_ASCII;
}

mg_value mg_string_new(struct mg_heap *heap, const char *text, size_t len)
{
    uint8_t *bytes;
    mg_value v = mg_string_begin(heap, len, &bytes);
    if (len > 0)
        memcpy(bytes, text, len);
    mg_string_end(v);
    return v;
}

mg_value mg_bytes_new(struct mg_heap *heap, const uint8_t *bytes, size_t len)
{
    uint8_t *to;
    mg_value v = object_begin(heap, MG_CLASS_BYTE_ARRAY, MG_FORMAT_BYTES, len, &to);
    if (bytes && len > 0)
        memcpy(to, bytes, len);
    else
        memset(to, 0, len);
    return v;
}

mg_value mg_bytes_new_inline(struct mg_heap *heap, size_t len)
{
    struct mg_object *o = object_inline(heap, MG_CLASS_BYTE_ARRAY, MG_FORMAT_BYTES, len);
    memset(o->words + 1, 0, len);
    return mg_pointer(o);
}

mg_value mg_bytes_adopt(struct mg_heap *heap, uint32_t class_id, struct mg_bytes *bytes)
{
    struct mg_object *o = object_shared(heap, class_id, bytes, 0, bytes->size, bytes->size);
    if ((class_id == MG_CLASS_STRING || class_id == MG_CLASS_SYMBOL) &&
        mg_bytes_are_ascii(bytes->data, bytes->size))
        o->header |= MG_FLAG_ASCII;
    return mg_pointer(o);
}

/* -- Parts -- */

static bool slice_shares(mg_value source, size_t len)
{
    const struct mg_object *o = mg_object(source);
    return len > MG_SHARE_BYTES && mg_object_format(o) == MG_FORMAT_SHARED &&
           len > mg_bytes_shared(o)->size / BYTES_SHARE_PART;
}

size_t mg_bytes_slice_words(mg_value source, size_t len)
{
    return slice_shares(source, len) ? 1 + MG_SHARED_WORDS : mg_bytes_words(len);
}

mg_value mg_bytes_slice(struct mg_heap *heap, mg_value source, size_t offset, size_t len)
{
    const struct mg_object *from = mg_object(source);
    uint32_t class_id = mg_object_class(from);
    bool is_string = (class_id == MG_CLASS_STRING || class_id == MG_CLASS_SYMBOL);
    const uint8_t *bytes;
    size_t size;
    mg_bytes_of(source, &bytes, &size);
    CHECK(offset <= size && len <= size - offset);

    mg_value v;
    if (slice_shares(source, len)) {
        struct mg_bytes *shared = mg_bytes_shared(from);
        mg_bytes_ref(shared);
        /* No charge: the whole is charged already. */
        v = mg_pointer(
            object_shared(heap, class_id, shared, from->words[MG_SHARED_OFFSET] + offset, len, 0));
    } else {
        uint8_t *to;
        v = object_begin(heap, class_id, is_string ? MG_FORMAT_STRING : MG_FORMAT_BYTES, len, &to);
        if (len > 0)
            memcpy(to, bytes + offset, len);
    }
    if (is_string) {
        if (from->header & MG_FLAG_ASCII)
            mg_object(v)->header |= MG_FLAG_ASCII;
        else
            mg_string_end(v);
    }
    return v;
}

uint8_t *mg_bytes_writable(mg_value v)
{
    struct mg_object *o = mg_object(v);
    ASSERT(!(o->header & MG_GC_SHARED));
    ASSERT(mg_object_class(o) != MG_CLASS_STRING);
    if (mg_object_format(o) != MG_FORMAT_SHARED)
        return (uint8_t *)(o->words + 1);

    struct mg_bytes *shared = mg_bytes_shared(o);
    if (!mg_bytes_is_sole(shared)) {
        size_t len = mg_bytes_len(v);
        struct mg_bytes *own = mg_bytes_alloc(len);
        memcpy(own->data, shared->data + o->words[MG_SHARED_OFFSET], len);
        mg_bytes_unref(shared);
        o->words[MG_SHARED_BYTES] = (uintptr_t)own;
        o->words[MG_SHARED_OFFSET] = 0;
        shared = own;
    }
    return shared->data + o->words[MG_SHARED_OFFSET];
}

/* -- Comparing -- */

/* The hash that is kept in the object, or 0. In a ByteArray the half holds something else (Y3). */
static uint32_t hash_kept(const struct mg_object *o)
{
    return mg_object_class(o) == MG_CLASS_BYTE_ARRAY ? 0
                                                     : (uint32_t)(o->words[MG_SHARED_INFO] >> 32);
}

uint32_t mg_string_hash(mg_value v)
{
    struct mg_object *o = mg_object(v);
    uint32_t hash = hash_kept(o);
    if (hash != 0)
        return hash;
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(v, &bytes, &len);
    hash = mg_hash_bytes(bytes, len);
    if (!(o->header & MG_GC_SHARED) &&
        (mg_object_class(o) == MG_CLASS_STRING || mg_object_class(o) == MG_CLASS_SYMBOL))
        o->words[MG_SHARED_INFO] = mg_bytes_info((uint32_t)len, hash);
    return hash;
}

bool mg_bytes_equal(mg_value a, mg_value b)
{
    const uint8_t *x, *y;
    size_t n, m;
    mg_bytes_of(a, &x, &n);
    mg_bytes_of(b, &y, &m);
    if (n != m)
        return false;
    uint32_t h = hash_kept(mg_object(a)), k = hash_kept(mg_object(b));
    if (h != 0 && k != 0 && h != k)
        return false;
    return memcmp(x, y, n) == 0;
}
