/* SPDX-License-Identifier: MIT */
/* Asking from a primitive: what requests of programs (prim_request.c) and of keepers (prim_sync.c)
 * have in common.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_REQUEST_H
#define MG_INTERP_REQUEST_H

#include "interp/process.h"

/* What to ask. */
struct mg_question {
    struct mg_control *to;
    const mg_value *payload; /* in the window, or NULL for nil */
    uint64_t reference;      /* under which to ask; 0: a request of this actor's own is opened */
    uint32_t selector;
    uint16_t operation; /* of a keeper, or 0 */
    bool exempt;        /* a full mailbox takes it, too */
};

/* Sends a request; answers its reference, or 0 with *why: MG_ACCEPTED when the payload cannot be
 * sent (the error is set). Reserves nothing. */
uint64_t mg_run_ask(struct mg_run *run, const struct mg_question *question, enum mg_refusal *why);

/* The value of a reply, moved into the heap. Taken: the reply. The window may move: *args, NULL
 * when the cap was reached. */
mg_value mg_run_take_reply(struct mg_run *run, mg_value **args, struct mg_signal *reply);

#endif
