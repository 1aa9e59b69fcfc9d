/* SPDX-License-Identifier: MIT */
/* From nothing to a world with the library in it: the interpreter of a node is made from the
 * archive that the build put into the program (lib/, compiled by maggie-boot).
 *
 * Threads: the calling one; nothing else may use the vm before it is complete. Memory: mg_vm_free
 * releases everything, the world included; no actor may be left.
 */
#ifndef MG_INTERP_BOOT_H
#define MG_INTERP_BOOT_H

#include "compiler/compile.h"
#include "interp/vm.h"

/* A vm with the library of this archive. The archive must outlive it. NULL when the archive is
 * damaged, does not verify or does not fit this runtime; `problem` says how. */
struct mg_vm *mg_vm_new(const void *archive, size_t len, char problem[256]);
void mg_vm_free(struct mg_vm *vm);

/* The archive of the library that was linked into the program. */
extern const unsigned char mg_lib_archive[];
extern const size_t mg_lib_archive_size;

/* The compiler's view of what the vm holds. */
void mg_vm_compile_env(struct mg_vm *vm, struct mg_compile_env *env);

/* Compiles, verifies and installs a batch of sources. 0 and *script (the code of its statements, or
 * NULL), or an error: then diags say why, or, when they hold no error, `problem` does. Nothing of a
 * failed batch is installed, except that classes may have been defined when the installer fails. */
MG_MUST_CHECK int mg_vm_load(struct mg_vm *vm, const struct mg_source *sources, uint32_t count,
                             struct mg_diags *diags, struct mg_code **script, char problem[256]);

/* Compiles one method of an existing class and installs it: what `compileAndInstall:` does.
 * *selector is its symbol id. The same answers as mg_vm_load. */
MG_MUST_CHECK int mg_vm_load_method(struct mg_vm *vm, uint32_t class_id,
                                    const struct mg_source *source, struct mg_diags *diags,
                                    uint32_t *selector, char problem[256]);

#endif
