/* SPDX-License-Identifier: MIT */
/* The I/O back end: libuv's loop on a thread of its own. For now it writes the node's output;
 * sockets will hang into the same loop.
 *
 *      kick ──uv_async──> pump: take, write, done, again
 *                           │ would block
 *                           └──> uv_poll until writable ──> pump
 *
 * Standard output and error are often shared with other programs (the shell, a pipeline), and
 * O_NONBLOCK belongs to what is shared. So pipes and terminals are opened anew through
 * /proc/self/fd, and only that is made non-blocking. What cannot be opened so (sockets, descriptors
 * of another user), and plain files, are written with blocking writes: those of plain files are
 * short, and the others are rare.
 *
 * L1  At most one write is under way; the order of the output is the order of its queue.
 * L2  Handles are closed on the loop's thread, and the loop is freed after its last close callback.
 *
 * Threads: kick from anywhere; open and close by the thread that runs the sched; the rest on the
 * loop's thread. Memory: open allocates the state, close frees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/atomic.h"
#include "base/error.h"
#include "sched/io_backend.h"
#include "sched/output.h"

/* One descriptor that output goes to. */
struct io_target {
    uv_poll_t poll; /* in use when `own` is not negative */
    int own; /* our own opening of it, non-blocking; -1: blocking writes to the descriptor itself */
    struct io_loop *io;
};

/* Descriptors below this have a target; others are written blocking. */
enum { IO_TARGETS = 3 };

struct io_loop {
    uv_loop_t loop;
    uv_async_t wake;
    uv_thread_t thread;
    struct mg_sched *sched;
    struct mg_output *output;
    struct io_target targets[IO_TARGETS]; /* 0 is not used */
    bool waiting;                         /* a poll runs; loop's thread only */
    _Atomic(uint32_t) closing;            /* set by close, read by the loop's thread */
};

static void loop_pump(struct io_loop *io);

static void loop_writable(uv_poll_t *poll, int status, int events)
{
    struct io_target *target = poll->data;
    (void)status; // an error shows at the write
    (void)events;
    uv_poll_stop(poll);
    target->io->waiting = false;
    loop_pump(target->io);
}

/* Writes some of the bytes. Answers how many are done with, written or given up; 0: wait until it
 * is writable. */
static size_t target_write(struct io_loop *io, int fd, const char *data, size_t len)
{
    struct io_target *target = fd > 0 && fd < IO_TARGETS ? &io->targets[fd] : NULL;
    int to = target != NULL && target->own >= 0 ? target->own : fd;
    ssize_t n;
    do
        n = write(to, data, len);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (size_t)n;
    if (errno != EAGAIN || to == fd)
        return len; // nobody reads it any more
    io->waiting = true;
    if (uv_poll_start(&target->poll, UV_WRITABLE, loop_writable) != 0) {
        io->waiting = false;
        return len;
    }
    return 0;
}

/* Writes until there is nothing left, or a descriptor would block. */
static void loop_pump(struct io_loop *io)
{
    int fd;
    const char *data;
    size_t len;
    while (!io->waiting && mg_output_take(io->output, &fd, &data, &len)) {
        size_t done = target_write(io, fd, data, len);
        if (done == 0 && io->waiting)
            return;
        mg_output_done(io->sched, done);
    }
}

static void loop_wake(uv_async_t *wake)
{
    struct io_loop *io = wake->data;
    /* L1 acquire: after everything the closer did. Pairs with L2 in loop_close(). */
    if (load_acquire(&io->closing) == 0) {
        loop_pump(io);
        return;
    }
    uv_close((uv_handle_t *)&io->wake, NULL);
    for (uint32_t i = 1; i < IO_TARGETS; i++) {
        if (io->targets[i].own >= 0)
            uv_close((uv_handle_t *)&io->targets[i].poll, NULL);
    }
}

static void loop_thread(void *argument)
{
    struct io_loop *io = argument;
    uv_run(&io->loop, UV_RUN_DEFAULT);
}

/* Opens a pipe or terminal anew and hangs it into the loop; leaves own at -1 when that is not
 * possible. */
static void target_open(struct io_loop *io, int fd)
{
    struct io_target *target = &io->targets[fd];
    struct stat info;
    char path[32];
    target->own = -1;
    target->io = io;
    if (fstat(fd, &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own < 0)
        return;
    if (uv_poll_init(&io->loop, &target->poll, own) != 0) { // such as /dev/null
        close(own);
        return;
    }
    target->poll.data = target;
    target->own = own;
}

static int loop_start(struct io_loop *io)
{
    sigset_t all, before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    int error = uv_thread_create(&io->thread, loop_thread, io);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return error;
}

static int loop_open(struct mg_sched *sched, struct mg_output *output, void **state)
{
    struct io_loop *io = mg_alloc_zero(sizeof *io);
    io->sched = sched;
    io->output = output;
    if (uv_loop_init(&io->loop) != 0)
        goto free_io;
    if (uv_async_init(&io->loop, &io->wake, loop_wake) != 0)
        goto close_loop;
    io->wake.data = io;
    for (int fd = 1; fd < IO_TARGETS; fd++)
        target_open(io, fd);
    if (loop_start(io) != 0)
        goto close_handles;
    *state = io;
    return 0;

close_handles:
    /* L2 release: as in loop_close(). Pairs with L1 in loop_wake(). */
    store_release(&io->closing, 1);
    loop_wake(&io->wake);
    uv_run(&io->loop, UV_RUN_DEFAULT);
close_loop:
    uv_loop_close(&io->loop);
free_io:
    mg_free(io);
    return MG_EIO;
}

static void loop_kick(void *state)
{
    struct io_loop *io = state;
    uv_async_send(&io->wake);
}

static void loop_close(void *state)
{
    struct io_loop *io = state;
    /* L2 release: the loop ends after all that was done before. Pairs with L1 in loop_wake(). */
    store_release(&io->closing, 1);
    uv_async_send(&io->wake);
    CHECK(uv_thread_join(&io->thread) == 0);
    CHECK(uv_loop_close(&io->loop) == 0);
    for (uint32_t i = 1; i < IO_TARGETS; i++) {
        if (io->targets[i].own >= 0)
            close(io->targets[i].own);
    }
    mg_free(io);
}

const struct mg_io_backend mg_io_loop = {
    .name = "libuv",
    .open = loop_open,
    .kick = loop_kick,
    .close = loop_close,
};
