/* SPDX-License-Identifier: MIT */
/* A piece of source text and places in it.
 *
 * S1  Lines and columns count from 1. A column counts code points; a tab is one of them.
 *
 * Threads: the owner's. Memory: text and path are borrowed from whoever made the source and must
 * outlive everything compiled from it until the unit is finished.
 */
#ifndef MG_COMPILER_SOURCE_H
#define MG_COMPILER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mg_source {
    const char *path; /* as messages and stack traces name it */
    const char *text;
    size_t len;
    const char *default_namespace; /* for a file without `namespace:`; NULL for none */
    const char *const *imports;    /* namespaces searched after the file's own imports */
    uint32_t import_count;
    uint32_t first_line;   /* line number of the text's first line; 0 means 1 */
    bool allow_statements; /* the file may hold top-level statements */
};

struct mg_place {
    uint32_t offset; /* bytes from the start of the text */
    uint32_t line;
    uint32_t column;
};

#endif
