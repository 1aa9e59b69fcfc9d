/* SPDX-License-Identifier: MIT */
/* Audits: walk a whole structure and stop the process if one of its invariants does not hold. The
 * heap's own audit, mg_heap_audit, is declared in heap.h.
 *
 * For tests and the stress profile: the cost grows with everything that is looked at.
 *
 * Threads: the one that owns what is audited. Memory: scratch only.
 */
#ifndef MG_OBJECT_AUDIT_H
#define MG_OBJECT_AUDIT_H

#include "object/fragment.h"

/* Checks what can be seen on one object alone: its format, the size of its body, its raw words
 * (H1..H4, Y1..Y4). */
void mg_object_audit(const struct mg_object *o);

/* Checks a fragment that nobody has adopted: F1, and that its off-heap list has exactly the objects
 * that belong there. `roots` are values that may lead into it. */
void mg_fragment_audit(const struct mg_fragment *fragment, const mg_value *roots, uint32_t count);

#endif
