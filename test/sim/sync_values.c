/* SPDX-License-Identifier: MIT */
/* No value of a channel is lost or doubled, whoever is killed when: senders, receivers and choosers
 * in C, which count a value in the same turn in which they get it, are killed at random, for many
 * seeds.
 *
 *      sent and accepted  <=  got, or still in the channel        each value at most once
 *
 * SEEDS can be set in the environment. A sender that is killed may not have heard that its value
 * was taken, so there may be more values out than were accepted, never fewer.
 */
#include <stdio.h>

#include "support/actors.h"
#include "sync/sync.h"

#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
#define SEEDS 500
#else
#define SEEDS 10000
#endif

enum { PARTIES = 10, VALUES = 400, CHANNELS = 2 };

/* What became of each value, by its number. */
struct ledger {
    uint8_t accepted[VALUES];
    uint8_t got[VALUES];
    uint32_t next;
    struct mg_control *channels[CHANNELS];
};

static struct ledger *ledger_of(struct mg_scheduler *s)
{
    return (struct ledger *)(uintptr_t)world_of(s)->plan;
}

static uint64_t ask(struct mg_actor *actor, struct mg_scheduler *s, uint32_t channel,
                    enum mg_sync_operation operation, int64_t value)
{
    mg_pid to = ledger_of(s)->channels[channel]->pid;
    uint64_t reference = mg_request_open(actor, s, to);
    struct mg_signal *request = mg_signal_new(&s->blocks, MG_SIGNAL_REQUEST, 0);
    request->sender = mg_actor_pid(actor);
    request->reference = reference;
    request->detail = (uint16_t)operation;
    request->payload = mg_small(value);
    CHECK(mg_post_pid(s, to, request));
    return reference;
}

/* What a party does with a settled request of its own: `sent` is the value it offered, or -1. */
static void settle(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference, int64_t sent)
{
    struct mg_signal *reply = NULL;
    enum mg_outcome outcome = mg_request_poll(actor, reference, &reply);
    if (outcome == MG_OUTCOME_VALUE && sent >= 0)
        ledger_of(s)->accepted[sent]++;
    if (outcome == MG_OUTCOME_VALUE && sent < 0)
        ledger_of(s)->got[mg_small_value(reply->payload)]++;
    if (reply != NULL)
        mg_signal_free(reply, &s->blocks);
}

enum { BODY_STEPS, BODY_FIRST, BODY_SECOND, BODY_SENT, BODY_CHOICE };

static bool is_settled(const struct mg_actor *actor, uint64_t reference)
{
    return mg_request_state(actor, reference) != MG_OUTCOME_PENDING;
}

/* The party's open requests, looked at; true when it may go on. */
static bool finish(struct mg_actor *actor, struct mg_scheduler *s)
{
    uint64_t *body = actor->body;
    bool first_won = mg_request_state(actor, body[BODY_FIRST]) == MG_OUTCOME_VALUE;
    bool second_won =
        body[BODY_CHOICE] && mg_request_state(actor, body[BODY_SECOND]) == MG_OUTCOME_VALUE;
    CHECK(!(first_won && second_won));
    if (body[BODY_CHOICE] && !first_won && !second_won)
        return false;
    if (!body[BODY_CHOICE] && !is_settled(actor, body[BODY_FIRST]))
        return false;
    if (second_won)
        settle(actor, s, body[BODY_SECOND], -1);
    else
        settle(actor, s, body[BODY_FIRST], (int64_t)body[BODY_SENT] - 1);
    if (body[BODY_CHOICE])
        mg_choice_end(actor, s);
    return true;
}

static void begin(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct ledger *ledger = ledger_of(s);
    uint64_t *body = actor->body;
    uint64_t dice = mg_actor_rng(s);
    uint32_t channel = (uint32_t)(dice % CHANNELS);
    bool sends = (dice >> 8) % 2 == 0;
    body[BODY_CHOICE] = (dice >> 16) % 2;
    body[BODY_SENT] = sends ? ++ledger->next : 0;
    int64_t value = sends ? (int64_t)ledger->next - 1 : 0;
    if (!body[BODY_CHOICE]) {
        body[BODY_FIRST] = ask(actor, s, channel, sends ? MG_SYNC_SEND : MG_SYNC_RECEIVE, value);
        return;
    }
    enum mg_sync_operation first = sends ? MG_SYNC_CHOOSE_SEND : MG_SYNC_CHOOSE_RECEIVE;
    body[BODY_FIRST] = ask(actor, s, channel, first, value);
    body[BODY_SECOND] = ask(actor, s, (uint32_t)(dice >> 24) % CHANNELS, MG_SYNC_CHOOSE_RECEIVE, 0);
    uint64_t references[2] = {body[BODY_FIRST], body[BODY_SECOND]};
    mg_choice_begin(actor, s, references, 2);
}

ACTOR(party)
{
    while (mg_mailbox_take(&actor->mailbox) != NULL)
        continue;
    for (;;) {
        if (actor->body[BODY_FIRST] != 0 && !finish(actor, s))
            return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
        actor->body[BODY_FIRST] = 0;
        if (actor->body[BODY_STEPS]++ == 12 || ledger_of(s)->next + 1 >= VALUES)
            return MG_TURN_EXIT;
        begin(actor, s);
        s->reductions -= 20;
    }
}

/* Takes what is left in the channels. */
ACTOR(sweeper)
{
    uint64_t *body = actor->body;
    for (;;) {
        if (body[BODY_FIRST] != 0) {
            if (!is_settled(actor, body[BODY_FIRST]))
                return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
            struct mg_signal *reply = NULL;
            bool value = mg_request_poll(actor, body[BODY_FIRST], &reply) == MG_OUTCOME_VALUE;
            if (value)
                ledger_of(s)->got[mg_small_value(reply->payload)]++;
            mg_signal_free(reply, &s->blocks);
            body[BODY_STEPS] += !value;
        }
        if (body[BODY_STEPS] == CHANNELS)
            return MG_TURN_EXIT;
        body[BODY_FIRST] = ask(actor, s, (uint32_t)body[BODY_STEPS], MG_SYNC_TRY_RECEIVE, 0);
    }
}

/* What was on its way to a dead party comes back after a grace period. */
#define GRACE_NS UINT64_C(20000000)

/* body: 0 stage, 1 when the grace period is over, 2 next to kill, 3 downs. */
ACTOR(director)
{
    struct ledger *ledger = ledger_of(s);
    struct world *world = world_of(s);
    if (actor->body[0] == 0) {
        actor->body[0] = 1;
        for (uint32_t i = 0; i < CHANNELS; i++) {
            ledger->channels[i] = mg_channel_new(s, i * 2)->control;
            mg_control_ref(ledger->channels[i]);
        }
        for (uint32_t i = 0; i < PARTIES; i++) {
            struct mg_spawn options = {
                .behaviour = &party, .priority = MG_PRIORITY_NORMAL, .monitored = true};
            world->pids[i] = mg_actor_pid(spawn_with(s, actor, &options));
        }
    }
    while (hear(actor, s) != -1)
        actor->body[3]++;
    if (actor->body[0] == 1 && actor->body[2] < PARTIES) {
        if (mg_actor_rng(s) % 3 == 0)
            mg_kill_send(s, mg_actor_pid(actor), world->pids[actor->body[2]++]);
        s->reductions = 0;
        return MG_TURN_YIELD;
    }
    if (actor->body[0] == 1 && actor->body[3] == PARTIES) {
        if (actor->body[1] == 0)
            actor->body[1] = mg_scheduler_now(s) + GRACE_NS;
        if (mg_scheduler_now(s) < actor->body[1])
            return mg_actor_wait(actor, s, MG_WAKE_MAIL, actor->body[1]);
        actor->body[0] = 2;
        struct mg_spawn options = {
            .behaviour = &sweeper, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        spawn_with(s, actor, &options);
    }
    if (actor->body[0] == 2 && actor->body[3] == PARTIES + 1) {
        for (uint32_t i = 0; i < CHANNELS; i++)
            mg_control_unref(ledger->channels[i], &s->blocks);
        return MG_TURN_EXIT;
    }
    return wait_mail(actor, s);
}

static bool check(uint64_t seed)
{
    struct ledger ledger = {0};
    struct world world;
    world_init(&world, seed, 0);
    world.plan = (uint64_t)(uintptr_t)&ledger;
    world_run(&world, &director, 0);
    bool fine = world.ended && world.deadlocks == 0;
    for (uint32_t i = 0; i < VALUES; i++) {
        if (ledger.got[i] > 1 || ledger.accepted[i] > ledger.got[i]) {
            fprintf(stderr, "value %u: accepted %u, got %u\n", i, ledger.accepted[i],
                    ledger.got[i]);
            fine = false;
        }
    }
    if (!fine)
        fprintf(stderr, "seed %llu: %u deadlocks\n", (unsigned long long)seed, world.deadlocks);
    world_deinit(&world);
    return fine;
}

static uint64_t seeds(void)
{
    const char *text = getenv("SEEDS");
    return text != NULL ? strtoull(text, NULL, 10) : SEEDS;
}

UNIT_CASE(no_value_lost)
{
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        ck_assert(check(seed));
}

UNIT_MAIN("sim sync/values", no_value_lost)
