/* SPDX-License-Identifier: MIT */
/* Runs small actors written in C, for tests of the scheduler: under real threads, or
 * deterministically with a seed.
 *
 *     ACTOR(echo)
 *     {
 *         struct mg_signal *m;
 *         while ((m = mg_actor_receive(actor, s)) != NULL) {
 *             tell(actor, s, m->sender, mg_small_value(m->payload));
 *             mg_signal_free(m, &s->blocks);
 *         }
 *         return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
 *     }
 *
 *     struct world world;
 *     world_init(&world, seed, 0);           0 threads: deterministic
 *     world_run(&world, &echo, 0);
 *     world_deinit(&world);
 *
 * Each test program is one file, so everything here is static inline.
 */
#ifndef MG_TEST_SUPPORT_ACTORS_H
#define MG_TEST_SUPPORT_ACTORS_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sched/exit.h"
#include "sched/sched.h"
#include "support/unit.h"

/* Symbol ids of the exit reasons in tests: 1000 + enum mg_reason. */
enum { REASON_BASE = 1000 };
#define REASON(name) (REASON_BASE + MG_REASON_##name)

struct world {
    struct mg_sched_config config;
    struct mg_sched *sched;
    struct mg_control *main;  // counted
    _Atomic(uint64_t) n[16];  // what the actors of a test count
    mg_pid pids[16];          // what main tells the test, or actors each other
    uint64_t plan;            // the test's parameter for its actors
    struct mg_buf log;        // deterministic: the event log, when asked for
    bool ended;               // main has ended
    struct mg_exit_info exit; // how; immediates only
    uint32_t deadlocks;
};

/* An actor's `run` and its behaviour. */
#define ACTOR_UNWINDS(id, does)                                                            \
    static enum mg_turn id##_run(struct mg_actor *actor, struct mg_scheduler *s);          \
    static const struct mg_behaviour id = {.name = #id, .run = id##_run, .unwinds = does}; \
    static enum mg_turn id##_run(struct mg_actor *actor MG_UNUSED, struct mg_scheduler *s MG_UNUSED)
#define ACTOR(id) ACTOR_UNWINDS(id, false)

static inline struct world *world_of(struct mg_scheduler *s)
{
    return mg_sched_owner(s->sched);
}

static inline void count(struct mg_scheduler *s, uint32_t which, uint64_t by)
{
    atomic_fetch_add(&world_of(s)->n[which], by);
}

static inline uint64_t counted(struct world *world, uint32_t which)
{
    return atomic_load(&world->n[which]);
}

static void world_deadlock(void *owner, struct mg_sched *sched)
{
    struct world *world = owner;
    (void)sched;
    world->deadlocks++;
}

static void world_event(void *owner, const char *line, size_t len)
{
    struct world *world = owner;
    mg_buf_put(&world->log, line, len);
    mg_buf_putc(&world->log, '\n');
}

/* `threads` 0: deterministic. */
static inline void world_init(struct world *world, uint64_t seed, uint32_t threads)
{
    memset(world, 0, sizeof *world);
    world->config.deterministic = threads == 0;
    world->config.schedulers = threads;
    world->config.seed = seed + 1;
    world->config.thorough = true;
    world->config.owner = world;
    world->config.deadlock = world_deadlock;
    for (uint32_t i = 0; i < MG_REASON_COUNT; i++)
        world->config.reasons[i] = REASON_BASE + i;
}

static inline void world_log(struct world *world)
{
    world->config.event = world_event;
}

/* Runs `main` as the first actor, with a first body word, until all is over. */
static inline void world_run(struct world *world, const struct mg_behaviour *behaviour,
                             uint64_t body)
{
    world->sched = mg_sched_new(&world->config);
    struct mg_spawn spawn = {.behaviour = behaviour, .priority = MG_PRIORITY_NORMAL};
    spawn.body[0] = body;
    world->main = mg_sched_boot(world->sched, &spawn);
    ck_assert_ptr_nonnull(world->main);
    mg_sched_run(world->sched);
    world->ended = mg_control_exit(world->main, &world->exit);
}

static inline void world_deinit(struct world *world)
{
    if (world->main != NULL) {
        /* The last count of the test; a cache of its own, since no scheduler runs any more. */
        struct mg_block_cache cache;
        mg_block_cache_init(&cache, mg_sched_pool(world->sched));
        mg_control_unref(world->main, &cache);
        mg_block_cache_deinit(&cache);
    }
    if (world->sched != NULL)
        mg_sched_free(world->sched);
    mg_buf_deinit(&world->log);
}

/* Runs `main` once in one world and throws the world away. */
static inline uint64_t world_count(const struct mg_behaviour *behaviour, uint64_t seed,
                                   uint32_t threads, uint64_t body, uint32_t which)
{
    struct world world;
    world_init(&world, seed, threads);
    world_run(&world, behaviour, body);
    ck_assert_uint_eq(world.deadlocks, 0);
    uint64_t result = counted(&world, which);
    world_deinit(&world);
    return result;
}

/* -- For actors -- */

static inline struct mg_actor *spawn_with(struct mg_scheduler *s, struct mg_actor *parent,
                                          struct mg_spawn *spawn)
{
    struct mg_actor *child = mg_spawn(s, parent, spawn);
    ck_assert_ptr_nonnull(child);
    return child;
}

static inline mg_pid spawn(struct mg_scheduler *s, struct mg_actor *parent,
                           const struct mg_behaviour *behaviour, uint64_t body)
{
    struct mg_spawn options = {.behaviour = behaviour, .priority = MG_PRIORITY_NORMAL};
    options.body[0] = body;
    return mg_actor_pid(spawn_with(s, parent, &options));
}

/* Sends a number; false when refused. */
static inline bool tell(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to, int64_t value)
{
    return mg_post_pid(s, to, mg_actor_message(actor, s, 0, mg_small(value)));
}

/* The next mail's number, or -1 when there is none. Of downs and exits: -2 - reason's enum. */
static inline int64_t hear(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_signal *m = mg_actor_receive(actor, s);
    if (m == NULL)
        return -1;
    int64_t value = m->kind == MG_SIGNAL_MESSAGE || m->kind == MG_SIGNAL_REQUEST
                        ? mg_small_value(m->payload)
                        : -2 - (int64_t)(m->selector - REASON_BASE);
    mg_signal_free(m, &s->blocks);
    return value;
}

static inline enum mg_turn wait_mail(struct mg_actor *actor, struct mg_scheduler *s)
{
    return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
}

static inline enum mg_turn end_with(struct mg_actor *actor, struct mg_scheduler *s, uint32_t reason,
                                    int64_t result)
{
    mg_actor_set_exit(actor, s, reason, MG_PID_NONE, mg_small(result), NULL);
    return MG_TURN_EXIT;
}

#endif
