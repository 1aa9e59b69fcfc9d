/* SPDX-License-Identifier: MIT */
/* The text of a refused copy: see copy_internal.h. */
#include "object/copy_internal.h"

#include <stdio.h>

#include "object/world.h"

enum { PATH_NAME_MAX = 88 };

static void class_name(const struct mg_world *world, uint32_t id, char *text, size_t size)
{
    if (world)
        snprintf(text, size, "%s", mg_world_text(world, mg_world_class(world, id)->name));
    else
        snprintf(text, size, "class %u", id);
}

/* What a word of the holder is called. */
static void word_name(const struct mg_world *world, uint64_t header, uint64_t index, char *text,
                      size_t size)
{
    enum mg_format format = (enum mg_format)(header >> MG_HEADER_FORMAT_SHIFT & 0x1f);
    if (format == MG_FORMAT_SLOTS && world) {
        const struct mg_class *c = mg_world_class(world, (uint32_t)(header & MG_HEADER_CLASS_MASK));
        if (index < c->slot_count) {
            snprintf(text, size, "%s", mg_world_text(world, c->slot_names[index]));
            return;
        }
    }
    uint64_t number = index + 1;
    if (format == MG_FORMAT_BLOCK)
        number = index == MG_BLOCK_SELF ? 0 : index - MG_BLOCK_CAPTURES + 1;
    snprintf(text, size, "%llu", (unsigned long long)number);
}

void mg_copy_path(struct mg_copy *copy, const struct mg_copy_item *holder, uint64_t index,
                  const struct mg_object *refused)
{
    char what[PATH_NAME_MAX];
    class_name(copy->world, mg_object_class(refused), what, sizeof what);
    if (!holder) {
        snprintf(copy->refusal, sizeof copy->refusal, "%s cannot be sent", what);
        return;
    }
    /* The object's own header has been replaced (I2 of copy.c). */
    uint64_t header = holder->header;
    char where[PATH_NAME_MAX];
    char word[PATH_NAME_MAX / 2];
    class_name(copy->world, (uint32_t)(header & MG_HEADER_CLASS_MASK), where, sizeof where);
    word_name(copy->world, header, index, word, sizeof word);
    snprintf(copy->refusal, sizeof copy->refusal, "%s>>%s: %s cannot be sent", where, word, what);
}
