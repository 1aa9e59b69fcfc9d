/* SPDX-License-Identifier: MIT */
/* Memory from the machine: ordinary allocations, and whole pages for those who manage their own.
 *
 * None of these functions returns NULL. A process that is out of memory stops with a report
 * (mg_panic): a limit that a program can run into is checked before the allocation, by whoever owns
 * the limit.
 *
 * A1  What mg_alloc, mg_alloc_zero, mg_realloc and mg_alloc_aligned return is released with mg_free
 *     and nothing else; what mg_pages_* return, with mg_pages_release and its size.
 *
 * Threads: any thread may allocate; any thread may free what another one allocated.
 */
#ifndef MG_BASE_ALLOC_H
#define MG_BASE_ALLOC_H

#include "base/compiler.h"

/* `size` bytes, not initialised, aligned to 16. A size of 0 gives a pointer that can be freed. */
void *mg_alloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));

/* The same, filled with zeros. */
void *mg_alloc_zero(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));

/* Moves `block` (or NULL) to a block of `size` bytes, with as much of its content as fits. The old
 * pointer is dead afterwards. */
void *mg_realloc(void *block, size_t size) __attribute__((alloc_size(2), returns_nonnull));

/* `size` bytes aligned to `align`, a power of two of at least 8. */
void *mg_alloc_aligned(size_t align, size_t size)
    __attribute__((malloc, alloc_size(2), returns_nonnull));

/* A copy of the `n` bytes at `data`, followed by a zero byte that is not counted. */
char *mg_alloc_copy(const void *data, size_t n) __attribute__((malloc, returns_nonnull));

/* Releases a block from the functions above; NULL is allowed. */
void mg_free(void *block);

enum { MG_HUGE_PAGE = 2 << 20 }; /* bytes */

/* `size` bytes of address space, page-aligned; pages read as zero and cost memory at their first
 * touch only. */
void *mg_pages_reserve(size_t size) __attribute__((returns_nonnull));

/* The same, aligned to 2 MiB and backed by huge pages where the machine has them. `size` is a
 * multiple of 2 MiB. */
void *mg_pages_huge(size_t size) __attribute__((returns_nonnull));

/* The same, much of which may never be touched. NULL where the process may not have all the address
 * space there is, or has used it. */
void *mg_pages_spare(size_t size);

/* Gives the memory behind whole pages back, keeping the addresses: they read as zero again. */
void mg_pages_discard(void *pages, size_t size);

/* Ends the life of what one of the functions above gave, all of it. */
void mg_pages_release(void *pages, size_t size);

#endif
