/* SPDX-License-Identifier: MIT */
/* The world: what all actors of a node share and none may change while it runs: classes, methods,
 * symbols, globals.
 *
 *      value ── class id ──> classes[id]      shape, superclass, method dictionary
 *                     └────> lookup_ids[id]   changes whenever what the class understands changes
 *      cache word ── method index ──> methods[index]
 *
 * The arrays are reserved once at their greatest size (untouched pages cost nothing), so they never
 * move and readers need no lock.
 *
 * W1  A class, method or dictionary is complete before it is published with release.
 * W2  lookup_ids[c] is renewed, with release, after the dictionaries have changed, for the class
 *     and all below it. No lookup id is used twice.
 * W3  Class ids are given out in order and never reused; the metaclass of class c is
 *     classes[c]->meta.
 * W4  Methods and dictionaries that were replaced are kept until the world ends or a purge frees
 *     them.
 *
 * Threads: readers any, without locks; writers hold the world's lock (every mg_world_define… takes
 * it). Memory: the world owns all classes, methods, codes, literals, symbols.
 */
#ifndef MG_OBJECT_WORLD_H
#define MG_OBJECT_WORLD_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "object/method.h"
#include "object/object.h"
#include "object/symbol.h"

#include <stdatomic.h>

struct mg_method_dict; /* selector id -> method index; class.c */

struct mg_class {
    uint32_t id;
    uint32_t name;       /* symbol id of the full name; of a metaclass: of `Foo class` */
    uint32_t superclass; /* class id; 0xffffffff for Object */
    uint32_t meta;       /* id of the metaclass; of a metaclass: MG_CLASS_METACLASS */
    uint32_t instance;   /* of a metaclass: the class it is of; else 0xffffffff */
    uint32_t format;     /* enum mg_format of the instances */
    uint32_t slot_count; /* inherited ones included */
    uint32_t own_slots;
    const uint32_t *slot_names; /* symbol ids, slot_count of them, inherited first */
    uint32_t cvar_count;        /* declared here */
    const uint32_t *cvar_names;
    const uint32_t *cvar_ids; /* node-wide ids of class variables, from 1 */
    const char *doc;          /* or NULL */
    _Atomic(struct mg_method_dict *) methods;
};
#define MG_NO_CLASS UINT32_MAX

struct mg_world {
    struct mg_symbols *symbols;
    _Atomic(struct mg_class *) *classes;  /* by class id */
    _Atomic(uint32_t) *lookup_ids;        /* by class id */
    _Atomic(struct mg_method *) *methods; /* by method index; index 0 is never used */
    _Atomic(uint32_t) class_count;
    _Atomic(uint32_t) method_count;
    struct mg_world_private *priv; /* lock, global table, arenas of code, counters: world.c */
};

/* A world with the kernel classes of kernel.def and no methods. */
struct mg_world *mg_world_new(void);
void mg_world_free(struct mg_world *world);

/* Class id of any value. Hot: header only for objects. */
static inline uint32_t mg_class_of(const struct mg_world *world, mg_value v)
{
    if (MG_LIKELY(mg_is_pointer(v))) {
        return mg_object_class(mg_object(v));
    }
    if (MG_UNLIKELY(mg_is_class(v))) {
        /* X18 acquire: the class is complete. Pairs with X2 in world_publish_class(). */
        struct mg_class *class = load_acquire(&world->classes[mg_class_value_id(v)]);
        return class->meta;
    }
    return mg_class_of_immediate(v, MG_NO_CLASS);
}

/* The class with this id, which must exist. */
struct mg_class *mg_world_class(const struct mg_world *world, uint32_t id);

/* Id of the class with this full name, or MG_NO_CLASS. */
uint32_t mg_world_class_named(struct mg_world *world, const char *name, size_t len);

/* Whether class `id` is `ancestor` or below it. */
bool mg_world_inherits(const struct mg_world *world, uint32_t id, uint32_t ancestor);

/* Finds the method for a selector, from this class upwards. NULL if none. */
struct mg_method *mg_world_lookup(const struct mg_world *world, uint32_t class_id,
                                  uint32_t selector);

/* The method that the class itself defines for the selector, or NULL. */
struct mg_method *mg_world_own_method(const struct mg_world *world, uint32_t class_id,
                                      uint32_t selector);

/* Calls visit for each method the class itself defines, in order of definition. */
void mg_world_each_method(const struct mg_world *world, uint32_t class_id,
                          void (*visit)(const struct mg_method *method, void *context),
                          void *context);

/* Makes a class with its metaclass. The names are symbol ids. Answers its id, or MG_NO_CLASS when
 * the limit is reached. The name's global is set to it. */
uint32_t mg_world_define_class(struct mg_world *world, uint32_t name, uint32_t superclass,
                               const uint32_t *own_slots, uint32_t own_slot_count,
                               const uint32_t *cvars, uint32_t cvar_count, const char *doc);

/* Sets the docstring of a class that had none (library reopening a kernel class); copied. */
void mg_world_document_class(struct mg_world *world, uint32_t class_id, const char *doc);

/* Adds class variables to a kernel class that the library reopens. */
void mg_world_add_cvars(struct mg_world *world, uint32_t class_id, const uint32_t *cvars,
                        uint32_t count);

/* Puts methods into their classes (method->class_id, ->selector set by the caller; ->index is set
 * here), all of them published before any lookup id is renewed. Taken: the methods and all they
 * point to, which must come from mg_world_alloc. Answers MG_ELIMIT when the method table is full
 * (then none is installed). */
MG_MUST_CHECK int mg_world_install(struct mg_world *world, struct mg_method **methods,
                                   uint32_t count);

/* Zeroed memory that lives as long as the world. Any thread. */
void *mg_world_alloc(struct mg_world *world, size_t size);

/* Takes over the count that a published object of the format SHARED holds; given back with the
 * world. The object must live as long as the world, in no heap. Any thread. */
void mg_world_keep_bytes(struct mg_world *world, struct mg_object *o);
char *mg_world_strdup(struct mg_world *world, const char *text, size_t len);

/* The global of this name, made (unset) if there is none. */
struct mg_global *mg_world_global(struct mg_world *world, uint32_t name);

/* Id of a class variable visible in class `class_id` (declared there or above), or 0. */
uint32_t mg_world_cvar(const struct mg_world *world, uint32_t class_id, uint32_t name);

/* Whether classes below this one may declare slots: only those whose instances are nothing but
 * slots. Where not, mg_world_define_class refuses slots with MG_NO_CLASS. */
bool mg_world_allows_slots(const struct mg_world *world, uint32_t superclass);

/* The lookup id of a class (W2). Read it before looking a method up that is to be remembered with
 * it. */
uint32_t mg_world_lookup_id(const struct mg_world *world, uint32_t class_id);

/* The method with this index, which was given out by mg_world_install. */
struct mg_method *mg_world_method(const struct mg_world *world, uint32_t index);

/* Frees the dictionaries that were replaced (W4). Nobody may be reading them: call it in a purge,
 * when all schedulers have passed a safepoint since the last install. */
void mg_world_free_retired(struct mg_world *world);

/* Stops the process if the tables do not hold W1..W3. */
void mg_world_audit(const struct mg_world *world);

/* Symbol helpers. */
static inline const char *mg_world_text(const struct mg_world *world, uint32_t symbol)
{
    return mg_symbol_entry(world->symbols, symbol)->text;
}

#endif
