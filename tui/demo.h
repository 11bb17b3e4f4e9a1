/*
 * demo - the built-in story: a simulated site, the configuration that fits it, its
 * secrets. Owns the site, and the session's configuration and zone (demo_close). Threads:
 * main only.
 */
#ifndef RH_TUI_DEMO_H
#define RH_TUI_DEMO_H

#include "core/net/aws_credentials.h"
#include "core/sim/site.h"
#include "tui/session.h"

struct demo {
    struct site *site;
    struct utc from;
    int64_t duration_s; /* 0 = until it is quit */
    int32_t speed;      /* 0 = as fast as the machine can */
    bool speed_given, json;
    uint64_t seed;
    int32_t servers;
    const char *mover; /* as given, NULL = the site's default */
};

/* Reads the options. Prints what is wrong; an exit code. */
int demo_options(struct demo *d, const struct args *a) NONNULL;

/* Makes the site. An exit code. */
int demo_site(struct demo *d, const char *faults);

/* The configuration for a site that is reached at `base`, with its secrets. An exit code.
 */
int demo_config(const struct demo *d, const char *base, struct session *s) NONNULL;

/* The keys that the simulated AWS accepts; owned by the caller. NULL when memory is out.
 */
struct aws_credentials *demo_credentials(const struct clock *clock) NONNULL;

#endif
