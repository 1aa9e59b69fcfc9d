/* SPDX-License-Identifier: MIT */
/* Keys: the values that tables outside all heaps can be searched by, since their equality, hash and
 * order need no Maggie code.
 *
 *      nil < false < true < numbers < characters < symbols < strings < arrays < classes
 *          < processes < tables
 *
 * Numbers by value, symbols and strings by their bytes, arrays element by element (a beginning of
 * another comes before it), the rest by number. An array is a key when its elements are.
 *
 * K1  Equal keys have equal hashes, and mg_key_compare answers 0 for equal keys and no others.
 * K2  All that is done with a key takes bounded time: MG_KEY_ELEMENTS values, MG_KEY_BYTES bytes.
 * K3  Nothing is written into a key that is compared; hashing may note a hash in a string.
 *
 * Threads: comparing, any that may read both; checking and hashing, the thread that owns the value.
 * Memory: none.
 */
#ifndef MG_OBJECT_KEY_H
#define MG_OBJECT_KEY_H

#include "object/object.h"

struct mg_symbols;

#define MG_KEY_ELEMENTS 1024u
#define MG_KEY_BYTES (64u << 10)
#define MG_KEY_DEPTH 8u

enum mg_key_fault {
    MG_KEY_OK,
    MG_KEY_KIND,  /* something in it is not of these kinds */
    MG_KEY_NAN,   /* equals nothing, so it would never be found */
    MG_KEY_LARGE, /* too many elements or bytes, or too deep */
};

/* Whether v can be a key; if so *hash is its hash. */
enum mg_key_fault mg_key_hash(mg_value v, uint64_t *hash);

/* Whether two keys are equal. */
bool mg_key_equal(mg_value a, mg_value b);

/* Below 0, 0 or above 0. Symbols are looked up in `symbols`; NULL: they are ordered by their
 * numbers. */
int mg_key_compare(const struct mg_symbols *symbols, mg_value a, mg_value b);

#endif
