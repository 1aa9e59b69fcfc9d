/* SPDX-License-Identifier: MIT */
/* Exit records: there as long as the handle, bounded all together. */
#include "sched/internal.h"
#include "support/actors.h"

/* Ends with a record of body[0] words, one object whose only slot is body[1]. */
ACTOR(leaves_a_record)
{
    struct mg_exit_record *record = mg_exit_record_new(s, actor->body[0]);
    mg_value *words = mg_exit_record_words(record);
    struct mg_object *object = (struct mg_object *)words;
    object->header = mg_header(MG_CLASS_CELL, MG_FORMAT_SLOTS, 1);
    object->words[0] = mg_small((int64_t)actor->body[1]);
    record->fragment.words = (uint32_t)actor->body[0];
    record->result = mg_pointer(object);
    mg_actor_set_exit(actor, s, REASON(NORMAL), MG_PID_NONE, MG_NIL, record);
    return MG_TURN_EXIT;
}

enum { KEPT = 100 };

/* Runs body[0] children one after the other, keeps their handles, then reads all results. */
ACTOR(collects)
{
    struct mg_control **kept = (struct mg_control **)(uintptr_t)world_of(s)->plan;
    struct mg_signal *reply;
    while (actor->body[1] < KEPT) {
        if (actor->body[2] == 0) {
            struct mg_spawn options = {.behaviour = &leaves_a_record,
                                       .priority = MG_PRIORITY_NORMAL};
            options.body[0] = actor->body[0];
            options.body[1] = actor->body[1];
            struct mg_actor *child = spawn_with(s, actor, &options);
            kept[actor->body[1]] = child->control;
            mg_control_ref(child->control);
            actor->body[2] = mg_request_wait(actor, s, mg_actor_pid(child));
        }
        if (mg_request_poll(actor, actor->body[2], &reply) == MG_OUTCOME_PENDING)
            return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
        actor->body[2] = 0;
        actor->body[1]++;
    }
    for (uint32_t i = 0; i < KEPT; i++) {
        struct mg_exit_info info;
        ck_assert(mg_control_exit(kept[i], &info));
        if (info.expired) {
            ck_assert_uint_eq(info.result, MG_NIL);
            count(s, 1, 1);
        } else {
            ck_assert_int_eq(mg_small_value(mg_slot(info.result, 0)), i);
            count(s, 0, 1);
        }
        ck_assert_uint_eq(info.error, MG_NIL);
        ck_assert_uint_eq(info.reason, REASON(NORMAL));
        mg_control_unref(kept[i], &s->blocks);
    }
    return MG_TURN_EXIT;
}

static void collect(uint64_t words, uint32_t threads, uint64_t *there, uint64_t *expired)
{
    struct mg_control *kept[KEPT];
    struct world world;
    world_init(&world, 1, threads);
    world.plan = (uint64_t)(uintptr_t)kept;
    world_run(&world, &collects, words);
    *there = counted(&world, 0);
    *expired = counted(&world, 1);
    struct mg_sched_stats stats;
    mg_sched_stats(world.sched, &stats);
    ck_assert_uint_le(stats.results_bytes, MG_LIMIT_RESULT_BYTES);
    world_deinit(&world);
}

/* Results are read after the process is gone, and freed with the last handle. */
UNIT_CASE(kept_with_the_handle)
{
    for (uint32_t threads = 0; threads < 3; threads++) {
        uint64_t there, expired;
        collect(2, threads, &there, &expired);
        ck_assert_uint_eq(there, KEPT);
        ck_assert_uint_eq(expired, 0);
    }
}

/* Beyond the limit the oldest are dropped and say so. */
UNIT_CASE(bounded)
{
    uint64_t there, expired;
    collect((MG_LIMIT_RESULT_BYTES / 50) / 8, 1, &there, &expired);
    ck_assert_uint_eq(there + expired, KEPT);
    ck_assert_uint_ge(there, 48);
    ck_assert_uint_le(there, 50);
}

ACTOR(asks_for_the_dead)
{
    struct mg_control *control = mg_sched_control(s, 12345678);
    struct mg_exit_info info;
    ck_assert_uint_eq(control->pid, 12345678);
    ck_assert(!mg_control_is_alive(control));
    ck_assert(mg_control_exit(control, &info));
    ck_assert_uint_eq(info.reason, REASON(NOPROC));
    ck_assert_uint_eq(info.result, MG_NIL);
    mg_control_unref(control, &s->blocks);
    control = mg_sched_control(s, mg_actor_pid(actor));
    ck_assert_ptr_eq(control, actor->control);
    ck_assert(mg_control_is_alive(control));
    ck_assert(!mg_control_exit(control, &info));
    mg_control_unref(control, &s->blocks);
    return MG_TURN_EXIT;
}

/* The control block of a pid that is gone is a fresh one that knows nothing. */
UNIT_CASE(unknown_pids)
{
    world_count(&asks_for_the_dead, 1, 0, 0, 0);
}

UNIT_MAIN("sched/record", kept_with_the_handle, bounded, unknown_pids)
