#include <config.h>

#include "core/sim/port.h"

#include "core/engine/api_set.h"

#include <stdlib.h>

struct wire_port {
    struct site *site;
    struct transport transport;
    struct api_shared *shared;
    struct api_set *set;
    struct port_fence fence;
};

void port_free(struct port *p)
{
    if (p->free != NULL)
        p->free(p->ctx);
    *p = (struct port){0};
}

static struct observation *poll_wire(void *ctx, enum source source,
                                     const struct poll_hints *hints)
{
    struct wire_port *p = ctx;

    return api_set_poll(p->set, source, hints);
}

static void act_wire(void *ctx, const struct call *call, struct call_result *out)
{
    struct wire_port *p = ctx;

    if (call->kind == CALL_PORT_CHECK)
        port_check(p->site, call, out); /* no bytes are said there */
    else
        api_set_act(p->set, call, out);
}

static bool live_wire(void *ctx, int64_t until_ms)
{
    struct wire_port *p = ctx;

    site_advance(p->site, until_ms);
    return false; /* who is told nothing has to ask */
}

static bool news_wire(void *ctx)
{
    (void)ctx;
    return false;
}

static void guard_wire(void *ctx, const struct port_fence *f)
{
    struct wire_port *p = ctx;

    p->fence = *f;
    api_set_fence(p->set, f->ask, f->ctx);
}

static enum err_code restart_wire(void *ctx, struct err *e)
{
    struct wire_port *p = ctx;

    api_set_free(p->set);
    p->set = NULL;
    if (api_set_new(p->shared, &p->transport, &p->set, e) == ERR_OK)
        api_set_fence(p->set, p->fence.ask, p->fence.ctx);
    return e->code;
}

static void free_wire(void *ctx)
{
    struct wire_port *p = ctx;

    api_set_free(p->set);
    api_shared_free(p->shared);
    free(p);
}

enum err_code port_wire_open(struct site *site, const struct config *config,
                             const struct clock *clock, const struct transport *via,
                             struct port *out, struct err *e)
{
    struct wire_port *p = calloc(1, sizeof(*p));
    struct aws_credentials *keys = NULL;

    if (p == NULL)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    p->site = site;
    p->transport = via != NULL ? *via : site_transport(site);
    if ((config->aws.present &&
         aws_credentials_new_static(site_aws_key_id, site_aws_secret_key, NULL, clock,
                                    &keys, e) != ERR_OK) ||
        api_shared_new(config, clock, keys, &p->shared, e) != ERR_OK ||
        restart_wire(p, e) != ERR_OK) {
        free_wire(p);
        return e->code;
    }
    *out = (struct port){.poll = poll_wire,
                         .act = act_wire,
                         .live = live_wire,
                         .news = news_wire,
                         .guard = guard_wire,
                         .restart = restart_wire,
                         .free = free_wire,
                         .ctx = p};
    return ERR_OK;
}
