/* SPDX-License-Identifier: MIT */
/* The kernel's classes are known to the compiler as kernel.def lists them. */
#include "compiler/kernel_env.h"

#include "unit/compiler_support.h"

/* Superclasses and own slots; what is not in the list is not known. */
UNIT_CASE(classes)
{
    struct mg_compile_env env = mg_kernel_env();
    struct mg_arena arena = {0};
    struct mg_known_class known;
    ck_assert(env.find_class(NULL, &arena, mg_text_of("Object"), &known));
    ck_assert_uint_eq(known.superclass.len, 0);
    ck_assert(env.find_class(NULL, &arena, mg_text_of("Message"), &known));
    ck_assert(mg_text_equal(known.superclass, mg_text_of("Object")));
    ck_assert_uint_eq(known.slot_count, 2);
    ck_assert(mg_text_equal(known.slots[1], mg_text_of("arguments")));
    ck_assert(known.kernel);
    ck_assert(!env.find_class(NULL, &arena, mg_text_of("Messag"), &known));
    mg_arena_deinit(&arena);
}

UNIT_MAIN("compiler/kernel_env", classes)
