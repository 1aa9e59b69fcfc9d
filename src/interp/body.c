/* SPDX-License-Identifier: MIT */
/* The behaviour of Maggie code: see body.h. */
#include "interp/body.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "interp/alloc.h"
#include "interp/ending.h"
#include "interp/labels.h"
#include "interp/loop.h"
#include "interp/process.h"
#include "interp/trace.h"
#include "interp/unwind.h"
#include "sched/waits.h"

#include <stdio.h>

/* In MG_BODY_SERIAL: StackOverflow was signalled and the stack has not shrunk since. */
#define OVERFLOWED ((uint64_t)1 << 63)

/* Birth. */

/* Copies above this many words come as a fragment of their own instead of into the first block. */
#define BIRTH_FRAGMENT_WORDS 256

/* Makes room in a newborn's heap, whose stack is empty. */
static int make_room(struct mg_actor *actor, struct mg_scheduler *s, size_t words)
{
    struct mg_heap *heap = &actor->heap;
    if (mg_heap_room(heap, heap->stack) >= words) {
        return 0;
    }
    struct mg_roots roots = {.top = heap->stack, .blocks = mg_scheduler_blocks(s)};
    return mg_heap_reserve(heap, words, &roots);
}

/* Writes the measured copy into the child. */
static int receive_copy(struct mg_actor *actor, struct mg_scheduler *s,
                        const struct mg_birth *birth, mg_value *out)
{
    struct mg_copy *copy = birth->copy;
    struct mg_heap *heap = &actor->heap;
    if (copy->words > BIRTH_FRAGMENT_WORDS) {
        struct mg_signal *signal =
            mg_signal_new(mg_scheduler_blocks(s), MG_SIGNAL_MESSAGE, copy->words);
        mg_copy_write(copy, &signal->fragment, mg_signal_words(signal), birth->roots, out,
                      birth->root_count);
        mg_heap_adopt(heap, &signal->fragment);
        return 0;
    }
    heap->alloc -= copy->words;
    struct mg_fragment fragment = {0};
    mg_copy_write(copy, &fragment, heap->alloc, birth->roots, out, birth->root_count);
    heap->off_heap = fragment.off_heap;
    return 0;
}

/* The first frame: an activation of the code at the bottom of the stack. */
static void first_frame(struct mg_actor *actor, const struct mg_code *code, mg_value block,
                        mg_value argument)
{
    mg_value *fp = actor->heap.stack + MG_FRAME_HEADER;
    fp[-3] = mg_frame_link(0, code->nregs);
    fp[-2] = 0;
    fp[-1] = (mg_value)(uintptr_t)code;
    mg_frame_clear(fp, 0, code->nregs);
    if (block != MG_NIL) {
        fp[0] = mg_slot(block, MG_BLOCK_SELF);
        if (code->argc > 0) {
            fp[1] = argument;
        }
        fp[code->argc + 1] = block;
    }
    uint64_t *body = actor->body;
    body[MG_BODY_FP] = MG_FRAME_HEADER;
    body[MG_BODY_PC] = (uint64_t)(uintptr_t)code->insns;
    body[MG_BODY_MARKS] = 0;
    body[MG_BODY_SERIAL] = 0;
    body[MG_BODY_CVARS] = MG_NIL;
    body[MG_BODY_RESEND] = MG_NIL;
    body[MG_BODY_RESULT] = MG_NIL;
    body[MG_BODY_CLEANUP] = 0;
}

static const struct mg_code *block_code(mg_value block)
{
    return (const struct mg_code *)(uintptr_t)mg_slot(block, MG_BLOCK_CODE);
}

/* The argument of a method: copied out of the fragment. */
static mg_value receive_argument(struct mg_actor *actor, const struct mg_birth *birth)
{
    mg_value argument = birth->argument;
    if (birth->fragment != NULL && birth->fragment->words != 0) {
        mg_heap_copy_fragment(&actor->heap, birth->fragment, &argument, 1);
    }
    return argument;
}

static int body_start(struct mg_actor *actor, struct mg_scheduler *s, void *argument)
{
    struct mg_birth *birth = argument;
    const struct mg_code *code =
        birth->script != NULL ? birth->script : block_code(birth->roots[0]);
    size_t words = MG_FRAME_HEADER + code->nregs + MG_FRAME_MARGIN;
    mg_value out[2] = {MG_NIL, MG_NIL};
    if (birth->script == NULL && birth->copy->words <= BIRTH_FRAGMENT_WORDS) {
        words += birth->copy->words;
    } else if (birth->fragment != NULL) {
        words += birth->fragment->words;
    }
    int error = make_room(actor, s, words);
    birth->taken = true;
    if (error == 0 && birth->script == NULL) {
        error = receive_copy(actor, s, birth, out);
    } else if (birth->script == NULL) {
        mg_copy_abandon(birth->copy);
    }
    if (error != 0) {
        return error;
    }
    first_frame(actor, code, out[0], out[1]);
    if (birth->receiver != 0) {
        mg_value *fp = actor->heap.stack + MG_FRAME_HEADER;
        fp[0] = birth->receiver;
        fp[1] = receive_argument(actor, birth);
    }
    actor->body[MG_BODY_SERIAL] = birth->flags;
    return 0;
}

/* Turns. */

static void open_run(struct mg_interp *interp, struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_run *run = &interp->run;
    run->actor = actor;
    run->heap = &actor->heap;
    run->body = actor->body;
    run->reductions = s->reductions;
    run->turn_reductions = s->reductions;
    run->flags = actor->policy != 0 ? MG_RUN_RESTRICTED : 0;
    run->fp = actor->heap.stack + actor->body[MG_BODY_FP];
    run->pc = (const mg_insn *)(uintptr_t)actor->body[MG_BODY_PC];
}

/* Begins to leave all frames because of an exit. True: clean-up blocks run first; false: nothing is
 * left. */
static bool begin_exit(struct mg_actor *actor)
{
    uint64_t *body = actor->body;
    mg_value *fp = actor->heap.stack + body[MG_BODY_FP];
    const mg_insn *pc = NULL;
    mg_value nothing = MG_NIL;
    body[MG_BODY_RESEND] = MG_NIL;
    body[MG_BODY_RESULT] = MG_NIL;
    if (mg_unwind(body, actor->heap.stack, &fp, &pc, 0, MG_UNWIND_EXIT, &nothing) ==
        MG_UNWOUND_EXIT) {
        return false;
    }
    body[MG_BODY_FP] = (uint64_t)(fp - actor->heap.stack);
    body[MG_BODY_PC] = (uint64_t)(uintptr_t)pc;
    return true;
}

enum depth { DEPTH_FINE, DEPTH_SIGNAL, DEPTH_OUT };

/* Looks at the depth of the stack between two slices: a slice cannot push more than its
 * reductions. */
static enum depth check_depth(struct mg_actor *actor)
{
    uint64_t *body = actor->body;
    uint64_t used = body[MG_BODY_FP] * sizeof(mg_value);
    if (MG_LIKELY(used < MG_LIMIT_STACK_RESERVE)) {
        body[MG_BODY_SERIAL] &= ~OVERFLOWED;
        return DEPTH_FINE;
    }
    uint64_t limit = mg_actor_stack_bytes(actor);
    if (used + MG_LIMIT_STACK_RESERVE < limit) {
        body[MG_BODY_SERIAL] &= ~OVERFLOWED;
        return DEPTH_FINE;
    }
    if ((body[MG_BODY_SERIAL] & OVERFLOWED) == 0 && !mg_is_small(body[MG_BODY_RESEND])) {
        body[MG_BODY_SERIAL] |= OVERFLOWED;
        return DEPTH_SIGNAL;
    }
    return used > limit + limit / 2 + 16 * MG_LIMIT_STACK_RESERVE ? DEPTH_OUT : DEPTH_FINE;
}

/* Puts an activation on top that signals run->error, then goes on where the actor was. */
static bool interrupt(struct mg_interp *interp)
{
    struct mg_run *run = &interp->run;
    const struct mg_code *code = run->vm->interrupt;
    mg_value *w = mg_frame_end(run->fp) + MG_FRAME_HEADER;
    for (mg_value *p = w - MG_FRAME_HEADER; p < w + 2; p++) {
        *p = MG_NIL;
    }
    w = mg_alloc_stack(run, w, 1, code->nregs);
    if (w == NULL) {
        return false;
    }
    w = mg_alloc_error(run, w, 1);
    if (w == NULL) {
        return false;
    }
    w[-3] = mg_frame_link((uint64_t)(w - run->fp), code->nregs);
    w[-2] = (mg_value)(uintptr_t)run->pc;
    w[-1] = (mg_value)(uintptr_t)code;
    mg_frame_clear(w, 2, code->nregs);
    run->body[MG_BODY_FP] = (uint64_t)(w - run->heap->stack);
    run->body[MG_BODY_PC] = (uint64_t)(uintptr_t)code->insns;
    run->fp = w;
    return true;
}

static bool overflow(struct mg_interp *interp)
{
    struct mg_run *run = &interp->run;
    run->error.class_id = MG_CLASS_STACK_OVERFLOW;
    snprintf(run->error.text, sizeof run->error.text,
             "Stack overflow: the stack exceeded its limit of %llu KiB",
             (unsigned long long)mg_actor_stack_bytes(run->actor) / 1024);
    return interrupt(interp);
}

static enum mg_turn end_turn(struct mg_interp *interp, enum mg_loop_result result)
{
    struct mg_run *run = &interp->run;
    switch (result) {
    case MG_LOOP_YIELD:
        run->heap->idle = 0; // it works: see mg_wait()
        return MG_TURN_YIELD;
    case MG_LOOP_WAIT:
        return MG_TURN_WAIT;
    case MG_LOOP_FINISHED:
        mg_ending_normal(run, run->body[MG_BODY_RESULT]);
        return MG_TURN_EXIT;
    case MG_LOOP_EXIT:
        mg_ending_exit(run);
        return MG_TURN_EXIT;
    case MG_LOOP_MEMORY:
        mg_ending_memory(run);
        return MG_TURN_EXIT;
    }
    MG_UNREACHABLE();
}

static enum mg_turn body_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_interp *interp = s->local;
    struct mg_run *run = &interp->run;
    if (MG_UNLIKELY((actor->flags & MG_ACTOR_EXIT_PENDING) != 0) &&
        actor->body[MG_BODY_CLEANUP] == 0 && !begin_exit(actor)) {
        open_run(interp, actor, s);
        mg_ending_exit(run);
        return MG_TURN_EXIT;
    }
    open_run(interp, actor, s);
    switch (check_depth(actor)) {
    case DEPTH_FINE:
        break;
    case DEPTH_SIGNAL:
        if (overflow(interp)) {
            break;
        }
        /* Fall through. */
    case DEPTH_OUT:
        mg_ending_memory(run);
        return MG_TURN_EXIT;
    }
    enum mg_loop_result result = mg_interp_loop(interp, actor->body);
    enum mg_turn turn = end_turn(interp, result);
    s->reductions = run->reductions;
    bool cleanup = actor->body[MG_BODY_MARKS] != 0;
    if (cleanup != ((actor->flags & MG_ACTOR_CLEANUP) != 0)) {
        mg_actor_set_cleanup(actor, cleanup);
    }
    return turn;
}

static void body_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    if ((actor->body[MG_BODY_SERIAL] & MG_BODY_LABELLED) != 0) {
        mg_labels_remove(mg_sched_owner(s->sched), mg_actor_pid(actor));
    }
}

static void body_describe(struct mg_actor *actor, char *text, size_t size)
{
    const mg_value *fp = actor->heap.stack + actor->body[MG_BODY_FP];
    const struct mg_code *code = mg_frame_code(fp);
    snprintf(text, size, "%s", code->file != NULL ? code->file : "Maggie code");
}

/* Where the actor waits: the innermost activation that is not the library's, else the innermost. */
static void find_place(const struct mg_actor *actor, const struct mg_vm *vm, struct mg_wait *out)
{
    const mg_value *fp = actor->heap.stack + actor->body[MG_BODY_FP];
    const mg_insn *pc = (const mg_insn *)(uintptr_t)actor->body[MG_BODY_PC];
    /* A primitive that waits is run again: the pc stands at its send, elsewhere behind it. */
    ptrdiff_t behind = mg_is_small(actor->body[MG_BODY_RESEND]) ? 1 : 0;
    for (;;) {
        const struct mg_code *code = mg_frame_code(fp);
        ptrdiff_t insn = pc - code->insns - behind;
        bool inside = insn >= 0 && insn < (ptrdiff_t)code->insn_count;
        if (inside && (out->code == 0 || code->id > vm->library_codes)) {
            out->code = code->id;
            out->insn = (uint32_t)insn;
        }
        uint32_t distance = mg_frame_distance(fp);
        if (code->id > vm->library_codes || distance == 0) {
            return;
        }
        pc = mg_frame_return_pc(fp);
        behind = 1;
        fp -= distance;
    }
}

static uint32_t body_waits(const struct mg_actor *actor, const struct mg_sched *sched,
                           struct mg_wait *out, uint32_t max)
{
    mg_value progress = actor->body[MG_BODY_RESULT];
    uint64_t reference = mg_is_small(progress) ? (uint64_t)mg_small_value(progress) : 0;
    if (max == 0 || !mg_wait_describe(actor, reference, out)) {
        return 0;
    }
    find_place(actor, mg_sched_owner(sched), out);
    return 1;
}

/* Tells the call stack of one that waits; of one that runs it is not in order at every drain. */
static void body_inspect(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    struct mg_trace_record records[MG_LIMIT_TRACE_FRAMES];
    uint32_t count = 0;
    struct mg_vm *vm = mg_sched_owner(s->sched);
    if (signal->detail == MG_INSPECT_STACK && actor->wait_for != 0) {
        /* The pc of one that waits stands at its send, and the trace wants what comes behind. */
        ptrdiff_t behind = mg_is_small(actor->body[MG_BODY_RESEND]) ? 0 : 1;
        const mg_insn *pc = (const mg_insn *)(uintptr_t)actor->body[MG_BODY_PC];
        count = mg_trace_capture(vm->world, actor->heap.stack + actor->body[MG_BODY_FP],
                                 pc + behind, records, MG_LIMIT_TRACE_FRAMES);
    }
    mg_waits_tell(actor, s, signal, records, count, sizeof records[0]);
}

const struct mg_behaviour mg_body_behaviour = {
    .name = "maggie",
    .start = body_start,
    .run = body_run,
    .deinit = body_deinit,
    .describe = body_describe,
    .inspect = body_inspect,
    .waits = body_waits,
    .unwinds = true,
};

struct mg_actor *mg_body_serve(void *owner, struct mg_scheduler *s, uint16_t policy, mg_value value,
                               const struct mg_fragment *fragment)
{
    struct mg_world *world = ((struct mg_vm *)owner)->world;
    static const char name[] = "EventualServer", selector[] = "serve:";
    uint32_t class_id = mg_world_class_named(world, name, sizeof name - 1);
    uint32_t symbol = mg_symbol_find(world->symbols, selector, sizeof selector - 1);
    CHECK(class_id != MG_NO_CLASS);
    const struct mg_method *method =
        mg_world_lookup(world, mg_world_class(world, class_id)->meta, symbol);
    CHECK(method != NULL && method->code != NULL);
    struct mg_birth birth = {
        .script = method->code,
        .receiver = mg_class_value(class_id),
        .argument = value,
        .fragment = fragment,
    };
    struct mg_spawn spawn = {.behaviour = &mg_body_behaviour,
                             .argument = &birth,
                             .policy = policy,
                             .priority = MG_PRIORITY_NORMAL};
    return mg_spawn(s, NULL, &spawn);
}

void mg_body_scheduler_start(void *owner, struct mg_scheduler *s)
{
    struct mg_vm *vm = owner;
    struct mg_interp *interp = mg_alloc_zero(sizeof *interp);
    mg_copy_init(&interp->copy, vm->world, MG_LIMIT_COPY_WORDS);
    interp->run.world = vm->world;
    interp->run.vm = vm;
    interp->run.scheduler = s;
    interp->run.blocks = mg_scheduler_blocks(s);
    interp->run.copy = &interp->copy;
    s->local = interp;
}

void mg_body_scheduler_stop(void *owner, struct mg_scheduler *s)
{
    (void)owner;
    struct mg_interp *interp = s->local;
    mg_copy_deinit(&interp->copy);
    mg_free(interp);
    s->local = NULL;
}
