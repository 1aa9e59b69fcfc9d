/* SPDX-License-Identifier: MIT */
/* Primitives of Mutex, Semaphore, WaitGroup, Channel, CancellationContext, Future and Promise:
 * making keepers, asking them, and the choice between channels.
 *
 * A primitive that asks keeps its request's reference in MG_BODY_RESULT from its first turn to its
 * last, and its deadline, if it has one, in the argument that said how long.
 *
 * What fails goes on in the method's Maggie code, which learns by `KeeperFailure code` what it was:
 * a number of enum mg_sync_error, or 100 + enum mg_outcome.
 */
#include "base/alloc.h"
#include "interp/alloc.h"
#include "interp/gate.h"
#include "interp/prim.h"
#include "interp/request.h"
#include "sched/exit.h"
#include "sync/sync.h"

/* Remembered per actor like a class variable, under a number no class variable has. */
#define LAST_FAILURE ((uint32_t)0x3ffffffe)

/* What a keeper costs besides its handle, for the collector's trigger. A promise that somebody was
 * asked to keep ends by itself, whether or not its handle is collected; its control block is what
 * is left then. */
#define KEEPER_BYTES (MG_ACTOR_BLOCK_BYTES + sizeof(struct mg_control))
#define ASKED_PROMISE_BYTES sizeof(struct mg_control)

enum { FAILURE_OUTCOME = 100 };

static mg_value failed(struct mg_run *run, mg_value *args, int64_t code)
{
    mg_wait_done(run);
    size_t words = mg_alloc_cvar_words(run->body[MG_BODY_CVARS], LAST_FAILURE);
    if (mg_run_reserve(run, args, words) == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_alloc_cvar_set(run->heap, &run->body[MG_BODY_CVARS], LAST_FAILURE, mg_small(code));
    return MG_PRIM_DECLINE;
}

static mg_value prim_failure(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_alloc_cvar_get(run->body[MG_BODY_CVARS], LAST_FAILURE);
}

/* -- Asking -- */

/* A limit in milliseconds becomes a deadline in nanoseconds; fifty years are the longest. */
static mg_value deadline_of(struct mg_run *run, mg_value limit)
{
    int64_t ms = mg_small_value(limit);
    int64_t longest = INT64_C(1576800000000);
    ms = ms < 0 ? 0 : ms > longest ? longest : ms;
    return mg_small((int64_t)mg_scheduler_now_exact(run->scheduler) + ms * 1000000);
}

static uint64_t deadline_ns(mg_value deadline)
{
    return deadline == MG_NIL ? MG_NO_DEADLINE : (uint64_t)mg_small_value(deadline);
}

static int64_t refusal_code(enum mg_refusal why)
{
    return FAILURE_OUTCOME + (why == MG_REFUSED_DEAD ? MG_OUTCOME_NOPROC : MG_OUTCOME_REFUSED);
}

/* What a settled request answers. Taken: the reply, or NULL. */
static mg_value settled(struct mg_run *run, mg_value *args, enum mg_outcome outcome,
                        struct mg_signal *reply)
{
    if (outcome == MG_OUTCOME_VALUE) {
        mg_wait_done(run);
        mg_value value = mg_run_take_reply(run, &args, reply);
        return args != NULL ? value : MG_PRIM_FAILED;
    }
    int64_t code = FAILURE_OUTCOME + (int64_t)outcome;
    if (reply != NULL) {
        if (outcome == MG_OUTCOME_ERROR && mg_is_small(reply->payload)) {
            code = mg_small_value(reply->payload);
        }
        mg_signal_free(reply, run->blocks);
    }
    return failed(run, args, code);
}

/* Asks the keeper args[0]. `payload`, `limit`: which argument is what is sent, or how long to wait;
 * 0: none. */
/* Whether an operation is answered at once and lets others go on: those who wait may be so many
 * that the mailbox is full, and it must not be refused because of them. */
static bool lets_others_go_on(enum mg_sync_operation operation)
{
    switch (operation) {
    case MG_SYNC_WRITE:
    case MG_SYNC_RELEASE:
    case MG_SYNC_ADD:
    case MG_SYNC_CLOSE:
    case MG_SYNC_CANCEL:
    case MG_SYNC_RESOLVE:
    case MG_SYNC_REJECT:
        return true;
    default:
        return false;
    }
}

static mg_value ask(struct mg_run *run, mg_value *args, enum mg_sync_operation operation,
                    uint32_t payload, uint32_t limit)
{
    uint64_t reference;
    if (!mg_is_small(run->body[MG_BODY_RESULT])) { /* the first turn */
        if (limit != 0 && !mg_is_small(args[limit])) {
            return mg_prim_type_error(run, limit, "SmallInteger");
        }
        struct mg_question question = {.to = mg_handle_control(args[0]),
                                       .payload = payload != 0 ? &args[payload] : NULL,
                                       .operation = (uint16_t)operation,
                                       .exempt = lets_others_go_on(operation)};
        enum mg_refusal why;
        reference = mg_run_ask(run, &question, &why);
        if (reference == 0) {
            return why == MG_ACCEPTED ? MG_PRIM_FAILED : failed(run, args, refusal_code(why));
        }
        if (limit != 0) {
            args[limit] = deadline_of(run, args[limit]);
        }
        run->body[MG_BODY_RESULT] = mg_small((int64_t)reference);
    } else {
        reference = (uint64_t)mg_small_value(run->body[MG_BODY_RESULT]);
    }
    struct mg_signal *reply = NULL;
    enum mg_outcome outcome = mg_request_poll(run->actor, reference, &reply);
    if (outcome != MG_OUTCOME_PENDING) {
        return settled(run, args, outcome, reply);
    }
    uint64_t deadline = limit != 0 ? deadline_ns(args[limit]) : MG_NO_DEADLINE;
    if (deadline <= mg_scheduler_now(run->scheduler)) {
        mg_request_close(run->actor, run->scheduler, reference);
        return settled(run, args, MG_OUTCOME_TIMEOUT, NULL);
    }
    return mg_wait(run, MG_WAKE_REPLY, deadline);
}

#define ASKS(name, operation, payload, limit)                           \
    static mg_value prim_##name(struct mg_run *run, mg_value *args)     \
    {                                                                   \
        return ask(run, args, MG_SYNC_##operation, (payload), (limit)); \
    }

ASKS(lock, LOCK, 0, 0)
ASKS(lock_ms, LOCK, 0, 1)
ASKS(try_lock, TRY_LOCK, 0, 0)
ASKS(lock_state, LOCK_STATE, 0, 0)
ASKS(read, READ, 0, 0)
ASKS(write, WRITE, 1, 0)
ASKS(acquire, ACQUIRE, 0, 0)
ASKS(acquire_ms, ACQUIRE, 0, 1)
ASKS(try_acquire, TRY_ACQUIRE, 0, 0)
ASKS(release_free, RELEASE, 0, 0)
ASKS(permits, PERMITS, 0, 0)
ASKS(add, ADD, 1, 0)
ASKS(watch, WATCH, 1, 0)
ASKS(count, COUNT, 0, 0)
ASKS(wait, WAIT, 0, 0)
ASKS(wait_ms, WAIT, 0, 1)
ASKS(send, SEND, 1, 0)
ASKS(send_ms, SEND, 1, 2)
ASKS(try_send, TRY_SEND, 1, 0)
ASKS(receive, RECEIVE, 0, 0)
ASKS(receive_ms, RECEIVE, 0, 1)
ASKS(try_receive, TRY_RECEIVE, 0, 0)
ASKS(close, CLOSE, 0, 0)
ASKS(status, STATUS, 0, 0)
ASKS(capacity, CAPACITY, 0, 0)
ASKS(cancel, CANCEL, 0, 0)
ASKS(adopt, ADOPT, 1, 0)
ASKS(done, DONE, 1, 0)
ASKS(parent, PARENT, 0, 0)
ASKS(deadline, DEADLINE, 0, 0)

/* Gives back what this actor holds of the keeper; false when it holds nothing. No answer is waited
 * for. */
static mg_value prim_give_back(struct mg_run *run, mg_value *args)
{
    uint64_t reference = mg_hold_find(run->actor, mg_handle_control(args[0])->pid);
    if (reference == 0) {
        return MG_FALSE;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    mg_hold_release(run->actor, s, reference);
    mg_run_leave(run);
    return MG_TRUE;
}

static mg_value prim_holds(struct mg_run *run, mg_value *args)
{
    return mg_boolean(mg_hold_find(run->actor, mg_handle_control(args[0])->pid) != 0);
}

/* -- Making keepers -- */

static mg_value made_of(struct mg_run *run, struct mg_actor *actor, uint32_t class_id,
                        uint64_t bytes)
{
    mg_run_leave(run);
    if (actor == NULL) {
        return mg_prim_error(run, "there are too many processes");
    }
    return mg_handle_new(run->heap, class_id, actor->control, bytes);
}

static mg_value made(struct mg_run *run, struct mg_actor *actor, uint32_t class_id)
{
    return made_of(run, actor, class_id, KEEPER_BYTES);
}

/* A signal that carries a measured value. */
static struct mg_signal *carrier(struct mg_run *run, const mg_value *value)
{
    struct mg_signal *signal = mg_signal_new(run->blocks, MG_SIGNAL_REPLY, run->copy->words);
    mg_copy_write(run->copy, &signal->fragment, mg_signal_words(signal), value, &signal->payload,
                  1);
    return signal;
}

static mg_value prim_mutex_new(struct mg_run *run, mg_value *args)
{
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN);
    if (args == NULL || (args[1] != MG_NIL && !mg_process_measure(run, &args[1], 1))) {
        return MG_PRIM_FAILED;
    }
    struct mg_signal *state = args[1] != MG_NIL ? carrier(run, &args[1]) : NULL;
    return made(run, mg_mutex_new(mg_run_enter(run), state), MG_CLASS_MUTEX);
}

/* A size within its bounds, in args[1]; false after setting the error. */
static bool size_argument(struct mg_run *run, const mg_value *args, uint64_t least, uint64_t most)
{
    if (!mg_is_small(args[1])) {
        mg_prim_type_error(run, 1, "SmallInteger");
        return false;
    }
    int64_t n = mg_small_value(args[1]);
    if (n < (int64_t)least || n > (int64_t)most) {
        mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR, "new: %lld is not between %llu and %llu",
                     (long long)n, (unsigned long long)least, (unsigned long long)most);
        return false;
    }
    return true;
}

static mg_value prim_semaphore_new(struct mg_run *run, mg_value *args)
{
    if (!size_argument(run, args, 1, MG_SEMAPHORE_MAX) ||
        (args = mg_run_reserve(run, args, MG_PROCESS_SPAN)) == NULL) {
        return MG_PRIM_FAILED;
    }
    uint32_t permits = (uint32_t)mg_small_value(args[1]);
    return made(run, mg_semaphore_new(mg_run_enter(run), permits), MG_CLASS_SEMAPHORE);
}

static mg_value prim_group_new(struct mg_run *run, mg_value *args)
{
    if (mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL) {
        return MG_PRIM_FAILED;
    }
    return made(run, mg_group_new(mg_run_enter(run)), MG_CLASS_WAIT_GROUP);
}

static mg_value prim_channel_new(struct mg_run *run, mg_value *args)
{
    if (!size_argument(run, args, 0, MG_CHANNEL_MAX) ||
        (args = mg_run_reserve(run, args, MG_PROCESS_SPAN)) == NULL) {
        return MG_PRIM_FAILED;
    }
    uint64_t capacity = (uint64_t)mg_small_value(args[1]);
    return made(run, mg_channel_new(mg_run_enter(run), capacity), MG_CLASS_CHANNEL);
}

/* args[1]: the parent or nil; args[2]: when it ends, ns, or nil; args[3]: whether it never does. */
static mg_value prim_context_new(struct mg_run *run, mg_value *args)
{
    if (args[2] != MG_NIL && !mg_is_small(args[2])) {
        return mg_prim_type_error(run, 2, "SmallInteger");
    }
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN);
    if (args == NULL || (args[1] != MG_NIL && !mg_process_measure(run, &args[1], 1))) {
        return MG_PRIM_FAILED;
    }
    struct mg_signal *parent = args[1] != MG_NIL ? carrier(run, &args[1]) : NULL;
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_actor *actor = mg_context_new(s, parent, deadline_ns(args[2]), args[3] == MG_TRUE);
    return made(run, actor, MG_CLASS_CANCELLATION_CONTEXT);
}

/* The node's clock in nanoseconds, for deadlines of contexts. */
static mg_value prim_now(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small((int64_t)mg_scheduler_now_exact(run->scheduler));
}

static mg_value prim_pid(struct mg_run *run MG_UNUSED, mg_value *args)
{
    return mg_pid_value(mg_handle_control(args[0])->pid);
}

/* -- The choice between channels -- */

/* The most cases of one choice. */
enum { CASES_MAX = 4096 };

struct cases {
    mg_value list; /* an Array of ChannelCases */
    uint32_t count;
    bool now;
};

/* The slots of a ChannelCase: the channel; nil, or {value} of a case that sends. */
enum { CASE_CHANNEL, CASE_OFFER };

static bool cases_of(struct mg_run *run, const mg_value *args, struct cases *cases)
{
    cases->list = args[1];
    cases->now = args[2] == MG_TRUE;
    uint64_t words = mg_has_format(args[1], MG_FORMAT_ARRAY) ? mg_object_words(mg_object(args[1]))
                                                             : CASES_MAX + 1;
    if (words > CASES_MAX || !mg_is_class(args[4])) {
        mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR, "select: there may be at most %u cases",
                     CASES_MAX);
        return false;
    }
    cases->count = (uint32_t)words;
    for (uint32_t i = 0; i < cases->count; i++) {
        mg_value one = mg_slot(args[1], i);
        if (!mg_is_instance(one, mg_class_value_id(args[4])) ||
            !mg_is_instance(mg_slot(one, CASE_CHANNEL), MG_CLASS_CHANNEL) ||
            (mg_slot(one, CASE_OFFER) != MG_NIL &&
             !mg_has_format(mg_slot(one, CASE_OFFER), MG_FORMAT_ARRAY))) {
            mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR, "select: malformed select case");
            return false;
        }
    }
    return true;
}

/* Opens the request of one case; 0: its channel is gone or full, and it drops out; UINT64_MAX: the
 * value cannot be sent. */
static uint64_t case_open(struct mg_run *run, const struct cases *cases, uint32_t i)
{
    mg_value one = mg_slot(cases->list, i);
    mg_value value = mg_slot(one, CASE_OFFER);
    bool sends = value != MG_NIL;
    uint16_t operation = cases->now ? (sends ? MG_SYNC_NOW_SEND : MG_SYNC_NOW_RECEIVE)
                                    : (sends ? MG_SYNC_CHOOSE_SEND : MG_SYNC_CHOOSE_RECEIVE);
    struct mg_question question = {
        .to = mg_handle_control(mg_slot(one, CASE_CHANNEL)),
        .payload = sends ? &mg_object(value)->words[0] : NULL,
        .operation = operation,
    };
    enum mg_refusal why;
    uint64_t reference = mg_run_ask(run, &question, &why);
    return reference == 0 && why == MG_ACCEPTED ? UINT64_MAX : reference;
}

/* Asks all, beginning with a random one: whoever offers first is taken. False: a value cannot be
 * sent, and nothing was. */
static bool cases_open(struct mg_run *run, const struct cases *cases, uint32_t first)
{
    struct mg_scheduler *s = run->scheduler;
    uint64_t *references = mg_alloc(cases->count * sizeof *references);
    bool fine = true;
    uint32_t opened = 0;
    for (; opened < cases->count && fine; opened++) {
        references[opened] = case_open(run, cases, (first + opened) % cases->count);
        fine = references[opened] != UINT64_MAX;
    }
    if (fine) {
        mg_choice_begin(run->actor, s, references, cases->count);
    } else {
        for (uint32_t k = 0; k + 1 < opened; k++) {
            mg_request_close(run->actor, s, references[k]);
        }
    }
    mg_free(references);
    return fine;
}

/* How the choice stands: the position of the case that was chosen; or how many are still open.
 * While one is accepted no other can have been chosen. */
static bool choice_won(struct mg_run *run, uint32_t *position, uint32_t *open)
{
    uint32_t count;
    const uint64_t *references = mg_choice_references(run->actor, &count);
    uint64_t accepted = mg_choice_accepted(run->actor);
    if (accepted != 0 && mg_request_state(run->actor, accepted) == MG_OUTCOME_PENDING) {
        *open = 1;
        return false;
    }
    *open = 0;
    for (uint32_t k = 0; k < count; k++) {
        enum mg_outcome outcome =
            references[k] != 0 ? mg_request_state(run->actor, references[k]) : MG_OUTCOME_NOPROC;
        if (outcome == MG_OUTCOME_VALUE) {
            *position = k;
            return true;
        }
        *open += outcome == MG_OUTCOME_PENDING;
    }
    return false;
}

/* {index. value}: the choice is over. */
static mg_value choice_answer(struct mg_run *run, mg_value *args, uint32_t position, uint32_t first)
{
    uint32_t count;
    struct mg_signal *reply = NULL;
    const uint64_t *references = mg_choice_references(run->actor, &count);
    (void)mg_request_poll(run->actor, references[position], &reply);
    mg_choice_end(run->actor, run->scheduler);
    mg_wait_done(run);
    mg_value value = mg_run_take_reply(run, &args, reply);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    args[3] = value;
    args = mg_run_reserve(run, args, 3);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *pair = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    pair->words[0] = mg_small((first + position) % count + 1);
    pair->words[1] = args[3];
    return mg_pointer(pair);
}

/* The choice ends without a case. */
static mg_value choice_none(struct mg_run *run, mg_value v)
{
    mg_choice_end(run->actor, run->scheduler);
    mg_wait_done(run);
    return v;
}

/* args[1]: the cases, of the class args[4]; args[2]: whether they must be ready now; args[3]: for
 * how long, or nil. Answers {index. value}; nil when every case has dropped out, or none is ready
 * now; false when the time is over. MG_BODY_RESULT keeps which case was asked first. */
static mg_value prim_select(struct mg_run *run, mg_value *args)
{
    uint32_t first;
    if (!mg_is_small(run->body[MG_BODY_RESULT])) {
        struct cases cases;
        if (!cases_of(run, args, &cases)) {
            return MG_PRIM_FAILED;
        }
        if (args[3] != MG_NIL && !mg_is_small(args[3])) {
            return mg_prim_type_error(run, 3, "SmallInteger");
        }
        if (cases.count == 0) {
            return MG_NIL;
        }
        first = (uint32_t)mg_rng_below(&run->scheduler->rng, cases.count);
        if (!cases_open(run, &cases, first)) {
            return MG_PRIM_FAILED;
        }
        if (args[3] != MG_NIL) {
            args[3] = deadline_of(run, args[3]);
        }
        run->body[MG_BODY_RESULT] = mg_small(first);
    } else {
        first = (uint32_t)mg_small_value(run->body[MG_BODY_RESULT]);
    }
    uint32_t position, open;
    if (choice_won(run, &position, &open)) {
        return choice_answer(run, args, position, first);
    }
    if (open == 0) {
        return choice_none(run, MG_NIL);
    }
    uint64_t deadline = deadline_ns(args[3]);
    bool over = deadline <= mg_scheduler_now(run->scheduler);
    bool accepted = mg_choice_accepted(run->actor) != 0;
    if (over && !accepted) {
        return choice_none(run, MG_FALSE);
    }
    return mg_wait(run, MG_WAKE_REPLY, over ? MG_NO_DEADLINE : deadline);
}

/* -- Promises -- */

/* {promise. future}. */
static mg_value prim_promise_new(struct mg_run *run, mg_value *args)
{
    if (mg_run_reserve(run, args, 2 * MG_PROCESS_SPAN + 3) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_actor *actor = mg_promise_new(s, MG_PID_NONE, MG_NO_DEADLINE);
    if (actor == NULL) {
        return made(run, NULL, 0);
    }
    struct mg_control *resolver = mg_promise_resolver(s, actor);
    mg_value future = made(run, actor, MG_CLASS_FUTURE);
    mg_value promise = mg_handle_new(run->heap, MG_CLASS_PROMISE, resolver, sizeof *resolver);
    mg_control_unref(resolver, run->blocks);
    struct mg_object *pair = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    pair->words[0] = promise;
    pair->words[1] = future;
    return mg_pointer(pair);
}

static mg_value prim_promise_future(struct mg_run *run, mg_value *args)
{
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_control *promise = mg_promise_of_resolver(mg_handle_control(args[0]));
    return mg_handle_new(run->heap, MG_CLASS_FUTURE, promise, sizeof *promise);
}

/* A Future of the end of a process, and the process of a Future: one control block. */
static mg_value same_as(struct mg_run *run, mg_value *args, uint32_t class_id)
{
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_control *control = mg_handle_control(args[0]);
    return mg_handle_new(run->heap, class_id, control, sizeof *control);
}

static mg_value prim_process_future(struct mg_run *run, mg_value *args)
{
    return same_as(run, args, MG_CLASS_FUTURE);
}

static mg_value prim_future_process(struct mg_run *run, mg_value *args)
{
    return same_as(run, args, MG_CLASS_PROCESS);
}

/* Settles a promise, unless it is settled: true when it was this that did it, as far as can be seen
 * from here. args[1]: the value or the exception. */
static mg_value settle(struct mg_run *run, mg_value *args, enum mg_sync_operation operation)
{
    struct mg_control *resolver = mg_handle_control(args[0]);
    struct mg_question question = {
        .to = mg_promise_of_resolver(resolver),
        .payload = &args[1],
        .operation = (uint16_t)operation,
        .exempt = lets_others_go_on(operation),
    };
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        uint64_t reference = (uint64_t)mg_small_value(run->body[MG_BODY_RESULT]);
        struct mg_signal *reply = NULL;
        enum mg_outcome outcome = mg_request_poll(run->actor, reference, &reply);
        if (outcome == MG_OUTCOME_PENDING) {
            return mg_wait(run, MG_WAKE_REPLY, MG_NO_DEADLINE);
        }
        if (reply != NULL) {
            mg_signal_free(reply, run->blocks);
        }
        mg_wait_done(run);
        return mg_boolean(outcome == MG_OUTCOME_VALUE);
    }
    if (!mg_control_is_alive(question.to)) {
        return MG_FALSE;
    }
    enum mg_refusal why;
    uint64_t reference = mg_run_ask(run, &question, &why);
    if (reference == 0) {
        return why == MG_ACCEPTED       ? MG_PRIM_FAILED
               : why == MG_REFUSED_DEAD ? MG_FALSE
                                        : MG_NIL; /* not settled: the method tells */
    }
    run->body[MG_BODY_RESULT] = mg_small((int64_t)reference);
    return mg_wait(run, MG_WAKE_REPLY, MG_NO_DEADLINE);
}

static mg_value prim_resolve(struct mg_run *run, mg_value *args)
{
    return settle(run, args, MG_SYNC_RESOLVE);
}

static mg_value prim_reject(struct mg_run *run, mg_value *args)
{
    return settle(run, args, MG_SYNC_REJECT);
}

/* Resolves a promise without an answer: by a signal that its mailbox cannot refuse. */
static mg_value prim_keep(struct mg_run *run, mg_value *args)
{
    bool copies = mg_is_pointer(args[1]);
    if (copies && !mg_process_measure(run, &args[1], 1)) {
        return MG_PRIM_FAILED;
    }
    struct mg_signal *signal =
        mg_signal_new(run->blocks, MG_SIGNAL_MESSAGE, copies ? run->copy->words : 0);
    if (copies) {
        mg_copy_write(run->copy, &signal->fragment, mg_signal_words(signal), &args[1],
                      &signal->payload, 1);
    } else {
        signal->payload = args[1];
    }
    signal->sender = mg_actor_pid(run->actor);
    signal->detail = MG_SYNC_RESOLVE;
    struct mg_control *promise = mg_promise_of_resolver(mg_handle_control(args[0]));
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_actor *to = mg_control_target(promise);
    if (to != NULL) {
        mg_post(s, to, signal);
    } else {
        mg_signal_free(signal, run->blocks);
    }
    mg_run_leave(run);
    return args[0];
}

/* Makes the handle o one of another control block, of which it gets a count of its own. */
static void handle_become(struct mg_run *run, struct mg_object *o, struct mg_control *other)
{
    struct mg_control *was = (struct mg_control *)(uintptr_t)o->words[MG_PROCESS_CONTROL];
    mg_control_ref(other);
    o->words[MG_PROCESS_CONTROL] = (mg_value)(uintptr_t)other;
    (void)mg_run_enter(run);
    mg_control_unref(was, run->blocks);
    mg_run_leave(run);
}

/* The receiver, a Promise, becomes a Future. A copy that went to another actor keeps the promise:
 * waiting for this heap's collector would keep it alive after that actor has ended. */
static mg_value prim_hand_over(struct mg_run *run, mg_value *args)
{
    struct mg_object *o = mg_object(args[0]);
    struct mg_control *promise = mg_promise_of_resolver(mg_handle_control(args[0]));
    o->header = (o->header & ~(uint64_t)MG_HEADER_CLASS_MASK) | MG_CLASS_FUTURE;
    handle_become(run, o, promise);
    return args[0];
}

/* The receiver, a Future, becomes one of what args[1], a Future, is of. */
static mg_value prim_follow(struct mg_run *run, mg_value *args)
{
    if (!mg_is_instance(args[1], MG_CLASS_FUTURE)) {
        return mg_prim_type_error(run, 1, "Future");
    }
    handle_become(run, mg_object(args[0]), mg_handle_control(args[1]));
    return args[0];
}

/* Gives up the slice until all that was sent through the promise before its end has been passed
 * on. */
static mg_value prim_quiet(struct mg_run *run MG_UNUSED, mg_value *args)
{
    struct mg_control *control = mg_handle_control(args[0]);
    return mg_promise_is_quiet(control) ? args[0] : MG_PRIM_AGAIN;
}

/* Whether a Future is of a promise, and not of a process. */
static mg_value prim_is_promise(struct mg_run *run MG_UNUSED, mg_value *args)
{
    return mg_boolean(mg_promise_is_one(mg_handle_control(args[0])));
}

/* args[1]: the selector; args[2]: the payload; args[3]: ms or nil. Sends a message whose answer
 * goes to a new promise; answers its Future. Declines when the receiver is a Future that is settled
 * or not of a promise. */
static mg_value prim_eventual(struct mg_run *run, mg_value *args)
{
    uint32_t selector = mg_process_selector(run, args, 1);
    if (selector == UINT32_MAX) {
        return MG_PRIM_FAILED;
    }
    if (args[3] != MG_NIL && !mg_is_small(args[3])) {
        return mg_prim_type_error(run, 3, "SmallInteger");
    }
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    enum mg_refusal why = MG_REFUSED_DEAD;
    bool to_promise = mg_is_instance(args[0], MG_CLASS_FUTURE);
    struct mg_control *to =
        to_promise ? mg_handle_control(args[0]) : mg_gate_pass(args[0], MG_GATE_SEND, &why);
    if (to_promise && (mg_control_target(to) == NULL || !mg_promise_is_one(to))) {
        return MG_PRIM_DECLINE;
    }
    uint64_t deadline = args[3] == MG_NIL ? MG_NO_DEADLINE : deadline_ns(deadline_of(run, args[3]));
    struct mg_scheduler *s = mg_run_enter(run);
    mg_pid asked = to != NULL ? to->pid : MG_PID_NONE;
    struct mg_actor *promise = mg_promise_new(s, asked, deadline);
    mg_value future = made_of(run, promise, MG_CLASS_FUTURE, ASKED_PROMISE_BYTES);
    if (promise == NULL) {
        return future;
    }
    struct mg_question question = {
        .to = to,
        .payload = &args[2],
        .reference = mg_promise_reference(promise),
        .selector = selector,
        .operation = to_promise ? MG_SYNC_EVENTUAL : MG_SYNC_NONE,
    };
    if (to != NULL && mg_run_ask(run, &question, &why) != 0) {
        return future;
    }
    if (why == MG_ACCEPTED) {
        return MG_PRIM_FAILED; // not sendable; the promise is dropped with its handle
    }
    /* Refused at once: the promise is told as the receiver would have told it. */
    struct mg_signal *reply = mg_signal_new(run->blocks, MG_SIGNAL_REPLY, 0);
    reply->sender = asked;
    reply->reference = question.reference;
    reply->detail = why == MG_REFUSED_DEAD ? MG_OUTCOME_NOPROC : MG_OUTCOME_REFUSED;
    s = mg_run_enter(run);
    (void)mg_post_pid(s, mg_actor_pid(promise), reply);
    mg_run_leave(run);
    return future;
}

const struct mg_prim_entry mg_prims_sync[] = {
    {"KeeperFailure class>>code", prim_failure},
    {"Mutex class>>primNew:", prim_mutex_new},
    {"Mutex>>primLock", prim_lock},
    {"Mutex>>primLock:", prim_lock_ms},
    {"Mutex>>primTryLock", prim_try_lock},
    {"Mutex>>primUnlock", prim_give_back},
    {"Mutex>>primState", prim_lock_state},
    {"Mutex>>primRead", prim_read},
    {"Mutex>>primWrite:", prim_write},
    {"Mutex>>isHeldByMe", prim_holds},
    {"Semaphore class>>primNew:", prim_semaphore_new},
    {"Semaphore>>primAcquire", prim_acquire},
    {"Semaphore>>primAcquire:", prim_acquire_ms},
    {"Semaphore>>primTryAcquire", prim_try_acquire},
    {"Semaphore>>primGiveBack", prim_give_back},
    {"Semaphore>>primRelease", prim_release_free},
    {"Semaphore>>primPermits", prim_permits},
    {"WaitGroup class>>primNew", prim_group_new},
    {"WaitGroup>>primAdd:", prim_add},
    {"WaitGroup>>primWatch:", prim_watch},
    {"WaitGroup>>primCount", prim_count},
    {"WaitGroup>>primWait", prim_wait},
    {"WaitGroup>>primWait:", prim_wait_ms},
    {"Channel class>>primNew:", prim_channel_new},
    {"Channel class>>primSelect:now:limit:of:", prim_select},
    {"Channel>>primSend:", prim_send},
    {"Channel>>primSend:timeout:", prim_send_ms},
    {"Channel>>primTrySend:", prim_try_send},
    {"Channel>>receive", prim_receive},
    {"Channel>>receiveIfClosed:", prim_receive},
    {"Channel>>receive:", prim_receive_ms},
    {"Channel>>receive:ifTimeout:", prim_receive_ms},
    {"Channel>>tryReceiveIfEmpty:", prim_try_receive},
    {"Channel>>primClose", prim_close},
    {"Channel>>primStatus", prim_status},
    {"Channel>>primCapacity", prim_capacity},
    {"CancellationContext class>>primNewIn:until:background:", prim_context_new},
    {"CancellationContext class>>primNow", prim_now},
    {"CancellationContext>>primCancel", prim_cancel},
    {"CancellationContext>>primAdopt:", prim_adopt},
    {"CancellationContext>>primDone:", prim_done},
    {"CancellationContext>>primParent", prim_parent},
    {"CancellationContext>>primDeadline", prim_deadline},
    {"CancellationContext>>primId", prim_pid},
    {"Promise class>>primNew", prim_promise_new},
    {"Promise>>future", prim_promise_future},
    {"Promise>>primResolve:", prim_resolve},
    {"Promise>>primReject:", prim_reject},
    {"Promise>>primKeep:", prim_keep},
    {"Promise>>primHandOver", prim_hand_over},
    {"Future>>primFollow:", prim_follow},
    {"Process>>future", prim_process_future},
    {"Process>>primEventual:with:within:", prim_eventual},
    {"ProcessReference>>primEventual:with:within:", prim_eventual},
    {"Future>>process", prim_future_process},
    {"CancellationContext>>primProcess", prim_future_process},
    {"Future>>primEventual:with:within:", prim_eventual},
    {"Future>>primQuiet", prim_quiet},
    {"Future>>isPromise", prim_is_promise},
    {NULL, NULL},
};
