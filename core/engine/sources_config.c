#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/* What the configuration says of the sources: at a start, and when it is another. */

/* What the last run read of the price list counts for the rest of its day. */
static void resume_pricelist(struct controller *c)
{
    struct source_state *st = &c->sources[SOURCE_PRICELIST];
    int64_t age_s;

    st->last_ok = costs_listed_at(c);
    age_s = c->now.s - st->last_ok.s;
    if (!st->configured || st->last_ok.s == 0 || age_s < 0)
        return;
    st->state = API_OK;
    if (age_s < PRICELIST_EVERY_S)
        st->next.ms = c->mono.ms + (PRICELIST_EVERY_S - age_s) * 1000;
}

/* What the configuration says of the sources. */
static void configure(struct controller *c)
{
    const struct config *k = c->config;
    const bool configured[SOURCE_COUNT] = {
        [SOURCE_VELOSTRATA] = k->velostrata.api.present,
        [SOURCE_JENKINS] = k->jenkins.present,
        [SOURCE_VSPHERE] = k->vsphere.present,
        [SOURCE_INSTANCES] = k->aws.present,
        [SOURCE_SPOT] = k->aws.present,
        [SOURCE_INTERFACES] = k->aws.present,
        [SOURCE_PRICES] = k->aws.present,
        [SOURCE_PRICELIST] = k->aws.present,
        [SOURCE_QUEUE] = k->aws.present && k->aws.interruption_queue != NULL,
        [SOURCE_BUILDS] = k->jenkins.present,
        [SOURCE_LOCK] = c->lease.shared,
    };

    for (size_t i = 0; i < SOURCE_COUNT; i++)
        c->sources[i].configured = configured[i];
    c->launches =
        mover_any_launches(k); /* a mover stays what it is until the next reading */
    sources_pace(c);
    c->extension.facts.configured = k->velostrata.api.present;
}

void sources_init(struct controller *c)
{
    configure(c);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        c->sources[i].state = c->sources[i].configured ? API_WAITING : API_OFF;
        c->sources[i].next = c->mono;
    }
    resume_pricelist(c);
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : str_eq(a, b);
}

const char *source_other_by(const struct config *was, const struct config *is,
                            enum source s)
{
#define OF(id) (1u << SOURCE_##id)
    const unsigned jenkins = OF(JENKINS) | OF(BUILDS);
    const unsigned aws =
        OF(INSTANCES) | OF(SPOT) | OF(INTERFACES) | OF(PRICES) | OF(PRICELIST);
    const struct {
        const char *option;
        unsigned of;
        const char *was, *is;
    } rows[] = {
        {"velostrata.url", OF(VELOSTRATA), was->velostrata.api.url,
         is->velostrata.api.url},
        {"velostrata.cloud_extension", OF(VELOSTRATA), was->velostrata.cloud_extension,
         is->velostrata.cloud_extension},
        {"jenkins.url", jenkins, was->jenkins.url, is->jenkins.url},
        {"vsphere.url", OF(VSPHERE), was->vsphere.url, is->vsphere.url},
        {"aws.region", aws, was->aws.region, is->aws.region},
        {"aws.profile", aws, was->aws.profile, is->aws.profile},
        {"aws.endpoint_ec2", aws, was->aws.endpoint_ec2, is->aws.endpoint_ec2},
        {"aws.interruption_queue", OF(QUEUE), was->aws.interruption_queue,
         is->aws.interruption_queue},
    };
#undef OF

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if ((rows[i].of >> s & 1) != 0 && !same(rows[i].was, rows[i].is))
            return rows[i].option;
    }
    return NULL;
}

static void forget(struct source_state *st)
{
    observation_unref(st->good);
    st->good = NULL;
    st->heard.s = 0;
}

void sources_reconfigure(struct controller *c, const struct config *was)
{
    configure(c);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct source_state *st = &c->sources[i];

        if (i == SOURCE_LOCK)
            continue;          /* its thread goes on */
        st->in_flight = false; /* who was asked answers for the old configuration */
        if (!st->configured || source_other_by(was, c->config, (enum source)i) != NULL) {
            forget(st);
            st->last_ok.s = 0;
            st->failures = 0;
            st->held_until.ms = 0;
            st->state = st->configured ? API_WAITING : API_OFF;
        } else if (st->state == API_OFF) {
            st->state = API_WAITING;
        }
        st->next = st->held_until.ms > c->mono.ms ? st->held_until : c->mono;
    }
    /* From the beginning: types that nobody asked for until now have a history, too. */
    forget(&c->sources[SOURCE_PRICES]);
    c->batch_taken = c->batch_handled = 0; /* the new client counts from one */
    c->batch_fresh = false;
    resume_pricelist(c);
}

void sources_restart(struct controller *c)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct source_state *st = &c->sources[i];

        if (!st->configured || i == SOURCE_LOCK || i == SOURCE_PRICELIST)
            continue;
        st->last_ok.s = 0;
        st->failures = 0;
        st->in_flight = false;
        st->next = c->mono;
        st->state = API_WAITING;
    }
}
