/* SPDX-License-Identifier: MIT */
/* Primitives that turn into another send: perform: and its family, and blocks with their arguments
 * in an Array. They rearrange the window and let the loop send from it, so `^`, preemption and
 * waiting work as in a plain send.
 */
#include "interp/elements.h"
#include "interp/frame.h"
#include "interp/prim.h"
#include "object/bytes.h"

/* The symbol id of a selector given as Symbol or String; 0 with the error set otherwise. */
static uint32_t selector_of(struct mg_run *run, mg_value v)
{
    if (mg_is_symbol(v)) {
        return mg_symbol_id(v);
    }
    if (mg_is_instance(v, MG_CLASS_STRING)) {
        const uint8_t *bytes;
        size_t len;
        mg_bytes_of(v, &bytes, &len);
        uint32_t id = mg_symbol_make(run->world->symbols, (const char *)bytes, len);
        if (id == 0) {
            mg_prim_error(run, "the symbol table is full");
        }
        return id;
    }
    mg_prim_type_error(run, 1, "Symbol");
    return 0;
}

static mg_value send(struct mg_run *run, uint32_t selector, uint32_t argc)
{
    uint32_t expected = mg_symbol_entry(run->world->symbols, selector)->argc;
    if (expected != argc) {
        return mg_prim_fail(run, MG_CLASS_WRONG_ARGUMENT_COUNT,
                            "wrong argument count: %s takes %u, got %u",
                            mg_world_text(run->world, selector), expected, argc);
    }
    run->send.selector = selector;
    run->send.argc = argc;
    return MG_PRIM_SEND;
}

static mg_value perform_with(struct mg_run *run, mg_value *args, uint32_t argc)
{
    uint32_t selector = selector_of(run, args[1]);
    if (selector == 0) {
        return MG_PRIM_FAILED;
    }
    mg_value outcome = send(run, selector, argc);
    if (outcome == MG_PRIM_SEND) {
        memmove(args + 1, args + 2, argc * sizeof *args);
    }
    return outcome;
}

static mg_value prim_perform(struct mg_run *run, mg_value *args)
{
    return perform_with(run, args, 0);
}
static mg_value prim_perform_with(struct mg_run *run, mg_value *args)
{
    return perform_with(run, args, 1);
}
static mg_value prim_perform_with2(struct mg_run *run, mg_value *args)
{
    return perform_with(run, args, 2);
}
static mg_value prim_perform_with3(struct mg_run *run, mg_value *args)
{
    return perform_with(run, args, 3);
}

/* Spreads the list args[i] over the window from args[1]. False, with the error set, when it is none
 * or too long. */
static mg_value *spread(struct mg_run *run, mg_value *args, uint32_t i, uint64_t *count)
{
    const mg_value *elements;
    if (!mg_elements_of(run->world, args[i], &elements, count)) {
        mg_prim_error(run, "arguments must be an Array");
        return NULL;
    }
    if (*count > MG_REGISTERS_MAX) {
        mg_prim_error(run, "too many arguments");
        return NULL;
    }
    args = mg_run_reserve(run, args, *count + MG_FRAME_MARGIN);
    if (args == NULL) {
        return NULL;
    }
    mg_elements_of(run->world, args[i], &elements, count);
    memcpy(args + 1, elements, *count * sizeof *args);
    return args;
}

static mg_value prim_perform_arguments(struct mg_run *run, mg_value *args)
{
    uint32_t selector = selector_of(run, args[1]);
    const mg_value *elements;
    uint64_t count;
    if (selector == 0) {
        return MG_PRIM_FAILED;
    }
    if (!mg_elements_of(run->world, args[2], &elements, &count)) {
        return mg_prim_error(run, "arguments must be an Array");
    }
    mg_value outcome = send(run, selector, (uint32_t)count);
    if (outcome == MG_PRIM_SEND && spread(run, args, 2, &count) == NULL) {
        return MG_PRIM_FAILED;
    }
    return outcome;
}

static mg_value prim_value_arguments(struct mg_run *run, mg_value *args)
{
    uint64_t count;
    const mg_value *elements;
    if (!mg_elements_of(run->world, args[1], &elements, &count)) {
        return mg_prim_error(run, "arguments must be an Array");
    }
    const struct mg_code *code = (const struct mg_code *)(uintptr_t)mg_slot(args[0], MG_BLOCK_CODE);
    if (count != code->argc) {
        return mg_prim_fail(run, MG_CLASS_WRONG_ARGUMENT_COUNT,
                            "wrong argument count: the block takes %u, got %llu", code->argc,
                            (unsigned long long)count);
    }
    if (spread(run, args, 1, &count) == NULL) {
        return MG_PRIM_FAILED;
    }
    run->send.selector = MG_SEND_BLOCK;
    run->send.argc = (uint32_t)count;
    return MG_PRIM_SEND;
}

static mg_value prim_num_args(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small(((const struct mg_code *)(uintptr_t)mg_slot(args[0], MG_BLOCK_CODE))->argc);
}

const struct mg_prim_entry mg_prims_block[] = {
    {"Object>>perform:", prim_perform},
    {"Object>>perform:with:", prim_perform_with},
    {"Object>>perform:with:with:", prim_perform_with2},
    {"Object>>perform:with:with:with:", prim_perform_with3},
    {"Object>>perform:withArguments:", prim_perform_arguments},
    {"Block>>valueWithArguments:", prim_value_arguments},
    {"Block>>numArgs", prim_num_args},
    {NULL, NULL},
};
