/* SPDX-License-Identifier: MIT */
/* One look at each value's kind, then the comparison of that kind. See equal.h.
 *
 * Instances of classes below String are objects like others: their = may be anything.
 *
 * Threads and memory: equal.h.
 */
#include "object/equal.h"

#include "base/hash.h"
#include "object/bytes.h"
#include "object/control.h"
#include "object/number.h"

enum equal_kind {
    KIND_BITS, /* same bits or different */
    KIND_NUMBER,
    KIND_STRING,
    KIND_SYMBOL, /* not interned here */
    KIND_PROCESS,
    KIND_TABLE,
    KIND_OBJECT,
};

static enum equal_kind object_kind(const struct mg_object *o)
{
    switch (mg_object_format(o)) {
    case MG_FORMAT_FLOAT:
    case MG_FORMAT_BIGINT:
        return KIND_NUMBER;
    case MG_FORMAT_STRING:
    case MG_FORMAT_SHARED:
        return mg_object_class(o) == MG_CLASS_STRING   ? KIND_STRING
               : mg_object_class(o) == MG_CLASS_SYMBOL ? KIND_SYMBOL
                                                       : KIND_OBJECT;
    case MG_FORMAT_PROCESS:
        return KIND_PROCESS;
    default:
        return mg_object_class(o) == MG_CLASS_TABLE ? KIND_TABLE : KIND_OBJECT;
    }
}

static enum equal_kind value_kind(mg_value v)
{
    if (mg_is_pointer(v)) {
        return object_kind(mg_object(v));
    }
    return (v & MG_TAG_MASK) == MG_TAG_OTHER ? KIND_BITS : KIND_NUMBER;
}

static mg_pid process_pid(mg_value v)
{
    return ((const struct mg_control *)(uintptr_t)mg_slot(v, MG_PROCESS_CONTROL))->pid;
}

/* Handles are equal when they are of one kind and lead to the same actor. */
static bool same_handle(mg_value a, mg_value b)
{
    return mg_object_class(mg_object(a)) == mg_object_class(mg_object(b)) &&
           process_pid(a) == process_pid(b);
}

bool mg_identical_slow(mg_value a, mg_value b)
{
    if (a == b) {
        return true;
    }
    if (!mg_is_pointer(a) || !mg_is_pointer(b)) {
        return false;
    }
    enum mg_format format = mg_object_format(mg_object(a));
    if (format == MG_FORMAT_FLOAT) {
        return mg_has_format(b, MG_FORMAT_FLOAT) && mg_slot(a, 0) == mg_slot(b, 0);
    }
    if (format == MG_FORMAT_PROCESS) {
        return mg_has_format(b, MG_FORMAT_PROCESS) && same_handle(a, b);
    }
    enum equal_kind kind = object_kind(mg_object(a));
    if (kind == KIND_TABLE) {
        return object_kind(mg_object(b)) == KIND_TABLE &&
               mg_slot(a, MG_TABLE_ID) == mg_slot(b, MG_TABLE_ID);
    }
    return kind == KIND_SYMBOL && object_kind(mg_object(b)) == KIND_SYMBOL && mg_bytes_equal(a, b);
}

static enum mg_equality answer(bool equal)
{
    return equal ? MG_EQUAL_YES : MG_EQUAL_NO;
}

enum mg_equality mg_equal(mg_value a, mg_value b)
{
    if (mg_both_small(a, b)) {
        return answer(a == b);
    }
    enum equal_kind kind = value_kind(a);
    if (kind != KIND_OBJECT && kind != value_kind(b)) {
        return MG_EQUAL_NO; /* E2 */
    }
    switch (kind) {
    case KIND_BITS:
        return answer(a == b);
    case KIND_NUMBER:
        return answer(mg_number_equal(a, b));
    case KIND_STRING:
    case KIND_SYMBOL:
        return answer(a == b || mg_bytes_equal(a, b));
    case KIND_PROCESS:
        return answer(same_handle(a, b));
    case KIND_TABLE:
        return answer(mg_slot(a, MG_TABLE_ID) == mg_slot(b, MG_TABLE_ID));
    case KIND_OBJECT:
        return a == b ? MG_EQUAL_YES : MG_EQUAL_UNKNOWN;
    }
    MG_UNREACHABLE();
}

bool mg_equal_is_intrinsic(mg_value v)
{
    return value_kind(v) != KIND_OBJECT;
}

bool mg_equal_hash_slow(mg_value v, int64_t *hash)
{
    switch (value_kind(v)) {
    case KIND_NUMBER:
        *hash = mg_number_hash(v);
        return true;
    case KIND_STRING:
    case KIND_SYMBOL:
        *hash = mg_string_hash(v);
        return true;
    case KIND_PROCESS:
        *hash = (int64_t)(mg_hash_u64(process_pid(v)) >> 32);
        return true;
    case KIND_TABLE:
        *hash = (int64_t)(mg_hash_u64(mg_slot(v, MG_TABLE_ID)) >> 32);
        return true;
    case KIND_BITS: /* is in equal.h */
    case KIND_OBJECT:
        return false;
    }
    MG_UNREACHABLE();
}
