/* SPDX-License-Identifier: MIT */
/* Atomic operations with the memory order as part of the name; there is no default order.
 *
 * All are macros over `_Atomic(T)` objects of any integer or pointer type, since a function cannot
 * take "a pointer to any atomic". `p` is evaluated once. Outside base/ nothing else touches an
 * atomic object, and each use carries on the line above (or on the same line) a comment of this
 * shape, checked by tools/atomics.py:
 *
 *     P1 release: the signal is complete before it can be reached. Pairs with T1 in queue_take().
 *
 * A1  A fence alone publishes nothing: ThreadSanitizer does not model fences, so data that one
 *     thread hands to another always goes through a release store and an acquire load of the same
 *     object. Fences only order independent atomics, as in "I set mine, then I look at yours".
 *
 * Threads: that is the point. Memory: none.
 */
#ifndef MG_BASE_ATOMIC_H
#define MG_BASE_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define load_seq_cst(p) atomic_load_explicit((p), memory_order_seq_cst)

#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define store_seq_cst(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)

/* Exchange: the value is what stood there before. */
#define xchg_relaxed(p, v) atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define xchg_acquire(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define xchg_release(p, v) atomic_exchange_explicit((p), (v), memory_order_release)
#define xchg_acq_rel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define xchg_seq_cst(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)

/* Read, change, write: the value is what stood there before. */
#define fetch_add_relaxed(p, n) atomic_fetch_add_explicit((p), (n), memory_order_relaxed)
#define fetch_add_acquire(p, n) atomic_fetch_add_explicit((p), (n), memory_order_acquire)
#define fetch_add_release(p, n) atomic_fetch_add_explicit((p), (n), memory_order_release)
#define fetch_add_acq_rel(p, n) atomic_fetch_add_explicit((p), (n), memory_order_acq_rel)
#define fetch_add_seq_cst(p, n) atomic_fetch_add_explicit((p), (n), memory_order_seq_cst)
#define fetch_sub_relaxed(p, n) atomic_fetch_sub_explicit((p), (n), memory_order_relaxed)
#define fetch_sub_acquire(p, n) atomic_fetch_sub_explicit((p), (n), memory_order_acquire)
#define fetch_sub_release(p, n) atomic_fetch_sub_explicit((p), (n), memory_order_release)
#define fetch_sub_acq_rel(p, n) atomic_fetch_sub_explicit((p), (n), memory_order_acq_rel)
#define fetch_sub_seq_cst(p, n) atomic_fetch_sub_explicit((p), (n), memory_order_seq_cst)
#define fetch_or_relaxed(p, m) atomic_fetch_or_explicit((p), (m), memory_order_relaxed)
#define fetch_or_acquire(p, m) atomic_fetch_or_explicit((p), (m), memory_order_acquire)
#define fetch_or_release(p, m) atomic_fetch_or_explicit((p), (m), memory_order_release)
#define fetch_or_acq_rel(p, m) atomic_fetch_or_explicit((p), (m), memory_order_acq_rel)
#define fetch_or_seq_cst(p, m) atomic_fetch_or_explicit((p), (m), memory_order_seq_cst)
#define fetch_and_relaxed(p, m) atomic_fetch_and_explicit((p), (m), memory_order_relaxed)
#define fetch_and_acquire(p, m) atomic_fetch_and_explicit((p), (m), memory_order_acquire)
#define fetch_and_release(p, m) atomic_fetch_and_explicit((p), (m), memory_order_release)
#define fetch_and_acq_rel(p, m) atomic_fetch_and_explicit((p), (m), memory_order_acq_rel)
#define fetch_and_seq_cst(p, m) atomic_fetch_and_explicit((p), (m), memory_order_seq_cst)

/* Strong compare-and-swap. `e` points to the expected value; on failure it receives the value
 * found. True when the desired value was stored. The order named holds on success; a failure
 * acquires where success does (it is relaxed after cas_relaxed and cas_release). */
#define cas_relaxed(p, e, d)                                                     \
    atomic_compare_exchange_strong_explicit((p), (e), (d), memory_order_relaxed, \
                                            memory_order_relaxed)
#define cas_acquire(p, e, d)                                                     \
    atomic_compare_exchange_strong_explicit((p), (e), (d), memory_order_acquire, \
                                            memory_order_acquire)
#define cas_release(p, e, d)                                                     \
    atomic_compare_exchange_strong_explicit((p), (e), (d), memory_order_release, \
                                            memory_order_relaxed)
#define cas_acq_rel(p, e, d)                                                     \
    atomic_compare_exchange_strong_explicit((p), (e), (d), memory_order_acq_rel, \
                                            memory_order_acquire)
#define cas_seq_cst(p, e, d)                                                     \
    atomic_compare_exchange_strong_explicit((p), (e), (d), memory_order_seq_cst, \
                                            memory_order_seq_cst)

/* Fences. GCC refuses the standard ones under ThreadSanitizer, which cannot follow them; there the
 * machine's own barrier stands in, so that the program stays right and only the tool sees less
 * (A1). */
#ifdef MG_TSAN
#if defined(__x86_64__)
#define fence_seq_cst() __asm__ volatile("mfence" ::: "memory")
#define fence_acquire() __asm__ volatile("" ::: "memory")
#define fence_release() __asm__ volatile("" ::: "memory")
#else
#define fence_seq_cst() __asm__ volatile("dmb ish" ::: "memory")
#define fence_acquire() __asm__ volatile("dmb ish" ::: "memory")
#define fence_release() __asm__ volatile("dmb ish" ::: "memory")
#endif
#else
#define fence_seq_cst() atomic_thread_fence(memory_order_seq_cst)
#define fence_acquire() atomic_thread_fence(memory_order_acquire)
#define fence_release() atomic_thread_fence(memory_order_release)
#endif

/* One turn of a spin loop. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __asm__ volatile("pause" ::: "memory");
#elif defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

#endif
