/* SPDX-License-Identifier: MIT */
/* Orders that find faults. The rules of the queues are fair and kind: who was woken runs at once,
 * who came first runs first, so many orders that real threads can produce hardly ever come up. Here
 * the seed draws, once for the run, how the next actor is chosen:
 *
 *      QUEUES      as shipped: a quarter of the seeds
 *      RANDOM      any runnable actor, each with the same chance: a quarter
 *      PRIORITIES  each actor has a priority of its own, drawn by the seed, and the highest runs.
 *                  At points that the seed draws, once in P turns, a turn is cut short after a few
 *                  reductions; whoever is cut short, or has used its slice up, sinks below all
 *                  others. P is drawn for the run: half of the seeds
 *
 * The last one is what finds faults that need few decisions at the right places among many: one
 * actor is held back for as long as others have anything to do, which at random would take one
 * lucky choice after the other.
 *
 * X1  Every runnable actor is here, and in no queue, while a step looks for one.
 * X2  Nobody who is runnable is passed over more than EXPLORE_PATIENCE times in a row.
 * X3  What is chosen depends on the seed and the run alone: pids, counters, no addresses.
 *
 * Threads: the one of the deterministic mode. Memory: belongs to the sched; actors are borrowed.
 * Story: docs/internals/testing.md.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "base/vec.h"
#include "sched/internal.h"

/* X2; how many of the oldest ones are looked at; lowered priorities that are remembered. */
enum { EXPLORE_PATIENCE = 1000, EXPLORE_WINDOW = 256, EXPLORE_LOWERED_MAX = 65536 };

enum { WAY_QUEUES, WAY_RANDOM, WAY_PRIORITIES };

/* The highest bit of a priority: it was never lowered. */
#define PRIORITY_FRESH (UINT64_C(1) << 63)

struct ready {
    struct mg_actor *actor;
    mg_pid pid;
    uint64_t since; /* the step at which it came */
};

struct mg_explore {
    uint32_t way;
    uint32_t cut_one_in; /* P */
    uint64_t salt;       /* of the priorities */
    uint64_t lowest;     /* the next lowered priority; sinks */
    struct mg_map lowered;
    struct ready *ready; /* in order of arrival */
    uint32_t count, cap;
};

struct mg_explore *mg_explore_new(struct mg_sched *sched)
{
    struct mg_rng *chooser = &sched->chooser;
    uint64_t way = mg_rng_below(chooser, 4);
    if (way == WAY_QUEUES)
        return NULL;
    struct mg_explore *explore = mg_alloc_zero(sizeof *explore);
    explore->way = way == 1 ? WAY_RANDOM : WAY_PRIORITIES;
    explore->cut_one_in = 4u << 2 * mg_rng_below(chooser, 4);
    explore->salt = mg_rng_next(chooser);
    explore->lowest = PRIORITY_FRESH - 1;
    mg_map_init(&explore->lowered);
    return explore;
}

void mg_explore_free(struct mg_explore *explore)
{
    if (explore == NULL)
        return;
    mg_map_deinit(&explore->lowered);
    mg_free(explore->ready);
    mg_free(explore);
}

uint32_t mg_explore_way(const struct mg_explore *explore)
{
    return explore == NULL ? WAY_QUEUES : explore->way;
}

/* -- Who is runnable -- */

static void explore_add(struct mg_sched *sched, struct mg_actor *actor)
{
    struct mg_explore *explore = sched->explore;
    explore->ready =
        mg_vec_grow(explore->ready, &explore->cap, explore->count + 1, sizeof *explore->ready);
    explore->ready[explore->count++] = (struct ready){actor, mg_actor_pid(actor), sched->sim_step};
}

static void explore_gather(struct mg_sched *sched)
{
    struct mg_actor *actor;
    for (uint32_t i = 0; i < sched->count; i++) {
        while ((actor = mg_core_take_queued(sched->cores[i])) != NULL)
            explore_add(sched, actor);
    }
}

static struct mg_actor *explore_take(struct mg_explore *explore, uint32_t index)
{
    struct mg_actor *actor = explore->ready[index].actor;
    uint32_t behind = explore->count - index - 1;
    memmove(&explore->ready[index], &explore->ready[index + 1], behind * sizeof *explore->ready);
    explore->count--;
    return actor;
}

/* -- Priorities -- */

static uint64_t explore_priority(const struct mg_explore *explore, mg_pid pid)
{
    uint64_t lowered;
    if (mg_map_get(&explore->lowered, pid, &lowered))
        return lowered;
    return mg_hash_u64(pid ^ explore->salt) | PRIORITY_FRESH;
}

static void explore_lower(struct mg_explore *explore, mg_pid pid)
{
    if (mg_map_len(&explore->lowered) >= EXPLORE_LOWERED_MAX)
        mg_map_clear(&explore->lowered);
    mg_map_put(&explore->lowered, pid, explore->lowest--);
}

/* -- Choosing -- */

static uint32_t explore_choose(struct mg_sched *sched)
{
    struct mg_explore *explore = sched->explore;
    uint32_t count = explore->count < EXPLORE_WINDOW ? explore->count : EXPLORE_WINDOW;
    if (sched->sim_step - explore->ready[0].since > EXPLORE_PATIENCE)
        return 0;
    if (explore->way == WAY_RANDOM)
        return (uint32_t)mg_rng_below(&sched->chooser, count);
    uint32_t best = 0;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t priority = explore_priority(explore, explore->ready[i].pid);
        if (priority > highest) {
            highest = priority;
            best = i;
        }
    }
    return best;
}

/* How long the turn may last; by priorities *cut says whether it is one of those cut short. */
static int32_t explore_slice(struct mg_sched *sched, struct mg_core *core, bool *cut)
{
    struct mg_explore *explore = sched->explore;
    *cut = false;
    if (explore->way == WAY_RANDOM)
        return mg_core_random_slice(core);
    *cut = mg_rng_below(&sched->chooser, explore->cut_one_in) == 0;
    return *cut ? (int32_t)(1 + mg_rng_below(&sched->chooser, 128)) : MG_SLICE_REDUCTIONS;
}

bool mg_explore_step(struct mg_sched *sched)
{
    struct mg_explore *explore = sched->explore;
    explore_gather(sched);
    if (explore->count == 0)
        return false;
    sched->sim_step++;
    uint32_t index = explore_choose(sched);
    mg_pid pid = explore->ready[index].pid;
    struct mg_actor *actor = explore_take(explore, index);
    struct mg_core *core = sched->cores[mg_rng_below(&sched->chooser, sched->count)];
    bool cut;
    int32_t slice = explore_slice(sched, core, &cut);
    mg_core_attach(core);
    bool yielded = mg_core_turn(core, actor, slice);
    mg_core_detach(core);
    if (explore->way == WAY_PRIORITIES && (yielded || cut))
        explore_lower(explore, pid);
    return true;
}

void mg_explore_end(struct mg_sched *sched)
{
    struct mg_explore *explore = sched->explore;
    for (uint32_t i = 0; i < explore->count; i++)
        mg_core_enqueue(sched->cores[0], explore->ready[i].actor);
    explore->count = 0;
}
