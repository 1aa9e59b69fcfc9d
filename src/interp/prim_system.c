/* SPDX-License-Identifier: MIT */
/* Primitives of the classes that look outside: Time, Random, System; and WeakReference.
 *
 * A Random keeps its state, four words of xoshiro256**, in a ByteArray in its first slot. The state
 * is checked at each step, since reflection can put anything there.
 *
 * Threads: the thread that runs the actor.
 */
#include "base/hash.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "interp/output.h"
#include "interp/prim.h"
#include "interp/services.h"
#include "interp/text.h"
#include "interp/vm.h"
#include "object/bigint.h"
#include "object/bytes.h"
#include "sched/sched.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* -- Time -- */

static mg_value prim_microseconds(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small((int64_t)(mg_run_now_ns(run) / 1000));
}

static mg_value prim_milliseconds(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small((int64_t)(mg_run_now_ns(run) / 1000000));
}

static mg_value prim_wall_milliseconds(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small((int64_t)(mg_run_wall_ms(run) & (uint64_t)MG_SMALL_MAX));
}

/* -- Random -- */

/* The 61 high bits, which are the better ones, as a SmallInteger that is not negative. */
static mg_value small_from_bits(uint64_t bits)
{
    return mg_small((int64_t)(bits >> 3));
}

static mg_value prim_entropy(struct mg_run *run, mg_value *args)
{
    (void)args;
    return small_from_bits(mg_run_random(run));
}

/* Any integer to 64 bits; small ones to themselves. */
static uint64_t seed_bits(mg_value v)
{
    if (mg_is_small(v)) {
        return (uint64_t)mg_small_value(v);
    }
    struct mg_integer n;
    mg_integer_view(v, &n);
    uint64_t bits = n.negative;
    for (uint32_t i = 0; i < n.count; i++) {
        bits = mg_hash_u64(bits + i + 1) ^ n.limbs[i];
    }
    return bits;
}

static mg_value prim_random_state(struct mg_run *run, mg_value *args)
{
    if (!mg_is_integer(args[1])) {
        return mg_prim_type_error(run, 1, "Integer");
    }
    struct mg_rng rng;
    mg_rng_seed(&rng, seed_bits(args[1]));
    args = mg_run_reserve(run, args, mg_bytes_words(sizeof rng.s));
    return args == NULL ? MG_PRIM_FAILED
                        : mg_bytes_new(run->heap, (const uint8_t *)rng.s, sizeof rng.s);
}

static mg_value prim_random_next(struct mg_run *run, mg_value *args)
{
    struct mg_rng rng;
    mg_value state = mg_object_words(mg_object(args[0])) > 0 ? mg_slot(args[0], 0) : MG_NIL;
    if (!mg_is_mutable_bytes(state) || mg_bytes_len(state) != sizeof rng.s) {
        return mg_prim_error(run, "the generator has no state");
    }
    uint8_t *bytes = mg_bytes_writable(state);
    memcpy(rng.s, bytes, sizeof rng.s);
    uint64_t drawn = mg_rng_next(&rng);
    memcpy(bytes, rng.s, sizeof rng.s);
    return small_from_bits(drawn);
}

/* -- WeakReference -- */

static mg_value prim_weak_new(struct mg_run *run, mg_value *args)
{
    args = mg_run_reserve(run, args, mg_object_span(MG_FORMAT_WEAK, MG_WEAK_WORDS));
    return args == NULL ? MG_PRIM_FAILED : mg_weak_new(run->heap, args[1]);
}

static mg_value prim_weak_get(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_slot(args[0], MG_WEAK_TARGET);
}

static mg_value prim_weak_clear(struct mg_run *run, mg_value *args)
{
    (void)run;
    mg_object(args[0])->words[MG_WEAK_TARGET] = MG_NIL;
    return args[0];
}

/* -- System -- */

/* Writes the argument with U+FFFD for what is not UTF-8, or only counts when `to` is NULL. Answers
 * the bytes. */
static size_t repaired(const char *argument, uint8_t *to)
{
    const uint8_t *p = (const uint8_t *)argument;
    size_t left = strlen(argument), written = 0;
    while (left > 0) {
        uint32_t cp;
        int len = mg_utf8_decode(p, left, &cp);
        uint8_t utf8[4];
        int n = mg_utf8_encode(len > 0 ? cp : 0xFFFD, utf8);
        if (to != NULL) {
            memcpy(to + written, utf8, (size_t)n);
        }
        written += (size_t)n;
        p += len > 0 ? len : 1;
        left -= len > 0 ? (size_t)len : 1;
    }
    return written;
}

static mg_value prim_arguments(struct mg_run *run, mg_value *args)
{
    const struct mg_vm *vm = run->vm;
    uint32_t n = vm->argument_count;
    size_t words = mg_object_span(MG_FORMAT_ARRAY, n);
    for (uint32_t i = 0; i < n; i++) {
        words += mg_string_words(repaired(vm->arguments[i], NULL));
    }
    args = mg_run_reserve(run, args, words);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *array = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    for (uint32_t i = 0; i < n; i++) {
        array->words[i] = MG_NIL;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *bytes;
        mg_value string = mg_string_begin(run->heap, repaired(vm->arguments[i], NULL), &bytes);
        repaired(vm->arguments[i], bytes);
        mg_string_end(string);
        mg_store(run->heap, array, i, string);
    }
    return mg_pointer(array);
}

/* The second number of /proc/self/statm, in pages; 0 where there is none. */
static mg_value prim_resident_bytes(struct mg_run *run, mg_value *args)
{
    (void)run, (void)args;
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mg_small(0);
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    unsigned long long pages = 0;
    if (n > 0) {
        text[n] = 0;
        if (sscanf(text, "%*u %llu", &pages) != 1) {
            pages = 0;
        }
    }
    return mg_small((int64_t)(pages * (unsigned long long)sysconf(_SC_PAGESIZE)));
}

static mg_value prim_exit(struct mg_run *run, mg_value *args)
{
    int status = mg_is_small(args[1]) ? (int)(mg_small_value(args[1]) & 0xff) : 1;
    mg_run_exit(run, status);
    (void)mg_actor_wait(run->actor, run->scheduler, 0, MG_NO_DEADLINE);
    return MG_PRIM_WAIT;
}

static mg_value prim_stop(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1]) || mg_small_value(args[1]) < 0 || mg_small_value(args[1]) > 255) {
        return mg_prim_error(run, "the status must be an Integer from 0 to 255");
    }
    mg_run_stop(run, (int)mg_small_value(args[1]));
    return args[0];
}

static mg_value prim_schedulers(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small(mg_run_schedulers(run));
}

static mg_value prim_is_stopping(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_boolean(mg_sched_stopping(run->scheduler->sched));
}

static mg_value prim_write(struct mg_run *run, mg_value *args)
{
    struct mg_string_view text;
    if (!mg_text_view(run, args[1], &text)) {
        return mg_prim_type_error(run, 1, "String");
    }
    if (args[2] != mg_small(1) && args[2] != mg_small(2)) {
        return mg_prim_error(run, "descriptor must be 1 or 2");
    }
    int fd = (int)mg_small_value(args[2]);
    mg_run_charge(run, text.len / 64);
    return mg_run_output(run, fd, (const char *)text.bytes, text.len) ? args[0] : MG_PRIM_WAIT;
}

static mg_value prim_flush(struct mg_run *run, mg_value *args)
{
    mg_run_flush(run);
    return args[0];
}

static mg_value prim_symbol_count(struct mg_run *run, mg_value *args)
{
    (void)args;
    return mg_small(mg_symbol_count(run->world->symbols));
}

static mg_value prim_symbol_limit(struct mg_run *run, mg_value *args)
{
    (void)run;
    (void)args;
    return mg_small(MG_LIMIT_SYMBOLS);
}

const struct mg_prim_entry mg_prims_system[] = {
    {"Time class>>microseconds", prim_microseconds},
    {"Time class>>milliseconds", prim_milliseconds},
    {"Time class>>wallMilliseconds", prim_wall_milliseconds},
    {"Random class>>primEntropy", prim_entropy},
    {"Random class>>primState:", prim_random_state},
    {"Random>>primNext", prim_random_next},
    {"WeakReference class>>on:", prim_weak_new},
    {"WeakReference>>get", prim_weak_get},
    {"WeakReference>>clear", prim_weak_clear},
    {"System class>>arguments", prim_arguments},
    {"System class>>residentBytes", prim_resident_bytes},
    {"System class>>exit:", prim_exit},
    {"System class>>stop:", prim_stop},
    {"System class>>schedulers", prim_schedulers},
    {"System class>>isStopping", prim_is_stopping},
    {"System class>>primWrite:to:", prim_write},
    {"LogLimit>>primWrite:to:", prim_write},
    {"System class>>symbolCount", prim_symbol_count},
    {"System class>>symbolLimit", prim_symbol_limit},
    {"System class>>primFlush", prim_flush},
    {NULL, NULL},
};
