/* SPDX-License-Identifier: MIT */
/* The installer: makes the classes and methods of a verified unit part of a node's world. Names
 * become ids here, and nowhere else; primitives are bound here.
 *
 * I1  A unit is installed wholly or not at all, as far as methods go: they are published together.
 * I2  Literals become SHARED objects that live as long as the world.
 *
 * Threads: any, one at a time a world (mg_world_install takes the lock). Memory: everything made
 * belongs to the world; the unit may be freed afterwards.
 */
#ifndef MG_INTERP_INSTALL_H
#define MG_INTERP_INSTALL_H

#include "base/compiler.h"
#include "compiler/unit.h"
#include "interp/vm.h"

struct mg_install {
    struct mg_code *script; /* out: code of the top-level statements, or NULL */
    char problem[256];      /* out: what was wrong, when the answer is negative */
};

/* Installs a unit that mg_verify_unit has accepted. MG_ENOENT: a superclass, class or primitive is
 * missing; MG_EINVAL: a method does not fit its class; MG_ELIMIT: a table is full. */
MG_MUST_CHECK int mg_install_unit(struct mg_vm *vm, const struct mg_unit *unit,
                                  struct mg_install *install);

#endif
