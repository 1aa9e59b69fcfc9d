/* SPDX-License-Identifier: MIT */
/* Making a vm: see boot.h. */
#include "interp/boot.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/error.h"
#include "compiler/verify.h"
#include "interp/install.h"
#include "interp/labels.h"
#include "interp/primtab.h"

#include <stdio.h>

const struct mg_code *mg_vm_code(const struct mg_vm *vm, uint32_t id)
{
    /* V3 acquire: the entry of a counted id is there. Pairs with V2 in number_code(). */
    if (id == 0 || id > load_acquire(&vm->code_count)) {
        return NULL;
    }
    return load_relaxed(&vm->codes[id]); /* V4 relaxed: published before the count. */
}

static uint32_t intern(struct mg_vm *vm, const char *text)
{
    return mg_symbol_intern(vm->world->symbols, text, strlen(text));
}

/* Names that the runtime answers: there from the start, whatever becomes of the symbol table. */
static void intern_known(struct mg_vm *vm)
{
    static const char *const refusals[MG_REFUSALS] = {"accepted", "dead",  "full",   "busy",
                                                      "broken",   "right", "revoked"};
    static const char *const outcomes[] = {"value", "error",   "noproc",
                                           "down",  "timeout", "refused"};
    for (uint32_t i = 0; i < MG_REFUSALS; i++) {
        vm->refusals[i] = intern(vm, refusals[i]);
    }
    for (size_t i = 0; i < MG_ARRAY_LEN(outcomes); i++) {
        (void)intern(vm, outcomes[i]);
    }
#define X(name, text, argc) vm->selectors[MG_SEL_##name] = intern(vm, text);
    MG_KNOWN_SELECTORS(X)
#undef X
#define X(name, text) vm->reasons[MG_REASON_##name] = intern(vm, text);
    MG_REASONS(X)
#undef X
}

/* `signal: text` to a class, then back to what was interrupted:
 *
 *      r5 := r0.  r6 := r1.  r2 := r5 signal: r6.  RESUME
 */
static struct mg_code *make_interrupt(struct mg_vm *vm)
{
    struct mg_world *world = vm->world;
    struct mg_code *code = mg_world_alloc(world, sizeof *code);
    uint64_t *insns = mg_world_alloc(world, 4 * sizeof *insns);
    insns[0] = mg_insn_abc(MG_OP_MOVE, 5, 0, 0);
    insns[1] = mg_insn_abc(MG_OP_MOVE, 6, 1, 0);
    insns[2] = mg_insn_abc(MG_OP_SEND, 2, 5, 0);
    insns[3] = mg_insn_abc(MG_OP_RESUME, 0, 0, 0);
    struct mg_code_site *site = mg_world_alloc(world, sizeof *site);
    site->selector = vm->selectors[MG_SEL_SIGNAL];
    site->argc = 1;
    code->insns = insns;
    code->insn_count = 4;
    code->sites = site;
    code->caches = mg_world_alloc(world, sizeof *code->caches);
    code->argc = 1;
    code->nregs = 7;
    code->scratch = 10;
    code->super_class = MG_NO_CLASS;
    code->file = "(runtime)";
    return code;
}

static int install(struct mg_vm *vm, const struct mg_unit *unit, struct mg_code **script,
                   char problem[256])
{
    struct mg_verify verify;
    if (mg_verify_unit(unit, &verify) != 0) {
        snprintf(problem, 256, "the code does not verify: %s", verify.problem);
        return MG_EVERIFY;
    }
    struct mg_install installed;
    int error = mg_install_unit(vm, unit, &installed);
    *script = installed.script;
    if (error != 0) {
        snprintf(problem, 256, "%s", installed.problem);
    }
    return error;
}

/* Traits of a batch, kept for the batches after it. */
static struct mg_traits *new_traits(void)
{
    struct mg_trait_batch *batch = mg_alloc_zero(sizeof *batch);
    mg_traits_init(&batch->traits);
    return &batch->traits;
}

static void keep_traits(struct mg_vm *vm, struct mg_traits *traits)
{
    struct mg_trait_batch *batch = MG_CONTAINER_OF(traits, struct mg_trait_batch, traits);
    batch->older = vm->traits;
    vm->traits = batch;
}

static void free_traits(struct mg_vm *vm)
{
    while (vm->traits != NULL) {
        struct mg_trait_batch *batch = vm->traits;
        vm->traits = batch->older;
        mg_traits_deinit(&batch->traits);
        mg_free(batch);
    }
}

static int install_library(struct mg_vm *vm, const void *archive, size_t len, char problem[256])
{
    struct mg_unit unit;
    struct mg_code *script;
    mg_unit_init(&unit);
    size_t used;
    int error = mg_unit_read_prefix(&unit, archive, len, &used);
    if (error == 0) {
        struct mg_traits *traits = new_traits();
        keep_traits(vm, traits);
        error = mg_traits_read(traits, (const char *)archive + used, len - used);
    }
    if (error != 0) {
        snprintf(problem, 256, "the library's archive is damaged: %s", mg_error_text(error));
    } else {
        error = install(vm, &unit, &script, problem);
    }
    mg_unit_deinit(&unit);
    return error;
}

struct mg_vm *mg_vm_new(const void *archive, size_t len, char problem[256])
{
    struct mg_vm *vm = mg_alloc_zero(sizeof *vm);
    vm->world = mg_world_new();
    vm->exit_status = -1;
    vm->codes = mg_pages_reserve(MG_VM_CODES_MAX * sizeof *vm->codes);
    mg_labels_init(&vm->labels);
    mg_strmap_init(&vm->primitives);
    mg_primtab_fill(&vm->primitives);
    mg_lock_init(&vm->load_lock, MG_RANK_NODE);
    intern_known(vm);
    vm->interrupt = make_interrupt(vm);
    if (install_library(vm, archive, len, problem) != 0) {
        mg_vm_free(vm);
        return NULL;
    }
    /* B1 relaxed: nobody else knows the vm yet. */
    vm->library_codes = load_relaxed(&vm->code_count);
    return vm;
}

void mg_vm_free(struct mg_vm *vm)
{
    mg_lock_deinit(&vm->load_lock);
    free_traits(vm);
    mg_strmap_deinit(&vm->primitives);
    mg_labels_deinit(&vm->labels);
    mg_pages_release(vm->codes, MG_VM_CODES_MAX * sizeof *vm->codes);
    mg_world_free(vm->world);
    mg_free(vm);
}

/* What exists, for the compiler. */

static struct mg_text text_of(const struct mg_vm *vm, uint32_t symbol)
{
    const struct mg_symbol_entry *entry = mg_symbol_entry(vm->world->symbols, symbol);
    return (struct mg_text){entry->text, entry->len};
}

static const struct mg_text *texts_of(const struct mg_vm *vm, struct mg_arena *arena,
                                      const uint32_t *symbols, uint32_t count)
{
    struct mg_text *texts = mg_arena_alloc(arena, (count + 1) * sizeof *texts);
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = text_of(vm, symbols[i]);
    }
    return texts;
}

static bool find_class(void *context, struct mg_arena *arena, struct mg_text name,
                       struct mg_known_class *out)
{
    const struct mg_vm *vm = context;
    uint32_t id = mg_world_class_named(vm->world, name.bytes, name.len);
    if (id == MG_NO_CLASS) {
        return false;
    }
    const struct mg_class *class = mg_world_class(vm->world, id);
    *out = (struct mg_known_class){
        .slots = texts_of(vm, arena, class->slot_names + class->slot_count - class->own_slots,
                          class->own_slots),
        .slot_count = class->own_slots,
        .cvars = texts_of(vm, arena, class->cvar_names, class->cvar_count),
        .cvar_count = class->cvar_count,
        .kernel = id < MG_KERNEL_CLASS_COUNT,
    };
    if (class->superclass != MG_NO_CLASS) {
        out->superclass = text_of(vm, mg_world_class(vm->world, class->superclass)->name);
    }
    return true;
}

static bool has_method(void *context, struct mg_text class_name, bool class_side,
                       struct mg_text selector, bool inherited)
{
    const struct mg_vm *vm = context;
    uint32_t id = mg_world_class_named(vm->world, class_name.bytes, class_name.len);
    uint32_t symbol = mg_symbol_find(vm->world->symbols, selector.bytes, selector.len);
    if (id == MG_NO_CLASS || symbol == 0) {
        return false;
    }
    if (class_side) {
        id = mg_world_class(vm->world, id)->meta;
    }
    return (inherited ? mg_world_lookup(vm->world, id, symbol)
                      : mg_world_own_method(vm->world, id, symbol)) != NULL;
}

static bool find_trait(void *context, struct mg_arena *arena, struct mg_text name,
                       struct mg_trait *out)
{
    (void)arena;
    const struct mg_vm *vm = context;
    for (struct mg_trait_batch *batch = vm->traits; batch != NULL; batch = batch->older) {
        const struct mg_trait *trait = mg_traits_find(&batch->traits, name);
        if (trait != NULL) {
            *out = *trait;
            return true;
        }
    }
    return false;
}

void mg_vm_compile_env(struct mg_vm *vm, struct mg_compile_env *env)
{
    *env = (struct mg_compile_env){vm, find_class, has_method, find_trait};
}

/* Installing code makes symbols and cannot fail half-way: there must be room for as many as its
 * sources can mention. */
static int check_symbols(struct mg_vm *vm, uint64_t source_bytes, char problem[256])
{
    enum { MORE = 1024 };
    if (mg_symbols_fit(vm->world->symbols, source_bytes / 2 + MORE, source_bytes + 16 * MORE)) {
        return 0;
    }
    snprintf(problem, 256, "the symbol table is full");
    return MG_ELIMIT;
}

int mg_vm_load(struct mg_vm *vm, const struct mg_source *sources, uint32_t count,
               struct mg_diags *diags, struct mg_code **script, char problem[256])
{
    struct mg_compile_env env;
    struct mg_compile_options options = {.library = false};
    struct mg_unit unit;
    mg_vm_compile_env(vm, &env);
    mg_unit_init(&unit);
    mg_lock_acquire(&vm->load_lock);
    struct mg_traits *traits = new_traits();
    keep_traits(vm, traits);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += sources[i].len;
    }
    int error = mg_compile_batch(&env, &options, sources, count, &unit, traits, diags);
    if (error == 0) {
        error = check_symbols(vm, bytes, problem);
    }
    if (error == 0) {
        error = install(vm, &unit, script, problem);
    }
    mg_lock_release(&vm->load_lock);
    mg_unit_deinit(&unit);
    return error;
}

int mg_vm_load_method(struct mg_vm *vm, uint32_t class_id, const struct mg_source *source,
                      struct mg_diags *diags, uint32_t *selector, char problem[256])
{
    struct mg_compile_env env;
    struct mg_compile_options options = {.library = false};
    struct mg_unit unit;
    struct mg_code *script;
    const struct mg_class *class = mg_world_class(vm->world, class_id);
    bool class_side = class->instance != MG_NO_CLASS;
    if (class_side) {
        class = mg_world_class(vm->world, class->instance);
    }
    mg_vm_compile_env(vm, &env);
    mg_unit_init(&unit);
    mg_lock_acquire(&vm->load_lock);
    int error = mg_compile_method(&env, &options, text_of(vm, class->name), class_side, source,
                                  &unit, diags);
    if (error == 0) {
        error = check_symbols(vm, source->len, problem);
    }
    if (error == 0) {
        CHECK(unit.method_count == 1);
        *selector = mg_symbol_intern(vm->world->symbols, unit.methods[0].selector.bytes,
                                     unit.methods[0].selector.len);
        error = install(vm, &unit, &script, problem);
    }
    mg_lock_release(&vm->load_lock);
    mg_unit_deinit(&unit);
    return error;
}
