#include <config.h>

#include "core/policy/plan_work.h"

#include <string.h>

/*
 * Sentences for people. They are put together by hand: a simulated year writes a hundred
 * thousand of them.
 */

struct line line_begin(char *buf, size_t size)
{
    buf[0] = '\0';
    return (struct line){buf, size, 0};
}

void line_add(struct line *l, const char *s)
{
    size_t n = strlen(s), room = l->size - l->len - 1;

    if (n > room) {
        n = room;
        /* A name may hold UTF-8: never end within a character. */
        while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(l->text + l->len, s, n);
    l->len += n;
    l->text[l->len] = '\0';
}

void line_number(struct line *l, int64_t v)
{
    char digits[24];
    size_t i = sizeof(digits) - 1;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    digits[i] = '\0';
    do {
        digits[--i] = (char)('0' + u % 10);
        u /= 10;
    } while (u > 0);
    if (v < 0)
        digits[--i] = '-';
    line_add(l, digits + i);
}

void line_duration(struct line *l, int64_t seconds)
{
    char buf[DUR_TEXT];

    line_add(l, duration_text(seconds, buf));
}

static void add_two(struct line *l, int32_t v)
{
    char buf[3] = {(char)('0' + v / 10 % 10), (char)('0' + v % 10), '\0'};

    line_add(l, buf);
}

void line_time(struct line *l, const struct tz *tz, struct utc t, struct utc now)
{
    static const char *const days[] = {"Sun ", "Mon ", "Tue ", "Wed ",
                                       "Thu ", "Fri ", "Sat "};
    struct civil c = tz_civil(tz, t);
    int64_t away = t.s - now.s;

    /* Six days, so that the day's name cannot mean today. */
    if (away > -6 * 86400 && away < 6 * 86400) {
        line_add(l, days[c.weekday]);
    } else {
        line_number(l, c.year);
        line_add(l, "-");
        add_two(l, c.month);
        line_add(l, "-");
        add_two(l, c.day);
        line_add(l, " ");
    }
    add_two(l, c.hour);
    line_add(l, ":");
    add_two(l, c.minute);
}

static void add_time(struct line *l, const struct plan_work *w, struct utc t)
{
    line_time(l, w->in->tz, t, w->now);
}

/* What the schedule says; the same for every server, so made once. */
void text_schedule(struct plan_work *w)
{
    struct line l = line_begin(w->schedule_text, sizeof(w->schedule_text));

    if (w->at.phase == PHASE_WINDOW) {
        line_add(&l, w->at.has_end ? "rush hour until " : "rush hour without an end");
        if (w->at.has_end)
            add_time(&l, w, w->at.drain_start);
        return;
    }
    if (w->at.phase == PHASE_LEAD) {
        line_add(&l, "rush hour begins ");
        add_time(&l, w, w->at.window.start);
        return;
    }
    if (w->by_schedule.reason == REASON_HOLIDAY)
        line_add(&l, "a day off by the calendar, ");
    if (!w->at.has_window) {
        line_add(&l, "no rush hour is ahead");
        return;
    }
    line_add(&l, "no rush hour until ");
    add_time(&l, w, w->at.window.start);
}

/* First those that have their slot for sure, then those that wait for their commit. */
static bool has_slot(const struct server_work *sw, bool for_sure)
{
    bool sure = (sw->committed && !sw->late) || sw->granted;

    if (sure || for_sure || sw->unwanted || sw->late)
        return sure && for_sure;
    return (sw->open || sw->start) && (sw->idle || sw->direction == DIRECTION_OUT);
}

/* Who has the slots, made once; a few names stand for many. */
void text_slots(struct plan_work *w)
{
    enum { NAMES = 4 };
    struct line l = line_begin(w->slots_text, sizeof(w->slots_text));
    int32_t max = w->in->policy->max_moves, holders = 0, named = 0;

    for (size_t i = 0; i < w->n && holders < max; i++)
        holders += has_slot(&w->work[i], true) || has_slot(&w->work[i], false) ? 1 : 0;
    line_number(&l, holders);
    line_add(&l, " of ");
    line_number(&l, max);
    line_add(&l, max == 1 ? " slot taken by " : " slots taken by ");
    for (size_t i = 0; i < 2 * w->n && named < holders && named < NAMES; i++) {
        size_t k = i < w->n ? i : i - w->n;

        if (!has_slot(&w->work[k], i < w->n))
            continue;
        if (named++ > 0)
            line_add(&l, ", ");
        line_add(&l, w->servers[k].name);
    }
    if (holders > named) {
        line_add(&l, " and ");
        line_number(&l, holders - named);
        line_add(&l, " more");
    }
}

static void add_place(struct line *l, enum place place)
{
    line_add(l, place == PLACE_CLOUD ? "in the cloud" : "on-prem");
}

static void text_hold(struct line *l, const struct plan_work *w, const struct hold *h)
{
    line_add(l, "held ");
    add_place(l, h->place);
    if (h->by[0] != '\0') {
        line_add(l, " by ");
        line_add(l, h->by);
    }
    if (h->kind == HOLD_PIN) {
        line_add(l, " without an end");
    } else {
        line_add(l, " until ");
        add_time(l, w, h->until);
    }
    if (h->why[0] != '\0') {
        line_add(l, ": ");
        line_add(l, h->why);
    }
}

void text_reason(const struct plan_work *w, size_t i, struct decision *d)
{
    const struct plan_server *s = &w->servers[i];
    const struct server_work *sw = &w->work[i];
    struct line l = line_begin(d->reason_text, sizeof(d->reason_text));

    if (d->reason == REASON_HOLD) {
        text_hold(&l, w, &s->hold);
    } else if (d->reason == REASON_BUDGET) {
        text_budget(w, s, &l);
    } else if (d->reason == REASON_PRESSURE) {
        text_pressure(w, s, &l);
    } else if (d->reason != REASON_NONE) {
        line_add(&l, w->schedule_text);
    } else if (sw->ordered) {
        line_add(&l, "moved by hand, asked for ");
        add_time(&l, w, s->order.at);
    } else if (s->auto_on && snooze_end(w->in, s).s > w->now.s &&
               w->in->setting != AUTO_OFF) {
        line_add(&l, "automatic moves snooze until ");
        add_time(&l, w, snooze_end(w->in, s));
    } else {
        line_add(&l, s->auto_on ? "automatic moves are off"
                                : "automatic moves of this server are off");
    }
}

/* What a gate says; one writer for each. */
struct gate_note {
    struct line *l;
    const struct plan_work *w;
    const struct plan_server *s;
    const struct server_work *sw;
    struct utc until; /* 0 = not known */
};

static void gate_auto_off(const struct gate_note *g)
{
    if (!g->s->auto_on)
        line_add(g->l, "automatic moves of this server are off");
    else if (g->w->in->setting == AUTO_OFF)
        line_add(g->l, "automatic moves are off");
    else {
        line_add(g->l, "automatic moves snooze until ");
        add_time(g->l, g->w, snooze_end(g->w->in, g->s));
    }
    line_add(g->l, g->sw->target == PLACE_CLOUD ? ", else it would go to the cloud"
                                                : ", else it would return");
}

static void gate_clock(const struct gate_note *g)
{
    line_add(g->l, "the clock was set or is wrong, and not trusted yet");
}

static void gate_stale(const struct gate_note *g)
{
    const struct server_facts *f = g->s->facts;
    const struct node_facts *n = node_left(f, g->sw->direction);

    if (f->place_stale || f->place == PLACE_UNKNOWN) {
        line_add(g->l, "where it is now is not known for sure");
        if (f->place_raw[0] != '\0') {
            line_add(g->l, " (");
            line_add(g->l, f->place_raw);
            line_add(g->l, ")");
        }
        return;
    }
    if (n->known)
        n = &f->cloud; /* of the way out: it is the other one */
    line_add(g->l, "Jenkins says nothing of node ");
    line_add(g->l, n->name);
}

static void gate_task(const struct gate_note *g)
{
    const struct server_facts *f = g->s->facts;

    if (f->task_active) {
        line_add(g->l, "a task runs on its VM");
        if (f->task_type[0] != '\0') {
            line_add(g->l, ": ");
            line_add(g->l, f->task_type);
        }
        if (f->task_user[0] != '\0') {
            line_add(g->l, " of ");
            line_add(g->l, f->task_user);
        }
    } else if (f->place == PLACE_LOST) {
        line_add(g->l, f->instance.stopped ? "its instance was stopped"
                                           : "its instance was taken back");
        line_add(g->l, "; it has to come home first");
    } else if (f->place == PLACE_MOVING_OUT || f->place == PLACE_MOVING_BACK) {
        line_add(g->l, "it is on its way already");
    } else {
        line_add(g->l, "its disks are still on their way to the cloud");
    }
}

static void gate_blocked(const struct gate_note *g)
{
    const char *why = g->s->facts->blocked;

    line_add(g->l, why[0] != '\0' ? why : "it is on in both places");
}

static void gate_node(const struct gate_note *g)
{
    const struct server_facts *f = g->s->facts;
    const struct node_facts *n =
        f->onprem.marked && f->onprem.closed_by == CLOSED_BY_PERSON ? &f->onprem
                                                                    : &f->cloud;

    if (g->w->in->jenkins_quieting) {
        line_add(g->l, "Jenkins is quieting down");
        return;
    }
    line_add(g->l, "a person closed node ");
    line_add(g->l, n->name);
}

static void gate_budget(const struct gate_note *g)
{
    text_budget(g->w, g->s, g->l);
}

static void gate_breaker(const struct gate_note *g)
{
    line_add(g->l, "its moves failed too often; a move by hand tries again");
    if (g->until.s != 0) {
        line_add(g->l, ", else it is tried ");
        add_time(g->l, g->w, g->until);
    }
}

static void gate_backoff(const struct gate_note *g)
{
    line_add(g->l, g->s->retry_at.s > g->w->now.s
                       ? "its last move failed; next try "
                       : "its instance was taken back; next try ");
    add_time(g->l, g->w, g->until);
}

static void gate_dwell(const struct gate_note *g)
{
    line_add(g->l, g->sw->wanted.reason == REASON_PRESSURE
                       ? "the host is short of CPU, but it came only "
                   : g->s->pressed_since.s != 0
                       ? "the host is no longer short of CPU, but it came only "
                       : "its hold has ended, but it came only ");
    add_time(g->l, g->w, g->s->settled_since);
    line_add(g->l, "; it goes ");
    add_time(g->l, g->w, g->until);
}

static void gate_remaining(const struct gate_note *g)
{
    int64_t left = cloud_until(g->w, g->s) - g->w->now.s;

    line_add(g->l, "only ");
    line_duration(g->l, left > 0 ? left : 0);
    line_add(g->l, " left in the cloud, a move out needs ");
    line_duration(g->l, g->w->in->policy->min_remaining);
}

static void gate_slots(const struct gate_note *g)
{
    if (g->until.s == 0) {
        line_add(g->l, g->w->slots_text);
        return;
    }
    line_add(g->l, "moves start ");
    line_duration(g->l, g->w->in->policy->start_spacing);
    line_add(g->l, " apart");
}

static void gate_drain(const struct gate_note *g)
{
    const struct node_facts *n = node_left(g->s->facts, g->sw->direction);

    line_add(g->l, "waits for ");
    if (!n->known)
        line_add(g->l, "Jenkins to tell what runs");
    else if (n->busy == 1 && n->build[0] != '\0')
        line_add(g->l, n->build);
    else if (n->busy > 0) {
        line_number(g->l, n->busy);
        line_add(g->l, n->busy == 1 ? " build" : " builds");
    } else
        line_add(g->l, "its builds");
    line_add(g->l, " on ");
    line_add(g->l, n->name);
    if (g->sw->deadline.s != 0) {
        line_add(g->l, ", until ");
        add_time(g->l, g->w, g->sw->deadline);
        line_add(g->l, " at most");
    }
}

void text_gate(const struct plan_work *w, size_t i, struct decision *d)
{
    static void (*const writers[GATE_COUNT])(const struct gate_note *) = {
        [GATE_AUTO_OFF] = gate_auto_off,   [GATE_CLOCK] = gate_clock,
        [GATE_STALE] = gate_stale,         [GATE_TASK] = gate_task,
        [GATE_BLOCKED] = gate_blocked,     [GATE_NODE] = gate_node,
        [GATE_BUDGET] = gate_budget,       [GATE_BREAKER] = gate_breaker,
        [GATE_BACKOFF] = gate_backoff,     [GATE_DWELL] = gate_dwell,
        [GATE_REMAINING] = gate_remaining, [GATE_SLOTS] = gate_slots,
        [GATE_DRAIN] = gate_drain,
    };
    struct line l = line_begin(d->gate_text, sizeof(d->gate_text));
    const struct gate_note note = {&l, w, &w->servers[i], &w->work[i], d->gate_until};

    if (d->gate != GATE_NONE)
        writers[d->gate](&note);
}
