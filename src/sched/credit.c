/* SPDX-License-Identifier: MIT */
/* Credit on both sides: see credit.h. */
#include "sched/credit.h"

#include "object/control.h"
#include "sched/internal.h"

/* -- The asker's side -- */

/* Entries of receivers that have ended go, a few at each request, so the table cannot grow. */
static void credits_probe(struct mg_core *core, struct mg_actor_side *side)
{
    enum { PROBES = 4 };
    for (uint32_t i = 0; i < PROBES && side->credits.count != 0; i++) {
        uint64_t pid, room;
        uint32_t position = side->credit_probe++ % side->credits.count;
        if (mg_bonds_at(&side->credits, position, &pid, &room) &&
            mg_sched_find(core->s.sched, pid) == NULL)
            mg_bonds_remove(&side->credits, pid, NULL);
    }
}

enum mg_credit_answer mg_credit_ask(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to,
                                    uint64_t messages, uint64_t bytes, uint32_t selector)
{
    struct mg_core *core = mg_core_of(s);
    struct mg_actor_side *side = mg_actor_side(actor);
    uint64_t open;
    if (mg_bonds_get(&side->asked, to, &open))
        return MG_CREDIT_OPEN;
    credits_probe(core, side);
    uint64_t most = MG_ROOM_MESSAGES_MAX / 4, most_bytes = UINT64_C(1) << (MG_ROOM_BYTE_BITS - 2);
    struct mg_signal *signal = mg_signal_new(&s->blocks, MG_SIGNAL_CREDIT, 0);
    signal->sender = mg_actor_pid(actor);
    signal->selector = selector;
    signal->detail = MG_CREDIT_ASK;
    signal->reference =
        mg_room(messages < most ? messages : most, bytes < most_bytes ? bytes : most_bytes);
    mg_bonds_put(&side->asked, to, 1);
    if (mg_post_pid(s, to, signal))
        return MG_CREDIT_SENT;
    mg_bonds_remove(&side->asked, to, NULL);
    return MG_CREDIT_DEAD;
}

uint64_t mg_credit_left(const struct mg_actor *actor, mg_pid to)
{
    uint64_t room;
    bool some = actor->side != NULL && mg_bonds_get(&actor->side->credits, to, &room);
    return some ? mg_room_messages(room) : 0;
}

void mg_credit_return(struct mg_core *core, mg_pid from, mg_pid to, uint64_t room)
{
    if (room != 0)
        (void)mg_core_tell(core, to, MG_SIGNAL_CREDIT, from, room, MG_CREDIT_RETURN);
}

bool mg_credit_spend(struct mg_actor *actor, struct mg_scheduler *s, struct mg_actor *to,
                     uint64_t bytes)
{
    struct mg_actor_side *side = actor->side;
    uint64_t room, one = mg_room(1, bytes);
    mg_pid pid = mg_actor_pid(to);
    if (!mg_bonds_get(&side->credits, pid, &room) || mg_room_messages(room) == 0 ||
        mg_room_bytes(room) < mg_room_bytes(one))
        return false;
    room -= one;
    if (mg_room_messages(room) != 0) {
        mg_bonds_put(&side->credits, pid, room);
    } else {
        mg_bonds_remove(&side->credits, pid, NULL);
        mg_credit_return(mg_core_of(s), mg_actor_pid(actor), pid, room);
        if (side->credits.count == 0)
            actor->flags &= (uint16_t)~MG_ACTOR_CREDITED;
    }
    s->reductions -= MG_COST_SEND;
    return true;
}

/* A grant has come: from now on there is credit, and the message that tells so is mail. */
static uint32_t credit_granted(struct mg_core *core, struct mg_actor *actor,
                               struct mg_signal *signal)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    uint64_t room = signal->reference, before = 0;
    if (!mg_bonds_remove(&side->asked, signal->sender, NULL)) {
        mg_credit_return(core, mg_actor_pid(actor), signal->sender, room);
        mg_signal_free(signal, &core->s.blocks);
        return 0;
    }
    if (room != 0) {
        (void)mg_bonds_get(&side->credits, signal->sender, &before);
        mg_bonds_put(&side->credits, signal->sender, before + room);
        actor->flags |= MG_ACTOR_CREDITED;
    }
    signal->kind = MG_SIGNAL_MESSAGE;
    signal->reference = 0;
    mg_mailbox_append(&actor->mailbox, signal);
    return MG_WAKE_MAIL;
}

/* -- The receiver's side -- */

/* Answers a request; frees it. */
static void credit_grant(struct mg_core *core, struct mg_actor *actor, struct mg_signal *ask,
                         uint64_t room)
{
    const mg_value values[] = {MG_NIL, mg_small((int64_t)mg_room_messages(room))};
    struct mg_signal *grant =
        mg_signal_report(core, MG_SIGNAL_CREDIT, actor->control, values, 2, 0);
    grant->sender = mg_actor_pid(actor);
    grant->selector = ask->selector;
    grant->detail = MG_CREDIT_GRANT;
    grant->reference = room;
    if (!mg_post_pid(&core->s, ask->sender, grant) && room != 0)
        mg_mailbox_unreserve(&actor->mailbox, room);
    mg_signal_free(ask, &core->s.blocks);
}

static struct mg_signal *credit_pop(struct mg_actor_side *side)
{
    struct mg_signal *ask = side->credit_first;
    /* L1 relaxed: the list is the owner's alone. Pairs with L2 in credit_queue(). */
    side->credit_first = load_relaxed(&ask->next);
    if (side->credit_first == NULL)
        side->credit_last = NULL;
    return ask;
}

static void credit_queue(struct mg_actor *actor, struct mg_signal *ask)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    /* L2 relaxed: the list is the owner's alone. Pairs with L1 in credit_pop(). */
    store_relaxed(&ask->next, (struct mg_signal *)NULL);
    if (side->credit_last != NULL)
        store_relaxed(&side->credit_last->next, ask); // L2 relaxed: as above. Pairs with L1 in
                                                      // credit_pop().
    else
        side->credit_first = ask;
    side->credit_last = ask;
    actor->flags |= MG_ACTOR_CREDITOR;
}

/* What is asked for, cut to half of what the mailbox may hold. */
static uint64_t credit_cut(uint64_t room, const struct mg_mailbox_bound *bound)
{
    uint64_t messages = mg_room_messages(room), bytes = mg_room_bytes(room);
    uint64_t most = bound->messages / 2, most_bytes = bound->bytes / 2;
    messages = messages > most ? most : messages;
    bytes = bytes > most_bytes ? most_bytes : bytes;
    return mg_room(messages != 0 ? messages : 1, bytes);
}

void mg_credit_serve(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_actor_side *side = actor->side;
    struct mg_mailbox_bound bound;
    uint64_t before;
    mg_mailbox_settle(&actor->mailbox, true);
    mg_actor_bound(actor, &bound);
    struct mg_mailbox_bound wide = bound;
    if (!(actor->birth & MG_BIRTH_EXACT)) {
        wide.messages += (uint64_t)MG_MAILBOX_BATCH_MESSAGES * core->s.sched->count;
        wide.bytes += (uint64_t)MG_MAILBOX_BATCH_BYTES * core->s.sched->count;
    }
    while (side->credit_first != NULL) {
        uint64_t room = credit_cut(side->credit_first->reference, &bound);
        if (!mg_mailbox_reserve(&actor->mailbox, room, &wide, &before))
            return;
        credit_grant(core, actor, credit_pop(side), room);
    }
    actor->flags &= (uint16_t)~MG_ACTOR_CREDITOR;
}

bool mg_credit_end(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_actor_side *side = actor->side;
    for (uint32_t left = MG_EXIT_BATCH; left != 0 && side->credit_first != NULL; left--)
        credit_grant(core, actor, credit_pop(side), 0);
    return side->credit_first == NULL;
}

uint32_t mg_credit_deliver(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    switch ((enum mg_credit_detail)signal->detail) {
    case MG_CREDIT_ASK:
        credit_queue(actor, signal);
        return 0;
    case MG_CREDIT_GRANT:
        return credit_granted(core, actor, signal);
    case MG_CREDIT_RETURN:
        mg_mailbox_unreserve(&actor->mailbox, signal->reference);
        break;
    }
    mg_signal_free(signal, &core->s.blocks);
    return 0;
}

void mg_credit_bounce(struct mg_core *core, struct mg_actor *dead, struct mg_signal *signal)
{
    if (signal->detail == MG_CREDIT_ASK) {
        credit_grant(core, dead, signal, 0);
        return;
    }
    if (signal->detail == MG_CREDIT_GRANT)
        mg_credit_return(core, mg_actor_pid(dead), signal->sender, signal->reference);
    mg_signal_free(signal, &core->s.blocks);
}
