#include <config.h>

#include "core/policy/lead.h"
#include "core/policy/schedule.h"
#include "tui/app.h"
#include "tui/cmd.h"
#include "tui/cost_csv.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/theme_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct hold_ctx {
    struct live *live;
    const struct session *session;
    const struct clock *clock;
};

static struct hold_ends hold_ends(void *ctx, enum place place)
{
    const struct hold_ctx *h = ctx;
    const struct policy_config *p = &h->session->config->policy;
    struct schedule *s = malloc(sizeof(*s));
    struct utc now = clock_utc(h->clock);
    struct hold_ends ends = {.end = {0}};
    struct fleet *f;
    int64_t lead;

    if (s == NULL)
        return ends;
    f = live_latest(h->live);
    lead = !p->lead_auto                 ? p->lead
           : f != NULL && f->lead_s != 0 ? f->lead_s
                                         : LEAD_UNTAUGHT_S;
    fleet_unref(f);
    schedule_build(p, h->session->tz, now, lead, s);
    ends.end = schedule_hold_end(s, p, now, place);
    ends.change = schedule_next_change(s, now, place);
    free(s);
    return ends;
}

/* What the dashboard asks of a live instance, and what is the dashboard's of it. */
struct shell {
    struct live *live;
    struct app_config *app;
};

static struct fleet *shell_latest(void *ctx)
{
    const struct shell *s = ctx;

    return live_latest(s->live);
}

static bool shell_send(void *ctx, const struct command *c, struct err *e)
{
    const struct shell *s = ctx;

    return live_send(s->live, c, e);
}

/* The dashboard uses what the session has from now on. */
static void give_config(const struct shell *s, struct app_reload *r, struct setup *was)
{
    s->app->config = s->live->session->config;
    s->app->tz = s->live->session->tz;
    r->keeps = was;
    r->was = was != NULL ? was->config : NULL;
}

static bool take_over(void *ctx, struct app_reload *r, struct err *e)
{
    struct shell *s = ctx;
    struct setup *was = NULL;

    if (live_take_over(s->live, &was, e) != ERR_OK)
        return false;
    s->app->source.event_fd = live_event_fd(s->live);
    s->app->log_path = s->live->session->log_path;
    s->app->observed = NULL;
    give_config(s, r, was);
    return true;
}

static bool shell_reload(void *ctx, struct err *e)
{
    const struct shell *s = ctx;

    return live_reload(s->live, "", e);
}

static bool shell_reloaded(void *ctx, struct app_reload *out)
{
    const struct shell *s = ctx;
    struct reload_answer answer;
    struct setup *was;

    if (!live_reloaded(s->live, &answer, &was))
        return false;
    out->taken = answer.taken;
    (void)str_copy(out->text, sizeof(out->text), answer.text);
    give_config(s, out, was);
    return true;
}

static void shell_reload_done(void *ctx, struct app_reload *r)
{
    (void)ctx;
    setup_unref(r->keeps);
}

/* Without a terminal: what happens is in the log all the same. */
static int go_on(struct live *l)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (null < 0 || dup2(null, fd) < 0)
            return EXIT_FAILED;
    }
    (void)close(null); /* it has three others now */
    l->hung_up = true;
    log_write(l->session->log, LOG_WARN, "tui",
              "the terminal is gone; going on without one (ui.on_hangup)");
    return live_lines(l, false, (struct utc){0});
}

/* The month's ledger, by a connection of its own: the controller goes on with its own. */
struct month_work {
    struct setup *keeps; /* NULL: the session's configuration stays */
    const struct config *config;
    const char *state_dir;
    struct utc now;
};

static void *month_begin(void *ctx, struct err *e)
{
    const struct live *l = ctx;
    struct month_work *w = malloc(sizeof(*w));

    if (w == NULL) {
        (void)err_set(e, ERR_NOMEM, "out of memory");
        return NULL;
    }
    *w = (struct month_work){.keeps = setup_ref(l->session->setup),
                             .config = l->session->config,
                             .state_dir = l->session->state_dir,
                             .now = clock_utc(l->clock)};
    return w;
}

static void month_end(void *work)
{
    struct month_work *w = work;

    setup_unref(w->keeps);
    free(w);
}

static enum err_code month_csv(void *work, struct strbuf *out, struct err *e)
{
    const struct month_work *w = work;

    return cost_csv_read(w->state_dir, w->config, w->now, out, e);
}

int run_dashboard(struct live *l, const struct args *a, const struct app_demo *demo)
{
    struct session *s = l->session;
    struct hold_ctx hold = {l, s, l->clock};
    struct theme_places places;
    struct shell shell = {.live = l};
    struct app_observed observed = {.take_over = take_over, .ctx = &shell};
    struct app_result result = {.end = APP_QUIT};
    struct err e = {0};
    struct app_config c = {.config = s->config,
                           .tz = s->tz,
                           .clock = l->clock,
                           .source = {.latest = shell_latest,
                                      .send = shell_send,
                                      .event_fd = live_event_fd(l),
                                      .ctx = &shell,
                                      .reload = shell_reload,
                                      .reloaded = shell_reloaded,
                                      .reload_done = shell_reload_done},
                           .hold_ends = hold_ends,
                           .hold_ctx = &hold,
                           .export = {month_begin, month_end, month_csv, l->clock, l},
                           .term = getenv("TERM"),
                           .ascii = a->set[FLAG_ASCII],
                           .no_color = a->set[FLAG_NO_COLOR],
                           .observe = a->set[FLAG_OBSERVE],
                           .locked = s->config->ui.locked,
                           .theme = a->set[FLAG_THEME] ? a->value[FLAG_THEME] : NULL,
                           .log_path = s->log_path,
                           .log_fd = -1,
                           .state_dir = s->state_dir,
                           .who = s->user,
                           .result = &result};

    shell.app = &c;
    if (demo != NULL)
        c.demo = *demo;
    theme_places_find(&places, s->config_path, c.theme_dirs);
    if (l->observer != NULL) {
        observed.holder = observer_holder(l->observer);
        c.observed = &observed;
    }
    if (app_run(&c, &e) != ERR_OK)
        return session_fail(&e);
    return result.end == APP_HANGUP && s->config->ui.hangup_continues ? go_on(l)
                                                                      : EXIT_DONE;
}

/* Who asks by SIGUSR1 what is known, and line mode by SIGHUP to read its configuration
 * again, must not end what is still starting. */
static void hear_later(bool lines)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    if (lines)
        (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL); /* cannot fail */
}

int cmd_run(const struct args *a)
{
    struct session s;
    struct live l = {0};
    struct live_options o = {.clock = clock_system(),
                             .observe = a->set[FLAG_OBSERVE],
                             .dry_run = a->set[FLAG_DRY_RUN],
                             .seed = (uint64_t)clock_mono(clock_system()).ms};
    bool locked_out = false, lines;
    struct err e = {0};
    int rc = session_open(&s, a);

    if (rc != EXIT_DONE)
        goto out;
    lines = live_wants_lines(&s, a);
    hear_later(lines);
    rc = session_open_state(&s, a, o.observe ? SESSION_LOOK : SESSION_ACT, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (o.observe) /* it takes no lock, yet there may be one who acts */
        locked_out = lock_is_held(s.state_dir, &s.holder);
    else if (locked_out && lines && isatty(STDOUT_FILENO) == 0) {
        (void)err_set(&e, ERR_LOCKED, "another instance runs: %s@%s pid %d",
                      s.holder.user, s.holder.host, s.holder.pid);
        rc = session_fail(&e);
        goto out;
    }
    rc = session_share(&s, &e) == ERR_OK ? EXIT_DONE : session_fail(&e);
    if (rc != EXIT_DONE)
        goto out;
    rc = locked_out ? live_observe(&l, &s, a, &o, o.observe || o.dry_run)
                    : live_start(&l, &s, &o);
    if (rc == EXIT_DONE)
        rc = live_follow(&l);
    if (rc == EXIT_DONE && lines && l.observer != NULL)
        out_printf("observer of %s\n", observer_holder(l.observer));
    if (rc == EXIT_DONE)
        rc = lines ? live_lines(&l, isatty(STDIN_FILENO) != 0, (struct utc){0})
                   : run_dashboard(&l, a, NULL);
    live_stop(&l);
out:
    session_close(&s);
    return rc;
}
