/* SPDX-License-Identifier: MIT */
/* Sizes as people write them: see size.h. */
#include "cmd/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool mg_size_parse(const char *text, uint64_t *out)
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
