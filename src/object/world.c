/* SPDX-License-Identifier: MIT */
/* The tables of the world, and the few writers that fill them.
 *
 * All writers hold `lock`. A class definition is replaced as a whole when it gets class variables
 * or a text later, so a reader sees the old one or the new one. Class variables belong to a class
 * and are seen from its metaclass too: a walk up the metaclasses looks at the class behind each.
 *
 * W5  A superclass has a smaller id than its subclass, metaclasses included. So one pass over the
 *     ids, upwards, reaches every class after its superclass.
 * W6  A lookup id is read before the classes are looked at. Then what was found is never older than
 *     the id says.
 *
 * Threads and memory: world.h.
 */
#include "object/world.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/atomic.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/lock.h"
#include "object/bytes.h"
#include "object/class.h"

#include <string.h>

struct mg_world_private {
    struct mg_lock lock;
    _Atomic(struct mg_global *) *globals; // by symbol id
    struct mg_method_dict *retired;       // replaced, perhaps still being read (W4); under the lock
    uint64_t lookup_ids_given;            // under the lock
    uint32_t cvars_given;                 // under the lock
    struct mg_lock memory_lock;
    struct mg_arena memory;         // under memory_lock, as the next
    struct mg_object *shared_bytes; // published objects with counted bytes, linked by their slot
};

#define CLASSES_BYTES (MG_LIMIT_CLASSES * sizeof(struct mg_class *))
#define LOOKUP_IDS_BYTES (MG_LIMIT_CLASSES * sizeof(uint32_t))
#define METHODS_BYTES (MG_LIMIT_METHODS * sizeof(struct mg_method *))
#define GLOBALS_BYTES ((MG_LIMIT_SYMBOLS + 1) * sizeof(struct mg_global *))

_Static_assert(MG_LIMIT_CLASSES <= (uint64_t)1 << MG_HEADER_CLASS_BITS, "class ids fit the header");

/* -- Memory -- */

void *mg_world_alloc(struct mg_world *world, size_t size)
{
    mg_lock_acquire(&world->priv->memory_lock);
    void *memory = mg_arena_alloc(&world->priv->memory, size);
    mg_lock_release(&world->priv->memory_lock);
    return memory;
}

void mg_world_keep_bytes(struct mg_world *world, struct mg_object *o)
{
    ASSERT(mg_object_format(o) == MG_FORMAT_SHARED);
    mg_lock_acquire(&world->priv->memory_lock);
    o->words[MG_SHARED_NEXT] = (mg_value)(uintptr_t)world->priv->shared_bytes;
    world->priv->shared_bytes = o;
    mg_lock_release(&world->priv->memory_lock);
}

char *mg_world_strdup(struct mg_world *world, const char *text, size_t len)
{
    char *copy = mg_world_alloc(world, len + 1);
    memcpy(copy, text, len);
    return copy;
}

static uint32_t *world_copy_ids(struct mg_world *world, const uint32_t *first, uint32_t first_count,
                                const uint32_t *second, uint32_t second_count)
{
    uint32_t *ids = mg_world_alloc(world, ((size_t)first_count + second_count) * sizeof *ids);
    if (first_count > 0) {
        memcpy(ids, first, first_count * sizeof *ids);
    }
    if (second_count > 0) {
        memcpy(ids + first_count, second, second_count * sizeof *ids);
    }
    return ids;
}

/* -- Reading -- */

struct mg_class *mg_world_class(const struct mg_world *world, uint32_t id)
{
    /* X1 acquire: the class is complete. Pairs with X2 in world_publish_class(). */
    struct mg_class *class = load_acquire(&world->classes[id]);
    ASSERT(class != NULL);
    return class;
}

bool mg_world_inherits(const struct mg_world *world, uint32_t id, uint32_t ancestor)
{
    /* W5: further up there are smaller ids only. */
    while (id != MG_NO_CLASS && id > ancestor) {
        id = mg_world_class(world, id)->superclass;
    }
    return id == ancestor;
}

static struct mg_method *class_own_method(const struct mg_class *class, uint32_t selector)
{
    /* X3 acquire: the dictionary and its methods are complete. Pairs with X4 in install_class(). */
    struct mg_method_dict *dict = load_acquire(&class->methods);
    return dict != NULL ? mg_method_dict_find(dict, selector) : NULL;
}

struct mg_method *mg_world_own_method(const struct mg_world *world, uint32_t class_id,
                                      uint32_t selector)
{
    return class_own_method(mg_world_class(world, class_id), selector);
}

struct mg_method *mg_world_lookup(const struct mg_world *world, uint32_t class_id,
                                  uint32_t selector)
{
    for (uint32_t id = class_id; id != MG_NO_CLASS;) {
        const struct mg_class *class = mg_world_class(world, id);
        struct mg_method *method = class_own_method(class, selector);
        if (method != NULL) {
            return method;
        }
        id = class->superclass;
    }
    return NULL;
}

void mg_world_each_method(const struct mg_world *world, uint32_t class_id,
                          void (*visit)(const struct mg_method *method, void *context),
                          void *context)
{
    /* X9 acquire: the dictionary and its methods are complete. Pairs with X4 in install_class(). */
    struct mg_method_dict *dict = load_acquire(&mg_world_class(world, class_id)->methods);
    for (uint32_t i = 0; dict != NULL && i < dict->count; i++) {
        visit(dict->order[i], context);
    }
}

static struct mg_global *world_find_global(struct mg_world *world, uint32_t name)
{
    /* X7 acquire: the global is complete. Pairs with X8 in mg_world_global(). */
    return load_acquire(&world->priv->globals[name]);
}

/* The class that this global names, or MG_NO_CLASS. */
static uint32_t world_class_of_symbol(struct mg_world *world, uint32_t name)
{
    struct mg_global *global = name != 0 ? world_find_global(world, name) : NULL;
    if (global == NULL) {
        return MG_NO_CLASS;
    }
    /* X10 acquire: the class is complete. Pairs with X11 in world_set_global(). */
    mg_value value = load_acquire(&global->value);
    return mg_is_class(value) ? mg_class_value_id(value) : MG_NO_CLASS;
}

uint32_t mg_world_class_named(struct mg_world *world, const char *name, size_t len)
{
    static const char suffix[] = " class";
    size_t n = sizeof suffix - 1;
    bool meta = len > n && memcmp(name + len - n, suffix, n) == 0;
    uint32_t symbol = mg_symbol_find(world->symbols, name, meta ? len - n : len);
    uint32_t id = world_class_of_symbol(world, symbol);
    return meta && id != MG_NO_CLASS ? mg_world_class(world, id)->meta : id;
}

static uint32_t class_cvar(const struct mg_class *class, uint32_t name)
{
    for (uint32_t i = 0; i < class->cvar_count; i++) {
        if (class->cvar_names[i] == name) {
            return class->cvar_ids[i];
        }
    }
    return 0;
}

uint32_t mg_world_cvar(const struct mg_world *world, uint32_t class_id, uint32_t name)
{
    for (uint32_t id = class_id; id != MG_NO_CLASS;) {
        const struct mg_class *class = mg_world_class(world, id);
        id = class->superclass;
        if (class->instance != MG_NO_CLASS) {
            class = mg_world_class(world, class->instance);
        }
        uint32_t cvar = class_cvar(class, name);
        if (cvar != 0) {
            return cvar;
        }
    }
    return 0;
}

/* -- Globals -- */

struct mg_global *mg_world_global(struct mg_world *world, uint32_t name)
{
    struct mg_global *global = world_find_global(world, name);
    if (global != NULL) {
        return global;
    }
    mg_lock_acquire(&world->priv->lock);
    global = world_find_global(world, name);
    if (global == NULL) {
        global = mg_world_alloc(world, sizeof *global);
        global->name = name;
        /* X12 relaxed: published by the next store. Pairs with X10 in world_class_of_symbol(). */
        store_relaxed(&global->value, MG_UNSET);
        /* X8 release: the global is complete. Pairs with X7 in world_find_global(). */
        store_release(&world->priv->globals[name], global);
    }
    mg_lock_release(&world->priv->lock);
    return global;
}

static void world_set_global(struct mg_global *global, mg_value value)
{
    /* X11 release: the class is complete. Pairs with X10 in world_class_of_symbol(). */
    store_release(&global->value, value);
}

/* -- Defining classes -- */

static void world_publish_class(struct mg_world *world, struct mg_class *class)
{
    /* X2 release: the class is complete. Pairs with X1 in mg_world_class(). */
    store_release(&world->classes[class->id], class);
}

static void world_renew_lookup_id(struct mg_world *world, uint32_t class_id)
{
    uint32_t lookup_id = (uint32_t)++world->priv->lookup_ids_given;
    /* X16 release: the dictionaries are in place. Pairs with X6 in mg_world_lookup_id(). */
    store_release(&world->lookup_ids[class_id], lookup_id);
}

uint32_t mg_world_lookup_id(const struct mg_world *world, uint32_t class_id)
{
    /* X6 acquire: dictionaries at least as new as the id. Pairs with X16 in
     * world_renew_lookup_id(). */
    return load_acquire(&world->lookup_ids[class_id]);
}

static uint32_t world_metaclass_name(struct mg_world *world, uint32_t name)
{
    const struct mg_symbol_entry *e = mg_symbol_entry(world->symbols, name);
    char text[MG_LIMIT_SYMBOL_BYTES];
    if (e->len > sizeof text - 6) {
        return 0;
    }
    memcpy(text, e->text, e->len);
    memcpy(text + e->len, " class", 6);
    return mg_symbol_intern(world->symbols, text, e->len + 6);
}

/* Fills the numbers and names of the class variables declared here. */
static void class_set_cvars(struct mg_world *world, struct mg_class *class, const uint32_t *names,
                            uint32_t count)
{
    uint32_t *ids = mg_world_alloc(world, count * sizeof *ids);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = ++world->priv->cvars_given;
    }
    class->cvar_names = world_copy_ids(world, class->cvar_names, class->cvar_count, names, count);
    class->cvar_ids = world_copy_ids(world, class->cvar_ids, class->cvar_count, ids, count);
    class->cvar_count += count;
}

/* A class and its metaclass with these ids, published. Under the lock. */
static void world_add_class(struct mg_world *world, const struct mg_class *shape,
                            uint32_t meta_name, const uint32_t *own_slots, const uint32_t *cvars,
                            uint32_t cvar_count)
{
    const struct mg_class *super =
        shape->superclass != MG_NO_CLASS ? mg_world_class(world, shape->superclass) : NULL;
    uint32_t inherited = super != NULL ? super->slot_count : 0;

    struct mg_class *class = mg_world_alloc(world, sizeof *class);
    memcpy(class, shape, sizeof *class);
    class->instance = MG_NO_CLASS;
    class->slot_count = inherited + shape->own_slots;
    class->slot_names = world_copy_ids(world, super != NULL ? super->slot_names : NULL, inherited,
                                       own_slots, shape->own_slots);
    class_set_cvars(world, class, cvars, cvar_count);

    struct mg_class *meta = mg_world_alloc(world, sizeof *meta);
    meta->id = shape->meta;
    meta->name = meta_name;
    meta->superclass = super != NULL ? super->meta : MG_CLASS_CLASS;
    meta->meta = MG_CLASS_METACLASS;
    meta->instance = class->id;
    meta->format = MG_FORMAT_IMMEDIATE;

    world_renew_lookup_id(world, class->id);
    world_renew_lookup_id(world, meta->id);
    world_publish_class(world, class);
    world_publish_class(world, meta);
}

bool mg_world_allows_slots(const struct mg_world *world, uint32_t superclass)
{
    return mg_world_class(world, superclass)->format == MG_FORMAT_SLOTS;
}

uint32_t mg_world_define_class(struct mg_world *world, uint32_t name, uint32_t superclass,
                               const uint32_t *own_slots, uint32_t own_slot_count,
                               const uint32_t *cvars, uint32_t cvar_count, const char *doc)
{
    uint32_t meta_name = world_metaclass_name(world, name);
    if (meta_name == 0 || (own_slot_count > 0 && !mg_world_allows_slots(world, superclass))) {
        return MG_NO_CLASS;
    }
    struct mg_global *global = mg_world_global(world, name);
    mg_lock_acquire(&world->priv->lock);
    /* C1 relaxed: written under this lock only. Pairs with C2 in mg_world_define_class(). */
    uint32_t id = load_relaxed(&world->class_count);
    if (id + 2 > MG_LIMIT_CLASSES || world->priv->lookup_ids_given + 2 > UINT32_MAX) {
        mg_lock_release(&world->priv->lock);
        return MG_NO_CLASS;
    }
    struct mg_class shape = {
        .id = id,
        .name = name,
        .superclass = superclass,
        .meta = id + 1,
        .format = mg_world_class(world, superclass)->format,
        .own_slots = own_slot_count,
        .doc = doc != NULL ? mg_world_strdup(world, doc, strlen(doc)) : NULL,
    };
    world_add_class(world, &shape, meta_name, own_slots, cvars, cvar_count);
    /* C2 release: both classes are in place. Pairs with C3 in mg_world_audit(). */
    store_release(&world->class_count, id + 2);
    world_set_global(global, mg_class_value(id));
    mg_lock_release(&world->priv->lock);
    return id;
}

/* A copy of a class definition that is to replace it. Under the lock. */
static struct mg_class *world_copy_class(struct mg_world *world, uint32_t class_id)
{
    struct mg_class *copy = mg_world_alloc(world, sizeof *copy);
    memcpy(copy, mg_world_class(world, class_id), sizeof *copy);
    return copy;
}

void mg_world_document_class(struct mg_world *world, uint32_t class_id, const char *doc)
{
    mg_lock_acquire(&world->priv->lock);
    if (mg_world_class(world, class_id)->doc == NULL) {
        struct mg_class *class = world_copy_class(world, class_id);
        class->doc = mg_world_strdup(world, doc, strlen(doc));
        world_publish_class(world, class);
    }
    mg_lock_release(&world->priv->lock);
}

void mg_world_add_cvars(struct mg_world *world, uint32_t class_id, const uint32_t *cvars,
                        uint32_t count)
{
    mg_lock_acquire(&world->priv->lock);
    struct mg_class *class = world_copy_class(world, class_id);
    for (uint32_t i = 0; i < count; i++) {
        if (class_cvar(class, cvars[i]) == 0) {
            class_set_cvars(world, class, &cvars[i], 1);
        }
    }
    world_publish_class(world, class);
    mg_lock_release(&world->priv->lock);
}

/* -- Installing methods -- */

/* The methods in the order of their classes; *ends[c] is where those of class c end in it. Methods
 * of one class keep their order. */
static struct mg_method **install_sort(struct mg_method **methods, uint32_t count, uint32_t *ends,
                                       uint32_t class_count)
{
    struct mg_method **sorted = mg_alloc((size_t)count * sizeof *sorted);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(methods[i]->class_id < class_count);
        ends[methods[i]->class_id]++;
    }
    uint32_t start = 0;
    for (uint32_t c = 0; c < class_count; c++) {
        uint32_t n = ends[c];
        ends[c] = start;
        start += n;
    }
    for (uint32_t i = 0; i < count; i++) {
        sorted[ends[methods[i]->class_id]++] = methods[i];
    }
    return sorted;
}

static void install_class(struct mg_world *world, uint32_t class_id, struct mg_method **methods,
                          uint32_t count)
{
    struct mg_class *class = mg_world_class(world, class_id);
    /* X13 relaxed: written under this lock only. Pairs with X4 in install_class(). */
    struct mg_method_dict *old = load_relaxed(&class->methods);
    struct mg_method_dict *dict = mg_method_dict_with(old, methods, count);
    /* X4 release: the dictionary and its methods are complete. Pairs with X3 in class_own_method(),
     * X9 in mg_world_each_method(). */
    store_release(&class->methods, dict);
    if (old != NULL) {
        old->retired = world->priv->retired;
        world->priv->retired = old;
    }
}

/* Gives the methods their numbers. */
static void install_number(struct mg_world *world, struct mg_method **methods, uint32_t first,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        methods[i]->index = first + i;
        /* M1 release: the method is complete. Pairs with M2 in mg_world_method(). */
        store_release(&world->methods[first + i], methods[i]);
    }
    /* M3 release: the methods below are in place. Pairs with M4 in mg_world_audit(). */
    store_release(&world->method_count, first + count);
}

struct mg_method *mg_world_method(const struct mg_world *world, uint32_t index)
{
    /* M2 acquire: the method is complete. Pairs with M1 in install_number(). */
    return load_acquire(&world->methods[index]);
}

int mg_world_install(struct mg_world *world, struct mg_method **methods, uint32_t count)
{
    struct mg_world_private *priv = world->priv;
    mg_lock_acquire(&priv->lock);
    /* C4 relaxed: written under this lock only. Pairs with C2 in mg_world_define_class(). */
    uint32_t class_count = load_relaxed(&world->class_count);
    /* M5 relaxed: written under this lock only. Pairs with M3 in install_number(). */
    uint32_t first = load_relaxed(&world->method_count);
    if (count > MG_LIMIT_METHODS - first || priv->lookup_ids_given + class_count > UINT32_MAX) {
        mg_lock_release(&priv->lock);
        return MG_ELIMIT;
    }
    install_number(world, methods, first, count);
    uint32_t *ends = mg_alloc_zero((size_t)class_count * sizeof *ends);
    bool *changed = mg_alloc_zero(class_count);
    struct mg_method **sorted = install_sort(methods, count, ends, class_count);
    for (uint32_t c = 0, start = 0; c < class_count; start = ends[c++]) {
        if (ends[c] > start) {
            install_class(world, c, sorted + start, ends[c] - start);
            changed[c] = true;
        }
    }
    for (uint32_t c = 0; c < class_count; c++) { /* W5 */
        uint32_t super = mg_world_class(world, c)->superclass;
        changed[c] = changed[c] || (super != MG_NO_CLASS && changed[super]);
        if (changed[c]) {
            world_renew_lookup_id(world, c);
        }
    }
    mg_free(sorted);
    mg_free(changed);
    mg_free(ends);
    mg_lock_release(&priv->lock);
    return 0;
}

void mg_world_free_retired(struct mg_world *world)
{
    mg_lock_acquire(&world->priv->lock);
    struct mg_method_dict *dict = world->priv->retired;
    world->priv->retired = NULL;
    mg_lock_release(&world->priv->lock);
    while (dict != NULL) {
        struct mg_method_dict *next = dict->retired;
        mg_free(dict);
        dict = next;
    }
}

/* -- Beginning and end -- */

struct kernel_class {
    const char *name;
    uint32_t superclass;
    uint32_t format;
    const char *slots;
};

#define MG_CLASS_NONE MG_NO_CLASS
static const struct kernel_class kernel_classes[MG_KERNEL_CLASS_COUNT] = {
#define MG_KERNEL_CLASS(id, name, super, format, slots) \
    {name, (uint32_t)MG_CLASS_##super, MG_FORMAT_##format, slots},
#include "object/kernel.def"
#undef MG_KERNEL_CLASS
};
#undef MG_CLASS_NONE

#define KERNEL_SLOTS_MAX 8

static uint32_t kernel_slots(struct mg_world *world, const char *text,
                             uint32_t slots[KERNEL_SLOTS_MAX])
{
    uint32_t count = 0;
    while (*text != 0) {
        size_t len = strcspn(text, " ");
        CHECK(count < KERNEL_SLOTS_MAX);
        slots[count++] = mg_symbol_intern(world->symbols, text, len);
        text += len + (text[len] == ' ');
    }
    return count;
}

static void world_add_kernel(struct mg_world *world)
{
    for (uint32_t id = 0; id < MG_KERNEL_CLASS_COUNT; id++) {
        const struct kernel_class *kernel = &kernel_classes[id];
        uint32_t slots[KERNEL_SLOTS_MAX];
        struct mg_class shape = {
            .id = id,
            .name = mg_symbol_intern(world->symbols, kernel->name, strlen(kernel->name)),
            .superclass = kernel->superclass,
            .meta = MG_KERNEL_CLASS_COUNT + id,
            .format = kernel->format,
            .own_slots = kernel_slots(world, kernel->slots, slots),
        };
        ASSERT(kernel->superclass == MG_NO_CLASS || kernel->superclass < id);
        world_add_class(world, &shape, world_metaclass_name(world, shape.name), slots, NULL, 0);
        world_set_global(mg_world_global(world, shape.name), mg_class_value(id));
    }
    /* C5 release: the kernel classes are in place. Pairs with C3 in mg_world_audit(). */
    store_release(&world->class_count, 2 * MG_KERNEL_CLASS_COUNT);
    /* M6 release: number 0 is given to nobody. Pairs with M4 in mg_world_audit(). */
    store_release(&world->method_count, 1);
}

struct mg_world *mg_world_new(void)
{
    struct mg_world *world = mg_alloc_zero(sizeof *world);
    struct mg_world_private *priv = mg_alloc_zero(sizeof *priv);
    world->priv = priv;
    mg_lock_init(&priv->lock, MG_RANK_WORLD);
    mg_lock_init(&priv->memory_lock, MG_RANK_LEAF);
    mg_arena_init(&priv->memory);
    world->symbols = mg_symbols_new();
    world->classes = mg_pages_reserve(CLASSES_BYTES);
    world->lookup_ids = mg_pages_reserve(LOOKUP_IDS_BYTES);
    world->methods = mg_pages_reserve(METHODS_BYTES);
    priv->globals = mg_pages_reserve(GLOBALS_BYTES);
    world_add_kernel(world);
    return world;
}

void mg_world_free(struct mg_world *world)
{
    struct mg_world_private *priv = world->priv;
    mg_world_free_retired(world);
    /* C6 relaxed: the last owner frees. Pairs with C2 in mg_world_define_class(). */
    uint32_t class_count = load_relaxed(&world->class_count);
    for (uint32_t id = 0; id < class_count; id++) {
        /* X14 relaxed: the last owner frees. Pairs with X4 in install_class(). */
        mg_free(load_relaxed(&mg_world_class(world, id)->methods));
    }
    mg_symbols_free(world->symbols);
    mg_pages_release(world->classes, CLASSES_BYTES);
    mg_pages_release(world->lookup_ids, LOOKUP_IDS_BYTES);
    mg_pages_release(world->methods, METHODS_BYTES);
    mg_pages_release(priv->globals, GLOBALS_BYTES);
    for (struct mg_object *o = priv->shared_bytes; o != NULL;) {
        struct mg_object *next = (struct mg_object *)(uintptr_t)o->words[MG_SHARED_NEXT];
        mg_bytes_unref((struct mg_bytes *)(uintptr_t)o->words[MG_SHARED_BYTES]);
        o = next;
    }
    mg_arena_deinit(&priv->memory);
    mg_lock_deinit(&priv->memory_lock);
    mg_lock_deinit(&priv->lock);
    mg_free(priv);
    mg_free(world);
}

void mg_world_audit(const struct mg_world *world)
{
    /* C3 acquire: the classes below are complete. Pairs with C2 in mg_world_define_class(). */
    uint32_t class_count = load_acquire(&world->class_count);
    for (uint32_t id = 0; id < class_count; id++) {
        const struct mg_class *class = mg_world_class(world, id);
        CHECK(class->id == id);
        CHECK(mg_world_lookup_id(world, id) != 0);
        CHECK(class->superclass == MG_NO_CLASS || class->superclass < id); /* W5 */
        CHECK((class->superclass == MG_NO_CLASS) == (id == MG_CLASS_OBJECT));
        if (class->instance == MG_NO_CLASS) {
            CHECK(mg_world_class(world, class->meta)->instance == id); /* W3 */
        } else {
            CHECK(class->meta == MG_CLASS_METACLASS);
        }
        /* X15 acquire: the dictionary is complete. Pairs with X4 in install_class(). */
        struct mg_method_dict *dict = load_acquire(&class->methods);
        if (dict != NULL) {
            mg_method_dict_audit(dict);
        }
    }
    /* M4 acquire: the methods below are complete. Pairs with M3 in install_number(). */
    uint32_t method_count = load_acquire(&world->method_count);
    for (uint32_t i = 1; i < method_count; i++) {
        CHECK(mg_world_method(world, i)->index == i);
    }
}
