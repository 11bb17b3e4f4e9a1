#include <config.h>

#include "tui/cells.h"

#include <string.h>

#include "core/base/str.h"

static void set(struct cell_text *out, enum role role, const char *text)
{
    (void)str_copy(out->text, sizeof(out->text), text);
    out->role = role;
}

/* Whether a text fits the column; a column without a width takes everything. */
static bool fits(const struct cell_context *x, const char *text)
{
    return x->width <= 0 || glyph_cells(text, x->ascii) <= x->width;
}

static bool any_source_waits(const struct fleet *f)
{
    for (size_t i = 0; i < f->n_apis; i++) {
        if (f->apis[i].state == API_WAITING && f->apis[i].last_ok.s == 0)
            return true;
    }
    return f->version == 0; /* nothing was published yet */
}

static enum freshness freshness(const struct fleet *f, struct utc as_of, bool known,
                                struct utc now)
{
    if (as_of.s == 0)
        return any_source_waits(f) ? NOT_LOADED : NOT_KNOWN;
    if (f->stale_after_s > 0 && now.s - as_of.s > f->stale_after_s)
        return STALE;
    return known ? FRESH : NOT_KNOWN;
}

enum freshness cells_place_freshness(const struct fleet *f, const struct server_view *s,
                                     struct utc now)
{
    return freshness(f, s->facts.place_as_of, true, now);
}

/* An old value with its age, "cloud ~2m": when the column is too narrow for both, the
 * word is cut and never the age. */
static void with_age(const struct cell_context *x, int64_t age_s, struct cell_text *out)
{
    char word[CELL_TEXT], age[DUR_TEXT];
    size_t keep = 0, used;
    int room, cells;

    (void)cells_age(age_s, age);
    (void)str_copy(word, sizeof(word), out->text);
    (void)str_format(out->text, sizeof(out->text), "%s ~%s", word, age);
    out->role = ROLE_STALE;
    if (fits(x, out->text))
        return;
    if (age_s >= 3600) { /* "cloud ~1h" rather than "clo~1h06m" */
        bool days = age_s >= 86400;

        (void)str_format(age, sizeof(age), "%lld%c",
                         (long long)age_s / (days ? 86400 : 3600), days ? 'd' : 'h');
        (void)str_format(out->text, sizeof(out->text), "%s ~%s", word, age);
        if (fits(x, out->text))
            return;
    }
    room = x->width - 1 - (int)strlen(age);
    while (glyph_next(word + keep, x->ascii, &used, &cells) != 0 && cells <= room) {
        room -= cells;
        keep += used;
    }
    (void)str_format(out->text, sizeof(out->text), "%.*s~%s", (int)keep, word, age);
}

const struct node_facts *cells_node(const struct server_view *s)
{
    switch (s->facts.place) {
    case PLACE_CLOUD:
    case PLACE_MOVING_BACK:
    case PLACE_LOST:
        return &s->facts.cloud;
    case PLACE_MOVING_OUT:
        /* Until the drain has ended the builds that matter are at home. */
        return s->move.active && s->move.step == STEP_NODE ? &s->facts.cloud
                                                           : &s->facts.onprem;
    case PLACE_UNKNOWN:
        return s->facts.cloud.known && s->facts.cloud.open ? &s->facts.cloud
                                                           : &s->facts.onprem;
    case PLACE_ONPREM:
    case PLACE_COUNT:
        break;
    }
    return &s->facts.onprem;
}

enum freshness cells_nodes_freshness(const struct fleet *f, const struct server_view *s,
                                     struct utc now)
{
    const struct node_facts *n = cells_node(s);

    return freshness(f, n->as_of.s != 0 ? n->as_of : s->facts.nodes_as_of, n->known, now);
}

/* For values that are not there yet; false when the value can be shown. */
static bool not_there(enum freshness fresh, struct cell_text *out)
{
    switch (fresh) {
    case NOT_LOADED:
        set(out, ROLE_DIM, "..");
        return true;
    case NOT_KNOWN:
        set(out, ROLE_STALE, "?");
        return true;
    case FRESH:
    case STALE:
        break;
    }
    return false;
}

static enum role place_role(const struct server_view *s)
{
    switch (s->facts.place) {
    case PLACE_CLOUD:
        return ROLE_STATE_CLOUD;
    case PLACE_ONPREM:
        return s->facts.power == POWER_OFF ? ROLE_STATE_ERROR : ROLE_STATE_ONPREM;
    case PLACE_MOVING_OUT:
    case PLACE_MOVING_BACK:
        return ROLE_STATE_MOVING;
    case PLACE_LOST:
    case PLACE_UNKNOWN:
    case PLACE_COUNT:
        break;
    }
    return ROLE_STATE_ERROR;
}

static const char *place_text(const struct server_view *s)
{
    if (s->facts.in_both_places)
        return "both!";
    if (s->facts.place == PLACE_ONPREM && s->facts.power == POWER_OFF)
        return "off";
    return place_screen(s->facts.place);
}

/* Where a server goes; unknown: it stays. */
static enum place heading(const struct server_view *s, const struct cell_context *x)
{
    if (x->undo_s >= 0)
        return x->undo_place;
    if (s->move.active)
        return s->move.direction == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM;
    if (s->facts.place == PLACE_MOVING_OUT)
        return PLACE_CLOUD;
    if (s->facts.place == PLACE_MOVING_BACK)
        return PLACE_ONPREM;
    return PLACE_UNKNOWN;
}

static bool is_held(const struct server_view *s)
{
    return s->hold.place == PLACE_CLOUD || s->hold.place == PLACE_ONPREM;
}

/* With DESIRED folded into WHERE: where it goes, or where it should be and is not. */
static enum place folded_heading(const struct server_view *s,
                                 const struct cell_context *x)
{
    enum place to = heading(s, x),
               want = is_held(s) ? s->hold.place : s->decision.desired;

    if (to == PLACE_UNKNOWN &&
        (s->facts.place == PLACE_CLOUD || s->facts.place == PLACE_ONPREM) &&
        (want == PLACE_CLOUD || want == PLACE_ONPREM) && want != s->facts.place &&
        !s->facts.in_both_places && str_eq(place_text(s), place_screen(s->facts.place)))
        to = want;
    return to;
}

/* The hold's letter behind a folded WHERE that ends in the place that is held: "cloud H",
 * in a narrow column "cloudH" or "cloud>on-prem H". */
static void with_hold(const struct server_view *s, enum place ends,
                      const struct cell_context *x, struct cell_text *out)
{
    const char *letter = s->hold.kind == HOLD_PIN ? "P" : "H";
    char marked[CELL_TEXT];

    if (!x->folded || !is_held(s) || s->hold.place != ends)
        return;
    (void)str_format(marked, sizeof(marked), "%.100s %s", out->text, letter);
    if (!fits(x, marked)) {
        char *from = marked, *to = marked;

        do { /* without the blanks around the arrow */
            if (*from != ' ' || from[1] == letter[0])
                *to++ = *from;
        } while (*from++ != '\0');
    }
    if (!fits(x, marked))
        (void)str_format(marked, sizeof(marked), "%.100s%s", out->text, letter);
    if (fits(x, marked))
        (void)str_copy(out->text, sizeof(out->text), marked);
}

static void cell_where(const struct server_view *s, const struct cell_context *x,
                       struct cell_text *out)
{
    enum freshness fresh = cells_place_freshness(x->fleet, s, x->now);
    bool arrow = x->folded && x->width >= 15;
    enum place to = arrow ? folded_heading(s, x) : heading(s, x);

    if (not_there(fresh, out))
        return;
    out->role = place_role(s);
    if (fresh == STALE) {
        (void)str_copy(out->text, sizeof(out->text), place_text(s));
        with_hold(s, s->facts.place, x, out);
        with_age(x, x->now.s - s->facts.place_as_of.s, out);
    } else if (s->facts.place == PLACE_UNKNOWN && s->facts.place_raw[0] != '\0') {
        (void)str_format(out->text, sizeof(out->text), "?%s", s->facts.place_raw);
    } else if (arrow && (to == PLACE_CLOUD || to == PLACE_ONPREM)) {
        (void)str_format(out->text, sizeof(out->text), "%s %s %s",
                         to == PLACE_CLOUD ? "on-prem" : "cloud",
                         glyph_text(GLYPH_MOVING, x->ascii), place_screen(to));
        with_hold(s, to, x, out);
    } else if (x->folded && x->width < 15 && s->move.active) {
        (void)str_format(out->text, sizeof(out->text), "%s%s",
                         glyph_text(GLYPH_MOVING, x->ascii),
                         to == PLACE_CLOUD ? "cloud" : "on-prem");
    } else {
        (void)str_copy(out->text, sizeof(out->text), place_text(s));
        with_hold(s, s->facts.place, x, out);
    }
}

static void cell_desired(const struct server_view *s, const struct cell_context *x,
                         struct cell_text *out)
{
    bool held = is_held(s);
    enum place p = held ? s->hold.place : s->decision.desired;

    if (x->fleet->version == 0) {
        set(out, ROLE_DIM, "..");
        return;
    }
    if (p == PLACE_UNKNOWN) {
        set(out, ROLE_DIM, "-");
        return;
    }
    (void)str_format(out->text, sizeof(out->text), "%s%s", place_screen(p),
                     !held                      ? ""
                     : s->hold.kind == HOLD_PIN ? " P"
                                                : " H");
    out->role = held ? ROLE_HOLD : ROLE_TEXT;
}

static bool has_instance(const struct server_view *s)
{
    return s->facts.instance.id[0] != '\0' && !s->facts.instance.terminated;
}

static void cell_instance(enum column_id id, const struct server_view *s,
                          const struct cell_context *x, struct cell_text *out)
{
    const struct instance_facts *i = &s->facts.instance;
    enum freshness fresh = cells_place_freshness(x->fleet, s, x->now);
    const char *v = id == COLUMN_INSTANCE ? i->id : id == COLUMN_AZ ? i->zone : i->ip;
    size_t len = strlen(v);

    if (not_there(fresh, out))
        return;
    if (!has_instance(s) && (id != COLUMN_IP || v[0] == '\0')) {
        set(out, ROLE_DIM, "-");
        return;
    }
    if (v[0] == '\0')
        v = "?";
    else if (id == COLUMN_INSTANCE && (int32_t)len > x->width && x->width > 2 &&
             len > 6) {
        /* The end of an id tells instances apart, the beginning never does. */
        (void)str_format(
            out->text, sizeof(out->text), "%s%s", glyph_text(GLYPH_CUT, x->ascii),
            v + len -
                (size_t)(x->width -
                         glyph_cells(glyph_text(GLYPH_CUT, x->ascii), x->ascii)));
        out->role = fresh == STALE ? ROLE_STALE : ROLE_TEXT;
        return;
    } else if (id == COLUMN_AZ && (int32_t)len > x->width && len > 2)
        v += len - 2; /* "1a" of "us-east-1a" */
    set(out, fresh == STALE ? ROLE_STALE : ROLE_TEXT, v);
}

static void cell_spot(const struct server_view *s, const struct cell_context *x,
                      struct cell_text *out)
{
    static const char *const words[SPOT_COUNT] = {
        [SPOT_NONE] = "-",
        [SPOT_REQUEST] = "request",
        [SPOT_FULFILLED] = "fulfilled",
        [SPOT_ACTIVE] = "active",
        [SPOT_REBALANCE] = "rebalance",
        [SPOT_NOTICE] = "INT",
        [SPOT_RECLAIMED] = "reclaimed",
        [SPOT_NO_CAPACITY] = "no-capacity",
        [SPOT_PRICE] = "price>cap",
        [SPOT_UNKNOWN] = "?",
    };
    const struct instance_facts *i = &s->facts.instance;
    enum freshness fresh = cells_place_freshness(x->fleet, s, x->now);
    char left[DUR_TEXT];

    if (not_there(fresh, out))
        return;
    set(out, ROLE_SPOT, words[(unsigned)i->spot < SPOT_COUNT ? i->spot : SPOT_UNKNOWN]);
    if (i->spot == SPOT_NONE)
        out->role = ROLE_DIM;
    if (i->spot == SPOT_UNKNOWN && i->spot_status[0] != '\0')
        (void)str_format(out->text, sizeof(out->text), "?%s", i->spot_status);
    if (i->spot == SPOT_NONE && i->lifecycle == LIFECYCLE_ON_DEMAND && has_instance(s))
        set(out, ROLE_TEXT, "on-demand");
    if (fresh == STALE) { /* no countdown on old facts */
        out->role = ROLE_STALE;
        return;
    }
    if (i->spot == SPOT_NOTICE) {
        out->role = ROLE_CRIT;
        if (i->reclaim_at.s != 0)
            (void)str_format(out->text, sizeof(out->text), "INT %s",
                             cells_countdown(i->reclaim_at.s - x->now.s, left));
    } else if (i->spot == SPOT_REBALANCE || i->spot == SPOT_RECLAIMED ||
               i->spot == SPOT_NO_CAPACITY || i->spot == SPOT_PRICE) {
        out->role = ROLE_WARN;
    }
}

/* "busy ui-nightly #412", or without the number, or the word alone: what fits. */
static void with_build(const char *word, const char *build, const struct cell_context *x,
                       char *out, size_t size)
{
    const char *number = strrchr(build, '#');
    char name[BUILD_TEXT];

    (void)str_copy(out, size, word);
    if (x->job == JOB_NONE || build[0] == '\0')
        return;
    (void)str_format(out, size, "%s %s", word, build);
    if (x->job == JOB_NUMBER && fits(x, out))
        return;
    (void)str_copy(name, sizeof(name), build);
    if (number != NULL && number > build + 1 && number[-1] == ' ')
        name[number - 1 - build] = '\0';
    (void)str_format(out, size, "%s %s", word,
                     name); /* a long name is cut by the column */
}

/* What a node does, in the words of tui-conventions 1.8. */
static void node_words(const struct server_view *s, const struct node_facts *n,
                       const struct cell_context *x, struct cell_text *out)
{
    bool busy = !n->idle || n->busy > 0, person = n->closed_by == CLOSED_BY_PERSON;
    /* Two reasons, two words: closed for the running move, or closed because its side is
     * not in use. */
    bool leaves =
        s->move.active &&
        n == (s->move.direction == DIRECTION_OUT ? &s->facts.onprem : &s->facts.cloud);
    char age[DUR_TEXT];

    if (busy && (n->open || n->marked)) {
        with_build(n->open ? "busy" : "off",
                   n->build[0] != '\0' || n->open ? n->build : "busy", x, out->text,
                   sizeof(out->text));
        out->role = ROLE_BUSY;
    } else if (n->open) {
        int64_t idle_s = n->idle_since.s == 0 ? 0 : x->now.s - n->idle_since.s;

        /* Minutes: seconds would draw every row once a second, for nobody. */
        set(out, ROLE_OK, "idle");
        if (idle_s >= 3600)
            (void)str_format(out->text, sizeof(out->text), "idle %s",
                             cells_age(idle_s, age));
        else if (idle_s >= 60)
            (void)str_format(out->text, sizeof(out->text), "idle %lldm",
                             (long long)idle_s / 60);
        if (!fits(x, out->text))
            set(out, ROLE_OK, "idle");
    } else if (n->marked) {
        set(out, person ? ROLE_WARN : ROLE_DIM,
            person   ? "off by person"
            : leaves ? "off drained"
                     : "off planned");
        if (!fits(x, out->text))
            set(out, out->role, "off");
    } else if (s->move.active) {
        set(out, ROLE_DIM, "off"); /* its machine is on the way */
    } else {
        set(out, ROLE_STATE_ERROR, "down!");
    }
}

static void cell_jenkins(const struct server_view *s, const struct cell_context *x,
                         struct cell_text *out)
{
    const struct node_facts *n = cells_node(s);
    enum freshness fresh = cells_nodes_freshness(x->fleet, s, x->now);
    struct cell_context narrow = *x;

    if (not_there(fresh, out))
        return;
    if (fresh == STALE && x->width > 0)
        narrow.width = x->width > 9 ? x->width - 5 : 4; /* leaves room for the age */
    node_words(s, n, &narrow, out);
    if (fresh == STALE)
        with_age(x, x->now.s - n->as_of.s, out);
}

/* The running step: "drain 0:13", "boot 4/5 71%". */
static void task_of_move(const struct server_view *s, const struct cell_context *x,
                         struct cell_text *out)
{
    const struct move_view *m = &s->move;
    char left[DUR_TEXT];

    out->role = m->interrupted ? ROLE_CRIT : ROLE_BUSY;
    if (m->step == STEP_DRAIN) {
        /* Before an interruption the notice is the deadline that counts. */
        struct utc until = m->drain_deadline;

        if (s->facts.instance.reclaim_at.s != 0 && m->interrupted)
            until = s->facts.instance.reclaim_at;
        (void)str_format(out->text, sizeof(out->text), "drain %s",
                         cells_countdown(until.s != 0 ? until.s - x->now.s
                                                      : x->now.s - m->step_since.s,
                                         left));
        return;
    }
    (void)str_format(out->text, sizeof(out->text), "%s %d/%d", step_word(m->step), m->n,
                     m->of);
    if (!fits(x, out->text)) /* no half a number */
        (void)str_copy(out->text, sizeof(out->text), step_word(m->step));
    if (m->progress >= 0) {
        size_t len = strlen(out->text);

        (void)str_format(out->text + len, sizeof(out->text) - len, " %d%%", m->progress);
        if (!fits(x, out->text))
            out->text[len] = '\0';
    }
}

static void task_of_gate(const struct server_view *s, const struct cell_context *x,
                         struct cell_text *out)
{
    char left[DUR_TEXT] = "";
    int64_t wait = s->retry_at.s - x->now.s;

    switch (s->decision.gate) {
    case GATE_NONE:
        set(out, ROLE_DIM, "-");
        return;
    case GATE_SLOTS:
        set(out, ROLE_BUSY, "queued");
        return;
    case GATE_STALE:
        set(out, ROLE_STALE, "wait data");
        return;
    case GATE_TASK:
        set(out, ROLE_BUSY, "wait task");
        return;
    case GATE_BLOCKED:
    case GATE_BREAKER:
        set(out, ROLE_STATE_ERROR, "failed");
        return;
    case GATE_BACKOFF:
        if (s->failures > 0)
            (void)str_format(out->text, sizeof(out->text), "retry %d%s%s",
                             s->failures + 1, wait > 0 ? " in " : "",
                             wait > 0 ? cells_age(wait, left) : "");
        else
            (void)str_format(out->text, sizeof(out->text), "re-run%s%s",
                             wait > 0 ? " in " : "",
                             wait > 0 ? cells_age(wait, left) : "");
        out->role = ROLE_WARN;
        return;
    case GATE_AUTO_OFF:
        set(out, ROLE_DIM, "-"); /* DESIRED says it already */
        return;
    case GATE_CLOCK:
    case GATE_NODE:
    case GATE_BUDGET:
    case GATE_DWELL:
    case GATE_REMAINING:
    case GATE_DRAIN:
    case GATE_COUNT:
        break;
    }
    set(out, ROLE_WARN, gate_word(s->decision.gate));
}

static void cell_task(const struct server_view *s, const struct cell_context *x,
                      struct cell_text *out)
{
    if (x->undo_s >= 0) {
        (void)str_format(out->text, sizeof(out->text), "undo %llds",
                         (long long)x->undo_s);
        out->role = ROLE_WARN;
    } else if (x->fleet->version == 0) {
        set(out, ROLE_DIM, "..");
    } else if (s->facts.blocked[0] != '\0') {
        set(out, ROLE_STATE_ERROR, "failed");
    } else if (s->move.active) {
        task_of_move(s, x, out);
    } else if (s->wait_data) {
        set(out, ROLE_STALE, "wait data");
    } else {
        task_of_gate(s, x, out);
    }
}

static void cell_money(enum column_id id, const struct server_view *s,
                       const struct cell_context *x, struct cell_text *out)
{
    struct usd sum = id == COLUMN_TODAY ? s->cost.today : s->cost.month;
    bool unknown =
        id == COLUMN_HOUR ? !s->cost.hour_known : !s->cost.month_known && sum.nanos == 0;
    char money[USD_TEXT];

    out->role = ROLE_TEXT;
    if (x->fleet->version == 0 || (unknown && any_source_waits(x->fleet)))
        set(out, ROLE_DIM, "..");
    else if (unknown)
        set(out, ROLE_STALE, "?");
    else if (id == COLUMN_HOUR && s->cost.hour.nanos == 0)
        set(out, ROLE_DIM, "-");
    else {
        cells_money(id == COLUMN_HOUR ? s->cost.hour : sum, id == COLUMN_HOUR ? 3 : 2,
                    x->width, money);
        set(out, id == COLUMN_HOUR ? ROLE_MONEY_LOW : ROLE_TEXT, money);
    }
}

void cell_make(enum column_id id, const struct server_view *s,
               const struct cell_context *x, struct cell_text *out)
{
    *out = (struct cell_text){.role = ROLE_TEXT};
    switch (id) {
    case COLUMN_SERVER:
        set(out, ROLE_TEXT, s->name);
        break;
    case COLUMN_WHERE:
        cell_where(s, x, out);
        break;
    case COLUMN_DESIRED:
        cell_desired(s, x, out);
        break;
    case COLUMN_INSTANCE:
    case COLUMN_AZ:
    case COLUMN_IP:
        cell_instance(id, s, x, out);
        break;
    case COLUMN_SPOT:
        cell_spot(s, x, out);
        break;
    case COLUMN_JENKINS:
        cell_jenkins(s, x, out);
        break;
    case COLUMN_TASK:
        cell_task(s, x, out);
        break;
    case COLUMN_HOUR:
    case COLUMN_TODAY:
    case COLUMN_MONTH:
        cell_money(id, s, x, out);
        break;
    case COLUMN_COUNT:
        break;
    }
}

enum glyph cell_sign(const struct server_view *s, const struct cell_context *x,
                     enum role *role)
{
    enum freshness fresh = cells_place_freshness(x->fleet, s, x->now);

    *role = ROLE_WARN;
    if (s->facts.blocked[0] != '\0' || s->breaker_open) {
        *role = ROLE_STATE_ERROR;
        return GLYPH_FAILED;
    }
    if (fresh == NOT_LOADED) {
        *role = ROLE_DIM;
        return GLYPH_QUEUED;
    }
    if (fresh == NOT_KNOWN || s->facts.in_both_places || s->facts.place == PLACE_LOST ||
        s->facts.place == PLACE_UNKNOWN)
        return GLYPH_ALERT;
    if (fresh == FRESH && s->facts.instance.spot == SPOT_NOTICE) {
        *role = ROLE_CRIT;
        return GLYPH_ALERT;
    }
    *role = fresh == STALE ? ROLE_STALE : place_role(s);
    if (s->move.active || s->facts.place == PLACE_MOVING_OUT ||
        s->facts.place == PLACE_MOVING_BACK)
        return GLYPH_MOVING;
    if (s->decision.gate == GATE_SLOTS || s->wait_data)
        return GLYPH_QUEUED;
    return s->facts.place == PLACE_CLOUD ? GLYPH_CLOUD : GLYPH_ONPREM;
}
