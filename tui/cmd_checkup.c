/*
 * cmd_checkup - `doctor` online: one read-only look at every API, and what is missing
 * with its remedy. Of an appliance that is not trusted yet it shows the certificate, so
 * that it can be compared and pinned. Threads: main only.
 */
#include <config.h>

#include "core/engine/api_set.h"
#include "core/engine/doctor.h"
#include "core/engine/keeper.h"
#include "core/net/certificate.h"
#include "tui/cmd.h"
#include "tui/cmd_config.h"
#include "tui/out.h"
#include "tui/session.h"

/* In this order; spot requests and builds ask the same APIs for what only a running fleet
 * has, and receiving from the queue would hide its warnings from who is running. */
static const enum source looks[] = {SOURCE_VELOSTRATA, SOURCE_JENKINS,    SOURCE_VSPHERE,
                                    SOURCE_INSTANCES,  SOURCE_INTERFACES, SOURCE_PRICES,
                                    SOURCE_PRICELIST,  SOURCE_LOCK};

struct checkup {
    struct session session;
    struct api_shared *shared;
    struct api_set *set;
    struct observation *seen[SOURCE_COUNT];
    int bad, notes;
    bool unreachable;
};

static bool is_configured(const struct config *c, enum source s)
{
    switch (s) {
    case SOURCE_VELOSTRATA:
        return c->velostrata.api.present;
    case SOURCE_JENKINS:
        return c->jenkins.present;
    case SOURCE_VSPHERE:
        return c->vsphere.present;
    case SOURCE_INSTANCES:
    case SOURCE_INTERFACES:
    case SOURCE_PRICES:
    case SOURCE_PRICELIST:
        return c->aws.present;
    case SOURCE_LOCK:
        return c->lock.n_etcd > 0;
    case SOURCE_SPOT:
    case SOURCE_QUEUE:
    case SOURCE_BUILDS:
    case SOURCE_COUNT:
        break;
    }
    return false;
}

static void say(void *ctx, const struct finding *f)
{
    static const char *const signs[] = {
        [FINDING_GOOD] = "ok  ", [FINDING_NOTE] = "note", [FINDING_BAD] = "FAIL"};
    struct checkup *k = ctx;

    out_printf("%s %s: %s\n", signs[f->kind], f->subject, f->text);
    if (f->remedy[0] != '\0')
        out_printf("       %s\n", f->remedy);
    k->bad += f->kind == FINDING_BAD;
    k->notes += f->kind == FINDING_NOTE;
}

/* ----- certificates ----- */

static void show(const char *section, const struct certificate *c)
{
    out_printf("     %s shows this certificate; compare it with what the appliance "
               "itself says of it:\n",
               section);
    out_printf("       subject  %s\n       issuer   %s\n       valid    %s to %s\n",
               c->subject, c->issuer, c->from, c->until);
    out_printf("       SHA-256  %s\n", c->fingerprint);
    out_printf("     to trust this key, and this key alone, write into section %s:\n"
               "       pinned_key = \"%s\"\n",
               section, c->pin);
}

/* After a failure to trust it, and where a pin is all that is trusted. */
static void check_certificate(struct checkup *k, enum source s, const char *section,
                              const struct api_config *a)
{
    const struct observation *o = k->seen[s];
    const struct http_client_config config = {.ca_file = a->ca_file,
                                              .client_cert = a->client_cert,
                                              .client_key_file = a->client_key_file,
                                              .connect_to = a->connect_to,
                                              .proxy = a->proxy,
                                              .timeout_ms = a->timeout * 1000};
    struct certificate c;
    struct err e = {0};

    if (o == NULL || o->err.code != ERR_TLS)
        return;
    if (certificate_look(&config, a->url, &c, &e) == ERR_OK)
        show(section, &c);
    else
        out_printf("     %s shows no certificate: %s\n", section, e.text);
}

/* ----- the whole of it ----- */

static void look(struct checkup *k)
{
    const struct config *c = k->session.config;
    const struct poll_hints hints = {0};

    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        const struct observation *o;
        enum err_code code;

        if (!is_configured(c, looks[i]))
            continue;
        k->seen[looks[i]] = looks[i] == SOURCE_LOCK
                                ? keeper_look(c, clock_system())
                                : api_set_poll(k->set, looks[i], &hints);
        o = k->seen[looks[i]];
        code = o != NULL ? o->err.code : ERR_OK;
        k->unreachable = k->unreachable || code == ERR_CONNECT || code == ERR_TIMEOUT ||
                         code == ERR_TLS || code == ERR_AUTH;
    }
    api_set_logout(k->set);
}

static void report(struct checkup *k)
{
    const struct config *c = k->session.config;
    struct api_config lock = c->lock.api;

    out_printf("ok   configuration: %s is understood, %zu server%s\n",
               k->session.config_path, c->n_servers, c->n_servers == 1 ? "" : "s");
    doctor_check(c, (const struct observation *const *)k->seen, say, k);
    check_certificate(k, SOURCE_VELOSTRATA, "velostrata", &c->velostrata.api);
    check_certificate(k, SOURCE_JENKINS, "jenkins", &c->jenkins);
    check_certificate(k, SOURCE_VSPHERE, "vsphere", &c->vsphere);
    lock.url = c->lock.n_etcd > 0 ? c->lock.etcd[0] : "";
    check_certificate(k, SOURCE_LOCK, "lock", &lock);
    if (c->aws.present && c->aws.interruption_queue != NULL)
        out_printf("     sqs: not asked, a look would hide warnings from who is "
                   "running\n");
    out_printf("%d to mend, %d to know\n", k->bad, k->notes);
}

int cmd_doctor(const struct args *a)
{
    struct checkup k = {0};
    struct err e = {0};
    int rc;

    if (a->set[FLAG_OFFLINE])
        return cmd_doctor_offline(a->value[FLAG_CONFIG]);
    rc = session_open(&k.session, a);
    if (rc != EXIT_DONE)
        goto out;
    if (api_shared_new(k.session.config, clock_system(), NULL, &k.shared, &e) != ERR_OK ||
        api_set_new(k.shared, NULL, &k.set, &e) != ERR_OK) {
        rc = session_fail(&e);
        goto out;
    }
    look(&k);
    report(&k);
    rc = k.unreachable ? EXIT_API : k.bad > 0 ? EXIT_FAILED : EXIT_DONE;
    if (!out_flush())
        rc = EXIT_FAILED;
out:
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        observation_unref(k.seen[i]);
    api_set_free(k.set);
    api_shared_free(k.shared);
    session_close(&k.session);
    return rc;
}
