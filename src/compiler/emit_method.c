/* SPDX-License-Identifier: MIT */
/* Methods and scripts as code, and the bodies that have a form instead of statements. */
#include "base/assert.h"
#include "base/vec.h"
#include "compiler/emit.h"

static void note_method(struct mg_batch *batch, const struct mg_context *context,
                        const struct mg_ast_method *method, uint32_t code)
{
    struct mg_unit *unit = batch->unit;
    uint32_t flags = context->class_side ? MG_METHOD_CLASS_SIDE : 0;
    if (method->form == MG_FORM_PRIMITIVE)
        flags |= MG_METHOD_PRIMITIVE;
    else if (method->form == MG_FORM_BLOCK_VALUE)
        flags |= MG_METHOD_BLOCK_VALUE;
    if (unit->method_count == batch->method_cap)
        unit->methods = mg_vec_grow(unit->methods, &batch->method_cap, unit->method_count + 1,
                                    sizeof *unit->methods);
    unit->methods[unit->method_count++] = (struct mg_unit_method){
        .class_name = mg_batch_text(batch, context->class->name->text),
        .selector = mg_batch_text(batch, method->selector->text),
        .category = mg_batch_text(batch, method->category),
        .doc = mg_batch_text(batch, method->doc),
        .source = mg_batch_text(batch, method->text),
        .argc = method->body.param_count,
        .flags = flags,
        .code = code,
    };
}

/* Declares arguments and temporaries; HOME comes first, boxes last. */
static void open_frame(struct mg_emit *e, struct mg_ast_body *body)
{
    uint32_t reg = 1;
    for (struct mg_variable *v = body->params; v; v = v->next)
        mg_reg_declare(e, v, reg++);
    for (struct mg_variable *v = body->temps; v; v = v->next)
        mg_reg_declare(e, v, mg_reg_push(e));
    if (body->inner_returns) {
        e->home_reg = mg_reg_push(e);
        mg_emit_abc(e, MG_OP_HOME, e->home_reg, 0, 0);
    }
    for (struct mg_variable *v = body->params; v; v = v->next)
        mg_reg_box(e, v);
    for (struct mg_variable *v = body->temps; v; v = v->next)
        mg_reg_box(e, v);
}

/* A call of a block in a marked code: `block` and, for cull:, the argument are registers. */
static void marked_call(struct mg_emit *e, uint32_t block, uint32_t arg, uint32_t dest)
{
    uint32_t w = mg_reg_window(e);
    bool cull = arg != MG_UNIT_NONE;
    mg_emit_move(e, w, block);
    if (cull)
        mg_emit_move(e, w + 1, arg);
    mg_emit_call(e, cull ? "cull:" : "value", cull, dest == MG_UNIT_NONE ? w : dest, w, e->place);
}

/* The shapes of unit.h. */
static void emit_marked(struct mg_emit *e, const struct mg_ast_method *method)
{
    static const enum mg_mark_kind kinds[] = {
        [MG_FORM_ENSURE] = MG_MARK_ENSURE,
        [MG_FORM_CURTAIL] = MG_MARK_CURTAIL,
        [MG_FORM_HANDLER] = MG_MARK_HANDLER,
        [MG_FORM_BARRIER] = MG_MARK_BARRIER,
    };
    uint32_t m = e->argc + 1;
    uint32_t result = m + 4;
    bool barrier = method->form == MG_FORM_BARRIER;
    e->mark = kinds[method->form];
    e->top = result + 1;
    mg_reg_touch(e, m, 5);
    mg_emit_abc(e, MG_OP_MARK, m, 0, 0);
    marked_call(e, barrier ? 1 : 0, barrier ? 0 : MG_UNIT_NONE, result);
    mg_emit_abc(e, MG_OP_UNMARK, m, 0, 0);
    if (method->form == MG_FORM_ENSURE)
        marked_call(e, 1, MG_UNIT_NONE, MG_UNIT_NONE);
    mg_emit_return(e, result, MG_SINK_RETURN);
    if (method->form != MG_FORM_ENSURE && method->form != MG_FORM_CURTAIL)
        return;
    e->dead = false;
    e->landing = mg_emit_head(e);
    marked_call(e, 1, MG_UNIT_NONE, MG_UNIT_NONE);
    mg_emit_abc(e, MG_OP_UNWIND, m, 0, 0);
}

void mg_emit_method(const struct mg_context *context, struct mg_ast_method *method)
{
    struct mg_batch *batch = context->batch;
    struct mg_ast_body *body = &method->body;
    struct mg_emit e;
    bool primitive = method->form == MG_FORM_PRIMITIVE;
    mg_scope_analyse(context, body);
    if (mg_batch_failed(batch))
        return;
    if (method->form == MG_FORM_BLOCK_VALUE || (primitive && !body->statements)) {
        note_method(batch, context, method, MG_UNIT_NONE);
        return;
    }
    mg_emit_begin(&e, context, NULL, MG_CODE_METHOD, body->param_count, method->place);
    note_method(batch, context, method, e.index);
    if (primitive)
        mg_emit_ax(&e, MG_OP_PRIMITIVE, 0, 0);
    if (method->form != MG_FORM_CODE && !primitive) {
        emit_marked(&e, method);
    } else {
        open_frame(&e, body);
        e.tail_sends = e.home_reg == MG_UNIT_NONE;
        for (struct mg_ast *s = body->statements; s; s = s->next)
            mg_emit_statement(&e, s);
        if (!e.dead)
            mg_emit_return(&e, 0, MG_SINK_RETURN);
    }
    mg_emit_finish(&e);
}

void mg_emit_script(const struct mg_context *context, struct mg_ast_body *body)
{
    struct mg_emit e;
    mg_scope_analyse(context, body);
    if (mg_batch_failed(context->batch))
        return;
    struct mg_place place = body->statements ? body->statements->place : body->close;
    mg_emit_begin(&e, context, NULL, MG_CODE_SCRIPT, 0, place);
    context->batch->unit->script = e.index;
    open_frame(&e, body);
    struct mg_ast *s = body->statements;
    for (; s && s->next; s = s->next)
        mg_emit_statement(&e, s);
    if (s)
        mg_emit_tail(&e, s, MG_SINK_RETURN);
    else
        mg_emit_return(&e, 0, MG_SINK_RETURN);
    mg_emit_finish(&e);
}
