/* SPDX-License-Identifier: MIT */
/* Rolls: joining in three modes, leaving, the order of members, ends. */
#include "sched/roll.h"

#include "sched/internal.h"
#include "support/actors.h"

ACTOR(holder)
{
    return hear(actor, s) >= 0 ? MG_TURN_EXIT : wait_mail(actor, s);
}

static uint64_t hash_of(mg_value key)
{
    uint64_t hash;
    ck_assert_int_eq(mg_key_hash(key, &hash), MG_KEY_OK);
    return hash;
}

static enum mg_roll_outcome join(struct mg_scheduler *s, int64_t key, mg_pid pid, int64_t value,
                                 enum mg_roll_mode mode, mg_pid *holding)
{
    struct mg_copy copy;
    mg_copy_init(&copy, NULL, 1000);
    enum mg_roll_outcome outcome = mg_roll_join(s, &copy, mg_small(key), hash_of(mg_small(key)),
                                                pid, mg_small(value), mode, holding);
    mg_copy_deinit(&copy);
    return outcome;
}

static bool leave(struct mg_scheduler *s, int64_t key, mg_pid pid)
{
    return mg_roll_leave(s, mg_small(key), hash_of(mg_small(key)), pid);
}

static uint64_t size(struct mg_scheduler *s, int64_t key)
{
    return mg_roll_count(s, mg_small(key), hash_of(mg_small(key)));
}

/* Alone, once, again. */
ACTOR(modes)
{
    mg_pid self = mg_actor_pid(actor), other = spawn(s, actor, &holder, 0), holding;
    ck_assert_int_eq(join(s, 1, self, 10, MG_ROLL_ALONE, &holding), MG_ROLL_JOINED);
    ck_assert_int_eq(join(s, 1, other, 11, MG_ROLL_ALONE, &holding), MG_ROLL_TAKEN);
    ck_assert_uint_eq(holding, self);
    ck_assert_int_eq(join(s, 1, 98765, 11, MG_ROLL_AGAIN, &holding), MG_ROLL_ENDED);
    ck_assert(mg_roll_includes(s, mg_small(1), hash_of(mg_small(1)), self));
    ck_assert(!mg_roll_includes(s, mg_small(1), hash_of(mg_small(1)), other));
    ck_assert(leave(s, 1, self));
    ck_assert(!mg_roll_includes(s, mg_small(1), hash_of(mg_small(1)), self));
    ck_assert(!leave(s, 1, self));
    ck_assert_uint_eq(size(s, 1), 0);
    ck_assert_int_eq(join(s, 1, other, 11, MG_ROLL_ALONE, &holding), MG_ROLL_JOINED);
    ck_assert_int_eq(join(s, 2, self, 1, MG_ROLL_ONCE, &holding), MG_ROLL_JOINED);
    ck_assert_int_eq(join(s, 2, self, 2, MG_ROLL_ONCE, &holding), MG_ROLL_TAKEN);
    ck_assert_int_eq(join(s, 2, self, 3, MG_ROLL_AGAIN, &holding), MG_ROLL_JOINED);
    ck_assert_uint_eq(size(s, 2), 2);
    ck_assert(mg_roll_set(s, mg_small(2), hash_of(mg_small(2)), self, mg_small(4)));
    struct mg_roll_member members[4];
    ck_assert_uint_eq(mg_roll_members(s, mg_small(2), hash_of(mg_small(2)), 0, members, 4), 2);
    ck_assert_uint_eq(members[0].word, mg_small(1));
    ck_assert_uint_eq(members[1].word, mg_small(4));
    struct mg_ctab_entry *entries[4];
    ck_assert_uint_eq(mg_roll_keys_of(s, self, 0, entries, 4), 2);
    ck_assert_uint_eq(mg_ctab_entry_key(entries[0]), mg_small(2));
    ck_assert_uint_eq(mg_rolls_members(s->sched->rolls), 3);
    ck_assert(leave(s, 2, self)); // the newest
    mg_roll_members(s, mg_small(2), hash_of(mg_small(2)), 0, members, 4);
    ck_assert_uint_eq(members[0].word, mg_small(1));
    return MG_TURN_EXIT;
}

UNIT_CASE(three_modes)
{
    world_count(&modes, 1, 0, 0, 0);
}

enum { CROWD = 400 };

/* A large roll whose members leave in a mixed order stays in the order of joining. */
ACTOR(crowd)
{
    mg_pid pids[CROWD], holding;
    bool in[CROWD];
    struct mg_roll_member members[32];
    for (uint32_t i = 0; i < CROWD; i++) {
        pids[i] = spawn(s, actor, &holder, 0);
        in[i] = true;
        ck_assert_int_eq(join(s, 7, pids[i], i, MG_ROLL_AGAIN, &holding), MG_ROLL_JOINED);
    }
    uint32_t left = CROWD;
    for (uint32_t step = 0; step < CROWD; step++) {
        uint32_t gone = step * 149 % CROWD;
        ck_assert(leave(s, 7, pids[gone]));
        in[gone] = false;
        left--;
        ck_assert_uint_eq(size(s, 7), left);
        uint32_t at = 0, n;
        uint64_t after = 0;
        do {
            n = mg_roll_members(s, mg_small(7), hash_of(mg_small(7)), after, members, 32);
            for (uint32_t i = 0; i < n; i++) {
                while (!in[at])
                    at++;
                ck_assert_uint_eq(members[i].pid, pids[at++]);
                after = members[i].serial;
            }
        } while (n == 32);
        while (at < CROWD && !in[at])
            at++;
        ck_assert_uint_eq(at, CROWD);
    }
    ck_assert_uint_eq(mg_rolls_members(s->sched->rolls), 0);
    for (uint32_t i = 0; i < CROWD; i++)
        tell(actor, s, pids[i], 1);
    return MG_TURN_EXIT;
}

UNIT_CASE(order_of_a_crowd)
{
    world_count(&crowd, 1, 0, 0, 0);
}

/* Each of many has left everything when its end is announced. */
ACTOR(relay)
{
    mg_pid holding;
    if (actor->body[1] == 0) {
        if (actor->body[0] == 100)
            return MG_TURN_EXIT;
        struct mg_spawn options = {
            .behaviour = &holder, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        actor->body[1] = mg_actor_pid(spawn_with(s, actor, &options));
        for (int64_t key = 0; key < 200; key++)
            ck_assert_int_eq(join(s, key, actor->body[1], 0, MG_ROLL_ALONE, &holding),
                             MG_ROLL_JOINED);
        tell(actor, s, actor->body[1], 1);
    }
    if (hear(actor, s) == -1)
        return wait_mail(actor, s);
    ck_assert_uint_eq(mg_rolls_members(s->sched->rolls), 0);
    actor->body[1] = 0;
    actor->body[0]++;
    return MG_TURN_YIELD;
}

UNIT_CASE(left_at_the_end)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&relay, 1, threads, 0, 0);
}

/* Enters processes that end at the same moment into rolls that die and are made again. */
ACTOR(hasty)
{
    mg_pid holding;
    for (uint32_t i = 0; i < 20 && actor->body[0] < 4000; i++, actor->body[0]++) {
        mg_pid pid = spawn(s, actor, &holder, 0);
        tell(actor, s, pid, 1);
        (void)join(s, (int64_t)(actor->body[0] % 3), pid, 0, MG_ROLL_AGAIN, &holding);
        if (actor->body[1] != 0) {
            (void)join(s, 1, actor->body[1], 0, MG_ROLL_ALONE, &holding);
            leave(s, 1, actor->body[1]);
        }
        actor->body[1] = pid;
    }
    s->reductions = 0;
    if (actor->body[0] < 4000)
        return MG_TURN_YIELD;
    return mg_rolls_members(s->sched->rolls) == 0 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(none_left_behind)
{
    for (uint32_t threads = 0; threads < 3; threads++)
        world_count(&hasty, 1, threads, 0, 0);
}

UNIT_MAIN("sched/roll", three_modes, order_of_a_crowd, left_at_the_end, none_left_behind)
