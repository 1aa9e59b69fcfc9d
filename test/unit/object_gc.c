/* SPDX-License-Identifier: MIT */
/* The collector against a naive model: random operations on a heap and on a graph of plain C
 * structs, which must stay the same graph. Sharing counts: two paths that meet in the model meet in
 * the heap, and only those.
 *
 * What the operations are: new objects of every format, stores, dropped roots, minor and major
 * collections, adopted and absorbed fragments, hibernation, become:. The audit runs after each.
 */
#include "base/alloc.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/vec.h"
#include "object/control.h"
#include "object/copy.h"
#include "object/heap_side.h"
#include "support/heap.h"
#include "support/unit.h"

enum kind {
    KIND_SLOTS,
    KIND_ARRAY,
    KIND_BLOCK,
    KIND_STRING,
    KIND_FLOAT,
    KIND_BIGINT,
    KIND_BYTES,
    KIND_WEAK,
    KIND_PROCESS,
    KINDS
};

enum { NODES_MAX = 60000, ROOTS_MAX = 120, PROCESSES_MAX = 4000 };

/* A field is 0 for nil, an odd number 2 * n + 1 for the small integer n, or 2 * id for a node. */
struct node {
    enum kind kind;
    uint32_t count; /* fields, or bytes of a string */
    uint64_t *fields;
    bool dead; /* weak: its target has been seen cleared */
};

struct model {
    struct test_heap t;
    struct mg_copy copy;
    struct mg_rng rng;
    struct node *nodes;
    uint32_t node_count;
    uint64_t roots[ROOTS_MAX]; /* fields, in the order of the stack */
    uint32_t root_count;
    struct mg_control *controls[PROCESSES_MAX];
    uint32_t control_count;
    uint32_t size_class; /* of new arrays: 0 small, 1 with cards, 2 large as well */
};

static uint32_t below(struct model *m, uint32_t n)
{
    return (uint32_t)mg_rng_below(&m->rng, n);
}

/* -- Control blocks: freed ones are kept and marked, to be counted -- */

static void control_release(struct mg_control *control, mg_pid unheld MG_UNUSED,
                            struct mg_block_cache *blocks MG_UNUSED)
{
    CHECK(control->pid != 0);
    control->pid = 0;
}

static struct mg_control *control_new(struct model *m, uint32_t id)
{
    CHECK(m->control_count < PROCESSES_MAX);
    struct mg_control *control = mg_alloc_aligned(64, sizeof *control);
    mg_control_init(control, id, control_release);
    m->controls[m->control_count++] = control;
    return control;
}

/* -- The model -- */

static uint32_t node_add(struct model *m, enum kind kind, uint32_t count)
{
    CHECK(m->node_count < NODES_MAX);
    uint32_t id = m->node_count++;
    m->nodes[id] = (struct node){.kind = kind, .count = count};
    if (kind <= KIND_BLOCK || kind == KIND_WEAK)
        m->nodes[id].fields = mg_alloc_zero((count + 1) * sizeof(uint64_t));
    return id;
}

/* Byte i of the content of a node. */
static uint8_t node_byte(uint32_t id, uint32_t i)
{
    return (uint8_t)('a' + (id * 7 + i * 3) % 26);
}

/* Word of the first field in the body. */
static uint32_t fields_from(enum kind kind)
{
    return kind == KIND_BLOCK ? MG_BLOCK_CAPTURES : 0;
}

/* A value and the field it stands for, found by a walk from a random root. */
struct pick {
    uint64_t field;
    mg_value value;
};

static struct pick pick_any(struct model *m)
{
    if (m->root_count == 0)
        return (struct pick){0, MG_NIL};
    uint32_t r = below(m, m->root_count);
    struct pick p = {m->roots[r], *test_at(&m->t, r)};
    for (uint32_t steps = below(m, 8); steps > 0 && p.field != 0 && !(p.field & 1); steps--) {
        const struct node *node = &m->nodes[p.field / 2];
        if (node->kind > KIND_BLOCK || node->count == 0)
            break;
        uint32_t i = below(m, node->count);
        if (node->fields[i] == 0 || node->fields[i] & 1)
            continue;
        p.field = node->fields[i];
        p.value = mg_slot(p.value, fields_from(node->kind) + i);
    }
    return p;
}

static bool pick_is(struct model *m, struct pick p, enum kind from, enum kind to)
{
    return p.field != 0 && !(p.field & 1) && m->nodes[p.field / 2].kind >= from &&
           m->nodes[p.field / 2].kind <= to;
}

/* -- Comparing -- */

struct check {
    struct model *m;
    struct mg_map address_of; /* node -> object */
    struct mg_map node_of;    /* object -> node */
    uint32_t processes;
};

static void check_pair(struct check *c, uint64_t field, mg_value v)
{
    if (field == 0) {
        CHECK(v == MG_NIL);
        return;
    }
    if (field & 1) {
        CHECK(v == mg_small((int64_t)(field / 2)));
        return;
    }
    uint64_t seen;
    uint64_t id = field / 2;
    CHECK(mg_is_pointer(v));
    if (mg_map_get(&c->address_of, id, &seen)) {
        CHECK(seen == v);
        return;
    }
    CHECK(!mg_map_get(&c->node_of, v, NULL));
    mg_map_put(&c->address_of, id, v);
    mg_map_put(&c->node_of, v, id);
}

static void check_bytes(uint32_t id, uint32_t count, mg_value v)
{
    const uint8_t *bytes;
    size_t len;
    mg_bytes_of(v, &bytes, &len);
    CHECK(len == count);
    for (uint32_t i = 0; i < count; i += 1 + count / 64)
        CHECK(bytes[i] == node_byte(id, i));
}

static void check_node(struct check *c, uint32_t id, mg_value v)
{
    const struct node *node = &c->m->nodes[id];
    const struct mg_object *o = mg_object(v);
    switch (node->kind) {
    case KIND_SLOTS:
    case KIND_ARRAY:
    case KIND_BLOCK:
        CHECK(mg_object_words(o) == node->count + fields_from(node->kind));
        for (uint32_t i = 0; i < node->count; i++)
            check_pair(c, node->fields[i], o->words[fields_from(node->kind) + i]);
        break;
    case KIND_STRING:
    case KIND_BYTES:
        check_bytes(id, node->count, v);
        break;
    case KIND_FLOAT:
        CHECK(o->words[0] == id);
        break;
    case KIND_BIGINT:
        CHECK(o->words[0] == 2 && o->words[1] == id && o->words[2] == ~(uint64_t)id);
        break;
    case KIND_PROCESS: {
        const struct mg_control *control =
            (const struct mg_control *)(uintptr_t)o->words[MG_PROCESS_CONTROL];
        CHECK(control->pid == node->count + UINT64_C(1));
        c->processes++;
        break;
    }
    default:
        CHECK(mg_object_format(o) == MG_FORMAT_WEAK);
        break;
    }
}

/* The targets of weak nodes: what lives strongly is there, and what was cleared stays so. `exact`:
 * nothing else lives. */
static void check_weak(struct check *c, bool exact)
{
    uint64_t id, v;
    for (uint32_t i = 0; mg_map_at(&c->address_of, i, &id, &v); i++) {
        struct node *node = &c->m->nodes[id];
        if (node->kind != KIND_WEAK)
            continue;
        uint64_t live;
        mg_value target = mg_slot(v, MG_WEAK_TARGET);
        uint64_t field = node->fields[0];
        if (field == 0 || field & 1 || node->dead) {
            CHECK(node->dead ? target == MG_NIL : !mg_is_pointer(target));
        } else if (mg_map_get(&c->address_of, field / 2, &live)) {
            CHECK(target == live);
        } else if (target == MG_NIL) {
            node->dead = true;
        } else {
            CHECK(!exact);
        }
    }
}

static void model_check(struct model *m, bool exact)
{
    struct check c = {.m = m};
    CHECK(test_depth(&m->t) == m->root_count);
    for (uint32_t i = 0; i < m->root_count; i++)
        check_pair(&c, m->roots[i], *test_at(&m->t, i));
    uint64_t id, v;
    for (uint32_t i = 0; mg_map_at(&c.address_of, i, &id, &v); i++)
        check_node(&c, (uint32_t)id, v);
    check_weak(&c, exact);
    if (exact) {
        uint32_t alive = 0;
        for (uint32_t i = 0; i < m->control_count; i++)
            alive += m->controls[i]->pid != 0;
        CHECK(alive <= c.processes); /* copies of a Process share a control block */
    }
    mg_map_deinit(&c.address_of);
    mg_map_deinit(&c.node_of);
}

/* -- Operations -- */

static void push(struct model *m, uint64_t field, mg_value v)
{
    test_push(&m->t, v);
    m->roots[m->root_count++] = field;
}

static uint32_t array_size(struct model *m)
{
    switch (below(m, 12)) {
    case 0:
        return 100 + below(m, 60);
    case 1:
        return m->size_class > 0 ? 200 + below(m, 400) : below(m, 20);
    case 2:
        return m->size_class > 1 ? 2040 + below(m, 9000) : below(m, 20);
    default:
        return below(m, 20);
    }
}

/* Fills the fields of a new object from what there is. */
static void fill(struct model *m, uint32_t id, struct mg_object *o)
{
    struct node *node = &m->nodes[id];
    uint32_t from = fields_from(node->kind);
    for (uint32_t i = 0; i < node->count; i++) {
        node->fields[i] = 0;
        o->words[from + i] = MG_NIL;
    }
    uint32_t some = node->count < 6 ? node->count : 6;
    for (uint32_t k = 0; k < some; k++) {
        uint32_t i = below(m, node->count);
        struct pick p = pick_any(m);
        if (below(m, 4) == 0) {
            p.field = 2 * (uint64_t)below(m, 1000) + 1;
            p.value = mg_small((int64_t)(p.field / 2));
        }
        node->fields[i] = p.field;
        o->words[from + i] = p.value;
    }
}

static void op_new_fields(struct model *m, enum kind kind)
{
    static const enum mg_format formats[] = {MG_FORMAT_SLOTS, MG_FORMAT_ARRAY, MG_FORMAT_BLOCK};
    static const uint32_t classes[] = {TEST_CLASS, MG_CLASS_ARRAY, MG_CLASS_BLOCK};
    uint32_t count = kind == KIND_ARRAY ? array_size(m) : below(m, 7);
    uint64_t words = count + fields_from(kind);
    CHECK(test_reserve(&m->t, mg_object_span(formats[kind], words)) == 0);
    struct mg_object *o = mg_heap_alloc(&m->t.heap, classes[kind], formats[kind], words);
    if (kind == KIND_BLOCK) {
        o->words[MG_BLOCK_CODE] = 8;
        o->words[MG_BLOCK_SELF] = MG_NIL;
        o->words[MG_BLOCK_HOME] = 0;
    }
    uint32_t id = node_add(m, kind, count);
    fill(m, id, o);
    push(m, 2 * (uint64_t)id, mg_pointer(o));
}

static void op_new_bytes(struct model *m, enum kind kind)
{
    uint32_t count = below(m, 20) == 0 ? 4000 + below(m, 3000) : below(m, 60);
    uint32_t id = node_add(m, kind, count);
    char *text = mg_alloc(count + 1);
    for (uint32_t i = 0; i < count; i++)
        text[i] = (char)node_byte(id, i);
    CHECK(test_reserve(&m->t, mg_string_words(count)) == 0);
    mg_value v = kind == KIND_STRING ? mg_string_new(&m->t.heap, text, count)
                                     : mg_bytes_new(&m->t.heap, (const uint8_t *)text, count);
    mg_free(text);
    push(m, 2 * (uint64_t)id, v);
}

static void op_new_raw(struct model *m, enum kind kind)
{
    uint32_t id = node_add(m, kind, 0);
    CHECK(test_reserve(&m->t, 4) == 0);
    struct mg_object *o;
    if (kind == KIND_FLOAT) {
        o = mg_heap_alloc_small(&m->t.heap, MG_CLASS_FLOAT, MG_FORMAT_FLOAT, 1);
        o->words[0] = id;
    } else {
        o = mg_heap_alloc_small(&m->t.heap, MG_CLASS_BIG_INTEGER, MG_FORMAT_BIGINT, 3);
        o->words[0] = 2;
        o->words[1] = id;
        o->words[2] = ~(uint64_t)id;
    }
    push(m, 2 * (uint64_t)id, mg_pointer(o));
}

static void op_new_weak(struct model *m)
{
    CHECK(test_reserve(&m->t, 1 + MG_WEAK_WORDS) == 0);
    struct pick p = pick_any(m);
    uint32_t id = node_add(m, KIND_WEAK, 1);
    m->nodes[id].fields[0] = p.field;
    push(m, 2 * (uint64_t)id, mg_weak_new(&m->t.heap, p.value));
}

static void op_new_process(struct model *m)
{
    if (m->control_count == PROCESSES_MAX)
        return;
    CHECK(test_reserve(&m->t, 1 + MG_PROCESS_WORDS) == 0);
    uint32_t id = node_add(m, KIND_PROCESS, 0);
    m->nodes[id].count = id;
    struct mg_object *o =
        mg_heap_alloc_small(&m->t.heap, MG_CLASS_PROCESS, MG_FORMAT_PROCESS, MG_PROCESS_WORDS);
    o->words[MG_PROCESS_CONTROL] = (uintptr_t)control_new(m, id + 1);
    mg_heap_link_off_heap(&m->t.heap, o, 0);
    push(m, 2 * (uint64_t)id, mg_pointer(o));
}

static void op_store(struct model *m)
{
    struct pick to = pick_any(m);
    struct pick what = pick_any(m);
    if (pick_is(m, to, KIND_WEAK, KIND_WEAK)) {
        struct node *node = &m->nodes[to.field / 2];
        node->fields[0] = what.field;
        node->dead = false;
        mg_store(&m->t.heap, mg_object(to.value), MG_WEAK_TARGET, what.value);
        return;
    }
    if (!pick_is(m, to, KIND_SLOTS, KIND_BLOCK))
        return;
    struct node *node = &m->nodes[to.field / 2];
    if (node->count == 0)
        return;
    uint32_t i = below(m, node->count);
    node->fields[i] = what.field;
    mg_store(&m->t.heap, mg_object(to.value), fields_from(node->kind) + i, what.value);
}

static void op_drop(struct model *m)
{
    uint32_t n = 1 + below(m, 10);
    for (; n > 0 && m->root_count > 0; n--) {
        uint32_t r = below(m, m->root_count);
        m->roots[r] = m->roots[m->root_count - 1];
        *test_at(&m->t, r) = *test_at(&m->t, m->root_count - 1);
        m->root_count--;
        m->t.roots.top--;
    }
}

/* A deep copy of a node, with all it leads to; answers the new id. */
static uint32_t node_clone(struct model *m, uint32_t root)
{
    struct mg_map clones = {0};
    uint32_t first = m->node_count;
    mg_map_put(&clones, root, node_add(m, m->nodes[root].kind, m->nodes[root].count));
    uint64_t old, new;
    for (uint32_t i = 0; mg_map_at(&clones, i, &old, &new); i++) {
        struct node *from = &m->nodes[old];
        if (from->kind > KIND_BLOCK)
            continue;
        for (uint32_t f = 0; f < from->count; f++) {
            uint64_t field = from->fields[f];
            if (field != 0 && !(field & 1)) {
                uint64_t clone;
                if (!mg_map_get(&clones, field / 2, &clone)) {
                    const struct node *child = &m->nodes[field / 2];
                    clone = node_add(m, child->kind, child->count);
                    mg_map_put(&clones, field / 2, clone);
                }
                field = 2 * clone;
            }
            m->nodes[new].fields[f] = field;
        }
    }
    mg_map_deinit(&clones);
    return first;
}

/* Content of byte, float and number nodes depends on the id, so only graphs without them are
 * cloned; and a copy is refused for weak ones. */
static bool clone_allowed(struct model *m, uint32_t root)
{
    struct mg_map seen = {0};
    bool ok = true;
    uint64_t id;
    mg_map_put(&seen, root, 0);
    for (uint32_t i = 0; ok && mg_map_at(&seen, i, &id, NULL); i++) {
        const struct node *node = &m->nodes[id];
        ok = (node->kind <= KIND_BLOCK || node->kind == KIND_PROCESS) && mg_map_len(&seen) < 300;
        for (uint32_t f = 0; ok && node->kind <= KIND_BLOCK && f < node->count; f++) {
            if (node->fields[f] != 0 && !(node->fields[f] & 1))
                mg_map_put(&seen, node->fields[f] / 2, 0);
        }
    }
    mg_map_deinit(&seen);
    return ok;
}

static void op_message(struct model *m)
{
    struct pick p = pick_any(m);
    if (!pick_is(m, p, KIND_SLOTS, KIND_BLOCK) || !clone_allowed(m, (uint32_t)(p.field / 2)))
        return;
    CHECK(mg_copy_measure(&m->copy, &p.value, 1) == 0);
    uint64_t words = m->copy.words;
    uint64_t bytes = sizeof(struct mg_fragment) + words * sizeof(mg_value);
    struct mg_fragment *f = mg_block_alloc(&m->t.blocks, bytes);
    *f = (struct mg_fragment){.block = f, .block_bytes = (uint32_t)bytes};
    mg_value v;
    mg_copy_write(&m->copy, f, (mg_value *)(f + 1), &p.value, &v, 1);
    mg_fragment_audit(f, &v, 1);
    uint32_t id = node_clone(m, (uint32_t)(p.field / 2));
    /* Blocks arrive detached, which the model does not show. */
    if (words <= 40 && below(m, 2)) {
        CHECK(test_reserve(&m->t, words) == 0);
        mg_heap_absorb(&m->t.heap, f, &v, 1);
        mg_fragment_free(f, &m->t.blocks);
        push(m, 2 * (uint64_t)id, v);
    } else {
        CHECK(test_reserve(&m->t, 0) == 0);
        bool due = mg_heap_adopt(&m->t.heap, f);
        push(m, 2 * (uint64_t)id, v);
        if (due)
            CHECK(mg_heap_reserve(&m->t.heap, 1, &m->t.roots) == 0);
    }
}

static void field_become(uint64_t *field, uint64_t a, uint64_t b, bool two_way)
{
    if (*field == a)
        *field = b;
    else if (two_way && *field == b)
        *field = a;
}

static void op_become(struct model *m)
{
    struct pick p = pick_any(m);
    struct pick q = pick_any(m);
    bool two_way = below(m, 2);
    if (!pick_is(m, p, KIND_SLOTS, KIND_PROCESS) || !pick_is(m, q, KIND_SLOTS, KIND_PROCESS))
        return;
    CHECK(mg_heap_become(&m->t.heap, p.value, q.value, two_way, &m->t.roots) == 0);
    for (uint32_t i = 0; i < m->root_count; i++)
        field_become(&m->roots[i], p.field, q.field, two_way);
    for (uint32_t i = 0; i < m->node_count; i++) {
        struct node *node = &m->nodes[i];
        uint32_t count = node->kind <= KIND_BLOCK ? node->count : node->kind == KIND_WEAK;
        for (uint32_t f = 0; f < count; f++)
            field_become(&node->fields[f], p.field, q.field, two_way);
    }
}

static void op_any(struct model *m)
{
    if (m->root_count >= ROOTS_MAX - 2) {
        op_drop(m);
        return;
    }
    uint32_t n = below(m, 100);
    if (n < 18)
        op_new_fields(m, KIND_SLOTS);
    else if (n < 30)
        op_new_fields(m, KIND_ARRAY);
    else if (n < 34)
        op_new_fields(m, KIND_BLOCK);
    else if (n < 40)
        op_new_bytes(m, below(m, 2) ? KIND_STRING : KIND_BYTES);
    else if (n < 44)
        op_new_raw(m, below(m, 2) ? KIND_FLOAT : KIND_BIGINT);
    else if (n < 48)
        op_new_weak(m);
    else if (n < 51)
        op_new_process(m);
    else if (n < 80)
        op_store(m);
    else if (n < 90)
        op_drop(m);
    else if (n < 97)
        op_message(m);
    else if (n < 98)
        mg_heap_collect(&m->t.heap, below(m, 2), &m->t.roots);
    else
        op_become(m);
}

/* -- Runs -- */

static struct model *model_new(uint64_t seed, uint32_t size_class)
{
    struct model *m = mg_alloc_zero(sizeof *m);
    test_heap_init(&m->t, UINT64_MAX);
    mg_copy_init(&m->copy, NULL, 1 << 20);
    mg_rng_seed(&m->rng, seed);
    m->nodes = mg_alloc(NODES_MAX * sizeof *m->nodes);
    m->node_count = 1; /* 0 is nil */
    m->nodes[0] = (struct node){0};
    m->size_class = size_class;
    return m;
}

static void model_free(struct model *m)
{
    mg_copy_deinit(&m->copy);
    test_heap_deinit(&m->t);
    for (uint32_t i = 0; i < m->control_count; i++) {
        CHECK(m->controls[i]->pid == 0); /* every count was dropped */
        mg_free(m->controls[i]);
    }
    for (uint32_t i = 0; i < m->node_count; i++)
        mg_free(m->nodes[i].fields);
    mg_free(m->nodes);
    mg_free(m);
}

static void run(uint64_t seed, uint32_t ops, uint32_t size_class, bool eager, uint32_t audit_each)
{
    struct model *m = model_new(seed, size_class);
    m->t.eager = eager;
    for (uint32_t i = 0; i < ops && m->node_count < NODES_MAX - 2000; i++) {
        op_any(m);
        if (i % audit_each == 0) {
            test_audit(&m->t);
            model_check(m, false);
        }
        if (i % 500 == 499) {
            mg_heap_collect(&m->t.heap, true, &m->t.roots);
            test_audit(&m->t);
            model_check(m, true);
        }
        if (i % 700 == 699) {
            mg_heap_hibernate_into(&m->t.heap, m->t.first, TEST_FIRST_WORDS, &m->t.roots);
            test_audit(&m->t);
            model_check(m, true);
        }
    }
    model_free(m);
}

/* A small heap keeps its graph, collecting now and then or at every allocation. */
UNIT_CASE(small_graphs_are_kept)
{
    for (uint64_t seed = 1; seed <= 30; seed++)
        run(seed, 600, 0, seed & 1, 1);
}

/* So does a heap with arrays that have cards and size words. */
UNIT_CASE(medium_graphs_are_kept)
{
    for (uint64_t seed = 100; seed <= 112; seed++)
        run(seed, 1500, 1, seed & 1, 7);
}

/* So does a generational heap with large objects. */
UNIT_CASE(generational_graphs_are_kept)
{
    for (uint64_t seed = 200; seed <= 212; seed++)
        run(seed, 3000, 2, seed & 1, 41);
}

UNIT_MAIN("object/gc", small_graphs_are_kept, medium_graphs_are_kept, generational_graphs_are_kept)
