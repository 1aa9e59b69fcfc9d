/* SPDX-License-Identifier: MIT */
/* Keepers under real threads: the program of support/kills.h again and again, on four schedulers.
 *
 *     litmus-interp_keepers [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/kills.h"
#include "support/maggie.h"

#if defined(MG_TSAN) || defined(MG_STRESS) || defined(MG_ASAN)
#define ROUNDS 20
#else
#define ROUNDS 100
#endif

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : ROUNDS;
    struct runtime runtime;
    runtime_init(&runtime);
    runtime.config.schedulers = 4;
    struct mg_code *script =
        runtime_load(&runtime, "kills", kills_program, sizeof kills_program - 1);
    bool fine = script != NULL;
    for (uint64_t round = 1; fine && round <= rounds; round++) {
        runtime.config.seed = round;
        runtime_run_script(&runtime, script);
        fine = runtime.status == 0;
        if (!fine)
            fprintf(stderr, "round %llu: %lld\n", (unsigned long long)round,
                    (long long)runtime.status);
    }
    fprintf(stderr, "%s", mg_buf_text(&runtime.err));
    runtime_deinit(&runtime);
    return fine ? 0 : 1;
}
