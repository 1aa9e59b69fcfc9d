/* SPDX-License-Identifier: MIT */
/* The one list of error codes and their texts.
 *
 * Three kinds of failure, three ways to say so:
 *   a bug is an assertion (base/assert.h), never a code; a failure of the machine, the input or a
 *   peer is one of these negative codes, passed up unchanged; a condition the caller must handle is
 *   a positive code, documented on that one function and never forwarded.
 *
 * E1  Every code is negative and appears once, so a code is never taken for a count or a positive
 *     code.
 *
 * Functions that can fail return `int`, 0 for success, are MG_MUST_CHECK, and write their
 * out-parameters only on success. Maggie code never sees these numbers: primitives translate them.
 */
#ifndef MG_BASE_ERROR_H
#define MG_BASE_ERROR_H

/* X(name, value, text). The text completes "cannot do it: ". New codes go to the end. */
#define MG_ERROR_LIST(X)                           \
    X(MG_ENOMEM, -1, "out of memory")              \
    X(MG_ELIMIT, -2, "a limit was reached")        \
    X(MG_EINVAL, -3, "invalid argument")           \
    X(MG_ESYNTAX, -4, "syntax error")              \
    X(MG_EIO, -5, "input or output error")         \
    X(MG_ENOENT, -6, "no such file or directory")  \
    X(MG_EFORMAT, -7, "malformed data")            \
    X(MG_EVERIFY, -8, "code failed verification")  \
    X(MG_EACCES, -9, "permission denied")          \
    X(MG_EEXIST, -10, "already exists")            \
    X(MG_ENOTDIR, -11, "not a directory")          \
    X(MG_EISDIR, -12, "is a directory")            \
    X(MG_EUTF8, -13, "not valid UTF-8")            \
    X(MG_EVERSION, -14, "made by another version") \
    X(MG_EUNDEFINED, -15, "not defined")           \
    X(MG_EDUPLICATE, -16, "defined twice")         \
    X(MG_EFULL, -17, "full")                       \
    X(MG_EBUSY, -18, "busy")                       \
    X(MG_ECLOSED, -19, "closed")                   \
    X(MG_ETIMEDOUT, -20, "timed out")              \
    X(MG_ECANCELED, -21, "cancelled")              \
    X(MG_ENOPROC, -22, "no such process")          \
    X(MG_ENOTSENDABLE, -23, "cannot be sent")      \
    X(MG_EUNSUPPORTED, -24, "not supported")       \
    X(MG_EPEER, -25, "the other side failed")

enum mg_error {
#define MG_ERROR_ENUM(name, value, text) name = value,
    MG_ERROR_LIST(MG_ERROR_ENUM)
#undef MG_ERROR_ENUM
};

/* The text of a code, a constant string; "success" for 0, "unknown error" for a number that is no
 * code. */
const char *mg_error_text(int code);

/* The name of a code as written in C ("MG_EIO"), a constant string; "?" for a number that is no
 * code. */
const char *mg_error_name(int code);

/* The code for an `errno` value; MG_EIO for those without a code of their own. Never 0. */
int mg_error_from_errno(int errno_value);

#endif
