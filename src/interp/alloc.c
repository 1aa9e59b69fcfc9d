/* SPDX-License-Identifier: MIT */
/* Slow paths of the loop: see alloc.h. */
#include "interp/alloc.h"

#include "base/atomic.h"
#include "interp/process.h"
#include "interp/trace.h"
#include "object/bytes.h"
#include "sched/alarm.h"

#include <stdio.h>

/* Alarms about heaps and collections: 0 when nobody wants any, else the time. */
static uint64_t watch_begin(const struct mg_run *run)
{
    const struct mg_sched *sched = run->scheduler->sched;
    if (mg_alarm_wanted(sched, MG_ALARM_COLLECTION, MG_ALARM_NEVER) ||
        mg_alarm_wanted(sched, MG_ALARM_HEAP, MG_ALARM_NEVER)) {
        return mg_scheduler_now_exact(run->scheduler) | 1;
    }
    return 0;
}

static MG_COLD void watch_end(struct mg_run *run, uint64_t began_ns, uint64_t work)
{
    struct mg_scheduler *s = mg_run_enter(run);
    uint64_t took_ns = mg_scheduler_now_exact(s) - (began_ns & ~(uint64_t)1);
    uint64_t bytes = mg_heap_bytes(run->heap);
    /* Virtual time stands still during a turn: there the work is the time. */
    took_ns += mg_sched_is_virtual(s->sched) ? (work >> 5) * MG_NS_PER_REDUCTION : 0;
    if (work != 0 && mg_alarm_wanted(s->sched, MG_ALARM_COLLECTION, took_ns)) {
        mg_alarm_raise(s, MG_ALARM_COLLECTION, run->actor, took_ns);
    }
    if (mg_alarm_wanted(s->sched, MG_ALARM_HEAP, bytes)) {
        mg_alarm_raise(s, MG_ALARM_HEAP, run->actor, bytes);
    }
    mg_run_leave(run);
}

/* Collects if need be so that `words` and the margin fit above top. Answers the distance the stack
 * moved, in *moved. */
static bool make_room(struct mg_run *run, mg_value *top, size_t words, ptrdiff_t *moved)
{
    struct mg_heap *heap = run->heap;
    uint64_t work = 0;
    struct mg_roots roots = {
        .top = top,
        .extra = run->body + MG_BODY_VALUES_FROM,
        .extra_count = MG_BODY_VALUES,
        .blocks = run->blocks,
        .work = &work,
    };
    mg_value *before = heap->stack;
#ifdef MG_STRESS
    mg_heap_collect(heap, true, &roots);
#endif
    uint64_t began_ns = watch_begin(run);
    int error = mg_heap_reserve(heap, words + MG_FRAME_MARGIN, &roots);
    if (MG_UNLIKELY(began_ns != 0)) {
        watch_end(run, began_ns, work);
    }
#ifdef MG_STRESS
    mg_heap_audit(heap, &roots);
#endif
    *moved = heap->stack - before;
    mg_run_charge(run, work >> 5);
    return error == 0;
}

/* End of what is live while the window w is being filled: the frame, or the window if it reaches
 * further. */
static mg_value *live_top(const struct mg_run *run, mg_value *w, uint32_t argc)
{
    mg_value *frame_end = mg_frame_end(run->fp);
    mg_value *window_end = w + argc + 1;
    return window_end > frame_end ? window_end : frame_end;
}

bool mg_alloc_reserve(struct mg_run *run, mg_value *top, size_t words)
{
    mg_value *fp = run->fp;
    uint64_t offset = (uint64_t)(fp - run->heap->stack);
    ptrdiff_t moved;
    bool ok = make_room(run, top, words, &moved);
    run->fp = run->heap->stack + offset;
    return ok;
}

/* Reserves with a live window; answers its new place. */
static mg_value *reserve_window(struct mg_run *run, mg_value *w, uint32_t argc, size_t words)
{
    uint64_t offset = (uint64_t)(w - run->heap->stack);
    if (!mg_alloc_reserve(run, live_top(run, w, argc), words)) {
        return NULL;
    }
    return run->heap->stack + offset;
}

mg_value *mg_alloc_stack(struct mg_run *run, mg_value *w, uint32_t argc, uint32_t nregs)
{
    return reserve_window(run, w, argc, (size_t)nregs + MG_FRAME_MARGIN);
}

mg_value *mg_run_reserve(struct mg_run *run, mg_value *args, size_t words)
{
#ifndef MG_STRESS
    mg_value *top = live_top(run, args, run->argc);
    if (MG_LIKELY(top + words + MG_FRAME_MARGIN <= run->heap->alloc &&
                  !mg_heap_is_due(run->heap))) {
        return args;
    }
#endif
    mg_value *moved = reserve_window(run, args, run->argc, words);
    if (moved == NULL) {
        run->error.class_id = MG_NO_CLASS;
        return NULL;
    }
    run->args = moved;
    return moved;
}

void mg_run_collect(struct mg_run *run)
{
    uint64_t fp = (uint64_t)(run->fp - run->heap->stack);
    uint64_t w = (uint64_t)(run->args - run->heap->stack);
    uint64_t work = 0;
    struct mg_roots roots = {
        .top = live_top(run, run->args, run->argc),
        .extra = run->body + MG_BODY_VALUES_FROM,
        .extra_count = MG_BODY_VALUES,
        .blocks = run->blocks,
        .work = &work,
    };
    mg_heap_collect(run->heap, true, &roots);
    run->fp = run->heap->stack + fp;
    run->args = run->heap->stack + w;
    mg_run_charge(run, work >> 5);
}

mg_value *mg_run_become(struct mg_run *run, mg_value *args, bool two_way)
{
    uint64_t fp = (uint64_t)(run->fp - run->heap->stack);
    uint64_t w = (uint64_t)(args - run->heap->stack);
    struct mg_roots roots = {
        .top = live_top(run, args, run->argc),
        .extra = run->body + MG_BODY_VALUES_FROM,
        .extra_count = MG_BODY_VALUES,
        .blocks = run->blocks,
    };
    int error = mg_heap_become(run->heap, args[0], args[1], two_way, &roots);
    run->fp = run->heap->stack + fp;
    run->args = run->heap->stack + w;
    if (error != 0) {
        run->error.class_id = MG_NO_CLASS;
        return NULL;
    }
    mg_run_charge(run, mg_heap_bytes(run->heap) >> 8);
    return run->args;
}

mg_value *mg_alloc_message(struct mg_run *run, mg_value *w, uint32_t selector, uint32_t argc)
{
    w = reserve_window(run, w, argc, mg_object_span(MG_FORMAT_ARRAY, argc) + 3);
    if (w == NULL) {
        return NULL;
    }
    struct mg_object *arguments = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, argc);
    memcpy(arguments->words, w + 1, argc * sizeof(mg_value));
    struct mg_object *message =
        mg_heap_alloc_small(run->heap, MG_CLASS_MESSAGE, MG_FORMAT_SLOTS, 2);
    message->words[MG_MESSAGE_SELECTOR] = mg_symbol(selector);
    message->words[MG_MESSAGE_ARGUMENTS] = mg_pointer(arguments);
    w[1] = mg_pointer(message);
    return w;
}

mg_value *mg_alloc_error(struct mg_run *run, mg_value *w, uint32_t argc)
{
    if (run->error.class_id == MG_NO_CLASS) {
        return NULL; /* a primitive's reserve failed */
    }
    size_t len = strlen(run->error.text);
    w = reserve_window(run, w, argc, mg_string_words(len));
    if (w == NULL) {
        return NULL;
    }
    w[0] = mg_class_value(run->error.class_id);
    w[1] = mg_string_new(run->heap, run->error.text, len);
    return w;
}

size_t mg_alloc_literal_words(mg_value literal)
{
    if (!mg_is_pointer(literal)) {
        return 0;
    }
    const struct mg_object *o = mg_object(literal);
    enum mg_format format = mg_object_format(o);
    uint64_t n = mg_object_words(o);
    if (format == MG_FORMAT_BYTES) {
        return mg_object_span(format, n);
    }
    if (format != MG_FORMAT_ARRAY) {
        return 0;
    }
    size_t words = mg_object_span(format, n);
    for (uint64_t i = 0; i < n; i++) {
        words += mg_alloc_literal_words(o->words[i]);
    }
    return words;
}

mg_value mg_alloc_literal(struct mg_heap *heap, mg_value literal)
{
    if (!mg_is_pointer(literal)) {
        return literal;
    }
    const struct mg_object *o = mg_object(literal);
    enum mg_format format = mg_object_format(o);
    uint64_t n = mg_object_words(o);
    if (format != MG_FORMAT_BYTES && format != MG_FORMAT_ARRAY) {
        return literal;
    }
    struct mg_object *copy = mg_heap_alloc(heap, mg_object_class(o), format, n);
    for (uint64_t i = 0; i < n; i++) {
        copy->words[i] =
            format == MG_FORMAT_ARRAY ? mg_alloc_literal(heap, o->words[i]) : o->words[i];
    }
    return mg_pointer(copy);
}

/* The table of class variables: pairs (id, value) in an Array of a power of two pairs, open
 * addressing. */

static uint64_t cvar_find(const struct mg_object *table, uint32_t id)
{
    uint64_t mask = mg_object_words(table) / 2 - 1;
    uint64_t i = id & mask;
    while (table->words[2 * i] != MG_NIL && table->words[2 * i] != mg_small(id)) {
        i = (i + 1) & mask;
    }
    return 2 * i;
}

mg_value mg_alloc_cvar_get(mg_value table, uint32_t id)
{
    if (table == MG_NIL) {
        return MG_NIL;
    }
    const struct mg_object *o = mg_object(table);
    uint64_t i = cvar_find(o, id);
    return o->words[i] == MG_NIL ? MG_NIL : o->words[i + 1];
}

/* A table keeps at least one pair in four free, so that searches end. */
static bool cvar_is_full(const struct mg_object *table)
{
    uint64_t pairs = mg_object_words(table) / 2, used = 0;
    for (uint64_t i = 0; i < pairs; i++) {
        used += table->words[2 * i] != MG_NIL;
    }
    return used + 1 > pairs - pairs / 4;
}

size_t mg_alloc_cvar_words(mg_value table, uint32_t id)
{
    if (table == MG_NIL) {
        return mg_object_span(MG_FORMAT_ARRAY, 8);
    }
    const struct mg_object *o = mg_object(table);
    if (o->words[cvar_find(o, id)] != MG_NIL || !cvar_is_full(o)) {
        return 0;
    }
    return mg_object_span(MG_FORMAT_ARRAY, 2 * mg_object_words(o));
}

void mg_alloc_cvar_set(struct mg_heap *heap, mg_value *table, uint32_t id, mg_value v)
{
    struct mg_object *o = *table == MG_NIL ? NULL : mg_object(*table);
    if (o == NULL || (o->words[cvar_find(o, id)] == MG_NIL && cvar_is_full(o))) {
        uint64_t n = o == NULL ? 8 : 2 * mg_object_words(o);
        struct mg_object *bigger = mg_heap_alloc(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
        mg_frame_clear(bigger->words, 0, (uint32_t)n);
        for (uint64_t i = 0; o != NULL && i < mg_object_words(o); i += 2) {
            if (o->words[i] != MG_NIL) {
                uint64_t to = cvar_find(bigger, (uint32_t)mg_small_value(o->words[i]));
                bigger->words[to] = o->words[i];
                bigger->words[to + 1] = o->words[i + 1];
            }
        }
        o = bigger;
        *table = mg_pointer(bigger);
    }
    uint64_t i = cvar_find(o, id);
    o->words[i] = mg_small(id);
    mg_store(heap, o, i + 1, v);
}

bool mg_alloc_global_allowed(struct mg_run *run, const struct mg_global *global, mg_value value)
{
    const char *name = mg_world_text(run->world, global->name);
    if (mg_run_is_hidden(run, global->name)) {
        mg_prim_fail(run, MG_CLASS_RESTRICTED_GLOBAL,
                     "access to restricted global '%s' (read) from a restricted process", name);
        return false;
    }
    if (value == MG_UNSET) {
        mg_prim_fail(run, MG_CLASS_UNDECLARED_VARIABLE, "undeclared variable: %s", name);
        return false;
    }
    return true;
}

mg_value mg_alloc_context(struct mg_run *run, const struct mg_code *code, const mg_insn *at)
{
    char place[160];
    int len = mg_trace_place(code, (uint32_t)(at - code->insns), place, sizeof place);
    mg_value text = mg_string_new(run->heap, place, (size_t)len);
    struct mg_object *context =
        mg_heap_alloc_small(run->heap, MG_CLASS_CONTEXT, MG_FORMAT_SLOTS, 5);
    context->words[0] = run->fp[0];
    context->words[1] = code->method == NULL ? MG_NIL : mg_symbol(code->method->selector);
    context->words[2] = MG_NIL;
    context->words[3] = text;
    context->words[4] = MG_NIL;
    return mg_pointer(context);
}
