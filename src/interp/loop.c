/* SPDX-License-Identifier: MIT */
/* The bytecode loop. One function with a label for each opcode (direct threading); the instruction
 * set is compiler/opcode.def, frames are frame.h, look-up is lookup.h, unwinding is unwind.h.
 *
 * State in locals: fp, pc, the current code and the reductions left; `heap` and the tables never
 * change within a slice. Everything else is in the actor. Before anything that may collect, the
 * state goes to run->fp and comes back from there, since the stack moves.
 *
 * N1  A send or a backward jump costs one reduction. When none is left the loop stops *before* the
 *     instruction, with the pc at it, so an actor is always preempted between two instructions.
 * N2  The result of a send goes to register A of the instruction before the return pc. A send in
 *     tail position that cannot reuse the frame returns into `tail_return`.
 * N3  No C function called from here runs bytecode (I2).
 *
 * Threads: the scheduler's that runs the actor. tidy: long function: the loop is one function so
 * that its state stays in machine registers. tidy: exempt length.
 */
#include "interp/loop.h"

#include "base/atomic.h"
#include "interp/alloc.h"
#include "interp/frame.h"
#include "interp/lookup.h"
#include "interp/loop_steps.h"
#include "interp/unwind.h"

/* A tail send that pushed a frame after all comes back here: its value is in R0, and is
 * returned. */
static const mg_insn tail_return[2] = {(mg_insn)MG_OP_MOVE, (mg_insn)MG_OP_RET};

/* Starts the unwinding that run->unwind describes, or goes on with the one that the landing frame
 * keeps. */
static enum mg_unwind_result unwind_run(struct mg_run *run, mg_value **fp, const mg_insn **pc)
{
    mg_value *stack = run->heap->stack;
    if (run->unwind.action == MG_UNWIND_RESUME) {
        return mg_unwind_resume(run->body, stack, fp, pc, &run->unwind.value);
    }
    return mg_unwind(run->body, stack, fp, pc, run->unwind.target,
                     (enum mg_unwind_action)run->unwind.action, &run->unwind.value);
}

/* Notes the leaf for receivers of this one's class. The lookup id is read first: should the class
 * change in between, the hint is one for a state that is gone. */
static MG_NOINLINE void hint_set(struct mg_interp *interp, struct mg_leaf_hint *hint,
                                 mg_value receiver, uint32_t selector)
{
    uint32_t class_id = mg_class_of(interp->run.world, receiver);
    uint32_t id = mg_lookup_id(interp->run.world, class_id);
    const struct mg_method *method = mg_lookup_cached(interp, class_id, selector);
    if (method != NULL && method->kind == MG_METHOD_KIND_LEAF) {
        *hint = (struct mg_leaf_hint){id, method->leaf};
    }
}

/* Whether the instruction is a send of that selector, so that running it again means the same. */
static bool sends_itself(const struct mg_code *code, mg_insn insn, uint32_t selector)
{
    uint32_t op = mg_insn_op(insn);
    return (op == MG_OP_SEND || op == MG_OP_SENDSUPER || op == MG_OP_TAILSEND) &&
           code->sites[mg_insn_c(insn)].selector == selector;
}

enum mg_loop_result mg_interp_loop(struct mg_interp *interp, uint64_t *body)
{
    static const void *const labels[] = {
#define MG_OPCODE(name, format, operands, meaning) &&op_##name,
#include "compiler/opcode.def"
#undef MG_OPCODE
    };
    struct mg_run *const run = &interp->run;
    struct mg_world *const world = run->world;
    const struct mg_vm *const vm = run->vm;
    struct mg_heap *const heap = run->heap;
    mg_value *fp = heap->stack + body[MG_BODY_FP];
    const mg_insn *pc = (const mg_insn *)(uintptr_t)body[MG_BODY_PC];
    const mg_insn *ret;
    const struct mg_code *code = mg_frame_code(fp);
    int32_t reductions = run->reductions;
    struct mg_method *method;
    mg_insn insn;
    mg_value *w;
    mg_value value;
    uint32_t argc;
    uint32_t selector;
    enum mg_loop_result result;
    const _Atomic(uint32_t) *const lookup_ids = world->lookup_ids;
    _Atomic(struct mg_method *) *const methods = world->methods;

    if (MG_UNLIKELY(mg_is_small(body[MG_BODY_RESEND]))) {
        w = fp + mg_resend_window(body[MG_BODY_RESEND]);
        selector = mg_resend_selector(body[MG_BODY_RESEND]);
        argc = mg_symbol_entry(world->symbols, selector)->argc;
        body[MG_BODY_RESEND] = MG_NIL;
        ret = pc;
        goto send_known;
    }
    DISPATCH();

op_MOVE:
    R(A) = R(B);
    DISPATCH();
op_LOADNIL:
    R(A) = MG_NIL;
    DISPATCH();
op_LOADTRUE:
    R(A) = MG_TRUE;
    DISPATCH();
op_LOADFALSE:
    R(A) = MG_FALSE;
    DISPATCH();
op_LOADI:
    R(A) = mg_small(J);
    DISPATCH();
op_LOADK:
    R(A) = code->literals[X];
    DISPATCH();
op_COPYK : {
    size_t words = mg_alloc_literal_words(code->literals[X]);
    RESERVE(words);
    R(A) = mg_alloc_literal(heap, code->literals[X]);
    reductions -= (int32_t)(words >> 4);
    DISPATCH();
}
op_GLOBAL : {
    struct mg_global *global = code->globals[X];
    /* N5 acquire: a class is complete before its global names it. Pairs with X11 in
     * world_set_global(). */
    value = load_acquire(&global->value);
    if (MG_LIKELY(value != MG_UNSET && (run->flags & MG_RUN_RESTRICTED) == 0)) {
        R(A) = value;
        DISPATCH();
    }
    if (mg_alloc_global_allowed(run, global, value)) {
        R(A) = value;
        DISPATCH();
    }
    OPEN_SCRATCH();
    argc = 0;
    ret = pc;
    goto failed;
}
op_GETSLOT:
    R(A) = mg_object(R(0))->words[X];
    DISPATCH();
op_SETSLOT:
    mg_store(heap, mg_object(R(0)), X, R(A));
    DISPATCH();
op_GETCVAR:
    R(A) = mg_alloc_cvar_get(body[MG_BODY_CVARS], code->cvars[X]);
    DISPATCH();
op_SETCVAR : {
    size_t words = mg_alloc_cvar_words(body[MG_BODY_CVARS], code->cvars[X]);
    if (words != 0) {
        RESERVE(words);
    }
    mg_alloc_cvar_set(heap, &body[MG_BODY_CVARS], code->cvars[X], R(A));
    DISPATCH();
}
op_NEWCELL : {
    RESERVE(2);
    struct mg_object *cell = mg_heap_alloc_small(heap, MG_CLASS_CELL, MG_FORMAT_SLOTS, 1);
    cell->words[MG_CELL_VALUE] = R(B);
    R(A) = mg_pointer(cell);
    DISPATCH();
}
op_GETCELL:
    value = R(B);
    if (MG_UNLIKELY(!mg_is_instance(value, MG_CLASS_CELL))) {
        goto no_cell;
    }
    R(A) = mg_object(value)->words[MG_CELL_VALUE];
    DISPATCH();
op_SETCELL:
    value = R(B);
    if (MG_UNLIKELY(!mg_is_instance(value, MG_CLASS_CELL))) {
        goto no_cell;
    }
    mg_store(heap, mg_object(value), MG_CELL_VALUE, R(A));
    DISPATCH();
no_cell: /* only code that no compiler made comes here */
    mg_prim_fail(run, MG_CLASS_ERROR, "damaged code: a captured variable is missing");
    OPEN_SCRATCH();
    argc = 0;
    ret = pc;
    goto failed;
op_GETCAP:
    R(A) = mg_object(R(code->argc + 1u))->words[MG_BLOCK_CAPTURES + X];
    DISPATCH();
op_BLOCK : {
    const struct mg_code *child = code->children[B];
    uint32_t n = child->ncaptures;
    RESERVE(1 + MG_BLOCK_CAPTURES + n);
    struct mg_object *block;
    if (MG_LIKELY(n < MG_CARD_SLOTS - MG_BLOCK_CAPTURES)) {
        block = mg_heap_alloc_small(heap, MG_CLASS_BLOCK, MG_FORMAT_BLOCK, MG_BLOCK_CAPTURES + n);
    } else {
        block = mg_heap_alloc(heap, MG_CLASS_BLOCK, MG_FORMAT_BLOCK, MG_BLOCK_CAPTURES + n);
    }
    block->words[MG_BLOCK_CODE] = (mg_value)(uintptr_t)child;
    block->words[MG_BLOCK_SELF] = (child->flags & MG_CODE_NEEDS_SELF) != 0 ? R(0) : MG_NIL;
    block->words[MG_BLOCK_HOME] =
        (child->flags & MG_CODE_HAS_HOME) != 0 ? R(code->home_reg) : mg_small(0);
    const mg_value *captured = fp + C;
    for (uint32_t i = 0; i < n; i++) {
        block->words[MG_BLOCK_CAPTURES + i] = captured[i];
    }
    R(A) = mg_pointer(block);
    DISPATCH();
}
op_HOME:
    if ((code->flags & MG_CODE_IS_BLOCK) != 0) {
        value = mg_object(R(code->argc + 1u))->words[MG_BLOCK_HOME];
        if (value != mg_small(0)) {
            R(A) = value;
            DISPATCH();
        }
    }
    R(A) = mg_home_token((uint64_t)(fp - heap->stack), ++body[MG_BODY_SERIAL]);
    DISPATCH();
op_ARRAY : {
    uint32_t n = C;
    RESERVE(mg_object_span(MG_FORMAT_ARRAY, n));
    struct mg_object *array = mg_heap_alloc(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    memcpy(array->words, fp + B, n * sizeof(mg_value));
    R(A) = mg_pointer(array);
    DISPATCH();
}
op_NEWARRAY : {
    uint32_t n = X;
    RESERVE(mg_object_span(MG_FORMAT_ARRAY, n));
    struct mg_object *array = mg_heap_alloc(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    mg_frame_clear(array->words, 0, n);
    R(A) = mg_pointer(array);
    reductions -= (int32_t)(n >> 4);
    DISPATCH();
}

    /* Sends. */

op_SEND : {
    if (MG_UNLIKELY(--reductions < 0)) {
        goto preempt;
    }
    w = fp + B;
    ret = pc;
    uint32_t class_id = mg_class_of(world, w[0]);
    /* K4 acquire: see lookup.h. Pairs with K3 in mg_lookup_site(). */
    uint64_t word = load_acquire(&code->caches[C]);
    /* N7 acquire: as K1 in mg_lookup_id(). Pairs with X16 in world_renew_lookup_id(). */
    if (MG_LIKELY(word >> 32 == load_acquire(&lookup_ids[class_id]))) {
        /* N6 relaxed: the word was published after the method. */
        method = load_relaxed(&methods[(uint32_t)word]);
    } else {
        method = mg_lookup_site(interp, &code->caches[C], class_id, code->sites[C].selector);
        if (MG_UNLIKELY(method == NULL)) {
            argc = code->sites[C].argc;
            selector = code->sites[C].selector;
            goto not_understood;
        }
    }
    if (MG_LIKELY(method->kind == MG_METHOD_KIND_CODE)) {
        goto enter_method;
    }
    if (method->kind == MG_METHOD_KIND_GETTER) {
        R(A) = mg_object(w[0])->words[method->slot];
        DISPATCH();
    }
    argc = method->argc;
    goto activate;
}
op_SENDSUPER : {
    if (MG_UNLIKELY(--reductions < 0)) {
        goto preempt;
    }
    w = fp + B;
    ret = pc;
    argc = code->sites[C].argc;
    selector = code->sites[C].selector;
    method = code->super_class == MG_NO_CLASS
                 ? NULL
                 : mg_lookup_cached(interp, code->super_class, selector);
    if (MG_UNLIKELY(method == NULL)) {
        goto not_understood;
    }
    goto activate;
}
op_TAILSEND : {
    if (MG_UNLIKELY(--reductions < 0)) {
        goto preempt;
    }
    w = fp + B;
    ret = &tail_return[1];
    argc = code->sites[C].argc;
    selector = code->sites[C].selector;
    uint32_t class_id = mg_class_of(world, w[0]);
    /* N9 acquire: as K4 in op_SEND. Pairs with K3 in mg_lookup_site(). */
    uint64_t word = load_acquire(&code->caches[C]);
    /* N10 acquire: as K1 in mg_lookup_id(). Pairs with X16 in world_renew_lookup_id(). */
    if (MG_LIKELY(word >> 32 == load_acquire(&lookup_ids[class_id]))) {
        /* N11 relaxed: the word was published after the method. */
        method = load_relaxed(&methods[(uint32_t)word]);
    } else {
        method = mg_lookup_site(interp, &code->caches[C], class_id, selector);
        if (MG_UNLIKELY(method == NULL)) {
            goto not_understood;
        }
    }
    if (method->kind != MG_METHOD_KIND_CODE) {
        goto activate;
    }
    const struct mg_code *callee = method->code;
    mg_value *end = fp + callee->nregs;
    if (end < mg_frame_end(fp)) {
        end = mg_frame_end(fp);
    }
    if (MG_UNLIKELY(end + MG_FRAME_MARGIN > heap->alloc)) {
        goto enter_method;
    }
    for (uint32_t i = 0; i <= argc; i++) {
        fp[i] = w[i];
    }
    uint64_t elided = mg_frame_elided(fp);
    elided += elided < MG_FRAME_ELIDED_MAX;
    fp[-3] = mg_frame_link(mg_frame_distance(fp), (uint64_t)(end - fp)) |
             elided << MG_FRAME_ELIDED_SHIFT;
    fp[-1] = (mg_value)(uintptr_t)callee;
    mg_frame_open(fp, argc + 1, callee->nregs);
    code = callee;
    pc = callee->insns;
    DISPATCH();
}
send_special: /* `selector` to what stands in the scratch window, whose header is not yet there */
    ret = pc;
    method = mg_lookup_cached(interp, mg_class_of(world, w[0]), selector);
    if (MG_LIKELY(method != NULL) && method->kind == MG_METHOD_KIND_LEAF) {
        value = method->leaf(heap, w[0], w[1], w[2]);
        if (MG_LIKELY(value != MG_LEAF_DECLINE)) {
            if (selector == vm->selectors[MG_SEL_AT]) {
                hint_set(interp, &interp->at, w[0], selector);
            } else if (selector == vm->selectors[MG_SEL_ATPUT]) {
                hint_set(interp, &interp->at_put, w[0], selector);
            }
            R(A) = value;
            DISPATCH();
        }
    }
    w[-3] = w[-2] = w[-1] = mg_small(0);
    if (MG_UNLIKELY(method == NULL)) {
        goto not_understood;
    }
    if (method->kind == MG_METHOD_KIND_LEAF) {
        goto primitive;
    }
    goto activate;
send_known:
    method = mg_lookup_cached(interp, mg_class_of(world, w[0]), selector);
    if (MG_UNLIKELY(method == NULL)) {
        goto not_understood;
    }
activate:
    if (method->kind == MG_METHOD_KIND_LEAF) {
        value = method->leaf(heap, w[0], w[1], w[2]);
        if (MG_UNLIKELY(value == MG_LEAF_DECLINE)) {
            goto primitive;
        }
        R(mg_insn_a(ret[-1])) = value;
        pc = ret;
        DISPATCH();
    }
    if (method->kind == MG_METHOD_KIND_PRIMITIVE) {
        goto primitive;
    }
    if (method->kind == MG_METHOD_KIND_GETTER) {
        R(mg_insn_a(ret[-1])) = mg_object(w[0])->words[method->slot];
        pc = ret;
        DISPATCH();
    }
    if (method->kind == MG_METHOD_KIND_BLOCK_VALUE) {
        goto block_value;
    }
    if (method->kind == MG_METHOD_KIND_NEW) {
        /* N12 acquire: as X18 in mg_class_of(). Pairs with X2 in world_publish_class(). */
        const struct mg_class *class = load_acquire(&world->classes[mg_class_value_id(w[0])]);
        uint32_t n = class->slot_count;
        mg_value *top = w >= mg_frame_end(fp) ? w + 1 : mg_frame_end(fp);
        if (MG_UNLIKELY(class->format != MG_FORMAT_SLOTS || class->instance != MG_NO_CLASS ||
                        n >= MG_CARD_SLOTS || mg_heap_is_due(heap) ||
                        mg_alloc_must_reserve(heap, top, 1 + n))) {
            goto primitive;
        }
        struct mg_object *instance = mg_heap_alloc_small(heap, class->id, MG_FORMAT_SLOTS, n);
        mg_frame_clear(instance->words, 0, n);
        R(mg_insn_a(ret[-1])) = mg_pointer(instance);
        pc = ret;
        DISPATCH();
    }
enter_method : {
    ptrdiff_t extent = FRAME_EXTENT(w, method->nregs);
    if (MG_UNLIKELY(w + extent + MG_FRAME_MARGIN > heap->alloc)) {
        SAVE();
        w = mg_alloc_stack(run, w, method->argc, method->nregs);
        if (w == NULL) {
            goto memory;
        }
        LOAD();
        extent = FRAME_EXTENT(w, method->nregs);
    }
    code = method->code;
    w[-3] = mg_frame_link((uint64_t)(w - fp), (uint64_t)extent);
    w[-2] = (mg_value)(uintptr_t)ret;
    w[-1] = (mg_value)(uintptr_t)code;
    mg_frame_open(w, method->argc + 1, method->nregs);
    fp = w;
    pc = method->insns;
    DISPATCH();
}
block_value : {
    struct mg_object *block = mg_object(w[0]);
    const struct mg_code *callee = (const struct mg_code *)(uintptr_t)block->words[MG_BLOCK_CODE];
    if (MG_UNLIKELY(callee->argc != argc)) {
        mg_prim_fail(run, MG_CLASS_WRONG_ARGUMENT_COUNT,
                     "wrong argument count: the block takes %u, got %u", callee->argc, argc);
        goto failed;
    }
    ptrdiff_t extent = FRAME_EXTENT(w, callee->nregs);
    if (MG_UNLIKELY(w + extent + MG_FRAME_MARGIN > heap->alloc)) {
        SAVE();
        w = mg_alloc_stack(run, w, argc, callee->nregs);
        if (w == NULL) {
            goto memory;
        }
        LOAD();
        extent = FRAME_EXTENT(w, callee->nregs);
        block = mg_object(w[0]);
    }
    w[-3] = mg_frame_link((uint64_t)(w - fp), (uint64_t)extent);
    w[-2] = (mg_value)(uintptr_t)ret;
    w[-1] = (mg_value)(uintptr_t)callee;
    w[argc + 1] = w[0];
    w[0] = block->words[MG_BLOCK_SELF];
    mg_frame_open(w, argc + 2, callee->nregs);
    fp = w;
    code = callee;
    pc = callee->insns;
    DISPATCH();
}
primitive:
    SAVE();
    run->args = w;
    run->argc = argc;
    run->method = method;
    value = method->prim(run, w);
    fp = run->fp;
    reductions = run->reductions;
    if (MG_LIKELY(!mg_is_prim_mark(value))) {
        R(mg_insn_a(ret[-1])) = value;
        pc = ret;
        DISPATCH();
    }
    w = run->args;
    code = mg_frame_code(fp);
    if (value == MG_PRIM_DECLINE) {
        if (method->code != NULL) {
            goto enter_method;
        }
        mg_prim_error(run, "the arguments are not supported");
        goto failed;
    }
    if (value == MG_PRIM_SEND) {
        argc = run->send.argc;
        selector = run->send.selector;
        if (selector == MG_SEND_BLOCK) {
            goto block_value;
        }
        goto send_known;
    }
    if (value == MG_PRIM_UNWIND) {
        goto unwind;
    }
    if (value == MG_PRIM_FAILED) {
        goto failed;
    }
    if (sends_itself(code, pc[-1], method->selector)) {
        pc--; /* run the same instruction again */
    } else {
        /* Reached by perform: or the like, which has changed the window: send again from there. */
        body[MG_BODY_RESEND] = mg_resend(w - fp, method->selector);
        pc = ret;
    }
    result = value == MG_PRIM_WAIT    ? MG_LOOP_WAIT
             : value == MG_PRIM_AGAIN ? MG_LOOP_YIELD
                                      : MG_LOOP_EXIT;
    goto leave;

not_understood : {
    SAVE();
    run->args = w;
    w = mg_alloc_message(run, w, selector, argc);
    if (w == NULL) {
        goto memory;
    }
    LOAD();
    argc = 1;
    selector = vm->selectors[MG_SEL_DNU];
    method = mg_lookup_cached(interp, mg_class_of(world, w[0]), selector);
    CHECK(method != NULL);
    goto activate;
}

failed: /* run->error says what; the window w gives the place */
    SAVE();
    run->args = w;
    w = mg_alloc_error(run, w, argc);
    if (w == NULL) {
        goto memory;
    }
    LOAD();
    argc = 1;
    selector = vm->selectors[MG_SEL_SIGNAL];
    goto send_known;

    /* Returns. */

op_RET:
    value = R(A);
return_value : {
    uint32_t distance = mg_frame_distance(fp);
    pc = mg_frame_return_pc(fp);
    if (MG_UNLIKELY(distance == 0)) {
        goto finished;
    }
    fp -= distance;
    code = mg_frame_code(fp);
    R(mg_insn_a(pc[-1])) = value;
    DISPATCH();
}
op_RETSELF:
    value = R(0);
    goto return_value;
op_NLRET : {
    mg_value token = R(code->home_reg);
    uint64_t target = mg_home_offset(token);
    value = R(A);
    if (mg_home_own(fp)) {
        goto return_value; /* a detached block is its own home */
    }
    if (MG_UNLIKELY(!mg_home_alive(heap->stack, fp, token))) {
        mg_prim_fail(run, MG_CLASS_BLOCK_CANNOT_RETURN,
                     "the method that this block returns from has already returned");
        OPEN_SCRATCH();
        argc = 0;
        ret = pc;
        goto failed;
    }
    reductions -= 2;
    run->unwind.target = target;
    run->unwind.action = MG_UNWIND_RETURN;
    run->unwind.value = value;
    goto unwind;
}

    /* Jumps. */

op_JMP:
    pc += J;
    DISPATCH();
op_LOOP:
    pc += J;
    if (MG_UNLIKELY(--reductions < 0)) {
        goto yield;
    }
    DISPATCH();
op_JT:
    value = R(A);
    if (value == MG_TRUE) {
        pc += J;
    } else if (MG_UNLIKELY(value != MG_FALSE)) {
        goto not_boolean;
    }
    DISPATCH();
op_JF:
    value = R(A);
    if (value == MG_FALSE) {
        pc += J;
    } else if (MG_UNLIKELY(value != MG_TRUE)) {
        goto not_boolean;
    }
    DISPATCH();
not_boolean:
    mg_prim_fail(run, MG_CLASS_MUST_BE_BOOLEAN,
                 "mustBeBoolean: conditional expected true or false, got %s",
                 mg_world_text(world, mg_world_class(world, mg_class_of(world, value))->name));
    OPEN_SCRATCH();
    argc = 0;
    ret = pc;
    goto failed;
op_JNIL:
    if (R(A) == MG_NIL) {
        pc += J;
    }
    DISPATCH();
op_JNOTNIL:
    if (R(A) != MG_NIL) {
        pc += J;
    }
    DISPATCH();

    /* Arithmetic. */

op_ADD : {
    mg_value x = R(B), y = R(C);
    int64_t z;
    if (MG_LIKELY(mg_both_small(x, y) && !__builtin_add_overflow((int64_t)x, (int64_t)y, &z))) {
        R(A) = (mg_value)z;
        DISPATCH();
    }
    FLOAT_ARITHMETIC(x, y, +);
    SCRATCH_SEND(ADD, x, y);
}
op_SUB : {
    mg_value x = R(B), y = R(C);
    int64_t z;
    if (MG_LIKELY(mg_both_small(x, y) && !__builtin_sub_overflow((int64_t)x, (int64_t)y, &z))) {
        R(A) = (mg_value)z;
        DISPATCH();
    }
    FLOAT_ARITHMETIC(x, y, -);
    SCRATCH_SEND(SUB, x, y);
}
op_MUL : {
    mg_value x = R(B), y = R(C);
    int64_t z;
    if (MG_LIKELY(mg_both_small(x, y) &&
                  !__builtin_mul_overflow((int64_t)x >> MG_TAG_BITS, (int64_t)y, &z))) {
        R(A) = (mg_value)z;
        DISPATCH();
    }
    FLOAT_ARITHMETIC(x, y, *);
    SCRATCH_SEND(MUL, x, y);
}
op_DIV : {
    mg_value x = R(B), y = R(C);
    if (MG_LIKELY(mg_both_small(x, y) && y != 0 && y != mg_small(-1))) {
        R(A) = mg_small(mg_small_value(x) / mg_small_value(y));
        DISPATCH();
    }
    FLOAT_ARITHMETIC(x, y, /);
    SCRATCH_SEND(DIV, x, y);
}
op_FLOORDIV : {
    mg_value x = R(B), y = R(C);
    if (MG_LIKELY(mg_both_small(x, y) && y != 0 && y != mg_small(-1))) {
        R(A) = mg_small(floor_divide(mg_small_value(x), mg_small_value(y)));
        DISPATCH();
    }
    SCRATCH_SEND(FLOORDIV, x, y);
}
op_MOD : {
    mg_value x = R(B), y = R(C);
    if (MG_LIKELY(mg_both_small(x, y) && y != 0 && y != mg_small(-1))) {
        R(A) = mg_small(floor_modulo(mg_small_value(x), mg_small_value(y)));
        DISPATCH();
    }
    SCRATCH_SEND(MOD, x, y);
}
op_BITAND : {
    mg_value x = R(B), y = R(C);
    if (MG_LIKELY(mg_both_small(x, y))) {
        R(A) = x & y;
        DISPATCH();
    }
    SCRATCH_SEND(BITAND, x, y);
}
op_ADDI : {
    mg_value x = R(B);
    int64_t z;
    if (MG_LIKELY(mg_is_small(x) && !__builtin_add_overflow((int64_t)x, (int64_t)CI * 4, &z))) {
        R(A) = (mg_value)z;
        DISPATCH();
    }
    SCRATCH_SEND(ADD, x, mg_small(CI));
}
op_SUBI : {
    mg_value x = R(B);
    int64_t z;
    if (MG_LIKELY(mg_is_small(x) && !__builtin_sub_overflow((int64_t)x, (int64_t)CI * 4, &z))) {
        R(A) = (mg_value)z;
        DISPATCH();
    }
    SCRATCH_SEND(SUB, x, mg_small(CI));
}
op_MULI : {
    mg_value x = R(B);
    int64_t z;
    if (MG_LIKELY(mg_is_small(x) && !__builtin_mul_overflow((int64_t)x, (int64_t)CI, &z))) {
        R(A) = (mg_value)z;
        DISPATCH();
    }
    SCRATCH_SEND(MUL, x, mg_small(CI));
}
op_FLOORDIVI : {
    mg_value x = R(B);
    if (MG_LIKELY(mg_is_small(x) && CI > 0)) {
        R(A) = mg_small(floor_divide(mg_small_value(x), CI));
        DISPATCH();
    }
    SCRATCH_SEND(FLOORDIV, x, mg_small(CI));
}
op_MODI : {
    mg_value x = R(B);
    if (MG_LIKELY(mg_is_small(x) && CI > 0)) {
        R(A) = mg_small(floor_modulo(mg_small_value(x), CI));
        DISPATCH();
    }
    SCRATCH_SEND(MOD, x, mg_small(CI));
}

    /* Comparisons. */

op_LT:
    COMPARE(LT, <, R(B), R(C), ANSWER);
op_LE:
    COMPARE(LE, <=, R(B), R(C), ANSWER);
op_GT:
    COMPARE(GT, >, R(B), R(C), ANSWER);
op_GE:
    COMPARE(GE, >=, R(B), R(C), ANSWER);
op_EQ:
    EQUALITY(EQ, ==, R(B), R(C), ANSWER);
op_NE:
    EQUALITY(NE, !=, R(B), R(C), ANSWER);
op_SAME:
    ANSWER(mg_alloc_identical(R(B), R(C)));
op_LTJ:
    COMPARE(LT, <, R(B), R(C), ANSWER_JUMP);
op_LEJ:
    COMPARE(LE, <=, R(B), R(C), ANSWER_JUMP);
op_GTJ:
    COMPARE(GT, >, R(B), R(C), ANSWER_JUMP);
op_GEJ:
    COMPARE(GE, >=, R(B), R(C), ANSWER_JUMP);
op_EQJ:
    EQUALITY(EQ, ==, R(B), R(C), ANSWER_JUMP);
op_NEJ:
    EQUALITY(NE, !=, R(B), R(C), ANSWER_JUMP);
op_SAMEJ:
    ANSWER_JUMP(mg_alloc_identical(R(B), R(C)));
op_LTIJ:
    COMPARE(LT, <, R(B), mg_small(CI), ANSWER_JUMP);
op_LEIJ:
    COMPARE(LE, <=, R(B), mg_small(CI), ANSWER_JUMP);
op_GTIJ:
    COMPARE(GT, >, R(B), mg_small(CI), ANSWER_JUMP);
op_GEIJ:
    COMPARE(GE, >=, R(B), mg_small(CI), ANSWER_JUMP);
op_EQIJ:
    EQUALITY(EQ, ==, R(B), mg_small(CI), ANSWER_JUMP);
op_NEIJ:
    EQUALITY(NE, !=, R(B), mg_small(CI), ANSWER_JUMP);

    /* Frequent messages. */

op_AT : {
    mg_value x = R(B), y = R(C);
    if (MG_LIKELY(mg_is_instance(x, MG_CLASS_ARRAY) && mg_is_small(y))) {
        struct mg_object *array = mg_object(x);
        uint64_t i = (uint64_t)mg_small_value(y) - 1;
        if (MG_LIKELY(i < mg_object_words(array))) {
            R(A) = array->words[i];
            DISPATCH();
        }
    }
    HINTED_SEND(AT, interp->at, 1, x, R(C), MG_NIL);
}
op_ATPUT : {
    mg_value x = R(B), y = R(C);
    if (MG_LIKELY(mg_is_instance(x, MG_CLASS_ARRAY) && mg_is_small(y))) {
        struct mg_object *array = mg_object(x);
        uint64_t i = (uint64_t)mg_small_value(y) - 1;
        if (MG_LIKELY(i < mg_object_words(array))) {
            mg_store(heap, array, i, R(A));
            DISPATCH();
        }
    }
    HINTED_SEND(ATPUT, interp->at_put, 2, x, R(C), R(A));
}
op_SIZE : {
    mg_value x = R(B);
    if (MG_LIKELY(mg_is_instance(x, MG_CLASS_ARRAY))) {
        R(A) = mg_small((int64_t)mg_object_words(mg_object(x)));
        DISPATCH();
    }
    SCRATCH_UNARY(SIZE, x);
}
op_NOT : {
    mg_value x = R(B);
    if (MG_LIKELY(mg_is_boolean(x))) {
        R(A) = x == MG_TRUE ? MG_FALSE : MG_TRUE;
        DISPATCH();
    }
    SCRATCH_UNARY(NOT, x);
}

    /* Counted loops. */

op_FORCHECK:
    if (MG_UNLIKELY(((R(A) | R(A + 1) | R(A + 2)) & MG_TAG_MASK) != 0 || R(A + 2) == 0)) {
        pc += J;
    }
    DISPATCH();
op_FORCHECK1:
    if (MG_UNLIKELY(!mg_both_small(R(A), R(A + 1)))) {
        pc += J;
    }
    DISPATCH();
op_FORINIT:
    if ((int64_t)R(A + 2) > 0 ? (int64_t)R(A) > (int64_t)R(A + 1)
                              : (int64_t)R(A) < (int64_t)R(A + 1)) {
        pc += J;
    }
    DISPATCH();
op_FORINIT1:
    if ((int64_t)R(A) > (int64_t)R(A + 1)) {
        pc += J;
    }
    DISPATCH();
op_FORLOOP : {
    int64_t step = (int64_t)R(A + 2), next;
    bool over = __builtin_add_overflow((int64_t)R(A), step, &next);
    if (!over && (step > 0 ? next <= (int64_t)R(A + 1) : next >= (int64_t)R(A + 1))) {
        R(A) = (mg_value)next;
        pc += J;
        if (MG_UNLIKELY(--reductions < 0)) {
            goto yield;
        }
    }
    DISPATCH();
}
op_FORLOOP1 : {
    int64_t index = (int64_t)R(A);
    if (MG_LIKELY(index < (int64_t)R(A + 1))) {
        R(A) = (mg_value)(index + 4);
        pc += J;
        if (MG_UNLIKELY(--reductions < 0)) {
            goto yield;
        }
    }
    DISPATCH();
}

    /* The rest. */

op_THISCONTEXT:
    RESERVE(6 + 64);
    SAVE();
    R(A) = mg_alloc_context(run, code, pc - 1);
    DISPATCH();
op_MARK:
    mg_mark_push(body, heap->stack, fp);
    DISPATCH();
op_UNMARK:
    mg_mark_pop(body, fp);
    DISPATCH();
op_UNWIND:
    run->unwind.action = MG_UNWIND_RESUME;
unwind : { /* copies, so that fp and pc can live in machine registers */
    mg_value *to_fp = fp;
    const mg_insn *to_pc = pc;
    enum mg_unwind_result unwound = unwind_run(run, &to_fp, &to_pc);
    fp = to_fp;
    pc = to_pc;
    if (unwound == MG_UNWOUND_RUN) {
        code = mg_frame_code(fp);
        DISPATCH();
    }
    if (unwound == MG_UNWOUND_RETURN) {
        value = run->unwind.value;
        goto return_value;
    }
    body[MG_BODY_RESULT] = run->unwind.value;
    result = MG_LOOP_EXIT;
    goto leave;
}
op_PRIMITIVE:
    DISPATCH(); /* reached when the primitive has declined */
op_RESUME : {
    uint32_t distance = mg_frame_distance(fp);
    pc = mg_frame_return_pc(fp);
    fp -= distance;
    code = mg_frame_code(fp);
    DISPATCH();
}

preempt:
    pc--;
yield:
    reductions = 0;
    result = MG_LOOP_YIELD;
    goto leave;
finished:
    body[MG_BODY_RESULT] = value;
    body[MG_BODY_FP] = (uint64_t)(fp - heap->stack);
    run->reductions = reductions;
    return MG_LOOP_FINISHED;
memory:
    fp = run->fp;
    result = MG_LOOP_MEMORY;
leave:
    body[MG_BODY_FP] = (uint64_t)(fp - heap->stack);
    body[MG_BODY_PC] = (uint64_t)(uintptr_t)pc;
    run->reductions = reductions;
    return result;
}
