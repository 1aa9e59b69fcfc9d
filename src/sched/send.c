/* SPDX-License-Identifier: MIT */
/* Sending: from a pid or a handle to the actor, reservations in mailboxes, the push.
 *
 * A reservation is taken for MG_MAILBOX_BATCH_MESSAGES messages at once and kept by the scheduler,
 * for whichever of its actors sends there next, until its slice ends. So a stream of messages costs
 * one atomic addition for 32 of them. Small or special bounds (MG_BIRTH_EXACT) are reserved message
 * by message. Near the bound a batch may not fit where one message does, so that is tried, too.
 *
 * Senders pay for a backlog in reductions, so that others run meanwhile: above all the receiver.
 * Where nobody else is there to run, because the receiver is on another core, the scheduler pauses
 * instead (core_pay() in scheduler.c).
 *
 * S1  A reservation names an actor only within the slice in which it was made (A2).
 *
 * Threads: the scheduler's. Memory: see actor.h.
 */
#include "object/class.h"
#include "object/control.h"
#include "object/object.h"
#include "sched/internal.h"

/* -- Finding -- */

struct mg_actor *mg_control_target(struct mg_control *control)
{
    /* K6 acquire: the actor is complete. Pairs with K7 in mg_spawn(). */
    return load_acquire(&control->actor);
}

struct mg_actor *mg_sched_find(struct mg_sched *sched, mg_pid pid)
{
    struct mg_control *control = mg_ptab_find(&sched->ptab, pid);
    return control != NULL ? mg_control_target(control) : NULL;
}

struct mg_control *mg_sched_control(struct mg_scheduler *s, mg_pid pid)
{
    struct mg_control *control = mg_ptab_find(&s->sched->ptab, pid);
    if (control == NULL)
        return mg_control_new_dead(mg_core_of(s), pid);
    mg_control_ref(control);
    return control;
}

/* -- Room -- */

static inline struct mg_reservation *reservation_for(struct mg_core *core,
                                                     const struct mg_actor *to)
{
    return &core->reservations[((uintptr_t)to / MG_ACTOR_BLOCK_BYTES) % MG_RESERVATIONS];
}

static void reservation_give_back(struct mg_reservation *r)
{
    if (r->actor != NULL && (r->messages != 0 || r->units != 0))
        mg_mailbox_unreserve(&r->actor->mailbox,
                             (uint64_t)r->messages << MG_ROOM_BYTE_BITS | r->units);
    r->actor = NULL;
}

void mg_core_flush_reservations(struct mg_core *core)
{
    for (uint32_t i = 0; i < MG_RESERVATIONS; i++)
        reservation_give_back(&core->reservations[i]);
}

/* What each message to a mailbox with this backlog costs its sender. */
static inline uint32_t backlog_cost(uint64_t room)
{
    uint64_t backlog = mg_room_messages(room);
    if (MG_LIKELY(backlog <= MG_BACKLOG_FREE))
        return 0;
    return backlog / 64 < MG_SLICE_REDUCTIONS ? (uint32_t)(1 + backlog / 64) : MG_SLICE_REDUCTIONS;
}

/* A message found the mailbox full. Says so once for each process, and does what the policy asks
 * for. */
static MG_COLD enum mg_refusal send_refused(struct mg_core *core, struct mg_actor *to,
                                            uint64_t room, const struct mg_mailbox_bound *bound,
                                            uint64_t before)
{
    uint32_t policy = to->birth & MG_BIRTH_BOUND ? to->side->mailbox_policy : MG_MAILBOX_REFUSE;
    struct mg_control *control = to->control;
    if (policy == MG_MAILBOX_DROP_OLDEST && mg_room_messages(before) < 2 * bound->messages + 64 &&
        mg_room_bytes(before) < 2 * bound->bytes + MG_MAILBOX_BATCH_BYTES) {
        mg_mailbox_reserve_exempt(&to->mailbox, room); // the receiver drops when it drains
        return MG_ACCEPTED;
    }
    mg_figure_add(&core->refused, 1);
    if (policy == MG_MAILBOX_KILL) {
        struct mg_signal *kill = mg_signal_new(&core->s.blocks, MG_SIGNAL_KILL, 0);
        kill->selector = mg_sched_reason(core->s.sched, MG_REASON_MAILBOX);
        kill->reference = control->pid;
        mg_post(&core->s, to, kill);
    }
    /* G1 relaxed: a flag for one line of a log. Pairs with G1 itself. */
    if (!(fetch_or_relaxed(&control->spare, MG_SPARE_FULL_LOGGED) & MG_SPARE_FULL_LOGGED))
        mg_sched_warn(core->s.sched,
                      "the mailbox of process %" MG_PRIPID " is full (%llu messages)", control->pid,
                      (unsigned long long)mg_room_messages(before));
    return MG_REFUSED_FULL;
}

/* Charges the sender of one message what the backlog asks for. */
static inline void send_charge(struct mg_core *core, uint32_t cost)
{
    core->s.reductions -= (int32_t)cost;
    core->price += cost;
}

/* As mg_send_reserve; *before is what was reserved before. */
static enum mg_refusal reserve_anew(struct mg_core *core, struct mg_actor *to, uint64_t bytes,
                                    uint64_t *before)
{
    struct mg_mailbox_bound bound;
    mg_actor_bound(to, &bound);
    uint64_t one = mg_room(1, bytes);
    bool exact = (to->birth & MG_BIRTH_EXACT) != 0;
    if (!exact && bytes <= MG_MAILBOX_BATCH_BYTES) {
        struct mg_reservation *r = reservation_for(core, to);
        reservation_give_back(r);
        uint64_t batch = mg_room(MG_MAILBOX_BATCH_MESSAGES, MG_MAILBOX_BATCH_BYTES);
        if (MG_LIKELY(mg_mailbox_reserve(&to->mailbox, batch, &bound, before))) {
            uint64_t rest = batch - one;
            r->actor = to;
            r->messages = (uint32_t)mg_room_messages(rest);
            r->units = (uint32_t)(mg_room_bytes(rest) / MG_ROOM_UNIT);
            r->cost = backlog_cost(*before);
            send_charge(core, r->cost);
            return MG_ACCEPTED;
        }
    }
    if (!mg_mailbox_reserve(&to->mailbox, one, &bound, before))
        return send_refused(core, to, one, &bound, *before);
    send_charge(core, backlog_cost(*before));
    return MG_ACCEPTED;
}

static MG_NOINLINE enum mg_refusal send_reserve_slow(struct mg_core *core, struct mg_actor *to,
                                                     uint64_t bytes)
{
    uint64_t before;
    enum mg_refusal why = reserve_anew(core, to, bytes, &before);
    uint64_t messages = mg_room_messages(before);
    if (mg_alarm_watched(core->s.sched, MG_ALARM_MAILBOX, messages))
        mg_alarm_raise(&core->s, MG_ALARM_MAILBOX, to, messages);
    return why;
}

enum mg_refusal mg_send_reserve(struct mg_scheduler *s, struct mg_actor *to, uint64_t bytes)
{
    struct mg_core *core = mg_core_of(s);
    s->reductions -= MG_COST_SEND;
    struct mg_reservation *r = reservation_for(core, to);
    uint64_t units = (bytes + MG_ROOM_UNIT - 1) / MG_ROOM_UNIT;
    if (MG_LIKELY(r->actor == to && r->messages != 0 && r->units >= units)) {
        r->messages--;
        r->units -= (uint32_t)units;
        send_charge(core, r->cost);
        return MG_ACCEPTED;
    }
    return send_reserve_slow(core, to, bytes);
}

void mg_send_cancel(struct mg_scheduler *s, struct mg_actor *to, uint64_t bytes)
{
    (void)s;
    mg_mailbox_unreserve(&to->mailbox, mg_room(1, bytes));
}

/* -- Pushing -- */

void mg_core_push(struct mg_core *core, struct mg_actor *to, struct mg_signal *signal)
{
    if (mg_sim_logs(core))
        mg_sim_event(core, "send %s %" MG_PRIPID " to %" MG_PRIPID " ref %" PRIu64,
                     mg_signal_kind_name(signal->kind), signal->sender, to->control->pid,
                     signal->reference);
    bool in_line = signal->kind == MG_SIGNAL_OFFER; // so that it finds the others' offers, too
    if (!mg_queue_push(&to->mailbox.queue, signal))
        return;
    if (MG_UNLIKELY(in_line))
        mg_core_wake_in_line(core, to);
    else
        mg_core_wake(core, to);
}

void mg_send(struct mg_scheduler *s, struct mg_actor *to, struct mg_signal *signal)
{
    ASSERT(mg_signal_kind_bounded(signal->kind));
    struct mg_core *core = mg_core_of(s);
    signal->flags |= MG_SIGNAL_CHARGED;
    mg_figure_add(&core->messages, 1);
    mg_core_push(core, to, signal);
}

void mg_post(struct mg_scheduler *s, struct mg_actor *to, struct mg_signal *signal)
{
    s->reductions -= MG_COST_SIGNAL;
    mg_core_push(mg_core_of(s), to, signal);
}

bool mg_post_pid(struct mg_scheduler *s, mg_pid to, struct mg_signal *signal)
{
    struct mg_sched *sched = s->sched;
    if (MG_UNLIKELY(mg_pid_is_remote(to))) {
        if (sched->config.route != NULL)
            return sched->config.route(sched->config.owner, s, to, signal) == MG_ACCEPTED;
        mg_signal_free(signal, &s->blocks);
        return false;
    }
    struct mg_actor *actor = mg_sched_find(sched, to);
    if (actor == NULL) {
        mg_signal_free(signal, &s->blocks);
        return false;
    }
    if (!mg_signal_kind_bounded(signal->kind)) {
        mg_post(s, actor, signal);
        return true;
    }
    if (mg_send_reserve(s, actor, mg_signal_bytes(signal)) != MG_ACCEPTED) {
        mg_signal_free(signal, &s->blocks);
        return false;
    }
    mg_send(s, actor, signal);
    return true;
}

bool mg_core_tell(struct mg_core *core, mg_pid to, enum mg_signal_kind kind, mg_pid sender,
                  uint64_t reference, uint16_t detail)
{
    struct mg_signal *signal = mg_signal_new(&core->s.blocks, kind, 0);
    signal->sender = sender;
    signal->reference = reference;
    signal->detail = detail;
    return mg_post_pid(&core->s, to, signal);
}

struct mg_signal *mg_actor_message(struct mg_actor *actor, struct mg_scheduler *s,
                                   uint32_t selector, mg_value payload)
{
    ASSERT(!mg_is_pointer(payload));
    struct mg_signal *signal = mg_signal_new(&s->blocks, MG_SIGNAL_MESSAGE, 0);
    signal->sender = mg_actor_pid(actor);
    signal->selector = selector;
    signal->payload = payload;
    return signal;
}

struct mg_signal *mg_signal_report(struct mg_core *core, enum mg_signal_kind kind,
                                   struct mg_control *about, const mg_value *values, uint32_t count,
                                   uint32_t at)
{
    ASSERT(at < count && count <= MG_REPORT_SLOTS);
    uint32_t words = 1 + count + 1 + MG_PROCESS_WORDS;
    struct mg_signal *signal = mg_signal_new(&core->s.blocks, kind, words);
    struct mg_object *array = (struct mg_object *)mg_signal_words(signal);
    struct mg_object *process = (struct mg_object *)(mg_signal_words(signal) + 1 + count);
    mg_control_ref(about);
    process->header = mg_header(MG_CLASS_PROCESS, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    process->words[MG_PROCESS_CONTROL] = (mg_value)(uintptr_t)about;
    process->words[MG_PROCESS_NEXT] = 0;
    array->header = mg_header(MG_CLASS_ARRAY, MG_FORMAT_ARRAY, count);
    for (uint32_t i = 0; i < count; i++)
        array->words[i] = i == at ? mg_pointer(process) : values[i];
    signal->fragment.first = mg_signal_words(signal);
    signal->fragment.words = words;
    signal->fragment.off_heap = process;
    signal->payload = mg_pointer(array);
    return signal;
}

uint64_t mg_fresh_reference(struct mg_scheduler *s)
{
    struct mg_core *core = mg_core_of(s);
    if (MG_UNLIKELY(core->reference == core->reference_end)) {
        enum { RANGE = 1024 };
        /* G2 relaxed: a number; whoever uses it says so in its own way. Pairs with G2 itself. */
        core->reference = fetch_add_relaxed(&s->sched->references, RANGE);
        core->reference_end = core->reference + RANGE;
    }
    return core->reference++;
}
