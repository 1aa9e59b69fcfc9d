/* SPDX-License-Identifier: MIT */
/* The byte buffer: one block, doubled when full, always with room for the closing zero byte. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"

enum { BUF_FIRST_CAP = 64 };

/* Makes room for `n` more bytes and the zero byte. */
static void buf_grow(struct mg_buf *buf, size_t n)
{
    CHECK(n < SIZE_MAX / 4 - buf->len);
    size_t need = buf->len + n + 1;
    if (need <= buf->cap)
        return;
    size_t cap = buf->cap ? buf->cap * 2 : BUF_FIRST_CAP;
    if (cap < need)
        cap = need;
    buf->data = mg_realloc(buf->data, cap);
    buf->cap = cap;
}

void mg_buf_init(struct mg_buf *buf)
{
    *buf = (struct mg_buf){0};
}

void mg_buf_deinit(struct mg_buf *buf)
{
    mg_free(buf->data);
    mg_buf_init(buf);
}

void mg_buf_clear(struct mg_buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = 0;
}

char *mg_buf_extend(struct mg_buf *buf, size_t n)
{
    buf_grow(buf, n);
    char *place = buf->data + buf->len;
    buf->len += n;
    buf->data[buf->len] = 0;
    ASSERT(buf->len < buf->cap);
    return place;
}

void mg_buf_put(struct mg_buf *buf, const void *data, size_t n)
{
    char *place = mg_buf_extend(buf, n);
    if (n > 0)
        memcpy(place, data, n);
}

void mg_buf_puts(struct mg_buf *buf, const char *text)
{
    mg_buf_put(buf, text, strlen(text));
}

void mg_buf_putc(struct mg_buf *buf, char c)
{
    *mg_buf_extend(buf, 1) = c;
}

void mg_buf_printf(struct mg_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mg_buf_vprintf(buf, fmt, args);
    va_end(args);
}

void mg_buf_vprintf(struct mg_buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);

    /* The first try uses the room there is; only a text that does not fit is formatted twice. */
    buf_grow(buf, 0);
    int n = vsnprintf(buf->data + buf->len, buf->cap - buf->len, fmt, args);
    CHECK(n >= 0);
    if ((size_t)n >= buf->cap - buf->len) {
        buf_grow(buf, (size_t)n);
        vsnprintf(buf->data + buf->len, buf->cap - buf->len, fmt, again);
    }
    buf->len += (size_t)n;
    va_end(again);
}

const char *mg_buf_text(const struct mg_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *mg_buf_take(struct mg_buf *buf)
{
    buf_grow(buf, 0);
    buf->data[buf->len] = 0;
    char *data = buf->data;
    mg_buf_init(buf);
    return data;
}
