/* SPDX-License-Identifier: MIT */
/* The environment in which the library is compiled: the classes of object/kernel.def and nothing
 * else, no methods, no traits.
 *
 * Threads: constant. Memory: nothing is kept.
 */
#ifndef MG_COMPILER_KERNEL_ENV_H
#define MG_COMPILER_KERNEL_ENV_H

#include "compiler/compile.h"

struct mg_compile_env mg_kernel_env(void);

#endif
