/*
 * answer - what the clients of JSON APIs do with every answer.
 * No state; a document that is handed out is the caller's (json_doc_free).
 * Threads: any.
 */
#ifndef RH_API_ANSWER_H
#define RH_API_ANSWER_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/http.h"
#include "core/net/json.h"

/* How the real transport reaches an API that is configured so. */
struct http_client_config answer_client_config(const struct api_config *a,
                                               const struct clock *clock) NONNULL;

/* Copies a base URL without its slashes at the end. ERR_CONFIG when it does not fit. */
enum err_code answer_base_url(const char *url, char *base, size_t size,
                              struct err *e) MUST_CHECK NONNULL;

/* Appends "/" and the percent-encoded text; ERR_CONFIG for "", "." and "..", which would
 * name another resource. `what` is for the message. */
enum err_code answer_add_segment(struct strbuf *url, const char *text, const char *what,
                                 struct err *e) MUST_CHECK NONNULL;

/* The body as JSON, when its type says so, too: a login page has status 200 as well.
 * ERR_PROTOCOL, ERR_NOMEM. */
enum err_code answer_json(const struct http_response *rs, const char *what,
                          struct json_doc **out, struct err *e) MUST_CHECK NONNULL;

/* Whether a status leaves open what became of the request: a proxy or server that gave
 * up on it. */
bool answer_is_vague(int status);

/* Their clock against ours, once for an observation; how long it took, too. */
void answer_note_time(struct observation *o, const struct http_response *rs) NONNULL;

/* Ends an act: outcome and error. DONE clears the error. */
void answer_result(struct call_result *r, enum outcome outcome) NONNULL;

#endif
