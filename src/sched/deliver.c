/* SPDX-License-Identifier: MIT */
/* The drain: each signal that has arrived takes effect, in order. Mail joins the inner list;
 * everything else is dealt with here and now, whether or not the program receives. One function for
 * each kind, in a table by kind.
 *
 * D1  Signals of one sender take effect in the order in which they were sent.
 * D2  A handler owns its signal: it frees it, passes it on, or puts it into the list.
 * D3  No handler touches the heap, so a drain may happen anywhere in a turn.
 *
 * What an exit does:
 *
 *      kind              traps exits            does not
 *      along a link      mail                   pending, reason #linked   (if the link is active)
 *        #normal         link removed, silent   link removed, silent
 *      exit: reason      mail                   pending, that reason
 *        #normal         mail                   nothing
 *      terminate (firm)  pending                pending
 *      kill              ends without unwinding
 *
 * Threads: the thread that runs the actor. Memory: D2.
 * Story: docs/internals/signals.md.
 */
#include "object/control.h"
#include "sched/internal.h"

/* Signals taken from the queue in one drain at most; the rest waits for the next. */
enum { DRAIN_MAX = 4096 };

typedef uint32_t (*deliver_handler)(struct mg_core *core, struct mg_actor *actor,
                                    struct mg_signal *signal);

static inline void deliver_free(struct mg_core *core, struct mg_signal *signal)
{
    mg_signal_free(signal, &core->s.blocks);
}

/* -- Mail -- */

struct over {
    struct mg_core *core;
    struct mg_actor *actor;
    struct mg_mailbox_bound bound;
};

static bool over_match(const struct mg_signal *signal, void *context)
{
    struct over *over = context;
    /* What was removed meanwhile is given back in batches; here it counts at once. */
    mg_mailbox_settle(&over->actor->mailbox, true);
    /* R3 relaxed: a number. Pairs with R1 in mg_mailbox_reserve(). */
    uint64_t room = load_relaxed(&over->actor->mailbox.room);
    if (mg_room_messages(room) <= over->bound.messages && mg_room_bytes(room) <= over->bound.bytes)
        return false;
    if (!(signal->flags & MG_SIGNAL_CHARGED) || !mg_signal_kind_bounded(signal->kind))
        return false;
    if (signal->kind == MG_SIGNAL_REQUEST) {
        mg_bonds_remove(&mg_actor_side(over->actor)->debts, signal->reference, NULL);
        mg_core_tell(over->core, mg_request_asker(signal->sender, signal->reference),
                     MG_SIGNAL_REPLY, mg_actor_pid(over->actor), signal->reference,
                     MG_OUTCOME_REFUSED);
    }
    return true;
}

/* Policy drop oldest: removes user messages from the old end until the bound holds. */
static MG_COLD void deliver_drop_oldest(struct mg_core *core, struct mg_actor *actor)
{
    struct over over = {.core = core, .actor = actor};
    mg_actor_bound(actor, &over.bound);
    mg_mailbox_settle(&actor->mailbox, true);
    /* R3 relaxed: as in over_match(). Pairs with R1 in mg_mailbox_reserve(). */
    uint64_t room = load_relaxed(&actor->mailbox.room);
    if (mg_room_messages(room) > over.bound.messages || mg_room_bytes(room) > over.bound.bytes)
        mg_mailbox_discard(&actor->mailbox, over_match, &over, &core->s.blocks);
}

static uint32_t deliver_message(struct mg_core *core, struct mg_actor *actor,
                                struct mg_signal *signal)
{
    (void)core;
    mg_mailbox_append(&actor->mailbox, signal);
    return MG_WAKE_MAIL;
}

static uint32_t deliver_request(struct mg_core *core, struct mg_actor *actor,
                                struct mg_signal *signal)
{
    if (!actor->behaviour->raw)
        mg_bonds_put(&mg_actor_side(actor)->debts, signal->reference,
                     mg_request_asker(signal->sender, signal->reference));
    return deliver_message(core, actor, signal);
}

/* -- Requests -- */

/* A pending request of this actor is settled: by this signal if it carries something, else by its
 * detail. */
static uint32_t deliver_reply(struct mg_core *core, struct mg_actor *actor,
                              struct mg_signal *signal)
{
    uint64_t value;
    struct mg_actor_side *side = actor->side;
    if (actor->behaviour->raw)
        return deliver_message(core, actor, signal);
    if (side == NULL || !mg_bonds_get(&side->requests, signal->reference, &value) ||
        (value & MG_REQUEST_TAG_MASK) != MG_REQUEST_PENDING) {
        mg_reply_lost(core, mg_actor_pid(actor), signal, 0); // late, or the second one
        return 0;
    }
    mg_pid asked = value >> 3;
    if (signal->sender != asked)
        mg_core_tell(core, asked, MG_SIGNAL_SETTLED, mg_actor_pid(actor), signal->reference, 0);
    uint64_t settled = (uint64_t)(uintptr_t)signal;
    ASSERT((settled & MG_REQUEST_TAG_MASK) == MG_REQUEST_SIGNAL);
    mg_bonds_put(&side->requests, signal->reference, settled);
    if (MG_UNLIKELY(side->choice != NULL) && signal->detail != MG_OUTCOME_VALUE)
        mg_choice_failed(core, actor, signal->reference);
    return MG_WAKE_REPLY;
}

static uint32_t deliver_settled(struct mg_core *core, struct mg_actor *actor,
                                struct mg_signal *signal)
{
    if (actor->behaviour->raw)
        return deliver_message(core, actor, signal);
    if (actor->side != NULL)
        mg_bonds_remove(&actor->side->debts, signal->reference, NULL);
    deliver_free(core, signal);
    return 0;
}

/* What only keepers understand. */
static uint32_t deliver_raw(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    if (actor->behaviour->raw)
        return deliver_message(core, actor, signal);
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_offer(struct mg_core *core, struct mg_actor *actor,
                              struct mg_signal *signal)
{
    mg_choice_offered(core, actor, signal);
    return 0;
}

static uint32_t deliver_retract(struct mg_core *core, struct mg_actor *actor,
                                struct mg_signal *signal)
{
    mg_choice_retracted(core, actor, signal);
    return MG_WAKE_REPLY; // one whose time is over goes on
}

/* -- Exits -- */

/* The actor is to end with this reason, after unwinding if its behaviour does that. `within`:
 * nanoseconds for it, negative for no limit, nil for the actor's own limit. */
static uint32_t deliver_pending(struct mg_core *core, struct mg_actor *actor, uint32_t reason,
                                mg_pid origin, mg_value within)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    side->exit_reason = reason;
    side->exit_origin = origin;
    actor->flags |= MG_ACTOR_EXIT_PENDING;
    actor->flags &= (uint16_t)~MG_ACTOR_SUSPENDED;
    bool limited = !mg_is_small(within) || mg_small_value(within) >= 0;
    if (actor->behaviour->unwinds && limited) {
        uint64_t limit_ns =
            mg_is_small(within) ? (uint64_t)mg_small_value(within) : side->shutdown_ns;
        struct mg_signal *kill = mg_signal_new(&core->s.blocks, MG_SIGNAL_KILL, 0);
        side->kill_timer =
            mg_timer_start(&core->s, core->s.now_ns + limit_ns, mg_actor_pid(actor), kill);
    }
    return MG_WAKE_EXIT;
}

/* An exit that came along a link: whether the link was active. It is gone now. */
static bool deliver_unlinked(struct mg_actor *actor, mg_pid other)
{
    uint64_t value;
    struct mg_actor_side *side = actor->side;
    if (side == NULL || !mg_bonds_get(&side->links, other, &value))
        return false;
    mg_bonds_remove(&side->links, other, NULL);
    return value == 1;
}

static uint32_t deliver_exit(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    struct mg_sched *sched = core->s.sched;
    bool linked = (signal->detail & MG_EXIT_LINK) != 0;
    bool normal = signal->selector == mg_sched_reason(sched, MG_REASON_NORMAL);
    bool traps = (actor->flags & MG_ACTOR_TRAPS) && !(signal->detail & MG_EXIT_FIRM);
    bool counts = !linked || (deliver_unlinked(actor, signal->sender) && !normal);
    mg_value within = signal->flags & MG_SIGNAL_CONTROL ? MG_NIL : signal->payload;
    if (counts && traps) {
        if (within != MG_NIL)
            signal->payload = MG_NIL;
        if (!linked) {
            /* It never waits for room, but counts: see exit_is_flood() in exit.c. */
            mg_mailbox_reserve_exempt(&actor->mailbox, mg_room(1, mg_signal_bytes(signal)));
            signal->flags |= MG_SIGNAL_CHARGED;
        }
        return deliver_message(core, actor, signal);
    }
    uint32_t woke = 0;
    uint16_t ending = MG_ACTOR_EXIT_PENDING | MG_ACTOR_KILLED | MG_ACTOR_ENDING;
    if (counts && !normal && !(actor->flags & ending)) {
        uint32_t reason = linked ? mg_sched_reason(sched, MG_REASON_LINKED) : signal->selector;
        mg_pid origin = signal->reference != MG_PID_NONE ? signal->reference : signal->sender;
        woke = deliver_pending(core, actor, reason, origin, within);
    }
    deliver_free(core, signal);
    return woke;
}

static uint32_t deliver_kill(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    /* An exit that stood before it counts, unless the actor still unwinds. */
    bool ends = (actor->flags & MG_ACTOR_EXIT_PENDING) && !actor->behaviour->unwinds;
    if (!ends && !(actor->flags & MG_ACTOR_KILLED)) {
        struct mg_actor_side *side = mg_actor_side(actor);
        side->exit_reason = signal->selector != 0
                                ? signal->selector
                                : mg_sched_reason(core->s.sched, MG_REASON_KILLED);
        side->exit_origin = signal->reference != MG_PID_NONE ? signal->reference : signal->sender;
        actor->flags |= MG_ACTOR_KILLED;
    }
    deliver_free(core, signal);
    return MG_WAKE_KILL;
}

/* -- Links and monitors -- */

static uint32_t deliver_link(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    uint64_t value;
    struct mg_actor_side *side = mg_actor_side(actor);
    /* While our unlink waits for its ack, a link that crossed it is void: the other side drops it
     * when it handles our unlink. */
    if (!mg_bonds_get(&side->links, signal->sender, &value))
        mg_bonds_put(&side->links, signal->sender, 1);
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_unlink(struct mg_core *core, struct mg_actor *actor,
                               struct mg_signal *signal)
{
    uint64_t value;
    struct mg_actor_side *side = actor->side;
    if (side != NULL && mg_bonds_get(&side->links, signal->sender, &value) && value == 1)
        mg_bonds_remove(&side->links, signal->sender, NULL);
    mg_core_tell(core, signal->sender, MG_SIGNAL_UNLINK_ACK, mg_actor_pid(actor), signal->reference,
                 0);
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_unlink_ack(struct mg_core *core, struct mg_actor *actor,
                                   struct mg_signal *signal)
{
    uint64_t value;
    struct mg_actor_side *side = actor->side;
    if (side != NULL && mg_bonds_get(&side->links, signal->sender, &value) &&
        value == signal->reference << 1)
        mg_bonds_remove(&side->links, signal->sender, NULL);
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_monitor(struct mg_core *core, struct mg_actor *actor,
                                struct mg_signal *signal)
{
    mg_bonds_put(&mg_actor_side(actor)->watchers, signal->reference,
                 signal->sender << 1 | (signal->detail & MG_MONITOR_WAIT));
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_demonitor(struct mg_core *core, struct mg_actor *actor,
                                  struct mg_signal *signal)
{
    if (actor->side != NULL)
        mg_bonds_remove(&actor->side->watchers, signal->reference, NULL);
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_down(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    struct mg_actor_side *side = actor->side;
    uint64_t value;
    if (side != NULL && (signal->detail & MG_MONITOR_WAIT)) {
        bool pending = mg_bonds_get(&side->requests, signal->reference, &value) &&
                       (value & MG_REQUEST_TAG_MASK) == MG_REQUEST_WAIT;
        if (pending)
            mg_request_settle(actor, signal->reference, MG_OUTCOME_ENDED);
        deliver_free(core, signal);
        return pending ? MG_WAKE_REPLY : 0;
    }
    if (side != NULL && mg_bonds_remove(&side->watching, signal->reference, NULL))
        return deliver_message(core, actor, signal);
    deliver_free(core, signal);
    return 0;
}

/* -- The rest -- */

static uint32_t deliver_order(struct mg_core *core, struct mg_actor *actor,
                              struct mg_signal *signal)
{
    struct mg_scheduler *s = &core->s;
    uint64_t argument = signal->reference;
    switch ((enum mg_order)signal->detail) {
    case MG_ORDER_LINK:
        mg_actor_link(actor, s, argument, NULL);
        break;
    case MG_ORDER_UNLINK:
        mg_actor_unlink(actor, s, argument);
        break;
    case MG_ORDER_MONITOR:
        mg_actor_monitor_as(actor, s, (mg_pid)mg_small_value(signal->payload), NULL, argument);
        break;
    case MG_ORDER_DEMONITOR:
        mg_actor_demonitor(actor, s, argument, false);
        break;
    case MG_ORDER_TRAP:
        mg_actor_set_trap(actor, argument != 0);
        break;
    case MG_ORDER_SUSPEND:
        if (!(actor->flags & (MG_ACTOR_EXIT_PENDING | MG_ACTOR_ENDING)))
            actor->flags |= MG_ACTOR_SUSPENDED;
        break;
    case MG_ORDER_RESUME:
        actor->flags &= (uint16_t)~MG_ACTOR_SUSPENDED;
        break;
    }
    deliver_free(core, signal);
    return 0;
}

static uint32_t deliver_expiry(struct mg_core *core, struct mg_actor *actor,
                               struct mg_signal *signal)
{
    (void)actor;
    deliver_free(core, signal);
    return MG_WAKE_TIME;
}

static uint32_t deliver_room(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    (void)actor;
    deliver_free(core, signal);
    return MG_WAKE_ROOM;
}

static uint32_t deliver_inspect(struct mg_core *core, struct mg_actor *actor,
                                struct mg_signal *signal)
{
    if (signal->detail == MG_INSPECT_WAITS) {
        mg_waits_answer(core, actor, signal);
        return 0;
    }
    if (actor->behaviour->inspect != NULL) {
        actor->behaviour->inspect(actor, &core->s, signal);
        return 0;
    }
    mg_core_tell(core, signal->sender, MG_SIGNAL_REPLY, mg_actor_pid(actor), signal->reference,
                 MG_OUTCOME_REFUSED);
    deliver_free(core, signal);
    return 0;
}

static const deliver_handler handlers[MG_SIGNAL_KINDS] = {
    [MG_SIGNAL_MESSAGE] = deliver_message,
    [MG_SIGNAL_REQUEST] = deliver_request,
    [MG_SIGNAL_REPLY] = deliver_reply,
    [MG_SIGNAL_SETTLED] = deliver_settled,
    [MG_SIGNAL_EXIT] = deliver_exit,
    [MG_SIGNAL_KILL] = deliver_kill,
    [MG_SIGNAL_LINK] = deliver_link,
    [MG_SIGNAL_UNLINK] = deliver_unlink,
    [MG_SIGNAL_UNLINK_ACK] = deliver_unlink_ack,
    [MG_SIGNAL_MONITOR] = deliver_monitor,
    [MG_SIGNAL_DEMONITOR] = deliver_demonitor,
    [MG_SIGNAL_DOWN] = deliver_down,
    [MG_SIGNAL_ORDER] = deliver_order,
    [MG_SIGNAL_EXPIRY] = deliver_expiry,
    [MG_SIGNAL_ROOM] = deliver_room,
    [MG_SIGNAL_INSPECT] = deliver_inspect,
    [MG_SIGNAL_RETURNED] = deliver_raw,
    [MG_SIGNAL_UNHELD] = deliver_raw,
    [MG_SIGNAL_OFFER] = deliver_offer,
    [MG_SIGNAL_ACCEPT] = deliver_raw,
    [MG_SIGNAL_RETRACT] = deliver_retract,
    [MG_SIGNAL_CREDIT] = mg_credit_deliver,
};

uint32_t mg_actor_drain(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_core *core = mg_core_of(s);
    struct mg_signal *last;
    struct mg_signal *signal = mg_queue_take(&actor->mailbox.queue, DRAIN_MAX, &last);
    uint32_t woke = 0;
    while (signal != NULL) {
        /* L1 relaxed: the list was handed over by the queue. Pairs with L2 in
         * mailbox_set_next(). */
        struct mg_signal *next = load_relaxed(&signal->next);
        s->reductions -= 1;
        if (MG_LIKELY(signal->kind == MG_SIGNAL_MESSAGE)) {
            mg_mailbox_append(&actor->mailbox, signal);
            woke |= MG_WAKE_MAIL;
        } else {
            woke |= handlers[signal->kind](core, actor, signal);
        }
        signal = next;
    }
    if (MG_UNLIKELY(actor->birth & MG_BIRTH_BOUND)) {
        /* Z3 relaxed: a figure, what senders may fill depends on it. Pairs with Z5 in
         * mg_actor_bound(). */
        store_relaxed(&actor->control->heap_bytes, mg_heap_bytes(&actor->heap));
    }
    if (MG_UNLIKELY(actor->side != NULL) && actor->side->choice != NULL)
        mg_choice_drained(core, actor);
    if (MG_UNLIKELY(actor->birth & MG_BIRTH_EXACT) && (woke & MG_WAKE_MAIL) &&
        actor->side->mailbox_policy == MG_MAILBOX_DROP_OLDEST)
        deliver_drop_oldest(core, actor);
    if (MG_UNLIKELY(actor->flags & MG_ACTOR_CREDITOR))
        mg_credit_serve(core, actor);
    actor->woken_by |= (uint8_t)woke;
    return woke;
}
