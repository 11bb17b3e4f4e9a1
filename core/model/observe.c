#include <config.h>

#include "core/model/observe.h"

#include <stdlib.h>

enum { OBSERVATION_LIMIT_BYTES = 32 * 1024 * 1024 };

struct observation *observation_new(enum source source)
{
    struct observation *o = calloc(1, sizeof(*o));

    if (o == NULL)
        return NULL;
    o->arena = arena_new(OBSERVATION_LIMIT_BYTES);
    if (o->arena == NULL) {
        free(o);
        return NULL;
    }
    o->source = source;
    o->refs = 1;
    return o;
}

int32_t seen_build_progress(const struct seen_build *b, struct utc theirs)
{
    enum { FULL = 100 };
    int64_t went;

    if (b->started.s == 0 || b->estimate_s <= 0)
        return -1;
    if (theirs.s < b->started.s)
        return 0;
    if (__builtin_sub_overflow(theirs.s, b->started.s, &went) ||
        __builtin_mul_overflow(went, FULL, &went) || went / b->estimate_s >= FULL)
        return FULL - 1; /* later than estimated, and at work still */
    return (int32_t)(went / b->estimate_s);
}

void observation_again(struct observation *o, const struct observation *last)
{
    struct arena *shared = arena_share(last->arena);

    arena_free(o->arena);
    o->arena = shared;
    o->as = last->as;
}

struct observation *observation_ref(struct observation *o)
{
    (void)__atomic_add_fetch(&o->refs, 1,
                             __ATOMIC_RELAXED); /* the caller holds one already */
    return o;
}

bool observation_reuse(struct observation *o)
{
    struct arena *arena = o->arena;

    if (__atomic_load_n(&o->refs, __ATOMIC_ACQUIRE) != 1 || !arena_reset(arena))
        return false;
    *o = (struct observation){.arena = arena, .source = o->source, .refs = 1};
    return true;
}

bool observation_is_shared(const struct observation *o)
{
    return __atomic_load_n(&o->refs, __ATOMIC_ACQUIRE) != 1;
}

void observation_unref(struct observation *o)
{
    if (o == NULL || __atomic_sub_fetch(&o->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    arena_free(o->arena);
    free(o);
}
