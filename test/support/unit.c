/* SPDX-License-Identifier: MIT */
/* Running check's cases, and children that are meant to die. The child of a death test leaves by
 * _exit, so that it neither flushes its parent's output a second time nor looks for leaks in the
 * middle of its work.
 */
#include "support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

enum { UNIT_TIMEOUT_S = 60 };

int unit_run(const char *suite_name, const TTest *const *cases, size_t count)
{
    Suite *suite = suite_create(suite_name);
    TCase *group = tcase_create("cases");
    tcase_set_timeout(group, UNIT_TIMEOUT_S);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(group, cases[i]);
    suite_add_tcase(suite, group);

    SRunner *runner = srunner_create(suite);
#if defined(MG_ASAN) || defined(MG_TSAN)
    srunner_set_fork_status(runner, CK_NOFORK);
#endif
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Runs the function in a child with stderr going to `fd`; returns its process id. */
static pid_t unit_child(void (*function)(void *), void *argument, int fd)
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(fd, STDERR_FILENO);
        close(fd);
        function(argument);
        _exit(0);
    }
    close(fd);
    return child;
}

static int unit_wait(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

bool unit_dies(void (*function)(void *), void *argument)
{
    int status = unit_wait(unit_child(function, argument, open("/dev/null", O_WRONLY)));
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

char *unit_stderr(void (*function)(void *), void *argument)
{
    int ends[2];
    int failed = pipe2(ends, O_CLOEXEC);
    CHECK(!failed);
    pid_t child = unit_child(function, argument, ends[1]);

    size_t len = 0;
    size_t cap = 1 << 16;
    char *text = malloc(cap);
    ssize_t got;
    while ((got = read(ends[0], text + len, cap - len - 1)) > 0)
        len += (size_t)got;
    text[len] = 0;
    close(ends[0]);
    unit_wait(child);
    return text;
}
