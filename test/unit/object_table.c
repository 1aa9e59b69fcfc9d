/* SPDX-License-Identifier: MIT */
/* Hashed tables against a naive model: an array of pairs in order of insertion, searched from the
 * front. */
#include "object/table.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/block.h"
#include "base/rng.h"
#include "object/bytes.h"
#include "object/equal.h"
#include "object/number.h"
#include "support/heap.h"
#include "support/unit.h"

#define HEAP_WORDS (1u << 23)
#define SLOTS (MG_HASHED_USED + 1u)

struct fixture {
    mg_value *memory;
    struct mg_heap heap;
    struct mg_rng rng;
};

static void fixture_init(struct fixture *f)
{
    f->memory = mg_alloc(HEAP_WORDS * sizeof(mg_value));
    mg_heap_init(&f->heap, f->memory, HEAP_WORDS, UINT64_MAX);
    mg_rng_seed(&f->rng, 5);
}

static void fixture_deinit(struct fixture *f)
{
    mg_heap_deinit(&f->heap, NULL);
    mg_free(f->memory);
}

static mg_value dictionary(struct fixture *f, uint64_t capacity)
{
    mg_value *before = f->heap.alloc;
    mg_value d = mg_table_new(&f->heap, MG_CLASS_DICTIONARY, SLOTS, MG_DICTIONARY_STRIDE, capacity);
    ck_assert_uint_eq((size_t)(before - f->heap.alloc),
                      mg_table_new_words(SLOTS, MG_DICTIONARY_STRIDE, capacity));
    return d;
}

static int64_t hash_of(mg_value key)
{
    int64_t hash = 0;
    CHECK(mg_equal_hash(key, &hash));
    return hash;
}

static uint32_t put(struct fixture *f, mg_value table, uint32_t stride, mg_value key,
                    mg_value value)
{
    mg_value *before = f->heap.alloc;
    size_t words = mg_table_put_words(&f->heap, table, stride);
    /* Half of them in the quick way, where that can be gone. */
    if (mg_rng_below(&f->rng, 2) == 0 && mg_equal(key, key) == MG_EQUAL_YES &&
        mg_table_put_quickly(&f->heap, table, stride, key, value)) {
        ck_assert(f->heap.alloc == before);
        return mg_table_find(table, stride, key, hash_of(key));
    }
    uint32_t entry = mg_table_put(&f->heap, table, stride, key, hash_of(key), value);
    ck_assert_uint_ne(entry, 0);
    ck_assert_uint_le((size_t)(before - f->heap.alloc), words);
    return entry;
}

static mg_value get(mg_value table, mg_value key)
{
    uint32_t entry = mg_table_find(table, MG_DICTIONARY_STRIDE, key, hash_of(key));
    mg_value value = mg_table_value_at(table, MG_DICTIONARY_STRIDE, entry);
    ck_assert_uint_eq(mg_table_at(table, key), value);
    return entry == 0 ? MG_UNSET : value;
}

static mg_value string(struct fixture *f, const char *text)
{
    return mg_string_new(&f->heap, text, strlen(text));
}

UNIT_CASE(starts_empty)
{
    struct fixture f;
    fixture_init(&f);
    mg_value d = dictionary(&f, 0);
    ck_assert_uint_eq(mg_slot(d, MG_HASHED_COUNT), mg_small(0));
    ck_assert_uint_eq(mg_table_find(d, MG_DICTIONARY_STRIDE, mg_small(1), 1), 0);
    ck_assert_uint_eq(mg_table_probe(d, MG_DICTIONARY_STRIDE, 1, 0), 0);
    ck_assert_uint_eq(mg_table_next(d, MG_DICTIONARY_STRIDE, 0), 0);
    ck_assert(!mg_table_remove(&f.heap, d, MG_DICTIONARY_STRIDE, 1));
    ck_assert_uint_eq(mg_table_key_at(d, MG_DICTIONARY_STRIDE, 1), MG_NIL);
    ck_assert_uint_eq(
        mg_object_words(mg_object(mg_table_column(&f.heap, d, MG_DICTIONARY_STRIDE, MG_ENTRY_KEY))),
        0);
    mg_table_reindex(d, MG_DICTIONARY_STRIDE);
    mg_table_clear(&f.heap, d);
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    fixture_deinit(&f);
}

/* Keys of all intrinsic kinds are found by equality, not identity. */
UNIT_CASE(keys_of_all_kinds)
{
    struct fixture f;
    fixture_init(&f);
    mg_value d = dictionary(&f, 0);
    mg_value keys[] = {MG_NIL,
                       MG_TRUE,
                       MG_FALSE,
                       mg_small(97),
                       mg_character('a'),
                       mg_symbol(97),
                       mg_class_value(97),
                       mg_float_new(&f.heap, 2.5),
                       mg_float_new(&f.heap, 1e300),
                       string(&f, "a"),
                       string(&f, ""),
                       mg_integer_from_uint64(&f.heap, UINT64_MAX),
                       mg_small(-97),
                       mg_float_new(&f.heap, INFINITY)};
    for (size_t i = 0; i < MG_ARRAY_LEN(keys); i++) {
        put(&f, d, MG_DICTIONARY_STRIDE, keys[i], mg_small((int64_t)i));
    }
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    for (size_t i = 0; i < MG_ARRAY_LEN(keys); i++) {
        ck_assert_uint_eq(get(d, keys[i]), mg_small((int64_t)i));
    }
    ck_assert_uint_eq(get(d, string(&f, "a")), mg_small(9));
    ck_assert_uint_eq(get(d, mg_float_new(&f.heap, 97.0)), mg_small(3));
    ck_assert_uint_eq(get(d, mg_float_new(&f.heap, 1e300)), mg_small(8));
    ck_assert_uint_eq(get(d, mg_integer_from_double(&f.heap, 1e300)), mg_small(8));
    ck_assert_uint_eq(get(d, mg_integer_from_uint64(&f.heap, UINT64_MAX)), mg_small(11));
    ck_assert_uint_eq(get(d, mg_symbol(98)), MG_UNSET);
    /* A NaN is never found, and can be put any number of times. */
    mg_value nan = mg_float_new(&f.heap, NAN);
    uint32_t count = mg_table_count(d, MG_DICTIONARY_STRIDE);
    put(&f, d, MG_DICTIONARY_STRIDE, nan, MG_NIL);
    put(&f, d, MG_DICTIONARY_STRIDE, nan, MG_NIL);
    ck_assert_uint_eq(get(d, nan), MG_UNSET);
    ck_assert_uint_eq(mg_table_count(d, MG_DICTIONARY_STRIDE), count + 2);
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    fixture_deinit(&f);
}

enum { MODEL_KEYS = 90 };

struct model {
    mg_value keys[MODEL_KEYS], values[MODEL_KEYS];
    uint32_t count;
};

static uint32_t model_find(const struct model *m, mg_value key)
{
    uint32_t i = 0;
    while (i < m->count && mg_equal(m->keys[i], key) != MG_EQUAL_YES) {
        i++;
    }
    return i;
}

static void model_check(const struct model *m, mg_value table, uint32_t stride)
{
    uint32_t entry = 0;
    bool right = mg_table_count(table, stride) == m->count;
    for (uint32_t i = 0; i < m->count; i++) {
        entry = mg_table_next(table, stride, entry);
        right = right && entry != 0 &&
                mg_equal(mg_table_key_at(table, stride, entry), m->keys[i]) == MG_EQUAL_YES;
        right = right && (stride == MG_SET_STRIDE ||
                          mg_table_value_at(table, stride, entry) == m->values[i]);
        right = right && mg_table_find(table, stride, m->keys[i], hash_of(m->keys[i])) == entry;
    }
    ck_assert(right && mg_table_next(table, stride, entry) == 0);
    mg_table_audit(table, stride);
}

/* A key of one of three kinds; half of the integers are put as floats. */
static mg_value random_key(struct fixture *f)
{
    int64_t n = (int64_t)mg_rng_below(&f->rng, MODEL_KEYS / 3);
    char text[16];
    switch (mg_rng_below(&f->rng, 4)) {
    case 0:
        return mg_small(n << 40);
    case 1:
        return mg_float_new(&f->heap, (double)(n << 40));
    case 2:
        return mg_symbol((uint32_t)n);
    default:
        snprintf(text, sizeof text, "k%d", (int)n);
        return string(f, text);
    }
}

static void run_model(struct fixture *f, uint32_t stride, uint32_t put_share)
{
    struct model m = {.count = 0};
    mg_value table = mg_table_new(&f->heap, MG_CLASS_SET, SLOTS, stride, 0);
    for (int step = 0; step < 1500; step++) {
        mg_value key = random_key(f);
        uint32_t at = model_find(&m, key);
        if (mg_rng_below(&f->rng, 10) < put_share) {
            put(f, table, stride, key, mg_small(step));
            if (at == m.count) {
                m.keys[m.count++] = key;
            }
            m.values[at] = mg_small(step);
        } else {
            uint32_t entry = mg_table_find(table, stride, key, hash_of(key));
            ck_assert_int_eq(mg_table_remove(&f->heap, table, stride, entry), at < m.count);
            if (at < m.count) {
                m.count--;
                memmove(m.keys + at, m.keys + at + 1, (m.count - at) * sizeof m.keys[0]);
                memmove(m.values + at, m.values + at + 1, (m.count - at) * sizeof m.values[0]);
            }
        }
        if (step < 200 || step % 5 == 0) {
            model_check(&m, table, stride);
        }
    }
}

/* Puts and removals in changing proportions, checked after each step. */
UNIT_CASE(agrees_with_a_model)
{
    struct fixture f;
    fixture_init(&f);
    for (uint32_t share = 3; share <= 8; share++) {
        f.heap.alloc = f.heap.end;
        run_model(&f, share % 2 ? MG_DICTIONARY_STRIDE : MG_SET_STRIDE, share);
    }
    fixture_deinit(&f);
}

/* Growth keeps order and contents, for keys that follow each other and for keys with many zeros at
 * the end. */
UNIT_CASE(growth)
{
    static const uint32_t shifts[] = {0, 3, 20, 40};
    enum { COUNT = 20000 };
    struct fixture f;
    fixture_init(&f);
    for (size_t s = 0; s < MG_ARRAY_LEN(shifts); s++) {
        f.heap.alloc = f.heap.end;
        mg_value d = dictionary(&f, 0);
        for (int64_t i = 1; i <= COUNT; i++) {
            ck_assert_uint_eq(
                put(&f, d, MG_DICTIONARY_STRIDE, mg_small(i << shifts[s]), mg_small(i)),
                (uint32_t)i);
        }
        mg_table_audit(d, MG_DICTIONARY_STRIDE);
        for (int64_t i = 1; i <= COUNT; i++) {
            ck_assert_uint_eq(get(d, mg_small(i << shifts[s])), mg_small(i));
            ck_assert(shifts[s] == 0 || get(d, mg_small((i << shifts[s]) + 1)) == MG_UNSET);
        }
        mg_value keys = mg_table_column(&f.heap, d, MG_DICTIONARY_STRIDE, MG_ENTRY_KEY);
        ck_assert_uint_eq(mg_object_words(mg_object(keys)), COUNT);
        ck_assert_uint_eq(mg_slot(keys, COUNT - 1), mg_small((int64_t)COUNT << shifts[s]));
    }
    fixture_deinit(&f);
}

/* A queue of keys, and one that empties again and again, take no more room than what is in them. */
UNIT_CASE(tombstones_leave)
{
    struct fixture f;
    fixture_init(&f);
    mg_value d = dictionary(&f, 0);
    for (int64_t i = 0; i < 20000; i++) {
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(i), mg_small(i));
        if (i >= 10) {
            uint32_t entry = mg_table_find(d, MG_DICTIONARY_STRIDE, mg_small(i - 10), i - 10);
            ck_assert(mg_table_remove(&f.heap, d, MG_DICTIONARY_STRIDE, entry));
            ck_assert_uint_eq(mg_table_key_at(d, MG_DICTIONARY_STRIDE, entry), MG_NIL);
        }
    }
    ck_assert_uint_le(mg_object_words(mg_object(mg_slot(d, MG_HASHED_ENTRIES))),
                      40 * MG_DICTIONARY_STRIDE);
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    for (int round = 0; round < 1000; round++) {
        for (uint32_t e = 0; (e = mg_table_next(d, MG_DICTIONARY_STRIDE, 0)) != 0;) {
            ck_assert(mg_table_remove(&f.heap, d, MG_DICTIONARY_STRIDE, e));
        }
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(round), MG_NIL);
    }
    ck_assert_uint_eq(mg_table_count(d, MG_DICTIONARY_STRIDE), 1);
    /* Many removals, then the table shrinks when it is next rebuilt. */
    for (int64_t i = 0; i < 5000; i++) {
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(i), MG_NIL);
    }
    for (int64_t i = 0; i < 4990; i++) {
        mg_table_remove(&f.heap, d, MG_DICTIONARY_STRIDE,
                        mg_table_find(d, MG_DICTIONARY_STRIDE, mg_small(i), i));
    }
    for (int64_t i = 0; i < 5000; i++) {
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(100000 + i % 7), MG_NIL);
        mg_table_remove(
            &f.heap, d, MG_DICTIONARY_STRIDE,
            mg_table_find(d, MG_DICTIONARY_STRIDE, mg_small(100000 + i % 7), 100000 + i % 7));
    }
    ck_assert_uint_le(mg_object_words(mg_object(mg_slot(d, MG_HASHED_ENTRIES))),
                      640 * MG_DICTIONARY_STRIDE);
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    fixture_deinit(&f);
}

/* The raw operations behind the Maggie fallback: all candidates of a hash are found, in any order,
 * each once. */
UNIT_CASE(candidates_of_a_hash)
{
    struct fixture f;
    fixture_init(&f);
    mg_value set = mg_table_new(&f.heap, MG_CLASS_SET, SLOTS, MG_SET_STRIDE, 3);
    for (int64_t i = 0; i < 60; i++) {
        ck_assert_uint_eq(
            mg_table_add(&f.heap, set, MG_SET_STRIDE, mg_small(1000 + i), i % 3 - 1, MG_NIL),
            i + 1);
    }
    mg_table_audit(set, MG_SET_STRIDE);
    for (int64_t hash = -1; hash <= 1; hash++) {
        uint64_t seen = 0;
        for (uint32_t e = 0; (e = mg_table_probe(set, MG_SET_STRIDE, hash, e)) != 0;) {
            ck_assert(!(seen >> e & 1));
            seen |= (uint64_t)1 << e;
            ck_assert_int_eq((int64_t)((e - 1) % 3) - 1, hash);
        }
        ck_assert_int_eq(__builtin_popcountll(seen), 20);
    }
    ck_assert_uint_eq(mg_table_probe(set, MG_SET_STRIDE, 2, 0), 0);
    /* New hashes count after a reindex. */
    for (uint32_t e = 1; e <= 60; e++) {
        ck_assert(mg_table_hash_put(set, MG_SET_STRIDE, e, 1000 + e));
    }
    mg_table_reindex(set, MG_SET_STRIDE);
    mg_table_audit(set, MG_SET_STRIDE);
    ck_assert_uint_eq(mg_table_probe(set, MG_SET_STRIDE, 1007, 0), 7);
    ck_assert(!mg_table_hash_put(set, MG_SET_STRIDE, 61, 0));
    ck_assert(!mg_table_value_put(&f.heap, dictionary(&f, 5), 1, MG_NIL));
    fixture_deinit(&f);
}

/* A copied index in shared bytes gets its own before it is written. */
UNIT_CASE(copied_index_is_private)
{
    struct fixture f;
    fixture_init(&f);
    mg_value d = dictionary(&f, 2000), copy = dictionary(&f, 0);
    for (int64_t i = 0; i < 100; i++) {
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(i), mg_small(i));
    }
    /* The original's index in shared form, too. */
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(mg_slot(d, MG_HASHED_INDEX), &bytes, &len);
    mg_value shared = mg_bytes_new(&f.heap, bytes, len);
    mg_store(&f.heap, mg_object(d), MG_HASHED_INDEX, shared);
    for (uint32_t i = 0; i < SLOTS; i++) {
        mg_store(&f.heap, mg_object(copy), i, mg_slot(d, i));
    }
    mg_store(&f.heap, mg_object(copy), MG_HASHED_INDEX, mg_bytes_slice(&f.heap, shared, 0, len));
    struct mg_object *entries =
        mg_heap_alloc(&f.heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY,
                      mg_object_words(mg_object(mg_slot(d, MG_HASHED_ENTRIES))));
    memcpy(entries->words, mg_object(mg_slot(d, MG_HASHED_ENTRIES))->words,
           mg_object_words(entries) * sizeof(mg_value));
    mg_store(&f.heap, mg_object(copy), MG_HASHED_ENTRIES, mg_pointer(entries));
    put(&f, copy, MG_DICTIONARY_STRIDE, mg_small(1000), MG_TRUE);
    put(&f, d, MG_DICTIONARY_STRIDE, mg_small(2000), MG_FALSE);
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    mg_table_audit(copy, MG_DICTIONARY_STRIDE);
    ck_assert_uint_eq(get(d, mg_small(1000)), MG_UNSET);
    ck_assert_uint_eq(get(copy, mg_small(1000)), MG_TRUE);
    ck_assert_uint_eq(get(copy, mg_small(2000)), MG_UNSET);
    fixture_deinit(&f);
}

/* T5: whatever the variables of a table are assigned, nothing outside it is touched, and changes
 * are refused. */
UNIT_CASE(damage_is_not_followed)
{
    struct fixture f;
    fixture_init(&f);
    mg_value bad[] = {
        MG_NIL,
        mg_small(-1),
        mg_small(1 << 30),
        mg_small(7),
        MG_TRUE,
        string(&f, "text"),
        mg_bytes_new(&f.heap, NULL, 32),
        mg_bytes_new(&f.heap, NULL, 4096),
        mg_table_column(&f.heap, dictionary(&f, 0), MG_DICTIONARY_STRIDE, MG_ENTRY_KEY)};
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        for (size_t i = 0; i < MG_ARRAY_LEN(bad); i++) {
            mg_value d = dictionary(&f, 5);
            for (int64_t k = 0; k < 5; k++) {
                put(&f, d, MG_DICTIONARY_STRIDE, mg_small(k), MG_NIL);
            }
            mg_store(&f.heap, mg_object(d), slot, bad[i]);
            (void)mg_table_find(d, MG_DICTIONARY_STRIDE, mg_small(3), 3);
            (void)mg_table_at(d, mg_small(3));
            (void)mg_table_put_quickly(&f.heap, d, MG_DICTIONARY_STRIDE, mg_small(1), MG_TRUE);
            (void)mg_table_put_quickly(&f.heap, d, MG_DICTIONARY_STRIDE, mg_small(8), MG_TRUE);
            (void)mg_table_probe(d, MG_DICTIONARY_STRIDE, 3, 1);
            for (uint32_t e = 0, n = 0;
                 n < 20 && (e = mg_table_next(d, MG_DICTIONARY_STRIDE, e)) != 0; n++) {
                (void)mg_table_key_at(d, MG_DICTIONARY_STRIDE, e);
            }
            (void)mg_table_column(&f.heap, d, MG_DICTIONARY_STRIDE, MG_ENTRY_VALUE);
            size_t words = mg_table_put_words(&f.heap, d, MG_DICTIONARY_STRIDE);
            mg_value *before = f.heap.alloc;
            uint32_t entry = mg_table_put(&f.heap, d, MG_DICTIONARY_STRIDE, mg_small(9), 9, MG_NIL);
            ck_assert(words != MG_TABLE_REFUSED || entry == 0);
            ck_assert(words == MG_TABLE_REFUSED || (size_t)(before - f.heap.alloc) <= words);
            (void)mg_table_remove(&f.heap, d, MG_DICTIONARY_STRIDE, 2);
            mg_table_reindex(d, MG_DICTIONARY_STRIDE);
        }
    }
    /* An index of random numbers. */
    for (int round = 0; round < 2000; round++) {
        f.heap.alloc = f.heap.end;
        mg_value d = dictionary(&f, 20);
        for (int64_t k = 0; k < 15; k++) {
            put(&f, d, MG_DICTIONARY_STRIDE, mg_small(k), MG_NIL);
        }
        uint8_t *slots = mg_bytes_writable(mg_slot(d, MG_HASHED_INDEX));
        for (size_t i = 0; i < 32 * 4; i++) {
            slots[i] = (uint8_t)mg_rng_next(&f.rng);
        }
        for (int64_t k = 0; k < 40; k++) {
            (void)mg_table_find(d, MG_DICTIONARY_STRIDE, mg_small(k), k);
            (void)mg_table_at(d, mg_small(k));
            (void)mg_table_probe(d, MG_DICTIONARY_STRIDE, k, 3);
        }
        (void)mg_table_put(&f.heap, d, MG_DICTIONARY_STRIDE, mg_small(99), 99, MG_NIL);
        (void)mg_table_put_quickly(&f.heap, d, MG_DICTIONARY_STRIDE, mg_small(97), MG_NIL);
        (void)mg_table_add(&f.heap, d, MG_DICTIONARY_STRIDE, mg_small(98), 98, MG_NIL);
    }
    fixture_deinit(&f);
}

/* Puts any number where the quick ways note the entry they found last. */
static void finger_set(mg_value table, uint32_t number)
{
    struct mg_object *index = mg_object(mg_slot(table, MG_HASHED_INDEX));
    index->words[MG_SHARED_INFO] = mg_bytes_info((uint32_t)index->words[MG_SHARED_INFO], number);
}

/* What is noted there is a hint: whatever it is, the same is found and put. */
UNIT_CASE(finger_is_a_hint)
{
    enum { COUNT = 20 };
    struct fixture f;
    fixture_init(&f);
    mg_value d = dictionary(&f, COUNT);
    for (int64_t k = 1; k <= COUNT / 2; k++) {
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(k), mg_small(-k));
    }
    ck_assert(mg_table_remove(&f.heap, d, MG_DICTIONARY_STRIDE, 4));
    for (uint32_t step = 0; step < 2 * COUNT + 4; step++) {
        uint32_t number = step < 2 * COUNT ? step : UINT32_MAX - (step - 2 * COUNT);
        for (int64_t k = 1; k <= COUNT / 2; k++) {
            finger_set(d, number);
            ck_assert_uint_eq(mg_table_at(d, mg_small(k)), k == 4 ? MG_NIL : mg_small(-k));
            ck_assert_uint_eq(get(d, mg_small(k + COUNT)), MG_UNSET);
            ck_assert_uint_eq(get(d, MG_NIL), MG_UNSET);
            finger_set(d, number);
            if (k != 4) {
                put(&f, d, MG_DICTIONARY_STRIDE, mg_small(k), mg_small(-k));
            }
        }
        mg_table_audit(d, MG_DICTIONARY_STRIDE);
    }
    /* A nil key becomes an entry, and is not taken for an unused one. */
    finger_set(d, COUNT / 2);
    if (!mg_table_put_quickly(&f.heap, d, MG_DICTIONARY_STRIDE, MG_NIL, MG_TRUE)) {
        put(&f, d, MG_DICTIONARY_STRIDE, MG_NIL, MG_TRUE);
    }
    ck_assert_uint_eq(mg_table_count(d, MG_DICTIONARY_STRIDE), COUNT / 2);
    ck_assert_uint_eq(get(d, MG_NIL), MG_TRUE);
    mg_table_audit(d, MG_DICTIONARY_STRIDE);
    fixture_deinit(&f);
}

/* It moves with what is looked up, unless others may read the index; and is no hash of its
 * bytes. */
UNIT_CASE(finger_stays_inside)
{
    struct fixture f;
    fixture_init(&f);
    mg_value d = dictionary(&f, 1000);
    for (int64_t k = 1; k <= 5; k++) {
        put(&f, d, MG_DICTIONARY_STRIDE, mg_small(k), mg_small(-k));
    }
    mg_value slots = mg_slot(d, MG_HASHED_INDEX);
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(slots, &bytes, &len);
    mg_value same = mg_bytes_new(&f.heap, bytes, len);
    ck_assert_uint_eq(get(d, mg_small(3)), mg_small(-3)); /* whose home is none of the last slots */
    ck_assert_uint_eq(mg_object(slots)->words[MG_SHARED_INFO], mg_bytes_info((uint32_t)len, 3));
    ck_assert_uint_eq(mg_string_hash(slots), mg_string_hash(same));
    mg_object(same)->words[MG_SHARED_INFO] = mg_bytes_info((uint32_t)len, 4);
    ck_assert(mg_bytes_equal(slots, same));

    mg_object(slots)->header |= MG_GC_SHARED;
    for (int64_t k = 1; k <= 5; k++) {
        ck_assert_uint_eq(get(d, mg_small(k)), mg_small(-k));
        ck_assert_uint_eq(mg_object(slots)->words[MG_SHARED_INFO], mg_bytes_info((uint32_t)len, 3));
    }
    fixture_deinit(&f);
}

/* A table so large that its arrays grow where they are, with keys that go and come: the entries are
 * squeezed in place while young values are among them. */
UNIT_CASE(grows_where_it_is)
{
    enum { COUNT = 600000, WORDS = 4096 };
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_push(&t, mg_table_new(&t.heap, MG_CLASS_DICTIONARY, SLOTS, MG_DICTIONARY_STRIDE, 0));
    uint64_t moves = 0, stays = 0, gone = 0;
    for (int64_t i = 1; i <= COUNT; i++) {
        mg_value table = *test_at(&t, 0), entries = mg_slot(table, MG_HASHED_ENTRIES);
        bool room = mg_table_has_room(table, MG_DICTIONARY_STRIDE);
        size_t words = mg_table_put_words(&t.heap, table, MG_DICTIONARY_STRIDE);
        ck_assert(!room || words == 0);
        ck_assert_int_eq(mg_heap_reserve(&t.heap, words + 3, &t.roots), 0);
        table = *test_at(&t, 0);
        mg_value v = mg_float_new(&t.heap, 1e300 * (double)i);
        (void)mg_table_put(&t.heap, table, MG_DICTIONARY_STRIDE, mg_small(i), i, v);
        if (!room) {
            moves += mg_slot(table, MG_HASHED_ENTRIES) != entries;
            stays += mg_slot(table, MG_HASHED_ENTRIES) == entries;
        }
        /* One in eight leaves at once; for a while nearly all do. */
        if (i % 8 == 0 || (i > 300000 && i < 400000 && i % 50 != 0)) {
            ck_assert(mg_table_remove(&t.heap, table, MG_DICTIONARY_STRIDE,
                                      mg_table_find(table, MG_DICTIONARY_STRIDE, mg_small(i), i)));
            gone++;
        }
    }
    ck_assert_uint_gt(moves, 5);
    ck_assert_uint_gt(stays, 0);
    mg_value table = *test_at(&t, 0);
    ck_assert_uint_eq(mg_table_count(table, MG_DICTIONARY_STRIDE), COUNT - gone);
    mg_table_audit(table, MG_DICTIONARY_STRIDE);
    test_audit(&t);
    bool right = true;
    for (int64_t i = 1; i <= COUNT; i++) {
        mg_value v = mg_table_at(table, mg_small(i));
        bool left = i % 8 == 0 || (i > 300000 && i < 400000 && i % 50 != 0);
        right = right && (left ? v == MG_NIL : mg_float_value(v) == 1e300 * (double)i);
    }
    ck_assert(right);
    test_heap_deinit(&t);
}

/* A table in a heap that collects, and becomes generational: old arrays with young keys and values
 * in them. */
UNIT_CASE(survives_collections)
{
    enum { COUNT = 30000, WORDS = 4096 };
    struct mg_block_pool pool;
    struct mg_block_cache cache;
    struct mg_heap heap;
    mg_block_pool_init(&pool);
    mg_block_cache_init(&cache, &pool);
    mg_value *memory = mg_alloc(WORDS * sizeof(mg_value));
    mg_heap_init(&heap, memory, WORDS, (uint64_t)1 << 30);
    mg_value table = mg_table_new(&heap, MG_CLASS_DICTIONARY, SLOTS, MG_DICTIONARY_STRIDE, 0);
    uint64_t work = 0;
    struct mg_roots roots = {
        .top = heap.stack, .extra = &table, .extra_count = 1, .blocks = &cache, .work = &work};
    char text[32];
    for (int i = 0; i < COUNT; i++) {
        int n = snprintf(text, sizeof text, "key%d", i);
        size_t words = mg_table_put_words(&heap, table, MG_DICTIONARY_STRIDE);
        ck_assert_int_eq(mg_heap_reserve(&heap, words + 2 * mg_string_words((size_t)n), &roots), 0);
        mg_value key = mg_string_new(&heap, text, (size_t)n);
        mg_value value = mg_string_new(&heap, text, (size_t)n);
        (void)mg_table_put(&heap, table, MG_DICTIONARY_STRIDE, key, hash_of(key), value);
        if (i % 3 == 2) {
            (void)mg_table_remove(&heap, table, MG_DICTIONARY_STRIDE,
                                  mg_table_find(table, MG_DICTIONARY_STRIDE, key, hash_of(key)));
        }
    }
    mg_heap_collect(&heap, true, &roots);
    mg_table_audit(table, MG_DICTIONARY_STRIDE);
    ck_assert_uint_eq(mg_table_count(table, MG_DICTIONARY_STRIDE), COUNT - COUNT / 3);
    bool right = true;
    for (int i = 0; i < COUNT; i++) {
        int n = snprintf(text, sizeof text, "key%d", i);
        ck_assert_int_eq(mg_heap_reserve(&heap, mg_string_words((size_t)n), &roots), 0);
        mg_value key = mg_string_new(&heap, text, (size_t)n);
        mg_value value = mg_table_at(table, key);
        right =
            right && (i % 3 == 2 ? value == MG_NIL : value != MG_NIL && mg_bytes_equal(key, value));
    }
    ck_assert(right);
    mg_heap_deinit(&heap, &cache);
    mg_free(memory);
    mg_block_cache_deinit(&cache);
    mg_block_pool_deinit(&pool);
}

UNIT_MAIN("object/table", starts_empty, keys_of_all_kinds, agrees_with_a_model, growth,
          tombstones_leave, candidates_of_a_hash, copied_index_is_private, damage_is_not_followed,
          finger_is_a_hint, finger_stays_inside, grows_where_it_is, survives_collections)
