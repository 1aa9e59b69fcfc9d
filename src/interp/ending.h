/* SPDX-License-Identifier: MIT */
/* How Maggie actors end: results and exceptions become exit records, and a crash is told once on
 * standard error.
 *
 * E1  What crosses the border of an actor about an exception: its class, its slots as far as they
 *     can be sent, and the stack as text. What would lead back into the dead actor (resumer,
 *     handler token) is cleared.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_ENDING_H
#define MG_INTERP_ENDING_H

#include "interp/vm.h"

/* The first frame has returned: reason #normal with this result; an error that names it if it
 * cannot be sent. */
void mg_ending_normal(struct mg_run *run, mg_value result);

/* All frames are left because of a crash, an exit that hit the actor, or its own `exit:`. Which
 * one, MG_BODY_RESULT says: the exception, nil, or the reason. */
void mg_ending_exit(struct mg_run *run);

/* The cap on memory is reached: reason #memory, no clean-up. */
void mg_ending_memory(struct mg_run *run);

/* Nobody handled the exception args[0]: reports it unless `quiet`, and prepares it to be what the
 * actor dies of. The window's new place, or NULL when the cap is reached. MG_MAY_COLLECT. */
mg_value *mg_ending_crash(struct mg_run *run, mg_value *args, bool quiet);

#endif
