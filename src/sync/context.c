/* SPDX-License-Identifier: MIT */
/* A cancellation context: an actor that ends when it is cancelled, so everybody who holds a handle
 * can see at once, without asking, whether it is.
 *
 *      parent ──adopts──> child, child       CANCEL or the deadline
 *      children first: each is told, and has ended, before their parent ends
 *
 * The children hold a handle of their parent, so a parent lives as long as they do; a parent knows
 * its children by monitors alone.
 *
 * Its channel, if somebody asked for one, gets true and is closed; the exit record keeps it for
 * those who ask afterwards.
 *
 * X1  A context that has ended has no living descendant.
 * X2  Nobody can cancel a context that nobody holds a handle of, except its parent or its deadline:
 *     it ends unseen, unless somebody may still listen to its channel.
 *
 * Threads and memory: keeper.h.
 */
#include "sched/bond.h"
#include "sched/exit.h"
#include "sync/sync.h"

struct context {
    bool background;
    bool cancelling;
    uint64_t deadline_ns;
    struct mg_signal *parent; /* payload: its handle; or NULL */
    struct mg_signal *done;   /* payload: the channel; or NULL */
    mg_pid done_pid;          /* of the channel's keeper */
    struct mg_bonds children; /* monitor -> pid */
};

static void context_cancel(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct context *context = mg_keeper_state(actor);
    uint64_t monitor, pid;
    if (context->cancelling || context->background)
        return;
    context->cancelling = true;
    context->deadline_ns = MG_NO_DEADLINE;
    for (uint32_t i = 0; mg_bonds_at(&context->children, i, &monitor, &pid); i++)
        mg_keeper_order(actor, s, pid, MG_SYNC_CANCEL, MG_NIL);
}

/* All descendants have ended: now this one does. */
static bool context_finish(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct context *context = mg_keeper_state(actor);
    if (!context->cancelling || context->children.count != 0)
        return false;
    struct mg_exit_record *record = NULL;
    if (context->done != NULL) {
        mg_keeper_order(actor, s, context->done_pid, MG_SYNC_SEND, MG_TRUE);
        mg_keeper_order(actor, s, context->done_pid, MG_SYNC_CLOSE, MG_NIL);
        const struct mg_fragment *fragment = &context->done->fragment;
        record = mg_exit_record_new(s, fragment->words);
        record->result = context->done->payload;
        mg_fragment_copy(fragment, &record->fragment, mg_exit_record_words(record), &record->result,
                         1);
    }
    uint32_t reason = mg_sched_reason(s->sched, MG_REASON_NORMAL);
    mg_actor_set_exit(actor, s, reason, MG_PID_NONE, MG_NIL, record);
    return true;
}

static void context_adopt(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct context *context = mg_keeper_state(actor);
    mg_pid pid = mg_is_small(request->payload) ? (mg_pid)mg_small_value(request->payload) : 0;
    mg_keeper_answer(actor, s, request, MG_NIL, 0);
    uint64_t monitor = mg_actor_monitor(actor, s, pid, NULL);
    mg_bonds_put(&context->children, monitor, pid);
    if (context->cancelling)
        mg_keeper_order(actor, s, pid, MG_SYNC_CANCEL, MG_NIL);
}

/* Answers with a copy of what a signal holds, or nil. */
static void context_show(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request,
                         const struct mg_signal *what)
{
    if (what == NULL) {
        mg_keeper_answer(actor, s, request, MG_NIL, 0);
        return;
    }
    struct mg_signal *copy = mg_signal_copy(mg_scheduler_blocks(s), MG_SIGNAL_REPLY, what);
    mg_keeper_give(actor, s, request, copy, 0, 0);
}

static void context_done(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *request)
{
    struct context *context = mg_keeper_state(actor);
    if (context->done == NULL && mg_has_format(request->payload, MG_FORMAT_PROCESS)) {
        struct mg_control *channel =
            (struct mg_control *)(uintptr_t)mg_slot(request->payload, MG_PROCESS_CONTROL);
        context->done_pid = channel->pid;
        context->done = mg_signal_copy(mg_scheduler_blocks(s), MG_SIGNAL_REPLY, request);
    }
    context_show(actor, s, request, context->done);
}

static void context_request(struct mg_actor *actor, struct mg_scheduler *s,
                            struct mg_signal *request)
{
    struct context *context = mg_keeper_state(actor);
    switch (request->detail) {
    case MG_SYNC_CANCEL:
        mg_keeper_answer(actor, s, request, context->background ? MG_NIL : MG_TRUE, 0);
        context_cancel(actor, s);
        break;
    case MG_SYNC_ADOPT:
        context_adopt(actor, s, request);
        break;
    case MG_SYNC_DONE:
        context_done(actor, s, request);
        break;
    case MG_SYNC_PARENT:
        context_show(actor, s, request, context->parent);
        break;
    case MG_SYNC_DEADLINE: {
        bool none = context->deadline_ns == MG_NO_DEADLINE;
        mg_keeper_answer(actor, s, request, none ? MG_NIL : mg_small((int64_t)context->deadline_ns),
                         0);
        break;
    }
    default:
        mg_keeper_fail(actor, s, request, MG_SYNC_EUNKNOWN);
        break;
    }
}

/* Whether nobody can see it any more (X2). */
static bool context_is_lost(struct mg_actor *actor)
{
    const struct context *context = mg_keeper_state(actor);
    bool may_fire = context->done != NULL &&
                    (context->parent != NULL || context->deadline_ns != MG_NO_DEADLINE);
    return mg_keeper_is_unheld(actor) && !may_fire && !context->cancelling;
}

static bool context_handle(struct mg_actor *actor, struct mg_scheduler *s, struct mg_signal *signal)
{
    struct context *context = mg_keeper_state(actor);
    switch (signal->kind) {
    case MG_SIGNAL_REQUEST:
    case MG_SIGNAL_MESSAGE:
        context_request(actor, s, signal);
        return context_finish(actor, s);
    case MG_SIGNAL_DOWN:
        mg_bonds_remove(&context->children, signal->reference, NULL);
        mg_signal_free(signal, mg_scheduler_blocks(s));
        return context_finish(actor, s);
    default:
        mg_signal_free(signal, mg_scheduler_blocks(s));
        return context_is_lost(actor);
    }
}

static enum mg_turn context_run(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct context *context = mg_keeper_state(actor);
    if (mg_scheduler_now(s) >= context->deadline_ns) {
        context_cancel(actor, s);
        if (context_finish(actor, s))
            return MG_TURN_EXIT;
    }
    return mg_keeper_run(actor, s, context_handle, &context->deadline_ns);
}

static void context_deinit(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct context *context = mg_keeper_state(actor);
    if (context->parent != NULL)
        mg_signal_free(context->parent, mg_scheduler_blocks(s));
    if (context->done != NULL)
        mg_signal_free(context->done, mg_scheduler_blocks(s));
    mg_bonds_deinit(&context->children);
}

static const struct mg_behaviour context_behaviour = {
    .name = "cancellation context",
    .start = mg_keeper_start,
    .run = context_run,
    .deinit = context_deinit,
    .waits = mg_keeper_waits_for_none,
    .raw = true,
};

struct mg_actor *mg_context_new(struct mg_scheduler *s, struct mg_signal *parent,
                                uint64_t deadline_ns, bool background)
{
    struct context context = {
        .background = background,
        .deadline_ns = deadline_ns,
        .parent = parent,
    };
    mg_bonds_init(&context.children);
    struct mg_actor *actor =
        mg_keeper_new(s, &context_behaviour, &context, sizeof context, deadline_ns);
    if (actor == NULL && parent != NULL)
        mg_signal_free(parent, mg_scheduler_blocks(s));
    return actor;
}
