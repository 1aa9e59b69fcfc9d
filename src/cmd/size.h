/* SPDX-License-Identifier: MIT */
/* Sizes as people write them: bytes, or with K, M or G.
 *
 * Threads: any. Memory: none.
 */
#ifndef MG_CMD_SIZE_H
#define MG_CMD_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* "512", "64K", "64M", "2G": not zero. False for anything else; then *out is left alone. */
bool mg_size_parse(const char *text, uint64_t *out);

#endif
