/* SPDX-License-Identifier: MIT */
/* The waits of a whole node as text, for the report of a deadlock: who waits, for whom, where, and
 * the cycles among them.
 *
 * Threads: any, while every scheduler is parked for good (mg_waits_each). Memory: its own, freed.
 */
#ifndef MG_INTERP_WAIT_REPORT_H
#define MG_INTERP_WAIT_REPORT_H

#include "base/buf.h"
#include "interp/vm.h"
#include "sched/waits.h"

/* Lines of waits, and cycles, printed at most; a line says how many were left out. */
#define MG_WAIT_REPORT_LINES 20
#define MG_WAIT_REPORT_CYCLES 5

/* Processes of one cycle that are named, and waits that are looked at. */
#define MG_WAIT_REPORT_NAMES 60
#define MG_WAIT_REPORT_READ 200000

/* Appends the report, a line for each wait and each cycle. */
void mg_wait_report(struct mg_vm *vm, struct mg_sched *sched, struct mg_buf *out);

/* `a message`, `a reply`, `the end` ... of a kind, with ` of ` or ` from ` behind it when somebody
 * is named; a constant. */
const char *mg_wait_phrase(enum mg_wait_kind kind);

/* Appends what reports call a process (labels.h), and its registered name. Any thread. */
void mg_wait_process(struct mg_vm *vm, struct mg_sched *sched, mg_pid pid, struct mg_buf *out);

/* Appends `file:line:column` of a wait; false: it has no place. */
bool mg_wait_place(const struct mg_vm *vm, const struct mg_wait *wait, struct mg_buf *out);

#endif
