/* SPDX-License-Identifier: MIT */
/* The byte buffer: what was put comes out, and a zero byte always follows. */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "support/unit.h"

/* An empty buffer reads as "", and can be ended, cleared and taken. */
UNIT_CASE(starts_empty)
{
    struct mg_buf buf;
    mg_buf_init(&buf);
    ck_assert_str_eq(mg_buf_text(&buf), "");
    mg_buf_clear(&buf);
    mg_buf_deinit(&buf);
    char *taken = mg_buf_take(&buf);
    ck_assert_str_eq(taken, "");
    mg_free(taken);
}

/* B1: after every kind of put, the text is what was put, with its zero byte. */
UNIT_CASE(puts_append)
{
    struct mg_buf buf = {0};
    mg_buf_puts(&buf, "one");
    mg_buf_putc(&buf, ' ');
    mg_buf_put(&buf, "two!", 3);
    mg_buf_printf(&buf, " %d%s", 3, ".");
    memcpy(mg_buf_extend(&buf, 2), "ab", 2);
    mg_buf_put(&buf, NULL, 0);
    mg_buf_puts(&buf, "");
    ck_assert_str_eq(buf.data, "one two 3.ab");
    ck_assert_uint_eq(buf.len, strlen(buf.data));
    ck_assert_uint_lt(buf.len, buf.cap);
    mg_buf_deinit(&buf);
    ck_assert_ptr_null(buf.data);
}

/* Growth byte by byte keeps all of it. */
UNIT_CASE(growth_keeps_content)
{
    struct mg_buf buf = {0};
    for (int i = 0; i < 100000; i++)
        mg_buf_putc(&buf, (char)('a' + i % 26));
    ck_assert_uint_eq(buf.len, 100000);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(buf.data[i], 'a' + i % 26);
    mg_buf_deinit(&buf);
}

/* Formatted text of any length is put whole, at and around the room there is. */
UNIT_CASE(printf_fits_exactly)
{
    for (int width = 1; width < 300; width++) {
        struct mg_buf buf = {0};
        mg_buf_printf(&buf, "%*d", width, 7);
        mg_buf_printf(&buf, "%*d", width, 8);
        ck_assert_uint_eq(buf.len, 2 * (size_t)width);
        ck_assert_int_eq(buf.data[width - 1], '7');
        ck_assert_int_eq(buf.data[2 * width - 1], '8');
        ck_assert_int_eq(buf.data[2 * width], 0);
        mg_buf_deinit(&buf);
    }
}

/* Taking hands the bytes over and leaves an empty buffer; clearing keeps the memory. */
UNIT_CASE(take_and_clear)
{
    struct mg_buf buf = {0};
    mg_buf_puts(&buf, "mine");
    char *taken = mg_buf_take(&buf);
    ck_assert_str_eq(taken, "mine");
    ck_assert_uint_eq(buf.len + buf.cap, 0);
    mg_free(taken);

    mg_buf_puts(&buf, "again");
    size_t cap = buf.cap;
    mg_buf_clear(&buf);
    ck_assert_str_eq(mg_buf_text(&buf), "");
    ck_assert_uint_eq(buf.cap, cap);
    mg_buf_deinit(&buf);
}

static void put_too_much(void *argument)
{
    struct mg_buf buf = {0};
    (void)argument;
    mg_buf_extend(&buf, SIZE_MAX / 2);
}

/* A length near the end of the address space is refused rather than wrapped around. */
UNIT_CASE(absurd_lengths_panic)
{
    ck_assert(unit_dies(put_too_much, NULL));
}

UNIT_MAIN("base/buf", starts_empty, puts_append, growth_keeps_content, printf_fits_exactly,
          take_and_clear, absurd_lengths_panic)
