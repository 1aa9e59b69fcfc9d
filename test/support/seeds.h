/* SPDX-License-Identifier: MIT */
/* A Maggie program run under many seeds:
 *
 *     int main(int argc, char **argv)
 *     {
 *         return seeds_main(argc, argv, "name", program, SEEDS, NULL);
 *     }
 *
 *     sim-name [SEEDS [FIRST]]
 *
 * The program is compiled once; each seed is a run of its own, whose result must be 0. `check`
 * looks at the event log of a run, when it is not NULL. A failure names the seed, and what the
 * program answered.
 */
#ifndef MG_TEST_SUPPORT_SEEDS_H
#define MG_TEST_SUPPORT_SEEDS_H

#include <stdio.h>
#include <stdlib.h>

#include "support/maggie.h"

typedef bool (*seeds_check)(const char *log);

static inline bool seeds_one(struct runtime *runtime, const struct mg_code *script, uint64_t seed,
                             seeds_check check)
{
    runtime->config.deterministic = true;
    runtime->config.seed = seed;
    runtime->logs = check != NULL;
    mg_buf_clear(&runtime->log);
    runtime_run_script(runtime, script);
    bool fine = runtime->status == 0 && (check == NULL || check(mg_buf_text(&runtime->log)));
    if (!fine)
        fprintf(stderr, "seed %llu: %lld\n%s\n", (unsigned long long)seed,
                (long long)runtime->status, mg_buf_text(&runtime->err));
    return fine;
}

static inline int seeds_main(int argc, char **argv, const char *name, const char *program,
                             uint64_t count, seeds_check check)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : count;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct runtime runtime;
    runtime_init(&runtime);
    struct mg_code *script = runtime_load(&runtime, name, program, strlen(program));
    if (script == NULL) {
        fprintf(stderr, "%s\n", mg_buf_text(&runtime.err));
        return 1;
    }
    bool fine = true;
    for (uint64_t seed = first; fine && seed < first + seeds; seed++)
        fine = seeds_one(&runtime, script, seed, check);
    runtime_deinit(&runtime);
    return fine ? 0 : 1;
}

#endif
