/* SPDX-License-Identifier: MIT */
/* Primitives that the library's services stand on: a deep copy inside one actor, values that belong
 * to the running actor, and the time a timer has left.
 */
#include "interp/alloc.h"
#include "interp/prim.h"
#include "interp/process.h"
#include "sched/scheduler.h"

/* Remembered per actor like a class variable, under a number no class variable has (prim_mail.c has
 * the one above). */
#define LOCALS ((uint32_t)0x3ffffffe)

/* What would arrive if the receiver were sent: the same path, into the own heap. */
static mg_value prim_deep_copy(struct mg_run *run, mg_value *args)
{
    if (!mg_is_pointer(args[0])) {
        return args[0];
    }
    args = mg_run_reserve(run, args, 1);
    if (args == NULL || !mg_process_measure(run, &args[0], 1)) {
        return MG_PRIM_FAILED;
    }
    struct mg_signal *carrier = mg_signal_new(run->blocks, MG_SIGNAL_MESSAGE, run->copy->words);
    mg_value copy;
    mg_copy_write(run->copy, &carrier->fragment, mg_signal_words(carrier), &args[0], &copy, 1);
    if (carrier->fragment.words > 0) {
        mg_heap_adopt(run->heap, &carrier->fragment);
    } else {
        mg_signal_free(carrier, run->blocks);
    }
    return copy;
}

static mg_value prim_locals(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_alloc_cvar_get(run->body[MG_BODY_CVARS], LOCALS);
}

static mg_value prim_set_locals(struct mg_run *run, mg_value *args)
{
    args = mg_run_reserve(run, args, mg_alloc_cvar_words(run->body[MG_BODY_CVARS], LOCALS));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_alloc_cvar_set(run->heap, &run->body[MG_BODY_CVARS], LOCALS, args[1]);
    return args[1];
}

/* Whole milliseconds; nil for a timer that has fired or was stopped. */
static mg_value prim_timer_left(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    uint64_t left = mg_timer_left(run->scheduler, (uint64_t)mg_small_value(args[1]));
    return left == MG_NO_DEADLINE ? MG_NIL : mg_small((int64_t)(left / 1000000));
}

const struct mg_prim_entry mg_prims_service[] = {
    {"Object>>deepCopy", prim_deep_copy},
    {"Process class>>primLocals", prim_locals},
    {"Process class>>primLocals:", prim_set_locals},
    {"Process class>>primTimerLeft:", prim_timer_left},
    {NULL, NULL},
};
