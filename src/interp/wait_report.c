/* SPDX-License-Identifier: MIT */
/* Reports of waits: see wait_report.h.
 *
 * A cycle is found by following the first edge of each process (all of a node at rest wait, so any
 * edge will do): a walk that meets its own track has found one. Each process is walked over once.
 *
 * Threads and memory: as there.
 */
#include "interp/wait_report.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"
#include "interp/labels.h"
#include "interp/trace.h"

#include <inttypes.h>

struct entry {
    mg_pid who;
    struct mg_wait wait;
    uint32_t walk; /* the walk that passed here; 0: none */
};

struct entries {
    struct entry *items;
    uint32_t count, cap;
    uint64_t total;      /* with those beyond MG_WAIT_REPORT_READ */
    struct mg_map first; /* pid -> index of its first entry with a counterpart */
};

static void collect(void *context, mg_pid who, const struct mg_wait *wait)
{
    struct entries *entries = context;
    uint64_t index;
    if (++entries->total > MG_WAIT_REPORT_READ) {
        return;
    }
    entries->items =
        mg_vec_grow(entries->items, &entries->cap, entries->count + 1, sizeof *entries->items);
    entries->items[entries->count] = (struct entry){.who = who, .wait = *wait};
    if (wait->whom != MG_PID_NONE && !mg_map_get(&entries->first, who, &index)) {
        mg_map_put(&entries->first, who, entries->count);
    }
    entries->count++;
}

const char *mg_wait_phrase(enum mg_wait_kind kind)
{
    static const char *const phrases[MG_WAIT_KINDS] = {
        [MG_WAIT_NONE] = "nothing",
        [MG_WAIT_MAIL] = "a message",
        [MG_WAIT_TIME] = "nothing",
        [MG_WAIT_ROOM] = "room in the output",
        [MG_WAIT_REPLY] = "a reply from ",
        [MG_WAIT_END] = "the end of ",
        [MG_WAIT_HOLDER] = "what is held by ",
    };
    return phrases[kind];
}

bool mg_wait_place(const struct mg_vm *vm, const struct mg_wait *wait, struct mg_buf *out)
{
    const struct mg_code *code = wait->code == 0 ? NULL : mg_vm_code(vm, wait->code);
    char place[256];
    if (code == NULL) {
        return false;
    }
    int len = mg_trace_place(code, wait->insn, place, sizeof place);
    mg_buf_put(out, place, (size_t)len);
    return true;
}

/* A keeper is called by what it keeps: "mutex 12". */
static bool put_keeper(struct mg_sched *sched, mg_pid pid, struct mg_buf *out)
{
    const struct mg_actor *actor = mg_sched_find(sched, pid);
    if (actor == NULL || !actor->behaviour->raw) {
        return false;
    }
    mg_buf_printf(out, "%s %" MG_PRIPID, actor->behaviour->name, pid);
    return true;
}

void mg_wait_process(struct mg_vm *vm, struct mg_sched *sched, mg_pid pid, struct mg_buf *out)
{
    if (!put_keeper(sched, pid, out)) {
        mg_labels_describe(vm, pid, out);
    }
    size_t before = out->len;
    mg_buf_puts(out, " named ");
    if (!mg_waits_name(sched, pid, out)) {
        out->len = before;
    }
}

static void put_wait(struct mg_vm *vm, struct mg_sched *sched, const struct entry *entry,
                     struct mg_buf *out)
{
    mg_buf_puts(out, "  ");
    mg_wait_process(vm, sched, entry->who, out);
    mg_buf_printf(out, " waits for %s", mg_wait_phrase(entry->wait.kind));
    if (entry->wait.whom != MG_PID_NONE) {
        mg_wait_process(vm, sched, entry->wait.whom, out);
    }
    size_t before = out->len;
    mg_buf_puts(out, " at ");
    if (!mg_wait_place(vm, &entry->wait, out)) {
        out->len = before;
    }
    mg_buf_putc(out, '\n');
}

static struct entry *next_of(const struct entries *entries, const struct entry *entry)
{
    uint64_t index;
    return mg_map_get(&entries->first, entry->wait.whom, &index) ? &entries->items[index] : NULL;
}

static void put_cycle(struct mg_vm *vm, struct mg_sched *sched, const struct entries *entries,
                      const struct entry *start, struct mg_buf *out)
{
    mg_buf_puts(out, "  deadlock: ");
    const struct entry *entry = start;
    uint32_t passed = 0;
    do {
        if (passed++ < MG_WAIT_REPORT_NAMES) {
            mg_wait_process(vm, sched, entry->who, out);
            mg_buf_puts(out, " -> ");
        }
        entry = next_of(entries, entry);
    } while (entry != start);
    if (passed > MG_WAIT_REPORT_NAMES) {
        mg_buf_printf(out, "(%u more) -> ", passed - MG_WAIT_REPORT_NAMES);
    }
    mg_wait_process(vm, sched, start->who, out);
    mg_buf_putc(out, '\n');
}

static void put_cycles(struct mg_vm *vm, struct mg_sched *sched, struct entries *entries,
                       struct mg_buf *out)
{
    uint32_t cycles = 0;
    for (uint32_t i = 0; i < entries->count && cycles < MG_WAIT_REPORT_CYCLES; i++) {
        struct entry *entry = &entries->items[i];
        while (entry != NULL && entry->walk == 0 && entry->wait.whom != MG_PID_NONE) {
            entry->walk = i + 1;
            entry = next_of(entries, entry);
        }
        if (entry != NULL && entry->walk == i + 1) {
            put_cycle(vm, sched, entries, entry, out);
            cycles++;
        }
    }
}

void mg_wait_report(struct mg_vm *vm, struct mg_sched *sched, struct mg_buf *out)
{
    struct entries entries = {0};
    mg_map_init(&entries.first);
    mg_waits_each(sched, collect, &entries);
    for (uint32_t i = 0; i < entries.count && i < MG_WAIT_REPORT_LINES; i++) {
        put_wait(vm, sched, &entries.items[i], out);
    }
    if (entries.total > MG_WAIT_REPORT_LINES) {
        mg_buf_printf(out, "  and %" PRIu64 " more\n", entries.total - MG_WAIT_REPORT_LINES);
    }
    put_cycles(vm, sched, &entries, out);
    mg_map_deinit(&entries.first);
    mg_free(entries.items);
}
