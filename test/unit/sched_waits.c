/* SPDX-License-Identifier: MIT */
/* Waits as others see them: each kind, rings of requests, keepers with a hook, the dead and the
 * busy, and that nobody's `run` is called for it. */
#include "sched/waits.h"

#include "sched/internal.h"
#include "support/actors.h"

enum { RING = 7, TURNS = 0 };

/* body[0]: whom it asks; waits for the reply for ever. n[TURNS] counts all turns of the ring. */
ACTOR(asks)
{
    count(s, TURNS, 1);
    if (actor->body[1] == 0) {
        if (actor->body[0] == 0) { // told whom to ask by its first message
            int64_t whom = hear(actor, s);
            if (whom < 0)
                return wait_mail(actor, s);
            actor->body[0] = (uint64_t)whom;
        }
        actor->body[1] = mg_request_open(actor, s, actor->body[0]);
        struct mg_signal *request = mg_signal_new(&s->blocks, MG_SIGNAL_REQUEST, 0);
        request->sender = mg_actor_pid(actor);
        request->reference = actor->body[1];
        ck_assert(mg_post_pid(s, actor->body[0], request));
    }
    return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
}

ACTOR(listens)
{
    return wait_mail(actor, s);
}

ACTOR(sleeps)
{
    if (mg_actor_timed_out(actor))
        return MG_TURN_EXIT;
    if (actor->body[0] == 0)
        actor->body[0] = mg_scheduler_now(s) + 3600 * MG_NS_PER_S;
    return mg_actor_wait(actor, s, 0, actor->body[0]);
}

/* A keeper: holds something for the process body[0], and is asked by others. */
static uint32_t keeper_waits(const struct mg_actor *actor, const struct mg_sched *sched,
                             struct mg_wait *out, uint32_t max)
{
    (void)sched;
    for (uint32_t i = 0; i < 3 && i < max; i++)
        out[i] = (struct mg_wait){.kind = MG_WAIT_HOLDER,
                                  .whom = actor->body[0],
                                  .number = i + 1,
                                  .until_ns = MG_NO_DEADLINE,
                                  .any = true};
    return max < 3 ? max : 3;
}

static enum mg_turn keeper_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    return wait_mail(actor, s);
}

static const struct mg_behaviour keeper = {
    .name = "keeper", .run = keeper_run, .waits = keeper_waits};

/* Asks one process after the other. body[0]: which; body[1]: the open question; body[2]: round. */
struct asked {
    struct mg_wait waits[MG_WAITS_MAX];
    uint32_t count;
    enum mg_outcome outcome;
};

static bool ask_next(struct mg_actor *actor, struct mg_scheduler *s, mg_pid whom,
                     struct asked *asked)
{
    if (actor->body[1] == 0)
        actor->body[1] = mg_waits_ask(actor, s, whom, MG_INSPECT_WAITS);
    struct mg_signal *reply = NULL;
    asked->outcome = mg_request_poll(actor, actor->body[1], &reply);
    if (asked->outcome == MG_OUTCOME_PENDING)
        return false;
    actor->body[1] = 0;
    asked->count = 0;
    if (reply != NULL && asked->outcome == MG_OUTCOME_VALUE) {
        const struct mg_wait *waits = mg_waits_read(reply, &asked->count);
        ck_assert_ptr_nonnull(waits);
        memcpy(asked->waits, waits, asked->count * sizeof *waits);
    }
    if (reply != NULL)
        mg_signal_free(reply, &s->blocks);
    return true;
}

static enum mg_turn await_reply(struct mg_actor *actor, struct mg_scheduler *s)
{
    return mg_actor_wait(actor, s, MG_WAKE_REPLY, MG_NO_DEADLINE);
}

/* Two rounds over the ring: every edge is there, the same number each time, and no turn is
 * taken. */
ACTOR(ring_main)
{
    struct world *world = world_of(s);
    uint64_t *body = actor->body;
    if (body[3] == 0) {
        for (uint32_t i = 0; i < RING; i++)
            world->pids[i] = spawn(s, actor, &asks, 0);
        for (uint32_t i = 0; i < RING; i++)
            tell(actor, s, world->pids[i], (int64_t)world->pids[(i + 1) % RING]);
        body[3] = 1;
    }
    struct asked asked;
    while (body[2] < 3) {
        uint32_t i = (uint32_t)body[0];
        if (!ask_next(actor, s, world->pids[i], &asked))
            return await_reply(actor, s);
        if (body[2] == 0) { // until all of them wait
            bool waits = asked.count == 1 && asked.waits[0].kind == MG_WAIT_REPLY;
            world->n[8 + i] = waits ? asked.waits[0].number : 0;
            body[0] = waits ? body[0] + 1 : body[0];
            world->n[1] = counted(world, TURNS);
        } else {
            ck_assert_uint_eq(asked.count, 1);
            ck_assert_uint_eq(asked.waits[0].whom, world->pids[(i + 1) % RING]);
            ck_assert_uint_eq(asked.waits[0].number, world->n[8 + i]);
            ck_assert_uint_eq(asked.waits[0].until_ns, MG_NO_DEADLINE);
            ck_assert_uint_ne(asked.waits[0].since_ns, 0);
            ck_assert_uint_eq(counted(world, TURNS), world->n[1]);
            body[0]++;
        }
        if (body[0] == RING) {
            body[0] = 0;
            body[2]++;
        }
    }
    return MG_TURN_EXIT;
}

UNIT_CASE(ring)
{
    for (uint64_t seed = 0; seed < 30; seed++)
        world_count(&ring_main, seed, 0, 0, 0);
    world_count(&ring_main, 1, 3, 0, 0);
}

/* Each kind once. */
ACTOR(kinds_main)
{
    struct world *world = world_of(s);
    uint64_t *body = actor->body;
    if (body[3] == 0) {
        world->pids[0] = spawn(s, actor, &listens, 0);
        world->pids[1] = spawn(s, actor, &sleeps, 0);
        world->pids[2] = spawn(s, actor, &keeper, world->pids[0]);
        world->pids[3] = spawn(s, actor, &listens, 0);
        mg_kill_send(s, mg_actor_pid(actor), world->pids[3]);
        body[3] = 1;
    }
    struct asked asked;
    while (body[0] < 4) {
        uint32_t i = (uint32_t)body[0];
        if (!ask_next(actor, s, world->pids[i], &asked))
            return await_reply(actor, s);
        if (i == 3) {
            ck_assert_uint_eq(asked.outcome, MG_OUTCOME_NOPROC);
        } else if (asked.count != 0) {
            static const uint8_t kinds[] = {MG_WAIT_MAIL, MG_WAIT_TIME, MG_WAIT_HOLDER};
            ck_assert_uint_eq(asked.waits[0].kind, kinds[i]);
            ck_assert_uint_eq(asked.waits[0].whom, i == 2 ? world->pids[0] : MG_PID_NONE);
            ck_assert_uint_eq(asked.waits[0].until_ns == MG_NO_DEADLINE, i != 1);
            ck_assert_uint_eq(asked.count, i == 2 ? 3 : 1);
        } else {
            continue; // it has not yet begun to wait
        }
        body[0]++;
    }
    return MG_TURN_EXIT;
}

UNIT_CASE(kinds)
{
    for (uint64_t seed = 0; seed < 30; seed++)
        world_count(&kinds_main, seed, 0, 0, 0);
}

/* A signal that is no answer to such a question is not taken for one. */
UNIT_CASE(forged)
{
    struct mg_block_pool pool;
    struct mg_block_cache blocks;
    mg_block_pool_init(&pool);
    mg_block_cache_init(&blocks, &pool);
    uint32_t n = 0;
    struct mg_signal *signal = mg_signal_new(&blocks, MG_SIGNAL_REPLY, 0);
    ck_assert_ptr_null(mg_waits_read(signal, &n));
    signal->payload = mg_small(1);
    ck_assert_ptr_null(mg_waits_read(signal, &n));
    signal->payload = mg_small(-1);
    ck_assert_ptr_null(mg_waits_read(signal, &n));
    signal->payload = mg_small(MG_WAITS_MAX + 1);
    ck_assert_ptr_null(mg_waits_read(signal, &n));
    signal->payload = mg_small(0);
    ck_assert_ptr_nonnull(mg_waits_read(signal, &n));
    ck_assert_uint_eq(n, 0);
    mg_signal_free(signal, &blocks);
    mg_block_cache_deinit(&blocks);
    mg_block_pool_deinit(&pool);
}

/* What the report at rest sees. */
static void visit_wait(void *context, mg_pid who, const struct mg_wait *wait)
{
    struct world *world = context;
    for (uint32_t i = 0; i < RING; i++) {
        if (world->pids[i] == who && wait->whom == world->pids[(i + 1) % RING])
            world->n[3]++;
    }
}

static void deadlock_visits(void *owner, struct mg_sched *sched)
{
    mg_waits_each(sched, visit_wait, owner);
    struct mg_buf name = {0};
    struct world *world = owner;
    ck_assert(mg_waits_name(sched, world->pids[2], &name));
    ck_assert_str_eq(mg_buf_text(&name), "third");
    ck_assert(!mg_waits_name(sched, world->pids[3], &name));
    mg_buf_deinit(&name);
}

ACTOR(stuck_main)
{
    struct world *world = world_of(s);
    if (actor->body[3]++ == 0) {
        for (uint32_t i = 0; i < RING; i++)
            world->pids[i] = spawn(s, actor, &asks, 0);
        for (uint32_t i = 0; i < RING; i++)
            tell(actor, s, world->pids[i], (int64_t)world->pids[(i + 1) % RING]);
        mg_names_register(s, world->pids[2], "third", 5);
    }
    return wait_mail(actor, s);
}

UNIT_CASE(at_rest)
{
    for (uint32_t threads = 0; threads <= 3; threads += 3) {
        struct world world;
        world_init(&world, 3, threads);
        world.config.deadlock = deadlock_visits;
        world_run(&world, &stuck_main, 0);
        ck_assert(mg_sched_deadlocked(world.sched));
        ck_assert_uint_eq(counted(&world, 3), RING);
        world_deinit(&world);
    }
}

UNIT_MAIN("sched/waits", ring, kinds, forged, at_rest)
