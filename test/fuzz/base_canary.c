/* SPDX-License-Identifier: MIT */
/* The canary: a target that must fail. It stops at an input that only mutation of its seed can
 * give, so a fuzzer that no longer mutates or no longer notices shows as a canary that lives. The
 * test runner expects its death.
 */
#include <string.h>

#include "base/assert.h"
#include "support/fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {{"the canary is alive", 0}, {NULL, 0}};
const char *const fuzz_words[] = {"dead", NULL};

void fuzz_one(const uint8_t *data, size_t n)
{
    CHECK(!memmem(data, n, "dead", 4));
}
