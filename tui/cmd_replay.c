#include <config.h>

#include "core/cost/ledger.h"
#include "core/engine/replay.h"
#include "core/store/journal_json.h"
#include "tui/app.h"
#include "tui/cmd.h"
#include "tui/demo.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/theme_file.h"
#include "tui/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 * 1024, FIRST_SPEED = 60, TOP_SPEED = 3600, FRAME_MS = 250 };

/* ----- the file ----- */

struct reading {
    const char *name; /* as it was given, for messages */
    struct journal_entry *entries;
    size_t n, room;
};

static enum err_code take_line(struct reading *r, const char *line, size_t len, size_t no,
                               struct err *e)
{
    struct err why = {0};

    if (r->n == REPLAY_MAX)
        return err_set(e, ERR_TOO_BIG,
                       "%s: over %d entries; replay a part of it (head, tail)", r->name,
                       REPLAY_MAX);
    if (r->n == r->room) {
        size_t room = r->room == 0 ? 1024 : 2 * r->room;
        struct journal_entry *more = realloc(r->entries, room * sizeof(*more));

        if (more == NULL)
            return err_set(e, ERR_NOMEM, "%s:%zu: out of memory", r->name, no);
        r->entries = more;
        r->room = room;
    }
    if (len > LINE_MAX_BYTES)
        return err_set(e, ERR_SYNTAX, "%s:%zu: a line of %zu bytes is no journal entry",
                       r->name, no, len);
    if (str_starts(line, "{\"seed\":"))
        return ERR_OK; /* how simulate --trace --json ends */
    if (journal_parse(line, len, &r->entries[r->n], &why) != ERR_OK)
        return err_set(e, ERR_SYNTAX,
                       "%s:%zu: %s; replay reads what rushhour log --json prints",
                       r->name, no, why.text);
    r->n++;
    return ERR_OK;
}

static enum err_code read_lines(struct reading *r, FILE *f, struct err *e)
{
    char *line = NULL;
    size_t room = 0, no = 0;
    ssize_t len;

    while (e->code == ERR_OK && (len = getline(&line, &room, f)) > 0) {
        size_t n = (size_t)len;

        no++;
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            n--;
        if (n > 0)
            (void)take_line(r, line, n, no, e);
    }
    if (e->code == ERR_OK && ferror(f))
        (void)err_set_errno(e, ERR_IO, errno, "%s", r->name);
    if (e->code == ERR_OK && r->n == 0)
        (void)err_set(e, ERR_SYNTAX,
                      "%s: there is no entry in it; rushhour log --json writes them",
                      r->name);
    free(line);
    return e->code;
}

static enum err_code read_file(const char *name, const struct tz *tz, struct replay **out,
                               struct err *e)
{
    bool standard = str_eq(name, "-");
    struct reading r = {.name = standard ? "standard input" : name};
    FILE *f = standard ? stdin : fopen(name, "re");

    if (f == NULL)
        return err_set_errno(e, ERR_IO, errno, "%s", name);
    if (read_lines(&r, f, e) != ERR_OK ||
        replay_new(r.entries, r.n, tz, out, e) != ERR_OK)
        free(r.entries);
    if (!standard)
        (void)fclose(f); /* nothing was written */
    return e->code;
}

/* ----- its time ----- */

/* Where the replay stands: at an instant that runs with the real time, or stands still.
 */
struct stage {
    struct replay *replay;
    const struct tz *tz;
    int64_t base_ms,
        since_ms;   /* site milliseconds, and of the real clock when it was so */
    int64_t end_ms; /* of the last entry: time stops there */
    int32_t speed;
    size_t
        stepped; /* after a step back in time: so many entries, whatever the time says */
    bool by_step;
    int timer_fd;
};

static int64_t stage_ms(const struct stage *st)
{
    int64_t ms =
        st->base_ms + (clock_mono(clock_system()).ms - st->since_ms) * (int64_t)st->speed;

    return ms < st->end_ms || st->speed == 0 ? ms : st->end_ms;
}

static struct utc stage_utc(void *ctx)
{
    return (struct utc){stage_ms(ctx) / 1000};
}

static struct mono stage_mono(void *ctx)
{
    return (struct mono){stage_ms(ctx)};
}

/* From here on at that speed; the picture is drawn anew at once. */
static void stage_go(struct stage *st, int64_t ms, int32_t speed)
{
    struct itimerspec spec = {.it_value.tv_nsec = 1};

    st->base_ms = ms;
    st->since_ms = clock_mono(clock_system()).ms;
    st->speed = speed;
    if (speed > 0)
        spec.it_interval.tv_nsec = FRAME_MS * 1000000L;
    (void)timerfd_settime(st->timer_fd, 0, &spec, NULL); /* a valid timer cannot fail */
}

/* So many entries are over; two of one second are two steps. */
static size_t stage_at(const struct stage *st)
{
    return st->by_step ? st->stepped
                       : replay_until(st->replay, (struct utc){stage_ms(st) / 1000});
}

static struct fleet *stage_latest(void *ctx)
{
    struct stage *st = ctx;

    return replay_fleet(st->replay, stage_at(st), stage_utc(st));
}

static bool stage_send(void *ctx, const struct command *c, struct err *e)
{
    (void)ctx;
    (void)c;
    (void)err_set(e, ERR_REFUSED, "this is a replay: nothing acts");
    return false;
}

static void change_speed(void *ctx, int up)
{
    struct stage *st = ctx;
    int32_t speed = up < 0 ? st->speed / 2 : st->speed == 0 ? FIRST_SPEED : st->speed * 2;

    st->by_step = false;
    stage_go(st, stage_ms(st), speed > TOP_SPEED ? TOP_SPEED : speed);
}

static int32_t speed_now(void *ctx)
{
    const struct stage *st = ctx;

    return st->speed;
}

static bool is_seen(const struct stage *st, size_t i)
{
    return replay_entry(st->replay, i)->level != LEVEL_DEBUG;
}

/* To the end of the next entry that people see, or of the one before. */
static size_t step_entry(const struct stage *st, size_t at, bool back)
{
    size_t count = replay_count(st->replay);

    if (back) {
        for (size_t n = at > 0 ? at - 1 : 0; n > 0; n--) {
            if (is_seen(st, n - 1))
                return n;
        }
        return 0;
    }
    for (size_t n = at; n < count; n++) {
        if (is_seen(st, n))
            return n + 1;
    }
    return count;
}

/* The midnight of the site behind or before an instant. */
static struct utc step_day(const struct stage *st, struct utc now, bool back)
{
    enum { WELL_INTO_S = 36 * 3600 };
    struct utc day = ledger_day_start(st->tz, now);

    if (!back)
        return ledger_day_start(st->tz, (struct utc){day.s + WELL_INTO_S});
    return ledger_day_start(st->tz, (struct utc){day.s - (now.s == day.s ? 1 : 0)});
}

static void step(void *ctx, enum app_step by, char *say, size_t size)
{
    struct stage *st = ctx;
    size_t at = stage_at(st), count = replay_count(st->replay);
    struct utc now = stage_utc(st), first = replay_entry(st->replay, 0)->at;

    if (by == STEP_DAY || by == STEP_DAY_BACK) {
        now = step_day(st, now, by == STEP_DAY_BACK);
        now.s = now.s * 1000 > st->end_ms ? st->end_ms / 1000 : now.s;
        now.s = now.s < first.s ? first.s : now.s;
        st->by_step = false;
        stage_go(st, now.s * 1000, 0);
        at = stage_at(st);
    } else {
        at = step_entry(st, at, by == STEP_EVENT_BACK);
        st->by_step = true;
        st->stepped = at;
        if (at > 0)
            now = replay_entry(st->replay, at - 1)->at;
        stage_go(st, now.s * 1000, 0);
    }
    (void)str_format(say, size, "entry %zu of %zu%s%s", at, count, at > 0 ? ": " : "",
                     at > 0 ? replay_entry(st->replay, at - 1)->text : "");
}

/* ----- shown ----- */

static int dashboard(struct session *s, const struct args *a, struct stage *st)
{
    const struct clock clock = {stage_utc, stage_mono, st};
    struct theme_places places;
    struct err e = {0};
    struct app_config c = {
        .config = s->config,
        .tz = s->tz,
        .clock = &clock,
        .source = {.latest = stage_latest, .send = stage_send, .event_fd = -1, .ctx = st},
        .demo = {.on = true,
                 .word = "REPLAY",
                 .speed = change_speed,
                 .speed_now = speed_now,
                 .step = step,
                 .ctx = st},
        .term = getenv("TERM"),
        .ascii = a->set[FLAG_ASCII],
        .no_color = a->set[FLAG_NO_COLOR],
        .observe = true,
        .theme = a->set[FLAG_THEME] ? a->value[FLAG_THEME] : NULL,
        .log_fd = -1,
        .who = s->user,
        .stalled_after_ms = INT64_MAX};

    st->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (st->timer_fd < 0) {
        (void)err_set_errno(&e, ERR_IO, errno, "the replay's timer");
        return session_fail(&e);
    }
    c.source.event_fd = st->timer_fd;
    theme_places_find(&places, s->config_path, c.theme_dirs);
    stage_go(st, st->base_ms, 0);
    if (app_run(&c, &e) != ERR_OK)
        (void)session_fail(&e);
    (void)close(st->timer_fd);
    return e.code == ERR_OK ? EXIT_DONE : e.code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static int lines(const struct stage *st)
{
    struct replay_sums sums;
    size_t n = replay_count(st->replay);
    int64_t days = (st->end_ms / 1000 - replay_entry(st->replay, 0)->at.s) / 86400;

    for (size_t i = 0; i < n; i++) {
        if (is_seen(st, i))
            words_entry(replay_entry(st->replay, i), st->tz);
    }
    replay_sums(st->replay, &sums);
    out_printf(
        "%zu entries of %lld days: %lld moves, %lld of them failed, %lld not ended; "
        "%lld interruptions, %lld orders\n",
        n, (long long)days, (long long)sums.moves, (long long)sums.failed,
        (long long)sums.open, (long long)sums.losses, (long long)sums.orders);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

/* The fleet at that instant. */
static int picture(struct stage *st, bool json)
{
    struct fleet *f = stage_latest(st);
    char *text = f != NULL && json ? session_render(f) : NULL;
    struct err e = {0};

    if (f == NULL || (json && text == NULL))
        (void)err_set(&e, ERR_NOMEM, "out of memory");
    else if (json)
        out_line(text);
    else
        words_status(f, st->tz);
    free(text);
    fleet_unref(f);
    if (e.code != ERR_OK)
        return session_fail(&e);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

/* The colors and the zone are those of the configuration; without one the demo's colors,
 * and the system's zone. */
static int open_session(struct session *s, const struct args *a)
{
    struct args none = {.sub = SUB_DEMO};
    struct demo d = {0};
    struct err e = {0};
    const struct config_sets sets = {0};
    char zone[NAME_TEXT];
    bool there = false;
    int rc = session_load(s, a->value[FLAG_CONFIG], false, &sets, &there);

    if (rc != EXIT_DONE || there)
        return rc;
    rc = demo_options(&d, &none);
    if (rc == EXIT_DONE)
        rc = demo_site(&d, NULL);
    if (rc == EXIT_DONE)
        rc = demo_config(&d, "http://127.0.0.1:1", s);
    site_free(d.site);
    if (rc != EXIT_DONE)
        return rc;
    tz_free(s->tz);
    s->tz = NULL;
    return tz_load(tz_system_name(zone, sizeof(zone)), &s->tz, &e) == ERR_OK
               ? EXIT_DONE
               : session_fail(&e);
}

/* Without --at: the dashboard from the first entry, a picture of the last one. */
static enum err_code begin(struct stage *st, const struct args *a, bool from_end,
                           struct err *e)
{
    struct utc first = replay_entry(st->replay, 0)->at, at = first;

    st->end_ms = first.s * 1000;
    for (size_t i = 0; i < replay_count(st->replay); i++) {
        int64_t ms = replay_entry(st->replay, i)->at.s * 1000;

        st->end_ms = ms > st->end_ms ? ms : st->end_ms;
    }
    if (from_end)
        at.s = st->end_ms / 1000;
    if (a->set[FLAG_AT] && time_parse(a->value[FLAG_AT], st->tz, first, &at, e) != ERR_OK)
        return e->code;
    st->base_ms = at.s * 1000;
    return ERR_OK;
}

int cmd_replay(const struct args *a)
{
    struct session s = {0};
    struct stage st = {.timer_fd = -1};
    struct err e = {0};
    bool plain, still;
    int rc;

    if (a->n_words != 1) {
        (void)err_set(&e, ERR_USAGE,
                      "replay wants one file, that rushhour log --json printed");
        return session_fail(&e);
    }
    rc = open_session(&s, a);
    if (rc != EXIT_DONE)
        goto out;
    st.tz = s.tz;
    plain = live_wants_lines(&s, a) || str_eq(a->words[0], "-") || a->set[FLAG_JSON];
    still = plain && (a->set[FLAG_AT] || a->set[FLAG_JSON]);
    if (read_file(a->words[0], s.tz, &st.replay, &e) != ERR_OK ||
        begin(&st, a, still, &e) != ERR_OK) {
        rc = session_fail(&e);
        goto out;
    }
    rc = still   ? picture(&st, a->set[FLAG_JSON])
         : plain ? lines(&st)
                 : dashboard(&s, a, &st);
out:
    replay_free(st.replay);
    session_close(&s);
    return rc;
}
