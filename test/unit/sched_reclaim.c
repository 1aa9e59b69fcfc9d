/* SPDX-License-Identifier: MIT */
/* Recycling: dead actors are freed after a grace period, soon, and answer what came too late. */
#include "sched/internal.h"
#include "support/actors.h"

ACTOR(leaf)
{
    return MG_TURN_EXIT;
}

/* Spawns without end: the blocks must come back as fast as they go. */
ACTOR(breeds)
{
    for (uint32_t i = 0; i < 100; i++)
        spawn(s, actor, &leaf, 0);
    return ++actor->body[0] == 2000 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(memory_comes_back)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 1, threads);
        world_run(&world, &breeds, 0);
        struct mg_sched_stats stats;
        mg_sched_stats(world.sched, &stats);
        ck_assert_uint_eq(stats.spawned, 200002);
        ck_assert_uint_le(stats.memory_bytes, 64 << 20);
        world_deinit(&world);
    }
}

/* Finds the target first, lets it die within the same slice, then sends: the pointer is good, the
 * signals are answered. */
ACTOR(sends_to_the_dying)
{
    struct mg_signal *reply;
    if (actor->body[0] == 0) {
        mg_pid pid = spawn(s, actor, &leaf, 0);
        actor->body[1] = mg_request_wait(actor, s, pid);
        actor->body[2] = mg_actor_monitor(actor, s, pid, NULL);
        mg_actor_set_trap(actor, true);
        mg_actor_link(actor, s, pid, NULL);
        actor->body[0] = pid;
    }
    int64_t value;
    while ((value = hear(actor, s)) != -1)
        actor->body[3]++;
    bool ended = mg_request_state(actor, actor->body[1]) != MG_OUTCOME_PENDING;
    if (!ended || actor->body[3] < (actor->body[4] != 0 ? 1u : 0u) + 1)
        return mg_actor_wait(actor, s, MG_WAKE_MAIL | MG_WAKE_REPLY, MG_NO_DEADLINE);
    ck_assert_int_eq(mg_request_poll(actor, actor->body[1], &reply), MG_OUTCOME_ENDED);
    return MG_TURN_EXIT;
}

UNIT_CASE(late_signals_are_answered)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 30; seed++)
            world_count(&sends_to_the_dying, seed, threads, 0, 0);
}

struct item {
    struct mg_retired retired;
    uint64_t *freed;
};

static void item_free(struct mg_retired *retired, struct mg_scheduler *s)
{
    (void)s;
    ++*((struct item *)retired)->freed;
}

/* Other memory is retired the same way; not before everybody has announced. */
UNIT_CASE(grace_periods)
{
    struct world world;
    world_init(&world, 1, 2);
    world.sched = mg_sched_new(&world.config);
    mg_sched_boot_scheduler(world.sched);
    struct mg_core *core = world.sched->cores[0];
    struct mg_quiesce_part *other = &world.sched->parts[1];
    uint64_t freed = 0;
    struct item items[3] = {{.freed = &freed}, {.freed = &freed}, {.freed = &freed}};
    for (uint32_t i = 0; i < 3; i++)
        items[i].retired.free = item_free;
    mg_quiesce_online(&world.sched->quiesce, other);
    mg_core_retire(core, &items[0].retired);
    for (uint32_t i = 0; i < 10; i++)
        mg_core_quiesce(core);
    ck_assert_uint_eq(freed, 0); // the other one may still hold it
    mg_core_retire(core, &items[1].retired);
    for (uint32_t i = 0; i < 4; i++) {
        mg_quiesce_announce(&world.sched->quiesce, other);
        mg_core_quiesce(core);
    }
    ck_assert_uint_eq(freed, 2);
    mg_quiesce_offline(other);
    mg_core_retire(core, &items[2].retired);
    mg_core_quiesce(core);
    ck_assert_uint_eq(freed, 3); // nobody else: at once
    ck_assert_uint_eq(core->garbage, 0);
    world_deinit(&world);
}

struct chain {
    struct mg_retired retired;
    struct mg_core *core;
    struct item *next;
};

static void chain_free(struct mg_retired *retired, struct mg_scheduler *s)
{
    (void)s;
    struct chain *chain = (struct chain *)retired;
    mg_core_retire(chain->core, &chain->next->retired);
}

/* The epoch moves on so many times; only the first core is there. */
static void epochs_pass(struct mg_sched *sched, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t epoch = mg_quiesce_announce(&sched->quiesce, sched->cores[0]->part);
        ck_assert(mg_quiesce_try(&sched->quiesce, epoch));
    }
}

/* A core leaves with garbage, and the epoch goes on until the bag for now is one that is still
 * full. At the end all is freed, and what that retires. */
UNIT_CASE(old_bags_are_emptied_first)
{
    for (uint32_t turn = 0; turn < 2 * MG_BAGS * MG_BAGS; turn++) {
        struct world world;
        world_init(&world, 1, 2);
        world.sched = mg_sched_new(&world.config);
        mg_sched_boot_scheduler(world.sched);
        struct mg_quiesce *quiesce = &world.sched->quiesce;
        struct mg_core *first = world.sched->cores[0], *core = world.sched->cores[1];
        uint64_t freed = 0;
        struct item last = {{.free = item_free}, &freed};
        struct chain chain = {{.free = chain_free}, core, &last};
        struct item items[2] = {{{.free = item_free}, &freed}, {{.free = item_free}, &freed}};
        epochs_pass(world.sched, turn / (2 * MG_BAGS));
        mg_quiesce_online(quiesce, core->part);
        mg_core_retire(core, &chain.retired);
        for (uint32_t i = 0; i < 2; i++) {
            uint64_t epoch = mg_quiesce_announce(quiesce, core->part);
            mg_quiesce_announce(quiesce, first->part);
            ck_assert(mg_quiesce_try(quiesce, epoch));
            mg_quiesce_announce(quiesce, core->part);
            mg_core_retire(core, &items[i].retired);
        }
        ck_assert_uint_eq(core->garbage, 3);
        mg_quiesce_offline(core->part);
        epochs_pass(world.sched, turn % (2 * MG_BAGS));
        world_deinit(&world);
        ck_assert_uint_eq(freed, 3);
    }
}

UNIT_MAIN("sched/reclaim", memory_comes_back, late_signals_are_answered, grace_periods,
          old_bags_are_emptied_first)
