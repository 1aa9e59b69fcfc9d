/* SPDX-License-Identifier: MIT */
/* The archive form of a unit: see unit.h.
 *
 *      "MGU1"   numbers are LEB128 varints, texts length and bytes, instructions 8 bytes
 *      files, classes, methods, codes, script + 1
 *
 * A1  A count is believed only as far as the bytes that are left can hold that many items, so a lie
 *     costs no memory.
 * A2  Optional indices are written plus one, 0 meaning MG_UNIT_NONE.
 */
#include "compiler/unit.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static const char magic[4] = {'M', 'G', 'U', '1'};

void mg_unit_init(struct mg_unit *unit)
{
    memset(unit, 0, sizeof *unit);
    mg_arena_init(&unit->arena);
    unit->script = MG_UNIT_NONE;
}

void mg_unit_deinit(struct mg_unit *unit)
{
    mg_arena_deinit(&unit->arena);
}

/* Writing. */

static void put_number(struct mg_buf *out, uint64_t n)
{
    while (n >= 0x80) {
        mg_buf_putc(out, (char)(n | 0x80));
        n >>= 7;
    }
    mg_buf_putc(out, (char)n);
}

static void put_signed(struct mg_buf *out, int64_t n)
{
    put_number(out, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static void put_optional(struct mg_buf *out, uint32_t index)
{
    put_number(out, index == MG_UNIT_NONE ? 0 : (uint64_t)index + 1);
}

static void put_text(struct mg_buf *out, struct mg_text text)
{
    put_number(out, text.len);
    if (text.len > 0) {
        mg_buf_put(out, text.bytes, text.len);
    }
}

static void put_texts(struct mg_buf *out, const struct mg_text *texts, uint32_t count)
{
    put_number(out, count);
    for (uint32_t i = 0; i < count; i++) {
        put_text(out, texts[i]);
    }
}

static void put_word(struct mg_buf *out, uint64_t word)
{
    char bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (char)(word >> 8 * i);
    }
    mg_buf_put(out, bytes, sizeof bytes);
}

static void put_literal(struct mg_buf *out, const struct mg_literal *literal)
{
    mg_buf_putc(out, (char)literal->kind);
    switch (literal->kind) {
    case MG_LITERAL_INTEGER:
    case MG_LITERAL_CHARACTER:
        put_signed(out, literal->as.number);
        break;
    case MG_LITERAL_FLOAT: {
        uint64_t bits;
        memcpy(&bits, &literal->as.real, sizeof bits);
        put_word(out, bits);
        break;
    }
    case MG_LITERAL_BIG:
    case MG_LITERAL_STRING:
    case MG_LITERAL_SYMBOL:
    case MG_LITERAL_BYTES:
        put_text(out, literal->as.text);
        break;
    case MG_LITERAL_ARRAY:
        put_number(out, literal->as.array.count);
        for (uint32_t i = 0; i < literal->as.array.count; i++) {
            put_literal(out, &literal->as.array.items[i]);
        }
        break;
    default:
        break;
    }
}

static void put_class(struct mg_buf *out, const struct mg_unit_class *c)
{
    put_text(out, c->name);
    put_text(out, c->superclass);
    put_text(out, c->doc);
    put_texts(out, c->slots, c->slot_count);
    put_texts(out, c->cvars, c->cvar_count);
    put_number(out, c->reopens);
}

static void put_method(struct mg_buf *out, const struct mg_unit_method *m)
{
    put_text(out, m->class_name);
    put_text(out, m->selector);
    put_text(out, m->category);
    put_text(out, m->doc);
    put_text(out, m->source);
    put_number(out, m->argc);
    put_number(out, m->flags);
    put_optional(out, m->code);
}

static void put_code_tables(struct mg_buf *out, const struct mg_unit_code *c)
{
    put_number(out, c->literal_count);
    for (uint32_t i = 0; i < c->literal_count; i++) {
        put_literal(out, &c->literals[i]);
    }
    put_number(out, c->site_count);
    for (uint32_t i = 0; i < c->site_count; i++) {
        put_text(out, c->sites[i].selector);
        put_number(out, c->sites[i].argc);
    }
    put_texts(out, c->globals, c->global_count);
    put_number(out, c->cvar_count);
    for (uint32_t i = 0; i < c->cvar_count; i++) {
        put_text(out, c->cvars[i].class_name);
        put_text(out, c->cvars[i].name);
    }
    put_number(out, c->child_count);
    for (uint32_t i = 0; i < c->child_count; i++) {
        put_number(out, c->children[i]);
    }
    put_number(out, c->line_count);
    for (uint32_t i = 0; i < c->line_count; i++) {
        put_number(out, c->lines[i].insn);
        put_number(out, c->lines[i].line);
        put_number(out, c->lines[i].column);
    }
}

static void put_code(struct mg_buf *out, const struct mg_unit_code *c)
{
    put_number(out, c->kind);
    put_number(out, c->argc);
    put_number(out, c->nregs);
    put_number(out, c->scratch);
    put_optional(out, c->home_reg);
    put_number(out, c->ncaptures);
    put_number(out, c->slots_used);
    put_number(out, c->mark);
    put_optional(out, c->landing);
    put_optional(out, c->file);
    put_number(out, c->insn_count);
    for (uint32_t i = 0; i < c->insn_count; i++) {
        put_word(out, c->insns[i]);
    }
    put_code_tables(out, c);
}

void mg_unit_write(const struct mg_unit *unit, struct mg_buf *out)
{
    mg_buf_put(out, magic, sizeof magic);
    put_texts(out, unit->files, unit->file_count);
    put_number(out, unit->class_count);
    for (uint32_t i = 0; i < unit->class_count; i++) {
        put_class(out, &unit->classes[i]);
    }
    put_number(out, unit->method_count);
    for (uint32_t i = 0; i < unit->method_count; i++) {
        put_method(out, &unit->methods[i]);
    }
    put_number(out, unit->code_count);
    for (uint32_t i = 0; i < unit->code_count; i++) {
        put_code(out, &unit->codes[i]);
    }
    put_optional(out, unit->script);
}

/* Reading. After the first error everything reads as zero, and `error` says which it was. */

struct reader {
    const uint8_t *p, *end;
    struct mg_arena *arena;
    int error;
};

static void give_up(struct reader *in, int error)
{
    if (in->error == 0) {
        in->error = error;
    }
    in->p = in->end;
}

static uint64_t get_number(struct reader *in)
{
    uint64_t n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (in->p == in->end) {
            break;
        }
        uint8_t byte = *in->p++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return n;
        }
    }
    give_up(in, MG_EFORMAT);
    return 0;
}

static uint32_t get_small(struct reader *in)
{
    uint64_t n = get_number(in);
    if (n >= MG_UNIT_NONE) {
        give_up(in, MG_EFORMAT);
        return 0;
    }
    return (uint32_t)n;
}

static uint32_t get_optional(struct reader *in)
{
    uint32_t n = get_small(in);
    return n == 0 ? MG_UNIT_NONE : n - 1;
}

static int64_t get_signed(struct reader *in)
{
    uint64_t n = get_number(in);
    return (int64_t)(n >> 1 ^ -(n & 1));
}

/* A count of items of at least `least` bytes each (A1). */
static uint32_t get_count(struct reader *in, size_t least)
{
    uint32_t n = get_small(in);
    if (n > (size_t)(in->end - in->p) / least) {
        give_up(in, MG_EFORMAT);
        return 0;
    }
    return n;
}

static struct mg_text get_text(struct reader *in)
{
    uint32_t len = get_count(in, 1);
    struct mg_text text = {(const char *)in->p, len};
    in->p += len;
    return text;
}

static struct mg_text *get_texts(struct reader *in, uint32_t *count)
{
    *count = get_count(in, 1);
    struct mg_text *texts = mg_arena_alloc(in->arena, (*count + 1) * sizeof *texts);
    for (uint32_t i = 0; i < *count; i++) {
        texts[i] = get_text(in);
    }
    return texts;
}

static uint64_t get_word(struct reader *in)
{
    if (in->end - in->p < 8) {
        give_up(in, MG_EFORMAT);
        return 0;
    }
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word |= (uint64_t)in->p[i] << 8 * i;
    }
    in->p += 8;
    return word;
}

static void get_literal(struct reader *in, struct mg_literal *literal, uint32_t depth)
{
    if (in->p == in->end) {
        give_up(in, MG_EFORMAT);
        return;
    }
    uint8_t kind = *in->p++;
    if (kind >= MG_LITERAL_KIND_COUNT || depth > MG_LIMIT_NESTING) {
        give_up(in, kind >= MG_LITERAL_KIND_COUNT ? MG_EFORMAT : MG_ELIMIT);
        return;
    }
    literal->kind = (enum mg_literal_kind)kind;
    switch (literal->kind) {
    case MG_LITERAL_INTEGER:
    case MG_LITERAL_CHARACTER:
        literal->as.number = get_signed(in);
        if (kind == MG_LITERAL_CHARACTER &&
            (literal->as.number < 0 || literal->as.number > 0x10ffff)) {
            give_up(in, MG_EFORMAT);
        }
        break;
    case MG_LITERAL_FLOAT: {
        uint64_t bits = get_word(in);
        memcpy(&literal->as.real, &bits, sizeof bits);
        break;
    }
    case MG_LITERAL_BIG:
    case MG_LITERAL_STRING:
    case MG_LITERAL_SYMBOL:
    case MG_LITERAL_BYTES:
        literal->as.text = get_text(in);
        break;
    case MG_LITERAL_ARRAY: {
        uint32_t n = get_count(in, 1);
        literal->as.array.count = n;
        literal->as.array.items =
            mg_arena_alloc(in->arena, (n + 1) * sizeof *literal->as.array.items);
        for (uint32_t i = 0; i < n; i++) {
            get_literal(in, &literal->as.array.items[i], depth + 1);
        }
        break;
    }
    default:
        break;
    }
}

static void get_class(struct reader *in, struct mg_unit_class *c)
{
    c->name = get_text(in);
    c->superclass = get_text(in);
    c->doc = get_text(in);
    c->slots = get_texts(in, &c->slot_count);
    c->cvars = get_texts(in, &c->cvar_count);
    c->reopens = get_number(in) != 0;
}

static void get_method(struct reader *in, struct mg_unit_method *m)
{
    m->class_name = get_text(in);
    m->selector = get_text(in);
    m->category = get_text(in);
    m->doc = get_text(in);
    m->source = get_text(in);
    m->argc = get_small(in);
    m->flags = get_small(in);
    m->code = get_optional(in);
}

static void get_code_tables(struct reader *in, struct mg_unit_code *c)
{
    c->literal_count = get_count(in, 1);
    c->literals = mg_arena_alloc(in->arena, (c->literal_count + 1) * sizeof *c->literals);
    for (uint32_t i = 0; i < c->literal_count; i++) {
        get_literal(in, &c->literals[i], 0);
    }
    c->site_count = get_count(in, 2);
    c->sites = mg_arena_alloc(in->arena, (c->site_count + 1) * sizeof *c->sites);
    for (uint32_t i = 0; i < c->site_count; i++) {
        c->sites[i].selector = get_text(in);
        c->sites[i].argc = get_small(in);
    }
    c->globals = get_texts(in, &c->global_count);
    c->cvar_count = get_count(in, 2);
    c->cvars = mg_arena_alloc(in->arena, (c->cvar_count + 1) * sizeof *c->cvars);
    for (uint32_t i = 0; i < c->cvar_count; i++) {
        c->cvars[i].class_name = get_text(in);
        c->cvars[i].name = get_text(in);
    }
    c->child_count = get_count(in, 1);
    c->children = mg_arena_alloc(in->arena, (c->child_count + 1) * sizeof *c->children);
    for (uint32_t i = 0; i < c->child_count; i++) {
        c->children[i] = get_small(in);
    }
    c->line_count = get_count(in, 3);
    c->lines = mg_arena_alloc(in->arena, (c->line_count + 1) * sizeof *c->lines);
    for (uint32_t i = 0; i < c->line_count; i++) {
        c->lines[i].insn = get_small(in);
        c->lines[i].line = get_small(in);
        c->lines[i].column = get_small(in);
    }
}

static void get_code(struct reader *in, struct mg_unit_code *c)
{
    uint32_t kind = get_small(in);
    c->argc = get_small(in);
    c->nregs = get_small(in);
    c->scratch = get_small(in);
    c->home_reg = get_optional(in);
    c->ncaptures = get_small(in);
    c->slots_used = get_small(in);
    uint32_t mark = get_small(in);
    c->landing = get_optional(in);
    c->file = get_optional(in);
    if (kind > MG_CODE_SCRIPT || mark > MG_MARK_BARRIER) {
        give_up(in, MG_EFORMAT);
        return;
    }
    c->kind = (enum mg_code_kind)kind;
    c->mark = (enum mg_mark_kind)mark;
    c->insn_count = get_count(in, 8);
    c->insns = mg_arena_alloc(in->arena, (c->insn_count + 1) * sizeof *c->insns);
    for (uint32_t i = 0; i < c->insn_count; i++) {
        c->insns[i] = get_word(in);
    }
    get_code_tables(in, c);
}

int mg_unit_read_prefix(struct mg_unit *unit, const void *bytes, size_t len, size_t *used)
{
    struct reader in = {bytes, (const uint8_t *)bytes + len, &unit->arena, 0};
    if (len < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0) {
        return MG_EFORMAT;
    }
    in.p += sizeof magic;
    unit->files = get_texts(&in, &unit->file_count);
    unit->class_count = get_count(&in, 6);
    unit->classes = mg_arena_alloc(in.arena, (unit->class_count + 1) * sizeof *unit->classes);
    for (uint32_t i = 0; i < unit->class_count; i++) {
        get_class(&in, &unit->classes[i]);
    }
    unit->method_count = get_count(&in, 8);
    unit->methods = mg_arena_alloc(in.arena, (unit->method_count + 1) * sizeof *unit->methods);
    for (uint32_t i = 0; i < unit->method_count; i++) {
        get_method(&in, &unit->methods[i]);
    }
    unit->code_count = get_count(&in, 16);
    unit->codes = mg_arena_alloc(in.arena, (unit->code_count + 1) * sizeof *unit->codes);
    for (uint32_t i = 0; i < unit->code_count; i++) {
        get_code(&in, &unit->codes[i]);
    }
    unit->script = get_optional(&in);
    *used = (size_t)(in.p - (const uint8_t *)bytes);
    return in.error;
}

int mg_unit_read(struct mg_unit *unit, const void *bytes, size_t len)
{
    size_t used;
    int error = mg_unit_read_prefix(unit, bytes, len, &used);
    return error == 0 && used != len ? MG_EFORMAT : error;
}
