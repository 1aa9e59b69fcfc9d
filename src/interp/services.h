/* SPDX-License-Identifier: MIT */
/* What primitives ask of the node that runs them: clocks, randomness, figures, the end of the
 * program.
 *
 * Under a simulated node all of these follow the simulation; primitives have no other door to the
 * outside.
 *
 * Threads: the thread that runs the actor.
 */
#ifndef MG_INTERP_SERVICES_H
#define MG_INTERP_SERVICES_H

#include <stdint.h>

struct mg_run;

/* Nanoseconds of the steady clock, from an unknown moment. */
uint64_t mg_run_now_ns(struct mg_run *run);

/* Milliseconds since 1970 by the clock on the wall. */
uint64_t mg_run_wall_ms(struct mg_run *run);

/* 64 random bits from the actor's generator. */
uint64_t mg_run_random(struct mg_run *run);

/* How many schedulers run actors. */
uint32_t mg_run_schedulers(struct mg_run *run);

/* Makes the program end with this status: the schedulers stop as soon as they can. The caller's
 * actor is not to go on. */
void mg_run_exit(struct mg_run *run, int status);

/* Asks for the ordered end of the program, with this status; the caller's actor goes on. */
void mg_run_stop(struct mg_run *run, int status);

/* Waits until everything written so far has left the process. */
void mg_run_flush(struct mg_run *run);

#endif
