/* SPDX-License-Identifier: MIT */
/* Primitives of alarms: sched/alarm.h under the names of lib/Alarm.mag, which checks arguments. */
#include "interp/prim.h"
#include "interp/process.h"
#include "sched/alarm.h"

static mg_value prim_on(struct mg_run *run, mg_value *args)
{
    enum mg_alarm_kind kind = (enum mg_alarm_kind)mg_small_value(args[1]);
    uint64_t threshold = (uint64_t)mg_small_value(args[3]);
    if (kind == MG_ALARM_COLLECTION || kind == MG_ALARM_BUSY) {
        threshold = threshold < UINT64_MAX / 1000000 ? threshold * 1000000 : UINT64_MAX;
    }
    struct mg_scheduler *s = run->scheduler;
    uint32_t selector = mg_symbol_intern(run->world->symbols, "alarm", 5);
    if (!mg_alarm_on(s, run->actor, kind, threshold, selector, mg_symbol_id(args[2]))) {
        return mg_prim_error(run, "there are too many alarms");
    }
    return args[0];
}

static mg_value prim_off(struct mg_run *run, mg_value *args)
{
    enum mg_alarm_kind kind = (enum mg_alarm_kind)mg_small_value(args[1]);
    return mg_boolean(mg_alarm_off(run->scheduler, run->actor, kind));
}

const struct mg_prim_entry mg_prims_alarm[] = {
    {"Alarm class>>primOn:name:over:", prim_on},
    {"Alarm class>>primOff:", prim_off},
    {NULL, NULL},
};
