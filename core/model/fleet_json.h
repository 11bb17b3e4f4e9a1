/*
 * fleet_json - a snapshot as the JSON object of `status --json` (design 8).
 * The buffer is the caller's.
 * Threads: any.
 */
#ifndef RH_MODEL_FLEET_JSON_H
#define RH_MODEL_FLEET_JSON_H

#include "core/base/str.h"
#include "core/model/fleet.h"

/* One line, no newline. version: of the program. Ages count from f->at. */
void fleet_json(const struct fleet *f, const char *version, struct strbuf *out) NONNULL;

/* The members speedup, speedup_missing and jobs of the object that is being written. */
void speedup_json(const struct speedup_view *s, const struct job_view *jobs, size_t n,
                  struct strbuf *out) NONNULL;

/* The members today (a letter of FLEET_PLACE_LETTERS for each quarter of an hour, up to
 * now) of a server, and prices of the fleet: the spot prices of the last day. */
void quarters_json(const struct fleet *f, const struct server_view *s,
                   struct strbuf *out) NONNULL;
/* "spot_history": what AWS said of its spot requests. */
void spot_steps_json(const struct server_view *s, struct strbuf *out) NONNULL;
void prices_json(const struct fleet *f, struct strbuf *out) NONNULL;

#endif
