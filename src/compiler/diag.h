/* SPDX-License-Identifier: MIT */
/* Diagnostics: what is wrong with a source, collected over a whole batch and printed with the line
 * and a caret.
 *
 *     shop.mag:12:9: error: expected ']' to close the block opened at line 11, got end of input
 *             t add: 5
 *                     ^
 *
 * D1  At most MG_DIAGS_KEPT diagnostics of each severity are kept; the others are only counted.
 * D2  The same message for the same place is kept and counted once.
 *
 * Threads: the owner's. Memory: messages live in the collection's own arena; sources are borrowed
 * and must live until the collection is printed or released.
 */
#ifndef MG_COMPILER_DIAG_H
#define MG_COMPILER_DIAG_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "compiler/source.h"

/* More than anybody reads in one go; a file of binary rubbish has no end of errors. */
#define MG_DIAGS_KEPT 100

enum mg_severity { MG_SEVERITY_ERROR, MG_SEVERITY_WARNING };

struct mg_diag {
    struct mg_diag *next;
    const struct mg_source *source; /* NULL for a message about no file */
    struct mg_place place;
    uint32_t width; /* code points to underline, at least 1 */
    enum mg_severity severity;
    const char *message;
};

struct mg_diags {
    struct mg_arena arena;
    struct mg_diag *first; /* in the order they were found */
    struct mg_diag *last;
    uint32_t errors; /* all, kept or not */
    uint32_t warnings;
    bool incomplete; /* an error was that the text ends too early: a prompt asks for more */
};

/* An empty collection; release it with _deinit. */
void mg_diags_init(struct mg_diags *diags);
void mg_diags_deinit(struct mg_diags *diags);

/* Adds a diagnostic with a formatted message. `width` is how many code points it is about. */
void mg_diags_add(struct mg_diags *diags, enum mg_severity severity, const struct mg_source *source,
                  struct mg_place place, uint32_t width, const char *fmt, ...) MG_PRINTF(6, 7);
void mg_diags_vadd(struct mg_diags *diags, enum mg_severity severity,
                   const struct mg_source *source, struct mg_place place, uint32_t width,
                   const char *fmt, va_list args) MG_PRINTF(6, 0);

/* Appends one diagnostic, with its source line and caret. */
void mg_diag_print(const struct mg_diag *diag, struct mg_buf *out);

/* Appends all of them, file by file in the order of their places, and a line that says how many
 * were left out, if any. */
void mg_diags_print(const struct mg_diags *diags, struct mg_buf *out);

#endif
