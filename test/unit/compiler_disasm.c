/* SPDX-License-Identifier: MIT */
/* The disassembly names every opcode and says what indices stand for. */
#include "unit/compiler_support.h"

/* Every opcode has a name and a format, from the one table. */
UNIT_CASE(names)
{
    ck_assert_str_eq(mg_opcode_name(MG_OP_MOVE), "MOVE");
    ck_assert_str_eq(mg_opcode_name(MG_OP_FORLOOP1), "FORLOOP1");
    ck_assert_int_eq(mg_opcode_format(MG_OP_MOVE), MG_OPFORMAT_AB);
    ck_assert_int_eq(mg_opcode_format(MG_OP_LTIJ), MG_OPFORMAT_ABI);
    for (uint32_t op = 0; op < MG_OPCODE_COUNT; op++)
        ck_assert_uint_gt(strlen(mg_opcode_name(op)), 1);
}

/* Selectors, literals, globals, class variables and jump targets are shown. */
UNIT_CASE(remarks)
{
    test_has(test_compile("X subclass: Object\n classVars: K\n method: m [\n  K := 'a'.\n"
                          "  ^self foo: #b bar: Object ]"),
             "class X < Object", "X>>m", "LOADK", "'a'", "SETCVAR", "X.K", "GLOBAL", "Object",
             "LOADK", "#b", "TAILSEND", "#foo:bar:");
    test_has(test_compile("x := 1. [x < 5] whileTrue: [x := x + 1]"), "JF         r2 -> 5",
             "LOOP       -> 1");
}

UNIT_MAIN("compiler/disasm", names, remarks)
