/* SPDX-License-Identifier: MIT */
/* The inner list and the scan against a naive model; the accounts of the bound. */
#include "mailbox/mailbox.h"
#include "base/atomic.h"
#include "base/rng.h"
#include "support/unit.h"

enum { MODEL_MAX = 64 };

struct rig {
    struct mg_block_pool pool;
    struct mg_block_cache cache;
    struct mg_mailbox box;
    uint64_t model[MODEL_MAX]; // references in order
    uint32_t count;
    uint32_t scan; // how many were passed
    uint64_t next;
};

static void rig_init(struct rig *rig)
{
    mg_block_pool_init(&rig->pool);
    mg_block_cache_init(&rig->cache, &rig->pool);
    mg_mailbox_init(&rig->box);
    rig->count = rig->scan = 0;
    rig->next = 1;
}

static void rig_deinit(struct rig *rig)
{
    struct mg_signal *signal;
    while ((signal = mg_mailbox_take(&rig->box)) != NULL)
        mg_signal_free(signal, &rig->cache);
    mg_mailbox_audit(&rig->box);
    mg_block_cache_deinit(&rig->cache);
    mg_block_pool_deinit(&rig->pool);
}

static void rig_append(struct rig *rig)
{
    struct mg_signal *signal = mg_signal_new(&rig->cache, MG_SIGNAL_MESSAGE, 0);
    signal->reference = rig->next;
    rig->model[rig->count++] = rig->next++;
    mg_mailbox_append(&rig->box, signal);
}

static void model_remove(struct rig *rig, uint32_t at)
{
    for (uint32_t i = at; i + 1 < rig->count; i++)
        rig->model[i] = rig->model[i + 1];
    rig->count--;
}

static void rig_got(struct rig *rig, struct mg_signal *signal, uint32_t at)
{
    ck_assert_ptr_nonnull(signal);
    ck_assert_uint_eq(signal->reference, rig->model[at]);
    mg_signal_free(signal, &rig->cache);
    model_remove(rig, at);
}

static bool match_third(const struct mg_signal *signal, void *context)
{
    (void)context;
    return signal->reference % 3 == 0;
}

static void rig_discard(struct rig *rig)
{
    uint32_t gone = 0;
    for (uint32_t i = 0; i < rig->count;) {
        if (rig->model[i] % 3 == 0) {
            model_remove(rig, i);
            if (i < rig->scan)
                rig->scan--;
            gone++;
        } else {
            i++;
        }
    }
    ck_assert_uint_eq(mg_mailbox_discard(&rig->box, match_third, NULL, &rig->cache), gone);
}

static void rig_step(struct rig *rig, struct mg_rng *rng)
{
    bool at_end = rig->scan == rig->count;
    switch (mg_rng_below(rng, 8)) {
    case 0:
    case 1:
    case 2:
        if (rig->count < MODEL_MAX)
            rig_append(rig);
        break;
    case 3:
        if (rig->count != 0) {
            rig_got(rig, mg_mailbox_take(&rig->box), 0);
            rig->scan -= rig->scan != 0;
        } else {
            ck_assert_ptr_null(mg_mailbox_take(&rig->box));
        }
        break;
    case 4:
        if (!at_end) {
            mg_mailbox_scan_skip(&rig->box);
            rig->scan++;
        }
        break;
    case 5:
        if (!at_end) {
            rig_got(rig, mg_mailbox_scan_remove(&rig->box), rig->scan);
            rig->scan = 0;
        }
        break;
    case 6:
        if (mg_rng_below(rng, 2) == 0) {
            mg_mailbox_scan_reset(&rig->box);
            rig->scan = 0;
        } else {
            mg_mailbox_mark(&rig->box);
            rig->scan = rig->count;
        }
        break;
    default:
        if (mg_rng_below(rng, 8) == 0)
            rig_discard(rig);
        break;
    }
}

/* Random operations agree with an array, and M1 and M2 hold after each. */
UNIT_CASE(agrees_with_a_model)
{
    struct rig rig;
    struct mg_rng rng;
    rig_init(&rig);
    mg_rng_seed(&rng, 11);
    for (uint32_t i = 0; i < 50000; i++) {
        rig_step(&rig, &rng);
        mg_mailbox_audit(&rig.box);
        ck_assert_uint_eq(mg_mailbox_count(&rig.box), rig.count);
        struct mg_signal *at = mg_mailbox_scan_peek(&rig.box);
        if (rig.scan == rig.count)
            ck_assert_ptr_null(at);
        else
            ck_assert_uint_eq(at->reference, rig.model[rig.scan]);
        struct mg_signal *first = mg_mailbox_peek(&rig.box);
        ck_assert(rig.count == 0 ? first == NULL : first->reference == rig.model[0]);
    }
    rig_deinit(&rig);
}

/* A bound is exact for reservations of one: as many fit as it says, and no more. */
UNIT_CASE(bound_is_exact)
{
    struct rig rig;
    rig_init(&rig);
    struct mg_mailbox_bound bound = {.messages = 5, .bytes = 1000};
    uint64_t before;
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert(mg_mailbox_reserve(&rig.box, mg_room(1, 100), &bound, &before));
        ck_assert_uint_eq(mg_room_messages(before), i);
    }
    ck_assert(!mg_mailbox_reserve(&rig.box, mg_room(1, 100), &bound, &before));
    mg_mailbox_unreserve(&rig.box, mg_room(1, 100));
    ck_assert(mg_mailbox_reserve(&rig.box, mg_room(1, 100), &bound, &before));
    /* Bytes: a unit is 16, so 100 counts as 112. */
    bound.messages = 100;
    ck_assert(!mg_mailbox_reserve(&rig.box, mg_room(1, 1000 - 5 * 112 + 1), &bound, &before));
    ck_assert(mg_mailbox_reserve(&rig.box, mg_room(1, 400), &bound, &before));
    mg_mailbox_unreserve(&rig.box, mg_room(1, 400));
    for (uint32_t i = 0; i < 5; i++)
        mg_mailbox_unreserve(&rig.box, mg_room(1, 100));
    ck_assert_uint_eq(load_relaxed(&rig.box.room), 0);
    rig_deinit(&rig);
}

/* What is taken is owed, and given back in batches or when asked; large messages at once. */
UNIT_CASE(room_comes_back)
{
    struct rig rig;
    rig_init(&rig);
    for (uint32_t i = 0; i < 40; i++) {
        rig_append(&rig);
        rig.box.last->flags |= MG_SIGNAL_CHARGED;
        mg_mailbox_reserve_exempt(&rig.box, mg_room(1, mg_signal_bytes(rig.box.last)));
    }
    for (uint32_t i = 0; i < 31; i++)
        mg_signal_free(mg_mailbox_take(&rig.box), &rig.cache);
    ck_assert_uint_eq(mg_room_messages(load_relaxed(&rig.box.room)), 40);
    mg_signal_free(mg_mailbox_take(&rig.box), &rig.cache);
    ck_assert_uint_eq(mg_room_messages(load_relaxed(&rig.box.room)), 8);
    mg_signal_free(mg_mailbox_take(&rig.box), &rig.cache);
    mg_mailbox_settle(&rig.box, true);
    ck_assert_uint_eq(mg_room_messages(load_relaxed(&rig.box.room)), 7);

    struct mg_signal *large = mg_signal_new(&rig.cache, MG_SIGNAL_MESSAGE, 10000);
    large->flags |= MG_SIGNAL_CHARGED;
    mg_mailbox_reserve_exempt(&rig.box, mg_room(1, mg_signal_bytes(large)));
    mg_mailbox_mark(&rig.box);
    mg_mailbox_append(&rig.box, large);
    ck_assert_ptr_eq(mg_mailbox_scan_remove(&rig.box), large);
    ck_assert_uint_eq(mg_room_messages(load_relaxed(&rig.box.room)), 7);
    mg_signal_free(large, &rig.cache);
    while (mg_mailbox_peek(&rig.box) != NULL)
        mg_signal_free(mg_mailbox_take(&rig.box), &rig.cache);
    mg_mailbox_settle(&rig.box, true);
    ck_assert_uint_eq(load_relaxed(&rig.box.room), 0);
    rig_deinit(&rig);
}

UNIT_MAIN("mailbox/mailbox", agrees_with_a_model, bound_is_exact, room_comes_back)
