/* SPDX-License-Identifier: MIT */
/* A counting semaphore. A permit belongs to the actor that acquired it and comes back when that
 * actor ends. Releasing a permit that one does not hold is legal up to the capacity: semaphores are
 * used as signals, too.
 *
 * P1  0 <= available <= capacity; while somebody waits none is available.
 *
 * Threads and memory: keeper.h.
 */
#include "sched/bond.h"
#include "sync/sync.h"

struct semaphore {
    uint32_t available, capacity;
    struct mg_bonds holders; /* reference of a granted request -> its asker */
    struct mg_waiters waiters;
};

static void semaphore_grant(struct mg_actor *actor, struct mg_scheduler *s,
                            struct mg_signal *request)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    mg_bonds_put(&semaphore->holders, request->reference, request->sender);
    mg_keeper_answer(actor, s, request, MG_NIL, MG_SIGNAL_HOLD);
}

static void semaphore_acquire(struct mg_actor *actor, struct mg_scheduler *s,
                              struct mg_signal *request)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    if (semaphore->available > 0) {
        semaphore->available--;
        semaphore_grant(actor, s, request);
    } else if (request->detail == MG_SYNC_TRY_ACQUIRE) {
        mg_keeper_fail(actor, s, request, MG_SYNC_EBUSY);
    } else {
        mg_waiters_add(&semaphore->waiters, s, request);
    }
}

/* One permit more, for the oldest waiter or the pool. */
static void semaphore_free(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    struct mg_signal *next = mg_waiters_take_first(&semaphore->waiters, s);
    if (next != NULL)
        semaphore_grant(actor, s, next);
    else if (semaphore->available < semaphore->capacity)
        semaphore->available++;
}

static void semaphore_settled(struct mg_actor *actor, struct mg_scheduler *s,
                              struct mg_signal *signal)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    uint64_t reference = signal->reference;
    mg_signal_free(signal, mg_scheduler_blocks(s));
    if (mg_bonds_remove(&semaphore->holders, reference, NULL)) {
        semaphore_free(actor, s);
        return;
    }
    struct mg_waiter *waiter = mg_waiters_find(&semaphore->waiters, reference);
    if (waiter != NULL)
        mg_signal_free(mg_waiters_take(&semaphore->waiters, s, waiter), mg_scheduler_blocks(s));
}

static void semaphore_request(struct mg_actor *actor, struct mg_scheduler *s,
                              struct mg_signal *request)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    switch (request->detail) {
    case MG_SYNC_ACQUIRE:
    case MG_SYNC_TRY_ACQUIRE:
        semaphore_acquire(actor, s, request);
        break;
    case MG_SYNC_RELEASE:
        mg_keeper_answer(actor, s, request, MG_NIL, 0);
        semaphore_free(actor, s);
        break;
    case MG_SYNC_PERMITS:
        mg_keeper_answer(
            actor, s, request,
            mg_small((int64_t)semaphore->available << 30 | (int64_t)semaphore->capacity), 0);
        break;
    default:
        mg_keeper_fail(actor, s, request, MG_SYNC_EUNKNOWN);
        break;
    }
}

static bool semaphore_handle(struct mg_actor *actor, struct mg_scheduler *s,
                             struct mg_signal *signal)
{
    switch (signal->kind) {
    case MG_SIGNAL_REQUEST:
        semaphore_request(actor, s, signal);
        return false;
    case MG_SIGNAL_SETTLED:
        semaphore_settled(actor, s, signal);
        return false;
    default:
        mg_signal_free(signal, mg_scheduler_blocks(s));
        return mg_keeper_is_unheld(actor);
    }
}

static enum mg_turn semaphore_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    return mg_keeper_run(actor, s, semaphore_handle, NULL);
}

static void semaphore_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    mg_waiters_drop(&semaphore->waiters, s);
    mg_bonds_deinit(&semaphore->holders);
}

/* Whoever waits waits for any one of the holders. More than fit: nothing is told, since one of
 * those left out may be free. */
static uint32_t semaphore_waits(const struct mg_actor *actor,
                                const struct mg_sched *sched MG_UNUSED, struct mg_wait *out,
                                uint32_t max)
{
    struct semaphore *semaphore = mg_keeper_state(actor);
    uint64_t reference, holder;
    uint32_t count = 0;
    if (semaphore->available != 0 || semaphore->holders.count < semaphore->capacity ||
        semaphore->holders.count > max)
        return 0;
    while (mg_bonds_at(&semaphore->holders, count, &reference, &holder))
        count = mg_keeper_wait(out, count, holder, reference, true);
    return count;
}

static const struct mg_behaviour semaphore_behaviour = {
    .name = "semaphore",
    .start = mg_keeper_start,
    .run = semaphore_run,
    .deinit = semaphore_deinit,
    .waits = semaphore_waits,
    .raw = true,
};

struct mg_actor *mg_semaphore_new(struct mg_scheduler *s, uint32_t permits)
{
    ASSERT(permits >= 1 && permits <= MG_SEMAPHORE_MAX);
    struct semaphore semaphore = {.available = permits, .capacity = permits};
    mg_bonds_init(&semaphore.holders);
    return mg_keeper_new(s, &semaphore_behaviour, &semaphore, sizeof semaphore, MG_NO_DEADLINE);
}
