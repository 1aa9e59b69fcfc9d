/* SPDX-License-Identifier: MIT */
/* Code and methods as a node runs them: made by the installer from a unit, immutable once
 * published.
 *
 * M1  Everything but the cache words is written before the method is published and never after.
 * M2  A cache word is `lookup id << 32 | method index`, 0 when empty; it is written with release
 *     and read with acquire, so whoever sees the index sees the method. A stale word can never hit:
 *     lookup ids are not reused.
 *
 * Threads: read by all schedulers. Memory: owned by the world, freed with it (superseded code: by
 * the purge).
 */
#ifndef MG_OBJECT_METHOD_H
#define MG_OBJECT_METHOD_H

#include "object/value.h"

#include <stdatomic.h>

struct mg_run;
struct mg_heap;
struct mg_method;

/* A primitive: see interp/prim.h. The object layer only carries the pointer. */
typedef mg_value (*mg_primitive)(struct mg_run *run, mg_value *args);

/* The short way of a primitive, for the cases that are most frequent: see interp/prim.h. */
typedef mg_value (*mg_leaf)(struct mg_heap *heap, mg_value receiver, mg_value first,
                            mg_value second);

enum mg_code_flag {
    MG_CODE_IS_BLOCK = 1,
    MG_CODE_HAS_HOME = 2,  /* home_reg is used */
    MG_CODE_IS_MARKED = 4, /* mark_kind is not MG_MARK_NONE */
    MG_CODE_IS_SCRIPT = 8,
    MG_CODE_NEEDS_SELF = 16, /* a block of it keeps self; another does without */
};

/* A send site. argc is that of the selector. */
struct mg_code_site {
    uint32_t selector;
    uint32_t argc;
};

/* A position in the source: of instruction `insn` and those after it. */
struct mg_code_line {
    uint32_t insn;
    uint32_t line;
    uint32_t column;
};

/* Where a global's value is found at run time. */
struct mg_global {
    uint32_t name;           /* symbol id of the full name */
    _Atomic(mg_value) value; /* a class, or MG_UNSET; written under the world's lock, read by all */
};

struct mg_code {
    const uint64_t *insns;
    const mg_value *literals;
    _Atomic(uint64_t) *caches; /* one word a site, see M2 */
    const struct mg_code_site *sites;
    struct mg_code *const *children;
    struct mg_global *const *globals;
    const uint32_t *cvars;    /* ids of class variables */
    struct mg_method *method; /* the method this code is of, or is written in */
    uint32_t id;              /* its number in the node's table of codes (interp/vm.h), from 1 */
    uint32_t insn_count;
    uint16_t argc;
    uint16_t nregs;
    uint16_t scratch;
    uint16_t home_reg;
    uint16_t ncaptures;
    uint8_t flags;     /* enum mg_code_flag */
    uint8_t mark_kind; /* enum mg_mark_kind of compiler/unit.h */
    uint32_t landing;
    uint32_t super_class; /* class id at which SENDSUPER starts, 0 for none */
    uint32_t line_count;
    const struct mg_code_line *lines;
    const char *file; /* or NULL */
};

enum mg_method_kind {
    MG_METHOD_KIND_CODE,        /* code only */
    MG_METHOD_KIND_GETTER,      /* its code answers `slot` of self, and may as well not be run */
    MG_METHOD_KIND_LEAF,        /* a primitive with a short way */
    MG_METHOD_KIND_PRIMITIVE,   /* prim; code is the fallback or NULL */
    MG_METHOD_KIND_NEW,         /* a primitive: Class>>new, of which the loop does the usual case */
    MG_METHOD_KIND_BLOCK_VALUE, /* activates the receiver, a block */
};

/* What a send needs stands in the first 64 bytes, and nowhere else. */
struct mg_method {
    struct mg_code *code;
    mg_primitive prim;
    mg_leaf leaf;
    const uint64_t *insns; /* those of the code, if any */
    uint32_t kind;         /* enum mg_method_kind */
    uint32_t argc;
    uint32_t nregs; /* of the code, if any */
    uint32_t slot;
    uint32_t index;       /* in the world's method table */
    uint32_t selector;    /* symbol id */
    uint32_t class_id;    /* that defines it (a metaclass for class methods) */
    const char *category; /* texts may be NULL */
    const char *doc;
    const char *source;
};

#endif
