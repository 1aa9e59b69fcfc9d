/* SPDX-License-Identifier: MIT */
/* Primitives of HashedCollection, Dictionary and Set over object/table.h.
 *
 * Searching ones decline for keys whose equality is not intrinsic, and for a table whose hashes
 * were made on another node; their fallbacks in Maggie use the raw ones (prim…) of this file. A
 * table whose variables make no sense is taken for an empty one by table.h, and refuses changes.
 *
 * Threads: the thread that runs the actor.
 */
#include "base/limits.h"
#include "interp/prim.h"
#include "object/equal.h"
#include "object/table.h"

static uint32_t stride_of(const struct mg_run *run, const mg_value *args)
{
    return mg_table_stride(run->world, args[0]);
}

static mg_value refused(struct mg_run *run)
{
    return mg_prim_error(run, "the table cannot take more");
}

/* Checks args[i] as the number of an entry; 0, which is none, with the error set otherwise. */
static uint32_t entry_number(struct mg_run *run, const mg_value *args, uint32_t i)
{
    if (!mg_is_small(args[i])) {
        mg_prim_type_error(run, i, "SmallInteger");
        return 0;
    }
    int64_t n = mg_small_value(args[i]);
    if (n < 1 || n > UINT32_MAX) {
        mg_prim_error(run, "no such entry");
        return 0;
    }
    return (uint32_t)n;
}

/* -- Making -- */

static mg_value new_table(struct mg_run *run, mg_value *args, uint64_t capacity)
{
    const struct mg_class *class = mg_world_class(run->world, mg_class_value_id(args[0]));
    bool is_set = mg_world_inherits(run->world, class->id, MG_CLASS_SET);
    uint32_t stride = is_set ? MG_SET_STRIDE : MG_DICTIONARY_STRIDE;
    size_t words = mg_table_new_words(class->slot_count, stride, capacity);
    args = mg_run_reserve(run, args, words);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, words / 64);
    return mg_table_new(run->heap, class->id, class->slot_count, stride, capacity);
}

static mg_value prim_new(struct mg_run *run, mg_value *args)
{
    return new_table(run, args, 0);
}

static mg_value prim_new_capacity(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t capacity = mg_small_value(args[1]);
    if (capacity > (int64_t)(MG_TABLE_SLOTS_MAX / 8 * 5)) {
        return mg_prim_error(run, "requested capacity exceeds maximum");
    }
    return new_table(run, args, capacity < 0 ? 0 : (uint64_t)capacity);
}

/* -- Searching -- */

/* The entry of the key args[1] in *entry; false when the primitive must decline. */
static inline bool find(const mg_value *args, uint32_t stride, uint32_t *entry)
{
    int64_t hash;
    if (mg_table_is_stale(args[0]) || !mg_equal_hash(args[1], &hash)) {
        return false;
    }
    *entry = mg_table_find(args[0], stride, args[1], hash);
    return true;
}

static mg_value prim_find(struct mg_run *run, mg_value *args)
{
    uint32_t entry;
    return find(args, stride_of(run, args), &entry) ? mg_small(entry) : MG_PRIM_DECLINE;
}

static mg_value prim_dictionary_at(struct mg_run *run, mg_value *args)
{
    (void)run;
    uint32_t entry;
    if (!find(args, MG_DICTIONARY_STRIDE, &entry)) {
        return MG_PRIM_DECLINE;
    }
    if (entry == 0) {
        return MG_NIL;
    }
    /* What has just been found needs no second check. */
    const struct mg_object *entries = mg_object(mg_slot(args[0], MG_HASHED_ENTRIES));
    return entries->words[(uint64_t)(entry - 1) * MG_DICTIONARY_STRIDE + MG_ENTRY_VALUE];
}

static mg_value prim_set_includes(struct mg_run *run, mg_value *args)
{
    (void)run;
    uint32_t entry;
    return find(args, MG_SET_STRIDE, &entry) ? mg_boolean(entry != 0) : MG_PRIM_DECLINE;
}

/* Room for one more entry: args, which may have moved, or NULL with the error set. */
static inline mg_value *reserve_entry(struct mg_run *run, mg_value *args, uint32_t stride)
{
    if (MG_LIKELY(mg_table_has_room(args[0], stride))) {
        return args;
    }
    size_t words = mg_table_put_words(run->heap, args[0], stride);
    if (words == MG_TABLE_REFUSED) {
        refused(run);
        return NULL;
    }
    mg_run_charge(run, mg_table_count(args[0], stride));
    return words == 0 ? args : mg_run_reserve(run, args, words);
}

/* Puts args[2], or nil into a Set, under args[1]. Answers 0, or what the primitive answers. */
static inline mg_value put(struct mg_run *run, mg_value **args, uint32_t stride)
{
    int64_t hash;
    if (mg_table_is_stale((*args)[0]) || !mg_equal_hash((*args)[1], &hash)) {
        return MG_PRIM_DECLINE;
    }
    mg_value *w = reserve_entry(run, *args, stride);
    if (w == NULL) {
        return MG_PRIM_FAILED;
    }
    *args = w;
    mg_value value = stride == MG_DICTIONARY_STRIDE ? w[2] : MG_NIL;
    return mg_table_put(run->heap, w[0], stride, w[1], hash, value) == 0 ? refused(run) : 0;
}

static mg_value prim_dictionary_at_put(struct mg_run *run, mg_value *args)
{
    mg_value outcome = put(run, &args, MG_DICTIONARY_STRIDE);
    return outcome == 0 ? args[2] : outcome;
}

static mg_value prim_set_add(struct mg_run *run, mg_value *args)
{
    mg_value outcome = put(run, &args, MG_SET_STRIDE);
    return outcome == 0 ? args[1] : outcome;
}

/* -- The same in short -- */

static mg_value leaf_dictionary_at(struct mg_heap *heap, mg_value table, mg_value key,
                                   mg_value second)
{
    (void)heap, (void)second;
    return mg_table_at(table, key);
}

static mg_value leaf_dictionary_at_put(struct mg_heap *heap, mg_value table, mg_value key,
                                       mg_value value)
{
    return MG_LIKELY(mg_table_put_quickly(heap, table, MG_DICTIONARY_STRIDE, key, value))
               ? value
               : MG_LEAF_DECLINE;
}

static mg_value leaf_set_includes(struct mg_heap *heap, mg_value table, mg_value element,
                                  mg_value second)
{
    (void)heap, (void)second;
    uint32_t entry;
    enum mg_table_answer answer = mg_table_lookup(table, MG_SET_STRIDE, element, &entry);
    return answer == MG_TABLE_DECLINED ? MG_LEAF_DECLINE : mg_boolean(answer == MG_TABLE_FOUND);
}

static mg_value leaf_set_add(struct mg_heap *heap, mg_value table, mg_value element,
                             mg_value second)
{
    (void)second;
    return MG_LIKELY(mg_table_put_quickly(heap, table, MG_SET_STRIDE, element, MG_NIL))
               ? element
               : MG_LEAF_DECLINE;
}

const struct mg_leaf_entry mg_leaves_hashed[] = {
    {"Dictionary>>at:", leaf_dictionary_at},
    {"Dictionary>>at:put:", leaf_dictionary_at_put},
    {"Set>>includes:", leaf_set_includes},
    {"Set>>add:", leaf_set_add},
    {NULL, NULL},
};

/* -- Columns -- */

static mg_value column(struct mg_run *run, mg_value *args, uint32_t stride, uint32_t number)
{
    size_t words = mg_table_column_words(args[0], stride);
    args = mg_run_reserve(run, args, words);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, words / 16);
    return mg_table_column(run->heap, args[0], stride, number);
}

static mg_value prim_dictionary_keys(struct mg_run *run, mg_value *args)
{
    return column(run, args, MG_DICTIONARY_STRIDE, MG_ENTRY_KEY);
}

static mg_value prim_dictionary_values(struct mg_run *run, mg_value *args)
{
    return column(run, args, MG_DICTIONARY_STRIDE, MG_ENTRY_VALUE);
}

static mg_value prim_set_as_array(struct mg_run *run, mg_value *args)
{
    return column(run, args, MG_SET_STRIDE, MG_ENTRY_KEY);
}

/* -- Raw access for the fallbacks -- */

/* Checks args[i] as a hash. */
static bool hash_of(struct mg_run *run, const mg_value *args, uint32_t i, int64_t *hash)
{
    if (!mg_is_small(args[i])) {
        mg_prim_error(run, "hash must be a SmallInteger");
        return false;
    }
    *hash = mg_small_value(args[i]);
    return true;
}

/* Checks args[i] as the number of an entry or 0. */
static bool position_of(struct mg_run *run, const mg_value *args, uint32_t i, uint32_t *position)
{
    if (args[i] == mg_small(0)) {
        *position = 0;
        return true;
    }
    *position = entry_number(run, args, i);
    return *position != 0;
}

static mg_value prim_probe(struct mg_run *run, mg_value *args)
{
    int64_t hash;
    uint32_t after;
    if (!hash_of(run, args, 1, &hash) || !position_of(run, args, 2, &after)) {
        return MG_PRIM_FAILED;
    }
    return mg_small(mg_table_probe(args[0], stride_of(run, args), hash, after));
}

static mg_value prim_next(struct mg_run *run, mg_value *args)
{
    uint32_t after;
    if (!position_of(run, args, 1, &after)) {
        return MG_PRIM_FAILED;
    }
    return mg_small(mg_table_next(args[0], stride_of(run, args), after));
}

static mg_value prim_key_at(struct mg_run *run, mg_value *args)
{
    uint32_t entry = entry_number(run, args, 1);
    return entry == 0 ? MG_PRIM_FAILED : mg_table_key_at(args[0], stride_of(run, args), entry);
}

static mg_value prim_value_at(struct mg_run *run, mg_value *args)
{
    uint32_t entry = entry_number(run, args, 1);
    uint32_t stride = stride_of(run, args);
    return entry == 0                       ? MG_PRIM_FAILED
           : stride == MG_DICTIONARY_STRIDE ? mg_table_value_at(args[0], stride, entry)
                                            : MG_NIL;
}

static mg_value prim_value_at_put(struct mg_run *run, mg_value *args)
{
    uint32_t entry = entry_number(run, args, 1);
    if (entry == 0) {
        return MG_PRIM_FAILED;
    }
    if (stride_of(run, args) != MG_DICTIONARY_STRIDE ||
        !mg_table_value_put(run->heap, args[0], entry, args[2])) {
        return mg_prim_error(run, "no such entry");
    }
    return args[2];
}

static mg_value prim_add(struct mg_run *run, mg_value *args)
{
    int64_t hash;
    uint32_t stride = stride_of(run, args);
    if (!hash_of(run, args, 1, &hash)) {
        return MG_PRIM_FAILED;
    }
    args = reserve_entry(run, args, stride);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_value value = stride == MG_DICTIONARY_STRIDE ? args[3] : MG_NIL;
    uint32_t entry = mg_table_add(run->heap, args[0], stride, args[2], hash, value);
    return entry == 0 ? refused(run) : mg_small(entry);
}

static mg_value prim_remove_at(struct mg_run *run, mg_value *args)
{
    uint32_t entry = entry_number(run, args, 1);
    if (entry == 0) {
        return MG_PRIM_FAILED;
    }
    if (!mg_table_remove(run->heap, args[0], stride_of(run, args), entry)) {
        return mg_prim_error(run, "no such entry");
    }
    return args[0];
}

static mg_value prim_hash_at_put(struct mg_run *run, mg_value *args)
{
    int64_t hash;
    uint32_t entry = entry_number(run, args, 1);
    if (entry == 0 || !hash_of(run, args, 2, &hash)) {
        return MG_PRIM_FAILED;
    }
    if (!mg_table_hash_put(args[0], stride_of(run, args), entry, hash)) {
        return mg_prim_error(run, "no such entry");
    }
    return args[2];
}

static mg_value prim_is_stale(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_table_is_stale(args[0]));
}

static mg_value prim_reindex(struct mg_run *run, mg_value *args)
{
    uint32_t stride = stride_of(run, args);
    mg_run_charge(run, mg_table_count(args[0], stride));
    mg_table_reindex(args[0], stride);
    return args[0];
}

static mg_value prim_clear(struct mg_run *run, mg_value *args)
{
    mg_table_clear(run->heap, args[0]);
    return args[0];
}

const struct mg_prim_entry mg_prims_hashed[] = {
    {"HashedCollection class>>new", prim_new},
    {"HashedCollection class>>new:", prim_new_capacity},
    {"HashedCollection>>find:", prim_find},
    {"HashedCollection>>primProbe:after:", prim_probe},
    {"HashedCollection>>primKeyAt:", prim_key_at},
    {"HashedCollection>>primValueAt:", prim_value_at},
    {"HashedCollection>>primValueAt:put:", prim_value_at_put},
    {"HashedCollection>>primAdd:key:value:", prim_add},
    {"HashedCollection>>primRemoveAt:", prim_remove_at},
    {"HashedCollection>>primNextFrom:", prim_next},
    {"HashedCollection>>primIsStale", prim_is_stale},
    {"HashedCollection>>primHashAt:put:", prim_hash_at_put},
    {"HashedCollection>>primReindex", prim_reindex},
    {"HashedCollection>>primClear", prim_clear},
    {"Dictionary>>at:", prim_dictionary_at},
    {"Dictionary>>at:put:", prim_dictionary_at_put},
    {"Dictionary>>keys", prim_dictionary_keys},
    {"Dictionary>>values", prim_dictionary_values},
    {"Set>>includes:", prim_set_includes},
    {"Set>>add:", prim_set_add},
    {"Set>>asArray", prim_set_as_array},
    {NULL, NULL},
};
