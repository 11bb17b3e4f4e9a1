/*
 * schedule - the windows as intervals of instants (policy-and-cost 3.1, 3.2). Pure.
 * A struct schedule is a plain value.
 * Threads: any.
 */
#ifndef RH_POLICY_SCHEDULE_H
#define RH_POLICY_SCHEDULE_H

#include "core/base/tz.h"
#include "core/model/config.h"

struct interval {
    struct utc start, end; /* [S, E) */
};

enum {
    SCHEDULE_MAX = 320, /* 16 windows on 19 days, and one */
    SCHEDULE_DAYS = 20
};

struct schedule {
    struct interval intervals[SCHEDULE_MAX]; /* union, in order, no two touch */
    size_t n;
    struct utc valid_from, valid_to; /* decisions outside need a new build */
    int64_t lead_s, drain_start_s;
    struct utc horizon;  /* nothing is known of windows that begin from here on */
    size_t n_empty;      /* windows that a change of the clock swallowed: warn */
    struct utc empty_at; /* when the first of them would have been */
    struct interval days_off[SCHEDULE_DAYS]; /* whole days that the calendar emptied */
    size_t n_days_off;
};

/* With the exception days of the policy. From the local dates today-2 .. today+14 around
 * now; valid for now .. now+7d at least.
 */
void schedule_build(const struct policy_config *p, const struct tz *tz, struct utc now,
                    int64_t lead_s, struct schedule *out) NONNULL;

/* Where `now` is: L = S - lead, D = E + drain_start. */
enum schedule_phase { PHASE_OUTSIDE, PHASE_LEAD, PHASE_WINDOW };
struct schedule_at {
    enum schedule_phase phase;
    struct interval
        window; /* the one whose [L, D) holds now, or the next one; 0 when none */
    struct utc lead_start;  /* L of it */
    struct utc drain_start; /* when the way back begins: D of it, or of the last one of
                               those that follow it without a gap */
    bool has_window;
    bool has_end; /* false: windows follow each other as far as the schedule reaches */
};
struct schedule_at schedule_at(const struct schedule *s, struct utc now) NONNULL;

/* The last window whose D is at or before now; false when there is none in reach. */
bool schedule_last(const struct schedule *s, struct utc now,
                   struct interval *window) NONNULL;

/* Does the schedule want the servers in the cloud? */
bool schedule_is_cloud(const struct schedule *s, struct utc now) NONNULL;

/* Did the calendar take away what would have started on this day (3.5 row 5)? */
bool schedule_is_day_off(const struct schedule *s, struct utc now) NONNULL;

/* The first instant after now at which the schedule changes into that place (L for CLOUD,
 * D for ONPREM); 0 when there is none in the schedule's reach. */
struct utc schedule_next_change(const struct schedule *s, struct utc now,
                                enum place into) NONNULL;

/* End of an until-schedule hold made now (policy-and-cost 4, with hold_cloud_cap); 0 when
 * the schedule never changes into that place and no cap applies. */
struct utc schedule_hold_end(const struct schedule *s, const struct policy_config *p,
                             struct utc now, enum place place) NONNULL;

/* The stays in the cloud that touch [from, to), of any length: from S to D, in order, no
 * two touch; at most max of them. */
size_t schedule_planned(const struct policy_config *p, const struct tz *tz,
                        struct utc from, struct utc to, struct stretch *out,
                        size_t max) NONNULL;

#endif
