/* SPDX-License-Identifier: MIT */
/* Labels of processes: texts for people, that any process may read. They are few, so one table with
 * a lock holds them all.
 *
 * Threads: any. Memory: texts are copied in and out; a label goes with its process.
 */
#ifndef MG_INTERP_LABELS_H
#define MG_INTERP_LABELS_H

#include "base/buf.h"
#include "interp/vm.h"

#define MG_LABEL_MAX 128

/* Sets the label of a process; longer ones are cut at MG_LABEL_MAX - 1 bytes, at a character. */
void mg_labels_put(struct mg_vm *vm, mg_pid pid, const char *text, size_t len);

/* Copies the label out. False when there is none. */
bool mg_labels_get(struct mg_vm *vm, mg_pid pid, char text[MG_LABEL_MAX], size_t *len);

/* Appends what reports call a process: `main process`, `process 17`, `process 17 'label'`. */
void mg_labels_describe(struct mg_vm *vm, mg_pid pid, struct mg_buf *out);

/* Forgets the label of a process that ends. */
void mg_labels_remove(struct mg_vm *vm, mg_pid pid);

void mg_labels_init(struct mg_labels *labels);
void mg_labels_deinit(struct mg_labels *labels);

#endif
