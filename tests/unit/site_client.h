/*
 * site_client - a simulated site and one client of it, bytes in and bytes out.
 * Owns the site, the password and the last answer (site_client_end). Threads: one.
 */
#ifndef RH_TESTS_SITE_CLIENT_H
#define RH_TESTS_SITE_CLIENT_H

#include "core/base/secret.h"
#include "core/sim/site.h"
#include "core/sim/site_impl.h"

struct site_client {
    struct site *s;
    struct http_response rs;
    struct err e;
    struct secret *password;
    const char *user;   /* NULL = no credentials */
    const char *cookie; /* NULL = none */
    const char *crumb;
};

/* Four servers, Sunday 2026-11-22 08:30 at the site. */
void site_client_begin(struct site_client *c, const char *faults);
void site_client_end(struct site_client *c);
void site_client_as(struct site_client *c, const char *user, const char *password);
void site_client_later(struct site_client *c, int64_t ms);

/* The answer's body; its status is in rs. The path starts with "/". */
const char *site_get(struct site_client *c, const char *path);
const char *site_post(struct site_client *c, const char *path, const char *body);
const char *site_ask(struct site_client *c, const char *method, const char *path,
                     const char *body);
enum err_code site_try(struct site_client *c, const char *method, const char *path,
                       const char *body);

#endif
