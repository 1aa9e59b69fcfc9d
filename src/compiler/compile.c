/* SPDX-License-Identifier: MIT */
/* The steps of a compilation, in order: parse all, declare all, compile all, hand over. */
#include "compiler/compile.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "compiler/emit.h"
#include "compiler/parser.h"

static void parse_sources(struct mg_batch *batch, const struct mg_source *sources, uint32_t count)
{
    struct mg_ast_file **link = &batch->files;
    for (uint32_t i = 0; i < count; i++) {
        struct mg_parse parse = {&sources[i], &batch->arena, &batch->names, batch->diags,
                                 batch->options->library};
        *link = mg_parse_file(&parse);
        link = &(*link)->next;
    }
}

/* -- Methods -- */

static void compile_methods(struct mg_batch *batch, const struct mg_class_entry *class,
                            struct mg_ast_definition *definition)
{
    for (struct mg_ast_method *m = definition->methods; m; m = m->next) {
        struct mg_context context = {
            .batch = batch,
            .file = definition->file,
            .source = m->source,
            .class = class,
            .class_side = m->class_side,
        };
        /* A later definition of the class in this batch may have replaced it. */
        uint64_t last;
        if (mg_strmap_get(&class->own[m->class_side], m->selector->text.bytes,
                          m->selector->text.len, &last) &&
            last == (uint64_t)(uintptr_t)m)
            mg_emit_method(&context, m);
    }
}

static void compile_trait(struct mg_batch *batch, const struct mg_class_entry *class,
                          const struct mg_trait_use *use)
{
    struct mg_ast_definition *definition = use->trait->definition;
    for (struct mg_ast_method *m = definition->methods; m; m = m->next) {
        struct mg_context context = {
            .batch = batch,
            .file = definition->file,
            .source = m->source,
            .class = class,
            .trait = true,
        };
        if (!mg_class_defines(batch, class, false, m->selector))
            mg_emit_method(&context, m);
    }
}

static void compile_classes(struct mg_batch *batch)
{
    for (uint32_t i = 0; i < batch->order_count; i++) {
        const struct mg_class_entry *class = batch->order[i];
        for (const struct mg_class_part *part = class->parts; part; part = part->next)
            compile_methods(batch, class, part->definition);
        for (const struct mg_trait_use *use = class->uses; use; use = use->next)
            compile_trait(batch, class, use);
    }
}

/* -- Scripts -- */

/* Only one file of a batch has statements: the one that was named. */
static void compile_script(struct mg_batch *batch)
{
    struct mg_ast_file *script = NULL;
    for (struct mg_ast_file *file = batch->files; file; file = file->next) {
        const struct mg_ast *first = file->script.statements;
        if (!first && !file->script.temps)
            continue;
        if (script) {
            mg_batch_error(batch, file->source, first ? first->place : file->script.temps->place, 1,
                           "only one file may hold statements; %s has some already",
                           script->source->path);
            continue;
        }
        script = file;
    }
    if (!script)
        return;
    struct mg_context context = {
        .batch = batch, .file = script, .source = script->source, .script = true};
    mg_emit_script(&context, &script->script);
}

/* -- The unit -- */

static struct mg_text *copy_names(struct mg_batch *batch, const struct mg_name **names,
                                  uint32_t count)
{
    struct mg_text *texts = mg_arena_alloc(&batch->unit->arena, (count + 1) * sizeof *texts);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = mg_batch_text(batch, names[i]->text);
    return texts;
}

static void put_classes(struct mg_batch *batch)
{
    struct mg_unit *unit = batch->unit;
    unit->classes = mg_arena_alloc(&unit->arena, (batch->order_count + 1) * sizeof *unit->classes);
    for (uint32_t i = 0; i < batch->order_count; i++) {
        const struct mg_class_entry *class = batch->order[i];
        struct mg_unit_class *out = &unit->classes[unit->class_count++];
        out->name = mg_batch_text(batch, class->name->text);
        if (class->superclass)
            out->superclass = mg_batch_text(batch, class->superclass->name->text);
        for (const struct mg_class_part *p = class->parts; p && out->doc.len == 0; p = p->next)
            out->doc = mg_batch_text(batch, p->definition->doc);
        out->slots = copy_names(batch, class->slots, class->slot_count);
        out->slot_count = class->slot_count;
        out->cvars = copy_names(batch, class->cvars, class->cvar_count);
        out->cvar_count = class->cvar_count;
        out->reopens = class->existing;
    }
}

/* Moves the tables that grew on the heap into the arena. */
static void settle_unit(struct mg_unit *unit)
{
    struct mg_unit_code *codes = unit->codes;
    struct mg_unit_method *methods = unit->methods;
    unit->codes = mg_arena_alloc(&unit->arena, (unit->code_count + 1) * sizeof *codes);
    unit->methods = mg_arena_alloc(&unit->arena, (unit->method_count + 1) * sizeof *methods);
    if (unit->code_count > 0)
        memcpy(unit->codes, codes, unit->code_count * sizeof *codes);
    if (unit->method_count > 0)
        memcpy(unit->methods, methods, unit->method_count * sizeof *methods);
    mg_free(codes);
    mg_free(methods);
}

static struct mg_text keep(struct mg_arena *arena, struct mg_text text)
{
    return (struct mg_text){mg_arena_strdup(arena, text.bytes, text.len), text.len};
}

static void put_trait(struct mg_traits *traits, const struct mg_ast_file *file,
                      const struct mg_ast_definition *definition)
{
    struct mg_trait *trait = &traits->items[traits->count++];
    struct mg_buf name = {0};
    if (file->namespace_)
        mg_buf_printf(&name, "%s::", file->namespace_->text.bytes);
    mg_buf_puts(&name, definition->name->text.bytes);
    trait->name = keep(&traits->arena, (struct mg_text){mg_buf_text(&name), (uint32_t)name.len});
    mg_buf_deinit(&name);
    trait->text = keep(&traits->arena, definition->text);
    trait->file = keep(&traits->arena, mg_text_of(file->source->path));
    trait->line = definition->place.line;
    if (file->namespace_)
        trait->space = keep(&traits->arena, file->namespace_->text);
    uint32_t count = file->source->import_count;
    for (const struct mg_ast_word *import = file->imports; import; import = import->next)
        count++;
    struct mg_text *imports = mg_arena_alloc(&traits->arena, (count + 1) * sizeof *imports);
    for (const struct mg_ast_word *import = file->imports; import; import = import->next)
        imports[trait->import_count++] = keep(&traits->arena, import->name->text);
    for (uint32_t i = 0; i < file->source->import_count; i++)
        imports[trait->import_count++] = keep(&traits->arena, mg_text_of(file->source->imports[i]));
    trait->imports = imports;
}

static void put_traits(struct mg_batch *batch, struct mg_traits *traits)
{
    uint32_t count = 0;
    for (struct mg_ast_file *file = batch->files; file; file = file->next) {
        for (struct mg_ast_definition *d = file->definitions; d; d = d->next)
            count += d->kind == MG_DEFINE_TRAIT;
    }
    traits->items = mg_arena_alloc(&traits->arena, (count + 1) * sizeof *traits->items);
    for (struct mg_ast_file *file = batch->files; file; file = file->next) {
        for (struct mg_ast_definition *d = file->definitions; d; d = d->next) {
            if (d->kind == MG_DEFINE_TRAIT)
                put_trait(traits, file, d);
        }
    }
}

/* Ends a batch: the unit is complete, or empty when there were errors. */
static int finish(struct mg_batch *batch)
{
    struct mg_unit *unit = batch->unit;
    int result = mg_batch_failed(batch) ? MG_ESYNTAX : 0;
    settle_unit(unit);
    mg_batch_deinit(batch);
    if (result != 0) {
        mg_unit_deinit(unit);
        mg_unit_init(unit);
    }
    return result;
}

int mg_compile_batch(const struct mg_compile_env *env, const struct mg_compile_options *options,
                     const struct mg_source *sources, uint32_t count, struct mg_unit *unit,
                     struct mg_traits *traits, struct mg_diags *diags)
{
    struct mg_batch batch;
    mg_batch_init(&batch, env, options, unit, diags);
    parse_sources(&batch, sources, count);
    if (!mg_batch_failed(&batch)) {
        mg_batch_declare(&batch);
        compile_classes(&batch);
        compile_script(&batch);
        put_classes(&batch);
        if (traits && !mg_batch_failed(&batch))
            put_traits(&batch, traits);
    }
    return finish(&batch);
}

/* The method of a class that exists; the selector may be one that is refused. */
static void compile_one(struct mg_batch *batch, struct mg_class_entry *class, bool class_side,
                        struct mg_ast_method *method)
{
    struct mg_context context = {
        .batch = batch, .source = method->source, .class = class, .class_side = class_side};
    method->class_side = class_side;
    mg_batch_check_special(batch, class, method->source, method);
    mg_emit_method(&context, method);
}

int mg_compile_method(const struct mg_compile_env *env, const struct mg_compile_options *options,
                      struct mg_text class_name, bool class_side, const struct mg_source *source,
                      struct mg_unit *unit, struct mg_diags *diags)
{
    struct mg_batch batch;
    mg_batch_init(&batch, env, options, unit, diags);
    struct mg_class_entry *class =
        mg_batch_class(&batch, mg_name(&batch.names, class_name.bytes, class_name.len));
    struct mg_parse parse = {source, &batch.arena, &batch.names, diags, options->library};
    struct mg_ast_method *method = mg_parse_method(&parse);
    if (!class)
        mg_batch_error(&batch, NULL, (struct mg_place){0}, 1, "there is no class %.*s",
                       (int)class_name.len, class_name.bytes);
    else if (method && !mg_batch_failed(&batch))
        compile_one(&batch, class, class_side || method->class_side, method);
    return finish(&batch);
}
