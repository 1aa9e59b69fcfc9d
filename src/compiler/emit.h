/* SPDX-License-Identifier: MIT */
/* From the analysed tree to code. One struct mg_emit builds one code; blocks that are closures have
 * their own, whose parent is the one they are written in.
 *
 *     R0      R1 … Rargc   [block]   temporaries …   captures …   | scratch registers, windows …
 *     self    arguments    itself    named variables               ^ top
 *
 * Registers are handed out like a stack: `top` is the first free one, variables of blocks expanded
 * in place come and go with their block. Expressions are compiled towards a destination, so that
 * results land where they are wanted:
 *
 *     mg_emit_to      into a given register
 *     mg_emit_any     into whatever register is cheapest: the variable's own, or a new one
 *     mg_emit_effect  for its effect
 *     mg_emit_branch  as a condition: jumps or falls through
 *     mg_emit_tail    as the value to return
 *
 * E1  A register at or above `top` holds nothing that is needed later.
 * E2  The destination of mg_emit_to may lie at or above `top`. Whoever writes it before the last
 *     evaluation that needs registers raises `top` above it first (mg_reg_protect).
 * E3  After code that cannot be left downwards `dead` is set and nothing is emitted until a jump
 *     lands.
 *
 * Threads, memory: as the batch; growing arrays are released by mg_emit_finish or _abandon.
 */
#ifndef MG_COMPILER_EMIT_H
#define MG_COMPILER_EMIT_H

#include "compiler/scope.h"

/* Words of a frame header: a window stands this far above what is live. */
#define MG_WINDOW_GAP 3

/* One captured variable of a block's code. */
struct mg_capture {
    struct mg_variable *variable;
    bool boxed;   /* it is a cell */
    uint32_t reg; /* register it is kept in, or MG_UNIT_NONE: fetched at each use */
};

/* Jumps that wait for their target, linked through their distance fields. 0: none, else index + 1.
 */
struct mg_jumps {
    uint32_t last;
};

struct mg_emit {
    const struct mg_context *context;
    struct mg_batch *batch;
    struct mg_emit *parent;
    uint32_t index; /* of the code in the unit */
    enum mg_code_kind kind;
    uint32_t argc;
    uint32_t top;
    uint32_t high;     /* registers used so far */
    uint32_t home_reg; /* or MG_UNIT_NONE */
    bool tail_sends;   /* the frame may be reused */
    bool real_loops;   /* counted loops are real sends here: this is the body of one */
    bool dead;
    uint32_t landed; /* instruction at which a jump landed last */
    struct mg_place place;
    struct mg_capture *captures;
    uint32_t capture_count;
    uint32_t slots_used;
    enum mg_mark_kind mark;
    uint32_t landing;

    mg_insn *insns;
    uint32_t insn_count, insn_cap;
    struct mg_line *lines;
    uint32_t line_count, line_cap;
    struct mg_literal *literals;
    uint32_t literal_count, literal_cap;
    struct mg_site *sites;
    uint32_t site_count, site_cap;
    struct mg_text *globals;
    uint32_t global_count, global_cap;
    struct mg_cvar_ref *cvars;
    uint32_t cvar_count, cvar_cap;
    uint32_t *children;
    uint32_t child_count, child_cap;
};

/* -- code.c: building one code -- */

void mg_emit_begin(struct mg_emit *e, const struct mg_context *context, struct mg_emit *parent,
                   enum mg_code_kind kind, uint32_t argc, struct mg_place place);

/* Puts the code into the unit. Reports when it is too large. */
void mg_emit_finish(struct mg_emit *e);

/* One instruction; nothing when the place cannot be reached. */
void mg_emit_insn(struct mg_emit *e, mg_insn insn);
void mg_emit_abc(struct mg_emit *e, enum mg_opcode op, uint32_t a, uint32_t b, uint32_t c);
void mg_emit_ax(struct mg_emit *e, enum mg_opcode op, uint32_t a, uint32_t x);

/* The same for one that may send or fail: notes its place in the source. */
void mg_emit_sending(struct mg_emit *e, mg_insn insn, struct mg_place place);

/* Notes that the next instruction comes from this place. */
void mg_emit_place(struct mg_emit *e, struct mg_place place);

/* A jump forwards that waits in the list; `a` is its register. */
void mg_emit_jump(struct mg_emit *e, enum mg_opcode op, uint32_t a, struct mg_jumps *list);

/* The jumps of the list land here. */
void mg_emit_land(struct mg_emit *e, struct mg_jumps *list);

/* A jump back to the instruction `target`. */
void mg_emit_back(struct mg_emit *e, enum mg_opcode op, uint32_t a, uint32_t target);

/* The number of the next instruction, as the head of a loop. */
uint32_t mg_emit_head(struct mg_emit *e);

/* Indices into the tables of the code. */
uint32_t mg_emit_literal(struct mg_emit *e, const struct mg_literal *literal);
uint32_t mg_emit_site(struct mg_emit *e, struct mg_text selector, uint32_t argc);
uint32_t mg_emit_global(struct mg_emit *e, struct mg_text name);
uint32_t mg_emit_cvar(struct mg_emit *e, struct mg_text class_name, struct mg_text name);

/* -- regs.c: registers and variables -- */

/* A new register on top. */
uint32_t mg_reg_push(struct mg_emit *e);

/* Makes room for `count` registers from `first` on, without taking them. */
void mg_reg_touch(struct mg_emit *e, uint32_t first, uint32_t count);

/* Keeps `dest` out of what is handed out from now on (E2). The caller restores top. */
void mg_reg_protect(struct mg_emit *e, uint32_t dest);

/* The window of a call made now. */
uint32_t mg_reg_window(const struct mg_emit *e);

/* Where a variable is, seen from this code. */
struct mg_location {
    bool captured; /* number is a capture, not kept in a register; else a register */
    bool boxed;    /* what is there is a cell */
    uint32_t number;
};
struct mg_location mg_reg_locate(const struct mg_emit *e, const struct mg_variable *variable);

/* The register in which a variable's value itself is, or MG_UNIT_NONE. */
uint32_t mg_reg_plain(const struct mg_emit *e, const struct mg_ast *ast);

/* Declares a variable in a register; it holds the variable's value. */
void mg_reg_declare(struct mg_emit *e, struct mg_variable *variable, uint32_t reg);

/* Puts the variable into a cell if it needs one; its register holds its value so far. */
void mg_reg_box(struct mg_emit *e, struct mg_variable *variable);

void mg_reg_load(struct mg_emit *e, const struct mg_variable *variable, uint32_t dest);
void mg_reg_store(struct mg_emit *e, const struct mg_variable *variable, uint32_t source);

/* A register that holds the cell of a boxed variable; may take one on top. */
uint32_t mg_reg_cell(struct mg_emit *e, struct mg_location where);

/* -- emit_expr.c -- */

enum mg_sink { MG_SINK_RETURN, MG_SINK_HOME }; /* RET, or NLRET */

void mg_emit_to(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);
uint32_t mg_emit_any(struct mg_emit *e, struct mg_ast *ast);
/* As _any, but the register keeps the value whatever is assigned until it is used. */
uint32_t mg_emit_operand(struct mg_emit *e, struct mg_ast *ast, bool assigned_later);
void mg_emit_effect(struct mg_emit *e, struct mg_ast *ast);
void mg_emit_tail(struct mg_emit *e, struct mg_ast *ast, enum mg_sink sink);
void mg_emit_move(struct mg_emit *e, uint32_t dest, uint32_t source);
void mg_emit_return(struct mg_emit *e, uint32_t reg, enum mg_sink sink);
void mg_emit_constant(struct mg_emit *e, const struct mg_literal *literal, uint32_t dest);
void mg_emit_integer(struct mg_emit *e, int64_t number, uint32_t dest);
/* Whether the node is a small integer that fits an instruction's field of `bits`. */
bool mg_emit_is_integer(const struct mg_ast *ast, unsigned bits, int64_t *number);

/* A statement in the middle of a body. */
void mg_emit_statement(struct mg_emit *e, struct mg_ast *ast);

/* -- emit_send.c -- */

/* A message that is not expanded in place. dest MG_UNIT_NONE: the value is not wanted. */
void mg_emit_send_to(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);
/* The same without the instructions for frequent messages. */
void mg_emit_plain_send(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);
void mg_emit_send_tail(struct mg_emit *e, struct mg_ast *ast, enum mg_sink sink);
void mg_emit_cascade(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);
/* A message whose receiver and arguments are in the window already. */
void mg_emit_call(struct mg_emit *e, const char *selector, uint32_t argc, uint32_t dest,
                  uint32_t window, struct mg_place place);

/* -- branch.c: conditions -- */

/* Jumps into the list if the value is `sense`, else falls through. */
void mg_emit_branch(struct mg_emit *e, struct mg_ast *ast, bool sense, struct mg_jumps *list);

/* The same for the value of a body expanded in place. */
void mg_emit_branch_body(struct mg_emit *e, struct mg_ast_body *body, bool sense,
                         struct mg_jumps *list, struct mg_place place);

/* Jumps if the register, which must hold a Boolean, is `sense`. */
void mg_emit_test(struct mg_emit *e, uint32_t reg, bool sense, struct mg_jumps *list,
                  struct mg_place place);

/* -- inline.c: messages expanded in place -- */

void mg_inline_to(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);
void mg_inline_effect(struct mg_emit *e, struct mg_ast *ast);
void mg_inline_tail(struct mg_emit *e, struct mg_ast *ast, enum mg_sink sink);

/* Bodies of blocks expanded in place. _open declares the temporaries and answers the old top for
 * _close. */
uint32_t mg_inline_open(struct mg_emit *e, struct mg_ast_body *body);
void mg_inline_close(struct mg_emit *e, uint32_t top);
void mg_inline_body_to(struct mg_emit *e, struct mg_ast_body *body, uint32_t dest);
void mg_inline_body_effect(struct mg_emit *e, struct mg_ast_body *body);

/* -- inline_loop.c -- */

/* Counted loops. dest MG_UNIT_NONE: the value is not wanted. */
void mg_inline_count(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);
void mg_inline_while(struct mg_emit *e, struct mg_ast *ast);

/* -- emit_block.c -- */

void mg_emit_block(struct mg_emit *e, struct mg_ast *ast, uint32_t dest);

/* Real sends of counted loops: the block becomes a closure. Variables that it assigns and that live
 * in registers travel in cells, and come back after the call. `operands` are the receiver and the
 * arguments before the block. */
void mg_emit_loop_call(struct mg_emit *e, struct mg_ast *send, struct mg_ast *const *operands,
                       struct mg_ast *block, uint32_t dest);

/* -- emit_method.c -- */

/* Analyses a method of the context's class and compiles it into the unit; after an error in the
 * batch it is only analysed. */
void mg_emit_method(const struct mg_context *context, struct mg_ast_method *method);

/* The same for the statements of a script. */
void mg_emit_script(const struct mg_context *context, struct mg_ast_body *body);

#endif
