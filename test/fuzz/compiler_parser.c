/* SPDX-License-Identifier: MIT */
/* Compiling any text: errors, or a unit that verifies and survives its archive. The trees of good
 * texts print.
 */
#include "base/assert.h"
#include "base/error.h"
#include "compiler/kernel_env.h"
#include "compiler/parser.h"
#include "compiler/verify.h"
#include "support/fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    {"namespace: 'A'\nimport: B\n\"\"\"d\"\"\"\nX subclass: Object\n instanceVars: a <I> b\n"
     " classVars: K\n include: T\n method: a: x <I> ^<J> ! <IO> [ | t | t := x. ^[:y | t := y] ]\n"
     "T trait requires: #a: method: q [ ^self a: 1 ]\nP protocol size ^<I>.\n",
     0},
    {"x := 0. 1 to: 10 do: [:i | x := x + i. x > 3 ifTrue: [^[x := i]]]. 3 timesRepeat: [x foo]. "
     "[x < 3 and: [x notNil]] whileTrue: [| t | t := x. x := t - 1]",
     0},
    {"x foo ifNil: [1] ifNotNil: [:v | v := 2]. a at: 1 put: (b at: 2); yourself; | c; ~> d", 0},
    {"{1. #{#a -> 2}. #(1 (b $c) #[1 2]). -16rFF. 1e-3}. ^thisContext", 0},
    {"X subclass: Y\nY subclass: X\nX subclass: Object method: m [ ^super m ] classMethod: n [ ^K "
     "]",
     0},
    {NULL, 0},
};
const char *const fuzz_words[] = {"[",
                                  "]",
                                  "(",
                                  ")",
                                  "{",
                                  "}",
                                  "#(",
                                  "#{",
                                  "#[",
                                  "|",
                                  ":x",
                                  ":=",
                                  "^",
                                  ".",
                                  ";",
                                  "~> ",
                                  "->",
                                  "\nX subclass: Object ",
                                  " method: a: b [ ",
                                  " classMethod: ",
                                  " instanceVars: ",
                                  " trait ",
                                  " protocol ",
                                  " ifTrue: [",
                                  " to: 3 do: [:i | ",
                                  " whileTrue: [",
                                  " timesRepeat: [",
                                  " fork",
                                  " ifNotNil: [:v | ",
                                  "<primitive>",
                                  " self ",
                                  " super ",
                                  " <ensure> ",
                                  "x := ",
                                  "^x ",
                                  NULL};

static void print_tree(const struct mg_source *source)
{
    struct mg_arena arena = {0};
    struct mg_names names;
    struct mg_diags diags;
    struct mg_buf out = {0};
    mg_names_init(&names, &arena);
    mg_diags_init(&diags);
    struct mg_parse parse = {source, &arena, &names, &diags, true};
    mg_ast_print_file(mg_parse_file(&parse), &out);
    mg_parse_method(&parse);
    mg_diags_print(&diags, &out);
    mg_buf_deinit(&out);
    mg_diags_deinit(&diags);
    mg_names_deinit(&names);
    mg_arena_deinit(&arena);
}

static void check_unit(const struct mg_unit *unit)
{
    struct mg_verify verify;
    struct mg_buf bytes = {0};
    struct mg_unit again;
    if (mg_verify_unit(unit, &verify) != 0)
        mg_panic("the compiler's code does not verify: %s", verify.problem);
    mg_unit_write(unit, &bytes);
    mg_unit_init(&again);
    CHECK(mg_unit_read(&again, bytes.data, bytes.len) == 0);
    CHECK(again.code_count == unit->code_count);
    mg_unit_deinit(&again);
    mg_buf_deinit(&bytes);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct mg_source source = {
        .path = "fuzz", .text = (const char *)data, .len = n, .allow_statements = true};
    struct mg_compile_env env = mg_kernel_env();
    print_tree(&source);
    for (int library = 0; library < 2; library++) {
        struct mg_compile_options options = {.library = library != 0};
        struct mg_diags diags;
        struct mg_unit unit;
        struct mg_traits traits;
        mg_diags_init(&diags);
        mg_unit_init(&unit);
        mg_traits_init(&traits);
        int error = mg_compile_batch(&env, &options, &source, 1, &unit, &traits, &diags);
        CHECK((error == 0) == (diags.errors == 0));
        if (error == 0)
            check_unit(&unit);
        mg_traits_deinit(&traits);
        mg_unit_deinit(&unit);
        mg_diags_deinit(&diags);
    }
}
