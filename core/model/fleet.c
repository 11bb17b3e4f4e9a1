#include <config.h>

#include "core/model/fleet.h"

#include <stdlib.h>
#include <string.h>

struct fleet *fleet_new(size_t n_servers)
{
    struct fleet *f;

    if (n_servers > MAX_SERVERS)
        return NULL;
    f = calloc(1, sizeof(*f) + n_servers * sizeof(f->servers[0]));
    if (f == NULL)
        return NULL;
    f->refs = 1;
    f->n_servers = n_servers;
    return f;
}

struct fleet *fleet_copy(const struct fleet *f)
{
    struct fleet *copy = fleet_new(f->n_servers);

    if (copy == NULL)
        return NULL;
    memcpy(copy, f, sizeof(*f) + f->n_servers * sizeof(f->servers[0]));
    copy->refs = 1;
    return copy;
}

static bool outlasts(enum place kept, enum place now)
{
    bool moves = kept == PLACE_MOVING_OUT || kept == PLACE_MOVING_BACK;

    return kept == PLACE_LOST || (moves && now != PLACE_LOST) ||
           (now == PLACE_UNKNOWN && kept != PLACE_UNKNOWN);
}

void fleet_note_quarter(uint8_t quarters[FLEET_QUARTERS], struct utc day_start,
                        struct utc t, enum place place)
{
    int64_t q = (t.s - day_start.s) / FLEET_QUARTER_S;

    if (t.s >= day_start.s && q < FLEET_QUARTERS &&
        !outlasts((enum place)quarters[q], place))
        quarters[q] = (uint8_t)place;
}

struct fleet *fleet_ref(struct fleet *f)
{
    (void)__atomic_add_fetch(&f->refs, 1,
                             __ATOMIC_RELAXED); /* the caller holds one already */
    return f;
}

void fleet_unref(struct fleet *f)
{
    if (f != NULL && __atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) == 0)
        free(f);
}

int fleet_find(const struct fleet *f, const char *server)
{
    for (size_t i = 0; i < f->n_servers; i++) {
        if (strcmp(f->servers[i].name, server) == 0)
            return (int)i;
    }
    return -1;
}
