/* SPDX-License-Identifier: MIT */
/* Alarms: who is told, of what, how often. */
#include "sched/alarm.h"

#include "object/object.h"
#include "support/actors.h"

enum { SELECTOR = 77, NAME = 78 };

/* The next alarm's figure (or what was left out), -1 when there is none. */
static int64_t next_alarm(struct mg_actor *actor, struct mg_scheduler *s, uint32_t slot)
{
    struct mg_signal *m = mg_actor_receive(actor, s);
    if (m == NULL)
        return -1;
    ck_assert_uint_eq(m->selector, SELECTOR);
    ck_assert(mg_slot(m->payload, 0) == mg_symbol(NAME));
    const struct mg_control *about =
        (const struct mg_control *)(uintptr_t)mg_slot(mg_slot(m->payload, 1), MG_PROCESS_CONTROL);
    ck_assert_uint_eq(about->pid, mg_actor_pid(actor));
    int64_t value = mg_small_value(mg_slot(m->payload, slot));
    mg_signal_free(m, &s->blocks);
    return value;
}

/* A1: the least threshold decides whether a figure is looked at. */
ACTOR(thresholds)
{
    struct mg_sched *sched = s->sched;
    ck_assert(!mg_alarm_wanted(sched, MG_ALARM_HEAP, MG_ALARM_NEVER));
    ck_assert(mg_alarm_on(s, actor, MG_ALARM_HEAP, 100, SELECTOR, NAME));
    ck_assert(!mg_alarm_wanted(sched, MG_ALARM_HEAP, 100));
    ck_assert(mg_alarm_wanted(sched, MG_ALARM_HEAP, 101));
    ck_assert(!mg_alarm_wanted(sched, MG_ALARM_BUSY, MG_ALARM_NEVER));
    ck_assert(mg_alarm_on(s, actor, MG_ALARM_HEAP, 50, SELECTOR, NAME)); // instead of the first
    ck_assert(mg_alarm_wanted(sched, MG_ALARM_HEAP, 51));
    ck_assert(mg_alarm_off(s, actor, MG_ALARM_HEAP));
    ck_assert(!mg_alarm_off(s, actor, MG_ALARM_HEAP));
    ck_assert(!mg_alarm_wanted(sched, MG_ALARM_HEAP, MG_ALARM_NEVER));
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

/* Of one process once in a while; what was left out is told with the next. Times are rounded up to
 * milliseconds. */
ACTOR(rates)
{
    if (actor->body[0]++ == 0) {
        ck_assert(mg_alarm_on(s, actor, MG_ALARM_HEAP, 10, SELECTOR, NAME));
        ck_assert(mg_alarm_on(s, actor, MG_ALARM_BUSY, 10, SELECTOR, NAME));
        mg_alarm_raise(s, MG_ALARM_HEAP, actor, 10); // not above the threshold
        mg_alarm_raise(s, MG_ALARM_HEAP, actor, 11);
        mg_alarm_raise(s, MG_ALARM_HEAP, actor, 12);
        mg_alarm_raise(s, MG_ALARM_HEAP, actor, 13);
        mg_alarm_raise(s, MG_ALARM_BUSY, actor, 1000001);
        return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
    }
    if (actor->body[1] == 0) {
        ck_assert_int_eq(next_alarm(actor, s, 2), 11);
        ck_assert_int_eq(next_alarm(actor, s, 2), 2);
        ck_assert_int_eq(next_alarm(actor, s, 2), -1);
        actor->body[1] = mg_scheduler_now(s) + MG_ALARM_REPEAT_NS;
    }
    if (mg_scheduler_now(s) < actor->body[1])
        return mg_actor_wait(actor, s, 0, actor->body[1]);
    if (actor->body[2]++ == 0) {
        mg_alarm_raise(s, MG_ALARM_HEAP, actor, 14);
        return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
    }
    ck_assert_int_eq(next_alarm(actor, s, 3), 2);
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

/* A2: not of one's own mailbox. The table is bounded, and those of the dead make room. */
ACTOR(subscriber)
{
    if (mg_alarm_on(s, actor, MG_ALARM_MAILBOX, 1000, SELECTOR, NAME))
        count(s, 1, 1);
    count(s, 2, 1);
    return MG_TURN_EXIT;
}

ACTOR(crowd)
{
    enum { SUBSCRIBERS = 4 * MG_ALARMS_MAX };
    if (actor->body[0] < SUBSCRIBERS) {
        struct mg_spawn options = {.behaviour = &subscriber, .priority = MG_PRIORITY_NORMAL};
        spawn_with(s, actor, &options);
        actor->body[0]++;
        return MG_TURN_YIELD;
    }
    if (counted(world_of(s), 2) < SUBSCRIBERS)
        return MG_TURN_YIELD;
    ck_assert(mg_alarm_on(s, actor, MG_ALARM_MAILBOX, 1, SELECTOR, NAME));
    mg_alarm_raise(s, MG_ALARM_MAILBOX, actor, 5);
    ck_assert_ptr_null(mg_actor_receive(actor, s));
    count(s, 0, 1);
    return MG_TURN_EXIT;
}

UNIT_CASE(least)
{
    ck_assert_uint_eq(world_count(&thresholds, 1, 0, 0, 0), 1);
}

UNIT_CASE(limited)
{
    ck_assert_uint_eq(world_count(&rates, 1, 0, 0, 0), 1);
}

UNIT_CASE(dead_ones)
{
    ck_assert_uint_eq(world_count(&crowd, 1, 0, 0, 0), 1);
    ck_assert_uint_eq(world_count(&crowd, 1, 2, 0, 0), 1);
}

UNIT_MAIN("sched/alarm", least, limited, dead_ones)
