/* SPDX-License-Identifier: MIT */
/* Turns: who runs, how long, and that nobody starves. */
#include "support/actors.h"

enum { ROUNDS = 2000 };

ACTOR(pong)
{
    int64_t value;
    while ((value = hear(actor, s)) >= 0)
        tell(actor, s, (mg_pid)actor->body[0], value + 1);
    return wait_mail(actor, s);
}

ACTOR(ping)
{
    if (actor->body[0] == 0) {
        actor->body[0] = spawn(s, actor, &pong, mg_actor_pid(actor));
        tell(actor, s, actor->body[0], 0);
    }
    int64_t value;
    while ((value = hear(actor, s)) >= 0) {
        count(s, 0, 1);
        if (value >= ROUNDS)
            return end_with(actor, s, REASON(NORMAL), value);
        tell(actor, s, actor->body[0], value);
    }
    return wait_mail(actor, s);
}

/* Two actors that answer each other come to an end, with the right number of answers. */
UNIT_CASE(ping_and_pong)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world_run(&world, &ping, 0);
        ck_assert(world.ended);
        ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
        ck_assert_int_eq(mg_small_value(world.exit.result), ROUNDS);
        ck_assert_uint_eq(counted(&world, 0), ROUNDS);
        world_deinit(&world);
    }
}

ACTOR(busy)
{
    actor->body[1]++;
    s->reductions = 0;
    if (mg_sched_stopping(s->sched))
        return MG_TURN_EXIT;
    count(s, 1 + actor->body[0], 1);
    return MG_TURN_YIELD;
}

/* Main plays ping-pong with itself through a pong while busy ones never stop. */
ACTOR(among_busy)
{
    if (actor->body[1] == 0) {
        for (uint64_t i = 0; i < 4; i++)
            spawn(s, actor, &busy, i);
        actor->body[1] = spawn(s, actor, &pong, mg_actor_pid(actor));
        tell(actor, s, actor->body[1], 0);
    }
    bool all = true;
    for (uint32_t i = 1; i <= 4; i++)
        all = all && counted(world_of(s), i) != 0;
    int64_t value;
    while ((value = hear(actor, s)) >= 0) {
        if (value >= ROUNDS && all)
            return MG_TURN_EXIT;
        tell(actor, s, actor->body[1], value);
    }
    return wait_mail(actor, s);
}

/* A pair and four busy actors are all served; the pair does not shut the others out through the
 * next slot, nor do they it. */
UNIT_CASE(nobody_starves)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 7, threads);
        world_run(&world, &among_busy, 0);
        world_deinit(&world); // if somebody starved it would not have ended
    }
}

ACTOR(two_pairs_pong)
{
    int64_t value;
    while ((value = hear(actor, s)) >= 0) {
        count(s, (uint32_t)actor->body[1], 1);
        tell(actor, s, (mg_pid)actor->body[0], value);
    }
    return wait_mail(actor, s);
}

/* Plays for ever with its own pong: only the slice can stop it. */
ACTOR(two_pairs_ping)
{
    if (actor->body[1] == 0) {
        struct mg_spawn options = {.behaviour = &two_pairs_pong, .priority = MG_PRIORITY_NORMAL};
        options.body[0] = mg_actor_pid(actor);
        options.body[1] = actor->body[0];
        actor->body[1] = mg_actor_pid(spawn_with(s, actor, &options));
        tell(actor, s, actor->body[1], 1);
    }
    while (hear(actor, s) >= 0)
        tell(actor, s, actor->body[1], 1);
    return wait_mail(actor, s);
}

ACTOR(two_pairs)
{
    if (actor->body[0]++ == 0) {
        for (uint64_t i = 0; i < 3; i++)
            spawn(s, actor, &two_pairs_ping, i);
    }
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t n = counted(world_of(s), i);
        least = n < least ? n : least;
    }
    s->reductions = 0;
    return least > 1000 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* Pairs that never pause share a scheduler: the next slot inherits the slice and cannot keep it. */
UNIT_CASE(pairs_share)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        ck_assert_uint_gt(world_count(&two_pairs, 3, threads, 0, 2), 1000);
}

ACTOR(low)
{
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

ACTOR(low_among_normal)
{
    if (actor->body[0]++ == 0) {
        struct mg_spawn options = {.behaviour = &low, .priority = MG_PRIORITY_LOW};
        spawn_with(s, actor, &options);
    }
    s->reductions = 0;
    return counted(world_of(s), 0) != 0 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* Low priority is behind, not out. */
UNIT_CASE(low_runs_at_last)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        ck_assert_uint_eq(world_count(&low_among_normal, 5, threads, 0, 0), 1);
}

ACTOR(orderly)
{
    struct world *world = world_of(s);
    world->pids[counted(world, 0)] = actor->body[0];
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

ACTOR(priorities)
{
    if (actor->body[0]++ == 0) {
        enum mg_priority order[] = {MG_PRIORITY_LOW, MG_PRIORITY_NORMAL, MG_PRIORITY_SYSTEM};
        for (uint32_t i = 0; i < MG_ARRAY_LEN(order); i++) {
            struct mg_spawn options = {.behaviour = &orderly, .priority = order[i]};
            options.body[0] = order[i];
            spawn_with(s, actor, &options);
        }
    }
    return counted(world_of(s), 0) == 3 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* System work goes first, low priority last. */
UNIT_CASE(priorities_in_order)
{
    struct world world;
    world_init(&world, 5, 1);
    world_run(&world, &priorities, 0);
    ck_assert_uint_eq(world.pids[0], MG_PRIORITY_SYSTEM);
    ck_assert_uint_eq(world.pids[1], MG_PRIORITY_NORMAL);
    ck_assert_uint_eq(world.pids[2], MG_PRIORITY_LOW);
    world_deinit(&world);
}

ACTOR(leaf)
{
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

ACTOR(spawner)
{
    for (; actor->body[0] < 100000; actor->body[0]++) {
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
        spawn(s, actor, &leaf, 0);
    }
    return counted(world_of(s), 0) == 100000 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* Whoever only spawns is not ahead of its children by more than a few slices, so memory stays
 * flat. */
UNIT_CASE(spawner_does_not_run_away)
{
    struct world world;
    world_init(&world, 5, 1);
    world_run(&world, &spawner, 0);
    struct mg_sched_stats stats;
    mg_sched_stats(world.sched, &stats);
    ck_assert_uint_eq(counted(&world, 0), 100000);
    ck_assert_uint_eq(stats.spawned, 100002); // main, and the stopper
    ck_assert_uint_le(stats.memory_bytes, 8 << 20);
    world_deinit(&world);
}

enum { CROWD = 3000 };

/* Busy for ever; counts its turns, and what it counts is compared with the others'. */
ACTOR(one_of_many)
{
    uint32_t *turns = (uint32_t *)(uintptr_t)world_of(s)->plan;
    if (mg_sched_stopping(s->sched))
        return MG_TURN_EXIT;
    turns[actor->body[0]]++;
    s->reductions = 0;
    return MG_TURN_YIELD;
}

ACTOR(crowd)
{
    const uint32_t *turns = (const uint32_t *)(uintptr_t)world_of(s)->plan;
    while (actor->body[0] < CROWD) {
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
        spawn(s, actor, &one_of_many, actor->body[0]++);
    }
    s->reductions = 0;
    if (actor->body[1]++ < 20)
        return MG_TURN_YIELD;
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < CROWD; i++) {
        least = turns[i] < least ? turns[i] : least;
        most = turns[i] > most ? turns[i] : most;
    }
    /* Some were born earlier; but nobody is served out of turn. */
    return end_with(actor, s, REASON(NORMAL), least >= 5 && most < 10 * least);
}

/* More busy actors than a ring holds: all have their turns. */
UNIT_CASE(crowds_take_turns)
{
    uint32_t turns[CROWD] = {0};
    struct world world;
    world_init(&world, 1, 1);
    world.plan = (uint64_t)(uintptr_t)turns;
    world_run(&world, &crowd, 0);
    ck_assert_int_eq(mg_small_value(world.exit.result), 1);
    world_deinit(&world);
}

UNIT_MAIN("sched/scheduler", crowds_take_turns, ping_and_pong, nobody_starves, pairs_share,
          low_runs_at_last, priorities_in_order, spawner_does_not_run_away)
