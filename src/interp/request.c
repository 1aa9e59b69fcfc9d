/* SPDX-License-Identifier: MIT */
/* Asking from a primitive: see request.h. */
#include "interp/request.h"

/* Payloads up to this many words are moved into the heap, larger ones are adopted. */
#define SMALL_REPLY_WORDS 16

uint64_t mg_run_ask(struct mg_run *run, const struct mg_question *question, enum mg_refusal *why)
{
    mg_value payload = question->payload != NULL ? *question->payload : MG_NIL;
    bool copies = mg_is_pointer(payload);
    uint64_t words = 0, shared = 0;
    *why = MG_ACCEPTED;
    if (copies) {
        if (!mg_process_measure(run, question->payload, 1)) {
            return 0;
        }
        words = run->copy->words;
        shared = run->copy->shared_bytes;
    }
    struct mg_scheduler *s = mg_run_enter(run);
    struct mg_actor *to = mg_control_target(question->to);
    uint64_t bytes = mg_signal_bytes_for(words) + shared;
    uint64_t reference = 0;
    *why = to == NULL         ? MG_REFUSED_DEAD
           : question->exempt ? MG_ACCEPTED
                              : mg_send_reserve(s, to, bytes);
    if (*why == MG_ACCEPTED) {
        reference = question->reference != 0 ? question->reference
                                             : mg_request_open(run->actor, s, question->to->pid);
        if (reference == 0) {
            if (!question->exempt) {
                mg_send_cancel(s, to, bytes);
            }
            *why = MG_REFUSED_FULL;
        }
    }
    if (reference == 0) {
        if (copies) {
            mg_copy_abandon(run->copy);
        }
        mg_run_leave(run);
        return 0;
    }
    struct mg_signal *signal = mg_signal_new(run->blocks, MG_SIGNAL_REQUEST, words);
    if (copies) {
        mg_copy_write(run->copy, &signal->fragment, mg_signal_words(signal), question->payload,
                      &signal->payload, 1);
    } else {
        signal->payload = payload;
    }
    signal->sender = mg_actor_pid(run->actor);
    signal->selector = question->selector;
    signal->reference = reference;
    signal->detail = question->operation;
    if (question->exempt) {
        mg_post(s, to, signal);
    } else {
        mg_send(s, to, signal);
    }
    mg_run_leave(run);
    return reference;
}

mg_value mg_run_take_reply(struct mg_run *run, mg_value **args, struct mg_signal *reply)
{
    mg_value value = reply->flags & MG_SIGNAL_CONTROL ? MG_NIL : reply->payload;
    if (!mg_is_pointer(value) || reply->fragment.words == 0) {
        mg_signal_free(reply, run->blocks);
        return value;
    }
    if (reply->fragment.words > SMALL_REPLY_WORDS) {
        mg_heap_adopt(run->heap, &reply->fragment);
        return value;
    }
    *args = mg_run_reserve(run, *args, reply->fragment.words);
    if (*args != NULL) {
        mg_heap_absorb(run->heap, &reply->fragment, &value, 1);
    }
    mg_signal_free(reply, run->blocks);
    return value;
}
