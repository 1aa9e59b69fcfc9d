/* SPDX-License-Identifier: MIT */
/* All tables of a node: see ctabs.h.
 *
 * Taking possession against the end of the new owner: as with names (names.c). Whoever makes a
 * process an owner sets the bit OWNS in its control block and looks at CLOSED; the dying actor sets
 * CLOSED and looks at OWNS. One of the two sees the other.
 *
 * Threads: any scheduler; one lock, held for a few instructions. Memory: see ctabs.h.
 */
#include "sched/ctabs.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"
#include "object/control.h"
#include "sched/internal.h"

/* Tables released in one step of a process's end. */
#define RELEASE_BATCH 100

#define SLOT_BITS 16
_Static_assert(MG_LIMIT_TABLES == (uint64_t)1 << SLOT_BITS, "handles have room for all slots");

struct mg_ctabs {
    struct mg_lock lock;
    _Atomic(struct mg_ctab *) *slots; /* reserved once; slot 0 is not used */
    uint32_t used;                    /* slots that ever were in use; under the lock, as below */
    uint32_t *free_slots;
    uint32_t free_count, free_cap;
    struct mg_strmap names; /* -> struct mg_ctab * */
    struct mg_map owners;   /* pid -> its newest table */
    _Atomic(struct mg_ctab *) settings;
};

static struct mg_ctab *table_of(uint64_t value)
{
    return (struct mg_ctab *)(uintptr_t)value;
}

struct mg_ctabs *mg_ctabs_new(void)
{
    struct mg_ctabs *tables = mg_alloc_zero(sizeof *tables);
    mg_lock_init(&tables->lock, MG_RANK_TABLES);
    tables->slots = mg_pages_reserve(MG_LIMIT_TABLES * sizeof *tables->slots);
    tables->used = 1;
    mg_strmap_init(&tables->names);
    mg_map_init(&tables->owners);
    return tables;
}

static void table_free(struct mg_ctab *table, struct mg_block_cache *blocks)
{
    if (table->notice != NULL)
        mg_signal_free(table->notice, blocks);
    mg_free(table->name);
    mg_free(table);
}

void mg_ctabs_free(struct mg_ctabs *tables, struct mg_scheduler *s)
{
    for (uint32_t i = 1; i < tables->used; i++) {
        /* T1 relaxed: nobody else is left. Pairs with T2 in table_enter(). */
        struct mg_ctab *table = load_relaxed(&tables->slots[i]);
        if (table == NULL)
            continue;
        mg_ctab_body_free(mg_ctab_body_of(table), s != NULL ? &s->blocks : NULL);
        if (s == NULL)
            table->notice = NULL; // goes with its arena
        table_free(table, s != NULL ? &s->blocks : NULL);
    }
    mg_pages_release(tables->slots, MG_LIMIT_TABLES * sizeof *tables->slots);
    mg_free(tables->free_slots);
    mg_strmap_deinit(&tables->names);
    mg_map_deinit(&tables->owners);
    mg_lock_deinit(&tables->lock);
    mg_free(tables);
}

/* -- Owners, under the lock -- */

/* Makes a process the owner of a table that has none in the lists. False: it has ended. */
static bool table_own(struct mg_sched *sched, struct mg_ctab *table, mg_pid pid)
{
    struct mg_ctabs *tables = sched->tables;
    if (pid != MG_PID_NONE) {
        struct mg_control *control = mg_ptab_find(&sched->ptab, pid);
        if (control == NULL)
            return false;
        /* N4 acq_rel: see the header comment. Pairs with K10 in end_possessions(). */
        if (fetch_or_acq_rel(&control->spare, MG_SPARE_OWNS) & MG_SPARE_CLOSED)
            return false;
        uint64_t first = 0;
        mg_map_get(&tables->owners, pid, &first);
        table->prev = NULL;
        table->next = table_of(first);
        if (table->next != NULL)
            table->next->prev = table;
        mg_map_put(&tables->owners, pid, (uintptr_t)table);
    }
    /* O2 relaxed: see O1. Pairs with O1 in mg_ctab_owner(). */
    store_relaxed(&table->owner, pid);
    return true;
}

/* Takes a table out of its owner's list. */
static void table_disown(struct mg_ctabs *tables, struct mg_ctab *table)
{
    mg_pid owner = mg_ctab_owner(table);
    if (owner == MG_PID_NONE)
        return;
    if (table->next != NULL)
        table->next->prev = table->prev;
    if (table->prev != NULL)
        table->prev->next = table->next;
    else if (table->next != NULL)
        mg_map_put(&tables->owners, owner, (uintptr_t)table->next);
    else
        mg_map_remove(&tables->owners, owner);
    table->next = table->prev = NULL;
}

/* -- Making and finding -- */

static uint32_t slot_of(uint64_t id)
{
    return (uint32_t)(id & (MG_LIMIT_TABLES - 1));
}

/* A free slot, or 0. */
static uint32_t slot_take(struct mg_ctabs *tables)
{
    if (tables->free_count != 0)
        return tables->free_slots[--tables->free_count];
    return tables->used < MG_LIMIT_TABLES ? tables->used++ : 0;
}

static void slot_give(struct mg_ctabs *tables, uint32_t slot)
{
    if (tables->free_count == tables->free_cap)
        tables->free_slots = mg_vec_grow(tables->free_slots, &tables->free_cap,
                                         tables->free_count + 1, sizeof *tables->free_slots);
    tables->free_slots[tables->free_count++] = slot;
}

static struct mg_ctab *table_new(const struct mg_ctab_options *options)
{
    struct mg_ctab *table = mg_alloc_zero(sizeof *table);
    table->kind = (uint8_t)options->kind;
    table->access = (uint8_t)options->access;
    table->symbols = options->symbols;
    table->max_bytes = options->max_bytes != 0 ? options->max_bytes : MG_LIMIT_TABLE_BYTES;
    table->max_count = options->max_count != 0 ? options->max_count : UINT64_MAX;
    if (options->name != NULL) {
        table->name = mg_alloc_copy(options->name, options->name_len);
        table->name_len = options->name_len;
    }
    /* U2 release: it is complete. Pairs with U1 in mg_ctab_body_of(). */
    store_release(&table->body, mg_ctab_body_new(options->kind, options->symbols, table->max_bytes,
                                                 table->max_count));
    return table;
}

/* Enters a table everywhere, or nowhere. Under the lock. */
static int table_enter(struct mg_scheduler *s, struct mg_ctab *table, mg_pid owner, uint64_t secret)
{
    struct mg_ctabs *tables = s->sched->tables;
    if (table->name != NULL && mg_strmap_get(&tables->names, table->name, table->name_len, NULL))
        return MG_EEXIST;
    uint32_t slot = slot_take(tables);
    if (slot == 0)
        return MG_ELIMIT;
    if (!table_own(s->sched, table, owner)) {
        slot_give(tables, slot);
        return MG_EINVAL;
    }
    if (table->name != NULL)
        mg_strmap_put(&tables->names, table->name, table->name_len, (uintptr_t)table);
    table->id = (secret << SLOT_BITS & (uint64_t)MG_SMALL_MAX) | slot;
    /* T2 release: the table is complete. Pairs with T1 in mg_ctabs_find(). */
    store_release(&tables->slots[slot], table);
    return 0;
}

struct mg_ctab *mg_ctabs_make(struct mg_scheduler *s, const struct mg_ctab_options *options,
                              int *error)
{
    struct mg_ctabs *tables = s->sched->tables;
    struct mg_ctab *table = table_new(options);
    uint64_t secret = mg_actor_rng(s);
    mg_lock_acquire(&tables->lock);
    *error = table_enter(s, table, options->owner, secret);
    mg_lock_release(&tables->lock);
    if (*error == 0)
        return table;
    mg_ctab_body_free(mg_ctab_body_of(table), &s->blocks);
    table_free(table, &s->blocks);
    return NULL;
}

struct mg_ctab *mg_ctabs_find(const struct mg_ctabs *tables, uint64_t id)
{
    /* T1 acquire: the table is complete. Pairs with T2 in table_enter(). */
    struct mg_ctab *table = load_acquire(&tables->slots[slot_of(id)]);
    return table != NULL && table->id == id ? table : NULL;
}

struct mg_ctab *mg_ctabs_named(struct mg_ctabs *tables, const char *name, size_t len)
{
    uint64_t value = 0;
    mg_lock_acquire(&tables->lock);
    mg_strmap_get(&tables->names, name, len, &value);
    mg_lock_release(&tables->lock);
    return table_of(value);
}

struct mg_ctab *mg_ctabs_settings(struct mg_scheduler *s, const struct mg_symbols *symbols)
{
    struct mg_ctabs *tables = s->sched->tables;
    /* T5 acquire: the table is complete. Pairs with T6 below, in mg_ctabs_settings(). */
    struct mg_ctab *settings = load_acquire(&tables->settings);
    if (settings != NULL)
        return settings;
    int error;
    struct mg_ctab_options options = {.kind = MG_CTAB_HASHED, .symbols = symbols};
    struct mg_ctab *made = mg_ctabs_make(s, &options, &error);
    if (made == NULL)
        return NULL;
    /* T6 acq_rel: it is complete, or another's is. Pairs with T5 in mg_ctabs_settings(). */
    if (cas_acq_rel(&tables->settings, &settings, made))
        return made;
    mg_ctabs_delete(s, made);
    return settings;
}

uint32_t mg_ctabs_each(const struct mg_ctabs *tables, uint32_t *slot, uint64_t *ids, uint32_t max)
{
    uint32_t count = 0;
    for (uint32_t looked = 0; *slot + 1 < MG_LIMIT_TABLES && count < max && looked < 4096;
         looked++) {
        /* T1 acquire: the table is complete. Pairs with T2 in table_enter(). */
        struct mg_ctab *table = load_acquire(&tables->slots[++*slot]);
        if (table != NULL && mg_ctab_owner(table) != MG_PID_NONE)
            ids[count++] = table->id;
    }
    return count;
}

/* -- Ending -- */

static void table_free_retired(struct mg_retired *item, struct mg_scheduler *s)
{
    table_free(MG_CONTAINER_OF(item, struct mg_ctab, retired), &s->blocks);
}

/* Takes a table out of reach. Under the lock. */
static void table_leave(struct mg_ctabs *tables, struct mg_ctab *table)
{
    uint32_t slot = slot_of(table->id);
    table_disown(tables, table);
    if (table->name != NULL)
        mg_strmap_remove(&tables->names, table->name, table->name_len);
    /* T3 release: who finds the slot empty comes after all that was done. Pairs with T1 in
     * mg_ctabs_find(). */
    store_release(&tables->slots[slot], NULL);
    slot_give(tables, slot);
}

static void table_retire(struct mg_scheduler *s, struct mg_ctab *table)
{
    mg_ctab_body_retire(mg_ctab_body_of(table), s);
    table->retired.free = table_free_retired;
    mg_core_retire(mg_core_of(s), &table->retired);
}

bool mg_ctabs_delete(struct mg_scheduler *s, struct mg_ctab *table)
{
    struct mg_ctabs *tables = s->sched->tables;
    mg_lock_acquire(&tables->lock);
    /* T4 relaxed: under the lock. Pairs with T2 in table_enter(). */
    bool present = load_relaxed(&tables->slots[slot_of(table->id)]) == table;
    if (present)
        table_leave(tables, table);
    mg_lock_release(&tables->lock);
    if (present)
        table_retire(s, table);
    return present;
}

void mg_ctabs_clear(struct mg_scheduler *s, struct mg_ctab *table)
{
    struct mg_ctab_body *fresh =
        mg_ctab_body_new(table->kind, table->symbols, table->max_bytes, table->max_count);
    struct mg_ctabs *tables = s->sched->tables;
    mg_lock_acquire(&tables->lock);
    /* T4 relaxed: under the lock. Pairs with T2 in table_enter(). */
    bool present = load_relaxed(&tables->slots[slot_of(table->id)]) == table;
    /* U2 acq_rel: the new body is complete, and so was the old one. Pairs with U1 in
     * mg_ctab_body_of(). */
    struct mg_ctab_body *old = present ? xchg_acq_rel(&table->body, fresh) : fresh;
    mg_lock_release(&tables->lock);
    mg_ctab_body_retire(old, s);
}

/* -- Owners and heirs -- */

static void notice_send(struct mg_scheduler *s, mg_pid to, mg_pid from, struct mg_signal *notice)
{
    struct mg_actor *actor = mg_sched_find(s->sched, to);
    if (notice == NULL)
        return;
    if (actor == NULL) {
        mg_signal_free(notice, &s->blocks);
        return;
    }
    notice->sender = from;
    mg_post(s, actor, notice); // exempt from the bound: it must not be lost
}

bool mg_ctabs_give(struct mg_scheduler *s, struct mg_ctab *table, mg_pid from, mg_pid to,
                   struct mg_signal *notice)
{
    struct mg_ctabs *tables = s->sched->tables;
    bool done = false;
    mg_lock_acquire(&tables->lock);
    /* T4 relaxed: under the lock. Pairs with T2 in table_enter(). */
    bool present = load_relaxed(&tables->slots[slot_of(table->id)]) == table;
    if (present && mg_ctab_owner(table) == from) {
        table_disown(tables, table);
        done = table_own(s->sched, table, to);
        if (!done)
            CHECK(table_own(s->sched, table, from)); // it is running
    }
    mg_lock_release(&tables->lock);
    if (done)
        notice_send(s, to, from, notice);
    else if (notice != NULL)
        mg_signal_free(notice, &s->blocks);
    return done;
}

bool mg_ctabs_set_heir(struct mg_scheduler *s, struct mg_ctab *table, mg_pid from, mg_pid heir,
                       struct mg_signal *notice)
{
    struct mg_ctabs *tables = s->sched->tables;
    struct mg_signal *old = notice;
    mg_lock_acquire(&tables->lock);
    bool owned = mg_ctab_owner(table) == from;
    if (owned) {
        old = table->notice;
        table->heir = heir;
        table->notice = notice;
    }
    mg_lock_release(&tables->lock);
    if (old != NULL)
        mg_signal_free(old, &s->blocks);
    return owned;
}

mg_pid mg_ctabs_heir(struct mg_ctabs *tables, struct mg_ctab *table)
{
    mg_lock_acquire(&tables->lock);
    mg_pid heir = table->heir;
    mg_lock_release(&tables->lock);
    return heir;
}

/* The newest table of a process that ends goes, or goes to its heir. False: there was none. */
static bool release_one(struct mg_scheduler *s, mg_pid owner)
{
    struct mg_ctabs *tables = s->sched->tables;
    uint64_t value = 0;
    struct mg_signal *notice = NULL;
    bool inherited = false;
    mg_lock_acquire(&tables->lock);
    mg_map_get(&tables->owners, owner, &value);
    struct mg_ctab *table = table_of(value);
    mg_pid heir = MG_PID_NONE;
    if (table != NULL) {
        heir = table->heir;
        notice = table->notice;
        table->heir = MG_PID_NONE;
        table->notice = NULL;
        table_disown(tables, table);
        inherited = heir != MG_PID_NONE && heir != owner && table_own(s->sched, table, heir);
        if (!inherited) {
            /* O2 relaxed: nobody's, so that table_leave() looks for no list. Pairs with O1 in
             * mg_ctab_owner(). */
            store_relaxed(&table->owner, MG_PID_NONE);
            table_leave(tables, table);
        }
    }
    mg_lock_release(&tables->lock);
    if (table == NULL)
        return false;
    if (inherited)
        notice_send(s, heir, owner, notice);
    else if (notice != NULL)
        mg_signal_free(notice, &s->blocks);
    if (!inherited)
        table_retire(s, table);
    return true;
}

bool mg_ctabs_release(struct mg_core *core, mg_pid owner)
{
    for (uint32_t i = 0; i < RELEASE_BATCH; i++) {
        if (!release_one(&core->s, owner))
            return true;
    }
    return false;
}
