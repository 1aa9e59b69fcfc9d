/* SPDX-License-Identifier: MIT */
/* The tables of a batch and the resolution of names (language reference, section 5.2). */
#include "compiler/batch.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/vec.h"
#include "compiler/parser.h"

void mg_batch_init(struct mg_batch *batch, const struct mg_compile_env *env,
                   const struct mg_compile_options *options, struct mg_unit *unit,
                   struct mg_diags *diags)
{
    *batch = (struct mg_batch){.env = env, .options = options, .diags = diags, .unit = unit};
    batch->errors_before = diags->errors;
    mg_arena_init(&batch->arena);
    mg_names_init(&batch->names, &batch->arena);
    mg_names_init(&batch->unit_names, &unit->arena);
    mg_strmap_init(&batch->classes);
    mg_strmap_init(&batch->traits);
}

void mg_batch_deinit(struct mg_batch *batch)
{
    uint64_t entry;
    for (uint32_t i = 0; mg_strmap_at(&batch->classes, i, NULL, NULL, &entry); i++) {
        struct mg_class_entry *class = (struct mg_class_entry *)(uintptr_t)entry;
        if (class) {
            mg_strmap_deinit(&class->own[0]);
            mg_strmap_deinit(&class->own[1]);
        }
    }
    mg_free(batch->order);
    mg_strmap_deinit(&batch->classes);
    mg_strmap_deinit(&batch->traits);
    mg_names_deinit(&batch->unit_names);
    mg_names_deinit(&batch->names);
    mg_arena_deinit(&batch->arena);
}

struct mg_text mg_batch_text(struct mg_batch *batch, struct mg_text text)
{
    if (text.len == 0)
        return (struct mg_text){"", 0};
    return mg_name(&batch->unit_names, text.bytes, text.len)->text;
}

uint32_t mg_batch_file(struct mg_batch *batch, const char *path)
{
    struct mg_unit *unit = batch->unit;
    struct mg_text text = mg_batch_text(batch, mg_text_of(path));
    for (uint32_t i = 0; i < unit->file_count; i++) {
        if (unit->files[i].bytes == text.bytes)
            return i;
    }
    struct mg_text *files = mg_arena_alloc(&unit->arena, (unit->file_count + 1) * sizeof *files);
    if (unit->file_count > 0)
        memcpy(files, unit->files, unit->file_count * sizeof *files);
    files[unit->file_count] = text;
    unit->files = files;
    return unit->file_count++;
}

bool mg_batch_failed(const struct mg_batch *batch)
{
    return batch->diags->errors > batch->errors_before;
}

void mg_batch_error(struct mg_batch *batch, const struct mg_source *source, struct mg_place place,
                    uint32_t width, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mg_diags_vadd(batch->diags, MG_SEVERITY_ERROR, source, place, width, fmt, args);
    va_end(args);
}

void mg_batch_warn(struct mg_batch *batch, const struct mg_source *source, struct mg_place place,
                   uint32_t width, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mg_diags_vadd(batch->diags, MG_SEVERITY_WARNING, source, place, width, fmt, args);
    va_end(args);
}

/* Names from texts that live elsewhere. */
static const struct mg_name **name_list(struct mg_batch *batch, const struct mg_text *texts,
                                        uint32_t count)
{
    const struct mg_name **names = mg_arena_alloc(&batch->arena, (count + 1) * sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        names[i] = mg_name(&batch->names, texts[i].bytes, texts[i].len);
    return names;
}

/* The entry of a class that exists already, or NULL. */
static struct mg_class_entry *known_class(struct mg_batch *batch, const struct mg_name *full)
{
    struct mg_known_class known = {0};
    if (!batch->env->find_class ||
        !batch->env->find_class(batch->env->context, &batch->arena, full->text, &known))
        return NULL;
    struct mg_class_entry *class = mg_arena_alloc(&batch->arena, sizeof *class);
    class->name = full;
    class->existing = true;
    class->kernel = known.kernel;
    class->slots = name_list(batch, known.slots, known.slot_count);
    class->slot_count = known.slot_count;
    class->cvars = name_list(batch, known.cvars, known.cvar_count);
    class->cvar_count = known.cvar_count;
    if (known.superclass.len > 0)
        class->superclass = mg_batch_class(
            batch, mg_name(&batch->names, known.superclass.bytes, known.superclass.len));
    return class;
}

struct mg_class_entry *mg_batch_class(struct mg_batch *batch, const struct mg_name *full)
{
    uint64_t found;
    if (mg_strmap_get(&batch->classes, full->text.bytes, full->text.len, &found))
        return (struct mg_class_entry *)(uintptr_t)found;
    struct mg_class_entry *class = known_class(batch, full);
    mg_strmap_put(&batch->classes, full->text.bytes, full->text.len, (uint64_t)(uintptr_t) class);
    return class;
}

/* A trait of an earlier batch: its source is parsed again. Diagnostics about it are printed after
 * the batch has ended, so the source lives with them. */
static struct mg_trait_entry *known_trait(struct mg_batch *batch, const struct mg_name *full)
{
    struct mg_trait known = {0};
    struct mg_arena *arena = &batch->diags->arena;
    if (!batch->env->find_trait ||
        !batch->env->find_trait(batch->env->context, arena, full->text, &known))
        return NULL;
    struct mg_source *source = mg_arena_alloc(arena, sizeof *source);
    const char **imports = mg_arena_alloc(arena, (known.import_count + 1) * sizeof *imports);
    for (uint32_t i = 0; i < known.import_count; i++)
        imports[i] = mg_arena_strdup(arena, known.imports[i].bytes, known.imports[i].len);
    *source = (struct mg_source){
        .path = mg_arena_strdup(arena, known.file.bytes, known.file.len),
        .text = known.text.bytes,
        .len = known.text.len,
        .default_namespace =
            known.space.len > 0 ? mg_arena_strdup(arena, known.space.bytes, known.space.len) : NULL,
        .imports = imports,
        .import_count = known.import_count,
        .first_line = known.line,
    };
    struct mg_parse parse = {source, &batch->arena, &batch->names, batch->diags,
                             batch->options->library};
    struct mg_ast_file *file = mg_parse_file(&parse);
    if (!file->definitions || file->definitions->kind != MG_DEFINE_TRAIT)
        return NULL;
    struct mg_trait_entry *trait = mg_arena_alloc(&batch->arena, sizeof *trait);
    trait->name = full;
    trait->definition = file->definitions;
    return trait;
}

struct mg_trait_entry *mg_batch_trait(struct mg_batch *batch, const struct mg_name *full)
{
    uint64_t found;
    if (mg_strmap_get(&batch->traits, full->text.bytes, full->text.len, &found))
        return (struct mg_trait_entry *)(uintptr_t)found;
    struct mg_trait_entry *trait = known_trait(batch, full);
    mg_strmap_put(&batch->traits, full->text.bytes, full->text.len, (uint64_t)(uintptr_t)trait);
    return trait;
}

/* `space::name`, or the name itself without a namespace. */
static const struct mg_name *qualified(struct mg_batch *batch, struct mg_text space,
                                       const struct mg_name *name)
{
    struct mg_buf text = {0};
    mg_buf_put(&text, space.bytes, space.len);
    mg_buf_puts(&text, "::");
    mg_buf_put(&text, name->text.bytes, name->text.len);
    const struct mg_name *result = mg_name(&batch->names, mg_buf_text(&text), text.len);
    mg_buf_deinit(&text);
    return result;
}

typedef void *(*resolver)(struct mg_batch *batch, const struct mg_name *full);

static void *resolve(struct mg_batch *batch, const struct mg_ast_file *file,
                     const struct mg_name *name, resolver find)
{
    void *found = NULL;
    if (file && file->namespace_)
        found = find(batch, qualified(batch, file->namespace_->text, name));
    for (const struct mg_ast_word *import = file ? file->imports : NULL; import && !found;
         import = import->next)
        found = find(batch, qualified(batch, import->name->text, name));
    for (uint32_t i = 0; file && !found && i < file->source->import_count; i++)
        found = find(batch, qualified(batch, mg_text_of(file->source->imports[i]), name));
    return found ? found : find(batch, name);
}

static void *find_class(struct mg_batch *batch, const struct mg_name *full)
{
    return mg_batch_class(batch, full);
}

static void *find_trait(struct mg_batch *batch, const struct mg_name *full)
{
    return mg_batch_trait(batch, full);
}

struct mg_class_entry *mg_batch_resolve(struct mg_batch *batch, const struct mg_ast_file *file,
                                        const struct mg_name *name)
{
    return resolve(batch, file, name, find_class);
}

struct mg_trait_entry *mg_batch_resolve_trait(struct mg_batch *batch,
                                              const struct mg_ast_file *file,
                                              const struct mg_name *name)
{
    return resolve(batch, file, name, find_trait);
}

int64_t mg_class_slot(const struct mg_class_entry *class, const struct mg_name *name)
{
    for (; class; class = class->superclass) {
        for (uint32_t i = 0; i < class->slot_count; i++) {
            if (class->slots[i] != name)
                continue;
            int64_t index = i;
            for (class = class->superclass; class; class = class->superclass)
                index += class->slot_count;
            return index;
        }
    }
    return -1;
}

const struct mg_class_entry *mg_class_cvar(const struct mg_class_entry *class,
                                           const struct mg_name *name)
{
    for (; class; class = class->superclass) {
        for (uint32_t i = 0; i < class->cvar_count; i++) {
            if (class->cvars[i] == name)
                return class;
        }
    }
    return NULL;
}

static bool env_has(struct mg_batch *batch, const struct mg_class_entry *class, bool class_side,
                    const struct mg_name *selector, bool inherited)
{
    return class->existing && batch->env->has_method &&
           batch->env->has_method(batch->env->context, class->name->text, class_side,
                                  selector->text, inherited);
}

bool mg_class_defines(struct mg_batch *batch, const struct mg_class_entry *class, bool class_side,
                      const struct mg_name *selector)
{
    uint64_t method;
    if (mg_strmap_get(&class->own[class_side], selector->text.bytes, selector->text.len, &method))
        return method != 1;
    return env_has(batch, class, class_side, selector, false);
}

bool mg_class_understands(struct mg_batch *batch, const struct mg_class_entry *class,
                          bool class_side, const struct mg_name *selector)
{
    for (; class; class = class->superclass) {
        if (mg_strmap_get(&class->own[class_side], selector->text.bytes, selector->text.len,
                          NULL) ||
            env_has(batch, class, class_side, selector, true))
            return true;
    }
    return false;
}
