/* SPDX-License-Identifier: MIT */
/* The number of a process: 64 bits, unique on its node, never used twice. How the bits are made up
 * is known to the process table alone; everybody else stores, compares and prints.
 *
 * Threads: a number. Memory: none.
 */
#ifndef MG_BASE_PID_H
#define MG_BASE_PID_H

#include <inttypes.h>
#include <stdint.h>

typedef uint64_t mg_pid;

/* No process. */
#define MG_PID_NONE ((mg_pid)0)

/* For printf: `"%" MG_PRIPID`. */
#define MG_PRIPID PRIu64

#endif
