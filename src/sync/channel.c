/* SPDX-License-Identifier: MIT */
/* A channel: values go in order from senders to receivers, each to exactly one.
 *
 *      senders   waiting, oldest first ──┐
 *      values    stored, oldest first ───┼──> receivers   waiting, oldest first
 *      asked     parties to a match that somebody has yet to agree to
 *
 * A value is copied once, when it is sent; the signal that brought it is what is stored, and
 * becomes the reply that takes it to its receiver. A reply that finds no receiver any more comes
 * back and goes to where it was: its mark tells its place.
 *
 * Plain sends and receives are matched at once. A party to a `select:` (a chooser) may be taken by
 * another channel at the same time, so it is asked first (OFFER), and what it would be matched with
 * is kept for it meanwhile. When both are choosers, the one with the lower pid is asked first, so
 * that waiting for each other never goes in a circle (sched/choice.c).
 *
 *      kept for an asked party          in case it agrees            in case it does not
 *      receiver: a stored value         it gets the value            it goes back to the front
 *      receiver: a sender (partner)     the value changes hands      both go back to the front
 *      receiver: the channel is closed  it gets nil                  -
 *      sender:   a free place           the value is stored          the place is free again
 *
 * H1  While a receiver waits, idle, no value is stored, and no idle sender waits unless both belong
 *     to one choice.
 * H2  values + reserved places never exceed the capacity, but for values that came back.
 *     With values of MG_LIMIT_MAILBOX_BYTES or more stored no place is free.
 * H3  A waiter's stage is IDLE exactly while it stands in `senders` or `receivers`.
 *
 * Threads and memory: keeper.h.
 */
#include "base/limits.h"
#include "sync/sync.h"

enum stage { STAGE_IDLE, STAGE_PAIRED, STAGE_ASKED, STAGE_AGREED };

struct channel {
    uint64_t capacity;
    uint64_t size;          /* values stored */
    uint64_t bytes;         /* of them */
    uint64_t reserved;      /* places kept for asked senders */
    struct mg_signal *head; /* of the values, linked through fragment.next, by rising mark */
    struct mg_signal *tail;
    struct mg_waiters senders, receivers, asked;
    uint32_t mark;   /* of the last value */
    uint32_t serial; /* of the last offer */
    bool closed;
};

/* -- Stored values -- */

static struct mg_signal *value_next(const struct mg_signal *value)
{
    return (struct mg_signal *)value->fragment.next;
}

/* Whether mark a is older than b; marks wrap. */
static bool mark_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* Puts a value to its place by its mark: nearly always the end, or the front for one that came
 * back. */
static void values_put(struct channel *channel, struct mg_signal *value)
{
    struct mg_signal *before = channel->tail;
    if (before != NULL && mark_before(value->selector, before->selector)) {
        before = NULL;
        struct mg_signal *at = channel->head;
        while (at != NULL && mark_before(at->selector, value->selector)) {
            before = at;
            at = value_next(at);
        }
    }
    struct mg_signal *after = before != NULL ? value_next(before) : channel->head;
    value->fragment.next = (struct mg_fragment *)after;
    if (before != NULL)
        before->fragment.next = (struct mg_fragment *)value;
    else
        channel->head = value;
    if (after == NULL)
        channel->tail = value;
    channel->size++;
    channel->bytes += mg_signal_bytes(value);
}

static struct mg_signal *values_take(struct channel *channel)
{
    struct mg_signal *value = channel->head;
    channel->head = value_next(value);
    if (channel->head == NULL)
        channel->tail = NULL;
    value->fragment.next = NULL;
    channel->size--;
    channel->bytes -= mg_signal_bytes(value);
    return value;
}

/* The request of a send becomes a value, and its sender is told. */
static struct mg_signal *value_of(struct mg_actor *actor, struct mg_scheduler *s,
                                  struct mg_signal *request)
{
    struct channel *channel = mg_keeper_state(actor);
    struct mg_signal *value = mg_keeper_keep(actor, s, request, MG_NIL);
    value->selector = ++channel->mark;
    return value;
}

/* -- Parties -- */

static bool is_chooser(const struct mg_waiter *waiter)
{
    return waiter->request->detail >= MG_SYNC_CHOOSE_SEND;
}

/* Whether it is served at once or not at all. Being asked may take a moment; that is at once. */
static bool is_now(const struct mg_waiter *waiter)
{
    uint16_t operation = waiter->request->detail;
    return operation == MG_SYNC_TRY_SEND || operation == MG_SYNC_TRY_RECEIVE ||
           operation >= MG_SYNC_NOW_SEND;
}

static bool is_sender(const struct mg_waiter *waiter)
{
    uint16_t operation = waiter->request->detail;
    return operation == MG_SYNC_SEND || operation == MG_SYNC_TRY_SEND ||
           operation == MG_SYNC_CHOOSE_SEND || operation == MG_SYNC_NOW_SEND;
}

static struct mg_waiters *idle_list(struct channel *channel, const struct mg_waiter *waiter)
{
    return is_sender(waiter) ? &channel->senders : &channel->receivers;
}

static void party_set_aside(struct channel *channel, struct mg_waiter *waiter)
{
    waiter->stage = STAGE_PAIRED;
    mg_waiters_move(idle_list(channel, waiter), &channel->asked, waiter, false);
}

static void party_back(struct channel *channel, struct mg_waiter *waiter)
{
    waiter->stage = STAGE_IDLE;
    waiter->partner = NULL;
    mg_waiters_move(&channel->asked, idle_list(channel, waiter), waiter, true);
}

static void party_ask(struct mg_actor *actor, struct mg_scheduler *s, struct mg_waiter *waiter)
{
    struct channel *channel = mg_keeper_state(actor);
    waiter->stage = STAGE_ASKED;
    waiter->serial = ++channel->serial;
    mg_keeper_tell(actor, s, waiter->request, MG_SIGNAL_OFFER, waiter->serial);
}

/* -- Matching -- */

static void give(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                 struct mg_signal *value)
{
    mg_keeper_give(actor, s, request, value, MG_SIGNAL_RETURN, value->selector);
}

/* A receiver gets what a sender has; both are taken out of their lists. */
static void hand_over(struct mg_actor *actor, struct mg_scheduler *s, struct mg_waiters *from,
                      struct mg_waiter *sender, struct mg_waiters *to, struct mg_waiter *receiver)
{
    struct mg_signal *value = value_of(actor, s, mg_waiters_take(from, s, sender));
    give(actor, s, mg_waiters_take(to, s, receiver), value);
}

/* The first idle sender that may be matched with this receiver: not one of its own choice. */
static struct mg_waiter *sender_for(const struct channel *channel, const struct mg_waiter *receiver)
{
    struct mg_waiter *sender = channel->senders.first;
    while (sender != NULL && sender->request->sender == receiver->request->sender)
        sender = sender->next;
    return sender;
}

/* Two parties of which one at least is a chooser: who must agree is asked, the lower pid first. */
static void pair(struct mg_actor *actor, struct mg_scheduler *s, struct mg_waiter *sender,
                 struct mg_waiter *receiver)
{
    struct channel *channel = mg_keeper_state(actor);
    party_set_aside(channel, sender);
    party_set_aside(channel, receiver);
    sender->partner = receiver;
    receiver->partner = sender;
    bool sender_first = !is_chooser(receiver) ||
                        (is_chooser(sender) && sender->request->sender < receiver->request->sender);
    party_ask(actor, s, sender_first ? sender : receiver);
}

/* Serves the oldest idle receiver; false when there is nothing for it. */
static bool serve_receiver(struct mg_actor *actor, struct mg_scheduler *s,
                           struct mg_waiter *receiver)
{
    struct channel *channel = mg_keeper_state(actor);
    struct mg_waiter *sender = NULL;
    if (channel->head != NULL) {
        struct mg_signal *value = values_take(channel);
        if (!is_chooser(receiver)) {
            give(actor, s, mg_waiters_take(&channel->receivers, s, receiver), value);
            return true;
        }
        receiver->value = value;
    } else if ((sender = sender_for(channel, receiver)) != NULL) {
        if (is_chooser(sender) || is_chooser(receiver))
            pair(actor, s, sender, receiver);
        else
            hand_over(actor, s, &channel->senders, sender, &channel->receivers, receiver);
        return true;
    } else if (!channel->closed) {
        return false;
    } else if (!is_chooser(receiver)) {
        mg_keeper_fail(actor, s, mg_waiters_take(&channel->receivers, s, receiver),
                       MG_SYNC_ECLOSED);
        return true;
    }
    party_set_aside(channel, receiver);
    party_ask(actor, s, receiver);
    return true;
}

static bool has_free_place(const struct channel *channel)
{
    return channel->size + channel->reserved < channel->capacity &&
           channel->bytes < MG_LIMIT_MAILBOX_BYTES;
}

/* Moves waiting senders into free places. */
static bool fill(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct channel *channel = mg_keeper_state(actor);
    bool any = false;
    while (!channel->closed && channel->senders.first != NULL && has_free_place(channel)) {
        struct mg_waiter *sender = channel->senders.first;
        if (is_chooser(sender)) {
            channel->reserved++;
            party_set_aside(channel, sender);
            party_ask(actor, s, sender);
        } else {
            values_put(channel, value_of(actor, s, mg_waiters_take(&channel->senders, s, sender)));
            any = true;
        }
    }
    return any;
}

/* Matches all that can be matched. A receiver for which there is only a sender of its own choice is
 * passed over (H1). */
static void match(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct channel *channel = mg_keeper_state(actor);
    do {
        struct mg_waiter *receiver = channel->receivers.first;
        while (receiver != NULL) {
            struct mg_waiter *next = receiver->next;
            bool own_only = channel->head == NULL && !channel->closed &&
                            channel->senders.first != NULL && sender_for(channel, receiver) == NULL;
            if (own_only)
                receiver = next;
            else if (serve_receiver(actor, s, receiver))
                receiver = channel->receivers.first;
            else
                break;
        }
    } while (fill(actor, s));
}

/* -- Agreement -- */

/* What was kept for a party that does not agree, or is not there any more, is free again. */
static void release_kept(struct mg_actor *actor, struct mg_scheduler *s, struct mg_waiter *waiter)
{
    struct channel *channel = mg_keeper_state(actor);
    struct mg_waiter *partner = waiter->partner;
    if (waiter->value != NULL) {
        values_put(channel, waiter->value);
        waiter->value = NULL;
    } else if (partner != NULL) {
        bool told = partner->stage == STAGE_ASKED || partner->stage == STAGE_AGREED;
        if (told)
            mg_keeper_tell(actor, s, partner->request, MG_SIGNAL_RETRACT, partner->serial);
        party_back(channel, partner);
    } else if (is_sender(waiter)) {
        channel->reserved--;
    }
}

/* A party without a partner has agreed. */
static void conclude_alone(struct mg_actor *actor, struct mg_scheduler *s, struct mg_waiter *waiter)
{
    struct channel *channel = mg_keeper_state(actor);
    struct mg_signal *value = waiter->value;
    bool sends = is_sender(waiter);
    struct mg_signal *request = mg_waiters_take(&channel->asked, s, waiter);
    if (!sends && value != NULL) {
        give(actor, s, request, value);
    } else if (!sends) {
        mg_keeper_answer(actor, s, request, MG_NIL, 0); // closed
    } else {
        channel->reserved--;
        if (channel->closed)
            mg_keeper_fail(actor, s, request, MG_SYNC_ECLOSED);
        else
            values_put(channel, value_of(actor, s, request));
    }
}

static void channel_accepted(struct mg_actor *actor, struct mg_scheduler *s,
                             struct mg_signal *signal)
{
    struct channel *channel = mg_keeper_state(actor);
    struct mg_waiter *waiter = mg_waiters_find(&channel->asked, signal->reference);
    bool current =
        waiter != NULL && waiter->stage == STAGE_ASKED && waiter->serial == signal->selector;
    mg_signal_free(signal, mg_scheduler_blocks(s));
    if (!current)
        return; // it answers an offer that was retracted
    waiter->stage = STAGE_AGREED;
    struct mg_waiter *partner = waiter->partner;
    if (partner == NULL) {
        conclude_alone(actor, s, waiter);
    } else if (is_chooser(partner) && partner->stage != STAGE_AGREED) {
        party_ask(actor, s, partner);
        return;
    } else {
        struct mg_waiter *sender = is_sender(waiter) ? waiter : partner;
        hand_over(actor, s, &channel->asked, sender, &channel->asked, sender->partner);
    }
    match(actor, s);
}

/* A chooser that wanted to be served at once and is still idle is not. */
static void refuse_now(struct mg_actor *actor, struct mg_scheduler *s, struct mg_waiters *list)
{
    struct mg_waiter *waiter = list->first;
    while (waiter != NULL) {
        struct mg_waiter *next = waiter->next;
        if (is_now(waiter))
            mg_keeper_fail(actor, s, mg_waiters_take(list, s, waiter), MG_SYNC_EBUSY);
        waiter = next;
    }
}

static void channel_settled(struct mg_actor *actor, struct mg_scheduler *s,
                            struct mg_signal *signal)
{
    struct channel *channel = mg_keeper_state(actor);
    struct mg_waiters *lists[] = {&channel->receivers, &channel->senders, &channel->asked};
    uint64_t reference = signal->reference;
    mg_signal_free(signal, mg_scheduler_blocks(s));
    for (uint32_t i = 0; i < MG_ARRAY_LEN(lists); i++) {
        struct mg_waiter *waiter = mg_waiters_find(lists[i], reference);
        if (waiter == NULL)
            continue;
        bool asked = waiter->stage != STAGE_IDLE;
        bool partner_now = asked && waiter->partner != NULL && is_now(waiter->partner);
        if (asked)
            release_kept(actor, s, waiter);
        mg_signal_free(mg_waiters_take(lists[i], s, waiter), mg_scheduler_blocks(s));
        if (asked)
            match(actor, s);
        if (partner_now) {
            refuse_now(actor, s, &channel->senders);
            refuse_now(actor, s, &channel->receivers);
        }
        return;
    }
}

/* -- Requests -- */

/* Adds a party and matches; what cannot wait is refused. */
static void channel_enter(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                          struct mg_waiters *list)
{
    uint64_t reference = request->reference;
    bool now = is_now(mg_waiters_add(list, s, request));
    match(actor, s);
    struct mg_waiter *waiter = now ? mg_waiters_find(list, reference) : NULL;
    if (waiter != NULL)
        mg_keeper_fail(actor, s, mg_waiters_take(list, s, waiter), MG_SYNC_EBUSY);
}

static void channel_close(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct channel *channel = mg_keeper_state(actor);
    channel->closed = true;
    struct mg_signal *request;
    while ((request = mg_waiters_take_first(&channel->senders, s)) != NULL)
        mg_keeper_fail(actor, s, request, MG_SYNC_ECLOSED);
    match(actor, s);
}

static void channel_request(struct mg_actor *actor, struct mg_scheduler *s,
                            struct mg_signal *request)
{
    struct channel *channel = mg_keeper_state(actor);
    switch (request->detail) {
    case MG_SYNC_SEND:
    case MG_SYNC_TRY_SEND:
    case MG_SYNC_CHOOSE_SEND:
    case MG_SYNC_NOW_SEND:
        if (channel->closed)
            mg_keeper_fail(actor, s, request, MG_SYNC_ECLOSED);
        else
            channel_enter(actor, s, request, &channel->senders);
        break;
    case MG_SYNC_RECEIVE:
    case MG_SYNC_TRY_RECEIVE:
    case MG_SYNC_CHOOSE_RECEIVE:
    case MG_SYNC_NOW_RECEIVE:
        channel_enter(actor, s, request, &channel->receivers);
        break;
    case MG_SYNC_CLOSE:
        mg_keeper_answer(actor, s, request, MG_NIL, 0);
        channel_close(actor, s);
        break;
    case MG_SYNC_STATUS:
        mg_keeper_answer(
            actor, s, request,
            mg_small((int64_t)channel->size << 2 | (channel->size == 0) << 1 | channel->closed), 0);
        break;
    case MG_SYNC_CAPACITY:
        mg_keeper_answer(actor, s, request, mg_small((int64_t)channel->capacity), 0);
        break;
    default:
        mg_keeper_fail(actor, s, request, MG_SYNC_EUNKNOWN);
        break;
    }
}

static bool channel_handle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    switch (signal->kind) {
    case MG_SIGNAL_REQUEST:
    case MG_SIGNAL_MESSAGE:
        channel_request(actor, s, signal);
        return false;
    case MG_SIGNAL_SETTLED:
        channel_settled(actor, s, signal);
        return false;
    case MG_SIGNAL_ACCEPT:
        channel_accepted(actor, s, signal);
        return false;
    case MG_SIGNAL_RETURNED:
        values_put(mg_keeper_state(actor), signal);
        match(actor, s);
        return false;
    default:
        mg_signal_free(signal, mg_scheduler_blocks(s));
        return mg_keeper_is_unheld(actor);
    }
}

static enum mg_turn channel_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    return mg_keeper_run(actor, s, channel_handle, NULL);
}

static void channel_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct channel *channel = mg_keeper_state(actor);
    for (struct mg_waiter *waiter = channel->asked.first; waiter != NULL; waiter = waiter->next) {
        if (waiter->value != NULL)
            mg_signal_free(waiter->value, mg_scheduler_blocks(s));
    }
    mg_waiters_drop(&channel->asked, s);
    mg_waiters_drop(&channel->senders, s);
    mg_waiters_drop(&channel->receivers, s);
    while (channel->head != NULL)
        mg_signal_free(values_take(channel), mg_scheduler_blocks(s));
}

static const struct mg_behaviour channel_behaviour = {
    .name = "channel",
    .start = mg_keeper_start,
    .run = channel_run,
    .deinit = channel_deinit,
    .waits = mg_keeper_waits_for_none,
    .raw = true,
};

struct mg_actor *mg_channel_new(struct mg_scheduler *s, uint64_t capacity)
{
    ASSERT(capacity <= MG_CHANNEL_MAX);
    struct channel channel = {.capacity = capacity};
    return mg_keeper_new(s, &channel_behaviour, &channel, sizeof channel, MG_NO_DEADLINE);
}
