/* SPDX-License-Identifier: MIT */
/* The text of a refused copy: see copy_internal.h. */
#include "object/copy_internal.h"

#include <stdio.h>

#include "object/world.h"

/* A longer path is told by its last steps: each is a search through what was reached. */
enum { PATH_NAME_MAX = 88, PATH_STEPS = 6 };

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

/* One step of a path: an object, and which of its words leads on. */
struct step {
    uint64_t header;
    uint64_t index;
};

static uint64_t words_of(const struct mg_copy_item *item)
{
    /* The object's own header has been replaced (I2 of copy.c). */
    uint64_t n = item->header >> MG_HEADER_SLOTS_SHIFT & 0xff;
    return n != MG_SLOTS_IN_FRONT ? n : ((const uint64_t *)item->object)[-1];
}

/* The item by which another was reached: the walk met it before. NULL for a root, and when a
 * forwarder stands between. */
static const struct mg_copy_item *parent_of(const struct mg_copy *copy,
                                            const struct mg_copy_item *child, uint64_t *index)
{
    mg_value v = mg_pointer(child->object);
    for (const struct mg_copy_item *item = copy->items; item < child; item++) {
        if (!(MG_COPY_VALUE_FORMATS >> (item->header >> MG_HEADER_FORMAT_SHIFT & 0x1f) & 1))
            continue;
        uint64_t words = words_of(item);
        for (*index = 0; *index < words; ++*index)
            if (item->object->words[*index] == v)
                return item;
    }
    return NULL;
}

static void step_append(struct mg_copy *copy, size_t *at, const struct step *step,
                        const char *behind)
{
    char where[PATH_NAME_MAX];
    char word[PATH_NAME_MAX / 2];
    class_name(copy->world, (uint32_t)(step->header & MG_HEADER_CLASS_MASK), where, sizeof where);
    word_name(copy->world, step->header, step->index, word, sizeof word);
    int len =
        snprintf(copy->refusal + *at, sizeof copy->refusal - *at, "%s>>%s%s", where, word, behind);
    *at = *at + (size_t)len < sizeof copy->refusal ? *at + (size_t)len : sizeof copy->refusal - 1;
}

void mg_copy_path(struct mg_copy *copy, const struct mg_copy_item *holder, uint64_t index,
                  const struct mg_object *refused)
{
    struct step steps[PATH_STEPS];
    uint32_t count = 0;
    while (holder != NULL && count < PATH_STEPS) {
        steps[count++] = (struct step){.header = holder->header, .index = index};
        holder = parent_of(copy, holder, &index);
    }
    size_t at = 0;
    if (holder != NULL)
        at = (size_t)snprintf(copy->refusal, sizeof copy->refusal, ".., ");
    while (count > 0) {
        count--;
        step_append(copy, &at, &steps[count], count > 0 ? ", " : ": ");
    }
    char what[PATH_NAME_MAX];
    class_name(copy->world, mg_object_class(refused), what, sizeof what);
    snprintf(copy->refusal + at, sizeof copy->refusal - at, "%s cannot be sent", what);
}
