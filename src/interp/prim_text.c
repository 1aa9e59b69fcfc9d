/* SPDX-License-Identifier: MIT */
/* Primitives that make one text into another, or into something else: case, trimming, replacing,
 * splitting, conversions, printed forms; and those of Array that put texts together.
 *
 * All of them measure first, reserve once, and then write (object/string.h does both for most). A
 * result that would be the receiver is the receiver.
 *
 * Threads: the thread that runs the actor.
 */
#include "interp/text.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "object/number.h"

/* -- Text to text -- */

static mg_value in_case(struct mg_run *run, mg_value *args, bool upper)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    size_t words = mg_string_case_words(run->world, args[0], upper);
    mg_run_charge(run, text.len / (text.ascii ? 16 : 2));
    args = mg_text_reserve(run, args, words, text.len);
    return args == NULL ? MG_PRIM_FAILED : mg_string_case(run->heap, run->world, args[0], upper);
}

static mg_value prim_upper(struct mg_run *run, mg_value *args)
{
    return in_case(run, args, true);
}

static mg_value prim_lower(struct mg_run *run, mg_value *args)
{
    return in_case(run, args, false);
}

static mg_value trimmed(struct mg_run *run, mg_value *args, bool left, bool right)
{
    struct mg_string_view text;
    size_t offset, len;
    mg_text_receiver(run, args, &text);
    mg_string_trim(&text, left, right, &offset, &len);
    mg_run_charge(run, (text.len - len) / 4);
    return mg_text_answer_part(run, args, offset, len);
}

static mg_value prim_trim(struct mg_run *run, mg_value *args)
{
    return trimmed(run, args, true, true);
}

static mg_value prim_trim_left(struct mg_run *run, mg_value *args)
{
    return trimmed(run, args, true, false);
}

static mg_value prim_trim_right(struct mg_run *run, mg_value *args)
{
    return trimmed(run, args, false, true);
}

static mg_value prim_reversed(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    mg_run_charge(run, text.len / 8);
    args = mg_text_reserve(run, args, mg_string_words(text.len), text.len);
    return args == NULL ? MG_PRIM_FAILED : mg_string_reverse(run->heap, run->world, args[0]);
}

/* How often the part stands in the text, from left to right and not overlapping. */
static uint64_t occurrences(const struct mg_string_view *text, const struct mg_string_view *part)
{
    uint64_t count = 0;
    size_t at = mg_string_find(text, 0, part);
    while (at != MG_STRING_NONE) {
        count++;
        at = mg_string_find(text, at + part->len, part);
    }
    return count;
}

static mg_value prim_replace_all(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text, part, by;
    mg_text_receiver(run, args, &text);
    if (!mg_string_view(run->world, args[1], &part)) {
        return mg_prim_type_error(run, 1, "String");
    }
    if (!mg_string_view(run->world, args[2], &by)) {
        return mg_prim_type_error(run, 2, "String");
    }
    uint64_t count = occurrences(&text, &part);
    mg_run_charge(run, text.len / 64 + count);
    if (count == 0) {
        return mg_text_answer_part(run, args, 0, text.len);
    }
    uint64_t len = text.len - count * part.len + count * by.len;
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    return mg_string_replace(run->heap, run->world, args[0], args[1], args[2]);
}

/* -- Text to arrays and numbers -- */

static mg_value prim_split(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text, separator;
    mg_text_receiver(run, args, &text);
    if (!mg_string_view(run->world, args[1], &separator)) {
        return mg_prim_type_error(run, 1, "String");
    }
    uint64_t count =
        separator.len == 0 ? mg_string_size(&text) : occurrences(&text, &separator) + 1;
    if (count > MG_LIMIT_ARRAY_SLOTS) {
        return mg_prim_error(run, "result is too long");
    }
    size_t words = mg_string_split_words(run->world, args[0], args[1]);
    mg_run_charge(run, text.len / 32 + count * 2);
    args = mg_text_reserve(run, args, words, text.len);
    return args == NULL ? MG_PRIM_FAILED : mg_string_split(run->heap, run->world, args[0], args[1]);
}

static mg_value prim_as_array(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    uint64_t count = mg_string_size(&text);
    if (count > MG_LIMIT_ARRAY_SLOTS) {
        return mg_prim_error(run, "requested array size exceeds maximum");
    }
    mg_run_charge(run, count / 8);
    args = mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, count));
    return args == NULL ? MG_PRIM_FAILED : mg_string_characters(run->heap, run->world, args[0]);
}

static mg_value prim_as_symbol(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    if (!mg_is_string(args[0])) {
        return args[0];
    }
    mg_text_receiver(run, args, &text);
    if (text.len > MG_LIMIT_SYMBOL_BYTES) {
        return mg_prim_error(run, "the text is too long for a Symbol");
    }
    uint32_t id = mg_symbol_make(run->world->symbols, (const char *)text.bytes, text.len);
    return id == 0 ? mg_prim_error(run, "the symbol table is full") : mg_symbol(id);
}

/* Whether the text is an optional sign and decimal digits, at least one. */
static bool is_integer(const struct mg_string_view *text)
{
    size_t i = text->len > 0 && (text->bytes[0] == '-' || text->bytes[0] == '+');
    if (i == text->len) {
        return false;
    }
    for (; i < text->len; i++) {
        if (text->bytes[i] < '0' || text->bytes[i] > '9') {
            return false;
        }
    }
    return true;
}

static mg_value prim_as_integer(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    if (!is_integer(&text)) {
        mg_run_charge(run, text.len / 64);
        return MG_NIL;
    }
    mg_run_charge(run, text.len / 4);
    args = mg_run_reserve(run, args, mg_integer_parse_words(text.len, 10));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    mg_value n;
    return mg_integer_parse(run->heap, (const char *)text.bytes, text.len, 10, &n) ? n : MG_NIL;
}

static mg_value prim_as_float(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    mg_run_charge(run, text.len / 16);
    double d;
    if (!mg_float_parse((const char *)text.bytes, text.len, &d)) {
        return MG_NIL;
    }
    args = mg_run_reserve(run, args, MG_FLOAT_WORDS);
    return args == NULL ? MG_PRIM_FAILED : mg_float_new(run->heap, d);
}

/* -- Text and bytes -- */

static mg_value prim_as_byte_array(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    args = mg_text_reserve(run, args, mg_bytes_words(text.len), text.len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    mg_run_charge(run, text.len / 256);
    return mg_bytes_new(run->heap, text.bytes, text.len);
}

static mg_value prim_as_hex(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    size_t len = 2 * text.len;
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    mg_run_charge(run, text.len / 16);
    uint8_t *to;
    mg_value string = mg_string_begin(run->heap, len, &to);
    mg_string_hex(text.bytes, text.len, (char *)to);
    mg_string_end(string);
    return string;
}

static mg_value prim_from_hex(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    size_t len = text.len / 2;
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_text_receiver(run, args, &text);
    mg_run_charge(run, text.len / 16);
    uint8_t *to;
    mg_value string = mg_string_begin(run->heap, len, &to);
    bool is_text =
        mg_string_unhex((const char *)text.bytes, text.len, to) && mg_utf8_valid(to, len);
    mg_string_end(string);
    return is_text ? string : MG_NIL; /* otherwise nobody sees the string */
}

/* -- Printed forms -- */

static mg_value prim_print_string(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    size_t words = mg_string_quoted_words(run->world, args[0]);
    mg_run_charge(run, text.len / 16);
    args = mg_text_reserve(run, args, words, text.len);
    return args == NULL ? MG_PRIM_FAILED : mg_string_quoted(run->heap, run->world, args[0]);
}

static mg_value prim_as_string(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    mg_text_receiver(run, args, &text);
    return mg_text_answer_part(run, args, 0, text.len);
}

/* -- Arrays of texts -- */

/* Writes the texts of the array with the separator (or NULL) between them, or only measures where
 * `to` is NULL. Answers the bytes, or SIZE_MAX when an element has no text. */
static size_t join(struct mg_run *run, mg_value array, const struct mg_string_view *separator,
                   uint8_t *to)
{
    const struct mg_object *o = mg_object(array);
    uint64_t n = mg_object_words(o);
    size_t written = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct mg_string_view element;
        if (!mg_string_view(run->world, o->words[i], &element)) {
            return SIZE_MAX;
        }
        if (i > 0 && separator != NULL) {
            if (to != NULL) {
                memcpy(to + written, separator->bytes, separator->len);
            }
            written += separator->len;
        }
        if (to != NULL) {
            memcpy(to + written, element.bytes, element.len);
        }
        written += element.len;
    }
    return written;
}

static mg_value prim_join(struct mg_run *run, mg_value *args)
{
    struct mg_string_view separator;
    if (!mg_string_view(run->world, args[1], &separator)) {
        return mg_prim_type_error(run, 1, "String");
    }
    size_t len = join(run, args[0], &separator, NULL);
    mg_run_charge(run, mg_object_words(mg_object(args[0])) / 2);
    if (len == SIZE_MAX) {
        return MG_NIL;
    }
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_string_view(run->world, args[1], &separator);
    uint8_t *to;
    mg_value string = mg_string_begin(run->heap, len, &to);
    join(run, args[0], &separator, to);
    mg_string_end(string);
    return string;
}

static mg_value prim_array_as_string(struct mg_run *run, mg_value *args)
{
    const struct mg_object *o = mg_object(args[0]);
    uint64_t n = mg_object_words(o);
    for (uint64_t i = 0; i < n; i++) {
        if (!mg_is_character(o->words[i])) {
            return MG_NIL;
        }
    }
    size_t len = join(run, args[0], NULL, NULL);
    mg_run_charge(run, n / 4);
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    uint8_t *to;
    mg_value string = mg_string_begin(run->heap, len, &to);
    join(run, args[0], NULL, to);
    mg_string_end(string);
    return string;
}

const struct mg_prim_entry mg_prims_text[] = {
    {"String>>asUppercase", prim_upper},
    {"String>>asLowercase", prim_lower},
    {"String>>trimSeparators", prim_trim},
    {"String>>trimLeft", prim_trim_left},
    {"String>>trimRight", prim_trim_right},
    {"String>>reversed", prim_reversed},
    {"String>>replaceAll:with:", prim_replace_all},
    {"String>>split:", prim_split},
    {"String>>asArray", prim_as_array},
    {"String>>asSymbol", prim_as_symbol},
    {"String>>asInteger", prim_as_integer},
    {"String>>asFloat", prim_as_float},
    {"String>>asByteArray", prim_as_byte_array},
    {"String>>asHex", prim_as_hex},
    {"String>>primFromHex", prim_from_hex},
    {"String>>printString", prim_print_string},
    {"Symbol>>printString", prim_print_string},
    {"Symbol>>asString", prim_as_string},
    {"Array>>primJoin:", prim_join},
    {"Array>>primAsString", prim_array_as_string},
    {NULL, NULL},
};
