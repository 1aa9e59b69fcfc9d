/* SPDX-License-Identifier: MIT */
/* Which files hold tests, and which other files they need.
 *
 * In a directory these are tests: files named *Test.mag, and files named *.mag in a directory named
 * `test` or below one. Names that begin with a dot are passed over, links to directories are not
 * followed. A path that names a file is a test, whatever its name. Order: as given, within a
 * directory by name.
 *
 * A class that a test mentions and that nothing else declares is looked for in a file of its name
 * (Counter in Counter.mag) beside the test, in the directories given on the command line, and, for
 * a test below a directory `test`, in that one, beside it, and in `src` and `lib` beside it. Such a
 * file is compiled together with the test, and so on for what it mentions itself.
 *
 * F1  A directory is walked MG_TEST_DEPTH deep at most; a test has MG_TEST_SOURCES_MAX files at
 *     most.
 *
 * Threads: the caller's. Memory: lists own their texts.
 */
#ifndef MG_CMD_TEST_FILES_H
#define MG_CMD_TEST_FILES_H

#include "compiler/source.h"
#include "interp/vm.h"

#define MG_TEST_DEPTH 32
#define MG_TEST_SOURCES_MAX 256

struct mg_test_paths {
    char **items;
    uint32_t count, cap;
};

void mg_test_paths_add(struct mg_test_paths *paths, const char *path);
void mg_test_paths_free(struct mg_test_paths *paths);

/* Appends the tests that `path` stands for. False after saying on stderr why it cannot be read. */
bool mg_test_find(const char *path, struct mg_test_paths *tests);

/* A test file and what it needs: sources[0] is the test. */
struct mg_test_sources {
    struct mg_source items[MG_TEST_SOURCES_MAX];
    uint32_t count;
};

/* Reads it. `roots`: the command line; `vm`: knows what the library declares. False after saying on
 * stderr what cannot be read. To be freed either way. */
bool mg_test_sources_read(struct mg_test_sources *sources, const char *path,
                          const struct mg_test_paths *roots, struct mg_vm *vm);
void mg_test_sources_free(struct mg_test_sources *sources);

#endif
