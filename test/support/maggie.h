/* SPDX-License-Identifier: MIT */
/* Whole runtimes inside a test: a vm with the library, a sched, a script as the main process, and
 * what it printed.
 *
 *     struct runtime runtime;
 *     runtime_init(&runtime);
 *     runtime.config.schedulers = 2;
 *     runtime_run(&runtime, "test", "'hello' println. 3");
 *     CHECK(runtime.status == 3);  the result of the script, if it is an Integer
 *     runtime_deinit(&runtime);
 *
 * Output is captured by an I/O back end of its own (not in deterministic mode, where it goes to the
 * descriptors as it comes: such scripts print nothing).
 *
 * Threads: a runtime belongs to the thread that runs it; several threads may each have one. Memory:
 * a runtime owns all it made. Each test program is one file, so everything here is static inline.
 */
#ifndef MG_TEST_SUPPORT_MAGGIE_H
#define MG_TEST_SUPPORT_MAGGIE_H

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buf.h"
#include "interp/body.h"
#include "interp/boot.h"
#include "sched/exit.h"
#include "sched/io_backend.h"
#include "sched/output.h"
#include "sched/sched.h"

/* How a runtime's main process ended. */
enum {
    RUNTIME_REFUSED = -1,    // the source has errors: see err
    RUNTIME_UNFINISHED = -2, // stopped before its end
    RUNTIME_CRASHED = -3,    // any reason but #normal
    RUNTIME_NO_NUMBER = -4,  // a result that is no SmallInteger
    RUNTIME_DEADLOCK = -5
};

struct runtime {
    struct mg_sched_config config; // schedulers, deterministic, seed: to be set before the run
    struct mg_vm *vm;
    bool logs;                   // keep the event log of a deterministic run
    struct mg_buf log;           // that
    struct mg_buf out;           // standard output
    struct mg_buf err;           // standard error, and messages of the compiler
    pthread_mutex_t lock;        // for out and err; without a rank, for output comes from anywhere
    int64_t status;              // the result, or one of the above
    struct mg_sched_stats stats; // after the run
};

/* -- The back end that captures -- */

static inline struct runtime *runtime_of(const struct mg_sched *sched)
{
    struct mg_vm *vm = mg_sched_owner(sched);
    return vm->owner;
}

struct runtime_capture {
    struct mg_sched *sched;
    struct mg_output *output;
};

static int capture_open(struct mg_sched *sched, struct mg_output *output, void **state)
{
    struct runtime_capture *capture = mg_alloc(sizeof *capture);
    *capture = (struct runtime_capture){sched, output};
    *state = capture;
    return 0;
}

static void capture_kick(void *state)
{
    struct runtime_capture *capture = state;
    struct runtime *runtime = runtime_of(capture->sched);
    int fd;
    const char *data;
    size_t len;
    pthread_mutex_lock(&runtime->lock);
    while (mg_output_take(capture->output, &fd, &data, &len)) {
        mg_buf_put(fd == 1 ? &runtime->out : &runtime->err, data, len);
        mg_output_done(capture->sched, len);
    }
    pthread_mutex_unlock(&runtime->lock);
}

static void capture_close(void *state)
{
    mg_free(state);
}

static const struct mg_io_backend runtime_capture_backend = {
    .name = "capture", .open = capture_open, .kick = capture_kick, .close = capture_close};

static void runtime_event(void *owner, const char *line, size_t len)
{
    struct mg_vm *vm = owner;
    struct runtime *runtime = vm->owner;
    mg_buf_put(&runtime->log, line, len);
    mg_buf_putc(&runtime->log, '\n');
}

static void runtime_deadlock(void *owner MG_UNUSED, struct mg_sched *sched MG_UNUSED) {}

/* -- Runtimes -- */

static inline void runtime_init(struct runtime *runtime)
{
    char problem[256] = "";
    memset(runtime, 0, sizeof *runtime);
    pthread_mutex_init(&runtime->lock, NULL);
    runtime->vm = mg_vm_new(mg_lib_archive, mg_lib_archive_size, problem);
    if (runtime->vm == NULL)
        mg_panic("%s", problem);
    runtime->vm->owner = runtime;
    runtime->config = (struct mg_sched_config){
        .thorough = true,
        .seed = 1,
        .owner = runtime->vm,
        .scheduler_start = mg_body_scheduler_start,
        .serve = mg_body_serve,
        .scheduler_stop = mg_body_scheduler_stop,
        .deadlock = runtime_deadlock,
        .io = &runtime_capture_backend,
    };
    memcpy(runtime->config.reasons, runtime->vm->reasons, sizeof runtime->config.reasons);
}

/* Compiles a source into the runtime. The code of its statements, or NULL, with messages in err. */
static inline struct mg_code *runtime_load(struct runtime *runtime, const char *path,
                                           const char *text, size_t len)
{
    struct mg_source source = {.path = path, .text = text, .len = len, .allow_statements = true};
    struct mg_diags diags;
    struct mg_code *script = NULL;
    char problem[256] = "";
    mg_diags_init(&diags);
    int error = mg_vm_load(runtime->vm, &source, 1, &diags, &script, problem);
    mg_diags_print(&diags, &runtime->err);
    mg_buf_puts(&runtime->err, problem);
    mg_diags_deinit(&diags);
    return error == 0 ? script : NULL;
}

static inline int64_t runtime_status(struct runtime *runtime, struct mg_sched *sched,
                                     struct mg_control *main)
{
    struct mg_exit_info info;
    if (mg_sched_deadlocked(sched))
        return RUNTIME_DEADLOCK;
    if (!mg_control_exit(main, &info))
        return RUNTIME_UNFINISHED;
    if (info.reason != runtime->vm->reasons[MG_REASON_NORMAL])
        return RUNTIME_CRASHED;
    return mg_is_small(info.result) ? mg_small_value(info.result) : RUNTIME_NO_NUMBER;
}

/* Runs code of a script to the end of everything; again and again, if need be. */
static inline void runtime_run_script(struct runtime *runtime, const struct mg_code *script)
{
    if (runtime->logs)
        runtime->config.event = runtime_event;
    struct mg_sched *sched = mg_sched_new(&runtime->config);
    struct mg_birth birth = {.script = script};
    struct mg_spawn spawn = {
        .behaviour = &mg_body_behaviour, .argument = &birth, .priority = MG_PRIORITY_NORMAL};
    struct mg_control *main = mg_sched_boot(sched, &spawn);
    CHECK(main != NULL);
    runtime->vm->main_pid = main->pid;
    mg_sched_run(sched);
    runtime->status = runtime_status(runtime, sched, main);
    mg_sched_stats(sched, &runtime->stats);
    mg_control_unref(main, NULL);
    mg_sched_free(sched);
}

/* Compiles a source and runs it. Once a runtime. */
static inline void runtime_run_bytes(struct runtime *runtime, const char *path, const char *text,
                                     size_t len)
{
    struct mg_code *script = runtime_load(runtime, path, text, len);
    runtime->status = RUNTIME_REFUSED;
    if (script != NULL)
        runtime_run_script(runtime, script);
}

static inline void runtime_run(struct runtime *runtime, const char *path, const char *text)
{
    runtime_run_bytes(runtime, path, text, strlen(text));
}

static inline void runtime_deinit(struct runtime *runtime)
{
    mg_vm_free(runtime->vm);
    mg_buf_deinit(&runtime->log);
    mg_buf_deinit(&runtime->out);
    mg_buf_deinit(&runtime->err);
    pthread_mutex_destroy(&runtime->lock);
}

#endif
