#include <config.h>

#include "core/sim/site_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/sim/spoil.h"
#include "core/sim/wire.h"

enum {
    USUAL_MS = 12, /* that an exchange takes */
    DEFAULT_TIMEOUT_MS = 20000,
    SKEW_S = 600,
    STALE_MS = 300000,
    QUESTION_BYTES = 8 * 1024 * 1024,
    HTTP_WAIT_MAX_S = 900 /* what the client makes of any longer Retry-After */
};

/* NULL: there is none of that name. */
static const char *mover_known(const char *name)
{
    static const char *const names[] = {"velostrata", "ec2", "mixed"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(names[i], name != NULL ? name : names[0]))
            return names[i];
    return NULL;
}

enum ways { BY_VELOSTRATA, BY_EC2, BY_EC2_OVERLAP };

/* How the i-th server is moved, in the configuration that fits. */
static enum ways way_of(const struct site *s, size_t i)
{
    if (str_eq(s->mover, "mixed"))
        return i % 2 == 0 ? BY_VELOSTRATA : i % 4 == 3 ? BY_EC2_OVERLAP : BY_EC2;
    return str_eq(s->mover, "ec2") ? BY_EC2 : BY_VELOSTRATA;
}

static enum err_code add_zones(struct site *s, int32_t more, struct err *e)
{
    struct world *w = s->w;
    const struct sim_eni *eni;
    const struct sim_node *node;

    for (size_t i = 0; i < w->n_servers; i++) {
        enum ways way = way_of(s, i);
        int32_t n = way == BY_EC2_OVERLAP && more < 1 ? 1 : more;

        for (int32_t z = 1; way != BY_VELOSTRATA && z <= n && z < SIM_MAX_ZONES; z++)
            if (world_add_zone(w, (int32_t)i, w->zones[z], &eni, &node) != SIM_OK)
                return err_set(e, ERR_NOMEM, "no memory for the simulated site");
    }
    return ERR_OK;
}

enum err_code site_new(const struct site_options *o, struct site **out, struct err *e)
{
    struct site *s = calloc(1, sizeof(*s));
    enum err_code rc;

    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the simulated site");
    rng_seed(&s->rng, o->seed ^ UINT64_C(0x5eed0f0fa0175));
    s->mover = mover_known(o->mover);
    if (s->mover == NULL) {
        site_free(s);
        return err_set(e, ERR_USAGE,
                       "there is no mover \"%.40s\": velostrata, ec2 or mixed", o->mover);
    }
    rc = faults_parse(&s->faults, o->faults != NULL ? o->faults : "", e);
    if (rc == ERR_OK && o->typed)
        rc = faults_check_typed(&s->faults, e);
    if (rc == ERR_OK)
        rc = world_new(o->seed, o->servers, o->start.s * 1000, &s->w, e);
    if (rc == ERR_OK)
        rc = add_zones(s, o->more_zones, e);
    if (rc != ERR_OK) {
        site_free(s);
        return rc;
    }
    faults_to_world(&s->faults, &s->w->odds);
    *out = s;
    return ERR_OK;
}

void site_free(struct site *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < SITE_OLD_ANSWERS; i++)
        strbuf_clear(&s->old[i].body);
    for (size_t i = 0; i < N_APIS; i++)
        for (size_t k = 0; k < ARRAY_LEN(s->last[i]); k++) {
            strbuf_clear(&s->last[i][k].question);
            strbuf_clear(&s->last[i][k].body);
        }
    world_free(s->w);
    free(s);
}

void site_advance(struct site *s, int64_t now_ms)
{
    world_advance(s->w, now_ms);
}

int64_t site_now_ms(const struct site *s)
{
    return s->w->now;
}

int64_t site_next_event_ms(const struct site *s)
{
    return world_next_event(s->w);
}

void site_fault_list(bool typed, struct strbuf *out)
{
    faults_list(typed, out);
}

/* ---- one exchange ---- */

static const struct route {
    const char *prefix;
    enum site_api api;
    bool (*wire)(struct world *w, const struct http_request *rq,
                 struct http_response *rs);
} routes[] = {
    {"/velostrata/api/v25", API_VELOSTRATA, wire_velostrata},
    {"/jenkins/", API_JENKINS, wire_jenkins},
    {"/sdk", API_VSPHERE, wire_vsphere},
    {"/ec2/", API_EC2, wire_ec2},
    {"/pricing/", API_PRICING, wire_pricing},
    {"/sqs/", API_SQS, wire_sqs},
    {"/sts/", API_STS, wire_ec2},
};

static bool roll(struct site *s, const struct route *r, enum site_fault fault)
{
    return faults_roll(&s->faults, &s->rng, r->api, fault);
}

/* Answers in place of the real one, nothing was done. */
static const struct refusal {
    enum site_fault fault;
    int status;
    int64_t wait_s; /* Retry-After; 0: 1 to 30, -1: none */
    const char *type, *body;
} refusals[] = {
    /* clang-format off */
    {FAULT_STATUS_429,   429, 0,            "text/plain", "Too many requests\n"},
    {FAULT_RETRY_ABSURD, 429, HTTP_WAIT_MAX_S, "text/plain", "Too many requests\n"},
    {FAULT_STATUS_500,   500, -1, "text/html",  "<html><body>Internal error</body></html>\n"},
    {FAULT_STATUS_503,   503, -1, "text/html",  "<html><body>Starting up</body></html>\n"},
    {FAULT_STATUS_502,   502, -1, "text/html",  "<html><body>Bad gateway</body></html>\n"},
    {FAULT_STATUS_401,   401, -1, "text/html",  "<html><body>Unauthorized</body></html>\n"},
    {FAULT_STATUS_403,   403, -1, "text/html",  "<html><body>Forbidden</body></html>\n"},
    {FAULT_STATUS_404,   404, -1, "text/html",  "<html><body>Not found</body></html>\n"},
    {FAULT_STATUS_408,   408, -1, "text/plain", "Request timeout\n"},
    {FAULT_STATUS_409,   409, -1, "text/plain", "Conflict\n"},
    /* clang-format on */
};

static void refuse(struct site *s, const struct refusal *f, struct http_response *rs)
{
    wire_answer(rs, f->status, f->type, f->body);
    if (f->wait_s >= 0)
        rs->retry_after_s = f->wait_s > 0 ? f->wait_s : rng_between(&s->rng, 1, 30);
}

/* Faults that strike before the request is looked at; *done = true: *out is the end. */
static bool strike_before(struct site *s, const struct route *r,
                          const struct http_request *rq, struct http_response *rs,
                          enum site_outcome *out)
{
    *out = SITE_ANSWERED;
    if (roll(s, r, FAULT_REFUSE)) {
        *out = SITE_REFUSED;
        return true;
    }
    if (roll(s, r, FAULT_RESET_BEFORE)) {
        *out = SITE_RESET_BEFORE;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
        if (roll(s, r, refusals[i].fault)) {
            refuse(s, &refusals[i], rs);
            return true;
        }
    if (!str_eq(rq->method, "GET") && roll(s, r, FAULT_IGNORED)) {
        if (r->api == API_VELOSTRATA) {
            wire_answer(rs, 201, "application/json",
                        "{\"_type\":\"TaskId\",\"value\":\"t-0\"}");
            return true;
        }
        if (r->api == API_JENKINS) {
            wire_answer(rs, 302, "text/html", "");
            (void)str_copy(rs->location, sizeof(rs->location), rq->url); /* no proof */
            return true;
        }
    }
    return false;
}

/* Only a good answer of some length has bytes that could be wrong in their own way. */
static void spoil_some(struct site *s, const struct route *r, struct http_response *rs)
{
    if (!s->faults.any[r->api] || rs->status != 200)
        return;
    for (int f = 0; f < N_WIRE_FAULTS; f++) {
        enum site_fault fault = (enum site_fault)f;

        if (spoil_knows(fault) && roll(s, r, fault) && !spoil(fault, &s->rng, rs))
            s->faults.fired[fault]--; /* there was nothing that it could have struck */
    }
}

/* Faults of an answer that is ready. */
static enum site_outcome strike_after(struct site *s, const struct route *r,
                                      struct http_response *rs)
{
    if (roll(s, r, FAULT_RESET_AFTER))
        return SITE_RESET_AFTER;
    if (roll(s, r, FAULT_LATE_500)) {
        wire_answer(rs, 500, "text/html", "<html><body>Internal error</body></html>\n");
    } else if (roll(s, r, FAULT_STATUS_504)) {
        wire_answer(rs, 504, "text/html", "<html><body>Gateway timeout</body></html>\n");
    } else if (roll(s, r, FAULT_WRONG_TYPE)) {
        wire_answer(rs, 200, "text/html",
                    "<html><body><form>Please sign in</form></body></html>\n");
        rs->jenkins[0] = '\0';
    } else if (roll(s, r, FAULT_TRUNCATED) && rs->body.len > 1) {
        rs->body.len /= 2;
        rs->body.data[rs->body.len] = '\0';
    } else {
        spoil_some(s, r, rs);
    }
    if (roll(s, r, FAULT_SKEW))
        rs->date.s -= SKEW_S;
    return SITE_ANSWERED;
}

/* ----- what was so a few minutes ago ----- */

/* Only what reads may be told once more: a GET, or an action whose name says so. */
static bool only_reads(const struct http_request *rq)
{
    return str_eq(rq->method, "GET") ||
           (rq->body != NULL && memmem(rq->body, rq->body_len, "Action=Describe",
                                       strlen("Action=Describe")) != NULL);
}

static uint64_t question_of(const struct http_request *rq)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (const char *c = rq->url; *c != '\0'; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
    for (size_t i = 0; rq->body != NULL && i < rq->body_len; i++)
        h = (h ^ (unsigned char)rq->body[i]) * UINT64_C(1099511628211);
    return h != 0 ? h : 1;
}

static struct old_answer *old_answer(struct site *s, uint64_t question)
{
    return &s->old[question % SITE_OLD_ANSWERS];
}

static void keep_read(struct site *s, const struct route *r,
                      const struct http_request *rq, const struct http_response *rs)
{
    struct old_answer *o;
    uint64_t question;

    if (s->faults.rate[r->api][FAULT_STALE] == 0 || rs->status != 200 ||
        s->w->hold_ms != 0 || !only_reads(rq))
        return;
    question = question_of(rq);
    o = old_answer(s, question);
    if (o->question == question && s->w->now - o->at < STALE_MS)
        return; /* as old as it may get */
    o->question = question;
    o->at = s->w->now;
    (void)str_copy(o->type, sizeof(o->type), rs->content_type);
    (void)str_copy(o->jenkins, sizeof(o->jenkins), rs->jenkins);
    strbuf_clear(&o->body);
    o->body.limit = rs->body.limit;
    strbuf_add(&o->body, rs->body.data, rs->body.len);
}

static bool tell_old(struct site *s, const struct route *r, const struct http_request *rq,
                     struct http_response *rs)
{
    const struct old_answer *o;
    uint64_t question;

    if (s->faults.rate[r->api][FAULT_STALE] == 0 || !only_reads(rq))
        return false;
    question = question_of(rq);
    o = old_answer(s, question);
    if (o->question != question || s->w->now - o->at >= STALE_MS || o->body.failed ||
        !roll(s, r, FAULT_STALE))
        return false;
    rs->status = 200;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), o->type);
    (void)str_copy(rs->jenkins, sizeof(rs->jenkins), o->jenkins);
    strbuf_add(&rs->body, o->body.data, o->body.len);
    return true;
}

static bool is_question(const struct strbuf *last, const struct http_request *rq)
{
    size_t url = strlen(rq->url), body = rq->body != NULL ? rq->body_len : 0;

    return last->len == url + body && memcmp(last->data, rq->url, url) == 0 &&
           (body == 0 || memcmp(last->data + url, rq->body, body) == 0);
}

static void keep_last(struct last_answer *l, const struct http_response *rs)
{
    l->status = rs->status;
    (void)str_copy(l->type, sizeof(l->type), rs->content_type); /* of the same sizes */
    (void)str_copy(l->jenkins, sizeof(l->jenkins), rs->jenkins);
    (void)str_copy(l->location, sizeof(l->location), rs->location);
    strbuf_reset(&l->body);
    l->body.limit = rs->body.limit;
    strbuf_add(&l->body, rs->body.data, rs->body.len);
}

static void tell_last(const struct last_answer *l, struct http_response *rs)
{
    rs->status = l->status;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), l->type);
    (void)str_copy(rs->jenkins, sizeof(rs->jenkins), l->jenkins);
    (void)str_copy(rs->location, sizeof(rs->location), l->location);
    strbuf_reset(&rs->body);
    strbuf_add(&rs->body, l->body.data, l->body.len);
}

/* What another request was answered last, of those that read or of those that change. */
static void tell_other(struct site *s, const struct route *r,
                       const struct http_request *rq, struct http_response *rs)
{
    struct last_answer *l, now = {0};
    bool other;

    if (s->faults.rate[r->api][FAULT_OTHER_ANSWER] == 0 || rs->status >= 400 ||
        s->w->hold_ms != 0)
        return;
    l = &s->last[r->api][only_reads(rq) ? 1 : 0];
    other = l->question.len != 0 && !is_question(&l->question, rq) && !l->body.failed;
    if (other && roll(s, r, FAULT_OTHER_ANSWER)) {
        keep_last(&now, rs);
        tell_last(l, rs);
        strbuf_clear(&l->body);
        now.question = l->question;
        *l = now;
    } else {
        keep_last(l, rs);
    }
    strbuf_reset(&l->question);
    l->question.limit = QUESTION_BYTES;
    strbuf_puts(&l->question, rq->url);
    strbuf_add(&l->question, rq->body, rq->body != NULL ? rq->body_len : 0);
}

/* A change arrives once more; this answer is told. */
static bool change_twice(struct site *s, const struct route *r,
                         const struct http_request *rq, struct http_response *rs)
{
    bool answered;

    if (only_reads(rq) || s->w->hold_ms != 0 || !roll(s, r, FAULT_DOUBLED))
        return true;
    strbuf_reset(&rs->body);
    rs->location[0] = '\0';
    s->w->is_copy = true;
    answered = r->wire(s->w, rq, rs);
    s->w->is_copy = false;
    return answered;
}

/* As after a restart of what answers. */
static void forget_sessions(struct site *s, const struct route *r)
{
    static const int slots[N_APIS] = {
        [API_JENKINS] = WIRE_JENKINS + 1, [API_VSPHERE] = WIRE_VSPHERE + 1};
    struct sim_wire_state *state;

    if (slots[r->api] == 0)
        return;
    if (r->api == API_JENKINS)
        s->w->jenkins_session++; /* crumbs and cookies are made of it */
    state = &s->w->wires[slots[r->api] - 1];
    if (state->free != NULL)
        state->free(state->data);
    *state = (struct sim_wire_state){0};
}

static enum site_outcome held_or_answered(const struct site *s, struct http_response *rs)
{
    if (s->w->hold_ms == 0)
        return SITE_ANSWERED;
    rs->took_ms = s->w->hold_ms;
    return SITE_HELD;
}

static enum site_outcome wired(struct site *s, const struct route *r,
                               const struct http_request *rq, struct http_response *rs)
{
    enum site_outcome out;
    bool silent = roll(s, r, FAULT_TIMEOUT);

    if (silent && rng_chance(&s->rng, 500000))
        return SITE_SILENT;
    if (strike_before(s, r, rq, rs, &out))
        return out;
    if (roll(s, r, FAULT_LATENCY))
        rs->took_ms += rng_between(&s->rng, 200, 4000);
    s->w->loose_shapes = roll(s, r, FAULT_LOOSE);
    if (roll(s, r, FAULT_SESSION))
        forget_sessions(s, r);
    if (tell_old(s, r, rq, rs))
        return SITE_ANSWERED;
    s->w->hold_ms = 0;
    if (!r->wire(s->w, rq, rs) || !change_twice(s, r, rq, rs))
        return SITE_RESET_AFTER;
    keep_read(s, r, rq, rs);
    tell_other(s, r, rq, rs);
    out = silent ? SITE_SILENT : strike_after(s, r, rs);
    return out == SITE_ANSWERED ? held_or_answered(s, rs) : out;
}

static const struct route *begin_answer(struct site *s, const struct http_request *rq,
                                        struct http_response *rs)
{
    const char *path = wire_path(rq);

    strbuf_reset(&rs->body);
    rs->date.s = s->w->now / 1000;
    rs->retry_after_s = -1;
    rs->took_ms = USUAL_MS;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (str_starts(path, routes[i].prefix))
            return &routes[i];
    return NULL;
}

enum site_outcome site_exchange(struct site *s, const struct http_request *rq,
                                struct http_response *rs)
{
    enum site_outcome out = SITE_ANSWERED;
    const struct route *r = begin_answer(s, rq, rs);

    if (r != NULL)
        out = wired(s, r, rq, rs);
    else if (str_starts(wire_path(rq), "/control"))
        site_control(s, rq, rs);
    else
        wire_answer(rs, 404, "text/plain", "There is nothing here.\n");
    if (out == SITE_SILENT)
        rs->took_ms = rq->timeout_ms > 0 ? rq->timeout_ms : DEFAULT_TIMEOUT_MS;
    return out;
}

enum site_outcome site_look_again(struct site *s, const struct http_request *rq,
                                  struct http_response *rs)
{
    const struct route *r = begin_answer(s, rq, rs);
    bool answered;

    if (r == NULL)
        return SITE_RESET_AFTER; /* nothing else is ever held */
    s->w->hold_ms = 0;
    s->w->looks_again = true;
    answered = r->wire(s->w, rq, rs);
    s->w->looks_again = false;
    return answered ? held_or_answered(s, rs) : SITE_RESET_AFTER;
}

bool site_handle(struct site *s, const struct http_request *rq, struct http_response *rs)
{
    enum site_outcome out = site_exchange(s, rq, rs);

    return out == SITE_ANSWERED || out == SITE_HELD;
}

/* ---- in-process transport ---- */

static enum err_code perform(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e)
{
    struct site *s = ctx;

    rs->maybe_sent = true;
    switch (site_exchange(s, rq, rs)) {
    case SITE_ANSWERED:
    case SITE_HELD:
        break;
    case SITE_REFUSED:
        rs->maybe_sent = false;
        return err_set(e, ERR_CONNECT, "%s: connection refused", rq->method);
    case SITE_RESET_BEFORE:
    case SITE_RESET_AFTER:
        return err_set(e, ERR_RESET, "%s: connection lost before the answer", rq->method);
    case SITE_SILENT:
        return err_set(e, ERR_TIMEOUT, "%s: no answer after %d s", rq->method,
                       (int)(rs->took_ms / 1000));
    }
    if (rs->body.failed)
        return err_set(e, ERR_TOO_BIG, "%s: the answer is too big", rq->method);
    return ERR_OK;
}

struct transport site_transport(struct site *s)
{
    return (struct transport){.perform = perform, .ctx = s};
}

/* ---- what others need to know ---- */

static void put_mover(const struct site *s, size_t i, struct strbuf *out)
{
    enum ways way = way_of(s, i);

    if (way == BY_VELOSTRATA) {
        strbuf_puts(out, "mover = \"velostrata\"\n");
        return;
    }
    strbuf_printf(out, "mover = \"ec2\"  launch_template = \"%s\"%s\n", sim_template,
                  way == BY_EC2_OVERLAP ? "  handover = \"overlap\"" : "");
}

static void put_zones(const struct world *w, const struct sim_tested *v,
                      struct strbuf *out)
{
    if (v->n_more_nodes == 0)
        return;
    strbuf_puts(out, "    zones = {\n");
    for (size_t k = 0; k < v->n_more_nodes; k++) {
        const struct sim_node *n = &w->nodes[v->more_nodes[k]];

        strbuf_printf(out, "      %s = { eni = \"%s\"  cloud_node = \"%s\" }\n",
                      w->enis[n->eni].zone, w->enis[n->eni].id, n->name);
    }
    strbuf_puts(out, "    }\n");
}

void site_config_text(const struct site *s, const char *base, struct strbuf *out)
{
    const struct world *w = s->w;

    strbuf_printf(out,
                  "site       = { name = \"haifa\"  tz = \"Asia/Jerusalem\"  "
                  "deployment = \"demo\" }\n"
                  "policy     = { window = [\"Sun-Thu 09:00-18:00\"]  max_moves = 2  "
                  "auto = \"on\" }\n"
                  "velostrata = { url = \"%s/velostrata/api/v25\"  user = \"apiuser\"  "
                  "cloud_extension = \"%s\" }\n"
                  "jenkins    = { url = \"%s/jenkins/\"  user = \"rushhour\" }\n"
                  "vsphere    = { url = \"%s/sdk\"  user = \"rushhour\" }\n"
                  "aws        = { region = \"%s\"  endpoint_ec2 = \"%s/ec2/\"  "
                  "endpoint_pricing = \"%s/pricing/\"  "
                  "endpoint_sqs = \"%s/sqs/\"  "
                  "interruption_queue = \"%s/sqs/%s/rushhour\" }\n"
                  "cost       = { cloud_extension_hour = 0.266 }\n"
                  "servers    = {\n",
                  base, w->extension.id, base, base, w->region, base, base, base, base,
                  w->account);
    for (size_t i = 0; i < w->n_servers; i++) {
        const struct sim_tested *v = &w->servers[i];

        strbuf_printf(out,
                      "  %s = {\n"
                      "    vm = \"%s\"  ",
                      v->name, w->vms[v->vm].name);
        put_mover(s, i, out);
        strbuf_printf(out,
                      "    onprem_node = \"%s\"  cloud_node = \"%s\"\n"
                      "    eni = \"%s\"\n"
                      "    instance_types = [\"c5.2xlarge\", \"c5a.2xlarge\", "
                      "\"m5.2xlarge\"]\n",
                      w->nodes[v->node[SIM_HOME]].name, w->nodes[v->node[SIM_CLOUD]].name,
                      w->enis[v->eni].id);
        put_zones(w, v, out);
        strbuf_puts(out, "  }\n");
    }
    strbuf_puts(out, "}\n");
}

struct site_totals site_totals(const struct site *s)
{
    struct sim_totals t = world_totals(s->w);

    return (struct site_totals){
        .builds_finished = t.builds_finished,
        .builds_failed_by_loss = t.builds_failed_by_loss,
        .builds_killed_by_us = t.builds_killed_by_us,
        .builds_again = t.builds_again,
        .builds_again_twice = t.builds_again_twice,
        .interruptions = t.interruptions,
        .launches = t.launches,
        .cloud_ms = t.cloud_ms,
        .cloud_ms_in_extension = world_extension_on_ms(s->w),
        .both_places_ms = t.both_ms,
        .both_places_max_ms = t.both_max_ms,
        .spot_nanos = t.bill_nanos,
        .alive = t.alive,
        .twins_max = t.twins_max,
    };
}
