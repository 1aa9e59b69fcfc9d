/* SPDX-License-Identifier: MIT */
/* Actors that fork, link, watch, kill, end and answer each other at random, under real threads.
 * When all is at rest: every monitor has fired exactly once, linked actors have died together or
 * not at all, nobody is left, and the memory is back.
 *
 *     litmus-interp_random_kills [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/maggie.h"

#if defined(MG_TSAN) || defined(MG_STRESS) || defined(MG_ASAN)
#define ROUNDS 8
#else
#define ROUNDS 60
#endif

/* Bytes that a long run's memory may stand above a short one's: two arenas. */
#define GROWTH_ALLOWED (UINT64_C(8) << 20)

/* A round: a crowd that plays a bounded number of steps. Whoever monitors says at its end how often
 * each of its references fired; main keeps monitors on all, and kills who is left. In `pairs` each
 * actor links to its neighbour before the shooting begins, and exactly one of each pair is shot. */
static const char program[] =
    "KillTest subclass: Object\n"
    "  instanceVars: random crowd expected fired\n"
    "  classMethod: member: seed [ ^self new play: seed ]\n"
    "  method: play: seed [\n"
    "    random := Random new: seed.\n"
    "    Process current trapExit: seed \\\\ 3 = 0.\n"
    "    crowd := (Process receiveMatching: [:m | m selector == #crowd]) payload.\n"
    "    60 timesRepeat: [self act: (random nextBetween: 1 and: 14)].\n"
    "    ^#done ]\n"
    "  method: anyone [ ^crowd at: (random nextBetween: 1 and: crowd size) ]\n"
    "  method: act: choice [\n"
    "    choice = 1 ifTrue: [^Process current link: self anyone].\n"
    "    choice = 2 ifTrue: [^Process current unlink: self anyone].\n"
    "    choice = 3 ifTrue: [^self watch: self anyone].\n"
    "    choice = 4 ifTrue: [^self tryWatch: self anyone].\n"
    "    choice = 5 ifTrue: [^[Process current link: self anyone. Process sleep: 1] forkLinked].\n"
    "    choice = 6 ifTrue: [^[KillTest new work: 300] fork].\n"
    "    choice = 7 ifTrue: [^(random nextBetween: 1 and: 6) = 1 ifTrue: [self anyone kill]].\n"
    "    choice = 8 ifTrue: [^(random nextBetween: 1 and: 6) = 1 ifTrue: [self anyone "
    "terminate]].\n"
    "    choice = 9 ifTrue: [^(random nextBetween: 1 and: 9) = 1 ifTrue: [Process exit: #bored]].\n"
    "    choice = 10 ifTrue: [^[Process yield] ensure: [self work: 10]].\n"
    "    choice = 11 ifTrue: [^Process receive: (random nextBetween: 0 and: 1)].\n"
    "    choice = 12 ifTrue: [^[self anyone request: #what with: {choice. 'a'} timeout: 1] on: "
    "Error do: [:e | nil]].\n"
    "    ^self anyone send: #note with: (Array new: choice) ]\n"
    "  method: work: n [ ^(1 to: n) inject: 0 into: [:a :b | a + b] ]\n"
    "  method: watch: someone [\n"
    "    | reference |\n"
    "    reference := Process current monitor: someone.\n"
    "    [Process current demonitor: reference flush: true] ensure: [reference := nil] ]\n"
    "  method: tryWatch: someone [\n"
    "    | p |\n"
    "    p := [ | r | r := Process current monitor: someone.\n"
    "      (Process receiveMatching: [:m | m selector == #processDown: and: [(m payload at: 1) = "
    "r]]\n"
    "        timeout: 2) isNil not] fork.\n"
    "    ^p wait: 5 ]\n"
    "\n"
    "  classMethod: round: seed [ ^self new round: seed; pairs: seed ]\n"
    "  method: round: seed [\n"
    "    random := Random new: seed.\n"
    "    fired := Dictionary new. expected := 0.\n"
    "    crowd := (1 to: 30) asArray collect: [:i | | s | s := seed * 1000 + i.\n"
    "      [KillTest member: s] fork].\n"
    "    crowd do: [:each | 2 timesRepeat: [\n"
    "      fired at: (Process current monitor: each) put: 0. expected := expected + 1]].\n"
    "    crowd do: [:each | each send: #crowd with: crowd].\n"
    "    Process sleep: (random nextBetween: 0 and: 8).\n"
    "    crowd do: [:each | each kill].\n"
    "    self collect: expected.\n"
    "    (crowd anySatisfy: [:each | each isAlive]) ifTrue: [self error: 'one lives'] ]\n"
    "  method: collect: count [\n"
    "    | left m |\n"
    "    left := count.\n"
    "    [left > 0] whileTrue: [\n"
    "      m := Process receiveMatching: [:each | each selector == #processDown:] timeout: 30000.\n"
    "      m isNil ifTrue: [self error: left printString , ' monitors did not fire'].\n"
    "      fired at: (m payload at: 1) put: (fired at: (m payload at: 1)) + 1.\n"
    "      left := left - 1].\n"
    "    (fired values allSatisfy: [:n | n <= 1]) ifFalse: [self error: 'one fired twice'].\n"
    "    (Process receiveMatching: [:each | each selector == #processDown:] timeout: 0) isNil\n"
    "      ifFalse: [self error: 'one too many'] ]\n"
    "\n"
    "  method: pairs: seed [\n"
    "    | ready shot |\n"
    "    random := Random new: seed * 7.\n"
    "    fired := Dictionary new.\n"
    "    crowd := (1 to: 20) asArray collect: [:i | [Process sleepForever] fork].\n"
    "    ready := Process current.\n"
    "    1 to: 20 by: 2 do: [:i | | a b |\n"
    "      a := crowd at: i. b := crowd at: i + 1. a link: b.\n"
    "      fired at: (Process current monitor: a) put: 0. fired at: (Process current monitor: b) "
    "put: 0].\n"
    "    1 to: 20 by: 4 do: [:i | | way |\n"
    "      shot := crowd at: i + (random nextBetween: 0 and: 1).\n"
    "      way := random nextBetween: 1 and: 3.\n"
    "      way = 1 ifTrue: [shot kill].\n"
    "      way = 2 ifTrue: [shot terminate].\n"
    "      way = 3 ifTrue: [shot exit: #shot]].\n"
    "    self collect: 10.\n"
    "    1 to: 20 by: 2 do: [:i |\n"
    "      ((crowd at: i) isAlive = (crowd at: i + 1) isAlive) ifFalse: [self error: 'half a "
    "pair']].\n"
    "    fired := Dictionary new.\n"
    "    crowd do: [:each | each isAlive ifTrue: [\n"
    "      fired at: (Process current monitor: each) put: 0. each kill]].\n"
    "    self restOfPairs ]\n"
    "  method: restOfPairs [\n"
    "    | left m |\n"
    "    left := 20.\n"
    "    [left > 0] whileTrue: [\n"
    "      m := Process receiveMatching: [:each | each selector == #processDown:] timeout: 30000.\n"
    "      m isNil ifTrue: [self error: 'no end'].\n"
    "      left := left - 1].\n"
    "    (Process receiveMatching: [:each | each selector == #processDown:] timeout: 0) isNil\n"
    "      ifFalse: [self error: 'one too many'] ]\n"
    "\n";

/* Helpers that one round can leave behind. */
#define LEFT_MAX 60

static int play(uint32_t threads, int rounds, struct mg_sched_stats *stats)
{
    struct runtime runtime;
    struct mg_buf text;
    mg_buf_init(&text);
    mg_buf_puts(&text, program);
    mg_buf_printf(&text, "1 to: %d do: [:i | KillTest round: i]. 7\n", rounds);
    runtime_init(&runtime);
    runtime.config.schedulers = threads;
    runtime_run_bytes(&runtime, "random_kills", text.data, text.len);
    *stats = runtime.stats;
    /* Helpers of the last round may still wait when the main process ends; they are dropped. */
    bool lost = stats->ended > stats->spawned || stats->spawned - stats->ended > LEFT_MAX;
    int failed = runtime.status != 7 || lost || runtime.err.len != 0;
    if (failed)
        fprintf(stderr, "%u threads: status %lld, %llu born, %llu ended\n%s\n", threads,
                (long long)runtime.status, (unsigned long long)stats->spawned,
                (unsigned long long)stats->ended, mg_buf_text(&runtime.err));
    mg_buf_deinit(&text);
    runtime_deinit(&runtime);
    return failed;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
    int failures = 0;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct mg_sched_stats little, much;
        failures += play(threads, (rounds + 3) / 4, &little);
        failures += play(threads, rounds, &much);
        bool grown = much.memory_bytes > little.memory_bytes + GROWTH_ALLOWED;
        failures += grown;
        printf("%u threads: %llu actors, %llu KiB after %llu actors, %llu KiB at the end%s\n",
               threads, (unsigned long long)much.spawned,
               (unsigned long long)little.memory_bytes / 1024, (unsigned long long)little.spawned,
               (unsigned long long)much.memory_bytes / 1024, grown ? ": it grows" : "");
    }
    return failures == 0 ? 0 : 1;
}
