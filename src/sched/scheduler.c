/* SPDX-License-Identifier: MIT */
/* One scheduler: which actor is next, its turn, and what happens between slices. See scheduler.h
 * for the queues.
 *
 * A turn:
 *
 *      drain ──> killed? ──> end
 *        │
 *        ├──> waits, and nothing it waits for has come ──> sleep (or drain again)
 *        │
 *        └──> run ──> YIELD: back of the queue
 *                 ├── WAIT:  as above
 *                 └── EXIT:  end
 *
 * The order of decisions. The next slot goes first while its slice lasts, so a pair that plays
 * ping-pong stays where its lines are; when the slice is over it queues like everybody else.
 * Otherwise system work (three turns of four), low priority (one of 32), and between ring and
 * newborns by their numbers: each runnable actor has the same share of turns, as in one queue, but
 * newborns run newest first (every 64th: the oldest), which keeps trees of actors narrow.
 *
 * Rejected: waking another scheduler at each enqueue (a futex call costs more than fifty turns, and
 * ping-pong pairs are torn apart); never stealing a queue of one (two busy actors share one core
 * while the other idles).
 *
 * Threads and memory: see scheduler.h.
 */
#include "sched/scheduler.h"

#include "sched/internal.h"

/* The one thread-local: whose scheduler this thread is. */
static _Thread_local struct mg_scheduler *current_scheduler;

struct mg_scheduler *mg_scheduler_current(void)
{
    return current_scheduler;
}

void mg_core_attach(struct mg_core *core)
{
    CHECK(current_scheduler == NULL);
    current_scheduler = &core->s;
}

void mg_core_detach(struct mg_core *core)
{
    CHECK(current_scheduler == &core->s);
    current_scheduler = NULL;
}

void mg_core_enter(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    mg_core_attach(core);
    mg_quiesce_online(&sched->quiesce, core->part);
    mg_core_quiesce(core);
    core->s.now_ns = mg_scheduler_now_exact(&core->s);
    if (sched->config.scheduler_start != NULL)
        sched->config.scheduler_start(sched->config.owner, &core->s);
}

void mg_core_leave(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    if (sched->config.scheduler_stop != NULL)
        sched->config.scheduler_stop(sched->config.owner, &core->s);
    mg_quiesce_offline(core->part);
    mg_core_detach(core);
}

/* -- Time -- */

uint64_t mg_scheduler_now_exact(struct mg_scheduler *s)
{
    return s->sched->config.deterministic ? s->sched->sim_now : mg_clock_monotonic_ns();
}

uint64_t mg_scheduler_wall_ms(struct mg_scheduler *s)
{
    struct mg_sched *sched = s->sched;
    return sched->config.deterministic ? sched->wall_start_ms + sched->sim_now / MG_NS_PER_MS
                                       : mg_clock_wall_ms();
}

/* -- Becoming runnable -- */

static struct mg_ring *core_ring(struct mg_core *core, const struct mg_actor *actor)
{
    return &core->rings[actor->birth & MG_BIRTH_PRIORITY];
}

/* A ring is full: its older half goes to the overflow queue, which all schedulers take from. */
static MG_COLD void core_overflow(struct mg_core *core, struct mg_ring *ring)
{
    struct mg_actor *moved[MG_RING_SIZE / 2];
    uint32_t count = mg_ring_pop_many(ring, moved, MG_ARRAY_LEN(moved));
    for (uint32_t i = 0; i < count; i++)
        mg_newborns_push(&core->s.sched->overflow, moved[i]);
}

void mg_core_enqueue(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_ring *ring = core_ring(core, actor);
    while (!mg_ring_push(ring, actor))
        core_overflow(core, ring);
}

/* Whoever was in the next slot goes to where it would have gone without the slot. */
static void core_displace(struct mg_core *core)
{
    struct mg_actor *actor = core->next;
    core->next = NULL;
    if (actor == NULL)
        return;
    if (core->next_newborn)
        mg_newborns_push(&core->newborns, actor);
    else
        mg_core_enqueue(core, actor);
}

/* Puts an actor into the next slot, or in line when it has no right to the slot. */
static void core_put_next(struct mg_core *core, struct mg_actor *actor, bool newborn)
{
    bool normal = (actor->birth & MG_BIRTH_PRIORITY) == MG_PRIORITY_NORMAL;
    if (!normal || core->s.reductions <= 0) {
        if (normal && newborn)
            mg_newborns_push(&core->newborns, actor);
        else
            mg_core_enqueue(core, actor);
        return;
    }
    if (core->next != NULL)
        core_displace(core);
    core->next = actor;
    core->next_newborn = newborn;
}

void mg_core_wake(struct mg_core *core, struct mg_actor *actor)
{
    mg_actor_become(actor, MG_ACTOR_RUNNABLE);
    core_put_next(core, actor, false);
}

void mg_core_wake_in_line(struct mg_core *core, struct mg_actor *actor)
{
    mg_actor_become(actor, MG_ACTOR_RUNNABLE);
    mg_core_enqueue(core, actor);
}

void mg_core_birth(struct mg_core *core, struct mg_actor *actor)
{
    mg_actor_become(actor, MG_ACTOR_RUNNABLE);
    core_put_next(core, actor, true);
}

/* -- Choosing -- */

/* Work for a new slice. In deterministic mode slices have all lengths, so that turns end
 * everywhere. */
static int32_t core_slice(struct mg_core *core)
{
    if (MG_LIKELY(!core->s.sched->config.deterministic))
        return MG_SLICE_REDUCTIONS;
    return mg_core_random_slice(core);
}

MG_COLD int32_t mg_core_random_slice(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    uint64_t longest = mg_rng_below(&sched->chooser, 4) == 0 ? 64 : MG_SLICE_REDUCTIONS;
    return (int32_t)(1 + mg_rng_below(&sched->chooser, longest));
}

static struct mg_actor *core_pick_newborn(struct mg_core *core)
{
    bool oldest = ++core->newborn_picks % 64 == 0;
    if (MG_UNLIKELY(core->s.sched->config.deterministic))
        oldest = mg_rng_below(&core->s.sched->chooser, 4) == 0;
    return mg_newborns_pop(&core->newborns, oldest);
}

/* The ring or the newborns: turns are shared in proportion to their numbers, with at least one of
 * NEWBORN_SHARE + 1 for each entry of the ring. */
static struct mg_actor *core_pick_normal(struct mg_core *core)
{
    enum { NEWBORN_SHARE = 128 };
    struct mg_ring *ring = &core->rings[MG_PRIORITY_NORMAL];
    uint32_t newborns = mg_newborns_len(&core->newborns);
    struct mg_actor *actor = NULL;
    if (MG_UNLIKELY(newborns != 0)) {
        uint32_t queued = mg_ring_len(ring);
        if (newborns > queued * NEWBORN_SHARE)
            newborns = queued * NEWBORN_SHARE;
        core->share += queued;
        if (core->share < newborns + queued || queued == 0) {
            actor = core_pick_newborn(core);
            if (actor != NULL)
                return actor;
        }
        core->share = 0;
    }
    actor = mg_ring_pop(ring);
    return actor != NULL ? actor : core_pick_newborn(core);
}

/* Takes this scheduler's share of the overflow queue. False: there is none. */
static bool core_take_overflow(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    uint32_t count = mg_newborns_len(&sched->overflow) / sched->count + 1;
    bool any = false;
    for (uint32_t i = 0; i < count && i < MG_RING_SIZE / 2; i++) {
        struct mg_actor *actor = mg_newborns_pop(&sched->overflow, true);
        if (actor == NULL)
            break;
        mg_core_enqueue(core, actor);
        any = true;
    }
    return any;
}

/* Whose turn it is by the rules of the queues; NULL when they are empty. */
static struct mg_actor *core_pick_queued(struct mg_core *core)
{
    struct mg_actor *actor = NULL;
    uint32_t pick = ++core->picks;
    if (pick % 4 != 0)
        actor = mg_ring_pop(&core->rings[MG_PRIORITY_SYSTEM]);
    if (actor == NULL && pick % 32 == 0)
        actor = mg_ring_pop(&core->rings[MG_PRIORITY_LOW]);
    if (actor == NULL && pick % 64 == 1)
        actor = mg_newborns_pop(&core->s.sched->overflow, true);
    if (actor == NULL)
        actor = core_pick_normal(core);
    if (actor == NULL)
        actor = mg_ring_pop(&core->rings[MG_PRIORITY_SYSTEM]);
    if (actor == NULL)
        actor = mg_ring_pop(&core->rings[MG_PRIORITY_LOW]);
    if (actor == NULL && core_take_overflow(core))
        actor = mg_ring_pop(&core->rings[MG_PRIORITY_NORMAL]);
    return actor;
}

static struct mg_actor *core_pick(struct mg_core *core)
{
    struct mg_actor *next = core->next;
    if (next != NULL && MG_LIKELY(core->s.reductions > 0) &&
        mg_ring_len(&core->rings[MG_PRIORITY_SYSTEM]) == 0) {
        core->next = NULL;
        return next; // on what is left of the slice
    }
    core_displace(core);
    core->s.reductions = core_slice(core);
    return core_pick_queued(core);
}

bool mg_core_has_work(struct mg_core *core)
{
    if (core->next != NULL || mg_newborns_len(&core->newborns) != 0)
        return true;
    for (uint32_t i = 0; i < MG_PRIORITIES; i++) {
        if (mg_ring_len(&core->rings[i]) != 0)
            return true;
    }
    return false;
}

/* -- A turn -- */

/* Tells ps what the turn was. Writing the control block at every short turn would take its line
 * from senders on other cores, so short turns are sampled. */
static inline void turn_publish(struct mg_core *core, struct mg_actor *actor, int32_t used)
{
    enum { SAMPLE = 64, LONG = 512 };
    uint32_t weight = 1;
    if (used < LONG) {
        if (MG_LIKELY(mg_figure(&core->turns) % SAMPLE != 0))
            return;
        weight = SAMPLE;
    }
    struct mg_control *control = actor->control;
    mg_figure_add(&control->reductions, (uint64_t)(used > 0 ? used : 0) * weight);
    /* Z3 relaxed: figures for people. Pairs with Z4 in info_read(). */
    store_relaxed(&control->mailbox_load, mg_mailbox_count(&actor->mailbox));
    store_relaxed(&control->heap_bytes, mg_heap_bytes(&actor->heap));
}

static void turn_yield(struct mg_core *core, struct mg_actor *actor)
{
    if (MG_UNLIKELY(actor->birth & MG_BIRTH_EXACT))
        mg_mailbox_settle(&actor->mailbox, true);
    mg_actor_become(actor, MG_ACTOR_RUNNABLE);
    struct mg_newborns *overflow = &core->s.sched->overflow;
    bool normal = (actor->birth & MG_BIRTH_PRIORITY) == MG_PRIORITY_NORMAL;
    if (MG_UNLIKELY(mg_newborns_len(overflow) != 0) && normal)
        mg_newborns_push(overflow, actor); // behind those who found no place in the ring
    else
        mg_core_enqueue(core, actor);
}

static void turn_end(struct mg_core *core, struct mg_actor *actor)
{
    if (!mg_actor_end(actor, core))
        mg_core_enqueue(core, actor); // goes on at its next turn
}

/* Nothing to run: sleeps. False: something has come. */
static inline bool turn_sleep(struct mg_actor *actor)
{
    if (MG_UNLIKELY(actor->birth & MG_BIRTH_EXACT))
        mg_mailbox_settle(&actor->mailbox, true);
    if (!mg_queue_is_empty(&actor->mailbox.queue))
        return false;
    mg_actor_become(actor, MG_ACTOR_WAITING);
    if (MG_LIKELY(mg_queue_sleep(&actor->mailbox.queue)))
        return true; // the actor is not ours any more
    mg_actor_become(actor, MG_ACTOR_RUNNING);
    return false;
}

/* Whether the actor must end now, whatever it would like. */
static inline bool turn_must_end(const struct mg_actor *actor)
{
    return MG_UNLIKELY(actor->flags & (MG_ACTOR_KILLED | MG_ACTOR_EXIT_PENDING)) &&
           ((actor->flags & MG_ACTOR_KILLED) || !actor->behaviour->unwinds);
}

static inline bool turn_may_run(const struct mg_actor *actor)
{
    return !(actor->flags & MG_ACTOR_SUSPENDED) &&
           (actor->wait_for == 0 || (actor->woken_by & actor->wait_for) != 0);
}

/* One call of `run`, timed when somebody wants to know of long ones. Virtual time stands still
 * meanwhile: there the work counts. */
static MG_COLD enum mg_turn turn_timed(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_scheduler *s = &core->s;
    bool virtual = s->sched->config.deterministic;
    int32_t before = s->reductions;
    uint64_t began_ns = mg_scheduler_now_exact(s);
    enum mg_turn turn = actor->behaviour->run(actor, s);
    int32_t used = before - s->reductions;
    uint64_t took_ns = virtual ? (uint64_t)(used > 0 ? used : 0) * MG_NS_PER_REDUCTION
                               : mg_scheduler_now_exact(s) - began_ns;
    if (mg_alarm_watched(s->sched, MG_ALARM_BUSY, took_ns))
        mg_alarm_raise(s, MG_ALARM_BUSY, actor, took_ns);
    return turn;
}

/* What became of a turn. */
enum turn_result { TURN_ENDED, TURN_YIELDED, TURN_SLEEPS };

static enum turn_result turn_run(struct mg_core *core, struct mg_actor *actor, int32_t before)
{
    struct mg_scheduler *s = &core->s;
    mg_actor_drain(actor, s);
    for (;;) {
        if (turn_must_end(actor))
            return TURN_ENDED;
        if (!turn_may_run(actor)) {
            turn_publish(core, actor, before - s->reductions);
            before = s->reductions;
            if (MG_UNLIKELY(actor->flags & MG_ACTOR_CREDITOR))
                mg_credit_serve(core, actor);
            if (turn_sleep(actor))
                return TURN_SLEEPS;
            uint32_t woke = mg_actor_drain(actor, s);
            if (woke == 0 && s->reductions <= 0)
                return TURN_YIELDED;
            if (woke == 0 && !turn_may_run(actor) && !mg_queue_is_empty(&actor->mailbox.queue))
                return TURN_YIELDED; // a push is in flight, and its thread perhaps not running
            continue;
        }
        actor->wait_for = 0;
        actor->woken_by = 0;
        enum mg_turn turn = mg_alarm_watched(s->sched, MG_ALARM_BUSY, MG_ALARM_NEVER)
                                ? turn_timed(core, actor)
                                : actor->behaviour->run(actor, s);
        if (turn_must_end(actor) || turn == MG_TURN_EXIT)
            return TURN_ENDED;
        if (turn == MG_TURN_YIELD) {
            mg_actor_drain(actor, s);
            return turn_must_end(actor) ? TURN_ENDED : TURN_YIELDED;
        }
        if (actor->wait_for == 0)
            actor->wait_for = MG_WAKE_MAIL | MG_WAKE_ALWAYS;
        if (s->reductions <= 0 && turn_may_run(actor))
            return TURN_YIELDED;
    }
}

static const char *turn_name(enum turn_result result)
{
    return result == TURN_ENDED ? "end" : result == TURN_YIELDED ? "yield" : "wait";
}

static enum turn_result core_turn(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_scheduler *s = &core->s;
    int32_t before = s->reductions;
    s->reductions -= MG_COST_TURN;
    s->running = actor;
    mg_figure_add(&core->turns, 1);
    mg_pid pid = mg_sim_logs(core) ? mg_actor_pid(actor) : MG_PID_NONE; // before it may be gone
    enum turn_result result = TURN_ENDED;
    /* S1 relaxed: its own. Pairs with S1 in mg_actor_become(). */
    if (MG_LIKELY(load_relaxed(&actor->state) != MG_ACTOR_EXITING)) {
        mg_actor_become(actor, MG_ACTOR_RUNNING);
        result = turn_run(core, actor, before);
    }
    if (result == TURN_ENDED) {
        turn_end(core, actor);
    } else if (result == TURN_YIELDED) {
        turn_publish(core, actor, before - s->reductions);
        turn_yield(core, actor);
    }
    s->running = NULL;
    int32_t used = before - s->reductions;
    core->budget -= used;
    if (MG_UNLIKELY(s->sched->config.deterministic)) {
        s->sched->sim_now += (uint64_t)(used > 0 ? used : 1) * MG_NS_PER_REDUCTION;
        if (mg_sim_logs(core))
            mg_sim_event(core, "turn %" MG_PRIPID " %s used %d", pid, turn_name(result), used);
    }
    return result;
}

/* The longest a core stands still for its debts: who wakes there meanwhile waits. */
#define PAUSE_MAX_NS (200 * MG_NS_PER_US)

/* The price of backlogs is paid with time: others run, or nobody does when a whole round of turns
 * had to pay. */
static MG_COLD void core_pay(struct mg_core *core)
{
    uint32_t runnable = (core->next != NULL) + mg_newborns_len(&core->newborns);
    for (uint32_t i = 0; i < MG_PRIORITIES; i++)
        runnable += mg_ring_len(&core->rings[i]);
    if (core->payers < runnable)
        return;
    uint64_t duration_ns = (uint64_t)core->price * MG_NS_PER_REDUCTION;
    core->price = 0;
    core->payers = 0;
    if (!core->s.sched->config.deterministic)
        mg_core_pause(core, duration_ns < PAUSE_MAX_NS ? duration_ns : PAUSE_MAX_NS);
}

bool mg_core_step(struct mg_core *core)
{
    struct mg_actor *actor = core_pick(core);
    if (actor == NULL)
        return false;
    uint32_t price = core->price;
    core_turn(core, actor);
    if (MG_UNLIKELY(core->price != price)) {
        core->payers++;
        if (core->price >= MG_PRICE_PAUSE)
            core_pay(core);
    } else if (MG_UNLIKELY(core->payers != 0)) {
        core->payers = 0;
        core->price = 0;
    }
    if (MG_UNLIKELY(core->budget <= 0))
        mg_core_slice_end(core);
    return true;
}

bool mg_core_turn(struct mg_core *core, struct mg_actor *actor, int32_t reductions)
{
    core->s.reductions = reductions;
    enum turn_result result = core_turn(core, actor);
    core->price = 0; // nobody pauses under a virtual clock
    if (core->budget <= 0)
        mg_core_slice_end(core);
    return result == TURN_YIELDED;
}

void mg_core_slice_end(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    core->budget = MG_SLICE_REDUCTIONS;
    core->s.now_ns = mg_scheduler_now_exact(&core->s);
    mg_figure_add(&core->slices, 1);
    mg_core_flush_reservations(core);
    mg_timers_run(core);
    mg_core_flush_reservations(core); // timers may have sent
    mg_core_quiesce(core);
    bool newborns = mg_newborns_age(&core->newborns);
    bool aged = mg_newborns_len(&sched->overflow) != 0;
    for (uint32_t i = 0; i < MG_PRIORITIES; i++)
        aged = mg_ring_age(&core->rings[i]) || aged;
    bool grows = mg_block_pool_is_growing(&sched->pool); // a parked one is to prepare
    if (aged || newborns || grows)
        mg_sched_wake_one(sched, !aged && !grows);
    mg_core_check_stop(core);
    /* H1 acquire: what was done before the halt. Pairs with H2 in mg_sched_halt(). */
    core->halted = load_acquire(&sched->halt) != 0;
}

/* -- Looking for work -- */

static bool core_keep_loot(struct mg_core *core, struct mg_actor **taken, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        mg_core_enqueue(core, taken[i]);
    if (count != 0)
        mg_figure_add(&core->steals, 1);
    return count != 0;
}

static bool core_steal_queued(struct mg_core *core, struct mg_core *victim)
{
    struct mg_actor *taken[MG_RING_SIZE / 2];
    uint32_t count = 0;
    for (uint32_t i = 0; i < MG_PRIORITIES && count == 0; i++)
        count = mg_ring_steal(&victim->rings[i], taken, MG_ARRAY_LEN(taken));
    return core_keep_loot(core, taken, count);
}

/* Newborns that end at once are cheaper where they were born, with their memory hot, than moved: a
 * theft that was worth less than a few slices of work puts off the next one, longer and longer.
 * Newborns that spawn or work are worth it. */
static bool core_steal_newborns(struct mg_core *core, struct mg_core *victim)
{
    enum { WORTH_NS = 50000, PATIENCE_NS = 20000, PATIENCE_MAX = 6 };
    struct mg_actor *taken[MG_RING_SIZE / 2];
    if (!mg_newborns_has_stealable(&victim->newborns))
        return false;
    uint64_t now_ns = mg_scheduler_now_exact(&core->s);
    if (core->theft_ns != 0) {
        if (now_ns < core->theft_ns + WORTH_NS)
            core->patience += core->patience < PATIENCE_MAX;
        else
            core->patience = 0;
        core->theft_next_ns =
            core->patience == 0 ? 0 : now_ns + ((uint64_t)PATIENCE_NS << core->patience);
        core->theft_ns = 0;
    }
    if (now_ns < core->theft_next_ns && !core->s.sched->config.deterministic)
        return false;
    uint32_t count = mg_newborns_steal(&victim->newborns, taken, MG_ARRAY_LEN(taken));
    if (count != 0)
        core->theft_ns = now_ns;
    return core_keep_loot(core, taken, count);
}

bool mg_core_find_work(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    if (core_take_overflow(core))
        return true;
    if (sched->count == 1)
        return false;
    uint32_t start = (uint32_t)mg_rng_below(&core->s.rng, sched->count);
    for (uint32_t i = 0; i < sched->count; i++) {
        struct mg_core *victim = sched->cores[(start + i) % sched->count];
        if (victim != core &&
            (core_steal_queued(core, victim) || core_steal_newborns(core, victim)))
            return true;
    }
    return false;
}

/* Looks around for a while before parking: work often comes within microseconds. One at a time. */
static bool core_spin(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    bool found = false;
    if (sched->count == 1)
        return false;
    /* I3 seq_cst: before the looks below. Pairs with I4 in mg_sched_wake_one(). */
    if (fetch_add_seq_cst(&sched->spinning, 1) == 0) {
        for (uint32_t i = 0; i < MG_SPIN_ROUNDS && !found; i++) {
            found = mg_core_find_work(core);
            for (uint32_t k = 0; k < 4; k++)
                cpu_relax();
        }
    }
    /* I3 seq_cst: whoever relied on this search finds it over before the last look (park.c). Pairs
     * with I4 in mg_sched_wake_one(). */
    fetch_sub_seq_cst(&sched->spinning, 1);
    return found;
}

void mg_core_loop(struct mg_core *core)
{
    while (MG_LIKELY(!core->halted)) {
        if (MG_LIKELY(mg_core_step(core)))
            continue;
        mg_core_slice_end(core);
        if (mg_core_has_work(core) || core->halted || core_spin(core))
            continue;
        mg_core_park(core);
    }
}

/* -- Beginning and end -- */

void mg_core_init(struct mg_core *core, struct mg_sched *sched, uint32_t index)
{
    struct mg_scheduler *s = &core->s;
    s->index = index;
    s->sched = sched;
    s->now_ns = mg_scheduler_now_exact(s);
    mg_rng_seed(&s->rng, sched->config.seed + index * UINT64_C(0x9e3779b97f4a7c15));
    mg_block_cache_init(&s->blocks, &sched->pool);
    core->budget = MG_SLICE_REDUCTIONS;
    s->reductions = MG_SLICE_REDUCTIONS;
    core->part = &sched->parts[index];
    for (uint32_t i = 0; i < MG_PRIORITIES; i++)
        mg_ring_init(&core->rings[i]);
    mg_newborns_init(&core->newborns, sched->count == 1 || sched->config.deterministic);
    mg_wheel_init(&core->wheel, (uint16_t)index, s->now_ns);
    mg_timers_init(&core->timers);
}

void mg_core_deinit(struct mg_core *core)
{
    mg_timers_deinit(&core->timers, &core->s.blocks);
    mg_newborns_deinit(&core->newborns);
    mg_block_cache_deinit(&core->s.blocks);
}
