/* SPDX-License-Identifier: MIT */
/* Hash functions for tables. Fixed, not seeded: the same bytes have the same hash in every process,
 * which the hashes of symbols and strings rely on. Not for cryptography.
 *
 * Threads: any. Memory: none.
 */
#ifndef MG_BASE_HASH_H
#define MG_BASE_HASH_H

#include "base/compiler.h"

/* The hash of `n` bytes; `data` may be NULL when n is 0. */
uint32_t mg_hash_bytes(const void *data, size_t n);

/* Mixes a word so that each bit of the result depends on all of it. Different words have different
 * hashes. */
static inline uint64_t mg_hash_u64(uint64_t word)
{
    word = (word ^ (word >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ (word >> 29)) * UINT64_C(0xD6E8FEB86659FD93);
    return word ^ (word >> 32);
}

#endif
