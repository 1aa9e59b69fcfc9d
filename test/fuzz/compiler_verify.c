/* SPDX-License-Identifier: MIT */
/* Reading and verifying any bytes as a unit. The input's first byte chooses: the bytes are an
 * archive as they are, or changes to the archive of a good unit, or instructions put over those of
 * a good unit, which gets past the reader to the verifier. What the verifier accepts must keep
 * within its tables; it is walked here as the installer does.
 */
#include <string.h>

#include "base/assert.h"
#include "compiler/disasm.h"
#include "compiler/kernel_env.h"
#include "compiler/verify.h"
#include "support/fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    {"\0MGU1", 5},
    {"\1\0\20\3\0\40\377\1\0\0", 10},
    {"\3\0\0\0\1\0\2\0\3\0\4", 11},
    {"\2the instructions of this text are no instructions, but who knows", 0},
    {NULL, 0},
};
const char *const fuzz_words[] = {
    "MGU1", "\x7f", "\x16", "\x15", "\x20", "\xff\xff\xff\xff", "\x02\x03\x04\x05", NULL};

static const char *const program =
    "X subclass: Object instanceVars: a method: m: x [ | t | t := #(1 $a 'b'). "
    "1 to: x do: [:i | t := i. [:y | ^t + y]]. x < 3 ifTrue: [^{x. t}]. ^self m: t ] "
    "method: e: x [ <ensure> ]";

static void walk(const struct mg_unit *unit)
{
    struct mg_buf out = {0};
    for (uint32_t i = 0; i < unit->code_count && i < 50; i++)
        mg_disasm_code(unit, i, &out);
    mg_buf_clear(&out);
    mg_unit_write(unit, &out);
    mg_buf_deinit(&out);
}

static void verify_and_walk(const struct mg_unit *unit)
{
    struct mg_verify verify;
    if (mg_verify_unit(unit, &verify) == 0)
        walk(unit);
    else
        CHECK(memchr(verify.problem, 0, sizeof verify.problem) && verify.problem[0]);
}

static void as_archive(const uint8_t *data, size_t n)
{
    struct mg_unit unit;
    mg_unit_init(&unit);
    if (mg_unit_read(&unit, data, n) == 0)
        verify_and_walk(&unit);
    mg_unit_deinit(&unit);
}

static void compile_good(struct mg_unit *unit)
{
    struct mg_source source = {.path = "fuzz", .text = program, .len = strlen(program)};
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {.library = true};
    struct mg_diags diags;
    mg_diags_init(&diags);
    mg_unit_init(unit);
    CHECK(mg_compile_batch(&env, &options, &source, 1, unit, NULL, &diags) == 0);
    mg_diags_deinit(&diags);
}

static void as_changes(const uint8_t *data, size_t n)
{
    struct mg_unit unit;
    struct mg_buf bytes = {0};
    compile_good(&unit);
    mg_unit_write(&unit, &bytes);
    mg_unit_deinit(&unit);
    for (size_t i = 0; i + 3 <= n; i += 3)
        bytes.data[(data[i] << 8 | data[i + 1]) % bytes.len] = (char)data[i + 2];
    as_archive((const uint8_t *)bytes.data, bytes.len);
    mg_buf_deinit(&bytes);
}

static void as_instructions(uint8_t which, const uint8_t *data, size_t n)
{
    struct mg_unit unit;
    compile_good(&unit);
    struct mg_unit_code *code = &unit.codes[which % unit.code_count];
    for (size_t i = 0; i + 5 <= n; i += 5) {
        mg_insn *at = &code->insns[data[i] % code->insn_count];
        *at = mg_insn_abc((enum mg_opcode)(data[i + 1] % (MG_OPCODE_COUNT + 2)), data[i + 2] % 40,
                          data[i + 3] % 40, data[i + 4] % 40);
    }
    verify_and_walk(&unit);
    mg_unit_deinit(&unit);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    if (n > 0 && data[0] == 0)
        as_archive(data + 1, n - 1);
    else if (n > 0 && data[0] == 1)
        as_changes(data + 1, n - 1);
    else if (n > 0)
        as_instructions(data[0], data + 1, n - 1);
}
