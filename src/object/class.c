/* SPDX-License-Identifier: MIT */
/* Building method dictionaries. See class.h.
 *
 * Threads and memory: class.h.
 */
#include "object/class.h"

#include "base/alloc.h"

/* Room for `count` methods at most: one block of header, slots and order. */
static struct mg_method_dict *dict_new(uint32_t count)
{
    uint32_t slots = 4;
    while (slots / 2 < count) {
        slots *= 2;
    }
    size_t head = sizeof(struct mg_method_dict) + slots * sizeof(uint64_t);
    struct mg_method_dict *dict = mg_alloc_zero(head + count * sizeof(struct mg_method *));
    dict->mask = slots - 1;
    dict->order = (struct mg_method **)((char *)dict + head);
    return dict;
}

static void dict_put(struct mg_method_dict *dict, struct mg_method *method)
{
    uint32_t i = method->selector & dict->mask;
    for (; dict->slots[i] != 0; i = (i + 1) & dict->mask) {
        if (dict->slots[i] >> 32 == method->selector) {
            dict->order[(uint32_t)dict->slots[i]] = method;
            return;
        }
    }
    dict->slots[i] = (uint64_t)method->selector << 32 | dict->count;
    dict->order[dict->count++] = method;
}

struct mg_method_dict *mg_method_dict_with(const struct mg_method_dict *old,
                                           struct mg_method **methods, uint32_t count)
{
    uint32_t before = old != NULL ? old->count : 0;
    struct mg_method_dict *dict = dict_new(before + count);
    for (uint32_t i = 0; i < before; i++) {
        dict_put(dict, old->order[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(methods[i]->selector != 0);
        dict_put(dict, methods[i]);
    }
    AUDIT(mg_method_dict_audit(dict));
    return dict;
}

void mg_method_dict_audit(const struct mg_method_dict *dict)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i <= dict->mask; i++) {
        taken += dict->slots[i] != 0;
    }
    CHECK(taken == dict->count);          /* L1 */
    CHECK(taken <= (dict->mask + 1) / 2); /* L2 */
    for (uint32_t i = 0; i < dict->count; i++) {
        CHECK(mg_method_dict_find(dict, dict->order[i]->selector) == dict->order[i]);
    }
}
