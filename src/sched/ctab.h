/* SPDX-License-Identifier: MIT */
/* Concurrent tables: keys and values outside all heaps, read and written by any actor. This is the
 * content of one; which tables there are and whose they are is in ctabs.h.
 *
 *      entry   [ next | order | serial | key | value | .. ]      key, value: a word each
 *                                        │      │
 *                                        │      └─> box [ fragment | root | objects ... ]
 *                                        └────────> box
 *
 * A word is an immediate value as it stands, or leads to a box: a copied object graph that never
 * changes. Readers take no lock: entries and boxes that were taken out are freed after a grace
 * period (quiesce.h). Insertion and removal hold a short lock; a new value for a key that is there
 * is one compare-and-swap of its word.
 *
 *      hashed    one list in the order of the hash's bits read backwards; buckets are places in it,
 *                so growing moves nothing (ctab_hashed.c)
 *      ordered   a skip list in the order of the keys (ctab_ordered.c)
 *
 * T1  An entry stays where it is from insertion to removal; a walk that goes on behind the entry it
 *     saw last meets every entry that was there all the time exactly once.
 * T2  The word of a removed entry is MG_CTAB_GONE, set before it is unlinked and never changed
 *     again. So a write either comes before the removal, or fails and is tried anew.
 * T3  body->bytes and body->count are exact when nobody writes, the index counted as far as it has
 *     grown; insertions that would pass the limits change nothing.
 * T4  Words, entries and boxes that were found are valid until the finder's slice ends.
 *
 * Threads: any scheduler. Memory: the body owns entries and boxes; a box given to a function is
 * taken when it succeeds.
 */
#ifndef MG_SCHED_CTAB_H
#define MG_SCHED_CTAB_H

#include "base/lock.h"
#include "object/copy.h"
#include "object/key.h"
#include "sched/exit.h"

enum mg_ctab_kind { MG_CTAB_HASHED, MG_CTAB_ORDERED };

/* Outcomes of a write. */
enum mg_ctab_outcome {
    MG_CTAB_DONE,
    MG_CTAB_PRESENT, /* the key is there already */
    MG_CTAB_ABSENT,  /* the key is not there (any more) */
    MG_CTAB_CHANGED, /* the value is another one by now */
    MG_CTAB_FULL,    /* the limits do not allow it */
};

/* A copied value: what a word leads to that is no immediate. */
struct mg_ctab_box {
    struct mg_fragment fragment; /* first */
    struct mg_retired retired;
    mg_value root;
    uint64_t bytes; /* what it counts against the limit */
};

#define MG_CTAB_GONE ((uint64_t)MG_UNSET)
#define MG_CTAB_SERIAL_MAX UINT64_MAX

/* What stands in the list of a hashed table: entries, and the beginnings of buckets. */
struct mg_ctab_node {
    _Atomic(struct mg_ctab_node *) next;
    uint64_t order; /* hashed: odd for entries */
};

struct mg_ctab_entry {
    struct mg_ctab_node node; /* first */
    uint64_t serial;        /* hashed: rises with each insertion; ordered: levels above the list */
    uint64_t key;           /* a word; never changes */
    _Atomic(uint64_t) word; /* the value */
    struct mg_retired retired;
    _Atomic(struct mg_ctab_entry *) up[]; /* ordered: next on the levels above */
};

#define MG_CTAB_STRIPES 16u
#define MG_CTAB_SEGMENTS 24u
#define MG_CTAB_LEVELS 20u

struct mg_ctab_hashed {
    struct mg_lock locks[MG_CTAB_STRIPES]; /* by the low bits of the hash */
    _Atomic(uint32_t) buckets;             /* a power of two */
    _Atomic(uint64_t) serials;
    _Atomic(struct mg_ctab_node *) segments[MG_CTAB_SEGMENTS]; /* made when needed, never moved */
    struct mg_ctab_node first[MG_CTAB_STRIPES];                /* segment 0 */
    struct mg_ctab_node tail;
};

struct mg_ctab_ordered {
    struct mg_lock lock;
    _Atomic(uint64_t) coin; /* counts; its hash says how high the next entry is */
    _Atomic(struct mg_ctab_entry *) heads[MG_CTAB_LEVELS + 1];
};

struct mg_ctab_body {
    struct mg_retired retired;
    enum mg_ctab_kind kind;
    const struct mg_symbols *symbols; /* for the order of keys; may be NULL */
    uint64_t max_bytes;
    uint64_t max_count;
    void (*word_free)(uint64_t word, struct mg_block_cache *blocks); /* of values that are left */
    struct mg_ctab_node *reaping; /* where the freeing has come */
    _Atomic(uint64_t) count MG_CACHE_ALIGNED;
    _Atomic(uint64_t) bytes;
    union {
        struct mg_ctab_hashed hashed;
        struct mg_ctab_ordered ordered;
    };
};

/* An empty body. Freed by mg_ctab_body_retire, or mg_ctab_body_free when nobody else knows it;
 * `blocks` NULL: what is in it goes with its arenas. */
struct mg_ctab_body *mg_ctab_body_new(enum mg_ctab_kind kind, const struct mg_symbols *symbols,
                                      uint64_t max_bytes, uint64_t max_count);
void mg_ctab_body_free(struct mg_ctab_body *body, struct mg_block_cache *blocks);

/* Frees it in pieces, after grace periods. The caller has taken it out of reach. */
void mg_ctab_body_retire(struct mg_ctab_body *body, struct mg_scheduler *s);

uint64_t mg_ctab_count(const struct mg_ctab_body *body);
uint64_t mg_ctab_bytes(const struct mg_ctab_body *body);

/* -- Words -- */

static inline bool mg_ctab_word_is_box(uint64_t word)
{
    return mg_is_pointer(word);
}
static inline struct mg_ctab_box *mg_ctab_word_box(uint64_t word)
{
    return (struct mg_ctab_box *)(uintptr_t)(word - MG_TAG_POINTER);
}
/* The value a word stands for: an immediate, or an object of its box. */
static inline mg_value mg_ctab_word_value(uint64_t word)
{
    return mg_ctab_word_is_box(word) ? mg_ctab_word_box(word)->root : word;
}
/* Words to reserve in a heap for the copy of a word. */
static inline uint64_t mg_ctab_word_words(uint64_t word)
{
    return mg_ctab_word_is_box(word) ? mg_ctab_word_box(word)->fragment.words : 0;
}
/* What a word counts against the limit. */
static inline uint64_t mg_ctab_word_bytes(uint64_t word)
{
    return mg_ctab_word_is_box(word) ? mg_ctab_word_box(word)->bytes : 0;
}

/* The word of a value that mg_copy_measure has just measured as its only root. */
uint64_t mg_ctab_word_write(struct mg_scheduler *s, struct mg_copy *copy, mg_value v);

/* The word of a value; false when it cannot be copied (copy->refusal, or empty: too large). */
MG_MUST_CHECK bool mg_ctab_word_new(struct mg_scheduler *s, struct mg_copy *copy, mg_value v,
                                    uint64_t *word);

/* A copy of a word in a heap, with mg_ctab_word_words reserved. */
mg_value mg_ctab_word_copy(struct mg_copy *copy, struct mg_heap *heap, uint64_t word);

/* Frees a word that nobody else can see; or that others may still read. */
void mg_ctab_word_free(uint64_t word, struct mg_block_cache *blocks);
void mg_ctab_word_retire(uint64_t word, struct mg_scheduler *s);

/* -- One key. `key` has the hash `hash` (mg_key_hash); for ordered tables any number will do. -- */

/* The entry of a key, or NULL. Its word may be MG_CTAB_GONE by the time it is looked at. */
struct mg_ctab_entry *mg_ctab_find(struct mg_ctab_body *body, mg_value key, uint64_t hash);

/* The word of a key; false when it is not there. */
static inline uint64_t mg_ctab_entry_word(struct mg_ctab_entry *entry);

/* Inserts a new key: DONE (then word is taken and *made is the entry, unless NULL), PRESENT or
 * FULL. */
MG_MUST_CHECK enum mg_ctab_outcome mg_ctab_insert(struct mg_ctab_body *body, struct mg_scheduler *s,
                                                  struct mg_copy *copy, mg_value key, uint64_t hash,
                                                  uint64_t word, struct mg_ctab_entry **made);

/* Replaces the value `*seen` of an entry: DONE (taken: word; the old one is retired), FULL, ABSENT,
 * or CHANGED, and then *seen is the present one. */
MG_MUST_CHECK enum mg_ctab_outcome mg_ctab_replace(struct mg_ctab_body *body,
                                                   struct mg_scheduler *s,
                                                   struct mg_ctab_entry *entry, uint64_t *seen,
                                                   uint64_t word);

/* Inserts or replaces: DONE (taken: word) or FULL. */
MG_MUST_CHECK enum mg_ctab_outcome mg_ctab_put(struct mg_ctab_body *body, struct mg_scheduler *s,
                                               struct mg_copy *copy, mg_value key, uint64_t hash,
                                               uint64_t word);

/* Takes a key out: true, and *word is what it had, retired already (T4). With `expected` not NULL
 * only while the entry found is this one. */
MG_MUST_CHECK bool mg_ctab_remove(struct mg_ctab_body *body, struct mg_scheduler *s, mg_value key,
                                  uint64_t hash, struct mg_ctab_entry *expected, uint64_t *word);

/* -- Walks -- */

/* How far a walk has come. */
struct mg_ctab_place {
    uint64_t order, serial; /* hashed: of the node looked at last; 0, 0 to begin */
    mg_value after;         /* ordered: the key seen last; MG_UNSET to begin */
    bool inclusive;         /* ordered: begin with the key itself */
    bool done;              /* out: there is nothing behind */
};

/* The next entries of a walk, at most `max`: answers how many (perhaps none before it is done), and
 * moves the place on. Removed ones may be among them: look at their words. */
uint32_t mg_ctab_walk(struct mg_ctab_body *body, struct mg_ctab_place *place,
                      struct mg_ctab_entry **out, uint32_t max);

/* Ordered tables: the nearest entry to a key (MG_UNSET: to the end that the walk begins at), or
 * NULL. */
enum mg_ctab_way {
    MG_CTAB_AFTER,  /* the first above the key; the first of all */
    MG_CTAB_BEFORE, /* the last below the key; the last of all */
    MG_CTAB_FROM,   /* the first not below the key */
    MG_CTAB_UPTO,   /* the last not above the key */
};
struct mg_ctab_entry *mg_ctab_seek(struct mg_ctab_body *body, enum mg_ctab_way way, mg_value key);

/* Panics when the structure is not what it should be; nobody else works on it. */
void mg_ctab_audit(struct mg_ctab_body *body);

/* -- Between ctab.c and the two structures -- */

/* The index has grown by so much. */
void mg_ctab_index_grew(struct mg_ctab_body *body, uint64_t bytes);

void mg_ctab_hashed_init(struct mg_ctab_body *body);
void mg_ctab_hashed_deinit(struct mg_ctab_body *body);
struct mg_ctab_entry *mg_ctab_hashed_find(struct mg_ctab_body *body, mg_value key, uint64_t hash);
bool mg_ctab_hashed_link(struct mg_ctab_body *body, struct mg_ctab_entry *entry, uint64_t hash);
void mg_ctab_hashed_grow(struct mg_ctab_body *body);
struct mg_ctab_entry *mg_ctab_hashed_unlink(struct mg_ctab_body *body, mg_value key, uint64_t hash,
                                            struct mg_ctab_entry *expected, uint64_t *word);
uint32_t mg_ctab_hashed_walk(struct mg_ctab_body *body, struct mg_ctab_place *place,
                             struct mg_ctab_entry **out, uint32_t max);
void mg_ctab_hashed_audit(struct mg_ctab_body *body);

void mg_ctab_ordered_init(struct mg_ctab_body *body);
void mg_ctab_ordered_deinit(struct mg_ctab_body *body);
uint32_t mg_ctab_ordered_levels(struct mg_ctab_body *body);
bool mg_ctab_ordered_link(struct mg_ctab_body *body, struct mg_ctab_entry *entry);
struct mg_ctab_entry *mg_ctab_ordered_unlink(struct mg_ctab_body *body, mg_value key,
                                             struct mg_ctab_entry *expected, uint64_t *word);
uint32_t mg_ctab_ordered_walk(struct mg_ctab_body *body, struct mg_ctab_place *place,
                              struct mg_ctab_entry **out, uint32_t max);
void mg_ctab_ordered_audit(struct mg_ctab_body *body);

static inline mg_value mg_ctab_entry_key(const struct mg_ctab_entry *entry)
{
    return mg_ctab_word_value(entry->key);
}

static inline uint64_t mg_ctab_entry_word(struct mg_ctab_entry *entry)
{
    /* W1 acquire: the box is complete. Pairs with W2 in mg_ctab_replace(). */
    return load_acquire(&entry->word);
}

/* Takes the value out of an entry for good (T2). Under the lock that guards its links. */
static inline uint64_t mg_ctab_entry_close(struct mg_ctab_entry *entry)
{
    /* W3 acq_rel: the box that was there is complete; who sees GONE sees what came before it. Pairs
     * with W1 in mg_ctab_entry_word(), W2 in mg_ctab_replace(). */
    return xchg_acq_rel(&entry->word, MG_CTAB_GONE);
}

#endif
