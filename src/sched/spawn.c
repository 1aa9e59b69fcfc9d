/* SPDX-License-Identifier: MIT */
/* Birth: one block of 512 bytes, one control block, one slot; bonds to the parent are there before
 * anybody can see the child, so linking and monitoring a birth are one step with it. An actor that
 * would only wait in its first turn is born waiting.
 *
 * Threads: the spawner's scheduler. Memory: see actor.h.
 */
#include <string.h>

#include "base/error.h"
#include "object/control.h"
#include "sched/internal.h"

/* One cap over heap, stack and mailbox: the mailbox gets a share of it and the heap the rest, so
 * that neither senders nor the actor itself can take what belongs to the other. */
static void spawn_memory(struct mg_actor *actor, const struct mg_actor_options *options)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    uint64_t memory = options->memory_bytes;
    side->memory_bytes = memory;
    if (memory == UINT64_MAX) {
        actor->heap.cap_bytes = memory;
        return;
    }
    bool given = options->mailbox_bytes != 0;
    uint64_t share = given ? options->mailbox_bytes : MG_LIMIT_MAILBOX_BYTES;
    uint64_t most = memory / (given ? 2 : 4);
    side->bound.bytes = share < most ? share : most;
    actor->heap.cap_bytes = memory - side->bound.bytes;
}

/* Options that are not the default go into the side. */
static void spawn_options(struct mg_actor *actor, const struct mg_actor_options *options)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    bool bounded = options->mailbox_messages != 0 || options->mailbox_bytes != 0 ||
                   options->memory_bytes != 0 || options->mailbox_policy != MG_MAILBOX_REFUSE;
    if (options->stack_bytes != 0)
        side->stack_bytes = options->stack_bytes;
    if (options->shutdown_ns != 0)
        side->shutdown_ns = options->shutdown_ns;
    if (options->mailbox_messages != 0)
        side->bound.messages = options->mailbox_messages < MG_ROOM_MESSAGES_MAX / 2
                                   ? options->mailbox_messages
                                   : MG_ROOM_MESSAGES_MAX / 2;
    if (options->mailbox_bytes != 0)
        side->bound.bytes = options->mailbox_bytes;
    if (options->memory_bytes != 0)
        spawn_memory(actor, options);
    side->mailbox_policy = options->mailbox_policy;
    if (bounded) {
        actor->birth |= MG_BIRTH_BOUND;
        if (side->bound.messages < MG_MAILBOX_EXACT ||
            side->bound.bytes < MG_MAILBOX_EXACT * MG_ROOM_UNIT ||
            side->mailbox_policy != MG_MAILBOX_REFUSE)
            actor->birth |= MG_BIRTH_EXACT;
    }
    if (options->label != NULL)
        mg_actor_set_label(actor, options->label, options->label_len);
}

/* The options, with the node's defaults where they say nothing. */
static void options_merge(struct mg_actor_options *options, const struct mg_actor_options *own,
                          const struct mg_actor_options *defaults)
{
    *options = own != NULL ? *own : (struct mg_actor_options){0};
    if (options->memory_bytes == 0)
        options->memory_bytes = defaults->memory_bytes;
    if (options->stack_bytes == 0)
        options->stack_bytes = defaults->stack_bytes;
    if (options->mailbox_messages == 0)
        options->mailbox_messages = defaults->mailbox_messages;
    if (options->mailbox_bytes == 0)
        options->mailbox_bytes = defaults->mailbox_bytes;
}

/* An actor that nobody knows yet. */
static struct mg_actor *actor_new(struct mg_core *core, const struct mg_spawn *spawn, mg_pid pid)
{
    const struct mg_actor_options *options = spawn->options;
    const struct mg_actor_options *defaults = core->s.sched->config.defaults;
    struct mg_actor_options merged;
    if (MG_UNLIKELY(defaults != NULL)) {
        options_merge(&merged, options, defaults);
        options = &merged;
    }
    struct mg_actor *actor = mg_block_alloc(&core->s.blocks, MG_ACTOR_BLOCK_BYTES);
    mg_heap_init(&actor->heap, (mg_value *)(actor + 1), MG_ACTOR_FIRST_WORDS,
                 MG_LIMIT_ACTOR_BYTES - MG_LIMIT_MAILBOX_BYTES);
    mg_mailbox_init(&actor->mailbox);
    actor->behaviour = spawn->behaviour;
    memcpy(actor->body, spawn->body, sizeof actor->body);
    actor->control = mg_control_new(core, pid);
    if (MG_UNLIKELY(spawn->kept)) {
        /* K12 relaxed: nobody else knows it yet. Pairs with K11 in mg_control_unref(), R3 in
         * mg_promise_is_one(). */
        store_relaxed(&actor->control->spare, MG_CONTROL_KEPT);
    }
    actor->side = NULL;
    mg_wheel_node_init(&actor->timer, MG_TIMER_WAIT);
    /* S1 relaxed: nobody else knows it yet. Pairs with S2 in info_read(). */
    store_relaxed(&actor->state, MG_ACTOR_NEW);
    actor->birth = (uint8_t)spawn->priority;
    actor->wait_for = 0;
    actor->woken_by = 0;
    actor->flags = 0;
    actor->policy = spawn->policy;
    if (options != NULL)
        spawn_options(actor, options);
    return actor;
}

/* The birth failed: nothing of it was seen. */
static void actor_undo(struct mg_core *core, struct mg_actor *actor)
{
    mg_pid pid = actor->control->pid;
    mg_heap_deinit(&actor->heap, &core->s.blocks);
    mg_actor_side_free(actor);
    mg_control_unref(actor->control, &core->s.blocks);
    mg_block_free(&core->s.blocks, actor, MG_ACTOR_BLOCK_BYTES);
    mg_ptab_free(&core->s.sched->ptab, &core->pids, pid);
}

static void spawn_bonds(struct mg_scheduler *s, struct mg_actor *parent, struct mg_actor *child,
                        struct mg_spawn *spawn)
{
    mg_pid parent_pid = mg_actor_pid(parent);
    mg_pid child_pid = mg_actor_pid(child);
    if (spawn->linked) {
        mg_bonds_put(&mg_actor_side(parent)->links, child_pid, 1);
        mg_bonds_put(&mg_actor_side(child)->links, parent_pid, 1);
    }
    if (spawn->monitored) {
        spawn->reference = mg_fresh_reference(s);
        mg_bonds_put(&mg_actor_side(parent)->watching, spawn->reference, child_pid);
        mg_bonds_put(&mg_actor_side(child)->watchers, spawn->reference, parent_pid << 1);
    }
}

/* As after a turn that ended with mg_actor_wait. Nobody knows the actor yet; from its publication
 * on it belongs to whoever wakes it. */
static void spawn_asleep(struct mg_core *core, struct mg_actor *actor, uint64_t deadline_ns)
{
    actor->wait_for = MG_WAKE_MAIL | MG_WAKE_ALWAYS;
    if (deadline_ns != MG_NO_DEADLINE) {
        actor->wait_for |= MG_WAKE_TIME;
        mg_wait_timer_set(core, actor, deadline_ns);
    }
    mg_actor_become(actor, MG_ACTOR_WAITING);
    bool asleep = mg_queue_sleep(&actor->mailbox.queue);
    CHECK(asleep);
}

struct mg_actor *mg_spawn(struct mg_scheduler *s, struct mg_actor *parent, struct mg_spawn *spawn)
{
    struct mg_core *core = mg_core_of(s);
    ASSERT(parent != NULL || (!spawn->linked && !spawn->monitored));
    ASSERT(spawn->priority < MG_PRIORITIES);
    mg_pid pid = mg_ptab_alloc(&s->sched->ptab, &core->pids);
    spawn->error = 0;
    if (MG_UNLIKELY(pid == MG_PID_NONE)) {
        spawn->error = MG_ELIMIT;
        return NULL;
    }
    struct mg_actor *actor = actor_new(core, spawn, pid);
    if (spawn->behaviour->start != NULL) {
        spawn->error = spawn->behaviour->start(actor, s, spawn->argument);
        if (MG_UNLIKELY(spawn->error != 0)) {
            actor_undo(core, actor);
            return NULL;
        }
    }
    if (spawn->linked || spawn->monitored)
        spawn_bonds(s, parent, actor, spawn);
    bool waits = spawn->waits && spawn->deadline_ns > s->now_ns;
    if (waits)
        spawn_asleep(core, actor, spawn->deadline_ns);
    /* K7 release: the actor is complete. Pairs with K6 in mg_control_target(). */
    store_release(&actor->control->actor, actor);
    mg_ptab_publish(&s->sched->ptab, pid, actor->control);
    s->reductions -= MG_COST_SPAWN + (int32_t)(mg_newborns_len(&core->newborns) / MG_NEWBORNS_DEAR);
    mg_figure_add(&core->spawned, 1);
    if (mg_sim_logs(core))
        mg_sim_event(core, "spawn %" MG_PRIPID " %s", pid, spawn->behaviour->name);
    if (!waits)
        mg_core_birth(core, actor);
    return actor;
}
