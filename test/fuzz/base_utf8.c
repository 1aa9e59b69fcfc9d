/* SPDX-License-Identifier: MIT */
/* Decoding any bytes: what is valid decodes and encodes to itself, code point by code point, and
 * counts and offsets agree with a walk over the text.
 */
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "support/fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    {"plain text of more than sixteen bytes", 0},
    {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80", 0},
    {"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF", 0},
    {NULL, 0},
};
const char *const fuzz_words[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82\xAC",
                                  NULL};

void fuzz_one(const uint8_t *data, size_t n)
{
    size_t at = 0;
    size_t count = 0;
    bool valid = true;
    while (at < n) {
        uint32_t cp;
        int len = mg_utf8_decode(data + at, n - at, &cp);
        if (len == 0) {
            valid = false;
            break;
        }
        uint8_t again[4];
        CHECK(mg_utf8_encode(cp, again) == len);
        CHECK(memcmp(again, data + at, (size_t)len) == 0);
        if (mg_utf8_valid(data, n))
            CHECK(mg_utf8_offset(data, n, count) == at);
        at += (size_t)len;
        count++;
    }
    CHECK(mg_utf8_valid(data, n) == valid);
    if (valid)
        CHECK(mg_utf8_count(data, n) == count);
}
