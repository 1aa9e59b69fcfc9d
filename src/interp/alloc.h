/* SPDX-License-Identifier: MIT */
/* What the loop allocates, and the slow paths that go with it: room on the heap and the stack,
 * literals, class variables, the Message of a send that was not understood, the text of a failed
 * primitive.
 *
 * Functions with a window answer its new place, or NULL when the actor's cap is reached. All that
 * may collect take the state from run->fp and leave it there.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_ALLOC_H
#define MG_INTERP_ALLOC_H

#include "interp/frame.h"
#include "interp/vm.h"
#include "object/equal.h"

static inline bool mg_alloc_must_reserve(const struct mg_heap *heap, const mg_value *top,
                                         size_t words)
{
#ifdef MG_STRESS
    (void)heap, (void)top, (void)words;
    return true;
#else
    return top + words + MG_FRAME_MARGIN > heap->alloc;
#endif
}

/* Makes room for words above the margin; everything from the stack's base to top is live. Updates
 * run->fp. */
bool mg_alloc_reserve(struct mg_run *run, mg_value *top, size_t words);

/* Makes room for a frame of nregs registers at window w with argc arguments. */
mg_value *mg_alloc_stack(struct mg_run *run, mg_value *w, uint32_t argc, uint32_t nregs);

/* Puts a Message made of the selector and the window's arguments into w[1]. */
mg_value *mg_alloc_message(struct mg_run *run, mg_value *w, uint32_t selector, uint32_t argc);

/* Puts the exception class of run->error into w[0] and its text into w[1]. */
mg_value *mg_alloc_error(struct mg_run *run, mg_value *w, uint32_t argc);

/* Literal arrays are copied deeply at each evaluation. */
size_t mg_alloc_literal_words(mg_value literal);
mg_value mg_alloc_literal(struct mg_heap *heap, mg_value literal);

/* Class variables of an actor: an Array of id, value pairs, hashed by id; nil when none was
 * assigned. */
mg_value mg_alloc_cvar_get(mg_value table, uint32_t id);
size_t mg_alloc_cvar_words(mg_value table, uint32_t id);
void mg_alloc_cvar_set(struct mg_heap *heap, mg_value *table, uint32_t id, mg_value v);

/* Whether the actor may read the global; otherwise sets run->error (RestrictedGlobal or
 * UndeclaredVariable). */
bool mg_alloc_global_allowed(struct mg_run *run, const struct mg_global *global, mg_value value);

/* A snapshot of the current activation; room for 6 + 64 words was reserved. */
mg_value mg_alloc_context(struct mg_run *run, const struct mg_code *code, const mg_insn *at);

/* Identity of two values. */
static inline bool mg_alloc_identical(mg_value a, mg_value b)
{
    return a == b || (mg_is_pointer(a) && mg_is_pointer(b) && mg_identical(a, b));
}

#endif
