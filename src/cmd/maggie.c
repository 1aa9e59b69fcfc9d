/* SPDX-License-Identifier: MIT */
/* maggie: the command. It reads the command line and calls program.c; nothing else happens here. */
#include "base/alloc.h"
#include "base/buf.h"
#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/project.h"
#include "cmd/signals.h"
#include "cmd/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Maggie " MG_VERSION ": a Smalltalk on an Erlang-style actor system\n"
    "\n"
    "  maggie run [options] FILE [arguments]   run a script; its status is the result if that is "
    "an Integer\n"
    "  maggie run [options] DIR [arguments]    run the project of DIR/maggie.toml\n"
    "  maggie eval [options] 'expression'      evaluate and print the result\n"
    "  maggie test [options] [PATHS]           run the tests in files and directories (default: "
    "here)\n"
    "  maggie disasm FILE                      show the bytecode of a file\n"
    "  maggie --version                        show the version\n"
    "  maggie --help                           show this\n"
    "\n"
    "Options of run and eval:\n"
    "  --schedulers N    threads that run processes (default: one for each core)\n"
    "  --max-heap SIZE   memory limit of the main process: bytes, or with K, M or G (default: 2G)\n"
    "  --seed N          deterministic: one thread, virtual time, the same run for the same seed\n"
    "  --event-log FILE  with --seed: write what happened, one line an event (- for standard "
    "error)\n"
    "\n"
    "Options of test:\n"
    "  --seeds N         deterministic: every test with several actors under N seeds\n"
    "  --seed S          deterministic: the run of this seed again (with --seeds: the first one)\n"
    "  --filter WORD     only tests whose name contains the word: FILE Class>>selector\n"
    "  --time-limit MS   of each test, instead of what its class says (10000)\n"
    "  --verbose         a line for each test, and what it printed\n"
    "  --schedulers N    as above\n"
    "  --max-heap SIZE   memory limit of the process of each test\n"
    "\n"
    "Ctrl-C stops supervised trees in order; a second Ctrl-C ends the program at once.\n"
    "Exit status: 0, or what the program says; 1 after an unhandled error in the main process, 2 "
    "for a wrong\n"
    "command line, 3 when everything waits for ever, 65 for errors in the source, 66 when it "
    "cannot be read.\n";

struct command {
    struct mg_program program;
    const char *operand; /* file or expression */
};

static int parse_option(struct command *command, const char *name, const char *text)
{
    struct mg_program *program = &command->program;
    uint64_t n;
    if (text == NULL) {
        return mg_usage("this option needs a value", name);
    }
    if (strcmp(name, "--schedulers") == 0) {
        if (!mg_parse_number(text, &n) || n == 0 || n > 255) {
            return mg_usage("--schedulers takes a number from 1 to 255, not", text);
        }
        program->schedulers = (uint32_t)n;
        return 0;
    }
    if (strcmp(name, "--max-heap") == 0) {
        return mg_parse_size(text, &program->max_heap)
                   ? 0
                   : mg_usage("--max-heap takes a size such as 64M, not", text);
    }
    if (strcmp(name, "--seed") == 0) {
        program->deterministic = true;
        return mg_parse_number(text, &program->seed) ? 0
                                                     : mg_usage("--seed takes a number, not", text);
    }
    program->events = strcmp(text, "-") == 0 ? stderr : fopen(text, "w");
    return program->events != NULL ? 0 : mg_usage("the event log cannot be written", text);
}

/* Options, operand, then what belongs to the program. */
static int parse(struct command *command, int argc, char **argv)
{
    static const char *const options[] = {"--schedulers", "--max-heap", "--seed", "--event-log"};
    int i = 2;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i += 2) {
        bool known = false;
        for (size_t o = 0; o < sizeof options / sizeof options[0]; o++) {
            known |= strcmp(argv[i], options[o]) == 0;
        }
        if (!known) {
            return mg_usage("there is no such option", argv[i]);
        }
        int status = parse_option(command, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (status != 0) {
            return status;
        }
    }
    if (i >= argc) {
        return mg_usage("what is to be done with is missing", argv[1]);
    }
    command->operand = argv[i];
    command->program.arguments = (const char *const *)&argv[i + 1];
    command->program.argument_count = (uint32_t)(argc - i - 1);
    return 0;
}

static int with_file(struct command *command, int (*action)(const struct mg_program *))
{
    struct mg_program *program = &command->program;
    char *text = mg_program_read(command->operand, &program->len);
    if (text == NULL) {
        return MG_STATUS_NO_INPUT;
    }
    program->path = command->operand;
    program->text = text;
    int status = action(program);
    mg_free(text);
    return status;
}

static int run(struct command *command)
{
    return mg_project_is(command->operand) ? mg_project_run(&command->program, command->operand)
                                           : with_file(command, mg_program_run);
}

/* The expression's value is printed by the program itself: a block around it, sent `value`. */
static int eval(struct command *command)
{
    struct mg_buf text;
    mg_buf_init(&text);
    mg_buf_printf(&text, "[%s\n] value printString println. 0", command->operand);
    command->program.written = command->operand;
    command->program.path = "(eval)";
    command->program.text = text.data;
    command->program.len = text.len;
    int status = mg_program_run(&command->program);
    mg_buf_deinit(&text);
    return status;
}

/* Descriptors 0 to 2 always exist: else the next file opened would become the standard output. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard_files();
    mg_signals_block();
    struct command command = {.program = {.handle_signals = true}};
#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
    command.program.thorough = true;
#endif
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help, argc < 2 ? stderr : stdout);
        return argc < 2 ? MG_STATUS_USAGE : MG_STATUS_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("maggie %s\n", MG_VERSION);
        return MG_STATUS_OK;
    }
    if (strcmp(argv[1], "test") == 0) {
        return mg_test_command(argc - 2, argv + 2, command.program.thorough);
    }
    bool is_run = strcmp(argv[1], "run") == 0, disasm = strcmp(argv[1], "disasm") == 0;
    if (!is_run && !disasm && strcmp(argv[1], "eval") != 0) {
        return mg_usage("there is no such command", argv[1]);
    }
    int status = parse(&command, argc, argv);
    if (status == 0) {
        status = is_run   ? run(&command)
                 : disasm ? with_file(&command, mg_program_disassemble)
                          : eval(&command);
    }
    if (command.program.events != NULL && command.program.events != stderr) {
        fclose(command.program.events);
    }
    return status;
}
