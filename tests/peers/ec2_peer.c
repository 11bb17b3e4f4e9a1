/*
 * ec2_peer - drives our EC2 client against a server that is not ours. Keys come from
 * where production finds them. Prints what it sees, a line "ok" or "FAIL" for each case;
 * ends with 0 when all were good. usage: ec2_peer all URL REGION DEPLOYMENT ENI INSTANCE
 * IMAGE   reads instances by tag, by id and by small pages, spot requests, interfaces and
 * prices; launches IMAGE onto the interface, terminates it; what is refused, and how
 *        ec2_peer look URL REGION DEPLOYMENT ENI INSTANCE        the instance alone;
 * REGION
 *                 "" is found as production finds it
 *        ec2_peer skew URL REGION DEPLOYMENT     our clock is ten minutes fast: every
 *                 refusal is the clock's
 *        ec2_peer cost URL REGION DEPLOYMENT     calls, bytes and processor time of a
 * poll
 */
#include <config.h>

#include "core/api/ec2_act.h"
#include "core/base/str.h"
#include "core/base/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SKEW_S = 600, COST_POLLS = 5 };

static int failures;

/* ----- the way ----- */

/* Between client and connection: counts, and asks for smaller pages than we do. */
static struct way {
    struct transport inner;
    bool small_pages;
    int64_t calls, up_bytes, down_bytes;
} way;

static enum err_code pass(void *ctx, const struct http_request *rq,
                          struct http_response *rs, struct err *e)
{
    static const char ours[] = "MaxResults=1000", small[] = "MaxResults=5";
    struct way *w = ctx;
    struct http_request sent = *rq;
    const char *at = w->small_pages ? strstr(rq->body, ours) : NULL;
    struct strbuf body;
    enum err_code rc;

    strbuf_init(&body, rq->body_len + 1);
    if (at != NULL) {
        strbuf_add(&body, rq->body, (size_t)(at - rq->body));
        strbuf_puts(&body, small);
        strbuf_puts(&body, at + sizeof(ours) - 1);
        sent.body = strbuf_text(&body);
        sent.body_len = body.len;
    }
    rc = transport_perform(&w->inner, &sent, rs, e);
    w->calls++;
    w->up_bytes += (int64_t)sent.body_len;
    w->down_bytes += (int64_t)rs->body.len;
    strbuf_clear(&body);
    return rc;
}

static struct utc skewed_utc(void *ctx)
{
    (void)ctx;
    return (struct utc){clock_utc(clock_system()).s + SKEW_S};
}

static struct mono real_mono(void *ctx)
{
    (void)ctx;
    return clock_mono(clock_system());
}

/* ----- cases ----- */

static struct observation *look(struct ec2 *c, enum source source,
                                const struct poll_hints *hints)
{
    struct observation *o = observation_new(source);
    struct err e = {0};
    bool ok;

    if (o == NULL)
        return NULL;
    ok = ec2_observe(c, hints, o, &e) == ERR_OK;
    printf("%-4s %s in %d ms%s%s\n", ok ? "ok" : "FAIL", source_what(source),
           (int)o->took_ms, ok ? "" : ": ", e.text);
    if (ok)
        return o;
    failures++;
    observation_unref(o);
    return NULL;
}

static void check(const char *what, bool ok)
{
    printf("%-4s   %s\n", ok ? "ok" : "FAIL", what);
    failures += ok ? 0 : 1;
}

static void instances(struct ec2 *c, const struct poll_hints *hints, const char *id)
{
    struct observation *o = look(c, SOURCE_INSTANCES, hints);
    const struct seen_instance *found = NULL;

    for (size_t i = 0; o != NULL && i < o->as.instances.n; i++) {
        const struct seen_instance *in = &o->as.instances.instances[i];
        char at[TIME_TEXT];

        printf("     %s %s %s ip=%s eni=%s deletes=%d state=%d %s server=%s move=%s "
               "since %s\n",
               in->id, in->type, in->zone, in->ip, in->eni, in->eni_deletes, in->state,
               lifecycle_word(in->lifecycle), in->server, in->move,
               utc_text(in->launched, at));
        if (str_eq(in->id, id))
            found = in;
    }
    check("the instance is there, runs, and has its tags",
          found != NULL && found->state == INSTANCE_RUNNING &&
              str_eq(found->server, "cache") && found->launched.s > 0 &&
              found->zone[0] != '\0' && found->eni[0] != '\0');
    observation_unref(o);
}

static void others(struct ec2 *c, const struct poll_hints *hints, const char *eni)
{
    struct observation *o = look(c, SOURCE_SPOT, hints);

    for (size_t i = 0; o != NULL && i < o->as.spot.n; i++)
        printf("     %s %s %s %s\n", o->as.spot.spots[i].id, o->as.spot.spots[i].instance,
               o->as.spot.spots[i].status, spot_state_word(o->as.spot.spots[i].state));
    observation_unref(o);

    o = look(c, SOURCE_INTERFACES, hints);
    for (size_t i = 0; o != NULL && i < o->as.interfaces.n; i++)
        printf("     %s %s ip=%s available=%d\n", o->as.interfaces.interfaces[i].id,
               o->as.interfaces.interfaces[i].zone, o->as.interfaces.interfaces[i].ip,
               o->as.interfaces.interfaces[i].available);
    check("the interface is there", o != NULL && o->as.interfaces.n == 1 &&
                                        str_eq(o->as.interfaces.interfaces[0].id, eni));
    observation_unref(o);

    o = look(c, SOURCE_PRICES, hints);
    check("there is a price",
          o != NULL && o->as.prices.n > 0 && o->as.prices.prices[0].price.nanos > 0);
    if (o != NULL)
        printf("     %zu prices\n", o->as.prices.n);
    observation_unref(o);
}

static struct call_result act(struct ec2 *c, const struct call *call)
{
    struct call_result r;

    ec2_act(c, call, &r);
    printf("%-4s %s: %s%s%s\n", r.outcome == OUTCOME_DONE ? "ok" : "FAIL",
           call_word(call->kind), outcome_word(r.outcome),
           r.detail[0] != '\0' ? ", " : "", r.detail);
    if (r.outcome != OUTCOME_DONE) {
        printf("     %s\n", r.err.text);
        failures++;
    }
    return r;
}

static const struct seen_instance *find(const struct observation *o, const char *id)
{
    for (size_t i = 0; o != NULL && i < o->as.instances.n; i++) {
        if (str_eq(o->as.instances.instances[i].id, id))
            return &o->as.instances.instances[i];
    }
    return NULL;
}

/* With everything in it that a launch may have. A token that comes again is the peer's to
 * heed: some launch again. */
static void acts(struct ec2 *c, const char *deployment, const char *eni,
                 const char *image)
{
    struct call call = {.kind = CALL_LAUNCH, .server = "cache", .move = "m-2"};
    struct call end = {.kind = CALL_TERMINATE};
    struct poll_hints none = {0};
    struct call_result first, again;
    struct observation *o;
    const struct seen_instance *in;

    call.run = (struct run_in_cloud){.instance_type = "c5.2xlarge",
                                     .spot = true,
                                     .has_max_price = true,
                                     .max_price = {250000000},
                                     .token = "rh1-peer"};
    (void)str_copy(call.run.deployment, sizeof(call.run.deployment), deployment);
    (void)str_copy(call.run.eni, sizeof(call.run.eni), eni);
    (void)str_copy(call.run.image, sizeof(call.run.image), image);
    first = act(c, &call);
    o = look(c, SOURCE_INSTANCES, &none);
    in = find(o, first.detail);
    check("it is launched with its tags and onto its interface, which survives it",
          in != NULL && str_eq(in->server, "cache") && str_eq(in->move, "m-2") &&
              in->lifecycle == LIFECYCLE_SPOT && str_eq(in->eni, eni) &&
              !in->eni_deletes);
    observation_unref(o);
    again = act(c, &call);
    printf("     the token again: %s\n",
           str_eq(again.detail, first.detail) ? "the same instance" : "another one");
    (void)str_copy(end.target, sizeof(end.target), again.detail);
    (void)act(c, &end);
    (void)str_copy(end.target, sizeof(end.target), first.detail);
    (void)act(c, &end);
    (void)act(c, &end); /* it is so already */
    o = look(c, SOURCE_INSTANCES, &none);
    in = find(o, first.detail);
    check("it comes to its end", in == NULL || in->state == INSTANCE_TERMINATED ||
                                     in->state == INSTANCE_SHUTTING_DOWN);
    observation_unref(o);
}

/* The same instances when they come five at a time. */
static void pages(struct ec2 *c)
{
    const struct poll_hints none = {0};
    struct observation *whole = look(c, SOURCE_INSTANCES, &none);
    int64_t before = way.calls;
    struct observation *paged;

    way.small_pages = true;
    paged = look(c, SOURCE_INSTANCES, &none);
    way.small_pages = false;
    if (whole != NULL && paged != NULL) {
        printf("     %zu instances in %d calls\n", paged->as.instances.n,
               (int)(way.calls - before));
        check("paged: as many as in one answer",
              paged->as.instances.n == whole->as.instances.n &&
                  paged->as.instances.n > 5 && way.calls - before > 1);
        for (size_t i = 0; i < whole->as.instances.n; i++) {
            if (find(paged, whole->as.instances.instances[i].id) == NULL) {
                check("paged: the same ones", false);
                break;
            }
        }
    }
    observation_unref(whole);
    observation_unref(paged);
}

/* Definitely not done, with AWS's own code in the text. */
static void refused(struct ec2 *c, const char *what, const struct call *call,
                    const char *code)
{
    struct call_result r;
    bool ok;

    ec2_act(c, call, &r);
    ok = r.outcome == OUTCOME_FAILED && strstr(r.err.text, code) != NULL;
    printf("%-4s refused, %s: %s, %s\n", ok ? "ok" : "FAIL", what,
           outcome_word(r.outcome), r.err.text);
    failures += ok ? 0 : 1;
}

static void refusals(struct ec2 *c, const char *deployment, const char *image)
{
    struct call launch = {.kind = CALL_LAUNCH, .server = "cache", .move = "m-3"};
    struct call end = {.kind = CALL_TERMINATE};

    launch.run =
        (struct run_in_cloud){.instance_type = "c5.2xlarge", .token = "rh1-peer-3"};
    (void)str_copy(launch.run.deployment, sizeof(launch.run.deployment), deployment);
    (void)str_copy(launch.run.image, sizeof(launch.run.image), image);
    (void)str_copy(launch.run.eni, sizeof(launch.run.eni), "eni-00000000000000000");
    refused(c, "an interface that is not there", &launch,
            "InvalidNetworkInterfaceID.NotFound");
    (void)str_copy(end.target, sizeof(end.target), "i-00000000000000000");
    refused(c, "an instance that is not there", &end, "InvalidInstanceID.NotFound");
    (void)str_copy(end.target, sizeof(end.target), "no id");
    refused(c, "an id that is none", &end, "InvalidInstanceID");
}

static void skew(struct ec2 *c)
{
    const struct poll_hints none = {0};
    struct observation *o = observation_new(SOURCE_INSTANCES);
    struct err e = {0};
    bool ok;

    if (o == NULL)
        return;
    ok = ec2_observe(c, &none, o, &e) == ERR_AUTH &&
         strstr(e.text, " s ahead of AWS's: set it right") != NULL;
    printf("%-4s the clock is named: %s\n", ok ? "ok" : "FAIL", e.text);
    failures += ok ? 0 : 1;
    observation_unref(o);
}

static double cpu_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* cannot fail with this clock */
    return (double)ts.tv_sec * 1000 + (double)ts.tv_nsec / 1e6;
}

/* A poll of the instances; the first one reads, the others find what they know. */
static void cost(struct ec2 *c)
{
    const struct poll_hints none = {0};
    size_t seen = 0;
    double began = 0;

    for (int i = 0; i < COST_POLLS + 1; i++) {
        struct observation *o = observation_new(SOURCE_INSTANCES);
        struct err e = {0};

        if (i == 1) {
            way.calls = way.up_bytes = way.down_bytes = 0;
            began = cpu_ms();
        }
        if (o == NULL || ec2_observe(c, &none, o, &e) != ERR_OK) {
            printf("FAIL a poll: %s\n", e.text);
            failures++;
            observation_unref(o);
            return;
        }
        seen = o->as.instances.n;
        observation_unref(o);
        if (i == 0)
            printf("     the first poll: %d calls, %d B up, %d B down\n", (int)way.calls,
                   (int)way.up_bytes, (int)way.down_bytes);
    }
    printf("ok   a poll of %zu instances: %.1f calls, %.0f B up, %.0f B down, %.2f ms "
           "CPU\n",
           seen, (double)way.calls / COST_POLLS, (double)way.up_bytes / COST_POLLS,
           (double)way.down_bytes / COST_POLLS, (cpu_ms() - began) / COST_POLLS);
}

static void all(struct ec2 *c, struct config *config, char **argv)
{
    struct poll_hints hints = {.n = 1};

    (void)str_copy(hints.ids[0], sizeof(hints.ids[0]), argv[6]);
    instances(c, &hints, argv[6]);
    acts(c, argv[4], argv[5], argv[7]);
    pages(c);
    refusals(c, argv[4], argv[7]);
    config->deployment = "another deployment *";
    instances(c, &hints, argv[6]); /* the tag does not show it now, its id does */
    others(c, &hints, argv[5]);
}

static const struct {
    const char *name;
    int argc;
} cases[] = {{"all", 8}, {"look", 7}, {"skew", 5}, {"cost", 5}};

static void run(struct ec2 *c, struct config *config, char **argv)
{
    const struct poll_hints none = {0};

    if (str_eq(argv[1], "all"))
        all(c, config, argv);
    else if (str_eq(argv[1], "look"))
        instances(c, &none, argv[6]);
    else if (str_eq(argv[1], "skew"))
        skew(c);
    else
        cost(c);
}

static bool is_usage(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(cases); i++) {
        if (str_eq(argv[1], cases[i].name))
            return argc == cases[i].argc;
    }
    return false;
}

int main(int argc, char **argv)
{
    const struct http_client_config http = {.timeout_ms = 90000,
                                            .user_agent = "rushhour-peer-test"};
    const struct aws_credentials_config chain = {.http = http};
    const struct offering offering = {.type = "c5.2xlarge"};
    struct server_config server = {
        .name = "cache", .offerings = &offering, .n_offerings = 1};
    struct config config = {.servers = &server, .n_servers = 1};
    const struct clock fast = {.utc_now = skewed_utc, .mono_now = real_mono};
    const struct transport t = {pass, &way};
    struct aws_credentials *credentials = NULL;
    struct http_client *client = NULL;
    struct ec2 *c = NULL;
    struct err e = {0};

    if (!is_usage(argc, argv)) {
        fprintf(stderr, "usage: ec2_peer all|look|skew|cost URL REGION DEPLOYMENT "
                        "[ENI INSTANCE [IMAGE]]\n");
        return 2;
    }
    config.aws.endpoint_ec2 = argv[2];
    config.aws.region = argv[3];
    config.deployment = argv[4];
    server.eni = argc > 5 ? argv[5] : NULL;
    if (http_global_init(&e) != ERR_OK || http_client_new(&http, &client, &e) != ERR_OK ||
        aws_credentials_new(&chain, clock_system(), &credentials, &e) != ERR_OK)
        goto out;
    way.inner = http_client_transport(client);
    if (ec2_new(&config, credentials, &t,
                str_eq(argv[1], "skew") ? &fast : clock_system(), &c, &e) == ERR_OK)
        run(c, &config, argv);
out:
    if (e.code != ERR_OK) {
        printf("FAIL ec2_peer: %s\n", e.text);
        failures++;
    }
    ec2_free(c);
    aws_credentials_free(credentials);
    http_client_free(client);
    http_global_cleanup();
    printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
