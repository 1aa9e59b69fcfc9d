/* SPDX-License-Identifier: MIT */
/* Traits are kept with what it takes to compile them again, and survive their archive. */
#include "base/rng.h"
#include "unit/compiler_support.h"

static void compile_traits(const char *text, struct mg_traits *traits)
{
    static const char *const imports[] = {"Dep"};
    struct mg_source source = test_source(text);
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {0};
    struct mg_diags diags;
    struct mg_unit unit;
    source.imports = imports;
    source.import_count = 1;
    mg_diags_init(&diags);
    mg_unit_init(&unit);
    mg_traits_init(traits);
    ck_assert_int_eq(mg_compile_batch(&env, &options, &source, 1, &unit, traits, &diags), 0);
    mg_unit_deinit(&unit);
    mg_diags_deinit(&diags);
}

static const char *const two_traits = "namespace: N\nimport: M\n\"\"\"doc\"\"\"\nT trait\n"
                                      "  method: a [ ^1 ]\nU trait requires: #a";

static void check_two(const struct mg_traits *traits)
{
    ck_assert_uint_eq(traits->count, 2);
    const struct mg_trait *t = mg_traits_find(traits, mg_text_of("N::T"));
    ck_assert_ptr_nonnull(t);
    ck_assert(mg_text_equal(t->text, mg_text_of("T trait\n  method: a [ ^1 ]")));
    ck_assert(mg_text_equal(t->file, mg_text_of("t.mag")));
    ck_assert(mg_text_equal(t->space, mg_text_of("N")));
    ck_assert_uint_eq(t->line, 4);
    ck_assert_uint_eq(t->import_count, 2);
    ck_assert(mg_text_equal(t->imports[0], mg_text_of("M")));
    ck_assert(mg_text_equal(t->imports[1], mg_text_of("Dep")));
    ck_assert_ptr_null(mg_traits_find(traits, mg_text_of("T")));
}

/* Everything is there, before and after the archive. */
UNIT_CASE(round_trip)
{
    struct mg_traits traits;
    struct mg_traits again;
    struct mg_buf bytes = {0};
    compile_traits(two_traits, &traits);
    check_two(&traits);
    mg_traits_write(&traits, &bytes);
    mg_traits_init(&again);
    ck_assert_int_eq(mg_traits_read(&again, bytes.data, bytes.len), 0);
    check_two(&again);
    mg_traits_deinit(&again);
    mg_traits_deinit(&traits);
    mg_buf_deinit(&bytes);
}

/* Cut or changed archives are refused or read, never worse. */
UNIT_CASE(damaged)
{
    struct mg_traits traits;
    struct mg_buf bytes = {0};
    struct mg_rng rng;
    compile_traits(two_traits, &traits);
    mg_traits_write(&traits, &bytes);
    mg_traits_deinit(&traits);
    mg_rng_seed(&rng, 3);
    for (size_t len = 0; len < bytes.len; len++) {
        mg_traits_init(&traits);
        ck_assert_int_eq(mg_traits_read(&traits, bytes.data, len), MG_EFORMAT);
        mg_traits_deinit(&traits);
    }
    for (int i = 0; i < 3000; i++) {
        char *copy = mg_alloc_copy(bytes.data, bytes.len);
        copy[4 + mg_rng_below(&rng, bytes.len - 4)] ^= (char)(1u << mg_rng_below(&rng, 8));
        mg_traits_init(&traits);
        int error = mg_traits_read(&traits, copy, bytes.len);
        ck_assert(error == 0 || error == MG_EFORMAT);
        mg_traits_deinit(&traits);
        mg_free(copy);
    }
    mg_buf_deinit(&bytes);
}

UNIT_MAIN("compiler/traits", round_trip, damaged)
