/*
 * jenkins - typed calls to one Jenkins (jenkins-api): all nodes in one read; close, open,
 * disconnect and launch a node; stop a build, queue one again.
 * A client owns its cookie and crumb; it borrows configuration and transport.
 * Threads: a client belongs to one thread.
 */
#ifndef RH_API_JENKINS_H
#define RH_API_JENKINS_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/http.h"

struct jenkins;
enum err_code jenkins_new(const struct api_config *config, const struct transport *t,
                          struct jenkins **out, struct err *e) MUST_CHECK NONNULL;
void jenkins_free(struct jenkins *j);

/* One GET of all nodes with executors and one of quietingDown. Fills o->as.jenkins; skew
 * too. */
enum err_code jenkins_observe(struct jenkins *j, const struct poll_hints *hints,
                              struct observation *o, struct err *e) MUST_CHECK NONNULL;

/*
 * The newest builds of the jobs in hints->jobs, a GET for each, one after the other, each
 * answer capped. Fills o->as.builds, in that order. A job that cannot be read by itself
 * (404, a broken record) is marked so; only when none could is that an error, as is
 * anything that concerns Jenkins as a whole. The first hints->n_detailed of them come
 * with parameters, causes and what waits for them in the queue (one GET more).
 */
enum err_code jenkins_history(struct jenkins *j, const struct poll_hints *hints,
                              struct observation *o, struct err *e) MUST_CHECK NONNULL;

/*
 * NODE_CLOSE, NODE_OPEN, NODE_DISCONNECT, NODE_LAUNCH (target: node name) and BUILD_STOP
 * (target: path of the build). Reads before it writes and proves by reading again
 * (jenkins-api 4). NODE_CLOSE of a node marked by a person: DONE, detail "person" (it is
 * closed). NODE_OPEN of a node that somebody else marked: FAILED, ERR_CONFLICT. NODE_OPEN
 * of an open node: DONE. The outcome is UNKNOWN when an answer was lost.
 *
 * BUILD_QUEUE (target: path of a build, marker: cause text): the same job with the same
 * parameters, as Jenkins has them, which is read first. DONE, detail: the id of the queue
 * item. FAILED when one of them cannot be read or is none of the job's any more
 * (ERR_REFUSED), the job cannot be built (ERR_CONFLICT) or a plugin refuses. UNKNOWN:
 * jenkins_history() in detail tells what came of it.
 */
void jenkins_act(struct jenkins *j, const struct call *call,
                 struct call_result *r) NONNULL;

/* GET /whoAmI: for doctor. name receives the user's name, cleaned. */
enum err_code jenkins_whoami(struct jenkins *j, char *name, size_t size,
                             struct err *e) MUST_CHECK NONNULL;

/* Seconds that the last answer asked to wait (Retry-After, capped), -1 = none: a lower
 * bound for the next attempt after an error. */
int64_t jenkins_retry_after_s(const struct jenkins *j) NONNULL;

#endif
