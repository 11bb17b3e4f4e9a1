/*
 * observer - the picture that the acting instance publishes, for a second one beside it,
 * and the way of its orders to the first. Owns its store and timer (observer_free).
 * Threads: main only.
 */
#ifndef RH_TUI_OBSERVER_H
#define RH_TUI_OBSERVER_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/model/fleet.h"

struct observer;

struct observer_options {
    const char *state_dir, *deployment; /* borrowed, deployment NULL: anyone's */
    const struct clock *clock;
    const char *user; /* who gives the orders; borrowed */
    bool silent;      /* sends no order */
};

/* ERR_STORE: there is a store that cannot be read. One that is not there yet is awaited.
 */
enum err_code observer_new(const struct observer_options *options, struct observer **out,
                           struct err *e) MUST_CHECK NONNULL;
void observer_free(struct observer *o);

/* For struct app_source, ctx a struct observer. The picture keeps the times of its facts:
 * ages grow by themselves. NULL before the first snapshot. */
struct fleet *observer_latest(void *ctx) NONNULL;

/* Leaves the order in the store; its reply comes with the picture, under the order's own
 * id. ERR_CANCELED: nobody is there to carry it out. ERR_USAGE: silent. */
bool observer_send(void *ctx, const struct command *c, struct err *e) NONNULL;

/* How many of the picture's events are this instance's own, in no journal. */
int64_t observer_own_lines(const struct observer *o) NONNULL;

/* Readable twice a second, more often while a reply is awaited: what was written into the
 * store is shown within a second. */
int observer_event_fd(const struct observer *o) NONNULL;

/* "dana@ops1 pid 4242"; the text changes in place with the holder. */
const char *observer_holder(const struct observer *o) NONNULL;

#endif
