/* SPDX-License-Identifier: MIT */
/* Text operations. Each maker counts the bytes of its result first and then writes them, so nothing
 * is copied twice.
 *
 * Growing texts (S4). When a piece is appended to a long String that is itself in counted bytes,
 * the result goes into bytes with room behind it, marked in `spare`; they begin with the number of
 * bytes used:
 *
 *      struct mg_bytes | used | text of a ............ | appended | appended | room ... |
 *                               <---- an older String --->
 *                               <------------ a newer String -------------->
 *
 * A further append to a String that ends where `used` says claims the bytes behind it by moving
 * `used`, writes there, and counts the same bytes. A String that somebody else has appended to no
 * longer ends there and is copied as usual. So the bytes of every String stay what they were, in
 * whichever actors it is.
 *
 * Threads: `used` is moved by any thread that has such a String; everything else by the thread that
 * runs the actor.
 */
#include "object/string.h"

#include "base/atomic.h"
#include "base/utf8.h"

/* -- Views -- */

bool mg_string_view(const struct mg_world *world, mg_value v, struct mg_string_view *out)
{
    if (mg_is_bytes(v)) {
        const struct mg_object *o = mg_object(v);
        mg_bytes_of(v, &out->bytes, &out->len);
        out->ascii = (o->header & MG_FLAG_ASCII) != 0;
        /* Long texts and long ByteArrays have the same format. */
        return mg_object_format(o) == MG_FORMAT_STRING ||
               (mg_object_format(o) == MG_FORMAT_SHARED &&
                !mg_world_inherits(world, mg_object_class(o), MG_CLASS_BYTE_ARRAY));
    }
    if (mg_is_symbol(v)) {
        const struct mg_symbol_entry *e = mg_symbol_entry(world->symbols, mg_symbol_id(v));
        out->bytes = (const uint8_t *)e->text;
        out->len = e->len;
        out->ascii = e->ascii != 0;
        return true;
    }
    if (mg_is_character(v)) {
        out->bytes = out->character;
        out->len = (size_t)mg_utf8_encode(mg_character_value(v), out->character);
        out->ascii = mg_character_value(v) < 128;
        return true;
    }
    return false;
}

/* The view of a value that is known to have a text. */
static struct mg_string_view *view_of(const struct mg_world *world, mg_value v,
                                      struct mg_string_view *out)
{
    bool is_text = mg_string_view(world, v, out);
    CHECK(is_text);
    return out;
}

size_t mg_string_size(const struct mg_string_view *s)
{
    return s->ascii ? s->len : mg_utf8_count(s->bytes, s->len);
}

size_t mg_string_offset(const struct mg_string_view *s, size_t place)
{
    if (s->ascii) {
        return place < s->len ? place : s->len;
    }
    return mg_utf8_offset(s->bytes, s->len, place);
}

size_t mg_string_place(const struct mg_string_view *s, size_t offset)
{
    return s->ascii ? offset : mg_utf8_count(s->bytes, offset);
}

bool mg_string_char_at(const struct mg_string_view *s, size_t place, uint32_t *cp)
{
    if (MG_LIKELY(s->ascii)) {
        *cp = place < s->len ? s->bytes[place] : 0;
        return place < s->len;
    }
    size_t offset = mg_string_offset(s, place);
    return mg_utf8_decode(s->bytes + offset, s->len - offset, cp) > 0;
}

/* The order of bytes is that of code points. */
int mg_string_compare(const struct mg_string_view *a, const struct mg_string_view *b)
{
    size_t shorter = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->bytes, b->bytes, shorter);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

size_t mg_string_find(const struct mg_string_view *s, size_t from,
                      const struct mg_string_view *part)
{
    if (part->len == 0 || from >= s->len) {
        return MG_STRING_NONE;
    }
    const uint8_t *start = s->bytes + from;
    size_t len = s->len - from;
    const uint8_t *found = part->len == 1 ? memchr(start, part->bytes[0], len)
                                          : memmem(start, len, part->bytes, part->len);
    return found == NULL ? MG_STRING_NONE : (size_t)(found - s->bytes);
}

bool mg_string_starts(const struct mg_string_view *s, const struct mg_string_view *part)
{
    return part->len <= s->len && memcmp(s->bytes, part->bytes, part->len) == 0;
}

bool mg_string_ends(const struct mg_string_view *s, const struct mg_string_view *part)
{
    return part->len <= s->len &&
           memcmp(s->bytes + s->len - part->len, part->bytes, part->len) == 0;
}

/* The character that begins at an offset; answers its bytes. */
static size_t char_decode(const struct mg_string_view *s, size_t offset, uint32_t *cp)
{
    if (s->bytes[offset] < 128) {
        *cp = s->bytes[offset];
        return 1;
    }
    int n = mg_utf8_decode(s->bytes + offset, s->len - offset, cp);
    ASSERT(n > 0);
    return n > 0 ? (size_t)n : 1;
}

/* The offset of the character that ends at an offset above 0. */
static size_t char_before(const struct mg_string_view *s, size_t offset)
{
    do {
        offset--;
    } while (offset > 0 && (s->bytes[offset] & 0xc0) == 0x80);
    return offset;
}

void mg_string_trim(const struct mg_string_view *s, bool begin, bool end, size_t *offset,
                    size_t *len)
{
    uint32_t cp;
    size_t from = 0, to = s->len;
    while (begin && from < to) {
        size_t n = char_decode(s, from, &cp);
        if (!mg_cp_is_space(cp)) {
            break;
        }
        from += n;
    }
    while (end && to > from) {
        size_t last = char_before(s, to);
        (void)char_decode(s, last, &cp);
        if (!mg_cp_is_space(cp)) {
            break;
        }
        to = last;
    }
    *offset = from;
    *len = to - from;
}

void mg_string_range(const struct mg_string_view *s, int64_t first, int64_t last, size_t *offset,
                     size_t *len)
{
    *offset = 0;
    *len = 0;
    first = first < 1 ? 1 : first;
    if (last < first) {
        return;
    }
    size_t from = mg_string_offset(s, (size_t)first - 1);
    /* The rest is a text of its own, in which the end is looked for. */
    struct mg_string_view rest = {
        .bytes = s->bytes + from, .len = s->len - from, .ascii = s->ascii};
    *offset = from;
    *len = mg_string_offset(&rest, (size_t)(last - first) + 1);
}

/* -- Parts -- */

static mg_value string_copy(struct mg_heap *heap, const uint8_t *bytes, size_t len)
{
    return mg_string_new(heap, (const char *)bytes, len);
}

static bool is_plain_string(mg_value v)
{
    return mg_is_pointer(v) && mg_object_class(mg_object(v)) == MG_CLASS_STRING;
}

size_t mg_string_part_words(mg_value v, size_t len)
{
    return is_plain_string(v) ? mg_bytes_slice_words(v, len) : mg_string_words(len);
}

mg_value mg_string_part(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                        size_t offset, size_t len)
{
    if (is_plain_string(v)) {
        return mg_bytes_slice(heap, v, offset, len);
    }
    struct mg_string_view s;
    return string_copy(heap, view_of(world, v, &s)->bytes + offset, len);
}

/* -- Concatenation -- */

#define GROWING 0x67726f77u /* in struct mg_bytes.spare */
#define GROW_DOUBLE_BELOW ((size_t)1 << 20)

struct growing {
    _Atomic(uint64_t) used; // bytes of `text` that belong to Strings; grows only; any thread
    uint8_t text[];
};

static struct growing *growing_of(struct mg_bytes *bytes)
{
    return (struct growing *)bytes->data;
}

/* A String in counted bytes; takes a count of them. */
static mg_value shared_new(struct mg_heap *heap, struct mg_bytes *bytes, size_t len, bool ascii,
                           uint64_t charge)
{
    struct mg_object *o =
        mg_heap_alloc_small(heap, MG_CLASS_STRING, MG_FORMAT_SHARED, MG_SHARED_WORDS);
    o->header |= ascii ? MG_FLAG_ASCII : 0;
    o->words[MG_SHARED_INFO] = mg_bytes_info((uint32_t)len, 0);
    o->words[MG_SHARED_BYTES] = (uintptr_t)bytes;
    o->words[MG_SHARED_OFFSET] = sizeof(struct growing);
    mg_heap_link_off_heap(heap, o, charge);
    return mg_pointer(o);
}

/* Whether the text is long, in counted bytes, and much longer than what is appended: then more may
 * follow. */
static bool may_grow(mg_value a, size_t a_len, size_t b_len)
{
    return is_plain_string(a) && mg_object_format(mg_object(a)) == MG_FORMAT_SHARED &&
           b_len < a_len / 2;
}

/* Appends behind the text of `a` where that is possible (S4). */
static bool append_in_place(struct mg_heap *heap, mg_value a, const struct mg_string_view *x,
                            const struct mg_string_view *y, mg_value *out)
{
    struct mg_bytes *bytes = mg_bytes_shared(mg_object(a));
    if (bytes->spare != GROWING || mg_slot(a, MG_SHARED_OFFSET) != sizeof(struct growing)) {
        return false;
    }
    struct growing *growing = growing_of(bytes);
    uint64_t expected = x->len, total = x->len + y->len;
    if (total > bytes->size - sizeof *growing) {
        return false;
    }
    /* G1 relaxed: who moves it owns the bytes passed over, and the String made here is handed on
     * like any. Pairs with nothing: what stands before `used` was made known with the String. */
    if (!cas_relaxed(&growing->used, &expected, total)) {
        return false;
    }
    memcpy(growing->text + x->len, y->bytes, y->len);
    mg_bytes_ref(bytes);
    *out = shared_new(heap, bytes, total, x->ascii && y->ascii, 0);
    return true;
}

/* The text of both, in counted bytes with room behind. */
static mg_value append_growing(struct mg_heap *heap, const struct mg_string_view *x,
                               const struct mg_string_view *y)
{
    size_t total = x->len + y->len;
    size_t room = total < GROW_DOUBLE_BELOW ? total : total / 4;
    size_t size = sizeof(struct growing) + total + room;
    struct mg_bytes *bytes = mg_bytes_alloc(size);
    struct growing *growing = growing_of(bytes);
    bytes->spare = GROWING;
    /* G2 relaxed: nobody else knows the bytes yet. Pairs with nothing. */
    store_relaxed(&growing->used, total);
    memcpy(growing->text, x->bytes, x->len);
    memcpy(growing->text + x->len, y->bytes, y->len);
    return shared_new(heap, bytes, total, x->ascii && y->ascii, size);
}

size_t mg_string_concat_words(const struct mg_world *world, mg_value a, mg_value b)
{
    struct mg_string_view x, y;
    size_t total = view_of(world, a, &x)->len + view_of(world, b, &y)->len;
    return total > MG_BYTES_MAX ? MG_STRING_REFUSED : mg_string_words(total);
}

mg_value mg_string_concat(struct mg_heap *heap, const struct mg_world *world, mg_value a,
                          mg_value b)
{
    struct mg_string_view x, y;
    view_of(world, a, &x);
    view_of(world, b, &y);
    size_t total = x.len + y.len;
    if (total > MG_SHARE_BYTES && may_grow(a, x.len, y.len)) {
        mg_value out;
        return append_in_place(heap, a, &x, &y, &out) ? out : append_growing(heap, &x, &y);
    }
    uint8_t *to;
    mg_value v = mg_string_begin(heap, total, &to);
    memcpy(to, x.bytes, x.len);
    memcpy(to + x.len, y.bytes, y.len);
    mg_object(v)->header |= x.ascii && y.ascii ? MG_FLAG_ASCII : 0;
    return v;
}

size_t mg_string_repeat_words(const struct mg_world *world, mg_value v, uint64_t count)
{
    struct mg_string_view s;
    size_t len = view_of(world, v, &s)->len;
    return len > 0 && count > MG_BYTES_MAX / len ? MG_STRING_REFUSED : mg_string_words(len * count);
}

mg_value mg_string_repeat(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                          uint64_t count)
{
    struct mg_string_view s;
    size_t len = view_of(world, v, &s)->len, total = len == 0 ? 0 : len * count;
    uint8_t *to;
    mg_value result = mg_string_begin(heap, total, &to);
    if (total > 0) {
        memcpy(to, s.bytes, len);
    }
    /* What has been written is doubled. */
    for (size_t done = len; done < total;) {
        size_t n = done < total - done ? done : total - done;
        memcpy(to + done, to, n);
        done += n;
    }
    mg_object(result)->header |= s.ascii || total == 0 ? MG_FLAG_ASCII : 0;
    return result;
}

/* -- Character by character -- */

static uint32_t char_case(uint32_t cp, bool upper)
{
    if (cp < 128) {
        bool letter = upper ? cp - 'a' < 26 : cp - 'A' < 26;
        return letter ? cp ^ 0x20 : cp;
    }
    return upper ? mg_cp_upper(cp) : mg_cp_lower(cp);
}

/* The length of the text in that case; written where `to` is not NULL. */
static size_t case_write(const struct mg_string_view *s, bool upper, uint8_t *to)
{
    size_t len = 0;
    uint8_t piece[4];
    for (size_t i = 0; i < s->len;) {
        uint32_t cp;
        i += char_decode(s, i, &cp);
        cp = char_case(cp, upper);
        if (cp < 128) {
            if (to != NULL) {
                to[len] = (uint8_t)cp;
            }
            len++;
            continue;
        }
        int n = mg_utf8_encode(cp, piece);
        if (to != NULL) {
            memcpy(to + len, piece, (size_t)n);
        }
        len += (size_t)n;
    }
    return len;
}

static size_t case_len(const struct mg_string_view *s, bool upper)
{
    return s->ascii ? s->len : case_write(s, upper, NULL);
}

size_t mg_string_case_words(const struct mg_world *world, mg_value v, bool upper)
{
    struct mg_string_view s;
    size_t len = case_len(view_of(world, v, &s), upper);
    return len > MG_BYTES_MAX ? MG_STRING_REFUSED : mg_string_words(len);
}

mg_value mg_string_case(struct mg_heap *heap, const struct mg_world *world, mg_value v, bool upper)
{
    struct mg_string_view s;
    uint8_t *to;
    mg_value result = mg_string_begin(heap, case_len(view_of(world, v, &s), upper), &to);
    case_write(&s, upper, to);
    mg_string_end(result);
    return result;
}

size_t mg_string_reverse_words(const struct mg_world *world, mg_value v)
{
    struct mg_string_view s;
    return mg_string_words(view_of(world, v, &s)->len);
}

mg_value mg_string_reverse(struct mg_heap *heap, const struct mg_world *world, mg_value v)
{
    struct mg_string_view s;
    uint8_t *to;
    mg_value result = mg_string_begin(heap, view_of(world, v, &s)->len, &to);
    for (size_t i = 0; i < s.len;) {
        uint32_t cp;
        size_t n = char_decode(&s, i, &cp);
        memcpy(to + s.len - i - n, s.bytes + i, n);
        i += n;
    }
    mg_object(result)->header |= s.ascii ? MG_FLAG_ASCII : 0;
    return result;
}

size_t mg_string_characters_words(const struct mg_world *world, mg_value v)
{
    struct mg_string_view s;
    return mg_object_span(MG_FORMAT_ARRAY, mg_string_size(view_of(world, v, &s)));
}

mg_value mg_string_characters(struct mg_heap *heap, const struct mg_world *world, mg_value v)
{
    struct mg_string_view s;
    size_t count = mg_string_size(view_of(world, v, &s));
    struct mg_object *array = mg_heap_alloc(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, count);
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t cp;
        offset += char_decode(&s, offset, &cp);
        array->words[i] = mg_character(cp);
    }
    return mg_pointer(array);
}

/* -- Replacing and splitting -- */

/* The length of the text with its replacements; written where `to` is not NULL. */
static size_t replace_write(const struct mg_string_view *s, const struct mg_string_view *part,
                            const struct mg_string_view *by, uint8_t *to)
{
    size_t len = 0, from = 0;
    for (;;) {
        size_t found = mg_string_find(s, from, part);
        size_t n = (found == MG_STRING_NONE ? s->len : found) - from;
        if (to != NULL) {
            memcpy(to + len, s->bytes + from, n);
        }
        len += n;
        if (found == MG_STRING_NONE) {
            return len;
        }
        if (to != NULL) {
            memcpy(to + len, by->bytes, by->len);
        }
        len += by->len;
        from = found + part->len;
    }
}

size_t mg_string_replace_words(const struct mg_world *world, mg_value v, mg_value part, mg_value by)
{
    struct mg_string_view s, p, r;
    view_of(world, v, &s);
    size_t len = replace_write(&s, view_of(world, part, &p), view_of(world, by, &r), NULL);
    return len > MG_BYTES_MAX ? MG_STRING_REFUSED : mg_string_words(len);
}

mg_value mg_string_replace(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                           mg_value part, mg_value by)
{
    struct mg_string_view s, p, r;
    view_of(world, v, &s);
    view_of(world, part, &p);
    view_of(world, by, &r);
    uint8_t *to;
    mg_value result = mg_string_begin(heap, replace_write(&s, &p, &r, NULL), &to);
    replace_write(&s, &p, &r, to);
    mg_string_end(result);
    return result;
}

struct split {
    const struct mg_string_view *s;
    const struct mg_string_view *separator;
    size_t from;
    bool ended;
};

/* The next part; false when there is none. */
static bool split_next(struct split *it, size_t *offset, size_t *len)
{
    *offset = it->from;
    if (it->separator->len == 0) {
        uint32_t cp;
        if (it->from == it->s->len) {
            return false;
        }
        *len = char_decode(it->s, it->from, &cp);
        it->from += *len;
        return true;
    }
    if (it->ended) {
        return false;
    }
    size_t found = mg_string_find(it->s, it->from, it->separator);
    it->ended = found == MG_STRING_NONE;
    *len = (it->ended ? it->s->len : found) - it->from;
    it->from += *len + it->separator->len;
    return true;
}

size_t mg_string_split_words(const struct mg_world *world, mg_value v, mg_value separator)
{
    struct mg_string_view s, p;
    struct split it = {.s = view_of(world, v, &s), .separator = view_of(world, separator, &p)};
    size_t offset, len, count = 0, words = 0;
    while (split_next(&it, &offset, &len)) {
        count++;
        words += mg_string_part_words(v, len);
    }
    return words + mg_object_span(MG_FORMAT_ARRAY, count);
}

mg_value mg_string_split(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                         mg_value separator)
{
    struct mg_string_view s, p;
    struct split it = {.s = view_of(world, v, &s), .separator = view_of(world, separator, &p)};
    size_t offset, len, count = 0;
    while (split_next(&it, &offset, &len)) {
        count++;
    }
    struct mg_object *array = mg_heap_alloc(heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, count);
    it.from = 0;
    it.ended = false;
    for (size_t i = 0; split_next(&it, &offset, &len); i++) {
        array->words[i] = mg_string_part(heap, world, v, offset, len);
    }
    return mg_pointer(array);
}

/* -- Literals -- */

static bool is_operator_char(uint8_t c)
{
    return c != 0 && strchr("+-*/\\~<>=@%|&?!,", c) != NULL;
}

static bool is_operator_run(const struct mg_string_view *s)
{
    for (size_t i = 0; i < s->len; i++) {
        if (!is_operator_char(s->bytes[i])) {
            return false;
        }
    }
    return s->len > 0 && s->bytes[0] != '|';
}

/* Words with colons between them, and perhaps one at the end. */
static bool is_words(const struct mg_string_view *s)
{
    bool word_before = false;
    for (size_t i = 0; i < s->len;) {
        uint32_t cp;
        i += char_decode(s, i, &cp);
        if (cp == ':') {
            if (!word_before) {
                return false;
            }
            word_before = false;
        } else if (cp == '_' || mg_cp_is_letter(cp) || (word_before && mg_cp_is_digit(cp))) {
            word_before = true;
        } else {
            return false;
        }
    }
    return s->len > 0;
}

/* What stands before the text, and whether it stands in quotes. */
static size_t quoted_prefix(mg_value v, const struct mg_string_view *s, const char **prefix,
                            bool *quotes)
{
    bool symbol = mg_is_symbol(v) || mg_is_instance(v, MG_CLASS_SYMBOL);
    *prefix = symbol ? "#" : mg_is_character(v) ? "$" : "";
    *quotes = symbol ? !is_words(s) && !is_operator_run(s) : !mg_is_character(v);
    return **prefix != 0;
}

static size_t quoted_len(const struct mg_string_view *s, size_t prefix, bool quotes)
{
    size_t len = prefix + s->len;
    for (size_t i = 0; quotes && i < s->len; i++) {
        len += s->bytes[i] == '\'';
    }
    return quotes ? len + 2 : len;
}

size_t mg_string_quoted_words(const struct mg_world *world, mg_value v)
{
    struct mg_string_view s;
    const char *prefix;
    bool quotes;
    size_t n = quoted_prefix(v, view_of(world, v, &s), &prefix, &quotes);
    size_t len = quoted_len(&s, n, quotes);
    return len > MG_BYTES_MAX ? MG_STRING_REFUSED : mg_string_words(len);
}

mg_value mg_string_quoted(struct mg_heap *heap, const struct mg_world *world, mg_value v)
{
    struct mg_string_view s;
    const char *prefix;
    bool quotes;
    size_t n = quoted_prefix(v, view_of(world, v, &s), &prefix, &quotes);
    uint8_t *to;
    mg_value result = mg_string_begin(heap, quoted_len(&s, n, quotes), &to);
    memcpy(to, prefix, n);
    to += n;
    if (!quotes) {
        memcpy(to, s.bytes, s.len);
    } else {
        *to++ = '\'';
        for (size_t i = 0; i < s.len; i++) {
            if (s.bytes[i] == '\'') {
                *to++ = '\'';
            }
            *to++ = s.bytes[i];
        }
        *to = '\'';
    }
    mg_object(result)->header |= s.ascii ? MG_FLAG_ASCII : 0;
    return result;
}

void mg_string_hex(const uint8_t *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
}

static uint32_t hex_value(char c)
{
    uint32_t digit = (uint32_t)(unsigned char)c - '0',
             letter = ((uint32_t)(unsigned char)c | 0x20) - 'a';
    return digit < 10 ? digit : letter < 6 ? letter + 10 : 255;
}

bool mg_string_unhex(const char *text, size_t len, uint8_t *out)
{
    if (len % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < len; i += 2) {
        uint32_t high = hex_value(text[i]), low = hex_value(text[i + 1]);
        if (high > 15 || low > 15) {
            return false;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}
