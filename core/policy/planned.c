#include <config.h>

#include "core/policy/schedule.h"

/* One build of the schedule reaches two weeks; a month needs several. */

/* Windows that follow each other around a build's horizon are one stretch. */
static bool goes_on(const struct stretch *last, struct stretch v)
{
    return v.start.s <= last->end.s;
}

static struct stretch stay_of(const struct schedule *s, size_t i)
{
    return (struct stretch){s->intervals[i].start,
                            {s->intervals[i].end.s + s->drain_start_s}};
}

size_t schedule_planned(const struct policy_config *p, const struct tz *tz,
                        struct utc from, struct utc to, struct stretch *out, size_t max)
{
    struct utc at = from;
    size_t n = 0;

    while (at.s < to.s) {
        struct schedule s;

        schedule_build(p, tz, at, 0, &s);
        for (size_t i = 0; i < s.n; i++) {
            struct stretch v = stay_of(&s, i);

            if (v.end.s <= from.s || v.start.s >= to.s)
                continue;
            if (n > 0 && goes_on(&out[n - 1], v)) {
                if (v.end.s > out[n - 1].end.s)
                    out[n - 1].end = v.end;
            } else if (n < max) {
                out[n++] = v;
            } else {
                return n;
            }
        }
        at = s.horizon;
    }
    return n;
}
