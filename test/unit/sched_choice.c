/* SPDX-License-Identifier: MIT */
/* A choice between requests: one offer accepted at a time, the others wait, a retracted one makes
 * room, an end closes all. The keepers here are the test. */
#include "sched/internal.h"
#include "support/actors.h"

/* Two keepers play as told: body[0] is what comes next. */
enum { OFFERS_BOTH, RETRACTS, REPLIES, IS_OVER };

/* Counts: 0 accepts of keeper one, 1 of keeper two, 2 settled of one, 3 settled of two, 4 the
 * serial that came last. */
static enum mg_turn keeper_turn(struct mg_actor *actor, struct mg_scheduler *s, uint32_t which)
{
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        if (m->kind == MG_SIGNAL_REQUEST)
            world_of(s)->pids[4 + which] = m->reference;
        if (m->kind == MG_SIGNAL_ACCEPT) {
            count(s, which, 1);
            atomic_store(&world_of(s)->n[4], m->selector);
        }
        if (m->kind == MG_SIGNAL_SETTLED)
            count(s, 2 + which, 1);
        mg_signal_free(m, &s->blocks);
    }
    return wait_mail(actor, s);
}

static enum mg_turn one_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    return keeper_turn(actor, s, 0);
}
static enum mg_turn two_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    return keeper_turn(actor, s, 1);
}
static const struct mg_behaviour one = {.name = "one", .run = one_run, .raw = true};
static const struct mg_behaviour two = {.name = "two", .run = two_run, .raw = true};

static uint64_t ask(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to)
{
    uint64_t reference = mg_request_open(actor, s, to);
    struct mg_signal *m = mg_signal_new(&s->blocks, MG_SIGNAL_REQUEST, 0);
    m->sender = mg_actor_pid(actor);
    m->reference = reference;
    ck_assert(mg_post_pid(s, to, m));
    return reference;
}

/* As if a keeper had sent it. */
static void play(struct mg_actor *actor, struct mg_scheduler *s, mg_pid keeper,
                 enum mg_signal_kind kind, uint64_t reference, uint32_t serial)
{
    struct mg_signal *m = mg_signal_new(&s->blocks, kind, 0);
    m->sender = keeper;
    m->reference = reference;
    m->selector = serial;
    m->detail = kind == MG_SIGNAL_REPLY ? MG_OUTCOME_VALUE : 0;
    mg_post(s, actor, m);
}

ACTOR(chooser)
{
    struct world *world = world_of(s);
    uint64_t *body = actor->body;
    if (body[0] == 0) {
        world->pids[0] = spawn(s, actor, &one, 0);
        world->pids[1] = spawn(s, actor, &two, 0);
        body[2] = ask(actor, s, world->pids[0]);
        body[3] = ask(actor, s, world->pids[1]);
        mg_choice_begin(actor, s, &body[2], 2);
        uint32_t n;
        ck_assert_uint_eq(mg_choice_references(actor, &n)[1], body[3]);
        ck_assert_uint_eq(n, 2);
        ck_assert(mg_choice_accepted(actor) == 0);
        play(actor, s, world->pids[0], MG_SIGNAL_OFFER, body[2], 7);
        play(actor, s, world->pids[1], MG_SIGNAL_OFFER, body[3], 8);
        play(actor, s, world->pids[1], MG_SIGNAL_OFFER, 12345, 9); // of no case
        mg_actor_drain(actor, s);
        ck_assert(mg_choice_accepted(actor) != 0);
    }
    s->reductions = 0;
    if (body[0]++ < 20)
        return MG_TURN_YIELD;
    if (body[1] == OFFERS_BOTH) {
        ck_assert_uint_eq(counted(world, 0), 1);
        ck_assert_uint_eq(counted(world, 1), 0);
        ck_assert_uint_eq(counted(world, 4), 7);
        play(actor, s, world->pids[0], MG_SIGNAL_RETRACT, body[2], 7);
    } else if (body[1] == RETRACTS) {
        ck_assert_uint_eq(counted(world, 1), 1); // the one that waited
        ck_assert_uint_eq(counted(world, 4), 8);
        play(actor, s, world->pids[1], MG_SIGNAL_REPLY, body[3], 0);
    } else if (body[1] == REPLIES) {
        struct mg_signal *reply;
        ck_assert_int_eq(mg_request_poll(actor, body[3], &reply), MG_OUTCOME_VALUE);
        mg_signal_free(reply, &s->blocks);
        mg_choice_end(actor, s);
        ck_assert_ptr_null(actor->side->choice);
    } else {
        ck_assert_uint_eq(counted(world, 2), 1); // the loser was told, the winner not
        ck_assert_uint_eq(counted(world, 3), 0);
        return MG_TURN_EXIT;
    }
    mg_actor_drain(actor, s);
    body[1]++;
    body[0] = 1;
    return MG_TURN_YIELD;
}

UNIT_CASE(one_at_a_time)
{
    struct world world;
    world_init(&world, 1, 0);
    world_run(&world, &chooser, 0);
    ck_assert(world.ended);
    ck_assert_int_eq(world.exit.reason, REASON(NORMAL));
    world_deinit(&world);
}

UNIT_MAIN("sched/choice", one_at_a_time)
