/* SPDX-License-Identifier: MIT */
/* Alarms: an actor asks to be told when something on the node grows beyond a threshold, and gets a
 * message with the figures. Nobody asks: a comparison with a number that never changes.
 *
 *     kind             figure                                         looked at
 *     long mailbox     messages waiting                               when a sender reserves room
 *     large heap       bytes, stack included                          after a collection
 *     long collection  ns                                             the same
 *     busy scheduler   ns of one turn                                 after each turn
 *
 * The message is {kind. process. figure. left out}; times are in whole milliseconds, rounded up.
 * What is told to one subscriber is limited: of one process once in MG_ALARM_REPEAT_NS, and of all
 * together MG_ALARM_RATE in that time; how much was left out is told with the next.
 *
 * A1  least[kind] is the least threshold of the entries of that kind, MG_ALARM_NEVER if there are
 *     none.
 * A2  An actor is not told of its own mailbox; what is told counts against the bound of the
 *     subscriber's and may be refused, and raises no alarm.
 *
 * Threads: schedulers. The table is under its lock, least is read without. Memory: one table of
 * fixed size in the sched.
 */
#ifndef MG_SCHED_ALARM_H
#define MG_SCHED_ALARM_H

#include "sched/sched.h"

enum mg_alarm_kind {
    MG_ALARM_MAILBOX,
    MG_ALARM_HEAP,
    MG_ALARM_COLLECTION,
    MG_ALARM_BUSY,
    MG_ALARM_KINDS
};

#define MG_ALARM_NEVER UINT64_MAX
#define MG_ALARMS_MAX 64
#define MG_ALARM_RATE 16
#define MG_ALARM_REPEAT_NS UINT64_C(1000000000)

/* Asks for alarms of a kind above a threshold, instead of what the actor asked for before. The
 * symbols are the selector of the message and the name of the kind in it. False: there are
 * MG_ALARMS_MAX already. */
bool mg_alarm_on(struct mg_scheduler *s, struct mg_actor *actor, enum mg_alarm_kind kind,
                 uint64_t threshold, uint32_t selector, uint32_t name);

/* Takes it back; whether there was something. Those of dead actors go by themselves. */
bool mg_alarm_off(struct mg_scheduler *s, struct mg_actor *actor, enum mg_alarm_kind kind);

/* Whether anybody wants to know of this figure. */
bool mg_alarm_wanted(const struct mg_sched *sched, enum mg_alarm_kind kind, uint64_t figure);

/* Tells those who want to know. `about` is the process the figure is of. */
void mg_alarm_raise(struct mg_scheduler *s, enum mg_alarm_kind kind, struct mg_actor *about,
                    uint64_t figure);

#endif
