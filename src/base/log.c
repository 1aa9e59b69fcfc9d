/* SPDX-License-Identifier: MIT */
/* A line is formatted on the stack and written with one call, so that lines of several threads do
 * not mix. A longer text is cut and ends in dots.
 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 4096 };

static const char *log_level_name(enum mg_log_level level)
{
    switch (level) {
    case MG_LOG_ERROR:
        return "error: ";
    case MG_LOG_WARNING:
        return "warning: ";
    case MG_LOG_INFO:
        return "";
    case MG_LOG_DEBUG:
        return "debug: ";
    }
    return "";
}

void mg_log(enum mg_log_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mg_logv(level, fmt, args);
    va_end(args);
}

void mg_logv(enum mg_log_level level, const char *fmt, va_list args)
{
#ifndef MG_DEBUG
    if (level == MG_LOG_DEBUG)
        return;
#endif
    char line[LOG_LINE_MAX];
    int head = snprintf(line, sizeof line, "maggie: %s", log_level_name(level));
    size_t room = sizeof line - (size_t)head - 1;
    int body = vsnprintf(line + head, room, fmt, args);
    size_t len = (size_t)head + (size_t)(body > 0 ? body : 0);
    if (body > 0 && (size_t)body >= room) {
        len = sizeof line - 2;
        memcpy(line + len - 3, "...", 3);
    }
    line[len++] = '\n';

    /* A stderr that cannot be written to leaves nobody to tell. */
    const char *rest = line;
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, rest, len);
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            rest += written;
            len -= (size_t)written;
        }
    }
}
