/*
 * port - how the controller of a simulation reaches the simulated site: one poll, one
 * call. A port owns what is behind it and is freed with port_free(); it borrows the
 * site, the configuration and the clock. Threads: one.
 */
#ifndef RH_SIM_PORT_H
#define RH_SIM_PORT_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/sim/site.h"

/* Before a request that changes something and may take timeout_ms; else than ERR_OK: it
 * is not sent. */
struct port_fence {
    enum err_code (*ask)(void *ctx, int64_t timeout_ms, struct err *e); /* NULL = none */
    void *ctx;
};

/* Both answer at once; took_ms says how long the world takes for it. */
struct port {
    /* An owned observation, good or with its error; NULL when memory is out. */
    struct observation *(*poll)(void *ctx, enum source source,
                                const struct poll_hints *hints);
    void (*act)(void *ctx, const struct call *call, struct call_result *out);
    /* The site lives on to that instant; true: something was told before that, the site
     * stands there, and it is time for a look. */
    bool (*live)(void *ctx, int64_t until_ms);
    /* True once when something was told since it was last seen. */
    bool (*news)(void *ctx);
    void (*guard)(void *ctx, const struct port_fence *f);
    /* The process ended and another one begins: what a process keeps is forgotten. */
    enum err_code (*restart)(void *ctx, struct err *e);
    void (*free)(void *ctx);
    void *ctx;
};

/* CALL_PORT_CHECK: a machine of the world is asked, at both levels. */
void port_check(struct site *site, const struct call *call,
                struct call_result *out) NONNULL;

/* Safe on a port of zeros. */
void port_free(struct port *p) NONNULL;

/* The shipped clients; every answer goes through the real readers as bytes. via: the way
 * to the site, NULL = straight to it; used like a transport of the site. */
enum err_code port_wire_open(struct site *site, const struct config *config,
                             const struct clock *clock, const struct transport *via,
                             struct port *out, struct err *e) MUST_CHECK
    __attribute__((nonnull(1, 2, 3, 5, 6)));

/* Without bytes: observations are made straight from the world, calls go straight to it.
 * Every answer comes at once, but for the site's faults. */
enum err_code port_typed_open(struct site *site, const struct clock *clock,
                              struct port *out, struct err *e) MUST_CHECK NONNULL;

#endif
