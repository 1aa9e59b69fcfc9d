/* SPDX-License-Identifier: MIT */
/* Which tables there are, what they are called, and whose they are. What is in one: ctab.h.
 *
 *      handle (a number) ──> slot ──> table ──> body
 *      name ──────────────────^        │
 *      owner's pid ──> its tables <────┘
 *
 * A table ends when its owner does, before anybody hears of that, unless it has an heir who lives:
 * then the heir owns it from that moment on and is sent a message. A table without an owner stays
 * until the node ends.
 *
 * U1  A handle is the number of a slot and random bits, so that one of a dead table stays dead when
 *     its slot is used again, and none can be guessed.
 * U2  A table whose owner is a pid stands in that pid's list; the process lives, or its end has not
 *     come to its possessions yet.
 * U3  A table that was found is valid until the finder's slice ends.
 *
 * Threads: any scheduler; finding takes no lock. Memory: tables belong to this; a signal given as
 * notice is taken.
 */
#ifndef MG_SCHED_CTABS_H
#define MG_SCHED_CTABS_H

#include "sched/ctab.h"
#include "sched/scheduler.h"

struct mg_ctabs;
struct mg_core;

enum mg_ctab_access {
    MG_CTAB_PUBLIC,    /* everybody reads and writes */
    MG_CTAB_PROTECTED, /* everybody reads, the owner writes */
    MG_CTAB_PRIVATE,   /* the owner reads and writes */
};

struct mg_ctab {
    _Atomic(struct mg_ctab_body *) body; /* replaced when the table is cleared */
    _Atomic(mg_pid) owner;               /* written under the lock of struct mg_ctabs */
    uint64_t id;                         /* never changes, as the next two */
    uint8_t kind;                        /* enum mg_ctab_kind */
    uint8_t access;                      /* enum mg_ctab_access */
    const struct mg_symbols *symbols;
    uint64_t max_bytes, max_count;
    char *name; /* or NULL */
    size_t name_len;
    mg_pid heir;              /* or MG_PID_NONE; under the lock, as all below */
    struct mg_signal *notice; /* what the heir will be sent, or NULL */
    struct mg_ctab *next, *prev;
    struct mg_retired retired;
};

struct mg_ctab_options {
    enum mg_ctab_kind kind;
    enum mg_ctab_access access;
    uint64_t max_bytes, max_count; /* 0: the default, none */
    const char *name;              /* or NULL */
    size_t name_len;
    mg_pid owner; /* MG_PID_NONE: nobody */
    const struct mg_symbols *symbols;
};

struct mg_ctabs *mg_ctabs_new(void);

/* `s`: a scheduler whose cache takes the blocks, or NULL when all blocks go with their arenas. */
void mg_ctabs_free(struct mg_ctabs *tables, struct mg_scheduler *s);

/* Makes a table. NULL: too many (MG_ELIMIT), the name is taken (MG_EEXIST), or the owner has ended
 * (MG_EINVAL). */
struct mg_ctab *mg_ctabs_make(struct mg_scheduler *s, const struct mg_ctab_options *options,
                              int *error);

/* The table of a handle or name, or NULL. */
struct mg_ctab *mg_ctabs_find(const struct mg_ctabs *tables, uint64_t id);
struct mg_ctab *mg_ctabs_named(struct mg_ctabs *tables, const char *name, size_t len);

/* The table of the node's settings, made at the first call: without a name or an owner, public. */
struct mg_ctab *mg_ctabs_settings(struct mg_scheduler *s, const struct mg_symbols *symbols);

/* Handles of the tables with an owner behind a slot number (0 to begin), at most `max`: answers how
 * many and moves *slot on. */
uint32_t mg_ctabs_each(const struct mg_ctabs *tables, uint32_t *slot, uint64_t *ids, uint32_t max);

/* Ends a table. False when somebody else has. */
bool mg_ctabs_delete(struct mg_scheduler *s, struct mg_ctab *table);

/* Takes everything out at one moment. */
void mg_ctabs_clear(struct mg_scheduler *s, struct mg_ctab *table);

/* Makes another process the owner, who is sent the notice (of kind MESSAGE, taken). False: `from`
 * does not own it, or `to` has ended; the notice is freed. */
bool mg_ctabs_give(struct mg_scheduler *s, struct mg_ctab *table, mg_pid from, mg_pid to,
                   struct mg_signal *notice);

/* Sets the heir (MG_PID_NONE: none) and what it will be sent. False: `from` does not own it. */
bool mg_ctabs_set_heir(struct mg_scheduler *s, struct mg_ctab *table, mg_pid from, mg_pid heir,
                       struct mg_signal *notice);

/* The heir, or MG_PID_NONE. */
mg_pid mg_ctabs_heir(struct mg_ctabs *tables, struct mg_ctab *table);

/* The end of a process: its tables go, or go to their heirs. False: some are left, call again. */
bool mg_ctabs_release(struct mg_core *core, mg_pid owner);

static inline struct mg_ctab_body *mg_ctab_body_of(struct mg_ctab *table)
{
    /* U1 acquire: the body is complete. Pairs with U2 in table_new(), mg_ctabs_clear(). */
    return load_acquire(&table->body);
}
static inline mg_pid mg_ctab_owner(struct mg_ctab *table)
{
    /* O1 relaxed: an owner asks about itself, others may be late. Pairs with O2 in table_own(). */
    return load_relaxed(&table->owner);
}

#endif
