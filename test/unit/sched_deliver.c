/* SPDX-License-Identifier: MIT */
/* The drain: order, what wakes whom, suspension, inspection. */
#include "support/actors.h"

/* D1: three messages, an exit, three messages: the exit counts where it stands. */
ACTOR(traps_in_order)
{
    mg_actor_set_trap(actor, true);
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        int64_t expected = (int64_t)actor->body[1]++;
        if (m->kind == MG_SIGNAL_EXIT)
            ck_assert_int_eq(expected, 3);
        else
            ck_assert_int_eq(expected, mg_small_value(m->payload));
        mg_signal_free(m, &s->blocks);
    }
    return actor->body[1] == 7 ? MG_TURN_EXIT : wait_mail(actor, s);
}

ACTOR(sends_in_order)
{
    if (actor->body[0] == 0) {
        struct mg_spawn options = {
            .behaviour = &traps_in_order, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        actor->body[0] = mg_actor_pid(spawn_with(s, actor, &options));
        mg_order_send(s, actor->body[0], MG_ORDER_TRAP, 1);
        for (int64_t i = 0; i < 3; i++)
            tell(actor, s, actor->body[0], i);
        mg_exit_send(s, mg_actor_pid(actor), actor->body[0], 77);
        for (int64_t i = 4; i < 7; i++)
            tell(actor, s, actor->body[0], i);
    }
    int64_t value = hear(actor, s);
    if (value == -1)
        return wait_mail(actor, s);
    return end_with(actor, s, REASON_BASE + (uint32_t)(-2 - value), 0);
}

UNIT_CASE(messages_and_exits_in_order)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 50; seed++) {
            struct world world;
            world_init(&world, seed, threads);
            world_run(&world, &sends_in_order, 0);
            ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
            world_deinit(&world);
        }
}

/* Counts its turns; waits for replies only, so mail must not run it. */
ACTOR(waits_for_reply)
{
    count(s, 0, 1);
    return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
}

ACTOR(sends_mail)
{
    if (actor->body[0] == 0)
        actor->body[0] = spawn(s, actor, &waits_for_reply, 0);
    if (actor->body[1]++ < 20) {
        tell(actor, s, actor->body[0], 1);
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 100000);
    }
    return MG_TURN_EXIT;
}

UNIT_CASE(only_what_is_waited_for_runs)
{
    ck_assert_uint_eq(world_count(&sends_mail, 1, 0, 0, 0), 1);
}

ACTOR(counter)
{
    while (hear(actor, s) >= 0)
        count(s, 0, 1);
    return wait_mail(actor, s);
}

/* A suspended actor takes signals but does not run; resumed, it finds its mail; a kill needs no
 * resume. */
ACTOR(suspends)
{
    uint64_t pause = mg_scheduler_now(s) + 2000000;
    switch (actor->body[0]++) {
    case 0:
        actor->body[1] = spawn(s, actor, &counter, 0);
        mg_order_send(s, actor->body[1], MG_ORDER_SUSPEND, 0);
        for (uint32_t i = 0; i < 5; i++)
            tell(actor, s, actor->body[1], 1);
        break;
    case 1:
        ck_assert_uint_eq(counted(world_of(s), 0), 0);
        mg_order_send(s, actor->body[1], MG_ORDER_RESUME, 0);
        break;
    case 2:
        ck_assert_uint_eq(counted(world_of(s), 0), 5);
        mg_order_send(s, actor->body[1], MG_ORDER_SUSPEND, 0);
        mg_actor_monitor(actor, s, actor->body[1], NULL);
        mg_kill_send(s, 0, actor->body[1]);
        break;
    default:
        return hear(actor, s) == -2 - MG_REASON_KILLED ? MG_TURN_EXIT : wait_mail(actor, s);
    }
    return mg_actor_wait(actor, s, 0, pause);
}

UNIT_CASE(suspension)
{
    for (uint64_t seed = 0; seed < 20; seed++)
        world_count(&suspends, seed, 0, 0, 0);
}

static void inspect_answer(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    struct mg_signal *reply = mg_signal_new(&s->blocks, MG_SIGNAL_REPLY, 0);
    reply->reference = signal->reference;
    reply->detail = MG_OUTCOME_VALUE;
    reply->payload = mg_small((int64_t)actor->body[0]);
    mg_reply_send(actor, s, signal->sender, reply);
    mg_signal_free(signal, &s->blocks);
}

static enum mg_turn inspected_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    actor->body[0]++;
    return wait_mail(actor, s);
}

static const struct mg_behaviour inspected = {
    .name = "inspected", .run = inspected_run, .inspect = inspect_answer};

ACTOR(inspector)
{
    struct mg_signal *reply;
    if (actor->body[0] == 0) {
        mg_pid pids[] = {spawn(s, actor, &inspected, 0), spawn(s, actor, &counter, 0)};
        for (uint32_t i = 0; i < 2; i++) {
            actor->body[i] = mg_request_open(actor, s, pids[i]);
            struct mg_signal *signal = mg_signal_new(&s->blocks, MG_SIGNAL_INSPECT, 0);
            signal->sender = mg_actor_pid(actor);
            signal->reference = actor->body[i];
            ck_assert(mg_post_pid(s, pids[i], signal));
        }
    }
    if (mg_request_state(actor, actor->body[0]) == MG_OUTCOME_PENDING ||
        mg_request_state(actor, actor->body[1]) == MG_OUTCOME_PENDING)
        return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
    ck_assert_int_eq(mg_request_poll(actor, actor->body[0], &reply), MG_OUTCOME_VALUE);
    ck_assert_int_le(mg_small_value(reply->payload), 1); // looking does not run it
    mg_signal_free(reply, &s->blocks);
    ck_assert_int_eq(mg_request_poll(actor, actor->body[1], &reply), MG_OUTCOME_REFUSED);
    if (reply != NULL)
        mg_signal_free(reply, &s->blocks);
    return MG_TURN_EXIT;
}

/* An inspection is answered by the behaviour's hook without running the program; without a hook it
 * is refused. */
UNIT_CASE(inspection)
{
    for (uint64_t seed = 0; seed < 10; seed++)
        world_count(&inspector, seed, 0, 0, 0);
}

/* More mail than one drain takes still comes in order. */
ACTOR(many)
{
    enum { MAIL = 20000 };
    if (actor->body[0] == 0)
        for (int64_t i = 0; i < MAIL; i++)
            ck_assert(tell(actor, s, mg_actor_pid(actor), i));
    int64_t value;
    while ((value = hear(actor, s)) >= 0)
        ck_assert_int_eq(value, (int64_t)actor->body[0]++);
    return actor->body[0] == MAIL ? MG_TURN_EXIT : wait_mail(actor, s);
}

UNIT_CASE(long_queues)
{
    world_count(&many, 1, 0, 0, 0);
    world_count(&many, 1, 1, 0, 0);
}

UNIT_MAIN("sched/deliver", messages_and_exits_in_order, only_what_is_waited_for_runs, suspension,
          inspection, long_queues)
