/* SPDX-License-Identifier: MIT */
/* Signals of the operating system: see signals.h. */
#include "cmd/signals.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "sched/sched.h"

#include <pthread.h>
#include <signal.h>

struct mg_signals {
    pthread_t thread;
    struct mg_sched *sched;
};

static void stop_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGUSR2); /* from mg_signals_unwatch: the watcher ends */
}

void mg_signals_block(void)
{
    sigset_t set;
    stop_set(&set);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    signal(SIGPIPE, SIG_IGN);
}

void mg_signals_unblock(void)
{
    sigset_t set;
    stop_set(&set);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static void *watch(void *argument)
{
    struct mg_signals *signals = argument;
    sigset_t set;
    stop_set(&set);
    bool again = false;
    for (;;) {
        int which = 0;
        if (sigwait(&set, &which) != 0) {
            continue;
        }
        if (which == SIGUSR2) {
            return NULL;
        }
        mg_sched_request_stop(signals->sched, again);
        again = true;
    }
}

struct mg_signals *mg_signals_watch(struct mg_sched *sched)
{
    struct mg_signals *signals = mg_alloc_zero(sizeof *signals);
    signals->sched = sched;
    CHECK(pthread_create(&signals->thread, NULL, watch, signals) == 0);
    return signals;
}

void mg_signals_unwatch(struct mg_signals *signals)
{
    CHECK(pthread_kill(signals->thread, SIGUSR2) == 0);
    CHECK(pthread_join(signals->thread, NULL) == 0);
    mg_free(signals);
}
