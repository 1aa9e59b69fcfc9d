/* SPDX-License-Identifier: MIT */
/* The façade: batches, scripts, single methods, and what is left after an error. */
#include "compiler/compile.h"

#include "unit/compiler_support.h"

struct batch {
    struct mg_diags diags;
    struct mg_unit unit;
    struct mg_traits traits;
    int error;
};

static void compile_sources(struct batch *batch, const struct mg_source *sources, uint32_t count)
{
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    mg_diags_init(&batch->diags);
    mg_unit_init(&batch->unit);
    mg_traits_init(&batch->traits);
    batch->error = mg_compile_batch(&env, &options, sources, count, &batch->unit, &batch->traits,
                                    &batch->diags);
}

static void release(struct batch *batch)
{
    mg_traits_deinit(&batch->traits);
    mg_unit_deinit(&batch->unit);
    mg_diags_deinit(&batch->diags);
}

/* Files of a batch may refer to each other in any order. */
UNIT_CASE(several_files)
{
    struct mg_source sources[] = {
        test_source("B subclass: A include: T method: m [ ^C new ]"),
        test_source("T trait method: t [ ^A ]\nA subclass: Object"),
        test_source("C subclass: B\nC new m t"),
    };
    struct batch batch;
    compile_sources(&batch, sources, 3);
    ck_assert_int_eq(batch.error, 0);
    ck_assert_uint_eq(batch.diags.warnings, 0);
    ck_assert_uint_eq(batch.unit.class_count, 3);
    ck_assert_str_eq(batch.unit.classes[0].name.bytes, "A");
    ck_assert_uint_eq(batch.unit.method_count, 2);
    ck_assert_uint_ne(batch.unit.script, MG_UNIT_NONE);
    ck_assert_uint_eq(batch.traits.count, 1);
    release(&batch);
}

/* A batch with an error makes an empty unit and no traits; the sources need not live on. */
UNIT_CASE(errors_leave_nothing)
{
    struct mg_source source =
        test_source("T trait\nA subclass: Object method: m [ ^1 ]\nB subclass: Nope");
    struct batch batch;
    compile_sources(&batch, &source, 1);
    ck_assert_int_eq(batch.error, MG_ESYNTAX);
    ck_assert_uint_eq(batch.unit.class_count, 0);
    ck_assert_uint_eq(batch.unit.method_count, 0);
    ck_assert_uint_eq(batch.unit.code_count, 0);
    ck_assert_uint_eq(batch.traits.count, 0);
    release(&batch);
}

/* Only one file has statements. */
UNIT_CASE(one_script)
{
    struct mg_source sources[] = {test_source("1 foo"), test_source("2 bar")};
    struct batch batch;
    compile_sources(&batch, sources, 2);
    ck_assert_int_eq(batch.error, MG_ESYNTAX);
    ck_assert_ptr_nonnull(strstr(batch.diags.first->message, "only one file may hold statements"));
    release(&batch);
}

/* Definitions without statements have no script; an empty source makes an empty unit. */
UNIT_CASE(no_script)
{
    struct mg_source sources[] = {test_source("A subclass: Object"), test_source("")};
    struct batch batch;
    compile_sources(&batch, sources, 2);
    ck_assert_int_eq(batch.error, 0);
    ck_assert_uint_eq(batch.unit.script, MG_UNIT_NONE);
    release(&batch);
}

/* The texts of a unit live as long as the unit. */
UNIT_CASE(units_own_their_texts)
{
    char *text = mg_alloc_copy("A subclass: Object method: foo [ ^#bar ]", 41);
    struct mg_source source = test_source(text);
    struct batch batch;
    compile_sources(&batch, &source, 1);
    memset(text, 'x', 40);
    mg_free(text);
    ck_assert_str_eq(batch.unit.classes[0].name.bytes, "A");
    ck_assert_str_eq(batch.unit.methods[0].source.bytes, "foo [ ^#bar ]");
    ck_assert_str_eq(batch.unit.codes[0].literals[0].as.text.bytes, "bar");
    release(&batch);
}

static int compile_method(const char *class_name, bool class_side, const char *text,
                          struct mg_unit *unit, struct mg_diags *diags)
{
    struct mg_source source = test_source(text);
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    mg_diags_init(diags);
    mg_unit_init(unit);
    return mg_compile_method(&env, &options, mg_text_of(class_name), class_side, &source, unit,
                             diags);
}

/* A single method of an existing class, in both forms, on both sides. */
UNIT_CASE(single_methods)
{
    struct mg_unit unit;
    struct mg_diags diags;
    ck_assert_int_eq(compile_method("Message", false, "twice ^arguments", &unit, &diags), 0);
    ck_assert_uint_eq(unit.method_count, 1);
    ck_assert_uint_eq(unit.methods[0].flags, 0);
    ck_assert_uint_eq(unit.codes[0].slots_used, 2);
    mg_unit_deinit(&unit);
    mg_diags_deinit(&diags);
    ck_assert_int_eq(compile_method("Message", false, "classMethod: a [ ^1 ]", &unit, &diags), 0);
    ck_assert_uint_eq(unit.methods[0].flags, MG_METHOD_CLASS_SIDE);
    mg_unit_deinit(&unit);
    mg_diags_deinit(&diags);
}

/* What cannot be: no such class, a refused selector, broken text. */
UNIT_CASE(refused_methods)
{
    static const struct {
        const char *class_name;
        const char *text;
        const char *message;
    } cases[] = {{"Nope", "a ^1", "there is no class Nope"},
                 {"SmallInteger", "+ x ^1", "cannot be defined"},
                 {"Message", "a ^", "expected an expression"},
                 {"Message", "", "expected a method pattern"}};
    for (size_t i = 0; i < MG_ARRAY_LEN(cases); i++) {
        struct mg_unit unit;
        struct mg_diags diags;
        ck_assert_int_eq(compile_method(cases[i].class_name, false, cases[i].text, &unit, &diags),
                         MG_ESYNTAX);
        ck_assert_ptr_nonnull(strstr(diags.first->message, cases[i].message));
        mg_unit_deinit(&unit);
        mg_diags_deinit(&diags);
    }
}

UNIT_MAIN("compiler/compile", several_files, errors_leave_nothing, one_script, no_script,
          units_own_their_texts, single_methods, refused_methods)
