/* SPDX-License-Identifier: MIT */
/* What both kinds of concurrent tables share: words and boxes, the account of memory, writes, and
 * the end of a body. See ctab.h.
 *
 * The account is raised before something is linked and lowered after it was unlinked, so it is
 * never too low; what does not fit is refused before anything is changed (T3).
 *
 * Threads: any scheduler. Memory: entries and boxes are blocks of whatever scheduler makes them,
 * freed into the cache of whoever frees them.
 */
#include "sched/ctab.h"

#include "base/alloc.h"
#include "base/error.h"
#include "sched/internal.h"

/* Entries freed at a time when a body ends. */
#define REAP_BATCH 1000

/* -- The account -- */

uint64_t mg_ctab_count(const struct mg_ctab_body *body)
{
    /* C1 relaxed: a moment's figure. Pairs with C2 in account_raise(), account_lower(). */
    return load_relaxed(&body->count);
}

uint64_t mg_ctab_bytes(const struct mg_ctab_body *body)
{
    /* C1 relaxed: a moment's figure. Pairs with C2 in account_raise(), account_lower(). */
    return load_relaxed(&body->bytes);
}

static void account_lower(struct mg_ctab_body *body, uint64_t bytes, uint64_t count)
{
    /* C2 relaxed: only numbers. Pairs with C2 in account_raise(). */
    fetch_sub_relaxed(&body->bytes, bytes);
    if (count != 0)
        fetch_sub_relaxed(&body->count, count);
}

/* False when the limits do not allow it; then nothing has changed. */
static bool account_raise(struct mg_ctab_body *body, uint64_t bytes, uint64_t count)
{
    /* C2 relaxed: only numbers. Pairs with C2 in account_lower(). */
    uint64_t bytes_before = fetch_add_relaxed(&body->bytes, bytes);
    uint64_t count_before = count != 0 ? fetch_add_relaxed(&body->count, count) : 0;
    if (MG_LIKELY(bytes_before + bytes <= body->max_bytes &&
                  count_before + count <= body->max_count))
        return true;
    account_lower(body, bytes, count);
    return false;
}

void mg_ctab_index_grew(struct mg_ctab_body *body, uint64_t bytes)
{
    /* C2 relaxed: only a number. Pairs with C1 in mg_ctab_bytes(). */
    fetch_add_relaxed(&body->bytes, bytes);
}

/* -- Words -- */

uint64_t mg_ctab_word_write(struct mg_scheduler *s, struct mg_copy *copy, mg_value v)
{
    size_t size = sizeof(struct mg_ctab_box) + copy->words * sizeof(mg_value);
    CHECK(size <= UINT32_MAX);
    struct mg_ctab_box *box = mg_block_alloc(&s->blocks, size);
    *box = (struct mg_ctab_box){.fragment = {.block = box, .block_bytes = (uint32_t)size}};
    mg_copy_write(copy, &box->fragment, (mg_value *)(box + 1), &v, &box->root, 1);
    box->bytes = mg_block_size(size) + box->fragment.shared_bytes;
    return (uint64_t)(uintptr_t)box | MG_TAG_POINTER;
}

bool mg_ctab_word_new(struct mg_scheduler *s, struct mg_copy *copy, mg_value v, uint64_t *word)
{
    *word = v;
    if (!mg_is_pointer(v))
        return true;
    if (mg_copy_measure(copy, &v, 1) != 0)
        return false;
    *word = mg_ctab_word_write(s, copy, v);
    return true;
}

/* Fragments up to this many words are copied as a whole. */
#define WHOLE_WORDS 4096

mg_value mg_ctab_word_copy(struct mg_copy *copy, struct mg_heap *heap, uint64_t word)
{
    if (!mg_ctab_word_is_box(word))
        return word;
    const struct mg_ctab_box *box = mg_ctab_word_box(word);
    mg_value v = box->root;
    if (MG_UNLIKELY(box->fragment.words > WHOLE_WORDS)) {
        v = mg_copy_into_heap(copy, heap, v, box->fragment.words);
        CHECK(v != MG_UNSET);
    } else if (box->fragment.words != 0) {
        mg_heap_copy_fragment(heap, &box->fragment, &v, 1);
    }
    return v;
}

void mg_ctab_word_free(uint64_t word, struct mg_block_cache *blocks)
{
    if (mg_ctab_word_is_box(word))
        mg_fragment_free(&mg_ctab_word_box(word)->fragment, blocks);
}

static void box_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    mg_fragment_free(&MG_CONTAINER_OF(item, struct mg_ctab_box, retired)->fragment, &s->blocks);
}

void mg_ctab_word_retire(uint64_t word, struct mg_scheduler *s)
{
    if (!mg_ctab_word_is_box(word))
        return;
    struct mg_ctab_box *box = mg_ctab_word_box(word);
    box->retired.free = box_free_retired;
    mg_core_retire(mg_core_of(s), &box->retired);
}

/* -- Entries -- */

static size_t entry_size(const struct mg_ctab_body *body, uint64_t levels)
{
    return sizeof(struct mg_ctab_entry) + (body->kind == MG_CTAB_ORDERED ? levels : 0) * 8;
}

/* What the entry counts, its value left out. */
static uint64_t entry_bytes(const struct mg_ctab_body *body, const struct mg_ctab_entry *entry)
{
    return mg_block_size(entry_size(body, entry->serial)) + mg_ctab_word_bytes(entry->key);
}

static void entry_free(struct mg_ctab_entry *entry, size_t size, struct mg_block_cache *blocks)
{
    mg_ctab_word_free(entry->key, blocks);
    mg_block_free(blocks, entry, size);
}

static void hashed_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    entry_free(MG_CONTAINER_OF(item, struct mg_ctab_entry, retired), sizeof(struct mg_ctab_entry),
               &s->blocks);
}

static void ordered_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    struct mg_ctab_entry *entry = MG_CONTAINER_OF(item, struct mg_ctab_entry, retired);
    entry_free(entry, sizeof *entry + entry->serial * 8, &s->blocks);
}

static struct mg_ctab_entry *entry_new(struct mg_ctab_body *body, struct mg_scheduler *s,
                                       struct mg_copy *copy, mg_value key, uint64_t word)
{
    uint64_t key_word;
    bool copied = mg_ctab_word_new(s, copy, key, &key_word);
    CHECK(copied); // what can be a key can be copied
    uint64_t levels = body->kind == MG_CTAB_ORDERED ? mg_ctab_ordered_levels(body) : 0;
    struct mg_ctab_entry *entry = mg_block_alloc(&s->blocks, entry_size(body, levels));
    entry->serial = levels;
    entry->node.order = 1;
    entry->key = key_word;
    /* W2 relaxed: published by the link. Pairs with W1 in mg_ctab_entry_word(). */
    store_relaxed(&entry->word, word);
    return entry;
}

/* -- One key -- */

struct mg_ctab_entry *mg_ctab_find(struct mg_ctab_body *body, mg_value key, uint64_t hash)
{
    if (MG_LIKELY(body->kind == MG_CTAB_HASHED))
        return mg_ctab_hashed_find(body, key, hash);
    struct mg_ctab_entry *entry = mg_ctab_seek(body, MG_CTAB_FROM, key);
    return entry != NULL && mg_key_equal(mg_ctab_entry_key(entry), key) ? entry : NULL;
}

enum mg_ctab_outcome mg_ctab_insert(struct mg_ctab_body *body, struct mg_scheduler *s,
                                    struct mg_copy *copy, mg_value key, uint64_t hash,
                                    uint64_t word, struct mg_ctab_entry **made)
{
    struct mg_ctab_entry *entry = entry_new(body, s, copy, key, word);
    uint64_t bytes = entry_bytes(body, entry) + mg_ctab_word_bytes(word);
    enum mg_ctab_outcome outcome = MG_CTAB_FULL;
    if (MG_LIKELY(account_raise(body, bytes, 1))) {
        bool linked = body->kind == MG_CTAB_HASHED ? mg_ctab_hashed_link(body, entry, hash)
                                                   : mg_ctab_ordered_link(body, entry);
        if (MG_LIKELY(linked)) {
            if (made != NULL)
                *made = entry;
            if (body->kind == MG_CTAB_HASHED)
                mg_ctab_hashed_grow(body);
            return MG_CTAB_DONE;
        }
        account_lower(body, bytes, 1);
        outcome = MG_CTAB_PRESENT;
    }
    uint64_t levels = body->kind == MG_CTAB_ORDERED ? entry->serial : 0;
    entry_free(entry, entry_size(body, levels), &s->blocks);
    return outcome;
}

enum mg_ctab_outcome mg_ctab_replace(struct mg_ctab_body *body, struct mg_scheduler *s,
                                     struct mg_ctab_entry *entry, uint64_t *seen, uint64_t word)
{
    if (*seen == MG_CTAB_GONE)
        return MG_CTAB_ABSENT;
    uint64_t before = *seen;
    uint64_t more = mg_ctab_word_bytes(word), less = mg_ctab_word_bytes(before);
    if (more > less && !account_raise(body, more - less, 0))
        return MG_CTAB_FULL;
    /* W2 acq_rel: the new box is complete, and so is the one found instead. Pairs with W1, W3 in
     * mg_ctab_entry_word(), mg_ctab_entry_close(). */
    if (MG_UNLIKELY(!cas_acq_rel(&entry->word, seen, word))) {
        if (more > less)
            account_lower(body, more - less, 0);
        return *seen == MG_CTAB_GONE ? MG_CTAB_ABSENT : MG_CTAB_CHANGED;
    }
    if (less > more)
        account_lower(body, less - more, 0);
    mg_ctab_word_retire(before, s);
    return MG_CTAB_DONE;
}

enum mg_ctab_outcome mg_ctab_put(struct mg_ctab_body *body, struct mg_scheduler *s,
                                 struct mg_copy *copy, mg_value key, uint64_t hash, uint64_t word)
{
    for (;;) {
        struct mg_ctab_entry *entry = mg_ctab_find(body, key, hash);
        enum mg_ctab_outcome outcome;
        if (entry == NULL) {
            outcome = mg_ctab_insert(body, s, copy, key, hash, word, NULL);
            if (MG_LIKELY(outcome != MG_CTAB_PRESENT))
                return outcome;
            continue;
        }
        uint64_t seen = mg_ctab_entry_word(entry);
        do
            outcome = mg_ctab_replace(body, s, entry, &seen, word);
        while (MG_UNLIKELY(outcome == MG_CTAB_CHANGED));
        if (MG_LIKELY(outcome != MG_CTAB_ABSENT))
            return outcome;
    }
}

bool mg_ctab_remove(struct mg_ctab_body *body, struct mg_scheduler *s, mg_value key, uint64_t hash,
                    struct mg_ctab_entry *expected, uint64_t *word)
{
    struct mg_ctab_entry *entry = body->kind == MG_CTAB_HASHED
                                      ? mg_ctab_hashed_unlink(body, key, hash, expected, word)
                                      : mg_ctab_ordered_unlink(body, key, expected, word);
    if (entry == NULL)
        return false;
    bool ordered = body->kind == MG_CTAB_ORDERED;
    uint64_t levels = ordered ? entry->serial : 0;
    account_lower(body,
                  mg_block_size(entry_size(body, levels)) + mg_ctab_word_bytes(entry->key) +
                      mg_ctab_word_bytes(*word),
                  1);
    mg_ctab_word_retire(*word, s);
    entry->retired.free = ordered ? ordered_free_retired : hashed_free_retired;
    mg_core_retire(mg_core_of(s), &entry->retired);
    return true;
}

uint32_t mg_ctab_walk(struct mg_ctab_body *body, struct mg_ctab_place *place,
                      struct mg_ctab_entry **out, uint32_t max)
{
    return body->kind == MG_CTAB_HASHED ? mg_ctab_hashed_walk(body, place, out, max)
                                        : mg_ctab_ordered_walk(body, place, out, max);
}

/* -- Life -- */

struct mg_ctab_body *mg_ctab_body_new(enum mg_ctab_kind kind, const struct mg_symbols *symbols,
                                      uint64_t max_bytes, uint64_t max_count)
{
    struct mg_ctab_body *body = mg_alloc_aligned(MG_CACHE_LINE, sizeof *body);
    memset(body, 0, sizeof *body);
    body->kind = kind;
    body->symbols = symbols;
    body->max_bytes = max_bytes;
    body->max_count = max_count;
    body->word_free = mg_ctab_word_free;
    mg_ctab_index_grew(body, sizeof *body);
    if (kind == MG_CTAB_HASHED)
        mg_ctab_hashed_init(body);
    else
        mg_ctab_ordered_init(body);
    return body;
}

static void body_reap_start(struct mg_ctab_body *body)
{
    /* B1 relaxed: nobody else works on it. Pairs with B1 itself. */
    body->reaping = body->kind == MG_CTAB_HASHED
                        ? &body->hashed.first[0]
                        : (struct mg_ctab_node *)load_relaxed(&body->ordered.heads[0]);
}

/* Frees some entries; true when none is left. */
static bool body_reap_some(struct mg_ctab_body *body, struct mg_block_cache *blocks)
{
    struct mg_ctab_node *node = body->reaping;
    for (uint32_t left = REAP_BATCH; left != 0 && node != NULL; left--) {
        /* B1 relaxed: nobody else works on it. Pairs with B1 itself. */
        struct mg_ctab_node *next = load_relaxed(&node->next);
        if (node->order & 1) {
            struct mg_ctab_entry *entry = (struct mg_ctab_entry *)node;
            uint64_t levels = body->kind == MG_CTAB_ORDERED ? entry->serial : 0;
            /* W1 relaxed: the same. Pairs with W2 in mg_ctab_replace(). */
            body->word_free(load_relaxed(&entry->word), blocks);
            entry_free(entry, entry_size(body, levels), blocks);
        }
        node = next;
        if (body->kind == MG_CTAB_HASHED && node == &body->hashed.tail)
            node = NULL;
    }
    body->reaping = node;
    return node == NULL;
}

static void body_end(struct mg_ctab_body *body)
{
    if (body->kind == MG_CTAB_HASHED)
        mg_ctab_hashed_deinit(body);
    else
        mg_ctab_ordered_deinit(body);
    mg_free(body);
}

void mg_ctab_body_free(struct mg_ctab_body *body, struct mg_block_cache *blocks)
{
    if (blocks != NULL) {
        body_reap_start(body);
        while (!body_reap_some(body, blocks))
            continue;
    }
    body_end(body);
}

static void body_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    struct mg_ctab_body *body = MG_CONTAINER_OF(item, struct mg_ctab_body, retired);
    if (body->reaping == NULL)
        body_reap_start(body);
    if (body_reap_some(body, &s->blocks))
        body_end(body);
    else
        mg_core_retire(mg_core_of(s), &body->retired);
}

void mg_ctab_body_retire(struct mg_ctab_body *body, struct mg_scheduler *s)
{
    body->retired.free = body_free_retired;
    mg_core_retire(mg_core_of(s), &body->retired);
}

void mg_ctab_audit(struct mg_ctab_body *body)
{
    if (body->kind == MG_CTAB_HASHED)
        mg_ctab_hashed_audit(body);
    else
        mg_ctab_ordered_audit(body);
}
