/* SPDX-License-Identifier: MIT */
/* Text: what the methods of String do, for Strings, Symbols and Characters alike.
 *
 * A view is the bytes of a text, wherever they are: in a String, in the world's symbol table, or
 * (for a Character) in the view itself. Functions on views count in bytes and allocate nothing; the
 * makers below them make new Strings.
 *
 * S1  Views hold UTF-8. An offset that a function here answers lies at the beginning of a
 *     character, or at the end.
 * S2  With only ASCII, a character's place is its offset; otherwise finding one takes time in
 *     proportion to the length.
 * S3  A view of an object or of a Character dies at the next reserve, or with the variable; it is
 *     not to be copied.
 * S4  Appending to a long text again and again costs time in proportion to what is appended: the
 *     bytes are kept in memory with room behind them, and whoever appends to the longest text in it
 *     writes there (string.c).
 *
 * Makers: reserve what the `_words` function says, which is MG_STRING_REFUSED when the text would
 * be longer than MG_BYTES_MAX; then call with the same arguments.
 *
 * Threads: the thread that runs the actor. Memory: results live in the heap.
 */
#ifndef MG_OBJECT_STRING_H
#define MG_OBJECT_STRING_H

#include "object/bytes.h"
#include "object/world.h"

#define MG_STRING_REFUSED SIZE_MAX
#define MG_STRING_NONE SIZE_MAX /* not found */

struct mg_string_view {
    const uint8_t *bytes;
    size_t len;
    bool ascii;
    uint8_t character[4];
};

/* Looks at the text of a String (or instance of a class below), Symbol or Character. False for
 * anything else. */
bool mg_string_view(const struct mg_world *world, mg_value v, struct mg_string_view *out);

/* Characters in the text. */
size_t mg_string_size(const struct mg_string_view *s);

/* The character at a place, from 0; false beyond the end. */
bool mg_string_char_at(const struct mg_string_view *s, size_t place, uint32_t *cp);

/* The offset of the character at a place; the length for places beyond the end. */
size_t mg_string_offset(const struct mg_string_view *s, size_t place);

/* The place of the character at an offset. */
size_t mg_string_place(const struct mg_string_view *s, size_t offset);

/* Negative, 0 or positive: by code points. */
int mg_string_compare(const struct mg_string_view *a, const struct mg_string_view *b);

/* The first offset from `from` on where the text contains the other one, or MG_STRING_NONE. An
 * empty one is nowhere. */
size_t mg_string_find(const struct mg_string_view *s, size_t from,
                      const struct mg_string_view *part);

bool mg_string_starts(const struct mg_string_view *s, const struct mg_string_view *part);
bool mg_string_ends(const struct mg_string_view *s, const struct mg_string_view *part);

/* The part without white space at the beginning, the end, or both. */
void mg_string_trim(const struct mg_string_view *s, bool begin, bool end, size_t *offset,
                    size_t *len);

/* The part from character `first` to `last`, counted from 1 and both included; numbers outside are
 * moved inside. */
void mg_string_range(const struct mg_string_view *s, int64_t first, int64_t last, size_t *offset,
                     size_t *len);

/* Part of the text of v. A String shares long parts (bytes.h). Refused never. */
size_t mg_string_part_words(mg_value v, size_t len);
mg_value mg_string_part(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                        size_t offset, size_t len);

/* The texts of both, one after the other. */
size_t mg_string_concat_words(const struct mg_world *world, mg_value a, mg_value b);
mg_value mg_string_concat(struct mg_heap *heap, const struct mg_world *world, mg_value a,
                          mg_value b);

/* The text `count` times. */
size_t mg_string_repeat_words(const struct mg_world *world, mg_value v, uint64_t count);
mg_value mg_string_repeat(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                          uint64_t count);

/* The text in upper or lower case, character by character. */
size_t mg_string_case_words(const struct mg_world *world, mg_value v, bool upper);
mg_value mg_string_case(struct mg_heap *heap, const struct mg_world *world, mg_value v, bool upper);

/* The characters in the opposite order. */
size_t mg_string_reverse_words(const struct mg_world *world, mg_value v);
mg_value mg_string_reverse(struct mg_heap *heap, const struct mg_world *world, mg_value v);

/* Every occurrence of `part`, from left to right, replaced by `by`. An empty part changes nothing.
 */
size_t mg_string_replace_words(const struct mg_world *world, mg_value v, mg_value part,
                               mg_value by);
mg_value mg_string_replace(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                           mg_value part, mg_value by);

/* An Array of the parts between the separators, empty ones too; with an empty separator, of the
 * characters as Strings. */
size_t mg_string_split_words(const struct mg_world *world, mg_value v, mg_value separator);
mg_value mg_string_split(struct mg_heap *heap, const struct mg_world *world, mg_value v,
                         mg_value separator);

/* An Array of the Characters. */
size_t mg_string_characters_words(const struct mg_world *world, mg_value v);
mg_value mg_string_characters(struct mg_heap *heap, const struct mg_world *world, mg_value v);

/* printString: a String in quotes, those inside doubled; a Symbol as a literal, in quotes where it
 * needs them; a Character behind a dollar sign. */
size_t mg_string_quoted_words(const struct mg_world *world, mg_value v);
mg_value mg_string_quoted(struct mg_heap *heap, const struct mg_world *world, mg_value v);

/* Two lower-case hexadecimal digits for each of `len` bytes. */
void mg_string_hex(const uint8_t *bytes, size_t len, char *out);

/* The bytes that `len` hexadecimal digits of either case write; false when they are no digits, or
 * odd in number. */
bool mg_string_unhex(const char *text, size_t len, uint8_t *out);

#endif
