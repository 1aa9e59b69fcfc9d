/* SPDX-License-Identifier: MIT */
/* Memory: alignment, zeroing, growth, whole pages. */
#include <string.h>

#include "base/alloc.h"
#include "support/unit.h"

/* Every block is aligned to 16 bytes and can be written to its end; so can one of size 0 be
 * freed. */
UNIT_CASE(blocks_are_aligned)
{
    for (size_t size = 0; size < 300; size++) {
        char *block = mg_alloc(size);
        ck_assert_uint_eq((uintptr_t)block % (size >= 16 ? 16 : 8), 0);
        memset(block, 0xAA, size);
        mg_free(block);
    }
    mg_free(NULL);
}

/* A zeroed block reads as zero even where a used one was freed just before. */
UNIT_CASE(zeroed_blocks_are_zero)
{
    for (size_t size = 1; size < 5000; size += 97) {
        char *dirty = mg_alloc(size);
        memset(dirty, 0xFF, size);
        mg_free(dirty);
        char *clean = mg_alloc_zero(size);
        for (size_t i = 0; i < size; i++)
            ck_assert_int_eq(clean[i], 0);
        mg_free(clean);
    }
}

/* Growth and shrinking keep the content that fits. */
UNIT_CASE(realloc_keeps_content)
{
    char *block = mg_realloc(NULL, 10);
    memcpy(block, "012345678", 10);
    block = mg_realloc(block, 100000);
    ck_assert_str_eq(block, "012345678");
    block = mg_realloc(block, 5);
    ck_assert_int_eq(memcmp(block, "01234", 5), 0);
    mg_free(block);
}

/* An aligned block stands at a multiple of its alignment, whatever its size. */
UNIT_CASE(alignment_is_kept)
{
    for (size_t align = 8; align <= 65536; align *= 2) {
        char *block = mg_alloc_aligned(align, 33);
        ck_assert_uint_eq((uintptr_t)block % align, 0);
        memset(block, 1, 33);
        mg_free(block);
    }
}

/* A copy holds the bytes, zero bytes among them, and ends in one more. */
UNIT_CASE(copies_end_in_zero)
{
    char *copy = mg_alloc_copy("a\0b", 3);
    ck_assert_int_eq(memcmp(copy, "a\0b", 4), 0);
    mg_free(copy);
    char *empty = mg_alloc_copy(NULL, 0);
    ck_assert_str_eq(empty, "");
    mg_free(empty);
}

/* Reserved pages read as zero, keep what is written, and read as zero again once discarded. */
UNIT_CASE(pages_are_zero_until_touched)
{
    size_t size = (size_t)1 << 30; // address space only
    char *pages = mg_pages_reserve(size);
    ck_assert_int_eq(pages[size - 1], 0);
    pages[size - 1] = 7;
    ck_assert_int_eq(pages[size - 1], 7);
    mg_pages_discard(pages, size);
    ck_assert_int_eq(pages[size - 1], 0);
    mg_pages_release(pages, size);
}

/* Huge pages begin at a multiple of 2 MiB and all of them can be used. */
UNIT_CASE(huge_pages_are_aligned)
{
    size_t size = (size_t)4 << 20;
    for (int i = 0; i < 3; i++) {
        char *pages = mg_pages_huge(size);
        ck_assert_uint_eq((uintptr_t)pages % (2 << 20), 0);
        pages[0] = 1;
        pages[size - 1] = 1;
        mg_pages_release(pages, size);
    }
}

static void alloc_all(void *argument)
{
    (void)argument;
    mg_pages_reserve((size_t)1 << 60);
}

/* A request that the machine cannot meet ends in a panic, never in NULL. */
UNIT_CASE(exhaustion_panics)
{
    ck_assert(unit_dies(alloc_all, NULL));
}

UNIT_MAIN("base/alloc", blocks_are_aligned, zeroed_blocks_are_zero, realloc_keeps_content,
          alignment_is_kept, copies_end_in_zero, pages_are_zero_until_touched,
          huge_pages_are_aligned, exhaustion_panics)
