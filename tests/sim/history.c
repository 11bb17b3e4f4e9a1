#include <config.h>

#include "tests/sim/history.h"

#include "core/base/timefmt.h"
#include "tests/sim/points.h"
#include "tests/unit/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };
/* Of ten seeds one, from the ninth hour on: an instance with our tag that nobody has. */
enum { STRAY_EVERY = 10, STRAY_OF = 8, STRAY_AFTER_S = 9 * 3600 };

/* The last orders of a person, when they were refused. */
enum { AGAIN_S = 600, LAST_ORDERS_WITHIN_S = DAY_S / 2 };

/* ----- the seed's wishes ----- */

static int32_t last_orders(const struct history *h)
{
    return 1 + (int32_t)h->config->n_servers * 2;
}

static void be_calm(struct history *h)
{
    h->calm = true;
    memset(h->site->faults.rate, 0, sizeof(h->site->faults.rate));
    memset(h->site->faults.any, 0, sizeof(h->site->faults.any));
    faults_to_world(&h->site->faults, &h->site->w->odds);
    h->site->w->odds.calm = true;
    points_calm();
    h->orders_left = last_orders(h);
}

/* A store that was busy or full has refused them: a person tries again a little later,
 * while what comes of it can still be seen. */
static void try_again(struct history *h, struct utc now)
{
    if (!h->refused || now.s < h->again_at.s ||
        now.s >= h->calm_from.s + LAST_ORDERS_WITHIN_S)
        return;
    h->refused = false;
    h->orders_left = last_orders(h);
}

/* A day is over, or a person has had enough: the automation alone from here on. */
static bool last_order(struct history *h, struct utc now, struct command *c)
{
    int32_t n;

    if (h->orders_left == 0)
        try_again(h, now);
    n = h->orders_left;
    if (n == 0)
        return false;
    h->orders_left--;
    h->again_at.s = now.s + AGAIN_S;
    if (n == last_orders(h)) {
        c->kind = COMMAND_AUTO;
        c->setting = AUTO_ON;
        return true;
    }
    c->kind = n > (int32_t)h->config->n_servers ? COMMAND_AUTO : COMMAND_RELEASE;
    c->setting = AUTO_ON;
    (void)str_copy(c->server, sizeof(c->server),
                   h->config->servers[(n - 1) % (int32_t)h->config->n_servers].name);
    return true;
}

static struct happened *next_happened(struct history *h, bool is_entry)
{
    struct happened *next = &h->last[h->n_last++ % HISTORY_EVENTS];

    next->is_entry = is_entry;
    return next;
}

__attribute__((format(printf, 3, 4))) static void note(struct history *h, struct utc at,
                                                       const char *fmt, ...)
{
    char when[TIME_TEXT], *line = next_happened(h, false)->as.line;
    size_t n;
    va_list ap;

    va_start(ap, fmt);
    (void)str_format(line, HISTORY_LINE, "%s ", utc_text(at, when));
    n = strlen(line);
    (void)str_vformat(line + n, HISTORY_LINE - n, fmt, ap); /* a cut one says enough */
    va_end(ap);
    if (h->way.trace)
        (void)printf("%s\n", line);
}

/* What an older controller, or its lost store, has left behind. */
static void stray(struct history *h, struct utc now)
{
    struct sim_tag tags[2] = {{.key = "rushhour:deployment"},
                              {"rushhour:server", "former"}};
    const struct sim_launch l = {.type = "c5.2xlarge",
                                 .image = "ami-1",
                                 .client_token = "",
                                 .tags = tags,
                                 .n_tags = 2};
    const struct sim_instance *in;

    if (h->strayed || h->swarm.seed % STRAY_EVERY != STRAY_OF ||
        str_eq(h->swarm.mover, "velostrata") || now.s < h->swarm.from.s + STRAY_AFTER_S)
        return;
    (void)str_copy(tags[0].value, sizeof(tags[0].value), h->config->deployment);
    h->strayed = world_launch(h->site->w, &l, &in) == SIM_OK;
}

static bool wish(struct history *h, struct utc now, struct command *out)
{
    const struct config *k = h->config;

    stray(h, now);
    *out = (struct command){.id = 1, .by = "dana", .at = now, .confirmed = true};
    if (!h->calm && now.s >= h->calm_from.s)
        be_calm(h);
    if (h->calm)
        return last_order(h, now, out);
    if (!rng_chance(&h->rng, h->swarm.orders))
        return false;
    (void)str_copy(out->server, sizeof(out->server),
                   k->servers[rng_between(&h->rng, 0, (int64_t)k->n_servers - 1)].name);
    out->place = rng_between(&h->rng, 0, 1) == 0 ? PLACE_CLOUD : PLACE_ONPREM;
    switch (rng_between(&h->rng, 0, 6)) {
    case 0:
        out->kind = COMMAND_MOVE;
        out->force = rng_between(&h->rng, 0, 4) == 0;
        break;
    case 1:
        out->kind = COMMAND_HOLD;
        out->hold_kind = (enum hold_kind)rng_between(&h->rng, 0, 2);
        out->until.s = now.s + rng_between(&h->rng, 600, 8 * 3600);
        break;
    case 2:
        out->kind = COMMAND_RELEASE;
        break;
    case 3:
        out->kind = COMMAND_CANCEL;
        break;
    case 4:
        out->kind = COMMAND_SNOOZE;
        out->until.s = now.s + rng_between(&h->rng, 600, 3 * 3600);
        break;
    case 5:
        out->kind = COMMAND_AUTO;
        out->server[0] = '\0';
        out->setting = rng_between(&h->rng, 0, 2) == 0 ? AUTO_OFF : AUTO_ON;
        break;
    default:
        out->kind = COMMAND_EXTENSION;
        out->server[0] = '\0';
        out->start = rng_between(&h->rng, 0, 1) == 0;
        break;
    }
    return true;
}

/* Some of them come by the store, as from another process. */
static bool order(void *ctx, struct utc now, struct command *out)
{
    struct history *h = ctx;

    footprint_look(&h->footprint, h->state_dir);
    return wish(h, now, out) && !orders_leave(&h->left, out);
}

static enum drive_fate draw_fate(struct history *h)
{
    if (h->calm)
        return FATE_DONE;
    if (rng_chance(&h->rng, h->swarm.lost))
        return rng_between(&h->rng, 0, 1) == 0 ? FATE_LOST_BEFORE : FATE_LOST_AFTER;
    if (rng_chance(&h->rng, h->swarm.dying))
        return rng_between(&h->rng, 0, 1) == 0 ? FATE_CRASH_BEFORE : FATE_CRASH_AFTER;
    return FATE_DONE;
}

static enum drive_fate fate(void *ctx, const struct call *call)
{
    static const char *const words[] = {
        [FATE_DONE] = "made",
        [FATE_LOST_BEFORE] = "not made, no answer",
        [FATE_LOST_AFTER] = "made, no answer",
        [FATE_CRASH_BEFORE] = "not made, dies",
        [FATE_CRASH_AFTER] = "made, dies",
    };
    struct history *h = ctx;
    enum drive_fate f = draw_fate(h);

    note(h, (struct utc){h->site->w->now / 1000}, "call %llu %s %.20s %.40s: %s",
         (unsigned long long)call->id, call_word(call->kind), call->server, call->target,
         words[f]);
    return f;
}

static const char *entry_line(const struct journal_entry *j, char out[HISTORY_LINE])
{
    char when[TIME_TEXT];

    (void)str_format(out, HISTORY_LINE, "%s %s %.20s %.20s %.20s>%.20s %.160s",
                     utc_text(j->at, when), j->actor, j->server, j->action, j->from,
                     j->to, j->text); /* a cut one says enough */
    return out;
}

static void entry(void *ctx, const struct journal_entry *j)
{
    struct history *h = ctx;
    char line[HISTORY_LINE];

    /* Hardly anyone reads it: the line is made when it is told. */
    next_happened(h, true)->as.entry = *j;
    /* A release is refused, too, when nothing is held: that of auto tells. */
    if (h->calm && j->outcome == OUTCOME_FAILED && str_starts(j->actor, "operator:") &&
        str_eq(j->action, command_word(COMMAND_AUTO)))
        h->refused = true;
    if (h->way.trace)
        (void)printf("%s\n", entry_line(j, line));
}

static void trouble(void *ctx, struct utc now, int32_t controller, const char *what,
                    int64_t s)
{
    const struct history *h = ctx;

    if (h->swarm.controllers > 1)
        note(ctx, now, "controller %d %s: %lld s", (int)controller, what, (long long)s);
    else
        note(ctx, now, "the controller %s: %lld s", what, (long long)s);
}

/* ----- a history ----- */

static bool prepare(struct history *h, struct err *e)
{
    const struct swarm *s = &h->swarm;
    const struct site_options so = {.seed = s->seed,
                                    .servers = s->servers,
                                    .start = s->from,
                                    .mover = s->mover,
                                    .more_zones = s->more_zones,
                                    .faults = s->faults,
                                    .typed = s->level == DRIVE_TYPED};
    const char *list[SWARM_SETS];
    const struct config_sets sets = {list, s->n_sets};

    for (size_t i = 0; i < s->n_sets; i++)
        list[i] = s->sets[i];
    return site_new(&so, &h->site, e) == ERR_OK &&
           site_config(h->site, "http://127.0.0.1:1", &sets, &h->config, e) == ERR_OK &&
           tz_load(h->config->tz_name, &h->tz, e) == ERR_OK &&
           (s->zone_later[0] == '\0' ||
            tz_load(s->zone_later, &h->tz_later, e) == ERR_OK);
}

static void violated(struct history *h, const char *why)
{
    h->report.violations++;
    if (h->report.violation[0] == '\0')
        (void)str_copy(h->report.violation, sizeof(h->report.violation), why);
}

static bool live(struct history *h, struct err *e)
{
    const struct swarm *s = &h->swarm;
    char dir[] = "/dev/shm/rushhour-campaign-XXXXXX";
    struct drive_options o = {.level = s->level,
                              .config = h->config,
                              .tz = h->tz,
                              .site = h->site,
                              .seed = s->seed,
                              .from = s->from,
                              .duration_s = (s->days + 1) * DAY_S,
                              .crash_mean_s = s->crash_mean_s,
                              .pause_mean_s = s->pause_mean_s,
                              .jump_mean_s = s->jump_mean_s,
                              .repeated = s->repeated,
                              .tz_later = h->tz_later,
                              .later_from = {s->from.s + s->zone_days * DAY_S},
                              .controllers = s->controllers,
                              .lock_odds = &s->lock,
                              .crash_until = h->calm_from,
                              /* Who dies has to remember. */
                              .remembers = s->crash_mean_s != 0 || s->dying != 0,
                              .rest_s = s->rest_s,
                              .without_texts = !h->way.trace,
                              .each_entry = entry,
                              .each_trouble = trouble,
                              .order = order,
                              .fate = fate,
                              .calm = true,
                              .ctx = h};
    char why[LINE_TEXT];
    enum err_code rc;

    if (s->on_files) {
        if (mkdtemp(dir) == NULL)
            return err_set_errno(e, ERR_IO, errno, "%s", dir) == ERR_OK;
        o.state_dir = h->state_dir = h->left.dir = dir;
    }
    rc = drive_run(&o, &h->report, e);
    if (!orders_end(&h->left, why))
        violated(h, why);
    if (s->on_files)
        (void)folder_remove(dir); /* nothing is told by what stays */
    h->state_dir = h->left.dir = NULL;
    return rc == ERR_OK;
}

bool history_run(struct history *h, const struct swarm *s, struct way way, struct err *e)
{
    memset(h, 0, sizeof(*h));
    h->way = way;
    h->swarm = *s;
    points_begin(s->seed, s->buggify);
    footprint_begin(&h->footprint, s->controllers);
    rng_seed(&h->rng, s->seed * 7919 + 1);
    h->calm_from.s = s->from.s + s->days * DAY_S;
    return prepare(h, e) && live(h, e);
}

uint64_t history_fired(const struct history *h, enum site_fault fault)
{
    return h->site == NULL ? 0 : faults_fired(&h->site->faults, h->site->w, fault);
}

void history_tell(const struct history *h, struct strbuf *out)
{
    for (size_t i = 0; i < HISTORY_EVENTS; i++) {
        const struct happened *p = &h->last[(h->n_last + i) % HISTORY_EVENTS];
        char made[HISTORY_LINE];
        const char *line = p->is_entry ? entry_line(&p->as.entry, made) : p->as.line;

        if (line[0] != '\0')
            strbuf_printf(out, "    %s\n", line);
    }
}

bool history_clear(struct history *h, char why[WHY_TEXT])
{
    tz_free(h->tz);
    tz_free(h->tz_later);
    config_free(h->config);
    site_free(h->site);
    h->tz = h->tz_later = NULL;
    h->config = NULL;
    h->site = NULL;
    return footprint_end(&h->footprint, why);
}
