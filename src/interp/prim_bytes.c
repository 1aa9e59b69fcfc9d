/* SPDX-License-Identifier: MIT */
/* Primitives of ByteArray and the classes below it.
 *
 * What is made from one has its class.
 *
 * Threads: the thread that runs the actor.
 */
#include "base/hash.h"
#include "base/utf8.h"
#include "interp/text.h"

/* Makes bytes that mg_bytes_new made into an instance of a class below ByteArray. */
static mg_value with_class(mg_value bytes, uint32_t class_id)
{
    struct mg_object *o = mg_object(bytes);
    o->header = (o->header & ~MG_HEADER_CLASS_MASK) | class_id;
    return bytes;
}

static mg_value *reserve(struct mg_run *run, mg_value *args, size_t len)
{
    return mg_text_reserve(run, args, mg_bytes_words(len), len);
}

static uint32_t class_of(mg_value v)
{
    return mg_object_class(mg_object(v));
}

static mg_value prim_new(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t n = mg_small_value(args[1]);
    if (n < 0) {
        return mg_prim_error(run, "size must be non-negative");
    }
    if (n > (int64_t)MG_TEXT_MAX) {
        return mg_prim_error(run, "requested size exceeds maximum");
    }
    args = reserve(run, args, (size_t)n);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    return with_class(mg_bytes_new(run->heap, NULL, (size_t)n), mg_class_value_id(args[0]));
}

static mg_value prim_from_hex(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    if (!mg_text_view(run, args[1], &text)) {
        return mg_prim_type_error(run, 1, "String");
    }
    size_t len = text.len / 2;
    args = reserve(run, args, len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_text_view(run, args[1], &text);
    mg_value bytes = mg_bytes_new(run->heap, NULL, len);
    if (!mg_string_unhex((const char *)text.bytes, text.len, mg_bytes_writable(bytes))) {
        return MG_NIL;
    }
    return with_class(bytes, mg_class_value_id(args[0]));
}

static mg_value prim_size(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small((int64_t)mg_bytes_len(args[0]));
}

/* Checks args[1] as an index; answers it from 0, or -1 with the error set. */
static int64_t checked_index(struct mg_run *run, const mg_value *args, size_t size)
{
    if (MG_UNLIKELY(!mg_is_small(args[1]))) {
        mg_prim_type_error(run, 1, "SmallInteger");
        return -1;
    }
    int64_t i = mg_small_value(args[1]);
    if (MG_UNLIKELY(i < 1 || (uint64_t)i > size)) {
        mg_prim_bounds_error(run, i, (int64_t)size);
        return -1;
    }
    return i - 1;
}

static mg_value prim_at(struct mg_run *run, mg_value *args)
{
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(args[0], &bytes, &len);
    int64_t i = checked_index(run, args, len);
    return i < 0 ? MG_PRIM_FAILED : mg_small(bytes[i]);
}

static bool check_mutable(struct mg_run *run, mg_value v)
{
    if (MG_UNLIKELY(!mg_is_mutable_bytes(v))) {
        mg_prim_error(run, "the bytes are constant");
        return false;
    }
    return true;
}

static mg_value prim_at_put(struct mg_run *run, mg_value *args)
{
    int64_t i = checked_index(run, args, mg_bytes_len(args[0]));
    if (i < 0 || !check_mutable(run, args[0])) {
        return MG_PRIM_FAILED;
    }
    if (MG_UNLIKELY(!mg_is_small(args[2]) || (uint64_t)mg_small_value(args[2]) > 255)) {
        return mg_prim_error(run, "value must be between 0 and 255");
    }
    mg_bytes_writable(args[0])[i] = (uint8_t)mg_small_value(args[2]);
    return args[2];
}

static mg_value prim_equal(struct mg_run *run, mg_value *args)
{
    if (args[0] == args[1]) {
        return MG_TRUE;
    }
    if (!mg_is_byte_array(args[1])) {
        return MG_FALSE;
    }
    const uint8_t *mine, *theirs;
    size_t n, m;
    mg_bytes_of(args[0], &mine, &n);
    mg_bytes_of(args[1], &theirs, &m);
    mg_run_charge(run, n / 256);
    return mg_boolean(n == m && memcmp(mine, theirs, n) == 0);
}

static mg_value prim_hash(struct mg_run *run, mg_value *args)
{
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(args[0], &bytes, &len);
    mg_run_charge(run, len / 16);
    return mg_small(mg_hash_bytes(bytes, len));
}

static mg_value prim_concat(struct mg_run *run, mg_value *args)
{
    if (!mg_is_byte_array(args[1])) {
        return mg_prim_type_error(run, 1, "ByteArray");
    }
    size_t len = mg_bytes_len(args[0]) + mg_bytes_len(args[1]);
    args = reserve(run, args, len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    const uint8_t *mine, *theirs;
    size_t n, m;
    mg_bytes_of(args[0], &mine, &n);
    mg_bytes_of(args[1], &theirs, &m);
    mg_value both = mg_bytes_new(run->heap, NULL, len);
    uint8_t *to = mg_bytes_writable(both);
    memcpy(to, mine, n);
    memcpy(to + n, theirs, m);
    return with_class(both, class_of(args[0]));
}

/* Part of the receiver. Parts of long ones share their bytes until one of them is written to. */
static mg_value copy_range(struct mg_run *run, mg_value *args, size_t from, size_t len)
{
    bool plain = class_of(args[0]) == MG_CLASS_BYTE_ARRAY;
    size_t words = plain ? mg_bytes_slice_words(args[0], len) : mg_bytes_words(len);
    args = mg_text_reserve(run, args, words, len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    if (plain) {
        return mg_bytes_slice(run->heap, args[0], from, len);
    }
    const uint8_t *bytes;
    size_t size;
    mg_bytes_of(args[0], &bytes, &size);
    return with_class(mg_bytes_new(run->heap, bytes + from, len), class_of(args[0]));
}

static mg_value prim_copy_from_to(struct mg_run *run, mg_value *args)
{
    for (uint32_t i = 1; i <= 2; i++) {
        if (!mg_is_small(args[i])) {
            return mg_prim_type_error(run, i, "SmallInteger");
        }
    }
    int64_t from = mg_small_value(args[1]), to = mg_small_value(args[2]);
    int64_t size = (int64_t)mg_bytes_len(args[0]);
    if (to == from - 1) {
        return copy_range(run, args, 0, 0);
    }
    if (to < from) {
        return mg_prim_error(run, "size must be non-negative");
    }
    if (from < 1 || from > size) {
        return mg_prim_bounds_error(run, from, size);
    }
    if (to > size) {
        return mg_prim_bounds_error(run, to, size);
    }
    return copy_range(run, args, (size_t)from - 1, (size_t)(to - from + 1));
}

static mg_value prim_replace(struct mg_run *run, mg_value *args)
{
    if (!mg_is_byte_array(args[3])) {
        return mg_prim_type_error(run, 3, "ByteArray");
    }
    for (uint32_t i = 1; i <= 4; i++) {
        if (i != 3 && !mg_is_small(args[i])) {
            return mg_prim_type_error(run, i, "SmallInteger");
        }
    }
    int64_t from = mg_small_value(args[1]), to = mg_small_value(args[2]);
    int64_t start = mg_small_value(args[4]);
    int64_t size = (int64_t)mg_bytes_len(args[0]), source_size = (int64_t)mg_bytes_len(args[3]);
    if (to < from) {
        return args[0];
    }
    if (from < 1 || from > size || to > size) {
        return mg_prim_bounds_error(run, from < 1 || from > size ? from : to, size);
    }
    int64_t count = to - from + 1;
    if (start < 1 || start > source_size || count > source_size - start + 1) {
        bool first = start < 1 || start > source_size;
        return mg_prim_bounds_error(run, first ? start : start + count - 1, source_size);
    }
    if (!check_mutable(run, args[0])) {
        return MG_PRIM_FAILED;
    }
    uint8_t *target = mg_bytes_writable(
        args[0]); /* may give the receiver bytes of its own: before the source is read */
    const uint8_t *source;
    size_t n;
    mg_bytes_of(args[3], &source, &n);
    memmove(target + from - 1, source + start - 1, (size_t)count);
    mg_run_charge(run, (uint64_t)count / 256);
    return args[0];
}

static mg_value prim_as_hex(struct mg_run *run, mg_value *args)
{
    size_t len = 2 * mg_bytes_len(args[0]);
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    const uint8_t *bytes;
    size_t n;
    mg_bytes_of(args[0], &bytes, &n);
    uint8_t *to;
    mg_value string = mg_string_begin(run->heap, len, &to);
    mg_string_hex(bytes, n, (char *)to);
    mg_string_end(string);
    mg_run_charge(run, n / 16);
    return string;
}

static mg_value prim_as_string(struct mg_run *run, mg_value *args)
{
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(args[0], &bytes, &len);
    mg_run_charge(run, len / 64);
    if (!mg_utf8_valid(bytes, len)) {
        return MG_NIL;
    }
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_bytes_of(args[0], &bytes, &len);
    return mg_string_new(run->heap, (const char *)bytes, len);
}

const struct mg_prim_entry mg_prims_bytes[] = {
    {"ByteArray class>>new:", prim_new},
    {"ByteArray class>>primFromHex:", prim_from_hex},
    {"ByteArray>>size", prim_size},
    {"ByteArray>>at:", prim_at},
    {"ByteArray>>at:put:", prim_at_put},
    {"ByteArray>>=", prim_equal},
    {"ByteArray>>hash", prim_hash},
    {"ByteArray>>,", prim_concat},
    {"ByteArray>>copyFrom:to:", prim_copy_from_to},
    {"ByteArray>>replaceFrom:to:with:startingAt:", prim_replace},
    {"ByteArray>>asHex", prim_as_hex},
    {"ByteArray>>primAsString", prim_as_string},
    {NULL, NULL},
};
