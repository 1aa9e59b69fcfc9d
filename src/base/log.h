/* SPDX-License-Identifier: MIT */
/* Lines for the person who runs the program, on stderr: `maggie: warning: ...`. Programs' own
 * output does not come this way.
 *
 * Threads: any; a line of up to 4 KiB is written in one piece. Memory: nothing is kept.
 */
#ifndef MG_BASE_LOG_H
#define MG_BASE_LOG_H

#include <stdarg.h>

#include "base/compiler.h"

enum mg_log_level {
    MG_LOG_ERROR,   // something is lost
    MG_LOG_WARNING, // something should be looked at
    MG_LOG_INFO,    // something worth knowing happened
    MG_LOG_DEBUG,   // for those who work on the runtime; debug builds only
};

/* Writes one line; the newline is added. */
void mg_log(enum mg_log_level level, const char *fmt, ...) MG_PRINTF(2, 3);
void mg_logv(enum mg_log_level level, const char *fmt, va_list args) MG_PRINTF(2, 0);

#endif
