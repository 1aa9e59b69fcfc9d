/* SPDX-License-Identifier: MIT */
/* Running one program in this process: a vm, a sched, the script as the main process, signals, and
 * the exit status.
 *
 * Exit status: what `System exit:` said; else the main process's result when it is an Integer from
 * 0 to 255; else 0. 1 after a crash of the main process, 2 for a wrong command line, 3 when
 * everything waited for ever, 65 when the source has errors, 66 when it cannot be read.
 *
 * Threads: one program at a time a thread; several threads may each run one.
 */
#ifndef MG_CMD_PROGRAM_H
#define MG_CMD_PROGRAM_H

#include "base/compiler.h"
#include "compiler/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum mg_status {
    MG_STATUS_OK = 0,
    MG_STATUS_CRASH = 1,
    MG_STATUS_USAGE = 2,
    MG_STATUS_DEADLOCK = 3,
    MG_STATUS_SOURCE = 65,
    MG_STATUS_NO_INPUT = 66,
    MG_STATUS_BROKEN = 70, /* the program itself is damaged: its library does not load */
};

struct mg_actor_options;
struct mg_code;
struct mg_vm;

struct mg_program {
    const char *path; /* as messages name the source */
    const char *text;
    size_t len;
    const char *written; /* what the user wrote when `text` stands around it; else NULL */
    const char *const *arguments;
    uint32_t argument_count;
    uint32_t schedulers; /* 0: one for each core */
    uint64_t max_heap;   /* bytes of the main process and the default of others; 0: the usual */
    bool deterministic;
    uint64_t seed;
    FILE *events;        /* event log of a deterministic run, or NULL */
    bool handle_signals; /* stop in order on SIGINT and SIGTERM */
    bool thorough;       /* free everything at the end */
    /* For a program that is more than one text: compiles and installs it, after saying on stderr
     * what is wrong; 0 and *script, or an error. NULL: `text` is the program. */
    int (*load)(const struct mg_program *program, struct mg_vm *vm, struct mg_code **script);
    const void *load_context;
    const struct mg_actor_options *defaults; /* of every actor, or NULL */
    uint64_t stop_ns;                        /* time limit of the ordered stop; 0: the usual */
};

/* Runs it to its end; answers the exit status. */
int mg_program_run(const struct mg_program *program);

/* Compiles it and prints its code on stdout; answers the exit status. */
int mg_program_disassemble(const struct mg_program *program);

/* Prints diagnostics on stderr. */
void mg_program_print_diags(const struct mg_diags *diags);

/* Reads a source file; NULL after saying on stderr what is wrong (missing, a directory, binary, not
 * UTF-8, too large). The caller frees it with mg_free. */
char *mg_program_read(const char *path, size_t *len);

#endif
