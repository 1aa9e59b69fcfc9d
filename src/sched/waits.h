/* SPDX-License-Identifier: MIT */
/* Who waits for whom. Nothing is published while actors run: a wait is read off what the waiting
 * actor keeps anyway (wait_for, its open requests, its timer), by the actor itself, when somebody
 * asks.
 *
 *      asker                                        asked
 *      mg_waits_ask  ── INSPECT, MG_INSPECT_WAITS ──> at its next drain: mg_waits_of
 *                    <── REPLY, the records ───────── and sleeps on; `run` is not called
 *
 * An actor in C that lends things out (a lock, a semaphore, a promise) tells by its behaviour's
 * hook `waits` for whom those wait who wait for it:
 *
 *      static uint32_t lock_waits(const struct mg_actor *actor, const struct mg_sched *sched,
 *                                 struct mg_wait *out, uint32_t max)
 *      {
 *          if (lock_owner(actor) == MG_PID_NONE || max == 0)
 *              return 0;
 *          out[0] = (struct mg_wait){.kind = MG_WAIT_HOLDER, .whom = lock_owner(actor),
 *                                    .number = lock_fence(actor), .until_ns = MG_NO_DEADLINE};
 *          return 1;
 *      }
 *
 * G1  `number` is another one for every wait of an actor and every grant of a keeper: the same
 *     number, read twice, means that the edge was there all the time in between.
 * G2  An edge that was read may be gone when it is looked at. So a cycle counts when all of its
 *     edges were read, and then all of them again, with the same numbers: they all stood at the
 *     moment between the two readings.
 *
 * Threads: mg_waits_of as the hook; the rest on the thread that runs the actor named first. Memory:
 * records are plain; a reply that carries some is freed as any signal.
 * Story: docs/internals/wait-graph.md.
 */
#ifndef MG_SCHED_WAITS_H
#define MG_SCHED_WAITS_H

#include "base/buf.h"
#include "sched/actor.h"

enum mg_wait_kind {
    MG_WAIT_NONE,   /* never in a record that is told */
    MG_WAIT_MAIL,   /* for a message, of whomever */
    MG_WAIT_TIME,   /* for nothing but its deadline, or for ever */
    MG_WAIT_ROOM,   /* for room in the output */
    MG_WAIT_REPLY,  /* for the reply to a request */
    MG_WAIT_END,    /* for the end of a process */
    MG_WAIT_HOLDER, /* of a keeper: for what `whom` holds or has promised */
    MG_WAIT_KINDS
};

/* Records of one actor at most; a keeper with more holders tells of the first ones. */
#define MG_WAITS_MAX 64

struct mg_wait {
    mg_pid whom;       /* or MG_PID_NONE: of nobody in particular */
    uint64_t number;   /* G1; 0 where there is no counterpart */
    uint64_t since_ns; /* by the node's clock; 0: not known */
    uint64_t until_ns; /* MG_NO_DEADLINE: for ever */
    uint32_t code;     /* the place, in the behaviour's own terms; 0: none */
    uint32_t insn;
    uint8_t kind; /* enum mg_wait_kind */
    bool any;     /* of several records any one would do (the holders of a semaphore); else all
                     are needed */
};

/* What the actor waits for now; 0: it does not wait. */
uint32_t mg_waits_of(const struct mg_actor *actor, const struct mg_sched *sched,
                     struct mg_wait *out, uint32_t max);

/* For hooks: what the scheduler knows of the actor's wait. `reference`: the request it waits for,
 * if it waits for a reply. False: it does not wait, or what it waits for has come. */
bool mg_wait_describe(const struct mg_actor *actor, uint64_t reference, struct mg_wait *out);

/* Asks a process: MG_INSPECT_WAITS, or another detail for its behaviour. Answers the reference of a
 * request (actor.h: poll, state, close), settled with MG_OUTCOME_VALUE when it has told; 0: too
 * many are open. */
uint64_t mg_waits_ask(struct mg_actor *actor, struct mg_scheduler *s, mg_pid whom, uint16_t detail);

/* Sends an answer of `count` records of plain words; for behaviours' hooks. Taken: the question. */
void mg_waits_tell(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *question,
                   const void *records, uint32_t count, size_t record_size);

/* The records in the reply, valid as long as it; NULL when it is no such reply. */
const struct mg_wait *mg_waits_read(const struct mg_signal *reply, uint32_t *count);

/* The same for other records, `max` at most. */
const void *mg_waits_records(const struct mg_signal *reply, uint32_t max, size_t record_size,
                             uint32_t *count);

/* Calls visit for each wait of each process, in order of their places in the table. Only while
 * every scheduler is parked for good: in the callback `deadlock` of struct mg_sched_config. */
void mg_waits_each(struct mg_sched *sched,
                   void (*visit)(void *context, mg_pid who, const struct mg_wait *wait),
                   void *context);

/* Appends the first name a process is registered under; false: it has none. Any thread. */
bool mg_waits_name(struct mg_sched *sched, mg_pid pid, struct mg_buf *out);

#endif
