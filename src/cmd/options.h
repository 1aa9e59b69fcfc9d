/* SPDX-License-Identifier: MIT */
/* Reading the command line: numbers, sizes, and what is said about a wrong one.
 *
 * Threads: any. Memory: none.
 */
#ifndef MG_CMD_OPTIONS_H
#define MG_CMD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Says on stderr what is wrong; `detail` may be empty. Answers MG_STATUS_USAGE. */
int mg_usage(const char *what, const char *detail);

/* A number without a sign. False: it is none, or too large. */
bool mg_parse_number(const char *text, uint64_t *out);

/* Bytes, or with K, M or G; not 0. */
bool mg_parse_size(const char *text, uint64_t *out);

#endif
