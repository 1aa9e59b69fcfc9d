/* SPDX-License-Identifier: MIT */
/* The whole: starting, two in one process, foreign threads, hooks. */
#include <pthread.h>

#include "support/actors.h"

/* Made and freed without running. */
UNIT_CASE(never_run)
{
    struct world world;
    world_init(&world, 1, 2);
    world.sched = mg_sched_new(&world.config);
    ck_assert_uint_eq(mg_sched_count(world.sched), 2);
    ck_assert_ptr_null(mg_scheduler_current());
    world_deinit(&world);
    world_init(&world, 1, 0);
    world.sched = mg_sched_new(&world.config);
    struct mg_scheduler *s = mg_sched_boot_scheduler(world.sched);
    ck_assert_ptr_eq(mg_scheduler_current(), s);
    ck_assert_ptr_eq(mg_sched_boot_scheduler(world.sched), s);
    ck_assert_uint_eq(mg_sched_count(world.sched), MG_SIM_SCHEDULERS);
    world_deinit(&world);
    ck_assert_ptr_null(mg_scheduler_current());
}

static void hook_start(void *owner, struct mg_scheduler *s)
{
    struct world *world = owner;
    s->local = world;
    atomic_fetch_add(&world->n[0], 1);
}

static void hook_stop(void *owner, struct mg_scheduler *s)
{
    struct world *world = owner;
    ck_assert_ptr_eq(s->local, world);
    atomic_fetch_add(&world->n[1], 1);
}

ACTOR(leaf)
{
    ck_assert_ptr_eq(s->local, world_of(s));
    return MG_TURN_EXIT;
}

/* Each scheduler begins once and ends once. */
UNIT_CASE(hooks)
{
    for (uint32_t threads = 0; threads < 4; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world.config.scheduler_start = hook_start;
        world.config.scheduler_stop = hook_stop;
        world_run(&world, &leaf, 0);
        ck_assert_uint_eq(counted(&world, 0), threads == 0 ? MG_SIM_SCHEDULERS : threads);
        ck_assert_uint_eq(counted(&world, 1), counted(&world, 0));
        world_deinit(&world);
    }
}

ACTOR(counts_to)
{
    s->reductions = 0;
    return ++actor->body[0] < 1000 ? MG_TURN_YIELD : end_with(actor, s, REASON(NORMAL), 1000);
}

static void *run_world(void *argument)
{
    world_run(argument, &counts_to, 0);
    return NULL;
}

/* I1: two nodes live in one process, at the same time. */
UNIT_CASE(two_at_once)
{
    struct world worlds[2];
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++) {
        world_init(&worlds[i], i, i + 1);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_world, &worlds[i]), 0);
    }
    for (uint32_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(mg_small_value(worlds[i].exit.result), 1000);
        world_deinit(&worlds[i]);
    }
}

static void *holds(void *argument)
{
    struct world *world = argument;
    mg_pid pid = (mg_pid)world->plan;
    struct mg_signal *signal = mg_sched_foreign_signal(world->sched, MG_SIGNAL_MESSAGE, 0);
    signal->payload = mg_small(5);
    ck_assert(mg_sched_post(world->sched, pid, signal));
    signal = mg_sched_foreign_signal(world->sched, MG_SIGNAL_MESSAGE, 0);
    ck_assert(!mg_sched_post(world->sched, 99999, signal)); // freed
    mg_sched_release(world->sched);
    return NULL;
}

/* Waits for something from outside, under a hold: no deadlock is reported. */
ACTOR(waits_for_outside)
{
    struct world *world = world_of(s);
    if (actor->body[0]++ == 0) {
        pthread_t *thread = (pthread_t *)(uintptr_t)world->pids[1];
        world->plan = mg_actor_pid(actor);
        mg_sched_hold(s->sched);
        ck_assert_int_eq(pthread_create(thread, NULL, holds, world), 0);
    }
    int64_t value = hear(actor, s);
    return value < 0 ? wait_mail(actor, s) : end_with(actor, s, REASON(NORMAL), value);
}

UNIT_CASE(holds_and_posts)
{
    for (uint32_t threads = 1; threads < 3; threads++)
        for (uint32_t i = 0; i < 20; i++) {
            struct world world;
            pthread_t thread;
            world_init(&world, i, threads);
            world.pids[1] = (uint64_t)(uintptr_t)&thread;
            world_run(&world, &waits_for_outside, 0);
            pthread_join(thread, NULL);
            ck_assert_uint_eq(world.deadlocks, 0);
            ck_assert_int_eq(mg_small_value(world.exit.result), 5);
            world_deinit(&world);
        }
}

/* References are unique and rise within a scheduler. */
ACTOR(references)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        uint64_t next = mg_fresh_reference(s);
        ck_assert_uint_gt(next, last);
        last = next;
    }
    ck_assert_uint_lt(last, 20000);
    return MG_TURN_EXIT;
}

UNIT_CASE(fresh_references)
{
    world_count(&references, 1, 0, 0, 0);
    world_count(&references, 1, 1, 0, 0);
}

UNIT_MAIN("sched/sched", never_run, hooks, two_at_once, holds_and_posts, fresh_references)
