/* SPDX-License-Identifier: MIT */
/* A keeper goes when the last handle of it is dropped, wherever that was: in a variable, in a
 * message that nobody received, in a channel or mutex that is gone itself, in a killed process, in
 * a result. And it stays as long as somebody holds one.
 *
 * The event log of each run tells: every keeper that was made has ended before main does, but for
 * those that main still uses.
 */
#include "support/seeds.h"

#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
#define SEEDS 20
#else
#define SEEDS 300
#endif

/* What main still holds at its end: as many keepers. */
enum { KEPT = 3 };

static const char program[] =
    "| things kept use reader holder inner p |\n"
    "things := [{Mutex new lock. (Semaphore new: 2) acquire. WaitGroup new add. (Channel new: 2) "
    "send: 1.\n"
    "  CancellationContext withCancel withTimeout: 600000. Promise new. Promise new future.\n"
    "  Mutex holding: Channel new}].\n"
    "kept := {Mutex holding: 5. Channel new: 1. Semaphore new}.\n"
    "things value.\n"
    "reader := [Process sleepForever] fork.\n"
    "reader send: things value; send: {things value. things value}.\n"
    "(Channel new: 3) send: things value; send: 2; send: (Mutex holding: things value).\n"
    "[things value. Process yield. things value] fork.\n"
    "holder := [ | mine | mine := things value. Process sleepForever. mine] fork.\n"
    "p := [things value] fork. p wait size = 8 ifFalse: [^1]. p := nil.\n"
    "[:all | all size] forkWith: things value.\n"
    "[things value foo] on: Error do: [:e | nil].\n"
    "1 to: 3 do: [:i | [(kept at: 1) critical: [:n | n + 1]. Process receive: i] fork].\n"
    "inner := Channel new: 1. inner send: inner. inner := nil.\n"
    "Process sleep: (Random next * 50) truncated.\n"
    "reader kill. holder kill. reader := nil. holder := nil. things := nil.\n"
    "Process sleep: 5000.\n"
    "((kept at: 1) critical: [:n | n]) = 8 ifFalse: [^2].\n"
    "((kept at: 2) trySend: 1) ifFalse: [^3].\n"
    "(kept at: 3) acquire: 1.\n"
    "0\n";

static const char *const kinds[] = {
    "mutex", "semaphore", "wait group", "channel", "cancellation context", "promise",
};

static bool is_keeper(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
            return true;
    }
    return false;
}

/* Lines are `scheduler core time what ...`. */
static bool check(const char *log)
{
    uint32_t made = 0, ended = 0;
    static uint8_t living[100000];
    memset(living, 0, sizeof living);
    for (const char *line = log; *line != '\0'; line = strchr(line, '\n') + 1) {
        unsigned long long pid;
        int name = 0;
        if (sscanf(line, "%*s %*s %*s spawn %llu %n", &pid, &name) == 1 && name > 0) {
            CHECK(pid < sizeof living);
            living[pid] = is_keeper(line + name);
            made += living[pid];
        } else if (sscanf(line, "%*s %*s %*s end %llu", &pid) == 1) {
            if (pid == 1)
                break;
            ended += living[pid];
            living[pid] = 0;
        }
    }
    if (made > 50 && made == ended + KEPT + 1) // the one that holds itself stays: see C25
        return true;
    for (uint32_t pid = 0; pid < sizeof living; pid++) {
        if (living[pid] != 0)
            fprintf(stderr, "%u lives\n", pid);
    }
    fprintf(stderr, "%u keepers made, %u ended\n", made, ended);
    return false;
}

int main(int argc, char **argv)
{
    return seeds_main(argc, argv, "handles", program, SEEDS, check);
}
