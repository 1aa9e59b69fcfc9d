/* SPDX-License-Identifier: MIT */
/* The table of all primitives by name (`Array>>at:`), put together from the tables of the prim_*.c
 * files.
 *
 * Threads: built by the one that boots the node, then read-only. Memory: the table borrows the
 * names.
 */
#ifndef MG_INTERP_PRIMTAB_H
#define MG_INTERP_PRIMTAB_H

#include "base/map.h"
#include "interp/prim.h"

/* Fills an initialised, empty map: name -> address of the function. */
void mg_primtab_fill(struct mg_strmap *table);

/* The primitive of this name, or NULL. */
mg_primitive mg_primtab_find(const struct mg_strmap *table, const char *name);

/* The leaf of the primitive of this name, or NULL. */
mg_leaf mg_primtab_leaf(const char *name);

#endif
