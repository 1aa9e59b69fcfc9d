/* SPDX-License-Identifier: MIT */
/* Output: order, the bound, and those who wait for room. The back end here is a hand. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "sched/internal.h"
#include "support/actors.h"

struct hand {
    struct mg_output *output;
    uint32_t kicks;
};

static int hand_open(struct mg_sched *sched, struct mg_output *output, void **state)
{
    struct world *world = mg_sched_owner(sched);
    struct hand *hand = (struct hand *)(uintptr_t)world->plan;
    hand->output = output;
    *state = hand;
    return 0;
}

static void hand_kick(void *state)
{
    ((struct hand *)state)->kicks++;
}

/* Forgets what is left, so that nothing of it reaches the terminal. */
static void hand_close(void *state)
{
    (void)state;
}

static const struct mg_io_backend hand_backend = {
    .name = "hand", .open = hand_open, .kick = hand_kick, .close = hand_close};

/* Takes everything into a buffer, `step` bytes at a time. */
static void hand_take(struct mg_sched *sched, struct mg_buf *buf, size_t step)
{
    int fd;
    const char *data;
    size_t len;
    while (mg_output_take(&sched->output, &fd, &data, &len)) {
        size_t n = len < step ? len : step;
        mg_buf_put(buf, data, n);
        mg_output_done(sched, n);
    }
}

ACTOR(prints)
{
    struct mg_sched *sched = s->sched;
    struct hand *hand = (struct hand *)(uintptr_t)world_of(s)->plan;
    struct mg_buf buf = {0};
    ck_assert(mg_output_write(s, actor, 1, "", 0));
    ck_assert(mg_output_write(s, actor, 1, "one ", 4));
    ck_assert_uint_eq(hand->kicks, 1);
    ck_assert(mg_output_write(s, actor, 2, "two ", 4));
    ck_assert(mg_output_write(s, actor, 1, "three ", 6));
    ck_assert_uint_eq(hand->kicks, 1); // it was not empty
    mg_sched_log_crash(sched, "crash", 5);
    hand_take(sched, &buf, 3);
    ck_assert_str_eq(buf.data, "one two three crash");
    ck_assert_uint_eq(sched->output.bytes, 0);
    ck_assert(mg_output_write(s, actor, 1, "x", 1));
    ck_assert_uint_eq(hand->kicks, 2);
    /* O2: what the back end holds is not changed by what comes. */
    int fd;
    const char *data;
    size_t len;
    ck_assert(mg_output_take(&sched->output, &fd, &data, &len));
    ck_assert(mg_output_write(s, actor, 1, "y", 1));
    ck_assert_uint_eq(len, 1);
    mg_output_done(sched, len);
    mg_buf_clear(&buf);
    hand_take(sched, &buf, 100);
    ck_assert_str_eq(buf.data, "y");
    mg_buf_deinit(&buf);
    return MG_TURN_EXIT;
}

/* Pieces keep their order over descriptors and are never torn by others. */
UNIT_CASE(order)
{
    struct hand hand = {0};
    struct world world;
    world_init(&world, 1, 1);
    world.plan = (uint64_t)(uintptr_t)&hand;
    world.config.io = &hand_backend;
    world_run(&world, &prints, 0);
    world_deinit(&world);
}

/* Fills the buffer, waits for room, and goes on when half is free. */
ACTOR(fills)
{
    static const char piece[1024];
    struct mg_sched *sched = s->sched;
    if (actor->body[1] == 0) {
        while (mg_output_write(s, actor, 1, piece, sizeof piece))
            actor->body[0]++;
        ck_assert_uint_eq(actor->body[0], MG_OUTPUT_BOUND / sizeof piece);
        actor->body[1] = 1;
        return mg_actor_wait(actor, s, MG_WAKE_ROOM, MG_NO_DEADLINE);
    }
    ck_assert_uint_le(sched->output.bytes, MG_OUTPUT_BOUND / 2);
    ck_assert(mg_output_write(s, actor, 1, piece, sizeof piece));
    struct mg_buf buf = {0};
    hand_take(sched, &buf, SIZE_MAX);
    /* A piece above the bound goes in when nothing else is there. */
    mg_buf_clear(&buf);
    (void)mg_buf_extend(&buf, MG_OUTPUT_BOUND + 1);
    ck_assert(mg_output_write(s, actor, 1, buf.data, buf.len));
    ck_assert(!mg_output_write(s, actor, 1, buf.data, buf.len));
    mg_buf_clear(&buf);
    hand_take(sched, &buf, SIZE_MAX);
    ck_assert_uint_eq(buf.len, MG_OUTPUT_BOUND + 1);
    mg_buf_deinit(&buf);
    return MG_TURN_EXIT;
}

/* Drains as the back end would, once the other waits. */
ACTOR(drains)
{
    if (actor->body[0] == 0) {
        struct mg_spawn options = {
            .behaviour = &fills, .priority = MG_PRIORITY_NORMAL, .monitored = true};
        spawn_with(s, actor, &options);
        actor->body[0] = 1;
    }
    if (s->sched->output.waiters_count != 0) {
        int fd;
        const char *data;
        size_t len;
        while (s->sched->output.bytes > MG_OUTPUT_BOUND / 2 &&
               mg_output_take(&s->sched->output, &fd, &data, &len))
            mg_output_done(s->sched, len);
    }
    return hear(actor, s) != -1 ? MG_TURN_EXIT : MG_TURN_YIELD;
}

UNIT_CASE(bound)
{
    struct hand hand = {0};
    struct world world;
    world_init(&world, 1, 1);
    world.plan = (uint64_t)(uintptr_t)&hand;
    world.config.io = &hand_backend;
    world_run(&world, &drains, 0);
    world_deinit(&world);
}

ACTOR(prints_at_once)
{
    int fd = (int)world_of(s)->plan;
    ck_assert(mg_output_write(s, actor, fd, "at once", 7));
    return MG_TURN_EXIT;
}

/* Without a back end, and in deterministic mode, bytes are written where they are appended. */
UNIT_CASE(at_once)
{
    for (uint32_t threads = 0; threads < 2; threads++) {
        int ends[2];
        char text[16] = {0};
        struct world world;
        ck_assert_int_eq(pipe(ends), 0);
        world_init(&world, 1, threads);
        world.plan = (uint64_t)ends[1];
        world_run(&world, &prints_at_once, 0);
        ck_assert_int_eq(read(ends[0], text, sizeof text), 7);
        ck_assert_str_eq(text, "at once");
        close(ends[0]);
        close(ends[1]);
        world_deinit(&world);
    }
}

/* The back end, on a thread of its own: writes nothing until every scheduler has parked. */
static void *drains_late(void *argument)
{
    struct world *world = argument;
    struct mg_buf buf = {0};
    while (atomic_load(&world->n[0]) == 0 ||
           atomic_load(&world->sched->idle) != world->sched->count)
        continue;
    hand_take(world->sched, &buf, SIZE_MAX);
    ck_assert_str_eq(buf.data, "last words");
    mg_buf_deinit(&buf);
    return NULL;
}

ACTOR(prints_and_waits)
{
    if (actor->body[0]++ == 0)
        ck_assert(mg_output_write(s, actor, 1, "last words", 10));
    count(s, 0, 1);
    return wait_mail(actor, s);
}

/* An embedder takes all of it, warnings and crash reports included. */
static struct mg_buf taken;

static void take(void *owner, int fd, const char *data, size_t len)
{
    ck_assert_ptr_nonnull(owner);
    mg_buf_printf(&taken, "%d:", fd);
    mg_buf_put(&taken, data, len);
}

ACTOR(prints_to_embedder)
{
    ck_assert(mg_output_write(s, actor, 1, "one\n", 4));
    mg_sched_log_crash(s->sched, "crash\n", 6);
    mg_sched_warn(s->sched, "%s %d", "careful", 3);
    return MG_TURN_EXIT;
}

UNIT_CASE(embedder)
{
    for (uint32_t threads = 0; threads < 2; threads++) {
        struct world world;
        mg_buf_init(&taken);
        world_init(&world, 1, threads);
        world.config.write = take;
        world_run(&world, &prints_to_embedder, 0);
        world_deinit(&world);
        ck_assert_str_eq(mg_buf_text(&taken), "1:one\n2:crash\n2:maggie: warning: careful 3\n");
        mg_buf_deinit(&taken);
    }
}

/* Output under way holds the report of a deadlock back; when it is done the report comes. */
UNIT_CASE(stuck_after_output)
{
    for (uint32_t threads = 1; threads < 3; threads++) {
        struct hand hand = {0};
        struct world world;
        pthread_t thread;
        world_init(&world, 1, threads);
        world.plan = (uint64_t)(uintptr_t)&hand;
        world.config.io = &hand_backend;
        world.sched = mg_sched_new(&world.config);
        struct mg_spawn options = {.behaviour = &prints_and_waits, .priority = MG_PRIORITY_NORMAL};
        world.main = mg_sched_boot(world.sched, &options);
        ck_assert_int_eq(pthread_create(&thread, NULL, drains_late, &world), 0);
        mg_sched_run(world.sched);
        pthread_join(thread, NULL);
        ck_assert_uint_eq(world.deadlocks, 1);
        world_deinit(&world);
    }
}

UNIT_MAIN("sched/output", order, bound, at_once, embedder, stuck_after_output)
