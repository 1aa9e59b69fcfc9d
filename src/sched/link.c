/* SPDX-License-Identifier: MIT */
/* Links and monitors as the running actor makes and ends them, and orders to do so for another.
 * What arrives from the other side is in deliver.c, what the end of an actor sends in exit.c.
 *
 * A link is an entry on both sides. Making one is one signal. Ending one needs an answer: until the
 * ack the entry stays as "unlinking", so that a link request of the other side that crosses ours is
 * known to be void, and an exit that crosses ours does nothing.
 *
 *      a                         b
 *      links b: 1                                 a links
 *           ── LINK ──>          links a: 1
 *      links b: unlinking 7                       a unlinks
 *           ── UNLINK 7 ──>      links a: gone
 *           <── ACK 7 ──
 *      links b: gone
 *
 * Threads: the thread that runs the actor. Memory: the actor's side.
 */
#include "object/control.h"
#include "sched/internal.h"

/* A process that cannot be told is dead: the reason that is known of its end. */
static uint32_t dead_reason(struct mg_sched *sched, struct mg_control *known, mg_pid *origin)
{
    struct mg_exit_info info;
    *origin = MG_PID_NONE;
    if (known == NULL || !mg_control_exit(known, &info))
        return mg_sched_reason(sched, MG_REASON_NOPROC);
    *origin = info.origin;
    return info.reason;
}

void mg_actor_link(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other,
                   struct mg_control *known)
{
    struct mg_core *core = mg_core_of(s);
    mg_pid self = mg_actor_pid(actor);
    if (other == self)
        return;
    struct mg_actor_side *side = mg_actor_side(actor);
    uint64_t value;
    if (mg_bonds_get(&side->links, other, &value) && value == 1)
        return;
    mg_bonds_put(&side->links, other, 1);
    if (mg_core_tell(core, other, MG_SIGNAL_LINK, self, 0, 0))
        return;
    mg_pid origin;
    uint32_t reason = dead_reason(s->sched, known, &origin);
    struct mg_signal *exit = mg_signal_about(core, MG_SIGNAL_EXIT, other, known, origin, reason);
    exit->detail = MG_EXIT_LINK;
    mg_post(s, actor, exit);
}

void mg_actor_unlink(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other)
{
    struct mg_actor_side *side = actor->side;
    uint64_t value;
    if (side == NULL || !mg_bonds_get(&side->links, other, &value) || value != 1)
        return;
    uint64_t id = mg_fresh_reference(s);
    if (mg_core_tell(mg_core_of(s), other, MG_SIGNAL_UNLINK, mg_actor_pid(actor), id, 0))
        mg_bonds_put(&side->links, other, id << 1);
    else
        mg_bonds_remove(&side->links, other, NULL);
}

void mg_actor_monitor_as(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other,
                         struct mg_control *known, uint64_t reference)
{
    struct mg_core *core = mg_core_of(s);
    mg_bonds_put(&mg_actor_side(actor)->watching, reference, other);
    if (mg_core_tell(core, other, MG_SIGNAL_MONITOR, mg_actor_pid(actor), reference, 0))
        return;
    mg_pid origin;
    uint32_t reason = dead_reason(s->sched, known, &origin);
    mg_post(s, actor, mg_signal_about(core, MG_SIGNAL_DOWN, other, known, reference, reason));
}

uint64_t mg_actor_monitor(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other,
                          struct mg_control *known)
{
    uint64_t reference = mg_fresh_reference(s);
    mg_actor_monitor_as(actor, s, other, known, reference);
    return reference;
}

static bool match_down(const struct mg_signal *signal, void *context)
{
    const uint64_t *reference = context;
    return signal->kind == MG_SIGNAL_DOWN && signal->reference == *reference;
}

bool mg_actor_demonitor(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference,
                        bool flush)
{
    uint64_t other;
    bool active = actor->side != NULL && mg_bonds_remove(&actor->side->watching, reference, &other);
    if (active)
        mg_core_tell(mg_core_of(s), other, MG_SIGNAL_DEMONITOR, mg_actor_pid(actor), reference, 0);
    else if (flush)
        mg_mailbox_discard(&actor->mailbox, match_down, &reference, &s->blocks);
    return active;
}

bool mg_order_send(struct mg_scheduler *s, mg_pid whom, enum mg_order order, uint64_t argument)
{
    return mg_core_tell(mg_core_of(s), whom, MG_SIGNAL_ORDER, MG_PID_NONE, argument,
                        (uint16_t)order);
}

uint64_t mg_order_monitor(struct mg_scheduler *s, mg_pid whom, mg_pid other)
{
    uint64_t reference = mg_fresh_reference(s);
    struct mg_signal *signal = mg_signal_new(&s->blocks, MG_SIGNAL_ORDER, 0);
    signal->reference = reference;
    signal->detail = MG_ORDER_MONITOR;
    signal->payload = mg_small((int64_t)other);
    return mg_post_pid(s, whom, signal) ? reference : 0;
}
