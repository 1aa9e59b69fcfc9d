/* SPDX-License-Identifier: MIT */
/* What all primitives share: their errors. See prim.h. */
#include "interp/prim.h"

#include "interp/vm.h"
#include "object/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

mg_value mg_prim_fail(struct mg_run *run, uint32_t exception_class, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->error.text, sizeof run->error.text, format, arguments);
    va_end(arguments);
    run->error.class_id = exception_class;
    return MG_PRIM_FAILED;
}

/* A selector as texts show it. */
struct shown {
    char first;
    const char *rest;
    int rest_len;
};
#define SHOWN "%c%.*s"

/* The running primitive's selector. Its last colon is left out: texts write one themselves. So is
 * `prim`: the primitive behind a public method is named after it. */
static struct shown selector_shown(struct mg_run *run)
{
    const struct mg_symbol_entry *entry =
        mg_symbol_entry(run->world->symbols, run->method->selector);
    const char *text = entry->text;
    int len = (int)entry->len;
    if (len > 1 && text[len - 1] == ':') {
        len--;
    }
    if (len > 4 && memcmp(text, "prim", 4) == 0 && text[4] >= 'A' && text[4] <= 'Z') {
        return (struct shown){(char)(text[4] - 'A' + 'a'), text + 5, len - 5};
    }
    return (struct shown){text[0], text + 1, len - 1};
}

const char *mg_run_class_name(struct mg_run *run, mg_value v)
{
    if (v == MG_NIL) {
        return "nil";
    }
    if (mg_is_boolean(v)) {
        return "Boolean";
    }
    const struct mg_world *world = run->world;
    uint32_t id = mg_is_class(v) ? mg_class_value_id(v) : mg_class_of(world, v);
    return mg_world_text(world, mg_world_class(world, id)->name);
}

mg_value mg_prim_type_error(struct mg_run *run, uint32_t index, const char *expected)
{
    struct shown selector = selector_shown(run);
    return mg_prim_fail(run, MG_CLASS_TYPE_ERROR, SHOWN ": argument %u must be %s, got %s",
                        selector.first, selector.rest_len, selector.rest, index, expected,
                        mg_run_class_name(run, run->args[index]));
}

mg_value mg_prim_bounds_error(struct mg_run *run, int64_t index, int64_t size)
{
    struct shown selector = selector_shown(run);
    return mg_prim_fail(run, MG_CLASS_SUBSCRIPT_OUT_OF_BOUNDS,
                        SHOWN ": index %lld is out of bounds for size %lld", selector.first,
                        selector.rest_len, selector.rest, (long long)index, (long long)size);
}

mg_value mg_prim_error(struct mg_run *run, const char *reason)
{
    struct shown selector = selector_shown(run);
    return mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR, SHOWN ": %s", selector.first,
                        selector.rest_len, selector.rest, reason);
}

uint32_t mg_prim_symbol_of(struct mg_run *run, mg_value v)
{
    if (mg_is_symbol(v)) {
        return mg_symbol_id(v);
    }
    if (!mg_is_pointer(v) || mg_object_class(mg_object(v)) != MG_CLASS_STRING) {
        return 0;
    }
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(v, &bytes, &len);
    return mg_symbol_find(run->world->symbols, (const char *)bytes, len);
}
