/* SPDX-License-Identifier: MIT */
/* Primitives of String and Symbol that look into a text, compare, search, join two, or write it
 * out. Those that make a changed text are in prim_text.c.
 *
 * Sizes and numbers count characters. In a text that is ASCII, which its header says, finding one
 * takes no time; elsewhere the bytes are walked, and charged.
 *
 * Threads: the thread that runs the actor.
 */
#include "base/alloc.h"
#include "base/utf8.h"
#include "interp/output.h"
#include "interp/text.h"
#include "object/equal.h"

/* Charges a walk over so many bytes of the text, where characters have to be counted. */
static void charge_walk(struct mg_run *run, const struct mg_string_view *text, size_t bytes)
{
    if (!text->ascii) {
        mg_run_charge(run, bytes / 128);
    }
}

/* Looks at args[i], a String, Symbol or Character; false, with the error set, for all else. */
static inline bool piece(struct mg_run *run, const mg_value *args, uint32_t i,
                         struct mg_string_view *out)
{
    if (MG_LIKELY(mg_string_view(run->world, args[i], out))) {
        return true;
    }
    mg_prim_type_error(run, i, "String");
    return false;
}

/* -- Access -- */

static mg_value prim_size(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    charge_walk(run, &text, text.len);
    return mg_small((int64_t)mg_string_size(&text));
}

static mg_value prim_byte_size(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    return mg_small((int64_t)text.len);
}

static mg_value prim_is_ascii(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    return mg_boolean(text.ascii);
}

static mg_value prim_at(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    mg_text_receiver(run, args, &text);
    int64_t i = mg_small_value(args[1]);
    uint32_t cp;
    charge_walk(run, &text, i > 0 && (uint64_t)i < text.len ? (size_t)i : text.len);
    if (i < 1 || !mg_string_char_at(&text, (size_t)i - 1, &cp)) {
        return mg_prim_bounds_error(run, i, (int64_t)mg_string_size(&text));
    }
    return mg_character(cp);
}

/* Checks args[1] as the number of a byte; answers it from 0, or -1 with the error set. */
static int64_t byte_index(struct mg_run *run, const mg_value *args,
                          const struct mg_string_view *text)
{
    if (!mg_is_small(args[1])) {
        mg_prim_type_error(run, 1, "SmallInteger");
        return -1;
    }
    int64_t i = mg_small_value(args[1]);
    if (i < 1 || (uint64_t)i > text->len) {
        mg_prim_bounds_error(run, i, (int64_t)text->len);
        return -1;
    }
    return i - 1;
}

static mg_value prim_byte_at(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    int64_t i = byte_index(run, args, &text);
    return i < 0 ? MG_PRIM_FAILED : mg_small(text.bytes[i]);
}

static mg_value prim_char_at_byte(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    int64_t i = byte_index(run, args, &text);
    if (i < 0) {
        return MG_PRIM_FAILED;
    }
    uint32_t cp;
    if (mg_utf8_decode(text.bytes + i, text.len - (size_t)i, &cp) == 0) {
        return mg_prim_error(run, "not a character boundary");
    }
    return mg_character(cp);
}

static mg_value prim_copy_from_to(struct mg_run *run, mg_value *args)
{
    for (uint32_t i = 1; i <= 2; i++) {
        if (!mg_is_small(args[i])) {
            return mg_prim_type_error(run, i, "SmallInteger");
        }
    }
    struct mg_string_view text;
    size_t offset, len;
    mg_text_receiver(run, args, &text);
    mg_string_range(&text, mg_small_value(args[1]), mg_small_value(args[2]), &offset, &len);
    charge_walk(run, &text, offset + len);
    return mg_text_answer_part(run, args, offset, len);
}

/* -- Joining -- */

static mg_value prim_concat(struct mg_run *run, mg_value *args)
{
    struct mg_string_view a, b;
    mg_text_receiver(run, args, &a);
    if (!piece(run, args, 1, &b)) {
        return MG_PRIM_FAILED;
    }
    if (b.len == 0 && mg_is_string(args[0])) {
        return args[0];
    }
    uint64_t total = a.len + b.len;
    if (total > MG_TEXT_MAX) {
        return mg_prim_error(run, "result is too long");
    }
    /* What is appended to a long text is most often written behind it, without a copy (string.h,
     * S4). */
    uint64_t copied = a.len > MG_SHARE_BYTES && b.len < a.len / 2 ? b.len : total;
    args = mg_text_reserve(run, args, mg_string_words(total), copied);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, copied / 256);
    return mg_string_concat(run->heap, run->world, args[0], args[1]);
}

static mg_value prim_repeat(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t count = mg_small_value(args[1]);
    if (count < 0) {
        return mg_prim_error(run, "count must not be negative");
    }
    mg_text_receiver(run, args, &text);
    if (text.len > 0 && (uint64_t)count > MG_TEXT_MAX / text.len) {
        return mg_prim_error(run, "result is too long");
    }
    uint64_t total = text.len * (uint64_t)count;
    args = mg_text_reserve(run, args, mg_string_words(total), total);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, total / 256);
    return mg_string_repeat(run->heap, run->world, args[0], (uint64_t)count);
}

/* -- Comparison -- */

static mg_value prim_equal(struct mg_run *run, mg_value *args)
{
    if (mg_is_string(args[0]) && mg_is_string(args[1])) {
        mg_run_charge(run, mg_bytes_len(args[0]) / 256);
    }
    return mg_boolean(mg_equal(args[0], args[1]) == MG_EQUAL_YES);
}

static mg_value prim_hash(struct mg_run *run, mg_value *args)
{
    if (mg_is_string(args[0])) {
        mg_run_charge(run, mg_bytes_len(args[0]) / 16);
    }
    int64_t hash;
    bool intrinsic = mg_equal_hash(args[0], &hash);
    CHECK(intrinsic);
    return mg_small(hash);
}

/* Negative, 0 or positive in *order; false, with the error set, when the argument is no text. */
static bool compare(struct mg_run *run, const mg_value *args, int *order)
{
    struct mg_string_view a, b;
    if (!mg_text_view(run, args[1], &b)) {
        mg_prim_error(run, "argument must be a string");
        return false;
    }
    mg_text_receiver(run, args, &a);
    mg_run_charge(run, a.len / 256);
    *order = mg_string_compare(&a, &b);
    return true;
}

static mg_value prim_less(struct mg_run *run, mg_value *args)
{
    int order;
    return compare(run, args, &order) ? mg_boolean(order < 0) : MG_PRIM_FAILED;
}

static mg_value prim_greater(struct mg_run *run, mg_value *args)
{
    int order;
    return compare(run, args, &order) ? mg_boolean(order > 0) : MG_PRIM_FAILED;
}

static mg_value prim_less_equal(struct mg_run *run, mg_value *args)
{
    int order;
    return compare(run, args, &order) ? mg_boolean(order <= 0) : MG_PRIM_FAILED;
}

static mg_value prim_greater_equal(struct mg_run *run, mg_value *args)
{
    int order;
    return compare(run, args, &order) ? mg_boolean(order >= 0) : MG_PRIM_FAILED;
}

/* -- Search -- */

/* The number of the first place at or behind byte `from`, with which the character `number` begins;
 * 0 if there is none. */
static mg_value index_from(struct mg_run *run, const struct mg_string_view *text,
                           const struct mg_string_view *part, size_t from, int64_t number)
{
    size_t at = mg_string_find(text, from, part);
    size_t end = at == MG_STRING_NONE ? text->len : at;
    mg_run_charge(run, (end - from) / 128);
    if (at == MG_STRING_NONE) {
        return mg_small(0);
    }
    struct mg_string_view rest = {
        .bytes = text->bytes + from, .len = text->len - from, .ascii = text->ascii};
    return mg_small(number + (int64_t)mg_string_place(&rest, at - from));
}

static mg_value prim_index_of(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text, part;
    if (!piece(run, args, 1, &part)) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    return index_from(run, &text, &part, 0, 1);
}

static mg_value prim_index_of_starting_at(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text, part;
    if (!piece(run, args, 1, &part)) {
        return MG_PRIM_FAILED;
    }
    if (!mg_is_small(args[2])) {
        return mg_prim_type_error(run, 2, "SmallInteger");
    }
    mg_text_receiver(run, args, &text);
    int64_t start = mg_small_value(args[2]) < 1 ? 1 : mg_small_value(args[2]);
    size_t from = mg_string_offset(&text, (size_t)start - 1);
    charge_walk(run, &text, from);
    return index_from(run, &text, &part, from, start);
}

static mg_value prim_starts_with(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text, start;
    if (!piece(run, args, 1, &start)) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    return mg_boolean(mg_string_starts(&text, &start));
}

static mg_value prim_ends_with(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text, end;
    if (!piece(run, args, 1, &end)) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    return mg_boolean(mg_string_ends(&text, &end));
}

/* -- Output -- */

static mg_value prim_print(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    mg_run_charge(run, text.len / 64);
    return mg_run_output(run, 1, (const char *)text.bytes, text.len) ? args[0] : MG_PRIM_WAIT;
}

/* Text and line end go out as one piece, so that no other actor's output comes between. */
static mg_value prim_println(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    char local[512];
    char *line = text.len < sizeof local ? local : mg_alloc(text.len + 1);
    memcpy(line, text.bytes, text.len);
    line[text.len] = '\n';
    bool taken = mg_run_output(run, 1, line, text.len + 1);
    if (line != local) {
        mg_free(line);
    }
    mg_run_charge(run, text.len / 64);
    return taken ? args[0] : MG_PRIM_WAIT;
}

const struct mg_prim_entry mg_prims_string[] = {
    {"String>>size", prim_size},
    {"String>>byteSize", prim_byte_size},
    {"String>>isAscii", prim_is_ascii},
    {"String>>at:", prim_at},
    {"String>>byteAt:", prim_byte_at},
    {"String>>primCharAtByte:", prim_char_at_byte},
    {"String>>copyFrom:to:", prim_copy_from_to},
    {"String>>,", prim_concat},
    {"String>>repeat:", prim_repeat},
    {"String>>=", prim_equal},
    {"String>>hash", prim_hash},
    {"String>><", prim_less},
    {"String>>>", prim_greater},
    {"String>><=", prim_less_equal},
    {"String>>>=", prim_greater_equal},
    {"String>>indexOf:", prim_index_of},
    {"String>>indexOf:startingAt:", prim_index_of_starting_at},
    {"String>>startsWith:", prim_starts_with},
    {"String>>endsWith:", prim_ends_with},
    {"String>>print", prim_print},
    {"String>>println", prim_println},
    {NULL, NULL},
};
