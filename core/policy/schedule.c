#include <config.h>

#include "core/policy/schedule.h"

#include "core/model/calendar.h"

/*
 * Numbers in comments are those of policy-and-cost. L = S - lead, D = E + drain_start;
 * the schedule says CLOUD in [L, D). Intervals are sorted and never touch, so that L and
 * D rise with them; but [L, D) of neighbors may touch or overlap: they then are one
 * stretch.
 */

enum { DAY_S = 86400, DAYS_BEFORE = 2, DAYS_AFTER = 14, DAYS_VALID = 8 };
_Static_assert(MAX_WINDOWS *(DAYS_BEFORE + 1 + DAYS_AFTER) <= SCHEDULE_MAX,
               "every window of every day has its place");
_Static_assert(DAYS_BEFORE + 1 + DAYS_AFTER <= SCHEDULE_DAYS, "and every day off");

static struct utc lead_start(const struct schedule *s, size_t i)
{
    return (struct utc){s->intervals[i].start.s - s->lead_s};
}

static struct utc drain_start(const struct schedule *s, size_t i)
{
    return (struct utc){s->intervals[i].end.s + s->drain_start_s};
}

/* The instant of a local time: of a start the first, of an end the second (3.2); in the
 * spring gap both are the instant of the change. */
static struct utc instant(const struct tz *tz, int64_t day, int32_t minute, bool is_end)
{
    struct civil c = civil_from_seconds(day * DAY_S + minute * INT64_C(60));
    struct tz_local l = tz_instants(tz, &c);

    return is_end ? l.second : l.first;
}

/* Sorted by start; the list is short and comes almost sorted. */
static void insert(struct schedule *s, struct interval v)
{
    size_t i = s->n;

    for (; i > 0 && s->intervals[i - 1].start.s > v.start.s; i--)
        s->intervals[i] = s->intervals[i - 1];
    s->intervals[i] = v;
    s->n++;
}

/* Union: intervals that overlap or touch become one, so that no tick falls between. */
static void join(struct schedule *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        struct interval v = s->intervals[i];

        if (n > 0 && v.start.s <= s->intervals[n - 1].end.s) {
            if (v.end.s > s->intervals[n - 1].end.s)
                s->intervals[n - 1].end = v.end;
        } else {
            s->intervals[n++] = v;
        }
    }
    s->n = n;
}

/* With drain_start far enough before the end a window has no time in the cloud at all. */
static void drop_void(struct schedule *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (drain_start(s, i).s > lead_start(s, i).s)
            s->intervals[n++] = s->intervals[i];
    }
    s->n = n;
}

/* 1970-01-01 was a Thursday. */
static int weekday_of(int64_t day)
{
    return (int)(((day + 4) % 7 + 7) % 7);
}

static void add_window(struct schedule *s, const struct tz *tz, int64_t day,
                       int32_t start_min, int32_t end_min)
{
    struct interval v = {
        .start = instant(tz, day, start_min, false),
        .end = instant(tz, end_min <= start_min ? day + 1 : day, end_min, true)};

    if (v.end.s > v.start.s) {
        insert(s, v);
    } else {
        if (s->n_empty == 0)
            s->empty_at = v.start;
        s->n_empty++;
    }
}

/* The windows of a weekday start on that day; how many there are. */
static size_t add_weekday(struct schedule *s, const struct policy_config *p,
                          const struct tz *tz, int64_t day, int weekday)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_windows; i++) {
        const struct window *w = &p->windows[i];

        if ((w->days >> weekday & 1) == 0)
            continue;
        n++;
        add_window(s, tz, day, w->start_min, w->end_min);
    }
    return n;
}

/* 3.3: an exception replaces what starts on its day, and nothing else. */
static void add_off(struct schedule *s, const struct policy_config *p,
                    const struct tz *tz, const struct calendar_day *x)
{
    bool usual = false;

    for (size_t i = 0; i < p->n_windows; i++)
        usual = usual || (p->windows[i].days >> weekday_of(x->day) & 1) != 0;
    if (!usual)
        return;
    s->days_off[s->n_days_off].start = instant(tz, x->day, 0, false);
    s->days_off[s->n_days_off++].end = instant(tz, x->day + 1, 0, false);
}

static void add_on(struct schedule *s, const struct policy_config *p, const struct tz *tz,
                   const struct calendar_day *x)
{
    for (int i = 0; i < 7; i++) {
        if (add_weekday(s, p, tz, x->day, (weekday_of(x->day) + i) % 7) > 0)
            return;
    }
}

static void add_own(struct schedule *s, const struct policy_config *p,
                    const struct tz *tz, const struct calendar_day *x)
{
    (void)p; /* it has windows of its own */
    for (size_t i = 0; i < x->n; i++)
        add_window(s, tz, x->day, x->start_min[i], x->end_min[i]);
}

static void add_exception(struct schedule *s, const struct policy_config *p,
                          const struct tz *tz, const struct calendar_day *x)
{
    static void (*const kinds[])(struct schedule *, const struct policy_config *,
                                 const struct tz *, const struct calendar_day *) = {
        [CALENDAR_OFF] = add_off,
        [CALENDAR_ON] = add_on,
        [CALENDAR_WINDOWS] = add_own,
    };

    kinds[x->kind](s, p, tz, x);
}

void schedule_build(const struct policy_config *p, const struct tz *tz, struct utc now,
                    int64_t lead_s, struct schedule *out)
{
    struct civil c = tz_civil(tz, now);
    int64_t today = civil_to_days(c.year, c.month, c.day);

    out->n = 0;
    out->n_empty = 0;
    out->empty_at = (struct utc){0};
    out->n_days_off = 0;
    out->lead_s = lead_s;
    out->drain_start_s = p->drain_start;
    out->valid_from = instant(tz, today, 0, false);
    out->valid_to = instant(tz, today + DAYS_VALID, 0, false);
    out->horizon = instant(tz, today + DAYS_AFTER + 1, 0, false);
    for (int64_t day = today - DAYS_BEFORE; day <= today + DAYS_AFTER; day++) {
        const struct calendar_day *x = calendar_find(p->exceptions, p->n_exceptions, day);

        if (x != NULL)
            add_exception(out, p, tz, x);
        else
            (void)add_weekday(out, p, tz, day, weekday_of(day)); /* none is fine, too */
    }
    join(out);
    drop_void(out);
}

bool schedule_is_day_off(const struct schedule *s, struct utc now)
{
    for (size_t i = 0; i < s->n_days_off; i++) {
        if (now.s >= s->days_off[i].start.s && now.s < s->days_off[i].end.s)
            return true;
    }
    return false;
}

/* The first interval whose D is behind now; n when there is none. */
static size_t find(const struct schedule *s, struct utc now)
{
    size_t low = 0, high = s->n;
    int64_t end = now.s - s->drain_start_s;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->intervals[mid].end.s > end)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* The last interval of the stretch that i belongs to. */
static size_t stretch_end(const struct schedule *s, size_t i)
{
    while (i + 1 < s->n && lead_start(s, i + 1).s <= drain_start(s, i).s)
        i++;
    return i;
}

struct schedule_at schedule_at(const struct schedule *s, struct utc now)
{
    struct schedule_at at = {.phase = PHASE_OUTSIDE};
    size_t i = find(s, now), last;

    if (i == s->n)
        return at;
    last = stretch_end(s, i);
    at.has_window = true;
    at.window = s->intervals[i];
    at.lead_start = lead_start(s, i);
    at.drain_start = drain_start(s, last);
    at.has_end = s->intervals[last].end.s < s->horizon.s;
    if (now.s >= at.window.start.s)
        at.phase = PHASE_WINDOW;
    else if (now.s >= at.lead_start.s)
        at.phase = PHASE_LEAD;
    return at;
}

bool schedule_is_cloud(const struct schedule *s, struct utc now)
{
    size_t i = find(s, now);

    return i < s->n && now.s >= lead_start(s, i).s;
}

bool schedule_last(const struct schedule *s, struct utc now, struct interval *window)
{
    size_t i = find(s, now);

    if (i == 0)
        return false;
    *window = s->intervals[i - 1];
    return true;
}

struct utc schedule_next_change(const struct schedule *s, struct utc now, enum place into)
{
    size_t i = find(s, now);

    if (i == s->n)
        return (struct utc){0};
    if (into == PLACE_CLOUD) {
        if (now.s >= lead_start(s, i).s)
            i = stretch_end(s, i) + 1; /* it is in one: the next stretch's beginning */
        return i < s->n ? lead_start(s, i) : (struct utc){0};
    }
    i = stretch_end(s, i);
    return s->intervals[i].end.s < s->horizon.s ? drain_start(s, i) : (struct utc){0};
}

struct utc schedule_hold_end(const struct schedule *s, const struct policy_config *p,
                             struct utc now, enum place place)
{
    struct utc change = schedule_next_change(s, now, place);
    struct utc cap = {now.s + p->hold_cloud_cap};

    if (place != PLACE_CLOUD || p->hold_cloud_cap <= 0)
        return change;
    /* A cap shortly before the next L would move the server home and out again. */
    if (change.s != 0 && (change.s <= cap.s || change.s - cap.s < p->min_remaining))
        return change;
    return cap;
}
