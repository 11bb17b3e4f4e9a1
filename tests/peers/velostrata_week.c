/*
 * velostrata_week - a simulated week of the shipped controller, whose every exchange with
 * the Velostrata manager goes over HTTP through a checker (Prism) and back into the same
 * simulated site. usage: velostrata_week [DAYS] < pipe. Prints UPSTREAM=URL for the
 * checker, then reads the checker's base URL from standard input. Ends with 1 when the
 * checker objects to a request or an answer, when a call of ours was never made, or when
 * the week was not an ordinary one. Owns all that it makes. Threads: one, and the
 * server's, which answers only while this one waits.
 */
#include <config.h>

#include "core/sim/drive.h"
#include "core/sim/server.h"
#include "core/sim/site_impl.h"

#include <stdio.h>

#define INSIDE "http://127.0.0.1:1"
#define PATH   "/velostrata/api/v25"

enum { DAY_S = 86400 };

/* Each call that the program makes of a manager. */
static struct {
    const char *method, *begin, *end, *what;
    int64_t calls, sites_refusals;
} shapes[] = {
    {"GET", "/vms", "/vms", "all VMs", 0, 0},
    {"GET", "/vms/", "", "one VM", 0, 0},
    {"GET", "/cloudextensions/", "", "the extension", 0, 0},
    {"POST", "/tasks", "/tasks", "tasks by filter", 0, 0},
    {"GET", "/tasks/", "", "one task", 0, 0},
    {"POST", "/cloudextensions/", "/operations/moveVm", "Run In Cloud", 0, 0},
    {"POST", "/vms/", "/operations/return?force=false", "return", 0, 0},
    {"POST", "/cloudextensions/", "/operations/start", "start of the extension", 0, 0},
    {"POST", "/cloudextensions/", "/operations/stop", "stop of the extension", 0, 0},
};

static struct week {
    struct site *site;
    struct transport straight, http;
    char base[256]; /* of the checker, no slash at the end */
    int64_t calls, up_bytes, down_bytes, took_ms, violations, unknown;
} week;

static int failures;

static void check(bool ok, const char *what)
{
    printf("%-4s %s\n", ok ? "ok" : "FAIL", what);
    failures += ok ? 0 : 1;
}

static void count(const struct http_request *rq, const char *path, int status)
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        bool whole = str_eq(shapes[i].begin, shapes[i].end);

        if (!str_eq(rq->method, shapes[i].method) || !str_starts(path, shapes[i].begin) ||
            (whole ? !str_eq(path, shapes[i].begin) : !str_ends(path, shapes[i].end)) ||
            (shapes[i].end[0] == '\0' && strstr(path, "/operations/") != NULL))
            continue;
        shapes[i].calls++;
        shapes[i].sites_refusals += status >= 400 ? 1 : 0;
        return;
    }
    week.unknown++;
    printf("     %s %s is in no list\n", rq->method, path);
}

/* Velostrata's exchanges by way of the checker, all others straight to the site. */
static enum err_code pass(void *ctx, const struct http_request *rq,
                          struct http_response *rs, struct err *e)
{
    static const char ours[] = INSIDE PATH;
    struct week *w = ctx;
    struct http_request sent = *rq;
    char url[1024];
    enum err_code rc;

    if (!str_starts(rq->url, ours))
        return transport_perform(&w->straight, rq, rs, e);
    if (!str_format(url, sizeof(url), "%s%s", w->base, rq->url + sizeof(ours) - 1))
        return err_set(e, ERR_BUG, "a URL is too long");
    sent.url = url;
    sent.timeout_ms = 0; /* the checker may be slow */
    rc = transport_perform(&w->http, &sent, rs, e);
    w->calls++;
    w->up_bytes += (int64_t)rq->body_len;
    w->down_bytes += (int64_t)rs->body.len;
    w->took_ms += rs->took_ms;
    if (rc != ERR_OK || strstr(rs->content_type, "problem+json") != NULL ||
        strstr(strbuf_text(&rs->body), "/prism/errors") != NULL) {
        if (w->violations++ < 5)
            printf("FAIL %s %s breaks the description: HTTP %d %s %.1500s\n", rq->method,
                   url, rs->status, rc != ERR_OK ? e->text : "", strbuf_text(&rs->body));
        return rc;
    }
    count(rq, url + strlen(w->base), rs->status);
    rs->date.s = site_now_ms(w->site) / 1000; /* the world's time, not this machine's */
    rs->received = (struct utc){0};
    rs->took_ms = 20;
    return ERR_OK;
}

/* Looks at a quiet manager every three minutes, not every 20 seconds: a call takes the
 * checker some milliseconds. */
static enum err_code configure(struct site *site, struct config **out, struct err *e)
{
    static const char *const slower[] = {"velostrata.poll=\"3m\""};
    const struct config_sets sets = {slower, ARRAY_LEN(slower)};

    return site_config(site, INSIDE, &sets, out, e);
}

/* Tells the checker's starter where we are, and hears where the checker is. */
static enum err_code meet(const struct sim_server *server, struct err *e)
{
    printf("UPSTREAM=%s" PATH "\n", sim_server_base(server));
    fflush(stdout);
    if (fgets(week.base, sizeof(week.base), stdin) == NULL)
        return err_set(e, ERR_USAGE, "no URL of a checker on standard input");
    week.base[strcspn(week.base, "\r\n")] = '\0';
    if (str_ends(week.base, "/"))
        week.base[strlen(week.base) - 1] = '\0';
    return ERR_OK;
}

static void tell(const struct drive_report *r, int64_t days)
{
    char line[160];

    (void)str_format(line, sizeof(line),
                     "%lld days: %lld calls of the manager without a violation",
                     (long long)days, (long long)week.calls);
    check(week.violations == 0 && week.calls > 0, line);
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        (void)str_format(line, sizeof(line), "%s, %lld times (%lld refused)",
                         shapes[i].what, (long long)shapes[i].calls,
                         (long long)shapes[i].sites_refusals);
        check(shapes[i].calls > 0, line);
    }
    check(week.unknown == 0, "no call beside these");
    (void)str_format(line, sizeof(line),
                     "%lld moves out, %lld back, %lld failed, %lld interruptions",
                     (long long)r->moves_out, (long long)r->moves_back,
                     (long long)r->moves_failed, (long long)r->interruptions);
    check(r->moves_out >= days / 7 * 20 && r->moves_back >= days / 7 * 20 &&
              r->interruptions >= days / 7,
          line);
    check(r->violations == 0, r->violations == 0 ? "no invariant broken" : r->violation);
    printf("     %.0f B up and %.0f B down a call, %.1f ms with the checker\n",
           (double)week.up_bytes / (double)week.calls,
           (double)week.down_bytes / (double)week.calls,
           (double)week.took_ms / (double)week.calls);
}

int main(int argc, char **argv)
{
    const struct http_client_config http = {.timeout_ms = 20000};
    const struct site_options options = {.seed = 10, .servers = 4, .start = {1795329000}};
    const struct transport via = {pass, &week};
    struct drive_options o = {.seed = 10, .from = options.start, .via = &via};
    struct drive_report report = {0};
    struct clock_scaled *clock = NULL;
    struct sim_server *server = NULL;
    struct http_client *client = NULL;
    struct config *config = NULL;
    struct tz *tz = NULL;
    struct err e = {0};
    int64_t days = 7;

    if (argc > 2 || (argc == 2 && str_to_i64(argv[1], 1, 366, &days, &e) != ERR_OK)) {
        fprintf(stderr, "usage: velostrata_week [DAYS]\n");
        return 2;
    }
    clock = clock_scaled_new(options.start, 1);
    if (clock == NULL || http_global_init(&e) != ERR_OK ||
        http_client_new(&http, &client, &e) != ERR_OK ||
        site_new(&options, &week.site, &e) != ERR_OK ||
        configure(week.site, &config, &e) != ERR_OK ||
        tz_load(config->tz_name, &tz, &e) != ERR_OK ||
        sim_server_start(week.site, clock, 0, &server, &e) != ERR_OK ||
        meet(server, &e) != ERR_OK)
        goto out;
    week.straight = site_transport(week.site);
    week.http = http_client_transport(client);
    o.config = config;
    o.tz = tz;
    o.site = week.site;
    o.duration_s = days * DAY_S;
    if (drive_run(&o, &report, &e) == ERR_OK)
        tell(&report, days);
out:
    if (e.code != ERR_OK || clock == NULL)
        printf("FAIL velostrata_week: %s\n", e.text);
    sim_server_stop(server);
    http_client_free(client);
    tz_free(tz);
    config_free(config);
    site_free(week.site);
    clock_scaled_free(clock);
    http_global_cleanup();
    return failures == 0 && e.code == ERR_OK && clock != NULL ? 0 : 1;
}
