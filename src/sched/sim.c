/* SPDX-License-Identifier: MIT */
/* Deterministic mode: one thread steps MG_SIM_SCHEDULERS schedulers in an order drawn from the
 * seed, under a virtual clock.
 *
 * The clock moves by the work done, MG_NS_PER_REDUCTION for each reduction, and jumps to the next
 * deadline when nobody has anything to do. All else is the shipped code: turns, drains, steals,
 * timers, grace periods. What a run depends on: the seed, the program, nothing else; no address, no
 * time, no thread.
 *
 * Not modelled: real parallelism within a turn and memory order (the litmus tests), futexes, libuv.
 *
 * Threads: one. Memory: none of its own.
 * Story: docs/internals/testing.md.
 */
#include <stdarg.h>
#include <stdio.h>

#include "sched/internal.h"

void mg_sim_event(struct mg_core *core, const char *format, ...)
{
    struct mg_sched *sched = core->s.sched;
    char line[256];
    int head = snprintf(line, sizeof line, "%" PRIu64 " %u %" PRIu64 " ", sched->sim_step,
                        core->s.index, sched->sim_now);
    va_list args;
    va_start(args, format);
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    va_end(args);
    size_t len = (size_t)head + (size_t)body;
    sched->config.event(sched->config.owner, line, len < sizeof line ? len : sizeof line - 1);
}

/* One step of one scheduler. */
static void sim_step(struct mg_core *core)
{
    core->s.sched->sim_step++;
    mg_core_attach(core);
    if (!mg_core_step(core)) {
        mg_core_slice_end(core);
        mg_core_find_work(core);
    }
    mg_core_detach(core);
}

/* Slice ends everywhere: timers, grace periods, the stop. True if somebody has work now. */
static bool sim_settle(struct mg_sched *sched)
{
    bool work = false;
    for (uint32_t i = 0; i < sched->count; i++) {
        struct mg_core *core = sched->cores[i];
        mg_core_attach(core);
        core->s.reductions = 1;
        mg_core_slice_end(core);
        mg_core_detach(core);
    }
    for (uint32_t i = 0; i < sched->count; i++)
        work = work || mg_core_has_work(sched->cores[i]);
    return work || mg_newborns_len(&sched->overflow) != 0;
}

/* Whether dead actors still wait for a grace period. */
static bool sim_has_garbage(const struct mg_sched *sched)
{
    bool garbage = false;
    for (uint32_t i = 0; i < sched->count; i++)
        garbage = garbage || sched->cores[i]->garbage != 0;
    return garbage;
}

static uint64_t sim_next_deadline(const struct mg_sched *sched)
{
    uint64_t next = MG_NO_DEADLINE;
    for (uint32_t i = 0; i < sched->count; i++) {
        uint64_t deadline = mg_wheel_next_ns(&sched->cores[i]->wheel);
        if (deadline < next)
            next = deadline;
    }
    return next;
}

/* All wait and no timer runs. What real schedulers do when the last one parks; and if that is no
 * deadlock (a service sleeps on purpose), nothing can ever happen here, so the run ends. */
static void sim_stuck(struct mg_sched *sched)
{
    for (uint32_t i = 0; i < sched->count; i++) {
        /* I7 relaxed: one thread. Pairs with I8 in sched_is_dead(). */
        store_relaxed(&sched->cores[i]->parked_until, MG_NO_DEADLINE);
        store_relaxed(&sched->cores[i]->parked, 1);
    }
    /* I7 relaxed: one thread. Pairs with I8 in sched_is_dead(). */
    store_relaxed(&sched->idle, sched->count);
    if (!mg_sched_check_deadlock(sched))
        mg_sched_request_stop(sched, mg_sched_stopping(sched));
    for (uint32_t i = 0; i < sched->count; i++) {
        /* I7 relaxed: one thread. Pairs with I8 in sched_is_dead(). */
        store_relaxed(&sched->cores[i]->parked, 0);
    }
    /* I7 relaxed: one thread. Pairs with I8 in sched_is_dead(). */
    store_relaxed(&sched->idle, 0);
}

/* One step by the rules of the queues. False: nobody has anything to do. */
static bool sim_step_queued(struct mg_sched *sched)
{
    struct mg_core *core = sched->cores[mg_rng_below(&sched->chooser, sched->count)];
    bool work = mg_newborns_len(&sched->overflow) != 0;
    for (uint32_t i = 0; i < sched->count; i++)
        work = work || mg_core_has_work(sched->cores[i]);
    if (!work && !sim_settle(sched))
        return false;
    sim_step(core);
    return true;
}

/* One step in an order that is searched. */
static bool sim_step_explored(struct mg_sched *sched)
{
    return mg_explore_step(sched) || (sim_settle(sched) && mg_explore_step(sched));
}

void mg_sim_run(struct mg_sched *sched)
{
    mg_core_detach(sched->cores[0]); // the boot left it attached
    for (uint32_t i = 1; i < sched->count; i++) {
        mg_core_enter(sched->cores[i]);
        mg_core_detach(sched->cores[i]);
    }
    /* H1 acquire: as in mg_core_slice_end(). Pairs with H2 in mg_sched_halt(). */
    while (load_acquire(&sched->halt) == 0) {
        if (sched->explore != NULL ? sim_step_explored(sched) : sim_step_queued(sched))
            continue;
        if (sim_has_garbage(sched))
            continue; // settle again: grace periods take a few rounds
        uint64_t next = sim_next_deadline(sched);
        if (next == MG_NO_DEADLINE)
            sim_stuck(sched);
        else if (next > sched->sim_now)
            sched->sim_now = next;
    }
    if (sched->explore != NULL)
        mg_explore_end(sched);
    for (uint32_t i = 0; i < sched->count; i++) {
        mg_core_attach(sched->cores[i]);
        mg_core_leave(sched->cores[i]);
    }
}
