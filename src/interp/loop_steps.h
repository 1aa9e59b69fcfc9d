/* SPDX-License-Identifier: MIT */
/* The steps that instructions are made of, as macros over the locals of the bytecode loop (insn,
 * pc, fp, w, code, heap, reductions and so on). For loop.c only.
 *
 * A macro that ends in DISPATCH() or a goto does not come back; the others fall through.
 */
#ifndef MG_INTERP_LOOP_STEPS_H
#define MG_INTERP_LOOP_STEPS_H

#include "base/atomic.h"
#include "interp/alloc.h"
#include "interp/frame.h"
#include "interp/lookup.h"

#define A mg_insn_a(insn)
#define B mg_insn_b(insn)
#define C mg_insn_c(insn)
#define X mg_insn_x(insn)
#define J mg_insn_j(insn)
#define CI mg_insn_ci(insn)
#define R(i) fp[i]

#define DISPATCH()                    \
    do {                              \
        insn = *pc++;                 \
        goto *labels[(uint16_t)insn]; \
    } while (0)

/* State out to, and in from, the run context. */
#define SAVE() (run->fp = fp, run->reductions = reductions, run->pc = pc)
#define LOAD() (fp = run->fp, reductions = run->reductions, code = mg_frame_code(fp))

/* Room for an object of n words (header included) below the margin; may collect. */
#define RESERVE(n)                                                             \
    do {                                                                       \
        if (MG_UNLIKELY(mg_alloc_must_reserve(heap, mg_frame_end(fp), (n)))) { \
            SAVE();                                                            \
            if (!mg_alloc_reserve(run, mg_frame_end(fp), (n))) {               \
                goto memory;                                                   \
            }                                                                  \
            LOAD();                                                            \
        }                                                                      \
    } while (0)

/* The extent of a frame with n registers at w on top of the present one (F0). */
#define FRAME_EXTENT(w, n) \
    ((mg_frame_end(fp) - (w) > (ptrdiff_t)(n)) ? mg_frame_end(fp) - (w) : (ptrdiff_t)(n))

/* The window above the frame. Its words are scanned by a collection before a frame is there,
 * so they must be values. */
#define OPEN_SCRATCH() (w = fp + code->scratch, w[-3] = w[-2] = w[-1] = w[0] = mg_small(0))

/* The message that a (send) instruction stands for, to x with y and z. */
#define SPECIAL_SEND(sel, count, x_, y_, z_)      \
    do {                                          \
        if (MG_UNLIKELY(--reductions < 0)) {      \
            goto preempt;                         \
        }                                         \
        mg_value receiver_ = (x_), first_ = (y_); \
        w = fp + code->scratch;                   \
        w[2] = (z_);                              \
        w[1] = first_;                            \
        w[0] = receiver_;                         \
        argc = (count);                           \
        selector = vm->selectors[MG_SEL_##sel];   \
        goto send_special;                        \
    } while (0)

#define SCRATCH_SEND(sel, receiver, argument) SPECIAL_SEND(sel, 1, receiver, argument, MG_NIL)
#define SCRATCH_UNARY(sel, receiver) SPECIAL_SEND(sel, 0, receiver, MG_NIL, MG_NIL)

/* The same where the receiver is mostly of one class whose method has a leaf: without a look-up. */
#define HINTED_SEND(sel, hint, count, x_, y_, z_)                                             \
    do {                                                                                      \
        mg_value x0_ = (x_);                                                                  \
        /* N8 acquire: as K1 in mg_lookup_id(). Pairs with X16 in world_renew_lookup_id(). */ \
        if (MG_LIKELY(mg_is_pointer(x0_)) &&                                                  \
            (hint).lookup_id == load_acquire(&lookup_ids[mg_object_class(mg_object(x0_))])) { \
            if (MG_UNLIKELY(--reductions < 0)) {                                              \
                goto preempt;                                                                 \
            }                                                                                 \
            value = (hint).leaf(heap, x0_, (y_), (z_));                                       \
            if (MG_LIKELY(value != MG_LEAF_DECLINE)) {                                        \
                R(A) = value;                                                                 \
                DISPATCH();                                                                   \
            }                                                                                 \
            reductions++;                                                                     \
        }                                                                                     \
        SPECIAL_SEND(sel, count, R(B), (y_), (z_));                                           \
    } while (0)

#define BOTH_FLOAT(x, y) (((((x) ^ MG_TAG_FLOAT) | ((y) ^ MG_TAG_FLOAT)) & MG_TAG_MASK) == 0)

/* Arithmetic on immediate floats; falls through when the result must be boxed. */
#define FLOAT_ARITHMETIC(x, y, op)                                                  \
    do {                                                                            \
        if (BOTH_FLOAT(x, y)) {                                                     \
            double z_ = mg_float_immediate_value(x) op mg_float_immediate_value(y); \
            mg_value v_;                                                            \
            if (MG_LIKELY(mg_float_immediate(z_, &v_))) {                           \
                R(A) = v_;                                                          \
                DISPATCH();                                                         \
            }                                                                       \
        }                                                                           \
    } while (0)

/* A comparison that has its answer: into R[A], or straight into the following jump. */
#define ANSWER(b)             \
    do {                      \
        R(A) = mg_boolean(b); \
        DISPATCH();           \
    } while (0)
#define ANSWER_JUMP(b)                                          \
    do {                                                        \
        mg_insn jump_ = *pc++;                                  \
        bool taken_ = (uint16_t)jump_ == MG_OP_JT ? (b) : !(b); \
        if (taken_) {                                           \
            pc += mg_insn_j(jump_);                             \
        }                                                       \
        DISPATCH();                                             \
    } while (0)

/* `=` and `~=`: what is neither number nor object is equal only to itself. */
#define EQUALITY(sel, op, x, y, answer)            \
    do {                                           \
        mg_value x0_ = (x), y0_ = (y);             \
        if ((x0_ & MG_TAG_MASK) == MG_TAG_OTHER) { \
            answer(x0_ op y0_);                    \
        }                                          \
        COMPARE(sel, op, x0_, y0_, answer);        \
    } while (0)

#define COMPARE(sel, op, x, y, answer)                                            \
    do {                                                                          \
        mg_value x_ = (x), y_ = (y);                                              \
        if (MG_LIKELY(mg_both_small(x_, y_))) {                                   \
            answer((int64_t)x_ op(int64_t) y_);                                   \
        }                                                                         \
        if (BOTH_FLOAT(x_, y_)) {                                                 \
            answer(mg_float_immediate_value(x_) op mg_float_immediate_value(y_)); \
        }                                                                         \
        SCRATCH_SEND(sel, x_, y_);                                                \
    } while (0)

static inline int64_t floor_divide(int64_t x, int64_t y)
{
    int64_t q = x / y;
    return q - ((x % y != 0) & ((x < 0) != (y < 0)));
}

static inline int64_t floor_modulo(int64_t x, int64_t y)
{
    int64_t r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

#endif
