/* SPDX-License-Identifier: MIT */
/* The compiler's face: source files of a batch to a unit, with diagnostics.
 *
 * Two steps over the whole batch, so that definitions may refer to each other in any order: first
 * the skeletons (classes, superclasses, variables, traits), then all methods and statements.
 * Nothing is installed; a batch with an error makes no unit.
 *
 * What exists already (the kernel, the library, what was loaded before) is asked for through struct
 * mg_compile_env, so that this layer knows no running node. kernel_env.h has the environment in
 * which the library itself is compiled.
 *
 * Threads: a compilation belongs to its caller's thread; the environment's functions are called on
 * it. Memory: a unit owns all its texts; sources may be freed when the diagnostics have been
 * printed.
 */
#ifndef MG_COMPILER_COMPILE_H
#define MG_COMPILER_COMPILE_H

#include "base/compiler.h"
#include "compiler/diag.h"
#include "compiler/source.h"
#include "compiler/unit.h"

/* A class that exists before the batch. Only its own variables are listed. */
struct mg_known_class {
    struct mg_text superclass; /* full name; empty for Object */
    const struct mg_text *slots;
    uint32_t slot_count;
    const struct mg_text *cvars;
    uint32_t cvar_count;
    bool kernel; /* one of kernel.def */
};

/* A trait as it is kept for later batches: its source, and how names in it are resolved. Traits are
 * compiled into each class that includes them. */
struct mg_trait {
    struct mg_text name; /* full name */
    struct mg_text text; /* the whole definition */
    struct mg_text file;
    uint32_t line;        /* of its first line */
    struct mg_text space; /* its namespace; empty for none */
    const struct mg_text *imports;
    uint32_t import_count;
};

/* The traits that a batch defines. */
struct mg_traits {
    struct mg_arena arena;
    struct mg_trait *items;
    uint32_t count;
};

/* What exists. Names are full names. What a function writes must stay until the compilation ends;
 * `arena` is room for it; what find_trait writes must stay until the diagnostics are printed. */
struct mg_compile_env {
    void *context;
    bool (*find_class)(void *context, struct mg_arena *arena, struct mg_text name,
                       struct mg_known_class *out);
    /* Whether the class, or with `inherited` one above it, has a method for the selector. */
    bool (*has_method)(void *context, struct mg_text class_name, bool class_side,
                       struct mg_text selector, bool inherited);
    bool (*find_trait)(void *context, struct mg_arena *arena, struct mg_text name,
                       struct mg_trait *out);
};

struct mg_compile_options {
    bool library; /* the library: may use <ensure> and the like and define special selectors */
};

/* Compiles a batch into `unit`, which is initialised and empty. The traits of the batch go to
 * `traits` (initialised by mg_traits_init), unless that is NULL. MG_ESYNTAX when there were errors;
 * the unit is then empty. Warnings alone are no failure. */
MG_MUST_CHECK int mg_compile_batch(const struct mg_compile_env *env,
                                   const struct mg_compile_options *options,
                                   const struct mg_source *sources, uint32_t count,
                                   struct mg_unit *unit, struct mg_traits *traits,
                                   struct mg_diags *diags);

/* Compiles one method of an existing class: `pattern body` or `method: pattern [ body ]`. */
MG_MUST_CHECK int mg_compile_method(const struct mg_compile_env *env,
                                    const struct mg_compile_options *options,
                                    struct mg_text class_name, bool class_side,
                                    const struct mg_source *source, struct mg_unit *unit,
                                    struct mg_diags *diags);

void mg_traits_init(struct mg_traits *traits);
void mg_traits_deinit(struct mg_traits *traits);

/* The trait of that full name, or NULL. */
const struct mg_trait *mg_traits_find(const struct mg_traits *traits, struct mg_text name);

/* Appends the archive form. The library's archive is a unit (mg_unit_write) and, behind it, its
 * traits. */
void mg_traits_write(const struct mg_traits *traits, struct mg_buf *out);

/* Reads what mg_traits_write wrote, from `bytes`, which must outlive the traits. MG_EFORMAT when it
 * is nothing such; any bytes are safe. */
MG_MUST_CHECK int mg_traits_read(struct mg_traits *traits, const void *bytes, size_t len);

#endif
