/* SPDX-License-Identifier: MIT */
/* The node's output. See output.h.
 *
 * Where no back end is open (the simulator, the last moments of a stop) bytes are written where
 * they are appended.
 *
 * Threads and memory: see output.h.
 */
#include "sched/output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/vec.h"
#include "sched/internal.h"

void mg_output_init(struct mg_output *output)
{
    *output = (struct mg_output){0};
    mg_lock_init(&output->lock, MG_RANK_OUTPUT);
    mg_cond_init(&output->drained);
}

void mg_output_deinit(struct mg_output *output)
{
    while (output->first != NULL) {
        struct mg_output_chunk *next = output->first->next;
        mg_free(output->first);
        output->first = next;
    }
    mg_free(output->waiters);
    mg_cond_deinit(&output->drained);
    mg_lock_deinit(&output->lock);
}

/* Writes all bytes, waiting as long as it takes. Errors end it: nobody is left to hear of them. */
static void write_all(int fd, const char *data, size_t len)
{
    while (len != 0) {
        ssize_t n = write(fd, data, len);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            return;
        }
    }
}

/* Where no back end takes: at once, to the embedder or to the descriptor. Under the lock. */
static void output_now(struct mg_sched *sched, int fd, const char *data, size_t len)
{
    if (sched->config.write != NULL)
        sched->config.write(sched->config.owner, fd, data, len);
    else
        write_all(fd, data, len);
}

/* Appends a piece. Under the lock. True: the queue was empty before. */
static bool output_append(struct mg_output *output, int fd, const char *data, size_t len)
{
    bool was_empty = output->bytes == 0;
    struct mg_output_chunk *last = output->last;
    /* The front chunk is not touched while the back end has it (O2). */
    bool frozen = last == output->first && output->busy;
    if (last == NULL || frozen || last->fd != fd || last->cap - last->len < len) {
        size_t cap = len > MG_OUTPUT_CHUNK ? len : MG_OUTPUT_CHUNK;
        CHECK(cap <= UINT32_MAX);
        struct mg_output_chunk *chunk = mg_alloc(sizeof *chunk + cap);
        *chunk = (struct mg_output_chunk){.fd = fd, .cap = (uint32_t)cap};
        if (last != NULL)
            last->next = chunk;
        else
            output->first = chunk;
        output->last = last = chunk;
    }
    memcpy(last->data + last->len, data, len);
    last->len += (uint32_t)len;
    output->bytes += len;
    return was_empty;
}

/* Notes who wants to be told of room; once. Under the lock. */
static void output_note(struct mg_output *output, mg_pid pid)
{
    for (uint32_t i = 0; i < output->waiters_count; i++) {
        if (output->waiters[i] == pid)
            return;
    }
    output->waiters = mg_vec_grow(output->waiters, &output->waiters_cap, output->waiters_count + 1,
                                  sizeof *output->waiters);
    output->waiters[output->waiters_count++] = pid;
}

bool mg_output_write(struct mg_scheduler *s, struct mg_actor *actor, int fd, const void *data,
                     size_t len)
{
    struct mg_sched *sched = s->sched;
    struct mg_output *output = &sched->output;
    if (len == 0)
        return true;
    mg_lock_acquire(&output->lock);
    if (!output->open) {
        output_now(sched, fd, data, len);
        mg_lock_release(&output->lock);
        return true;
    }
    if (output->bytes != 0 && output->bytes + len > MG_OUTPUT_BOUND) {
        output_note(output, mg_actor_pid(actor));
        mg_lock_release(&output->lock);
        return false;
    }
    bool was_empty = output_append(output, fd, data, len);
    mg_lock_release(&output->lock);
    s->reductions -= (int32_t)(len / 64 < 1000 ? len / 64 : 1000) + MG_COST_SEND;
    if (was_empty)
        sched->io->kick(sched->io_state);
    return true;
}

void mg_sched_log_crash(struct mg_sched *sched, const char *text, size_t len)
{
    struct mg_output *output = &sched->output;
    if (len == 0)
        return;
    mg_lock_acquire(&output->lock);
    bool kick = false;
    if (!output->open)
        output_now(sched, STDERR_FILENO, text, len);
    else if (output->bytes + len > MG_OUTPUT_CRASH_BOUND)
        output->dropped++;
    else
        kick = output_append(output, STDERR_FILENO, text, len);
    mg_lock_release(&output->lock);
    if (kick)
        sched->io->kick(sched->io_state);
}

void mg_sched_warn(struct mg_sched *sched, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (sched->config.write == NULL || len < 0) {
        mg_log(MG_LOG_WARNING, "%s", text);
        return;
    }
    char line[sizeof text + 32];
    int n = snprintf(line, sizeof line, "maggie: warning: %s\n", text);
    mg_sched_log_crash(sched, line, (size_t)n);
}

/* -- For the back end -- */

bool mg_output_take(struct mg_output *output, int *fd, const char **data, size_t *len)
{
    mg_lock_acquire(&output->lock);
    struct mg_output_chunk *chunk = output->first;
    bool some = chunk != NULL;
    if (some) {
        ASSERT(chunk->done < chunk->len);
        output->busy = true;
        *fd = chunk->fd;
        *data = chunk->data + chunk->done;
        *len = chunk->len - chunk->done;
    }
    mg_lock_release(&output->lock);
    return some;
}

/* The front chunk has moved on by `len` bytes. Under the lock. Answers the chunk if it is to be
 * freed. */
static struct mg_output_chunk *output_advance(struct mg_output *output, size_t len)
{
    struct mg_output_chunk *chunk = output->first;
    ASSERT(output->busy);
    ASSERT(len <= chunk->len - chunk->done);
    output->busy = false;
    chunk->done += (uint32_t)len;
    output->bytes -= len;
    if (chunk->done < chunk->len)
        return NULL;
    output->first = chunk->next;
    if (output->first == NULL)
        output->last = NULL;
    return chunk;
}

/* Tells the actors that were refused. */
static void output_tell(struct mg_sched *sched, const mg_pid *waiters, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        mg_sched_post(sched, waiters[i], mg_sched_foreign_signal(sched, MG_SIGNAL_ROOM, 0));
}

void mg_output_done(struct mg_sched *sched, size_t len)
{
    struct mg_output *output = &sched->output;
    mg_lock_acquire(&output->lock);
    struct mg_output_chunk *finished = output_advance(output, len);
    mg_pid *waiters = NULL;
    uint32_t count = 0;
    if (output->waiters_count != 0 && output->bytes <= MG_OUTPUT_BOUND / 2) {
        waiters = output->waiters;
        count = output->waiters_count;
        output->waiters = NULL;
        output->waiters_count = output->waiters_cap = 0;
    }
    uint64_t dropped = output->bytes == 0 ? output->dropped : 0;
    if (dropped != 0)
        output->dropped = 0;
    bool empty = output->bytes == 0;
    if (empty)
        mg_cond_broadcast(&output->drained);
    mg_lock_release(&output->lock);
    mg_free(finished);
    /* O1 seq_cst: after the lock. Output may have been all that kept a stuck node from saying so:
     * one scheduler looks again. Pairs with I1 in mg_core_park(). */
    if (empty && load_seq_cst(&sched->idle) == sched->count)
        mg_sched_wake_one(sched, false);
    output_tell(sched, waiters, count);
    mg_free(waiters);
    if (dropped != 0)
        mg_log(MG_LOG_WARNING, "%llu crash reports were dropped: standard error is too slow",
               (unsigned long long)dropped);
}

void mg_output_flush(struct mg_sched *sched)
{
    struct mg_output *output = &sched->output;
    mg_lock_acquire(&output->lock);
    while (output->open && output->bytes != 0)
        mg_cond_wait(&output->drained, &output->lock);
    mg_lock_release(&output->lock);
}

void mg_output_write_out(struct mg_sched *sched)
{
    int fd;
    const char *data;
    size_t len;
    while (mg_output_take(&sched->output, &fd, &data, &len)) {
        write_all(fd, data, len);
        mg_output_done(sched, len);
    }
}
