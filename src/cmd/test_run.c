/* SPDX-License-Identifier: MIT */
/* Running one test: see test_run.h. */
#include "cmd/test_run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "cmd/program.h"
#include "interp/body.h"
#include "interp/boot.h"
#include "object/string.h"
#include "sched/exit.h"
#include "sched/io_backend.h"

#include <inttypes.h>
#include <string.h>

/* Supervised trees that a test leaves behind get this long to stop. */
#define STOP_NS (2 * MG_NS_PER_S)

/* Processes of a run without any of the test's own: TestRunner, the test, and whoever stops the
 * node at the end. */
enum { OWN_PROCESSES = 3 };

struct mg_vm *mg_test_vm(void)
{
    char problem[256];
    struct mg_vm *vm = mg_vm_new(mg_lib_archive, mg_lib_archive_size, problem);
    if (vm == NULL) {
        fprintf(stderr, "maggie: %s\n", problem);
    }
    return vm;
}

/* -- Loading -- */

/* Compiles and installs; what is wrong goes to stderr if `loud`. */
static bool load(const struct mg_test_sources *sources, struct mg_vm *vm, bool loud,
                 struct mg_code **script)
{
    struct mg_diags diags;
    struct mg_buf text;
    char problem[256] = "";
    mg_diags_init(&diags);
    mg_buf_init(&text);
    int error = mg_vm_load(vm, sources->items, sources->count, &diags, script, problem);
    if (error != 0 && diags.errors == 0) {
        mg_buf_printf(&text, "maggie: %s: %s\n", sources->items[0].path, problem);
    }
    mg_diags_print(&diags, &text);
    if (loud && text.len > 0) {
        fwrite(text.data, 1, text.len, stderr);
    }
    mg_buf_deinit(&text);
    mg_diags_deinit(&diags);
    return error == 0;
}

/* -- Listing -- */

struct listing {
    const struct mg_vm *vm;
    const struct mg_class *class;
    struct mg_test_paths *names;
};

static void list_method(const struct mg_method *method, void *context)
{
    const struct listing *listing = context;
    const struct mg_world *world = listing->vm->world;
    const char *selector = mg_world_text(world, method->selector);
    if (method->argc != 0 || strncmp(selector, "test", 4) != 0 ||
        mg_world_lookup(world, listing->class->id, method->selector) != method) {
        return;
    }
    struct mg_buf name;
    mg_buf_init(&name);
    mg_buf_printf(&name, "%s>>%s", mg_world_text(world, listing->class->name), selector);
    mg_test_paths_add(listing->names, mg_buf_text(&name));
    mg_buf_deinit(&name);
}

/* The tests a class inherits come first. */
static void list_class(struct listing *listing, const struct mg_class *class, uint32_t root)
{
    if (class->id == root) {
        return;
    }
    list_class(listing, mg_world_class(listing->vm->world, class->superclass), root);
    mg_world_each_method(listing->vm->world, class->id, list_method, listing);
}

static void note_file(const struct mg_method *method, void *context)
{
    const char **file = context;
    if (*file == NULL && method->code != NULL) {
        *file = method->code->file;
    }
}

/* Whether the class is written in the test's own file: a companion's tests are its own. */
static bool is_of_file(const struct mg_vm *vm, const struct mg_class *class, const char *path)
{
    const char *file = NULL;
    mg_world_each_method(vm->world, class->id, note_file, &file);
    return file == NULL || strcmp(file, path) == 0;
}

bool mg_test_list(const struct mg_test_sources *sources, struct mg_vm *vm,
                  struct mg_test_paths *names)
{
    struct mg_world *world = vm->world;
    struct mg_code *script = NULL;
    /* W5 relaxed: one thread. */
    uint32_t from = load_relaxed(&world->class_count);
    if (!load(sources, vm, true, &script)) {
        return false;
    }
    uint32_t root = mg_world_class_named(world, "TestCase", 8);
    /* W5 relaxed: one thread. */
    uint32_t to = load_relaxed(&world->class_count);
    for (uint32_t id = from; id < to; id++) {
        const struct mg_class *class = mg_world_class(world, id);
        if (class->instance == MG_NO_CLASS && mg_world_inherits(world, id, root) &&
            is_of_file(vm, class, sources->items[0].path)) {
            struct listing listing = {.vm = vm, .class = class, .names = names};
            list_class(&listing, class, root);
        }
    }
    if (script != NULL) {
        mg_test_paths_add(names, MG_TEST_STATEMENTS);
    }
    return true;
}

/* -- Running -- */

static void catch_output(void *owner, int fd, const char *data, size_t len)
{
    (void)fd;
    const struct mg_vm *vm = owner;
    struct mg_test_run *run = vm->owner;
    size_t room = MG_TEST_OUTPUT_MAX - run->output.len;
    size_t kept = len < room ? len : room;
    mg_buf_put(&run->output, data, kept);
    run->lost += len - kept;
}

/* 0 is the usual, nil. */
static void put_number(struct mg_buf *text, uint64_t n)
{
    if (n == 0) {
        mg_buf_puts(text, "nil");
    } else {
        mg_buf_printf(text, "%" PRIu64, n);
    }
}

/* The statement of the main process. */
static bool load_runner(const struct mg_test_run *run, struct mg_vm *vm, struct mg_code **script)
{
    struct mg_buf text;
    mg_buf_init(&text);
    const char *split = strstr(run->name, ">>");
    if (split == NULL) {
        mg_buf_puts(&text, "TestRunner runScriptWithin: ");
    } else {
        mg_buf_printf(&text, "TestRunner run: #%s of: %.*s within: ", split + 2,
                      (int)(split - run->name), run->name);
    }
    put_number(&text, run->limit_ms);
    mg_buf_puts(&text, " memory: ");
    put_number(&text, run->max_heap);
    struct mg_test_sources sources;
    sources.count = 1;
    sources.items[0] = (struct mg_source){
        .path = "(test)", .text = text.data, .len = text.len, .allow_statements = true};
    bool good = load(&sources, vm, true, script);
    mg_buf_deinit(&text);
    return good;
}

static void judge(struct mg_test_run *run, struct mg_vm *vm, struct mg_control *main)
{
    struct mg_exit_info info;
    if (vm->exit_status >= 0) {
        mg_buf_printf(&run->report, "ended the program with status %d", vm->exit_status);
    } else if (!mg_control_exit(main, &info)) {
        mg_buf_puts(&run->report, "the program was stopped");
    } else if (info.reason != vm->reasons[MG_REASON_NORMAL] || info.expired) {
        mg_buf_printf(&run->report, "the process that ran the test ended with #%s",
                      mg_world_text(vm->world, info.reason));
    } else if (info.result != MG_NIL) {
        struct mg_string_view text = {0};
        if (mg_is_pointer(info.result)) {
            mg_string_view(vm->world, info.result, &text);
        }
        mg_buf_put(&run->report, text.bytes, text.len);
    } else {
        run->passed = true;
    }
}

static void execute(struct mg_test_run *run, struct mg_vm *vm, struct mg_code *script)
{
    struct mg_sched_config config = {
        .schedulers = run->schedulers,
        .deterministic = run->seeded,
        .explore = true,
        .thorough = run->thorough,
        .seed = run->seed,
        .stop_ns = STOP_NS,
        .owner = vm,
        .scheduler_start = mg_body_scheduler_start,
        .scheduler_stop = mg_body_scheduler_stop,
        .write = catch_output,
    };
    memcpy(config.reasons, vm->reasons, sizeof config.reasons);
    struct mg_sched *sched = mg_sched_new(&config);
    struct mg_birth birth = {.script = script};
    struct mg_spawn spawn = {
        .behaviour = &mg_body_behaviour,
        .argument = &birth,
        .priority = MG_PRIORITY_NORMAL,
    };
    struct mg_control *main = mg_sched_boot(sched, &spawn);
    if (main == NULL) {
        mg_buf_printf(&run->report, "the test cannot start: %s", mg_error_text(spawn.error));
        mg_sched_free(sched);
        return;
    }
    vm->main_pid = main->pid;
    mg_sched_run(sched);
    struct mg_sched_stats stats;
    mg_sched_stats(sched, &stats);
    run->concurrent = stats.spawned > OWN_PROCESSES;
    judge(run, vm, main);
    mg_control_unref(main, NULL);
    mg_sched_free(sched);
}

void mg_test_execute(struct mg_test_run *run)
{
    struct mg_code *runner = NULL, *script = NULL;
    run->passed = false;
    run->concurrent = false;
    run->lost = 0;
    mg_buf_clear(&run->report);
    mg_buf_clear(&run->output);
    struct mg_vm *vm = mg_test_vm();
    if (vm == NULL) {
        mg_buf_puts(&run->report, "the library does not load");
        return;
    }
    vm->owner = run;
    if (!load(run->sources, vm, false, &script)) {
        mg_buf_puts(&run->report, "the sources do not compile any more");
    } else {
        vm->test_script = strcmp(run->name, MG_TEST_STATEMENTS) == 0 ? script : NULL;
        if (load_runner(run, vm, &runner)) {
            execute(run, vm, runner);
        }
    }
    mg_vm_free(vm);
}
