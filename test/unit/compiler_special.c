/* SPDX-License-Identifier: MIT */
/* Which messages are expanded, and who may define them. */
#include "compiler/special.h"

#include "unit/compiler_support.h"

/* The way the only statement of a text would be expanded. */
static enum mg_inline_kind kind_of(const char *text)
{
    struct mg_source source = test_source(text);
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    struct mg_parse parse = {&source, &arena, &names, &diags, false};
    struct mg_ast_file *file = mg_parse_file(&parse);
    ck_assert_uint_eq(diags.errors, 0);
    enum mg_inline_kind kind = mg_special_inline(file->script.statements);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
    return kind;
}

/* A message is expanded exactly when its blocks stand there and have the right parameters. */
UNIT_CASE(shapes)
{
    static const struct {
        const char *text;
        enum mg_inline_kind kind;
    } cases[] = {
        {"x ifTrue: [1]", MG_INLINE_IF},
        {"x ifFalse: [| t | t] ifTrue: [2]", MG_INLINE_IF},
        {"x ifTrue: [1] ifFalse: 2", MG_INLINE_NONE},
        {"x ifTrue: [:a | 1]", MG_INLINE_NONE},
        {"super ifTrue: [1]", MG_INLINE_NONE},
        {"x and: [y]", MG_INLINE_AND},
        {"x and: y", MG_INLINE_NONE},
        {"x or: [y]", MG_INLINE_OR},
        {"[x] whileTrue: [y]", MG_INLINE_WHILE},
        {"[x] whileFalse", MG_INLINE_WHILE},
        {"[] whileTrue: [y]", MG_INLINE_NONE},
        {"x whileTrue: [y]", MG_INLINE_NONE},
        {"[x] whileTrue: y", MG_INLINE_NONE},
        {"[x] repeat", MG_INLINE_REPEAT},
        {"[:a | x] repeat", MG_INLINE_NONE},
        {"1 to: 2 do: [:i | i]", MG_INLINE_TO_DO},
        {"1 to: 2 by: 3 do: [:i | i]", MG_INLINE_TO_DO},
        {"1 to: 2 do: [1]", MG_INLINE_NONE},
        {"1 to: 2 do: b", MG_INLINE_NONE},
        {"3 timesRepeat: [1]", MG_INLINE_TIMES},
        {"3 timesRepeat: [:i | 1]", MG_INLINE_NONE},
        {"x ifNil: [1]", MG_INLINE_IF_NIL},
        {"x ifNil: [:a | 1]", MG_INLINE_NONE},
        {"x ifNotNil: [:a | 1]", MG_INLINE_IF_NIL},
        {"x ifNotNil: [:a :b | 1]", MG_INLINE_NONE},
        {"x ifNotNil: [1] ifNil: [2]", MG_INLINE_IF_NIL},
        {"x ifNil: [1] ifNotNil: [:a | 2]", MG_INLINE_IF_NIL},
        {"x ifNil: [:a | 1] ifNotNil: [2]", MG_INLINE_NONE},
        {"x foo: [1]", MG_INLINE_NONE},
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(cases); i++)
        ck_assert_msg(kind_of(cases[i].text) == cases[i].kind, "%s", cases[i].text);
}

/* Nobody but the library defines what is never sent; the kernel's classes keep what instructions
 * know of them. */
UNIT_CASE(refusals)
{
    test_has(test_compile("X subclass: Object method: == a [ ^1 ]"),
             "X>>== cannot be defined: the compiler expands it in place everywhere");
    test_has(test_compile("X subclass: Object method: ifNotNil: b [ ^1 ]"), "cannot be defined");
    test_has(test_compile("Array subclass: Object method: at: i [ ^1 ]"),
             "Array>>at: cannot be defined: the compiler has instructions");
    test_lacks(test_compile("X subclass: Array method: at: i [ ^1 ]"), "cannot be defined");
    test_lacks(test_compile("X subclass: Object method: + i [ ^1 ]"), "cannot be defined");
    test_lacks(test_compile("Array subclass: Object classMethod: size [ ^1 ]"), "cannot be");
    test_has(test_compile("X subclass: Object method: and: b [ ^1 ]"),
             "warning: and: is not sent when its argument is a literal block");
    struct mg_compile_env env = mg_kernel_env();
    test_lacks(test_compile_in(&env, true, "Object subclass: nil method: == a [ <primitive> ]"),
               "cannot be defined");
}

/* Assignments to outer variables are pointed out in blocks that run in another actor. */
UNIT_CASE(spawned_blocks)
{
    static const char *const texts[] = {
        "x := 0. [x := 1] fork",
        "x := 0. [:a | x := 1] forkWith: 3",
        "x := 0. [[x := 1] value] forkLinked",
        "x := 0. [3 foo ifTrue: [x := 1]] forkMonitored",
        "x := 0. [x := 1] forkRestricted: #()",
        "x := 0. [x := 1] fork: #{}",
        "x := 0. 3 wrap: [x := 1]",
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(texts); i++)
        test_has(test_compile(texts[i]), "warning: the block runs in another actor", "'x'");
    test_lacks(test_compile("x := 0. [| x | x := 1] fork. [x foo] fork. [x := 1] value"),
               "another actor");
}

UNIT_MAIN("compiler/special", shapes, refusals, spawned_blocks)
