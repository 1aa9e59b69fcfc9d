/* SPDX-License-Identifier: MIT */
/* Two ways. SmallIntegers, of which equal ones cannot be told apart, are distributed by one byte
 * after the other, from the lowest to the highest (a radix sort); a byte that all have in common
 * costs nothing. Everything else is merged from the bottom up: runs of a few values by insertion,
 * then merges of twice the length until one is left. A merge needs room for its left half only, and
 * is skipped where the halves are in order already.
 *
 * Merging goes by a key: 64 bits whose unsigned order is that of the values as far as it decides.
 *
 *      numbers           the nearest double, its bits made to ascend; rounding turns none around
 *      characters        the value itself
 *      texts             the first eight bytes, the first one highest, zeros behind the end
 *
 * Where two keys are equal, numbers and texts are compared in full.
 *
 * See sort.h for threads and memory.
 */
#include "object/sort.h"

#include "base/alloc.h"
#include "object/bytes.h"
#include "object/number.h"

#include <math.h>

enum sort_kind { SORT_NOTHING, SORT_SMALL, SORT_NUMBER, SORT_CHARACTER, SORT_TEXT };

enum { SORT_RUN = 12, SORT_WORDS_INSERT = 48 };

struct sort_item {
    uint64_t key;
    mg_value v;
};

/* -- Kinds -- */

static bool is_text(mg_value v)
{
    if (mg_is_pointer(v)) {
        uint32_t id = mg_object_class(mg_object(v));
        return id == MG_CLASS_STRING || id == MG_CLASS_SYMBOL;
    }
    return mg_is_symbol(v);
}

static enum sort_kind kind_of(mg_value v)
{
    if (mg_is_small(v)) {
        return SORT_SMALL;
    }
    if (mg_is_float(v)) {
        return isnan(mg_float_value(v)) ? SORT_NOTHING : SORT_NUMBER;
    }
    return mg_is_bigint(v)      ? SORT_NUMBER
           : mg_is_character(v) ? SORT_CHARACTER
           : is_text(v)         ? SORT_TEXT
                                : SORT_NOTHING;
}

/* The kind that all values have; SmallIntegers are numbers too. */
static enum sort_kind common_kind(const mg_value *v, uint64_t n)
{
    enum sort_kind kind = n == 0 ? SORT_SMALL : kind_of(v[0]);
    for (uint64_t i = 1; i < n && kind != SORT_NOTHING; i++) {
        enum sort_kind other = kind_of(v[i]);
        if (other != kind) {
            bool numbers = (kind == SORT_SMALL || kind == SORT_NUMBER) &&
                           (other == SORT_SMALL || other == SORT_NUMBER);
            kind = numbers ? SORT_NUMBER : SORT_NOTHING;
        }
    }
    return kind;
}

bool mg_sort_is_intrinsic(const mg_value *v, uint64_t n)
{
    return common_kind(v, n) != SORT_NOTHING;
}

/* The largest left half of a merge: what the scratch must hold. */
static uint64_t longest_run(uint64_t n)
{
    uint64_t run = SORT_RUN;
    while (run * 2 < n) {
        run *= 2;
    }
    return run;
}

/* -- Words: SmallIntegers -- */

/* SmallIntegers ascend as their words do, read as signed numbers. */
static inline bool word_less(mg_value a, mg_value b)
{
    return (int64_t)a < (int64_t)b;
}

static void words_insert(mg_value *v, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        mg_value x = v[i];
        uint64_t j = i;
        for (; j > 0 && word_less(x, v[j - 1]); j--) {
            v[j] = v[j - 1];
        }
        v[j] = x;
    }
}

static bool words_ascend(const mg_value *v, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        if (word_less(v[i], v[i - 1])) {
            return false;
        }
    }
    return true;
}

/* The byte of a word by which a pass sorts; the highest has its sign turned. */
static inline uint32_t word_digit(mg_value v, int pass)
{
    return (uint32_t)((v ^ (uint64_t)1 << 63) >> (8 * pass)) & 0xff;
}

/* One pass: distributes the words by a digit, in order. False, with nothing done, where all have
 * the same. */
static bool words_distribute(const mg_value *from, mg_value *to, uint64_t n, int pass,
                             const uint32_t counts[256])
{
    uint32_t places[256];
    uint32_t place = 0;
    for (int d = 0; d < 256; d++) {
        if (counts[d] == n) {
            return false;
        }
        places[d] = place;
        place += counts[d];
    }
    for (uint64_t i = 0; i < n; i++) {
        to[places[word_digit(from[i], pass)]++] = from[i];
    }
    return true;
}

/* By digits from the lowest to the highest; most are the same in all words and cost nothing. */
static void words_sort(mg_value *v, uint64_t n)
{
    if (n <= SORT_WORDS_INSERT) {
        words_insert(v, n);
        return;
    }
    if (words_ascend(v, n)) {
        return;
    }
    CHECK(n <= UINT32_MAX);
    uint32_t counts[8][256] = {{0}};
    for (uint64_t i = 0; i < n; i++) {
        for (int pass = 0; pass < 8; pass++) {
            counts[pass][word_digit(v[i], pass)]++;
        }
    }
    mg_value *scratch = mg_alloc(n * sizeof *scratch);
    mg_value *from = v, *to = scratch;
    for (int pass = 0; pass < 8; pass++) {
        if (words_distribute(from, to, n, pass, counts[pass])) {
            mg_value *t = from;
            from = to;
            to = t;
        }
    }
    if (from != v) {
        memcpy(v, from, n * sizeof *v);
    }
    mg_free(scratch);
}

/* -- Items: everything else -- */

static void text_of(const struct mg_world *world, mg_value v, const uint8_t **bytes, size_t *len)
{
    if (mg_is_pointer(v)) {
        mg_bytes_of(v, bytes, len);
        return;
    }
    const struct mg_symbol_entry *entry = mg_symbol_entry(world->symbols, mg_symbol_id(v));
    *bytes = (const uint8_t *)entry->text;
    *len = entry->len;
}

static uint64_t text_key(const struct mg_world *world, mg_value v)
{
    const uint8_t *bytes;
    size_t len;
    text_of(world, v, &bytes, &len);
    uint64_t key = 0;
    memcpy(&key, bytes, len < sizeof key ? len : sizeof key);
    return __builtin_bswap64(key);
}

static uint64_t number_key(mg_value v)
{
    double d = mg_number_to_double(v) + 0.0; /* -0.0 becomes 0.0 */
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static bool text_less(const struct mg_world *world, mg_value a, mg_value b)
{
    const uint8_t *x, *y;
    size_t n, m;
    text_of(world, a, &x, &n);
    text_of(world, b, &y, &m);
    int order = memcmp(x, y, n < m ? n : m);
    return order != 0 ? order < 0 : n < m;
}

struct sort {
    const struct mg_world *world;
    enum sort_kind kind;
    struct sort_item *scratch;
};

static inline bool item_less(const struct sort *sort, const struct sort_item *a,
                             const struct sort_item *b)
{
    if (a->key != b->key || sort->kind == SORT_CHARACTER) {
        return a->key < b->key;
    }
    return sort->kind == SORT_TEXT ? text_less(sort->world, a->v, b->v)
                                   : mg_number_compare(a->v, b->v) == MG_ORDER_LESS;
}

static void items_insert(const struct sort *sort, struct sort_item *items, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        struct sort_item x = items[i];
        uint64_t j = i;
        for (; j > 0 && item_less(sort, &x, &items[j - 1]); j--) {
            items[j] = items[j - 1];
        }
        items[j] = x;
    }
}

static void items_merge(const struct sort *sort, struct sort_item *items, uint64_t mid, uint64_t n)
{
    if (!item_less(sort, &items[mid], &items[mid - 1])) {
        return;
    }
    struct sort_item *scratch = sort->scratch;
    memcpy(scratch, items, mid * sizeof *items);
    uint64_t left = 0, right = mid, to = 0;
    while (left < mid && right < n) {
        /* Which one it is cannot be foreseen: chosen by arithmetic, not by a jump. */
        bool take_right = item_less(sort, &items[right], &scratch[left]);
        const struct sort_item *next = take_right ? &items[right] : &scratch[left];
        items[to++] = *next;
        right += take_right;
        left += !take_right;
    }
    memcpy(items + to, scratch + left, (mid - left) * sizeof *items);
}

static void items_sort(struct sort *sort, struct sort_item *items, uint64_t n)
{
    for (uint64_t i = 0; i < n; i += SORT_RUN) {
        items_insert(sort, items + i, n - i < SORT_RUN ? n - i : SORT_RUN);
    }
    for (uint64_t run = SORT_RUN; run < n; run *= 2) {
        for (uint64_t i = 0; i + run < n; i += 2 * run) {
            items_merge(sort, items + i, run, n - i < 2 * run ? n - i : 2 * run);
        }
    }
}

void mg_sort(const struct mg_world *world, mg_value *v, uint64_t n)
{
    struct sort sort = {.world = world, .kind = common_kind(v, n)};
    CHECK(sort.kind != SORT_NOTHING);
    if (n < 2) {
        return;
    }
    if (sort.kind == SORT_SMALL) {
        words_sort(v, n);
        return;
    }
    struct sort_item *items = mg_alloc((n + longest_run(n)) * sizeof *items);
    sort.scratch = items + n;
    for (uint64_t i = 0; i < n; i++) {
        items[i].v = v[i];
        items[i].key = sort.kind == SORT_CHARACTER ? v[i]
                       : sort.kind == SORT_TEXT    ? text_key(world, v[i])
                                                   : number_key(v[i]);
    }
    items_sort(&sort, items, n);
    for (uint64_t i = 0; i < n; i++) {
        v[i] = items[i].v;
    }
    mg_free(items);
}
