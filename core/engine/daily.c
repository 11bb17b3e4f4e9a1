#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

enum { SCHEDULE_REFRESH_S = 6 * 3600, DAY_S = 86400, CALENDAR_AHEAD_DAYS = 30 };

/* Who forgets to write next year's holidays should hear of it in time (policy-and-cost
 * 3.3); once a day, also when every five minutes another process looks. */
static void tell_calendar(struct controller *c, int64_t today)
{
    const struct policy_config *p = &c->config->policy;
    struct civil last = {0};
    char text[LINE_TEXT];

    if (p->calendar == NULL || c->calendar_told == today)
        return;
    if (p->n_exceptions > 0) {
        int64_t day = p->exceptions[p->n_exceptions - 1].day;

        if (day - today >= CALENDAR_AHEAD_DAYS)
            return;
        last = civil_from_seconds(day * DAY_S);
    }
    c->calendar_told = today;
    setting_store_number(c, "calendar_told", today);
    if (p->n_exceptions == 0)
        (void)str_copy(text, sizeof(text), "the calendar has no exception days in it");
    else
        (void)str_format(text, sizeof(text),
                         "the calendar ends %04d-%02d-%02d: add the exception days that "
                         "follow",
                         last.year, last.month, last.day);
    alert_raise(c, "", "calendar", text);
}

/* 6.2: both ends of a window in the hour that the clock leaves out. */
static void tell_empty(struct controller *c)
{
    struct civil day;
    char text[LINE_TEXT];

    if (c->schedule.n_empty == 0 || c->empty_told.s == c->schedule.empty_at.s)
        return;
    c->empty_told = c->schedule.empty_at;
    setting_store_number(c, "empty_told", c->empty_told.s);
    day = tz_civil(c->tz, c->empty_told);
    (void)str_format(text, sizeof(text),
                     "a window of %04d-%02d-%02d has no time in it: the clock is set "
                     "forward over it",
                     day.year, day.month, day.day);
    alert_raise(c, "", "window", text);
}

/* 3.4: recomputed daily, frozen from L to S. */
static void relearn(struct controller *c, int64_t today)
{
    int64_t lead, kept[2];
    size_t out = 0;
    char was[DUR_TEXT], now[DUR_TEXT];

    if (!c->config->policy.lead_auto || c->lead_day == today ||
        schedule_at(&c->schedule, c->now).phase == PHASE_LEAD)
        return;
    for (size_t i = 0; i < c->n_servers; i++)
        out += c->servers[i].auto_on ? 1 : 0;
    lead = lead_learned(&c->lead, out, c->config->policy.max_moves);
    kept[0] = lead;
    kept[1] = c->lead_day = today;
    setting_store_numbers(c, "lead", kept, 2);
    if (lead == c->lead_s)
        return;
    journal_say(c, journal_begin(c, LEVEL_INFO, "policy", "", "lead"),
                "the way out begins %s before the rush hours (%s until now), as the last "
                "%zu moves took it",
                duration_text(lead, now), duration_text(c->lead_s, was), c->lead.moves.n);
    c->lead_s = lead;
    schedule_build(&c->config->policy, c->tz, c->now, c->lead_s, &c->schedule);
}

void schedule_refresh(struct controller *c)
{
    /* Days begin with a minute; looks may follow each other within one. */
    if (c->now.s / 60 != c->today_minute) {
        c->today = (c->now.s + tz_offset_s(c->tz, c->now)) / DAY_S;
        c->today_minute = c->now.s / 60;
    }
    if (!c->schedule_built || RH_BUGGIFY("schedule-built-anew") ||
        c->now.s < c->schedule.valid_from.s ||
        c->now.s + SCHEDULE_REFRESH_S >= c->schedule.valid_to.s) {
        schedule_build(&c->config->policy, c->tz, c->now, c->lead_s, &c->schedule);
        c->schedule_built = true;
        tell_empty(c);
    }
    relearn(c, c->today);
    tell_calendar(c, c->today);
}
