/* SPDX-License-Identifier: MIT */
/* An actor by itself: sizes, states, the side, waits. */
#include "sched/internal.h"
#include "support/actors.h"

/* The budget of an idle actor: one block of 512 bytes, of which the actor takes half. */
UNIT_CASE(sizes)
{
    ck_assert_uint_le(sizeof(struct mg_actor), 256);
    ck_assert_uint_ge(MG_ACTOR_FIRST_WORDS, 32);
    ck_assert_uint_eq(mg_block_class_size(mg_block_class(MG_ACTOR_BLOCK_BYTES)), 512);
}

static void become_illegally(void *argument)
{
    struct mg_actor *actor = argument;
    mg_actor_become(actor, MG_ACTOR_RUNNING);
}

/* Steps that the table does not allow are bugs, and stop the process. */
UNIT_CASE(transitions)
{
    struct mg_actor actor = {0};
    mg_actor_become(&actor, MG_ACTOR_RUNNABLE);
    mg_actor_become(&actor, MG_ACTOR_RUNNING);
    mg_actor_become(&actor, MG_ACTOR_WAITING);
    ck_assert_uint_eq(atomic_load(&actor.state), MG_ACTOR_WAITING);
    mg_actor_become(&actor, MG_ACTOR_RUNNABLE);
    mg_actor_become(&actor, MG_ACTOR_RUNNING);
    mg_actor_become(&actor, MG_ACTOR_EXITING);
    mg_actor_become(&actor, MG_ACTOR_GONE);
    ck_assert(unit_dies(become_illegally, &actor));
}

/* An actor without a side answers the defaults; the side is made once and holds what was set. */
UNIT_CASE(side)
{
    struct mg_actor actor = {0};
    size_t len = 0;
    ck_assert_uint_eq(mg_actor_stack_bytes(&actor), MG_LIMIT_STACK_BYTES);
    ck_assert_ptr_null(mg_actor_label(&actor, &len));
    ck_assert_ptr_null(actor.side);
    mg_actor_set_label(&actor, "one", 3);
    struct mg_actor_side *first = actor.side;
    mg_actor_set_label(&actor, "three", 5);
    ck_assert_ptr_eq(actor.side, first);
    ck_assert_int_eq(memcmp(mg_actor_label(&actor, &len), "three", 5), 0);
    ck_assert_uint_eq(len, 5);
    mg_actor_set_label(&actor, NULL, 0);
    ck_assert_ptr_null(mg_actor_label(&actor, &len));
    mg_actor_set_trap(&actor, true);
    ck_assert(actor.flags & MG_ACTOR_TRAPS);
    mg_actor_set_trap(&actor, false);
    ck_assert(!(actor.flags & MG_ACTOR_TRAPS));
    mg_actor_side_free(&actor);
    mg_actor_side_free(&actor);
}

/* body[0]: step. A deadline in the past ends a wait at once; one in the future not before it. */
ACTOR(waits)
{
    switch (actor->body[0]) {
    case 0:
        actor->body[0]++;
        actor->body[1] = mg_scheduler_now(s);
        return mg_actor_wait(actor, s, MG_WAKE_MAIL, 0);
    case 1:
        ck_assert(mg_actor_timed_out(actor));
        actor->body[0]++;
        actor->body[1] = mg_scheduler_now(s) + 3000000;
        return mg_actor_wait(actor, s, 0, actor->body[1]);
    default:
        if (mg_scheduler_now(s) < actor->body[1])
            return mg_actor_wait(actor, s, 0, actor->body[1]);
        ck_assert_uint_lt(mg_scheduler_now(s), actor->body[1] + UINT64_C(10000000000));
        return MG_TURN_EXIT;
    }
}

UNIT_CASE(deadlines)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&waits, 1, threads, 0, 0);
}

/* Random bits depend on the seed alone. */
ACTOR(draws)
{
    for (uint32_t i = 0; i < 8; i++)
        world_of(s)->pids[i] = mg_actor_rng(s);
    return MG_TURN_EXIT;
}

UNIT_CASE(random_bits)
{
    struct world a, b, c;
    world_init(&a, 5, 0);
    world_init(&b, 5, 0);
    world_init(&c, 6, 0);
    world_run(&a, &draws, 0);
    world_run(&b, &draws, 0);
    world_run(&c, &draws, 0);
    ck_assert_int_eq(memcmp(a.pids, b.pids, sizeof a.pids), 0);
    ck_assert_int_ne(memcmp(a.pids, c.pids, sizeof a.pids), 0);
    world_deinit(&a);
    world_deinit(&b);
    world_deinit(&c);
}

UNIT_MAIN("sched/actor", sizes, transitions, side, deadlines, random_bits)
