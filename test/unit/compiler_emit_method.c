/* SPDX-License-Identifier: MIT */
/* Methods: what the unit says of them, and bodies with a form. */
#include "unit/compiler_support.h"

static void compile_library(const char *text, struct mg_unit *unit)
{
    struct mg_source source = test_source(text);
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {.library = true};
    struct mg_diags diags;
    struct mg_verify verify;
    mg_diags_init(&diags);
    mg_unit_init(unit);
    ck_assert_int_eq(mg_compile_batch(&env, &options, &source, 1, unit, NULL, &diags), 0);
    ck_assert_msg(mg_verify_unit(unit, &verify) == 0, "%s", verify.problem);
    mg_diags_deinit(&diags);
}

/* Text, category, docstring and side of a method are kept. */
UNIT_CASE(what_is_kept)
{
    struct mg_unit unit;
    compile_library("X subclass: Object category: 'c'\n \"\"\"d\"\"\"\n classMethod: a: b [\n ^b ]",
                    &unit);
    ck_assert_uint_eq(unit.method_count, 1);
    const struct mg_unit_method *method = &unit.methods[0];
    ck_assert_str_eq(method->class_name.bytes, "X");
    ck_assert_str_eq(method->selector.bytes, "a:");
    ck_assert_str_eq(method->category.bytes, "c");
    ck_assert_str_eq(method->doc.bytes, "d");
    ck_assert_str_eq(method->source.bytes, "a: b [\n ^b ]");
    ck_assert_uint_eq(method->argc, 1);
    ck_assert_uint_eq(method->flags, MG_METHOD_CLASS_SIDE);
    ck_assert_str_eq(unit.files[unit.codes[method->code].file].bytes, "t.mag");
    mg_unit_deinit(&unit);
}

/* A primitive has no code; one with statements begins with PRIMITIVE, before HOME. */
UNIT_CASE(primitives)
{
    struct mg_unit unit;
    compile_library("X subclass: Object method: a [ <primitive> ] method: b: c [ <primitive> "
                    "c do: [:x | ^x] ] method: value [ <blockValue> ]",
                    &unit);
    ck_assert_uint_eq(unit.methods[0].code, MG_UNIT_NONE);
    ck_assert_uint_eq(unit.methods[0].flags, MG_METHOD_PRIMITIVE);
    ck_assert_uint_eq(unit.methods[1].flags, MG_METHOD_PRIMITIVE);
    const struct mg_unit_code *code = &unit.codes[unit.methods[1].code];
    ck_assert_uint_eq(mg_insn_op(code->insns[0]), MG_OP_PRIMITIVE);
    ck_assert_uint_eq(mg_insn_op(code->insns[1]), MG_OP_HOME);
    ck_assert_uint_eq(unit.methods[2].flags, MG_METHOD_BLOCK_VALUE);
    ck_assert_uint_eq(unit.methods[2].code, MG_UNIT_NONE);
    mg_unit_deinit(&unit);
}

static void check_form(const char *text, enum mg_mark_kind mark, const char *opcodes)
{
    struct mg_unit unit;
    struct mg_buf out = {0};
    compile_library(text, &unit);
    const struct mg_unit_code *code = &unit.codes[unit.methods[0].code];
    ck_assert_int_eq(code->mark, mark);
    for (uint32_t i = 0; i < code->insn_count; i++)
        mg_buf_printf(&out, "%s%s ", i == code->landing ? ": " : "",
                      mg_opcode_name(mg_insn_op(code->insns[i])));
    test_is(mg_buf_take(&out), opcodes);
    mg_unit_deinit(&unit);
}

/* The marked bodies have the shapes of unit.h. */
UNIT_CASE(forms)
{
    check_form("X subclass: Object method: a: b [ <ensure> ]", MG_MARK_ENSURE,
               "MARK MOVE SEND UNMARK MOVE SEND RET : MOVE SEND UNWIND ");
    check_form("X subclass: Object method: a: b [ <ifCurtailed> ]", MG_MARK_CURTAIL,
               "MARK MOVE SEND UNMARK RET : MOVE SEND UNWIND ");
    check_form("X subclass: Object method: a: b c: d [ <handler> ]", MG_MARK_HANDLER,
               "MARK MOVE SEND UNMARK RET ");
    check_form("X subclass: Object method: a: b c: d [ <barrier> ]", MG_MARK_BARRIER,
               "MARK MOVE MOVE SEND UNMARK RET ");
}

/* A method without a return answers self; a script its last value, or nil. */
UNIT_CASE(values)
{
    test_is(test_opcodes("X subclass: Object method: m [ ]", "X>>m\n"), "RETSELF ");
    test_is(test_opcodes("3 foo. 4", "script"), "LOADI SEND LOADI RET ");
    test_is(test_opcodes("| x |", "script"), "RETSELF ");
    test_is(test_opcodes("^5", "script"), "LOADI RET ");
}

UNIT_MAIN("compiler/emit_method", what_is_kept, primitives, forms, values)
