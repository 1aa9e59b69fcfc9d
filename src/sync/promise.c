/* SPDX-License-Identifier: MIT */
/* A promise: an actor that ends when it is settled. So its value is kept by its exit record,
 * waiting for it is waiting for its end, everybody who holds a handle reads the value without
 * asking, and a promise of a process is simply that process.
 *
 *      settled by                                  exit reason     result or error
 *      REPLY of the one asked, with a value        normal          the value
 *      RESOLVE                                     normal          the value
 *      REPLY with an error, REJECT                 error           the exception
 *      the one asked has ended, or refused         noproc, refused
 *      nobody holds the resolver any more          broken
 *      the deadline                                timeout
 *
 * Messages sent to it before that (`~>`) wait, and are passed on in order to the process it became,
 * or answered with what it failed with. Each names its own promise as the place for its answer
 * (MG_REFERENCE_PROMISE), so passing on is all there is to do. When it became something that is no
 * process they go to an actor that serves the value; making that one is the embedder's part
 * (mg_sched_config.serve).
 *
 * P1  It is settled once; what comes later is dropped.
 * P2  What waits when it is settled is passed on before its end is published, in order.
 * P3  What was pushed too late for that is passed on when the actor is recycled; from then on the
 *     promise is quiet. Whoever sends to the value directly waits for that first, so no message of
 *     his overtakes one that he sent through the promise.
 * P4  What waits is bounded as a mailbox is, in messages and bytes; more is refused.
 *
 * Threads and memory: keeper.h.
 */
#include "base/alloc.h"
#include "sched/exit.h"
#include "sync/sync.h"

struct promise {
    mg_pid asked;
    uint64_t deadline_ns;
    struct mg_waiters queue; /* requests that wait for what it becomes */
    uint64_t queue_bytes;
};

/* -- Passing on -- */

/* Where a value leads: its control block when it is a handle of a process or a promise. */
static struct mg_control *target_of(mg_value value)
{
    if (!mg_has_format(value, MG_FORMAT_PROCESS))
        return NULL;
    uint32_t class_id = mg_object_class(mg_object(value));
    return class_id == MG_CLASS_PROCESS || class_id == MG_CLASS_FUTURE
               ? (struct mg_control *)(uintptr_t)mg_slot(value, MG_PROCESS_CONTROL)
               : NULL;
}

/* Follows promises that are settled to what they have become. NULL: that is no process. */
static struct mg_control *target_resolved(struct mg_control *control)
{
    struct mg_exit_info info;
    while (control != NULL && mg_control_target(control) == NULL &&
           mg_control_exit(control, &info)) {
        struct mg_control *next = target_of(info.result);
        if (next == NULL)
            return control; // a process that has ended, or a promise of a plain value
        control = next;
    }
    return control;
}

static void pass_on(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                    struct mg_control *control)
{
    struct mg_actor *to = mg_control_target(control);
    enum mg_refusal why =
        to == NULL ? MG_REFUSED_DEAD : mg_send_reserve(s, to, mg_signal_bytes(request));
    if (why == MG_ACCEPTED) {
        request->detail = to->behaviour == &mg_promise_behaviour ? MG_SYNC_EVENTUAL : MG_SYNC_NONE;
        mg_send(s, to, request);
    } else {
        mg_keeper_settle(actor, s, request,
                         why == MG_REFUSED_DEAD ? MG_OUTCOME_NOPROC : MG_OUTCOME_REFUSED);
    }
}

/* Answers a request with the exception that the promise failed with. */
static void pass_error(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                       const struct mg_exit_record *record)
{
    struct mg_signal *reply =
        mg_signal_new(mg_scheduler_blocks(s), MG_SIGNAL_REPLY, record->fragment.words);
    reply->payload = record->error;
    mg_fragment_copy(&record->fragment, &reply->fragment, mg_signal_words(reply), &reply->payload,
                     1);
    reply->reference = request->reference;
    reply->detail = MG_OUTCOME_ERROR;
    mg_pid asker = mg_request_asker(request->sender, request->reference);
    mg_signal_free(request, mg_scheduler_blocks(s));
    (void)mg_reply_send(actor, s, asker, reply);
}

/* What a promise has become, for those who sent something to it. */
struct outcome {
    enum mg_outcome outcome;
    mg_value value; /* an immediate, or in the record */
    const struct mg_exit_record *record;
    mg_pid server; /* that serves a value which is no process; made when first needed */
};

/* To the actor that serves the value. */
static void pass_to_server(struct mg_actor *actor, struct mg_scheduler *s,
                           struct mg_signal *request, struct outcome *to)
{
    struct mg_actor *server =
        to->server != MG_PID_NONE ? mg_sched_find(s->sched, to->server) : NULL;
    if (server == NULL)
        server = mg_sched_serve(s, actor->policy, to->value,
                                to->record != NULL ? &to->record->fragment : NULL);
    if (server == NULL) {
        mg_keeper_settle(actor, s, request, MG_OUTCOME_REFUSED);
        return;
    }
    to->server = mg_actor_pid(server);
    pass_on(actor, s, request, server->control);
}

/* Sends a request on to what this promise has become. */
static void pass_one(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                     struct outcome *to)
{
    struct mg_control *control = to->outcome == MG_OUTCOME_VALUE ? target_of(to->value) : NULL;
    if (control != NULL)
        pass_on(actor, s, request, target_resolved(control));
    else if (to->outcome == MG_OUTCOME_ERROR && to->record != NULL)
        pass_error(actor, s, request, to->record);
    else if (to->outcome != MG_OUTCOME_VALUE)
        mg_keeper_settle(actor, s, request, to->outcome);
    else
        pass_to_server(actor, s, request, to);
}

/* -- Settling -- */

static uint32_t reason_of(struct mg_scheduler *s, enum mg_outcome outcome)
{
    static const enum mg_reason reasons[] = {
        [MG_OUTCOME_PENDING] = MG_REASON_BROKEN,  [MG_OUTCOME_VALUE] = MG_REASON_NORMAL,
        [MG_OUTCOME_ERROR] = MG_REASON_ERROR,     [MG_OUTCOME_NOPROC] = MG_REASON_NOPROC,
        [MG_OUTCOME_REFUSED] = MG_REASON_REFUSED, [MG_OUTCOME_NOT_SENT] = MG_REASON_REFUSED,
        [MG_OUTCOME_UNKNOWN] = MG_REASON_BROKEN,  [MG_OUTCOME_TIMEOUT] = MG_REASON_TIMEOUT,
        [MG_OUTCOME_ENDED] = MG_REASON_NOPROC,
    };
    return mg_sched_reason(s->sched, reasons[outcome]);
}

/* The record of a value or an error that came in a signal; NULL for an immediate value. */
static struct mg_exit_record *record_of(struct mg_scheduler *s, const struct mg_signal *signal,
                                        enum mg_outcome outcome)
{
    bool error = outcome == MG_OUTCOME_ERROR;
    if (!error && !mg_is_pointer(signal->payload))
        return NULL;
    struct mg_exit_record *record = mg_exit_record_new(s, signal->fragment.words);
    mg_value value = signal->payload;
    mg_fragment_copy(&signal->fragment, &record->fragment, mg_exit_record_words(record), &value, 1);
    if (error)
        record->error = value;
    else
        record->result = value;
    return record;
}

/* Settles it by what a signal says (taken; NULL when nothing comes with the outcome). */
static void promise_settle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal,
                           enum mg_outcome outcome)
{
    struct promise *promise = mg_keeper_state(actor);
    mg_pid origin = promise->asked;
    struct mg_exit_record *record = NULL;
    mg_value value = MG_NIL;
    if (signal != NULL && !(signal->flags & MG_SIGNAL_CONTROL) &&
        (outcome == MG_OUTCOME_VALUE || outcome == MG_OUTCOME_ERROR)) {
        record = record_of(s, signal, outcome);
        value = record != NULL ? record->result : signal->payload;
    }
    struct outcome to = {.outcome = outcome, .value = value, .record = record};
    struct mg_signal *request;
    while ((request = mg_waiters_take_first(&promise->queue, s)) != NULL)
        pass_one(actor, s, request, &to);
    if (signal != NULL)
        mg_signal_free(signal, mg_scheduler_blocks(s));
    mg_actor_set_exit(actor, s, reason_of(s, outcome), origin, record != NULL ? MG_NIL : value,
                      record);
}

/* The one asked need not answer any more. */
static void promise_give_up(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct promise *promise = mg_keeper_state(actor);
    if (promise->asked == MG_PID_NONE)
        return;
    struct mg_signal *signal = mg_signal_new(mg_scheduler_blocks(s), MG_SIGNAL_SETTLED, 0);
    signal->sender = mg_actor_pid(actor);
    signal->reference = mg_promise_reference(actor);
    (void)mg_post_pid(s, promise->asked, signal);
}

/* Somebody gave up a request that waits here; reference 0: nobody holds the resolver. */
static bool promise_settled(struct mg_actor *actor, struct mg_scheduler *s,
                            struct mg_signal *signal)
{
    struct promise *promise = mg_keeper_state(actor);
    uint64_t reference = signal->reference;
    mg_signal_free(signal, mg_scheduler_blocks(s));
    if (reference == 0) {
        promise_settle(actor, s, NULL, MG_OUTCOME_UNKNOWN);
        return true;
    }
    struct mg_waiter *waiter = mg_waiters_find(&promise->queue, reference);
    if (waiter != NULL) {
        promise->queue_bytes -= mg_signal_bytes(waiter->request);
        mg_signal_free(mg_waiters_take(&promise->queue, s, waiter), mg_scheduler_blocks(s));
    }
    return false;
}

/* A request has to wait until it is known who is to get it (P4). */
static void promise_queue(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct promise *promise = mg_keeper_state(actor);
    struct mg_mailbox_bound bound;
    mg_actor_bound(actor, &bound);
    uint64_t bytes = promise->queue_bytes + mg_signal_bytes(request);
    if (promise->queue.count >= bound.messages || bytes > bound.bytes) {
        mg_keeper_settle(actor, s, request, MG_OUTCOME_REFUSED);
        return;
    }
    promise->queue_bytes = bytes;
    mg_waiters_add(&promise->queue, s, request);
}

/* RESOLVE and REJECT: the asker is answered, the payload is kept. */
static bool promise_request(struct mg_actor *actor, struct mg_scheduler *s,
                            struct mg_signal *request)
{
    enum mg_outcome outcome =
        request->detail == MG_SYNC_REJECT ? MG_OUTCOME_ERROR : MG_OUTCOME_VALUE;
    switch (request->detail) {
    case MG_SYNC_RESOLVE:
    case MG_SYNC_REJECT:
        promise_settle(actor, s, mg_keeper_keep(actor, s, request, MG_NIL), outcome);
        return true;
    case MG_SYNC_EVENTUAL:
        promise_queue(actor, s, request);
        return false;
    case MG_SYNC_NONE: // a program's own, to the process behind the future
        mg_keeper_settle(actor, s, request, MG_OUTCOME_REFUSED);
        return false;
    default:
        mg_keeper_fail(actor, s, request, MG_SYNC_EUNKNOWN);
        return false;
    }
}

static bool promise_handle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    switch (signal->kind) {
    case MG_SIGNAL_REPLY:
        if (signal->reference != mg_promise_reference(actor))
            break;
        promise_settle(actor, s, signal, (enum mg_outcome)signal->detail);
        return true;
    case MG_SIGNAL_REQUEST:
    case MG_SIGNAL_MESSAGE:
        return promise_request(actor, s, signal);
    case MG_SIGNAL_SETTLED:
        return promise_settled(actor, s, signal);
    default:
        break;
    }
    mg_signal_free(signal, mg_scheduler_blocks(s));
    struct promise *promise = mg_keeper_state(actor);
    if (!mg_keeper_is_unheld(actor) || promise->queue.count != 0)
        return false;
    promise_give_up(actor, s);
    return true;
}

static enum mg_turn promise_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct promise *promise = mg_keeper_state(actor);
    enum mg_turn turn = mg_keeper_run(actor, s, promise_handle, &promise->deadline_ns);
    if (turn == MG_TURN_WAIT && mg_scheduler_now(s) >= promise->deadline_ns) {
        promise_give_up(actor, s);
        promise_settle(actor, s, NULL, MG_OUTCOME_TIMEOUT);
        return MG_TURN_EXIT;
    }
    return turn;
}

static void promise_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct promise *promise = mg_keeper_state(actor);
    mg_waiters_drop(&promise->queue, s);
}

/* A request that came after the end (P3). */
static void promise_bounce(struct mg_actor *dead, struct mg_scheduler *s, struct mg_signal *request)
{
    struct mg_exit_info info;
    bool ended = mg_control_exit(dead->control, &info);
    CHECK(ended);
    if (request->detail != MG_SYNC_EVENTUAL) {
        mg_keeper_fail(dead, s, request,
                       MG_SYNC_ECLOSED); // RESOLVE and REJECT: it was settled before
        return;
    }
    bool normal = info.reason == mg_sched_reason(s->sched, MG_REASON_NORMAL);
    struct outcome to = {
        .outcome = normal                 ? MG_OUTCOME_VALUE
                   : info.error != MG_NIL ? MG_OUTCOME_ERROR
                                          : MG_OUTCOME_NOPROC,
        .value = info.result,
        .record = mg_control_record(dead->control),
    };
    pass_one(dead, s, request, &to);
}

static uint32_t promise_waits(const struct mg_actor *actor, const struct mg_sched *sched MG_UNUSED,
                              struct mg_wait *out, uint32_t max)
{
    const struct promise *promise = mg_keeper_state(actor);
    if (promise->asked == MG_PID_NONE || max == 0)
        return 0;
    uint32_t count = mg_keeper_wait(out, 0, promise->asked, mg_promise_reference(actor), false);
    out[0].until_ns = promise->deadline_ns;
    return count;
}

const struct mg_behaviour mg_promise_behaviour = {
    .name = "promise",
    .start = mg_keeper_start,
    .run = promise_run,
    .waits = promise_waits,
    .deinit = promise_deinit,
    .bounce = promise_bounce,
    .raw = true,
};

/* -- Making them -- */

struct mg_actor *mg_promise_new(struct mg_scheduler *s, mg_pid asked, uint64_t deadline_ns)
{
    struct promise promise = {.asked = asked, .deadline_ns = deadline_ns};
    return mg_keeper_new(s, &mg_promise_behaviour, &promise, sizeof promise, deadline_ns);
}

uint64_t mg_promise_reference(const struct mg_actor *promise)
{
    return mg_actor_pid(promise) | MG_REFERENCE_PROMISE;
}

bool mg_promise_is_one(const struct mg_control *control)
{
    /* R3 relaxed: set before the block was known. Pairs with K12 in actor_new(). */
    return (load_relaxed(&control->spare) & MG_CONTROL_KEPT) != 0;
}

bool mg_promise_is_quiet(const struct mg_control *promise)
{
    return mg_control_is_quiet(promise);
}

/* -- The resolver -- */

struct mg_control *mg_promise_of_resolver(const struct mg_control *resolver)
{
    /* R1 relaxed: set before the block was known. Pairs with R2 in mg_promise_resolver(). */
    return (struct mg_control *)(uintptr_t)load_relaxed(&resolver->heap_bytes);
}

/* The last handle of the resolver is gone. At the end of the program that breaks nothing: whoever
 * still waits is about to be stopped, and would only report that main is gone. */
static void resolver_released(struct mg_control *resolver, mg_pid unheld,
                              struct mg_block_cache *blocks)
{
    (void)unheld;
    struct mg_scheduler *s = mg_scheduler_current();
    struct mg_control *promise = mg_promise_of_resolver(resolver);
    CHECK(blocks != NULL);
    if (s != NULL && !mg_sched_stopping(s->sched) && mg_control_is_alive(promise)) {
        struct mg_signal *signal = mg_signal_new(mg_scheduler_blocks(s), MG_SIGNAL_SETTLED, 0);
        (void)mg_post_pid(s, promise->pid, signal);
    }
    mg_control_unref(promise, blocks);
    mg_block_free(blocks, resolver, sizeof *resolver);
}

struct mg_control *mg_promise_resolver(struct mg_scheduler *s, struct mg_actor *promise)
{
    struct mg_control *resolver = mg_block_alloc(mg_scheduler_blocks(s), sizeof *resolver);
    mg_control_init(resolver, mg_actor_pid(promise), resolver_released);
    mg_control_ref(promise->control);
    /* R2 relaxed: nobody else knows it yet. Pairs with R1 in mg_promise_of_resolver(). */
    store_relaxed(&resolver->heap_bytes, (uintptr_t)promise->control);
    return resolver;
}
