/* SPDX-License-Identifier: MIT */
/* The real back end: bytes come out in order, a slow reader holds the writer back and loses
 * nothing, and nothing of ours sticks to what is shared. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sched/internal.h"
#include "support/actors.h"

struct reader {
    pthread_t thread;
    int fd;
    uint64_t bytes;
    struct world *world; // not NULL: reads nothing before the writer had to wait for it
    bool torn;
};

/* Lines are "<number>\n" with numbers that count up. */
static void *reader_run(void *argument)
{
    struct reader *reader = argument;
    char buffer[8192];
    uint64_t expected = 0, number = 0;
    ssize_t n;
    while (reader->world != NULL && counted(reader->world, 1) == 0)
        usleep(100);
    while ((n = read(reader->fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (buffer[i] == '\n') {
                reader->torn = reader->torn || number != expected;
                expected++;
                number = 0;
            } else {
                number = number * 10 + (uint64_t)(buffer[i] - '0');
            }
        }
        reader->bytes += (uint64_t)n;
    }
    return NULL;
}

/* body[0]: lines to print. */
ACTOR(prints)
{
    char line[32];
    while (actor->body[1] < actor->body[0]) {
        if (s->reductions <= 0)
            return MG_TURN_YIELD;
        int len = snprintf(line, sizeof line, "%llu\n", (unsigned long long)actor->body[1]);
        if (!mg_output_write(s, actor, 1, line, (size_t)len)) {
            count(s, 1, 1);
            return mg_actor_wait(actor, s, MG_WAKE_ROOM, MG_NO_DEADLINE);
        }
        count(s, 0, (uint64_t)len);
        actor->body[1]++;
    }
    return MG_TURN_EXIT;
}

/* Runs `prints` with a pipe as standard output. Answers how often it had to wait. */
static uint64_t print_to_pipe(uint64_t lines, bool late, uint32_t threads)
{
    int ends[2];
    int saved = dup(1);
    ck_assert_int_eq(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], 1);
    struct world world;
    world_init(&world, 1, threads);
    struct reader reader = {.fd = ends[0], .world = late ? &world : NULL};
    world.config.io = &mg_io_loop;
    ck_assert_int_eq(pthread_create(&reader.thread, NULL, reader_run, &reader), 0);
    world_run(&world, &prints, lines);
    int flags = fcntl(1, F_GETFL);
    dup2(saved, 1);
    close(saved);
    close(ends[1]);
    pthread_join(reader.thread, NULL);
    close(ends[0]);
    ck_assert_int_eq(flags & O_NONBLOCK, 0); // the pipe others share stays as it was
    ck_assert(!reader.torn);
    ck_assert_uint_eq(reader.bytes, counted(&world, 0)); // all of it, when the run is over
    uint64_t waits = counted(&world, 1);
    world_deinit(&world);
    return waits;
}

UNIT_CASE(in_order)
{
    print_to_pipe(1, false, 1);
    print_to_pipe(50000, false, 1);
    print_to_pipe(50000, false, 2);
}

/* With a slow reader the actor waits for room, and all arrives in the end. */
UNIT_CASE(slow_reader)
{
    ck_assert_uint_gt(print_to_pipe(150000, true, 1), 0);
}

/* Output to a pipe that nobody reads any more is given up, not waited for. */
UNIT_CASE(nobody_reads)
{
    int ends[2];
    int saved = dup(1);
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], 1);
    close(ends[0]);
    struct world world;
    world_init(&world, 1, 1);
    world.config.io = &mg_io_loop;
    world_run(&world, &prints, 1000);
    dup2(saved, 1);
    close(saved);
    close(ends[1]);
    world_deinit(&world);
}

/* Plain files too. */
UNIT_CASE(files)
{
    char path[] = "/tmp/maggie-io-loop-XXXXXX";
    int file = mkstemp(path);
    int saved = dup(1);
    ck_assert_int_ge(file, 0);
    unlink(path);
    fflush(stdout);
    dup2(file, 1);
    struct world world;
    world_init(&world, 1, 1);
    world.config.io = &mg_io_loop;
    world_run(&world, &prints, 1000);
    dup2(saved, 1);
    close(saved);
    ck_assert_int_eq(lseek(file, 0, SEEK_END), (off_t)counted(&world, 0));
    close(file);
    world_deinit(&world);
}

UNIT_MAIN("sched/io_loop", in_order, slow_reader, nobody_reads, files)
