/* SPDX-License-Identifier: MIT */
/* Log lines: their level, their newline, their end when they are too long. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "support/unit.h"

static void log_each(void *argument)
{
    (void)argument;
    mg_log(MG_LOG_ERROR, "lost %d of %s", 3, "them");
    mg_log(MG_LOG_WARNING, "look");
    mg_log(MG_LOG_INFO, "hello");
    mg_log(MG_LOG_DEBUG, "inside");
}

/* Each level has its word; debug lines appear in profiles with assertions only. */
UNIT_CASE(levels_have_words)
{
    char *text = unit_stderr(log_each, NULL);
    ck_assert_str_eq(text, UNIT_HAS_ASSERT
                               ? "maggie: error: lost 3 of them\nmaggie: warning: look\n"
                                 "maggie: hello\nmaggie: debug: inside\n"
                               : "maggie: error: lost 3 of them\nmaggie: warning: look\n"
                                 "maggie: hello\n");
    free(text);
}

static void log_long(void *argument)
{
    char words[9000];
    size_t n = *(size_t *)argument;
    memset(words, 'x', n);
    words[n] = 0;
    mg_log(MG_LOG_INFO, "%s", words);
}

/* A line of any length is one line; a long one ends in dots. */
UNIT_CASE(long_lines_are_cut)
{
    for (size_t n = 4000; n < 4200; n++) {
        char *text = unit_stderr(log_long, &n);
        size_t len = strlen(text);
        ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
        if (len < n + strlen("maggie: \n"))
            ck_assert_str_eq(text + len - 5, "x...\n");
        else
            ck_assert_uint_eq(len, n + strlen("maggie: \n"));
        free(text);
    }
}

UNIT_MAIN("base/log", levels_have_words, long_lines_are_cut)
