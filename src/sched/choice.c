/* SPDX-License-Identifier: MIT */
/* A choice between several requests of one actor, of which exactly one may take effect: the asker's
 * part of `Channel select:`. The keepers' part is sync/channel.c.
 *
 *      keeper A            asker                        keeper B
 *         <── REQUEST 1 ──       ── REQUEST 2 ──>
 *         ── OFFER 1 ──>   accepted = 1
 *         <── ACCEPT 1 ──                     <── OFFER 2 ──
 *                          waiting = {2}
 *         ── REPLY 1 ──>   settled: SETTLED 2 ──>             (the usual end)
 *         ── RETRACT 1 ──> accepted = 2, ACCEPT 2 ──>         (A's partner has gone)
 *
 * An offer is a question; only the reply is final. While one offer is accepted others wait, so no
 * two keepers can both complete. Two choices may be each other's partner: a keeper asks them in
 * order of their pids and holds the first one's acceptance while it asks the second, so waiting
 * never goes in a circle.
 *
 * C1  `accepted` is one of the references and its request is pending, or it is 0.
 * C2  Every offer gets an answer: ACCEPT, or the SETTLED of a request that was closed.
 * C3  An ACCEPT names the serial of its offer, so one that crosses a RETRACT is known to be void.
 *
 * Everything here happens at a drain, whether or not the program runs.
 *
 * Threads: the thread that runs the actor. Memory: the choice belongs to the actor's side.
 */
#include <string.h>

#include "base/alloc.h"
#include "sched/internal.h"

void mg_choice_begin(struct mg_actor *actor, struct mg_scheduler *s, const uint64_t *references,
                     uint32_t count)
{
    struct mg_actor_side *side = mg_actor_side(actor);
    if (side->choice != NULL)
        mg_choice_end(actor, s); // an exit's unwinding has left it
    size_t size = sizeof(struct mg_choice) + count * (sizeof(uint64_t) + sizeof(struct mg_offer));
    struct mg_choice *choice = mg_alloc_zero(size);
    choice->count = count;
    choice->waiting = (struct mg_offer *)(choice->references + count);
    memcpy(choice->references, references, count * sizeof *references);
    side->choice = choice;
}

const uint64_t *mg_choice_references(const struct mg_actor *actor, uint32_t *count)
{
    const struct mg_choice *choice = actor->side != NULL ? actor->side->choice : NULL;
    *count = choice != NULL ? choice->count : 0;
    return choice != NULL ? choice->references : NULL;
}

uint64_t mg_choice_accepted(const struct mg_actor *actor)
{
    return actor->side->choice->accepted;
}

void mg_choice_end(struct mg_actor *actor, struct mg_scheduler *s)
{
    struct mg_choice *choice = actor->side->choice;
    actor->side->choice = NULL;
    for (uint32_t i = 0; i < choice->count; i++)
        mg_request_close(actor, s, choice->references[i]);
    mg_free(choice);
}

/* The keeper of a request that is still pending, or MG_PID_NONE. */
static mg_pid choice_keeper(const struct mg_actor *actor, uint64_t reference)
{
    uint64_t value;
    if (!mg_bonds_get(&actor->side->requests, reference, &value) ||
        (value & MG_REQUEST_TAG_MASK) != MG_REQUEST_PENDING)
        return MG_PID_NONE;
    return value >> 3;
}

static bool choice_has(const struct mg_choice *choice, uint64_t reference)
{
    for (uint32_t i = 0; i < choice->count; i++) {
        if (choice->references[i] == reference)
            return true;
    }
    return false;
}

static void choice_accept(struct mg_core *core, struct mg_actor *actor, struct mg_offer offer,
                          mg_pid keeper)
{
    actor->side->choice->accepted = offer.reference;
    struct mg_signal *signal = mg_signal_new(&core->s.blocks, MG_SIGNAL_ACCEPT, 0);
    signal->sender = mg_actor_pid(actor);
    signal->reference = offer.reference;
    signal->selector = (uint32_t)offer.serial;
    mg_post_pid(&core->s, keeper, signal);
}

/* Takes the offer at a position out of those that wait. */
static struct mg_offer choice_take(struct mg_choice *choice, uint32_t position)
{
    struct mg_offer offer = choice->waiting[position];
    choice->waiting_count--;
    memmove(choice->waiting + position, choice->waiting + position + 1,
            (choice->waiting_count - position) * sizeof *choice->waiting);
    return offer;
}

/* The oldest offer that waits and is still good is accepted. */
static void choice_next(struct mg_core *core, struct mg_actor *actor)
{
    struct mg_choice *choice = actor->side->choice;
    choice->accepted = 0;
    while (choice->accepted == 0 && choice->waiting_count != 0) {
        struct mg_offer offer = choice_take(choice, 0);
        mg_pid keeper = choice_keeper(actor, offer.reference);
        if (keeper != MG_PID_NONE)
            choice_accept(core, actor, offer, keeper);
    }
}

void mg_choice_offered(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    struct mg_offer offer = {signal->reference, signal->selector};
    struct mg_choice *choice = actor->side != NULL ? actor->side->choice : NULL;
    mg_signal_free(signal, &core->s.blocks);
    if (choice == NULL || !choice_has(choice, offer.reference))
        return; // over, and the keeper has been told (C2)
    mg_pid keeper = choice_keeper(actor, offer.reference);
    if (keeper == MG_PID_NONE)
        return;
    if (choice->accepted == 0)
        choice_accept(core, actor, offer, keeper);
    else if (choice->waiting_count < choice->count)
        choice->waiting[choice->waiting_count++] = offer;
}

void mg_choice_retracted(struct mg_core *core, struct mg_actor *actor, struct mg_signal *signal)
{
    uint64_t reference = signal->reference;
    struct mg_choice *choice = actor->side != NULL ? actor->side->choice : NULL;
    mg_signal_free(signal, &core->s.blocks);
    if (choice == NULL)
        return;
    if (choice->accepted == reference) {
        choice_next(core, actor);
        return;
    }
    for (uint32_t i = 0; i < choice->waiting_count; i++) {
        if (choice->waiting[i].reference == reference) {
            (void)choice_take(choice, i);
            return;
        }
    }
}

void mg_choice_failed(struct mg_core *core, struct mg_actor *actor, uint64_t reference)
{
    if (actor->side->choice->accepted == reference)
        choice_next(core, actor);
}
