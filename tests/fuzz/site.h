/*
 * site - the configuration of the simulated site, with its secrets, for the clients that
 * the API targets are about. One for the whole process. Threads: one.
 */
#ifndef RH_TESTS_FUZZ_SITE_H
#define RH_TESTS_FUZZ_SITE_H

#include "core/model/config.h"
#include "core/net/http.h"

struct api_set;
struct api_shared;
struct site;

/* Both movers in it, and a queue. Ends the process when it cannot be made. */
struct site *fuzz_site(void);
const struct config *fuzz_config(void);

/* Clients that have asked nothing yet; end them in this order. */
struct fuzz_clients {
    struct api_shared *shared;
    struct api_set *set;
};
struct fuzz_clients fuzz_clients_new(const struct transport *via) NONNULL;
void fuzz_clients_end(struct fuzz_clients *c) NONNULL;

#endif
