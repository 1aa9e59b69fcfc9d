/* SPDX-License-Identifier: MIT */
/* Whoever is killed, at whatever moment, leaves no lock, permit, name or waiter behind: the program
 * of support/kills.h for many seeds. That no value of a channel is lost is shown by sync_values.c.
 */
#include "support/kills.h"
#include "support/seeds.h"

#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
#define SEEDS 200
#else
#define SEEDS 10000
#endif

int main(int argc, char **argv)
{
    return seeds_main(argc, argv, "kills", kills_program, SEEDS, NULL);
}
