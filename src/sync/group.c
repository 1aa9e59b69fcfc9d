/* SPDX-License-Identifier: MIT */
/* A wait group: a count, and those who wait until it is zero. What it watches counts as one until
 * it has ended, whatever way.
 *
 * G1  The count is never negative.
 * G2  Whoever waited when the count came to zero is woken, even if it has risen again meanwhile:
 *     such waiters stand in `leaving`, and are answered some a turn.
 *
 * Threads and memory: keeper.h.
 */
#include "sched/bond.h"
#include "sync/sync.h"

struct group {
    int64_t count;
    struct mg_bonds watched; /* monitor -> pid */
    struct mg_waiters waiters;
    struct mg_waiters leaving;
};

/* The count has changed. */
static void group_changed(struct group *group)
{
    if (group->count != 0 || group->waiters.count == 0)
        return;
    if (group->leaving.count == 0) {
        group->leaving = group->waiters;
        group->waiters = (struct mg_waiters){0};
        return;
    }
    while (group->waiters.first != NULL)
        mg_waiters_move(&group->waiters, &group->leaving, group->waiters.first, false);
}

static void group_add(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct group *group = mg_keeper_state(actor);
    int64_t n = mg_is_small(request->payload) ? mg_small_value(request->payload) : 0;
    int64_t count;
    if (__builtin_add_overflow(group->count, n, &count) || count < 0 || !mg_small_fits(count)) {
        mg_keeper_fail(actor, s, request, MG_SYNC_ENEGATIVE);
        return;
    }
    group->count = count;
    mg_keeper_answer(actor, s, request, mg_small(count), 0);
    group_changed(group);
}

static void group_watch(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct group *group = mg_keeper_state(actor);
    mg_pid pid = mg_is_small(request->payload) ? (mg_pid)mg_small_value(request->payload) : 0;
    group->count++;
    mg_keeper_answer(actor, s, request, mg_small(group->count), 0);
    /* One that has ended already answers at once. */
    mg_bonds_put(&group->watched, mg_actor_monitor(actor, s, pid, NULL), pid);
}

static void group_settled(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    struct group *group = mg_keeper_state(actor);
    struct mg_waiters *list = &group->waiters;
    struct mg_waiter *waiter = mg_waiters_find(list, signal->reference);
    if (waiter == NULL) {
        list = &group->leaving;
        waiter = mg_waiters_find(list, signal->reference);
    }
    mg_signal_free(signal, mg_scheduler_blocks(s));
    if (waiter != NULL)
        mg_signal_free(mg_waiters_take(list, s, waiter), mg_scheduler_blocks(s));
}

static void group_request(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct group *group = mg_keeper_state(actor);
    switch (request->detail) {
    case MG_SYNC_ADD:
        group_add(actor, s, request);
        break;
    case MG_SYNC_WATCH:
        group_watch(actor, s, request);
        break;
    case MG_SYNC_COUNT:
        mg_keeper_answer(actor, s, request, mg_small(group->count), 0);
        break;
    case MG_SYNC_WAIT:
        if (group->count == 0)
            mg_keeper_answer(actor, s, request, MG_NIL, 0);
        else
            mg_waiters_add(&group->waiters, s, request);
        break;
    default:
        mg_keeper_fail(actor, s, request, MG_SYNC_EUNKNOWN);
        break;
    }
}

static bool group_handle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    struct group *group = mg_keeper_state(actor);
    switch (signal->kind) {
    case MG_SIGNAL_REQUEST:
        group_request(actor, s, signal);
        return false;
    case MG_SIGNAL_SETTLED:
        group_settled(actor, s, signal);
        return false;
    case MG_SIGNAL_DOWN:
        mg_bonds_remove(&group->watched, signal->reference, NULL);
        mg_signal_free(signal, mg_scheduler_blocks(s));
        if (group->count > 0)
            group->count--;
        group_changed(group);
        return false;
    default:
        mg_signal_free(signal, mg_scheduler_blocks(s));
        return mg_keeper_is_unheld(actor);
    }
}

/* Answers those who leave before it looks at what has come. */
static enum mg_turn group_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct group *group = mg_keeper_state(actor);
    while (s->reductions > 0) {
        if (group->leaving.count != 0) {
            mg_keeper_answer(actor, s, mg_waiters_take_first(&group->leaving, s), MG_NIL, 0);
            continue;
        }
        struct mg_signal *signal = mg_actor_receive(actor, s);
        if (signal == NULL)
            return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
        if (group_handle(actor, s, signal))
            return MG_TURN_EXIT;
    }
    return MG_TURN_YIELD;
}

static void group_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct group *group = mg_keeper_state(actor);
    mg_waiters_drop(&group->waiters, s);
    mg_waiters_drop(&group->leaving, s);
    mg_bonds_deinit(&group->watched);
}

/* All that it watches must end. What else is counted may be done by anybody; but nobody leaves
 * before all of the watched have ended. */
static uint32_t group_waits(const struct mg_actor *actor, const struct mg_sched *sched MG_UNUSED,
                            struct mg_wait *out, uint32_t max)
{
    struct group *group = mg_keeper_state(actor);
    uint64_t monitor, pid;
    uint32_t count = 0;
    while (count < max && mg_bonds_at(&group->watched, count, &monitor, &pid))
        count = mg_keeper_wait(out, count, pid, monitor, false);
    return count;
}

static const struct mg_behaviour group_behaviour = {
    .name = "wait group",
    .start = mg_keeper_start,
    .run = group_run,
    .deinit = group_deinit,
    .waits = group_waits,
    .raw = true,
};

struct mg_actor *mg_group_new(struct mg_scheduler *s)
{
    struct group group = {0};
    mg_bonds_init(&group.watched);
    return mg_keeper_new(s, &group_behaviour, &group, sizeof group, MG_NO_DEADLINE);
}
