/* SPDX-License-Identifier: MIT */
/* A hierarchical timer wheel: one a scheduler. Insert, remove and re-arm take constant time; a tick
 * is 2^16 ns.
 *
 *      level 0    64 slots of 1 tick         (4.2 ms)
 *      level 1    64 slots of 64 ticks       (268 ms)
 *      ...
 *      level 6    64 slots of 2^36 ticks     (9 years)
 *
 * What is further away than MG_WHEEL_REACH (19 h) is put in there, and looked at again when that
 * has come.
 *
 * A node stands in the level of the highest group of six bits in which its tick differs from the
 * wheel's present tick. When the present tick enters a slot of a higher level, its nodes move down.
 * So nodes of one tick fire in the order in which they were inserted.
 *
 * A node's `word` is its deadline in ticks << 1 | armed. Armed means: it stands in a wheel, perhaps
 * at an earlier tick (`position`) than the deadline says, because its user moved the deadline
 * without asking the wheel. When the position comes up the wheel puts it back in at the deadline,
 * or, if there is none any more, disarms it.
 *
 * W1  A node that is armed stands in exactly one slot (or pending) of the wheel of its owner, at a
 *     position not after its deadline.
 * W2  Only the owner's thread links and unlinks.
 * W3  An armed node's word is changed by its user's thread by compare-and-swap, and never to before
 *     `position`: on the wheel's own thread mg_wheel_can_move tells; elsewhere only to later than
 *     it says already. The wheel's thread disarms. Who sees it disarmed may insert it into its own
 *     wheel.
 * W4  The bit of a slot in `busy` is set if and only if the slot holds a node.
 *
 * Threads: the owner's, except for the words. Memory: nodes belong to their users and must not be
 * freed while armed.
 */
#ifndef MG_SCHED_WHEEL_H
#define MG_SCHED_WHEEL_H

#include "base/atomic.h"
#include "sched/actor.h"

#define MG_WHEEL_LEVELS 7
#define MG_WHEEL_SLOT_BITS 6
#define MG_WHEEL_SLOTS (1u << MG_WHEEL_SLOT_BITS)
#define MG_TICK_SHIFT 16
#define MG_WHEEL_REACH (UINT64_C(1) << 30) /* ticks; positions have 32 bits */

/* Deadline "none", as a tick. */
#define MG_TICK_NONE (UINT64_MAX >> 1)

enum mg_timer_kind {
    MG_TIMER_WAIT,  /* of an actor: struct mg_actor.timer */
    MG_TIMER_ENTRY, /* of a signal: timer.h */
};

struct mg_wheel {
    uint64_t now;                   /* ticks that are over, but for what is pending */
    uint64_t busy[MG_WHEEL_LEVELS]; /* W4 */
    uint32_t count;                 /* nodes in it */
    uint16_t owner;                 /* index of its scheduler */
    struct mg_wait_timer slots[MG_WHEEL_LEVELS]
                              [MG_WHEEL_SLOTS]; /* heads of circles; only next and prev are used */
    struct mg_wait_timer pending; /* the same: a slot that has come up and is not yet dealt with */
};

void mg_wheel_init(struct mg_wheel *wheel, uint16_t owner, uint64_t now_ns);

/* A node that is in no wheel and has no deadline. */
void mg_wheel_node_init(struct mg_wait_timer *node, enum mg_timer_kind kind);

/* The tick at which a deadline has passed; MG_TICK_NONE for MG_NO_DEADLINE. */
static inline uint64_t mg_tick_of(uint64_t deadline_ns)
{
    return deadline_ns == MG_NO_DEADLINE
               ? MG_TICK_NONE
               : (deadline_ns >> MG_TICK_SHIFT) +
                     ((deadline_ns & ((UINT64_C(1) << MG_TICK_SHIFT) - 1)) != 0);
}

/* The tick that the clock shows. */
static inline uint64_t mg_tick_now(uint64_t now_ns)
{
    return now_ns >> MG_TICK_SHIFT;
}

/* Puts in a disarmed node, for that tick (the next one if it is over). Owner. */
void mg_wheel_insert(struct mg_wheel *wheel, struct mg_wait_timer *node, uint64_t tick);

/* Takes out an armed node of this wheel and disarms it. Owner. */
void mg_wheel_remove(struct mg_wheel *wheel, struct mg_wait_timer *node);

/* Moves the present to `now_ns`. Nodes whose deadline has come are disarmed and given to `fire`,
 * which may insert and remove other nodes. At most about `max` nodes are handled; true if more are
 * due (call again). Owner. */
bool mg_wheel_advance(struct mg_wheel *wheel, uint64_t now_ns, uint32_t max,
                      void (*fire)(void *context, struct mg_wait_timer *node), void *context);

/* Nanoseconds at which mg_wheel_advance must be called next; MG_NO_DEADLINE when the wheel is
 * empty. Not after the earliest deadline, perhaps before it. Owner. */
uint64_t mg_wheel_next_ns(const struct mg_wheel *wheel);

/* The deadline in ticks, and whether it is armed; for the node's user. */
static inline uint64_t mg_wheel_node_tick(const struct mg_wait_timer *node)
{
    /* D4 acquire: as D1. Pairs with D2 in word_swap(). */
    return load_acquire(&node->word) >> 1;
}
static inline bool mg_wheel_node_armed(const struct mg_wait_timer *node)
{
    /* D4 acquire: as D1. Pairs with D2 in word_swap(). */
    return (load_acquire(&node->word) & 1) != 0;
}

/* Whether an armed node of this wheel can be moved to that tick without being taken out. Owner. */
bool mg_wheel_can_move(const struct mg_wheel *wheel, const struct mg_wait_timer *node,
                       uint64_t tick);

/* Sets the deadline of an armed node without the wheel (W3), or to MG_TICK_NONE; by the user's
 * thread. False: it is not armed any more. */
MG_MUST_CHECK bool mg_wheel_node_move(struct mg_wait_timer *node, uint64_t tick);

/* Panics when W1 or W4 do not hold. */
void mg_wheel_audit(const struct mg_wheel *wheel);

#endif
