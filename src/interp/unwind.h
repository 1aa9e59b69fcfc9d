/* SPDX-License-Identifier: MIT */
/* Leaving activations out of order: `^` in a block, a handler's answer or retry, the end of an
 * actor. All of them run the clean-up blocks (ensure:, ifCurtailed:) of the frames they leave,
 * innermost first, and none needs the C stack: when a marked frame is met, the stack is cut down to
 * it, the state of the unwinding is written into its mark registers, and its code continues at its
 * landing, which runs the clean-up block and ends in UNWIND, which comes back here.
 *
 *      mark registers of a frame (m = argc + 1)
 *      R[m]    offset of the next older marked frame << 2, 0 for none
 *      R[m+1]  while landing: target offset << 5 | action << 2
 *      R[m+2]  while landing: the value that travels
 *      R[m+3]  unused
 *
 * U1  The chain of marks never holds a frame that is not on the stack: whoever cuts the stack pops
 *     the chain first.
 * U2  While an actor ends (MG_UNWIND_EXIT has begun), nothing unwinds past the frame whose clean-up
 *     block runs: such an attempt ends that block only, and the exit goes on with its first reason.
 *     That is the value that travels: the exception, the reason, or nil for an exit from outside.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_UNWIND_H
#define MG_INTERP_UNWIND_H

#include "interp/frame.h"

#include <stdbool.h>

struct mg_actor;

enum mg_unwind_action {
    MG_UNWIND_RETURN, /* return the value from the target frame */
    MG_UNWIND_RETRY,  /* start the target frame again with the value as its receiver */
    MG_UNWIND_EXIT,   /* leave all frames: the actor ends */
    MG_UNWIND_RESUME, /* only in the loop: go on with what a landing frame keeps */
};

enum mg_unwind_result {
    MG_UNWOUND_RUN,    /* go on at *fp, *pc */
    MG_UNWOUND_RETURN, /* return *value from frame *fp */
    MG_UNWOUND_EXIT,   /* no frame is left */
};

/* Starts or goes on with an unwinding. body: the actor's body words; stack: base of its stack. */
enum mg_unwind_result mg_unwind(uint64_t *body, mg_value *stack, mg_value **fp, const mg_insn **pc,
                                uint64_t target, enum mg_unwind_action action, mg_value *value);

/* The same, from the state that a landing frame keeps in its mark registers. */
enum mg_unwind_result mg_unwind_resume(uint64_t *body, mg_value *stack, mg_value **fp,
                                       const mg_insn **pc, mg_value *value);

/* Whether an activation with a home register is the home itself: a method, a script, or a detached
 * block. A block that is attached holds the token of another activation. */
static inline bool mg_home_own(const mg_value *fp)
{
    const struct mg_code *code = mg_frame_code(fp);
    return (code->flags & MG_CODE_IS_BLOCK) == 0 ||
           mg_slot(fp[code->argc + 1u], MG_BLOCK_HOME) == mg_small(0);
}

/* Whether the activation that a home token names is still on the stack below fp. */
bool mg_home_alive(const mg_value *stack, const mg_value *fp, mg_value token);

/* Links fp's frame as the newest marked frame; unlinks it. */
void mg_mark_push(uint64_t *body, const mg_value *stack, mg_value *fp);
void mg_mark_pop(uint64_t *body, mg_value *fp);

/* The newest handler frame that is active (offset), or the next older one after `token`; 0 at the
 * end. */
uint64_t mg_handler_first(const uint64_t *body, const mg_value *stack);
uint64_t mg_handler_after(const uint64_t *body, const mg_value *stack, uint64_t token);

/* Whether `token` is the offset of a handler frame on the chain (guards primitives against made-up
 * numbers). */
bool mg_handler_valid(const uint64_t *body, const mg_value *stack, uint64_t token);

#endif
