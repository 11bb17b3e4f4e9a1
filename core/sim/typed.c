#include <config.h>

#include "core/sim/typed_impl.h"

#include "core/api/ec2_read.h"
#include "core/base/str.h"

#include <assert.h>
#include <string.h>

/* How long AWS shows instances after their end. */
enum { SHOWN_MS = 60 * 60 * 1000 };

const char *typed_copy(struct observation *o, const char *s)
{
    const char *p = s[0] != '\0' ? arena_strdup(o->arena, s) : "";

    return p != NULL ? p : "";
}

struct utc typed_utc(int64_t ms)
{
    return (struct utc){ms / 1000};
}

char *typed_put_text(char *p, const char *s)
{
    size_t n = strlen(s);

    memcpy(p, s, n);
    return p + n;
}

/* The port tells what the queue would: it is not asked. */
static void observe_queue(const struct world *w, const struct poll_hints *hints,
                          struct observation *o)
{
    (void)w;
    (void)hints;
    o->as.queue = (struct obs_queue){0};
}

/* ---- instances ---- */

static enum instance_state instance_state(enum sim_instance_state s)
{
    static const enum instance_state states[] = {
        [SIM_PENDING] = INSTANCE_PENDING,
        [SIM_RUNNING] = INSTANCE_RUNNING,
        [SIM_SHUTTING_DOWN] = INSTANCE_SHUTTING_DOWN,
        [SIM_TERMINATED] = INSTANCE_TERMINATED,
        [SIM_STOPPING] = INSTANCE_STOPPING,
        [SIM_STOPPED] = INSTANCE_STOPPED,
    };

    return states[s];
}

static const char *tag(const struct sim_instance *i, const char *key)
{
    for (size_t n = 0; n < i->n_tags; n++)
        if (str_eq(i->tags[n].key, key))
            return i->tags[n].value;
    return "";
}

void typed_instance(const struct world *w, const struct sim_instance *i,
                    struct observation *o, struct seen_instance *out)
{
    *out = (struct seen_instance){
        .id = typed_copy(o, i->id),
        .type = w->types[i->type_index].name,
        .zone = typed_copy(o, i->zone),
        .ip = typed_copy(o, i->ip),
        .eni = i->state != SIM_TERMINATED ? typed_copy(o, w->enis[i->eni].id) : "",
        .spot_request = "",
        .state_reason = i->reason_code != NULL ? i->reason_code : "", /* static */
        .server = "",
        .move = "",
        .deployment = "",
        .client_token = "",
        .attachment = "",
        .state = instance_state(i->state),
        .lifecycle = i->spot ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND,
        .launched = typed_utc(i->launched),
        .eni_deletes = w->enis[i->eni].delete_on_termination,
    };
}

/* What EC2 alone tells of it; of the tags that the manager shows, too, nobody asks it. */
static void see_launch(const struct world *w, const struct sim_instance *i,
                       struct observation *o, struct seen_instance *out)
{
    const struct sim_spot *s = world_spot_by_serial(w, i->spot_request);

    out->spot_request = s != NULL ? typed_copy(o, s->id) : "";
    out->server = typed_copy(o, tag(i, "rushhour:server"));
    out->move = typed_copy(o, tag(i, "rushhour:move-id"));
    out->deployment = typed_copy(o, tag(i, "rushhour:deployment"));
    out->client_token = typed_copy(o, i->client_token);
    out->attachment = "typed"; /* the only one of its interface */
}

static bool is_shown(const struct world *w, const struct sim_instance *i)
{
    return world_instance_listed(w, i) &&
           (i->terminated == 0 || w->now - i->terminated < SHOWN_MS);
}

static void observe_instances(const struct world *w, const struct poll_hints *hints,
                              struct observation *o)
{
    struct seen_instance *list;
    const char **absent;
    size_t n = 0, n_absent = 0;

    list = arena_alloc(o->arena, w->n_instances, sizeof(*list));
    for (size_t k = 0; list != NULL && k < w->n_instances; k++) {
        if (!is_shown(w, w->instances[k]))
            continue;
        typed_instance(w, w->instances[k], o, &list[n]);
        see_launch(w, w->instances[k], o, &list[n++]);
    }
    absent = arena_alloc(o->arena, hints->n, sizeof(*absent));
    for (size_t k = 0; absent != NULL && k < hints->n; k++) {
        const struct sim_instance *i = world_instance_find(w, hints->ids[k]);

        if (i == NULL || !is_shown(w, i))
            absent[n_absent++] = typed_copy(o, hints->ids[k]);
    }
    o->as.instances = (struct obs_instances){list, n, absent, n_absent};
}

static const char *spot_word(enum sim_spot_state s)
{
    static const char *const words[] = {[SIM_SPOT_OPEN] = "open",
                                        [SIM_SPOT_ACTIVE] = "active",
                                        [SIM_SPOT_CLOSED] = "closed",
                                        [SIM_SPOT_CANCELED] = "canceled"};

    return words[s];
}

static const char *request_tag(const struct sim_spot *s, const char *key)
{
    for (size_t n = 0; n < s->n_tags; n++)
        if (str_eq(s->tags[n].key, key))
            return s->tags[n].value;
    return "";
}

static void see_spot(const struct sim_spot *s, struct observation *o,
                     struct seen_spot *out)
{
    *out = (struct seen_spot){
        .id = typed_copy(o, s->id),
        .instance = typed_copy(o, s->instance),
        .zone = typed_copy(o, s->zone),
        .status = s->status, /* static */
        .server = typed_copy(o, request_tag(s, "rushhour:server")),
        .move = typed_copy(o, request_tag(s, "rushhour:move-id")),
        .deployment = typed_copy(o, request_tag(s, "rushhour:deployment")),
        .open = s->state == SIM_SPOT_OPEN,
        .state = ec2_spot_state(s->status, spot_word(s->state)),
        .cap = {s->cap},
        .updated = typed_utc(s->updated),
    };
}

static void observe_spot(const struct world *w, const struct poll_hints *hints,
                         struct observation *o)
{
    size_t max = hints->n + (hints->open_requests ? w->n_spots : 0), n = 0;
    struct seen_spot *list = arena_alloc(o->arena, max, sizeof(*list));

    for (size_t k = 0; list != NULL && k < hints->n; k++) {
        const struct sim_instance *i = world_instance_find(w, hints->ids[k]);
        const struct sim_spot *s =
            i != NULL ? world_spot_by_serial(w, i->spot_request) : NULL;

        if (s != NULL && is_shown(w, i))
            see_spot(s, o, &list[n++]);
    }
    for (size_t k = 0; list != NULL && hints->open_requests && k < w->n_spots; k++) {
        if (w->spots[k]->state == SIM_SPOT_OPEN)
            see_spot(w->spots[k], o, &list[n++]);
    }
    o->as.spot = (struct obs_spot){list, n, hints->open_requests};
}

static void observe_interfaces(const struct world *w, const struct poll_hints *hints,
                               struct observation *o)
{
    struct seen_interface *list = arena_alloc(o->arena, w->n_enis, sizeof(*list));
    size_t n_list = 0;

    (void)hints;
    for (size_t k = 0; list != NULL && k < w->n_enis; k++) {
        const struct sim_eni *n = &w->enis[k];
        const struct sim_instance *i = world_instance_by_serial(w, n->holder);

        if (n->server < 0 || n->id[0] == '\0')
            continue;
        list[n_list++] = (struct seen_interface){
            .id = typed_copy(o, n->id),
            .zone = typed_copy(o, n->zone),
            .ip = typed_copy(o, n->ip),
            .instance = i != NULL ? typed_copy(o, i->id) : "",
            .available = i == NULL,
            .delete_on_termination = n->delete_on_termination,
        };
    }
    o->as.interfaces = (struct obs_interfaces){list, n_list};
}

/* First record behind now: the walk has none, recorded prices may. */
static size_t price_end(const struct world *w, const struct sim_offering *f)
{
    size_t low = 0, high = f->n_prices;

    if (high > 0 && f->prices[high - 1].at <= w->now)
        return high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (f->prices[mid].at <= w->now)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* As AWS: the changes since then, few of many, and the last one before. */
static size_t price_begin(const struct sim_offering *f, int64_t since, size_t end)
{
    size_t from = end;

    while (from > 0 && f->prices[from - 1].at > since)
        from--;
    return from > 0 ? from - 1 : 0;
}

static void observe_prices(const struct world *w, const struct poll_hints *hints,
                           struct observation *o)
{
    int64_t since = hints->since.s * 1000;
    size_t total = 0, n = 0, n_offerings = w->n_types * w->n_zones;
    struct seen_price *list;

    for (size_t k = 0; k < n_offerings; k++) {
        size_t end = price_end(w, &w->offerings[k]);

        total += end - price_begin(&w->offerings[k], since, end);
    }
    list = arena_alloc(o->arena, total, sizeof(*list));
    for (size_t k = 0; list != NULL && k < n_offerings; k++) {
        const struct sim_offering *f = &w->offerings[k];
        size_t end = price_end(w, f);

        for (size_t i = price_begin(f, since, end); i < end; i++)
            list[n++] = (struct seen_price){.type = w->types[f->type].name,
                                            .zone = w->zones[f->zone],
                                            .price = {f->prices[i].nanos},
                                            .at = typed_utc(f->prices[i].at)};
    }
    o->as.prices = (struct obs_prices){list, n};
}

static void observe_pricelist(const struct world *w, const struct poll_hints *hints,
                              struct observation *o)
{
    struct seen_listed *list = arena_alloc(o->arena, w->n_types, sizeof(*list));
    size_t n = 0;

    (void)hints;
    for (size_t k = 0; list != NULL && k < w->n_types; k++) {
        const struct sim_type *t = &w->types[k];

        if (!t->unlisted)
            list[n++] = (struct seen_listed){t->name, {t->on_demand}};
    }
    o->as.pricelist = (struct obs_pricelist){w->region, list, n};
}

/* ---- all of them ---- */

void typed_observe(const struct world *w, const struct poll_hints *hints,
                   struct observation *o)
{
    static void (*const by_source[SOURCE_COUNT])(
        const struct world *w, const struct poll_hints *hints, struct observation *o) = {
        [SOURCE_VELOSTRATA] = typed_velostrata, [SOURCE_JENKINS] = typed_jenkins,
        [SOURCE_VSPHERE] = typed_vsphere,       [SOURCE_INSTANCES] = observe_instances,
        [SOURCE_SPOT] = observe_spot,           [SOURCE_INTERFACES] = observe_interfaces,
        [SOURCE_PRICES] = observe_prices,       [SOURCE_PRICELIST] = observe_pricelist,
        [SOURCE_QUEUE] = observe_queue,         [SOURCE_BUILDS] = typed_builds,
    };

    assert(by_source[o->source] != NULL); /* a new source is a row above */
    by_source[o->source](w, hints, o);
}
