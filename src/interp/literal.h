/* SPDX-License-Identifier: MIT */
/* Literals of code as values: immediates, or SHARED objects in the world's memory, immutable and
 * never freed before it. */
#ifndef MG_INTERP_LITERAL_H
#define MG_INTERP_LITERAL_H

#include "compiler/unit.h"
#include "object/world.h"

/* The value of a literal. Any thread. Memory: the world's. */
mg_value mg_literal_publish(struct mg_world *world, const struct mg_literal *literal);

#endif
