/* SPDX-License-Identifier: MIT */
/* Timers and waits with deadlines: never early, once, and not after they were stopped. */
#include "support/actors.h"

#define MS UINT64_C(1000000)

/* body[0]: rounds; body[1]: deadline of the present wait. */
ACTOR(sleeper)
{
    for (;;) {
        if (actor->body[1] == 0)
            actor->body[1] = mg_scheduler_now(s) + (actor->body[0] % 5) * MS / 2 + 1;
        if (mg_scheduler_now(s) < actor->body[1])
            return mg_actor_wait(actor, s, MG_WAKE_MAIL, actor->body[1]);
        actor->body[1] = 0;
        count(s, 0, 1);
        if (--actor->body[0] == 0)
            return MG_TURN_EXIT;
    }
}

ACTOR(sleepers)
{
    if (actor->body[1]++ == 0)
        for (uint32_t i = 0; i < 20; i++) {
            struct mg_spawn options = {
                .behaviour = &sleeper, .priority = MG_PRIORITY_NORMAL, .monitored = true};
            options.body[0] = 30;
            spawn_with(s, actor, &options);
        }
    while (hear(actor, s) != -1)
        actor->body[2]++;
    return actor->body[2] == 20 ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* Waits end, all of them, whatever else goes on. */
UNIT_CASE(waits_end)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        ck_assert_uint_eq(world_count(&sleepers, 1, threads, 0, 0), 600);
}

ACTOR(echo)
{
    int64_t value;
    while ((value = hear(actor, s)) >= 0)
        tell(actor, s, (mg_pid)actor->body[0], value);
    return wait_mail(actor, s);
}

/* Waits 5 s each time, and is answered at once: the deadline is moved on, nobody times out; then
 * really waits. */
ACTOR(answered_in_time)
{
    if (actor->body[1] == 0) {
        actor->body[1] = spawn(s, actor, &echo, mg_actor_pid(actor));
        tell(actor, s, actor->body[1], 0);
        actor->body[2] = mg_scheduler_now(s) + 5000 * MS;
    }
    while (hear(actor, s) >= 0) {
        actor->body[2] = mg_scheduler_now(s) + 5000 * MS;
        if (++actor->body[3] < 1000)
            tell(actor, s, actor->body[1], 0);
        else
            actor->body[2] = mg_scheduler_now(s) + 3 * MS; // earlier than where the timer stands
    }
    ck_assert(actor->body[3] >= 1000 || !mg_actor_timed_out(actor));
    if (actor->body[3] >= 1000 && mg_scheduler_now(s) >= actor->body[2])
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, actor->body[2]);
}

UNIT_CASE(deadlines_move)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 10; seed++)
            world_count(&answered_in_time, seed, threads, 0, 0);
}

static struct mg_signal *note(struct mg_scheduler *s, int64_t value)
{
    struct mg_signal *signal = mg_signal_new(&s->blocks, MG_SIGNAL_MESSAGE, 0);
    signal->payload = mg_small(value);
    return signal;
}

/* Timers of one deadline fire in the order in which they were started; deadlines before later
 * ones. */
ACTOR(ordered)
{
    enum { TIMERS = 100 };
    mg_pid self = mg_actor_pid(actor);
    if (actor->body[2]++ == 0) {
        actor->body[0] = mg_scheduler_now(s);
        for (int64_t i = 0; i < TIMERS; i++)
            ck_assert_uint_ne(
                mg_timer_start(s, actor->body[0] + (uint64_t)(i / 10) * MS, self, note(s, i)), 0);
    }
    int64_t value;
    while ((value = hear(actor, s)) >= 0) {
        ck_assert_int_eq(value, (int64_t)actor->body[1]);
        ck_assert_uint_ge(mg_scheduler_now(s), actor->body[0] + (uint64_t)(value / 10) * MS);
        actor->body[1]++;
    }
    return actor->body[1] == TIMERS ? MG_TURN_EXIT : wait_mail(actor, s);
}

UNIT_CASE(order)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&ordered, 1, threads, 0, 0);
}

/* Half of the timers are stopped, by whoever runs where: those never fire, the others do, once. */
ACTOR(canceller)
{
    enum { TIMERS = 200 };
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        uint64_t timer = (uint64_t)mg_small_value(m->payload);
        uint64_t left = mg_timer_left(s, timer);
        if (mg_timer_cancel(s, timer)) {
            ck_assert_uint_ne(left, MG_NO_DEADLINE);
            count(s, 1, 1);
        }
        ck_assert(!mg_timer_cancel(s, timer));
        ck_assert_uint_eq(mg_timer_left(s, timer), MG_NO_DEADLINE);
        mg_signal_free(m, &s->blocks);
        actor->body[1]++;
    }
    if (actor->body[1] == TIMERS)
        return MG_TURN_EXIT;
    return wait_mail(actor, s);
}

ACTOR(starter)
{
    enum { TIMERS = 200 };
    if (actor->body[0]++ == 0) {
        mg_pid other = spawn(s, actor, &canceller, 0);
        for (uint32_t i = 0; i < TIMERS; i++) {
            uint64_t deadline = mg_scheduler_now(s) + (i % 7) * MS;
            mg_timer_start(s, deadline, mg_actor_pid(actor), note(s, 1));
            uint64_t timer = mg_timer_start(s, deadline, mg_actor_pid(actor), note(s, 2));
            tell(actor, s, other, (int64_t)timer);
        }
    }
    int64_t value;
    while ((value = hear(actor, s)) >= 0)
        count(s, (uint32_t)value + 1, 1);
    bool all = counted(world_of(s), 2) == TIMERS &&
               counted(world_of(s), 1) + counted(world_of(s), 3) == TIMERS;
    return all ? MG_TURN_EXIT : mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + MS);
}

UNIT_CASE(cancelled)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        for (uint64_t seed = 0; seed < 10; seed++)
            world_count(&starter, seed, threads, 0, 0);
}

/* Dies while its wait timer stands in some wheel. */
ACTOR(dies_waiting)
{
    if (hear(actor, s) >= 0)
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + 3600 * 1000 * MS);
}

ACTOR(buries)
{
    for (uint32_t i = 0; i < 50 && actor->body[0] < 2000; i++, actor->body[0]++) {
        struct mg_spawn options = {
            .behaviour = &dies_waiting, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        actor->body[2] = mg_actor_pid(spawn_with(s, actor, &options));
        mg_timer_start(s, mg_scheduler_now(s) + (i % 3) * MS / 4, actor->body[2], note(s, 1));
    }
    while (hear(actor, s) != -1)
        actor->body[1]++;
    if (actor->body[1] == 2000)
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + MS / 2);
}

UNIT_CASE(death_disarms)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&buries, 1, threads, 0, 0);
}

/* Arms timers for an hour, and dies. */
ACTOR(leaves_timers)
{
    for (uint32_t i = 0; i < 100; i++) {
        struct mg_signal *signal = note(s, 1);
        signal->sender = mg_actor_pid(actor);
        mg_timer_start(s, mg_scheduler_now(s) + 3600 * 1000 * MS, mg_actor_pid(actor), signal);
    }
    return MG_TURN_EXIT;
}

/* The numbers of new timers say how far the slab has grown. */
static uint32_t newest_index(struct mg_actor *actor, struct mg_scheduler *s)
{
    uint64_t timer =
        mg_timer_start(s, mg_scheduler_now(s) + 1000 * MS, mg_actor_pid(actor), note(s, 1));
    ck_assert(mg_timer_cancel(s, timer));
    return (uint32_t)timer & (MG_TIMERS_MAX - 1);
}

ACTOR(heirs)
{
    if (actor->body[0] < 500 && actor->body[0] == actor->body[1]) {
        struct mg_spawn options = {
            .behaviour = &leaves_timers, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        spawn_with(s, actor, &options);
        actor->body[0]++;
    }
    while (hear(actor, s) != -1)
        actor->body[1]++;
    ck_assert_uint_lt(newest_index(actor, s), 4000);
    if (actor->body[1] == 500)
        return MG_TURN_EXIT;
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + MS);
}

/* Timers of the dead make room for others long before their time. */
UNIT_CASE(dead_owners)
{
    world_count(&heirs, 1, 0, 0, 0);
}

UNIT_MAIN("sched/timer", waits_end, deadlines_move, order, cancelled, death_disarms, dead_owners)
