/* SPDX-License-Identifier: MIT */
/* `maggie test`: finds tests, runs each in a runtime made for it, prints what failed.
 *
 * Output on stdout: a block for each failure, a line for each file, `N passed, M failed` as the
 * last line; with a seed it depends on the files, the seed and the options alone. Errors in a
 * source go to stderr. Exit status: 0, 1 when something failed or there was no test at all, 2 for a
 * wrong command line, 66 for a path that is not there.
 *
 * Threads: the main one. Memory: all is freed.
 */
#ifndef MG_CMD_TEST_H
#define MG_CMD_TEST_H

#include <stdbool.h>

/* The arguments behind `test`. `thorough`: as in struct mg_program. */
int mg_test_command(int argc, char **argv, bool thorough);

#endif
