/* SPDX-License-Identifier: MIT */
/* Several pushers, one owner that takes and sleeps: nothing lost, order kept for each pusher, and
 * each sleep ended by exactly one wake. */
#include <pthread.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "mailbox/queue.h"
#include "support/unit.h"

enum { PUSHERS = 3, EACH = 50000 };

struct race {
    struct mg_queue queue;
    struct mg_signal *signals; // PUSHERS * EACH
    _Atomic(uint32_t) wakes;   // sleeps that a pusher has ended
};

struct pusher {
    pthread_t thread;
    struct race *race;
    uint32_t number;
};

static void *push_all(void *argument)
{
    struct pusher *pusher = argument;
    struct race *race = pusher->race;
    for (uint32_t i = 0; i < EACH; i++) {
        struct mg_signal *signal = &race->signals[pusher->number * EACH + i];
        mg_signal_init(signal, MG_SIGNAL_MESSAGE);
        signal->sender = pusher->number;
        signal->reference = i;
        if (mg_queue_push(&race->queue, signal))
            fetch_add_acq_rel(&race->wakes, 1);
        if (i % 1000 == 0)
            sched_yield();
    }
    return NULL;
}

static void take_all(struct race *race, uint32_t max)
{
    uint64_t next[PUSHERS] = {0};
    uint32_t sleeps = 0;
    for (uint32_t taken = 0; taken < PUSHERS * EACH;) {
        struct mg_signal *last;
        struct mg_signal *signal = mg_queue_take(&race->queue, max, &last);
        if (signal == NULL) {
            if (!mg_queue_sleep(&race->queue)) {
                sched_yield(); // a push is in flight
                continue;
            }
            sleeps++;
            while (load_acquire(&race->wakes) != sleeps)
                sched_yield(); // a lost wake hangs here
            continue;
        }
        for (; signal != NULL; signal = load_relaxed(&signal->next)) {
            ck_assert_uint_eq(signal->reference, next[signal->sender]);
            next[signal->sender]++;
            taken++;
        }
    }
    ck_assert(mg_queue_is_empty(&race->queue));
    ck_assert_uint_eq(load_relaxed(&race->wakes), sleeps);
}

static void run(uint32_t max)
{
    struct race race = {0};
    struct pusher pushers[PUSHERS];
    mg_queue_init(&race.queue);
    race.signals = mg_alloc(sizeof *race.signals * PUSHERS * EACH);
    for (uint32_t i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){.race = &race, .number = i};
        ck_assert_int_eq(pthread_create(&pushers[i].thread, NULL, push_all, &pushers[i]), 0);
    }
    take_all(&race, max);
    for (uint32_t i = 0; i < PUSHERS; i++)
        pthread_join(pushers[i].thread, NULL);
    mg_free(race.signals);
}

UNIT_CASE(take_everything)
{
    run(UINT32_MAX);
}

UNIT_CASE(take_one)
{
    run(1);
}

UNIT_CASE(take_a_few)
{
    run(7);
}

UNIT_MAIN("litmus mailbox/queue", take_everything, take_one, take_a_few)
