/* SPDX-License-Identifier: MIT */
/* Local names. See names.h.
 *
 *      text ──> entry ──> next name of the same process ──> ...
 *      pid  ──> first entry
 *
 * Register against end:
 *
 *      registrar (under the lock)                     the dying actor
 *      spare |= NAMED; was CLOSED? then no (N4)       spare |= CLOSED; was NAMED?  (K10)
 *                                                     then lock, remove its names
 *
 * Both change one word, so one of the two comes first and the other sees it: no name stays behind.
 *
 * Threads: any scheduler; one lock. Memory: entries belong to the table.
 */
#include "sched/names.h"

#include "base/alloc.h"
#include "object/control.h"
#include "sched/internal.h"

struct name_entry {
    mg_pid pid;
    struct name_entry *next; /* of the same process, older */
    size_t len;
    char text[];
};

struct mg_name_table {
    struct mg_lock lock;
    struct mg_strmap by_text; /* text -> entry */
    struct mg_map by_pid;     /* pid -> its newest entry */
};

static struct name_entry *entry_of(uint64_t value)
{
    return (struct name_entry *)(uintptr_t)value;
}

struct mg_name_table *mg_name_table_new(void)
{
    struct mg_name_table *table = mg_alloc_zero(sizeof *table);
    mg_lock_init(&table->lock, MG_RANK_REGISTRY);
    mg_strmap_init(&table->by_text);
    mg_map_init(&table->by_pid);
    return table;
}

void mg_name_table_free(struct mg_name_table *table)
{
    uint64_t value;
    for (uint32_t i = 0; mg_strmap_at(&table->by_text, i, NULL, NULL, &value); i++)
        mg_free(entry_of(value));
    mg_strmap_deinit(&table->by_text);
    mg_map_deinit(&table->by_pid);
    mg_lock_deinit(&table->lock);
    mg_free(table);
}

bool mg_names_register(struct mg_scheduler *s, mg_pid pid, const char *name, size_t len)
{
    struct mg_name_table *table = s->sched->names;
    struct mg_control *control = mg_ptab_find(&s->sched->ptab, pid);
    if (control == NULL || len == 0)
        return false;
    bool done = false;
    mg_lock_acquire(&table->lock);
    if (!mg_strmap_get(&table->by_text, name, len, NULL)) {
        /* N4 acq_rel: see the header comment. Pairs with K10 in end_possessions(). */
        if (!(fetch_or_acq_rel(&control->spare, MG_SPARE_NAMED) & MG_SPARE_CLOSED)) {
            uint64_t newest = 0;
            mg_map_get(&table->by_pid, pid, &newest);
            struct name_entry *entry = mg_alloc(sizeof *entry + len);
            *entry = (struct name_entry){.pid = pid, .next = entry_of(newest), .len = len};
            memcpy(entry->text, name, len);
            mg_strmap_put(&table->by_text, name, len, (uintptr_t)entry);
            mg_map_put(&table->by_pid, pid, (uintptr_t)entry);
            done = true;
        }
    }
    mg_lock_release(&table->lock);
    return done;
}

mg_pid mg_names_find(struct mg_scheduler *s, const char *name, size_t len)
{
    struct mg_name_table *table = s->sched->names;
    uint64_t value = 0;
    mg_lock_acquire(&table->lock);
    mg_pid pid =
        mg_strmap_get(&table->by_text, name, len, &value) ? entry_of(value)->pid : MG_PID_NONE;
    mg_lock_release(&table->lock);
    return pid;
}

/* Removes all names of a process. Under the lock. */
static void names_remove_all(struct mg_name_table *table, mg_pid pid)
{
    uint64_t value;
    if (!mg_map_get(&table->by_pid, pid, &value))
        return;
    mg_map_remove(&table->by_pid, pid);
    struct name_entry *entry = entry_of(value);
    while (entry != NULL) {
        struct name_entry *next = entry->next;
        mg_strmap_remove(&table->by_text, entry->text, entry->len);
        mg_free(entry);
        entry = next;
    }
}

void mg_names_release(struct mg_sched *sched, struct mg_control *control)
{
    struct mg_name_table *table = sched->names;
    mg_lock_acquire(&table->lock);
    names_remove_all(table, control->pid);
    mg_lock_release(&table->lock);
}

void mg_names_unregister(struct mg_scheduler *s, mg_pid pid)
{
    struct mg_name_table *table = s->sched->names;
    mg_lock_acquire(&table->lock);
    names_remove_all(table, pid);
    mg_lock_release(&table->lock);
}

/* Takes an entry out of its process's list. Under the lock. */
static void names_unlink(struct mg_name_table *table, struct name_entry *entry)
{
    uint64_t value = 0;
    mg_map_get(&table->by_pid, entry->pid, &value);
    struct name_entry *at = entry_of(value);
    if (at == entry) {
        if (entry->next != NULL)
            mg_map_put(&table->by_pid, entry->pid, (uintptr_t)entry->next);
        else
            mg_map_remove(&table->by_pid, entry->pid);
        return;
    }
    while (at->next != entry)
        at = at->next;
    at->next = entry->next;
}

bool mg_names_unregister_one(struct mg_scheduler *s, mg_pid pid, const char *name, size_t len)
{
    struct mg_name_table *table = s->sched->names;
    uint64_t value = 0;
    mg_lock_acquire(&table->lock);
    bool held = mg_strmap_get(&table->by_text, name, len, &value) && entry_of(value)->pid == pid;
    if (held) {
        mg_strmap_remove(&table->by_text, name, len);
        names_unlink(table, entry_of(value));
        mg_free(entry_of(value));
    }
    mg_lock_release(&table->lock);
    return held;
}

void mg_names_each(struct mg_scheduler *s, mg_pid pid,
                   void (*visit)(void *context, const char *name, size_t len, mg_pid holder),
                   void *context)
{
    struct mg_name_table *table = s->sched->names;
    uint64_t value;
    mg_lock_acquire(&table->lock);
    for (uint32_t i = 0; mg_strmap_at(&table->by_text, i, NULL, NULL, &value); i++) {
        struct name_entry *entry = entry_of(value);
        if (pid == MG_PID_NONE || entry->pid == pid)
            visit(context, entry->text, entry->len, entry->pid);
    }
    mg_lock_release(&table->lock);
}
