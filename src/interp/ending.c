/* SPDX-License-Identifier: MIT */
/* How Maggie actors end: see ending.h. */
#include "interp/ending.h"

#include "base/limits.h"
#include "interp/labels.h"
#include "interp/process.h"
#include "interp/trace.h"
#include "sched/exit.h"

#include <inttypes.h>
#include <stdio.h>

static uint32_t reason(struct mg_run *run, enum mg_reason which)
{
    return run->vm->reasons[which];
}

/* A record with result (index 0) and error (index 1) copied out; NULL when both are immediate or
 * cannot be sent. */
static struct mg_exit_record *make_record(struct mg_run *run, const mg_value values[2])
{
    if (!mg_is_pointer(values[0]) && !mg_is_pointer(values[1])) {
        return NULL;
    }
    if (mg_copy_measure(run->copy, values, 2) != 0) {
        return NULL;
    }
    struct mg_exit_record *record = mg_exit_record_new(run->scheduler, run->copy->words);
    mg_value out[2];
    mg_copy_write(run->copy, &record->fragment, mg_exit_record_words(record), values, out, 2);
    record->result = out[0];
    record->error = out[1];
    return record;
}

/* An exception with only its text and trace: what is left of one whose slots cannot be sent. */
static mg_value bare_exception(mg_value exception)
{
    struct mg_object *o = mg_object(exception);
    uint64_t n = mg_object_words(o);
    for (uint64_t i = 0; i < n; i++) {
        mg_value v = o->words[i];
        bool keep = !mg_is_pointer(v) || mg_object_class(mg_object(v)) == MG_CLASS_STRING;
        if (!keep) {
            o->words[i] = MG_NIL;
        }
    }
    return exception;
}

static void set_error(struct mg_run *run, mg_value exception)
{
    mg_value values[2] = {MG_NIL, exception};
    struct mg_exit_record *record = make_record(run, values);
    if (record == NULL) {
        values[1] = bare_exception(exception);
        record = make_record(run, values);
    }
    mg_actor_set_exit(run->actor, run->scheduler, reason(run, MG_REASON_ERROR), MG_PID_NONE, MG_NIL,
                      record);
}

/* The result cannot be sent: the process ends with an error that says why. */
static void set_unsendable(struct mg_run *run)
{
    mg_process_measure(run, &run->body[MG_BODY_RESULT], 1);
    size_t len = strlen(run->error.text);
    struct mg_roots roots = {
        .top = run->fp,
        .extra = run->body + MG_BODY_VALUES_FROM,
        .extra_count = MG_BODY_VALUES,
        .blocks = run->blocks,
    };
    size_t words = mg_string_words(len) + 1 + MG_EXCEPTION_SLOTS;
    if (mg_heap_reserve(run->heap, words, &roots) != 0) {
        mg_ending_memory(run);
        return;
    }
    mg_value text = mg_string_new(run->heap, run->error.text, len);
    struct mg_object *o =
        mg_heap_alloc_small(run->heap, MG_CLASS_NOT_SENDABLE, MG_FORMAT_SLOTS, MG_EXCEPTION_SLOTS);
    for (uint32_t i = 0; i < MG_EXCEPTION_SLOTS; i++) {
        o->words[i] = MG_NIL;
    }
    o->words[MG_EXCEPTION_TEXT] = text;
    set_error(run, mg_pointer(o));
}

void mg_ending_normal(struct mg_run *run, mg_value result)
{
    uint32_t normal = reason(run, MG_REASON_NORMAL);
    if (!mg_is_pointer(result)) {
        mg_actor_set_exit(run->actor, run->scheduler, normal, MG_PID_NONE, result, NULL);
        return;
    }
    mg_value values[2] = {result, MG_NIL};
    struct mg_exit_record *record = make_record(run, values);
    if (record == NULL) {
        set_unsendable(run);
        return;
    }
    mg_actor_set_exit(run->actor, run->scheduler, normal, MG_PID_NONE, MG_NIL, record);
}

void mg_ending_exit(struct mg_run *run)
{
    mg_value cause = run->body[MG_BODY_RESULT];
    if (mg_is_pointer(cause)) {
        set_error(run, cause);
        return;
    }
    uint32_t why;
    mg_pid origin = MG_PID_NONE;
    if (mg_is_symbol(cause)) {
        why = mg_symbol_id(cause);
    } else {
        mg_actor_pending_exit(run->actor, &why, &origin);
    }
    mg_actor_set_exit(run->actor, run->scheduler, why, origin, MG_NIL, NULL);
}

static void put_name(struct mg_run *run, struct mg_buf *out)
{
    mg_labels_describe(run->vm, mg_actor_pid(run->actor), out);
}

/* What a process ended of that had no room left: made outside its heap. NULL if even that fails. */
static struct mg_exit_record *memory_record(struct mg_run *run, const char *text, size_t len,
                                            const uint64_t figures[5])
{
    enum { WORDS = 256 };
    mg_value words[WORDS];
    struct mg_heap heap;
    mg_heap_init(&heap, words, WORDS, sizeof words);
    heap.flags |= MG_HEAP_FIRST_BLOCK;
    mg_value message = mg_string_new(&heap, text, len);
    uint32_t n = MG_EXCEPTION_SLOTS + 5;
    struct mg_object *o = mg_heap_alloc_small(&heap, MG_CLASS_OUT_OF_MEMORY, MG_FORMAT_SLOTS, n);
    for (uint32_t i = 0; i < MG_EXCEPTION_SLOTS; i++) {
        o->words[i] = MG_NIL;
    }
    o->words[MG_EXCEPTION_TEXT] = message;
    for (uint32_t i = 0; i < 5; i++) {
        o->words[MG_EXCEPTION_SLOTS + i] =
            figures[i] == UINT64_MAX ? MG_NIL : mg_small((int64_t)figures[i]);
    }
    mg_value values[2] = {MG_NIL, mg_pointer(o)};
    return make_record(run, values);
}

void mg_ending_memory(struct mg_run *run)
{
    struct mg_actor_memory memory;
    mg_actor_memory(run->actor, &memory);
    uint64_t stack = run->body[MG_BODY_FP] * sizeof(mg_value);
    uint64_t taken = stack + memory.shared;
    uint64_t heap = memory.heap > taken ? memory.heap - taken : 0;
    char detail[256];
    int len = snprintf(detail, sizeof detail,
                       "its memory reached the limit (limit %" PRIu64 " KiB: heap %" PRIu64
                       ", stack %" PRIu64 ", mailbox %" PRIu64 ", shared %" PRIu64 ")",
                       memory.limit / 1024, heap / 1024, stack / 1024, memory.mailbox / 1024,
                       memory.shared / 1024);
    struct mg_buf text;
    mg_buf_init(&text);
    mg_buf_puts(&text, "Error: ");
    put_name(run, &text);
    mg_buf_printf(&text, " ended: %s\n", detail);
    mg_sched_log_crash(run->scheduler->sched, text.data, text.len);
    mg_buf_deinit(&text);
    uint64_t figures[5] = {memory.limit, heap, stack, memory.mailbox, memory.shared};
    mg_actor_set_exit(run->actor, run->scheduler, reason(run, MG_REASON_MEMORY), MG_PID_NONE,
                      MG_NIL, memory_record(run, detail, (size_t)len, figures));
}

/* The stack as text, instead of addresses that mean nothing elsewhere. */
static void put_trace(struct mg_run *run, mg_value trace, struct mg_buf *out)
{
    struct mg_trace_record records[MG_LIMIT_TRACE_FRAMES];
    const char *text;
    size_t text_len;
    if (mg_process_text(run, trace, &text, &text_len)) { /* signalled again: of another actor */
        mg_buf_put(out, text, text_len);
        return;
    }
    if (!mg_is_instance(trace, MG_CLASS_BYTE_ARRAY)) {
        return;
    }
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(trace, &bytes, &len);
    size_t count = len / sizeof records[0];
    count = count > MG_LIMIT_TRACE_FRAMES ? MG_LIMIT_TRACE_FRAMES : count;
    memcpy(records, bytes, count * sizeof records[0]);
    mg_trace_print(run->vm, records, (uint32_t)count, out);
}

static void report(struct mg_run *run, mg_value exception, const struct mg_buf *trace)
{
    struct mg_buf out;
    mg_buf_init(&out);
    mg_buf_puts(&out, "Error: ");
    put_name(run, &out);
    const struct mg_class *class = mg_world_class(run->world, mg_class_of(run->world, exception));
    mg_buf_printf(&out, ": %s", mg_world_text(run->world, class->name));
    const char *text;
    size_t len;
    if (mg_process_text(run, mg_slot(exception, MG_EXCEPTION_TEXT), &text, &len)) {
        mg_buf_puts(&out, ": ");
        mg_buf_put(&out, text, len > 2000 ? 2000 : len);
    }
    mg_buf_putc(&out, '\n');
    if (trace->len > 0) {
        mg_buf_put(&out, trace->data, trace->len);
        mg_buf_putc(&out, '\n');
    }
    mg_sched_log_crash(run->scheduler->sched, out.data, out.len);
    mg_buf_deinit(&out);
}

mg_value *mg_ending_crash(struct mg_run *run, mg_value *args, bool quiet)
{
    struct mg_buf trace;
    mg_buf_init(&trace);
    put_trace(run, mg_slot(args[0], MG_EXCEPTION_TRACE), &trace);
    /* The crash of a supervised actor is reported by its supervisor, with what it does about it. */
    if (!quiet && (run->body[MG_BODY_SERIAL] & MG_BODY_SUPERVISED) == 0) {
        report(run, args[0], &trace);
    }
    args = mg_run_reserve(run, args, mg_string_words(trace.len));
    if (args != NULL) {
        struct mg_object *exception = mg_object(args[0]);
        mg_value text = mg_string_new(run->heap, trace.data, trace.len);
        mg_store(run->heap, exception, MG_EXCEPTION_TRACE, text);
        exception->words[MG_EXCEPTION_TOKEN] = MG_NIL;
        exception->words[MG_EXCEPTION_RESUMER] = MG_NIL;
    }
    mg_buf_deinit(&trace);
    return args;
}
