/*
 * api_set - the API clients of one thread, and how a poll or a call becomes a typed
 * request. api_shared owns what all threads share (vSphere session, AWS credentials); a
 * set owns its clients and connections and borrows the shared part, configuration and
 * clock. Threads: a set belongs to one thread; api_set_abort() and api_set_wake() from
 * any.
 */
#ifndef RH_ENGINE_API_SET_H
#define RH_ENGINE_API_SET_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/aws_credentials.h"
#include "core/net/http.h"

struct api_shared;

/* credentials: taken, NULL = found by the provider chain of the configured profile. */
enum err_code api_shared_new(const struct config *config, const struct clock *clock,
                             struct aws_credentials *credentials, struct api_shared **out,
                             struct err *e) MUST_CHECK;
void api_shared_free(struct api_shared *s);

/* Ends the search for credentials, now and later, for all sets; from any thread. */
void api_shared_abort(struct api_shared *s) NONNULL;

struct api_set;

/* via: NULL for real connections; else every exchange goes through it (simulation,
 * tests). */
enum err_code api_set_new(struct api_shared *shared, const struct transport *via,
                          struct api_set **out, struct err *e) MUST_CHECK;
void api_set_free(struct api_set *s);

/* Ends a running and every later exchange with ERR_CANCELED. */
void api_set_abort(struct api_set *s) NONNULL;

/* One poll: an owned observation, good or with its error; NULL when memory is out. Blocks
 * for the timeouts of its API. */
struct observation *api_set_poll(struct api_set *s, enum source source,
                                 const struct poll_hints *hints) NONNULL;

/*
 * vSphere's long poll, beside its polls. Waits until it tells of a change (*news: poll
 * now), api_set_wake() was called, or there is something to be done: call it again, as
 * long as api_set_can_watch() says so. An error means that it begins anew, after a while.
 */
bool api_set_can_watch(const struct api_set *s) NONNULL;
enum err_code api_set_watch(struct api_set *s, bool *news,
                            struct err *e) MUST_CHECK NONNULL;
void api_set_wake(struct api_set *s) NONNULL; /* any thread */

/* One call. Blocks; with `wait` set a vSphere task is followed to its end. */
void api_set_act(struct api_set *s, const struct call *call,
                 struct call_result *r) NONNULL;
void api_set_wait(struct api_set *s, bool (*wait)(void *ctx, int64_t ms), void *ctx);

/* Asked before each request of a call that changes something, with its time limit; what
 * it refuses is not sent, and the call has failed. */
void api_set_fence(struct api_set *s,
                   enum err_code (*fence)(void *ctx, int64_t timeout_ms, struct err *e),
                   void *ctx) __attribute__((nonnull(1)));

/* Ends sessions politely; best effort, within 2 s. */
void api_set_logout(struct api_set *s) NONNULL;

#endif
