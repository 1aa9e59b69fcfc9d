/* SPDX-License-Identifier: MIT */
/* Selective receive with a block that only asks for the selector, `[:m | m selector == #answer]`,
 * needs no block at all: the messages that cannot match are passed over in C, two or three
 * nanoseconds each. What the block is is read off its code; whatever has another shape is evaluated
 * as usual.
 *
 * M1  The short cut says "cannot match" only when the block would answer false: the shape is exact,
 *     and MailboxMessage's own `selector` has not been replaced.
 *
 * Threads: the one that runs the actor.
 */
#ifndef MG_INTERP_MATCH_H
#define MG_INTERP_MATCH_H

#include "interp/vm.h"

/* Symbol id of the only selector that the block can match, or 0 when that cannot be told. */
uint32_t mg_match_selector(const struct mg_run *run, mg_value block);

#endif
