/* SPDX-License-Identifier: MIT */
/* Requests: one outcome each, whatever becomes of the one that was asked. */
#include "support/actors.h"

/* What a server does with the requests it gets. */
enum { ANSWER, ANSWER_TWICE, FORWARD, CRASH_UNREAD, CRASH_HOLDING, SILENT };

static struct mg_signal *answer(struct mg_scheduler *s, uint64_t reference, int64_t value)
{
    struct mg_signal *reply = mg_signal_new(&s->blocks, MG_SIGNAL_REPLY, 0);
    reply->reference = reference;
    reply->detail = MG_OUTCOME_VALUE;
    reply->payload = mg_small(value);
    return reply;
}

/* Gets {requester, reference} as two messages and answers. */
ACTOR(deputy)
{
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        if (actor->body[1] == 0) {
            actor->body[1] = (uint64_t)mg_small_value(m->payload);
        } else {
            uint64_t reference = (uint64_t)mg_small_value(m->payload);
            mg_reply_send(actor, s, actor->body[1], answer(s, reference, 5));
            actor->body[1] = 0;
        }
        mg_signal_free(m, &s->blocks);
    }
    return wait_mail(actor, s);
}

static void serve(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *m)
{
    switch (actor->body[0]) {
    case ANSWER_TWICE:
        mg_reply_send(actor, s, m->sender, answer(s, m->reference, 5));
        mg_reply_send(actor, s, m->sender, answer(s, m->reference, 6));
        break;
    case ANSWER:
        mg_reply_send(actor, s, m->sender, answer(s, m->reference, 5));
        break;
    case FORWARD:
        if (actor->body[1] == 0)
            actor->body[1] = spawn(s, actor, &deputy, 0);
        tell(actor, s, actor->body[1], (int64_t)m->sender);
        tell(actor, s, actor->body[1], (int64_t)m->reference);
        break;
    default:
        break;
    }
}

ACTOR(server)
{
    if (actor->body[0] == CRASH_UNREAD && mg_mailbox_count(&actor->mailbox) != 0)
        return end_with(actor, s, REASON(ERROR), 0);
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        ck_assert_uint_eq(m->kind, MG_SIGNAL_REQUEST);
        serve(actor, s, m);
        mg_signal_free(m, &s->blocks);
        if (actor->body[0] == CRASH_HOLDING)
            return end_with(actor, s, REASON(ERROR), 0);
    }
    return wait_mail(actor, s);
}

static uint64_t ask(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to)
{
    uint64_t reference = mg_request_open(actor, s, to);
    ck_assert_uint_ne(reference, 0);
    struct mg_signal *m = mg_signal_new(&s->blocks, MG_SIGNAL_REQUEST, 0);
    m->sender = mg_actor_pid(actor);
    m->reference = reference;
    if (!mg_post_pid(s, to, m))
        mg_request_settle(actor, reference, MG_OUTCOME_NOPROC);
    return reference;
}

enum { ROUNDS = 50 };

/* body[0]: what its server does; body[2]: reference; body[3]: rounds; body[4]: outcomes xored,
 * body[5] deadline. */
ACTOR(client)
{
    for (;;) {
        if (actor->body[2] == 0) {
            if (actor->body[3]++ == ROUNDS)
                return end_with(actor, s, REASON(NORMAL), (int64_t)actor->body[4]);
            if (actor->body[1] == 0)
                actor->body[1] = spawn(s, actor, &server, actor->body[0]);
            actor->body[2] = ask(actor, s, actor->body[1]);
            actor->body[5] = mg_scheduler_now(s) + 1000000;
        }
        struct mg_signal *reply;
        uint64_t reference = actor->body[2];
        enum mg_outcome outcome = mg_request_poll(actor, reference, &reply);
        if (outcome == MG_OUTCOME_PENDING && actor->body[0] == SILENT &&
            mg_scheduler_now(s) >= actor->body[5]) {
            mg_request_close(actor, s, reference);
            ck_assert_int_eq(mg_request_state(actor, reference), MG_OUTCOME_UNKNOWN);
            outcome = MG_OUTCOME_TIMEOUT;
        }
        if (outcome == MG_OUTCOME_PENDING)
            return mg_actor_wait(actor, s, MG_WAKE_REPLY,
                                 actor->body[0] == SILENT ? actor->body[5] : MG_NO_DEADLINE);
        if (outcome == MG_OUTCOME_VALUE)
            ck_assert_int_eq(mg_small_value(reply->payload), 5);
        if (reply != NULL)
            mg_signal_free(reply, &s->blocks);
        if (outcome == MG_OUTCOME_NOPROC)
            actor->body[1] = 0; // a new server next time
        actor->body[4] |= UINT64_C(1) << outcome;
        actor->body[2] = 0;
        ck_assert_int_eq(mg_request_poll(actor, reference, &reply), MG_OUTCOME_UNKNOWN);
        ck_assert_int_eq(hear(actor, s), -1); // nothing of it ever becomes mail
    }
}

static void requests_end(uint64_t how, enum mg_outcome expected)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct world world;
            world_init(&world, seed, threads);
            world_run(&world, &client, how);
            ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
            ck_assert_int_eq(mg_small_value(world.exit.result), INT64_C(1) << expected);
            world_deinit(&world);
        }
}

/* A value, once, also when the server answers twice or somebody else answers for it. */
UNIT_CASE(values)
{
    requests_end(ANSWER, MG_OUTCOME_VALUE);
    requests_end(ANSWER_TWICE, MG_OUTCOME_VALUE);
    requests_end(FORWARD, MG_OUTCOME_VALUE);
}

/* A server that dies settles what it has read and what it has not. */
UNIT_CASE(deaths)
{
    requests_end(CRASH_UNREAD, MG_OUTCOME_NOPROC);
    requests_end(CRASH_HOLDING, MG_OUTCOME_NOPROC);
}

/* A request may be given up; the server's debt is forgiven. */
UNIT_CASE(given_up)
{
    requests_end(SILENT, MG_OUTCOME_TIMEOUT);
}

ACTOR(leaf)
{
    return end_with(actor, s, REASON(NORMAL), 9);
}

/* Waits twice for each of many children, after their death too. */
ACTOR(waits)
{
    struct mg_signal *reply;
    while (actor->body[0] < 2000) {
        if (actor->body[1] == 0) {
            mg_pid pid = spawn(s, actor, &leaf, 0);
            actor->body[4] = (uint64_t)(uintptr_t)mg_sched_control(s, pid);
            actor->body[1] = mg_request_wait(actor, s, pid);
            actor->body[2] = mg_request_wait(actor, s, pid);
            actor->body[3] = pid;
        }
        if (mg_request_state(actor, actor->body[1]) == MG_OUTCOME_PENDING ||
            mg_request_state(actor, actor->body[2]) == MG_OUTCOME_PENDING)
            return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
        ck_assert_int_eq(mg_request_poll(actor, actor->body[1], &reply), MG_OUTCOME_ENDED);
        ck_assert_int_eq(mg_request_poll(actor, actor->body[2], &reply), MG_OUTCOME_ENDED);
        uint64_t late = mg_request_wait(actor, s, actor->body[3]);
        ck_assert_int_eq(mg_request_poll(actor, late, &reply), MG_OUTCOME_ENDED);
        struct mg_control *control = (struct mg_control *)(uintptr_t)actor->body[4];
        struct mg_exit_info info;
        ck_assert(mg_control_exit(control, &info));
        ck_assert_int_eq(mg_small_value(info.result), 9);
        mg_control_unref(control, &s->blocks);
        actor->body[1] = 0;
        actor->body[0]++;
    }
    return MG_TURN_EXIT;
}

/* A wait ends when the process has ended, any number of times, and its result is there. */
UNIT_CASE(waiting_for_ends)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&waits, 2, threads, 0, 0);
}

ACTOR(opens_many)
{
    struct mg_signal *reply;
    uint64_t references[1000];
    mg_pid to = spawn(s, actor, &server, SILENT);
    for (uint32_t i = 0; i < MG_ARRAY_LEN(references); i++)
        references[i] = ask(actor, s, to);
    mg_request_settle(actor, references[3], MG_OUTCOME_TIMEOUT);
    mg_request_settle(actor, references[3], MG_OUTCOME_REFUSED); // the first one stands
    ck_assert_int_eq(mg_request_poll(actor, references[3], &reply), MG_OUTCOME_TIMEOUT);
    for (uint32_t i = 0; i < MG_ARRAY_LEN(references); i++)
        mg_request_close(actor, s, references[i]);
    ck_assert_int_eq(mg_request_state(actor, references[7]), MG_OUTCOME_UNKNOWN);
    return MG_TURN_EXIT;
}

/* Many requests are open at once; each can be settled by hand and closed. */
UNIT_CASE(many_open)
{
    world_count(&opens_many, 1, 0, 0, 0);
}

UNIT_MAIN("sched/request", values, deaths, given_up, waiting_for_ends, many_open)
