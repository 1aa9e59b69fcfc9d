/* SPDX-License-Identifier: MIT */
/* Timers of signals and of waits. See timer.h.
 *
 * The wait timer of an actor that has moved to another scheduler stays in the old one's wheel. A
 * later deadline is written into its word, and the old wheel follows. An earlier one cannot be: a
 * timer of the ordinary kind is started instead, and what is left of it when the wait ends early is
 * an EXPIRY that finds nobody waiting for it.
 *
 * Threads and memory: see timer.h.
 */
#include "sched/timer.h"

#include "base/alloc.h"
#include "sched/internal.h"

enum { ENTRY_FREE, ENTRY_ARMED, ENTRY_CANCELLED };
enum { INDEX_BITS = 23, CORE_BITS = 8, GENERATION_BITS = 30 };

#define GENERATION_MAX ((UINT64_C(1) << GENERATION_BITS) - 1)

_Static_assert(MG_TIMERS_MAX == UINT32_C(1) << INDEX_BITS, "the number of a timer holds its index");
_Static_assert(MG_SCHEDULERS_MAX < 1 << CORE_BITS, "and its scheduler");

static inline uint64_t entry_control(uint64_t generation, uint32_t state)
{
    return generation << 2 | state;
}

static inline uint64_t entry_load(const struct mg_timer_entry *entry)
{
    /* C1 acquire: what the entry's owner wrote for this generation. Pairs with C2 in
     * entry_store(). */
    return load_acquire(&entry->control);
}

static inline void entry_store(struct mg_timer_entry *entry, uint64_t control)
{
    /* C2 release: target and word are complete. Pairs with C1 in entry_load(). */
    store_release(&entry->control, control);
}

/* The one who may move it from ARMED (T2). */
static inline bool entry_claim(struct mg_timer_entry *entry, uint64_t generation, uint32_t state)
{
    uint64_t expected = entry_control(generation, ENTRY_ARMED);
    /* C3 acq_rel: owner and cancellers agree. Pairs with C2 in entry_store(). */
    return cas_acq_rel(&entry->control, &expected, entry_control(generation, state));
}

void mg_timers_init(struct mg_timers *timers)
{
    *timers = (struct mg_timers){0};
    timers->entries = mg_pages_reserve((size_t)MG_TIMERS_MAX * sizeof *timers->entries);
    /* P0 relaxed: nobody else knows it yet. Pairs with P1 in mg_timer_cancel(). */
    store_relaxed(&timers->removals, NULL);
    store_relaxed(&timers->dead, NULL);
}

void mg_timers_deinit(struct mg_timers *timers, struct mg_block_cache *blocks)
{
    for (uint32_t i = 0; i < timers->fresh; i++) {
        struct mg_timer_entry *entry = &timers->entries[i];
        if ((entry_load(entry) & 3) != ENTRY_FREE)
            mg_signal_free(entry->signal, blocks);
    }
    mg_pages_release(timers->entries, (size_t)MG_TIMERS_MAX * sizeof *timers->entries);
}

/* -- Entries -- */

static void timers_give(struct mg_timers *timers, struct mg_timer_entry *entry)
{
    uint64_t generation = entry_load(entry) >> 2;
    generation = generation < GENERATION_MAX ? generation + 1 : 1;
    entry_store(entry, entry_control(generation, ENTRY_FREE));
    entry->removal = NULL;
    if (timers->free_count == 0)
        timers->free = entry;
    else
        timers->free_last->removal = entry;
    timers->free_last = entry;
    timers->free_count++;
}

/* Takes an armed entry out of the wheel of its own scheduler. */
static void timers_remove(struct mg_core *core, struct mg_timer_entry *entry)
{
    mg_wheel_remove(&core->wheel, &entry->node);
    mg_signal_free(entry->signal, &core->s.blocks);
    timers_give(&core->timers, entry);
}

/* Gives back timers whose process has ended (T4). */
static void timers_sweep(struct mg_core *core)
{
    struct mg_timers *timers = &core->timers;
    for (uint32_t i = 0; i < MG_TIMERS_SWEEP && timers->fresh != 0; i++) {
        if (timers->swept >= timers->fresh)
            timers->swept = 0;
        struct mg_timer_entry *entry = &timers->entries[timers->swept++];
        uint64_t control = entry_load(entry);
        if ((control & 3) != ENTRY_ARMED)
            continue;
        mg_pid owner = entry->signal->sender;
        if (owner != MG_PID_NONE && mg_sched_find(core->s.sched, owner) == NULL &&
            entry_claim(entry, control >> 2, ENTRY_CANCELLED))
            timers_remove(core, entry);
    }
}

static struct mg_timer_entry *timers_take(struct mg_core *core)
{
    struct mg_timers *timers = &core->timers;
    struct mg_timer_entry *entry;
    if (timers->free_count <= MG_TIMERS_KEEP)
        timers_sweep(core);
    if (timers->free_count > MG_TIMERS_KEEP ||
        (timers->fresh == MG_TIMERS_MAX && timers->free_count != 0)) {
        entry = timers->free;
        timers->free = entry->removal;
        timers->free_count--;
        return entry;
    }
    if (timers->fresh == MG_TIMERS_MAX)
        return NULL;
    entry = &timers->entries[timers->fresh++];
    entry_store(entry, entry_control(1, ENTRY_FREE));
    mg_wheel_node_init(&entry->node, MG_TIMER_ENTRY);
    return entry;
}

uint64_t mg_timer_start(struct mg_scheduler *s, uint64_t deadline_ns, mg_pid target,
                        struct mg_signal *signal)
{
    struct mg_core *core = mg_core_of(s);
    struct mg_timers *timers = &core->timers;
    struct mg_timer_entry *entry = timers_take(core);
    if (MG_UNLIKELY(entry == NULL)) {
        mg_signal_free(signal, &s->blocks);
        return 0;
    }
    s->reductions -= MG_COST_SIGNAL;
    entry->target = target;
    entry->signal = signal;
    mg_wheel_insert(&core->wheel, &entry->node, mg_tick_of(deadline_ns));
    uint64_t generation = entry_load(entry) >> 2;
    entry_store(entry, entry_control(generation, ENTRY_ARMED));
    return generation << (INDEX_BITS + CORE_BITS) | (uint64_t)s->index << INDEX_BITS |
           (uint64_t)(entry - timers->entries);
}

/* The entry that a number names, with the core it belongs to; NULL if there was never such a
 * one. */
static struct mg_timer_entry *timer_entry(struct mg_sched *sched, uint64_t timer,
                                          struct mg_core **core, uint64_t *generation)
{
    uint32_t index = (uint32_t)(timer >> INDEX_BITS) & ((1u << CORE_BITS) - 1);
    if (timer == 0 || index >= sched->count)
        return NULL;
    *core = sched->cores[index];
    *generation = timer >> (INDEX_BITS + CORE_BITS);
    return &(*core)->timers.entries[timer & (MG_TIMERS_MAX - 1)];
}

bool mg_timer_cancel(struct mg_scheduler *s, uint64_t timer)
{
    struct mg_core *owner;
    uint64_t generation;
    struct mg_timer_entry *entry = timer_entry(s->sched, timer, &owner, &generation);
    if (entry == NULL || !entry_claim(entry, generation, ENTRY_CANCELLED))
        return false;
    struct mg_timers *timers = &owner->timers;
    if (owner == mg_core_of(s)) {
        timers_remove(owner, entry);
        return true;
    }
    /* P2 relaxed: checked by P1. Pairs with P1 itself. */
    struct mg_timer_entry *head = load_relaxed(&timers->removals);
    do {
        entry->removal = head;
        /* P1 release: the link is complete. Pairs with P3 in timers_take_removals(). */
    } while (!cas_release(&timers->removals, &head, entry));
    return true;
}

uint64_t mg_timer_left(struct mg_scheduler *s, uint64_t timer)
{
    struct mg_core *owner;
    uint64_t generation;
    struct mg_timer_entry *entry = timer_entry(s->sched, timer, &owner, &generation);
    if (entry == NULL || entry_load(entry) != entry_control(generation, ENTRY_ARMED))
        return MG_NO_DEADLINE;
    uint64_t tick = mg_wheel_node_tick(&entry->node);
    if (tick == MG_TICK_NONE || entry_load(entry) != entry_control(generation, ENTRY_ARMED))
        return MG_NO_DEADLINE;
    uint64_t deadline = tick << MG_TICK_SHIFT;
    return deadline > s->now_ns ? deadline - s->now_ns : 0;
}

/* -- Firing -- */

static void timer_fire(void *context, struct mg_wait_timer *node)
{
    struct mg_core *core = context;
    struct mg_scheduler *s = &core->s;
    mg_figure_add(&core->timers_fired, 1);
    s->reductions -= MG_COST_SIGNAL;
    if (node->kind == MG_TIMER_WAIT) {
        struct mg_actor *actor = MG_CONTAINER_OF(node, struct mg_actor, timer);
        mg_core_push(core, actor, mg_signal_new(&s->blocks, MG_SIGNAL_EXPIRY, 0));
        return;
    }
    struct mg_timer_entry *entry = (struct mg_timer_entry *)node;
    if (!entry_claim(entry, entry_load(entry) >> 2, ENTRY_FREE))
        return; // cancelled by another scheduler: it is in the list of removals, or will be
    struct mg_signal *signal = entry->signal;
    mg_pid target = entry->target;
    timers_give(&core->timers, entry);
    /* A timer that a process armed ends with that process. */
    if (signal->sender != MG_PID_NONE && mg_sched_find(s->sched, signal->sender) == NULL) {
        mg_signal_free(signal, &s->blocks);
        return;
    }
    mg_post_pid(s, target, signal);
}

/* What other schedulers have cancelled. */
static void timers_take_removals(struct mg_core *core)
{
    struct mg_timers *timers = &core->timers;
    /* P4 relaxed: a hint. Pairs with P1 in mg_timer_cancel(). */
    if (MG_LIKELY(load_relaxed(&timers->removals) == NULL))
        return;
    /* P3 acquire: links and signals. Pairs with P1 in mg_timer_cancel(). */
    struct mg_timer_entry *entry = xchg_acquire(&timers->removals, NULL);
    while (entry != NULL) {
        struct mg_timer_entry *next = entry->removal;
        if (mg_wheel_node_armed(&entry->node))
            mg_wheel_remove(&core->wheel, &entry->node);
        mg_signal_free(entry->signal, &core->s.blocks);
        timers_give(timers, entry);
        entry = next;
    }
}

/* Actors that died elsewhere while their wait timer stood here. */
static void timers_take_dead(struct mg_core *core)
{
    struct mg_timers *timers = &core->timers;
    /* P7 relaxed: a hint. Pairs with P5 in mg_wait_timer_release(). */
    if (MG_LIKELY(load_relaxed(&timers->dead) == NULL))
        return;
    /* P6 acquire: the actor as its last thread left it. Pairs with P5 in
     * mg_wait_timer_release(). */
    struct mg_actor *actor = xchg_acquire(&timers->dead, NULL);
    while (actor != NULL) {
        struct mg_actor *next = actor->dead_link;
        if (mg_wheel_node_armed(&actor->timer))
            mg_wheel_remove(&core->wheel, &actor->timer);
        mg_core_retire_actor(core, actor);
        actor = next;
    }
}

void mg_timers_take_all(struct mg_core *core)
{
    timers_take_removals(core);
    timers_take_dead(core);
}

void mg_timers_run(struct mg_core *core)
{
    mg_timers_take_all(core);
    mg_wheel_advance(&core->wheel, core->s.now_ns, MG_TIMER_BATCH, timer_fire, core);
}

/* -- Waits -- */

void mg_wait_timer_set(struct mg_core *core, struct mg_actor *actor, uint64_t deadline_ns)
{
    struct mg_wait_timer *node = &actor->timer;
    struct mg_wheel *wheel = &core->wheel;
    uint64_t tick = mg_tick_of(deadline_ns);
    if (!mg_wheel_node_armed(node)) {
        if (tick != MG_TICK_NONE)
            mg_wheel_insert(wheel, node, tick);
        return;
    }
    if (node->owner == wheel->owner) {
        bool moved = (tick == MG_TICK_NONE || mg_wheel_can_move(wheel, node, tick)) &&
                     mg_wheel_node_move(node, tick);
        if (!moved) {
            mg_wheel_remove(wheel, node);
            mg_wheel_insert(wheel, node, tick);
        }
        return;
    }
    if (tick == MG_TICK_NONE)
        return; // it fires once for nothing; the receiver looks at the clock
    uint64_t old = mg_wheel_node_tick(node);
    if (old == tick)
        return;
    if (old != MG_TICK_NONE && tick > old) {
        if (!mg_wheel_node_move(node, tick))
            mg_wheel_insert(wheel, node, tick);
        return;
    }
    mg_timer_start(&core->s, deadline_ns, mg_actor_pid(actor),
                   mg_signal_new(&core->s.blocks, MG_SIGNAL_EXPIRY, 0));
}

bool mg_wait_timer_release(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_wait_timer *node = &actor->timer;
    if (MG_LIKELY(!mg_wheel_node_armed(node)))
        return true;
    if (node->owner == core->wheel.owner) {
        mg_wheel_remove(&core->wheel, node);
        return true;
    }
    struct mg_core *owner = core->s.sched->cores[node->owner];
    struct mg_timers *timers = &owner->timers;
    /* P8 relaxed: checked by P5. Pairs with P5 itself. */
    struct mg_actor *head = load_relaxed(&timers->dead);
    do {
        actor->dead_link = head;
        /* P5 release: the actor is as its last thread leaves it. Pairs with P6 in
         * timers_take_dead(). */
    } while (!cas_release(&timers->dead, &head, actor));
    mg_core_unpark(owner); // who still sends to the dead actor gets an answer when it is recycled
    return false;
}
