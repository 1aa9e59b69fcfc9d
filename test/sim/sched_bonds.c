/* SPDX-License-Identifier: MIT */
/* Links at rest: after any mixture of link, unlink, death and orders to link, by both sides at
 * once, the two ends of every pair agree, and no exit came along a link that was not there.
 *
 * Each peer does random things to its neighbours until its steps are done; then all rest for a
 * while, and main compares the tables.
 */
#include "sched/internal.h"
#include "support/actors.h"

enum { PEERS = 5, STEPS = 30 };

static mg_pid peer_at(struct mg_scheduler *s, uint64_t i)
{
    return world_of(s)->pids[i % PEERS];
}

static void peer_step(struct mg_actor *actor, struct mg_scheduler *s)
{
    uint64_t dice = mg_actor_rng(s);
    mg_pid other = peer_at(s, dice >> 8);
    switch (dice % 5) {
    case 0:
    case 1:
        mg_actor_link(actor, s, other, NULL);
        break;
    case 2:
        mg_actor_unlink(actor, s, other);
        break;
    case 3:
        mg_order_send(s, other, MG_ORDER_LINK, peer_at(s, dice >> 16));
        break;
    default:
        mg_order_send(s, other, MG_ORDER_UNLINK, peer_at(s, dice >> 16));
        break;
    }
}

/* body: 0 steps, 1 rest begun. */
ACTOR(peer)
{
    mg_actor_set_trap(actor, true);
    while (hear(actor, s) != -1)
        count(s, 1, 1);
    if (peer_at(s, PEERS - 1) == MG_PID_NONE)
        return MG_TURN_YIELD; // not all are born
    while (actor->body[0] < STEPS) {
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
        peer_step(actor, s);
        s->reductions -= (int32_t)(mg_actor_rng(s) % 100);
        actor->body[0]++;
    }
    if (actor->body[1]++ == 0)
        count(s, 0, 1);
    return wait_mail(actor, s);
}

static bool has_link(struct mg_scheduler *s, uint32_t from, uint32_t to)
{
    struct mg_actor *actor = mg_sched_find(s->sched, peer_at(s, from));
    uint64_t value;
    if (actor->side == NULL || !mg_bonds_get(&actor->side->links, peer_at(s, to), &value))
        return false;
    ck_assert_uint_eq(value, 1); // no ack is outstanding at rest
    return true;
}

ACTOR(compare)
{
    struct world *world = world_of(s);
    if (actor->body[0]++ == 0)
        for (uint32_t i = 0; i < PEERS; i++)
            world->pids[i] = spawn(s, actor, &peer, 0);
    if (counted(world, 0) < PEERS)
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 100000);
    if (actor->body[1]++ == 0) // everything under way arrives meanwhile
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 10000000);
    for (uint32_t i = 0; i < PEERS; i++) {
        ck_assert(!has_link(s, i, i));
        for (uint32_t k = 0; k < i; k++) {
            bool one = has_link(s, i, k), other = has_link(s, k, i);
            ck_assert_msg(one == other, "links of %u and %u disagree", i, k);
            count(s, 2, one);
        }
    }
    ck_assert_uint_eq(counted(world, 1), 0); // nobody died, nobody heard of a death
    return MG_TURN_EXIT;
}

/* Both ends of every link agree at rest, for every seed; links are there in some and not in
 * others. */
UNIT_CASE(ends_agree)
{
    uint64_t links = 0;
    for (uint64_t seed = 0; seed < 2000; seed++)
        links += world_count(&compare, seed, 0, 0, 2);
    ck_assert_uint_gt(links, 2000);
    ck_assert_uint_lt(links, 2000 * 9);
}

/* Three messages, an exit, three messages, a thousand times: what was sent before the exit is seen
 * before it. */
ACTOR(target)
{
    mg_actor_set_trap(actor, actor->body[0] != 0);
    int64_t value;
    while ((value = hear(actor, s)) != -1) {
        ck_assert_int_eq(value, value < 0 ? -2 - 77 : (int64_t)actor->body[1]);
        actor->body[1]++;
        count(s, 0, 1);
    }
    return wait_mail(actor, s);
}

ACTOR(sender)
{
    if (actor->body[0] == 0) {
        struct mg_spawn options = {
            .behaviour = &target, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        options.body[0] = world_of(s)->plan;
        actor->body[0] = mg_actor_pid(spawn_with(s, actor, &options));
        if (world_of(s)->plan != 0)
            mg_order_send(s, actor->body[0], MG_ORDER_TRAP, 1);
        for (int64_t i = 0; i < 3; i++)
            tell(actor, s, actor->body[0], i);
        mg_exit_send(s, mg_actor_pid(actor), actor->body[0], REASON_BASE + 77);
        for (int64_t i = 4; i < 7; i++)
            tell(actor, s, actor->body[0], i);
        mg_kill_send(s, 0, world_of(s)->plan != 0 ? 0 : actor->body[0]);
    }
    if (world_of(s)->plan != 0)
        return counted(world_of(s), 0) == 7
                   ? MG_TURN_EXIT
                   : mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 100000);
    int64_t value = hear(actor, s);
    if (value == -1)
        return wait_mail(actor, s);
    ck_assert_int_eq(value, -2 - 77); // the exit, not the kill behind it
    return MG_TURN_EXIT;
}

UNIT_CASE(exits_stand_in_line)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct world world;
        world_init(&world, seed, 0);
        world.plan = seed % 2;
        world_run(&world, &sender, 0);
        ck_assert_uint_eq(world.deadlocks, 0);
        ck_assert_uint_le(counted(&world, 0), seed % 2 == 1 ? 7 : 3);
        world_deinit(&world);
    }
}

UNIT_MAIN("sim sched/bonds", ends_agree, exits_stand_in_line)
