#include <config.h>

#include "core/policy/plan_work.h"

/* The next change that concerns anyone: of the schedule, the end of a hold or of a
 * snooze; at each, how many servers are then wanted elsewhere than just before. */

enum { MAX_LOOKS = 8 }; /* changes that concern nobody are passed over, so many at most */

struct change {
    struct utc at;
    int32_t out, back;
    const char *held; /* the one server whose hold ends then, NULL: none or several */
    bool many_held;
};

static void take_earlier(struct utc *best, struct utc t, struct utc after)
{
    if (t.s > after.s && (best->s == 0 || t.s < best->s))
        *best = t;
}

static struct utc next_event(const struct plan_work *w, struct utc after)
{
    const struct schedule *s = w->in->schedule;
    struct utc best = {0};

    take_earlier(&best, schedule_next_change(s, after, PLACE_CLOUD), after);
    take_earlier(&best, schedule_next_change(s, after, PLACE_ONPREM), after);
    take_earlier(&best, w->in->snooze_until, after);
    for (size_t i = 0; i < w->n; i++) {
        take_earlier(&best, w->servers[i].snooze_until, after);
        if (hold_is_active(&w->servers[i].hold, after))
            take_earlier(&best, w->servers[i].hold.until, after);
    }
    return best;
}

/* Where policy has the server just before t: when it has no say yet, where it is. */
static enum place place_before(const struct plan_work *w, const struct plan_server *s,
                               struct desire schedule, struct utc before)
{
    if (!auto_is_on(w->in, s, before))
        return s->facts->place;
    return desire_at(w, s, schedule, before).place;
}

static struct change change_at(const struct plan_work *w, struct utc t)
{
    struct utc before = {t.s - 1};
    struct desire then = desire_by_schedule(w->in->schedule, t);
    struct desire first = desire_by_schedule(w->in->schedule, before);
    struct change c = {.at = t};

    for (size_t i = 0; i < w->n; i++) {
        const struct plan_server *s = &w->servers[i];
        enum place to = desire_at(w, s, then, t).place;

        if (!auto_is_on(w->in, s, t) || place_before(w, s, first, before) == to)
            continue;
        if (to == PLACE_CLOUD)
            c.out++;
        else
            c.back++;
        if (hold_is_active(&s->hold, before) && s->hold.until.s == t.s) {
            c.many_held = c.held != NULL;
            c.held = s->name;
        }
    }
    return c;
}

static void add_count(struct line *l, int32_t n, const char *one, const char *many)
{
    line_number(l, n);
    line_add(l, n == 1 ? " server " : " servers ");
    line_add(l, n == 1 ? one : many);
}

static void text_of(const struct plan_work *w, const struct change *c, struct line *l)
{
    bool starts = schedule_is_cloud(w->in->schedule, c->at);
    bool turns = starts != schedule_is_cloud(w->in->schedule, (struct utc){c->at.s - 1});

    if (turns) {
        line_add(l, starts ? "window starts: " : "window ends: ");
    } else if (c->held != NULL && !c->many_held) {
        line_add(l, "the hold of ");
        line_add(l, c->held);
        line_add(l, c->out > 0 ? " ends: it goes to the cloud" : " ends: it returns");
        return;
    } else {
        line_add(l, c->held != NULL ? "holds end: " : "snooze ends: ");
    }
    if (c->out > 0)
        add_count(l, c->out, "goes to the cloud", "go to the cloud");
    if (c->out > 0 && c->back > 0)
        line_add(l, ", ");
    if (c->back > 0)
        add_count(l, c->back, "returns", "return");
}

void plan_next(const struct plan_work *w, struct plan_out *out)
{
    struct line l = line_begin(out->next_what, sizeof(out->next_what));
    struct utc t = w->now;

    out->next_at = (struct utc){0};
    out->next_place = PLACE_UNKNOWN;
    for (int i = 0; i < MAX_LOOKS; i++) {
        struct change c;

        t = next_event(w, t);
        if (t.s == 0)
            return;
        c = change_at(w, t);
        if (c.out + c.back == 0)
            continue;
        out->next_at = t;
        out->next_place = c.out >= c.back ? PLACE_CLOUD : PLACE_ONPREM;
        if (!w->in->without_texts)
            text_of(w, &c, &l);
        return;
    }
}
