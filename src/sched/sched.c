/* SPDX-License-Identifier: MIT */
/* Putting the schedulers together: new, run, free, and the doors for foreign threads. See sched.h.
 *
 * Order of a start: pool, tables, cores, the embedder boots on core 0, the I/O back end, threads.
 * Order of an end: threads join, output is flushed, the back end closes, what is left of actors
 * goes (one by one, or with the arenas).
 *
 * Threads: new, run and free on one thread. Memory: see sched.h.
 */
#include "sched/sched.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/alloc.h"
#include "object/control.h"
#include "sched/ctabs.h"
#include "sched/internal.h"
#include "sched/roll.h"

static uint32_t cores_of_machine(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (count > MG_SCHEDULERS_MAX)
        count = MG_SCHEDULERS_MAX;
    return count > 0 ? (uint32_t)count : 1;
}

static void sched_init_shared(struct mg_sched *sched)
{
    mg_block_pool_init(&sched->pool);
    mg_quiesce_init(&sched->quiesce, sched->parts, sched->count + 1);
    mg_lock_init(&sched->foreign_lock, MG_RANK_BOND);
    mg_lock_init(&sched->roots_lock, MG_RANK_LEAF);
    mg_ptab_init(&sched->ptab, MG_LIMIT_ACTORS);
    mg_newborns_init(&sched->overflow, false);
    sched->names = mg_name_table_new();
    sched->tables = mg_ctabs_new();
    sched->rolls = mg_rolls_new();
    mg_policies_init(&sched->policies);
    mg_alarms_init(&sched->alarms);
    mg_records_init(&sched->records);
    mg_output_init(&sched->output);
    /* G2 relaxed: nobody else knows it yet. Pairs with G2 in mg_fresh_reference(). */
    store_relaxed(&sched->references, 1);
    /* H6 relaxed: the same. Pairs with H4 in mg_sched_request_stop(). */
    store_relaxed(&sched->stop_ns, sched->config.stop_ns != 0 ? sched->config.stop_ns : MG_STOP_NS);
}

struct mg_sched *mg_sched_new(const struct mg_sched_config *config)
{
    struct mg_sched *sched = mg_alloc_aligned(MG_CACHE_LINE, sizeof *sched);
    memset(sched, 0, sizeof *sched);
    sched->config = *config;
    sched->count = config->deterministic     ? MG_SIM_SCHEDULERS
                   : config->schedulers != 0 ? config->schedulers
                                             : cores_of_machine();
    CHECK(sched->count <= MG_SCHEDULERS_MAX);
    if (config->seed == 0 && !config->deterministic)
        sched->config.seed = mg_rng_entropy();
    mg_rng_seed(&sched->chooser, sched->config.seed);
    sched->explore = config->deterministic && config->explore ? mg_explore_new(sched) : NULL;
    sched->wall_start_ms = config->deterministic ? UINT64_C(1000000000000) : mg_clock_wall_ms();
    sched->start_ns = config->deterministic ? 0 : mg_clock_monotonic_ns();
    size_t parts_size = (sched->count + 1) * sizeof *sched->parts;
    sched->parts = mg_alloc_aligned(MG_CACHE_LINE, parts_size);
    memset(sched->parts, 0, parts_size);
    sched_init_shared(sched);
    sched->cores = mg_alloc_zero(sched->count * sizeof *sched->cores);
    for (uint32_t i = 0; i < sched->count; i++) {
        struct mg_core *core = mg_alloc_aligned(MG_CACHE_LINE, sizeof *core);
        memset(core, 0, sizeof *core);
        mg_core_init(core, sched, i);
        sched->cores[i] = core;
    }
    return sched;
}

/* -- Booting and running -- */

struct mg_scheduler *mg_sched_boot_scheduler(struct mg_sched *sched)
{
    struct mg_core *core = sched->cores[0];
    if (!sched->booted) {
        sched->booted = true;
        mg_core_enter(core);
    }
    return &core->s;
}

struct mg_control *mg_sched_boot(struct mg_sched *sched, struct mg_spawn *spawn)
{
    struct mg_scheduler *s = mg_sched_boot_scheduler(sched);
    CHECK(sched->main_control == NULL);
    struct mg_actor *actor = mg_spawn(s, NULL, spawn);
    if (actor == NULL)
        return NULL;
    sched->main_pid = mg_actor_pid(actor);
    sched->main_control = actor->control;
    mg_control_ref(actor->control); // the sched's
    mg_control_ref(actor->control); // the caller's
    return actor->control;
}

static void *scheduler_thread(void *argument)
{
    struct mg_core *core = argument;
    mg_core_enter(core);
    mg_core_loop(core);
    mg_core_leave(core);
    return NULL;
}

static void sched_run_threads(struct mg_sched *sched)
{
    pthread_t *threads = mg_alloc(sched->count * sizeof *threads);
    sigset_t all, before;
    sigfillset(&all);
    /* Operating system signals are for the thread that runs the command, not for schedulers. */
    CHECK(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    /* A parked scheduler wakes for the deadline of an actor, and the wheel is late enough. */
    uint64_t slack_ns = mg_futex_slack(MG_NS_PER_US);
    for (uint32_t i = 1; i < sched->count; i++)
        CHECK(pthread_create(&threads[i], NULL, scheduler_thread, sched->cores[i]) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    mg_core_loop(sched->cores[0]);
    mg_core_leave(sched->cores[0]);
    (void)mg_futex_slack(slack_ns);
    for (uint32_t i = 1; i < sched->count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    mg_free(threads);
}

void mg_sched_run(struct mg_sched *sched)
{
    mg_sched_boot_scheduler(sched);
    bool own = sched->config.deterministic || sched->config.write != NULL;
    sched->io = own ? NULL : sched->config.io;
    if (sched->io != NULL) {
        CHECK(sched->io->open(sched, &sched->output, &sched->io_state) == 0);
        sched->output.open = true;
    }
    if (sched->config.deterministic)
        mg_sim_run(sched);
    else
        sched_run_threads(sched);
    if (sched->io != NULL) {
        mg_output_flush(sched);
        sched->io->close(sched->io_state);
        sched->output.open = false;
        mg_output_write_out(sched);
    }
}

/* -- The end of everything -- */

struct mg_actor *mg_core_take_queued(struct mg_core *core)
{
    struct mg_actor *actor = core->next;
    core->next = NULL;
    for (uint32_t i = 0; i < MG_PRIORITIES && actor == NULL; i++)
        actor = mg_ring_pop(&core->rings[i]);
    if (actor == NULL)
        actor = mg_newborns_pop(&core->newborns, false);
    if (actor == NULL)
        actor = mg_newborns_pop(&core->s.sched->overflow, true);
    return actor;
}

/* Ends those who were in the middle of it; all others are found in the table. */
static void finish_exiting(struct mg_core *core)
{
    struct mg_actor *actor;
    while ((actor = mg_core_take_queued(core)) != NULL) {
        /* S1 relaxed: one thread is left. Pairs with S1 in mg_actor_become(). */
        if (load_relaxed(&actor->state) == MG_ACTOR_EXITING)
            while (!mg_actor_end(actor, core))
                continue;
    }
}

/* Frees a living actor without telling anybody. */
static void drop_actor(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_block_cache *blocks = &core->s.blocks;
    struct mg_signal *signal, *last;
    uint64_t reference, value;
    while ((signal = mg_mailbox_take(&actor->mailbox)) != NULL)
        mg_signal_free(signal, blocks);
    signal = mg_queue_take(&actor->mailbox.queue, UINT32_MAX, &last);
    while (signal != NULL) {
        /* L1 relaxed: one thread is left. Pairs with L2 in mailbox_set_next(). */
        struct mg_signal *next = load_relaxed(&signal->next);
        mg_signal_free(signal, blocks);
        signal = next;
    }
    struct mg_bonds *requests = actor->side != NULL ? &actor->side->requests : NULL;
    for (uint32_t i = 0; requests != NULL && mg_bonds_at(requests, i, &reference, &value); i++) {
        if ((value & MG_REQUEST_TAG_MASK) == MG_REQUEST_SIGNAL)
            mg_signal_free((struct mg_signal *)(uintptr_t)value, blocks);
    }
    if (actor->behaviour->deinit != NULL)
        actor->behaviour->deinit(actor, &core->s);
    mg_heap_deinit(&actor->heap, blocks);
    mg_actor_side_free(actor);
    struct mg_control *control = actor->control;
    mg_block_free(blocks, actor, MG_ACTOR_BLOCK_BYTES);
    mg_control_unref(control, blocks);
}

static void sched_drop_actors(struct mg_sched *sched)
{
    for (uint32_t i = 0; i < sched->count; i++)
        mg_core_flush_reservations(sched->cores[i]);
    for (uint32_t i = 0; i < sched->count; i++) {
        struct mg_core *core = sched->cores[i];
        mg_core_attach(core);
        mg_quiesce_online(&sched->quiesce, core->part);
        /* The epoch may have gone far since the core left: what it retired before goes first, for
         * the bags are about to be used for what ends now. */
        mg_core_reclaim_all(core);
        finish_exiting(core);
        mg_timers_take_all(core);
        mg_core_reclaim_all(core);
        finish_exiting(core);
        mg_core_detach(core);
    }
    struct mg_core *core = sched->cores[0];
    struct mg_control *control;
    uint32_t index = 0;
    mg_core_attach(core);
    while ((index = mg_ptab_next(&sched->ptab, index, &control)) != 0)
        drop_actor(core, mg_control_target(control));
    for (uint32_t i = 0; i < sched->count; i++)
        CHECK(sched->cores[i]->garbage == 0);
    mg_core_detach(core);
}

void mg_sched_free(struct mg_sched *sched)
{
    if (sched->booted && mg_scheduler_current() == &sched->cores[0]->s)
        mg_core_leave(sched->cores[0]); // never run
    if (sched->config.thorough)
        sched_drop_actors(sched);
    struct mg_scheduler *last = sched->config.thorough ? &sched->cores[0]->s : NULL;
    mg_ctabs_free(sched->tables, last);
    mg_rolls_free(sched->rolls, last);
    if (sched->main_control != NULL)
        mg_control_unref(sched->main_control, &sched->cores[0]->s.blocks);
    for (uint32_t i = 0; i < sched->count; i++) {
        mg_core_deinit(sched->cores[i]);
        mg_free(sched->cores[i]);
    }
    mg_free(sched->cores);
    mg_free(sched->parts);
    mg_free(sched->roots);
    mg_explore_free(sched->explore);
    mg_output_deinit(&sched->output);
    mg_records_deinit(&sched->records);
    mg_alarms_deinit(&sched->alarms);
    mg_policies_deinit(&sched->policies);
    mg_name_table_free(sched->names);
    mg_newborns_deinit(&sched->overflow);
    mg_ptab_deinit(&sched->ptab);
    mg_lock_deinit(&sched->roots_lock);
    mg_lock_deinit(&sched->foreign_lock);
    mg_block_pool_deinit(&sched->pool);
    mg_free(sched);
}

/* -- Small things -- */

bool mg_sched_is_virtual(const struct mg_sched *sched)
{
    return sched->config.deterministic;
}

struct mg_ctabs *mg_sched_tables(const struct mg_sched *sched)
{
    return sched->tables;
}

void *mg_sched_owner(const struct mg_sched *sched)
{
    return sched->config.owner;
}

struct mg_actor *mg_sched_serve(struct mg_scheduler *s, uint16_t policy, mg_value value,
                                const struct mg_fragment *fragment)
{
    const struct mg_sched_config *config = &s->sched->config;
    return config->serve != NULL ? config->serve(config->owner, s, policy, value, fragment) : NULL;
}

uint32_t mg_sched_reason(const struct mg_sched *sched, enum mg_reason reason)
{
    return sched->config.reasons[reason];
}

struct mg_block_pool *mg_sched_pool(struct mg_sched *sched)
{
    return &sched->pool;
}

uint32_t mg_sched_count(const struct mg_sched *sched)
{
    return sched->count;
}

/* -- Foreign threads -- */

struct mg_signal *mg_sched_foreign_signal(struct mg_sched *sched, enum mg_signal_kind kind,
                                          uint64_t words)
{
    (void)sched;
    struct mg_signal *signal = mg_alloc(mg_signal_bytes_for(words));
    mg_signal_init(signal, kind);
    return signal;
}

bool mg_sched_post(struct mg_sched *sched, mg_pid to, struct mg_signal *signal)
{
    struct mg_quiesce_part *part = &sched->parts[sched->count];
    ASSERT(signal->fragment.block_bytes == 0);
    bool woke = false;
    mg_lock_acquire(&sched->foreign_lock);
    mg_quiesce_online(&sched->quiesce, part);
    struct mg_actor *actor = mg_sched_find(sched, to);
    if (actor != NULL && mg_queue_push(&actor->mailbox.queue, signal)) {
        mg_actor_become(actor, MG_ACTOR_RUNNABLE);
        mg_newborns_push(&sched->overflow, actor);
        woke = true;
    }
    mg_quiesce_offline(part);
    mg_lock_release(&sched->foreign_lock);
    if (actor == NULL)
        mg_free(signal);
    if (woke)
        mg_sched_wake_one(sched, false);
    return actor != NULL;
}

void mg_sched_hold(struct mg_sched *sched)
{
    /* V4 acq_rel: before what it stands for begins. Pairs with V3 in sched_is_dead(). */
    fetch_add_acq_rel(&sched->holds, 1);
}

void mg_sched_release(struct mg_sched *sched)
{
    /* V4 acq_rel: after what it stood for is done. Pairs with V3 in sched_is_dead(). */
    fetch_sub_acq_rel(&sched->holds, 1);
    /* A parked node may have become a stuck one: one scheduler looks again. */
    mg_sched_wake_one(sched, false);
}
