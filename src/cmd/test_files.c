/* SPDX-License-Identifier: MIT */
/* Finding tests and what they need: see test_files.h. */
#include "cmd/test_files.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "cmd/program.h"
#include "compiler/lexer.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- Lists of paths -- */

static char *text_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(mg_alloc(size), text, size);
}

void mg_test_paths_add(struct mg_test_paths *paths, const char *path)
{
    paths->items = mg_vec_grow(paths->items, &paths->cap, paths->count + 1, sizeof *paths->items);
    paths->items[paths->count++] = text_copy(path);
}

void mg_test_paths_free(struct mg_test_paths *paths)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        mg_free(paths->items[i]);
    }
    mg_free(paths->items);
    *paths = (struct mg_test_paths){0};
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* `directory/name`, without `./` in front and with one slash; to be freed. */
static char *path_join(const char *directory, const char *name)
{
    struct mg_buf path;
    mg_buf_init(&path);
    if (strcmp(directory, ".") != 0) {
        mg_buf_puts(&path, directory);
        if (!ends_with(directory, "/")) {
            mg_buf_putc(&path, '/');
        }
    }
    mg_buf_puts(&path, name);
    mg_buf_putc(&path, '\0');
    return mg_buf_take(&path);
}

/* The directory a file stands in; to be freed. */
static char *path_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return text_copy(".");
    }
    char *directory = text_copy(path);
    directory[slash == path ? 1 : slash - path] = '\0';
    return directory;
}

static bool is_regular(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* -- Finding tests -- */

/* The length of the path up to the end of its last component `test` that is a directory; 0:
 * none. */
static size_t test_component(const char *path)
{
    size_t found = 0;
    for (const char *at = path; (at = strstr(at, "test/")) != NULL; at += 5) {
        if (at == path || at[-1] == '/') {
            found = (size_t)(at - path) + 4;
        }
    }
    return found;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool refuse_path(const char *path)
{
    fprintf(stderr, "maggie: cannot read %s: %s\n", path, strerror(errno));
    return false;
}

static bool find_below(const char *directory, bool all, uint32_t depth,
                       struct mg_test_paths *tests);

static bool find_entry(const char *path, const char *name, bool all, uint32_t depth,
                       struct mg_test_paths *tests)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return true; /* gone meanwhile */
    }
    if (S_ISDIR(info.st_mode)) {
        return find_below(path, all || strcmp(name, "test") == 0, depth + 1, tests);
    }
    if (ends_with(name, "Test.mag") || (all && ends_with(name, ".mag"))) {
        if (is_regular(path)) {
            mg_test_paths_add(tests, path);
        }
    }
    return true;
}

static bool find_below(const char *directory, bool all, uint32_t depth, struct mg_test_paths *tests)
{
    struct mg_test_paths names = {0};
    DIR *dir = depth > MG_TEST_DEPTH ? NULL : opendir(directory);
    if (dir == NULL) {
        errno = depth > MG_TEST_DEPTH ? ELOOP : errno;
        return refuse_path(directory);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            mg_test_paths_add(&names, entry->d_name);
        }
    }
    closedir(dir);
    if (names.count > 1) {
        qsort(names.items, names.count, sizeof names.items[0], compare_paths);
    }
    bool good = true;
    for (uint32_t i = 0; i < names.count && good; i++) {
        char *path = path_join(directory, names.items[i]);
        good = find_entry(path, names.items[i], all, depth, tests);
        mg_free(path);
    }
    mg_test_paths_free(&names);
    return good;
}

bool mg_test_find(const char *path, struct mg_test_paths *tests)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return refuse_path(path);
    }
    if (!S_ISDIR(info.st_mode)) {
        mg_test_paths_add(tests, path);
        return true;
    }
    char resolved[4096];
    char *full = path_join(realpath(path, resolved) != NULL ? resolved : path, "");
    bool all = test_component(full) != 0;
    mg_free(full);
    return find_below(path, all, 0, tests);
}

/* -- What a test needs -- */

static void directories_of(const char *path, const struct mg_test_paths *roots,
                           struct mg_test_paths *out)
{
    char *own = path_directory(path);
    mg_test_paths_add(out, own);
    mg_free(own);
    size_t len = test_component(path);
    if (len != 0) {
        char *test = text_copy(path);
        test[len] = '\0';
        char *beside = path_directory(test);
        mg_test_paths_add(out, test);
        mg_test_paths_add(out, beside);
        for (uint32_t i = 0; i < 2; i++) {
            char *below = path_join(beside, i == 0 ? "src" : "lib");
            mg_test_paths_add(out, below);
            mg_free(below);
        }
        mg_free(beside);
        mg_free(test);
    }
    for (uint32_t i = 0; i < roots->count; i++) {
        mg_test_paths_add(out, roots->items[i]);
    }
}

static bool is_known(const struct mg_test_sources *sources, const char *path)
{
    struct stat a, b;
    if (stat(path, &a) != 0) {
        return true;
    }
    for (uint32_t i = 0; i < sources->count; i++) {
        if (stat(sources->items[i].path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino) {
            return true;
        }
    }
    return false;
}

static bool add_source(struct mg_test_sources *sources, const char *path)
{
    size_t len;
    char *text = sources->count < MG_TEST_SOURCES_MAX ? mg_program_read(path, &len) : NULL;
    if (text == NULL) {
        if (sources->count == MG_TEST_SOURCES_MAX) {
            fprintf(stderr, "maggie: %s needs more than %d files\n", sources->items[0].path,
                    MG_TEST_SOURCES_MAX);
        }
        return false;
    }
    sources->items[sources->count] = (struct mg_source){
        .path = text_copy(path),
        .text = text,
        .len = len,
        .allow_statements = sources->count == 0,
    };
    sources->count++;
    return true;
}

/* A name that is mentioned: its file, if there is one. */
static bool add_class(struct mg_test_sources *sources, const struct mg_test_paths *directories,
                      struct mg_text name, struct mg_vm *vm)
{
    bool upper = name.len > 0 && name.bytes[0] >= 'A' && name.bytes[0] <= 'Z';
    if (!upper || mg_world_class_named(vm->world, name.bytes, name.len) != MG_NO_CLASS) {
        return true;
    }
    struct mg_buf file;
    mg_buf_init(&file);
    mg_buf_printf(&file, "%.*s.mag", (int)name.len, name.bytes);
    bool good = true, found = false;
    for (uint32_t i = 0; i < directories->count && !found; i++) {
        char *path = path_join(directories->items[i], mg_buf_text(&file));
        if (is_regular(path)) {
            found = true;
            good = is_known(sources, path) || add_source(sources, path);
        }
        mg_free(path);
    }
    mg_buf_deinit(&file);
    return good;
}

/* Follows the names of one source. */
static bool add_needs(struct mg_test_sources *sources, uint32_t index,
                      const struct mg_test_paths *directories, struct mg_vm *vm)
{
    struct mg_names names;
    struct mg_diags diags;
    struct mg_arena arena;
    struct mg_tokens tokens = {0};
    mg_arena_init(&arena);
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    struct mg_source source = sources->items[index];
    mg_lex(&source, &arena, &names, &diags, &tokens);
    bool good = true;
    for (uint32_t i = 0; i < tokens.count && good; i++) {
        if (tokens.items[i].kind == MG_TOKEN_IDENTIFIER) {
            good = add_class(sources, directories, tokens.items[i].as.name->text, vm);
        }
    }
    mg_free(tokens.items);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
    return good;
}

bool mg_test_sources_read(struct mg_test_sources *sources, const char *path,
                          const struct mg_test_paths *roots, struct mg_vm *vm)
{
    struct mg_test_paths directories = {0};
    sources->count = 0;
    bool good = add_source(sources, path);
    directories_of(path, roots, &directories);
    for (uint32_t i = 0; i < sources->count && good; i++) {
        good = add_needs(sources, i, &directories, vm);
    }
    mg_test_paths_free(&directories);
    return good;
}

void mg_test_sources_free(struct mg_test_sources *sources)
{
    for (uint32_t i = 0; i < sources->count; i++) {
        mg_free((void *)(uintptr_t)sources->items[i].path);
        mg_free((void *)(uintptr_t)sources->items[i].text);
    }
    sources->count = 0;
}
