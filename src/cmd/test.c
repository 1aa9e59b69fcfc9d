/* SPDX-License-Identifier: MIT */
/* `maggie test`: see test.h. */
#include "cmd/test.h"

#include "base/alloc.h"
#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/signals.h"
#include "cmd/test_run.h"
#include "interp/boot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Seeds of one test at most, so that a slip of the finger ends some day. */
#define SEEDS_MAX UINT64_C(1000000000)

struct tester {
    struct mg_test_run run; /* the options are set once, the rest for each run */
    struct mg_test_paths roots;
    bool seeded;
    uint64_t seed, seeds;
    const char *filter; /* or NULL */
    bool verbose;
    uint64_t passed, failed;
};

/* -- The command line -- */

static int parse_value(struct tester *t, const char *name, const char *text)
{
    uint64_t n;
    if (text == NULL) {
        return mg_usage("this option needs a value", name);
    }
    if (strcmp(name, "--filter") == 0) {
        t->filter = text;
        return 0;
    }
    if (strcmp(name, "--max-heap") == 0) {
        return mg_parse_size(text, &t->run.max_heap)
                   ? 0
                   : mg_usage("--max-heap takes a size such as 64M, not", text);
    }
    bool number = mg_parse_number(text, &n);
    if (strcmp(name, "--seed") == 0) {
        t->seed = n;
        t->seeded = true;
        return number ? 0 : mg_usage("--seed takes a number, not", text);
    }
    if (strcmp(name, "--seeds") == 0) {
        t->seeds = n;
        t->seeded = true;
        return number && n > 0 && n <= SEEDS_MAX
                   ? 0
                   : mg_usage("--seeds takes a number from 1 to 1000000000, not", text);
    }
    if (strcmp(name, "--time-limit") == 0) {
        t->run.limit_ms = n;
        return number && n > 0 && n <= UINT32_MAX
                   ? 0
                   : mg_usage("--time-limit takes milliseconds, at least 1, not", text);
    }
    t->run.schedulers = (uint32_t)n;
    return number && n > 0 && n <= MG_SCHEDULERS_MAX
               ? 0
               : mg_usage("--schedulers takes a number from 1 to 255, not", text);
}

static int parse(struct tester *t, int argc, char **argv)
{
    static const char *const options[] = {"--seeds",      "--seed",       "--filter",
                                          "--time-limit", "--schedulers", "--max-heap"};
    for (int i = 0; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            mg_test_paths_add(&t->roots, argv[i]);
            continue;
        }
        if (strcmp(argv[i], "--verbose") == 0) {
            t->verbose = true;
            continue;
        }
        bool known = false;
        for (size_t o = 0; o < sizeof options / sizeof options[0]; o++) {
            known |= strcmp(argv[i], options[o]) == 0;
        }
        if (!known) {
            return mg_usage("there is no such option", argv[i]);
        }
        int status = parse_value(t, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (status != 0) {
            return status;
        }
        i++;
    }
    if (t->roots.count == 0) {
        mg_test_paths_add(&t->roots, ".");
    }
    return 0;
}

/* -- Reports -- */

/* Each line with something in front. */
static void print_lines(const struct mg_buf *text, const char *before)
{
    for (size_t at = 0; at < text->len;) {
        const char *line = text->data + at;
        const char *end = memchr(line, '\n', text->len - at);
        size_t len = end != NULL ? (size_t)(end - line) : text->len - at;
        printf("%s%.*s\n", before, (int)len, line);
        at += len + 1;
    }
}

static void print_output(const struct mg_test_run *run)
{
    if (run->output.len != 0) {
        printf("  output:\n");
        print_lines(&run->output, "    | ");
    }
    if (run->lost != 0) {
        printf("    (%" PRIu64 " more bytes were not kept)\n", run->lost);
    }
}

/* An argument as a shell takes it. */
static void print_argument(const char *text)
{
    bool plain = text[0] != '\0';
    for (const char *p = text; *p != '\0'; p++) {
        plain = plain && strchr("'\"\\ $`&|;<>()*?[]#~!{}\t\n", *p) == NULL;
    }
    printf(" ");
    for (const char *p = text; plain && *p != '\0'; p++) {
        putchar(*p);
    }
    if (!plain) {
        putchar('\'');
        for (const char *p = text; *p != '\0'; p++) {
            *p == '\'' ? (void)fputs("'\\''", stdout) : (void)putchar(*p);
        }
        putchar('\'');
    }
}

static void print_replay(const struct tester *t, const char *path)
{
    printf("  replay: maggie test --seed %" PRIu64 " --filter", t->run.seed);
    print_argument(t->run.name);
    if (t->run.limit_ms != 0) {
        printf(" --time-limit %" PRIu64, t->run.limit_ms);
    }
    print_argument(path);
    printf("\n");
}

static void print_failure(const struct tester *t, const char *path)
{
    printf("FAIL %s %s", path, t->run.name);
    if (t->seeded) {
        printf(" (seed %" PRIu64 ")", t->run.seed);
    }
    printf("\n");
    print_lines(&t->run.report, "  ");
    print_output(&t->run);
    if (t->seeded) {
        print_replay(t, path);
    }
}

/* -- Running -- */

/* Under one seed after the other, until one fails; a test that starts no actors has one order
 * only. */
static void run_seeds(struct tester *t)
{
    uint64_t count = t->seeds != 0 ? t->seeds : 1;
    t->run.seeded = t->seeded;
    for (uint64_t i = 0; i < count; i++) {
        t->run.seed = t->seed + i;
        mg_test_execute(&t->run);
        if (!t->run.passed || !t->run.concurrent) {
            return;
        }
    }
}

/* The whole name of a test stands for that one alone, any other word for all that contain it. */
static bool is_wanted(const struct tester *t, const char *path, const struct mg_test_paths *names,
                      const char *name)
{
    if (t->filter == NULL) {
        return true;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], t->filter) == 0) {
            return strcmp(name, t->filter) == 0;
        }
    }
    struct mg_buf full;
    mg_buf_init(&full);
    mg_buf_printf(&full, "%s %s", path, name);
    bool wanted = strstr(mg_buf_text(&full), t->filter) != NULL;
    mg_buf_deinit(&full);
    return wanted;
}

static void run_test(struct tester *t, const char *path, const char *name)
{
    t->run.name = name;
    run_seeds(t);
    if (!t->run.passed) {
        t->failed++;
        print_failure(t, path);
    } else {
        t->passed++;
        if (t->verbose) {
            printf("pass %s %s\n", path, name);
            print_output(&t->run);
        }
    }
    fflush(stdout);
}

static void file_line(struct tester *t, const char *path, uint64_t passed, uint64_t failed)
{
    if (failed != 0) {
        printf("FAIL %s: %" PRIu64 " passed, %" PRIu64 " failed\n", path, passed, failed);
    } else if (passed != 0) {
        printf("ok   %s: %" PRIu64 " passed\n", path, passed);
    }
    t->run.sources = NULL;
    fflush(stdout);
}

static void run_file(struct tester *t, const char *path)
{
    struct mg_test_sources *sources = mg_alloc_zero(sizeof *sources);
    struct mg_test_paths names = {0};
    uint64_t passed = t->passed, failed = t->failed;
    struct mg_vm *vm = mg_test_vm();
    bool good = vm != NULL && mg_test_sources_read(sources, path, &t->roots, vm) &&
                mg_test_list(sources, vm, &names);
    if (vm != NULL) {
        mg_vm_free(vm);
    }
    if (!good) {
        t->failed++;
        printf("FAIL %s\n  its source cannot be used\n", path);
    }
    t->run.sources = sources;
    for (uint32_t i = 0; i < names.count; i++) {
        if (is_wanted(t, path, &names, names.items[i])) {
            run_test(t, path, names.items[i]);
        }
    }
    file_line(t, path, t->passed - passed, t->failed - failed);
    mg_test_paths_free(&names);
    mg_test_sources_free(sources);
    mg_free(sources);
}

static int run_all(struct tester *t)
{
    struct mg_test_paths tests = {0};
    int status = MG_STATUS_OK;
    for (uint32_t i = 0; i < t->roots.count && status == MG_STATUS_OK; i++) {
        status = mg_test_find(t->roots.items[i], &tests) ? MG_STATUS_OK : MG_STATUS_NO_INPUT;
    }
    for (uint32_t i = 0; i < tests.count && status == MG_STATUS_OK; i++) {
        run_file(t, tests.items[i]);
    }
    mg_test_paths_free(&tests);
    if (status != MG_STATUS_OK) {
        return status;
    }
    if (t->passed + t->failed == 0) {
        fprintf(stderr, "maggie: there is no test%s%s\n",
                t->filter != NULL ? " whose name contains " : "",
                t->filter != NULL ? t->filter : "");
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t->passed, t->failed);
    return t->failed == 0 && t->passed != 0 ? MG_STATUS_OK : MG_STATUS_CRASH;
}

int mg_test_command(int argc, char **argv, bool thorough)
{
    struct tester t = {.run = {.thorough = thorough}, .seed = 1};
    mg_buf_init(&t.run.report);
    mg_buf_init(&t.run.output);
    mg_signals_unblock();
    int status = parse(&t, argc, argv);
    if (status == 0) {
        status = run_all(&t);
    }
    mg_buf_deinit(&t.run.report);
    mg_buf_deinit(&t.run.output);
    mg_test_paths_free(&t.roots);
    return status;
}
