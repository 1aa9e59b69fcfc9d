/* SPDX-License-Identifier: MIT */
/* A small mutating fuzzer, so that every build can run every target for a fixed short count.
 *
 * A target is one file that defines fuzz_one, and perhaps fuzz_seeds; support/fuzz.c is its main:
 *
 *     TARGET [--runs N] [--seed S] [--print] [FILE or DIR ...]
 *
 * Each run takes a seed input (from the target and from the files named), mutates it, and hands it
 * to fuzz_one. The same arguments give the same inputs. With --runs 0 the inputs are tried as they
 * are, which replays a crash. An input that brings the target down is left in `fuzz-crash.bin` in
 * the working directory.
 */
#ifndef MG_TEST_SUPPORT_FUZZ_H
#define MG_TEST_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Tries one input, which is borrowed and not followed by a zero byte. Any input is fine: what is
 * wrong ends in a CHECK, a panic or a sanitizer's report. Nothing may be kept between calls. */
void fuzz_one(const uint8_t *data, size_t n);

/* The target's own seeds, a list that ends with NULL text. */
struct fuzz_seed {
    const char *text;
    size_t len; // 0: the text is a C string
};
extern const struct fuzz_seed fuzz_seeds[];

/* Words that mutations put in whole, a list that ends with NULL. */
extern const char *const fuzz_words[];

#endif
