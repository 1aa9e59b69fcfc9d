/* SPDX-License-Identifier: MIT */
/* Primitives that start processes: the fork family. There is one birth routine, so what a child
 * inherits is inherited on every path. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "interp/body.h"
#include "interp/labels.h"
#include "interp/prim.h"
#include "interp/process.h"

static enum mg_priority inherited_priority(const struct mg_run *run)
{
    return (enum mg_priority)(run->actor->birth & MG_BIRTH_PRIORITY);
}

/* The answer: the Process, or {process. reference}. Room was reserved. */
static mg_value answer(struct mg_run *run, struct mg_actor *child, const struct mg_spawn *spawn)
{
    mg_value process = mg_process_new(run->heap, child->control);
    if (!spawn->monitored) {
        return process;
    }
    struct mg_object *pair = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    pair->words[0] = process;
    pair->words[1] = mg_small((int64_t)spawn->reference);
    return mg_pointer(pair);
}

/* Starts a process that runs the block args[0], with args[1] as its argument if has_argument. */
static mg_value give_birth(struct mg_run *run, mg_value *args, bool has_argument,
                           struct mg_spawn *spawn, uint64_t flags)
{
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN + 3);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    const struct mg_code *code = (const struct mg_code *)(uintptr_t)mg_slot(args[0], MG_BLOCK_CODE);
    if (code->argc > (has_argument ? 1 : 0)) {
        return mg_prim_fail(run, MG_CLASS_WRONG_ARGUMENT_COUNT,
                            "wrong argument count: the block takes %u, a process is given %u",
                            code->argc, has_argument ? 1 : 0);
    }
    uint32_t count = has_argument && code->argc == 1 ? 2 : 1;
    if (!mg_process_measure(run, args, count)) {
        return MG_PRIM_FAILED;
    }
    struct mg_birth birth = {.copy = run->copy, .roots = args, .root_count = count, .flags = flags};
    spawn->behaviour = &mg_body_behaviour;
    spawn->argument = &birth;
    if (spawn->policy == 0) {
        spawn->policy = run->actor->policy;
    }
    const struct mg_actor_options *options = spawn->options;
    if (options != NULL && options->label != NULL) {
        birth.flags |= MG_BODY_LABELLED;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_actor *child = mg_spawn(s, run->actor, spawn);
    mg_run_leave(run);
    if (child == NULL) {
        if (!birth.taken) {
            mg_copy_abandon(run->copy);
        }
        return mg_prim_error(run, spawn->error == MG_ELIMIT
                                      ? "the process does not fit its limits, or there are too many"
                                      : mg_error_text(spawn->error));
    }
    if (options != NULL && options->label != NULL) {
        mg_labels_put(run->vm, mg_actor_pid(child), options->label, options->label_len);
    }
    return answer(run, child, spawn);
}

static mg_value prim_fork(struct mg_run *run, mg_value *args)
{
    struct mg_spawn spawn = {.priority = inherited_priority(run)};
    return give_birth(run, args, false, &spawn, 0);
}

static mg_value prim_fork_with(struct mg_run *run, mg_value *args)
{
    struct mg_spawn spawn = {.priority = inherited_priority(run)};
    return give_birth(run, args, true, &spawn, 0);
}

static mg_value prim_fork_linked(struct mg_run *run, mg_value *args)
{
    struct mg_spawn spawn = {.priority = inherited_priority(run), .linked = true};
    return give_birth(run, args, false, &spawn, 0);
}

static mg_value prim_fork_monitored(struct mg_run *run, mg_value *args)
{
    struct mg_spawn spawn = {.priority = inherited_priority(run), .monitored = true};
    return give_birth(run, args, false, &spawn, 0);
}

/* Options: a flat Array {key. value. ...} whose keys the library has checked. */

static bool is_key(struct mg_run *run, mg_value key, const char *name)
{
    return mg_is_symbol(key) && strcmp(mg_world_text(run->world, mg_symbol_id(key)), name) == 0;
}

/* A count that is a SmallInteger, or nil for no limit. */
static uint64_t limit_of(mg_value v)
{
    if (!mg_is_small(v)) {
        return UINT64_MAX;
    }
    return mg_small_value(v) <= 0 ? 1 : (uint64_t)mg_small_value(v);
}

/* Names of globals in one list of restrictions. */
#define RESTRICTIONS_MAX 4096

/* Symbol ids of an Array of names, to be freed; NULL after setting the error. */
static uint32_t *symbols_of(struct mg_run *run, mg_value names, uint32_t *count)
{
    if (!mg_has_format(names, MG_FORMAT_ARRAY) ||
        mg_object_words(mg_object(names)) > RESTRICTIONS_MAX) {
        mg_prim_error(run, "restrictions must be an Array of at most 4096 names");
        return NULL;
    }
    *count = (uint32_t)mg_object_words(mg_object(names));
    uint32_t *ids = mg_alloc((*count + 1) * sizeof *ids);
    for (uint32_t i = 0; i < *count; i++) {
        const char *text;
        size_t len;
        bool text_like = mg_process_text(run, mg_slot(names, i), &text, &len);
        ids[i] = text_like ? mg_symbol_make(run->world->symbols, text, len) : 0;
        if (ids[i] == 0) {
            mg_prim_error(run,
                          text_like ? "the symbol table is full" : "restrictions must be names");
            mg_free(ids);
            return NULL;
        }
    }
    return ids;
}

/* The number of the restrictions `parent` and these names; MG_POLICY_FULL after setting the
 * error. */
static uint32_t policy_with(struct mg_run *run, uint32_t parent, mg_value names)
{
    uint32_t count;
    uint32_t *ids = symbols_of(run, names, &count);
    if (ids == NULL) {
        return MG_POLICY_FULL;
    }
    uint32_t policy = mg_sched_policy(run->scheduler->sched, parent, ids, count);
    mg_free(ids);
    if (policy == MG_POLICY_FULL) {
        mg_prim_error(run, "there are too many different restrictions");
    }
    return policy;
}

static bool restrict_to(struct mg_run *run, struct mg_spawn *spawn, mg_value names)
{
    uint32_t policy = policy_with(run, run->actor->policy, names);
    spawn->policy = (uint16_t)policy;
    return policy != MG_POLICY_FULL;
}

static bool option(struct mg_run *run, mg_value key, mg_value v, struct mg_spawn *spawn,
                   struct mg_actor_options *options, uint64_t *flags)
{
    if (is_key(run, key, "linked")) {
        spawn->linked = v == MG_TRUE;
    } else if (is_key(run, key, "monitored")) {
        spawn->monitored = v == MG_TRUE;
    } else if (is_key(run, key, "label")) {
        return mg_process_text(run, v, &options->label, &options->label_len) ||
               mg_prim_error(run, "label must be a String") == 0;
    } else if (is_key(run, key, "restricted")) {
        return restrict_to(run, spawn, v);
    } else if (is_key(run, key, "memory")) {
        options->memory_bytes = limit_of(v);
    } else if (is_key(run, key, "stack")) {
        options->stack_bytes = limit_of(v);
    } else if (is_key(run, key, "mailboxMessages")) {
        options->mailbox_messages = limit_of(v);
    } else if (is_key(run, key, "mailboxBytes")) {
        options->mailbox_bytes = limit_of(v);
    } else if (is_key(run, key, "policy")) {
        options->mailbox_policy = is_key(run, v, "dropOldest") ? MG_MAILBOX_DROP_OLDEST
                                  : is_key(run, v, "kill")     ? MG_MAILBOX_KILL
                                                               : MG_MAILBOX_REFUSE;
    } else if (is_key(run, key, "priority")) {
        spawn->priority = is_key(run, v, "low")    ? MG_PRIORITY_LOW
                          : is_key(run, v, "high") ? MG_PRIORITY_SYSTEM
                                                   : MG_PRIORITY_NORMAL;
    } else if (is_key(run, key, "supervised") && v == MG_TRUE) {
        *flags |= MG_BODY_SUPERVISED;
    }
    return true;
}

static mg_value prim_fork_options(struct mg_run *run, mg_value *args)
{
    if (!mg_has_format(args[3], MG_FORMAT_ARRAY)) {
        return mg_prim_type_error(run, 3, "Array");
    }
    /* The label is read out of the heap: nothing may move between here and the spawn. */
    args = mg_run_reserve(run, args, MG_PROCESS_SPAN + 3);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_spawn spawn = {.priority = inherited_priority(run)};
    struct mg_actor_options options = {0};
    uint64_t flags = 0;
    const struct mg_object *pairs = mg_object(args[3]);
    for (uint64_t i = 0; i + 1 < mg_object_words(pairs); i += 2) {
        if (!option(run, pairs->words[i], pairs->words[i + 1], &spawn, &options, &flags)) {
            return MG_PRIM_FAILED;
        }
    }
    spawn.options = &options;
    return give_birth(run, args, args[2] == MG_TRUE, &spawn, flags);
}

/* The node's list of restrictions for what is not trusted. */

static mg_value prim_sandbox(struct mg_run *run, mg_value *args)
{
    /* S1 acquire: the set behind the number is there. Pairs with S2 in prim_set_sandbox(). */
    return mg_process_policy_names(run, args, load_acquire(&run->vm->sandbox));
}

static mg_value prim_set_sandbox(struct mg_run *run, mg_value *args)
{
    /* S3 acquire: as S1. Pairs with S2 in prim_set_sandbox(). */
    uint32_t before = load_acquire(&run->vm->sandbox);
    uint32_t policy;
    do {
        policy = policy_with(run, 0, args[1]);
        if (policy == MG_POLICY_FULL) {
            return MG_PRIM_FAILED;
        }
        /* A restricted actor may only add to the list. */
        if (run->actor->policy != 0 && policy_with(run, before, args[1]) != policy) {
            return mg_prim_fail(run, MG_CLASS_RESTRICTED_GLOBAL,
                                "access to restricted global 'Sandbox' (write) from a restricted "
                                "process");
        }
        /* S2 acq_rel: the set is there for whoever reads the number, and so is the other one for
         * us. Pairs with S1 in prim_sandbox(). */
    } while (!cas_acq_rel(&run->vm->sandbox, &before, policy));
    return args[0];
}

const struct mg_prim_entry mg_prims_spawn[] = {
    {"Block>>fork", prim_fork},
    {"Block>>forkWith:", prim_fork_with},
    {"Block>>forkLinked", prim_fork_linked},
    {"Block>>forkMonitored", prim_fork_monitored},
    {"Block>>primFork:hasArg:options:", prim_fork_options},
    {"Sandbox class>>primRestrictions", prim_sandbox},
    {"Sandbox class>>primRestrictions:", prim_set_sandbox},
    {NULL, NULL},
};
