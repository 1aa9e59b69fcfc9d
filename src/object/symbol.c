/* SPDX-License-Identifier: MIT */
/* Entries stand in an array reserved at its greatest size, by id. An index of ids, open addressing
 * with linear probing, finds them by text; it is replaced by one of twice the size when it is more
 * than half full. Old indexes are kept, since somebody may be reading them: all of them together
 * are smaller than the newest.
 *
 *      index->slots   [ - 7 - - 3 12 - ... ]     ids, 0 for empty; the home slot is hash & mask
 *      entries        [ (none) | 1 | 2 | ... ]
 *
 * S3  An id stands in the newest index if and only if it was published. Whoever knows of an id,
 *     from whatever source, sees an index that has it; a miss without the lock means that nobody
 *     had told this thread of the symbol, and becomes certain under the lock.
 *
 * Threads: readers anywhere; writers hold the lock.
 */
#include "object/symbol.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/assert.h"
#include "base/atomic.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/lock.h"

#include <string.h>

#define INDEX_SLOTS_FIRST 4096

struct symbol_index {
    struct symbol_index *older;
    uint32_t mask;
    _Atomic(uint32_t) slots[];
};

struct mg_symbols {
    struct mg_symbol_entry *entries;      // by id, 0 is not used
    _Atomic(struct symbol_index *) index; // the newest
    _Atomic(uint32_t) count;              // symbols published
    struct mg_lock lock;
    struct mg_arena texts;         // under the lock
    _Atomic(uint64_t) texts_bytes; // written under the lock
};

#define ENTRIES_BYTES ((MG_LIMIT_SYMBOLS + 1) * sizeof(struct mg_symbol_entry))

static struct symbol_index *index_new(uint32_t slots, struct symbol_index *older)
{
    struct symbol_index *index = mg_alloc_zero(sizeof *index + slots * sizeof index->slots[0]);
    index->mask = slots - 1;
    index->older = older;
    return index;
}

struct mg_symbols *mg_symbols_new(void)
{
    struct mg_symbols *table = mg_alloc_zero(sizeof *table);
    table->entries = mg_pages_reserve(ENTRIES_BYTES);
    mg_lock_init(&table->lock, MG_RANK_SYMBOLS);
    mg_arena_init(&table->texts);
    /* Y1 relaxed: nobody else has the table yet. Pairs with nothing. */
    store_relaxed(&table->index, index_new(INDEX_SLOTS_FIRST, NULL));
    return table;
}

void mg_symbols_free(struct mg_symbols *table)
{
    /* Y2 relaxed: the last owner frees. Pairs with nothing. */
    struct symbol_index *index = load_relaxed(&table->index);
    while (index != NULL) {
        struct symbol_index *older = index->older;
        mg_free(index);
        index = older;
    }
    mg_arena_deinit(&table->texts);
    mg_lock_deinit(&table->lock);
    mg_pages_release(table->entries, ENTRIES_BYTES);
    mg_free(table);
}

static bool entry_is(const struct mg_symbol_entry *e, const char *text, size_t len, uint32_t hash)
{
    return e->hash == hash && e->len == len && memcmp(e->text, text, len) == 0;
}

/* The id of the text in this index, or 0; *slot is where it stands or would stand. */
static uint32_t index_find(const struct mg_symbols *table, struct symbol_index *index,
                           const char *text, size_t len, uint32_t hash, uint32_t *slot)
{
    uint32_t i = hash & index->mask;
    for (;; i = (i + 1) & index->mask) {
        /* Y3 acquire: whoever sees the id sees its entry. Pairs with Y5 in index_put(). */
        uint32_t id = load_acquire(&index->slots[i]);
        if (id == 0 || entry_is(&table->entries[id], text, len, hash)) {
            *slot = i;
            return id;
        }
    }
}

uint32_t mg_symbol_find(struct mg_symbols *table, const char *text, size_t len)
{
    uint32_t slot;
    /* Y4 acquire: the index is filled. Pairs with Y6 in index_grow(). */
    struct symbol_index *index = load_acquire(&table->index);
    return index_find(table, index, text, len, mg_hash_bytes(text, len), &slot);
}

static void index_put(struct symbol_index *index, uint32_t slot, uint32_t id)
{
    /* Y5 release: the entry is complete (S2). Pairs with Y3 in index_find(). */
    store_release(&index->slots[slot], id);
}

/* The newest index, replaced by a larger one when `count` symbols fill half of it. */
static struct symbol_index *index_grow(struct mg_symbols *table, uint32_t count)
{
    /* Y8 relaxed: written under this lock only. Pairs with Y6 in index_grow(). */
    struct symbol_index *index = load_relaxed(&table->index);
    if (count <= index->mask / 2) {
        return index;
    }
    struct symbol_index *larger = index_new((index->mask + 1) * 2, index);
    for (uint32_t id = 1; id < count; id++) {
        const struct mg_symbol_entry *e = &table->entries[id];
        uint32_t slot;
        uint32_t found = index_find(table, larger, e->text, e->len, e->hash, &slot);
        ASSERT(found == 0);
        (void)found;
        index_put(larger, slot, id);
    }
    /* Y6 release: readers find it filled. Pairs with Y4 in mg_symbol_find(). */
    store_release(&table->index, larger);
    return larger;
}

static uint32_t text_argc(const char *text, size_t len)
{
    if (len == 0) {
        return 0;
    }
    if (strchr("+-*/\\~<>=@%|&?!,", text[0]) != NULL && text[0] != 0) {
        return 1;
    }
    uint32_t colons = 0;
    for (size_t i = 0; i < len; i++) {
        colons += text[i] == ':';
    }
    return colons;
}

static bool text_is_ascii(const char *text, size_t len)
{
    unsigned char all = 0;
    for (size_t i = 0; i < len; i++) {
        all |= (unsigned char)text[i];
    }
    return all < 128;
}

/* How much of the table may be filled, in 64ths of it: the rest is for code. */
enum fill { FILL_DATA = 48, FILL_CODE = 64 };

/* Whether so many more symbols with so many bytes of text fit. */
static bool symbols_fit(const struct mg_symbols *table, uint64_t count, uint64_t bytes,
                        enum fill fill)
{
    /* Y14 relaxed: numbers; what they are used for happens under the lock, or is an estimate. Pairs
     * with Y10 in symbol_add(). */
    uint64_t symbols = load_relaxed(&table->count) + count;
    /* Y15 relaxed: the same. Pairs with Y16 in symbol_add(). */
    uint64_t texts = load_relaxed(&table->texts_bytes) + bytes;
    return symbols <= MG_LIMIT_SYMBOLS / FILL_CODE * fill &&
           texts <= MG_LIMIT_SYMBOL_TEXTS / FILL_CODE * fill;
}

bool mg_symbols_fit(const struct mg_symbols *table, uint64_t count, uint64_t bytes)
{
    return symbols_fit(table, count, bytes, FILL_CODE);
}

/* Under the lock, for a text that is not there. */
static uint32_t symbol_add(struct mg_symbols *table, const char *text, size_t len, uint32_t hash,
                           enum fill fill)
{
    if (len > MG_LIMIT_SYMBOL_BYTES || !symbols_fit(table, 1, len + 1, fill)) {
        return 0;
    }
    /* Y9 relaxed: written under this lock only. Pairs with Y10 in symbol_add(). */
    uint32_t id = load_relaxed(&table->count) + 1;
    /* Y16 relaxed: a number. Pairs with Y15 in symbols_fit(). */
    fetch_add_relaxed(&table->texts_bytes, len + 1);
    table->entries[id] = (struct mg_symbol_entry){
        .text = mg_arena_strdup(&table->texts, text, len),
        .len = (uint32_t)len,
        .hash = hash,
        .argc = text_argc(text, len),
        .ascii = text_is_ascii(text, len),
    };
    uint32_t slot;
    struct symbol_index *index = index_grow(table, id);
    (void)index_find(table, index, text, len, hash, &slot);
    /* Y10 release: the entries up to here are complete. Before the index has the id, so that
     * whoever finds it there finds it counted. Pairs with Y11 in mg_symbol_count(). */
    store_release(&table->count, id);
    index_put(index, slot, id);
    return id;
}

static uint32_t symbol_intern(struct mg_symbols *table, const char *text, size_t len,
                              enum fill fill)
{
    uint32_t slot, hash = mg_hash_bytes(text, len);
    /* Y12 acquire: the index is filled. Pairs with Y6 in index_grow(). */
    struct symbol_index *index = load_acquire(&table->index);
    uint32_t id = index_find(table, index, text, len, hash, &slot);
    if (MG_LIKELY(id != 0)) {
        return id;
    }
    mg_lock_acquire(&table->lock);
    /* Y13 relaxed: written under this lock only. Pairs with Y6 in index_grow(). */
    index = load_relaxed(&table->index);
    id = index_find(table, index, text, len, hash, &slot);
    if (id == 0) {
        id = symbol_add(table, text, len, hash, fill);
    }
    mg_lock_release(&table->lock);
    return id;
}

uint32_t mg_symbol_intern(struct mg_symbols *table, const char *text, size_t len)
{
    return symbol_intern(table, text, len, FILL_CODE);
}

uint32_t mg_symbol_make(struct mg_symbols *table, const char *text, size_t len)
{
    return symbol_intern(table, text, len, FILL_DATA);
}

const struct mg_symbol_entry *mg_symbol_entry(const struct mg_symbols *table, uint32_t id)
{
    ASSERT(id != 0 && id <= mg_symbol_count(table));
    return &table->entries[id];
}

uint32_t mg_symbol_count(const struct mg_symbols *table)
{
    /* Y11 acquire: whoever counts may look at the entries. Pairs with Y10 in symbol_add(). */
    return load_acquire(&table->count);
}
