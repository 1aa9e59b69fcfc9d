/* SPDX-License-Identifier: MIT */
/* What the compiler's tests share: source text in, some form of the result out as a string, which
 * the caller releases with mg_free. Diagnostics stand behind the result.
 *
 * Threads: the test's. Memory: strings are the caller's.
 */
#ifndef MG_TEST_UNIT_COMPILER_SUPPORT_H
#define MG_TEST_UNIT_COMPILER_SUPPORT_H

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "compiler/disasm.h"
#include "compiler/kernel_env.h"
#include "compiler/parser.h"
#include "compiler/verify.h"
#include "support/unit.h"

static inline struct mg_source test_source(const char *text)
{
    return (struct mg_source){
        .path = "t.mag", .text = text, .len = strlen(text), .allow_statements = true};
}

/* The tree of a file, or with `method` of a bare method. */
static inline char *test_parse(const char *text, bool method)
{
    struct mg_source source = test_source(text);
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    struct mg_buf out = {0};
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    struct mg_parse parse = {&source, &arena, &names, &diags, true};
    if (method) {
        struct mg_ast_method *ast = mg_parse_method(&parse);
        if (ast && diags.errors == 0)
            mg_ast_print_method(ast, &out);
    } else {
        struct mg_ast_file *ast = mg_parse_file(&parse);
        if (diags.errors == 0)
            mg_ast_print_file(ast, &out);
    }
    mg_diags_print(&diags, &out);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
    return mg_buf_take(&out);
}

/* The unit's disassembly. */
static inline char *test_compile_in(const struct mg_compile_env *env, bool library,
                                    const char *text)
{
    struct mg_source source = test_source(text);
    struct mg_compile_options options = {.library = library};
    struct mg_diags diags;
    struct mg_unit unit;
    struct mg_verify verify;
    struct mg_buf out = {0};
    mg_diags_init(&diags);
    mg_unit_init(&unit);
    int error = mg_compile_batch(env, &options, &source, 1, &unit, NULL, &diags);
    ck_assert_int_eq(diags.errors > 0 ? MG_ESYNTAX : 0, error);
    if (error == 0) {
        ck_assert_msg(mg_verify_unit(&unit, &verify) == 0, "%s", verify.problem);
        mg_disasm_unit(&unit, &out);
    }
    mg_diags_print(&diags, &out);
    mg_unit_deinit(&unit);
    mg_diags_deinit(&diags);
    return mg_buf_take(&out);
}

static inline char *test_compile(const char *text)
{
    struct mg_compile_env env = mg_kernel_env();
    return test_compile_in(&env, false, text);
}

/* The whole result is this. */
static inline void test_is(char *got, const char *expected)
{
    ck_assert_str_eq(got, expected);
    mg_free(got);
}

/* The result contains all of these, in this order; the list ends with NULL. */
static inline void test_has_list(char *got, const char *const *parts)
{
    const char *at = got;
    for (; *parts; parts++) {
        const char *found = strstr(at, *parts);
        ck_assert_msg(found != NULL, "missing: %s\nin: %.2000s", *parts, got);
        at = found + strlen(*parts);
    }
    mg_free(got);
}
#define test_has(got, ...) test_has_list(got, (const char *const[]){__VA_ARGS__, NULL})

/* The result does not contain this. */
static inline void test_lacks(char *got, const char *part)
{
    ck_assert_msg(strstr(got, part) == NULL, "should not be there: %s\nin: %.2000s", part, got);
    mg_free(got);
}

/* Instruction names of the code with this heading, separated by blanks: "LOADI RET ". */
static inline char *test_opcodes(const char *text, const char *heading)
{
    char *all = test_compile(text);
    char *at = strstr(all, heading);
    struct mg_buf out = {0};
    ck_assert_msg(at != NULL, "no %s in %.2000s", heading, all);
    at = strchr(at + 1, '\n') + 1;
    if (strncmp(at, "code ", 5) == 0)
        at = strchr(at, '\n') + 1;
    /* line (6), position (6), two blanks, name */
    while (strlen(at) > 14 && at[11] >= '0' && at[11] <= '9' && at[12] == ' ') {
        mg_buf_put(&out, at + 14, strcspn(at + 14, " \n"));
        mg_buf_putc(&out, ' ');
        at = strchr(at, '\n') + 1;
    }
    mg_free(all);
    return mg_buf_take(&out);
}

#endif
