/*
 * config - the configuration as understood: plain data, checked when it was read.
 * A struct config owns its arena; free with config_free(). Texts are borrowed from it.
 * Threads: read-only once loaded, then safe everywhere.
 */
#ifndef RH_MODEL_CONFIG_H
#define RH_MODEL_CONFIG_H

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/money.h"
#include "core/model/words.h"

enum {
    MAX_WINDOWS = 16,
    MAX_ZONE_TYPES = 8, /* of one server in one zone */
    MAX_ZONES = 5,      /* of one server, besides that of its own interface */
    MAX_OFFERINGS = 2 * MAX_ZONE_TYPES * (1 + MAX_ZONES),
    MAX_RERUN_DELAYS = 8,
    MAX_COMMAND_ARGS = 16,
    MAX_REQUEUE_DENY = 32,
    MAX_PRICES = 256
};

/* One rush-hour window, policy-and-cost 3.1: minutes of the local day; end_min <=
 * start_min means that it ends on the next day. */
struct window {
    uint8_t days;      /* bit 0 = Sunday: the days on which it starts */
    int32_t start_min; /* 0..1439 */
    int32_t end_min;   /* 1..1440 */
};

/* An exception day, policy-and-cost 3.3. What starts on it: nothing, the windows of the
 * next weekday that has one (counted from the day itself), or these. */
enum calendar_kind { CALENDAR_OFF, CALENDAR_ON, CALENDAR_WINDOWS };
enum { CALENDAR_WINDOWS_MAX = 4, CALENDAR_DAYS_MAX = 4096 };
struct calendar_day {
    int64_t day; /* since 1970 */
    enum calendar_kind kind;
    size_t n; /* of CALENDAR_WINDOWS, minutes as in struct window */
    int32_t start_min[CALENDAR_WINDOWS_MAX], end_min[CALENDAR_WINDOWS_MAX];
};

enum on_drain_deadline { DRAIN_REQUEUE, DRAIN_WAIT, DRAIN_ABORT };
enum foreign_change { FOREIGN_ADOPT, FOREIGN_ENFORCE, FOREIGN_ALERT };
enum trust { TRUST_CA, TRUST_CA_PIN, TRUST_PIN_ONLY };

/* Durations are seconds; DURATION_NONE where "none" was said. */
#define DURATION_NONE INT64_MIN

struct policy_config {
    struct window windows[MAX_WINDOWS];
    size_t n_windows;
    const char *calendar;                  /* the file of exception days, NULL: none */
    const struct calendar_day *exceptions; /* of it, in order, one a day */
    size_t n_exceptions;
    bool lead_auto;
    int64_t lead; /* when not auto */
    int64_t drain_start, drain_deadline, out_drain_deadline;
    enum on_drain_deadline on_drain_deadline;
    int64_t min_remaining, dwell_cloud, dwell_onprem;
    int32_t max_moves;
    int64_t start_spacing, timeout_out, timeout_back;
    int64_t retry_min, retry_max;
    int32_t retry_jitter; /* percent */
    int32_t breaker_failures;
    int64_t breaker_open;
    int64_t rerun_delay[MAX_RERUN_DELAYS];
    size_t n_rerun_delay;
    int64_t rerun_window, site_breaker_window, site_breaker_pause;
    bool requeue;        /* builds that were lost or stopped are queued again */
    int32_t requeue_max; /* … each so often */
    const char *requeue_deny[MAX_REQUEUE_DENY]; /* … but not of jobs so called */
    size_t n_requeue_deny;
    enum foreign_change foreign_change;
    int64_t hold_cloud_cap;
    bool has_budget;
    struct usd budget_month;
    int32_t budget_warn;          /* percent */
    bool budget_evacuates;        /* on_budget = "evacuate" */
    bool on_demand;               /* also offered, behind all of spot */
    bool has_on_demand_max_price; /* set with it, always */
    struct usd on_demand_max_price;
    bool pressure;                       /* also out when the host is short of CPU */
    int32_t pressure_high, pressure_low; /* percent of CPU ready, per vCPU */
    int64_t pressure_for;
    enum auto_setting auto_first; /* at the very first start */
    int64_t extension_linger, poll_moving, stale_after;
    int64_t max_overlap; /* with handover = "overlap" */
    int64_t clock_step, clock_skew;
};

struct secret;

/* Where an API is and how it is trusted; velostrata, jenkins, vsphere, lock. */
struct api_config {
    bool present; /* the section is in the file */
    const char *url, *user;
    struct secret
        *secret; /* owned; NULL under --offline checks and in the simulation's file */
    /* Where it comes from, at most one; NULL and 0 the others. */
    const char *secret_file, *secret_env, *secret_credential;
    const char *secret_command[MAX_COMMAND_ARGS]; /* program and arguments */
    size_t n_secret_command;
    const char *ca_file, *pinned_key, *connect_to, *proxy, *client_cert, *client_key_file;
    enum trust trust;
    bool allow_http;
    bool secret_is_token; /* jenkins: an API token, so no cookies and no crumbs */
    int64_t timeout, poll;
};

struct velostrata_config {
    struct api_config api;
    const char *cloud_extension;
    bool auto_stop;
    const char *storage_policy, *edge_node, *eni_field;
};

struct aws_config {
    bool present;
    const char *region, *profile;
    const char *endpoint_ec2, *endpoint_pricing; /* NULL = AWS's own */
    const char *endpoint_sqs, *endpoint_sts;     /* the same */
    const char *interruption_queue;              /* its URL, NULL = none */
    const char *ca_file, *proxy;
    bool allow_http;
    int64_t timeout, poll, poll_spot, poll_prices, poll_interfaces;
};

/* The lock that controllers on several machines share (reliability 7). */
enum { MAX_ETCD = 8, LEASE_MARGIN_S = 10 };
struct lock_config {
    struct api_config api; /* how its endpoints are reached; no url, no poll */
    const char *etcd[MAX_ETCD];
    size_t n_etcd; /* 0: there is none, and nothing else here counts */
    int64_t ttl, renew;
};

/* Another zone in which a server may run: a fixed interface ties it to one, so it has an
 * interface and a node of its own (policy-and-cost 5.5). */
struct zone_config {
    const char *name; /* "us-east-1b" */
    const char *eni, *cloud_node, *subnet;
    const char *instance_types[MAX_ZONE_TYPES]; /* none of its own: the server's */
    size_t n_instance_types;
    bool has_max_price; /* none of its own: the server's */
    struct usd max_price;
};

/* What a server may run as. Made of its options when they were read: the server's own
 * zone, then the others, each with its types in order of preference; all of it once more
 * as on-demand at the end with policy.on_demand. */
struct offering {
    const char *type;
    const char *zone; /* "" = that of the server's own interface, whichever it is */
    const char *eni, *cloud_node, *subnet; /* "" = none */
    enum lifecycle lifecycle;              /* spot or on-demand */
    bool has_max_price; /* spot: without it AWS caps at the on-demand price; on-demand:
                           always, it is ours to keep */
    struct usd max_price;
};

struct server_config {
    const char *name, *vm, *vm_uuid; /* vm_uuid "" = match by name */
    const char *mover;               /* "velostrata"; a name of movers.def */
    const char *onprem_node, *cloud_node;
    const char *eni, *static_address, *subnet; /* "" = none */
    const char *security_groups[8];
    size_t n_security_groups;
    const char *instance_types[MAX_ZONE_TYPES];
    size_t n_instance_types;
    bool has_max_price;
    struct usd max_price;
    int32_t ready_port;
    const struct zone_config *zones;
    size_t n_zones;
    const struct offering *offerings; /* in the configured order */
    size_t n_offerings;
    /* ec2: what is launched; "" = none, exactly one of the first two is set. */
    const char *launch_template, *image;
    const char *key_name, *iam_profile;
    const char *user_data_file, *user_data; /* NULL = none; its text */
    bool overlaps;                          /* handover = "overlap" */
};

/* A configured price, used when the APIs give none. */
struct configured_price {
    const char *type;
    bool has_on_demand, has_spot;
    struct usd on_demand, spot; /* per hour */
};

struct cost_config {
    const char *currency;
    bool billing_hour; /* whole hours, as before October 2017 */
    bool first_hour_free;
    bool has_extension_hour;
    struct usd extension_hour;
    int32_t extension_disk_gb, root_volume_gb, image_gb;
    struct usd disk_gb_month, volume_gb_month, snapshot_gb_month;
    int32_t public_ipv4;
    struct usd public_ipv4_hour;
    int32_t transfer_gb_month, transfer_free_gb, cross_zone_gb_month;
    struct usd transfer_gb, cross_zone_gb;
    struct usd vpn_month, licence_month, storage_month;
    bool has_host_month, has_host_capex;
    struct usd host_month, host_capex, host_support_month, host_licence_month;
    int32_t host_months, host_watts;
    struct usd host_pue; /* a plain factor, as a decimal */
    struct usd host_kwh;
    const struct configured_price *prices;
    size_t n_prices;
};

enum ui_color { COLOR_AUTO, COLOR_MONO, COLOR_8, COLOR_16, COLOR_256, COLOR_DIRECT };
enum ui_glyphs { GLYPHS_AUTO, GLYPHS_UNICODE, GLYPHS_ASCII };
enum ui_sync { SYNC_AUTO, SYNC_ON, SYNC_OFF };
enum ui_time { TIME_SITE, TIME_UTC, TIME_RELATIVE };

struct ui_config {
    const char *theme;
    enum ui_color color;
    enum ui_glyphs glyphs;
    enum ui_sync sync;
    enum ui_time time;
    bool plain, mouse, locked, reduce_motion, title, allow_suspend;
    int64_t undo_window;
    bool hangup_continues; /* on_hangup = "continue" */
};

/* keys = { ACTION = "key" }: names are checked against actions.def by tui, which knows
 * them. */
struct key_binding {
    const char *action, *key;
    int32_t line;
};

enum notify_bell { NOTIFY_BELL_CRIT, NOTIFY_BELL_OFF, NOTIFY_BELL_ALL };
enum notify_osc { NOTIFY_OSC_OFF, NOTIFY_OSC_9, NOTIFY_OSC_777 };

struct notify_config {
    enum notify_bell bell;
    enum notify_osc osc;
    const char *command[MAX_COMMAND_ARGS]; /* program and arguments */
    size_t n_command;
};

struct log_config {
    const char *level, *file;
    int32_t max_mb, keep;
};

struct store_config {
    int64_t journal_keep; /* seconds */
    int32_t journal_max_mb;
};

struct config {
    struct arena *arena;
    const char *file; /* as opened; "" for the built-in story */
    const char *text; /* all of it, "" for what did not come from a file */
    const char *site_name, *tz_name, *deployment;
    struct policy_config policy;
    struct velostrata_config velostrata;
    struct api_config jenkins, vsphere;
    int64_t shutdown_timeout; /* vsphere: of a guest, then the power is cut */
    struct aws_config aws;
    struct lock_config lock;
    struct cost_config cost;
    struct ui_config ui;
    struct notify_config notify;
    struct log_config log;
    struct store_config store;
    const struct key_binding *keys;
    size_t n_keys;
    struct server_config *servers; /* in the order of the file */
    size_t n_servers;
};

/* All that was wrong with a file, one "file:line: what, why, what to write instead" a
 * line. */
struct config_problems;

/*
 * Reads and checks a file. On ERR_CONFIG *problems (owned, never NULL then) lists every
 * error of the file in its order; else it is NULL. load_secrets false checks that the
 * sources are named and files are there and private, but reads none (doctor --offline).
 * Secrets from the environment are taken out of it: call before threads start.
 * ERR_CONFIG, ERR_NOT_FOUND (no such file), ERR_NOMEM.
 */
enum err_code config_load(const char *path, bool load_secrets, struct config **out,
                          struct config_problems **problems,
                          struct err *e) MUST_CHECK NONNULL;

/* The same from text; file names it in messages and is what relative paths start from.
 * With load_secrets false the sources need not even be named: the demo's built-in story
 * has none. */
enum err_code config_load_text(const char *text, const char *file, bool load_secrets,
                               struct config **out, struct config_problems **problems,
                               struct err *e) MUST_CHECK NONNULL;

/*
 * The same with options that win over what is written there: each "SECTION.OPTION=VALUE"
 * (a server's: "servers.NAME.OPTION=VALUE"), VALUE written as in the file, the last one
 * of a name counts. Problems with them name "--set SECTION.OPTION" as their place.
 * load_secrets false: nothing that has a secret is named, looked for or read.
 */
enum { MAX_CONFIG_SETS = 64 };
struct config_sets {
    const char *const *list;
    size_t n; /* MAX_CONFIG_SETS at most */
};
enum err_code config_load_sets(const char *path, bool load_secrets,
                               const struct config_sets *sets, struct config **out,
                               struct config_problems **problems,
                               struct err *e) MUST_CHECK NONNULL;
enum err_code config_load_text_sets(const char *text, const char *file,
                                    const struct config_sets *sets, struct config **out,
                                    struct config_problems **problems,
                                    struct err *e) MUST_CHECK NONNULL;

/*
 * The file of `before` again, or its text (same_text), with what other files hold; from
 * any thread: see setup_read_again().
 */
enum err_code config_load_again(const struct config *before, bool same_text,
                                struct config **out, struct config_problems **problems,
                                struct err *e) MUST_CHECK NONNULL;
void config_free(struct config *c);

/*
 * Tells what differs, in the order of the manual: "policy.window", "servers.cache.eni",
 * "servers.cache (new)" or "(gone)", "jenkins (its secret)". Names alone, never a value.
 * o is NULL where it is no option. Returns how many there are.
 */
struct option;
typedef void (*config_change)(void *ctx, const char *name, const struct option *o);
size_t config_compare(const struct config *was, const struct config *is,
                      config_change each, void *ctx) __attribute__((nonnull(1, 2, 3)));

/* What is another and cannot be while the program runs: how many, their names with commas
 * between them. */
size_t config_needs_restart(const struct config *was, const struct config *is,
                            char *names, size_t size) NONNULL;

/* Differs a server in an option that ties a move that is under way? */
bool config_server_ties(const struct config *was, const struct config *is,
                        const struct server_config *a,
                        const struct server_config *b) NONNULL;

size_t config_problems_count(const struct config_problems *p) NONNULL;
const char *config_problems_get(const struct config_problems *p,
                                size_t i) NONNULL; /* a line */
void config_problems_free(struct config_problems *p);

/* Gives an API ("velostrata", "jenkins", "vsphere", "lock") its secret; the one it had is
 * freed. Takes the secret, also when it answers false: there is no such API. */
bool config_set_secret(struct config *c, const char *section,
                       struct secret *secret) NONNULL;

/* The configuration as understood, every option, secrets as their sources only; reads
 * back as the same configuration. */
struct strbuf;
void config_print(const struct config *c, struct strbuf *out) NONNULL;

/* The instance types of all servers, each once, in the arena; NULL when it is full. */
const char **config_types(const struct config *c, struct arena *a, size_t *n) NONNULL;

/* The group of that zone, NULL for the server's own and for one that is not there. */
const struct zone_config *config_zone_find(const struct server_config *s,
                                           const char *zone) NONNULL;

/* Is it the fixed interface of some server, in some zone? */
bool config_has_eni(const struct config *c, const char *eni) NONNULL;

/* NULL when there is none of that name. */
const struct server_config *config_server_find(const struct config *c,
                                               const char *name) NONNULL;

#endif
