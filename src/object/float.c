/* SPDX-License-Identifier: MIT */
/* Printing finds the digits one by one with exact integers (the free-format method of Steele and
 * White, and Dragon4): d and half the gaps to its neighbours are held over a common denominator,
 * and digits come out until what is left is within a gap. There are two arithmetics for it: numbers
 * of everyday size have a denominator that is a power of two below 2^122, or are whole, and fit 128
 * bits; all others use long integers of 32-bit digits.
 *
 * Reading takes the short way when the digits and the power of ten are exact doubles (one rounding
 * in all), and strtod otherwise.
 *
 * Rejected: printing with growing precision until strtod reads the same number: 5 to 15 times
 * slower, and wrong where the gaps to both sides differ. Tables of 128-bit powers of ten (Ryu and
 * its kin) would be twice as fast as the 128-bit path, for 10 KB of numbers that nobody can read.
 *
 * Threads and memory: float.h.
 */
#include "object/float.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>

typedef unsigned __int128 float_wide;

/* A positive double as mantissa * 2^exponent. */
struct float_parts {
    uint64_t mantissa;
    int exponent;
    bool even;         /* numbers half-way to a neighbour read back as this one */
    bool narrow_below; /* the next smaller double is only half as far as the next greater one */
};

static struct float_parts float_split(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int biased = (int)(bits >> 52 & 0x7ff);
    struct float_parts p;
    p.mantissa = biased == 0 ? fraction : fraction | (uint64_t)1 << 52;
    p.exponent = (biased == 0 ? 1 : biased) - 1075;
    p.even = (fraction & 1) == 0;
    p.narrow_below = fraction == 0 && biased > 1;
    return p;
}

/* -- 128 bits -- */

/* Rests stand over 2^shift with the shift at most this, so that ten times one and a gap more still
 * fit. */
#define WIDE_SHIFT_MAX 124

/* Removes zeros at the end of n digits. */
static int digits_trim(const char *digits, int n)
{
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    return n;
}

/* Writes the digits of a whole number; answers how many. */
static int digits_whole(uint64_t whole, char *digits)
{
    char reversed[20];
    int n = 0;
    for (; whole != 0; whole /= 10) {
        reversed[n++] = (char)('0' + whole % 10);
    }
    for (int i = 0; i < n; i++) {
        digits[i] = reversed[n - 1 - i];
    }
    return n;
}

/* d = mantissa / 2^-exponent with -exponent from 1 to WIDE_SHIFT_MAX - 2. `low` and `high` are half
 * the gaps to the neighbours; two bits more keep them whole. */
static int digits_wide(const struct float_parts *p, char *digits, int *point)
{
    int shift = 2 - p->exponent;
    float_wide one = (float_wide)1 << shift;
    float_wide rest = ((float_wide)p->mantissa << 2) & (one - 1);
    float_wide low = p->narrow_below ? 1 : 2, high = 2;
    uint64_t whole = shift < 66 ? p->mantissa >> (shift - 2) : 0;
    int n = 0;
    *point = 0;
    if (whole != 0) {
        bool down = p->even ? rest <= low : rest < low;
        bool up = p->even ? rest + high >= one : rest + high > one;
        n = digits_whole(up && !down ? whole + 1 : whole, digits);
        *point = n;
        if (down || up) {
            return digits_trim(digits, n);
        }
    }
    for (;;) {
        rest *= 10;
        low *= 10;
        high *= 10;
        int digit = (int)(rest >> shift);
        rest &= one - 1;
        bool down = p->even ? rest <= low : rest < low;
        bool up = p->even ? rest + high >= one : rest + high > one;
        if (up && (!down || rest * 2 > one || (rest * 2 == one && (digit & 1)))) {
            digit++; /* never to 10: the digit before would have been the last */
        }
        if (n == 0 && digit == 0) {
            (*point)--;
        } else {
            digits[n++] = (char)('0' + digit);
        }
        if (down || up) {
            return n;
        }
    }
}

/* -- Long integers -- */

#define LONG_WORDS 40 /* 2^1076 * 10 and more */

struct float_long {
    uint32_t count; /* words in use; the highest is not zero */
    uint32_t words[LONG_WORDS];
};

static void long_set(struct float_long *a, uint64_t n)
{
    a->words[0] = (uint32_t)n;
    a->words[1] = (uint32_t)(n >> 32);
    a->count = a->words[1] != 0 ? 2 : a->words[0] != 0;
}

static void long_multiply(struct float_long *a, uint32_t by)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        carry += (uint64_t)a->words[i] * by;
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        ASSERT(a->count < LONG_WORDS);
        a->words[a->count++] = (uint32_t)carry;
    }
}

static void long_scale(struct float_long *a, int power_of_ten)
{
    for (; power_of_ten >= 9; power_of_ten -= 9) {
        long_multiply(a, 1000000000);
    }
    for (; power_of_ten > 0; power_of_ten--) {
        long_multiply(a, 10);
    }
}

static void long_shift(struct float_long *a, int bits)
{
    uint32_t whole = (uint32_t)bits / 32;
    if (a->count == 0) {
        return;
    }
    ASSERT(a->count + whole < LONG_WORDS);
    memmove(a->words + whole, a->words, a->count * sizeof a->words[0]);
    memset(a->words, 0, whole * sizeof a->words[0]);
    a->count += whole;
    long_multiply(a, UINT32_C(1) << bits % 32);
}

static int long_compare(const struct float_long *a, const struct float_long *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (uint32_t i = a->count; i-- > 0;) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Compares a + b with c. */
static int long_compare_sum(const struct float_long *a, const struct float_long *b,
                            const struct float_long *c)
{
    struct float_long sum = *a;
    uint64_t carry = 0;
    for (uint32_t i = 0; i < b->count || carry != 0; i++) {
        if (i >= sum.count) {
            ASSERT(i < LONG_WORDS);
            sum.words[i] = 0;
            sum.count = i + 1;
        }
        carry += (uint64_t)sum.words[i] + (i < b->count ? b->words[i] : 0);
        sum.words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return long_compare(&sum, c);
}

/* a := a mod b, where a is below 10 b; answers the quotient. */
static int long_divide(struct float_long *a, const struct float_long *b)
{
    int quotient = 0;
    while (long_compare(a, b) >= 0) {
        uint64_t borrow = 0;
        for (uint32_t i = 0; i < a->count; i++) {
            uint64_t n = (uint64_t)a->words[i] - (i < b->count ? b->words[i] : 0) - borrow;
            a->words[i] = (uint32_t)n;
            borrow = n >> 63;
        }
        while (a->count > 0 && a->words[a->count - 1] == 0) {
            a->count--;
        }
        quotient++;
    }
    return quotient;
}

/* d = rest / one, with half the gaps over the same denominator; then one is scaled so that d is
 * 0.DIGITS * 10^point. */
static int digits_long(const struct float_parts *p, char *digits, int *point)
{
    struct float_long rest, one, low, high;
    int up_shift = p->exponent > 0 ? p->exponent : 0,
        down_shift = p->exponent < 0 ? -p->exponent : 0;
    long_set(&rest, p->mantissa);
    long_shift(&rest, up_shift + 2);
    long_set(&one, 1);
    long_shift(&one, down_shift + 2);
    long_set(&low, p->narrow_below ? 1 : 2);
    long_shift(&low, up_shift);
    long_set(&high, 2);
    long_shift(&high, up_shift);

    /* At most one too small, since the mantissa's lower bits are left out. */
    int top = p->exponent + 63 - __builtin_clzll(p->mantissa);
    int scale = (int)ceil(top * 0.30102999566398119521 - 1e-10);
    long_scale(&one, scale);
    long_scale(&rest, -scale);
    long_scale(&low, -scale);
    long_scale(&high, -scale);
    int edge = long_compare_sum(&rest, &high, &one);
    if (edge > 0 || (edge == 0 && p->even)) {
        long_multiply(&one, 10);
        scale++;
    }
    *point = scale;

    for (int n = 0;;) {
        long_multiply(&rest, 10);
        long_multiply(&low, 10);
        long_multiply(&high, 10);
        int digit = long_divide(&rest, &one);
        int below = long_compare(&rest, &low), above = long_compare_sum(&rest, &high, &one);
        bool down = below < 0 || (below == 0 && p->even);
        bool up = above > 0 || (above == 0 && p->even);
        if (up) {
            int half = long_compare_sum(&rest, &rest, &one);
            digit += !down || half > 0 || (half == 0 && (digit & 1));
        }
        digits[n++] = (char)('0' + digit);
        if (down || up) {
            return n;
        }
    }
}

int mg_float_digits(double d, char digits[17], int *point)
{
    ASSERT(d > 0 && isfinite(d));
    if (d < 0x1p53 && trunc(d) == d) {
        int n = digits_whole((uint64_t)d, digits);
        *point = n;
        return digits_trim(digits, n);
    }
    struct float_parts p = float_split(d);
    return p.exponent < 0 && p.exponent >= 2 - WIDE_SHIFT_MAX ? digits_wide(&p, digits, point)
                                                              : digits_long(&p, digits, point);
}

/* -- Printing -- */

static size_t text_put(char *out, const char *text)
{
    size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

/* 0.001234, 12.34, 1234000.0 */
static size_t print_plain(const char *digits, int n, int point, char *out)
{
    char *at = out;
    if (point <= 0) {
        at += text_put(at, "0.");
        for (int i = point; i < 0; i++) {
            *at++ = '0';
        }
    }
    for (int i = 0; i < n || i < point; i++) {
        if (i == point && point > 0) {
            *at++ = '.';
        }
        *at++ = i < n ? digits[i] : '0';
    }
    if (n <= point) {
        at += text_put(at, ".0");
    }
    return (size_t)(at - out);
}

/* 1.234e-7 */
static size_t print_exponent(const char *digits, int n, int exponent, char *out)
{
    char *at = out;
    *at++ = digits[0];
    *at++ = '.';
    if (n == 1) {
        *at++ = '0';
    }
    memcpy(at, digits + 1, (size_t)n - 1);
    at += n - 1;
    *at++ = 'e';
    if (exponent < 0) {
        *at++ = '-';
        exponent = -exponent;
    }
    at += digits_whole((uint64_t)exponent, at);
    return (size_t)(at - out);
}

size_t mg_float_print(double d, char out[MG_FLOAT_TEXT_MAX])
{
    if (isnan(d)) {
        return text_put(out, "NaN");
    }
    char *at = out;
    if (signbit(d)) {
        *at++ = '-';
        d = -d;
    }
    if (isinf(d)) {
        at += text_put(at, "Infinity");
    } else if (d == 0) {
        at += text_put(at, "0.0");
    } else {
        char digits[17];
        int point, n = mg_float_digits(d, digits, &point);
        at += point >= -3 && point <= 16 ? print_plain(digits, n, point, at)
                                         : print_exponent(digits, n, point - 1, at);
    }
    ASSERT(at - out <= MG_FLOAT_TEXT_MAX);
    return (size_t)(at - out);
}

/* -- Reading -- */

static bool text_is(const char *text, size_t len, const char *lower)
{
    if (len != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((text[i] | 0x20) != lower[i]) {
            return false;
        }
    }
    return true;
}

static bool parse_word(const char *text, size_t len, double *out)
{
    if (text_is(text, len, "infinity") || text_is(text, len, "inf")) {
        *out = INFINITY;
        return true;
    }
    if (text_is(text, len, "nan")) {
        *out = NAN;
        return true;
    }
    return false;
}

/* A number in parts: digits as a whole number while they fit, and the power of ten to multiply it
 * by. */
struct float_text {
    uint64_t digits;
    int64_t power;
    bool exact; /* all digits are in `digits` */
};

#define TEXT_DIGITS_MAX 18
#define TEXT_POWER_MAX 1000000

static const char *text_digits(const char *p, const char *end, struct float_text *t, int *count,
                               bool fraction)
{
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (*count < TEXT_DIGITS_MAX) {
            t->digits = t->digits * 10 + (uint64_t)(*p - '0');
            *count += t->digits != 0;
            t->power -= fraction;
        } else {
            t->exact = t->exact && *p == '0';
            t->power += !fraction;
        }
    }
    return p;
}

/* Whether the text is digits, fraction, exponent, in that order and nothing else. */
static bool text_scan(const char *p, const char *end, struct float_text *t)
{
    int count = 0;
    *t = (struct float_text){.exact = true};
    const char *start = p;
    p = text_digits(p, end, t, &count, false);
    if (p == start) {
        return false;
    }
    if (p < end && *p == '.') {
        start = ++p;
        p = text_digits(p, end, t, &count, true);
        if (p == start) {
            return false;
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        bool negative = p < end && *p == '-';
        p += p < end && (*p == '-' || *p == '+');
        int64_t exponent = 0;
        start = p;
        for (; p < end && *p >= '0' && *p <= '9'; p++) {
            exponent = exponent < TEXT_POWER_MAX ? exponent * 10 + (*p - '0') : exponent;
        }
        if (p == start) {
            return false;
        }
        t->power += negative ? -exponent : exponent;
    }
    return p == end;
}

/* The machine's reader wants a zero behind the text. */
static double parse_long(const char *text, size_t len)
{
    char small[128];
    char *copy = len < sizeof small ? small : mg_alloc(len + 1);
    memcpy(copy, text, len);
    copy[len] = 0;
    double d = strtod(copy, NULL);
    if (copy != small) {
        mg_free(copy);
    }
    return d;
}

bool mg_float_parse(const char *text, size_t len, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool negative = len > 0 && *text == '-';
    if (negative || (len > 0 && *text == '+')) {
        text++;
        len--;
    }
    struct float_text t;
    double d;
    if (!text_scan(text, text + len, &t)) {
        if (!parse_word(text, len, &d)) {
            return false;
        }
    } else if (t.exact && t.digits < UINT64_C(1) << 53 && t.power >= -22 && t.power <= 22) {
        d = t.power < 0 ? (double)t.digits / powers[-t.power] : (double)t.digits * powers[t.power];
    } else {
        d = parse_long(text, len);
        if (isinf(d)) {
            return false;
        }
    }
    *out = negative ? -d : d;
    return true;
}

double mg_float_round(enum mg_rounding rounding, double d)
{
    switch (rounding) {
    case MG_ROUND_TRUNCATE:
        return trunc(d);
    case MG_ROUND_FLOOR:
        return floor(d);
    case MG_ROUND_CEILING:
        return ceil(d);
    case MG_ROUND_NEAREST:
        return round(d);
    }
    MG_UNREACHABLE();
}
