/* SPDX-License-Identifier: MIT */
/* Primitives that every object understands: identity, class, copying, slots by number, become:. */
#include "interp/frame.h"
#include "interp/prim.h"

#include "object/bytes.h"
#include "object/equal.h"

static mg_value prim_same(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_identical(args[0], args[1]));
}

static mg_value prim_class(struct mg_run *run, mg_value *args)
{
    return mg_prim_class_value(run, mg_class_of(run->world, args[0]));
}

static mg_value prim_identity_hash(struct mg_run *run, mg_value *args)
{
    int64_t hash;
    if (mg_equal_hash(args[0], &hash)) {
        return mg_small(hash);
    }
    return mg_small(mg_run_identity_hash(run, mg_object(args[0])));
}

static mg_value prim_is_kind_of(struct mg_run *run, mg_value *args)
{
    if (!mg_is_class(args[1])) {
        return MG_FALSE;
    }
    uint32_t class_id = mg_class_of(run->world, args[0]);
    return mg_boolean(mg_world_inherits(run->world, class_id, mg_class_value_id(args[1])));
}

static mg_value prim_responds_to(struct mg_run *run, mg_value *args)
{
    uint32_t selector = mg_prim_symbol_of(run, args[1]);
    return mg_boolean(selector != 0 && mg_world_lookup(run->world, mg_class_of(run->world, args[0]),
                                                       selector) != NULL);
}

static mg_value prim_shallow_copy(struct mg_run *run, mg_value *args)
{
    if (!mg_is_pointer(args[0])) {
        return args[0];
    }
    struct mg_object *o = mg_object(args[0]);
    enum mg_format format = mg_object_format(o);
    if (format != MG_FORMAT_SLOTS && format != MG_FORMAT_ARRAY && format != MG_FORMAT_BYTES) {
        return args[0];
    }
    uint64_t n = mg_object_words(o);
    args = mg_run_reserve(run, args, mg_object_span(format, n));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    o = mg_object(args[0]);
    struct mg_object *copy = mg_heap_alloc(run->heap, mg_object_class(o), format, n);
    memcpy(copy->words, o->words, n * sizeof(mg_value));
    mg_run_charge(run, n / 64);
    return mg_pointer(copy);
}

/* Named slots of a value: none for anything but SLOTS. */
static uint64_t named_slots(mg_value v)
{
    return mg_has_format(v, MG_FORMAT_SLOTS) ? mg_object_words(mg_object(v)) : 0;
}

static mg_value prim_slot_at(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t i = mg_small_value(args[1]);
    uint64_t n = named_slots(args[0]);
    if (i < 1 || (uint64_t)i > n) {
        return mg_prim_bounds_error(run, i, (int64_t)n);
    }
    return mg_slot(args[0], (uint32_t)i - 1);
}

static bool is_mail(const struct mg_run *run, mg_value v)
{
    uint32_t class = mg_object_class(mg_object(v));
    return class == MG_CLASS_MAILBOX_MESSAGE ||
           mg_world_inherits(run->world, class, MG_CLASS_MAILBOX_MESSAGE);
}

static mg_value prim_slot_at_put(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t i = mg_small_value(args[1]);
    uint64_t n = named_slots(args[0]);
    if (i < 1 || (uint64_t)i > n) {
        return mg_prim_bounds_error(run, i, (int64_t)n);
    }
    /* Sender and address of the reply are numbers: whoever could write them could reach anybody. */
    if (is_mail(run, args[0])) {
        return mg_prim_error(run, "a MailboxMessage cannot be changed");
    }
    mg_store(run->heap, mg_object(args[0]), (uint64_t)i - 1, args[2]);
    return args[2];
}

static mg_value prim_slot_count(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small((int64_t)named_slots(args[0]));
}

static bool can_become(mg_value v)
{
    if (!mg_is_pointer(v) || (mg_object(v)->header & MG_GC_SHARED) != 0) {
        return false;
    }
    enum mg_format format = mg_object_format(mg_object(v));
    return format == MG_FORMAT_SLOTS || format == MG_FORMAT_ARRAY;
}

static mg_value become(struct mg_run *run, mg_value *args, bool two_way)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (!can_become(args[i])) {
            return mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR, "%s: cannot become: %s",
                                two_way ? "become" : "becomeForward",
                                mg_run_class_name(run, args[i]));
        }
    }
    args = mg_run_become(run, args, two_way);
    return args == NULL ? MG_PRIM_FAILED : args[0];
}

static mg_value prim_become(struct mg_run *run, mg_value *args)
{
    return become(run, args, true);
}

static mg_value prim_become_forward(struct mg_run *run, mg_value *args)
{
    return become(run, args, false);
}

/* The selector of the method whose activation called the one that calls this. */
static mg_value prim_caller_selector(struct mg_run *run, mg_value *args)
{
    (void)args;
    const mg_value *fp = run->fp;
    uint32_t distance = mg_frame_distance(fp);
    const struct mg_code *code = distance == 0 ? NULL : mg_frame_code(fp - distance);
    return code == NULL || code->method == NULL ? MG_NIL : mg_symbol(code->method->selector);
}

const struct mg_prim_entry mg_prims_object[] = {
    {"Object>>==", prim_same},
    {"Object>>class", prim_class},
    {"Object>>hash", prim_identity_hash},
    {"Object>>identityHash", prim_identity_hash},
    {"Object>>isKindOf:", prim_is_kind_of},
    {"Object>>respondsTo:", prim_responds_to},
    {"Object>>shallowCopy", prim_shallow_copy},
    {"Object>>instVarAt:", prim_slot_at},
    {"Object>>instVarAt:put:", prim_slot_at_put},
    {"Object>>instVarSize", prim_slot_count},
    {"Object>>become:", prim_become},
    {"Object>>becomeForward:", prim_become_forward},
    {"Object>>primCallerSelector", prim_caller_selector},
    {NULL, NULL},
};
