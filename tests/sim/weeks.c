#include <config.h>

#include "tests/sim/weeks.h"

#include "core/base/str.h"
#include "core/policy/lead.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600, LATE_S = HOUR_S + 15 * 60, NIGHT_S = 2 * HOUR_S };
static const struct utc start = {1795329000};

/* Seconds since the last window ended; -1 within [L, D). */
static int64_t since_window(struct watched *w, struct utc now)
{
    struct schedule_at at;

    if (w->schedule.n == 0 || now.s + 86400 > w->schedule.valid_to.s ||
        w->schedule.lead_s != w->lead_s)
        schedule_build(&w->config->policy, w->tz, now, w->lead_s, &w->schedule);
    at = schedule_at(&w->schedule, now);
    if (at.phase != PHASE_OUTSIDE)
        return -1;
    for (size_t i = w->schedule.n; i > 0; i--) {
        if (w->schedule.intervals[i - 1].end.s <= now.s)
            return now.s - w->schedule.intervals[i - 1].end.s;
    }
    return INT64_MAX;
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct watched *w = ctx;
    int64_t after;

    w->lead_s = f->lead_s;
    after = since_window(w, f->at);

    for (size_t i = 0; i < f->n_servers && i < WATCHED_SERVERS; i++) {
        const struct server_view *s = &f->servers[i];

        if (after > LATE_S && s->facts.place == PLACE_CLOUD && !s->move.active)
            w->in_cloud_late++;
        if (w->waiting_return[i] && s->facts.place == PLACE_ONPREM) {
            w->waiting_return[i] = false;
            w->homecomings++;
        }
        if (w->waiting_rerun[i] && !w->waiting_return[i] && s->facts.place == PLACE_CLOUD)
            w->waiting_rerun[i] = false;
    }
    if (after > NIGHT_S && after < INT64_MAX && f->extension.state == EXTENSION_ACTIVE)
        w->extension_late++;
}

static void note_loss(struct watched *w, const struct journal_entry *j)
{
    for (size_t i = 0; i < w->config->n_servers && i < WATCHED_SERVERS; i++) {
        if (strcmp(w->config->servers[i].name, j->server) != 0)
            continue;
        w->losses++;
        w->waiting_return[i] = true;
        /* With two hours left it must go out again the same day. */
        w->waiting_rerun[i] = since_window(w, j->at) < 0 &&
                              since_window(w, (struct utc){j->at.s + 2 * HOUR_S}) < 0;
        w->reruns_due += w->waiting_rerun[i] ? 1 : 0;
    }
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct watched *w = ctx;

    if (getenv("RH_TEST_JOURNAL") != NULL) {
        char when[TIME_TEXT];

        print_message("%s %s %s %s: %s\n", utc_text(j->at, when), level_word(j->level),
                      j->actor, j->server, j->text);
    }
    if (j->level == LEVEL_ACT) {
        w->acts++;
        if (j->text[0] == '\0' || j->actor[0] == '\0' || j->reason[0] == '\0') {
            w->acts_unexplained++;
            (void)str_format(w->first_wrong, sizeof(w->first_wrong), "%s %s: %s",
                             j->action, j->server, j->text);
        }
    }
    if (strcmp(j->action, "run-in-cloud") == 0 && j->level == LEVEL_ACT)
        w->run_calls++;
    if (strcmp(j->action, "launch") == 0 && j->level == LEVEL_ACT)
        w->launch_calls++;
    if (strcmp(j->action, "loss") == 0)
        note_loss(w, j);
}

struct run *run_prepare(uint64_t seed)
{
    return run_prepare_as(seed, NULL, NULL);
}

struct run *run_prepare_as(uint64_t seed, const char *mover, const char *faults)
{
    return run_prepare_on(seed, mover, faults, 0);
}

struct run *run_prepare_on(uint64_t seed, const char *mover, const char *faults,
                           int64_t days)
{
    const struct site_options so = {.seed = seed,
                                    .servers = 4,
                                    .start = {start.s + days * 86400},
                                    .mover = mover,
                                    .faults = faults};

    return run_prepare_site(&so);
}

struct run *run_prepare_site(const struct site_options *options)
{
    struct site_options site = *options;
    const struct site_options *so = &site;
    struct run *r = calloc(1, sizeof(*r));
    struct err e = {0};

    assert_non_null(r);
    if (so->start.s == 0)
        site.start = start;
    assert_int_equal(site_new(so, &r->site, &e), ERR_OK);
    if (site_config(r->site, "http://127.0.0.1:1", NULL, &r->config, &e) != ERR_OK)
        fail_msg("%s", e.text);
    assert_int_equal(tz_load(r->config->tz_name, &r->tz, &e), ERR_OK);
    r->watched.tz = r->tz;
    r->watched.config = r->config;
    r->watched.lead_s = LEAD_UNTAUGHT_S;
    r->options = (struct drive_options){.config = r->config,
                                        .tz = r->tz,
                                        .site = r->site,
                                        .seed = so->seed,
                                        .from = so->start,
                                        .each_minute = each_minute,
                                        .each_entry = each_entry,
                                        .ctx = &r->watched};
    return r;
}

void run_go(struct run *r)
{
    struct err e = {0};

    if (drive_run(&r->options, &r->report, &e) != ERR_OK)
        fail_msg("%s", e.text);
    r->totals = site_totals(r->site);
}

struct run *run_crashing(uint64_t seed, int64_t duration_s, int64_t crash_mean_s)
{
    struct run *r = run_prepare(seed);

    r->options.duration_s = duration_s;
    r->options.crash_mean_s = crash_mean_s;
    run_go(r);
    return r;
}

struct run *run_story(uint64_t seed, int64_t duration_s)
{
    return run_crashing(seed, duration_s, 0);
}

void run_post(struct run *r, const char *path, const char *body)
{
    struct http_request rq = {.method = "POST",
                              .content_type = "application/json",
                              .body = body,
                              .body_len = strlen(body)};
    struct http_response rs;
    char url[128];

    (void)str_format(url, sizeof(url), "http://127.0.0.1:1%s", path);
    rq.url = url;
    http_response_init(&rs);
    assert_true(site_handle(r->site, &rq, &rs));
    if (rs.status >= 300)
        fail_msg("%s %s: %d %s", path, body, rs.status, strbuf_text(&rs.body));
    http_response_clear(&rs);
}

void run_free(struct run *r)
{
    tz_free(r->tz);
    config_free(r->config);
    site_free(r->site);
    free(r);
}
