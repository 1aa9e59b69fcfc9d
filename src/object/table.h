/* SPDX-License-Identifier: MIT */
/* Hashed tables in the heap: the inside of Dictionary and Set. They keep the order of insertion.
 *
 *      Dictionary or Set
 *      entries ──> Array      [ hash key value | hash key value | ... | nil nil nil ]
 *      index ────> ByteArray  [ 0 | tag 6, number 26 | 0 | 0 | tag 6, number 26 | ... ]
 *      count       live entries                     an entry has `stride` words: 3 in a Dictionary,
 *      used        live and removed ones            and 2 in a Set, without the value
 *
 * Entries are numbered from 1. The index is searched by open addressing with linear probing; a slot
 * holds six bits of the hash besides the number, so that hardly ever a wrong entry is looked at. An
 * entry that is removed becomes a tombstone and leaves when the table is next rebuilt. A new table
 * has neither array until something is put in.
 *
 * The stored hash is what `hash` answered for the key, a SmallInteger; it is mixed when a slot is
 * computed, so bad hashes such as multiples of a thousand do no harm. Keys whose equality is
 * intrinsic (equal.h) are found by mg_table_find; for others Maggie code walks the candidates with
 * mg_table_probe and asks them.
 *
 * T1  Every live entry is reached from the home slot of its stored hash before an empty slot.
 * T2  used <= capacity = 5/8 of the slots, so there is an empty slot.
 * T3  entries has capacity * stride words, and 4 bytes of index belong to each slot; slots are a
 *     power of two from 8.
 * T4  The key of a removed entry is MG_TOMBSTONE; words behind the last used entry are nil.
 * T5  No function here trusts T1..T4, since Maggie subclasses can assign the variables: what is
 *     found damaged is not followed, and changes are refused.
 *
 * Threads: the thread that runs the actor. Memory: both arrays live in the heap; what a put may
 * need is reserved before by the caller. Story and measurements: docs/internals/tables.md.
 */
#ifndef MG_OBJECT_TABLE_H
#define MG_OBJECT_TABLE_H

#include "object/heap.h"

struct mg_world;

#define MG_DICTIONARY_STRIDE 3u
#define MG_SET_STRIDE 2u

enum { MG_ENTRY_HASH, MG_ENTRY_KEY, MG_ENTRY_VALUE };

/* Slots of the greatest index, and with them 41,943,040 entries: numbers have 26 bits, and an Array
 * 2^27 slots. */
#define MG_TABLE_SLOTS_MAX (1u << 26)

/* What mg_table_put_words answers when nothing can be put: the table is full, or damaged (T5). */
#define MG_TABLE_REFUSED SIZE_MAX

/* 2 for a Set and what is below it, 3 for other hashed collections. */
uint32_t mg_table_stride(const struct mg_world *world, mg_value table);

/* Makes a hashed collection with room for `capacity` entries before it grows, none if 0. The object
 * has `slot_count` slots (those below the four of the table are nil). A capacity beyond the
 * greatest is taken for the greatest. */
size_t mg_table_new_words(uint32_t slot_count, uint32_t stride, uint64_t capacity);
mg_value mg_table_new(struct mg_heap *heap, uint32_t class_id, uint32_t slot_count, uint32_t stride,
                      uint64_t capacity);

/* Whether the hashes in the table were made on another node; then nothing is found until it was
 * rehashed, and primitives decline. */
static inline bool mg_table_is_stale(mg_value table)
{
    return MG_UNLIKELY((mg_object(table)->header & MG_FLAG_REHASH) != 0);
}

/* What the fast ways below answer. */
enum mg_table_answer {
    MG_TABLE_ABSENT,
    MG_TABLE_FOUND,
    MG_TABLE_DECLINED, /* no intrinsic equality, or a stale table: Maggie code has to look */
};

/* `at:` in one step: the value under the key in a Dictionary, nil when absent, MG_UNSET when
 * declined. Quick for SmallIntegers, symbols, characters and the like. */
mg_value mg_table_at(mg_value table, mg_value key);

/* `includes:` and the like in one step: the number of the entry with the key, written when FOUND.
 */
enum mg_table_answer mg_table_lookup(mg_value table, uint32_t stride, mg_value key,
                                     uint32_t *entry);

/* Live entries; 0 for a damaged table. */
uint32_t mg_table_count(mg_value table, uint32_t stride);

/* The number of the entry whose key equals this one, which has intrinsic equality and this hash
 * (mg_equal_hash); 0 if there is none. */
uint32_t mg_table_find(mg_value table, uint32_t stride, mg_value key, int64_t hash);

/* The next entry behind `after` (0: from the start), in the order of search, whose stored hash is
 * this; 0 at the end. */
uint32_t mg_table_probe(mg_value table, uint32_t stride, int64_t hash, uint32_t after);

/* The next live entry behind `after` (0: from the start) in order of insertion; 0 at the end. */
uint32_t mg_table_next(mg_value table, uint32_t stride, uint32_t after);

/* Parts of a live entry; nil for a number that is none, or a tombstone. */
mg_value mg_table_key_at(mg_value table, uint32_t stride, uint32_t entry);
mg_value mg_table_value_at(mg_value table, uint32_t stride, uint32_t entry);

/* Replaces the value of a live entry of a Dictionary, or the stored hash of an entry (then
 * mg_table_reindex is due). False for a number that is none. */
bool mg_table_value_put(struct mg_heap *heap, mg_value table, uint32_t entry, mg_value value);
bool mg_table_hash_put(mg_value table, uint32_t stride, uint32_t entry, int64_t hash);

/* Whether one put or add finds room in the arrays as they are; else the table is rebuilt by it. */
bool mg_table_has_room(mg_value table, uint32_t stride);

/* Words to reserve before one put or add: 0 with room, and when the arrays can be rebuilt where
 * they are; or MG_TABLE_REFUSED. */
size_t mg_table_put_words(const struct mg_heap *heap, mg_value table, uint32_t stride);

/* Puts the value under the key, which has intrinsic equality and this hash: into the entry that has
 * an equal key, or into a new one. Answers its number; 0 when refused. */
uint32_t mg_table_put(struct mg_heap *heap, mg_value table, uint32_t stride, mg_value key,
                      int64_t hash, mg_value value);

/* The same in one step for keys as they are mostly, in a table that has room: quick, or false with
 * nothing changed. */
bool mg_table_put_quickly(struct mg_heap *heap, mg_value table, uint32_t stride, mg_value key,
                          mg_value value);

/* Makes an entry without looking for an equal key. Answers its number; 0 when refused. */
uint32_t mg_table_add(struct mg_heap *heap, mg_value table, uint32_t stride, mg_value key,
                      int64_t hash, mg_value value);

/* Removes a live entry; numbers of others do not change. False for a number that is none. */
bool mg_table_remove(struct mg_heap *heap, mg_value table, uint32_t stride, uint32_t entry);

/* Removes everything; the table lets go of its arrays. */
void mg_table_clear(struct mg_heap *heap, mg_value table);

/* Rebuilds the index from the stored hashes and clears the mark of a stale table. Allocates
 * nothing: tombstones stay. */
void mg_table_reindex(mg_value table, uint32_t stride);

/* A new Array of the hashes, keys or values (enum above) of the live entries, in order. */
size_t mg_table_column_words(mg_value table, uint32_t stride);
mg_value mg_table_column(struct mg_heap *heap, mg_value table, uint32_t stride, uint32_t column);

/* Stops the process if T1..T4 do not hold. */
void mg_table_audit(mg_value table, uint32_t stride);

#endif
