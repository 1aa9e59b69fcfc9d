/* SPDX-License-Identifier: MIT */
/* Helpers of the primitives on processes: see process.h. */
#include "interp/process.h"

#include "base/error.h"

mg_value mg_handle_new(struct mg_heap *heap, uint32_t class_id, struct mg_control *control,
                       uint64_t charge_bytes)
{
    mg_control_ref(control);
    struct mg_object *o = mg_heap_alloc_small(heap, class_id, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    o->words[MG_PROCESS_CONTROL] = (mg_value)(uintptr_t)control;
    o->words[MG_PROCESS_NEXT] = 0;
    mg_heap_link_off_heap(heap, o, charge_bytes);
    return mg_pointer(o);
}

mg_value mg_process_new(struct mg_heap *heap, struct mg_control *control)
{
    return mg_handle_new(heap, MG_CLASS_PROCESS, control, sizeof *control);
}

mg_value mg_process_of_pid(struct mg_run *run, mg_pid pid)
{
    if (pid == MG_PID_NONE) {
        return MG_NIL;
    }
    if (pid == mg_actor_pid(run->actor)) {
        return mg_process_new(run->heap, run->actor->control);
    }
    struct mg_control *control = mg_sched_control(run->scheduler, pid);
    mg_value process = mg_process_new(run->heap, control);
    mg_control_unref(control, run->blocks);
    return process;
}

bool mg_process_text(struct mg_run *run, mg_value v, const char **text, size_t *len)
{
    if (mg_is_symbol(v)) {
        const struct mg_symbol_entry *entry = mg_symbol_entry(run->world->symbols, mg_symbol_id(v));
        *text = entry->text;
        *len = entry->len;
        return true;
    }
    if (!mg_is_pointer(v) || mg_object_class(mg_object(v)) != MG_CLASS_STRING) {
        return false;
    }
    const uint8_t *bytes;
    mg_bytes_of(v, &bytes, len);
    *text = (const char *)bytes;
    return true;
}

uint32_t mg_process_selector(struct mg_run *run, const mg_value *args, uint32_t index)
{
    mg_value v = args[index];
    const char *text;
    size_t len;
    if (mg_is_symbol(v)) {
        return mg_symbol_id(v);
    }
    if (v == MG_NIL) {
        return 0;
    }
    if (!mg_process_text(run, v, &text, &len)) {
        mg_prim_type_error(run, index, "Symbol");
        return UINT32_MAX;
    }
    uint32_t id = mg_symbol_make(run->world->symbols, text, len);
    if (id == 0) {
        mg_prim_error(run, "the symbol table is full");
        return UINT32_MAX;
    }
    return id;
}

uint64_t mg_wait_deadline(struct mg_run *run, mg_value ms, bool *first)
{
    mg_value progress = run->body[MG_BODY_RESULT];
    *first = !mg_is_small(progress);
    if (!*first) {
        return progress == mg_small(-1) ? MG_NO_DEADLINE : (uint64_t)mg_small_value(progress);
    }
    if (ms == MG_NIL) {
        run->body[MG_BODY_RESULT] = mg_small(-1);
        return MG_NO_DEADLINE;
    }
    int64_t limit = mg_small_value(ms);
    /* Read anew: a wait that looks shorter than asked for would surprise. */
    uint64_t now = mg_scheduler_now_exact(run->scheduler);
    uint64_t wait = limit <= 0 ? 0 : (uint64_t)limit;
    /* Beyond fifty years everything is the same. */
    uint64_t longest = UINT64_C(1576800000000);
    uint64_t deadline = now + (wait > longest ? longest : wait) * 1000000;
    run->body[MG_BODY_RESULT] = mg_small((int64_t)deadline);
    return deadline;
}

/* An actor that holds, or held, handles on keepers and promises collects when it has waited for a
 * moment, so that what it does not use any more ends though it allocates nothing: nobody waits for
 * ever for a promise whose last resolver is garbage of an idle actor. Once for each time it has
 * worked, and the more rarely the larger the heap. */
#define IDLE_NS UINT64_C(100000000)
#define IDLE_NS_LONGEST UINT64_C(60000000000)
#define IDLE_NS_PER_BYTE 50
/* Waking up only to wait again costs less than this. */
#define IDLE_REDUCTIONS 4

/* The moment is kept in the heap, in units of 67 ms; they wrap after an hour. */
#define IDLE_SHIFT 26
enum { IDLE_NONE = 0, IDLE_DONE = 0xffff };

static uint16_t idle_moment(uint64_t ns)
{
    uint16_t moment = (uint16_t)(ns >> IDLE_SHIFT);
    return moment == IDLE_DONE || moment == IDLE_NONE ? IDLE_NONE + 1 : moment;
}

/* Nanoseconds from now to a moment; 0 when it is over. */
static uint64_t idle_left(uint16_t moment, uint64_t now)
{
    int16_t units = (int16_t)(uint16_t)(moment - (uint16_t)(now >> IDLE_SHIFT));
    bool over = units <= 0 || (uint64_t)units > (IDLE_NS_LONGEST >> IDLE_SHIFT) + 2;
    return over ? 0 : (uint64_t)units << IDLE_SHIFT;
}

/* When the actor is to be woken: at `deadline_ns`, or earlier to collect. */
static uint64_t idle_deadline(struct mg_run *run, uint64_t deadline_ns)
{
    struct mg_heap *heap = run->heap;
    uint64_t now = mg_scheduler_now(run->scheduler);
    if (heap->idle == IDLE_DONE && run->turn_reductions - run->reductions > IDLE_REDUCTIONS) {
        heap->idle = IDLE_NONE;
    }
    if (heap->idle == IDLE_DONE) {
        return deadline_ns;
    }
    if (heap->idle == IDLE_NONE) {
        uint64_t wait = IDLE_NS + mg_heap_bytes(heap) * IDLE_NS_PER_BYTE;
        heap->idle = idle_moment(now + (wait < IDLE_NS_LONGEST ? wait : IDLE_NS_LONGEST));
    }
    uint64_t left = idle_left(heap->idle, now);
    if (left != 0) {
        return now + left < deadline_ns ? now + left : deadline_ns;
    }
    heap->flags &= (uint16_t)~MG_HEAP_KEEPS;
    mg_run_collect(run);
    heap->idle = IDLE_DONE;
    run->turn_reductions = run->reductions;
    return deadline_ns;
}

mg_value mg_wait(struct mg_run *run, uint32_t wake, uint64_t deadline_ns)
{
    uint64_t until = deadline_ns;
    if (MG_UNLIKELY((run->heap->flags & MG_HEAP_KEEPS) != 0)) {
        until = idle_deadline(run, deadline_ns);
    }
    struct mg_scheduler *s = mg_run_enter(run);
    (void)mg_actor_wait(run->actor, s, wake, until);
    mg_run_leave(run);
    return MG_PRIM_WAIT;
}

struct names {
    mg_value *values; /* NULL while they are counted */
    uint32_t count;
};

static void add_hidden(void *context, uint32_t symbol)
{
    struct names *names = context;
    if (names->values != NULL) {
        names->values[names->count] = mg_symbol(symbol);
    }
    names->count++;
}

mg_value mg_process_policy_names(struct mg_run *run, mg_value *args, uint32_t policy)
{
    const struct mg_sched *sched = run->scheduler->sched;
    struct names names = {0};
    mg_sched_policy_each(sched, policy, add_hidden, &names);
    if (mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, names.count)) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array =
        mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, names.count);
    names = (struct names){.values = array->words};
    mg_sched_policy_each(sched, policy, add_hidden, &names);
    return mg_pointer(array);
}

bool mg_process_measure(struct mg_run *run, const mg_value *roots, uint32_t count)
{
    struct mg_copy *copy = run->copy;
    int error = mg_copy_measure(copy, roots, count);
    if (MG_LIKELY(error == 0)) {
        mg_run_charge(run, copy->words / 8);
        return true;
    }
    if (error == MG_ELIMIT) {
        mg_prim_fail(run, MG_CLASS_NOT_SENDABLE, "the object graph is too large to be sent");
    } else {
        mg_prim_fail(run, MG_CLASS_NOT_SENDABLE, "%s", copy->refusal);
    }
    return false;
}
