/* SPDX-License-Identifier: MIT */
/* Primitives of links, monitors, and of suspending. The receiver is the one that is linked or
 * watches; when it is not the running process, the order goes to it as a signal. */
#include "interp/prim.h"
#include "interp/process.h"

static bool is_self(const struct mg_run *run, const mg_value *args)
{
    return mg_process_control(args[0])->pid == mg_actor_pid(run->actor);
}

static mg_pid pid_of(mg_value process)
{
    return mg_process_control(process)->pid;
}

static mg_value prim_link(struct mg_run *run, mg_value *args)
{
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    struct mg_scheduler *s = mg_run_enter(run);
    if (is_self(run, args)) {
        mg_actor_link(run->actor, s, pid_of(args[1]), mg_process_control(args[1]));
    } else {
        (void)mg_order_send(s, pid_of(args[0]), MG_ORDER_LINK, pid_of(args[1]));
    }
    mg_run_leave(run);
    return MG_TRUE;
}

static mg_value prim_unlink(struct mg_run *run, mg_value *args)
{
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    struct mg_scheduler *s = mg_run_enter(run);
    if (is_self(run, args)) {
        mg_actor_unlink(run->actor, s, pid_of(args[1]));
    } else {
        (void)mg_order_send(s, pid_of(args[0]), MG_ORDER_UNLINK, pid_of(args[1]));
    }
    mg_run_leave(run);
    return MG_TRUE;
}

static mg_value prim_monitor(struct mg_run *run, mg_value *args)
{
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    struct mg_scheduler *s = mg_run_enter(run);
    uint64_t reference = is_self(run, args) ? mg_actor_monitor(run->actor, s, pid_of(args[1]),
                                                               mg_process_control(args[1]))
                                            : mg_order_monitor(s, pid_of(args[0]), pid_of(args[1]));
    mg_run_leave(run);
    return mg_small((int64_t)reference);
}

static mg_value demonitor(struct mg_run *run, mg_value *args, bool flush)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    uint64_t reference = (uint64_t)mg_small_value(args[1]);
    struct mg_scheduler *s = mg_run_enter(run);
    bool active = is_self(run, args)
                      ? mg_actor_demonitor(run->actor, s, reference, flush)
                      : mg_order_send(s, pid_of(args[0]), MG_ORDER_DEMONITOR, reference);
    mg_run_leave(run);
    return mg_boolean(active);
}

static mg_value prim_demonitor(struct mg_run *run, mg_value *args)
{
    return demonitor(run, args, false);
}

static mg_value prim_demonitor_flush(struct mg_run *run, mg_value *args)
{
    return demonitor(run, args, args[2] == MG_TRUE);
}

static mg_value prim_set_trap(struct mg_run *run, mg_value *args)
{
    if (!mg_is_boolean(args[1])) {
        return mg_prim_type_error(run, 1, "Boolean");
    }
    struct mg_scheduler *s = mg_run_enter(run);
    if (is_self(run, args)) {
        mg_actor_set_trap(run->actor, args[1] == MG_TRUE);
    } else {
        (void)mg_order_send(s, pid_of(args[0]), MG_ORDER_TRAP, args[1] == MG_TRUE);
    }
    mg_run_leave(run);
    return MG_TRUE;
}

static mg_value prim_traps(struct mg_run *run, mg_value *args)
{
    if (!is_self(run, args)) {
        return mg_prim_error(run, "only the running process can tell whether it traps exits");
    }
    return mg_boolean((run->actor->flags & MG_ACTOR_TRAPS) != 0);
}

/* True when the order could be given. Given to oneself it takes effect before the next
 * instruction. */
static mg_value prim_suspend(struct mg_run *run, mg_value *args)
{
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        mg_wait_done(run);
        return MG_TRUE;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    bool given = mg_order_send(s, pid_of(args[0]), MG_ORDER_SUSPEND, 0);
    mg_run_leave(run);
    return is_self(run, args) ? mg_prim_yield_once(run) : mg_boolean(given);
}

static mg_value prim_resume(struct mg_run *run, mg_value *args)
{
    struct mg_scheduler *s = mg_run_enter(run);
    bool given = mg_order_send(s, pid_of(args[0]), MG_ORDER_RESUME, 0);
    mg_run_leave(run);
    return mg_boolean(given);
}

const struct mg_prim_entry mg_prims_bond[] = {
    {"Process>>link:", prim_link},
    {"Process>>unlink:", prim_unlink},
    {"Process>>monitor:", prim_monitor},
    {"Process>>demonitor:", prim_demonitor},
    {"Process>>demonitor:flush:", prim_demonitor_flush},
    {"Process>>suspend", prim_suspend},
    {"Process>>resume", prim_resume},
    {"Process>>trapExit:", prim_set_trap},
    {"Process>>trapExit", prim_traps},
    {NULL, NULL},
};
