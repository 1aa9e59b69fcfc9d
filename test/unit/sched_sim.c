/* SPDX-License-Identifier: MIT */
/* Deterministic mode: the clock, the log, and that the seed decides. Long runs are in sim/. */
#include "base/alloc.h"
#include "support/actors.h"

ACTOR(sleeps)
{
    if (actor->body[0] == 0) {
        ck_assert_uint_lt(mg_scheduler_now(s), 1000000);
        actor->body[0] = UINT64_C(3600) * 1000000000;
    }
    if (mg_scheduler_now(s) < actor->body[0])
        return mg_actor_wait(actor, s, 0, actor->body[0]);
    ck_assert_uint_lt(mg_scheduler_now(s), actor->body[0] + 1000000);
    ck_assert_uint_eq(mg_scheduler_now_exact(s), mg_scheduler_now(s));
    ck_assert_uint_ge(mg_scheduler_wall_ms(s), UINT64_C(1000000000000) + 3600000);
    return MG_TURN_EXIT;
}

/* An hour passes in no time. */
UNIT_CASE(clock_jumps)
{
    world_count(&sleeps, 1, 0, 0, 0);
}

ACTOR(leaf)
{
    s->reductions -= 500;
    return actor->body[0]-- == 0 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

ACTOR(some_work)
{
    if (actor->body[1]++ == 0)
        for (uint64_t i = 0; i < 10; i++) {
            struct mg_spawn options = {
                .behaviour = &leaf, .priority = MG_PRIORITY_NORMAL, .monitored = true};
            options.body[0] = i;
            spawn_with(s, actor, &options);
        }
    while (hear(actor, s) != -1)
        actor->body[2]++;
    return actor->body[2] == 10 ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* Time passes with work, so a busy loop does not stop the clock. */
ACTOR(busy_until)
{
    s->reductions = 0;
    return mg_scheduler_now(s) > 5000000 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(work_takes_time)
{
    world_count(&busy_until, 1, 0, 0, 0);
}

static char *log_of(uint64_t seed)
{
    struct world world;
    world_init(&world, seed, 0);
    world_log(&world);
    world_run(&world, &some_work, 0);
    char *log = mg_buf_take(&world.log);
    world_deinit(&world);
    return log;
}

/* The same seed gives the same log, another one another. */
UNIT_CASE(the_seed_decides)
{
    char *a = log_of(1), *b = log_of(1), *c = log_of(2);
    ck_assert_str_eq(a, b);
    ck_assert_str_ne(a, c);
    ck_assert_ptr_nonnull(strstr(a, "spawn 1 some_work"));
    ck_assert_ptr_nonnull(strstr(a, "end 1 reason"));
    mg_free(a);
    mg_free(b);
    mg_free(c);
}

UNIT_MAIN("sched/sim", clock_jumps, work_takes_time, the_seed_decides)
