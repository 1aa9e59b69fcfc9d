/* SPDX-License-Identifier: MIT */
/* The symbol table: one id a text, from any number of threads. */
#include "object/symbol.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "support/unit.h"

static uint32_t intern(struct mg_symbols *table, const char *text)
{
    return mg_symbol_intern(table, text, strlen(text));
}

/* S1: ids count up from 1 in order of first use, and a text keeps its id. */
UNIT_CASE(ids_count_up)
{
    struct mg_symbols *table = mg_symbols_new();
    ck_assert_uint_eq(mg_symbol_count(table), 0);
    ck_assert_uint_eq(mg_symbol_find(table, "foo", 3), 0);
    ck_assert_uint_eq(intern(table, "foo"), 1);
    ck_assert_uint_eq(intern(table, "bar"), 2);
    ck_assert_uint_eq(intern(table, "foo"), 1);
    ck_assert_uint_eq(mg_symbol_find(table, "bar", 3), 2);
    ck_assert_uint_eq(mg_symbol_find(table, "bar", 2), 0);
    ck_assert_uint_eq(mg_symbol_count(table), 2);
    ck_assert_uint_eq(intern(table, ""), 3);
    ck_assert_uint_eq(mg_symbol_intern(table, "a\0b", 3), 4);
    ck_assert_uint_eq(mg_symbol_intern(table, "a\0c", 3), 5);
    mg_symbols_free(table);
}

/* Ids and entries survive the growth of the index. */
UNIT_CASE(many_symbols)
{
    enum { COUNT = 50000 };
    struct mg_symbols *table = mg_symbols_new();
    char text[32];
    for (uint32_t i = 1; i <= COUNT; i++) {
        snprintf(text, sizeof text, "symbol%u", i);
        ck_assert_uint_eq(intern(table, text), i);
    }
    for (uint32_t i = 1; i <= COUNT; i++) {
        snprintf(text, sizeof text, "symbol%u", i);
        ck_assert_uint_eq(mg_symbol_find(table, text, strlen(text)), i);
        const struct mg_symbol_entry *e = mg_symbol_entry(table, i);
        ck_assert_str_eq(e->text, text);
        ck_assert_uint_eq(e->len, strlen(text));
        ck_assert_uint_eq(e->hash, mg_hash_bytes(text, strlen(text)));
    }
    mg_symbols_free(table);
}

/* How many arguments a message takes follows from its name. */
UNIT_CASE(arguments_of_selectors)
{
    static const struct {
        const char *text;
        uint32_t argc;
    } cases[] = {{"foo", 0}, {"foo:", 1},    {"at:put:", 2},  {"+", 1},
                 {"->", 1},  {"\\\\", 1},    {"~>", 1},       {",", 1},
                 {"a b", 0}, {"_x:y:z:", 3}, {"\xc3\xa4", 0}, {"", 0}};
    struct mg_symbols *table = mg_symbols_new();
    for (size_t i = 0; i < MG_ARRAY_LEN(cases); i++) {
        const struct mg_symbol_entry *e = mg_symbol_entry(table, intern(table, cases[i].text));
        ck_assert_msg(e->argc == cases[i].argc, "%s", cases[i].text);
    }
    ck_assert_uint_eq(mg_symbol_entry(table, intern(table, "foo"))->ascii, 1);
    ck_assert_uint_eq(mg_symbol_entry(table, intern(table, "\xc3\xa4"))->ascii, 0);
    mg_symbols_free(table);
}

/* A text beyond the limit is refused and leaves no trace. */
UNIT_CASE(long_texts_are_refused)
{
    struct mg_symbols *table = mg_symbols_new();
    static char text[MG_LIMIT_SYMBOL_BYTES + 1];
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(mg_symbol_intern(table, text, sizeof text), 0);
    ck_assert_uint_eq(mg_symbol_count(table), 0);
    ck_assert_uint_eq(mg_symbol_intern(table, text, sizeof text - 1), 1);
    mg_symbols_free(table);
}

enum { THREADS = 4, TEXTS = 8000 };

struct interner {
    struct mg_symbols *table;
    uint32_t start;
    uint32_t ids[TEXTS];
};

static void *interner_run(void *argument)
{
    struct interner *me = argument;
    char text[32];
    for (uint32_t k = 0; k < TEXTS; k++) {
        uint32_t i = (me->start + k) % TEXTS;
        snprintf(text, sizeof text, "shared%u", i);
        me->ids[i] = intern(me->table, text);
        CHECK(strcmp(mg_symbol_entry(me->table, me->ids[i])->text, text) == 0);
        CHECK(mg_symbol_find(me->table, text, strlen(text)) == me->ids[i]);
    }
    return NULL;
}

/* S1 and S2 with threads that intern the same texts in different orders. */
UNIT_CASE(threads_agree)
{
    static struct interner interners[THREADS];
    pthread_t threads[THREADS];
    struct mg_symbols *table = mg_symbols_new();
    for (uint32_t t = 0; t < THREADS; t++) {
        interners[t].table = table;
        interners[t].start = t * (TEXTS / THREADS);
        ck_assert_int_eq(pthread_create(&threads[t], NULL, interner_run, &interners[t]), 0);
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
    }
    for (uint32_t i = 0; i < TEXTS; i++) {
        for (uint32_t t = 1; t < THREADS; t++) {
            ck_assert_uint_eq(interners[t].ids[i], interners[0].ids[i]);
        }
    }
    ck_assert_uint_eq(mg_symbol_count(table), TEXTS);
    mg_symbols_free(table);
}

/* Symbols made of data leave a quarter of the table to code, by number and by bytes. */
UNIT_CASE(bounds)
{
    struct mg_symbols *table = mg_symbols_new();
    char text[MG_LIMIT_SYMBOL_BYTES + 1];
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(mg_symbol_make(table, text, sizeof text), 0);
    uint64_t most = MG_LIMIT_SYMBOL_TEXTS / 4 * 3 / (sizeof text), made = 0;
    for (;;) {
        snprintf(text, sizeof text, "%08" PRIu64, made);
        text[8] = 'x';
        if (mg_symbol_make(table, text, sizeof text - 1) == 0)
            break;
        made++;
    }
    ck_assert_uint_eq(made, most);
    /* What is there is found as before; code goes on, until that is full too. */
    uint32_t id = mg_symbol_intern(table, text, sizeof text - 1);
    ck_assert_uint_ne(id, 0);
    ck_assert_uint_eq(mg_symbol_make(table, text, sizeof text - 1), id);
    ck_assert(mg_symbols_fit(table, 1000, 100000));
    ck_assert(!mg_symbols_fit(table, 1000, MG_LIMIT_SYMBOL_TEXTS / 4));
    ck_assert(!mg_symbols_fit(table, MG_LIMIT_SYMBOLS, 1));
    for (;; made++) {
        snprintf(text, sizeof text, "%08" PRIu64, made);
        text[8] = 'x';
        if (mg_symbol_intern(table, text, sizeof text - 1) == 0)
            break;
    }
    ck_assert_uint_le(made, MG_LIMIT_SYMBOL_TEXTS / sizeof text);
    ck_assert_uint_gt(made, MG_LIMIT_SYMBOL_TEXTS / sizeof text - 100);
    mg_symbols_free(table);
}

UNIT_MAIN("object/symbol", ids_count_up, many_symbols, arguments_of_selectors,
          long_texts_are_refused, threads_agree, bounds)
