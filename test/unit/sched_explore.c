/* SPDX-License-Identifier: MIT */
/* Orders that are searched: the seed decides and repeats, all ways come up, nobody starves, and
 * both orders of two senders appear soon. */
#include "base/alloc.h"
#include "sched/internal.h"
#include "support/actors.h"

static void explored_world(struct world *world, uint64_t seed)
{
    world_init(world, seed, 0);
    world->config.explore = true;
}

/* Sends its number to the world's first pid after some steps. */
ACTOR(sender)
{
    if (actor->body[1]++ < 3)
        return MG_TURN_YIELD;
    tell(actor, s, world_of(s)->pids[0], (int64_t)actor->body[0]);
    return MG_TURN_EXIT;
}

/* n[0]: what came first. */
ACTOR(two_senders)
{
    struct world *world = world_of(s);
    if (actor->body[1]++ == 0) {
        world->pids[0] = mg_actor_pid(actor);
        spawn(s, actor, &sender, 1);
        spawn(s, actor, &sender, 2);
    }
    int64_t value;
    while ((value = hear(actor, s)) >= 0) {
        if (counted(world, 0) == 0)
            count(s, 0, (uint64_t)value);
        if (++actor->body[2] == 2)
            return MG_TURN_EXIT;
    }
    return wait_mail(actor, s);
}

UNIT_CASE(both_orders)
{
    uint32_t firsts[3] = {0}, ways[3] = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct world world;
        explored_world(&world, seed);
        world_run(&world, &two_senders, 0);
        ways[mg_explore_way(world.sched->explore)]++;
        firsts[counted(&world, 0)]++;
        world_deinit(&world);
    }
    ck_assert_uint_eq(firsts[1] + firsts[2], 100);
    ck_assert_uint_gt(firsts[1], 15);
    ck_assert_uint_gt(firsts[2], 15);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_gt(ways[i], 10);
}

static char *log_of(uint64_t seed)
{
    struct world world;
    explored_world(&world, seed);
    world_log(&world);
    world_run(&world, &two_senders, 0);
    char *text = mg_buf_take(&world.log);
    world_deinit(&world);
    return text;
}

UNIT_CASE(same_seed_same_run)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        char *first = log_of(seed);
        void *shift = mg_alloc(1000 + seed * 64);
        char *second = log_of(seed);
        ck_assert_str_eq(first, second);
        mg_free(shift);
        mg_free(first);
        mg_free(second);
    }
}

/* Two that keep each other busy for ever, by whatever priority, starve nobody. */
ACTOR(echoes)
{
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        mg_post_pid(s, m->sender, mg_actor_message(actor, s, 0, m->payload));
        mg_signal_free(m, &s->blocks);
    }
    return wait_mail(actor, s);
}

ACTOR(starts_echo)
{
    if (actor->body[1]++ == 0)
        tell(actor, s, spawn(s, actor, &echoes, 0), 1);
    struct mg_signal *m = mg_actor_receive(actor, s);
    if (m != NULL) {
        mg_post_pid(s, m->sender, mg_actor_message(actor, s, 0, m->payload));
        mg_signal_free(m, &s->blocks);
    }
    return wait_mail(actor, s);
}

ACTOR(patient_main)
{
    if (actor->body[1]++ == 0) {
        for (uint32_t i = 0; i < 3; i++)
            spawn(s, actor, &starts_echo, 0);
        actor->body[2] = mg_scheduler_now(s) + MG_NS_PER_MS;
    }
    if (mg_actor_timed_out(actor) || mg_scheduler_now(s) >= actor->body[2])
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, 0, actor->body[2]);
}

UNIT_CASE(nobody_starves)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct world world;
        explored_world(&world, seed);
        world_run(&world, &patient_main, 0);
        ck_assert(world.ended);
        world_deinit(&world);
    }
}

UNIT_MAIN("sched/explore", both_orders, same_seed_same_run, nobody_starves)
