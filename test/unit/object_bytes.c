/* SPDX-License-Identifier: MIT */
/* Strings and byte arrays: the choice between inline and shared, parts, hashes, and writing. */
#include "object/bytes.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "support/heap.h"
#include "support/unit.h"

static char text[20000];

static void text_fill(void)
{
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
}

static void check_content(mg_value v, const char *expected, size_t len)
{
    const uint8_t *bytes;
    size_t n;
    mg_bytes_of(v, &bytes, &n);
    ck_assert_uint_eq(n, len);
    ck_assert_uint_eq(mg_bytes_len(v), len);
    ck_assert_mem_eq(bytes, expected, len);
    mg_object_audit(mg_object(v));
}

/* Texts up to 4 KiB are inline, longer ones shared; what was reserved is exactly what is taken. */
UNIT_CASE(chooses_a_form)
{
    struct test_heap t;
    text_fill();
    test_heap_init(&t, UINT64_MAX);
    static const size_t sizes[] = {0, 1, 7, 8, 9, 100, 2030, 4095, 4096, 4097, 20000};
    for (size_t i = 0; i < MG_ARRAY_LEN(sizes); i++) {
        size_t len = sizes[i];
        ck_assert_int_eq(test_reserve(&t, mg_string_words(len)), 0);
        mg_value *before = t.heap.alloc;
        mg_value v = mg_string_new(&t.heap, text, len);
        ck_assert_uint_eq((size_t)(before - t.heap.alloc), mg_string_words(len));
        test_push(&t, v);
        ck_assert_int_eq(mg_object_format(mg_object(v)),
                         len <= MG_SHARE_BYTES ? MG_FORMAT_STRING : MG_FORMAT_SHARED);
        check_content(v, text, len);
        ck_assert_int_eq(test_reserve(&t, mg_bytes_words(len)), 0);
        v = mg_bytes_new(&t.heap, (const uint8_t *)text, len);
        test_push(&t, v);
        check_content(v, text, len);
        ck_assert_uint_eq(mg_object_class(mg_object(v)), MG_CLASS_BYTE_ARRAY);
    }
    test_audit(&t);
    test_heap_deinit(&t);
}

/* The ASCII flag says whether all bytes are below 128. */
UNIT_CASE(knows_ascii)
{
    for (size_t at = 0; at < 40; at++) {
        uint8_t bytes[40] = {0};
        ck_assert(mg_bytes_are_ascii(bytes, sizeof bytes));
        bytes[at] = 0x80;
        ck_assert(!mg_bytes_are_ascii(bytes, sizeof bytes));
        ck_assert(mg_bytes_are_ascii(bytes, at));
    }
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    ck_assert(mg_string_is_ascii(test_string(&t, "plain", 5)));
    ck_assert(!mg_string_is_ascii(test_string(&t, "caf\xc3\xa9", 5)));
    test_heap_deinit(&t);
}

/* A part shares only if it is long, the whole is shared, and it is more than a quarter of it. */
UNIT_CASE(parts_share_or_copy)
{
    struct test_heap t;
    text_fill();
    test_heap_init(&t, UINT64_MAX);
    test_string(&t, text, sizeof text);
    struct part {
        size_t offset, len;
        enum mg_format format;
        bool shares;
    } parts[] = {
        {0, 100, MG_FORMAT_STRING, false},   {19900, 100, MG_FORMAT_STRING, false},
        {5, 4096, MG_FORMAT_STRING, false},  {5, 5000, MG_FORMAT_SHARED, false},
        {5, 5001, MG_FORMAT_SHARED, true},   {0, 20000, MG_FORMAT_SHARED, true},
        {19999, 1, MG_FORMAT_STRING, false}, {20000, 0, MG_FORMAT_STRING, false},
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(parts); i++) {
        const struct part *p = &parts[i];
        size_t words = mg_bytes_slice_words(*test_at(&t, 0), p->len);
        ck_assert_int_eq(test_reserve(&t, words), 0);
        mg_value *before = t.heap.alloc;
        mg_value v = mg_bytes_slice(&t.heap, *test_at(&t, 0), p->offset, p->len);
        ck_assert_uint_eq((size_t)(before - t.heap.alloc), words);
        test_push(&t, v);
        check_content(v, text + p->offset, p->len);
        ck_assert_int_eq(mg_object_format(mg_object(v)), p->format);
        const struct mg_object *whole = mg_object(*test_at(&t, 0));
        bool shares = p->format == MG_FORMAT_SHARED &&
                      mg_bytes_shared(mg_object(v)) == mg_bytes_shared(whole);
        ck_assert_int_eq(shares, p->shares);
    }
    test_audit(&t);

    /* A part of a part is measured against the whole. */
    mg_value part = *test_at(&t, 5);
    ck_assert_int_eq(test_reserve(&t, mg_bytes_slice_words(part, 5000)), 0);
    mg_value v = mg_bytes_slice(&t.heap, *test_at(&t, 5), 1, 5000);
    check_content(v, text + 6, 5000);
    ck_assert_ptr_ne(mg_bytes_shared(mg_object(v)), mg_bytes_shared(mg_object(*test_at(&t, 0))));
    test_push(&t, v);

    /* The whole may go: the part keeps the bytes. */
    *test_at(&t, 0) = MG_NIL;
    mg_heap_collect(&t.heap, true, &t.roots);
    check_content(*test_at(&t, 5), text + 5, 5001);
    test_heap_deinit(&t);
}

/* A part of a text that is not ASCII can be. */
UNIT_CASE(parts_look_at_ascii_again)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    test_string(&t, "na\xc3\xafve", 6);
    ck_assert_int_eq(test_reserve(&t, mg_bytes_slice_words(*test_at(&t, 0), 2)), 0);
    mg_value v = mg_bytes_slice(&t.heap, *test_at(&t, 0), 0, 2);
    ck_assert(mg_string_is_ascii(v));
    mg_object_audit(mg_object(v));
    test_heap_deinit(&t);
}

/* Equal texts have equal hashes in both forms, and the hash is that of the bytes. */
UNIT_CASE(hashes_and_compares)
{
    struct test_heap t;
    text_fill();
    test_heap_init(&t, UINT64_MAX);
    test_string(&t, text, 5000);
    test_string(&t, text, 5000);
    test_string(&t, text + 1, 5000);
    test_string(&t, text, 50);
    test_string(&t, text, 50);
    test_string(&t, text, 49);
    ck_assert(mg_bytes_equal(*test_at(&t, 0), *test_at(&t, 1)));
    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(mg_string_hash(*test_at(&t, i)),
                          mg_hash_bytes(text + (i == 2), mg_bytes_len(*test_at(&t, i))));
    ck_assert(mg_bytes_equal(*test_at(&t, 0), *test_at(&t, 1)));
    ck_assert(!mg_bytes_equal(*test_at(&t, 0), *test_at(&t, 2)));
    ck_assert(mg_bytes_equal(*test_at(&t, 3), *test_at(&t, 4)));
    ck_assert(!mg_bytes_equal(*test_at(&t, 3), *test_at(&t, 5)));
    ck_assert_uint_eq(mg_object(*test_at(&t, 3))->words[0] >> 32, mg_hash_bytes(text, 50));

    /* Literals are not written to. */
    test_string(&t, "literal", 7);
    struct mg_object *literal = mg_object(*test_at(&t, 6));
    literal->header |= MG_GC_SHARED;
    ck_assert_uint_eq(mg_string_hash(mg_pointer(literal)), mg_hash_bytes("literal", 7));
    ck_assert_uint_eq(literal->words[0] >> 32, 0);
    literal->header &= ~MG_GC_SHARED;
    test_heap_deinit(&t);
}

/* A shared ByteArray is made private by the first write, once. */
UNIT_CASE(writes_are_private)
{
    struct test_heap t;
    text_fill();
    test_heap_init(&t, UINT64_MAX);
    ck_assert_int_eq(test_reserve(&t, 100), 0);
    struct mg_bytes *bytes = mg_bytes_alloc(9000);
    memcpy(bytes->data, text, 9000);
    test_push(&t, mg_bytes_adopt(&t.heap, MG_CLASS_BYTE_ARRAY, bytes));
    ck_assert_ptr_eq(mg_bytes_writable(*test_at(&t, 0)), bytes->data); /* nobody else holds it */
    test_push(&t, mg_bytes_slice(&t.heap, *test_at(&t, 0), 100, 8000));
    ck_assert(!mg_bytes_is_sole(bytes));
    uint8_t *own = mg_bytes_writable(*test_at(&t, 1));
    ck_assert_ptr_ne(own, bytes->data + 100);
    ck_assert(mg_bytes_is_sole(bytes));
    own[0] = '!';
    ck_assert_ptr_eq(mg_bytes_writable(*test_at(&t, 1)), own);
    check_content(*test_at(&t, 0), text, 9000);
    const uint8_t *now;
    size_t len;
    mg_bytes_of(*test_at(&t, 1), &now, &len);
    ck_assert_uint_eq(now[0], '!');
    ck_assert_mem_eq(now + 1, text + 101, 7999);
    test_audit(&t);
    test_heap_deinit(&t);
}

/* A table is inline whatever its size, and all zeros. */
UNIT_CASE(tables_are_inline)
{
    struct test_heap t;
    test_heap_init(&t, UINT64_MAX);
    ck_assert_int_eq(test_reserve(&t, mg_bytes_inline_words(50000)), 0);
    mg_value v = mg_bytes_new_inline(&t.heap, 50000);
    test_push(&t, v);
    ck_assert_int_eq(mg_object_format(mg_object(v)), MG_FORMAT_BYTES);
    mg_bytes_writable(v)[49999] = 1;
    mg_heap_collect(&t.heap, true, &t.roots);
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(*test_at(&t, 0), &bytes, &len);
    ck_assert_uint_eq(len, 50000);
    ck_assert_uint_eq(bytes[49999], 1);
    ck_assert_uint_eq(bytes[0], 0);
    test_audit(&t);
    test_heap_deinit(&t);
}

UNIT_MAIN("object/bytes", chooses_a_form, knows_ascii, parts_share_or_copy,
          parts_look_at_ascii_again, hashes_and_compares, writes_are_private, tables_are_inline)
