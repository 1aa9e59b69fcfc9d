/* SPDX-License-Identifier: MIT */
/* The only file that knows GMP. It uses the mpn layer, which works on limbs where they lie, and mpz
 * only for the greatest common divisor of long numbers (which needs scratch memory anyway).
 *
 * An operation cuts an object for the most limbs its result can have, computes into it, and then
 * gives back what it did not need: new objects lie below the older ones, so the result is moved up
 * to its neighbour and the heap's mark follows. A result that fits a SmallInteger leaves nothing
 * behind. Long results are computed outside the heap and copied.
 *
 * Threads and memory: bigint.h.
 */
#include "object/bigint.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "object/heap.h"

#include <gmp.h>
#include <math.h>

_Static_assert(sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0, "limbs are whole words");

/* An operand count that says: no result within the limit. */
#define LIMBS_BEYOND UINT64_MAX

/* -- Scratch memory -- */

#define SCRATCH_INLINE 40

struct scratch {
    uint64_t *limbs;
    uint64_t small[SCRATCH_INLINE];
};

static uint64_t *scratch_take(struct scratch *s, uint64_t count)
{
    s->limbs = count <= SCRATCH_INLINE ? s->small : mg_alloc(count * sizeof(uint64_t));
    return s->limbs;
}

static void scratch_free(struct scratch *s)
{
    if (s->limbs != s->small) {
        mg_free(s->limbs);
    }
}

/* -- Results -- */

/* A result being computed: in an object cut for `cut` limbs when that is small, else in memory of
 * its own, since a large object cannot be cut to size afterwards. */
struct result {
    struct mg_heap *heap;
    struct mg_object *object; // or NULL
    uint64_t *limbs;
    uint64_t cut;
};

static uint64_t *object_limbs(struct mg_object *o)
{
    return (uint64_t *)o->words + MG_BIGINT_LIMBS;
}

static uint64_t *result_begin(struct result *r, struct mg_heap *heap, uint64_t cut)
{
    uint64_t words = MG_BIGINT_LIMBS + cut;
    r->heap = heap;
    r->cut = cut;
    if (MG_LIKELY(words < MG_CARD_SLOTS)) {
        r->object =
            mg_heap_alloc_small(heap, MG_CLASS_BIG_INTEGER, MG_FORMAT_BIGINT, (uint32_t)words);
        r->limbs = object_limbs(r->object);
    } else {
        r->object = NULL;
        r->limbs = mg_alloc(cut * sizeof(uint64_t));
    }
    return r->limbs;
}

static bool limbs_fit_small(const uint64_t *limbs, uint64_t count, bool negative)
{
    return count == 0 || (count == 1 && limbs[0] <= (uint64_t)MG_SMALL_MAX + (negative ? 1 : 0));
}

static mg_value limbs_small(const uint64_t *limbs, uint64_t count, bool negative)
{
    int64_t n = count == 0 ? 0 : (int64_t)limbs[0];
    return mg_small(negative ? -n : n);
}

static mg_value limbs_new(struct mg_heap *heap, const uint64_t *limbs, uint64_t count,
                          bool negative)
{
    uint64_t words = MG_BIGINT_LIMBS + count;
    struct mg_object *o =
        words < MG_CARD_SLOTS
            ? mg_heap_alloc_small(heap, MG_CLASS_BIG_INTEGER, MG_FORMAT_BIGINT, (uint32_t)words)
            : mg_heap_alloc(heap, MG_CLASS_BIG_INTEGER, MG_FORMAT_BIGINT, words);
    o->words[MG_BIGINT_INFO] = count | (negative ? MG_BIGINT_SIGN : 0);
    memcpy(object_limbs(o), limbs, count * sizeof(uint64_t));
    return mg_pointer(o);
}

/* Gives back the words that an object cut too large does not need: the youngest object moves up to
 * its neighbour. */
static mg_value result_trim(const struct result *r, uint64_t count, bool negative)
{
    struct mg_object *o = r->object;
    if (count != r->cut) {
        ASSERT((mg_value *)o == r->heap->alloc);
        o = (struct mg_object *)((mg_value *)o + (r->cut - count));
        memmove(object_limbs(o), r->limbs, count * sizeof(uint64_t));
        o->header = mg_header(MG_CLASS_BIG_INTEGER, MG_FORMAT_BIGINT, MG_BIGINT_LIMBS + count);
        r->heap->alloc = (mg_value *)o;
    }
    o->words[MG_BIGINT_INFO] = count | (negative ? MG_BIGINT_SIGN : 0);
    return mg_pointer(o);
}

/* Makes the number of the lowest `count` limbs, which may have leading zeros. */
static int result_end(struct result *r, uint64_t count, bool negative, mg_value *out)
{
    while (count > 0 && r->limbs[count - 1] == 0) {
        count--;
    }
    int answer = MG_INTEGER_OK;
    bool small = limbs_fit_small(r->limbs, count, negative);
    if (small) {
        *out = limbs_small(r->limbs, count, negative);
    } else if (MG_UNLIKELY(count > MG_BIGINT_LIMBS_MAX)) {
        answer = MG_INTEGER_TOO_LARGE;
    } else {
        *out = r->object != NULL ? result_trim(r, count, negative)
                                 : limbs_new(r->heap, r->limbs, count, negative);
    }
    if (r->object == NULL) {
        mg_free(r->limbs);
    } else if (small) {
        ASSERT((mg_value *)r->object == r->heap->alloc);
        r->heap->alloc += 1 + MG_BIGINT_LIMBS + r->cut;
    }
    return answer;
}

size_t mg_integer_words_limbs(uint32_t count)
{
    return mg_object_span(MG_FORMAT_BIGINT, MG_BIGINT_LIMBS + (uint64_t)count);
}

mg_value mg_integer_from_limbs(struct mg_heap *heap, const uint64_t *limbs, uint32_t count,
                               bool negative)
{
    CHECK(count <= MG_BIGINT_LIMBS_MAX);
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    if (limbs_fit_small(limbs, count, negative)) {
        return limbs_small(limbs, count, negative);
    }
    return limbs_new(heap, limbs, count, negative);
}

mg_value mg_integer_from_int64(struct mg_heap *heap, int64_t n)
{
    uint64_t limb = n < 0 ? -(uint64_t)n : (uint64_t)n;
    return mg_small_fits(n) ? mg_small(n) : mg_integer_from_limbs(heap, &limb, 1, n < 0);
}

mg_value mg_integer_from_uint64(struct mg_heap *heap, uint64_t n)
{
    return mg_integer_from_limbs(heap, &n, 1, false);
}

/* -- Looking at integers -- */

void mg_integer_view(mg_value v, struct mg_integer *out)
{
    if (mg_is_small(v)) {
        int64_t n = mg_small_value(v);
        out->one = n < 0 ? -(uint64_t)n : (uint64_t)n;
        out->limbs = &out->one;
        out->count = n != 0;
        out->negative = n < 0;
        return;
    }
    ASSERT(mg_is_bigint(v));
    const struct mg_object *o = mg_object(v);
    uint64_t info = o->words[MG_BIGINT_INFO];
    out->limbs = (const uint64_t *)o->words + MG_BIGINT_LIMBS;
    out->count = (uint32_t)info;
    out->negative = (info & MG_BIGINT_SIGN) != 0;
}

int mg_integer_sign(mg_value v)
{
    if (mg_is_small(v)) {
        int64_t n = mg_small_value(v);
        return (n > 0) - (n < 0);
    }
    return mg_slot(v, MG_BIGINT_INFO) & MG_BIGINT_SIGN ? -1 : 1;
}

static uint64_t limbs_bits(const uint64_t *limbs, uint64_t count)
{
    return count == 0 ? 0 : count * 64 - (uint64_t)__builtin_clzll(limbs[count - 1]);
}

uint64_t mg_integer_bits(mg_value v)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    return limbs_bits(a.limbs, a.count);
}

bool mg_integer_is_odd(mg_value v)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    return a.count != 0 && (a.limbs[0] & 1);
}

bool mg_integer_to_uint64(mg_value v, uint64_t *out)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    if (a.negative || a.count > 1) {
        return false;
    }
    *out = a.count == 0 ? 0 : a.limbs[0];
    return true;
}

bool mg_integer_to_int64(mg_value v, int64_t *out)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    if (a.count > 1 || (a.count == 1 && a.limbs[0] > (uint64_t)INT64_MAX + (a.negative ? 1 : 0))) {
        return false;
    }
    uint64_t limb = a.count == 0 ? 0 : a.limbs[0];
    *out = (int64_t)(a.negative ? -limb : limb);
    return true;
}

static int magnitude_compare(const struct mg_integer *a, const struct mg_integer *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    return a->count == 0 ? 0 : mpn_cmp(a->limbs, b->limbs, a->count);
}

static int integer_compare_views(const struct mg_integer *a, const struct mg_integer *b)
{
    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }
    int order = magnitude_compare(a, b);
    return a->negative ? -order : order;
}

int mg_integer_compare(mg_value a, mg_value b)
{
    if (mg_both_small(a, b)) {
        int64_t x = mg_small_value(a), y = mg_small_value(b);
        return (x > y) - (x < y);
    }
    struct mg_integer x, y;
    mg_integer_view(a, &x);
    mg_integer_view(b, &y);
    return integer_compare_views(&x, &y);
}

void mg_bigint_audit(const struct mg_object *o)
{
    uint64_t info = o->words[MG_BIGINT_INFO];
    const uint64_t *limbs = (const uint64_t *)o->words + MG_BIGINT_LIMBS;
    uint64_t count = info & ~MG_BIGINT_SIGN;
    CHECK(mg_object_format(o) == MG_FORMAT_BIGINT);
    CHECK(mg_object_words(o) == MG_BIGINT_LIMBS + count);
    CHECK(count > 0 && count <= MG_BIGINT_LIMBS_MAX);
    CHECK(limbs[count - 1] != 0);
    CHECK(!limbs_fit_small(limbs, count, (info & MG_BIGINT_SIGN) != 0));
}

/* -- Doubles -- */

/* The greatest double is below 2^1024. */
#define DOUBLE_LIMBS 16

/* The limbs of the magnitude of a finite, integral double; answers how many. */
static uint32_t double_limbs(double d, uint64_t limbs[DOUBLE_LIMBS])
{
    int exponent;
    double fraction = frexp(fabs(d), &exponent);
    if (exponent <= 64) {
        limbs[0] = (uint64_t)ldexp(fraction, exponent);
        return limbs[0] != 0;
    }
    uint64_t mantissa = (uint64_t)ldexp(fraction, 53);
    uint32_t shift = (uint32_t)exponent - 53;
    uint32_t count = ((uint32_t)exponent + 63) / 64;
    ASSERT(count <= DOUBLE_LIMBS);
    memset(limbs, 0, count * sizeof(uint64_t));
    limbs[shift / 64] = mantissa << shift % 64;
    if (shift % 64 > 11) {
        limbs[shift / 64 + 1] = mantissa >> (64 - shift % 64);
    }
    return count;
}

size_t mg_integer_words_double(double d)
{
    int exponent;
    (void)frexp(d, &exponent);
    return mg_integer_words_limbs(exponent <= 64 ? 1 : ((uint32_t)exponent + 63) / 64);
}

mg_value mg_integer_from_double(struct mg_heap *heap, double d)
{
    uint64_t limbs[DOUBLE_LIMBS];
    ASSERT(isfinite(d) && trunc(d) == d);
    uint32_t count = double_limbs(d, limbs);
    return mg_integer_from_limbs(heap, limbs, count, d < 0);
}

/* The top 64 bits are rounded by the conversion of the machine; the bits below them are put into
 * the lowest of the 64, which stands below the rounding bit, so that a tie is one only if it is
 * one. */
double mg_integer_to_double(mg_value v)
{
    if (mg_is_small(v)) {
        return (double)mg_small_value(v);
    }
    struct mg_integer a;
    mg_integer_view(v, &a);
    uint64_t bits = limbs_bits(a.limbs, a.count);
    if (bits > 1024) {
        return a.negative ? -INFINITY : INFINITY;
    }
    uint64_t top = a.limbs[a.count - 1];
    uint32_t lead = (uint32_t)__builtin_clzll(top);
    bool rest = false;
    if (a.count > 1) {
        uint64_t below = a.limbs[a.count - 2];
        if (lead != 0) {
            top = top << lead | below >> (64 - lead);
            below <<= lead;
        }
        rest = below != 0 || (a.count > 2 && !mpn_zero_p(a.limbs, a.count - 2));
        bits -= 64;
    } else {
        bits = 0;
    }
    double d = ldexp((double)(top | rest), (int)bits);
    return a.negative ? -d : d;
}

int mg_integer_compare_double(mg_value v, double d)
{
    if (isinf(d)) {
        return d > 0 ? -1 : 1;
    }
    double whole = trunc(d);
    if (mg_is_small(v) && fabs(whole) < 0x1p62) {
        int64_t n = mg_small_value(v), m = (int64_t)whole;
        return n != m ? (n < m ? -1 : 1) : (whole > d) - (whole < d);
    }
    struct mg_integer a, b;
    uint64_t limbs[DOUBLE_LIMBS];
    mg_integer_view(v, &a);
    b.limbs = limbs;
    b.count = double_limbs(whole, limbs);
    b.negative = whole < 0;
    int order = integer_compare_views(&a, &b);
    return order != 0 ? order : (whole > d) - (whole < d);
}

static int64_t limbs_hash(const uint64_t *limbs, uint32_t count, bool negative)
{
    return (int64_t)(mg_hash_bytes(limbs, count * sizeof(uint64_t)) ^ (negative ? 0x5bd1e995u : 0));
}

int64_t mg_integer_hash(mg_value v)
{
    if (mg_is_small(v)) {
        return mg_small_value(v);
    }
    struct mg_integer a;
    mg_integer_view(v, &a);
    return limbs_hash(a.limbs, a.count, a.negative);
}

int64_t mg_integer_hash_double(double d)
{
    if (d >= (double)MG_SMALL_MIN && d < -(double)MG_SMALL_MIN) {
        return (int64_t)d;
    }
    uint64_t limbs[DOUBLE_LIMBS];
    uint32_t count = double_limbs(d, limbs);
    return limbs_hash(limbs, count, d < 0);
}

/* -- How large results can be -- */

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t shift_limbs(const struct mg_integer *a, mg_value by)
{
    if (a->count == 0 || mg_integer_sign(by) < 0) {
        return a->count + 1;
    }
    if (!mg_is_small(by) || mg_small_value(by) > (int64_t)MG_LIMIT_SHIFT_BITS) {
        return LIMBS_BEYOND;
    }
    uint64_t bits = limbs_bits(a->limbs, a->count) + (uint64_t)mg_small_value(by);
    uint64_t limbs = (bits + 63) / 64;
    return limbs > MG_BIGINT_LIMBS_MAX ? LIMBS_BEYOND : limbs;
}

/* Limbs to cut for the result, or LIMBS_BEYOND when there can be none within the limit. */
static uint64_t op_limbs(enum mg_integer_op op, const struct mg_integer *a,
                         const struct mg_integer *b, mg_value by)
{
    switch (op) {
    case MG_INTEGER_MULTIPLY: {
        uint64_t limbs = (uint64_t)a->count + b->count;
        return limbs > MG_BIGINT_LIMBS_MAX + 1 ? LIMBS_BEYOND : limbs;
    }
    case MG_INTEGER_QUOTIENT:
    case MG_INTEGER_FLOOR_QUOTIENT:
        return a->count >= b->count ? a->count - b->count + 2 : 1;
    case MG_INTEGER_REMAINDER:
    case MG_INTEGER_FLOOR_REMAINDER:
        return b->count;
    case MG_INTEGER_SHIFT:
        return shift_limbs(a, by);
    case MG_INTEGER_GCD:
        return max_u64(a->count, b->count);
    default:
        return max_u64(a->count, b->count) + 1;
    }
}

size_t mg_integer_op_words(enum mg_integer_op op, mg_value a, mg_value b)
{
    struct mg_integer x, y;
    mg_integer_view(a, &x);
    mg_integer_view(b, &y);
    uint64_t limbs = op_limbs(op, &x, &y, b);
    return limbs == LIMBS_BEYOND ? 0 : mg_object_span(MG_FORMAT_BIGINT, MG_BIGINT_LIMBS + limbs);
}

uint64_t mg_integer_op_work(enum mg_integer_op op, mg_value a, mg_value b)
{
    struct mg_integer x, y;
    mg_integer_view(a, &x);
    mg_integer_view(b, &y);
    uint64_t longer = max_u64(x.count, y.count);
    uint64_t shorter = x.count + (uint64_t)y.count - longer;
    switch (op) {
    case MG_INTEGER_MULTIPLY:
        return longer * (shorter < 300 ? shorter : 300) / 32;
    case MG_INTEGER_QUOTIENT:
    case MG_INTEGER_REMAINDER:
    case MG_INTEGER_FLOOR_QUOTIENT:
    case MG_INTEGER_FLOOR_REMAINDER:
        return x.count * (uint64_t)(y.count < 600 ? y.count : 600) / 24;
    case MG_INTEGER_GCD:
        return longer * (shorter < 4000 ? shorter : 4000) / 8;
    case MG_INTEGER_SHIFT: {
        uint64_t limbs = op_limbs(op, &x, &y, b);
        return limbs == LIMBS_BEYOND ? 0 : limbs / 32;
    }
    default:
        return longer / 32;
    }
}

/* -- Sums and products -- */

/* Whether adding a shorter or equally long magnitude may need a limb more than the longer has. */
static bool sum_may_carry(const struct mg_integer *a, const struct mg_integer *b)
{
    uint64_t top = a->count > 0 ? a->limbs[a->count - 1] : 0;
    uint64_t other = a->count == b->count && a->count > 0 ? b->limbs[b->count - 1] : 0;
    uint64_t sum;
    return __builtin_add_overflow(top, other, &sum) || sum == UINT64_MAX;
}

/* a + b, where b counts as negative or not as the caller says. */
static int op_add(struct mg_heap *heap, const struct mg_integer *a, const struct mg_integer *b,
                  bool b_negative, mg_value *out)
{
    bool same = a->negative == b_negative;
    bool negative = a->negative;
    if (magnitude_compare(a, b) < 0) {
        const struct mg_integer *shorter = a;
        a = b;
        b = shorter;
        negative = b_negative;
    }
    uint64_t cut = a->count + (uint64_t)(same && sum_may_carry(a, b));
    struct result result;
    uint64_t *limbs = result_begin(&result, heap, cut);
    if (b->count == 0) {
        memcpy(limbs, a->limbs, a->count * sizeof(uint64_t));
        if (cut > a->count) {
            limbs[a->count] = 0;
        }
    } else if (same) {
        uint64_t carry = mpn_add(limbs, a->limbs, a->count, b->limbs, b->count);
        if (cut > a->count) {
            limbs[a->count] = carry;
        }
    } else {
        mpn_sub(limbs, a->limbs, a->count, b->limbs, b->count);
    }
    return result_end(&result, cut, negative, out);
}

static int op_multiply(struct mg_heap *heap, const struct mg_integer *a, const struct mg_integer *b,
                       mg_value *out)
{
    if (a->count < b->count) {
        const struct mg_integer *shorter = a;
        a = b;
        b = shorter;
    }
    if (b->count == 0) {
        *out = mg_small(0);
        return MG_INTEGER_OK;
    }
    uint64_t cut = (uint64_t)a->count + b->count;
    struct result result;
    uint64_t *limbs = result_begin(&result, heap, cut);
    if (b->count == 1) {
        limbs[a->count] = mpn_mul_1(limbs, a->limbs, a->count, b->limbs[0]);
    } else if (a->limbs == b->limbs) {
        mpn_sqr(limbs, a->limbs, a->count);
    } else {
        mpn_mul(limbs, a->limbs, a->count, b->limbs, b->count);
    }
    return result_end(&result, cut, a->negative != b->negative, out);
}

/* -- Quotients -- */

/* The division of a longer or equally long magnitude goes into limbs of q (a - b + 1 of them) and r
 * (as many as b). */
static int op_quotient(struct mg_heap *heap, const struct mg_integer *a, const struct mg_integer *b,
                       bool floor, mg_value *out)
{
    bool negative = a->negative != b->negative;
    if (magnitude_compare(a, b) < 0) {
        *out = mg_small(floor && negative && a->count != 0 ? -1 : 0);
        return MG_INTEGER_OK;
    }
    uint64_t count = a->count - b->count + 1, cut = count + 1;
    struct result result;
    uint64_t *q = result_begin(&result, heap, cut);
    bool exact;
    if (b->count == 1) {
        exact = mpn_divrem_1(q, 0, a->limbs, a->count, b->limbs[0]) == 0;
    } else {
        struct scratch scratch;
        uint64_t *r = scratch_take(&scratch, b->count);
        mpn_tdiv_qr(q, r, 0, a->limbs, a->count, b->limbs, b->count);
        exact = mpn_zero_p(r, b->count);
        scratch_free(&scratch);
    }
    q[count] = floor && negative && !exact ? mpn_add_1(q, q, count, 1) : 0;
    return result_end(&result, cut, negative, out);
}

static int op_remainder(struct mg_heap *heap, const struct mg_integer *a,
                        const struct mg_integer *b, bool floor, mg_value *out)
{
    uint64_t cut = b->count;
    struct result result;
    uint64_t *r = result_begin(&result, heap, cut);
    if (a->count < b->count) {
        memcpy(r, a->limbs, a->count * sizeof(uint64_t));
        memset(r + a->count, 0, (b->count - a->count) * sizeof(uint64_t));
    } else if (b->count == 1) {
        r[0] = mpn_mod_1(a->limbs, a->count, b->limbs[0]);
    } else {
        struct scratch scratch;
        uint64_t *q = scratch_take(&scratch, a->count - b->count + 1);
        mpn_tdiv_qr(q, r, 0, a->limbs, a->count, b->limbs, b->count);
        scratch_free(&scratch);
    }
    bool negative = a->negative;
    if (floor && a->negative != b->negative && !mpn_zero_p(r, cut)) {
        mpn_sub_n(r, b->limbs, r, cut);
        negative = b->negative;
    }
    return result_end(&result, cut, negative, out);
}

static uint64_t gcd_long(uint64_t *limbs, const struct mg_integer *a, const struct mg_integer *b)
{
    mpz_t x, y, g;
    mpz_init(g);
    mpz_gcd(g, mpz_roinit_n(x, a->limbs, (mp_size_t)a->count),
            mpz_roinit_n(y, b->limbs, (mp_size_t)b->count));
    uint64_t count = mpz_size(g);
    memcpy(limbs, mpz_limbs_read(g), count * sizeof(uint64_t));
    mpz_clear(g);
    return count;
}

static int op_gcd(struct mg_heap *heap, const struct mg_integer *a, const struct mg_integer *b,
                  mg_value *out)
{
    if (a->count < b->count) {
        const struct mg_integer *shorter = a;
        a = b;
        b = shorter;
    }
    uint64_t cut = a->count, count = cut;
    struct result result;
    uint64_t *limbs = result_begin(&result, heap, cut);
    if (b->count == 0) {
        memcpy(limbs, a->limbs, cut * sizeof(uint64_t));
    } else if (b->count == 1) {
        limbs[0] = mpn_gcd_1(a->limbs, a->count, b->limbs[0]);
        count = 1;
    } else {
        count = gcd_long(limbs, a, b);
    }
    return result_end(&result, count, false, out);
}

/* -- Bits -- */

/* The limbs of an integer in two's complement, lowest first, without end. */
struct bit_stream {
    const struct mg_integer *number;
    uint64_t mask;  /* all ones for a negative number */
    uint64_t carry; /* of adding one to the inverted magnitude */
};

static uint64_t bit_stream_next(struct bit_stream *s, uint64_t i)
{
    uint64_t limb = (i < s->number->count ? s->number->limbs[i] : 0) ^ s->mask;
    limb += s->carry;
    s->carry = s->carry && limb == 0;
    return limb;
}

static uint64_t bits_combine(enum mg_integer_op op, uint64_t a, uint64_t b)
{
    return op == MG_INTEGER_AND ? (a & b) : op == MG_INTEGER_OR ? (a | b) : (a ^ b);
}

static int op_bits(struct mg_heap *heap, enum mg_integer_op op, const struct mg_integer *a,
                   const struct mg_integer *b, mg_value *out)
{
    uint64_t cut = max_u64(a->count, b->count) + 1;
    struct result result;
    uint64_t *limbs = result_begin(&result, heap, cut);
    struct bit_stream x = {a, a->negative ? UINT64_MAX : 0, a->negative};
    struct bit_stream y = {b, b->negative ? UINT64_MAX : 0, b->negative};
    bool negative = bits_combine(op, a->negative, b->negative) != 0;
    for (uint64_t i = 0; i < cut; i++) {
        uint64_t p = bit_stream_next(&x, i), q = bit_stream_next(&y, i);
        limbs[i] = bits_combine(op, p, q);
    }
    if (negative) {
        mpn_neg(limbs, limbs, cut);
    }
    return result_end(&result, cut, negative, out);
}

static int op_shift_right(struct mg_heap *heap, const struct mg_integer *a, uint64_t by,
                          mg_value *out)
{
    uint64_t drop = by / 64, bits = by % 64;
    if (drop >= a->count) {
        *out = mg_small(a->negative ? -1 : 0);
        return MG_INTEGER_OK;
    }
    uint64_t count = a->count - drop, cut = count + 1;
    struct result result;
    uint64_t *limbs = result_begin(&result, heap, cut);
    bool lost = drop > 0 && !mpn_zero_p(a->limbs, drop);
    if (bits != 0) {
        lost = mpn_rshift(limbs, a->limbs + drop, count, (unsigned)bits) != 0 || lost;
    } else {
        memcpy(limbs, a->limbs + drop, count * sizeof(uint64_t));
    }
    limbs[count] = a->negative && lost ? mpn_add_1(limbs, limbs, count, 1) : 0;
    return result_end(&result, cut, a->negative, out);
}

static int op_shift_left(struct mg_heap *heap, const struct mg_integer *a, uint64_t by,
                         uint64_t cut, mg_value *out)
{
    uint64_t whole = by / 64, bits = by % 64;
    struct result result;
    uint64_t *limbs = result_begin(&result, heap, cut);
    memset(limbs, 0, whole * sizeof(uint64_t));
    if (bits != 0) {
        uint64_t carry = mpn_lshift(limbs + whole, a->limbs, a->count, (unsigned)bits);
        if (cut > whole + a->count) {
            limbs[whole + a->count] = carry;
        }
    } else {
        memcpy(limbs + whole, a->limbs, a->count * sizeof(uint64_t));
    }
    return result_end(&result, cut, a->negative, out);
}

static int op_shift(struct mg_heap *heap, const struct mg_integer *a, mg_value by, mg_value *out)
{
    if (a->count == 0) {
        *out = mg_small(0);
        return MG_INTEGER_OK;
    }
    if (mg_integer_sign(by) < 0) {
        uint64_t right = mg_is_small(by) ? (uint64_t)-mg_small_value(by) : UINT64_MAX;
        return op_shift_right(heap, a, right, out);
    }
    uint64_t cut = shift_limbs(a, by);
    return cut == LIMBS_BEYOND ? MG_INTEGER_TOO_LARGE
                               : op_shift_left(heap, a, (uint64_t)mg_small_value(by), cut, out);
}

int mg_integer_op(struct mg_heap *heap, enum mg_integer_op op, mg_value a, mg_value b,
                  mg_value *out)
{
    struct mg_integer x, y;
    mg_integer_view(a, &x);
    mg_integer_view(b, &y);
    if (MG_UNLIKELY(op_limbs(op, &x, &y, b) == LIMBS_BEYOND)) {
        return MG_INTEGER_TOO_LARGE;
    }
    bool divides = op >= MG_INTEGER_QUOTIENT && op <= MG_INTEGER_FLOOR_REMAINDER;
    if (divides && y.count == 0) {
        return MG_INTEGER_ZERO_DIVIDE;
    }
    switch (op) {
    case MG_INTEGER_ADD:
        return op_add(heap, &x, &y, y.negative, out);
    case MG_INTEGER_SUBTRACT:
        return op_add(heap, &x, &y, y.count != 0 && !y.negative, out);
    case MG_INTEGER_MULTIPLY:
        return op_multiply(heap, &x, &y, out);
    case MG_INTEGER_QUOTIENT:
        return op_quotient(heap, &x, &y, false, out);
    case MG_INTEGER_REMAINDER:
        return op_remainder(heap, &x, &y, false, out);
    case MG_INTEGER_FLOOR_QUOTIENT:
        return op_quotient(heap, &x, &y, true, out);
    case MG_INTEGER_FLOOR_REMAINDER:
        return op_remainder(heap, &x, &y, true, out);
    case MG_INTEGER_AND:
    case MG_INTEGER_OR:
    case MG_INTEGER_XOR:
        return op_bits(heap, op, &x, &y, out);
    case MG_INTEGER_SHIFT:
        return op_shift(heap, &x, b, out);
    case MG_INTEGER_GCD:
        return op_gcd(heap, &x, &y, out);
    }
    MG_UNREACHABLE();
}

/* -- Text -- */

/* Bits that one digit carries at least and at most. */
static uint32_t radix_bits_min(uint32_t radix)
{
    return 31 - (uint32_t)__builtin_clz(radix);
}

static uint32_t radix_bits_max(uint32_t radix)
{
    return radix_bits_min(radix) + ((radix & (radix - 1)) != 0);
}

size_t mg_integer_print_size(mg_value v, uint32_t radix)
{
    ASSERT(radix >= 2 && radix <= 36);
    uint64_t bits = mg_integer_bits(v);
    /* A third of the bits for ten: log 10 / log 2 is above 3.25. */
    uint64_t digits = radix == 10 ? bits * 4 / 13 : bits / radix_bits_min(radix);
    return digits + 3;
}

/* One limb, digits from the right. */
static size_t print_limb(uint64_t limb, uint32_t radix, char *out)
{
    char digits[64];
    size_t n = 0;
    do {
        digits[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[limb % radix];
        limb /= radix;
    } while (limb != 0);
    for (size_t i = 0; i < n; i++) {
        out[i] = digits[n - 1 - i];
    }
    return n;
}

static size_t print_decimal(uint64_t limb, char *out)
{
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + limb % 10);
        limb /= 10;
    } while (limb != 0);
    memcpy(out, digits + n, sizeof digits - n);
    return sizeof digits - n;
}

size_t mg_integer_print(mg_value v, uint32_t radix, char *out)
{
    struct mg_integer a;
    mg_integer_view(v, &a);
    char *at = out;
    if (a.negative) {
        *at++ = '-';
    }
    if (a.count <= 1) {
        uint64_t limb = a.count == 0 ? 0 : a.limbs[0];
        at += radix == 10 ? print_decimal(limb, at) : print_limb(limb, radix, at);
        return (size_t)(at - out);
    }
    /* The conversion destroys its input, and may use one limb more. */
    struct scratch scratch;
    uint64_t *copy = scratch_take(&scratch, (uint64_t)a.count + 1);
    memcpy(copy, a.limbs, a.count * sizeof(uint64_t));
    unsigned char *digits = (unsigned char *)at;
    size_t n = mpn_get_str(digits, (int)radix, copy, (mp_size_t)a.count);
    scratch_free(&scratch);
    size_t zeros = 0;
    while (zeros + 1 < n && digits[zeros] == 0) {
        zeros++;
    }
    for (size_t i = zeros; i < n; i++) {
        digits[i - zeros] = (unsigned char)"0123456789abcdefghijklmnopqrstuvwxyz"[digits[i]];
    }
    return (size_t)(at - out) + n - zeros;
}

static uint32_t digit_value(char c)
{
    uint32_t u = (unsigned char)c;
    if (u - '0' < 10) {
        return u - '0';
    }
    uint32_t letter = (u | 0x20) - 'a';
    return letter < 26 ? letter + 10 : 255;
}

uint64_t mg_integer_parse_limbs_max(size_t digits, uint32_t radix)
{
    uint64_t most = (uint64_t)MG_BIGINT_LIMBS_MAX * 64 * 2;
    uint64_t bits = digits > most ? most : digits * (uint64_t)radix_bits_max(radix);
    return bits / 64 + 2;
}

/* Long texts: the digits as numbers, then GMP's conversion by halves. */
static uint32_t parse_long(const char *text, size_t len, uint32_t radix, uint64_t *limbs)
{
    if ((len - 1) * (uint64_t)radix_bits_min(radix) >= (uint64_t)MG_BIGINT_LIMBS_MAX * 64) {
        return UINT32_MAX;
    }
    struct scratch scratch;
    unsigned char *digits = (unsigned char *)scratch_take(&scratch, (len + 7) / 8);
    for (size_t i = 0; i < len; i++) {
        digits[i] = (unsigned char)digit_value(text[i]);
    }
    uint64_t count = (uint64_t)mpn_set_str(limbs, digits, len, (int)radix);
    scratch_free(&scratch);
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count > MG_BIGINT_LIMBS_MAX ? UINT32_MAX : (uint32_t)count;
}

uint32_t mg_integer_parse_limbs(const char *text, size_t len, uint32_t radix, uint64_t *limbs)
{
    ASSERT(radix >= 2 && radix <= 36);
    if (len == 0) {
        return UINT32_MAX;
    }
    for (size_t i = 0; i < len; i++) {
        if (digit_value(text[i]) >= radix) {
            return UINT32_MAX;
        }
    }
    while (len > 1 && *text == '0') {
        text++;
        len--;
    }
    if (len * (uint64_t)radix_bits_max(radix) > 64) {
        return parse_long(text, len, radix, limbs);
    }
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n = n * radix + digit_value(text[i]);
    }
    limbs[0] = n;
    return n != 0;
}

size_t mg_integer_parse_words(size_t len, uint32_t radix)
{
    uint64_t limbs = mg_integer_parse_limbs_max(len, radix);
    return mg_integer_words_limbs(
        (uint32_t)(limbs > MG_BIGINT_LIMBS_MAX ? MG_BIGINT_LIMBS_MAX : limbs));
}

bool mg_integer_parse(struct mg_heap *heap, const char *text, size_t len, uint32_t radix,
                      mg_value *out)
{
    bool negative = len > 0 && *text == '-';
    if (negative || (len > 0 && *text == '+')) {
        text++;
        len--;
    }
    if (len == 0 || len > (uint64_t)MG_BIGINT_LIMBS_MAX * 64 * 2) {
        return false;
    }
    struct scratch scratch;
    uint64_t *limbs = scratch_take(&scratch, mg_integer_parse_limbs_max(len, radix));
    uint32_t count = mg_integer_parse_limbs(text, len, radix, limbs);
    if (count != UINT32_MAX) {
        *out = mg_integer_from_limbs(heap, limbs, count, negative);
    }
    scratch_free(&scratch);
    return count != UINT32_MAX;
}
