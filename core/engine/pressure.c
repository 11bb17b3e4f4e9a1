#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/*
 * How long the host has been short of CPU, or is no longer (policy-and-cost 3.5 row 4).
 * The plan is pure: what it must know of the past is kept here.
 */

enum { PERMILLE = 10 };

static void begin_anew(struct controller *c)
{
    c->pressure.above_since = c->pressure.below_since = (struct utc){0};
}

/* While a server is on its way the host's load is about to be another one. */
static bool is_changing(const struct controller *c)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        if ((s->has_move && s->move.committed) || s->facts.place == PLACE_MOVING_OUT ||
            s->facts.place == PLACE_MOVING_BACK)
            return true;
    }
    return false;
}

/* Home again, as it is after an interruption or a failed move: whether it goes once more
 * is decided from the start. */
static void forget_home(struct controller *c, struct server_state *s)
{
    if (s->pressed_since.s == 0 || s->has_move || s->facts.place_stale ||
        s->facts.place != PLACE_ONPREM)
        return;
    s->pressed_since = (struct utc){0};
    pressed_store(c, s);
    begin_anew(c);
}

static void lasts(struct utc *since, bool is_so, struct utc at)
{
    if (!is_so)
        *since = (struct utc){0};
    else if (since->s == 0)
        *since = at;
}

/* Once, until it is another reason. */
static void tell_problem(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_VSPHERE].good;
    const char *text = o != NULL ? o->as.vsphere.load_problem : "";

    if (text[0] == '\0' || str_eq(text, c->load_told))
        return;
    (void)str_copy(c->load_told, sizeof(c->load_told), text);
    journal_say(c, journal_begin(c, LEVEL_WARN, "vsphere", "", "statistics"),
                "no CPU ready times: %s", text);
}

void pressure_follow(struct controller *c)
{
    const struct policy_config *p = &c->config->policy;
    const struct host_facts *h = &c->host_facts;

    tell_problem(c);
    for (size_t i = 0; i < c->n_servers; i++)
        forget_home(c, &c->servers[i]);
    if (!p->pressure || c->clock_bad_ticks > 0 || is_changing(c)) {
        begin_anew(c);
        return;
    }
    if (h->stale || h->ready_permille < 0) {
        if (c->now.s - c->pressure.as_of.s > source_stale_after_s(c, SOURCE_VSPHERE))
            begin_anew(c); /* nobody knows what it was in between */
        return;
    }
    c->pressure.as_of = h->as_of;
    lasts(&c->pressure.above_since, h->ready_permille > p->pressure_high * PERMILLE,
          h->as_of);
    lasts(&c->pressure.below_since, h->ready_permille < p->pressure_low * PERMILLE,
          h->as_of);
}

/* One that is still at home is only a thought: it is kept when its move is open. */
void pressure_keep(struct controller *c, struct server_state *s, bool pressed)
{
    bool was = s->pressed_since.s != 0;

    if (pressed == was || (pressed && !s->has_move))
        return;
    s->pressed_since = pressed ? c->now : (struct utc){0};
    pressed_store(c, s);
    if (!pressed)
        hold_ended_store(c, s);
    begin_anew(c);
}
