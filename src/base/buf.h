/* SPDX-License-Identifier: MIT */
/* A growing buffer of bytes, for text being put together and for bytes being encoded.
 *
 * B1  Once anything was put, `data[len]` is a zero byte that is not counted, so `data` is a C
 *     string when the bytes put are text.
 * B2  `data` is NULL only while `cap` is 0.
 *
 * Memory: the buffer owns `data` until _take or _deinit. Threads: the owner's.
 */
#ifndef MG_BASE_BUF_H
#define MG_BASE_BUF_H

#include <stdarg.h>

#include "base/compiler.h"

struct mg_buf {
    char *data; // NULL while nothing was put
    size_t len; // bytes put
    size_t cap; // bytes allocated, more than len
};

/* An empty buffer; allocates nothing. A struct of zeros is the same. */
void mg_buf_init(struct mg_buf *buf);

/* Releases the bytes and leaves the buffer empty, as after _init. */
void mg_buf_deinit(struct mg_buf *buf);

/* Forgets the bytes but keeps the memory. */
void mg_buf_clear(struct mg_buf *buf);

/* Appends bytes, a C string, one byte. `data` must not point into the buffer itself. */
void mg_buf_put(struct mg_buf *buf, const void *data, size_t n);
void mg_buf_puts(struct mg_buf *buf, const char *text);
void mg_buf_putc(struct mg_buf *buf, char c);

/* Appends formatted text. */
void mg_buf_printf(struct mg_buf *buf, const char *fmt, ...) MG_PRINTF(2, 3);
void mg_buf_vprintf(struct mg_buf *buf, const char *fmt, va_list args) MG_PRINTF(2, 0);

/* Appends `n` bytes that the caller fills in: returns where, valid until the next call on this
 * buffer. */
char *mg_buf_extend(struct mg_buf *buf, size_t n);

/* The bytes as a C string, "" when there are none; valid until the next call on this buffer. */
const char *mg_buf_text(const struct mg_buf *buf);

/* Hands the bytes to the caller, who releases them with mg_free, and leaves the buffer empty. Never
 * NULL; a zero byte follows the bytes. Read `len` before. */
char *mg_buf_take(struct mg_buf *buf);

#endif
