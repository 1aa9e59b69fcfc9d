/* SPDX-License-Identifier: MIT */
/* Pids: never the same twice, found while alive and not afterwards. */
#include "base/alloc.h"
#include "base/map.h"
#include "base/rng.h"
#include "object/control.h"
#include "sched/ptab.h"
#include "support/unit.h"

static void no_release(struct mg_control *control, mg_pid unheld MG_UNUSED,
                       struct mg_block_cache *blocks)
{
    (void)control;
    (void)blocks;
}

/* T1, T2: random lives; each pid is new, a live one is found, a dead one is not. */
UNIT_CASE(pids_are_never_reused)
{
    enum { LIVE = 100, STEPS = 200000 };
    struct mg_ptab ptab;
    struct mg_ptab_cache caches[2] = {0};
    struct mg_control *controls = mg_alloc_aligned(64, LIVE * sizeof *controls);
    mg_pid live[LIVE] = {0}, dead[LIVE] = {0};
    struct mg_map seen = {0};
    struct mg_rng rng;
    mg_ptab_init(&ptab, 1 << 20);
    mg_rng_seed(&rng, 3);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t k = (uint32_t)mg_rng_below(&rng, LIVE);
        struct mg_ptab_cache *cache = &caches[mg_rng_below(&rng, 2)];
        if (live[k] == 0) {
            mg_pid pid = mg_ptab_alloc(&ptab, cache);
            ck_assert(pid != MG_PID_NONE && pid >> 60 == 0);
            ck_assert(mg_map_put(&seen, pid, 1));
            ck_assert_ptr_null(mg_ptab_find(&ptab, pid));
            mg_control_init(&controls[k], pid, no_release);
            mg_ptab_publish(&ptab, pid, &controls[k]);
            live[k] = pid;
        } else {
            ck_assert_ptr_eq(mg_ptab_find(&ptab, live[k]), &controls[k]);
            mg_ptab_free(&ptab, cache, live[k]);
            dead[k] = live[k];
            live[k] = 0;
        }
        ck_assert(dead[k] == 0 || mg_ptab_find(&ptab, dead[k]) == NULL);
    }
    mg_ptab_audit(&ptab, &caches[0]);
    mg_ptab_audit(&ptab, &caches[1]);
    ck_assert_ptr_null(mg_ptab_find(&ptab, 0));
    ck_assert_ptr_null(mg_ptab_find(&ptab, UINT64_MAX >> 4));
    mg_map_deinit(&seen);
    mg_free(controls);
    mg_ptab_deinit(&ptab);
}

/* A slot comes back only behind MG_PTAB_KEEP others. */
UNIT_CASE(reuse_is_late)
{
    struct mg_ptab ptab;
    struct mg_ptab_cache cache = {0};
    mg_ptab_init(&ptab, 1 << 20);
    mg_pid first = mg_ptab_alloc(&ptab, &cache);
    mg_ptab_free(&ptab, &cache, first);
    uint64_t mask = (UINT64_C(1) << MG_PTAB_INDEX_BITS) - 1;
    uint32_t lives = 1;
    for (;; lives++) {
        mg_pid pid = mg_ptab_alloc(&ptab, &cache);
        mg_ptab_free(&ptab, &cache, pid);
        if ((pid & mask) == (first & mask))
            break;
    }
    ck_assert_uint_ge(lives, MG_PTAB_KEEP);
    mg_ptab_deinit(&ptab);
}

/* One scheduler that only frees feeds another that only allocates; the table does not grow for
 * it. */
UNIT_CASE(freed_slots_go_round)
{
    struct mg_ptab ptab;
    struct mg_ptab_cache giver = {0}, taker = {0};
    mg_ptab_init(&ptab, 1 << 16);
    for (uint32_t i = 0; i < 1000000; i++) {
        mg_pid pid = mg_ptab_alloc(&ptab, &taker);
        ck_assert_uint_ne(pid, MG_PID_NONE);
        mg_ptab_free(&ptab, &giver, pid);
    }
    mg_ptab_audit(&ptab, &giver);
    mg_ptab_audit(&ptab, &taker);
    mg_ptab_deinit(&ptab);
}

/* A full table says so, and works again when something was freed. */
UNIT_CASE(full)
{
    struct mg_ptab ptab;
    struct mg_ptab_cache cache = {0};
    mg_ptab_init(&ptab, 3000);
    mg_pid pid = 0, last = 0;
    uint32_t count = 0;
    while ((pid = mg_ptab_alloc(&ptab, &cache)) != MG_PID_NONE) {
        last = pid;
        count++;
    }
    ck_assert_uint_eq(count, 2999);
    mg_ptab_free(&ptab, &cache, last);
    pid = mg_ptab_alloc(&ptab, &cache);
    ck_assert(pid != MG_PID_NONE && pid != last);
    ck_assert_uint_eq(mg_ptab_alloc(&ptab, &cache), MG_PID_NONE);
    mg_ptab_deinit(&ptab);
}

/* The walk meets every slot in use, in order. */
UNIT_CASE(walk)
{
    struct mg_ptab ptab;
    struct mg_ptab_cache cache = {0};
    struct mg_control *controls = mg_alloc_aligned(64, 10 * sizeof *controls);
    mg_ptab_init(&ptab, 1 << 16);
    for (uint32_t i = 0; i < 10; i++) {
        mg_pid pid = mg_ptab_alloc(&ptab, &cache);
        mg_control_init(&controls[i], pid, no_release);
        if (i % 2 == 0)
            mg_ptab_publish(&ptab, pid, &controls[i]);
        else
            mg_ptab_free(&ptab, &cache, pid);
    }
    uint32_t at = 0, count = 0;
    struct mg_control *control;
    while ((at = mg_ptab_next(&ptab, at, &control)) != 0)
        ck_assert_ptr_eq(control, &controls[2 * count++]);
    ck_assert_uint_eq(count, 5);
    mg_free(controls);
    mg_ptab_deinit(&ptab);
}

UNIT_MAIN("sched/ptab", pids_are_never_reused, reuse_is_late, freed_slots_go_round, full, walk)
