/* SPDX-License-Identifier: MIT */
/* The same seed gives the same run: a program full of choices, races and deaths is run twice for
 * each seed, each time in a runtime made for it, and the event logs are compared byte for byte.
 *
 *     sim-interp_seeds [SEEDS [FIRST]]
 *
 * Between the two runs memory is allocated, so that nothing stands at the same address, and the
 * setting for threads differs. Another seed must give another log, or the seed would choose
 * nothing.
 *
 * A failure names the seed; the two logs are compared line by line and the first difference is
 * printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "support/maggie.h"

#if defined(MG_DEBUG)
#define SEEDS 100
#else
#define SEEDS 1000
#endif

/* Members pass numbers on, link, watch, wait with time limits, ask each other, work, die; main sums
 * up what it hears. */
static const char program[] =
    "SeedMember subclass: Object\n"
    "  instanceVars: peers random heard\n"
    "  classMethod: number: n peers: all [ ^self new setNumber: n peers: all ]\n"
    "  method: setNumber: n peers: all [\n"
    "    peers := all. heard := 0.\n"
    "    random := Random new: n + (Time milliseconds) + (Random next * 1000000) truncated.\n"
    "    ^self live ]\n"
    "  method: anyone [ ^peers at: (random nextBetween: 1 and: peers size) ]\n"
    "  method: live [\n"
    "    25 timesRepeat: [self act: (random nextBetween: 1 and: 12)].\n"
    "    ^heard ]\n"
    "  method: act: choice [\n"
    "    choice <= 3 ifTrue: [^self anyone send: #number with: choice].\n"
    "    choice = 4 ifTrue: [^self listen: (random nextBetween: 0 and: 7)].\n"
    "    choice = 5 ifTrue: [^Process current link: self anyone].\n"
    "    choice = 6 ifTrue: [^Process current monitor: self anyone].\n"
    "    choice = 7 ifTrue: [^Process sleep: (random nextBetween: 0 and: 5)].\n"
    "    choice = 8 ifTrue: [^self work: (random nextBetween: 10 and: 3000)].\n"
    "    choice = 9 ifTrue: [^[heard := heard + ([choice * 2] fork wait: 3)] on: Error do: [:e | "
    "nil]].\n"
    "    choice = 10 ifTrue: [^Process current trapExit: (random nextBetween: 0 and: 1) = 0].\n"
    "    choice = 11 ifTrue: [^self die: (random nextBetween: 1 and: 12)].\n"
    "    Process sendAfter: (random nextBetween: 0 and: 9) to: self anyone selector: #late with: "
    "choice ]\n"
    "  method: listen: limit [\n"
    "    | m |\n"
    "    m := Process receive: limit.\n"
    "    m isNil ifFalse: [heard := heard * 31 + m selector size \\\\ 65536] ]\n"
    "  method: work: rounds [ | sum | sum := 0. 1 to: rounds do: [:i | sum := sum + (i \\\\ 7)]. "
    "^sum ]\n"
    "  method: die: way [\n"
    "    way = 1 ifTrue: [^Process exit: #enough].\n"
    "    way = 2 ifTrue: [^self anyone kill].\n"
    "    way = 3 ifTrue: [^self anyone terminate].\n"
    "    way = 4 ifTrue: [[^Process exit: #tidied] ensure: [Process sleep: 1]] ]\n"
    "\n"
    "members := ArrayList new.\n"
    "members add: Process current.\n"
    "Process current trapExit: true.\n"
    "1 to: 12 do: [:n | members add: ([ | all |\n"
    "  all := (Process receiveMatching: [:m | m selector == #peers]) payload.\n"
    "  SeedMember number: n peers: all] fork: #{#label -> n printString})].\n"
    "all := (members asArray) copyFrom: 2 to: 13.\n"
    "all do: [:each | Process current monitor: each].\n"
    "all do: [:each | each send: #peers with: all].\n"
    "downs := 0. sum := 0.\n"
    "[downs < 12] whileTrue: [ | m |\n"
    "  m := Process receive.\n"
    "  m selector == #processDown: ifTrue: [downs := downs + 1].\n"
    "  sum := sum * 31 + m sender id \\\\ 1048576].\n"
    "sum\n";

struct outcome {
    struct mg_buf log;
    int64_t status;
};

static void simulate(uint64_t seed, uint32_t schedulers, struct outcome *outcome)
{
    struct runtime runtime;
    runtime_init(&runtime);
    runtime.logs = true;
    runtime.config.deterministic = true;
    runtime.config.seed = seed;
    runtime.config.schedulers = schedulers;
    runtime_run(&runtime, "seeds", program);
    outcome->status = runtime.status;
    outcome->log = runtime.log;
    mg_buf_init(&runtime.log);
    if (runtime.status < 0) {
        fprintf(stderr, "seed %llu: status %lld\n%s\n", (unsigned long long)seed,
                (long long)runtime.status, mg_buf_text(&runtime.err));
        exit(1);
    }
    runtime_deinit(&runtime);
}

static size_t line_length(const struct mg_buf *log, size_t at)
{
    const char *end = memchr(log->data + at, '\n', log->len - at);
    return end == NULL ? log->len - at : (size_t)(end - (log->data + at));
}

/* Prints the first lines that differ. */
static void print_difference(const struct mg_buf *a, const struct mg_buf *b)
{
    size_t at = 0, line = 1;
    for (size_t i = 0; i < a->len && i < b->len && a->data[i] == b->data[i]; i++) {
        if (a->data[i] == '\n') {
            at = i + 1;
            line++;
        }
    }
    fprintf(stderr, "event %zu:\n  %.*s\n  %.*s\n", line, (int)line_length(a, at), a->data + at,
            (int)line_length(b, at), b->data + at);
}

static bool same(const struct mg_buf *a, const struct mg_buf *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* One seed twice. Answers the first run's log. */
static bool check_seed(uint64_t seed, struct outcome *first)
{
    struct outcome second;
    simulate(seed, 1, first);
    /* Odd sizes, some kept until the second run is over: no address is the same again. */
    void *junk[16];
    for (size_t i = 0; i < MG_ARRAY_LEN(junk); i++)
        junk[i] = mg_alloc(1 + (seed * 7919 + i * 104729) % 60000);
    for (size_t i = 0; i < MG_ARRAY_LEN(junk); i += 2)
        mg_free(junk[i]);
    simulate(seed, 1 + (uint32_t)(seed % 7), &second);
    for (size_t i = 1; i < MG_ARRAY_LEN(junk); i += 2)
        mg_free(junk[i]);
    bool good = same(&first->log, &second.log) && first->status == second.status;
    if (!good) {
        fprintf(stderr, "seed %llu: two runs differ: results %lld and %lld\n",
                (unsigned long long)seed, (long long)first->status, (long long)second.status);
        print_difference(&first->log, &second.log);
    }
    mg_buf_deinit(&second.log);
    return good;
}

int main(int argc, char **argv)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : SEEDS;
    uint64_t from = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    uint64_t failures = 0, events = 0, repeats = 0;
    struct outcome before = {.status = 0};
    for (uint64_t seed = from; seed < from + seeds; seed++) {
        struct outcome outcome;
        failures += !check_seed(seed, &outcome);
        repeats += same(&before.log, &outcome.log);
        for (size_t i = 0; i < outcome.log.len; i++)
            events += outcome.log.data[i] == '\n';
        mg_buf_deinit(&before.log);
        before = outcome;
    }
    mg_buf_deinit(&before.log);
    printf("%llu seeds, %llu events, %llu seeds whose runs differ, %llu equal neighbours\n",
           (unsigned long long)seeds, (unsigned long long)events, (unsigned long long)failures,
           (unsigned long long)repeats);
    return failures == 0 && repeats == 0 && events > seeds * 100 ? 0 : 1;
}
