/* SPDX-License-Identifier: MIT */
/* An actor: a heap, a mailbox, a behaviour, and what the scheduler must know. One block of 512
 * bytes; the actor is its first half, the second half is its first stack and heap.
 *
 *               start            picked            WAIT and nothing came
 *      NEW ──────────> RUNNABLE ────────> RUNNING ───────────────────────> WAITING
 *                        ^  ^              │  │                               │
 *                        │  └──── YIELD ───┘  │ EXIT, kill                    │ a push removed
 *                        └────────────────────┼───────────────────────────────┘ the asleep bit
 *                                             v
 *                                          EXITING ──(all told)──> GONE ──(grace)──> recycled
 *
 * A behaviour is a small table of functions. The scheduler calls `run` when it is the actor's turn;
 * `run` works until its reductions are used up (s->reductions <= 0), or there is nothing to do, or
 * the actor ends. The interpreter is one behaviour; anything written in C can be another. A
 * behaviour in ten lines:
 *
 *      static enum mg_turn echo_run(struct mg_actor *actor, struct mg_scheduler *s)
 *      {
 *          struct mg_signal *m;
 *          while ((m = mg_actor_receive(actor, s)) != NULL) {
 *              mg_post_pid(s, m->sender, mg_actor_message(actor, s, m->selector, m->payload));
 *              mg_signal_free(m, mg_scheduler_blocks(s));
 *          }
 *          return mg_actor_wait(actor, s, MG_WAKE_MAIL, MG_NO_DEADLINE);
 *      }
 *
 * A1  Only the thread that runs the actor touches it, except for: the queue and `room` of the
 *     mailbox, `state` (read by ps), and `timer.word`.
 * A2  A pointer to an actor (found by pid or handle) is valid until the finder's slice ends,
 *     whatever becomes of the actor; within a turn of `run` that is always so. Nobody keeps one
 *     longer; keep the pid or the control block.
 * A3  `control` is counted once by the actor, from birth to recycling.
 * A4  Before `run` is called, and whenever `run` calls mg_actor_drain, all signals that have
 *     arrived have taken effect.
 *
 * Threads: as A1. Memory: the scheduler makes and recycles actors; a behaviour frees what its body
 * words hold in `deinit`, the heap's content is freed by the scheduler.
 */
#ifndef MG_SCHED_ACTOR_H
#define MG_SCHED_ACTOR_H

#include "mailbox/mailbox.h"
#include "object/control.h"
#include "object/heap.h"

struct mg_actor;
struct mg_scheduler;
struct mg_sched;
struct mg_actor_side; /* side.h: what most actors never need */

enum mg_actor_state {
    MG_ACTOR_NEW,
    MG_ACTOR_RUNNABLE,
    MG_ACTOR_RUNNING,
    MG_ACTOR_WAITING,
    MG_ACTOR_EXITING,
    MG_ACTOR_GONE,
    MG_ACTOR_STATES
};

enum mg_priority { MG_PRIORITY_SYSTEM, MG_PRIORITY_NORMAL, MG_PRIORITY_LOW, MG_PRIORITIES };

enum mg_actor_flag {
    MG_ACTOR_TRAPS = 1,        /* exits become mail */
    MG_ACTOR_EXIT_PENDING = 2, /* an exit has hit it: unwind, then answer MG_TURN_EXIT */
    MG_ACTOR_KILLED = 4,       /* ends without unwinding as soon as `run` returns */
    MG_ACTOR_SUSPENDED = 8,    /* signals take effect, but `run` is not called */
    MG_ACTOR_CLEANUP = 16,     /* see mg_actor_set_cleanup */
    MG_ACTOR_ENDING = 32,      /* mg_actor_set_exit was called */
    MG_ACTOR_ROOT = 128,       /* in the list of supervisors' roots */
    MG_ACTOR_TIMED_OUT = 64,   /* the last mg_actor_wait found its deadline passed */
};

/* What is fixed when an actor is born, and so may be read by senders. */
enum mg_actor_birth {
    MG_BIRTH_PRIORITY = 3, /* mask of enum mg_priority */
    MG_BIRTH_BOUND =
        4, /* the mailbox's bound or policy is not the default: side->bound, side->policy */
    MG_BIRTH_EXACT = 8, /* the bound is kept exactly: one reservation for each message */
};

/* What `run` answers. */
enum mg_turn {
    MG_TURN_YIELD, /* more to do: back to the end of the queue */
    MG_TURN_WAIT,  /* nothing to do until something of `wait_for` happens (mg_actor_wait) */
    MG_TURN_EXIT, /* the actor has ended; mg_actor_set_exit was called, or else it ends #normal with
                     nil */
};

/* What can end a wait, and what a drain answers. */
enum mg_wake {
    MG_WAKE_MAIL = 1,  /* mail joined the list */
    MG_WAKE_REPLY = 2, /* a request of this actor was settled */
    MG_WAKE_TIME = 4,  /* the deadline has passed */
    MG_WAKE_ROOM = 8,  /* output (or another buffer waited for) has room */
    MG_WAKE_EXIT = 16, /* MG_ACTOR_EXIT_PENDING was set; ends every wait */
    MG_WAKE_KILL = 32, /* MG_ACTOR_KILLED was set: return from `run` at once, with any answer */
    MG_WAKE_ALWAYS = MG_WAKE_EXIT | MG_WAKE_KILL,
};

#define MG_NO_DEADLINE UINT64_MAX

/* The intrusive timer of an actor's wait; wheel.c alone touches it. */
struct mg_wait_timer {
    struct mg_wait_timer *next, *prev; /* in a slot of the owner's wheel */
    _Atomic(uint64_t) word;            /* deadline in ticks << 1 | armed; see wheel.h W3 */
    uint32_t position;                 /* tick it stands at, low 32 bits */
    uint16_t owner;                    /* scheduler whose wheel it stands in */
    uint16_t kind;                     /* wheel.h: tells wait timers from others */
};

struct mg_actor {
    struct mg_heap heap;
    struct mg_mailbox mailbox;
    const struct mg_behaviour *behaviour;
    union {
        uint64_t body[8];           /* the behaviour's own, until deinit */
        struct mg_actor *dead_link; /* afterwards: in a list of dead actors */
    };
    struct mg_control *control; /* A3 */
    struct mg_actor_side *side; /* or NULL */
    struct mg_wait_timer timer;
    _Atomic(uint8_t) state; /* enum mg_actor_state; written through one function only */
    uint8_t birth;          /* enum mg_actor_birth; never changes */
    uint8_t wait_for;       /* enum mg_wake bits it waits for; 0: it does not wait */
    uint8_t woken_by;       /* enum mg_wake bits that have happened since `run` was called last */
    uint16_t flags;         /* enum mg_actor_flag */
    uint16_t policy;        /* restrictions it was born with, see mg_sched_policy; 0: none */
};

#define MG_ACTOR_BLOCK_BYTES 512
#define MG_ACTOR_FIRST_WORDS ((MG_ACTOR_BLOCK_BYTES - sizeof(struct mg_actor)) / sizeof(mg_value))

_Static_assert(sizeof(struct mg_actor) <= 256, "the actor is at most half of its first block");

struct mg_behaviour {
    const char *name; /* for ps and reports */

    /* Sets up body words, first frame and heap of an actor nobody else knows yet. Called by
     * mg_spawn on the spawner's thread; `argument` is the spawner's. 0, or an error, and then
     * mg_spawn fails (deinit is not called). May be NULL. */
    int (*start)(struct mg_actor *actor, struct mg_scheduler *s, void *argument);

    /* One turn. Lower s->reductions by the work done; return at the next safepoint once it is not
     * above 0. */
    enum mg_turn (*run)(struct mg_actor *actor, struct mg_scheduler *s);

    /* Frees what the body words hold outside the heap. May be NULL. Called once, after the last
     * turn, on its thread. */
    void (*deinit)(struct mg_actor *actor, struct mg_scheduler *s);

    /* Writes a line about what the actor is doing. May be NULL. Called on the actor's thread. */
    void (*describe)(struct mg_actor *actor, char *text, size_t size);

    /* Answers an INSPECT signal at a safepoint; taken: the signal. May be NULL: then refused. */
    void (*inspect)(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal);

    /* A request that came too late to be read: its actor has ended. Taken: the signal. May be NULL:
     * answered with MG_OUTCOME_NOPROC. Called while the actor is recycled: it has no heap and no
     * body words any more, but its control block. */
    void (*bounce)(struct mg_actor *dead, struct mg_scheduler *s, struct mg_signal *signal);

    /* Whether the actor deals with requests by itself: REQUEST, REPLY, SETTLED, RETURNED, UNHELD
     * and ACCEPT come as mail, in order, instead of taking effect at the drain. So a keeper (sync/)
     * sees who gave up and what came back. Requests it has not read are answered at its end; those
     * it has, it must answer itself. */
    bool raw;

    /* Whether `run` unwinds by itself after MG_ACTOR_EXIT_PENDING was set and then answers
     * MG_TURN_EXIT. If false the scheduler ends the actor at once, with the reason of the exit. */
    bool unwinds;
};

/* The actor whose heap this is. */
static inline struct mg_actor *mg_actor_of_heap(struct mg_heap *heap)
{
    return MG_CONTAINER_OF(heap, struct mg_actor, heap);
}

static inline mg_pid mg_actor_pid(const struct mg_actor *actor)
{
    return actor->control->pid;
}

/* -- Waiting and draining -- */

/* Lets everything that has arrived take effect, in order. Answers the enum mg_wake bits of what
 * happened. After MG_WAKE_KILL return from `run` at once. Never frees or moves anything of the
 * actor's heap. */
uint32_t mg_actor_drain(struct mg_actor *actor, struct mg_scheduler *s);

/* States what the actor waits for (enum mg_wake bits; exits and kills always count) and until when
 * (ns of mg_scheduler_now, or MG_NO_DEADLINE), and answers MG_TURN_WAIT for `run` to return. `run`
 * is called again when one of the bits has happened since `run` was called last, when the deadline
 * has passed, or when an exit is pending; sometimes for no reason: look, and wait again. To be
 * called anew before each MG_TURN_WAIT; with the same deadline it costs nothing. Keep the deadline
 * (not the duration): the time is over when mg_scheduler_now(s) >= deadline. */
enum mg_turn mg_actor_wait(struct mg_actor *actor, struct mg_scheduler *s, uint32_t wait_for,
                           uint64_t deadline_ns);

/* Whether the last mg_actor_wait found its deadline passed already (mail may have come at the same
 * moment: look there first). A behaviour that loops `look; if timed_out: over; wait` needs nothing
 * else. */
static inline bool mg_actor_timed_out(const struct mg_actor *actor)
{
    return (actor->flags & MG_ACTOR_TIMED_OUT) != 0;
}

/* The next mail, drained if need be; NULL if there is none. The caller owns it. */
struct mg_signal *mg_actor_receive(struct mg_actor *actor, struct mg_scheduler *s);

/* -- Sending. Order: find, size, reserve, copy, send. All answers are given at once (I9). -- */

enum mg_refusal {
    MG_ACCEPTED,
    MG_REFUSED_DEAD,
    MG_REFUSED_FULL,
    MG_REFUSED_BUSY,   /* the link's queue is full (remote) */
    MG_REFUSED_BROKEN, /* the remote reference is broken */
    MG_REFUSED_RIGHT,  /* no right to do this there */
};

/* Reserves room for one message of `bytes` (mg_signal_bytes_for + shared bytes) in the mailbox of
 * `to`, and charges the sender what the receiver's backlog asks for. MG_REFUSED_FULL when the bound
 * does not allow it. Every success is followed by mg_send of a signal of exactly that size (the
 * flag MG_SIGNAL_CHARGED is set there) or by mg_send_cancel, in the same turn. */
MG_MUST_CHECK enum mg_refusal mg_send_reserve(struct mg_scheduler *s, struct mg_actor *to,
                                              uint64_t bytes);
void mg_send_cancel(struct mg_scheduler *s, struct mg_actor *to, uint64_t bytes);

/* Pushes a message whose room is reserved. Taken: the signal, complete (kind, sender, payload,
 * ...). */
void mg_send(struct mg_scheduler *s, struct mg_actor *to, struct mg_signal *signal);

/* Pushes a system signal, exempt from the bound. Taken: the signal. */
void mg_post(struct mg_scheduler *s, struct mg_actor *to, struct mg_signal *signal);

/* The same by pid. False: no such process here (or route refused); the signal was freed. Messages
 * count against the bound and may be refused. */
bool mg_post_pid(struct mg_scheduler *s, mg_pid to, struct mg_signal *signal);

/* The live actor behind a control block; NULL when it has ended (or is remote). Valid as A2. */
struct mg_actor *mg_control_target(struct mg_control *control);

/* The live actor with this pid; NULL if there is none. Valid as A2. */
struct mg_actor *mg_sched_find(struct mg_sched *sched, mg_pid pid);

/* The control block of a pid, counted for the caller: the living process's, or that of one that
 * died with this scheduler still knowing it; else a fresh one in the state dead, without a
 * result. */
struct mg_control *mg_sched_control(struct mg_scheduler *s, mg_pid pid);

/* A message from `actor` with an immediate payload, for behaviours in C. */
struct mg_signal *mg_actor_message(struct mg_actor *actor, struct mg_scheduler *s,
                                   uint32_t selector, mg_value payload);

/* -- Spawning -- */

/* Options of an actor; 0 and NULL mean the default. */
struct mg_actor_options {
    uint64_t memory_bytes; /* heap, stack, mailbox, off-heap together: MG_LIMIT_ACTOR_BYTES */
    uint64_t
        stack_bytes; /* MG_LIMIT_STACK_BYTES; kept for the behaviour, see mg_actor_stack_bytes */
    uint64_t mailbox_messages; /* MG_LIMIT_MAILBOX_MESSAGES; UINT64_MAX: off */
    uint64_t mailbox_bytes;    /* MG_LIMIT_MAILBOX_BYTES; UINT64_MAX: off */
    uint64_t shutdown_ns;      /* time for clean-up after an exit, 5 s */
    enum mg_mailbox_policy mailbox_policy;
    const char *label; /* for people; copied */
    size_t label_len;
};

struct mg_spawn {
    const struct mg_behaviour *behaviour;
    void *argument;                         /* for behaviour->start */
    const struct mg_actor_options *options; /* or NULL */
    uint64_t body[8];                       /* first content of the body words */
    enum mg_priority priority;
    uint16_t policy;      /* the child's restrictions; the parent's are 0-extended by the caller */
    bool linked;          /* to the parent, atomically with the birth */
    bool monitored;       /* by the parent, the same */
    bool kept;            /* lives as long as a handle does: gets UNHELD when nobody holds one */
    bool waits;           /* born waiting, for mail or until deadline_ns: no turn until then */
    uint64_t deadline_ns; /* with `waits`; or MG_NO_DEADLINE */
    uint64_t reference;   /* out: the monitor's */
    int error;            /* out: of `start`, or MG_ELIMIT when there are too many actors */
};

/* Makes an actor and puts it next in line. `parent` may be NULL (then neither linked nor
 * monitored). Answers the child (valid as A2), or NULL with spawn->error set and nothing left
 * behind. */
struct mg_actor *mg_spawn(struct mg_scheduler *s, struct mg_actor *parent, struct mg_spawn *spawn);

/* -- Ending -- */

/* Says how the actor ends; call before answering MG_TURN_EXIT. `record` (exit.h) holds result or
 * error when they are no immediates (taken; NULL if not needed, then `result` is an immediate).
 * `origin`: the process where a chain of linked deaths began, or MG_PID_NONE for itself. */
void mg_actor_set_exit(struct mg_actor *actor, struct mg_scheduler *s, uint32_t reason,
                       mg_pid origin, mg_value result, struct mg_exit_record *record);

/* After MG_ACTOR_EXIT_PENDING: reason (symbol id) and origin of the exit that is pending. */
void mg_actor_pending_exit(const struct mg_actor *actor, uint32_t *reason, mg_pid *origin);

/* Whether the actor has clean-up to do (ensure frames, open ports): if so it gets an exit #shutdown
 * when the node stops, else it is simply dropped. A store or two; call when it changes. */
void mg_actor_set_cleanup(struct mg_actor *actor, bool cleanup);

/* Declares that the node is meant to go on though everything may wait (Process sleepForever): no
 * deadlock is reported. */
void mg_actor_mark_service(struct mg_actor *actor, struct mg_scheduler *s);

/* Sends an exit with a reason, as `aProcess exit: #reason`: trapped, or unwinds; reason normal is
 * ignored unless trapped. False: dead already. */
bool mg_exit_send(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason);

/* The same with a time limit of its own for the clean-up: 0 for the actor's own, MG_NO_DEADLINE for
 * none. */
bool mg_exit_send_within(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason,
                         uint64_t within_ns);

/* The same, but it cannot be trapped (still unwinds): `aProcess terminate`, with reason
 * shutdown. */
bool mg_terminate_send(struct mg_scheduler *s, mg_pid from, mg_pid to, uint32_t reason);

/* Sends an untrappable kill. False: dead already. */
bool mg_kill_send(struct mg_scheduler *s, mg_pid from, mg_pid to);

/* -- Links and monitors of the running actor -- */

/* Links to another process. A dead one answers by an exit signal with #noproc, or its reason if the
 * handle (`known`, may be NULL, borrowed) still tells it; a normal end by nothing. Oneself: nothing
 * happens. */
void mg_actor_link(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other,
                   struct mg_control *known);
void mg_actor_unlink(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other);

/* Watches a process; answers the reference. A dead one answers by a down at once. */
uint64_t mg_actor_monitor(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other,
                          struct mg_control *known);

/* Ends a watch. True if it was active (no down will come any more). `flush` also removes the down
 * from the mailbox. */
bool mg_actor_demonitor(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference,
                        bool flush);

void mg_actor_set_trap(struct mg_actor *actor, bool trap);

/* The same for another process: `a link: b` sent by c. Takes effect when `whom` drains. */
enum mg_order {
    MG_ORDER_LINK,      /* argument: pid */
    MG_ORDER_UNLINK,    /* argument: pid */
    MG_ORDER_MONITOR,   /* use mg_order_monitor */
    MG_ORDER_DEMONITOR, /* argument: reference */
    MG_ORDER_TRAP,      /* argument: 0 or 1 */
    MG_ORDER_SUSPEND,
    MG_ORDER_RESUME,
};
bool mg_order_send(struct mg_scheduler *s, mg_pid whom, enum mg_order order, uint64_t argument);

/* `a monitor: b` sent by c: answers the reference under which `whom` will watch `other`; 0: whom is
 * dead. */
uint64_t mg_order_monitor(struct mg_scheduler *s, mg_pid whom, mg_pid other);

/* -- Requests: each is settled exactly once, at a drain, and never becomes mail -- */

/* A fresh reference, unique on the node, for something other than a request (not remembered). */
uint64_t mg_fresh_reference(struct mg_scheduler *s);

/* Opens a request to `to`; answers its reference (0: too many are open). Then send a signal of kind
 * MG_SIGNAL_REQUEST with that reference; if the send is refused, settle the request with
 * mg_request_settle. */
uint64_t mg_request_open(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to);

/* Settles an own open request, without a value. */
void mg_request_settle(struct mg_actor *actor, uint64_t reference, enum mg_outcome outcome);

/* How the request stands. When it is settled it is closed: *reply is its signal (owned by the
 * caller; NULL if it carries nothing). A reference that is not open answers MG_OUTCOME_UNKNOWN. */
enum mg_outcome mg_request_poll(struct mg_actor *actor, uint64_t reference,
                                struct mg_signal **reply);

/* How it stands, changing nothing. */
enum mg_outcome mg_request_state(const struct mg_actor *actor, uint64_t reference);

/* Forgets a request: whatever comes for it vanishes. */
void mg_request_close(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference);

/* Answers a request. Taken: the signal, of kind MG_SIGNAL_REPLY with reference and detail (enum
 * mg_outcome) set. False: the requester is gone, or no longer waits for it as far as is known here.
 * Any actor may answer. With MG_SIGNAL_RETURN a value that nobody takes comes back to the sender as
 * RETURNED, sooner or later; with MG_SIGNAL_HOLD the sender hears by SETTLED when what was granted
 * is given back, or was never taken. */
bool mg_reply_send(struct mg_actor *actor, struct mg_scheduler *s, mg_pid requester,
                   struct mg_signal *signal);

/* Requests whose answer goes to a promise instead of the sender: the reference is the promise's pid
 * with this bit. Whoever answers sends to mg_request_asker. */
#define MG_REFERENCE_PROMISE (UINT64_C(1) << 60)
static inline mg_pid mg_request_asker(mg_pid sender, uint64_t reference)
{
    return reference & MG_REFERENCE_PROMISE ? reference & ~MG_REFERENCE_PROMISE : sender;
}

/* What this actor holds by a grant (MG_SIGNAL_HOLD), from the poll that found the grant until it is
 * given back or the actor ends: the oldest hold of this keeper's, 0 if there is none; and the
 * giving back. */
uint64_t mg_hold_find(struct mg_actor *actor, mg_pid keeper);
void mg_hold_release(struct mg_actor *actor, struct mg_scheduler *s, uint64_t reference);

/* A choice between requests (`Channel select:`): the actor opens them (mg_request_open), then
 * begins the choice over them. Keepers offer; the drain accepts one offer at a time, so at most one
 * of the requests is settled with MG_OUTCOME_VALUE. The references are copied. At its end all that
 * are still open are closed; a choice that was left open by an unwinding is ended by the next
 * one. */
void mg_choice_begin(struct mg_actor *actor, struct mg_scheduler *s, const uint64_t *references,
                     uint32_t count);
void mg_choice_end(struct mg_actor *actor, struct mg_scheduler *s);

/* The request whose offer was accepted, or 0. Its keeper may conclude at any moment, so the choice
 * must not end now. */
uint64_t mg_choice_accepted(const struct mg_actor *actor);

/* Its references, NULL when there is no choice. */
const uint64_t *mg_choice_references(const struct mg_actor *actor, uint32_t *count);

/* Waits for the end of a process: a request that is settled with MG_OUTCOME_ENDED when the process
 * has ended; then its control block tells how. The same calls poll, state, close. A process that is
 * gone already settles it at once. */
uint64_t mg_request_wait(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other);

/* -- Odds and ends -- */

/* Random bits from the node's seeded generator of this scheduler: identity hashes, seeds of
 * Random. */
uint64_t mg_actor_rng(struct mg_scheduler *s);

/* Limits, label. The label is borrowed until the actor's next change of it; NULL: none. */
uint64_t mg_actor_stack_bytes(const struct mg_actor *actor);
const char *mg_actor_label(const struct mg_actor *actor, size_t *len);
void mg_actor_set_label(struct mg_actor *actor, const char *label, size_t len);

/* The bound of the mailbox. */
void mg_actor_bound(const struct mg_actor *actor, struct mg_mailbox_bound *bound);

#endif
