/* SPDX-License-Identifier: MIT */
/* The layout of everything that lives in a heap: the header word and each kind of body.
 *
 *      63      60 59   57 56     52 51       44 43            22 21            0
 *     +----------+-------+---------+-----------+----------------+---------------+
 *     |  flags 4 | gc 3  | format 5|  slots 8  |    hash 22     |   class 22    |
 *     +----------+-------+---------+-----------+----------------+---------------+
 *
 * `slots` is the number of words behind the header; 255 says that it stands in the word *before*
 * the header (so an object of 255 words or more begins, in memory, with that size word). The body
 * of each format:
 *
 *     SLOTS    n values: instance variables                           ARRAY   n values: elements
 *     STRING   info word (byte length 32 | hash 32), then UTF-8 bytes, zero-padded to a word
 *     BYTES    info word (byte length 32 | 0), then bytes, zero-padded
 *     SHARED   info word as STRING/BYTES; counted struct mg_bytes *; offset; next off-heap object
 *              (class String or ByteArray; the bytes live outside and are shared between actors)
 *     FLOAT    the double                 BIGINT   info word: limb count, sign; then GMP limbs
 *     BLOCK    code pointer; self; home token; captured values
 *     PROCESS  counted struct mg_control *; next off-heap object
 *     WEAK     target value; next weak object
 *     FORWARD  the value that took this object's place (become:); only inside one collection
 *
 * H1  Raw words (pointers, info words, limbs, bytes) stand only in the formats listed;
 *     `mg_format_values` says which words of a body are values.
 * H2  Identity hash 0 means: not drawn yet. Drawn from the actor's generator, kept by collection
 *     and copy.
 * H3  gc bits: OLD, REMEMBERED, SHARED. An object with SHARED is immutable, belongs to no heap and
 *     has its hash drawn.
 * H4  Objects above MG_CARD_SLOTS words of format ARRAY end in a card bitmap of (slots + 8191) /
 *     8192 words, which is not counted in `slots`: one bit for each 128 slots.
 *
 * Threads: an object is touched by the thread that runs its actor; SHARED ones are read by all.
 */
#ifndef MG_OBJECT_OBJECT_H
#define MG_OBJECT_OBJECT_H

#include "object/value.h"

#include <stddef.h>

enum mg_kernel_class {
#define MG_KERNEL_CLASS(id, name, super, format, slots) MG_CLASS_##id,
#include "object/kernel.def"
#undef MG_KERNEL_CLASS
    MG_KERNEL_CLASS_COUNT
};

enum mg_format {
    MG_FORMAT_NONE, /* a size word, never a header: keeps a walk through memory unambiguous */
    MG_FORMAT_SLOTS,
    MG_FORMAT_ARRAY,
    MG_FORMAT_STRING,
    MG_FORMAT_BYTES,
    MG_FORMAT_SHARED,
    MG_FORMAT_FLOAT,
    MG_FORMAT_BIGINT,
    MG_FORMAT_BLOCK,
    MG_FORMAT_PROCESS,
    MG_FORMAT_WEAK,
    MG_FORMAT_FORWARD,
    MG_FORMAT_MOVED, /* during a copy only: the header has been replaced, see heap.c and copy.c */
    MG_FORMAT_IMMEDIATE, /* of classes whose instances are no objects */
    MG_FORMAT_ABSTRACT,  /* of classes without instances */
    MG_FORMAT_COUNT
};

struct mg_object {
    uint64_t header;
    mg_value words[];
};

#define MG_HEADER_CLASS_BITS 22
#define MG_HEADER_HASH_SHIFT 22
#define MG_HEADER_SLOTS_SHIFT 44
#define MG_HEADER_FORMAT_SHIFT 52
#define MG_HEADER_CLASS_MASK ((uint64_t)0x3fffff)
#define MG_HEADER_HASH_MASK ((uint64_t)0x3fffff << MG_HEADER_HASH_SHIFT)
#define MG_HEADER_SLOTS_MASK ((uint64_t)0xff << MG_HEADER_SLOTS_SHIFT)
#define MG_HEADER_FORMAT_MASK ((uint64_t)0x1f << MG_HEADER_FORMAT_SHIFT)
#define MG_GC_OLD ((uint64_t)1 << 57)
#define MG_GC_REMEMBERED ((uint64_t)1 << 58)
#define MG_GC_SHARED ((uint64_t)1 << 59)
#define MG_FLAG_ASCII ((uint64_t)1 << 60) /* STRING, SHARED: every byte is below 128 */
#define MG_FLAG_REHASH \
    ((uint64_t)1 << 61) /* hashed collection decoded from the wire: rehash before use */
#define MG_SLOTS_IN_FRONT 255u
#define MG_CARD_SLOTS 128u

static inline uint32_t mg_object_class(const struct mg_object *o)
{
    return (uint32_t)(o->header & MG_HEADER_CLASS_MASK);
}
static inline enum mg_format mg_object_format(const struct mg_object *o)
{
    return (enum mg_format)(o->header >> MG_HEADER_FORMAT_SHIFT & 0x1f);
}
/* Words behind the header, raw ones included, cards not. */
static inline uint64_t mg_object_words(const struct mg_object *o)
{
    uint64_t n = o->header >> MG_HEADER_SLOTS_SHIFT & 0xff;
    return MG_LIKELY(n != MG_SLOTS_IN_FRONT) ? n : ((const uint64_t *)o)[-1];
}
static inline uint64_t mg_header(uint32_t class_id, enum mg_format format, uint64_t words)
{
    uint64_t n = words < MG_SLOTS_IN_FRONT ? words : MG_SLOTS_IN_FRONT;
    return (uint64_t)class_id | n << MG_HEADER_SLOTS_SHIFT |
           (uint64_t)format << MG_HEADER_FORMAT_SHIFT;
}
static inline uint64_t mg_object_card_words(enum mg_format format, uint64_t words)
{
    return format == MG_FORMAT_ARRAY && words > MG_CARD_SLOTS ? (words + 8191) / 8192 : 0;
}
/* All words an object of this format and body takes in memory: size word, header, body, cards. */
static inline uint64_t mg_object_span(enum mg_format format, uint64_t words)
{
    return 1 + words + (words >= MG_SLOTS_IN_FRONT) + mg_object_card_words(format, words);
}

/* Slot numbers of the kernel classes that C touches by name; kernel.def is the authority (K1). */
enum { MG_CELL_VALUE };
enum { MG_MESSAGE_SELECTOR, MG_MESSAGE_ARGUMENTS };
enum {
    MG_EXCEPTION_TEXT,
    MG_EXCEPTION_TAG,
    MG_EXCEPTION_TRACE,
    MG_EXCEPTION_TOKEN,
    MG_EXCEPTION_RESUMER,
    MG_EXCEPTION_ELSEWHERE, /* true: arose in another actor */
    MG_EXCEPTION_SLOTS
};
enum { MG_ARRAY_LIST_ITEMS, MG_ARRAY_LIST_START, MG_ARRAY_LIST_COUNT };
enum { MG_HASHED_ENTRIES, MG_HASHED_INDEX, MG_HASHED_COUNT, MG_HASHED_USED };
enum { MG_MAIL_SENDER, MG_MAIL_SELECTOR, MG_MAIL_PAYLOAD, MG_MAIL_REPLY_TO, MG_MAIL_SLOTS };
enum { MG_INTERVAL_FIRST, MG_INTERVAL_LAST, MG_INTERVAL_STEP };
enum { MG_ASSOCIATION_KEY, MG_ASSOCIATION_VALUE };
enum { MG_BLOCK_CODE, MG_BLOCK_SELF, MG_BLOCK_HOME, MG_BLOCK_CAPTURES };
enum { MG_SHARED_INFO, MG_SHARED_BYTES, MG_SHARED_OFFSET, MG_SHARED_NEXT, MG_SHARED_WORDS };
enum { MG_PROCESS_CONTROL, MG_PROCESS_NEXT, MG_PROCESS_WORDS };
enum { MG_WEAK_TARGET, MG_WEAK_NEXT, MG_WEAK_WORDS };
enum { MG_TABLE_ID };

/* Which words of a body are values: the half-open range [*from, *to). Raw words lie outside it. */
static inline void mg_format_values(enum mg_format format, uint64_t words, uint64_t *from,
                                    uint64_t *to)
{
    switch (format) {
    case MG_FORMAT_SLOTS:
    case MG_FORMAT_ARRAY:
    case MG_FORMAT_FORWARD:
        *from = 0;
        *to = words;
        break;
    case MG_FORMAT_BLOCK:
        *from = MG_BLOCK_SELF;
        *to = words;
        break;
    default:
        *from = *to = 0;
        break;
    }
}

/* Whether v is an object of that class or format; false for immediates. */
static inline bool mg_is_instance(mg_value v, uint32_t class_id)
{
    return mg_is_pointer(v) && mg_object_class(mg_object(v)) == class_id;
}
static inline bool mg_has_format(mg_value v, enum mg_format format)
{
    return mg_is_pointer(v) && mg_object_format(mg_object(v)) == format;
}
static inline mg_value mg_slot(mg_value v, uint32_t i)
{
    return mg_object(v)->words[i];
}

/* Class id of any value. */
static inline uint32_t mg_class_of_immediate(mg_value v, uint32_t first_metaclass)
{
    switch (v & MG_TAG_MASK) {
    case MG_TAG_SMALL:
        return MG_CLASS_SMALL_INTEGER;
    case MG_TAG_FLOAT:
        return MG_CLASS_FLOAT;
    default:
        break;
    }
    switch (v & MG_KIND_MASK) {
    case MG_KIND_CHARACTER:
        return MG_CLASS_CHARACTER;
    case MG_KIND_SYMBOL:
        return MG_CLASS_SYMBOL;
    case MG_KIND_CLASS:
        return first_metaclass; /* the caller resolves classes: world.h, mg_class_of */
    default:
        break;
    }
    return v == MG_NIL     ? MG_CLASS_UNDEFINED_OBJECT
           : v == MG_TRUE  ? MG_CLASS_TRUE
           : v == MG_FALSE ? MG_CLASS_FALSE
                           : MG_CLASS_OBJECT;
}

_Static_assert(MG_HEADER_CLASS_BITS == 22, "class ids fit the header");
_Static_assert(sizeof(struct mg_object) == 8, "a header is one word");

#endif
