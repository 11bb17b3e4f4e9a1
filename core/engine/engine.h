/*
 * engine - one controller with its store: a step, then its records on disk, then its
 * calls and polls handed out. The same in production and in simulation. Owns the
 * controller; borrows store and dispatch. Threads: one.
 */
#ifndef RH_ENGINE_ENGINE_H
#define RH_ENGINE_ENGINE_H

#include "core/base/log.h"
#include "core/engine/controller.h"

/* Who carries out what came of a step. Both must return at once. */
struct dispatch {
    void (*poll)(void *ctx, const struct poll_request *p);
    void (*call)(void *ctx, const struct call *call);
    void *ctx;
};

extern const struct dispatch dispatch_nobody; /* asks no API, does nothing */

struct engine;

/* store NULL: nothing is kept (an observer). Loads the state; controller as its options
 * say. */
enum err_code engine_new(const struct controller_options *o, struct store *store,
                         const struct clock *clock, const struct dispatch *d,
                         struct log *log, struct engine **out, struct err *e) MUST_CHECK;
void engine_free(struct engine *g);

/* Feeds one event; its times, and the state of an EVENT_CONFIG, are set here. Calls leave
 * only after their intents are on disk; when the store fails they come back to the
 * controller as failed, and it acts no more until a later write succeeds. Records wait
 * for that in order. */
void engine_feed(struct engine *g, struct event *ev) NONNULL;

/* Commands that other processes put into the store, fed one by one. False: look again
 * soon, some may be left. */
bool engine_commands(struct engine *g) NONNULL;

struct controller *engine_controller(struct engine *g) NONNULL;
bool engine_store_is_ok(
    const struct engine *g) NONNULL; /* all that was decided is on disk */
struct mono engine_next_wake(const struct engine *g) NONNULL;
bool engine_changed(struct engine *g) NONNULL; /* since the last call of this */

/* Hands out polls for what is due (controller_ask); nothing is decided. */
void engine_ask(struct engine *g, bool all) NONNULL;

/* As next_wake, but nothing is to be done before then unless something new is heard. */
struct mono engine_next_due(const struct engine *g) NONNULL;

/* Every record of this run, as it is decided. */
void engine_on_record(struct engine *g, void (*each)(void *ctx, const struct record *r),
                      void *ctx);

#endif
