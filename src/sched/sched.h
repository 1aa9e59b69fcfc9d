/* SPDX-License-Identifier: MIT */
/* All schedulers of a node, and what they share: start, stop, the first actor, supervisors' roots,
 * output, statistics.
 *
 *      sched = mg_sched_new(&config);
 *      main = mg_sched_boot(sched, &spawn);     before mg_sched_run: makes the first actor
 *      mg_sched_run(sched);                     the caller becomes scheduler 0; until all is over
 *      mg_sched_free(sched);
 *
 * mg_sched_run ends when the main actor has ended or somebody asked to stop, after the ordered
 * stop:
 *
 *      1  supervisors' roots, newest first: exit #shutdown to each and wait until it is gone
 *      2  actors with clean-up to do: exit #shutdown to all, and wait until they are gone
 *      3  when the time limit is over: kill what is left of 1 and 2
 *      4  output is flushed, threads end, arenas are dropped whole
 *
 * With `deterministic` there is one thread, a virtual clock that starts at 0 and jumps to the next
 * deadline when all wait, MG_SIM_SCHEDULERS simulated schedulers and a seeded choice at each step;
 * the event log is the same for the same seed, byte by byte. The shipped code runs, only the
 * thread, the clock, the chooser and the output's back end differ.
 *
 * Threads: as said at each function. Memory: the sched owns schedulers, actors, names, the block
 * pool.
 */
#ifndef MG_SCHED_SCHED_H
#define MG_SCHED_SCHED_H

#include "sched/names.h"
#include "sched/scheduler.h"

struct mg_io_backend;
struct mg_ctabs;

#define MG_SIM_SCHEDULERS 2

/* What virtual time makes of work. */
#define MG_NS_PER_REDUCTION 10
#define MG_SCHEDULERS_MAX 255

/* Exit reasons that this layer itself gives; the embedder says which symbols they are. */
#define MG_REASONS(X)        \
    X(NORMAL, "normal")      \
    X(ERROR, "error")        \
    X(SHUTDOWN, "shutdown")  \
    X(KILLED, "killed")      \
    X(LINKED, "linked")      \
    X(NOPROC, "noproc")      \
    X(NODE_DOWN, "nodeDown") \
    X(MEMORY, "memory")      \
    X(MAILBOX, "mailbox")    \
    X(EXPIRED, "expired")    \
    X(REFUSED, "refused")    \
    X(TIMEOUT, "timeout")    \
    X(BROKEN, "broken")

enum mg_reason {
#define X(name, text) MG_REASON_##name,
    MG_REASONS(X)
#undef X
        MG_REASON_COUNT
};

struct mg_sched_config {
    uint32_t schedulers; /* threads; 0: one for each core the process may use. Ignored when
                            deterministic */
    bool deterministic;
    bool explore;     /* deterministic: the seed also chooses how orders are searched for faults,
                         see explore.c, instead of what the shipped queues would do */
    bool thorough;    /* at the end free every actor one by one (leak checks) instead of dropping
                         arenas */
    uint64_t seed;    /* of everything random; deterministic: of the run. 0 in a real run: from the
                         machine */
    uint64_t stop_ns; /* time limit of the ordered stop, 0: 10 s */
    /* For every actor, where its own options say nothing: memory, stack, mailbox bounds. NULL: the
     * limits of base/limits.h. Must live as long as the sched. */
    const struct mg_actor_options *defaults;
    uint32_t reasons[MG_REASON_COUNT]; /* symbol ids */
    const struct mg_io_backend
        *io;     /* &mg_io_loop, or NULL: writes at once. Ignored when deterministic */
    void *owner; /* given to all callbacks */

    /* A scheduler begins and ends, on its thread, before the first and after the last turn; may be
     * NULL. */
    void (*scheduler_start)(void *owner, struct mg_scheduler *s);
    void (*scheduler_stop)(void *owner, struct mg_scheduler *s);

    /* All actors wait, no timer, no I/O and no service could wake one, and the main actor lives.
     * Called once, on a scheduler's thread or any other; after it the sched stops by itself with
     * mg_sched_deadlocked true. May be NULL. */
    void (*deadlock)(void *owner, struct mg_sched *sched);

    /* Deterministic: one line of the event log, without newline. NULL: no log is made. */
    void (*event)(void *owner, const char *line, size_t len);

    /* Makes an actor, under a policy, that serves a value, which may lead into the fragment
     * (copied; NULL for an immediate), to the requests that are sent to it right after its birth,
     * and then ends. NULL when there are too many. May be NULL: nobody serves. */
    struct mg_actor *(*serve)(void *owner, struct mg_scheduler *s, uint16_t policy, mg_value value,
                              const struct mg_fragment *fragment);
    /* Takes what the node prints (descriptor 1 or 2), crash reports included, in place of the
     * output's queue. Any scheduler's thread, one at a time. NULL: it is written. */
    void (*write)(void *owner, int fd, const char *data, size_t len);

    /* A signal to a process that is not of this node (mg_pid_is_remote). Taken: the signal. NULL:
     * refused as dead. */
    enum mg_refusal (*route)(void *owner, struct mg_scheduler *s, mg_pid to,
                             struct mg_signal *signal);
};

struct mg_sched *mg_sched_new(const struct mg_sched_config *config);

/* After mg_sched_run has returned, or without it. */
void mg_sched_free(struct mg_sched *sched);

/* The scheduler to use for building things before mg_sched_run, on the thread that will call it:
 * scheduler 0, started. */
struct mg_scheduler *mg_sched_boot_scheduler(struct mg_sched *sched);

/* Makes the main actor, before mg_sched_run. Answers its control block, counted for the caller, or
 * NULL (spawn->error). The sched holds a count of its own until mg_sched_free, so before that the
 * caller may drop his with any cache, or NULL. */
struct mg_control *mg_sched_boot(struct mg_sched *sched, struct mg_spawn *spawn);

/* Runs until all is over. Once. */
void mg_sched_run(struct mg_sched *sched);

/* Asks for the ordered stop. Any thread; not from a signal handler, but from a thread that waits
 * for signals. `now` true (a second Ctrl-C): no waiting for anybody, only output is flushed. */
void mg_sched_request_stop(struct mg_sched *sched, bool now);

/* Whether it ended by a deadlock report. */
bool mg_sched_deadlocked(const struct mg_sched *sched);

/* Whether its clock is virtual: the mode is deterministic. Any thread. */
bool mg_sched_is_virtual(const struct mg_sched *sched);

/* Whether the stop has begun. Any thread. */
bool mg_sched_stopping(const struct mg_sched *sched);

/* Whether the threads are about to end. Any thread. */
bool mg_sched_is_halted(const struct mg_sched *sched);

/* An actor that serves a value, as config.serve makes it; NULL when it cannot. */
struct mg_actor *mg_sched_serve(struct mg_scheduler *s, uint16_t policy, mg_value value,
                                const struct mg_fragment *fragment);

/* The owner of the configuration. */
void *mg_sched_owner(const struct mg_sched *sched);

/* The symbol id of a reason. */
uint32_t mg_sched_reason(const struct mg_sched *sched, enum mg_reason reason);

/* Where blocks come from; for building things on foreign threads. */
struct mg_block_pool *mg_sched_pool(struct mg_sched *sched);

uint32_t mg_sched_count(const struct mg_sched *sched);

/* The concurrent tables of the node, see ctabs.h. Any thread. */
struct mg_ctabs *mg_sched_tables(const struct mg_sched *sched);

/* -- From foreign threads (I/O, pools) -- */

/* Sends a system signal from a thread that is no scheduler. Taken: the signal; it must come from
 * mg_sched_foreign_signal. False: dead. */
bool mg_sched_post(struct mg_sched *sched, mg_pid to, struct mg_signal *signal);

/* A signal made outside any block cache. */
struct mg_signal *mg_sched_foreign_signal(struct mg_sched *sched, enum mg_signal_kind kind,
                                          uint64_t words);

/* Something outside may still wake an actor (an open socket, a running child): no deadlock is
 * reported meanwhile. */
void mg_sched_hold(struct mg_sched *sched);
void mg_sched_release(struct mg_sched *sched);

/* -- Ordered stop -- */

/* Enters a process into the list of supervisors' roots (newest last); it leaves at its death by
 * itself. */
void mg_sched_add_root(struct mg_scheduler *s, struct mg_actor *actor);

/* Stops all roots, newest first, as step 1 and 3 above do it, and the rest as step 2, from
 * wherever; the sched then ends. `timeout_ns` 0: the configured limit. */
void mg_sched_stop_trees(struct mg_sched *sched, uint64_t timeout_ns);

/* -- Restrictions -- */

/* A number for "may not touch these globals", shared by all actors that have it and never freed
 * before the sched: the names of `parent` (a number, 0 for none) and these symbol ids. Answers 0
 * when `count` is 0 and parent is 0; the parent's number if nothing is added; MG_POLICY_FULL when
 * there are too many different ones. Any scheduler. */
#define MG_POLICY_FULL UINT32_MAX
uint32_t mg_sched_policy(struct mg_sched *sched, uint32_t parent, const uint32_t *symbols,
                         uint32_t count);

/* Calls visit for each symbol of a policy (not 0), in order of their ids. Any thread. */
void mg_sched_policy_each(const struct mg_sched *sched, uint32_t policy,
                          void (*visit)(void *context, uint32_t symbol), void *context);

/* Whether the policy forbids the global with this name. Any thread. */
bool mg_sched_policy_denies(const struct mg_sched *sched, uint32_t policy, uint32_t symbol);

/* -- Output of the node: bounded, written by the I/O thread -- */

#define MG_OUTPUT_BOUND (256 * 1024)

/* Appends one piece for a file descriptor (1 or 2). True: accepted. False: the buffer is full,
 * nothing was taken; return mg_actor_wait(actor, s, MG_WAKE_ROOM, MG_NO_DEADLINE) and try again. A
 * piece above the bound is accepted when the buffer is empty. `actor` is the running one. */
MG_MUST_CHECK bool mg_output_write(struct mg_scheduler *s, struct mg_actor *actor, int fd,
                                   const void *data, size_t len);

/* Waits (on the calling thread) until everything accepted so far was written, or failed. Not from
 * an actor's turn, except right before the process ends. */
void mg_output_flush(struct mg_sched *sched);

/* A report about a crash, for stderr: never refused, never waits; beyond 1 MiB unwritten it is
 * dropped and counted. */
void mg_sched_log_crash(struct mg_sched *sched, const char *text, size_t len);

/* A line for the person who runs the node: `maggie: warning: ...` (base/log.h), or to the embedder
 * who takes what the node prints. Never waits. */
void mg_sched_warn(struct mg_sched *sched, const char *fmt, ...) MG_PRINTF(2, 3);

/* -- Looking -- */

struct mg_sched_stats {
    uint64_t spawned, ended; /* since start */
    uint64_t turns, slices, steals, parks, timers_fired;
    uint64_t messages;      /* pushed by actors */
    uint64_t refused;       /* for want of room */
    uint64_t memory_bytes;  /* of the block pool */
    uint64_t results_bytes; /* kept exit records */
};

/* A moment's figures, each right within a slice. Any thread. */
void mg_sched_stats(const struct mg_sched *sched, struct mg_sched_stats *stats);

/* What ps shows of one process. */
struct mg_actor_info {
    mg_pid pid;
    enum mg_actor_state state;
    uint8_t priority;
    uint64_t reductions;
    uint32_t mail;
    uint64_t heap_bytes;
    const char *behaviour;
    bool keeper; /* deals with requests by itself (actor.h, `raw`); no process of the program's */
};

/* Calls `visit` for every live process, in order of their places in the table. For use in a turn
 * (the table is walked under the scheduler's protection); `from` and the answer cut the walk into
 * slices: start with 0, go on with the answer, 0 at the end. At most `limit` processes a call. */
uint64_t mg_sched_each(struct mg_scheduler *s, uint64_t from, uint32_t limit,
                       void (*visit)(void *context, const struct mg_actor_info *info),
                       void *context);

/* Whether a pid is of another node. */
#define MG_PID_REMOTE ((mg_pid)1 << 60)
static inline bool mg_pid_is_remote(mg_pid pid)
{
    return (pid & MG_PID_REMOTE) != 0;
}

#endif
