/* SPDX-License-Identifier: MIT */
/* Requests: a fresh reference, one settlement, no trace in user mail.
 *
 *      asker                                   asked
 *      requests[ref] = pending   ── REQUEST ──> debts[ref] = asker      (at its drain)
 *      requests[ref] = signal    <── REPLY ──── debts[ref] gone
 *                                <── REPLY noproc ── its end, for every debt left
 *      close, or answered by a third one  ── SETTLED ──> debts[ref] gone
 *
 * So a server that dies, at whatever moment, settles every request that has reached it; one that
 * had not reached it bounces (mg_signal_bounce). A wait for the end of a process is a request whose
 * question is a monitor.
 *
 * Q1  An entry of `requests` is pending until the first settlement, and then never changes until it
 *     is polled or closed.
 * Q2  Whatever comes for a reference that is not pending is freed.
 *
 * A keeper (sync/) may answer with something that the asker holds until it gives it back:
 *
 *      holds[ref] = keeper     <── REPLY hold ──
 *      released, or the end    ── SETTLED ──>
 *
 * and with a value that must not be lost: a REPLY that finds nobody goes back as RETURNED.
 *
 * Q3  A reference stands in one of `requests` and `holds` at most.
 *
 * Threads: the thread that runs the actor. Memory: a settled entry owns its signal.
 */
#include "sched/internal.h"

static inline uint64_t request_value(enum mg_request_tag tag, uint64_t what)
{
    return what << 3 | tag;
}

static bool request_is_pending(uint64_t value)
{
    uint64_t tag = value & MG_REQUEST_TAG_MASK;
    return tag == MG_REQUEST_PENDING || tag == MG_REQUEST_WAIT;
}

static uint64_t request_new(struct mg_actor *actor, struct mg_scheduler *s, enum mg_request_tag tag,
                            mg_pid to)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    if (side->requests.count >= MG_REQUESTS_MAX)
        return 0;
    uint64_t reference = mg_fresh_reference(s);
    mg_bonds_put(&side->requests, reference, request_value(tag, to));
    side->asked_ns = s->now_ns;
    return reference;
}

uint64_t mg_request_open(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to)
{
    return request_new(actor, s, MG_REQUEST_PENDING, to);
}

uint64_t mg_request_wait(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other)
{
    uint64_t reference = request_new(actor, s, MG_REQUEST_WAIT, other);
    if (reference == 0)
        return 0;
    if (!mg_core_tell(mg_core_of(s), other, MG_SIGNAL_MONITOR, mg_actor_pid(actor), reference,
                      MG_MONITOR_WAIT))
        mg_request_settle(actor, reference, MG_OUTCOME_ENDED);
    return reference;
}

void mg_request_settle(struct mg_actor *actor, uint64_t reference, enum mg_outcome outcome)
{
    uint64_t value;
    struct mg_actor_side *side = actor->side;
    if (side == NULL || !mg_bonds_get(&side->requests, reference, &value) ||
        !request_is_pending(value))
        return;
    mg_bonds_put(&side->requests, reference, request_value(MG_REQUEST_OUTCOME, outcome));
}

/* What a value says: the outcome, and its signal or NULL. */
static enum mg_outcome request_outcome(uint64_t value, struct mg_signal **reply)
{
    *reply = NULL;
    switch (value & MG_REQUEST_TAG_MASK) {
    case MG_REQUEST_SIGNAL:
        *reply = (struct mg_signal *)(uintptr_t)value;
        return (enum mg_outcome)(*reply)->detail;
    case MG_REQUEST_OUTCOME:
        return (enum mg_outcome)(value >> 3);
    default:
        return MG_OUTCOME_PENDING;
    }
}

enum mg_outcome mg_request_poll(struct mg_actor *actor, uint64_t reference,
                                struct mg_signal **reply)
{
    uint64_t value;
    *reply = NULL;
    if (actor->side == NULL || !mg_bonds_get(&actor->side->requests, reference, &value))
        return MG_OUTCOME_UNKNOWN;
    enum mg_outcome outcome = request_outcome(value, reply);
    if (outcome != MG_OUTCOME_PENDING)
        mg_bonds_remove(&actor->side->requests, reference, NULL);
    if (*reply != NULL && ((*reply)->flags & MG_SIGNAL_HOLD))
        mg_bonds_put(&actor->side->holds, reference, (*reply)->sender);
    return outcome;
}

enum mg_request_tag mg_request_pending(const struct mg_actor *actor, uint64_t reference,
                                       mg_pid *whom)
{
    uint64_t value;
    if (actor->side == NULL || !mg_bonds_get(&actor->side->requests, reference, &value) ||
        !request_is_pending(value))
        return MG_REQUEST_OUTCOME;
    *whom = value >> 3;
    return (enum mg_request_tag)(value & MG_REQUEST_TAG_MASK);
}

enum mg_outcome mg_request_state(const struct mg_actor *actor, uint64_t reference)
{
    uint64_t value;
    struct mg_signal *reply;
    if (actor->side == NULL || !mg_bonds_get(&actor->side->requests, reference, &value))
        return MG_OUTCOME_UNKNOWN;
    return request_outcome(value, &reply);
}

void mg_reply_lost(struct mg_core *core, mg_pid requester, struct mg_signal *signal,
                   uint16_t detail)
{
    mg_pid answerer = signal->sender;
    uint64_t reference = signal->reference;
    bool hold = (signal->flags & MG_SIGNAL_HOLD) != 0;
    if (signal->flags & MG_SIGNAL_RETURN) {
        signal->flags &= (uint8_t)~MG_SIGNAL_RETURN;
        signal->kind = MG_SIGNAL_RETURNED;
        signal->sender = requester;
        mg_post_pid(&core->s, answerer, signal);
        return;
    }
    mg_signal_free(signal, &core->s.blocks);
    if (hold)
        mg_core_tell(core, answerer, MG_SIGNAL_SETTLED, requester, reference, detail);
}

void mg_request_drop(struct mg_core *core, mg_pid self, uint64_t reference, uint64_t value,
                     uint16_t detail)
{
    uint64_t tag = value & MG_REQUEST_TAG_MASK;
    if (tag == MG_REQUEST_SIGNAL)
        mg_reply_lost(core, self, (struct mg_signal *)(uintptr_t)value, detail);
    else if (tag == MG_REQUEST_PENDING)
        mg_core_tell(core, value >> 3, MG_SIGNAL_SETTLED, self, reference, detail);
    else if (tag == MG_REQUEST_WAIT)
        mg_core_tell(core, value >> 3, MG_SIGNAL_DEMONITOR, self, reference, 0);
}

void mg_request_close(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference)
{
    uint64_t value;
    if (actor->side != NULL && mg_bonds_remove(&actor->side->requests, reference, &value))
        mg_request_drop(mg_core_of(s), mg_actor_pid(actor), reference, value, 0);
}

bool mg_reply_send(struct mg_actor *actor, struct mg_scheduler *s, mg_pid requester,
                   struct mg_signal *signal)
{
    ASSERT(signal->kind == MG_SIGNAL_REPLY);
    ASSERT(signal->detail != MG_OUTCOME_PENDING);
    struct mg_core *core = mg_core_of(s);
    signal->sender = mg_actor_pid(actor);
    if (actor->side != NULL)
        mg_bonds_remove(&actor->side->debts, signal->reference, NULL);
    if (mg_pid_is_remote(requester))
        return mg_post_pid(s, requester, signal);
    struct mg_actor *to = mg_sched_find(s->sched, requester);
    if (to == NULL) {
        mg_reply_lost(core, requester, signal, MG_SETTLED_ENDED);
        return false;
    }
    mg_post(s, to, signal);
    return true;
}

/* -- What was granted -- */

uint64_t mg_hold_find(struct mg_actor *actor, mg_pid keeper)
{
    uint64_t reference, value;
    struct mg_bonds *holds = actor->side != NULL ? &actor->side->holds : NULL;
    for (uint32_t i = 0; holds != NULL && mg_bonds_at(holds, i, &reference, &value); i++) {
        if (value == keeper)
            return reference;
    }
    return 0;
}

void mg_hold_release(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference)
{
    uint64_t keeper;
    if (actor->side != NULL && mg_bonds_remove(&actor->side->holds, reference, &keeper))
        mg_core_tell(mg_core_of(s), keeper, MG_SIGNAL_SETTLED, mg_actor_pid(actor), reference, 0);
}
