/* SPDX-License-Identifier: MIT */
/* The allocator's back end: mimalloc where the build has it (MG_USE_MIMALLOC), the C library's
 * under the sanitizers, which want to see each block themselves. Pages come straight from the
 * kernel.
 */
#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/assert.h"

#ifdef MG_USE_MIMALLOC
#include <mimalloc.h>
#define alloc_raw(size) mi_malloc(size)
#define alloc_raw_zero(size) mi_zalloc(size)
#define alloc_raw_realloc(block, size) mi_realloc(block, size)
#define alloc_raw_aligned(align, size) mi_malloc_aligned(size, align)
#define alloc_raw_free(block) mi_free(block)
#else
#define alloc_raw(size) malloc(size)
#define alloc_raw_zero(size) calloc(1, size)
#define alloc_raw_realloc(block, size) realloc(block, size)
#define alloc_raw_aligned(align, size) aligned_alloc(align, MG_ALIGN_UP(size, align))
#define alloc_raw_free(block) free(block)
#endif

static MG_COLD MG_NORETURN void alloc_failed(size_t size)
{
    mg_panic("out of memory: cannot allocate %zu bytes", size);
}

void *mg_alloc(size_t size)
{
    void *block = alloc_raw(size ? size : 1);
    if (MG_UNLIKELY(!block))
        alloc_failed(size);
    return block;
}

void *mg_alloc_zero(size_t size)
{
    void *block = alloc_raw_zero(size ? size : 1);
    if (MG_UNLIKELY(!block))
        alloc_failed(size);
    return block;
}

void *mg_realloc(void *block, size_t size)
{
    void *moved = alloc_raw_realloc(block, size ? size : 1);
    if (MG_UNLIKELY(!moved))
        alloc_failed(size);
    return moved;
}

void *mg_alloc_aligned(size_t align, size_t size)
{
    CHECK(align >= sizeof(void *) && (align & (align - 1)) == 0);
    void *block = alloc_raw_aligned(align, size ? size : 1);
    if (MG_UNLIKELY(!block))
        alloc_failed(size);
    return block;
}

char *mg_alloc_copy(const void *data, size_t n)
{
    char *copy = mg_alloc(n + 1);
    if (n > 0)
        memcpy(copy, data, n);
    copy[n] = 0;
    return copy;
}

void mg_free(void *block)
{
    alloc_raw_free(block);
}

static void *pages_map(size_t size)
{
    CHECK(size > 0);
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void *mg_pages_reserve(size_t size)
{
    void *pages = pages_map(size);
    if (MG_UNLIKELY(!pages))
        alloc_failed(size);
    return pages;
}

static void *pages_map_huge(size_t size)
{
    CHECK(size % MG_HUGE_PAGE == 0);

    /* The kernel promises page alignment only: map one huge page more and cut off both ends. */
    char *start = pages_map(size + MG_HUGE_PAGE);
    if (!start)
        return NULL;
    char *aligned = (char *)MG_ALIGN_UP((uintptr_t)start, MG_HUGE_PAGE);
    size_t before = (size_t)(aligned - start);
    size_t after = MG_HUGE_PAGE - before;
    if (before > 0)
        mg_pages_release(start, before);
    if (after > 0)
        mg_pages_release(aligned + size, after);

    /* Harmless when it fails: the pages are then ordinary ones. */
    (void)madvise(aligned, size, MADV_HUGEPAGE);
    return aligned;
}

void *mg_pages_huge(size_t size)
{
    void *pages = pages_map_huge(size);
    if (MG_UNLIKELY(!pages))
        alloc_failed(size);
    return pages;
}

void *mg_pages_spare(size_t size)
{
    struct rlimit limit;
    bool limited = getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
    return limited ? NULL : pages_map_huge(size);
}

void mg_pages_discard(void *pages, size_t size)
{
    int failed = madvise(pages, size, MADV_DONTNEED);
    CHECK(!failed);
}

void mg_pages_release(void *pages, size_t size)
{
    int failed = munmap(pages, size);
    CHECK(!failed);
}
