/* SPDX-License-Identifier: MIT */
/* The wheel against a naive model: who fires when, in which order. */
#include "base/rng.h"
#include "sched/wheel.h"
#include "support/unit.h"

enum { NODES = 40 };
#define TICK (UINT64_C(1) << MG_TICK_SHIFT)

struct rig {
    struct mg_wheel wheel;
    struct mg_wait_timer nodes[NODES];
    uint64_t due[NODES]; // tick, MG_TICK_NONE: not armed, or moved to none
    bool armed[NODES];
    uint64_t now;
    uint32_t fired;
};

static void rig_init(struct rig *rig, uint64_t now_tick)
{
    rig->now = now_tick;
    rig->fired = 0;
    mg_wheel_init(&rig->wheel, 3, now_tick * TICK);
    for (uint32_t i = 0; i < NODES; i++) {
        mg_wheel_node_init(&rig->nodes[i], MG_TIMER_WAIT);
        rig->due[i] = MG_TICK_NONE;
        rig->armed[i] = false;
    }
}

static void rig_fire(void *context, struct mg_wait_timer *node)
{
    struct rig *rig = context;
    uint32_t i = (uint32_t)(node - rig->nodes);
    ck_assert(rig->armed[i]);
    ck_assert_uint_le(rig->due[i], rig->now);
    ck_assert(!mg_wheel_node_armed(node));
    rig->armed[i] = false;
    rig->due[i] = MG_TICK_NONE;
    rig->fired++;
}

static void rig_advance(struct rig *rig, uint64_t ticks, uint32_t max)
{
    rig->now += ticks;
    while (mg_wheel_advance(&rig->wheel, rig->now * TICK, max, rig_fire, rig))
        mg_wheel_audit(&rig->wheel);
    mg_wheel_audit(&rig->wheel);
    uint64_t earliest = MG_TICK_NONE;
    for (uint32_t i = 0; i < NODES; i++) {
        ck_assert(rig->due[i] == MG_TICK_NONE ||
                  rig->due[i] > rig->now); // all that was due has fired
        rig->armed[i] = mg_wheel_node_armed(&rig->nodes[i]);
        ck_assert(rig->armed[i] || rig->due[i] == MG_TICK_NONE);
        if (rig->due[i] < earliest)
            earliest = rig->due[i];
    }
    if (earliest != MG_TICK_NONE)
        ck_assert_uint_le(mg_wheel_next_ns(&rig->wheel), earliest * TICK);
}

static uint64_t random_ticks(struct mg_rng *rng)
{
    return mg_rng_below(rng, UINT64_C(1) << mg_rng_below(rng, 37));
}

static void rig_step(struct rig *rig, struct mg_rng *rng)
{
    uint32_t i = (uint32_t)mg_rng_below(rng, NODES);
    struct mg_wait_timer *node = &rig->nodes[i];
    uint64_t tick = rig->now + random_ticks(rng);
    switch (mg_rng_below(rng, 4)) {
    case 0:
        if (!rig->armed[i]) {
            mg_wheel_insert(&rig->wheel, node, tick);
            rig->due[i] = tick > rig->now ? tick : rig->now + 1;
            rig->armed[i] = true;
        } else {
            mg_wheel_remove(&rig->wheel, node);
            rig->due[i] = MG_TICK_NONE;
            rig->armed[i] = false;
        }
        break;
    case 1:
        if (rig->armed[i] && tick > rig->now && mg_wheel_can_move(&rig->wheel, node, tick)) {
            ck_assert(mg_wheel_node_move(node, tick));
            rig->due[i] = tick;
        }
        break;
    case 2:
        if (rig->armed[i] && mg_rng_below(rng, 4) == 0) {
            ck_assert(mg_wheel_node_move(node, MG_TICK_NONE));
            rig->due[i] = MG_TICK_NONE;
        }
        break;
    default:
        rig_advance(rig, random_ticks(rng), 1 + (uint32_t)mg_rng_below(rng, 5));
        break;
    }
}

/* Random inserts, removals, moves and jumps of the clock: everything fires at its first advance
 * after its tick, never before, never twice; W1 and W4 hold. */
UNIT_CASE(agrees_with_a_model)
{
    static const uint64_t starts[] = {0, 63, 4095, (UINT64_C(1) << 36) - 2,
                                      (UINT64_C(1) << 42) - 100};
    for (uint32_t k = 0; k < MG_ARRAY_LEN(starts); k++) {
        struct rig rig;
        struct mg_rng rng;
        rig_init(&rig, starts[k]);
        mg_rng_seed(&rng, k);
        for (uint32_t i = 0; i < 20000; i++)
            rig_step(&rig, &rng);
        ck_assert_uint_gt(rig.fired, 100);
    }
}

static void fire_order(void *context, struct mg_wait_timer *node)
{
    struct rig *rig = context;
    ck_assert_uint_eq((uint32_t)(node - rig->nodes), rig->fired);
    rig->fired++;
}

/* Nodes of one tick fire in the order in which they were inserted, however far away they were
 * then. */
UNIT_CASE(order_within_a_tick)
{
    static const uint64_t ahead[] = {1, 70, 5000, 300000, 20000000};
    for (uint32_t k = 0; k < MG_ARRAY_LEN(ahead); k++) {
        struct rig rig;
        rig_init(&rig, 1000);
        uint64_t tick = 1000 + ahead[k];
        for (uint32_t i = 0; i < NODES; i++) {
            mg_wheel_insert(&rig.wheel, &rig.nodes[i], tick);
            if (i % 4 == 3 && ahead[k] > 1)
                mg_wheel_advance(&rig.wheel, (tick - ahead[k] * (NODES - i) / NODES) * TICK, 1000,
                                 fire_order, &rig);
        }
        while (mg_wheel_advance(&rig.wheel, tick * TICK, 3, fire_order, &rig))
            continue;
        ck_assert_uint_eq(rig.fired, NODES);
    }
}

/* Deadlines are rounded up to ticks, so nothing fires early. */
UNIT_CASE(rounding)
{
    ck_assert_uint_eq(mg_tick_of(0), 0);
    ck_assert_uint_eq(mg_tick_of(1), 1);
    ck_assert_uint_eq(mg_tick_of(TICK), 1);
    ck_assert_uint_eq(mg_tick_of(TICK + 1), 2);
    ck_assert_uint_eq(mg_tick_of(MG_NO_DEADLINE), MG_TICK_NONE);
    ck_assert_uint_eq(mg_tick_now(TICK - 1), 0);
}

UNIT_MAIN("sched/wheel", agrees_with_a_model, order_within_a_tick, rounding)
