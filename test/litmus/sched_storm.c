/* SPDX-License-Identifier: MIT */
/* Real threads on everything at once: births, links, monitors, requests, timers, kills, names. What
 * must come out is counted; the sanitizers look at the rest. */
#include "base/rng.h"
#include "support/actors.h"

enum { STEPS = 400, WORKERS = 16 };

/* Counts: 0 downs expected, 1 downs heard, 2 requests opened, 3 requests settled, 4 workers
 * done. */

static void worker_answer(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *m)
{
    struct mg_signal *reply = mg_signal_new(&s->blocks, MG_SIGNAL_REPLY, 0);
    reply->reference = m->reference;
    reply->detail = MG_OUTCOME_VALUE;
    mg_reply_send(actor, s, m->sender, reply);
}

/* Answers requests until it is told to end, is killed, or dies of a link. */
ACTOR(victim)
{
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        bool request = m->kind == MG_SIGNAL_REQUEST;
        if (request && m->reference % 3 != 0)
            worker_answer(actor, s, m);
        mg_signal_free(m, &s->blocks);
        if (!request)
            return MG_TURN_EXIT;
    }
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + 400000);
}

static void worker_request(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to)
{
    uint64_t reference = mg_request_open(actor, s, to);
    struct mg_signal *m = mg_signal_new(&s->blocks, MG_SIGNAL_REQUEST, 0);
    m->sender = mg_actor_pid(actor);
    m->reference = reference;
    if (!mg_post_pid(s, to, m))
        mg_request_settle(actor, reference, MG_OUTCOME_NOPROC);
    actor->body[3] = reference;
    count(s, 2, 1);
}

static void worker_step(struct mg_actor *actor, struct mg_scheduler *s)
{
    mg_pid self = mg_actor_pid(actor);
    uint64_t dice = mg_actor_rng(s);
    struct mg_spawn options = {.behaviour = &victim,
                               .priority = (enum mg_priority)(dice % 3),
                               .linked = (dice >> 8) % 4 == 0,
                               .monitored = (dice >> 12) % 2 == 0};
    mg_pid pid = mg_actor_pid(spawn_with(s, actor, &options));
    count(s, 0, options.monitored);
    if ((dice >> 16) % 4 == 0) {
        mg_actor_monitor(actor, s, pid, NULL);
        count(s, 0, 1);
    }
    if ((dice >> 20) % 4 == 0) {
        mg_actor_link(actor, s, pid, NULL);
        if ((dice >> 24) % 2 == 0)
            mg_actor_unlink(actor, s, pid);
    }
    if ((dice >> 28) % 8 == 0)
        mg_names_register(s, pid, "storm", 5);
    if (actor->body[3] == 0)
        worker_request(actor, s, (dice >> 32) % 2 == 0 ? pid : actor->body[4]);
    actor->body[4] = pid;
    mg_pid named = mg_names_find(s, "storm", 5);
    switch ((dice >> 36) % 4) {
    case 0:
        mg_kill_send(s, self, pid);
        break;
    case 1:
        tell(actor, s, pid, 1);
        break;
    case 2:
        mg_timer_start(s, mg_scheduler_now(s) + (dice >> 40) % 300000, pid,
                       mg_actor_message(actor, s, 0, mg_small(1)));
        break;
    default:
        mg_exit_send(s, self, pid, 77);
        break;
    }
    if (named != MG_PID_NONE && (dice >> 50) % 4 == 0)
        mg_kill_send(s, self, named);
}

/* Traps exits, so that links do not end it. */
ACTOR(worker)
{
    mg_actor_set_trap(actor, true);
    struct mg_signal *m, *reply;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        count(s, 1, m->kind == MG_SIGNAL_DOWN);
        actor->body[2] += m->kind == MG_SIGNAL_DOWN;
        mg_signal_free(m, &s->blocks);
    }
    if (actor->body[3] != 0 &&
        mg_request_poll(actor, actor->body[3], &reply) != MG_OUTCOME_PENDING) {
        if (reply != NULL)
            mg_signal_free(reply, &s->blocks);
        actor->body[3] = 0;
        count(s, 3, 1);
    }
    while (actor->body[0] < STEPS) {
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
        worker_step(actor, s);
        actor->body[0]++;
    }
    /* The last victim may hold a request that it will never answer. */
    if (actor->body[1]++ == 0 && actor->body[4] != 0)
        mg_kill_send(s, mg_actor_pid(actor), actor->body[4]);
    bool settled = actor->body[3] == 0 && counted(world_of(s), 0) == counted(world_of(s), 1);
    if (settled || actor->body[1] > 1000000)
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL | MG_WAKE_REPLY, mg_scheduler_now(s) + 500000);
}

ACTOR(storm)
{
    if (actor->body[0]++ == 0)
        for (uint32_t i = 0; i < WORKERS; i++) {
            struct mg_spawn options = {
                .behaviour = &worker, .priority = MG_PRIORITY_NORMAL, .monitored = true};
            spawn_with(s, actor, &options);
        }
    while (hear(actor, s) != -1)
        actor->body[1]++;
    return actor->body[1] == WORKERS ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* Every monitor fires once, every request is settled, and all memory is accounted for. */
UNIT_CASE(everything_at_once)
{
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct world world;
        world_init(&world, threads, threads);
        world_run(&world, &storm, 0);
        ck_assert_uint_eq(world.deadlocks, 0);
        ck_assert_uint_eq(counted(&world, 0), counted(&world, 1));
        ck_assert_uint_eq(counted(&world, 2), counted(&world, 3));
        world_deinit(&world);
    }
}

UNIT_MAIN("litmus sched/storm", everything_at_once)
