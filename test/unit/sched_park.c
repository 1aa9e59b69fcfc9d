/* SPDX-License-Identifier: MIT */
/* Parking: no wake is lost, work spreads, and an idle node uses no time. */
#include <pthread.h>

#include "base/clock.h"
#include "support/actors.h"

/* Works for body[0] slices. */
ACTOR(worker)
{
    s->reductions = 0;
    count(s, 8 + s->index, 1);
    if (actor->body[0]-- != 0) {
        uint64_t until = mg_clock_monotonic_ns() + 20000;
        while (mg_clock_monotonic_ns() < until)
            continue;
        return MG_TURN_YIELD;
    }
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

ACTOR(two_workers)
{
    if (actor->body[1]++ == 0)
        for (uint32_t i = 0; i < 2; i++) {
            struct mg_spawn options = {
                .behaviour = &worker, .priority = MG_PRIORITY_NORMAL, .monitored = true};
            options.body[0] = actor->body[0];
            spawn_with(s, actor, &options);
        }
    while (hear(actor, s) != -1)
        actor->body[2]++;
    return actor->body[2] == 2 ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* Two busy actors run on two schedulers: a queue of one is stolen once it has waited a slice. */
UNIT_CASE(work_spreads)
{
    struct world world;
    world_init(&world, 1, 2);
    world_run(&world, &two_workers, 2000);
    ck_assert_uint_eq(counted(&world, 0), 2);
    ck_assert_uint_gt(counted(&world, 8), 100);
    ck_assert_uint_gt(counted(&world, 9), 100);
    struct mg_sched_stats stats;
    mg_sched_stats(world.sched, &stats);
    ck_assert_uint_ge(stats.steals, 1);
    world_deinit(&world);
}

ACTOR(sleeps)
{
    if (actor->body[0] == 0)
        actor->body[0] = mg_scheduler_now(s) + 300000000;
    if (mg_scheduler_now(s) >= actor->body[0])
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, 0, actor->body[0]);
}

/* While everything waits, the schedulers park and stay parked. */
UNIT_CASE(idle_is_idle)
{
    struct world world;
    world_init(&world, 1, 2);
    world_run(&world, &sleeps, 0);
    struct mg_sched_stats stats;
    mg_sched_stats(world.sched, &stats);
    ck_assert_uint_lt(stats.parks, 40); // wheel levels come down a few times
    ck_assert_uint_lt(stats.turns, 40);
    world_deinit(&world);
}

static void *posts(void *argument)
{
    struct world *world = argument;
    while (atomic_load(&world->n[1]) == 0)
        continue;
    /* Each post waits until the one before has run the actor: a lost wake would hang. */
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t before = counted(world, 2);
        ck_assert(mg_sched_post(world->sched, world->pids[0],
                                mg_sched_foreign_signal(world->sched, MG_SIGNAL_ROOM, 0)));
        while (counted(world, 2) == before)
            continue;
    }
    mg_sched_request_stop(world->sched, false);
    return NULL;
}

ACTOR(answers_posts)
{
    if (atomic_load(&world_of(s)->n[1]) == 0) {
        mg_actor_mark_service(actor, s);
        world_of(s)->pids[0] = mg_actor_pid(actor);
        atomic_store(&world_of(s)->n[1], 1);
    } else {
        count(s, 2, 1);
    }
    return mg_actor_wait(actor, s, MG_WAKE_ROOM, MG_NO_DEADLINE);
}

/* Posts from a foreign thread wake a parked node, every time. */
UNIT_CASE(foreign_posts)
{
    for (uint32_t threads = 1; threads < 3; threads++) {
        struct world world;
        pthread_t thread;
        world_init(&world, 1, threads);
        world.sched = mg_sched_new(&world.config);
        struct mg_spawn options = {.behaviour = &answers_posts, .priority = MG_PRIORITY_NORMAL};
        world.main = mg_sched_boot(world.sched, &options);
        ck_assert_int_eq(pthread_create(&thread, NULL, posts, &world), 0);
        mg_sched_run(world.sched);
        pthread_join(thread, NULL);
        ck_assert_uint_eq(counted(&world, 2), 2000);
        world_deinit(&world);
    }
}

UNIT_MAIN("sched/park", work_spreads, idle_is_idle, foreign_posts)
