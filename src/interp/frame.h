/* SPDX-License-Identifier: MIT */
/* Frames: how activations lie on an actor's stack.
 *
 *       caller's frame                     callee's frame
 *      +-----+-----+---+------+------+------+----+----+---+
 *      | R0  | R1  |...| link | pc   | code | R0 | R1 |...|        addresses grow to the right
 *      +-----+-----+---+------+------+------+----+----+---+
 *        ^ fp                           w-1   ^ fp' = w
 *
 *      link   bytes to the caller's fp (0: first frame) | extent << 30 | elided calls << 46
 *      pc     the caller's next instruction; the one before it names the result's register
 *      code   struct mg_code of this activation
 *
 * All three are multiples of four, so the collector takes them for SmallIntegers (V1) and scans the
 * stack as one flat array.
 *
 * F0  A frame's extent, counted from its fp, reaches to the end of its own registers and of all
 *     older frames'. So it never shrinks while calls nest: what an older frame has above the window
 *     it called from stays part of the stack, and is neither forgotten by a collection nor given to
 *     the heap.
 * F1  Registers argc+1.. are nil at entry, and a collection scans each frame to the end of its
 *     registers. So a register always holds a valid value, if perhaps an old one.
 * F2  Above the newest frame's registers at least MG_FRAME_MARGIN words are free: the scratch
 *     window (header, receiver, two arguments) fits without a check, and older frames need no such
 *     room.
 * F3  Marked frames (ensure, handlers) form a chain from newest to oldest through R[argc+1]; the
 *     head is in the actor's body words. A frame on the chain is never reused by a tail send.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_FRAME_H
#define MG_INTERP_FRAME_H

#include "compiler/opcode.h"
#include "compiler/unit.h"
#include "object/heap.h"
#include "object/method.h"

#define MG_FRAME_HEADER 3
#define MG_FRAME_MARGIN 6

#define MG_FRAME_DISTANCE_MASK 0x3fffffffu
#define MG_FRAME_EXTENT_SHIFT 30
#define MG_FRAME_ELIDED_SHIFT 46
#define MG_FRAME_ELIDED_MAX ((uint64_t)1 << 16)

_Static_assert(MG_REGISTERS_MAX < 1 << 16, "an extent fits its bits");

static inline const struct mg_code *mg_frame_code(const mg_value *fp)
{
    return (const struct mg_code *)(uintptr_t)fp[-1];
}
static inline const mg_insn *mg_frame_return_pc(const mg_value *fp)
{
    return (const mg_insn *)(uintptr_t)fp[-2];
}
static inline mg_value mg_frame_link(uint64_t distance, uint64_t extent)
{
    return distance * sizeof(mg_value) | extent << MG_FRAME_EXTENT_SHIFT;
}
static inline uint32_t mg_frame_distance(const mg_value *fp)
{
    return ((uint32_t)fp[-3] & MG_FRAME_DISTANCE_MASK) / sizeof(mg_value);
}
/* Where the stack ends while this frame is the newest (F0). */
static inline mg_value *mg_frame_end(mg_value *fp)
{
    return fp + (fp[-3] >> MG_FRAME_EXTENT_SHIFT & 0xffff);
}
static inline uint64_t mg_frame_elided(const mg_value *fp)
{
    return fp[-3] >> MG_FRAME_ELIDED_SHIFT;
}

/* Fills registers from..nregs with nil. */
static inline void mg_frame_clear(mg_value *fp, uint32_t from, uint32_t nregs)
{
    for (uint32_t i = from; i < nregs; i++) {
        fp[i] = MG_NIL;
    }
}

/* Two registers at once. */
typedef uint64_t mg_frame_pair __attribute__((vector_size(16), aligned(8), may_alias));

/* The same where a frame begins, faster: up to three words behind the frame may become nil too.
 * Nothing live is there (a window has nothing above it), and the margin makes sure of room (F2). */
static inline void mg_frame_open(mg_value *fp, uint32_t from, uint32_t nregs)
{
    _Static_assert(MG_FRAME_MARGIN >= 3, "what is written too much lies in the margin");
    const mg_frame_pair nils = {MG_NIL, MG_NIL};
    for (uint32_t i = from; i < nregs; i += 4) {
        *(mg_frame_pair *)(fp + i) = nils;
        *(mg_frame_pair *)(fp + i + 2) = nils;
    }
}

/* Tokens of activations that `^` in a block may leave: offset of the frame from the stack's base,
 * and a serial number, as one SmallInteger. 0 means detached: the block arrived in a message or was
 * spawned. A token is alive when the frame at its offset is an activation whose home register holds
 * the very same token. The serial wraps after 2^34 homes in one actor; a stale token would have to
 * meet an equal one at the same depth after exactly that many. */
#define MG_HOME_OFFSET_BITS 27

static inline mg_value mg_home_token(uint64_t offset, uint64_t serial)
{
    return (offset | (serial & (((uint64_t)1 << 34) - 1)) << MG_HOME_OFFSET_BITS) << MG_TAG_BITS;
}
static inline uint64_t mg_home_offset(mg_value token)
{
    return token >> MG_TAG_BITS & (((uint64_t)1 << MG_HOME_OFFSET_BITS) - 1);
}

/* What the interpreter keeps in an actor's eight body words. */
enum mg_body_word {
    MG_BODY_FP,      /* offset of the current frame from the stack's base */
    MG_BODY_PC,      /* next instruction */
    MG_BODY_MARKS,   /* offset of the newest marked frame, 0 for none */
    MG_BODY_SERIAL,  /* last home serial */
    MG_BODY_CVARS,   /* value: this actor's class variables, an Array of id, value pairs, or nil */
    MG_BODY_RESEND,  /* value: a send to be repeated (mg_resend), or nil */
    MG_BODY_RESULT,  /* value: a waiting primitive's progress; at the end result or cause; or nil */
    MG_BODY_CLEANUP, /* while exiting: offset of the frame whose clean-up block runs; 0 when not */
    MG_BODY_WORDS
};

/* A send to be repeated when the actor runs next (its window was changed by perform: or the like,
 * so the instruction cannot run again) is kept as a SmallInteger in MG_BODY_RESEND, which is nil
 * otherwise while the actor lives. */
static inline mg_value mg_resend(ptrdiff_t window, uint32_t selector)
{
    return mg_small((int64_t)window << 32 | selector);
}
static inline ptrdiff_t mg_resend_window(mg_value word)
{
    return mg_small_value(word) >> 32;
}
static inline uint32_t mg_resend_selector(mg_value word)
{
    return (uint32_t)mg_small_value(word);
}

/* The words that a collection must treat as values. */
#define MG_BODY_VALUES_FROM MG_BODY_CVARS
#define MG_BODY_VALUES 3

_Static_assert(MG_BODY_WORDS == 8, "the actor gives its behaviour eight words");

#endif
