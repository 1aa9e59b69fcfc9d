/* SPDX-License-Identifier: MIT */
/* The unwinder: see unwind.h for the idea and the invariants. */
#include "interp/unwind.h"

static uint32_t mark_register(const mg_value *fp)
{
    return mg_frame_code(fp)->argc + 1u;
}

static uint64_t mark_older(const mg_value *fp)
{
    return fp[mark_register(fp)] >> MG_TAG_BITS;
}

void mg_mark_push(uint64_t *body, const mg_value *stack, mg_value *fp)
{
    fp[mark_register(fp)] = body[MG_BODY_MARKS] << MG_TAG_BITS;
    body[MG_BODY_MARKS] = (uint64_t)(fp - stack);
}

void mg_mark_pop(uint64_t *body, mg_value *fp)
{
    body[MG_BODY_MARKS] = mark_older(fp);
}

bool mg_home_alive(const mg_value *stack, const mg_value *fp, mg_value token)
{
    uint64_t offset = mg_home_offset(token);
    while ((uint64_t)(fp - stack) > offset) {
        uint32_t distance = mg_frame_distance(fp);
        if (distance == 0) {
            return false;
        }
        fp -= distance;
    }
    if ((uint64_t)(fp - stack) != offset) {
        return false;
    }
    const struct mg_code *code = mg_frame_code(fp);
    return (code->flags & MG_CODE_HAS_HOME) != 0 && fp[code->home_reg] == token && mg_home_own(fp);
}

/* Lands at a marked frame: its clean-up block runs next, then the unwinding goes on. */
static void land(uint64_t *body, mg_value *stack, mg_value *frame, mg_value **fp,
                 const mg_insn **pc, uint64_t target, enum mg_unwind_action action, mg_value value)
{
    const struct mg_code *code = mg_frame_code(frame);
    uint32_t m = code->argc + 1u;
    frame[m + 1] = (target << 3 | (uint64_t)action) << MG_TAG_BITS;
    frame[m + 2] = value;
    *fp = frame;
    *pc = code->insns + code->landing;
    if (action == MG_UNWIND_EXIT) {
        body[MG_BODY_CLEANUP] = (uint64_t)(frame - stack);
    }
}

static enum mg_unwind_result arrive(mg_value *stack, mg_value **fp, const mg_insn **pc,
                                    uint64_t target, enum mg_unwind_action action, mg_value value)
{
    *fp = stack + target;
    if (action == MG_UNWIND_RETURN) {
        return MG_UNWOUND_RETURN;
    }
    ASSERT(action == MG_UNWIND_RETRY);
    const struct mg_code *code = mg_frame_code(*fp);
    (*fp)[0] = value;
    *pc = code->insns;
    return MG_UNWOUND_RUN;
}

enum mg_unwind_result mg_unwind(uint64_t *body, mg_value *stack, mg_value **fp, const mg_insn **pc,
                                uint64_t target, enum mg_unwind_action action, mg_value *value)
{
    uint64_t cleanup = body[MG_BODY_CLEANUP];
    if (cleanup != 0 && (action == MG_UNWIND_EXIT || target < cleanup)) {
        action = MG_UNWIND_EXIT; /* U2 */
        *value = stack[cleanup + mark_register(stack + cleanup) + 2];
    }
    if (action == MG_UNWIND_EXIT) {
        target = 0;
    }
    for (;;) {
        uint64_t mark = body[MG_BODY_MARKS];
        if (mark == 0 || mark < target) {
            break;
        }
        mg_value *frame = stack + mark;
        mg_mark_pop(body, frame);
        uint8_t kind = mg_frame_code(frame)->mark_kind;
        bool cleans = kind == MG_MARK_ENSURE || kind == MG_MARK_CURTAIL;
        if (cleans && (mark > target || action == MG_UNWIND_EXIT)) {
            land(body, stack, frame, fp, pc, target, action, *value);
            return MG_UNWOUND_RUN;
        }
    }
    if (action == MG_UNWIND_EXIT) {
        return MG_UNWOUND_EXIT;
    }
    return arrive(stack, fp, pc, target, action, *value);
}

enum mg_unwind_result mg_unwind_resume(uint64_t *body, mg_value *stack, mg_value **fp,
                                       const mg_insn **pc, mg_value *value)
{
    uint32_t m = mark_register(*fp);
    uint64_t state = (*fp)[m + 1] >> MG_TAG_BITS;
    *value = (*fp)[m + 2];
    enum mg_unwind_action action = (enum mg_unwind_action)(state & 7);
    return mg_unwind(body, stack, fp, pc, state >> 3, action, value);
}

/* Handlers are searched along the chain. A barrier says that the handlers from its token inwards
 * are not active. */
static uint64_t handler_from(const uint64_t *body, const mg_value *stack, uint64_t mark)
{
    uint64_t cleanup = body[MG_BODY_CLEANUP];
    while (mark != 0 && mark > cleanup) {
        const mg_value *frame = stack + mark;
        uint8_t kind = mg_frame_code(frame)->mark_kind;
        if (kind == MG_MARK_HANDLER) {
            return mark;
        }
        if (kind == MG_MARK_BARRIER && mg_is_small(frame[2])) {
            uint64_t token = (uint64_t)mg_small_value(frame[2]);
            while (mark != 0 && mark >= token) {
                mark = mark_older(stack + mark);
            }
            continue;
        }
        mark = mark_older(frame);
    }
    return 0;
}

uint64_t mg_handler_first(const uint64_t *body, const mg_value *stack)
{
    return handler_from(body, stack, body[MG_BODY_MARKS]);
}

bool mg_handler_valid(const uint64_t *body, const mg_value *stack, uint64_t token)
{
    uint64_t mark = body[MG_BODY_MARKS];
    while (mark > token) {
        mark = mark_older(stack + mark);
    }
    return mark != 0 && mark == token && mg_frame_code(stack + mark)->mark_kind == MG_MARK_HANDLER;
}

uint64_t mg_handler_after(const uint64_t *body, const mg_value *stack, uint64_t token)
{
    if (!mg_handler_valid(body, stack, token)) {
        return 0;
    }
    return handler_from(body, stack, mark_older(stack + token));
}
