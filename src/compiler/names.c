/* SPDX-License-Identifier: MIT */
/* The table maps bytes to the address of the one struct mg_name. */
#include "compiler/names.h"

#include <string.h>

#include "base/assert.h"

void mg_names_init(struct mg_names *names, struct mg_arena *arena)
{
    names->arena = arena;
    mg_strmap_init(&names->map);
}

void mg_names_deinit(struct mg_names *names)
{
    mg_strmap_deinit(&names->map);
}

const struct mg_name *mg_name(struct mg_names *names, const char *bytes, size_t len)
{
    uint64_t found;
    if (mg_strmap_get(&names->map, bytes, len, &found))
        return (const struct mg_name *)(uintptr_t)found;
    CHECK(len < UINT32_MAX);
    struct mg_name *name = mg_arena_alloc(names->arena, sizeof *name);
    name->text = (struct mg_text){mg_arena_strdup(names->arena, bytes, len), (uint32_t)len};
    mg_strmap_put(&names->map, bytes, len, (uint64_t)(uintptr_t)name);
    return name;
}

const struct mg_name *mg_name_of(struct mg_names *names, const char *text)
{
    return mg_name(names, text, strlen(text));
}

bool mg_name_is(const struct mg_name *name, const char *text)
{
    return name && strcmp(name->text.bytes, text) == 0;
}

uint32_t mg_selector_arity(struct mg_text selector)
{
    uint32_t colons = 0;
    for (uint32_t i = 0; i < selector.len; i++)
        colons += selector.bytes[i] == ':';
    if (colons == 0 && selector.len > 0 && strchr("+-*/\\~<>=@%|&?!,", selector.bytes[0]))
        return 1;
    return colons;
}

bool mg_text_equal(struct mg_text a, struct mg_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

struct mg_text mg_text_of(const char *text)
{
    return (struct mg_text){text, (uint32_t)strlen(text)};
}
