/* SPDX-License-Identifier: MIT */
/* Figures for people: of the whole, and of each process. Nothing here disturbs anybody: figures are
 * read where their owners leave them.
 *
 * Threads: any scheduler; mg_sched_stats any thread. Memory: none.
 */
#include "object/control.h"
#include "sched/internal.h"

void mg_sched_stats(const struct mg_sched *sched, struct mg_sched_stats *stats)
{
    *stats = (struct mg_sched_stats){0};
    for (uint32_t i = 0; i < sched->count; i++) {
        const struct mg_core *core = sched->cores[i];
        stats->spawned += mg_figure(&core->spawned);
        stats->ended += mg_figure(&core->ended);
        stats->turns += mg_figure(&core->turns);
        stats->slices += mg_figure(&core->slices);
        stats->steals += mg_figure(&core->steals);
        stats->parks += mg_figure(&core->parks);
        stats->timers_fired += mg_figure(&core->timers_fired);
        stats->messages += mg_figure(&core->messages);
        stats->refused += mg_figure(&core->refused);
    }
    stats->memory_bytes = mg_block_pool_bytes(&sched->pool);
    stats->results_bytes = mg_figure(&sched->records.bytes);
}

/* What can be read of a process from outside. */
static void info_read(struct mg_control *control, const struct mg_actor *actor,
                      struct mg_actor_info *info)
{
    info->pid = control->pid;
    /* S2 relaxed: a moment's state. Pairs with S1 in mg_actor_become(). */
    info->state = (enum mg_actor_state)load_relaxed(&actor->state);
    info->priority = actor->birth & MG_BIRTH_PRIORITY;
    info->behaviour = actor->behaviour->name;
    info->keeper = actor->behaviour->raw;
    /* Z4 relaxed: figures as the scheduler left them. Pairs with Z3 in turn_publish(). */
    info->reductions = load_relaxed(&control->reductions);
    info->heap_bytes = load_relaxed(&control->heap_bytes);
    info->mail = mg_mailbox_count(&actor->mailbox);
}

uint64_t mg_sched_each(struct mg_scheduler *s, uint64_t from, uint32_t limit,
                       void (*visit)(void *context, const struct mg_actor_info *info),
                       void *context)
{
    uint32_t index = (uint32_t)from;
    while (limit-- != 0) {
        struct mg_control *control;
        index = mg_ptab_next(&s->sched->ptab, index, &control);
        if (index == 0)
            return 0;
        struct mg_actor *actor = mg_control_target(control);
        if (actor == NULL)
            continue; // about to leave the table
        struct mg_actor_info info;
        info_read(control, actor, &info);
        visit(context, &info);
    }
    return index;
}
