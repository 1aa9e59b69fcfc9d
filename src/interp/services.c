/* SPDX-License-Identifier: MIT */
/* The node as primitives see it: see services.h and output.h. */
#include "interp/services.h"

#include "base/atomic.h"
#include "interp/output.h"
#include "interp/vm.h"
#include "sched/sched.h"

uint64_t mg_run_now_ns(struct mg_run *run)
{
    return mg_scheduler_now_exact(run->scheduler);
}

uint64_t mg_run_wall_ms(struct mg_run *run)
{
    return mg_scheduler_wall_ms(run->scheduler);
}

uint64_t mg_run_random(struct mg_run *run)
{
    return mg_actor_rng(run->scheduler);
}

uint32_t mg_run_schedulers(struct mg_run *run)
{
    return mg_sched_count(run->scheduler->sched);
}

void mg_run_stop(struct mg_run *run, int status)
{
    /* X1 relaxed: read after the schedulers' threads have been joined. */
    store_relaxed(&run->vm->exit_status, status);
    mg_sched_request_stop(run->scheduler->sched, false);
}

void mg_run_exit(struct mg_run *run, int status)
{
    mg_run_stop(run, status);
    mg_pid self = mg_actor_pid(run->actor);
    (void)mg_kill_send(run->scheduler, self, self);
}

void mg_run_flush(struct mg_run *run)
{
    mg_output_flush(run->scheduler->sched);
}

bool mg_run_output(struct mg_run *run, int fd, const char *bytes, size_t len)
{
    if (mg_output_write(run->scheduler, run->actor, fd, bytes, len)) {
        return true;
    }
    (void)mg_actor_wait(run->actor, run->scheduler, MG_WAKE_ROOM, MG_NO_DEADLINE);
    return false;
}

uint32_t mg_run_identity_hash(struct mg_run *run, struct mg_object *o)
{
    uint64_t hash = o->header >> MG_HEADER_HASH_SHIFT & 0x3fffff;
    while (hash == 0) {
        hash = mg_actor_rng(run->scheduler) & 0x3fffff;
        o->header |= hash << MG_HEADER_HASH_SHIFT;
    }
    return (uint32_t)hash;
}

bool mg_run_is_hidden(struct mg_run *run, uint32_t name)
{
    return run->actor->policy != 0 &&
           mg_sched_policy_denies(run->scheduler->sched, run->actor->policy, name);
}
