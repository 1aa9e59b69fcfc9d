/* SPDX-License-Identifier: MIT */
/* What the files of this directory share: the whole of a scheduler (struct mg_core), of the sched,
 * and of an actor's side. Nobody else includes this.
 *
 * Who owns what: a field without a word belongs to the core's thread. `shared` fields say who
 * writes.
 *
 * Threads and memory: as said at each part.
 */
#ifndef MG_SCHED_INTERNAL_H
#define MG_SCHED_INTERNAL_H

#include "base/atomic.h"
#include "base/clock.h"
#include "base/futex.h"
#include "base/limits.h"
#include "base/map.h"
#include "sched/alarm.h"
#include "sched/bond.h"
#include "sched/credit.h"
#include "sched/exit.h"
#include "sched/io_backend.h"
#include "sched/output.h"
#include "sched/ptab.h"
#include "sched/quiesce.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "sched/timer.h"
#include "sched/wheel.h"

/* What things cost, in reductions of about MG_NS_PER_REDUCTION. */
enum {
    MG_COST_TURN = 4,
    MG_COST_SIGNAL = 2,
    MG_COST_SEND = 4,
    MG_COST_SPAWN = 15, /* and one for each MG_NEWBORNS_DEAR newborns that wait already */
    MG_COST_END = 10,
};

#define MG_NEWBORNS_DEAR 64

/* Turns of the spin of an idle scheduler before it parks, and signals handled at most in one turn
 * of an ending actor. */
#define MG_SPIN_ROUNDS 200
#define MG_EXIT_BATCH 1000
#define MG_TIMER_BATCH 1000

/* Backlog from which senders pay extra; and how much of that, in reductions, makes an otherwise
 * idle scheduler pause. */
#define MG_BACKLOG_FREE 1000
#define MG_PRICE_PAUSE 5000

/* Requests one actor may have open or unread. */
#define MG_REQUESTS_MAX 100000

/* Default time for clean-up after an exit, and of the ordered stop. */
#define MG_SHUTDOWN_NS (5 * MG_NS_PER_S)
#define MG_STOP_NS (10 * MG_NS_PER_S)

/* -- An actor's side: made when first needed, freed at its end -- */

/* Tags of the value of a request in side->requests. */
enum mg_request_tag {
    MG_REQUEST_SIGNAL = 0,  /* address of the signal that settled it */
    MG_REQUEST_PENDING = 1, /* pid << 3: of whom it is asked */
    MG_REQUEST_OUTCOME = 2, /* enum mg_outcome << 3: settled without a signal */
    MG_REQUEST_WAIT = 5,    /* pid << 3: a wait for its end, pending */
    MG_REQUEST_TAG_MASK = 7,
};

/* choice.c: a choice between open requests, and an offer of a keeper's. */
struct mg_offer {
    uint64_t reference;
    uint64_t serial;
};

struct mg_choice {
    uint64_t accepted; /* the reference whose offer was accepted, 0 while there is none */
    uint32_t count, waiting_count;
    struct mg_offer *waiting; /* offers that came meanwhile, oldest first; room for count */
    uint64_t references[];    /* count */
};

struct mg_actor_side {
    struct mg_mailbox_bound bound; /* with MG_BIRTH_BOUND; never changes after birth */
    uint64_t memory_bytes;         /* the cap over all, 0: the default; the same */
    uint32_t mailbox_policy;       /* enum mg_mailbox_policy; the same */
    uint32_t exit_reason;          /* of the exit that is pending */
    mg_pid exit_origin;
    uint64_t stack_bytes;
    uint64_t shutdown_ns;
    uint64_t kill_timer; /* runs while an exit is pending; 0 for none */
    char *label;
    size_t label_len;
    uint32_t end_stage; /* exit.c: how far the telling has come */
    uint32_t end_position;
    struct mg_bonds links;    /* pid -> 1 active, or unlink id << 1: waiting for its ack */
    struct mg_bonds watchers; /* monitor -> watcher's pid << 1 | wait */
    struct mg_bonds watching; /* monitor -> pid of whom */
    struct mg_bonds requests; /* reference -> enum mg_request_tag */
    uint64_t asked_ns;        /* when the newest of them was opened */
    struct mg_bonds debts;    /* reference of a request to us -> requester's pid */
    struct mg_bonds holds;    /* reference of a request that was granted -> keeper's pid */
    struct mg_choice *choice; /* or NULL */
    struct mg_bonds credits;  /* pid -> room it has granted us, see credit.h */
    struct mg_bonds asked;    /* pid we have asked for credit -> 1 */
    struct mg_signal *credit_first, *credit_last; /* requests for credit to us, in order */
    uint32_t credit_probe;
};

/* The actor's side, made if need be. */
struct mg_actor_side *mg_actor_side(struct mg_actor *actor);
void mg_actor_side_free(struct mg_actor *actor);

/* The legal steps: from each state, a bit for each state that may follow. */
static const uint8_t mg_actor_steps[MG_ACTOR_STATES] = {
    [MG_ACTOR_NEW] = 1 << MG_ACTOR_RUNNABLE | 1 << MG_ACTOR_WAITING,
    [MG_ACTOR_RUNNABLE] = 1 << MG_ACTOR_RUNNING,
    [MG_ACTOR_RUNNING] = 1 << MG_ACTOR_RUNNABLE | 1 << MG_ACTOR_WAITING | 1 << MG_ACTOR_EXITING,
    [MG_ACTOR_WAITING] = 1 << MG_ACTOR_RUNNABLE | 1 << MG_ACTOR_RUNNING,
    [MG_ACTOR_EXITING] = 1 << MG_ACTOR_GONE,
    [MG_ACTOR_GONE] = 0,
};

/* The one way to change the state; panics at an illegal step. */
static inline void mg_actor_become(struct mg_actor *actor, enum mg_actor_state state)
{
    /* S1 relaxed: for ps; the run queues and the mailbox hand the actor over. Pairs with S2 in
     * info_read(). */
    uint8_t before = load_relaxed(&actor->state);
    CHECK((mg_actor_steps[before] >> state & 1) != 0);
    /* S1 relaxed: the same. Pairs with S2 in info_read(). */
    store_relaxed(&actor->state, (uint8_t)state);
}

/* -- A scheduler -- */

/* Room reserved in one mailbox by this scheduler, until its slice ends. */
struct mg_reservation {
    struct mg_actor *actor; /* or NULL */
    uint32_t messages;      /* left */
    uint32_t units;         /* left, of MG_ROOM_UNIT bytes */
    uint32_t cost;          /* reductions for each message */
};
#define MG_RESERVATIONS 4

/* Dead actors, and other memory, by the epoch of their retirement. */
struct mg_bag {
    uint64_t epoch;
    struct mg_actor *actors;
    struct mg_actor **actors_end;
    struct mg_retired *others;
};
#define MG_BAGS 4

struct mg_core {
    struct mg_scheduler s; /* first */

    /* Hot. */
    struct mg_actor *next; /* the next-to-run slot */
    bool next_newborn;
    bool halted;     /* the sched ends: as of the last slice end */
    uint32_t price;  /* surcharges for backlogs that its actors have not yet paid with time */
    uint32_t payers; /* turns in a row that had any */
    int32_t budget;  /* work left until the end of the slice as a whole */
    uint32_t picks;  /* counts decisions, for the rules against starving */
    uint32_t newborn_picks;
    uint32_t share; /* turns that the ring has coming, see core_pick_normal() */
    struct mg_reservation reservations[MG_RESERVATIONS];
    struct mg_ptab_cache pids;
    bool alarming;                     /* a message of alarm.c is being sent */
    uint64_t reference, reference_end; /* its range of fresh references */
    struct mg_quiesce_part *part;
    uint64_t epoch; /* last announced */
    struct mg_bag bags[MG_BAGS];
    uint32_t garbage;       /* things in the bags */
    uint32_t patience;      /* see core_steal_newborns() */
    uint64_t theft_ns;      /* when newborns were stolen last, 0: has been judged */
    uint64_t theft_next_ns; /* no newborns are stolen before */

    /* Figures: written by the owner only. */
    _Atomic(uint64_t) spawned, ended, turns, slices, steals, parks, timers_fired, messages, refused;

    struct mg_ring rings[MG_PRIORITIES];
    struct mg_newborns newborns;
    struct mg_wheel wheel;
    struct mg_timers timers;

    _Atomic(uint32_t) parked
        MG_CACHE_ALIGNED; /* shared futex word, enum in park.c; its thread and wakers write */
    _Atomic(uint64_t) parked_until; /* deadline it sleeps to; MG_NO_DEADLINE; its thread writes */
};

static inline struct mg_core *mg_core_of(struct mg_scheduler *s)
{
    return (struct mg_core *)s;
}

static inline void mg_figure_add(_Atomic(uint64_t) *figure, uint64_t n)
{
    /* Z1 relaxed: one writer; others read a moment's figure. Pairs with Z2 in mg_figure(). */
    store_relaxed(figure, load_relaxed(figure) + n);
}
static inline uint64_t mg_figure(const _Atomic(uint64_t) *figure)
{
    /* Z2 relaxed: a moment's figure. Pairs with Z1 in mg_figure_add(). */
    return load_relaxed(figure);
}

/* -- All of them -- */

/* One of what a subscriber was told lately. */
struct mg_alarm_told {
    mg_pid pid; /* MG_PID_NONE: nothing yet */
    uint64_t at_ns;
};

struct mg_alarm_entry {
    mg_pid pid; /* of the subscriber */
    enum mg_alarm_kind kind;
    uint32_t selector, name; /* symbol ids */
    uint64_t threshold;
    uint64_t left_out; /* since it was told something */
    struct mg_alarm_told told[MG_ALARM_RATE];
};

struct mg_alarms {
    _Atomic(uint64_t) least[MG_ALARM_KINDS]; /* A1 in alarm.h; written under the lock */
    struct mg_lock lock;
    uint32_t count;
    struct mg_alarm_entry entries[MG_ALARMS_MAX];
};

struct mg_policy {
    uint32_t *symbols; /* sorted */
    uint32_t count;
};
#define MG_POLICIES_MAX 65535u

struct mg_policies {
    struct mg_lock lock;
    _Atomic(struct mg_policy *)
        *items; /* reserved once, so it never moves; 1 .. count are complete */
    _Atomic(uint32_t) count;
};

struct mg_records {
    struct mg_lock lock;
    struct mg_exit_record *oldest, *newest;
    _Atomic(uint64_t) bytes; /* written under the lock */
    uint64_t bytes_max;
};

struct mg_name_table; /* names.c */
struct mg_explore;    /* explore.c */
struct mg_ctabs;      /* ctabs.c */
struct mg_rolls;      /* roll.c */

enum mg_stop_state { MG_STOP_NOT, MG_STOP_ASKED, MG_STOP_NOW };

struct mg_sched {
    struct mg_sched_config config;
    uint32_t count;
    struct mg_core **cores;
    struct mg_block_pool pool;
    struct mg_quiesce quiesce;
    struct mg_quiesce_part *parts; /* one for each core, and one for foreign threads */
    struct mg_lock foreign_lock;   /* the foreign part */
    struct mg_ptab ptab;
    struct mg_newborns overflow; /* in order of arrival */
    struct mg_name_table *names;
    struct mg_ctabs *tables;
    struct mg_rolls *rolls;
    struct mg_policies policies;
    struct mg_alarms alarms;
    struct mg_records records;
    struct mg_output output;
    const struct mg_io_backend *io;
    void *io_state;
    struct mg_lock roots_lock;
    mg_pid *roots; /* in order of entry; under the lock */
    uint32_t roots_count, roots_cap;
    _Atomic(uint64_t) references;    /* next fresh range */
    mg_pid main_pid;                 /* set before the threads start */
    struct mg_control *main_control; /* counted */
    bool booted;                     /* core 0 was entered */
    uint64_t start_ns;
    uint64_t wall_start_ms;

    _Atomic(uint32_t) idle MG_CACHE_ALIGNED; /* shared: parked schedulers; parkers write */
    _Atomic(uint32_t) spinning;              /* shared: schedulers that look for work */
    _Atomic(uint32_t) holds;                 /* shared: mg_sched_hold */
    _Atomic(uint32_t) service;               /* shared: somebody sleeps for ever on purpose */
    _Atomic(uint32_t) stop;                  /* shared: enum mg_stop_state, only rises */
    _Atomic(uint32_t) stopper;               /* shared: the stopper was made */
    _Atomic(uint32_t) halt;                  /* shared: threads end */
    _Atomic(uint32_t) deadlocked;            /* shared */
    _Atomic(uint64_t) stop_ns;               /* shared: time limit of the stop */

    /* Deterministic mode only. */
    struct mg_explore *explore; /* or NULL */
    struct mg_rng chooser;
    uint64_t sim_now;
    uint64_t sim_step;
};

/* -- scheduler.c -- */

void mg_core_init(struct mg_core *core, struct mg_sched *sched, uint32_t index);
void mg_core_deinit(struct mg_core *core);

/* Makes this core the calling thread's; enter also begins its life (online, the embedder's hook),
 * leave ends it. */
void mg_core_attach(struct mg_core *core);
void mg_core_detach(struct mg_core *core);
void mg_core_enter(struct mg_core *core);
void mg_core_leave(struct mg_core *core);

/* The actor was asleep and the caller removed the asleep bit: it becomes runnable here. */
void mg_core_wake(struct mg_core *core, struct mg_actor *actor);
/* The same, behind all who are in line already. */
void mg_core_wake_in_line(struct mg_core *core, struct mg_actor *actor);

/* A new actor becomes runnable here. */
void mg_core_birth(struct mg_core *core, struct mg_actor *actor);

/* Puts a runnable actor at the end of its queue. */
void mg_core_enqueue(struct mg_core *core, struct mg_actor *actor);

/* One decision: one turn of some actor of this core's own. False: it has none. */
bool mg_core_step(struct mg_core *core);

/* The end of a slice: clock, timers, reservations, grace periods, ageing. */
void mg_core_slice_end(struct mg_core *core);

/* Takes work from the overflow queue or from others. False: there was none. */
bool mg_core_find_work(struct mg_core *core);

/* Takes the next actor out of any queue of a core, or the overflow queue; NULL: there is none. */
struct mg_actor *mg_core_take_queued(struct mg_core *core);

/* One turn of that runnable actor, which stands in no queue, with this many reductions. True when
 * it was cut short, and is runnable again. */
bool mg_core_turn(struct mg_core *core, struct mg_actor *actor, int32_t reductions);

/* A length for a slice, drawn by the chooser of the deterministic mode. */
int32_t mg_core_random_slice(struct mg_core *core);

/* Loops until the sched halts. */
void mg_core_loop(struct mg_core *core);

/* Actors in its own queues; for idle decisions and tests. */
bool mg_core_has_work(struct mg_core *core);

/* -- park.c -- */

/* Sleeps until there may be work or the wheel's next deadline. */
void mg_core_park(struct mg_core *core);

/* Sleeps for that time at most, though it has work, unless somebody else has some. */
void mg_core_pause(struct mg_core *core, uint64_t duration_ns);

/* Wakes this one if it is parked. */
void mg_core_unpark(struct mg_core *core);

/* Wakes one parked scheduler, if there is one and nobody looks for work already. `newborns`: there
 * are only newborns to be had, which not everybody wants (core_steal_newborns()). */
void mg_sched_wake_one(struct mg_sched *sched, bool newborns);
void mg_sched_wake_all(struct mg_sched *sched);

/* -- reclaim.c -- */

/* Hands a dead actor over; freed after a grace period. */
void mg_core_retire_actor(struct mg_core *core, struct mg_actor *actor);
void mg_core_retire(struct mg_core *core, struct mg_retired *item);

/* Announces, advances, frees what can be freed. */
void mg_core_quiesce(struct mg_core *core);

/* Frees everything in the bags at once: only when nobody else can hold a pointer. */
void mg_core_reclaim_all(struct mg_core *core);

/* -- deliver.c, send.c -- */

/* Gives back all reservations. */
void mg_core_flush_reservations(struct mg_core *core);

/* Pushes and wakes: what mg_send and mg_post end in. */
void mg_core_push(struct mg_core *core, struct mg_actor *to, struct mg_signal *signal);

/* A small system signal from `sender` about nothing but numbers; freed and false if `to` is
 * dead. */
bool mg_core_tell(struct mg_core *core, mg_pid to, enum mg_signal_kind kind, mg_pid sender,
                  uint64_t reference, uint16_t detail);

/* A signal whose payload is an Array of `count` immediates, at most MG_REPORT_SLOTS, with the
 * Process of `about` in the place `at`: for messages that are made where no heap is at hand. */
#define MG_REPORT_SLOTS 6
struct mg_signal *mg_signal_report(struct mg_core *core, enum mg_signal_kind kind,
                                   struct mg_control *about, const mg_value *values, uint32_t count,
                                   uint32_t at);

/* What a signal asks for that reached a dead actor; frees it. */
void mg_signal_bounce(struct mg_core *core, struct mg_actor *dead, struct mg_signal *signal);

/* -- link.c, request.c -- */

/* Watches under a reference that was made before. */
void mg_actor_monitor_as(struct mg_actor *actor, struct mg_scheduler *s, mg_pid other,
                         struct mg_control *known, uint64_t reference);

/* Whether a request is pending: MG_REQUEST_PENDING or MG_REQUEST_WAIT, and of whom; else
 * MG_REQUEST_OUTCOME. */
enum mg_request_tag mg_request_pending(const struct mg_actor *actor, uint64_t reference,
                                       mg_pid *whom);

/* An entry of `requests` was removed: frees what it holds, tells whom it was asked of. `detail`: of
 * the SETTLED that is sent. */
void mg_request_drop(struct mg_core *core, mg_pid self, uint64_t reference, uint64_t value,
                     uint16_t detail);

/* Nobody takes this REPLY: it goes back, or what it grants does. Taken: the signal. */
void mg_reply_lost(struct mg_core *core, mg_pid requester, struct mg_signal *signal,
                   uint16_t detail);

/* -- choice.c: what the drain does for a choice. Taken: the signal -- */

void mg_choice_offered(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal);
void mg_choice_retracted(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal);

/* All that had come is delivered; the actor has a choice. */
void mg_choice_drained(struct mg_core *core, struct mg_actor *actor);

/* A request of the actor's was settled without a value: if it was the accepted one, the next offer
 * is looked at. */
void mg_choice_failed(struct mg_core *core, struct mg_actor *actor, uint64_t reference);

/* -- waits.c -- */

/* Answers an INSPECT signal with MG_INSPECT_WAITS; frees it. */
void mg_waits_answer(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal);

/* -- exit.c -- */

/* Ends an actor, or goes on ending it. False: not finished, call again at its next turn. */
bool mg_actor_end(struct mg_actor *actor, struct mg_core *core);

/* Sets the end of an actor that answered nothing: reason, nil. */
void mg_actor_end_with(struct mg_actor *actor, struct mg_core *core, enum mg_reason reason);

/* Frees what is left of an actor whose grace period is over, its block included. */
void mg_actor_recycle(struct mg_actor *actor, struct mg_core *core);

/* -- record.c -- */

void mg_records_init(struct mg_records *records);
void mg_records_deinit(struct mg_records *records);

/* The record of an actor that has ended, filled and put into control->record: from now on it
 * counts. */
void mg_record_keep(struct mg_core *core, struct mg_control *control,
                    struct mg_exit_record *record);

/* Bits of control->spare. */
enum mg_control_spare {
    MG_SPARE_NAMED = 1,       /* names.c: has or had a name */
    MG_SPARE_FULL_LOGGED = 2, /* send.c: a refusal was logged */
    MG_SPARE_OWNS = 4,        /* ctabs.c, roll.c: has or had tables, or stands in rolls */
    MG_SPARE_CLOSED = 8,      /* exit.c: it ends, and can be given nothing more */
    MG_SPARE_QUIET = 16,      /* exit.c: ended and recycled; raw behaviours only */
};

/* A control block of a dead process. */
struct mg_control *mg_control_new_dead(struct mg_core *core, mg_pid pid);
struct mg_control *mg_control_new(struct mg_core *core, mg_pid pid);

/* A DOWN or EXIT about `control` (borrowed, counted again; may be NULL). */
struct mg_signal *mg_signal_about(struct mg_core *core, enum mg_signal_kind kind, mg_pid dead,
                                  struct mg_control *control, uint64_t reference, uint32_t reason);

/* -- stop.c -- */

void mg_core_check_stop(struct mg_core *core);
void mg_sched_main_ended(struct mg_sched *sched);
void mg_sched_root_ended(struct mg_sched *sched, mg_pid pid);
void mg_sched_halt(struct mg_sched *sched);

/* Whether nothing can ever happen any more; asked by the last scheduler that parks. Reports and
 * stops if so. */
bool mg_sched_check_deadlock(struct mg_sched *sched);

/* -- names.c -- */

struct mg_name_table *mg_name_table_new(void);
void mg_name_table_free(struct mg_name_table *table);

/* The actor is about to tell of its end: its names go. */
void mg_names_release(struct mg_sched *sched, struct mg_control *control);

/* -- timer.c -- */

/* What other schedulers have posted: cancelled timers, dead actors. */
void mg_timers_take_all(struct mg_core *core);

/* -- credit.c -- */

/* A CREDIT signal takes effect, or comes to a dead actor. Taken: the signal. */
uint32_t mg_credit_deliver(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal);
void mg_credit_bounce(struct mg_core *core, struct mg_actor *dead, struct mg_signal *signal);

/* Grants what can be granted; for actors with MG_ACTOR_CREDITOR. */
void mg_credit_serve(struct mg_core *core, struct mg_actor *actor);

/* Gives room back to the receiver it is of. */
void mg_credit_return(struct mg_core *core, mg_pid from, mg_pid to, uint64_t room);

/* The end of a receiver: tells all who wait. False: the batch is over. */
bool mg_credit_end(struct mg_core *core, struct mg_actor *actor);

/* -- alarm.c -- */

/* mg_alarm_wanted, for hot paths. */
static inline bool mg_alarm_watched(const struct mg_sched *sched, enum mg_alarm_kind kind,
                                    uint64_t figure)
{
    /* W2 relaxed: a number; the entries are looked at under the lock. Pairs with W3 in
     * alarms_settle(). */
    return MG_UNLIKELY(figure > load_relaxed(&sched->alarms.least[kind]));
}

void mg_alarms_init(struct mg_alarms *alarms);
void mg_alarms_deinit(struct mg_alarms *alarms);

/* -- policy.c -- */

void mg_policies_init(struct mg_policies *policies);
void mg_policies_deinit(struct mg_policies *policies);

/* -- explore.c -- */

/* NULL: this seed goes with the shipped queues. */
struct mg_explore *mg_explore_new(struct mg_sched *sched);
void mg_explore_free(struct mg_explore *explore);

/* Which way a seed takes, for tests: 0 the queues, 1 at random, 2 and above by priorities. */
uint32_t mg_explore_way(const struct mg_explore *explore);

/* One turn of some actor. False: nobody is runnable. */
bool mg_explore_step(struct mg_sched *sched);

/* Puts all who are runnable back into the queues. */
void mg_explore_end(struct mg_sched *sched);

/* -- sim.c -- */

void mg_sim_run(struct mg_sched *sched);

/* Appends a line to the event log, in deterministic mode with a log. */
void mg_sim_event(struct mg_core *core, const char *format, ...) MG_PRINTF(2, 3);
static inline bool mg_sim_logs(const struct mg_core *core)
{
    return MG_UNLIKELY(core->s.sched->config.event != NULL);
}

#endif
