/*
 * wire - each API's own protocol over the simulated world: one request in, one answer
 * out, as bytes. The world is borrowed for the call; the answer is the caller's. Threads:
 * one at a time, as the world.
 */
#ifndef RH_SIM_WIRE_H
#define RH_SIM_WIRE_H

#include "core/net/http.h"
#include "core/sim/world.h"

/*
 * Each gets requests whose path (the part of the URL behind the host) starts with its
 * prefix, sets status, body, content type and what other headers it means. rs comes
 * initialized, its Date set. false: drop the connection without an answer.
 */
bool wire_velostrata(struct world *w, const struct http_request *rq,
                     struct http_response *rs) NONNULL; /* /velostrata/api/v25/ */
bool wire_jenkins(struct world *w, const struct http_request *rq,
                  struct http_response *rs) NONNULL; /* /jenkins/ */
bool wire_vsphere(struct world *w, const struct http_request *rq,
                  struct http_response *rs) NONNULL; /* /sdk */
bool wire_ec2(struct world *w, const struct http_request *rq,
              struct http_response *rs) NONNULL; /* /ec2/ /sts/ */
bool wire_pricing(struct world *w, const struct http_request *rq,
                  struct http_response *rs) NONNULL; /* /pricing/ */
bool wire_sqs(struct world *w, const struct http_request *rq,
              struct http_response *rs) NONNULL; /* /sqs/ */

/* Slots of world.wires. */
enum { WIRE_VELOSTRATA, WIRE_JENKINS, WIRE_VSPHERE, WIRE_EC2, WIRE_SQS };

/* The path of rq->url with its query ("/jenkins/api/json?tree=…"); borrowed. */
const char *wire_path(const struct http_request *rq) NONNULL;

/* The value of a header, NULL when absent; names compare without case. */
const char *wire_header(const struct http_request *rq, const char *name) NONNULL;

/*
 * HTTP Basic, given as rq->auth (in-process) or as the Authorization header (over a
 * socket). WIRE_AUTH_NONE: no credentials at all. user and password: what is accepted.
 */
enum wire_auth { WIRE_AUTH_NONE, WIRE_AUTH_WRONG, WIRE_AUTH_OK };
enum wire_auth wire_basic(const struct http_request *rq, const char *user,
                          const char *password) NONNULL;

/* Decodes base64 up to its end; false when it is none, or does not fit. */
bool wire_base64(const char *text, char *out, size_t size) NONNULL;

/* One value of a form or query string ("a=1&b=x%20y", ends at NUL), decoded; false when
 * the name is absent. Cut to size. */
bool wire_form_value(const char *form, size_t len, const char *name, char *out,
                     size_t size) NONNULL;

/* Percent-decodes [from, from + len) ('+' is a space only if plus); cut to size. */
void wire_decode(const char *from, size_t len, bool plus, char *out, size_t size) NONNULL;

/* "2026-11-22T07:00:00.000Z" */
enum { WIRE_TIME = 32 };
const char *wire_time(int64_t ms, char out[WIRE_TIME]) NONNULL;

/*
 * JSON written straight into a buffer: wire_open() before the first member, wire_key()
 * before each value; the values follow by wire_text() and its siblings.
 */
struct wire_json {
    struct strbuf *b;
    bool more; /* a member has been written on this level */
};
void wire_key(struct wire_json *j, const char *name) NONNULL; /* plain ASCII name */
void wire_text(struct wire_json *j, const char *name, const char *value) NONNULL;
void wire_int(struct wire_json *j, const char *name, int64_t value) NONNULL;
void wire_bool(struct wire_json *j, const char *name, bool value) NONNULL;
void wire_raw(struct wire_json *j, const char *name, const char *json) NONNULL;
void wire_put_int(struct strbuf *b, int64_t value) NONNULL;

/* A number for each request to the region, which AWS says in a header and in bodies. */
void wire_request_id(struct world *w, struct http_response *rs) NONNULL;

/* Sets status, type and body in one go. */
void wire_answer(struct http_response *rs, int status, const char *type,
                 const char *body) NONNULL;

#endif
