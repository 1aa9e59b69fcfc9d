/* SPDX-License-Identifier: MIT */
/* Primitives: methods written in C. The contract between them and the loop.
 *
 * A primitive gets the running actor's context and its window: args[0] is the receiver, args[1..]
 * the arguments. It answers a value, or one of the marks below. It never runs Maggie code (I2) and
 * does a bounded amount of work, or answers MG_PRIM_AGAIN with its progress in its arguments (I3).
 *
 *      mg_value prim_array_at_put(struct mg_run *run, mg_value *args)
 *
 * P1  Values in C locals die at a reserve: `args = mg_run_reserve(run, args, words)` may collect
 *     and move the window; read every value again from the new args. NULL means that the cap was
 *     reached: answer MG_PRIM_FAILED.
 * P2  A primitive reserves at most once, before its first allocation, and then allocates without
 *     failing.
 * P3  Long work is charged: mg_run_charge(run, n) reductions, one for about 20 ns.
 *
 * Leaves: a primitive that mostly has its answer after a few instructions may have a short way
 * besides, a leaf. It gets receiver and arguments in machine registers (those behind the last
 * argument mean nothing), and the loop spares itself the window and the context.
 *
 * P4  A leaf neither allocates nor fails nor waits: it answers a value, or MG_LEAF_DECLINE with
 *     nothing changed, and then the primitive itself is run. It may store into objects.
 *
 * Binding: tables of { "Class>>selector" or "Class class>>selector", function }; each prim_*.c has
 * one, and boot.c puts them all into a map. A library method marked <primitive> without an entry
 * stops the start with its name.
 *
 * Threads: the thread that runs the actor.
 */
#ifndef MG_INTERP_PRIM_H
#define MG_INTERP_PRIM_H

#include "base/compiler.h"
#include "object/heap.h"
#include "object/world.h"

#include <stddef.h>

struct mg_actor;
struct mg_scheduler;
struct mg_copy;
struct mg_block_cache;
struct mg_vm;

/* Marks: no values (their low byte is no value's). */
#define MG_PRIM_MARK_BYTE ((mg_value)0xf3)
#define MG_PRIM_DECLINE              \
    (MG_PRIM_MARK_BYTE | (mg_value)1 \
                             << 8) /* not mine: go on with the fallback; nothing was changed */
#define MG_PRIM_FAILED (MG_PRIM_MARK_BYTE | (mg_value)2 << 8) /* run->error says what to signal */
#define MG_PRIM_WAIT \
    (MG_PRIM_MARK_BYTE | (mg_value)3 << 8) /* the actor waits; run again when it wakes */
#define MG_PRIM_AGAIN (MG_PRIM_MARK_BYTE | (mg_value)4 << 8) /* yield, then run again */
#define MG_PRIM_SEND                 \
    (MG_PRIM_MARK_BYTE | (mg_value)5 \
                             << 8) /* send run->send.selector with the window as it now is */
#define MG_PRIM_UNWIND (MG_PRIM_MARK_BYTE | (mg_value)6 << 8) /* run->unwind says where to */
#define MG_PRIM_EXIT (MG_PRIM_MARK_BYTE | (mg_value)7 << 8)   /* the actor ends: run->exit */

/* What a leaf answers that has no answer; no value of a program either. */
#define MG_LEAF_DECLINE MG_UNSET

#define MG_SEND_BLOCK 0u

static inline bool mg_is_prim_mark(mg_value v)
{
    return (v & 0xff) == MG_PRIM_MARK_BYTE;
}

enum mg_run_flag {
    MG_RUN_RESTRICTED = 1, /* globals are to be checked */
};

/* The context of the running actor. One a scheduler; the loop fills it before each primitive. */
struct mg_run {
    struct mg_world *world;
    struct mg_heap *heap;
    struct mg_actor *actor;
    struct mg_scheduler *scheduler;
    struct mg_block_cache *blocks;
    struct mg_copy *copy; /* this scheduler's scratch for deep copies */
    mg_value *fp;         /* frame of the caller */
    const uint64_t *pc;   /* its next instruction */
    uint64_t *body;       /* the actor's body words (frame.h) */
    uint32_t flags;       /* enum mg_run_flag */
    mg_value *args;       /* window of the running primitive */
    uint32_t argc;
    int32_t reductions;             /* left in this slice */
    int32_t turn_reductions;        /* when the turn began */
    const struct mg_method *method; /* the primitive's */
    struct {
        uint32_t class_id; /* of the exception */
        char text[512];
    } error;
    struct {
        uint32_t
            selector; /* or MG_SEND_BLOCK: activate the receiver, a block whose arity was checked */
        uint32_t argc;
    } send;
    struct {
        uint64_t target; /* offset of the frame to unwind to, in words from the stack's base */
        uint32_t action; /* enum mg_unwind_action of unwind.h */
        mg_value value;
    } unwind;
    struct mg_vm *vm; /* interp/body.h, for primitives that need more */
};

/* Makes sure that `words` can be allocated; see P1. Answers the window's new place, or NULL.
 * MG_MAY_COLLECT. */
mg_value *mg_run_reserve(struct mg_run *run, mg_value *args, size_t words);

/* Collects everything now. Afterwards run->args is the window's place. */
void mg_run_collect(struct mg_run *run);

/* Sets the error to signal and answers MG_PRIM_FAILED. The text is formatted and cut at its
 * buffer. */
mg_value mg_prim_fail(struct mg_run *run, uint32_t exception_class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The usual ones. `index` counts from 1; `expected` is a class name. Texts: "sel: argument 1 must
 * be T, got U", "sel: index 9 is out of bounds for size 3", "sel: reason" with sel the running
 * primitive's selector (one colon). */
mg_value mg_prim_type_error(struct mg_run *run, uint32_t index, const char *expected);
mg_value mg_prim_bounds_error(struct mg_run *run, int64_t index, int64_t size);
mg_value mg_prim_error(struct mg_run *run, const char *reason);

static inline void mg_run_charge(struct mg_run *run, uint64_t reductions)
{
    run->reductions -= (int32_t)(reductions > 1000000 ? 1000000 : reductions);
}

/* Symbol id of a Symbol, or of the text of a String if such a symbol exists; 0 otherwise. Makes no
 * symbol. */
uint32_t mg_prim_symbol_of(struct mg_run *run, mg_value v);

/* Class>>new and Class>>basicNew: an instance with nil in its slots. */
mg_value mg_prim_new(struct mg_run *run, mg_value *args);

/* The identity hash of an object, drawn from the actor's generator at the first call. */
uint32_t mg_run_identity_hash(struct mg_run *run, struct mg_object *o);

/* become: for the objects args[0] and args[1]; see mg_heap_become. The window's new place, or NULL.
 * MG_MAY_COLLECT. */
mg_value *mg_run_become(struct mg_run *run, mg_value *args, bool two_way);

/* Whether the running actor may not touch the global of this name (symbol id). */
bool mg_run_is_hidden(struct mg_run *run, uint32_t name);

/* Answers the class with this id as a value, unless it is hidden from the actor: then fails as
 * reading its name would. So reflection leads to nothing that a restricted actor was not given. */
mg_value mg_prim_class_value(struct mg_run *run, uint32_t id);

/* Name of the class of a value, valid as long as the world. */
const char *mg_run_class_name(struct mg_run *run, mg_value v);

struct mg_prim_entry {
    const char *name; /* "Array>>at:put:", "Array class>>new:" */
    mg_primitive function;
};

struct mg_leaf_entry {
    const char *name; /* of a primitive */
    mg_leaf function;
};

/* The leaves of a file, ended in the same way. */
extern const struct mg_leaf_entry mg_leaves_hashed[];
extern const struct mg_leaf_entry mg_leaves_number[];

/* The tables, one a file, ended by { NULL, NULL }. */
extern const struct mg_prim_entry mg_prims_object[];
extern const struct mg_prim_entry mg_prims_class[];
extern const struct mg_prim_entry mg_prims_number[];
extern const struct mg_prim_entry mg_prims_character[];
extern const struct mg_prim_entry mg_prims_string[];
extern const struct mg_prim_entry mg_prims_text[];
extern const struct mg_prim_entry mg_prims_bytes[];
extern const struct mg_prim_entry mg_prims_array[];
extern const struct mg_prim_entry mg_prims_hashed[];
extern const struct mg_prim_entry mg_prims_stream[];
extern const struct mg_prim_entry mg_prims_system[];
extern const struct mg_prim_entry mg_prims_exception[];
extern const struct mg_prim_entry mg_prims_block[];
extern const struct mg_prim_entry mg_prims_process[];
extern const struct mg_prim_entry mg_prims_spawn[];
extern const struct mg_prim_entry mg_prims_mail[];
extern const struct mg_prim_entry mg_prims_request[];
extern const struct mg_prim_entry mg_prims_bond[];
extern const struct mg_prim_entry mg_prims_sync[];
extern const struct mg_prim_entry mg_prims_gate[];
extern const struct mg_prim_entry mg_prims_alarm[];
extern const struct mg_prim_entry mg_prims_runtime[];
extern const struct mg_prim_entry mg_prims_test[];
extern const struct mg_prim_entry mg_prims_ctab[];
extern const struct mg_prim_entry mg_prims_roll[];
extern const struct mg_prim_entry mg_prims_service[];

#endif
