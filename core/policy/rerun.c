#include <config.h>

#include "core/policy/rerun.h"

size_t rerun_losses(const struct utc *losses, size_t n, struct utc now, int64_t window_s)
{
    size_t recent = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t age = now.s - losses[i].s;

        recent += age >= 0 && age <= window_s ? 1 : 0;
    }
    return recent;
}

struct utc rerun_at(const struct policy_config *p, size_t nth, struct utc now)
{
    size_t last = p->n_rerun_delay;

    if (last == 0 || nth == 0)
        return now;
    return (struct utc){now.s + p->rerun_delay[(nth < last ? nth : last) - 1]};
}

bool rerun_is_market(size_t losses, size_t servers)
{
    return servers > 1 && losses >= servers;
}
