/* SPDX-License-Identifier: MIT */
/* Making keepers. What each can be asked is in operation.def; what programs see of them is in
 * lib/Mutex.mag, lib/Channel.mag and so on. The answer is valid for the turn, and NULL when there
 * are too many actors; the caller makes a handle of its control block in the same turn.
 *
 * Threads: a scheduler's. Memory: keepers end by themselves when no handle is left.
 */
#ifndef MG_SYNC_SYNC_H
#define MG_SYNC_SYNC_H

#include "sync/keeper.h"

/* A lock. `state`: what it holds, as the payload of a signal ({state}), or NULL. Taken: the
 * state. */
struct mg_actor *mg_mutex_new(struct mg_scheduler *s, struct mg_signal *state);

/* A counting semaphore with all its permits there. */
struct mg_actor *mg_semaphore_new(struct mg_scheduler *s, uint32_t permits);
#define MG_SEMAPHORE_MAX ((UINT32_C(1) << 30) - 1)

struct mg_actor *mg_group_new(struct mg_scheduler *s);

/* A channel; capacity 0: every send meets a receive. */
struct mg_actor *mg_channel_new(struct mg_scheduler *s, uint64_t capacity);
#define MG_CHANNEL_MAX (UINT64_C(1) << 27)

/* A cancellation context: it ends when it is cancelled. `parent`: the payload is the parent's
 * handle, or NULL (taken); the caller then makes the parent adopt it. `deadline_ns` or
 * MG_NO_DEADLINE. `background`: it is never cancelled. */
struct mg_actor *mg_context_new(struct mg_scheduler *s, struct mg_signal *parent,
                                uint64_t deadline_ns, bool background);

/* A promise: it ends when it is settled, and its exit tells how. `asked`: from whom the answer is
 * to come, under the reference mg_promise_reference; MG_PID_NONE: from mg_promise_resolver. At
 * `deadline_ns` it settles with #timeout. */
struct mg_actor *mg_promise_new(struct mg_scheduler *s, mg_pid asked, uint64_t deadline_ns);
uint64_t mg_promise_reference(const struct mg_actor *promise);

/* The resolver's half of a promise: a control block that lives as long as handles of it do, and
 * whose end breaks the promise. Owned by the caller: one count. */
struct mg_control *mg_promise_resolver(struct mg_scheduler *s, struct mg_actor *promise);

/* The promise's control block behind a resolver; borrowed. */
struct mg_control *mg_promise_of_resolver(const struct mg_control *resolver);

/* Whether a control block is a promise's. */
bool mg_promise_is_one(const struct mg_control *control);

/* Whether all that was sent to a promise before it ended has been passed on (promise.c P3). */
bool mg_promise_is_quiet(const struct mg_control *promise);

extern const struct mg_behaviour mg_promise_behaviour;

#endif
