#include <config.h>

#include "tui/reasons.h"

#include "core/policy/lead.h"

static int64_t lead_of(const struct reasons *r, const struct fleet *f)
{
    if (!r->policy->lead_auto)
        return r->policy->lead;
    return f->lead_s != 0 ? f->lead_s : LEAD_UNTAUGHT_S;
}

const struct schedule *reasons_schedule(struct reasons *r, const struct fleet *f,
                                        struct utc at)
{
    int64_t lead = lead_of(r, f);

    if (r->tz == NULL)
        return &r->schedule; /* without a zone there are no windows */
    if (!r->built || r->schedule.lead_s != lead || at.s < r->schedule.valid_from.s ||
        at.s >= r->schedule.valid_to.s)
        schedule_build(r->policy, r->tz, at, lead, &r->schedule);
    r->built = true;
    return &r->schedule;
}

void reasons_tell(struct reasons *r, const struct fleet *f, size_t server, struct utc now,
                  struct utc at, struct explain_out *out)
{
    const struct server_view *s = &f->servers[server];
    struct explain_in in = {.policy = r->policy,
                            .schedule = &r->schedule,
                            .tz = r->tz,
                            .now = now,
                            .at = at,
                            .setting = f->setting,
                            .snooze_until = s->snooze_until.s > f->snooze_until.s
                                                ? s->snooze_until
                                                : f->snooze_until,
                            .name = s->name,
                            .place = s->facts.place,
                            .decision = &s->decision,
                            .hold = &s->hold,
                            .auto_on = s->auto_on,
                            .moving = s->move.active,
                            .direction = s->move.direction,
                            .step = s->move.step,
                            .committed = s->move.committed};

    (void)reasons_schedule(r, f, at);
    explain(&in, out);
}
