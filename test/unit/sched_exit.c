/* SPDX-License-Identifier: MIT */
/* Ends: their order, their reasons, and what a kill in any moment does. */
#include "support/actors.h"

ACTOR(nap)
{
    return wait_mail(actor, s);
}

ACTOR(answers)
{
    return end_with(actor, s, REASON(NORMAL), 42);
}

/* The result of main is what it said; a behaviour that says nothing ends normally with nil. */
UNIT_CASE(result)
{
    struct world world;
    world_init(&world, 1, 0);
    world_run(&world, &answers, 0);
    ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
    ck_assert_int_eq(mg_small_value(world.exit.result), 42);
    ck_assert_uint_eq(world.exit.origin, world.main->pid);
    ck_assert_uint_eq(world.exit.error, MG_NIL);
    world_deinit(&world);
}

ACTOR(dies_of_error)
{
    if (actor->body[0] != 0)
        mg_actor_link(actor, s, actor->body[0], NULL);
    return end_with(actor, s, REASON(ERROR), 7);
}

/* Three in a chain of links: the last one's death ends all, #linked, with the last as origin. */
ACTOR(chain)
{
    if (actor->body[1] == 0) {
        actor->body[1] = 1;
        if (actor->body[0] != 0) {
            struct mg_spawn options = {.behaviour = actor->body[0] == 1 ? &dies_of_error : &chain,
                                       .priority = MG_PRIORITY_NORMAL,
                                       .linked = true};
            options.body[0] = actor->body[0] == 1 ? 0 : actor->body[0] - 1;
            world_of(s)->pids[actor->body[0]] = mg_actor_pid(spawn_with(s, actor, &options));
        }
    }
    return wait_mail(actor, s);
}

UNIT_CASE(linked_deaths)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 4, threads);
        world_run(&world, &chain, 5);
        ck_assert_uint_eq(world.exit.reason, REASON(LINKED));
        ck_assert_uint_eq(world.exit.origin, world.pids[1]);
        world_deinit(&world);
    }
}

/* Spawns the victim in body[0]'s way, ends it, and checks how. */
ACTOR(waits_for_end)
{
    struct mg_signal *reply;
    if (actor->body[3] == 0) {
        struct world *world = world_of(s);
        actor->body[1] = spawn(s, actor, &nap, 0);
        world->pids[1] = actor->body[1];
        actor->body[2] = (uint64_t)(uintptr_t)mg_sched_control(s, actor->body[1]);
        actor->body[3] = mg_request_wait(actor, s, actor->body[1]);
        mg_pid self = mg_actor_pid(actor);
        if (actor->body[0] == 0)
            ck_assert(mg_kill_send(s, self, actor->body[1]));
        else if (actor->body[0] == 1)
            ck_assert(mg_exit_send(s, self, actor->body[1], 77));
        else if (actor->body[0] == 2)
            ck_assert(mg_terminate_send(s, self, actor->body[1], REASON(SHUTDOWN)));
        else
            ck_assert(mg_exit_send(s, self, actor->body[1], REASON(NORMAL)));
        if (actor->body[0] == 3) // normal is ignored
            ck_assert(mg_kill_send(s, self, actor->body[1]));
    }
    if (mg_request_poll(actor, actor->body[3], &reply) == MG_OUTCOME_PENDING)
        return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
    struct mg_control *control = (struct mg_control *)(uintptr_t)actor->body[2];
    struct mg_exit_info info;
    ck_assert(!mg_control_is_alive(control));
    ck_assert(mg_control_exit(control, &info));
    ck_assert_ptr_null(mg_control_target(control));
    ck_assert_ptr_null(mg_sched_find(s->sched, control->pid));
    ck_assert(!mg_kill_send(s, 0, control->pid));
    mg_control_unref(control, &s->blocks);
    return end_with(actor, s, info.reason, 0);
}

/* kill, exit with a reason, terminate, and exit #normal (which does nothing). */
UNIT_CASE(reasons)
{
    static const uint32_t expected[] = {REASON(KILLED), 77, REASON(SHUTDOWN), REASON(KILLED)};
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t how = 0; how < 4; how++) {
            struct world world;
            world_init(&world, how, threads);
            world_run(&world, &waits_for_end, how);
            ck_assert_uint_eq(world.exit.reason, expected[how]);
            world_deinit(&world);
        }
}

/* Unwinds for body[0] turns, then ends with the pending reason. */
ACTOR_UNWINDS(unwinder, true)
{
    mg_actor_set_cleanup(actor, true);
    if (!(actor->flags & MG_ACTOR_EXIT_PENDING))
        return wait_mail(actor, s);
    count(s, 0, 1);
    if (actor->body[0]-- != 0) {
        s->reductions = 0;
        return MG_TURN_YIELD;
    }
    uint32_t reason;
    mg_pid origin;
    mg_actor_pending_exit(actor, &reason, &origin);
    mg_actor_set_exit(actor, s, reason, origin, MG_NIL, NULL);
    return MG_TURN_EXIT;
}

/* body[0]: turns the child unwinds. body[4]: limit in ns, 0 for the child's own. */
ACTOR(ends_an_unwinder)
{
    struct mg_signal *reply;
    if (actor->body[3] == 0) {
        struct mg_actor_options limits = {.shutdown_ns = 1000000};
        struct mg_spawn options = {
            .behaviour = &unwinder, .options = &limits, .priority = MG_PRIORITY_NORMAL};
        options.body[0] = actor->body[0];
        struct mg_actor *child = spawn_with(s, actor, &options);
        mg_control_ref(child->control);
        actor->body[2] = (uint64_t)(uintptr_t)child->control;
        mg_pid pid = mg_actor_pid(child);
        actor->body[3] = mg_request_wait(actor, s, pid);
        uint64_t within = world_of(s)->plan;
        ck_assert(mg_exit_send_within(s, mg_actor_pid(actor), pid, 77, within));
        ck_assert(mg_exit_send(s, mg_actor_pid(actor), pid, 78)); // comes too late to count
    }
    if (mg_request_poll(actor, actor->body[3], &reply) == MG_OUTCOME_PENDING)
        return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
    struct mg_control *control = (struct mg_control *)(uintptr_t)actor->body[2];
    struct mg_exit_info info;
    ck_assert(mg_control_exit(control, &info));
    mg_control_unref(control, &s->blocks);
    return end_with(actor, s, info.reason, 0);
}

static uint32_t unwound(uint64_t turns, uint64_t within_ns)
{
    struct world world;
    world_init(&world, 1, 0);
    world.plan = within_ns;
    world_run(&world, &ends_an_unwinder, turns);
    uint32_t reason = world.exit.reason;
    ck_assert_uint_ge(counted(&world, 0), 1);
    world_deinit(&world);
    return reason;
}

/* Clean-up runs as long as its limit allows, then it is a kill; the first exit counts. */
UNIT_CASE(unwinding)
{
    ck_assert_uint_eq(unwound(0, 0), 77);
    ck_assert_uint_eq(unwound(20, 0), 77);
    ck_assert_uint_eq(unwound(UINT64_MAX, 0), REASON(KILLED));
    ck_assert_uint_eq(unwound(200, 1000), REASON(KILLED));
    ck_assert_uint_eq(unwound(2000, MG_NO_DEADLINE), 77);
}

ACTOR(spin)
{
    s->reductions = 0;
    return MG_TURN_YIELD;
}

/* Kills body[0] actors in every state: new, waiting, running, already ending. */
ACTOR(killer)
{
    while (actor->body[1] < actor->body[0]) {
        uint64_t i = actor->body[1]++;
        struct mg_spawn options = {.behaviour = i % 3 == 0   ? &nap
                                                : i % 3 == 1 ? &spin
                                                             : &dies_of_error,
                                   .priority = MG_PRIORITY_NORMAL,
                                   .monitored = true};
        mg_pid pid = mg_actor_pid(spawn_with(s, actor, &options));
        actor->body[2] ^= pid;
        actor->body[3] = pid;
        mg_kill_send(s, mg_actor_pid(actor), pid);
        if (i % 7 == 0)
            mg_kill_send(s, mg_actor_pid(actor), pid);
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
    }
    int64_t value;
    while ((value = hear(actor, s)) != -1) {
        ck_assert(value == -2 - MG_REASON_KILLED || value == -2 - MG_REASON_ERROR);
        actor->body[4]++;
    }
    return actor->body[4] == actor->body[0] ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* Every kill is heard of exactly once, whatever its victim was doing. */
UNIT_CASE(kill_storm)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        struct world world;
        world_init(&world, 3, threads);
        world_run(&world, &killer, 3000);
        ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
        world_deinit(&world);
    }
}

ACTOR(watcher)
{
    if (actor->body[1]++ == 0) {
        mg_actor_monitor(actor, s, actor->body[0], NULL);
        count(s, 0, 1);
    }
    int64_t value = hear(actor, s);
    if (value == -1)
        return wait_mail(actor, s);
    ck_assert_int_eq(value, -2 - MG_REASON_KILLED);
    count(s, 1, 1);
    return MG_TURN_EXIT;
}

/* A death that many watch takes several turns, and all hear of it. */
ACTOR(watched_by_many)
{
    enum { WATCHERS = 5000 };
    if (actor->body[1] == 0) {
        actor->body[1] = spawn(s, actor, &nap, 0);
        for (uint32_t i = 0; i < WATCHERS; i++)
            spawn(s, actor, &watcher, actor->body[1]);
    }
    s->reductions = 0;
    if (counted(world_of(s), 0) == WATCHERS && actor->body[2]++ == 0)
        mg_kill_send(s, mg_actor_pid(actor), actor->body[1]);
    return counted(world_of(s), 1) == WATCHERS ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(many_watchers)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        ck_assert_uint_eq(world_count(&watched_by_many, 1, threads, 0, 1), 5000);
}

UNIT_MAIN("sched/exit", result, linked_deaths, reasons, unwinding, kill_storm, many_watchers)
