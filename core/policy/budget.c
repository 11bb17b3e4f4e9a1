#include <config.h>

#include "core/policy/plan_work.h"

/*
 * Policy-and-cost 7: what is spent, every launch that is not known to have failed to the
 * end of its window, and this one, must fit into the budget. Who is admitted first is the
 * same each time: the ones out there, the moves under way, then by place in the list; who
 * cannot go takes nothing away.
 */

struct purse {
    int64_t left;
    int64_t extension_until; /* the extension is counted until then */
    bool known;
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool may_be_out(const struct plan_server *s)
{
    enum place p = s->facts->place;

    return p == PLACE_CLOUD || p == PLACE_MOVING_OUT;
}

static bool moves_out(const struct plan_server *s)
{
    return s->move != NULL && s->move->status == MOVE_OPEN &&
           s->move->direction == DIRECTION_OUT;
}

static struct desire desire_now(const struct plan_work *w, const struct plan_server *s)
{
    return desire_at(w, s, w->by_schedule, w->now);
}

/* Until when it would stay out: to the end of its window, within this month. */
static int64_t stay_until(const struct plan_work *w, const struct plan_server *s)
{
    return earlier(cloud_until(w, s), w->in->budget.month_end.s);
}

/* What it costs to be out until then; false: nobody knows. */
static bool cost_of(const struct plan_work *w, const struct plan_server *s,
                    const struct purse *p, int64_t until, int64_t *nanos)
{
    const struct plan_budget *b = &w->in->budget;
    int64_t linger = w->in->policy->extension_linger;
    int64_t from = p->extension_until > w->now.s ? p->extension_until : w->now.s;
    struct usd stay = {0}, extension = {0};
    struct err e = {0};

    if (!s->price_known)
        return false;
    if (until > w->now.s &&
        usd_per_hour(s->price_hour, until - w->now.s, &stay, &e) != ERR_OK)
        return false;
    if (s->needs_extension && until + linger > from &&
        usd_per_hour(b->extension_hour, until + linger - from, &extension, &e) != ERR_OK)
        return false;
    return !__builtin_add_overflow(stay.nanos, extension.nanos, nanos);
}

static void pay(const struct plan_work *w, const struct plan_server *s, struct purse *p,
                int64_t until, int64_t nanos)
{
    int64_t out = until + w->in->policy->extension_linger;

    if (s->needs_extension && out > p->extension_until)
        p->extension_until = out;
    if (__builtin_sub_overflow(p->left, nanos, &p->left))
        p->known = false;
}

/* Out there already: it is paid for, whatever is left. */
static void commit(const struct plan_work *w, const struct plan_server *s,
                   struct purse *p)
{
    bool stays = desire_now(w, s).place == PLACE_CLOUD;
    int64_t until = stays ? stay_until(w, s) : w->now.s, nanos = 0;

    if (cost_of(w, s, p, until, &nanos))
        pay(w, s, p, until, nanos);
    else
        p->known = false;
}

/* May it go out, too? Then it is counted from now on. */
static bool admit(const struct plan_work *w, const struct plan_server *s, struct purse *p,
                  bool reserve)
{
    int64_t until = stay_until(w, s), nanos = 0;

    if (w->in->budget.reached || !p->known || !cost_of(w, s, p, until, &nanos) ||
        nanos > p->left)
        return false;
    if (reserve)
        pay(w, s, p, until, nanos);
    return true;
}

/* Wanted out there, and not kept at home for long: its way out is counted before the
 * others are asked. Who is not at home for certain may cost already. */
static bool is_next(const struct plan_work *w, const struct plan_server *s)
{
    const struct server_facts *f = s->facts;

    return desire_now(w, s).place == PLACE_CLOUD &&
           (f->place != PLACE_ONPREM ||
            ((auto_is_on(w->in, s, w->now) || s->order.place == PLACE_CLOUD) &&
             f->blocked[0] == '\0' && !s->breaker_open));
}

void budget_begin(struct plan_work *w)
{
    const struct plan_budget *b = &w->in->budget;
    struct purse p = {.known = b->known};

    for (size_t i = 0; i < w->n; i++)
        w->over_budget[i] = false;
    if (!b->set)
        return;
    if (__builtin_sub_overflow(b->limit.nanos, b->spent.nanos, &p.left))
        p.known = false;
    for (size_t i = 0; i < w->n; i++) {
        const struct plan_server *s = &w->servers[i];

        if (may_be_out(s) || (moves_out(s) && s->move->committed))
            commit(w, s, &p);
    }
    /* What takes over from it is counted in its place: over is what is so without it. */
    for (size_t i = 0; i < w->n; i++)
        w->over_budget[i] = w->servers[i].facts->instance.reclaim_at.s != 0 &&
                            (b->reached || !p.known || p.left < 0);
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < w->n; i++) {
            const struct plan_server *s = &w->servers[i];
            bool open = moves_out(s);
            int turn = open ? 0 : is_next(w, s) ? 1 : 2;

            if (turn != pass || may_be_out(s) || (open && s->move->committed))
                continue;
            w->over_budget[i] = !admit(w, s, &p, turn < 2);
        }
    }
}

bool budget_evacuates(const struct plan_work *w, const struct plan_server *s)
{
    const struct plan_budget *b = &w->in->budget;

    if (!b->set || !b->reached || !w->in->policy->budget_evacuates)
        return false;
    return !hold_is_active(&s->hold, w->now) ||
           (s->hold.place == PLACE_CLOUD && !s->hold.over_budget);
}

bool budget_stops(const struct plan_work *w, const struct plan_server *s)
{
    bool held_over = hold_is_active(&s->hold, w->now) && s->hold.place == PLACE_CLOUD &&
                     s->hold.over_budget;

    return w->over_budget[s - w->servers] && !held_over;
}

static void add_usd(struct line *l, struct usd v)
{
    char buf[USD_TEXT];

    line_add(l, "$");
    line_add(l, usd_text(v, 2, buf));
}

void text_budget(const struct plan_work *w, const struct plan_server *s, struct line *l)
{
    const struct plan_budget *b = &w->in->budget;

    if (b->reached) {
        line_add(l, "the month's budget of ");
        add_usd(l, b->limit);
        line_add(l, " is spent");
        return;
    }
    if (!b->known || !s->price_known) {
        line_add(l, b->known ? "nobody knows what it would cost in the cloud, and "
                             : "what the month has cost is not known for sure, and ");
        line_add(l, "there is a budget of ");
        add_usd(l, b->limit);
        return;
    }
    line_add(l, "of the month's budget of ");
    add_usd(l, b->limit);
    line_add(l, " ");
    add_usd(l, b->spent);
    line_add(l, " is spent; what runs to its end and this move would exceed it");
}
