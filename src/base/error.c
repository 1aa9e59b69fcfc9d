/* SPDX-License-Identifier: MIT */
/* Error codes to words, and from the operating system's numbers; all from the list in the
 * header. */
#include "base/error.h"

#include <errno.h>

#define ERROR_NEGATIVE(name, value, text) _Static_assert((value) < 0, "E1: " #name);
MG_ERROR_LIST(ERROR_NEGATIVE)
#undef ERROR_NEGATIVE

const char *mg_error_text(int code)
{
    switch (code) {
#define ERROR_TEXT(name, value, text) \
    case value:                       \
        return text;
        MG_ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
    default:
        return code == 0 ? "success" : "unknown error";
    }
}

const char *mg_error_name(int code)
{
    switch (code) {
#define ERROR_NAME(name, value, text) \
    case value:                       \
        return #name;
        MG_ERROR_LIST(ERROR_NAME)
#undef ERROR_NAME
    default:
        return "?";
    }
}

int mg_error_from_errno(int errno_value)
{
    switch (errno_value) {
    case ENOMEM:
        return MG_ENOMEM;
    case EINVAL:
        return MG_EINVAL;
    case ENOENT:
        return MG_ENOENT;
    case EACCES:
    case EPERM:
        return MG_EACCES;
    case EEXIST:
        return MG_EEXIST;
    case ENOTDIR:
        return MG_ENOTDIR;
    case EISDIR:
        return MG_EISDIR;
    case EBUSY:
        return MG_EBUSY;
    case EPIPE:
    case ECONNRESET:
        return MG_ECLOSED;
    case ETIMEDOUT:
        return MG_ETIMEDOUT;
    case ECANCELED:
        return MG_ECANCELED;
    case EMFILE:
    case ENFILE:
        return MG_ELIMIT;
    case ENOSPC:
        return MG_EFULL;
    default:
        return MG_EIO;
    }
}
