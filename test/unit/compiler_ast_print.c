/* SPDX-License-Identifier: MIT */
/* Trees print what they hold; floats read back. */
#include <stdlib.h>

#include "base/rng.h"
#include "unit/compiler_support.h"

/* Every float prints so that it reads back, and as a float. */
UNIT_CASE(floats_read_back)
{
    struct mg_rng rng;
    mg_rng_seed(&rng, 7);
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = mg_rng_next(&rng);
        struct mg_literal literal = {.kind = MG_LITERAL_FLOAT};
        struct mg_buf out = {0};
        memcpy(&literal.as.real, &bits, sizeof bits);
        if (literal.as.real - literal.as.real != 0)
            continue;
        if (i % 2)
            literal.as.real = (double)(int64_t)(bits >> 40) / 8;
        mg_literal_print(&literal, &out);
        ck_assert(strtod(mg_buf_text(&out), NULL) == literal.as.real);
        ck_assert_ptr_nonnull(strpbrk(mg_buf_text(&out), ".e"));
        mg_buf_deinit(&out);
    }
}

/* All parts of a definition show. */
UNIT_CASE(definitions)
{
    test_is(test_parse("\"\"\"it's\"\"\" X subclass: nil method: a [ ^self ~> b ]", false),
            "(class X nil (doc 'it''s')\n  (method a (^ (eventual self b))))\n");
}

UNIT_MAIN("compiler/ast_print", floats_read_back, definitions)
