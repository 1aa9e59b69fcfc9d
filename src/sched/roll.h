/* SPDX-License-Identifier: MIT */
/* Rolls: lists of processes under a key, which each process leaves at its end. Registries, process
 * groups and topics are rolls whose keys say which they are.
 *
 *      key ──> roll ──> [ member, member, (left), member ]      in the order of joining
 *                            │
 *      pid ──> its newest member ──> older ──> ...              whatever the roll
 *
 * R1  A member stands in its roll exactly from its joining to its leaving, at the place of its
 *     serial, which rises. So a walk that goes on behind a serial meets everyone who was there all
 *     the time exactly once.
 * R2  A process has left all rolls before anybody hears of its end.
 * R3  A roll without members is dead and is found by nobody; the next one who joins makes another.
 *
 * Threads: any scheduler. Finding a roll takes no lock; looking into it the roll's own, for a
 * bounded time. Memory: all belongs to struct mg_rolls. Words (ctab.h) that were found are valid
 * until the finder's slice ends.
 */
#ifndef MG_SCHED_ROLL_H
#define MG_SCHED_ROLL_H

#include "sched/ctab.h"
#include "sched/scheduler.h"

struct mg_rolls;
struct mg_core;

struct mg_rolls *mg_rolls_new(void);

/* `s` as for mg_ctabs_free. */
void mg_rolls_free(struct mg_rolls *rolls, struct mg_scheduler *s);

enum mg_roll_mode {
    MG_ROLL_ALONE, /* nobody else may be in the roll */
    MG_ROLL_ONCE,  /* the process joins unless it is in already */
    MG_ROLL_AGAIN, /* each joining counts */
};

enum mg_roll_outcome {
    MG_ROLL_JOINED,
    MG_ROLL_TAKEN, /* ALONE: somebody is there; ONCE: it is in already */
    MG_ROLL_ENDED, /* the process has ended */
    MG_ROLL_FULL,
};

/* Joins a process, with a word (taken when it joins). When TAKEN, *holder is who is there. */
MG_MUST_CHECK enum mg_roll_outcome mg_roll_join(struct mg_scheduler *s, struct mg_copy *copy,
                                                mg_value key, uint64_t hash, mg_pid pid,
                                                uint64_t word, enum mg_roll_mode mode,
                                                mg_pid *holder);

/* Takes the process's newest membership out; false when it has none. */
bool mg_roll_leave(struct mg_scheduler *s, mg_value key, uint64_t hash, mg_pid pid);

/* Gives the process's newest membership another word (taken); false when it has none. */
bool mg_roll_set(struct mg_scheduler *s, mg_value key, uint64_t hash, mg_pid pid, uint64_t word);

/* Whether the process is a member. */
bool mg_roll_includes(struct mg_scheduler *s, mg_value key, uint64_t hash, mg_pid pid);

/* Members, each joining counted. */
uint64_t mg_roll_count(struct mg_scheduler *s, mg_value key, uint64_t hash);

/* The serial of the one who joined last, 0 for nobody. */
uint64_t mg_roll_last(struct mg_scheduler *s, mg_value key, uint64_t hash);

struct mg_roll_member {
    mg_pid pid;
    uint64_t serial;
    uint64_t word;
};

/* The members behind a serial (0 to begin), at most `max`: answers how many; fewer than `max` at
 * the end only. */
uint32_t mg_roll_members(struct mg_scheduler *s, mg_value key, uint64_t hash, uint64_t after,
                         struct mg_roll_member *out, uint32_t max);

/* The keys of the rolls a process is in, newest first, from the `skip`-th on, at most `max`; their
 * entries. */
uint32_t mg_roll_keys_of(struct mg_scheduler *s, mg_pid pid, uint32_t skip,
                         struct mg_ctab_entry **out, uint32_t max);

/* All rolls, as mg_ctab_walk. */
uint32_t mg_roll_walk(struct mg_scheduler *s, struct mg_ctab_place *place,
                      struct mg_ctab_entry **out, uint32_t max);

/* The end of a process: it leaves everything. False: something is left, call again. */
bool mg_rolls_release(struct mg_core *core, mg_pid pid);

/* Memberships of the whole node. */
uint64_t mg_rolls_members(const struct mg_rolls *rolls);

#endif
