/* SPDX-License-Identifier: MIT */
/* The fuzzer's main: seeds, mutations, and the report of a crash.
 *
 * Mutations are the usual ones: flip a bit, set a byte, insert, delete, copy a stretch, splice two
 * inputs, put in a word of the target's. The input under test is copied to a block of exactly its
 * size, so that AddressSanitizer sees a read behind its end.
 */
#include "support/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/rng.h"
#include "base/vec.h"

enum { FUZZ_RUNS = 20000, FUZZ_INPUT_MAX = 4096, FUZZ_MUTATIONS_MAX = 8 };

struct input {
    uint8_t *data;
    size_t len;
};

struct fuzzer {
    struct mg_rng rng;
    struct input *seeds;
    uint32_t seed_count, seed_cap;
    uint32_t word_count;
};

/* What the signal handler writes out; a signal handler has no other way to learn it. */
static const uint8_t *volatile crash_data;
static volatile size_t crash_len;

static void crash_save(int signal_number)
{
    int fd = open("fuzz-crash.bin", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0) {
        if (write(fd, (const void *)crash_data, crash_len) >= 0)
            close(fd);
        static const char said[] = "fuzz: the input is in fuzz-crash.bin\n";
        if (write(STDERR_FILENO, said, sizeof said - 1) < 0)
            _exit(2);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void seeds_add(struct fuzzer *fuzzer, const void *data, size_t n)
{
    if (fuzzer->seed_count == fuzzer->seed_cap)
        fuzzer->seeds = mg_vec_grow(fuzzer->seeds, &fuzzer->seed_cap, fuzzer->seed_count + 1,
                                    sizeof *fuzzer->seeds);
    uint8_t *copy = (uint8_t *)mg_alloc_copy(data, n);
    fuzzer->seeds[fuzzer->seed_count++] = (struct input){copy, n};
}

static void seeds_add_file(struct fuzzer *fuzzer, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "fuzz: cannot read %s\n", path);
        exit(2);
    }
    struct mg_buf buf = {0};
    char chunk[4096];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        mg_buf_put(&buf, chunk, got);
    fclose(file);
    seeds_add(fuzzer, mg_buf_text(&buf), buf.len);
    mg_buf_deinit(&buf);
}

static int entry_is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A file, or every file of a directory in order of names, so that runs repeat. */
static void seeds_add_path(struct fuzzer *fuzzer, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, entry_is_visible, alphasort);
    if (count < 0) {
        seeds_add_file(fuzzer, path);
        return;
    }
    for (int i = 0; i < count; i++) {
        struct mg_buf name = {0};
        mg_buf_printf(&name, "%s/%s", path, entries[i]->d_name);
        struct stat info;
        if (stat(name.data, &info) == 0 && S_ISREG(info.st_mode))
            seeds_add_file(fuzzer, name.data);
        mg_buf_deinit(&name);
        free(entries[i]);
    }
    free(entries);
}

static size_t pick(struct fuzzer *fuzzer, size_t n)
{
    return (size_t)mg_rng_below(&fuzzer->rng, n);
}

/* Puts `n` bytes into the input at a place, moving the rest up. */
static void input_insert(struct input *input, size_t at, const void *data, size_t n)
{
    if (n > FUZZ_INPUT_MAX - input->len)
        n = FUZZ_INPUT_MAX - input->len;
    memmove(input->data + at + n, input->data + at, input->len - at);
    memcpy(input->data + at, data, n);
    input->len += n;
}

static void input_delete(struct input *input, size_t at, size_t n)
{
    memmove(input->data + at, input->data + at + n, input->len - at - n);
    input->len -= n;
}

/* One mutation. The input has room for FUZZ_INPUT_MAX bytes. */
static void input_mutate(struct fuzzer *fuzzer, struct input *input)
{
    static const uint8_t telling[] = {0,    1,    0x7F, 0x80, 0xC0, 0xE2, 0xF4, 0xFF,
                                      '\n', '\'', '"',  '(',  ')',  '[',  ']',  '{',
                                      '}',  '#',  '.',  '^',  ':',  ' '};
    size_t at = pick(fuzzer, input->len + 1);
    size_t rest = input->len - at;
    size_t stretch = rest ? 1 + pick(fuzzer, rest < 32 ? rest : 32) : 0;
    uint8_t copy[32];
    const struct input *other = &fuzzer->seeds[pick(fuzzer, fuzzer->seed_count)];

    switch (pick(fuzzer, 7)) {
    case 0:
        if (rest > 0)
            input->data[at] ^= (uint8_t)(1u << pick(fuzzer, 8));
        break;
    case 1:
        if (rest > 0)
            input->data[at] = telling[pick(fuzzer, sizeof telling)];
        break;
    case 2:
        input_insert(input, at, &telling[pick(fuzzer, sizeof telling)], 1);
        break;
    case 3:
        input_delete(input, at, stretch);
        break;
    case 4:
        memcpy(copy, input->data + at, stretch);
        input_insert(input, pick(fuzzer, input->len + 1), copy, stretch);
        break;
    case 5:
        if (other->len > 0) {
            size_t from = pick(fuzzer, other->len);
            input_delete(input, at, rest);
            input_insert(input, at, other->data + from, other->len - from);
        }
        break;
    default:
        if (fuzzer->word_count > 0) {
            const char *word = fuzz_words[pick(fuzzer, fuzzer->word_count)];
            input_insert(input, at, word, strlen(word));
        }
        break;
    }
}

/* Hands the target a copy of exactly this size. */
static void input_try(const struct input *input)
{
    uint8_t *exact = mg_alloc(input->len);
    if (input->len > 0)
        memcpy(exact, input->data, input->len);
    crash_data = exact;
    crash_len = input->len;
    fuzz_one(exact, input->len);
    mg_free(exact);
}

static void fuzzer_run(struct fuzzer *fuzzer, uint64_t runs, int print)
{
    uint8_t space[FUZZ_INPUT_MAX];
    for (uint32_t i = 0; i < fuzzer->seed_count; i++)
        input_try(&fuzzer->seeds[i]);
    for (uint64_t run = 0; run < runs; run++) {
        const struct input *seed = &fuzzer->seeds[pick(fuzzer, fuzzer->seed_count)];
        struct input input = {space, seed->len < sizeof space ? seed->len : sizeof space};
        memcpy(space, seed->data, input.len);
        for (size_t left = 1 + pick(fuzzer, FUZZ_MUTATIONS_MAX); left > 0; left--)
            input_mutate(fuzzer, &input);
        if (print) {
            printf("-- %llu\n", (unsigned long long)run);
            fwrite(space, 1, input.len, stdout);
            printf("\n");
            fflush(stdout);
        }
        input_try(&input);
    }
}

static void fuzzer_catch(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
    for (size_t i = 0; i < MG_ARRAY_LEN(signals); i++)
        signal(signals[i], crash_save);
}

int main(int argc, char **argv)
{
    struct fuzzer fuzzer = {0};
    uint64_t runs = FUZZ_RUNS;
    uint64_t seed = 1;
    int print = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--print") == 0)
            print = 1;
        else
            seeds_add_path(&fuzzer, argv[i]);
    }
    if (fuzzer.seed_count == 0 || runs > 0) {
        for (const struct fuzz_seed *own = fuzz_seeds; own->text; own++)
            seeds_add(&fuzzer, own->text, own->len ? own->len : strlen(own->text));
        seeds_add(&fuzzer, "", 0);
    }
    while (fuzz_words[fuzzer.word_count])
        fuzzer.word_count++;

    mg_rng_seed(&fuzzer.rng, seed);
    fuzzer_catch();
    fuzzer_run(&fuzzer, runs, print);
    for (uint32_t i = 0; i < fuzzer.seed_count; i++)
        mg_free(fuzzer.seeds[i].data);
    mg_free(fuzzer.seeds);
    return 0;
}
