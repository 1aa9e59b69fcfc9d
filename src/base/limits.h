/* SPDX-License-Identifier: MIT */
/* Every default limit of the runtime, once, with where it comes from and what happens at it.
 *
 * A limit that a user can set has its default here and its setting where the thing is made (spawn,
 * command line). Limits that follow from a layout are checked against that layout by a
 * _Static_assert in the layout's file.
 *
 * Threads: constants. Memory: none.
 */
#ifndef MG_BASE_LIMITS_H
#define MG_BASE_LIMITS_H

#include <stdint.h>

#define MG_KIB (UINT64_C(1) << 10)
#define MG_MIB (UINT64_C(1) << 20)
#define MG_GIB (UINT64_C(1) << 30)

/* -- Actors -- */

/* Messages in one mailbox: more than any program that keeps up has waiting. A send beyond it is
 * refused. */
#define MG_LIMIT_MAILBOX_MESSAGES UINT64_C(100000)

/* Bytes in one mailbox, so that a few large messages are bounded too. A send beyond it is
 * refused. */
#define MG_LIMIT_MAILBOX_BYTES (64 * MG_MIB)

/* The stack of one actor: about 500,000 plain frames. A call beyond it signals StackOverflow in the
 * actor. */
#define MG_LIMIT_STACK_BYTES (64 * MG_MIB)

/* Kept back from the stack so that handlers and clean-up blocks run after an overflow. */
#define MG_LIMIT_STACK_RESERVE (64 * MG_KIB)

/* Heap, stack, mailbox and shared bytes of one actor together. The actor beyond it dies with the
 * reason. */
#define MG_LIMIT_ACTOR_BYTES (2 * MG_GIB)

/* Live actors of one runtime, from the index bits of a pid. A spawn beyond it signals an error. */
#define MG_LIMIT_ACTORS (UINT64_C(1) << 25)

/* Words of one copied message, argument or result: 256 MiB. A larger send signals NotSendable. */
#define MG_LIMIT_COPY_WORDS (32 * MG_MIB)

/* Results kept for dead processes that somebody still holds. The oldest are dropped and answer
 * `expired`. */
#define MG_LIMIT_RESULT_BYTES (256 * MG_MIB)

/* What an actor may do before the next one's turn: about a tenth of a millisecond of sends. */
#define MG_SLICE_REDUCTIONS 2000

/* -- Shared data -- */

/* Tables of one runtime. Making one more signals an error. */
#define MG_LIMIT_TABLES (UINT64_C(1) << 16)

/* Keys, values and index of one table, unless its maker says otherwise. An insertion beyond it
 * signals TableFull. */
#define MG_LIMIT_TABLE_BYTES (2 * MG_GIB)

/* Entries in registries, groups and topics of one runtime together: each is an actor that took part
 * in something. One more is refused. */
#define MG_LIMIT_MEMBERS (UINT64_C(1) << 24)

/* -- Objects -- */

/* Interned symbols, from the index bits of a symbol value. Interning beyond it signals an error. */
#define MG_LIMIT_SYMBOLS (UINT64_C(4) << 20)

/* Bytes of the texts of all symbols. */
#define MG_LIMIT_SYMBOL_TEXTS (128 * MG_MIB)

/* Bytes of one symbol: 255 characters of at most four bytes. Longer names are refused. */
#define MG_LIMIT_SYMBOL_BYTES (255 * 4)

/* Classes, metaclasses counted too, from the class bits of an object header. */
#define MG_LIMIT_CLASSES (UINT64_C(1) << 22)

/* Compiled methods and blocks of one runtime, from the width of a method id. */
#define MG_LIMIT_METHODS (UINT64_C(1) << 24)

/* Slots of one array: 1 GiB. A larger `new:` signals an error. */
#define MG_LIMIT_ARRAY_SLOTS (UINT64_C(1) << 27)

/* Bits of a big integer, which `bitShift:`, `*` and `raisedTo:` could otherwise make fill the
 * memory. */
#define MG_LIMIT_SHIFT_BITS (UINT64_C(1) << 26)

/* -- Code -- */

/* One source file. A larger one is refused before it is read. */
#define MG_LIMIT_SOURCE_BYTES (64 * MG_MIB)

/* Nesting of blocks, parentheses and literals in source: the parser is recursive, and the C stack
 * is not. */
#define MG_LIMIT_NESTING 1000

/* Frames in a printed or recorded stack trace: the newest and the oldest, with the gap said. */
#define MG_LIMIT_TRACE_FRAMES 256

#endif
