/* SPDX-License-Identifier: MIT */
/* Arguments on their way into what actors share, tables and rolls: keys, and words that are copies.
 *
 * Invariant: a word written here belongs to whoever it is given to next (sched/ctab.h).
 */
#ifndef MG_INTERP_WORDS_H
#define MG_INTERP_WORDS_H

#include "interp/process.h"
#include "sched/ctab.h"

#define MG_KEY_KINDS "a number, string, symbol, character, boolean, handle or an Array of these"

/* Sets the error of a key that has the right kind and still cannot be one. */
static inline void mg_key_refuse(struct mg_run *run, enum mg_key_fault fault)
{
    mg_prim_error(run, fault == MG_KEY_NAN ? "NaN cannot be a key, for it equals nothing"
                                           : "the key is too large");
}

/* The word of args[index], copied; false with the error set. */
static inline bool mg_word_of(struct mg_run *run, mg_value *args, uint32_t index, uint64_t *word)
{
    *word = args[index];
    if (!mg_is_pointer(*word)) {
        return true;
    }
    if (!mg_process_measure(run, &args[index], 1)) {
        return false;
    }
    *word = mg_ctab_word_write(run->scheduler, run->copy, args[index]);
    return true;
}

#endif
