#include <config.h>

/*
 * The schedule against the C library. Each zone is a child of its own with TZ in its
 * environment: localtime_r is the witness, and shares no code with core/base/tz.
 */

#include "tests/unit/plan_site.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static const char *self;

static const struct {
    const char *name;
    int changes; /* of the clock from 2024 to 2037 */
} zones[] = {
    {"Asia/Jerusalem", 28},      {"Europe/Berlin", 28},     {"America/New_York", 28},
    {"Australia/Lord_Howe", 28}, {"America/Sao_Paulo", 0},  {"UTC", 0},
    {"Pacific/Chatham", 28},     {"America/St_Johns", 28},  {"Asia/Kolkata", 0},
    {"America/Santiago", 28},    {"Africa/Casablanca", -1}, /* by the moon */
};

static struct tm local(int64_t t)
{
    time_t s = t;
    struct tm tm;

    if (localtime_r(&s, &tm) == NULL)
        fail();
    return tm;
}

/* Does the wall clock show a time within Sun-Thu 09:00-18:00? Nowhere does the clock
 * change by day, so that this plain question is right there. */
static bool is_rush_hour(int64_t t)
{
    struct tm tm = local(t);

    return tm.tm_wday <= 4 && tm.tm_hour >= 9 && tm.tm_hour < 18;
}

/* performance.md, goal 15: a policy evaluation equals localtime_r on every 5-minute step
 * of two years. */
static int evaluate(const char *zone)
{
    const int64_t lead = 25 * 60;
    static struct site s;
    int bad = 0;

    site_init(&s);
    tz_free(s.tz);
    s.in.tz = s.tz = zone_load(zone);
    s.in.without_texts = true;
    s.in.n = 1;
    for (int64_t t = 1767225600, i = 0; i < 2 * 365 * 288; i++, t += 300) {
        bool now = is_rush_hour(t), soon = is_rush_hour(t + lead);
        const struct decision *d = &s.outs[0].decision;

        if (t >= s.schedule.valid_to.s)
            schedule_build(&s.policy, s.tz, (struct utc){t}, lead, &s.schedule);
        s.in.now.s = t;
        plan(&s.in, &s.out);
        if (d->desired != (now || soon ? PLACE_CLOUD : PLACE_ONPREM) ||
            d->reason != (now    ? REASON_WINDOW
                          : soon ? REASON_LEAD
                                 : REASON_OUTSIDE)) {
            (void)fprintf(stderr, "%s: %lld: %s\n", zone, (long long)t,
                          reason_word(d->reason));
            bad++;
        }
    }
    site_clear(&s);
    return bad;
}

static int compare_minutes(const struct tm *tm, const struct civil *day, int32_t minute)
{
    int64_t a = civil_to_days(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday) * 1440 +
                tm->tm_hour * 60 + tm->tm_min;
    int64_t b = civil_to_days(day->year, day->month, day->day) * 1440 + minute;

    return a < b ? -1 : a > b;
}

/* policy-and-cost 3.2 by looking at every minute around it: of a start the first instant
 * with that local time, of an end the last; when there is none, the change. */
static int64_t instant_slowly(const struct civil *day, int32_t minute, bool is_end)
{
    int64_t around = civil_to_days(day->year, day->month, day->day) * 86400 + minute * 60;
    int64_t found = 0, change = 0;

    for (int64_t t = around - 15 * 3600; t < around + 15 * 3600; t += 60) {
        struct tm tm = local(t);
        int order = compare_minutes(&tm, day, minute);

        if (order == 0 && (found == 0 || is_end))
            found = t;
        if (order > 0 && change == 0)
            change = t;
    }
    return found != 0 ? found : change;
}

static int check_window(const char *zone, const struct tz *tz, int64_t start_day,
                        const struct window *w)
{
    struct policy_config p = default_policy();
    struct civil day = civil_from_seconds(start_day * 86400);
    struct civil end_day = civil_from_seconds(
        (w->end_min <= w->start_min ? start_day + 1 : start_day) * 86400);
    int64_t start = instant_slowly(&day, w->start_min, false);
    int64_t end = instant_slowly(&end_day, w->end_min, true);
    struct schedule s;
    bool found = false;

    p.windows[0] = *w;
    p.windows[0].days = (uint8_t)(1 << day.weekday);
    schedule_build(&p, tz, (struct utc){start}, 0, &s);
    for (size_t i = 0; i < s.n; i++)
        found = found || (s.intervals[i].start.s == start && s.intervals[i].end.s == end);
    if (end <= start)
        found = s.n_empty == 1 && s.empty_at.s == start;
    if (!found)
        (void)fprintf(stderr, "%s: %04d-%02d-%02d %d-%d is not %lld-%lld\n", zone,
                      day.year, day.month, day.day, w->start_min, w->end_min,
                      (long long)start, (long long)end);
    return found ? 0 : 1;
}

/* Every window of the day of a change, and of the day before, which may reach into it. */
static int check_day(const char *zone, const struct tz *tz, int64_t change)
{
    static const struct window windows[] = {
        {0, HM(9, 0), HM(18, 0)},   {0, HM(0, 30), HM(5, 0)},  {0, HM(1, 30), HM(2, 30)},
        {0, HM(2, 15), HM(2, 25)},  {0, HM(22, 0), HM(2, 30)}, {0, HM(22, 0), HM(1, 30)},
        {0, HM(0, 0), HM(24, 0)},   {0, HM(1, 0), HM(2, 0)},   {0, HM(2, 0), HM(3, 0)},
        {0, HM(23, 30), HM(0, 15)},
    };
    struct civil c = tz_civil(tz, (struct utc){change - 1});
    int64_t day = civil_to_days(c.year, c.month, c.day);
    int bad = 0;

    for (int64_t d = day - 1; d <= day + 1; d++) {
        for (size_t i = 0; i < ARRAY_LEN(windows); i++)
            bad += check_window(zone, tz, d, &windows[i]);
    }
    return bad;
}

/* All changes from 2024 to 2037: the offset a second before, at and a second after each,
 * and what becomes of windows there. */
static int changes(const char *zone, int expected)
{
    struct tz *tz = zone_load(zone);
    int n = 0, bad = 0;

    for (int64_t t = utc_at("2024-01-01T00:00:00Z").s,
                 end = utc_at("2038-01-01T00:00:00Z").s;
         t < end; t += 3600) {
        int64_t low = t, high = t + 3600; /* a change is in (low, high] */

        if (local(low).tm_gmtoff == local(high).tm_gmtoff)
            continue;
        while (high - low > 1) {
            int64_t mid = low + (high - low) / 2;

            if (local(mid).tm_gmtoff == local(low).tm_gmtoff)
                low = mid;
            else
                high = mid;
        }
        n++;
        for (int64_t k = high - 1; k <= high + 1; k++) {
            if (tz_offset_s(tz, (struct utc){k}) != local(k).tm_gmtoff) {
                (void)fprintf(stderr, "%s: offset at %lld\n", zone, (long long)k);
                bad++;
            }
        }
        bad += check_day(zone, tz, high);
    }
    if (expected >= 0 && n != expected) {
        (void)fprintf(stderr, "%s: %d changes\n", zone, n);
        bad++;
    }
    tz_free(tz);
    return bad;
}

static void run_child(const char *mode, size_t i)
{
    char path[512], arg[16], number[16], tz[80];
    char *argv[] = {path, arg, number, NULL}, *env[] = {tz, NULL};
    pid_t pid;
    int status = -1;

    (void)str_copy(path, sizeof(path), self);
    (void)str_copy(arg, sizeof(arg), mode);
    (void)str_format(number, sizeof(number), "%zu", i);
    (void)str_format(tz, sizeof(tz), "TZ=%s", zones[i].name);
    assert_int_equal(posix_spawn(&pid, path, NULL, NULL, argv, env), 0);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_row(zones[i].name, WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_every_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        run_child("steps", i);
}

static void test_every_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        run_child("changes", i);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step),
        cmocka_unit_test(test_every_change),
    };

    if (argc == 3) {
        size_t i = strtoul(argv[2], NULL, 10) % ARRAY_LEN(zones);
        bool steps = str_eq(argv[1], "steps");

        return (steps ? evaluate(zones[i].name)
                      : changes(zones[i].name, zones[i].changes)) > 0;
    }
    self = argv[0];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
