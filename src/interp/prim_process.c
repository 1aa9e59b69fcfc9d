/* SPDX-License-Identifier: MIT */
/* Primitives of process handles: what a process is, how it ended, waiting for its end, its names
 * and labels. */
#include "interp/body.h"
#include "interp/labels.h"
#include "interp/prim.h"
#include "interp/process.h"
#include "interp/unwind.h"
#include "sched/exit.h"
#include "sync/sync.h"

static struct mg_control *receiver(const mg_value *args)
{
    return mg_handle_control(args[0]);
}

static bool is_self(const struct mg_run *run, const mg_value *args)
{
    return receiver(args)->pid == mg_actor_pid(run->actor);
}

static mg_value prim_current(struct mg_run *run, mg_value *args)
{
    if (mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_process_new(run->heap, run->actor->control);
}

static mg_value prim_sender(struct mg_run *run, mg_value *args)
{
    mg_value id = mg_slot(args[0], MG_MAIL_SENDER);
    if (!mg_is_small(id)) {
        return MG_NIL;
    }
    if (mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_process_of_pid(run, (mg_pid)mg_small_value(id));
}

static mg_value prim_is_alive(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_control_is_alive(receiver(args)));
}

/* The result or the error of an ended process, copied into this heap. */
static mg_value copy_out(struct mg_run *run, mg_value *args, bool error)
{
    struct mg_exit_info info;
    if (!mg_control_exit(receiver(args), &info)) {
        return MG_NIL;
    }
    mg_value source = error ? info.error : info.result;
    if (!mg_is_pointer(source)) {
        return source;
    }
    uint64_t words = mg_copy_size_readonly(run->copy, source);
    args = mg_run_reserve(run, args, words);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, words / 8);
    return mg_copy_into_heap(run->copy, run->heap, source, words);
}

static mg_value prim_result(struct mg_run *run, mg_value *args)
{
    return copy_out(run, args, false);
}

static mg_value prim_exit_error(struct mg_run *run, mg_value *args)
{
    return copy_out(run, args, true);
}

static mg_value prim_exit_reason(struct mg_run *run, mg_value *args)
{
    (void)run;
    struct mg_exit_info info;
    return mg_control_exit(receiver(args), &info) ? mg_symbol(info.reason) : MG_NIL;
}

static mg_value prim_exit_origin(struct mg_run *run, mg_value *args)
{
    struct mg_exit_info info;
    if (!mg_control_exit(receiver(args), &info) || info.origin == MG_PID_NONE ||
        info.origin == receiver(args)->pid) {
        return MG_NIL;
    }
    if (mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_process_of_pid(run, info.origin);
}

/* Waits for the end of the receiver. MG_PRIM_WAIT while it lives and the time is not over;
 * otherwise true or false. The reference of the wait is kept in MG_BODY_RESULT. */
static mg_value wait_for_end(struct mg_run *run, mg_value *args, uint64_t deadline)
{
    uint64_t reference;
    mg_value progress = run->body[MG_BODY_RESULT];
    struct mg_scheduler *s = mg_run_enter(run);
    if (!mg_is_small(progress)) {
        if (!mg_control_is_alive(receiver(args))) {
            return MG_TRUE;
        }
        reference = mg_request_wait(run->actor, s, receiver(args)->pid);
        run->body[MG_BODY_RESULT] = mg_small((int64_t)reference);
    } else {
        reference = (uint64_t)mg_small_value(progress);
    }
    bool pending = mg_request_state(run->actor, reference) == MG_OUTCOME_PENDING;
    if (pending && deadline > mg_scheduler_now(s)) {
        return mg_wait(run, MG_WAKE_REPLY, deadline);
    }
    mg_wait_done(run);
    if (pending) {
        mg_request_close(run->actor, s, reference);
    } else {
        struct mg_signal *reply = NULL;
        (void)mg_request_poll(run->actor, reference, &reply);
        if (reply != NULL) {
            mg_signal_free(reply, run->blocks);
        }
    }
    mg_run_leave(run);
    return mg_boolean(!pending);
}

static mg_value prim_wait(struct mg_run *run, mg_value *args)
{
    if (is_self(run, args)) {
        return mg_prim_error(run, "a process cannot wait for itself");
    }
    mg_value outcome = wait_for_end(run, args, MG_NO_DEADLINE);
    return outcome == MG_PRIM_WAIT ? outcome : copy_out(run, args, false);
}

/* Whether the receiver is a promise that has mail: most likely what settles it. */
static bool is_settling(const mg_value *args)
{
    struct mg_actor *promise =
        mg_promise_is_one(receiver(args)) ? mg_control_target(receiver(args)) : NULL;
    return promise != NULL && !mg_queue_is_asleep(&promise->mailbox.queue);
}

/* As wait, but goes on in the method when it has failed, or became a process or another future.
 * When the answer is there and the promise has yet to run, letting it run is less work than to be
 * told by it: who awaits a hundred answers gives way once, and then finds most of them. */
static mg_value prim_await(struct mg_run *run, mg_value *args)
{
    if (run->body[MG_BODY_RESULT] == mg_small(0)) {
        mg_wait_done(run); // it gave way
    } else if (!mg_is_small(run->body[MG_BODY_RESULT]) && is_settling(args)) {
        return mg_prim_yield_once(run);
    }
    if (is_self(run, args)) {
        return mg_prim_error(run, "a process cannot wait for itself");
    }
    if (wait_for_end(run, args, MG_NO_DEADLINE) == MG_PRIM_WAIT) {
        return MG_PRIM_WAIT;
    }
    struct mg_exit_info info;
    uint32_t normal = mg_sched_reason(run->scheduler->sched, MG_REASON_NORMAL);
    if (!mg_control_exit(receiver(args), &info) || info.reason != normal ||
        mg_has_format(info.result, MG_FORMAT_PROCESS)) {
        return MG_PRIM_DECLINE;
    }
    return copy_out(run, args, false);
}

static mg_value prim_wait_ms(struct mg_run *run, mg_value *args)
{
    if (is_self(run, args)) {
        return mg_prim_error(run, "a process cannot wait for itself");
    }
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    if (!mg_is_small(
            run->body[MG_BODY_RESULT])) { /* the first turn: from here on args[1] is the deadline */
        int64_t ms = mg_small_value(args[1]);
        ms = ms < 0 ? 0 : ms > INT64_C(1576800000000) ? INT64_C(1576800000000) : ms;
        uint64_t now = mg_scheduler_now_exact(run->scheduler);
        args[1] = mg_small((int64_t)now + ms * 1000000);
    }
    return wait_for_end(run, args, (uint64_t)mg_small_value(args[1]));
}

/* Ending others. */

static mg_value prim_kill(struct mg_run *run, mg_value *args)
{
    struct mg_scheduler *s = mg_run_enter(run);
    (void)mg_kill_send(s, mg_actor_pid(run->actor), receiver(args)->pid);
    mg_run_leave(run);
    return is_self(run, args) ? mg_prim_yield_once(run) : args[0];
}

static mg_value exit_send(struct mg_run *run, mg_value *args, uint32_t reason, uint64_t within_ns,
                          bool forced)
{
    struct mg_scheduler *s = mg_run_enter(run);
    mg_pid self = mg_actor_pid(run->actor), other = receiver(args)->pid;
    if (forced) {
        (void)mg_terminate_send(s, self, other, reason);
    } else {
        (void)mg_exit_send_within(s, self, other, reason, within_ns);
    }
    mg_run_leave(run);
    return is_self(run, args) ? mg_prim_yield_once(run) : args[0];
}

static mg_value prim_terminate(struct mg_run *run, mg_value *args)
{
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        mg_wait_done(run);
        return args[0];
    }
    return exit_send(run, args, run->vm->reasons[MG_REASON_SHUTDOWN], 0, true);
}

static mg_value prim_exit(struct mg_run *run, mg_value *args)
{
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        mg_wait_done(run);
        return args[0];
    }
    if (!mg_is_symbol(args[1])) {
        return mg_prim_type_error(run, 1, "Symbol");
    }
    return exit_send(run, args, mg_symbol_id(args[1]), 0, false);
}

static mg_value prim_exit_within(struct mg_run *run, mg_value *args)
{
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        mg_wait_done(run);
        return args[0];
    }
    if (!mg_is_symbol(args[1])) {
        return mg_prim_type_error(run, 1, "Symbol");
    }
    if (args[2] != MG_NIL && !mg_is_small(args[2])) {
        return mg_prim_type_error(run, 2, "SmallInteger");
    }
    uint64_t within = MG_NO_DEADLINE;
    if (args[2] != MG_NIL) {
        int64_t ms = mg_small_value(args[2]);
        within = ms <= 0 ? 1 : (uint64_t)(ms > 1000000000 ? 1000000000 : ms) * 1000000;
    }
    return exit_send(run, args, mg_symbol_id(args[1]), within, false);
}

/* The running actor ends itself: not to be trapped. */
static mg_value prim_exit_self(struct mg_run *run, mg_value *args)
{
    if (!mg_is_symbol(args[1])) {
        return mg_prim_type_error(run, 1, "Symbol");
    }
    run->unwind.target = 0;
    run->unwind.action = MG_UNWIND_EXIT;
    run->unwind.value = args[1];
    return MG_PRIM_UNWIND;
}

/* Names and labels. */

static mg_value prim_register(struct mg_run *run, mg_value *args)
{
    const char *text;
    size_t len;
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    if (!mg_process_text(run, args[2], &text, &len)) {
        return mg_prim_type_error(run, 2, "String");
    }
    mg_pid pid = mg_process_control(args[1])->pid;
    return mg_boolean(mg_names_register(run->scheduler, pid, text, len));
}

static mg_value prim_unregister(struct mg_run *run, mg_value *args)
{
    mg_names_unregister(run->scheduler, receiver(args)->pid);
    return args[0];
}

static mg_value prim_named(struct mg_run *run, mg_value *args)
{
    const char *text;
    size_t len;
    if (!mg_process_text(run, args[1], &text, &len)) {
        return mg_prim_type_error(run, 1, "String");
    }
    mg_pid pid = mg_names_find(run->scheduler, text, len);
    if (pid == MG_PID_NONE) {
        return MG_NIL;
    }
    if (mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_process_of_pid(run, pid);
}

struct found {
    struct mg_run *run;
    mg_value values[256];
    uint32_t count;
};

static void add_name(void *context, const char *name, size_t len, mg_pid holder)
{
    (void)holder;
    struct found *found = context;
    if (found->count < 256) {
        uint32_t id = mg_symbol_make(found->run->world->symbols, name, len);
        if (id != 0) {
            found->values[found->count++] = mg_symbol(id);
        }
    }
}

static mg_value found_array(struct mg_run *run, mg_value *args, const struct found *found)
{
    if (mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, found->count)) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array =
        mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, found->count);
    memcpy(array->words, found->values, found->count * sizeof(mg_value));
    return mg_pointer(array);
}

static mg_value prim_names(struct mg_run *run, mg_value *args)
{
    struct found found = {.run = run};
    mg_names_each(run->scheduler, receiver(args)->pid, add_name, &found);
    return found_array(run, args, &found);
}

static mg_value prim_label(struct mg_run *run, mg_value *args)
{
    char text[MG_LABEL_MAX];
    size_t len;
    if (!mg_labels_get(run->vm, receiver(args)->pid, text, &len)) {
        return MG_NIL;
    }
    if (mg_run_reserve(run, args, mg_string_words(len)) == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_string_new(run->heap, text, len);
}

static mg_value prim_set_label(struct mg_run *run, mg_value *args)
{
    const char *text;
    size_t len;
    if (!mg_process_text(run, args[1], &text, &len)) {
        return mg_prim_type_error(run, 1, "String");
    }
    if (!is_self(run, args)) {
        return mg_prim_error(run, "a process can be given a label by itself or at its birth");
    }
    mg_labels_put(run->vm, receiver(args)->pid, text, len);
    run->body[MG_BODY_SERIAL] |= MG_BODY_LABELLED;
    return args[0];
}

/* Figures. */

static mg_value prim_id(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_pid_value(receiver(args)->pid);
}

static mg_value prim_memory(struct mg_run *run, mg_value *args)
{
    if (is_self(run, args)) {
        struct mg_actor_memory memory;
        mg_actor_memory(run->actor, &memory);
        return mg_small((int64_t)(memory.heap + memory.mailbox));
    }
    const struct mg_actor *actor = mg_control_target(receiver(args));
    if (actor == NULL || !mg_control_is_alive(receiver(args))) {
        return mg_small(0);
    }
    /* G1 relaxed: figures for people. Pairs with Z3 in turn_publish(). */
    uint64_t heap = load_relaxed(&receiver(args)->heap_bytes);
    /* G2 relaxed: the same. Pairs with R1 in mg_mailbox_reserve(). */
    return mg_small((int64_t)(heap + mg_room_bytes(load_relaxed(&actor->mailbox.room))));
}

static mg_value prim_mailbox_size(struct mg_run *run, mg_value *args)
{
    if (is_self(run, args)) {
        return mg_small(mg_mailbox_count(&run->actor->mailbox));
    }
    struct mg_actor *actor = mg_control_target(receiver(args));
    return mg_small(actor == NULL ? 0 : mg_mailbox_count(&actor->mailbox));
}

static mg_value prim_reductions(struct mg_run *run, mg_value *args)
{
    (void)run;
    if (!mg_control_is_alive(receiver(args))) {
        return mg_small(0);
    }
    /* G2 relaxed: a figure for people. */
    return mg_small((int64_t)load_relaxed(&receiver(args)->reductions));
}

static mg_value prim_restrictions(struct mg_run *run, mg_value *args)
{
    struct mg_actor *actor = mg_control_target(receiver(args));
    return actor == NULL ? MG_NIL : mg_process_policy_names(run, args, actor->policy);
}

static void add_process(void *context, const struct mg_actor_info *info)
{
    struct found *found = context;
    if (found->count < 256 && info->behaviour == mg_body_behaviour.name) {
        found->values[found->count++] = mg_pid_value(info->pid);
    }
}

/* The same with keepers, which are no processes of the program's, but part of the wait graph. */
static void add_anybody(void *context, const struct mg_actor_info *info)
{
    struct found *found = context;
    if (found->count < 256 && (info->keeper || info->behaviour == mg_body_behaviour.name)) {
        found->values[found->count++] = mg_pid_value(info->pid);
    }
}

/* Fills an ArrayList-like run: the library calls this until it answers less than asked for.
 * args[1]: where to go on. Answers an Array: next place, then processes. */
static mg_value all_from(struct mg_run *run, mg_value *args,
                         void (*visit)(void *context, const struct mg_actor_info *info))
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    struct found found = {.run = run};
    uint64_t next =
        mg_sched_each(run->scheduler, (uint64_t)mg_small_value(args[1]), 256, visit, &found);
    size_t words =
        mg_object_span(MG_FORMAT_ARRAY, found.count + 1) + (size_t)found.count * MG_PROCESS_SPAN;
    if (mg_run_reserve(run, args, words) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array =
        mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, found.count + 1);
    array->words[0] = mg_small((int64_t)next);
    for (uint32_t i = 0; i < found.count; i++) {
        array->words[i + 1] = MG_NIL;
    }
    for (uint32_t i = 0; i < found.count; i++) {
        array->words[i + 1] = mg_process_of_pid(run, (mg_pid)mg_small_value(found.values[i]));
    }
    mg_run_charge(run, 256);
    return mg_pointer(array);
}

static mg_value prim_all_from(struct mg_run *run, mg_value *args)
{
    return all_from(run, args, add_process);
}

static mg_value prim_everybody_from(struct mg_run *run, mg_value *args)
{
    return all_from(run, args, add_anybody);
}

static mg_value prim_equal(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_is_process(args[1]) &&
                      receiver(args)->pid == mg_process_control(args[1])->pid);
}

static mg_value prim_hash(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small((int64_t)(receiver(args)->pid & 0x3fffffff));
}

/* Supervision. */

static mg_value prim_mark_supervisor(struct mg_run *run, mg_value *args)
{
    if (!is_self(run, args)) {
        return mg_prim_error(run, "only the running process can be marked");
    }
    mg_sched_add_root(run->scheduler, run->actor);
    return args[0];
}

static mg_value prim_is_supervised(struct mg_run *run, mg_value *args)
{
    return mg_boolean(is_self(run, args) && (run->body[MG_BODY_SERIAL] & MG_BODY_SUPERVISED) != 0);
}

const struct mg_prim_entry mg_prims_process[] = {
    {"Process class>>current", prim_current},
    {"MailboxMessage>>sender", prim_sender},
    {"Process>>isAlive", prim_is_alive},
    {"Process>>result", prim_result},
    {"Process>>wait", prim_wait},
    {"Process>>primWait:", prim_wait_ms},
    {"Process>>exitReason", prim_exit_reason},
    {"Process>>exitError", prim_exit_error},
    {"Process>>exitOrigin", prim_exit_origin},
    {"Process>>terminate", prim_terminate},
    {"Process>>kill", prim_kill},
    {"Process>>exit:", prim_exit},
    {"Process>>exit:within:", prim_exit_within},
    {"Process class>>exit:", prim_exit_self},
    {"ProcessDirectory class>>register:as:", prim_register},
    {"Process>>unregister", prim_unregister},
    {"Process>>names", prim_names},
    {"ProcessDirectory class>>named:", prim_named},
    {"ProcessDirectory class>>primAllFrom:", prim_all_from},
    {"ProcessDirectory class>>primEverybodyFrom:", prim_everybody_from},
    {"Process>>label", prim_label},
    {"Process>>label:", prim_set_label},
    {"Process>>id", prim_id},
    {"Process>>memoryBytes", prim_memory},
    {"Process>>mailboxSize", prim_mailbox_size},
    {"Process>>reductions", prim_reductions},
    {"Process>>restrictions", prim_restrictions},
    {"Process>>primMarkSupervisor", prim_mark_supervisor},
    {"Process>>primIsSupervised", prim_is_supervised},
    {"Process>>=", prim_equal},
    {"Process>>hash", prim_hash},
    {"Future>>hash", prim_hash},
    {"Promise>>hash", prim_hash},
    {"Mutex>>hash", prim_hash},
    {"Semaphore>>hash", prim_hash},
    {"WaitGroup>>hash", prim_hash},
    {"Channel>>hash", prim_hash},
    {"CancellationContext>>hash", prim_hash},
    {"Future>>isPending", prim_is_alive},
    {"Future>>primResult", prim_result},
    {"Future>>primReason", prim_exit_reason},
    {"Future>>primError", prim_exit_error},
    {"Future>>await", prim_await},
    {"Future>>primWait", prim_wait},
    {"Future>>primWait:", prim_wait_ms},
    {"CancellationContext>>primIsOpen", prim_is_alive},
    {"CancellationContext>>primResult", prim_result},
    {"CancellationContext>>primWait", prim_wait},
    {"CancellationContext>>primWait:", prim_wait_ms},
    {NULL, NULL},
};
