/* SPDX-License-Identifier: MIT */
/* The source files below some directories, as one batch for the compiler.
 *
 * F1  Files are *.mag, in the order of their paths. What begins with a dot, and directories behind
 *     symbolic links, are passed over.
 * F2  A file without `namespace:` has the one it was found under: the given namespace, and a
 *     segment for each directory in between, in PascalCase (my_app, my-app and myApp are MyApp).
 * F3  Each file also looks for names in all namespaces of the batch, in alphabetical order.
 *
 * Threads: the caller's. Memory: texts and names belong to the collection, until mg_sources_deinit.
 */
#ifndef MG_CMD_SOURCES_H
#define MG_CMD_SOURCES_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/map.h"
#include "compiler/source.h"

#include <stdbool.h>

#define MG_SOURCES_FILES_MAX 20000
#define MG_SOURCES_DEPTH_MAX 64

struct mg_sources {
    struct mg_arena arena;
    struct mg_source *items;
    uint32_t count;
    uint32_t cap;
    uint64_t bytes;
    struct mg_strmap spaces; /* every namespace of the batch */
    const char **imports;
};

/* What a walk needs to know. */
struct mg_sources_rule {
    const char *space;          /* namespace of the files, or NULL */
    const char *const *exclude; /* patterns (*, ?) of base names or paths below the directory */
    uint32_t exclude_count;
};

void mg_sources_init(struct mg_sources *sources);
void mg_sources_deinit(struct mg_sources *sources);

/* Reads all files below a directory. False after saying on stderr what is wrong. */
MG_MUST_CHECK bool mg_sources_add(struct mg_sources *sources, const char *directory,
                                  const struct mg_sources_rule *rule);

/* After the last directory: F3. */
void mg_sources_finish(struct mg_sources *sources);

#endif
