/* SPDX-License-Identifier: MIT */
/* Primitives of Array and ArrayList.
 *
 * An ArrayList keeps its elements in items[start + 1 .. start + count] of an Array (or nil while
 * empty); the unused items are nil, so that they keep nothing alive.
 */
#include "base/limits.h"
#include "interp/elements.h"
#include "interp/prim.h"
#include "object/bytes.h"
#include "object/equal.h"
#include "object/sort.h"

/* A new Array of `n` words of the receiver class args[0], or of Array; NULL after setting the
 * error. */
static struct mg_object *new_array(struct mg_run *run, mg_value **args, uint32_t class_id,
                                   uint64_t n)
{
    *args = mg_run_reserve(run, *args, mg_object_span(MG_FORMAT_ARRAY, n));
    if (*args == NULL) {
        return NULL;
    }
    mg_run_charge(run, n / 64);
    return mg_heap_alloc(run->heap, class_id, MG_FORMAT_ARRAY, n);
}

static void fill(struct mg_object *array, uint64_t from, uint64_t to, mg_value v)
{
    for (uint64_t i = from; i < to; i++) {
        array->words[i] = v;
    }
}

static mg_value new_filled(struct mg_run *run, mg_value *args, bool with)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t n = mg_small_value(args[1]);
    if (n < 0) {
        return mg_prim_error(run, "size must be non-negative");
    }
    if (n > (int64_t)MG_LIMIT_ARRAY_SLOTS) {
        return mg_prim_error(run, "requested array size exceeds maximum");
    }
    struct mg_object *array = new_array(run, &args, mg_class_value_id(args[0]), (uint64_t)n);
    if (array == NULL) {
        return MG_PRIM_FAILED;
    }
    fill(array, 0, (uint64_t)n, with ? args[2] : MG_NIL);
    return mg_pointer(array);
}

static mg_value prim_array_new(struct mg_run *run, mg_value *args)
{
    return new_filled(run, args, false);
}

static mg_value prim_array_new_with_all(struct mg_run *run, mg_value *args)
{
    return new_filled(run, args, true);
}

static mg_value prim_array_size(struct mg_run *run, mg_value *args)
{
    (void)run;
    return mg_small((int64_t)mg_object_words(mg_object(args[0])));
}

/* Checks args[1] as an index into `size` elements; answers it from 0, or -1 with the error set. */
static int64_t checked_index(struct mg_run *run, mg_value index, int64_t size)
{
    if (!mg_is_small(index)) {
        mg_prim_type_error(run, 1, "SmallInteger");
        return -1;
    }
    int64_t i = mg_small_value(index);
    if (i < 1 || i > size) {
        mg_prim_bounds_error(run, i, size);
        return -1;
    }
    return i - 1;
}

static mg_value prim_array_at(struct mg_run *run, mg_value *args)
{
    int64_t i = checked_index(run, args[1], (int64_t)mg_object_words(mg_object(args[0])));
    return i < 0 ? MG_PRIM_FAILED : mg_slot(args[0], (uint32_t)i);
}

static mg_value prim_array_at_put(struct mg_run *run, mg_value *args)
{
    int64_t i = checked_index(run, args[1], (int64_t)mg_object_words(mg_object(args[0])));
    if (i < 0) {
        return MG_PRIM_FAILED;
    }
    mg_store(run->heap, mg_object(args[0]), (uint64_t)i, args[2]);
    return args[2];
}

struct list {
    struct mg_object *object;
    struct mg_object *items; /* NULL while it never held anything */
    int64_t start, count, room;
};

/* What the slots of a list say; an empty list when reflection has put nonsense into them. */
static struct list list_of(mg_value v)
{
    struct list list = {.object = mg_object(v)};
    mg_value items = list.object->words[MG_ARRAY_LIST_ITEMS];
    mg_value start = list.object->words[MG_ARRAY_LIST_START];
    mg_value count = list.object->words[MG_ARRAY_LIST_COUNT];
    if (!mg_has_format(items, MG_FORMAT_ARRAY) || !mg_both_small(start, count)) {
        return list;
    }
    int64_t room = (int64_t)mg_object_words(mg_object(items));
    int64_t first = mg_small_value(start), n = mg_small_value(count);
    if (first < 0 || n < 0 || first > room || n > room - first) {
        return list;
    }
    list.items = mg_object(items);
    list.room = room;
    list.start = first;
    list.count = n;
    return list;
}

/* Yes, no, or not mine: compares element by element as far as all pairs have intrinsic equality. */
static mg_value prim_array_equal(struct mg_run *run, mg_value *args)
{
    const mg_value *mine, *theirs;
    uint64_t n, m;
    if (!mg_is_pointer(args[1]) || !mg_has_format(args[1], MG_FORMAT_ARRAY) ||
        mg_object_class(mg_object(args[0])) != mg_object_class(mg_object(args[1]))) {
        return MG_FALSE;
    }
    mg_elements_of(run->world, args[0], &mine, &n);
    mg_elements_of(run->world, args[1], &theirs, &m);
    if (n != m) {
        return MG_FALSE;
    }
    bool equal = true;
    for (uint64_t i = 0; i < n; i++) {
        enum mg_equality e = mg_equal(mine[i], theirs[i]);
        if (e == MG_EQUAL_UNKNOWN) {
            return MG_PRIM_DECLINE;
        }
        if (e == MG_EQUAL_NO) {
            equal = false;
            break;
        }
    }
    mg_run_charge(run, n / 16);
    return mg_boolean(equal);
}

static mg_value prim_array_hash(struct mg_run *run, mg_value *args)
{
    const mg_value *elements;
    uint64_t n;
    mg_elements_of(run->world, args[0], &elements, &n);
    uint64_t hash = n;
    for (uint64_t i = 0; i < n; i++) {
        int64_t one;
        if (!mg_equal_hash(elements[i], &one)) {
            return MG_PRIM_DECLINE;
        }
        hash = (hash * 31 + (uint64_t)one) & 0x3fffffff;
    }
    mg_run_charge(run, n / 16);
    return mg_small((int64_t)hash);
}

static mg_value prim_index_of(struct mg_run *run, mg_value *args)
{
    const mg_value *elements;
    uint64_t n;
    int64_t hash;
    if (!mg_equal_hash(args[1], &hash)) {
        return MG_PRIM_DECLINE;
    }
    mg_elements_of(run->world, args[0], &elements, &n);
    for (uint64_t i = 0; i < n; i++) {
        enum mg_equality e = mg_equal(elements[i], args[1]);
        if (e == MG_EQUAL_UNKNOWN) {
            return MG_PRIM_DECLINE;
        }
        if (e == MG_EQUAL_YES) {
            mg_run_charge(run, i / 16);
            return mg_small((int64_t)i + 1);
        }
    }
    mg_run_charge(run, n / 16);
    return mg_small(0);
}

/* A fresh Array of the elements from..from+count-1 (from 0) of args[0], an Array. */
static mg_value copy_range(struct mg_run *run, mg_value *args, uint64_t from, uint64_t count,
                           uint64_t extra)
{
    uint32_t class_id = mg_object_class(mg_object(args[0]));
    struct mg_object *copy = new_array(run, &args, class_id, count + extra);
    if (copy == NULL) {
        return MG_PRIM_FAILED;
    }
    memcpy(copy->words, mg_object(args[0])->words + from, count * sizeof(mg_value));
    fill(copy, count, count + extra, extra == 1 ? args[1] : MG_NIL);
    return mg_pointer(copy);
}

static mg_value prim_array_copy_from_to(struct mg_run *run, mg_value *args)
{
    for (uint32_t i = 1; i <= 2; i++) {
        if (!mg_is_small(args[i])) {
            return mg_prim_type_error(run, i, "SmallInteger");
        }
    }
    int64_t from = mg_small_value(args[1]), to = mg_small_value(args[2]);
    int64_t size = (int64_t)mg_object_words(mg_object(args[0]));
    if (to == from - 1) {
        return copy_range(run, args, 0, 0, 0);
    }
    if (to < from) {
        return mg_prim_error(run, "size must be non-negative");
    }
    if (from < 1 || from > size) {
        return mg_prim_bounds_error(run, from, size);
    }
    if (to > size) {
        return mg_prim_bounds_error(run, to, size);
    }
    return copy_range(run, args, (uint64_t)from - 1, (uint64_t)(to - from + 1), 0);
}

static mg_value prim_array_copy_with(struct mg_run *run, mg_value *args)
{
    return copy_range(run, args, 0, mg_object_words(mg_object(args[0])), 1);
}

static mg_value prim_array_concat(struct mg_run *run, mg_value *args)
{
    const mg_value *theirs;
    uint64_t m;
    if (!mg_elements_of(run->world, args[1], &theirs, &m)) {
        return MG_PRIM_DECLINE;
    }
    uint64_t n = mg_object_words(mg_object(args[0]));
    if (n + m > MG_LIMIT_ARRAY_SLOTS) {
        return mg_prim_error(run, "requested array size exceeds maximum");
    }
    uint32_t class_id = mg_object_class(mg_object(args[0]));
    struct mg_object *both = new_array(run, &args, class_id, n + m);
    if (both == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_elements_of(run->world, args[1], &theirs, &m);
    memcpy(both->words, mg_object(args[0])->words, n * sizeof(mg_value));
    memcpy(both->words + n, theirs, m * sizeof(mg_value));
    return mg_pointer(both);
}

static mg_value prim_array_reversed(struct mg_run *run, mg_value *args)
{
    uint64_t n = mg_object_words(mg_object(args[0]));
    uint32_t class_id = mg_object_class(mg_object(args[0]));
    struct mg_object *reversed = new_array(run, &args, class_id, n);
    if (reversed == NULL) {
        return MG_PRIM_FAILED;
    }
    const mg_value *from = mg_object(args[0])->words;
    for (uint64_t i = 0; i < n; i++) {
        reversed->words[i] = from[n - 1 - i];
    }
    return mg_pointer(reversed);
}

/* Stores count values into an object, with the barrier where it is needed. Overlap safe. */
static void store_range(struct mg_heap *heap, struct mg_object *to, uint64_t at,
                        const mg_value *from, uint64_t count)
{
    memmove(to->words + at, from, count * sizeof(mg_value));
    if ((to->header & MG_GC_OLD) != 0) {
        for (uint64_t i = at; i < at + count; i++) {
            mg_store(heap, to, i, to->words[i]);
        }
    }
}

static mg_value prim_array_replace(struct mg_run *run, mg_value *args)
{
    const mg_value *source;
    uint64_t m;
    if (!mg_elements_of(run->world, args[3], &source, &m)) {
        return MG_PRIM_DECLINE;
    }
    for (uint32_t i = 1; i <= 4; i++) {
        if (i != 3 && !mg_is_small(args[i])) {
            return mg_prim_type_error(run, i, "SmallInteger");
        }
    }
    int64_t from = mg_small_value(args[1]), to = mg_small_value(args[2]);
    int64_t start = mg_small_value(args[4]);
    int64_t size = (int64_t)mg_object_words(mg_object(args[0]));
    if (to < from) {
        return args[0];
    }
    if (from < 1 || from > size || to > size) {
        return mg_prim_bounds_error(run, from < 1 || from > size ? from : to, size);
    }
    int64_t last = start + (to - from);
    if (start < 1 || last > (int64_t)m) {
        return mg_prim_bounds_error(run, start < 1 ? start : last, (int64_t)m);
    }
    uint64_t count = (uint64_t)(to - from + 1);
    store_range(run->heap, mg_object(args[0]), (uint64_t)from - 1, source + start - 1, count);
    mg_run_charge(run, count / 32);
    return args[0];
}

static mg_value prim_array_sorted(struct mg_run *run, mg_value *args)
{
    uint64_t n = mg_object_words(mg_object(args[0]));
    if (!mg_sort_is_intrinsic(mg_object(args[0])->words, n)) {
        return MG_NIL;
    }
    struct mg_object *sorted = new_array(run, &args, MG_CLASS_ARRAY, n);
    if (sorted == NULL) {
        return MG_PRIM_FAILED;
    }
    memcpy(sorted->words, mg_object(args[0])->words, n * sizeof(mg_value));
    mg_sort(run->world, sorted->words, n);
    mg_run_charge(run, n);
    return mg_pointer(sorted);
}

/* ArrayList. */

static void list_set(struct list *list, int64_t start, int64_t count)
{
    list->object->words[MG_ARRAY_LIST_START] = mg_small(start);
    list->object->words[MG_ARRAY_LIST_COUNT] = mg_small(count);
}

static mg_value new_list(struct mg_run *run, mg_value *args, int64_t room)
{
    uint64_t words =
        mg_object_span(MG_FORMAT_SLOTS, 3) + mg_object_span(MG_FORMAT_ARRAY, (uint64_t)room);
    const struct mg_class *class = mg_world_class(run->world, mg_class_value_id(args[0]));
    args = mg_run_reserve(run, args, words + class->slot_count);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct mg_object *items = NULL;
    if (room > 0) {
        items = mg_heap_alloc(run->heap, MG_CLASS_ARRAY, MG_FORMAT_ARRAY, (uint64_t)room);
        fill(items, 0, (uint64_t)room, MG_NIL);
    }
    struct mg_object *list =
        mg_heap_alloc(run->heap, class->id, MG_FORMAT_SLOTS, class->slot_count);
    fill(list, 0, class->slot_count, MG_NIL);
    list->words[MG_ARRAY_LIST_ITEMS] = items == NULL ? MG_NIL : mg_pointer(items);
    list->words[MG_ARRAY_LIST_START] = mg_small(0);
    list->words[MG_ARRAY_LIST_COUNT] = mg_small(0);
    return mg_pointer(list);
}

static mg_value prim_list_new(struct mg_run *run, mg_value *args)
{
    return new_list(run, args, 0);
}

static mg_value prim_list_new_room(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[1])) {
        return mg_prim_type_error(run, 1, "SmallInteger");
    }
    int64_t room = mg_small_value(args[1]);
    if (room > (int64_t)MG_LIMIT_ARRAY_SLOTS) {
        return mg_prim_error(run, "requested capacity exceeds maximum");
    }
    return new_list(run, args, room < 0 ? 0 : room);
}

static mg_value prim_list_at(struct mg_run *run, mg_value *args)
{
    struct list list = list_of(args[0]);
    int64_t i = checked_index(run, args[1], list.count);
    return i < 0 ? MG_PRIM_FAILED : list.items->words[list.start + i];
}

static mg_value prim_list_at_put(struct mg_run *run, mg_value *args)
{
    struct list list = list_of(args[0]);
    int64_t i = checked_index(run, args[1], list.count);
    if (i < 0) {
        return MG_PRIM_FAILED;
    }
    mg_store(run->heap, list.items, (uint64_t)(list.start + i), args[2]);
    return args[2];
}

/* Gives the list's items so many words where they are, if that can be. */
static bool list_extend(struct mg_run *run, const struct list *list, uint64_t words)
{
    if (list->items == NULL || !mg_heap_can_extend(list->items, words) ||
        !mg_heap_allows(run->heap, mg_heap_extend_bytes(list->items, words))) {
        return false;
    }
    mg_run_charge(run, words / 64);
    mg_heap_extend(run->heap, list->items, words);
    return true;
}

/* Makes room for `front` more elements before and `back` more behind. Answers args, moved, or
 * NULL. */
static mg_value *list_grow(struct mg_run *run, mg_value *args, int64_t front, int64_t back)
{
    struct list list = list_of(args[0]);
    if (list.start >= front && list.start + list.count + back <= list.room) {
        return args;
    }
    int64_t need = list.count + front + back;
    if (need > (int64_t)MG_LIMIT_ARRAY_SLOTS) {
        mg_prim_error(run, "the list is too long");
        return NULL;
    }
    int64_t room = need + need / 2 + 4;
    if (front == 0 && list.start <= list.count / 2 &&
        list_extend(run, &list, (uint64_t)(list.start + room))) {
        return args;
    }
    struct mg_object *items = new_array(run, &args, MG_CLASS_ARRAY, (uint64_t)room);
    if (items == NULL) {
        return NULL;
    }
    list = list_of(args[0]);
    int64_t start = front == 0 ? 0 : room - list.count - back - (room - need) / 4;
    fill(items, 0, (uint64_t)start, MG_NIL);
    if (list.count > 0) {
        memcpy(items->words + start, list.items->words + list.start,
               (size_t)list.count * sizeof(mg_value));
    }
    fill(items, (uint64_t)(start + list.count), (uint64_t)room, MG_NIL);
    mg_store(run->heap, list.object, MG_ARRAY_LIST_ITEMS, mg_pointer(items));
    list_set(&list, start, list.count);
    return args;
}

static mg_value prim_list_add(struct mg_run *run, mg_value *args)
{
    args = list_grow(run, args, 0, 1);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct list list = list_of(args[0]);
    mg_store(run->heap, list.items, (uint64_t)(list.start + list.count), args[1]);
    list_set(&list, list.start, list.count + 1);
    return args[0];
}

static mg_value prim_list_add_first(struct mg_run *run, mg_value *args)
{
    args = list_grow(run, args, 1, 0);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct list list = list_of(args[0]);
    mg_store(run->heap, list.items, (uint64_t)(list.start - 1), args[1]);
    list_set(&list, list.start - 1, list.count + 1);
    return args[0];
}

static mg_value prim_list_remove_first(struct mg_run *run, mg_value *args)
{
    struct list list = list_of(args[0]);
    if (list.count == 0) {
        return mg_prim_bounds_error(run, 1, 0);
    }
    mg_value v = list.items->words[list.start];
    list.items->words[list.start] = MG_NIL;
    list_set(&list, list.count == 1 ? 0 : list.start + 1, list.count - 1);
    return v;
}

static mg_value prim_list_remove_last(struct mg_run *run, mg_value *args)
{
    struct list list = list_of(args[0]);
    if (list.count == 0) {
        return mg_prim_bounds_error(run, 1, 0);
    }
    mg_value v = list.items->words[list.start + list.count - 1];
    list.items->words[list.start + list.count - 1] = MG_NIL;
    list_set(&list, list.count == 1 ? 0 : list.start, list.count - 1);
    return v;
}

static mg_value prim_list_add_array(struct mg_run *run, mg_value *args)
{
    const mg_value *elements;
    uint64_t n;
    if (!mg_elements_of(run->world, args[1], &elements, &n)) {
        return mg_prim_type_error(run, 1, "Array");
    }
    args = list_grow(run, args, 0, (int64_t)n);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    mg_elements_of(run->world, args[1], &elements, &n);
    struct list list = list_of(args[0]);
    if (n > 0) {
        store_range(run->heap, list.items, (uint64_t)(list.start + list.count), elements, n);
    }
    list_set(&list, list.start, list.count + (int64_t)n);
    mg_run_charge(run, n / 32);
    return args[0];
}

static mg_value prim_list_remove_at(struct mg_run *run, mg_value *args)
{
    struct list list = list_of(args[0]);
    int64_t i = checked_index(run, args[1], list.count);
    if (i < 0) {
        return MG_PRIM_FAILED;
    }
    mg_value v = list.items->words[list.start + i];
    uint64_t at = (uint64_t)(list.start + i);
    uint64_t behind = (uint64_t)(list.count - i - 1);
    store_range(run->heap, list.items, at, list.items->words + at + 1, behind);
    list.items->words[list.start + list.count - 1] = MG_NIL;
    list_set(&list, list.start, list.count - 1);
    mg_run_charge(run, behind / 32);
    return v;
}

static mg_value prim_list_insert_at(struct mg_run *run, mg_value *args)
{
    if (!mg_is_small(args[2])) {
        return mg_prim_type_error(run, 2, "SmallInteger");
    }
    int64_t count = list_of(args[0]).count;
    int64_t i = mg_small_value(args[2]) - 1;
    if (i < 0 || i > count) {
        return mg_prim_bounds_error(run, i + 1, count);
    }
    args = list_grow(run, args, 0, 1);
    if (args == NULL) {
        return MG_PRIM_FAILED;
    }
    struct list list = list_of(args[0]);
    uint64_t at = (uint64_t)(list.start + i);
    store_range(run->heap, list.items, at + 1, list.items->words + at, (uint64_t)(count - i));
    mg_store(run->heap, list.items, at, args[1]);
    list_set(&list, list.start, count + 1);
    mg_run_charge(run, (uint64_t)(count - i) / 32);
    return args[1];
}

static mg_value prim_list_as_array(struct mg_run *run, mg_value *args)
{
    uint64_t n = (uint64_t)list_of(args[0]).count;
    struct mg_object *array = new_array(run, &args, MG_CLASS_ARRAY, n);
    if (array == NULL) {
        return MG_PRIM_FAILED;
    }
    struct list list = list_of(args[0]);
    if (n > 0) {
        memcpy(array->words, list.items->words + list.start, n * sizeof(mg_value));
    }
    return mg_pointer(array);
}

const struct mg_prim_entry mg_prims_array[] = {
    {"Array class>>new:", prim_array_new},
    {"Array class>>new:withAll:", prim_array_new_with_all},
    {"Array>>size", prim_array_size},
    {"Array>>at:", prim_array_at},
    {"Array>>at:put:", prim_array_at_put},
    {"Array>>=", prim_array_equal},
    {"Array>>hash", prim_array_hash},
    {"Array>>indexOf:", prim_index_of},
    {"Array>>copyFrom:to:", prim_array_copy_from_to},
    {"Array>>,", prim_array_concat},
    {"Array>>copyWith:", prim_array_copy_with},
    {"Array>>reversed", prim_array_reversed},
    {"Array>>replaceFrom:to:with:startingAt:", prim_array_replace},
    {"Array>>primSortedByDefault", prim_array_sorted},
    {"ArrayList class>>new", prim_list_new},
    {"ArrayList class>>new:", prim_list_new_room},
    {"ArrayList>>at:", prim_list_at},
    {"ArrayList>>at:put:", prim_list_at_put},
    {"ArrayList>>add:", prim_list_add},
    {"ArrayList>>addFirst:", prim_list_add_first},
    {"ArrayList>>removeFirst", prim_list_remove_first},
    {"ArrayList>>removeLast", prim_list_remove_last},
    {"ArrayList>>primAddArray:", prim_list_add_array},
    {"ArrayList>>removeAt:", prim_list_remove_at},
    {"ArrayList>>insert:at:", prim_list_insert_at},
    {"ArrayList>>asArray", prim_list_as_array},
    {"ArrayList>>primIndexOf:", prim_index_of},
    {NULL, NULL},
};
