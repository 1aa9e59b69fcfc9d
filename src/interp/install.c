/* SPDX-License-Identifier: MIT */
/* The installer: see install.h. */
#include "interp/install.h"

#include "base/atomic.h"
#include "base/error.h"
#include "interp/literal.h"
#include "interp/primtab.h"

#include <stdio.h>

struct job {
    struct mg_vm *vm;
    struct mg_world *world;
    const struct mg_unit *unit;
    struct mg_install *install;
    struct mg_code **codes; /* by index of the unit */
};

static uint32_t intern(struct job *job, struct mg_text text)
{
    return mg_symbol_intern(job->world->symbols, text.bytes, text.len);
}

static int problem(struct job *job, int error, const char *what, struct mg_text name)
{
    snprintf(job->install->problem, sizeof job->install->problem, "%s: %.*s", what, (int)name.len,
             name.bytes);
    return error;
}

static const char *keep_text(struct job *job, struct mg_text text)
{
    return text.len == 0 ? NULL : mg_world_strdup(job->world, text.bytes, text.len);
}

static uint32_t *intern_all(struct job *job, const struct mg_text *texts, uint32_t count)
{
    uint32_t *ids = mg_world_alloc(job->world, (count + 1) * sizeof *ids);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = intern(job, texts[i]);
    }
    return ids;
}

/* Whether the class has that class variable already, itself or from above. */
static void add_new_cvars(struct job *job, uint32_t id, const struct mg_unit_class *c)
{
    for (uint32_t i = 0; i < c->cvar_count; i++) {
        uint32_t name = intern(job, c->cvars[i]);
        if (mg_world_cvar(job->world, id, name) == 0) {
            mg_world_add_cvars(job->world, id, &name, 1);
        }
    }
}

static int install_class(struct job *job, const struct mg_unit_class *c)
{
    struct mg_world *world = job->world;
    uint32_t id = mg_world_class_named(world, c->name.bytes, c->name.len);
    const char *doc = keep_text(job, c->doc);
    if (id != MG_NO_CLASS) {
        if (doc != NULL && mg_world_class(world, id)->doc == NULL) {
            mg_world_document_class(world, id, doc);
        }
        add_new_cvars(job, id, c);
        return 0;
    }
    uint32_t superclass = mg_world_class_named(world, c->superclass.bytes, c->superclass.len);
    if (superclass == MG_NO_CLASS) {
        return problem(job, MG_ENOENT, "no such superclass", c->superclass);
    }
    id = mg_world_define_class(world, intern(job, c->name), superclass,
                               intern_all(job, c->slots, c->slot_count), c->slot_count,
                               intern_all(job, c->cvars, c->cvar_count), c->cvar_count, doc);
    return id == MG_NO_CLASS ? problem(job, MG_ELIMIT, "the class cannot be defined", c->name) : 0;
}

static int install_sites(struct job *job, struct mg_code *code, const struct mg_unit_code *u)
{
    struct mg_code_site *sites = mg_world_alloc(job->world, (u->site_count + 1) * sizeof *sites);
    for (uint32_t i = 0; i < u->site_count; i++) {
        sites[i].selector = intern(job, u->sites[i].selector);
        sites[i].argc = u->sites[i].argc;
        if (sites[i].selector == 0) {
            return problem(job, MG_ELIMIT, "the symbol table is full at", u->sites[i].selector);
        }
    }
    code->sites = sites;
    code->caches = mg_world_alloc(job->world, (u->site_count + 1) * sizeof *code->caches);
    return 0;
}

static void install_lines(struct job *job, struct mg_code *code, const struct mg_unit_code *u)
{
    struct mg_code_line *lines = mg_world_alloc(job->world, (u->line_count + 1) * sizeof *lines);
    for (uint32_t i = 0; i < u->line_count; i++) {
        lines[i] = (struct mg_code_line){u->lines[i].insn, u->lines[i].line, u->lines[i].column};
    }
    code->lines = lines;
    code->line_count = u->line_count;
}

static int install_references(struct job *job, struct mg_code *code, const struct mg_unit_code *u)
{
    struct mg_world *world = job->world;
    struct mg_global **globals =
        mg_world_alloc(world, (u->global_count + 1) * sizeof(struct mg_global *));
    for (uint32_t i = 0; i < u->global_count; i++) {
        globals[i] = mg_world_global(world, intern(job, u->globals[i]));
    }
    code->globals = globals;
    uint32_t *cvars = mg_world_alloc(world, (u->cvar_count + 1) * sizeof *cvars);
    for (uint32_t i = 0; i < u->cvar_count; i++) {
        struct mg_text name = u->cvars[i].class_name;
        uint32_t id = mg_world_class_named(world, name.bytes, name.len);
        cvars[i] = id == MG_NO_CLASS ? 0 : mg_world_cvar(world, id, intern(job, u->cvars[i].name));
        if (cvars[i] == 0) {
            return problem(job, MG_ENOENT, "no such class variable", u->cvars[i].name);
        }
    }
    code->cvars = cvars;
    return 0;
}

static int install_code(struct job *job, uint32_t index)
{
    const struct mg_unit_code *u = &job->unit->codes[index];
    struct mg_code *code = job->codes[index];
    struct mg_world *world = job->world;
    uint64_t *insns = mg_world_alloc(world, (u->insn_count + 1) * sizeof *insns);
    memcpy(insns, u->insns, u->insn_count * sizeof *insns);
    code->insns = insns;
    code->insn_count = u->insn_count;
    mg_value *literals = mg_world_alloc(world, (u->literal_count + 1) * sizeof *literals);
    for (uint32_t i = 0; i < u->literal_count; i++) {
        literals[i] = mg_literal_publish(world, &u->literals[i]);
    }
    code->literals = literals;
    struct mg_code **children =
        mg_world_alloc(world, (u->child_count + 1) * sizeof(struct mg_code *));
    for (uint32_t i = 0; i < u->child_count; i++) {
        children[i] = job->codes[u->children[i]];
    }
    code->children = children;
    code->argc = (uint16_t)u->argc;
    code->nregs = (uint16_t)u->nregs;
    code->scratch = (uint16_t)u->scratch;
    code->home_reg = u->home_reg == MG_UNIT_NONE ? 0 : (uint16_t)u->home_reg;
    code->ncaptures = (uint16_t)u->ncaptures;
    code->mark_kind = (uint8_t)u->mark;
    code->landing = u->landing == MG_UNIT_NONE ? 0 : u->landing;
    code->super_class = MG_NO_CLASS;
    code->flags = (uint8_t)((u->kind == MG_CODE_BLOCK ? MG_CODE_IS_BLOCK : 0) |
                            (u->kind == MG_CODE_SCRIPT ? MG_CODE_IS_SCRIPT : 0) |
                            (u->home_reg != MG_UNIT_NONE ? MG_CODE_HAS_HOME : 0) |
                            (u->mark != MG_MARK_NONE ? MG_CODE_IS_MARKED : 0) |
                            (u->needs_self ? MG_CODE_NEEDS_SELF : 0));
    code->file = u->file == MG_UNIT_NONE ? NULL : keep_text(job, job->unit->files[u->file]);
    install_lines(job, code, u);
    int error = install_sites(job, code, u);
    return error != 0 ? error : install_references(job, code, u);
}

/* A code and the blocks in it belong to the method; sends to super start above its class. */
static int own_code(struct job *job, uint32_t index, struct mg_method *method,
                    const struct mg_class *class)
{
    const struct mg_unit_code *u = &job->unit->codes[index];
    struct mg_code *code = job->codes[index];
    if (u->slots_used > class->slot_count) {
        return MG_EINVAL;
    }
    code->method = method;
    code->super_class = class->superclass;
    for (uint32_t i = 0; i < u->child_count; i++) {
        if (own_code(job, u->children[i], method, class) != 0) {
            return MG_EINVAL;
        }
    }
    return 0;
}

static int bind_primitive(struct job *job, const struct mg_unit_method *u, struct mg_method *method)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s%s>>%.*s", (int)u->class_name.len, u->class_name.bytes,
             (u->flags & MG_METHOD_CLASS_SIDE) != 0 ? " class" : "", (int)u->selector.len,
             u->selector.bytes);
    method->prim = mg_primtab_find(&job->vm->primitives, name);
    method->leaf = mg_primtab_leaf(name);
    if (method->prim == NULL) {
        snprintf(job->install->problem, sizeof job->install->problem,
                 "the runtime has no primitive %.200s", name);
        return MG_ENOENT;
    }
    method->kind = method->prim == mg_prim_new ? MG_METHOD_KIND_NEW
                   : method->leaf != NULL      ? MG_METHOD_KIND_LEAF
                                               : MG_METHOD_KIND_PRIMITIVE;
    return 0;
}

/* `name [ ^name ]`: GETSLOT, RET. */
static bool answers_slot(const struct mg_code *code)
{
    return code->insn_count == 2 && mg_insn_op(code->insns[0]) == MG_OP_GETSLOT &&
           mg_insn_op(code->insns[1]) == MG_OP_RET &&
           mg_insn_a(code->insns[0]) == mg_insn_a(code->insns[1]);
}

/* Puts what a send looks at into the method. */
static void bind_code(struct mg_method *method)
{
    const struct mg_code *code = method->code;
    method->insns = code->insns;
    method->nregs = code->nregs;
    if (method->kind == MG_METHOD_KIND_CODE && answers_slot(code)) {
        method->kind = MG_METHOD_KIND_GETTER;
        method->slot = mg_insn_x(code->insns[0]);
    }
}

static int install_method(struct job *job, const struct mg_unit_method *u, struct mg_method **out)
{
    struct mg_world *world = job->world;
    uint32_t id = mg_world_class_named(world, u->class_name.bytes, u->class_name.len);
    if (id == MG_NO_CLASS) {
        return problem(job, MG_ENOENT, "no such class", u->class_name);
    }
    if ((u->flags & MG_METHOD_CLASS_SIDE) != 0) {
        id = mg_world_class(world, id)->meta;
    }
    struct mg_method *method = mg_world_alloc(world, sizeof *method);
    method->class_id = id;
    method->selector = intern(job, u->selector);
    method->argc = u->argc;
    method->category = keep_text(job, u->category);
    method->doc = keep_text(job, u->doc);
    method->source = keep_text(job, u->source);
    method->kind = MG_METHOD_KIND_CODE;
    *out = method;
    if (u->code != MG_UNIT_NONE) {
        method->code = job->codes[u->code];
        if (own_code(job, u->code, method, mg_world_class(world, id)) != 0) {
            return problem(job, MG_EINVAL, "a method does not fit the slots of its class",
                           u->selector);
        }
        bind_code(method);
    }
    if ((u->flags & MG_METHOD_BLOCK_VALUE) != 0) {
        method->kind = MG_METHOD_KIND_BLOCK_VALUE;
        return id == MG_CLASS_BLOCK
                   ? 0
                   : problem(job, MG_EINVAL, "only Block has value methods", u->selector);
    }
    return (u->flags & MG_METHOD_PRIMITIVE) != 0 ? bind_primitive(job, u, method) : 0;
}

/* Gives a code its id. Units are installed one at a time. */
static bool number_code(struct mg_vm *vm, struct mg_code *code)
{
    /* V1 relaxed: only installers write it, one at a time. */
    uint32_t id = load_relaxed(&vm->code_count) + 1;
    if (id >= MG_VM_CODES_MAX) {
        return false;
    }
    code->id = id;
    /* V2 release: the entry before the count that covers it. Pairs with V3 in mg_vm_code(). */
    store_release(&vm->codes[id], code);
    store_release(&vm->code_count, id);
    return true;
}

static int install_all(struct job *job)
{
    const struct mg_unit *unit = job->unit;
    int error = 0;
    for (uint32_t i = 0; i < unit->class_count && error == 0; i++) {
        error = install_class(job, &unit->classes[i]);
    }
    job->codes = mg_world_alloc(job->world, (unit->code_count + 1) * sizeof *job->codes);
    for (uint32_t i = 0; i < unit->code_count; i++) {
        job->codes[i] = mg_world_alloc(job->world, sizeof *job->codes[i]);
        if (!number_code(job->vm, job->codes[i])) {
            return MG_ELIMIT;
        }
    }
    for (uint32_t i = 0; i < unit->code_count && error == 0; i++) {
        error = install_code(job, i);
    }
    struct mg_method **methods =
        mg_world_alloc(job->world, (unit->method_count + 1) * sizeof(struct mg_method *));
    for (uint32_t i = 0; i < unit->method_count && error == 0; i++) {
        error = install_method(job, &unit->methods[i], &methods[i]);
    }
    if (error == 0) {
        error = mg_world_install(job->world, methods, unit->method_count);
    }
    return error;
}

int mg_install_unit(struct mg_vm *vm, const struct mg_unit *unit, struct mg_install *install)
{
    struct job job = {.vm = vm, .world = vm->world, .unit = unit, .install = install};
    install->problem[0] = '\0';
    install->script = NULL;
    int error = install_all(&job);
    if (error == 0 && unit->script != MG_UNIT_NONE) {
        install->script = job.codes[unit->script];
    }
    if (error != 0 && install->problem[0] == '\0') {
        snprintf(install->problem, sizeof install->problem, "%s", mg_error_text(error));
    }
    return error;
}
