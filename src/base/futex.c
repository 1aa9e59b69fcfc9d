/* SPDX-License-Identifier: MIT */
/* FUTEX_WAIT_BITSET rather than FUTEX_WAIT, since it takes an absolute time of the monotonic clock:
 * a sleeper that is woken for no reason need not compute what is left.
 */
#include "base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"

_Static_assert(sizeof(_Atomic(uint32_t)) == 4, "the kernel looks at four bytes");

bool mg_futex_wait(_Atomic(uint32_t) *word, uint32_t expected, uint64_t deadline_ns)
{
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / MG_NS_PER_S),
                                .tv_nsec = (long)(deadline_ns % MG_NS_PER_S)};
    long failed =
        syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                deadline_ns == MG_FUTEX_FOREVER ? NULL : &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    if (!failed)
        return true;
    int why = errno;
    CHECK(why == EAGAIN || why == EINTR || why == ETIMEDOUT);
    return why != ETIMEDOUT;
}

int mg_futex_wake(_Atomic(uint32_t) *word, int count)
{
    /* EFAULT: the thread that should wake may have ended the word's life already, which wakes
     * nobody. */
    long woken = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
    return woken > 0 ? (int)woken : 0;
}

uint64_t mg_futex_slack(uint64_t slack_ns)
{
    int before = prctl(PR_GET_TIMERSLACK);
    (void)prctl(PR_SET_TIMERSLACK, (unsigned long)slack_ns);
    return before > 0 ? (uint64_t)before : 0; // 0: the default
}
