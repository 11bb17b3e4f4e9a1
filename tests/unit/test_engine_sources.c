#include <config.h>

#include "core/base/secret.h"
#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * When which API is asked for what: at a start, by what is known of it; under another
 * configuration, by what is another; and how much is asked at once.
 */

static const char text_all[] =
    "site = { tz = \"UTC\" deployment = \"d\" }\n"
    "policy = { auto = \"off\" window = [\"Sun-Sat 00:00-24:00\"] }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" profile = \"p\" }\n"
    "servers = { a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\"\n"
    "                  cloud_node = \"cloud-a\" eni = \"eni-a\" "
    "instance_types = [\"c5\"] } }\n";

static struct config *load(const char *from)
{
    struct config_problems *problems = NULL;
    struct config *c = NULL;
    struct err e = {0};

    if (config_load_text(from, "", false, &c, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    return c;
}

/* A text with another part. */
static struct config *load_other(const char *from, const char *part, const char *as)
{
    const char *at = strstr(from, part);
    char other[2 * sizeof(text_all)];

    assert_non_null(at);
    assert_true(str_format(other, sizeof(other), "%.*s%s%s", (int)(at - from), from, as,
                           at + strlen(part)));
    return load(other);
}

static struct config *load_with(const char *part, const char *as)
{
    return load_other(text_all, part, as);
}

/* Each source has told something, if it is configured, and no call is open. */
static void all_told(struct scene *s)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct observation *o;

        if (!s->c->sources[i].configured)
            continue;
        if (i == SOURCE_JENKINS || i == SOURCE_VSPHERE || i == SOURCE_VELOSTRATA) {
            observe(s, (enum source)i);
            continue;
        }
        o = observation_new((enum source)i);
        assert_non_null(o);
        o->at = s->now;
        step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    }
    if (s->n_calls > 0)
        answer(s, OUTCOME_DONE, ERR_OK); /* a node was put right */
}

/* Why it is not taken; "": it is in force. Else it is freed. */
static const char *refused(struct scene *s, struct config *next)
{
    static struct config_order order;
    struct config *was = s->config;

    order = (struct config_order){.config = next,
                                  .tz = s->tz,
                                  .state = &s->stored,
                                  .by = "operator:dana",
                                  .why = "",
                                  .changes = "1 option changed: x"};
    step(s, (struct event){.kind = EVENT_CONFIG, .as.config = &order});
    s->config = order.taken ? next : was;
    config_free(order.taken ? was : next);
    return order.refused;
}

static void reconfigure(struct scene *s, struct config *next)
{
    assert_string_equal(refused(s, next), "");
}

/* ----- another configuration ----- */

/* What an API at another address has said counts no more, and nothing else is lost. */
static void test_another_teller(void **state)
{
    static const struct {
        const char *what, *part, *was, *now;
        enum source source;
        enum api_state state;
        bool kept;
    } rows[] = {
        /* clang-format off */
        {"nothing of it", "auto = \"off\"", "auto = \"off\"", "auto = \"dry-run\"", SOURCE_INSTANCES, API_OK, true},
        {"another manager", "1:1/v", "1:1/v", "1:2/v", SOURCE_VELOSTRATA, API_WAITING, false},
        {"another extension", "ce-1", "ce-1", "ce-2", SOURCE_VELOSTRATA, API_WAITING, false},
        {"another Jenkins", "1:1/j", "1:1/j", "1:2/j", SOURCE_JENKINS, API_WAITING, false},
        {"another Jenkins, of its builds", "1:1/j", "1:1/j", "1:2/j", SOURCE_BUILDS, API_WAITING, false},
        {"another Jenkins, of vSphere", "1:1/j", "1:1/j", "1:2/j", SOURCE_VSPHERE, API_OK, true},
        {"another vCenter", "1:1/sdk", "1:1/sdk", "1:2/sdk", SOURCE_VSPHERE, API_WAITING, false},
        {"another region", "eu-west-1", "eu-west-1", "eu-west-2", SOURCE_INSTANCES, API_WAITING, false},
        {"another profile", "\"p\"", "\"p\"", "\"q\"", SOURCE_SPOT, API_WAITING, false},
        {"no profile any more", "profile = \"p\"", "profile = \"p\"", "", SOURCE_INSTANCES, API_WAITING, false},
        {"another address of EC2", "profile", "profile", "endpoint_ec2 = \"http://127.0.0.1:1/\" profile", SOURCE_INTERFACES, API_WAITING, false},
        {"a queue for the first time", "profile", "profile", "interruption_queue = \"http://127.0.0.1:1/q\" profile", SOURCE_QUEUE, API_WAITING, false},
        {"no queue any more", "profile", "interruption_queue = \"http://127.0.0.1:1/q\" profile", "profile", SOURCE_QUEUE, API_OFF, false},
        {"aws for the first time, its region from elsewhere", "aws = { region = \"eu-west-1\" profile = \"p\" }", "", "aws = { }", SOURCE_INSTANCES, API_WAITING, false},
        {"no aws any more", "aws = { region = \"eu-west-1\" profile = \"p\" }", "aws = { }", "", SOURCE_INSTANCES, API_OFF, false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct source_state *st;
        struct scene s;

        scene_make(&s);
        config_free(s.config);
        s.config = load_with(rows[i].part, rows[i].was);
        scene_start(&s);
        all_told(&s);
        st = &s.c->sources[rows[i].source];
        assert_row(rows[i].what, st->configured == (st->good != NULL));
        reconfigure(&s, load_with(rows[i].part, rows[i].now));
        assert_row(rows[i].what, (st->good != NULL) == rows[i].kept);
        assert_row(rows[i].what, (st->last_ok.s != 0) == rows[i].kept);
        assert_row(rows[i].what, st->state == rows[i].state);
        scene_end(&s);
    }
}

#define AWAY(option) "a is not at home: bring it home before " option " changes"
#define MOVING(option)                                                                   \
    "a moves: " option " can change when it is at home (`cancel a` takes the move back)"
#define CALLING "a call for a is under way: try again in a moment"

/* Nobody else knows of what is out there: who tells of it stays until it is home. */
static void test_teller_of_what_is_away(void **state)
{
    enum { IN_CLOUD, UNSEEN, MOVES, CALLED, AT_HOME };
    static const char ec2[] = "ec2\" launch_template = \"t:3", velo[] = "velostrata";
    static const struct {
        const char *what, *mover;
        int is;
        const char *part, *as, *why; /* "": it is taken */
    } rows[] = {
        /* clang-format off */
        {"another manager",             velo, IN_CLOUD, "1:1/v", "1:2/v", AWAY("velostrata.url")},
        {"… and nobody sees it",        velo, UNSEEN,   "1:1/v", "1:2/v", AWAY("velostrata.url")},
        {"… and it is on its way",      velo, MOVES,    "1:1/v", "1:2/v", MOVING("velostrata.url")},
        {"… and a call is open",        velo, CALLED,   "1:1/v", "1:2/v", CALLING},
        {"… and it is at home",         velo, AT_HOME,  "1:1/v", "1:2/v", ""},
        {"… that is not its own",       ec2,  IN_CLOUD, "1:1/v", "1:2/v", ""},
        {"another extension",           velo, IN_CLOUD, "ce-1", "ce-2", AWAY("velostrata.cloud_extension")},
        {"another timeout, and secret", velo, IN_CLOUD, "cloud_ext", "timeout = \"9s\" cloud_ext", ""},
        {"another region",              ec2,  IN_CLOUD, "eu-west-1", "eu-west-2", AWAY("aws.region")},
        {"… and it is on its way",      ec2,  MOVES,    "eu-west-1", "eu-west-2", MOVING("aws.region")},
        {"… and a call is open",        ec2,  CALLED,   "eu-west-1", "eu-west-2", CALLING},
        {"… and it is at home",         ec2,  AT_HOME,  "eu-west-1", "eu-west-2", ""},
        {"… that is not its own",       velo, IN_CLOUD, "eu-west-1", "eu-west-2", ""},
        {"another account",             ec2,  IN_CLOUD, "\"p\"", "\"q\"", AWAY("aws.profile")},
        {"another address of EC2",      ec2,  IN_CLOUD, "profile", "endpoint_ec2 = \"http://127.0.0.1:1/\" profile", AWAY("aws.endpoint_ec2")},
        {"another price list",          ec2,  IN_CLOUD, "profile", "endpoint_pricing = \"http://127.0.0.1:1/\" profile", ""},
        {"another vSphere",             velo, IN_CLOUD, "1:1/sdk", "1:2/sdk", AWAY("vsphere.url")},
        {"… also of an instance",       ec2,  MOVES,    "1:1/sdk", "1:2/sdk", MOVING("vsphere.url")},
        {"another Jenkins",             velo, IN_CLOUD, "1:1/j", "1:2/j", ""},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char from[2 * sizeof(text_all)];
        const char *at = strstr(text_all, "velostrata\" onprem");
        struct server_state *a;
        struct secret *secret;
        struct config *next;
        struct err e = {0};
        struct scene s;

        assert_true(str_format(from, sizeof(from), "%.*s%s%s", (int)(at - text_all),
                               text_all, rows[i].mover, at + strlen(velo)));
        scene_make(&s);
        config_free(s.config);
        s.config = load(from);
        scene_start(&s);
        all_told(&s);
        a = &s.c->servers[0];
        a->facts.place = rows[i].is == IN_CLOUD ? PLACE_CLOUD
                         : rows[i].is == UNSEEN ? PLACE_UNKNOWN
                                                : PLACE_ONPREM;
        a->known_place = rows[i].is == UNSEEN ? PLACE_CLOUD : a->facts.place;
        a->has_move = rows[i].is == MOVES;
        if (rows[i].is == CALLED) {
            s.c->n_unresolved = 1;
            s.c->unresolved[0] =
                (struct unresolved){.id = 7, .kind = CALL_NODE_CLOSE, .server = "a"};
        }
        next = load_other(from, rows[i].part, rows[i].as);
        assert_int_equal(secret_new("other", 5, &secret, &e), ERR_OK);
        assert_true(config_set_secret(next, "velostrata", secret));
        assert_row(rows[i].what, str_eq(refused(&s, next), rows[i].why));
        scene_end(&s);
    }
}

/* Its Retry-After counts under any configuration, but not at another address. */
static void test_left_alone(void **state)
{
    static const struct {
        const char *what, *part, *as;
        int64_t waits_ms;
    } rows[] = {
        {"the same", "auto = \"off\"", "auto = \"dry-run\"", 120000},
        {"another", "1:1/j", "1:2/j", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct observation *o = observation_new(SOURCE_JENKINS);
        const struct source_state *st;
        struct scene s;

        assert_non_null(o);
        scene_make(&s);
        config_free(s.config);
        s.config = load(text_all);
        scene_start(&s);
        st = &s.c->sources[SOURCE_JENKINS];
        (void)err_set(&o->err, ERR_THROTTLED, "jenkins: slow down");
        o->at = s.now;
        o->retry_after_s = 120;
        step(&s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        reconfigure(&s, load_with(rows[i].part, rows[i].as));
        assert_row(rows[i].what, st->next.ms - s.c->mono.ms == rows[i].waits_ms);
        assert_row(rows[i].what,
                   (st->held_until.ms > s.c->mono.ms) == (rows[i].waits_ms > 0));
        scene_end(&s);
    }
}

/* ----- at a start ----- */

/* aws-api 7: the list is read once a day, whoever read it last. */
static void test_pricelist_of_today(void **state)
{
    enum { DAY_S = 86400 };
    static const struct {
        const char *what;
        int64_t age_s;
        enum api_state state;
        int64_t waits_s;
    } rows[] = {
        {"read in the morning", DAY_S / 4, API_OK, DAY_S * 3 / 4},
        {"read two days ago", 2 * DAY_S, API_OK, 0},
        {"read tomorrow", -DAY_S, API_WAITING, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct listed_price listed = {.type = "c5",
                                      .region = "eu-west-1",
                                      .price = {200000000},
                                      .at = {NOW - rows[i].age_s}};
        const struct source_state *st;
        struct scene s;

        scene_make(&s);
        config_free(s.config);
        s.config = load(text_all);
        s.stored.listed = &listed;
        s.stored.n_listed = 1;
        scene_start(&s);
        st = &s.c->sources[SOURCE_PRICELIST];
        assert_row(rows[i].what, st->state == rows[i].state);
        assert_row(rows[i].what, st->next.ms - s.c->mono.ms == rows[i].waits_s * 1000);
        scene_end(&s);
    }
}

/* Of the last step's poll. */
static struct poll_hints hints_of(const struct scene *s, enum source source)
{
    struct poll_hints h = {0};
    bool found = false;

    for (size_t i = 0; i < s->fx.n_polls; i++) {
        if (s->fx.polls[i].source != source)
            continue;
        h = s->fx.polls[i].hints;
        found = true;
    }
    assert_true(found);
    return h;
}

/* The history of spot prices is read from where it is known, or from the month's start;
 * AWS tells 90 days. */
static void test_prices_gap(void **state)
{
    enum { DAY_S = 86400, MONTH_START = 1793491200 /* November 1 */ };
    static const struct {
        const char *what;
        int64_t known; /* the newest change, 0 = none */
        int64_t since;
    } rows[] = {
        {"nothing", 0, MONTH_START},
        {"of this month", NOW - 3600, MONTH_START},
        {"of last month", MONTH_START - 5 * DAY_S, MONTH_START - 5 * DAY_S},
        {"of last year", NOW - 300 * DAY_S, NOW - 90 * DAY_S},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stored_price price = {.type = "c5", .zone = "eu-west-1a"};
        struct price_step change = {.at = {rows[i].known}, .price = {70000000}};
        struct scene s;

        scene_make(&s);
        config_free(s.config);
        s.config = load(text_all);
        s.stored.prices = &price;
        s.stored.steps = &change;
        s.stored.n_prices = rows[i].known != 0 ? 1 : 0;
        scene_start(&s);
        step(&s, (struct event){.kind = EVENT_TICK});
        assert_row(rows[i].what,
                   hints_of(&s, SOURCE_PRICES).since.s == rows[i].since - 3600);
        scene_end(&s);
    }
}

/* ----- how often, and how much ----- */

/* A site that launches nothing asks EC2 seldom, but not while something waits there for
 * its second look. */
static void test_quiet(void **state)
{
    static const struct {
        const char *what, *server;
        int32_t times;
    } rows[] = {
        {"nobody's instance", "zz", 1},
        {"that of another deployment", NULL, 10},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        config_free(r.s.config);
        r.s.config = load(text_all);
        r.instances[r.n_instances++] =
            instance("i-1", rows[i].server != NULL ? rows[i].server : "a");
        r.instances[0].deployment = rows[i].server != NULL ? "d" : "e";
        scene_start(&r.s);
        look(&r.s);
        see(&r, STEP_S);
        look(&r.s);
        assert_row(rows[i].what, source_every_s(r.s.c, SOURCE_INSTANCES) ==
                                     r.s.config->aws.poll * rows[i].times);
        scene_end(&r.s);
    }
}

/* A poll that took longer than can be is shown as the longest there is. */
static void test_latency(void **state)
{
    static const struct {
        const char *what;
        int64_t took;
        int32_t kept;
    } rows[] = {{"a second", 1000, 1000},
                {"a month, as after a suspend", INT64_C(2678400000), INT32_MAX}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct observation *o = observation_new(SOURCE_BUILDS);
        struct scene s;

        assert_non_null(o);
        scene_make(&s);
        scene_start(&s);
        o->at = s.now;
        o->took_ms = rows[i].took;
        step(&s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        assert_row(rows[i].what,
                   s.c->sources[SOURCE_BUILDS].latencies_ms[0] == rows[i].kept);
        scene_end(&s);
    }
}

/* A large fleet is asked for in turn, so many a poll as fit, and none twice; what no
 * listing has by its tags comes first, in each poll. */
static void test_hints(void **state)
{
    enum { FLEET = 20 };
    char large[8192];
    static char ids[FLEET][ID_TEXT];
    struct seen_instance all[FLEET];
    size_t used;
    struct region r;
    struct poll_hints h;
    struct observation *o;

    (void)state;
    region_make(&r);
    (void)str_format(large, sizeof(large),
                     "site = { tz = \"UTC\" deployment = \"d\" }\n"
                     "policy = { auto = \"off\" window = [\"Sun-Sat 00:00-24:00\"] }\n"
                     "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
                     "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
                     "aws = { region = \"eu-west-1\" }\n"
                     "servers = {\n");
    for (int i = 0; i < FLEET; i++) {
        char key[NAME_TEXT];

        used = strlen(large);
        assert_true(
            str_format(large + used, sizeof(large) - used,
                       "s%02d = { vm = \"vm-%d\" mover = \"ec2\" launch_template = \"t\" "
                       "onprem_node = \"h-%d\" cloud_node = \"c-%d\" eni = \"eni-%d\" "
                       "instance_types = [\"c5\"] }\n",
                       i, i, i, i, i));
        (void)str_format(key, sizeof(key), "instance:s%02d", i);
        (void)str_format(ids[i], sizeof(ids[i]), "i-%02d",
                         i == 1 ? 0 : i); /* one of them twice */
        stored_setting(&r.s, key, ids[i]);
        all[i] = instance(ids[i], "");
        all[i].deployment = i == 5 ? "" : "d"; /* somebody took its tags off */
    }
    used = strlen(large);
    assert_true(str_format(large + used, sizeof(large) - used, "}\n"));
    region_configure(&r, large);
    stored_setting(&r.s, "leaving:s16", "i-99 1795334520 0"); /* has no room any more */
    scene_start(&r.s);
    step(&r.s, (struct event){.kind = EVENT_TICK});
    h = hints_of(&r.s, SOURCE_INSTANCES);
    assert_int_equal(h.n, HINT_IDS);
    assert_string_equal(h.ids[0], "i-00");
    assert_string_equal(h.ids[1], "i-02");
    assert_string_equal(h.ids[HINT_IDS - 1], "i-16");
    o = observation_new(SOURCE_INSTANCES);
    assert_non_null(o);
    o->at = r.s.now;
    step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    r.s.now.s += 60;
    step(&r.s, (struct event){.kind = EVENT_TICK});
    h = hints_of(&r.s, SOURCE_INSTANCES);
    assert_int_equal(h.n, HINT_IDS);
    assert_string_equal(h.ids[0], "i-17");
    assert_string_equal(h.ids[3], "i-00"); /* and on from the first */
    for (int i = 0; i < 3; i++) {
        o = observation_new(SOURCE_INSTANCES);
        assert_non_null(o);
        o->at = r.s.now;
        o->as.instances = (struct obs_instances){.instances = all, .n = FLEET};
        step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        r.s.now.s += 60;
        step(&r.s, (struct event){.kind = EVENT_TICK});
        h = hints_of(&r.s, SOURCE_INSTANCES);
        /* with i-99, which is not listed either */
        assert_true(str_eq(h.ids[0], "i-05") || str_eq(h.ids[1], "i-05"));
        assert_int_equal(h.n, HINT_IDS);
    }
    scene_end(&r.s);
}

/* 6.6: a reading stamped by a clock that was set back since is of no known age, until the
 * next one. */
static void test_of_the_future(void **state)
{
    static const struct {
        const char *what;
        int64_t set_by;
        bool stale;
    } rows[] = {
        {"at its pace", 0, false},
        {"put right by a little", -20, false},
        {"set back by two minutes", -120, true},
        {"set back by a year", -365 * 86400, true},
        {"set ahead by an hour", 3600, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = {.kind = EVENT_TICK};
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, !s.c->servers[0].facts.place_stale);
        ev.now.s = s.now.s + STEP_S + rows[i].set_by;
        ev.mono.ms = s.c->mono.ms + STEP_S * 1000;
        controller_step(s.c, &ev, &s.fx);
        assert_row(rows[i].what, s.c->servers[0].facts.place_stale == rows[i].stale);
        assert_row(rows[i].what, s.c->servers[0].facts.onprem.known != rows[i].stale);
        s.now = ev.now;
        look(&s);
        assert_row(rows[i].what, !s.c->servers[0].facts.place_stale);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_teller),
        cmocka_unit_test(test_teller_of_what_is_away),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_pricelist_of_today),
        cmocka_unit_test(test_prices_gap),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_of_the_future),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
