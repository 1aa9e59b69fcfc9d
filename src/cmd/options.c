/* SPDX-License-Identifier: MIT */
/* Reading the command line: see options.h. */
#include "cmd/options.h"

#include "cmd/program.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int mg_usage(const char *what, const char *detail)
{
    fprintf(stderr, "maggie: %s%s%s\nTry `maggie --help`.\n", what, detail[0] != '\0' ? ": " : "",
            detail);
    return MG_STATUS_USAGE;
}

bool mg_parse_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || !isdigit((unsigned char)text[0])) {
        return false;
    }
    *out = n;
    return true;
}

bool mg_parse_size(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || end == text || !isdigit((unsigned char)text[0])) {
        return false;
    }
    int shift = *end == 'K' || *end == 'k'   ? 10
                : *end == 'M' || *end == 'm' ? 20
                : *end == 'G' || *end == 'g' ? 30
                                             : 0;
    if (end[shift != 0] != '\0' || n == 0 || n > UINT64_MAX >> shift) {
        return false;
    }
    *out = n << shift;
    return true;
}
