/* SPDX-License-Identifier: MIT */
/* Primitives of exceptions: traces, the search for handlers, unwinding, and the end of an actor
 * that nobody saved. The protocol itself (signal, return:, retry, pass, outer, resume:) is written
 * in Maggie over these.
 */
#include "base/limits.h"
#include "interp/ending.h"
#include "interp/prim.h"
#include "interp/trace.h"
#include "interp/unwind.h"
#include "object/bytes.h"

/* Frames that only carry the signal out are left out of a trace: those of exceptions and their
 * classes, then error:, doesNotUnderstand: and subclassResponsibility directly below. */
static bool is_machinery(struct mg_run *run, const struct mg_trace_record *record, bool inside)
{
    const struct mg_world *world = run->world;
    uint32_t class_id = record->class_id;
    const struct mg_class *class = mg_world_class(world, class_id);
    if (class->instance != MG_NO_CLASS) {
        class_id = class->instance;
    }
    if (mg_world_inherits(world, class_id, MG_CLASS_EXCEPTION)) {
        return inside;
    }
    const struct mg_code *code = mg_vm_code(run->vm, record->code);
    if (code == NULL || code->method == NULL || (code->flags & MG_CODE_IS_BLOCK) != 0 ||
        code->method->class_id != MG_CLASS_OBJECT) {
        return false;
    }
    const char *selector = mg_world_text(world, code->method->selector);
    return strcmp(selector, "error:") == 0 || strcmp(selector, "doesNotUnderstand:") == 0 ||
           strcmp(selector, "subclassResponsibility") == 0;
}

static mg_value prim_trace(struct mg_run *run, mg_value *args)
{
    struct mg_trace_record records[MG_LIMIT_TRACE_FRAMES];
    uint32_t count = mg_trace_capture(run->world, run->fp, run->pc, records, MG_LIMIT_TRACE_FRAMES);
    uint32_t first = 0;
    while (first + 1 < count && is_machinery(run, &records[first], true)) {
        first++;
    }
    size_t size = (count - first) * sizeof records[0];
    args = mg_run_reserve(run, args, mg_bytes_words(size));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, count / 4);
    return mg_bytes_new(run->heap, (const uint8_t *)&records[first], size);
}

static mg_value prim_trace_text(struct mg_run *run, mg_value *args)
{
    struct mg_buf text;
    mg_buf_init(&text);
    const uint8_t *bytes = NULL;
    size_t len = 0;
    if (mg_is_instance(args[1], MG_CLASS_BYTE_ARRAY)) {
        mg_bytes_of(args[1], &bytes, &len);
    }
    if (len < sizeof(struct mg_trace_record)) {
        mg_buf_puts(&text, "  (no captured stack)");
    } else {
        struct mg_trace_record records[MG_LIMIT_TRACE_FRAMES];
        size_t count = len / sizeof records[0];
        count = count > MG_LIMIT_TRACE_FRAMES ? MG_LIMIT_TRACE_FRAMES : count;
        memcpy(records, bytes, count * sizeof records[0]);
        mg_trace_print(run->vm, records, (uint32_t)count, &text);
    }
    args = mg_run_reserve(run, args, mg_string_words(text.len));
    mg_value answer = args == NULL ? MG_PRIM_FAILED : mg_string_new(run->heap, text.data, text.len);
    mg_buf_deinit(&text);
    return answer;
}

static mg_value prim_trace_place(struct mg_run *run, mg_value *args)
{
    const uint8_t *bytes = NULL;
    size_t len = 0;
    if (mg_is_instance(args[1], MG_CLASS_BYTE_ARRAY)) {
        mg_bytes_of(args[1], &bytes, &len);
    }
    for (size_t at = 0; at + sizeof(struct mg_trace_record) <= len;
         at += sizeof(struct mg_trace_record)) {
        struct mg_trace_record record;
        memcpy(&record, bytes + at, sizeof record);
        const struct mg_code *code = mg_vm_code(run->vm, record.code);
        if (code == NULL || code->id <= run->vm->library_codes) {
            continue;
        }
        char place[256];
        size_t n = (size_t)mg_trace_place(code, record.insn, place, sizeof place);
        args = mg_run_reserve(run, args, mg_string_words(n));
        return args == NULL ? MG_PRIM_FAILED : mg_string_new(run->heap, place, n);
    }
    return MG_NIL;
}

static mg_value prim_first_handler(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small((int64_t)mg_handler_first(run->body, run->heap->stack));
}

static mg_value prim_handler_after(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    uint64_t token = (uint64_t)mg_small_value(args[1]);
    return mg_small((int64_t)mg_handler_after(run->body, run->heap->stack, token));
}

/* The handler frame of a token, or NULL after setting the error. */
static mg_value *handler_frame(struct mg_run *run, mg_value token)
{
    if (!mg_is_small(token) ||
        !mg_handler_valid(run->body, run->heap->stack, (uint64_t)mg_small_value(token))) {
        mg_prim_error(run, "handler is no longer active");
        return NULL;
    }
    return run->heap->stack + mg_small_value(token);
}

static mg_value handler_register(struct mg_run *run, const mg_value *args, uint32_t r)
{
    mg_value *frame = handler_frame(run, args[1]);
    return frame == NULL ? MG_PRIM_FAILED : frame[r];
}

static mg_value prim_handler_receiver(struct mg_run *run, mg_value *args)
{
    return handler_register(run, args, 0);
}

static mg_value prim_handler_class(struct mg_run *run, mg_value *args)
{
    return handler_register(run, args, 1);
}

static mg_value prim_handler_block(struct mg_run *run, mg_value *args)
{
    return handler_register(run, args, 2);
}

static mg_value unwind(struct mg_run *run, const mg_value *args, enum mg_unwind_action action)
{
    if (handler_frame(run, args[1]) == NULL) {
        return MG_PRIM_FAILED;
    }
    run->unwind.target = (uint64_t)mg_small_value(args[1]);
    run->unwind.action = action;
    run->unwind.value = args[2];
    return MG_PRIM_UNWIND;
}

static mg_value prim_unwind_return(struct mg_run *run, mg_value *args)
{
    return unwind(run, args, MG_UNWIND_RETURN);
}

static mg_value prim_unwind_retry(struct mg_run *run, mg_value *args)
{
    return unwind(run, args, MG_UNWIND_RETRY);
}

/* Nobody handled the receiver: the actor ends with it. A clean-up block that fails while its actor
 * ends only ends itself. */
static mg_value end_with(struct mg_run *run, mg_value *args, bool quiet)
{
    if (!mg_has_format(args[0], MG_FORMAT_SLOTS) ||
        mg_object_words(mg_object(args[0])) < MG_EXCEPTION_SLOTS) {
        return mg_prim_error(run, "receiver is no exception");
    }
    if (run->body[MG_BODY_CLEANUP] == 0) {
        args = mg_ending_crash(run, args, quiet);
        if (args == NULL) {
            return MG_PRIM_FAILED;
        }
    }
    run->unwind.target = 0;
    run->unwind.action = MG_UNWIND_EXIT;
    run->unwind.value = args[0];
    return MG_PRIM_UNWIND;
}

static mg_value prim_unhandled(struct mg_run *run, mg_value *args)
{
    return end_with(run, args, false);
}

static mg_value prim_end_quietly(struct mg_run *run, mg_value *args)
{
    return end_with(run, args, true);
}

const struct mg_prim_entry mg_prims_exception[] = {
    {"Exception>>primTrace", prim_trace},
    {"Exception>>primTraceText:", prim_trace_text},
    {"Exception>>primTracePlace:", prim_trace_place},
    {"Exception>>primFirstHandler", prim_first_handler},
    {"Exception>>primHandlerAfter:", prim_handler_after},
    {"Exception>>primHandlerReceiver:", prim_handler_receiver},
    {"Exception>>primHandlerClass:", prim_handler_class},
    {"Exception>>primHandlerBlock:", prim_handler_block},
    {"Exception>>primUnwind:return:", prim_unwind_return},
    {"Exception>>primUnwind:retry:", prim_unwind_retry},
    {"Exception>>primUnhandled", prim_unhandled},
    {"Exception>>primEndQuietly", prim_end_quietly},
    {NULL, NULL},
};
