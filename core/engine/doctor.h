/*
 * doctor - what is missing for the configured fleet, judged from one look at every API:
 * a server's VM, nodes, interface and zone, clocks, permissions; each with its remedy. A
 * pure function: nothing is asked, kept or changed.
 * Borrows everything for the length of the call.
 * Threads: any.
 */
#ifndef RH_ENGINE_DOCTOR_H
#define RH_ENGINE_DOCTOR_H

#include "core/model/config.h"
#include "core/model/observe.h"

enum finding_kind {
    FINDING_GOOD, /* as it should be */
    FINDING_NOTE, /* works, but should be known */
    FINDING_BAD   /* does not work */
};

struct finding {
    enum finding_kind kind;
    const char *subject; /* "vsphere", "servers.cache" */
    const char *text;    /* what is so */
    const char *remedy;  /* what to do, "" = nothing */
};

typedef void finding_sink(void *ctx, const struct finding *f);

/* seen: by source, NULL = was not asked; those with an error are told with it. The API of
 * each first, then the servers in the order of the file. */
void doctor_check(const struct config *c, const struct observation *const *seen,
                  finding_sink *say, void *ctx) NONNULL;

#endif
