/* SPDX-License-Identifier: MIT */
/* How names find classes: namespaces, imports, the root, and what exists before the batch. */
#include "compiler/batch.h"

#include "unit/compiler_support.h"

/* The current namespace first, then imports in order, then the name itself. */
UNIT_CASE(namespaces)
{
    static const char *const texts[] = {
        "namespace: A\nX subclass: Object\nY subclass: Object",
        "namespace: B\nX subclass: Object\nZ subclass: Object",
        "X subclass: Object\nZ subclass: Object\nW subclass: Object",
        "namespace: A\nimport: B\nUse subclass: X\n method: m [ ^{X. Y. Z. W. B::X. Object} ]",
    };
    struct mg_source sources[4];
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    struct mg_unit unit;
    struct mg_diags diags;
    struct mg_buf out = {0};
    for (size_t i = 0; i < MG_ARRAY_LEN(sources); i++)
        sources[i] = test_source(texts[i]);
    mg_unit_init(&unit);
    mg_diags_init(&diags);
    ck_assert_int_eq(mg_compile_batch(&env, &options, sources, 4, &unit, NULL, &diags), 0);
    mg_disasm_unit(&unit, &out);
    test_has(mg_buf_take(&out), "class A::Use < A::X", "; A::X\n", "; A::Y\n", "; B::Z\n", "; W\n",
             "; B::X\n", "; Object\n");
    mg_diags_deinit(&diags);
    mg_unit_deinit(&unit);
}

/* Slots count from the top of the hierarchy; class variables belong to who declares them. */
UNIT_CASE(variables_of_classes)
{
    test_has(test_compile("A subclass: Message instanceVars: x y\n"
                          "B subclass: A instanceVars: z method: m [ selector := x. y := z ]"),
             "GETSLOT", " 2\n", "SETSLOT", " 0\n", "GETSLOT", " 4\n", "SETSLOT", " 3\n");
}

static bool no_class(void *context, struct mg_arena *arena, struct mg_text name,
                     struct mg_known_class *out)
{
    (void)context;
    (void)arena;
    if (!mg_text_equal(name, mg_text_of("Object")))
        return false;
    *out = (struct mg_known_class){0};
    return true;
}

static bool understands(void *context, struct mg_text class_name, bool class_side,
                        struct mg_text selector, bool inherited)
{
    (void)context;
    return mg_text_equal(class_name, mg_text_of("Object")) && !class_side &&
           mg_text_equal(selector, mg_text_of("printString")) && inherited;
}

static bool known_trait(void *context, struct mg_arena *arena, struct mg_text name,
                        struct mg_trait *out)
{
    static const struct mg_text imports[] = {{"M", 1}};
    (void)context;
    (void)arena;
    if (!mg_text_equal(name, mg_text_of("Known")))
        return false;
    *out = (struct mg_trait){
        .name = name,
        .text = mg_text_of("Known trait requires: #printString method: known [ ^Y foo: K ]"),
        .file = mg_text_of("known.mag"),
        .line = 70,
        .space = mg_text_of("N"),
        .imports = imports,
        .import_count = 1,
    };
    return true;
}

/* A trait of an earlier batch brings its own namespace, imports, file and lines. */
UNIT_CASE(known_traits)
{
    struct mg_compile_env env = {NULL, no_class, understands, known_trait};
    test_has(test_compile_in(&env, false,
                             "namespace: M\nX subclass: Object include: Known\nY subclass: Object"),
             "M::X>>known", "70 ", "; M::Y", "warning: 'K' is not declared");
    test_has(test_compile_in(&env, false, "X subclass: Object include: Unknown"),
             "unknown trait Unknown");
}

UNIT_MAIN("compiler/batch", namespaces, variables_of_classes, known_traits)
