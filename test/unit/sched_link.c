/* SPDX-License-Identifier: MIT */
/* Links and monitors: what the two ends hear, and what ends them. Races are in
 * sim/sched_bonds.c. */
#include "support/actors.h"

ACTOR(nap)
{
    return hear(actor, s) >= 0 ? end_with(actor, s, REASON(ERROR), 0) : wait_mail(actor, s);
}

ACTOR(nap_normal)
{
    return hear(actor, s) >= 0 ? MG_TURN_EXIT : wait_mail(actor, s);
}

/* Runs one step a message to itself, so that everything sent before has taken effect. */
enum { LINK_TRAP, LINK_NORMAL, UNLINK, SELF, TWICE, DEAD, DEAD_KNOWN, DEAD_NORMAL, SCRIPTS };

static void links_begin(struct mg_actor *actor, struct mg_scheduler *s)
{
    uint64_t script = actor->body[0];
    mg_pid self = mg_actor_pid(actor);
    bool normal = script == LINK_NORMAL || script == DEAD_NORMAL;
    mg_actor_set_trap(actor, true);
    mg_pid other = spawn(s, actor, normal ? &nap_normal : &nap, 0);
    actor->body[1] = other;
    actor->body[2] = (uint64_t)(uintptr_t)mg_sched_control(s, other);
    if (script == SELF)
        mg_actor_link(actor, s, self, NULL);
    if (script < DEAD)
        mg_actor_link(actor, s, other, NULL);
    if (script == TWICE)
        mg_actor_link(actor, s, other, NULL);
    if (script == UNLINK)
        mg_actor_unlink(actor, s, other);
    tell(actor, s, other, 1);
}

/* Answers how many signals about the end were heard. */
ACTOR(links)
{
    struct mg_control *control = (struct mg_control *)(uintptr_t)actor->body[2];
    if (control == NULL) {
        links_begin(actor, s);
        return mg_actor_wait(actor, s, MG_WAKE_MAIL, mg_scheduler_now(s) + 1000000);
    }
    int64_t value;
    while ((value = hear(actor, s)) != -1) {
        actor->body[3]++;
        actor->body[4] = (uint64_t)(-2 - value);
    }
    if (mg_control_is_alive(control) || actor->body[5]++ == 0) {
        if (!mg_control_is_alive(control) && actor->body[0] >= DEAD)
            mg_actor_link(actor, s, actor->body[1], actor->body[0] == DEAD ? NULL : control);
        else
            actor->body[5] = !mg_control_is_alive(control);
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 1000000);
    }
    mg_control_unref(control, &s->blocks);
    return end_with(actor, s, REASON_BASE + (uint32_t)actor->body[4], (int64_t)actor->body[3]);
}

static void link_script(uint64_t script, int64_t heard, uint32_t reason)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct world world;
        world_init(&world, seed, 0);
        world_run(&world, &links, script);
        ck_assert_int_eq(mg_small_value(world.exit.result), heard);
        if (heard != 0)
            ck_assert_uint_eq(world.exit.reason, reason);
        world_deinit(&world);
    }
}

/* One exit along one link, however often it was made; none after unlink, after a normal end, to
 * oneself. A link to the dead tells its reason if the handle knows it, #noproc otherwise, and
 * nothing after a normal end. */
UNIT_CASE(link_scripts)
{
    link_script(LINK_TRAP, 1, REASON(ERROR));
    link_script(LINK_NORMAL, 0, 0);
    link_script(UNLINK, 0, 0);
    link_script(SELF, 1, REASON(ERROR));
    link_script(TWICE, 1, REASON(ERROR));
    link_script(DEAD, 1, REASON(NOPROC));
    link_script(DEAD_KNOWN, 1, REASON(ERROR));
    link_script(DEAD_NORMAL, 0, 0);
}

/* Monitors stack, each with its own reference; a demonitored one is silent; flush removes what has
 * come. */
ACTOR(monitors)
{
    if (actor->body[1] == 0) {
        mg_pid other = spawn(s, actor, &nap, 0);
        actor->body[1] = mg_actor_monitor(actor, s, other, NULL);
        actor->body[2] = mg_actor_monitor(actor, s, other, NULL);
        actor->body[3] = mg_actor_monitor(actor, s, other, NULL);
        ck_assert_uint_lt(actor->body[1], actor->body[2]);
        ck_assert(mg_actor_demonitor(actor, s, actor->body[1], false));
        ck_assert(!mg_actor_demonitor(actor, s, actor->body[1], true));
        tell(actor, s, other, 1);
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 10000000);
    }
    if (!mg_actor_timed_out(actor) && mg_mailbox_count(&actor->mailbox) < 2)
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 10000000);
    ck_assert_uint_eq(mg_mailbox_count(&actor->mailbox), 2);
    ck_assert(
        !mg_actor_demonitor(actor, s, actor->body[2], true)); // it has fired, and is taken away
    ck_assert_uint_eq(mg_mailbox_count(&actor->mailbox), 1);
    struct mg_signal *m = mg_actor_receive(actor, s);
    ck_assert_uint_eq(m->kind, MG_SIGNAL_DOWN);
    ck_assert_uint_eq(m->reference, actor->body[3]);
    struct mg_exit_info info;
    ck_assert(mg_control_exit(m->control, &info));
    ck_assert_uint_eq(info.reason, m->selector);
    mg_signal_free(m, &s->blocks);
    return MG_TURN_EXIT;
}

UNIT_CASE(monitors_stack)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct world world;
        world_init(&world, seed, 0);
        world_run(&world, &monitors, 0);
        ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
        world_deinit(&world);
    }
}

ACTOR(reports)
{
    struct mg_signal *m;
    while ((m = mg_actor_receive(actor, s)) != NULL) {
        count(s, m->kind == MG_SIGNAL_DOWN ? 1 : m->kind == MG_SIGNAL_EXIT ? 2 : 3, 1);
        world_of(s)->pids[0] = m->reference;
        mg_signal_free(m, &s->blocks);
    }
    return wait_mail(actor, s);
}

/* A third process makes another trap, watch and link. */
ACTOR(orders)
{
    struct world *world = world_of(s);
    if (actor->body[1] == 0) {
        mg_pid reporter = spawn(s, actor, &reports, 0);
        mg_pid other = spawn(s, actor, &nap, 0);
        actor->body[1] = other;
        ck_assert(mg_order_send(s, reporter, MG_ORDER_TRAP, 1));
        actor->body[2] = mg_order_monitor(s, reporter, other);
        ck_assert_uint_ne(actor->body[2], 0);
        uint64_t second = mg_order_monitor(s, reporter, other);
        ck_assert(mg_order_send(s, reporter, MG_ORDER_DEMONITOR, second));
        ck_assert(mg_order_send(s, reporter, MG_ORDER_LINK, other));
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 10000000);
    }
    if (actor->body[3]++ == 0)
        tell(actor, s, actor->body[1], 1);
    if (counted(world, 1) + counted(world, 2) < 2)
        return mg_actor_wait(actor, s, 0, mg_scheduler_now(s) + 1000000);
    ck_assert_uint_eq(counted(world, 1), 1);
    ck_assert_uint_eq(counted(world, 2), 1);
    return MG_TURN_EXIT;
}

UNIT_CASE(orders_for_others)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct world world;
        world_init(&world, seed, 0);
        world_run(&world, &orders, 0);
        ck_assert_uint_eq(world.exit.reason, REASON(NORMAL));
        ck_assert_uint_eq(counted(&world, 3), 0);
        world_deinit(&world);
    }
}

UNIT_MAIN("sched/link", link_scripts, monitors_stack, orders_for_others)
