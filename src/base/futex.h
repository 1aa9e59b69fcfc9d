/* SPDX-License-Identifier: MIT */
/* Sleeping on a word: the kernel's futex, private to this process.
 *
 * F1  A wait returns at once when the word no longer holds the expected value, so a wake between
 *     the caller's look at the word and its sleep is not lost, provided that the waker changes the
 *     word before it wakes.
 *
 * A wait may also return for no reason: look at the word again. The word publishes nothing by
 * itself; callers read and write it with the orders they need.
 *
 * Threads: any. Memory: the word must stay until every waiter has returned; a waker need not care.
 */
#ifndef MG_BASE_FUTEX_H
#define MG_BASE_FUTEX_H

#include <stdbool.h>

#include "base/compiler.h"

/* No deadline. */
#define MG_FUTEX_FOREVER UINT64_MAX

/* Sleeps while *word == expected, until woken or until the monotonic clock shows `deadline_ns`.
 * False only when the deadline passed. */
bool mg_futex_wait(_Atomic(uint32_t) *word, uint32_t expected, uint64_t deadline_ns);

/* Wakes at most `count` of the threads that sleep on the word; returns how many. Only the address
 * matters: the word may be gone already, as it is when the last user of a lock frees it between
 * another's release and wake. */
int mg_futex_wake(_Atomic(uint32_t) *word, int count);

/* How late the kernel may end waits of this thread, and of threads that it makes from now on, so
 * that it can end several at once: 50 us where nobody has said otherwise. Answers what it was
 * before. Where the kernel does not let us, nothing changes. */
uint64_t mg_futex_slack(uint64_t slack_ns);

#endif
