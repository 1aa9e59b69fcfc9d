/* SPDX-License-Identifier: MIT */
/* The end of an actor, step by step. See exit.h for what remains and in which order.
 *
 * The quick way is straight through: an actor without a side and with an empty mailbox. The long
 * way stops after MG_EXIT_BATCH signals and goes on at the next turn, so that the death of
 * something that a hundred thousand watch delays nobody.
 *
 *      stage     HOLDS -> REQUESTS -> possessions -> published
 *                -> LINKS -> WATCHERS -> WATCHING -> CREDITS -> DEBTS -> MAIL -> done
 *
 * What the actor held is given back, and what it waited for given up, before anybody can see that
 * it has ended; so whoever hears of a death finds its locks, names and tables free.
 *
 * Exit against send: a sender that found the actor before it was unpublished pushes into a queue
 * that nobody drains any more. Its slice must end before the grace period does, so the last drain
 * (mg_actor_recycle) finds that signal, and answers what asks for an answer.
 *
 * Threads: the thread that runs the actor; recycling by whoever it was retired with. Memory: see
 * exit.h, actor.h.
 */
#include "sched/exit.h"

#include "object/control.h"
#include "sched/ctabs.h"
#include "sched/internal.h"
#include "sched/roll.h"

enum {
    STAGE_HOLDS,
    STAGE_REQUESTS,
    STAGE_LINKS, /* from here on the end is public */
    STAGE_WATCHERS,
    STAGE_WATCHING,
    STAGE_CREDITS,
    STAGE_DEBTS,
    STAGES
};

/* -- How it ends -- */

void mg_actor_set_exit(struct mg_actor *actor, struct mg_scheduler *s, uint32_t reason,
                       mg_pid origin, mg_value result, struct mg_exit_record *record)
{
    struct mg_control *control = actor->control;
    ASSERT(record != NULL || !mg_is_pointer(result));
    ASSERT(!(actor->flags & MG_ACTOR_ENDING));
    (void)s;
    actor->flags |= MG_ACTOR_ENDING;
    /* X1 relaxed: published with the state. Pairs with X2 in mg_control_exit(). */
    store_relaxed(&control->mailbox_load, reason);
    store_relaxed(&control->reductions, origin != MG_PID_NONE ? origin : control->pid);
    store_relaxed(&control->heap_bytes, record != NULL ? MG_NIL : result);
    store_relaxed(&control->record, record);
}

/* The end of an actor that answered nothing itself, or was killed while it did. */
static void end_by_default(struct mg_actor *actor, struct mg_core *core)
{
    uint32_t reason = mg_sched_reason(core->s.sched, MG_REASON_NORMAL);
    mg_pid origin = MG_PID_NONE;
    uint16_t forced = MG_ACTOR_KILLED | MG_ACTOR_EXIT_PENDING;
    if (actor->flags & forced) {
        reason = actor->side->exit_reason;
        origin = actor->side->exit_origin;
    }
    if (actor->flags & MG_ACTOR_ENDING) {
        if (!(actor->flags & MG_ACTOR_KILLED))
            return;
        /* Killed in the moment between its own end and this one: the kill comes first. */
        /* X2 relaxed: its own word. Pairs with X1 in mg_actor_set_exit(). */
        struct mg_exit_record *record = load_relaxed(&actor->control->record);
        if (record != NULL)
            mg_exit_record_free(record, &core->s.blocks);
        actor->flags &= (uint16_t)~MG_ACTOR_ENDING;
    }
    mg_actor_set_exit(actor, &core->s, reason, origin, MG_NIL, NULL);
}

/* -- Telling -- */

struct mg_signal *mg_signal_about(struct mg_core *core, enum mg_signal_kind kind, mg_pid dead,
                                  struct mg_control *control, uint64_t reference, uint32_t reason)
{
    struct mg_signal *signal = mg_signal_new(&core->s.blocks, kind, 0);
    signal->sender = dead;
    signal->reference = reference;
    signal->selector = reason;
    if (control != NULL) {
        mg_control_ref(control);
        mg_signal_set_control(signal, control);
    }
    return signal;
}

/* An EXIT along a link, a DOWN, or a REPLY noproc, from an actor that has ended. */
static void tell_of_end(struct mg_core *core, struct mg_control *control, mg_pid to,
                        enum mg_signal_kind kind, uint64_t reference, uint16_t detail)
{
    struct mg_exit_info info;
    bool ended = mg_control_exit(control, &info);
    CHECK(ended);
    if (kind == MG_SIGNAL_EXIT)
        reference = info.origin;
    struct mg_signal *signal =
        mg_signal_about(core, kind, control->pid, control, reference, info.reason);
    signal->detail = detail;
    mg_post_pid(&core->s, to, signal);
}

/* One entry of the table of a stage. */
static void end_tell(struct mg_core *core, struct mg_control *control, uint32_t stage, uint64_t key,
                     uint64_t value)
{
    switch (stage) {
    case STAGE_HOLDS: // key: reference, value: keeper
        mg_core_tell(core, value, MG_SIGNAL_SETTLED, control->pid, key, MG_SETTLED_ENDED);
        break;
    case STAGE_LINKS: // value: 1, or an unlink that waits for its ack
        if (value == 1)
            tell_of_end(core, control, key, MG_SIGNAL_EXIT, 0, MG_EXIT_LINK);
        break;
    case STAGE_WATCHERS: // key: reference, value: pid << 1 | wait
        tell_of_end(core, control, value >> 1, MG_SIGNAL_DOWN, key, value & MG_MONITOR_WAIT);
        break;
    case STAGE_WATCHING: // key: reference, value: pid
        mg_core_tell(core, value, MG_SIGNAL_DEMONITOR, control->pid, key, 0);
        break;
    case STAGE_REQUESTS:
        mg_request_drop(core, control->pid, key, value, MG_SETTLED_ENDED);
        break;
    case STAGE_CREDITS: // key: pid, value: room
        mg_credit_return(core, control->pid, key, value);
        break;
    default: // STAGE_DEBTS; key: reference, value: pid
        tell_of_end(core, control, value, MG_SIGNAL_REPLY, key, MG_OUTCOME_NOPROC);
        break;
    }
}

static struct mg_bonds *stage_bonds(struct mg_actor_side *side, uint32_t stage)
{
    switch (stage) {
    case STAGE_HOLDS:
        return &side->holds;
    case STAGE_LINKS:
        return &side->links;
    case STAGE_WATCHERS:
        return &side->watchers;
    case STAGE_WATCHING:
        return &side->watching;
    case STAGE_REQUESTS:
        return &side->requests;
    case STAGE_CREDITS:
        return &side->credits;
    default:
        return &side->debts;
    }
}

/* Tells all who are tied to the actor, in the stages before `until`. False: the batch is over. */
static bool end_bonds(struct mg_actor *actor, struct mg_core *core, uint32_t until)
{
    struct mg_actor_side *side = actor->side;
    if (side == NULL)
        return true;
    uint32_t left = MG_EXIT_BATCH;
    if (until == STAGES && !mg_credit_end(core, actor))
        return false;
    while (side->end_stage < until) {
        struct mg_bonds *bonds = stage_bonds(side, side->end_stage);
        uint64_t key, value;
        while (mg_bonds_at(bonds, side->end_position, &key, &value)) {
            if (left-- == 0)
                return false;
            side->end_position++;
            end_tell(core, actor->control, side->end_stage, key, value);
        }
        side->end_stage++;
        side->end_position = 0;
    }
    return true;
}

/* Empties the inner list. Unread requests are among the debts. False: the batch is over. */
static bool end_mail(struct mg_actor *actor, struct mg_core *core)
{
    for (uint32_t left = MG_EXIT_BATCH; left != 0; left--) {
        struct mg_signal *signal = mg_mailbox_take(&actor->mailbox);
        if (signal == NULL)
            return true;
        if (actor->behaviour->raw)
            mg_signal_bounce(core, actor, signal);
        else
            mg_signal_free(signal, &core->s.blocks);
    }
    return mg_mailbox_peek(&actor->mailbox) == NULL;
}

/* -- The end -- */

/* It loses its names, gives up its tables and leaves all rolls, while it can still be found. False:
 * some are left, for the next turn. */
static bool end_possessions(struct mg_actor *actor, struct mg_core *core)
{
    struct mg_control *control = actor->control;
    /* K10 acq_rel: one word, so whoever gives it something came before and is seen here, or finds
     * it closed. Pairs with N4 in mg_names_register(), table_own(), holdings_enter(). */
    uint32_t spare = fetch_or_acq_rel(&control->spare, MG_SPARE_CLOSED);
    if (MG_LIKELY(!(spare & (MG_SPARE_NAMED | MG_SPARE_OWNS))))
        return true;
    if (spare & MG_SPARE_NAMED)
        mg_names_release(core->s.sched, control);
    return !(spare & MG_SPARE_OWNS) ||
           (mg_ctabs_release(core, control->pid) && mg_rolls_release(core, control->pid));
}

/* From here on the process is dead for everybody: a state that says so, then no pid. In this order,
 * since who does not find it any more looks at the state for how it ended. */
static void end_publish(struct mg_actor *actor, struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    struct mg_control *control = actor->control;
    if (actor->side != NULL && actor->side->kill_timer != 0)
        mg_timer_cancel(&core->s, actor->side->kill_timer);
    /* X2 relaxed: its own word. Pairs with X1 in mg_actor_set_exit(). */
    struct mg_exit_record *record = load_relaxed(&control->record);
    if (record != NULL) {
        mg_record_keep(core, control, record);
    } else {
        /* K8 release: reason and result are there, and all that the process did. Pairs with K9 in
         * mg_control_exit(), mg_control_is_alive(). */
        store_release(&control->state, MG_CONTROL_ENDED);
    }
    /* K11 release: the state comes before it. Pairs with K6 in mg_control_target(), K9 in
     * mg_control_is_alive(). */
    store_release(&control->actor, NULL);
    mg_ptab_free(&sched->ptab, &core->pids, control->pid);
    mg_figure_add(&core->ended, 1);
    if (mg_sim_logs(core))
        mg_sim_event(core, "end %" MG_PRIPID " reason %u", control->pid,
                     load_relaxed(&control->mailbox_load)); // X2 relaxed: as above. Pairs with X1
                                                            // in mg_actor_set_exit().
    if (MG_UNLIKELY(control->pid == sched->main_pid))
        mg_sched_main_ended(sched);
    if (MG_UNLIKELY(actor->flags & MG_ACTOR_ROOT))
        mg_sched_root_ended(sched, control->pid);
}

bool mg_actor_end(struct mg_actor *actor, struct mg_core *core)
{
    struct mg_scheduler *s = &core->s;
    /* S1 relaxed: its own. Pairs with S1 in mg_actor_become(). */
    if (load_relaxed(&actor->state) != MG_ACTOR_EXITING) {
        mg_actor_become(actor, MG_ACTOR_EXITING);
        end_by_default(actor, core);
        s->reductions -= MG_COST_END;
    }
    if (!end_bonds(actor, core, STAGE_LINKS))
        return false;
    /* K13 relaxed: its own word. Pairs with K8 in end_publish(). */
    if (!(load_relaxed(&actor->control->state) & MG_CONTROL_ENDED)) {
        if (!end_possessions(actor, core))
            return false;
        end_publish(actor, core);
    }
    if (!end_bonds(actor, core, STAGES) || !end_mail(actor, core))
        return false;
    mg_actor_become(actor, MG_ACTOR_GONE);
    if (actor->behaviour->deinit != NULL)
        actor->behaviour->deinit(actor, s);
    mg_heap_deinit(&actor->heap, &s->blocks);
    if (!(actor->birth & MG_BIRTH_BOUND)) // else senders may still read the bound
        mg_actor_side_free(actor);
    if (mg_wait_timer_release(core, actor))
        mg_core_retire_actor(core, actor);
    return true;
}

/* -- After the grace period -- */

void mg_signal_bounce(struct mg_core *core, struct mg_actor *dead, struct mg_signal *signal)
{
    struct mg_control *control = dead->control;
    mg_pid to = signal->sender;
    switch ((enum mg_signal_kind)signal->kind) {
    case MG_SIGNAL_REPLY:
        mg_reply_lost(core, control->pid, signal, MG_SETTLED_ENDED);
        return;
    case MG_SIGNAL_CREDIT:
        mg_credit_bounce(core, dead, signal);
        return;
    case MG_SIGNAL_REQUEST:
        if (dead->behaviour->bounce != NULL) {
            dead->behaviour->bounce(dead, &core->s, signal);
            return;
        }
        /* Fall through. */
    case MG_SIGNAL_INSPECT:
        to = mg_request_asker(to, signal->reference);
        mg_core_tell(core, to, MG_SIGNAL_REPLY, control->pid, signal->reference, MG_OUTCOME_NOPROC);
        break;
    case MG_SIGNAL_LINK:
        tell_of_end(core, control, to, MG_SIGNAL_EXIT, 0, MG_EXIT_LINK);
        break;
    case MG_SIGNAL_UNLINK:
        mg_core_tell(core, to, MG_SIGNAL_UNLINK_ACK, control->pid, signal->reference, 0);
        break;
    case MG_SIGNAL_MONITOR:
        tell_of_end(core, control, to, MG_SIGNAL_DOWN, signal->reference, signal->detail);
        break;
    default:
        break;
    }
    mg_signal_free(signal, &core->s.blocks);
}

void mg_actor_recycle(struct mg_actor *actor, struct mg_core *core)
{
    struct mg_queue *queue = &actor->mailbox.queue;
    while (MG_UNLIKELY(!mg_queue_is_empty(queue))) {
        struct mg_signal *last;
        struct mg_signal *signal = mg_queue_take(queue, UINT32_MAX, &last);
        CHECK(signal != NULL); // no push is in flight any more
        while (signal != NULL) {
            /* L1 relaxed: the list was handed over by the queue. Pairs with L2 in
             * mailbox_set_next(). */
            struct mg_signal *next = load_relaxed(&signal->next);
            mg_signal_bounce(core, actor, signal);
            signal = next;
        }
    }
    mg_actor_side_free(actor);
    if (MG_UNLIKELY(actor->behaviour->raw)) {
        /* K14 release: what came late has been dealt with. Pairs with K13 in
         * mg_control_is_quiet(). */
        fetch_or_release(&actor->control->spare, MG_SPARE_QUIET);
    }
    mg_control_unref(actor->control, &core->s.blocks);
    mg_block_free(&core->s.blocks, actor, MG_ACTOR_BLOCK_BYTES);
}

/* -- Ending others -- */

/* Whether the mailbox is full and as many trapped exits again stand in it: only those can have
 * filled it so. Exits of links, terminate and kill end in no mailbox without end and are never
 * refused. */
static bool exit_is_flood(struct mg_scheduler *s, mg_pid to)
{
    struct mg_mailbox_bound bound;
    const struct mg_actor *actor = mg_sched_find(s->sched, to);
    if (actor == NULL)
        return false;
    mg_actor_bound(actor, &bound);
    /* R4 relaxed: a number of a moment ago. Pairs with R1 in mg_mailbox_reserve(). */
    uint64_t room = load_relaxed(&actor->mailbox.room);
    return mg_room_messages(room) / 2 > bound.messages + MG_MAILBOX_BATCH_MESSAGES;
}

static bool exit_send(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason,
                      enum mg_signal_kind kind, uint16_t detail, uint64_t within_ns)
{
    if (kind == MG_SIGNAL_EXIT && detail == 0 && MG_UNLIKELY(exit_is_flood(s, to)))
        return false;
    struct mg_signal *signal = mg_signal_new(&s->blocks, kind, 0);
    signal->sender = from;
    signal->reference = from;
    signal->selector = reason;
    signal->detail = detail;
    if (within_ns != 0)
        signal->payload = mg_small(within_ns <= MG_SMALL_MAX ? (int64_t)within_ns : -1);
    return mg_post_pid(s, to, signal);
}

bool mg_exit_send(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason)
{
    return exit_send(s, from, to, reason, MG_SIGNAL_EXIT, 0, 0);
}

bool mg_exit_send_within(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason,
                         uint64_t within_ns)
{
    return exit_send(s, from, to, reason, MG_SIGNAL_EXIT, 0, within_ns);
}

bool mg_terminate_send(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason)
{
    return exit_send(s, from, to, reason, MG_SIGNAL_EXIT, MG_EXIT_FIRM, 0);
}

bool mg_kill_send(struct mg_scheduler *s, mg_pid from, mg_pid to)
{
    return exit_send(s, from, to, 0, MG_SIGNAL_KILL, 0, 0);
}
