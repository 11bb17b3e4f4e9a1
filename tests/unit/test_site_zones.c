#include <config.h>

#include "core/base/str.h"
#include "core/cost/bill.h"
#include "core/model/config.h"
#include "core/sim/invariants.h"
#include "core/sim/site_impl.h"
#include "core/sim/world_impl.h"

#include "tests/unit/table.h"

#include <string.h>

/* A simulated server with interfaces and nodes in several zones. */

static const struct utc start = {1795329000};

static struct site *open_site(const char *mover, int32_t more_zones)
{
    const struct site_options o = {.seed = 4,
                                   .servers = 4,
                                   .start = start,
                                   .mover = mover,
                                   .more_zones = more_zones,
                                   .typed = true};
    struct site *s = NULL;
    struct err e = {0};

    assert_int_equal(site_new(&o, &s, &e), ERR_OK);
    return s;
}

static struct config *config_of(const struct site *s)
{
    struct config *c = NULL;
    struct err e = {0};

    if (site_config(s, "http://127.0.0.1:1", NULL, &c, &e) != ERR_OK)
        fail_msg("%s", e.text);
    return c;
}

/* Whose configuration names how many zones. */
static void test_configured(void **state)
{
    static const struct {
        const char *what, *mover;
        int32_t more;
        size_t want[4];
    } rows[] = {
        {"velostrata has its own zone alone", "velostrata", 2, {0, 0, 0, 0}},
        {"ec2 as asked for: none", "ec2", 0, {0, 0, 0, 0}},
        {"ec2 as asked for: one", "ec2", 1, {1, 1, 1, 1}},
        {"ec2: never more than there are", "ec2", 9, {2, 2, 2, 2}},
        {"mixed: the one that overlaps", "mixed", 0, {0, 0, 0, 1}},
        {"mixed, and two more", "mixed", 2, {0, 2, 0, 2}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site *s = open_site(rows[i].mover, rows[i].more);
        struct config *c = config_of(s);

        for (size_t k = 0; k < c->n_servers; k++)
            if (c->servers[k].n_zones != rows[i].want[k])
                fail_msg("%s: server %zu has %zu", rows[i].what, k,
                         c->servers[k].n_zones);
        config_free(c);
        site_free(s);
    }
}

static const struct sim_instance *launch(struct world *w, const char *eni)
{
    const struct sim_tag tags[] = {{"rushhour:deployment", "demo"},
                                   {"rushhour:server", "cache"}};
    struct sim_launch l = {.type = "c5.2xlarge",
                           .image = "ami-1",
                           .client_token = "",
                           .spot = true,
                           .eni = eni,
                           .tags = tags,
                           .n_tags = ARRAY_LEN(tags)};
    const struct sim_instance *i = NULL;

    assert_int_equal(world_launch(w, &l, &i), SIM_OK);
    return i;
}

/* Two machines at a time, each with its node, price and channel of its own. */
static void test_lives_in_both(void **state)
{
    struct site *s = open_site("ec2", 1);
    struct world *w = s->w;
    const struct sim_node *other = &w->nodes[w->servers[0].more_nodes[0]];
    const struct sim_node *own = &w->nodes[w->servers[0].node[SIM_CLOUD]];
    int32_t type = world_type_find(w, "c5.2xlarge");
    const struct sim_instance *a, *b;

    (void)state;
    w->odds.calm = true;
    assert_string_equal(other->name, "tests-cache-cloud-b");
    assert_string_equal(w->enis[other->eni].zone, "eu-west-1b");
    assert_int_equal(world_set_price(w, type, 0, 60000000), SIM_OK);
    assert_int_equal(world_set_price(w, type, 1, 90000000), SIM_OK);
    assert_null(world_server_instance(w, 0));
    a = launch(w, w->enis[own->eni].id);
    b = launch(w, w->enis[other->eni].id);
    assert_ptr_equal(world_server_instance(w, 0), b);
    world_advance(w, w->now + 5 * MINUTE);
    assert_true(own->connected && other->connected);
    assert_int_equal(a->server, 0);
    assert_int_equal(b->server, 0);
    assert_string_equal(b->zone, "eu-west-1b");
    /* Only the one that dies loses its channel. */
    assert_int_equal(world_interrupt(w, a->id, 120 * 1000, false), SIM_OK);
    world_advance(w, w->now + 5 * MINUTE);
    assert_false(own->connected);
    assert_true(other->connected);
    assert_int_equal(world_bill(w, a), 0); /* taken back in its first hour */
    assert_int_equal(world_bill(w, b), 90000000 / 6);
    assert_true(w->servers[0].both_since != 0); /* its VM runs all the while */
    assert_int_equal(world_terminate(w, b->id), SIM_OK);
    world_advance(w, w->now + 5 * MINUTE);
    assert_false(other->connected);
    assert_int_equal(w->servers[0].both_since, 0);
    assert_true(w->enis[other->eni].id[0] != '\0' && w->enis[other->eni].holder == 0);
    site_free(s);
}

/* I2: two at a time only while the one is taken back and the other has an interface of
 * its own; an instance without one of the server's counts by its tag. */
static void test_one_instance(void **state)
{
    struct site *s = open_site("ec2", 1);
    struct config *c = config_of(s);
    struct world *w = s->w;
    const struct sim_tested *v = &w->servers[0];
    const struct sim_instance *a, *b;
    char why[LINE_TEXT] = "";

    (void)state;
    w->odds.calm = true;
    a = launch(w, w->enis[v->eni].id);
    (void)launch(w, w->enis[w->servers[1].eni].id); /* of another server */
    assert_true(invariants_instances(w, c, why));
    b = launch(w, w->enis[w->nodes[v->more_nodes[0]].eni].id);
    world_advance(w, w->now + MINUTE);
    assert_false(invariants_instances(w, c, why));
    assert_non_null(strstr(why, a->id));
    assert_non_null(strstr(why, b->id));
    assert_int_equal(world_interrupt(w, a->id, 120 * 1000, false), SIM_OK);
    assert_true(invariants_instances(w, c, why));
    /* both on their way out: neither replaces the other */
    assert_int_equal(world_interrupt(w, b->id, 300 * 1000, false), SIM_OK);
    assert_false(invariants_instances(w, c, why));
    world_advance(w, w->now + 3 * MINUTE);
    assert_true(invariants_instances(w, c, why));
    world_advance(w, w->now + 5 * MINUTE);
    (void)launch(w, NULL); /* one of no interface of ours, with its tag */
    assert_true(invariants_instances(w, c, why));
    (void)launch(w, w->enis[v->eni].id);
    assert_false(invariants_instances(w, c, why));
    config_free(c);
    site_free(s);
}

static void test_no_such_zone(void **state)
{
    struct site *s = open_site("ec2", 1);
    const struct sim_eni *eni;
    const struct sim_node *node;

    (void)state;
    assert_int_equal(world_add_zone(s->w, 0, "eu-west-1x", &eni, &node), SIM_BAD_VALUE);
    assert_int_equal(world_add_zone(s->w, 0, "eu-west-1a", &eni, &node), SIM_BAD_VALUE);
    assert_int_equal(world_add_zone(s->w, 0, "eu-west-1b", &eni, &node), SIM_BAD_VALUE);
    assert_int_equal(world_server_node(s->w, 0, 3), -1);
    site_free(s);
}

static const char story[] =
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"us-east-2\" }\n"
    "servers = { cache = { vm = \"vm\" mover = \"ec2\" image = \"ami-1\"\n"
    "  onprem_node = \"home\" cloud_node = \"node-c\" eni = \"eni-c\"\n"
    "  instance_types = [\"c5.2xlarge\"]  handover = \"overlap\"  zones = {\n"
    "    us-east-2a = { eni = \"eni-a\" cloud_node = \"node-a\" }\n"
    "    %s = { eni = \"eni-b\" cloud_node = \"node-b\"\n"
    "           instance_types = [\"x1.special\"] }\n%s  } } }\n";

static enum err_code fit(const char *zone, const char *more, struct site **site,
                         struct err *e)
{
    const struct site_options o = {
        .seed = 4, .servers = 1, .start = start, .typed = true};
    struct price_book book = {0};
    struct config_problems *problems = NULL;
    struct config *c = NULL;
    const char *guessed;
    char text[1024];
    enum err_code rc;

    assert_true(str_format(text, sizeof(text), story, zone, more));
    assert_int_equal(config_load_text(text, "", false, &c, &problems, e), ERR_OK);
    assert_int_equal(site_new(&o, site, e), ERR_OK);
    book.config = &c->cost;
    book.region = c->aws.region;
    rc = site_fit(*site, c, &book, &guessed, e);
    config_free(c);
    return rc;
}

/* Whatever the zones are called: also as one that the site has its own interfaces in. */
static void test_fit(void **state)
{
    static const char *const zones[] = {"us-east-2b", "us-east-2c", "us-east-2f"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        struct site *s = NULL;
        struct err e = {0};
        const struct world *w;
        int32_t a, b;

        if (fit(zones[i], "", &s, &e) != ERR_OK)
            fail_msg("%s: %s", zones[i], e.text);
        w = s->w;
        a = world_eni_find(w, "eni-a");
        b = world_eni_find(w, "eni-b");
        assert_true(a > 0 && b > 0 && world_eni_find(w, "eni-c") == 0);
        assert_string_equal(w->enis[a].zone, "us-east-2a");
        assert_string_equal(w->enis[b].zone, zones[i]);
        assert_string_equal(w->nodes[w->enis[b].node].name, "node-b");
        assert_string_not_equal(w->enis[0].zone, w->enis[a].zone);
        assert_string_not_equal(w->enis[0].zone, w->enis[b].zone);
        assert_true(world_type_find(w, "x1.special") >= 0);
        site_set_home_zone(s, "us-east-2d");
        assert_string_equal(w->enis[0].zone, "us-east-2d");
        assert_string_equal(w->enis[a].zone, "us-east-2a");
        site_free(s);
    }
}

static void test_too_many(void **state)
{
    static const struct {
        const char *what, *zone, *more;
    } rows[] = {
        {"a third", "us-east-2b",
         "us-east-2c = { eni = \"eni-d\" cloud_node = \"node-d\" }\n"},
        {"a long name", "us-east-2-lax-long-1a", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site *s = NULL;
        struct err e = {0};

        if (fit(rows[i].zone, rows[i].more, &s, &e) != ERR_USAGE)
            fail_msg("%s", rows[i].what);
        site_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configured),   cmocka_unit_test(test_lives_in_both),
        cmocka_unit_test(test_no_such_zone), cmocka_unit_test(test_fit),
        cmocka_unit_test(test_one_instance), cmocka_unit_test(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
