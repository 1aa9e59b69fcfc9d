/* SPDX-License-Identifier: MIT */
/* Figures: what is counted, and the walk over all processes. */
#include "support/actors.h"

ACTOR(nap)
{
    return wait_mail(actor, s);
}

static void visit(void *context, const struct mg_actor_info *info)
{
    struct world *world = context;
    atomic_fetch_add(&world->n[0], 1);
    if (strcmp(info->behaviour, "nap") == 0) {
        atomic_fetch_add(&world->n[1], 1);
        ck_assert_uint_ne(info->state, MG_ACTOR_GONE);
        ck_assert_uint_eq(info->priority, MG_PRIORITY_NORMAL);
    }
    if (info->pid == world->pids[0])
        atomic_store(&world->n[2], info->state);
}

/* Spawns, lets them run, walks the table in small parts. */
ACTOR(looks)
{
    struct world *world = world_of(s);
    if (actor->body[0]++ == 0) {
        for (uint32_t i = 0; i < 100; i++)
            spawn(s, actor, &nap, 0);
        world->pids[0] = mg_actor_pid(actor);
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 5000000);
    }
    uint64_t from = 0;
    do
        from = mg_sched_each(s, from, 7, visit, world);
    while (from != 0);
    struct mg_sched_stats stats;
    mg_sched_stats(s->sched, &stats);
    ck_assert_uint_eq(stats.spawned, 101);
    ck_assert_uint_eq(stats.ended, 0);
    ck_assert_uint_ge(stats.turns, 101);
    ck_assert_uint_gt(stats.memory_bytes, 0);
    return MG_TURN_EXIT;
}

UNIT_CASE(all_are_seen)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world_run(&world, &looks, 0);
        ck_assert_uint_eq(counted(&world, 0), 101);
        ck_assert_uint_eq(counted(&world, 1), 100);
        ck_assert_uint_eq(counted(&world, 2), MG_ACTOR_RUNNING);
        world_deinit(&world);
    }
}

ACTOR(works)
{
    s->reductions = 0;
    return actor->body[0]++ < 1000 ? MG_TURN_YIELD : MG_TURN_EXIT;
}

static void visit_work(void *context, const struct mg_actor_info *info)
{
    struct world *world = context;
    if (strcmp(info->behaviour, "works") == 0)
        atomic_store(&world->n[0], info->reductions);
}

ACTOR(watches_work)
{
    if (actor->body[0]++ == 0)
        spawn(s, actor, &works, 0);
    mg_sched_each(s, 0, 1000, visit_work, world_of(s));
    s->reductions = 0;
    return counted(world_of(s), 0) > 10000 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* Work shows in the reductions of the one who did it. */
UNIT_CASE(reductions_grow)
{
    ck_assert_uint_gt(world_count(&watches_work, 1, 1, 0, 0), 10000);
}

UNIT_MAIN("sched/stats", all_are_seen, reductions_grow)
