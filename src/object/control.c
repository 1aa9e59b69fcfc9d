/* SPDX-License-Identifier: MIT */
/* Counting of control blocks: see control.h. */
#include "object/control.h"

#include "base/assert.h"

void mg_control_init(struct mg_control *control, mg_pid pid, mg_control_release release)
{
    CHECK(((uintptr_t)control & (MG_CACHE_LINE - 1)) == 0);
    CHECK(release);
    /* K3 relaxed: nobody else knows the block yet. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->refs, 1);
    /* K4 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->state, 0);
    control->pid = pid;
    control->release = release;
    /* K5 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->actor, (struct mg_actor *)NULL);
    /* K6 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->record, (struct mg_exit_record *)NULL);
    /* K7 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->reductions, 0);
    /* K8 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->heap_bytes, 0);
    /* K9 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->mailbox_load, 0);
    /* K10 relaxed: as K3. Pairs with K2 in mg_control_unref(). */
    store_relaxed(&control->spare, 0);
}

void mg_control_unref(struct mg_control *control, struct mg_block_cache *blocks)
{
    /* K11 relaxed: set before the block was known. Pairs with K10 in mg_control_init() and what
     * the maker does after it. */
    bool kept = (load_relaxed(&control->spare) & MG_CONTROL_KEPT) != 0;
    mg_pid pid = control->pid;
    mg_control_release release = control->release;
    /* K2 acq_rel: what each holder did with the block comes before its release, and the last one
     * sees all of it. Pairs with K2 in mg_control_unref() of the other holders. */
    uint32_t before = fetch_sub_acq_rel(&control->refs, 1);
    ASSERT(before > 0);
    if (before == 1)
        release(control, MG_PID_NONE, blocks);
    else if (MG_UNLIKELY(kept) && before == 2)
        release(NULL, pid, blocks); // the block is not ours any more
}
