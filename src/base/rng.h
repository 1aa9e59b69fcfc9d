/* SPDX-License-Identifier: MIT */
/* Pseudo-random numbers: xoshiro256** of Blackman and Vigna. The same seed gives the same sequence
 * everywhere; nothing else in the project draws random numbers. Not for secrets.
 *
 * Threads: a generator belongs to one thread at a time. Memory: the caller's struct.
 */
#ifndef MG_BASE_RNG_H
#define MG_BASE_RNG_H

#include "base/compiler.h"

struct mg_rng {
    uint64_t s[4]; // never all zero
};

/* Starts the sequence of a seed; any seed is good. */
void mg_rng_seed(struct mg_rng *rng, uint64_t seed);

/* The next 64 bits. */
uint64_t mg_rng_next(struct mg_rng *rng);

/* A number from 0 to n - 1, each equally likely; n > 0. */
uint64_t mg_rng_below(struct mg_rng *rng, uint64_t n);

/* A seed from the operating system, for those who were given none. The one door to true
 * randomness. */
uint64_t mg_rng_entropy(void);

#endif
