/* SPDX-License-Identifier: MIT */
/* What the interpreter of a node knows (struct mg_vm, one a node, constant after boot, but for the
 * exit status) and what it keeps for each scheduler (struct mg_interp: the run context, scratch for
 * copies, the look-up cache).
 *
 * Threads: struct mg_vm is read by all; a struct mg_interp belongs to its scheduler's thread.
 */
#ifndef MG_INTERP_VM_H
#define MG_INTERP_VM_H

#include "base/lock.h"
#include "base/map.h"
#include "compiler/compile.h"
#include "interp/prim.h"
#include "object/copy.h"
#include "sched/sched.h"

#include <stdatomic.h>

/* Selectors and other names that C code needs, with the well-known numbers of arguments. */
#define MG_KNOWN_SELECTORS(X)          \
    X(ADD, "+", 1)                     \
    X(SUB, "-", 1)                     \
    X(MUL, "*", 1)                     \
    X(DIV, "/", 1)                     \
    X(FLOORDIV, "//", 1)               \
    X(MOD, "\\\\", 1)                  \
    X(BITAND, "bitAnd:", 1)            \
    X(LT, "<", 1)                      \
    X(LE, "<=", 1)                     \
    X(GT, ">", 1)                      \
    X(GE, ">=", 1)                     \
    X(EQ, "=", 1)                      \
    X(NE, "~=", 1)                     \
    X(AT, "at:", 1)                    \
    X(ATPUT, "at:put:", 2)             \
    X(SIZE, "size", 0)                 \
    X(NOT, "not", 0)                   \
    X(VALUE, "value", 0)               \
    X(SELECTOR, "selector", 0)         \
    X(SIGNAL, "signal:", 1)            \
    X(DNU, "doesNotUnderstand:", 1)    \
    X(PROCESS_DOWN, "processDown:", 1) \
    X(EXIT, "exit", 0)

enum mg_known_selector {
#define X(name, text, argc) MG_SEL_##name,
    MG_KNOWN_SELECTORS(X)
#undef X
        MG_SEL_COUNT
};

/* See labels.h. */
struct mg_labels {
    struct mg_lock lock;
    struct mg_map map; /* pid -> label */
};

/* The traits of one batch of sources. */
struct mg_trait_batch {
    struct mg_traits traits;
    struct mg_trait_batch *older;
};

struct mg_vm {
    struct mg_world *world;
    uint32_t selectors[MG_SEL_COUNT];
    struct mg_code
        *interrupt; /* R0 class, R1 text: signals it, then resumes what was interrupted */
    _Atomic(struct mg_code *)
        *codes; /* by id; reserved at its greatest size, entries published with release */
    _Atomic(uint32_t) code_count;
    uint32_t library_codes; /* those with ids up to this one are the library's */
    struct mg_labels labels;
    struct mg_trait_batch *traits; /* of all batches loaded so far, newest first; under load_lock */
    struct mg_lock load_lock;      /* one batch at a time */
    struct mg_strmap primitives;   /* by name, see primtab.h */
    const char *const *arguments;  /* of the program */
    uint32_t argument_count;
    _Atomic(int) exit_status;  /* of the process: -1 until the program says; any scheduler writes */
    _Atomic(uint32_t) sandbox; /* policy of `Sandbox run:`, 0: none; any scheduler */
    mg_pid main_pid;           /* of the program's main process */
    uint32_t refusals[MG_REFUSALS];    /* symbol ids of why a send is refused */
    const struct mg_code *test_script; /* statements that are a test (prim_test.c); NULL: none */
    uint32_t reasons[MG_REASON_COUNT]; /* symbol ids of the runtime's exit reasons */
    void *owner;                       /* the embedding program's */
};

#define MG_VM_CODES_MAX ((uint32_t)1 << 24)

/* The code with this id, or NULL when no code has it. Any thread. */
const struct mg_code *mg_vm_code(const struct mg_vm *vm, uint32_t id);

#define MG_LOOKUP_CACHE_SIZE 4096

struct mg_lookup_entry {
    uint64_t key; /* lookup id << 32 | selector; 0 when empty */
    struct mg_method *method;
};

/* What at: or at:put: last came to by an instruction: the leaf, right for this lookup id (L1). */
struct mg_leaf_hint {
    uint32_t lookup_id; /* 0: none */
    mg_leaf leaf;
};

struct mg_interp {
    struct mg_run run;
    struct mg_copy copy;
    struct mg_leaf_hint at, at_put; /* of the instructions of these messages */
    struct mg_lookup_entry cache[MG_LOOKUP_CACHE_SIZE];
};

#endif
