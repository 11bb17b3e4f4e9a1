#include <config.h>

#include "core/engine/api_set.h"
#include "core/sim/site.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/site.h"

/* ----- what was observed is clean ----- */

static void check_texts(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fuzz_check_text(texts[i]);
}

#define CHECK_TEXTS(...)                                                                 \
    do {                                                                                 \
        const char *const texts_[] = {__VA_ARGS__};                                      \
        check_texts(texts_, ARRAY_LEN(texts_));                                          \
    } while (0)

static void check_instance(const struct seen_instance *in)
{
    CHECK_TEXTS(in->id, in->type, in->zone, in->ip, in->eni, in->spot_request,
                in->state_reason, in->server, in->move, in->deployment, in->client_token,
                in->attachment);
}

static void check_vsphere(const struct observation *o)
{
    const struct obs_vsphere *v = &o->as.vsphere;

    for (size_t i = 0; i < v->n_vms; i++)
        CHECK_TEXTS(v->vms[i].id, v->vms[i].name, v->vms[i].uuid, v->vms[i].instance_uuid,
                    v->vms[i].ip, v->vms[i].host);
    for (size_t i = 0; i < v->n_hosts; i++)
        CHECK_TEXTS(v->hosts[i].id, v->hosts[i].name);
    fuzz_check_text(v->load_problem);
}

static void check_jenkins(const struct observation *o)
{
    const struct obs_jenkins *j = &o->as.jenkins;

    fuzz_check_text(j->version);
    for (size_t i = 0; i < j->n_nodes; i++) {
        CHECK_TEXTS(j->nodes[i].name, j->nodes[i].cause);
        for (size_t k = 0; k < j->nodes[i].n_builds; k++)
            CHECK_TEXTS(j->nodes[i].builds[k].name, j->nodes[i].builds[k].path);
    }
}

static void check_builds(const struct observation *o)
{
    for (size_t i = 0; i < o->as.builds.n; i++) {
        const struct seen_job *j = &o->as.builds.jobs[i];

        fuzz_check_text(j->path);
        for (size_t k = 0; k < j->n_runs; k++)
            CHECK_TEXTS(j->runs[k].node, j->runs[k].parameters.form,
                        j->runs[k].parameters.hidden, j->runs[k].aborted_by);
        for (size_t k = 0; k < j->n_items; k++)
            CHECK_TEXTS(j->items[k].parameters.form, j->items[k].parameters.hidden);
    }
}

static void check_velostrata(const struct observation *o)
{
    const struct obs_velostrata *v = &o->as.velostrata;

    CHECK_TEXTS(v->extension_id, v->extension_raw, v->edge_a_zone, v->edge_b_zone,
                v->extension_problem);
    for (size_t i = 0; i < v->n_vms; i++) {
        CHECK_TEXTS(v->vms[i].vm_id, v->vms[i].instance_uuid, v->vms[i].raw_state);
        if (v->vms[i].has_instance)
            CHECK_TEXTS(v->vms[i].instance.id, v->vms[i].instance.type,
                        v->vms[i].instance.zone, v->vms[i].instance.ip);
    }
    for (size_t i = 0; i < v->n_tasks; i++)
        CHECK_TEXTS(v->tasks[i].id, v->tasks[i].type, v->tasks[i].entity,
                    v->tasks[i].user, v->tasks[i].error, v->tasks[i].spot_request);
}

static void check_instances(const struct observation *o)
{
    for (size_t i = 0; i < o->as.instances.n; i++)
        check_instance(&o->as.instances.instances[i]);
}

static void check_spot(const struct observation *o)
{
    for (size_t i = 0; i < o->as.spot.n; i++)
        CHECK_TEXTS(o->as.spot.spots[i].id, o->as.spot.spots[i].instance,
                    o->as.spot.spots[i].zone, o->as.spot.spots[i].status);
}

static void check_interfaces(const struct observation *o)
{
    for (size_t i = 0; i < o->as.interfaces.n; i++) {
        const struct seen_interface *n = &o->as.interfaces.interfaces[i];

        CHECK_TEXTS(n->id, n->zone, n->ip, n->instance);
    }
}

static void check_prices(const struct observation *o)
{
    for (size_t i = 0; i < o->as.prices.n; i++) {
        CHECK_TEXTS(o->as.prices.prices[i].type, o->as.prices.prices[i].zone);
        FUZZ_CHECK(o->as.prices.prices[i].price.nanos >= 0);
    }
}

static void check_pricelist(const struct observation *o)
{
    fuzz_check_text(o->as.pricelist.region);
    for (size_t i = 0; i < o->as.pricelist.n; i++) {
        fuzz_check_text(o->as.pricelist.prices[i].type);
        FUZZ_CHECK(o->as.pricelist.prices[i].price.nanos > 0);
    }
}

static void check_queue(const struct observation *o)
{
    for (size_t i = 0; i < o->as.queue.n; i++) {
        const struct seen_warning *w = &o->as.queue.warnings[i];

        CHECK_TEXTS(w->id, w->instance, w->state, w->text);
    }
}

/* ----- polls ----- */

static struct poll_hints hints(void)
{
    struct poll_hints h = {.moving = true, .since = {INT64_C(1795300000)}};
    static const char *const ids[] = {"i-0123456789abcdef0", "t-1", "t-2"};
    static const char *const jobs[] = {"/jenkins/job/cache-smoke/",
                                       "/jenkins/job/migration-full/"};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        (void)str_copy(h.ids[h.n++], sizeof(h.ids[0]), ids[i]);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        (void)str_copy(h.jobs[h.n_jobs++], sizeof(h.jobs[0]), jobs[i]);
    h.n_detailed = 1;
    return h;
}

/* What we sent with every question does not get into an error; unless the answer has it.
 */
static void check_error(const struct err *e, const uint8_t *bytes, size_t len)
{
    const char *const secrets[] = {site_velostrata_password, site_jenkins_token,
                                   site_vsphere_password, site_aws_secret_key};

    fuzz_check_text(e->text);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        FUZZ_CHECK(strstr(e->text, secrets[i]) == NULL ||
                   memmem(bytes, len, secrets[i], strlen(secrets[i])) != NULL);
}

/* Twice: the second time a session is there, and what reads as before may be reused. */
static void poll_source(const uint8_t *bytes, size_t len, enum source source,
                        void (*check)(const struct observation *o))
{
    struct answers a = {(const char *)bytes, (const char *)bytes + len, 0};
    const struct transport t = answers_transport(&a);
    const struct poll_hints h = hints();
    struct fuzz_clients c = fuzz_clients_new(&t);

    for (int i = 0; i < 2; i++) {
        struct observation *o = api_set_poll(c.set, source, &h);

        if (o == NULL)
            break;
        check_error(&o->err, bytes, len);
        FUZZ_CHECK(o->retry_after_s >= 0 && o->retry_after_s <= 900);
        if (o->err.code == ERR_OK)
            check(o);
        observation_unref(o);
    }
    fuzz_clients_end(&c);
}

#define POLL(name, source, check)                                                        \
    static void name(const uint8_t *bytes, size_t len)                                   \
    {                                                                                    \
        poll_source(bytes, len, source, check);                                          \
    }
POLL(poll_velostrata, SOURCE_VELOSTRATA, check_velostrata)
POLL(poll_jenkins, SOURCE_JENKINS, check_jenkins)
POLL(poll_builds, SOURCE_BUILDS, check_builds)
POLL(poll_vsphere, SOURCE_VSPHERE, check_vsphere)
POLL(poll_instances, SOURCE_INSTANCES, check_instances)
POLL(poll_spot, SOURCE_SPOT, check_spot)
POLL(poll_interfaces, SOURCE_INTERFACES, check_interfaces)
POLL(poll_prices, SOURCE_PRICES, check_prices)
POLL(poll_pricelist, SOURCE_PRICELIST, check_pricelist)
POLL(poll_queue, SOURCE_QUEUE, check_queue)

/* ----- calls ----- */

/* The first letter says which call it is: 'a' is the first of the table. */
static void act(const uint8_t *bytes, size_t len)
{
    struct answers a = {(const char *)bytes + 1, (const char *)bytes + len, 0};
    const struct transport t = answers_transport(&a);
    struct fuzz_clients c;
    struct call call = {.id = 1,
                        .server = "cache",
                        .move = "m-1",
                        .marker = "rushhour/1 fuzz",
                        .nonce = "1",
                        .run = {.instance_type = "c5.2xlarge",
                                .eni = "eni-1",
                                .eni_field = "networkInterfaceId",
                                .image = "ami-1",
                                .deployment = "fuzz",
                                .token = "token",
                                .spot = true}};
    struct call_result r = {0};

    if (len == 0)
        return;
    call.kind =
        (enum call_kind)((bytes[0] + (unsigned)CALL_COUNT * 8 - 'a') % CALL_COUNT);
    (void)str_copy(call.target, sizeof(call.target),
                   call.kind == CALL_BUILD_STOP || call.kind == CALL_BUILD_QUEUE
                       ? "/jenkins/job/cache-smoke/7/"
                       : "vm-11");
    c = fuzz_clients_new(&t);
    api_set_act(c.set, &call, &r);
    check_error(&r.err, bytes, len);
    fuzz_check_text(r.detail);
    FUZZ_CHECK((r.outcome == OUTCOME_DONE) == (r.err.code == ERR_OK));
    FUZZ_CHECK(r.retry_after_s >= 0 && r.retry_after_s <= 900);
    fuzz_clients_end(&c);
}

const struct fuzz_target fuzz_apis[] = {
    {"velostrata", poll_velostrata},
    {"jenkins", poll_jenkins},
    {"builds", poll_builds},
    {"vsphere", poll_vsphere},
    {"instances", poll_instances},
    {"spot", poll_spot},
    {"interfaces", poll_interfaces},
    {"prices", poll_prices},
    {"pricelist", poll_pricelist},
    {"queue", poll_queue},
    {"act", act},
    {NULL, NULL},
};
