/* SPDX-License-Identifier: MIT */
/* What the node prints: one bounded queue of bytes for all file descriptors, filled by actors,
 * emptied by the I/O back end.
 *
 *      actors ──append──> [fd 1][fd 2][fd 1] ──take──> back end ──write──> the world
 *
 * Order is kept over all descriptors. The back end is kicked only when the queue was empty before.
 * Above the bound an actor is refused and noted; when half has drained all who were noted are told
 * by a ROOM signal.
 *
 * O1  `bytes` is the sum over all chunks of what was not yet written.
 * O2  Only the front chunk is being written; appends never change it.
 * O3  A piece is never torn apart by another piece.
 *
 * Threads: any; a lock. Memory: chunks belong to the queue.
 */
#ifndef MG_SCHED_OUTPUT_H
#define MG_SCHED_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "base/pid.h"

struct mg_sched;

#define MG_OUTPUT_CHUNK (16 * 1024)
#define MG_OUTPUT_CRASH_BOUND (1024 * 1024)

struct mg_output_chunk {
    struct mg_output_chunk *next;
    int fd;
    uint32_t len, cap;
    uint32_t done; /* written; front chunk only */
    char data[];
};

struct mg_output {
    struct mg_lock lock;
    struct mg_cond drained;
    struct mg_output_chunk *first, *last;
    size_t bytes;
    bool busy;        /* the back end holds the front chunk */
    bool open;        /* a back end takes; else bytes are written where they are appended */
    uint64_t dropped; /* crash reports that found no room */
    mg_pid *waiters;
    uint32_t waiters_count, waiters_cap;
};

void mg_output_init(struct mg_output *output);
void mg_output_deinit(struct mg_output *output);

/* For the back end: the bytes to write next, or false when there are none. They stay until
 * mg_output_done. One thread. */
bool mg_output_take(struct mg_output *output, int *fd, const char **data, size_t *len);

/* For the back end: `len` of the bytes taken were written (or must be given up). Tells waiters when
 * there is room. */
void mg_output_done(struct mg_sched *sched, size_t len);

/* Writes all there is with blocking writes, in the calling thread; when no back end runs. */
void mg_output_write_out(struct mg_sched *sched);

#endif
