#include <config.h>

#include "tui/act_parts.h"

#include <string.h>

/*
 * One key on several servers is always one question: it says what becomes of each kind of
 * them. What a server would do is what the same key alone on it would.
 */

struct sums {
    size_t n[PLACE_COUNT]; /* moves there */
    size_t orders;         /* that are no moves: holds, releases, cancels, switches */
    size_t busy, held, failed, left_out;
    bool unknown;    /* what some of it costs */
    struct usd hour; /* more, or less, an hour */
    char names[LINE_TEXT], busy_names[LINE_TEXT], left_why[LINE_TEXT];
};

/* "a, b, …": what does not fit is left out with a sign. */
static void add_name(char *list, const char *name)
{
    size_t used = strlen(list);

    if (used + strlen(name) + 8 < LINE_TEXT)
        (void)str_format(list + used, LINE_TEXT - used, "%s%s", used > 0 ? ", " : "",
                         name);
    else if (used > 0 && list[used - 1] != '.')
        (void)str_format(list + used, LINE_TEXT - used, ", ...");
}

static void add_move(struct sums *s, const struct server_view *v, enum place to)
{
    s->n[to]++;
    s->held += act_is_held(v) && v->hold.place != to ? 1 : 0;
    s->failed += v->failures > 0 || v->breaker_open ? 1 : 0;
    if (act_runs_builds(v)) {
        s->busy++;
        add_name(s->busy_names, v->name);
    }
    if (to == PLACE_CLOUD) {
        s->unknown = s->unknown || v->cost.price_source == PRICE_UNKNOWN;
        s->hour.nanos += v->cost.price.nanos;
    } else {
        s->unknown = s->unknown || !v->cost.hour_known;
        s->hour.nanos -= v->cost.hour.nanos;
    }
}

static void add_server(struct sums *s, const struct act_context *x, enum action action,
                       const char *name)
{
    int i = fleet_find(x->fleet, name);
    struct act_plan p;

    act_plan(x, action, name, &p);
    if (i < 0 || p.kind == ACT_NOTHING) {
        if (s->left_out++ == 0)
            (void)str_copy(s->left_why, sizeof(s->left_why), p.message);
        return;
    }
    add_name(s->names, name);
    if (p.command.kind == COMMAND_MOVE)
        add_move(s, &x->fleet->servers[i], p.command.place);
    else
        s->orders++;
}

/* What is risked, and what it costs. */
static void effect_lines(const struct sums *s, const struct act_context *x,
                         struct question *q)
{
    char money[USD_TEXT];

    if (x->fleet->setting == AUTO_ON)
        act_line(q, "AUTO is ON: each is held there until the schedule changes (p "
                    "releases).");
    if (s->busy > 0)
        act_line(q, "Builds run on %s.", s->busy_names);
    if (s->held > 0)
        act_line(q, "%zu held elsewhere: this replaces the hold%s.", s->held,
                 s->held == 1 ? "" : "s");
    if (s->failed > 0)
        act_line(q, "The last move of %zu failed.", s->failed);
    if (s->n[PLACE_CLOUD] > 0 && x->fleet->has_budget && x->fleet->budget_reached)
        act_line(q, "The month's budget is spent.");
    if (s->unknown)
        act_line(q, "Effect: cost unknown.");
    else
        act_line(
            q, "Effect: %s$%s/h.", s->hour.nanos < 0 ? "-" : "+",
            usd_text((struct usd){s->hour.nanos < 0 ? -s->hour.nanos : s->hour.nanos}, 3,
                     money));
}

/* "2 to the cloud and 1 on-prem", "hold 3" */
static void title_of(const struct sums *s, enum action action, struct act_plan *p)
{
    size_t out = s->n[PLACE_CLOUD], back = s->n[PLACE_ONPREM];

    if (out > 0 && back > 0)
        act_ask(p, "Move %zu to the cloud and %zu on-prem?", out, back);
    else if (out + back > 0)
        act_ask(p, "Move %zu server%s %s?", out + back, out + back == 1 ? "" : "s",
                out > 0 ? "to the cloud" : "on-prem");
    else
        act_ask(p, "%zu server%s: %s?", s->orders, s->orders == 1 ? "" : "s",
                action_info(action)->name);
}

void act_many(const struct act_context *x, enum action action, const char *const *names,
              size_t n, struct act_plan *out)
{
    struct sums s = {.orders = 0};
    size_t moves;

    memset(out, 0, sizeof(*out));
    if (!act_may(x, out))
        return;
    for (size_t i = 0; i < n; i++)
        add_server(&s, x, action, names[i]);
    moves = s.n[PLACE_CLOUD] + s.n[PLACE_ONPREM];
    if (moves + s.orders == 0) {
        act_nothing(out, "none of the %zu marked: %s", n, s.left_why);
        return;
    }
    title_of(&s, action, out);
    act_line(&out->question, "%s.", s.names);
    if (moves > 0)
        effect_lines(&s, x, &out->question);
    if (s.left_out > 0)
        act_line(&out->question, "%zu left out: %s.", s.left_out, s.left_why);
    act_choose(&out->question, CHOICE_MARKED, 'd',
               s.busy > 0 ? "drain first, then move" : "do it", NULL);
    if (s.busy > 0)
        act_choose(&out->question, CHOICE_MARKED_FORCE, 'f', "move now, stops the builds",
                   NULL);
}
