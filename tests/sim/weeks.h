/*
 * weeks - a simulated stretch of the shipped controller against the simulated site,
 * everything through the real readers as bytes, and what an operator would have seen of
 * it. A run owns its site, configuration and zone (run_free). Threads: one.
 */
#ifndef RH_TESTS_WEEKS_H
#define RH_TESTS_WEEKS_H

#include "core/policy/schedule.h"
#include "core/sim/drive.h"
#include "core/sim/site.h"

enum { WEEK_S = 7 * 86400, WATCHED_SERVERS = 8 };

struct watched {
    const struct tz *tz;
    struct schedule schedule;
    int64_t lead_s; /* as the controller has it now */
    const struct config *config;
    int64_t in_cloud_late;  /* server-minutes in the cloud long after the window */
    int64_t extension_late; /* minutes the extension ran hours after the window */
    int64_t acts, acts_unexplained;
    int64_t losses, homecomings, reruns_due, run_calls, launch_calls;
    bool waiting_return[WATCHED_SERVERS], waiting_rerun[WATCHED_SERVERS];
    char first_wrong[LINE_TEXT];
};

struct run {
    struct site *site;
    struct config *config;
    struct tz *tz;
    struct drive_options options;
    struct drive_report report;
    struct watched watched;
    struct site_totals totals;
};

/* From Sunday 2026-11-22 08:30 in Haifa. Fails the test when it cannot run. */
struct run *run_story(uint64_t seed, int64_t duration_s);
/* The same with a controller that dies by chance, on average every crash_mean_s. */
struct run *run_crashing(uint64_t seed, int64_t duration_s, int64_t crash_mean_s);
/* The two halves of it, for a test that wants other options in between. */
struct run *run_prepare(uint64_t seed);
/* mover: as of struct site_options; with other faults, NULL = none. */
struct run *run_prepare_as(uint64_t seed, const char *mover, const char *faults);
/* … so many days later at the same hour. */
struct run *run_prepare_on(uint64_t seed, const char *mover, const char *faults,
                           int64_t days);
/* On any site; without a start of its own it has the story's. */
struct run *run_prepare_site(const struct site_options *options);
void run_go(struct run *r);
/* An order to the site's control endpoint; fails the test when it is refused. */
void run_post(struct run *r, const char *path, const char *body);
void run_free(struct run *r);

#endif
