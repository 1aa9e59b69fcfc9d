/* SPDX-License-Identifier: MIT */
/* The panic: one line that says what went wrong, the thread, and the C stack.
 *
 * The report is formatted into a buffer on the stack and written with one system call, so that
 * reports of several threads do not mix and a broken allocator does not matter.
 */
#include "base/assert.h"

#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PANIC_TEXT_MAX = 1024, PANIC_FRAMES_MAX = 48 };

/* Writes the whole text to stderr; a stderr that cannot be written to is nothing we could
 * report. */
static void panic_write(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, text, len);
        if (written <= 0)
            return;
        text += written;
        len -= (size_t)written;
    }
}

void mg_panic(const char *fmt, ...)
{
    char text[PANIC_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    int head = snprintf(text, sizeof text, "maggie: panic (thread %ld): ", syscall(SYS_gettid));
    int body = vsnprintf(text + head, sizeof text - (size_t)head - 1, fmt, args);
    va_end(args);

    size_t len = (size_t)head + (size_t)(body > 0 ? body : 0);
    if (len > sizeof text - 2)
        len = sizeof text - 2;
    text[len++] = '\n';
    panic_write(text, len);

    void *frames[PANIC_FRAMES_MAX];
    backtrace_symbols_fd(frames, backtrace(frames, PANIC_FRAMES_MAX), STDERR_FILENO);
    abort();
}

void mg_assert_failed(const char *kind, const char *condition, const char *file, int line,
                      const char *function)
{
    mg_panic("%s failed: %s, in %s at %s:%d", kind, condition, function, file, line);
}
