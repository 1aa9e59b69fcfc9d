/* SPDX-License-Identifier: MIT */
/* The queue by one thread; what several do to it is a litmus test. */
#include "base/atomic.h"
#include "mailbox/queue.h"
#include "support/unit.h"

enum { COUNT = 100 };

struct rig {
    struct mg_queue queue;
    struct mg_signal signals[COUNT];
};

static void rig_init(struct rig *rig)
{
    mg_queue_init(&rig->queue);
    for (uint32_t i = 0; i < COUNT; i++) {
        mg_signal_init(&rig->signals[i], MG_SIGNAL_MESSAGE);
        rig->signals[i].reference = i;
    }
}

static void rig_push(struct rig *rig, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        ck_assert(!mg_queue_push(&rig->queue, &rig->signals[i]));
}

/* Takes at most `max` and checks that they are from, from + 1, ... to - 1. */
static void rig_take(struct rig *rig, uint32_t max, uint32_t from, uint32_t to)
{
    struct mg_signal *last = NULL;
    struct mg_signal *signal = mg_queue_take(&rig->queue, max, &last);
    for (uint32_t i = from; i < to; i++) {
        ck_assert_ptr_nonnull(signal);
        ck_assert_uint_eq(signal->reference, i);
        if (i == to - 1)
            ck_assert_ptr_eq(signal, last);
        signal = load_relaxed(&signal->next);
    }
    ck_assert_ptr_null(signal);
}

/* An empty queue gives nothing, and its owner may sleep. */
UNIT_CASE(empty)
{
    struct rig rig;
    struct mg_signal *last;
    rig_init(&rig);
    ck_assert(mg_queue_is_empty(&rig.queue));
    ck_assert_ptr_null(mg_queue_take(&rig.queue, 1, &last));
    ck_assert(mg_queue_sleep(&rig.queue));
    ck_assert(mg_queue_is_asleep(&rig.queue));
    ck_assert(mg_queue_is_empty(&rig.queue));
}

/* Q2: first in, first out, in one take or several, with pushes in between. */
UNIT_CASE(order)
{
    struct rig rig;
    rig_init(&rig);
    rig_push(&rig, 0, 10);
    rig_take(&rig, UINT32_MAX, 0, 10);
    ck_assert(mg_queue_is_empty(&rig.queue));
    rig_push(&rig, 10, 11);
    rig_take(&rig, UINT32_MAX, 10, 11);
    rig_push(&rig, 11, 20);
    rig_take(&rig, 4, 11, 15);
    ck_assert(!mg_queue_is_empty(&rig.queue));
    rig_push(&rig, 20, 25);
    rig_take(&rig, 1, 15, 16);
    rig_take(&rig, 9, 16, 25);
    rig_take(&rig, 9, 0, 0);
    ck_assert(mg_queue_is_empty(&rig.queue));
}

/* A queue that holds something does not let its owner sleep. */
UNIT_CASE(no_sleep_with_mail)
{
    struct rig rig;
    rig_init(&rig);
    rig_push(&rig, 0, 2);
    ck_assert(!mg_queue_sleep(&rig.queue));
    rig_take(&rig, 1, 0, 1);
    ck_assert(!mg_queue_sleep(&rig.queue));
    rig_take(&rig, 1, 1, 2);
    ck_assert(mg_queue_sleep(&rig.queue));
}

/* Q3: the first push after a sleep wakes, the second does not. */
UNIT_CASE(one_wake)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert(mg_queue_sleep(&rig.queue));
    ck_assert(mg_queue_push(&rig.queue, &rig.signals[0]));
    ck_assert(!mg_queue_is_asleep(&rig.queue));
    rig_push(&rig, 1, 3);
    rig_take(&rig, UINT32_MAX, 0, 3);
    ck_assert(mg_queue_sleep(&rig.queue));
    ck_assert(mg_queue_push(&rig.queue, &rig.signals[3]));
}

UNIT_MAIN("mailbox/queue", empty, order, no_sleep_with_mail, one_wake)
