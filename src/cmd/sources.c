/* SPDX-License-Identifier: MIT */
/* The source files below some directories: see sources.h. */
#include "cmd/sources.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"
#include "cmd/program.h"
#include "compiler/parser.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One walk. */
struct walk {
    struct mg_sources *sources;
    const struct mg_sources_rule *rule;
    size_t root_len; /* of the directory's path, with its slash */
};

void mg_sources_init(struct mg_sources *sources)
{
    *sources = (struct mg_sources){0};
}

void mg_sources_deinit(struct mg_sources *sources)
{
    for (uint32_t i = 0; i < sources->count; i++) {
        mg_free((void *)(uintptr_t)sources->items[i].text);
    }
    mg_free(sources->items);
    mg_free(sources->imports);
    mg_strmap_deinit(&sources->spaces);
    mg_arena_deinit(&sources->arena);
}

static bool fail(const char *path, const char *why)
{
    fprintf(stderr, "maggie: cannot read %s: %s\n", path, why);
    return false;
}

/* my_app, my-app, myApp: MyApp. NULL when it gives no name. */
static const char *segment_of(struct mg_arena *arena, const char *name)
{
    char *out = mg_arena_alloc(arena, strlen(name) + 1);
    size_t n = 0;
    bool begins = true;
    for (const char *p = name; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '-' || c == '_') {
            begins = true;
            continue;
        }
        if (c >= 0x80 || !isalnum(c)) {
            return NULL;
        }
        begins |= p > name && isupper(c) && islower((unsigned char)p[-1]);
        out[n++] = (char)(begins ? toupper(c) : tolower(c));
        begins = false;
    }
    return n > 0 && isalpha((unsigned char)out[0]) ? out : NULL;
}

static const char *join(struct mg_arena *arena, const char *a, const char *between, const char *b)
{
    size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
    char *out = mg_arena_alloc(arena, size);
    snprintf(out, size, "%s%s%s", a, between, b);
    return out;
}

static bool is_excluded(const struct walk *walk, const char *path, const char *name)
{
    for (uint32_t i = 0; i < walk->rule->exclude_count; i++) {
        const char *pattern = walk->rule->exclude[i];
        if (fnmatch(pattern, name, 0) == 0 || fnmatch(pattern, path + walk->root_len, 0) == 0) {
            return true;
        }
    }
    return false;
}

/* The namespace that the file names itself, or `space`. Errors wait for the compiler. */
static void note_space(struct mg_sources *sources, const struct mg_source *source)
{
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    struct mg_parse parse = {.source = source, .arena = &arena, .names = &names, .diags = &diags};
    const struct mg_ast_file *file = mg_parse_file(&parse);
    if (file->namespace_ != NULL) {
        struct mg_text text = file->namespace_->text;
        mg_strmap_put(&sources->spaces, text.bytes, text.len, 1);
    }
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
}

static bool add_file(struct walk *walk, const char *path, const char *space)
{
    struct mg_sources *sources = walk->sources;
    if (sources->count == MG_SOURCES_FILES_MAX) {
        return fail(path, "there are more than 20000 source files");
    }
    size_t len;
    char *text = mg_program_read(path, &len);
    if (text == NULL) {
        return false;
    }
    sources->items =
        mg_vec_grow(sources->items, &sources->cap, sources->count + 1, sizeof *sources->items);
    struct mg_source *source = &sources->items[sources->count++];
    *source =
        (struct mg_source){.path = path, .text = text, .len = len, .default_namespace = space};
    sources->bytes += len;
    if (sources->bytes > MG_LIMIT_SOURCE_BYTES) {
        return fail(path, "the source files hold more than 64 MiB together");
    }
    note_space(sources, source);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a directory, sorted; NULL after saying why not. */
static const char **list(struct mg_arena *arena, const char *path, uint32_t *count)
{
    const char **names = NULL;
    uint32_t cap = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        fail(path, strerror(errno));
        return NULL;
    }
    *count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.') {
            names = mg_vec_grow(names, &cap, *count + 1, sizeof *names);
            names[(*count)++] = mg_arena_strdup(arena, entry->d_name, strlen(entry->d_name));
        }
    }
    closedir(directory);
    if (names == NULL) {
        return mg_alloc(sizeof *names);
    }
    qsort(names, *count, sizeof *names, compare_names);
    return names;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static bool add_directory(struct walk *walk, const char *path, const char *space, uint32_t depth);

static bool add_entry(struct walk *walk, const char *path, const char *name, const char *space,
                      uint32_t depth)
{
    struct mg_arena *arena = &walk->sources->arena;
    struct stat info;
    if (is_excluded(walk, path, name)) {
        return true;
    }
    if (lstat(path, &info) != 0) {
        return fail(path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        const char *segment = segment_of(arena, name);
        const char *below = segment == NULL ? space
                            : space == NULL ? segment
                                            : join(arena, space, "::", segment);
        return add_directory(walk, path, below, depth + 1);
    }
    return !ends_with(name, ".mag") || add_file(walk, path, space);
}

static bool add_directory(struct walk *walk, const char *path, const char *space, uint32_t depth)
{
    if (depth > MG_SOURCES_DEPTH_MAX) {
        return fail(path, "directories are nested too deep");
    }
    uint32_t count;
    const char **names = list(&walk->sources->arena, path, &count);
    bool good = names != NULL;
    for (uint32_t i = 0; good && i < count; i++) {
        good = add_entry(walk, join(&walk->sources->arena, path, "/", names[i]), names[i], space,
                         depth);
    }
    mg_free(names);
    return good;
}

bool mg_sources_add(struct mg_sources *sources, const char *directory,
                    const struct mg_sources_rule *rule)
{
    struct walk walk = {.sources = sources, .rule = rule, .root_len = strlen(directory) + 1};
    return add_directory(&walk, directory, rule->space, 0);
}

void mg_sources_finish(struct mg_sources *sources)
{
    uint32_t count = mg_strmap_len(&sources->spaces);
    sources->imports = mg_alloc((count + 1) * sizeof *sources->imports);
    for (uint32_t i = 0; i < count; i++) {
        size_t len;
        const char *text;
        (void)mg_strmap_at(&sources->spaces, i, &text, &len, NULL);
        sources->imports[i] = mg_arena_strdup(&sources->arena, text, len);
    }
    qsort(sources->imports, count, sizeof *sources->imports, compare_names);
    for (uint32_t i = 0; i < sources->count; i++) {
        sources->items[i].imports = sources->imports;
        sources->items[i].import_count = count;
    }
}
