/* SPDX-License-Identifier: MIT */
/*
 * least.c: the least thing that is still an actor, as a limit: least ROW SIZE...
 *
 * What each row asks stands at the head of the file of the same name in
 * bench/maggie. An actor here is one block of 4 KiB with its own stack, a
 * mailbox that several threads could push to and one takes from, and a place
 * in a run queue whose newest entry runs next (so a tree is walked depth first
 * and few actors live at once). Messages are 64 bytes from malloc. There is no
 * preemption, no address, no link, no time limit and no interpreter: nobody
 * with the meaning of an actor can be faster on one thread.
 *
 * Invariants:
 *   W1 a world is used by one thread; `pairs` makes one world a thread.
 *   W2 an actor is in the run queue, running, asleep, or on the spare list.
 *   W3 an actor that ends is on the spare list while its stack still runs for
 *      the last switch; nothing takes it from there before that switch.
 *
 * Memory: blocks are recycled and never given back. x86-64 only: elsewhere the
 * program says so and exits with 77, which the runner takes for "not here".
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#ifndef __x86_64__

int main(void)
{
    fprintf(stderr, "least: written for x86-64 only\n");
    return 77;
}

#else

#define BLOCK 4096
#define SLAB 256 /* blocks a slab */

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void check(int ok, const char *text)
{
    if (!ok) {
        fprintf(stderr, "failed: %s\n", text);
        exit(1);
    }
}

/* ---- switching stacks ---- */

/* Save the callee-saved registers and the stack in *save, go on with load. */
void switch_stack(void **save, void *load);

__asm__(".text\n"
        ".globl switch_stack\n"
        ".type switch_stack,@function\n"
        "switch_stack:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size switch_stack,.-switch_stack\n");

/* ---- messages and mailboxes ---- */

struct message {
    _Atomic(struct message *) next;
    long payload;
    char fill[48];
};

_Static_assert(sizeof(struct message) == 64, "a message is one cache line");

struct world;

struct actor {
    void *stack;
    struct actor *link; /* run queue or spare list */
    struct world *world;
    int asleep;
    struct message *tail;           /* the oldest; the stub or one taken before */
    _Atomic(struct message *) head; /* the newest; written by every sender */
    void (*run)(struct actor *self);
    struct actor *home;
    long a, b;
};

struct world {
    struct actor *ready;
    struct actor **ready_end;
    struct actor *current;
    struct actor *spare;
    struct actor root; /* the thread's own stack */
};

static void mailbox_init(struct actor *actor)
{
    struct message *stub = malloc(sizeof *stub);

    check(stub != NULL, "memory");
    atomic_init(&stub->next, NULL);
    actor->tail = stub;
    atomic_init(&actor->head, stub);
}

static void ready_back(struct world *world, struct actor *actor)
{
    actor->link = NULL;
    *world->ready_end = actor;
    world->ready_end = &actor->link;
}

static void ready_front(struct world *world, struct actor *actor)
{
    actor->link = world->ready;
    if (!world->ready)
        world->ready_end = &actor->link;
    world->ready = actor;
}

static void push(struct actor *to, long payload)
{
    struct message *message = malloc(sizeof *message);

    check(message != NULL, "memory");
    message->payload = payload;
    atomic_store_explicit(&message->next, NULL, memory_order_relaxed);
    /* P1 acq_rel: the message is complete before it is the newest. Pairs with T1 in take(). */
    struct message *before = atomic_exchange_explicit(&to->head, message, memory_order_acq_rel);
    /* P2 release: the link is what the owner follows. Pairs with T1 in take(). */
    atomic_store_explicit(&before->next, message, memory_order_release);
    if (to->asleep) {
        to->asleep = 0;
        ready_front(to->world, to);
    }
}

/* Give up the processor: to the next that is ready. */
static void leave(struct world *world)
{
    struct actor *from = world->current, *next = world->ready;

    check(next != NULL, "nobody is ready");
    world->ready = next->link;
    if (!world->ready)
        world->ready_end = &world->ready;
    if (next == from)
        return;
    world->current = next;
    switch_stack(&from->stack, next->stack);
}

static long take(struct actor *self)
{
    for (;;) {
        struct message *old = self->tail;
        /* T1 acquire: read the payload only behind the link. Pairs with P2 in push(). */
        struct message *next = atomic_load_explicit(&old->next, memory_order_acquire);

        if (next) {
            self->tail = next;
            free(old);
            return next->payload;
        }
        self->asleep = 1;
        leave(self->world);
    }
}

/* ---- actors ---- */

/* Where a new stack begins; written below. */
void first_frame(void);

static void actor_main(struct world *world)
{
    struct actor *self = world->current;

    self->run(self);
    free(self->tail);
    self->link = world->spare;
    world->spare = self;
    leave(world);
    abort();
}

/* A new stack returns into this with the world in %rbx. */
__asm__(".text\n"
        ".globl first_frame\n"
        ".type first_frame,@function\n"
        "first_frame:\n"
        "    movq %rbx, %rdi\n"
        "    call *%rbp\n"
        "    ud2\n"
        ".size first_frame,.-first_frame\n");

static void more_blocks(struct world *world)
{
    char *slab = aligned_alloc(BLOCK, (size_t)BLOCK * SLAB);

    check(slab != NULL, "memory");
    for (int i = 0; i < SLAB; i++) {
        struct actor *actor = (struct actor *)(void *)(slab + (size_t)BLOCK * (size_t)i);

        actor->link = world->spare;
        world->spare = actor;
    }
}

static struct actor *spawn(struct world *world, void (*run)(struct actor *), struct actor *home,
                           long a, long b)
{
    if (!world->spare)
        more_blocks(world);
    struct actor *actor = world->spare;
    uint64_t *top = (uint64_t *)(void *)((char *)actor + BLOCK);

    world->spare = actor->link;
    actor->world = world;
    actor->asleep = 0;
    actor->run = run;
    actor->home = home;
    actor->a = a;
    actor->b = b;
    mailbox_init(actor);
    *--top = 0; /* keeps the stack aligned at the call */
    *--top = (uint64_t)(uintptr_t)first_frame;
    *--top = (uint64_t)(uintptr_t)actor_main; /* rbp */
    *--top = (uint64_t)(uintptr_t)world;      /* rbx */
    top -= 4;                                 /* r12 to r15, whatever they are */
    actor->stack = top;
    ready_front(world, actor);
    return actor;
}

static void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->ready_end = &world->ready;
    world->current = &world->root;
    world->root.world = world;
    mailbox_init(&world->root);
}

/* ---- rows ---- */

static void rate(const char *name, long count, double seconds, const char *unit)
{
    printf("%s %.1f %s\n", name, (double)count / seconds, unit);
}

static void run_sender(struct actor *self)
{
    push(self->home, self->a);
}

static void row_spawn(const long *n)
{
    struct world world;
    long total = 0;

    world_init(&world);
    double start = now();

    for (long first = 1; first <= n[0]; first += 1000) {
        long last = first + 999 < n[0] ? first + 999 : n[0];

        for (long i = first; i <= last; i++)
            spawn(&world, run_sender, &world.root, i, 0);
        for (long i = first; i <= last; i++)
            total += take(&world.root);
    }
    double took = now() - start;

    check(total == n[0] * (n[0] + 1) / 2, "spawn");
    rate("spawn", n[0], took, "actors/s");
}

static void row_spawn_wait(const long *n)
{
    struct world world;
    long total = 0;

    world_init(&world);
    double start = now();

    for (long i = 1; i <= n[0]; i++) {
        spawn(&world, run_sender, &world.root, i, 0);
        total += take(&world.root);
    }
    double took = now() - start;

    check(total == n[0] * (n[0] + 1) / 2, "spawn_wait");
    rate("spawn_wait", n[0], took, "actors/s");
}

/* 512 bytes an actor on ordinary pages: what the memory alone costs. */
static void row_idle(const long *n)
{
    size_t size = (size_t)n[0] * 512;
    double start = now();
    char *all = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    check(all != MAP_FAILED, "memory");
    for (long i = 0; i < n[0]; i++)
        memset(all + i * 512, 1, 512);
    double took = now() - start;

    check(all[size - 1] == 1, "idle");
    printf("idle_bytes 512 B\n");
    rate("idle_create", n[0], took, "actors/s");
}

static void run_pong(struct actor *self)
{
    for (long i = 0; i < self->a; i++)
        push(self->home, take(self) + 1);
}

static long play(struct actor *self, long rounds)
{
    struct actor *pong = spawn(self->world, run_pong, self, rounds, 0);
    long value = 0;

    for (long i = 0; i < rounds; i++) {
        push(pong, value);
        value = take(self);
    }
    return value;
}

static void row_pingpong(const long *n)
{
    struct world world;

    world_init(&world);
    play(&world.root, 1000);
    double start = now();
    long value = play(&world.root, n[0]);
    double took = now() - start;

    check(value == n[0], "pingpong");
    rate("pingpong", n[0], took, "rt/s");
}

static void run_ping(struct actor *self)
{
    push(self->home, play(self, self->a));
}

struct half {
    long pairs, rounds, total;
};

static void *half_main(void *argument)
{
    struct half *half = argument;
    struct world world;

    world_init(&world);
    for (long i = 0; i < half->pairs; i++)
        spawn(&world, run_ping, &world.root, half->rounds, 0);
    for (long i = 0; i < half->pairs; i++)
        half->total += take(&world.root);
    return NULL;
}

/* Half of the pairs on each of two threads, with nothing in common. */
static void row_pairs(const long *n)
{
    struct half halves[2] = {{n[0] / 2, n[1], 0}, {n[0] - n[0] / 2, n[1], 0}};
    pthread_t threads[2];
    double start = now();

    for (int i = 0; i < 2; i++)
        check(pthread_create(&threads[i], NULL, half_main, &halves[i]) == 0, "thread");
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    double took = now() - start;

    check(halves[0].total + halves[1].total == n[0] * n[1], "pairs");
    rate("pairs", n[0] * n[1], took, "rt/s");
}

static void run_node(struct actor *self)
{
    long token;

    while ((token = take(self)) >= 0)
        push(self->home, token + 1);
    push(self->home, token);
}

static void row_ring(const long *n)
{
    struct world world;
    long token = 0;

    world_init(&world);
    struct actor *next = &world.root;

    for (long i = 1; i < n[0]; i++)
        next = spawn(&world, run_node, next, 0, 0);
    double start = now();

    for (long i = 0; i < n[1]; i++) {
        push(next, token + 1);
        token = take(&world.root);
    }
    double took = now() - start;

    push(next, -1);
    check(take(&world.root) == -1 && token == n[0] * n[1], "ring");
    rate("ring", token, took, "hops/s");
}

static void run_producer(struct actor *self)
{
    for (long i = 1; i <= self->a; i++) {
        push(self->home, i);
        if (i % 64 == 0) {
            ready_back(self->world, self);
            leave(self->world);
        }
    }
}

/* One thread, batches of 64: the sender and the receiver share a cache. */
static void row_fanin(const long *n)
{
    struct world world;
    long total = 0;

    world_init(&world);
    double start = now();

    for (long i = 0; i < n[0]; i++)
        spawn(&world, run_producer, &world.root, n[1], 0);
    for (long i = 0; i < n[0] * n[1]; i++)
        total += take(&world.root);
    double took = now() - start;

    check(total == n[1] * (n[1] + 1) / 2 * n[0], "fanin");
    rate("fanin", n[0] * n[1], took, "msgs/s");
}

static void run_skynet(struct actor *self)
{
    long part = self->b / 10, total = 0;

    if (self->b == 1) {
        push(self->home, self->a);
        return;
    }
    for (long i = 0; i < 10; i++)
        spawn(self->world, run_skynet, self, self->a + i * part, part);
    for (long i = 0; i < 10; i++)
        total += take(self);
    push(self->home, total);
}

static void row_skynet(const long *n)
{
    struct world world;

    world_init(&world);
    double start = now();

    spawn(&world, run_skynet, &world.root, 0, n[0]);
    long total = take(&world.root);
    double took = now() - start;

    check(total == n[0] * (n[0] - 1) / 2, "skynet");
    printf("skynet %.3f ms\n", took * 1000);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int sizes;
        void (*run)(const long *n);
    } rows[] = {
        {"spawn", 1, row_spawn},       {"spawn_wait", 1, row_spawn_wait}, {"idle", 1, row_idle},
        {"pingpong", 1, row_pingpong}, {"pairs", 2, row_pairs},           {"ring", 2, row_ring},
        {"fanin", 2, row_fanin},       {"skynet", 1, row_skynet},
    };
    long n[2] = {0, 0};

    for (int i = 2; i < argc && i < 4; i++)
        n[i - 2] = strtol(argv[i], NULL, 10);
    for (size_t i = 0; argc > 2 && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(argv[1], rows[i].name) == 0 && argc == 2 + rows[i].sizes) {
            rows[i].run(n);
            return 0;
        }
    }
    if (argc == 3 && strcmp(argv[1], "wait") == 0) {
        struct timespec ts = {strtol(argv[2], NULL, 10) / 1000, 0};

        nanosleep(&ts, NULL);
        return 0;
    }
    fprintf(stderr, "usage: least ROW SIZE...\n");
    return 64;
}

#endif
