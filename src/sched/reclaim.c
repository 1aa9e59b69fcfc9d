/* SPDX-License-Identifier: MIT */
/* What is freed after a grace period: dead actors, dropped exit records. Each scheduler keeps its
 * own bags, one for each epoch, and empties those that are old enough when it announces.
 *
 * Recycling an actor may send signals (answers to those who came too late), hence wake actors; so
 * it happens between turns, at the end of a slice.
 *
 * Threads: the core's. Memory: the bags own what is in them.
 */
#include "sched/internal.h"

/* The bag for what is retired now. */
static struct mg_bag *bag_now(struct mg_core *core)
{
    uint64_t epoch = mg_quiesce_stamp(core->part);
    struct mg_bag *bag = &core->bags[epoch % MG_BAGS];
    if (bag->epoch != epoch) {
        ASSERT(bag->actors == NULL && bag->others == NULL);
        bag->epoch = epoch;
    }
    return bag;
}

void mg_core_retire_actor(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_bag *bag = bag_now(core);
    actor->dead_link = NULL;
    if (bag->actors == NULL)
        bag->actors = actor;
    else
        *bag->actors_end = actor;
    bag->actors_end = &actor->dead_link;
    core->garbage++;
}

void mg_core_retire(struct mg_core *core, struct mg_retired *item)
{
    struct mg_bag *bag = bag_now(core);
    item->next = bag->others;
    bag->others = item;
    core->garbage++;
}

static void bag_empty(struct mg_core *core, struct mg_bag *bag)
{
    struct mg_actor *actor = bag->actors;
    struct mg_retired *item = bag->others;
    bag->actors = NULL;
    bag->others = NULL;
    while (actor != NULL) {
        struct mg_actor *next = actor->dead_link;
        mg_actor_recycle(actor, core);
        core->garbage--;
        actor = next;
    }
    while (item != NULL) {
        struct mg_retired *next = item->next;
        item->free(item, &core->s);
        core->garbage--;
        item = next;
    }
}

/* All bags, that of now first: it may be full of what was retired long ago, and what is recycled
 * from the others may retire more. */
static struct mg_bag *bag_from_now(struct mg_core *core, uint32_t i)
{
    return &core->bags[(mg_quiesce_stamp(core->part) + i) % MG_BAGS];
}

/* Empties the bags that are two epochs old. */
static void bags_empty_old(struct mg_core *core)
{
    for (uint32_t i = 0; i < MG_BAGS; i++) {
        struct mg_bag *bag = bag_from_now(core, i);
        if (bag->epoch + 2 <= core->epoch && (bag->actors != NULL || bag->others != NULL))
            bag_empty(core, bag);
    }
}

void mg_core_quiesce(struct mg_core *core)
{
    struct mg_quiesce *quiesce = &core->s.sched->quiesce;
    core->epoch = mg_quiesce_announce(quiesce, core->part);
    /* While the others are parked or in step the epoch moves at once, and memory comes back hot. */
    for (uint32_t i = 0; core->garbage != 0 && i < MG_BAGS - 1; i++) {
        bags_empty_old(core);
        if (core->garbage == 0 || !mg_quiesce_try(quiesce, core->epoch))
            break;
        core->epoch = mg_quiesce_announce(quiesce, core->part);
    }
    if (core->garbage != 0)
        bags_empty_old(core);
}

void mg_core_reclaim_all(struct mg_core *core)
{
    while (core->garbage != 0) {
        for (uint32_t i = 0; i < MG_BAGS; i++)
            bag_empty(core, bag_from_now(core, i));
    }
}
