/* SPDX-License-Identifier: MIT */
/* Strings and byte arrays: objects whose body is bytes, in one of two forms.
 *
 *      inline (STRING, BYTES)                     shared (SHARED)
 *      +--------+------------+----------------+   +--------+------------+---------+--------+------+
 *      | header | len | hash | bytes ... 0 0 0|   | header | len | hash | bytes * | offset | next |
 *      +--------+------------+----------------+   +--------+------------+----│----+--------+------+
 *                                                                            v
 *                                                 struct mg_bytes: refs, size, data ... (outside
 *                                                 all heaps)
 *
 * Texts up to MG_SHARE_BYTES are inline, longer ones shared: those pass between actors by count and
 * not by copy. Part of a shared text shares too when it is long and more than a quarter of the
 * whole; else it is copied, so that no small piece keeps a large text alive.
 *
 * Y1  The bytes of a String never change. Those of a shared ByteArray change only through
 *     mg_bytes_writable, which makes them private first.
 * Y2  MG_FLAG_ASCII on a String says that every byte is below 128, and its absence that one is not.
 * Y3  The hash half of the info word of a String is mg_hash_bytes of the bytes, or 0: not computed
 *     yet. That of a ByteArray means nothing here: table.c keeps a hint in it. It is not written
 *     once the object has MG_GC_SHARED.
 * Y4  An inline body is padded with zeros to a whole word.
 *
 * Reserve, then allocate: each maker has a ..._words function that says what to reserve. Texts have
 * at most MG_BYTES_MAX bytes; the caller checks.
 *
 * Threads: the owner of the heap; struct mg_bytes is counted from any thread. Memory: struct
 * mg_bytes comes from mg_alloc and is freed by the last unref.
 */
#ifndef MG_OBJECT_BYTES_H
#define MG_OBJECT_BYTES_H

#include <stdatomic.h>

#include "object/heap.h"

#define MG_SHARE_BYTES 4096u
#define MG_BYTES_MAX UINT32_MAX

struct mg_bytes {
    _Atomic(uint32_t) refs; /* objects that hold it; any thread */
    uint32_t spare;
    uint64_t size;
    uint8_t data[];
};

/* `size` bytes to be filled, with one count, which the caller owns. */
struct mg_bytes *mg_bytes_alloc(uint64_t size);
void mg_bytes_ref(struct mg_bytes *bytes);
/* Drops a count; the last frees. */
void mg_bytes_unref(struct mg_bytes *bytes);
/* Whether the caller's count is the only one. */
bool mg_bytes_is_sole(const struct mg_bytes *bytes);

/* The info word. */
static inline uint64_t mg_bytes_info(uint32_t len, uint32_t hash)
{
    return (uint64_t)hash << 32 | len;
}

static inline struct mg_bytes *mg_bytes_shared(const struct mg_object *o)
{
    ASSERT(mg_object_format(o) == MG_FORMAT_SHARED);
    return (struct mg_bytes *)(uintptr_t)o->words[MG_SHARED_BYTES];
}

/* Whether v is a String or ByteArray object (a Symbol is not: its text stands in the world's
 * table). */
static inline bool mg_is_bytes(mg_value v)
{
    if (!mg_is_pointer(v))
        return false;
    enum mg_format f = mg_object_format(mg_object(v));
    return f == MG_FORMAT_STRING || f == MG_FORMAT_BYTES || f == MG_FORMAT_SHARED;
}

/* Bytes of a String or ByteArray; valid until the next reserve. */
static inline void mg_bytes_of(mg_value v, const uint8_t **ptr, size_t *len)
{
    ASSERT(mg_is_bytes(v));
    const struct mg_object *o = mg_object(v);
    *len = (uint32_t)o->words[MG_SHARED_INFO];
    if (MG_UNLIKELY(mg_object_format(o) == MG_FORMAT_SHARED))
        *ptr = mg_bytes_shared(o)->data + o->words[MG_SHARED_OFFSET];
    else
        *ptr = (const uint8_t *)(o->words + 1);
}

static inline size_t mg_bytes_len(mg_value v)
{
    ASSERT(mg_is_bytes(v));
    return (uint32_t)mg_object(v)->words[MG_SHARED_INFO];
}

static inline bool mg_string_is_ascii(mg_value v)
{
    return mg_object(v)->header & MG_FLAG_ASCII;
}

/* Whether every byte is below 128. */
bool mg_bytes_are_ascii(const uint8_t *bytes, size_t len);

/* Words to reserve for a new String (ByteArray) of `len` bytes. */
size_t mg_string_words(size_t len);
size_t mg_bytes_words(size_t len);

/* A String of these bytes, which must be UTF-8. */
mg_value mg_string_new(struct mg_heap *heap, const char *text, size_t len);

/* A String to be filled: writes where its `len` bytes go to *bytes. Before anything else is
 * allocated the caller fills them and calls mg_string_end, which sets the ASCII flag. */
mg_value mg_string_begin(struct mg_heap *heap, size_t len, uint8_t **bytes);
void mg_string_end(mg_value string);

/* A ByteArray of these bytes; zeros when `bytes` is NULL. */
mg_value mg_bytes_new(struct mg_heap *heap, const uint8_t *bytes, size_t len);

/* A ByteArray that is inline whatever its size, of zeros: for tables that C writes into often. */
size_t mg_bytes_inline_words(size_t len);
mg_value mg_bytes_new_inline(struct mg_heap *heap, size_t len);

/* A String or ByteArray (class_id) over all of `bytes`, whose count is taken. Reserve
 * MG_SHARED_WORDS + 1 words. */
mg_value mg_bytes_adopt(struct mg_heap *heap, uint32_t class_id, struct mg_bytes *bytes);

/* Part of a String or ByteArray, of the same class: shares or copies. `source` is read after the
 * reserve. A part of a String must begin and end at a character. */
size_t mg_bytes_slice_words(mg_value source, size_t len);
mg_value mg_bytes_slice(struct mg_heap *heap, mg_value source, size_t offset, size_t len);

/* The bytes of a ByteArray, to be written. Never of an object with MG_GC_SHARED. */
uint8_t *mg_bytes_writable(mg_value v);

/* Hash of a String's or ByteArray's bytes; kept in the object unless it is MG_GC_SHARED or a
 * ByteArray. */
uint32_t mg_string_hash(mg_value v);

/* Whether two Strings or ByteArrays have the same bytes. */
bool mg_bytes_equal(mg_value a, mg_value b);

#endif
