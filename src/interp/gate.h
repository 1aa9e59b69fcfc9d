/* SPDX-License-Identifier: MIT */
/* Gates: what stands between the holder of an attenuated reference and the process behind it.
 *
 *      a ProcessReference ──> gate ──> gate ──> control block of the process
 *      a Revoker ─────────────^
 *
 * A gate is a control block of its own kind, so that heaps, copies and collections count it like
 * any other; what is behind it stands in no heap, and no primitive answers it. Whoever sends
 * through a ProcessReference passes each gate on the way: a revoked one refuses, and one that only
 * lets mail through refuses everything else.
 *
 * G1  `control` comes first; its pid is a number that no process ever has, so no look-up finds a
 *     gate, and two handles are identical exactly when they are of one gate.
 * G2  target, depth and rights never change. depth is one more than that of a gate behind it, and
 *     at most MG_GATE_DEPTH, so the walk and the release are bounded.
 * G3  Revoking is for ever.
 *
 * Threads: schedulers; a gate is shared by actors. Memory: from block caches, counted by its
 * handles and by the gates before it; it counts its target.
 */
#ifndef MG_INTERP_GATE_H
#define MG_INTERP_GATE_H

#include "interp/process.h"

#define MG_GATE_DEPTH 64

/* What a gate lets through. */
enum mg_gate_right {
    MG_GATE_SEND = 1,    /* messages and requests */
    MG_GATE_CONTROL = 2, /* exits, kills, suspending */
};

struct mg_gate {
    _Alignas(MG_CACHE_LINE) struct mg_control control;
    struct mg_control *target; /* of a process, or of another gate when depth > 1 */
    uint32_t depth;            /* gates from here to the process, this one included */
    uint32_t rights;           /* enum mg_gate_right */
    _Atomic(uint32_t) revoked;
};

_Static_assert(sizeof(struct mg_gate) == 2 * MG_CACHE_LINE, "a block class that is aligned");

static inline bool mg_is_reference(mg_value v)
{
    return mg_is_instance(v, MG_CLASS_PROCESS_REFERENCE);
}

/* The control block of the process that a Process or ProcessReference leads to, for doing what asks
 * for `right`. NULL when a gate on the way refuses; then *why says so. Borrowed. */
struct mg_control *mg_gate_pass_reference(mg_value reference, enum mg_gate_right right,
                                          enum mg_refusal *why);
static inline struct mg_control *mg_gate_pass(mg_value handle, enum mg_gate_right right,
                                              enum mg_refusal *why)
{
    return MG_LIKELY(mg_is_process(handle)) ? mg_process_control(handle)
                                            : mg_gate_pass_reference(handle, right, why);
}

#endif
