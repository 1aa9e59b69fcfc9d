/* SPDX-License-Identifier: MIT */
/* The manifest of a project, maggie.toml: what may stand in it, checked.
 *
 *     [project]      name, version, namespace; description, license, authors, repository
 *     [source]       dirs, exclude, entry
 *     [application]  main, restart
 *     [runtime]      schedulers, memory, stack, mailbox-capacity, mailbox-bytes, stop-timeout
 *     [environment]  anything: for the program to read
 *
 * N1  Every setting has an effect or is refused: a key that nobody knows is an error with its
 *     place.
 * N2  Exactly one of [source] entry and [application] main says what is started.
 *
 * Threads: the caller's. Memory: everything lives in the manifest's arena until mg_manifest_deinit.
 */
#ifndef MG_CMD_MANIFEST_H
#define MG_CMD_MANIFEST_H

#include "base/compiler.h"
#include "base/toml.h"
#include "sched/actor.h"

#define MG_MANIFEST_NAME "maggie.toml"

struct mg_manifest {
    struct mg_arena arena;
    const char *path; /* of the file, for messages */
    const char *name; /* "" when it does not say; so with the other texts */
    const char *version;
    const char *space;          /* namespace, or NULL */
    const struct mg_toml *dirs; /* array of strings, or NULL */
    const struct mg_toml *exclude;
    const struct mg_toml *start;       /* the value that says what is started */
    const char *start_class;           /* as it is written there */
    const char *start_selector;        /* of an entry; NULL for an application */
    const char *restart;               /* of an application: permanent, transient, temporary */
    const struct mg_toml *environment; /* table, or NULL */
    uint32_t schedulers;               /* 0: not said */
    bool has_defaults;
    struct mg_actor_options defaults;
    uint64_t stop_ns; /* 0: not said */
};

/* Reads the text of a manifest. False after saying on stderr what is wrong; deinit all the same. */
MG_MUST_CHECK bool mg_manifest_read(struct mg_manifest *manifest, const char *path,
                                    const char *text, size_t len);
void mg_manifest_deinit(struct mg_manifest *manifest);

/* Says on stderr what is wrong with a value of the manifest: path:line:column: error: ... Always
 * false. */
bool mg_manifest_complain(const struct mg_manifest *manifest, const struct mg_toml *at,
                          const char *fmt, ...) MG_PRINTF(3, 4);

#endif
