/* SPDX-License-Identifier: MIT */
/* What all keepers share: see keeper.h. */
#include "sync/keeper.h"

#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "object/control.h"

/* Lists up to this long are searched; longer ones have an index. */
enum { WAITERS_INDEX = 32 };

const char *mg_sync_operation_name(enum mg_sync_operation operation)
{
    static const char *const names[MG_SYNC_OPERATIONS] = {
#define MG_SYNC_OPERATION(id, name) name,
#include "sync/operation.def"
#undef MG_SYNC_OPERATION
    };
    return operation < MG_SYNC_OPERATIONS ? names[operation] : "unknown";
}

/* -- Waiters -- */

static void index_add(struct mg_waiters *waiters, struct mg_waiter *waiter)
{
    CHECK(mg_map_put(waiters->index, waiter->request->reference, (uintptr_t)waiter));
}

static void index_build(struct mg_waiters *waiters)
{
    waiters->index = mg_alloc_zero(sizeof *waiters->index);
    for (struct mg_waiter *waiter = waiters->first; waiter != NULL; waiter = waiter->next)
        index_add(waiters, waiter);
}

static void index_free(struct mg_waiters *waiters)
{
    if (waiters->index != NULL) {
        mg_map_deinit(waiters->index);
        mg_free(waiters->index);
        waiters->index = NULL;
    }
}

static void link_last(struct mg_waiters *waiters, struct mg_waiter *waiter)
{
    waiter->prev = waiters->last;
    waiter->next = NULL;
    if (waiters->last != NULL)
        waiters->last->next = waiter;
    else
        waiters->first = waiter;
    waiters->last = waiter;
}

static void link_first(struct mg_waiters *waiters, struct mg_waiter *waiter)
{
    waiter->prev = NULL;
    waiter->next = waiters->first;
    if (waiters->first != NULL)
        waiters->first->prev = waiter;
    else
        waiters->last = waiter;
    waiters->first = waiter;
}

/* It was linked: counts it, and enters it into the index. */
static void count_in(struct mg_waiters *waiters, struct mg_waiter *waiter)
{
    waiters->count++;
    if (waiters->index != NULL)
        index_add(waiters, waiter);
    else if (MG_UNLIKELY(waiters->count > WAITERS_INDEX))
        index_build(waiters);
}

static void unlink_waiter(struct mg_waiters *waiters, struct mg_waiter *waiter)
{
    if (waiter->prev != NULL)
        waiter->prev->next = waiter->next;
    else
        waiters->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->prev = waiter->prev;
    else
        waiters->last = waiter->prev;
    waiters->count--;
    if (waiters->index != NULL) {
        mg_map_remove(waiters->index, waiter->request->reference);
        if (waiters->count == 0)
            index_free(waiters);
    }
}

struct mg_waiter *mg_waiters_add(struct mg_waiters *waiters, struct mg_scheduler *s,
                                 struct mg_signal *request)
{
    struct mg_waiter *waiter = mg_block_alloc(mg_scheduler_blocks(s), sizeof *waiter);
    *waiter = (struct mg_waiter){.request = request};
    link_last(waiters, waiter);
    count_in(waiters, waiter);
    return waiter;
}

void mg_waiters_move(struct mg_waiters *from, struct mg_waiters *to, struct mg_waiter *waiter,
                     bool front)
{
    unlink_waiter(from, waiter);
    if (front)
        link_first(to, waiter);
    else
        link_last(to, waiter);
    count_in(to, waiter);
}

struct mg_waiter *mg_waiters_find(const struct mg_waiters *waiters, uint64_t reference)
{
    uint64_t found;
    if (waiters->index != NULL)
        return mg_map_get(waiters->index, reference, &found) ? (struct mg_waiter *)(uintptr_t)found
                                                             : NULL;
    struct mg_waiter *waiter = waiters->first;
    while (waiter != NULL && waiter->request->reference != reference)
        waiter = waiter->next;
    return waiter;
}

struct mg_signal *mg_waiters_take(struct mg_waiters *waiters, struct mg_scheduler *s,
                                  struct mg_waiter *waiter)
{
    struct mg_signal *request = waiter->request;
    unlink_waiter(waiters, waiter);
    mg_block_free(mg_scheduler_blocks(s), waiter, sizeof *waiter);
    return request;
}

struct mg_signal *mg_waiters_take_first(struct mg_waiters *waiters, struct mg_scheduler *s)
{
    return waiters->first != NULL ? mg_waiters_take(waiters, s, waiters->first) : NULL;
}

void mg_waiters_drop(struct mg_waiters *waiters, struct mg_scheduler *s)
{
    struct mg_signal *request;
    while ((request = mg_waiters_take_first(waiters, s)) != NULL)
        mg_signal_free(request, mg_scheduler_blocks(s));
    index_free(waiters);
}

/* -- Life -- */

struct beginning {
    const void *state;
    size_t bytes;
};

int mg_keeper_start(struct mg_actor *actor, struct mg_scheduler *s, void *argument)
{
    (void)s;
    const struct beginning *beginning = argument;
    memcpy(mg_keeper_state(actor), beginning->state, beginning->bytes);
    return 0;
}

struct mg_actor *mg_keeper_new(struct mg_scheduler *s, const struct mg_behaviour *behaviour,
                               const void *state, size_t bytes, uint64_t deadline_ns)
{
    ASSERT(bytes <= MG_KEEPER_STATE_MAX);
    ASSERT(behaviour->start == mg_keeper_start);
    struct beginning beginning = {.state = state, .bytes = bytes};
    struct mg_spawn spawn = {
        .behaviour = behaviour,
        .priority = MG_PRIORITY_NORMAL,
        .policy = s->running != NULL ? s->running->policy : 0, // for what it may start itself
        .kept = true,
        .argument = &beginning,
        .waits = true,
        .deadline_ns = deadline_ns,
    };
    return mg_spawn(s, NULL, &spawn);
}

enum mg_turn mg_keeper_run(struct mg_actor *actor, struct mg_scheduler *s, mg_keeper_handler handle,
                           const uint64_t *deadline_ns)
{
    struct mg_signal *signal;
    while ((signal = mg_actor_receive(actor, s)) != NULL) {
        if (handle(actor, s, signal))
            return MG_TURN_EXIT;
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
    }
    return mg_actor_wait(actor, s, MG_WAKE_MAIL,
                         deadline_ns != NULL ? *deadline_ns : MG_NO_DEADLINE);
}

bool mg_keeper_is_unheld(const struct mg_actor *actor)
{
    /* K1 acquire: what the last holder did comes before. Pairs with K2 in mg_control_unref(). */
    return load_acquire(&actor->control->refs) == 1;
}

uint32_t mg_keeper_wait(struct mg_wait *out, uint32_t count, mg_pid whom, uint64_t number, bool any)
{
    out[count] = (struct mg_wait){.kind = MG_WAIT_HOLDER,
                                  .whom = whom,
                                  .number = number,
                                  .any = any,
                                  .until_ns = MG_NO_DEADLINE};
    return count + 1;
}

uint32_t mg_keeper_waits_for_none(const struct mg_actor *actor MG_UNUSED,
                                  const struct mg_sched *sched MG_UNUSED,
                                  struct mg_wait *out MG_UNUSED, uint32_t max MG_UNUSED)
{
    return 0;
}

/* -- Answers -- */

/* Makes a signal the reply to a request. */
static void answer_send(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *reply,
                        mg_pid asker, uint64_t reference, enum mg_outcome outcome, uint8_t flags)
{
    reply->kind = MG_SIGNAL_REPLY;
    reply->reference = reference;
    reply->detail = (uint16_t)outcome;
    reply->flags = flags;
    (void)mg_reply_send(actor, s, mg_request_asker(asker, reference), reply);
}

static void answer_plain(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                         enum mg_outcome outcome, mg_value value, uint8_t flags)
{
    if (request->kind != MG_SIGNAL_REQUEST) {
        mg_signal_free(request, mg_scheduler_blocks(s));
        return;
    }
    if (request->fragment.words != 0)
        mg_fragment_drop(&request->fragment, mg_scheduler_blocks(s));
    request->payload = value;
    request->selector = 0;
    answer_send(actor, s, request, request->sender, request->reference, outcome, flags);
}

void mg_keeper_answer(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                      mg_value value, uint8_t flags)
{
    ASSERT(!mg_is_pointer(value));
    answer_plain(actor, s, request, MG_OUTCOME_VALUE, value, flags);
}

void mg_keeper_fail(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                    enum mg_sync_error error)
{
    answer_plain(actor, s, request, MG_OUTCOME_ERROR, mg_small(error), 0);
}

void mg_keeper_settle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                      enum mg_outcome outcome)
{
    answer_plain(actor, s, request, outcome, MG_NIL, 0);
}

struct mg_signal *mg_keeper_keep(struct mg_actor *actor, struct mg_scheduler *s,
                                 struct mg_signal *request, mg_value value)
{
    if (request->kind == MG_SIGNAL_REQUEST) {
        struct mg_signal *reply = mg_signal_new(mg_scheduler_blocks(s), MG_SIGNAL_REPLY, 0);
        reply->payload = value;
        answer_send(actor, s, reply, request->sender, request->reference, MG_OUTCOME_VALUE, 0);
    }
    return request;
}

void mg_keeper_give(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                    struct mg_signal *value, uint8_t flags, uint32_t mark)
{
    mg_pid asker = request->sender;
    uint64_t reference = request->reference;
    mg_signal_free(request, mg_scheduler_blocks(s));
    value->selector = mark;
    answer_send(actor, s, value, asker, reference, MG_OUTCOME_VALUE, flags);
}

void mg_keeper_tell(struct mg_actor *actor, struct mg_scheduler *s, const struct mg_signal *request,
                    enum mg_signal_kind kind, uint32_t serial)
{
    struct mg_signal *signal = mg_signal_new(mg_scheduler_blocks(s), kind, 0);
    signal->sender = mg_actor_pid(actor);
    signal->reference = request->reference;
    signal->selector = serial;
    (void)mg_post_pid(s, request->sender, signal);
}

void mg_keeper_order(struct mg_actor *actor, struct mg_scheduler *s, mg_pid keeper,
                     enum mg_sync_operation operation, mg_value immediate)
{
    struct mg_signal *signal = mg_signal_new(mg_scheduler_blocks(s), MG_SIGNAL_MESSAGE, 0);
    signal->sender = mg_actor_pid(actor);
    signal->detail = (uint16_t)operation;
    signal->payload = immediate;
    (void)mg_post_pid(s, keeper, signal);
}
