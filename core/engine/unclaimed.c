#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/*
 * What has our tag in the region and is nobody's: instances, and spot requests that are
 * still open (reliability 6, orphans; aws-api 4.1). Marked and told, looked at again ten
 * minutes later, and only then ended, each by a call with its own intent; never without
 * auto (I8), and never with a fixed interface (I6).
 */

/* Young ones may be of a launch whose answer is still on its way. */
enum { YOUNG_S = 120, SECOND_LOOK_S = 600, END_AGAIN_S = 60 };

struct stray {
    const char *id, *server;
    const struct seen_instance *instance; /* NULL: a spot request */
};

static struct unclaimed *find(struct controller *c, const char *id)
{
    for (size_t i = 0; i < MAX_UNCLAIMED; i++) {
        if (str_eq(c->unclaimed[i].id, id))
            return &c->unclaimed[i];
    }
    return NULL;
}

bool unclaimed_any(const struct controller *c)
{
    for (size_t i = 0; i < MAX_UNCLAIMED; i++) {
        if (c->unclaimed[i].id[0] != '\0')
            return true;
    }
    return false;
}

static bool is_request(const struct unclaimed *u)
{
    return str_starts(u->id, "sir-");
}

static struct setting_key key_of(const char *id)
{
    struct setting_key key;

    (void)str_format(key.text, sizeof(key.text), "orphan:%s", id); /* fits */
    return key;
}

static void store_it(struct controller *c, const struct unclaimed *u)
{
    setting_store_numbers(c, key_of(u->id).text,
                          (int64_t[]){u->marked.s, u->spared ? 1 : 0}, 2);
}

static void forget(struct controller *c, struct unclaimed *u)
{
    setting_store(c, key_of(u->id).text, "");
    *u = (struct unclaimed){0};
}

void unclaimed_load(const struct setting_read *r)
{
    struct unclaimed *u = find(r->c, "");
    int64_t v[2] = {0, 0};

    if (u != NULL && setting_numbers(r->value, v, 2) > 0 && v[0] > 0 &&
        v[0] <= r->c->now.s) {
        (void)str_copy(u->id, sizeof(u->id), r->name); /* an id is shorter */
        u->marked.s = v[0];
        u->spared = v[1] != 0;
    }
}

void unclaimed_follow_clock(struct controller *c, int64_t by_s)
{
    for (size_t i = 0; i < MAX_UNCLAIMED; i++) {
        struct unclaimed *u = &c->unclaimed[i];

        if (u->id[0] == '\0')
            continue;
        utc_follow(&u->marked, by_s);
        utc_follow(&u->called, by_s);
        store_it(c, u);
    }
}

static bool is_automatic(const struct controller *c)
{
    return !acts_forbidden(c) && c->setting == AUTO_ON && c->snooze_until.s == 0;
}

/* What becomes of it, as things are now. */
static const char *outlook(const struct controller *c)
{
    if (is_automatic(c))
        return "it is ended when it still is in 10 minutes";
    if (c->dry_run || c->setting == AUTO_DRY_RUN)
        return "in dry-run nothing ends it, and it costs";
    if (c->observe || acts_forbidden(c))
        return "nothing acts here that would end it, and it costs";
    return "while auto is off or asleep nothing ends it, and it costs";
}

static void mark(struct controller *c, struct unclaimed *u, const struct stray *x,
                 struct utc at)
{
    char text[LINE_TEXT];

    SURE(x->id[0] != '\0');
    RH_PROBE("orphan-marked");
    *u = (struct unclaimed){.marked = at, .spared = !is_automatic(c)};
    (void)str_copy(u->id, sizeof(u->id), x->id);
    (void)str_copy(u->server, sizeof(u->server), x->server);
    (void)str_format(text, sizeof(text), "%s %.30s has our tag and is nobody's: %s",
                     x->instance != NULL ? "instance" : "spot request", x->id,
                     outlook(c));
    store_it(c, u);
    alert_raise(c, server_find(c, x->server) != NULL ? x->server : "", "orphan", text);
}

/* Its end would be that of a fixed interface: that is put right first, and the next
 * listing must say so. */
static bool keeps_interface(struct controller *c, const struct stray *x,
                            struct call *call)
{
    const struct seen_instance *in = x->instance;

    if (in == NULL || !in->eni_deletes || !config_has_eni(c->config, in->eni))
        return false;
    call->kind = CALL_INTERFACE_KEEP;
    (void)str_copy(call->target, sizeof(call->target), in->attachment);
    (void)str_copy(call->run.eni, sizeof(call->run.eni), in->eni);
    return true;
}

static void end_it(struct controller *c, struct unclaimed *u, const struct stray *x)
{
    struct call call = {.kind = x->instance != NULL ? CALL_TERMINATE : CALL_SPOT_CANCEL};
    bool keeps;

    /* Seen before, told, and not spared (I4). */
    SURE(str_eq(u->id, x->id) && u->marked.s != 0);
    if (c->clock_bad_ticks > 0 || (u->called.s != 0 && c->now.s >= u->called.s &&
                                   c->now.s - u->called.s < END_AGAIN_S))
        return;
    (void)str_copy(call.target, sizeof(call.target), u->id);
    keeps = keeps_interface(c, x, &call);
    if (call.target[0] == '\0')
        return; /* AWS does not say yet what it is attached by */
    if (server_find(c, x->server) != NULL)
        (void)str_copy(call.server, sizeof(call.server), x->server);
    if (call_send(c, &call, "policy",
                  keeps ? "the interface must outlive its instance"
                        : "nobody's for 10 minutes"))
        u->called = c->now;
}

/* first: nothing is ended by the first listing after a start. */
static void look_at(struct controller *c, const struct stray *x, struct utc at,
                    bool young, bool first)
{
    struct unclaimed *u = find(c, x->id);

    if (u == NULL) {
        u = young || RH_BUGGIFY("orphan-marked-later") ? NULL : find(c, "");
        if (u == NULL)
            return; /* when it is older, or another one is gone */
        mark(c, u, x, at);
    } else if (u->spared && is_automatic(c)) {
        RH_PROBE("orphan-spared-then-told-anew");
        mark(c, u, x, at); /* somebody has switched auto on: told anew */
    } else if (!first && is_automatic(c) && at.s - u->marked.s >= SECOND_LOOK_S) {
        RH_PROBE("orphan-second-look");
        end_it(c, u, x);
    }
    u->seen = at;
}

/* What the listing does not show any more is over. */
static void drop_gone(struct controller *c, bool requests, struct utc at)
{
    for (size_t i = 0; i < MAX_UNCLAIMED; i++) {
        struct unclaimed *u = &c->unclaimed[i];

        if (u->id[0] != '\0' && is_request(u) == requests && u->seen.s != at.s)
            forget(c, u);
    }
}

/* One whose own is not listed may have this one by now: another controller has launched
 * it, and what it had is believed to be gone only after a while. */
static bool is_claimed(const struct controller *c, const struct seen_instance *in)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        if (s->absent_since.s != 0 && instance_is_of(c, s, in))
            return true;
        if (str_eq(s->facts.instance.id, in->id) || str_eq(s->facts.leaving.id, in->id) ||
            (s->has_move && instance_is_of(c, s, in) && str_eq(in->move, s->move.id)))
            return true;
    }
    return false;
}

/* Who begins anew where instances live that it has never heard of has lost its store,
 * directory and all; or another controller launched them, who shares its lock: what that
 * one knows stands in etcd. */
void unclaimed_first(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_INSTANCES].good;

    if (c->listed_once || o == NULL ||
        (lease_is_missing(c) && c->lease.holder[0] == '\0')) /* etcd has not said whose */
        return;
    c->listed_once = true;
    setting_store(c, "listed", "1");
    for (size_t i = 0; i < o->as.instances.n && !c->lease.others && !c->store_lost; i++) {
        const struct seen_instance *in = &o->as.instances.instances[i];

        c->store_lost = str_eq(in->deployment, c->config->deployment) &&
                        instance_lives(in) && !is_claimed(c, in);
    }
    if (c->store_lost)
        c->setting = AUTO_DRY_RUN;
}

/* One of the future is of a clock that was set back since: the ten minutes of what is
 * marked follow the clock, and do not count by it. */
static bool is_new(const struct controller *c, const struct observation *o,
                   struct utc looked_at)
{
    return o != NULL && o->at.s != looked_at.s && o->at.s <= c->now.s;
}

static void watch_instances(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_INSTANCES].good;
    bool first = c->unclaimed_as_of.s == 0;

    if (!is_new(c, o, c->unclaimed_as_of))
        return;
    c->unclaimed_as_of = o->at;
    for (size_t i = 0; i < o->as.instances.n; i++) {
        const struct seen_instance *in = &o->as.instances.instances[i];
        const struct stray x = {in->id, in->server, in};

        if (str_eq(in->deployment, c->config->deployment) && instance_lives(in) &&
            !is_claimed(c, in))
            look_at(c, &x, o->at, c->now.s - in->launched.s < YOUNG_S, first);
    }
    drop_gone(c, false, o->at);
}

/* Of a move that is under way: its launch may have asked for it. */
static bool is_asked_for(const struct controller *c, const struct seen_spot *sp)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        if (s->has_move && str_eq(sp->move, s->move.id))
            return true;
    }
    return false;
}

static void watch_requests(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_SPOT].good;
    bool first = c->requests_as_of.s == 0;

    if (!is_new(c, o, c->requests_as_of) || !o->as.spot.has_open)
        return;
    c->requests_as_of = o->at;
    for (size_t i = 0; i < o->as.spot.n; i++) {
        const struct seen_spot *sp = &o->as.spot.spots[i];
        const struct stray x = {sp->id, sp->server, NULL};

        if (sp->open && str_eq(sp->deployment, c->config->deployment) &&
            !is_asked_for(c, sp))
            look_at(c, &x, o->at, false, first);
    }
    drop_gone(c, true, o->at);
}

void unclaimed_watch(struct controller *c)
{
    watch_instances(c);
    watch_requests(c);
}
