/* SPDX-License-Identifier: MIT */
/* Tables and their owners: handles, names, giving, heirs, ends. */
#include "base/error.h"
#include "sched/ctabs.h"
#include "sched/internal.h"
#include "support/actors.h"

ACTOR(holder)
{
    return hear(actor, s) >= 0 ? MG_TURN_EXIT : wait_mail(actor, s);
}

static struct mg_ctab *make(struct mg_scheduler *s, mg_pid owner, const char *name)
{
    struct mg_ctab_options options = {.owner = owner, .name = name};
    options.name_len = name != NULL ? strlen(name) : 0;
    int error;
    return mg_ctabs_make(s, &options, &error);
}

static struct mg_signal *notice_of(struct mg_scheduler *s, int64_t n)
{
    struct mg_signal *notice = mg_signal_new(&s->blocks, MG_SIGNAL_MESSAGE, 0);
    notice->payload = mg_small(n);
    return notice;
}

/* Handles lead to their table and no other; names are for one at a time. */
ACTOR(handles)
{
    struct mg_ctabs *tables = mg_sched_tables(s->sched);
    mg_pid self = mg_actor_pid(actor);
    struct mg_ctab *a = make(s, self, "a"), *b = make(s, self, NULL);
    ck_assert_ptr_eq(mg_ctabs_find(tables, a->id), a);
    ck_assert_ptr_eq(mg_ctabs_find(tables, b->id), b);
    ck_assert_ptr_null(mg_ctabs_find(tables, a->id ^ (uint64_t)1 << 40));
    ck_assert_ptr_eq(mg_ctabs_named(tables, "a", 1), a);
    ck_assert_ptr_null(make(s, self, "a"));
    ck_assert_ptr_null(make(s, 12345, NULL)); // nobody
    uint64_t id = a->id;
    ck_assert(mg_ctabs_delete(s, a));
    ck_assert(!mg_ctabs_delete(s, a));
    ck_assert_ptr_null(mg_ctabs_find(tables, id));
    ck_assert_ptr_null(mg_ctabs_named(tables, "a", 1));
    struct mg_ctab *again = make(s, self, "a");
    ck_assert_uint_eq(again->id % MG_LIMIT_TABLES, id % MG_LIMIT_TABLES); // the slot is used again
    ck_assert_ptr_null(mg_ctabs_find(tables, id));
    uint32_t slot = 0;
    uint64_t ids[8];
    ck_assert_uint_eq(mg_ctabs_each(tables, &slot, ids, 8), 2);
    ck_assert(!mg_ctabs_give(s, b, 777, self, NULL)); // not the owner
    ck_assert(!mg_ctabs_give(s, b, self, 777, notice_of(s, 1)));
    ck_assert_uint_eq(mg_ctab_owner(b), self);
    return MG_TURN_EXIT;
}

UNIT_CASE(handles_and_names)
{
    world_count(&handles, 1, 0, 0, 0);
}

/* When an end is announced the tables are gone, or their heir's. body[0]: how far it has come. */
ACTOR(heir)
{
    struct mg_ctabs *tables = mg_sched_tables(s->sched);
    mg_pid self = mg_actor_pid(actor);
    if (actor->body[0] == 0) {
        struct mg_spawn options = {
            .behaviour = &holder, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        mg_pid owner = mg_actor_pid(spawn_with(s, actor, &options));
        struct mg_ctab *lost = make(s, owner, "lost"), *kept = make(s, owner, "kept");
        for (uint32_t i = 0; i < 500; i++)
            make(s, owner, NULL);
        actor->body[1] = lost->id;
        actor->body[2] = kept->id;
        ck_assert(mg_ctabs_set_heir(s, kept, owner, self, notice_of(s, 42)));
        ck_assert(!mg_ctabs_set_heir(s, kept, self, self, NULL));
        actor->body[0] = 1;
        tell(actor, s, owner, 1);
    }
    for (;;) {
        int64_t heard = hear(actor, s);
        if (heard == -1)
            return wait_mail(actor, s);
        if (heard == 42) {
            ck_assert_uint_eq(actor->body[0]++, 1); // before the down
            continue;
        }
        ck_assert_int_eq(heard, -2 - MG_REASON_NORMAL);
        ck_assert_uint_eq(actor->body[0], 2);
        ck_assert_ptr_null(mg_ctabs_find(tables, actor->body[1]));
        ck_assert_ptr_null(mg_ctabs_named(tables, "lost", 4));
        struct mg_ctab *kept = mg_ctabs_find(tables, actor->body[2]);
        ck_assert_ptr_eq(mg_ctabs_named(tables, "kept", 4), kept);
        ck_assert_uint_eq(mg_ctab_owner(kept), self);
        ck_assert_uint_eq(mg_ctabs_heir(tables, kept), MG_PID_NONE);
        uint32_t slot = 0;
        uint64_t ids[8];
        ck_assert_uint_eq(mg_ctabs_each(tables, &slot, ids, 8), 1);
        return MG_TURN_EXIT;
    }
}

UNIT_CASE(gone_or_inherited)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&heir, 1, threads, 0, 0);
}

ACTOR(answers_seven)
{
    return hear(actor, s) >= 0 ? end_with(actor, s, REASON(NORMAL), 7) : wait_mail(actor, s);
}

/* Asks again and again how a process ends that gives up many tables meanwhile. */
ACTOR(impatient)
{
    struct mg_control *control = (struct mg_control *)(uintptr_t)actor->body[1];
    if (control == NULL) {
        struct mg_spawn options = {.behaviour = &answers_seven, .priority = MG_PRIORITY_NORMAL};
        control = spawn_with(s, actor, &options)->control;
        mg_control_ref(control);
        actor->body[1] = (uintptr_t)control;
        for (uint32_t i = 0; i < 2000; i++)
            ck_assert_ptr_nonnull(make(s, control->pid, NULL));
        tell(actor, s, control->pid, 1);
    }
    struct mg_signal *reply;
    struct mg_exit_info info;
    uint64_t reference = mg_request_wait(actor, s, control->pid);
    if (mg_request_poll(actor, reference, &reply) != MG_OUTCOME_ENDED) {
        mg_request_close(actor, s, reference);
        s->reductions = 0;
        return MG_TURN_YIELD;
    }
    if (reply != NULL)
        mg_signal_free(reply, &s->blocks);
    ck_assert(mg_control_exit(control, &info));
    ck_assert_uint_eq(info.result, mg_small(7));
    uint32_t slot = 0;
    uint64_t ids[1];
    ck_assert_uint_eq(mg_ctabs_each(mg_sched_tables(s->sched), &slot, ids, 1), 0);
    mg_control_unref(control, &s->blocks);
    return MG_TURN_EXIT;
}

/* Whoever is told that a process has ended finds its result, and nothing of what it had. */
UNIT_CASE(told_after_all_is_given_up)
{
    for (uint64_t seed = 0; seed < 20; seed++)
        world_count(&impatient, seed, 0, 0, 0);
    for (uint32_t i = 0; i < 20; i++)
        world_count(&impatient, i, 2, 0, 0);
}

/* Gives tables to processes that end at the same moment: in the end none is left. */
ACTOR(hasty)
{
    struct mg_ctabs *tables = mg_sched_tables(s->sched);
    mg_pid self = mg_actor_pid(actor);
    for (uint32_t i = 0; i < 20 && actor->body[0] < 3000; i++, actor->body[0]++) {
        mg_pid pid = spawn(s, actor, &holder, 0);
        tell(actor, s, pid, 1);
        struct mg_ctab *table = make(s, self, NULL);
        if (actor->body[1] == 0 || !mg_ctabs_give(s, table, self, actor->body[1], NULL))
            mg_ctabs_give(s, table, self, pid, NULL);
        if (mg_ctab_owner(table) == self)
            mg_ctabs_delete(s, table);
        actor->body[1] = pid;
    }
    if (actor->body[0] < 3000)
        return MG_TURN_YIELD;
    uint32_t slot = 0;
    uint64_t ids[1];
    s->reductions = 0;
    return mg_ctabs_each(tables, &slot, ids, 1) == 0 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(none_left_behind)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&hasty, 1, threads, 0, 0);
}

/* Clearing takes all at once; a large body is freed in pieces. */
ACTOR(clears)
{
    struct mg_copy copy;
    mg_copy_init(&copy, NULL, 1000);
    struct mg_ctab *table = make(s, mg_actor_pid(actor), NULL);
    for (int64_t i = 0; i < 10000; i++) {
        uint64_t hash;
        ck_assert_int_eq(mg_key_hash(mg_small(i), &hash), MG_KEY_OK);
        ck_assert_int_eq(
            mg_ctab_put(mg_ctab_body_of(table), s, &copy, mg_small(i), hash, mg_small(i)),
            MG_CTAB_DONE);
    }
    mg_ctabs_clear(s, table);
    ck_assert_uint_eq(mg_ctab_count(mg_ctab_body_of(table)), 0);
    mg_copy_deinit(&copy);
    return MG_TURN_EXIT;
}

UNIT_CASE(cleared)
{
    world_count(&clears, 1, 0, 0, 0);
    world_count(&clears, 1, 2, 0, 0);
}

/* The settings are one table, nobody's. */
ACTOR(settings)
{
    struct mg_ctab *table = mg_ctabs_settings(s, NULL);
    ck_assert_ptr_nonnull(table);
    ck_assert_ptr_eq(mg_ctabs_settings(s, NULL), table);
    ck_assert_uint_eq(mg_ctab_owner(table), MG_PID_NONE);
    return MG_TURN_EXIT;
}

UNIT_CASE(settings_of_the_node)
{
    world_count(&settings, 1, 0, 0, 0);
}

UNIT_MAIN("sched/ctabs", handles_and_names, gone_or_inherited, told_after_all_is_given_up,
          none_left_behind, cleared, settings_of_the_node)
