/* SPDX-License-Identifier: MIT */
/* Primitives of WriteStream, which gathers text in a ByteArray or elements in an Array. Both
 * buffers double when they are full; the bytes of a long one lie outside the heap.
 *
 * S1  The two variables are checked at each call, since reflection can put anything there: count
 *     lies between 0 and the size of the buffer, or the stream is refused.
 *
 * Threads: the thread that runs the actor.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "interp/elements.h"
#include "interp/text.h"

/* The variables of WriteStream in lib/WriteStream.mag. */
enum { STREAM_BUFFER, STREAM_COUNT, STREAM_SLOTS };

enum { STREAM_ROOM_MIN = 16 };

enum stream_kind { STREAM_DAMAGED, STREAM_TEXT, STREAM_ARRAY };

struct stream {
    struct mg_object *object;
    mg_value buffer;
    uint64_t count, room;
};

/* Reads the variables (S1). */
static enum stream_kind stream_open(mg_value v, struct stream *stream)
{
    if (!mg_has_format(v, MG_FORMAT_SLOTS) || mg_object_words(mg_object(v)) < STREAM_SLOTS) {
        return STREAM_DAMAGED;
    }
    stream->object = mg_object(v);
    stream->buffer = stream->object->words[STREAM_BUFFER];
    mg_value count = stream->object->words[STREAM_COUNT];
    if (!mg_is_small(count) || !mg_is_pointer(stream->buffer) ||
        (mg_object(stream->buffer)->header & MG_GC_SHARED) != 0) {
        return STREAM_DAMAGED;
    }
    enum stream_kind kind = STREAM_DAMAGED;
    if (mg_is_mutable_bytes(stream->buffer)) {
        kind = STREAM_TEXT;
        stream->room = mg_bytes_len(stream->buffer);
    } else if (mg_has_format(stream->buffer, MG_FORMAT_ARRAY)) {
        kind = STREAM_ARRAY;
        stream->room = mg_object_words(mg_object(stream->buffer));
    }
    stream->count = (uint64_t)mg_small_value(count);
    return kind != STREAM_DAMAGED && stream->count <= stream->room ? kind : STREAM_DAMAGED;
}

static mg_value damaged(struct mg_run *run)
{
    return mg_prim_error(run, "the stream is damaged");
}

static void stream_advance(struct stream *stream, uint64_t n)
{
    stream->object->words[STREAM_COUNT] = mg_small((int64_t)(stream->count + n));
}

/* The size of the next buffer, or 0 with the error set. */
static uint64_t next_room(struct mg_run *run, const struct stream *stream, uint64_t n,
                          uint64_t limit)
{
    uint64_t need = stream->count + n;
    if (n > limit || need > limit) {
        mg_prim_error(run, "the stream is too long");
        return 0;
    }
    uint64_t room = stream->room * 2;
    room = room < need ? need : room > limit ? limit : room;
    return room < STREAM_ROOM_MIN ? STREAM_ROOM_MIN : room;
}

/* Makes room for n more bytes. Answers args, perhaps moved, or NULL; *stream is read again. */
static mg_value *grow_text(struct mg_run *run, mg_value *args, struct stream *stream, uint64_t n)
{
    uint64_t room = next_room(run, stream, n, MG_TEXT_MAX);
    if (room == 0) {
        return NULL;
    }
    args = mg_text_reserve(run, args, mg_bytes_words(room), room);
    if (args == NULL) {
        return NULL;
    }
    stream_open(args[0], stream);
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(stream->buffer, &bytes, &len);
    mg_value buffer = mg_bytes_new(run->heap, NULL, room);
    memcpy(mg_bytes_writable(buffer), bytes, stream->count);
    mg_store(run->heap, stream->object, STREAM_BUFFER, buffer);
    stream->buffer = buffer;
    stream->room = room;
    return args;
}

static mg_value *grow_array(struct mg_run *run, mg_value *args, struct stream *stream, uint64_t n)
{
    uint64_t room = next_room(run, stream, n, MG_LIMIT_ARRAY_SLOTS);
    if (room == 0) {
        return NULL;
    }
    args = mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, room));
    if (args == NULL) {
        return NULL;
    }
    mg_run_charge(run, room / 32);
    stream_open(args[0], stream);
    struct mg_object *buffer = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, room);
    memcpy(buffer->words, mg_object(stream->buffer)->words, stream->count * sizeof(mg_value));
    for (uint64_t i = stream->count; i < room; i++) {
        buffer->words[i] = MG_NIL;
    }
    mg_store(run->heap, stream->object, STREAM_BUFFER, mg_pointer(buffer));
    stream->buffer = mg_pointer(buffer);
    stream->room = room;
    return args;
}

/* Appends the text args[1], a String, Symbol or Character. */
static mg_value put_text(struct mg_run *run, mg_value *args, struct stream *stream)
{
    struct mg_string_view text;
    mg_string_view(run->world, args[1], &text);
    if (MG_UNLIKELY(text.len > stream->room - stream->count)) {
        args = grow_text(run, args, stream, text.len);
        if (args == NULL) {
            return MG_PRIM_FAILED;
        }
        mg_string_view(run->world, args[1], &text);
    }
    memcpy(mg_bytes_writable(stream->buffer) + stream->count, text.bytes, text.len);
    stream_advance(stream, text.len);
    mg_run_charge(run, text.len / 256);
    return args[0];
}

static mg_value put_elements(struct mg_run *run, mg_value *args, struct stream *stream)
{
    const mg_value *elements;
    uint64_t n;
    mg_elements_of(run->world, args[1], &elements, &n);
    if (n > stream->room - stream->count) {
        args = grow_array(run, args, stream, n);
        if (args == NULL) {
            return MG_PRIM_FAILED;
        }
        mg_elements_of(run->world, args[1], &elements, &n);
    }
    for (uint64_t i = 0; i < n; i++) {
        mg_store(run->heap, mg_object(stream->buffer), stream->count + i, elements[i]);
    }
    stream_advance(stream, n);
    mg_run_charge(run, n / 16);
    return args[0];
}

static mg_value prim_put_all(struct mg_run *run, mg_value *args)
{
    struct stream stream;
    struct mg_string_view text;
    const mg_value *elements;
    uint64_t n;
    switch (stream_open(args[0], &stream)) {
    case STREAM_TEXT:
        return mg_text_view(run, args[1], &text) ? put_text(run, args, &stream) : MG_PRIM_DECLINE;
    case STREAM_ARRAY:
        return mg_elements_of(run->world, args[1], &elements, &n) ? put_elements(run, args, &stream)
                                                                  : MG_PRIM_DECLINE;
    case STREAM_DAMAGED:
        break;
    }
    return damaged(run);
}

static mg_value put_element(struct mg_run *run, mg_value *args, struct stream *stream)
{
    if (stream->count == stream->room) {
        args = grow_array(run, args, stream, 1);
        if (args == NULL) {
            return MG_PRIM_FAILED;
        }
    }
    mg_store(run->heap, mg_object(stream->buffer), stream->count, args[1]);
    stream_advance(stream, 1);
    return args[0];
}

static mg_value prim_put(struct mg_run *run, mg_value *args)
{
    struct stream stream;
    switch (stream_open(args[0], &stream)) {
    case STREAM_TEXT:
        return mg_is_character(args[1]) ? put_text(run, args, &stream) : MG_PRIM_DECLINE;
    case STREAM_ARRAY:
        return put_element(run, args, &stream);
    case STREAM_DAMAGED:
        break;
    }
    return damaged(run);
}

static mg_value text_contents(struct mg_run *run, mg_value *args, struct stream *stream)
{
    const uint8_t *bytes;
    size_t room, len = stream->count;
    mg_bytes_of(stream->buffer, &bytes, &room);
    bool ascii = mg_bytes_are_ascii(bytes, len);
    if (!ascii && !mg_utf8_valid(bytes, len)) {
        return damaged(run);
    }
    args = mg_text_reserve(run, args, mg_string_words(len), len);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    stream_open(args[0], stream);
    mg_bytes_of(stream->buffer, &bytes, &room);
    uint8_t *to;
    mg_value string = mg_string_begin(run->heap, len, &to);
    memcpy(to, bytes, len);
    mg_object(string)->header |= ascii ? MG_FLAG_ASCII : 0;
    mg_run_charge(run, len / 128);
    return string;
}

static mg_value array_contents(struct mg_run *run, mg_value *args, struct stream *stream)
{
    uint64_t n = stream->count;
    args = mg_run_reserve(run, args, mg_object_span(MG_FORMAT_ARRAY, n));
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_run_charge(run, n / 32);
    stream_open(args[0], stream);
    struct mg_object *array = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, n);
    memcpy(array->words, mg_object(stream->buffer)->words, n * sizeof(mg_value));
    return mg_pointer(array);
}

static mg_value prim_contents(struct mg_run *run, mg_value *args)
{
    struct stream stream;
    switch (stream_open(args[0], &stream)) {
    case STREAM_TEXT:
        return text_contents(run, args, &stream);
    case STREAM_ARRAY:
        return array_contents(run, args, &stream);
    case STREAM_DAMAGED:
        break;
    }
    return damaged(run);
}

static mg_value prim_truncate(struct mg_run *run, mg_value *args)
{
    struct stream stream;
    enum stream_kind kind = stream_open(args[0], &stream);
    if (kind == STREAM_DAMAGED) {
        return damaged(run);
    }
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t size = mg_small_value(args[1]);
    if (size < 0 || (uint64_t)size > stream.count) {
        return mg_prim_bounds_error(run, size, (int64_t)stream.count);
    }
    for (uint64_t i = (uint64_t)size; kind == STREAM_ARRAY && i < stream.count; i++) {
        mg_object(stream.buffer)->words[i] = MG_NIL;
    }
    stream.object->words[STREAM_COUNT] = args[1];
    mg_run_charge(run, stream.count / 64);
    return args[0];
}

const struct mg_prim_entry mg_prims_stream[] = {
    {"WriteStream>>nextPutAll:", prim_put_all},
    {"WriteStream>>nextPut:", prim_put},
    {"WriteStream>>primContents", prim_contents},
    {"WriteStream>>primTruncate:", prim_truncate},
    {NULL, NULL},
};
