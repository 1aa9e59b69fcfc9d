/* SPDX-License-Identifier: MIT */
/* What the compiler knows while it compiles a batch: the classes and traits of the batch and those
 * that exist, and how names find them.
 *
 *     Person (batch) ── superclass ──> Model (batch) ── superclass ──> Object (existing)
 *
 * C1  A class is complete (superclass, own variables) before any method is compiled.
 * C2  No class is above itself.
 * C3  Texts that go to the unit are interned in its arena (mg_batch_text).
 *
 * Threads, memory: one batch, its caller's thread; everything but the unit dies with the batch's
 * arena.
 */
#ifndef MG_COMPILER_BATCH_H
#define MG_COMPILER_BATCH_H

#include "base/map.h"
#include "compiler/ast.h"
#include "compiler/compile.h"
#include "compiler/diag.h"

struct mg_class_entry {
    const struct mg_name *name; /* full */
    struct mg_class_entry
        *superclass; /* NULL for Object and for a class whose superclass is unknown */
    struct mg_ast_definition *first; /* definition in this batch, or NULL */
    struct mg_class_part *parts;     /* all definitions in this batch, in order */
    const struct mg_name **slots;    /* own */
    uint32_t slot_count;
    const struct mg_name **cvars; /* own, existing ones first */
    uint32_t cvar_count;
    struct mg_strmap
        own[2]; /* instance and class side: selector -> struct mg_ast_method, of the batch;
                              * 1: of an included trait */
    struct mg_trait_use *uses; /* traits included in this batch */
    bool existing;             /* known before the batch */
    bool kernel;
    uint8_t mark; /* of the walk that orders classes */
};

/* One definition of a class; a class may be opened several times. */
struct mg_class_part {
    struct mg_class_part *next;
    struct mg_ast_definition *definition;
};

/* A trait included in a class. */
struct mg_trait_use {
    struct mg_trait_use *next;
    struct mg_trait_entry *trait;
    struct mg_ast_definition *by; /* the part that includes it */
    struct mg_place place;
};

struct mg_trait_entry {
    const struct mg_name *name; /* full */
    struct mg_ast_definition *definition;
};

struct mg_batch {
    const struct mg_compile_env *env;
    const struct mg_compile_options *options;
    struct mg_arena arena;
    struct mg_names names;
    struct mg_diags *diags;
    uint32_t errors_before; /* in diags when the batch began */
    struct mg_unit *unit;
    struct mg_names unit_names; /* texts of the unit */
    struct mg_strmap classes;   /* full name -> struct mg_class_entry; 0: known not to exist */
    struct mg_strmap traits;    /* full name -> struct mg_trait_entry; 0: known not to exist */
    struct mg_ast_file *files;
    struct mg_class_entry **order; /* classes of the batch, superclasses first */
    uint32_t order_count;
    uint32_t order_cap;
    uint32_t code_cap;   /* of unit->codes while it grows */
    uint32_t method_cap; /* of unit->methods */
};

void mg_batch_init(struct mg_batch *batch, const struct mg_compile_env *env,
                   const struct mg_compile_options *options, struct mg_unit *unit,
                   struct mg_diags *diags);
void mg_batch_deinit(struct mg_batch *batch);

/* The text, interned in the unit. */
struct mg_text mg_batch_text(struct mg_batch *batch, struct mg_text text);

/* The index of a path among the unit's files, added if it is not there. */
uint32_t mg_batch_file(struct mg_batch *batch, const char *path);

/* The class or trait with this full name, or NULL. */
struct mg_class_entry *mg_batch_class(struct mg_batch *batch, const struct mg_name *full);
struct mg_trait_entry *mg_batch_trait(struct mg_batch *batch, const struct mg_name *full);

/* The class or trait that a name in a file stands for: tried in the file's namespace, then in its
 * imports, then as it is. NULL if there is none. `file` may be NULL. */
struct mg_class_entry *mg_batch_resolve(struct mg_batch *batch, const struct mg_ast_file *file,
                                        const struct mg_name *name);
struct mg_trait_entry *mg_batch_resolve_trait(struct mg_batch *batch,
                                              const struct mg_ast_file *file,
                                              const struct mg_name *name);

/* Steps over the parsed files: makes the classes and traits of the batch known; then superclasses,
 * variables and method tables. Errors go to the diagnostics. */
void mg_batch_declare(struct mg_batch *batch);

/* Reports a method that the class may not define because the compiler does not always send it. */
void mg_batch_check_special(struct mg_batch *batch, const struct mg_class_entry *class,
                            const struct mg_source *source, const struct mg_ast_method *method);

/* Index of an instance variable of the class among all slots, or -1. */
int64_t mg_class_slot(const struct mg_class_entry *class, const struct mg_name *name);

/* The class at or above `class` that declares the class variable, or NULL. */
const struct mg_class_entry *mg_class_cvar(const struct mg_class_entry *class,
                                           const struct mg_name *name);

/* Whether the class, or one above it, has a method for the selector. */
bool mg_class_understands(struct mg_batch *batch, const struct mg_class_entry *class,
                          bool class_side, const struct mg_name *selector);

/* Whether the class itself defines the selector (in this batch or before). */
bool mg_class_defines(struct mg_batch *batch, const struct mg_class_entry *class, bool class_side,
                      const struct mg_name *selector);

/* Whether the batch has had an error: then nothing is emitted, only checked. */
bool mg_batch_failed(const struct mg_batch *batch);

/* Reports at a place of a source. */
void mg_batch_error(struct mg_batch *batch, const struct mg_source *source, struct mg_place place,
                    uint32_t width, const char *fmt, ...) MG_PRINTF(5, 6);
void mg_batch_warn(struct mg_batch *batch, const struct mg_source *source, struct mg_place place,
                   uint32_t width, const char *fmt, ...) MG_PRINTF(5, 6);

#endif
