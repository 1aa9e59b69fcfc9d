/* SPDX-License-Identifier: MIT */
/* Text: characters and offsets, search, changes, and texts that grow by appending. */
#include "object/string.h"

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "support/unit.h"

#define HEAP_WORDS (1u << 20)

struct fixture {
    mg_value *memory;
    struct mg_heap heap;
    struct mg_world *world;
    struct mg_rng rng;
};

static void fixture_init(struct fixture *f)
{
    f->memory = mg_alloc(HEAP_WORDS * sizeof(mg_value));
    mg_heap_init(&f->heap, f->memory, HEAP_WORDS, UINT64_MAX);
    f->world = mg_world_new();
    mg_rng_seed(&f->rng, 21);
}

static void fixture_deinit(struct fixture *f)
{
    mg_world_free(f->world);
    mg_heap_deinit(&f->heap, NULL);
    mg_free(f->memory);
}

static mg_value string(struct fixture *f, const char *text)
{
    return mg_string_new(&f->heap, text, strlen(text));
}

static mg_value symbol(struct fixture *f, const char *text)
{
    return mg_symbol(mg_symbol_intern(f->world->symbols, text, strlen(text)));
}

/* The value is a String of this text, with the right ASCII flag (Y2 of bytes.h). */
static void expect(mg_value v, const char *expected)
{
    const uint8_t *bytes;
    size_t len;
    ck_assert(mg_is_instance(v, MG_CLASS_STRING));
    mg_bytes_of(v, &bytes, &len);
    ck_assert_msg(len == strlen(expected) && memcmp(bytes, expected, len) == 0,
                  "got '%.*s', expected '%s'", (int)len, bytes, expected);
    ck_assert_int_eq(mg_string_is_ascii(v), mg_bytes_are_ascii(bytes, len));
}

static void view(struct fixture *f, mg_value v, struct mg_string_view *s)
{
    ck_assert(mg_string_view(f->world, v, s));
}

/* Strings, Symbols and Characters have a text; nothing else has, long ByteArrays included. */
UNIT_CASE(views)
{
    struct fixture f;
    struct mg_string_view s;
    fixture_init(&f);
    view(&f, string(&f, "abc"), &s);
    ck_assert(s.len == 3 && s.ascii);
    view(&f, symbol(&f, "at:put:"), &s);
    ck_assert(s.len == 7 && s.ascii && memcmp(s.bytes, "at:put:", 7) == 0);
    view(&f, mg_character(0xe4), &s);
    ck_assert(s.len == 2 && !s.ascii && memcmp(s.bytes, "\xc3\xa4", 2) == 0);
    ck_assert(!mg_string_view(f.world, MG_NIL, &s));
    ck_assert(!mg_string_view(f.world, mg_small(3), &s));
    ck_assert(!mg_string_view(f.world, mg_bytes_new(&f.heap, NULL, 10), &s));
    ck_assert(!mg_string_view(f.world, mg_bytes_new(&f.heap, NULL, 10000), &s));
    mg_value large = mg_string_repeat(&f.heap, f.world, string(&f, "abc"), 5000);
    view(&f, large, &s);
    ck_assert(s.len == 15000 && s.ascii);
    fixture_deinit(&f);
}

/* S1, S2: places and offsets, in ASCII and in other text. */
UNIT_CASE(places_and_offsets)
{
    struct fixture f;
    struct mg_string_view s;
    uint32_t cp;
    fixture_init(&f);
    view(&f, string(&f, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"), &s); /* a, ae, euro, a face, z */
    static const uint32_t cps[] = {'a', 0xe4, 0x20ac, 0x1f600, 'z'};
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 11};
    ck_assert_uint_eq(mg_string_size(&s), 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(mg_string_char_at(&s, i, &cp));
        ck_assert_uint_eq(cp, cps[i]);
        ck_assert_uint_eq(mg_string_place(&s, offsets[i]), i);
    }
    for (size_t i = 0; i < MG_ARRAY_LEN(offsets); i++) {
        ck_assert_uint_eq(mg_string_offset(&s, i), offsets[i]);
    }
    ck_assert(!mg_string_char_at(&s, 5, &cp));
    view(&f, string(&f, "xyz"), &s);
    ck_assert(mg_string_char_at(&s, 2, &cp) && cp == 'z');
    ck_assert(!mg_string_char_at(&s, 3, &cp));
    ck_assert_uint_eq(mg_string_offset(&s, 100), 3);
    fixture_deinit(&f);
}

static void expect_range(struct fixture *f, const char *text, int64_t first, int64_t last,
                         const char *expected)
{
    struct mg_string_view s;
    size_t offset, len;
    mg_value v = string(f, text);
    view(f, v, &s);
    mg_string_range(&s, first, last, &offset, &len);
    mg_value *before = f->heap.alloc;
    size_t words = mg_string_part_words(v, len);
    expect(mg_string_part(&f->heap, f->world, v, offset, len), expected);
    ck_assert_uint_eq((size_t)(before - f->heap.alloc), words);
}

UNIT_CASE(ranges_are_moved_inside)
{
    struct fixture f;
    fixture_init(&f);
    expect_range(&f, "maggie", 3, 99, "ggie");
    expect_range(&f, "maggie", -5, 2, "ma");
    expect_range(&f, "maggie", 4, 3, "");
    expect_range(&f, "maggie", 7, 9, "");
    expect_range(&f, "maggie", INT64_MIN, INT64_MAX, "maggie");
    expect_range(&f, "", 1, 1, "");
    expect_range(&f, "\xc3\xa4\xc3\xb6\xc3\xbc", 2, 2, "\xc3\xb6");
    expect_range(&f, "\xc3\xa4\xc3\xb6\xc3\xbc", 2, 9, "\xc3\xb6\xc3\xbc");
    expect_range(&f, "a\xc3\xa4", 1, 1, "a");
    fixture_deinit(&f);
}

static size_t find(struct fixture *f, const char *text, size_t from, const char *part)
{
    struct mg_string_view s, p;
    view(f, string(f, text), &s);
    view(f, string(f, part), &p);
    return mg_string_find(&s, from, &p);
}

UNIT_CASE(search_and_order)
{
    struct fixture f;
    struct mg_string_view a, b;
    fixture_init(&f);
    ck_assert_uint_eq(find(&f, "banana", 0, "nan"), 2);
    ck_assert_uint_eq(find(&f, "banana", 3, "an"), 3);
    ck_assert_uint_eq(find(&f, "banana", 0, "z"), MG_STRING_NONE);
    ck_assert_uint_eq(find(&f, "banana", 6, "a"), MG_STRING_NONE);
    ck_assert_uint_eq(find(&f, "banana", 0, ""), MG_STRING_NONE);
    ck_assert_uint_eq(find(&f, "", 0, "a"), MG_STRING_NONE);
    view(&f, string(&f, "abc"), &a);
    view(&f, symbol(&f, "abd"), &b);
    ck_assert_int_lt(mg_string_compare(&a, &b), 0);
    ck_assert_int_eq(mg_string_compare(&a, &a), 0);
    view(&f, string(&f, "ab"), &b);
    ck_assert_int_gt(mg_string_compare(&a, &b), 0);
    ck_assert(mg_string_starts(&a, &b) && !mg_string_ends(&a, &b));
    view(&f, mg_character('c'), &b);
    ck_assert(!mg_string_starts(&a, &b) && mg_string_ends(&a, &b));
    view(&f, string(&f, ""), &b);
    ck_assert(mg_string_starts(&a, &b) && mg_string_ends(&a, &b) && mg_string_starts(&b, &b));
    ck_assert(!mg_string_starts(&b, &a));
    view(&f, string(&f, "\xef\xbf\xbf"), &a); /* U+FFFF before U+10000, unlike in UTF-16 */
    view(&f, string(&f, "\xf0\x90\x80\x80"), &b);
    ck_assert_int_lt(mg_string_compare(&a, &b), 0);
    fixture_deinit(&f);
}

static void expect_trim(struct fixture *f, const char *text, bool begin, bool end,
                        const char *expected)
{
    struct mg_string_view s;
    size_t offset, len;
    mg_value v = string(f, text);
    view(f, v, &s);
    mg_string_trim(&s, begin, end, &offset, &len);
    expect(mg_string_part(&f->heap, f->world, v, offset, len), expected);
}

UNIT_CASE(trimming)
{
    struct fixture f;
    fixture_init(&f);
    expect_trim(&f, " \t a b\n", true, true, "a b");
    expect_trim(&f, " \t a b\n", true, false, "a b\n");
    expect_trim(&f, " \t a b\n", false, true, " \t a b");
    expect_trim(&f, "  ", true, true, "");
    expect_trim(&f, "", true, true, "");
    expect_trim(&f, "\xc2\xa0\xe3\x80\x80x\xe3\x80\x80", true, true,
                "x"); /* no-break and ideographic spaces */
    fixture_deinit(&f);
}

/* Each maker uses the words it asked for, and no more. */
#define MAKE(f, words_call, call)                                       \
    __extension__({                                                     \
        size_t words_ = (words_call);                                   \
        mg_value *before_ = (f)->heap.alloc;                            \
        mg_value v_ = (call);                                           \
        ck_assert_uint_eq((size_t)(before_ - (f)->heap.alloc), words_); \
        v_;                                                             \
    })

static mg_value concat(struct fixture *f, mg_value a, mg_value b)
{
    return MAKE(f, mg_string_concat_words(f->world, a, b),
                mg_string_concat(&f->heap, f->world, a, b));
}

static mg_value replace(struct fixture *f, const char *text, mg_value part, mg_value by)
{
    mg_value v = string(f, text);
    return MAKE(f, mg_string_replace_words(f->world, v, part, by),
                mg_string_replace(&f->heap, f->world, v, part, by));
}

static mg_value change_case(struct fixture *f, const char *text, bool upper)
{
    mg_value v = string(f, text);
    return MAKE(f, mg_string_case_words(f->world, v, upper),
                mg_string_case(&f->heap, f->world, v, upper));
}

static mg_value reverse(struct fixture *f, mg_value v)
{
    return MAKE(f, mg_string_reverse_words(f->world, v), mg_string_reverse(&f->heap, f->world, v));
}

static mg_value quoted(struct fixture *f, mg_value v)
{
    return MAKE(f, mg_string_quoted_words(f->world, v), mg_string_quoted(&f->heap, f->world, v));
}

UNIT_CASE(making)
{
    struct fixture f;
    fixture_init(&f);
    expect(concat(&f, string(&f, "ab"), symbol(&f, "cd")), "abcd");
    expect(concat(&f, symbol(&f, "ab"), mg_character(0x20ac)), "ab\xe2\x82\xac");
    expect(concat(&f, string(&f, ""), string(&f, "")), "");
    expect(mg_string_repeat(&f.heap, f.world, string(&f, "ab"), 3), "ababab");
    expect(mg_string_repeat(&f.heap, f.world, string(&f, "ab"), 0), "");
    expect(mg_string_repeat(&f.heap, f.world, string(&f, "\xc3\xa4"), 0), "");
    ck_assert_uint_eq(mg_string_repeat_words(f.world, string(&f, "ab"), UINT64_MAX),
                      MG_STRING_REFUSED);
    expect(change_case(&f, "Abz{", true), "ABZ{");
    expect(change_case(&f, "ABz[@", false), "abz[@");
    expect(change_case(&f, "\xc3\xa4\xc3\x9fx", true), "\xc3\x84\xc3\x9fX");
    expect(change_case(&f, "\xc3\x84X", false), "\xc3\xa4x");
    expect(change_case(&f, "\xc8\xba", false), "\xe2\xb1\xa5"); /* grows from two bytes to three */
    expect(change_case(&f, "\xe2\x84\xaa", false), "k");        /* shrinks to ASCII */
    expect(reverse(&f, string(&f, "ab\xc3\xa4")), "\xc3\xa4"
                                                  "ba");
    expect(reverse(&f, symbol(&f, "abc")), "cba");
    expect(replace(&f, "banana", string(&f, "an"), string(&f, "x")), "bxxa");
    expect(replace(&f, "banana", mg_character('a'), string(&f, "oo")), "boonoonoo");
    expect(replace(&f, "banana", string(&f, ""), string(&f, "x")), "banana");
    expect(replace(&f, "\xc3\xa4", string(&f, "\xc3\xa4"), string(&f, "ae")), "ae");
    expect(quoted(&f, string(&f, "it's")), "'it''s'");
    expect(quoted(&f, string(&f, "")), "''");
    expect(quoted(&f, symbol(&f, "foo")), "#foo");
    expect(quoted(&f, symbol(&f, "at:put:")), "#at:put:");
    expect(quoted(&f, symbol(&f, "<=")), "#<=");
    expect(quoted(&f, symbol(&f, "|")), "#'|'");
    expect(quoted(&f, symbol(&f, "a b")), "#'a b'");
    expect(quoted(&f, symbol(&f, "it's")), "#'it''s'");
    expect(quoted(&f, symbol(&f, "A::B")), "#'A::B'");
    expect(quoted(&f, symbol(&f, "9a")), "#'9a'");
    expect(quoted(&f, symbol(&f, "")), "#''");
    expect(quoted(&f, symbol(&f, "\xc3\xa4_9")), "#\xc3\xa4_9");
    expect(quoted(&f, mg_character('a')), "$a");
    fixture_deinit(&f);
}

static void expect_split(struct fixture *f, mg_value v, mg_value separator, const char *joined)
{
    mg_value parts = MAKE(f, mg_string_split_words(f->world, v, separator),
                          mg_string_split(&f->heap, f->world, v, separator));
    mg_value text = string(f, "");
    for (uint64_t i = 0; i < mg_object_words(mg_object(parts)); i++) {
        text = concat(f, concat(f, text, mg_slot(parts, (uint32_t)i)), mg_character('|'));
    }
    expect(text, joined);
}

UNIT_CASE(splitting)
{
    struct fixture f;
    fixture_init(&f);
    expect_split(&f, string(&f, "a,b,,c"), string(&f, ","), "a|b||c|");
    expect_split(&f, string(&f, ""), string(&f, ","), "|");
    expect_split(&f, string(&f, "a,"), mg_character(','), "a||");
    expect_split(&f, string(&f, ",a"), mg_character(','), "|a|");
    expect_split(&f, string(&f, "abab"), string(&f, "ab"), "|||");
    expect_split(&f, string(&f, "a\xc3\xa4z"), string(&f, ""), "a|\xc3\xa4|z|");
    expect_split(&f, string(&f, ""), string(&f, ""), "");
    expect_split(&f, symbol(&f, "at:put:"), mg_character(':'), "at|put||");
    mg_value characters = mg_string_characters(&f.heap, f.world, string(&f, "a\xc3\xa4"));
    ck_assert_uint_eq(mg_object_words(mg_object(characters)), 2);
    ck_assert_uint_eq(mg_slot(characters, 1), mg_character(0xe4));
    fixture_deinit(&f);
}

UNIT_CASE(hexadecimal)
{
    uint8_t bytes[4] = {0x00, 0x9a, 0xff, 0x68}, back[4];
    char text[8];
    mg_string_hex(bytes, 4, text);
    ck_assert(memcmp(text, "009aff68", 8) == 0);
    ck_assert(mg_string_unhex("009AfF68", 8, back) && memcmp(back, bytes, 4) == 0);
    ck_assert(!mg_string_unhex("abc", 3, back));
    ck_assert(!mg_string_unhex("0g", 2, back));
}

/* S4: a text that is appended to again and again, with older texts kept and appended to
 * differently: every String keeps its text, and the long one is not copied each time. */
UNIT_CASE(appending)
{
    struct fixture f;
    fixture_init(&f);
    char *model = mg_alloc(1 << 20);
    size_t len = 0, places = 0;
    mg_value text = string(&f, ""), branch = MG_NIL;
    const struct mg_bytes *before = NULL;
    for (int i = 0; i < 20000; i++) {
        char piece[32];
        int n = snprintf(piece, sizeof piece, i % 997 == 0 ? "\xc3\xa4%d" : "<%d>", i);
        text = concat(&f, text, string(&f, piece));
        memcpy(model + len, piece, (size_t)n);
        len += (size_t)n;
        if (mg_has_format(text, MG_FORMAT_SHARED) && mg_bytes_shared(mg_object(text)) != before) {
            before = mg_bytes_shared(mg_object(text));
            places++;
        }
        if (i % 1000 == 999) {
            /* The older text of the two goes its own way. */
            branch = concat(&f, text, string(&f, "other"));
            mg_value other = concat(&f, text, string(&f, "another"));
            model[len] = 0;
            memcpy(model + len, "other", 6);
            const uint8_t *bytes;
            size_t n_branch;
            mg_bytes_of(branch, &bytes, &n_branch);
            ck_assert(n_branch == len + 5 && memcmp(bytes, model, n_branch) == 0);
            mg_bytes_of(other, &bytes, &n_branch);
            ck_assert(n_branch == len + 7 && memcmp(bytes + len, "another", 7) == 0);
        }
        if (f.heap.alloc - f.heap.stack < 4096) {
            ck_abort_msg("heap too small");
        }
    }
    const uint8_t *bytes;
    size_t n;
    mg_bytes_of(text, &bytes, &n);
    ck_assert(n == len && memcmp(bytes, model, len) == 0);
    ck_assert_int_eq(mg_string_is_ascii(text), 0);
    ck_assert_uint_le(places, 64); /* doublings, and one copy for each branch */
    mg_free(model);
    fixture_deinit(&f);
}

struct appender {
    struct mg_heap heap;
    mg_value *memory;
    const struct mg_world *world;
    mg_value text;
    uint32_t letter;
    uint32_t start;
};

/* Appends its letter to the text it was given; whatever others do, the text is that text and then
 * its letters. */
static void *appender_run(void *argument)
{
    struct appender *a = argument;
    for (uint32_t i = 0; i < 4000; i++) {
        a->text = mg_string_concat(&a->heap, a->world, a->text, mg_character(a->letter));
    }
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(a->text, &bytes, &len);
    CHECK(len == a->start + 4000);
    for (size_t i = 0; i < len; i++) {
        CHECK(bytes[i] == (i < a->start ? '.' : a->letter));
    }
    return NULL;
}

/* S4 among actors: several have the same text and each appends to it. */
UNIT_CASE(appending_to_a_common_text)
{
    enum { THREADS = 3, WORDS = 1 << 16 };
    struct fixture f;
    struct appender appenders[THREADS];
    pthread_t threads[THREADS];
    fixture_init(&f);
    mg_value text = mg_string_repeat(&f.heap, f.world, mg_character('.'), 5000);
    text = concat(&f, text, mg_character('.')); /* now there is room behind it */
    for (uint32_t t = 0; t < THREADS; t++) {
        struct appender *a = &appenders[t];
        a->memory = mg_alloc(WORDS * sizeof(mg_value));
        mg_heap_init(&a->heap, a->memory, WORDS, UINT64_MAX);
        a->world = f.world;
        a->text = mg_bytes_slice(&a->heap, text, 0, 5001);
        a->letter = 'a' + t;
        a->start = 5001;
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        ck_assert_int_eq(pthread_create(&threads[t], NULL, appender_run, &appenders[t]), 0);
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        mg_heap_deinit(&appenders[t].heap, NULL);
        mg_free(appenders[t].memory);
    }
    fixture_deinit(&f);
}

/* Random text: changes agree with a plain model on code points. */
UNIT_CASE(random_text)
{
    static const uint32_t alphabet[] = {'a', 'b', ',', ' ', 0xe4, 0xc4, 0x20ac, 0x1f600, 'Z'};
    struct fixture f;
    fixture_init(&f);
    for (int round = 0; round < 3000; round++) {
        f.heap.alloc = f.heap.end;
        uint32_t cps[40];
        uint8_t bytes[200];
        size_t count = mg_rng_below(&f.rng, 40), len = 0;
        for (size_t i = 0; i < count; i++) {
            cps[i] = alphabet[mg_rng_below(&f.rng, MG_ARRAY_LEN(alphabet))];
            len += (size_t)mg_utf8_encode(cps[i], bytes + len);
        }
        mg_value v = mg_string_new(&f.heap, (const char *)bytes, len);
        mg_value characters = mg_string_characters(&f.heap, f.world, v);
        mg_value back = mg_string_characters(&f.heap, f.world, reverse(&f, v));
        ck_assert_uint_eq(mg_object_words(mg_object(characters)), count);
        for (uint32_t i = 0; i < count; i++) {
            ck_assert_uint_eq(mg_slot(characters, i), mg_character(cps[i]));
            ck_assert_uint_eq(mg_slot(back, (uint32_t)count - 1 - i), mg_character(cps[i]));
        }
        /* Splitting and joining again gives the text; so does replacing there and back. */
        mg_value comma = mg_character(','), parts = mg_string_split(&f.heap, f.world, v, comma);
        mg_value joined = mg_slot(parts, 0);
        for (uint32_t i = 1; i < mg_object_words(mg_object(parts)); i++) {
            joined = concat(&f, concat(&f, joined, comma), mg_slot(parts, i));
        }
        ck_assert(mg_bytes_equal(joined, v));
        mg_value there = mg_string_replace(&f.heap, f.world, v, comma, string(&f, "\xe2\x80\xa2;"));
        ck_assert(mg_bytes_equal(
            mg_string_replace(&f.heap, f.world, there, string(&f, "\xe2\x80\xa2;"), comma), v));
    }
    fixture_deinit(&f);
}

UNIT_MAIN("object/string", views, places_and_offsets, ranges_are_moved_inside, search_and_order,
          trimming, making, splitting, hexadecimal, appending, appending_to_a_common_text,
          random_text)
