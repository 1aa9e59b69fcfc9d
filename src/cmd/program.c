/* SPDX-License-Identifier: MIT */
/* Running one program: see program.h. */
#include "cmd/program.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "cmd/signals.h"
#include "compiler/disasm.h"
#include "interp/body.h"
#include "interp/boot.h"
#include "interp/wait_report.h"
#include "sched/exit.h"
#include "sched/io_backend.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static char *refuse(FILE *file, const char *path, const char *why)
{
    fprintf(stderr, "maggie: cannot read %s: %s\n", path, why);
    if (file != NULL) {
        fclose(file);
    }
    return NULL;
}

char *mg_program_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return refuse(NULL, path, strerror(errno));
    }
    struct stat info;
    if (fstat(fileno(file), &info) == 0 && S_ISDIR(info.st_mode)) {
        return refuse(file, path, "it is a directory");
    }
    struct mg_buf text;
    mg_buf_init(&text);
    char chunk[1 << 16];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0 && text.len <= MG_LIMIT_SOURCE_BYTES) {
        mg_buf_put(&text, chunk, n);
    }
    const char *why = NULL;
    if (ferror(file)) {
        why = strerror(errno);
    } else if (text.len > MG_LIMIT_SOURCE_BYTES) {
        why = "it is larger than 64 MiB";
    } else if (text.len > 0 && memchr(text.data, 0, text.len) != NULL) {
        why = "it is a binary file (it holds zero bytes), not Maggie source";
    } else if (text.len > 0 && !mg_utf8_valid((const uint8_t *)text.data, text.len)) {
        why = "it is not UTF-8 text";
    }
    if (why != NULL) {
        mg_buf_deinit(&text);
        return refuse(file, path, why);
    }
    fclose(file);
    *len = text.len;
    mg_buf_putc(&text, '\0');
    return text.data;
}

void mg_program_print_diags(const struct mg_diags *diags)
{
    struct mg_buf out;
    mg_buf_init(&out);
    mg_diags_print(diags, &out);
    if (out.len > 0) {
        fwrite(out.data, 1, out.len, stderr);
    }
    mg_buf_deinit(&out);
}

static void log_event(void *owner, const char *line, size_t len)
{
    struct mg_vm *vm = owner;
    FILE *events = vm->owner;
    fwrite(line, 1, len, events);
    fputc('\n', events);
}

static void report_deadlock(void *owner, struct mg_sched *sched)
{
    struct mg_buf text;
    mg_buf_init(&text);
    mg_buf_puts(&text, "Error: every process waits, and nothing can wake any of them. A program "
                       "that waits on purpose ends with `Process sleepForever`.\n");
    mg_wait_report(owner, sched, &text);
    mg_sched_log_crash(sched, text.data, text.len);
    mg_buf_deinit(&text);
}

static struct mg_sched *make_sched(const struct mg_program *program, struct mg_vm *vm)
{
    struct mg_sched_config config = {
        .schedulers = program->schedulers,
        .deterministic = program->deterministic,
        .thorough = program->thorough,
        .seed = program->seed,
        .stop_ns = program->stop_ns,
        .defaults = program->defaults,
        .io = &mg_io_loop,
        .owner = vm,
        .scheduler_start = mg_body_scheduler_start,
        .scheduler_stop = mg_body_scheduler_stop,
        .deadlock = report_deadlock,
        .serve = mg_body_serve,
    };
    memcpy(config.reasons, vm->reasons, sizeof config.reasons);
    if (program->events != NULL) {
        vm->owner = program->events;
        config.event = log_event;
    }
    return mg_sched_new(&config);
}

/* The exit status of a program that has ended. */
static int status_of(struct mg_vm *vm, struct mg_sched *sched, struct mg_control *main)
{
    struct mg_exit_info info;
    if (vm->exit_status >= 0) {
        return vm->exit_status;
    }
    if (mg_sched_deadlocked(sched)) {
        return MG_STATUS_DEADLOCK;
    }
    if (!mg_control_exit(main, &info)) {
        return MG_STATUS_OK; /* stopped from outside before it ended */
    }
    if (info.reason == vm->reasons[MG_REASON_NORMAL]) {
        return mg_is_small(info.result) ? (int)(mg_small_value(info.result) & 0xff) : MG_STATUS_OK;
    }
    return info.reason == vm->reasons[MG_REASON_SHUTDOWN] ? MG_STATUS_OK : MG_STATUS_CRASH;
}

static int run_script(const struct mg_program *program, struct mg_vm *vm, struct mg_code *script)
{
    if (script == NULL) {
        return MG_STATUS_OK;
    }
    struct mg_sched *sched = make_sched(program, vm);
    struct mg_birth birth = {.script = script};
    struct mg_actor_options options = {.memory_bytes = program->max_heap};
    struct mg_spawn spawn = {
        .behaviour = &mg_body_behaviour,
        .argument = &birth,
        .options = program->max_heap != 0 ? &options : NULL,
        .priority = MG_PRIORITY_NORMAL,
    };
    struct mg_control *main = mg_sched_boot(sched, &spawn);
    if (main == NULL) {
        fprintf(stderr, "maggie: the main process cannot start: %s\n", mg_error_text(spawn.error));
        mg_sched_free(sched);
        return MG_STATUS_BROKEN;
    }
    vm->main_pid = main->pid;
    struct mg_signals *signals = program->handle_signals ? mg_signals_watch(sched) : NULL;
    mg_sched_run(sched);
    if (signals != NULL) {
        mg_signals_unwatch(signals);
    }
    int status = status_of(vm, sched, main);
    mg_control_unref(main, NULL);
    mg_sched_free(sched);
    return status;
}

static struct mg_vm *open_vm(const struct mg_program *program)
{
    char problem[256];
    struct mg_vm *vm = mg_vm_new(mg_lib_archive, mg_lib_archive_size, problem);
    if (vm == NULL) {
        fprintf(stderr, "maggie: %s\n", problem);
        return NULL;
    }
    vm->arguments = program->arguments;
    vm->argument_count = program->argument_count;
    return vm;
}

static struct mg_source source_of(const struct mg_program *program)
{
    return (struct mg_source){
        .path = program->path,
        .text = program->text,
        .len = program->len,
        .allow_statements = true,
    };
}

/* Compiles a text and prints what is wrong with it; nothing is installed. Answers whether it was in
 * order. */
static bool check_text(struct mg_vm *vm, const char *path, const char *text)
{
    struct mg_source source = {
        .path = path, .text = text, .len = strlen(text), .allow_statements = true};
    struct mg_compile_env env;
    struct mg_compile_options options = {.library = false};
    struct mg_unit unit;
    struct mg_diags diags;
    mg_vm_compile_env(vm, &env);
    mg_unit_init(&unit);
    mg_diags_init(&diags);
    int error = mg_compile_batch(&env, &options, &source, 1, &unit, NULL, &diags);
    mg_program_print_diags(&diags);
    mg_diags_deinit(&diags);
    mg_unit_deinit(&unit);
    return error == 0;
}

/* Compiles and installs the program; NULL in *script when it has no statements. */
static int load_program(const struct mg_program *program, struct mg_vm *vm, struct mg_code **script)
{
    struct mg_source source = source_of(program);
    struct mg_diags diags;
    char problem[256] = "";
    if (program->written != NULL && !check_text(vm, program->path, program->written)) {
        return MG_ESYNTAX;
    }
    mg_diags_init(&diags);
    int error = mg_vm_load(vm, &source, 1, &diags, script, problem);
    if (program->written == NULL) {
        mg_program_print_diags(&diags);
    }
    if (error != 0 && diags.errors == 0) {
        fprintf(stderr, "maggie: %s: %s\n", program->path, problem);
    }
    mg_diags_deinit(&diags);
    return error;
}

int mg_program_run(const struct mg_program *program)
{
    struct mg_vm *vm = open_vm(program);
    if (vm == NULL) {
        return MG_STATUS_BROKEN;
    }
    struct mg_code *script = NULL;
    int error = program->load != NULL ? program->load(program, vm, &script)
                                      : load_program(program, vm, &script);
    int status = error != 0 ? MG_STATUS_SOURCE : run_script(program, vm, script);
    mg_vm_free(vm);
    return status;
}

int mg_program_disassemble(const struct mg_program *program)
{
    struct mg_vm *vm = open_vm(program);
    if (vm == NULL) {
        return MG_STATUS_BROKEN;
    }
    struct mg_source source = source_of(program);
    struct mg_compile_env env;
    struct mg_compile_options options = {.library = false};
    struct mg_traits traits;
    struct mg_unit unit;
    struct mg_diags diags;
    mg_vm_compile_env(vm, &env);
    mg_traits_init(&traits);
    mg_unit_init(&unit);
    mg_diags_init(&diags);
    int error = mg_compile_batch(&env, &options, &source, 1, &unit, &traits, &diags);
    mg_program_print_diags(&diags);
    if (error == 0) {
        struct mg_buf out;
        mg_buf_init(&out);
        mg_disasm_unit(&unit, &out);
        fwrite(out.data, 1, out.len, stdout);
        mg_buf_deinit(&out);
    }
    mg_diags_deinit(&diags);
    mg_unit_deinit(&unit);
    mg_traits_deinit(&traits);
    mg_vm_free(vm);
    return error != 0 ? MG_STATUS_SOURCE : MG_STATUS_OK;
}
