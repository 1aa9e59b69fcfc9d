/* SPDX-License-Identifier: MIT */
/* Growing arrays: enough room, content kept, doubling, and an end that is noticed. */
#include "base/alloc.h"
#include "base/vec.h"
#include "support/unit.h"

/* Room is made only when it is missing, and content is kept. */
UNIT_CASE(grows_when_needed)
{
    uint64_t *items = NULL;
    uint32_t cap = 0;
    uint32_t moves = 0;
    for (uint32_t len = 0; len < 100000; len++) {
        uint32_t before = cap;
        items = mg_vec_grow(items, &cap, len + 1, sizeof *items);
        ck_assert_uint_gt(cap, len);
        moves += cap != before;
        items[len] = len * UINT64_C(3);
    }
    ck_assert_uint_lt(moves, 20); // doubling
    for (uint32_t i = 0; i < 100000; i++)
        ck_assert_uint_eq(items[i], i * UINT64_C(3));
    mg_free(items);
}

/* One call can ask for much more than double. */
UNIT_CASE(jumps)
{
    char *items = NULL;
    uint32_t cap = 0;
    items = mg_vec_grow(items, &cap, 5000, 1);
    ck_assert_uint_ge(cap, 5000);
    items[4999] = 1;
    mg_free(items);
}

static void grow_past_the_end(void *argument)
{
    uint32_t cap = UINT32_MAX;
    uint32_t len = UINT32_MAX;
    argument = mg_vec_grow(argument, &cap, len + 1, 1);
    mg_free(argument);
}

/* A count that wrapped around is noticed rather than taken for a small one. */
UNIT_CASE(wrapped_count_panics)
{
    char item;
    ck_assert(unit_dies(grow_past_the_end, &item));
}

UNIT_MAIN("base/vec", grows_when_needed, jumps, wrapped_count_panics)
