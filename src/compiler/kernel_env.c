/* SPDX-License-Identifier: MIT */
/* The kernel's classes as the compiler asks for them, from the one list there is. */
#include "compiler/kernel_env.h"

#include <string.h>

#include "base/arena.h"
#include "compiler/names.h"

enum kernel_class {
#define MG_KERNEL_CLASS(id, name, super, format, slots) KERNEL_##id,
#include "object/kernel.def"
#undef MG_KERNEL_CLASS
    KERNEL_COUNT,
    KERNEL_NONE = KERNEL_COUNT,
};

static const struct {
    const char *name;
    uint32_t superclass;
    const char *slots;
} classes[] = {
#define MG_KERNEL_CLASS(id, name, super, format, slots) {name, KERNEL_##super, slots},
#include "object/kernel.def"
#undef MG_KERNEL_CLASS
};

/* Splits names separated by single blanks. */
static const struct mg_text *split(struct mg_arena *arena, const char *text, uint32_t *count)
{
    size_t len = strlen(text);
    struct mg_text *names = mg_arena_alloc(arena, (len + 1) * sizeof *names);
    *count = 0;
    while (*text) {
        size_t n = strcspn(text, " ");
        names[(*count)++] = (struct mg_text){mg_arena_strdup(arena, text, n), (uint32_t)n};
        text += n + (text[n] == ' ');
    }
    return names;
}

static bool find_class(void *context, struct mg_arena *arena, struct mg_text name,
                       struct mg_known_class *out)
{
    (void)context;
    for (uint32_t i = 0; i < KERNEL_COUNT; i++) {
        if (!mg_text_equal(mg_text_of(classes[i].name), name))
            continue;
        *out = (struct mg_known_class){.kernel = true};
        if (classes[i].superclass != KERNEL_NONE)
            out->superclass = mg_text_of(classes[classes[i].superclass].name);
        out->slots = split(arena, classes[i].slots, &out->slot_count);
        return true;
    }
    return false;
}

struct mg_compile_env mg_kernel_env(void)
{
    return (struct mg_compile_env){.find_class = find_class};
}
