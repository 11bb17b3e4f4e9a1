#include <config.h>

#include "tests/torture/callers.h"

#include <execinfo.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 96, OWN = 2 };

static int below; /* frames under whoever began */

void callers_base(void)
{
    void *frames[FRAMES];

    below = backtrace(frames, FRAMES) - 1;
}

uint64_t caller_now(int what)
{
    void *frames[FRAMES];
    uint64_t id = UINT64_C(14695981039346656037) + (uint64_t)what;
    int n = backtrace(frames, FRAMES);

    if (n <= OWN + below || n == FRAMES)
        abort(); /* nobody knows who calls whom */
    for (int i = OWN; i < n - below; i++) {
        id = (id ^ (uintptr_t)frames[i]) * UINT64_C(1099511628211);
        id ^= id >> 29;
    }
    return id | 1;
}

void callers_begin(struct callers *c, uint64_t seed)
{
    memset(c, 0, sizeof(*c));
    rng_seed(&c->rng, seed);
}

void callers_add(struct callers *c, uint64_t id, int story, uint64_t at)
{
    size_t i = (size_t)id / 2 & (CALLERS - 1);
    struct caller *found;

    while (c->list[i].id != 0 && c->list[i].id != id)
        i = (i + 1) & (CALLERS - 1);
    found = &c->list[i];
    if (found->id == 0 && ++c->n > CALLERS / 2)
        abort();
    found->id = id;
    if (rng_between(&c->rng, 0, found->times++) != 0)
        return;
    found->story = story;
    found->at = at;
}

static int by_story(const void *a, const void *b)
{
    const struct caller *x = a, *y = b;

    if ((x->id == 0) != (y->id == 0)) /* the free ones last */
        return x->id == 0 ? 1 : -1;
    if (x->story != y->story)
        return x->story < y->story ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

void callers_sort(struct callers *c)
{
    qsort(c->list, CALLERS, sizeof(c->list[0]), by_story);
}
