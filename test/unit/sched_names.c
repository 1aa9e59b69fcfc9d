/* SPDX-License-Identifier: MIT */
/* Names: one live holder, all released at its death before anybody hears of it. */
#include <stdio.h>

#include "support/actors.h"

ACTOR(holder)
{
    return hear(actor, s) >= 0 ? MG_TURN_EXIT : wait_mail(actor, s);
}

static void collect(void *context, const char *name, size_t len, mg_pid pid)
{
    struct mg_buf *buf = context;
    (void)pid;
    mg_buf_put(buf, name, len);
    mg_buf_putc(buf, ' ');
}

ACTOR(names)
{
    struct mg_buf buf = {0};
    mg_pid self = mg_actor_pid(actor);
    mg_pid other = spawn(s, actor, &holder, 0);
    ck_assert(!mg_names_register(s, self, "", 0));
    ck_assert(!mg_names_register(s, 12345, "x", 1));
    ck_assert(mg_names_register(s, self, "main", 4));
    ck_assert(!mg_names_register(s, self, "main", 4));
    ck_assert(!mg_names_register(s, other, "main", 4));
    ck_assert(mg_names_register(s, self, "second", 6));
    ck_assert(mg_names_register(s, self, "third", 5));
    ck_assert(mg_names_register(s, other, "other", 5));
    ck_assert_uint_eq(mg_names_find(s, "second", 6), self);
    ck_assert_uint_eq(mg_names_find(s, "other", 5), other);
    ck_assert_uint_eq(mg_names_find(s, "nobody", 6), MG_PID_NONE);
    mg_names_each(s, self, collect, &buf);
    ck_assert_str_eq(buf.data, "main second third ");
    mg_buf_clear(&buf);
    ck_assert(!mg_names_unregister_one(s, other, "second", 6));
    ck_assert(mg_names_unregister_one(s, self, "second", 6));
    ck_assert(!mg_names_unregister_one(s, self, "second", 6));
    mg_names_each(s, MG_PID_NONE, collect, &buf);
    ck_assert_str_eq(buf.data, "main third other ");
    mg_names_unregister(s, self);
    mg_names_unregister(s, self);
    ck_assert_uint_eq(mg_names_find(s, "main", 4), MG_PID_NONE);
    ck_assert_uint_eq(mg_names_find(s, "third", 5), MG_PID_NONE);
    ck_assert(mg_names_register(s, other, "main", 4));
    mg_buf_deinit(&buf);
    return MG_TURN_EXIT;
}

UNIT_CASE(one_holder)
{
    world_count(&names, 1, 0, 0, 0);
}

/* Each of many takes the name from the dead one before it: whoever hears of a death finds the name
 * free. */
ACTOR(relay)
{
    if (actor->body[1] == 0) {
        if (actor->body[0] == 300)
            return MG_TURN_EXIT;
        struct mg_spawn options = {
            .behaviour = &holder, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        actor->body[1] = mg_actor_pid(spawn_with(s, actor, &options));
        ck_assert(mg_names_register(s, actor->body[1], "the one", 7));
        ck_assert(mg_names_register(s, actor->body[1], "also", 4));
        tell(actor, s, actor->body[1], 1);
    }
    int64_t value = hear(actor, s);
    if (value == -1)
        return wait_mail(actor, s);
    ck_assert_uint_eq(mg_names_find(s, "the one", 7), MG_PID_NONE);
    actor->body[1] = 0;
    actor->body[0]++;
    return MG_TURN_YIELD;
}

UNIT_CASE(free_at_death)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&relay, 1, threads, 0, 0);
}

/* Registers names for actors that are dying at the same moment. */
ACTOR(hasty)
{
    char name[16];
    for (uint32_t i = 0; i < 20 && actor->body[0] < 5000; i++, actor->body[0]++) {
        mg_pid pid = spawn(s, actor, &holder, 0);
        tell(actor, s, pid, 1);
        size_t len = (size_t)snprintf(name, sizeof name, "n%u", (unsigned)(actor->body[0] % 64));
        mg_names_register(s, pid, name, len);
        if (actor->body[1] != 0)
            mg_names_register(s, actor->body[1], name, len);
        actor->body[1] = pid;
    }
    if (actor->body[0] < 5000)
        return MG_TURN_YIELD;
    struct mg_buf buf = {0};
    mg_names_each(s, MG_PID_NONE, collect, &buf);
    bool none = buf.len == 0;
    mg_buf_deinit(&buf);
    s->reductions = 0;
    return none ? MG_TURN_EXIT : MG_TURN_YIELD; // all are dead in the end, so no name is left
}

UNIT_CASE(none_left_behind)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&hasty, 1, threads, 0, 0);
}

UNIT_MAIN("sched/names", one_holder, free_at_death, none_left_behind)
