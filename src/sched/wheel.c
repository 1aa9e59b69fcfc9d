/* SPDX-License-Identifier: MIT */
/* The wheel. See wheel.h.
 *
 * `now` is the last tick that was reached: nodes at ticks <= now have fired or are pending.
 * Advancing steps from one busy slot to the next by the bit masks, never tick by tick. The nodes of
 * a slot that comes up move to the pending circle as a whole; each is then due, or goes into a
 * lower level. A stop in the middle leaves the rest there for the next call.
 *
 * Threads and memory: see wheel.h.
 */
#include "sched/wheel.h"

#include "base/atomic.h"

#define SLOT_MASK (MG_WHEEL_SLOTS - 1)

static inline uint64_t word_load(const struct mg_wait_timer *node)
{
    /* D1 acquire: an armed bit that is gone says that the wheel is done with the node. Pairs with
     * D2 in word_swap(). */
    return load_acquire(&node->word);
}

static inline bool word_swap(struct mg_wait_timer *node, uint64_t *expected, uint64_t word)
{
    /* D2 acq_rel: user and wheel hand the node to each other. Pairs with D1 in word_load(). */
    return cas_acq_rel(&node->word, expected, word);
}

static inline void word_store(struct mg_wait_timer *node, uint64_t word)
{
    /* D3 release: for a node that only one thread knows at this moment. Pairs with D1 in
     * word_load(). */
    store_release(&node->word, word);
}

static inline uint64_t word_make(uint64_t tick, bool armed)
{
    return tick << 1 | (armed ? 1 : 0);
}

void mg_wheel_init(struct mg_wheel *wheel, uint16_t owner, uint64_t now_ns)
{
    wheel->now = mg_tick_now(now_ns);
    wheel->count = 0;
    wheel->owner = owner;
    wheel->pending.next = wheel->pending.prev = &wheel->pending;
    for (uint32_t level = 0; level < MG_WHEEL_LEVELS; level++) {
        wheel->busy[level] = 0;
        for (uint32_t slot = 0; slot < MG_WHEEL_SLOTS; slot++) {
            struct mg_wait_timer *head = &wheel->slots[level][slot];
            head->next = head->prev = head;
        }
    }
}

void mg_wheel_node_init(struct mg_wait_timer *node, enum mg_timer_kind kind)
{
    node->next = node->prev = NULL;
    word_store(node, word_make(MG_TICK_NONE, false));
    node->position = 0;
    node->owner = 0;
    node->kind = (uint16_t)kind;
}

bool mg_wheel_can_move(const struct mg_wheel *wheel, const struct mg_wait_timer *node,
                       uint64_t tick)
{
    ASSERT(node->owner == wheel->owner);
    uint64_t position =
        wheel->now + (uint64_t)(int64_t)(int32_t)(node->position - (uint32_t)wheel->now);
    return tick >= position;
}

bool mg_wheel_node_move(struct mg_wait_timer *node, uint64_t tick)
{
    uint64_t word = word_load(node);
    while ((word & 1) != 0) {
        if (word_swap(node, &word, word_make(tick, true)))
            return true;
    }
    return false;
}

/* Links a node into the slot for a tick above wheel->now. */
static void wheel_link(struct mg_wheel *wheel, struct mg_wait_timer *node, uint64_t tick)
{
    ASSERT(tick > wheel->now);
    if (MG_UNLIKELY(tick - wheel->now > MG_WHEEL_REACH))
        tick = wheel->now + MG_WHEEL_REACH; // looked at again there
    uint64_t differs = tick ^ wheel->now;
    uint32_t level = (63 - (uint32_t)__builtin_clzll(differs)) / MG_WHEEL_SLOT_BITS;
    if (MG_UNLIKELY(level >= MG_WHEEL_LEVELS))
        level = MG_WHEEL_LEVELS - 1; // the present turn of the last level ends between
    uint32_t slot = (uint32_t)(tick >> (level * MG_WHEEL_SLOT_BITS)) & SLOT_MASK;
    struct mg_wait_timer *head = &wheel->slots[level][slot];
    node->next = head;
    node->prev = head->prev;
    head->prev->next = node;
    head->prev = node;
    node->position = (uint32_t)tick;
    wheel->busy[level] |= UINT64_C(1) << slot;
    wheel->count++;
}

static void wheel_unlink(struct mg_wheel *wheel, struct mg_wait_timer *node)
{
    struct mg_wait_timer *next = node->next;
    struct mg_wait_timer *prev = node->prev;
    prev->next = next;
    next->prev = prev;
    node->next = node->prev = NULL;
    wheel->count--;
    if (next == prev && next != &wheel->pending) { // only the head is left
        struct mg_wait_timer *base = &wheel->slots[0][0];
        uint32_t at = (uint32_t)(next - base);
        ASSERT(at < MG_WHEEL_LEVELS * MG_WHEEL_SLOTS);
        wheel->busy[at / MG_WHEEL_SLOTS] &= ~(UINT64_C(1) << at % MG_WHEEL_SLOTS);
    }
}

void mg_wheel_insert(struct mg_wheel *wheel, struct mg_wait_timer *node, uint64_t tick)
{
    ASSERT(!mg_wheel_node_armed(node));
    ASSERT(tick != MG_TICK_NONE);
    uint64_t at = tick > wheel->now ? tick : wheel->now + 1;
    node->owner = wheel->owner; // before it is armed: the user's thread reads it, too
    wheel_link(wheel, node, at);
    word_store(node, word_make(tick, true));
}

void mg_wheel_remove(struct mg_wheel *wheel, struct mg_wait_timer *node)
{
    ASSERT(mg_wheel_node_armed(node));
    ASSERT(node->owner == wheel->owner);
    wheel_unlink(wheel, node);
    word_store(node, word_make(MG_TICK_NONE, false));
}

/* The earliest busy slot: its first tick, *level. MG_TICK_NONE when all are empty. */
static uint64_t wheel_next_slot(const struct mg_wheel *wheel, uint32_t *level_out)
{
    for (uint32_t level = 0; level < MG_WHEEL_LEVELS; level++) {
        if (wheel->busy[level] == 0)
            continue;
        /* All nodes of a level stand in slots after the present one of that level, within the same
         * turn of the level above; those of lower levels come first. */
        uint32_t shift = level * MG_WHEEL_SLOT_BITS;
        uint32_t present = (uint32_t)(wheel->now >> shift) & SLOT_MASK;
        uint64_t ahead = wheel->busy[level] & ~(((UINT64_C(2) << present) - 1));
        if (ahead == 0 && level == MG_WHEEL_LEVELS - 1)
            ahead = wheel->busy[level]; // the last level wraps around
        ASSERT(ahead != 0);
        uint32_t slot = (uint32_t)__builtin_ctzll(ahead);
        uint64_t turn = wheel->now >> shift >> MG_WHEEL_SLOT_BITS << MG_WHEEL_SLOT_BITS;
        if (slot <= present)
            turn += MG_WHEEL_SLOTS;
        *level_out = level;
        return (turn + slot) << shift;
    }
    return MG_TICK_NONE;
}

uint64_t mg_wheel_next_ns(const struct mg_wheel *wheel)
{
    if (wheel->pending.next != &wheel->pending)
        return wheel->now << MG_TICK_SHIFT;
    uint32_t level;
    uint64_t tick = wheel_next_slot(wheel, &level);
    return tick == MG_TICK_NONE ? MG_NO_DEADLINE : tick << MG_TICK_SHIFT;
}

/* A node whose position has come, unlinked. True: it is due, and disarmed. */
static bool wheel_settle(struct mg_wheel *wheel, struct mg_wait_timer *node)
{
    uint64_t word = word_load(node);
    for (;;) {
        ASSERT((word & 1) != 0);
        uint64_t tick = word >> 1;
        if (tick != MG_TICK_NONE && tick > wheel->now) {
            wheel_link(wheel, node, tick);
            return false;
        }
        if (word_swap(node, &word, word_make(tick, false)))
            return tick != MG_TICK_NONE;
    }
}

/* Moves all nodes of a slot, in order, to the empty pending circle. */
static void wheel_splice(struct mg_wheel *wheel, uint32_t level, uint32_t slot)
{
    struct mg_wait_timer *head = &wheel->slots[level][slot];
    struct mg_wait_timer *pending = &wheel->pending;
    ASSERT(head->next != head);
    ASSERT(pending->next == pending);
    pending->next = head->next;
    pending->prev = head->prev;
    pending->next->prev = pending;
    pending->prev->next = pending;
    head->next = head->prev = head;
    wheel->busy[level] &= ~(UINT64_C(1) << slot);
}

bool mg_wheel_advance(struct mg_wheel *wheel, uint64_t now_ns, uint32_t max,
                      void (*fire)(void *context, struct mg_wait_timer *node), void *context)
{
    uint64_t target = mg_tick_now(now_ns);
    for (;;) {
        while (wheel->pending.next != &wheel->pending) {
            if (max-- == 0)
                return true;
            struct mg_wait_timer *node = wheel->pending.next;
            wheel_unlink(wheel, node);
            if (wheel_settle(wheel, node))
                fire(context, node);
        }
        if (wheel->now >= target)
            return false;
        uint32_t level;
        uint64_t tick = wheel_next_slot(wheel, &level);
        if (tick > target) {
            wheel->now = target;
            return false;
        }
        wheel->now = tick;
        wheel_splice(wheel, level, (uint32_t)(tick >> (level * MG_WHEEL_SLOT_BITS)) & SLOT_MASK);
    }
}

void mg_wheel_audit(const struct mg_wheel *wheel)
{
    uint32_t count = 0;
    for (uint32_t level = 0; level < MG_WHEEL_LEVELS; level++) {
        for (uint32_t slot = 0; slot < MG_WHEEL_SLOTS; slot++) {
            const struct mg_wait_timer *head = &wheel->slots[level][slot];
            bool busy = (wheel->busy[level] >> slot & 1) != 0;
            CHECK(busy == (head->next != head)); // W4
            for (const struct mg_wait_timer *n = head->next; n != head; n = n->next) {
                CHECK(n->next->prev == n);
                CHECK(mg_wheel_node_armed(n)); // W1
                CHECK(n->owner == wheel->owner);
                count++;
            }
        }
    }
    for (const struct mg_wait_timer *n = wheel->pending.next; n != &wheel->pending; n = n->next)
        count++;
    CHECK(count == wheel->count);
}
