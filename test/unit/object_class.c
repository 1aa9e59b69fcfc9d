/* SPDX-License-Identifier: MIT */
/* Method dictionaries: L1 and L2, and that they never change. */
#include "object/class.h"

#include "base/alloc.h"
#include "support/unit.h"

/* Methods are found by their selectors and by nothing else; the order is that of definition. */
UNIT_CASE(finds_what_was_put)
{
    enum { COUNT = 200 };
    struct mg_method methods[COUNT] = {0}, *pointers[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        methods[i].selector = 1 + i * 37 % 1000;
        pointers[i] = &methods[i];
    }
    struct mg_method_dict *dict = mg_method_dict_with(NULL, pointers, COUNT);
    mg_method_dict_audit(dict);
    ck_assert_uint_eq(dict->count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        ck_assert_ptr_eq(mg_method_dict_find(dict, methods[i].selector), &methods[i]);
        ck_assert_ptr_eq(dict->order[i], &methods[i]);
    }
    for (uint32_t selector = 1001; selector < 3000; selector++) {
        ck_assert_ptr_null(mg_method_dict_find(dict, selector));
    }
    mg_free(dict);
}

/* L1: a method takes the place of the one it replaces, and the old dictionary stays as it was. */
UNIT_CASE(replacing)
{
    struct mg_method first = {.selector = 5}, second = {.selector = 9}, again = {.selector = 5};
    struct mg_method *before[] = {&first, &second}, *after[] = {&again};
    struct mg_method_dict *old = mg_method_dict_with(NULL, before, 2);
    struct mg_method_dict *dict = mg_method_dict_with(old, after, 1);
    mg_method_dict_audit(dict);
    ck_assert_uint_eq(dict->count, 2);
    ck_assert_ptr_eq(dict->order[0], &again);
    ck_assert_ptr_eq(mg_method_dict_find(dict, 5), &again);
    ck_assert_ptr_eq(mg_method_dict_find(dict, 9), &second);
    ck_assert_ptr_eq(mg_method_dict_find(old, 5), &first);
    mg_free(old);
    mg_free(dict);
}

/* A dictionary without methods answers everything, and one batch may hold a selector twice: the
 * later one wins. */
UNIT_CASE(small_cases)
{
    struct mg_method_dict *empty = mg_method_dict_with(NULL, NULL, 0);
    mg_method_dict_audit(empty);
    ck_assert_ptr_null(mg_method_dict_find(empty, 1));
    struct mg_method a = {.selector = 1}, b = {.selector = 1}, *both[] = {&a, &b};
    struct mg_method_dict *dict = mg_method_dict_with(empty, both, 2);
    mg_method_dict_audit(dict);
    ck_assert_uint_eq(dict->count, 1);
    ck_assert_ptr_eq(mg_method_dict_find(dict, 1), &b);
    mg_free(empty);
    mg_free(dict);
}

UNIT_MAIN("object/class", finds_what_was_put, replacing, small_cases)
