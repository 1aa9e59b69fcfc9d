/* SPDX-License-Identifier: MIT */
/* A lock: first come, first served, held by an actor, given back when that actor ends.
 *
 *      free ── LOCK ──> held by the asker, fencing + 1
 *      held ── LOCK ──> waits          ── SETTLED of the holder ──> the oldest waiter holds it
 *
 * Each grant carries a number one higher than the grant before, so that what is protected (a file,
 * a server elsewhere) can refuse the late effects of a holder that was given up.
 *
 * A lock may hold a state. Its holder gets a copy with the grant and may write a new one, which
 * counts when it is written; a holder that ends without writing has changed nothing.
 *
 * M1  `owner` is MG_PID_NONE exactly while nobody holds the lock, and then nobody waits.
 *
 * Threads and memory: keeper.h.
 */
#include "sync/sync.h"

struct mutex {
    mg_pid owner;
    uint64_t reference; /* of the owner's request */
    uint64_t fencing;
    bool abandoned; /* the holder before this one ended with the lock */
    struct mg_signal *state;
    struct mg_waiters waiters;
};

static void mutex_grant(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct mutex *mutex = mg_keeper_state(actor);
    mutex->owner = request->sender;
    mutex->reference = request->reference;
    mutex->fencing++;
    if (mutex->state == NULL) {
        mg_keeper_answer(actor, s, request, mg_small((int64_t)mutex->fencing), MG_SIGNAL_HOLD);
        return;
    }
    struct mg_signal *copy = mg_signal_copy(mg_scheduler_blocks(s), MG_SIGNAL_REPLY, mutex->state);
    mg_keeper_give(actor, s, request, copy, MG_SIGNAL_HOLD, 0);
}

static void mutex_lock(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct mutex *mutex = mg_keeper_state(actor);
    if (mutex->owner == MG_PID_NONE)
        mutex_grant(actor, s, request);
    else if (request->detail == MG_SYNC_TRY_LOCK)
        mg_keeper_fail(actor, s, request, MG_SYNC_EBUSY);
    else if (mutex->owner == request->sender)
        mg_keeper_fail(actor, s, request, MG_SYNC_EDEADLOCK);
    else
        mg_waiters_add(&mutex->waiters, s, request);
}

/* Somebody gave up waiting, or gave the lock back. */
static void mutex_settled(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    struct mutex *mutex = mg_keeper_state(actor);
    uint64_t reference = signal->reference;
    bool ended = signal->detail == MG_SETTLED_ENDED;
    mg_signal_free(signal, mg_scheduler_blocks(s));
    if (mutex->owner != MG_PID_NONE && reference == mutex->reference) {
        mutex->owner = MG_PID_NONE;
        mutex->abandoned = ended;
        struct mg_signal *next = mg_waiters_take_first(&mutex->waiters, s);
        if (next != NULL)
            mutex_grant(actor, s, next);
        return;
    }
    struct mg_waiter *waiter = mg_waiters_find(&mutex->waiters, reference);
    if (waiter != NULL)
        mg_signal_free(mg_waiters_take(&mutex->waiters, s, waiter), mg_scheduler_blocks(s));
}

static void mutex_write(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct mutex *mutex = mg_keeper_state(actor);
    if (mutex->owner != request->sender || mutex->state == NULL) {
        mg_keeper_fail(actor, s, request, MG_SYNC_EOWNER);
        return;
    }
    mg_signal_free(mutex->state, mg_scheduler_blocks(s));
    mutex->state = mg_keeper_keep(actor, s, request, MG_NIL);
}

static void mutex_read(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct mutex *mutex = mg_keeper_state(actor);
    if (mutex->state == NULL) {
        mg_keeper_answer(actor, s, request, MG_NIL, 0);
        return;
    }
    struct mg_signal *copy = mg_signal_copy(mg_scheduler_blocks(s), MG_SIGNAL_REPLY, mutex->state);
    mg_keeper_give(actor, s, request, copy, 0, 0);
}

static void mutex_tell(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct mutex *mutex = mg_keeper_state(actor);
    bool locked = mutex->owner != MG_PID_NONE;
    bool mine = locked && mutex->owner == request->sender;
    int64_t state = (int64_t)mutex->fencing << 3 | mine << 2 | mutex->abandoned << 1 | locked;
    mg_keeper_answer(actor, s, request, mg_small(state), 0);
}

static void mutex_request(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    switch (request->detail) {
    case MG_SYNC_LOCK:
    case MG_SYNC_TRY_LOCK:
        mutex_lock(actor, s, request);
        break;
    case MG_SYNC_WRITE:
        mutex_write(actor, s, request);
        break;
    case MG_SYNC_READ:
        mutex_read(actor, s, request);
        break;
    case MG_SYNC_LOCK_STATE:
        mutex_tell(actor, s, request);
        break;
    default:
        mg_keeper_fail(actor, s, request, MG_SYNC_EUNKNOWN);
        break;
    }
}

static bool mutex_handle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    switch (signal->kind) {
    case MG_SIGNAL_REQUEST:
        mutex_request(actor, s, signal);
        return false;
    case MG_SIGNAL_SETTLED:
        mutex_settled(actor, s, signal);
        return false;
    default:
        mg_signal_free(signal, mg_scheduler_blocks(s));
        return mg_keeper_is_unheld(actor);
    }
}

static enum mg_turn mutex_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    return mg_keeper_run(actor, s, mutex_handle, NULL);
}

static void mutex_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mutex *mutex = mg_keeper_state(actor);
    mg_waiters_drop(&mutex->waiters, s);
    if (mutex->state != NULL)
        mg_signal_free(mutex->state, mg_scheduler_blocks(s));
}

static uint32_t mutex_waits(const struct mg_actor *actor, const struct mg_sched *sched MG_UNUSED,
                            struct mg_wait *out, uint32_t max)
{
    const struct mutex *mutex = mg_keeper_state(actor);
    bool held = mutex->owner != MG_PID_NONE && max != 0;
    return held ? mg_keeper_wait(out, 0, mutex->owner, mutex->fencing, false) : 0;
}

static const struct mg_behaviour mutex_behaviour = {
    .name = "mutex",
    .start = mg_keeper_start,
    .run = mutex_run,
    .deinit = mutex_deinit,
    .waits = mutex_waits,
    .raw = true,
};

struct mg_actor *mg_mutex_new(struct mg_scheduler *s, struct mg_signal *state)
{
    struct mutex mutex = {.state = state};
    struct mg_actor *actor =
        mg_keeper_new(s, &mutex_behaviour, &mutex, sizeof mutex, MG_NO_DEADLINE);
    if (actor == NULL && state != NULL)
        mg_signal_free(state, mg_scheduler_blocks(s));
    return actor;
}
