#include <config.h>

#include "core/sim/drive.h"
#include "core/sim/server.h"
#include "tui/app.h"
#include "tui/cmd.h"
#include "tui/demo.h"
#include "tui/live.h"
#include "tui/out.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOWEST = 1, FASTEST = 3600 };

/* At full speed: no server, no threads, a summary at the end. */
static int at_full_speed(struct demo *d)
{
    struct session s = {0};
    struct drive_report *report = calloc(1, sizeof(*report));
    struct drive_options o = {
        .site = d->site, .seed = d->seed, .from = d->from, .duration_s = d->duration_s};
    struct strbuf text;
    struct err e = {0};
    int rc = EXIT_FAILED;

    strbuf_init(&text, 1024 * 1024);
    if (report == NULL || demo_config(d, "http://127.0.0.1:1", &s) != EXIT_DONE)
        goto out;
    o.config = s.config;
    o.tz = s.tz;
    if (drive_run(&o, report, &e) != ERR_OK) {
        rc = session_fail(&e);
        goto out;
    }
    if (d->json)
        drive_report_json(report, &text);
    else
        drive_report_text(report, &text);
    out_printf("%s", strbuf_text(&text));
    rc = out_flush() && report->violations == 0 ? EXIT_DONE : EXIT_FAILED;
out:
    strbuf_clear(&text);
    free(report);
    session_close(&s);
    return rc;
}

/* The `!` menu: what the control endpoint of the site can do, for the first server at
 * hand. */
static const struct {
    const char *label, *path, *body;
} tricks[] = {
    {"AWS takes a spot instance back, with two minutes' notice", "/control/interrupt",
     "{\"server\":\"%s\",\"notice_s\":120}"},
    {"AWS takes a spot instance back at once", "/control/interrupt",
     "{\"server\":\"%s\",\"notice_s\":0}"},
    {"Spot capacity is gone", "/control/capacity", "{\"available\":false}"},
    {"Spot capacity is back", "/control/capacity", "{\"available\":true}"},
    {"Somebody powers a VM off at home", "/control/vm",
     "{\"server\":\"%s\",\"power\":\"off\"}"},
    {"The builds of a server take an hour longer", "/control/builds",
     "{\"server\":\"%s\",\"seconds\":3600}"},
    {"Jenkins answers 503", "/control/fault", "{\"name\":\"status-503\",\"rate\":1}"},
    {"Every API is well again", "/control/fault", "{\"name\":\"status-503\",\"rate\":0}"},
};
static const char *trick_labels[ARRAY_LEN(tricks)];

struct stage {
    struct sim_server *server;
    struct clock_scaled *clock;
    struct live *live;
    const struct config *config;
};

/* A server that is in the cloud, for those tricks; else the first one. */
static const char *victim(struct stage *st, char name[NAME_TEXT])
{
    struct fleet *f = live_latest(st->live);

    (void)str_copy(name, NAME_TEXT, st->config->servers[0].name);
    for (size_t i = 0; f != NULL && i < f->n_servers; i++) {
        if (f->servers[i].facts.place == PLACE_CLOUD) {
            (void)str_copy(name, NAME_TEXT, f->servers[i].name);
            break;
        }
    }
    fleet_unref(f);
    return name;
}

static void play_trick(void *ctx, size_t index, char *say, size_t size)
{
    struct stage *st = ctx;
    struct http_request rq = {.method = "POST", .content_type = "application/json"};
    struct http_response rs;
    char name[NAME_TEXT], url[128], body[192];
    const char *slot;

    if (index >= ARRAY_LEN(tricks))
        return;
    (void)victim(st, name);
    slot = strstr(tricks[index].body, "%s");
    if (slot == NULL)
        (void)str_copy(body, sizeof(body), tricks[index].body);
    else
        (void)str_format(body, sizeof(body), "%.*s%s%s", (int)(slot - tricks[index].body),
                         tricks[index].body, name, slot + 2);
    (void)str_format(url, sizeof(url), "%s%s", sim_server_base(st->server),
                     tricks[index].path);
    rq.url = url;
    rq.body = body;
    rq.body_len = strlen(body);
    http_response_init(&rs);
    if (site_handle(sim_server_lock(st->server), &rq, &rs) && rs.status < 300)
        (void)str_format(say, size, "%s%s%s", tricks[index].label,
                         slot != NULL ? ": " : "", slot != NULL ? name : "");
    else
        (void)str_format(say, size, "that does not work now: %s", strbuf_text(&rs.body));
    sim_server_unlock(st->server);
    http_response_clear(&rs);
}

static void change_speed(void *ctx, int up)
{
    struct stage *st = ctx;
    int32_t speed = clock_scaled_speed(st->clock);

    speed = up > 0 ? speed * 2 : speed / 2;
    clock_scaled_set_speed(st->clock, speed < SLOWEST   ? SLOWEST
                                      : speed > FASTEST ? FASTEST
                                                        : speed);
}

static int32_t speed_now(void *ctx)
{
    struct stage *st = ctx;

    return clock_scaled_speed(st->clock);
}

/* The state of a demo is nobody's: files of one flat folder of our own making. */
static void remove_state(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
            (void)unlinkat(dirfd(d), entry->d_name,
                           0); /* what stays is in a temporary folder */
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(dir);
}

static int open_stage(struct demo *d, struct session *s, struct stage *st, char *dir)
{
    struct err e = {0};
    bool locked_out;
    struct args none = {.sub = SUB_DEMO};

    if (mkdtemp(dir) == NULL) {
        (void)err_set_errno(&e, ERR_IO, errno,
                            "no temporary folder for the demo's state");
        return session_fail(&e);
    }
    s->state_dir = strdup(dir);
    st->clock = clock_scaled_new(d->from, d->speed > 0 ? d->speed : 1);
    if (st->clock == NULL || s->state_dir == NULL) {
        (void)err_set(&e, ERR_NOMEM, "out of memory");
        return session_fail(&e);
    }
    if (sim_server_start(d->site, st->clock, 0, &st->server, &e) != ERR_OK)
        return session_fail(&e);
    if (demo_config(d, sim_server_base(st->server), s) != EXIT_DONE)
        return EXIT_FAILED;
    st->config = s->config;
    (void)str_copy(s->user, sizeof(s->user), "you");
    (void)str_copy(s->host, sizeof(s->host), "demo");
    return session_open_state(s, &none, true, &locked_out);
}

static int on_stage(struct demo *d, const struct args *a)
{
    char dir[] = "/tmp/rushhour-demo-XXXXXX";
    struct session s = {0};
    struct live l = {0};
    struct stage st = {.live = &l};
    struct live_options lo = {.auto_on = true, .seed = d->seed};
    struct app_demo demo = {.on = true,
                            .speed = change_speed,
                            .speed_now = speed_now,
                            .faults = trick_labels,
                            .n_faults = ARRAY_LEN(tricks),
                            .fault = play_trick,
                            .ctx = &st};
    struct clock clock;
    bool lines =
        a->set[FLAG_PLAIN] || isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0;
    int rc;

    for (size_t i = 0; i < ARRAY_LEN(tricks); i++)
        trick_labels[i] = tricks[i].label;
    rc = open_stage(d, &s, &st, dir);
    if (rc != EXIT_DONE)
        goto out;
    clock = clock_scaled_clock(st.clock);
    lo.clock = &clock;
    lo.scaled = st.clock;
    lo.credentials = demo_credentials(&clock);
    rc = lo.credentials == NULL ? EXIT_FAILED : live_start(&l, &s, &lo);
    if (rc == EXIT_DONE && lines)
        rc = live_lines(&l, isatty(STDIN_FILENO) != 0,
                        (struct utc){d->duration_s > 0 ? d->from.s + d->duration_s : 0});
    else if (rc == EXIT_DONE)
        rc = run_dashboard(&l, a, &demo);
    live_stop(&l);
out:
    sim_server_stop(st.server);
    clock_scaled_free(st.clock);
    session_close(&s);
    remove_state(dir);
    return rc;
}

int cmd_demo(const struct args *a)
{
    struct demo d;
    int rc = demo_options(&d, a);

    if (rc == EXIT_DONE)
        rc = demo_site(&d, NULL);
    if (rc == EXIT_DONE)
        rc = d.speed == 0 ? at_full_speed(&d) : on_stage(&d, a);
    site_free(d.site);
    return rc;
}
