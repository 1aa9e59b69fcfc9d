/* SPDX-License-Identifier: MIT */
/* Sleeping on a word: no lost wake, a deadline that holds, a wake on nothing. */
#include <pthread.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/futex.h"
#include "support/unit.h"

/* F1: a word that differs already does not let the caller sleep. */
UNIT_CASE(changed_word_returns)
{
    _Atomic(uint32_t) word = 1;
    ck_assert(mg_futex_wait(&word, 0, MG_FUTEX_FOREVER));
}

/* A sleeper whom nobody wakes returns false after its deadline. */
UNIT_CASE(deadline_ends_the_wait)
{
    _Atomic(uint32_t) word = 0;
    uint64_t deadline = mg_clock_monotonic_ns() + 2 * MG_NS_PER_MS;
    while (mg_futex_wait(&word, 0, deadline))
        ;
    ck_assert_uint_ge(mg_clock_monotonic_ns(), deadline);
    ck_assert(!mg_futex_wait(&word, 0, 0));
}

/* What was set is answered by the next call. */
UNIT_CASE(slack_is_kept)
{
    uint64_t before = mg_futex_slack(7000);
    ck_assert_uint_eq(mg_futex_slack(before), 7000);
    ck_assert_uint_eq(mg_futex_slack(before), before);
}

/* Waking wakes nobody where nobody sleeps, even where no memory is. */
UNIT_CASE(wake_without_sleepers)
{
    _Atomic(uint32_t) word = 0;
    ck_assert_int_eq(mg_futex_wake(&word, 1), 0);
    ck_assert_int_eq(mg_futex_wake((_Atomic(uint32_t) *)64, 1), 0);
}

static void *waker(void *argument)
{
    _Atomic(uint32_t) *word = argument;
    store_release(word, 1);
    mg_futex_wake(word, 1);
    return NULL;
}

/* A waker that changes the word first is never missed. */
UNIT_CASE(wakes_are_not_lost)
{
    for (int i = 0; i < 500; i++) {
        _Atomic(uint32_t) word = 0;
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, waker, &word), 0);
        while (load_acquire(&word) == 0)
            mg_futex_wait(&word, 0, MG_FUTEX_FOREVER);
        pthread_join(thread, NULL);
    }
}

UNIT_MAIN("base/futex", changed_word_returns, slack_is_kept, deadline_ends_the_wait,
          wake_without_sleepers, wakes_are_not_lost)
