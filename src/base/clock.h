/* SPDX-License-Identifier: MIT */
/* The two clocks of the machine, and the only callers of clock_gettime. Whatever must run under a
 * virtual clock asks its scheduler for the time instead.
 *
 * Threads: any. Memory: none.
 */
#ifndef MG_BASE_CLOCK_H
#define MG_BASE_CLOCK_H

#include "base/compiler.h"

#define MG_NS_PER_US UINT64_C(1000)
#define MG_NS_PER_MS UINT64_C(1000000)
#define MG_NS_PER_S UINT64_C(1000000000)

/* Nanoseconds since some fixed moment; never goes back, does not follow corrections of the wall
 * clock. */
uint64_t mg_clock_monotonic_ns(void);

/* Milliseconds since 1970-01-01 00:00 UTC. */
uint64_t mg_clock_wall_ms(void);

/* Sleeps until the monotonic clock shows `deadline_ns`, whatever signals arrive. */
void mg_clock_sleep_until(uint64_t deadline_ns);

#endif
