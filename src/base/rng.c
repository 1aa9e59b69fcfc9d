/* SPDX-License-Identifier: MIT */
/* The generator's step, its seeding by splitmix64 (which never gives four zero words in a row), and
 * Lemire's way to a bounded number: the high half of a product, drawn again where the low half
 * shows a bias.
 */
#include "base/rng.h"

#include <sys/random.h>

#include "base/assert.h"

static uint64_t rng_rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void mg_rng_seed(struct mg_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        rng->s[i] = z ^ (z >> 31);
    }
}

uint64_t mg_rng_next(struct mg_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rng_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotate(s[3], 45);
    return result;
}

uint64_t mg_rng_below(struct mg_rng *rng, uint64_t n)
{
    CHECK(n > 0);
    unsigned __int128 product = (unsigned __int128)mg_rng_next(rng) * n;
    if ((uint64_t)product < n) {
        uint64_t biased = -n % n; // 2^64 modulo n
        while ((uint64_t)product < biased)
            product = (unsigned __int128)mg_rng_next(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

uint64_t mg_rng_entropy(void)
{
    uint64_t seed;
    ssize_t got = getrandom(&seed, sizeof seed, 0);
    CHECK(got == (ssize_t)sizeof seed);
    return seed;
}
