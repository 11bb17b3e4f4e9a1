/*
 * spoil - answers whose bytes are wrong in one way each: what a reader must refuse, or
 * read as unknown (reliability 13, content). The body is the caller's.
 * Threads: one at a time, as the site.
 */
#ifndef RH_SIM_SPOIL_H
#define RH_SIM_SPOIL_H

#include "core/net/http.h"
#include "core/sim/faults.h"

/* Spoils it as the fault says (one of BYTES that has a row here). False: there is nothing
 * in it that could be spoiled so; it is as it was. */
bool spoil(enum site_fault fault, struct rng *rng, struct http_response *rs) NONNULL;
/* Has the fault a row here? */
bool spoil_knows(enum site_fault fault);

#endif
