/* SPDX-License-Identifier: MIT */
/* The behaviour of Maggie code: what the scheduler sees of the interpreter. One turn takes the
 * actor's state out of its body words, runs the loop, and says how it went; births, exits and the
 * limits on stack and memory are here.
 *
 *      spawn ──> start: the closure is copied into the child, its first frame built
 *      turn  ──> exit pending: begin to unwind; stack too deep: StackOverflow; then the loop
 *      end   ──> result or exception are copied into an exit record
 *
 * Threads: as struct mg_behaviour says. Memory: actors own their heaps; a struct mg_interp belongs
 * to its scheduler.
 */
#ifndef MG_INTERP_BODY_H
#define MG_INTERP_BODY_H

#include "interp/frame.h"
#include "interp/vm.h"
#include "sched/sched.h"

extern const struct mg_behaviour mg_body_behaviour;

/* What a new actor starts with: `argument` of mg_spawn. A measured copy of a block (roots[0]) and
 * at most one argument; or the code of a script; or the code of a method with one argument, that
 * method's receiver, and a value in a fragment, which is copied. */
struct mg_birth {
    struct mg_copy *copy;  /* measured; written or abandoned by the start */
    const mg_value *roots; /* block, then the argument if there is one */
    uint32_t root_count;
    const struct mg_code *script; /* instead of all that; the method's code, too */
    mg_value receiver;            /* of the method, an immediate; 0: it is a script */
    mg_value argument;
    const struct mg_fragment *fragment; /* or NULL */
    uint64_t flags;                     /* bits for MG_BODY_SERIAL (process.h) */
    bool taken;                         /* out: the copy was written or abandoned */
};

/* Starts an actor that serves a value with `EventualServer serve:`: the callback serve of struct
 * mg_sched_config. */
struct mg_actor *mg_body_serve(void *owner, struct mg_scheduler *s, uint16_t policy, mg_value value,
                               const struct mg_fragment *fragment);

/* Makes and frees the interpreter's state of a scheduler: the callbacks scheduler_start and
 * scheduler_stop of struct mg_sched_config, whose owner must be the struct mg_vm. */
void mg_body_scheduler_start(void *owner, struct mg_scheduler *s);
void mg_body_scheduler_stop(void *owner, struct mg_scheduler *s);

#endif
