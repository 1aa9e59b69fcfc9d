/* SPDX-License-Identifier: MIT */
/* The archive of traits: what later batches need to include them.
 *
 *     "MGT1"   number of traits, then for each: name, text, file, line, namespace, imports
 *
 * Numbers are four bytes, little-endian; a text is its length and its bytes.
 */
#include <string.h>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/names.h"

static const char magic[4] = {'M', 'G', 'T', '1'};

void mg_traits_init(struct mg_traits *traits)
{
    *traits = (struct mg_traits){0};
    mg_arena_init(&traits->arena);
}

void mg_traits_deinit(struct mg_traits *traits)
{
    mg_arena_deinit(&traits->arena);
    *traits = (struct mg_traits){0};
}

const struct mg_trait *mg_traits_find(const struct mg_traits *traits, struct mg_text name)
{
    for (uint32_t i = 0; i < traits->count; i++) {
        if (mg_text_equal(traits->items[i].name, name))
            return &traits->items[i];
    }
    return NULL;
}

static void put_number(struct mg_buf *out, uint32_t n)
{
    mg_buf_put(out, &n, sizeof n);
}

static void put_text(struct mg_buf *out, struct mg_text text)
{
    put_number(out, text.len);
    if (text.len > 0)
        mg_buf_put(out, text.bytes, text.len);
}

void mg_traits_write(const struct mg_traits *traits, struct mg_buf *out)
{
    mg_buf_put(out, magic, sizeof magic);
    put_number(out, traits->count);
    for (uint32_t i = 0; i < traits->count; i++) {
        const struct mg_trait *trait = &traits->items[i];
        put_text(out, trait->name);
        put_text(out, trait->text);
        put_text(out, trait->file);
        put_number(out, trait->line);
        put_text(out, trait->space);
        put_number(out, trait->import_count);
        for (uint32_t k = 0; k < trait->import_count; k++)
            put_text(out, trait->imports[k]);
    }
}

struct reader {
    const char *p;
    const char *end;
    bool bad;
};

static uint32_t get_number(struct reader *in)
{
    uint32_t n = 0;
    if (in->end - in->p < (ptrdiff_t)sizeof n) {
        in->bad = true;
        in->p = in->end;
        return 0;
    }
    memcpy(&n, in->p, sizeof n);
    in->p += sizeof n;
    return n;
}

/* A count of items of at least four bytes each. */
static uint32_t get_count(struct reader *in)
{
    uint32_t n = get_number(in);
    if (n > (size_t)(in->end - in->p) / 4) {
        in->bad = true;
        return 0;
    }
    return n;
}

static struct mg_text get_text(struct reader *in)
{
    uint32_t len = get_number(in);
    if (len > (size_t)(in->end - in->p)) {
        in->bad = true;
        return (struct mg_text){"", 0};
    }
    struct mg_text text = {in->p, len};
    in->p += len;
    return text;
}

static void get_trait(struct reader *in, struct mg_arena *arena, struct mg_trait *trait)
{
    trait->name = get_text(in);
    trait->text = get_text(in);
    trait->file = get_text(in);
    trait->line = get_number(in);
    trait->space = get_text(in);
    trait->import_count = get_count(in);
    struct mg_text *imports = mg_arena_alloc(arena, (trait->import_count + 1) * sizeof *imports);
    for (uint32_t i = 0; i < trait->import_count; i++)
        imports[i] = get_text(in);
    trait->imports = imports;
}

int mg_traits_read(struct mg_traits *traits, const void *bytes, size_t len)
{
    struct reader in = {bytes, (const char *)bytes + len, false};
    if (len < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return MG_EFORMAT;
    in.p += sizeof magic;
    uint32_t count = get_count(&in);
    traits->items = mg_arena_alloc(&traits->arena, (count + 1) * sizeof *traits->items);
    for (uint32_t i = 0; i < count && !in.bad; i++)
        get_trait(&in, &traits->arena, &traits->items[i]);
    if (in.bad || in.p != in.end)
        return MG_EFORMAT;
    traits->count = count;
    return 0;
}
