/* SPDX-License-Identifier: MIT */
/* Primitives of rolls (sched/roll.h): what Registry, Group and Topic are made of. All are on the
 * class side of Roll; args[1] is the key of the roll.
 */
#include "interp/prim.h"
#include "interp/process.h"
#include "interp/words.h"
#include "sched/roll.h"
#include "sched/sched.h"

/* Members looked at in one step. */
#define STEP 64

static bool key_hash(struct mg_run *run, const mg_value *args, uint64_t *hash)
{
    enum mg_key_fault fault = mg_key_hash(args[1], hash);
    if (MG_LIKELY(fault == MG_KEY_OK)) {
        return true;
    }
    if (fault == MG_KEY_KIND) {
        mg_prim_error(run, "a key must be " MG_KEY_KINDS);
    } else {
        mg_key_refuse(run, fault);
    }
    return false;
}

static bool process_of(struct mg_run *run, const mg_value *args, uint32_t index, mg_pid *pid)
{
    if (!mg_is_process(args[index])) {
        mg_prim_type_error(run, index, "Process");
        return false;
    }
    *pid = mg_process_control(args[index])->pid;
    return true;
}

static mg_value join_answer(struct mg_run *run, mg_value *args, enum mg_roll_outcome outcome,
                            mg_pid holder)
{
    switch (outcome) {
    case MG_ROLL_JOINED:
        return MG_TRUE;
    case MG_ROLL_ENDED:
        return MG_FALSE;
    case MG_ROLL_FULL:
        return mg_prim_error(run, "the node has too many members of registries and groups");
    case MG_ROLL_TAKEN:
        break;
    }
    return mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL ? MG_PRIM_FAILED
                                                              : mg_process_of_pid(run, holder);
}

/* args: key, process, value, mode. True; false when the process has ended; or who is there. */
static mg_value prim_join(struct mg_run *run, mg_value *args)
{
    uint64_t hash, word;
    mg_pid pid, holder = MG_PID_NONE;
    if (!key_hash(run, args, &hash) || !process_of(run, args, 2, &pid)) {
        return MG_PRIM_FAILED;
    }
    if (!mg_is_small(args[4]) || mg_small_value(args[4]) < MG_ROLL_ALONE ||
        mg_small_value(args[4]) > MG_ROLL_AGAIN) {
        return mg_prim_error(run, "no such mode");
    }
    if (!mg_word_of(run, args, 3, &word)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 10);
    enum mg_roll_outcome outcome =
        mg_roll_join(run->scheduler, run->copy, args[1], hash, pid, word,
                     (enum mg_roll_mode)mg_small_value(args[4]), &holder);
    if (outcome != MG_ROLL_JOINED) {
        mg_ctab_word_free(word, run->blocks);
    }
    return join_answer(run, args, outcome, holder);
}

static mg_value prim_leave(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    mg_pid pid;
    if (!key_hash(run, args, &hash) || !process_of(run, args, 2, &pid)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 10);
    return mg_boolean(mg_roll_leave(run->scheduler, args[1], hash, pid));
}

static mg_value prim_set(struct mg_run *run, mg_value *args)
{
    uint64_t hash, word;
    mg_pid pid;
    if (!key_hash(run, args, &hash) || !process_of(run, args, 2, &pid) ||
        !mg_word_of(run, args, 3, &word)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 10);
    bool set = mg_roll_set(run->scheduler, args[1], hash, pid, word);
    if (!set) {
        mg_ctab_word_free(word, run->blocks);
    }
    return mg_boolean(set);
}

static mg_value prim_count(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    if (!key_hash(run, args, &hash)) {
        return MG_PRIM_FAILED;
    }
    return mg_small((int64_t)mg_roll_count(run->scheduler, args[1], hash));
}

static mg_value prim_includes(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    mg_pid pid;
    if (!key_hash(run, args, &hash) || !process_of(run, args, 2, &pid)) {
        return MG_PRIM_FAILED;
    }
    return mg_boolean(mg_roll_includes(run->scheduler, args[1], hash, pid));
}

/* The process that joined first, or nil. */
static mg_value prim_first(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    if (!key_hash(run, args, &hash)) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, 2);
    struct mg_roll_member member;
    if (mg_roll_members(run->scheduler, args[1], hash, 0, &member, 1) == 0) {
        return MG_NIL;
    }
    return mg_run_reserve(run, args, MG_PROCESS_SPAN) == NULL ? MG_PRIM_FAILED
                                                              : mg_process_of_pid(run, member.pid);
}

/* {serial to go on behind, or nil at the end. process. value. process ...}; args[2]: the serial,
 * args[3]: whether the values are wanted. */
static mg_value prim_members(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    struct mg_roll_member members[STEP];
    if (!key_hash(run, args, &hash)) {
        return MG_PRIM_FAILED;
    }
    if (!mg_is_small(args[2]) || mg_small_value(args[2]) < 0) {
        return mg_prim_type_error(run, 2, "a SmallInteger from 0");
    }
    bool values = args[3] == MG_TRUE;
    uint32_t count = mg_roll_members(run->scheduler, args[1], hash,
                                     (uint64_t)mg_small_value(args[2]), members, STEP);
    uint32_t n = 1 + count * (values ? 2 : 1);
    uint64_t room = mg_object_span(MG_FORMAT_ARRAY, n) + (uint64_t)count * MG_PROCESS_SPAN;
    for (uint32_t i = 0; i < count && values; i++) {
        room += mg_ctab_word_words(members[i].word);
    }
    mg_run_charge(run, 5 + count + room / 8);
    if (mg_run_reserve(run, args, room) == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *answer = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    answer->words[0] = count < STEP ? MG_NIL : mg_small((int64_t)members[count - 1].serial);
    for (uint32_t i = 0, at = 1; i < count; i++) {
        answer->words[at++] = mg_process_of_pid(run, members[i].pid);
        if (values) {
            answer->words[at++] = mg_ctab_word_copy(run->copy, run->heap, members[i].word);
        }
    }
    return mg_pointer(answer);
}

/* An Array of the keys of entries, with `extra` words in front that the caller fills. */
static struct mg_object *keys_answer(struct mg_run *run, mg_value *args,
                                     struct mg_ctab_entry **entries, uint32_t count, uint32_t extra)
{
    uint64_t room = mg_object_span(MG_FORMAT_ARRAY, extra + count);
    for (uint32_t i = 0; i < count; i++) {
        room += mg_ctab_word_words(entries[i]->key);
    }
    mg_run_charge(run, 5 + count + room / 8);
    if (mg_run_reserve(run, args, room) == NULL) {
        return NULL;
    }
    struct mg_object *answer =
        mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, extra + count);
    for (uint32_t i = 0; i < count; i++) {
        answer->words[extra + i] = mg_ctab_word_copy(run->copy, run->heap, entries[i]->key);
    }
    return answer;
}

/* Keys of the rolls the process args[1] is in, the newest first, behind the first args[2]. */
static mg_value prim_keys_of(struct mg_run *run, mg_value *args)
{
    struct mg_ctab_entry *entries[STEP];
    mg_pid pid;
    if (!process_of(run, args, 1, &pid)) {
        return MG_PRIM_FAILED;
    }
    if (!mg_is_small(args[2]) || mg_small_value(args[2]) < 0 ||
        mg_small_value(args[2]) > UINT32_MAX) {
        return mg_prim_type_error(run, 2, "a SmallInteger from 0");
    }
    uint32_t skip = (uint32_t)mg_small_value(args[2]);
    uint32_t count = mg_roll_keys_of(run->scheduler, pid, skip, entries, STEP);
    mg_run_charge(run, skip / 8);
    const struct mg_object *answer = keys_answer(run, args, entries, count, 0);
    return answer == NULL ? MG_PRIM_FAILED : mg_pointer(answer);
}

/* {order or nil. serial. key ...}: some of all rolls, behind those of args[1], such an answer or
 * nil. */
static mg_value prim_all(struct mg_run *run, mg_value *args)
{
    struct mg_ctab_entry *entries[STEP];
    struct mg_ctab_place place = {0};
    if (args[1] != MG_NIL) {
        if (!mg_is_instance(args[1], MG_CLASS_ARRAY) || mg_object_words(mg_object(args[1])) < 2 ||
            !mg_is_small(mg_slot(args[1], 0)) || !mg_is_small(mg_slot(args[1], 1)) ||
            mg_small_value(mg_slot(args[1], 0)) < 0) {
            return mg_prim_error(run, "not a slice of all rolls");
        }
        place.order = (uint64_t)mg_small_value(mg_slot(args[1], 0));
        place.serial = (uint64_t)mg_small_value(mg_slot(args[1], 1));
    }
    uint32_t count = mg_roll_walk(run->scheduler, &place, entries, STEP);
    struct mg_object *answer = keys_answer(run, args, entries, count, 2);
    if (answer == NULL) {
        return MG_PRIM_FAILED;
    }
    answer->words[0] = place.done ? MG_NIL : mg_small((int64_t)place.order);
    answer->words[1] = mg_small((int64_t)place.serial);
    return mg_pointer(answer);
}

/* -- Publishing -- */

/* What one publication sends. */
struct publication {
    uint32_t selector;
    mg_value payload; /* immediate, or measured in run->copy */
    uint64_t words, bytes;
    mg_pid except; /* or MG_PID_NONE */
};

static bool publish_to(struct mg_run *run, const struct publication *p, mg_pid pid)
{
    struct mg_scheduler *s = run->scheduler;
    struct mg_actor *to = mg_sched_find(s->sched, pid);
    if (to == NULL || pid == p->except || mg_send_reserve(s, to, p->bytes) != MG_ACCEPTED) {
        return false;
    }
    struct mg_signal *signal = mg_signal_new(run->blocks, MG_SIGNAL_MESSAGE, p->words);
    signal->payload = p->payload;
    if (mg_is_pointer(p->payload)) {
        mg_copy_write_kept(run->copy, &signal->fragment, mg_signal_words(signal), &signal->payload,
                           1);
    }
    signal->selector = p->selector;
    signal->sender = mg_actor_pid(run->actor);
    mg_send(s, to, signal);
    return true;
}

/* Sends to the members behind *after up to `last`, until the slice is used up. True at the end. */
static bool publish_some(struct mg_run *run, const mg_value *args, uint64_t hash,
                         const struct publication *p, uint64_t *after, uint64_t last,
                         int64_t *accepted)
{
    struct mg_roll_member members[STEP];
    struct mg_scheduler *s = mg_run_enter(run);
    bool done = false;
    while (!done && s->reductions > 0) {
        uint32_t count = mg_roll_members(s, args[1], hash, *after, members, STEP);
        done = count < STEP;
        for (uint32_t i = 0; i < count; i++) {
            if (members[i].serial > last) {
                done = true;
                break;
            }
            *accepted += publish_to(run, p, members[i].pid);
            *after = members[i].serial;
        }
        s->reductions -= (int32_t)(count * (3 + p->words / 8));
    }
    mg_run_leave(run);
    return done;
}

/* args: key, selector, payload, whom to leave out or nil, and the progress: serial to go on behind,
 * last serial (nil to begin), how many have accepted. Answers the latter. */
static mg_value prim_publish(struct mg_run *run, mg_value *args)
{
    uint64_t hash;
    if (!key_hash(run, args, &hash)) {
        return MG_PRIM_FAILED;
    }
    struct publication p = {.payload = args[3]};
    p.selector = mg_process_selector(run, args, 2);
    if (p.selector == UINT32_MAX || (args[4] != MG_NIL && !process_of(run, args, 4, &p.except))) {
        return MG_PRIM_FAILED;
    }
    if (args[6] == MG_NIL) {
        args[6] = mg_small((int64_t)mg_roll_last(run->scheduler, args[1], hash));
    }
    if (!mg_is_small(args[5]) || !mg_is_small(args[6]) || !mg_is_small(args[7])) {
        return mg_prim_error(run, "no such progress");
    }
    if (mg_is_pointer(p.payload)) {
        if (!mg_process_measure(run, &args[3], 1)) {
            return MG_PRIM_FAILED;
        }
        p.words = run->copy->words;
    }
    p.bytes = mg_signal_bytes_for(p.words) + (p.words != 0 ? run->copy->shared_bytes : 0);
    uint64_t after = (uint64_t)mg_small_value(args[5]);
    int64_t accepted = mg_small_value(args[7]);
    bool done =
        publish_some(run, args, hash, &p, &after, (uint64_t)mg_small_value(args[6]), &accepted);
    if (mg_is_pointer(p.payload)) {
        mg_copy_abandon(run->copy);
    }
    args[5] = mg_small((int64_t)after);
    args[7] = mg_small(accepted);
    return done ? args[7] : MG_PRIM_AGAIN;
}

const struct mg_prim_entry mg_prims_roll[] = {
    {"Roll class>>primJoin:process:value:mode:", prim_join},
    {"Roll class>>primLeave:process:", prim_leave},
    {"Roll class>>primSet:process:value:", prim_set},
    {"Roll class>>primCount:", prim_count},
    {"Roll class>>primFirst:", prim_first},
    {"Roll class>>primOf:includes:", prim_includes},
    {"Roll class>>primMembers:after:values:", prim_members},
    {"Roll class>>primKeysOf:skip:", prim_keys_of},
    {"Roll class>>primAllAfter:", prim_all},
    {"Roll class>>primPublish:selector:with:except:from:to:sum:", prim_publish},
    {NULL, NULL},
};
