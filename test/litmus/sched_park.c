/* SPDX-License-Identifier: MIT */
/* Parking against waking, timers against cancelling, with more schedulers than cores: a lost wake
 * hangs. */
#include "support/actors.h"

enum { PAIRS = 4, ROUNDS = 300, TIMERS = 3000 };

/* Sleeps for a moment, then answers; so schedulers park and wake all the time. */
ACTOR(drowsy)
{
    for (;;) {
        if (actor->body[1] != 0 && mg_scheduler_now(s) < actor->body[1])
            return mg_actor_wait(actor, s, 0, actor->body[1]);
        if (actor->body[1] != 0) {
            actor->body[1] = 0;
            tell(actor, s, actor->body[0], 1);
        }
        int64_t value = hear(actor, s);
        if (value < 0)
            return wait_mail(actor, s);
        if (mg_actor_rng(s) % 4 == 0)
            actor->body[1] = mg_scheduler_now(s) + mg_actor_rng(s) % 200000;
        else
            tell(actor, s, actor->body[0], 1);
    }
}

ACTOR(asker)
{
    if (actor->body[1] == 0) {
        actor->body[1] = spawn(s, actor, &drowsy, mg_actor_pid(actor));
        tell(actor, s, actor->body[1], 1);
    }
    while (hear(actor, s) >= 0) {
        if (++actor->body[0] == ROUNDS)
            return MG_TURN_EXIT;
        tell(actor, s, actor->body[1], 1);
    }
    return wait_mail(actor, s);
}

/* Starts timers to itself, and lets another stop some of them at about the moment when they
 * fire. */
ACTOR(stopper)
{
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        count(s, 1, mg_timer_cancel(s, (uint64_t)mg_small_value(m->payload)));
        mg_signal_free(m, &s->blocks);
    }
    return wait_mail(actor, s);
}

ACTOR(starter)
{
    if (actor->body[1] == 0)
        actor->body[1] = spawn(s, actor, &stopper, 0);
    for (uint32_t i = 0; i < 10 && actor->body[0] < TIMERS; i++, actor->body[0]++) {
        uint64_t deadline = mg_scheduler_now(s) + mg_actor_rng(s) % 300000;
        uint64_t timer = mg_timer_start(s, deadline, mg_actor_pid(actor),
                                        mg_actor_message(actor, s, 0, mg_small(1)));
        tell(actor, s, actor->body[1], (int64_t)timer);
    }
    while (hear(actor, s) >= 0)
        actor->body[2]++;
    if (actor->body[0] == TIMERS && actor->body[2] + counted(world_of(s), 1) == TIMERS)
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + 100000);
}

ACTOR(all)
{
    if (actor->body[0]++ == 0)
        for (uint32_t i = 0; i <= PAIRS; i++) {
            struct mg_spawn options = {.behaviour = i == PAIRS ? &starter : &asker,
                                       .priority = MG_PRIORITY_NORMAL,
                                       .monitored = true};
            spawn_with(s, actor, &options);
        }
    while (hear(actor, s) != -1)
        actor->body[1]++;
    return actor->body[1] == PAIRS + 1 ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* All pairs come to their end, and each timer either fired or was stopped. */
UNIT_CASE(no_wake_is_lost)
{
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct world world;
        world_init(&world, threads, threads);
        world_run(&world, &all, 0);
        ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
        ck_assert_uint_eq(world.deadlocks, 0);
        world_deinit(&world);
    }
}

UNIT_MAIN("litmus sched/park", no_wake_is_lost)
