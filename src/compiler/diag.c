/* SPDX-License-Identifier: MIT */
/* The caret line repeats the tabs of the source line, so that the caret stands under its place
 * whatever the width of a tab. Bytes that a terminal would act on are shown as question marks.
 */
#include "compiler/diag.h"

#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

/* Longer lines are cut to a window around the place. */
enum { EXCERPT_BEFORE = 100, EXCERPT_AFTER = 60 };

void mg_diags_init(struct mg_diags *diags)
{
    *diags = (struct mg_diags){0};
    mg_arena_init(&diags->arena);
}

void mg_diags_deinit(struct mg_diags *diags)
{
    mg_arena_deinit(&diags->arena);
    *diags = (struct mg_diags){0};
}

static bool already_said(const struct mg_diags *diags, const struct mg_source *source,
                         struct mg_place place, const char *message)
{
    for (const struct mg_diag *diag = diags->first; diag; diag = diag->next) {
        if (diag->source == source && diag->place.offset == place.offset &&
            strcmp(diag->message, message) == 0)
            return true;
    }
    return false;
}

void mg_diags_vadd(struct mg_diags *diags, enum mg_severity severity,
                   const struct mg_source *source, struct mg_place place, uint32_t width,
                   const char *fmt, va_list args)
{
    struct mg_buf text = {0};
    mg_buf_vprintf(&text, fmt, args);
    if (!already_said(diags, source, place, mg_buf_text(&text))) {
        uint32_t *count = severity == MG_SEVERITY_ERROR ? &diags->errors : &diags->warnings;
        if (++*count <= MG_DIAGS_KEPT) {
            struct mg_diag *diag = mg_arena_alloc(&diags->arena, sizeof *diag);
            diag->source = source;
            diag->place = place;
            diag->width = width ? width : 1;
            diag->severity = severity;
            diag->message = mg_arena_strdup(&diags->arena, mg_buf_text(&text), text.len);
            if (diags->last)
                diags->last->next = diag;
            else
                diags->first = diag;
            diags->last = diag;
        }
    }
    mg_buf_deinit(&text);
}

void mg_diags_add(struct mg_diags *diags, enum mg_severity severity, const struct mg_source *source,
                  struct mg_place place, uint32_t width, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mg_diags_vadd(diags, severity, source, place, width, fmt, args);
    va_end(args);
}

/* One code point of a source line, as it is safe to show; returns how many bytes it takes there. */
static size_t put_shown(const char *p, size_t n, struct mg_buf *out)
{
    uint32_t cp;
    int len = mg_utf8_decode((const uint8_t *)p, n, &cp);
    if (len == 0 || (cp < 0x20 && cp != '\t') || (cp >= 0x7f && cp < 0xa0)) {
        if (out)
            mg_buf_putc(out, '?');
        return len == 0 ? 1 : (size_t)len;
    }
    if (out)
        mg_buf_put(out, p, (size_t)len);
    return (size_t)len;
}

/* The source line with the place, and the line below it with the caret. */
static void print_excerpt(const struct mg_diag *diag, struct mg_buf *out)
{
    const struct mg_source *source = diag->source;
    size_t at = diag->place.offset < source->len ? diag->place.offset : source->len;
    size_t begin = at;
    while (begin > 0 && source->text[begin - 1] != '\n' && source->text[begin - 1] != '\r')
        begin--;
    size_t end = at;
    while (end < source->len && source->text[end] != '\n' && source->text[end] != '\r')
        end++;
    bool cut = at - begin > EXCERPT_BEFORE * 2;
    if (cut) {
        begin = at - EXCERPT_BEFORE;
        while (begin < at && ((uint8_t)source->text[begin] & 0xc0) == 0x80)
            begin++;
    }
    struct mg_buf caret = {0};
    mg_buf_puts(out, cut ? "  ..." : "    ");
    mg_buf_puts(&caret, cut ? "     " : "    ");
    for (size_t i = begin; i < at;) {
        mg_buf_putc(&caret, source->text[i] == '\t' ? '\t' : ' ');
        i += put_shown(source->text + i, end - i, out);
    }
    mg_buf_putc(&caret, '^');
    uint32_t shown = 0;
    for (size_t i = at; i < end && shown < EXCERPT_AFTER; shown++) {
        i += put_shown(source->text + i, end - i, out);
        if (shown > 0 && shown < diag->width)
            mg_buf_putc(&caret, '~');
    }
    mg_buf_printf(out, "\n%s\n", mg_buf_text(&caret));
    mg_buf_deinit(&caret);
}

void mg_diag_print(const struct mg_diag *diag, struct mg_buf *out)
{
    const char *severity = diag->severity == MG_SEVERITY_ERROR ? "error" : "warning";
    if (!diag->source) {
        mg_buf_printf(out, "%s: %s\n", severity, diag->message);
        return;
    }
    mg_buf_printf(out, "%s:%u:%u: %s: %s\n", diag->source->path, diag->place.line,
                  diag->place.column, severity, diag->message);
    print_excerpt(diag, out);
}

static void print_left_out(uint32_t count, const char *what, struct mg_buf *out)
{
    if (count > MG_DIAGS_KEPT)
        mg_buf_printf(out, "... and %u more %s%s\n", count - MG_DIAGS_KEPT, what,
                      count - MG_DIAGS_KEPT == 1 ? "" : "s");
}

/* The place of a source among those of the collection, by first mention. */
static uint32_t source_rank(const struct mg_diags *diags, const struct mg_source *source)
{
    uint32_t rank = 0;
    for (const struct mg_diag *diag = diags->first; diag && diag->source != source;
         diag = diag->next)
        rank++;
    return rank;
}

void mg_diags_print(const struct mg_diags *diags, struct mg_buf *out)
{
    const struct mg_diag *sorted[2 * MG_DIAGS_KEPT];
    uint32_t ranks[2 * MG_DIAGS_KEPT];
    uint32_t count = 0;
    for (const struct mg_diag *diag = diags->first; diag; diag = diag->next) {
        uint32_t rank = source_rank(diags, diag->source);
        uint32_t at = count++;
        for (; at > 0 &&
               (ranks[at - 1] > rank ||
                (ranks[at - 1] == rank && sorted[at - 1]->place.offset > diag->place.offset));
             at--) {
            sorted[at] = sorted[at - 1];
            ranks[at] = ranks[at - 1];
        }
        sorted[at] = diag;
        ranks[at] = rank;
    }
    for (uint32_t i = 0; i < count; i++)
        mg_diag_print(sorted[i], out);
    print_left_out(diags->errors, "error", out);
    print_left_out(diags->warnings, "warning", out);
}
