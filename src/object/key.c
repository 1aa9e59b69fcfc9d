/* SPDX-License-Identifier: MIT */
/* Hash, equality and order of keys: see key.h. Arrays are walked by recursion, at most MG_KEY_DEPTH
 * deep. */
#include "object/key.h"

#include "base/hash.h"
#include "object/bytes.h"
#include "object/control.h"
#include "object/equal.h"
#include "object/number.h"
#include "object/symbol.h"

/* What may still be looked at of one key. */
struct budget {
    uint32_t elements;
    uint32_t bytes;
};

static bool is_array(mg_value v)
{
    return mg_is_instance(v, MG_CLASS_ARRAY) && mg_has_format(v, MG_FORMAT_ARRAY);
}

static enum mg_key_fault hash_part(mg_value v, struct budget *left, uint32_t depth, uint64_t *hash);

static enum mg_key_fault hash_array(const struct mg_object *o, struct budget *left, uint32_t depth,
                                    uint64_t *hash)
{
    uint64_t n = mg_object_words(o);
    if (depth == MG_KEY_DEPTH || n > left->elements)
        return MG_KEY_LARGE;
    uint64_t all = n;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t one;
        enum mg_key_fault fault = hash_part(o->words[i], left, depth + 1, &one);
        if (fault != MG_KEY_OK)
            return fault;
        all = mg_hash_u64(all + one);
    }
    *hash = all;
    return MG_KEY_OK;
}

static enum mg_key_fault hash_part(mg_value v, struct budget *left, uint32_t depth, uint64_t *hash)
{
    if (left->elements == 0)
        return MG_KEY_LARGE;
    left->elements--;
    if (mg_is_pointer(v)) {
        if (is_array(v))
            return hash_array(mg_object(v), left, depth, hash);
        if (!mg_equal_is_intrinsic(v))
            return MG_KEY_KIND;
        size_t bytes = mg_is_bytes(v) ? mg_bytes_len(v) : mg_object_words(mg_object(v)) * 8;
        if (bytes > left->bytes)
            return MG_KEY_LARGE;
        left->bytes -= (uint32_t)bytes;
        if (mg_has_format(v, MG_FORMAT_FLOAT) && !mg_number_equal(v, v))
            return MG_KEY_NAN;
    }
    int64_t number = 0;
    if (!mg_equal_hash(v, &number))
        return MG_KEY_KIND;
    *hash = mg_hash_u64((uint64_t)number);
    return MG_KEY_OK;
}

enum mg_key_fault mg_key_hash(mg_value v, uint64_t *hash)
{
    if (MG_LIKELY(mg_is_small(v))) {
        *hash = mg_hash_u64((uint64_t)mg_small_value(v));
        return MG_KEY_OK;
    }
    struct budget left = {MG_KEY_ELEMENTS, MG_KEY_BYTES};
    return hash_part(v, &left, 0, hash);
}

bool mg_key_equal(mg_value a, mg_value b)
{
    if (a == b)
        return true;
    if (!is_array(a) || !is_array(b))
        return mg_equal(a, b) == MG_EQUAL_YES;
    const struct mg_object *x = mg_object(a), *y = mg_object(b);
    uint64_t n = mg_object_words(x);
    if (mg_object_words(y) != n)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        if (!mg_key_equal(x->words[i], y->words[i]))
            return false;
    }
    return true;
}

/* -- Order -- */

enum rank {
    RANK_NIL,
    RANK_FALSE,
    RANK_TRUE,
    RANK_NUMBER,
    RANK_CHARACTER,
    RANK_SYMBOL,
    RANK_STRING,
    RANK_ARRAY,
    RANK_CLASS,
    RANK_PROCESS,
    RANK_TABLE,
};

static enum rank rank_of_object(const struct mg_object *o)
{
    switch (mg_object_class(o)) {
    case MG_CLASS_SYMBOL:
        return RANK_SYMBOL;
    case MG_CLASS_STRING:
        return RANK_STRING;
    case MG_CLASS_ARRAY:
        return RANK_ARRAY;
    case MG_CLASS_TABLE:
        return RANK_TABLE;
    default:
        return mg_object_format(o) == MG_FORMAT_PROCESS ? RANK_PROCESS : RANK_NUMBER;
    }
}

static enum rank rank_of(mg_value v)
{
    if (mg_is_pointer(v))
        return rank_of_object(mg_object(v));
    if (mg_is_symbol(v))
        return RANK_SYMBOL;
    if (mg_is_character(v))
        return RANK_CHARACTER;
    if (mg_is_class(v))
        return RANK_CLASS;
    return v == MG_NIL     ? RANK_NIL
           : v == MG_FALSE ? RANK_FALSE
           : v == MG_TRUE  ? RANK_TRUE
                           : RANK_NUMBER;
}

static int order_of(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_bytes(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    int order = memcmp(a, b, n < m ? n : m);
    return order != 0 ? order : order_of(n, m);
}

static void symbol_text(const struct mg_symbols *symbols, mg_value v, const uint8_t **text,
                        size_t *len)
{
    if (mg_is_pointer(v)) {
        mg_bytes_of(v, text, len);
        return;
    }
    const struct mg_symbol_entry *entry = mg_symbol_entry(symbols, mg_symbol_id(v));
    *text = (const uint8_t *)entry->text;
    *len = entry->len;
}

/* A symbol that is not interned stays different from the interned one of its text (equal.h). */
static int compare_symbols(const struct mg_symbols *symbols, mg_value a, mg_value b)
{
    if (symbols == NULL && !mg_is_pointer(a) && !mg_is_pointer(b))
        return order_of(mg_symbol_id(a), mg_symbol_id(b));
    const uint8_t *x, *y;
    size_t n, m;
    symbol_text(symbols, a, &x, &n);
    symbol_text(symbols, b, &y, &m);
    int order = compare_bytes(x, n, y, m);
    return order != 0 ? order : order_of(mg_is_pointer(a), mg_is_pointer(b));
}

static int compare_strings(mg_value a, mg_value b)
{
    const uint8_t *x, *y;
    size_t n, m;
    mg_bytes_of(a, &x, &n);
    mg_bytes_of(b, &y, &m);
    return compare_bytes(x, n, y, m);
}

static int compare_arrays(const struct mg_symbols *symbols, mg_value a, mg_value b)
{
    const struct mg_object *x = mg_object(a), *y = mg_object(b);
    uint64_t n = mg_object_words(x), m = mg_object_words(y);
    for (uint64_t i = 0; i < n && i < m; i++) {
        int order = mg_key_compare(symbols, x->words[i], y->words[i]);
        if (order != 0)
            return order;
    }
    return order_of(n, m);
}

static uint64_t process_number(mg_value v)
{
    return ((const struct mg_control *)(uintptr_t)mg_slot(v, MG_PROCESS_CONTROL))->pid;
}

int mg_key_compare(const struct mg_symbols *symbols, mg_value a, mg_value b)
{
    if (MG_LIKELY(mg_both_small(a, b)))
        return (mg_small_value(a) > mg_small_value(b)) - (mg_small_value(a) < mg_small_value(b));
    enum rank rank = rank_of(a);
    int order = order_of(rank, rank_of(b));
    if (order != 0)
        return order;
    switch (rank) {
    case RANK_NUMBER:
        return (int)mg_number_compare(a, b);
    case RANK_SYMBOL:
        return a == b ? 0 : compare_symbols(symbols, a, b);
    case RANK_STRING:
        return compare_strings(a, b);
    case RANK_ARRAY:
        return compare_arrays(symbols, a, b);
    case RANK_PROCESS:
        return order_of(process_number(a), process_number(b));
    case RANK_TABLE:
        return mg_key_compare(NULL, mg_slot(a, MG_TABLE_ID), mg_slot(b, MG_TABLE_ID));
    default:
        return order_of(a, b);
    }
}
