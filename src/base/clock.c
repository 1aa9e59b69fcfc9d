/* SPDX-License-Identifier: MIT */
/* Clocks as counts in one unit. On Linux both reads stay in user space. */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

#include "base/assert.h"

static uint64_t clock_read_ns(clockid_t clock)
{
    struct timespec now;
    int failed = clock_gettime(clock, &now);
    CHECK(!failed);
    return (uint64_t)now.tv_sec * MG_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t mg_clock_monotonic_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

uint64_t mg_clock_wall_ms(void)
{
    return clock_read_ns(CLOCK_REALTIME) / MG_NS_PER_MS;
}

void mg_clock_sleep_until(uint64_t deadline_ns)
{
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / MG_NS_PER_S),
                                .tv_nsec = (long)(deadline_ns % MG_NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
        ;
}
