#include <config.h>

#include "tests/screen/story.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"

static const char *const names[] = {"cache", "write-back", "migration", "end-to-end"};
static struct server_config servers[ARRAY_LEN(names)];
/* Tuesday is off, on Wednesday people leave early. */
static const struct calendar_day exceptions[] = {
    {.day = 20781, .kind = CALENDAR_OFF},
    {.day = 20782,
     .kind = CALENDAR_WINDOWS,
     .n = 1,
     .start_min = {540},
     .end_min = {720}},
};
static struct config config = {
    .file = "rushhour.conf",
    .site_name = "haifa",
    .tz_name = "Asia/Jerusalem",
    .velostrata.api.present = true,
    .servers = servers,
    .ui = {.theme = "default",
           .color = COLOR_AUTO,
           .glyphs = GLYPHS_AUTO,
           .time = TIME_SITE,
           .title = true,
           .undo_window = 5},
    .policy = {.windows = {{.days = 0x1f, .start_min = 540, .end_min = 1080}},
               .n_windows = 1,
               .lead = 1500,
               .drain_deadline = 3600,
               .exceptions = exceptions,
               .n_exceptions = ARRAY_LEN(exceptions),
               .budget_warn = 80},
};

const struct config *story_config(void)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        servers[i].name = names[i];
        servers[i].mover = "velostrata";
        servers[i].vm = names[i];
    }
    config.n_servers = ARRAY_LEN(names);
    return &config;
}

static struct utc ago(int64_t s)
{
    return (struct utc){STORY_NOW.s - s};
}

static void event(struct fleet *f, int64_t s, enum level level, const char *server,
                  const char *actor, const char *text)
{
    struct journal_entry *e = &f->events[f->n_events++];

    e->seq = f->events_total++ + 1;
    e->at = ago(s);
    e->level = level;
    (void)str_copy(e->server, sizeof(e->server), server);
    (void)str_copy(e->actor, sizeof(e->actor), actor);
    (void)str_copy(e->text, sizeof(e->text), text);
}

static void morning(struct fleet *f)
{
    f->events_total = 204;
    event(f, 5732, LEVEL_ACT, "cache", "policy", "run in cloud started, spot $0.212/h");
    event(f, 5727, LEVEL_INFO, "", "policy",
          "rush hour started, 4/4 in cloud after 6m31s");
    event(f, 665, LEVEL_ERROR, "", "jenkins",
          "HTTP 503 after 10.0s; 2 of 5 failures, next try in 20s");
    event(f, 645, LEVEL_INFO, "", "jenkins", "recovered after 1 failure, 51s gap");
    event(f, 433, LEVEL_WARN, "write-back", "spot",
          "AWS reclaimed the instance; returning to on-prem (third time this week)");
    event(f, 181, LEVEL_ACT, "", "policy",
          "drift: write-back is on-prem, should be cloud; move queued (drift 4m12s)");
    event(f, 162, LEVEL_INFO, "write-back", "rushhour", "node closed, drained in 19s");
}

static void offerings(struct server_view *s)
{
    static const struct offering_view rows[] = {
        {.type = "c5.2xlarge",
         .zone = "us-east-1a",
         .lifecycle = LIFECYCLE_SPOT,
         .price_known = true,
         .price = {212000000},
         .interruptions = 1,
         .why = "$0.2171 a finished hour, 1 interruption in 96h"},
        {.type = "m5.2xlarge",
         .zone = "us-east-1a",
         .lifecycle = LIFECYCLE_SPOT,
         .price_known = true,
         .price = {198000000},
         .interruptions = 3,
         .why = "no capacity 11m ago, so last; $0.2230 a finished hour, 3 interruptions "
                "in 41h"},
        {.type = "c5.2xlarge",
         .zone = "us-east-1a",
         .lifecycle = LIFECYCLE_ON_DEMAND,
         .left_out = true,
         .why = "its on-demand price is not known: set it in cost.prices"},
    };

    s->n_offerings = ARRAY_LEN(rows);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        s->offerings[i] = rows[i];
}

static void cost(struct server_view *s, int64_t hour, int64_t today, int64_t month)
{
    s->cost = (struct cost_view){.hour_known = true,
                                 .month_known = true,
                                 .hour = {hour * 1000000},
                                 .today = {today * 10000000},
                                 .month = {month * 10000000},
                                 .price = {hour == 0 ? 212000000 : hour * 1000000},
                                 .price_source = PRICE_HISTORY,
                                 .price_as_of = ago(240)};
    offerings(s);
}

static void in_cloud(struct server_view *s, const char *id, const char *zone,
                     const char *ip)
{
    struct instance_facts *i = &s->facts.instance;

    s->facts.place = PLACE_CLOUD;
    s->facts.place_as_of = ago(9);
    s->facts.nodes_as_of = ago(12);
    s->facts.power = POWER_ON;
    (void)str_copy(i->id, sizeof(i->id), id);
    (void)str_copy(i->type, sizeof(i->type), "c5.2xlarge");
    (void)str_copy(i->zone, sizeof(i->zone), zone);
    (void)str_copy(i->ip, sizeof(i->ip), ip);
    (void)str_copy(i->eni, sizeof(i->eni), "eni-0a1b2c3d");
    i->lifecycle = LIFECYCLE_SPOT;
    i->running = true;
    i->launched = ago(5600);
    i->spot = SPOT_ACTIVE;
    s->spot_steps[s->n_spot_steps++] = (struct spot_step){ago(5600), "fulfilled"};
    s->facts.cloud = (struct node_facts){.known = true,
                                         .open = true,
                                         .connected = true,
                                         .idle = true,
                                         .build_progress = -1,
                                         .idle_since = ago(1260),
                                         .as_of = ago(12)};
    s->facts.onprem = (struct node_facts){.known = true,
                                          .marked = true,
                                          .idle = true,
                                          .closed_by = CLOSED_BY_RUSHHOUR,
                                          .build_progress = -1,
                                          .as_of = ago(12)};
    (void)str_format(s->facts.cloud.name, NAME_TEXT, "%.40s-cloud", s->name);
    (void)str_copy(s->facts.onprem.name, NAME_TEXT, s->name);
    s->decision = (struct decision){.desired = PLACE_CLOUD, .reason = REASON_WINDOW};
    (void)str_copy(s->decision.reason_text, LINE_TEXT, "rush hour until 18:00");
}

static void builds(struct server_view *s, const char *build, int progress)
{
    s->facts.cloud.idle = false;
    s->facts.cloud.busy = 1;
    s->facts.cloud.idle_since.s = 0;
    s->facts.cloud.build_progress = progress;
    (void)str_copy(s->facts.cloud.build, BUILD_TEXT, build);
}

static void apis(struct fleet *f)
{
    static const int64_t every[SOURCE_COUNT] = {30, 15, 20, 10, 10, 60, 300, 86400, 300};

    f->n_apis = SOURCE_COUNT;
    for (int i = 0; i < SOURCE_COUNT; i++)
        f->apis[i] = (struct api_view){.source = (enum source)i,
                                       .state = API_OK,
                                       .last_ok = ago(3 + i),
                                       .next = ago(-8 - i),
                                       .latency_ms = 80 + 40 * i,
                                       .every_s = every[i]};
    for (int i = 0; i < SOURCE_COUNT; i++) {
        for (int k = 0; k < FLEET_LATENCIES; k++)
            f->apis[i].latencies_ms[k] =
                k < 3 * i ? -1 : 80 + 40 * i + (k * 7 + i) % 11 * 9 + (k == 20 ? 900 : 0);
    }
    for (int i = SOURCE_INSTANCES; i <= SOURCE_PRICELIST; i++)
        (void)str_format(f->apis[i].request_id, ID_TEXT,
                         "4b9c81ac-2f2e-4d0%d-9c51-6f0f3f1d22aa", i);
    (void)str_copy(f->apis[SOURCE_VSPHERE].request_id, ID_TEXT,
                   "rushhour-6922b1a0-00-0001f4");
    f->worst_as_of = ago(9);
    f->stale_after_s = 90;
}

/* Its builds, and what they come to. */
static void speed(struct fleet *f)
{
    static const struct job_view jobs[] = {
        {"cache-smoke", "cache", true, 44, 341000, 191000, 20, 20},
        {"team/net-pipe", "write-back", true, -8, 600000, 648000, 5, 3},
        {"write-back-stress", "write-back", true, 42, 1240000, 719000, 20, 14},
        {"write-back-regression", "write-back", false, 0, 1830000, 0, 2, 0},
    };

    f->speedup = (struct speedup_view){true, 42, 3, 82, ""};
    memcpy(f->jobs, jobs, sizeof(jobs));
    f->n_jobs = ARRAY_LEN(jobs);
}

static void site(struct fleet *f)
{
    f->version = 7;
    f->at = STORY_NOW;
    (void)str_copy(f->site, sizeof(f->site), "haifa");
    (void)str_copy(f->tz, sizeof(f->tz), "Asia/Jerusalem");
    f->mode = MODE_AUTO;
    f->setting = AUTO_ON;
    f->auto_since = ago(3 * 86400);
    (void)str_copy(f->auto_by, sizeof(f->auto_by), "dana");
    f->controller.pid = 4711;
    f->controller.since = ago(6 * 86400 + 4 * 3600);
    (void)str_copy(f->controller.host, sizeof(f->controller.host), "ops1");
    f->in_window = true;
    f->out_usual_s = 400;
    f->next.at = (struct utc){STORY_NOW.s + 7 * 3600 + 17 * 60 + 53};
    f->next.place = PLACE_ONPREM;
    (void)str_copy(f->next.what, sizeof(f->next.what), "window ends: 4 servers return");
    f->extension = (struct extension_facts){.configured = true,
                                            .state = EXTENSION_ACTIVE,
                                            .since = ago(5760),
                                            .as_of = ago(6),
                                            .task_progress = -1};
    f->extension_cost_known = true;
    f->extension_hour = (struct usd){266000000};
    f->extension_today = (struct usd){430000000};
    f->extension_month = (struct usd){7100000000};
    f->month_known = f->forecast.known = f->has_budget = true;
    f->forecast.p10 = (struct usd){171000000000};
    f->forecast.p50 = (struct usd){180600000000};
    f->forecast.p90 = (struct usd){192400000000};
    f->budget = (struct usd){200000000000};
    f->host = (struct host_facts){.known = true,
                                  .cpu_permille = 380,
                                  .memory_permille = 770,
                                  .ready_permille = 4,
                                  .costop_permille = 0,
                                  .as_of = ago(9),
                                  .peak_permille = 910,
                                  .peak_at = ago(6427)};
    (void)str_copy(f->host.name, sizeof(f->host.name), "esx-01");
    for (int i = 0; i < HOST_HISTORY; i++)
        f->host.history[i] = (int16_t)(i < 30 ? -1 : 100 + (i * 37) % 850);
}

static void sums(struct fleet *f)
{
    f->hour_known = true;
    f->in_cloud = f->moving = f->on_prem = f->unknown = f->lost = 0;
    f->hour = f->extension_hour; /* as the controller does it: rows and extension */
    f->today = f->extension_today;
    f->month = f->extension_month;
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];

        f->in_cloud += s->facts.place == PLACE_CLOUD;
        f->on_prem += s->facts.place == PLACE_ONPREM;
        f->unknown += s->facts.place == PLACE_UNKNOWN;
        f->moving +=
            s->facts.place == PLACE_MOVING_OUT || s->facts.place == PLACE_MOVING_BACK;
        f->hour.nanos += s->cost.hour.nanos;
        f->today.nanos += s->cost.today.nanos;
        f->month.nanos += s->cost.month.nanos;
    }
}

/* What the cost view shows: the days, the bill, the comparisons; all add up. */
static void money(struct fleet *f)
{
    static const int64_t compare[COMPARISON_COUNT] = {28858, 31627, 44463, 85079, 35000};
    int64_t left[ARRAY_LEN(names)], other = f->extension_month.nanos;
    struct usd *items = f->items;

    f->n_days = 22;
    for (size_t i = 0; i < f->n_servers; i++) {
        struct cost_view *v = &f->servers[i].cost;

        left[i] = v->month.nanos - v->today.nanos;
        v->instance_s = 491760 - 3600 * (int64_t)i;
        v->same_hours_known = true;
        v->same_hours.nanos = v->month.nanos / 42 * 100;
        items[COST_SPOT].nanos += v->month.nanos;
    }
    items[COST_EXTENSION].nanos = f->extension_month.nanos;
    for (size_t d = 0; d < f->n_days; d++) {
        /* 1 November 2026 is a Sunday; the site rests on Friday and Saturday. */
        int64_t share = d % 7 >= 5 ? 0 : 15 + (int64_t)(d * 5 % 7) - 3;

        f->days[d].start.s = 1793491200 + (int64_t)d * 86400 - (d > 0 ? 7200 : 0);
        f->days[d].known = true;
        for (size_t i = 0; i < f->n_servers; i++) {
            struct cost_view *v = &f->servers[i].cost;

            v->days[d].nanos = d == 21 ? v->today.nanos : left[i] * share / 225;
            f->days[d].cost.nanos += v->days[d].nanos;
        }
        f->days[d].cost.nanos += d == 21
                                     ? f->extension_today.nanos
                                     : (other - f->extension_today.nanos) * share / 225;
    }
    for (int i = 0; i < COMPARISON_COUNT; i++) {
        f->compare[i].known = true;
        f->compare[i].amount.nanos = compare[i] * 10000000;
    }
}

/* The day so far, and what an hour cost through the last one. */
static void traces(struct fleet *f)
{
    static const char *const days[] = {
        "oooooooooooooooooooooooooooooooooo>>ccccccc",
        "oooooooooooooooooooooooooooooooooo>>cccccl>",
        "??????????????????????????????????o>>cccccc",
        "oooooooooooooooooooooooooooooooooo>>ccccccc",
    };

    f->day_start = (struct utc){STORY_NOW.s - 38527};
    for (size_t i = 0; i < f->n_servers; i++) {
        for (size_t q = 0; days[i][q] != '\0'; q++)
            f->servers[i].quarters[q] =
                (uint8_t)(strchr(FLEET_PLACE_LETTERS, days[i][q]) - FLEET_PLACE_LETTERS);
    }
    f->n_prices = 2;
    for (size_t i = 0; i < f->n_prices; i++) {
        struct price_view *v = &f->prices[i];

        (void)str_copy(v->type, sizeof(v->type), i == 0 ? "c5.2xlarge" : "m5.2xlarge");
        (void)str_copy(v->zone, sizeof(v->zone), "us-east-1a");
        v->on_demand_known = true;
        v->on_demand.nanos = 340000000;
        v->from.s = STORY_NOW.s / FLEET_PRICE_STEP_S * FLEET_PRICE_STEP_S -
                    (FLEET_PRICE_STEPS - 1) * FLEET_PRICE_STEP_S;
        for (size_t k = i * 3; k < FLEET_PRICE_STEPS; k++) {
            v->known[k] = true;
            v->prices[k].nanos =
                (150 + (int64_t)(k * 7 % 23) * 2 + (int64_t)k / 2 - 10 * (int64_t)i) *
                1000000;
        }
    }
}

static struct fleet *normal(void)
{
    static const char *const ids[] = {"i-0c1d22e34d5e6f", "i-0c1d22e39a8b7c",
                                      "i-0c1d22e31f2e3d", "i-0c1d22e377aa01"};
    static const int64_t hours[] = {212, 212, 198, 243}, today[] = {34, 27, 32, 39},
                         month[] = {2896, 2889, 2705, 3326};
    struct fleet *f = fleet_new(ARRAY_LEN(names));

    assert(f != NULL);
    site(f);
    apis(f);
    speed(f);
    morning(f);
    for (size_t i = 0; i < f->n_servers; i++) {
        struct server_view *s = &f->servers[i];
        char ip[NAME_TEXT];

        (void)str_copy(s->name, sizeof(s->name), names[i]);
        (void)str_copy(s->vm, sizeof(s->vm), names[i]);
        (void)str_copy(s->mover, sizeof(s->mover), "velostrata");
        s->auto_on = true;
        s->move.progress = -1;
        (void)str_format(ip, sizeof(ip), "10.8.0.1%zu", i + 1);
        in_cloud(s, ids[i], i < 2 ? "eu-west-1a" : "eu-west-1b", ip);
        cost(s, hours[i], today[i], month[i]);
    }
    builds(&f->servers[0], "ui-nightly #412", 64);
    sums(f);
    money(f);
    traces(f);
    return f;
}

static void moving(struct fleet *f)
{
    struct server_view *s = &f->servers[1], *t = &f->servers[3];
    struct move_view *m = &s->move;

    f->host.ready_permille = 142;
    s->facts.ready_permille = 168;
    s->facts.costop_permille = 12;
    s->facts.place = PLACE_MOVING_OUT;
    s->facts.instance.spot = SPOT_FULFILLED;
    s->facts.cloud.open = s->facts.cloud.known = false;
    *m = (struct move_view){
        .active = true,
        .direction = DIRECTION_OUT,
        .step = STEP_BOOT,
        .n = 4,
        .of = 5,
        .steps = {STEP_DRAIN, STEP_EXTENSION, STEP_RUN, STEP_BOOT, STEP_NODE},
        .step_took_s = {19, 0, 114, 48, -1, -1, -1, -1},
        .committed = true,
        .started = ago(181),
        .step_since = ago(48),
        .progress = 71};
    (void)str_copy(m->id, sizeof(m->id), "m-41");
    (void)str_copy(m->by, sizeof(m->by), "policy");
    t->hold = (struct hold){.place = PLACE_ONPREM,
                            .kind = HOLD_UNTIL_SCHEDULE,
                            .until = {STORY_NOW.s + 26273},
                            .at = ago(4)};
    (void)str_copy(t->hold.by, sizeof(t->hold.by), "dana");
    t->decision.desired = PLACE_ONPREM;
    t->decision.reason = REASON_HOLD;
    t->decision.gate = GATE_SLOTS;
    (void)str_copy(t->decision.gate_text, LINE_TEXT, "2 moves at a time; starts next");
    f->moves_running = 1;
    f->moves_queued = 1;
    event(f, 162, LEVEL_ACT, "write-back", "policy",
          "run in cloud started, spot $0.212/h in eu-west-1a");
    event(f, 48, LEVEL_INFO, "write-back", "rushhour",
          "instance i-0c1d..9a8b7c running, waiting for its Jenkins agent");
    sums(f);
}

static void interruption(struct fleet *f)
{
    struct server_view *s = &f->servers[2];

    s->spot_steps[s->n_spot_steps++] =
        (struct spot_step){ago(13), "marked-for-termination"};
    s->facts.instance.spot = SPOT_NOTICE;
    s->facts.instance.reclaim_at = (struct utc){STORY_NOW.s + 107};
    builds(s, "api-smoke #98", 20);
    s->facts.cloud.open = false;
    s->facts.cloud.marked = true;
    s->facts.cloud.closed_by = CLOSED_BY_RUSHHOUR;
    s->move =
        (struct move_view){.active = true,
                           .direction = DIRECTION_BACK,
                           .step = STEP_DRAIN,
                           .n = 1,
                           .of = 4,
                           .steps = {STEP_DRAIN, STEP_RETURN, STEP_POWER_ON, STEP_NODE},
                           .step_took_s = {13, -1, -1, -1, -1, -1, -1, -1},
                           .interrupted = true,
                           .started = ago(13),
                           .step_since = ago(13),
                           .progress = -1};
    (void)str_copy(s->move.by, sizeof(s->move.by), "spot");
    f->n_alerts = 1;
    f->alerts[0].at = ago(13);
    f->moves_running++;
    event(f, 13, LEVEL_WARN, "migration", "spot",
          "spot interruption notice, 2m00s left: AWS reclaims i-0c1d22e31f2e3d "
          "(marked-for-termination)");
    event(f, 13, LEVEL_ACT, "migration", "rushhour",
          "node closed in Jenkins, draining job api-smoke #98");
}

static struct fleet *loading(void)
{
    struct fleet *f = fleet_new(ARRAY_LEN(names));

    assert(f != NULL);
    site(f);
    apis(f);
    f->setting = AUTO_DRY_RUN;
    f->mode = MODE_DRY_RUN;
    f->worst_as_of.s = 0;
    f->host = (struct host_facts){.cpu_permille = -1};
    f->extension.as_of.s = 0;
    f->extension.state = EXTENSION_UNKNOWN;
    f->in_window = false;
    f->next.at.s = 0;
    f->next.what[0] = '\0';
    for (int i = 0; i < SOURCE_COUNT; i++) {
        f->apis[i].state = API_WAITING;
        f->apis[i].last_ok.s = 0;
        f->apis[i].latency_ms = -1;
        for (int k = 0; k < FLEET_LATENCIES; k++)
            f->apis[i].latencies_ms[k] = -1;
    }
    for (size_t i = 0; i < f->n_servers; i++) {
        (void)str_copy(f->servers[i].name, NAME_TEXT, names[i]);
        (void)str_copy(f->servers[i].mover, sizeof(f->servers[i].mover), "velostrata");
        f->servers[i].auto_on = true;
        f->servers[i].move.progress = -1;
    }
    return f;
}

static void age_all(struct fleet *f, int64_t s)
{
    for (size_t i = 0; i < f->n_servers; i++) {
        struct server_facts *x = &f->servers[i].facts;

        x->place_as_of = x->nodes_as_of = x->cloud.as_of = x->onprem.as_of = ago(s);
        x->place_stale = true;
        if (f->servers[i].decision.gate == GATE_NONE) {
            f->servers[i].decision.gate = GATE_STALE;
            (void)str_copy(f->servers[i].decision.gate_text, LINE_TEXT,
                           "data are too old");
        }
    }
    f->worst_as_of = ago(s);
    f->host.stale = f->extension.stale = true;
    f->host.as_of = f->extension.as_of = ago(s);
    for (size_t i = 0; i < f->n_apis; i++) {
        f->apis[i].state = API_STALE;
        f->apis[i].last_ok = ago(s);
        f->apis[i].failures = 4;
        f->apis[i].errors_hour = 4;
        f->apis[i].error_at = ago(20);
        (void)str_copy(f->apis[i].error, LINE_TEXT, "no answer in 20 s");
    }
}

static void dead(struct fleet *f)
{
    struct api_view *j = &f->apis[SOURCE_JENKINS], *p = &f->apis[SOURCE_PRICES];

    j->state = API_DOWN;
    j->last_ok.s = 0;
    j->failures = j->errors_hour = 13;
    j->held_until = ago(-240);
    j->error_at = ago(20);
    (void)str_copy(j->error, LINE_TEXT, "connect: no route to host; retrying in 5m");
    p->state = API_AUTH;
    (void)str_copy(p->error, LINE_TEXT,
                   "HTTP 403: the role lacks ec2:DescribeSpotPriceHistory");
    p->error_at = ago(40);
    (void)str_copy(p->error_request_id, ID_TEXT, p->request_id);
    for (size_t i = 0; i < f->n_servers; i++) {
        struct server_view *s = &f->servers[i];

        s->facts.cloud = s->facts.onprem = (struct node_facts){.build_progress = -1};
        s->facts.nodes_as_of.s = 0;
        s->cost.hour_known = false;
        s->cost.price_source = PRICE_UNKNOWN;
    }
    f->hour_known = false;
    f->days[9].known = f->days[10].known = f->month_known = f->forecast.known = false;
    f->days[9].cost.nanos = f->days[10].cost.nanos = 0;
    f->servers[2].cost.days_unknown = 3u << 9;
    f->servers[2].cost.days[9].nanos = f->servers[2].cost.days[10].nanos = 0;
    f->servers[2].cost.month_known = false;
    f->items_unknown = 1;
    f->items_bounds = 2;
    f->compare[COMPARE_ALWAYS_SPOT].known = false;
    f->worst_as_of = ago(1260);
    (void)str_copy(f->degraded[0], sizeof(f->degraded[0]), "blind:jenkins");
    f->n_degraded = 1;
    f->n_alerts = 2;
    f->servers[3].facts.place = PLACE_UNKNOWN;
    f->servers[3].facts.in_both_places = true;
    f->servers[1].facts.place = PLACE_ONPREM;
    f->servers[1].facts.power = POWER_OFF;
    f->servers[1].facts.instance = (struct instance_facts){.spot = SPOT_NONE};
    (void)str_copy(f->servers[1].facts.blocked, LINE_TEXT,
                   "powered off by a person: power it on or hold it");
    f->servers[1].decision.gate = GATE_BLOCKED;
    sums(f);
    f->hour_known = false;
}

struct fleet *story_fleet(enum story which)
{
    struct fleet *f = which == STORY_LOADING ? loading() : normal();

    switch (which) {
    case STORY_MOVING:
        moving(f);
        break;
    case STORY_INTERRUPTION:
        moving(f);
        interruption(f);
        break;
    case STORY_STALE:
        age_all(f, 130);
        break;
    case STORY_DEAD:
        dead(f);
        break;
    case STORY_LOADING:
    case STORY_NORMAL:
    case STORY_COUNT:
        break;
    }
    return f;
}

struct fleet *story_large(size_t n)
{
    struct fleet *one = story_fleet(STORY_MOVING), *f = fleet_new(n);

    assert(f != NULL);
    site(f);
    apis(f);
    for (size_t i = 0; i < n; i++) {
        f->servers[i] = one->servers[i % one->n_servers];
        (void)str_format(f->servers[i].name, NAME_TEXT, "test-%04zu", i + 1);
    }
    fleet_unref(one);
    sums(f);
    return f;
}
