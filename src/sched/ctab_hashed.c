/* SPDX-License-Identifier: MIT */
/* Hashed tables: one list of all entries, in the order of their hashes' bits read backwards.
 *
 *      bucket 0         bucket 16        bucket 1
 *        [ 0 ] -> e -> e -> [ .. ] -> e -> [ .. ] -> ... -> tail
 *
 * A bucket is a node of the list that stands before all entries of its hashes. Reading the bits
 * backwards puts the entries of bucket i, when the number of buckets doubles, into two stretches
 * that follow each other: those of bucket i, and those of bucket i + n. So growing needs new nodes
 * in the list, one at a time and when somebody first writes there, and moves no entry. (Shalev and
 * Shavit, Split-Ordered Lists; the locks are ours, since removal needs none of their marks then.)
 *
 * The low bits of a hash, which are the first of its order, choose the stripe: a stretch of the
 * list that one lock guards, first[stripe] its beginning. Buckets of one stripe lie in it.
 *
 * H1  Nodes stand in ascending order; entries of equal order in that of their serials, the younger
 *     behind.
 * H2  A bucket's node has a successor exactly when it is in the list. first[] always are.
 * H3  Every change of a link happens under the lock of the stripe it lies in.
 * H4  An entry that was unlinked keeps its successor, so whoever stands on it goes on.
 *
 * Threads: finds and walks without a lock. Memory: segments of bucket nodes belong to the body.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "sched/ctab.h"
#include "sched/internal.h"

/* Segments of so many bytes and more are pages: they cost memory where they are used. */
#define SEGMENT_PAGES_BYTES (1u << 20)
/* Of so many and more, huge ones: hashes touch all of it at once, and every touch of an ordinary
 * page would cost a miss of its own. */
#define SEGMENT_HUGE_BYTES (2u << 20)

static struct mg_ctab_node *segment_pages(size_t size)
{
    return size >= SEGMENT_HUGE_BYTES ? mg_pages_huge(size) : mg_pages_reserve(size);
}

static uint64_t bits_backwards(uint64_t v)
{
    v = __builtin_bswap64(v);
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0fu) | (v & 0x0f0f0f0f0f0f0f0fu) << 4;
    v = (v >> 2 & 0x3333333333333333u) | (v & 0x3333333333333333u) << 2;
    return (v >> 1 & 0x5555555555555555u) | (v & 0x5555555555555555u) << 1;
}

/* Orders fit a SmallInteger, which a walk's place is handed around as. */
static uint64_t order_of_hash(uint64_t hash)
{
    return bits_backwards(hash) >> 3 | 1;
}
static uint64_t order_of_bucket(uint32_t bucket)
{
    return bits_backwards(bucket) >> 3;
}

/* Buckets of segment k > 0 are MG_CTAB_STRIPES << (k - 1) up to twice that. */
static uint32_t segment_of(uint32_t bucket)
{
    return bucket < MG_CTAB_STRIPES ? 0 : 32 - (uint32_t)__builtin_clz(bucket / MG_CTAB_STRIPES);
}
static size_t segment_len(uint32_t segment)
{
    return segment == 0 ? MG_CTAB_STRIPES : (size_t)MG_CTAB_STRIPES << (segment - 1);
}

static struct mg_ctab_node *bucket_node(struct mg_ctab_hashed *h, uint32_t bucket)
{
    uint32_t segment = segment_of(bucket);
    /* S1 acquire: it reads as zeros or what was written. Pairs with S2 in
     * mg_ctab_hashed_grow(). */
    struct mg_ctab_node *nodes = load_acquire(&h->segments[segment]);
    return &nodes[segment == 0 ? bucket : bucket - segment_len(segment)];
}

/* The bucket that a bucket was cut from. */
static uint32_t bucket_parent(uint32_t bucket)
{
    return bucket & ~((uint32_t)1 << (31 - __builtin_clz(bucket)));
}

static struct mg_ctab_node *node_next(const struct mg_ctab_node *node)
{
    /* N1 acquire: the node behind it is complete. Pairs with N2 in node_link(). */
    return load_acquire(&node->next);
}

/* Puts `node` behind `before`. Under the lock. */
static void node_link(struct mg_ctab_node *before, struct mg_ctab_node *node,
                      struct mg_ctab_node *after)
{
    /* N2 release: for those who come to it as a bucket (H2), not along the list. Pairs with N1 in
     * node_next(). */
    store_release(&node->next, after);
    /* N2 release: the node is complete. Pairs with N1 in node_next(). */
    store_release(&before->next, node);
}

/* The nearest node before everything of this hash that is in the list. */
static struct mg_ctab_node *start_for(struct mg_ctab_hashed *h, uint64_t hash)
{
    /* G1 acquire: its segment is there. Pairs with G2 in mg_ctab_hashed_grow(). */
    uint32_t bucket = (uint32_t)hash & (load_acquire(&h->buckets) - 1);
    struct mg_ctab_node *node;
    while (MG_UNLIKELY(node_next(node = bucket_node(h, bucket)) == NULL))
        bucket = bucket_parent(bucket);
    return node;
}

struct mg_ctab_entry *mg_ctab_hashed_find(struct mg_ctab_body *body, mg_value key, uint64_t hash)
{
    uint64_t order = order_of_hash(hash);
    struct mg_ctab_node *node = node_next(start_for(&body->hashed, hash));
    while (node->order < order)
        node = node_next(node);
    for (; node->order == order; node = node_next(node)) {
        struct mg_ctab_entry *entry = (struct mg_ctab_entry *)node;
        if (mg_key_equal(mg_ctab_entry_key(entry), key) &&
            mg_ctab_entry_word(entry) != MG_CTAB_GONE)
            return entry;
    }
    return NULL;
}

/* -- Changes, under the stripe's lock -- */

static struct mg_lock *stripe_lock(struct mg_ctab_hashed *h, uint64_t hash)
{
    return &h->locks[hash & (MG_CTAB_STRIPES - 1)];
}

/* Puts the node of a bucket into the list, its parent's first. */
static MG_NOINLINE void bucket_begin(struct mg_ctab_hashed *h, uint32_t bucket)
{
    uint32_t missing[32], count = 0;
    for (; node_next(bucket_node(h, bucket)) == NULL; bucket = bucket_parent(bucket))
        missing[count++] = bucket;
    struct mg_ctab_node *before = bucket_node(h, bucket);
    while (count > 0) {
        bucket = missing[--count];
        struct mg_ctab_node *node = bucket_node(h, bucket), *after;
        node->order = order_of_bucket(bucket);
        while ((after = node_next(before))->order < node->order)
            before = after;
        node_link(before, node, after);
        before = node;
    }
}

/* The node before the first of this order, from its bucket, which is begun. */
static struct mg_ctab_node *before_order(struct mg_ctab_hashed *h, uint64_t hash, uint64_t order)
{
    /* G1 acquire: its segment is there. Pairs with G2 in mg_ctab_hashed_grow(). */
    uint32_t bucket = (uint32_t)hash & (load_acquire(&h->buckets) - 1);
    struct mg_ctab_node *before = bucket_node(h, bucket), *node;
    if (MG_UNLIKELY(node_next(before) == NULL))
        bucket_begin(h, bucket);
    while ((node = node_next(before))->order < order)
        before = node;
    return before;
}

bool mg_ctab_hashed_link(struct mg_ctab_body *body, struct mg_ctab_entry *entry, uint64_t hash)
{
    struct mg_ctab_hashed *h = &body->hashed;
    mg_value key = mg_ctab_entry_key(entry);
    uint64_t order = order_of_hash(hash);
    struct mg_lock *lock = stripe_lock(h, hash);
    bool fresh = true;
    mg_lock_acquire(lock);
    struct mg_ctab_node *before = before_order(h, hash, order), *node;
    while ((node = node_next(before))->order == order) {
        if (mg_key_equal(mg_ctab_entry_key((struct mg_ctab_entry *)node), key)) {
            fresh = false;
            break;
        }
        before = node;
    }
    if (fresh) {
        entry->node.order = order;
        /* R1 relaxed: a number; the lock orders those of one stripe. Pairs with R1 itself. */
        entry->serial = fetch_add_relaxed(&h->serials, 1);
        node_link(before, &entry->node, node);
    }
    mg_lock_release(lock);
    return fresh;
}

struct mg_ctab_entry *mg_ctab_hashed_unlink(struct mg_ctab_body *body, mg_value key, uint64_t hash,
                                            struct mg_ctab_entry *expected, uint64_t *word)
{
    struct mg_ctab_hashed *h = &body->hashed;
    uint64_t order = order_of_hash(hash);
    struct mg_lock *lock = stripe_lock(h, hash);
    struct mg_ctab_entry *found = NULL;
    mg_lock_acquire(lock);
    struct mg_ctab_node *before = before_order(h, hash, order), *node;
    for (; (node = node_next(before))->order == order; before = node) {
        struct mg_ctab_entry *entry = (struct mg_ctab_entry *)node;
        if (!mg_key_equal(mg_ctab_entry_key(entry), key))
            continue;
        if (expected == NULL || entry == expected) {
            found = entry;
            *word = mg_ctab_entry_close(entry);
            /* N3 release: what stands behind it was complete already. Pairs with N1 in
             * node_next(). */
            store_release(&before->next, node_next(node));
        }
        break;
    }
    mg_lock_release(lock);
    return found;
}

/* One entry for each bucket on average; then there are twice as many. */
void mg_ctab_hashed_grow(struct mg_ctab_body *body)
{
    struct mg_ctab_hashed *h = &body->hashed;
    /* G1 acquire: as in start_for(). Pairs with G2 below, in mg_ctab_hashed_grow(). */
    uint32_t buckets = load_acquire(&h->buckets);
    uint32_t segment = segment_of(buckets);
    if (MG_LIKELY(mg_ctab_count(body) <= buckets) || segment == MG_CTAB_SEGMENTS)
        return;
    size_t size = segment_len(segment) * sizeof(struct mg_ctab_node);
    bool pages = size >= SEGMENT_PAGES_BYTES;
    struct mg_ctab_node *expected = NULL;
    struct mg_ctab_node *nodes = pages ? segment_pages(size) : mg_alloc_zero(size);
    /* S2 acq_rel: it reads as zeros, and so does another's. Pairs with S1 in bucket_node(). */
    if (!cas_acq_rel(&h->segments[segment], &expected, nodes)) {
        if (pages)
            mg_pages_release(nodes, size);
        else
            mg_free(nodes);
    } else {
        mg_ctab_index_grew(body, size);
    }
    /* G2 release: the segment is there. Pairs with G1 in start_for(), before_order(). */
    cas_release(&h->buckets, &buckets, buckets * 2);
}

/* Nodes looked at for each entry wanted: a table that was large may have many empty buckets. */
#define WALK_NODES 16

uint32_t mg_ctab_hashed_walk(struct mg_ctab_body *body, struct mg_ctab_place *place,
                             struct mg_ctab_entry **out, uint32_t max)
{
    struct mg_ctab_hashed *h = &body->hashed;
    struct mg_ctab_node *node = start_for(h, bits_backwards(place->order << 3));
    const uint64_t order = place->order, serial = place->serial;
    uint32_t count = 0;
    for (uint32_t left = max * WALK_NODES; count < max && left != 0 && node != &h->tail;
         node = node_next(node)) {
        struct mg_ctab_entry *entry = (struct mg_ctab_entry *)node;
        bool is_entry = (node->order & 1) != 0;
        if (node->order < order || (is_entry && node->order == order && entry->serial <= serial))
            continue; /* before the place, but in the same bucket */
        left--;
        place->order = node->order;
        place->serial = is_entry ? entry->serial : 0;
        if (is_entry)
            out[count++] = entry;
    }
    place->done = node == &h->tail;
    return count;
}

/* -- Life -- */

void mg_ctab_hashed_init(struct mg_ctab_body *body)
{
    struct mg_ctab_hashed *h = &body->hashed;
    for (uint32_t i = 0; i < MG_CTAB_STRIPES; i++) {
        mg_lock_init(&h->locks[i], MG_RANK_TABLE);
        h->first[i].order = order_of_bucket(i);
    }
    h->tail.order = UINT64_MAX - 1;
    /* L1 relaxed: nobody else knows it yet. Pairs with S1, G1, N1, R1 in bucket_node(),
     * start_for(), node_next(), mg_ctab_hashed_link(). */
    store_relaxed(&h->segments[0], h->first);
    store_relaxed(&h->buckets, MG_CTAB_STRIPES);
    store_relaxed(&h->serials, 1);
    for (uint32_t i = 0; i < MG_CTAB_STRIPES; i++) {
        /* The stripes in the order of their orders: the bits of i, which are four, backwards. */
        uint32_t at = (uint32_t)(bits_backwards(i) >> 60);
        uint32_t after = (uint32_t)(bits_backwards(i + 1) >> 60);
        /* L2 relaxed: nobody else knows it yet. Pairs with N1 in node_next(). */
        store_relaxed(&h->first[at].next, i + 1 == MG_CTAB_STRIPES ? &h->tail : &h->first[after]);
    }
}

void mg_ctab_hashed_deinit(struct mg_ctab_body *body)
{
    struct mg_ctab_hashed *h = &body->hashed;
    for (uint32_t i = 0; i < MG_CTAB_STRIPES; i++)
        mg_lock_deinit(&h->locks[i]);
    for (uint32_t i = 1; i < MG_CTAB_SEGMENTS; i++) {
        size_t size = segment_len(i) * sizeof(struct mg_ctab_node);
        /* L3 relaxed: nobody else works on it. Pairs with S2 in mg_ctab_hashed_grow(). */
        struct mg_ctab_node *nodes = load_relaxed(&h->segments[i]);
        if (nodes != NULL && size >= SEGMENT_PAGES_BYTES)
            mg_pages_release(nodes, size);
        else
            mg_free(nodes);
    }
}

void mg_ctab_hashed_audit(struct mg_ctab_body *body)
{
    struct mg_ctab_hashed *h = &body->hashed;
    uint64_t order = 0, serial = 0, count = 0;
    for (struct mg_ctab_node *n = &h->first[0]; n != &h->tail; n = node_next(n)) {
        CHECK(n == &h->first[0] || n->order >= order);
        if (n->order & 1) {
            struct mg_ctab_entry *entry = (struct mg_ctab_entry *)n;
            uint64_t hash;
            CHECK(n->order != order || entry->serial > serial);
            CHECK(mg_key_hash(mg_ctab_entry_key(entry), &hash) == MG_KEY_OK);
            CHECK(order_of_hash(hash) == n->order);
            CHECK(mg_ctab_hashed_find(body, mg_ctab_entry_key(entry), hash) == entry);
            serial = entry->serial;
            count++;
        }
        order = n->order;
    }
    CHECK(count == mg_ctab_count(body));
}
