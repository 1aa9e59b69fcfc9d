/* SPDX-License-Identifier: MIT */
/* Control blocks and what they keep of the dead: the exit record, and the limit on all records
 * together.
 *
 *      oldest <──> ... <──> newest       each belongs to a control block that is held
 *
 * A record leaves by the release of its control block, or as the oldest when the limit is exceeded;
 * the lock decides (X2). A dropped one may still be read by a scheduler that found it a moment ago,
 * so it is freed after a grace period.
 *
 * Threads: any scheduler. Memory: control blocks come from block caches; a control block owns its
 * record.
 */
#include "object/control.h"

#include "sched/internal.h"

void mg_records_init(struct mg_records *records)
{
    *records = (struct mg_records){.bytes_max = MG_LIMIT_RESULT_BYTES};
    mg_lock_init(&records->lock, MG_RANK_CONTROL);
}

void mg_records_deinit(struct mg_records *records)
{
    mg_lock_deinit(&records->lock);
}

/* Under the lock. */
static void records_unlink(struct mg_records *records, struct mg_exit_record *record)
{
    if (record->newer != NULL)
        record->newer->older = record->older;
    else
        records->newest = record->older;
    if (record->older != NULL)
        record->older->newer = record->newer;
    else
        records->oldest = record->newer;
    record->newer = record->older = NULL;
    mg_figure_add(&records->bytes, (uint64_t)-record->bytes);
}

/* Nobody holds a handle of a kept actor any more: it is told. Not while the node ends, when actors
 * are dropped one after the other. */
static void control_unheld(mg_pid pid)
{
    struct mg_scheduler *s = mg_scheduler_current();
    /* H1 relaxed: a hint; what is sent too late is dropped with all the rest. Pairs with H2 in
     * mg_sched_halt(). */
    if (s != NULL && load_relaxed(&s->sched->halt) == 0)
        mg_core_tell(mg_core_of(s), pid, MG_SIGNAL_UNHELD, MG_PID_NONE, 0, 0);
}

/* A control block that nobody counts any more, or one whose actor alone counts it. */
static void control_released(struct mg_control *control, mg_pid unheld,
                             struct mg_block_cache *blocks)
{
    if (control == NULL) {
        control_unheld(unheld);
        return;
    }
    CHECK(blocks != NULL); // control blocks are dropped by schedulers only
    /* X3 acquire: the record is complete. Pairs with X4 in mg_record_keep(). */
    struct mg_exit_record *record = load_acquire(&control->record);
    if (MG_UNLIKELY(record != NULL)) {
        struct mg_records *records = record->store;
        mg_lock_acquire(&records->lock);
        /* X5 relaxed: under the lock. Pairs with X6 in records_drop(). */
        record = load_relaxed(&control->record);
        if (record != NULL)
            records_unlink(records, record);
        mg_lock_release(&records->lock);
        if (record != NULL)
            mg_exit_record_free(record, blocks);
    }
    mg_block_free(blocks, control, sizeof *control);
}

struct mg_control *mg_control_new(struct mg_core *core, mg_pid pid)
{
    struct mg_control *control = mg_block_alloc(&core->s.blocks, sizeof *control);
    mg_control_init(control, pid, control_released);
    return control;
}

struct mg_control *mg_control_new_dead(struct mg_core *core, mg_pid pid)
{
    struct mg_control *control = mg_control_new(core, pid);
    /* X1 relaxed: published with the state. Pairs with X2 in mg_control_exit(). */
    store_relaxed(&control->mailbox_load, mg_sched_reason(core->s.sched, MG_REASON_NOPROC));
    store_relaxed(&control->reductions, pid);
    store_relaxed(&control->heap_bytes, MG_NIL);
    /* K8 release: reason and result are there. Pairs with K9 in mg_control_exit(). */
    store_release(&control->state, MG_CONTROL_ENDED);
    return control;
}

/* -- Records -- */

struct mg_exit_record *mg_exit_record_new(struct mg_scheduler *s, uint64_t words)
{
    uint64_t bytes = sizeof(struct mg_exit_record) + words * sizeof(mg_value);
    CHECK(bytes <= UINT32_MAX);
    struct mg_exit_record *record = mg_block_alloc(&s->blocks, bytes);
    *record = (struct mg_exit_record){
        .fragment = {.block = record,
                     .block_bytes = (uint32_t)bytes,
                     .first = mg_exit_record_words(record)},
        .result = MG_NIL,
        .error = MG_NIL,
        .store = &s->sched->records,
    };
    return record;
}

void mg_exit_record_free(struct mg_exit_record *record, struct mg_block_cache *blocks)
{
    mg_fragment_free(&record->fragment, blocks);
}

static void record_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    mg_exit_record_free(MG_CONTAINER_OF(item, struct mg_exit_record, retired), &s->blocks);
}

/* Takes the oldest records until the limit holds. Under the lock. Answers them, linked through
 * `newer`. */
static struct mg_exit_record *records_drop(struct mg_records *records)
{
    struct mg_exit_record *dropped = NULL;
    while (mg_figure(&records->bytes) > records->bytes_max && records->oldest != NULL) {
        struct mg_exit_record *record = records->oldest;
        struct mg_control *control = record->control;
        records_unlink(records, record);
        /* X6 release: who still sees the old state finds the record or nothing. Pairs with X3 in
         * mg_control_exit(). */
        store_release(&control->record, NULL);
        /* X7 release: the process has ended long ago; only this changes its state now. Pairs with
         * K9 in mg_control_exit(). */
        store_release(&control->state, MG_CONTROL_ENDED | MG_CONTROL_EXPIRED);
        record->newer = dropped;
        dropped = record;
    }
    return dropped;
}

void mg_record_keep(struct mg_core *core, struct mg_control *control, struct mg_exit_record *record)
{
    struct mg_records *records = record->store;
    record->control = control;
    record->bytes = record->fragment.block_bytes + record->fragment.shared_bytes;
    /* X4 release: the record is complete. Pairs with X3 in mg_control_exit(),
     * control_released(). */
    store_release(&control->record, record);
    /* K8 release: and so is all else. Pairs with K9 in mg_control_exit(). */
    store_release(&control->state, MG_CONTROL_ENDED);
    mg_lock_acquire(&records->lock);
    record->older = records->newest;
    record->newer = NULL;
    if (records->newest != NULL)
        records->newest->newer = record;
    else
        records->oldest = record;
    records->newest = record;
    mg_figure_add(&records->bytes, record->bytes);
    struct mg_exit_record *dropped = records_drop(records);
    mg_lock_release(&records->lock);
    while (dropped != NULL) {
        struct mg_exit_record *next = dropped->newer;
        dropped->retired.free = record_free_retired;
        mg_core_retire(core, &dropped->retired);
        dropped = next;
    }
}

/* -- Reading -- */

bool mg_control_is_alive(struct mg_control *control)
{
    /* K9 acquire: what the process did before its end is seen by who sees its end, and it takes no
     * mail any more. Pairs with K8, K11 in end_publish(). */
    return !(load_acquire(&control->state) & MG_CONTROL_ENDED) ||
           load_acquire(&control->actor) != NULL;
}

const struct mg_exit_record *mg_control_record(struct mg_control *control)
{
    /* X3 acquire: as in mg_control_exit(). Pairs with X4 in mg_record_keep(). */
    return load_acquire(&control->record);
}

bool mg_control_is_quiet(const struct mg_control *control)
{
    /* K13 acquire: after what was answered at the recycling. Pairs with K14 in
     * mg_actor_recycle(). */
    return (load_acquire(&control->spare) & MG_SPARE_QUIET) != 0;
}

bool mg_control_exit(struct mg_control *control, struct mg_exit_info *info)
{
    /* K9 acquire: reason, result and record are there. Pairs with K8 in end_publish(),
     * mg_record_keep(). */
    uint32_t state = load_acquire(&control->state);
    if (!(state & MG_CONTROL_ENDED))
        return false;
    /* X2 relaxed: ordered by K9. Pairs with X1 in mg_actor_set_exit(). */
    info->reason = load_relaxed(&control->mailbox_load);
    info->origin = load_relaxed(&control->reductions);
    info->result = load_relaxed(&control->heap_bytes);
    info->error = MG_NIL;
    info->expired = (state & MG_CONTROL_EXPIRED) != 0;
    /* X3 acquire: the record is complete. Pairs with X4, X6 in mg_record_keep(), records_drop(). */
    struct mg_exit_record *record = load_acquire(&control->record);
    if (record != NULL) {
        info->result = record->result;
        info->error = record->error;
    }
    return true;
}
