/* SPDX-License-Identifier: MIT */
/* Credit: room in a mailbox that is promised to one sender. Whoever wants to wait instead of being
 * refused asks for it, goes on, and gets a message when there is room.
 *
 *      asker                              receiver
 *        │── CREDIT ask, how much ──────────>│ queues it, in order
 *        │                                   │ room: reserves for the asker
 *        │<───────── CREDIT grant ───────────│
 *     the message {receiver. messages}       │
 *        │── messages, from the credit ─────>│ takes them: room for the next
 *        │── CREDIT return, what is left ───>│ when the asker ends, or the credit is used up
 *
 * C1  Granted and not yet spent or returned room is part of the mailbox's `room`; the asker's table
 *     holds the same numbers (receiver -> mg_room).
 * C2  A receiver with open requests tries to grant the first at each drain and before it sleeps,
 *     and whatever frees room happens in its turns (its taking mail) or comes as a signal (a
 *     return). So nobody waits for room that is there.
 * C3  An asker has one request open at a time with each receiver. It is answered: with a grant, or
 *     with a grant of nothing when the receiver has ended.
 *
 * What schedulers have reserved in advance (send.c) is left out of account: it may be there for the
 * rest of a slice, and its going away is no signal.
 *
 * Threads: each function the thread that runs the actor named first. Memory: open requests are
 * their own signals, in a list of the receiver's side.
 */
#ifndef MG_SCHED_CREDIT_H
#define MG_SCHED_CREDIT_H

#include "sched/sched.h"

/* What a CREDIT signal is: its detail. Its reference is an mg_room. */
enum mg_credit_detail { MG_CREDIT_ASK, MG_CREDIT_GRANT, MG_CREDIT_RETURN };

enum mg_credit_answer { MG_CREDIT_SENT, MG_CREDIT_OPEN, MG_CREDIT_DEAD };

/* Asks for room for messages with so many bytes together; a receiver grants at most half of its
 * bound at once. `selector` is that of the message which will tell. */
enum mg_credit_answer mg_credit_ask(struct mg_actor *actor, struct mg_scheduler *s, mg_pid to,
                                    uint64_t messages, uint64_t bytes, uint32_t selector);

/* Messages left of the credit with a process. */
uint64_t mg_credit_left(const struct mg_actor *actor, mg_pid to);

/* For an actor with MG_ACTOR_CREDITED: whether a message of that size goes on its credit. Then its
 * room is reserved, as after mg_send_reserve. */
bool mg_credit_spend(struct mg_actor *actor, struct mg_scheduler *s, struct mg_actor *to,
                     uint64_t bytes);

#endif
