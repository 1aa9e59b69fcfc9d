/* SPDX-License-Identifier: MIT */
/* Labels of processes: see labels.h. */
#include "interp/labels.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <string.h>

struct label {
    uint32_t len;
    char text[MG_LABEL_MAX];
};

void mg_labels_init(struct mg_labels *labels)
{
    mg_lock_init(&labels->lock, MG_RANK_LEAF);
    mg_map_init(&labels->map);
}

void mg_labels_deinit(struct mg_labels *labels)
{
    uint64_t pid, label;
    for (uint32_t i = 0; mg_map_at(&labels->map, i, &pid, &label); i++) {
        mg_free((void *)(uintptr_t)label);
    }
    mg_map_deinit(&labels->map);
    mg_lock_deinit(&labels->lock);
}

void mg_labels_put(struct mg_vm *vm, mg_pid pid, const char *text, size_t len)
{
    struct label *label = mg_alloc_zero(sizeof *label);
    if (len >= MG_LABEL_MAX) {
        len = MG_LABEL_MAX - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    label->len = (uint32_t)len;
    memcpy(label->text, text, len);
    uint64_t before = 0;
    mg_lock_acquire(&vm->labels.lock);
    (void)mg_map_get(&vm->labels.map, pid, &before);
    mg_map_put(&vm->labels.map, pid, (uint64_t)(uintptr_t)label);
    mg_lock_release(&vm->labels.lock);
    mg_free((void *)(uintptr_t)before);
}

bool mg_labels_get(struct mg_vm *vm, mg_pid pid, char text[MG_LABEL_MAX], size_t *len)
{
    uint64_t found;
    mg_lock_acquire(&vm->labels.lock);
    bool there = mg_map_get(&vm->labels.map, pid, &found);
    if (there) {
        const struct label *label = (const struct label *)(uintptr_t)found;
        memcpy(text, label->text, label->len);
        *len = label->len;
    }
    mg_lock_release(&vm->labels.lock);
    return there;
}

void mg_labels_describe(struct mg_vm *vm, mg_pid pid, struct mg_buf *out)
{
    if (vm->main_pid == pid) {
        mg_buf_puts(out, "main process");
        return;
    }
    char label[MG_LABEL_MAX];
    size_t len;
    mg_buf_printf(out, "process %" PRIu64, pid);
    if (mg_labels_get(vm, pid, label, &len)) {
        mg_buf_printf(out, " '%.*s'", (int)len, label);
    }
}

void mg_labels_remove(struct mg_vm *vm, mg_pid pid)
{
    uint64_t found = 0;
    mg_lock_acquire(&vm->labels.lock);
    (void)mg_map_get(&vm->labels.map, pid, &found);
    (void)mg_map_remove(&vm->labels.map, pid);
    mg_lock_release(&vm->labels.lock);
    mg_free((void *)(uintptr_t)found);
}
