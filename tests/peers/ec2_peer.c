/*
 * ec2_peer - drives our EC2 client against a server that is not ours: reads instances by
 * tag and by id, spot requests, interfaces and prices, and prints what it sees.
 * It also launches an instance of IMAGE onto the interface and terminates it.
 * usage: ec2_peer URL REGION DEPLOYMENT ENI INSTANCE IMAGE. Keys come from the
 * environment, as in production. Ends with 0 when every listing was read and holds what
 * was asked for.
 */
#include <config.h>

#include "core/api/ec2_act.h"
#include "core/base/str.h"
#include "core/base/timefmt.h"

#include <stdio.h>

static int failures;

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

int main(int argc, char **argv)
{
    const struct http_client_config http = {.timeout_ms = 20000,
                                            .user_agent = "rushhour-peer-test"};
    const struct offering offering = {.type = "c5.2xlarge"};
    struct server_config server = {
        .name = "cache", .offerings = &offering, .n_offerings = 1};
    struct config config = {.servers = &server, .n_servers = 1};
    const struct aws_credentials_config chain = {.http = http};
    struct aws_credentials *credentials = NULL;
    struct http_client *client = NULL;
    struct poll_hints hints = {.n = 1};
    struct ec2 *c = NULL;
    struct transport t;
    struct err e = {0};

    if (argc != 7) {
        fprintf(stderr, "usage: ec2_peer URL REGION DEPLOYMENT ENI INSTANCE IMAGE\n");
        return 2;
    }
    config.aws.endpoint_ec2 = argv[1];
    config.aws.region = argv[2];
    config.deployment = argv[3];
    server.eni = argv[4];
    (void)str_copy(hints.ids[0], sizeof(hints.ids[0]), argv[5]);
    if (http_global_init(&e) != ERR_OK || http_client_new(&http, &client, &e) != ERR_OK ||
        aws_credentials_new(&chain, clock_system(), &credentials, &e) != ERR_OK) {
        fprintf(stderr, "ec2_peer: %s\n", e.text);
        return 1;
    }
    t = http_client_transport(client);
    if (ec2_new(&config, credentials, &t, clock_system(), &c, &e) != ERR_OK) {
        fprintf(stderr, "ec2_peer: %s\n", e.text);
        return 1;
    }
    instances(c, &hints, argv[5]);
    acts(c, argv[3], argv[4], argv[6]);
    config.deployment = "another deployment *";
    instances(c, &hints, argv[5]); /* the tag does not show it now, its id does */
    others(c, &hints, argv[4]);
    ec2_free(c);
    aws_credentials_free(credentials);
    http_client_free(client);
    http_global_cleanup();
    printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
