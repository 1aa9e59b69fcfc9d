/* SPDX-License-Identifier: MIT */
/* Checks and answers of primitives over texts: see text.h. */
#include "interp/text.h"

#include "interp/alloc.h"

/* Collects, whether the heap wants to or not: the bytes of dead objects outside it go. */
static mg_value *collect(struct mg_run *run, mg_value *args, size_t words)
{
    struct mg_heap *heap = run->heap;
    uint64_t window = (uint64_t)(args - heap->stack);
    mg_value *frame_end = mg_frame_end(run->fp);
    mg_value *window_end = args + run->argc + 1;
    heap->adopted_words = UINT32_MAX; /* so it is due (mg_heap_is_due) */
    if (!mg_alloc_reserve(run, window_end > frame_end ? window_end : frame_end, words)) {
        return NULL;
    }
    run->args = heap->stack + window;
    return run->args;
}

mg_value *mg_text_reserve(struct mg_run *run, mg_value *args, size_t words, uint64_t bytes)
{
    if (bytes > MG_TEXT_MAX || words == MG_STRING_REFUSED) {
        mg_prim_error(run, "result is too long");
        return NULL;
    }
    args = mg_run_reserve(run, args, words);
    if (bytes <= MG_SHARE_BYTES || args == NULL) {
        return args;
    }
    if (mg_heap_is_due(run->heap) || !mg_heap_allows(run->heap, bytes)) {
        args = collect(run, args, words);
    }
    if (args == NULL || !mg_heap_allows(run->heap, bytes)) {
        run->error.class_id = MG_NO_CLASS;
        return NULL;
    }
    return args;
}

mg_value mg_text_answer(struct mg_run *run, mg_value *args, const char *text, size_t len)
{
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    return args == NULL ? MG_PRIM_FAILED : mg_string_new(run->heap, text, len);
}

mg_value mg_text_answer_part(struct mg_run *run, mg_value *args, size_t offset, size_t len)
{
    if (mg_is_string(args[0]) && len == mg_bytes_len(args[0])) {
        return args[0];
    }
    args = mg_text_reserve(run, args, mg_string_part_words(args[0], len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, len / 256);
    return mg_string_part(run->heap, run->world, args[0], offset, len);
}
