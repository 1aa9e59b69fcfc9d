/* SPDX-License-Identifier: MIT */
/* Primitives of Character: an immediate value that holds a code point. */
#include "base/utf8.h"
#include "interp/prim.h"
#include "object/bytes.h"

static mg_value prim_new(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t cp = mg_small_value(args[1]);
    if (cp < 0 || cp > (int64_t)MG_CODE_POINT_MAX || !mg_cp_is_valid((uint32_t)cp)) {
        return mg_prim_error(run, "not a code point");
    }
    return mg_character((uint32_t)cp);
}

static mg_value prim_value(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small(mg_character_value(args[0]));
}

/* -1, 0, 1, or 2 with the error set. Characters compare as their words do. */
static int compare(struct mg_run *run, const mg_value *args)
{
    if (!mg_is_character(args[1])) {
        mg_prim_error(run, "argument must be a character");
        return 2;
    }
    return (args[0] > args[1]) - (args[0] < args[1]);
}

static mg_value prim_less(struct mg_run *run, mg_value *args)
{
    int order = compare(run, args);
    return order == 2 ? MG_PRIM_FAILED : mg_boolean(order < 0);
}

static mg_value prim_greater(struct mg_run *run, mg_value *args)
{
    int order = compare(run, args);
    return order == 2 ? MG_PRIM_FAILED : mg_boolean(order > 0);
}

static mg_value prim_less_equal(struct mg_run *run, mg_value *args)
{
    int order = compare(run, args);
    return order == 2 ? MG_PRIM_FAILED : mg_boolean(order <= 0);
}

static mg_value prim_greater_equal(struct mg_run *run, mg_value *args)
{
    int order = compare(run, args);
    return order == 2 ? MG_PRIM_FAILED : mg_boolean(order >= 0);
}

static mg_value prim_is_letter(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_cp_is_letter(mg_character_value(args[0])));
}

static mg_value prim_is_digit(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_cp_is_digit(mg_character_value(args[0])));
}

static mg_value prim_is_upper(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_cp_is_upper(mg_character_value(args[0])));
}

static mg_value prim_is_lower(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_cp_is_lower(mg_character_value(args[0])));
}

static mg_value prim_is_space(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_boolean(mg_cp_is_space(mg_character_value(args[0])));
}

static mg_value prim_upper(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_character(mg_cp_upper(mg_character_value(args[0])));
}

static mg_value prim_lower(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_character(mg_cp_lower(mg_character_value(args[0])));
}

static mg_value prim_as_string(struct mg_run *run, mg_value *args)
{
    uint8_t utf8[4];
    size_t len = (size_t)mg_utf8_encode(mg_character_value(args[0]), utf8);
    args = mg_run_reserve(run, args, mg_string_words(len));
    return args == NULL ? MG_PRIM_FAILED : mg_string_new(run->heap, (const char *)utf8, len);
}

const struct mg_prim_entry mg_prims_character[] = {
    {"Character class>>value:", prim_new},
    {"Character>>value", prim_value},
    {"Character>><", prim_less},
    {"Character>>>", prim_greater},
    {"Character>><=", prim_less_equal},
    {"Character>>>=", prim_greater_equal},
    {"Character>>isLetter", prim_is_letter},
    {"Character>>isDigit", prim_is_digit},
    {"Character>>isUppercase", prim_is_upper},
    {"Character>>isLowercase", prim_is_lower},
    {"Character>>isWhitespace", prim_is_space},
    {"Character>>asUppercase", prim_upper},
    {"Character>>asLowercase", prim_lower},
    {"Character>>asString", prim_as_string},
    {NULL, NULL},
};
