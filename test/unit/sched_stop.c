/* SPDX-License-Identifier: MIT */
/* The ordered stop: roots newest first, then those with clean-up, then the end; and the report of a
 * deadlock. */
#include "support/actors.h"

/* A root: traps exits, and ends when told, after writing down that it did. */
ACTOR(root)
{
    if (actor->body[1]++ == 0) {
        mg_actor_set_trap(actor, true);
        mg_sched_add_root(s, actor);
        mg_sched_add_root(s, actor);
        count(s, 0, 1);
    }
    struct mg_signal *m = mg_actor_receive(actor, s);
    if (m == NULL)
        return wait_mail(actor, s);
    ck_assert_uint_eq(m->kind, MG_SIGNAL_EXIT);
    ck_assert_uint_eq(m->selector, REASON(SHUTDOWN));
    mg_signal_free(m, &s->blocks);
    struct world *world = world_of(s);
    world->pids[counted(world, 1)] = actor->body[0];
    count(s, 1, 1);
    return end_with(actor, s, REASON(SHUTDOWN), 0);
}

/* Has clean-up to do, and does it; or, with body[0], never ends by itself. */
ACTOR_UNWINDS(cleaner, true)
{
    mg_actor_set_cleanup(actor, true);
    if (actor->flags & MG_ACTOR_EXIT_PENDING) {
        if (actor->body[0] != 0)
            return mg_actor_wait(actor, s, 0, MG_NO_DEADLINE);
        count(s, 2, 1);
        ck_assert_uint_eq(counted(world_of(s), 1), 3); // the roots are gone
        return MG_TURN_EXIT;
    }
    if (actor->body[1]++ == 0)
        count(s, 0, 1);
    return wait_mail(actor, s);
}

/* Neither: is dropped. */
ACTOR_UNWINDS(bystander, true)
{
    ck_assert(!(actor->flags & MG_ACTOR_EXIT_PENDING));
    if (actor->body[1]++ == 0)
        count(s, 0, 1);
    return wait_mail(actor, s);
}

ACTOR(main_of_all)
{
    if (actor->body[1]++ == 0) {
        for (uint64_t i = 0; i < 3; i++)
            actor->body[2 + i] = 0;
        actor->body[2] = spawn(s, actor, &root, 1);
    }
    /* One root after the other, so that their order is known. */
    if (counted(world_of(s), 0) == 1 && actor->body[3] == 0)
        actor->body[3] = spawn(s, actor, &root, 2);
    if (counted(world_of(s), 0) == 2 && actor->body[4] == 0)
        actor->body[4] = spawn(s, actor, &root, 3);
    if (counted(world_of(s), 0) == 3 && actor->body[5]++ == 0)
        for (uint32_t i = 0; i < 5; i++) {
            spawn(s, actor, &cleaner, 0);
            spawn(s, actor, &bystander, 0);
        }
    s->reductions = 0;
    return counted(world_of(s), 0) == 13 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* Main ends: roots stop newest first, then clean-up runs, and nobody else is bothered. */
UNIT_CASE(ordered)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            struct world world;
            world_init(&world, seed, threads);
            world_run(&world, &main_of_all, 0);
            ck_assert_uint_eq(counted(&world, 1), 3);
            for (uint32_t i = 0; i < 3; i++)
                ck_assert_uint_eq(world.pids[i], 3 - i);
            ck_assert_uint_eq(counted(&world, 2), 5);
            world_deinit(&world);
        }
}

ACTOR(main_with_stubborn)
{
    if (actor->body[1]++ == 0)
        spawn(s, actor, &cleaner, 1);
    return counted(world_of(s), 0) == 1 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* What does not end is killed when the time is over. */
UNIT_CASE(time_limit)
{
    for (uint32_t threads = 0; threads < 2; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world.config.stop_ns = 50000000;
        world_run(&world, &main_with_stubborn, 0);
        struct mg_sched_stats stats;
        mg_sched_stats(world.sched, &stats);
        ck_assert_uint_eq(stats.ended, threads == 0 || stats.ended == 3 ? stats.ended : 3);
        ck_assert_uint_ge(stats.ended, 2);
        world_deinit(&world);
    }
}

ACTOR(stops_itself)
{
    if (actor->body[0]++ == 0)
        mg_sched_stop_trees(s->sched, 1000000);
    mg_actor_mark_service(actor, s);
    return wait_mail(actor, s);
}

/* A stop from inside; main never ends by itself. */
UNIT_CASE(from_inside)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world_run(&world, &stops_itself, 0);
        ck_assert(!world.ended);
        ck_assert(mg_sched_stopping(world.sched));
        ck_assert(!mg_sched_deadlocked(world.sched));
        world_deinit(&world);
    }
}

ACTOR(stops_now)
{
    spawn(s, actor, &cleaner, 1);
    mg_sched_request_stop(s->sched, true);
    s->reductions = 0;
    return MG_TURN_YIELD;
}

/* `now` waits for nobody, busy or not. */
UNIT_CASE(at_once)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world_run(&world, &stops_now, 0);
        ck_assert(!world.ended);
        world_deinit(&world);
    }
}

ACTOR(waits_for_ever)
{
    if (actor->body[0]++ == 0)
        spawn(s, actor, &bystander, 0);
    return wait_mail(actor, s);
}

/* Nothing can ever happen: reported once, then the node stops. */
UNIT_CASE(deadlock)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            struct world world;
            world_init(&world, seed, threads);
            world_run(&world, &waits_for_ever, 0);
            ck_assert_uint_eq(world.deadlocks, 1);
            ck_assert(mg_sched_deadlocked(world.sched));
            world_deinit(&world);
        }
}

ACTOR(waits_with_timer)
{
    if (actor->body[0] == 0)
        actor->body[0] = mg_scheduler_now(s) + 30000000;
    if (mg_scheduler_now(s) >= actor->body[0])
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, actor->body[0]);
}

/* A timer is hope. */
UNIT_CASE(no_deadlock_with_a_timer)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&waits_with_timer, 1, threads, 0, 0);
}

UNIT_MAIN("sched/stop", ordered, time_limit, from_inside, at_once, deadlock,
          no_deadlock_with_a_timer)
