/* SPDX-License-Identifier: MIT */
/* Allocations of large objects, and their growth: see large.h. */
#include "object/large.h"

#include <string.h>

#include "base/alloc.h"

/* A range is so many times what is needed at first, and at least so much. */
#define LARGE_ROOM_FACTOR 8u
#define LARGE_ROOM_MIN ((size_t)128 << 20)

/* Smaller objects get blocks: the memory of a range comes in huge pages, of which the last is
 * partly wasted. Where faults are hunted more objects are to come this way. */
#if defined(MG_STRESS) || defined(MG_ASAN) || defined(__SANITIZE_ADDRESS__)
#define LARGE_ROOM_FROM (MG_BLOCK_SPAN_MAX / 4)
#else
#define LARGE_ROOM_FROM MG_BLOCK_SPAN_MAX
#endif

/* Bytes of memory in a range whose front so many bytes are used of. */
static size_t memory_of(uint64_t bytes)
{
    return MG_ALIGN_UP(bytes, MG_HUGE_PAGE);
}

static struct mg_large *range_alloc(uint64_t bytes)
{
    size_t memory = memory_of(bytes), room = memory * LARGE_ROOM_FACTOR;
    room = room < LARGE_ROOM_MIN ? LARGE_ROOM_MIN : room;
    struct mg_large *large = mg_pages_spare(room);
    if (large == NULL) {
        return NULL;
    }
    MG_POISON((char *)large + bytes, memory - bytes);
    large->room = room;
    return large;
}

struct mg_large *mg_large_alloc(struct mg_block_cache *blocks, uint64_t span)
{
    uint64_t bytes = sizeof(struct mg_large) + span * sizeof(mg_value);
    struct mg_large *large = bytes >= LARGE_ROOM_FROM ? range_alloc(bytes) : NULL;
    if (large == NULL) {
        large = bytes <= MG_BLOCK_SPAN_MAX ? mg_alloc(bytes) : mg_block_alloc(blocks, bytes);
        large->room = 0;
    }
    large->bytes = bytes;
    return large;
}

void mg_large_free(struct mg_large *large, struct mg_block_cache *blocks)
{
    if (large->room > 0) {
        size_t room = large->room;
        MG_UNPOISON(large, memory_of(large->bytes));
        mg_pages_release(large, room);
    } else if (large->bytes <= MG_BLOCK_SPAN_MAX) {
        mg_free(large);
    } else {
        mg_block_free(blocks, large, large->bytes);
    }
}

bool mg_heap_can_extend(const struct mg_object *o, uint64_t words)
{
    if ((o->header & (MG_FLAG_LARGE | MG_GC_SHARED)) != MG_FLAG_LARGE) {
        return false;
    }
    enum mg_format format = mg_object_format(o);
    if ((format != MG_FORMAT_ARRAY && format != MG_FORMAT_BYTES) || words <= mg_object_words(o)) {
        return false;
    }
    const struct mg_large *large = mg_large_of(o);
    return large->bytes + mg_heap_extend_bytes(o, words) <= large->room;
}

void mg_large_extend(struct mg_object *o, uint64_t words)
{
    struct mg_large *large = mg_large_of(o);
    enum mg_format format = mg_object_format(o);
    uint64_t now = mg_object_words(o);
    uint64_t cards = mg_object_card_words(format, now);
    uint64_t cards_then = mg_object_card_words(format, words);
    uint64_t bytes = large->bytes + mg_heap_extend_bytes(o, words);
    ASSERT(words > now && bytes <= large->room);

    MG_UNPOISON((char *)large + large->bytes, bytes - large->bytes);
    MG_POISON((char *)large + bytes, memory_of(bytes) - bytes);
    large->bytes = bytes;
    large->words[0] = words;

    /* The cards stand behind the body: they move first. */
    memmove(o->words + words, o->words + now, cards * sizeof(mg_value));
    memset(o->words + words + cards, 0, (cards_then - cards) * sizeof(mg_value));
    for (uint64_t i = now; i < words; i++) {
        o->words[i] = format == MG_FORMAT_ARRAY ? MG_NIL : 0;
    }
}
