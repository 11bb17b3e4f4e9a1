/*
 * policy_util - what the tests of policy and cost share: instants from text, windows.
 * The zones are loaded once and live as long as the test.
 * Threads: one.
 */
#ifndef RH_TESTS_POLICY_UTIL_H
#define RH_TESTS_POLICY_UTIL_H

#include "core/base/str.h"
#include "core/base/tz.h"
#include "core/model/config.h"

#include "tests/unit/table.h"

#include <string.h>

enum {
    SUN = 1,
    MON = 2,
    TUE = 4,
    WED = 8,
    THU = 16,
    FRI = 32,
    SAT = 64,
    SUN_THU = SUN | MON | TUE | WED | THU,
    EVERY_DAY = 127
};

#define HM(h, m) ((h)*60 + (m))

static inline struct tz *zone_load(const char *name)
{
    struct tz *z = NULL;
    struct err e = {0};

    if (tz_load(name, &z, &e) != ERR_OK) {
        print_error("%s: %s\n", name, e.text);
        fail();
    }
    return z;
}

/* "2026-11-24T08:35:00Z" */
static inline struct utc utc_at(const char *text)
{
    struct utc t = {0};
    struct err e = {0};

    assert_row(text, utc_parse(text, &t, &e) == ERR_OK);
    return t;
}

/* The same, or without the Z as local time of the zone (its first). */
static inline struct utc at(const struct tz *z, const char *text)
{
    char buf[TIME_TEXT];
    struct civil c;

    if (str_ends(text, "Z"))
        return utc_at(text);
    (void)str_format(buf, sizeof(buf), "%sZ", text);
    c = civil_from_seconds(utc_at(buf).s);
    return tz_instants(z, &c).first;
}

/* The shipped defaults, as far as policy and schedule read them. */
static inline struct policy_config default_policy(void)
{
    return (struct policy_config){
        .windows = {{.days = SUN_THU, .start_min = HM(9, 0), .end_min = HM(18, 0)}},
        .n_windows = 1,
        .lead = 25 * 60,
        .drain_deadline = 3600,
        .out_drain_deadline = DURATION_NONE,
        .min_remaining = 45 * 60,
        .max_moves = 2,
        .start_spacing = 20,
        .hold_cloud_cap = 12 * 3600,
        .extension_linger = 600,
        .stale_after = 90,
    };
}

#endif
