/* SPDX-License-Identifier: MIT */
/* Eight bytes a step: each word is added to the state, which is then multiplied to 128 bits and
 * folded. The rest, 0 to 7 bytes, is one more word, and the length goes in first, so that trailing
 * zero bytes count.
 */
#include "base/hash.h"

#include <string.h>

#define HASH_START UINT64_C(0x8D3F2A61C5B7E94D)
#define HASH_STEP UINT64_C(0xA24BAED4963EE407)

static uint64_t hash_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t mg_hash_bytes(const void *data, size_t n)
{
    const uint8_t *p = data;
    uint64_t state = HASH_START ^ (n * HASH_STEP);
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        state = hash_fold(state ^ word, HASH_STEP) + HASH_START;
    }
    if (n > 0) {
        uint64_t word = 0;
        memcpy(&word, p, n);
        state = hash_fold(state ^ word, HASH_STEP) + HASH_START;
    }
    state = mg_hash_u64(state);
    return (uint32_t)(state ^ (state >> 32));
}
