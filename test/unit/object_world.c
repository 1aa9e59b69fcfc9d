/* SPDX-License-Identifier: MIT */
/* The world: the kernel's classes, definitions, look-up, and what readers see while writers work.
 */
#include "object/world.h"

#include <pthread.h>
#include <stdio.h>

#include "base/atomic.h"
#include "base/limits.h"
#include "base/rng.h"
#include "object/class.h"
#include "support/unit.h"

static uint32_t symbol(struct mg_world *world, const char *text)
{
    return mg_symbol_intern(world->symbols, text, strlen(text));
}

static uint32_t named(struct mg_world *world, const char *name)
{
    return mg_world_class_named(world, name, strlen(name));
}

static uint32_t define(struct mg_world *world, const char *name, uint32_t superclass)
{
    return mg_world_define_class(world, symbol(world, name), superclass, NULL, 0, NULL, 0, NULL);
}

static struct mg_method *method(struct mg_world *world, uint32_t class_id, const char *selector)
{
    struct mg_method *m = mg_world_alloc(world, sizeof *m);
    m->class_id = class_id;
    m->selector = symbol(world, selector);
    return m;
}

static struct mg_method *install(struct mg_world *world, uint32_t class_id, const char *selector)
{
    struct mg_method *m = method(world, class_id, selector);
    ck_assert_int_eq(mg_world_install(world, &m, 1), 0);
    return m;
}

/* The classes of kernel.def have their ids, superclasses, formats and slots; metaclasses mirror
 * them. */
UNIT_CASE(kernel_classes)
{
    struct mg_world *world = mg_world_new();
    mg_world_audit(world);
    ck_assert_uint_eq(named(world, "Object"), MG_CLASS_OBJECT);
    ck_assert_uint_eq(named(world, "WeakReference"), MG_CLASS_WEAK_REFERENCE);
    ck_assert_uint_eq(named(world, "Nobody"), MG_NO_CLASS);
    ck_assert_uint_eq(named(world, "Array class"), MG_KERNEL_CLASS_COUNT + MG_CLASS_ARRAY);
    const struct mg_class *dictionary = mg_world_class(world, MG_CLASS_DICTIONARY);
    ck_assert_uint_eq(dictionary->superclass, MG_CLASS_HASHED_COLLECTION);
    ck_assert_uint_eq(dictionary->slot_count, 4);
    ck_assert_uint_eq(dictionary->own_slots, 0);
    ck_assert_str_eq(mg_world_text(world, dictionary->slot_names[MG_HASHED_INDEX]), "index");
    const struct mg_class *error = mg_world_class(world, MG_CLASS_MESSAGE_NOT_UNDERSTOOD);
    ck_assert_uint_eq(error->slot_count, MG_EXCEPTION_SLOTS + 2);
    ck_assert_str_eq(mg_world_text(world, error->slot_names[MG_EXCEPTION_SLOTS]), "receiver");
    ck_assert_uint_eq(mg_world_class(world, MG_CLASS_STRING)->format, MG_FORMAT_STRING);
    const struct mg_class *meta =
        mg_world_class(world, mg_world_class(world, MG_CLASS_OBJECT)->meta);
    ck_assert_uint_eq(meta->superclass, MG_CLASS_CLASS);
    ck_assert_uint_eq(meta->instance, MG_CLASS_OBJECT);
    ck_assert_str_eq(mg_world_text(world, meta->name), "Object class");
    ck_assert(mg_world_inherits(world, meta->id, MG_CLASS_CLASS));
    ck_assert(mg_world_inherits(world, MG_CLASS_SYMBOL, MG_CLASS_COLLECTION));
    ck_assert(!mg_world_inherits(world, MG_CLASS_COLLECTION, MG_CLASS_SYMBOL));
    ck_assert_uint_eq(mg_class_of(world, mg_class_value(MG_CLASS_ARRAY)),
                      meta->id + MG_CLASS_ARRAY);
    ck_assert_uint_eq(mg_class_of(world, mg_class_value(meta->id)), MG_CLASS_METACLASS);
    ck_assert_uint_eq(mg_class_of(world, mg_small(3)), MG_CLASS_SMALL_INTEGER);
    mg_world_free(world);
}

/* A class defined later inherits slots and format, and its metaclass inherits from the
 * superclass's. */
UNIT_CASE(defining_classes)
{
    struct mg_world *world = mg_world_new();
    uint32_t slots[] = {symbol(world, "x"), symbol(world, "y")}, z = symbol(world, "z");
    uint32_t point = mg_world_define_class(world, symbol(world, "Geo::Point"), MG_CLASS_OBJECT,
                                           slots, 2, NULL, 0, "A point.");
    ck_assert_uint_eq(point, 2 * MG_KERNEL_CLASS_COUNT);
    uint32_t solid =
        mg_world_define_class(world, symbol(world, "Solid"), point, &z, 1, NULL, 0, NULL);
    const struct mg_class *class = mg_world_class(world, solid);
    ck_assert_uint_eq(class->slot_count, 3);
    ck_assert_uint_eq(class->slot_names[0], slots[0]);
    ck_assert_uint_eq(class->slot_names[2], z);
    ck_assert_uint_eq(mg_world_class(world, class->meta)->superclass,
                      mg_world_class(world, point)->meta);
    ck_assert_uint_eq(named(world, "Geo::Point"), point);
    ck_assert_uint_eq(named(world, "Solid class"), class->meta);
    ck_assert_str_eq(mg_world_class(world, point)->doc, "A point.");
    ck_assert_uint_eq(mg_world_class(world, define(world, "Text", MG_CLASS_STRING))->format,
                      MG_FORMAT_STRING);
    mg_world_audit(world);
    /* Slots behind anything but slots are refused. */
    ck_assert(!mg_world_allows_slots(world, MG_CLASS_ARRAY));
    ck_assert_uint_eq(
        mg_world_define_class(world, symbol(world, "Bad"), MG_CLASS_ARRAY, slots, 2, NULL, 0, NULL),
        MG_NO_CLASS);
    ck_assert_uint_eq(named(world, "Bad"), MG_NO_CLASS);
    /* A second definition of a name is a new class, which takes the name over. */
    uint32_t again = define(world, "Solid", MG_CLASS_OBJECT);
    ck_assert_uint_ne(again, solid);
    ck_assert_uint_eq(named(world, "Solid"), again);
    mg_world_audit(world);
    mg_world_free(world);
}

/* Look-up goes upwards; the nearest definition wins, and a new one is seen at once. */
UNIT_CASE(lookup)
{
    struct mg_world *world = mg_world_new();
    uint32_t a = define(world, "A", MG_CLASS_OBJECT), b = define(world, "B", a),
             foo = symbol(world, "foo");
    ck_assert_ptr_null(mg_world_lookup(world, b, foo));
    struct mg_method *general = install(world, MG_CLASS_OBJECT, "foo");
    ck_assert_ptr_eq(mg_world_lookup(world, b, foo), general);
    ck_assert_ptr_eq(mg_world_lookup(world, mg_world_class(world, b)->meta, foo), general);
    struct mg_method *special = install(world, a, "foo");
    ck_assert_ptr_eq(mg_world_lookup(world, b, foo), special);
    ck_assert_ptr_eq(mg_world_lookup(world, MG_CLASS_ARRAY, foo), general);
    ck_assert_ptr_null(mg_world_own_method(world, b, foo));
    ck_assert_ptr_eq(mg_world_own_method(world, a, foo), special);
    struct mg_method *newer = install(world, a, "foo");
    ck_assert_ptr_eq(mg_world_lookup(world, b, foo), newer);
    ck_assert_ptr_eq(mg_world_method(world, special->index), special);
    struct mg_method *of_class = install(world, mg_world_class(world, a)->meta, "foo");
    ck_assert_ptr_eq(mg_world_lookup(world, mg_world_class(world, b)->meta, foo), of_class);
    mg_world_audit(world);
    mg_world_free_retired(world);
    mg_world_audit(world);
    mg_world_free(world);
}

/* W2: the lookup ids of the class and all below are renewed, those of others are not, and none
 * comes twice. */
UNIT_CASE(lookup_ids)
{
    struct mg_world *world = mg_world_new();
    uint32_t a = define(world, "A", MG_CLASS_OBJECT), b = define(world, "B", a),
             c = define(world, "C", MG_CLASS_OBJECT);
    uint32_t of_a = mg_world_lookup_id(world, a), of_b = mg_world_lookup_id(world, b);
    uint32_t of_c = mg_world_lookup_id(world, c), of_meta = mg_world_lookup_id(world, b + 1);
    install(world, a, "foo");
    ck_assert_uint_gt(mg_world_lookup_id(world, a), of_a);
    ck_assert_uint_gt(mg_world_lookup_id(world, b), of_b);
    ck_assert_uint_ne(mg_world_lookup_id(world, a), mg_world_lookup_id(world, b));
    ck_assert_uint_eq(mg_world_lookup_id(world, c), of_c);
    ck_assert_uint_eq(mg_world_lookup_id(world, b + 1), of_meta);
    install(world, MG_CLASS_CLASS, "foo");
    ck_assert_uint_gt(mg_world_lookup_id(world, b + 1), of_meta);
    ck_assert_uint_eq(mg_world_lookup_id(world, c), of_c);
    install(world, MG_CLASS_OBJECT, "bar");
    ck_assert_uint_gt(mg_world_lookup_id(world, c), of_c);
    mg_world_free(world);
}

static void collect(const struct mg_method *m, void *context)
{
    uint32_t **next = context;
    *(*next)++ = m->selector;
}

/* Methods are visited in the order of their first definition, however many there are. */
UNIT_CASE(order_of_definition)
{
    enum { COUNT = 300 };
    struct mg_world *world = mg_world_new();
    struct mg_method *methods[COUNT];
    uint32_t a = define(world, "A", MG_CLASS_OBJECT), seen[COUNT], *next = seen;
    char text[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "m%d", (i * 7) % COUNT);
        methods[i] = method(world, a, text);
    }
    ck_assert_int_eq(mg_world_install(world, methods, COUNT / 2), 0);
    ck_assert_int_eq(mg_world_install(world, methods + COUNT / 2, COUNT / 2), 0);
    install(world, a, "m0");
    mg_world_each_method(world, a, collect, &next);
    ck_assert_ptr_eq(next, seen + COUNT);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(seen[i], methods[i]->selector);
        ck_assert_uint_eq(methods[i]->index, (uint32_t)i + 1);
    }
    mg_world_audit(world);
    mg_world_free(world);
}

/* Class variables are seen in the class, its metaclass and below, and have numbers of their own. */
UNIT_CASE(class_variables)
{
    struct mg_world *world = mg_world_new();
    uint32_t names[] = {symbol(world, "Count"), symbol(world, "Limit")};
    uint32_t a =
        mg_world_define_class(world, symbol(world, "A"), MG_CLASS_OBJECT, NULL, 0, names, 2, NULL);
    uint32_t b = mg_world_define_class(world, symbol(world, "B"), a, NULL, 0, names, 1, NULL);
    uint32_t count = mg_world_cvar(world, a, names[0]), limit = mg_world_cvar(world, a, names[1]);
    ck_assert(count != 0 && limit != 0 && count != limit);
    ck_assert_uint_eq(mg_world_cvar(world, a + 1, names[0]), count);
    ck_assert_uint_eq(mg_world_cvar(world, b + 1, names[1]), limit);
    ck_assert_uint_ne(mg_world_cvar(world, b, names[0]), count);
    ck_assert_uint_eq(mg_world_cvar(world, MG_CLASS_OBJECT, names[0]), 0);
    mg_world_add_cvars(world, MG_CLASS_OBJECT, names, 2);
    mg_world_add_cvars(world, MG_CLASS_OBJECT, names, 2);
    ck_assert_uint_eq(mg_world_class(world, MG_CLASS_OBJECT)->cvar_count, 2);
    ck_assert_uint_ne(mg_world_cvar(world, MG_CLASS_ARRAY, names[0]), 0);
    ck_assert_uint_eq(mg_world_cvar(world, a, names[0]), count);
    mg_world_document_class(world, MG_CLASS_OBJECT, "first");
    mg_world_document_class(world, MG_CLASS_OBJECT, "second");
    ck_assert_str_eq(mg_world_class(world, MG_CLASS_OBJECT)->doc, "first");
    mg_world_audit(world);
    mg_world_free(world);
}

/* A global is made once and stays where it is; a class's name is its global. */
UNIT_CASE(globals)
{
    struct mg_world *world = mg_world_new();
    uint32_t name = symbol(world, "Later");
    struct mg_global *global = mg_world_global(world, name);
    ck_assert_ptr_eq(mg_world_global(world, name), global);
    ck_assert_uint_eq(load_acquire(&global->value), MG_UNSET);
    uint32_t id = define(world, "Later", MG_CLASS_OBJECT);
    ck_assert_ptr_eq(mg_world_global(world, name), global);
    ck_assert_uint_eq(load_acquire(&global->value), mg_class_value(id));
    mg_world_free(world);
}

/* Random definitions agree with a model that keeps a plain table of classes by selectors. */
UNIT_CASE(agrees_with_a_model)
{
    enum { CLASSES = 40, SELECTORS = 12, ROUNDS = 400 };
    static struct mg_method *model[CLASSES][SELECTORS];
    struct mg_world *world = mg_world_new();
    struct mg_rng rng;
    uint32_t ids[CLASSES], supers[CLASSES], selectors[SELECTORS];
    char text[32];
    mg_rng_seed(&rng, 3);
    for (uint32_t s = 0; s < SELECTORS; s++) {
        snprintf(text, sizeof text, "s%u", s);
        selectors[s] = symbol(world, text);
    }
    for (uint32_t c = 0; c < CLASSES; c++) {
        snprintf(text, sizeof text, "C%u", c);
        supers[c] = c == 0 ? UINT32_MAX : (uint32_t)mg_rng_below(&rng, c);
        ids[c] = define(world, text, c == 0 ? MG_CLASS_OBJECT : ids[supers[c]]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct mg_method *batch[5];
        uint32_t n = 1 + (uint32_t)mg_rng_below(&rng, 5);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t c = (uint32_t)mg_rng_below(&rng, CLASSES),
                     s = (uint32_t)mg_rng_below(&rng, SELECTORS);
            snprintf(text, sizeof text, "s%u", s);
            batch[i] = model[c][s] = method(world, ids[c], text);
        }
        ck_assert_int_eq(mg_world_install(world, batch, n), 0);
        for (uint32_t c = 0; c < CLASSES; c++) {
            for (uint32_t s = 0; s < SELECTORS; s++) {
                uint32_t up = c;
                while (up != UINT32_MAX && model[up][s] == NULL) {
                    up = supers[up];
                }
                struct mg_method *expected = up == UINT32_MAX ? NULL : model[up][s];
                ck_assert_ptr_eq(mg_world_lookup(world, ids[c], selectors[s]), expected);
            }
        }
    }
    mg_world_audit(world);
    mg_world_free(world);
}

struct reader {
    struct mg_world *world;
    uint32_t class_id;
    uint32_t selector;
    _Atomic(bool) stop;
};

/* W1, W6: a method found after reading a lookup id is no older than the id: a cache filled like
 * this is never stale. */
static void *reader_run(void *argument)
{
    struct reader *r = argument;
    uint32_t last_id = 0, last_index = 0;
    while (!load_acquire(&r->stop)) {
        uint32_t id = mg_world_lookup_id(r->world, r->class_id);
        struct mg_method *m = mg_world_lookup(r->world, r->class_id, r->selector);
        CHECK(m->selector == r->selector);
        CHECK(mg_world_method(r->world, m->index) == m);
        CHECK(id >= last_id && m->index >= last_index);
        last_id = id;
        last_index = m->index;
    }
    return NULL;
}

UNIT_CASE(readers_see_whole_definitions)
{
    enum { INSTALLS = 2000 };
    struct mg_world *world = mg_world_new();
    uint32_t a = define(world, "A", MG_CLASS_OBJECT), b = define(world, "B", a);
    install(world, a, "foo");
    struct reader reader = {.world = world, .class_id = b, .selector = symbol(world, "foo")};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, reader_run, &reader), 0);
    char text[32];
    for (int i = 0; i < INSTALLS; i++) {
        install(world, a, "foo");
        if (i % 100 == 0) {
            snprintf(text, sizeof text, "New%d", i);
            define(world, text, b);
        }
    }
    store_release(&reader.stop, true);
    pthread_join(thread, NULL);
    mg_world_audit(world);
    mg_world_free(world);
}

UNIT_MAIN("object/world", kernel_classes, defining_classes, lookup, lookup_ids, order_of_definition,
          class_variables, globals, agrees_with_a_model, readers_see_whole_definitions)
