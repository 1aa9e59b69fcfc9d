/* SPDX-License-Identifier: MIT */
/* An actor by itself: its states, its side, its wait, its label and limits. What happens between
 * actors is in send.c, deliver.c, link.c, request.c, spawn.c and exit.c.
 *
 * Threads and memory: see actor.h.
 */
#include "sched/actor.h"

#include <string.h>

#include "base/alloc.h"
#include "sched/internal.h"

/* -- The side -- */

struct mg_actor_side *mg_actor_side(struct mg_actor *actor)
{
    if (MG_LIKELY(actor->side != NULL))
        return actor->side;
    struct mg_actor_side *side = mg_alloc_zero(sizeof *side);
    side->bound.messages = MG_LIMIT_MAILBOX_MESSAGES;
    side->bound.bytes = MG_LIMIT_MAILBOX_BYTES;
    side->mailbox_policy = MG_MAILBOX_REFUSE;
    side->stack_bytes = MG_LIMIT_STACK_BYTES;
    side->shutdown_ns = MG_SHUTDOWN_NS;
    mg_bonds_init(&side->links);
    mg_bonds_init(&side->watchers);
    mg_bonds_init(&side->watching);
    mg_bonds_init(&side->requests);
    mg_bonds_init(&side->debts);
    mg_bonds_init(&side->holds);
    mg_bonds_init(&side->credits);
    mg_bonds_init(&side->asked);
    actor->side = side;
    return side;
}

void mg_actor_side_free(struct mg_actor *actor)
{
    struct mg_actor_side *side = actor->side;
    if (side == NULL)
        return;
    actor->side = NULL;
    mg_bonds_deinit(&side->links);
    mg_bonds_deinit(&side->watchers);
    mg_bonds_deinit(&side->watching);
    mg_bonds_deinit(&side->requests);
    mg_bonds_deinit(&side->debts);
    mg_bonds_deinit(&side->holds);
    mg_free(side->choice);
    mg_bonds_deinit(&side->credits);
    mg_bonds_deinit(&side->asked);
    mg_free(side->label);
    mg_free(side);
}

uint64_t mg_actor_stack_bytes(const struct mg_actor *actor)
{
    return actor->side != NULL ? actor->side->stack_bytes : MG_LIMIT_STACK_BYTES;
}

void mg_actor_bound(const struct mg_actor *actor, struct mg_mailbox_bound *bound)
{
    if (MG_UNLIKELY(actor->birth & MG_BIRTH_BOUND)) {
        *bound = actor->side->bound;
        if (actor->side->memory_bytes != 0 && actor->side->memory_bytes != UINT64_MAX) {
            /* What is received moves to the heap: more than that has left is not taken in.
             * Z5 relaxed: a figure of a moment ago. Pairs with Z3 in mg_actor_drain(). */
            uint64_t held = load_relaxed(&actor->control->heap_bytes);
            uint64_t cap = actor->side->memory_bytes - actor->side->bound.bytes;
            uint64_t left = held < cap ? cap - held : 0;
            if (left < bound->bytes)
                bound->bytes = left;
        }
        return;
    }
    bound->messages = MG_LIMIT_MAILBOX_MESSAGES;
    bound->bytes = MG_LIMIT_MAILBOX_BYTES;
}

void mg_actor_memory(const struct mg_actor *actor, struct mg_actor_memory *memory)
{
    const struct mg_actor_side *side = actor->side;
    memory->limit =
        side != NULL && side->memory_bytes != 0 ? side->memory_bytes : MG_LIMIT_ACTOR_BYTES;
    /* Z6 relaxed: a figure. Pairs with R1 in mg_mailbox_reserve(). */
    memory->mailbox = mg_room_bytes(load_relaxed(&actor->mailbox.room));
    memory->shared = mg_heap_shared_bytes(&actor->heap);
    memory->heap = mg_heap_bytes(&actor->heap);
}

const char *mg_actor_label(const struct mg_actor *actor, size_t *len)
{
    if (actor->side == NULL || actor->side->label == NULL)
        return NULL;
    *len = actor->side->label_len;
    return actor->side->label;
}

void mg_actor_set_label(struct mg_actor *actor, const char *label, size_t len)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    char *copy = label != NULL ? mg_alloc_copy(label, len) : NULL;
    mg_free(side->label);
    side->label = copy;
    side->label_len = len;
}

void mg_actor_set_trap(struct mg_actor *actor, bool trap)
{
    if (trap)
        actor->flags |= MG_ACTOR_TRAPS;
    else
        actor->flags &= (uint16_t)~MG_ACTOR_TRAPS;
}

void mg_actor_set_cleanup(struct mg_actor *actor, bool cleanup)
{
    if (cleanup)
        actor->flags |= MG_ACTOR_CLEANUP;
    else
        actor->flags &= (uint16_t)~MG_ACTOR_CLEANUP;
    /* K4 relaxed: the actor's thread alone writes the state of a living process; the ordered stop
     * reads it some time. Pairs with K5 in stopper_sweep(). */
    store_relaxed(&actor->control->state, cleanup ? MG_CONTROL_CLEANUP : 0u);
}

void mg_actor_mark_service(struct mg_actor *actor, struct mg_scheduler *s)
{
    (void)actor;
    /* V1 relaxed: only ever set. Pairs with V2 in sched_is_dead(). */
    store_relaxed(&s->sched->service, 1);
}

uint64_t mg_actor_rng(struct mg_scheduler *s)
{
    return mg_rng_next(&s->rng);
}

void mg_actor_pending_exit(const struct mg_actor *actor, uint32_t *reason, mg_pid *origin)
{
    ASSERT(actor->flags & MG_ACTOR_EXIT_PENDING);
    *reason = actor->side->exit_reason;
    *origin = actor->side->exit_origin;
}

/* -- Waiting -- */

enum mg_turn mg_actor_wait(struct mg_actor *actor, struct mg_scheduler *s, uint32_t wait_for,
                           uint64_t deadline_ns)
{
    ASSERT(s->running == actor);
    actor->wait_for = (uint8_t)(wait_for | MG_WAKE_ALWAYS);
    actor->flags &= (uint16_t)~MG_ACTOR_TIMED_OUT;
    if (deadline_ns != MG_NO_DEADLINE) {
        actor->wait_for |= MG_WAKE_TIME;
        if (deadline_ns <= s->now_ns) {
            actor->woken_by |= MG_WAKE_TIME;
            actor->flags |= MG_ACTOR_TIMED_OUT;
            return MG_TURN_WAIT;
        }
    }
    if (deadline_ns != MG_NO_DEADLINE || MG_UNLIKELY(mg_wheel_node_armed(&actor->timer)))
        mg_wait_timer_set(mg_core_of(s), actor, deadline_ns);
    return MG_TURN_WAIT;
}

struct mg_signal *mg_actor_receive(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_signal *signal = mg_mailbox_take(&actor->mailbox);
    if (signal == NULL && !mg_queue_is_empty(&actor->mailbox.queue)) {
        mg_actor_drain(actor, s);
        signal = mg_mailbox_take(&actor->mailbox);
    }
    return signal;
}
