#include <config.h>

#include "tui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tui/app_parts.h"
#include "tui/prefs.h"
#include "tui/tty.h"
#include "tui/ui_parts.h"

enum { FRAME_MS = 100, RESIZE_MS = 50 };

bool app_is_ascii(const struct app_config *c)
{
    const char *locale = setlocale(LC_CTYPE, NULL);

    return glyph_wants_ascii(c->ascii ? GLYPHS_ASCII : c->config->ui.glyphs,
                             nl_langinfo(CODESET), locale != NULL ? locale : "C",
                             c->term != NULL ? c->term : "");
}

static bool no_color_asked(const struct app_config *c)
{
    const char *v = getenv("NO_COLOR");

    return c->no_color || (v != NULL && v[0] != '\0');
}

/* Signals come as readable bytes, so that the loop waits in one place for all. */
static enum err_code take_signals(struct app *a, struct err *e)
{
    static const int wanted[] = {SIGTERM,  SIGINT,  SIGHUP,  SIGQUIT,
                                 SIGWINCH, SIGCONT, SIGTSTP, SIGUSR1};
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        (void)sigaddset(&set, wanted[i]);
    if (pthread_sigmask(SIG_BLOCK, &set, &a->old_mask) != 0)
        return err_set(e, ERR_IO, "the signal mask");
    a->masked = true;
    a->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (a->signal_fd < 0)
        return err_set_errno(e, ERR_IO, errno, "signals");
    return ERR_OK;
}

/* Signals that came while it ended are taken with it: unblocked, they would kill what the
 * program still has to do in order. */
static void release_signals(struct app *a)
{
    struct signalfd_siginfo si;

    if (a->signal_fd >= 0) {
        while (read(a->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
            continue;
        (void)close(a->signal_fd);
    }
    /* A lost terminal sends its SIGHUP before or after we notice by ourselves. */
    if (a->result.end == APP_HANGUP)
        (void)sigaddset(&a->old_mask, SIGHUP);
    if (a->masked)
        (void)pthread_sigmask(SIG_SETMASK, &a->old_mask, NULL);
}

/* Fires at each full second of the wall clock, and when that clock is set. */
enum err_code app_start_timer(struct app *a, struct err *e)
{
    int64_t now = clock_utc(clock_system()).s;
    struct itimerspec spec = {.it_interval = {.tv_sec = 1}};

    /* reduce_motion: the clock moves once a minute. */
    if (a->config->config->ui.reduce_motion)
        spec.it_interval.tv_sec = 60;
    spec.it_value.tv_sec =
        (time_t)(now - now % spec.it_interval.tv_sec) + spec.it_interval.tv_sec;
    if (a->timer_fd < 0)
        a->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (a->timer_fd < 0 ||
        timerfd_settime(a->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec,
                        NULL) != 0)
        return err_set_errno(e, ERR_IO, errno, "the second's timer");
    return ERR_OK;
}

static void redirect_stderr(struct app *a)
{
    int to = a->config->log_fd;
    int null = to < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;

    a->saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (a->saved_stderr >= 0 && (to >= 0 || null >= 0))
        (void)dup2(to >= 0 ? to : null, STDERR_FILENO); /* else errors stay visible */
    if (null >= 0)
        (void)close(null);
}

static void give_stderr_back(struct app *a)
{
    if (a->saved_stderr < 0)
        return;
    (void)dup2(a->saved_stderr, STDERR_FILENO); /* it was open a moment ago */
    (void)close(a->saved_stderr);
    a->saved_stderr = -1;
}

void app_load_theme(struct app *a, const char *name)
{
    const struct app_config *c = a->config;
    struct theme theme;
    struct strbuf problems;
    struct err e = {0};

    strbuf_init(&problems, 8192);
    theme_stamp(name, c->theme_dirs, ARRAY_LEN(c->theme_dirs), &a->theme_stamp);
    if (theme_load(name, c->theme_dirs, ARRAY_LEN(c->theme_dirs), &theme, &problems,
                   &e) != ERR_OK) {
        theme_builtin(&theme);
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "%s", e.text);
    } else if (problems.len > 0) {
        const char *text = strbuf_text(&problems);
        size_t line = strcspn(text, "\n"), more = 0;

        for (const char *p = text + line; p[0] != '\0' && p[1] != '\0'; p++)
            more += *p == '\n' ? 1 : 0;
        if (more > 0)
            ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "%.*s (and %zu more)", (int)line,
                     text, more);
        else
            ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "%.*s", (int)line, text);
    }
    (void)str_copy(a->ui.theme, sizeof(a->ui.theme), theme.name);
    screen_set_theme(a->screen, &theme);
    strbuf_clear(&problems);
}

/* A theme's file that changed is read again; one that is gone, for an editor maybe in the
 * midst of saving it, changes nothing. */
static void watch_theme(struct app *a)
{
    const struct app_config *c = a->config;
    struct theme_stamp now;
    char name[NAME_TEXT];

    (void)str_copy(name, sizeof(name), a->ui.theme);
    theme_stamp(name, c->theme_dirs, ARRAY_LEN(c->theme_dirs), &now);
    if (now.inode == 0 || theme_stamp_eq(&now, &a->theme_stamp))
        return;
    ui_toast(&a->ui, ROLE_INFO, app_real_ms(), "theme %s was read again", name);
    app_load_theme(a, name);
}

static void keep_theme(struct app *a)
{
    struct prefs p = {.theme = ""};
    struct err e = {0};

    (void)str_copy(p.theme, sizeof(p.theme), a->ui.theme);
    (void)str_copy(p.instead, sizeof(p.instead), a->config->config->ui.theme);
    if (a->config->state_dir != NULL &&
        prefs_save(a->config->state_dir, &p, &e) != ERR_OK)
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "the theme is not kept: %s", e.text);
}

static enum err_code open_terminal(struct app *a, struct err *e)
{
    const struct ui_config *ui = &a->config->config->ui;
    struct screen_config sc = {.in_fd = STDIN_FILENO,
                               .term = a->config->term != NULL ? a->config->term : "",
                               .sync = ui->sync,
                               .no_color = no_color_asked(a->config),
                               .color = ui->color,
                               .show_cursor = ui->reduce_motion};
    char restore[512];
    enum err_code rc;

    tty_size(STDOUT_FILENO, &sc.rows, &sc.cols);
    a->out_fd = tty_reopen(STDOUT_FILENO);
    sc.out_fd = a->out_fd >= 0 ? a->out_fd : STDOUT_FILENO;
    rc = canvas_init(&a->canvas, sc.rows, sc.cols, a->ui.ascii, e);
    if (rc != ERR_OK)
        return rc;
    rc = screen_open(&sc, &a->screen, e);
    if (rc != ERR_OK)
        return rc;
    app_load_theme(a, a->ui.theme);
    screen_set_mouse(a->screen, a->ui.mouse && !a->ui.copying);
    rc = tty_enter(STDIN_FILENO, e);
    if (rc != ERR_OK)
        return rc;
    screen_restore_text(a->screen, restore, sizeof(restore));
    a->titled = app_is_titled(a);
    if (a->titled) {
        screen_write(a->screen, TITLE_SAVE);
        (void)str_copy(restore + strlen(restore), sizeof(restore) - strlen(restore),
                       TITLE_BACK);
    }
    return tty_catch_crashes(STDOUT_FILENO, restore, a->config->log_path, e);
}

static void close_terminal(struct app *a)
{
    if (a->screen != NULL && a->titled)
        screen_write(a->screen, TITLE_BACK);
    a->title[0] = '\0';
    if (a->out_fd >= 0) /* the last bytes may take their time */
        (void)fcntl(a->out_fd, F_SETFL,
                    a->result.end == APP_HANGUP ? O_WRONLY | O_NONBLOCK : O_WRONLY);
    screen_close(a->screen);
    a->screen = NULL;
    tty_leave();
    tty_forget_crashes();
    if (a->out_fd >= 0)
        (void)close(a->out_fd);
    a->out_fd = -1;
    canvas_clear(&a->canvas);
}

static void end(struct app *a, enum app_end how, int sig)
{
    if (a->ended)
        return;
    a->ended = true;
    a->result = (struct app_result){how, sig};
}

void app_reopen(struct app *a)
{
    struct err e = {0};

    close_terminal(a);
    if (open_terminal(a, &e) != ERR_OK)
        end(a, APP_HANGUP, 0);
    a->dirty = a->key_pressed = true;
}

/* Stops by SIGSTOP and takes up where it was. */
static void suspend(struct app *a)
{
    struct err e = {0};

    close_terminal(a);
    give_stderr_back(a);
    (void)kill(getpid(), SIGSTOP); /* returns after SIGCONT */
    redirect_stderr(a);
    if (open_terminal(a, &e) != ERR_OK)
        end(a, APP_HANGUP, 0);
    a->dirty = true;
}

static void read_signals(struct app *a)
{
    struct signalfd_siginfo si;

    while (read(a->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
        int sig = (int)si.ssi_signo;
        struct err e = {0};

        if (sig == SIGWINCH) {
            a->resize_ms = app_real_ms() + RESIZE_MS;
        } else if (sig == SIGCONT) {
            struct command refresh = {.kind = COMMAND_REFRESH};

            /* What is known may be old: nothing waits for its next poll. */
            if (!a->config->observe)
                ui_send(&a->ui, &refresh, app_real_ms());
            if (tty_enter(STDIN_FILENO, &e) != ERR_OK)
                end(a, APP_HANGUP, 0);
            a->resize_ms = app_real_ms();
        } else if (sig == SIGUSR1) {
            a->ui.dump = true;
            a->dirty = true;
        } else if (sig == SIGTSTP) {
            ui_suspend(&a->ui, app_real_ms());
            a->dirty = true;
        } else if (sig == SIGHUP) {
            end(a, APP_HANGUP, SIGHUP);
        } else {
            end(a, APP_SIGNAL, sig);
        }
    }
}

static void resize(struct app *a)
{
    struct canvas next;
    struct err e = {0};
    int rows, cols;

    a->resize_ms = 0;
    tty_size(STDOUT_FILENO, &rows, &cols);
    if (canvas_init(&next, rows, cols, a->ui.ascii, &e) != ERR_OK)
        return; /* the old size stays until there is memory */
    if (screen_resize(a->screen, next.rows, next.cols, &e) != ERR_OK) {
        canvas_clear(&next);
        return;
    }
    canvas_clear(&a->canvas);
    a->canvas = next;
    a->dirty = a->key_pressed = true;
}

/* Programs that were started for it: nothing here waits for them. */
static void step_notify(struct app *a)
{
    if (notify_due_ms(&a->notify) >= 0)
        notify_step(&a->notify, app_real_ms());
    if (a->notify.complaint[0] == '\0')
        return;
    ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "%s", a->notify.complaint);
    a->notify.complaint[0] = '\0';
    a->dirty = true;
}

static void read_timer(struct app *a)
{
    struct err e = {0};
    uint64_t ticks;

    if (read(a->timer_fd, &ticks, sizeof(ticks)) < 0 && errno == ECANCELED &&
        app_start_timer(a, &e) != ERR_OK) /* the wall clock was set: align again */
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "%s", e.text);
    watch_theme(a);
    app_ring(a, NULL);
    a->dirty = true;
}

static void take_snapshot(struct app *a, bool any)
{
    struct fleet *f;
    uint64_t n;

    if (a->config->source.event_fd >= 0)
        while (read(a->config->source.event_fd, &n, sizeof(n)) > 0)
            continue;
    f = a->config->source.latest == NULL
            ? NULL
            : a->config->source.latest(a->config->source.ctx);
    if (f == NULL)
        return;
    if (!any && f->version == a->ui.fleet->version) {
        fleet_unref(f);
        return;
    }
    app_ring(a, f);
    ui_take_fleet(&a->ui, f, app_real_ms());
    a->dirty = true;
}

/* An observer becomes the one that acts; its pictures count from one again. */
static void take_over(struct app *a)
{
    const struct app_observed *o = a->config->observed;
    struct app_reload r = {0};
    struct err e = {0};

    if (o == NULL || o->take_over == NULL)
        return;
    if (!o->take_over(o->ctx, &r, &e)) {
        ui_toast(&a->ui, ROLE_CRIT, app_real_ms(), "not taken over: %s", e.text);
        return;
    }
    if (r.was != NULL)
        app_adopt(a, r.was);
    if (a->config->source.reload_done != NULL)
        a->config->source.reload_done(a->config->source.ctx, &r);
    ui_toast(&a->ui, ROLE_INFO, app_real_ms(), "this instance acts now");
    take_snapshot(a, true);
}

/* What keys and signals asked of the shell. */
static void serve(struct app *a)
{
    if (a->ui.redraw) {
        take_snapshot(a, false); /* one that was let pass in copy mode */
        screen_repaint(a->screen);
    }
    if (a->ui.dump)
        app_dump(a);
    if (a->ui.load_theme) {
        char name[NAME_TEXT];

        (void)str_copy(name, sizeof(name), a->ui.theme);
        app_load_theme(a, name);
    }
    if (a->ui.keep_theme)
        keep_theme(a);
    a->ui.redraw = a->ui.dump = a->ui.load_theme = a->ui.keep_theme = false;
    if (a->ui.copy)
        app_copy(a);
    if (a->ui.export)
        app_export(a);
    a->ui.copy = a->ui.export = false;
    screen_set_mouse(a->screen, a->ui.mouse && !a->ui.copying);
    if (a->ui.suspend) {
        a->ui.suspend = false;
        suspend(a);
    }
    if (a->ui.reload) {
        a->ui.reload = false;
        app_reload(a);
    }
    if (a->ui.take_over) {
        a->ui.take_over = false;
        take_over(a);
    }
    if (a->ui.quit)
        end(a, APP_QUIT, 0);
}

static void read_keys(struct app *a, short revents)
{
    uint32_t key;
    int waiting = 0;

    if (revents & (POLLERR | POLLHUP | POLLNVAL)) {
        end(a, APP_HANGUP, 0);
        return;
    }
    if (!(revents & POLLIN))
        return;
    /* Readable without a byte: the other side has closed. */
    if (ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0) {
        end(a, APP_HANGUP, 0);
        return;
    }
    while (!a->ended && (key = screen_key(a->screen)) != KEYC_NONE) {
        struct mouse_event e = screen_mouse(a->screen);

        if (key == KEYC_MOUSE)
            ui_mouse(&a->ui, &e, app_real_ms());
        else
            ui_key(&a->ui, key, app_real_ms());
        serve(a);
    }
    a->dirty = a->key_pressed = true;
}

static void draw(struct app *a)
{
    int64_t now_ms = app_real_ms();
    struct err e = {0};

    if (a->write_pending || a->ended)
        return; /* a slow terminal gets the newest picture later, not every one */
    if (a->ui.copying && !a->key_pressed)
        a->dirty = false; /* nothing moves in copy mode */
    if (a->dirty && (a->key_pressed || now_ms - a->last_frame_ms >= FRAME_MS)) {
        ui_draw(&a->ui, &a->canvas, clock_utc(a->config->clock), now_ms);
        screen_draw(a->screen, &a->canvas);
        app_update_title(a, now_ms);
        a->last_frame_ms = now_ms;
        a->dirty = a->key_pressed = false;
    }
    if (screen_flush(a->screen, &a->write_pending, &e) != ERR_OK)
        end(a, APP_HANGUP, 0);
}

/* Milliseconds until something is due, -1 = nothing is. */
static int timeout_ms(const struct app *a)
{
    int64_t now_ms = app_real_ms(), next = ui_next_ms(&a->ui), left;

    if (a->resize_ms != 0 && (next < 0 || a->resize_ms < next))
        next = a->resize_ms;
    if (a->dirty && !a->write_pending && (next < 0 || a->last_frame_ms + FRAME_MS < next))
        next = a->last_frame_ms + FRAME_MS;
    if (notify_due_ms(&a->notify) >= 0 &&
        (next < 0 || now_ms + notify_due_ms(&a->notify) < next))
        next = now_ms + notify_due_ms(&a->notify);
    if (next < 0)
        return -1;
    left = next - now_ms;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* A demo has lasted as long as it was asked to. */
static bool is_over(const struct app *a)
{
    const struct utc until = a->config->demo.until;

    return until.s != 0 && clock_utc(a->config->clock).s >= until.s;
}

static void loop(struct app *a)
{
    while (!a->ended) {
        int out = a->out_fd >= 0 ? a->out_fd : STDOUT_FILENO;
        struct pollfd fds[] = {
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = a->signal_fd, .events = POLLIN},
            {.fd = a->timer_fd, .events = POLLIN},
            {.fd = a->config->source.event_fd, .events = POLLIN},
            {.fd = a->write_pending ? out : -1, .events = POLLOUT},
            {.fd = a->export.running ? a->export.event_fd : -1, .events = POLLIN},
        };

        if (poll(fds, ARRAY_LEN(fds), timeout_ms(a)) < 0 && errno != EINTR)
            break;
        if (fds[1].revents != 0)
            read_signals(a);
        if (fds[1].revents != 0 && !a->ended)
            serve(a);
        app_reloaded(a); /* before a picture that it made: keys and zone fit to that */
        if (fds[3].revents != 0)
            take_snapshot(a, false);
        if (fds[0].revents != 0 && !a->ended)
            read_keys(a, fds[0].revents);
        if (fds[2].revents != 0)
            read_timer(a);
        if (fds[4].revents != 0)
            a->write_pending = false;
        if (fds[5].revents != 0)
            app_exported(a);
        step_notify(a);
        if (is_over(a))
            end(a, APP_QUIT, 0);
        if (ui_tick(&a->ui, app_real_ms()))
            a->dirty = true;
        if (!a->ended && a->resize_ms != 0 && app_real_ms() >= a->resize_ms)
            resize(a);
        draw(a);
    }
}

enum err_code app_run(const struct app_config *config, struct err *e)
{
    struct app *a = calloc(1, sizeof(*a));
    enum err_code rc;

    if (a == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the dashboard");
    a->config = config;
    notify_init(&a->notify, config->config);
    export_init(&a->export, &config->export);
    a->out_fd = a->signal_fd = a->timer_fd = a->saved_stderr = -1;
    rc = ui_init(&a->ui, config, app_is_ascii(config), app_real_ms(), e);
    if (rc != ERR_OK)
        goto out;
    if (config->theme == NULL && config->state_dir != NULL) {
        struct prefs p;

        prefs_load(config->state_dir, &p);
        (void)str_copy(a->ui.theme, sizeof(a->ui.theme),
                       prefs_theme(&p, config->config->ui.theme));
    }
    rc = take_signals(a, e);
    if (rc != ERR_OK)
        goto out;
    rc = app_start_timer(a, e);
    if (rc != ERR_OK)
        goto out;
    rc = open_terminal(a, e);
    if (rc != ERR_OK)
        goto out;
    redirect_stderr(a);
    take_snapshot(a, false);
    a->dirty = a->key_pressed = true;
    draw(a);
    loop(a);
    if (config->result != NULL)
        *config->result = a->result;
out:
    close_terminal(a);
    give_stderr_back(a);
    if (a->timer_fd >= 0)
        (void)close(a->timer_fd);
    release_signals(a);
    notify_clear(&a->notify);
    export_clear(&a->export);
    ui_clear(&a->ui);
    free(a);
    return rc;
}
