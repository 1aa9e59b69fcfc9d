/* SPDX-License-Identifier: MIT */
/* Method look-up: the site's word, the scheduler's cache, and the tables agree, also while methods
 * are added. */
#include "interp/lookup.h"

#include "support/maggie.h"
#include "support/unit.h"

static uint32_t symbol(const struct runtime *runtime, const char *text)
{
    return mg_symbol_intern(runtime->vm->world->symbols, text, strlen(text));
}

static uint32_t class_named(const struct runtime *runtime, const char *name)
{
    uint32_t id = mg_world_class_named(runtime->vm->world, name, strlen(name));
    ck_assert_uint_ne(id, MG_NO_CLASS);
    return id;
}

static void load(struct runtime *runtime, const char *text)
{
    struct mg_source source = {.path = "l.mag", .text = text, .len = strlen(text)};
    struct mg_diags diags;
    struct mg_code *script;
    char problem[256] = "";
    mg_diags_init(&diags);
    ck_assert_msg(mg_vm_load(runtime->vm, &source, 1, &diags, &script, problem) == 0, "%s",
                  problem);
    mg_diags_deinit(&diags);
}

static struct mg_interp *interp_new(struct runtime *runtime)
{
    struct mg_interp *interp = mg_alloc_zero(sizeof *interp);
    interp->run.world = runtime->vm->world;
    interp->run.vm = runtime->vm;
    return interp;
}

/* What the caches answer is what the tables say, for all classes and many selectors, cold and
 * warm. */
UNIT_CASE(agrees)
{
    static const char *const selectors[] = {"printString", "=",   "hash",  "size",
                                            "at:put:",     "do:", "value", "noSuchThing:",
                                            "class",       "+"};
    struct runtime runtime;
    runtime_init(&runtime);
    struct mg_world *world = runtime.vm->world;
    struct mg_interp *interp = interp_new(&runtime);
    uint32_t classes = atomic_load(&world->class_count);
    for (int round = 0; round < 2; round++) {
        for (uint32_t id = 1; id < classes; id++) {
            for (size_t s = 0; s < MG_ARRAY_LEN(selectors); s++) {
                uint32_t selector = symbol(&runtime, selectors[s]);
                struct mg_method *expected = mg_world_lookup(world, id, selector);
                _Atomic(uint64_t) word = 0;
                ck_assert_ptr_eq(mg_lookup_cached(interp, id, selector), expected);
                ck_assert_ptr_eq(mg_lookup_site(interp, &word, id, selector), expected);
                ck_assert_int_eq(atomic_load(&word) == 0, expected == NULL);
            }
        }
    }
    mg_free(interp);
    runtime_deinit(&runtime);
}

/* A site's word names the method under the class's present state; it is not rewritten when the
 * private cache knows. */
UNIT_CASE(site_word)
{
    struct runtime runtime;
    runtime_init(&runtime);
    struct mg_world *world = runtime.vm->world;
    struct mg_interp *interp = interp_new(&runtime);
    uint32_t selector = symbol(&runtime, "printString");
    uint32_t integer = MG_CLASS_SMALL_INTEGER, string = MG_CLASS_STRING;
    _Atomic(uint64_t) word = 0;
    struct mg_method *method = mg_lookup_site(interp, &word, integer, selector);
    uint64_t first = atomic_load(&word);
    ck_assert_uint_eq(first >> 32, mg_lookup_id(world, integer));
    ck_assert_uint_eq((uint32_t)first, method->index);
    (void)mg_lookup_cached(interp, string, selector);
    (void)mg_lookup_site(interp, &word, string, selector);
    ck_assert_uint_eq(atomic_load(&word), first); // known to the scheduler: the shared word stays
    ck_assert_ptr_null(mg_lookup_site(interp, &word, integer, symbol(&runtime, "noSuchThing")));
    ck_assert_uint_eq(atomic_load(&word), first);
    mg_free(interp);
    runtime_deinit(&runtime);
}

/* New methods are seen at once: in the class, below it, and where a superclass answered before;
 * others keep their state. */
UNIT_CASE(new_methods)
{
    struct runtime runtime;
    runtime_init(&runtime);
    struct mg_world *world = runtime.vm->world;
    struct mg_interp *interp = interp_new(&runtime);
    load(&runtime, "LookA subclass: Object\n  method: twice [ ^1 ]\nLookB subclass: LookA\nLookC "
                   "subclass: LookB\n");
    uint32_t a = class_named(&runtime, "LookA"), b = class_named(&runtime, "LookB"),
             c = class_named(&runtime, "LookC");
    uint32_t selector = symbol(&runtime, "twice");
    struct mg_method *old = mg_lookup_cached(interp, c, selector);
    ck_assert_ptr_nonnull(old);
    ck_assert_uint_eq(old->class_id, a);
    uint32_t ids[] = {mg_lookup_id(world, a), mg_lookup_id(world, b), mg_lookup_id(world, c)};
    uint32_t other = mg_lookup_id(world, MG_CLASS_STRING);
    load(&runtime, "LookB subclass: LookA\n  method: twice [ ^2 ]\n");
    ck_assert_uint_eq(mg_lookup_id(world, a), ids[0]);
    ck_assert_uint_ne(mg_lookup_id(world, b), ids[1]);
    ck_assert_uint_ne(mg_lookup_id(world, c), ids[2]);
    ck_assert_uint_eq(mg_lookup_id(world, MG_CLASS_STRING), other);
    ck_assert_ptr_eq(mg_lookup_cached(interp, a, selector), old);
    ck_assert_uint_eq(mg_lookup_cached(interp, b, selector)->class_id, b);
    ck_assert_uint_eq(mg_lookup_cached(interp, c, selector)->class_id, b);
    _Atomic(uint64_t) word = (uint64_t)ids[2] << 32 | old->index; // a stale word
    ck_assert_uint_eq(mg_lookup_site(interp, &word, c, selector)->class_id, b);
    mg_free(interp);
    runtime_deinit(&runtime);
}

UNIT_MAIN("interp/lookup", agrees, site_word, new_methods)
