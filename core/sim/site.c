#include <config.h>

#include "core/sim/site_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/sim/wire.h"

enum {
    USUAL_MS = 12, /* that an exchange takes */
    DEFAULT_TIMEOUT_MS = 20000,
    SKEW_S = 600
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
                return err_set(e, ERR_NOMEM, "simulated site");
    }
    return ERR_OK;
}

enum err_code site_new(const struct site_options *o, struct site **out, struct err *e)
{
    struct site *s = calloc(1, sizeof(*s));
    enum err_code rc;

    if (s == NULL)
        return err_set(e, ERR_NOMEM, "simulated site");
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
    if (roll(s, r, FAULT_STATUS_429)) {
        wire_answer(rs, 429, "text/plain", "Too many requests\n");
        rs->retry_after_s = rng_between(&s->rng, 1, 30);
        return true;
    }
    if (roll(s, r, FAULT_STATUS_500)) {
        wire_answer(rs, 500, "text/html", "<html><body>Internal error</body></html>\n");
        return true;
    }
    if (roll(s, r, FAULT_STATUS_503)) {
        wire_answer(rs, 503, "text/html", "<html><body>Starting up</body></html>\n");
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

/* Faults of an answer that is ready. */
static enum site_outcome strike_after(struct site *s, const struct route *r,
                                      struct http_response *rs)
{
    if (roll(s, r, FAULT_RESET_AFTER))
        return SITE_RESET_AFTER;
    if (roll(s, r, FAULT_LATE_500)) {
        wire_answer(rs, 500, "text/html", "<html><body>Internal error</body></html>\n");
    } else if (roll(s, r, FAULT_WRONG_TYPE)) {
        wire_answer(rs, 200, "text/html",
                    "<html><body><form>Please sign in</form></body></html>\n");
        rs->jenkins[0] = '\0';
    } else if (roll(s, r, FAULT_TRUNCATED) && rs->body.len > 1) {
        rs->body.len /= 2;
        rs->body.data[rs->body.len] = '\0';
    }
    if (roll(s, r, FAULT_SKEW))
        rs->date.s -= SKEW_S;
    return SITE_ANSWERED;
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
    s->w->hold_ms = 0;
    if (!r->wire(s->w, rq, rs))
        return SITE_RESET_AFTER;
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
