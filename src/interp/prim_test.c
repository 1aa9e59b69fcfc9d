/* SPDX-License-Identifier: MIT */
/* Primitives of TestRunner: the statements of a file as a test.
 *
 * Threads: the thread that runs the actor.
 */
#include "interp/body.h"
#include "interp/prim.h"
#include "interp/process.h"

static mg_value prim_has_script(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_boolean(run->vm->test_script != NULL);
}

static mg_value prim_fork_script(struct mg_run *run, mg_value *args)
{
    if (run->vm->test_script == NULL) {
        return mg_prim_error(run, "there are no statements to test");
    }
    if (args[1] != MG_NIL && (!mg_is_small(args[1]) || mg_small_value(args[1]) <= 0)) {
        return mg_prim_type_error(run, 1, "positive SmallInteger or nil");
    }
    struct mg_actor_options options = {
        .memory_bytes = args[1] == MG_NIL ? 0 : (uint64_t)mg_small_value(args[1])};
    if (mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_birth birth = {.script = run->vm->test_script};
    struct mg_spawn spawn = {.behaviour = &mg_body_behaviour,
                             .argument = &birth,
                             .options = options.memory_bytes != 0 ? &options : NULL,
                             .priority = MG_PRIORITY_NORMAL,
                             .policy = run->actor->policy};
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_actor *child = mg_spawn(s, run->actor, &spawn);
    mg_run_leave(run);
    return child == NULL ? mg_prim_error(run, "the process cannot start")
                         : mg_process_new(run->heap, child->control);
}

const struct mg_prim_entry mg_prims_test[] = {
    {"TestRunner class>>primHasScript", prim_has_script},
    {"TestRunner class>>primForkScript:", prim_fork_script},
    {NULL, NULL},
};
