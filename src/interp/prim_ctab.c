/* SPDX-License-Identifier: MIT */
/* Primitives of Table: concurrent tables (sched/ctabs.h). The receiver is a handle, whose number
 * names the table.
 *
 * What is found in a table stays valid until the slice ends (T4), so a primitive looks first, then
 * reserves room in its heap, then copies.
 */
#include "base/error.h"
#include "base/limits.h"
#include "interp/prim.h"
#include "interp/process.h"
#include "interp/words.h"
#include "object/equal.h"
#include "sched/ctabs.h"
#include "sched/sched.h"

/* Entries and words of one slice of a walk. */
#define SLICE_ENTRIES 128
#define SLICE_WORDS 8192

/* -- What all need -- */

/* As mg_prim_error, with another class. */
static mg_value fail(struct mg_run *run, uint32_t exception_class, const char *reason)
{
    mg_value failed = mg_prim_error(run, reason);
    run->error.class_id = exception_class;
    return failed;
}

static struct mg_ctab *table_find(struct mg_run *run, const mg_value *args)
{
    mg_value id = mg_slot(args[0], MG_TABLE_ID);
    struct mg_ctabs *tables = mg_sched_tables(run->scheduler->sched);
    struct mg_ctab *table =
        mg_is_small(id) ? mg_ctabs_find(tables, (uint64_t)mg_small_value(id)) : NULL;
    if (MG_UNLIKELY(table == NULL)) {
        fail(run, MG_CLASS_NO_TABLE, "the table has ended");
    }
    return table;
}

static bool is_owner(struct mg_run *run, struct mg_ctab *table)
{
    return mg_ctab_owner(table) == mg_actor_pid(run->actor);
}

/* The table, if the actor may do this with it; else NULL, with the error set. */
static inline struct mg_ctab *table_open(struct mg_run *run, const mg_value *args, bool write)
{
    struct mg_ctab *table = table_find(run, args);
    if (MG_UNLIKELY(table == NULL)) {
        return NULL;
    }
    bool open = table->access == MG_CTAB_PUBLIC || (table->access == MG_CTAB_PROTECTED && !write);
    if (MG_LIKELY(open) || is_owner(run, table)) {
        return table;
    }
    fail(run, MG_CLASS_ACCESS_DENIED,
         table->access == MG_CTAB_PRIVATE ? "the table is private to its owner"
                                          : "only its owner writes into this table");
    return NULL;
}

/* The table, if the actor owns it. */
static struct mg_ctab *table_owned(struct mg_run *run, const mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    if (table == NULL || is_owner(run, table)) {
        return table;
    }
    fail(run, MG_CLASS_ACCESS_DENIED, "only the owner of the table may do this");
    return NULL;
}

/* Checks args[index] as a key. */
static inline bool key_hash(struct mg_run *run, const mg_value *args, uint32_t index,
                            uint64_t *hash)
{
    enum mg_key_fault fault = args[index] == MG_NIL ? MG_KEY_KIND : mg_key_hash(args[index], hash);
    if (MG_LIKELY(fault == MG_KEY_OK)) {
        return true;
    }
    if (fault == MG_KEY_KIND) {
        mg_prim_type_error(run, index, MG_KEY_KINDS);
    } else {
        mg_key_refuse(run, fault);
    }
    return false;
}

/* A copy of a word for the program. */
static mg_value word_answer(struct mg_run *run, mg_value *args, uint64_t word)
{
    if (MG_LIKELY(!mg_ctab_word_is_box(word))) {
        return word;
    }
    uint64_t words = mg_ctab_word_words(word);
    mg_run_charge(run, 1 + words / 8);
    if (mg_run_reserve(run, args, words) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_ctab_word_copy(run->copy, run->heap, word);
}

static mg_value refuse_full(struct mg_run *run, uint64_t word)
{
    mg_ctab_word_free(word, run->blocks);
    return fail(run, MG_CLASS_TABLE_FULL, "the table is full");
}

/* The word under the key args[1]: false when it is not there, or *failed. */
static inline bool find_word(struct mg_run *run, mg_value *args, uint64_t *word, bool *failed)
{
    uint64_t hash;
    struct mg_ctab *table = table_open(run, args, false);
    *failed = table == NULL || !key_hash(run, args, 1, &hash);
    if (MG_UNLIKELY(*failed)) {
        return false;
    }
    mg_run_charge(run, 2);
    struct mg_ctab_entry *entry = mg_ctab_find(mg_ctab_body_of(table), args[1], hash);
    if (entry == NULL) {
        return false;
    }
    *word = mg_ctab_entry_word(entry);
    return *word != MG_CTAB_GONE;
}

/* -- Making -- */

static mg_value handle_new(struct mg_run *run, mg_value *args, uint64_t id)
{
    if (mg_run_reserve(run, args, 2) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *o = mg_heap_alloc_small(run->heap, MG_CLASS_TABLE, MG_FORMAT_SLOTS, 1);
    o->words[MG_TABLE_ID] = mg_small((int64_t)id);
    return mg_pointer(o);
}

/* A limit: nil for none. */
static bool limit_of(struct mg_run *run, const mg_value *args, uint32_t index, uint64_t *limit)
{
    *limit = 0;
    if (args[index] == MG_NIL) {
        return true;
    }
    if (!mg_is_small(args[index]) || mg_small_value(args[index]) <= 0) {
        mg_prim_type_error(run, index, "a positive SmallInteger");
        return false;
    }
    *limit = (uint64_t)mg_small_value(args[index]);
    return true;
}

/* args: ordered, access 0 .. 2, most bytes, most elements, name, whether the caller owns it */
static mg_value prim_make(struct mg_run *run, mg_value *args)
{
    struct mg_ctab_options options = {
        .kind = args[1] == MG_TRUE ? MG_CTAB_ORDERED : MG_CTAB_HASHED,
        .owner = args[6] == MG_TRUE ? mg_actor_pid(run->actor) : MG_PID_NONE,
        .symbols = run->world->symbols,
    };
    if (!mg_is_small(args[2]) || mg_small_value(args[2]) < 0 || mg_small_value(args[2]) > 2) {
        return mg_prim_error(run, "access must be 0, 1 or 2");
    }
    options.access = (enum mg_ctab_access)mg_small_value(args[2]);
    if (!limit_of(run, args, 3, &options.max_bytes) ||
        !limit_of(run, args, 4, &options.max_count)) {
        return MG_PRIM_FAILED;
    }
    if (args[5] != MG_NIL && !mg_process_text(run, args[5], &options.name, &options.name_len)) {
        return mg_prim_type_error(run, 5, "String");
    }
    if (options.name != NULL &&
        (options.name_len == 0 || options.name_len > MG_LIMIT_SYMBOL_BYTES)) {
        return mg_prim_error(run, "a name has 1 to 1,020 bytes");
    }
    int error;
    struct mg_ctab *table = mg_ctabs_make(run->scheduler, &options, &error);
    mg_run_charge(run, 30);
    if (table != NULL) {
        return handle_new(run, args, table->id);
    }
    return mg_prim_error(run,
                         error == MG_EEXIST ? "the name is taken" : "there are too many tables");
}

static mg_value prim_named(struct mg_run *run, mg_value *args)
{
    const char *name;
    size_t len;
    if (!mg_process_text(run, args[1], &name, &len)) {
        return mg_prim_type_error(run, 1, "String");
    }
    struct mg_ctab *table = mg_ctabs_named(mg_sched_tables(run->scheduler->sched), name, len);
    return table == NULL ? MG_NIL : handle_new(run, args, table->id);
}

static mg_value prim_settings(struct mg_run *run, mg_value *args)
{
    const struct mg_ctab *table = mg_ctabs_settings(run->scheduler, run->world->symbols);
    return table == NULL ? mg_prim_error(run, "there are too many tables")
                         : handle_new(run, args, table->id);
}

/* {next place, or nil at the end. handle ...} */
static mg_value prim_all_from(struct mg_run *run, mg_value *args)
{
    uint64_t ids[64];
    if (!mg_is_small(args[1]) || (uint64_t)mg_small_value(args[1]) >= MG_LIMIT_TABLES) {
        return mg_prim_error(run, "no such place");
    }
    uint32_t slot = (uint32_t)mg_small_value(args[1]);
    uint32_t count = mg_ctabs_each(mg_sched_tables(run->scheduler->sched), &slot, ids, 64);
    mg_run_charge(run, 50);
    if (mg_run_reserve(run, args, 2 + 64 * 3) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *all =
        mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 1 + count);
    all->words[0] = slot + 1 == MG_LIMIT_TABLES ? MG_NIL : mg_small(slot);
    for (uint32_t i = 0; i < count; i++) {
        struct mg_object *o = mg_heap_alloc_small(run->heap, MG_CLASS_TABLE, MG_FORMAT_SLOTS, 1);
        o->words[MG_TABLE_ID] = mg_small((int64_t)ids[i]);
        all->words[1 + i] = mg_pointer(o);
    }
    return mg_pointer(all);
}

/* -- Reading -- */

static mg_value prim_at(struct mg_run *run, mg_value *args)
{
    uint64_t word;
    bool failed;
    if (MG_LIKELY(find_word(run, args, &word, &failed))) {
        return word_answer(run, args, word);
    }
    return failed ? MG_PRIM_FAILED : MG_NIL;
}

static mg_value prim_at_if_absent(struct mg_run *run, mg_value *args)
{
    uint64_t word;
    bool failed;
    if (find_word(run, args, &word, &failed)) {
        return word_answer(run, args, word);
    }
    return failed ? MG_PRIM_FAILED : MG_PRIM_DECLINE;
}

static mg_value prim_includes(struct mg_run *run, mg_value *args)
{
    uint64_t word;
    bool failed;
    bool there = find_word(run, args, &word, &failed);
    return failed ? MG_PRIM_FAILED : mg_boolean(there);
}

static mg_value prim_size(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_open(run, args, false);
    return table == NULL ? MG_PRIM_FAILED
                         : mg_small((int64_t)mg_ctab_count(mg_ctab_body_of(table)));
}

/* -- Writing -- */

static mg_value prim_at_put(struct mg_run *run, mg_value *args)
{
    uint64_t hash, word;
    struct mg_ctab *table = table_open(run, args, true);
    if (table == NULL || !key_hash(run, args, 1, &hash) || !mg_word_of(run, args, 2, &word)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 5);
    enum mg_ctab_outcome outcome =
        mg_ctab_put(mg_ctab_body_of(table), run->scheduler, run->copy, args[1], hash, word);
    return MG_LIKELY(outcome == MG_CTAB_DONE) ? args[2] : refuse_full(run, word);
}

static mg_value prim_at_put_new(struct mg_run *run, mg_value *args)
{
    uint64_t hash, word;
    struct mg_ctab *table = table_open(run, args, true);
    if (table == NULL || !key_hash(run, args, 1, &hash)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 5);
    struct mg_ctab_body *body = mg_ctab_body_of(table);
    if (mg_ctab_find(body, args[1], hash) != NULL) {
        return MG_FALSE;
    }
    if (!mg_word_of(run, args, 2, &word)) {
        return MG_PRIM_FAILED;
    }
    enum mg_ctab_outcome outcome =
        mg_ctab_insert(body, run->scheduler, run->copy, args[1], hash, word, NULL);
    if (outcome == MG_CTAB_FULL) {
        return refuse_full(run, word);
    }
    if (outcome != MG_CTAB_DONE) {
        mg_ctab_word_free(word, run->blocks);
    }
    return mg_boolean(outcome == MG_CTAB_DONE);
}

static mg_value prim_remove_if_absent(struct mg_run *run, mg_value *args)
{
    uint64_t hash, word;
    struct mg_ctab *table = table_open(run, args, true);
    if (table == NULL || !key_hash(run, args, 1, &hash)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 5);
    if (!mg_ctab_remove(mg_ctab_body_of(table), run->scheduler, args[1], hash, NULL, &word)) {
        return MG_PRIM_DECLINE;
    }
    return word_answer(run, args, word);
}

/* Adds the SmallInteger args[2] where there is one, or nothing; declines other numbers. */
static mg_value prim_at_add(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    struct mg_ctab *table = table_open(run, args, true);
    if (table == NULL || !key_hash(run, args, 1, &hash)) {
        return MG_PRIM_FAILED;
    }
    struct mg_ctab_body *body = mg_ctab_body_of(table);
    if (!mg_is_small(args[2])) {
        return MG_PRIM_DECLINE;
    }
    mg_run_charge(run, 3);
    for (;;) {
        struct mg_ctab_entry *entry = mg_ctab_find(body, args[1], hash);
        uint64_t seen = entry == NULL ? MG_CTAB_GONE : mg_ctab_entry_word(entry);
        enum mg_ctab_outcome outcome = MG_CTAB_CHANGED;
        if (entry == NULL) {
            outcome = mg_ctab_insert(body, run->scheduler, run->copy, args[1], hash, args[2], NULL);
            if (outcome == MG_CTAB_DONE) {
                return args[2];
            }
        }
        while (outcome == MG_CTAB_CHANGED && seen != MG_CTAB_GONE) {
            int64_t sum;
            if (!mg_is_small(seen) ||
                (sum = mg_small_value(seen) + mg_small_value(args[2]), !mg_small_fits(sum))) {
                return MG_PRIM_DECLINE;
            }
            outcome = mg_ctab_replace(body, run->scheduler, entry, &seen, mg_small(sum));
            if (MG_LIKELY(outcome == MG_CTAB_DONE)) {
                return mg_small(sum);
            }
        }
        if (outcome == MG_CTAB_FULL) {
            return refuse_full(run, MG_NIL);
        }
    }
}

/* Whether a word's value equals args[2]. */
static bool word_equals(uint64_t word, mg_value expected)
{
    return word != MG_CTAB_GONE && mg_key_equal(mg_ctab_word_value(word), expected);
}

/* Puts args[3] where args[2] is. */
static mg_value prim_at_if_put(struct mg_run *run, mg_value *args)
{
    uint64_t hash, expected_hash, word;
    struct mg_ctab *table = table_open(run, args, true);
    if (table == NULL || !key_hash(run, args, 1, &hash) ||
        (args[2] != MG_NIL && !key_hash(run, args, 2, &expected_hash))) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 5);
    struct mg_ctab_body *body = mg_ctab_body_of(table);
    struct mg_ctab_entry *entry = mg_ctab_find(body, args[1], hash);
    uint64_t seen = entry == NULL ? MG_CTAB_GONE : mg_ctab_entry_word(entry);
    if (!word_equals(seen, args[2])) {
        return MG_FALSE;
    }
    if (!mg_word_of(run, args, 3, &word)) {
        return MG_PRIM_FAILED;
    }
    enum mg_ctab_outcome outcome;
    do {
        outcome = mg_ctab_replace(body, run->scheduler, entry, &seen, word);
    } while (outcome == MG_CTAB_CHANGED && word_equals(seen, args[2]));
    if (outcome == MG_CTAB_FULL) {
        return refuse_full(run, word);
    }
    if (outcome != MG_CTAB_DONE) {
        mg_ctab_word_free(word, run->blocks);
    }
    return mg_boolean(outcome == MG_CTAB_DONE);
}

static mg_value prim_clear(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_open(run, args, true);
    if (table == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_ctabs_clear(run->scheduler, table);
    mg_run_charge(run, 30);
    return args[0];
}

/* -- Order -- */

static struct mg_ctab *table_ordered(struct mg_run *run, const mg_value *args)
{
    struct mg_ctab *table = table_open(run, args, false);
    if (table == NULL || table->kind == MG_CTAB_ORDERED) {
        return table;
    }
    mg_prim_error(run, "the table is not ordered");
    return NULL;
}

/* The key nearest to args[1], or to an end of the table without one; nil for none. */
static mg_value seek(struct mg_run *run, mg_value *args, enum mg_ctab_way way, bool from_key)
{
    uint64_t hash;
    struct mg_ctab *table = table_ordered(run, args);
    if (table == NULL || (from_key && !key_hash(run, args, 1, &hash))) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 4);
    struct mg_ctab_entry *entry =
        mg_ctab_seek(mg_ctab_body_of(table), way, from_key ? args[1] : MG_UNSET);
    return entry == NULL ? MG_NIL : word_answer(run, args, entry->key);
}

static mg_value prim_first(struct mg_run *run, mg_value *args)
{
    return seek(run, args, MG_CTAB_AFTER, false);
}

static mg_value prim_last(struct mg_run *run, mg_value *args)
{
    return seek(run, args, MG_CTAB_BEFORE, false);
}

static mg_value prim_after(struct mg_run *run, mg_value *args)
{
    return seek(run, args, MG_CTAB_AFTER, true);
}

static mg_value prim_before(struct mg_run *run, mg_value *args)
{
    return seek(run, args, MG_CTAB_BEFORE, true);
}

static mg_value prim_from(struct mg_run *run, mg_value *args)
{
    return seek(run, args, MG_CTAB_FROM, true);
}

static mg_value prim_up_to(struct mg_run *run, mg_value *args)
{
    return seek(run, args, MG_CTAB_UPTO, true);
}

static mg_value prim_compare(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    if (!key_hash(run, args, 1, &hash) || !key_hash(run, args, 2, &hash)) {
        return MG_PRIM_FAILED;
    }
    int order = mg_key_compare(run->world->symbols, args[1], args[2]);
    return mg_small((order > 0) - (order < 0));
}

/* -- Slices of a walk -- */

struct slice {
    struct mg_ctab_entry *entries[SLICE_ENTRIES];
    uint64_t words[SLICE_ENTRIES]; /* the values, as they were when looked at */
    struct mg_ctab_place place;
    uint64_t last_key; /* ordered: word of the key to go on behind */
    uint32_t count;
    uint64_t room; /* words of the copies */
};

/* Where to go on: args[1] is the slice before, or nil; args[3] the key to begin with, or nil. */
static bool slice_place(struct mg_run *run, const mg_value *args, bool ordered,
                        struct mg_ctab_place *place)
{
    uint64_t hash;
    *place = (struct mg_ctab_place){.after = MG_UNSET};
    if (args[1] == MG_NIL) {
        if (ordered && args[3] != MG_NIL) {
            place->after = args[3];
            place->inclusive = true;
            return key_hash(run, args, 3, &hash);
        }
        return true;
    }
    bool good = mg_is_instance(args[1], MG_CLASS_ARRAY) &&
                mg_object_words(mg_object(args[1])) >= 2 && mg_is_small(mg_slot(args[1], 0));
    mg_value behind = good ? mg_slot(args[1], 1) : MG_NIL;
    if (good && ordered) {
        place->after = behind;
        good = mg_key_hash(behind, &hash) == MG_KEY_OK;
    } else if (good) {
        good = mg_is_small(behind) && mg_small_value(behind) >= 0 &&
               mg_small_value(mg_slot(args[1], 0)) >= 0;
        place->order = (uint64_t)mg_small_value(mg_slot(args[1], 0));
        place->serial = good ? (uint64_t)mg_small_value(behind) : 0;
    }
    if (!good) {
        mg_prim_error(run, "not a slice of this table");
    }
    return good;
}

/* Looks at the next entries, as many as fit. */
static void slice_fill(struct slice *slice, struct mg_ctab_body *body, bool values)
{
    struct mg_ctab_entry *found[SLICE_ENTRIES];
    uint32_t count = mg_ctab_walk(body, &slice->place, found, SLICE_ENTRIES);
    slice->count = 0;
    slice->room = 0;
    slice->last_key = MG_NIL;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = mg_ctab_entry_word(found[i]);
        slice->last_key = found[i]->key;
        if (word != MG_CTAB_GONE) {
            slice->room += mg_ctab_word_words(found[i]->key);
            slice->room += values ? mg_ctab_word_words(word) : 0;
            slice->words[slice->count] = word;
            slice->entries[slice->count++] = found[i];
        }
        if (slice->room > SLICE_WORDS && i + 1 < count) {
            slice->place.order = found[i]->node.order;
            slice->place.serial = found[i]->serial;
            slice->place.done = false;
            return;
        }
    }
}

/* {place or nil. place. key. value. key ...}, the values only with args[2] true. */
static mg_value prim_slice(struct mg_run *run, mg_value *args)
{
    struct slice slice;
    struct mg_ctab *table = table_open(run, args, false);
    if (table == NULL) {
        return MG_PRIM_FAILED;
    }
    bool ordered = table->kind == MG_CTAB_ORDERED;
    bool values = args[2] == MG_TRUE;
    if (!slice_place(run, args, ordered, &slice.place)) {
        return MG_PRIM_FAILED;
    }
    slice_fill(&slice, mg_ctab_body_of(table), values);
    uint32_t n = 2 + slice.count * (values ? 2 : 1);
    uint64_t room = slice.room + (ordered ? mg_ctab_word_words(slice.last_key) : 0);
    mg_run_charge(run, 10 + slice.count + room / 8);
    if (mg_run_reserve(run, args, room + mg_object_span(MG_FORMAT_ARRAY, n)) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *answer = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    for (uint32_t i = 0, at = 2; i < slice.count; i++) {
        answer->words[at++] = mg_ctab_word_copy(run->copy, run->heap, slice.entries[i]->key);
        if (values) {
            answer->words[at++] = mg_ctab_word_copy(run->copy, run->heap, slice.words[i]);
        }
    }
    answer->words[0] = slice.place.done ? MG_NIL
                       : ordered        ? mg_small(0)
                                        : mg_small((int64_t)slice.place.order);
    answer->words[1] = ordered ? mg_ctab_word_copy(run->copy, run->heap, slice.last_key)
                               : mg_small((int64_t)slice.place.serial);
    return mg_pointer(answer);
}

/* -- Owner and heir -- */

/* A message #tableTransfer with the payload {args[0]. args[2]}; NULL with the error set. */
static struct mg_signal *notice_new(struct mg_run *run, mg_value *args)
{
    args = mg_run_reserve(run, args, 3);
    if (args == NULL) {
        return NULL;
    }
    struct mg_object *pair = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    pair->words[0] = args[0];
    pair->words[1] = args[2];
    mg_value payload = mg_pointer(pair);
    if (!mg_process_measure(run, &payload, 1)) {
        return NULL;
    }
    struct mg_signal *notice = mg_signal_new(run->blocks, MG_SIGNAL_MESSAGE, run->copy->words);
    mg_copy_write(run->copy, &notice->fragment, mg_signal_words(notice), &payload, &notice->payload,
                  1);
    notice->selector = mg_symbol_intern(run->world->symbols, "tableTransfer", 13);
    return notice;
}

static mg_value prim_give(struct mg_run *run, mg_value *args)
{
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    mg_pid to = mg_process_control(args[1])->pid;
    struct mg_ctab *table = table_owned(run, args);
    struct mg_signal *notice = table == NULL ? NULL : notice_new(run, args);
    if (notice == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    bool given = mg_ctabs_give(s, table, mg_actor_pid(run->actor), to, notice);
    mg_run_leave(run);
    return given ? MG_TRUE : fail(run, MG_CLASS_NO_PROCESS, "the process has ended");
}

static mg_value prim_set_heir(struct mg_run *run, mg_value *args)
{
    if (args[1] != MG_NIL && !mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    struct mg_ctab *table = table_owned(run, args);
    if (table == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_signal *notice = NULL;
    mg_pid heir = MG_PID_NONE;
    if (args[1] != MG_NIL) {
        heir = mg_process_control(args[1])->pid;
        notice = notice_new(run, args);
        if (notice == NULL) {
            return MG_PRIM_FAILED;
        }
    }
    (void)mg_ctabs_set_heir(run->scheduler, table, mg_actor_pid(run->actor), heir, notice);
    return run->args[0];
}

static mg_value process_answer(struct mg_run *run, mg_value *args, mg_pid pid)
{
    if (pid == MG_PID_NONE) {
        return MG_NIL;
    }
    return mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL ? MG_PRIM_FAILED
                                                              : mg_process_of_pid(run, pid);
}

static mg_value prim_owner(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    return table == NULL ? MG_PRIM_FAILED : process_answer(run, args, mg_ctab_owner(table));
}

static mg_value prim_heir(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    if (table == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_pid heir = mg_ctabs_heir(mg_sched_tables(run->scheduler->sched), table);
    return process_answer(run, args, heir);
}

static mg_value prim_delete(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    if (table == NULL) {
        return MG_PRIM_FAILED;
    }
    if (table->access != MG_CTAB_PUBLIC && (table = table_owned(run, args)) == NULL) {
        return MG_PRIM_FAILED;
    }
    if (mg_ctab_owner(table) == MG_PID_NONE) {
        return fail(run, MG_CLASS_ACCESS_DENIED, "the table belongs to the node");
    }
    mg_run_charge(run, 30);
    return mg_boolean(mg_ctabs_delete(run->scheduler, table));
}

/* -- Looking at it -- */

static mg_value prim_is_alive(struct mg_run *run, mg_value *args)
{
    mg_value id = mg_slot(args[0], MG_TABLE_ID);
    const struct mg_ctabs *tables = mg_sched_tables(run->scheduler->sched);
    return mg_boolean(mg_is_small(id) &&
                      mg_ctabs_find(tables, (uint64_t)mg_small_value(id)) != NULL);
}

static mg_value prim_memory_bytes(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    return table == NULL ? MG_PRIM_FAILED
                         : mg_small((int64_t)mg_ctab_bytes(mg_ctab_body_of(table)));
}

static mg_value prim_name(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    if (table == NULL) {
        return MG_PRIM_FAILED;
    }
    if (table->name == NULL) {
        return MG_NIL;
    }
    if (mg_run_reserve(run, args, mg_string_words(table->name_len)) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_string_new(run->heap, table->name, table->name_len);
}

static mg_value prim_access(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    return table == NULL ? MG_PRIM_FAILED : mg_small(table->access);
}

static mg_value prim_is_ordered(struct mg_run *run, mg_value *args)
{
    struct mg_ctab *table = table_find(run, args);
    return table == NULL ? MG_PRIM_FAILED : mg_boolean(table->kind == MG_CTAB_ORDERED);
}

static mg_value prim_equal(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_equal(args[0], args[1]) == MG_EQUAL_YES);
}

static mg_value prim_hash(struct mg_run *run, mg_value *args)
{
    int64_t hash = 0;
    (void)run;
    return mg_equal_hash(args[0], &hash) ? mg_small(hash) : mg_small(0);
}

const struct mg_prim_entry mg_prims_ctab[] = {
    {"Table class>>primOrdered:access:bytes:count:name:owned:", prim_make},
    {"Table class>>named:", prim_named},
    {"Table class>>primAllFrom:", prim_all_from},
    {"Table class>>compare:with:", prim_compare},
    {"Config class>>primTable", prim_settings},
    {"Table>>at:", prim_at},
    {"Table>>at:ifAbsent:", prim_at_if_absent},
    {"Table>>at:ifAbsentPut:", prim_at_if_absent},
    {"Table>>includesKey:", prim_includes},
    {"Table>>size", prim_size},
    {"Table>>at:put:", prim_at_put},
    {"Table>>at:putNew:", prim_at_put_new},
    {"Table>>removeKey:ifAbsent:", prim_remove_if_absent},
    {"Table>>at:add:", prim_at_add},
    {"Table>>at:if:put:", prim_at_if_put},
    {"Table>>clear", prim_clear},
    {"Table>>first", prim_first},
    {"Table>>last", prim_last},
    {"Table>>after:", prim_after},
    {"Table>>before:", prim_before},
    {"Table>>from:", prim_from},
    {"Table>>upTo:", prim_up_to},
    {"Table>>slice:values:from:", prim_slice},
    {"Table>>giveTo:data:", prim_give},
    {"Table>>heir:data:", prim_set_heir},
    {"Table>>owner", prim_owner},
    {"Table>>heir", prim_heir},
    {"Table>>delete", prim_delete},
    {"Table>>isAlive", prim_is_alive},
    {"Table>>memoryBytes", prim_memory_bytes},
    {"Table>>name", prim_name},
    {"Table>>primAccess", prim_access},
    {"Table>>isOrdered", prim_is_ordered},
    {"Table>>=", prim_equal},
    {"Table>>hash", prim_hash},
    {NULL, NULL},
};
