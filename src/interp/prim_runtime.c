/* SPDX-License-Identifier: MIT */
/* Primitives of Runtime: the node's figures, and asking processes what they wait for.
 *
 * Threads: the thread that runs the actor.
 */
#include "base/limits.h"
#include "interp/prim.h"
#include "interp/process.h"
#include "interp/trace.h"
#include "interp/wait_report.h"
#include "object/string.h"
#include "sched/waits.h"

/* What a record becomes: kind, whom, number, since and until in ms, place, any. */
enum { RECORD_SLOTS = 7 };

/* -- Figures -- */

static mg_value prim_figures(struct mg_run *run, mg_value *args)
{
    struct mg_sched_stats stats;
    mg_sched_stats(run->scheduler->sched, &stats);
    const uint64_t figures[] = {
        stats.spawned, stats.ended, stats.turns,        stats.messages,     stats.refused,
        stats.steals,  stats.parks, stats.timers_fired, stats.memory_bytes, stats.results_bytes,
    };
    uint32_t count = sizeof figures / sizeof figures[0];
    if (mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, count)) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array =
        mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, count);
    for (uint32_t i = 0; i < count; i++) {
        array->words[i] = mg_small((int64_t)(figures[i] & (uint64_t)MG_SMALL_MAX));
    }
    return mg_pointer(array);
}

/* -- Waits -- */

static mg_value prim_describe(struct mg_run *run, mg_value *args)
{
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    struct mg_buf text;
    mg_buf_init(&text);
    mg_wait_process(run->vm, run->scheduler->sched, mg_process_control(args[1])->pid, &text);
    mg_value answer = MG_PRIM_FAILED;
    if (mg_run_reserve(run, args, mg_string_words(text.len)) != NULL) {
        answer = mg_string_new(run->heap, text.data, text.len);
    }
    mg_buf_deinit(&text);
    return answer;
}

/* Asks a process; answers the reference of the question, or nil when it is the asker itself, who
 * does not wait. */
static mg_value ask(struct mg_run *run, mg_value *args, uint16_t detail)
{
    if (!mg_is_process(args[1])) {
        return mg_prim_type_error(run, 1, "Process");
    }
    mg_pid whom = mg_process_control(args[1])->pid;
    if (whom == mg_actor_pid(run->actor)) {
        return MG_NIL;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    uint64_t reference = mg_waits_ask(run->actor, s, whom, detail);
    mg_run_leave(run);
    return reference == 0 ? MG_NIL : mg_small((int64_t)reference);
}

static mg_value prim_ask(struct mg_run *run, mg_value *args)
{
    return ask(run, args, MG_INSPECT_WAITS);
}

static mg_value prim_ask_stack(struct mg_run *run, mg_value *args)
{
    return ask(run, args, MG_INSPECT_STACK);
}

static mg_value symbol_of(struct mg_run *run, enum mg_wait_kind kind)
{
    static const char *const names[MG_WAIT_KINDS] = {"none",  "message", "time",  "output",
                                                     "reply", "end",     "holder"};
    return mg_symbol(mg_symbol_intern(run->world->symbols, names[kind], strlen(names[kind])));
}

static mg_value ms_of(uint64_t ns)
{
    return mg_small((int64_t)(ns / 1000000));
}

/* Fills slots at..at+6; everything was reserved. */
static void put_record(struct mg_run *run, struct mg_object *array, uint32_t at,
                       const struct mg_wait *wait)
{
    struct mg_buf place;
    mg_buf_init(&place);
    mg_value text = MG_NIL;
    if (mg_wait_place(run->vm, wait, &place)) {
        text = mg_string_new(run->heap, place.data, place.len);
    }
    mg_buf_deinit(&place);
    mg_value values[RECORD_SLOTS] = {
        symbol_of(run, wait->kind),
        mg_process_of_pid(run, wait->whom),
        mg_small((int64_t)wait->number),
        wait->since_ns == 0 ? MG_NIL : ms_of(wait->since_ns),
        wait->until_ns == MG_NO_DEADLINE ? MG_NIL : ms_of(wait->until_ns),
        text,
        mg_boolean(wait->any),
    };
    for (uint32_t i = 0; i < RECORD_SLOTS; i++) {
        mg_store(run->heap, array, at + i, values[i]);
    }
}

static size_t record_words(const struct mg_run *run, const struct mg_wait *wait)
{
    struct mg_buf place;
    mg_buf_init(&place);
    size_t words = MG_PROCESS_SPAN;
    if (mg_wait_place(run->vm, wait, &place)) {
        words += mg_string_words(place.len);
    }
    mg_buf_deinit(&place);
    return words;
}

/* The records as one flat Array. */
static mg_value records(struct mg_run *run, mg_value *args, const struct mg_signal *reply)
{
    uint32_t count;
    const struct mg_wait *waits = mg_waits_read(reply, &count);
    if (waits == NULL) {
        return MG_NIL;
    }
    size_t words = mg_object_span(MG_FORMAT_ARRAY, (uint64_t)count * RECORD_SLOTS);
    for (uint32_t i = 0; i < count; i++) {
        words += record_words(run, &waits[i]);
    }
    if (mg_run_reserve(run, args, words) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array =
        mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, (uint64_t)count * RECORD_SLOTS);
    for (uint32_t i = 0; i < count * RECORD_SLOTS; i++) {
        array->words[i] = MG_NIL;
    }
    for (uint32_t i = 0; i < count; i++) {
        put_record(run, array, i * RECORD_SLOTS, &waits[i]);
    }
    return mg_pointer(array);
}

/* A call stack as text; nil when there is none. */
static mg_value stack_text(struct mg_run *run, mg_value *args, const struct mg_signal *reply)
{
    uint32_t count = 0;
    const struct mg_trace_record *records =
        mg_waits_records(reply, MG_LIMIT_TRACE_FRAMES, sizeof *records, &count);
    if (records == NULL || count == 0) {
        return MG_NIL;
    }
    struct mg_buf text;
    mg_buf_init(&text);
    mg_trace_print(run->vm, records, count, &text);
    mg_value answer = MG_PRIM_FAILED;
    if (mg_run_reserve(run, args, mg_string_words(text.len)) != NULL) {
        answer = mg_string_new(run->heap, text.data, text.len);
    }
    mg_buf_deinit(&text);
    return answer;
}

/* Waits up to args[2] ms for the answer to the question args[1], and makes something of it; nil
 * when there is none. */
static mg_value await(struct mg_run *run, mg_value *args,
                      mg_value (*make)(struct mg_run *, mg_value *, const struct mg_signal *))
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    if (!mg_is_small(args[2])) {
        return mg_prim_type_error(run, 2, "SmallInteger");
    }
    uint64_t reference = (uint64_t)mg_small_value(args[1]);
    bool first;
    uint64_t deadline = mg_wait_deadline(run, args[2], &first);
    struct mg_signal *reply = NULL;
    enum mg_outcome outcome = mg_request_poll(run->actor, reference, &reply);
    if (outcome == MG_OUTCOME_PENDING) {
        if (deadline > mg_scheduler_now(run->scheduler)) {
            return mg_wait(run, MG_WAKE_REPLY, deadline);
        }
        struct mg_scheduler *s = mg_run_enter(run);
        mg_request_close(run->actor, s, reference);
        mg_run_leave(run);
    }
    mg_wait_done(run);
    mg_value answer = MG_NIL;
    if (outcome == MG_OUTCOME_VALUE && reply != NULL) {
        answer = make(run, args, reply);
    }
    if (reply != NULL) {
        mg_signal_free(reply, run->blocks);
    }
    return answer;
}

static mg_value prim_answer(struct mg_run *run, mg_value *args)
{
    return await(run, args, records);
}

static mg_value prim_stack_answer(struct mg_run *run, mg_value *args)
{
    return await(run, args, stack_text);
}

const struct mg_prim_entry mg_prims_runtime[] = {
    {"Runtime class>>primFigures", prim_figures},
    {"Runtime class>>describe:", prim_describe},
    {"Runtime class>>primAsk:", prim_ask},
    {"Runtime class>>primAnswer:within:", prim_answer},
    {"Runtime class>>primAskStack:", prim_ask_stack},
    {"Runtime class>>primStackAnswer:within:", prim_stack_answer},
    {NULL, NULL},
};
