/* SPDX-License-Identifier: MIT */
/* Searching, growing and changing the tables of Dictionary and Set. See table.h.
 *
 * Every function begins by opening the table: it checks the shape (T3) and gives the addresses of
 * the arrays, which hold until something is allocated. Numbers read from the index are checked
 * against `used`, and a search visits no slot twice, so that bytes written by others are at worst
 * not found (T5).
 *
 * Threads and memory: table.h.
 */
#include "object/table.h"

#include "object/bytes.h"
#include "object/equal.h"
#include "object/world.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SLOTS_FIRST 8u
#define NUMBER_BITS 26
#define NUMBER_MASK (((uint32_t)1 << NUMBER_BITS) - 1)

_Static_assert(MG_TABLE_SLOTS_MAX / 8 * 5 <= NUMBER_MASK, "entry numbers fit a slot");
_Static_assert(MG_KERNEL_CLASS_COUNT > MG_CLASS_SET, "hashed collections are kernel classes");

struct table {
    struct mg_object *object;
    struct mg_object *entries; // NULL: no arrays yet, and all numbers are 0
    struct mg_object *index;   // the ByteArray that the slots are in
    uint32_t *slots;
    uint32_t bits; // log2 of the slots
    uint32_t stride;
    uint32_t used;
    uint32_t count;
};

static uint32_t capacity_of(uint32_t slots)
{
    return slots / 2 + slots / 8;
}

/* A count from an instance variable; nil is 0. */
static bool count_read(mg_value v, uint32_t *out)
{
    if (v == MG_NIL) {
        *out = 0;
        return true;
    }
    int64_t n = mg_small_value(v);
    *out = (uint32_t)n;
    return mg_is_small(v) && n >= 0 && n <= (int64_t)NUMBER_MASK;
}

/* The header bits that say what an object is, and those of an Array and of a ByteArray with its
 * bytes in it. */
#define SHAPE_MASK (MG_HEADER_CLASS_MASK | MG_HEADER_FORMAT_MASK)
#define SHAPE(class, format) ((uint64_t)(class) | (uint64_t)(format) << MG_HEADER_FORMAT_SHIFT)
#define SHAPE_ARRAY SHAPE(MG_CLASS_ARRAY, MG_FORMAT_ARRAY)
#define SHAPE_INDEX SHAPE(MG_CLASS_BYTE_ARRAY, MG_FORMAT_BYTES)
#define SHAPE_INDEX_SHARED SHAPE(MG_CLASS_BYTE_ARRAY, MG_FORMAT_SHARED)

/* The slots of an index, or NULL if that is no ByteArray of the right size. */
static inline uint32_t *index_slots(mg_value index, uint32_t *bits)
{
    if (MG_UNLIKELY(!mg_is_pointer(index))) {
        return NULL;
    }
    struct mg_object *o = mg_object(index);
    uint32_t *slots = (uint32_t *)(o->words + 1);
    if (MG_UNLIKELY((o->header & SHAPE_MASK) != SHAPE_INDEX)) {
        if ((o->header & SHAPE_MASK) != SHAPE_INDEX_SHARED ||
            (o->words[MG_SHARED_OFFSET] & 3) != 0) {
            return NULL;
        }
        slots = (uint32_t *)(mg_bytes_shared(o)->data + o->words[MG_SHARED_OFFSET]);
    }
    uint32_t len = (uint32_t)o->words[MG_SHARED_INFO];
    if (MG_UNLIKELY(len < SLOTS_FIRST * 4 || len > MG_TABLE_SLOTS_MAX * 4 ||
                    (len & (len - 1)) != 0)) {
        return NULL;
    }
    *bits = (uint32_t)__builtin_ctz(len) - 2;
    return slots;
}

/* Opens a table to look into it. True when there are arrays, and the entries in use lie within
 * theirs. */
static inline bool table_open_to_read(mg_value table, uint32_t stride, struct table *t)
{
    struct mg_object *o = mg_object(table);
    mg_value entries = o->words[MG_HASHED_ENTRIES], used = o->words[MG_HASHED_USED];
    t->object = o;
    t->stride = stride;
    t->slots = index_slots(o->words[MG_HASHED_INDEX], &t->bits);
    if (MG_UNLIKELY(t->slots == NULL || !mg_is_pointer(entries) || !mg_is_small(used) ||
                    used > mg_small(NUMBER_MASK))) {
        return false;
    }
    t->entries = mg_object(entries);
    t->index = mg_object(o->words[MG_HASHED_INDEX]);
    t->used = (uint32_t)mg_small_value(used);
    return MG_LIKELY((t->entries->header & SHAPE_MASK) == SHAPE_ARRAY &&
                     (uint64_t)t->used * stride <= mg_object_words(t->entries));
}

/* Opens a table, which may have no arrays; false when it is damaged (T5). */
static inline bool table_open(mg_value table, uint32_t stride, struct table *t)
{
    struct mg_object *o = mg_object(table);
    t->object = o;
    t->stride = stride;
    if (MG_UNLIKELY(!count_read(o->words[MG_HASHED_COUNT], &t->count) ||
                    !count_read(o->words[MG_HASHED_USED], &t->used) || t->count > t->used)) {
        return false;
    }
    if (o->words[MG_HASHED_ENTRIES] == MG_NIL) {
        t->entries = NULL;
        return t->used == 0;
    }
    return table_open_to_read(table, stride, t) && t->used <= capacity_of(1u << t->bits);
}

/* Opens a table that is about to be changed. A copied index may share its bytes with the original;
 * then it gets its own. */
static inline bool table_open_to_write(mg_value table, uint32_t stride, struct table *t)
{
    if (MG_UNLIKELY(!table_open(table, stride, t))) {
        return false;
    }
    if (t->entries == NULL) {
        return !(t->object->header & MG_GC_SHARED);
    }
    mg_value index = t->object->words[MG_HASHED_INDEX];
    uint64_t index_header = mg_object(index)->header;
    if (MG_UNLIKELY((t->object->header | t->entries->header | index_header) & MG_GC_SHARED)) {
        return false;
    }
    if (MG_UNLIKELY((index_header & SHAPE_MASK) == SHAPE_INDEX_SHARED)) {
        t->slots = (uint32_t *)mg_bytes_writable(index);
    }
    return true;
}

static inline mg_value *entry_words(const struct table *t, uint32_t number)
{
    return t->entries->words + (uint64_t)(number - 1) * t->stride;
}

/* The words of a live entry, or NULL. */
static mg_value *entry_live(const struct table *t, uint32_t number)
{
    if (number == 0 || number > t->used) {
        return NULL;
    }
    mg_value *words = entry_words(t, number);
    return words[MG_ENTRY_KEY] == MG_TOMBSTONE ? NULL : words;
}

/* -- Slots -- */

/* Where a search is: the slot looked at, and the tag it looks for, in its place within a slot. */
struct search {
    uint32_t at;
    uint32_t mask;
    uint32_t tag;
    uint32_t left; // slots not yet visited
};

/* The multiplication spreads every bit of the hash to all higher ones; the highest are the home
 * slot, those below the tag. */
static inline void search_begin(const struct table *t, int64_t hash, struct search *s)
{
    uint64_t mixed = (uint64_t)hash * UINT64_C(0x9E3779B97F4A7C15) >> (64 - 6 - t->bits);
    s->at = (uint32_t)(mixed >> 6);
    s->mask = (1u << t->bits) - 1;
    s->tag = (uint32_t)mixed << NUMBER_BITS;
    s->left = s->mask;
}

/* The number of the next entry whose tag fits, or 0 at an empty slot, where the search then stands.
 */
static inline uint32_t search_next(const struct table *t, struct search *s)
{
    for (;;) {
        uint32_t slot = t->slots[s->at];
        if (slot == 0 || MG_UNLIKELY(s->left == 0)) {
            return 0;
        }
        if (((slot ^ s->tag) & ~NUMBER_MASK) == 0) {
            uint32_t number = slot & NUMBER_MASK;
            return MG_LIKELY(number - 1 < t->used) ? number : 0;
        }
        s->at = (s->at + 1) & s->mask;
        s->left--;
    }
}

static inline void search_step(struct search *s)
{
    s->at = (s->at + 1) & s->mask;
    s->left -= s->left > 0;
}

/* Enters a number at the first empty slot from the home of its hash. */
static void index_enter(const struct table *t, int64_t hash, uint32_t number)
{
    struct search s;
    search_begin(t, hash, &s);
    while (t->slots[s.at] != 0 && s.left > 0) {
        search_step(&s);
    }
    t->slots[s.at] = s.tag | number;
}

/* The entry with an equal key, or 0; then the search stands at the empty slot where it belongs. */
static uint32_t table_search(const struct table *t, mg_value key, int64_t hash, struct search *s)
{
    mg_value stored = mg_small(hash);
    search_begin(t, hash, s);
    for (uint32_t number; (number = search_next(t, s)) != 0; search_step(s)) {
        const mg_value *words = entry_words(t, number);
        if (words[MG_ENTRY_KEY] == key) {
            /* A NaN, which is always an object, is not even equal to itself. */
            if (MG_LIKELY(!mg_has_format(key, MG_FORMAT_FLOAT)) ||
                mg_equal(key, key) == MG_EQUAL_YES) {
                return number;
            }
        } else if (words[MG_ENTRY_HASH] == stored &&
                   mg_equal(key, words[MG_ENTRY_KEY]) == MG_EQUAL_YES) {
            return number;
        }
    }
    return 0;
}

uint32_t mg_table_find(mg_value table, uint32_t stride, mg_value key, int64_t hash)
{
    struct table t;
    struct search s;
    return table_open_to_read(table, stride, &t) ? table_search(&t, key, hash, &s) : 0;
}

enum mg_table_answer mg_table_lookup(mg_value table, uint32_t stride, mg_value key, uint32_t *entry)
{
    int64_t hash;
    if (MG_UNLIKELY(mg_table_is_stale(table) || !mg_equal_hash(key, &hash))) {
        return MG_TABLE_DECLINED;
    }
    uint32_t number = mg_table_find(table, stride, key, hash);
    if (number == 0) {
        return MG_TABLE_ABSENT;
    }
    *entry = number;
    return MG_TABLE_FOUND;
}

/* -- The quick ways: for keys that their bits are equal by, in a table in its usual state -- */

/* The finger is the number of the entry that a quick way found or made last. It stands where a
 * String keeps its hash, which a ByteArray never does (Y3 in bytes.h), and is no more than a hint:
 * any number will do. Keys are often asked for in the order in which they came, or one twice in a
 * row; then the finger leads to the entry without a look at the index, and reads memory in its
 * order. Where it does not help it costs a nanosecond, for nothing waits for what it leads to. That
 * hangs on halves that are read and written alone: a load of the whole word would wait for the
 * store before it, and that one for the search before. */
enum { INFO_BYTES, INFO_FINGER }; /* halves of the info word */
static MG_ALWAYS_INLINE volatile uint32_t *info_half(const struct table *t, uint32_t half)
{
    return (volatile uint32_t *)&t->index->words[MG_SHARED_INFO] + half;
}

/* Opens the arrays for a search, with just the tests that keep it inside of them (T5). `held` are
 * header bits that none may have. */
static MG_ALWAYS_INLINE bool table_open_quickly(const struct mg_object *o, uint64_t held,
                                                struct table *t)
{
    mg_value entries = o->words[MG_HASHED_ENTRIES], index = o->words[MG_HASHED_INDEX];
    if (MG_UNLIKELY((((entries ^ MG_TAG_POINTER) | (index ^ MG_TAG_POINTER)) & MG_TAG_MASK) != 0)) {
        return false;
    }
    t->entries = mg_object(entries);
    t->index = mg_object(index);
    uint32_t bytes = *info_half(t, INFO_BYTES);
    t->slots = (uint32_t *)(t->index->words + 1);
    t->bits = (31 ^ (uint32_t)__builtin_clz(bytes | 1)) - 2;
    uint64_t wrong = ((t->entries->header ^ SHAPE_ARRAY) | (t->index->header ^ SHAPE_INDEX)) &
                     (SHAPE_MASK | held);
    return MG_LIKELY(wrong == 0 && bytes >= SLOTS_FIRST * sizeof(uint32_t));
}

static MG_ALWAYS_INLINE void finger_put(const struct table *t, uint64_t number)
{
    if (MG_LIKELY(!(t->index->header & MG_GC_SHARED))) {
        *info_half(t, INFO_FINGER) = (uint32_t)number;
    }
}

/* The number of the entry with this key, if it is the one behind the finger or the one it is at; or
 * 0. `words` are those of the entries. Unused ones look like a key of nil, which is not found
 * so. */
static MG_ALWAYS_INLINE uint64_t finger_find(const struct table *t, uint64_t words, uint32_t stride,
                                             mg_value key)
{
    uint64_t number = *info_half(t, INFO_FINGER), at = number * stride;
    if (MG_UNLIKELY(at + stride > words || key == MG_NIL)) {
        return 0;
    }
    const mg_value *behind = t->entries->words + at;
    if (behind[MG_ENTRY_KEY] == key) {
        return number + 1;
    }
    return number > 0 && (behind - stride)[MG_ENTRY_KEY] == key ? number : 0;
}

/* The hash of a key whose equality is that of its bits: all immediates but floats. */
static MG_ALWAYS_INLINE bool hash_quickly(mg_value key, int64_t *hash)
{
    return MG_LIKELY(mg_is_small(key) || (key & MG_TAG_MASK) == MG_TAG_OTHER) &&
           mg_equal_hash(key, hash);
}

/* Looks at four slots at once, which saves a branch that nobody could predict. Answers the number
 * of the first entry whose tag fits; or 0 with the search at the first empty slot, if that is among
 * the four; or NUMBER_NONE when neither is known. */
#define NUMBER_NONE UINT32_MAX
static MG_ALWAYS_INLINE uint32_t search_four(const struct table *t, struct search *s)
{
#ifdef __SSE2__
    if (MG_LIKELY(s->at <= s->mask - 3)) {
        __m128i slots = _mm_loadu_si128((const __m128i *)(const void *)(t->slots + s->at));
        __m128i tags = _mm_andnot_si128(_mm_set1_epi32((int)NUMBER_MASK), slots);
        __m128i fits = _mm_cmpeq_epi32(tags, _mm_set1_epi32((int)s->tag));
        __m128i none = _mm_cmpeq_epi32(slots, _mm_setzero_si128());
        uint32_t empty = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(none));
        uint32_t fit = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(fits)) & ~empty;
        uint32_t first = fit | empty;
        if (MG_LIKELY(first != 0)) {
            first = (uint32_t)__builtin_ctz(first);
            s->at += first;
            return t->slots[s->at] & NUMBER_MASK;
        }
    }
#else
    for (int i = 0; i < 4; i++, s->at = (s->at + 1) & s->mask) {
        uint32_t slot = t->slots[s->at];
        if (slot == 0 || ((slot ^ s->tag) & ~NUMBER_MASK) == 0) {
            return slot & NUMBER_MASK;
        }
    }
#endif
    return NUMBER_NONE;
}

static MG_NOINLINE mg_value table_at_slowly(mg_value table, mg_value key)
{
    struct table t;
    struct search s;
    int64_t hash;
    if (MG_UNLIKELY(mg_table_is_stale(table) || !mg_equal_hash(key, &hash))) {
        return MG_UNSET;
    }
    if (MG_UNLIKELY(!table_open_to_read(table, MG_DICTIONARY_STRIDE, &t))) {
        return MG_NIL;
    }
    uint32_t number = table_search(&t, key, hash, &s);
    return number == 0 ? MG_NIL : entry_words(&t, number)[MG_ENTRY_VALUE];
}

mg_value mg_table_at(mg_value table, mg_value key)
{
    struct table t;
    struct search s;
    int64_t hash;
    const struct mg_object *o = mg_object(table);
    if (MG_LIKELY((o->header & MG_FLAG_REHASH) == 0 && hash_quickly(key, &hash) &&
                  table_open_quickly(o, 0, &t))) {
        uint64_t words = mg_object_words(t.entries);
        uint64_t number = finger_find(&t, words, MG_DICTIONARY_STRIDE, key);
        if (number != 0) {
            finger_put(&t, number);
            return t.entries->words[(number - 1) * MG_DICTIONARY_STRIDE + MG_ENTRY_VALUE];
        }
        search_begin(&t, hash, &s);
        number = search_four(&t, &s);
        if (number == 0) {
            return MG_NIL;
        }
        uint64_t at = (number - 1) * MG_DICTIONARY_STRIDE;
        if (MG_LIKELY(at + MG_ENTRY_VALUE < words && t.entries->words[at + MG_ENTRY_KEY] == key)) {
            finger_put(&t, number);
            return t.entries->words[at + MG_ENTRY_VALUE];
        }
    }
    return table_at_slowly(table, key);
}

uint32_t mg_table_probe(mg_value table, uint32_t stride, int64_t hash, uint32_t after)
{
    struct table t;
    struct search s;
    if (!table_open_to_read(table, stride, &t)) {
        return 0;
    }
    bool behind = after == 0;
    search_begin(&t, hash, &s);
    for (uint32_t number; (number = search_next(&t, &s)) != 0; search_step(&s)) {
        const mg_value *words = entry_words(&t, number);
        if (behind && words[MG_ENTRY_HASH] == mg_small(hash) &&
            words[MG_ENTRY_KEY] != MG_TOMBSTONE) {
            return number;
        }
        behind = behind || number == after;
    }
    return 0;
}

/* -- Entries -- */

uint32_t mg_table_stride(const struct mg_world *world, mg_value table)
{
    uint32_t class_id = mg_object_class(mg_object(table));
    if (class_id == MG_CLASS_DICTIONARY) {
        return MG_DICTIONARY_STRIDE;
    }
    return class_id == MG_CLASS_SET || mg_world_inherits(world, class_id, MG_CLASS_SET)
               ? MG_SET_STRIDE
               : MG_DICTIONARY_STRIDE;
}

uint32_t mg_table_count(mg_value table, uint32_t stride)
{
    struct table t;
    return table_open(table, stride, &t) ? t.count : 0;
}

uint32_t mg_table_next(mg_value table, uint32_t stride, uint32_t after)
{
    struct table t;
    if (!table_open(table, stride, &t)) {
        return 0;
    }
    for (uint32_t number = after; number < t.used;) {
        number++;
        if (entry_words(&t, number)[MG_ENTRY_KEY] != MG_TOMBSTONE) {
            return number;
        }
    }
    return 0;
}

static mg_value entry_part(mg_value table, uint32_t stride, uint32_t entry, uint32_t part)
{
    struct table t;
    const mg_value *words = table_open_to_read(table, stride, &t) ? entry_live(&t, entry) : NULL;
    return words != NULL ? words[part] : MG_NIL;
}

mg_value mg_table_key_at(mg_value table, uint32_t stride, uint32_t entry)
{
    return entry_part(table, stride, entry, MG_ENTRY_KEY);
}

mg_value mg_table_value_at(mg_value table, uint32_t stride, uint32_t entry)
{
    return stride > MG_ENTRY_VALUE ? entry_part(table, stride, entry, MG_ENTRY_VALUE) : MG_NIL;
}

bool mg_table_value_put(struct mg_heap *heap, mg_value table, uint32_t entry, mg_value value)
{
    struct table t;
    if (!table_open_to_write(table, MG_DICTIONARY_STRIDE, &t) || entry_live(&t, entry) == NULL) {
        return false;
    }
    mg_store(heap, t.entries, (uint64_t)(entry - 1) * MG_DICTIONARY_STRIDE + MG_ENTRY_VALUE, value);
    return true;
}

bool mg_table_hash_put(mg_value table, uint32_t stride, uint32_t entry, int64_t hash)
{
    struct table t;
    mg_value *words = table_open_to_write(table, stride, &t) ? entry_live(&t, entry) : NULL;
    if (words == NULL) {
        return false;
    }
    words[MG_ENTRY_HASH] = mg_small(hash);
    return true;
}

/* -- Building -- */

static struct mg_object *array_alloc(struct mg_heap *heap, uint64_t words)
{
    return words < MG_CARD_SLOTS
               ? mg_heap_alloc_small(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, (uint32_t)words)
               : mg_heap_alloc(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, words);
}

static void words_fill(mg_value *words, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        words[i] = MG_NIL;
    }
}

/* Words of both arrays for this many slots. */
static size_t arrays_words(uint32_t slots, uint32_t stride)
{
    return mg_object_span(MG_FORMAT_ARRAY, (uint64_t)capacity_of(slots) * stride) +
           mg_bytes_inline_words(slots * sizeof(uint32_t));
}

/* The fewest slots with room for this many entries. */
static uint32_t slots_for(uint64_t capacity)
{
    uint32_t slots = SLOTS_FIRST;
    while (slots < MG_TABLE_SLOTS_MAX && capacity_of(slots) < capacity) {
        slots *= 2;
    }
    return slots;
}

/* Slots of the table that is to take the place of a full one; 0 when it cannot grow. Many
 * tombstones are a reason to keep the size, and very many to shrink. */
static uint32_t slots_next(const struct table *t)
{
    if (t->entries == NULL) {
        return SLOTS_FIRST;
    }
    uint32_t slots = 1u << t->bits, capacity = capacity_of(slots);
    if (t->count >= capacity - capacity / 4 && slots < MG_TABLE_SLOTS_MAX) {
        return slots * 2;
    }
    if (t->count == capacity) {
        return 0;
    }
    while (slots > SLOTS_FIRST && t->count < capacity_of(slots) / 8) {
        slots /= 2;
    }
    return slots;
}

/* Copies the live entries to the front of a new array, which is young, and answers how many there
 * were. */
static uint32_t entries_copy(const struct table *t, struct mg_object *to, uint32_t capacity)
{
    uint64_t room = (uint64_t)capacity * t->stride, n = 0, used = (uint64_t)t->used * t->stride;
    ASSERT(!(to->header & MG_GC_OLD));
    if (t->count == t->used && used <= room) {
        if (used > 0) {
            memcpy(to->words, t->entries->words, used * sizeof(mg_value));
        }
        words_fill(to->words + used, room - used);
        return t->used;
    }
    words_fill(to->words, room);
    for (uint64_t i = 0; i < used; i += t->stride) {
        const mg_value *words = t->entries->words + i;
        if (words[MG_ENTRY_KEY] == MG_TOMBSTONE || n + t->stride > room) {
            continue;
        }
        memcpy(to->words + n, words, t->stride * sizeof(mg_value));
        n += t->stride;
    }
    return (uint32_t)(n / t->stride);
}

/* Moves the live entries to the front of their own array, which may be old, and answers how many
 * there were. */
static uint32_t entries_squeeze(struct mg_heap *heap, const struct table *t)
{
    if (t->count == t->used) {
        return t->used;
    }
    uint64_t n = 0, used = (uint64_t)t->used * t->stride;
    for (uint64_t i = 0; i < used; i += t->stride) {
        const mg_value *words = t->entries->words + i;
        if (words[MG_ENTRY_KEY] == MG_TOMBSTONE) {
            continue;
        }
        for (uint32_t k = 0; n < i && k < t->stride; k++) {
            mg_store(heap, t->entries, n + k, words[k]);
        }
        n += t->stride;
    }
    words_fill(t->entries->words + n, used - n);
    return (uint32_t)(n / t->stride);
}

enum { FILL_AHEAD = 16 };

/* Every entry goes to a place of its own in memory, so the one a few steps ahead is asked for. */
static void index_fill(const struct table *t)
{
    for (uint32_t number = 1; number <= t->used; number++) {
        const mg_value *words = entry_words(t, number);
        if (number + FILL_AHEAD <= t->used) {
            struct search ahead;
            mg_value hash = words[FILL_AHEAD * t->stride + MG_ENTRY_HASH];
            search_begin(t, mg_small_value(hash), &ahead);
            __builtin_prefetch(&t->slots[ahead.at], 1);
        }
        if (words[MG_ENTRY_KEY] != MG_TOMBSTONE) {
            index_enter(t, mg_small_value(words[MG_ENTRY_HASH]), number);
        }
    }
}

static void counts_write(struct table *t, uint32_t count, uint32_t used)
{
    t->count = count;
    t->used = used;
    t->object->words[MG_HASHED_COUNT] = mg_small(count);
    t->object->words[MG_HASHED_USED] = mg_small(used);
}

/* What is to become of a table: its slots, and which of its arrays stay where they are. */
struct growth {
    uint32_t slots;
    uint32_t capacity;
    bool entries_stay;
    bool index_stays;
};

static uint64_t entries_body(const struct growth *g, uint32_t stride)
{
    return (uint64_t)g->capacity * stride;
}

/* Words of the body of an index that is inline. */
static uint64_t index_body(const struct growth *g)
{
    return 1 + g->slots * sizeof(uint32_t) / sizeof(mg_value);
}

/* Arrays stay when they have the right size or can grow to it. What does so at one time still does
 * after a collection. */
static struct growth growth_to(const struct table *t, uint32_t slots)
{
    struct growth g = {.slots = slots, .capacity = capacity_of(slots)};
    if (t->entries != NULL) {
        uint64_t words = entries_body(&g, t->stride);
        g.entries_stay =
            mg_object_words(t->entries) == words || mg_heap_can_extend(t->entries, words);
        g.index_stays = 1u << t->bits == slots || mg_heap_can_extend(t->index, index_body(&g));
    }
    return g;
}

/* Brings a table's arrays to this many slots, and opens them. Room is reserved. */
static MG_NOINLINE void table_rebuild(struct mg_heap *heap, struct table *t, uint32_t slots)
{
    struct growth g = growth_to(t, slots);
    uint64_t body = entries_body(&g, t->stride);
    uint32_t used = 0;
    if (g.entries_stay) {
        used = entries_squeeze(heap, t);
        if (body > mg_object_words(t->entries)) {
            mg_heap_extend(heap, t->entries, body);
        }
    } else {
        struct mg_object *entries = array_alloc(heap, body);
        if (t->entries != NULL) {
            used = entries_copy(t, entries, g.capacity);
        } else {
            words_fill(entries->words, body);
        }
        mg_store(heap, t->object, MG_HASHED_ENTRIES, mg_pointer(entries));
        t->entries = entries;
    }
    if (g.index_stays) {
        if (1u << t->bits != slots) {
            mg_heap_extend(heap, t->index, index_body(&g));
            t->index->words[MG_SHARED_INFO] = mg_bytes_info(slots * sizeof(uint32_t), 0);
            t->slots = index_slots(mg_pointer(t->index), &t->bits);
        }
        memset(t->slots, 0, sizeof(uint32_t) << t->bits);
    } else {
        mg_value index = mg_bytes_new_inline(heap, slots * sizeof(uint32_t));
        mg_store(heap, t->object, MG_HASHED_INDEX, index);
        t->index = mg_object(index);
        t->slots = index_slots(index, &t->bits);
    }
    counts_write(t, used, used);
    index_fill(t);
    AUDIT(mg_table_audit(mg_pointer(t->object), t->stride));
}

size_t mg_table_new_words(uint32_t slot_count, uint32_t stride, uint64_t capacity)
{
    size_t words = mg_object_span(MG_FORMAT_SLOTS, slot_count);
    return capacity == 0 ? words : words + arrays_words(slots_for(capacity), stride);
}

mg_value mg_table_new(struct mg_heap *heap, uint32_t class_id, uint32_t slot_count, uint32_t stride,
                      uint64_t capacity)
{
    ASSERT(slot_count > MG_HASHED_USED);
    struct mg_object *o = slot_count < MG_CARD_SLOTS
                              ? mg_heap_alloc_small(heap, class_id, MG_FORMAT_SLOTS, slot_count)
                              : mg_heap_alloc(heap, class_id, MG_FORMAT_SLOTS, slot_count);
    words_fill(o->words, slot_count);
    struct table t = {.object = o, .stride = stride};
    counts_write(&t, 0, 0);
    if (capacity > 0) {
        table_rebuild(heap, &t, slots_for(capacity));
    }
    return mg_pointer(o);
}

/* -- Changing -- */

static inline bool table_has_room(const struct table *t)
{
    return t->used < capacity_of(1u << t->bits) &&
           (uint64_t)(t->used + 1) * t->stride <= mg_object_words(t->entries);
}

bool mg_table_has_room(mg_value table, uint32_t stride)
{
    struct table t;
    return MG_LIKELY(table_open_to_read(table, stride, &t) && table_has_room(&t));
}

size_t mg_table_put_words(const struct mg_heap *heap, mg_value table, uint32_t stride)
{
    struct table t;
    if (mg_table_has_room(table, stride)) {
        return 0;
    }
    uint32_t slots = table_open(table, stride, &t) ? slots_next(&t) : 0;
    if (slots == 0) {
        return MG_TABLE_REFUSED;
    }
    struct growth g = growth_to(&t, slots);
    uint64_t body = entries_body(&g, stride);
    uint64_t bytes = 0; // by which arrays grow where they are
    if (t.entries != NULL && slots != 1u << t.bits) {
        bytes += g.entries_stay ? mg_heap_extend_bytes(t.entries, body) : 0;
        bytes += g.index_stays ? mg_heap_extend_bytes(t.index, index_body(&g)) : 0;
    }
    if (bytes > 0 && !mg_heap_allows(heap, bytes)) {
        return arrays_words(slots, stride); // so that the cap is looked at
    }
    return (g.entries_stay ? 0 : mg_object_span(MG_FORMAT_ARRAY, body)) +
           (g.index_stays ? 0 : mg_bytes_inline_words(slots * sizeof(uint32_t)));
}

/* Appends an entry; there is room. Answers its number. */
static inline uint32_t table_append(struct mg_heap *heap, struct table *t, mg_value key,
                                    int64_t hash, mg_value value)
{
    uint64_t at = (uint64_t)t->used * t->stride;
    mg_store(heap, t->entries, at + MG_ENTRY_HASH, mg_small(hash));
    mg_store(heap, t->entries, at + MG_ENTRY_KEY, key);
    if (t->stride > MG_ENTRY_VALUE) {
        mg_store(heap, t->entries, at + MG_ENTRY_VALUE, value);
    }
    counts_write(t, t->count + 1, t->used + 1);
    return t->used;
}

/* Rebuilds a full table; false when it cannot grow. */
static bool table_make_room(struct mg_heap *heap, struct table *t)
{
    uint32_t slots = slots_next(t);
    if (slots == 0) {
        return false;
    }
    table_rebuild(heap, t, slots);
    return true;
}

uint32_t mg_table_add(struct mg_heap *heap, mg_value table, uint32_t stride, mg_value key,
                      int64_t hash, mg_value value)
{
    struct table t;
    if (!table_open_to_write(table, stride, &t)) {
        return 0;
    }
    if ((t.entries == NULL || !table_has_room(&t)) && !table_make_room(heap, &t)) {
        return 0;
    }
    uint32_t number = table_append(heap, &t, key, hash, value);
    index_enter(&t, hash, number);
    return number;
}

uint32_t mg_table_put(struct mg_heap *heap, mg_value table, uint32_t stride, mg_value key,
                      int64_t hash, mg_value value)
{
    struct table t;
    struct search s;
    if (MG_UNLIKELY(mg_object(table)->words[MG_HASHED_ENTRIES] == MG_NIL)) {
        return mg_table_add(heap, table, stride, key, hash, value);
    }
    if (MG_UNLIKELY(!table_open_to_write(table, stride, &t))) {
        return 0;
    }
    uint32_t number = table_search(&t, key, hash, &s);
    if (number != 0) {
        if (stride > MG_ENTRY_VALUE) {
            mg_store(heap, t.entries, (uint64_t)(number - 1) * stride + MG_ENTRY_VALUE, value);
        }
        return number;
    }
    if (MG_UNLIKELY(!table_has_room(&t))) {
        return mg_table_add(heap, table, stride, key, hash, value);
    }
    number = table_append(heap, &t, key, hash, value);
    t.slots[s.at] = s.tag | number;
    return number;
}

/* The entry behind the last used one, if the figures allow it: its number, or 0. */
static MG_ALWAYS_INLINE uint64_t entry_next(const struct mg_object *o, const struct table *t,
                                            uint32_t stride)
{
    mg_value count = o->words[MG_HASHED_COUNT], used = o->words[MG_HASHED_USED];
    uint64_t number = (used >> MG_TAG_BITS) + 1;
    return MG_LIKELY(mg_both_small(count, used) && count <= used &&
                     number <= capacity_of(1u << t->bits) &&
                     number * stride <= mg_object_words(t->entries))
               ? number
               : 0;
}

bool mg_table_put_quickly(struct mg_heap *heap, mg_value table, uint32_t stride, mg_value key,
                          mg_value value)
{
    struct table t;
    struct search s;
    int64_t hash;
    struct mg_object *o = mg_object(table);
    if (MG_UNLIKELY((o->header & (MG_FLAG_REHASH | MG_GC_SHARED)) != 0 ||
                    !hash_quickly(key, &hash) || !table_open_quickly(o, MG_GC_SHARED, &t))) {
        return false;
    }
    uint64_t words = mg_object_words(t.entries);
    uint64_t number = finger_find(&t, words, stride, key);
    if (number == 0) {
        search_begin(&t, hash, &s);
        number = search_four(&t, &s);
        if (number == 0) {
            number = entry_next(o, &t, stride);
            if (MG_UNLIKELY(number == 0)) {
                return false;
            }
            t.slots[s.at] = s.tag | (uint32_t)number;
            mg_value *entry = t.entries->words + (number - 1) * stride;
            entry[MG_ENTRY_HASH] = mg_small(hash);
            entry[MG_ENTRY_KEY] = key; /* no pointer */
            o->words[MG_HASHED_COUNT] += mg_small(1);
            o->words[MG_HASHED_USED] = mg_small((int64_t)number);
        } else if (number * stride > words ||
                   t.entries->words[(number - 1) * stride + MG_ENTRY_KEY] != key) {
            return false;
        }
    }
    finger_put(&t, number);
    if (stride > MG_ENTRY_VALUE) {
        mg_store(heap, t.entries, (number - 1) * stride + MG_ENTRY_VALUE, value);
    }
    return true;
}

bool mg_table_remove(struct mg_heap *heap, mg_value table, uint32_t stride, uint32_t entry)
{
    struct table t;
    mg_value *words = table_open_to_write(table, stride, &t) ? entry_live(&t, entry) : NULL;
    if (words == NULL || t.count == 0) {
        return false;
    }
    (void)heap;
    words[MG_ENTRY_KEY] = MG_TOMBSTONE;
    if (stride > MG_ENTRY_VALUE) {
        words[MG_ENTRY_VALUE] = MG_NIL;
    }
    counts_write(&t, t.count - 1, t.used);
    if (t.count == 0 && t.used * 2 >= capacity_of(1u << t.bits)) {
        /* Emptied: begin again, at a cost that the removals have paid for. */
        words_fill(t.entries->words, (uint64_t)t.used * stride);
        memset(t.slots, 0, sizeof(uint32_t) << t.bits);
        counts_write(&t, 0, 0);
    }
    return true;
}

void mg_table_clear(struct mg_heap *heap, mg_value table)
{
    struct mg_object *o = mg_object(table);
    mg_store(heap, o, MG_HASHED_ENTRIES, MG_NIL);
    mg_store(heap, o, MG_HASHED_INDEX, MG_NIL);
    mg_store(heap, o, MG_HASHED_COUNT, mg_small(0));
    mg_store(heap, o, MG_HASHED_USED, mg_small(0));
    o->header &= ~MG_FLAG_REHASH;
}

void mg_table_reindex(mg_value table, uint32_t stride)
{
    struct table t;
    if (!table_open_to_write(table, stride, &t)) {
        return;
    }
    if (t.entries != NULL) {
        memset(t.slots, 0, sizeof(uint32_t) << t.bits);
        index_fill(&t);
    }
    t.object->header &= ~MG_FLAG_REHASH;
}

size_t mg_table_column_words(mg_value table, uint32_t stride)
{
    return mg_object_span(MG_FORMAT_ARRAY, mg_table_count(table, stride));
}

mg_value mg_table_column(struct mg_heap *heap, mg_value table, uint32_t stride, uint32_t column)
{
    struct table t;
    uint32_t count = mg_table_count(table, stride), n = 0;
    struct mg_object *array = array_alloc(heap, count);
    words_fill(array->words, count);
    if (column < stride && table_open(table, stride, &t)) {
        for (uint32_t number = 1; number <= t.used && n < count; number++) {
            const mg_value *words = entry_words(&t, number);
            if (words[MG_ENTRY_KEY] != MG_TOMBSTONE) {
                array->words[n++] = words[column];
            }
        }
    }
    return mg_pointer(array);
}

void mg_table_audit(mg_value table, uint32_t stride)
{
    struct table t;
    CHECK(table_open(table, stride, &t)); /* T2 */
    if (t.entries == NULL) {
        return;
    }
    CHECK(mg_object_words(t.entries) == (uint64_t)capacity_of(1u << t.bits) * stride); /* T3 */
    uint32_t live = 0, taken = 0;
    for (uint32_t number = 1; number <= t.used; number++) {
        const mg_value *words = entry_words(&t, number);
        if (words[MG_ENTRY_KEY] == MG_TOMBSTONE) {
            continue;
        }
        live++;
        CHECK(mg_is_small(words[MG_ENTRY_HASH]));
        struct search s;
        uint32_t found;
        search_begin(&t, mg_small_value(words[MG_ENTRY_HASH]), &s);
        while ((found = search_next(&t, &s)) != 0 && found != number) {
            search_step(&s);
        }
        CHECK(found == number); /* T1 */
    }
    CHECK(live == t.count);
    for (uint32_t i = 0; i < 1u << t.bits; i++) {
        taken += t.slots[i] != 0;
    }
    CHECK(taken <= t.used && taken >= live); /* T2 */
    for (uint64_t i = (uint64_t)t.used * stride; i < mg_object_words(t.entries); i++) {
        CHECK(t.entries->words[i] == MG_NIL); /* T4 */
    }
}
