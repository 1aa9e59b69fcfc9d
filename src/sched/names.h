/* SPDX-License-Identifier: MIT */
/* Local names: text -> process. Exact: a name has one live holder or none. A process may hold
 * several; all are released at its death, before any link or monitor hears of it.
 *
 * N1  A name in the table belongs to a process that has not yet begun to tell of its end.
 *
 * Threads: any scheduler; the table has a lock, held for a look-up. Memory: the table copies names.
 */
#ifndef MG_SCHED_NAMES_H
#define MG_SCHED_NAMES_H

#include "base/compiler.h"
#include "base/pid.h"

#include <stdbool.h>
#include <stddef.h>

struct mg_sched;
struct mg_scheduler;

/* Gives `pid` this name. False: it is taken (even by pid itself), empty, or pid is dead or
 * remote. */
bool mg_names_register(struct mg_scheduler *s, mg_pid pid, const char *name, size_t len);

/* The holder, or MG_PID_NONE. */
mg_pid mg_names_find(struct mg_scheduler *s, const char *name, size_t len);

/* Takes all names of `pid` back (harmless without one). */
void mg_names_unregister(struct mg_scheduler *s, mg_pid pid);

/* Takes one name back. True if pid held it. */
bool mg_names_unregister_one(struct mg_scheduler *s, mg_pid pid, const char *name, size_t len);

/* Calls visit for each name of `pid`, or of all with MG_PID_NONE, in order of registration, with
 * the table locked: visit must not call back. */
void mg_names_each(struct mg_scheduler *s, mg_pid pid,
                   void (*visit)(void *context, const char *name, size_t len, mg_pid holder),
                   void *context);

#endif
