/* SPDX-License-Identifier: MIT */
/* The arena: pieces are zeroed, aligned, apart from each other, and stay where they are. */
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "support/unit.h"

/* How many of the bytes are not `byte`. One assertion a piece is enough, and much faster. */
static size_t count_others(const unsigned char *bytes, size_t n, unsigned char byte)
{
    size_t others = 0;
    for (size_t i = 0; i < n; i++)
        others += bytes[i] != byte;
    return others;
}

/* An arena that was never used can be ended. */
UNIT_CASE(empty_arena_ends)
{
    struct mg_arena arena;
    mg_arena_init(&arena);
    mg_arena_deinit(&arena);
    ck_assert_ptr_null(arena.chunks);
}

/* Pieces of any size come zeroed and aligned, and none overlaps another: each keeps its own
 * pattern. */
UNIT_CASE(pieces_are_apart)
{
    enum { PIECES = 3000 };
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    struct mg_arena arena = {0};
    struct mg_rng rng;
    mg_rng_seed(&rng, 1);

    for (int i = 0; i < PIECES; i++) {
        sizes[i] = mg_rng_below(&rng, mg_rng_below(&rng, 50) == 0 ? 200000 : 200);
        pieces[i] = mg_arena_alloc(&arena, sizes[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
        ck_assert_uint_eq(count_others(pieces[i], sizes[i], 0), 0);
        memset(pieces[i], i & 0xFF, sizes[i]);
    }
    for (int i = 0; i < PIECES; i++)
        ck_assert_uint_eq(count_others(pieces[i], sizes[i], i & 0xFF), 0);
    ck_assert_uint_gt(arena.used, 3000);
    mg_arena_deinit(&arena);
    ck_assert_uint_eq(arena.used, 0);
}

/* A large piece does not cost the room left in the newest chunk. */
UNIT_CASE(large_pieces_stand_alone)
{
    struct mg_arena arena = {0};
    char *before = mg_arena_alloc(&arena, 16);
    mg_arena_alloc(&arena, 1 << 20);
    char *after = mg_arena_alloc(&arena, 16);
#ifdef MG_ASAN
    ck_assert_ptr_ne(before, after); // there every piece stands alone
#else
    ck_assert_ptr_eq(before + 16, after);
#endif
    mg_arena_deinit(&arena);
}

/* A duplicate holds the bytes and ends in a zero byte. */
UNIT_CASE(strings_are_copied)
{
    struct mg_arena arena = {0};
    char text[] = "hello";
    char *copy = mg_arena_strdup(&arena, text, 4);
    text[0] = 'j';
    ck_assert_str_eq(copy, "hell");
    ck_assert_str_eq(mg_arena_strdup(&arena, NULL, 0), "");
    mg_arena_deinit(&arena);
}

UNIT_MAIN("base/arena", empty_arena_ends, pieces_are_apart, large_pieces_stand_alone,
          strings_are_copied)
