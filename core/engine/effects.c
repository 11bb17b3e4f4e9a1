#include <config.h>

#include "core/engine/effects.h"

#include "core/base/sure.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 16, KEPT_CAP = 64, MAX_CAP = 64 * 1024 };

bool effects_reserve(struct effects *fx, size_t records, size_t calls)
{
    /* Each is cleared when it is used. */
    fx->records = reallocarray(NULL, records, sizeof(*fx->records));
    fx->calls = reallocarray(NULL, calls, sizeof(*fx->calls));
    fx->cap_records = fx->kept_records = fx->records != NULL ? records : 0;
    fx->cap_calls = fx->calls != NULL ? calls : 0;
    return fx->records != NULL && fx->calls != NULL;
}

void effects_reset(struct effects *fx)
{
    size_t kept = fx->kept_records > 0 ? fx->kept_records : KEPT_CAP;

    if (fx->cap_records > kept) { /* a price history: it comes once */
        /* Other room: what is cut off an end would stay in memory up to there. */
        struct record *less = reallocarray(NULL, kept, sizeof(*less));

        if (less != NULL) {
            free(fx->records);
            fx->records = less;
            fx->cap_records = kept;
        }
    }
    fx->n_records = fx->n_calls = fx->n_polls = 0;
    fx->changed = fx->failed = false;
    fx->next_wake = fx->next_due = (struct mono){0};
}

void effects_clear(struct effects *fx)
{
    free(fx->records);
    free(fx->calls);
    *fx = (struct effects){0};
}

/* Room for one more element; false when memory or the bound is reached. */
static bool grow(void **items, size_t n, size_t *cap, size_t size)
{
    size_t want = *cap == 0 ? FIRST_CAP : *cap * 2;
    void *p;

    if (n < *cap)
        return true;
    if (want > MAX_CAP)
        return false;
    p = reallocarray(*items, want, size);
    if (p == NULL)
        return false;
    *items = p;
    *cap = want;
    return true;
}

struct record *effects_record(struct effects *fx, enum record_kind kind)
{
    void *items = fx->records;
    struct record *r;

    if (!grow(&items, fx->n_records, &fx->cap_records, sizeof(*r))) {
        fx->failed = true;
        return NULL;
    }
    fx->records = items;
    SURE(fx->n_records < fx->cap_records);
    r = &fx->records[fx->n_records++];
    memset(r, 0, sizeof(*r));
    r->kind = kind;
    return r;
}

struct call *effects_call(struct effects *fx)
{
    void *items = fx->calls;
    struct call *c;

    if (!grow(&items, fx->n_calls, &fx->cap_calls, sizeof(*c))) {
        fx->failed = true;
        return NULL;
    }
    fx->calls = items;
    SURE(fx->n_calls < fx->cap_calls);
    c = &fx->calls[fx->n_calls++];
    memset(c, 0, sizeof(*c));
    return c;
}
