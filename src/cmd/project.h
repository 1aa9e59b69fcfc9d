/* SPDX-License-Identifier: MIT */
/* Running a project: a directory with a maggie.toml.
 *
 * All its source files are one batch. Then what the manifest says is started becomes a line of
 * Maggie that is the main process's script, and what the program may read of the manifest becomes a
 * method of Application.
 *
 * Threads, memory: as program.h.
 */
#ifndef MG_CMD_PROJECT_H
#define MG_CMD_PROJECT_H

#include "cmd/program.h"

/* Whether the path is a directory. */
bool mg_project_is(const char *path);

/* Runs the project in a directory to its end; answers the exit status. */
int mg_project_run(const struct mg_program *program, const char *directory);

#endif
