/* SPDX-License-Identifier: MIT */
/* Output of programs: pieces of bytes for a file descriptor, through the node's bounded buffer.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_OUTPUT_H
#define MG_INTERP_OUTPUT_H

#include "interp/prim.h"

/* Appends one piece for descriptor 1 or 2. False: the buffer is full, nothing was taken and the
 * actor now waits for room: the primitive answers MG_PRIM_WAIT and will run again. (Named
 * mg_run_output, as sched/ has its own mg_output_write.) */
MG_MUST_CHECK bool mg_run_output(struct mg_run *run, int fd, const char *bytes, size_t len);

#endif
