/* SPDX-License-Identifier: MIT */
/* Gates and the primitives of attenuated references: see gate.h. */
#include "interp/gate.h"

#include "interp/prim.h"
#include "sched/exit.h"

/* Numbers of gates; those of processes are below 2^60, of remote ones below 2^61. */
#define GATE_PID ((mg_pid)1 << 61)

static struct mg_gate *gate_of(mg_value handle)
{
    return (struct mg_gate *)(uintptr_t)mg_slot(handle, MG_PROCESS_CONTROL);
}

struct mg_control *mg_gate_pass_reference(mg_value reference, enum mg_gate_right right,
                                          enum mg_refusal *why)
{
    const struct mg_gate *gate = gate_of(reference);
    for (;;) {
        /* G1 acquire: what the revoker did before is seen by those who are refused. Pairs with G2
         * in prim_revoke(). */
        if (load_acquire(&gate->revoked) != 0) {
            *why = MG_REFUSED_REVOKED;
            return NULL;
        }
        if ((gate->rights & right) == 0) {
            *why = MG_REFUSED_RIGHT;
            return NULL;
        }
        if (gate->depth == 1) {
            return gate->target;
        }
        gate = (const struct mg_gate *)(const void *)gate->target;
    }
}

static void gate_released(struct mg_control *control, mg_pid unheld MG_UNUSED,
                          struct mg_block_cache *blocks)
{
    struct mg_gate *gate = MG_CONTAINER_OF(control, struct mg_gate, control);
    mg_control_unref(gate->target, blocks);
    mg_block_free(blocks, gate, sizeof *gate);
}

/* A handle of this class on a gate, whose count it takes. Room was reserved. */
static mg_value new_handle(struct mg_run *run, struct mg_gate *gate, uint32_t class)
{
    struct mg_object *o =
        mg_heap_alloc_small(run->heap, class, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    o->words[MG_PROCESS_CONTROL] = (mg_value)(uintptr_t)gate;
    o->words[MG_PROCESS_NEXT] = 0;
    mg_heap_link_off_heap(run->heap, o, sizeof *gate);
    return mg_pointer(o);
}

/* A gate before a Process or ProcessReference, with one count. NULL after setting the error. */
static struct mg_gate *new_gate(struct mg_run *run, mg_value handle, uint32_t rights)
{
    struct mg_control *target = (struct mg_control *)(uintptr_t)mg_slot(handle, MG_PROCESS_CONTROL);
    uint32_t depth = mg_is_process(handle) ? 1 : gate_of(handle)->depth + 1;
    if (depth > MG_GATE_DEPTH) {
        mg_prim_error(run, "there are too many references one behind another");
        return NULL;
    }
    struct mg_gate *gate = mg_block_alloc(run->blocks, sizeof *gate);
    mg_control_init(&gate->control, GATE_PID | mg_fresh_reference(run->scheduler), gate_released);
    mg_control_ref(target);
    gate->target = target;
    gate->depth = depth;
    gate->rights = rights;
    /* G3 relaxed: nobody else knows the gate yet. Pairs with G1 in mg_gate_pass_reference(). */
    store_relaxed(&gate->revoked, 0);
    return gate;
}

static mg_value prim_send_only(struct mg_run *run, mg_value *args)
{
    if (mg_is_reference(args[0]) && gate_of(args[0])->rights == MG_GATE_SEND) {
        return args[0];
    }
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_gate *gate = new_gate(run, args[0], MG_GATE_SEND);
    return gate == NULL ? MG_PRIM_FAILED : new_handle(run, gate, MG_CLASS_PROCESS_REFERENCE);
}

/* {reference. revoker}. */
static mg_value prim_revocable(struct mg_run *run, mg_value *args)
{
    args = mg_run_reserve(run, args, 2 * MG_PROCESS_SPAN + 3);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    uint32_t rights = MG_GATE_SEND | MG_GATE_CONTROL;
    struct mg_gate *gate =
        new_gate(run, args[0], mg_is_process(args[0]) ? rights : gate_of(args[0])->rights);
    struct mg_gate *key = gate == NULL ? NULL : mg_block_alloc(run->blocks, sizeof *key);
    if (key == NULL) {
        return MG_PRIM_FAILED;
    }
    /* The revoker is a gate of its own before the one it revokes: it lets nothing through. */
    mg_control_init(&key->control, GATE_PID | mg_fresh_reference(run->scheduler), gate_released);
    mg_control_ref(&gate->control);
    key->target = &gate->control;
    key->depth = gate->depth + 1;
    key->rights = 0;
    /* G4 relaxed: as G3. Pairs with G1 in mg_gate_pass_reference(). */
    store_relaxed(&key->revoked, 0);
    mg_value reference = new_handle(run, gate, MG_CLASS_PROCESS_REFERENCE);
    mg_value revoker = new_handle(run, key, MG_CLASS_REVOKER);
    struct mg_object *pair = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    pair->words[0] = reference;
    pair->words[1] = revoker;
    return mg_pointer(pair);
}

static struct mg_gate *gate_revoked_by(mg_value revoker)
{
    return (struct mg_gate *)(void *)gate_of(revoker)->target;
}

static mg_value prim_revoke(struct mg_run *run, mg_value *args)
{
    (void)run;
    /* G2 acq_rel: see G1; the answer is true for one caller only. Pairs with G1 in
     * mg_gate_pass_reference(). */
    return mg_boolean(xchg_acq_rel(&gate_revoked_by(args[0])->revoked, 1) == 0);
}

static mg_value prim_is_revoked(struct mg_run *run, mg_value *args)
{
    (void)run;
    /* G5 acquire: as G1. Pairs with G2 in prim_revoke(). */
    return mg_boolean(load_acquire(&gate_revoked_by(args[0])->revoked) != 0);
}

/* -- Doing something through a reference -- */

static mg_value refusal_name(const struct mg_run *run, enum mg_refusal why)
{
    return mg_symbol(run->vm->refusals[why]);
}

/* nil, or why mail through the reference would be refused: #right, #revoked. */
static mg_value prim_refusal(struct mg_run *run, mg_value *args)
{
    enum mg_refusal why = MG_REFUSED_RIGHT;
    uint32_t right = args[1] == MG_TRUE ? MG_GATE_CONTROL : MG_GATE_SEND;
    return mg_gate_pass(args[0], right, &why) != NULL ? MG_NIL : refusal_name(run, why);
}

static mg_value prim_is_alive(struct mg_run *run, mg_value *args)
{
    (void)run;
    enum mg_refusal why = MG_REFUSED_RIGHT;
    struct mg_control *control = mg_gate_pass(args[0], MG_GATE_SEND, &why);
    return mg_boolean(control != NULL && mg_control_is_alive(control));
}

enum { OP_EXIT, OP_TERMINATE, OP_KILL, OP_SUSPEND, OP_RESUME };

/* args[1]: what to do, args[2]: the reason of an exit. True or false (it has ended); a Symbol when
 * it is refused. */
static mg_value prim_control(struct mg_run *run, mg_value *args)
{
    if (mg_is_small(run->body[MG_BODY_RESULT])) {
        mg_wait_done(run);
        return MG_TRUE;
    }
    enum mg_refusal why = MG_REFUSED_RIGHT;
    struct mg_control *control = mg_gate_pass(args[0], MG_GATE_CONTROL, &why);
    if (control == NULL) {
        return refusal_name(run, why);
    }
    int64_t op = mg_small_value(args[1]);
    if (op == OP_EXIT && !mg_is_symbol(args[2])) {
        return mg_prim_type_error(run, 2, "Symbol");
    }
    mg_pid pid = control->pid, self = mg_actor_pid(run->actor);
    struct mg_scheduler *s = mg_run_enter(run);
    bool done =
        op == OP_EXIT        ? mg_exit_send(s, self, pid, mg_symbol_id(args[2]))
        : op == OP_TERMINATE ? mg_terminate_send(s, self, pid, run->vm->reasons[MG_REASON_SHUTDOWN])
        : op == OP_KILL
            ? mg_kill_send(s, self, pid)
            : mg_order_send(s, pid, op == OP_SUSPEND ? MG_ORDER_SUSPEND : MG_ORDER_RESUME, 0);
    mg_run_leave(run);
    return pid == self ? mg_prim_yield_once(run) : mg_boolean(done);
}

const struct mg_prim_entry mg_prims_gate[] = {
    {"Process>>sendOnly", prim_send_only},
    {"Process>>revocable", prim_revocable},
    {"ProcessReference>>sendOnly", prim_send_only},
    {"ProcessReference>>revocable", prim_revocable},
    {"ProcessReference>>primRefusal:", prim_refusal},
    {"ProcessReference>>isAlive", prim_is_alive},
    {"ProcessReference>>primControl:reason:", prim_control},
    {"Revoker>>revoke", prim_revoke},
    {"Revoker>>isRevoked", prim_is_revoked},
    {NULL, NULL},
};
