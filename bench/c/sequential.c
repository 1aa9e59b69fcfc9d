/* SPDX-License-Identifier: MIT */
/*
 * sequential.c: the sequential rows in C, as a limit: sequential ROW SIZE
 *
 * What each row asks, and what would make it lie, stands at the head of the
 * file of the same name in bench/maggie. Every row checks its result before
 * it prints `name value unit`. The compiler may do what it likes at -O2
 * (it unrolls the recursion of fib); a barrier keeps it from replacing the
 * loop by its closed form.
 *
 * Threads: one. Memory: each row frees what it takes or leaves it to exit.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BARRIER(x) __asm__ volatile("" : "+r"(x))

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

static long fib(long n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static double row_fib(long n)
{
    double start = now();
    long value = fib(n);
    double took = now() - start;
    long a = 0, b = 1;

    for (long i = 0; i < n; i++) {
        long c = a + b;

        a = b;
        b = c;
    }
    check(value == a, "fib");
    return took;
}

static double row_loop(long count)
{
    double start = now();
    long total = 0;

    for (long i = 1; i <= count; i++) {
        total += i;
        BARRIER(total);
    }
    double took = now() - start;

    check(total == count * (count + 1) / 2, "loop");
    return took;
}

struct adder {
    long (*step)(const struct adder *self, long x);
};

static long add_one(const struct adder *self, long x)
{
    (void)self;
    return x + 1;
}

static long add_two(const struct adder *self, long x)
{
    (void)self;
    return x + 2;
}

static long add_three(const struct adder *self, long x)
{
    (void)self;
    return x + 3;
}

static long add_four(const struct adder *self, long x)
{
    (void)self;
    return x + 4;
}

static double row_dispatch(long count)
{
    struct adder one = {add_one}, two = {add_two}, three = {add_three}, four = {add_four};
    struct adder *objects[4] = {&one, &two, &three, &four};
    struct adder **all = objects;
    long value = 0, index = 0;
    double start = now();

    BARRIER(all);
    for (long i = 0; i < count; i++) {
        value = all[index]->step(all[index], value);
        if (++index == 4)
            index = 0;
    }
    double took = now() - start;

    check(value == count * 10 / 4, "dispatch");
    return took;
}

struct body {
    double x, y, z, vx, vy, vz, mass;
};

#define YEAR 365.24
#define SUN 39.47841760435743

static void make_bodies(struct body b[5])
{
    static const struct body start[5] = {
        {0, 0, 0, 0, 0, 0, 1.0},
        {4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01,
         1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05,
         9.54791938424326609e-04},
        {8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
         -2.76742510726411899e-03, 4.99852801234917238e-03, 2.30417297573763929e-05,
         2.85885980666130812e-04},
        {1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
         2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05,
         4.36624404335156298e-05},
        {1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01,
         2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05,
         5.15138902046611451e-05},
    };
    double px = 0, py = 0, pz = 0;

    for (int i = 0; i < 5; i++) {
        b[i] = start[i];
        b[i].vx *= YEAR;
        b[i].vy *= YEAR;
        b[i].vz *= YEAR;
        b[i].mass *= SUN;
        px += b[i].vx * b[i].mass;
        py += b[i].vy * b[i].mass;
        pz += b[i].vz * b[i].mass;
    }
    b[0].vx = -px / b[0].mass;
    b[0].vy = -py / b[0].mass;
    b[0].vz = -pz / b[0].mass;
}

static double energy(const struct body b[5])
{
    double total = 0;

    for (int i = 0; i < 5; i++) {
        total += 0.5 * b[i].mass * (b[i].vx * b[i].vx + b[i].vy * b[i].vy + b[i].vz * b[i].vz);
        for (int j = i + 1; j < 5; j++) {
            double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;

            total -= b[i].mass * b[j].mass / sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    return total;
}

static void advance(struct body b[5], double dt)
{
    for (int i = 0; i < 5; i++) {
        for (int j = i + 1; j < 5; j++) {
            double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
            double square = dx * dx + dy * dy + dz * dz;
            double pull = dt / (square * sqrt(square));
            double theirs = b[j].mass * pull, mine = b[i].mass * pull;

            b[i].vx -= dx * theirs;
            b[i].vy -= dy * theirs;
            b[i].vz -= dz * theirs;
            b[j].vx += dx * mine;
            b[j].vy += dy * mine;
            b[j].vz += dz * mine;
        }
    }
    for (int i = 0; i < 5; i++) {
        b[i].x += dt * b[i].vx;
        b[i].y += dt * b[i].vy;
        b[i].z += dt * b[i].vz;
    }
}

static double row_nbody(long steps)
{
    struct body b[5];

    make_bodies(b);
    double before = energy(b), start = now();

    for (long i = 0; i < steps; i++)
        advance(b, 0.01);
    double took = now() - start, after = energy(b);

    check(fabs(before + 0.169075163828524) < 1e-12, "nbody: start");
    check(fabs(after - before) < 5e-5, "nbody: drift");
    check(steps != 500000 || fabs(after + 0.169096567) < 1e-9, "nbody: end");
    return took;
}

struct tree {
    struct tree *left, *right;
};

static struct tree *tree_new(int depth)
{
    struct tree *t = malloc(sizeof *t);

    check(t != NULL, "memory");
    t->left = depth ? tree_new(depth - 1) : NULL;
    t->right = depth ? tree_new(depth - 1) : NULL;
    return t;
}

static long tree_count(const struct tree *t)
{
    return t->left ? tree_count(t->left) + tree_count(t->right) + 1 : 1;
}

static void tree_free(struct tree *t)
{
    if (t->left) {
        tree_free(t->left);
        tree_free(t->right);
    }
    free(t);
}

static double row_bintrees(long depth)
{
    double start = now();
    struct tree *kept = tree_new((int)depth);
    long total = 0, expected = (2L << depth) - 1;

    for (int d = 4; d <= depth; d += 4) {
        long rounds = 1L << (depth - d + 4);

        expected += rounds * ((2L << d) - 1);
        for (long i = 0; i < rounds; i++) {
            struct tree *t = tree_new(d);

            total += tree_count(t);
            tree_free(t);
        }
    }
    total += tree_count(kept);
    tree_free(kept);
    double took = now() - start;

    check(total == expected, "bintrees");
    return took;
}

/* Open addressing that doubles at three quarters, the least honest dictionary. */
struct table {
    long *keys, *values; /* a key of 0 is a free place */
    uint64_t mask;
    long used;
};

static uint64_t place(const struct table *t, long key)
{
    uint64_t at = ((uint64_t)key * 0x9E3779B97F4A7C15u) >> 32;

    while (t->keys[at & t->mask] && t->keys[at & t->mask] != key)
        at++;
    return at & t->mask;
}

static void table_init(struct table *t, uint64_t room)
{
    t->keys = calloc(room, sizeof *t->keys);
    t->values = calloc(room, sizeof *t->values);
    check(t->keys && t->values, "memory");
    t->mask = room - 1;
    t->used = 0;
}

static void table_put(struct table *t, long key, long value)
{
    if ((uint64_t)t->used * 4 > t->mask * 3) {
        struct table bigger;

        table_init(&bigger, (t->mask + 1) * 2);
        for (uint64_t i = 0; i <= t->mask; i++) {
            if (t->keys[i])
                table_put(&bigger, t->keys[i], t->values[i]);
        }
        free(t->keys);
        free(t->values);
        *t = bigger;
    }
    uint64_t at = place(t, key);

    t->used += t->keys[at] == 0;
    t->keys[at] = key;
    t->values[at] = value;
}

static double row_dict_int(long count)
{
    double start = now();
    struct table t;
    long total = 0;

    table_init(&t, 16);
    for (long i = 1; i <= count; i++)
        table_put(&t, i * 7919, i);
    for (long i = 1; i <= count; i++)
        total += t.values[place(&t, i * 7919)];
    double took = now() - start;

    check(t.used == count && total == count * (count + 1) / 2, "dict_int");
    return took;
}

static double row_dict_any(long count)
{
    double start = now();
    struct table t;
    long total = 0, asked = 0, seed = 42;

    table_init(&t, 16);
    for (long i = 1; i <= count; i++)
        table_put(&t, i * 7919, i);
    for (long n = 0; n < count; n++) {
        seed = seed * 16807 % 2147483647;
        long i = seed % count + 1;

        asked += i;
        total += t.values[place(&t, i * 7919)];
    }
    double took = now() - start;

    check(t.used == count && total == asked, "dict_any");
    return took;
}

static size_t put_decimal(char *to, long value)
{
    char digits[24];
    size_t n = 0;

    for (long rest = value; rest > 0; rest /= 10)
        digits[n++] = (char)('0' + rest % 10);
    for (size_t i = 0; i < n; i++)
        to[i] = digits[n - 1 - i];
    return n;
}

static double row_strbuild(long count)
{
    double start = now();
    size_t room = 64, size = 0;
    char *text = malloc(room);

    for (long i = 1; i <= count; i++) {
        if (room - size < 32) {
            room *= 2;
            text = realloc(text, room);
            check(text != NULL, "memory");
        }
        size += put_decimal(text + size, i);
        text[size++] = ',';
    }
    BARRIER(text);
    double took = now() - start;
    size_t expected = (size_t)count;

    for (long power = 1; power <= count; power *= 10)
        expected += (size_t)(count - power + 1);
    check(size == expected, "strbuild");
    free(text);
    return took;
}

static double row_strcat(long count)
{
    static const char piece[] = "0123456789abcdef0123456789abcdef";
    double start = now();
    size_t room = 64, size = 0;
    char *text = malloc(room);

    for (long i = 0; i < count; i++) {
        if (room - size < 32) {
            room *= 2;
            text = realloc(text, room);
            check(text != NULL, "memory");
        }
        memcpy(text + size, piece, 32);
        size += 32;
        BARRIER(text);
    }
    double took = now() - start;

    check(size == (size_t)count * 32 && memcmp(text + size - 32, piece, 32) == 0, "strcat");
    free(text);
    return took;
}

static int order(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;

    return (x > y) - (x < y);
}

static double row_sort(long count)
{
    long *numbers = malloc((size_t)count * sizeof *numbers);
    long seed = 42, before = 0, after = 0;

    check(numbers != NULL, "memory");
    for (long i = 0; i < count; i++) {
        seed = seed * 16807 % 2147483647;
        numbers[i] = seed;
        before += seed;
    }
    double start = now();

    qsort(numbers, (size_t)count, sizeof *numbers, order);
    double took = now() - start;

    for (long i = 0; i < count; i++) {
        check(i == 0 || numbers[i - 1] <= numbers[i], "sort: order");
        after += numbers[i];
    }
    check(before == after, "sort: sum");
    free(numbers);
    return took;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        double (*run)(long size);
    } rows[] = {
        {"fib", row_fib},           {"loop", row_loop},         {"dispatch", row_dispatch},
        {"nbody", row_nbody},       {"bintrees", row_bintrees}, {"dict_int", row_dict_int},
        {"dict_any", row_dict_any}, {"strbuild", row_strbuild}, {"strcat", row_strcat},
        {"sort", row_sort},
    };

    for (size_t i = 0; argc == 3 && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(argv[1], rows[i].name) == 0) {
            printf("%s %.6f s\n", argv[1], rows[i].run(strtol(argv[2], NULL, 10)));
            return 0;
        }
    }
    fprintf(stderr, "usage: sequential ROW SIZE\n");
    return 64;
}
