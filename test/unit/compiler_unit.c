/* SPDX-License-Identifier: MIT */
/* The archive of units: what is written is read, and anything else is refused. */
#include "base/rng.h"
#include "unit/compiler_support.h"

static const char *const program =
    "T trait method: t [ ^self ]\n"
    "\"\"\"doc\"\"\"\nX subclass: Object instanceVars: a b classVars: K include: T\n"
    " category: 'c'\n"
    " method: m: x [ | t | t := {1. 2.5. -9999999999999999999. $a. 'text'. #sym. nil. true. "
    "#(1 (2 #x) #[1 2])}. ^[:y | K := y. a := x. t do: [:z | ^z]] ]\n"
    " classMethod: n [ <primitive> ]\n"
    "x := X new. 1 to: x do: [:i | x m: i]. x nope";

static void compile_program(struct mg_unit *unit)
{
    struct mg_source source = test_source(program);
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    struct mg_diags diags;
    mg_diags_init(&diags);
    mg_unit_init(unit);
    ck_assert_int_eq(mg_compile_batch(&env, &options, &source, 1, unit, NULL, &diags), 0);
    mg_diags_deinit(&diags);
}

/* Read back, a unit prints the same and is written as the same bytes. */
UNIT_CASE(round_trip)
{
    struct mg_unit unit;
    struct mg_unit again;
    struct mg_buf bytes = {0};
    struct mg_buf more = {0};
    struct mg_buf texts[2] = {{0}};
    compile_program(&unit);
    mg_unit_write(&unit, &bytes);
    mg_unit_init(&again);
    ck_assert_int_eq(mg_unit_read(&again, bytes.data, bytes.len), 0);
    mg_unit_write(&again, &more);
    ck_assert_uint_eq(more.len, bytes.len);
    ck_assert_int_eq(memcmp(more.data, bytes.data, bytes.len), 0);
    mg_disasm_unit(&unit, &texts[0]);
    mg_disasm_unit(&again, &texts[1]);
    ck_assert_str_eq(texts[0].data, texts[1].data);
    for (int i = 0; i < 2; i++)
        mg_buf_deinit(&texts[i]);
    mg_unit_deinit(&again);
    mg_unit_deinit(&unit);
    mg_buf_deinit(&bytes);
    mg_buf_deinit(&more);
}

/* A prefix says where the unit ends; the whole must end there. */
UNIT_CASE(prefix)
{
    struct mg_unit unit;
    struct mg_buf bytes = {0};
    size_t used = 0;
    compile_program(&unit);
    mg_unit_write(&unit, &bytes);
    mg_unit_deinit(&unit);
    size_t len = bytes.len;
    mg_buf_puts(&bytes, "more");
    mg_unit_init(&unit);
    ck_assert_int_eq(mg_unit_read_prefix(&unit, bytes.data, bytes.len, &used), 0);
    ck_assert_uint_eq(used, len);
    mg_unit_deinit(&unit);
    mg_unit_init(&unit);
    ck_assert_int_ne(mg_unit_read(&unit, bytes.data, bytes.len), 0);
    mg_unit_deinit(&unit);
    mg_buf_deinit(&bytes);
}

/* Every cut is refused; every changed byte gives an error or a unit that can be verified. */
UNIT_CASE(damaged)
{
    struct mg_unit unit;
    struct mg_buf bytes = {0};
    struct mg_rng rng;
    struct mg_verify verify;
    compile_program(&unit);
    mg_unit_write(&unit, &bytes);
    mg_unit_deinit(&unit);
    for (size_t len = 0; len < bytes.len; len++) {
        mg_unit_init(&unit);
        ck_assert_int_ne(mg_unit_read(&unit, bytes.data, len), 0);
        mg_unit_deinit(&unit);
    }
    mg_rng_seed(&rng, 5);
    for (int i = 0; i < 5000; i++) {
        char *copy = mg_alloc_copy(bytes.data, bytes.len);
        copy[mg_rng_below(&rng, bytes.len)] ^= (char)(1u << mg_rng_below(&rng, 8));
        mg_unit_init(&unit);
        if (mg_unit_read(&unit, copy, bytes.len) == 0) {
            int error = mg_verify_unit(&unit, &verify);
            ck_assert(error == 0 || error == MG_EVERIFY);
        }
        mg_unit_deinit(&unit);
        mg_free(copy);
    }
    mg_buf_deinit(&bytes);
}

UNIT_MAIN("compiler/unit", round_trip, prefix, damaged)
