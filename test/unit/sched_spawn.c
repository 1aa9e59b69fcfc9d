/* SPDX-License-Identifier: MIT */
/* Births: options, bonds that are there from the first moment, and births that fail. */
#include "base/error.h"
#include "base/limits.h"
#include "support/actors.h"

ACTOR(nap)
{
    return wait_mail(actor, s);
}

ACTOR(dies_at_once)
{
    return end_with(actor, s, REASON(ERROR), 0);
}

/* body[0] counts what was heard. */
ACTOR(watches_a_death)
{
    if (actor->body[1] == 0) {
        struct mg_spawn options = {.behaviour = &dies_at_once,
                                   .priority = MG_PRIORITY_NORMAL,
                                   .linked = true,
                                   .monitored = true};
        mg_actor_set_trap(actor, true);
        actor->body[1] = mg_actor_pid(spawn_with(s, actor, &options));
        ck_assert_uint_ne(options.reference, 0);
        actor->body[2] = options.reference;
    }
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        ck_assert_uint_eq(m->sender, actor->body[1]);
        ck_assert_uint_eq(m->selector, REASON(ERROR));
        if (m->kind == MG_SIGNAL_DOWN)
            ck_assert_uint_eq(m->reference, actor->body[2]);
        else
            ck_assert_uint_eq(m->kind, MG_SIGNAL_EXIT);
        mg_signal_free(m, &s->blocks);
        actor->body[0]++;
    }
    return actor->body[0] == 2 ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* A child that is linked and monitored at birth and dies at once is heard of, both ways, once
 * each. */
UNIT_CASE(bonds_at_birth)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct world world;
            world_init(&world, seed, threads);
            world_run(&world, &watches_a_death, 0);
            ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
            world_deinit(&world);
        }
}

static int start_refuses(struct mg_actor *actor, struct mg_scheduler *s, void *argument)
{
    (void)actor;
    (void)s;
    ck_assert_ptr_nonnull(argument);
    return MG_ELIMIT;
}

static enum mg_turn never_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    (void)actor;
    (void)s;
    ck_abort_msg("an actor that failed to start runs");
    return MG_TURN_EXIT;
}

static const struct mg_behaviour refuses = {
    .name = "refuses", .start = start_refuses, .run = never_run};

ACTOR(tries_to_spawn)
{
    int argument = 1;
    struct mg_spawn options = {.behaviour = &refuses,
                               .argument = &argument,
                               .priority = MG_PRIORITY_NORMAL,
                               .linked = true,
                               .monitored = true};
    ck_assert_ptr_null(mg_spawn(s, actor, &options));
    ck_assert_int_eq(options.error, MG_ELIMIT);
    return MG_TURN_EXIT;
}

/* A start that fails leaves nothing behind: no process, no link, no watch. */
UNIT_CASE(failed_start)
{
    struct world world;
    world_init(&world, 1, 0);
    world_run(&world, &tries_to_spawn, 0);
    struct mg_sched_stats stats;
    mg_sched_stats(world.sched, &stats);
    ck_assert_uint_eq(stats.spawned, 2); // main, and the stopper
    ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
    world_deinit(&world);
}

ACTOR(has_options)
{
    struct mg_mailbox_bound bound;
    size_t len = 0;
    mg_actor_bound(actor, &bound);
    ck_assert_uint_eq(bound.messages, 50);
    ck_assert_uint_eq(bound.bytes, 5000);
    ck_assert_uint_eq(mg_actor_stack_bytes(actor), 123456);
    struct mg_actor_memory memory;
    mg_actor_memory(actor, &memory);
    ck_assert_uint_eq(memory.limit, 1 << 20);
    ck_assert_uint_eq(memory.shared, 0);
    ck_assert_uint_le(memory.heap, MG_ACTOR_BLOCK_BYTES);
    /* The mailbox's share of the cap is not the heap's. */
    ck_assert_uint_eq(actor->heap.cap_bytes, (1 << 20) - 5000);
    const char *label = mg_actor_label(actor, &len);
    ck_assert_uint_eq(len, 5);
    ck_assert_int_eq(memcmp(label, "clerk", 5), 0);
    ck_assert_uint_eq(actor->policy, 7);
    ck_assert_uint_eq(actor->body[3], 33);
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

ACTOR(gives_options)
{
    struct mg_mailbox_bound bound;
    size_t len = 1;
    struct mg_actor_options given = {.memory_bytes = 1 << 20,
                                     .stack_bytes = 123456,
                                     .mailbox_messages = 50,
                                     .mailbox_bytes = 5000,
                                     .label = "clerks",
                                     .label_len = 5};
    struct mg_spawn options = {
        .behaviour = &has_options, .options = &given, .priority = MG_PRIORITY_NORMAL, .policy = 7};
    options.body[3] = 33;
    if (actor->body[0]++ == 0)
        spawn_with(s, actor, &options);
    mg_actor_bound(actor, &bound);
    ck_assert_uint_eq(bound.messages, MG_LIMIT_MAILBOX_MESSAGES);
    ck_assert_uint_eq(mg_actor_stack_bytes(actor), MG_LIMIT_STACK_BYTES);
    ck_assert_ptr_null(mg_actor_label(actor, &len));
    return counted(world_of(s), 0) != 0 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

/* Options arrive; without them the defaults hold. */
UNIT_CASE(options)
{
    ck_assert_uint_eq(world_count(&gives_options, 1, 0, 0, 0), 1);
}

/* What main sees of the node's defaults, and a child whose own options go before them. */
ACTOR(has_defaults)
{
    struct mg_mailbox_bound bound;
    mg_actor_bound(actor, &bound);
    bool is_child = actor->body[3] == 33;
    ck_assert_uint_eq(bound.messages, is_child ? 9 : 70);
    uint64_t memory = is_child ? 1 << 19 : 1 << 20;
    ck_assert_uint_eq(bound.bytes, memory / 4); /* the mailbox's share of the cap */
    ck_assert_uint_eq(actor->heap.cap_bytes, memory - memory / 4);
    ck_assert_uint_eq(mg_actor_stack_bytes(actor), 1 << 18);
    count(s, 0, 1);
    if (is_child)
        return MG_TURN_EXIT;
    struct mg_actor_options own = {.memory_bytes = 1 << 19, .mailbox_messages = 9};
    struct mg_spawn born = {
        .behaviour = &has_defaults, .options = &own, .priority = MG_PRIORITY_NORMAL};
    born.body[3] = 33;
    if (actor->body[0]++ == 0)
        spawn_with(s, actor, &born);
    return counted(world_of(s), 0) > 1 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(defaults_of_the_node)
{
    struct mg_actor_options defaults = {
        .memory_bytes = 1 << 20, .stack_bytes = 1 << 18, .mailbox_messages = 70};
    struct world world;
    world_init(&world, 1, 0);
    world.config.defaults = &defaults;
    world_run(&world, &has_defaults, 0);
    ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
    world_deinit(&world);
}

ACTOR(many)
{
    for (uint32_t i = 0; i < 1000; i++) {
        mg_pid pid = spawn(s, actor, &nap, 0);
        ck_assert_uint_gt(pid, 0);
        struct mg_actor *child = mg_sched_find(s->sched, pid);
        ck_assert_ptr_nonnull(child);
        ck_assert_uint_eq(mg_actor_pid(child), pid);
        ck_assert_ptr_eq(mg_control_target(child->control), child);
    }
    return MG_TURN_EXIT;
}

/* What is spawned can be found at once, by pid and by control block; those who only wait are
 * dropped at the end. */
UNIT_CASE(found_at_once)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&many, 1, threads, 0, 0);
}

/* body[0] counts its turns. */
ACTOR(born_waiting)
{
    actor->body[0]++;
    struct mg_signal *m = mg_actor_receive(actor, s);
    if (m == NULL) { /* its time is over */
        ck_assert_uint_ge(mg_scheduler_now(s), actor->body[1]);
        return actor->body[0] == 1 ? MG_TURN_EXIT : MG_TURN_WAIT;
    }
    ck_assert_uint_eq(actor->body[0], 1);
    mg_signal_free(m, &s->blocks);
    return MG_TURN_EXIT;
}

/* body[0]: downs heard of. One child is sent something, the others' time comes. */
ACTOR(has_sleepers)
{
    enum { SLEEPERS = 3 };
    if (actor->body[1] == 0) {
        actor->body[1] = 1;
        for (uint64_t i = 0; i < SLEEPERS; i++) {
            uint64_t deadline = i == 0   ? MG_NO_DEADLINE
                                : i == 1 ? 1
                                         : mg_scheduler_now(s) + 1000000;
            struct mg_spawn birth = {.behaviour = &born_waiting,
                                     .priority = MG_PRIORITY_NORMAL,
                                     .monitored = true,
                                     .waits = true,
                                     .body = {0, i == 0 ? 0 : deadline},
                                     .deadline_ns = deadline};
            mg_pid pid = mg_actor_pid(spawn_with(s, actor, &birth));
            if (i == 0)
                ck_assert(mg_post_pid(s, pid, mg_actor_message(actor, s, 0, MG_NIL)));
        }
    }
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        ck_assert_uint_eq(m->kind, MG_SIGNAL_DOWN);
        ck_assert_uint_eq(m->selector, REASON(NORMAL));
        mg_signal_free(m, &s->blocks);
        actor->body[0]++;
    }
    return actor->body[0] == SLEEPERS ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* An actor that is born waiting has its first turn when mail comes, or at its deadline, one that
 * has passed already included. */
UNIT_CASE(born_asleep)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct world world;
            world_init(&world, seed, threads);
            world_run(&world, &has_sleepers, 0);
            ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
            world_deinit(&world);
        }
}

UNIT_MAIN("sched/spawn", bonds_at_birth, failed_start, options, defaults_of_the_node, found_at_once,
          born_asleep)
