/* SPDX-License-Identifier: MIT */
/* The clocks: forward only, and in the units they claim. */
#include <time.h>

#include "base/clock.h"
#include "support/unit.h"

/* The monotonic clock never goes back. */
UNIT_CASE(monotonic_is_monotonic)
{
    uint64_t last = mg_clock_monotonic_ns();
    for (int i = 0; i < 100000; i++) {
        uint64_t now = mg_clock_monotonic_ns();
        ck_assert_uint_ge(now, last);
        last = now;
    }
}

/* The wall clock agrees with the C library's, in milliseconds. */
UNIT_CASE(wall_is_the_time)
{
    uint64_t now = mg_clock_wall_ms() / 1000;
    uint64_t seconds = (uint64_t)time(NULL);
    ck_assert_uint_le(now, seconds + 1);
    ck_assert_uint_ge(now + 5, seconds);
}

/* Sleep ends after its deadline, and at once when that has passed. */
UNIT_CASE(sleep_reaches_its_deadline)
{
    uint64_t deadline = mg_clock_monotonic_ns() + 2 * MG_NS_PER_MS;
    mg_clock_sleep_until(deadline);
    ck_assert_uint_ge(mg_clock_monotonic_ns(), deadline);
    mg_clock_sleep_until(1);
}

UNIT_MAIN("base/clock", monotonic_is_monotonic, wall_is_the_time, sleep_reaches_its_deadline)
