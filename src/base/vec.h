/* SPDX-License-Identifier: MIT */
/* Growing arrays, used by hand: the owner keeps `items`, `len` and `cap` under names of its own.
 *
 *     if (s->line_len == s->line_cap)
 *         s->lines = mg_vec_grow(s->lines, &s->line_cap, s->line_len + 1, sizeof *s->lines);
 *     s->lines[s->line_len++] = line;
 *
 * Rejected: a typed container macro. It saves two lines a use and costs every reader the macro.
 *
 * Memory: the owner releases `items` with mg_free. Threads: the owner's.
 */
#ifndef MG_BASE_VEC_H
#define MG_BASE_VEC_H

#include "base/compiler.h"

/* Room for at least `need` items of `item_size` bytes: at least doubles `*cap`, which counts items,
 * when it is too small. `items` may be NULL with a cap of 0. Returns where the items are now; new
 * ones are not initialised. Panics when 2^32 items are not enough. */
void *mg_vec_grow(void *items, uint32_t *cap, uint32_t need, size_t item_size) MG_MUST_CHECK;

#endif
