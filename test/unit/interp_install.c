/* SPDX-License-Identifier: MIT */
/* The installer: what does not fit this runtime is refused by name, and damaged archives never
 * start. */
#include "interp/install.h"

#include <stdlib.h>

#include "base/error.h"
#include "compiler/verify.h"
#include "support/maggie.h"
#include "support/unit.h"

/* Compiles one library source against the runtime, into a unit that is not installed. */
static void compile(struct runtime *runtime, const char *text, struct mg_unit *unit)
{
    struct mg_source source = {.path = "i.mag", .text = text, .len = strlen(text)};
    struct mg_compile_options options = {.library = true};
    struct mg_compile_env env;
    struct mg_traits traits;
    struct mg_diags diags;
    mg_vm_compile_env(runtime->vm, &env);
    mg_traits_init(&traits);
    mg_diags_init(&diags);
    mg_unit_init(unit);
    int error = mg_compile_batch(&env, &options, &source, 1, unit, &traits, &diags);
    mg_diags_print(&diags, &runtime->err);
    ck_assert_msg(error == 0, "%s", mg_buf_text(&runtime->err));
    mg_diags_deinit(&diags);
    mg_traits_deinit(&traits);
}

static void check_refused(struct runtime *runtime, const struct mg_unit *unit, int error,
                          const char *problem)
{
    struct mg_install installed;
    ck_assert_int_eq(mg_install_unit(runtime->vm, unit, &installed), error);
    ck_assert_ptr_null(installed.script);
    ck_assert_msg(strstr(installed.problem, problem) != NULL, "%s", installed.problem);
}

static struct mg_text text(const char *bytes)
{
    return (struct mg_text){bytes, (uint32_t)strlen(bytes)};
}

/* A method marked <primitive> that C does not have stops the start with its name, on both sides of
 * a class. */
UNIT_CASE(missing_primitive)
{
    struct runtime runtime;
    struct mg_unit unit;
    runtime_init(&runtime);
    compile(&runtime, "InstA subclass: Object\n  method: nothingInC: x [ <primitive> ]\n", &unit);
    check_refused(&runtime, &unit, MG_ENOENT, "InstA>>nothingInC:");
    mg_unit_deinit(&unit);
    compile(&runtime, "InstB subclass: Object\n  classMethod: nor [ <primitive> ]\n", &unit);
    check_refused(&runtime, &unit, MG_ENOENT, "InstB class>>nor");
    mg_unit_deinit(&unit);
    runtime_deinit(&runtime);
}

/* Names of classes and class variables that are not there. */
UNIT_CASE(missing_names)
{
    struct runtime runtime;
    struct mg_unit unit;
    runtime_init(&runtime);
    static const char source[] = "InstC subclass: Object\n"
                                 "  classVars: Count\n"
                                 "  method: count [ ^Count ]\n";
    compile(&runtime, source, &unit);
    unit.classes[0].superclass = text("NoSuchClass");
    check_refused(&runtime, &unit, MG_ENOENT, "no such superclass: NoSuchClass");
    mg_unit_deinit(&unit);
    compile(&runtime, source, &unit);
    unit.methods[0].class_name = text("Elsewhere");
    check_refused(&runtime, &unit, MG_ENOENT, "no such class: Elsewhere");
    mg_unit_deinit(&unit);
    compile(&runtime, source, &unit);
    unit.codes[unit.methods[0].code].cvars[0].name = text("Number");
    check_refused(&runtime, &unit, MG_ENOENT, "no such class variable: Number");
    mg_unit_deinit(&unit);
    runtime_deinit(&runtime);
}

/* A method that reaches beyond the slots of its class, and value methods of other classes than
 * Block. */
UNIT_CASE(wrong_class)
{
    struct runtime runtime;
    struct mg_unit unit;
    runtime_init(&runtime);
    compile(&runtime,
            "InstD subclass: Object\n  instanceVars: a b c\n  method: last [ ^[c] value ]\n",
            &unit);
    unit.classes[0].slot_count = 2;
    check_refused(&runtime, &unit, MG_EINVAL, "last");
    mg_unit_deinit(&unit);
    compile(&runtime, "InstE subclass: Object\n  method: run [ ^1 ]\n", &unit);
    unit.methods[0].flags |= MG_METHOD_BLOCK_VALUE;
    check_refused(&runtime, &unit, MG_EINVAL, "run");
    mg_unit_deinit(&unit);
    runtime_deinit(&runtime);
}

/* Methods whose code may be passed over are those that answer a slot and do nothing else. */
UNIT_CASE(getters)
{
    static const struct {
        const char *selector;
        uint32_t kind;
        uint32_t slot;
    } expected[] = {
        {"first", MG_METHOD_KIND_GETTER, 0},  {"third", MG_METHOD_KIND_GETTER, 2},
        {"itself", MG_METHOD_KIND_CODE, 0},   {"sum", MG_METHOD_KIND_CODE, 0},
        {"setFirst", MG_METHOD_KIND_CODE, 0}, {"first:", MG_METHOD_KIND_GETTER, 0},
    };
    struct runtime runtime;
    struct mg_unit unit;
    struct mg_install installed;
    runtime_init(&runtime);
    compile(&runtime,
            "InstG subclass: Object\n"
            "  instanceVars: a b c\n"
            "  method: first [ ^a ]\n"
            "  method: third [ ^c ]\n"
            "  method: itself [ ^self ]\n"
            "  method: sum [ ^a + b ]\n"
            "  method: setFirst [ ^a := b ]\n"
            "  method: first: x [ ^a ]\n",
            &unit);
    ck_assert_int_eq(mg_install_unit(runtime.vm, &unit, &installed), 0);
    mg_unit_deinit(&unit);
    struct mg_world *world = runtime.vm->world;
    uint32_t id = mg_world_class_named(world, "InstG", 5);
    for (size_t i = 0; i < MG_ARRAY_LEN(expected); i++) {
        const char *selector = expected[i].selector;
        uint32_t symbol = mg_symbol_intern(world->symbols, selector, strlen(selector));
        const struct mg_method *method = mg_world_lookup(world, id, symbol);
        ck_assert_ptr_nonnull(method);
        ck_assert_msg(method->kind == expected[i].kind, "%s", selector);
        ck_assert(method->insns == method->code->insns && method->nregs == method->code->nregs);
        if (method->kind == MG_METHOD_KIND_GETTER) {
            ck_assert_uint_eq(method->slot, expected[i].slot);
        }
    }
    runtime_deinit(&runtime);
}

/* Of a refused unit no method is installed; after it, the runtime works. */
UNIT_CASE(wholly_or_not)
{
    struct runtime runtime;
    struct mg_unit unit;
    runtime_init(&runtime);
    compile(&runtime,
            "Object subclass: nil\n  method: goodOne [ ^1 ]\n  method: badOne [ <primitive> ]\n",
            &unit);
    check_refused(&runtime, &unit, MG_ENOENT, "badOne");
    mg_unit_deinit(&unit);
    struct mg_world *world = runtime.vm->world;
    uint32_t good = mg_symbol_intern(world->symbols, "goodOne", 7);
    ck_assert_ptr_null(mg_world_lookup(world, MG_CLASS_STRING, good));
    runtime.config.schedulers = 1;
    runtime_run(&runtime, "after",
                "InstF subclass: Object\n  method: m [ ^40 ]\n\nInstF new m + 2\n");
    ck_assert_msg(runtime.status == 42, "%s", mg_buf_text(&runtime.err));
    runtime_deinit(&runtime);
}

/* Reads and verifies as the start does. Answers whether both accepted the bytes. */
static bool acceptable(const char *bytes, size_t len)
{
    struct mg_unit unit;
    struct mg_verify verify;
    size_t used;
    mg_unit_init(&unit);
    bool good =
        mg_unit_read_prefix(&unit, bytes, len, &used) == 0 && mg_verify_unit(&unit, &verify) == 0;
    mg_unit_deinit(&unit);
    return good;
}

/* Changed bytes anywhere in the library's archive: read and verify answer, and never read beyond
 * it. */
UNIT_CASE(damaged_bytes)
{
    struct mg_rng rng;
    size_t len = mg_lib_archive_size;
    char *bytes = malloc(len); // exactly as long, for the address sanitizer
    size_t refused = 0;
    mg_rng_seed(&rng, 11);
    memcpy(bytes, mg_lib_archive, len);
    ck_assert(acceptable(bytes, len));
#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
    const int rounds = 150;
#else
    const int rounds = 600;
#endif
    for (int round = 0; round < rounds; round++) {
        size_t changes = 1 + (size_t)mg_rng_below(&rng, 8);
        for (size_t i = 0; i < changes; i++)
            bytes[mg_rng_below(&rng, len)] ^= (char)(1u << mg_rng_below(&rng, 8));
        refused += !acceptable(bytes, len);
        if (round % 4 == 3)
            memcpy(bytes, mg_lib_archive, len);
    }
    free(bytes);
    ck_assert_uint_gt(refused, 0);
}

/* Archives that end too early, and none at all, do not start; the problem says so. */
UNIT_CASE(short_archives)
{
    char problem[256];
    size_t lengths[] = {0, 1, 4, 8, 100, mg_lib_archive_size / 2, mg_lib_archive_size - 1};
    for (size_t i = 0; i < MG_ARRAY_LEN(lengths); i++) {
        char *bytes = malloc(lengths[i] + 1);
        memcpy(bytes, mg_lib_archive, lengths[i]);
        problem[0] = '\0';
        ck_assert_ptr_null(mg_vm_new(bytes, lengths[i], problem));
        ck_assert_msg(strstr(problem, "damaged") != NULL, "%zu bytes: %s", lengths[i], problem);
        free(bytes);
    }
    memset(problem, 0, sizeof problem);
    ck_assert_ptr_null(mg_vm_new("\177ELF and something else", 23, problem));
    ck_assert_ptr_nonnull(strstr(problem, "damaged"));
}

UNIT_MAIN("interp/install", missing_primitive, missing_names, wrong_class, getters, wholly_or_not,
          damaged_bytes, short_archives)
