#include <config.h>

#include "core/net/json.h"
#include "core/sim/drive.h"
#include "core/sim/server.h"
#include "tui/app.h"
#include "tui/cmd.h"
#include "tui/demo.h"
#include "tui/live.h"
#include "tui/out.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
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

/* The `!` menu: what the control endpoint of the site can do. */
enum target { ONE_IN_CLOUD, ONE_AT_HOME, ONE_THAT_BUILDS, EVERY_OFFERING, THE_SITE };
static const struct {
    const char *label, *path;
    const char *body; /* between the target's members and the end of the object */
    enum target target;
} tricks[] = {
    {"AWS takes a spot instance back, 2 minutes' notice", "interrupt", "\"notice_s\":120",
     ONE_IN_CLOUD},
    {"AWS takes a spot instance back at once", "interrupt", "\"notice_s\":0",
     ONE_IN_CLOUD},
    {"Spot capacity is gone", "capacity", "\"available\":false", EVERY_OFFERING},
    {"Spot capacity is back", "capacity", "\"available\":true", EVERY_OFFERING},
    {"Somebody powers a VM off at home", "vm", "\"power\":\"off\"", ONE_AT_HOME},
    {"A build takes an hour longer", "builds", "\"seconds\":3600", ONE_THAT_BUILDS},
    {"Jenkins answers 503", "fault", "\"name\":\"jenkins.status-503\",\"rate\":1",
     THE_SITE},
    {"Jenkins is well again", "fault", "\"name\":\"jenkins.status-503\",\"rate\":0",
     THE_SITE},
};
static const char *trick_labels[ARRAY_LEN(tricks)];

struct stage {
    struct sim_server *server;
    struct clock_scaled *clock;
    struct live *live;
    const struct config *config;
};

static bool suits(const struct server_facts *f, enum target target)
{
    return target == ONE_IN_CLOUD  ? f->place == PLACE_CLOUD
           : target == ONE_AT_HOME ? f->place == PLACE_ONPREM && f->onprem.open
                                   : f->onprem.busy + f->cloud.busy > 0;
}

/* The first server that the trick can be played on; false when there is none now. */
static bool victim(struct stage *st, enum target target, char name[NAME_TEXT])
{
    struct fleet *f = live_latest(st->live);
    bool found = false;

    for (size_t i = 0; f != NULL && i < f->n_servers && !found; i++) {
        found = suits(&f->servers[i].facts, target);
        if (found)
            (void)str_copy(name, NAME_TEXT, f->servers[i].name);
    }
    fleet_unref(f);
    return found;
}

/* One exchange with the control endpoint, in process; rs is the caller's to clear. */
static bool control(struct stage *st, const char *method, const char *name,
                    const char *body, struct http_response *rs)
{
    struct http_request rq = {.method = method, .content_type = "application/json"};
    char url[128];
    bool done;

    (void)str_format(url, sizeof(url), "%s/control/%s", sim_server_base(st->server),
                     name);
    rq.url = url;
    rq.body = body;
    rq.body_len = body != NULL ? strlen(body) : 0;
    http_response_init(rs);
    done = site_handle(sim_server_lock(st->server), &rq, rs) && rs->status < 300;
    sim_server_unlock(st->server);
    return done;
}

static bool order(struct stage *st, size_t index, const char *members)
{
    struct http_response rs;
    char body[256];
    bool done;

    if (!str_format(body, sizeof(body), "{%s%s}", members, tricks[index].body))
        return false;
    done = control(st, "POST", tricks[index].path, body, &rs);
    http_response_clear(&rs);
    return done;
}

static bool order_everywhere(struct stage *st, size_t index)
{
    struct http_response rs;
    struct json_doc *doc = NULL;
    struct err e = {0};
    const json_value *list;
    bool done = control(st, "GET", "world", NULL, &rs) &&
                json_parse(rs.body.data, rs.body.len, &doc, &e) == ERR_OK;

    list = done ? json_get(json_doc_root(doc), "offerings") : NULL;
    for (size_t i = 0; done && i < json_list_len(list); i++) {
        const json_value *v = json_list_at(list, i);
        size_t len;
        const char *type = json_text(v, "type", &len), *zone = json_text(v, "zone", &len);
        char members[128];

        done = type != NULL && zone != NULL &&
               str_format(members, sizeof(members), "\"type\":\"%s\",\"zone\":\"%s\",",
                          type, zone) &&
               order(st, index, members);
    }
    json_doc_free(doc);
    http_response_clear(&rs);
    return done;
}

static void play_trick(void *ctx, size_t index, char *say, size_t size)
{
    static const char *const nobody[] = {
        [ONE_IN_CLOUD] = "no server is in the cloud now",
        [ONE_AT_HOME] = "no server is at home now",
        [ONE_THAT_BUILDS] = "no server builds now",
    };
    struct stage *st = ctx;
    char name[NAME_TEXT] = "", members[NAME_TEXT + 16] = "";
    enum target target;
    bool done;

    if (index >= ARRAY_LEN(tricks))
        return;
    target = tricks[index].target;
    if (target < EVERY_OFFERING) {
        if (!victim(st, target, name)) {
            (void)str_copy(say, size, nobody[target]);
            return;
        }
        (void)str_format(members, sizeof(members), "\"server\":\"%s\",", name);
    }
    done = target == EVERY_OFFERING ? order_everywhere(st, index)
                                    : order(st, index, members);
    (void)str_format(say, size, "%s%s%s%s",
                     done ? "" : "that does not work now: ", tricks[index].label,
                     name[0] != '\0' ? ": " : "", name);
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

/* The server's threads must leave signals to the main thread: a resize or an end that one
 * of them swallows is lost. */
static enum err_code start_server(const struct demo *d, struct stage *st, struct err *e)
{
    sigset_t all, old;
    enum err_code rc;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = sim_server_start(d->site, st->clock, 0, &st->server, e);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
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
    if (start_server(d, st, &e) != ERR_OK)
        return session_fail(&e);
    if (demo_config(d, sim_server_base(st->server), s) != EXIT_DONE)
        return EXIT_FAILED;
    st->config = s->config;
    (void)str_copy(s->user, sizeof(s->user), "you");
    (void)str_copy(s->host, sizeof(s->host), "demo");
    return session_open_state(s, &none, SESSION_ACT, &locked_out);
}

/* The template for mkdtemp(). */
static void name_folder(char dir[PATH_MAX])
{
    static const char name[] = "rushhour-demo-XXXXXX";
    const char *base = getenv("TMPDIR");

    if (base == NULL || base[0] != '/' || !str_format(dir, PATH_MAX, "%s/%s", base, name))
        (void)str_format(dir, PATH_MAX, "/tmp/%s", name); /* it fits */
}

static int on_stage(struct demo *d, const struct args *a)
{
    char dir[PATH_MAX];
    struct session s = {0};
    struct live l = {0};
    struct stage st = {.live = &l};
    struct live_options lo = {.auto_on = true, .seed = d->seed};
    struct app_demo demo = {.on = true,
                            .word = "DEMO",
                            .speed = change_speed,
                            .speed_now = speed_now,
                            .faults = trick_labels,
                            .n_faults = ARRAY_LEN(tricks),
                            .fault = play_trick,
                            .ctx = &st};
    struct clock clock;
    bool lines;
    int rc;

    if (d->duration_s > 0)
        demo.until.s = d->from.s + d->duration_s;
    name_folder(dir);
    for (size_t i = 0; i < ARRAY_LEN(tricks); i++)
        trick_labels[i] = tricks[i].label;
    rc = open_stage(d, &s, &st, dir);
    if (rc != EXIT_DONE)
        goto out;
    lines = live_wants_lines(&s, a);
    clock = clock_scaled_clock(st.clock);
    lo.clock = &clock;
    lo.scaled = st.clock;
    lo.credentials = demo_credentials(&clock);
    rc = lo.credentials == NULL ? EXIT_FAILED : live_start(&l, &s, &lo);
    if (rc == EXIT_DONE && lines)
        rc = live_lines(&l, isatty(STDIN_FILENO) != 0, demo.until);
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
