#include <config.h>

#include "core/move/mover.h"

#include "core/base/str.h"

#define MOVER(name) extern const struct mover_ops mover_##name;
#include "core/move/movers.def"
#undef MOVER

static const struct mover_ops *const movers[] = {
#define MOVER(name) &mover_##name,
#include "core/move/movers.def"
#undef MOVER
};

const struct mover_ops *mover_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(movers); i++) {
        if (str_eq(movers[i]->name, name))
            return movers[i];
    }
    return NULL;
}

bool mover_any_launches(const struct config *c)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct mover_ops *m = mover_find(c->servers[i].mover);

        if (m != NULL && m->launches)
            return true;
    }
    return false;
}

const struct mover_ops *mover_replacing(void)
{
    return &mover_ec2_replace;
}

const struct mover_step *mover_steps(const struct mover_ops *ops, enum direction d,
                                     int32_t *n)
{
    *n = d == DIRECTION_OUT ? ops->n_out : ops->n_back;
    return d == DIRECTION_OUT ? ops->out : ops->back;
}

const struct mover_ops *mover_of(const struct server_config *s)
{
    return mover_find(s->overlaps ? "ec2-overlap" : s->mover);
}

int64_t mover_overlap_s(const struct policy_config *p)
{
    enum { ENDING_S = 60 };

    return p->max_overlap > 2 * ENDING_S ? p->max_overlap - ENDING_S : p->max_overlap / 2;
}

int64_t mover_reclaim_slack_s(const struct policy_config *p)
{
    enum { LATE_S = 60 };

    return LATE_S + p->clock_skew;
}
