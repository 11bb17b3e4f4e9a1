#include <config.h>

#include "core/model/config.h"
#include "core/model/options.h"

#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/base/timefmt.h"

#include "tests/unit/table.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libconfig 1.5 itself loses a byte in one of the half-written texts below; leaks of ours
 * are still found. The name is the leak sanitizer's. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig_yylex";
}

/* A whole configuration, one option a line, so that a test can replace one of them. */
#define SITE "site = { name = \"haifa\" tz = \"Asia/Jerusalem\" }\n"
#define VELOSTRATA                                                                       \
    "velostrata = { url = \"https://v.example/velostrata/api/v25\"\n"                    \
    "  password_file = \"v.secret\" cloud_extension = \"ce-1\" }\n"
#define JENKINS                                                                          \
    "jenkins = { url = \"https://j.example/\" user = \"rushhour\"\n"                     \
    "  token_file = \"j.token\" }\n"
#define VSPHERE                                                                          \
    "vsphere = { url = \"https://esx1.example/sdk\" user = \"rushhour\"\n"               \
    "  password_file = \"e.secret\" }\n"
#define SERVER(name, more)                                                               \
    name " = { vm = \"" name "\" mover = \"velostrata\"\n"                               \
         "  onprem_node = \"" name "-home\" cloud_node = \"" name "-cloud\"\n"           \
         "  instance_types = [\"c5.2xlarge\"]\n" more " }\n"
#define RICH_ZONES                                                                       \
    "zones = { eu-west-1b = { eni = \"eni-b\" cloud_node = \"cache-b\" }\n"              \
    " eu-west-1c = { eni = \"eni-c\" cloud_node = \"cache-c\" subnet = \"subnet-c\"\n"   \
    "  instance_types = [\"m5.2xlarge\", \"c5.2xlarge\"] max_price = 0.2 } }\n"
#define SERVERS "servers = {\n" SERVER("cache", "") "}\n"
#define WHOLE   SITE VELOSTRATA JENKINS VSPHERE SERVERS
#define AWS     "aws = { region = \"eu-west-1\" }\n"
#define EC2(launch, more)                                                                \
    "servers = { a = { vm = \"a\" mover = \"ec2\"\n" launch "\n" more                    \
    " onprem_node = \"a\" cloud_node = \"b\" instance_types = [\"t\"] } }\n"
/* With an extra first line. */
#define WITH(line)      line "\n" WHOLE
#define IN_POLICY(text) WITH("policy = { " text " }")

static struct config *load_ok(const char *text)
{
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};
    enum err_code rc = config_load_text(text, "t.conf", false, &c, &p, &e);

    for (size_t i = 0; p != NULL && i < config_problems_count(p); i++)
        print_error("%s\n", config_problems_get(p, i));
    config_problems_free(p);
    assert_int_equal(rc, ERR_OK);
    assert_non_null(c);
    return c;
}

/* Expects exactly these problems, one a line. */
static void expect(const char *what, const char *text, const char *want)
{
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};
    struct strbuf got;

    strbuf_init(&got, 256 * 1024);
    assert_row(what, config_load_text(text, "t.conf", false, &c, &p, &e) == ERR_CONFIG);
    assert_row(what, c == NULL);
    assert_row(what, p != NULL && config_problems_count(p) > 0);
    for (size_t i = 0; i < config_problems_count(p); i++)
        strbuf_printf(&got, "%s%s", i > 0 ? "\n" : "", config_problems_get(p, i));
    if (strcmp(strbuf_text(&got), want) != 0) {
        print_error("row \"%s\":\n got: %s\nwant: %s\n", what, strbuf_text(&got), want);
        fail();
    }
    assert_row(what, e.code == ERR_CONFIG && strstr(e.text, "t.conf") != NULL);
    strbuf_clear(&got);
    config_problems_free(p);
}

/* ----- what is understood ----- */

static void test_defaults(void **state)
{
    struct config *c = load_ok(VELOSTRATA JENKINS VSPHERE SERVERS);
    const struct policy_config *p = &c->policy;

    (void)state;
    assert_string_equal(c->site_name, "site");
    assert_string_equal(c->deployment, "site");
    assert_true(strlen(c->tz_name) > 0);
    assert_int_equal(p->n_windows, 1);
    assert_int_equal(p->windows[0].days, 0x1f);
    assert_int_equal(p->windows[0].start_min, 540);
    assert_int_equal(p->windows[0].end_min, 1080);
    assert_true(p->lead_auto);
    assert_int_equal(p->drain_start, 0);
    assert_int_equal(p->drain_deadline, 3600);
    assert_int_equal(p->on_drain_deadline, DRAIN_REQUEUE);
    assert_true(p->out_drain_deadline == DURATION_NONE);
    assert_int_equal(p->min_remaining, 45 * 60);
    assert_int_equal(p->dwell_cloud, 20 * 60);
    assert_int_equal(p->dwell_onprem, 10 * 60);
    assert_int_equal(p->max_moves, 2);
    assert_int_equal(p->start_spacing, 20);
    assert_int_equal(p->timeout_out, 20 * 60);
    assert_int_equal(p->timeout_back, 30 * 60);
    assert_int_equal(p->retry_min, 60);
    assert_int_equal(p->retry_max, 1800);
    assert_int_equal(p->retry_jitter, 20);
    assert_int_equal(p->breaker_failures, 5);
    assert_int_equal(p->breaker_open, 3600);
    assert_int_equal(p->n_rerun_delay, 4);
    assert_int_equal(p->rerun_delay[0], 0);
    assert_int_equal(p->rerun_delay[1], 300);
    assert_int_equal(p->rerun_delay[2], 900);
    assert_int_equal(p->rerun_delay[3], 2700);
    assert_int_equal(p->rerun_window, 7200);
    assert_int_equal(p->site_breaker_window, 3600);
    assert_int_equal(p->site_breaker_pause, 1800);
    assert_int_equal(p->foreign_change, FOREIGN_ADOPT);
    assert_null(p->calendar);
    assert_int_equal(p->n_exceptions, 0);
    assert_int_equal(p->hold_cloud_cap, 12 * 3600);
    assert_int_equal(p->auto_first, AUTO_DRY_RUN);
    assert_int_equal(p->extension_linger, 600);
    assert_int_equal(p->poll_moving, 5);
    assert_int_equal(p->stale_after, 90);
    assert_int_equal(p->clock_step, 30);
    assert_int_equal(p->clock_skew, 120);
    assert_string_equal(c->velostrata.api.user, "apiuser");
    assert_int_equal(c->velostrata.api.timeout, 20);
    assert_int_equal(c->velostrata.api.poll, 30);
    assert_int_equal(c->jenkins.poll, 15);
    assert_int_equal(c->vsphere.poll, 20);
    assert_true(c->velostrata.auto_stop);
    assert_string_equal(c->velostrata.storage_policy, "WriteIsolation");
    assert_string_equal(c->velostrata.edge_node, "auto");
    assert_string_equal(c->velostrata.eni_field, "networkInterfaceId");
    assert_true(c->velostrata.api.present && c->jenkins.present && c->vsphere.present);
    assert_false(c->aws.present);
    assert_null(c->aws.region);
    assert_null(c->aws.profile);
    assert_int_equal(c->aws.poll_spot, 10);
    assert_int_equal(c->aws.poll_prices, 300);
    assert_int_equal(c->aws.poll_interfaces, 60);
    assert_null(c->jenkins.ca_file);
    assert_null(c->jenkins.pinned_key);
    assert_int_equal(c->jenkins.trust, TRUST_CA);
    assert_false(c->jenkins.allow_http);
    assert_true(c->jenkins.secret_is_token);
    assert_false(c->vsphere.secret_is_token);
    assert_null(c->jenkins.secret);
    assert_false(c->cost.has_extension_hour);
    assert_int_equal(c->cost.n_prices, 0);
    assert_string_equal(c->ui.theme, "default");
    assert_int_equal(c->ui.color, COLOR_AUTO);
    assert_int_equal(c->ui.glyphs, GLYPHS_AUTO);
    assert_int_equal(c->ui.sync, SYNC_AUTO);
    assert_int_equal(c->ui.time, TIME_SITE);
    assert_true(c->ui.title);
    assert_false(c->ui.plain || c->ui.locked || c->ui.reduce_motion ||
                 c->ui.allow_suspend || c->ui.hangup_continues);
    assert_int_equal(c->ui.undo_window, 5);
    assert_string_equal(c->log.level, "info");
    assert_string_equal(c->log.file, "rushhour.log");
    assert_int_equal(c->log.max_mb, 16);
    assert_int_equal(c->log.keep, 4);
    assert_int_equal(c->n_servers, 1);
    assert_string_equal(c->servers[0].vm_uuid, "");
    assert_string_equal(c->servers[0].eni, "");
    assert_string_equal(c->servers[0].static_address, "");
    assert_string_equal(c->servers[0].subnet, "");
    assert_int_equal(c->servers[0].n_security_groups, 0);
    assert_false(c->servers[0].has_max_price);
    assert_int_equal(c->servers[0].ready_port, 0);
    config_free(c);
}

/* Every kind of value, none of them its default. */
static const char rich[] =
    "site = { name = \"h\\\"a\\\\ifa \xc3\xa4\"; tz = \"Europe/Berlin\"; "
    "deployment = \"fleet-2\" };\n"
    "policy = { window = [\"Mon-Fri 08:00-12:30\", \"Sat 22:00-02:00\"]\n"
    "  lead = \"30m\" drain_start = \"-45m\" out_drain_deadline = \"15m\"\n"
    "  on_drain_deadline = \"abort\" max_moves = 4 retry_jitter = 0x10\n"
    "  rerun_delay = [\"0s\", \"90s\"] auto = \"on\" stale_after = \"1h\" }\n"
    "velostrata = { url = \"https://v.example:8443/api/v25\"; user = \"op\"\n"
    "  password_command = [\"pass\", \"show\", \"a b\"] cloud_extension = \"ce-1\"\n"
    "  pinned_key = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n"
    "  auto_stop = false storage_policy = \"Writeback\" edge_node = \"NodeB\" }\n"
    "jenkins = { url = \"http://127.0.0.1:8080/\" user = \"u\" token_env = \"JT\" }\n"
    "vsphere = { url = \"http://esx.example/sdk\" allow_http = true user = \"u\"\n"
    "  password_credential = \"esx\" connect_to = \"10.0.0.1:443\" }\n"
    "aws = { region = \"eu-west-1\" endpoint_ec2 = \"http://localhost:5000/\"\n"
    "  poll_spot = \"5s\" }\n"
    "lock = { etcd = [\"https://e1:2379\", \"http://127.0.0.1:2379\"]\n"
    "  ttl = \"2m\" timeout = \"3s\" user = \"u\" }\n"
    "cost = { cloud_extension_hour = 0.266 prices = (\n"
    "  { type = \"c5.2xlarge\" on_demand = 0.384 spot = \"0.14\" },\n"
    "  { type = \"m5.2xlarge\" spot = 1 }) }\n"
    "ui = { color = 256 time = \"utc\" on_hangup = \"continue\" title = false }\n"
    "keys = { move = \"m\" redraw = \"ctrl-l\" }\n"
    "log = { level = \"debug\" keep = 0 }\n"
    "servers = {\n" SERVER(
        "cache", "eni = \"eni-0a1b\" max_price = 0.25 ready_port = 22\n" RICH_ZONES)
        SERVER("write-back", "static_address = \"10.0.1.11\" subnet = \"subnet-1\" "
                             "security_groups = [\"sg-1\", \"sg-2\"]") "}\n";

static void test_values(void **state)
{
    struct config *c = load_ok(rich);

    (void)state;
    assert_string_equal(c->site_name, "h\"a\\ifa \xc3\xa4");
    assert_string_equal(c->deployment, "fleet-2");
    assert_int_equal(c->policy.n_windows, 2);
    assert_int_equal(c->policy.windows[1].days, 0x40);
    assert_int_equal(c->policy.windows[1].end_min, 120);
    assert_false(c->policy.lead_auto);
    assert_int_equal(c->policy.lead, 1800);
    assert_int_equal(c->policy.drain_start, -2700);
    assert_int_equal(c->policy.out_drain_deadline, 900);
    assert_int_equal(c->policy.on_drain_deadline, DRAIN_ABORT);
    assert_int_equal(c->policy.retry_jitter, 16);
    assert_int_equal(c->policy.n_rerun_delay, 2);
    assert_int_equal(c->policy.rerun_delay[1], 90);
    assert_int_equal(c->policy.auto_first, AUTO_ON);
    assert_int_equal(c->velostrata.api.n_secret_command, 3);
    assert_string_equal(c->velostrata.api.secret_command[2], "a b");
    assert_int_equal(c->velostrata.api.trust, TRUST_PIN_ONLY);
    assert_false(c->velostrata.auto_stop);
    assert_string_equal(c->jenkins.secret_env, "JT");
    assert_true(c->aws.present);
    assert_int_equal(c->lock.n_etcd, 2);
    assert_string_equal(c->lock.etcd[1], "http://127.0.0.1:2379");
    assert_int_equal(c->lock.ttl, 120);
    assert_int_equal(c->lock.renew, 15);
    assert_int_equal(c->lock.api.timeout, 3);
    assert_string_equal(c->lock.api.user, "u");
    assert_int_equal(c->cost.extension_hour.nanos, 266000000);
    assert_int_equal(c->cost.n_prices, 2);
    assert_true(c->cost.prices[0].has_on_demand && c->cost.prices[0].has_spot);
    assert_int_equal(c->cost.prices[0].on_demand.nanos, 384000000);
    assert_int_equal(c->cost.prices[0].spot.nanos, 140000000);
    assert_false(c->cost.prices[1].has_on_demand);
    assert_int_equal(c->cost.prices[1].spot.nanos, USD_NANOS);
    assert_int_equal(c->ui.color, COLOR_256);
    assert_true(c->ui.hangup_continues);
    assert_int_equal(c->n_keys, 2);
    assert_string_equal(c->keys[1].action, "redraw");
    assert_string_equal(c->keys[1].key, "ctrl-l");
    assert_int_equal(c->n_servers, 2);
    assert_string_equal(c->servers[1].name, "write-back");
    assert_int_equal(c->servers[1].n_security_groups, 2);
    assert_ptr_equal(config_server_find(c, "write-back"), &c->servers[1]);
    assert_null(config_server_find(c, "nobody"));
    assert_int_equal(c->servers[0].max_price.nanos, 250000000);
    assert_int_equal(c->servers[0].ready_port, 22);
    assert_int_equal(c->servers[0].n_zones, 2);
    assert_ptr_equal(config_zone_find(&c->servers[0], "eu-west-1c"),
                     &c->servers[0].zones[1]);
    assert_null(config_zone_find(&c->servers[0], "eu-west-1a"));
    config_free(c);
}

static void test_amounts(void **state)
{
    /* clang-format off */
    static const struct { const char *text; int64_t nanos; } rows[] = {
        {"0.266", 266000000}, {"\"0.266\"", 266000000}, {"2", 2 * USD_NANOS}, {"0", 0},
        {"0.000000001", 1}, {"1e-5", 10000}, {"1234.5", 1234500000000}, {"0.1", 100000000},
        {"0.07", 70000000}, {"1e3", 1000 * USD_NANOS}, {"99.99", 99990000000}, {"0.30000000000000004", 300000000},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[1024];
        struct config *c;

        assert_true(str_format(text, sizeof(text),
                               "cost = { cloud_extension_hour = %s }\n%s", rows[i].text,
                               WHOLE));
        c = load_ok(text);
        assert_row(rows[i].text, c->cost.extension_hour.nanos == rows[i].nanos);
        config_free(c);
    }
}

/* ----- what is refused ----- */

static void test_errors(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *want; } rows[] = {
        {"unknown option, near", IN_POLICY("max_move = 2"),
         "t.conf:1: policy.max_move: there is no such option: did you mean max_moves?"},
        {"unknown option, of another section", IN_POLICY("theme = \"x\""),
         "t.conf:1: policy.theme: there is no such option here: it belongs to section ui"},
        {"unknown option, far", IN_POLICY("colour_of_month = 250.0"),
         "t.conf:1: policy.colour_of_month: there is no such option: rushhour.conf(5) lists all"},
        {"unknown section, near", WITH("polcy = { }"),
         "t.conf:1: polcy: there is no such section: did you mean policy?"},
        {"option without its section", WITH("max_moves = 2"),
         "t.conf:1: max_moves: it belongs to a section: write policy = { max_moves = ... }"},
        {"unknown section, far", WITH("weather = { }"),
         "t.conf:1: weather: there is no such section: rushhour.conf(5) lists all"},
        {"section is no group", WITH("policy = 3"),
         "t.conf:1: policy: it is a whole number and must be a group: write policy = { ... }"},
        {"number for a duration", IN_POLICY("lead = 25"),
         "t.conf:1: policy.lead: it is a whole number and must be a duration in quotes: write lead = \"auto\""},
        {"no duration", IN_POLICY("min_remaining = \"soon\""),
         "t.conf:1: policy.min_remaining: \"soon\" is not a duration like 90s, 25m, 1h30m or 7d: write min_remaining = \"45m\""},
        {"duration out of range", IN_POLICY("timeout_out = \"2s\""),
         "t.conf:1: policy.timeout_out: \"2s\" is not within 1m and 1d00h: write timeout_out = \"20m\""},
        {"negative duration", IN_POLICY("dwell_cloud = \"-5m\""),
         "t.conf:1: policy.dwell_cloud: \"-5m\" is not within 0s and 1d00h: write dwell_cloud = \"20m\""},
        {"none where it is not meant", IN_POLICY("dwell_cloud = \"none\""),
         "t.conf:1: policy.dwell_cloud: \"none\" is not a duration like 90s, 25m, 1h30m or 7d: write dwell_cloud = \"20m\""},
        {"text for a number", IN_POLICY("max_moves = \"2\""),
         "t.conf:1: policy.max_moves: it is a text and must be a whole number: write max_moves = 2"},
        {"fraction for a number", IN_POLICY("max_moves = 2.5"),
         "t.conf:1: policy.max_moves: it is a number with a point and must be a whole number: write max_moves = 2"},
        {"number out of range", IN_POLICY("max_moves = 0"),
         "t.conf:1: policy.max_moves: 0 is not within 1..64: write max_moves = 2"},
        {"percent out of range", IN_POLICY("retry_jitter = 101"),
         "t.conf:1: policy.retry_jitter: 101 is not within 0..100: write retry_jitter = 20"},
        {"text for a switch", WITH("ui = { title = \"yes\" }"),
         "t.conf:1: ui.title: it is a text and must be true or false: write title = true"},
        {"no such choice", IN_POLICY("on_drain_deadline = \"kill\""),
         "t.conf:1: policy.on_drain_deadline: \"kill\" is not one of requeue|wait|abort: write on_drain_deadline = \"requeue\""},
        {"no such choice by number", WITH("ui = { color = 88 }"),
         "t.conf:1: ui.color: \"88\" is not one of auto|mono|8|16|256|direct: write color = \"auto\""},
        {"text for a list", IN_POLICY("window = \"Sun-Thu 09:00-18:00\""),
         "t.conf:1: policy.window: it is a text and must be a list of texts [ ]: write window = [\"Sun-Thu 09:00-18:00\"]"},
        {"empty list", IN_POLICY("window = [ ]"),
         "t.conf:1: policy.window: the list is empty: write window = [\"Sun-Thu 09:00-18:00\"]"},
        {"numbers in a list", IN_POLICY("rerun_delay = [0, 5]"),
         "t.conf:1: policy.rerun_delay: an item of the list is no text: write rerun_delay = [\"0m\", \"5m\", \"15m\", \"45m\"]"},
        {"no window", IN_POLICY("window = [\"weekdays 9-18\"]"),
         "t.conf:1: policy.window: \"weekdays 9-18\" is not a day: days are Sun Mon Tue Wed Thu Fri Sat, with commas (\"Sun,Tue\") or as one range (\"Sun-Thu\"): write window = [\"Sun-Thu 09:00-18:00\"]"},
        {"too many windows", IN_POLICY("window = [\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\",\"Sun 01:00-02:00\"]"),
         "t.conf:1: policy.window: it has more than 16 items: write window = [\"Sun-Thu 09:00-18:00\"]"},
        {"amount with a comma", WITH("cost = { cloud_extension_hour = \"0,266\" }"),
         "t.conf:1: cost.cloud_extension_hour: \"0,266\" is not an amount like 0.0692: write cloud_extension_hour = 0.266"},
        {"negative amount", WITH("cost = { cloud_extension_hour = -1 }"),
         "t.conf:1: cost.cloud_extension_hour: -1 is negative: write cloud_extension_hour = 0.266"},
        {"negative budget", IN_POLICY("budget_month = -5"),
         "t.conf:1: policy.budget_month: -5 is negative: write budget_month = 250.00"},
        {"budget beyond all amounts", IN_POLICY("budget_month = 9223372036.9"),
         "t.conf:1: policy.budget_month: \"9223372036.9\" is too large an amount: write budget_month = 250.00"},
        {"budget beyond all numbers", IN_POLICY("budget_month = 99999999999"),
         "t.conf:1: the number 99999999999 is too large"},
        {"budget that wraps below nothing", IN_POLICY("budget_month = 9999999999999999999999"),
         "t.conf:1: the number 9999999999999999999999 is too large"},
        {"negative monthly amount", WITH("cost = { vpn_month = -0.01 }"),
         "t.conf:1: cost.vpn_month: -0.01 is negative: write vpn_month = 0"},
        {"negative price", WITH("cost = { prices = ( { type = \"c5.large\" spot = -1 } ) }"),
         "t.conf:1: cost.prices[0].spot: -1 is negative: write spot = 0.14"},
        {"a price beyond all amounts", WITH("cost = { prices = ( { type = \"c5.large\" on_demand = 1e11 } ) }"),
         "t.conf:1: cost.prices[0].on_demand: \"100000000000\" is too large an amount: write on_demand = 0.384"},
        {"negative disk", WITH("cost = { extension_disk_gb = -1 }"),
         "t.conf:1: cost.extension_disk_gb: -1 is not within 0..1000000: write extension_disk_gb = 0"},
        {"a window that ends when it starts", IN_POLICY("window = [\"Sun-Thu 09:00-09:00\"]"),
         "t.conf:1: policy.window: \"Sun-Thu 09:00-09:00\" ends when it starts: for a whole day write 00:00-24:00: write window = [\"Sun-Thu 09:00-18:00\"]"},
        {"a window beyond the day", IN_POLICY("window = [\"Sun-Thu 09:00-25:00\"]"),
         "t.conf:1: policy.window: \"Sun-Thu 09:00-25:00\" is not a window like \"Sun-Thu 09:00-18:00\" (two digits for hours and minutes, 00:00 to 24:00): write window = [\"Sun-Thu 09:00-18:00\"]"},
        {"too fine an amount", WITH("cost = { cloud_extension_hour = 1e-12 }"),
         "t.conf:1: cost.cloud_extension_hour: \"0.000000000001\" has more than nine decimals: write cloud_extension_hour = 0.266"},
        {"price without a type", WITH("cost = { prices = ( { spot = 1 } ) }"),
         "t.conf:1: cost.prices[0].type: it is missing: write type = \"c5.2xlarge\""},
        {"a price is a group", WITH("cost = { prices = ( 3 ) }"),
         "t.conf:1: cost.prices: an item of the list is no group { }: write prices = ( { type = \"c5.2xlarge\" on_demand = 0.384 } )"},
        {"empty text", "site = { name = \"\" }\n" VELOSTRATA JENKINS VSPHERE SERVERS,
         "t.conf:1: site.name: it is empty: leave the option out instead: write name = \"site\""},
        {"control character", "site = { name = \"a\\x1b[2J\" }\n" VELOSTRATA JENKINS VSPHERE SERVERS,
         "t.conf:1: site.name: it has control or hidden characters in it: write name = \"site\""},
        {"text in another direction", "site = { name = \"a\xe2\x80\xae\" }\n" VELOSTRATA JENKINS VSPHERE SERVERS,
         "t.conf:1: site.name: it has control or hidden characters in it: write name = \"site\""},
        {"a tab in a text", "site = { name = \"a\\tb\" }\n" VELOSTRATA JENKINS VSPHERE SERVERS,
         "t.conf:1: site.name: it has control or hidden characters in it: write name = \"site\""},
        {"too long a text", "site = { name = \"0123456789012345678901234567890123456789012345678901234567890123\" }\n" VELOSTRATA JENKINS VSPHERE SERVERS,
         "t.conf:1: site.name: it is longer than 63 bytes: write name = \"site\""},
        {"an item out of range", IN_POLICY("rerun_delay = [\"25h\"]"),
         "t.conf:1: policy.rerun_delay: \"25h\" is not within 0s and 24h: write rerun_delay = [\"0m\", \"5m\", \"15m\", \"45m\"]"},
        {"an endless amount", WITH("cost = { cloud_extension_hour = 1e999 }"),
         "t.conf:1: cost.cloud_extension_hour: \"infinite\" is not an amount like 0.0692: write cloud_extension_hour = 0.266"},
        {"a huge amount", WITH("cost = { cloud_extension_hour = 1e30 }"),
         "t.conf:1: cost.cloud_extension_hour: \"9999999999999999999\" is too large an amount: write cloud_extension_hour = 0.266"},
        {"a tiny amount is not nothing", WITH("cost = { cloud_extension_hour = 1e-30 }"),
         "t.conf:1: cost.cloud_extension_hour: \"0.0000000000000000001\" has more than nine decimals: write cloud_extension_hour = 0.266"},
        {"a negative fraction", WITH("cost = { cloud_extension_hour = -0.5 }"),
         "t.conf:1: cost.cloud_extension_hour: -0.5 is negative: write cloud_extension_hour = 0.266"},
        {"a switch for an amount", WITH("cost = { cloud_extension_hour = true }"),
         "t.conf:1: cost.cloud_extension_hour: it is true or false and must be an amount: write cloud_extension_hour = 0.266"},
        {"a list for a word", WITH("log = { level = [\"info\"] }"),
         "t.conf:1: log.level: it is a list and must be one word in quotes: write level = \"info\""},
        {"a group for a text", WITH("ui = { theme = { } }"),
         "t.conf:1: ui.theme: it is a group { } and must be a text in quotes: write theme = \"default\""},
        {"a text for prices", WITH("cost = { prices = \"cheap\" }"),
         "t.conf:1: cost.prices: it is a text and must be a list of groups ( ): write prices = ( { type = \"c5.2xlarge\" on_demand = 0.384 } )"},
        {"keys are texts", WITH("keys = { move = 3 }"),
         "t.conf:1: keys.move: it must be the name of a key: write move = \"ctrl-l\""},
        {"retry limits crossed", IN_POLICY("retry_min = \"1h\""),
         "t.conf:1: policy.retry_min: it is longer than retry_max: make it shorter, or retry_max longer"},
        {"marks of pressure crossed", IN_POLICY("pressure_low = 10"),
         "t.conf:1: policy.pressure_low: it is not below pressure_high: make it less, or pressure_high more"},
        {"drain limits crossed", IN_POLICY("drain_start = \"2h\""),
         "t.conf:1: policy.drain_start: it is after drain_deadline: begin earlier, or make drain_deadline later"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(rows[i].what, rows[i].text, rows[i].want);
}

#define API(text) SITE VELOSTRATA JENKINS "vsphere = { " text " }\n" SERVERS
#define ESX       "url = \"https://e.example/sdk\" user = \"u\" "
#define PIN       "pinned_key = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\" "

static void test_api_errors(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *want; } rows[] = {
        {"a password in the file", API(ESX "password = \"hunter2\""),
         "t.conf:6: vsphere.password: no secret may be in this file, others can read it: write password_file = \"FILE\" (or password_env, password_command, password_credential)"},
        {"a token in the file", SITE VELOSTRATA VSPHERE SERVERS "jenkins = { url = \"https://j.example\" user = \"u\" token = \"hunter2\" }",
         "t.conf:12: jenkins.token: no secret may be in this file, others can read it: write token_file = \"FILE\" (or token_env, token_command, token_credential)"},
        {"an AWS key in the file", WITH("aws = { secret_access_key = \"hunter2\" }"),
         "t.conf:1: aws.secret_access_key: no secret may be in this file, others can read it: use profile, or the environment, as the AWS tools do"},
        {"two sources", API(ESX "password_file = \"a\" password_env = \"B\""),
         "t.conf:6: vsphere.password_env: the secret has a source already, password_file: keep one of them"},
        {"no url, no user", API(""),
         "t.conf:6: vsphere.url: it is missing: write url = \"https://esx1.example/sdk\"\n"
         "t.conf:6: vsphere.user: it is missing: write user = \"rushhour\""},
        {"http beyond loopback", API("url = \"http://esx.example/sdk\" user = \"u\""),
         "t.conf:6: vsphere.url: \"http://esx.example/sdk\" would send passwords in the clear: use https:// (or set allow_http = true)"},
        {"loopback by prefix only", API("url = \"http://127.evil.example/sdk\" user = \"u\""),
         "t.conf:6: vsphere.url: \"http://127.evil.example/sdk\" would send passwords in the clear: use https:// (or set allow_http = true)"},
        {"another scheme", API("url = \"ftp://esx.example/sdk\" user = \"u\""),
         "t.conf:6: vsphere.url: \"ftp://esx.example/sdk\" does not begin with https://"},
        {"a password in the url", API("url = \"https://u:hunter2@esx.example/sdk\" user = \"u\""),
         "t.conf:6: vsphere.url: it names a user before the @: user and password have options of their own"},
        {"no host", API("url = \"https:///sdk\" user = \"u\""),
         "t.conf:6: vsphere.url: \"https:///sdk\" names no host"},
        {"a port that is none", API("url = \"https://esx:x/sdk\" user = \"u\""),
         "t.conf:6: vsphere.url: \"https://esx:x/sdk\" has no usable port"},
        {"a query", API("url = \"https://esx/sdk?a=b\" user = \"u\""),
         "t.conf:6: vsphere.url: \"https://esx/sdk?a=b\" has spaces, quotes or a query in it: a base URL has none"},
        {"trust without a pin", API(ESX "trust = \"pin-only\""),
         "t.conf:6: vsphere.trust: \"pin-only\" needs a pinned_key: add it, or write \"ca\""},
        {"ca+pin without a pin", API(ESX "trust = \"ca+pin\""),
         "t.conf:6: vsphere.trust: \"ca+pin\" needs a pinned_key: add it, or write \"ca\""},
        {"ca ignores the pin", API(ESX PIN "trust = \"ca\""),
         "t.conf:6: vsphere.trust: \"ca\" would ignore pinned_key: write \"ca+pin\", or leave pinned_key out"},
        {"pin-only ignores the CA", API(ESX PIN "ca_file = \"/dev/null\" trust = \"pin-only\""),
         "t.conf:6: vsphere.trust: \"pin-only\" would ignore ca_file: write \"ca+pin\", or leave ca_file out"},
        {"a broken pin", API(ESX "pinned_key = \"sha256//AAAA=\""),
         "t.conf:6: vsphere.pinned_key: it is no fingerprint: write sha256// and 44 signs of base64, as \"rushhour doctor\" prints it"},
        {"another kind of pin", API(ESX "pinned_key = \"sha1//AAAA=\""),
         "t.conf:6: vsphere.pinned_key: \"sha1//AAAA=\" does not begin with sha256//: write pinned_key = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""},
        {"no insecure mode", API(ESX "trust = \"insecure\""),
         "t.conf:6: vsphere.trust: \"insecure\" is not one of ca|ca+pin|pin-only: write trust = \"ca\""},
        {"a lock's renewals are too rare", WITH("lock = { etcd = [\"https://e:2379\"] renew = \"31s\" }"),
         "t.conf:1: lock.renew: 31s is more than a third of ttl (90s): a renewal that is lost must do no harm"},
        {"a lease shorter than a call", WITH("lock = { etcd = [\"https://e:2379\"] ttl = \"40s\" renew = \"10s\" }"),
         "t.conf:1: lock.ttl: a lease of 40s may end before a call does: write 45s or more (renew, its timeout, the longest timeout of a call, 10 s)"},
        {"a lease shorter than a launch", WITH(AWS "lock = { etcd = [\"https://e:2379\"] ttl = \"60s\" }"),
         "t.conf:2: lock.ttl: a lease of 60s may end before a call does: write 70s or more (renew, its timeout, the longest timeout of a call, 10 s)"},
        {"etcd in the clear", WITH("lock = { etcd = [\"https://e:2379\", \"http://f:2379\"] }"),
         "t.conf:1: lock.etcd: \"http://f:2379\" would send passwords in the clear: use https:// (or set allow_http = true)"},
        {"an etcd password without a user", WITH("lock = { etcd = [\"https://e:2379\"] password_env = \"P\" }"),
         "t.conf:1: lock: a password without a user: add user = \"NAME\""},
        {"missing CA file", API(ESX "ca_file = \"/nonexistent/ca.pem\""),
         "t.conf:6: vsphere.ca_file: /nonexistent/ca.pem cannot be read: No such file or directory"},
        {"a key without its certificate", API(ESX "client_key_file = \"k.pem\""),
         "t.conf:6: vsphere.client_key_file: a key without its certificate: add client_cert"},
        {"a number for a file", API(ESX "ca_file = 5"),
         "t.conf:6: vsphere.ca_file: it is a whole number and must be a file name in quotes: write ca_file = \"vsphere-ca.pem\""},
        {"home is not expanded", API(ESX "password_file = \"~/esx.secret\""),
         "t.conf:6: vsphere.password_file: ~ means nothing here: write the whole path: write password_file = \"vsphere.secret\""},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect(rows[i].what, rows[i].text, rows[i].want);
        assert_row(rows[i].what, strstr(rows[i].want, "hunter2") == NULL);
    }
}

#define TWO(more, other)                                                                 \
    SITE VELOSTRATA JENKINS VSPHERE "servers = {\n" SERVER("cache", more)                \
        SERVER("disk", other) "}\n"

static void test_server_errors(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *want; } rows[] = {
        {"no servers", SITE VELOSTRATA JENKINS VSPHERE "servers = { }",
         "t.conf:8: servers: there is none: write cache = { vm = ... }"},
        {"no section servers", SITE VELOSTRATA JENKINS VSPHERE,
         "t.conf:1: the section servers is missing: write servers = { ... } (the servers, a group for each)"},
        {"an empty server", SITE VELOSTRATA JENKINS VSPHERE "servers = {\n cache = { } }",
         "t.conf:9: servers.cache.vm: it is missing: write vm = \"tests-cache\"\n"
         "t.conf:9: servers.cache.mover: it is missing: write mover = \"velostrata\"\n"
         "t.conf:9: servers.cache.onprem_node: it is missing: write onprem_node = \"tests-cache\"\n"
         "t.conf:9: servers.cache.cloud_node: it is missing: write cloud_node = \"tests-cache-cloud\"\n"
         "t.conf:9: servers.cache.instance_types: it is missing: write instance_types = [\"c5.2xlarge\", \"c5a.2xlarge\"]"},
        {"a server is a group", SITE VELOSTRATA JENKINS VSPHERE "servers = {\n cache = 3 }",
         "t.conf:9: servers.cache: it is a whole number and must be a group: write cache = { vm = ... }"},
        {"too long a name", SITE VELOSTRATA JENKINS VSPHERE "servers = {\n" SERVER("a", "") " a123456789012345678901234567890123456789012345678901234567890123 = { } }",
         "t.conf:13: servers.a123456789012345678901234567890123456789012345678901234567890123: the name is longer than 63 bytes: choose a shorter one"},
        {"an ENI used twice", TWO("eni = \"eni-1\"", "eni = \"eni-1\""),
         "t.conf:16: servers.disk.eni: the ENI eni-1 is that of servers.cache.eni already: every server needs its own"},
        {"an address used twice", TWO("static_address = \"10.0.0.1\"", "static_address = \"10.0.0.1\""),
         "t.conf:16: servers.disk.static_address: the address 10.0.0.1 is that of servers.cache.static_address already: every server needs its own"},
        {"no ENI", TWO("eni = \"vpc-1\"", ""),
         "t.conf:12: servers.cache.eni: \"vpc-1\" does not begin with eni-: write eni = \"eni-0a1b2c3d\""},
        {"port out of range", TWO("ready_port = 65536", ""),
         "t.conf:12: servers.cache.ready_port: 65536 is not within 0..65535: write ready_port = 0"},
        {"a node used twice",
         SITE VELOSTRATA JENKINS VSPHERE "servers = { a = { vm = \"a\" mover = \"velostrata\" onprem_node = \"n\"\n"
         "cloud_node = \"n\" instance_types = [\"t\"] } }",
         "t.conf:9: servers.a.cloud_node: the Jenkins node n is that of servers.a.onprem_node already: every server needs its own"},
        {"a VM used twice",
         SITE VELOSTRATA JENKINS VSPHERE "servers = { a = { vm = \"x\" mover = \"velostrata\" onprem_node = \"a\" cloud_node = \"b\" instance_types = [\"t\"] }\n"
         "b = { vm = \"x\" mover = \"velostrata\" onprem_node = \"c\" cloud_node = \"d\" instance_types = [\"t\"] } }",
         "t.conf:9: servers.b.vm: the VM x is that of servers.a.vm already: every server needs its own"},
        {"unknown mover",
         SITE VELOSTRATA JENKINS VSPHERE "servers = { a = { vm = \"x\" mover = \"truck\" onprem_node = \"a\" cloud_node = \"b\" instance_types = [\"t\"] } }",
         "t.conf:8: servers.a.mover: \"truck\" is not one of velostrata|ec2: write mover = \"velostrata\""},
        {"its mover's section is missing", SITE JENKINS VSPHERE SERVERS,
         "t.conf:7: servers.cache.mover: \"velostrata\" needs the section velostrata: write velostrata = { url = ... }"},
        {"the other mover's section is missing", SITE JENKINS VSPHERE EC2("image = \"ami-1\"", "eni = \"eni-1\""),
         "t.conf:6: servers.a.mover: \"ec2\" needs the section aws: write aws = { region = ... }"},
        {"nothing to launch", SITE JENKINS VSPHERE AWS EC2("", "eni = \"eni-1\""),
         "t.conf:7: servers.a.mover: \"ec2\" needs what is to be launched: write launch_template = \"NAME\" or image = \"ami-...\""},
        {"two things to launch", SITE JENKINS VSPHERE AWS EC2("image = \"ami-1\" launch_template = \"t\"", "eni = \"eni-1\""),
         "t.conf:8: servers.a.image: launch_template says what is launched already: keep one of them"},
        {"an interface and what it has", SITE JENKINS VSPHERE AWS EC2("image = \"ami-1\"", "eni = \"eni-1\" subnet = \"subnet-1\" security_groups = [\"sg-1\"]"),
         "t.conf:9: servers.a.subnet: the interface has its own: leave it out, or leave eni out\n"
         "t.conf:9: servers.a.security_groups: the interface has its own: leave it out, or leave eni out"},
        {"an address without its interface", SITE JENKINS VSPHERE AWS EC2("image = \"ami-1\"", "static_address = \"10.0.0.1\""),
         "t.conf:9: servers.a.static_address: with the mover ec2 the address is that of the interface: write eni = \"eni-...\""},
        {"user data that is not there", SITE JENKINS VSPHERE AWS EC2("image = \"ami-1\" user_data_file = \"/nowhere/x\"", ""),
         "t.conf:8: servers.a.user_data_file: /nowhere/x: there is no such file"},
        {"ec2's options elsewhere", TWO("key_name = \"k\" handover = \"overlap\"", ""),
         "t.conf:12: servers.cache.key_name: only the mover ec2 knows it: leave it out, or write mover = \"ec2\"\n"
         "t.conf:12: servers.cache.handover: only the mover ec2 knows it: leave it out, or write mover = \"ec2\""},
        {"no Jenkins, no vSphere", SITE VELOSTRATA SERVERS,
         "t.conf:1: the section jenkins is missing: write jenkins = { ... } (Jenkins, whose nodes the servers are)\n"
         "t.conf:1: the section vsphere is missing: write vsphere = { ... } (the ESX host at home)"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(rows[i].what, rows[i].text, rows[i].want);
}

/* The zone's own types and cap win over the server's; on-demand comes last. */
static void test_offerings(void **state)
{
    static const struct {
        const char *type, *zone, *eni, *node, *subnet;
        enum lifecycle lifecycle;
        int64_t cap; /* -1 = none */
    } want[] = {
        /* clang-format off */
        {"c5.2xlarge", "",           "eni-1", "cache-cloud", "",         LIFECYCLE_SPOT,      -1},
        {"c5.2xlarge", "eu-west-1b", "eni-b", "cache-b",     "",         LIFECYCLE_SPOT,      -1},
        {"m5.2xlarge", "eu-west-1c", "eni-c", "cache-c",     "subnet-c", LIFECYCLE_SPOT,      200000000},
        {"c5.2xlarge", "eu-west-1c", "eni-c", "cache-c",     "subnet-c", LIFECYCLE_SPOT,      200000000},
        {"c5.2xlarge", "",           "eni-1", "cache-cloud", "",         LIFECYCLE_ON_DEMAND, 400000000},
        {"c5.2xlarge", "eu-west-1b", "eni-b", "cache-b",     "",         LIFECYCLE_ON_DEMAND, 400000000},
        {"m5.2xlarge", "eu-west-1c", "eni-c", "cache-c",     "subnet-c", LIFECYCLE_ON_DEMAND, 400000000},
        {"c5.2xlarge", "eu-west-1c", "eni-c", "cache-c",     "subnet-c", LIFECYCLE_ON_DEMAND, 400000000},
        /* clang-format on */
    };
    struct config *c =
        load_ok(SITE VELOSTRATA JENKINS VSPHERE
                "policy = { on_demand = true on_demand_max_price = 0.4 }\n"
                "servers = {\n" SERVER("cache", "eni = \"eni-1\"\n" RICH_ZONES) "}\n");
    const struct server_config *s = &c->servers[0];

    (void)state;
    assert_int_equal(s->n_offerings, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct offering *o = &s->offerings[i];

        assert_string_equal(o->type, want[i].type);
        assert_string_equal(o->zone, want[i].zone);
        assert_string_equal(o->eni, want[i].eni);
        assert_string_equal(o->cloud_node, want[i].node);
        assert_string_equal(o->subnet, want[i].subnet);
        assert_int_equal(o->lifecycle, want[i].lifecycle);
        assert_int_equal(o->has_max_price ? o->max_price.nanos : -1, want[i].cap);
    }
    config_free(c);

    /* A server's cap is that of its zones, and the price on-demand has its own. */
    c = load_ok(SITE VELOSTRATA JENKINS VSPHERE
                "servers = {\n" SERVER("cache", "max_price = 0.3\n" RICH_ZONES) "}\n");
    assert_int_equal(c->servers[0].n_offerings, 4);
    assert_int_equal(c->servers[0].offerings[1].max_price.nanos, 300000000);
    config_free(c);
}

#define ZONES(text)    TWO("eni = \"eni-1\"\nzones = { " text " }", "")
#define ZONE(name, id) name " = { eni = \"eni-" id "\" cloud_node = \"cache-" id "\" }\n"

static void test_zone_errors(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *want; } rows[] = {
        {"a zone without its own interface and node", ZONES("us-east-1b = { }"),
         "t.conf:13: servers.cache.zones.us-east-1b.eni: it is missing: write eni = \"eni-0b1c2d3e\"\n"
         "t.conf:13: servers.cache.zones.us-east-1b.cloud_node: it is missing: write cloud_node = \"tests-cache-cloud-b\""},
        {"the server's own interface", ZONES(ZONE("us-east-1b", "1")),
         "t.conf:13: servers.cache.zones.us-east-1b.eni: the ENI eni-1 is that of servers.cache.eni already: every zone needs its own"},
        {"an interface in two zones", ZONES(ZONE("us-east-1b", "2") "us-east-1c = { eni = \"eni-2\" cloud_node = \"x\" }"),
         "t.conf:14: servers.cache.zones.us-east-1c.eni: the ENI eni-2 is that of servers.cache.zones.us-east-1b.eni already: every zone needs its own"},
        {"another server's interface and node", TWO("zones = { " ZONE("us-east-1b", "2") "}", "eni = \"eni-2\"\nzones = { us-east-1b = { eni = \"eni-3\"\ncloud_node = \"cache-2\" } }"),
         "t.conf:17: servers.disk.eni: the ENI eni-2 is that of servers.cache.zones.us-east-1b.eni already: every server needs its own\n"
         "t.conf:19: servers.disk.zones.us-east-1b.cloud_node: the Jenkins node cache-2 is that of servers.cache.zones.us-east-1b.cloud_node already: every zone needs its own"},
        {"the node at home", ZONES("us-east-1b = { eni = \"eni-2\" cloud_node = \"cache-home\" }"),
         "t.conf:13: servers.cache.zones.us-east-1b.cloud_node: the Jenkins node cache-home is that of servers.cache.onprem_node already: every zone needs its own"},
        {"no zone's name", ZONES(ZONE("b", "2") ZONE("useast1b", "3") ZONE("us-east-1", "4")),
         "t.conf:13: servers.cache.zones.b: it is no zone: write us-east-1b = { eni = ... }\n"
         "t.conf:14: servers.cache.zones.useast1b: it is no zone: write us-east-1b = { eni = ... }\n"
         "t.conf:15: servers.cache.zones.us-east-1: it is no zone: write us-east-1b = { eni = ... }"},
        {"a zone of another region", "aws = { region = \"eu-west-1\" }\n" ZONES(ZONE("us-east-1b", "2")),
         "t.conf:14: servers.cache.zones.us-east-1b: it is not in the region of aws.region, eu-west-1"},
        {"a zone is a group", ZONES("us-east-1b = 3"),
         "t.conf:13: servers.cache.zones.us-east-1b: it is a whole number and must be a group: write us-east-1b = { eni = ... }"},
        {"zones are a group", TWO("zones = [\"us-east-1b\"]", ""),
         "t.conf:12: servers.cache.zones: it is a list and must be a group { } of groups: write zones = { us-east-1b = { eni = \"eni-0b1c2d3e\" cloud_node = \"tests-cache-cloud-b\" } }"},
        {"too many zones", ZONES("a-1a = {} a-1b = {} a-1c = {} a-1d = {} a-1e = {} a-1f = {}"),
         "t.conf:13: servers.cache.zones: more than 5 zones"},
        {"an unknown option of a zone", ZONES("us-east-1b = { eni = \"eni-2\" cloud_node = \"x\" max_prise = 1 }"),
         "t.conf:13: servers.cache.zones.us-east-1b.max_prise: there is no such option: did you mean max_price?"},
        {"a type said twice", ZONES("us-east-1b = { eni = \"eni-2\" cloud_node = \"x\"\ninstance_types = [\"t\", \"u\", \"t\"] }"),
         "t.conf:14: servers.cache.zones.us-east-1b.instance_types: t is there twice: once is enough"},
        {"on-demand without a bound", IN_POLICY("\n on_demand = true"),
         "t.conf:2: policy.on_demand: it needs the most that it may cost: write on_demand_max_price = 0.40"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(rows[i].what, rows[i].text, rows[i].want);
}

/* What an ec2 server is launched from; no Velostrata is needed, and the text of the user
 * data is there. It reads back as it was printed. */
static void test_ec2(void **state)
{
    char path[] = "/tmp/rushhour-test-XXXXXX", text[4096];
    int fd = mkstemp(path);
    struct config *c;
    struct strbuf b;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    assert_int_equal(close(fd), 0);
    assert_true(str_format(
        text, sizeof(text),
        SITE JENKINS VSPHERE AWS
        "policy = { max_overlap = \"15m\" }\n"
        "servers = { a = { vm = \"a\" mover = \"ec2\" launch_template = \"t:3\"\n"
        "key_name = \"k\" iam_profile = \"p\" handover = \"overlap\"\n"
        "user_data_file = \"%s\" eni = \"eni-1\"\n"
        "onprem_node = \"a\" cloud_node = \"b\" instance_types = [\"t\"] } }\n",
        path));
    c = load_ok(text);
    strbuf_init(&b, 256 * 1024);
    for (int pass = 0; pass < 2; pass++) {
        const struct server_config *s = &c->servers[0];

        assert_string_equal(s->launch_template, "t:3");
        assert_string_equal(s->image, "");
        assert_string_equal(s->key_name, "k");
        assert_string_equal(s->iam_profile, "p");
        assert_string_equal(s->user_data, "#!/bin/sh\n");
        assert_true(s->overlaps);
        assert_int_equal(c->policy.max_overlap, 900);
        assert_int_equal(c->shutdown_timeout, 180);
        config_print(c, &b);
        config_free(c);
        c = load_ok(strbuf_text(&b));
        strbuf_reset(&b);
    }
    config_free(c);
    strbuf_clear(&b);
    assert_int_equal(unlink(path), 0);
}

static void test_all_at_once(void **state)
{
    (void)state;
    expect("all errors of a file, in its order",
           "policy = {\n"
           "  leed = \"25m\"\n"
           "  max_moves = \"two\"\n"
           "  window = [\"Sun-Thu 9-18\"]\n"
           "}\n"
           "velostrata = { url = \"http://v.example\" password = \"x\" }\n"
           "jenkins = 4\n"
           "color = \"mono\"\n"
           "servers = { cache = { vm = \"a\" mover = \"velostrata\" onprem_node = \"n\"\n"
           "  cloud_node = \"n\" instance_types = [\"t\"] eni = 5 } }\n",
           "t.conf:1: the section vsphere is missing: write vsphere = { ... } (the ESX "
           "host at home)\n"
           "t.conf:2: policy.leed: there is no such option: did you mean lead?\n"
           "t.conf:3: policy.max_moves: it is a text and must be a whole number: write "
           "max_moves = 2\n"
           "t.conf:4: policy.window: \"Sun-Thu 9-18\" is not a window like \"Sun-Thu "
           "09:00-18:00\" (two digits for hours and minutes, 00:00 to 24:00): write "
           "window = [\"Sun-Thu 09:00-18:00\"]\n"
           "t.conf:6: velostrata.password: no secret may be in this file, others can "
           "read it: write password_file = \"FILE\" (or password_env, password_command, "
           "password_credential)\n"
           "t.conf:6: velostrata.cloud_extension: it is missing: write cloud_extension = "
           "\"ce-1\"\n"
           "t.conf:6: velostrata.url: \"http://v.example\" would send passwords in the "
           "clear: use https:// (or set allow_http = true)\n"
           "t.conf:7: jenkins: it is a whole number and must be a group: write jenkins = "
           "{ ... }\n"
           "t.conf:8: color: it belongs to a section: write ui = { color = ... }\n"
           "t.conf:10: servers.cache.eni: it is a whole number and must be a text in "
           "quotes: write eni = \"eni-0a1b2c3d\"\n"
           "t.conf:10: servers.cache.cloud_node: the Jenkins node n is that of "
           "servers.cache.onprem_node already: every server needs its own");
}

/* --set: SECTION.OPTION=VALUE wins over the file; its mistakes name it as their place. */
static void test_sets(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *sets[3], *want; } rows[] = {
        {"no option", {"nonsense"}, "--set nonsense: write --set SECTION.OPTION=VALUE"},
        {"no section", {"lead=\"25m\""}, "--set lead: write --set SECTION.OPTION=VALUE"},
        {"no value", {"policy.lead="},
         "--set policy.lead: \"\" is no value: write it as in the file, texts in quotes, lists in brackets: "
         "'policy.window=[\"Sun-Thu 08:00-17:00\"]'"},
        {"two values", {"policy.lead=\"25m\"; x = 1"},
         "--set policy.lead: \"\"25m\"; x = 1\" is no value: write it as in the file, texts in quotes, lists in "
         "brackets: 'policy.window=[\"Sun-Thu 08:00-17:00\"]'"},
        {"an include", {"policy.lead=\"25m\"\n@include \"x\""},
         "--set policy.lead: \"\"25m\"?@include \"x\"\" is no value: write it as in the file, texts in quotes, "
         "lists in brackets: 'policy.window=[\"Sun-Thu 08:00-17:00\"]'"},
        {"another kind", {"policy.max_moves=\"2\""},
         "--set policy.max_moves: policy.max_moves: it is a text and must be a whole number: write max_moves = 2"},
        {"unknown", {"policy.windo=[\"Sun 09:00-10:00\"]"},
         "--set policy.windo: policy.windo: there is no such option: did you mean window?"},
        {"unknown section", {"polic.window=[\"Sun 09:00-10:00\"]"},
         "--set polic.window: polic: there is no such section: did you mean policy?"},
        {"not a name", {"policy.a b=1"},
         "--set policy.a b: there is no such option: rushhour.conf(5) lists all"},
        {"below an option", {"policy.lead=\"20m\"", "policy.lead.x=1"},
         "--set policy.lead.x: there is no such option: rushhour.conf(5) lists all"},
        {"of a server", {"servers.cache.mover=\"wings\""},
         "--set servers.cache.mover: servers.cache.mover: \"wings\" is not one of velostrata|ec2: write mover = "
         "\"velostrata\""},
        {"a secret", {"jenkins.token=\"x\""},
         "--set jenkins.token: jenkins.token: no secret may be in this file, others can read it: write token_file "
         "= \"FILE\" (or token_env, token_command, token_credential)"},
        {"against another", {"policy.retry_min=\"2h\""},
         "--set policy.retry_min: policy.retry_min: it is longer than retry_max: make it shorter, or retry_max "
         "longer"},
        {"two of them", {"policy.max_moves=0", "policy.lead=7"},
         "--set policy.max_moves: policy.max_moves: 0 is not within 1..64: write max_moves = 2\n"
         "--set policy.lead: policy.lead: it is a whole number and must be a duration in quotes: write lead = "
         "\"auto\""},
    };
    /* clang-format on */
    struct strbuf got;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config_sets sets = {rows[i].sets, 0};
        struct config *c = NULL;
        struct config_problems *p = NULL;
        struct err e = {0};

        while (sets.n < ARRAY_LEN(rows[i].sets) && rows[i].sets[sets.n] != NULL)
            sets.n++;
        strbuf_init(&got, 64 * 1024);
        assert_row(rows[i].what, config_load_text_sets(WHOLE, "t.conf", &sets, &c, &p,
                                                       &e) == ERR_CONFIG);
        for (size_t k = 0; p != NULL && k < config_problems_count(p); k++)
            strbuf_printf(&got, "%s%s", k > 0 ? "\n" : "", config_problems_get(p, k));
        if (strcmp(strbuf_text(&got), rows[i].want) != 0) {
            print_error("row \"%s\":\n got: %s\nwant: %s\n", rows[i].what,
                        strbuf_text(&got), rows[i].want);
            fail();
        }
        strbuf_clear(&got);
        config_problems_free(p);
    }
}

static void test_sets_win(void **state)
{
    static const char *const list[] = {
        "policy.window=[\"Mon 10:00-11:00\", \"Tue 12:00-13:30\"]",
        "policy.max_moves=7",
        "policy.max_moves=3", /* the last one counts */
        "policy.budget_month=12.5",
        "velostrata.auto_stop=false",
        "cost.prices=({ type = \"m5.large\"  spot = 0.031 })",
        "servers.cache.max_price=0.09",
        "aws.region=\"eu-north-1\"", /* a section that the file does not have */
    };
    const struct config_sets all = {list, ARRAY_LEN(list)};
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(
        config_load_text_sets(IN_POLICY("max_moves = 5"), "t.conf", &all, &c, &p, &e),
        ERR_OK);
    assert_int_equal(c->policy.n_windows, 2);
    assert_int_equal(c->policy.windows[1].end_min, 13 * 60 + 30);
    assert_int_equal(c->policy.max_moves, 3);
    assert_int_equal(c->policy.budget_month.nanos, INT64_C(12500000000));
    assert_false(c->velostrata.auto_stop);
    assert_int_equal(c->cost.n_prices, 1);
    assert_string_equal(c->cost.prices[0].type, "m5.large");
    assert_int_equal(c->cost.prices[0].spot.nanos, 31000000);
    assert_true(c->servers[0].has_max_price);
    assert_string_equal(c->servers[0].vm, "cache");
    assert_true(c->aws.present);
    assert_string_equal(c->aws.region, "eu-north-1");
    config_free(c);
}

static void test_zones(void **state)
{
    static const char *const zones[] = {"Asia/Haifa", "IST", "+02:00", "../../etc/passwd",
                                        "Etc"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        struct config *c = NULL;
        struct config_problems *p = NULL;
        struct err e = {0};
        char text[2048];

        assert_true(str_format(text, sizeof(text), "site = { tz = \"%s\" }\n%s", zones[i],
                               VELOSTRATA JENKINS VSPHERE SERVERS));
        assert_row(zones[i],
                   config_load_text(text, "t.conf", false, &c, &p, &e) == ERR_CONFIG);
        assert_row(zones[i], config_problems_count(p) == 1);
        assert_row(zones[i],
                   str_starts(config_problems_get(p, 0), "t.conf:1: site.tz: "));
        assert_row(zones[i], str_ends(config_problems_get(p, 0),
                                      ": write tz = \"Asia/Jerusalem\""));
        config_problems_free(p);
    }
}

static void test_parser_errors(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *want; } rows[] = {
        {"a bracket is missing", "policy = {\n max_moves = 2\n",
         "t.conf:3: syntax error here or just before: is a quote, a bracket, an = or a value missing?"},
        {"no value", "policy = {\n max_moves = \n}\n",
         "t.conf:3: syntax error here or just before: is a quote, a bracket, an = or a value missing?"},
        {"a name twice", "policy = {\n max_moves = 2\n max_moves = 3\n}\n",
         "t.conf:3: this name was used before in the same group: each may be there once"},
        {"a mixed list", "policy = {\n window = [\"Sun 09:00-10:00\", 3]\n}\n",
         "t.conf:2: the list mixes kinds of values: put every item in quotes"},
        {"an open text", "site = {\n name = \"haifa\n}\n",
         "t.conf:2: a text is not closed: put a \" at its end, on the same line"},
        {"an open comment", "site = { }\n/* servers = { }\n",
         "t.conf:2: a comment is not closed: put a */ at its end"},
        {"an include", "site = { }\n@include \"/tmp\"\n",
         "t.conf:2: @include is not supported: put everything into this file"},
        {"a NUL byte", "site = { \x01 }\n",
         "t.conf:1: byte 0x01 is not text: the file must be plain text in UTF-8"},
        {"not UTF-8", "# comment\nsite = { name = \"\xff\" }\n",
         "t.conf:2: byte 0xff is not text: the file must be plain text in UTF-8"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(rows[i].what, rows[i].text, rows[i].want);
    expect("a number that the parser would wrap", IN_POLICY("max_moves = 4294967298"),
           "t.conf:1: the number 4294967298 is too large");
}

/* Comments, and texts with signs of their own, are not what they look like. */
static void test_scan_accepts(void **state)
{
    struct config *c =
        load_ok("# @include \"x\" { ( \" 99999999999\n"
                "// /* \"\n"
                "/* \" { 99999999999 \n @include */\n"
                "site = { name = \"a#b//c/*d{99999999999@\\\"\" }\n" VELOSTRATA JENKINS
                    VSPHERE SERVERS);

    (void)state;
    assert_string_equal(c->site_name, "a#b//c/*d{99999999999@\"");
    config_free(c);
}

static void test_nonsense(void **state)
{
    enum { BIG = 1024 * 1024 };
    static const char *const units[] = {"(",  "{",        "a={", "[",
                                        "\"", "a=(",      "/*",  "1,",
                                        "x",  "a=1;",     "\n",  "@include \"/\"\n",
                                        "-",  "a=[\"b\","};
    char *text = malloc(BIG + 1);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct config *c = NULL;
        struct config_problems *p = NULL;
        struct err e = {0};
        size_t n = strlen(units[i]), len = 0;

        while (len + n <= BIG) {
            memcpy(text + len, units[i], n);
            len += n;
        }
        text[len] = '\0';
        assert_row(units[i],
                   config_load_text(text, "t.conf", false, &c, &p, &e) == ERR_CONFIG);
        assert_row(units[i], config_problems_count(p) >= 1);
        assert_row(units[i], strstr(config_problems_get(p, 0), "t.conf:") != NULL);
        config_problems_free(p);
    }
    free(text);
    expect("empty", "",
           "t.conf:1: the section jenkins is missing: write jenkins = { ... } (Jenkins, "
           "whose nodes the servers are)\n"
           "t.conf:1: the section vsphere is missing: write vsphere = { ... } (the ESX "
           "host at home)\n"
           "t.conf:1: the section servers is missing: write servers = { ... } (the "
           "servers, a group for each)");
}

/* Every prefix of a file, as a full disk or a killed editor leaves it. */
static void test_half_written(void **state)
{
    size_t whole = strlen(rich);
    char *text = strdup(rich);

    (void)state;
    assert_non_null(text);
    for (size_t len = whole - 4; len > 0; len--) {
        struct config *c = NULL;
        struct config_problems *p = NULL;
        struct err e = {0};

        text[len] = '\0';
        assert_int_equal(config_load_text(text, "t.conf", false, &c, &p, &e), ERR_CONFIG);
        assert_true(config_problems_count(p) >= 1);
        config_problems_free(p);
    }
    free(text);
}

static void test_too_many_errors(void **state)
{
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};
    struct strbuf b;

    (void)state;
    strbuf_init(&b, 64 * 1024);
    for (int i = 0; i < 500; i++)
        strbuf_printf(&b, "nosuch%d = 1\n", i);
    assert_int_equal(config_load_text(strbuf_text(&b), "t.conf", false, &c, &p, &e),
                     ERR_CONFIG);
    assert_int_equal(config_problems_count(p), 200);
    assert_string_equal(config_problems_get(p, 199),
                        "t.conf: there are more errors: mend these first");
    assert_string_equal(config_problems_get(p, 5000), "");
    config_problems_free(p);
    strbuf_clear(&b);
}

/* ----- files ----- */

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[2][160];
    static int turn;

    turn = !turn;
    assert_true(str_format(path[turn], sizeof(path[0]), "%s/%s", dir, name));
    return path[turn];
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)str_copy(dir, sizeof(dir), "/tmp/rh-config-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"t.conf", "v.secret", "j.token", "e.secret",
                                        "k",      "cert",     "days"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        (void)unlink(path_of(names[i]));
    return rmdir(dir);
}

static enum err_code load_file(const char *name, bool secrets, struct config **c,
                               char *first, size_t size)
{
    struct config_problems *p = NULL;
    struct err e = {0};
    enum err_code rc = config_load(path_of(name), secrets, c, &p, &e);

    assert_true((rc == ERR_CONFIG) == (p != NULL));
    (void)str_copy(first, size,
                   p != NULL ? config_problems_get(p, 0) : e.text); /* cut is fine */
    config_problems_free(p);
    return rc;
}

static void test_files(void **state)
{
    char first[400], want[400];
    struct config *c = NULL;

    (void)state;
    assert_int_equal(load_file("t.conf", true, &c, first, sizeof(first)), ERR_NOT_FOUND);
    assert_non_null(strstr(first, "\"rushhour init\""));
    assert_int_equal(load_file(".", true, &c, first, sizeof(first)), ERR_CONFIG);
    assert_non_null(strstr(first, "/.: it is a folder: name the file in it"));
    assert_int_equal(mkfifo(path_of("k"), 0600), 0);
    assert_int_equal(load_file("k", true, &c, first, sizeof(first)), ERR_CONFIG);
    assert_non_null(
        strstr(first, "/k: it is not a regular file")); /* and does not block */
    assert_int_equal(unlink(path_of("k")), 0);
    write_file("k", "", 0600);
    assert_int_equal(truncate(path_of("k"), 1024 * 1024 + 1), 0);
    assert_int_equal(load_file("k", true, &c, first, sizeof(first)), ERR_CONFIG);
    assert_non_null(strstr(first, "/k: it is longer than 1048576 bytes"));

    write_file("t.conf", WHOLE, 0600);
    write_file("v.secret", "one\n", 0600);
    write_file("j.token", "two", 0400);
    write_file("e.secret", "three\n", 0600);
    assert_int_equal(load_file("t.conf", true, &c, first, sizeof(first)), ERR_OK);
    assert_string_equal(secret_expose(c->velostrata.api.secret), "one");
    assert_string_equal(secret_expose(c->jenkins.secret), "two");
    assert_string_equal(secret_expose(c->vsphere.secret), "three");
    assert_string_equal(c->vsphere.secret_file, path_of("e.secret"));
    assert_string_equal(c->file, path_of("t.conf"));
    config_free(c);

    write_file("j.token", "two", 0640);
    assert_int_equal(load_file("t.conf", true, &c, first, sizeof(first)), ERR_CONFIG);
    assert_true(str_format(want, sizeof(want),
                           "%s/t.conf:5: jenkins.token_file: %s/j.token is open to group "
                           "or others (mode 0640): chmod 600 it",
                           dir, dir));
    assert_string_equal(first, want);
    /* Without secrets the file is looked at just so, and not read. */
    assert_int_equal(load_file("t.conf", false, &c, first, sizeof(first)), ERR_CONFIG);
    assert_string_equal(first, want);
    write_file("j.token", "", 0600);
    assert_int_equal(load_file("t.conf", false, &c, first, sizeof(first)), ERR_OK);
    assert_null(c->jenkins.secret);
    config_free(c);
    assert_int_equal(unlink(path_of("j.token")), 0);
    assert_int_equal(load_file("t.conf", true, &c, first, sizeof(first)), ERR_CONFIG);
    assert_non_null(strstr(first, "No such file or directory"));

    /* A file must name the source even so; built-in text need not. */
    write_file("j.token", "two", 0600);
    write_file("t.conf", SITE VELOSTRATA JENKINS SERVERS "vsphere = { " ESX "}", 0600);
    assert_int_equal(load_file("t.conf", false, &c, first, sizeof(first)), ERR_CONFIG);
    assert_non_null(strstr(first, ":12: vsphere: it has no secret: write password_file = "
                                  "\"FILE\" (a file of mode 0600)"));
    c = load_ok(SITE VELOSTRATA JENKINS SERVERS "vsphere = { " ESX "}");
    config_free(c);
    if (geteuid() != 0) {
        write_file("t.conf", WHOLE, 0);
        assert_int_equal(load_file("t.conf", false, &c, first, sizeof(first)),
                         ERR_CONFIG);
        assert_non_null(strstr(first, "it cannot be opened: Permission denied"));
    }
}

#define SITE_AND_CALENDAR SITE "policy = {\n lead = \"soon\"\n calendar = \"days\" }\n"

/* 3.3: what is wrong with the calendar is told with its own file and line, all of it,
 * beside what else is wrong. */
static void test_calendar(void **state)
{
    static const char *const rest = VELOSTRATA JENKINS VSPHERE SERVERS;
    char text[4096], want[1200];
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};
    struct strbuf got;

    (void)state;
    assert_true(str_format(text, sizeof(text), "%s%s", SITE_AND_CALENDAR, rest));
    write_file("days",
               "# days off\n2026-12-25 off\n\n2026-12-24 9-13\nxmas\n2026-12-25 on\n"
               "2026-12-26 \x01\n",
               0644);
    assert_int_equal(config_load_text(text, path_of("t.conf"), false, &c, &p, &e),
                     ERR_CONFIG);
    strbuf_init(&got, 64 * 1024);
    for (size_t i = 0; i < config_problems_count(p); i++)
        strbuf_printf(&got, "%s\n", config_problems_get(p, i));
    assert_true(str_format(
        want, sizeof(want),
        "%s/t.conf:3: policy.lead: \"soon\" is not a duration like 25m or 1h30m\n"
        "%s/days:4: \"9-13\" is neither off nor on nor hours like 09:00-13:00\n"
        "%s/days:5: \"xmas\" is not a day like 2026-12-25\n"
        "%s/days:7: \"?\" is neither off nor on nor hours like 09:00-13:00\n"
        "%s/days:6: line 2 has this day already: keep one of them\n",
        dir, dir, dir, dir, dir));
    assert_string_equal(strstr(strbuf_text(&got), "/days:4") - strlen(dir),
                        strstr(want, "/days:4") - strlen(dir));
    assert_non_null(strstr(strbuf_text(&got), "t.conf:3: policy.lead: "));
    strbuf_clear(&got);
    config_problems_free(p);

    /* In order, whatever the order of the lines. */
    write_file("days", "2026-12-26 on\n2026-12-24 09:00-13:00\n2026-12-25 off", 0644);
    assert_true(str_format(text, sizeof(text),
                           SITE "policy = { calendar = \"days\" }\n%s", rest));
    assert_int_equal(config_load_text(text, path_of("t.conf"), false, &c, &p, &e),
                     ERR_OK);
    assert_int_equal(c->policy.n_exceptions, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(c->policy.exceptions[i].day,
                         civil_to_days(2026, 12, 24) + (int64_t)i);
    assert_int_equal(c->policy.exceptions[1].kind, CALENDAR_OFF);
    config_free(c);

    assert_int_equal(unlink(path_of("days")), 0);
    err_clear(&e);
    assert_int_equal(config_load_text(text, path_of("t.conf"), false, &c, &p, &e),
                     ERR_CONFIG);
    assert_non_null(strstr(config_problems_get(p, 0),
                           "t.conf:2: policy.calendar: there is "
                           "no file "));
    config_problems_free(p);
}

static void test_client_key(void **state)
{
    char first[400];
    struct config *c = NULL;

    (void)state;
    write_file("t.conf",
               SITE VELOSTRATA JENKINS SERVERS
               "vsphere = { " ESX "password_env = \"RH_TEST_ESX\"\n"
               "client_cert = \"cert\" client_key_file = \"k\" }",
               0600);
    write_file("v.secret", "one\n", 0600);
    write_file("j.token", "two", 0400);
    write_file("cert", "-\n", 0644);
    write_file("k", "-\nkey\n-\n", 0644);
    assert_int_equal(setenv("RH_TEST_ESX", "x", 1), 0); /* lint: allow setenv - a test */
    assert_int_equal(load_file("t.conf", true, &c, first, sizeof(first)), ERR_CONFIG);
    assert_non_null(strstr(first, ":13: vsphere.client_key_file: "));
    assert_non_null(strstr(first, "chmod 600"));
    assert_null(getenv("RH_TEST_ESX"));
    write_file("k", "-\nkey\n-\n", 0600);
    assert_int_equal(setenv("RH_TEST_ESX", "x", 1), 0); /* lint: allow setenv - a test */
    assert_int_equal(load_file("t.conf", true, &c, first, sizeof(first)), ERR_OK);
    assert_string_equal(secret_expose(c->vsphere.secret), "x");
    config_free(c);
}

static void test_set_secret(void **state)
{
    struct config *c = load_ok(WHOLE);
    struct secret *s = NULL;
    struct err e = {0};

    (void)state;
    for (int i = 0; i < 2; i++) { /* the second frees the first */
        assert_int_equal(secret_new("x", 1, &s, &e), ERR_OK);
        assert_true(config_set_secret(c, "jenkins", s));
        assert_ptr_equal(c->jenkins.secret, s);
    }
    assert_int_equal(secret_new("x", 1, &s, &e), ERR_OK);
    assert_false(config_set_secret(c, "site", s));
    config_free(c);
}

/* ----- print ----- */

static void test_round_trip(void **state)
{
    static const char *const texts[] = {WHOLE, rich};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct config *c = load_ok(texts[i]), *again;
        struct strbuf first, second;

        strbuf_init(&first, 64 * 1024);
        strbuf_init(&second, 64 * 1024);
        config_print(c, &first);
        assert_false(first.failed);
        again = load_ok(strbuf_text(&first));
        config_print(again, &second);
        assert_string_equal(strbuf_text(&first), strbuf_text(&second));
        /* The words themselves are each configuration's own; they are printed above. */
        memset(c->policy.requeue_deny, 0, sizeof(c->policy.requeue_deny));
        memset(again->policy.requeue_deny, 0, sizeof(again->policy.requeue_deny));
        assert_memory_equal(&c->policy, &again->policy, sizeof(c->policy));
        strbuf_clear(&first);
        strbuf_clear(&second);
        config_free(c);
        config_free(again);
    }
}

static void test_print(void **state)
{
    struct config *c = load_ok(rich);
    struct strbuf b;
    const char *t;

    (void)state;
    strbuf_init(&b, 64 * 1024);
    config_print(c, &b);
    t = strbuf_text(&b);
    assert_non_null(strstr(t, "    name = \"h\\\"a\\\\ifa \xc3\xa4\"\n"));
    assert_non_null(
        strstr(t, "    window = [\"Mon-Fri 08:00-12:30\", \"Sat 22:00-02:00\"]\n"));
    assert_non_null(strstr(t, "    lead = \"30m\"\n"));
    assert_non_null(strstr(t, "    drain_start = \"-45m\"\n"));
    assert_non_null(strstr(t, "    password_command = [\"pass\", \"show\", \"a b\"]\n"));
    assert_non_null(strstr(t, "    token_env = \"JT\"\n"));
    assert_null(strstr(t, "password_env"));
    assert_non_null(strstr(t, "    cloud_extension_hour = \"0.266\"\n"));
    assert_non_null(strstr(t, "            on_demand = \"0.384\"\n"));
    assert_non_null(strstr(t, "    color = \"256\"\n"));
    assert_non_null(strstr(t, "    redraw = \"ctrl-l\"\n"));
    assert_non_null(strstr(t, "        security_groups = [\"sg-1\", \"sg-2\"]\n"));
    strbuf_clear(&b);
    config_free(c);
}

static const char *answer(void *ctx, const struct option *o)
{
    (void)ctx;
    return str_eq(o->name, "url") && str_eq(o->section, "jenkins")
               ? "https://jenkins.haifa.example/"
               : NULL;
}

static void test_sample(void **state)
{
    struct config *c;
    struct strbuf b;

    (void)state;
    strbuf_init(&b, 256 * 1024);
    options_sample(&b, "cache", NULL, NULL);
    assert_false(b.failed);
    c = load_ok(strbuf_text(&b));
    assert_string_equal(c->servers[0].name, "cache");
    config_free(c);
    /* Every option of the table is in it. */
    for (size_t i = 0; i < option_count; i++) {
        char line[96];

        if (str_eq(option_table[i].section, "cost.prices"))
            continue;
        assert_true(str_format(line, sizeof(line), "%s = ", option_table[i].name));
        assert_row(option_table[i].name, strstr(strbuf_text(&b), line) != NULL);
    }
    strbuf_reset(&b);
    options_sample(&b, "disk", answer, NULL);
    c = load_ok(strbuf_text(&b));
    assert_string_equal(c->servers[0].name, "disk");
    assert_string_equal(c->jenkins.url, "https://jenkins.haifa.example/");
    config_free(c);
    strbuf_clear(&b);
}

/* Taking one # away turns a default or an example on: each must be usable. */
static void test_sample_lines(void **state)
{
    /* Not these: a second source of a secret, files that are not there, the other mover's
     * options. */
    static const char *const skip[] = {
        "password_", "token_",  "ca_file", "client_",  "trust", "prices",
        "calendar",  "launch_", "image",   "key_name", "user_", "iam_profile"};
    struct strbuf b;
    int tried = 0;

    (void)state;
    strbuf_init(&b, 256 * 1024);
    options_sample(&b, "cache", NULL, NULL);
    for (char *at = b.data; (at = strstr(at, "    # ")) != NULL; at += 6) {
        bool skipped = false;
        const char *before = at;
        struct config *c;

        while (before > b.data && before[-1] == ' ')
            before--;
        for (size_t i = 0; i < ARRAY_LEN(skip); i++)
            skipped |= str_starts(at + 6, skip[i]);
        if (skipped || before[-1] != '\n')
            continue;
        at[4] = ' ';
        c = load_ok(b.data);
        config_free(c);
        at[4] = '#';
        tried++;
    }
    assert_true(tried > 70);
    strbuf_clear(&b);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];

        assert_ptr_equal(option_find(o->section, o->name), o); /* no name twice */
        assert_row(o->name, o->help != NULL && strlen(o->help) > 3);
        assert_row(o->name, o->example != NULL || o->initial != NULL ||
                                o->type == OPTION_PRICES || o->type == OPTION_ZONES);
        assert_row(o->name, str_eq(o->section, "cost.prices") ||
                                str_eq(o->section, "servers.zones") ||
                                option_section_find(o->section) != NULL);
        assert_row(o->name, strlen(option_type_word(o->type)) > 2);
    }
    assert_string_equal(option_nearest("policy", "max_moovs"), "max_moves");
    assert_null(option_nearest("policy", "zzzzzz"));
    assert_string_equal(option_section_nearest("server"), "servers");
    assert_null(option_section_nearest("zz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_api_errors),
        cmocka_unit_test(test_server_errors),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_sets_win),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_offerings),
        cmocka_unit_test(test_zone_errors),
        cmocka_unit_test(test_parser_errors),
        cmocka_unit_test(test_scan_accepts),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_half_written),
        cmocka_unit_test(test_too_many_errors),
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calendar, setup, teardown),
        cmocka_unit_test_setup_teardown(test_client_key, setup, teardown),
        cmocka_unit_test(test_set_secret),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_sample_lines),
        cmocka_unit_test(test_ec2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
