/* SPDX-License-Identifier: MIT */
/* The manifest of a project: see manifest.h. */
#include "cmd/manifest.h"

#include "base/clock.h"
#include "base/limits.h"
#include "cmd/options.h"
#include "sched/sched.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_LEAST (256 * MG_KIB)
#define STACK_LEAST (2 * MG_LIMIT_STACK_RESERVE)
#define MAILBOX_LEAST (4 * MG_KIB)
#define STOP_MS_MAX (24 * 3600 * 1000)

bool mg_manifest_complain(const struct mg_manifest *manifest, const struct mg_toml *at,
                          const char *fmt, ...)
{
    fprintf(stderr, "%s:%u:%u: error: ", manifest->path, at->line, at->column);
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

static bool is_kind(const struct mg_manifest *m, const struct mg_toml *value,
                    enum mg_toml_kind kind)
{
    return value->kind == kind ||
           mg_manifest_complain(m, value, "`%s` must be %s, not %s", value->key,
                                mg_toml_kind_name(kind), mg_toml_kind_name(value->kind));
}

/* A section: *table is NULL when there is none. */
static bool section(struct mg_manifest *m, struct mg_toml *root, const char *key,
                    struct mg_toml **table)
{
    *table = mg_toml_get(root, key);
    return *table == NULL || is_kind(m, *table, MG_TOML_TABLE);
}

static bool read_text(struct mg_manifest *m, struct mg_toml *table, const char *key,
                      const char **out)
{
    struct mg_toml *value = mg_toml_get(table, key);
    if (value == NULL) {
        return true;
    }
    *out = value->text;
    return is_kind(m, value, MG_TOML_STRING);
}

static bool read_texts(struct mg_manifest *m, struct mg_toml *table, const char *key,
                       const struct mg_toml **out)
{
    struct mg_toml *array = mg_toml_get(table, key);
    *out = array;
    if (array == NULL) {
        return true;
    }
    if (!is_kind(m, array, MG_TOML_ARRAY)) {
        return false;
    }
    for (const struct mg_toml *each = array->first; each != NULL; each = each->next) {
        if (each->kind != MG_TOML_STRING || each->len == 0) {
            return mg_manifest_complain(m, each, "`%s` must hold strings", key);
        }
    }
    return true;
}

/* -- Names -- */

static size_t identifier_length(const char *text)
{
    size_t n = 0;
    if (*text < 'A' || *text > 'Z') {
        return 0;
    }
    while ((text[n] >= 'A' && text[n] <= 'Z') || (text[n] >= 'a' && text[n] <= 'z') ||
           (text[n] >= '0' && text[n] <= '9') || text[n] == '_') {
        n++;
    }
    return n;
}

/* Name::Name: how long, or 0. */
static size_t qualified_length(const char *text)
{
    size_t at = 0;
    for (;;) {
        size_t n = identifier_length(text + at);
        if (n == 0) {
            return 0;
        }
        at += n;
        if (strncmp(text + at, "::", 2) != 0) {
            return at;
        }
        at += 2;
    }
}

static bool is_selector(const char *text)
{
    size_t n = 0;
    while ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
           (n > 0 && text[n] >= '0' && text[n] <= '9') || text[n] == '_') {
        n++;
    }
    return n > 0 && text[n] == '\0';
}

/* -- Sections -- */

static bool read_project(struct mg_manifest *m, struct mg_toml *table)
{
    const char *text;
    const struct mg_toml *texts;
    if (!read_text(m, table, "name", &m->name) || !read_text(m, table, "version", &m->version) ||
        !read_text(m, table, "namespace", &m->space)) {
        return false;
    }
    if (m->space != NULL && m->space[qualified_length(m->space)] != '\0') {
        return mg_manifest_complain(m, mg_toml_get(table, "namespace"),
                                    "`%s` is no namespace, such as Shop or Shop::Cart", m->space);
    }
    /* For people. */
    return read_text(m, table, "description", &text) && read_text(m, table, "license", &text) &&
           read_text(m, table, "repository", &text) && read_texts(m, table, "authors", &texts);
}

static bool read_entry(struct mg_manifest *m, struct mg_toml *entry)
{
    if (!is_kind(m, entry, MG_TOML_STRING)) {
        return false;
    }
    size_t n = qualified_length(entry->text);
    m->start = entry;
    m->start_class = mg_arena_strdup(&m->arena, entry->text, n);
    m->start_selector = entry->text[n] == '.' ? entry->text + n + 1 : "start";
    if (n == 0 || (entry->text[n] != '\0' && entry->text[n] != '.') ||
        !is_selector(m->start_selector)) {
        return mg_manifest_complain(m, entry,
                                    "`%s` is no entry: it names a class, or a class and a unary "
                                    "selector, such as Main.start",
                                    entry->text);
    }
    return true;
}

static bool read_source(struct mg_manifest *m, struct mg_toml *table)
{
    struct mg_toml *entry = mg_toml_get(table, "entry");
    return read_texts(m, table, "dirs", &m->dirs) && read_texts(m, table, "exclude", &m->exclude) &&
           (entry == NULL || read_entry(m, entry));
}

static bool read_application(struct mg_manifest *m, struct mg_toml *table)
{
    if (table == NULL) {
        return true;
    }
    struct mg_toml *main = mg_toml_get(table, "main");
    if (main == NULL) {
        return mg_manifest_complain(m, table, "[application] needs `main`, the name of its class");
    }
    if (!is_kind(m, main, MG_TOML_STRING) || !read_text(m, table, "restart", &m->restart)) {
        return false;
    }
    size_t n = qualified_length(main->text);
    if (n == 0 || main->text[n] != '\0') {
        return mg_manifest_complain(m, main, "`%s` is no name of a class", main->text);
    }
    if (strcmp(m->restart, "permanent") != 0 && strcmp(m->restart, "transient") != 0 &&
        strcmp(m->restart, "temporary") != 0) {
        return mg_manifest_complain(m, mg_toml_get(table, "restart"),
                                    "`restart` must be permanent, transient or temporary");
    }
    if (m->start != NULL) {
        return mg_manifest_complain(
            m, main, "[source] entry in line %u says already what is started", m->start->line);
    }
    m->start = main;
    m->start_class = main->text;
    return true;
}

/* -- [runtime] -- */

static bool read_number(struct mg_manifest *m, struct mg_toml *table, const char *key,
                        uint64_t least, uint64_t most, uint64_t *out)
{
    struct mg_toml *value = mg_toml_get(table, key);
    if (value == NULL) {
        return true;
    }
    if (!is_kind(m, value, MG_TOML_INTEGER)) {
        return false;
    }
    if (value->integer < (int64_t)least || value->integer > (int64_t)most) {
        return mg_manifest_complain(m, value, "`%s` must be from %llu to %llu", key,
                                    (unsigned long long)least, (unsigned long long)most);
    }
    *out = (uint64_t)value->integer;
    return true;
}

/* A number of bytes, or a text such as "64M". */
static bool read_size(struct mg_manifest *m, struct mg_toml *table, const char *key, uint64_t least,
                      uint64_t *out)
{
    struct mg_toml *value = mg_toml_get(table, key);
    if (value == NULL) {
        return true;
    }
    m->has_defaults = true;
    bool good = value->kind == MG_TOML_STRING && mg_parse_size(value->text, out);
    if (value->kind == MG_TOML_INTEGER && value->integer > 0) {
        *out = (uint64_t)value->integer;
        good = true;
    }
    if (!good) {
        return mg_manifest_complain(
            m, value, "`%s` must be a number of bytes, or a size such as \"64M\"", key);
    }
    return (*out >= least && *out <= INT64_MAX) ||
           mg_manifest_complain(m, value, "`%s` must be %llu bytes or more", key,
                                (unsigned long long)least);
}

static bool is_off(struct mg_toml *table, const char *key)
{
    const struct mg_toml *value = mg_toml_get(table, key);
    return value != NULL && value->kind == MG_TOML_STRING && strcmp(value->text, "off") == 0;
}

static bool read_runtime(struct mg_manifest *m, struct mg_toml *table)
{
    struct mg_actor_options *defaults = &m->defaults;
    uint64_t schedulers = 0, stop_ms = 0;
    if (!read_number(m, table, "schedulers", 1, MG_SCHEDULERS_MAX, &schedulers) ||
        !read_number(m, table, "stop-timeout", 1, STOP_MS_MAX, &stop_ms) ||
        !read_size(m, table, "memory", MEMORY_LEAST, &defaults->memory_bytes) ||
        !read_size(m, table, "stack", STACK_LEAST, &defaults->stack_bytes)) {
        return false;
    }
    m->schedulers = (uint32_t)schedulers;
    m->stop_ns = stop_ms * MG_NS_PER_MS;
    if (is_off(table, "mailbox-capacity")) {
        defaults->mailbox_messages = UINT64_MAX;
    } else if (!read_number(m, table, "mailbox-capacity", 1, INT64_MAX,
                            &defaults->mailbox_messages)) {
        return false;
    }
    if (is_off(table, "mailbox-bytes")) {
        defaults->mailbox_bytes = UINT64_MAX;
    } else if (!read_size(m, table, "mailbox-bytes", MAILBOX_LEAST, &defaults->mailbox_bytes)) {
        return false;
    }
    m->has_defaults =
        m->has_defaults || defaults->mailbox_messages != 0 || defaults->mailbox_bytes != 0;
    return true;
}

/* -- The whole -- */

static bool read_sections(struct mg_manifest *m, struct mg_toml *root)
{
    struct mg_toml *project, *source, *application, *runtime, *environment;
    if (!section(m, root, "project", &project) || !section(m, root, "source", &source) ||
        !section(m, root, "application", &application) || !section(m, root, "runtime", &runtime) ||
        !section(m, root, "environment", &environment) || !read_project(m, project) ||
        !read_source(m, source) || !read_application(m, application) || !read_runtime(m, runtime)) {
        return false;
    }
    if (environment != NULL) {
        mg_toml_use(environment);
    }
    m->environment = environment;
    const struct mg_toml *stray = mg_toml_unused(root);
    if (stray != NULL) {
        return mg_manifest_complain(m, stray, "there is no such setting: `%s`", stray->key);
    }
    return m->start != NULL ||
           mg_manifest_complain(m, root,
                                "nothing says what is started: [source] entry or "
                                "[application] main");
}

bool mg_manifest_read(struct mg_manifest *manifest, const char *path, const char *text, size_t len)
{
    *manifest =
        (struct mg_manifest){.path = path, .name = "", .version = "", .restart = "permanent"};
    struct mg_toml *root;
    struct mg_toml_error error;
    if (mg_toml_parse(&manifest->arena, text, len, &root, &error) != 0) {
        fprintf(stderr, "%s:%u:%u: error: %s\n", path, error.line, error.column, error.text);
        return false;
    }
    return read_sections(manifest, root);
}

void mg_manifest_deinit(struct mg_manifest *manifest)
{
    mg_arena_deinit(&manifest->arena);
}
