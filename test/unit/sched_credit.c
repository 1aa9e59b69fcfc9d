/* SPDX-License-Identifier: MIT */
/* Credit: what was granted is never refused, and all room comes back, whoever dies when. */
#include "sched/credit.h"

#include "base/rng.h"
#include "support/actors.h"

enum { SELECTOR = 77, ASKERS = 6, ROUNDS = 12, BOUND = 16 };

/* What the actors count. */
enum { GRANTED, SENT, REFUSED, EMPTY, ENDED, ROOM, CHECKS };

/* Messages granted by the next mail, if that is a grant; -1 when there is no mail. */
static int64_t next_grant(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_signal *m = mg_actor_receive(actor, s);
    if (m == NULL)
        return -1;
    ck_assert_uint_eq(m->selector, SELECTOR);
    const struct mg_control *from =
        (const struct mg_control *)(uintptr_t)mg_slot(mg_slot(m->payload, 0), MG_PROCESS_CONTROL);
    ck_assert_uint_eq(from->pid, m->sender);
    int64_t n = mg_small_value(mg_slot(m->payload, 1));
    mg_signal_free(m, &s->blocks);
    return n;
}

/* Sends one message to the receiver, on credit if there is some; whether it was accepted. */
static bool send_one(struct mg_actor *actor, struct mg_scheduler *s, mg_pid pid)
{
    struct mg_actor *to = mg_sched_find(s->sched, pid);
    if (to == NULL)
        return false;
    struct mg_signal *signal = mg_actor_message(actor, s, 1, mg_small(5));
    bool on_credit = (actor->flags & MG_ACTOR_CREDITED) != 0 &&
                     mg_credit_spend(actor, s, to, mg_signal_bytes(signal));
    ck_assert(on_credit || mg_credit_left(actor, pid) == 0);
    if (!on_credit && mg_send_reserve(s, to, mg_signal_bytes(signal)) != MG_ACCEPTED) {
        mg_signal_free(signal, &s->blocks);
        count(s, REFUSED, 1);
        return false;
    }
    mg_send(s, to, signal);
    count(s, SENT, 1);
    return true;
}

/* body[0]: the receiver, body[1]: rounds left, body[2]: whether a request is open, body[3]: ends
 * with unspent credit. */
ACTOR(asker)
{
    for (;;) {
        mg_pid to = actor->body[0];
        if (actor->body[2] != 0) {
            int64_t n = next_grant(actor, s);
            if (n < 0)
                return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
            actor->body[2] = 0;
            count(s, n == 0 ? EMPTY : GRANTED, n == 0 ? 1 : (uint64_t)n);
            ck_assert_uint_eq(mg_credit_left(actor, to), (uint64_t)n);
            if (n == 0 || (actor->body[3] != 0 && actor->body[1] == 1))
                break;
            while (n-- > 0 && mg_sched_find(s->sched, to) != NULL)
                ck_assert(send_one(actor, s, to));
        }
        if (actor->body[1]-- == 0)
            break;
        enum mg_credit_answer answer = mg_credit_ask(actor, s, to, 5, 5 * 200, SELECTOR);
        ck_assert_int_ne(answer, MG_CREDIT_OPEN);
        if (answer == MG_CREDIT_DEAD)
            break;
        ck_assert_int_eq(mg_credit_ask(actor, s, to, 5, 5 * 200, SELECTOR), MG_CREDIT_OPEN);
        actor->body[2] = 1;
    }
    count(s, ENDED, 1);
    return MG_TURN_EXIT;
}

/* Takes mail, a little in each turn. Asked by kind 3 it tells its room. */
ACTOR(taker)
{
    for (uint32_t i = 0; i < 3; i++) {
        struct mg_signal *m = mg_actor_receive(actor, s);
        if (m == NULL) {
            if (counted(world_of(s), ENDED) == ASKERS) {
                mg_mailbox_settle(&actor->mailbox, true);
                atomic_store(&world_of(s)->n[ROOM], atomic_load(&actor->mailbox.room));
                count(s, CHECKS, 1);
            }
            return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + 100000);
        }
        mg_signal_free(m, &s->blocks);
    }
    return MG_TURN_YIELD;
}

/* body[0]: what dies: 0 nobody, 1 askers, 2 the receiver. */
ACTOR(stage)
{
    struct world *world = world_of(s);
    if (actor->body[1] == 0) {
        struct mg_actor_options limits = {.mailbox_messages = BOUND};
        struct mg_spawn taking = {
            .behaviour = &taker, .options = &limits, .priority = MG_PRIORITY_NORMAL};
        world->pids[0] = mg_actor_pid(spawn_with(s, actor, &taking));
        for (uint32_t i = 0; i < ASKERS; i++) {
            struct mg_spawn asking = {.behaviour = &asker, .priority = MG_PRIORITY_NORMAL};
            asking.body[0] = world->pids[0];
            asking.body[1] = ROUNDS;
            asking.body[3] = actor->body[0] == 1 && i % 2 == 0;
            world->pids[1 + i] = mg_actor_pid(spawn_with(s, actor, &asking));
        }
    }
    if (actor->body[1]++ < 40)
        return MG_TURN_YIELD;
    if (actor->body[1] == 42 && actor->body[0] == 2)
        (void)mg_kill_send(s, mg_actor_pid(actor), world->pids[0]);
    if (actor->body[1] == 42 && actor->body[0] == 1) {
        for (uint32_t i = 0; i < ASKERS; i += 3) {
            if (mg_kill_send(s, mg_actor_pid(actor), world->pids[1 + i]))
                actor->body[2] |= 1U << i;
        }
    }
    uint64_t alive = 0;
    for (uint32_t i = 0; i < ASKERS; i++)
        alive += mg_sched_find(s->sched, world->pids[1 + i]) != NULL;
    if (alive != 0)
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 50000);
    if (actor->body[3] == 0) { // killed ones have not counted themselves
        atomic_store(&world->n[ENDED], ASKERS);
        actor->body[3] = counted(world, CHECKS) + 3;
    }
    bool over = mg_sched_find(s->sched, world->pids[0]) == NULL ||
                (counted(world, CHECKS) >= actor->body[3] && counted(world, ROOM) == 0);
    return over ? MG_TURN_EXIT : mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 200000);
}

static void play(uint64_t seed, uint32_t threads, uint64_t dies)
{
    struct world world;
    world_init(&world, seed, threads);
    world_run(&world, &stage, dies);
    ck_assert_uint_eq(world.deadlocks, 0);
    ck_assert_uint_eq(counted(&world, REFUSED), 0);
    if (dies == 0) {
        ck_assert_uint_eq(counted(&world, GRANTED), ASKERS * ROUNDS * 5);
        ck_assert_uint_eq(counted(&world, SENT), ASKERS * ROUNDS * 5);
        ck_assert_uint_eq(counted(&world, EMPTY), 0);
    }
    world_deinit(&world);
}

UNIT_CASE(never_refused)
{
    for (uint64_t seed = 0; seed < 50; seed++)
        play(seed, 0, 0);
    play(1, 2, 0);
}

/* C1: what dead askers held comes back: the receiver's room ends at nothing. */
UNIT_CASE(askers_die)
{
    for (uint64_t seed = 0; seed < 100; seed++)
        play(seed, 0, 1);
    play(1, 2, 1);
}

/* C3: every open request is answered when the receiver ends. */
UNIT_CASE(receiver_dies)
{
    for (uint64_t seed = 0; seed < 100; seed++)
        play(seed, 0, 2);
    play(1, 2, 2);
}

UNIT_MAIN("sched/credit", never_refused, askers_die, receiver_dies)
