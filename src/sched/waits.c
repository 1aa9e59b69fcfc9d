/* SPDX-License-Identifier: MIT */
/* Reading waits: see waits.h.
 *
 * An answer carries its records as raw words behind the signal. Its fragment describes no objects,
 * so no heap ever adopts it, and only mg_waits_records looks there; a program can forge an answer,
 * so that checks what it finds.
 *
 * Threads and memory: as there.
 */
#include "sched/waits.h"

#include <string.h>

#include "object/control.h"
#include "sched/internal.h"

_Static_assert(sizeof(struct mg_wait) % sizeof(mg_value) == 0, "records fill whole words");

static uint64_t wait_deadline(const struct mg_actor *actor)
{
    if (!(actor->wait_for & MG_WAKE_TIME) || !mg_wheel_node_armed(&actor->timer))
        return MG_NO_DEADLINE;
    uint64_t tick = mg_wheel_node_tick(&actor->timer);
    return tick == MG_TICK_NONE ? MG_NO_DEADLINE : tick << MG_TICK_SHIFT;
}

bool mg_wait_describe(const struct mg_actor *actor, uint64_t reference, struct mg_wait *out)
{
    uint32_t bits = actor->wait_for;
    if (bits == 0 || (actor->woken_by & bits) != 0 || (actor->flags & MG_ACTOR_KILLED) != 0)
        return false;
    out->until_ns = wait_deadline(actor);
    if (bits & MG_WAKE_REPLY) {
        enum mg_request_tag tag = mg_request_pending(actor, reference, &out->whom);
        if (tag == MG_REQUEST_OUTCOME)
            return false;
        out->kind = tag == MG_REQUEST_WAIT ? MG_WAIT_END : MG_WAIT_REPLY;
        out->number = reference;
        out->since_ns =
            actor->side->asked_ns | 1; // a virtual clock begins at 0, which means "not known"
        return true;
    }
    out->kind = bits & MG_WAKE_MAIL   ? MG_WAIT_MAIL
                : bits & MG_WAKE_ROOM ? MG_WAIT_ROOM
                                      : MG_WAIT_TIME;
    return true;
}

uint32_t mg_waits_of(const struct mg_actor *actor, const struct mg_sched *sched,
                     struct mg_wait *out, uint32_t max)
{
    if (max == 0)
        return 0;
    if (actor->behaviour->waits != NULL)
        return actor->behaviour->waits(actor, sched, out, max);
    uint64_t reference = 0, value;
    if (actor->side != NULL && actor->side->requests.count == 1)
        mg_bonds_at(&actor->side->requests, 0, &reference, &value);
    return mg_wait_describe(actor, reference, out) ? 1 : 0;
}

/* -- Asking -- */

uint64_t mg_waits_ask(struct mg_actor *actor, struct mg_scheduler *s, mg_pid whom, uint16_t detail)
{
    uint64_t reference = mg_request_open(actor, s, whom);
    if (reference != 0 && !mg_core_tell(mg_core_of(s), whom, MG_SIGNAL_INSPECT, mg_actor_pid(actor),
                                        reference, detail))
        mg_request_settle(actor, reference, MG_OUTCOME_NOPROC);
    return reference;
}

void mg_waits_tell(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *question,
                   const void *records, uint32_t count, size_t record_size)
{
    ASSERT(record_size % sizeof(mg_value) == 0);
    struct mg_signal *reply =
        mg_signal_new(&s->blocks, MG_SIGNAL_REPLY, count * (record_size / sizeof(mg_value)));
    memcpy(mg_signal_words(reply), records, count * record_size);
    reply->payload = mg_small(count);
    reply->reference = question->reference;
    reply->detail = MG_OUTCOME_VALUE;
    s->reductions -= MG_COST_SEND;
    mg_reply_send(actor, s, question->sender, reply);
    mg_signal_free(question, &s->blocks);
}

void mg_waits_answer(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    struct mg_wait waits[MG_WAITS_MAX];
    memset(waits, 0, sizeof waits);
    uint32_t count = mg_waits_of(actor, core->s.sched, waits, MG_WAITS_MAX);
    ASSERT(count <= MG_WAITS_MAX);
    mg_waits_tell(actor, &core->s, signal, waits, count, sizeof waits[0]);
}

const void *mg_waits_records(const struct mg_signal *reply, uint32_t max, size_t record_size,
                             uint32_t *count)
{
    if (reply->flags & MG_SIGNAL_CONTROL || !mg_is_small(reply->payload) ||
        reply->fragment.words != 0)
        return NULL;
    int64_t n = mg_small_value(reply->payload);
    uint64_t room = reply->fragment.block_bytes - sizeof *reply;
    if (n < 0 || n > max || (uint64_t)n * record_size > room)
        return NULL;
    *count = (uint32_t)n;
    return reply + 1;
}

const struct mg_wait *mg_waits_read(const struct mg_signal *reply, uint32_t *count)
{
    return mg_waits_records(reply, MG_WAITS_MAX, sizeof(struct mg_wait), count);
}

/* -- The whole node at rest -- */

void mg_waits_each(struct mg_sched *sched,
                   void (*visit)(void *context, mg_pid who, const struct mg_wait *wait),
                   void *context)
{
    struct mg_control *control;
    uint32_t index = 0;
    while ((index = mg_ptab_next(&sched->ptab, index, &control)) != 0) {
        struct mg_actor *actor = mg_control_target(control);
        /* S2 relaxed: nobody runs. Pairs with S1 in mg_actor_become(). */
        if (actor == NULL || load_relaxed(&actor->state) != MG_ACTOR_WAITING)
            continue;
        struct mg_wait waits[MG_WAITS_MAX];
        memset(waits, 0, sizeof waits);
        uint32_t count = mg_waits_of(actor, sched, waits, MG_WAITS_MAX);
        for (uint32_t i = 0; i < count; i++)
            visit(context, control->pid, &waits[i]);
    }
}

struct first_name {
    struct mg_buf *out;
    bool found;
};

static void take_name(void *context, const char *name, size_t len, mg_pid holder)
{
    (void)holder;
    struct first_name *first = context;
    if (!first->found)
        mg_buf_put(first->out, name, len);
    first->found = true;
}

bool mg_waits_name(struct mg_sched *sched, mg_pid pid, struct mg_buf *out)
{
    struct first_name first = {.out = out};
    mg_names_each(&sched->cores[0]->s, pid, take_name, &first);
    return first.found;
}
