#include <config.h>

#include "core/store/snapshot_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "core/model/fleet_json.h"
#include "tests/screen/story.h"
#include "tests/unit/table.h"

/* Owned by the caller. */
static char *render(const struct fleet *f)
{
    struct strbuf b;
    char *text;

    strbuf_init(&b, 16 * 1024 * 1024);
    fleet_json(f, "1.2.3", &b);
    assert_false(b.failed);
    text = strdup(strbuf_text(&b));
    assert_non_null(text);
    strbuf_clear(&b);
    return text;
}

static struct fleet *parse(const char *text)
{
    struct fleet *f = NULL;
    struct err e = {0};

    if (snapshot_parse(text, strlen(text), &f, &e) != ERR_OK)
        fail_msg("snapshot_parse: %s", e.text);
    return f;
}

static struct utc ago(int64_t s)
{
    return (struct utc){STORY_NOW.s - s};
}

static void fill_node(struct node_facts *n)
{
    *n = (struct node_facts){.name = "cache-cloud",
                             .known = true,
                             .marked = true,
                             .connected = true,
                             .connected_known = true,
                             .launchable = true,
                             .closed_by = CLOSED_BY_PERSON,
                             .busy = 2,
                             .build = "ui \"nightly\" #412",
                             .build_path = "job/ui/412",
                             .build_progress = 64,
                             .build_started = ago(500),
                             .build_estimate_s = 900,
                             .cause = "dana: disk\\full",
                             .idle_since = ago(77),
                             .as_of = ago(5)};
}

static void fill_server(struct server_view *s)
{
    struct server_facts *x = &s->facts;

    fill_node(&x->onprem);
    fill_node(&x->cloud);
    x->cloud.known = false;
    x->place = PLACE_UNKNOWN;
    x->place_stale = x->in_both_places = x->lost = true;
    x->migration_busy = x->instance_stopped = x->task_active = true;
    x->task_progress = 12;
    x->place_as_of = ago(8);
    x->nodes_as_of = ago(9);
    (void)str_copy(x->place_raw, sizeof(x->place_raw), "Detaching");
    (void)str_copy(x->vm_id, sizeof(x->vm_id), "vm-12");
    x->ready_permille = 142;
    x->costop_permille = 11;
    (void)str_copy(x->blocked, sizeof(x->blocked), "in both places");
    (void)str_copy(x->task_id, sizeof(x->task_id), "t-1");
    (void)str_copy(x->task_type, sizeof(x->task_type), "RunInCloud");
    (void)str_copy(x->task_user, sizeof(x->task_user), "noa");
    (void)str_copy(x->task_error, sizeof(x->task_error), "no capacity");
    x->instance = (struct instance_facts){.id = "i-1",
                                          .type = "c5.large",
                                          .zone = "eu-west-1a",
                                          .ip = "10.0.0.1",
                                          .eni = "eni-1",
                                          .request = "sir-1",
                                          .lifecycle = LIFECYCLE_SPOT,
                                          .running = true,
                                          .terminated = true,
                                          .stopped = true,
                                          .launched = ago(900),
                                          .spot = SPOT_NOTICE,
                                          .spot_status = "marked-for-termination",
                                          .reclaim_at = ago(-90)};
    s->decision = (struct decision){.desired = PLACE_CLOUD,
                                    .reason = REASON_WINDOW,
                                    .reason_text = "rush hour",
                                    .gate = GATE_SLOTS,
                                    .gates = 1u << GATE_SLOTS | 1u << GATE_DRAIN,
                                    .gate_text = "two others move",
                                    .gate_until = ago(-60)};
    s->hold = (struct hold){.place = PLACE_CLOUD,
                            .kind = HOLD_UNTIL,
                            .until = ago(-3600),
                            .by = "dana",
                            .at = ago(60),
                            .why = "demo",
                            .over_budget = true};
    s->failures = 3;
    s->retry_at = ago(-30);
    s->breaker_open = s->wait_data = s->over_budget = true;
    s->interruptions = 2;
    s->last_interruption = ago(4000);
    s->cost.price_as_of = ago(33);
    s->cost.today.nanos = 123456789;
    s->cost.month_known = s->cost.same_hours_known = true;
    s->cost.same_hours.nanos = 7650000000;
    memset(s->offerings, 0, sizeof(s->offerings));
    s->n_offerings = 2;
    s->offerings_more = 3;
    s->offerings[0] = (struct offering_view){.type = "c5.large",
                                             .zone = "eu-west-1a",
                                             .lifecycle = LIFECYCLE_SPOT,
                                             .price_known = true,
                                             .price = {61300000},
                                             .interruptions = 4,
                                             .why = "the \"cheapest\""};
    s->offerings[1] = (struct offering_view){.type = "m5.large",
                                             .lifecycle = LIFECYCLE_ON_DEMAND,
                                             .left_out = true,
                                             .why = "above the bound"};
    s->move.by[0] = 'x';
    s->move.manual = s->move.force = s->move.interrupted = true;
    s->move.drain_deadline = ago(-100);
    s->move.deadline = ago(-200);
    (void)str_copy(s->move.note, sizeof(s->move.note), "waits");
}

/* Every field that is published has a value of its own. */
static struct fleet *full(void)
{
    struct fleet *f = story_fleet(STORY_INTERRUPTION);
    struct extension_facts *x = &f->extension;

    fill_server(&f->servers[1]);
    f->servers[2].facts.instance = (struct instance_facts){
        .spot = SPOT_NO_CAPACITY, .request = "sir-9", .type = "m5.large"};
    f->servers[3].hold = (struct hold){.place = PLACE_ONPREM, .kind = HOLD_PIN};
    f->mode = MODE_MANUAL;
    f->setting = AUTO_ON;
    f->snooze_until = ago(-600);
    f->in_lead = f->in_drain = f->looked = true;
    (void)str_copy(f->controller.who, NAME_TEXT, "dana");
    f->shared_lock.configured = true;
    (void)str_copy(f->shared_lock.holder, NAME_TEXT, "noa@ops2 pid 43");
    (void)str_copy(f->degraded[0], sizeof(f->degraded[0]), "store");
    (void)str_copy(f->degraded[1], sizeof(f->degraded[1]), "blind:ec2");
    f->n_degraded = 2;
    f->drift = 1;
    f->moves_running = 2;
    f->moves_queued = 3;
    f->calls_open = 4;
    f->orders_open = 5;
    f->lead_s = 2340;
    f->out_usual_s = 411;
    f->hour_known = false;
    f->month_known = f->budget_reached = f->has_budget = f->forecast.known = true;
    f->budget.nanos = 120500000000;
    f->forecast.p10.nanos = 110010000000;
    f->forecast.p50.nanos = 120020000000;
    f->forecast.p90.nanos = 130030000000;
    for (int i = 0; i < COMPARISON_COUNT; i += 2) { /* not all are known */
        f->compare[i].known = true;
        f->compare[i].amount.nanos = 310040000000 + i * USD_NANOS;
    }
    for (int i = 0; i < COST_ITEM_COUNT; i++)
        f->items[i].nanos = 12345678901 * (i + 1);
    f->items_unknown = 2;
    f->items_bounds = 3;
    f->day_start = ago(5000);
    memset(f->servers[1].quarters, 0, FLEET_QUARTERS);
    memcpy(f->servers[1].quarters, (uint8_t[]){0, 1, 2, 3, 4, 5}, 6);
    f->servers[1].spot_steps[0] = (struct spot_step){ago(900), "pending-evaluation"};
    f->servers[1].spot_steps[1] = (struct spot_step){ago(870), "fulfilled"};
    f->servers[1].n_spot_steps = 2;
    f->n_prices = 2;
    f->prices[1] = (struct price_view){"m5.large", "us-east-1b", false, {0},
                                       ago(90000), {false},      {{0}}};
    f->prices[1].known[3] = true;
    f->prices[1].prices[3].nanos = 123400000;
    memset(f->days, 0, sizeof(f->days));
    memset(f->servers[1].cost.days, 0, sizeof(f->servers[1].cost.days));
    f->n_days = 3;
    f->days[0] = (struct day_view){ago(180000), true, {4567890123}};
    f->days[1] = (struct day_view){ago(90000), false, {0}};
    f->days[2] = (struct day_view){ago(7000), true, {1000000001}};
    f->servers[1].cost.days_unknown = 2;
    f->servers[1].cost.days[0].nanos = 2123400000;
    f->servers[1].cost.days[1].nanos = 0;
    f->servers[1].cost.days[2].nanos = 340000000;
    f->servers[1].cost.instance_s = 491760;
    f->speedup.known = true;
    f->speedup.percent = 42;
    f->speedup.jobs = 20;
    f->speedup.builds = 318;
    (void)str_copy(f->speedup.missing, LINE_TEXT, "");
    memset(f->jobs, 0, sizeof(f->jobs));
    f->jobs[0] = (struct job_view){.name = "team/net-pipe",
                                   .server = "cache",
                                   .known = true,
                                   .percent = -7,
                                   .onprem_ms = 600000,
                                   .cloud_ms = 642000,
                                   .onprem_builds = 20,
                                   .cloud_builds = 3};
    f->jobs[1] = (struct job_view){
        .name = "ui \"nightly\"", .onprem_ms = 61000, .onprem_builds = 1};
    f->n_jobs = 2;
    x->stale = x->task_active = true;
    x->task_progress = 40;
    (void)str_copy(x->id, sizeof(x->id), "ce-1");
    (void)str_copy(x->raw, sizeof(x->raw), "Active");
    (void)str_copy(x->problem, sizeof(x->problem), "one edge is ill");
    (void)str_copy(x->edge_a_zone, sizeof(x->edge_a_zone), "eu-west-1a");
    (void)str_copy(x->edge_b_zone, sizeof(x->edge_b_zone), "eu-west-1b");
    f->extension_empty_since = ago(70);
    f->extension_today.nanos = 987654321;
    f->host.maintenance = f->host.stale = true;
    f->host.ready_permille = 82;
    f->host.costop_permille = 7;
    f->host.ready_history[HOST_HISTORY - 1] = 82;
    f->alerts[0] = (struct alert){
        .at = ago(3), .server = "cache", .code = "lost", .text = "AWS took it"};
    f->alerts[1] = (struct alert){.at = ago(2), .code = "store", .text = "full"};
    f->n_alerts = 2;
    f->apis[1].state = API_DOWN;
    f->apis[1].failures = 7;
    f->apis[1].errors_hour = 9;
    f->apis[1].error_at = ago(4);
    f->apis[1].latency_ms = -1;
    for (size_t i = 0; i < FLEET_LATENCIES; i++)
        f->apis[1].latencies_ms[i] = i < 30 ? -1 : (int32_t)i * 100;
    f->apis[1].held_until = ago(-60);
    (void)str_copy(f->apis[1].error, LINE_TEXT, "no route to host");
    (void)str_copy(f->apis[1].request_id, ID_TEXT, "rushhour-6923c1a0-01-00002b");
    (void)str_copy(f->apis[1].error_request_id, ID_TEXT, "rushhour-6923c1a0-01-00002a");
    return f;
}

static void assert_same_after(struct fleet *f)
{
    char *before = render(f), *after;
    struct fleet *g = parse(before);

    after = render(g);
    assert_string_equal(after, before);
    free(after);
    free(before);
    fleet_unref(g);
    fleet_unref(f);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < STORY_COUNT; i++)
        assert_same_after(story_fleet((enum story)i));
    assert_same_after(full());
    assert_same_after(story_large(MAX_SERVERS));
    assert_same_after(story_large(0));
}

#define SAME(field) assert_memory_equal(&g->field, &f->field, sizeof(f->field))

/* What the text says in words and by halves is the same value again. */
static void test_values(void **state)
{
    struct fleet *f = full(), *g;
    char *text = render(f);
    const struct server_view *s;

    (void)state;
    g = parse(text);
    s = &g->servers[1];
    SAME(at);
    SAME(site);
    SAME(tz);
    SAME(mode);
    SAME(setting);
    SAME(snooze_until);
    SAME(auto_since);
    SAME(auto_by);
    SAME(controller);
    SAME(shared_lock);
    SAME(degraded);
    SAME(next);
    SAME(extension);
    SAME(extension_hour);
    SAME(extension_today);
    SAME(extension_month);
    SAME(host);
    SAME(lead_s);
    SAME(out_usual_s);
    SAME(hour_known);
    SAME(hour);
    SAME(today);
    SAME(month);
    SAME(month_known);
    SAME(forecast.known);
    SAME(forecast.p10);
    SAME(forecast.p50);
    SAME(forecast.p90);
    SAME(has_budget);
    SAME(budget_reached);
    SAME(budget);
    SAME(compare);
    SAME(items);
    SAME(items_unknown);
    SAME(items_bounds);
    SAME(days);
    SAME(day_start);
    SAME(prices);
    SAME(n_prices);
    SAME(servers[1].quarters);
    SAME(servers[1].spot_steps);
    SAME(servers[1].n_spot_steps);
    SAME(n_days);
    SAME(servers[1].over_budget);
    SAME(servers[1].offerings);
    SAME(servers[1].n_offerings);
    SAME(servers[1].offerings_more);
    SAME(speedup);
    SAME(jobs);
    SAME(n_jobs);
    SAME(alerts);
    SAME(apis);
    SAME(n_apis);
    SAME(servers[1].decision);
    SAME(servers[1].hold);
    SAME(servers[1].move);
    SAME(servers[1].cost);
    SAME(servers[1].facts.onprem);
    SAME(servers[1].facts.instance);
    SAME(servers[2].facts.instance);
    SAME(servers[3].hold);
    assert_int_equal(s->facts.place, PLACE_UNKNOWN);
    assert_string_equal(s->facts.place_raw, "Detaching");
    assert_true(s->facts.in_both_places);
    assert_false(s->facts.cloud.known);
    assert_int_equal(s->facts.cloud.as_of.s, f->servers[1].facts.cloud.as_of.s);
    assert_int_equal(g->servers[0].decision.gate, GATE_NONE);
    free(text);
    fleet_unref(g);
    fleet_unref(f);
}

/* ----- what others may write ----- */

#define HEAD "{\"at\":\"2026-11-22T07:00:00Z\","
#define ONE  HEAD "\"servers\":[{\"name\":\"cache\","

static void test_no_snapshot(void **state)
{
    static const struct {
        const char *what, *text;
        enum err_code code;
    } rows[] = {
        {"nothing", "", ERR_PROTOCOL},
        {"no JSON", "status", ERR_PROTOCOL},
        {"a list", "[]", ERR_PROTOCOL},
        {"a number", "12", ERR_PROTOCOL},
        {"no time", "{\"servers\":[]}", ERR_PROTOCOL},
        {"a strange time", "{\"at\":\"now\",\"servers\":[]}", ERR_PROTOCOL},
        {"no servers", HEAD "\"servers\":null}", ERR_PROTOCOL},
        {"servers by name", HEAD "\"servers\":{\"cache\":{}}}", ERR_PROTOCOL},
        {"a server that is none", HEAD "\"servers\":[12]}", ERR_PROTOCOL},
        {"without a name", HEAD "\"servers\":[{\"place\":\"cloud\"}]}", ERR_PROTOCOL},
        {"cut", ONE "\"place\":\"clo", ERR_PROTOCOL},
        {"a name twice", HEAD "\"servers\":[],\"servers\":[]}", ERR_PROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fleet *f = NULL;
        struct err e = {0};

        assert_row(rows[i].what, snapshot_parse(rows[i].text, strlen(rows[i].text), &f,
                                                &e) == rows[i].code);
        assert_row(rows[i].what, f == NULL && e.text[0] != '\0');
    }
}

static void test_too_many_servers(void **state)
{
    struct strbuf b;
    struct fleet *f = NULL;
    struct err e = {0};

    (void)state;
    strbuf_init(&b, 1024 * 1024);
    strbuf_puts(&b, HEAD "\"servers\":[");
    for (int i = 0; i <= MAX_SERVERS; i++)
        strbuf_printf(&b, "%s{\"name\":\"s%d\"}", i > 0 ? "," : "", i);
    strbuf_puts(&b, "]}");
    assert_int_equal(snapshot_parse(strbuf_text(&b), b.len, &f, &e), ERR_TOO_BIG);
    strbuf_clear(&b);
}

static const struct server_view *only(struct fleet **f, const char *rest)
{
    char text[2048];

    assert_true(str_format(text, sizeof(text), ONE "%s}]}", rest));
    *f = parse(text);
    return &(*f)->servers[0];
}

/* Unknown words and wrong types never become a fact. */
static void test_unknown_stays_unknown(void **state)
{
    const struct server_view *s;
    struct fleet *f;

    (void)state;
    s = only(&f, "\"mover\":7");
    assert_int_equal(s->facts.place, PLACE_UNKNOWN);
    assert_int_equal(s->facts.power, POWER_UNKNOWN);
    assert_int_equal(s->decision.desired, PLACE_UNKNOWN);
    assert_int_equal(s->hold.place, PLACE_UNKNOWN);
    assert_false(s->move.active || s->cost.hour_known);
    assert_int_equal(s->cost.price_source, PRICE_UNKNOWN);
    assert_false(s->facts.onprem.known || s->facts.cloud.known || f->host.known);
    assert_int_equal(s->facts.cloud.build_progress, -1);
    assert_int_equal(s->facts.instance.spot, SPOT_NONE);
    assert_int_equal(f->host.cpu_permille, -1);
    assert_int_equal(f->host.history[0], -1);
    assert_int_equal(f->host.ready_permille, -1);
    assert_int_equal(f->host.ready_history[0], -1);
    assert_int_equal(s->facts.ready_permille, -1);
    assert_false(f->hour_known || f->extension.configured || f->looked);
    assert_int_equal(f->controller.pid, 0);
    fleet_unref(f);

    s = only(&f,
             "\"place\":\"on the moon\",\"gate\":{\"code\":\"new\",\"text\":\"t\"},"
             "\"gates\":[\"new\",\"slots\",7],\"hold\":{\"place\":\"moon\"},"
             "\"instance\":{\"id\":\"i-1\",\"lifecycle\":\"new\"},"
             "\"spot\":{\"state\":\"new\"},\"cost\":{\"hour\":\"1e99\",\"today\":-1},"
             "\"nodes\":{\"cloud\":{\"online\":\"yes\",\"closed_by\":\"new\","
             "\"busy\":-7,\"build_progress\":900}},"
             "\"move\":{\"n\":99,\"of\":99999999999,\"step\":\"new\",\"progress\":101,"
             "\"steps\":[1,2,3,4,5,6,7,8,9,10]}");
    assert_int_equal(s->facts.place, PLACE_UNKNOWN);
    assert_string_equal(s->facts.place_raw, "on the moon");
    assert_int_equal(s->decision.gate, GATE_STALE);
    assert_int_equal(s->decision.gates, 1u << GATE_SLOTS);
    assert_int_equal(s->hold.place, PLACE_UNKNOWN);
    assert_int_equal(s->facts.instance.lifecycle, LIFECYCLE_UNKNOWN);
    assert_int_equal(s->facts.instance.spot, SPOT_UNKNOWN);
    assert_false(s->cost.hour_known || s->facts.cloud.known);
    assert_int_equal(s->facts.cloud.closed_by, CLOSED_BY_PERSON);
    assert_int_equal(s->facts.cloud.busy, 0);
    assert_int_equal(s->facts.cloud.build_progress, -1);
    assert_true(s->move.active);
    assert_int_equal(s->move.n, 0);
    assert_int_equal(s->move.of, 0);
    assert_int_equal(s->move.step, STEP_NONE);
    assert_int_equal(s->move.progress, -1);
    fleet_unref(f);
}

static void test_texts_are_cleaned(void **state)
{
    struct fleet *f;
    const struct server_view *s =
        only(&f, "\"blocked\":\"a\\u001b[31mb\\u0000c\\u202ed\",\"reason\":{\"text\":"
                 "\"\\ud83d\\ude00\\u0007\"}");

    (void)state;
    assert_null(strchr(s->facts.blocked, 0x1b));
    assert_null(strstr(s->facts.blocked, "\xe2\x80\xae"));
    assert_true(str_starts(s->facts.blocked, "a"));
    assert_true(str_ends(s->facts.blocked, "d"));
    assert_null(strchr(s->decision.reason_text, 7));
    fleet_unref(f);
}

/* What parses at all can be shown: it is rendered, and that parses again. */
static void try_text(const char *text, size_t len)
{
    struct fleet *f = NULL;
    struct err e = {0};

    if (snapshot_parse(text, len, &f, &e) != ERR_OK) {
        assert_null(f);
        return;
    }
    assert_true(f->n_apis <= SOURCE_COUNT && f->n_alerts <= FLEET_ALERTS &&
                f->n_degraded <= FLEET_DEGRADED);
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct move_view *m = &f->servers[i].move;

        assert_true(m->of >= 0 && m->of <= MAX_STEPS && m->n >= 0 && m->n <= MAX_STEPS);
        assert_true(m->progress >= -1 && m->progress <= 100);
    }
    assert_same_after(f);
}

static void test_cut_anywhere(void **state)
{
    struct fleet *f = full();
    char *text = render(f);
    size_t len = strlen(text);

    (void)state;
    for (size_t n = 0; n < len; n += 23) {
        struct fleet *g = NULL;
        struct err e = {0};

        assert_int_not_equal(snapshot_parse(text, n, &g, &e), ERR_OK);
    }
    free(text);
    fleet_unref(f);
}

static void test_changed_anywhere(void **state)
{
    static const char *const words[] = {"null", "-1",   "1e308", "\"\"",  "[]",
                                        "{}",   "true", "\"?\"", "99999", "[[[[[[]]]]]]"};
    struct fleet *f = full();
    char *text = render(f), *copy = strdup(text);
    size_t len = strlen(text);
    struct strbuf b;

    (void)state;
    assert_non_null(copy);
    strbuf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < len; i += 11) {
        copy[i] = (char)(text[i] ^ (char)(1 << i % 8));
        try_text(copy, len);
        copy[i] = text[i];
    }
    /* Each value in turn by something of another type. */
    for (size_t i = 0, k = 0; i + 1 < len; i++) {
        size_t end = i + 1;

        if (text[i] != ':' || text[i - 1] != '"')
            continue;
        end += text[end] == '"'                       ? strcspn(text + end + 1, "\"") + 2
               : text[end] == '{' || text[end] == '[' ? 0
                                                      : strcspn(text + end, ",}]");
        if (end == i + 1)
            continue;
        strbuf_reset(&b);
        strbuf_add(&b, text, i + 1);
        strbuf_puts(&b, words[k++ % ARRAY_LEN(words)]);
        strbuf_puts(&b, text + end);
        try_text(strbuf_text(&b), b.len);
    }
    strbuf_clear(&b);
    free(copy);
    free(text);
    fleet_unref(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_no_snapshot),
        cmocka_unit_test(test_too_many_servers),
        cmocka_unit_test(test_unknown_stays_unknown),
        cmocka_unit_test(test_texts_are_cleaned),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_changed_anywhere),
    };

    return cmocka_run_group_tests_name("snapshot_json", tests, NULL, NULL);
}
