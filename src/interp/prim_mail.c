/* SPDX-License-Identifier: MIT */
/* Primitives of messages: send, receive, the selective scan, sleep and timers.
 *
 * A primitive that waits keeps its deadline in MG_BODY_RESULT from its first turn to its last
 * (process.h), and is simply run again when the actor wakes.
 */
#include "interp/alloc.h"
#include "interp/gate.h"
#include "interp/match.h"
#include "interp/prim.h"
#include "interp/process.h"
#include "sched/credit.h"
#include "sched/exit.h"

/* Remembered per actor like a class variable, under a number no class variable has. */
#define LAST_REFUSAL ((uint32_t)0x3fffffff)

static mg_value refused(struct mg_run *run, mg_value *args, enum mg_refusal why)
{
    size_t words = mg_alloc_cvar_words(run->body[MG_BODY_CVARS], LAST_REFUSAL);
    if (mg_run_reserve(run, args, words) == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_alloc_cvar_set(run->heap, &run->body[MG_BODY_CVARS], LAST_REFUSAL,
                      mg_symbol(run->vm->refusals[why]));
    return MG_FALSE;
}

static mg_value prim_last_refusal(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_alloc_cvar_get(run->body[MG_BODY_CVARS], LAST_REFUSAL);
}

/* A message with this payload for `to`, its room reserved; NULL when it is refused (*why) or cannot
 * be sent (*why is MG_ACCEPTED and the error is set). */
static struct mg_signal *build(struct mg_run *run, struct mg_actor *to, enum mg_signal_kind kind,
                               mg_value payload, enum mg_refusal *why)
{
    uint64_t words = 0, shared = 0;
    *why = MG_ACCEPTED;
    if (mg_is_pointer(payload)) {
        if (!mg_process_measure(run, &payload, 1)) {
            return NULL;
        }
        words = run->copy->words;
        shared = run->copy->shared_bytes;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    uint64_t bytes = mg_signal_bytes_for(words) + shared;
    bool on_credit = MG_UNLIKELY((run->actor->flags & MG_ACTOR_CREDITED) != 0) &&
                     mg_credit_spend(run->actor, s, to, bytes);
    *why = on_credit ? MG_ACCEPTED : mg_send_reserve(s, to, bytes);
    if (MG_UNLIKELY(*why != MG_ACCEPTED)) {
        if (mg_is_pointer(payload)) {
            mg_copy_abandon(run->copy);
        }
        mg_run_leave(run);
        return NULL;
    }
    struct mg_signal *signal = mg_signal_new(run->blocks, kind, words);
    if (mg_is_pointer(payload)) {
        mg_copy_write(run->copy, &signal->fragment, mg_signal_words(signal), &payload,
                      &signal->payload, 1);
    } else {
        signal->payload = payload;
    }
    signal->sender = mg_actor_pid(run->actor);
    mg_run_leave(run);
    return signal;
}

static mg_value send(struct mg_run *run, mg_value *args, uint32_t selector, mg_value payload)
{
    enum mg_refusal why = MG_REFUSED_DEAD;
    struct mg_control *control = mg_gate_pass(args[0], MG_GATE_SEND, &why);
    struct mg_actor *to = control == NULL ? NULL : mg_control_target(control);
    struct mg_signal *signal = to == NULL ? NULL : build(run, to, MG_SIGNAL_MESSAGE, payload, &why);
    if (MG_UNLIKELY(signal == NULL)) {
        return why == MG_ACCEPTED ? MG_PRIM_FAILED : refused(run, args, why);
    }
    signal->selector = selector;
    struct mg_scheduler *s = mg_run_enter(run);
    mg_send(s, to, signal);
    mg_run_leave(run);
    return MG_TRUE;
}

static mg_value prim_send(struct mg_run *run, mg_value *args)
{
    return send(run, args, 0, args[1]);
}

static mg_value prim_send_with(struct mg_run *run, mg_value *args)
{
    uint32_t selector = mg_process_selector(run, args, 1);
    return selector == UINT32_MAX ? MG_PRIM_FAILED : send(run, args, selector, args[2]);
}

/* From signals to MailboxMessages. */

/* Payloads up to this many words are moved into the heap at receipt. */
#define SMALL_MAIL_WORDS 16

/* What to reserve for any message: itself, the payload of an exit or down, two handles. */
#define MAIL_WORDS (1 + MG_MAIL_SLOTS + 1 + 4 + 2 * MG_PROCESS_SPAN)

/* Words that the objects of a dead process's result or error need in this heap. */
static uint64_t ending_words(struct mg_run *run, const struct mg_signal *signal)
{
    struct mg_exit_info info;
    if ((signal->flags & MG_SIGNAL_CONTROL) == 0 || !mg_control_exit(signal->control, &info)) {
        return 0;
    }
    return mg_copy_size_readonly(run->copy, info.result) +
           mg_copy_size_readonly(run->copy, info.error);
}

/* {process. reason. result} of an exit, {reference. process. reason. resultOrException} of a
 * down. */
static mg_value ending_payload(struct mg_run *run, const struct mg_signal *signal, uint64_t words)
{
    bool down = signal->kind == MG_SIGNAL_DOWN;
    mg_value process = MG_NIL, result = MG_NIL;
    struct mg_exit_info info = {.result = MG_NIL, .error = MG_NIL};
    if ((signal->flags & MG_SIGNAL_CONTROL) != 0) {
        process = mg_process_new(run->heap, signal->control);
        if (mg_control_exit(signal->control, &info)) {
            mg_value source = down && info.error != MG_NIL ? info.error : info.result;
            result = mg_copy_into_heap(run->copy, run->heap, source, words);
        }
    } else if (signal->sender != MG_PID_NONE) {
        process = mg_process_of_pid(run, signal->sender);
    }
    uint32_t n = down ? 4 : 3, i = 0;
    struct mg_object *payload = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    if (down) {
        payload->words[i++] = mg_small((int64_t)signal->reference);
    }
    payload->words[i++] = process;
    payload->words[i++] = mg_symbol(signal->selector);
    payload->words[i] = result == MG_UNSET ? MG_NIL : result;
    return mg_pointer(payload);
}

/* A MailboxMessage for a mail signal; `payload` is in this heap already. */
static mg_value make_mail(struct mg_run *run, const struct mg_signal *signal, uint32_t selector,
                          mg_value payload)
{
    struct mg_object *mail =
        mg_heap_alloc_small(run->heap, MG_CLASS_MAILBOX_MESSAGE, MG_FORMAT_SLOTS, MG_MAIL_SLOTS);
    mail->words[MG_MAIL_SENDER] =
        signal->sender == MG_PID_NONE ? MG_NIL : mg_pid_value(signal->sender);
    mail->words[MG_MAIL_SELECTOR] = selector == 0 ? MG_NIL : mg_symbol(selector);
    mail->words[MG_MAIL_PAYLOAD] = payload;
    mail->words[MG_MAIL_REPLY_TO] =
        signal->kind == MG_SIGNAL_REQUEST && signal->detail != MG_REQUEST_RECEIPT
            ? mg_small((int64_t)signal->reference)
            : MG_NIL;
    return mg_pointer(mail);
}

static bool is_ending(const struct mg_signal *signal)
{
    return signal->kind == MG_SIGNAL_EXIT || signal->kind == MG_SIGNAL_DOWN;
}

static mg_value ending_mail(struct mg_run *run, const struct mg_signal *signal, uint64_t words)
{
    const struct mg_vm *vm = run->vm;
    uint32_t selector =
        vm->selectors[signal->kind == MG_SIGNAL_DOWN ? MG_SEL_PROCESS_DOWN : MG_SEL_EXIT];
    return make_mail(run, signal, selector, ending_payload(run, signal, words));
}

/* Tells the sender that its message was taken out of the mailbox. */
static MG_COLD void confirm_receipt(struct mg_run *run, const struct mg_signal *signal)
{
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_signal *receipt = mg_signal_new(run->blocks, MG_SIGNAL_REPLY, 0);
    receipt->reference = signal->reference;
    receipt->detail = MG_OUTCOME_VALUE;
    receipt->payload = MG_TRUE;
    (void)mg_reply_send(run->actor, s, signal->sender, receipt);
    mg_run_leave(run);
}

/* Turns a taken signal into a message. Taken: the signal. */
static mg_value receive_signal(struct mg_run *run, mg_value *args, struct mg_signal *signal)
{
    if (MG_UNLIKELY(is_ending(signal))) {
        uint64_t words = ending_words(run, signal);
        mg_value mail = mg_run_reserve(run, args, MAIL_WORDS + words) == NULL
                            ? MG_PRIM_FAILED
                            : ending_mail(run, signal, words);
        mg_signal_free(signal, run->blocks);
        return mail;
    }
    if (MG_UNLIKELY(signal->kind == MG_SIGNAL_REQUEST && signal->detail == MG_REQUEST_RECEIPT)) {
        confirm_receipt(run, signal);
    }
    uint32_t words = signal->fragment.words;
    bool small = words <= SMALL_MAIL_WORDS;
    if (mg_run_reserve(run, args, 1 + MG_MAIL_SLOTS + (small ? words : 0)) == NULL) {
        mg_signal_free(signal, run->blocks);
        return MG_PRIM_FAILED;
    }
    /* A small payload moves in and its block is hot for the next message; a large one is
     * adopted. */
    mg_value payload = signal->payload;
    if (small && words > 0) {
        mg_heap_absorb(run->heap, &signal->fragment, &payload, 1);
    }
    mg_value mail = make_mail(run, signal, signal->selector, payload);
    if (small) {
        mg_signal_free(signal, run->blocks);
    } else {
        mg_heap_adopt(run->heap, &signal->fragment);
    }
    return mail;
}

static mg_value receive(struct mg_run *run, mg_value *args, mg_value limit)
{
    if (MG_UNLIKELY((run->body[MG_BODY_SERIAL] & MG_BODY_SCANNING) != 0)) {
        return MG_PRIM_DECLINE;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_signal *signal = mg_actor_receive(run->actor, s);
    mg_run_leave(run);
    if (MG_LIKELY(signal != NULL)) {
        mg_wait_done(run);
        return receive_signal(run, args, signal);
    }
    bool first;
    uint64_t deadline = mg_wait_deadline(run, limit, &first);
    if (deadline <= mg_scheduler_now(run->scheduler) ||
        (!first && mg_actor_timed_out(run->actor))) {
        mg_wait_done(run);
        return MG_NIL;
    }
    return mg_wait(run, MG_WAKE_MAIL, deadline);
}

static mg_value prim_receive(struct mg_run *run, mg_value *args)
{
    return receive(run, args, MG_NIL);
}

static mg_value prim_receive_ms(struct mg_run *run, mg_value *args)
{
    return mg_is_small(args[1]) ? receive(run, args, args[1])
                                : mg_prim_type_error(run, 1, "SmallInteger");
}

static mg_value prim_try_receive(struct mg_run *run, mg_value *args)
{
    return receive(run, args, mg_small(0));
}

/* The selective scan. */

/* A message that stays in the mailbox: its payload is copied. */
static mg_value peek_signal(struct mg_run *run, mg_value *args, const struct mg_signal *signal)
{
    if (is_ending(signal)) {
        uint64_t words = ending_words(run, signal);
        return mg_run_reserve(run, args, MAIL_WORDS + words) == NULL
                   ? MG_PRIM_FAILED
                   : ending_mail(run, signal, words);
    }
    uint64_t words = 0;
    if (mg_is_pointer(signal->payload)) {
        words = mg_copy_size_readonly(run->copy, signal->payload);
    }
    if (mg_run_reserve(run, args, 1 + MG_MAIL_SLOTS + words) == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_value payload = signal->payload;
    if (words > 0) {
        payload = mg_copy_into_heap(run->copy, run->heap, payload, words);
        mg_run_charge(run, words / 8);
    }
    return make_mail(run, signal, signal->selector, payload);
}

/* The selector a program sees on a mail signal. */
static uint32_t mail_selector(const struct mg_run *run, const struct mg_signal *signal)
{
    return signal->kind == MG_SIGNAL_DOWN   ? run->vm->selectors[MG_SEL_PROCESS_DOWN]
           : signal->kind == MG_SIGNAL_EXIT ? run->vm->selectors[MG_SEL_EXIT]
                                            : signal->selector;
}

/* The next mail behind the scan position that may match: `wanted` is the only selector that does, 0
 * for any. NULL at the end, or when the slice is used up (*again). */
static struct mg_signal *next_mail(struct mg_run *run, uint32_t wanted, bool *again)
{
    struct mg_mailbox *box = &run->actor->mailbox;
    struct mg_signal *signal;
    uint32_t passed = 0;
    while ((signal = mg_mailbox_scan_peek(box)) != NULL && wanted != 0 &&
           mail_selector(run, signal) != wanted) {
        mg_mailbox_scan_skip(box);
        if ((++passed & 15) == 0 && --run->reductions < 0) {
            *again = true;
            return NULL;
        }
    }
    return signal;
}

static mg_value next_message(struct mg_run *run, mg_value *args, uint32_t wanted)
{
    if (args[1] != MG_NIL && !mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    uint64_t *flags = &run->body[MG_BODY_SERIAL];
    if ((*flags & MG_BODY_PEEKED) != 0) {
        mg_mailbox_scan_skip(&run->actor->mailbox);
        *flags &= ~MG_BODY_PEEKED;
    }
    *flags |= MG_BODY_SCANNING;
    bool again = false;
    struct mg_signal *signal = next_mail(run, wanted, &again);
    if (signal == NULL && !again) {
        struct mg_scheduler *s = mg_run_enter(run);
        (void)mg_actor_drain(run->actor, s);
        mg_run_leave(run);
        signal = next_mail(run, wanted, &again);
    }
    if (again) {
        return MG_PRIM_AGAIN;
    }
    if (signal != NULL) {
        mg_wait_done(run);
        *flags |= MG_BODY_PEEKED;
        return peek_signal(run, args, signal);
    }
    bool first;
    uint64_t deadline = mg_wait_deadline(run, args[1], &first);
    if (deadline <= mg_scheduler_now(run->scheduler) ||
        (!first && mg_actor_timed_out(run->actor))) {
        mg_wait_done(run);
        return MG_NIL;
    }
    return mg_wait(run, MG_WAKE_MAIL, deadline);
}

static mg_value prim_next_message(struct mg_run *run, mg_value *args)
{
    return next_message(run, args, 0);
}

static mg_value prim_next_message_for(struct mg_run *run, mg_value *args)
{
    return next_message(run, args, mg_match_selector(run, args[2]));
}

static mg_value prim_take_message(struct mg_run *run, mg_value *args)
{
    uint64_t *flags = &run->body[MG_BODY_SERIAL];
    if ((*flags & MG_BODY_PEEKED) == 0) {
        return mg_prim_error(run, "no message was answered by primNextMessage");
    }
    *flags &= ~(MG_BODY_PEEKED | MG_BODY_SCANNING);
    return receive_signal(run, args, mg_mailbox_scan_remove(&run->actor->mailbox));
}

static mg_value prim_reset_scan(struct mg_run *run, mg_value *args)
{
    run->body[MG_BODY_SERIAL] &= ~(MG_BODY_PEEKED | MG_BODY_SCANNING);
    mg_mailbox_scan_reset(&run->actor->mailbox);
    return args[0];
}

static mg_value prim_is_scanning(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_boolean((run->body[MG_BODY_SERIAL] & MG_BODY_SCANNING) != 0);
}

/* Credit. */

/* True when the request is on its way, false when the process has ended, nil when one is open. */
static mg_value prim_request_credit(struct mg_run *run, mg_value *args)
{
    uint32_t selector = mg_symbol_intern(run->world->symbols, "credit", 6);
    struct mg_scheduler *s = mg_run_enter(run);
    enum mg_credit_answer answer = mg_credit_ask(run->actor, s, mg_process_control(args[0])->pid,
                                                 (uint64_t)mg_small_value(args[1]),
                                                 (uint64_t)mg_small_value(args[2]), selector);
    mg_run_leave(run);
    return answer == MG_CREDIT_SENT   ? MG_TRUE
           : answer == MG_CREDIT_DEAD ? refused(run, args, MG_REFUSED_DEAD)
                                      : MG_NIL;
}

static mg_value prim_credit_left(struct mg_run *run, mg_value *args)
{
    return mg_small((int64_t)mg_credit_left(run->actor, mg_process_control(args[0])->pid));
}

/* Time. */

static mg_value prim_sleep(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    bool first;
    uint64_t deadline = mg_wait_deadline(run, args[1], &first);
    if (deadline <= mg_scheduler_now(run->scheduler) ||
        (!first && mg_actor_timed_out(run->actor))) {
        mg_wait_done(run);
        return args[0];
    }
    return mg_wait(run, 0, deadline);
}

static mg_value prim_sleep_forever(struct mg_run *run, mg_value *args)
{
    (void)args;
    mg_actor_mark_service(run->actor, run->scheduler);
    return mg_wait(run, 0, MG_NO_DEADLINE);
}

static mg_value prim_yield(struct mg_run *run, mg_value *args)
{
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        mg_wait_done(run);
        return args[0];
    }
    run->body[MG_BODY_RESULT] = mg_small(0);
    return MG_PRIM_AGAIN;
}

static mg_value prim_send_after(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    if (!mg_is_process(args[2])) {
        return mg_prim_type_error(run, 2, "Process");
    }
    uint32_t selector = mg_process_selector(run, args, 3);
    if (selector == UINT32_MAX) {
        return MG_PRIM_FAILED;
    }
    if (!mg_process_measure(run, &args[4], 1)) {
        return MG_PRIM_FAILED;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_signal *signal = mg_signal_new(run->blocks, MG_SIGNAL_MESSAGE, run->copy->words);
    mg_copy_write(run->copy, &signal->fragment, mg_signal_words(signal), &args[4], &signal->payload,
                  1);
    signal->sender = mg_actor_pid(run->actor);
    signal->selector = selector;
    int64_t ms = mg_small_value(args[1]);
    uint64_t wait = ms <= 0                                  ? 0
                    : (uint64_t)ms > UINT64_C(1576800000000) ? UINT64_C(1576800000000)
                                                             : (uint64_t)ms;
    uint64_t timer = mg_timer_start(s, mg_scheduler_now_exact(s) + wait * 1000000,
                                    mg_process_control(args[2])->pid, signal);
    mg_run_leave(run);
    return timer == 0 ? mg_prim_error(run, "there are too many timers") : mg_small((int64_t)timer);
}

static mg_value prim_cancel_timer(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    struct mg_scheduler *s = mg_run_enter(run);
    bool stopped = mg_timer_cancel(s, (uint64_t)mg_small_value(args[1]));
    mg_run_leave(run);
    return mg_boolean(stopped);
}

const struct mg_prim_entry mg_prims_mail[] = {
    {"Process>>send:", prim_send},
    {"Process>>send:with:", prim_send_with},
    {"ProcessReference>>send:", prim_send},
    {"ProcessReference>>send:with:", prim_send_with},
    {"Process>>cast:with:", prim_send_with},
    {"Process class>>lastRefusal", prim_last_refusal},
    {"Process>>primRequestCredit:bytes:", prim_request_credit},
    {"Process>>creditLeft", prim_credit_left},
    {"Process class>>receive", prim_receive},
    {"Process class>>receive:", prim_receive_ms},
    {"Process class>>tryReceive", prim_try_receive},
    {"Process class>>primNextMessage:", prim_next_message},
    {"Process class>>primNextMessage:for:", prim_next_message_for},
    {"Process class>>primTakeMessage", prim_take_message},
    {"Process class>>primResetScan", prim_reset_scan},
    {"Process class>>primIsScanning", prim_is_scanning},
    {"Process class>>sleep:", prim_sleep},
    {"Process class>>sleepForever", prim_sleep_forever},
    {"Process class>>yield", prim_yield},
    {"Process class>>sendAfter:to:selector:with:", prim_send_after},
    {"Process class>>cancelTimer:", prim_cancel_timer},
    {NULL, NULL},
};
