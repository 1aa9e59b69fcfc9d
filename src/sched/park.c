/* SPDX-License-Identifier: MIT */
/* Parking and waking of schedulers.
 *
 *      parker                                    waker
 *      spinning--                    (I3)        push into overflow, or make a ring stealable
 *      parked = 1, idle++            (I1)        fence                                        (I6)
 *      look: overflow, stealable     (I2)        idle == 0 or spinning != 0: nothing to do    (I4)
 *      futex_wait(parked == 1)                   parked: 1 -> 0, futex_wake                   (I5)
 *
 * Excluded: the parker sees nothing (I2) and the waker sees nobody to wake (I4). All four are
 * sequentially consistent: if the waker's I4 comes before I1 in their one order, then its push
 * comes before I2, and the parker finds it. If I4 sees a spinner instead, that one's I3 comes
 * later, and so does its I2.
 *
 * A parked scheduler is quiescent. One that still has garbage parks for a moment only: what was
 * sent to a dead actor is answered when the actor is recycled, and that must not wait for ever.
 *
 * Before it parks a scheduler gets memory ready that a busy one will soon want, if there is such a
 * one: the first touch of a page is dear. What it could steal meanwhile waits a little longer.
 *
 * A scheduler all of whose actors have to pay for backlogs elsewhere pauses: it sleeps with work in
 * its queue, for a time.
 *
 * Threads: any. Memory: none.
 */
#include "sched/internal.h"

/* The futex word. A scheduler that pauses has work, and is woken for nothing but the end. A patient
 * one does not want newborns for a while. */
enum { CORE_AWAKE, CORE_PARKED, CORE_PAUSES, CORE_PATIENT };

/* How long a scheduler with garbage sleeps before it tries again. */
#define PARK_WITH_GARBAGE_NS (100 * MG_NS_PER_US)

/* Whether somebody else's work could be taken. `patient`: newborns do not count. */
static bool park_sees_work(struct mg_core *core, bool patient)
{
    struct mg_sched *sched = core->s.sched;
    fence_seq_cst(); // I2 seq_cst: after I1. Pairs with I6 in mg_sched_wake_one().
    if (mg_newborns_len(&sched->overflow) != 0)
        return true;
    /* H1 acquire: as in mg_core_slice_end(). Pairs with H2 in mg_sched_halt(). */
    if (load_acquire(&sched->halt) != 0)
        return true;
    /* H3 acquire: as in mg_core_check_stop(). Pairs with H4 in mg_sched_request_stop(). */
    if (load_acquire(&sched->stop) != MG_STOP_NOT && load_acquire(&sched->stopper) == 0)
        return true;
    /* P7 relaxed: a hint, ordered by the fence. Pairs with P5 in mg_wait_timer_release(). */
    if (load_relaxed(&core->timers.dead) != NULL)
        return true;
    for (uint32_t i = 0; i < sched->count; i++) {
        struct mg_core *other = sched->cores[i];
        if (other == core)
            continue;
        if (!patient && mg_newborns_has_stealable(&other->newborns))
            return true;
        for (uint32_t k = 0; k < MG_PRIORITIES; k++) {
            if (mg_ring_has_stealable(&other->rings[k]))
                return true;
        }
    }
    return false;
}

/* The end of a sleep of either kind. */
static void core_awake(struct mg_core *core)
{
    /* I9 seq_cst: not to be woken any more. Pairs with I5 in mg_core_unpark(). */
    store_seq_cst(&core->parked, CORE_AWAKE);
    mg_quiesce_online(&core->s.sched->quiesce, core->part);
    core->s.reductions = MG_SLICE_REDUCTIONS;
    /* The epoch may have gone far: old bags are emptied before the slice's end, whose timers retire
     * actors. */
    mg_core_quiesce(core);
    mg_core_slice_end(core);
}

void mg_core_park(struct mg_core *core)
{
    struct mg_sched *sched = core->s.sched;
    uint64_t until = mg_wheel_next_ns(&core->wheel);
    if (core->garbage != 0 && until > core->s.now_ns + PARK_WITH_GARBAGE_NS)
        until = core->s.now_ns + PARK_WITH_GARBAGE_NS;
    bool patient = core->theft_next_ns > core->s.now_ns;
    uint32_t how = patient ? CORE_PATIENT : CORE_PARKED;
    if (patient && until > core->theft_next_ns)
        until = core->theft_next_ns;
    mg_figure_add(&core->parks, 1);
    /* I7 relaxed: published by I1. Pairs with I8 in sched_is_dead(). */
    store_relaxed(&core->parked_until, until);
    mg_core_flush_reservations(core);
    mg_quiesce_offline(core->part);
    if (MG_UNLIKELY(mg_block_pool_is_growing(&sched->pool)))
        mg_block_pool_prepare(&sched->pool);
    /* I1 seq_cst: before the looks. Pairs with I4 in mg_sched_wake_one(). */
    store_seq_cst(&core->parked, how);
    fetch_add_seq_cst(&sched->idle, 1);
    if (!park_sees_work(core, patient) && !mg_sched_check_deadlock(sched))
        mg_futex_wait(&core->parked, how, until == MG_NO_DEADLINE ? MG_FUTEX_FOREVER : until);
    /* I9 seq_cst: not to be woken any more. Pairs with I4 in mg_sched_wake_one(). */
    fetch_sub_seq_cst(&sched->idle, 1);
    core_awake(core);
    mg_core_find_work(core);
}

void mg_core_pause(struct mg_core *core, uint64_t duration_ns)
{
    uint64_t until = mg_scheduler_now_exact(&core->s) + duration_ns;
    uint64_t next = mg_wheel_next_ns(&core->wheel);
    mg_core_flush_reservations(core);
    mg_quiesce_offline(core->part);
    /* I11 seq_cst: before the look at `halt`. Pairs with I5 in mg_core_unpark(). */
    store_seq_cst(&core->parked, CORE_PAUSES);
    /* H1 seq_cst: as in mg_core_slice_end(), after I11. Pairs with H2 in mg_sched_halt(). */
    if (load_seq_cst(&core->s.sched->halt) == 0)
        mg_futex_wait(&core->parked, CORE_PAUSES, until < next ? until : next);
    core_awake(core);
}

void mg_core_unpark(struct mg_core *core)
{
    /* I5 seq_cst: one waker for each sleep. Pairs with I1, I11 in mg_core_park(),
     * mg_core_pause(). */
    if (xchg_seq_cst(&core->parked, CORE_AWAKE) != CORE_AWAKE)
        mg_futex_wake(&core->parked, 1);
}

void mg_sched_wake_one(struct mg_sched *sched, bool newborns)
{
    fence_seq_cst(); // I6 seq_cst: after the push. Pairs with I2 in park_sees_work().
    /* I4 seq_cst: see the header comment. Pairs with I1, I3 in mg_core_park(), core_spin(). */
    if (load_seq_cst(&sched->idle) == 0 || load_seq_cst(&sched->spinning) != 0)
        return;
    for (uint32_t i = 0; i < sched->count; i++) {
        /* I10 relaxed: a hint; I5 decides. Pairs with I1 in mg_core_park(). */
        uint32_t parked = load_relaxed(&sched->cores[i]->parked);
        if (parked == CORE_PARKED || (parked == CORE_PATIENT && !newborns)) {
            mg_core_unpark(sched->cores[i]);
            return;
        }
    }
}

void mg_sched_wake_all(struct mg_sched *sched)
{
    for (uint32_t i = 0; i < sched->count; i++)
        mg_core_unpark(sched->cores[i]);
}
