/*
 * site - the simulated site: a world (ESX host, VMs, Jenkins, Velostrata manager, AWS
 * region) on one seeded clock, answering in each API's own protocol (design 7). A site
 * owns its world. Responses are the caller's. Threads: one at a time; the HTTP server
 * around it (sim/server.h) serializes.
 */
#ifndef RH_SIM_SITE_H
#define RH_SIM_SITE_H

#include "core/base/clock.h"
#include "core/net/http.h"

struct site;

struct site_options {
    uint64_t seed;
    int32_t servers; /* 1..1000; the first four have the story's names */
    struct utc start;
    const char *mover; /* of the configuration that fits: "velostrata" (also NULL), "ec2",
                          "mixed" (every other one, and of these every other overlaps) */
    int32_t more_zones; /* so many other zones has each server of mover ec2, 0..2; when
                           mixed, those that overlap have one at least */
    const char *faults; /* SPEC "NAME=RATE[,…]", NULL or "" = none */
    bool typed;         /* no bytes: faults that only bytes can have are ERR_USAGE */
};

/* ERR_USAGE for a bad faults spec or mover (the message lists the names), ERR_NOMEM. */
enum err_code site_new(const struct site_options *o, struct site **out,
                       struct err *e) MUST_CHECK NONNULL;
void site_free(struct site *s);

/* The names of the faults with their meaning, one line each: for `list`. typed: without
 * those that only bytes can have. */
void site_fault_list(bool typed, struct strbuf *out) NONNULL;

/* Lets the world live on to that instant (milliseconds since 1970 UTC); never back. */
void site_advance(struct site *s, int64_t now_ms) NONNULL;
int64_t site_now_ms(const struct site *s) NONNULL;

/* When something happens next by itself, for stepping at full speed. */
int64_t site_next_event_ms(const struct site *s) NONNULL;

/*
 * One exchange at the world's present time. Paths: /velostrata/api/v25/…, /jenkins/…,
 * /sdk, /ec2/, /pricing/, /sqs/, /sts/, /control/…. The answer is bytes as on the wire,
 * status and headers included. false: the connection is to be dropped without an answer
 * (fault).
 */
bool site_handle(struct site *s, const struct http_request *rq,
                 struct http_response *rs) NONNULL;

/* In-process transport: the client's bytes go straight to site_handle(). Answers take
 * *took_ms of virtual time (rs->took_ms). Valid as long as the site. */
struct transport site_transport(struct site *s) NONNULL;

/* The configuration that fits this site (libconfig text), base being
 * "http://127.0.0.1:PORT"; no secrets in it: they come by site_secrets. For `demo`,
 * `simulate` and tests. */
void site_config_text(const struct site *s, const char *base, struct strbuf *out) NONNULL;

/* The same, read, with the secrets that the site accepts; sets: options that win, NULL =
 * none. Owned (config_free). ERR_CONFIG: the first thing that is wrong with them. */
struct config;
struct config_sets;
enum err_code site_config(const struct site *s, const char *base,
                          const struct config_sets *sets, struct config **out,
                          struct err *e) MUST_CHECK __attribute__((nonnull(1, 2, 4, 5)));

/*
 * Makes it the site that a configuration describes, which has as many servers: names of
 * servers, VMs and nodes, interfaces, region, extension and instance types are those.
 * Prices are the book's (on demand as listed or configured, spot as configured), else the
 * site's own; a type that neither knows is sold like the site's first one, and *guessed
 * is the first such type (borrowed), else NULL. Before the site has lived. ERR_USAGE: it
 * cannot be such a site.
 */
struct price_book;
enum err_code site_fit(struct site *s, const struct config *c,
                       const struct price_book *book, const char **guessed,
                       struct err *e) MUST_CHECK NONNULL;

/* The zone in which the servers' interfaces are. Before recorded prices are given. */
void site_set_home_zone(struct site *s, const char *name) NONNULL;

/* Spot prices as they were recorded, in order of time, in place of simulated ones; a zone
 * that the site does not have takes the place of one that has no recorded prices. False:
 * there is no such type, or no room for one more zone. */
struct price_step;
bool site_record_prices(struct site *s, const char *type, const char *zone,
                        const struct price_step *steps, size_t n) NONNULL;

/* The secrets that the site accepts. */
extern const char site_velostrata_password[], site_jenkins_token[],
    site_jenkins_password[], /* instead of the token: crumbs and cookies are needed */
    site_vsphere_password[], site_aws_key_id[], site_aws_secret_key[];

/* What happened, for summaries and tests (also in GET /control/world). */
struct site_totals {
    int64_t builds_finished, builds_failed_by_loss, builds_killed_by_us;
    int64_t builds_again, builds_again_twice; /* of a build once more; more than once */
    int64_t interruptions, launches;
    int64_t cloud_ms, cloud_ms_in_extension; /* instance time; extension time */
    int64_t both_places_ms;     /* a VM on at home while its instance ran, in all */
    int64_t both_places_max_ms; /* the longest such time at a stretch */
    int64_t spot_nanos;         /* what AWS would bill so far */
    int64_t alive;              /* instances that it bills now */
    int64_t twins_max; /* the most of one server at a time; not those under notice */
};
struct site_totals site_totals(const struct site *s) NONNULL;

#endif
