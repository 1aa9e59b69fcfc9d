/* SPDX-License-Identifier: MIT */
/* The unwinder on stacks made by hand: home tokens, the chain of marks, the search for handlers
 * with barriers, and what runs when frames are left by a return, a retry or the end of the actor.
 */
#include "interp/unwind.h"

#include "support/unit.h"

enum { NREGS = 10, FRAMES = 12 };

/* A stack of frames, each with a code of its own. All codes take two arguments, so marks stand in
 * R[3]. */
struct tower {
    mg_value stack[FRAMES * (NREGS + MG_FRAME_HEADER)];
    struct mg_code codes[FRAMES];
    uint64_t insns[FRAMES][8];
    uint64_t body[MG_BODY_WORDS];
    mg_value *fp;
    uint32_t count;
};

enum { MARK = 3, LANDING = 5, HOME_REG = 7 };

static void tower_init(struct tower *t)
{
    memset(t, 0, sizeof *t);
    t->body[MG_BODY_RESEND] = MG_NIL;
    t->body[MG_BODY_RESULT] = MG_NIL;
    t->fp = NULL;
}

static uint64_t offset(const struct tower *t, const mg_value *fp)
{
    return (uint64_t)(fp - t->stack);
}

/* Pushes a frame of a kind; marked ones enter the chain. Answers its offset. */
static uint64_t push(struct tower *t, enum mg_mark_kind kind)
{
    struct mg_code *code = &t->codes[t->count];
    code->insns = t->insns[t->count];
    code->insn_count = 8;
    code->argc = 2;
    code->nregs = NREGS;
    code->mark_kind = (uint8_t)kind;
    code->landing = LANDING;
    code->flags = kind != MG_MARK_NONE ? MG_CODE_IS_MARKED : 0;
    mg_value *fp = t->fp == NULL ? t->stack + MG_FRAME_HEADER : t->fp + NREGS + MG_FRAME_HEADER;
    fp[-3] = mg_frame_link(t->fp == NULL ? 0 : (uint64_t)(fp - t->fp), 0);
    fp[-2] = t->count == 0 ? 0 : (mg_value)(uintptr_t)(t->insns[t->count - 1] + 2);
    fp[-1] = (mg_value)(uintptr_t)code;
    mg_frame_clear(fp, 0, NREGS);
    t->count++;
    t->fp = fp;
    if (kind != MG_MARK_NONE)
        mg_mark_push(t->body, t->stack, fp);
    return offset(t, fp);
}

/* Gives the newest frame a home register with a token of its own. */
static mg_value push_home(struct tower *t, uint64_t serial)
{
    uint64_t at = push(t, MG_MARK_NONE);
    struct mg_code *code = &t->codes[t->count - 1];
    code->flags |= MG_CODE_HAS_HOME;
    code->home_reg = HOME_REG;
    return t->stack[at + HOME_REG] = mg_home_token(at, serial);
}

static enum mg_unwind_result unwind(struct tower *t, uint64_t target, enum mg_unwind_action action,
                                    mg_value *value, const mg_insn **pc)
{
    return mg_unwind(t->body, t->stack, &t->fp, pc, target, action, value);
}

static enum mg_unwind_result resume(struct tower *t, mg_value *value, const mg_insn **pc)
{
    return mg_unwind_resume(t->body, t->stack, &t->fp, pc, value);
}

/* A token is alive as long as its own activation stands there, and no other one at its place. */
UNIT_CASE(homes)
{
    struct tower t;
    tower_init(&t);
    push(&t, MG_MARK_NONE);
    mg_value token = push_home(&t, 5);
    mg_value *home = t.fp;
    ck_assert_uint_eq(mg_home_offset(token), offset(&t, home));
    ck_assert(mg_is_small(token));
    ck_assert(mg_home_alive(t.stack, t.fp, token));
    push(&t, MG_MARK_NONE);
    push(&t, MG_MARK_NONE);
    ck_assert(mg_home_alive(t.stack, t.fp, token));
    ck_assert(!mg_home_alive(t.stack, t.fp, mg_home_token(offset(&t, home), 6))); // another serial
    ck_assert(!mg_home_alive(t.stack, t.fp, mg_home_token(offset(&t, home) + 1, 5)));
    ck_assert(!mg_home_alive(t.stack, t.fp, mg_small(0)));                     // detached
    ck_assert(!mg_home_alive(t.stack, t.fp, mg_home_token(100000, 5)));        // above the stack
    ck_assert(!mg_home_alive(t.stack, home - mg_frame_distance(home), token)); // it has returned
    home[HOME_REG] = mg_home_token(offset(&t, home), 9); // its place was taken again
    ck_assert(!mg_home_alive(t.stack, t.fp, token));
    t.codes[1].flags = 0; // by a code without a home
    home[HOME_REG] = token;
    ck_assert(!mg_home_alive(t.stack, t.fp, token));
}

/* Serials wrap without touching the offset. */
UNIT_CASE(token_bits)
{
    const uint64_t far = (UINT64_C(1) << MG_HOME_OFFSET_BITS) - 1;
    const uint64_t serials[] = {0, 1, 77, UINT64_C(1) << 33, UINT64_MAX};
    for (size_t i = 0; i < MG_ARRAY_LEN(serials); i++) {
        mg_value token = mg_home_token(far, serials[i]);
        ck_assert(mg_is_small(token));
        ck_assert_uint_eq(mg_home_offset(token), far);
        ck_assert_uint_eq(mg_home_offset(mg_home_token(3, serials[i])), 3);
    }
}

/* A repeated send survives its packing. */
UNIT_CASE(resend_bits)
{
    const ptrdiff_t windows[] = {4, 5, 255, 60000};
    const uint32_t selectors[] = {1, 70000, (1u << 22) - 1};
    for (size_t i = 0; i < MG_ARRAY_LEN(windows); i++) {
        for (size_t k = 0; k < MG_ARRAY_LEN(selectors); k++) {
            mg_value word = mg_resend(windows[i], selectors[k]);
            ck_assert(mg_is_small(word));
            ck_assert_int_eq(mg_resend_window(word), windows[i]);
            ck_assert_uint_eq(mg_resend_selector(word), selectors[k]);
        }
    }
}

/* Handlers are found newest first; other marks are passed by; made-up tokens are no handlers. */
UNIT_CASE(handlers)
{
    struct tower t;
    tower_init(&t);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), 0);
    push(&t, MG_MARK_NONE);
    uint64_t outer = push(&t, MG_MARK_HANDLER);
    push(&t, MG_MARK_ENSURE);
    uint64_t inner = push(&t, MG_MARK_HANDLER);
    uint64_t cleaner = push(&t, MG_MARK_CURTAIL);
    push(&t, MG_MARK_NONE);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), inner);
    ck_assert_uint_eq(mg_handler_after(t.body, t.stack, inner), outer);
    ck_assert_uint_eq(mg_handler_after(t.body, t.stack, outer), 0);
    ck_assert(mg_handler_valid(t.body, t.stack, inner));
    ck_assert(mg_handler_valid(t.body, t.stack, outer));
    const uint64_t made_up[] = {0, 1, inner - 1, inner + 1, cleaner, 999999, UINT64_MAX};
    for (size_t i = 0; i < MG_ARRAY_LEN(made_up); i++) {
        ck_assert(!mg_handler_valid(t.body, t.stack, made_up[i]));
        ck_assert_uint_eq(mg_handler_after(t.body, t.stack, made_up[i]), 0);
    }
}

/* A barrier hides the handlers from its token inwards, and its own inner ones stay active. */
UNIT_CASE(barriers)
{
    struct tower t;
    tower_init(&t);
    push(&t, MG_MARK_NONE);
    uint64_t oldest = push(&t, MG_MARK_HANDLER);
    uint64_t hidden = push(&t, MG_MARK_HANDLER);
    push(&t, MG_MARK_HANDLER);
    uint64_t barrier = push(&t, MG_MARK_BARRIER);
    t.stack[barrier + 2] = mg_small((int64_t)hidden);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), oldest);
    uint64_t inside = push(&t, MG_MARK_HANDLER);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), inside);
    ck_assert_uint_eq(mg_handler_after(t.body, t.stack, inside), oldest);
    /* A barrier inside a barrier. */
    uint64_t second = push(&t, MG_MARK_BARRIER);
    t.stack[second + 2] = mg_small((int64_t)oldest);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), 0);
    t.stack[second + 2] = mg_small((int64_t)inside);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), oldest);
    /* What is no token hides nothing, and does not hang. */
    t.stack[second + 2] = MG_NIL;
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), inside);
}

/* A return past clean-up blocks lands at each, innermost first, then arrives with its value. */
UNIT_CASE(returning)
{
    struct tower t;
    const mg_insn *pc = NULL;
    mg_value value = mg_small(42);
    tower_init(&t);
    uint64_t target = push(&t, MG_MARK_NONE);
    uint64_t first = push(&t, MG_MARK_ENSURE);
    push(&t, MG_MARK_HANDLER);
    uint64_t second = push(&t, MG_MARK_CURTAIL);
    push(&t, MG_MARK_NONE);
    ck_assert_int_eq(unwind(&t, target, MG_UNWIND_RETURN, &value, &pc), MG_UNWOUND_RUN);
    ck_assert_uint_eq(offset(&t, t.fp), second);
    ck_assert_ptr_eq(pc, t.codes[3].insns + LANDING);
    ck_assert_uint_eq(t.body[MG_BODY_CLEANUP], 0); // no end of the actor
    value = MG_NIL;
    ck_assert_int_eq(resume(&t, &value, &pc), MG_UNWOUND_RUN);
    ck_assert_uint_eq(offset(&t, t.fp), first);
    value = MG_NIL;
    ck_assert_int_eq(resume(&t, &value, &pc), MG_UNWOUND_RETURN);
    ck_assert_uint_eq(offset(&t, t.fp), target);
    ck_assert_uint_eq(value, mg_small(42));
    ck_assert_uint_eq(t.body[MG_BODY_MARKS], 0);
}

/* A handler's return or retry leaves its own frame's mark too; older marks stay. */
UNIT_CASE(retrying)
{
    struct tower t;
    const mg_insn *pc = NULL;
    tower_init(&t);
    uint64_t older = push(&t, MG_MARK_ENSURE);
    uint64_t handler = push(&t, MG_MARK_HANDLER);
    push(&t, MG_MARK_HANDLER);
    push(&t, MG_MARK_NONE);
    mg_value value = mg_small(7);
    ck_assert_int_eq(unwind(&t, handler, MG_UNWIND_RETRY, &value, &pc), MG_UNWOUND_RUN);
    ck_assert_uint_eq(offset(&t, t.fp), handler);
    ck_assert_ptr_eq(pc, t.codes[1].insns);
    ck_assert_uint_eq(t.fp[0], mg_small(7));
    ck_assert_uint_eq(t.body[MG_BODY_MARKS], older);
}

/* The end of an actor runs all clean-up blocks, and its cause goes along; nothing in them changes
 * where it goes or why. */
UNIT_CASE(ending)
{
    struct tower t;
    const mg_insn *pc = NULL;
    tower_init(&t);
    uint64_t bottom = push(&t, MG_MARK_NONE);
    uint64_t outer = push(&t, MG_MARK_ENSURE);
    uint64_t handler = push(&t, MG_MARK_HANDLER);
    uint64_t inner = push(&t, MG_MARK_ENSURE);
    push(&t, MG_MARK_NONE);
    mg_value value = mg_small(1);
    ck_assert_int_eq(unwind(&t, 0, MG_UNWIND_EXIT, &value, &pc), MG_UNWOUND_RUN);
    ck_assert_uint_eq(offset(&t, t.fp), inner);
    ck_assert_uint_eq(t.body[MG_BODY_CLEANUP], inner);
    /* Handlers outside the clean-up block are not active any more; one inside it is. */
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), 0);
    uint64_t own = push(&t, MG_MARK_HANDLER);
    ck_assert_uint_eq(mg_handler_first(t.body, t.stack), own);
    /* A return inside the block is nothing special. */
    value = mg_small(2);
    ck_assert_int_eq(unwind(&t, own, MG_UNWIND_RETURN, &value, &pc), MG_UNWOUND_RETURN);
    ck_assert_uint_eq(value, mg_small(2));
    /* One past it ends the block only; the first cause goes on. */
    value = mg_small(3);
    ck_assert_int_eq(unwind(&t, bottom, MG_UNWIND_RETURN, &value, &pc), MG_UNWOUND_RUN);
    ck_assert_uint_eq(offset(&t, t.fp), outer);
    ck_assert_uint_eq(t.body[MG_BODY_CLEANUP], outer);
    ck_assert(!mg_handler_valid(t.body, t.stack, handler));
    /* A second end, for another cause, the same. */
    value = mg_small(4);
    ck_assert_int_eq(unwind(&t, 0, MG_UNWIND_EXIT, &value, &pc), MG_UNWOUND_EXIT);
    ck_assert_uint_eq(value, mg_small(1));
    ck_assert_uint_eq(t.body[MG_BODY_MARKS], 0);
}

/* Without clean-up blocks an end is an end at once. */
UNIT_CASE(ending_at_once)
{
    struct tower t;
    const mg_insn *pc = NULL;
    tower_init(&t);
    push(&t, MG_MARK_NONE);
    push(&t, MG_MARK_HANDLER);
    push(&t, MG_MARK_BARRIER);
    mg_value value = mg_small(1);
    ck_assert_int_eq(unwind(&t, 0, MG_UNWIND_EXIT, &value, &pc), MG_UNWOUND_EXIT);
    ck_assert_uint_eq(value, mg_small(1));
    ck_assert_uint_eq(t.body[MG_BODY_CLEANUP], 0);
}

UNIT_MAIN("interp/unwind", homes, token_bits, resend_bits, handlers, barriers, returning, retrying,
          ending, ending_at_once)
