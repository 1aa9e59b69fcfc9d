/* SPDX-License-Identifier: MIT */
/* Primitives of classes and metaclasses: instances, names, and reflection on slots and methods. */
#include "base/alloc.h"
#include "base/atomic.h"
#include "base/buf.h"
#include "base/vec.h"
#include "interp/boot.h"
#include "interp/prim.h"
#include "object/bytes.h"

#include <stdlib.h>

/* The class that the receiver, a class value, is. */
static const struct mg_class *receiver_class(struct mg_run *run, const mg_value *args)
{
    return mg_world_class(run->world, mg_class_value_id(args[0]));
}

mg_value mg_prim_class_value(struct mg_run *run, uint32_t id)
{
    if (MG_UNLIKELY((run->flags & MG_RUN_RESTRICTED) != 0)) {
        uint32_t name = mg_world_class(run->world, id)->name;
        if (mg_run_is_hidden(run, name)) {
            return mg_prim_fail(run, MG_CLASS_RESTRICTED_GLOBAL,
                                "access to restricted global '%s' (read) from a restricted process",
                                mg_world_text(run->world, name));
        }
    }
    return mg_class_value(id);
}

/* Formats whose instances `new` can make. */
static bool can_instantiate(const struct mg_class *class)
{
    return class->format == MG_FORMAT_SLOTS || class->format == MG_FORMAT_ARRAY ||
           class->format == MG_FORMAT_BYTES;
}

mg_value mg_prim_new(struct mg_run *run, mg_value *args)
{
    const struct mg_class *class = receiver_class(run, args);
    if (MG_UNLIKELY(!can_instantiate(class) || class->instance != MG_NO_CLASS)) {
        return mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR, "new: %s cannot be instantiated",
                            mg_world_text(run->world, class->name));
    }
    uint32_t n = class->slot_count;
    if (class->format != MG_FORMAT_SLOTS) {
        n = class->format == MG_FORMAT_BYTES ? 1 : 0;
    }
    args = mg_run_reserve(run, args, mg_object_span((enum mg_format) class->format, n));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *o = mg_heap_alloc(run->heap, class->id, (enum mg_format) class->format, n);
    for (uint32_t i = 0; i < n; i++) {
        o->words[i] = class->format == MG_FORMAT_BYTES ? 0 : MG_NIL;
    }
    return mg_pointer(o);
}

/* The part of a name behind the last `::`. */
static const char *bare_name(const char *name)
{
    for (const char *p = strstr(name, "::"); p != NULL; p = strstr(name, "::")) {
        name = p + 2;
    }
    return name;
}

static mg_value prim_name(struct mg_run *run, mg_value *args)
{
    const char *name = bare_name(mg_world_text(run->world, receiver_class(run, args)->name));
    return mg_symbol(mg_symbol_intern(run->world->symbols, name, strlen(name)));
}

/* The name of an object's class, also of one that is hidden: a text leads nowhere. */
static mg_value prim_class_name(struct mg_run *run, mg_value *args)
{
    const struct mg_class *class = mg_world_class(run->world, mg_class_of(run->world, args[0]));
    const char *name = bare_name(mg_world_text(run->world, class->name));
    return mg_symbol(mg_symbol_intern(run->world->symbols, name, strlen(name)));
}

static mg_value new_string(struct mg_run *run, mg_value *args, const char *text)
{
    if (text == NULL) {
        return MG_NIL;
    }
    size_t len = strlen(text);
    args = mg_run_reserve(run, args, mg_string_words(len));
    return args == NULL ? MG_PRIM_FAILED : mg_string_new(run->heap, text, len);
}

static mg_value prim_full_name(struct mg_run *run, mg_value *args)
{
    return new_string(run, args, mg_world_text(run->world, receiver_class(run, args)->name));
}

static mg_value prim_superclass(struct mg_run *run, mg_value *args)
{
    uint32_t id = receiver_class(run, args)->superclass;
    return id == MG_NO_CLASS ? MG_NIL : mg_prim_class_value(run, id);
}

static mg_value prim_is_right_below(struct mg_run *run, mg_value *args)
{
    uint32_t id = receiver_class(run, args)->superclass;
    return mg_boolean(id != MG_NO_CLASS && args[1] == mg_class_value(id));
}

/* An Array of symbols, or of classes. */
static mg_value new_list(struct mg_run *run, mg_value *args, const mg_value *values, uint32_t n)
{
    args = mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, n));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    if (n > 0) {
        memcpy(array->words, values, n * sizeof *values);
    }
    return mg_pointer(array);
}

static mg_value slot_names(struct mg_run *run, mg_value *args, uint32_t first, uint32_t count)
{
    const struct mg_class *class = receiver_class(run, args);
    args = mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, count));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, count);
    for (uint32_t i = 0; i < count; i++) {
        array->words[i] = mg_symbol(class->slot_names[first + i]);
    }
    return mg_pointer(array);
}

static mg_value prim_own_slots(struct mg_run *run, mg_value *args)
{
    const struct mg_class *class = receiver_class(run, args);
    return slot_names(run, args, class->slot_count - class->own_slots, class->own_slots);
}

static mg_value prim_all_slots(struct mg_run *run, mg_value *args)
{
    return slot_names(run, args, 0, receiver_class(run, args)->slot_count);
}

/* Values being collected, each with the text that orders it. */
struct names {
    const struct mg_world *world;
    mg_value *values;
    uint32_t count, cap;
};

static void names_add(struct names *names, mg_value v)
{
    names->values = mg_vec_grow(names->values, &names->cap, names->count + 1, sizeof v);
    names->values[names->count++] = v;
}

static void add_selector(const struct mg_method *method, void *context)
{
    names_add(context, mg_symbol(method->selector));
}

static int by_text(const void *a, const void *b, void *context)
{
    const struct mg_world *world = context;
    const mg_value x = *(const mg_value *)a, y = *(const mg_value *)b;
    uint32_t s =
        mg_is_symbol(x) ? mg_symbol_id(x) : mg_world_class(world, mg_class_value_id(x))->name;
    uint32_t t =
        mg_is_symbol(y) ? mg_symbol_id(y) : mg_world_class(world, mg_class_value_id(y))->name;
    return strcmp(mg_world_text(world, s), mg_world_text(world, t));
}

static mg_value sorted_list(struct mg_run *run, mg_value *args, struct names *names)
{
    if (names->count > 1) {
        qsort_r(names->values, names->count, sizeof(mg_value), by_text, run->world);
    }
    mg_run_charge(run, names->count);
    mg_value list = new_list(run, args, names->values, names->count);
    mg_free(names->values);
    return list;
}

static mg_value prim_selectors(struct mg_run *run, mg_value *args)
{
    struct names names = {.world = run->world};
    mg_world_each_method(run->world, mg_class_value_id(args[0]), add_selector, &names);
    return sorted_list(run, args, &names);
}

static mg_value prim_all_classes(struct mg_run *run, mg_value *args)
{
    struct names names = {.world = run->world};
    /* R1 acquire: the classes below the count are complete. Pairs with C2 in
     * mg_world_define_class(). */
    uint32_t count = load_acquire(&run->world->class_count);
    for (uint32_t id = 0; id < count; id++) {
        const struct mg_class *class = mg_world_class(run->world, id);
        if (class->instance == MG_NO_CLASS && !mg_run_is_hidden(run, class->name)) {
            names_add(&names, mg_class_value(id));
        }
    }
    return sorted_list(run, args, &names);
}

static mg_value prim_includes_selector(struct mg_run *run, mg_value *args)
{
    uint32_t selector = mg_prim_symbol_of(run, args[1]);
    uint32_t id = mg_class_value_id(args[0]);
    return mg_boolean(selector != 0 && mg_world_own_method(run->world, id, selector) != NULL);
}

static mg_value prim_can_understand(struct mg_run *run, mg_value *args)
{
    uint32_t selector = mg_prim_symbol_of(run, args[1]);
    uint32_t id = mg_class_value_id(args[0]);
    return mg_boolean(selector != 0 && mg_world_lookup(run->world, id, selector) != NULL);
}

static mg_value prim_inherits_from(struct mg_run *run, mg_value *args)
{
    if (!mg_is_class(args[1]) || args[0] == args[1]) {
        return MG_FALSE;
    }
    return mg_boolean(
        mg_world_inherits(run->world, mg_class_value_id(args[0]), mg_class_value_id(args[1])));
}

static mg_value prim_doc(struct mg_run *run, mg_value *args)
{
    const struct mg_class *class = receiver_class(run, args);
    if (class->instance != MG_NO_CLASS) {
        class = mg_world_class(run->world, class->instance);
    }
    return new_string(run, args, class->doc);
}

static const struct mg_method *method_named(struct mg_run *run, const mg_value *args)
{
    uint32_t selector = mg_prim_symbol_of(run, args[1]);
    return selector == 0 ? NULL : mg_world_lookup(run->world, mg_class_value_id(args[0]), selector);
}

static mg_value prim_method_doc(struct mg_run *run, mg_value *args)
{
    const struct mg_method *method = method_named(run, args);
    return new_string(run, args, method == NULL ? NULL : method->doc);
}

static mg_value prim_method_source(struct mg_run *run, mg_value *args)
{
    const struct mg_method *method = method_named(run, args);
    return new_string(run, args, method == NULL ? NULL : method->source);
}

static mg_value prim_compile(struct mg_run *run, mg_value *args)
{
    if (!mg_is_instance(args[1], MG_CLASS_STRING)) {
        return mg_prim_fail(run, MG_CLASS_ERROR, "compileAndInstall: argument must be a string");
    }
    /* The method would be run by others, who may see what is hidden here. */
    if ((run->flags & MG_RUN_RESTRICTED) != 0) {
        return mg_prim_fail(run, MG_CLASS_RESTRICTED_GLOBAL,
                            "access to restricted global '%s' (write) from a restricted process",
                            mg_world_text(run->world, receiver_class(run, args)->name));
    }
    const uint8_t *text;
    size_t len;
    mg_bytes_of(args[1], &text, &len);
    struct mg_source source = {
        .path = "(compileAndInstall:)", .text = (const char *)text, .len = len};
    struct mg_diags diags;
    uint32_t selector = 0;
    char problem[256] = "";
    mg_diags_init(&diags);
    int error =
        mg_vm_load_method(run->vm, mg_class_value_id(args[0]), &source, &diags, &selector, problem);
    if (error != 0) {
        mg_prim_fail(run, MG_CLASS_ERROR, "compileAndInstall: compile error: %s",
                     diags.first != NULL ? diags.first->message : problem);
    }
    mg_diags_deinit(&diags);
    mg_run_charge(run, len);
    return error != 0 ? MG_PRIM_FAILED : mg_symbol(selector);
}

static mg_value prim_sole_instance(struct mg_run *run, mg_value *args)
{
    const struct mg_class *class = receiver_class(run, args);
    return class->instance == MG_NO_CLASS ? MG_NIL : mg_prim_class_value(run, class->instance);
}

const struct mg_prim_entry mg_prims_class[] = {
    {"Class>>basicNew", mg_prim_new},
    {"Class>>new", mg_prim_new},
    {"Object>>className", prim_class_name},
    {"Class>>name", prim_name},
    {"Class>>fullName", prim_full_name},
    {"Class>>superclass", prim_superclass},
    {"Class>>isRightBelow:", prim_is_right_below},
    {"Class>>instVarNames", prim_own_slots},
    {"Class>>allInstVarNames", prim_all_slots},
    {"Class>>allMethodNames", prim_selectors},
    {"Class>>includesSelector:", prim_includes_selector},
    {"Class>>canUnderstand:", prim_can_understand},
    {"Class>>inheritsFrom:", prim_inherits_from},
    {"Class>>allClasses", prim_all_classes},
    {"Class>>docString", prim_doc},
    {"Class>>methodDocFor:", prim_method_doc},
    {"Class>>methodSourceFor:", prim_method_source},
    {"Class>>compileAndInstall:", prim_compile},
    {"Metaclass>>soleInstance", prim_sole_instance},
    {NULL, NULL},
};
