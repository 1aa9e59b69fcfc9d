/* SPDX-License-Identifier: MIT */
/* The first step of a compilation: skeletons. Names of classes and traits first, so that order in
 * the files does not matter; then superclasses; then, superclasses first, variables and methods;
 * traits last, since what a class understands must be known by then.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "compiler/batch.h"
#include "compiler/special.h"

static uint32_t width_of(const struct mg_name *name)
{
    return (uint32_t)mg_utf8_count((const uint8_t *)name->text.bytes, name->text.len);
}

/* The name under which a definition of a file is registered. */
static const struct mg_name *full_name(struct mg_batch *batch, const struct mg_ast_file *file,
                                       const struct mg_name *name)
{
    if (!file->namespace_)
        return name;
    struct mg_buf text = {0};
    mg_buf_printf(&text, "%s::%s", file->namespace_->text.bytes, name->text.bytes);
    const struct mg_name *full = mg_name(&batch->names, mg_buf_text(&text), text.len);
    mg_buf_deinit(&text);
    return full;
}

static void declare_class(struct mg_batch *batch, struct mg_ast_definition *definition)
{
    const struct mg_name *full = full_name(batch, definition->file, definition->name);
    struct mg_class_entry *class = mg_batch_class(batch, full);
    if (!class) {
        class = mg_arena_alloc(&batch->arena, sizeof *class);
        class->name = full;
        mg_strmap_put(&batch->classes, full->text.bytes, full->text.len,
                      (uint64_t)(uintptr_t) class);
    }
    if (!class->first)
        class->first = definition;
    struct mg_class_part **link = &class->parts;
    while (*link)
        link = &(*link)->next;
    *link = mg_arena_alloc(&batch->arena, sizeof **link);
    (*link)->definition = definition;
}

static void declare_trait(struct mg_batch *batch, struct mg_ast_definition *definition)
{
    const struct mg_name *full = full_name(batch, definition->file, definition->name);
    uint64_t found;
    if (mg_strmap_get(&batch->traits, full->text.bytes, full->text.len, &found) && found)
        mg_batch_error(batch, definition->file->source, definition->place,
                       width_of(definition->name), "the trait %s is defined twice",
                       full->text.bytes);
    struct mg_trait_entry *trait = mg_arena_alloc(&batch->arena, sizeof *trait);
    trait->name = full;
    trait->definition = definition;
    mg_strmap_put(&batch->traits, full->text.bytes, full->text.len, (uint64_t)(uintptr_t)trait);
}

/* -- Superclasses -- */

/* The namespaces in which a name of this file is looked for, as text. */
static void print_searched(const struct mg_ast_file *file, struct mg_buf *out)
{
    if (file->namespace_)
        mg_buf_printf(out, "%s, ", file->namespace_->text.bytes);
    for (const struct mg_ast_word *import = file->imports; import; import = import->next)
        mg_buf_printf(out, "%s, ", import->name->text.bytes);
    for (uint32_t i = 0; i < file->source->import_count; i++)
        mg_buf_printf(out, "%s, ", file->source->imports[i]);
    mg_buf_puts(out, "the root namespace");
}

/* The superclass a definition names; NULL after an error, or for nil. */
static struct mg_class_entry *named_superclass(struct mg_batch *batch,
                                               const struct mg_ast_definition *definition)
{
    const struct mg_ast_file *file = definition->file;
    if (!definition->superclass)
        return NULL;
    struct mg_class_entry *found = mg_batch_resolve(batch, file, definition->superclass);
    if (found)
        return found;
    struct mg_buf searched = {0};
    print_searched(file, &searched);
    mg_batch_error(batch, file->source, definition->superclass_place,
                   width_of(definition->superclass), "unknown superclass %s of %s (searched: %s)",
                   definition->superclass->text.bytes, definition->name->text.bytes,
                   mg_buf_text(&searched));
    mg_buf_deinit(&searched);
    return NULL;
}

static bool is_above(const struct mg_class_entry *class, const struct mg_class_entry *above)
{
    for (uint32_t steps = 0; class && steps < 100000; class = class->superclass, steps++) {
        if (class == above)
            return true;
    }
    return false;
}

static void link_part(struct mg_batch *batch, struct mg_class_entry *class,
                      const struct mg_ast_definition *definition)
{
    const struct mg_source *source = definition->file->source;
    bool first = definition == class->first && !class->existing;
    bool root = mg_name_is(class->name, "Object");
    if (!definition->superclass && !root) {
        mg_batch_error(batch, source, definition->superclass_place, 3,
                       "only Object has no superclass");
        return;
    }
    struct mg_class_entry *superclass = named_superclass(batch, definition);
    if (!superclass)
        return;
    if (first) {
        class->superclass = superclass;
    } else if (!is_above(class->superclass, superclass)) {
        mg_batch_error(batch, source, definition->superclass_place,
                       width_of(definition->superclass),
                       "%s exists with the superclass %s and cannot be reopened with %s",
                       class->name->text.bytes,
                       class->superclass ? class->superclass->name->text.bytes : "nil",
                       superclass->name->text.bytes);
    }
}

/* Puts the class behind its superclasses into the order; breaks cycles with an error (C2). Not
 * recursive: chains may be long. */
static void order_class(struct mg_batch *batch, struct mg_class_entry *class)
{
    enum { NEW, OPEN, DONE };
    uint32_t first = batch->order_count;
    for (struct mg_class_entry *c = class; c && c->mark != DONE; c = c->superclass) {
        if (c->mark == OPEN) {
            mg_batch_error(batch, c->first->file->source, c->first->place, width_of(c->first->name),
                           "%s is above itself", c->name->text.bytes);
            c->superclass = NULL;
            break;
        }
        if (!c->first) {
            c->mark = DONE;
            break;
        }
        c->mark = OPEN;
        if (batch->order_count == batch->order_cap)
            batch->order = mg_vec_grow(batch->order, &batch->order_cap, batch->order_count + 1,
                                       sizeof(struct mg_class_entry *));
        batch->order[batch->order_count++] = c;
    }
    for (uint32_t i = first; i < batch->order_count; i++)
        batch->order[i]->mark = DONE;
    for (uint32_t i = first, j = batch->order_count; i + 1 < j; i++) {
        struct mg_class_entry *swap = batch->order[i];
        batch->order[i] = batch->order[--j];
        batch->order[j] = swap;
    }
}

/* -- Variables -- */

static bool has_name(const struct mg_name **names, uint32_t count, const struct mg_name *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (names[i] == name)
            return true;
    }
    return false;
}

static bool is_plain_name(const struct mg_name *name)
{
    uint32_t cp;
    int len = mg_utf8_decode((const uint8_t *)name->text.bytes, name->text.len, &cp);
    if (len == 0 || (cp != '_' && !mg_cp_is_letter(cp)))
        return false;
    for (uint32_t i = 0; i < name->text.len; i++) {
        char c = name->text.bytes[i];
        if ((uint8_t)c < 0x80 && c != '_' && !(c >= '0' && c <= '9') &&
            !((c | 32) >= 'a' && (c | 32) <= 'z'))
            return false;
    }
    static const char *const reserved[] = {"self", "super", "nil", "true", "false", "thisContext"};
    for (size_t i = 0; i < MG_ARRAY_LEN(reserved); i++) {
        if (mg_name_is(name, reserved[i]))
            return false;
    }
    return true;
}

/* A new variable of the class, checked against those it has and inherits. */
static void check_variable(struct mg_batch *batch, const struct mg_class_entry *class,
                           const struct mg_source *source, const struct mg_variable *variable,
                           const char *what)
{
    const struct mg_name *name = variable->name;
    const struct mg_class_entry *owner = mg_class_cvar(class, name);
    uint32_t width = width_of(name);
    if (!is_plain_name(name)) {
        mg_batch_error(batch, source, variable->place, width, "'%s' cannot name a variable",
                       name->text.bytes);
    } else if (has_name(class->slots, class->slot_count, name) || owner == class) {
        mg_batch_error(batch, source, variable->place, width, "the variable '%s' is declared twice",
                       name->text.bytes);
    } else if (owner || mg_class_slot(class->superclass, name) >= 0) {
        mg_batch_error(batch, source, variable->place, width,
                       "the %s '%s' is inherited and cannot be declared again", what,
                       name->text.bytes);
    }
}

static uint32_t count_variables(const struct mg_variable *list)
{
    uint32_t count = 0;
    for (; list; list = list->next)
        count++;
    return count;
}

/* A list of instance variables where the class has some already: it must be the same. */
static void compare_slots(struct mg_batch *batch, const struct mg_class_entry *class,
                          const struct mg_ast_definition *definition)
{
    uint32_t i = 0;
    const struct mg_variable *v = definition->slots;
    for (; v && i < class->slot_count && class->slots[i] == v->name; v = v->next)
        i++;
    if (v || i < class->slot_count)
        mg_batch_error(batch, definition->file->source, v ? v->place : definition->place, 1,
                       "%s exists; its instance variables cannot be changed by reopening it",
                       class->name->text.bytes);
}

static void declare_slots(struct mg_batch *batch, struct mg_class_entry *class,
                          const struct mg_ast_definition *definition)
{
    if (!definition->slots_declared)
        return;
    if (class->existing || definition != class->first) {
        compare_slots(batch, class, definition);
        return;
    }
    class->slots = mg_arena_alloc(&batch->arena,
                                  (count_variables(definition->slots) + 1) * sizeof *class->slots);
    for (const struct mg_variable *v = definition->slots; v; v = v->next) {
        check_variable(batch, class, definition->file->source, v, "instance variable");
        class->slots[class->slot_count++] = v->name;
    }
}

static void declare_cvars(struct mg_batch *batch, struct mg_class_entry *class,
                          const struct mg_ast_definition *definition)
{
    uint32_t more = count_variables(definition->cvars);
    if (more == 0)
        return;
    const struct mg_name **all =
        mg_arena_alloc(&batch->arena, (class->cvar_count + more) * sizeof *all);
    uint32_t before = class->cvar_count;
    if (before > 0)
        memcpy(all, class->cvars, before * sizeof *all);
    class->cvars = all;
    for (const struct mg_variable *v = definition->cvars; v; v = v->next) {
        bool again = definition != class->first || class->existing;
        if (again && has_name(class->cvars, before, v->name))
            continue;
        check_variable(batch, class, definition->file->source, v, "class variable");
        class->cvars[class->cvar_count++] = v->name;
    }
}

/* -- Methods -- */

void mg_batch_check_special(struct mg_batch *batch, const struct mg_class_entry *class,
                            const struct mg_source *source, const struct mg_ast_method *method)
{
    if (batch->options->library)
        return;
    bool kernel = class->kernel && !method->class_side;
    const char *refusal = mg_special_refusal(method->selector, kernel);
    uint32_t width = width_of(method->selector);
    if (refusal)
        mg_batch_error(batch, source, method->place, width, "%s>>%s cannot be defined: %s",
                       class->name->text.bytes, method->selector->text.bytes, refusal);
    else if (mg_special_hidden(method->selector))
        mg_batch_warn(batch, source, method->place, width,
                      "%s is not sent when its argument is a literal block",
                      method->selector->text.bytes);
}

static void declare_methods(struct mg_batch *batch, struct mg_class_entry *class,
                            const struct mg_ast_definition *definition)
{
    const struct mg_source *source = definition->file->source;
    struct mg_strmap seen[2] = {0};
    for (const struct mg_ast_method *m = definition->methods; m; m = m->next) {
        struct mg_text selector = m->selector->text;
        uint64_t line;
        if (mg_strmap_get(&seen[m->class_side], selector.bytes, selector.len, &line))
            mg_batch_error(batch, source, m->place, width_of(m->selector),
                           "the method %s is defined twice (before at line %u)", selector.bytes,
                           (unsigned)line);
        mg_strmap_put(&seen[m->class_side], selector.bytes, selector.len, m->place.line);
        mg_batch_check_special(batch, class, source, m);
        mg_strmap_put(&class->own[m->class_side], selector.bytes, selector.len,
                      (uint64_t)(uintptr_t)m);
    }
    mg_strmap_deinit(&seen[0]);
    mg_strmap_deinit(&seen[1]);
}

/* -- Traits -- */

/* The trait among those included before that has the selector too, or NULL. */
static const struct mg_trait_use *also_in(const struct mg_class_entry *class,
                                          const struct mg_trait_use *before,
                                          const struct mg_name *selector)
{
    for (const struct mg_trait_use *use = class->uses; use != before; use = use->next) {
        for (const struct mg_ast_method *m = use->trait->definition->methods; m; m = m->next) {
            if (m->selector == selector)
                return use;
        }
    }
    return NULL;
}

static void include_methods(struct mg_batch *batch, struct mg_class_entry *class,
                            const struct mg_trait_use *use)
{
    for (const struct mg_ast_method *m = use->trait->definition->methods; m; m = m->next) {
        if (mg_class_defines(batch, class, false, m->selector))
            continue;
        const struct mg_trait_use *other = also_in(class, use, m->selector);
        if (other)
            mg_batch_error(batch, use->by->file->source, use->place, width_of(use->trait->name),
                           "the traits %s and %s both have %s; %s must define it itself",
                           other->trait->name->text.bytes, use->trait->name->text.bytes,
                           m->selector->text.bytes, class->name->text.bytes);
        mg_batch_check_special(batch, class, use->by->file->source, m);
        mg_strmap_put(&class->own[0], m->selector->text.bytes, m->selector->text.len, 1);
    }
}

static void include_traits(struct mg_batch *batch, struct mg_class_entry *class,
                           struct mg_ast_definition *definition)
{
    struct mg_trait_use **link = &class->uses;
    while (*link)
        link = &(*link)->next;
    for (const struct mg_ast_word *word = definition->includes; word; word = word->next) {
        struct mg_trait_entry *trait = mg_batch_resolve_trait(batch, definition->file, word->name);
        if (!trait) {
            mg_batch_error(batch, definition->file->source, word->place, width_of(word->name),
                           "unknown trait %s", word->name->text.bytes);
            continue;
        }
        bool again = false;
        for (const struct mg_trait_use *use = class->uses; use; use = use->next)
            again = again || use->trait == trait;
        if (again)
            continue;
        struct mg_trait_use *use = mg_arena_alloc(&batch->arena, sizeof *use);
        *use = (struct mg_trait_use){NULL, trait, definition, word->place};
        *link = use;
        link = &use->next;
        include_methods(batch, class, use);
    }
}

static void check_required(struct mg_batch *batch, const struct mg_class_entry *class)
{
    for (const struct mg_trait_use *use = class->uses; use; use = use->next) {
        for (const struct mg_ast_word *r = use->trait->definition->required; r; r = r->next) {
            if (!mg_class_understands(batch, class, false, r->name))
                mg_batch_error(batch, use->by->file->source, use->place, width_of(use->trait->name),
                               "%s does not provide the method %s that the trait %s requires",
                               class->name->text.bytes, r->name->text.bytes,
                               use->trait->name->text.bytes);
        }
    }
}

/* Calls `step` for each definition of each class, in source order. */
static void each_part(struct mg_batch *batch, struct mg_class_entry *class,
                      void (*step)(struct mg_batch *, struct mg_class_entry *,
                                   struct mg_ast_definition *))
{
    for (const struct mg_class_part *part = class->parts; part; part = part->next)
        step(batch, class, part->definition);
}

static void link_step(struct mg_batch *batch, struct mg_class_entry *class,
                      struct mg_ast_definition *definition)
{
    link_part(batch, class, definition);
}

static void variables_step(struct mg_batch *batch, struct mg_class_entry *class,
                           struct mg_ast_definition *definition)
{
    declare_slots(batch, class, definition);
    declare_cvars(batch, class, definition);
    declare_methods(batch, class, definition);
}

void mg_batch_declare(struct mg_batch *batch)
{
    for (struct mg_ast_file *file = batch->files; file; file = file->next) {
        for (struct mg_ast_definition *d = file->definitions; d; d = d->next) {
            if (d->kind == MG_DEFINE_CLASS)
                declare_class(batch, d);
            else if (d->kind == MG_DEFINE_TRAIT)
                declare_trait(batch, d);
        }
    }
    /* Names are looked up below, which adds entries behind those of the batch. */
    uint32_t count = mg_strmap_len(&batch->classes);
    struct mg_class_entry **mine = mg_alloc((count + 1) * sizeof(struct mg_class_entry *));
    uint32_t classes = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value;
        mg_strmap_at(&batch->classes, i, NULL, NULL, &value);
        struct mg_class_entry *class = (struct mg_class_entry *)(uintptr_t)value;
        if (class && class->first)
            mine[classes++] = class;
    }
    for (uint32_t i = 0; i < classes; i++)
        each_part(batch, mine[i], link_step);
    for (uint32_t i = 0; i < classes; i++)
        order_class(batch, mine[i]);
    for (uint32_t i = 0; i < batch->order_count; i++)
        each_part(batch, batch->order[i], variables_step);
    for (uint32_t i = 0; i < batch->order_count; i++)
        each_part(batch, batch->order[i], include_traits);
    for (uint32_t i = 0; i < batch->order_count; i++)
        check_required(batch, batch->order[i]);
    mg_free(mine);
}
