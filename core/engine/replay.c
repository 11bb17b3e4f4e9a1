#include <config.h>

#include "core/engine/replay.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"
#include "core/cost/ledger.h"
#include "core/policy/explain.h"

#include <stdlib.h>
#include <string.h>

struct replay {
    struct journal_entry *entries;
    size_t n;
    const struct tz *tz;
    size_t *seen; /* which entries people see; the first n_seen of them are played */
    size_t n_seen;
    size_t at;       /* so many are played */
    struct utc now;  /* the latest time that was played */
    struct fleet *f; /* after them */
};

/* ----- what an entry changes ----- */

typedef void play_fn(struct replay *r, struct server_view *s,
                     const struct journal_entry *j);

static bool is_done(const struct journal_entry *j)
{
    return j->outcome == OUTCOME_DONE || j->outcome == OUTCOME_NONE;
}

/* "slots" of "gate slots until Sun 08:35: moves start 20s apart". */
static void read_gate(const char *text, struct decision *d)
{
    static const char before[] = "gate ";
    char word[NAME_TEXT];
    size_t n;

    d->gate = GATE_NONE;
    d->gate_text[0] = '\0';
    if (!str_starts(text, before))
        return;
    text += strlen(before);
    n = strcspn(text, " :");
    if (n >= sizeof(word))
        return;
    memcpy(word, text, n);
    word[n] = '\0';
    if (gate_parse(word, &d->gate))
        (void)str_copy(d->gate_text, sizeof(d->gate_text), text);
}

/* "be on-prem by rule 5 (outside): no rush hour until Sun 09:00" */
static void read_reason(const char *text, struct decision *d)
{
    const char *open = strchr(text, '('), *close = strstr(text, "): ");
    char word[NAME_TEXT];

    d->reason = REASON_NONE;
    (void)str_copy(d->reason_text, sizeof(d->reason_text), text);
    if (open == NULL || close == NULL || close < open ||
        (size_t)(close - open) > sizeof(word))
        return;
    (void)str_format(word, sizeof(word), "%.*s", (int)(close - open - 1), open + 1);
    if (reason_parse(word, &d->reason))
        (void)str_copy(d->reason_text, sizeof(d->reason_text), close + strlen("): "));
}

static void play_decision(struct replay *r, struct server_view *s,
                          const struct journal_entry *j)
{
    enum place place;

    (void)r;
    if (place_parse(j->from, &place))
        s->facts.place = place;
    if (!place_parse(j->to, &s->decision.desired))
        s->decision.desired = PLACE_UNKNOWN;
    s->facts.lost = s->facts.place == PLACE_LOST;
    read_reason(j->reason, &s->decision);
    read_gate(j->text, &s->decision);
}

/* The steps of a move, as the entries behind its first one tell them; how far it has come
 * is told by those that are played. */
static void find_steps(const struct replay *r, const struct journal_entry *first,
                       struct move_view *m)
{
    enum step last = STEP_NONE, step;

    for (const struct journal_entry *j = first; j < r->entries + r->n; j++) {
        if (!str_eq(j->move, first->move))
            continue;
        if (str_eq(j->action, "move-end"))
            break;
        if (!step_parse(str_eq(j->action, "step") ? j->to : j->reason, &step) ||
            step == STEP_NONE || step == last || m->of == MAX_STEPS)
            continue;
        last = m->steps[m->of] = step;
        m->step_took_s[m->of++] = -1;
    }
}

static void enter_step(struct move_view *m, int32_t n, struct utc at)
{
    m->n = n < m->of ? n : m->of;
    m->step_since = at;
    if (n > m->of)
        return; /* its end comes next */
    m->step = m->steps[n - 1];
    m->step_took_s[n - 1] = 0;
}

static void play_move(struct replay *r, struct server_view *s,
                      const struct journal_entry *j)
{
    struct move_view *m = &s->move;

    if (j->move[0] == '\0')
        return; /* an operator's order: the move that it begins has its own entry */
    *m = (struct move_view){.active = true, .started = j->at, .progress = -1};
    m->direction =
        str_eq(j->to, place_word(PLACE_CLOUD)) ? DIRECTION_OUT : DIRECTION_BACK;
    m->manual = str_starts(j->actor, "operator:");
    m->interrupted = str_eq(j->actor, "spot");
    (void)str_copy(m->id, sizeof(m->id), j->move);
    (void)str_copy(m->by, sizeof(m->by), j->actor);
    find_steps(r, j, m);
    enter_step(m, 1, j->at);
}

static void extension_is(struct replay *r, enum extension_state state, struct utc at)
{
    struct extension_facts *x = &r->f->extension;

    if (x->configured && x->state == state)
        return;
    x->configured = true;
    x->state = state;
    x->since = at;
}

static void play_step(struct replay *r, struct server_view *s,
                      const struct journal_entry *j)
{
    struct move_view *m = &s->move;

    if (!m->active || !str_eq(m->id, j->move) || m->n < 1)
        return;
    if (m->n <= m->of)
        m->step_took_s[m->n - 1] = j->at.s - m->step_since.s;
    enter_step(m, m->n + 1, j->at);
    if (str_eq(j->to, step_word(STEP_EXTENSION)))
        extension_is(r, EXTENSION_ACTIVE, j->at); /* that is what the step waited for */
}

static void play_move_end(struct replay *r, struct server_view *s,
                          const struct journal_entry *j)
{
    (void)r;
    if (!str_eq(s->move.id, j->move))
        return;
    s->failures = is_done(j) ? 0 : s->failures + 1;
    memset(&s->move, 0, sizeof(s->move));
}

static void play_loss(struct replay *r, struct server_view *s,
                      const struct journal_entry *j)
{
    (void)r;
    s->interruptions++;
    s->last_interruption = j->at;
}

static void play_hold(struct replay *r, struct server_view *s,
                      const struct journal_entry *j)
{
    static const char by[] = "operator:";
    struct hold h = {.at = j->at, .kind = HOLD_UNTIL_SCHEDULE};
    struct err e = {0};

    (void)r;
    if (!is_done(j) || !place_parse(j->to, &h.place))
        return;
    if (utc_parse(j->reason, &h.until, &e) == ERR_OK)
        h.kind = HOLD_UNTIL;
    else
        (void)hold_kind_parse(j->reason,
                              &h.kind); /* of an older version: until-schedule */
    (void)str_copy(h.by, sizeof(h.by),
                   str_starts(j->actor, by) ? j->actor + strlen(by) : j->actor);
    s->hold = h;
}

static void play_release(struct replay *r, struct server_view *s,
                         const struct journal_entry *j)
{
    (void)r;
    if (is_done(j))
        s->hold = (struct hold){.place = PLACE_UNKNOWN};
}

static void show_mode(struct fleet *f)
{
    f->mode = f->snooze_until.s != 0       ? MODE_MANUAL
              : f->setting == AUTO_ON      ? MODE_AUTO
              : f->setting == AUTO_DRY_RUN ? MODE_DRY_RUN
                                           : MODE_MANUAL;
}

static void play_auto(struct replay *r, struct server_view *s,
                      const struct journal_entry *j)
{
    enum auto_setting setting;

    if (!is_done(j))
        return;
    if (s != NULL)
        s->snooze_until.s = 0;
    else
        r->f->snooze_until.s = 0; /* with no word in `to`: a snooze has ended */
    if (auto_setting_parse(j->to, &setting)) {
        if (s != NULL)
            s->auto_on = setting == AUTO_ON;
        else
            r->f->setting = setting;
    }
    if (s == NULL) {
        r->f->auto_since = j->at;
        (void)str_copy(r->f->auto_by, sizeof(r->f->auto_by), j->actor);
    }
    show_mode(r->f);
}

static void play_snooze(struct replay *r, struct server_view *s,
                        const struct journal_entry *j)
{
    struct utc *until = s != NULL ? &s->snooze_until : &r->f->snooze_until;
    struct err e = {0};

    if (is_done(j) && utc_parse(j->reason, until, &e) != ERR_OK)
        until->s = 0; /* of an older version */
    show_mode(r->f);
}

static void play_extension(struct replay *r, struct server_view *s,
                           const struct journal_entry *j)
{
    (void)s;
    if (j->outcome == OUTCOME_DONE)
        extension_is(r,
                     str_eq(j->action, "extension-start") ? EXTENSION_STARTING
                                                          : EXTENSION_STOPPING,
                     j->at);
}

/* What cannot be taken back once it is done. */
static void play_commit(struct replay *r, struct server_view *s,
                        const struct journal_entry *j)
{
    (void)r;
    if (s->move.active && str_eq(s->move.id, j->move))
        s->move.committed = true;
}

static const struct {
    const char *action;
    bool server; /* only where it names one */
    play_fn *play;
} plays[] = {
    {EXPLAIN_ACTION, true, play_decision},
    {"move", true, play_move},
    {"step", true, play_step},
    {"move-end", true, play_move_end},
    {"run-in-cloud", true, play_commit},
    {"return", true, play_commit},
    {"shutdown-guest", true, play_commit},
    {"power-off", true, play_commit},
    {"power-on", true, play_commit},
    {"terminate", true, play_commit},
    {"loss", true, play_loss},
    {"hold", true, play_hold},
    {"release", true, play_release},
    {"hold-end", true, play_release},
    {"auto", false, play_auto},
    {"snooze", false, play_snooze},
    {"extension-start", false, play_extension},
    {"extension-stop", false, play_extension},
};

/* Each server stays where it was, and the strip of its day says so. */
static void pass_time(struct replay *r, struct utc to)
{
    struct fleet *f = r->f;
    struct utc day = ledger_day_start(r->tz, to);
    struct utc from = r->now.s > day.s ? r->now : day;

    for (size_t i = 0; i < f->n_servers && to.s > r->now.s; i++) {
        struct server_view *s = &f->servers[i];

        if (day.s != f->day_start.s)
            memset(s->quarters, PLACE_UNKNOWN, sizeof(s->quarters));
        for (struct utc t = from; t.s <= to.s; t.s += FLEET_QUARTER_S)
            fleet_note_quarter(s->quarters, day, t, s->facts.place);
    }
    if (to.s <= r->now.s)
        return;
    f->day_start = day;
    r->now = to;
}

static void play(struct replay *r, const struct journal_entry *j)
{
    int at = j->server[0] != '\0' ? fleet_find(r->f, j->server) : -1;
    struct server_view *s = at >= 0 ? &r->f->servers[at] : NULL;

    pass_time(r, j->at);
    for (size_t k = 0; k < ARRAY_LEN(plays); k++) {
        if (str_eq(plays[k].action, j->action) && (s != NULL || !plays[k].server))
            plays[k].play(r, s, j);
    }
    if (s != NULL)
        fleet_note_quarter(s->quarters, r->f->day_start, j->at, s->facts.place);
}

/* ----- the whole of it ----- */

/* Nothing is played yet: names alone, auto on as after an installation. */
static void begin(struct replay *r)
{
    struct fleet *f = r->f;

    for (size_t i = 0; i < f->n_servers; i++) {
        struct server_view *s = &f->servers[i];
        const struct server_view fresh = {
            .auto_on = true,
            .facts = {.ready_permille = -1,
                      .costop_permille = -1,
                      .task_progress = -1,
                      .onprem.build_progress = -1,
                      .cloud.build_progress = -1},
        };

        memcpy((char *)s + sizeof(s->name), (const char *)&fresh + sizeof(s->name),
               sizeof(*s) - sizeof(s->name));
    }
    f->setting = AUTO_ON;
    f->snooze_until.s = f->auto_since.s = 0;
    f->auto_by[0] = '\0';
    f->extension = (struct extension_facts){.task_progress = -1};
    f->day_start.s = 0;
    show_mode(f);
    r->at = r->n_seen = 0;
    r->now.s = 0;
}

static void set_host_unknown(struct host_facts *h)
{
    h->cpu_permille = h->memory_permille = -1;
    h->ready_permille = h->costop_permille = h->peak_permille = -1;
    for (size_t i = 0; i < HOST_HISTORY; i++)
        h->history[i] = h->ready_history[i] = -1;
}

/* Names in the order in which the journal has them. */
static enum err_code name_servers(struct replay *r, struct err *e)
{
    struct fleet *names = fleet_new(MAX_SERVERS), *f = NULL;
    size_t n = 0;

    if (names == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    names->n_servers = 0;
    for (size_t i = 0; i < r->n; i++) {
        const char *name = r->entries[i].server;

        if (name[0] == '\0' || fleet_find(names, name) >= 0)
            continue;
        if (n == MAX_SERVERS)
            break;
        (void)str_copy(names->servers[n++].name, NAME_TEXT, name);
        names->n_servers = n;
    }
    f = fleet_new(n);
    for (size_t i = 0; f != NULL && i < n; i++)
        (void)str_copy(f->servers[i].name, NAME_TEXT, names->servers[i].name);
    fleet_unref(names);
    r->f = f;
    return f != NULL ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

enum err_code replay_new(struct journal_entry *entries, size_t n, const struct tz *tz,
                         struct replay **out, struct err *e)
{
    struct replay *r = calloc(1, sizeof(*r));

    if (r != NULL)
        r->seen = calloc(n > 0 ? n : 1, sizeof(r->seen[0]));
    if (r == NULL || r->seen == NULL) {
        free(r);
        return err_set(e, ERR_NOMEM, "out of memory for %zu entries", n);
    }
    *r = (struct replay){.entries = entries, .n = n, .tz = tz, .seen = r->seen};
    if (name_servers(r, e) != ERR_OK) {
        free(r->seen);
        free(r);
        return e->code;
    }
    set_host_unknown(&r->f->host);
    r->f->looked = true;
    begin(r);
    *out = r;
    return ERR_OK;
}

void replay_free(struct replay *r)
{
    if (r == NULL)
        return;
    fleet_unref(r->f);
    free(r->entries);
    free(r->seen);
    free(r);
}

size_t replay_count(const struct replay *r)
{
    return r->n;
}

const struct journal_entry *replay_entry(const struct replay *r, size_t i)
{
    return &r->entries[i];
}

size_t replay_until(const struct replay *r, struct utc t)
{
    size_t n = 0;

    while (n < r->n && r->entries[n].at.s <= t.s)
        n++;
    return n;
}

/* The newest entries that people see, oldest first. */
static void show_events(const struct replay *r, struct fleet *f)
{
    size_t from = r->n_seen > FLEET_EVENTS ? r->n_seen - FLEET_EVENTS : 0;

    f->n_events = 0;
    f->events_total = (int64_t)r->n_seen;
    for (size_t i = from; i < r->n_seen; i++) {
        struct journal_entry *j = &f->events[f->n_events++];

        *j = r->entries[r->seen[i]];
        j->seq = (int64_t)r->seen[i] + 1;
    }
}

static void count_places(struct fleet *f)
{
    int32_t *const of_place[PLACE_COUNT] = {
        [PLACE_UNKNOWN] = &f->unknown,    [PLACE_ONPREM] = &f->on_prem,
        [PLACE_CLOUD] = &f->in_cloud,     [PLACE_MOVING_OUT] = &f->moving,
        [PLACE_MOVING_BACK] = &f->moving, [PLACE_LOST] = &f->lost,
    };

    for (size_t i = 0; i < PLACE_COUNT; i++)
        *of_place[i] = 0;
    f->moves_running = 0;
    for (size_t i = 0; i < f->n_servers; i++) {
        struct server_view *s = &f->servers[i];

        ++*of_place[s->facts.place];
        f->moves_running += s->move.active ? 1 : 0;
        s->facts.place_as_of = f->at;
    }
}

struct fleet *replay_fleet(struct replay *r, size_t n, struct utc now)
{
    struct fleet *f;

    if (n < r->at)
        begin(r);
    for (; r->at < n && r->at < r->n; r->at++) {
        play(r, &r->entries[r->at]);
        if (r->entries[r->at].level != LEVEL_DEBUG)
            r->seen[r->n_seen++] = r->at;
    }
    if (now.s > r->now.s)
        pass_time(r, now);
    f = fleet_copy(r->f);
    if (f == NULL)
        return NULL;
    f->version = ++r->f->version;
    f->at = f->worst_as_of = now;
    show_events(r, f);
    count_places(f);
    return f;
}

void replay_sums(const struct replay *r, struct replay_sums *out)
{
    *out = (struct replay_sums){0};
    for (size_t i = 0; i < r->n; i++) {
        const struct journal_entry *j = &r->entries[i];

        if (str_starts(j->actor, "operator:")) /* an order to move is no move yet */
            out->orders++;
        if (str_eq(j->action, "move") && j->move[0] != '\0')
            out->moves++, out->open++;
        if (str_eq(j->action, "move-end")) {
            out->open--;
            out->failed += is_done(j) ? 0 : 1;
        }
        if (str_eq(j->action, "loss"))
            out->losses++;
    }
}
