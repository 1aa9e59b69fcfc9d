/* SPDX-License-Identifier: MIT */
/* What the primitives over texts and bytes share. Looking at texts and making them is
 * object/string.h; here are the checks that a primitive makes around it.
 *
 * T1  The receiver of a String's primitive may be a Symbol: it counts as its text. Results are
 *     Strings.
 * T2  Nothing longer than MG_TEXT_MAX is put together on purpose.
 *
 * Threads: the thread that runs the actor. Memory: views are valid until the next reserve.
 */
#ifndef MG_INTERP_TEXT_H
#define MG_INTERP_TEXT_H

#include "interp/prim.h"
#include "object/string.h"

/* Bytes of one String or ByteArray: half of what an actor may hold by default. A longer one is an
 * error. */
#define MG_TEXT_MAX (UINT64_C(1) << 30)

/* Looks at a String or Symbol, but no Character; false for all else. */
static inline bool mg_text_view(const struct mg_run *run, mg_value v, struct mg_string_view *out)
{
    return !mg_is_character(v) && mg_string_view(run->world, v, out);
}

/* Looks at the receiver, which is one. */
static inline void mg_text_receiver(const struct mg_run *run, const mg_value *args,
                                    struct mg_string_view *out)
{
    bool is_text = mg_string_view(run->world, args[0], out);
    CHECK(is_text);
}

static inline bool mg_is_string(mg_value v)
{
    return mg_is_instance(v, MG_CLASS_STRING);
}

/* Whether v is a ByteArray, or an instance of a class below it. */
static inline bool mg_is_byte_array(mg_value v)
{
    if (!mg_is_bytes(v) || mg_has_format(v, MG_FORMAT_STRING)) {
        return false;
    }
    uint32_t id = mg_object_class(mg_object(v));
    return id != MG_CLASS_STRING && id != MG_CLASS_SYMBOL;
}

/* The same, and it may be written to: it is no constant of a program. */
static inline bool mg_is_mutable_bytes(mg_value v)
{
    return mg_is_byte_array(v) && !(mg_object(v)->header & MG_GC_SHARED);
}

/* As mg_run_reserve, for objects of `bytes` bytes together, which for long ones lie outside the
 * heap. NULL, with the error set, when that is more than MG_TEXT_MAX or than the actor's limit
 * allows, or words is MG_STRING_REFUSED. */
mg_value *mg_text_reserve(struct mg_run *run, mg_value *args, size_t words, uint64_t bytes);

/* A String of `len` bytes of UTF-8 that do not lie in the heap. */
mg_value mg_text_answer(struct mg_run *run, mg_value *args, const char *text, size_t len);

/* Part of the receiver; itself if that is all of it and it is a String. */
mg_value mg_text_answer_part(struct mg_run *run, mg_value *args, size_t offset, size_t len);

#endif
