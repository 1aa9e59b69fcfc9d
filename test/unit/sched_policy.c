/* SPDX-License-Identifier: MIT */
/* Restrictions: equal sets have equal numbers, and sets only grow. */
#include "support/actors.h"

/* Sets are sets: order and repetition do not matter; a child's holds its parent's. */
UNIT_CASE(sets)
{
    struct world world;
    world_init(&world, 1, 1);
    world.sched = mg_sched_new(&world.config);
    struct mg_sched *sched = world.sched;
    const uint32_t ab[] = {7, 3}, ba[] = {3, 7, 7}, c[] = {5};
    ck_assert_uint_eq(mg_sched_policy(sched, 0, ab, 0), 0);
    uint32_t p = mg_sched_policy(sched, 0, ab, 2);
    ck_assert_uint_ne(p, 0);
    ck_assert_uint_eq(mg_sched_policy(sched, 0, ba, 3), p);
    ck_assert_uint_eq(mg_sched_policy(sched, p, ab, 1), p);
    ck_assert_uint_eq(mg_sched_policy(sched, p, ab, 0), p);
    uint32_t q = mg_sched_policy(sched, p, c, 1);
    ck_assert_uint_ne(q, p);
    for (uint32_t symbol = 0; symbol < 10; symbol++) {
        ck_assert(!mg_sched_policy_denies(sched, 0, symbol));
        ck_assert_int_eq(mg_sched_policy_denies(sched, p, symbol), symbol == 3 || symbol == 7);
        ck_assert_int_eq(mg_sched_policy_denies(sched, q, symbol),
                         symbol == 3 || symbol == 7 || symbol == 5);
    }
    world_deinit(&world);
}

ACTOR(restricted)
{
    struct world *world = world_of(s);
    world->pids[0] = actor->policy;
    return MG_TURN_EXIT;
}

ACTOR(restrictor)
{
    const uint32_t symbols[] = {42};
    struct mg_spawn options = {.behaviour = &restricted, .priority = MG_PRIORITY_NORMAL};
    if (actor->body[0]++ == 0) {
        options.policy = (uint16_t)mg_sched_policy(s->sched, actor->policy, symbols, 1);
        spawn_with(s, actor, &options);
    }
    return world_of(s)->pids[0] != 0 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* An actor is born with what its spawner says. */
UNIT_CASE(carried)
{
    struct world world;
    world_init(&world, 1, 0);
    world_run(&world, &restrictor, 0);
    ck_assert(mg_sched_policy_denies(world.sched, (uint32_t)world.pids[0], 42));
    world_deinit(&world);
}

UNIT_MAIN("sched/policy", sets, carried)
