#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/controller_scene.h"

/*
 * The controller's ledger: what is kept of prices and of what ran, and what the snapshot
 * makes of it, with prices that nobody knows and with such as no sum can hold.
 */

/* At the highest price that an hour can be reckoned with, so many hours are no amount. */
enum { HOUR_S = 3600, FULL = 3600, MOST = FULL + 8 };
#define DOLLARS(n) ((n)*USD_NANOS)
#define HUGE       (INT64_MAX / HOUR_S - 1)

struct books {
    struct scene s;
    struct configured_price prices[2];
    struct seen_instance instance;
};

static struct segment segments[MOST];

static void books_make(struct books *b)
{
    memset(b, 0, sizeof(*b));
    scene_make(&b->s);
    stored_setting(&b->s, "auto", "off");
    b->s.extension = EXTENSION_STOPPED; /* or it begins to cost, too */
    b->s.stored.segments = segments;
}

static struct segment *ran(struct books *b, const char *kind, int64_t from_s,
                           int64_t until_s)
{
    struct segment *g = &segments[b->s.stored.n_segments++];

    *g = (struct segment){.id = (int64_t)b->s.stored.n_segments,
                          .type = "c5",
                          .zone = "eu-west-1a",
                          .start = {NOW - from_s},
                          .end = {until_s >= 0 ? NOW - until_s : 0}};
    (void)str_copy(g->kind, sizeof(g->kind), kind);
    (void)str_copy(g->server, sizeof(g->server), str_eq(kind, "extension") ? "" : "a");
    (void)str_format(g->resource, sizeof(g->resource), "i-%zu",
                     b->s.stored.n_segments - 1);
    (void)str_copy(g->source, sizeof(g->source), "configured");
    return g;
}

static void rated(struct segment *g, int64_t nanos)
{
    g->rate.nanos = nanos;
    g->rate_known = true;
}

static void prices(struct books *b, int64_t on_demand, int64_t spot)
{
    b->prices[0] = (struct configured_price){.type = "c5",
                                             .has_on_demand = on_demand != 0,
                                             .has_spot = spot != 0,
                                             .on_demand = {on_demand},
                                             .spot = {spot}};
    b->s.config->cost.prices = b->prices;
    b->s.config->cost.n_prices = 1;
}

static struct fleet *view(struct books *b)
{
    struct fleet *f = controller_snapshot(b->s.c);

    assert_non_null(f);
    return f;
}

/* In the cloud by i-0, as the manager tells. */
static void go_out(struct books *b, enum lifecycle lifecycle)
{
    stored_setting(&b->s, "place:a", "cloud");
    b->instance = (struct seen_instance){.id = "i-0",
                                         .type = "c5",
                                         .zone = "eu-west-1a",
                                         .ip = "",
                                         .eni = "",
                                         .spot_request = "",
                                         .state_reason = "",
                                         .server = "",
                                         .move = "",
                                         .deployment = "",
                                         .client_token = "",
                                         .attachment = "",
                                         .state = INSTANCE_RUNNING,
                                         .lifecycle = lifecycle};
    b->s.managed.state = MANAGED_IN_CLOUD;
    b->s.managed.has_instance = true;
    b->s.managed.instance = b->instance;
    b->s.vm.power = POWER_OFF;
}

static void tell_instance(struct books *b)
{
    struct observation *o = observation_new(SOURCE_INSTANCES);

    assert_non_null(o);
    o->at = b->s.now;
    o->as.instances = (struct obs_instances){&b->instance, 1};
    step(&b->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

/* What ran when the program ended goes on at the next start, once somebody says that it
 * still does: it is neither begun a second time nor ended before. */
static void test_started_again(void **state)
{
    static const struct {
        const char *what, *id; /* of what the manager has; NULL: the VM is at home */
        bool listed;           /* EC2 says since when */
        bool is_open;
        size_t n;
        int64_t month; /* dollars */
    } rows[] = {
        {"it runs", "i-0", false, true, 1, 4},
        {"it runs, as EC2 says, too", "i-0", true, true, 1, 4},
        {"another one runs", "i-9", false, false, 2, 4},
        {"it came home meanwhile", NULL, false, false, 1, 4},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment *first;
        struct books b;
        struct fleet *f;

        books_make(&b);
        b.s.config->aws.region = "eu-west-1";
        go_out(&b, LIFECYCLE_SPOT);
        prices(&b, 0, DOLLARS(2));
        b.s.managed.instance.id = rows[i].id != NULL ? rows[i].id : "";
        if (rows[i].id == NULL)
            b.s.managed.state = MANAGED_UNMANAGED;
        rated(ran(&b, "spot", 2 * HOUR_S, -1), DOLLARS(2));
        scene_start(&b.s);
        b.instance.launched.s = NOW - 2 * HOUR_S;
        if (rows[i].listed)
            tell_instance(&b);
        step(&b.s, (struct event){.kind = EVENT_TICK});
        first = segment_find(b.s.c, 1);
        assert_row(rows[i].what, first != NULL && first->end.s == 0);
        look(&b.s);
        assert_row(rows[i].what, first != NULL && (first->end.s == 0) == rows[i].is_open);
        assert_row(rows[i].what, b.s.c->n_segments == rows[i].n);
        f = view(&b);
        assert_row(rows[i].what, f->month.nanos / (USD_NANOS / 10) == rows[i].month * 10);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_started_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
