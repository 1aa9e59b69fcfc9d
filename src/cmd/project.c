/* SPDX-License-Identifier: MIT */
/* Running a project: see project.h. */
#include "cmd/project.h"

#include "base/alloc.h"
#include "base/error.h"
#include "cmd/manifest.h"
#include "cmd/sources.h"
#include "interp/boot.h"

#include <string.h>
#include <sys/stat.h>

struct project {
    const char *directory;
    struct mg_manifest manifest;
    struct mg_sources sources;
};

bool mg_project_is(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* -- Sources -- */

static const char **texts_of(const struct mg_toml *array, uint32_t *count)
{
    *count = array != NULL ? array->count : 0;
    const char **texts = mg_alloc((*count + 1) * sizeof *texts);
    uint32_t i = 0;
    for (const struct mg_toml *each = array != NULL ? array->first : NULL; each != NULL;
         each = each->next) {
        texts[i++] = each->text;
    }
    return texts;
}

static char *path_in(struct mg_arena *arena, const char *directory, const char *name)
{
    size_t n = strlen(directory);
    while (n > 1 && directory[n - 1] == '/') {
        n--;
    }
    size_t size = n + strlen(name) + 2;
    char *path = mg_arena_alloc(arena, size);
    if (name[0] == '/') {
        snprintf(path, size, "%s", name);
    } else {
        snprintf(path, size, "%.*s/%s", (int)n, directory, name);
    }
    return path;
}

static bool add_directory(struct project *project, const char *name, const struct mg_toml *at,
                          const struct mg_sources_rule *rule)
{
    const char *path = path_in(&project->sources.arena, project->directory, name);
    if (!mg_project_is(path)) {
        if (at != NULL) {
            return mg_manifest_complain(&project->manifest, at, "there is no directory %s", path);
        }
        fprintf(stderr, "maggie: there is no directory %s\n", path);
        return false;
    }
    return mg_sources_add(&project->sources, path, rule);
}

static bool read_sources(struct project *project)
{
    const struct mg_manifest *manifest = &project->manifest;
    struct mg_sources_rule rule = {.space = manifest->space};
    const char **exclude = texts_of(manifest->exclude, &rule.exclude_count);
    rule.exclude = exclude;
    bool good = true;
    if (manifest->dirs == NULL) {
        good = add_directory(project, "src", NULL, &rule);
    } else {
        for (const struct mg_toml *each = manifest->dirs->first; good && each != NULL;
             each = each->next) {
            good = add_directory(project, each->text, each, &rule);
        }
    }
    mg_free(exclude);
    mg_sources_finish(&project->sources);
    return good;
}

/* -- What the program may read of the manifest, in Maggie -- */

static void put_text(struct mg_buf *out, const char *text)
{
    mg_buf_putc(out, '\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'') {
            mg_buf_putc(out, '\'');
        }
        mg_buf_putc(out, *p);
    }
    mg_buf_putc(out, '\'');
}

static void put_real(struct mg_buf *out, double real)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", real);
    mg_buf_puts(out, text);
    if (strpbrk(text, ".e") == NULL) {
        mg_buf_puts(out, ".0");
    }
}

static void put_value(struct mg_buf *out, const struct mg_toml *value)
{
    switch (value->kind) {
    case MG_TOML_STRING:
        put_text(out, value->text);
        return;
    case MG_TOML_INTEGER:
        mg_buf_printf(out, "%lld", (long long)value->integer);
        return;
    case MG_TOML_FLOAT:
        put_real(out, value->real);
        return;
    case MG_TOML_BOOLEAN:
        mg_buf_puts(out, value->truth ? "true" : "false");
        return;
    case MG_TOML_ARRAY:
    case MG_TOML_TABLE:
        break;
    }
    bool table = value->kind == MG_TOML_TABLE;
    mg_buf_puts(out, table ? "#{" : "{");
    for (const struct mg_toml *each = value->first; each != NULL; each = each->next) {
        if (table) {
            put_text(out, each->key);
            mg_buf_puts(out, " -> ");
        }
        put_value(out, each);
        mg_buf_puts(out, each->next != NULL ? ". " : "");
    }
    mg_buf_putc(out, '}');
}

static void put_manifest(struct mg_buf *out, const struct project *project)
{
    const struct mg_manifest *manifest = &project->manifest;
    mg_buf_puts(out, "primManifest ^#{#name -> ");
    put_text(out, manifest->name);
    mg_buf_puts(out, ". #version -> ");
    put_text(out, manifest->version);
    mg_buf_puts(out, ". #directory -> ");
    put_text(out, project->directory);
    mg_buf_puts(out, ". #environment -> ");
    if (manifest->environment != NULL) {
        put_value(out, manifest->environment);
    } else {
        mg_buf_puts(out, "#{}");
    }
    mg_buf_puts(out, "}\n");
}

/* -- Loading -- */

static bool complain(struct mg_diags *diags, int error, const char *path, const char *problem)
{
    mg_program_print_diags(diags);
    if (error != 0 && diags->errors == 0) {
        fprintf(stderr, "maggie: %s: %s\n", path, problem);
    }
    mg_diags_deinit(diags);
    return error == 0;
}

static bool load_sources(const struct project *project, struct mg_vm *vm)
{
    struct mg_diags diags;
    struct mg_code *script;
    char problem[256] = "";
    mg_diags_init(&diags);
    int error =
        mg_vm_load(vm, project->sources.items, project->sources.count, &diags, &script, problem);
    return complain(&diags, error, project->directory, problem);
}

static uint32_t class_named(struct mg_vm *vm, const char *name)
{
    return mg_world_class_named(vm->world, name, strlen(name));
}

static bool load_manifest(const struct project *project, struct mg_vm *vm)
{
    struct mg_buf text;
    struct mg_diags diags;
    uint32_t selector;
    char problem[256] = "";
    mg_buf_init(&text);
    mg_diags_init(&diags);
    put_manifest(&text, project);
    struct mg_source source = {.path = project->manifest.path, .text = text.data, .len = text.len};
    uint32_t meta = mg_world_class(vm->world, class_named(vm, "Application"))->meta;
    int error = mg_vm_load_method(vm, meta, &source, &diags, &selector, problem);
    bool good = complain(&diags, error, project->manifest.path, problem);
    mg_buf_deinit(&text);
    return good;
}

/* The class that the manifest names: as it is written, or in the project's namespace. */
static uint32_t find_class(const struct project *project, struct mg_vm *vm)
{
    const struct mg_manifest *manifest = &project->manifest;
    uint32_t id = class_named(vm, manifest->start_class);
    if (id != MG_NO_CLASS || manifest->space == NULL) {
        return id;
    }
    struct mg_buf name;
    mg_buf_init(&name);
    mg_buf_printf(&name, "%s::%s", manifest->space, manifest->start_class);
    id = class_named(vm, mg_buf_text(&name));
    mg_buf_deinit(&name);
    return id;
}

/* The statement that starts the program. */
static bool put_start(const struct project *project, struct mg_vm *vm, struct mg_buf *out)
{
    const struct mg_manifest *manifest = &project->manifest;
    uint32_t id = find_class(project, vm);
    if (id == MG_NO_CLASS) {
        return mg_manifest_complain(manifest, manifest->start, "there is no class %s",
                                    manifest->start_class);
    }
    const struct mg_class *class = mg_world_class(vm->world, id);
    const char *name = mg_world_text(vm->world, class->name);
    if (manifest->start_selector == NULL) {
        if (!mg_world_inherits(vm->world, id, class_named(vm, "Application"))) {
            return mg_manifest_complain(manifest, manifest->start,
                                        "%s is no subclass of Application", name);
        }
        mg_buf_printf(out, "ApplicationMain run: %s restart: #%s", name, manifest->restart);
        return true;
    }
    uint32_t selector = mg_symbol_find(vm->world->symbols, manifest->start_selector,
                                       strlen(manifest->start_selector));
    if (selector == 0 || mg_world_lookup(vm->world, class->meta, selector) == NULL) {
        return mg_manifest_complain(manifest, manifest->start, "%s has no class method `%s`", name,
                                    manifest->start_selector);
    }
    mg_buf_printf(out, "%s %s", name, manifest->start_selector);
    return true;
}

static bool load_start(const struct project *project, struct mg_vm *vm, struct mg_code **script)
{
    struct mg_buf text;
    struct mg_diags diags;
    char problem[256] = "";
    mg_buf_init(&text);
    bool good = put_start(project, vm, &text);
    if (good) {
        struct mg_source source = {.path = project->manifest.path,
                                   .text = text.data,
                                   .len = text.len,
                                   .first_line = project->manifest.start->line,
                                   .allow_statements = true};
        mg_diags_init(&diags);
        int error = mg_vm_load(vm, &source, 1, &diags, script, problem);
        good = complain(&diags, error, project->manifest.path, problem);
    }
    mg_buf_deinit(&text);
    return good;
}

static int load(const struct mg_program *program, struct mg_vm *vm, struct mg_code **script)
{
    const struct project *project = program->load_context;
    bool good =
        load_sources(project, vm) && load_manifest(project, vm) && load_start(project, vm, script);
    return good ? 0 : MG_ESYNTAX;
}

/* -- Running -- */

static int run(const struct mg_program *given, struct project *project)
{
    const struct mg_manifest *manifest = &project->manifest;
    struct mg_program program = *given;
    program.path = manifest->path;
    program.load = load;
    program.load_context = project;
    if (program.schedulers == 0) {
        program.schedulers = manifest->schedulers;
    }
    program.defaults = manifest->has_defaults ? &manifest->defaults : NULL;
    program.stop_ns = manifest->stop_ns;
    return mg_program_run(&program);
}

int mg_project_run(const struct mg_program *program, const char *directory)
{
    struct project project = {.directory = directory};
    mg_sources_init(&project.sources);
    char *path = path_in(&project.sources.arena, directory, MG_MANIFEST_NAME);
    size_t len;
    int status = MG_STATUS_NO_INPUT;
    char *text = mg_program_read(path, &len);
    if (text != NULL) {
        status = MG_STATUS_SOURCE;
        if (mg_manifest_read(&project.manifest, path, text, len) && read_sources(&project)) {
            status = run(program, &project);
        }
        mg_manifest_deinit(&project.manifest);
        mg_free(text);
    }
    mg_sources_deinit(&project.sources);
    return status;
}
