/* SPDX-License-Identifier: MIT */
/* Several threads work on one table: they count, insert, remove, replace objects, and walk. At the
 * end nothing is lost: counters have the sum, keys that were always there were seen once in every
 * walk, no object was ever read that had been freed or half written, and the account is back where
 * it began.
 */
#include "object/bytes.h"
#include "support/ctab.h"

#if defined(MG_TSAN) || defined(MG_STRESS) || defined(MG_ASAN)
#define STEPS 2000
#else
#define STEPS 20000
#endif

enum { WORKERS = 4, COUNTERS = 5, STABLE = 300, FLEETING = 64, OBJECTS = 16 };

/* Ranges of keys. */
enum { AT_COUNTERS = 0, AT_STABLE = 1000, AT_FLEETING = 2000, AT_OBJECTS = 3000 };

struct shared {
    struct mg_ctab_body *body;
    uint64_t steps;
    uint64_t bytes; /* of what stays */
};

static struct shared *shared_of(struct mg_scheduler *s)
{
    return (struct shared *)(uintptr_t)world_of(s)->plan;
}

static mg_value key_at(uint32_t range, uint64_t n)
{
    return mg_small((int64_t)(range + n));
}

static void add_one(struct mg_ctab_body *body, struct mg_scheduler *s, mg_value key)
{
    struct mg_ctab_entry *entry = mg_ctab_find(body, key, ctab_hash(key));
    ck_assert_ptr_nonnull(entry);
    uint64_t seen = mg_ctab_entry_word(entry);
    while (mg_ctab_replace(body, s, entry, &seen, mg_small(mg_small_value(seen) + 1)) !=
           MG_CTAB_DONE)
        continue;
}

/* An array of three numbers, all the same. */
static uint64_t triple(struct mg_scheduler *s, struct mg_copy *copy, int64_t n)
{
    mg_value memory[32];
    struct mg_heap heap;
    uint64_t word;
    mg_heap_init(&heap, memory, MG_ARRAY_LEN(memory), UINT64_MAX);
    struct mg_object *o = mg_heap_alloc_small(&heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 3);
    for (uint32_t i = 0; i < 3; i++)
        o->words[i] = mg_small(n);
    ck_assert(mg_ctab_word_new(s, copy, mg_pointer(o), &word));
    mg_heap_deinit(&heap, &s->blocks);
    return word;
}

static void look_at(struct mg_ctab_body *body, mg_value key)
{
    struct mg_ctab_entry *entry = mg_ctab_find(body, key, ctab_hash(key));
    uint64_t word = entry == NULL ? MG_CTAB_GONE : mg_ctab_entry_word(entry);
    if (word == MG_CTAB_GONE)
        return;
    mg_value v = mg_ctab_word_value(word);
    ck_assert_uint_eq(mg_slot(v, 0), mg_slot(v, 1));
    ck_assert_uint_eq(mg_slot(v, 0), mg_slot(v, 2));
}

static void walk(struct mg_ctab_body *body)
{
    struct mg_ctab_place place = {.after = MG_UNSET};
    struct mg_ctab_entry *found[16];
    uint8_t seen[STABLE] = {0};
    while (!place.done) {
        uint32_t count = mg_ctab_walk(body, &place, found, 16);
        for (uint32_t i = 0; i < count; i++) {
            int64_t n = mg_small_value(mg_ctab_entry_key(found[i])) - AT_STABLE;
            if (n >= 0 && n < STABLE)
                ck_assert_uint_eq(seen[n]++, 0);
        }
    }
    for (uint32_t i = 0; i < STABLE; i++)
        ck_assert_uint_eq(seen[i], 1);
}

static void step(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy,
                 struct mg_rng *rng)
{
    uint64_t word;
    mg_value key;
    switch (mg_rng_below(rng, 6)) {
    case 0:
        key = key_at(AT_FLEETING, mg_rng_below(rng, FLEETING));
        (void)!mg_ctab_insert(body, s, copy, key, ctab_hash(key), MG_NIL, NULL);
        break;
    case 1:
        key = key_at(AT_FLEETING, mg_rng_below(rng, FLEETING));
        (void)!mg_ctab_remove(body, s, key, ctab_hash(key), NULL, &word);
        break;
    case 2:
        key = key_at(AT_OBJECTS, mg_rng_below(rng, OBJECTS));
        ck_assert_int_eq(mg_ctab_put(body, s, copy, key, ctab_hash(key),
                                     triple(s, copy, (int64_t)(mg_rng_next(rng) >> 8))),
                         MG_CTAB_DONE);
        break;
    case 3:
        key = key_at(AT_OBJECTS, mg_rng_below(rng, OBJECTS));
        (void)!mg_ctab_remove(body, s, key, ctab_hash(key), NULL, &word);
        break;
    default:
        look_at(body, key_at(AT_OBJECTS, mg_rng_below(rng, OBJECTS)));
        break;
    }
}

/* body[0]: its number; body[1]: how far it has come. */
ACTOR(worker)
{
    const struct shared *shared = shared_of(s);
    struct mg_copy copy;
    struct mg_rng rng;
    mg_copy_init(&copy, NULL, 1000);
    mg_rng_seed(&rng, actor->body[0] * 1000003 + actor->body[1]);
    for (uint32_t i = 0; i < 100 && actor->body[1] < shared->steps; i++, actor->body[1]++) {
        add_one(shared->body, s, key_at(AT_COUNTERS, mg_rng_below(&rng, COUNTERS)));
        step(shared->body, s, &copy, &rng);
    }
    if (mg_rng_below(&rng, 4) == 0)
        walk(shared->body);
    mg_copy_deinit(&copy);
    s->reductions = 0; // the slice ends: what was retired may be freed
    return actor->body[1] < shared->steps ? MG_TURN_YIELD : MG_TURN_EXIT;
}

static void fill(struct mg_ctab_body *body, struct mg_scheduler *s, struct mg_copy *copy)
{
    for (uint64_t i = 0; i < COUNTERS + STABLE; i++) {
        mg_value key = i < COUNTERS ? key_at(AT_COUNTERS, i) : key_at(AT_STABLE, i - COUNTERS);
        ck_assert_int_eq(mg_ctab_insert(body, s, copy, key, ctab_hash(key), mg_small(0), NULL),
                         MG_CTAB_DONE);
    }
}

static void check(const struct shared *shared, struct mg_scheduler *s)
{
    struct mg_ctab_body *body = shared->body;
    int64_t sum = 0;
    uint64_t word;
    for (uint64_t i = 0; i < COUNTERS; i++) {
        mg_value key = key_at(AT_COUNTERS, i);
        sum += mg_small_value(mg_ctab_entry_word(mg_ctab_find(body, key, ctab_hash(key))));
    }
    ck_assert_int_eq(sum, (int64_t)(WORKERS * shared->steps));
    mg_ctab_audit(body);
    for (uint64_t i = 0; i < FLEETING + OBJECTS; i++) {
        mg_value key = i < FLEETING ? key_at(AT_FLEETING, i) : key_at(AT_OBJECTS, i - FLEETING);
        (void)!mg_ctab_remove(body, s, key, ctab_hash(key), NULL, &word);
    }
    ck_assert_uint_eq(mg_ctab_count(body), COUNTERS + STABLE);
    if (body->kind == MG_CTAB_HASHED) // a skip list's entries are of different sizes
        ck_assert_uint_ge(mg_ctab_bytes(body), shared->bytes);
}

/* body[0]: the kind; body[1]: how many workers have ended. */
ACTOR(leader)
{
    struct shared *shared = shared_of(s);
    if (shared->body == NULL) {
        struct mg_copy copy;
        mg_copy_init(&copy, NULL, 1000);
        shared->body =
            mg_ctab_body_new((enum mg_ctab_kind)actor->body[0], NULL, UINT64_MAX, UINT64_MAX);
        fill(shared->body, s, &copy);
        shared->bytes = mg_ctab_bytes(shared->body);
        mg_copy_deinit(&copy);
        for (uint32_t i = 0; i < WORKERS; i++) {
            struct mg_spawn options = {
                .behaviour = &worker, .priority = MG_PRIORITY_NORMAL, .monitored = true};
            options.body[0] = i;
            spawn_with(s, actor, &options);
        }
    }
    while (actor->body[1] < WORKERS) {
        if (hear(actor, s) == -1)
            return wait_mail(actor, s);
        actor->body[1]++;
    }
    check(shared, s);
    mg_ctab_body_retire(shared->body, s);
    return MG_TURN_EXIT;
}

static void play(enum mg_ctab_kind kind, uint32_t threads, uint64_t steps)
{
    struct shared shared = {.steps = steps};
    struct world world;
    world_init(&world, steps, threads);
    world.plan = (uintptr_t)&shared;
    world_run(&world, &leader, kind);
    ck_assert(world.ended);
    ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
    world_deinit(&world);
}

/* Both kinds, deterministic and on two and four threads. */
UNIT_CASE(nothing_lost)
{
    for (uint32_t threads = 0; threads <= 4; threads += 2) {
        play(MG_CTAB_HASHED, threads, STEPS);
        play(MG_CTAB_ORDERED, threads, STEPS);
    }
}

UNIT_MAIN("litmus/sched_ctab", nothing_lost)
