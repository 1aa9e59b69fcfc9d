/* SPDX-License-Identifier: MIT */
/* One test in a runtime of its own: a vm, the sources, a sched whose main process is TestRunner
 * (lib/TestRunner.mag). What the test prints, crash reports included, is caught.
 *
 * T1  Nothing of a run reaches the next one: vm, sched and actors are made for it and freed.
 * T2  With a seed, report and output depend on the sources, the test and the seed alone.
 *
 * Threads: the caller becomes scheduler 0. Memory: the caller frees report and output.
 */
#ifndef MG_CMD_TEST_RUN_H
#define MG_CMD_TEST_RUN_H

#include "base/buf.h"
#include "cmd/test_files.h"

/* What is kept of a test's output. */
#define MG_TEST_OUTPUT_MAX (64 * 1024)

/* The names of the tests in a file: `Class>>selector`, or `(statements)`. */
#define MG_TEST_STATEMENTS "(statements)"

/* Compiles the sources, printing on stderr what is wrong with them, and lists the tests of the
 * first one. False: there are errors. */
bool mg_test_list(const struct mg_test_sources *sources, struct mg_vm *vm,
                  struct mg_test_paths *names);

struct mg_test_run {
    const struct mg_test_sources *sources;
    const char *name; /* as mg_test_list gives it */
    bool seeded;
    uint64_t seed;
    uint32_t schedulers;
    uint64_t max_heap; /* of the test's process; 0: the usual */
    uint64_t limit_ms; /* 0: what the class says */
    bool thorough;

    bool passed;     /* out, as all below */
    bool concurrent; /* it started actors */
    struct mg_buf report, output;
    uint64_t lost; /* bytes of output that were not kept */
};

void mg_test_execute(struct mg_test_run *run);

/* A vm with the library; NULL after saying on stderr what is wrong. */
struct mg_vm *mg_test_vm(void);

#endif
