/* SPDX-License-Identifier: MIT */
/* The syntax tree: what the parser makes, with room for what scope analysis finds out.
 *
 * Sequences (statements, arguments, cascade parts …) are linked through `next`.
 *
 * T1  depth of a node is above that of its parts and at most MG_LIMIT_NESTING, so walking a tree by
 *     recursion is safe.
 * T2  `assigns` of a node is set when an assignment stands in it or below it.
 *
 * Threads: the owner's. Memory: everything lives in the arena of the parse and points into its
 * source's text and names.
 */
#ifndef MG_COMPILER_AST_H
#define MG_COMPILER_AST_H

#include "compiler/names.h"
#include "compiler/source.h"
#include "compiler/unit.h"

enum mg_ast_kind {
    MG_AST_LITERAL, /* nil, true, false, numbers, strings, symbols, characters, literal arrays */
    MG_AST_NAME,
    MG_AST_SELF,
    MG_AST_SUPER, /* only as a receiver; elsewhere the parser makes it SELF */
    MG_AST_CONTEXT,
    MG_AST_ASSIGN,
    MG_AST_SEND,
    MG_AST_EVENTUAL, /* receiver ~> message */
    MG_AST_CASCADE,
    MG_AST_BLOCK,
    MG_AST_BRACE,      /* { … } */
    MG_AST_DICTIONARY, /* #{ … } */
    MG_AST_RETURN,     /* ^ …, a statement only */
    MG_AST_REGISTER,   /* made by the emitter: a value that is in a register already */
};

/* What a NAME or the target of an ASSIGN stands for; found by scope analysis. */
enum mg_binding_kind {
    MG_BINDING_NONE,
    MG_BINDING_LOCAL,      /* variable */
    MG_BINDING_SLOT,       /* index */
    MG_BINDING_CVAR,       /* text: the class, and the name */
    MG_BINDING_GLOBAL,     /* text: full name of a class known now */
    MG_BINDING_UNDECLARED, /* text: looked up when evaluated */
};

/* How the compiler expands a send in place. */
enum mg_inline_kind {
    MG_INLINE_NONE,
    MG_INLINE_IF, /* ifTrue:, ifFalse: and both together */
    MG_INLINE_AND,
    MG_INLINE_OR,
    MG_INLINE_WHILE, /* whileTrue:, whileFalse:, whileTrue, whileFalse */
    MG_INLINE_REPEAT,
    MG_INLINE_TO_DO,  /* to:do:, to:by:do: */
    MG_INLINE_TIMES,  /* timesRepeat: */
    MG_INLINE_IF_NIL, /* ifNil:, ifNotNil: and both together */
};

/* A parameter, temporary, instance or class variable where it is declared. */
struct mg_variable {
    struct mg_variable *next;
    const struct mg_name *name;
    const struct mg_name *type; /* or NULL */
    struct mg_place place;

    /* Scope analysis (scope.c); valid during one analysis. */
    uint32_t first_event;
    uint32_t last_assign;
    uint32_t first_capture; /* 0: never captured */
    uint32_t last_capture;
    bool assigned_inside; /* by a block that is a closure of its own */
    bool boxed;           /* lives in a cell */
    bool set_first;       /* assigned before anything else happens to it, on every way */
    bool parameter;
    bool implicit; /* declared by assigning it */

    /* Emission (emit_*.c): where it is in the code that declares it. */
    uint32_t code; /* number of that code */
    uint32_t reg;
};

/* A variable of an enclosing scope used in a block. */
struct mg_free_variable {
    struct mg_free_variable *next;
    struct mg_variable *variable;
    uint32_t uses;
    bool assigned;
    bool looped; /* used inside a loop of the block */
    struct mg_place assigned_at;
};

/* Parameters, temporaries and statements of a block, method, or script. */
struct mg_ast_body {
    struct mg_variable *params;
    struct mg_variable *temps;
    struct mg_ast *statements;
    uint32_t param_count;
    struct mg_place close; /* of the closing bracket */

    /* Scope analysis. */
    struct mg_free_variable *free; /* in order of first use */
    struct mg_free_variable *free_last;
    bool returns;       /* a ^ stands in it or in a block in it */
    bool inner_returns; /* a ^ stands in a closure in it, or in what may become one */
};

struct mg_ast {
    struct mg_ast *next;
    uint8_t kind;    /* enum mg_ast_kind */
    uint8_t inlined; /* of a SEND: enum mg_inline_kind, set by scope analysis */
    bool assigns;
    bool statement_end; /* a period follows */
    uint32_t depth;
    struct mg_place place; /* of a send: its selector */
    uint32_t width;
    union {
        struct mg_literal *literal;
        struct {
            const struct mg_name *name;
            struct mg_ast *value; /* ASSIGN only */
            struct mg_text text;
            struct mg_variable *variable;
            uint32_t index;
            uint8_t binding; /* enum mg_binding_kind */
        } name;              /* NAME, ASSIGN */
        struct {
            struct mg_ast *receiver;
            struct mg_ast *args;
            const struct mg_name *selector;
            struct mg_ast *lowered; /* EVENTUAL: the send it stands for */
            uint32_t argc;
        } send; /* SEND, EVENTUAL */
        struct {
            struct mg_ast *receiver;
            struct mg_ast *parts; /* SEND or EVENTUAL with a NULL receiver */
        } cascade;
        struct mg_ast_body block;
        struct {
            struct mg_ast *items; /* of a DICTIONARY: key, value, key, value … */
            uint32_t count;
        } list;               /* BRACE, DICTIONARY */
        struct mg_ast *value; /* RETURN */
        uint32_t reg;         /* REGISTER */
    } as;
};

/* A name in a list, such as the effects of a method or the traits of a class. */
struct mg_ast_word {
    struct mg_ast_word *next;
    const struct mg_name *name;
    struct mg_place place;
};

/* What a method's body is. */
enum mg_method_form {
    MG_FORM_CODE,
    MG_FORM_PRIMITIVE,
    MG_FORM_ENSURE,
    MG_FORM_CURTAIL,
    MG_FORM_HANDLER,
    MG_FORM_BARRIER,
    MG_FORM_BLOCK_VALUE,
};

struct mg_ast_method {
    struct mg_ast_method *next;
    const struct mg_source *source;
    const struct mg_name *selector;
    struct mg_place place;
    uint8_t form; /* enum mg_method_form */
    bool class_side;
    bool protocol_entry; /* has no body */
    struct mg_ast_body body;
    const struct mg_name *return_type;
    struct mg_ast_word *effects;
    struct mg_text doc;
    struct mg_text category;
    struct mg_text text; /* from the pattern to the closing bracket */
};

enum mg_definition_kind { MG_DEFINE_CLASS, MG_DEFINE_TRAIT, MG_DEFINE_PROTOCOL };

struct mg_ast_definition {
    struct mg_ast_definition *next;
    struct mg_ast_file *file;
    uint8_t kind; /* enum mg_definition_kind */
    const struct mg_name *name;
    struct mg_place place;
    const struct mg_name *superclass; /* NULL: nil */
    struct mg_place superclass_place;
    struct mg_text doc;
    struct mg_variable *slots;
    struct mg_variable *cvars;
    bool slots_declared;
    struct mg_ast_word *includes; /* traits of a class; protocols of a protocol */
    struct mg_ast_word *required; /* selectors a trait asks for */
    struct mg_ast_method *methods;
    struct mg_text text; /* all of it */
};

struct mg_ast_file {
    struct mg_ast_file *next;
    const struct mg_source *source;
    const struct mg_name *namespace_; /* or NULL */
    struct mg_ast_word *imports;
    struct mg_ast_definition *definitions;
    struct mg_ast_body script; /* top-level statements */
};

/* Appends the tree as S-expressions, for tests and for looking at. */
void mg_ast_print(const struct mg_ast *ast, struct mg_buf *out);
void mg_ast_print_method(const struct mg_ast_method *method, struct mg_buf *out);
void mg_ast_print_file(const struct mg_ast_file *file, struct mg_buf *out);

/* Appends a literal as it would be written in source. */
void mg_literal_print(const struct mg_literal *literal, struct mg_buf *out);

#endif
