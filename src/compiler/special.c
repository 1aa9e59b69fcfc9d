/* SPDX-License-Identifier: MIT */
/* The tables behind special.h. */
#include "compiler/special.h"

#define NONE MG_OPCODE_COUNT

const struct mg_special_binary *mg_special_binary(const struct mg_name *selector)
{
    static const struct mg_special_binary table[] = {
        {"+", MG_OP_ADD, MG_OP_ADDI, NONE, NONE},
        {"-", MG_OP_SUB, MG_OP_SUBI, NONE, NONE},
        {"*", MG_OP_MUL, MG_OP_MULI, NONE, NONE},
        {"/", MG_OP_DIV, NONE, NONE, NONE},
        {"//", MG_OP_FLOORDIV, MG_OP_FLOORDIVI, NONE, NONE},
        {"\\\\", MG_OP_MOD, MG_OP_MODI, NONE, NONE},
        {"bitAnd:", MG_OP_BITAND, NONE, NONE, NONE},
        {"at:", MG_OP_AT, NONE, NONE, NONE},
        {"<", MG_OP_LT, NONE, MG_OP_LTJ, MG_OP_LTIJ},
        {"<=", MG_OP_LE, NONE, MG_OP_LEJ, MG_OP_LEIJ},
        {">", MG_OP_GT, NONE, MG_OP_GTJ, MG_OP_GTIJ},
        {">=", MG_OP_GE, NONE, MG_OP_GEJ, MG_OP_GEIJ},
        {"=", MG_OP_EQ, NONE, MG_OP_EQJ, MG_OP_EQIJ},
        {"~=", MG_OP_NE, NONE, MG_OP_NEJ, MG_OP_NEIJ},
    };
    for (size_t i = 0; i < MG_ARRAY_LEN(table); i++) {
        if (mg_name_is(selector, table[i].selector))
            return &table[i];
    }
    return NULL;
}

/* A literal block with this many parameters. */
static bool is_block(const struct mg_ast *ast, uint32_t params)
{
    return ast->kind == MG_AST_BLOCK && ast->as.block.param_count == params;
}

/* What the receiver and the arguments of an expanded message must be. */
enum shape {
    SHAPE_ARGS,  /* all arguments: blocks without parameters */
    SHAPE_LOOP,  /* receiver a block that is not empty, arguments blocks */
    SHAPE_INDEX, /* last argument: a block with one parameter */
    SHAPE_LAST,  /* last argument: a block without parameters */
    SHAPE_NIL,   /* ifNil: block without, ifNotNil: block with none or one parameter */
};

static const struct {
    const char *selector;
    uint8_t kind;
    uint8_t shape;
} inlined[] = {
    {"ifTrue:", MG_INLINE_IF, SHAPE_ARGS},
    {"ifFalse:", MG_INLINE_IF, SHAPE_ARGS},
    {"ifTrue:ifFalse:", MG_INLINE_IF, SHAPE_ARGS},
    {"ifFalse:ifTrue:", MG_INLINE_IF, SHAPE_ARGS},
    {"and:", MG_INLINE_AND, SHAPE_ARGS},
    {"or:", MG_INLINE_OR, SHAPE_ARGS},
    {"whileTrue:", MG_INLINE_WHILE, SHAPE_LOOP},
    {"whileFalse:", MG_INLINE_WHILE, SHAPE_LOOP},
    {"whileTrue", MG_INLINE_WHILE, SHAPE_LOOP},
    {"whileFalse", MG_INLINE_WHILE, SHAPE_LOOP},
    {"repeat", MG_INLINE_REPEAT, SHAPE_LOOP},
    {"to:do:", MG_INLINE_TO_DO, SHAPE_INDEX},
    {"to:by:do:", MG_INLINE_TO_DO, SHAPE_INDEX},
    {"timesRepeat:", MG_INLINE_TIMES, SHAPE_LAST},
    {"ifNil:", MG_INLINE_IF_NIL, SHAPE_NIL},
    {"ifNotNil:", MG_INLINE_IF_NIL, SHAPE_NIL},
    {"ifNil:ifNotNil:", MG_INLINE_IF_NIL, SHAPE_NIL},
    {"ifNotNil:ifNil:", MG_INLINE_IF_NIL, SHAPE_NIL},
};

static bool all_blocks(const struct mg_ast *args)
{
    for (; args; args = args->next) {
        if (!is_block(args, 0))
            return false;
    }
    return true;
}

static bool nil_shape(const struct mg_ast *send)
{
    const struct mg_ast *arg = send->as.send.args;
    bool not_nil = send->as.send.selector->text.bytes[2] == 'N' &&
                   send->as.send.selector->text.bytes[3] == 'o';
    for (; arg; arg = arg->next, not_nil = !not_nil) {
        if (!is_block(arg, 0) && !(not_nil && is_block(arg, 1)))
            return false;
    }
    return true;
}

static bool has_shape(const struct mg_ast *send, enum shape shape)
{
    const struct mg_ast *last = send->as.send.args;
    while (last && last->next)
        last = last->next;
    switch (shape) {
    case SHAPE_ARGS:
        return all_blocks(send->as.send.args);
    case SHAPE_LOOP:
        return is_block(send->as.send.receiver, 0) && send->as.send.receiver->as.block.statements &&
               all_blocks(send->as.send.args);
    case SHAPE_INDEX:
        return is_block(last, 1);
    case SHAPE_LAST:
        return is_block(last, 0);
    case SHAPE_NIL:
        return nil_shape(send);
    }
    return false;
}

enum mg_inline_kind mg_special_inline(const struct mg_ast *send)
{
    if (!send->as.send.receiver || send->as.send.receiver->kind == MG_AST_SUPER)
        return MG_INLINE_NONE;
    for (size_t i = 0; i < MG_ARRAY_LEN(inlined); i++) {
        if (mg_name_is(send->as.send.selector, inlined[i].selector))
            return has_shape(send, (enum shape)inlined[i].shape)
                       ? (enum mg_inline_kind)inlined[i].kind
                       : MG_INLINE_NONE;
    }
    return MG_INLINE_NONE;
}

static bool is_one_of(const struct mg_name *selector, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_name_is(selector, list[i]))
            return true;
    }
    return false;
}

const char *mg_special_refusal(const struct mg_name *selector, bool kernel)
{
    /* Never sent to any object. */
    static const char *const anywhere[] = {
        "==",
        "~~",
        "isNil",
        "notNil",
        "ifNil:",
        "ifNotNil:",
        "ifTrue:",
        "ifFalse:",
        "ifTrue:ifFalse:",
        "ifFalse:ifTrue:",
        "ifNil:ifNotNil:",
        "ifNotNil:ifNil:",
    };
    /* Not sent to some objects of the kernel. */
    static const char *const in_kernel[] = {
        "and:",   "or:",    "not",       "whileTrue:",   "whileFalse:", "whileTrue", "whileFalse",
        "repeat", "to:do:", "to:by:do:", "timesRepeat:", "at:put:",     "size",
    };
    if (is_one_of(selector, anywhere, MG_ARRAY_LEN(anywhere)))
        return "the compiler expands it in place everywhere";
    if (kernel &&
        (is_one_of(selector, in_kernel, MG_ARRAY_LEN(in_kernel)) || mg_special_binary(selector)))
        return "the compiler has instructions for it that know this class";
    return NULL;
}

bool mg_special_hidden(const struct mg_name *selector)
{
    return mg_name_is(selector, "and:") || mg_name_is(selector, "or:");
}

const struct mg_ast *mg_special_spawned(const struct mg_ast *send)
{
    static const char *const receivers[] = {
        "fork",  "forkLinked",        "forkMonitored",    "forkWith:",   "forkRestricted:",
        "fork:", "forkWith:options:", "forkWithContext:", "futureValue",
    };
    const struct mg_ast *block = NULL;
    if (is_one_of(send->as.send.selector, receivers, MG_ARRAY_LEN(receivers)))
        block = send->as.send.receiver;
    else if (mg_name_is(send->as.send.selector, "wrap:"))
        block = send->as.send.args;
    return block && block->kind == MG_AST_BLOCK ? block : NULL;
}
