/* SPDX-License-Identifier: MIT */
/* Labels of processes: kept, replaced, cut at a character, and gone with their process. */
#include "interp/labels.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "support/unit.h"

static struct mg_vm *vm_new(void)
{
    struct mg_vm *vm = mg_alloc_zero(sizeof *vm);
    mg_labels_init(&vm->labels);
    return vm;
}

static void vm_free(struct mg_vm *vm)
{
    mg_labels_deinit(&vm->labels);
    mg_free(vm);
}

static void check_label(struct mg_vm *vm, mg_pid pid, const char *expected)
{
    char text[MG_LABEL_MAX];
    size_t len = 0;
    bool there = mg_labels_get(vm, pid, text, &len);
    ck_assert_int_eq(there, expected != NULL);
    if (there) {
        ck_assert_uint_eq(len, strlen(expected));
        ck_assert_mem_eq(text, expected, len);
    }
}

/* Put, replace, remove; what is not there can be removed as well. */
UNIT_CASE(put_and_remove)
{
    struct mg_vm *vm = vm_new();
    check_label(vm, 1, NULL);
    mg_labels_put(vm, 1, "one", 3);
    mg_labels_put(vm, 2, "", 0);
    check_label(vm, 1, "one");
    check_label(vm, 2, "");
    mg_labels_put(vm, 1, "uno", 3);
    check_label(vm, 1, "uno");
    mg_labels_remove(vm, 1);
    mg_labels_remove(vm, 1);
    check_label(vm, 1, NULL);
    check_label(vm, 2, "");
    vm_free(vm);
}

/* Longer labels are cut, and never in the middle of a character. */
UNIT_CASE(cut)
{
    struct mg_vm *vm = vm_new();
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t c = 0; c < MG_ARRAY_LEN(characters); c++) {
        size_t width = strlen(characters[c]);
        for (size_t lead = 0; lead < 4; lead++) {
            char text[4 + 4 * MG_LABEL_MAX] = "xxxx", expected[sizeof text] = "";
            size_t len = lead;
            for (size_t i = 0; i < MG_LABEL_MAX; i++, len += width)
                memcpy(text + len, characters[c], width);
            size_t kept = lead + (MG_LABEL_MAX - 1 - lead) / width * width;
            memcpy(expected, text, kept);
            mg_labels_put(vm, 7, text, len);
            check_label(vm, 7, expected);
        }
    }
    vm_free(vm);
}

/* Thousands of processes come and go. */
UNIT_CASE(many)
{
    struct mg_vm *vm = vm_new();
    char text[16];
    for (mg_pid pid = 1; pid <= 3000; pid++) {
        int n = snprintf(text, sizeof text, "p%u", (unsigned)pid);
        mg_labels_put(vm, pid << 20, text, (size_t)n);
        if (pid > 10)
            mg_labels_remove(vm, (pid - 10) << 20);
    }
    check_label(vm, (mg_pid)2990 << 20, NULL);
    check_label(vm, (mg_pid)2991 << 20, "p2991");
    check_label(vm, (mg_pid)3000 << 20, "p3000");
    vm_free(vm);
}

UNIT_MAIN("interp/labels", put_and_remove, cut, many)
