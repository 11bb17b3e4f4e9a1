/*
 * What one poll cycle costs over real HTTP on loopback: the processor time of the thread
 * that polls, and of it the part within libcurl and the system; requests and bytes of
 * bodies. Once when nothing changes, once when the bytes of every answer do, each API by
 * itself, too. AWS is apart: its sources have a slower rhythm of their own. The simulated
 * site answers from threads of its own, which are not counted.
 * usage: bench_poll [CYCLES [SERVERS]]
 */
#include <config.h>

#include "core/engine/api_set.h"
#include "core/sim/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERVERS = 4, WARM_CYCLES = 20, CYCLES = 300 };

static const enum source control[] = {SOURCE_VELOSTRATA, SOURCE_JENKINS, SOURCE_VSPHERE};
static const enum source aws[] = {SOURCE_INSTANCES, SOURCE_INTERFACES};

static const struct row {
    const char *what;
    const enum source *sources;
    size_t n;
    bool changes;
} rows[] = {
    {"nothing changed", control, ARRAY_LEN(control), false},
    {"every answer changed", control, ARRAY_LEN(control), true},
    {"  Velostrata alone", &control[0], 1, true},
    {"  Jenkins alone", &control[1], 1, true},
    {"  vSphere alone", &control[2], 1, true},
    {"AWS, nothing changed", aws, ARRAY_LEN(aws), false},
    {"AWS, every answer changed", aws, ARRAY_LEN(aws), true},
};

struct counted {
    struct transport inner;
    bool adds_blank; /* to every answer of this cycle: other bytes that say the same */
    int64_t requests, up_bytes, down_bytes, carry_ns;
};

struct stage {
    struct site *site;
    struct clock_scaled *scaled;
    struct clock clock;
    struct sim_server *server;
    struct config *config;
    struct http_client *client;
    struct counted counted;
    struct api_shared *shared;
    struct api_set *set;
};

static int64_t thread_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* cannot fail with this clock */
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static enum err_code count(void *ctx, const struct http_request *rq,
                           struct http_response *rs, struct err *e)
{
    struct counted *c = ctx;
    int64_t began = thread_ns();
    enum err_code rc = transport_perform(&c->inner, rq, rs, e);

    c->carry_ns += thread_ns() - began;
    c->requests++;
    c->up_bytes += (int64_t)rq->body_len;
    c->down_bytes += (int64_t)rs->body.len;
    if (rc == ERR_OK && c->adds_blank)
        strbuf_putc(&rs->body, '\n');
    return rc;
}

static enum err_code open_stage(struct stage *st, int32_t servers, struct err *e)
{
    const struct site_options o = {
        .seed = 7, .servers = servers, .start = {INT64_C(1795329000)}};
    const struct http_client_config hc = {.timeout_ms = 10000, .clock = &st->clock};
    const struct transport t = {count, &st->counted};
    struct aws_credentials *keys = NULL;

    st->scaled = clock_scaled_new(o.start, 1);
    if (st->scaled == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    st->clock = clock_scaled_clock(st->scaled);
    if (site_new(&o, &st->site, e) != ERR_OK ||
        sim_server_start(st->site, st->scaled, 0, &st->server, e) != ERR_OK ||
        site_config(st->site, sim_server_base(st->server), NULL, &st->config, e) !=
            ERR_OK ||
        http_client_new(&hc, &st->client, e) != ERR_OK ||
        aws_credentials_new_static(site_aws_key_id, site_aws_secret_key, NULL, &st->clock,
                                   &keys, e) != ERR_OK)
        return e->code;
    st->counted.inner = http_client_transport(st->client);
    if (api_shared_new(st->config, &st->clock, keys, &st->shared, e) != ERR_OK)
        return e->code;
    return api_set_new(st->shared, &t, &st->set, e);
}

static void close_stage(struct stage *st)
{
    api_set_free(st->set);
    api_shared_free(st->shared);
    http_client_free(st->client);
    sim_server_stop(st->server);
    config_free(st->config);
    clock_scaled_free(st->scaled);
    site_free(st->site);
}

static enum err_code cycle(struct stage *st, const struct row *r, struct err *e)
{
    const struct poll_hints none = {0};

    st->counted.adds_blank = r->changes && !st->counted.adds_blank;
    for (size_t i = 0; i < r->n; i++) {
        struct observation *o = api_set_poll(st->set, r->sources[i], &none);

        if (o == NULL)
            return err_set(e, ERR_NOMEM, "out of memory");
        if (o->err.code != ERR_OK)
            *e = o->err;
        observation_unref(o);
    }
    return e->code;
}

static enum err_code measure(struct stage *st, const struct row *r, int64_t cycles,
                             struct err *e)
{
    double n = (double)cycles;
    int64_t began, spent;

    for (int i = 0; i < WARM_CYCLES; i++) {
        if (cycle(st, r, e) != ERR_OK)
            return e->code;
    }
    st->counted.requests = st->counted.up_bytes = st->counted.down_bytes =
        st->counted.carry_ns = 0;
    began = thread_ns();
    for (int64_t i = 0; i < cycles; i++) {
        if (cycle(st, r, e) != ERR_OK)
            return e->code;
    }
    spent = thread_ns() - began;
    (void)printf("  %-26s %.3f ms CPU (%.0f %% of it libcurl and the system), %.1f "
                 "requests, %.0f B up, %.0f B down\n",
                 r->what, (double)spent / n / 1e6,
                 100.0 * (double)st->counted.carry_ns / (double)spent,
                 (double)st->counted.requests / n, (double)st->counted.up_bytes / n,
                 (double)st->counted.down_bytes / n);
    if (r->n == ARRAY_LEN(control))
        (void)printf("  %-26s %.4f %% of a core\n", "  every 5 s that is",
                     (double)spent / n / 5e9 * 100);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct stage st = {0};
    struct err e = {0};
    int64_t cycles = CYCLES, servers = SERVERS;

    if ((argc > 1 && str_to_i64(argv[1], 1, 1000000, &cycles, &e) != ERR_OK) ||
        (argc > 2 && str_to_i64(argv[2], 1, 1000, &servers, &e) != ERR_OK)) {
        (void)fprintf(stderr, "usage: bench_poll [CYCLES [SERVERS]]\n");
        return 2;
    }
    if (http_global_init(&e) != ERR_OK || open_stage(&st, (int32_t)servers, &e) != ERR_OK)
        goto out;
    (void)printf("poll cycle, servers: %lld\n", (long long)servers);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (measure(&st, &rows[i], cycles, &e) != ERR_OK)
            goto out;
    }
out:
    if (e.code != ERR_OK)
        (void)fprintf(stderr, "bench_poll: %s\n", e.text);
    close_stage(&st);
    http_global_cleanup();
    return e.code != ERR_OK;
}
