/* SPDX-License-Identifier: MIT */
/* The table of primitives: see primtab.h. A new prim_*.c file adds its table to the list here. */
#include "interp/primtab.h"

#include <string.h>

static const struct mg_prim_entry *const tables[] = {
    mg_prims_object,  mg_prims_class,   mg_prims_number,    mg_prims_string,  mg_prims_bytes,
    mg_prims_array,   mg_prims_hashed,  mg_prims_stream,    mg_prims_system,  mg_prims_exception,
    mg_prims_block,   mg_prims_process, mg_prims_character, mg_prims_text,    mg_prims_spawn,
    mg_prims_mail,    mg_prims_request, mg_prims_bond,      mg_prims_runtime, mg_prims_test,
    mg_prims_sync,    mg_prims_gate,    mg_prims_alarm,     mg_prims_ctab,    mg_prims_roll,
    mg_prims_service,
};

void mg_primtab_fill(struct mg_strmap *table)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct mg_prim_entry *e = tables[i]; e->name != NULL; e++) {
            bool fresh =
                mg_strmap_put(table, e->name, strlen(e->name), (uint64_t)(uintptr_t)e->function);
            CHECK(fresh);
        }
    }
}

mg_primitive mg_primtab_find(const struct mg_strmap *table, const char *name)
{
    uint64_t address;
    if (!mg_strmap_get(table, name, strlen(name), &address)) {
        return NULL;
    }
    return (mg_primitive)(uintptr_t)address;
}

mg_leaf mg_primtab_leaf(const char *name)
{
    static const struct mg_leaf_entry *const leaves[] = {mg_leaves_hashed, mg_leaves_number};
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        for (const struct mg_leaf_entry *e = leaves[i]; e->name != NULL; e++) {
            if (strcmp(e->name, name) == 0) {
                return e->function;
            }
        }
    }
    return NULL;
}
