/* SPDX-License-Identifier: MIT */
/* The ordered stop, and the report that nothing can happen any more.
 *
 * The stop is an actor of its own, the stopper: it sends exits, watches, and waits, as any program
 * could. Its phases:
 *
 *      ROOTS     the newest supervisors' root gets an exit and is waited for, then the next
 *      SWEEP     the table is walked; who has clean-up to do gets an exit that cannot be trapped
 *      WAIT      until all of those are gone
 *      KILL      the time is over: what is still watched is killed, with a last second to go
 *
 * Threads: requests from anywhere; the stopper on some scheduler. Memory: the list of roots belongs
 * to the sched.
 */
#include "base/vec.h"
#include "object/control.h"
#include "sched/internal.h"

enum { PHASE_ROOTS, PHASE_SWEEP, PHASE_WAIT, PHASE_KILL };
enum { BODY_PHASE, BODY_DEADLINE, BODY_CURSOR, BODY_ROOT };

#define STOP_LAST_NS MG_NS_PER_S

/* -- Roots -- */

void mg_sched_add_root(struct mg_scheduler *s, struct mg_actor *actor)
{
    struct mg_sched *sched = s->sched;
    if (actor->flags & MG_ACTOR_ROOT)
        return;
    actor->flags |= MG_ACTOR_ROOT;
    mg_lock_acquire(&sched->roots_lock);
    sched->roots =
        mg_vec_grow(sched->roots, &sched->roots_cap, sched->roots_count + 1, sizeof *sched->roots);
    sched->roots[sched->roots_count++] = mg_actor_pid(actor);
    mg_lock_release(&sched->roots_lock);
}

void mg_sched_root_ended(struct mg_sched *sched, mg_pid pid)
{
    mg_lock_acquire(&sched->roots_lock);
    uint32_t to = 0;
    for (uint32_t i = 0; i < sched->roots_count; i++) {
        if (sched->roots[i] != pid)
            sched->roots[to++] = sched->roots[i];
    }
    sched->roots_count = to;
    mg_lock_release(&sched->roots_lock);
}

static mg_pid roots_newest(struct mg_sched *sched)
{
    mg_lock_acquire(&sched->roots_lock);
    mg_pid pid = sched->roots_count != 0 ? sched->roots[sched->roots_count - 1] : MG_PID_NONE;
    mg_lock_release(&sched->roots_lock);
    return pid;
}

/* -- The stopper -- */

static uint32_t stopper_watched(const struct mg_actor *actor)
{
    return actor->side != NULL ? actor->side->watching.count : 0;
}

/* Downs have done their work when they were drained. */
static void stopper_read(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_signal *signal;
    while ((signal = mg_actor_receive(actor, s)) != NULL)
        mg_signal_free(signal, &s->blocks);
}

/* Goes through the table, a part in each turn. True: the end was reached. */
static bool stopper_sweep(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_sched *sched = s->sched;
    mg_pid self = mg_actor_pid(actor);
    uint32_t shutdown = mg_sched_reason(sched, MG_REASON_SHUTDOWN);
    while (s->reductions > 0) {
        struct mg_control *control;
        uint32_t index = mg_ptab_next(&sched->ptab, (uint32_t)actor->body[BODY_CURSOR], &control);
        s->reductions -= 2;
        if (index == 0)
            return true;
        actor->body[BODY_CURSOR] = index;
        /* K5 relaxed: at some time is good enough: who begins clean-up work now is dropped. Pairs
         * with K4 in mg_actor_set_cleanup(). */
        if (control->pid != self && load_relaxed(&control->state) == MG_CONTROL_CLEANUP) {
            mg_actor_monitor(actor, s, control->pid, NULL);
            mg_terminate_send(s, self, control->pid, shutdown);
        }
    }
    return false;
}

/* Kills whatever is still watched. */
static void stopper_kill(struct mg_actor *actor, struct mg_scheduler *s)
{
    uint64_t reference, pid;
    if (actor->side == NULL)
        return;
    for (uint32_t i = 0; mg_bonds_at(&actor->side->watching, i, &reference, &pid); i++)
        mg_kill_send(s, mg_actor_pid(actor), pid);
}

/* One root at a time. True: there are none left. */
static bool stopper_roots(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_sched *sched = s->sched;
    for (;;) {
        if (stopper_watched(actor) != 0)
            return false;
        mg_pid root = roots_newest(sched);
        if (root == MG_PID_NONE)
            return true;
        if (root == actor->body[BODY_ROOT])
            return false; // its down has come, its name is about to leave the list
        actor->body[BODY_ROOT] = root;
        mg_actor_monitor(actor, s, root, NULL);
        mg_exit_send(s, mg_actor_pid(actor), root, mg_sched_reason(sched, MG_REASON_SHUTDOWN));
        mg_actor_drain(actor, s);
    }
}

static enum mg_turn stopper_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    stopper_read(actor, s);
    bool over = s->now_ns >= actor->body[BODY_DEADLINE];
    if (over && actor->body[BODY_PHASE] != PHASE_KILL) {
        if (actor->body[BODY_PHASE] == PHASE_ROOTS) {
            /* Those not reached yet are killed with the one that did not end. */
            mg_pid root = roots_newest(s->sched);
            if (root != MG_PID_NONE)
                mg_actor_monitor(actor, s, root, NULL);
        }
        stopper_kill(actor, s);
        actor->body[BODY_PHASE] = PHASE_KILL;
        actor->body[BODY_DEADLINE] = s->now_ns + STOP_LAST_NS;
        over = false;
    }
    if (actor->body[BODY_PHASE] == PHASE_ROOTS && stopper_roots(actor, s))
        actor->body[BODY_PHASE] = PHASE_SWEEP;
    if (actor->body[BODY_PHASE] == PHASE_SWEEP) {
        if (!stopper_sweep(actor, s))
            return MG_TURN_YIELD;
        actor->body[BODY_PHASE] = PHASE_WAIT;
    }
    if (over || (actor->body[BODY_PHASE] != PHASE_ROOTS && stopper_watched(actor) == 0)) {
        mg_sched_halt(s->sched);
        return MG_TURN_EXIT;
    }
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, actor->body[BODY_DEADLINE]);
}

static const struct mg_behaviour stopper = {.name = "stopper", .run = stopper_run};

void mg_core_check_stop(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    /* H3 acquire: what was set before. Pairs with H4 in mg_sched_request_stop(). */
    uint32_t stop = load_acquire(&sched->stop);
    if (MG_LIKELY(stop == MG_STOP_NOT))
        return;
    if (stop == MG_STOP_NOW) {
        mg_sched_halt(sched);
        return;
    }
    uint32_t expected = 0;
    /* H5 acq_rel: one stopper. Pairs with itself. */
    if (!cas_acq_rel(&sched->stopper, &expected, 1))
        return;
    /* H6 relaxed: set before H4. Pairs with H4 in mg_sched_request_stop(). */
    uint64_t limit_ns = load_relaxed(&sched->stop_ns);
    struct mg_spawn spawn = {.behaviour = &stopper, .priority = MG_PRIORITY_SYSTEM};
    spawn.body[BODY_PHASE] = PHASE_ROOTS;
    spawn.body[BODY_DEADLINE] = core->s.now_ns + limit_ns;
    if (mg_spawn(&core->s, NULL, &spawn) == NULL)
        mg_sched_halt(sched);
}

void mg_sched_halt(struct mg_sched *sched)
{
    /* H2 seq_cst: all that was done before; against parkers. Pairs with H1 in
     * mg_core_slice_end(), park_sees_work(). */
    store_seq_cst(&sched->halt, 1);
    mg_sched_wake_all(sched);
}

void mg_sched_request_stop(struct mg_sched *sched, bool now)
{
    uint32_t wanted = now ? MG_STOP_NOW : MG_STOP_ASKED;
    /* H3 acquire: as in mg_core_check_stop(). Pairs with H4 itself. */
    uint32_t stop = load_acquire(&sched->stop);
    while (stop < wanted) {
        /* H4 seq_cst: with the time limit; against parkers. Pairs with H3 in mg_core_check_stop(),
         * park_sees_work(). */
        if (cas_seq_cst(&sched->stop, &stop, wanted))
            break;
    }
    mg_sched_wake_all(sched);
}

void mg_sched_stop_trees(struct mg_sched *sched, uint64_t timeout_ns)
{
    if (timeout_ns != 0) {
        /* H6 relaxed: published by H4. Pairs with H4 in mg_sched_request_stop(). */
        store_relaxed(&sched->stop_ns, timeout_ns);
    }
    mg_sched_request_stop(sched, false);
}

void mg_sched_main_ended(struct mg_sched *sched)
{
    mg_sched_request_stop(sched, false);
}

bool mg_sched_is_halted(const struct mg_sched *sched)
{
    /* H1 acquire: as in mg_core_slice_end(). Pairs with H2 in mg_sched_halt(). */
    return load_acquire(&sched->halt) != 0;
}

bool mg_sched_stopping(const struct mg_sched *sched)
{
    /* H3 acquire: as in mg_core_check_stop(). Pairs with H4 in mg_sched_request_stop(). */
    return load_acquire(&sched->stop) != MG_STOP_NOT;
}

/* -- Deadlock -- */

/* Whether every scheduler is parked without a deadline, and nothing outside could wake one. */
static bool sched_is_dead(struct mg_sched *sched)
{
    /* V2 relaxed: the schedulers are parked, which orders it. Pairs with V1 in
     * mg_actor_mark_service(). */
    if (load_relaxed(&sched->service) != 0 || load_relaxed(&sched->stop) != MG_STOP_NOT)
        return false;
    /* V3 acquire: holds are taken before the wait begins that they explain. Pairs with V4 in
     * mg_sched_release(). */
    if (load_acquire(&sched->holds) != 0)
        return false;
    if (sched->main_control == NULL || !mg_control_is_alive(sched->main_control))
        return false;
    for (uint32_t i = 0; i < sched->count; i++) {
        struct mg_core *core = sched->cores[i];
        /* I8 seq_cst: the deadline of a parked one is final. Pairs with I1 in mg_core_park(). */
        bool parked = load_seq_cst(&core->parked) == 1;
        /* I12 relaxed: written before I1. Pairs with I7 in mg_core_park(). */
        if (!parked || load_relaxed(&core->parked_until) != MG_NO_DEADLINE)
            return false;
    }
    if (mg_newborns_len(&sched->overflow) != 0)
        return false;
    mg_lock_acquire(&sched->output.lock);
    bool writing = sched->output.bytes != 0;
    mg_lock_release(&sched->output.lock);
    return !writing;
}

bool mg_sched_check_deadlock(struct mg_sched *sched)
{
    /* I8 seq_cst: the last one to park sees all. Pairs with I1 in mg_core_park(). */
    if (load_seq_cst(&sched->idle) != sched->count || !sched_is_dead(sched))
        return false;
    uint32_t expected = 0;
    /* V5 acq_rel: one report. Pairs with V5 itself. */
    if (!cas_acq_rel(&sched->deadlocked, &expected, 1))
        return false;
    if (sched->config.deadlock != NULL)
        sched->config.deadlock(sched->config.owner, sched);
    mg_sched_request_stop(sched, false);
    return true;
}

bool mg_sched_deadlocked(const struct mg_sched *sched)
{
    /* V6 acquire: after the report. Pairs with V5 in mg_sched_check_deadlock(). */
    return load_acquire(&sched->deadlocked) != 0;
}
