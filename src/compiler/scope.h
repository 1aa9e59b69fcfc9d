/* SPDX-License-Identifier: MIT */
/* What names mean, and where variables live.
 *
 * A variable lives in a register of the code that declares it. A block that is a closure of its
 * own gets a copy of the value when it is made, if the variable cannot change after that; else the
 * variable lives in a cell, which all share (`boxed`). This is decided for each declaration:
 *
 * V1  boxed: captured, and assigned by a closure, or assigned after a capture, where "after" goes
 *     by the order of the text, and round again in a loop expanded in place.
 * V2  A variable declared in a loop body expanded in place is new in each round, so a capture in
 *     one round and an assignment in the next do not count.
 * V3  `free` of each block lists the variables of enclosing scopes used in it, in order of first
 *     use; this holds for blocks expanded in place too, since loops may fall back to a closure.
 *
 * Threads, memory: as the batch.
 */
#ifndef MG_COMPILER_SCOPE_H
#define MG_COMPILER_SCOPE_H

#include "compiler/batch.h"

/* Where code stands. */
struct mg_context {
    struct mg_batch *batch;
    const struct mg_ast_file *file; /* whose namespace and imports count; may be NULL */
    const struct mg_source *source;
    const struct mg_class_entry *class; /* NULL for a script */
    bool class_side;
    bool trait; /* the method is a trait's, compiled into the class */
    bool script;
};

/* Binds every name below `body` and fills the analysis fields of the tree. Reports errors and
 * warnings. May be called again for the same tree in another context. */
void mg_scope_analyse(const struct mg_context *context, struct mg_ast_body *body);

#endif
