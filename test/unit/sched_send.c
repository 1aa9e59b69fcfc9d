/* SPDX-License-Identifier: MIT */
/* Sending: bounds hold, accepted plus refused is what was sent, and what each policy does. */
#include "base/limits.h"
#include "support/actors.h"

/* Reads nothing until told by a kill; or reads everything, from so many senders as body[0] says. */
ACTOR(sink)
{
    if (actor->body[0] == 0)
        return mg_actor_wait(actor, s, 0, MG_NO_DEADLINE);
    int64_t value;
    while ((value = hear(actor, s)) >= 0) {
        ck_assert(actor->body[0] > 1 ||
                  value >= (int64_t)actor->body[1]); // in order, with gaps where some were refused
        actor->body[1] = (uint64_t)value + 1;
        count(s, 2, 1);
        if (--s->reductions <= 0)
            return MG_TURN_YIELD;
    }
    return wait_mail(actor, s);
}

/* Sends body[1] messages to body[0] as fast as it can; counts what was accepted. */
ACTOR(flood)
{
    while (actor->body[2] < actor->body[1]) {
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
        count(s, tell(actor, s, actor->body[0], (int64_t)actor->body[2]++) ? 0 : 1, 1);
    }
    count(s, 3, 1);
    return MG_TURN_EXIT;
}

struct plan {
    uint64_t messages, bytes;
    enum mg_mailbox_policy policy;
    bool reads;
    uint32_t floods;
    uint64_t each;
};

static mg_pid spawn_sink(struct mg_actor *actor, struct mg_scheduler *s, const struct plan *plan)
{
    struct mg_actor_options limits = {.mailbox_messages = plan->messages,
                                      .mailbox_bytes = plan->bytes,
                                      .mailbox_policy = plan->policy};
    struct mg_spawn options = {
        .behaviour = &sink, .options = &limits, .priority = MG_PRIORITY_NORMAL, .monitored = true};
    options.body[0] = plan->reads ? plan->floods : 0;
    return mg_actor_pid(spawn_with(s, actor, &options));
}

/* Some floods, one sink; ends when the floods have, with the sink's fate as reason. */
ACTOR(overload)
{
    const struct plan *plan = (const struct plan *)(uintptr_t)world_of(s)->plan;
    if (actor->body[1] == 0) {
        actor->body[1] = spawn_sink(actor, s, plan);
        for (uint32_t i = 0; i < plan->floods; i++) {
            struct mg_spawn options = {.behaviour = &flood, .priority = MG_PRIORITY_NORMAL};
            options.body[0] = actor->body[1];
            options.body[1] = plan->each;
            spawn_with(s, actor, &options);
        }
    }
    int64_t value = hear(actor, s);
    if (value != -1)
        actor->body[4] = (uint64_t)(-2 - value);
    bool floods_done = counted(world_of(s), 3) == plan->floods;
    bool read_done = !plan->reads || counted(world_of(s), 2) == counted(world_of(s), 0);
    if (!floods_done || !read_done || actor->body[2]++ < 3)
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 3000000);
    struct mg_actor *to = mg_sched_find(s->sched, actor->body[1]);
    int64_t left = to != NULL ? (int64_t)mg_mailbox_count(&to->mailbox) : -1;
    return end_with(actor, s, REASON_BASE + (uint32_t)actor->body[4], left);
}

static void overload_measure(const struct plan *plan, uint32_t threads, uint64_t *accepted,
                             uint64_t *refused, int64_t *left, uint32_t *reason)
{
    struct world world;
    world_init(&world, 1, threads);
    world.plan = (uint64_t)(uintptr_t)plan;
    world_run(&world, &overload, 0);
    *accepted = counted(&world, 0);
    *refused = counted(&world, 1);
    *left = mg_small_value(world.exit.result);
    *reason = world.exit.reason;
    world_deinit(&world);
}

/* A small bound is exact, a large one is within a batch of each scheduler; nothing is lost or
 * made. */
UNIT_CASE(refuse)
{
    static const struct plan plans[] = {
        {.messages = 1, .floods = 2, .each = 100},
        {.messages = 100, .floods = 2, .each = 1000},
        {.messages = 5000, .floods = 2, .each = 10000},
        {.bytes = 9600, .floods = 2, .each = 1000}, // 88 bytes count as 96: 100 of them
        {.floods = 2, .each = 120000},              // the default, 100,000
    };
    static const uint64_t bounds[] = {1, 100, 5000, 100, MG_LIMIT_MAILBOX_MESSAGES};
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint32_t i = 0; i < MG_ARRAY_LEN(plans); i++) {
            uint64_t accepted, refused;
            int64_t left;
            uint32_t reason;
            overload_measure(&plans[i], threads, &accepted, &refused, &left, &reason);
            ck_assert_uint_eq(accepted + refused, 2 * plans[i].each);
            ck_assert_uint_le(accepted, bounds[i]);
            ck_assert_uint_ge(accepted + 2 * MG_MAILBOX_BATCH_MESSAGES, bounds[i]);
            if (bounds[i] < MG_MAILBOX_EXACT)
                ck_assert_uint_eq(accepted, bounds[i]);
            ck_assert_int_eq(left, (int64_t)accepted);
        }
}

/* Drop oldest accepts all and keeps the newest. */
UNIT_CASE(drop_oldest)
{
    static const struct plan plan = {
        .messages = 10, .policy = MG_MAILBOX_DROP_OLDEST, .floods = 2, .each = 1000};
    for (uint32_t threads = 0; threads < 3; threads++) {
        uint64_t accepted, refused;
        int64_t left;
        uint32_t reason;
        overload_measure(&plan, threads, &accepted, &refused, &left, &reason);
        ck_assert_uint_eq(accepted + refused, 2000);
        ck_assert_int_le(left, 10);
        ck_assert_int_gt(left, 0);
    }
}

/* Kill ends the receiver with #mailbox. */
UNIT_CASE(kill_receiver)
{
    static const struct plan plan = {
        .messages = 10, .policy = MG_MAILBOX_KILL, .floods = 2, .each = 1000};
    for (uint32_t threads = 0; threads < 3; threads++) {
        uint64_t accepted, refused;
        int64_t left;
        uint32_t reason;
        overload_measure(&plan, threads, &accepted, &refused, &left, &reason);
        ck_assert_uint_eq(accepted + refused, 2000);
        ck_assert_uint_eq(reason, REASON(MAILBOX));
        ck_assert_int_eq(left, -1);
    }
}

/* All that was accepted arrives, in order from one sender; and a flood settles below the bound,
 * since senders pay: one that has its core for itself, and many that could give the turns that they
 * lose to each other. */
UNIT_CASE(order_and_price)
{
    static const struct plan plans[] = {{.reads = true, .floods = 1, .each = 300000},
                                        {.reads = true, .floods = 8, .each = 50000}};
    for (uint32_t i = 0; i < MG_ARRAY_LEN(plans); i++)
        for (uint32_t threads = 0; threads < 3; threads++) {
            uint64_t accepted, refused;
            int64_t left;
            uint32_t reason;
            overload_measure(&plans[i], threads, &accepted, &refused, &left, &reason);
            ck_assert_uint_eq(accepted, plans[i].floods * plans[i].each);
            ck_assert_uint_eq(refused, 0);
        }
}

/* With a full mailbox downs, exits, replies and kills still come through. */
ACTOR(stuffed)
{
    if (actor->body[0] == 0) {
        actor->body[0] = spawn(s, actor, &sink, 0);
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 1000000);
    }
    if (actor->body[1]++ == 0) {
        mg_pid self = mg_actor_pid(actor);
        while (tell(actor, s, self, 1))
            continue;
        mg_actor_monitor(actor, s, actor->body[0], NULL);
        mg_kill_send(s, self, actor->body[0]);
    }
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        bool down = m->kind == MG_SIGNAL_DOWN;
        mg_signal_free(m, &s->blocks);
        actor->body[2]++;
        if (down)
            return end_with(actor, s, REASON(NORMAL), (int64_t)actor->body[2]);
    }
    return wait_mail(actor, s);
}

UNIT_CASE(system_signals_are_exempt)
{
    struct world world;
    world_init(&world, 1, 0);
    world_run(&world, &stuffed, 0);
    ck_assert_int_gt(mg_small_value(world.exit.result), (int64_t)MG_LIMIT_MAILBOX_MESSAGES - 100);
    world_deinit(&world);
}

/* A reservation that is not used goes back; to the dead nothing is sent. */
ACTOR(reserves)
{
    struct plan plan = {.messages = 3};
    mg_pid pid = spawn_sink(actor, s, &plan);
    struct mg_actor *to = mg_sched_find(s->sched, pid);
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_int_eq(mg_send_reserve(s, to, 88), MG_ACCEPTED);
        mg_send_cancel(s, to, 88);
    }
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(tell(actor, s, pid, 1));
    ck_assert_int_eq(mg_send_reserve(s, to, 88), MG_REFUSED_FULL);
    ck_assert(!tell(actor, s, 999999, 1));
    ck_assert(!mg_pid_is_remote(pid));
    ck_assert(!tell(actor, s, MG_PID_REMOTE | 5, 1));
    return MG_TURN_EXIT;
}

UNIT_CASE(reservations)
{
    world_count(&reserves, 1, 0, 0, 0);
    world_count(&reserves, 1, 1, 0, 0);
}

UNIT_MAIN("sched/send", refuse, drop_oldest, kill_receiver, order_and_price,
          system_signals_are_exempt, reservations)
