/* SPDX-License-Identifier: MIT */
/* What both kinds of tables do alike: copies in boxes, the account, limits, replacing. */
#include "object/bytes.h"
#include "support/ctab.h"

static mg_value memory[4096];

static mg_value array_of(struct mg_heap *heap, mg_value a, mg_value b)
{
    struct mg_object *o = mg_heap_alloc_small(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    o->words[0] = a;
    o->words[1] = b;
    return mg_pointer(o);
}

/* A value goes in as a copy, comes out as a copy, and the original may change. */
static void copies(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    struct mg_heap heap;
    mg_heap_init(&heap, memory, MG_ARRAY_LEN(memory), UINT64_MAX);
    mg_value text = mg_string_new(&heap, "some text", 9);
    mg_value pair = array_of(&heap, mg_small(1), text);
    mg_value key = array_of(&heap, text, mg_small(2));
    uint64_t hash = ctab_hash(key), word;
    ck_assert(mg_ctab_word_new(s, copy, pair, &word));
    ck_assert(mg_ctab_word_is_box(word));
    ck_assert_int_eq(mg_ctab_put(body, s, copy, key, hash, word), MG_CTAB_DONE);
    mg_object(pair)->words[0] = mg_small(99);
    mg_object(key)->words[1] = mg_small(98);
    ck_assert_ptr_null(mg_ctab_find(body, key, ctab_hash(key)));
    mg_object(key)->words[1] = mg_small(2);
    struct mg_ctab_entry *entry = mg_ctab_find(body, key, hash);
    ck_assert_ptr_nonnull(entry);
    word = mg_ctab_entry_word(entry);
    ck_assert_uint_eq(mg_ctab_word_words(word), 3 + 4);
    mg_value out = mg_ctab_word_copy(copy, &heap, word);
    ck_assert_uint_eq(mg_slot(out, 0), mg_small(1));
    ck_assert(mg_key_equal(mg_slot(out, 1), text));
    ck_assert_uint_ne(out, mg_ctab_word_value(word));
    ck_assert(mg_ctab_remove(body, s, key, hash, NULL, &word));
    ck_assert_uint_eq(mg_slot(mg_ctab_word_value(word), 0), mg_small(1)); // until the slice ends
    mg_heap_deinit(&heap, &s->blocks);
}

UNIT_CASE(copied_in_and_out)
{
    ctab_run(copies, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
    ctab_run(copies, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
}

static uint64_t box_of(struct mg_scheduler *s, struct mg_copy *copy, uint32_t len)
{
    static const char text[4000];
    struct mg_heap heap;
    uint64_t word;
    mg_heap_init(&heap, memory, MG_ARRAY_LEN(memory), UINT64_MAX);
    ck_assert(mg_ctab_word_new(s, copy, mg_string_new(&heap, text, len), &word));
    mg_heap_deinit(&heap, &s->blocks);
    return word;
}

/* The account follows what comes, changes and goes. */
static void account(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    uint64_t empty = mg_ctab_bytes(body), hash = ctab_hash(mg_small(1)), word;
    ck_assert_int_eq(mg_ctab_put(body, s, copy, mg_small(1), hash, mg_small(5)), MG_CTAB_DONE);
    uint64_t entry = mg_ctab_bytes(body) - empty;
    ck_assert_uint_ge(entry, sizeof(struct mg_ctab_entry));
    word = box_of(s, copy, 1000);
    uint64_t bytes = mg_ctab_word_bytes(word);
    ck_assert_uint_ge(bytes, 1000);
    ck_assert_int_eq(mg_ctab_put(body, s, copy, mg_small(1), hash, word), MG_CTAB_DONE);
    ck_assert_uint_eq(mg_ctab_bytes(body), empty + entry + bytes);
    ck_assert_int_eq(mg_ctab_put(body, s, copy, mg_small(1), hash, box_of(s, copy, 10)),
                     MG_CTAB_DONE);
    ck_assert_uint_lt(mg_ctab_bytes(body), empty + entry + bytes);
    ck_assert(mg_ctab_remove(body, s, mg_small(1), hash, NULL, &word));
    ck_assert_uint_eq(mg_ctab_bytes(body), empty);
    ck_assert_uint_eq(mg_ctab_count(body), 0);
}

UNIT_CASE(the_account)
{
    ctab_run(account, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
    ctab_run(account, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
}

/* Room for three elements and 4,000 bytes. */
static void limits(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    uint64_t word, before;
    for (int64_t i = 0; i < 3; i++)
        ck_assert_int_eq(
            mg_ctab_put(body, s, copy, mg_small(i), ctab_hash(mg_small(i)), mg_small(i)),
            MG_CTAB_DONE);
    before = mg_ctab_bytes(body);
    ck_assert_int_eq(mg_ctab_put(body, s, copy, mg_small(3), ctab_hash(mg_small(3)), MG_NIL),
                     MG_CTAB_FULL);
    word = box_of(s, copy, 3900);
    ck_assert_int_eq(mg_ctab_put(body, s, copy, mg_small(1), ctab_hash(mg_small(1)), word),
                     MG_CTAB_FULL);
    mg_ctab_word_free(word, &s->blocks);
    ck_assert_uint_eq(mg_ctab_bytes(body), before);
    ck_assert_uint_eq(mg_ctab_count(body), 3);
    struct mg_ctab_entry *entry = mg_ctab_find(body, mg_small(1), ctab_hash(mg_small(1)));
    ck_assert_uint_eq(mg_ctab_entry_word(entry), mg_small(1));
}

UNIT_CASE(refused_at_the_limits)
{
    ctab_run(limits, MG_CTAB_HASHED, 4000, 3);
    ctab_run(limits, MG_CTAB_ORDERED, 4000, 3);
}

/* A value is replaced where it is what was seen; not in an entry that is gone. */
static void replacing(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    struct mg_ctab_entry *entry;
    uint64_t hash = ctab_hash(mg_small(1)), seen = mg_small(8), word;
    ck_assert_int_eq(mg_ctab_insert(body, s, copy, mg_small(1), hash, mg_small(7), &entry),
                     MG_CTAB_DONE);
    ck_assert_int_eq(mg_ctab_replace(body, s, entry, &seen, mg_small(9)), MG_CTAB_CHANGED);
    ck_assert_uint_eq(seen, mg_small(7));
    ck_assert_int_eq(mg_ctab_replace(body, s, entry, &seen, mg_small(9)), MG_CTAB_DONE);
    ck_assert(mg_ctab_remove(body, s, mg_small(1), hash, NULL, &word));
    ck_assert_uint_eq(word, mg_small(9));
    seen = word;
    ck_assert_int_eq(mg_ctab_replace(body, s, entry, &seen, MG_NIL), MG_CTAB_ABSENT);
    ck_assert_uint_eq(mg_ctab_entry_word(entry), MG_CTAB_GONE);
    ck_assert(!mg_ctab_remove(body, s, mg_small(1), hash, NULL, &word));
}

UNIT_CASE(replaced_where_seen)
{
    ctab_run(replacing, MG_CTAB_HASHED, UINT64_MAX, UINT64_MAX);
    ctab_run(replacing, MG_CTAB_ORDERED, UINT64_MAX, UINT64_MAX);
}

UNIT_MAIN("sched/ctab", copied_in_and_out, the_account, refused_at_the_limits, replaced_where_seen)
