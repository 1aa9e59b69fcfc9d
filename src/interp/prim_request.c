/* SPDX-License-Identifier: MIT */
/* Primitives of requests: a message whose answer comes back to the one who waits for it and to
 * nobody else. */
#include "interp/gate.h"
#include "interp/prim.h"
#include "interp/request.h"
#include "sched/exit.h"

/* {#kind. value}; room for 3 words was reserved. */
static mg_value outcome_pair(struct mg_run *run, const char *kind, mg_value v)
{
    struct mg_object *pair = mg_heap_alloc_small(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, 2);
    pair->words[0] = mg_symbol(mg_symbol_intern(run->world->symbols, kind, strlen(kind)));
    pair->words[1] = v;
    return mg_pointer(pair);
}

static mg_value settled_pair(struct mg_run *run, mg_value *args, const char *kind, mg_value v)
{
    mg_wait_done(run);
    return mg_run_reserve(run, args, 3) == NULL ? MG_PRIM_FAILED : outcome_pair(run, kind, v);
}

/* Sends the request. Answers its reference, or 0 with *outcome set to what the primitive
 * answers. */
static uint64_t open_request(struct mg_run *run, mg_value *args, uint32_t selector, uint16_t detail,
                             mg_value *outcome)
{
    enum mg_refusal why = MG_REFUSED_DEAD;
    struct mg_question question = {.to = mg_gate_pass(args[0], MG_GATE_SEND, &why),
                                   .payload = &args[2],
                                   .selector = selector,
                                   .operation = detail};
    if (MG_UNLIKELY(question.to == run->actor->control)) {
        *outcome = mg_prim_fail(run, MG_CLASS_PRIMITIVE_ERROR,
                                "request: a process cannot wait for its own answer");
        return 0;
    }
    uint64_t reference = question.to != NULL ? mg_run_ask(run, &question, &why) : 0;
    if (reference == 0) {
        *outcome = why == MG_ACCEPTED ? MG_PRIM_FAILED
                   : why == MG_REFUSED_DEAD
                       ? settled_pair(run, args, "noproc", MG_NIL)
                       : settled_pair(run, args, "refused", mg_symbol(run->vm->refusals[why]));
    }
    return reference;
}

/* What a settled request answers. Taken: the reply. */
static mg_value close_request(struct mg_run *run, mg_value *args, enum mg_outcome outcome,
                              struct mg_signal *reply)
{
    mg_value value =
        reply == NULL || (reply->flags & MG_SIGNAL_CONTROL) != 0 ? MG_NIL : reply->payload;
    uint32_t reason = reply == NULL ? 0 : reply->selector;
    bool adopted = reply != NULL && mg_is_pointer(value) && reply->fragment.words > 0;
    if (adopted) {
        /* The value must survive the reserve below: it goes into the window first. */
        mg_heap_adopt(run->heap, &reply->fragment);
    } else if (reply != NULL) {
        mg_signal_free(reply, run->blocks);
    }
    args[2] = value;
    mg_wait_done(run);
    args = mg_run_reserve(run, args, 3);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    switch (outcome) {
    case MG_OUTCOME_VALUE:
        return outcome_pair(run, "value", args[2]);
    case MG_OUTCOME_ERROR:
        return outcome_pair(run, "error", args[2]);
    case MG_OUTCOME_NOPROC:
        return outcome_pair(run, reason == 0 ? "noproc" : "down",
                            reason == 0 ? MG_NIL : mg_symbol(reason));
    case MG_OUTCOME_TIMEOUT:
        return outcome_pair(run, "timeout", MG_NIL);
    default:
        return outcome_pair(run, "refused", reason == 0 ? MG_NIL : mg_symbol(reason));
    }
}

static mg_value request(struct mg_run *run, mg_value *args, uint16_t detail)
{
    uint64_t reference;
    if (!mg_is_small(run->body[MG_BODY_RESULT])) { /* the first turn */
        uint32_t selector = mg_process_selector(run, args, 1);
        if (selector == UINT32_MAX) {
            return MG_PRIM_FAILED;
        }
        if (args[3] != MG_NIL && !mg_is_small(args[3])) {
            return mg_prim_type_error(run, 3, "SmallInteger");
        }
        mg_value outcome = MG_NIL;
        reference = open_request(run, args, selector, detail, &outcome);
        if (reference == 0) {
            return outcome;
        }
        /* From here on args[3] is the deadline. */
        if (args[3] != MG_NIL) {
            int64_t ms = mg_small_value(args[3]);
            ms = ms < 0 ? 0 : ms > INT64_C(1576800000000) ? INT64_C(1576800000000) : ms;
            args[3] = mg_small((int64_t)mg_scheduler_now(run->scheduler) + ms * 1000000);
        }
        run->body[MG_BODY_RESULT] = mg_small((int64_t)reference);
    } else {
        reference = (uint64_t)mg_small_value(run->body[MG_BODY_RESULT]);
    }
    uint64_t deadline = args[3] == MG_NIL ? MG_NO_DEADLINE : (uint64_t)mg_small_value(args[3]);
    struct mg_signal *reply = NULL;
    enum mg_outcome outcome = mg_request_poll(run->actor, reference, &reply);
    if (outcome != MG_OUTCOME_PENDING) {
        return close_request(run, args, outcome, reply);
    }
    if (deadline <= mg_scheduler_now(run->scheduler)) {
        mg_request_close(run->actor, run->scheduler, reference);
        return close_request(run, args, MG_OUTCOME_TIMEOUT, NULL);
    }
    return mg_wait(run, MG_WAKE_REPLY, deadline);
}

static mg_value prim_request(struct mg_run *run, mg_value *args)
{
    return request(run, args, 0);
}

static mg_value prim_deliver(struct mg_run *run, mg_value *args)
{
    return request(run, args, MG_REQUEST_RECEIPT);
}

static mg_value reply(struct mg_run *run, mg_value *args, enum mg_outcome outcome)
{
    mg_value requester = mg_slot(args[0], MG_MAIL_SENDER);
    if (!mg_is_small(args[1]) || !mg_is_small(requester)) {
        return mg_prim_error(run, "the message expects no reply");
    }
    if (!mg_process_measure(run, &args[2], 1)) {
        return MG_PRIM_FAILED;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_signal *signal = mg_signal_new(run->blocks, MG_SIGNAL_REPLY, run->copy->words);
    mg_copy_write(run->copy, &signal->fragment, mg_signal_words(signal), &args[2], &signal->payload,
                  1);
    signal->sender = mg_actor_pid(run->actor);
    signal->reference = (uint64_t)mg_small_value(args[1]);
    signal->detail = (uint16_t)outcome;
    mg_pid asker = mg_request_asker((mg_pid)mg_small_value(requester), signal->reference);
    bool accepted = mg_reply_send(run->actor, s, asker, signal);
    mg_run_leave(run);
    return mg_boolean(accepted);
}

static mg_value prim_reply_value(struct mg_run *run, mg_value *args)
{
    return reply(run, args, MG_OUTCOME_VALUE);
}

static mg_value prim_reply_error(struct mg_run *run, mg_value *args)
{
    return reply(run, args, MG_OUTCOME_ERROR);
}

const struct mg_prim_entry mg_prims_request[] = {
    {"Process>>primRequest:with:timeout:", prim_request},
    {"ProcessReference>>primRequest:with:timeout:", prim_request},
    {"Process>>primDeliver:with:timeout:", prim_deliver},
    {"MailboxMessage>>primReply:value:", prim_reply_value},
    {"MailboxMessage>>primReply:error:", prim_reply_error},
    {NULL, NULL},
};
