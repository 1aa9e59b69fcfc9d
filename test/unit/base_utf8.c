/* SPDX-License-Identifier: MIT */
/* UTF-8: every code point there and back, every malformed shape refused, indexes right. */
#include <string.h>

#include "base/utf8.h"
#include "support/unit.h"

/* U1: exactly the code points encode, and each decodes to itself from exactly its bytes. */
UNIT_CASE(all_code_points_round_trip)
{
    for (uint32_t cp = 0; cp <= 0x110100; cp++) {
        uint8_t bytes[4];
        int len = mg_utf8_encode(cp, bytes);
        if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
            ck_assert_int_eq(len, 0);
            continue;
        }
        uint32_t back = 0;
        if (len < 1 || mg_utf8_decode(bytes, (size_t)len, &back) != len || back != cp)
            ck_abort_msg("U+%04X does not round-trip", cp);
        if (mg_utf8_decode(bytes, (size_t)len - 1, &back) != 0)
            ck_abort_msg("U+%04X decodes from too few bytes", cp);
    }
    ck_assert_int_eq(mg_utf8_encode(UINT32_MAX, (uint8_t[4]){0}), 0);
}

/* Every sequence of two bytes, and of three and four where the lead byte matters, is judged as the
 * table of well-formed sequences says. */
UNIT_CASE(malformed_is_refused)
{
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x7F",
        "\xC2\xC0",
        "\xE0\x9F\xBF",
        "\xE0\x80\x80",
        "\xE1\x80",
        "\xE1\x80\x7F",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF0\x80\x80\x80",
        "\xF1\x80\x80",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(bad); i++) {
        uint32_t cp = 77;
        ck_assert_int_eq(mg_utf8_decode((const uint8_t *)bad[i], strlen(bad[i]), &cp), 0);
        ck_assert_uint_eq(cp, 77);
        ck_assert(!mg_utf8_valid((const uint8_t *)bad[i], strlen(bad[i])));
    }
    ck_assert_int_eq(mg_utf8_decode((const uint8_t *)"", 0, &(uint32_t){0}), 0);

    for (unsigned first = 0x80; first < 0x100; first++) {
        for (unsigned second = 0; second < 0x100; second++) {
            uint8_t pair[2] = {(uint8_t)first, (uint8_t)second};
            bool good = first >= 0xC2 && first <= 0xDF && (second & 0xC0) == 0x80;
            ck_assert_int_eq(mg_utf8_valid(pair, 2), good);
        }
    }
}

/* One bad byte is found wherever it stands in a long text. */
UNIT_CASE(validity_sees_every_byte)
{
    uint8_t text[64];
    for (size_t n = 0; n <= sizeof text; n++) {
        memset(text, 'a', sizeof text);
        ck_assert(mg_utf8_valid(text, n));
        for (size_t i = 0; i < n; i++) {
            text[i] = 0xFF;
            ck_assert(!mg_utf8_valid(text, n));
            text[i] = 'a';
        }
    }
}

/* Counts and offsets agree with a walk, for texts of mixed widths and any alignment. */
UNIT_CASE(indexes_agree_with_a_walk)
{
    static const uint32_t cps[] = {'a', 0xE9, 0x20AC, 0x1F600, 'b', 'c', 0x3B1};
    uint8_t text[256];
    for (size_t start = 0; start < MG_ARRAY_LEN(cps); start++) {
        size_t n = 0;
        size_t count = 0;
        while (n < sizeof text - 4) {
            ck_assert_uint_eq(mg_utf8_count(text, n), count);
            for (size_t i = 0, at = 0; i < count; i++) {
                ck_assert_uint_eq(mg_utf8_offset(text, n, i), at);
                uint32_t cp;
                at += (size_t)mg_utf8_decode(text + at, n - at, &cp);
            }
            ck_assert_uint_eq(mg_utf8_offset(text, n, count), n);
            ck_assert_uint_eq(mg_utf8_offset(text, n, count + 9), n);
            n += (size_t)mg_utf8_encode(cps[(start + count * count) % MG_ARRAY_LEN(cps)], text + n);
            count++;
        }
    }
}

/* ASCII classes are the usual ones, although utf8proc is not asked. */
UNIT_CASE(ascii_classes)
{
    for (uint32_t cp = 0; cp < 0x80; cp++) {
        bool upper = cp >= 'A' && cp <= 'Z';
        bool lower = cp >= 'a' && cp <= 'z';
        ck_assert_int_eq(mg_cp_is_upper(cp), upper);
        ck_assert_int_eq(mg_cp_is_lower(cp), lower);
        ck_assert_int_eq(mg_cp_is_letter(cp), upper || lower);
        ck_assert_int_eq(mg_cp_is_digit(cp), cp >= '0' && cp <= '9');
        ck_assert_int_eq(mg_cp_is_space(cp), cp == ' ' || (cp >= 9 && cp <= 13));
        ck_assert_uint_eq(mg_cp_upper(cp), lower ? cp - 32 : cp);
        ck_assert_uint_eq(mg_cp_lower(cp), upper ? cp + 32 : cp);
    }
}

/* Beyond ASCII the classes are Unicode's. */
UNIT_CASE(unicode_classes)
{
    ck_assert(mg_cp_is_letter(0xE9) && mg_cp_is_lower(0xE9) && !mg_cp_is_upper(0xE9));
    ck_assert(mg_cp_is_upper(0x416) && mg_cp_lower(0x416) == 0x436 && mg_cp_upper(0x436) == 0x416);
    ck_assert(mg_cp_is_letter(0x4E2D) && !mg_cp_is_upper(0x4E2D) && !mg_cp_is_lower(0x4E2D));
    ck_assert(mg_cp_is_digit(0x663) && !mg_cp_is_digit(0xBD) && !mg_cp_is_letter(0x663));
    ck_assert(mg_cp_is_space(0xA0) && mg_cp_is_space(0x2028) && mg_cp_is_space(0x85));
    ck_assert(!mg_cp_is_space(0x200B) && !mg_cp_is_letter(0x1F600));
    ck_assert_uint_eq(mg_cp_upper(0xDF), 0xDF); // no single capital
}

/* What is no code point has no class and no other case. */
UNIT_CASE(no_code_point_no_class)
{
    static const uint32_t none[] = {0xD800, 0xDFFF, 0x110000, UINT32_MAX};
    for (size_t i = 0; i < MG_ARRAY_LEN(none); i++) {
        uint32_t cp = none[i];
        ck_assert(!mg_cp_is_letter(cp) && !mg_cp_is_digit(cp) && !mg_cp_is_space(cp));
        ck_assert(!mg_cp_is_upper(cp) && !mg_cp_is_lower(cp));
        ck_assert(mg_cp_upper(cp) == cp && mg_cp_lower(cp) == cp);
    }
}

UNIT_MAIN("base/utf8", all_code_points_round_trip, malformed_is_refused, validity_sees_every_byte,
          indexes_agree_with_a_walk, ascii_classes, unicode_classes, no_code_point_no_class)
