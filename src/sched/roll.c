/* SPDX-License-Identifier: MIT */
/* Rolls: see roll.h.
 *
 * The directory is the body of a concurrent table whose words are addresses of rolls. Who joins
 * finds the roll, or makes one, takes its lock and looks whether it is dead (R3).
 *
 * A member stands in three places: the roll's array, by its serial; the roll's map from pids, once
 * the roll has more than a few members; and the list of its process, which a stripe by pid guards.
 *
 *      lock order      roll ──> stripe of the directory, holdings of a process
 *
 * An end takes members out of the process's list first, a few at a time, and then each out of its
 * roll: a member that is not in the list any more is nobody else's to remove.
 *
 * A1  array[0 .. used) is in the order of serials; a place whose member has left is empty. Empty
 *     places are at most as many as members, or few.
 * A2  With a map, every process in the array has its newest member there; members of one process
 *     are linked through `same`, newest first.
 *
 * Joining against the end of the process: as in ctabs.c, under the lock of its holdings.
 *
 * Threads: any scheduler. Memory: members and rolls are freed after a grace period, arrays at once
 * (they are read under the lock only).
 */
#include "sched/roll.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/vec.h"
#include "object/control.h"
#include "sched/internal.h"

#define STRIPES 16
#define MAP_FROM 8      /* members from which a roll has a map */
#define EMPTY_ALLOWED 8 /* see A1 */
#define RELEASE_BATCH 64

struct member {
    uint64_t serial;
    mg_pid pid;
    _Atomic(uint64_t) word; /* written under the roll's lock */
    struct roll *roll;
    struct member *same;          /* A2 */
    struct member *older, *newer; /* of the process; under its stripe's lock */
    struct mg_retired retired;
};

struct place {
    uint64_t serial;
    struct member *member; /* NULL: has left */
};

struct roll {
    struct mg_lock lock;
    bool dead;
    bool mapped;
    uint32_t used, cap, live;
    uint64_t serials; /* given so far */
    struct place *array;
    struct mg_map map;
    struct mg_ctab_entry *entry; /* in the directory, while it is not dead */
    struct mg_retired retired;
};

struct stripe {
    struct mg_lock lock MG_CACHE_ALIGNED;
    struct mg_map newest; /* pid -> member */
};

struct mg_rolls {
    struct stripe stripes[STRIPES];
    struct mg_ctab_body *directory;
    _Atomic(uint64_t) members;
};

static struct member *member_of(uint64_t value)
{
    return (struct member *)(uintptr_t)value;
}

static struct roll *roll_of_word(uint64_t word)
{
    return (struct roll *)(uintptr_t)word;
}

static struct stripe *stripe_of(struct mg_rolls *rolls, mg_pid pid)
{
    return &rolls->stripes[mg_hash_u64(pid) % STRIPES];
}

uint64_t mg_rolls_members(const struct mg_rolls *rolls)
{
    /* M1 relaxed: a moment's figure. Pairs with M2 in member_new(), member_retire(). */
    return load_relaxed(&rolls->members);
}

/* -- Rolls and their arrays, under the roll's lock -- */

static void roll_free(struct roll *roll)
{
    mg_map_deinit(&roll->map);
    mg_lock_deinit(&roll->lock);
    mg_free(roll->array);
    mg_free(roll);
}

static void roll_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    (void)s;
    roll_free(MG_CONTAINER_OF(item, struct roll, retired));
}

/* The place of the first serial above `after`; used when there is none. */
static uint32_t array_above(const struct roll *roll, uint64_t after)
{
    uint32_t from = 0, to = roll->used;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (roll->array[middle].serial > after)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

/* The newest member of a process, or NULL. */
static struct member *roll_find(const struct roll *roll, mg_pid pid)
{
    uint64_t value = 0;
    if (roll->mapped) {
        mg_map_get(&roll->map, pid, &value);
        return member_of(value);
    }
    for (uint32_t i = roll->used; i-- > 0;) {
        struct member *member = roll->array[i].member;
        if (member != NULL && member->pid == pid)
            return member;
    }
    return NULL;
}

static void roll_map_all(struct roll *roll)
{
    roll->mapped = true;
    for (uint32_t i = 0; i < roll->used; i++) {
        struct member *member = roll->array[i].member;
        if (member != NULL)
            mg_map_put(&roll->map, member->pid, (uintptr_t)member);
    }
}

static void roll_enter(struct roll *roll, struct member *member)
{
    member->roll = roll;
    member->serial = ++roll->serials;
    member->same = roll_find(roll, member->pid);
    if (roll->used == roll->cap)
        roll->array = mg_vec_grow(roll->array, &roll->cap, roll->used + 1, sizeof *roll->array);
    roll->array[roll->used++] = (struct place){member->serial, member};
    roll->live++;
    if (roll->mapped)
        mg_map_put(&roll->map, member->pid, (uintptr_t)member);
    else if (roll->live > MAP_FROM)
        roll_map_all(roll);
}

static void array_tidy(struct roll *roll)
{
    while (roll->used > 0 && roll->array[roll->used - 1].member == NULL)
        roll->used--;
    if (roll->used - roll->live <= roll->live + EMPTY_ALLOWED)
        return;
    uint32_t to = 0;
    for (uint32_t i = 0; i < roll->used; i++) {
        if (roll->array[i].member != NULL)
            roll->array[to++] = roll->array[i];
    }
    roll->used = to;
}

/* Takes a member's place in the chain of its process away. */
static void same_unlink(struct roll *roll, struct member *member)
{
    struct member *newest = roll_find(roll, member->pid);
    if (newest != member) {
        while (newest->same != member)
            newest = newest->same;
        newest->same = member->same;
    } else if (roll->mapped && member->same != NULL) {
        mg_map_put(&roll->map, member->pid, (uintptr_t)member->same);
    } else if (roll->mapped) {
        mg_map_remove(&roll->map, member->pid);
    }
}

/* Takes a member out. True when the roll has become empty: it is dead then (R3). */
static bool roll_quit(struct roll *roll, struct member *member)
{
    same_unlink(roll, member);
    uint32_t at = array_above(roll, member->serial - 1);
    ASSERT(roll->array[at].member == member);
    roll->array[at].member = NULL;
    roll->live--;
    array_tidy(roll);
    roll->dead = roll->live == 0;
    return roll->dead;
}

/* A dead roll leaves the directory. */
static void roll_bury(struct mg_scheduler *s, struct roll *roll)
{
    struct mg_ctab_entry *entry = roll->entry;
    mg_value key = mg_ctab_entry_key(entry);
    uint64_t hash, word;
    CHECK(mg_key_hash(key, &hash) == MG_KEY_OK);
    bool removed = mg_ctab_remove(s->sched->rolls->directory, s, key, hash, entry, &word);
    CHECK(removed && roll_of_word(word) == roll);
    roll->retired.free = roll_free_retired;
    mg_core_retire(mg_core_of(s), &roll->retired);
}

/* The roll of a key with its lock held, or NULL. */
static struct roll *roll_open(struct mg_scheduler *s, mg_value key, uint64_t hash)
{
    struct mg_ctab_entry *entry = mg_ctab_find(s->sched->rolls->directory, key, hash);
    uint64_t word = entry == NULL ? MG_CTAB_GONE : mg_ctab_entry_word(entry);
    if (word == MG_CTAB_GONE)
        return NULL;
    struct roll *roll = roll_of_word(word);
    mg_lock_acquire(&roll->lock);
    if (!roll->dead)
        return roll;
    mg_lock_release(&roll->lock);
    return NULL;
}

/* A fresh roll for a key, its lock held; NULL when there is one by now, or *full. */
static struct roll *roll_make(struct mg_scheduler *s, struct mg_copy *copy, mg_value key,
                              uint64_t hash, bool *full)
{
    struct roll *roll = mg_alloc_zero(sizeof *roll);
    mg_lock_init(&roll->lock, MG_RANK_ROLL);
    mg_map_init(&roll->map);
    mg_lock_acquire(&roll->lock);
    enum mg_ctab_outcome outcome = mg_ctab_insert(s->sched->rolls->directory, s, copy, key, hash,
                                                  (uintptr_t)roll, &roll->entry);
    *full = outcome == MG_CTAB_FULL;
    if (outcome == MG_CTAB_DONE)
        return roll;
    mg_lock_release(&roll->lock);
    roll_free(roll);
    return NULL;
}

/* -- Members -- */

static struct member *member_new(struct mg_scheduler *s, mg_pid pid, uint64_t word)
{
    struct member *member = mg_block_alloc(&s->blocks, sizeof *member);
    *member = (struct member){.pid = pid};
    /* W2 relaxed: published under the lock. Pairs with W1 in member_word(). */
    store_relaxed(&member->word, word);
    /* M2 relaxed: only a number. Pairs with M1 in mg_rolls_members(). */
    fetch_add_relaxed(&s->sched->rolls->members, 1);
    return member;
}

/* Under the roll's lock. */
static uint64_t member_word(const struct member *member)
{
    /* W1 relaxed: under the lock. Pairs with W2 in member_new(), mg_roll_set(). */
    return load_relaxed(&member->word);
}

static void member_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    struct member *member = MG_CONTAINER_OF(item, struct member, retired);
    mg_ctab_word_free(member_word(member), &s->blocks);
    mg_block_free(&s->blocks, member, sizeof *member);
}

static void member_retire(struct mg_scheduler *s, struct member *member)
{
    /* M2 relaxed: only a number. Pairs with M1 in mg_rolls_members(). */
    fetch_sub_relaxed(&s->sched->rolls->members, 1);
    member->retired.free = member_free_retired;
    mg_core_retire(mg_core_of(s), &member->retired);
}

/* Enters a member into its process's list. False: the process has ended. */
static bool holdings_enter(struct mg_sched *sched, struct member *member)
{
    struct mg_control *control = mg_ptab_find(&sched->ptab, member->pid);
    if (control == NULL)
        return false;
    struct stripe *stripe = stripe_of(sched->rolls, member->pid);
    mg_lock_acquire(&stripe->lock);
    /* N4 acq_rel: see ctabs.c. Pairs with K10 in end_possessions(). */
    bool alive = !(fetch_or_acq_rel(&control->spare, MG_SPARE_OWNS) & MG_SPARE_CLOSED);
    if (alive) {
        uint64_t value = 0;
        mg_map_get(&stripe->newest, member->pid, &value);
        member->older = member_of(value);
        if (member->older != NULL)
            member->older->newer = member;
        mg_map_put(&stripe->newest, member->pid, (uintptr_t)member);
    }
    mg_lock_release(&stripe->lock);
    return alive;
}

/* Takes a member out of its process's list. Under the stripe's lock. */
static void holdings_unlink(struct stripe *stripe, struct member *member)
{
    if (member->older != NULL)
        member->older->newer = member->newer;
    if (member->newer != NULL)
        member->newer->older = member->older;
    else if (member->older != NULL)
        mg_map_put(&stripe->newest, member->pid, (uintptr_t)member->older);
    else
        mg_map_remove(&stripe->newest, member->pid);
}

/* The same; false when the end of the process has taken it out already. Under the roll's lock. */
static bool holdings_leave(struct mg_rolls *rolls, struct member *member)
{
    struct stripe *stripe = stripe_of(rolls, member->pid);
    mg_lock_acquire(&stripe->lock);
    uint64_t value = 0;
    mg_map_get(&stripe->newest, member->pid, &value);
    bool in = member->newer != NULL || member_of(value) == member;
    if (in)
        holdings_unlink(stripe, member);
    mg_lock_release(&stripe->lock);
    return in;
}

/* -- Joining and leaving -- */

/* Who keeps the process out, or MG_PID_NONE. */
static mg_pid roll_refuses(const struct roll *roll, mg_pid pid, enum mg_roll_mode mode)
{
    if (mode == MG_ROLL_ONCE)
        return roll_find(roll, pid) != NULL ? pid : MG_PID_NONE;
    if (mode == MG_ROLL_AGAIN || roll->live == 0)
        return MG_PID_NONE;
    uint32_t at = 0;
    while (roll->array[at].member == NULL)
        at++;
    return roll->array[at].member->pid;
}

static enum mg_roll_outcome join_open(struct mg_scheduler *s, struct roll *roll, mg_pid pid,
                                      uint64_t word, enum mg_roll_mode mode, mg_pid *holder)
{
    enum mg_roll_outcome outcome = MG_ROLL_TAKEN;
    *holder = roll_refuses(roll, pid, mode);
    if (*holder == MG_PID_NONE) {
        struct member *member = member_new(s, pid, word);
        outcome = MG_ROLL_JOINED;
        roll_enter(roll, member);
        if (!holdings_enter(s->sched, member)) {
            roll_quit(roll, member);
            /* W2 relaxed: the caller keeps the word. Pairs with W1 in member_word(). */
            store_relaxed(&member->word, MG_NIL);
            member_retire(s, member);
            outcome = MG_ROLL_ENDED;
        }
    }
    if (roll->live == 0) {
        roll->dead = true;
        roll_bury(s, roll);
    }
    mg_lock_release(&roll->lock);
    return outcome;
}

enum mg_roll_outcome mg_roll_join(struct mg_scheduler *s, struct mg_copy *copy, mg_value key,
                                  uint64_t hash, mg_pid pid, uint64_t word, enum mg_roll_mode mode,
                                  mg_pid *holder)
{
    if (mg_rolls_members(s->sched->rolls) >= MG_LIMIT_MEMBERS)
        return MG_ROLL_FULL;
    for (;;) {
        bool full = false;
        struct roll *roll = roll_open(s, key, hash);
        if (roll == NULL)
            roll = roll_make(s, copy, key, hash, &full);
        if (full)
            return MG_ROLL_FULL;
        if (roll != NULL)
            return join_open(s, roll, pid, word, mode, holder);
        /* Somebody made it or buried it meanwhile. */
    }
}

bool mg_roll_leave(struct mg_scheduler *s, mg_value key, uint64_t hash, mg_pid pid)
{
    struct roll *roll = roll_open(s, key, hash);
    if (roll == NULL)
        return false;
    struct member *member = roll_find(roll, pid);
    if (member != NULL && !holdings_leave(s->sched->rolls, member))
        member = NULL;
    if (member != NULL && roll_quit(roll, member))
        roll_bury(s, roll);
    mg_lock_release(&roll->lock);
    if (member != NULL)
        member_retire(s, member);
    return member != NULL;
}

bool mg_roll_set(struct mg_scheduler *s, mg_value key, uint64_t hash, mg_pid pid, uint64_t word)
{
    struct roll *roll = roll_open(s, key, hash);
    if (roll == NULL)
        return false;
    uint64_t old = MG_NIL;
    struct member *member = roll_find(roll, pid);
    if (member != NULL) {
        old = member_word(member);
        /* W2 relaxed: under the lock. Pairs with W1 in member_word(). */
        store_relaxed(&member->word, word);
    }
    mg_lock_release(&roll->lock);
    mg_ctab_word_retire(old, s);
    return member != NULL;
}

/* -- Looking -- */

bool mg_roll_includes(struct mg_scheduler *s, mg_value key, uint64_t hash, mg_pid pid)
{
    struct roll *roll = roll_open(s, key, hash);
    if (roll == NULL)
        return false;
    bool in = roll_find(roll, pid) != NULL;
    mg_lock_release(&roll->lock);
    return in;
}

uint64_t mg_roll_count(struct mg_scheduler *s, mg_value key, uint64_t hash)
{
    struct roll *roll = roll_open(s, key, hash);
    if (roll == NULL)
        return 0;
    uint64_t count = roll->live;
    mg_lock_release(&roll->lock);
    return count;
}

uint64_t mg_roll_last(struct mg_scheduler *s, mg_value key, uint64_t hash)
{
    struct roll *roll = roll_open(s, key, hash);
    if (roll == NULL)
        return 0;
    uint64_t serial = roll->serials;
    mg_lock_release(&roll->lock);
    return serial;
}

uint32_t mg_roll_members(struct mg_scheduler *s, mg_value key, uint64_t hash, uint64_t after,
                         struct mg_roll_member *out, uint32_t max)
{
    struct roll *roll = roll_open(s, key, hash);
    if (roll == NULL)
        return 0;
    uint32_t count = 0;
    for (uint32_t i = array_above(roll, after); i < roll->used && count < max; i++) {
        const struct member *member = roll->array[i].member;
        if (member != NULL)
            out[count++] =
                (struct mg_roll_member){member->pid, member->serial, member_word(member)};
    }
    mg_lock_release(&roll->lock);
    return count;
}

uint32_t mg_roll_keys_of(struct mg_scheduler *s, mg_pid pid, uint32_t skip,
                         struct mg_ctab_entry **out, uint32_t max)
{
    struct stripe *stripe = stripe_of(s->sched->rolls, pid);
    uint32_t count = 0;
    uint64_t value = 0;
    mg_lock_acquire(&stripe->lock);
    mg_map_get(&stripe->newest, pid, &value);
    for (struct member *m = member_of(value); m != NULL && count < max; m = m->older) {
        if (skip > 0)
            skip--;
        else
            out[count++] = m->roll->entry;
    }
    mg_lock_release(&stripe->lock);
    return count;
}

uint32_t mg_roll_walk(struct mg_scheduler *s, struct mg_ctab_place *place,
                      struct mg_ctab_entry **out, uint32_t max)
{
    return mg_ctab_walk(s->sched->rolls->directory, place, out, max);
}

/* -- Ends -- */

bool mg_rolls_release(struct mg_core *core, mg_pid pid)
{
    struct mg_scheduler *s = &core->s;
    struct stripe *stripe = stripe_of(s->sched->rolls, pid);
    struct member *taken[RELEASE_BATCH];
    uint32_t count = 0;
    uint64_t value;
    mg_lock_acquire(&stripe->lock);
    while (count < RELEASE_BATCH && mg_map_get(&stripe->newest, pid, &value)) {
        taken[count] = member_of(value);
        holdings_unlink(stripe, taken[count++]);
    }
    mg_lock_release(&stripe->lock);
    for (uint32_t i = 0; i < count; i++) {
        struct roll *roll = taken[i]->roll;
        mg_lock_acquire(&roll->lock);
        if (roll_quit(roll, taken[i]))
            roll_bury(s, roll);
        mg_lock_release(&roll->lock);
        member_retire(s, taken[i]);
    }
    return count < RELEASE_BATCH;
}

/* -- Life -- */

/* What is left of a roll when the node ends: nobody else is there. */
static void directory_word_free(uint64_t word, struct mg_block_cache *blocks)
{
    struct roll *roll = roll_of_word(word);
    for (uint32_t i = 0; i < roll->used; i++) {
        struct member *member = roll->array[i].member;
        if (member == NULL)
            continue;
        mg_ctab_word_free(member_word(member), blocks);
        mg_block_free(blocks, member, sizeof *member);
    }
    roll_free(roll);
}

struct mg_rolls *mg_rolls_new(void)
{
    struct mg_rolls *rolls = mg_alloc_aligned(MG_CACHE_LINE, sizeof *rolls);
    memset(rolls, 0, sizeof *rolls);
    for (uint32_t i = 0; i < STRIPES; i++) {
        mg_lock_init(&rolls->stripes[i].lock, MG_RANK_HOLDINGS);
        mg_map_init(&rolls->stripes[i].newest);
    }
    rolls->directory = mg_ctab_body_new(MG_CTAB_HASHED, NULL, UINT64_MAX, MG_LIMIT_MEMBERS);
    rolls->directory->word_free = directory_word_free;
    return rolls;
}

void mg_rolls_free(struct mg_rolls *rolls, struct mg_scheduler *s)
{
    mg_ctab_body_free(rolls->directory, s != NULL ? &s->blocks : NULL);
    for (uint32_t i = 0; i < STRIPES; i++) {
        mg_map_deinit(&rolls->stripes[i].newest);
        mg_lock_deinit(&rolls->stripes[i].lock);
    }
    mg_free(rolls);
}
