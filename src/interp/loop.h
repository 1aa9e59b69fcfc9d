/* SPDX-License-Identifier: MIT */
/* The bytecode loop: runs one actor until its slice is used up, it waits, or it ends. See
 * loop.c. */
#ifndef MG_INTERP_LOOP_H
#define MG_INTERP_LOOP_H

#include "interp/vm.h"

enum mg_loop_result {
    MG_LOOP_YIELD,    /* the slice is used up */
    MG_LOOP_WAIT,     /* a primitive put the actor to sleep */
    MG_LOOP_FINISHED, /* the first frame returned: the value is in body[MG_BODY_RESULT] */
    MG_LOOP_EXIT,     /* the last clean-up block has run, or a primitive ended the actor */
    MG_LOOP_MEMORY,   /* the cap is reached, and so is the room kept for clean-up */
};

/* Runs from the state in the actor's body words, and leaves the state there. interp->run must have
 * actor, heap, scheduler and reductions set. `body` are the actor's body words. */
enum mg_loop_result mg_interp_loop(struct mg_interp *interp, uint64_t *body);

#endif
