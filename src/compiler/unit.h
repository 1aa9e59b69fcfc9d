/* SPDX-License-Identifier: MIT */
/* The compiled form of a batch of source files: what the compiler makes, the archive holds, the
 * verifier checks and the installer (interp/install.c) turns into classes and methods of a node. It
 * knows names only, no ids of a node, so it means the same everywhere.
 *
 *     unit ── classes ── traits have been copied into them
 *          ── methods ── each with one code
 *          ── codes   ── instructions, literals, send sites, names, child blocks by index
 *          ── script  ── index of the code of the top-level statements, or MG_UNIT_NONE
 *
 * U1  Every index in a unit is below the length of what it points into; children of a code have
 *     higher indices than the code itself (so no cycle is possible).
 * U2  The same source gives the same bytes (mg_unit_write).
 * U3  Nothing that mg_unit_read answers has been verified: call mg_verify_unit before installing.
 *
 * Threads: a unit belongs to one thread. Memory: everything lives in the unit's arena and dies with
 * it.
 */
#ifndef MG_COMPILER_UNIT_H
#define MG_COMPILER_UNIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "compiler/opcode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MG_UNIT_NONE UINT32_MAX

/* Bytes with a length; not terminated unless made by the arena's strdup (the compiler always does
 * so). */
struct mg_text {
    const char *bytes;
    uint32_t len;
};

enum mg_literal_kind {
    MG_LITERAL_NIL,
    MG_LITERAL_TRUE,
    MG_LITERAL_FALSE,
    MG_LITERAL_INTEGER,   /* number */
    MG_LITERAL_BIG,       /* text: optional '-', then decimal digits */
    MG_LITERAL_FLOAT,     /* real */
    MG_LITERAL_CHARACTER, /* number: code point */
    MG_LITERAL_STRING,    /* text: UTF-8 */
    MG_LITERAL_SYMBOL,    /* text */
    MG_LITERAL_BYTES,     /* text: the bytes of a ByteArray */
    MG_LITERAL_ARRAY,     /* items, count: nested literals */
    MG_LITERAL_KIND_COUNT
};

struct mg_literal {
    enum mg_literal_kind kind;
    union {
        int64_t number;
        double real;
        struct mg_text text;
        struct {
            struct mg_literal *items;
            uint32_t count;
        } array;
    } as;
};

/* One place that sends: the selector, and how many arguments it takes. */
struct mg_site {
    struct mg_text selector;
    uint32_t argc;
};

/* A reference to a class variable: the full name of the class that declares it, and its own
 * name. */
struct mg_cvar_ref {
    struct mg_text class_name;
    struct mg_text name;
};

/* Where instruction `insn` and those after it (up to the next entry) come from. Lines and columns
 * count from 1. */
struct mg_line {
    uint32_t insn;
    uint32_t line;
    uint32_t column;
};

enum mg_code_kind { MG_CODE_METHOD, MG_CODE_BLOCK, MG_CODE_SCRIPT };

/* What a frame of this code is to the unwinder. Marked codes have fixed shapes, checked by the
 * verifier:
 *
 *   ENSURE   MARK m; R := R0 value; UNMARK m; R1 value; RET R;  landing: R1 value; UNWIND m
 *   CURTAIL  MARK m; R := R0 value; UNMARK m; RET R;            landing: R1 value; UNWIND m
 *   HANDLER  MARK m; R := R0 value; UNMARK m; RET R             (no landing; R1 class, R2 block)
 *   BARRIER  MARK m; R := R1 cull: R0; UNMARK m; RET R          (no landing; R2 token)
 *
 * m = argc + 1, and R[m..m+3] are used by nothing else. R is m + 4. */
enum mg_mark_kind {
    MG_MARK_NONE,
    MG_MARK_ENSURE,
    MG_MARK_CURTAIL,
    MG_MARK_HANDLER,
    MG_MARK_BARRIER
};

struct mg_unit_code {
    enum mg_code_kind kind;
    uint32_t argc;
    uint32_t nregs;     /* all registers, including windows */
    uint32_t scratch;   /* window for (send) instructions: nregs + 3, above the frame */
    uint32_t home_reg;  /* register that HOME fills, or MG_UNIT_NONE: no ^ in a block here */
    uint32_t ncaptures; /* blocks only */
    uint32_t
        slots_used; /* 1 + highest slot index of self used here or in child blocks; 0 if none */
    enum mg_mark_kind mark;
    uint32_t landing; /* instruction index, or MG_UNIT_NONE */
    uint32_t file;    /* index into unit->files, or MG_UNIT_NONE */
    bool needs_self;  /* set by mg_verify_unit: something reads R0 here or in a child block */
    mg_insn *insns;
    uint32_t insn_count;
    struct mg_literal *literals;
    uint32_t literal_count;
    struct mg_site *sites;
    uint32_t site_count;
    struct mg_text
        *globals; /* full names, resolved by §5.2 where the compiler could; else the bare text */
    uint32_t global_count;
    struct mg_cvar_ref *cvars;
    uint32_t cvar_count;
    uint32_t *children; /* indices of the codes of blocks written in this one */
    uint32_t child_count;
    struct mg_line *lines;
    uint32_t line_count;
};

enum mg_method_flags {
    MG_METHOD_CLASS_SIDE = 1,
    MG_METHOD_PRIMITIVE = 2, /* code starts with PRIMITIVE, or has no code (code == MG_UNIT_NONE) */
    MG_METHOD_BLOCK_VALUE = 4, /* body <blockValue>: activates the receiver block; no code */
};

struct mg_unit_method {
    struct mg_text class_name; /* full name */
    struct mg_text selector;
    struct mg_text category; /* empty if none */
    struct mg_text doc;      /* empty if none */
    struct mg_text source; /* the text of the method, without the `method:` keyword; may be empty */
    uint32_t argc;
    uint32_t flags; /* enum mg_method_flags */
    uint32_t code;  /* index, or MG_UNIT_NONE */
};

struct mg_unit_class {
    struct mg_text name;       /* full name */
    struct mg_text superclass; /* full name; empty for Object */
    struct mg_text doc;
    struct mg_text *slots; /* own instance variables; inherited ones are not listed */
    uint32_t slot_count;
    struct mg_text *cvars;
    uint32_t cvar_count;
    bool reopens; /* the class existed before this batch */
};

struct mg_unit {
    struct mg_arena arena;
    struct mg_unit_class *classes; /* superclasses first */
    uint32_t class_count;
    struct mg_unit_method *methods;
    uint32_t method_count;
    struct mg_unit_code *codes;
    uint32_t code_count;
    struct mg_text *files;
    uint32_t file_count;
    uint32_t script; /* index of the code of the top-level statements, or MG_UNIT_NONE */
};

/* An empty unit. Release with mg_unit_deinit, whether or not anything was put into it. */
void mg_unit_init(struct mg_unit *unit);
void mg_unit_deinit(struct mg_unit *unit);

/* Appends the archive form of the unit to `out`. */
void mg_unit_write(const struct mg_unit *unit, struct mg_buf *out);

/* Reads an archive into an initialised, empty unit. The texts point into `bytes`, which must
 * outlive the unit. Any bytes are safe to give: answers MG_EFORMAT or MG_ELIMIT when they are no
 * archive. */
MG_MUST_CHECK int mg_unit_read(struct mg_unit *unit, const void *bytes, size_t len);

/* The same when something else follows: *used is where the unit ends. */
MG_MUST_CHECK int mg_unit_read_prefix(struct mg_unit *unit, const void *bytes, size_t len,
                                      size_t *used);

#endif
