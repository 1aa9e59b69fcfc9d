/* SPDX-License-Identifier: MIT */
/* What the schedulers ask of the world outside: bytes out, one day sockets. The implementation is
 * io_loop.c: libuv on a thread of its own. Without one (no `io` in the configuration, and always in
 * deterministic mode) output is written where it is appended. Nothing outside sched/io_* knows
 * libuv.
 *
 * I1  `kick` may be called by any thread, at any time between open and close; it only says that the
 *     output (output.h) is no longer empty. The back end then takes pieces from it until there are
 *     none.
 * I2  After close returns no callback runs any more.
 *
 * Threads: as said. Memory: open makes the state, close frees it.
 */
#ifndef MG_SCHED_IO_BACKEND_H
#define MG_SCHED_IO_BACKEND_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct mg_sched;
struct mg_output; /* output.h */

struct mg_io_backend {
    const char *name;

    /* Starts it. 0 and *state, or a negative error. */
    int (*open)(struct mg_sched *sched, struct mg_output *output, void **state);

    /* There is output. */
    void (*kick)(void *state);

    /* Stops it; what is still in the output is left there. */
    void (*close)(void *state);
};

/* libuv. Part of the layer above this one (sched/io_*), so the embedder names it in the
 * configuration. */
extern const struct mg_io_backend mg_io_loop;

#endif
