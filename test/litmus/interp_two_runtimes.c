/* SPDX-License-Identifier: MIT */
/* Two complete runtimes in two threads of one OS process run language tests at the same time. Each
 * prints what a runtime prints that is alone: they share nothing.
 */
#include <stdio.h>

#include "support/maggie.h"
#include "support/unit.h"

/* Tests that print the same in every run; of all kinds: sends, exceptions, unwinding, classes made
 * at run time, symbols, hashed collections, big numbers, actors, links, monitors, names, timers,
 * supervisors' building blocks. */
static const char *const scripts[] = {
    "kernel/control_flow.mag",     "kernel/exceptions_retry.mag", "kernel/integer_big.mag",
    "kernel/dictionary.mag",       "kernel/nonlocal_return.mag",  "kernel/compile_at_run_time.mag",
    "kernel/symbols.mag",          "kernel/traits.mag",           "kernel/class_variables.mag",
    "kernel/become.mag",           "actors/send_copies.mag",      "actors/exit_signal.mag",
    "actors/link_trap.mag",        "actors/monitor_down.mag",     "actors/names.mag",
    "actors/request_reply.mag",    "actors/random_kills.mag",     "actors/crash_wait.mag",
    "supervision/one_for_one.mag",
};
#define SCRIPTS MG_ARRAY_LEN(scripts)

static char *read_script(const char *name, size_t *len)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/test/lang/%s", MG_TEST_ROOT, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    struct mg_buf text;
    mg_buf_init(&text);
    *len = fread(mg_buf_extend(&text, 1 << 18), 1, 1 << 18, file);
    fclose(file);
    return mg_buf_take(&text);
}

/* What a thread does, and what came of it. */
struct player {
    struct mg_buf out[SCRIPTS];
    struct mg_buf err[SCRIPTS];
    int64_t status[SCRIPTS];
    bool backwards; // the two run different scripts most of the time
};

static void play_one(struct player *player, size_t i)
{
    struct runtime runtime;
    size_t len;
    char *text = read_script(scripts[i], &len);
    runtime_init(&runtime);
    runtime.config.schedulers = 2;
    runtime_run_bytes(&runtime, scripts[i], text, len);
    player->status[i] = runtime.status;
    player->out[i] = runtime.out;
    player->err[i] = runtime.err;
    mg_buf_init(&runtime.out);
    mg_buf_init(&runtime.err);
    runtime_deinit(&runtime);
    mg_free(text);
}

static void *play(void *argument)
{
    struct player *player = argument;
    for (size_t i = 0; i < SCRIPTS; i++)
        play_one(player, player->backwards ? SCRIPTS - 1 - i : i);
    return NULL;
}

static void player_deinit(struct player *player)
{
    for (size_t i = 0; i < SCRIPTS; i++) {
        mg_buf_deinit(&player->out[i]);
        mg_buf_deinit(&player->err[i]);
    }
}

static void compare(struct player *alone, struct player *other)
{
    for (size_t i = 0; i < SCRIPTS; i++) {
        ck_assert_msg(alone->status[i] == other->status[i], "%s: status", scripts[i]);
        ck_assert_msg(strcmp(mg_buf_text(&alone->out[i]), mg_buf_text(&other->out[i])) == 0,
                      "%s printed\n%s\ninstead of\n%s", scripts[i], mg_buf_text(&other->out[i]),
                      mg_buf_text(&alone->out[i]));
        ck_assert_msg((alone->err[i].len == 0) == (other->err[i].len == 0), "%s: %s", scripts[i],
                      mg_buf_text(&other->err[i]));
    }
}

/* Each of two runtimes side by side does what one does alone. */
UNIT_CASE(side_by_side)
{
    struct player alone = {.backwards = false};
    struct player both[2] = {{.backwards = false}, {.backwards = true}};
    pthread_t threads[2];
    play(&alone);
    for (size_t i = 0; i < SCRIPTS; i++)
        ck_assert_msg(alone.out[i].len > 0, "%s prints nothing: %s", scripts[i],
                      mg_buf_text(&alone.err[i]));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, play, &both[i]), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    compare(&alone, &both[0]);
    compare(&alone, &both[1]);
    player_deinit(&alone);
    player_deinit(&both[0]);
    player_deinit(&both[1]);
}

UNIT_MAIN("interp/two_runtimes", side_by_side)
