/*
 * server - serves a simulated site over HTTP on loopback (libmicrohttpd).
 * Owns its threads and sockets; borrows the site and takes it over while it runs: reach
 * the site only through sim_server_lock() then. Threads: start and stop from one thread.
 */
#ifndef RH_SIM_SERVER_H
#define RH_SIM_SERVER_H

#include "core/sim/site.h"

struct sim_server;

/* Listens on 127.0.0.1:port (0 = any free one). The world follows `clock` (scaled or
 * real); each request first advances it. ERR_IO when the port is taken. */
enum err_code sim_server_start(struct site *s, struct clock_scaled *clock, uint16_t port,
                               struct sim_server **out, struct err *e) MUST_CHECK NONNULL;
void sim_server_stop(struct sim_server *v);
uint16_t sim_server_port(const struct sim_server *v) NONNULL;
const char *
sim_server_base(const struct sim_server *v) NONNULL; /* "http://127.0.0.1:PORT" */

struct site *sim_server_lock(struct sim_server *v) NONNULL; /* advanced to now */
void sim_server_unlock(struct sim_server *v) NONNULL;

/* One JSON line with each API's base URL (design 8). */
void sim_server_urls(const struct sim_server *v, struct strbuf *out) NONNULL;

#endif
