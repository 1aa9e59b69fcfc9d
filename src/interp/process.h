/* SPDX-License-Identifier: MIT */
/* Helpers of the primitives on processes: handles, symbols given as text, calls into the
 * scheduler's layer.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_PROCESS_H
#define MG_INTERP_PROCESS_H

#include "interp/frame.h"
#include "interp/vm.h"
#include "object/bytes.h"
#include "sched/sched.h"

/* Words of a Process object. */
#define MG_PROCESS_SPAN (1 + MG_PROCESS_WORDS)

/* A Process for a control block; `control` is borrowed, the object counts it. MG_PROCESS_SPAN words
 * are reserved. */
mg_value mg_process_new(struct mg_heap *heap, struct mg_control *control);

/* The control block of a Process. */
static inline struct mg_control *mg_process_control(mg_value v)
{
    ASSERT(mg_is_instance(v, MG_CLASS_PROCESS));
    return (struct mg_control *)(uintptr_t)mg_slot(v, MG_PROCESS_CONTROL);
}
/* The control block of any handle on an actor: a Process, a Future, a keeper's. Not for references,
 * which lead to gates (gate.h). */
static inline struct mg_control *mg_handle_control(mg_value v)
{
    ASSERT(mg_has_format(v, MG_FORMAT_PROCESS));
    ASSERT(!mg_is_instance(v, MG_CLASS_PROCESS_REFERENCE) && !mg_is_instance(v, MG_CLASS_REVOKER));
    return (struct mg_control *)(uintptr_t)mg_slot(v, MG_PROCESS_CONTROL);
}
static inline bool mg_is_process(mg_value v)
{
    return mg_is_instance(v, MG_CLASS_PROCESS);
}

/* A handle of another kind: of a keeper's class, or a Future. The same rules. `charge_bytes` counts
 * towards the next collection. */
mg_value mg_handle_new(struct mg_heap *heap, uint32_t class_id, struct mg_control *control,
                       uint64_t charge_bytes);

/* A Process for a pid, or nil for none; counts what it takes. MG_PROCESS_SPAN words are
 * reserved. */
mg_value mg_process_of_pid(struct mg_run *run, mg_pid pid);

/* A pid as a SmallInteger and back; 0 for none. */
static inline mg_value mg_pid_value(mg_pid pid)
{
    return mg_small((int64_t)pid);
}

/* Text of a String or Symbol; false for other values. Valid until the next reserve. */
bool mg_process_text(struct mg_run *run, mg_value v, const char **text, size_t *len);

/* Symbol id of a String or Symbol, made if need be; 0 for nil; UINT32_MAX after setting the
 * error. */
uint32_t mg_process_selector(struct mg_run *run, const mg_value *args, uint32_t index);

/* Bits kept in MG_BODY_SERIAL above the serial. */
#define MG_BODY_SCANNING ((uint64_t)1 << 62)   /* a selective receive is open */
#define MG_BODY_PEEKED ((uint64_t)1 << 61)     /* its current message was answered */
#define MG_BODY_SUPERVISED ((uint64_t)1 << 60) /* started by a supervisor */
#define MG_BODY_LABELLED ((uint64_t)1 << 59)   /* has a label (labels.h) */

/* The scheduler's layer lowers its own count of reductions: hand ours over before a call, take it
 * back afterwards. */
static inline struct mg_scheduler *mg_run_enter(struct mg_run *run)
{
    run->scheduler->reductions = run->reductions;
    return run->scheduler;
}
static inline void mg_run_leave(struct mg_run *run)
{
    run->reductions = run->scheduler->reductions;
}

/* Deadline of a primitive that waits: kept as a SmallInteger of nanoseconds in MG_BODY_RESULT from
 * its first turn on. `ms` is nil for no limit. */
uint64_t mg_wait_deadline(struct mg_run *run, mg_value ms, bool *first);

/* Ends the wait: forgets its progress. */
static inline void mg_wait_done(struct mg_run *run)
{
    run->body[MG_BODY_RESULT] = MG_NIL;
}

/* States what the actor waits for; answers MG_PRIM_WAIT. */
mg_value mg_wait(struct mg_run *run, uint32_t wake, uint64_t deadline_ns);

/* Gives up the slice once, so that a signal to oneself takes effect before the next instruction;
 * the primitive is run again and must then answer at once (MG_BODY_RESULT is a SmallInteger). */
static inline mg_value mg_prim_yield_once(struct mg_run *run)
{
    run->body[MG_BODY_RESULT] = mg_small(0);
    return MG_PRIM_AGAIN;
}

/* The names of a policy (0: none) as an Array of Symbols, MG_PRIM_FAILED after setting the
 * error. */
mg_value mg_process_policy_names(struct mg_run *run, mg_value *args, uint32_t policy);

/* Measures a payload for a copy. False after setting the error (NotSendable, or too large). */
bool mg_process_measure(struct mg_run *run, const mg_value *roots, uint32_t count);

#endif
