/*
 * carried - a simulated site and all clients of it by wire, with a carrier of the test's
 * own between the two. carried_open(), polls of port, carried_close(); a failure fails
 * the test. Threads: one.
 */
#ifndef RH_TESTS_CARRIED_H
#define RH_TESTS_CARRIED_H

#include "core/sim/port.h"
#include "core/sim/site_impl.h"

#include "tests/unit/table.h"

static const struct utc start = {1795329000};

struct carried {
    struct site *site;
    struct clock_fake fake; /* from start on; it stands still */
    struct clock clock;
    struct config *config;
    struct port port;
    struct transport inner; /* for the carrier: straight to the site */
};

/* via: copied; what it carries with is borrowed until the end. */
static inline void carried_open(struct carried *c, const char *mover,
                                const struct transport *via)
{
    const struct site_options o = {
        .seed = 4, .servers = 2, .start = start, .mover = mover};
    struct err e = {0};

    *c = (struct carried){.fake = {.utc = start, .mono = {start.s * 1000}}};
    c->clock = clock_fake_clock(&c->fake);
    assert_int_equal(site_new(&o, &c->site, &e), ERR_OK);
    assert_int_equal(site_config(c->site, "http://127.0.0.1:9", NULL, &c->config, &e),
                     ERR_OK);
    c->inner = site_transport(c->site);
    assert_int_equal(port_wire_open(c->site, c->config, &c->clock, via, &c->port, &e),
                     ERR_OK);
}

static inline void carried_close(struct carried *c)
{
    port_free(&c->port);
    config_free(c->config);
    site_free(c->site);
}

#endif
