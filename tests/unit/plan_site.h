/*
 * plan_site - four test servers made by hand, and plan() over them.
 * A struct site is its test's own; its zone is freed with site_clear().
 * Threads: one.
 */
#ifndef RH_TESTS_PLAN_SITE_H
#define RH_TESTS_PLAN_SITE_H

#include "core/policy/plan.h"

#include "tests/unit/policy_util.h"

enum { SITE_SERVERS = 4 };

struct site {
    struct tz *tz;
    struct policy_config policy;
    struct schedule schedule;
    struct server_facts facts[SITE_SERVERS];
    struct move moves[SITE_SERVERS];
    struct plan_server servers[SITE_SERVERS];
    struct extension_facts extension;
    struct plan_server_out outs[SITE_SERVERS];
    struct plan_in in;
    struct plan_out out;
};

static inline void site_node(struct node_facts *n, const char *name)
{
    (void)str_copy(n->name, sizeof(n->name), name);
    n->known = n->open = n->idle = n->connected = n->connected_known = true;
}

static inline void site_close(struct node_facts *n, enum closed_by by)
{
    n->open = false;
    n->marked = true;
    n->closed_by = by;
}

static inline void site_open(struct node_facts *n)
{
    n->open = true;
    n->marked = false;
    n->closed_by = CLOSED_BY_NOBODY;
}

static inline void site_build(struct node_facts *n, const char *build)
{
    n->idle = build == NULL;
    n->busy = build == NULL ? 0 : 1;
    (void)str_copy(n->build, sizeof(n->build), build == NULL ? "" : build);
}

/* Settled there since long, the other side's node closed by us. */
static inline void site_settle(struct site *s, size_t i, enum place place)
{
    struct server_facts *f = &s->facts[i];

    f->place = place;
    f->power = place == PLACE_ONPREM ? POWER_ON : POWER_OFF;
    site_open(place == PLACE_CLOUD ? &f->cloud : &f->onprem);
    site_close(place == PLACE_CLOUD ? &f->onprem : &f->cloud, CLOSED_BY_RUSHHOUR);
    s->servers[i].move = NULL;
}

/* ts1 … ts4 at home, auto on, everything known; the extension stopped. */
static inline void site_init(struct site *s)
{
    static const char *const names[] = {"ts1", "ts2", "ts3", "ts4"};
    char name[NAME_TEXT];

    memset(s, 0, sizeof(*s));
    s->tz = zone_load("Asia/Jerusalem");
    s->policy = default_policy();
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        site_node(&s->facts[i].onprem, names[i]);
        (void)str_format(name, sizeof(name), "%s-cloud", names[i]);
        site_node(&s->facts[i].cloud, name);
        s->servers[i] = (struct plan_server){
            .name = names[i], .needs_extension = true, .auto_on = true};
        s->servers[i].facts = &s->facts[i];
        site_settle(s, i, PLACE_ONPREM);
    }
    s->extension =
        (struct extension_facts){.configured = true, .state = EXTENSION_STOPPED};
    s->in = (struct plan_in){.policy = &s->policy,
                             .schedule = &s->schedule,
                             .tz = s->tz,
                             .setting = AUTO_ON,
                             .clock_ok = true,
                             .auto_stop = true,
                             .extension = &s->extension,
                             .extension_start_s = 120,
                             .servers = s->servers,
                             .n = SITE_SERVERS};
    s->out.servers = s->outs;
}

static inline void site_clear(struct site *s)
{
    tz_free(s->tz);
}

/* One plan at that time; nothing of an older one shines through. */
static inline void site_plan(struct site *s, struct utc now)
{
    s->in.now = now;
    schedule_build(&s->policy, s->tz, now, s->policy.lead, &s->schedule);
    memset(s->outs, 0xa5, sizeof(s->outs));
    s->out = (struct plan_out){.servers = s->outs};
    plan(&s->in, &s->out);
}

static inline void site_plan_at(struct site *s, const char *local)
{
    site_plan(s, at(s->tz, local));
}

/* The open move of a server. */
static inline struct move *site_move(struct site *s, size_t i, enum direction d,
                                     const char *started)
{
    struct move *m = &s->moves[i];

    *m = (struct move){.direction = d, .status = MOVE_OPEN};
    (void)str_copy(m->server, sizeof(m->server), s->servers[i].name);
    (void)str_copy(m->by, sizeof(m->by), "policy");
    m->started = at(s->tz, started);
    s->servers[i].move = m;
    site_close(d == DIRECTION_OUT ? &s->facts[i].onprem : &s->facts[i].cloud,
               CLOSED_BY_RUSHHOUR);
    return m;
}

static inline void site_commit(struct site *s, size_t i, const char *when)
{
    s->moves[i].committed = true;
    s->moves[i].committed_at = at(s->tz, when);
    s->facts[i].place =
        s->moves[i].direction == DIRECTION_OUT ? PLACE_MOVING_OUT : PLACE_MOVING_BACK;
}

static inline void site_hold(struct site *s, size_t i, enum place place,
                             enum hold_kind kind, const char *made, const char *until)
{
    struct hold *h = &s->servers[i].hold;

    *h = (struct hold){.place = place, .kind = kind, .by = "dana"};
    h->at = at(s->tz, made);
    if (until != NULL)
        h->until = at(s->tz, until);
}

static inline void site_order(struct site *s, size_t i, enum place place, bool force,
                              const char *when)
{
    s->servers[i].order.place = place;
    s->servers[i].order.force = force;
    s->servers[i].order.at = at(s->tz, when);
}

#endif
