/* SPDX-License-Identifier: MIT */
/* Deep copies of any graph: the input's bytes build one, with cycles and sharing, in a heap that
 * collects meanwhile. Its copy must be the same graph, in a fragment in order, adopted, absorbed,
 * and copied on read-only; and the source unharmed.
 */
#include "support/fuzz.h"

#include "support/graph.h"

const struct fuzz_seed fuzz_seeds[] = {
    {"\x04\x07\x31\x20\x05\x01\x02\x03\x04\x0b\x01\x01\x00\x01", 14},
    {"\x00\x03\x02\x09\x09\x08\x08\x07\x07\x06\x06\x05\x05\x04\x04\x03\x03\x02\x02\x01\x01", 21},
    {"\x07\x07\x04\x04\x04\x04\x04\x05\x05\x05\x05\xff\xfe\xfd\xfc\xfb\xfa\x0a\x0a\x0a", 20},
    {"\x01\x01\x01\x02\x02\x02\x01\x01\x01\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 21},
    {NULL, 0},
};
const char *const fuzz_words[] = {"\x0b\x01\x01", "\x04\xff\xff\x07", "\x05\x03", "\x0a", NULL};

/* One copy by every road. */
static void copy_all_ways(struct test_heap *t, struct mg_copy *copy, size_t root)
{
    mg_value out;
    struct mg_fragment *f = graph_copy(t, copy, *test_at(t, root), &out);
    graph_same(*test_at(t, root), out);
    if (f->words <= 64) {
        CHECK(test_reserve(t, f->words) == 0);
        graph_same(*test_at(t, root), out);
        mg_heap_absorb(&t->heap, f, &out, 1);
        mg_fragment_free(f, &t->blocks);
        test_push(t, out);
    } else {
        CHECK(test_reserve(t, 0) == 0);
        mg_heap_adopt(&t->heap, f);
        test_push(t, out);
    }
    graph_same(*test_at(t, root), t->roots.top[-1]);
    mg_heap_audit(&t->heap, &t->roots);

    uint64_t words = mg_copy_size_readonly(copy, *test_at(t, root));
    CHECK(test_reserve(t, words) == 0);
    out = mg_copy_into_heap(copy, &t->heap, *test_at(t, root), words);
    CHECK(out != MG_UNSET);
    test_push(t, out);
    graph_same(*test_at(t, root), out);
    mg_heap_audit(&t->heap, &t->roots);
    mg_heap_collect(&t->heap, true, &t->roots);
    graph_same(*test_at(t, root), t->roots.top[-1]);
    graph_same(*test_at(t, root), t->roots.top[-2]);
    t->roots.top -= 2;
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct graph_source source = {data, n};
    struct test_heap t;
    struct mg_copy copy;
    test_heap_init(&t, UINT64_MAX);
    mg_copy_init(&copy, NULL, 1 << 20);
    t.eager = graph_byte(&source) & 1;
    graph_build(&t, &source);
    size_t depth = test_depth(&t);
    for (size_t root = depth > 2 ? depth - 2 : 0; root < depth; root++)
        copy_all_ways(&t, &copy, root);
    mg_copy_deinit(&copy);
    test_heap_deinit(&t);
}
