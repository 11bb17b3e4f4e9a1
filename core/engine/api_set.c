#include <config.h>

#include "core/engine/api_set.h"

#include "core/api/answer.h"
#include "core/api/ec2_act.h"
#include "core/api/jenkins.h"
#include "core/api/pricelist.h"
#include "core/api/sqs.h"
#include "core/api/velostrata.h"
#include "core/api/vsphere_watch.h"
#include "core/net/dial.h"

#include <stdatomic.h>
#include <stdlib.h>

enum api { A_VELOSTRATA, A_JENKINS, A_VSPHERE, A_AWS, A_PRICELIST, A_QUEUE, A_COUNT };

struct api_shared {
    const struct config *config;
    const struct clock *clock;
    struct vsphere_session *vsphere;
    struct aws_credentials *credentials;
};

struct api_set {
    struct api_shared *shared;
    _Atomic(struct http_client *) http[A_COUNT]; /* NULL until it is needed */
    atomic_bool aborted;
    struct transport inner[A_COUNT]; /* what carries the bytes */
    struct transport outer[A_COUNT]; /* measures on the way */
    struct link {
        struct api_set *set;
        enum api api;
    } links[A_COUNT];
    struct velostrata *velostrata;
    struct jenkins *jenkins;
    struct vsphere *vsphere;
    struct ec2 *ec2;
    struct pricelist *pricelist;
    struct sqs *queue;
    struct {
        int failures;   /* in a row */
        struct mono at; /* not asked before, real time */
    } watch;
    bool (*wait)(void *ctx, int64_t ms);
    void *wait_ctx;
    enum err_code (*fence)(void *ctx, int64_t timeout_ms, struct err *e);
    void *fence_ctx;
    bool acting;
    int64_t took_ms;               /* of the exchanges of this poll or call */
    int64_t retry_after_s;         /* the longest that was asked for in it */
    char request_id[HTTP_ID_TEXT]; /* of the last exchange, "" = it has none */
};

static struct http_client_config http_config(const struct api_shared *s, enum api api)
{
    const struct config *c = s->config;
    const struct api_config *const configs[] = {[A_VELOSTRATA] = &c->velostrata.api,
                                                [A_JENKINS] = &c->jenkins,
                                                [A_VSPHERE] = &c->vsphere};
    struct http_client_config h = {.clock = s->clock};

    if (api == A_AWS || api == A_PRICELIST || api == A_QUEUE) {
        h.ca_file = c->aws.ca_file;
        h.proxy = c->aws.proxy;
        h.allow_http = c->aws.allow_http;
        h.timeout_ms = c->aws.timeout * 1000;
        return h;
    }
    return answer_client_config(configs[api], s->clock);
}

static enum err_code measured(void *ctx, const struct http_request *rq,
                              struct http_response *rs, struct err *e)
{
    const struct link *l = ctx;
    struct api_set *s = l->set;
    int64_t limit_ms =
        rq->timeout_ms > 0 ? rq->timeout_ms : http_config(s->shared, l->api).timeout_ms;
    enum err_code rc;

    if (rq->mutating && s->acting && s->fence != NULL) {
        rc = s->fence(s->fence_ctx, limit_ms, e);
        if (rc != ERR_OK)
            return rc;
    }
    rc = transport_perform(&s->inner[l->api], rq, rs, e);
    if (l->api == A_AWS)
        ec2_take_request_id(rs);
    (void)str_copy(s->request_id, sizeof(s->request_id), rs->request_id);
    l->set->took_ms += rs->took_ms;
    if (rc == ERR_OK && rs->status >= 400 && rs->retry_after_s > l->set->retry_after_s)
        l->set->retry_after_s = rs->retry_after_s;
    return rc;
}

static enum err_code find_credentials(struct api_shared *s, struct err *e)
{
    const struct aws_config *aws = &s->config->aws;
    const struct aws_credentials_config c = {.profile = aws->profile,
                                             .region = aws->region,
                                             .endpoint_sts = aws->endpoint_sts,
                                             .http = http_config(s, A_AWS)};

    return aws_credentials_new(&c, s->clock, &s->credentials, e);
}

enum err_code api_shared_new(const struct config *config, const struct clock *clock,
                             struct aws_credentials *credentials, struct api_shared **out,
                             struct err *e)
{
    struct api_shared *s = calloc(1, sizeof(*s));
    enum err_code rc = ERR_OK;

    if (s == NULL) {
        aws_credentials_free(credentials);
        return err_set(e, ERR_NOMEM, "API clients: out of memory");
    }
    s->config = config;
    s->clock = clock;
    s->credentials = credentials;
    if (config->vsphere.present)
        rc = vsphere_session_new(&config->vsphere, &s->vsphere, e);
    if (rc == ERR_OK && config->aws.present && s->credentials == NULL)
        rc = find_credentials(s, e);
    if (rc != ERR_OK) {
        api_shared_free(s);
        return rc;
    }
    *out = s;
    return ERR_OK;
}

void api_shared_free(struct api_shared *s)
{
    if (s == NULL)
        return;
    vsphere_session_free(s->vsphere);
    aws_credentials_free(s->credentials);
    free(s);
}

void api_shared_abort(struct api_shared *s)
{
    if (s->credentials != NULL)
        aws_credentials_abort(s->credentials);
}

enum err_code api_set_new(struct api_shared *shared, const struct transport *via,
                          struct api_set **out, struct err *e)
{
    struct api_set *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return err_set(e, ERR_NOMEM, "API clients: out of memory");
    s->shared = shared;
    for (int i = 0; i < A_COUNT; i++) {
        s->links[i] = (struct link){s, (enum api)i};
        s->outer[i] = (struct transport){measured, &s->links[i]};
        if (via != NULL)
            s->inner[i] = *via;
    }
    *out = s;
    return ERR_OK;
}

void api_set_free(struct api_set *s)
{
    if (s == NULL)
        return;
    velostrata_free(s->velostrata);
    jenkins_free(s->jenkins);
    vsphere_free(s->vsphere);
    ec2_free(s->ec2);
    pricelist_free(s->pricelist);
    sqs_free(s->queue);
    for (int i = 0; i < A_COUNT; i++)
        http_client_free(s->http[i]);
    free(s);
}

void api_set_abort(struct api_set *s)
{
    atomic_store(&s->aborted, true); /* what reach() makes from now on, it ends */
    for (int i = 0; i < A_COUNT; i++) {
        struct http_client *c = atomic_load(&s->http[i]);

        if (c != NULL)
            http_client_abort(c);
    }
}

/* The way to one API, unless another carries the bytes. A thread asks one API of four. */
static enum err_code reach(struct api_set *s, enum api api, struct err *e)
{
    struct http_client_config h;
    struct http_client *c;

    if (s->inner[api].perform != NULL)
        return ERR_OK;
    h = http_config(s->shared, api);
    if (http_client_new(&h, &c, e) != ERR_OK)
        return e->code;
    s->inner[api] = http_client_transport(c);
    atomic_store(&s->http[api], c);
    if (atomic_load(&s->aborted))
        http_client_abort(c); /* api_set_abort() came just before it could see this one */
    return ERR_OK;
}

/* Clients are made when they are first needed: a wrong CA file of one API hinders no
 * other. */
static enum err_code need(struct api_set *s, enum api api, struct err *e)
{
    const struct config *c = s->shared->config;

    if (reach(s, api, e) != ERR_OK)
        return e->code;
    switch (api) {
    case A_VELOSTRATA:
        return s->velostrata != NULL
                   ? ERR_OK
                   : velostrata_new(&c->velostrata, &s->outer[api], &s->velostrata, e);
    case A_JENKINS:
        return s->jenkins != NULL
                   ? ERR_OK
                   : jenkins_new(&c->jenkins, &s->outer[api], &s->jenkins, e);
    case A_VSPHERE:
        if (s->vsphere != NULL)
            return ERR_OK;
        if (vsphere_new(s->shared->vsphere, &s->outer[api], s->shared->clock, &s->vsphere,
                        e) != ERR_OK)
            return e->code;
        vsphere_set_wait(s->vsphere, s->wait, s->wait_ctx);
        return ERR_OK;
    case A_AWS:
        return s->ec2 != NULL ? ERR_OK
                              : ec2_new(c, s->shared->credentials, &s->outer[api],
                                        s->shared->clock, &s->ec2, e);
    case A_PRICELIST:
        return s->pricelist != NULL
                   ? ERR_OK
                   : pricelist_new(c, s->shared->credentials, &s->outer[api],
                                   s->shared->clock, &s->pricelist, e);
    case A_QUEUE:
        return s->queue != NULL ? ERR_OK
                                : sqs_new(c, s->shared->credentials, &s->outer[api],
                                          s->shared->clock, &s->queue, e);
    case A_COUNT:
        break;
    }
    return err_set(e, ERR_BUG, "no such API");
}

static enum err_code poll_velostrata(struct api_set *s, const struct poll_hints *h,
                                     struct observation *o, struct err *e)
{
    return velostrata_observe(s->velostrata, h, o, e);
}

static enum err_code poll_jenkins(struct api_set *s, const struct poll_hints *h,
                                  struct observation *o, struct err *e)
{
    return jenkins_observe(s->jenkins, h, o, e);
}

static enum err_code poll_builds(struct api_set *s, const struct poll_hints *h,
                                 struct observation *o, struct err *e)
{
    return jenkins_history(s->jenkins, h, o, e);
}

static enum err_code poll_vsphere(struct api_set *s, const struct poll_hints *h,
                                  struct observation *o, struct err *e)
{
    return vsphere_observe(s->vsphere, h, o, e);
}

static enum err_code poll_ec2(struct api_set *s, const struct poll_hints *h,
                              struct observation *o, struct err *e)
{
    return ec2_observe(s->ec2, h, o, e);
}

static enum err_code poll_pricelist(struct api_set *s, const struct poll_hints *h,
                                    struct observation *o, struct err *e)
{
    (void)h;
    return pricelist_observe(s->pricelist, o, e);
}

static enum err_code poll_queue(struct api_set *s, const struct poll_hints *h,
                                struct observation *o, struct err *e)
{
    return sqs_observe(s->queue, h, o, e);
}

/* A new API is a row here. */
static const struct {
    enum api api;
    enum err_code (*poll)(struct api_set *s, const struct poll_hints *h,
                          struct observation *o, struct err *e);
} pollers[SOURCE_COUNT] = {
    [SOURCE_VELOSTRATA] = {A_VELOSTRATA, poll_velostrata},
    [SOURCE_JENKINS] = {A_JENKINS, poll_jenkins},
    [SOURCE_VSPHERE] = {A_VSPHERE, poll_vsphere},
    [SOURCE_INSTANCES] = {A_AWS, poll_ec2},
    [SOURCE_SPOT] = {A_AWS, poll_ec2},
    [SOURCE_INTERFACES] = {A_AWS, poll_ec2},
    [SOURCE_PRICES] = {A_AWS, poll_ec2},
    [SOURCE_PRICELIST] = {A_PRICELIST, poll_pricelist},
    [SOURCE_QUEUE] = {A_QUEUE, poll_queue},
    [SOURCE_BUILDS] = {A_JENKINS, poll_builds},
};

struct observation *api_set_poll(struct api_set *s, enum source source,
                                 const struct poll_hints *hints)
{
    struct observation *o = observation_new(source);
    struct utc asked = clock_utc(s->shared->clock);
    struct err e = {0};

    if (o == NULL)
        return NULL;
    s->took_ms = s->retry_after_s = 0;
    s->request_id[0] = '\0';
    if (need(s, pollers[source].api, &e) == ERR_OK &&
        pollers[source].poll(s, hints, o, &e) == ERR_OK && arena_failed(o->arena))
        (void)err_set(&e, ERR_NOMEM, "%s: its answer does not fit into memory",
                      source_api(source));
    o->err = e;
    /* What one answer of several says may be as old as the question: an end of the poll
     * would make a place look newer than it was read. */
    if (e.code != ERR_OK)
        o->at = clock_utc(s->shared->clock);
    else if (o->at.s == 0)
        o->at = asked;
    o->took_ms = s->took_ms;
    o->retry_after_s = s->retry_after_s;
    (void)str_copy(o->request_id, sizeof(o->request_id), s->request_id);
    return o;
}

/* ---- the long poll ---- */

enum {
    WATCH_IDLE_MS = 60 * 1000,
    WATCH_GAP_MS = 500, /* news come no faster: each of them costs a listing */
    WATCH_RETRY_MS = 500,
    WATCH_RETRY_MAX_MS = 60 * 1000
};

static int64_t real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

bool api_set_can_watch(const struct api_set *s)
{
    return s->http[A_VSPHERE] != NULL && s->vsphere != NULL &&
           vsphere_has_listing(s->vsphere);
}

static enum err_code watch_begin(struct api_set *s, struct http_client *c, struct err *e)
{
    struct http_request rq;

    s->watch.at.ms = real_ms() + WATCH_GAP_MS; /* of the next one */
    if (!vsphere_watch_is_open(s->vsphere) && vsphere_watch_open(s->vsphere, e) != ERR_OK)
        return e->code;
    if (vsphere_watch_ask(s->vsphere, &rq, e) != ERR_OK)
        return e->code;
    return http_client_hold(c, &rq, e);
}

static enum err_code watch_end(struct api_set *s, struct http_client *c, bool *news,
                               struct err *e)
{
    enum vsphere_news told = VSPHERE_QUIET;
    struct http_response rs;

    http_response_init(&rs);
    if (http_client_take(c, &rs, e) &&
        vsphere_watch_take(s->vsphere, e->code, &rs, &told, e) == ERR_OK) {
        s->watch.failures = 0;
        if (told == VSPHERE_MORE)
            s->watch.at.ms = real_ms();
    }
    *news = told == VSPHERE_NEWS;
    http_response_clear(&rs);
    return e->code;
}

/* It is told by the news of the next first answer what was missed meanwhile. */
static void watch_failed(struct api_set *s)
{
    int64_t wait = WATCH_RETRY_MS;

    for (int i = 0; i < s->watch.failures && wait < WATCH_RETRY_MAX_MS; i++)
        wait *= 2;
    s->watch.failures++;
    s->watch.at.ms = real_ms() + (wait < WATCH_RETRY_MAX_MS ? wait : WATCH_RETRY_MAX_MS);
}

enum err_code api_set_watch(struct api_set *s, bool *news, struct err *e)
{
    struct http_client *c = s->http[A_VSPHERE];
    int64_t left = s->watch.at.ms - real_ms();
    enum err_code rc = ERR_OK;

    *news = false;
    if (s->watch.at.ms == 0) { /* a command that looks once is gone before that */
        s->watch.at.ms = real_ms() + WATCH_GAP_MS;
        left = WATCH_GAP_MS;
    }
    if (!vsphere_watch_is_open(s->vsphere))
        http_client_drop(c); /* of a session that is gone */
    if (!http_client_holds(c) && left <= 0)
        rc = watch_begin(s, c, e);
    if (rc == ERR_OK)
        rc = http_client_idle(c, http_client_holds(c) ? WATCH_IDLE_MS : left, e);
    if (rc == ERR_OK)
        rc = watch_end(s, c, news, e);
    if (rc != ERR_OK)
        watch_failed(s);
    return rc;
}

void api_set_wake(struct api_set *s)
{
    struct http_client *c = atomic_load(&s->http[A_VSPHERE]);

    if (c != NULL)
        http_client_wake(c);
}

/* Nobody's API: it answers, or it does not. */
static void check_port(const struct call *call, struct call_result *r)
{
    enum { PORT_TIMEOUT_MS = 3000 };

    r->outcome = dial_tcp(call->target, PORT_TIMEOUT_MS, &r->err) == ERR_OK
                     ? OUTCOME_DONE
                     : OUTCOME_FAILED;
}

void api_set_act(struct api_set *s, const struct call *call, struct call_result *r)
{
    const char *api = call_api(call->kind);
    enum api which = str_eq(api, "jenkins")      ? A_JENKINS
                     : str_eq(api, "velostrata") ? A_VELOSTRATA
                     : str_eq(api, "ec2")        ? A_AWS
                                                 : A_VSPHERE;

    *r = (struct call_result){.id = call->id, .outcome = OUTCOME_FAILED};
    s->took_ms = s->retry_after_s = 0;
    s->request_id[0] = '\0';
    s->acting = true;
    if (call->kind == CALL_PORT_CHECK) {
        check_port(call, r);
    } else if (need(s, which, &r->err) == ERR_OK) {
        if (which == A_JENKINS)
            jenkins_act(s->jenkins, call, r);
        else if (which == A_VELOSTRATA)
            velostrata_act(s->velostrata, call, r);
        else if (which == A_AWS)
            ec2_act(s->ec2, call, r);
        else
            vsphere_act(s->vsphere, call, r);
    }
    s->acting = false;
    r->id = call->id;
    r->at = clock_utc(s->shared->clock);
    r->took_ms = s->took_ms;
    r->retry_after_s = s->retry_after_s;
    (void)str_copy(r->request_id, sizeof(r->request_id), s->request_id);
}

void api_set_wait(struct api_set *s, bool (*wait)(void *ctx, int64_t ms), void *ctx)
{
    s->wait = wait;
    s->wait_ctx = ctx;
    if (s->vsphere != NULL)
        vsphere_set_wait(s->vsphere, wait, ctx);
}

void api_set_fence(struct api_set *s,
                   enum err_code (*fence)(void *ctx, int64_t timeout_ms, struct err *e),
                   void *ctx)
{
    s->fence = fence;
    s->fence_ctx = ctx;
}

void api_set_logout(struct api_set *s)
{
    struct err e = {0};

    if (s->shared->vsphere != NULL && need(s, A_VSPHERE, &e) == ERR_OK)
        vsphere_logout(s->vsphere);
}
