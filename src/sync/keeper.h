/* SPDX-License-Identifier: MIT */
/* Keepers: the actors behind Mutex, Semaphore, WaitGroup, Channel, CancellationContext and
 * promises. Each is a native actor that owns one thing and answers requests about it, so that what
 * waits is an actor waiting in its mailbox, and nothing is different when the one who asks is on
 * another node.
 *
 *      program                          keeper
 *      handle (class Mutex ...) ──────> control block ──> actor: raw behaviour, state in body[0]
 *      request: operation.def  ──────>  answered at once, or kept among the waiters
 *
 * What the machinery below gives to all of them (sched/request.c):
 *
 *      the asker ends, times out        SETTLED: its waiter is taken out
 *      the asker holds a grant and ends SETTLED with MG_SETTLED_ENDED: the grant is free again
 *      a value finds nobody             RETURNED: it goes back to where it was
 *      the keeper ends                  every request is answered with MG_OUTCOME_NOPROC
 *
 * A keeper lives as long as somebody holds a handle of it (MG_CONTROL_KEPT). Whoever waits in one
 * holds a handle, so a keeper that is told UNHELD has no waiters left that live.
 *
 * K1  A waiter stands in one list, under the reference of its request, and owns the request.
 * K2  Every request is answered exactly once, or given up by its asker.
 *
 * A keeper has no use for the heap that an actor is born with: its state stands there, so a keeper
 * is one block. It is born waiting, and has its first turn when somebody asks.
 *
 * Threads: a keeper is touched by the thread that runs it. Memory: waiters come from the
 * scheduler's block cache.
 */
#ifndef MG_SYNC_KEEPER_H
#define MG_SYNC_KEEPER_H

#include "sched/sched.h"
#include "sched/waits.h"

enum mg_sync_operation {
#define MG_SYNC_OPERATION(id, name) MG_SYNC_##id,
#include "sync/operation.def"
#undef MG_SYNC_OPERATION
    MG_SYNC_OPERATIONS
};

/* What an MG_OUTCOME_ERROR of a keeper says: the payload, a SmallInteger. */
enum mg_sync_error {
    MG_SYNC_EBUSY = 1, /* it cannot be done at once */
    MG_SYNC_ECLOSED,   /* the channel is closed */
    MG_SYNC_EDEADLOCK, /* the asker holds it already */
    MG_SYNC_EOWNER,    /* the asker does not hold it */
    MG_SYNC_ENEGATIVE, /* the count would fall below zero */
    MG_SYNC_EUNKNOWN,  /* this keeper does not know the operation */
};

/* The name of an operation, a constant. */
const char *mg_sync_operation_name(enum mg_sync_operation operation);

/* -- Waiters -- */

struct mg_waiter {
    struct mg_waiter *next, *prev;
    struct mg_signal *request;
    struct mg_waiter *partner; /* these are channel.c's */
    struct mg_signal *value;
    uint32_t stage;
    uint32_t serial;
};

struct mg_map;

/* In order of arrival. A struct of zeros is empty. */
struct mg_waiters {
    struct mg_waiter *first, *last;
    uint32_t count;
    struct mg_map *index; /* reference -> waiter, made when there are many */
};

/* Adds a request at the end. Taken: the request. */
struct mg_waiter *mg_waiters_add(struct mg_waiters *waiters, struct mg_scheduler *s,
                                 struct mg_signal *request);

/* The waiter with this reference, or NULL. */
struct mg_waiter *mg_waiters_find(const struct mg_waiters *waiters, uint64_t reference);

/* Moves a waiter to the end of another list, or to its front. */
void mg_waiters_move(struct mg_waiters *from, struct mg_waiters *to, struct mg_waiter *waiter,
                     bool front);

/* Takes a waiter out and answers its request, which the caller now owns. */
struct mg_signal *mg_waiters_take(struct mg_waiters *waiters, struct mg_scheduler *s,
                                  struct mg_waiter *waiter);

/* The request of the oldest; NULL when there is none. */
struct mg_signal *mg_waiters_take_first(struct mg_waiters *waiters, struct mg_scheduler *s);

/* Frees all, without answering. */
void mg_waiters_drop(struct mg_waiters *waiters, struct mg_scheduler *s);

/* -- Life -- */

/* The most state a keeper can have. */
#define MG_KEEPER_STATE_MAX (MG_ACTOR_FIRST_WORDS * sizeof(mg_value))

/* Makes a keeper whose state begins as a copy of `state`; it runs at `deadline_ns` at the latest,
 * which its behaviour passes on to mg_keeper_run. NULL when there are too many actors. The actor is
 * valid as A2; a handle must be made in the same turn. */
struct mg_actor *mg_keeper_new(struct mg_scheduler *s, const struct mg_behaviour *behaviour,
                               const void *state, size_t bytes, uint64_t deadline_ns);

/* The keeper's state, in the words behind its actor. Also of a keeper that is only looked at. */
static inline void *mg_keeper_state(const struct mg_actor *actor)
{
    return (void *)(uintptr_t)(actor + 1);
}

/* `start` of every keeper's behaviour. */
int mg_keeper_start(struct mg_actor *actor, struct mg_scheduler *s, void *argument);

/* What a keeper does with one signal, which it takes. True: the keeper ends (mg_actor_set_exit was
 * called, or else #normal). */
typedef bool (*mg_keeper_handler)(struct mg_actor *actor, struct mg_scheduler *s,
                                  struct mg_signal *signal);

/* The body of every keeper's `run`: all signals in turn, then waiting until `deadline_ns`. */
enum mg_turn mg_keeper_run(struct mg_actor *actor, struct mg_scheduler *s, mg_keeper_handler handle,
                           const uint64_t *deadline_ns);

/* Whether nobody holds a handle, at the moment of an UNHELD. */
bool mg_keeper_is_unheld(const struct mg_actor *actor);

/* Tells of a wait for what `whom` holds or owes (waits.h); for the hook `waits`. `number`: of the
 * grant. Answers how many records there are then. */
uint32_t mg_keeper_wait(struct mg_wait *out, uint32_t count, mg_pid whom, uint64_t number,
                        bool any);

/* The hook of a keeper whose waiters wait for nobody in particular. */
uint32_t mg_keeper_waits_for_none(const struct mg_actor *actor, const struct mg_sched *sched,
                                  struct mg_wait *out, uint32_t max);

/* -- Answers. Taken: the request, which becomes the reply or is freed. One that came as a MESSAGE
 * (mg_keeper_order) gets no answer and is freed. -- */

/* `value` is an immediate; `flags` are of enum mg_signal_flag. */
void mg_keeper_answer(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                      mg_value value, uint8_t flags);
void mg_keeper_fail(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                    enum mg_sync_error error);

/* Answers with an immediate, and keeps the payload: the request itself is handed back to hold it. A
 * message (no request) is handed back without an answer. */
struct mg_signal *mg_keeper_keep(struct mg_actor *actor, struct mg_scheduler *s,
                                 struct mg_signal *request, mg_value value);

/* Answers with the payload of another signal. Taken: both. `mark` comes back with a RETURNED. */
void mg_keeper_give(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                    struct mg_signal *value, uint8_t flags, uint32_t mark);

/* Answers with an outcome alone (MG_OUTCOME_NOPROC and the like). */
void mg_keeper_settle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                      enum mg_outcome outcome);

/* Sends an OFFER or a RETRACT about a request that waits; an ACCEPT brings the serial back. */
void mg_keeper_tell(struct mg_actor *actor, struct mg_scheduler *s, const struct mg_signal *request,
                    enum mg_signal_kind kind, uint32_t serial);

/* Asks another keeper for something without an answer. Taken: the signal, a MESSAGE; its payload is
 * what the operation takes. */
void mg_keeper_order(struct mg_actor *actor, struct mg_scheduler *s, mg_pid keeper,
                     enum mg_sync_operation operation, mg_value immediate);

#endif
