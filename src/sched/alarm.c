/* SPDX-License-Identifier: MIT */
/* The table of alarms: see alarm.h. */
#include "sched/alarm.h"

#include "object/control.h"
#include "sched/internal.h"

void mg_alarms_init(struct mg_alarms *alarms)
{
    mg_lock_init(&alarms->lock, MG_RANK_LEAF);
    alarms->count = 0;
    for (uint32_t i = 0; i < MG_ALARM_KINDS; i++) {
        /* W1 relaxed: nobody else is there yet. Pairs with W2 in mg_alarm_watched(). */
        store_relaxed(&alarms->least[i], MG_ALARM_NEVER);
    }
}

void mg_alarms_deinit(struct mg_alarms *alarms)
{
    mg_lock_deinit(&alarms->lock);
}

bool mg_alarm_wanted(const struct mg_sched *sched, enum mg_alarm_kind kind, uint64_t figure)
{
    return mg_alarm_watched(sched, kind, figure);
}

/* Under the lock: A1. */
static void alarms_settle(struct mg_alarms *alarms, enum mg_alarm_kind kind)
{
    uint64_t least = MG_ALARM_NEVER;
    for (uint32_t i = 0; i < alarms->count; i++) {
        if (alarms->entries[i].kind == kind && alarms->entries[i].threshold < least)
            least = alarms->entries[i].threshold;
    }
    /* W3 relaxed: as W2. Pairs with W2 in mg_alarm_watched(). */
    store_relaxed(&alarms->least[kind], least);
}

/* Under the lock. */
static bool alarms_remove(struct mg_alarms *alarms, mg_pid pid, enum mg_alarm_kind kind)
{
    for (uint32_t i = 0; i < alarms->count; i++) {
        if (alarms->entries[i].pid == pid && alarms->entries[i].kind == kind) {
            alarms->entries[i] = alarms->entries[--alarms->count];
            alarms_settle(alarms, kind);
            return true;
        }
    }
    return false;
}

/* Under the lock: those whose actors are gone make room. */
static void alarms_purge(struct mg_sched *sched)
{
    struct mg_alarms *alarms = &sched->alarms;
    for (uint32_t i = alarms->count; i-- > 0;) {
        struct mg_alarm_entry *e = &alarms->entries[i];
        if (mg_sched_find(sched, e->pid) == NULL)
            (void)alarms_remove(alarms, e->pid, e->kind);
    }
}

bool mg_alarm_on(struct mg_scheduler *s, struct mg_actor *actor, enum mg_alarm_kind kind,
                 uint64_t threshold, uint32_t selector, uint32_t name)
{
    struct mg_alarms *alarms = &s->sched->alarms;
    mg_pid pid = mg_actor_pid(actor);
    mg_lock_acquire(&alarms->lock);
    (void)alarms_remove(alarms, pid, kind);
    if (alarms->count == MG_ALARMS_MAX)
        alarms_purge(s->sched);
    bool fits = alarms->count < MG_ALARMS_MAX;
    if (fits) {
        alarms->entries[alarms->count++] = (struct mg_alarm_entry){
            .pid = pid,
            .kind = kind,
            .threshold = threshold < MG_ALARM_NEVER ? threshold : MG_ALARM_NEVER - 1,
            .selector = selector,
            .name = name,
        };
        alarms_settle(alarms, kind);
    }
    mg_lock_release(&alarms->lock);
    return fits;
}

bool mg_alarm_off(struct mg_scheduler *s, struct mg_actor *actor, enum mg_alarm_kind kind)
{
    struct mg_alarms *alarms = &s->sched->alarms;
    mg_lock_acquire(&alarms->lock);
    bool there = alarms_remove(alarms, mg_actor_pid(actor), kind);
    mg_lock_release(&alarms->lock);
    return there;
}

/* Whether the entry may tell of this process now; counts what it may not. */
static bool entry_admits(struct mg_alarm_entry *e, mg_pid about, uint64_t now_ns)
{
    struct mg_alarm_told *oldest = &e->told[0];
    for (uint32_t i = 0; i < MG_ALARM_RATE; i++) {
        struct mg_alarm_told *told = &e->told[i];
        bool recent = told->pid != MG_PID_NONE && now_ns - told->at_ns < MG_ALARM_REPEAT_NS;
        if (recent && told->pid == about) {
            e->left_out++;
            return false;
        }
        if (told->pid == MG_PID_NONE || told->at_ns < oldest->at_ns)
            oldest = told;
    }
    if (oldest->pid != MG_PID_NONE && now_ns - oldest->at_ns < MG_ALARM_REPEAT_NS) {
        e->left_out++;
        return false;
    }
    *oldest = (struct mg_alarm_told){.pid = about, .at_ns = now_ns};
    return true;
}

static struct mg_signal *alarm_signal(struct mg_core *core, const struct mg_alarm_entry *e,
                                      struct mg_control *about, uint64_t figure)
{
    const mg_value values[] = {mg_symbol(e->name), MG_NIL, mg_small((int64_t)figure),
                               mg_small((int64_t)e->left_out)};
    struct mg_signal *signal = mg_signal_report(core, MG_SIGNAL_MESSAGE, about, values, 4, 1);
    signal->selector = e->selector;
    return signal;
}

/* Entries that are to be told, copied out so that nothing is sent under the lock. */
static uint32_t alarms_due(struct mg_scheduler *s, enum mg_alarm_kind kind, mg_pid about,
                           uint64_t figure, struct mg_alarm_entry due[MG_ALARMS_MAX])
{
    struct mg_alarms *alarms = &s->sched->alarms;
    uint32_t count = 0;
    mg_lock_acquire(&alarms->lock);
    for (uint32_t i = alarms->count; i-- > 0;) {
        struct mg_alarm_entry *e = &alarms->entries[i];
        if (e->kind != kind || figure <= e->threshold ||
            (kind == MG_ALARM_MAILBOX && e->pid == about))
            continue;
        if (mg_sched_find(s->sched, e->pid) == NULL) {
            (void)alarms_remove(alarms, e->pid, kind);
        } else if (entry_admits(e, about, s->now_ns)) {
            due[count++] = *e;
            e->left_out = 0;
        }
    }
    mg_lock_release(&alarms->lock);
    return count;
}

void mg_alarm_raise(struct mg_scheduler *s, enum mg_alarm_kind kind, struct mg_actor *about,
                    uint64_t figure)
{
    struct mg_core *core = mg_core_of(s);
    struct mg_alarm_entry due[MG_ALARMS_MAX];
    if (core->alarming)
        return; // A2
    uint32_t count = alarms_due(s, kind, mg_actor_pid(about), figure, due);
    bool is_time = kind == MG_ALARM_COLLECTION || kind == MG_ALARM_BUSY;
    uint64_t shown = is_time ? figure / 1000000 + (figure % 1000000 != 0) : figure;
    core->alarming = true;
    for (uint32_t i = 0; i < count; i++)
        (void)mg_post_pid(s, due[i].pid, alarm_signal(core, &due[i], about->control, shown));
    core->alarming = false;
}
